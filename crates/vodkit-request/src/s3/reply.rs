//! What the storage answers.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, ETAG};
use http::{Response, StatusCode};
use vodkit_types::FaultClass;

use crate::error::{Fault, Refusal, class_of};
use crate::upload::Stored;
use crate::upload::answer::{self, document, header, lacks, tag};
use crate::upload::store::{Found, Listed};
use crate::upload::xml::{element, text};

/// Says that the tag of an object is no MD5 of its content.
const ENCRYPTED: [&str; 2] = [
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-customer-algorithm",
];

/// The tag of an object or part that was sent.
pub(super) fn stored(response: &Response<Bytes>) -> Result<Stored, Refusal> {
    accepted(response)?;
    match header(response, ETAG.as_str()) {
        Some(tag) => Ok(of_tag(Some(tag))),
        None => Err(lacks("ETag")),
    }
}

/// Whether the storage has encrypted what it tells of.
pub(super) fn is_encrypted(response: &Response<Bytes>) -> bool {
    let headers = response.headers();
    // With keys of its own it encrypts unseen: then the tag is an MD5 as ever.
    ENCRYPTED
        .iter()
        .filter_map(|name| headers.get(*name))
        .any(|value| value != "AES256" || headers.contains_key(ENCRYPTED[1]))
}

/// The id of an upload in parts.
pub(super) fn opened(response: &Response<Bytes>) -> Result<String, Refusal> {
    accepted(response)?;
    answer::upload_id(response)
}

/// One page of the parts that the storage has.
pub(super) fn listed(response: &Response<Bytes>) -> Result<Listed, Refusal> {
    accepted(response)?;
    answer::listed(response, |part| of_tag(text(part, "ETag").as_deref()))
}

/// The object that was put together. A storage may say 200 before it knows, and then tell of a failure in the document.
pub(super) fn completed(response: &Response<Bytes>) -> Result<Stored, Refusal> {
    accepted(response)?;
    let xml = document(response);
    if element(&xml, "Error").is_some() {
        // Where the document alone tells of it, it is the service that has failed on the way.
        return Err(answer::refusal(
            response,
            FaultClass::Transient,
            class,
            hint,
        ));
    }
    match text(&xml, "ETag") {
        Some(tag) => Ok(of_tag(Some(&tag))),
        None => Err(lacks("ETag")),
    }
}

/// The object, if it is there. The reply has no body, whatever it says.
pub(super) fn head(response: &Response<Bytes>) -> Result<Option<Found>, Refusal> {
    match response.status() {
        StatusCode::NOT_FOUND => return Ok(None),
        // Where others name a code there is the status alone: the first is that of keys which have expired.
        StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN => {
            return Err(Refusal::Fault(Fault {
                code: None,
                message: "the storage does not say whether it has the object".to_owned(),
                class: FaultClass::Credential,
                hint: None,
                request_id: header(response, "x-amz-request-id").map(str::to_owned),
            }));
        }
        _ => {}
    }
    let stored = stored(response)?;
    let len = header(response, CONTENT_LENGTH.as_str()).and_then(|len| len.parse().ok());
    Ok(Some(Found { len, stored }))
}

/// Whether the storage has done what was asked.
pub(super) fn accepted(response: &Response<Bytes>) -> Result<(), Refusal> {
    match class_of(response.status()) {
        None => Ok(()),
        Some(by_status) => Err(answer::refusal(response, by_status, class, hint)),
    }
}

fn class(code: &str) -> Option<FaultClass> {
    Some(match code {
        "AccessDenied"
        | "ExpiredToken"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "InvalidTokenId"
        | "RequestTimeTooSkewed"
        | "SignatureDoesNotMatch"
        | "TokenRefreshRequired" => FaultClass::Credential,
        "SlowDown" | "SlowDownRead" | "SlowDownWrite" | "TooManyRequests" => FaultClass::Throttled,
        // A body that did not arrive whole was not the sender's fault.
        "IncompleteBody" | "InternalError" | "OperationAborted" | "RequestTimeout"
        | "ServiceUnavailable" => FaultClass::Transient,
        _ => return None,
    })
}

fn of_tag(etag: Option<&str>) -> Stored {
    Stored {
        etag: etag.map(tag),
        crc64: None,
    }
}

fn hint(code: &str) -> &'static str {
    match code {
        "RequestTimeTooSkewed" => {
            "Set this machine's clock: the storage allows a difference of 15 minutes"
        }
        "ExpiredToken" => "The keys have expired; log in again",
        "NoSuchBucket" => "Ask the vendor which bucket is yours; it is no part of any reply",
        "AccessDenied" => {
            "The keys do not open this bucket, or this machine's clock is wrong by more than 15 minutes"
        }
        "SignatureDoesNotMatch" => {
            "Check region and address of the storage: what is signed for others does not fit"
        }
        "AuthorizationHeaderMalformed" | "AuthorizationQueryParametersError" => {
            "Check the region of the storage"
        }
        "EntityTooSmall" => "Parts of this storage have at least 5 MiB",
        "NoSuchUpload" => "The storage does not know this upload in parts, or no longer",
        _ => "This is the object storage, not the vendor's API",
    }
}
