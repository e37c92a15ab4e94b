//! Campaigns: the promises of uploads tried against the built command line, short in every run of the checks and long by hand.

pub(crate) mod figures;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};
use serde_json::Value;

/// Which campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Campaign {
    /// Each of the others, one after the other.
    All,
    /// Kill the upload at every point that it passes, run it again, and look at what is stored.
    Kill,
    /// Kill it several times, at points.
    Chain,
    /// Kill it several times, at any time.
    Random,
    /// Kill it while faults are on the way.
    Faults,
    /// Have two processes upload one file.
    Race,
    /// Change the file between a kill and the next run.
    Change,
    /// Turn bits over on the way.
    Flip,
    /// Let keys end while many parts are sent.
    Expiry,
}

impl Campaign {
    /// Those that `all` is made of, with their parts in a hundred of its time.
    const EACH: [(Self, u64); 8] = [
        (Self::Change, 6),
        (Self::Flip, 6),
        (Self::Expiry, 4),
        (Self::Race, 9),
        (Self::Random, 15),
        (Self::Chain, 15),
        (Self::Faults, 15),
        (Self::Kill, 30),
    ];

    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}

#[derive(Debug, Args)]
pub(crate) struct Orders {
    /// Which one.
    campaign: Campaign,
    /// How many seeds: sizes, contents and what is drawn differ with each.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// The first seed; a failure names its own.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One vendor alone.
    #[arg(long)]
    vendor: Option<String>,
    /// Begin no further trial after this many minutes.
    #[arg(long)]
    minutes: Option<u64>,
    /// What fits into every run of the checks: smaller files, fewer rounds.
    #[arg(long)]
    short: bool,
    /// Build with optimisation: worth it for long campaigns.
    #[arg(long)]
    release: bool,
    /// Put what came of it into docs/reliability, and its figures into the page.
    #[arg(long, conflicts_with_all = ["short", "vendor"])]
    record: bool,
    /// Record it although the tree has changes that no commit has.
    #[arg(long, requires = "record")]
    dirty: bool,
}

/// Builds the command line with its kill points, and the campaign, and runs it.
pub(crate) fn run(root: &Path, orders: &Orders) -> Result<String, Vec<String>> {
    // Before the hour that it may take, not after it.
    let commit = match orders.record {
        true => Some(commit(root, orders.dirty).map_err(|why| vec![why])?),
        false => None,
    };
    let profile = orders.release.then_some("--release");
    cargo(root, |cargo| {
        cargo
            .args(["build", "--quiet", "--package", "vodkit-cli"])
            .args(["--bin", "vodkit", "--features", "kill-points"])
            .args(profile);
    })?;
    cargo(root, |cargo| {
        cargo
            .args(["build", "--quiet", "--package", "vodkit-tests"])
            .args(["--example", "campaign"])
            .args(profile);
    })?;
    let programs = Programs::of(root, orders.release).map_err(|error| vec![error.to_string()])?;
    let mut faults = Vec::new();
    let each = Campaign::EACH;
    let meant = each.iter().filter(|(campaign, _)| {
        matches!(orders.campaign, Campaign::All) || orders.campaign == *campaign
    });
    for (campaign, parts) in meant {
        let seconds = orders.minutes.map(|minutes| match orders.campaign {
            Campaign::All => minutes * 60 * parts / 100,
            _ => minutes * 60,
        });
        // One that fails keeps the others from nothing.
        match one(orders, *campaign, seconds, &programs) {
            Ok(result) => {
                if let Some(commit) = &commit {
                    record(root, orders, commit, result).map_err(|why| vec![why])?;
                }
            }
            Err(whys) => faults.extend(whys),
        }
    }
    match faults.is_empty() {
        true => Ok("the campaign held".to_owned()),
        false => Err(faults),
    }
}

/// Runs one campaign; gives its result.
fn one(
    orders: &Orders,
    campaign: Campaign,
    seconds: Option<u64>,
    programs: &Programs,
) -> Result<Value, Vec<String>> {
    let name = campaign.name();
    let path = programs.vodkit.with_file_name(format!("{name}.json"));
    let mut command = Command::new(&programs.campaign);
    command
        .args([&name, "--vodkit"])
        .arg(&programs.vodkit)
        .args(["--seeds", &orders.seeds.to_string()])
        .args(["--seed", &orders.seed.to_string()])
        .arg("--result")
        .arg(&path);
    if let Some(vendor) = &orders.vendor {
        command.args(["--vendor", vendor]);
    }
    if let Some(seconds) = seconds {
        command.args(["--seconds", &seconds.to_string()]);
    }
    if orders.short {
        command.arg("--short");
    }
    ended(&mut command, &format!("campaign {name}"))?;
    let read = std::fs::read(&path).map_err(|error| error.to_string());
    read.and_then(|text| serde_json::from_slice(&text).map_err(|error| error.to_string()))
        .map_err(|why| vec![format!("{}: {why}", path.display())])
}

/// Puts a result in the place of the one before.
fn record(root: &Path, orders: &Orders, commit: &str, mut result: Value) -> Result<(), String> {
    result["commit"] = commit.into();
    result["dirty"] = orders.dirty.into();
    result["release"] = orders.release.into();
    figures::record(root, &result)
}

/// The commit that the tree is, if it is one.
fn commit(root: &Path, dirty: bool) -> Result<String, String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(root)
            .args(arguments)
            .output()
            .map_err(|error| format!("git: {error}"))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            false => Err(format!("git: {}", String::from_utf8_lossy(&output.stderr))),
        }
    };
    // Results of campaigns before this one change nothing that is tried.
    let changed = git(&[
        "status",
        "--porcelain",
        "--",
        ".",
        ":!docs/reliability",
        ":!docs/reliability.md",
    ])?;
    if !changed.is_empty() && !dirty {
        return Err(format!(
            "the tree is no commit, so its figures could not be repeated; commit, or say --dirty:\n{changed}"
        ));
    }
    git(&["rev-parse", "HEAD"])
}

/// The programs of a campaign, as they were when it began: what is built meanwhile has no part in it.
struct Programs {
    vodkit: PathBuf,
    campaign: PathBuf,
}

impl Programs {
    /// Moves them away from where the next build, or a person, would take the first for one without kill points.
    fn of(root: &Path, release: bool) -> std::io::Result<Self> {
        let profile = if release { "release" } else { "debug" };
        let built = root.join("target").join(profile);
        // A short run beside a long one has programs of its own.
        let folder = root.join("target/campaign").join(profile);
        std::fs::create_dir_all(&folder)?;
        let programs = Self {
            vodkit: folder.join("vodkit"),
            campaign: folder.join("campaign"),
        };
        std::fs::rename(built.join("vodkit"), &programs.vodkit)?;
        std::fs::rename(built.join("examples/campaign"), &programs.campaign)?;
        Ok(programs)
    }
}

fn cargo(root: &Path, arguments: impl FnOnce(&mut Command)) -> Result<(), Vec<String>> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root);
    arguments(&mut command);
    ended(&mut command, "cargo")
}

/// Runs a program to its end.
fn ended(command: &mut Command, what: &str) -> Result<(), Vec<String>> {
    let status = command
        .status()
        .map_err(|error| vec![format!("{what} cannot be started: {error}")])?;
    match status.success() {
        true => Ok(()),
        false => Err(vec![format!("{what} ended with {status}")]),
    }
}
