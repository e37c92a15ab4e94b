//! What the addresses of media files lead to.

use serde_json::Value;

use crate::client::{Reply, TRANSCODE, Vendor, send, slow_vendor, vendor};
use crate::storage::uploaded;

const FILM: &[u8] = b"not really a film, but long enough to be read in parts";

fn target<'u>(vendor: &Vendor, url: &'u str) -> &'u str {
    url.strip_prefix(vendor.emulator.base_url())
        .unwrap_or_else(|| panic!("{url}"))
}

fn open(vendor: &Vendor, url: &str) -> Reply {
    send(vendor.at(), "GET", target(vendor, url), &[], b"")
}

/// Every address of a media file that a reply has.
fn addresses(video: &Value) -> Vec<String> {
    let endings = [".mp4", ".flv", ".m3u8", ".swf"];
    let members = video.as_object().unwrap().values();
    let texts = members.flat_map(|value| match value {
        Value::Array(list) => list.clone(),
        other => vec![other.clone()],
    });
    texts
        .filter_map(|value| value.as_str().map(str::to_owned))
        .filter(|text| endings.iter().any(|ending| text.ends_with(ending)))
        .collect()
}

fn times(vendor: &Vendor, vid: &str) -> u64 {
    let text = vendor.video(vid)["times"].as_str().unwrap().to_owned();
    text.parse().unwrap()
}

fn used_flow(vendor: &Vendor) -> u64 {
    let usage = vendor.post("/v2/user/{}/main", &[]);
    usage["usedFlow"].as_u64().unwrap()
}

#[test]
fn every_address_of_a_reply_leads_somewhere() {
    let vendor = vendor();
    for vid in [
        vendor.builtin(),
        vendor.film("pulled"),
        uploaded(&vendor, "uploaded", FILM),
    ] {
        let video = vendor.video(&vid);
        let urls = addresses(&video);
        assert_eq!(urls.len(), 11, "{urls:?}");
        for url in urls {
            let reply = open(&vendor, &url);
            assert_eq!(reply.status, 200, "{url}");
            assert!(!reply.body.is_empty(), "{url}");
        }
    }
}

#[test]
fn what_was_uploaded_comes_back_in_ranges() {
    let vendor = vendor();
    let vid = uploaded(&vendor, "a", FILM);
    let video = vendor.video(&vid);
    for name in ["mp4", "mp4_1", "mp4_2", "flv1", "flv2"] {
        let reply = open(&vendor, video[name].as_str().unwrap());
        assert_eq!(reply.body, FILM, "{name}");
        let kind = if name.starts_with("flv") {
            "video/x-flv"
        } else {
            "video/mp4"
        };
        assert!(reply.head.contains(kind), "{}", reply.head);
    }
    let url = video["mp4"].as_str().unwrap();
    let part = |range: &str| {
        let headers = [("Range", range)];
        send(vendor.at(), "GET", target(&vendor, url), &headers, b"")
    };
    let middle = part("bytes=4-9");
    assert_eq!((middle.status, middle.body.as_slice()), (206, &FILM[4..10]));
    assert!(
        middle
            .head
            .to_lowercase()
            .contains("content-range: bytes 4-9/54"),
        "{}",
        middle.head
    );
    assert_eq!(part("bytes=-5").body, &FILM[49..]);
    let behind = part("bytes=54-");
    assert_eq!((behind.status, behind.body.as_slice()), (416, &b""[..]));
    let head = send(vendor.at(), "HEAD", target(&vendor, url), &[], b"");
    assert_eq!((head.status, head.body.as_slice()), (200, &b""[..]));
    assert!(
        head.head.to_lowercase().contains("content-length: 54"),
        "{}",
        head.head
    );
    assert_eq!(
        send(vendor.at(), "POST", target(&vendor, url), &[], b"x").status,
        405
    );

    // The list names a piece beside it.
    let list_url = video["hls_1"].as_str().unwrap();
    let list = String::from_utf8(open(&vendor, list_url).body).unwrap();
    assert!(
        list.starts_with("#EXTM3U\n") && list.ends_with("#EXT-X-ENDLIST\n"),
        "{list}"
    );
    assert!(
        list.contains("#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\n"),
        "{list}"
    );
    let piece = list.lines().find(|line| line.ends_with(".ts")).unwrap();
    let (folder, _) = list_url.rsplit_once('/').unwrap();
    assert_eq!(open(&vendor, &format!("{folder}/{piece}")).body, FILM);
}

#[test]
fn films_that_nobody_has_say_how_long_they_last() {
    let vendor = vendor();
    let video = vendor.video(&vendor.builtin());
    let url = video["mp4"].as_str().unwrap();
    let film = open(&vendor, url).body;
    assert_eq!(&film[4..12], b"ftypisom");
    let header = film.windows(4).position(|four| four == b"mvhd").unwrap() + 4;
    // Behind version, flags and two times of 64 bits: ticks a second, and how many.
    let number = |at: usize, length: usize| -> u64 {
        let bytes = &film[header + at..header + at + length];
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    };
    assert_eq!((number(20, 4), number(24, 8)), (1000, 48_000));
    let headers = [("Range", "bytes=4-7")];
    let part = send(vendor.at(), "GET", target(&vendor, url), &headers, b"");
    assert_eq!((part.status, part.body.as_slice()), (206, &b"ftyp"[..]));
    let list = open(&vendor, video["hls_2"].as_str().unwrap()).body;
    assert!(String::from_utf8(list).unwrap().contains("#EXTINF:48.0,\n"));
}

#[test]
fn plays_and_bytes_are_counted() {
    let vendor = vendor();
    let vid = uploaded(&vendor, "a", FILM);
    let video = vendor.video(&vid);
    let url = |name: &str| video[name].as_str().unwrap().to_owned();
    assert_eq!((times(&vendor, &vid), used_flow(&vendor)), (0, 0));
    open(&vendor, &url("mp4"));
    assert_eq!((times(&vendor, &vid), used_flow(&vendor)), (1, 54));
    // A player that seeks plays no second time; one that only asks plays not at all.
    let part = |range| {
        send(
            vendor.at(),
            "GET",
            target(&vendor, &url("mp4")),
            &[("Range", range)],
            b"",
        )
    };
    part("bytes=4-9");
    send(vendor.at(), "HEAD", target(&vendor, &url("mp4")), &[], b"");
    part("bytes=99-");
    assert_eq!((times(&vendor, &vid), used_flow(&vendor)), (1, 60));
    part("bytes=0-9");
    open(&vendor, &url("flv1"));
    assert_eq!((times(&vendor, &vid), used_flow(&vendor)), (3, 124));
    // The list is played, not its pieces.
    let list = open(&vendor, &url("hls_1"));
    assert_eq!(times(&vendor, &vid), 4);
    assert_eq!(used_flow(&vendor), 124 + list.body.len() as u64);
    open(&vendor, &url("hls_1").replace(".m3u8", ".ts"));
    open(&vendor, &url("swf_link"));
    assert_eq!(times(&vendor, &vid), 4);
    let of_calls = vendor.get("/v2/data/{}/play-times", &[("vids", &vid)]);
    assert_eq!(of_calls[0]["times"], 4);
}

#[test]
fn what_cannot_be_played_is_not_served() {
    let vendor = slow_vendor();
    let vid = uploaded(&vendor, "a", FILM);
    let url = {
        let stem = vid.rsplit_once('_').unwrap().0;
        format!(
            "{}/polyv/{}/{stem}_1.mp4",
            vendor.emulator.base_url(),
            vendor.user()
        )
    };
    let status = |url: &str| open(&vendor, url).status;
    assert_eq!(status(&url), 404);
    vendor.advance(TRANSCODE / 4 * 3);
    assert_eq!(status(&url), 403, "not reviewed yet");
    vendor.advance(TRANSCODE / 4);
    assert_eq!(status(&url), 200);
    for wrong in [
        url.replace("_1.mp4", "_3.mp4"),
        url.replace("_1.mp4", "_0.mp4"),
        url.replace("_1.mp4", "_1.avi"),
        url.replace("_1.mp4", ".mp4"),
        url.replace("_1.mp4", "_x.mp4"),
        url.replace(vendor.user(), "nobody0001"),
    ] {
        assert_eq!(status(&wrong), 404, "{wrong}");
    }
    let forbid = |on: &str| {
        vendor.post(
            "/v2/video/{}/forbidden",
            &[("vids", &vid), ("forbidden", on)],
        );
    };
    forbid("1");
    assert_eq!(status(&url), 403);
    forbid("0");
    assert_eq!(status(&url), 200);
    vendor.post("/v2/video/{}/del-video", &[("vid", &vid)]);
    assert_eq!(status(&url), 404);
}

#[test]
fn an_encrypted_video_has_pieces_only() {
    let vendor = vendor();
    vendor.post(
        "/v2/setting/{}/set-playsafe",
        &[("encrypt", "1"), ("hlslevel", "web")],
    );
    let vid = uploaded(&vendor, "a", FILM);
    let video = vendor.video(&vid);
    assert_eq!((&video["mp4"], &video["flv1"]), (&"".into(), &"".into()));
    let list = video["hls_1"].as_str().unwrap();
    assert_eq!(open(&vendor, list).status, 200);
    assert_eq!(open(&vendor, &list.replace(".m3u8", ".ts")).body, FILM);
    for ending in [".mp4", ".flv"] {
        assert_eq!(open(&vendor, &list.replace(".m3u8", ending)).status, 404);
    }
}
