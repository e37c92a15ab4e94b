//! Uploads that are interrupted: run again, they go on.

use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use vodkit_emulator::fault::Fault;
use vodkit_emulator::{Change, Effect, Emulator};

use crate::processes::{ended, signal, until};
use crate::{Ran, arrived, bare, emulator, run};

/// Four parts, of which the last is shorter. 100 KiB is the least that an object storage takes.
pub(crate) const BYTES: usize = 350 << 10;
const ARGS: [&str; 4] = ["--part-size", "100K", "--lanes", "1"];

/// An upload to the emulator, whose third part, or slice, never ends.
pub(crate) struct Upload {
    vendor: &'static str,
    pub(crate) emulator: Emulator,
    pub(crate) dir: TempDir,
    file: PathBuf,
}

impl Upload {
    pub(crate) fn new(vendor: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("第 1 课 \"a'b\".mp4");
        let upload = Self {
            vendor,
            emulator: emulator(),
            file,
            dir,
        };
        upload.write(&content());
        upload
    }

    pub(crate) fn write(&self, content: &[u8]) {
        std::fs::write(&self.file, content).unwrap();
    }

    pub(crate) fn environment(&self) -> Command {
        let emulator = &self.emulator;
        let mut command = bare();
        command
            .env("VODKIT_STATE_DIR", self.dir.path().join("state"))
            .env(
                "VODKIT_BAIJIAYUN_PARTNER_ID",
                emulator.baijiayun().partner_id.to_string(),
            )
            .env(
                "VODKIT_BAIJIAYUN_PARTNER_KEY",
                &emulator.baijiayun().partner_key,
            )
            .env("VODKIT_BAIJIAYUN_BASE_URL", emulator.base_url())
            .env("VODKIT_POLYV_USER_ID", &emulator.polyv().user_id)
            .env("VODKIT_POLYV_SECRET_KEY", &emulator.polyv().secret_key)
            .env("VODKIT_POLYV_BASE_URL", emulator.base_url())
            .env("VODKIT_QUVIDEO_TOKEN", &emulator.quvideo().token)
            .env("VODKIT_QUVIDEO_BASE_URL", emulator.base_url());
        command
    }

    pub(crate) fn command(&self, more: &[&str]) -> Command {
        let mut command = self.environment();
        command
            .args(["upload", self.vendor])
            .arg(&self.file)
            .args(ARGS)
            .args(more);
        command
    }

    pub(crate) fn run(&self, more: &[&str]) -> Ran {
        self.command(more).output().unwrap().into()
    }

    /// Begins, and comes back when two of four parts are there and the third one hangs.
    fn hangs(&self) -> Child {
        let operation = if self.vendor == "baijiayun" {
            "upload"
        } else {
            "UploadPart"
        };
        let fault = Fault::on(operation)
            .nth(3)
            .stall_request_after(10_000, Duration::from_secs(600));
        self.emulator.faults().plan(fault);
        let child = self.command(&[]).spawn().unwrap();
        until(|| self.parts() == 2 && self.emulator.faults().unfired().is_empty());
        child
    }

    pub(crate) fn dies(&self) {
        let mut child = self.hangs();
        child.kill().unwrap();
        child.wait().unwrap();
        self.emulator.faults().clear();
    }

    /// What is on disk holds no key, token or address with one.
    pub(crate) fn keeps_no_secret(&self) {
        let emulator = &self.emulator;
        let secrets = [
            emulator.baijiayun().partner_key.as_str(),
            emulator.baijiayun().secret_key.as_str(),
            emulator.polyv().secret_key.as_str(),
            emulator.quvideo().token.as_str(),
            "token=",
            "Signature",
            "STS.",
        ];
        let entries: Vec<_> = std::fs::read_dir(self.dir.path().join("state"))
            .unwrap()
            .collect();
        assert!(!entries.is_empty());
        for entry in entries {
            let kept = std::fs::read(entry.unwrap().path()).unwrap();
            let kept = String::from_utf8_lossy(&kept);
            for secret in secrets {
                assert!(!kept.contains(secret), "{kept}");
            }
        }
    }

    fn count(&self, is_it: impl Fn(&Effect) -> bool) -> usize {
        let journal = self.emulator.journal();
        journal
            .iter()
            .flat_map(|record| &record.effects)
            .filter(|effect| is_it(effect))
            .count()
    }

    /// Parts that arrived whole.
    fn parts(&self) -> usize {
        self.count(|effect| {
            matches!(effect, Effect::PartStored { .. })
                || matches!(effect, Effect::BytesStored { length, .. } if *length > 20 << 10)
        })
    }

    pub(crate) fn videos(&self) -> usize {
        self.count(|effect| {
            matches!(
                effect,
                Effect::VideoCreated { .. }
                    | Effect::Thing {
                        kind: "video",
                        change: Change::Created,
                        ..
                    }
            )
        })
    }

    pub(crate) fn is_there(&self, length: usize) -> bool {
        let stored = self.emulator.stored();
        let whole: Vec<_> = stored.iter().filter(|stored| stored.complete).collect();
        whole.len() == 1 && whole[0].bytes == length as u64
    }
}

pub(crate) fn content() -> Vec<u8> {
    (0..BYTES).map(|at| (at / 7 % 251) as u8).collect()
}

/// The one JSON object of a run that may have said something on standard error.
#[track_caller]
pub(crate) fn data(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_killed_upload_goes_on_where_it_stopped() {
    for vendor in ["baijiayun", "polyv", "quvideo"] {
        let upload = Upload::new(vendor);
        upload.dies();
        upload.keeps_no_secret();
        let again = upload.run(&["--resume"]);
        let told = data(&again);
        // Of a slice that broke off Baijiayun keeps what arrived, of a part an object storage keeps nothing.
        let there = if vendor == "baijiayun" {
            214_800
        } else {
            204_800
        };
        assert_eq!(
            (&told["bytes"], &told["resumed_bytes"]),
            (&BYTES.into(), &there.into()),
            "{vendor}"
        );
        assert!(
            again.err.contains(r#""event":"resumed""#),
            "{vendor}: {}",
            again.err
        );
        assert!(upload.is_there(BYTES), "{vendor}");
        assert_eq!(upload.videos(), 1, "{vendor}");
        assert_eq!(upload.parts(), 4, "{vendor}: no part was sent twice");
        upload.keeps_no_secret();
        // And that is that.
        let asked = arrived(&upload.emulator);
        let third = upload.run(&[]).data();
        assert_eq!(
            (&third["skipped"], &third["video_id"]),
            (&true.into(), &told["video_id"])
        );
        assert_eq!(arrived(&upload.emulator), asked, "{vendor}");
        let resumed = upload.run(&["--resume"]).failure(2);
        assert!(
            resumed["message"]
                .as_str()
                .unwrap()
                .contains("nothing to resume"),
            "{resumed}"
        );
    }
}

#[test]
fn a_signal_leaves_what_can_be_resumed_and_says_how() {
    let upload = Upload::new("polyv");
    let child = upload.hangs();
    let signalled = Instant::now();
    signal(&child, "INT");
    let ran = ended(child);
    assert!(signalled.elapsed() < Duration::from_secs(1));
    let failure = ran.failure(130);
    let command = failure["resume"].as_str().unwrap();
    let created = failure["created"].as_str().unwrap();
    assert!(
        failure["hint"].as_str().unwrap().contains(created),
        "{failure}"
    );
    upload.emulator.faults().clear();
    // As it stands there, into a shell.
    let pasted = command.replacen("vodkit", env!("CARGO_BIN_EXE_vodkit"), 1);
    let mut shell = upload.environment();
    let environment: Vec<_> = shell
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    shell = Command::new("sh");
    let output = shell
        .env_clear()
        .envs(environment)
        .args(["-c", &pasted])
        .output()
        .unwrap();
    let told = data(&output.into());
    assert_eq!(told["resumed_bytes"], 204_800);
    assert!(upload.is_there(BYTES));
}

#[test]
fn a_second_process_is_told_who_works_and_leaves_it_alone() {
    let upload = Upload::new("polyv");
    let mut first = upload.hangs();
    let asked = arrived(&upload.emulator);
    for more in [&[][..], &["--restart"], &["--again"], &["--resume"]] {
        let began = Instant::now();
        let second = upload.run(more).failure(7);
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!(second["kind"], "held");
        let words = format!("is being uploaded by process {}", first.id());
        assert!(
            second["message"].as_str().unwrap().contains(&words),
            "{second}"
        );
    }
    let mut gc = upload.environment();
    // What is under way is left alone, and that is no failure.
    let listed = run(&mut gc, &["gc", "--remove"]).data();
    assert_eq!(
        (&listed[0]["held_by"], &listed[0]["removed"]),
        (&first.id().into(), &Value::Null)
    );
    assert_eq!(arrived(&upload.emulator), asked);
    first.kill().unwrap();
    first.wait().unwrap();
    upload.emulator.faults().clear();
    assert_eq!(data(&upload.run(&[]))["resumed_bytes"], 204_800);
}

#[test]
fn a_changed_file_is_noticed_before_a_byte_is_sent() {
    let mut other = content();
    other[5] ^= 1;
    let shorter = &content()[1..];
    for (what, bytes) in [
        ("another byte in what was sent", &other[..]),
        ("shorter", shorter),
    ] {
        let upload = Upload::new("polyv");
        upload.dies();
        let parts = upload.parts();
        upload.write(bytes);
        let failure = upload.run(&[]).error(6);
        assert!(
            failure["message"].as_str().unwrap().contains("has changed"),
            "{what}: {failure}"
        );
        // It would change nothing to run the same command again.
        assert_eq!(failure["resume"], Value::Null, "{what}: {failure}");
        let hint = failure["hint"].as_str().unwrap();
        assert!(hint.contains("--restart"), "{what}: {failure}");
        assert_eq!(upload.parts(), parts, "{what}");
        // Whoever wants the new one says so.
        let restarted = upload.run(&["--restart"]);
        data(&restarted);
        assert!(
            restarted.err.contains(r#""event":"given_up""#),
            "{}",
            restarted.err
        );
        assert!(upload.is_there(bytes.len()), "{what}");
    }
    // Touched, and the same: nobody notices but the flow, which compares.
    let upload = Upload::new("polyv");
    upload.dies();
    upload.write(&content());
    assert_eq!(data(&upload.run(&[]))["resumed_bytes"], 204_800);
    assert_eq!(upload.parts(), 4);
}

#[test]
fn without_a_place_for_the_journal_nothing_is_sent() {
    let upload = Upload::new("polyv");
    let mut homeless = upload.command(&[]);
    homeless.env_remove("VODKIT_STATE_DIR");
    let failure = Ran::from(homeless.output().unwrap()).failure(6);
    assert!(
        failure["hint"].as_str().unwrap().contains("--state-dir"),
        "{failure}"
    );
    let failure = upload.run(&["--state-dir", "/dev/null/state"]).failure(6);
    assert!(
        failure["message"]
            .as_str()
            .unwrap()
            .contains("/dev/null/state"),
        "{failure}"
    );
    assert_eq!(arrived(&upload.emulator), 0);
    let elsewhere = upload.dir.path().join("elsewhere");
    data(&upload.run(&["--state-dir", elsewhere.to_str().unwrap()]));
    assert!(elsewhere.is_dir());
}

#[test]
fn a_damaged_journal_is_told_and_not_guessed_at() {
    let upload = Upload::new("polyv");
    upload.dies();
    let journal = journals(upload.dir.path()).remove(0);
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    std::fs::write(&journal, &bytes).unwrap();
    let asked = arrived(&upload.emulator);
    for more in [&[][..], &["--resume"]] {
        let failure = upload.run(more).failure(6);
        assert!(
            failure["message"]
                .as_str()
                .unwrap()
                .contains("is damaged at byte"),
            "{failure}"
        );
    }
    assert_eq!(arrived(&upload.emulator), asked);
    // It is listed, and given up only by force.
    let mut gc = upload.environment();
    let listed = run(&mut gc, &["gc"]).data();
    assert!(
        listed[0]["problem"].as_str().unwrap().contains("damaged"),
        "{listed}"
    );
    assert_eq!(run(&mut upload.environment(), &["gc", "--remove"]).code, 3);
    assert_eq!(
        run(&mut upload.environment(), &["gc", "--remove", "--force"]).code,
        0
    );
    assert!(journals(upload.dir.path()).is_empty());
}

pub(crate) fn journals(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir.join("state")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "journal")
        })
        .collect()
}

#[test]
fn what_is_given_up_is_listed_and_taken_back() {
    for vendor in ["polyv", "quvideo", "baijiayun"] {
        let upload = Upload::new(vendor);
        upload.dies();
        let gc = |more: &[&str]| run(upload.environment().args(["gc"]), more);
        let listed = gc(&[]).data();
        let left = &listed[0];
        assert_eq!(listed.as_array().unwrap().len(), 1);
        assert_eq!(
            (&left["vendor"], &left["bytes"], &left["size"]),
            (&vendor.into(), &204_800.into(), &BYTES.into())
        );
        assert!(
            left["file"]
                .as_str()
                .unwrap()
                .ends_with("第 1 课 \"a'b\".mp4"),
            "{left}"
        );
        let video = left["video_id"].as_str().unwrap();
        assert!(
            left["left_behind"].as_str().unwrap().contains(video),
            "{left}"
        );
        assert_eq!(left["upload_id"].is_string(), vendor != "baijiayun");
        assert_eq!(gc(&["--older-than", "1h"]).data(), Value::Array(Vec::new()));
        assert_eq!(gc(&["mediacloud"]).data(), Value::Array(Vec::new()));
        let told = gc(&["--output", "table"]);
        assert!(
            told.out.contains("200.00 KiB of 350.00 KiB"),
            "{}",
            told.out
        );

        // The keys of another account take nothing back.
        let mut other = upload.environment();
        other
            .env("VODKIT_POLYV_USER_ID", "somebody")
            .args(["gc", "--remove"]);
        if vendor == "polyv" {
            let refused = Ran::from(other.output().unwrap());
            assert_eq!(refused.code, 3);
            assert!(refused.out.contains("somebody"), "{}", refused.out);
        }
        let removed = gc(&["--remove", "--delete-videos"]).data();
        assert_eq!(removed[0]["removed"], true);
        let is_aborted = upload.count(|effect| matches!(effect, Effect::UploadAborted { .. })) == 1;
        assert_eq!(is_aborted, vendor != "baijiayun");
        let is_deleted = upload.count(|effect| {
            matches!(
                effect,
                Effect::VideoDeleted { .. }
                    | Effect::Thing {
                        kind: "video",
                        change: Change::Deleted,
                        ..
                    }
            )
        }) == 1;
        // Polyv's video is none before its file is there, and QuVideo's belongs to a user.
        assert_eq!(is_deleted, vendor == "baijiayun", "{removed}");
        // What stays is named.
        assert_eq!(
            removed[0]["left_behind"].is_string(),
            vendor != "baijiayun",
            "{removed}"
        );
        assert_eq!(gc(&[]).data(), Value::Array(Vec::new()));
        assert!(journals(upload.dir.path()).is_empty());
    }
}

#[test]
fn the_exit_code_says_whether_the_same_command_goes_on() {
    let upload = Upload::new("polyv");
    let busy = Fault::on("UploadPart").times(100).status(503);
    upload.emulator.faults().plan(busy);
    let failure = upload.run(&[]).error(7);
    assert!(failure["resume"].is_string(), "{failure}");
    upload.emulator.faults().clear();
    data(&upload.run(&[]));
    assert_eq!(upload.videos(), 1);

    // Whether there is a video, nobody knows: that is for a person, or for the next run, to find out.
    let upload = Upload::new("quvideo");
    let lost = Fault::on("vod/getVideoUploadAuth").lose_reply();
    upload.emulator.faults().plan(lost);
    let failure = upload.run(&[]).error(5);
    assert_eq!(failure["kind"], "outcome_unknown");
    assert_eq!(upload.emulator.faults().unfired(), []);
    let again = upload.run(&[]);
    data(&again);
    assert!(again.err.contains("may_be_orphaned"), "{}", again.err);
}
