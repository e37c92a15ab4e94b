//! API 18, 19, 23 and 27: what lets a viewer play.

use serde_json::{Map, Value, json};

use super::Call;
use super::envelope::{self, Fault};
use super::serving::play_path;
use super::state::{Definition, Format, PlayerToken, Status};
use super::video::not_ready;
use crate::journal::Effect;

/// Seconds that a play URL lives when nothing else is asked for: 12 hours.
const PLAY_URL_LIFETIME: u64 = 12 * 3600;

/// API 18. A lifetime of 0, which is the default, means for ever.
pub(super) fn get_player_token(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video_id = call.video()?.id;
    let lifetime = call.form.number("expires_in")?.unwrap_or(0);
    Ok(json!({ "token": issue(call, video_id, lifetime) }))
}

/// API 19. All of the listed videos or none. // assumed: batch
pub(super) fn get_player_token_batch(call: &mut Call<'_>) -> Result<Value, Fault> {
    let lifetime = call.form.required_number("expires_in")?;
    let ids = call.form.numbers("video_ids")?.unwrap_or_default();
    if let Some(missing) = ids
        .iter()
        .find(|id| call.state.video(call.owner, **id).is_none())
    {
        return Err(Fault::no_video(missing).assumed("batch"));
    }
    let mut tokens = Map::new();
    for id in ids {
        tokens.insert(id.to_string(), issue(call, id, lifetime).into());
    }
    Ok(envelope::map(tokens))
}

fn issue(call: &mut Call<'_>, video_id: u64, lifetime: u64) -> String {
    let token = call.state.fresh_token("player");
    let expires_ms = (lifetime > 0).then(|| after(call.now_ms, lifetime));
    call.state.player_tokens.insert(
        token.clone(),
        PlayerToken {
            video_id,
            expires_ms,
        },
    );
    call.effects.push(Effect::TokenIssued { video_id });
    token
}

fn after(now_ms: i64, seconds: u64) -> i64 {
    let ms = i64::try_from(seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(1000);
    now_ms.saturating_add(ms)
}

/// API 23.
pub(super) fn get_url(call: &mut Call<'_>) -> Result<Value, Fault> {
    let format = match call.form.text("format") {
        None => Format::Mp4,
        Some(word) => Format::from_word(word)
            .filter(|format| *format != Format::Mp3)
            .ok_or_else(|| Fault::parameter("format", "must be mp4, m3u8, flv or encrypt"))?,
    };
    let lifetime = call.form.number("expires_in")?.unwrap_or(PLAY_URL_LIFETIME);
    let video = call.video()?;
    if video.status(call.now_ms) != Status::Done {
        return Err(not_ready(video, call.now_ms));
    }
    let expires_ms = after(call.now_ms, lifetime);
    let mut play_info = Map::new();
    for file in &video.renditions {
        let is_audio = file.definition == Definition::Audio;
        if file.format != format && !is_audio {
            continue;
        }
        let url = format!(
            "{}{}",
            call.base,
            play_path(call.state, video.id, *file, expires_ms)
        );
        let mut entry = json!({ "size": video.stored, "url": url });
        if !is_audio {
            let (width, height) = file.definition.size();
            entry["duration"] = video.length.into();
            entry["width"] = width.into();
            entry["height"] = height.into();
        }
        play_info.insert(file.definition.play_word().to_owned(), entry);
    }
    Ok(json!({ "video_id": video.id.to_string(), "play_info": envelope::map(play_info) }))
}

/// API 27. Each of the three addresses carries one and the same token that does not expire. // assumed: share-token
pub(super) fn get_share_url(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = call.video()?.id;
    let token = issue(call, id, 0);
    let base = call.base;
    Ok(json!({
        "js": format!(
            "{base}/web/playback/asset/bjcVideoPlayer.js?vid={id}&token={token}&width=400&height=300&autoplay=false"
        ),
        "iframe": format!("{base}/web/video/player?vid={id}&token={token}"),
        "flash": format!("{base}/swf/player.swf?vid={id}&token={token}"),
    }))
}
