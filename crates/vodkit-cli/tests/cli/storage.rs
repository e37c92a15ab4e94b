//! `vodkit upload` to the vendors whose files go to an object storage.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use vodkit_emulator::{Change, Effect, Emulator, polyv, quvideo};

use crate::server::{Server, reply};
use crate::{arrived, bare, emulator, run};

const COVER: &str = "https://img.example.test/1.jpg";

fn file(name: &str, bytes: usize) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    let content: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
    std::fs::write(&path, content).unwrap();
    (directory, path)
}

/// The binary with the emulator's own account of this vendor at this address.
fn vodkit(vendor: &str, base_url: &str) -> Command {
    let mut command = bare();
    match vendor {
        "polyv" => command
            .env("VODKIT_POLYV_USER_ID", polyv::DEFAULT_USER_ID)
            .env("VODKIT_POLYV_SECRET_KEY", polyv::DEFAULT_SECRET_KEY)
            .env("VODKIT_POLYV_BASE_URL", base_url),
        _ => command
            .env("VODKIT_QUVIDEO_TOKEN", quvideo::DEFAULT_TOKEN)
            .env("VODKIT_QUVIDEO_BASE_URL", base_url),
    };
    command
}

/// How many videos of this id the emulator was told to make.
fn made(emulator: &Emulator, id: &str) -> usize {
    let journal = emulator.journal();
    let effects = journal.iter().flat_map(|record| &record.effects);
    let is_it = |effect: &&Effect| matches!(effect, Effect::Thing { kind: "video", id: have, change: Change::Created, .. } if have == id);
    effects.filter(is_it).count()
}

#[test]
fn a_file_arrives_whole_and_can_be_waited_for() {
    let emulator = emulator();
    let (_directory, path) = file("第 1 课.mp4", 700_000);
    let path = path.to_str().unwrap();
    for (vendor, more) in [
        ("polyv", &["--title", "光合作用", "--wait"][..]),
        (
            "quvideo",
            &["--title", "光合作用", "--cover-url", COVER, "--wait"],
        ),
    ] {
        let mut command = vodkit(vendor, emulator.base_url());
        let data = run(command.args(["upload", vendor, path]), more).data();
        let id = data["video_id"].as_str().unwrap().to_owned();
        let wanted = json!({
            "vendor": vendor, "video_id": id, "file_name": "第 1 课.mp4", "bytes": 700_000, "transcoded": true,
        });
        assert_eq!(data, wanted);
        assert_eq!(made(&emulator, &id), 1);
        let journal = emulator.journal();
        let put = journal
            .iter()
            .filter(|record| record.operation == Some("PutObject"))
            .count();
        assert_eq!(put, if vendor == "polyv" { 1 } else { 2 });
    }
    let mut command = vodkit("polyv", emulator.base_url());
    let list = run(&mut command, &["call", "polyv", "get-new-list"]).data();
    assert_eq!(list["contents"][0]["title"], "光合作用");
    assert_eq!(list["contents"][0]["source_filesize"], 700_000);
}

#[test]
fn without_waiting_it_ends_when_the_file_is_there() {
    let emulator = emulator();
    let (_directory, path) = file("a.mp4", 10);
    let path = path.to_str().unwrap();
    for vendor in ["polyv", "quvideo"] {
        let upload = |format: &str| {
            let mut command = vodkit(vendor, emulator.base_url());
            run(
                &mut command,
                &["upload", vendor, path, "--again", "--output", format],
            )
        };
        assert_eq!(upload("json").data()["transcoded"], json!(null));
        let told = upload("table");
        assert_eq!((told.code, told.err.as_str()), (0, ""));
        let words = match vendor {
            "polyv" => "uploaded; the vendor is transcoding and reviewing it",
            _ => "uploaded; not published, since it has no cover (--cover-url)",
        };
        assert!(told.out.contains(words), "{}", told.out);
        assert!(
            told.out.contains("a.mp4") && !told.out.contains('"'),
            "{}",
            told.out
        );
    }
}

#[test]
fn what_cannot_work_is_told_before_anything_is_sent() {
    let emulator = emulator();
    let (directory, path) = file("a.mp4", 10);
    let good = path.to_str().unwrap();
    let missing = directory.path().join("missing.mp4");
    let (_other, empty) = file("empty.mp4", 0);
    let nothing = tempfile::tempdir().unwrap();
    for vendor in ["polyv", "quvideo"] {
        let failure = |file: &str, more: &[&str], code: i32| {
            let mut command = vodkit(vendor, emulator.base_url());
            run(command.args(["upload", vendor, file]), more).failure(code)
        };
        for (file, words) in [
            (missing.to_str().unwrap(), "no such file"),
            (
                nothing.path().to_str().unwrap(),
                "no video file in the directory",
            ),
            (empty.to_str().unwrap(), "empty"),
        ] {
            let failure = failure(file, &[], 6);
            assert!(
                failure["message"].as_str().unwrap().contains(words),
                "{failure}"
            );
        }
        assert_eq!(failure(good, &["--title", " "], 2)["kind"], "usage");
        let foreign = failure(good, &["--definition", "high"], 2);
        assert_eq!(
            foreign["message"],
            "--definition is for uploads to baijiayun alone"
        );
        let cover = match vendor {
            "polyv" => failure(good, &["--cover-url", COVER], 2),
            _ => failure(good, &["--wait"], 2),
        };
        assert!(
            cover["message"].as_str().unwrap().contains("--cover-url"),
            "{cover}"
        );
        let dry = {
            let mut command = vodkit(vendor, emulator.base_url());
            run(command.args(["upload", vendor, good]), &["--dry-run"]).data()
        };
        assert!(dry["url"].as_str().unwrap().contains("pload"), "{dry}");
        assert!(!dry.to_string().contains("token=vod"), "{dry}");
    }
    assert_eq!(arrived(&emulator), 0);
    for vendor in ["polyv", "quvideo"] {
        let unknown = run(&mut bare(), &["upload", vendor, good]).failure(4);
        assert!(
            unknown["message"]
                .as_str()
                .unwrap()
                .contains("the account is not known"),
            "{unknown}"
        );
    }
}

#[test]
fn waiting_ends_with_a_refusal_or_with_the_deadline() {
    let (_directory, path) = file("a.mp4", 10);
    let path = path.to_str().unwrap();
    let quick = emulator();
    // The emulator rejects what is called so in its review.
    let mut command = vodkit("polyv", quick.base_url());
    let ran = run(
        command.args(["upload", "polyv", path, "--title", "审核不通过"]),
        &["--wait"],
    );
    let failure = ran.error(1);
    assert_eq!(failure["kind"], "processing");
    let data: Value = serde_json::from_str(&ran.out).unwrap();
    let id = data["video_id"].as_str().unwrap();
    assert_eq!(failure["message"], format!("video {id}: status 51"));
    assert_eq!(data["transcoded"], false);

    let slow = Emulator::builder().time_scale(0.001).start().unwrap();
    for (vendor, more, word) in [
        ("polyv", &["--wait"][..], "10"),
        ("quvideo", &["--wait", "--cover-url", COVER], "onTranscode"),
    ] {
        let mut command = vodkit(vendor, slow.base_url());
        command.args(["upload", vendor, path, "--deadline", "0.05"]);
        let ran = run(&mut command, more);
        let failure = ran.error(124);
        let data: Value = serde_json::from_str(&ran.out).unwrap();
        let id = data["video_id"].as_str().unwrap();
        let wanted = format!("video {id} is not ready after 50ms; its last known status is {word}");
        assert_eq!(failure["message"], wanted);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_upload_names_the_video_it_leaves_behind() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let (_directory, path) = file("a.mp4", 10);
    let path = path.to_str().unwrap();
    let keys = json!({ "AccessKeyId": "i", "AccessKeySecret": "s", "SecurityToken": "t" });
    for (vendor, id, look) in [
        (
            "polyv",
            "p1234567890123456789abcdef012345_p",
            "get-video-msg vid=p1",
        ),
        (
            "quvideo",
            "q1234567890123456789abcdef012345",
            "vod/getPersonalVideoList",
        ),
    ] {
        // It takes the object and never answers.
        let storage = Server::start(None);
        let grant = match vendor {
            "polyv" => json!({ "code": 200, "status": "success", "message": "", "data": {
                "vid": id, "dir": "d/", "bucketName": "b", "domain": &storage.base_url,
                "accessId": "i", "accessKey": "s", "token": "t", "callback": "{}",
            }}),
            _ => {
                let place =
                    json!({ "Endpoint": &storage.base_url, "Bucket": "b", "FileName": "k" });
                json!({ "result": "true", "code": "200", "message": "", "requestId": "", "data": {
                    "videoId": id,
                    "uploadAddress": STANDARD.encode(place.to_string()),
                    "uploadAuth": STANDARD.encode(keys.to_string()),
                }})
            }
        };
        let api = Server::start(Some(reply(
            "200 OK",
            "application/json",
            &grant.to_string(),
        )));
        let child = vodkit(vendor, &api.base_url)
            .args(["upload", vendor, path])
            .spawn()
            .unwrap();
        crate::processes::until(|| storage.asked() == 1);
        crate::processes::signal(&child, "INT");
        let ran = crate::Ran::from(child.wait_with_output().unwrap());
        let failure = ran.failure(130);
        assert_eq!(failure["created"], id);
        assert_eq!(failure["maybe_sent"], true);
        let hint = failure["hint"].as_str().unwrap();
        assert!(
            hint.contains(&format!("Video {id} exists")) && hint.contains(look),
            "{hint}"
        );
    }
}
