//! What the vendor wraps around its answers, and its ways to refuse.

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::form::BadForm;
use crate::journal::Effect;
use crate::server::{Outcome, json_response};

/// Success.
pub(super) const OK: &str = "200";
/// User name and password do not belong together.
pub(super) const UNAUTHORISED: &str = "401";
/// Not logged in, or somebody else's.
pub(super) const FORBIDDEN: &str = "403";
/// Understood, but not to be done.
pub(super) const UNPROCESSABLE: &str = "422";
/// Everything else that fails inside of the server.
pub(super) const FAILED: &str = "500";

/// In which frame a refusal comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// The frame of every answer. Result and code may contradict each other.
    Handler { result: bool, code: &'static str },
    /// Code and message alone.
    NotLoggedIn,
    /// The frame of the web framework, with a status of HTTP.
    Framework(StatusCode),
}

/// A refusal, and what its owner should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) frame: Frame,
    pub(super) message: String,
    /// Id of the assumption that this refusal rests on.
    pub(super) assumed: Option<&'static str>,
}

impl Fault {
    fn framed(frame: Frame, message: impl Into<String>) -> Self {
        Self {
            frame,
            message: message.into(),
            assumed: None,
        }
    }

    /// A refusal with `result` false.
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        let frame = Frame::Handler {
            result: false,
            code,
        };
        Self::framed(frame, message)
    }

    /// The server failed, which is its answer to most mistakes of a caller's.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(FAILED, message)
    }

    /// Somebody else's: the code says no, the result says yes.
    pub(super) fn of_another(message: impl Into<String>) -> Self {
        let frame = Frame::Handler {
            result: true,
            code: FORBIDDEN,
        };
        Self::framed(frame, message)
    }

    /// A user could not be changed: the result says no, the code says yes.
    pub(super) fn unchanged(message: impl Into<String>) -> Self {
        Self::new(OK, message)
    }

    pub(super) fn not_logged_in(message: impl Into<String>) -> Self {
        Self::framed(Frame::NotLoggedIn, message)
    }

    pub(super) fn framework(status: StatusCode, message: impl Into<String>) -> Self {
        Self::framed(Frame::Framework(status), message)
    }

    pub(super) fn parameter(name: &str, problem: &str) -> Self {
        Self::failed(format!("parameter {name}: {problem}"))
    }

    pub(super) fn no_video(id: &str) -> Self {
        Self::failed(format!("video {id} does not exist"))
    }

    pub(super) fn assumed(mut self, id: &'static str) -> Self {
        self.assumed = Some(id);
        self
    }
}

impl From<BadForm> for Fault {
    fn from(bad: BadForm) -> Self {
        let mut fault = match &bad.parameter {
            Some(name) => Self::parameter(name, &bad.problem),
            None => Self::failed(bad.problem),
        };
        fault.assumed = bad.assumed;
        fault
    }
}

/// The message of a success, which depends on the call, and whether the code is there: so the page's samples have it.
fn drift(operation: &str) -> (Value, bool) {
    match operation {
        "user/randomUser" => (Value::Null, false),
        "user/login" | "user/register" | "user/updateUser" | "vod/videoPublish" => {
            (Value::Null, true)
        }
        "vod/deleteVideoById" => (json!("删除完成"), true),
        _ => (json!(""), true),
    }
}

/// The answer to a call.
pub(super) fn respond(
    operation: &'static str,
    path: &str,
    outcome: &Result<Value, Fault>,
    request_id: &str,
    now_ms: i64,
    (effects, notes): (Vec<Effect>, Vec<String>),
) -> Response {
    let journal = journal(operation, outcome, effects, notes);
    let fault = match outcome {
        Ok(data) => {
            let (message, with_code) = drift(operation);
            let mut body = Map::new();
            body.insert("result".to_owned(), json!("true"));
            body.insert("requestId".to_owned(), json!(request_id));
            body.insert("message".to_owned(), message);
            if with_code {
                body.insert("code".to_owned(), json!(OK));
            }
            body.insert("data".to_owned(), data.clone());
            return json_response(StatusCode::OK, &Value::Object(body), journal);
        }
        Err(fault) => fault,
    };
    match fault.frame {
        Frame::Handler { result, code } => {
            let body = json!({
                "result": result.to_string(), "requestId": request_id, "message": fault.message, "code": code, "data": null,
            });
            json_response(StatusCode::OK, &body, journal)
        }
        Frame::NotLoggedIn => {
            let body = json!({ "code": FORBIDDEN, "message": fault.message });
            // The server writes this past its framework, which is what sets a content type elsewhere.
            let mut response = Response::new(Body::from(body.to_string()));
            response.extensions_mut().insert(journal);
            response
        }
        Frame::Framework(status) => {
            let body = json!({
                "timestamp": now_ms,
                "status": status.as_u16(),
                "error": status.canonical_reason().unwrap_or_default(),
                "message": fault.message,
                "path": path,
            });
            json_response(status, &body, journal)
        }
    }
}

fn journal(
    operation: &'static str,
    outcome: &Result<Value, Fault>,
    effects: Vec<Effect>,
    notes: Vec<String>,
) -> Outcome {
    let (code, why) = match outcome {
        Ok(_) => (Some(OK), None),
        Err(fault) => {
            let why = match fault.assumed {
                Some(id) => format!("{} (assumed: {id})", fault.message),
                None => fault.message.clone(),
            };
            let code = match fault.frame {
                Frame::Handler { code, .. } => Some(code),
                Frame::NotLoggedIn => Some(FORBIDDEN),
                Frame::Framework(_) => None,
            };
            (code, Some(why))
        }
    };
    let journal = Outcome::of("quvideo", operation).effects(effects);
    let journal = match code {
        Some(code) => journal.code(code),
        None => journal,
    };
    journal.notes(why.into_iter().chain(notes))
}
