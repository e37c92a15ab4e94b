//! What is told of a single video, from its making on.

use serde_json::json;
use vodkit_types::polyv::{
    CategorySizes, EncryptionLevel, PlayTimes, ShareInfo, Switch, Video, VideoSettings, VideoSizes,
    VideoStatus,
};

use crate::client::{TRANSCODE, read, refused, send, slow_vendor, vendor};

#[test]
fn the_built_in_video_is_published_and_complete() {
    let vendor = vendor();
    let vid = vendor.builtin();
    // The account, 22 hexadecimal digits, an underscore, the first character of the account.
    assert_eq!(vid.len(), 34);
    assert!(vid.starts_with(vendor.user()) && vid.ends_with("_v"));
    let digits = &vid[10..32];
    assert!(
        digits
            .bytes()
            .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    );
    let shown = vendor.video(&vid);
    let video: Video = read(&shown);
    assert_eq!(video.status, VideoStatus::Published61);
    assert_eq!(video.title.as_deref(), Some("示例视频 光合作用"));
    assert_eq!(video.duration.as_deref(), Some("00:00:48"));
    assert_eq!(video.times, Some(12));
    assert_eq!(video.cataid.as_deref(), Some("1"));
    assert_eq!(video.cataname.as_deref(), Some("默认分类"));
    assert_eq!(video.source_filesize, Some(6_000_000));
    assert_eq!(video.filesize, [2_100_000, 3_600_000]);
    assert_eq!(video.hls_level, Some(EncryptionLevel::Open));
    assert_eq!(video.seed, Some(Switch::Off));
    assert_eq!(shown["ptime"], "2024-03-01 10:00:00");
    assert_eq!(video.hls.len(), 2);
    assert_eq!(video.image_urls.len(), 3);
    assert_eq!(video.default_video, video.mp4);
    assert_eq!(video.mp4, video.mp4_2);
    assert_eq!(video.mp4_3.as_deref().unwrap_or_default(), "");
    // Texts and numbers change places as they do on the page.
    for text in ["status", "times", "keepsource", "playerwidth", "duration"] {
        assert!(shown[text].is_string(), "{text}");
    }
    for number in ["seed", "df", "source_filesize"] {
        assert!(shown[number].is_u64(), "{number}");
    }
    // POST is allowed as well.
    assert_eq!(
        vendor.post("/v2/video/{}/get-video-msg", &[("vid", &vid)])[0],
        shown
    );
}

#[test]
fn a_video_passes_through_its_states_by_the_clock() {
    let vendor = slow_vendor();
    let vid = vendor.film("slow");
    // It is fetched for half of the time of a transcoding.
    let missing = vendor.refusal("GET", "/v2/video/{}/get-video-msg", &[("vid", &vid)]);
    assert_eq!(missing, "video not found.");
    vendor.advance(TRANSCODE / 2);
    assert_eq!(vendor.status(&vid), "10");
    vendor.advance(TRANSCODE / 4);
    assert_eq!(vendor.status(&vid), "20");
    let video: Video = read(&vendor.video(&vid));
    assert_eq!(video.filesize, [0, 0]);
    assert_eq!(video.mp4.as_deref().unwrap_or_default(), "");
    assert_eq!(video.duration.as_deref(), Some("00:00:00"));
    assert!(video.hls.is_empty());
    vendor.advance(TRANSCODE / 2);
    assert_eq!(vendor.status(&vid), "50");
    let video: Video = read(&vendor.video(&vid));
    assert!(video.filesize[1] > video.filesize[0] && video.filesize[0] > 0);
    assert!(video.mp4.unwrap().ends_with("_2.mp4"));
    vendor.advance(TRANSCODE / 4);
    assert_eq!(vendor.status(&vid), "61");
}

#[test]
fn pictures_open_at_the_addresses_of_the_replies() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let image = |params: &[(&str, &str)]| {
        let url = vendor.get("/v2/video/{}/get-image", params);
        url.as_str()
            .unwrap()
            .strip_prefix(vendor.emulator.base_url())
            .unwrap()
            .to_owned()
    };
    let cover = image(&[("vid", &vid)]);
    let thumbnail = image(&[("vid", &vid), ("t", "1")]);
    assert_ne!(cover, thumbnail);
    assert_eq!(image(&[("vid", &vid), ("t", "0")]), cover);
    for target in [&cover, &thumbnail] {
        let reply = send(vendor.at(), "GET", target, &[], b"");
        assert_eq!(reply.status, 200, "{target}");
        assert!(reply.body.starts_with(&[0xff, 0xd8]));
        assert!(reply.head.contains("image/jpeg"));
    }
    let video = vendor.video(&vid);
    for nth in 0..3 {
        let path = video["images"][nth].as_str().unwrap();
        assert_eq!(
            send(vendor.at(), "GET", path, &[], b"").status,
            200,
            "{path}"
        );
    }
    let nowhere = format!("/uimage/{}/1_0.jpg", vendor.user());
    assert_eq!(send(vendor.at(), "GET", &nowhere, &[], b"").status, 404);
}

#[test]
fn settings_and_share_info_follow_what_was_saved() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let settings = || -> VideoSettings {
        read(&vendor.get("/v2/video/{}/video-setting-page", &[("vids", &vid)]))
    };
    let before = settings();
    assert_eq!(before.is_show_password, Some(false));
    assert_eq!(before.vids.as_ref(), Some(&vid));
    let exam = before.qid.unwrap();
    assert!(!exam.is_empty());
    let save = "/v2/video/{}/video-setting-save";
    vendor.post(
        save,
        &[
            ("vids", &vid),
            ("title", "新 & 旧"),
            ("password", "test-password-0123456789"),
            ("publishUrl", "https://www.example.test/a?b=c"),
        ],
    );
    let after = settings();
    assert_eq!(after.is_show_password, Some(true));
    let pool = after.video.unwrap();
    assert_eq!(pool.title.as_deref(), Some("新 & 旧"));
    assert_eq!(pool.describ.as_deref(), Some("植物如何生长"), "not sent");
    assert_eq!(
        pool.publish_url.as_deref(),
        Some("https://www.example.test/a?b=c")
    );
    assert_eq!(
        pool.more.unwrap().password.unwrap().expose(),
        "test-password-0123456789"
    );
    // An empty password is sent, drops out of the signed text and removes the password.
    vendor.post(save, &[("vids", &vid), ("password", "")]);
    assert_eq!(settings().is_show_password, Some(false));
    assert!(!format!("{:?}", vendor.emulator.journal()).contains("test-password"));

    let share = vendor.get("/v2/video/wechat-share/{}/video-info", &[("vid", &vid)]);
    let share: ShareInfo = read(&share);
    assert_eq!(share.title.as_deref(), Some("新 & 旧"));
    assert_eq!((share.play_times, share.likes), (Some(12), Some(3)));
    assert!(
        share
            .cover_image
            .unwrap()
            .starts_with(vendor.emulator.base_url())
    );
}

#[test]
fn sizes_and_plays_are_told_of_several_videos() {
    let vendor = vendor();
    let (first, second) = (vendor.builtin(), vendor.film("second"));
    let both = format!("{first},{second}");
    let sizes = vendor.get("/v2/video/{}/info", &[("vids", &both)]);
    assert!(sizes[0].get("filesize3").is_none());
    let sizes: Vec<VideoSizes> = read(&sizes);
    assert_eq!(sizes.len(), 2);
    assert_eq!(sizes[0].vid, first);
    assert_eq!(
        (sizes[0].filesize1, sizes[0].filesize2),
        (Some(2_100_000), Some(3_600_000))
    );
    let plays = vendor.get(
        "/v2/data/{}/play-times",
        &[("vids", &both), ("realTime", "1")],
    );
    let plays: Vec<PlayTimes> = read(&plays);
    let times: Vec<_> = plays.iter().map(|play| (&play.vid, play.times)).collect();
    assert_eq!(times, [(&first, Some(12)), (&second, Some(0))]);

    let by = |params: &[(&str, &str)]| -> Vec<CategorySizes> {
        read(&vendor.get("/v2/video/{}/getSizeByCata", params))
    };
    let all = by(&[("cataid", "1")]);
    assert_eq!((all.len(), all[0].videos.len()), (1, 2));
    // The ids win over the category.
    let one = by(&[("cataid", "77"), ("vids", &first)]);
    assert_eq!(one[0].videos[0].filesize3, Some(0));
    assert_eq!(one[0].videos.len(), 1);
    let refusal =
        |params: &[(&str, &str)]| vendor.refusal("GET", "/v2/video/{}/getSizeByCata", params);
    assert_eq!(refusal(&[]), "vids can't be empty");
    assert_eq!(refusal(&[("cataid", "77")]), "illegal cataid");
}

#[test]
fn unknown_videos_are_passed_over_until_none_is_left() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let some = format!("nobody,{vid},{vid}");
    let sizes = vendor.get("/v2/video/{}/info", &[("vids", &some)]);
    assert_eq!(sizes.as_array().unwrap().len(), 1);
    let none = vendor.envelope("GET", "/v2/video/{}/info", &[("vids", "nobody")]);
    assert_eq!(refused(none), "video not found.");
    assert!(vendor.note().contains("nobody") && vendor.note().contains("assumed: batch"));
    let empty = vendor.envelope("GET", "/v2/video/{}/info", &[("vids", ",")]);
    assert_eq!(refused(empty), "vids can't be empty");
}

#[test]
fn a_failed_preview_calls_itself_a_success() {
    let vendor = vendor();
    let path = "/v2/video/{}/get-preview-duration";
    let vid = vendor.builtin();
    assert_eq!(vendor.get(path, &[("vid", &vid)]), 0);
    let set = "/v2/video/{}/set-preview-duration";
    assert_eq!(vendor.post(set, &[("vid", &vid), ("duration", "30")]), "");
    assert_eq!(vendor.get(path, &[("vid", &vid)]), 30);
    let failed = vendor.envelope("GET", path, &[("vid", "nobody")]);
    assert_eq!(
        failed,
        json!({ "code": 400, "status": "success", "message": "success", "data": "video not found." })
    );
    // What every call is refused for has the usual shape.
    let unsigned = vendor.raw("GET", path, &vendor.unsigned(&[("vid", &vid)]));
    assert_eq!(refused(unsigned.json()), "sign can not be empty.");
    assert_eq!(
        vendor.refusal("POST", set, &[("vid", "nobody"), ("duration", "30")]),
        "video not found."
    );
}
