//! What Baijiayun sends to the customer: callbacks about uploads and transcoding, and the question whether a viewer may play.
//!
//! Source: sections 视频转码回调 and 第三方鉴权 of the page. The callbacks are the strongest of all vendors: MD5 over **every** field that
//! arrives, a time among them. The question is not signed at all: see [`ThirdPartyAuth`].
//!
//! ```
//! use vodkit_request::Timestamp;
//! use vodkit_request::baijiayun::callback::{Callbacks, Event};
//! use vodkit_request::callback::{Incoming, Receiver};
//!
//! let receiver = Callbacks::new(["test-key-0123456789"])?;
//! // As your web framework has it, with the body as it arrived.
//! let request = http::Request::post("/baijiayun")
//!     .body("video_id=240017&status=20&qid=42&timestamp=1700000000&sign=bd021c36cbfaed682d582ea023fa19c1")?;
//! let verified = receiver.verify_and_parse(&Incoming::of(&request), Timestamp(1_700_000_005_000))?;
//! assert!(verified.trusts("video_id"));
//! match verified.event() {
//!     Event::Video(callback) => assert_eq!(callback.video_id, 240_017),
//!     other => panic!("not this one: {other:?}"),
//! }
//! assert_eq!(receiver.accepted().body, r#"{"code":0}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::borrow::Cow;

use http::{Method, StatusCode};
use serde::{Serialize, Serializer};
use vodkit_sign::baijiayun as rule;
use vodkit_types::Secret;
use vodkit_types::baijiayun::{ThirdPartyAuthRequest, TranscodeCallback};

use crate::callback::{
    CallbackEvent, Covered, EventKey, Fields, Incoming, Keys, Limits, Receiver, Refusal,
    RefusalKind, Reply, Unproven, Verified, Window, quoted,
};
use crate::error::Error;
use crate::transport::Timestamp;

const VENDOR: &str = "baijiayun";
const METHODS: &[Method] = &[Method::POST];

/// The fields that callbacks are known to have, in the order in which they are signed.
const KNOWN: [&str; 15] = [
    "file_md5",
    "length",
    "now_definition",
    "origin_definition",
    "partner_id",
    "preface_url",
    "qid",
    "room_id",
    "session_id",
    "status",
    "timestamp",
    "total_size",
    "total_transcode_size",
    "version",
    "video_id",
];

/// Receives the callbacks of an account: those for videos and those for playback, which come to the same address.
#[derive(Clone, Debug)]
pub struct Callbacks {
    keys: Keys,
    window: Window,
    limits: Limits,
}

impl Callbacks {
    /// A receiver for messages signed with one of these partner keys.
    ///
    /// # Errors
    /// When there is no key, or an empty one.
    pub fn new<K: Into<Secret>>(partner_keys: impl IntoIterator<Item = K>) -> Result<Self, Error> {
        Ok(Self {
            keys: Keys::new(partner_keys)?,
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

/// A callback of Baijiayun.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// An upload is complete (status 20), or transcoding failed (30) or is done (100). Other numbers are kept as unknown ones.
    Video(Box<TranscodeCallback>),
    /// The same for the playback of a room: it has a `room_id`.
    Playback(Box<TranscodeCallback>),
    /// A message without video or status: no page describes it. It was signed as all are.
    Other(Fields),
}

impl Event {
    fn words(&self) -> Option<(&'static str, &TranscodeCallback)> {
        match self {
            Self::Video(callback) => Some(("", callback)),
            Self::Playback(callback) => Some(("playback-", callback)),
            Self::Other(_) => None,
        }
    }
}

impl CallbackEvent for Event {
    fn name(&self) -> Cow<'_, str> {
        let Some((prefix, callback)) = self.words() else {
            return "other".into();
        };
        match callback.status.as_str() {
            "20" => format!("{prefix}upload-complete"),
            "30" => format!("{prefix}transcode-failed"),
            "100" => format!("{prefix}transcode-complete"),
            other => format!("{prefix}status-{other}"),
        }
        .into()
    }

    fn subjects(&self) -> Vec<String> {
        let callback = self.words().map(|(_, callback)| callback);
        callback
            .map(|callback| callback.video_id.to_string())
            .into_iter()
            .collect()
    }

    /// Status, video, room and session, and `qid`, which the page calls the unique mark of a request. That a repeated message has the same
    /// `qid` is assumed. All of these are signed.
    fn key(&self) -> EventKey {
        let name = self.name();
        match self {
            Self::Other(fields) => {
                let named = fields.iter().filter(|(name, _)| *name != "timestamp");
                EventKey::new(VENDOR, &name, named.flat_map(|(name, value)| [name, value]))
            }
            Self::Video(callback) | Self::Playback(callback) => {
                let number = |id: Option<u64>| id.map_or_else(String::new, |id| id.to_string());
                let (video, room) = (callback.video_id.to_string(), number(callback.room_id));
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                let (session, qid) = (text(&callback.session_id), text(&callback.qid));
                let parts = [video.as_str(), &room, &session, &qid];
                match self {
                    Self::Playback(_) => EventKey::new(VENDOR, &name, parts),
                    _ => EventKey::new(VENDOR, &name, [parts[0], parts[3]]),
                }
            }
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Video(callback) | Self::Playback(callback) => callback.serialize(serializer),
            Self::Other(fields) => fields.serialize(serializer),
        }
    }
}

impl Receiver for Callbacks {
    type Event = Event;

    const VENDOR: &'static str = VENDOR;

    const EVENTS: &'static [&'static str] = &[
        "upload-complete",
        "transcode-failed",
        "transcode-complete",
        "playback-upload-complete",
        "playback-transcode-failed",
        "playback-transcode-complete",
    ];

    fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Verifies the form over all its fields but `sign`, then the time, then reads it. The query is no part of the message.
    ///
    /// A message that could be cut into other fields with the same signature is refused as [`RefusalKind::Ambiguous`].
    fn verify_and_parse(
        &self,
        incoming: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Verified<Event>, Refusal> {
        let mut fields = form(incoming, &self.limits)?;
        // What is left are the signed fields: the signature is no part of the event.
        let Some(received) = fields.remove("sign").filter(|sign| !sign.is_empty()) else {
            return Err(Refusal::signature_missing("field sign"));
        };
        let signed: Vec<(&str, &str)> = fields.iter().collect();
        let place = self
            .keys
            .find(|key| rule::verify(&signed, key, &received).is_ok())
            .ok_or_else(Refusal::signature_wrong)?;
        refuse_other_cuts(&signed)?;
        let Some(sent) = fields.get("timestamp") else {
            return Err(Refusal::new(RefusalKind::Time, "it has no field timestamp"));
        };
        let sent = self.window.check(sent, now)?;
        let filled = |name| fields.get(name).is_some_and(|value| !value.is_empty());
        let event = if !filled("video_id") || !filled("status") {
            Event::Other(fields.clone())
        } else if filled("room_id") {
            Event::Playback(Box::new(fields.decode()?))
        } else {
            Event::Video(Box::new(fields.decode()?))
        };
        Ok(Verified::new(event, Covered::Everything)
            .trusting(fields.iter().map(|(name, _)| name.to_owned()))
            .by_key(place)
            .sent_at(sent))
    }

    fn accepted(&self) -> Reply {
        done()
    }

    fn failed(&self, why: &str) -> Reply {
        failure(StatusCode::OK, why)
    }

    fn refused(&self, refusal: &Refusal) -> Reply {
        failure(refusal.status(), &refusal.to_string())
    }
}

fn form(incoming: &Incoming<'_>, limits: &Limits) -> Result<Fields, Refusal> {
    incoming.check(METHODS, limits)?;
    let kind = incoming.header("content-type")?.unwrap_or_default();
    if kind.starts_with("multipart/") || kind.starts_with("application/json") {
        return Err(Refusal::new(
            RefusalKind::MediaType,
            "the vendor sends a form (application/x-www-form-urlencoded)",
        ));
    }
    Fields::parse(incoming.body, limits)
}

/// Refuses what could be cut into other fields that have the same signature.
///
/// The text that is signed joins raw names and values, so `qid=42&status=20` is two fields, or the one field `qid` with the value
/// `42&status=20`. Of all the ways to cut a text into sorted fields, at most one passes here: a known field always stands for itself, and what
/// else looks like a field inside of a value must not fit in between the known ones around it. An address with a query usually does not.
fn refuse_other_cuts(signed: &[(&str, &str)]) -> Result<(), Refusal> {
    let unclear = |name: &str| {
        let what = "could be read as other fields with the same signature";
        Refusal::new(RefusalKind::Ambiguous, format!("{} {what}", quoted(name)))
    };
    // A cut always has the first field and the known ones, so nothing fits in that does not sort between two of those.
    let mut from = signed.first().map_or("", |(name, _)| name);
    for (at, (name, value)) in signed.iter().enumerate() {
        if name.contains(['&', '=']) {
            return Err(unclear(name));
        }
        if KNOWN.contains(name) {
            from = name;
        }
        let later = signed[at + 1..].iter().map(|(name, _)| *name);
        let until = later.into_iter().find(|name| KNOWN.contains(name));
        for (inner, _) in value
            .split('&')
            .skip(1)
            .filter_map(|part| part.split_once('='))
        {
            let fits = from < inner && until.is_none_or(|until| inner < until);
            // `sign` is never part of the text.
            if inner != "sign" && (fits || KNOWN.contains(&inner)) {
                return Err(unclear(name));
            }
        }
    }
    Ok(())
}

/// `{"code":0}`.
fn done() -> Reply {
    Reply::json(StatusCode::OK, r#"{"code":0}"#)
}

/// `{"code":1,"msg":"…"}`.
fn failure(status: StatusCode, why: &str) -> Reply {
    Reply::json(
        status,
        serde_json::json!({ "code": 1, "msg": why }).to_string(),
    )
}

/// Receives the question whether a viewer may play a video (第三方鉴权).
///
/// **Nothing in it proves who asks**: it has neither a signature nor a time. Keep the address of the endpoint secret and unguessable, answer
/// nothing but yes or no, and let `access_key` be something that you have issued, that ends soon and that fits the video and the viewer.
///
/// [`accepted`](Receiver::accepted) lets the viewer play, [`failed`](Receiver::failed) with a reason does not.
#[derive(Clone, Debug, Default)]
pub struct ThirdPartyAuth {
    limits: Limits,
}

impl ThirdPartyAuth {
    /// A receiver. There is no key to give it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl CallbackEvent for Unproven<ThirdPartyAuthRequest> {
    fn name(&self) -> Cow<'_, str> {
        "auth".into()
    }

    fn subjects(&self) -> Vec<String> {
        vec![self.claims().video_id.to_string()]
    }

    /// Of no use for telling repeats: each question wants its answer.
    fn key(&self) -> EventKey {
        EventKey::new(
            VENDOR,
            "auth",
            [self.claims().video_id.to_string().as_str()],
        )
    }
}

impl Receiver for ThirdPartyAuth {
    type Event = Unproven<ThirdPartyAuthRequest>;

    const VENDOR: &'static str = VENDOR;

    const EVENTS: &'static [&'static str] = &["auth"];

    fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Reads the form. There is nothing to verify.
    fn verify_and_parse(
        &self,
        incoming: &Incoming<'_>,
        _now: Timestamp,
    ) -> Result<Verified<Self::Event>, Refusal> {
        let question = form(incoming, &self.limits)?.decode()?;
        Ok(Verified::new(Unproven::new(question), Covered::Nothing))
    }

    fn accepted(&self) -> Reply {
        done()
    }

    fn failed(&self, why: &str) -> Reply {
        failure(StatusCode::OK, why)
    }

    fn refused(&self, refusal: &Refusal) -> Reply {
        failure(refusal.status(), &refusal.to_string())
    }
}
