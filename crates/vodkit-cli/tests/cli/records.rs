//! What earlier commands have left: finished journals, records of finished uploads, and what they stand for.

use std::path::Path;

use serde_json::Value;
use vodkit_emulator::fault::Fault;

use crate::resume::{BYTES, Upload, content, data, journals};
use crate::{Ran, arrived, run};

/// The reply to the last byte, or to the request that completes, was lost, and nobody has asked since.
#[test]
fn a_video_that_may_have_its_content_is_not_deleted() {
    for vendor in ["polyv", "baijiayun"] {
        let upload = Upload::new(vendor);
        upload.dies();
        let journal = journals(upload.dir.path()).remove(0);
        if vendor == "polyv" {
            mark(&journal, &FINISHED[..1]);
        }
        let kept = std::fs::read(&journal).unwrap();
        data(&upload.run(&[]));
        std::fs::write(&journal, kept).unwrap();
        std::fs::remove_file(journal.with_extension("done")).unwrap();
        let gc = ["gc", "--remove", "--delete-videos"];
        let removed = run(&mut upload.environment(), &gc).data();
        assert_eq!(removed[0]["removed"], true, "{vendor}: {removed}");
        let left = removed[0]["left_behind"].as_str().unwrap();
        assert!(left.contains("with its content"), "{vendor}: {left}");
        let deletions = upload.emulator.journal().into_iter().filter(|record| {
            let operation = record.operation.unwrap_or_default();
            operation.contains("delete") || operation.contains("del-video")
        });
        assert_eq!(deletions.count(), 0, "{vendor}");
        assert!(upload.is_there(BYTES), "{vendor}");
    }
}

#[test]
fn what_was_uploaded_otherwise_is_not_passed_over_in_silence() {
    let upload = Upload::new("quvideo");
    let first = data(&upload.run(&[]));
    // Not published, and now wanted to be.
    let cover = ["--cover-url", "http://127.0.0.1/cover.jpg"];
    let second = data(&upload.run(&cover));
    assert_ne!(second["video_id"], first["video_id"]);
    assert_eq!(second["skipped"], Value::Null);
    // A published one is there for who does not ask for that, too.
    for more in [&cover[..], &[]] {
        let third = upload.run(more).data();
        assert_eq!(
            (&third["skipped"], &third["video_id"]),
            (&true.into(), &second["video_id"])
        );
    }
    // Another token is perhaps another user, which is told.
    let mut other = upload.command(&[]);
    other.env("VODKIT_QUVIDEO_TOKEN", "another-token-0123456789");
    let ran = Ran::from(other.output().unwrap());
    assert_eq!(data(&ran)["skipped"], true);
    assert!(ran.err.contains(r#""event":"other_user""#), "{}", ran.err);
    upload.keeps_no_secret();
}

/// Who finished it died between the record and the removal of the journal.
#[test]
fn a_journal_beside_a_finished_upload_is_removed() {
    let upload = Upload::new("polyv");
    upload.dies();
    let journal = journals(upload.dir.path()).remove(0);
    let kept = std::fs::read(&journal).unwrap();
    data(&upload.run(&[]));
    std::fs::write(&journal, kept).unwrap();
    let asked = arrived(&upload.emulator);
    assert_eq!(data(&upload.run(&[]))["skipped"], true);
    assert_eq!(arrived(&upload.emulator), asked);
    assert!(journals(upload.dir.path()).is_empty());
}

/// Adds marks to the journal of an upload that has died.
fn mark(journal: &Path, marks: &[&str]) {
    let file = vodkit_journal::JournalFile::open_existing(journal).unwrap();
    file.journal_through(|keeper| {
        for mark in marks {
            keeper.keep(mark.as_bytes()).unwrap();
        }
        keeper
    })
    .unwrap();
}

const FINISHED: [&str; 4] = [
    r#"{"mark":"completing"}"#,
    r#"{"mark":"completed","etag":null,"crc64":null}"#,
    r#"{"mark":"finishing"}"#,
    r#"{"mark":"finished"}"#,
];

/// Who finished it died before the record.
#[test]
fn a_finished_journal_is_not_taken_for_another_content() {
    for vendor in ["polyv", "baijiayun"] {
        let upload = Upload::new(vendor);
        upload.dies();
        let journal = journals(upload.dir.path()).remove(0);
        mark(&journal, &FINISHED);
        let kept = std::fs::read(&journal).unwrap();
        let asked = arrived(&upload.emulator);
        // The same file: all is done.
        let first = data(&upload.run(&[]));
        assert_eq!(arrived(&upload.emulator), asked, "{vendor}");
        // `--again` means a new video, whatever is finished.
        std::fs::write(&journal, &kept).unwrap();
        let again = data(&upload.run(&["--again"]));
        assert_ne!(again["video_id"].to_string(), first["video_id"].to_string());
        // Another content is another video, and the first one is named.
        std::fs::write(&journal, &kept).unwrap();
        let other: Vec<u8> = content().iter().map(|byte| byte ^ 1).collect();
        upload.write(&other);
        let ran = upload.run(&[]);
        let told = data(&ran);
        for earlier in [&first, &again] {
            assert_ne!(told["video_id"], earlier["video_id"], "{vendor}");
        }
        assert!(ran.err.contains(r#""event":"given_up""#), "{}", ran.err);
        // Polyv has a video only when its file is whole, which that of the first run never was.
        let videos = if vendor == "polyv" { 2 } else { 3 };
        assert_eq!(upload.videos(), videos, "{vendor}");
        // The record is of what went up.
        assert_eq!(data(&upload.run(&[]))["skipped"], true);
        assert!(journals(upload.dir.path()).is_empty());
    }
}

/// `--again` that was broken off leaves a journal beside an older record.
#[test]
fn an_unfinished_journal_beside_an_older_record_is_gone_on_with() {
    let upload = Upload::new("polyv");
    let first = data(&upload.run(&[]));
    let fault = Fault::on("UploadPart").nth(3).times(100).status(503);
    upload.emulator.faults().plan(fault);
    let failure = upload.run(&["--again"]).error(7);
    let resume = failure["resume"].as_str().unwrap();
    assert!(!resume.contains("--again"), "{failure}");
    upload.emulator.faults().clear();
    let second = data(&upload.run(&[]));
    assert_eq!(second["skipped"], Value::Null, "{second}");
    assert_eq!(second["resumed_bytes"], 204_800);
    assert_ne!(second["video_id"], first["video_id"]);
    assert_eq!(upload.videos(), 2);
}
