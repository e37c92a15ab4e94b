//! Pictures of chosen moments: the task by the clock, and what its own address is told.

use std::time::Duration;

use serde_json::{Value, json};
use vodkit_emulator::Emulator;
use vodkit_emulator::outcome::{Becomes, Outcome};
use vodkit_types::polyv::{SnapshotEvent, SnapshotStatus, SnapshotTask};

use crate::client::{TRANSCODE, Vendor, now_ms, read, send, slow_vendor, vendor, vendor_with};
use crate::receiver::{Receiver, field, md5_lower, names};

const ADD: &str = "/v2/video/snapshot/{}/addTask";
const STATUS: &str = "/v2/video/snapshot/{}/getTaskStatus";

fn add(vendor: &Vendor, vid: &str, more: &[(&str, &str)]) -> String {
    let mut params = vec![("vid", vid), ("offsetTimes", "5,12")];
    params.extend(more);
    vendor.post(ADD, &params).as_u64().unwrap().to_string()
}

fn status(vendor: &Vendor, task: &str) -> Value {
    vendor.get(STATUS, &[("taskId", task)])
}

#[test]
fn a_task_waits_works_and_ends_by_the_clock() {
    let vendor = slow_vendor();
    let vid = vendor.builtin();
    let task = add(&vendor, &vid, &[("width", "320"), ("height", "180")]);
    let shown = status(&vendor, &task);
    assert_eq!(shown["taskId"].to_string(), task);
    assert_eq!(
        (&shown["userId"], &shown["vid"]),
        (&vendor.user().into(), &vid.into())
    );
    let made = shown["createTime"].as_u64().unwrap();
    assert!(now_ms().abs_diff(made.into()) < 60_000, "{made}");
    let seen = |shown: &Value| {
        let task: SnapshotTask = read(shown);
        assert!(task.extra.is_empty(), "{:?}", task.extra);
        let times = ["beginProcessTime", "finishProcessTime"].map(|name| shown[name] != 0);
        (task.status, times, task.snapshots.len())
    };
    assert_eq!(seen(&shown), (SnapshotStatus::Waiting, [false, false], 0));
    vendor.advance(TRANSCODE / 4);
    let shown = status(&vendor, &task);
    assert_eq!(seen(&shown), (SnapshotStatus::Processing, [true, false], 0));
    let early = format!("/uimage/{}/{task}_5.jpg", vendor.user());
    assert_eq!(send(vendor.at(), "GET", &early, &[], b"").status, 404);
    vendor.advance(TRANSCODE / 4);
    let shown = status(&vendor, &task);
    assert_eq!(seen(&shown), (SnapshotStatus::Success, [true, true], 2));
    for (picture, second) in shown["snapshots"].as_array().unwrap().iter().zip([5, 12]) {
        assert_eq!(picture["offsetTime"], second);
        let url = picture["imageUrl"].as_str().unwrap();
        let target = url.strip_prefix(vendor.emulator.base_url()).unwrap();
        let served = send(vendor.at(), "GET", target, &[], b"");
        assert!(
            served.status == 200 && served.body.starts_with(b"\xff\xd8"),
            "{url}"
        );
        let other = target.replace(&format!("_{second}."), "_6.");
        assert_eq!(send(vendor.at(), "GET", &other, &[], b"").status, 404);
    }
}

#[test]
fn what_makes_no_task_is_refused() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let many: Vec<String> = (0..21).map(|second| second.to_string()).collect();
    for (moments, words) in [
        (many.join(","), "illegal offsetTimes"),
        ("5,a".to_owned(), "illegal offsetTimes"),
        ("-5".to_owned(), "illegal offsetTimes"),
        (",".to_owned(), "offsetTimes can't be empty"),
    ] {
        let params = [("vid", vid.as_str()), ("offsetTimes", &moments)];
        let why = vendor.refusal("POST", ADD, &params);
        assert_eq!(why, words, "{moments}");
    }
    let twenty = many[..20].join(",");
    vendor.post(ADD, &[("vid", &vid), ("offsetTimes", &twenty)]);
    let unknown = vendor.refusal("POST", ADD, &[("vid", "none"), ("offsetTimes", "1")]);
    assert!(unknown.contains("not found"), "{unknown}");
    let unknown = vendor.refusal("GET", STATUS, &[("taskId", "7")]);
    assert!(unknown.contains("not found"), "{unknown}");
    vendor.post(
        "/v2/video/{}/forbidden",
        &[("vids", &vid), ("forbidden", "1")],
    );
    let forbidden = vendor.refusal("POST", ADD, &[("vid", &vid), ("offsetTimes", "1")]);
    assert_eq!(forbidden, "video is forbidden.");
}

#[test]
fn the_end_is_told_to_the_address_of_the_task() {
    let receiver = Receiver::agreeing("");
    let vendor = vendor_with(Emulator::builder().transcode_time(Duration::from_secs(TRANSCODE)));
    // The account has no address, and a task without one tells nobody.
    let vid = vendor.builtin();
    let to = receiver.url("/pictures?shop=7");
    add(&vendor, &vid, &[]);
    let good = add(&vendor, &vid, &[("callbackUrl", &to)]);
    let outcomes = vendor.emulator.outcomes();
    outcomes.plan(Outcome::of("polyv", Becomes::SnapshotsFail).video(vid.as_str()));
    let bad = add(&vendor, &vid, &[("callbackUrl", &to)]);
    assert_eq!(outcomes.report()[0].met, [bad.as_str()]);
    assert_eq!(receiver.taken(&vendor.emulator), []);
    vendor.advance(TRANSCODE / 2);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 2);
    for (received, task) in told.iter().zip([&good, &bad]) {
        assert_eq!(
            (received.method.as_str(), received.path.as_str()),
            ("POST", "/pictures")
        );
        let query = received.query();
        assert_eq!(names(&query), ["shop", "sign"]);
        let key = &vendor.account.secret_key;
        assert_eq!(
            field(&query, "sign"),
            md5_lower(&format!("snapshot{vid}{key}"))
        );
        let body = received.json();
        assert_eq!(body.as_object().unwrap().len(), 4);
        assert_eq!(body["taskId"].to_string(), **task);
        assert_eq!(body["snapshots"], status(&vendor, task)["snapshots"]);
        assert_eq!(body["status"], status(&vendor, task)["status"]);
        let event: SnapshotEvent = serde_json::from_value(body).unwrap();
        assert!(event.extra.is_empty() && event.vid == vid);
    }
    assert_eq!(told[1].json()["snapshots"], json!([]));
    assert_eq!(told[1].json()["status"], "fail");

    // Of a video that was deleted meanwhile nothing is told.
    add(&vendor, &vid, &[("callbackUrl", &to)]);
    vendor.post("/v2/video/{}/del-video", &[("vid", &vid)]);
    vendor.advance(TRANSCODE);
    assert_eq!(receiver.taken(&vendor.emulator), []);
}
