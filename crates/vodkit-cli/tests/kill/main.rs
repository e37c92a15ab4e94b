//! The binary, ended by SIGKILL at every point of an upload, and run again: the file arrives once and whole.
//!
//! This is the short form, a kill for each point and passing; it needs the feature `kill-points`.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in its helpers"
)]

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use vodkit_emulator::{Change, Effect, Emulator, mediacloud};

const POINTS: [&str; 9] = [
    "before-send",
    "after-send",
    "before-keep",
    "torn-keep",
    "after-keep",
    "before-complete",
    "after-complete",
    "removing-journal",
    "waiting",
];
/// No upload of these tests passes a point more often.
const MOST_PASSINGS: u32 = 60;
/// Bytes of a part: the least that the vendors' storages take.
fn part(vendor: &str) -> usize {
    if vendor == "mediacloud" {
        5 << 20
    } else {
        100 << 10
    }
}

/// Of several parts, the last is shorter.
fn length(vendor: &str) -> usize {
    if vendor == "mediacloud" {
        (10 << 20) + 1
    } else {
        350 << 10
    }
}

struct Campaign {
    emulator: Emulator,
    vendor: &'static str,
    dir: TempDir,
}

impl Campaign {
    fn new(vendor: &'static str) -> Self {
        Self {
            emulator: Emulator::builder().time_scale(10_000.0).start().unwrap(),
            vendor,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// A file like no other, and its MD5 as the emulator tells it.
    fn file(&self, name: &str) -> PathBuf {
        let path = self.dir.path().join(format!("{name}.mp4"));
        let seed = name
            .bytes()
            .fold(7_u32, |seed, byte| seed.wrapping_mul(31) ^ u32::from(byte));
        let mut state = seed.wrapping_mul(2) | 1;
        let content: Vec<u8> = (0..length(self.vendor))
            .map(|_| {
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                state as u8
            })
            .collect();
        std::fs::write(&path, content).unwrap();
        path
    }

    fn command(&self, file: &Path, kill_at: Option<&str>, more: &[&str]) -> Output {
        let emulator = &self.emulator;
        let mut command = Command::new(env!("CARGO_BIN_EXE_vodkit"));
        command
            .env_clear()
            .env("VODKIT_STATE_DIR", self.dir.path().join("state"))
            .env(
                "VODKIT_BAIJIAYUN_PARTNER_ID",
                emulator.baijiayun().partner_id.to_string(),
            )
            .env(
                "VODKIT_BAIJIAYUN_PARTNER_KEY",
                &emulator.baijiayun().partner_key,
            )
            .env("VODKIT_POLYV_USER_ID", &emulator.polyv().user_id)
            .env("VODKIT_POLYV_SECRET_KEY", &emulator.polyv().secret_key)
            .env("VODKIT_QUVIDEO_TOKEN", &emulator.quvideo().token)
            .args(["upload", self.vendor])
            .arg(file)
            .args(["--part-size", &part(self.vendor).to_string()])
            .args(["--base-url", emulator.base_url()])
            .stdin(Stdio::null());
        if self.vendor == "mediacloud" {
            let account = emulator.mediacloud();
            command
                .env("VODKIT_MEDIACLOUD_USERNAME", &account.username)
                .env("VODKIT_MEDIACLOUD_PASSWORD", &account.password)
                .args([
                    "--bucket",
                    mediacloud::DEFAULT_BUCKET,
                    "--region",
                    "cn-changsha-1",
                ])
                .args(["--storage-endpoint", emulator.base_url()]);
        } else {
            // MediaCloud's pages do not say when a medium is ready.
            command.arg("--wait");
        }
        command.args(more);
        if self.vendor == "quvideo" {
            command.args(["--cover-url", "https://img.example.test/1.jpg"]);
        }
        if let Some(kill_at) = kill_at {
            command.env("VODKIT_KILL_AT", kill_at);
        }
        command.output().unwrap()
    }

    /// How many whole objects hold these bytes.
    fn copies(&self, file: &Path) -> usize {
        let md5 = md5(&std::fs::read(file).unwrap());
        let stored = self.emulator.stored();
        stored
            .iter()
            .filter(|stored| stored.complete && stored.md5 == md5)
            .count()
    }

    fn videos(&self) -> usize {
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

    /// Bytes of parts and slices that arrived.
    fn arrived(&self) -> u64 {
        let journal = self.emulator.journal();
        let effects = journal.iter().flat_map(|record| &record.effects);
        effects
            .filter_map(|effect| match effect {
                Effect::BytesStored { length, .. } | Effect::PartStored { bytes: length, .. } => {
                    Some(*length)
                }
                _ => None,
            })
            .sum()
    }

    /// Kills one upload, runs it again, and judges by what the emulator has. `false`: it does not pass the point that often.
    fn kill(&self, point: &str, passing: u32) -> bool {
        let at = format!("{point}:{passing}");
        let file = self.file(&at.replace(':', "-"));
        let (videos, arrived) = (self.videos(), self.arrived());
        let killed = self.command(&file, Some(&at), &[]);
        let was_killed = killed.status.signal() == Some(9);
        if !was_killed {
            assert!(killed.status.success(), "{at}: {killed:?}");
        }
        let mut again = self.command(&file, None, &[]);
        if again.status.code() == Some(5) {
            // No call says whether a file is registered: the run says so, and whoever has looked repeats it.
            let why = String::from_utf8_lossy(&again.stderr);
            assert!(
                why.contains("outcome_unknown") && self.vendor == "mediacloud",
                "{at}: {why}"
            );
            again = self.command(&file, None, &["--repeat-unknown"]);
        }
        let waited = if self.vendor == "mediacloud" {
            Value::Null
        } else {
            true.into()
        };
        let told: Value = serde_json::from_slice(&again.stdout).unwrap_or_else(|_| {
            panic!(
                "{} {at}: {}",
                self.vendor,
                String::from_utf8_lossy(&again.stderr)
            )
        });
        assert!(again.status.success(), "{at}: {again:?}");
        assert_eq!(
            (&told["bytes"], &told["transcoded"]),
            (&length(self.vendor).into(), &waited)
        );
        assert_eq!(self.copies(&file), 1, "{} {at}: {told}", self.vendor);
        // What was sent when the process died may be sent again, a part for each lane, and never all of it.
        let sent = self.arrived() - arrived;
        assert!(
            sent <= (length(self.vendor) + 3 * part(self.vendor)) as u64,
            "{} {at}: {sent} bytes",
            self.vendor
        );
        if self.vendor == "mediacloud" {
            // What is registered is a file that is there: there is no video without one.
            assert_eq!(self.unfinished(), 0, "{at}");
            return was_killed;
        }
        // A video of which the process never learned cannot always be found. Then it is told of.
        let made = self.videos() - videos;
        let orphan = String::from_utf8_lossy(&again.stderr).contains("may_be_orphaned");
        assert!(
            made == 1 || (made == 2 && orphan),
            "{} {at}: {made} videos, {again:?}",
            self.vendor
        );
        assert_eq!(self.unfinished(), 0, "{at}");
        was_killed
    }

    fn unfinished(&self) -> usize {
        let entries = std::fs::read_dir(self.dir.path().join("state")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".journal")).count()
    }

    fn run(&self) {
        for point in POINTS {
            if point == "waiting" && self.vendor == "mediacloud" {
                continue;
            }
            let mut kills = 0;
            for passing in 1..=MOST_PASSINGS {
                if !self.kill(point, passing) {
                    break;
                }
                kills = passing;
            }
            assert!(kills > 0, "{} never passes {point}", self.vendor);
            assert!(
                kills < MOST_PASSINGS,
                "{} passes {point} without end",
                self.vendor
            );
        }
    }
}

fn md5(bytes: &[u8]) -> String {
    use md5::{Digest, Md5};
    Md5::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[test]
fn baijiayun() {
    Campaign::new("baijiayun").run();
}

#[test]
fn polyv() {
    Campaign::new("polyv").run();
}

#[test]
fn mediacloud() {
    Campaign::new("mediacloud").run();
}

#[test]
fn quvideo() {
    Campaign::new("quvideo").run();
}
