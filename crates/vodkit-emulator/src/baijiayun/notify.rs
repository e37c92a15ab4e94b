//! Callback section 3: the account is told that an upload is complete, and how its transcoding ended.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, header};

use super::state::{Status, Video};
use super::video;
use crate::callback::{self, Event, Lane, Letter, Message, Rule, Verdict};
use crate::journal::Effect;
use crate::server::Shared;

/// Two more attempts, for the ends of transcodings. // assumed: callback-failure
static TRANSCODED: Rule = Rule {
    waits_ms: &[5_000, 30_000], // assumed: callback-waits
    reads_body: true,
    judge: Verdict::by_code,
};

/// The page speaks of more attempts for the ends of transcodings only. // assumed: callback-upload-once
static UPLOADED: Rule = Rule {
    waits_ms: &[],
    reads_body: true,
    judge: Verdict::by_code,
};

/// Something that the account is told.
#[derive(Debug)]
pub(crate) struct Occurrence {
    video_id: u64,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Uploaded,
    Transcoded,
}

/// What the effects of a request lead to. Whether an address is set is asked when the time has come.
pub(crate) fn occurrences(shared: &Shared, effects: &[Effect]) -> Vec<(Lane, i64, Event)> {
    let of_effect = |effect: &Effect| match effect {
        Effect::UploadCompleted { video_id, .. } => Some((*video_id, What::Uploaded)),
        Effect::TranscodeStarted { video_id } => Some((*video_id, What::Transcoded)),
        _ => None,
    };
    let found: Vec<(u64, What)> = effects.iter().filter_map(of_effect).collect();
    if found.is_empty() {
        return Vec::new();
    }
    shared.baijiayun.with(|state| {
        let planned = found.into_iter().filter_map(|(video_id, what)| {
            let video = state.videos.get(&video_id)?;
            let at_ms = match what {
                What::Uploaded => video.completed_ms?,
                What::Transcoded => video.transcoded_ms,
            };
            let event = Event::Baijiayun(Occurrence { video_id, what });
            Some((("baijiayun", video.owner.to_string()), at_ms, event))
        });
        planned.collect()
    })
}

/// The fields of the page's table, in its order, and `partner_id`, which its sample has. // assumed: callback-fields
pub(crate) async fn letter(shared: &Arc<Shared>, occurrence: Occurrence) -> Option<Letter> {
    let Occurrence { video_id, what } = occurrence;
    let has_address = shared.baijiayun.with(|state| {
        let video = state.videos.get(&video_id)?;
        state.accounts.get(&video.owner)?.callback_url.as_ref()?;
        Some(())
    });
    // Without one, a long file would be hashed for nothing.
    has_address?;
    if what == What::Transcoded {
        video::hash_source_of(shared, video_id).await;
    }
    let base = callback::own_base(shared);
    let now_ms = shared.clock.now_ms();
    shared.baijiayun.with(|state| {
        let video = state.videos.get(&video_id)?;
        let status = match (what, video.status(now_ms)) {
            (What::Uploaded, _) => UPLOADED_STATUS,
            (What::Transcoded, status @ (Status::Done | Status::Failed)) => status.code(),
            // It is being transcoded once more, or the clock was set back.
            _ => return None,
        };
        let owner = video.owner;
        let account = state.accounts.get(&owner)?;
        let (url, key) = (account.callback_url.clone()?, account.partner_key.clone());
        let mut fields = vec![
            ("partner_id", owner.to_string()),
            ("video_id", video_id.to_string()),
            ("status", status.to_string()),
        ];
        if status == Status::Done.code() {
            fields.extend(of_a_done_one(video, &base, now_ms));
        }
        fields.extend(of_a_playback(video));
        fields.push(("qid", state.fresh_token("qid")));
        Some(Letter {
            vendor: "baijiayun",
            event: format!("status {status}"),
            rule: match what {
                What::Uploaded => &UPLOADED,
                What::Transcoded => &TRANSCODED,
            },
            write: Box::new(move |now_ms| write(&url, &fields, &key, now_ms)),
        })
    })
}

/// "Upload complete" in callbacks; elsewhere the number means "transcoding".
const UPLOADED_STATUS: u64 = 20;

fn of_a_done_one(video: &Video, base: &str, now_ms: i64) -> Vec<(&'static str, String)> {
    let mut words: Vec<&str> = video
        .renditions
        .iter()
        .map(|file| file.definition.info_word())
        .collect();
    words.dedup();
    vec![
        ("preface_url", format!("{base}/image/{}/0.jpg", video.id)),
        ("total_size", video.stored.to_string()),
        ("total_transcode_size", video.storage(now_ms).to_string()),
        ("length", video.length.to_string()),
        ("file_md5", video.md5.clone().unwrap_or_default()),
        ("now_definition", words.join(",")),
        (
            "origin_definition",
            video::origin_definition(video).to_owned(),
        ),
    ]
}

/// What tells the playback of a room apart. // assumed: playback
fn of_a_playback(video: &Video) -> Vec<(&'static str, String)> {
    let Some(room) = &video.playback_of else {
        return Vec::new();
    };
    let session = room.session.clone().map(|session| ("session_id", session));
    [("room_id", room.id.to_string())]
        .into_iter()
        .chain(session)
        .collect()
}

/// Each attempt has the time of its own, and the signature with it; `qid` stays. // assumed: callback-repeat
fn write(url: &str, fields: &[(&'static str, String)], key: &str, now_ms: i64) -> Message {
    let stamp = now_ms.div_euclid(1000).to_string();
    let mut pairs: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .chain([("timestamp", stamp.as_str())])
        .collect();
    let sign = vodkit_sign::baijiayun::sign(&pairs, key)
        .as_str()
        .to_owned();
    pairs.push(("sign", &sign));
    form(url, &pairs)
}

/// A post of a form.
pub(super) fn form(url: &str, pairs: &[(&str, &str)]) -> Message {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs);
    Message {
        method: Method::POST,
        url: url.to_owned(),
        headers: vec![(
            header::CONTENT_TYPE,
            "application/x-www-form-urlencoded".to_owned(),
        )],
        body: Bytes::from(text.finish()),
    }
}
