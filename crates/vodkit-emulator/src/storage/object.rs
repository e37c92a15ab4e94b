//! Whole objects: put, get, head.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::response::Builder;
use http::{Method, StatusCode, header};
use http_body_util::BodyExt as _;

use super::dialect::Dialect;
use super::digests::{Checksum, Expected, promised_md5};
use super::intake::Intake;
use super::refusal::Refusal;
use super::request::Asked;
use super::store::Object;
use super::{Answer, keep, respond};
use crate::blob::Blob;
use crate::clock;
use crate::delivery::{FileBody, Part, part_of};
use crate::server::Shared;

/// Most bytes of one request, for an object that is put whole as for a part: 5 GiB.
const MOST: u64 = 5 << 30;

/// Answers a PUT of a whole object.
pub(super) async fn put<D: Dialect>(
    shared: &Shared,
    asked: &Asked,
    pass: &D::Pass,
    body: &mut Body,
) -> Answer {
    let received = receive::<D>(shared, asked, pass, body).await?;
    let head = received.head::<D>();
    let effects = keep::<D>(shared, asked, pass, received.object)?;
    let response = match D::reply(pass) {
        Some(json) => respond(
            head.header(header::CONTENT_TYPE, "application/json"),
            Body::from(json),
        )?,
        None => respond(head, Body::empty())?,
    };
    Ok((response, effects))
}

/// A body that was stored.
pub(super) struct Received {
    pub(super) object: Object,
    /// The checksum that came with it.
    checksum: Option<Checksum>,
}

impl Received {
    /// The head of the answer.
    pub(super) fn head<D: Dialect>(&self) -> Builder {
        let head = head::<D>(&self.object);
        match &self.checksum {
            Some(checksum) => head.header(checksum.header, &checksum.text),
            None => head,
        }
    }
}

/// What an answer says of an object.
fn head<D: Dialect>(object: &Object) -> Builder {
    D::describe(
        Response::builder().header(header::ETAG, &object.etag),
        object,
    )
}

/// Stores a body, which becomes an object or a part of one.
pub(super) async fn receive<D: Dialect>(
    shared: &Shared,
    asked: &Asked,
    pass: &D::Pass,
    body: &mut Body,
) -> Result<Received, Refusal> {
    let expected = Expected {
        md5: promised_md5(asked)?,
        sha256: D::signed_sha256(pass).map(str::to_owned),
        checksum: D::checksum(asked)?,
        crc64: D::CRC64,
    };
    check_length::<D>(asked)?;
    let storage = |error: std::io::Error| Refusal::storage(&error);
    let blob = Arc::new(Blob::create().map_err(storage)?);
    let writer = blob.writer_at(0).map_err(storage)?;
    let mut intake = Intake::new(writer, expected.begin());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let message = "fewer bytes came than were announced";
            Refusal::bad_request("IncompleteBody", message)
                .explained(format!("the body broke off: {error}"))
        })?;
        // Trailers carry no bytes.
        if let Ok(data) = frame.into_data() {
            intake.take(data).await.map_err(storage)?;
        }
    }
    let (size, digests) = intake.end().await.map_err(storage)?;
    let (md5, crc64) = expected.compare(digests)?;
    let object = Object {
        blob,
        size,
        etag: format!("\"{}\"", D::tag(&md5)),
        md5,
        crc64,
        parts: None,
        content_type: type_or::<D>(asked.header("content-type")),
        stored_ms: shared.clock.now_ms(),
    };
    Ok(Received {
        object,
        checksum: expected.checksum,
    })
}

/// The type that a sender named, or else the store's own.
pub(super) fn type_or<D: Dialect>(given: String) -> String {
    match given.is_empty() {
        true => D::CONTENT_TYPE.to_owned(),
        false => given,
    }
}

fn check_length<D: Dialect>(asked: &Asked) -> Result<(), Refusal> {
    let told = asked.header("content-length").parse::<u64>().ok();
    let untold = D::LENGTH_UNTOLD && asked.headers.contains_key(header::TRANSFER_ENCODING);
    match told {
        Some(length) if length > MOST => {
            let message = "the body is larger than one request may carry";
            Err(Refusal::bad_request("EntityTooLarge", message)
                .detail("ProposedSize", length.to_string())
                .detail("MaxSizeAllowed", MOST.to_string()))
        }
        None if !untold => Err(Refusal::new(
            StatusCode::LENGTH_REQUIRED,
            "MissingContentLength",
            "the request does not tell the length of its body in Content-Length",
        )),
        _ => Ok(()),
    }
}

/// Answers a GET or HEAD, whole or in part.
pub(super) fn get<D: Dialect>(shared: &Shared, asked: &Asked) -> Answer {
    let object = D::with(shared, |store| {
        store.object(&asked.bucket, &asked.key).cloned()
    });
    let object = object.ok_or_else(|| {
        let message = "there is no object of this key";
        Refusal::new(StatusCode::NOT_FOUND, "NoSuchKey", message).detail("Key", asked.key.as_str())
    })?;
    let part = match part_of(&asked.headers, &object.etag, object.size) {
        Part::Unsatisfiable { size } if D::refuses_range(asked) => {
            let message = "the object has no bytes in this range";
            return Err(
                Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", message)
                    .detail("RangeRequested", asked.header("range"))
                    .detail("ActualObjectSize", size.to_string()),
            );
        }
        Part::Unsatisfiable { size } => Part::Whole { size },
        part => part,
    };
    let head = head::<D>(&object);
    if D::is_known(asked, &object.etag) {
        let head = head.status(StatusCode::NOT_MODIFIED);
        return Ok((respond(head, Body::empty())?, Vec::new()));
    }
    let mut head = D::describe_content(head, &object)
        .status(part.status())
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::CONTENT_LENGTH, part.length())
        .header(header::CONTENT_TYPE, &object.content_type)
        .header(header::LAST_MODIFIED, clock::http_date(object.stored_ms));
    if let Some(range) = part.content_range() {
        head = head.header(header::CONTENT_RANGE, range);
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
    Ok((respond(head, body)?, Vec::new()))
}
