//! Why a request is not believed.

use std::borrow::Cow;
use std::fmt;

use http::{Method, StatusCode};

/// Why a request was refused, in one line without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    kind: RefusalKind,
    message: Cow<'static, str>,
}

/// What kind of refusal it is: what a program decides by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The vendor does not send such a message with this method.
    Method,
    /// The body is larger than the limit.
    TooLarge,
    /// The body broke off, or did not arrive in time.
    Incomplete,
    /// The body is compressed, or of a kind that the vendor does not send.
    MediaType,
    /// Too many fields or values, or nested too deeply.
    TooComplex,
    /// Not in the vendor's form: not UTF-8, not JSON, a field of the wrong form, a required one missing.
    Malformed,
    /// A field or header comes twice: two readers could take different ones.
    Ambiguous,
    /// There is no signature.
    SignatureMissing,
    /// The signature does not belong to what arrived, or not to any of the keys.
    SignatureWrong,
    /// The time that the vendor signs is missing or no number.
    Time,
    /// The message is older than the window allows.
    TooOld,
    /// The message is further ahead than the window allows.
    TooNew,
}

impl RefusalKind {
    /// The kind as a word in snake case, as the command line prints it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::TooLarge => "too_large",
            Self::Incomplete => "incomplete",
            Self::MediaType => "media_type",
            Self::TooComplex => "too_complex",
            Self::Malformed => "malformed",
            Self::Ambiguous => "ambiguous",
            Self::SignatureMissing => "signature_missing",
            Self::SignatureWrong => "signature_wrong",
            Self::Time => "time",
            Self::TooOld => "too_old",
            Self::TooNew => "too_new",
        }
    }
}

impl Refusal {
    /// A refusal. The message is one line and quotes no value that arrived.
    pub fn new(kind: RefusalKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// Something is not in the vendor's form.
    pub fn malformed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(RefusalKind::Malformed, message)
    }

    /// This field or header comes twice.
    #[must_use]
    pub fn ambiguous(field: &str) -> Self {
        let field = quoted(field);
        Self::new(
            RefusalKind::Ambiguous,
            format!("{field} comes more than once"),
        )
    }

    /// There is no signature in this place.
    #[must_use]
    pub fn signature_missing(place: &str) -> Self {
        Self::new(
            RefusalKind::SignatureMissing,
            format!("it has no signature ({place})"),
        )
    }

    /// The signature is of something else, or by another key.
    #[must_use]
    pub fn signature_wrong() -> Self {
        Self::new(
            RefusalKind::SignatureWrong,
            "the signature does not belong to what arrived: it is forged or was changed on the way, or the key here is another one",
        )
    }

    /// The vendor sends other methods.
    #[must_use]
    pub fn method(allowed: &'static [Method]) -> Self {
        let allowed: Vec<_> = allowed.iter().map(Method::as_str).collect();
        Self::new(
            RefusalKind::Method,
            format!("the vendor sends {}", allowed.join(" or ")),
        )
    }

    /// What kind of refusal it is.
    #[must_use]
    pub fn kind(&self) -> RefusalKind {
        self.kind
    }

    /// The HTTP status that says it.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.kind {
            RefusalKind::Method => StatusCode::METHOD_NOT_ALLOWED,
            RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RefusalKind::Incomplete => StatusCode::REQUEST_TIMEOUT,
            RefusalKind::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            RefusalKind::TooComplex | RefusalKind::Malformed | RefusalKind::Ambiguous => {
                StatusCode::BAD_REQUEST
            }
            RefusalKind::SignatureMissing
            | RefusalKind::SignatureWrong
            | RefusalKind::Time
            | RefusalKind::TooOld
            | RefusalKind::TooNew => StatusCode::FORBIDDEN,
        }
    }
}

/// A name that a stranger chose, fit for a log: short, printable, without line ends.
pub(crate) fn quoted(field: &str) -> String {
    const LONGEST: usize = 40;
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut short: String = field.chars().take(LONGEST).map(printable).collect();
    if field.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    format!("`{short}`")
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}
