//! Whole objects: put, get, head.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{Method, StatusCode, header};
use http_body_util::BodyExt as _;
use md5::{Digest as _, Md5};
use sha2::Sha256;

use super::access::{Asked, Payload};
use super::checksum::Checksum;
use super::store::Object;
use super::{Answer, keep, respond};
use crate::blob::Blob;
use crate::clock;
use crate::delivery::{FileBody, Part, part_of};
use crate::digest::hex;
use crate::server::Shared;
use crate::storage::refusal::Refusal;

/// Most bytes of one request: 5 GiB.
const MOST: u64 = 5 << 30;

/// Answers a PUT of a whole object.
pub(super) async fn put(
    shared: &Arc<Shared>,
    asked: &Asked,
    payload: &Payload,
    body: &mut Body,
) -> Answer {
    let received = receive(shared, asked, payload, body).await?;
    let response = respond(received.summary(), Body::empty())?;
    let effects = keep(shared, asked, received.object, None);
    Ok((response, effects))
}

/// A body that was stored.
pub(super) struct Received {
    pub(super) object: Object,
    /// The checksum that came with it, as it came.
    checksum: Option<Checksum>,
}

impl Received {
    /// The head of the answer.
    pub(super) fn summary(&self) -> http::response::Builder {
        let builder = Response::builder().header(header::ETAG, &self.object.etag);
        match &self.checksum {
            Some(checksum) => builder.header(checksum.header, &checksum.text),
            None => builder,
        }
    }
}

/// Stores a body, which becomes an object or a part of one.
pub(super) async fn receive(
    shared: &Shared,
    asked: &Asked,
    payload: &Payload,
    body: &mut Body,
) -> Result<Received, Refusal> {
    let promised = promised_md5(asked)?;
    let checksum = Checksum::of(asked)?;
    match asked.header("content-length").parse::<u64>() {
        Ok(length) if length > MOST => {
            let message = "the body is larger than one request may carry";
            return Err(Refusal::bad_request("EntityTooLarge", message)
                .detail("ProposedSize", length.to_string())
                .detail("MaxSizeAllowed", MOST.to_string()));
        }
        Ok(_) => {}
        // S3 takes no body whose length is not told.
        Err(_) => {
            return Err(Refusal::new(
                StatusCode::LENGTH_REQUIRED,
                "MissingContentLength",
                "the request does not tell the length of its body in Content-Length",
            ));
        }
    }
    let storage = |error: std::io::Error| Refusal::storage(&error);
    let blob = Arc::new(Blob::create().map_err(storage)?);
    let mut writer = blob.writer_at(0).map_err(storage)?;
    let (mut md5, mut size) = (Md5::new(), 0);
    let mut sha256 = matches!(payload, Payload::Sha256(_)).then(Sha256::new);
    let mut sum = checksum.as_ref().map(Checksum::begin);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let message = "fewer bytes came than Content-Length announced";
            Refusal::bad_request("IncompleteBody", message)
                .explained(format!("the body broke off: {error}"))
        })?;
        // Trailers carry no bytes.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        writer.write(&data).map_err(storage)?;
        md5.update(&data);
        if let Some(sha256) = &mut sha256 {
            sha256.update(&data);
        }
        if let Some(sum) = &mut sum {
            sum.update(&data);
        }
        size += data.len() as u64;
    }
    let md5: [u8; 16] = md5.finalize().into();
    if let (Some(sha256), Payload::Sha256(wanted)) = (sha256, payload) {
        let computed = hex(&sha256.finalize());
        if computed != *wanted {
            let message = "the body has another SHA-256 than x-amz-content-sha256 says";
            return Err(Refusal::bad_request("XAmzContentSHA256Mismatch", message)
                .detail("ClientComputedContentSHA256", wanted.as_str())
                .detail("S3ComputedContentSHA256", computed));
        }
    }
    if promised.is_some_and(|promised| promised != md5) {
        let message = "the body has another MD5 than Content-MD5 says";
        return Err(Refusal::bad_request("BadDigest", message));
    }
    if let (Some(sum), Some(checksum)) = (sum, &checksum) {
        checksum.compare(sum)?;
    }
    let content_type = match asked.header("content-type") {
        kind if kind.is_empty() => "binary/octet-stream".to_owned(),
        kind => kind,
    };
    let object = Object {
        blob,
        size,
        etag: format!("\"{}\"", hex(&md5)),
        md5,
        content_type,
        stored_ms: shared.clock.now_ms(),
    };
    Ok(Received { object, checksum })
}

/// What `Content-MD5` says that the body has.
fn promised_md5(asked: &Asked) -> Result<Option<[u8; 16]>, Refusal> {
    let text = asked.header("content-md5");
    if text.is_empty() {
        return Ok(None);
    }
    let bytes = BASE64.decode(&text).ok();
    match bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()) {
        Some(digest) => Ok(Some(digest)),
        None => Err(Refusal::bad_request(
            "InvalidDigest",
            "Content-MD5 is not 16 bytes in Base64",
        )),
    }
}

/// Answers a GET or HEAD, whole or in part.
pub(super) fn get(shared: &Shared, asked: &Asked) -> Answer {
    let object = shared
        .s3
        .with(|store| store.object(&asked.bucket, &asked.key).cloned());
    let object = object.ok_or_else(|| {
        Refusal::new(
            StatusCode::NOT_FOUND,
            "NoSuchKey",
            "there is no object of this key",
        )
        .detail("Key", asked.key.as_str())
    })?;
    let part = part_of(&asked.headers, &object.etag, object.size);
    if let Part::Unsatisfiable { size } = part {
        let message = "the object has no bytes in this range";
        return Err(
            Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", message)
                .detail("RangeRequested", asked.header("range"))
                .detail("ActualObjectSize", size.to_string()),
        );
    }
    let mut builder = Response::builder()
        .status(part.status())
        .header(header::ETAG, &object.etag)
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CONTENT_LENGTH, part.length())
        .header(header::CONTENT_TYPE, &object.content_type)
        .header(header::LAST_MODIFIED, clock::http_date(object.stored_ms));
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
