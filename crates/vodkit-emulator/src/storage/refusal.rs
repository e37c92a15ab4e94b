//! How a store says no: a status and an XML document.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::document::{Document, XML};
use crate::journal::Effect;

/// A refusal as OSS and S3 word it, and what its owner should know.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// Further elements of the document.
    pub(crate) details: Vec<(&'static str, String)>,
    /// Longer explanation for the log; holds no secret.
    pub(crate) explanation: Option<Box<str>>,
    /// Id of the assumption that this refusal rests on.
    pub(crate) assumed: Option<&'static str>,
    /// What changed nonetheless.
    pub(crate) effects: Box<[Effect]>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: Vec::new(),
            explanation: None,
            assumed: None,
            effects: Box::default(),
        }
    }

    pub(crate) fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    pub(crate) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn argument(name: &str, value: &str, message: impl Into<String>) -> Self {
        Self::bad_request("InvalidArgument", message)
            .detail("ArgumentName", name)
            .detail("ArgumentValue", value)
    }

    pub(crate) fn no_bucket(name: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NoSuchBucket",
            "there is no such bucket",
        )
        .detail("BucketName", name)
    }

    pub(crate) fn storage(error: &std::io::Error) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            format!("the emulator could not store or read the bytes: {error}"),
        )
    }

    pub(crate) fn detail(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    pub(crate) fn explained(mut self, text: impl Into<String>) -> Self {
        self.explanation = Some(text.into().into());
        self
    }

    pub(crate) fn assumed(mut self, id: &'static str) -> Self {
        self.assumed = Some(id);
        self
    }

    pub(crate) fn after(mut self, effects: Vec<Effect>) -> Self {
        self.effects = effects.into();
        self
    }

    /// What the log says of it.
    pub(crate) fn note(&self) -> String {
        let text = self.explanation.as_deref().unwrap_or(&self.message);
        match self.assumed {
            Some(id) => format!("{text} (assumed: {id})"),
            None => text.to_owned(),
        }
    }

    /// The answer, without the elements (code, element) that a store does not have. HEAD has no room for the document.
    pub(super) fn response(
        &self,
        method: &Method,
        headers: &HeaderMap,
        request_id: &str,
        left_out: &[(&str, &str)],
    ) -> Response {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        let document = Document::new("Error")
            .text("Code", self.code)
            .text("Message", &self.message)
            .text("RequestId", request_id)
            .text("HostId", host);
        let has = |name: &str| !left_out.contains(&(self.code, name));
        let document = self
            .details
            .iter()
            .filter(|(name, _)| has(name))
            .fold(document, |document, (name, value)| {
                document.text(name, value)
            });
        let body = match *method {
            Method::HEAD => Body::empty(),
            _ => Body::from(document.finish()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(XML));
        response
    }
}

/// The document of an error that no request has earned.
pub(crate) fn error_document(code: &str, message: &str, host: &str) -> String {
    Document::new("Error")
        .text("Code", code)
        .text("Message", message)
        .text("RequestId", "000000000000000000000000")
        .text("HostId", host)
        .finish()
}
