//! Publishing, lists, deletion and playing.

use std::time::Duration;

use serde_json::{Value, json};
use vodkit_emulator::{Change, Effect, Emulator};
use vodkit_types::quvideo::{DecodedPlayAuth, PlayAuth, VideoList};

use crate::client::{content, send, site, site_with};

const COVER: &str = "https://img.example.test/cover.jpg";

#[test]
fn a_published_video_passes_through_its_stages() {
    let site = site_with(Emulator::builder().transcode_time(Duration::from_secs(600)));
    let (user, token) = site.guest();
    let upload = site.create(&token, "film.mp4");
    let params = [
        ("token", token.as_str()),
        ("videoId", upload.video_id.as_str()),
        ("title", "第一课"),
        ("description", "光合作用"),
        ("duration", "11.6"),
        ("coverUrl", COVER),
        ("tags", "植物,生物"),
        ("cateId", "12"),
        ("cateName", "生物"),
    ];
    let reply = site.call("POST", "/vod/videoPublish", &params).json();
    assert_eq!(reply["data"], json!({}));
    assert!(reply["message"].is_null() && reply["code"] == "200");
    let entry = || site.list("getPersonalVideoList", &token, "1", "10")["videoList"][0].clone();
    let states = |entry: &Value| {
        [
            "transcodeStatus",
            "snapshotStatus",
            "censorStatus",
            "narrowTranscodeStatus",
        ]
        .map(|name| entry[name].as_str().unwrap().to_owned())
    };
    assert_eq!(states(&entry()), ["", "", "onCensor", ""]);
    let bytes = content(300_000);
    assert_eq!(upload.put(&bytes).status, 200);
    assert_eq!(states(&entry()), ["onTranscode", "", "onCensor", ""]);
    let recommended = || site.list("getRecommendVideoList", &token, "1", "10");
    assert_eq!(recommended(), json!({ "total": 0, "videoList": [] }));
    site.emulator.advance(Duration::from_secs(599));
    assert_eq!(recommended()["total"], 0);
    site.emulator.advance(Duration::from_secs(2));

    let personal = entry();
    assert_eq!(states(&personal), ["success"; 4]);
    assert_eq!(personal["duration"], json!(12.0));
    assert!(personal["duration"].is_f64() && personal["id"].is_string());
    assert_eq!(
        (&personal["size"], &personal["cateId"]),
        (&json!(300_000), &json!(12))
    );
    assert_eq!(personal["coverUrl"], COVER);
    assert_eq!(personal["user"]["userId"], user);
    let created = personal["creationTime"].as_str().unwrap();
    assert!(created.len() == 21 && created.ends_with(".0"), "{created}");
    let shots = personal["snapshotList"].as_array().unwrap();
    assert_eq!(shots.len(), 3);
    for url in shots.iter().chain([&personal["firstFrameUrl"]]) {
        assert_eq!(site.open(url.as_str().unwrap()).status, 200, "{url}");
    }
    let file = site.open(personal["fileUrlList"][0].as_str().unwrap());
    assert_eq!(file.body, bytes);

    let other = recommended();
    assert_eq!(other["total"], 1);
    let other = &other["videoList"][0];
    assert_eq!(
        (&other["status"], &other["creationTime"]),
        (&json!("1"), &json!(""))
    );
    assert_eq!(other["fileUrl"], personal["fileUrlList"][0]);
    let url = other["fileUrl"].as_str().unwrap();
    let range = [("Range", "bytes=10-19")];
    let part = send(site.at(), "GET", &site.target(url), &range, b"");
    assert_eq!((part.status, part.body.as_slice()), (206, &bytes[10..20]));

    let params = [
        ("token", token.as_str()),
        ("pageIndex", "1"),
        ("pageSize", "9"),
    ];
    for list in ["/vod/getPersonalVideoList", "/vod/getRecommendVideoList"] {
        let list: VideoList = site.ok("GET", list, &params).unwrap();
        let video = &list.video_list[0];
        assert_eq!(video.video_id.as_deref(), Some(upload.video_id.as_str()));
        assert_eq!(video.description.as_deref(), Some("光合作用"));
        assert_eq!(video.duration, Some(12.0));
        assert!(video.extra.is_empty(), "{:?}", video.extra);
    }

    // While a second file is transcoded, nothing of the video is there.
    assert_eq!(upload.put(b"again").status, 200);
    let shot = personal["firstFrameUrl"].as_str().unwrap();
    let statuses = || [url, shot].map(|url| site.open(url).status);
    assert_eq!(statuses(), [404, 404]);
    site.emulator.advance(Duration::from_secs(601));
    assert_eq!(statuses(), [200, 200]);
}

#[test]
fn what_the_publisher_leaves_out_comes_from_the_upload() {
    let site = site();
    let upload = site.create(&site.token, "film.mp4");
    assert_eq!(upload.put(&content(250_001)).status, 200);
    let token = site.token.clone();
    let params = [
        ("token", token.as_str()),
        ("videoId", upload.video_id.as_str()),
        ("coverUrl", COVER),
    ];
    site.data("POST", "/vod/videoPublish", &params);
    let list = site.list("getPersonalVideoList", &token, "1", "1");
    let entry = &list["videoList"][0];
    assert_eq!(entry["title"], "课");
    assert_eq!(
        (&entry["duration"], &entry["size"]),
        (&json!(3.0), &json!(250_001))
    );
    assert_eq!(
        (&entry["cateId"], &entry["cateName"]),
        (&json!(0), &json!(""))
    );
}

#[test]
fn publishing_needs_a_video_and_a_cover_and_happens_once() {
    let site = site();
    let token = site.token.clone();
    let upload = site.create(&token, "film.mp4");
    let id = upload.video_id.as_str();
    let publish = |token: &str, more: &[(&str, &str)]| {
        let mut params = vec![("token", token)];
        params.extend(more);
        site.refusal("POST", "/vod/videoPublish", &params)
    };
    let whole = [("videoId", id), ("coverUrl", COVER)];
    assert!(publish(&token, &whole[..1]).2.contains("coverUrl"));
    assert!(publish(&token, &whole[1..]).2.contains("videoId"));
    let unknown = [("videoId", "nothing"), ("coverUrl", COVER)];
    assert_eq!(publish(&token, &unknown).1, "500");
    let with = |name, value| [whole[0], whole[1], (name, value)];
    assert!(
        publish(&token, &with("size", "2147483648"))
            .2
            .contains("size")
    );
    assert!(
        publish(&token, &with("duration", "long"))
            .2
            .contains("duration")
    );
    assert!(publish(&token, &with("cateId", "one")).2.contains("cateId"));
    let (_, guest) = site.guest();
    let (result, code, _) = publish(&guest, &whole);
    assert_eq!((result.as_str(), code.as_str()), ("true", "403"));
    assert_eq!(
        site.list("getPersonalVideoList", &token, "1", "1")["total"],
        0
    );

    let params = [
        ("token", token.as_str()),
        whole[0],
        whole[1],
        ("size", "2147483647"),
    ];
    site.data("POST", "/vod/videoPublish", &params);
    let (_, code, message) = publish(&token, &whole);
    assert_eq!(code, "500");
    assert!(message.contains("published already"), "{message}");
    let list = site.list("getPersonalVideoList", &token, "1", "1");
    assert_eq!(list["videoList"][0]["size"], 2_147_483_647_u64);
}

#[test]
fn lists_come_in_pages_newest_first() {
    let site = site();
    let token = site.token.clone();
    for number in 1..=5 {
        site.publish(&token, &format!("film {number}"), b"bytes");
    }
    let titles = |list: &Value| -> Vec<String> {
        let list = list["videoList"].as_array().unwrap();
        list.iter()
            .map(|entry| entry["title"].as_str().unwrap().to_owned())
            .collect()
    };
    for name in ["getPersonalVideoList", "getRecommendVideoList"] {
        let page = |index: &str| site.list(name, &token, index, "2");
        assert_eq!(titles(&page("1")), ["film 5", "film 4"]);
        assert_eq!(titles(&page("3")), ["film 1"]);
        assert_eq!(titles(&page("4")), [""; 0]);
        assert_eq!(page("4")["total"], json!(5));
        let second = &page("1")["videoList"][1];
        let params = [
            ("token", token.as_str()),
            ("pageIndex", "1"),
            ("pageSize", "2"),
            ("id", second["id"].as_str().unwrap()),
        ];
        let older = site.data("GET", &format!("/vod/{name}"), &params);
        assert_eq!(titles(&older), ["film 3", "film 2"]);
        for bad in [("0", "2"), ("1", "0"), ("-1", "2")] {
            let params = [
                ("token", token.as_str()),
                ("pageIndex", bad.0),
                ("pageSize", bad.1),
            ];
            let (_, code, _) = site.refusal("GET", &format!("/vod/{name}"), &params);
            assert_eq!(code, "500", "{bad:?}");
        }
    }
}

#[test]
fn only_the_owner_deletes_and_then_everything_is_gone() {
    let site = site();
    let (owner, token) = site.guest();
    let (stranger, other) = site.guest();
    let upload = site.create(&token, "film.mp4");
    assert_eq!(upload.put(b"bytes").status, 200);
    let id = upload.video_id.as_str();
    let publish = [
        ("token", token.as_str()),
        ("videoId", id),
        ("coverUrl", COVER),
    ];
    site.data("POST", "/vod/videoPublish", &publish);
    let list = site.list("getPersonalVideoList", &token, "1", "1");
    let file = list["videoList"][0]["fileUrlList"][0]
        .as_str()
        .unwrap()
        .to_owned();
    for (token, user) in [(&token, &stranger), (&other, &owner), (&other, &stranger)] {
        let params = [
            ("token", token.as_str()),
            ("videoId", id),
            ("userId", user.as_str()),
        ];
        let (result, code, _) = site.refusal("POST", "/vod/deleteVideoById", &params);
        assert_eq!((result.as_str(), code.as_str()), ("true", "403"));
    }
    assert_eq!(site.open(&file).status, 200);
    let params = [
        ("token", token.as_str()),
        ("videoId", id),
        ("userId", owner.as_str()),
    ];
    let reply = site.call("POST", "/vod/deleteVideoById", &params).json();
    assert_eq!(reply["message"], "删除完成");
    assert!(reply["data"].is_null() && reply["result"] == "true");
    let record = site.emulator.journal().pop().unwrap();
    assert_eq!(
        record.effects,
        [Effect::Thing {
            vendor: "quvideo",
            kind: "video",
            id: id.to_owned(),
            change: Change::Deleted
        }]
    );
    assert_eq!(
        site.list("getPersonalVideoList", &token, "1", "1")["total"],
        0
    );
    assert_eq!(
        site.list("getRecommendVideoList", &token, "1", "1")["total"],
        0
    );
    assert_eq!(site.open(&file).status, 404);
    assert_eq!(
        upload.request("GET", "", &[], b"").element("Code"),
        "NoSuchKey"
    );
    let (result, code, _) = site.refusal("POST", "/vod/deleteVideoById", &params);
    assert_eq!((result.as_str(), code.as_str()), ("false", "500"));
}

#[test]
fn an_empty_file_is_no_video() {
    let site = site();
    let token = site.token.clone();
    let id = site.publish(&token, "empty", b"");
    let list = site.list("getPersonalVideoList", &token, "1", "1");
    let entry = &list["videoList"][0];
    assert_eq!(entry["videoId"], id);
    assert_eq!(
        (&entry["transcodeStatus"], &entry["censorStatus"]),
        (&json!("fail"), &json!("onCensor"))
    );
    assert!(entry["fileUrlList"].is_null() && entry["firstFrameUrl"] == "");
    assert_eq!(
        site.list("getRecommendVideoList", &token, "1", "1")["total"],
        0
    );
}

#[test]
fn a_permission_to_play_comes_after_the_transcoding() {
    let site = site_with(Emulator::builder().transcode_time(Duration::from_secs(60)));
    let upload = site.create(&site.token, "a.mp4");
    let id = upload.video_id.as_str();
    let refused = || {
        site.refusal("GET", "/demo/getVideoPlayAuth", &[("videoId", id)])
            .1
    };
    assert_eq!(refused(), "500");
    assert_eq!(upload.put(&content(1_250_000)).status, 200);
    assert_eq!(refused(), "500");
    site.emulator.advance(Duration::from_secs(61));
    let raw = site.data("GET", "/demo/getVideoPlayAuth", &[("videoId", id)]);
    assert_eq!(
        (&raw["duration"], &raw["videoId"]),
        (&json!("10.0"), &json!(id))
    );
    let reply: PlayAuth = site
        .ok("GET", "/demo/getVideoPlayAuth", &[("videoId", id)])
        .unwrap();
    let cover = reply.cover_url.unwrap();
    assert_eq!(site.open(&cover).status, 200);
    let auth = DecodedPlayAuth::of(&reply.play_auth).unwrap();
    let meta = auth.video_meta.unwrap();
    assert_eq!(
        (meta.title.as_deref(), meta.duration),
        (Some("课"), Some(10.0))
    );
    assert_eq!(meta.cover_url.as_deref(), Some(cover.as_str()));
    assert!(auth.customer_id.unwrap() > u64::from(u32::MAX));
    assert_eq!(auth.play_domain.unwrap(), site.at().to_string());
    let info: Value = serde_json::from_str(auth.auth_info.unwrap().expose()).unwrap();
    assert_eq!(info["MediaId"], id);
    assert!(info["Caller"].as_str().unwrap().ends_with("\r\n"));
    assert_eq!(
        site.refusal("GET", "/demo/getVideoPlayAuth", &[("videoId", "x")])
            .1,
        "500"
    );
}

#[test]
fn a_second_upload_replaces_the_first() {
    let site = site_with(Emulator::builder().transcode_time(Duration::from_secs(60)));
    let token = site.token.clone();
    let upload = site.create(&token, "a.mp4");
    assert_eq!(upload.put(b"first").status, 200);
    site.emulator.advance(Duration::from_secs(61));
    let auth = || {
        site.call(
            "GET",
            "/demo/getVideoPlayAuth",
            &[("videoId", &upload.video_id)],
        )
    };
    assert_eq!(auth().json()["code"], "200");
    assert_eq!(upload.put(b"second").status, 200);
    assert_eq!(auth().json()["code"], "500");
    let record = site.emulator.journal();
    let record = record
        .iter()
        .rfind(|r| r.operation == Some("PutObject"))
        .unwrap();
    assert_eq!(record.vendor, Some("quvideo"));
    let changes: Vec<(&str, Change)> = record
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Thing { kind, change, .. } => Some((*kind, *change)),
            Effect::ObjectStored { .. } => None,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        changes,
        [("object", Change::Changed), ("video", Change::Changed)]
    );
}

#[test]
fn the_callers_own_cover_is_the_cover_of_the_player() {
    let site = site();
    let params = [("title", "课"), ("fileName", "a.mp4"), ("coverURL", COVER)];
    let upload = site.ticket("/demo/getVideoUploadAuth", &params);
    assert_eq!(upload.put(b"bytes").status, 200);
    let params = [("videoId", upload.video_id.as_str())];
    let reply = site.data("GET", "/demo/getVideoPlayAuth", &params);
    assert_eq!(reply["coverURL"], COVER);
}

#[test]
fn a_video_made_without_a_token_belongs_to_who_publishes_it() {
    let site = site();
    let (user, token) = site.guest();
    let params = [("title", "of nobody"), ("fileName", "a.mp4")];
    let upload = site.ticket("/demo/getVideoUploadAuth", &params);
    assert_eq!(upload.put(b"bytes").status, 200);
    let id = upload.video_id.as_str();
    let delete = [
        ("token", token.as_str()),
        ("videoId", id),
        ("userId", user.as_str()),
    ];
    assert_eq!(
        site.refusal("POST", "/vod/deleteVideoById", &delete).1,
        "403"
    );
    let publish = [delete[0], delete[1], ("coverUrl", COVER)];
    site.data("POST", "/vod/videoPublish", &publish);
    let list = site.list("getPersonalVideoList", &token, "1", "1");
    assert_eq!(list["videoList"][0]["title"], "of nobody");
    let list = site.list("getPersonalVideoList", &site.token, "1", "1");
    assert_eq!(list["total"], 0);
    site.data("POST", "/vod/deleteVideoById", &delete);
}

#[test]
fn a_video_can_be_deleted_before_it_is_published() {
    let site = site();
    let (user, token) = site.guest();
    let upload = site.create(&token, "a.mp4");
    let health = || {
        let health = site.get("/_vodkit/health").json();
        let count = |name: &str| health["vendors"]["quvideo"][name].as_u64().unwrap();
        (count("accounts"), count("users"), count("videos"))
    };
    assert_eq!(health(), (1, 2, 1));
    let delete = [
        ("token", token.as_str()),
        ("videoId", upload.video_id.as_str()),
        ("userId", user.as_str()),
    ];
    site.data("POST", "/vod/deleteVideoById", &delete);
    assert_eq!(health(), (1, 2, 0));
    // The keys still store what nobody waits for any more.
    assert_eq!(upload.put(b"late").status, 200);
    assert_eq!(health(), (1, 2, 0));
}

#[test]
fn a_file_is_read_and_not_written_at_its_address() {
    let site = site();
    let token = site.token.clone();
    site.publish(&token, "film", b"0123456789");
    let list = site.list("getRecommendVideoList", &token, "1", "1");
    let file = list["videoList"][0]["fileUrl"].as_str().unwrap();
    let target = site.target(file);
    let head = send(site.at(), "HEAD", &target, &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some("10"));
    assert_eq!(send(site.at(), "POST", &target, &[], b"").status, 405);
    let far = send(site.at(), "GET", &target, &[("Range", "bytes=10-")], b"");
    assert_eq!((far.status, far.body.len()), (416, 0));
    assert_eq!(site.get(&target.replace("-fd", "-sd")).status, 404);
}
