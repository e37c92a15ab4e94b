//! Every event that the receivers of all vendors know: the emulator comes to tell it, `vodkit listen` verifies it, and a service that fails gets it
//! again as often as the vendor documents, and no oftener.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use vodkit_emulator::CallbackOutcome;
use vodkit_emulator::quvideo::AuditEvent;

use crate::callbacks::{EVENTS, known_to_receivers};
use crate::emulated_callbacks::World;
use crate::processes::until;
use crate::server::{Server, reply};

/// A way in which the emulator comes to tell something.
struct Scenario {
    name: &'static str,
    vendor: &'static str,
    /// What is decided before, as JSON for the emulator.
    planned: &'static [&'static str],
    /// What a user of the vendor does.
    act: fn(&World),
    /// All that is told then, in order.
    told: &'static [&'static str],
    /// What the messages say, where it is not their name that tells.
    says: fn(&[Value]),
}

fn nothing_more(_: &[Value]) {}

const UPLOAD: fn(&World, &str) = |world, vendor| {
    world.upload(vendor, "lesson.mp4");
};
const BAIJIAYUN: fn(&World) = |world| UPLOAD(world, "baijiayun");
const POLYV: fn(&World) = |world| UPLOAD(world, "polyv");
const QUVIDEO: fn(&World) = |world| UPLOAD(world, "quvideo");

/// What every QuVideo upload tells, with the review under either of its names.
const REVIEWED: [&str; 4] = [
    "StreamTranscodeComplete",
    "TranscodeComplete",
    "SnapshotComplete",
    "AIVideoCensorComplete",
];
const REVIEWED_TODAY: [&str; 4] = [
    "StreamTranscodeComplete",
    "TranscodeComplete",
    "SnapshotComplete",
    "AIMediaAuditComplete",
];

fn first_video(world: &World) -> String {
    let found = world.call("polyv", "get-new-list", &[]);
    found["contents"][0]["vid"].as_str().unwrap().to_owned()
}

fn courseware(world: &World) {
    let vid = format!("vid={}", first_video(world));
    world.call("polyv", "uploadPPT/asyn", &[&vid, "courseware=@slides.pdf"]);
}

fn snapshots(world: &World) {
    let vid = format!("vid={}", first_video(world));
    let to = format!("callbackUrl={}", world.address("polyv"));
    world.call(
        "polyv",
        "snapshot/addTask",
        &[&vid, "offsetTimes=5,12", &to],
    );
}

fn scenarios() -> Vec<Scenario> {
    let mut all = of_baijiayun();
    all.extend(of_polyv());
    all.extend(of_quvideo());
    all
}

fn of_baijiayun() -> Vec<Scenario> {
    let scenario = |name, planned, act, told, says| Scenario {
        name,
        vendor: "baijiayun",
        planned,
        act,
        told,
        says,
    };
    let of_a_room: fn(&[Value]) = |lines| {
        for line in lines {
            let room = (&line["data"]["room_id"], &line["data"]["session_id"]);
            assert_eq!(room, (&json!(18_042_812_345_678_u64), &json!("201804280")));
            assert!(line["data"].get("version").is_none_or(Value::is_null));
        }
    };
    vec![
        scenario(
            "a video is uploaded, and a viewer asks to play it",
            &[],
            |world| {
                let video = world.upload("baijiayun", "lesson.mp4");
                until(|| world.attempts().len() >= 2);
                let plays = world.play(&video);
                let agreed = world
                    .attempts()
                    .iter()
                    .all(|attempt| attempt.outcome == CallbackOutcome::Accepted);
                assert_eq!(plays, agreed, "who is not let in does not play");
            },
            &["upload-complete", "transcode-complete", "auth"],
            nothing_more,
        ),
        scenario(
            "a file is uploaded that is no video",
            &[],
            |world| {
                world.upload("baijiayun", "lesson.xyz");
            },
            &["upload-complete", "transcode-failed"],
            nothing_more,
        ),
        scenario(
            "a room was recorded",
            &[
                r#"{ "vendor": "baijiayun", "becomes": { "playback": { "room_id": 18042812345678, "session_id": "201804280" } } }"#,
            ],
            BAIJIAYUN,
            &["playback-upload-complete", "playback-transcode-complete"],
            of_a_room,
        ),
        scenario(
            "a room was recorded, and the recording cannot be transcoded",
            &[
                r#"{ "vendor": "baijiayun", "becomes": { "playback": { "room_id": 18042812345678, "session_id": "201804280" } } }"#,
                r#"{ "vendor": "baijiayun", "becomes": "transcoding_fails" }"#,
            ],
            BAIJIAYUN,
            &["playback-upload-complete", "playback-transcode-failed"],
            of_a_room,
        ),
    ]
}

/// The words for the end of each file that `TranscodeComplete` names, behind the one for all.
fn ends(lines: &[Value]) -> Vec<&str> {
    let complete = lines
        .iter()
        .find(|line| line["event"] == "TranscodeComplete");
    let data = &complete.unwrap()["data"];
    let infos = data["videoInfos"].as_array().unwrap();
    let files = infos.iter().map(|info| info["status"].as_str().unwrap());
    std::iter::once(data["status"].as_str().unwrap())
        .chain(files)
        .collect()
}

fn of_polyv() -> Vec<Scenario> {
    let scenario = |name, planned, act, told, says| Scenario {
        name,
        vendor: "polyv",
        planned,
        act,
        told,
        says,
    };
    vec![
        scenario(
            "a video is uploaded",
            &[],
            POLYV,
            &[
                "upload",
                "encode",
                "encode",
                "encode",
                "encode",
                "TranscodeComplete",
                "pass",
            ],
            |lines| assert_eq!(ends(lines), ["success"; 5]),
        ),
        scenario(
            "a file is uploaded that cannot be analysed",
            &[r#"{ "vendor": "polyv", "becomes": "invalid_file" }"#],
            POLYV,
            &["invalidVideo"],
            nothing_more,
        ),
        scenario(
            "a file gets lost behind the edge",
            &[r#"{ "vendor": "polyv", "becomes": "not_synced" }"#],
            POLYV,
            &["videoSyncedFail"],
            nothing_more,
        ),
        scenario(
            "nothing can be made of a file",
            &[r#"{ "vendor": "polyv", "becomes": "transcoding_fails" }"#],
            POLYV,
            &[
                "upload",
                "encode_failed",
                "encode_failed",
                "encode_failed",
                "encode_failed",
                "TranscodeComplete",
            ],
            |lines| assert_eq!(ends(lines), ["fail"; 5]),
        ),
        scenario(
            "the best definition cannot be made",
            &[r#"{ "vendor": "polyv", "becomes": "rendition_fails" }"#],
            POLYV,
            &[
                "upload",
                "encode",
                "encode",
                "encode_failed",
                "encode_failed",
                "TranscodeComplete",
                "pass",
            ],
            |lines| {
                assert_eq!(
                    ends(lines),
                    ["success", "success", "success", "fail", "fail"]
                )
            },
        ),
        scenario(
            "the scan objects, and the review says no",
            &[
                r#"[{ "vendor": "polyv", "becomes": "scan_objects" }, { "vendor": "polyv", "becomes": "review_rejects" }]"#,
            ],
            POLYV,
            &[
                "upload",
                "encode",
                "encode",
                "encode",
                "encode",
                "TranscodeComplete",
                "AIContentScanNotPassed",
                "nopass",
            ],
            |lines| {
                let found = &lines[6]["data"]["scanResults"][0];
                assert_eq!(found["suggestion"], "review");
            },
        ),
        scenario(
            "a file cannot be fetched",
            &[],
            |world| {
                let url = "fileUrl=ftp://files.example.test/1.mp4";
                world.call("polyv", "grab/upload/multi", &[url, "title=课"]);
            },
            &["async_upload"],
            nothing_more,
        ),
        scenario(
            "a video is deleted",
            &[],
            |world| {
                let vid = format!("vid={}", first_video(world));
                world.call("polyv", "del-video", &[&vid]);
            },
            &["DeleteMediaComplete"],
            |lines| assert_eq!(lines[0]["data"]["deleteType"], "MoveToTrash"),
        ),
        scenario(
            "courseware is uploaded",
            &[],
            courseware,
            &["CoursewareConvertComplete"],
            |lines| {
                assert_eq!(lines[0]["data"]["status"], "success");
                assert_eq!(lines[0]["data"]["convertedImages"][0]["pageNo"], 1);
            },
        ),
        scenario(
            "courseware cannot be converted",
            &[r#"{ "vendor": "polyv", "becomes": "courseware_fails" }"#],
            courseware,
            &["CoursewareConvertComplete"],
            |lines| assert_eq!(lines[0]["data"]["status"], "convertFailed"),
        ),
        scenario(
            "courseware is turned down",
            &[r#"{ "vendor": "polyv", "becomes": "courseware_rejected" }"#],
            courseware,
            &["CoursewareConvertComplete"],
            |lines| assert_eq!(lines[0]["data"]["status"], "auditNotPassed"),
        ),
        scenario(
            "pictures are asked for",
            &[],
            snapshots,
            &["snapshot"],
            |lines| {
                assert_eq!(lines[0]["data"]["status"], "success");
                assert_eq!(lines[0]["data"]["snapshots"][1]["offsetTime"], 12);
            },
        ),
        scenario(
            "pictures cannot be taken",
            &[r#"{ "vendor": "polyv", "becomes": "snapshots_fail" }"#],
            snapshots,
            &["snapshot"],
            |lines| {
                assert_eq!(lines[0]["data"]["status"], "fail");
                assert_eq!(lines[0]["data"]["snapshots"], json!([]));
            },
        ),
    ]
}

/// The words for the ends of transcoding and snapshots, and what the review suggests.
fn of_a_film(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| {
            let data = &line["data"];
            let word = match &data["Data"]["Suggestion"] {
                Value::Null => &data["Status"],
                suggestion => suggestion,
            };
            word.as_str().unwrap()
        })
        .collect()
}

fn of_quvideo() -> Vec<Scenario> {
    let scenario = |name, planned, told, says| Scenario {
        name,
        vendor: "quvideo",
        planned,
        act: QUVIDEO,
        told,
        says,
    };
    let good: fn(&[Value]) = |lines| {
        assert_eq!(of_a_film(lines), ["success", "success", "success", "pass"]);
    };
    vec![
        scenario("a video is uploaded", &[], &REVIEWED, good),
        scenario(
            "a video is uploaded, and the review has its new name",
            &[],
            &REVIEWED_TODAY,
            good,
        ),
        scenario(
            "nothing can be made of a file",
            &[r#"{ "vendor": "quvideo", "becomes": "transcoding_fails" }"#],
            &[
                "StreamTranscodeComplete",
                "TranscodeComplete",
                "SnapshotComplete",
            ],
            |lines| assert_eq!(of_a_film(lines), ["fail"; 3]),
        ),
        scenario(
            "no pictures can be taken, and the review says no",
            &[
                r#"{ "vendor": "quvideo", "becomes": "snapshots_fail" }"#,
                r#"{ "vendor": "quvideo", "becomes": "review_rejects" }"#,
            ],
            &REVIEWED,
            |lines| assert_eq!(of_a_film(lines), ["success", "success", "fail", "block"]),
        ),
    ]
}

impl Scenario {
    /// Runs it, with as many attempts as come of it.
    fn run(&self, args: &[&str], attempts: usize) -> World {
        let audit = match self.told.contains(&"AIMediaAuditComplete") {
            true => AuditEvent::AIMediaAuditComplete,
            false => AuditEvent::AIVideoCensorComplete,
        };
        let world = World::start(audit, args, |builder| builder);
        self.planned.iter().for_each(|outcome| world.plan(outcome));
        (self.act)(&world);
        let name = self.name;
        until(|| world.attempts().len() >= self.told.len());
        // The longest wait is 30 s, and messages are verified within 300 s of their time.
        for _ in 0..80 {
            world.emulator.advance(Duration::from_millis(500));
            let settled = world.emulator.wait_for_callbacks(Duration::from_secs(20));
            assert!(settled, "{name}: still busy");
        }
        let came = world.attempts();
        assert_eq!(came.len(), attempts, "{} {name}: {came:#?}", self.vendor);
        let unmet = world.emulator.outcomes().unmet();
        assert_eq!(unmet, [], "{name}: planned, and not met");
        world
    }
}

fn lines(world: World) -> Vec<Value> {
    let out = world.listener.end().out;
    assert!(!out.contains("canary"), "{out}");
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What a signature of this event covers.
fn covered(vendor: &str, event: &str) -> &'static str {
    EVENTS
        .into_iter()
        .find(|(of, name, ..)| (*of, *name) == (vendor, event))
        .map(|(.., covered)| covered)
        .unwrap_or_else(|| panic!("{vendor} has no event {event}"))
}

#[test]
fn every_event_that_is_known_arrives_verified() {
    let mut arrived = BTreeSet::new();
    for scenario in scenarios() {
        let lines = lines(scenario.run(&[], scenario.told.len()));
        let events: Vec<&str> = lines
            .iter()
            .map(|line| {
                assert!(line.get("refused").is_none(), "{}: {line}", scenario.name);
                assert_eq!(line["vendor"], scenario.vendor, "{line}");
                let event = line["event"].as_str().unwrap();
                assert_eq!(line["covered"], covered(scenario.vendor, event), "{line}");
                assert_eq!(
                    (&line["answered"], &line["again"]),
                    (&json!(200), &json!(false))
                );
                event
            })
            .collect();
        assert_eq!(
            events, scenario.told,
            "{} {}",
            scenario.vendor, scenario.name
        );
        (scenario.says)(&lines);
        arrived.extend(scenario.told.iter().map(|event| (scenario.vendor, *event)));
    }
    let known: BTreeSet<_> = known_to_receivers().into_iter().collect();
    let without_a_way: Vec<_> = known.difference(&arrived).collect();
    assert_eq!(
        without_a_way,
        Vec::<&(&str, &str)>::new(),
        "known, and never told"
    );
    assert_eq!(arrived, known);
}

/// The seconds before each repetition that the vendor documents.
fn waits(vendor: &str, event: &str) -> &'static [i64] {
    match (vendor, event) {
        ("baijiayun", event) if event.contains("transcode-") => &[5, 30],
        ("quvideo", _) => &[1, 1],
        // Baijiayun promises repetitions for transcodings only, and Polyv none.
        _ => &[],
    }
}

#[test]
fn a_service_that_fails_gets_every_event_again_as_documented() {
    let service = Server::start(Some(reply("500 Out of order", "text/plain", "")));
    let mut handed_on = 0;
    for scenario in scenarios() {
        let (vendor, name) = (scenario.vendor, scenario.name);
        let in_all = scenario
            .told
            .iter()
            .map(|event| 1 + waits(vendor, event).len());
        let world = scenario.run(&["--forward", &service.base_url], in_all.sum());
        let attempts = world.attempts();
        // The attempts of an account are in one order, those of each message in their own.
        let mut open = attempts.clone();
        for event in scenario.told {
            let first = open
                .iter()
                .position(|attempt| attempt.number == 1)
                .unwrap_or_else(|| panic!("{vendor} {name}: {event} was not tried: {attempts:#?}"));
            let mut last = open.remove(first);
            let word = last.event.clone();
            for (at, wait) in waits(vendor, event).iter().enumerate() {
                let number = u32::try_from(at).unwrap() + 2;
                let next = open
                    .iter()
                    .position(|attempt| (attempt.number, &attempt.event) == (number, &word))
                    .unwrap_or_else(|| panic!("{vendor} {event}: no attempt {number}"));
                let next = open.remove(next);
                // Time passes in half seconds here; a busy machine adds to that.
                let gap = next.at_ms - last.at_ms;
                let documented = wait * 1000..wait * 1000 + 10_000;
                assert!(documented.contains(&gap), "{vendor} {event}: {gap} ms");
                last = next;
            }
        }
        assert_eq!(open, [], "{vendor} {name}: more often than documented");
        for attempt in &attempts {
            assert_ne!(attempt.outcome, CallbackOutcome::Accepted, "{attempt:?}");
        }
        // Each was verified, and handed on to who fails.
        for line in lines(world) {
            assert!(line.get("refused").is_none(), "{line}");
            assert_eq!(
                (&line["forwarded"], &line["answered"]),
                (&json!(true), &json!(500))
            );
            handed_on += 1;
        }
    }
    assert_eq!(service.asked(), handed_on);
}
