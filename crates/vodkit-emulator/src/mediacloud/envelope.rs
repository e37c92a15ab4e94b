//! What the vendor wraps around every answer, and its error codes.

use serde_json::{Value, json};

use crate::form::BadForm;
use crate::journal::Effect;
use crate::server::Outcome;

/// Success.
pub(crate) const OK: u16 = 200;
/// The request is not understood, or a parameter is wrong. // assumed: codes
pub(crate) const BAD_REQUEST: u16 = 400;
/// Wrong user name or password, or no valid token. // assumed: codes
pub(crate) const UNAUTHORIZED: u16 = 401;
/// What was asked for does not exist.
pub(crate) const NOT_FOUND: u16 = 404;

/// A refusal, as the vendor words it, and what its owner should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: u16,
    pub(crate) message: String,
    /// Longer explanation for the log; holds no secret.
    explanation: Option<String>,
    /// Id of the assumption that this refusal rests on.
    assumed: Option<&'static str>,
}

impl Fault {
    pub(crate) fn new(code: u16, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            explanation: None,
            assumed: None,
        }
    }

    pub(crate) fn parameter(name: &str, problem: &str) -> Self {
        Self::new(BAD_REQUEST, format!("parameter {name}: {problem}"))
    }

    /// The one message of a failure that the page shows; what it was goes to the log.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(NOT_FOUND, "record not found").explained(what)
    }

    pub(crate) fn assumed(mut self, id: &'static str) -> Self {
        self.assumed = Some(id);
        self
    }

    pub(crate) fn explained(mut self, text: impl Into<String>) -> Self {
        self.explanation = Some(text.into());
        self
    }
}

impl From<BadForm> for Fault {
    fn from(bad: BadForm) -> Self {
        let mut fault = match &bad.parameter {
            Some(name) => Self::parameter(name, &bad.problem),
            None => Self::new(BAD_REQUEST, bad.problem),
        };
        fault.assumed = bad.assumed;
        fault
    }
}

/// What a handler gives back: the vendor's message and data.
pub(crate) struct Success {
    pub(crate) message: &'static str,
    pub(crate) data: Value,
}

impl Success {
    /// The page shows the message of the login only. // assumed: success-message
    pub(crate) fn new(data: impl Into<Value>) -> Self {
        Self {
            message: "成功",
            data: data.into(),
        }
    }
}

/// The envelope: `status` is there on failure only.
pub(crate) fn reply(outcome: &Result<Success, Fault>, request_id: &str) -> Value {
    match outcome {
        Ok(success) => json!({
            "requestId": request_id,
            "code": OK,
            "msg": success.message,
            "data": success.data,
        }),
        Err(fault) => json!({
            "requestId": request_id,
            "code": fault.code,
            "msg": fault.message,
            "status": "error",
            "data": null,
        }),
    }
}

/// What the journal hears of a call.
pub(crate) fn outcome(
    operation: &'static str,
    outcome: &Result<Success, Fault>,
    effects: Vec<Effect>,
    note: Option<String>,
) -> Outcome {
    let (code, why) = match outcome {
        Ok(_) => (OK, None),
        Err(fault) => {
            let text = fault.explanation.as_ref().unwrap_or(&fault.message);
            let why = match fault.assumed {
                Some(id) => format!("{text} (assumed: {id})"),
                None => text.clone(),
            };
            (fault.code, Some(why))
        }
    };
    Outcome::of("mediacloud", operation)
        .code(code)
        .effects(effects)
        .notes(why.into_iter().chain(note))
}
