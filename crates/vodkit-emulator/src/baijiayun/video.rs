//! API 5 to 11, 26, 31 and 40: the videos themselves.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::envelope::{Fault, GENERIC};
use super::state::{Definition, Format, Rendition, Status, Video};
use super::{Call, definitions, formats};
use crate::clock;
use crate::form::Form;
use crate::journal::Effect;
use crate::media;
use crate::server::Shared;

/// How many screenshots a video has. // assumed: pictures
const PICTURES: u64 = 5;

/// API 5.
pub(super) fn get_status(call: &mut Call<'_>) -> Result<Value, Fault> {
    let status = call.video()?.status(call.now_ms);
    Ok(json!({ "status": status.code(), "info": status.info() }))
}

/// Computes the MD5 of a complete source when it is first asked for, away from the server's thread.
pub(super) async fn hash_source(shared: &Arc<Shared>, form: &Form) {
    if let Ok(Some(id)) = form.number("video_id") {
        hash_source_of(shared, id).await;
    }
}

/// The same for a known video.
pub(super) async fn hash_source_of(shared: &Arc<Shared>, id: u64) {
    let source = shared.baijiayun.with(|state| {
        let video = state
            .videos
            .get(&id)
            .filter(|video| video.completed_ms.is_some() && video.md5.is_none())?;
        Some((video.blob.clone()?, video.stored))
    });
    let Some((blob, size)) = source else { return };
    let hashed = tokio::task::spawn_blocking(move || blob.md5(size)).await;
    if let Ok(Ok(md5)) = hashed {
        shared.baijiayun.with(|state| {
            if let Some(video) = state.videos.get_mut(&id) {
                video.md5 = Some(md5);
            }
        });
    }
}

/// API 6. What only a transcoded video has is 0, empty or absent before.
pub(super) fn get_info(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video = call.video()?;
    let status = video.status(call.now_ms);
    let done = status == Status::Done;
    let files: Vec<Value> = video
        .renditions
        .iter()
        .filter(|_| done)
        .map(|file| {
            json!({ "definition": file.definition.info_word(), "type": file.format.word(), "size": video.stored })
        })
        .collect();
    let category: Vec<Value> = call
        .state
        .category_path(video.category)
        .into_iter()
        .map(
            |category| json!({ "id": category.id, "level": category.level, "name": category.name }),
        )
        .collect();
    Ok(json!({
        "video_id": video.id,
        "name": video.name,
        "status": status.code(),
        "total_size": video.total_size(call.now_ms),
        "total_transcode_size": if done { video.storage(call.now_ms) } else { 0 },
        "origin_definition": if done { origin_definition(video) } else { "" },
        "create_time": video.created_ms.div_euclid(1000),
        "preface_url": preface_url(call, video),
        "length": length(call, video),
        "audit_status": 0,
        "publish_status": publish_status(video),
        "file_md5": video.md5.as_deref().unwrap_or_default(),
        "transcode_info": files,
        "category": category,
    }))
}

/// The emulator does not look at pictures: each source is good enough for what was asked. // assumed: origin-definition
pub(super) fn origin_definition(video: &Video) -> &'static str {
    video
        .wanted
        .iter()
        .map(|file| file.definition)
        .max()
        .map_or("", Definition::info_word)
}

/// API 7.
pub(super) fn get_image(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video = call.video()?;
    let count = if video.status(call.now_ms) == Status::Done {
        PICTURES
    } else {
        0
    };
    let urls: Vec<String> = (1..=count)
        .map(|number| picture_url(call, video.id, number))
        .collect();
    Ok(json!({
        "video_id": video.id.to_string(),
        "height": media::PICTURE_HEIGHT,
        "width": media::PICTURE_WIDTH,
        "img_count": count,
        "imgs": urls,
    }))
}

fn picture_url(call: &Call<'_>, video_id: u64, number: u64) -> String {
    format!("{}/image/{video_id}/{number}.jpg", call.base)
}

/// The cover, once there is one.
pub(super) fn preface_url(call: &Call<'_>, video: &Video) -> String {
    match video.status(call.now_ms) {
        Status::Done => picture_url(call, video.id, 0),
        _ => String::new(),
    }
}

/// Seconds, once they are known.
pub(super) fn length(call: &Call<'_>, video: &Video) -> u64 {
    if video.status(call.now_ms) == Status::Done {
        video.length
    } else {
        0
    }
}

/// Whether a video is blocked, in the words of API 6, 16 and 26. // assumed: publish-status
pub(super) fn publish_status(video: &Video) -> u64 {
    if video.blocked { 2 } else { 1 }
}

/// API 8.
pub(super) fn remove_definition(call: &mut Call<'_>) -> Result<Value, Fault> {
    let definitions = definitions(call.form)?;
    let kinds = formats(call.form, "type", true)?;
    let video = call.video()?;
    if video.status(call.now_ms) != Status::Done {
        return Err(not_ready(video, call.now_ms));
    }
    let doomed = |file: &Rendition| {
        definitions.contains(&file.definition)
            && kinds
                .as_ref()
                .is_none_or(|kinds| kinds.contains(&file.format))
    };
    let kept: BTreeSet<Rendition> = video
        .renditions
        .iter()
        .filter(|file| !doomed(file))
        .copied()
        .collect();
    let orphaned = definitions.iter().find(|definition| {
        let mp4_goes = video
            .renditions
            .iter()
            .any(|f| f.definition == **definition && f.format == Format::Mp4 && doomed(f));
        mp4_goes && kept.iter().any(|file| file.definition == **definition)
    });
    if let Some(definition) = orphaned {
        let message = format!(
            "mp4 of {} can only go after its other types",
            definition.info_word()
        );
        return Err(Fault::new(GENERIC, message).assumed("refusal-code"));
    }
    let video_id = video.id;
    let count = video.renditions.len() - kept.len();
    call.video_mut()?.renditions = kept;
    call.effects
        .push(Effect::RenditionsDeleted { video_id, count });
    let mut reply = json!({
        "video_id": video_id.to_string(),
        "definition": call.form.get("definition"),
    });
    if let Some(kind) = call.form.text("type") {
        reply["type"] = kind.into();
    }
    Ok(reply)
}

/// API 9. All of the listed videos or none. // assumed: batch
pub(super) fn delete_origin_video(call: &mut Call<'_>) -> Result<Value, Fault> {
    let ids = call.form.numbers("video_ids")?.unwrap_or_default();
    if let Some(missing) = ids
        .iter()
        .find(|id| call.state.video(call.owner, **id).is_none())
    {
        return Err(Fault::no_video(missing).assumed("batch"));
    }
    for id in ids {
        let Some(video) = call.state.video_mut(call.owner, id) else {
            continue;
        };
        if !video.origin_deleted && video.completed_ms.is_some() {
            video.origin_deleted = true;
            call.effects.push(Effect::OriginDeleted { video_id: id });
        }
    }
    Ok(Value::Null)
}

/// API 10.
pub(super) fn update(call: &mut Call<'_>) -> Result<Value, Fault> {
    // assumed: empty-is-missing
    let name = call.form.text("name").map(str::to_owned);
    let video = call.video_mut()?;
    let video_id = video.id;
    if let Some(name) = name {
        video.name = name;
        call.effects.push(Effect::VideoChanged { video_id });
    }
    Ok(json!({ "video_id": video_id }))
}

/// API 11.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = call.video()?.id;
    call.state.videos.remove(&id);
    call.state
        .subtitles
        .retain(|_, subtitle| subtitle.video_id != id);
    call.state
        .player_tokens
        .retain(|_, token| token.video_id != id);
    call.effects.push(Effect::VideoDeleted { video_id: id });
    Ok(json!({ "video_id": id }))
}

/// API 26.
pub(super) fn set_publish_status(call: &mut Call<'_>) -> Result<Value, Fault> {
    let status = call.form.required_number("status")?;
    if !matches!(status, 1 | 2) {
        return Err(Fault::parameter(
            "status",
            "must be 1 (publish) or 2 (block)",
        ));
    }
    let video = call.video_mut()?;
    video.blocked = status == 2;
    let video_id = video.id;
    call.effects.push(Effect::VideoChanged { video_id });
    Ok(json!({ "status": status }))
}

/// API 31. The time filter keeps what was created then or later. // assumed: list-filter
pub(super) fn get_video_list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let page = call.page(20, 1000)?;
    let since = match call.form.text("create_time") {
        Some(_) => Some(call.date_time("create_time")?),
        None => None,
    };
    // The filter has whole seconds, so what was made within that second counts as well.
    let videos = newest_first(call, |video| {
        since.is_none_or(|since| video.created_ms >= since)
    });
    let total = videos.len();
    let list: Vec<Value> = page
        .of(videos)
        .into_iter()
        .map(|video| {
            let status = video.status(call.now_ms);
            let mut item = json!({
                "video_id": video.id,
                "status": status.code(),
                "total_size": video.total_size(call.now_ms),
                "length": length(call, video),
                // This call alone has 0 and 1, and a video is published by being transcoded.
                "publish_status": u64::from(status == Status::Done && !video.blocked),
                "name": video.name,
                "create_time": clock::date_time_text(video.created_ms),
                "preface_url": preface_url(call, video),
            });
            if video.category.is_some() {
                let [l1, l2, l3, l4, l5] = call.state.category_levels(video.category);
                item["category"] = json!({
                    "category_level1_id": l1,
                    "category_level2_id": l2,
                    "category_level3_id": l3,
                    "category_level4_id": l4,
                    "category_level5_id": l5,
                });
            }
            item
        })
        .collect();
    Ok(json!({ "total": total, "page": page.number, "page_size": page.size, "list": list }))
}

/// API 40.
pub(super) fn transcode_again(call: &mut Call<'_>) -> Result<Value, Fault> {
    let definitions = definitions(call.form)?;
    let formats = formats(call.form, "format", false)?.unwrap_or_else(|| Format::DEFAULT.to_vec());
    let (now_ms, transcode_ms) = (call.now_ms, call.transcode_ms);
    let video = call.video_mut()?;
    if !matches!(video.status(now_ms), Status::Done | Status::Failed) {
        return Err(not_ready(video, now_ms));
    }
    if video.origin_deleted {
        let message = format!("the source of video {} was deleted", video.id);
        return Err(Fault::new(GENERIC, message).assumed("transcode-again"));
    }
    let video_id = video.id;
    for definition in definitions {
        video
            .renditions
            .extend(formats.iter().map(|format| Rendition {
                definition,
                format: *format,
            }));
    }
    video.transcoded_ms = now_ms.saturating_add(transcode_ms);
    call.effects.push(Effect::TranscodeStarted { video_id });
    Ok(json!({ "video_id": video_id.to_string(), "definition": call.form.get("definition") }))
}

/// The account's videos that a test accepts, the newest first. // assumed: list-order
pub(super) fn newest_first<'a>(
    call: &'a Call<'_>,
    accepts: impl Fn(&Video) -> bool,
) -> Vec<&'a Video> {
    // Ids grow with time.
    call.state
        .videos
        .values()
        .rev()
        .filter(|video| video.owner == call.owner && accepts(video))
        .collect()
}

pub(super) fn not_ready(video: &Video, now_ms: i64) -> Fault {
    let status = video.status(now_ms);
    let message = format!(
        "video {} has status {} ({})",
        video.id,
        status.code(),
        status.info()
    );
    Fault::new(GENERIC, message).assumed("not-ready")
}
