//! Marks in the time line of a video (key frames).

use serde_json::{Value, json};

use super::Call;
use super::envelope::Fault;
use crate::journal::Change;

/// `saveKeyFrame`: comma-separated lists of equal length; a mark at the same second is replaced. Buttons are accepted and shown
/// nowhere. // assumed: marks
pub(super) fn save(call: &mut Call<'_>) -> Result<Value, Fault> {
    let texts: Vec<String> = call.text("desc").split(',').map(str::to_owned).collect();
    let seconds = call.form.numbers("seconds")?.unwrap_or_default();
    if texts.len() != seconds.len() {
        let problem = format!("{} seconds for {} texts", seconds.len(), texts.len());
        return Err(Fault::illegal("seconds", &problem).assumed("marks"));
    }
    let video = call.video_mut("vid")?;
    if let Some(late) = seconds.iter().find(|second| **second > video.seconds) {
        let problem = format!("{late} is behind the end, {} s", video.seconds);
        return Err(Fault::illegal("seconds", &problem).assumed("marks"));
    }
    video.marks.extend(seconds.into_iter().zip(texts));
    changed(call)
}

/// `keyframe`.
pub(super) fn list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video = call.video("vid")?;
    let marks = video.marks.iter();
    let marks: Vec<Value> = marks
        .map(|(second, text)| json!({ "seconds": second, "keyContent": text }))
        .collect();
    Ok(json!({ "duration": video.duration(call.now_ms), "keyframeList": marks }))
}

/// `deleteKeyFrameByTime`. Seconds without a mark are passed over. // assumed: marks
pub(super) fn delete_some(call: &mut Call<'_>) -> Result<Value, Fault> {
    let seconds = call.form.numbers("times")?.unwrap_or_default();
    let video = call.video_mut("vid")?;
    video.marks.retain(|second, _| !seconds.contains(second));
    changed(call)
}

/// `deleteKeyFrame`.
pub(super) fn delete_all(call: &mut Call<'_>) -> Result<Value, Fault> {
    call.video_mut("vid")?.marks.clear();
    changed(call)?;
    Ok(json!("success"))
}

fn changed(call: &mut Call<'_>) -> Result<Value, Fault> {
    let vid = call.vid("vid")?;
    call.did("video", vid, Change::Changed);
    Ok(json!(""))
}
