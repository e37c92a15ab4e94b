//! API 21, 22, 24, 25, 28 to 30 and 37 to 39: figures that come from what was really served.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Vendor, body_of, content, send, vendor};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A clock in the middle of a month and a day, far from every boundary: 2024-05-15 12:00:00 in China.
fn midday() -> Vendor {
    let vendor = vendor();
    let offset = 1_715_745_600 - crate::client::now() as i64;
    vendor.emulator.set_clock_offset(offset);
    vendor
}

/// The parameters as a client signs them whose clock goes like the emulator's.
fn signed(vendor: &Vendor, params: &[(&str, &str)]) -> String {
    let health = vendor.get("/_vodkit/health", &[]).json();
    body_of(&vendor.signed(params, health["time"].as_u64().unwrap()))
}

fn call(vendor: &Vendor, name: &str, params: &[(&str, &str)]) -> Value {
    let mut reply = vendor.post(name, &signed(vendor, params)).json();
    assert_eq!(reply["code"], 0, "{name}: {reply}");
    reply["data"].take()
}

fn query(vendor: &Vendor, name: &str, params: &[(&str, &str)]) -> Value {
    let target = format!("/openapi/{name}?{}", signed(vendor, params));
    let mut reply = vendor.get(&target, &[]).json();
    assert_eq!(reply["code"], 0, "{name}: {reply}");
    reply["data"].take()
}

fn film(vendor: &Vendor, bytes: &[u8]) -> u64 {
    let data = call(
        vendor,
        "video/getUploadUrl",
        &[("file_name", "a.mp4"), ("definition", "16")],
    );
    vendor.upload(&vendor.target(data["upload_url"].as_str().unwrap()), bytes);
    data["video_id"].as_u64().unwrap()
}

fn play(vendor: &Vendor, id: u64, headers: &[(&str, &str)], more: &str) {
    let data = call(vendor, "video/getUrl", &[("video_id", &id.to_string())]);
    let target = vendor.target(data["play_info"]["low"]["url"].as_str().unwrap());
    let reply = vendor.get(&format!("{target}{more}"), headers);
    assert!(reply.status < 300);
}

#[test]
fn a_play_leaves_a_record() {
    let vendor = midday();
    // 5 seconds by its size.
    let id = film(&vendor, &content(600_000));
    play(
        &vendor,
        id,
        &[("User-Agent", "Mozilla/5.0 (iPhone)")],
        "&uuid=u-1&user_name=%E7%8E%8B&user_number=7",
    );
    let span = [
        ("start_time", "2024-05-15 00:00:00"),
        ("end_time", "2024-05-15 23:59:59"),
    ];
    let text = id.to_string();
    let params = [&[("video_id", text.as_str())], &span[..]].concat();
    let mut data = call(&vendor, "video_data/getVideoPlayRecord", &params);
    let row = &mut data["list"][0];
    let guid = row["guid"].take();
    let guid = guid.as_str().unwrap();
    assert!(
        guid.len() == 32
            && guid
                .bytes()
                .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()),
        "{guid}"
    );
    let begin = row["play_begin_time"].as_str().unwrap().to_owned();
    for name in ["play_begin_time", "play_end_time"] {
        let time = row[name].take();
        assert!(
            time.as_str().unwrap().starts_with("2024-05-15 12:0"),
            "{time}"
        );
    }
    assert_eq!(
        data,
        json!({
            "total": 1, "page": 1, "page_size": 100,
            "list": [{
                "guid": null, "uuid": "u-1", "video_id": id, "user_name": "王", "user_number": 7,
                "play_begin_time": null, "play_end_time": null, "client_type": 1, "play_length": 5,
                "user_ip": "127.0.0.1", "area": "",
            }],
        })
    );
    let second = [("start_time", begin.as_str()), ("end_time", begin.as_str())];
    let params = [&[("video_id", text.as_str())], &second[..]].concat();
    let within = call(&vendor, "video_data/getVideoPlayRecord", &params);
    assert_eq!(within["total"], 1, "the end second counts as a whole");
    let before = [
        ("start_time", "2024-05-15 00:00:00"),
        ("end_time", "2024-05-15 11:59:59"),
    ];
    let params = [&[("video_id", text.as_str())], &before[..]].concat();
    assert_eq!(
        call(&vendor, "video_data/getVideoPlayRecord", &params)["total"],
        0
    );
}

#[test]
fn ranges_of_one_play_are_one_record_and_head_is_none() {
    let vendor = midday();
    let id = film(&vendor, &content(1_000_000));
    let data = call(&vendor, "video/getUrl", &[("video_id", &id.to_string())]);
    let target = vendor.target(data["play_info"]["low"]["url"].as_str().unwrap());
    send(vendor.at(), "HEAD", &target, &[], b"");
    for range in ["bytes=0-249999", "bytes=250000-499999", "bytes=2000000-"] {
        vendor.get(&target, &[("Range", range)]);
    }
    let span = [
        ("start_time", "2024-05-15 00:00:00"),
        ("end_time", "2024-05-15 23:59:59"),
    ];
    let text = id.to_string();
    let params = [&[("video_id", text.as_str())], &span[..]].concat();
    let data = call(&vendor, "video_data/getVideoPlayRecord", &params);
    assert_eq!(data["total"], 1);
    assert_eq!(data["list"][0]["play_length"], 4, "half of 8 s was served");
    for _ in 0..2 {
        vendor.get(&target, &[("Range", "bytes=1-999999")]);
    }
    let data = call(&vendor, "video_data/getVideoPlayRecord", &params);
    assert_eq!(data["list"][0]["play_length"], 8, "at most the whole video");
    vendor.get(&target, &[("Range", "bytes=0-0")]);
    let all = call(&vendor, "video_data/exportVideoReportBatch", &span);
    assert_eq!(all["total"], 2, "from the start is a play of its own");
    assert!(all["list"][0].get("room_id").is_none());
    let flow = [
        ("video_id", &*id.to_string()),
        ("start_date", "2024-05-15"),
        ("end_date", "2024-05-15"),
    ];
    assert_eq!(
        call(&vendor, "video_data/getUsedFlow", &flow),
        json!({ "flow": 500_000 + 2 * 999_999 + 1 })
    );
}

#[test]
fn records_have_pages_and_product_lines() {
    let vendor = midday();
    let id = film(&vendor, b"film");
    for _ in 0..3 {
        play(&vendor, id, &[], "");
    }
    let span = [
        ("start_time", "2024-05-15 00:00:00"),
        ("end_time", "2024-05-15 23:59:59"),
    ];
    let total = |more: &[(&str, &str)]| {
        let data = call(
            &vendor,
            "video_data/exportVideoReportBatch",
            &[&span[..], more].concat(),
        );
        (
            data["total"].as_u64().unwrap(),
            data["list"].as_array().unwrap().len(),
        )
    };
    assert_eq!(total(&[]), (3, 3));
    assert_eq!(total(&[("page_size", "2"), ("page", "2")]), (3, 1));
    assert_eq!(total(&[("product_type", "5")]), (3, 3));
    assert_eq!(total(&[("product_type", "1")]), (0, 0));
}

#[test]
fn counts_are_per_day_with_every_day() {
    let vendor = midday();
    let (much, little) = (film(&vendor, &content(1000)), film(&vendor, &content(10)));
    play(&vendor, much, &[], "");
    vendor.emulator.advance(DAY);
    play(&vendor, much, &[], "");
    play(&vendor, little, &[], "");
    let days = [("start_date", "2024-05-14"), ("end_date", "2024-05-16")];
    let text = much.to_string();
    let video = [&[("video_id", text.as_str())], &days[..]].concat();
    assert_eq!(
        call(&vendor, "video_data/getVideoDailyPlayCount", &video),
        json!({ "play_count": { "2024-05-14": 0, "2024-05-15": 1, "2024-05-16": 1 } })
    );
    assert_eq!(
        call(&vendor, "video_data/getPartnerDailyPlayCount", &days),
        json!({ "play_count": { "2024-05-14": 0, "2024-05-15": 1, "2024-05-16": 2 } })
    );
    assert_eq!(
        call(&vendor, "video_data/getVideoPlayCountRank", &days),
        json!({ "play_rank": [
            { "video_id": much, "play_count": 2 }, { "video_id": little, "play_count": 1 },
        ] })
    );
    let flow = |from, to| {
        call(
            &vendor,
            "video_account/getUsedFlow",
            &[("start_date", from), ("end_date", to)],
        )["flow"]
            .clone()
    };
    assert_eq!(flow("2024-05-15", "2024-05-15"), 1000);
    assert_eq!(flow("2024-05-16", "2024-05-16"), 1010);
    assert_eq!(flow("2024-05-01", "2024-06-30"), 2010);
    assert_eq!(flow("2024-05-17", "2024-06-30"), 0);
}

#[test]
fn the_day_changes_at_midnight_in_china() {
    let vendor = midday();
    let id = film(&vendor, b"film");
    // 12:00 and 11 h 50 min: still the 15th. 20 min later: the 16th, though in UTC it is not.
    vendor
        .emulator
        .advance(Duration::from_secs(11 * 3600 + 50 * 60));
    play(&vendor, id, &[], "");
    vendor.emulator.advance(Duration::from_secs(20 * 60));
    play(&vendor, id, &[], "");
    let days = [
        ("video_id", &*id.to_string()),
        ("start_date", "2024-05-15"),
        ("end_date", "2024-05-16"),
    ];
    assert_eq!(
        call(&vendor, "video_data/getVideoDailyPlayCount", &days)["play_count"],
        json!({ "2024-05-15": 1, "2024-05-16": 1 })
    );
}

#[test]
fn details_are_read_by_get() {
    let vendor = midday();
    let (much, little) = (film(&vendor, &content(1000)), film(&vendor, &content(10)));
    for id in [much, little] {
        play(&vendor, id, &[], "");
    }
    let days = [("start_date", "2024-05-14"), ("end_date", "2024-05-15")];
    assert_eq!(
        query(&vendor, "video_account/getUsedFlowDetail", &days),
        json!({ "flow": { "2024-05-14": 0, "2024-05-15": 1010 } })
    );
    let detail = |more: &[(&str, &str)]| {
        let day = [("date", "2024-05-15")];
        query(
            &vendor,
            "video_data/getUsedFlowDetail",
            &[&day[..], more].concat(),
        )
    };
    let row = |id: u64, flow: &str| json!({ "video_id": id.to_string(), "flow": flow });
    let rows = [row(much, "1000"), row(little, "10")];
    let vod = ("product_type", "5");
    assert_eq!(
        detail(&[vod]),
        json!({ "total": 2, "list": rows }),
        "texts, as in the sample"
    );
    assert_eq!(
        detail(&[vod, ("page", "2"), ("page_size", "1")]),
        json!({ "total": 2, "list": [rows[1]] })
    );
    assert_eq!(
        detail(&[("product_type", "2")]),
        json!({ "total": 0, "list": [] })
    );

    // One transcoded definition of three types, and the source.
    let used = json!({ "storage": 4 * 1010, "flow": 1010 });
    let unused = json!({ "storage": 0, "flow": 0 });
    assert_eq!(
        query(&vendor, "video_account/getStorgeAndFlowInfo", &[]),
        json!({
            "large_class": unused, "small_class": unused, "double_teacher": unused, "business": unused,
            "video": used, "weclass": unused, "doc": { "storage": 0 }, "total": used,
        })
    );
    let by_post = vendor
        .post("video_account/getUsedFlowDetail", &signed(&vendor, &days))
        .json();
    assert_eq!(by_post["code"], 404, "these three are GET only");
}

#[test]
fn impossible_ranges_are_refused() {
    let vendor = vendor();
    let id = vendor.film("a.mp4", b"film").to_string();
    let refused = |name: &str, params: &[(&str, &str)]| {
        let (code, message) = vendor.refusal(name, params);
        assert_eq!(code, 1001, "{name} {params:?}: {message}");
        message
    };
    let months = [
        ("video_id", &*id),
        ("start_date", "2024-05-31"),
        ("end_date", "2024-06-01"),
    ];
    assert!(refused("video_data/getUsedFlow", &months).contains("month"));
    let backwards = [("start_date", "2024-05-02"), ("end_date", "2024-05-01")];
    assert!(refused("video_account/getUsedFlow", &backwards).contains("before"));
    assert!(
        refused(
            "video_data/getPartnerDailyPlayCount",
            &[("start_date", "2020-01-01"), ("end_date", "2024-01-01")]
        )
        .contains("366")
    );
    let days = [
        ("video_id", &*id),
        ("start_time", "2024-05-01 00:00:00"),
        ("end_time", "2024-05-02 00:00:00"),
    ];
    assert!(refused("video_data/getVideoPlayRecord", &days).contains("day"));
    let backwards = [
        ("start_time", "2024-05-01 10:00:00"),
        ("end_time", "2024-05-01 09:00:00"),
    ];
    refused("video_data/exportVideoReportBatch", &backwards);
    let span = [
        ("start_time", "2024-05-01 00:00:00"),
        ("end_time", "2024-05-01 23:59:59"),
        ("page_size", "1001"),
    ];
    refused("video_data/exportVideoReportBatch", &span);
    let line = [
        ("product_type", "6"),
        ("start_date", "2024-05-01"),
        ("end_date", "2024-05-01"),
    ];
    refused("video_data/getVideoPlayCountRank", &line);
}

#[test]
fn a_ranking_has_a_hundred_places() {
    let vendor = midday();
    let films: Vec<u64> = (0..101).map(|_| film(&vendor, b"film")).collect();
    films.iter().for_each(|id| play(&vendor, *id, &[], ""));
    play(&vendor, films[100], &[], "");
    let days = [("start_date", "2024-05-15"), ("end_date", "2024-05-15")];
    let data = call(&vendor, "video_data/getVideoPlayCountRank", &days);
    let ranks = data["play_rank"].as_array().unwrap();
    assert_eq!(ranks.len(), 100);
    assert_eq!(ranks[0], json!({ "video_id": films[100], "play_count": 2 }));
}
