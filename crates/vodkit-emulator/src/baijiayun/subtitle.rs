//! API 32 to 36: subtitles.

use serde_json::{Value, json};

use super::Call;
use super::envelope::{Fault, UPLOAD_FAILED};
use super::state::Subtitle;
use crate::clock;
use crate::journal::Effect;

/// API 32.
pub(super) fn upload_subtitle(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video_id = call.video()?.id;
    let name = call.form.required("name")?.to_owned();
    let file = call
        .form
        .file("subtitle")
        .ok_or_else(|| Fault::parameter("subtitle", "the file part is missing"))?;
    let ending = file
        .file_name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    let Some(ending) = ending.filter(|ending| matches!(ending.as_str(), "vtt" | "srt")) else {
        return Err(
            Fault::new(UPLOAD_FAILED, "a subtitle file ends in .vtt or .srt")
                .assumed("refusal-code"),
        );
    };
    let content = file.content.clone();
    let id = call.state.next_id();
    let subtitle = Subtitle {
        id,
        video_id,
        name,
        ending,
        content,
        is_default: false, // assumed: subtitle-default
        created_ms: call.now_ms,
        updated_ms: call.now_ms,
    };
    let reply = json!({
        "subtitle_id": id.to_string(),
        "subtitle_name": subtitle.name,
        "subtitle_path": path(call, &subtitle),
        "create_time": clock::date_time_text(subtitle.created_ms),
    });
    call.state.subtitles.insert(id, subtitle);
    call.effects
        .push(Effect::SubtitleCreated { subtitle_id: id });
    Ok(reply)
}

/// API 33: the data is the list itself, and ids are numbers here.
pub(super) fn get_subtitle_list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video_id = call.video()?.id;
    let list = call
        .state
        .subtitles
        .values()
        .filter(|subtitle| subtitle.video_id == video_id)
        .map(|subtitle| {
            json!({
                "subtitle_id": subtitle.id,
                "subtitle_name": subtitle.name,
                "subtitle_path": path(call, subtitle),
                "is_default": u64::from(subtitle.is_default),
                "create_time": clock::date_time_text(subtitle.created_ms),
                "update_time": clock::date_time_text(subtitle.updated_ms),
            })
        })
        .collect();
    Ok(Value::Array(list))
}

/// API 34.
pub(super) fn update_subtitle(call: &mut Call<'_>) -> Result<Value, Fault> {
    let name = call.form.required("name")?.to_owned();
    let now_ms = call.now_ms;
    let subtitle = own(call)?;
    subtitle.name = name;
    subtitle.updated_ms = now_ms;
    let subtitle_id = subtitle.id;
    call.effects.push(Effect::SubtitleChanged { subtitle_id });
    Ok(Value::Null)
}

/// API 35. A video has at most one default.
pub(super) fn set_default_subtitle(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video_id = call.video()?.id;
    let now_ms = call.now_ms;
    let subtitle = own(call)?;
    let subtitle_id = subtitle.id;
    if subtitle.video_id != video_id {
        return Err(unknown(subtitle_id));
    }
    subtitle.updated_ms = now_ms;
    for subtitle in call
        .state
        .subtitles
        .values_mut()
        .filter(|subtitle| subtitle.video_id == video_id)
    {
        subtitle.is_default = subtitle.id == subtitle_id;
    }
    call.effects.push(Effect::SubtitleChanged { subtitle_id });
    Ok(Value::Null)
}

/// API 36.
pub(super) fn delete_subtitle(call: &mut Call<'_>) -> Result<Value, Fault> {
    let subtitle_id = own(call)?.id;
    call.state.subtitles.remove(&subtitle_id);
    call.effects.push(Effect::SubtitleDeleted { subtitle_id });
    Ok(Value::Null)
}

fn path(call: &Call<'_>, subtitle: &Subtitle) -> String {
    format!("{}/subtitle/{}.{}", call.base, subtitle.id, subtitle.ending)
}

/// The subtitle that the call names, if its video belongs to the account.
fn own<'a>(call: &'a mut Call<'_>) -> Result<&'a mut Subtitle, Fault> {
    let id = call.form.required_number("subtitle_id")?;
    let owner = call.owner;
    let state = &mut *call.state;
    let videos = &state.videos;
    let owned = |subtitle: &&mut Subtitle| {
        videos
            .get(&subtitle.video_id)
            .is_some_and(|video| video.owner == owner)
    };
    state
        .subtitles
        .get_mut(&id)
        .filter(owned)
        .ok_or_else(|| unknown(id))
}

fn unknown(id: u64) -> Fault {
    Fault::parameter("subtitle_id", &format!("subtitle {id} does not exist"))
        .assumed("unknown-thing")
}
