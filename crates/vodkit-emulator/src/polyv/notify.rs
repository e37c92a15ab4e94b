//! What the account's callback address is told: files that arrive, transcodings, reviews, deletions, courseware.
//!
//! Each message is signed with a plain text that ends with the account's key, and each kind has a text of its own; several do not
//! depend on the video at all. A GET has everything in the query; of a POST only the signature is there, the rest is JSON.

use bytes::Bytes;
use http::{Method, header};
use serde_json::{Value, json};

use super::state::{Courseware, State, Tenant, Transcoding, Video};
use super::upload::{INVALID_UPLOAD, UNSYNCED_UPLOAD};
use super::video::cover_url;
use super::{living, snapshot};
use crate::callback::{self, Event, Lane, Letter, Message, Rule, Verdict, with_query};
use crate::clock;
use crate::digest::md5_hex;
use crate::journal::{Change, Effect};
use crate::server::Shared;

/// One attempt, and status 200 is a success. // assumed: callback-once
static ONCE: Rule = Rule {
    waits_ms: &[],
    reads_body: false,
    judge: Verdict::by_status,
};

/// Something that an account is told.
#[derive(Debug)]
pub(crate) struct Occurrence {
    user: String,
    what: What,
}

#[derive(Debug)]
enum What {
    Uploaded {
        vid: String,
    },
    Invalid {
        vid: String,
    },
    NotSynced {
        vid: String,
    },
    PullFailed {
        url: String,
        title: String,
    },
    Encoded {
        vid: String,
        format: &'static str,
        df: usize,
    },
    Transcoded {
        vid: String,
    },
    Scanned {
        vid: String,
    },
    Reviewed {
        vid: String,
    },
    /// A snapshot task, which has an address of its own.
    Pictured {
        task: u64,
    },
    Deleted {
        vids: String,
        for_good: bool,
    },
    CoursewareConverted {
        vid: String,
        result: Courseware,
    },
}

/// What the effects of a call lead to, for accounts that have an address.
pub(crate) fn occurrences(
    shared: &Shared,
    operation: Option<&'static str>,
    effects: &[Effect],
) -> Vec<(Lane, i64, Event)> {
    let mine: Vec<(&'static str, &str, Change)> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Thing {
                vendor: "polyv",
                kind,
                id,
                change,
            } => Some((*kind, id.as_str(), *change)),
            _ => None,
        })
        .collect();
    if mine.is_empty() {
        return Vec::new();
    }
    let now_ms = shared.clock.now_ms();
    let converted_ms = now_ms.saturating_add(clock::millis(shared.settings.transcode_time));
    let planned = shared.polyv.with(|state| {
        let mut planned = Vec::new();
        for (kind, id, change) in &mine {
            match (*kind, *change) {
                ("video", Change::Created) => planned.extend(of_a_new_video(state, operation, id)),
                ("pull task", Change::Created) => planned.extend(of_a_pull(state, id)),
                (INVALID_UPLOAD, Change::Created) => {
                    let vid = (*id).to_owned();
                    let what = What::Invalid { vid };
                    planned.extend(owner(state, id).map(|tenant| (user(tenant), now_ms, what)));
                }
                (UNSYNCED_UPLOAD, Change::Created) => {
                    let vid = (*id).to_owned();
                    let what = What::NotSynced { vid };
                    planned.extend(owner(state, id).map(|tenant| (user(tenant), now_ms, what)));
                }
                ("snapshot task", Change::Created) => planned.extend(of_snapshots(state, id)),
                ("courseware", Change::Created) => planned.extend(owner(state, id).map(|tenant| {
                    let result = tenant.courseware.get(*id).copied();
                    let what = What::CoursewareConverted {
                        vid: (*id).to_owned(),
                        result: result.unwrap_or(Courseware::Converted),
                    };
                    // assumed: courseware
                    (user(tenant), converted_ms, what)
                })),
                _ => {}
            }
        }
        planned.extend(of_deletions(state, operation, &mine, now_ms));
        planned
    });
    planned
        .into_iter()
        .map(|(user, at_ms, what)| {
            let lane = ("polyv", user.clone());
            (lane, at_ms, Event::Polyv(Occurrence { user, what }))
        })
        .collect()
}

type Planned = (String, i64, What);

fn user(tenant: &Tenant) -> String {
    tenant.account.user_id.clone()
}

/// The account whose video this is, or was: its id begins with the account's.
fn owner<'s>(state: &'s State, vid: &str) -> Option<&'s Tenant> {
    state.tenants().find(|tenant| {
        let user = &tenant.account.user_id;
        vid.starts_with(user.as_str()) && vid.len() >= user.len() + 24
    })
}

fn of_a_new_video(state: &State, operation: Option<&'static str>, vid: &str) -> Vec<Planned> {
    let found = owner(state, vid).and_then(|tenant| Some((tenant, tenant.videos.get(vid)?)));
    let Some((tenant, video)) = found else {
        return Vec::new();
    };
    let mut planned = Vec::new();
    let mut plan = |at_ms, what| planned.push((user(tenant), at_ms, what));
    let vid = || vid.to_owned();
    // Nothing arrives of what is made of other videos. // assumed: callback-events
    if !matches!(operation, Some("clip" | "concat")) {
        plan(video.born_ms, What::Uploaded { vid: vid() });
    }
    // A source that is kept is not transcoded. // assumed: callback-events
    if !video.keep_source {
        for (format, df) in files(video) {
            let vid = vid();
            plan(video.transcoded_ms(), What::Encoded { vid, format, df });
        }
        plan(video.transcoded_ms(), What::Transcoded { vid: vid() });
    }
    if video.objected {
        plan(video.reviewed_ms(), What::Scanned { vid: vid() });
    }
    if video.transcoding != Transcoding::Fails {
        plan(video.reviewed_ms(), What::Reviewed { vid: vid() });
    }
    planned
}

fn of_snapshots(state: &State, id: &str) -> Option<Planned> {
    let number = id.parse().ok()?;
    let of_tenant = |tenant: &Tenant| {
        let task = tenant
            .snapshot_tasks
            .iter()
            .find(|task| task.number == number)?;
        let what = What::Pictured { task: number };
        Some((user(tenant), task.ends_ms, what))
    };
    state.tenants().find_map(of_tenant)
}

/// The formats that the page names for a video, in each of its definitions.
fn files(video: &Video) -> Vec<(&'static str, usize)> {
    let formats = match video.encrypt {
        true => ["pdx", "m3u8"],
        false => ["flv", "mp4"],
    };
    let definitions = 1..=video.wanted().len();
    definitions
        .flat_map(|df| formats.map(|format| (format, df)))
        .collect()
}

fn of_a_pull(state: &State, id: &str) -> Vec<Planned> {
    let of_tenant = |tenant: &Tenant| {
        let task = tenant.tasks.iter().find(|task| task.id == id)?;
        let titles = task.titles.split(',');
        let all = task.urls.split(',').map(str::trim).zip(titles);
        let planned: Vec<Planned> = all
            .filter(|(url, _)| task.failed.iter().any(|failed| failed == url))
            .map(|(url, title)| {
                let what = What::PullFailed {
                    url: url.to_owned(),
                    title: title.trim().to_owned(),
                };
                (user(tenant), task.ends_ms, what)
            })
            .collect();
        Some(planned)
    };
    state.tenants().find_map(of_tenant).unwrap_or_default()
}

/// One message for all videos of a call.
fn of_deletions(
    state: &State,
    operation: Option<&'static str>,
    mine: &[(&'static str, &str, Change)],
    now_ms: i64,
) -> Option<Planned> {
    if !matches!(operation, Some("del-video" | "del-videos")) {
        return None;
    }
    let vids: Vec<&str> = mine
        .iter()
        .filter(|(kind, _, change)| *kind == "video" && *change == Change::Deleted)
        .map(|(_, vid, _)| *vid)
        .collect();
    let first = vids.first()?;
    let tenant = owner(state, first)?;
    let what = What::Deleted {
        vids: vids.join(","),
        for_good: !tenant.videos.contains_key(*first),
    };
    Some((user(tenant), now_ms, what))
}

/// A message that is written, except for the account's address and key.
struct Draft {
    event: &'static str,
    /// What is signed, before the key.
    text: String,
    content: Content,
}

enum Content {
    Get(Vec<(&'static str, String)>),
    Post(Value),
}

/// What is said about it; nothing about a video that was deleted meanwhile.
pub(crate) fn letter(shared: &Shared, occurrence: Occurrence, at_ms: i64) -> Option<Letter> {
    let Occurrence { user, what } = occurrence;
    let base = callback::own_base(shared);
    let now_ms = shared.clock.now_ms();
    shared.polyv.with(|state| {
        let tenant = state.tenant(&user)?;
        let url = match &what {
            What::Pictured { task } => snapshot::callback_url(tenant, *task)?,
            _ => tenant.account.callback_url.as_deref()?,
        };
        let Draft {
            event,
            text,
            content,
        } = draft(tenant, what, &base, at_ms, now_ms)?;
        let sign = md5_hex(&format!("{text}{}", tenant.account.secret_key));
        let message = write(url, &sign, content);
        Some(Letter {
            vendor: "polyv",
            event: event.to_owned(),
            rule: &ONCE,
            write: Box::new(move |_| message.clone()),
        })
    })
}

fn write(url: &str, sign: &str, content: Content) -> Message {
    match content {
        Content::Get(fields) => {
            let mut pairs = vec![("sign", sign)];
            pairs.extend(fields.iter().map(|(name, value)| (*name, value.as_str())));
            Message {
                method: Method::GET,
                url: with_query(url, &pairs),
                headers: Vec::new(),
                body: Bytes::new(),
            }
        }
        Content::Post(body) => Message {
            method: Method::POST,
            url: with_query(url, &[("sign", sign)]),
            headers: vec![(header::CONTENT_TYPE, "application/json".to_owned())],
            body: Bytes::from(body.to_string()),
        },
    }
}

fn draft(tenant: &Tenant, what: What, base: &str, at_ms: i64, now_ms: i64) -> Option<Draft> {
    let video = |vid: &str| tenant.video(vid, now_ms);
    Some(match what {
        What::Uploaded { vid } => {
            video(&vid)?;
            let state = tenant.upload_states.get(&vid).cloned();
            let mut fields = vec![("type", "upload".to_owned()), ("vid", vid.clone())];
            fields.extend(state.map(|state| ("state", state)));
            Draft {
                event: "upload",
                text: format!("upload{vid}"),
                content: Content::Get(fields),
            }
        }
        What::Invalid { vid } => {
            let state = tenant.upload_states.get(&vid).cloned();
            let mut fields = vec![("type", "invalidVideo".to_owned()), ("vid", vid.clone())];
            fields.extend(state.map(|state| ("state", state)));
            Draft {
                event: "invalidVideo",
                // The word of the other type: the page has one rule for both. // assumed: upload-fails
                text: format!("upload{vid}"),
                content: Content::Get(fields),
            }
        }
        What::NotSynced { vid } => Draft {
            event: "videoSyncedFail",
            text: format!("videoSyncedFail{vid}"),
            content: Content::Get(vec![("type", "videoSyncedFail".to_owned()), ("vid", vid)]),
        },
        What::PullFailed { url, title } => Draft {
            event: "async_upload",
            text: format!("async_upload{url}"),
            content: Content::Get(vec![
                ("fileUrl", url),
                ("type", "async_upload".to_owned()),
                ("title", title),
            ]),
        },
        What::Encoded { vid, format, df } => {
            let word = match video(&vid)?.makes(df) {
                true => "encode",
                false => "encode_failed",
            };
            Draft {
                event: word,
                text: format!("{word}{format}{vid}{df}"),
                content: Content::Get(vec![
                    ("type", word.to_owned()),
                    ("format", format.to_owned()),
                    ("vid", vid),
                    ("df", df.to_string()),
                ]),
            }
        }
        What::Transcoded { vid } => Draft {
            event: TRANSCODE_COMPLETE,
            text: format!("{TRANSCODE_COMPLETE}{vid}"),
            content: Content::Post(json!({
                "eventType": TRANSCODE_COMPLETE,
                "status": status(video(&vid)?.makes(1)),
                "vid": vid,
                "videoInfos": infos(video(&vid)?, now_ms),
            })),
        },
        What::Scanned { vid } => Draft {
            event: AI_CONTENT_SCAN_NOT_PASSED,
            text: AI_CONTENT_SCAN_NOT_PASSED.to_owned(),
            // Something that a person should look at, in the cover. // assumed: scan
            content: Content::Post(json!({
                "eventType": AI_CONTENT_SCAN_NOT_PASSED,
                "scanSource": "video",
                "vid": vid,
                "scanResults": [{
                    "imageUrl": cover_url(base, tenant, video(&vid)?, false),
                    "scene": "terrorism",
                    "label": "others",
                    "suggestion": "review",
                    "rate": 61.5,
                }],
            })),
        },
        What::Pictured { task } => {
            let task = snapshot::find(tenant, task)?;
            // Of a video that is gone there is nothing to tell.
            tenant.videos.get(&task.vid).filter(|video| living(video))?;
            Draft {
                event: "snapshot",
                text: format!("snapshot{}", task.vid),
                content: Content::Post(task.told(base, tenant, now_ms)),
            }
        }
        What::Reviewed { vid } => {
            let word = if video(&vid)?.rejected {
                "nopass"
            } else {
                "pass"
            };
            Draft {
                event: word,
                text: format!("manage{word}{vid}"),
                content: Content::Get(vec![("type", word.to_owned()), ("vid", vid)]),
            }
        }
        What::Deleted { vids, for_good } => Draft {
            event: DELETE_MEDIA_COMPLETE,
            text: DELETE_MEDIA_COMPLETE.to_owned(),
            content: Content::Post(json!({
                "eventType": DELETE_MEDIA_COMPLETE,
                "operateTime": clock::date_time_text(at_ms),
                "operator": tenant.email(),
                "status": "success",
                "deleteType": if for_good { "DeletePermanently" } else { "MoveToTrash" },
                "vids": vids,
            })),
        },
        What::CoursewareConverted { vid, result } => {
            let word = match result {
                Courseware::Converted => "success",
                Courseware::Fails => "convertFailed",
                Courseware::Rejected => "auditNotPassed",
            };
            let mut body = json!({
                "eventType": COURSEWARE_CONVERT_COMPLETE,
                "status": word,
                "vid": vid,
            });
            let video = video(&vid)?;
            if result == Courseware::Converted {
                // One page, whose pictures are those of the video. // assumed: courseware
                body["convertedImages"] = json!([{
                    "pageNo": 1,
                    "pageTitle": "",
                    "pageImage": cover_url(base, tenant, video, false),
                    "pageThumbnail": cover_url(base, tenant, video, true),
                }]);
            }
            Draft {
                event: COURSEWARE_CONVERT_COMPLETE,
                text: COURSEWARE_CONVERT_COMPLETE.to_owned(),
                content: Content::Post(body),
            }
        }
    })
}

const TRANSCODE_COMPLETE: &str = "TranscodeComplete";
const AI_CONTENT_SCAN_NOT_PASSED: &str = "AIContentScanNotPassed";
const DELETE_MEDIA_COMPLETE: &str = "DeleteMediaComplete";
const COURSEWARE_CONVERT_COMPLETE: &str = "CoursewareConvertComplete";

/// The word for how a job ended.
fn status(success: bool) -> &'static str {
    match success {
        true => "success",
        false => "fail",
    }
}

/// Sizes are those of the lists; the bit rate follows from them. // assumed: renditions
fn infos(video: &Video, now_ms: i64) -> Vec<Value> {
    let sizes = video.file_sizes(now_ms);
    files(video)
        .into_iter()
        .map(|(format, df)| {
            if !video.makes(df) {
                return json!({ "status": status(false), "format": format, "df": df });
            }
            let size = sizes.get(df - 1).copied().unwrap_or_default();
            json!({
                "status": "success",
                "format": format,
                "df": df,
                // Kilobits per second.
                "bitrate": size.saturating_mul(8) / 1000 / video.seconds.max(1),
                "duration": video.seconds,
                "size": size,
                "resolution": "1280x720",
            })
        })
        .collect()
}
