//! An object store that speaks S3: where media go before they are registered with MediaCloud.
//!
//! It knows nothing of MediaCloud but the keys that its logins hand out. The bucket is the first part of the path, or of the host
//! (`bucket.localhost`). What it does is the engine's (`storage`); here is how S3 has it.

mod access;
mod assumptions;
mod signature;

use axum::extract::Request;
use http::{HeaderMap, Method, StatusCode, header};
use md5::{Digest as _, Md5};

use crate::clock;
use crate::digest::hex;
use crate::server::Shared;
use crate::storage::{
    self, Asked, Checksum, ChecksumKind, Dialect, Document, Moment, Object, Operation, PAGE,
    Refusal, Store, Upload, UploadsPage,
};
use access::Payload;

pub(crate) use assumptions::ASSUMPTIONS;

/// S3's ways.
pub(crate) struct S3;

/// The namespace of S3's documents, but for its refusals.
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// Headers that bring a checksum of the body.
const CHECKSUMS: [(&str, ChecksumKind); 5] = [
    ("x-amz-checksum-crc32", ChecksumKind::Crc32),
    ("x-amz-checksum-crc32c", ChecksumKind::Crc32c),
    ("x-amz-checksum-crc64nvme", ChecksumKind::Crc64Nvme),
    ("x-amz-checksum-sha1", ChecksumKind::Sha1),
    ("x-amz-checksum-sha256", ChecksumKind::Sha256),
];

/// Parameters that ask for another operation than those that are played.
const OTHER: [&str; 6] = [
    "acl",
    "tagging",
    "retention",
    "legal-hold",
    "versionId",
    "attributes",
];

impl Dialect for S3 {
    type Pass = Payload;

    const INITIATE: &'static str = "CreateMultipartUpload";
    const UNKNOWN: &'static str = "s3";
    const LEAST_PART: u64 = 5 << 20;
    const CONTENT_TYPE: &'static str = "binary/octet-stream";
    const STORAGE_CLASS: &'static str = "STANDARD";
    const REQUEST_ID: usize = 16;
    const CRC64: bool = false;
    const LENGTH_UNTOLD: bool = false;
    const GREATEST: usize = i32::MAX as usize;
    const LEFT_OUT: &'static [(&'static str, &'static str)] = &[
        ("BadDigest", "ClientComputedContentMD5"),
        ("BadDigest", "ServerCalculatedContentMD5"),
        ("InvalidDigest", "Content-MD5"),
    ];

    fn with<R>(shared: &Shared, work: impl FnOnce(&mut Store) -> R) -> R {
        shared.s3.with(work)
    }

    fn vendor_of(_: &Shared, _: &str) -> &'static str {
        VENDOR
    }

    fn is_signed(request: &Request) -> bool {
        let header = request.headers().get(header::AUTHORIZATION);
        let query = request.uri().query().unwrap_or_default();
        header.is_some_and(|value| value.as_bytes().starts_with(b"AWS"))
            || query.contains("X-Amz-Signature=")
            || query.contains("X-Amz-Algorithm=")
    }

    fn is_other(query: &[(String, String)]) -> bool {
        query.iter().any(|(name, _)| OTHER.contains(&name.as_str()))
    }

    fn allow(shared: &Shared, asked: &Asked, _: Operation, at: Moment) -> Result<Payload, Refusal> {
        let keys = |id: &str| shared.mediacloud.with(|state| state.storage_key(id));
        let payload = access::check(asked, at, keys)?;
        check_bucket(shared, asked)?;
        check_conditions(asked)?;
        Ok(payload)
    }

    fn unknown() -> Refusal {
        not_played("the request asks for something that is not played here").assumed("operations")
    }

    fn expire_keys(shared: &Shared, parts: &http::request::Parts) -> bool {
        let by_header = || {
            let header = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
            let (_, credential) = header.split_once("Credential=")?;
            Some(credential.split_once('/')?.0.to_owned())
        };
        let by_address = || {
            let mut query = storage::parameters(&parts.uri).into_iter();
            let (_, credential) = query.find(|(name, _)| name == "X-Amz-Credential")?;
            Some(credential.split_once('/')?.0.to_owned())
        };
        let now_ms = shared.clock.now_ms();
        by_header().or_else(by_address).is_some_and(|id| {
            shared
                .mediacloud
                .with(|state| state.expire_storage_key(&id, now_ms))
        })
    }

    fn dress(headers: &mut HeaderMap, request_id: &str) {
        if let Ok(id) = request_id.parse() {
            headers.insert("x-amz-request-id", id);
        }
    }

    fn signed_sha256(payload: &Payload) -> Option<&str> {
        match payload {
            Payload::Sha256(digest) => Some(digest),
            Payload::Unsigned => None,
        }
    }

    fn checksum(asked: &Asked) -> Result<Option<Checksum>, Refusal> {
        let mut given = CHECKSUMS
            .into_iter()
            .map(|(header, kind)| Checksum {
                header,
                kind,
                text: asked.header(header),
            })
            .filter(|checksum| !checksum.text.is_empty());
        match (given.next(), given.next()) {
            (Some(_), Some(_)) => {
                let message = "more than one x-amz-checksum- header came: one is taken";
                Err(Refusal::bad_request("InvalidRequest", message))
            }
            (first, _) => Ok(first),
        }
    }

    fn tag(md5: &[u8; 16]) -> String {
        hex(md5)
    }

    fn tag_of_parts(parts: &[Object]) -> String {
        let mut digests = Md5::new();
        for part in parts {
            digests.update(part.md5);
        }
        hex(&digests.finalize())
    }

    fn document(root: &'static str) -> Document {
        Document::within(root, NAMESPACE)
    }

    fn encoded_path(key: &str) -> String {
        signature::encoded_path(key)
    }

    fn encoded_key(key: &str) -> String {
        signature::encoded(key)
    }

    fn moment(ms: i64) -> String {
        clock::utc_text(ms)
    }

    fn page(asked: &Asked, name: &'static str) -> Result<usize, Refusal> {
        Ok(storage::number::<Self>(asked, name, PAGE)?.min(PAGE))
    }

    fn grouped(_: &Asked) -> Refusal {
        not_played("a parameter asks for something that is not played here")
            .explained("the emulator groups no keys")
            .assumed("operations")
    }

    /// By the time of their beginning.
    fn rank(upload: Option<&Upload>) -> Option<i64> {
        upload.map(|upload| upload.begun_ms)
    }

    fn uploads_head(page: &UploadsPage<'_>) -> Document {
        let head = Self::document("ListMultipartUploadsResult")
            .text("Bucket", page.bucket)
            .text("KeyMarker", &page.key_marker)
            .text("UploadIdMarker", page.id_marker)
            .text("Prefix", &page.prefix)
            .text("MaxUploads", &page.most.to_string())
            .text("IsTruncated", &page.truncated.to_string());
        let head = match page.url {
            true => head.text("EncodingType", "url"),
            false => head,
        };
        match &page.next {
            Some((key, id)) => head
                .text("NextKeyMarker", key)
                .text("NextUploadIdMarker", id),
            None => head,
        }
    }
}

/// Whose store it is, as the journal has it.
const VENDOR: &str = "mediacloud";

/// Every object.
pub(crate) fn stored(store: &Store) -> Vec<crate::inspection::Stored> {
    store.stored(|_| VENDOR)
}

fn not_played(message: &str) -> Refusal {
    Refusal::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
}

/// assumed: buckets
fn check_bucket(shared: &Shared, asked: &Asked) -> Result<(), Refusal> {
    match S3::with(shared, |store| store.has_bucket(&asked.bucket)) {
        true => Ok(()),
        false => Err(Refusal::no_bucket(&asked.bucket).assumed("buckets")),
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
        Some(name) => Err(
            not_played("a header asks for something that is not played here")
                .detail("Header", name)
                .assumed("conditions"),
        ),
    }
}
