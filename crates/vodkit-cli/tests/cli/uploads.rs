//! `vodkit upload`.

use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;
use vodkit_emulator::baijiayun::Account;
use vodkit_emulator::{Effect, Emulator};

use crate::{PARTNER_ID, PARTNER_KEY, SECRET_KEY, arrived, emulator, run, vodkit};

fn file(name: &str, bytes: usize) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    std::fs::write(
        &path,
        (0..bytes)
            .map(|position| (position % 251) as u8)
            .collect::<Vec<_>>(),
    )
    .unwrap();
    (directory, path)
}

#[test]
fn a_file_arrives_whole_and_under_its_title() {
    let emulator = emulator();
    let (_directory, path) = file("lesson.mp4", 700_000);
    let args = [
        "upload",
        "baijiayun",
        path.to_str().unwrap(),
        "--title",
        "第一课",
    ];
    let data = run(&mut vodkit(emulator.base_url()), &args).data();
    assert_eq!(data["bytes"], 700_000);
    assert_eq!(data["file_name"], "第一课.mp4");
    assert_eq!(data["transcoded"], json!(null));
    let video_id = data["video_id"].as_u64().unwrap();
    let completed = emulator
        .journal()
        .into_iter()
        .flat_map(|record| record.effects)
        .any(|effect| {
            effect
                == Effect::UploadCompleted {
                    video_id,
                    size: 700_000,
                }
        });
    assert!(completed);
    let info = run(
        &mut vodkit(emulator.base_url()),
        &[
            "call",
            "baijiayun",
            "video/getInfo",
            &format!("video_id={video_id}"),
        ],
    );
    assert!(info.data()["name"].as_str().unwrap().starts_with("第一课"));
}

#[test]
fn unusable_files_are_told_before_anything_is_sent() {
    let emulator = emulator();
    let (directory, empty) = file("empty.mp4", 0);
    let missing = directory.path().join("missing.mp4");
    let nothing = tempfile::tempdir().unwrap();
    for (path, words) in [
        (&missing, "no such file"),
        (&nothing.path().to_owned(), "no video file in the directory"),
        (&empty, "empty"),
    ] {
        let failure = run(
            &mut vodkit(emulator.base_url()),
            &["upload", "baijiayun", path.to_str().unwrap()],
        )
        .failure(6);
        assert_eq!(failure["kind"], "local_file");
        assert!(
            failure["message"].as_str().unwrap().contains(words),
            "{failure}"
        );
    }
    let failure = run(
        &mut vodkit(emulator.base_url()),
        &["demo", missing.to_str().unwrap()],
    )
    .failure(6);
    assert!(
        failure["message"]
            .as_str()
            .unwrap()
            .contains("no such file")
    );
    assert_eq!(arrived(&emulator), 0);
}

#[test]
fn titles_and_definitions_are_checked_before() {
    let emulator = emulator();
    let (_directory, path) = file("a.mp4", 1);
    let path = path.to_str().unwrap();
    let long = "t".repeat(256);
    for more in [
        ["--title", long.as_str()],
        ["--title", " "],
        ["--definition", "huge"],
    ] {
        let failure = run(
            vodkit(emulator.base_url()).args(["upload", "baijiayun", path]),
            &more,
        )
        .failure(2);
        assert_eq!(failure["kind"], "usage");
    }
    assert_eq!(arrived(&emulator), 0);
}

#[test]
fn waiting_ends_with_the_video_or_with_the_deadline() {
    let (_directory, path) = file("a.mp4", 10);
    let path = path.to_str().unwrap();
    let quick = emulator();
    let data = run(
        &mut vodkit(quick.base_url()),
        &["upload", "baijiayun", path, "--wait"],
    )
    .data();
    assert_eq!(data["transcoded"], true);

    let slow = Emulator::builder()
        .baijiayun(Account::new(PARTNER_ID, PARTNER_KEY, SECRET_KEY))
        .time_scale(0.001)
        .start()
        .unwrap();
    let ran = run(
        &mut vodkit(slow.base_url()),
        &["upload", "baijiayun", path, "--wait", "--deadline", "0.1"],
    );
    let failure = ran.error(124);
    assert_eq!(failure["kind"], "deadline");
    // The video exists, and its id is not lost.
    let data: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(data["transcoded"], false);
    assert!(
        failure["message"]
            .as_str()
            .unwrap()
            .contains(&data["video_id"].to_string()),
        "{failure}"
    );
}
