//! How a store says no: a status and an XML document.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use quick_xml::escape::escape;

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

    pub(crate) fn storage(error: &std::io::Error) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            format!("The emulator could not store or read the bytes: {error}"),
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

    /// The answer; HEAD has no room for the document.
    pub(crate) fn response(
        &self,
        method: &Method,
        headers: &HeaderMap,
        request_id: &str,
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
        let document = self
            .details
            .iter()
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

pub(crate) const XML: &str = "application/xml";

/// An XML document of one level, written in order.
pub(crate) struct Document {
    root: &'static str,
    text: String,
}

/// The namespace of S3's documents, but for its refusals.
const S3: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

impl Document {
    pub(crate) fn new(root: &'static str) -> Self {
        Self {
            root,
            text: format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}>\n"),
        }
    }

    /// A document of S3's.
    pub(crate) fn of_s3(root: &'static str) -> Self {
        Self {
            root,
            text: format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{S3}\">\n"),
        }
    }

    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        self.text
            .push_str(&format!("  <{name}>{}</{name}>\n", escape(value)));
        self
    }

    /// Elements inside of one.
    pub(crate) fn group(mut self, name: &str, members: &[(&str, String)]) -> Self {
        let inside: String = members
            .iter()
            .map(|(name, value)| format!("<{name}>{}</{name}>", escape(value.as_str())))
            .collect();
        self.text
            .push_str(&format!("  <{name}>{inside}</{name}>\n"));
        self
    }

    pub(crate) fn finish(mut self) -> String {
        self.text.push_str(&format!("</{}>\n", self.root));
        self.text
    }
}
