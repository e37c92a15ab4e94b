//! The object stores: one engine, and a dialect for each of the two stores that vendors use.
//!
//! The engine keeps buckets, objects and uploads in parts, takes bodies, computes their digests, joins parts, lists, and tells the journal
//! what changed. A [`Dialect`] says who may ask, and how things are called: parameters of signatures, headers, XML, codes.

mod assembly;
mod dialect;
mod digests;
mod document;
mod intake;
mod listing;
mod multipart;
mod object;
mod operation;
mod refusal;
mod request;
mod store;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::response::Builder;
use http::{StatusCode, header};
use http_body_util::BodyExt as _;

use crate::journal::{Change, Effect};
use crate::oss::Oss;
use crate::s3::S3;
use crate::server::{Outcome, Shared};

pub(crate) use dialect::Dialect;
pub(crate) use digests::{Checksum, Kind as ChecksumKind};
pub(crate) use document::Document;
pub(crate) use listing::{PAGE, UploadsPage, number};
pub(crate) use operation::Operation;
pub(crate) use refusal::{Refusal, error_document};
pub(crate) use request::{Asked, Moment, header_text, parameters, split, whole};
pub(crate) use store::{Object, Store, Upload};

/// Which of the stores a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// That of Polyv and QuVideo.
    Oss,
    /// That of MediaCloud.
    S3,
}

impl Kind {
    /// The store that a request is for: that which has its bucket, or whose signature it carries.
    pub(crate) fn of(shared: &Shared, request: &Request) -> Option<Self> {
        if is_meant::<Oss>(shared, request) {
            return Some(Self::Oss);
        }
        is_meant::<S3>(shared, request).then_some(Self::S3)
    }

    /// What a request is called in the journal: whose bucket it names, and the operation.
    pub(crate) fn name_of(
        self,
        shared: &Shared,
        request: &Request,
    ) -> (&'static str, &'static str) {
        match self {
            Self::Oss => name_of::<Oss>(shared, request),
            Self::S3 => name_of::<S3>(shared, request),
        }
    }

    /// Answers a request.
    pub(crate) async fn answer(self, shared: &Shared, request: Request) -> Response {
        match self {
            Self::Oss => answer::<Oss>(shared, request).await,
            Self::S3 => answer::<S3>(shared, request).await,
        }
    }

    /// Lets the keys expire that a request is signed with. Whether they were temporary and good until now.
    pub(crate) fn expire_keys(self, shared: &Shared, parts: &http::request::Parts) -> bool {
        match self {
            Self::Oss => Oss::expire_keys(shared, parts),
            Self::S3 => S3::expire_keys(shared, parts),
        }
    }

    /// Forgets the upload in parts that a request names. Whether there was one.
    pub(crate) fn forget_upload(self, shared: &Shared, uri: &http::Uri) -> bool {
        match self {
            Self::Oss => multipart::forget::<Oss>(shared, uri),
            Self::S3 => multipart::forget::<S3>(shared, uri),
        }
    }
}

/// What a call answers with, and what it changed.
type Answer = Result<(Response, Vec<Effect>), Refusal>;

fn is_meant<D: Dialect>(shared: &Shared, request: &Request) -> bool {
    let in_path = || {
        let (bucket, _) = split(request.uri().path());
        D::with(shared, |store| store.has_bucket(&bucket))
    };
    request::bucket_of_host::<D>(shared, request.headers()).is_some()
        || in_path()
        || D::is_signed(request)
}

fn name_of<D: Dialect>(shared: &Shared, request: &Request) -> (&'static str, &'static str) {
    let (bucket, key) = request::place::<D>(shared, request.headers(), request.uri());
    let query = parameters(request.uri());
    let operation = operation_of::<D>(request.method(), &key, &query);
    (D::vendor_of(shared, &bucket), name::<D>(operation))
}

fn operation_of<D: Dialect>(
    method: &http::Method,
    key: &str,
    query: &[(String, String)],
) -> Operation {
    match Operation::of(method, key, query) {
        Operation::ListUploads => Operation::ListUploads,
        _ if D::is_other(query) => Operation::Unknown,
        operation => operation,
    }
}

fn name<D: Dialect>(operation: Operation) -> &'static str {
    match operation {
        Operation::Put => "PutObject",
        Operation::Get => "GetObject",
        Operation::Head => "HeadObject",
        Operation::Initiate => D::INITIATE,
        Operation::UploadPart => "UploadPart",
        Operation::Complete => "CompleteMultipartUpload",
        Operation::Abort => "AbortMultipartUpload",
        Operation::ListParts => "ListParts",
        Operation::ListUploads => "ListMultipartUploads",
        Operation::Unknown => D::UNKNOWN,
    }
}

async fn answer<D: Dialect>(shared: &Shared, request: Request) -> Response {
    let (asked, mut body) = Asked::take_apart::<D>(shared, request);
    let operation = operation_of::<D>(&asked.method, &asked.key, &asked.query);
    let request_id = D::with(shared, |store| store.fresh("request"));
    let request_id = request_id[..D::REQUEST_ID].to_ascii_uppercase();
    let outcome = match D::allow(shared, &asked, operation, Moment::now(shared)) {
        Ok(pass) => perform::<D>(shared, &asked, operation, &pass, &mut body).await,
        Err(refusal) => Err(refusal),
    };
    let journal = Outcome::of(D::vendor_of(shared, &asked.bucket), name::<D>(operation));
    let (mut response, journal) = match outcome {
        Ok((response, effects)) => (response, journal.effects(effects)),
        Err(refusal) => {
            // A refusal that overtakes the body would reach the sender as a broken connection.
            while let Some(Ok(_)) = body.frame().await {}
            let response =
                refusal.response(&asked.method, &asked.headers, &request_id, D::LEFT_OUT);
            let journal = journal.code(refusal.code).notes([refusal.note()]);
            (response, journal.effects(refusal.effects.into_vec()))
        }
    };
    D::dress(response.headers_mut(), &request_id);
    response.extensions_mut().insert(journal);
    response
}

async fn perform<D: Dialect>(
    shared: &Shared,
    asked: &Asked,
    operation: Operation,
    pass: &D::Pass,
    body: &mut Body,
) -> Answer {
    match operation {
        Operation::Put => object::put::<D>(shared, asked, pass, body).await,
        Operation::Get | Operation::Head => object::get::<D>(shared, asked),
        Operation::Initiate => multipart::initiate::<D>(shared, asked),
        Operation::UploadPart => multipart::upload_part::<D>(shared, asked, pass, body).await,
        Operation::Complete => multipart::complete::<D>(shared, asked, pass, body).await,
        Operation::Abort => multipart::abort::<D>(shared, asked),
        Operation::ListParts => listing::list_parts::<D>(shared, asked),
        Operation::ListUploads => listing::list_uploads::<D>(shared, asked),
        Operation::Unknown => Err(D::unknown().explained(
            "the emulator's store puts, reads and heads objects, uploads them in parts, and lists such uploads",
        )),
    }
}

/// Keeps a complete object and tells the owner of the bucket, who may have to be called for it.
fn keep<D: Dialect>(
    shared: &Shared,
    asked: &Asked,
    pass: &D::Pass,
    object: Object,
) -> Result<Vec<Effect>, Refusal> {
    let kept = object.clone();
    let replaced = D::with(shared, |store| store.put(&asked.bucket, &asked.key, object));
    let stored = Effect::ObjectStored {
        object: asked.object(),
        bytes: kept.size,
        md5: kept.digest(),
        parts: kept.parts,
    };
    let thing = Effect::Thing {
        vendor: D::vendor_of(shared, &asked.bucket),
        kind: "object",
        id: asked.object(),
        change: match replaced {
            Some(_) => Change::Changed,
            None => Change::Created,
        },
    };
    let mut effects = vec![stored, thing];
    match D::kept(shared, pass, &asked.key, &kept, &mut effects) {
        Ok(()) => Ok(effects),
        Err(refusal) => Err(refusal.after(effects)),
    }
}

fn document(document: Document) -> Result<Response, Refusal> {
    let head = Response::builder().header(header::CONTENT_TYPE, document::XML);
    respond(head, Body::from(document.finish()))
}

fn respond(head: Builder, body: Body) -> Result<Response, Refusal> {
    head.body(body).map_err(|error| {
        Refusal::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            format!("the answer could not be made: {error}"),
        )
    })
}
