//! An object store that speaks S3: where media go before they are registered with MediaCloud.
//!
//! It knows nothing of MediaCloud but the keys that its logins hand out. The bucket is the first part of the path, or of the host
//! (`bucket.localhost`).

mod access;
mod assumptions;
mod checksum;
mod early_end;
mod multipart;
mod object;
mod signature;
mod store;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;
use sha2::{Digest as _, Sha256};

use crate::digest::hex;
use crate::journal::{Change, Effect};
use crate::server::{Outcome, Shared};
use crate::storage::refusal::Refusal;
use access::{Asked, Moment, Payload};
use store::Object;

pub(crate) use assumptions::ASSUMPTIONS;
pub(crate) use early_end::{expire_keys, forget_upload};
pub(crate) use store::Store;

/// Whose store it is, as the journal has it.
const VENDOR: &str = "mediacloud";

/// What a call answers with, and what it changed.
type Answer = Result<(Response, Vec<Effect>), Refusal>;

/// Whether a request is for the store: its bucket exists, or it is signed as S3 wants it.
pub(crate) fn is_meant(shared: &Shared, request: &Request) -> bool {
    let signed = || {
        let header = request.headers().get(header::AUTHORIZATION);
        let query = request.uri().query().unwrap_or_default();
        header.is_some_and(|value| value.as_bytes().starts_with(b"AWS"))
            || query.contains("X-Amz-Signature=")
            || query.contains("X-Amz-Algorithm=")
    };
    bucket_of_host(shared, request.headers()).is_some()
        || shared.s3.with(|store| {
            let (bucket, _) = split(request.uri().path());
            store.buckets.contains_key(&bucket)
        })
        || signed()
}

/// The bucket that a host begins with.
fn bucket_of_host(shared: &Shared, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let (first, _) = host.split_once('.')?;
    shared
        .s3
        .with(|store| store.buckets.contains_key(first))
        .then(|| first.to_owned())
}

/// Bucket and key of a path, decoded.
fn split(path: &str) -> (String, String) {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (decoded(bucket), decoded(key))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The parameters of a query, decoded, in the order of receipt.
fn parameters(uri: &Uri) -> Vec<(String, String)> {
    uri.query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

/// Bucket and key that a request names.
fn place(shared: &Shared, headers: &HeaderMap, path: &str) -> (String, String) {
    match bucket_of_host(shared, headers) {
        Some(bucket) => (bucket, decoded(path.strip_prefix('/').unwrap_or(path))),
        None => split(path),
    }
}

/// What a request for the store is called in the journal: whose it is, and the operation.
pub(crate) fn name_of(shared: &Shared, request: &Request) -> (&'static str, &'static str) {
    let (_, key) = place(shared, request.headers(), request.uri().path());
    let query = parameters(request.uri());
    let operation = Operation::of(request.method(), &key, &query);
    (VENDOR, operation.name())
}

fn take_apart(shared: &Shared, request: Request) -> (Asked, Body) {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let (bucket, key) = place(shared, &parts.headers, path);
    let asked = Asked {
        path: decoded(path),
        query: parameters(&parts.uri),
        method: parts.method,
        headers: parts.headers,
        bucket,
        key,
    };
    (asked, body)
}

/// What a request wants, in S3's word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Put,
    Get,
    Head,
    Create,
    UploadPart,
    Complete,
    Abort,
    ListParts,
    ListUploads,
    Unknown,
}

impl Operation {
    fn of(method: &Method, key: &str, query: &[(String, String)]) -> Self {
        let has = |name| query.iter().any(|(have, _)| have == name);
        // What a query asks for beside these is another operation.
        let other = [
            "acl",
            "tagging",
            "retention",
            "legal-hold",
            "versionId",
            "attributes",
        ];
        match *method {
            Method::GET if key.is_empty() && has("uploads") => Self::ListUploads,
            _ if key.is_empty() || other.into_iter().any(has) => Self::Unknown,
            Method::POST if has("uploads") => Self::Create,
            Method::POST if has("uploadId") => Self::Complete,
            Method::PUT if has("uploadId") => Self::UploadPart,
            Method::PUT => Self::Put,
            Method::DELETE if has("uploadId") => Self::Abort,
            Method::GET if has("uploadId") => Self::ListParts,
            Method::GET => Self::Get,
            Method::HEAD => Self::Head,
            _ => Self::Unknown,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Put => "PutObject",
            Self::Get => "GetObject",
            Self::Head => "HeadObject",
            Self::Create => "CreateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::Complete => "CompleteMultipartUpload",
            Self::Abort => "AbortMultipartUpload",
            Self::ListParts => "ListParts",
            Self::ListUploads => "ListMultipartUploads",
            Self::Unknown => "s3",
        }
    }
}

/// Answers a request for the store.
pub(crate) async fn answer(shared: &Arc<Shared>, request: Request) -> Response {
    let (asked, mut body) = take_apart(shared, request);
    let operation = Operation::of(&asked.method, &asked.key, &asked.query);
    let at = Moment {
        now_ms: shared.clock.now_ms(),
        advanced_seconds: shared.clock.advanced_seconds(),
    };
    let request_id = shared
        .s3
        .with(|store| store.fresh("request")[..16].to_ascii_uppercase());
    let keys = |id: &str| shared.mediacloud.with(|state| state.storage_key(id));
    let allowed = access::check(&asked, at, keys).and_then(|payload| {
        check_bucket(shared, &asked)?;
        check_conditions(&asked)?;
        Ok(payload)
    });
    let outcome = match allowed {
        Ok(payload) => perform(shared, &asked, operation, &payload, &mut body).await,
        Err(refusal) => Err(refusal),
    };
    let journal = Outcome::of(VENDOR, operation.name());
    let (mut response, journal) = match outcome {
        Ok((response, effects)) => (response, journal.effects(effects)),
        Err(refusal) => {
            // A refusal that overtakes the body would reach the sender as a broken connection.
            while let Some(Ok(_)) = body.frame().await {}
            let response = refusal.response(&asked.method, &asked.headers, &request_id);
            let journal = journal.code(refusal.code).notes([refusal.note()]);
            (response, journal)
        }
    };
    if let Ok(id) = request_id.parse::<HeaderValue>() {
        response.headers_mut().insert("x-amz-request-id", id);
    }
    response.extensions_mut().insert(journal);
    response
}

/// assumed: buckets
fn check_bucket(shared: &Shared, asked: &Asked) -> Result<(), Refusal> {
    match shared
        .s3
        .with(|store| store.buckets.contains_key(&asked.bucket))
    {
        true => Ok(()),
        false => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "NoSuchBucket",
            "there is no such bucket",
        )
        .detail("BucketName", asked.bucket.as_str())
        .assumed("buckets")),
    }
}

/// What is not looked at must not be accepted.
fn check_conditions(asked: &Asked) -> Result<(), Refusal> {
    let reads = matches!(asked.method, Method::GET | Method::HEAD);
    let found = ["if-match", "if-none-match", "x-amz-copy-source"]
        .into_iter()
        .find(|name| !reads && asked.headers.contains_key(*name));
    match found {
        None => Ok(()),
        Some(name) => Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            "a header asks for something that is not played here",
        )
        .detail("Header", name)
        .assumed("conditions")),
    }
}

/// Compares a body that was read with what its sender has signed.
fn check_body(payload: &Payload, body: &[u8]) -> Result<(), Refusal> {
    match payload {
        Payload::Sha256(wanted) if *wanted != hex(&Sha256::digest(body)) => {
            let message = "the body has another SHA-256 than x-amz-content-sha256 says";
            Err(Refusal::bad_request("XAmzContentSHA256Mismatch", message))
        }
        _ => Ok(()),
    }
}

async fn perform(
    shared: &Arc<Shared>,
    asked: &Asked,
    operation: Operation,
    payload: &Payload,
    body: &mut Body,
) -> Answer {
    match operation {
        Operation::Put => object::put(shared, asked, payload, body).await,
        Operation::Get | Operation::Head => object::get(shared, asked),
        Operation::Create => multipart::create(shared, asked),
        Operation::UploadPart => multipart::upload_part(shared, asked, payload, body).await,
        Operation::Complete => multipart::complete(shared, asked, payload, body).await,
        Operation::Abort => multipart::abort(shared, asked),
        Operation::ListParts => multipart::list_parts(shared, asked),
        Operation::ListUploads => multipart::list_uploads(shared, asked),
        Operation::Unknown => Err(Refusal::new(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            "the request asks for something that is not played here",
        )
        .explained("the emulator's store puts, reads and heads objects, uploads them in parts, and lists such uploads")
        .assumed("operations")),
    }
}

/// Keeps a complete object, which was sent whole or in so many parts.
fn keep(shared: &Shared, asked: &Asked, object: Object, parts: Option<usize>) -> Vec<Effect> {
    let id = format!("{}/{}", asked.bucket, asked.key);
    let stored = Effect::ObjectStored {
        object: id.clone(),
        bytes: object.size,
        md5: hex(&object.md5),
        parts,
    };
    let replaced = shared.s3.with(|store| {
        let bucket = store.buckets.get_mut(&asked.bucket)?;
        bucket.insert(asked.key.clone(), object)
    });
    let thing = Effect::Thing {
        vendor: VENDOR,
        kind: "object",
        id,
        change: match replaced {
            Some(_) => Change::Changed,
            None => Change::Created,
        },
    };
    vec![stored, thing]
}

fn respond(builder: http::response::Builder, body: Body) -> Result<Response, Refusal> {
    builder.body(body).map_err(|error| {
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            format!("The answer could not be made: {error}"),
        )
    })
}
