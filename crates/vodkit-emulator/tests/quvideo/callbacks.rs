//! What the service behind the server reports, received by a server made by hand, with each signature made once more.

use std::time::Duration;

use serde_json::{Value, json};
use vodkit_emulator::outcome::{Becomes, Outcome};
use vodkit_emulator::quvideo::{AuditEvent, Callback};
use vodkit_emulator::{CallbackOutcome, Emulator, StartError};
use vodkit_types::quvideo::{
    AIMediaAuditComplete, AIVideoCensorComplete, SnapshotComplete, StreamTranscodeComplete,
    TranscodeComplete,
};

use crate::client::{Site, content, now, site_with};
use crate::receiver::{Answer, Received, Receiver, attempts, md5_lower, pass};

const TRANSCODE: Duration = Duration::from_secs(3);
const KEY: &str = "key-of-the-callback";

fn address(receiver: &Receiver) -> String {
    receiver.url("/hooks/vod?shop=7&name=a%20b")
}

fn site(callback: Callback) -> Site {
    site_with(
        Emulator::builder()
            .transcode_time(TRANSCODE)
            .callback_time(Duration::from_millis(150))
            .quvideo_callback(callback),
    )
}

fn upload(site: &Site, film: &[u8]) -> String {
    let upload = site.create(&site.token, "film.mp4");
    assert_eq!(upload.put(film).status, 200);
    upload.video_id
}

/// The body of a message that is signed with address, time and key.
fn checked(received: &Received, address: &str) -> (Value, i64) {
    assert_eq!(
        (received.method.as_str(), received.path.as_str()),
        ("POST", "/hooks/vod")
    );
    assert_eq!(received.query.as_deref(), Some("shop=7&name=a%20b"));
    let stamp = received.header("X-VOD-TIMESTAMP").unwrap();
    let signature = received.header("X-VOD-SIGNATURE").unwrap();
    assert_eq!(signature, md5_lower(&format!("{address}|{stamp}|{KEY}")));
    (received.json(), stamp.parse().unwrap())
}

#[test]
fn a_video_is_told_when_it_was_worked_on() {
    let receiver = Receiver::agreeing("whatever");
    let url = address(&receiver);
    let site = site(Callback::new(&url).key(KEY));
    let film = content(4321);
    let id = upload(&site, &film);
    assert_eq!(receiver.taken(&site.emulator), []);
    site.emulator.advance(TRANSCODE);
    let told = receiver.taken(&site.emulator);
    assert_eq!(told.len(), 4);

    let (body, stamp) = checked(&told[0], &url);
    assert!((now() + 3).abs_diff(stamp) < 30, "{stamp}");
    assert_eq!(body["EventType"], "StreamTranscodeComplete");
    assert_eq!(
        (&body["VideoId"], &body["Status"]),
        (&json!(id), &json!("success"))
    );
    let message: StreamTranscodeComplete = serde_json::from_value(body.clone()).unwrap();
    assert_eq!((message.size, message.is_audio), (Some(4321), Some(false)));
    assert_eq!((message.width, message.height), (Some(1280), Some(720)));
    let time = message.event_time.unwrap();
    let shape = |c: char| if c.is_ascii_digit() { 'd' } else { c };
    assert_eq!(
        time.chars().map(shape).collect::<String>(),
        "dddd-dd-ddTdd:dd:ddZ"
    );
    // The file that it names is the one that was uploaded.
    assert_eq!(site.open(&message.file_url.unwrap()).body, film);

    let (whole, _) = checked(&told[1], &url);
    assert_eq!(whole["EventType"], "TranscodeComplete");
    assert_eq!(whole["Status"], "success");
    let message: TranscodeComplete = serde_json::from_value(whole.clone()).unwrap();
    assert_eq!(
        (message.video_id, message.stream_infos.len()),
        (id.clone(), 1)
    );
    // The one stream, as it was told of by itself.
    for name in [
        "FileUrl",
        "JobId",
        "Bitrate",
        "Duration",
        "Definition",
        "Status",
    ] {
        assert_eq!(whole["StreamInfos"][0][name], body[name], "{name}");
        assert!(!body[name].is_null(), "{name}");
    }

    let (body, _) = checked(&told[2], &url);
    assert_eq!(body["EventType"], "SnapshotComplete");
    let message: SnapshotComplete = serde_json::from_value(body).unwrap();
    assert_eq!(message.video_id.as_ref(), Some(&id));
    assert_eq!(site.open(&message.cover_url.unwrap()).status, 200);
    let info = &message.snapshot_infos[0];
    assert_eq!(info.snapshot_format.as_deref(), Some("jpg"));
    let pattern = info.snapshot_regular.as_ref().unwrap();
    for number in 1..=info.snapshot_count.unwrap() {
        let url = pattern.replace("{SnapshotCount}", &format!("{number:05}"));
        assert_eq!(site.open(&url).status, 200, "{url}");
    }

    let (body, _) = checked(&told[3], &url);
    assert_eq!(body["EventType"], "AIVideoCensorComplete");
    assert!(body.get("VideoId").is_none());
    assert_eq!(body["Data"]["Suggestion"], "pass");
    let message: AIVideoCensorComplete = serde_json::from_value(body).unwrap();
    assert_eq!(message.media_id.as_ref(), Some(&id));

    site.emulator.advance(Duration::from_secs(86_400));
    assert_eq!(receiver.taken(&site.emulator), []);
    for (_, number, outcome, record) in attempts(&site.emulator) {
        assert_eq!((number, outcome), (1, CallbackOutcome::Accepted));
        assert!(!format!("{record:?}").contains("shop=7"));
    }
}

#[test]
fn the_review_has_its_new_name_on_demand_and_headers_need_a_key() {
    let receiver = Receiver::agreeing("");
    let callback = Callback::new(address(&receiver)).audit_event(AuditEvent::AIMediaAuditComplete);
    let site = site(callback);
    let id = upload(&site, &content(10));
    site.emulator.advance(TRANSCODE);
    let told = receiver.taken(&site.emulator);
    for received in &told {
        assert_eq!(received.header("X-VOD-TIMESTAMP"), None);
        assert_eq!(received.header("X-VOD-SIGNATURE"), None);
    }
    let body = told[3].json();
    assert_eq!(body["EventType"], "AIMediaAuditComplete");
    let message: AIMediaAuditComplete = serde_json::from_value(body).unwrap();
    assert_eq!(message.media_id, id);
}

#[test]
fn an_empty_file_fails_in_all_that_was_tried() {
    let receiver = Receiver::agreeing("");
    let url = address(&receiver);
    let site = site(Callback::new(&url).key(KEY));
    let id = upload(&site, b"");
    site.emulator.advance(TRANSCODE);
    let told = receiver.taken(&site.emulator);
    let bodies: Vec<Value> = told.iter().map(|one| checked(one, &url).0).collect();
    let events: Vec<&str> = bodies
        .iter()
        .map(|body| body["EventType"].as_str().unwrap())
        .collect();
    assert_eq!(
        events,
        [
            "StreamTranscodeComplete",
            "TranscodeComplete",
            "SnapshotComplete"
        ]
    );
    for body in &bodies {
        assert_eq!(
            (&body["Status"], &body["VideoId"]),
            (&json!("fail"), &json!(id))
        );
    }
    for body in [&bodies[0], &bodies[1]["StreamInfos"][0], &bodies[2]] {
        assert_eq!(body["ErrorCode"], "EmptyFile");
        assert!(body.get("FileUrl").is_none() && body.get("CoverUrl").is_none());
    }
}

#[test]
fn what_was_planned_is_told_and_seen() {
    let receiver = Receiver::agreeing("");
    let url = address(&receiver);
    let site = site(Callback::new(&url).key(KEY));
    let outcomes = site.emulator.outcomes();
    let plan = |becomes| outcomes.plan(Outcome::of("quvideo", becomes));
    let row = |list: &str, id: &str| {
        let rows = site.list(list, &site.token, "1", "9");
        let rows = rows["videoList"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["videoId"] == id)
    };
    let words = |told: &[Received]| -> Vec<String> {
        let bodies = told.iter().map(|received| checked(received, &url).0);
        let word = |body: Value| match &body["Data"]["Suggestion"] {
            Value::Null => body["Status"].as_str().unwrap().to_owned(),
            suggestion => suggestion.as_str().unwrap().to_owned(),
        };
        bodies.map(word).collect()
    };
    plan(Becomes::ReviewRejects);
    plan(Becomes::SnapshotsFail);
    let id = site.publish(&site.token, "turned down", &content(10));
    site.emulator.advance(TRANSCODE);
    let told = receiver.taken(&site.emulator);
    assert_eq!(words(&told), ["success", "success", "fail", "block"]);
    assert_eq!(told[2].json()["ErrorCode"], "PlannedFailure");
    assert!(told[2].json().get("SnapshotInfos").is_none());
    assert_eq!(told[3].json()["Data"]["AbnormalModules"], "video");
    let shown = row("getPersonalVideoList", &id).unwrap();
    let statuses = ["transcodeStatus", "snapshotStatus", "censorStatus"];
    assert_eq!(
        statuses.map(|name| &shown[name]),
        ["success", "fail", "fail"]
    );
    assert_eq!(
        (&shown["firstFrameUrl"], &shown["snapshotList"]),
        (&json!(""), &Value::Null)
    );
    let picture = site.get(&format!("/quvideo/snapshot/{id}/00001.jpg"));
    assert_eq!(picture.status, 404);
    assert_eq!(row("getRecommendVideoList", &id), None);

    // What cannot be decoded meets nothing else.
    plan(Becomes::TranscodingFails);
    plan(Becomes::ReviewRejects);
    let id = site.publish(&site.token, "broken", &content(10));
    site.emulator.advance(TRANSCODE);
    let told = receiver.taken(&site.emulator);
    assert_eq!(words(&told), ["fail"; 3]);
    for received in &told {
        let body = received.json();
        let stream = body.get("StreamInfos").map_or(&body, |streams| &streams[0]);
        assert_eq!(stream["ErrorCode"], "PlannedFailure", "{body}");
    }
    let shown = row("getPersonalVideoList", &id).unwrap();
    assert_eq!(
        statuses.map(|name| &shown[name]),
        ["fail", "fail", "onCensor"]
    );
    let unmet: Vec<u64> = outcomes.unmet().iter().map(|report| report.id).collect();
    assert_eq!(unmet, [4]);
    outcomes.clear();
    let id = site.publish(&site.token, "good", &content(10));
    site.emulator.advance(TRANSCODE);
    assert_eq!(words(&receiver.taken(&site.emulator))[3], "pass");
    assert!(row("getRecommendVideoList", &id).is_some());
}

#[test]
fn there_are_three_attempts_a_second_apart() {
    for answer in [
        Answer::Reply(500, ""),
        Answer::Reply(204, ""),
        Answer::Reply(302, ""),
        Answer::Close,
        Answer::Silence,
    ] {
        let receiver = Receiver::start(&[answer]);
        let url = address(&receiver);
        let site = site(Callback::new(&url).key(KEY));
        upload(&site, &content(10));
        site.emulator.advance(TRANSCODE);
        pass(&site.emulator, Duration::from_secs(4));
        site.emulator.advance(Duration::from_secs(86_400));
        let told = receiver.taken(&site.emulator);
        assert_eq!(told.len(), 12, "{answer:?}");
        let mut of_one: Vec<(Value, i64)> = told
            .iter()
            .map(|received| checked(received, &url))
            .collect();
        of_one.retain(|(body, _)| body["EventType"] == "TranscodeComplete");
        assert_eq!(of_one.len(), 3, "{answer:?}");
        // The same message, each time with the time of its own.
        assert_eq!(of_one[0].0, of_one[1].0);
        assert_eq!(of_one[0].0, of_one[2].0);
        let (first, second, third) = (of_one[0].1, of_one[1].1, of_one[2].1);
        assert!((1..=3).contains(&(second - first)) && (1..=3).contains(&(third - second)));

        let records: Vec<_> = attempts(&site.emulator)
            .into_iter()
            .filter(|(event, ..)| event == "TranscodeComplete")
            .collect();
        let numbers: Vec<u32> = records.iter().map(|(_, number, ..)| *number).collect();
        assert_eq!(numbers, [1, 2, 3], "{answer:?}");
        for two in records.windows(2) {
            let gap = two[1].3.at_ms - two[0].3.at_ms;
            assert!((1_000..2_800).contains(&gap), "{answer:?}: {gap}");
        }
    }
}

#[test]
fn the_body_of_the_answer_is_not_waited_for() {
    for answer in [Answer::Endless, Answer::Half, Answer::Reply(200, "no")] {
        let receiver = Receiver::start(&[answer]);
        let site = site(Callback::new(address(&receiver)));
        upload(&site, &content(10));
        site.emulator.advance(TRANSCODE);
        assert_eq!(receiver.taken(&site.emulator).len(), 4, "{answer:?}");
        let accepted = attempts(&site.emulator)
            .iter()
            .all(|(_, _, outcome, _)| *outcome == CallbackOutcome::Accepted);
        assert!(accepted, "{answer:?}");
    }
}

#[test]
fn only_files_of_videos_that_stay_are_told_of() {
    let receiver = Receiver::agreeing("");
    let site = site(Callback::new(address(&receiver)));
    let film = content(10);
    // Published and deleted before it was done.
    let id = site.publish(&site.token, "gone", &film);
    let rows = site.list("getPersonalVideoList", &site.token, "1", "9");
    let user = rows["videoList"][0]["user"]["userId"].as_str().unwrap();
    let params = [
        ("token", site.token.as_str()),
        ("videoId", &id),
        ("userId", user),
    ];
    site.data("POST", "/vod/deleteVideoById", &params);
    site.emulator.advance(TRANSCODE);
    assert_eq!(receiver.taken(&site.emulator), []);

    // A file that comes again is worked on anew, and its first is not told of.
    let upload = site.create(&site.token, "film.mp4");
    assert_eq!(upload.put(&film).status, 200);
    site.emulator.advance(TRANSCODE / 2);
    assert_eq!(upload.put(&content(11)).status, 200);
    site.emulator.advance(TRANSCODE / 2);
    assert_eq!(receiver.taken(&site.emulator), []);
    site.emulator.advance(TRANSCODE / 2);
    let told = receiver.taken(&site.emulator);
    assert_eq!(told.len(), 4);
    assert_eq!(told[0].json()["Size"], 11);

    // Also when both times have come at once.
    let upload = site.create(&site.token, "film.mp4");
    assert_eq!(upload.put(&film).status, 200);
    site.emulator.advance(TRANSCODE / 2);
    assert_eq!(upload.put(&content(12)).status, 200);
    site.emulator.advance(TRANSCODE);
    let told = receiver.taken(&site.emulator);
    assert_eq!(told.len(), 4);
    assert_eq!(told[0].json()["Size"], 12);
}

#[test]
fn an_address_is_of_256_bytes_at_most() {
    let start = |length: usize| {
        let url = format!("http://localhost/{}", "a".repeat(length - 17));
        let callback = Callback::new(url);
        Emulator::builder().quvideo_callback(callback).start()
    };
    assert!(start(256).is_ok());
    let error = start(257).unwrap_err();
    assert!(matches!(error, StartError::Setting(_)));
    assert_eq!(
        error.to_string(),
        "quvideo's callback: the address has 257 bytes, 256 are allowed"
    );
}
