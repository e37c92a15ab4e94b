//! An object store like Alibaba Cloud's OSS: where files go when a vendor hands out temporary keys instead of an upload address.
//!
//! It knows nothing of the vendors. One of them asks for keys ([`Store::issue`]) and is told when an object is complete
//! ([`Owner::stored`]). Endpoint is the address under which the emulator was reached; the bucket is the first part of the path, as
//! clients have it for an endpoint that is an IP address, or of the host (`bucket.localhost`).

mod access;
mod assumptions;
mod callback;
mod early_end;
mod multipart;
mod object;
mod signature;
mod store;
mod unfinished;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::BodyExt as _;
use percent_encoding::percent_decode_str;

use crate::journal::{Change, Effect};
use crate::server::{Outcome, Shared};
use crate::storage::refusal;
use access::{Asked, Moment};
use callback::Callback;
use refusal::Refusal;

pub(crate) use assumptions::ASSUMPTIONS;
pub(crate) use early_end::{expire_keys, forget_upload};
pub(crate) use refusal::error_document;
pub(crate) use store::{Grant, Owner, Scope, Store, Stored};

/// What a call answers with, and what it changed.
type Answer = Result<(Response, Vec<Effect>), Refusal>;

/// Whether a request is for the store: its bucket exists, or it is signed as OSS wants it.
pub(crate) fn is_meant(shared: &Shared, request: &Request) -> bool {
    let signed = || {
        let header = request.headers().get(header::AUTHORIZATION);
        let query = request.uri().query().unwrap_or_default();
        header.is_some_and(|value| value.as_bytes().starts_with(b"OSS"))
            || query.contains("OSSAccessKeyId=")
    };
    bucket_of_host(shared, request.headers()).is_some()
        || shared.oss.with(|store| {
            store
                .buckets
                .contains_key(split(request.uri().path()).0.as_str())
        })
        || signed()
}

/// The bucket that a host begins with.
fn bucket_of_host(shared: &Shared, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let (first, _) = host.split_once('.')?;
    shared
        .oss
        .with(|store| store.buckets.contains_key(first))
        .then(|| first.to_owned())
}

/// The bucket that the keys of a request open under the whole of its path, if the path begins with no bucket: the host is then taken for the
/// bucket's own. // assumed: own-host
fn bucket_of_keys(shared: &Shared, headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (id, _) = header.strip_prefix("OSS ")?.trim().split_once(':')?;
    let (first, key) = (split(uri.path()).0, whole(uri.path()));
    let wanted = access::wanted(&key, &parameters(uri));
    shared.oss.with(|store| {
        let keys = store.keys.get(id)?;
        let opens = keys.opens(&keys.bucket, &wanted);
        (opens && !store.buckets.contains_key(&first)).then(|| keys.bucket.clone())
    })
}

/// The path as a key, decoded.
fn whole(path: &str) -> String {
    decoded(path.strip_prefix('/').unwrap_or(path))
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

/// Bucket and key that a request names.
fn place(shared: &Shared, headers: &HeaderMap, uri: &Uri) -> (String, String) {
    let own = bucket_of_host(shared, headers).or_else(|| bucket_of_keys(shared, headers, uri));
    match own {
        Some(bucket) => (bucket, whole(uri.path())),
        None => split(uri.path()),
    }
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

/// Whose bucket it is, by the vendor's folder name.
fn vendor_of(shared: &Shared, bucket: &str) -> &'static str {
    let owner = shared
        .oss
        .with(|store| store.buckets.get(bucket).map(|bucket| bucket.owner));
    owner.map_or("oss", Owner::vendor)
}

/// What a request for the store is called in the journal: whose bucket it names, and the operation.
pub(crate) fn name_of(shared: &Shared, request: &Request) -> (&'static str, &'static str) {
    let (bucket, key) = place(shared, request.headers(), request.uri());
    let query = parameters(request.uri());
    let operation = Operation::of(request.method(), &key, &query);
    (vendor_of(shared, &bucket), operation.name())
}

fn take_apart(shared: &Shared, request: Request) -> (Asked, Body) {
    let (parts, body) = request.into_parts();
    let (bucket, key) = place(shared, &parts.headers, &parts.uri);
    let query = parameters(&parts.uri);
    let asked = Asked {
        method: parts.method,
        headers: parts.headers,
        bucket,
        key,
        query,
    };
    (asked, body)
}

/// What a request wants, in OSS's word for it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Put,
    Get,
    Head,
    Initiate,
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
        match *method {
            Method::GET if key.is_empty() && has("uploads") => Self::ListUploads,
            _ if key.is_empty() => Self::Unknown,
            Method::POST if has("uploads") => Self::Initiate,
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
            Self::Initiate => "InitiateMultipartUpload",
            Self::UploadPart => "UploadPart",
            Self::Complete => "CompleteMultipartUpload",
            Self::Abort => "AbortMultipartUpload",
            Self::ListParts => "ListParts",
            Self::ListUploads => "ListMultipartUploads",
            Self::Unknown => "oss",
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
    let (allowed, request_id) = shared.oss.with(|store| {
        let id = store.fresh("request")[..24].to_ascii_uppercase();
        (access::check(store, &asked, at), id)
    });
    let vendor = vendor_of(shared, &asked.bucket);
    let outcome = match allowed {
        Ok(owner) => perform(shared, &asked, operation, owner, &mut body).await,
        Err(refusal) => Err(refusal),
    };
    let journal = Outcome::of(vendor, operation.name());
    let (mut response, journal) = match outcome {
        Ok((response, effects)) => (response, journal.effects(effects)),
        Err(refusal) => {
            // A refusal that overtakes the body would reach the sender as a broken connection.
            while let Some(Ok(_)) = body.frame().await {}
            let response = refusal.response(&asked.method, &asked.headers, &request_id);
            let journal = journal.code(refusal.code).notes([refusal.note()]);
            (response, journal.effects(refusal.effects.into_vec()))
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::SERVER, HeaderValue::from_static("AliyunOSS"));
    if let Ok(id) = request_id.parse() {
        headers.insert("x-oss-request-id", id);
    }
    headers.insert("x-oss-server-time", HeaderValue::from_static("1"));
    // A page in a browser has to read the tags of parts. // assumed: expose-headers
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("ETag, x-oss-hash-crc64ecma, x-oss-request-id"),
    );
    response.extensions_mut().insert(journal);
    response
}

async fn perform(
    shared: &Arc<Shared>,
    asked: &Asked,
    operation: Operation,
    owner: Owner,
    body: &mut Body,
) -> Answer {
    match operation {
        Operation::Put => object::put(shared, asked, owner, body).await,
        Operation::Get | Operation::Head => object::get(shared, asked),
        Operation::Initiate => multipart::initiate(shared, asked),
        Operation::UploadPart => multipart::upload_part(shared, asked, body).await,
        Operation::Complete => multipart::complete(shared, asked, owner, body).await,
        Operation::Abort => multipart::abort(shared, asked),
        Operation::ListParts => multipart::list_parts(shared, asked),
        Operation::ListUploads => unfinished::list(shared, asked),
        Operation::Unknown => Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "The specified method is not allowed against this resource.",
        )
        .explained("the emulator's store puts, reads and heads objects, uploads them in parts, and lists such uploads")
        .assumed("operations")),
    }
}

/// Keeps a complete object and tells the owner of the bucket, who may have to be called for it.
fn keep(
    shared: &Shared,
    asked: &Asked,
    owner: Owner,
    object: store::Object,
    callback: Option<&Callback>,
    parts: Option<usize>,
) -> Result<Vec<Effect>, Refusal> {
    let (blob, size, digest) = (Arc::clone(&object.blob), object.size, object.digest.clone());
    let replaced = shared.oss.with(|store| {
        let bucket = store.buckets.get_mut(&asked.bucket)?;
        bucket.objects.insert(asked.key.clone(), object)
    });
    let id = format!("{}/{}", asked.bucket, asked.key);
    let stored = Effect::ObjectStored {
        object: id.clone(),
        bytes: size,
        md5: digest.clone(),
        parts,
    };
    let thing = Effect::Thing {
        vendor: owner.vendor(),
        kind: "object",
        id,
        change: match replaced {
            Some(_) => Change::Changed,
            None => Change::Created,
        },
    };
    let mut effects = vec![stored, thing];
    let stored = Stored {
        key: &asked.key,
        blob: &blob,
        size,
        digest: &digest,
    };
    effects.extend(owner.stored(shared, &stored));
    if let Some(callback) = callback {
        match owner.called_back(shared, &callback.url, &stored) {
            Ok(more) => effects.extend(more),
            Err(why) => return Err(callback::failed(why).after(effects)),
        }
    }
    Ok(effects)
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
