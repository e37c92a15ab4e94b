//! Whole objects: put, get, head.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc::{CRC_64_XZ, Crc, Table};
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use md5::{Digest as _, Md5};

use super::access::Asked;
use super::callback::{self, Callback};
use super::refusal::Refusal;
use super::store::{Object, Owner};
use super::{Answer, keep, respond};
use crate::blob::Blob;
use crate::clock;
use crate::delivery::{FileBody, Part, part_of};
use crate::digest::hex;
use crate::server::Shared;

/// The checksum that OSS computes of everything: ECMA-182, reflected.
pub(super) static CRC64: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_XZ);

/// Most bytes of one request: 5 GB, for an object that is put whole as for a part.
const MOST: u64 = 5 * 1024 * 1024 * 1024;

/// Answers a PUT of a whole object.
pub(super) async fn put(
    shared: &Arc<Shared>,
    asked: &Asked,
    owner: Owner,
    body: &mut Body,
) -> Answer {
    let callback = Callback::of(asked)?;
    let object = receive(shared, asked, body).await?;
    let summary = summary(&object);
    let effects = keep(shared, asked, owner, object, callback.as_ref(), None)?;
    let response = match callback {
        Some(_) => respond(
            summary.header(header::CONTENT_TYPE, "application/json"),
            Body::from(callback::REPLY),
        )?,
        None => respond(summary, Body::empty())?,
    };
    Ok((response, effects))
}

/// The head of an answer to something stored.
pub(super) fn summary(object: &Object) -> http::response::Builder {
    let builder = Response::builder()
        .header(header::ETAG, &object.etag)
        .header("x-oss-hash-crc64ecma", object.crc64.to_string());
    match &object.md5 {
        Some(md5) => builder.header("content-md5", md5),
        None => builder,
    }
}

/// Stores a body, which becomes an object or a part of one.
pub(super) async fn receive(
    shared: &Shared,
    asked: &Asked,
    body: &mut Body,
) -> Result<Object, Refusal> {
    let promised = promised_digest(asked)?;
    if !asked.headers.contains_key(header::CONTENT_LENGTH)
        && !asked.headers.contains_key(header::TRANSFER_ENCODING)
    {
        return Err(Refusal::new(
            StatusCode::LENGTH_REQUIRED,
            "MissingContentLength",
            "You must provide the Content-Length HTTP header.",
        ));
    }
    let length: Option<u64> = asked.header("content-length").parse().ok();
    if let Some(length) = length.filter(|length| *length > MOST) {
        let problem = "Your proposed upload exceeds the maximum allowed size.";
        return Err(Refusal::bad_request("EntityTooLarge", problem)
            .detail("MaxSizeAllowed", MOST.to_string())
            .detail("ProposedSize", length.to_string()));
    }
    let blob = Arc::new(Blob::create().map_err(|error| Refusal::storage(&error))?);
    let mut writer = blob
        .writer_at(0)
        .map_err(|error| Refusal::storage(&error))?;
    let (mut md5, mut crc64, mut size) = (Md5::new(), CRC64.digest(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Refusal::bad_request("IncompleteBody", "The request body is incomplete.")
                .explained(format!("the body broke off: {error}"))
        })?;
        // Trailers carry no bytes.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        writer
            .write(&data)
            .map_err(|error| Refusal::storage(&error))?;
        md5.update(&data);
        crc64.update(&data);
        size += data.len() as u64;
    }
    let md5: [u8; 16] = md5.finalize().into();
    if let Some(promised) = promised.filter(|promised| *promised != md5) {
        let problem = "The Content-MD5 you specified did not match what we received.";
        return Err(Refusal::bad_request("BadDigest", problem)
            .detail("ClientComputedContentMD5", BASE64.encode(promised))
            .detail("ServerCalculatedContentMD5", BASE64.encode(md5)));
    }
    let content_type = match asked.header("content-type") {
        kind if kind.is_empty() => "application/octet-stream".to_owned(),
        kind => kind,
    };
    Ok(Object {
        blob,
        size,
        etag: format!("\"{}\"", hex(&md5).to_ascii_uppercase()),
        md5: Some(BASE64.encode(md5)),
        crc64: crc64.finalize(),
        digest: hex(&md5),
        content_type,
        stored_ms: shared.clock.now_ms(),
    })
}

/// What `Content-MD5` says that the body has.
fn promised_digest(asked: &Asked) -> Result<Option<[u8; 16]>, Refusal> {
    let text = asked.header("content-md5");
    if text.is_empty() {
        return Ok(None);
    }
    let bytes = BASE64.decode(&text).ok();
    match bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()) {
        Some(digest) => Ok(Some(digest)),
        None => Err(Refusal::bad_request(
            "InvalidDigest",
            "The Content-MD5 you specified is not valid.",
        )
        .detail("Content-MD5", text)
        .explained("Content-MD5 is not base64 of the 16 bytes of an MD5")),
    }
}

/// Answers a GET or HEAD, whole or in part.
pub(super) fn get(shared: &Arc<Shared>, asked: &Asked) -> Answer {
    let object = shared.oss.with(|store| {
        let bucket = store.buckets.get(&asked.bucket)?;
        bucket.objects.get(&asked.key).cloned()
    });
    let object = object.ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "NoSuchKey",
            "The specified key does not exist.",
        )
        .detail("Key", asked.key.as_str())
    })?;
    let part = match part_of(&asked.headers, &object.etag, object.size) {
        Part::Unsatisfiable { .. } if asked.header("x-oss-range-behavior") == "standard" => {
            let problem = "The requested range cannot be satisfied.";
            return Err(
                Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", problem)
                    .detail("ActualObjectSize", object.size.to_string()),
            );
        }
        // Unless the caller asks for the standard, OSS answers such a range with the whole.
        Part::Unsatisfiable { size } => Part::Whole { size },
        part => part,
    };
    if is_known(&asked.headers, &object.etag) {
        let builder = summary(&object).status(StatusCode::NOT_MODIFIED);
        return Ok((respond(builder, Body::empty())?, Vec::new()));
    }
    let mut builder = summary(&object)
        .status(part.status())
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CONTENT_LENGTH, part.length())
        .header(header::CONTENT_TYPE, &object.content_type)
        .header(header::LAST_MODIFIED, clock::http_date(object.stored_ms))
        .header("x-oss-object-type", kind(&object))
        .header("x-oss-storage-class", "Standard");
    if let Some(range) = part.content_range() {
        builder = builder.header(header::CONTENT_RANGE, range);
    }
    let body = if asked.method == Method::HEAD || part.length() == 0 {
        Body::empty()
    } else {
        let file = object
            .blob
            .open_at(part.first())
            .map_err(|error| Refusal::storage(&error))?;
        Body::new(FileBody::new(file, part.length(), object.blob, |_| {}))
    };
    Ok((respond(builder, body)?, Vec::new()))
}

fn kind(object: &Object) -> &'static str {
    match object.md5 {
        Some(_) => "Normal",
        None => "Multipart",
    }
}

fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let bare = etag.trim_matches('"');
    headers
        .get(header::IF_NONE_MATCH)
        .and_then(|known| known.to_str().ok())
        .is_some_and(|known| known.trim().trim_matches('"').eq_ignore_ascii_case(bare))
}
