//! What object storages answer, as far as they all answer alike: ids, lists of parts and refusals, in XML.

use std::borrow::Cow;

use bytes::Bytes;
use http::Response;
use vodkit_types::FaultClass;

use super::store::{Listed, ListedPart, Stored};
use super::xml::{element, elements, text};
use crate::error::{DecodeFault, Fault, Refusal};

pub(crate) fn document(response: &Response<Bytes>) -> Cow<'_, str> {
    String::from_utf8_lossy(response.body())
}

pub(crate) fn header<'r>(response: &'r Response<Bytes>, name: &str) -> Option<&'r str> {
    response.headers().get(name)?.to_str().ok()
}

/// A tag as it is compared: storages put it in quotes.
pub(crate) fn tag(tag: &str) -> String {
    tag.trim_matches('"').to_owned()
}

/// The id of an upload in parts that was opened.
pub(crate) fn upload_id(response: &Response<Bytes>) -> Result<String, Refusal> {
    let xml = document(response);
    let id = text(&xml, "UploadId").filter(|id| !id.is_empty());
    id.map(Cow::into_owned).ok_or_else(|| lacks("UploadId"))
}

/// One page of the parts that the storage has. `stored` reads what an entry says of the content.
pub(crate) fn listed(
    response: &Response<Bytes>,
    stored: impl Fn(&str) -> Stored,
) -> Result<Listed, Refusal> {
    let xml = document(response);
    if element(&xml, "ListPartsResult").is_none() {
        return Err(lacks("list of parts"));
    }
    let part = |xml: &str| {
        Some(ListedPart {
            number: element(xml, "PartNumber")?.parse().ok()?,
            bytes: element(xml, "Size")?.parse().ok()?,
            stored: stored(xml),
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

/// Why the storage has not done what was asked: `class` and `hint` are what its codes mean, `by_status` is the class of those that say nothing.
pub(crate) fn refusal(
    response: &Response<Bytes>,
    by_status: FaultClass,
    class: fn(&str) -> Option<FaultClass>,
    hint: fn(&str) -> &'static str,
) -> Refusal {
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
    Refusal::Fault(Fault {
        code: Some(code.to_owned()),
        message: text(&xml, "Message")
            .unwrap_or(Cow::Borrowed("the storage gave no message"))
            .into_owned(),
        class: class(code).unwrap_or(by_status),
        hint: Some(hint(code).into()),
        request_id: element(&xml, "RequestId").map(str::to_owned),
    })
}

/// The reply is no document of a storage's, for want of this.
pub(crate) fn lacks(what: &str) -> Refusal {
    Refusal::Decode(DecodeFault {
        message: format!("the reply is not that of the object storage: it has no {what}"),
        field_path: None,
    })
}
