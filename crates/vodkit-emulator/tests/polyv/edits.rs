//! What changes, deletes, cuts and joins videos.

use serde_json::{Value, json};
use vodkit_emulator::Change;
use vodkit_types::polyv::{JoinedVideo, Video};

use crate::client::{TRANSCODE, Vendor, read, slow_vendor, vendor};

const MSG: &str = "/v2/video/{}/get-video-msg";

#[test]
fn an_edit_is_seen_and_numbers_come_as_texts() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let params = [
        ("vid", vid.as_str()),
        ("title", "第一课 改"),
        ("tag", "新"),
        ("describ", "a b+c"),
    ];
    let data = vendor.post("/v2/video/{}/video-info", &params);
    for name in ["seed", "df", "source_filesize", "status", "times"] {
        assert!(data[0][name].is_string(), "{name}");
    }
    let list: Vec<Video> = read(&data);
    assert_eq!(list[0].title.as_deref(), Some("第一课 改"));
    let video = vendor.video(&vid);
    assert_eq!(
        (&video["tag"], &video["context"]),
        (&"新".into(), &"a b+c".into())
    );
    // A password is not among the parameters of this call.
    vendor.post(
        "/v2/video/{}/video-info",
        &[("vid", &vid), ("password", "hush")],
    );
    let page = vendor.get("/v2/video/{}/video-setting-page", &[("vids", &vid)]);
    assert_eq!(page["isShowPassword"], false);
    assert_eq!(
        vendor.refusal(
            "POST",
            "/v2/video/{}/video-info",
            &[("vid", &vid), ("title", " ")]
        ),
        "title can't be empty"
    );
}

#[test]
fn before_the_review_edits_take_no_effect() {
    let vendor = slow_vendor();
    let vid = vendor.film("old");
    vendor.advance(TRANSCODE);
    let edit = || {
        vendor.post(
            "/v2/video/{}/video-info",
            &[("vid", &vid), ("title", "new")],
        )
    };
    assert_eq!(edit()[0]["title"], "old");
    assert!(vendor.note().contains("not passed its review"));
    vendor.advance(TRANSCODE);
    assert_eq!(edit()[0]["title"], "new");
}

#[test]
fn levels_and_counts() {
    let vendor = vendor();
    let vids = vendor.films(&["a", "b"]);
    let set = |level: &str, vids: &str| {
        vendor.envelope(
            "POST",
            "/v2/config/{}/hlslevel",
            &[("hlslevel", level), ("vids", vids)],
        )
    };
    assert_eq!(
        set("app", &format!("{},nobody,{}", vids[0], vids[1]))["data"],
        2
    );
    assert_eq!(vendor.video(&vids[1])["hlsLevel"], "app");
    assert_eq!(set("none", &vids[0])["message"], "hlslevel error");
    assert_eq!(set("app", "nobody")["message"], "video not found.");
}

#[test]
fn a_forbidden_video_is_allowed_again() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let forbid = |on: &str, vids: &str| {
        vendor.envelope(
            "POST",
            "/v2/video/{}/forbidden",
            &[("vids", vids), ("forbidden", on)],
        )
    };
    assert_eq!(forbid("1", &vid)["data"], "");
    assert_eq!(vendor.status(&vid), "53");
    assert_eq!(forbid("0", &vid)["data"], "");
    assert_eq!(vendor.status(&vid), "61");
    let most = vec![vid.as_str(); 500].join(",");
    assert_eq!(forbid("0", &most)["code"], 200);
    let more = format!("{most},{vid}");
    assert_eq!(forbid("0", &more)["message"], "vid count can't over 500");
    let delete = [("userId", vendor.user()), ("vids", more.as_str())];
    assert_eq!(
        vendor.refusal("POST", "/v2/video/del-videos", &delete),
        "vid count can't over 500"
    );
    assert_eq!(forbid("2", &vid)["message"], "illegal forbidden");
}

#[test]
fn the_recycle_bin_gives_back_what_was_not_deleted_for_good() {
    let vendor = vendor();
    let vids = vendor.films(&["a", "b", "c"]);
    let gone =
        |vid: &str| vendor.envelope("GET", MSG, &[("vid", vid)])["message"] == "video not found.";
    let many = |kind: &str, vids: &str| {
        let params = [
            ("userId", vendor.user()),
            ("vids", vids),
            ("deleteType", kind),
        ];
        vendor.envelope("POST", "/v2/video/del-videos", &params)
    };
    let recover =
        |vids: &str| vendor.envelope("POST", "/v2/video/{}/recover-videos", &[("vids", vids)]);
    assert_eq!(recover(&vids[0])["code"], 400, "nothing is in there");
    assert_eq!(many("1", &vids[..2].join(","))["data"], "");
    assert!(gone(&vids[0]) && gone(&vids[1]) && !gone(&vids[2]));
    assert_eq!(many("1", &vids[0])["message"], "video not found.");
    assert_eq!(recover(&vids[0])["data"], "");
    assert!(!gone(&vids[0]));
    // For good, out of the bin and from outside of it.
    assert_eq!(many("2", &format!("{},{}", vids[1], vids[2]))["data"], "");
    assert!(gone(&vids[1]) && gone(&vids[2]));
    assert_eq!(recover(&vids[1])["code"], 400);
    assert_eq!(
        recover(&vec!["x"; 101].join(","))["message"],
        "vids limits 100"
    );
    assert_eq!(
        vendor.post("/v2/video/{}/get-del-list", &[])["totalItems"],
        0
    );
    let deleted = vendor
        .things("video")
        .into_iter()
        .filter(|(_, change)| *change == Change::Deleted);
    assert_eq!(deleted.count(), 4);
}

#[test]
fn one_video_is_deleted_by_get_as_well() {
    let vendor = vendor();
    let vids = vendor.films(&["a", "b"]);
    let path = "/v2/video/{}/del-video";
    assert_eq!(vendor.get(path, &[("vid", &vids[0])]), "");
    assert_eq!(
        vendor.post(path, &[("vid", &vids[1]), ("deleteType", "2")]),
        ""
    );
    let bin = vendor.post("/v2/video/{}/get-del-list", &[]);
    assert_eq!(bin["totalItems"], 1);
    assert_eq!(bin["contents"][0]["vid"], vids[0].as_str());
    assert_eq!(
        vendor.refusal("POST", path, &[("vid", &vids[1])]),
        "video not found."
    );
    assert_eq!(
        vendor.refusal("POST", path, &[("vid", &vids[0]), ("deleteType", "3")]),
        "illegal deleteType"
    );
    assert_eq!(vendor.refusal("POST", path, &[]), "vid is blank");
}

/// The new video that a clip makes, or the message of its refusal.
fn clip(vendor: &Vendor, vid: &str, frames: &str) -> Value {
    let params = [("vid", vid), ("title", "part"), ("timeFrame", frames)];
    let mut envelope = vendor.envelope("POST", "/v2/video/{}/clip", &params);
    match envelope["code"] == 200 {
        true => vendor.video(envelope["data"].as_str().unwrap()),
        false => envelope["message"].take(),
    }
}

#[test]
fn a_clip_is_a_video_of_its_own() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let made = clip(
        &vendor,
        &vid,
        r#"[{"start":0,"end":10},{"start":"40","end":"48"}]"#,
    );
    assert_eq!(made["title"], "part");
    assert_eq!(made["duration"], "00:00:18");
    assert_eq!(made["source_filesize"], 6_000_000 * 18 / 48);
    assert_ne!(made["vid"], vid.as_str());
    for frames in [
        "x",
        "[]",
        r#"[{"start":0}]"#,
        r#"[{"start":0,"end":4.9}]"#,
        r#"[{"start":0,"end":49}]"#,
        r#"[{"start":-1,"end":10}]"#,
        r#"[{"start":0,"end":"NaN"}]"#,
    ] {
        assert_eq!(clip(&vendor, &vid, frames), "illegal timeFrame", "{frames}");
    }
    let six = [r#"{"start":0,"end":5}"#; 6].join(",");
    assert_eq!(
        clip(&vendor, &vid, &format!("[{six}]")),
        "illegal timeFrame"
    );
    assert_eq!(
        clip(&vendor, "nobody", r#"[{"start":0,"end":5}]"#),
        "video not found."
    );
}

#[test]
fn videos_are_joined_in_order() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let join = |vids: &str, more: &[(&str, &str)]| {
        let mut params = vec![("vids", vids)];
        params.extend(more);
        vendor.envelope("POST", "/v2/video/{}/concat", &params)
    };
    let twice = format!("{vid},{vid}");
    let long = "长".repeat(130);
    let joined: JoinedVideo = read(&join(&twice, &[("title", &long)])["data"]);
    let made = vendor.video(&joined.vid);
    assert_eq!(made["duration"], "00:01:36");
    assert_eq!(made["source_filesize"], 12_000_000);
    assert_eq!(made["title"].as_str().unwrap().chars().count(), 128);
    let untitled: JoinedVideo = read(&join(&format!("{twice},{vid}"), &[])["data"]);
    assert_eq!(vendor.video(&untitled.vid)["title"], "示例视频 光合作用");
    // Joining what was joined grows beyond every number.
    let mut grown = vid.clone();
    for _ in 0..40 {
        let thrice = format!("{grown},{grown},{grown}");
        grown = read::<JoinedVideo>(&join(&thrice, &[])["data"]).vid;
    }
    assert_eq!(vendor.video(&grown)["source_filesize"], u64::MAX);
    assert_eq!(vendor.post("/v2/user/{}/main", &[])["usedSpace"], u64::MAX);
    assert_eq!(join(&vid, &[])["message"], "illegal vids");
    assert_eq!(
        join(&format!("{twice},{twice}"), &[])["message"],
        "illegal vids"
    );
    assert_eq!(
        join(&format!("{vid},nobody"), &[])["message"],
        "video not found."
    );
    assert_eq!(
        join(&twice, &[("cataId", "77")])["message"],
        "illegal cataid"
    );
    assert_eq!(
        vendor.things("video")[..2],
        [joined.vid, untitled.vid].map(|vid| (vid, Change::Created))
    );
    assert_eq!(
        vendor.post("/v2/user/{}/main", &[])["videoCount"],
        json!(43)
    );
}
