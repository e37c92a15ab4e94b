//! What the vendor wraps around every answer, and how it words refusals.

use serde_json::{Value, json};

use crate::form::BadForm;
use crate::journal::Effect;
use crate::server::Outcome;

pub(super) const OK: u64 = 200;
/// Almost every refusal: the message says which.
pub(super) const REFUSED: u64 = 400;
/// What the token service says of an account that it does not know.
pub(super) const UNKNOWN_USER: &str = "user_not_found";
/// The token service: `ts` is out of its window.
pub(super) const TOKEN_TIME: u64 = 403;
/// The upload cannot begin.
pub(super) const UPLOAD_FAILED: u64 = 405;
/// The file to upload is empty.
pub(super) const EMPTY_FILE: u64 = 406;
/// The category of an upload does not exist.
pub(super) const NO_UPLOAD_CATEGORY: u64 = 3001;

/// A refusal, as the vendor words it, and what its owner should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: u64,
    pub(super) message: String,
    /// Longer explanation for the log; holds no secret.
    pub(super) explanation: Option<String>,
    /// Id of the assumption that this refusal rests on.
    pub(super) assumed: Option<&'static str>,
    /// Whether account, time and signature were right.
    pub(super) admitted: bool,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self::coded(REFUSED, message)
    }

    pub(super) fn coded(code: u64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            explanation: None,
            assumed: None,
            admitted: false,
        }
    }

    /// No page of the calls here words this case.
    pub(super) fn no_video(vid: &str) -> Self {
        Self::new("video not found.")
            .explained(format!("the account has no video {vid}"))
            .assumed("message-words")
    }

    /// No such category.
    pub(super) fn no_category(id: &str) -> Self {
        Self::new("illegal cataid").explained(format!("the account has no category {id}"))
    }

    pub(super) fn illegal(name: &str, problem: &str) -> Self {
        Self::new(format!("illegal {name}"))
            .explained(format!("parameter {name}: {problem}"))
            .assumed("message-words")
    }

    pub(super) fn assumed(mut self, id: &'static str) -> Self {
        self.assumed = Some(id);
        self
    }

    pub(super) fn explained(mut self, text: impl Into<String>) -> Self {
        self.explanation = Some(text.into());
        self
    }
}

impl From<BadForm> for Fault {
    fn from(bad: BadForm) -> Self {
        let mut fault = match &bad.parameter {
            Some(name) => Self::illegal(name, &bad.problem),
            None => Self::new(bad.problem).assumed("message-words"),
        };
        if bad.assumed.is_some() {
            fault.assumed = bad.assumed;
        }
        fault
    }
}

/// The shapes that answers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `data` is an empty text on failure.
    Usual,
    /// A failure calls itself a success and explains itself in `data`, as the page of get-preview-duration has it.
    Preview,
    /// The token service: no message on success, an explanation in `data` on failure.
    Token,
}

pub(super) fn reply(shape: Shape, outcome: &Result<Value, Fault>) -> Value {
    let fault = match outcome {
        Ok(data) => {
            let message = if shape == Shape::Token { "" } else { "success" };
            return json!({ "code": OK, "status": "success", "message": message, "data": data });
        }
        Err(fault) => fault,
    };
    let (code, message) = (fault.code, &fault.message);
    match shape {
        Shape::Usual => {
            json!({ "code": code, "status": "error", "message": message, "data": "" })
        }
        Shape::Preview => {
            json!({ "code": code, "status": "success", "message": "success", "data": message })
        }
        Shape::Token => {
            let data = match message.as_str() {
                UNKNOWN_USER => "no account has this userId",
                words => words,
            };
            json!({ "code": code, "status": "error", "message": message, "data": data })
        }
    }
}

/// What the journal hears of a call.
pub(super) fn outcome<T>(
    operation: &'static str,
    outcome: &Result<T, Fault>,
    effects: Vec<Effect>,
    notes: impl IntoIterator<Item = String>,
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
    Outcome::of("polyv", operation)
        .code(code)
        .effects(effects)
        .notes(why.into_iter().chain(notes))
}
