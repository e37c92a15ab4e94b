//! Receiving what a vendor reports: verify it, read it, say what that proves, answer it. No IO, no clock.
//!
//! A [`Receiver`] is made once from the account's keys. A web server gives it each request as it arrived, with the **raw body**, and the time:
//!
//! ```text
//! Incoming { method, uri, headers, body } + now ──► verify_and_parse ──► Verified<Event>  ──► act, then answer accepted()
//!                                                                   └──► Refusal          ──► answer refused()
//! ```
//!
//! What is easily got wrong is settled here: the signature is compared in constant time and before anything else is believed; every field
//! that arrived counts, not just those of a model; a field that comes twice is refused, since two readers could take different ones;
//! messages from outside the [`Window`] are refused where the vendor signs a time; several [`Keys`] hold at once while one is replaced; and
//! sizes, fields and depth have [`Limits`].
//!
//! **A signature is not a promise about the whole message.** Some vendors sign a part of it, or the same text each time. [`Covered`] and
//! [`Verified::trusted_fields`] say what was signed; an event of which nothing was is an [`Unproven`], whose content has to be asked for as
//! a claim. Ask the vendor for the state of the video before you act on one.
//!
//! Messages come more than once. [`CallbackEvent::key`] is the same for each delivery of one event; [`Seen`] shows what to do with it.

mod event_key;
mod form;
mod json;
mod keys;
mod limits;
mod refusal;
mod reply;
mod seen;

use std::borrow::Cow;
use std::fmt;

use http::{HeaderMap, Method, Request, Uri};
use serde::{Serialize, Serializer};

use crate::transport::Timestamp;

pub use event_key::EventKey;
pub use form::Fields;
pub use json::{decode_object, strict_json};
pub use keys::Keys;
pub use limits::{Limits, Window};
#[allow(unused_imports, reason = "not every receiver quotes what it refuses")]
pub(crate) use refusal::quoted;
pub use refusal::{Refusal, RefusalKind};
pub use reply::Reply;
pub use seen::{Claim, Held, Seen};

/// A request as it arrived at the customer's server.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its target. Only the query is read; it must not have been decoded or put in order.
    pub uri: &'a Uri,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, byte for byte: not parsed, not decoded, not written anew.
    pub body: &'a [u8],
}

impl<'a> Incoming<'a> {
    /// The parts of a request of the `http` crate, which most web frameworks have or give.
    #[must_use]
    pub fn of(request: &'a Request<impl AsRef<[u8]>>) -> Self {
        Self {
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            body: request.body().as_ref(),
        }
    }

    /// The only header of this name.
    ///
    /// # Errors
    /// When there are several, or it is not printable ASCII.
    pub fn header(&self, name: &'static str) -> Result<Option<&'a str>, Refusal> {
        let mut values = self.headers.get_all(name).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Refusal::ambiguous(name));
        }
        match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(Refusal::malformed(format!(
                "the header {name} is not printable text"
            ))),
        }
    }

    /// Refuses another method, a body that is too large, and one that is compressed.
    ///
    /// # Errors
    /// See above.
    pub fn check(&self, methods: &'static [Method], limits: &Limits) -> Result<(), Refusal> {
        if !methods.contains(self.method) {
            return Err(Refusal::method(methods));
        }
        limits.check_length(self.body.len() as u64)?;
        match self.header("content-encoding")? {
            None | Some("") | Some("identity") => Ok(()),
            Some(_) => Err(Refusal::new(
                RefusalKind::MediaType,
                "the body is compressed: no vendor documents that",
            )),
        }
    }

    /// The query, decoded as a form is.
    ///
    /// # Errors
    /// As [`Fields::parse`].
    pub fn query(&self, limits: &Limits) -> Result<Fields, Refusal> {
        Fields::parse(self.uri.query().unwrap_or_default().as_bytes(), limits)
    }
}

// Query and body carry the signature and what it protects.
impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("method", self.method)
            .field("path", &self.uri.path())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

/// What verifies, reads and answers the messages of one account at one address.
pub trait Receiver: Send + Sync + 'static {
    /// What is received.
    type Event: CallbackEvent;

    /// Folder name of the vendor.
    const VENDOR: &'static str;

    /// The [names](CallbackEvent::name) of the messages that the vendor's pages describe. What has another name is received too, with
    /// nothing known of its fields.
    const EVENTS: &'static [&'static str];

    /// How much is read.
    fn limits(&self) -> &Limits;

    /// Verifies a request and reads it. `now` is the receiver's clock.
    ///
    /// # Errors
    /// A [`Refusal`]; [`refused`](Self::refused) is its answer.
    fn verify_and_parse(
        &self,
        incoming: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Verified<Self::Event>, Refusal>;

    /// What to answer when the event was dealt with, now or before.
    fn accepted(&self) -> Reply;

    /// What to answer when the receiver itself has failed, so that the vendor repeats the message where it does that. `why` is sent to
    /// the vendor: no secrets.
    fn failed(&self, why: &str) -> Reply;

    /// What to answer to a request that was refused.
    fn refused(&self, refusal: &Refusal) -> Reply;
}

/// What a received message says.
pub trait CallbackEvent: Serialize + fmt::Debug + Send + Sync + 'static {
    /// The vendor's word for the kind of message, or ours where it has a number.
    fn name(&self) -> Cow<'_, str>;

    /// The ids of what it is about, usually one video.
    fn subjects(&self) -> Vec<String>;

    /// The same for each delivery of this event, and another one for any other event where the vendor's messages tell them apart. They do not
    /// where a message has neither an id nor a time: the receiver of such says so.
    fn key(&self) -> EventKey;
}

/// An event whose signature was right, and what that signature says of it.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Verified<E> {
    event: E,
    covered: Covered,
    trusted: Vec<Cow<'static, str>>,
    key: Option<usize>,
    sent: Option<Timestamp>,
}

impl<E> Verified<E> {
    /// For receivers: an event and what was signed of it.
    pub fn new(event: E, covered: Covered) -> Self {
        Self {
            event,
            covered,
            trusted: Vec::new(),
            key: None,
            sent: None,
        }
    }

    /// For receivers: names the fields that the signature covers.
    pub fn trusting<T: Into<Cow<'static, str>>>(
        mut self,
        fields: impl IntoIterator<Item = T>,
    ) -> Self {
        self.trusted = fields.into_iter().map(Into::into).collect();
        self
    }

    /// For receivers: names the key that the signature was made with, by its place.
    pub fn by_key(mut self, place: usize) -> Self {
        self.key = Some(place);
        self
    }

    /// For receivers: says when the message was sent, where the signature covers that.
    pub fn sent_at(mut self, at: Timestamp) -> Self {
        self.sent = Some(at);
        self
    }

    /// What was received.
    #[must_use]
    pub fn event(&self) -> &E {
        &self.event
    }

    /// What was received, by value.
    #[must_use]
    pub fn into_event(self) -> E {
        self.event
    }

    /// What the signature covers.
    #[must_use]
    pub fn covered(&self) -> Covered {
        self.covered
    }

    /// The vendor's names of the fields whose values the signature covers. Empty where it covers a constant, or nothing of the message:
    /// then everything in the event is a claim.
    pub fn trusted_fields(&self) -> impl Iterator<Item = &str> {
        self.trusted.iter().map(AsRef::as_ref)
    }

    /// Whether the signature covers this field.
    #[must_use]
    pub fn trusts(&self, field: &str) -> bool {
        self.trusted.iter().any(|name| name == field)
    }

    /// Which of the keys it was, counted from 0. While a key is being replaced this tells when the old one is no longer used. `None` where
    /// there is no signature.
    #[must_use]
    pub fn key_place(&self) -> Option<usize> {
        self.key
    }

    /// When the vendor sent it, where the signature covers that.
    #[must_use]
    pub fn sent(&self) -> Option<Timestamp> {
        self.sent
    }
}

/// What a signature covers: what its being right proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Covered {
    /// Every field that arrived, a time among them.
    Everything,
    /// Only the [trusted fields](Verified::trusted_fields), and no time: the rest may be anybody's, and a recorded message stays good.
    Fields,
    /// Address and time of the request, nothing of the message.
    AddressAndTime,
    /// The same text for every message of this kind: who has seen one can send any other.
    Constant,
    /// The signature fits a rule of the vendor's, but the kind of message is not known, so it cannot be told over which fields it was made.
    Unclear,
    /// There is no signature.
    Nothing,
}

impl Covered {
    /// Whether nothing in the message is proven: ask the vendor before acting on it.
    #[must_use]
    pub const fn is_claim(self) -> bool {
        !matches!(self, Self::Everything | Self::Fields)
    }

    /// Whether the whole message is covered.
    #[must_use]
    pub const fn body(self) -> bool {
        matches!(self, Self::Everything)
    }

    /// Whether a time is covered, which was then compared with the clock.
    #[must_use]
    pub const fn time(self) -> bool {
        matches!(self, Self::Everything | Self::AddressAndTime)
    }

    /// Whether a recorded message is accepted for as long as the key is.
    #[must_use]
    pub const fn replayable(self) -> bool {
        !self.time()
    }

    /// As a word in snake case, as the command line prints it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everything => "everything",
            Self::Fields => "fields",
            Self::AddressAndTime => "address_and_time",
            Self::Constant => "constant",
            Self::Unclear => "unclear",
            Self::Nothing => "nothing",
        }
    }
}

/// What a message says and its signature does not prove.
///
/// The content has to be asked for by a name that says so. Ask the vendor for the state of the video before you act on it.
#[derive(Clone, PartialEq)]
#[must_use]
pub struct Unproven<T>(T);

impl<T> Unproven<T> {
    /// Marks something as a claim.
    pub fn new(claims: T) -> Self {
        Self(claims)
    }

    /// What the message claims.
    pub fn claims(&self) -> &T {
        &self.0
    }

    /// What the message claims, by value.
    pub fn into_claims(self) -> T {
        self.0
    }
}

impl<T: fmt::Debug> fmt::Debug for Unproven<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Unproven").field(&self.0).finish()
    }
}

impl<T: Serialize> Serialize for Unproven<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
