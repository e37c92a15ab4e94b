//! Answers that are given in place of the vendor's.

use std::fmt;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::named::Named;
use crate::server::Outcome;
use crate::storage::error_document;

/// What a fault answers instead of the vendor, whose state does not change.
///
/// The body of the request is read first, as a server does that has a balancer before it; see [`at_once`](Self::at_once).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    content: Content,
    pub(super) at_once: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Body(Bytes),
    /// A failure in the vendor's own frame.
    Failure {
        code: String,
        message: String,
    },
    /// An error document of the object storage.
    Document {
        code: String,
        message: String,
    },
}

/// A page as proxies and captive portals send it.
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Service notice</title></head>\
                    <body><h1>Service notice</h1><p>Please try again later.</p></body></html>\n";

impl Answer {
    /// An HTTP status with an empty body: `503`, `429`. It must be from 200 to 599.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content: Content::Body(Bytes::new()),
            at_once: false,
        }
    }

    /// HTTP status 200 and the vendor's frame with this code: `1002` of Baijiayun's, `400` of Polyv's. A call of the object storage gets a
    /// document with status 400 instead.
    #[must_use]
    pub fn failure(code: impl Into<String>, message: impl Into<String>) -> Self {
        let (code, message) = (code.into(), message.into());
        Self {
            content: Content::Failure { code, message },
            ..Self::status(200)
        }
    }

    /// An error of the object storage: an XML document with this code under an HTTP status. `403` and `SecurityTokenExpired`, `503` and
    /// `SlowDown`, `404` and `NoSuchUpload`.
    #[must_use]
    pub fn oss_error(status: u16, code: impl Into<String>) -> Self {
        let code = code.into();
        let message = format!("The emulator was told to answer with {code}.");
        Self {
            content: Content::Document { code, message },
            ..Self::status(status)
        }
    }

    /// HTTP status 200 and a page for people, as proxies send it.
    #[must_use]
    pub fn html_page() -> Self {
        Self::status(200)
            .header("Content-Type", "text/html; charset=utf-8")
            .body(PAGE)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds `Retry-After` with a number of seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header("Retry-After", seconds.to_string())
    }

    /// Answers with these bytes.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.content = Content::Body(body.into());
        self
    }

    /// Answers without reading the body of the request. The connection is closed afterwards, and a sender that is still sending may never see
    /// the answer.
    #[must_use]
    pub fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }

    /// What is wrong with it.
    pub(super) fn check(&self) -> Result<(), String> {
        if !(200..=599).contains(&self.status) {
            return Err(format!("status {} is not from 200 to 599", self.status));
        }
        for (name, value) in &self.headers {
            if name.parse::<HeaderName>().is_err() || value.parse::<HeaderValue>().is_err() {
                return Err(format!("{name:?} is no header, or its value none of one"));
            }
        }
        Ok(())
    }

    /// The response, and what the journal hears of it.
    pub(super) fn response(&self, to: Named, host: &str, now_ms: i64) -> Response {
        let mut status = self.status;
        let (kind, body, code) = match &self.content {
            Content::Body(body) => (None, body.clone(), None),
            Content::Failure { code, message } if to.storage.is_some() => {
                status = 400;
                let document = error_document(code, message, host);
                (Some("application/xml"), document.into(), Some(code))
            }
            Content::Document { code, message } => {
                let document = error_document(code, message, host);
                (Some("application/xml"), document.into(), Some(code))
            }
            Content::Failure { code, message } => {
                let body = frame(to, code, message, now_ms).to_string();
                let kind = "application/json; charset=utf-8";
                (Some(kind), body.into(), Some(code))
            }
        };
        let mut response = Response::new(Body::from(body));
        // Checked when the fault was planned.
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
        let headers = response.headers_mut();
        if let Some(kind) = kind {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
                headers.insert(name, value);
            }
        }
        let mut outcome = to.outcome();
        if let Some(code) = code {
            outcome = outcome.code(code);
        }
        response.extensions_mut().insert::<Outcome>(outcome);
        response
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "answer {}", self.status)?;
        match &self.content {
            Content::Body(body) if body.is_empty() => {}
            Content::Body(body) => write!(f, " with {} bytes", body.len())?,
            Content::Failure { code, .. } | Content::Document { code, .. } => {
                write!(f, " with code {code}")?;
            }
        }
        for (name, value) in &self.headers {
            write!(f, ", {name}: {value}")?;
        }
        if self.at_once {
            f.write_str(", without reading the request")?;
        }
        Ok(())
    }
}

/// A code as the vendors' frames have it, a number where it is one.
fn number(code: &str) -> Value {
    code.parse::<i64>()
        .map_or_else(|_| json!(code), Value::from)
}

/// A failure in the frame of the vendor whose call it is.
fn frame(to: Named, code: &str, message: &str, now_ms: i64) -> Value {
    // No state is asked for an id: it would have to be locked.
    const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";
    match to.vendor {
        Some("baijiayun") if to.operation == "upload" => {
            json!({ "code": number(code), "msg": message })
        }
        Some("baijiayun") => json!({
            "code": number(code), "data": null, "msg": message, "ts": now_ms.div_euclid(1000),
        }),
        Some("polyv") => {
            json!({ "code": number(code), "status": "error", "message": message, "data": "" })
        }
        Some("quvideo") => json!({
            "result": "false", "requestId": REQUEST_ID, "message": message, "code": code, "data": null,
        }),
        Some("mediacloud") => json!({
            "requestId": REQUEST_ID, "code": number(code), "msg": message, "status": "error", "data": null,
        }),
        _ => json!({ "code": number(code), "message": message }),
    }
}
