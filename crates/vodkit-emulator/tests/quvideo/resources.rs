//! Music, stickers, captions, music videos and fonts: what is listed can be fetched.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use vodkit_types::quvideo::{
    AspectRatio, Font, MusicList, Mv, Paster, PasterType, PlayPath, VodMedia,
};
use vodkit_types::wire::OneOrMany;

use crate::client::{Site, md5_hex, now, site};

/// Opens every address in a value; gives how many there were.
fn open_all(site: &Site, value: &Value) -> usize {
    match value {
        Value::String(text) if text.starts_with("http") => {
            let reply = site.open(text);
            assert_eq!(reply.status, 200, "{text}");
            let kind = reply.header("content-type").unwrap();
            let begins = |start: &[u8]| reply.body.starts_with(start);
            let fits = match kind {
                "image/jpeg" => begins(&[0xff, 0xd8]),
                "image/gif" => begins(b"GIF89a"),
                "application/zip" => begins(b"PK\x03\x04"),
                "video/mp4" => begins(b"\0\0\0\x1cftyp"),
                "text/html; charset=utf-8" => begins(b"<!doctype html>"),
                other => panic!("{text}: {other}"),
            };
            assert!(fits, "{text}");
            1
        }
        Value::Array(items) => items.iter().map(|item| open_all(site, item)).sum(),
        Value::Object(members) => members.values().map(|member| open_all(site, member)).sum(),
        _ => 0,
    }
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn music_comes_in_pages_with_numbers_as_text() {
    let site = site();
    let page = |no: &str, size: &str| -> MusicList {
        let params = [("pageNo", no), ("pageSize", size)];
        site.ok("GET", "/music/getRecommendMusic", &params).unwrap()
    };
    let all = page("1", "50");
    assert_eq!((all.total, all.music_list.len()), (12, 12));
    let (one, three) = (page("1", "5"), page("3", "5"));
    let ids: BTreeSet<&str> = all.music_list.iter().map(|m| m.music_id.as_str()).collect();
    assert_eq!(ids.len(), 12);
    assert_eq!((one.music_list.len(), three.music_list.len()), (5, 2));
    assert_eq!(three.music_list[1].music_id, all.music_list[11].music_id);
    assert!(page("4", "5").music_list.is_empty());
    let raw = site.data(
        "GET",
        "/music/getRecommendMusic",
        &[("pageNo", "1"), ("pageSize", "2")],
    );
    assert_eq!(raw["total"], "12");
    assert_eq!(raw["musicList"][0]["duration"], "184");
    assert_eq!(raw["musicList"][0]["source"], "TaiHe");
    assert_eq!(open_all(&site, &raw), 2);
    for bad in [("0", "5"), ("51", "5"), ("1", "0"), ("1", "51"), ("x", "5")] {
        let params = [("pageNo", bad.0), ("pageSize", bad.1)];
        let (_, code, _) = site.refusal("GET", "/music/getRecommendMusic", &params);
        assert_eq!(code, "500", "{bad:?}");
    }
}

#[test]
fn a_piece_of_music_plays_until_its_address_expires() {
    let site = site();
    let id = [("musicId", "T10000000012")];
    let path: PlayPath = site.ok("GET", "/music/getPlayPath", &id).unwrap();
    let raw = site.data("GET", "/music/getPlayPath", &id);
    let expires: i64 = raw["expireTime"].as_str().unwrap().parse().unwrap();
    assert!((now() + 3590..=now() + 3601).contains(&expires));
    let sound = site.open(&path.play_path);
    assert_eq!(sound.header("content-type"), Some("audio/aac"));
    // 61 seconds of 1024 samples at 44.1 kHz, each frame with its header.
    assert_eq!(sound.body.len(), 2628 * 16);
    assert!(
        sound
            .body
            .chunks(16)
            .all(|frame| frame[..2] == [0xff, 0xf1])
    );
    let other = path.play_path.replace("T10000000012", "T10000000011");
    assert_eq!(site.open(&other).status, 403);
    let (head, _) = path.play_path.split_once('?').unwrap();
    assert_eq!(site.open(head).status, 403);
    site.emulator.advance(Duration::from_secs(3602));
    assert_eq!(site.open(&path.play_path).status, 403);
    assert_eq!(
        site.refusal("GET", "/music/getPlayPath", &[("musicId", "T1")])
            .1,
        "500"
    );
}

#[test]
fn stickers_are_listed_by_category() {
    let site = site();
    let categories: Vec<Paster> = site.ok("GET", "/resource/getPasterInfo", &[]).unwrap();
    assert_eq!(categories.len(), 3);
    let raw = site.data("GET", "/resource/getPasterInfo", &[]);
    assert_eq!(open_all(&site, &raw), 6);
    let mut ids = BTreeSet::new();
    for category in &categories {
        assert_eq!(category.paster_type, Some(PasterType::Sticker));
        assert_eq!(category.level, Some(1));
        let id = category.id.to_string();
        let params = [("pasterId", id.as_str()), ("type", "2")];
        let items: Vec<VodMedia> = site.ok("GET", "/resource/getPasterList", &params).unwrap();
        assert!(items.len() >= 2);
        let raw = site.data("GET", "/resource/getPasterList", &params);
        assert_eq!(open_all(&site, &raw), items.len() * 3);
        assert_eq!(
            keys(&raw[0]),
            BTreeSet::from([
                "id",
                "icon",
                "url",
                "preview",
                "name",
                "sort",
                "type",
                "fontId",
                "createTime"
            ])
        );
        ids.extend(items.iter().map(|item| item.id));
    }
    assert_eq!(ids.len(), 7);
    let none = [("pasterId", "1"), ("type", "1")];
    assert_eq!(
        site.data("GET", "/resource/getPasterList", &none),
        json!([])
    );
    let (_, code, message) = site.refusal("GET", "/resource/getPasterList", &[("pasterId", "84")]);
    assert_eq!(code, "500");
    assert!(message.contains("type"));

    let front: Vec<VodMedia> = site.ok("GET", "/resource/getFrontPasterList", &[]).unwrap();
    assert!(
        front
            .iter()
            .all(|item| item.aspect == Some(0) && !ids.contains(&item.id))
    );
    let raw = site.data("GET", "/resource/getFrontPasterList", &[]);
    assert_eq!(open_all(&site, &raw), front.len() * 3);
    assert_eq!(keys(&raw[0]).len(), 13);
}

#[test]
fn captions_name_a_font_that_exists() {
    let site = site();
    let categories: Vec<Paster> = site.ok("GET", "/resource/getTextPaster", &[]).unwrap();
    let raw = site.data("GET", "/resource/getTextPaster", &[]);
    assert_eq!(open_all(&site, &raw), categories.len() * 2);
    assert!(raw[0].get("level").is_none());
    for category in &categories {
        assert_eq!(category.paster_type, Some(PasterType::Caption));
        let id = category.id.to_string();
        let params = [("textPasterId", id.as_str())];
        let items: Vec<VodMedia> = site
            .ok("GET", "/resource/getTextPasterList", &params)
            .unwrap();
        let raw = site.data("GET", "/resource/getTextPasterList", &params);
        assert_eq!(open_all(&site, &raw), items.len() * 3);
        assert!(raw[0].get("aspect").is_none() && raw[0]["desc"] == "");
        for item in items {
            assert_ne!(item.media_id, Some(item.id));
            let font = item.font_id.unwrap().to_string();
            let params = [("fontId", font.as_str())];
            let one = site.data("GET", "/resource/getFont", &params);
            assert_eq!(one["id"].to_string(), font);
        }
    }
    let none = [("textPasterId", "84")];
    assert_eq!(
        site.data("GET", "/resource/getTextPasterList", &none),
        json!([])
    );
}

#[test]
fn fonts_come_alone_or_all_together() {
    let site = site();
    let all: OneOrMany<Font> = site.ok("GET", "/resource/getFont", &[]).unwrap();
    assert_eq!(all.0.len(), 3);
    let raw = site.data("GET", "/resource/getFont", &[]);
    assert_eq!(open_all(&site, &raw), 9);
    let one: OneOrMany<Font> = site
        .ok("GET", "/resource/getFont", &[("fontId", "53")])
        .unwrap();
    assert_eq!(one.0.len(), 1);
    assert_eq!(one.0[0].name, all.0[1].name);
    assert!(
        site.data("GET", "/resource/getFont", &[("fontId", "53")])
            .is_object()
    );
    assert!(
        site.data("GET", "/resource/getFont", &[("fontId", "1")])
            .is_null()
    );
}

#[test]
fn music_videos_have_three_files_and_a_preview() {
    let site = site();
    let mvs: Vec<Mv> = site.ok("GET", "/resource/getMv", &[]).unwrap();
    assert_eq!(mvs.len(), 2);
    let raw = site.data("GET", "/resource/getMv", &[]);
    assert_eq!(open_all(&site, &raw), 2 * (3 + 3));
    assert_eq!(raw[0]["duration"], json!(15));
    let aspects = &mvs[0].aspect_list;
    let kinds: Vec<_> = aspects.iter().map(|a| a.aspect.clone().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            AspectRatio::Square,
            AspectRatio::FourToThree,
            AspectRatio::SixteenToNine
        ]
    );
    for aspect in aspects {
        let file = site.open(aspect.download.as_ref().unwrap());
        assert_eq!(
            aspect.md5.as_ref().unwrap().to_uppercase(),
            md5_hex(&file.body)
        );
    }
}

#[test]
fn made_up_addresses_lead_nowhere() {
    let site = site();
    for path in [
        "/quvideo/resource/1.mat",
        "/quvideo/resource/104.mat",
        "/quvideo/avatar/1.jpg",
        "/quvideo/snapshot/none/00001.jpg",
        "/quvideo/video/none/a-fd.mp4",
        "/quvideo/music/T1.jpg",
        "/quvideo/music/T10000000001.mp3",
        "/quvideo/preview?id=1",
        "/quvideo/preview?id=84&type=text",
    ] {
        assert_eq!(site.get(path).status, 404, "{path}");
    }
}
