//! Several uploads that look for the same lost video: one has it.

use std::collections::BTreeSet;
use std::time::Duration;

use vodkit_emulator::fault::{Answer, Fault};

use crate::Ran;
use crate::batch::{Batch, events, md5, summary};

/// The call that creates a video, and the list in which a lost one is found. With Polyv the emulator lists no video without content.
const CREATE: &str = "video/getUploadUrl";
const LIST: &str = "video/getVideoList";
const SECOND: Duration = Duration::from_secs(1);
/// Long enough that each of two searches ends after the other has begun.
const LONG: Duration = Duration::from_millis(700);

/// Two files of one name. The call that creates a video was lost for both, and was done for one.
fn one_lost_video() -> Batch {
    let batch = Batch::new();
    for file in ["a/lesson.mp4", "b/lesson.mp4"] {
        batch.file(file);
    }
    let faults = batch.emulator.faults();
    faults.plan(Fault::on(CREATE).lose_reply());
    faults.plan(Fault::on(CREATE).close());
    let ran = batch.run(&["baijiayun", "in", "--recursive", "--jobs", "1"]);
    assert_eq!(
        (ran.code, summary(&ran)),
        (3, [2, 0, 0, 2, 0]),
        "{}",
        ran.out
    );
    assert_eq!(faults.unfired(), []);
    batch
}

fn all_is_there_once(batch: &Batch, ids: &BTreeSet<String>) {
    assert_eq!((ids.len(), batch.videos()), (2, 2), "{ids:?}");
    let wanted = ["in/a/lesson.mp4", "in/b/lesson.mp4"].map(|file| (md5(&batch.path(file)), 1));
    assert_eq!(batch.stored(), wanted.into());
}

#[test]
fn two_rows_do_not_take_the_same_lost_video() {
    let batch = one_lost_video();
    let faults = batch.emulator.faults();
    faults.plan(Fault::on(LIST).times(2).stall_reply(LONG));
    let ran = batch.run(&["baijiayun", "in", "--recursive", "--jobs", "2"]);
    assert_eq!(
        (ran.code, summary(&ran)),
        (0, [2, 2, 0, 0, 0]),
        "{}",
        ran.out
    );
    assert_eq!(faults.unfired(), []);
    let events = events(&ran);
    let told = |event: &'static str| events.iter().filter(move |told| told["event"] == event);
    assert_eq!(told("adopted").count(), 1, "{}", ran.out);
    // What another upload has is not left behind.
    assert_eq!(told("may_be_orphaned").count(), 0, "{}", ran.out);
    let ids = told("done").map(|done| done["video_id"].to_string());
    all_is_there_once(&batch, &ids.collect());
}

#[test]
fn two_processes_do_not_take_the_same_lost_video() {
    let batch = one_lost_video();
    let faults = batch.emulator.faults();
    faults.plan(Fault::on(LIST).times(2).stall_reply(LONG));
    let begin = |file: &str| {
        let mut command = batch.command();
        command.args(["upload", "baijiayun", file]);
        command.spawn().unwrap()
    };
    let processes = ["in/a/lesson.mp4", "in/b/lesson.mp4"].map(begin);
    let ids = processes.map(|process| {
        let ran = Ran::from(process.wait_with_output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.err);
        let done: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        done["video_id"].to_string()
    });
    assert_eq!(faults.unfired(), []);
    all_is_there_once(&batch, &ids.into());
}

/// A row looks for its lost video while another one has just had its own created, whose reply is still under way.
#[test]
fn a_video_that_is_taken_before_its_reply_is_here_is_replaced() {
    let batch = Batch::new();
    batch.file("a/lesson.mp4");
    let faults = batch.emulator.faults();
    faults.plan(Fault::on(CREATE).close());
    let ran = batch.run(&["baijiayun", "in", "--recursive"]);
    assert_eq!((ran.code, batch.videos()), (3, 0), "{}", ran.out);

    // `a` asks for the list when `b` has its video, and `b` learns of that after `a` has taken it.
    batch.file("b/lesson.mp4");
    faults.plan(Fault::on(CREATE).stall_reply(5 * SECOND));
    faults.plan(Fault::on(LIST).answer(Answer::status(503).retry_after(3)));
    let ran = batch.run(&["baijiayun", "in", "--recursive", "--jobs", "2"]);
    assert_eq!(
        (ran.code, summary(&ran)),
        (0, [2, 2, 0, 0, 0]),
        "{}",
        ran.out
    );
    let events = events(&ran);
    let told = |event: &'static str| events.iter().filter(move |told| told["event"] == event);
    assert_eq!(told("adopted").count(), 1, "{}", ran.out);
    let ids = told("done").map(|done| done["video_id"].to_string());
    all_is_there_once(&batch, &ids.collect());
}
