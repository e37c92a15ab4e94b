//! Publishing, lists, deletion, and the permission to play.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use super::Call;
use super::envelope::Fault;
use super::state::{Progress, Published, State, Video};
use super::upload::{REGION, visible};
use super::user::avatar_url;
use crate::clock;
use crate::journal::Change;

/// Greatest size that the server's table has room for.
const LARGEST: u64 = i32::MAX as u64;
/// The account of the service behind the server, which no call shows otherwise.
const CUSTOMER_ID: u64 = 9_000_000_001;
/// How long a permission to play lives. // assumed: play-auth
const PLAY_LIFE_MS: i64 = 100 * 1000;

/// `vod/videoPublish`
pub(super) fn video_publish(call: &mut Call<'_>) -> Result<Value, Fault> {
    let form = call.form;
    let user = call.user()?;
    let required = |name: &str| {
        form.required(name)
            .map_err(|bad| Fault::from(bad).assumed("publish-required"))
    };
    let id = required("videoId")?;
    let cover_url = required("coverUrl")?;
    let size = form.number("size")?;
    if size.is_some_and(|size| size > LARGEST) {
        return Err(Fault::parameter("size", "does not fit in 32 bits"));
    }
    let text = |name: &str| form.text(name).unwrap_or_default().to_owned();
    let duration = form.text("duration").and_then(|text| text.parse().ok());
    let category = form.text("cateId").and_then(|text| text.parse().ok());
    call.state(|state| {
        visible(state, id, Some(&user))?;
        let row = state.next_row();
        let video = state
            .videos
            .get_mut(id)
            .ok_or_else(|| Fault::no_video(id))?;
        if video.published.is_some() {
            return Err(Fault::failed(format!("video {id} is published already")));
        }
        video.published = Some(Published {
            row,
            user: user.clone(),
            title: form.text("title").unwrap_or(&video.title).to_owned(),
            description: text("description"),
            duration,
            cover_url: cover_url.to_owned(),
            size,
            tags: text("tags"),
            category: category.unwrap_or(0),
            category_name: text("cateName"),
            at_ms: call.now_ms,
        });
        Ok(())
    })?;
    call.changed("video", id, Change::Changed);
    Ok(json!({}))
}

/// Which list a video is shown in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Recommended,
    Personal,
}

/// `vod/getRecommendVideoList`: what passed the review. // assumed: recommended
pub(super) fn get_recommend_video_list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let now_ms = call.now_ms;
    list(call, List::Recommended, |video, _| video.has_passed(now_ms))
}

/// `vod/getPersonalVideoList`: what the user published, at whatever stage.
pub(super) fn get_personal_video_list(call: &mut Call<'_>) -> Result<Value, Fault> {
    let user = call.user()?;
    list(call, List::Personal, |_, published| published.user == user)
}

fn list(
    call: &Call<'_>,
    list: List,
    belongs: impl Fn(&Video, &Published) -> bool,
) -> Result<Value, Fault> {
    let (index, size) = (positive(call, "pageIndex")?, positive(call, "pageSize")?);
    let before = call.form.number("id")?.unwrap_or(u64::MAX);
    call.state(|state| {
        let mut rows: Vec<(&Video, &Published)> = state
            .videos
            .values()
            .filter_map(|video| Some((video, video.published.as_ref()?)))
            .filter(|(video, published)| belongs(video, published))
            .collect();
        rows.sort_by_key(|(_, published)| std::cmp::Reverse(published.row));
        let total = rows.len();
        let skip = usize::try_from((index - 1).saturating_mul(size)).unwrap_or(usize::MAX);
        let page: Vec<Value> = rows
            .into_iter()
            // What the vendor's app asks for: older than the last row it has. // assumed: cursor
            .filter(|(_, published)| published.row < before)
            .skip(skip)
            .take(usize::try_from(size).unwrap_or(usize::MAX))
            .map(|(video, published)| entry(call, state, list, video, published))
            .collect();
        Ok(json!({ "total": total, "videoList": page }))
    })
}

/// A number of a page, which counts from one.
fn positive(call: &Call<'_>, name: &str) -> Result<u64, Fault> {
    call.form
        .number(name)
        .ok()
        .flatten()
        .filter(|number| *number > 0)
        .ok_or_else(|| Fault::parameter(name, "must be 1 or more").assumed("page"))
}

fn entry(
    call: &Call<'_>,
    state: &State,
    list: List,
    video: &Video,
    published: &Published,
) -> Value {
    let progress = video.progress(call.now_ms);
    let done = progress == Progress::Done;
    let seconds = published.duration.unwrap_or(video.seconds() as f64);
    let size = video.source.as_ref().map_or(0, |source| source.size);
    let nick_name = state
        .users
        .get(&published.user)
        .map_or("", |user| user.nick_name.as_str());
    let transcoding = match progress {
        Progress::Empty => "",
        Progress::Working => "onTranscode",
        Progress::Done => "success",
        Progress::Failed => "fail",
    };
    let pictured = video.has_pictures(call.now_ms);
    let pictures = match progress {
        Progress::Empty | Progress::Working => "",
        Progress::Done if pictured => "success",
        Progress::Done | Progress::Failed => "fail",
    };
    let review = match done {
        true if video.has_passed(call.now_ms) => "success",
        true => "fail",
        false => "onCensor",
    };
    let snapshot = |number: u8| snapshot_url(call.base, &video.id, number);
    let mut entry = json!({
        "id": published.row.to_string(),
        "videoId": video.id,
        "title": published.title,
        "description": published.description,
        // The server's table has no room for fractions, its frame writes one all the same.
        "duration": seconds.round(),
        "coverUrl": published.cover_url,
        "creationTime": "",
        "status": "",
        "firstFrameUrl": if pictured { snapshot(1) } else { String::new() },
        "size": published.size.unwrap_or(size),
        "cateId": published.category,
        "cateName": published.category_name,
        "tags": published.tags,
        "shareUrl": "",
        "user": {
            "userId": published.user,
            "userName": nick_name,
            "avatarUrl": avatar_url(call.base, &published.user),
        },
        "transcodeStatus": transcoding,
        "snapshotStatus": pictures,
        "censorStatus": review,
        "narrowTranscodeStatus": if done { "success" } else { "" },
    });
    let file = || file_url(call.base, state, &video.id);
    match list {
        List::Recommended => {
            entry["status"] = json!("1");
            entry["fileUrl"] = json!(file());
        }
        List::Personal => {
            // assumed: zone
            let created = clock::date_time_text(published.at_ms);
            entry["creationTime"] = json!(format!("{created}.0"));
            entry["isRecommend"] = Value::Null;
            entry["fileUrlList"] = if done { json!([file()]) } else { Value::Null };
            entry["snapshotList"] = match pictured {
                true => json!([snapshot(1), snapshot(2), snapshot(3)]),
                false => Value::Null,
            };
        }
    }
    entry
}

/// Name of the transcoded file of a video.
pub(super) fn file_name(state: &State, id: &str) -> String {
    format!("{}-fd.mp4", state.seal(&format!("file|{id}")))
}

pub(super) fn file_url(base: &str, state: &State, id: &str) -> String {
    format!("{base}/quvideo/video/{id}/{}", file_name(state, id))
}

pub(super) fn snapshot_url(base: &str, id: &str, number: u8) -> String {
    format!("{base}/quvideo/snapshot/{id}/{number:05}.jpg")
}

/// `vod/deleteVideoById`: the user of the token, the user that is named and the owner have to be the same.
pub(super) fn delete_video_by_id(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = call.form.required("videoId")?;
    let named = call.form.required("userId")?;
    let user = call.user()?;
    let (bucket, removed) = call.state(|state| {
        let video = state.videos.get(id).ok_or_else(|| Fault::no_video(id))?;
        if video.owner() != Some(named) || named != user {
            return Err(Fault::of_another(format!(
                "video {id} belongs to another user"
            )));
        }
        Ok((state.bucket.clone(), state.videos.remove(id)))
    })?;
    if let Some(video) = removed {
        call.shared
            .oss
            .with(|store| store.remove(&bucket, &video.key));
    }
    call.changed("video", id, Change::Deleted);
    Ok(Value::Null)
}

/// `demo/getVideoPlayAuth`
pub(super) fn get_video_play_auth(call: &mut Call<'_>) -> Result<Value, Fault> {
    let id = call.form.required("videoId")?;
    let now_ms = call.now_ms;
    call.state(|state| {
        let video = state.videos.get(id).ok_or_else(|| Fault::no_video(id))?;
        if video.progress(now_ms) != Progress::Done {
            let problem = format!("video {id} has no file that can be played yet");
            return Err(Fault::failed(problem).assumed("play-auth"));
        }
        let cover = match &video.cover_url {
            Some(cover) => cover.clone(),
            None => snapshot_url(call.base, id, 1),
        };
        let seconds = video.seconds() as f64;
        let domain = call.base.split("://").nth(1).unwrap_or(call.base);
        let title = video
            .published
            .as_ref()
            .map_or(&video.title, |published| &published.title)
            .clone();
        let info = json!({
            "Caller": format!("{}\r\n", state.seal("caller")),
            "ExpireTime": clock::utc_text(now_ms.saturating_add(PLAY_LIFE_MS)),
            "MediaId": id,
            "PlayDomain": domain,
            "Signature": BASE64.encode(state.seal(&format!("play|{id}|{now_ms}"))),
        });
        // The player's keys open calls of the service that the emulator does not have. // assumed: play-auth
        let auth = json!({
            "SecurityToken": format!("CAIS{}", BASE64.encode(state.fresh("play token"))),
            "AuthInfo": info.to_string(),
            "VideoMeta": {
                "Status": "Normal",
                "VideoId": id,
                "Title": title,
                "CoverURL": cover,
                "Duration": seconds,
            },
            "AccessKeyId": format!("STS.{}", &state.fresh("play key")[..25]),
            "PlayDomain": domain,
            "AccessKeySecret": state.fresh("play secret"),
            "Region": REGION,
            "CustomerId": CUSTOMER_ID,
        });
        Ok(json!({
            "coverURL": cover,
            "duration": format!("{seconds:?}"),
            "videoId": id,
            "playAuth": BASE64.encode(auth.to_string()),
        }))
    })
}
