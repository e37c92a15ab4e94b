//! Keys for uploads, and what happens when a file has arrived.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::envelope::Fault;
use super::state::{Source, State, Video};
use super::{Call, thing};
use crate::clock;
use crate::journal::{Change, Effect};
use crate::media;
use crate::oss::{Grant, Owner, Scope, Stored};
use crate::outcome::Stage;
use crate::server::Shared;

/// How long keys for one file live. // assumed: keys-life
const UPLOAD_LIFE_MS: i64 = 3600 * 1000;
/// How long the server's own keys live. // assumed: keys-life
const STS_LIFE_MS: i64 = 6 * 3600 * 1000;
/// A refresh gives the same keys until they have less than this left. // assumed: refresh
const REFRESH_MS: i64 = 10 * 60 * 1000;
/// Where the emulated storage stands.
pub(super) const REGION: &str = "cn-shanghai";

/// `vod/getSts`, `demo/getSts`: the server's own keys, which open the whole bucket. // assumed: sts-scope
pub(super) fn get_sts(call: &mut Call<'_>) -> Result<Value, Fault> {
    let bucket = call.state(|state| state.bucket.clone());
    let grant = call.shared.oss.with(|store| {
        let expires_ms = call.now_ms.saturating_add(STS_LIFE_MS);
        store.issue(
            Owner::QuVideo,
            &bucket,
            Scope::Prefix(String::new()),
            expires_ms,
        )
    });
    Ok(json!({
        "expiration": clock::utc_text(grant.expires_ms),
        "accessKeyId": grant.access_key_id,
        "accessKeySecret": grant.access_key_secret,
        "securityToken": grant.security_token,
    }))
}

/// Keys for one object, to be handed out now.
fn issue(call: &Call<'_>, bucket: &str, key: &str) -> Grant {
    let expires_ms = call.now_ms.saturating_add(UPLOAD_LIFE_MS);
    let scope = Scope::Object(key.to_owned());
    call.shared
        .oss
        .with(|store| store.issue(Owner::QuVideo, bucket, scope, expires_ms))
}

fn packed(value: &Value) -> String {
    BASE64.encode(value.to_string())
}

fn address(call: &Call<'_>, bucket: &str, key: &str) -> String {
    packed(&json!({ "Endpoint": call.base, "Bucket": bucket, "FileName": key }))
}

fn auth(call: &Call<'_>, grant: &Grant) -> String {
    let left = (grant.expires_ms - call.now_ms).max(0) / 1000;
    packed(&json!({
        "SecurityToken": grant.security_token,
        "AccessKeyId": grant.access_key_id,
        "ExpireUTCTime": clock::utc_text(grant.expires_ms),
        "AccessKeySecret": grant.access_key_secret,
        "Expiration": left.to_string(),
        "Region": REGION,
    }))
}

/// The extension of a file name, in small letters.
fn extension(file_name: &str) -> Option<String> {
    let (name, extension) = file_name.rsplit_once('.')?;
    (!name.is_empty() && !extension.is_empty()).then(|| extension.to_ascii_lowercase())
}

/// `vod/getVideoUploadAuth`, `demo/getVideoUploadAuth`
pub(super) fn get_video_upload_auth(call: &mut Call<'_>) -> Result<Value, Fault> {
    let form = call.form;
    let title = form.required("title")?;
    if title.chars().count() > 128 {
        return Err(Fault::parameter("title", "is longer than 128 characters").assumed("title"));
    }
    let file_name = form.required("fileName")?;
    let extension = extension(file_name)
        .filter(|_| media::is_supported(file_name))
        .ok_or_else(|| {
            let problem = "has no extension of a video that the service takes";
            Fault::parameter("fileName", problem).assumed("extensions")
        })?;
    let (bucket, key, id) = call.state(|state| {
        let hex = state.fresh("object");
        let name = format!("{}-{}", &hex[..8], &hex[8..19]);
        let key = format!("sv/{name}/{name}.{extension}");
        (state.bucket.clone(), key, state.fresh("video"))
    });
    let grant = issue(call, &bucket, &key);
    let data = json!({
        "videoId": id,
        "uploadAddress": address(call, &bucket, &key),
        "uploadAuth": auth(call, &grant),
    });
    let video = Video {
        id: id.clone(),
        creator: call.user.clone(),
        title: title.to_owned(),
        cover_url: form.text("coverURL").map(str::to_owned),
        key,
        grant,
        source: None,
        published: None,
    };
    call.state(|state| state.videos.insert(id.clone(), video));
    call.changed("video", id, Change::Created);
    Ok(data)
}

/// `vod/refreshVideoUploadAuth`, `demo/refreshVideoUploadAuth`
pub(super) fn refresh_video_upload_auth(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = call.form.required("videoId")?;
    let (bucket, key, old) = call.state(|state| {
        let video = visible(state, id, call.user.as_deref())?;
        let (key, old) = (video.key.clone(), video.grant.clone());
        Ok::<_, Fault>((state.bucket.clone(), key, old))
    })?;
    let opens = call
        .shared
        .oss
        .with(|store| store.is_good(&old.access_key_id, call.now_ms));
    let grant = if opens && old.expires_ms - call.now_ms > REFRESH_MS {
        old
    } else {
        let fresh = issue(call, &bucket, &key);
        call.state(|state| {
            if let Some(video) = state.videos.get_mut(id) {
                video.grant = fresh.clone();
            }
        });
        fresh
    };
    Ok(json!({
        "uploadAddress": address(call, &bucket, &key),
        "uploadAuth": auth(call, &grant),
    }))
}

/// A video that a user may work on; without a token every video is one. // assumed: demo-videos
pub(super) fn visible<'a>(
    state: &'a State,
    id: &str,
    user: Option<&str>,
) -> Result<&'a Video, Fault> {
    let video = state.videos.get(id).ok_or_else(|| Fault::no_video(id))?;
    match (user, video.owner()) {
        (Some(user), Some(owner)) if user != owner => {
            let problem = format!("video {id} belongs to another user");
            Err(Fault::of_another(problem).assumed("video-of-another"))
        }
        _ => Ok(video),
    }
}

/// `vod/getImageUploadAuth`, `demo/getImageUploadAuth`. The server passes neither title nor tags on.
pub(super) fn get_image_upload_auth(call: &mut Call<'_>) -> Result<Value, Fault> {
    let kind = call.form.required("imageType")?;
    if !matches!(kind, "default" | "cover") {
        return Err(
            Fault::parameter("imageType", "is neither default nor cover").assumed("image-type"),
        );
    }
    let extension = call.form.text("imageExt").unwrap_or("png");
    if !matches!(extension, "png" | "jpg" | "jpeg" | "gif") {
        return Err(
            Fault::parameter("imageExt", "is none of png, jpg, jpeg, gif").assumed("image-type"),
        );
    }
    let (bucket, key, id) = call.state(|state| {
        let name = state.fresh("picture").to_ascii_uppercase();
        let key = format!("image/{kind}/{name}-6-2.{extension}");
        let id = state.fresh("image");
        state.images.insert(key.clone(), id.clone());
        (state.bucket.clone(), key, id)
    });
    let grant = issue(call, &bucket, &key);
    let target = call
        .shared
        .oss
        .with(|store| store.signed_target(Owner::QuVideo, &bucket, &key, grant.expires_ms));
    let data = json!({
        "uploadAddress": address(call, &bucket, &key),
        "uploadAuth": auth(call, &grant),
        "imageId": id,
        "imageURL": format!("{}{target}", call.base),
    });
    call.changed("image", id, Change::Created);
    Ok(data)
}

/// Takes note of an object that is complete: the file of a video, a picture, or something that nobody waits for.
pub(crate) fn object_stored(shared: &Shared, object: &Stored<'_>) -> Vec<Effect> {
    // Reads the head of the file, so before the lock.
    let seconds = match object.blob.open_at(0) {
        Ok(mut file) => media::duration_seconds(&mut file, object.size),
        Err(_) => 0,
    };
    let now_ms = shared.clock.now_ms();
    let transcode_ms = clock::millis(shared.settings.transcode_time);
    shared.quvideo.with(|state| {
        if let Some(id) = state.images.get(object.key) {
            return vec![thing("image", id, Change::Changed)];
        }
        let State {
            videos, outcomes, ..
        } = state;
        let Some(video) = videos.values_mut().find(|video| video.key == object.key) else {
            return Vec::new();
        };
        let id = video.id.clone();
        // assumed: undecodable
        let decodable = object.size > 0 && outcomes.take(Stage::Transcoding, &id).is_none();
        // What cannot be decoded has neither pictures nor a review.
        let mut unless = |stage| decodable && outcomes.take(stage, &id).is_none();
        let (snapshots, passes) = (unless(Stage::Snapshots), unless(Stage::Review));
        // A file that comes again replaces the first. // assumed: upload-again
        video.source = Some(Source {
            blob: Arc::clone(object.blob),
            size: object.size,
            seconds,
            decodable,
            snapshots,
            passes,
            ready_ms: now_ms.saturating_add(transcode_ms),
        });
        vec![thing("video", &video.id, Change::Changed)]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_what_follows_the_last_dot() {
        assert_eq!(extension("课 1.final.MP4").as_deref(), Some("mp4"));
        for none in ["film", ".mp4", "film."] {
            assert_eq!(extension(none), None, "{none}");
        }
    }
}
