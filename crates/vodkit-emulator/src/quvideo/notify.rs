//! What the service behind the server, ApsaraVideo VOD, tells the operator's callback address when a video has been worked on.

use bytes::Bytes;
use http::{HeaderName, Method, header};
use serde_json::{Value, json};

use super::state::{Progress, Source, State};
use super::video::{file_url, snapshot_url};
use crate::callback::{self, Event, Lane, Letter, Message, Rule, Verdict};
use crate::clock;
use crate::digest::md5_hex;
use crate::journal::{Change, Effect};
use crate::server::Shared;

/// Three attempts, a second apart; status 200 ends them.
static RULE: Rule = Rule {
    waits_ms: &[1_000, 1_000],
    reads_body: false,
    judge: Verdict::by_status,
};

/// Longest address that the service takes, in bytes.
const LONGEST_URL: usize = 256;

/// Where the service behind QuVideo reports to, and how. Its `Debug` shows neither address nor key.
///
/// In reality it is set in the console of ApsaraVideo VOD, for all users of the server.
///
/// Source: the pages on event notification and on the authentication of HTTP callbacks of ApsaraVideo VOD.
#[derive(Clone, PartialEq, Eq)]
pub struct Callback {
    url: String,
    key: Option<String>,
    audit: AuditEvent,
}

/// Under which name the result of the review is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditEvent {
    /// `AIVideoCensorComplete`, the only one that QuVideo's page knows.
    #[default]
    AIVideoCensorComplete,
    /// `AIMediaAuditComplete`, which the service has instead today.
    AIMediaAuditComplete,
}

impl AuditEvent {
    const ALL: [Self; 2] = [Self::AIVideoCensorComplete, Self::AIMediaAuditComplete];

    fn word(self) -> &'static str {
        match self {
            Self::AIVideoCensorComplete => "AIVideoCensorComplete",
            Self::AIMediaAuditComplete => "AIMediaAuditComplete",
        }
    }
}

impl Callback {
    /// Reports to this address, which begins with `http://` and has at most 256 bytes. Without a [key](Self::key) nothing is signed.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            key: None,
            audit: AuditEvent::default(),
        }
    }

    /// Signs with this key: MD5 of address, time and key, in headers. The body is not covered.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Tells the result of the review under another name.
    #[must_use]
    pub fn audit_event(mut self, event: AuditEvent) -> Self {
        self.audit = event;
        self
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Why the service would not take it.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self.url.len() {
            length if length > LONGEST_URL => Err(format!(
                "the address has {length} bytes, {LONGEST_URL} are allowed"
            )),
            _ => Ok(()),
        }
    }
}

impl std::fmt::Debug for Callback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Callback")
            .field("audit", &self.audit)
            .finish_non_exhaustive()
    }
}

/// What the variables describe, if there is an address among them that the emulator can call.
///
/// They are also those of whoever receives the vendor's callbacks: the key alone, and the address of a service behind TLS, say nothing about
/// the emulator.
pub(crate) fn callback_from_variables(
    read: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Callback>, String> {
    let Some(url) = read("VODKIT_QUVIDEO_CALLBACK_URL") else {
        return Ok(None);
    };
    if url
        .get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("https://"))
    {
        return Ok(None);
    }
    let mut callback = Callback::new(url);
    if let Some(key) = read("VODKIT_QUVIDEO_CALLBACK_KEY") {
        callback = callback.key(key);
    }
    if let Some(word) = read("VODKIT_QUVIDEO_AUDIT_EVENT") {
        let event = AuditEvent::ALL
            .into_iter()
            .find(|event| event.word() == word)
            .ok_or("VODKIT_QUVIDEO_AUDIT_EVENT is neither AIVideoCensorComplete nor AIMediaAuditComplete")?;
        callback = callback.audit_event(event);
    }
    Ok(Some(callback))
}

/// Something that the address is told about a video.
#[derive(Debug)]
pub(crate) struct Occurrence {
    video_id: String,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    StreamTranscoded,
    Transcoded,
    Snapshot,
    Audited,
}

/// What the effects of a request lead to: a file that arrives is worked on.
pub(crate) fn occurrences(
    shared: &Shared,
    operation: Option<&'static str>,
    effects: &[Effect],
) -> Vec<(Lane, i64, Event)> {
    let arrives = matches!(operation, Some("PutObject" | "CompleteMultipartUpload"));
    if !arrives || shared.settings.quvideo_callback.is_none() {
        return Vec::new();
    }
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Thing {
            vendor: "quvideo",
            kind: "video",
            id,
            change: Change::Changed,
        } => Some(id),
        _ => None,
    });
    let ready = id.and_then(|id| {
        shared.quvideo.with(|state| {
            let source = state.videos.get(id)?.source.as_ref()?;
            Some((id, source.ready_ms))
        })
    });
    let Some((id, at_ms)) = ready else {
        return Vec::new();
    };
    // All at the end, since the emulator does all of it at once. // assumed: callback-events
    [
        What::StreamTranscoded,
        What::Transcoded,
        What::Snapshot,
        What::Audited,
    ]
    .into_iter()
    .map(|what| {
        let occurrence = Occurrence {
            video_id: id.clone(),
            what,
        };
        (
            ("quvideo", String::new()),
            at_ms,
            Event::QuVideo(occurrence),
        )
    })
    .collect()
}

/// What is said about it; nothing about a video that was deleted, or whose file came again.
pub(crate) fn letter(shared: &Shared, occurrence: Occurrence, at_ms: i64) -> Option<Letter> {
    let Occurrence { video_id, what } = occurrence;
    let Callback { url, key, audit } = shared.settings.quvideo_callback.clone()?;
    let base = callback::own_base(shared);
    let now_ms = shared.clock.now_ms();
    let (event, mut body) = shared.quvideo.with(|state| {
        let video = state.videos.get(&video_id)?;
        let source = video
            .source
            .as_ref()
            .filter(|source| source.ready_ms == at_ms)?;
        let done = match video.progress(now_ms) {
            Progress::Done => true,
            Progress::Failed => false,
            Progress::Empty | Progress::Working => return None,
        };
        match what {
            What::StreamTranscoded => {
                let mut body = stream(state, &base, &video_id, source);
                body["VideoId"] = json!(video_id);
                Some(("StreamTranscodeComplete", body))
            }
            What::Transcoded => {
                let stream = stream(state, &base, &video_id, source);
                let status = stream["Status"].clone();
                let body =
                    json!({ "VideoId": video_id, "Status": status, "StreamInfos": [stream] });
                Some(("TranscodeComplete", body))
            }
            What::Snapshot => {
                let body = snapshots(state, &base, &video_id, source);
                Some(("SnapshotComplete", body))
            }
            // What cannot be decoded is not looked at.
            What::Audited if !done => None,
            What::Audited => Some((audit.word(), review(state, &video_id, source.passes))),
        }
    })?;
    body["EventType"] = json!(event);
    body["EventTime"] = json!(clock::utc_text(at_ms));
    let body = Bytes::from(body.to_string());
    Some(Letter {
        vendor: "quvideo",
        event: event.to_owned(),
        rule: &RULE,
        write: Box::new(move |now_ms| write(&url, key.as_deref(), body.clone(), now_ms)),
    })
}

const TIMESTAMP: HeaderName = HeaderName::from_static("x-vod-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("x-vod-signature");

/// Each attempt is signed with the time of its own.
fn write(url: &str, key: Option<&str>, body: Bytes, now_ms: i64) -> Message {
    let mut headers = vec![(header::CONTENT_TYPE, "application/json".to_owned())];
    if let Some(key) = key {
        let stamp = now_ms.div_euclid(1000).to_string();
        let signature = md5_hex(&format!("{url}|{stamp}|{key}"));
        headers.extend([(TIMESTAMP, stamp), (SIGNATURE, signature)]);
    }
    Message {
        method: Method::POST,
        url: url.to_owned(),
        headers,
        body,
    }
}

fn job(state: &State, what: &str, video_id: &str) -> String {
    state.seal(&format!("job|{what}|{video_id}"))
}

/// What is told about an empty file, and about one that was planned to fail. // assumed: callback-events
fn put_failure(body: &mut Value, source: &Source) {
    let (code, message) = match source.size {
        0 => ("EmptyFile", "The file is empty."),
        _ => ("PlannedFailure", "The emulator was told to let this fail."),
    };
    body["Status"] = json!("fail");
    body["ErrorCode"] = json!(code);
    body["ErrorMessage"] = json!(message);
}

/// The one file that is made of a video. // assumed: renditions
fn stream(state: &State, base: &str, video_id: &str, source: &Source) -> Value {
    let mut body = json!({ "Status": "success", "JobId": job(state, "transcode", video_id) });
    if !source.decodable {
        put_failure(&mut body, source);
        return body;
    }
    let members = json!({
        "Bitrate": (source.size.saturating_mul(8) / 1000 / source.seconds.max(1)).to_string(),
        "Definition": "FD",
        "Duration": source.seconds as f64,
        "Encrypt": false,
        "FileUrl": file_url(base, state, video_id),
        "Format": "mp4",
        "Fps": "25",
        "Height": 720,
        "Width": 1280,
        "Size": source.size,
        "IsAudio": false,
    });
    if let (Value::Object(body), Value::Object(members)) = (&mut body, members) {
        body.extend(members);
    }
    body
}

fn snapshots(state: &State, base: &str, video_id: &str, source: &Source) -> Value {
    let mut body = json!({ "VideoId": video_id, "Status": "success", "SubType": "SpecifiedTime" });
    if !source.snapshots {
        put_failure(&mut body, source);
        return body;
    }
    // The number of a picture has five digits, counted from one.
    let pattern = format!("{base}/quvideo/snapshot/{video_id}/{{SnapshotCount}}.jpg");
    body["CoverUrl"] = json!(snapshot_url(base, video_id, 1));
    body["SnapshotInfos"] = json!([{
        "Status": "success",
        "SnapshotType": "NormalSnapshot",
        "SnapshotCount": 3,
        "SnapshotFormat": "jpg",
        "SnapshotRegular": pattern,
        "JobId": job(state, "snapshot", video_id),
    }]);
    body
}

/// The review, which passes unless something else was planned. It has a `MediaId` where the others have a `VideoId`. // assumed: recommended
fn review(state: &State, video_id: &str, passes: bool) -> Value {
    let (modules, label, suggestion) = match passes {
        true => ("", "normal", "pass"),
        false => ("video", "porn", "block"),
    };
    json!({
        "MediaId": video_id,
        "Status": "success",
        "JobId": job(state, "review", video_id),
        "Data": { "AbnormalModules": modules, "Label": label, "Suggestion": suggestion },
    })
}
