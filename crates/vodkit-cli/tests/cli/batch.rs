//! `vodkit upload` with many files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use vodkit_emulator::fault::{Answer, Fault};
use vodkit_emulator::{Change, Effect, Emulator};

use crate::{Ran, arrived, bare, emulator, run};

pub(crate) struct Batch {
    pub(crate) emulator: Emulator,
    dir: TempDir,
}

impl Batch {
    pub(crate) fn new() -> Self {
        let batch = Self {
            emulator: emulator(),
            dir: tempfile::tempdir().unwrap(),
        };
        std::fs::create_dir(batch.path("in")).unwrap();
        batch
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        let path = self.path("in").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("content of {name}")).unwrap();
        path
    }

    pub(crate) fn command(&self) -> Command {
        let emulator = &self.emulator;
        let mut command = bare();
        command
            .current_dir(self.dir.path())
            .env("VODKIT_STATE_DIR", self.path("state"))
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
            .env("VODKIT_POLYV_BASE_URL", emulator.base_url());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        run(self.command().arg("upload"), args)
    }

    pub(crate) fn videos(&self) -> usize {
        let journal = self.emulator.journal();
        let effects = journal.iter().flat_map(|record| &record.effects);
        effects
            .filter(|effect| {
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
            .count()
    }

    /// How often each content is stored whole.
    pub(crate) fn stored(&self) -> BTreeMap<String, usize> {
        let mut stored = BTreeMap::new();
        for object in self.emulator.stored() {
            if object.complete {
                *stored.entry(object.md5).or_default() += 1;
            }
        }
        stored
    }
}

/// The events of a run, the summary last.
#[track_caller]
pub(crate) fn events(ran: &Ran) -> Vec<Value> {
    let events: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.last().unwrap()["event"], "summary", "{}", ran.out);
    events
}

pub(crate) fn summary(ran: &Ran) -> [u64; 5] {
    let events = events(ran);
    let summary = events.last().unwrap();
    ["files", "done", "skipped", "failed", "left"].map(|name| summary[name].as_u64().unwrap())
}

fn of<'e>(events: &'e [Value], event: &str) -> Vec<&'e Value> {
    events
        .iter()
        .filter(|have| have["event"] == event)
        .collect()
}

#[test]
fn a_manifest_is_done_row_by_row_and_again_only_what_is_left() {
    let batch = Batch::new();
    for name in ["a.mp4", "b, c.mp4", "第 1 课 \"x\".mp4", "d'e.mp4"] {
        batch.file(name);
    }
    std::fs::write(
        batch.path("in/list.csv"),
        "file,title,category\na.mp4,Lesson 1,1\n\"b, c.mp4\",,\n\"第 1 课 \"\"x\"\".mp4\",光合作用,\nd'e.mp4,,\n",
    )
    .unwrap();
    // The third file that arrives is refused.
    batch
        .emulator
        .faults()
        .plan(Fault::on("PutObject").nth(3).answer(Answer::status(400)));
    let args = ["polyv", "--manifest", "in/list.csv", "--jobs", "1"];
    let first = batch.run(&args);
    assert_eq!(first.code, 3);
    assert_eq!(batch.emulator.faults().unfired(), []);
    assert_eq!(summary(&first), [4, 3, 0, 1, 0]);
    let told = events(&first);
    let failed = of(&told, "failed");
    assert_eq!(
        (&failed[0]["line"], &failed[0]["resumable"]),
        (&4.into(), &true.into())
    );
    let summed = &told.last().unwrap()["failures"][0];
    assert!(
        summed["file"].as_str().unwrap().contains("第 1 课"),
        "{summed}"
    );
    let failure: Value = serde_json::from_str(&first.err).unwrap();
    assert_eq!(failure["message"], "1 of 4 files failed");
    assert_eq!(
        failure["resume"],
        "vodkit upload polyv --manifest in/list.csv --jobs 1"
    );
    let created = of(&told, "created");
    assert_eq!(created.len(), 4);

    let second = batch.run(&args);
    assert_eq!(
        (second.code, second.err.as_str()),
        (0, ""),
        "{}",
        second.out
    );
    assert_eq!(summary(&second), [4, 1, 3, 0, 0]);
    assert_eq!(batch.videos(), 4, "the refused one went on with its video");
    assert_eq!(batch.stored().values().sum::<usize>(), 4);

    let asked = arrived(&batch.emulator);
    let third = batch.run(&args);
    assert_eq!(summary(&third), [4, 0, 4, 0, 0]);
    assert_eq!(
        arrived(&batch.emulator),
        asked,
        "nothing is asked of what is done"
    );
    let ids = |events: &[Value]| -> Vec<Value> {
        let mut ids: Vec<_> = of(events, "skipped")
            .iter()
            .map(|event| event["video_id"].clone())
            .collect();
        ids.sort_by_key(Value::to_string);
        ids
    };
    assert_eq!(ids(&events(&third)).len(), 4);

    // A file that has changed is another one, and so is one that is wanted once more.
    std::fs::write(batch.path("in/a.mp4"), "another content").unwrap();
    assert_eq!(summary(&batch.run(&args)), [4, 1, 3, 0, 0]);
    let again = batch.run(&["polyv", "--manifest", "in/list.csv", "--again"]);
    assert_eq!(summary(&again), [4, 4, 0, 0, 0]);

    let list = run(&mut batch.command(), &["call", "polyv", "get-new-list"]).data();
    let titles: Vec<_> = list["contents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|video| video["title"].as_str().unwrap())
        .collect();
    for title in ["Lesson 1", "b, c.mp4", "光合作用", "d'e.mp4"] {
        assert!(titles.contains(&title), "{titles:?}");
    }
}

#[test]
fn what_is_wrong_with_a_manifest_is_told_of_all_rows_before_anything_is_sent() {
    let batch = Batch::new();
    batch.file("a.mp4");
    std::fs::write(batch.path("in/empty.mp4"), "").unwrap();
    std::fs::create_dir(batch.path("in/dir")).unwrap();
    let rows = [
        r#"{"file":"a.mp4"}"#,
        r#"{"file":"missing.mp4"}"#,
        r#"{"file":"dir"}"#,
        r#"{"file":"./a.mp4"}"#,
        r#"{"file":"a.mp4","title":" "}"#,
        r#"{"file":"a.mp4","category":"x"}"#,
        r#"{"file":"empty.mp4"}"#,
        r#"{"fiel":"a.mp4"}"#,
    ];
    std::fs::write(
        batch.path("list.jsonl"),
        rows.join("\n")
            .replace(":\"", ":\"in/")
            .replace("in/x", "x")
            .replace("in/ ", " "),
    )
    .unwrap();
    for vendor in ["baijiayun", "polyv"] {
        let failure = batch.run(&[vendor, "--manifest", "list.jsonl"]).failure(2);
        let problems: Vec<_> = failure["problems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|problem| problem.as_str().unwrap())
            .collect();
        let wanted = [
            (2, "no such file"),
            (3, "directory"),
            (4, "stands in line 1 already"),
            (5, "title is empty"),
            (6, "category `x` is not the number"),
            (7, "empty"),
            (8, "names no file"),
        ];
        assert_eq!(problems.len(), wanted.len(), "{problems:?}");
        for (problem, (line, words)) in problems.iter().zip(wanted) {
            assert!(
                problem.starts_with(&format!("line {line}: ")) && problem.contains(words),
                "{problem}"
            );
        }
        assert!(
            failure["message"]
                .as_str()
                .unwrap()
                .contains("7 rows cannot"),
            "{failure}"
        );
    }
    for (args, words) in [
        (
            &["polyv", "in/a.mp4", "in/missing.mp4"][..],
            "1 file cannot",
        ),
        (
            &["polyv", "in/a.mp4", "--manifest", "list.jsonl"],
            "cannot be used with",
        ),
        (&["polyv"], "required"),
        (
            &["polyv", "in/a.mp4", "in/empty.mp4", "--title", "x"],
            "--title names one video",
        ),
        (&["polyv", "in/a.mp4", "--category", "x"], "not the number"),
        (&["polyv", "in/a.mp4", "--jobs", "0"], "above 0"),
    ] {
        let failure = batch.run(args).failure(2);
        assert!(
            failure["message"].as_str().unwrap().contains(words),
            "{args:?}: {failure}"
        );
    }
    assert_eq!(arrived(&batch.emulator), 0);
}

#[test]
fn directories_give_their_videos_and_say_what_they_leave_out() {
    let batch = Batch::new();
    for name in [
        "b.MP4",
        "a.mov",
        "notes.txt",
        ".hidden.mp4",
        "deep/c.mkv",
        "deep/.git/d.mp4",
        "deep/e.mp4",
    ] {
        batch.file(name);
    }
    std::fs::write(batch.path("in/empty.mp4"), "").unwrap();
    let flat = batch.run(&["baijiayun", "in", "--wait"]);
    assert_eq!((flat.code, flat.err.as_str()), (0, ""));
    assert_eq!(summary(&flat), [2, 2, 0, 0, 0]);
    let told = events(&flat);
    let done = of(&told, "done");
    assert!(
        done.iter().all(|event| event["transcoded"] == true),
        "{done:?}"
    );
    let reasons: Vec<_> = of(&told, "left_out")
        .iter()
        .map(|event| event["why"].as_str().unwrap())
        .collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    // Another directory of the same files: only the new ones are sent.
    let deep = batch.run(&[
        "baijiayun",
        "in",
        "in/deep/c.mkv",
        "--recursive",
        "--output",
        "table",
    ]);
    assert_eq!((deep.code, deep.err.as_str()), (0, ""));
    assert!(
        deep.out.contains("2 uploaded (") && deep.out.contains("2 skipped, of 4 files"),
        "{}",
        deep.out
    );
    assert!(
        deep.out.contains("in/b.MP4: already uploaded as "),
        "{}",
        deep.out
    );
    assert!(
        deep.out
            .contains("left out, hidden: in/.hidden.mp4, in/deep/.git"),
        "{}",
        deep.out
    );
    assert_eq!(batch.videos(), 4);
    assert!(!deep.out.contains('\u{1b}'), "{}", deep.out);

    let dry = batch.run(&["polyv", "in", "--dry-run"]).data();
    assert_eq!(dry["rows"].as_array().unwrap().len(), 2);
    let failure = batch
        .run(&["polyv", "in/deep/.git/../../../state"])
        .failure(6);
    assert!(
        failure["message"]
            .as_str()
            .unwrap()
            .contains("no video file"),
        "{failure}"
    );
}

#[cfg(unix)]
#[test]
fn names_do_not_steer_the_terminal() {
    let batch = Batch::new();
    batch.file("a\u{1b}[2J\nb.mp4");
    batch.file("c\u{1b}[2J.mp4");
    batch
        .emulator
        .faults()
        .plan(Fault::on("PutObject").nth(2).answer(Answer::status(400)));
    let args = ["polyv", "in", "--jobs", "1", "--output", "table"];
    for code in [3, 0, 0] {
        let ran = batch.run(&args);
        assert_eq!(ran.code, code, "{}", ran.err);
        assert!(!ran.out.contains('\u{1b}'), "{:?}", ran.out);
        let lines = ran.out.lines().filter(|line| line.starts_with("b.mp4"));
        assert_eq!(lines.count(), 0, "{:?}", ran.out);
    }
}

/// The second run sends nothing, and `--verify` still means a comparison.
#[test]
fn what_was_uploaded_before_is_compared_too() {
    let batch = Batch::new();
    let file = batch.file("a.mp4");
    let args = ["baijiayun", file.to_str().unwrap(), "--wait", "--verify"];
    batch.run(&args).data();
    assert_eq!(batch.run(&args).data()["skipped"], true);
    // Edited, and given its old time back: only the content tells.
    let modified = std::fs::metadata(&file).unwrap().modified().unwrap();
    std::fs::write(&file, "CONTENT OF a.mp4").unwrap();
    let edited = std::fs::File::options().write(true).open(&file).unwrap();
    edited.set_modified(modified).unwrap();
    let failure = batch.run(&args).error_after_output(8);
    assert!(
        failure["message"].as_str().unwrap().contains("MD5"),
        "{failure}"
    );
}

/// What was digested while it was sent is compared anyhow; without MD5 nothing is.
#[test]
fn a_bit_that_changed_on_the_way_is_noticed_unless_md5_is_left_out() {
    let batch = Batch::new();
    let file = batch.file("a.mp4");
    std::fs::write(&file, vec![7; 700_000]).unwrap();
    let flipped = || Fault::on("upload").flip_bit_at(400_000);
    batch.emulator.faults().plan(flipped());
    let args = ["baijiayun", file.to_str().unwrap(), "--wait", "--again"];
    let failure = batch.run(&args).error_after_output(8);
    assert!(
        failure["message"].as_str().unwrap().contains("MD5"),
        "{failure}"
    );
    batch.emulator.faults().plan(flipped());
    let args = [args.as_slice(), &["--no-md5"]].concat();
    assert_eq!(batch.run(&args).data()["transcoded"], true);
    assert_eq!(batch.emulator.faults().unfired(), []);
}

#[test]
fn a_refused_account_is_not_tried_with_every_file() {
    let batch = Batch::new();
    for number in 0..20 {
        batch.file(&format!("{number}.mp4"));
    }
    let mut command = batch.command();
    command.env("VODKIT_POLYV_SECRET_KEY", "wrong-key-0123456789");
    let ran = run(&mut command, &["upload", "polyv", "in", "--jobs", "2"]);
    assert_eq!(ran.code, 4, "{}", ran.err);
    let [files, done, _, failed, left] = summary(&ran);
    assert_eq!((files, done), (20, 0));
    assert!(failed <= 3 && left >= 17, "{failed} {left}");
    assert!(arrived(&batch.emulator) <= 12);
    // Nothing is left of it.
    let listed = run(&mut batch.command(), &["gc"]).data();
    assert_eq!(listed, Value::Array(Vec::new()));
}

#[test]
fn categories_are_told_to_the_vendor() {
    let batch = Batch::new();
    let file = batch.file("a.mp4");
    let category = run(
        &mut batch.command(),
        &["call", "baijiayun", "video/addCategory", "name=物理"],
    )
    .data()["id"]
        .clone();
    let args = [
        "baijiayun",
        file.to_str().unwrap(),
        "--category",
        &category.to_string(),
    ];
    let id = batch.run(&args).data()["video_id"].clone();
    let args = [
        "call",
        "baijiayun",
        "video/getCategoryVideo",
        &format!("category_id={category}"),
    ];
    let listed = run(&mut batch.command(), &args).data().to_string();
    assert!(listed.contains(&id.to_string()), "{listed}");
    // A category that does not exist is told, and the video is not lost.
    let other = batch.file("b.mp4");
    let args = ["baijiayun", other.to_str().unwrap(), "--category", "987654"];
    let failure = batch.run(&args).error(1);
    assert!(
        failure["operation"]
            .as_str()
            .unwrap()
            .contains("setVideoCategory"),
        "{failure}"
    );
    let videos = batch.videos();
    assert_eq!(batch.run(&["baijiayun", other.to_str().unwrap()]).code, 0);
    assert_eq!(batch.videos(), videos, "it was uploaded before");
}

/// What is wrong with several files is said once, with what to do; a line for each says only that.
#[test]
fn people_read_a_reason_once() {
    let batch = Batch::new();
    for name in ["a.mp4", "b.mp4", "c.mp4"] {
        batch.file(name);
    }
    batch.emulator.faults().plan(
        Fault::on("uploadvideo/init")
            .times(2)
            .answer(Answer::failure("400", "the title is bad")),
    );
    let args = ["polyv", "in", "--jobs", "1", "--output", "table"];
    let ran = batch.run(&args);
    assert_eq!(ran.code, 3, "{}", ran.err);
    let out = &ran.out;
    assert_eq!(out.matches("the title is bad").count(), 3, "{out}");
    assert_eq!(out.matches("Compare the parameters").count(), 1, "{out}");
    let (_, reason) = out.split_once("failed:").unwrap();
    let lines: Vec<_> = reason.lines().collect();
    assert_eq!(lines[1..3], ["  in/a.mp4", "  in/b.mp4"], "{out}");
    assert!(lines[3].starts_with("1 uploaded (") && lines[3].ends_with(", 2 failed, of 3 files"));
}

/// A thousand files with one answer in twenty lost or refused: run until nothing is left, all of them are there, and none twice.
#[test]
fn a_thousand_files_arrive_once_through_faults() {
    const FILES: usize = 1_000;
    let batch = Batch::new();
    let mut wanted = BTreeMap::new();
    for number in 0..FILES {
        let path = batch.file(&format!("{number}.mp4"));
        wanted.insert(md5(&path), 1);
    }
    let faults = batch.emulator.faults();
    faults.plan(Fault::on_any().rate(0.02, 1).answer(Answer::status(503)));
    faults.plan(Fault::on_any().rate(0.02, 2).lose_reply());
    faults.plan(Fault::on_any().rate(0.01, 3).reset());
    let mut runs = Vec::new();
    loop {
        let ran = batch.run(&["polyv", "in", "--jobs", "8"]);
        let [files, done, skipped, failed, left] = summary(&ran);
        assert_eq!((files as usize, left), (FILES, 0));
        assert_eq!(done + skipped + failed, files);
        assert_eq!(ran.code, if failed == 0 { 0 } else { 3 });
        runs.push(failed);
        if failed == 0 {
            break;
        }
        assert!(runs.len() < 10, "{runs:?}");
    }
    assert_eq!(batch.emulator.faults().unfired(), []);
    assert_eq!(batch.stored(), wanted, "failed by run: {runs:?}");
}

pub(crate) fn md5(path: &Path) -> String {
    use md5::{Digest, Md5};
    let digest = Md5::digest(std::fs::read(path).unwrap());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
