//! What a whole upload costs: the command line, with its journal and its digests, against `curl -F` to the same server.
//!
//! `upload_whole VODKIT [ROUNDS] [MiB]`: every client sends a sparse file to an emulator in a process of its own, in turns. Fails when one of them
//! needs more than 10 MB over a command that uploads nothing. Speed is told and not judged: curl computes no digest, and where the file goes to an
//! object storage the emulator computes two.
//!
//! Memory is the peak of the process (`VmHWM`, so Linux only).

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use vodkit_emulator::{baijiayun, mediacloud, polyv};

const CLIENTS: [&str; 4] = ["curl", "baijiayun", "polyv", "mediacloud"];
/// Most memory over the idle process, in bytes.
const MEMORY: f64 = 10e6;

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
    let vodkit = Path::new(&arguments[0]);
    let (rounds, size) = (number(1, 5) as usize, number(2, 512) << 20);

    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.mp4");
    std::fs::File::create(&film).unwrap().set_len(size).unwrap();
    let mut emulator = Command::new(vodkit)
        .args(["emulator", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut base = String::new();
    BufReader::new(emulator.stdout.take().unwrap())
        .read_line(&mut base)
        .unwrap();
    let base = base.trim();

    let idle = watch(command(vodkit, base, folder.path()).args(["endpoints", "polyv"])).memory;
    let mut runs: Vec<Vec<Run>> = CLIENTS.iter().map(|_| Vec::new()).collect();
    // The first round only warms up.
    for round in 0..=rounds {
        for turn in 0..CLIENTS.len() {
            let index = (round + turn) % CLIENTS.len();
            let run = match CLIENTS[index] {
                "curl" => {
                    let to = upload_url(vodkit, base, folder.path());
                    let form = format!("file=@{}", film.display());
                    watch(Command::new("curl").args(["-sS", "-F", &form, &to]))
                }
                vendor => {
                    let mut command = command(vodkit, base, folder.path());
                    command.args(["upload", vendor, "--again"]).arg(&film);
                    if vendor == "mediacloud" {
                        command
                            .args(["--bucket", mediacloud::DEFAULT_BUCKET])
                            .args(["--storage-endpoint", base, "--region", "region-1"]);
                    }
                    watch(&mut command)
                }
            };
            if round > 0 {
                runs[index].push(run);
            }
            // What was stored is on disk: it goes before the next one comes.
            let reset = format!("{base}/_vodkit/reset");
            watch(Command::new("curl").args(["-sS", "-X", "POST", &reset]));
        }
    }
    emulator.kill().unwrap();
    emulator.wait().unwrap();

    println!("{rounds} uploads of {} MiB by each, GB/s", size >> 20);
    println!("  client      median    min    max   median / curl   peak over idle");
    let (mut curl, mut passed) = (f64::NAN, true);
    for (client, runs) in CLIENTS.iter().zip(&runs) {
        let speed = |run: &Run| size as f64 / run.took.as_secs_f64() / 1e9;
        let mut speeds: Vec<f64> = runs.iter().map(speed).collect();
        speeds.sort_by(f64::total_cmp);
        let median = speeds[speeds.len() / 2];
        let memory = runs.iter().map(|run| run.memory).fold(0.0, f64::max) - idle;
        if *client == "curl" {
            curl = median;
        }
        let missed = *client != "curl" && memory > MEMORY;
        passed &= !missed;
        println!(
            "  {client:10} {median:>7.2} {:>6.2} {:>6.2} {:>15.2} {:>13.1} MB{}",
            speeds[0],
            speeds[speeds.len() - 1],
            median / curl,
            memory / 1e6,
            if missed { "   MISSED" } else { "" }
        );
    }
    match passed {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// The command line with the emulator's own accounts.
fn command(vodkit: &Path, base: &str, folder: &Path) -> Command {
    let mut command = Command::new(vodkit);
    command
        .env_clear()
        .env("VODKIT_STATE_DIR", folder.join("state"))
        .env(
            "VODKIT_BAIJIAYUN_PARTNER_ID",
            baijiayun::DEFAULT_PARTNER_ID.to_string(),
        )
        .env(
            "VODKIT_BAIJIAYUN_PARTNER_KEY",
            baijiayun::DEFAULT_PARTNER_KEY,
        )
        .env("VODKIT_BAIJIAYUN_BASE_URL", base)
        .env("VODKIT_POLYV_USER_ID", polyv::DEFAULT_USER_ID)
        .env("VODKIT_POLYV_SECRET_KEY", polyv::DEFAULT_SECRET_KEY)
        .env("VODKIT_POLYV_BASE_URL", base)
        .env("VODKIT_MEDIACLOUD_USERNAME", mediacloud::DEFAULT_USERNAME)
        .env("VODKIT_MEDIACLOUD_PASSWORD", mediacloud::DEFAULT_PASSWORD)
        .env("VODKIT_MEDIACLOUD_BASE_URL", base);
    command
}

/// An address that curl can send the file to.
fn upload_url(vodkit: &Path, base: &str, folder: &Path) -> String {
    let output = command(vodkit, base, folder)
        .args(["call", "baijiayun", "video/getUploadUrl"])
        .args(["file_name=film.mp4", "definition=16", "--output", "json"])
        .output()
        .unwrap();
    let reply: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    reply["upload_url"].as_str().unwrap().to_owned()
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
