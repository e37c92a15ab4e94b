//! The one error of all calls.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use vodkit_types::{FaultClass, Operation};

use crate::params::InvalidParam;
use crate::remedy::{Hint, Remedy};
use crate::transport::{TransportError, TransportErrorKind};

/// A code longer than this is no code.
const LONGEST_CODE: usize = 64;
/// How much of a vendor's message an error keeps, in characters.
const LONGEST_MESSAGE: usize = 500;
/// How much of a reply an error keeps.
const BODY_LIMIT: usize = 64 << 10;

/// Why a call did not give a result.
///
/// Its `Display` is one complete line: operation, vendor code, message, and what to do. Neither `Display` nor `Debug` shows the body of the
/// reply, keys, signatures or tokens.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: Option<&'static Operation>,
    code: Option<String>,
    message: String,
    hint: Option<Hint>,
    status: Option<StatusCode>,
    request_id: Option<String>,
    attempts: u32,
    field_path: Option<String>,
    body: Option<Bytes>,
    maybe_sent: bool,
    retry_after: Option<Duration>,
    created: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of failure it is: what a program decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A parameter or setting is wrong. Nothing was sent.
    InvalidInput,
    /// A local file is missing, unreadable, or has become shorter since the call began.
    LocalFile,
    /// The journal of an upload could not be written or read. The upload stops where it is, and nothing that was confirmed is lost.
    Journal,
    /// The vendor refused the call; [`Error::code`] says why.
    Refused,
    /// Key, signature, token or clock is wrong.
    Credential,
    /// Too many requests, also after waiting.
    Throttled,
    /// The vendor's service failed, also after repeating.
    Unavailable,
    /// No connection could be made, also after repeating. Nothing was sent.
    Connect,
    /// No complete reply in time.
    Timeout,
    /// The connection broke, or the reply was cut short.
    Interrupted,
    /// The reply to a call that must not be repeated was lost: the vendor may have acted. Look before repeating it.
    OutcomeUnknown,
    /// The reply is not what the vendor documents. For a call that writes, the vendor has probably acted.
    Decode,
    /// The other side has other bytes than were sent, also after sending them again: something on the way changes them.
    DigestMismatch,
    /// The vendor could not process the video.
    Processing,
    /// The time that the caller gave is over.
    Deadline,
}

impl ErrorKind {
    /// The kind as a word in snake case, as the command line prints it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::LocalFile => "local_file",
            Self::Journal => "journal",
            Self::Refused => "refused",
            Self::Credential => "credential",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Decode => "decode",
            Self::DigestMismatch => "digest_mismatch",
            Self::Processing => "processing",
            Self::Deadline => "deadline",
        }
    }
}

impl Error {
    /// An error of the given kind. The message is one line without secrets.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: None,
            code: None,
            message: one_line(message.into()),
            hint: None,
            status: None,
            request_id: None,
            attempts: 0,
            field_path: None,
            body: None,
            maybe_sent: false,
            retry_after: None,
            created: None,
            source: None,
        }))
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The call that failed.
    #[must_use]
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.operation
    }

    /// The vendor's code as text, also one that vodkit does not know.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The vendor's message, or ours when there is none.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_ref().map(Hint::as_str)
    }

    /// What a person can do about it, where settings have other names than in this library: `words` gives the clause for each, such as the option
    /// of a command line.
    #[must_use]
    pub fn hint_in<'w>(&self, words: impl Fn(Remedy) -> Cow<'w, str>) -> Option<String> {
        self.0.hint.as_ref().map(|hint| hint.in_words(words))
    }

    /// The settings by which the [hint](Self::hint) says that something can be done about it.
    pub fn remedies(&self) -> impl Iterator<Item = Remedy> {
        self.0.hint.iter().flat_map(Hint::remedies)
    }

    /// The HTTP status of the reply. Most vendors answer 200 whatever happened.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The vendor's id of the request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How often the request was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Where in the reply decoding failed: `data.list[3].video_id`.
    #[must_use]
    pub fn field_path(&self) -> Option<&str> {
        self.0.field_path.as_deref()
    }

    /// The reply as it came, its first 64 KiB. It may hold what the vendor considers secret.
    #[must_use]
    pub fn body(&self) -> Option<&Bytes> {
        self.0.body.as_ref()
    }

    /// Whether the vendor may have acted on the call although it failed.
    #[must_use]
    pub fn maybe_sent(&self) -> bool {
        self.0.maybe_sent
    }

    /// How long the server asked to wait before the next attempt.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The id of what the vendor has created before the failure, such as a video without content: it can be used or deleted.
    #[must_use]
    pub fn created(&self) -> Option<&str> {
        self.0.created.as_deref()
    }

    /// The same error, naming what the vendor has created before the failure; see [`created`](Self::created).
    #[must_use]
    pub fn with_created(mut self, id: impl ToString) -> Self {
        self.0.created = Some(id.to_string());
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    /// The same failure, of which more is known than its code says.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Says that it was the login that failed; the call itself was not sent.
    pub(crate) fn of_login(mut self) -> Self {
        self.0.message = format!("logging in: {}", self.0.message);
        self.0.maybe_sent = false;
        if self.0.kind == ErrorKind::Refused {
            // Whatever the code says of other calls: what was refused here is what one logs in with.
            self.0.kind = ErrorKind::Credential;
            self.0.hint =
                Some("Check the account and the key or password that it logs in with".into());
        }
        self
    }

    /// The same error, saying how often something was sent that is no call of the tables.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn at(mut self, operation: &'static Operation, attempts: u32) -> Self {
        self.0.operation.get_or_insert(operation);
        self.0.attempts = self.0.attempts.max(attempts);
        self
    }

    /// The same error for another caller. What lies below it stays with the first.
    pub(crate) fn again(&self) -> Self {
        let inner = &self.0;
        Self(Box::new(Inner {
            kind: inner.kind,
            operation: None,
            code: inner.code.clone(),
            message: inner.message.clone(),
            hint: inner.hint.clone(),
            status: inner.status,
            request_id: inner.request_id.clone(),
            attempts: 0,
            field_path: inner.field_path.clone(),
            body: inner.body.clone(),
            maybe_sent: inner.maybe_sent,
            retry_after: inner.retry_after,
            created: None,
            source: None,
        }))
    }

    /// The same error with another hint: what a person can do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Hint>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// The same error, its hint going on with this one.
    #[must_use]
    pub fn with_more_hint(mut self, more: impl Into<Hint>) -> Self {
        self.0.hint = Some(match self.0.hint.take() {
            Some(hint) => hint.and(more),
            None => more.into(),
        });
        self
    }

    pub(crate) fn with_response(mut self, response: &Response<Bytes>) -> Self {
        self.0.status = Some(response.status());
        let body = response.body();
        self.0.body = Some(if body.len() > BODY_LIMIT {
            Bytes::copy_from_slice(&body[..BODY_LIMIT])
        } else {
            body.clone()
        });
        self
    }

    pub(crate) fn maybe(mut self, maybe_sent: bool) -> Self {
        self.0.maybe_sent = maybe_sent;
        self
    }

    pub(crate) fn from_transport(error: TransportError, idempotent: bool) -> Self {
        let maybe_sent = error.kind.maybe_sent();
        let kind = match error.kind {
            TransportErrorKind::LocalFile => ErrorKind::LocalFile,
            TransportErrorKind::Connect => ErrorKind::Connect,
            TransportErrorKind::InvalidRequest => ErrorKind::InvalidInput,
            _ if maybe_sent && !idempotent => ErrorKind::OutcomeUnknown,
            TransportErrorKind::Timeout => ErrorKind::Timeout,
            TransportErrorKind::ResponseTooLarge => ErrorKind::Decode,
            _ => ErrorKind::Interrupted,
        };
        let message = error.to_string();
        // Repeating a read does no harm, whatever became of it.
        let mut this = Self::new(kind, message).maybe(maybe_sent && !idempotent);
        this.0.hint = match kind {
            ErrorKind::OutcomeUnknown => Some(
                "The reply was lost, so the outcome is unknown: look before repeating the call"
                    .into(),
            ),
            ErrorKind::Connect => Some("Check the host name, the network and the proxy".into()),
            _ => None,
        };
        // The message is ours already; what lies below it is the client library's.
        this.0.source = error.source;
        this
    }

    /// `mask` takes secrets out of what the vendor said, before anything of it is cut.
    pub(crate) fn from_refusal(
        refusal: Refusal,
        idempotent: bool,
        response: &Response<Bytes>,
        mask: impl Fn(&str) -> String,
    ) -> Self {
        match refusal {
            Refusal::Fault(fault) => {
                let kind = match fault.class {
                    FaultClass::Credential => ErrorKind::Credential,
                    FaultClass::Throttled => ErrorKind::Throttled,
                    FaultClass::Transient => ErrorKind::Unavailable,
                    _ => ErrorKind::Refused,
                };
                let unsure = fault.class == FaultClass::Transient && !idempotent;
                let mut this = Self::new(kind, mask(&fault.message))
                    .with_response(response)
                    .maybe(unsure);
                this.0.code = fault
                    .code
                    .map(|code| one_line(mask(&code)).chars().take(LONGEST_CODE).collect());
                this.0.hint = fault.hint.map(Hint::from);
                if unsure {
                    this.0.hint = Some("The service failed while it handled the call, so the outcome is unknown: look before repeating the call".into());
                }
                // Plain hexadecimal digits may look like a signature, and an id that is hidden is good for nothing.
                this.0.request_id = fault.request_id.map(|id| {
                    let plain = id.bytes().all(|byte| byte.is_ascii_hexdigit());
                    if plain { id } else { one_line(mask(&id)) }
                });
                this
            }
            Refusal::Decode(decode) => {
                let mut this = Self::new(ErrorKind::Decode, mask(&decode.message))
                    .with_response(response)
                    .maybe(!idempotent);
                this.0.field_path = decode.field_path.map(|path| one_line(mask(&path)));
                this
            }
        }
    }
}

impl From<InvalidParam> for Error {
    fn from(invalid: InvalidParam) -> Self {
        Self::new(ErrorKind::InvalidInput, invalid.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(operation) = inner.operation {
            write!(f, "{}: ", operation.name)?;
        }
        match (&inner.code, inner.status) {
            (Some(code), _) => write!(f, "code {code}: ")?,
            (None, Some(status)) if !status.is_success() => {
                write!(f, "HTTP {}: ", status.as_u16())?
            }
            _ => {}
        }
        // The hint follows as a sentence of its own.
        f.write_str(inner.message.trim_end_matches(['.', '。', ' ']))?;
        if let Some(path) = &inner.field_path {
            write!(f, " at `{path}`")?;
        }
        if inner.attempts > 1 {
            write!(f, " (after {} attempts)", inner.attempts)?;
        }
        if let Some(hint) = &inner.hint {
            write!(f, ". {}", hint.as_str())?;
        }
        Ok(())
    }
}

// A program that returns the error from `main` shows it this way, so it is the same readable line, with the kind for developers.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} [{}]", self.0.kind.as_str())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// What a vendor's reply means when it is not a result.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// The vendor said no.
    Fault(Fault),
    /// The reply is not what the vendor documents.
    Decode(DecodeFault),
}

/// A refusal in the vendor's words, with its class from the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The vendor's code as text; `None` when only the HTTP status tells of the failure.
    pub code: Option<String>,
    /// The vendor's message.
    pub message: String,
    /// What a program can do.
    pub class: FaultClass,
    /// What a person can do.
    pub hint: Option<Cow<'static, str>>,
    /// The vendor's id of the request.
    pub request_id: Option<String>,
}

/// A reply that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeFault {
    /// What is wrong.
    pub message: String,
    /// Where, when the reply is JSON.
    pub field_path: Option<String>,
}

impl Refusal {
    /// What the HTTP status alone says, for replies that are not in the vendor's form.
    ///
    /// `None` for a success status.
    #[must_use]
    pub fn from_status(response: &Response<Bytes>) -> Option<Self> {
        let status = response.status();
        let class = class_of(status)?;
        let mut message = status
            .canonical_reason()
            .unwrap_or("unknown status")
            .to_owned();
        if status.is_redirection() {
            message.push_str(
                " (redirects are not followed, since they could carry the signature elsewhere)",
            );
        }
        Some(Self::Fault(Fault {
            code: None,
            message,
            class,
            hint: Some("The reply is not in the form of the vendor's API: check the base URL and proxies in between".into()),
            request_id: None,
        }))
    }

    /// A reply that is not JSON of the vendor's form.
    #[must_use]
    pub fn not_json(response: &Response<Bytes>, error: Option<&serde_json::Error>) -> Self {
        let body = response.body();
        let length = body.len();
        let message = if body.is_empty() {
            "the reply is empty".to_owned()
        } else if body.trim_ascii_start().starts_with(b"<") {
            "the reply is HTML, not JSON; it did not come from the vendor's API".to_owned()
        } else if error.is_some_and(serde_json::Error::is_eof) {
            format!("the reply ({length} bytes) is not complete JSON: it was cut short")
        } else if error.is_some_and(serde_json::Error::is_data) {
            format!("the reply ({length} bytes) is JSON, but not in the form of the vendor's API")
        } else {
            format!("the reply ({length} bytes) is not JSON")
        };
        Self::Decode(DecodeFault {
            message,
            field_path: None,
        })
    }
}

/// What an HTTP status other than success means.
#[must_use]
pub fn class_of(status: StatusCode) -> Option<FaultClass> {
    match status.as_u16() {
        200..=299 => None,
        429 => Some(FaultClass::Throttled),
        401 | 403 => Some(FaultClass::Credential),
        408 | 500.. => Some(FaultClass::Transient),
        _ => Some(FaultClass::Permanent),
    }
}

/// Vendor messages end up in logs that are read line by line.
fn one_line(message: String) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let mut line = if message.contains(breaks) {
        message
            .split(breaks)
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    } else {
        message
    };
    if let Some((cut, _)) = line.char_indices().nth(LONGEST_MESSAGE) {
        line.truncate(cut);
        line.push('…');
    }
    line
}
