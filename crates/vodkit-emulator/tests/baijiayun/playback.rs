//! API 18, 19, 23, 27 and the addresses that they give.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{Vendor, content, send, vendor};

#[test]
fn play_urls_serve_the_uploaded_bytes_in_every_form() {
    let vendor = vendor();
    let bytes = content(600_000);
    let id = vendor.film("a.mp4", &bytes);
    for (format, kind) in [
        ("mp4", "video/mp4"),
        ("flv", "video/x-flv"),
        ("m3u8", "application/vnd.apple.mpegurl"),
    ] {
        let data = vendor.call(
            "video/getUrl",
            &[("video_id", &id.to_string()), ("format", format)],
        );
        assert_eq!(
            data["video_id"],
            json!(id.to_string()),
            "a text, as in the sample"
        );
        let files = data["play_info"].as_object().unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["low", "superHD"]);
        for (definition, size) in [("low", (320, 176)), ("superHD", (1280, 720))] {
            let file = &files[definition];
            assert_eq!(
                (&file["size"], &file["duration"]),
                (&json!(600_000), &json!(5))
            );
            assert_eq!(
                (&file["width"], &file["height"]),
                (&json!(size.0), &json!(size.1))
            );
            let target = vendor.target(file["url"].as_str().unwrap());
            assert!(target.ends_with(&format!("?fid={id}")), "{target}");
            let reply = vendor.get(&target, &[]);
            assert_eq!(
                (reply.status, reply.header("content-type")),
                (200, Some(kind))
            );
            assert_eq!(reply.header("content-length"), Some("600000"));
            assert!(reply.body == bytes, "{definition} {format}");
        }
    }
    assert_eq!(
        vendor
            .refusal(
                "video/getUrl",
                &[("video_id", &id.to_string()), ("format", "mp3")]
            )
            .0,
        1001
    );
    let encrypted = vendor.call(
        "video/getUrl",
        &[("video_id", &id.to_string()), ("format", "encrypt")],
    );
    assert_eq!(
        encrypted["play_info"],
        json!([]),
        "an empty map is an empty list"
    );
}

#[test]
fn parts_of_a_file_are_served() {
    let vendor = vendor();
    let bytes = content(1_000);
    let id = vendor.film("a.mp4", &bytes);
    let target = vendor.play_target(id, "low", &[]);
    for (range, expected, shown) in [
        ("bytes=0-99", &bytes[..100], "bytes 0-99/1000"),
        ("bytes=100-", &bytes[100..], "bytes 100-999/1000"),
        ("bytes=-1", &bytes[999..], "bytes 999-999/1000"),
        ("bytes=500-5000", &bytes[500..], "bytes 500-999/1000"),
    ] {
        let reply = vendor.get(&target, &[("Range", range)]);
        assert_eq!(
            (reply.status, reply.header("content-range")),
            (206, Some(shown)),
            "{range}"
        );
        assert_eq!(reply.body, expected, "{range}");
    }
    let beyond = vendor.get(&target, &[("Range", "bytes=1000-")]);
    assert_eq!(
        (beyond.status, beyond.header("content-range")),
        (416, Some("bytes */1000"))
    );
    assert_eq!(beyond.body, b"");
    let whole = vendor.get(&target, &[]);
    let tag = whole.header("etag").unwrap().to_owned();
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    assert_eq!(
        vendor
            .get(&target, &[("Range", "bytes=0-0"), ("If-Range", &tag)])
            .body
            .len(),
        1
    );
    assert_eq!(
        vendor
            .get(&target, &[("Range", "bytes=0-0"), ("If-Range", "\"x\"")])
            .body
            .len(),
        1_000
    );
    let head = send(vendor.at(), "HEAD", &target, &[], b"");
    assert_eq!(
        (head.status, head.header("content-length"), head.body.len()),
        (200, Some("1000"), 0)
    );
    assert_eq!(send(vendor.at(), "POST", &target, &[], b"").status, 405);
}

#[test]
fn play_urls_expire_after_twelve_hours_or_as_asked() {
    let vendor = vendor();
    let id = vendor.film("a.mp4", b"film");
    let short = vendor.play_target(id, "low", &[("expires_in", "60")]);
    let long = vendor.play_target(id, "low", &[]);
    let status = |target: &str| vendor.get(target, &[]).status;
    assert_eq!((status(&short), status(&long)), (200, 200));
    vendor.emulator.advance(Duration::from_secs(61));
    assert_eq!((status(&short), status(&long)), (403, 200));
    vendor
        .emulator
        .advance(Duration::from_secs(12 * 3600 - 120));
    assert_eq!(status(&long), 200);
    vendor.emulator.advance(Duration::from_secs(60));
    assert_eq!(status(&long), 403);
    assert_eq!(
        status(&vendor.play_target(id, "low", &[])),
        200,
        "a fresh one plays"
    );
}

#[test]
fn forged_blocked_and_deleted_do_not_play() {
    let vendor = vendor();
    let id = vendor.film("a.mp4", b"film");
    let text = id.to_string();
    let target = vendor.play_target(id, "low", &[]);
    let status = |target: &str| vendor.get(target, &[]).status;

    assert_eq!(
        status(&target.replace("_low", "_superHD")),
        403,
        "the seal covers the file"
    );
    let parts: Vec<&str> = target.split('/').collect();
    let later = format!("{:x}", u64::from_str_radix(parts[3], 16).unwrap() + 1);
    assert_eq!(
        status(&target.replace(parts[3], &later)),
        403,
        "and the time"
    );

    vendor.call(
        "video/setPublishStatus",
        &[("video_id", &text), ("status", "2")],
    );
    assert_eq!(status(&target), 403);
    vendor.call(
        "video/setPublishStatus",
        &[("video_id", &text), ("status", "1")],
    );
    assert_eq!(status(&target), 200);
    vendor.call(
        "video/removeDefinition",
        &[("video_id", &text), ("definition", "16")],
    );
    assert_eq!(status(&target), 404);
    let target = vendor.play_target(id, "superHD", &[]);
    vendor.call("video/delete", &[("video_id", &text)]);
    assert_eq!(status(&target), 404);
}

#[test]
fn audio_has_one_entry_without_size_of_picture() {
    let vendor = vendor();
    let (id, target) = vendor.create("a.mp3", &[("audio_with_view", "1")]);
    vendor.upload(&target, b"song");
    let data = vendor.call("video/getUrl", &[("video_id", &id.to_string())]);
    let audio = &data["play_info"]["audio"];
    assert_eq!(
        audio.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["size", "url"]
    );
    let reply = vendor.get(&vendor.target(audio["url"].as_str().unwrap()), &[]);
    assert_eq!(
        (reply.header("content-type"), &*reply.body),
        (Some("audio/mpeg"), &b"song"[..])
    );
}

#[test]
fn encrypted_files_are_listed_when_asked_for() {
    let vendor = vendor();
    let (id, target) = vendor.create(
        "a.mp4",
        &[("encrypt", "1"), ("format", "1"), ("definition", "1")],
    );
    vendor.upload(&target, b"film");
    let data = vendor.call(
        "video/getUrl",
        &[("video_id", &id.to_string()), ("format", "encrypt")],
    );
    assert!(data["play_info"]["high"]["url"].is_string(), "{data}");
    let (plain, target) = vendor.create(
        "a.mp4",
        &[("encrypt", "2"), ("format", "1"), ("definition", "1")],
    );
    vendor.upload(&target, b"film");
    let info = vendor.call("video/getInfo", &[("video_id", &plain.to_string())]);
    assert_eq!(
        info["transcode_info"],
        json!([{ "definition": "high", "type": "mp4", "size": 4 }])
    );
}

fn share(vendor: &Vendor, id: u64) -> Value {
    vendor.call("video/getShareUrl", &[("video_id", &id.to_string())])
}

#[test]
fn tokens_open_the_player() {
    let vendor = vendor();
    let (id, other) = (vendor.film("a.mp4", b"film"), vendor.film("b.mp4", b"film"));
    let text = id.to_string();
    let token = |params: &[(&str, &str)]| -> String {
        vendor.call("video/getPlayerToken", params)["token"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let page = |id: u64, token: &str| {
        vendor.get(&format!("/web/video/player?vid={id}&token={token}"), &[])
    };
    let lasting = token(&[("video_id", &text)]);
    let short = token(&[("video_id", &text), ("expires_in", "60")]);
    assert_ne!(lasting, short);
    assert_eq!(page(id, &lasting).status, 200);
    assert_eq!(
        page(other, &lasting).status,
        403,
        "a token is for one video"
    );
    assert_eq!(page(id, "x").status, 403);

    let html = page(id, &short).text();
    let url = html
        .split("src=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(vendor.get(&vendor.target(url), &[]).body, b"film");

    vendor.emulator.advance(Duration::from_secs(60));
    assert_eq!(page(id, &short).status, 403);
    vendor
        .emulator
        .advance(Duration::from_secs(10 * 365 * 24 * 3600));
    assert_eq!(page(id, &lasting).status, 200, "0 means for ever");
}

#[test]
fn a_batch_of_tokens_is_a_map() {
    let vendor = vendor();
    let ids: Vec<u64> = (0..3)
        .map(|n| vendor.film(&format!("{n}.mp4"), b"film"))
        .collect();
    let list = format!("{},{}", ids[0], ids[1]);
    let data = vendor.call(
        "video/getPlayerTokenBatch",
        &[("video_ids", &list), ("expires_in", "0")],
    );
    let map = data.as_object().unwrap();
    assert_eq!(
        map.keys().cloned().collect::<Vec<_>>(),
        [ids[0].to_string(), ids[1].to_string()]
    );
    for (id, token) in map {
        let page = vendor.get(
            &format!(
                "/web/video/player?vid={id}&token={}",
                token.as_str().unwrap()
            ),
            &[],
        );
        assert_eq!(page.status, 200);
    }
    let unknown = [("video_ids", &*format!("{list},1")), ("expires_in", "0")];
    assert_eq!(
        vendor.refusal("video/getPlayerTokenBatch", &unknown).0,
        5002
    );
    assert_eq!(
        vendor
            .refusal("video/getPlayerTokenBatch", &[("video_ids", &list)])
            .0,
        1001,
        "expires_in is required here"
    );
}

#[test]
fn share_addresses_stay_on_the_emulator() {
    let vendor = vendor();
    let id = vendor.film("a.mp4", b"film");
    let data = share(&vendor, id);
    let by_get = vendor.query("video/getShareUrl", &[("video_id", &id.to_string())]);
    assert_eq!(by_get.as_object().unwrap().len(), 3);
    let target = |name: &str| vendor.target(data[name].as_str().unwrap());
    assert_eq!(
        vendor.get(&target("iframe"), &[]).header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let script = vendor.get(&target("js"), &[]);
    assert_eq!(
        script.header("content-type"),
        Some("text/javascript; charset=utf-8")
    );
    let text = script.text();
    let url = text
        .split("v.src = '")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    assert_eq!(vendor.get(&vendor.target(url), &[]).body, b"film");
    assert!(text.contains("v.width = 400") && text.contains("v.height = 300"));
    assert_eq!(vendor.get(&target("flash"), &[]).status, 410);
}
