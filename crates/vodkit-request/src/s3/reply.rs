//! What the storage answers.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, ETAG};
use http::{Response, StatusCode};
use vodkit_types::FaultClass;

use crate::error::{DecodeFault, Fault, Refusal, class_of};
use crate::upload::Stored;
use crate::upload::single::lacks;
use crate::upload::store::{Found, Listed, ListedPart};
use crate::upload::xml::{element, elements, text};

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
    let xml = document(response);
    let id = text(&xml, "UploadId").filter(|id| !id.is_empty());
    id.map(Cow::into_owned).ok_or_else(|| lacks("UploadId"))
}

/// One page of the parts that the storage has.
pub(super) fn listed(response: &Response<Bytes>) -> Result<Listed, Refusal> {
    accepted(response)?;
    let xml = document(response);
    if element(&xml, "ListPartsResult").is_none() {
        return Err(lacks("list of parts"));
    }
    let part = |xml: &str| {
        Some(ListedPart {
            number: element(xml, "PartNumber")?.parse().ok()?,
            bytes: element(xml, "Size")?.parse().ok()?,
            stored: of_tag(text(xml, "ETag").as_deref()),
        })
    };
    let more = element(&xml, "IsTruncated") == Some("true");
    let next = element(&xml, "NextPartNumberMarker").and_then(|next| next.parse().ok());
    Ok(Listed {
        // An entry that cannot be read is no part that counts: it is sent again.
        parts: elements(&xml, "Part").filter_map(part).collect(),
        next: next.filter(|_| more),
    })
}

/// The object that was put together. A storage may say 200 before it knows, and then tell of a failure in the document.
pub(super) fn completed(response: &Response<Bytes>) -> Result<Stored, Refusal> {
    accepted(response)?;
    let xml = document(response);
    if element(&xml, "Error").is_some() {
        // Where the document alone tells of it, it is the service that has failed on the way.
        return Err(refusal(response, FaultClass::Transient));
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
        Some(by_status) => Err(refusal(response, by_status)),
    }
}

fn refusal(response: &Response<Bytes>, by_status: FaultClass) -> Refusal {
    let xml = document(response);
    let Some(code) = element(&xml, "Code") else {
        let refusal = Refusal::from_status(response);
        return refusal.unwrap_or_else(|| {
            Refusal::Decode(DecodeFault {
                message: "the reply is not that of an object storage".to_owned(),
                field_path: None,
            })
        });
    };
    let class = match code {
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
        _ => by_status,
    };
    Refusal::Fault(Fault {
        code: Some(code.to_owned()),
        message: text(&xml, "Message")
            .unwrap_or(Cow::Borrowed("the storage gave no message"))
            .into_owned(),
        class,
        hint: Some(hint(code).into()),
        request_id: element(&xml, "RequestId").map(str::to_owned),
    })
}

fn header<'r>(response: &'r Response<Bytes>, name: &str) -> Option<&'r str> {
    response.headers().get(name)?.to_str().ok()
}

fn of_tag(tag: Option<&str>) -> Stored {
    Stored {
        etag: tag.map(|tag| tag.trim_matches('"').to_owned()),
        crc64: None,
    }
}

fn document(response: &Response<Bytes>) -> Cow<'_, str> {
    String::from_utf8_lossy(response.body())
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
