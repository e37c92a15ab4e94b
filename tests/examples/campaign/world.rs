//! One emulator, one file, one directory for journals, and the command line that uploads the file.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vodkit_emulator::{Emulator, baijiayun, mediacloud, polyv, quvideo};

pub(crate) const VENDORS: [&str; 4] = ["baijiayun", "polyv", "quvideo", "mediacloud"];

/// How large a file is, in parts of the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Size {
    /// One request.
    Small,
    /// A few parts.
    Medium,
    /// More parts than lanes, several times.
    Large,
}

impl Size {
    pub(crate) const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }

    /// Whole parts; a shorter one comes after them.
    pub(crate) fn parts(self) -> u64 {
        match self {
            Self::Small => 0,
            Self::Medium => 3,
            Self::Large => 10,
        }
    }
}

/// The least part that the vendor's storage takes, so that many parts are a small file.
pub(crate) fn part_size(vendor: &str) -> u64 {
    match vendor {
        "baijiayun" => 64 << 10,
        "mediacloud" => 5 << 20,
        _ => 100 << 10,
    }
}

/// Parts at once, unless a trial says otherwise.
pub(crate) const LANES: u64 = 3;
/// A run that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);
/// Between two looks at a process.
const PAUSE: Duration = Duration::from_millis(1);

/// How a run of the command line ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// Ended by the campaign, or by itself at a kill point.
    pub(crate) killed: bool,
    /// Ended since it never would have.
    pub(crate) hung: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    fn of(child: Child, hung: bool) -> Self {
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code(),
            killed: output.status.signal() == Some(9) && !hung,
            hung,
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// How it ended, in one line.
    pub(crate) fn told(&self) -> String {
        match self.hung {
            true => format!("ran for more than {} s: {}", LONGEST.as_secs(), self.err),
            false => format!("ended with {:?}: {}{}", self.code, self.err, self.out),
        }
    }
}

/// Runs a command to its end, or kills it as soon as `until` says so.
pub(crate) fn run(mut command: Command, mut until: impl FnMut() -> bool) -> Ended {
    let mut child = command.spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        let hung = began.elapsed() > LONGEST;
        if hung || until() {
            child.kill().unwrap();
            return Ended::of(child, hung);
        }
        std::thread::sleep(PAUSE);
    }
    Ended::of(child, false)
}

pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) vendor: &'static str,
    pub(crate) lanes: u64,
    directory: TempDir,
    pub(crate) content: Vec<u8>,
}

impl World {
    /// A file of this size, whose last part is shorter, by another length with each seed.
    pub(crate) fn new(vendor: &'static str, size: Size, seed: u64) -> Self {
        let rest = 1 + Random(seed).next() % (part_size(vendor).min(64 << 10) - 1);
        Self::of_length(vendor, size.parts() * part_size(vendor) + rest, seed)
    }

    pub(crate) fn of_length(vendor: &'static str, length: u64, seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let content = content(length as usize, seed);
        std::fs::write(directory.path().join(FILE), &content).unwrap();
        let emulator = Emulator::builder()
            .journal_limit(100_000)
            // Transcoding takes no time worth waiting for.
            .time_scale(10_000.0)
            .start()
            .unwrap();
        Self {
            emulator,
            vendor,
            lanes: LANES,
            directory,
            content,
        }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join(FILE)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// Journals of unfinished uploads.
    pub(crate) fn journals(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.state()).into_iter().flatten();
        let paths = entries.map(|entry| entry.unwrap().path());
        let is_journal = |path: &PathBuf| path.extension().is_some_and(|end| end == "journal");
        paths.filter(is_journal).collect()
    }

    /// The command line with the account and nothing else of this machine.
    fn command(&self, vodkit: &Path) -> Command {
        let mut command = Command::new(vodkit);
        let base = self.emulator.base_url();
        command
            .env_clear()
            .env("HOME", self.directory.path())
            .env("VODKIT_STATE_DIR", self.state())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        match self.vendor {
            "baijiayun" => command
                .env(
                    "VODKIT_BAIJIAYUN_PARTNER_ID",
                    baijiayun::DEFAULT_PARTNER_ID.to_string(),
                )
                .env(
                    "VODKIT_BAIJIAYUN_PARTNER_KEY",
                    baijiayun::DEFAULT_PARTNER_KEY,
                )
                .env("VODKIT_BAIJIAYUN_BASE_URL", base),
            "polyv" => command
                .env("VODKIT_POLYV_USER_ID", polyv::DEFAULT_USER_ID)
                .env("VODKIT_POLYV_SECRET_KEY", polyv::DEFAULT_SECRET_KEY)
                .env("VODKIT_POLYV_BASE_URL", base),
            "quvideo" => command
                .env("VODKIT_QUVIDEO_TOKEN", quvideo::DEFAULT_TOKEN)
                .env("VODKIT_QUVIDEO_BASE_URL", base),
            _ => command
                .env("VODKIT_MEDIACLOUD_USERNAME", mediacloud::DEFAULT_USERNAME)
                .env("VODKIT_MEDIACLOUD_PASSWORD", mediacloud::DEFAULT_PASSWORD)
                .env("VODKIT_MEDIACLOUD_BASE_URL", base)
                .env("VODKIT_MEDIACLOUD_BUCKET", mediacloud::DEFAULT_BUCKET)
                .env("VODKIT_MEDIACLOUD_STORAGE_ENDPOINT", base)
                .env("VODKIT_MEDIACLOUD_REGION", "region-1"),
        };
        command
    }

    /// The upload, to be killed at `point` where one is given.
    pub(crate) fn uploading(&self, vodkit: &Path, point: Option<&str>, more: &[&str]) -> Command {
        let mut command = self.command(vodkit);
        command
            .args(["upload", self.vendor])
            .arg(self.file())
            .args(["--part-size", &part_size(self.vendor).to_string()])
            .args(["--lanes", &self.lanes.to_string()])
            .args(["--output", "json"])
            .args(more);
        if self.vendor == "quvideo" {
            command.args(["--cover-url", "https://img.example.test/1.jpg"]);
        }
        if self.vendor != "mediacloud" {
            // Its pages name no state to wait for.
            command.arg("--wait");
        }
        if let Some(point) = point {
            command.env("VODKIT_KILL_AT", point);
        }
        command
    }

    /// `gc`, which gives up what was begun.
    pub(crate) fn giving_up(&self, vodkit: &Path, point: Option<&str>) -> Command {
        let mut command = self.command(vodkit);
        command.args(["gc", "--remove", "--delete-videos", "--output", "json"]);
        if let Some(point) = point {
            command.env("VODKIT_KILL_AT", point);
        }
        command
    }
}

/// A name as people give it.
const FILE: &str = "课 1.mp4";

/// So many bytes, others with each seed and in each part: blocks of random bytes, each of them marked with its number.
fn content(length: usize, seed: u64) -> Vec<u8> {
    const BLOCK: usize = 16 << 10;
    let mut random = Random(seed);
    let block: Vec<u8> = (0..BLOCK / 8)
        .flat_map(|_| random.next().to_le_bytes())
        .collect();
    let mut content = Vec::with_capacity(length + BLOCK);
    while content.len() < length {
        let at = content.len();
        content.extend_from_slice(&block);
        content[at..at + 8].copy_from_slice(&random.next().to_le_bytes());
    }
    content.truncate(length);
    content
}

/// The same numbers for the same seed, everywhere (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Of a trial that others of its kind must not resemble.
    pub(crate) fn of(seed: u64, vendor: &str, number: u64) -> Self {
        let vendor = vendor
            .bytes()
            .fold(0, |sum: u64, byte| sum * 31 + u64::from(byte));
        let mut random = Self(seed ^ vendor.rotate_left(32));
        random.0 = random.next() ^ number;
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to `end`, without it.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len() as u64) as usize]
    }
}
