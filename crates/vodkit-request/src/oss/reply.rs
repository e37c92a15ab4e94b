//! What the storage answers.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, ETAG};
use http::{Response, StatusCode};
use vodkit_types::FaultClass;

use super::Stored;
use crate::error::{Refusal, class_of};
use crate::upload::answer::{self, document, header, lacks, tag};
use crate::upload::store::{Found, Listed};
use crate::upload::xml::{element, text};

/// Reads the reply to [`put_object`](super::put_object).
///
/// # Errors
/// The storage's refusal: its code as text, classed. An object that was stored without the vendor taking note of it (`CallbackFailed`) counts
/// as one: it has to be sent again.
pub fn open(response: &Response<Bytes>) -> Result<Stored, Refusal> {
    accepted(response)?;
    let stored = of_headers(response);
    match stored.etag {
        Some(_) => Ok(stored),
        None => Err(lacks("ETag")),
    }
}

/// The id of an upload in parts.
pub(super) fn opened(response: &Response<Bytes>) -> Result<String, Refusal> {
    accepted(response)?;
    answer::upload_id(response)
}

/// One page of the parts that the storage has.
pub(super) fn listed(response: &Response<Bytes>) -> Result<Listed, Refusal> {
    accepted(response)?;
    answer::listed(response, |part| Stored {
        etag: text(part, "ETag").map(|etag| tag(&etag)),
        crc64: element(part, "HashCrc64ecma").and_then(|crc| crc.parse().ok()),
    })
}

/// The object that was put together. With a callback the body is what the vendor has answered.
pub(super) fn completed(response: &Response<Bytes>) -> Result<Stored, Refusal> {
    accepted(response)?;
    let stored = of_headers(response);
    let etag = stored.etag.or_else(|| {
        let xml = document(response);
        text(&xml, "ETag").map(|etag| tag(&etag))
    });
    if etag.is_none() && stored.crc64.is_none() {
        return Err(lacks("ETag"));
    }
    Ok(Stored {
        etag,
        crc64: stored.crc64,
    })
}

/// The object, if it is there. The reply has no body, whatever it says.
pub(super) fn head(response: &Response<Bytes>) -> Result<Option<Found>, Refusal> {
    if response.status() == StatusCode::NOT_FOUND {
        return Ok(None);
    }
    accepted(response)?;
    let stored = of_headers(response);
    if stored.etag.is_none() {
        return Err(lacks("ETag"));
    }
    let len = header(response, CONTENT_LENGTH.as_str()).and_then(|len| len.parse().ok());
    Ok(Some(Found { len, stored }))
}

/// Whether the storage has done what was asked.
pub(super) fn accepted(response: &Response<Bytes>) -> Result<(), Refusal> {
    // With this status the object is stored, and the vendor has not taken note of it.
    let untold = response.status() == StatusCode::NON_AUTHORITATIVE_INFORMATION;
    let by_status = if untold {
        FaultClass::Transient
    } else {
        match class_of(response.status()) {
            Some(class) => class,
            None => return Ok(()),
        }
    };
    Err(answer::refusal(response, by_status, class, hint))
}

fn of_headers(response: &Response<Bytes>) -> Stored {
    Stored {
        etag: header(response, ETAG.as_str()).map(tag),
        crc64: header(response, "x-oss-hash-crc64ecma").and_then(|crc| crc.parse().ok()),
    }
}

fn class(code: &str) -> Option<FaultClass> {
    Some(match code {
        "AccessDenied"
        | "InvalidAccessKeyId"
        | "SecurityTokenExpired"
        | "InvalidSecurityToken"
        | "SignatureDoesNotMatch"
        | "RequestTimeTooSkewed" => FaultClass::Credential,
        "SlowDown" | "QpsLimitExceeded" | "DownloadTrafficRateLimitExceeded" => {
            FaultClass::Throttled
        }
        "InternalError" | "RequestTimeout" | "ServiceUnavailable" => FaultClass::Transient,
        _ => return None,
    })
}

fn hint(code: &str) -> &'static str {
    match code {
        "RequestTimeTooSkewed" => {
            "Set this machine's clock: the storage allows a difference of 15 minutes"
        }
        "SecurityTokenExpired" => "The keys have expired; ask for new ones",
        "NoSuchBucket" | "AccessDenied" => {
            "The keys are good for the place only that came with them"
        }
        "NoSuchUpload" => "The storage does not know this upload in parts, or no longer",
        "CallbackFailed" => {
            "The object is stored, but the vendor has not taken note of it: send it again"
        }
        _ => "This is the object storage, not the vendor's API",
    }
}
