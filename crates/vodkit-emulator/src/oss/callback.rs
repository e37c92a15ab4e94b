//! The call that the storage makes to the owner of a bucket when an object is complete.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::StatusCode;
use serde::Deserialize;

use crate::storage::{Asked, Refusal};

/// What the owner answers, which becomes the body of the reply. // assumed: callback
pub(super) const REPLY: &str = r#"{"Status":"OK"}"#;

/// Whom a request wants to be called, as its header `x-oss-callback` describes it.
#[derive(Debug, Deserialize)]
pub(super) struct Callback {
    #[serde(rename = "callbackUrl")]
    pub(super) url: String,
    #[serde(rename = "callbackBody")]
    body: String,
}

impl Callback {
    /// Reads the header, if it is there. OSS refuses a wrong one before it stores anything.
    pub(super) fn of(asked: &Asked) -> Result<Option<Self>, Refusal> {
        let text = asked.header("x-oss-callback");
        if text.is_empty() {
            return Ok(None);
        }
        let refuse = |problem: &str| {
            Refusal::argument("callback", &text, problem.to_owned()).assumed("callback")
        };
        let json = BASE64
            .decode(&text)
            .map_err(|_| refuse("x-oss-callback is not Base64"))?;
        let callback: Self = serde_json::from_slice(&json).map_err(|_| {
            refuse(
                "x-oss-callback is not Base64 of a JSON object with callbackUrl and callbackBody",
            )
        })?;
        if callback.url.is_empty() || callback.body.is_empty() {
            return Err(refuse("x-oss-callback lacks callbackUrl or callbackBody"));
        }
        Ok(Some(callback))
    }
}

/// The object is there, and nobody has taken note of it.
pub(super) fn failed(why: String) -> Refusal {
    Refusal::new(
        StatusCode::NON_AUTHORITATIVE_INFORMATION,
        "CallbackFailed",
        "the object is stored, and who was called back for it answered 400",
    )
    .explained(why)
    .assumed("callback")
}
