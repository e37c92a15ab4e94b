//! What a whole upload costs: the command line, with its journal and its digests, against curl to the same server.
//!
//! `upload_whole VODKIT [ROUNDS] [MiB]`: every arm sends a sparse file to an emulator in a process of its own, in turns. Each upload is held against
//! what somebody would write instead: `curl -F`, or `curl -T` with its own signature where the file goes to an object storage, and `md5sum` before
//! that where an MD5 is computed. The storage computes the digests of all that it gets, and once more those of what it puts together of parts. Fails when an upload has less than half of
//! that throughput, or needs more than 10 MB over a command that uploads nothing.
//!
//! Memory is the peak of the process (`VmHWM`, so Linux only).

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use vodkit_emulator::{baijiayun, mediacloud, polyv, quvideo};

/// Most memory over the idle process, in bytes.
const MEMORY: f64 = 10e6;
/// Least throughput, of that of what it is held against.
const GATE: f64 = 0.5;
const REGION: &str = "region-1";

/// Who sends the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arm {
    /// As a form to the address that Baijiayun gives, and before that perhaps through `md5sum`.
    CurlForm { md5sum: bool },
    /// As an object to MediaCloud's storage, and before that perhaps through `md5sum`.
    CurlPut { md5sum: bool },
    /// The command line, to a vendor, and how it is held against what.
    Vodkit {
        vendor: &'static str,
        option: Option<&'static str>,
        against: usize,
    },
}

/// The first four are what the others are held against.
const ARMS: [Arm; 10] = [
    Arm::CurlForm { md5sum: false },
    Arm::CurlForm { md5sum: true },
    Arm::CurlPut { md5sum: false },
    Arm::CurlPut { md5sum: true },
    vodkit("baijiayun", None, 1),
    vodkit("baijiayun", Some("--no-md5"), 0),
    vodkit("polyv", None, 2),
    vodkit("quvideo", None, 2),
    vodkit("mediacloud", None, 3),
    vodkit("mediacloud", Some("--no-md5"), 2),
];

const fn vodkit(vendor: &'static str, option: Option<&'static str>, against: usize) -> Arm {
    Arm::Vodkit {
        vendor,
        option,
        against,
    }
}

impl Arm {
    fn name(self) -> String {
        match self {
            Self::CurlForm { md5sum: false } => "curl -F".to_owned(),
            Self::CurlForm { md5sum: true } => "md5sum; curl -F".to_owned(),
            Self::CurlPut { md5sum: false } => "curl -T".to_owned(),
            Self::CurlPut { md5sum: true } => "md5sum; curl -T".to_owned(),
            Self::Vodkit { vendor, option, .. } => match option {
                Some(option) => format!("{vendor} {option}"),
                None => vendor.to_owned(),
            },
        }
    }
}

struct Run {
    took: Duration,
    /// Peak, in bytes.
    memory: f64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: u64| {
        arguments
            .get(index)
            .map_or(default, |text| text.parse().unwrap())
    };
    let vodkit = PathBuf::from(&arguments[0]);
    let (rounds, size) = (number(1, 5) as usize, number(2, 512) << 20);

    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.mp4");
    std::fs::File::create(&film).unwrap().set_len(size).unwrap();
    let mut emulator = Command::new(&vodkit)
        .args(["emulator", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut base = String::new();
    BufReader::new(emulator.stdout.take().unwrap())
        .read_line(&mut base)
        .unwrap();
    let course = Course {
        vodkit,
        base: base.trim().to_owned(),
        folder: folder.path().to_owned(),
        film,
    };

    let idle = watch(course.command().args(["endpoints", "polyv"])).memory;
    let mut runs: Vec<Vec<Run>> = ARMS.iter().map(|_| Vec::new()).collect();
    // The first round only warms up.
    for round in 0..=rounds {
        for turn in 0..ARMS.len() {
            let index = (round + turn) % ARMS.len();
            let run = course.run(ARMS[index]);
            if round > 0 {
                runs[index].push(run);
            }
            // What was stored is on disk: it goes before the next one comes.
            let reset = format!("{}/_vodkit/reset", course.base);
            watch(Command::new("curl").args(["-sSf", "-X", "POST", &reset]));
        }
    }
    emulator.kill().unwrap();
    emulator.wait().unwrap();

    let speeds: Vec<Vec<f64>> = runs
        .iter()
        .map(|runs| {
            let speed = |run: &Run| size as f64 / run.took.as_secs_f64() / 1e9;
            let mut speeds: Vec<f64> = runs.iter().map(speed).collect();
            speeds.sort_by(f64::total_cmp);
            speeds
        })
        .collect();
    let median = |index: usize| speeds[index][rounds / 2];
    println!("{rounds} uploads of {} MiB by each, GB/s", size >> 20);
    println!(
        "  who                   median    min    max   held against      ratio   peak over idle"
    );
    let mut passed = true;
    for (index, arm) in ARMS.into_iter().enumerate() {
        print!(
            "  {:20} {:>7.2} {:>6.2} {:>6.2}",
            arm.name(),
            median(index),
            speeds[index][0],
            speeds[index][rounds - 1],
        );
        if let Arm::Vodkit { against, .. } = arm {
            let ratio = median(index) / median(against);
            let memory = runs[index].iter().map(|run| run.memory).fold(0.0, f64::max) - idle;
            let missed = memory > MEMORY || ratio < GATE;
            passed &= !missed;
            print!(
                "   {:15} {ratio:>7.2} {:>13.1} MB{}",
                ARMS[against].name(),
                memory / 1e6,
                if missed { "   MISSED" } else { "" }
            );
        }
        println!();
    }
    match passed {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// Who is measured, where, and with which file.
struct Course {
    vodkit: PathBuf,
    base: String,
    folder: PathBuf,
    film: PathBuf,
}

impl Course {
    fn run(&self, arm: Arm) -> Run {
        match arm {
            Arm::CurlForm { md5sum } => {
                let to = self.upload_address();
                let form = format!("file=@{}", self.film.display());
                self.curl(
                    md5sum,
                    Command::new("curl").args(["-sSf", "-F", &form, &to]),
                )
            }
            Arm::CurlPut { md5sum } => self.curl(md5sum, &mut self.curl_put()),
            Arm::Vodkit { vendor, option, .. } => {
                let mut command = self.command();
                command
                    .args(["upload", vendor, "--again"])
                    .args(option)
                    .arg(&self.film);
                match vendor {
                    "mediacloud" => command
                        .args(["--bucket", mediacloud::DEFAULT_BUCKET])
                        .args(["--storage-endpoint", &self.base, "--region", REGION]),
                    "quvideo" => command.args(["--cover-url", "http://cover.example.test/1.jpg"]),
                    _ => &mut command,
                };
                watch(&mut command)
            }
        }
    }

    fn curl(&self, md5sum: bool, curl: &mut Command) -> Run {
        let before = match md5sum {
            true => watch(Command::new("md5sum").arg(&self.film)).took,
            false => Duration::ZERO,
        };
        let run = watch(curl);
        Run {
            took: before + run.took,
            ..run
        }
    }

    /// Sends the file as an object, with the keys that a login gives, and a signature of curl's own.
    fn curl_put(&self) -> Command {
        let account = serde_json::json!({
            "username": mediacloud::DEFAULT_USERNAME,
            "password": mediacloud::DEFAULT_PASSWORD,
        });
        let mut reply = ureq::post(format!("{}/api/v1/login", self.base))
            .content_type("application/json")
            .send(account.to_string())
            .unwrap();
        let text = reply.body_mut().read_to_string().unwrap();
        let reply: serde_json::Value = serde_json::from_str(&text).unwrap();
        let key = |name: &str| reply["data"]["stsToken"][name].as_str().unwrap().to_owned();
        let mut command = Command::new("curl");
        command
            .args(["-sSf", "--aws-sigv4", &format!("aws:amz:{REGION}:s3")])
            .arg("--user")
            .arg([key("STSAccessKeyID"), key("STSSecretAccessKey")].join(":"))
            .args(["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"])
            .arg("-H")
            .arg(format!("x-amz-security-token: {}", key("STSSessionToken")))
            .arg("-T")
            .arg(&self.film)
            .arg(format!(
                "{}/{}/film.mp4",
                self.base,
                mediacloud::DEFAULT_BUCKET
            ));
        command
    }

    /// The command line with the emulator's own accounts.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.vodkit);
        let partner = baijiayun::DEFAULT_PARTNER_ID.to_string();
        command
            .env_clear()
            .env("VODKIT_STATE_DIR", self.folder.join("state"))
            .env("VODKIT_BAIJIAYUN_PARTNER_ID", partner)
            .env(
                "VODKIT_BAIJIAYUN_PARTNER_KEY",
                baijiayun::DEFAULT_PARTNER_KEY,
            )
            .env("VODKIT_POLYV_USER_ID", polyv::DEFAULT_USER_ID)
            .env("VODKIT_POLYV_SECRET_KEY", polyv::DEFAULT_SECRET_KEY)
            .env("VODKIT_QUVIDEO_TOKEN", quvideo::DEFAULT_TOKEN)
            .env("VODKIT_MEDIACLOUD_USERNAME", mediacloud::DEFAULT_USERNAME)
            .env("VODKIT_MEDIACLOUD_PASSWORD", mediacloud::DEFAULT_PASSWORD);
        for vendor in ["BAIJIAYUN", "POLYV", "QUVIDEO", "MEDIACLOUD"] {
            command.env(format!("VODKIT_{vendor}_BASE_URL"), &self.base);
        }
        command
    }

    /// An address that curl can send the file to.
    fn upload_address(&self) -> String {
        let output = self
            .command()
            .args(["call", "baijiayun", "video/getUploadUrl"])
            .args(["file_name=film.mp4", "definition=16", "--output", "json"])
            .output()
            .unwrap();
        let reply: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        reply["upload_url"].as_str().unwrap().to_owned()
    }
}

/// Runs a command that must succeed, and watches how its memory grows.
fn watch(command: &mut Command) -> Run {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut memory: f64 = 0.0;
    let status = loop {
        memory = memory.max(peak(&child));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    assert!(status.success(), "{command:?} ended with {status}");
    Run {
        took: start.elapsed(),
        memory,
    }
}

/// The peak so far, in bytes; nothing once the process is over.
fn peak(child: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()));
    let status = status.unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.unwrap_or(0.0) * 1024.0
}
