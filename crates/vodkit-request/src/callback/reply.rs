//! What to answer, as a value.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};

/// An answer to a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// Header `Content-Type`; none for an empty body.
    pub content_type: Option<&'static str>,
    /// Body.
    pub body: Cow<'static, str>,
}

impl Reply {
    /// An answer without body.
    #[must_use]
    pub const fn empty(status: StatusCode) -> Self {
        Self {
            status,
            content_type: None,
            body: Cow::Borrowed(""),
        }
    }

    /// An answer of JSON. The caller sees to it that the text is JSON.
    pub fn json(status: StatusCode, body: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            content_type: Some("application/json"),
            body: body.into(),
        }
    }

    /// An answer of text.
    pub fn text(status: StatusCode, body: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            content_type: Some("text/plain; charset=utf-8"),
            body: body.into(),
        }
    }

    /// The answer as the `http` crate has it.
    #[must_use]
    pub fn into_response(self) -> Response<Bytes> {
        let body = match self.body {
            Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
            Cow::Owned(text) => Bytes::from(text),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        if let Some(kind) = self.content_type {
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        response
    }
}
