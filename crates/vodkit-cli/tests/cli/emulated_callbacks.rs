//! From the emulator to `vodkit listen` over real sockets: what the vendors' sides send, the receivers verify.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use serde_json::Value;
use vodkit_emulator::baijiayun::{self, ThirdPartyAuth};
use vodkit_emulator::{CallbackOutcome, Effect, Emulator, polyv, quvideo};

use crate::callbacks::Listener;
use crate::processes::until;
use crate::{PARTNER_ID, PARTNER_KEY, SECRET_KEY, bare, run};

const QUVIDEO_KEY: &str = "canary-callback-key";

/// A listener, and an emulator whose accounts report to it. Its clock differs from the real one by so many seconds.
fn world(clock_offset: i64) -> (Listener, Emulator) {
    let mut keys = bare();
    keys.env("VODKIT_BAIJIAYUN_PARTNER_KEY", PARTNER_KEY)
        .env("VODKIT_POLYV_SECRET_KEY", polyv::DEFAULT_SECRET_KEY)
        .env("VODKIT_QUVIDEO_CALLBACK_KEY", QUVIDEO_KEY);
    let listener = Listener::start(&mut keys, &[]);
    let at = |path: &str| format!("{}/{path}", listener.base_url);
    let baijiayun = baijiayun::Account::new(PARTNER_ID, PARTNER_KEY, SECRET_KEY)
        .with_callback_url(at("baijiayun"))
        .with_third_party_auth(ThirdPartyAuth::new(at("baijiayun/auth")));
    let emulator = Emulator::builder()
        .baijiayun(baijiayun)
        .polyv(polyv::Account::default().with_callback_url(at("polyv")))
        .quvideo_callback(quvideo::Callback::new(at("quvideo")).key(QUVIDEO_KEY))
        .time_scale(1000.0)
        .clock_offset(clock_offset)
        .start()
        .unwrap();
    (listener, emulator)
}

/// The binary with the accounts of this emulator.
fn client(emulator: &Emulator) -> Command {
    let mut command = crate::vodkit(emulator.base_url());
    command
        .env("VODKIT_POLYV_BASE_URL", emulator.base_url())
        .env("VODKIT_POLYV_USER_ID", polyv::DEFAULT_USER_ID)
        .env("VODKIT_POLYV_SECRET_KEY", polyv::DEFAULT_SECRET_KEY)
        .env("VODKIT_QUVIDEO_BASE_URL", emulator.base_url())
        .env("VODKIT_QUVIDEO_TOKEN", quvideo::DEFAULT_TOKEN);
    command
}

/// Uploads a file to each vendor; the ids of the videos.
fn upload(emulator: &Emulator) -> BTreeMap<&'static str, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lesson.mp4");
    std::fs::write(&file, "the emulator takes any bytes").unwrap();
    let file = file.to_str().unwrap();
    let ids = ["baijiayun", "polyv", "quvideo"].map(|vendor| {
        let mut args = vec!["upload", vendor, file];
        if vendor == "quvideo" {
            args.extend(["--cover-url", "http://img.example.test/1.jpg"]);
        }
        let ran = run(&mut client(emulator), &args);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let uploaded: Value = serde_json::from_str(&ran.out).unwrap();
        let id = &uploaded["video_id"];
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        (vendor, id)
    });
    ids.into_iter().collect()
}

/// Vendor, event, attempt and outcome of each callback so far.
fn attempts(emulator: &Emulator) -> Vec<(&'static str, String, u32, CallbackOutcome)> {
    let effects = emulator
        .journal()
        .into_iter()
        .flat_map(|record| record.effects);
    effects
        .filter_map(|effect| match effect {
            Effect::CallbackAttempted {
                vendor,
                event,
                attempt,
                outcome,
                ..
            } => Some((vendor, event, attempt, outcome)),
            _ => None,
        })
        .collect()
}

fn told(emulator: &Emulator, vendor: &str, event: &str) -> usize {
    let attempts = attempts(emulator);
    let of = attempts
        .iter()
        .filter(|(v, e, ..)| *v == vendor && e == event);
    of.count()
}

#[test]
fn what_the_emulator_sends_arrives_verified() {
    let (listener, emulator) = world(0);
    let ids = upload(&emulator);
    until(|| {
        told(&emulator, "baijiayun", "status 100") == 1
            && told(&emulator, "polyv", "pass") == 1
            && told(&emulator, "quvideo", "SnapshotComplete") == 1
    });
    let vid = format!("vid={}", ids["polyv"]);
    let deleted = run(
        &mut client(&emulator),
        &["call", "polyv", "del-video", &vid],
    );
    assert_eq!(deleted.code, 0, "{}", deleted.err);

    // A viewer with an access_key: the emulator asks before it plays.
    let video = format!("video_id={}", ids["baijiayun"]);
    let urls = run(
        &mut client(&emulator),
        &["call", "baijiayun", "getUrl", &video],
    )
    .data();
    let (_, first) = urls["play_info"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .unwrap();
    let target = first["url"]
        .as_str()
        .unwrap()
        .strip_prefix(emulator.base_url())
        .unwrap();
    let mut player = TcpStream::connect(emulator.address()).unwrap();
    let ask = format!(
        "GET {target}&access_key=canary-access-key HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
    );
    player.write_all(ask.as_bytes()).unwrap();
    let mut played = String::new();
    player.read_to_string(&mut played).unwrap();
    assert!(played.starts_with("HTTP/1.1 200"), "{played}");
    assert!(played.ends_with("the emulator takes any bytes"), "{played}");

    until(|| told(&emulator, "polyv", "DeleteMediaComplete") == 1);
    for (vendor, event, attempt, outcome) in attempts(&emulator) {
        assert_eq!(
            (attempt, outcome),
            (1, CallbackOutcome::Accepted),
            "{vendor} {event}"
        );
    }
    let ran = listener.end();
    assert!(!ran.out.contains("canary"), "{}", ran.out);
    let mut received: BTreeMap<String, &str> = BTreeMap::new();
    let lines: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for line in &lines {
        assert!(line.get("refused").is_none(), "{line}");
        assert_eq!(line["again"], false, "{line}");
        let name = format!(
            "{} {}",
            line["vendor"].as_str().unwrap(),
            line["event"].as_str().unwrap()
        );
        received.insert(name, line["covered"].as_str().unwrap());
    }
    let expected = BTreeMap::from(
        [
            ("baijiayun auth", "nothing"),
            ("baijiayun transcode-complete", "everything"),
            ("baijiayun upload-complete", "everything"),
            ("polyv DeleteMediaComplete", "constant"),
            ("polyv TranscodeComplete", "fields"),
            ("polyv encode", "fields"),
            ("polyv pass", "fields"),
            ("polyv upload", "fields"),
            ("quvideo AIVideoCensorComplete", "address_and_time"),
            ("quvideo SnapshotComplete", "address_and_time"),
            ("quvideo StreamTranscodeComplete", "address_and_time"),
            ("quvideo TranscodeComplete", "address_and_time"),
        ]
        .map(|(name, covered)| (name.to_owned(), covered)),
    );
    assert_eq!(received, expected);
}

/// Where a time is signed, what is 400 s old is refused, and comes again exactly as often as the vendor says.
#[test]
fn what_is_too_old_is_refused_and_repeated_as_documented() {
    let (listener, emulator) = world(-400);
    upload(&emulator);
    until(|| {
        told(&emulator, "baijiayun", "status 100") == 3
            && told(&emulator, "polyv", "pass") == 1
            && told(&emulator, "quvideo", "SnapshotComplete") == 3
    });
    assert_eq!(told(&emulator, "baijiayun", "status 20"), 1);
    for (vendor, event, _, outcome) in attempts(&emulator) {
        let expected = match vendor {
            "polyv" => CallbackOutcome::Accepted,
            _ => CallbackOutcome::Refused,
        };
        assert_eq!(outcome, expected, "{vendor} {event}");
    }
    for line in listener.end().out.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["vendor"] == "polyv" {
            assert_eq!(line["answered"], 200, "{line}");
        } else {
            assert_eq!(line["refused"], "too_old", "{line}");
            assert_eq!(line["answered"], 403, "{line}");
        }
    }
}
