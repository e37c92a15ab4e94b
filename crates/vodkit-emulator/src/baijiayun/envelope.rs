//! What the vendor wraps around every answer, and its error codes.

use serde_json::{Value, json};

use crate::form::BadForm;
use crate::journal::Effect;
use crate::server::Outcome;

/// Success on the API.
pub(crate) const OK: i64 = 0;
/// Success on the upload host, which counts differently.
pub(crate) const UPLOADED: i64 = 1;
/// A failure without a code of its own: the message says what.
pub(crate) const GENERIC: i64 = 1;
/// No such path.
pub(crate) const NO_PATH: i64 = 404;
/// A parameter is missing or malformed.
pub(crate) const BAD_PARAMETER: i64 = 1001;
/// The signature is wrong.
pub(crate) const BAD_SIGN: i64 = 1002;
/// No such account.
pub(crate) const NO_ACCOUNT: i64 = 2001;
/// The account may not do this.
pub(crate) const NO_PERMISSION: i64 = 2002;
/// The uploaded file was not accepted.
pub(crate) const UPLOAD_FAILED: i64 = 4001;
/// No such video.
pub(crate) const NO_VIDEO: i64 = 5002;

/// A refusal, as the vendor words it, and what its owner should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: i64,
    pub(crate) message: String,
    /// Longer explanation for the log; holds no secret.
    pub(crate) explanation: Option<String>,
    /// Id of the assumption that this refusal rests on.
    pub(crate) assumed: Option<&'static str>,
}

impl Fault {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            explanation: None,
            assumed: None,
        }
    }

    pub(crate) fn parameter(name: &str, problem: &str) -> Self {
        Self::new(BAD_PARAMETER, format!("parameter {name}: {problem}"))
    }

    pub(crate) fn no_video(id: impl std::fmt::Display) -> Self {
        Self::new(NO_VIDEO, format!("video {id} does not exist"))
    }

    pub(crate) fn assumed(mut self, id: &'static str) -> Self {
        self.assumed = Some(id);
        self
    }

    pub(crate) fn explained(mut self, text: String) -> Self {
        self.explanation = Some(text);
        self
    }
}

impl From<BadForm> for Fault {
    fn from(bad: BadForm) -> Self {
        let mut fault = match &bad.parameter {
            Some(name) => Self::parameter(name, &bad.problem),
            None => Self::new(BAD_PARAMETER, bad.problem),
        };
        fault.assumed = bad.assumed;
        fault
    }
}

/// The envelope of the API. `ts` is in no table of the page but in its samples.
pub(crate) fn reply(outcome: &Result<Value, Fault>, now_seconds: i64) -> Value {
    match outcome {
        Ok(data) => json!({ "code": OK, "data": data, "msg": "", "ts": now_seconds }),
        Err(fault) => {
            json!({ "code": fault.code, "data": null, "msg": fault.message, "ts": now_seconds })
        }
    }
}

/// The envelope of the upload host: no data, no time.
pub(crate) fn upload_reply(outcome: &Result<(), Fault>) -> Value {
    match outcome {
        Ok(()) => json!({ "code": UPLOADED, "msg": "success" }),
        Err(fault) => json!({ "code": fault.code, "msg": fault.message }),
    }
}

/// A PHP back end sends an empty map as an empty list. // assumed: empty-map
pub(crate) fn map(entries: serde_json::Map<String, Value>) -> Value {
    if entries.is_empty() {
        Value::Array(Vec::new())
    } else {
        Value::Object(entries)
    }
}

/// What the journal hears of a call that answers with a code, `success` being the one of a success.
pub(crate) fn outcome<T>(
    operation: &'static str,
    outcome: &Result<T, Fault>,
    success: i64,
    effects: Vec<Effect>,
    note: Option<String>,
) -> Outcome {
    let (code, why) = match outcome {
        Ok(_) => (success, None),
        Err(fault) => {
            let text = fault.explanation.as_ref().unwrap_or(&fault.message);
            let why = match fault.assumed {
                Some(id) => format!("{text} (assumed: {id})"),
                None => text.clone(),
            };
            (fault.code, Some(why))
        }
    };
    Outcome::of("baijiayun", operation)
        .code(code)
        .effects(effects)
        .notes(why.into_iter().chain(note))
}
