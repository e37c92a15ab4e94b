//! API 1, 5 to 11, 20, 26, 31, 40 and the callback address, with the types of the page's samples.

use std::time::Duration;

use serde_json::{Value, json};
use vodkit_emulator::baijiayun::Account;
use vodkit_emulator::{Effect, Emulator};

use crate::client::{content, encode, md5_hex, vendor, vendor_with};

#[test]
fn get_info_has_the_types_of_the_sample() {
    let vendor = vendor();
    let bytes = content(250_001);
    let id = vendor.film("骑车的小人.mkv", &bytes);
    let text = id.to_string();
    let category = vendor.call("video/addCategory", &[("name", "课")])["id"]
        .as_u64()
        .unwrap();
    let below = vendor.call(
        "video/addCategory",
        &[("name", "节"), ("parent_id", &category.to_string())],
    );
    let below = below["id"].as_u64().unwrap();

    let info = vendor.call("video/getInfo", &[("video_id", &text)]);
    assert_eq!(info["category"], json!([]), "none yet: an empty list");
    vendor.call(
        "video/setVideoCategory",
        &[("video_id", &text), ("category_id", &below.to_string())],
    );
    let mut info = vendor.call("video/getInfo", &[("video_id", &text)]);
    let created = info["create_time"].take().as_u64().unwrap();
    assert!(created.abs_diff(crate::client::now()) < 60);
    let size = bytes.len();
    let file = |definition: &str, kind: &str| json!({ "definition": definition, "type": kind, "size": size });
    assert_eq!(
        info,
        json!({
            "video_id": id,
            "name": "骑车的小人",
            "status": 100,
            "total_size": size,
            "total_transcode_size": 7 * size,
            "origin_definition": "super",
            "create_time": null,
            "preface_url": format!("{}/image/{id}/0.jpg", vendor.emulator.base_url()),
            "length": 3,
            "audit_status": 0,
            "publish_status": 1,
            "file_md5": md5_hex(&bytes),
            "transcode_info": [
                file("std", "mp4"), file("std", "flv"), file("std", "m3u8"),
                file("super", "mp4"), file("super", "flv"), file("super", "m3u8"),
            ],
            "category": [
                { "id": category, "level": 1, "name": "课" },
                { "id": below, "level": 2, "name": "节" },
            ],
        })
    );
}

#[test]
fn status_words_are_the_vendors() {
    let vendor = vendor_with(Emulator::builder().transcode_time(Duration::from_secs(60)));
    let (id, target) = vendor.create("a.mp4", &[]);
    let id = id.to_string();
    let mut seen = Vec::new();
    seen.push(vendor.call("video/getStatus", &[("video_id", &id)]));
    vendor.upload(&target, b"x");
    seen.push(vendor.call("video/getStatus", &[("video_id", &id)]));
    vendor.emulator.advance(Duration::from_secs(60));
    seen.push(vendor.call("video/getStatus", &[("video_id", &id)]));
    assert_eq!(
        Value::Array(seen),
        json!([
            { "status": 10, "info": "上传中" },
            { "status": 20, "info": "转码中" },
            { "status": 100, "info": "转码成功" },
        ])
    );
}

#[test]
fn pictures_are_pictures() {
    let vendor = vendor();
    let id = vendor.film("a.mp4", b"film");
    let data = vendor.call("video/getImage", &[("video_id", &id.to_string())]);
    assert_eq!(
        data["video_id"],
        json!(id.to_string()),
        "a text, as in the sample"
    );
    assert_eq!(
        (&data["width"], &data["height"], &data["img_count"]),
        (&json!(1280), &json!(720), &json!(5))
    );
    let images = data["imgs"].as_array().unwrap();
    assert_eq!(images.len(), 5);
    for image in images {
        let reply = vendor.get(&vendor.target(image.as_str().unwrap()), &[]);
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, Some("image/jpeg"))
        );
        assert!(reply.body.starts_with(&[0xff, 0xd8, 0xff]) && reply.body.ends_with(&[0xff, 0xd9]));
        // Width and height stand in the frame header.
        let frame = reply
            .body
            .windows(2)
            .position(|two| two == [0xff, 0xc0])
            .unwrap();
        assert_eq!(reply.body[frame + 5..frame + 9], [2, 208, 5, 0]);
    }
    assert_eq!(vendor.get(&format!("/image/{id}/x.jpg"), &[]).status, 404);
    assert_eq!(vendor.get("/image/1/0.jpg", &[]).status, 404);
}

#[test]
fn definitions_are_removed_and_mp4_goes_last() {
    let vendor = vendor();
    let id = vendor.film("a.mp4", b"film").to_string();
    let files = || -> Vec<String> {
        let info = vendor.call("video/getInfo", &[("video_id", &id)]);
        let list = info["transcode_info"].as_array().unwrap().clone();
        list.iter()
            .map(|f| {
                format!(
                    "{}/{}",
                    f["definition"].as_str().unwrap(),
                    f["type"].as_str().unwrap()
                )
            })
            .collect()
    };
    let (code, message) = vendor.refusal(
        "video/removeDefinition",
        &[("video_id", &id), ("definition", "16"), ("type", "1")],
    );
    assert_eq!(code, 1);
    assert!(message.contains("mp4"), "{message}");
    assert_eq!(files().len(), 6, "a refusal changes nothing");
    let data = vendor.call(
        "video/removeDefinition",
        &[("video_id", &id), ("definition", "16"), ("type", "2,4")],
    );
    assert_eq!(
        data,
        json!({ "video_id": id, "definition": "16", "type": "2,4" })
    );
    assert_eq!(files(), ["std/mp4", "super/mp4", "super/flv", "super/m3u8"]);
    vendor.call(
        "video/removeDefinition",
        &[("video_id", &id), ("definition", "16"), ("type", "1")],
    );
    // Without a type the whole definition goes, mp4 included, and no type comes back.
    let data = vendor.call(
        "video/removeDefinition",
        &[("video_id", &id), ("definition", "2")],
    );
    assert_eq!(data, json!({ "video_id": id, "definition": "2" }));
    assert_eq!(files(), [""; 0]);
    for (definition, kind) in [("3", "1"), ("x", "1"), ("16", "3")] {
        let params = [
            ("video_id", id.as_str()),
            ("definition", definition),
            ("type", kind),
        ];
        assert_eq!(
            vendor.refusal("video/removeDefinition", &params).0,
            1001,
            "{definition} {kind}"
        );
    }
}

#[test]
fn a_source_can_go_while_the_video_stays() {
    let vendor = vendor();
    let (first, second) = (vendor.film("a.mp4", b"film"), vendor.film("b.mp4", b"film"));
    let ids = format!("{first},{second}");
    assert_eq!(
        vendor
            .refusal(
                "video/deleteOriginVideo",
                &[("video_ids", &format!("{ids},1"))]
            )
            .0,
        5002
    );
    assert_eq!(
        vendor.query("video/deleteOriginVideo", &[("video_ids", &ids)]),
        Value::Null
    );
    let info = vendor.call("video/getInfo", &[("video_id", &first.to_string())]);
    assert_eq!(
        (&info["status"], &info["total_transcode_size"]),
        (&json!(100), &json!(6 * 4))
    );
    let again = [("video_id", &*first.to_string()), ("definition", "1")];
    assert_eq!(
        vendor.refusal("video/transcodeAgain", &again).0,
        1,
        "there is no source any more"
    );
    let gone = vendor
        .emulator
        .journal()
        .into_iter()
        .flat_map(|record| record.effects);
    assert_eq!(
        gone.filter(|effect| matches!(effect, Effect::OriginDeleted { .. }))
            .count(),
        2
    );
}

#[test]
fn a_video_is_renamed_blocked_and_deleted() {
    let vendor = vendor();
    let id = vendor.film("a.mp4", b"film");
    let text = id.to_string();
    let name = "a+b & c=d 课 100%";
    assert_eq!(
        vendor.call("video/update", &[("video_id", &text), ("name", name)]),
        json!({ "video_id": id })
    );
    assert_eq!(
        vendor.call("video/getInfo", &[("video_id", &text)])["name"],
        name
    );
    assert_eq!(
        vendor.call("video/update", &[("video_id", &text)]),
        json!({ "video_id": id }),
        "the name is optional"
    );
    assert_eq!(
        vendor.call("video/getInfo", &[("video_id", &text)])["name"],
        name
    );

    assert_eq!(
        vendor.call(
            "video/setPublishStatus",
            &[("video_id", &text), ("status", "2")]
        ),
        json!({ "status": 2 })
    );
    assert_eq!(
        vendor.call("video/getInfo", &[("video_id", &text)])["publish_status"],
        2
    );
    assert_eq!(
        vendor.call("video/getVideoList", &[])["list"][0]["publish_status"],
        0
    );
    assert_eq!(
        vendor.call(
            "video/setPublishStatus",
            &[("video_id", &text), ("status", "1")]
        ),
        json!({ "status": 1 })
    );
    assert_eq!(
        vendor.call("video/getVideoList", &[])["list"][0]["publish_status"],
        1
    );
    assert_eq!(
        vendor
            .refusal(
                "video/setPublishStatus",
                &[("video_id", &text), ("status", "3")]
            )
            .0,
        1001
    );

    assert_eq!(
        vendor.call("video/delete", &[("video_id", &text)]),
        json!({ "video_id": id })
    );
    for call in [
        "video/getInfo",
        "video/getStatus",
        "video/getImage",
        "video/delete",
        "video/getUrl",
        "video/getPlayerToken",
    ] {
        assert_eq!(
            vendor.refusal(call, &[("video_id", &text)]).0,
            5002,
            "{call}"
        );
    }
    assert_eq!(vendor.call("video/getVideoList", &[])["total"], 0);
}

#[test]
fn the_list_has_pages_and_the_types_of_the_sample() {
    let vendor = vendor();
    let ids: Vec<u64> = (0..5)
        .map(|n| vendor.create(&format!("{n}.mp4"), &[]).0)
        .collect();
    let film = vendor.film("last.mp4", b"film");
    let category = vendor.call("video/addCategory", &[("name", "课")])["id"]
        .as_u64()
        .unwrap();
    vendor.call(
        "video/setVideoCategory",
        &[
            ("video_id", &film.to_string()),
            ("category_id", &category.to_string()),
        ],
    );

    let data = vendor.call("video/getVideoList", &[("page", "2"), ("page_size", "2")]);
    assert_eq!(
        (&data["total"], &data["page"], &data["page_size"]),
        (&json!(6), &json!(2), &json!(2))
    );
    let listed: Vec<u64> = data["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v["video_id"].as_u64().unwrap())
        .collect();
    assert_eq!(listed, [ids[3], ids[2]], "the newest first");
    assert_eq!(
        vendor.call("video/getVideoList", &[("page", "4"), ("page_size", "2")])["list"],
        json!([])
    );

    let data = vendor.call("video/getVideoList", &[]);
    assert_eq!((&data["page"], &data["page_size"]), (&json!(1), &json!(20)));
    let newest = &data["list"][0];
    assert_eq!(newest["name"], "last");
    let time = newest["create_time"].as_str().expect("a text in this call");
    assert!(time.len() == 19 && time.as_bytes()[10] == b' ', "{time}");
    assert_eq!(newest["category"]["category_level1_id"], category);
    assert_eq!(newest["category"]["category_level5_id"], 0);
    assert_eq!(
        (&newest["length"], &newest["total_size"]),
        (&json!(1), &json!(4))
    );
    let unfinished = &data["list"][1];
    assert!(
        unfinished.get("category").is_none(),
        "absent when there is none: {unfinished}"
    );
    assert_eq!(
        (&unfinished["status"], &unfinished["publish_status"]),
        (&json!(10), &json!(0))
    );

    for (name, value) in [
        ("page_size", "1001"),
        ("page_size", "0"),
        ("page", "0"),
        ("page", "x"),
    ] {
        let (code, message) = vendor.refusal("video/getVideoList", &[(name, value)]);
        assert!(
            code == 1001 && message.contains(name),
            "{name}={value}: {code} {message}"
        );
    }
}

#[test]
fn the_list_is_filtered_by_time() {
    let vendor = vendor();
    let old = vendor.create("old.mp4", &[]).0;
    vendor.emulator.advance(Duration::from_secs(3600));
    let new = vendor.create("new.mp4", &[]).0;
    let list = vendor.call("video/getVideoList", &[]);
    let time_of = |index: usize| {
        list["list"][index]["create_time"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let ids = |since: &str| -> Vec<u64> {
        let data = vendor.call("video/getVideoList", &[("create_time", since)]);
        data["list"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v["video_id"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(ids(&time_of(0)), [new]);
    assert_eq!(ids(&time_of(1)), [new, old]);
    assert_eq!(
        vendor
            .refusal("video/getVideoList", &[("create_time", "2020-01-01")])
            .0,
        1001
    );
}

#[test]
fn transcoding_again_adds_files_and_passes_through_20() {
    let vendor = vendor_with(Emulator::builder().transcode_time(Duration::from_secs(60)));
    let (id, target) = vendor.create("a.mp4", &[("definition", "16"), ("format", "1")]);
    let text = id.to_string();
    let again = [
        ("video_id", text.as_str()),
        ("definition", "8,1"),
        ("format", "1,4"),
    ];
    assert_eq!(
        vendor.refusal("video/transcodeAgain", &again).0,
        1,
        "still uploading"
    );
    vendor.upload(&target, b"film");
    assert_eq!(
        vendor.refusal("video/transcodeAgain", &again).0,
        1,
        "still transcoding"
    );
    vendor.emulator.advance(Duration::from_secs(60));
    assert_eq!(
        vendor.call("video/transcodeAgain", &again),
        json!({ "video_id": text, "definition": "8,1" })
    );
    assert_eq!(vendor.status(id), 20);
    vendor.emulator.advance(Duration::from_secs(60));
    assert_eq!(vendor.status(id), 100);
    let info = vendor.call("video/getInfo", &[("video_id", &text)]);
    assert_eq!(info["transcode_info"].as_array().unwrap().len(), 5);
    assert_eq!(
        vendor
            .refusal(
                "video/transcodeAgain",
                &[("video_id", &text), ("definition", "16"), ("format", "8")]
            )
            .0,
        1001
    );
}

#[test]
fn createkey_needs_the_secret_and_no_signature() {
    let mut vendor = vendor();
    let id = vendor.account.partner_id;
    let ask = |body: &str| vendor.post("partner/createkey", body).json();
    let secret = encode(&vendor.account.secret_key);
    let kept = ask(&format!("partner_id={id}&secret_key={secret}"));
    assert_eq!(
        kept["data"],
        json!({ "partner_key": vendor.account.partner_key })
    );
    assert_eq!(
        ask(&format!("partner_id={id}&secret_key=wrong&regenerate=1"))["code"],
        2002
    );
    assert_eq!(ask(&format!("partner_id={id}"))["code"], 1001);
    assert_eq!(
        ask(&format!("partner_id=1&secret_key={secret}"))["code"],
        2001
    );
    assert_eq!(ask(&format!("secret_key={secret}"))["code"], 1001);
    vendor.call("video/getVideoList", &[]);

    let fresh = ask(&format!("partner_id={id}&secret_key={secret}&regenerate=1"));
    let key = fresh["data"]["partner_key"].as_str().unwrap().to_owned();
    assert!(key != vendor.account.partner_key && key.len() <= 128);
    let (code, message) = vendor.refusal("video/getVideoList", &[]);
    assert_eq!(code, 1002, "the old key is invalid at once");
    assert!(message.contains("replaced"), "{message}");
    vendor.account.partner_key = key;
    vendor.call("video/getVideoList", &[]);
    let effects: Vec<Effect> = vendor
        .emulator
        .journal()
        .into_iter()
        .flat_map(|record| record.effects)
        .collect();
    assert_eq!(effects, [Effect::KeyReplaced { partner_id: id }]);
}

#[test]
fn the_account_knows_what_it_uses() {
    let vendor = vendor();
    let data = vendor.call("video_account/getAccountInfo", &[]);
    assert_eq!(
        (
            &data["partner_id"],
            &data["used_storage"],
            &data["used_flow"]
        ),
        (&json!(12_345_678), &json!(0), &json!(0))
    );
    assert_eq!(
        (&data["charge_type"], data.get("total_flow_limit")),
        (&json!(0), None),
        "a monthly account has the monthly limit only"
    );
    assert!(data["month_flow_limit"].is_u64() && data["total_storage"].is_u64());
    assert_eq!(
        (&data["type"], &data["status"], &data["mobile"]),
        (&json!(2), &json!(1), &json!(""))
    );
    let id = vendor.film("a.mp4", &content(1000));
    vendor.get(
        &vendor.play_target(id, "low", &[]),
        &[("Range", "bytes=0-99")],
    );
    let data = vendor.call("video_account/getAccountInfo", &[]);
    assert_eq!(
        (&data["used_storage"], &data["used_flow"]),
        (&json!(7000), &json!(100))
    );
}

#[test]
fn the_callback_address_is_kept() {
    let vendor = vendor();
    assert_eq!(
        vendor.call("video_account/getTranscodeCallbackUrl", &[]),
        json!({ "url": "" })
    );
    let url = "https://school.example/vod?a=1&b=2";
    assert_eq!(
        vendor.call("video_account/setTranscodeCallbackUrl", &[("url", url)]),
        json!({ "url": url })
    );
    assert_eq!(
        vendor.call("video_account/getTranscodeCallbackUrl", &[]),
        json!({ "url": url })
    );
    assert_eq!(
        vendor
            .refusal(
                "video_account/setTranscodeCallbackUrl",
                &[("url", "school.example")]
            )
            .0,
        1001
    );
}

#[test]
fn accounts_do_not_see_each_other() {
    let other = Account::new(99, "key-of-99", "secret-of-99");
    let builder = Emulator::builder()
        .baijiayun(Account::default())
        .baijiayun(other.clone())
        .transcode_time(Duration::ZERO);
    let mut vendor = vendor_with(builder);
    let film = vendor.film("a.mp4", b"film");
    vendor.get(&vendor.play_target(film, "low", &[]), &[]);
    let subtitle = crate::subtitles::post_file(&vendor, film, "a", "a.srt", b"1");
    let subtitle = subtitle["data"]["subtitle_id"].as_str().unwrap();
    let id = film.to_string();
    let category = vendor.call("video/addCategory", &[("name", "课")])["id"].to_string();
    let time = &vendor.call("video/getVideoList", &[])["list"][0]["create_time"];
    let day = &time.as_str().unwrap()[..10];

    vendor.account = other;
    assert_eq!(vendor.call("video/getVideoList", &[])["total"], 0);
    assert_eq!(vendor.call("video/getCategoryList", &[])["list"], json!([]));
    assert_eq!(
        vendor.refusal("video/getInfo", &[("video_id", &id)]).0,
        5002
    );
    let below = [("name", "节"), ("parent_id", category.as_str())];
    assert_eq!(vendor.refusal("video/addCategory", &below).0, 1001);
    assert_eq!(
        vendor
            .refusal("video/deleteSubtitle", &[("subtitle_id", subtitle)])
            .0,
        1001
    );
    let account = vendor.call("video_account/getAccountInfo", &[]);
    assert_eq!(
        (&account["used_storage"], &account["used_flow"]),
        (&json!(0), &json!(0))
    );
    let days = [("start_date", day), ("end_date", day)];
    assert_eq!(vendor.call("video_account/getUsedFlow", &days)["flow"], 0);
    assert_eq!(
        vendor.call("video_data/getVideoPlayCountRank", &days)["play_rank"],
        json!([])
    );
}
