//! One emulator, one file, one directory for journals, and the command line that uploads the file.

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use vodkit_emulator::{Emulator, baijiayun, mediacloud, polyv, quvideo};

pub(crate) const VENDORS: [&str; 4] = ["baijiayun", "polyv", "quvideo", "mediacloud"];

/// How large a file is, in parts of the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    fn parts(self) -> u64 {
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

pub(crate) const LANES: u64 = 3;

/// How a run of the command line ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) killed: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) struct World {
    pub(crate) emulator: Emulator,
    vendor: &'static str,
    directory: TempDir,
    pub(crate) content: Vec<u8>,
}

impl World {
    pub(crate) fn new(vendor: &'static str, size: Size, seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut random = Random(seed);
        // The last part is shorter, by another length each time.
        let rest = 1 + random.next() % (part_size(vendor).min(64 << 10) - 1);
        let len = size.parts() * part_size(vendor) + rest;
        let mut content = Vec::with_capacity(len as usize + 8);
        while (content.len() as u64) < len {
            content.extend_from_slice(&random.next().to_le_bytes());
        }
        content.truncate(len as usize);
        std::fs::write(directory.path().join("课 1.mp4"), &content).unwrap();
        let emulator = Emulator::builder()
            .journal_limit(100_000)
            // Transcoding takes no time worth waiting for.
            .time_scale(10_000.0)
            .start()
            .unwrap();
        Self {
            emulator,
            vendor,
            directory,
            content,
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("课 1.mp4")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    /// Runs the upload, to be killed at `point` where one is given.
    pub(crate) fn upload(&self, vodkit: &Path, point: Option<&str>, more: &[&str]) -> Ended {
        let mut command = Command::new(vodkit);
        let base = self.emulator.base_url();
        command
            .env_clear()
            .env("HOME", self.directory.path())
            .stdin(Stdio::null())
            .args(["upload", self.vendor])
            .arg(self.file())
            .arg("--state-dir")
            .arg(self.state())
            .args(["--part-size", &part_size(self.vendor).to_string()])
            .args(["--lanes", &LANES.to_string()])
            .args(["--output", "json"])
            .args(more);
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
                .env("VODKIT_QUVIDEO_BASE_URL", base)
                .args(["--cover-url", "https://img.example.test/1.jpg"]),
            _ => command
                .env("VODKIT_MEDIACLOUD_USERNAME", mediacloud::DEFAULT_USERNAME)
                .env("VODKIT_MEDIACLOUD_PASSWORD", mediacloud::DEFAULT_PASSWORD)
                .env("VODKIT_MEDIACLOUD_BASE_URL", base)
                .args([
                    "--bucket",
                    mediacloud::DEFAULT_BUCKET,
                    "--region",
                    "region-1",
                ])
                .args(["--storage-endpoint", base]),
        };
        if self.vendor != "mediacloud" {
            // Its pages name no state to wait for.
            command.arg("--wait");
        }
        if let Some(point) = point {
            command.env("VODKIT_KILL_AT", point);
        }
        let output = command.output().unwrap();
        Ended {
            code: output.status.code(),
            killed: output.status.signal() == Some(9),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The same numbers for the same seed, everywhere (splitmix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
