//! What ApsaraVideo VOD, the video service behind QuVideo, reports to the customer's server.
//!
//! Source: the vendor's help on HTTP callbacks and their authentication; QuVideo's own page names three of the events and no signature. The two
//! headers sign the address and a time. **The body is not covered**: whoever has seen one message can send any other within the
//! window. So every event is an [`Unproven`]: ask the service for the state of the video before you act on it, and take `https` for the address.
//!
//! ```
//! use vodkit_request::Timestamp;
//! use vodkit_request::callback::{Incoming, Receiver};
//! use vodkit_request::quvideo::callback::{Callbacks, Event};
//!
//! // The address as it was set in the console, byte for byte, whatever a proxy makes of it on the way.
//! let receiver = Callbacks::new("https://www.example.com/vod", ["test-key-0123456789"])?;
//! let request = http::Request::post("/vod")
//!     .header("X-VOD-TIMESTAMP", "1700000000")
//!     .header("X-VOD-SIGNATURE", "e890a132c9ba0419ed8a21f991df4548")
//!     .body(r#"{"EventType":"TranscodeComplete","VideoId":"v1","Status":"success","StreamInfos":[]}"#)?;
//! let verified = receiver.verify_and_parse(&Incoming::of(&request), Timestamp(1_700_000_005_000))?;
//! assert!(verified.covered().is_claim() && verified.trusted_fields().next().is_none());
//! match verified.event() {
//!     Event::TranscodeComplete(event) => assert_eq!(event.claims().video_id, "v1"),
//!     other => panic!("not this one: {other:?}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::borrow::Cow;

use http::{Method, StatusCode};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use vodkit_sign::quvideo::event as rule;
use vodkit_types::Secret;
use vodkit_types::quvideo::{
    AIMediaAuditComplete, AIVideoCensorComplete, SnapshotComplete, StreamTranscodeComplete,
    TranscodeComplete,
};

use crate::callback::{
    CallbackEvent, Covered, EventKey, Incoming, Keys, Limits, Receiver, Refusal, RefusalKind,
    Reply, Unproven, Verified, Window, decode_object, strict_json,
};
use crate::error::{Error, ErrorKind};
use crate::transport::Timestamp;

const VENDOR: &str = "quvideo";
const METHODS: &[Method] = &[Method::POST];
/// Header of the time, Unix seconds.
pub const TIMESTAMP: &str = "x-vod-timestamp";
/// Header of the signature, 32 hexadecimal digits.
pub const SIGNATURE: &str = "x-vod-signature";

/// Receives the events of an account at one address.
#[derive(Clone, Debug)]
pub struct Callbacks {
    url: String,
    keys: Keys,
    window: Window,
    limits: Limits,
}

impl Callbacks {
    /// A receiver for messages to this address, signed with one of these keys. The vendor signs only where a key is set in its console; without
    /// one there is nothing to verify, and no receiver here.
    ///
    /// # Errors
    /// When the address is empty, when there is no key, or an empty one.
    pub fn new<K: Into<Secret>>(
        callback_url: impl Into<String>,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Self, Error> {
        let url = callback_url.into();
        if url.is_empty() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "callbacks cannot be verified: the address that was set with the vendor is part of what is signed",
            ));
        }
        Ok(Self {
            url,
            keys: Keys::new(keys)?,
            window: Window::default(),
            limits: Limits::default(),
        })
    }

    /// Takes another window than 300 s to both sides.
    #[must_use]
    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// Reads more or less than the default [`Limits`].
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

/// An event of the video service. Nothing in it is signed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// One definition of a video was transcoded, or could not be.
    StreamTranscodeComplete(Box<Unproven<StreamTranscodeComplete>>),
    /// All definitions of a video were transcoded, or could not be.
    TranscodeComplete(Box<Unproven<TranscodeComplete>>),
    /// Pictures were taken, or could not be.
    SnapshotComplete(Box<Unproven<SnapshotComplete>>),
    /// The review by machine is done; the old name.
    AIVideoCensorComplete(Box<Unproven<AIVideoCensorComplete>>),
    /// The review by machine is done.
    AIMediaAuditComplete(Box<Unproven<AIMediaAuditComplete>>),
    /// An event of another type, or of none.
    Other(Unproven<Other>),
}

/// An event that no page describes, as it came.
#[derive(Clone, PartialEq)]
pub struct Other(Map<String, Value>);

impl Other {
    /// Its `EventType`; empty where it has none.
    #[must_use]
    pub fn event_type(&self) -> &str {
        text(&self.0, "EventType")
    }

    /// All members.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl std::fmt::Debug for Other {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn text<'o>(object: &'o Map<String, Value>, name: &str) -> &'o str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Runs an expression for the claims of each event, whatever its type.
macro_rules! with_claims {
    ($event:expr, $claims:ident => $do:expr, $other:ident => $else:expr) => {
        match $event {
            Event::StreamTranscodeComplete(event) => {
                let $claims = event.claims();
                $do
            }
            Event::TranscodeComplete(event) => {
                let $claims = event.claims();
                $do
            }
            Event::SnapshotComplete(event) => {
                let $claims = event.claims();
                $do
            }
            Event::AIVideoCensorComplete(event) => {
                let $claims = event.claims();
                $do
            }
            Event::AIMediaAuditComplete(event) => {
                let $claims = event.claims();
                $do
            }
            Event::Other(event) => {
                let $other = event.claims();
                $else
            }
        }
    };
}

impl CallbackEvent for Event {
    fn name(&self) -> Cow<'_, str> {
        with_claims!(self, claims => claims.event_type.as_str().into(), other => match other.event_type() {
            "" => "other".into(),
            name => name.into(),
        })
    }

    fn subjects(&self) -> Vec<String> {
        let id = match self {
            Self::StreamTranscodeComplete(event) => Some(event.claims().video_id.clone()),
            Self::TranscodeComplete(event) => Some(event.claims().video_id.clone()),
            Self::SnapshotComplete(event) => event.claims().video_id.clone(),
            Self::AIVideoCensorComplete(event) => {
                let event = event.claims();
                event.media_id.clone().or_else(|| event.video_id.clone())
            }
            Self::AIMediaAuditComplete(event) => Some(event.claims().media_id.clone()),
            Self::Other(event) => {
                let object = event.claims().members();
                [text(object, "VideoId"), text(object, "MediaId")]
                    .into_iter()
                    .find(|id| !id.is_empty())
                    .map(str::to_owned)
            }
        };
        id.into_iter().collect()
    }

    /// The whole body, in one order: it has no id of its own, and nothing of it is signed. A redelivery is taken to have the same body.
    fn key(&self) -> EventKey {
        // Members of a `Map` are sorted, and those of the wire types have a fixed order.
        let body = serde_json::to_string(self).unwrap_or_default();
        let subjects = self.subjects();
        let subject = subjects.first().map_or("", String::as_str);
        EventKey::digested(VENDOR, &self.name(), subject, &body)
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        with_claims!(self, claims => claims.serialize(serializer), other => other.0.serialize(serializer))
    }
}

impl Receiver for Callbacks {
    type Event = Event;

    const VENDOR: &'static str = VENDOR;

    const EVENTS: &'static [&'static str] = &[
        "StreamTranscodeComplete",
        "TranscodeComplete",
        "SnapshotComplete",
        "AIVideoCensorComplete",
        "AIMediaAuditComplete",
    ];

    fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Verifies address and time, then reads the body, which the signature does not cover.
    fn verify_and_parse(
        &self,
        incoming: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Verified<Event>, Refusal> {
        incoming.check(METHODS, &self.limits)?;
        let Some(received) = incoming.header(SIGNATURE)? else {
            return Err(Refusal::signature_missing(
                "header X-VOD-SIGNATURE, which comes once a key is set in the console",
            ));
        };
        let Some(sent) = incoming.header(TIMESTAMP)? else {
            return Err(Refusal::new(
                RefusalKind::Time,
                "it has no header X-VOD-TIMESTAMP",
            ));
        };
        let place = self
            .keys
            .find(|key| rule::verify(&self.url, sent, key, received).is_ok())
            .ok_or_else(|| {
                Refusal::new(
                    RefusalKind::SignatureWrong,
                    "the signature does not belong to address and time: it is forged, or address or key here are not those set with the vendor",
                )
            })?;
        let sent = self.window.check(sent, now)?;
        let event = read(strict_json(incoming.body, &self.limits)?)?;
        Ok(Verified::new(event, Covered::AddressAndTime)
            .by_key(place)
            .sent_at(sent))
    }

    fn accepted(&self) -> Reply {
        Reply::empty(StatusCode::OK)
    }

    fn failed(&self, why: &str) -> Reply {
        message(StatusCode::INTERNAL_SERVER_ERROR, why)
    }

    fn refused(&self, refusal: &Refusal) -> Reply {
        message(refusal.status(), &refusal.to_string())
    }
}

fn message(status: StatusCode, why: &str) -> Reply {
    Reply::json(status, serde_json::json!({ "message": why }).to_string())
}

fn read(object: Map<String, Value>) -> Result<Event, Refusal> {
    fn claim<T: vodkit_types::Wire>(
        object: &Map<String, Value>,
    ) -> Result<Box<Unproven<T>>, Refusal> {
        decode_object(object).map(|event| Box::new(Unproven::new(event)))
    }
    let kind = Some(text(&object, "EventType")).filter(|kind| Callbacks::EVENTS.contains(kind));
    Ok(match kind.unwrap_or_default() {
        "StreamTranscodeComplete" => Event::StreamTranscodeComplete(claim(&object)?),
        "TranscodeComplete" => Event::TranscodeComplete(claim(&object)?),
        "SnapshotComplete" => Event::SnapshotComplete(claim(&object)?),
        "AIVideoCensorComplete" => Event::AIVideoCensorComplete(claim(&object)?),
        "AIMediaAuditComplete" => Event::AIMediaAuditComplete(claim(&object)?),
        _ => Event::Other(Unproven::new(Other(object))),
    })
}
