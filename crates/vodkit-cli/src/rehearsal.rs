//! `--dry-run`: everything but the sending, and what would have been sent, with its secrets masked.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use vodkit_request::digest::Digests;
use vodkit_request::flow::{Entry, Stretch};
use vodkit_request::mask::sounds_secret;
use vodkit_request::transport::{
    BlockingTransport, FileFacts, Outgoing, Tick, TransportError, TransportErrorKind,
};
use vodkit_request::types::{Body, Operation, ParamKind};
use vodkit_request::{Error, Payload, Segment};

use crate::failure::Failure;
use crate::output::{Output, faint};

const MASK: &str = vodkit_sign::MASK;

/// A transport that keeps the first request instead of sending it.
#[derive(Debug)]
pub(crate) struct Rehearsal<T> {
    inner: T,
    kept: Mutex<Option<Request<Payload>>>,
}

impl<T> Rehearsal<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self {
            inner,
            kept: Mutex::new(None),
        }
    }

    /// Prints the kept request. Without one the call failed before it would have been sent.
    pub(crate) fn print(
        &self,
        operation: &'static Operation,
        error: Option<Error>,
        output: Output,
    ) -> Result<(), Failure> {
        let kept = self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match (kept, error) {
            (Some(request), _) => print(&request, operation, output),
            (None, Some(error)) => Err(error.into()),
            (None, None) => Ok(()),
        }
    }
}

impl<T: BlockingTransport> BlockingTransport for Rehearsal<T> {
    fn tick(&self) -> Tick {
        self.inner.tick()
    }

    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(outgoing.request);
        // Of this kind no attempt is repeated.
        Err(TransportError::new(
            TransportErrorKind::InvalidRequest,
            "a dry run sends nothing",
        ))
    }

    fn sleep(&self, _duration: Duration) {}

    fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        self.inner.inspect(path)
    }

    fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.inner.digest(stretch)
    }

    /// Writes nothing: nothing happens that would have to be known later.
    fn keep(&self, _entry: &Entry) -> io::Result<()> {
        Ok(())
    }
}

/// One part of a form as it is shown.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text {
        name: String,
        value: String,
    },
    File {
        name: String,
        path: String,
        bytes: u64,
    },
}

fn print(request: &Request<Payload>, operation: &Operation, output: Output) -> Result<(), Failure> {
    let url = address(request, operation);
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| {
            let shown = if value.is_sensitive() {
                MASK.to_owned()
            } else {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            };
            (name.to_string(), shown)
        })
        .chain((!request.body().is_empty()).then(|| {
            (
                "content-length".to_owned(),
                request.body().len().to_string(),
            )
        }))
        .collect();
    let parts = boundary(request).map(|boundary| form(request.body(), &boundary, operation));
    let body = request.body().as_bytes().map(|bytes| match operation.body {
        Body::Json => members(bytes, operation),
        _ => pairs(&String::from_utf8_lossy(bytes), operation),
    });

    if output.is_json() {
        let mut object = Map::new();
        object.insert("dry_run".into(), true.into());
        object.insert("method".into(), request.method().as_str().into());
        object.insert("url".into(), url.into());
        object.insert(
            "headers".into(),
            headers
                .into_iter()
                .map(|(name, value)| (name, Value::from(value)))
                .collect::<Map<_, _>>()
                .into(),
        );
        if let Some(parts) = parts {
            let parts = parts.into_iter().map(|part| match part {
                Part::Text { name, value } => json!({ "name": name, "value": value }),
                Part::File { name, path, bytes } => {
                    json!({ "name": name, "file": path, "bytes": bytes })
                }
            });
            object.insert("parts".into(), parts.collect());
        } else {
            object.insert("body".into(), body.map_or(Value::Null, Value::from));
        }
        return output.json(&object.into());
    }
    let mut text = format!("{} {url}\n", request.method());
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    if let Some(parts) = parts {
        text.push('\n');
        for part in parts {
            match part {
                Part::Text { name, value } => text.push_str(&format!("{name} = {value}\n")),
                Part::File { name, path, bytes } => {
                    text.push_str(&format!("{name} = {bytes} bytes of {path}\n"))
                }
            }
        }
    } else if let Some(body) = body {
        text.push_str(&format!("\n{body}\n"));
    }
    text.push_str(&faint("(dry run: nothing was sent)"));
    output.text(&text)
}

fn address(request: &Request<Payload>, operation: &Operation) -> String {
    let uri = request.uri();
    let front = format!(
        "{}://{}",
        uri.scheme_str().unwrap_or("http"),
        uri.authority().map_or("", |authority| authority.as_str())
    );
    if operation.path.starts_with('{') {
        // The address itself is what grants the upload.
        return format!("{front}/{MASK}");
    }
    match uri.query() {
        Some(query) => format!("{front}{}?{}", uri.path(), pairs(query, operation)),
        None => format!("{front}{}", uri.path()),
    }
}

/// Encoded pairs, with the values of secret ones masked.
fn pairs(text: &str, operation: &Operation) -> String {
    let pair = |pair: &str| -> String {
        match pair.split_once('=') {
            Some((name, _))
                if is_secret(&percent_decode_str(name).decode_utf8_lossy(), operation) =>
            {
                format!("{name}={MASK}")
            }
            _ => pair.to_owned(),
        }
    };
    text.split('&').map(pair).collect::<Vec<_>>().join("&")
}

/// The members of a JSON body, with the values of secret ones masked.
fn members(body: &[u8], operation: &Operation) -> String {
    let Ok(Value::Object(mut members)) = serde_json::from_slice(body) else {
        return MASK.to_owned();
    };
    for (name, value) in &mut members {
        if is_secret(name, operation) {
            *value = MASK.into();
        }
    }
    Value::Object(members).to_string()
}

fn is_secret(name: &str, operation: &Operation) -> bool {
    operation
        .param(name)
        .is_some_and(|param| param.kind == ParamKind::Secret)
        || sounds_secret(name)
}

fn boundary(request: &Request<Payload>) -> Option<String> {
    let kind = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    kind.strip_prefix("multipart/form-data; boundary=")
        .map(str::to_owned)
}

/// The parts of a form, in order.
fn form(body: &Payload, boundary: &str, operation: &Operation) -> Vec<Part> {
    let mut parts = Vec::new();
    // The head of the part that the next file belongs to.
    let mut open: Option<String> = None;
    for segment in body.segments() {
        match segment {
            Segment::Bytes(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                for piece in text
                    .split(&format!("--{boundary}\r\n"))
                    .filter(|piece| !piece.trim().is_empty())
                {
                    let Some((head, value)) = piece.split_once("\r\n\r\n") else {
                        continue;
                    };
                    let name = field_name(head).into_owned();
                    let value = value.strip_suffix("\r\n").unwrap_or(value);
                    if head.contains("; filename=\"") {
                        open = Some(name);
                    } else {
                        let value = if is_secret(&name, operation) {
                            MASK.to_owned()
                        } else {
                            value.to_owned()
                        };
                        parts.push(Part::Text { name, value });
                    }
                }
            }
            Segment::File { path, range } => parts.push(Part::File {
                name: open.take().unwrap_or_default(),
                path: path.display().to_string(),
                bytes: range.end - range.start,
            }),
            _ => {}
        }
    }
    parts
}

fn field_name(head: &str) -> Cow<'_, str> {
    let name = head.split_once("name=\"").map_or("", |(_, rest)| rest);
    name.split_once('"').map_or(name, |(name, _)| name).into()
}

#[cfg(test)]
mod tests {
    use vodkit_request::baijiayun::operations::{
        CREATE_KEY, GET_INFO, UPLOAD_FILE, UPLOAD_SUBTITLE,
    };
    use vodkit_request::multipart::{self, FilePart};

    use super::*;

    #[test]
    fn secrets_are_masked_and_the_rest_is_not() {
        assert_eq!(
            pairs("partner_id=1&sign=CANARY&video_id=%E4", &GET_INFO),
            "partner_id=1&sign=***&video_id=%E4"
        );
        assert_eq!(
            pairs("partner_id=1&secret_key=CANARY", &CREATE_KEY),
            "partner_id=1&secret_key=***"
        );
        assert_eq!(
            pairs("access%5Ftoken=CANARY&x", &GET_INFO),
            "access%5Ftoken=***&x"
        );
    }

    #[test]
    fn secret_members_of_a_json_body_are_masked() {
        let body = br#"{"username":"u","password":"CANARY","n":1}"#;
        assert_eq!(
            members(body, &vodkit_request::mediacloud::operations::LOGIN),
            r#"{"n":1,"password":"***","username":"u"}"#
        );
        assert_eq!(members(b"CANARY", &GET_INFO), "***");
    }

    #[test]
    fn an_upload_address_is_not_shown() {
        let request = Request::post("http://host:1/a/CANARY?token=CANARY")
            .body(Payload::empty())
            .unwrap();
        assert_eq!(address(&request, &UPLOAD_FILE), "http://host:1/***");
        assert_eq!(
            address(&request, &GET_INFO),
            "http://host:1/a/CANARY?token=***"
        );
    }

    #[test]
    fn a_form_is_taken_apart() {
        let fields = [
            ("partner_id", "1"),
            ("name", "a\r\n\r\nb"),
            ("sign", "CANARY"),
        ];
        let content = Segment::File {
            path: Path::new("/x/a.srt").into(),
            range: 0..7,
        };
        let file = FilePart {
            field: "file",
            file_name: "a.srt",
            content,
        };
        let (kind, body) = multipart::form(fields.into_iter(), file, 9);
        let boundary = kind.split_once("boundary=").unwrap().1;
        let text = |name: &str, value: &str| Part::Text {
            name: name.into(),
            value: value.into(),
        };
        let parts = form(&body, boundary, &UPLOAD_SUBTITLE);
        assert_eq!(
            parts,
            [
                text("partner_id", "1"),
                text("name", "a\r\n\r\nb"),
                text("sign", "***"),
                Part::File {
                    name: "file".into(),
                    path: "/x/a.srt".into(),
                    bytes: 7
                },
            ]
        );
    }
}
