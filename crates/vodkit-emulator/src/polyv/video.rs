//! What is told of a single video.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::envelope::Fault;
use super::state::{Exam, Tenant, Video};
use super::{Call, living};
use crate::clock;

/// Where a file of a video is served. // assumed: play-addresses
fn file_url(call: &Call<'_>, video: &Video, name: &str) -> String {
    format!(
        "{}/polyv/{}/{}_{name}",
        call.base,
        call.tenant.account.user_id,
        stem(video)
    )
}

/// What the names of its files begin with.
pub(super) fn stem(video: &Video) -> &str {
    video.vid.rsplit_once('_').map_or("", |(stem, _)| stem)
}

/// Address of the cover picture, or of its thumbnail.
pub(super) fn cover_url(base: &str, tenant: &Tenant, video: &Video, thumbnail: bool) -> String {
    format!("{base}{}", image_path(tenant, video, 0, thumbnail))
}

/// The cover is the picture 0, the others are taken from the video.
fn image_path(tenant: &Tenant, video: &Video, nth: u64, thumbnail: bool) -> String {
    let ending = if thumbnail { "" } else { "_b" };
    let (user, cover) = (&tenant.account.user_id, video.cover);
    format!("/uimage/{user}/{cover}_{nth}{ending}.jpg")
}

/// The kinds of lists a video is shown in, which differ in their types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// The call search: sizes of all files, no level, the size of the source as a number.
    Search,
    /// Every other list.
    List,
}

/// A video in a list.
pub(super) fn summary(call: &Call<'_>, video: &Video, view: View) -> Value {
    let now_ms = call.now_ms;
    let sizes = video.file_sizes(now_ms);
    let there = video.is_transcoded(now_ms);
    // Encrypted videos have no file that plays by itself. // assumed: encrypted-addresses
    let mp4 = |nth: usize| match there && !video.encrypt && nth <= sizes.len() {
        true => file_url(call, video, &format!("{nth}.mp4")),
        false => String::new(),
    };
    let hls: Vec<String> = (1..=sizes.len())
        .filter(|_| there)
        .map(|nth| file_url(call, video, &format!("{nth}.m3u8")))
        .collect();
    let category = call.tenant.categories.get(&video.category);
    let mut data = json!({
        "vid": video.vid,
        "title": video.title,
        "context": video.description,
        "tag": video.tag,
        "cataid": video.category,
        "cataname": category.map(|category| category.name.as_str()),
        "status": video.status(now_ms).code(),
        "seed": u8::from(video.encrypt),
        "df": sizes.len(),
        "times": video.times.to_string(),
        "duration": video.duration(now_ms),
        "ptime": clock::date_time_text(video.born_ms),
        "first_image": cover_url(call.base, call.tenant, video, true),
        "original_definition": "1280x720",
        "md5checksum": video.md5,
        "keepsource": u8::from(video.keep_source).to_string(),
        "mp4": mp4(sizes.len()),
        "mp4_1": mp4(1),
        "mp4_2": mp4(2),
        "mp4_3": mp4(3),
        "hls": hls,
        "swf_link": file_url(call, video, "player.swf"),
        "playerwidth": "600",
        "playerheight": "480",
        "uploader": { "email": call.tenant.email(), "name": "管理员", "role": "主账号" },
    });
    match view {
        View::Search => {
            data["status"] = video.status(now_ms).code().to_string().into();
            data["source_filesize"] = video.size.into();
            data["filesize"] = json!(sizes);
        }
        View::List => {
            data["source_filesize"] = video.size.to_string().into();
            data["hlsLevel"] = video.level.as_str().into();
        }
    }
    data
}

/// All about a video.
pub(super) fn full(call: &Call<'_>, video: &Video) -> Value {
    let mut data = summary(call, video, View::Search);
    let sizes = video.file_sizes(call.now_ms).len();
    data["hlsLevel"] = video.level.as_str().into();
    let images = |thumbnail| -> Vec<String> {
        (0..3)
            .map(|nth| image_path(call.tenant, video, nth, thumbnail))
            .collect()
    };
    let urls: Vec<String> = images(false)
        .iter()
        .map(|path| format!("{}{path}", call.base))
        .collect();
    data["images"] = json!(images(true));
    data["images_b"] = json!(images(false));
    data["imageUrls"] = json!(urls);
    data["previewVid"] = json!("");
    data["default_video"] = data["mp4"].clone();
    for nth in 1..=3 {
        let there = nth <= sizes && video.is_transcoded(call.now_ms);
        for (name, ending, there) in [
            ("flv", "flv", there && !video.encrypt),
            ("hls_", "m3u8", there),
        ] {
            let url = if there {
                file_url(call, video, &format!("{nth}.{ending}"))
            } else {
                String::new()
            };
            data[format!("{name}{nth}")] = url.into();
        }
    }
    data
}

/// `get-video-msg`: a list of one.
pub(super) fn get(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video = call.video("vid")?;
    Ok(json!([full(call, video)]))
}

/// `get-image`.
pub(super) fn image(call: &mut Call<'_>) -> Result<Value, Fault> {
    let thumbnail = call.switch("t") == Some(true);
    let video = call.video("vid")?;
    Ok(cover_url(call.base, call.tenant, video, thumbnail).into())
}

/// `GET authplay-status`.
pub(super) fn play_auth(call: &mut Call<'_>) -> Result<Value, Fault> {
    Ok(u8::from(call.video("vid")?.play_auth).into())
}

/// `get-preview-duration`.
pub(super) fn preview(call: &mut Call<'_>) -> Result<Value, Fault> {
    Ok(call.video("vid")?.preview_seconds.into())
}

/// `video-setting-page`. Its `qid` is the first question of the video. // assumed: qid
pub(super) fn settings(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video = call.video("vids")?;
    Ok(json!({
        "isShowPassword": !video.password.is_empty(),
        "vids": video.vid,
        "videoPool": {
            "describ": video.description,
            "videoPoolExt": { "password": video.password },
            "tag": video.tag,
            "title": video.title,
            "publishUrl": video.publish_url,
        },
        "qid": video.exams.first().map_or("", |exam: &Exam| exam.id.as_str()),
    }))
}

/// `wechat-share/video-info`.
pub(super) fn share(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video = call.video("vid")?;
    Ok(json!({
        "videoCoverImg": cover_url(call.base, call.tenant, video, false),
        "videoTitle": video.title,
        "videoDesc": video.description,
        "videoIcon": cover_url(call.base, call.tenant, video, true),
        "originalPlayTimes": video.times,
        "originalLikeNum": video.likes,
    }))
}

fn sizes_of(call: &Call<'_>, video: &Video, count: usize) -> Value {
    let sizes = video.file_sizes(call.now_ms);
    let mut data = json!({ "vid": video.vid, "duration": video.duration(call.now_ms) });
    for nth in 0..count {
        let size = sizes.get(nth).copied().unwrap_or_default();
        data[format!("filesize{}", nth + 1)] = size.into();
    }
    data
}

/// `video/info`: two sizes.
pub(super) fn sizes(call: &mut Call<'_>) -> Result<Value, Fault> {
    let vids = call.vids("vids", living)?;
    let videos = vids.iter().filter_map(|vid| call.tenant.videos.get(vid));
    Ok(videos.map(|video| sizes_of(call, video, 2)).collect())
}

/// `getSizeByCata`: three sizes, by category. `vids` wins.
pub(super) fn sizes_by_category(call: &mut Call<'_>) -> Result<Value, Fault> {
    let videos: Vec<&Video> = if call.form.text("vids").is_some() {
        let vids = call.vids("vids", living)?;
        vids.iter()
            .filter_map(|vid| call.tenant.videos.get(vid))
            .collect()
    } else if let Some(id) = call.category("cataid")? {
        let mut videos = call.tenant.living(call.now_ms);
        videos.retain(|video| video.category == id);
        videos
    } else {
        return Err(Fault::new("vids can't be empty").explained("neither vids nor cataid was sent"));
    };
    let mut by_category: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for video in videos {
        let list = by_category.entry(video.category.as_str()).or_default();
        list.push(sizes_of(call, video, 3));
    }
    let entries = by_category.into_iter();
    Ok(entries
        .map(|(id, videos)| json!({ "cataid": id, "videos": videos }))
        .collect())
}

/// `play-times`. Plays are counted at once, so both kinds of figures are the same. // assumed: account-figures
pub(super) fn play_times(call: &mut Call<'_>) -> Result<Value, Fault> {
    let vids = call.vids("vids", living)?;
    let videos = vids.iter().filter_map(|vid| call.tenant.videos.get(vid));
    Ok(videos
        .map(|video| json!({ "vid": video.vid, "times": video.times }))
        .collect())
}
