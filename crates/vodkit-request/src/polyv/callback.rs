//! What Polyv reports to the customer: uploads, transcoding, review, deletions and what else its event callbacks (事件回调) know.
//!
//! Source: the vendor's page on event callbacks and the one on snapshots. Two kinds of request come to one address: a GET with everything in
//! the query, and a POST of JSON with `sign` in the query. What is signed differs by event, and is little:
//!
//! | event | signed | so |
//! |---|---|---|
//! | `upload`, `invalidVideo` | the video | not even which of the two it is |
//! | `async_upload` | type, address | |
//! | `videoSyncedFail`, `pass`, `nopass` | type, video | |
//! | `encode`, `encode_failed` | type, format, video, definition | |
//! | `TranscodeComplete` | type, video | not whether it succeeded |
//! | `snapshot` | the video | |
//! | `DeleteMediaComplete`, `AIContentScanNotPassed`, `CoursewareConvertComplete` | **the type alone** | the same for every message of the account: an [`Unproven`] |
//!
//! **No message has a time**, so a recorded one stays good, and none has an id. Ask Polyv for the state of the video before you act.
//!
//! ```
//! use vodkit_request::Timestamp;
//! use vodkit_request::callback::{Incoming, Receiver};
//! use vodkit_request::polyv::callback::{Callbacks, Event};
//!
//! let receiver = Callbacks::new(["test-key-0123456789"])?;
//! let request = http::Request::get("/polyv?type=pass&vid=u1234567890123456789abcdef012345_u&sign=b79bc14345d150812cfb41a9309fd6d4")
//!     .body("")?;
//! let verified = receiver.verify_and_parse(&Incoming::of(&request), Timestamp(1_700_000_000_000))?;
//! assert!(verified.trusted_fields().eq(["type", "vid"]) && verified.covered().replayable());
//! match verified.event() {
//!     Event::Review(event) => assert_eq!(event.kind, "pass"),
//!     other => panic!("not this one: {other:?}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::borrow::Cow;

use http::{Method, StatusCode};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use vodkit_sign::polyv::event as rule;
use vodkit_types::Secret;
use vodkit_types::polyv::{
    AIContentScanNotPassed, CoursewareConvertComplete, DeleteMediaComplete, PullFailedEvent,
    RenditionEvent, ReviewEvent, SnapshotEvent, SyncFailedEvent, TranscodeComplete, UploadEvent,
};

use crate::callback::{
    CallbackEvent, Covered, EventKey, Fields, Incoming, Keys, Limits, Receiver, Refusal, Reply,
    Unproven, Verified, decode_object, strict_json,
};
use crate::error::Error;
use crate::transport::Timestamp;

const VENDOR: &str = "polyv";
const METHODS: &[Method] = &[Method::GET, Method::POST];

/// Receives the event callbacks of an account, those of snapshot tasks among them.
#[derive(Clone, Debug)]
pub struct Callbacks {
    keys: Keys,
    limits: Limits,
}

impl Callbacks {
    /// A receiver for messages signed with one of these secret keys. There is no window: no message has a time.
    ///
    /// # Errors
    /// When there is no key, or an empty one.
    pub fn new<K: Into<Secret>>(secretkeys: impl IntoIterator<Item = K>) -> Result<Self, Error> {
        Ok(Self {
            keys: Keys::new(secretkeys)?,
            limits: Limits::default(),
        })
    }

    /// Reads more or less than the default [`Limits`].
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    fn signed_by(&self, parts: &[&str], received: &str) -> Option<usize> {
        self.keys
            .find(|key| rule::verify(parts, key, received).is_ok())
    }

    fn require(&self, parts: &[&str], received: &str) -> Result<usize, Refusal> {
        self.signed_by(parts, received)
            .ok_or_else(Refusal::signature_wrong)
    }
}

/// An event of Polyv.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// `upload`, `invalidVideo`: an upload is complete, or of no use.
    Upload(UploadEvent),
    /// `async_upload`: a video could not be fetched.
    PullFailed(PullFailedEvent),
    /// `videoSyncedFail`: an uploaded file could not be taken over.
    SyncFailed(SyncFailedEvent),
    /// `encode`, `encode_failed`: one file was transcoded, or could not be.
    Rendition(RenditionEvent),
    /// `pass`, `nopass`: the review.
    Review(ReviewEvent),
    /// All files were transcoded. Whether that succeeded is not signed.
    TranscodeComplete(TranscodeComplete),
    /// A snapshot task is done. Only its video is signed.
    Snapshot(SnapshotEvent),
    /// Videos were deleted: nothing of it is signed.
    DeleteMediaComplete(Unproven<DeleteMediaComplete>),
    /// A scan by machine has objections: nothing of it is signed.
    AIContentScanNotPassed(Unproven<AIContentScanNotPassed>),
    /// Courseware was turned into pictures, or could not be: nothing of it is signed.
    CoursewareConvertComplete(Unproven<CoursewareConvertComplete>),
    /// An event of another type. Its signature fits one of the vendor's rules, but which fields that covers cannot be told.
    Other(Unproven<Other>),
}

/// An event that no page describes, as it came.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Other {
    /// From the query of a GET.
    Query(Fields),
    /// From the JSON of a POST.
    Json(JsonEvent),
}

/// The members of a JSON event.
#[derive(Clone, PartialEq)]
pub struct JsonEvent(Map<String, Value>);

impl JsonEvent {
    /// All members.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl std::fmt::Debug for JsonEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Other {
    /// Its `type` or `eventType`.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Query(fields) => fields.get("type").unwrap_or_default(),
            Self::Json(JsonEvent(object)) => text(object, "eventType"),
        }
    }

    fn vid(&self) -> &str {
        match self {
            Self::Query(fields) => fields.get("vid").unwrap_or_default(),
            Self::Json(JsonEvent(object)) => text(object, "vid"),
        }
    }
}

impl Serialize for Other {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Query(fields) => fields.serialize(serializer),
            Self::Json(JsonEvent(object)) => object.serialize(serializer),
        }
    }
}

fn text<'o>(object: &'o Map<String, Value>, name: &str) -> &'o str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

impl CallbackEvent for Event {
    fn name(&self) -> Cow<'_, str> {
        match self {
            Self::Upload(event) => &event.kind,
            Self::PullFailed(event) => &event.kind,
            Self::SyncFailed(event) => &event.kind,
            Self::Rendition(event) => &event.kind,
            Self::Review(event) => &event.kind,
            Self::TranscodeComplete(event) => &event.event_type,
            Self::Snapshot(_) => "snapshot",
            Self::DeleteMediaComplete(event) => &event.claims().event_type,
            Self::AIContentScanNotPassed(event) => &event.claims().event_type,
            Self::CoursewareConvertComplete(event) => &event.claims().event_type,
            Self::Other(event) => event.claims().kind(),
        }
        .into()
    }

    fn subjects(&self) -> Vec<String> {
        let vid = match self {
            Self::Upload(event) => Some(event.vid.clone()),
            Self::PullFailed(_) => None,
            Self::SyncFailed(event) => Some(event.vid.clone()),
            Self::Rendition(event) => Some(event.vid.clone()),
            Self::Review(event) => Some(event.vid.clone()),
            Self::TranscodeComplete(event) => Some(event.vid.clone()),
            Self::Snapshot(event) => Some(event.vid.clone()),
            Self::DeleteMediaComplete(event) => {
                let vids = event.claims().vids.as_ref();
                return vids.map_or_else(Vec::new, |vids| vids.0.clone());
            }
            Self::AIContentScanNotPassed(event) => event.claims().vid.clone(),
            Self::CoursewareConvertComplete(event) => event.claims().vid.clone(),
            Self::Other(event) => Some(event.claims().vid().to_owned()),
        };
        vid.into_iter().filter(|vid| !vid.is_empty()).collect()
    }

    /// What identifies the event: of snapshots, and where nothing is signed, the whole body, else the signed fields.
    ///
    /// No message has an id or a time, so when the same thing happens to a video once more the key is the same: of `pass`, `nopass` and `pass`
    /// the third has that of the first. Let keys expire, or take a repeat for a reason to ask for the state of the video.
    fn key(&self) -> EventKey {
        let name = self.name();
        let key = |parts: &[&str]| EventKey::new(VENDOR, &name, parts.iter().copied());
        match self {
            Self::Upload(event) => key(&[&event.vid]),
            Self::PullFailed(event) => key(&[&event.file_url]),
            Self::SyncFailed(event) => key(&[&event.vid]),
            Self::Rendition(event) => key(&[&event.vid, &event.format, event.df.as_str()]),
            Self::Review(event) => key(&[&event.vid]),
            Self::TranscodeComplete(event) => {
                // Not signed, and still part of it: success after failure is news.
                let status = event.status.as_ref().map_or("", |status| status.as_str());
                key(&[&event.vid, status])
            }
            _ => {
                let body = serde_json::to_string(self).unwrap_or_default();
                let subjects = self.subjects();
                let subject = match &subjects[..] {
                    [subject] => subject,
                    _ => "",
                };
                EventKey::digested(VENDOR, &name, subject, &body)
            }
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Upload(event) => event.serialize(serializer),
            Self::PullFailed(event) => event.serialize(serializer),
            Self::SyncFailed(event) => event.serialize(serializer),
            Self::Rendition(event) => event.serialize(serializer),
            Self::Review(event) => event.serialize(serializer),
            Self::TranscodeComplete(event) => event.serialize(serializer),
            Self::Snapshot(event) => event.serialize(serializer),
            Self::DeleteMediaComplete(event) => event.serialize(serializer),
            Self::AIContentScanNotPassed(event) => event.serialize(serializer),
            Self::CoursewareConvertComplete(event) => event.serialize(serializer),
            Self::Other(event) => event.serialize(serializer),
        }
    }
}

impl Receiver for Callbacks {
    type Event = Event;

    const VENDOR: &'static str = VENDOR;

    const EVENTS: &'static [&'static str] = &[
        "upload",
        "invalidVideo",
        "async_upload",
        "videoSyncedFail",
        "encode",
        "encode_failed",
        "TranscodeComplete",
        "pass",
        "nopass",
        "DeleteMediaComplete",
        "AIContentScanNotPassed",
        "CoursewareConvertComplete",
        "snapshot",
    ];

    fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Verifies what the vendor signs of the event, and reads it. `now` is not looked at: no message has a time.
    fn verify_and_parse(
        &self,
        incoming: &Incoming<'_>,
        _now: Timestamp,
    ) -> Result<Verified<Event>, Refusal> {
        incoming.check(METHODS, &self.limits)?;
        let mut query = incoming.query(&self.limits)?;
        // The signature is no part of the event.
        let Some(sign) = query.remove("sign").filter(|sign| !sign.is_empty()) else {
            return Err(Refusal::signature_missing("sign in the query"));
        };
        if incoming.method == Method::GET {
            return self.read_query(query, &sign);
        }
        let json = incoming.body.trim_ascii_start().starts_with(b"{");
        if !json {
            let form = Fields::parse(incoming.body, &self.limits)?;
            return self.snapshot(form.get("vid").unwrap_or_default(), &sign, || form.decode());
        }
        let object = strict_json(incoming.body, &self.limits)?;
        if object.contains_key("eventType") {
            self.read_event(object, &sign)
        } else {
            self.snapshot(text(&object, "vid"), &sign, || decode_object(&object))
        }
    }

    fn accepted(&self) -> Reply {
        Reply::empty(StatusCode::OK)
    }

    fn failed(&self, why: &str) -> Reply {
        Reply::text(StatusCode::INTERNAL_SERVER_ERROR, why.to_owned())
    }

    fn refused(&self, refusal: &Refusal) -> Reply {
        Reply::text(refusal.status(), refusal.to_string())
    }
}

impl Callbacks {
    fn read_query(&self, fields: Fields, sign: &str) -> Result<Verified<Event>, Refusal> {
        let field = |name: &str| fields.get(name).unwrap_or_default();
        let (kind, vid) = (required(&fields, "type")?, field("vid"));
        // A part that is missing would count as empty.
        let (event, place, trusted): (_, _, &'static [&'static str]) = match known(kind) {
            "upload" => {
                let vid = required(&fields, "vid")?;
                let place = self.require(&["upload", vid], sign)?;
                (Event::Upload(fields.decode()?), place, &["vid"])
            }
            "invalidVideo" => {
                let vid = required(&fields, "vid")?;
                // The page gives one rule for both types, so the type is signed only where the vendor does better than its page.
                let (place, trusted): (_, &'static [&'static str]) =
                    match self.signed_by(&[kind, vid], sign) {
                        Some(place) => (place, &["type", "vid"]),
                        None => (self.require(&["upload", vid], sign)?, &["vid"]),
                    };
                (Event::Upload(fields.decode()?), place, trusted)
            }
            "async_upload" => {
                let url = required(&fields, "fileUrl")?;
                let place = self.require(&[kind, url], sign)?;
                (
                    Event::PullFailed(fields.decode()?),
                    place,
                    &["type", "fileUrl"],
                )
            }
            "videoSyncedFail" => {
                let place = self.require(&[kind, required(&fields, "vid")?], sign)?;
                (Event::SyncFailed(fields.decode()?), place, &["type", "vid"])
            }
            "encode" | "encode_failed" => {
                let vid = required(&fields, "vid")?;
                let (format, df) = (required(&fields, "format")?, required(&fields, "df")?);
                let place = self.require(&[kind, format, vid, df], sign)?;
                check_cut(format, vid, df)?;
                (
                    Event::Rendition(fields.decode()?),
                    place,
                    &["type", "format", "vid", "df"],
                )
            }
            "pass" | "nopass" => {
                let vid = required(&fields, "vid")?;
                let place = self.require(&["manage", kind, vid], sign)?;
                (Event::Review(fields.decode()?), place, &["type", "vid"])
            }
            _ => {
                let place = self.unclear(kind, vid, sign)?;
                let event = Event::Other(Unproven::new(Other::Query(fields)));
                return Ok(Verified::new(event, Covered::Unclear).by_key(place));
            }
        };
        Ok(Verified::new(event, Covered::Fields)
            .trusting(trusted.iter().copied())
            .by_key(place))
    }

    fn read_event(
        &self,
        object: Map<String, Value>,
        sign: &str,
    ) -> Result<Verified<Event>, Refusal> {
        let (kind, vid) = (text(&object, "eventType"), text(&object, "vid"));
        if kind.is_empty() {
            return Err(Refusal::malformed("`eventType` is no text"));
        }
        // The same text for every message of the account.
        let constant = || self.require(&[kind], sign);
        let (event, place) = match known(kind) {
            "TranscodeComplete" => {
                if vid.is_empty() {
                    return Err(missing("vid"));
                }
                let place = self.require(&[kind, vid], sign)?;
                let event = Event::TranscodeComplete(decode_object(&object)?);
                return Ok(Verified::new(event, Covered::Fields)
                    .trusting(["eventType", "vid"])
                    .by_key(place));
            }
            "DeleteMediaComplete" => {
                let place = constant()?;
                let claims = Unproven::new(decode_object(&object)?);
                (Event::DeleteMediaComplete(claims), place)
            }
            "AIContentScanNotPassed" => {
                let place = constant()?;
                let claims = Unproven::new(decode_object(&object)?);
                (Event::AIContentScanNotPassed(claims), place)
            }
            "CoursewareConvertComplete" => {
                let place = constant()?;
                let claims = Unproven::new(decode_object(&object)?);
                (Event::CoursewareConvertComplete(claims), place)
            }
            _ => {
                let place = self.unclear(kind, vid, sign)?;
                let event = Event::Other(Unproven::new(Other::Json(JsonEvent(object))));
                return Ok(Verified::new(event, Covered::Unclear).by_key(place));
            }
        };
        Ok(Verified::new(event, Covered::Constant).by_key(place))
    }

    fn snapshot(
        &self,
        vid: &str,
        sign: &str,
        decode: impl FnOnce() -> Result<SnapshotEvent, Refusal>,
    ) -> Result<Verified<Event>, Refusal> {
        if vid.is_empty() {
            return Err(missing("vid"));
        }
        let place = self.require(&["snapshot", vid], sign)?;
        Ok(Verified::new(Event::Snapshot(decode()?), Covered::Fields)
            .trusting(["vid"])
            .by_key(place))
    }

    /// A kind that is not known is signed by one of the two rules that most kinds have. Where its type ends and the video begins is not known
    /// either: a known message that is cut elsewhere may get here, so nothing of it is trusted.
    fn unclear(&self, kind: &str, vid: &str, sign: &str) -> Result<usize, Refusal> {
        self.signed_by(&[kind, vid], sign)
            .or_else(|| self.signed_by(&[kind], sign))
            .ok_or_else(Refusal::signature_wrong)
    }
}

/// A kind of message that is listed; the rest is told apart by nobody.
fn known(kind: &str) -> &str {
    match Callbacks::EVENTS.contains(&kind) {
        true => kind,
        false => "",
    }
}

fn missing(name: &str) -> Refusal {
    Refusal::malformed(format!("`{name}` is missing"))
}

fn required<'f>(fields: &'f Fields, name: &str) -> Result<&'f str, Refusal> {
    fields
        .get(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| missing(name))
}

/// Refuses parts that could be cut elsewhere with the same signature, since nothing stands between them: `encode` with format `_failedmp4`
/// would be `encode_failed` with format `mp4`, and a letter could move from the format to the video.
fn check_cut(format: &str, vid: &str, df: &str) -> Result<(), Refusal> {
    let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let of_a_video = |vid: &str| {
        vid.split_once('_').is_some_and(|(digits, first)| {
            digits.len() == 32 && word(digits) && first.len() == 1 && word(first)
        })
    };
    let digits = df.bytes().all(|byte| byte.is_ascii_digit());
    for (name, fits) in [
        ("format", word(format)),
        ("vid", of_a_video(vid)),
        ("df", digits),
    ] {
        if !fits {
            return Err(Refusal::malformed(format!(
                "`{name}` has not the documented form, so the signed text could be cut in several ways"
            )));
        }
    }
    Ok(())
}
