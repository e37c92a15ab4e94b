//! What a reply means: the same for all vendors, given the frame of their replies and their table of codes.

use std::borrow::Cow;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::de::DeserializeOwned;
use vodkit_types::{FaultClass, FaultCode, Ignored, Operation, Wire};

use crate::error::{DecodeFault, Fault, Refusal, class_of};
use crate::vendor::Vendor;

/// What a vendor wraps around the data of each reply.
pub trait Frame<T>: DeserializeOwned {
    /// What it says of the call. `success` are the codes that the operation table lists.
    fn verdict(self, success: &[&str]) -> Verdict<T>;
}

/// What the frame of a reply says.
#[derive(Debug)]
pub struct Verdict<T> {
    /// Whether the call succeeded.
    pub succeeded: bool,
    /// The vendor's code as text, where it sent one.
    pub code: Option<String>,
    /// The vendor's message; may be empty.
    pub message: String,
    /// The vendor's id of the request.
    pub request_id: Option<String>,
    /// The data, where there is any.
    pub data: Option<T>,
}

/// Judges a reply and decodes its data, in one pass.
///
/// # Errors
/// The vendor's refusal, or what is wrong with the reply.
pub fn judge<V: Vendor, T: Wire>(
    operation: &'static Operation,
    response: &Response<Bytes>,
) -> Result<T, Refusal> {
    let Ok(text) = std::str::from_utf8(response.body()) else {
        return Err(
            Refusal::from_status(response).unwrap_or_else(|| Refusal::not_json(response, None))
        );
    };
    // Some PHP files begin with a byte order mark, which then begins every reply.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match serde_json::from_str::<V::Frame<T>>(text) {
        Ok(frame) => {
            let verdict = frame.verdict(operation.success);
            if !verdict.succeeded {
                return Err(refusal::<V, T>(verdict, response));
            }
            if let Some(refusal) = by_status(response, verdict.request_id) {
                return Err(refusal);
            }
            verdict.data.or_else(T::absent).ok_or_else(|| {
                Refusal::Decode(DecodeFault {
                    message: format!("the vendor reports success but sent no {}", T::EXPECTED),
                    field_path: Some("data".to_owned()),
                })
            })
        }
        // What a failure carries as `data` is not what a success carries: look at the frame alone.
        Err(_) => match serde_json::from_str::<V::Frame<Ignored>>(text) {
            Ok(frame) => {
                let verdict = frame.verdict(operation.success);
                if !verdict.succeeded {
                    return Err(refusal::<V, Ignored>(verdict, response));
                }
                Err(by_status(response, verdict.request_id)
                    .unwrap_or_else(|| Refusal::Decode(explain::<V::Frame<T>>(text))))
            }
            Err(error) => Err(Refusal::from_status(response)
                .unwrap_or_else(|| Refusal::not_json(response, Some(&error)))),
        },
    }
}

/// The class of a code that is the number of an HTTP status: what some vendors' codes are.
#[must_use]
pub fn class_of_status_code(code: &str) -> Option<FaultClass> {
    let number = code.parse().ok().filter(|number| *number < 600)?;
    class_of(StatusCode::from_u16(number).ok()?)
}

/// What the HTTP status alone says, where the frame says nothing against it.
fn by_status(response: &Response<Bytes>, request_id: Option<String>) -> Option<Refusal> {
    let mut refusal = Refusal::from_status(response)?;
    if let Refusal::Fault(fault) = &mut refusal {
        fault.request_id = request_id;
    }
    Some(refusal)
}

fn refusal<V: Vendor, T>(verdict: Verdict<T>, response: &Response<Bytes>) -> Refusal {
    let code = verdict.code.as_deref().unwrap_or_default();
    if code.is_empty() && verdict.message.is_empty() {
        return by_status(response, verdict.request_id).unwrap_or_else(|| {
            Refusal::Decode(DecodeFault {
                message: "the reply says neither that the call succeeded nor why it failed"
                    .to_owned(),
                field_path: None,
            })
        });
    }
    let known = FaultCode::of(V::FAULT_CODES, code, &verdict.message);
    let telling = known.filter(|known| !V::VAGUE_CODES.contains(&known.code));
    // A code that tells nothing says less than an HTTP status that is not 200.
    let class = telling
        .map(|known| known.class)
        .or_else(|| class_of(response.status()))
        .or_else(|| known.map(|known| known.class))
        .or_else(|| V::class_of_code(code))
        .unwrap_or(FaultClass::Permanent);
    let message = match known {
        _ if !verdict.message.is_empty() => verdict.message,
        Some(known) => known.meaning.to_owned(),
        None => "the vendor gave no message".to_owned(),
    };
    Refusal::Fault(Fault {
        code: verdict.code,
        message,
        class,
        hint: known
            .filter(|known| !known.hint.is_empty())
            .map(|known| Cow::Borrowed(known.hint)),
        request_id: verdict.request_id,
    })
}

/// Decodes again, this time keeping track of where it is: only failures pay for that.
fn explain<F: DeserializeOwned>(text: &str) -> DecodeFault {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, F>(&mut deserializer) {
        Ok(_) => DecodeFault {
            message: "the reply has something after its end".to_owned(),
            field_path: None,
        },
        Err(error) => {
            let field_path = error.path().to_string();
            DecodeFault {
                message: format!("the reply is not as documented: {}", error.into_inner()),
                field_path: Some(field_path),
            }
        }
    }
}
