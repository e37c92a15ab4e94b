//! `vodkit upload mediacloud`: to a bucket of its object storage, and then the registration.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use vodkit_emulator::fault::Fault;
use vodkit_emulator::mediacloud::{DEFAULT_BUCKET, DEFAULT_PASSWORD, DEFAULT_USERNAME};
use vodkit_emulator::{Effect, Emulator};

use crate::processes::until;
use crate::{Ran, arrived, bare, emulator, run};

/// Three parts: 5 MiB is the least that this storage takes.
const BYTES: usize = 12 << 20;

fn file(bytes: usize) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("第 1 课 \"a\".mp4");
    let content: Vec<u8> = (0..bytes).map(|at| (at / 7 % 251) as u8).collect();
    std::fs::write(&path, content).unwrap();
    (dir, path)
}

fn vodkit(emulator: &Emulator, dir: &Path) -> Command {
    let mut command = bare();
    command
        .env("VODKIT_STATE_DIR", dir.join("state"))
        .env("VODKIT_MEDIACLOUD_BASE_URL", emulator.base_url())
        .env("VODKIT_MEDIACLOUD_USERNAME", DEFAULT_USERNAME)
        .env("VODKIT_MEDIACLOUD_PASSWORD", DEFAULT_PASSWORD)
        .env("VODKIT_MEDIACLOUD_BUCKET", DEFAULT_BUCKET)
        .env("VODKIT_MEDIACLOUD_STORAGE_ENDPOINT", emulator.base_url())
        .env("VODKIT_MEDIACLOUD_REGION", "cn-changsha-1");
    command
}

/// How many requests of this kind succeeded.
fn count(emulator: &Emulator, operation: &str) -> usize {
    let journal = emulator.journal();
    let done = journal
        .iter()
        .filter(|record| record.operation == Some(operation) && record.status < 300);
    done.count()
}

/// The objects that were stored: bucket and key.
fn stored(emulator: &Emulator) -> Vec<String> {
    let journal = emulator.journal();
    let effects = journal.iter().flat_map(|record| &record.effects);
    effects
        .filter_map(|effect| match effect {
            Effect::Thing {
                kind: "object", id, ..
            } => Some(id.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_file_is_stored_and_registered() {
    let emulator = emulator();
    let (dir, path) = file(100_000);
    let path = path.to_str().unwrap();
    let category = run(
        &mut vodkit(&emulator, dir.path()),
        &[
            "call",
            "mediacloud",
            "POST api/v1/class",
            "className=lessons",
        ],
    )
    .data();
    let args = [
        "upload",
        "mediacloud",
        path,
        "--title",
        "光合作用",
        "--category",
        category.as_str().unwrap(),
        "--key",
        "a/b.mp4",
    ];
    let told = run(&mut vodkit(&emulator, dir.path()), &args).data();
    assert_eq!(
        (&told["vendor"], &told["bytes"]),
        (&"mediacloud".into(), &100_000.into())
    );
    let id = told["video_id"].as_str().unwrap();
    let medium = run(
        &mut vodkit(&emulator, dir.path()),
        &[
            "call",
            "mediacloud",
            "GET api/v1/medias/{id}",
            &format!("id={id}"),
        ],
    )
    .data();
    let medium = medium.to_string();
    assert!(
        medium.contains("a/b.mp4") && medium.contains("光合作用"),
        "{medium}"
    );
    assert_eq!(stored(&emulator), [format!("{DEFAULT_BUCKET}/a/b.mp4")]);
    let again = run(
        &mut vodkit(&emulator, dir.path()),
        &["upload", "mediacloud", path, "--title", "光合作用"],
    )
    .data();
    assert_eq!(
        (&again["skipped"], &again["video_id"]),
        (&true.into(), &told["video_id"])
    );
    // Under another key it is another object.
    let args = [&args[..args.len() - 1], &["a/c.mp4"]].concat();
    let other = run(&mut vodkit(&emulator, dir.path()), &args).data();
    assert_eq!(other["skipped"], Value::Null, "{other}");
    assert!(
        stored(&emulator).contains(&format!("{DEFAULT_BUCKET}/a/c.mp4")),
        "{other}"
    );
}

#[test]
fn what_is_missing_is_told_before_anything_is_sent() {
    let emulator = emulator();
    let (dir, path) = file(10);
    let good = path.to_str().unwrap();
    for variable in ["BUCKET", "STORAGE_ENDPOINT", "REGION"] {
        let variable = format!("VODKIT_MEDIACLOUD_{variable}");
        let mut command = vodkit(&emulator, dir.path());
        command.env_remove(&variable);
        let failure = run(&mut command, &["upload", "mediacloud", good]).failure(2);
        assert!(
            failure["message"].as_str().unwrap().contains(&variable),
            "{failure}"
        );
    }
    for (vendor, more, words) in [
        (
            "mediacloud",
            &["--wait"][..],
            "--wait is not for mediacloud",
        ),
        ("mediacloud", &["--category", " "], "category is empty"),
        (
            "mediacloud",
            &["--key", "k", dir.path().to_str().unwrap()],
            "--key names one object",
        ),
        (
            "polyv",
            &["--bucket", "b"],
            "are for uploads to mediacloud alone",
        ),
    ] {
        let mut command = vodkit(&emulator, dir.path());
        let failure = run(command.args(["upload", vendor, good]), more).failure(2);
        assert!(
            failure["message"].as_str().unwrap().contains(words),
            "{failure}"
        );
    }
    assert_eq!(arrived(&emulator), 0);
}

#[test]
fn a_killed_upload_goes_on_and_one_given_up_is_aborted() {
    for gives_up in [false, true] {
        let emulator = emulator();
        let (dir, path) = file(BYTES);
        let args = [
            "upload",
            "mediacloud",
            path.to_str().unwrap(),
            "--part-size",
            "5M",
            "--lanes",
            "1",
        ];
        let fault = Fault::on("UploadPart").nth(2);
        let fault = fault.stall_request_after(10_000, Duration::from_secs(600));
        emulator.faults().plan(fault);
        let mut child = vodkit(&emulator, dir.path()).args(args).spawn().unwrap();
        until(|| count(&emulator, "UploadPart") == 1 && emulator.faults().unfired().is_empty());
        child.kill().unwrap();
        child.wait().unwrap();
        emulator.faults().clear();
        if gives_up {
            let removed = run(&mut vodkit(&emulator, dir.path()), &["gc", "--remove"]).data();
            assert_eq!(
                (&removed[0]["removed"], &removed[0]["left_behind"]),
                (&true.into(), &Value::Null)
            );
            assert_eq!(count(&emulator, "AbortMultipartUpload"), 1);
        } else {
            let again = Ran::from(vodkit(&emulator, dir.path()).args(args).output().unwrap());
            assert_eq!(again.code, 0, "{}", again.err);
            let told: Value = serde_json::from_str(&again.out).unwrap();
            assert_eq!(told["resumed_bytes"], 5 << 20);
            assert_eq!(count(&emulator, "UploadPart"), 3, "no part was sent twice");
            assert_eq!(stored(&emulator).len(), 1);
        }
    }
}
