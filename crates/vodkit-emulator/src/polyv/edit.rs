//! What changes, deletes, cuts and joins videos.

use serde_json::{Value, json};

use super::envelope::Fault;
use super::state::{Draft, ROOT, Video, part};
use super::video::full;
use super::{Call, living};
use crate::journal::Change;

/// Most videos of a call that deletes or forbids.
const MOST: usize = 500;
/// Most videos of a call that recovers.
const MOST_RECOVERED: usize = 100;
/// Most ranges of a clip.
const MOST_RANGES: usize = 5;
/// Shortest range of a clip, in seconds.
const SHORTEST_RANGE: f64 = 5.0;
/// Longest title of a joined video, in characters; the rest is cut off.
const TITLE_CHARS: usize = 128;

/// The fields that both editing calls have.
struct Edit {
    title: Option<String>,
    description: Option<String>,
    tag: Option<String>,
    publish_url: Option<String>,
    password: Option<String>,
}

impl Edit {
    fn of(call: &Call<'_>) -> Self {
        let text = |name| call.form.text(name).map(str::to_owned);
        Self {
            title: text("title"),
            description: text("describ"),
            tag: text("tag"),
            publish_url: text("publishUrl"),
            // An empty one removes it.
            password: call.form.get("password").map(str::to_owned),
        }
    }

    fn apply(&self, video: &mut Video) {
        let set = |field: &mut String, value: &Option<String>| {
            if let Some(value) = value {
                field.clone_from(value);
            }
        };
        set(&mut video.title, &self.title);
        set(&mut video.description, &self.description);
        set(&mut video.tag, &self.tag);
        set(&mut video.publish_url, &self.publish_url);
        set(&mut video.password, &self.password);
    }
}

/// Edits a video that has passed its review. Before that, an edit takes no effect. // assumed: edit-before-review
fn edit(call: &mut Call<'_>, vid: &str, edit: &Edit) {
    let now_ms = call.now_ms;
    match call.tenant.videos.get_mut(vid) {
        Some(video) if video.is_reviewed(now_ms) => {
            edit.apply(video);
            call.did("video", vid, Change::Changed);
        }
        _ => call.notes.push(format!(
            "{vid} has not passed its review: the edit takes no effect"
        )),
    }
}

/// `video-info`: the changed video, its numbers as texts.
pub(super) fn update(call: &mut Call<'_>) -> Result<Value, Fault> {
    let vid = call.video("vid")?.vid.clone();
    let wanted = Edit {
        password: None,
        ..Edit::of(call)
    };
    edit(call, &vid, &wanted);
    let mut data = full(call, call.video("vid")?);
    for name in ["seed", "df", "source_filesize"] {
        data[name] = data[name].to_string().into();
    }
    Ok(json!([data]))
}

/// `video-setting-save`.
pub(super) fn save_settings(call: &mut Call<'_>) -> Result<Value, Fault> {
    let wanted = Edit::of(call);
    for vid in call.vids("vids", living)? {
        edit(call, &vid, &wanted);
    }
    Ok(json!(""))
}

/// Changes each of the named videos and counts them.
fn change(call: &mut Call<'_>, change: impl Fn(&mut Video)) -> Result<usize, Fault> {
    let vids = call.vids("vids", living)?;
    let count = vids.len();
    for vid in vids {
        if let Some(video) = call.tenant.videos.get_mut(&vid) {
            change(video);
        }
        call.did("video", vid, Change::Changed);
    }
    Ok(count)
}

/// `POST authplay-status`: on unless it says otherwise.
pub(super) fn set_play_auth(call: &mut Call<'_>) -> Result<Value, Fault> {
    let on = call.switch("playauth").unwrap_or(true);
    Ok(json!(change(call, |video| video.play_auth = on)?))
}

/// `hlslevel`.
pub(super) fn set_level(call: &mut Call<'_>) -> Result<Value, Fault> {
    let level = call.text("hlslevel").to_owned();
    Ok(json!(change(call, |video| video.level.clone_from(&level))?))
}

/// `set-preview-duration`.
pub(super) fn set_preview(call: &mut Call<'_>) -> Result<Value, Fault> {
    let seconds = call.form.required_number("duration")?;
    let video = call.video_mut("vid")?;
    video.preview_seconds = seconds;
    let vid = video.vid.clone();
    call.did("video", vid, Change::Changed);
    Ok(json!(""))
}

fn at_most(call: &Call<'_>, most: usize, words: &str) -> Result<(), Fault> {
    match call.items("vids").len() {
        count if count > most => {
            Err(Fault::new(words).explained(format!("{count} videos were named")))
        }
        _ => Ok(()),
    }
}

/// `forbidden`. A video that is not published yet is forbidden once it would be. // assumed: forbidden-early
pub(super) fn forbid(call: &mut Call<'_>) -> Result<Value, Fault> {
    at_most(call, MOST, "vid count can't over 500")?;
    let on = call.switch("forbidden") == Some(true);
    change(call, |video| video.forbidden = on)?;
    Ok(json!(""))
}

/// Into the recycle bin unless the type says for good. // assumed: delete-type
fn delete(call: &mut Call<'_>, vids: Vec<String>, for_good: bool) {
    for vid in vids {
        if for_good {
            call.tenant.videos.remove(&vid);
        } else if let Some(video) = call.tenant.videos.get_mut(&vid) {
            video.deleted = true;
        }
        call.did("video", vid, Change::Deleted);
    }
}

fn for_good(call: &Call<'_>) -> bool {
    call.text("deleteType") == "2"
}

/// `del-videos`. Only for good can something in the recycle bin be deleted once more.
pub(super) fn delete_many(call: &mut Call<'_>) -> Result<Value, Fault> {
    at_most(call, MOST, "vid count can't over 500")?;
    let for_good = for_good(call);
    let vids = call.vids("vids", |video| for_good || living(video))?;
    delete(call, vids, for_good);
    Ok(json!(""))
}

/// `del-video`.
pub(super) fn delete_one(call: &mut Call<'_>) -> Result<Value, Fault> {
    let for_good = for_good(call);
    let vids = call.vids("vid", |video| for_good || living(video))?;
    delete(call, vids, for_good);
    Ok(json!(""))
}

/// `recover-videos`, out of the recycle bin.
pub(super) fn recover(call: &mut Call<'_>) -> Result<Value, Fault> {
    at_most(call, MOST_RECOVERED, "vids limits 100")?;
    for vid in call.vids("vids", |video| video.deleted)? {
        if let Some(video) = call.tenant.videos.get_mut(&vid) {
            video.deleted = false;
        }
        call.did("video", vid, Change::Changed);
    }
    Ok(json!(""))
}

/// A new video made of others, which begins its transcoding now.
fn make(call: &mut Call<'_>, draft: Draft) -> String {
    let vid = call.tenant.fresh_vid();
    let (now_ms, transcode_ms) = (call.now_ms, call.transcode_ms);
    call.tenant
        .add_video(call.outcomes, vid.clone(), draft, now_ms, transcode_ms);
    call.did("video", vid.as_str(), Change::Created);
    vid
}

/// `clip`: the id of the new video. // assumed: clip-result
pub(super) fn clip(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video = call.video("vid")?;
    let seconds = clipped_seconds(call.text("timeFrame"), video.seconds)
        .map_err(|problem| Fault::illegal("timeFrame", &problem))?;
    let draft = Draft {
        title: call.text("title").to_owned(),
        description: video.description.clone(),
        tag: video.tag.clone(),
        category: video.category.clone(),
        keep_source: false,
        // assumed: clip-result
        size: part(video.size, seconds, video.seconds),
        seconds,
    };
    Ok(make(call, draft).into())
}

/// Seconds that the ranges of a clip add up to.
fn clipped_seconds(frames: &str, duration: u64) -> Result<u64, String> {
    // Numbers or texts that hold numbers. // assumed: clip-result
    let seconds = |value: &Value| match value {
        Value::String(text) => text.trim().parse::<f64>().ok(),
        other => other.as_f64(),
    };
    let ranges: Vec<Value> =
        serde_json::from_str(frames).map_err(|_| "is not a JSON list".to_owned())?;
    if ranges.is_empty() || ranges.len() > MOST_RANGES {
        return Err(format!("must have 1 to {MOST_RANGES} ranges"));
    }
    let mut total = 0.0;
    for range in &ranges {
        let (Some(start), Some(end)) = (seconds(&range["start"]), seconds(&range["end"])) else {
            return Err("each range needs start and end, in seconds".to_owned());
        };
        #[allow(clippy::cast_precision_loss, reason = "no video lasts 2^53 seconds")]
        let duration = duration as f64;
        if !(start >= 0.0 && end - start >= SHORTEST_RANGE && end <= duration) {
            return Err(format!(
                "{start} to {end} is shorter than {SHORTEST_RANGE} s or outside of the video's {duration} s"
            ));
        }
        total += end - start;
    }
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few times the length of a video"
    )]
    Ok(total.round() as u64)
}

/// `concat`: two or three videos in order.
pub(super) fn concat(call: &mut Call<'_>) -> Result<Value, Fault> {
    let asked = call.items("vids");
    if !(2..=3).contains(&asked.len()) {
        return Err(Fault::illegal("vids", "two or three videos can be joined"));
    }
    let mut parts = Vec::new();
    for vid in &asked {
        let video = call.tenant.video(vid, call.now_ms);
        parts.push(video.ok_or_else(|| Fault::no_video(vid))?);
    }
    // Who joins what was joined comes to great numbers soon.
    let total = |of: fn(&Video) -> u64| {
        let values = parts.iter().map(|video| of(video));
        values.fold(0, u64::saturating_add)
    };
    // assumed: concat-title
    let title = call.form.text("title").unwrap_or(&parts[0].title);
    let draft = Draft {
        title: title.chars().take(TITLE_CHARS).collect(),
        description: String::new(),
        tag: String::new(),
        category: call.category("cataId")?.unwrap_or(ROOT.to_owned()),
        keep_source: false,
        size: total(|video| video.size),
        seconds: total(|video| video.seconds),
    };
    Ok(json!({ "concatVid": make(call, draft) }))
}
