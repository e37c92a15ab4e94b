//! Campaigns: the promises of uploads tried against the built command line, short in every run of the checks and long by hand.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};

/// Which campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Campaign {
    /// Kill the upload at every point that it passes, run it again, and look at what is stored.
    Kill,
}

#[derive(Debug, Args)]
pub(crate) struct Orders {
    /// Which one.
    campaign: Campaign,
    /// How many seeds: sizes and contents differ with each.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// The first seed; a failure names its own.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// One vendor alone.
    #[arg(long)]
    vendor: Option<String>,
    /// Begin no further seed after this many minutes.
    #[arg(long)]
    minutes: Option<u64>,
    /// Build with optimisation: worth it for long campaigns.
    #[arg(long)]
    release: bool,
}

/// Builds the command line with its kill points, and the campaign, and runs it.
pub(crate) fn run(root: &Path, orders: &Orders) -> Result<String, Vec<String>> {
    let profile = orders.release.then_some("--release");
    cargo(root, |cargo| {
        cargo
            .args([
                "build",
                "--quiet",
                "--package",
                "vodkit-cli",
                "--bin",
                "vodkit",
            ])
            .args(["--features", "kill-points"])
            .args(profile);
    })?;
    let vodkit = taken_aside(root, orders.release).map_err(|error| vec![error.to_string()])?;
    cargo(root, |cargo| {
        cargo
            .args(["run", "--quiet", "--package", "vodkit-tests"])
            .args(["--example", "campaign"])
            .args(profile)
            .args(["--", "kill", "--vodkit"])
            .arg(&vodkit)
            .args(["--seeds", &orders.seeds.to_string()])
            .args(["--seed", &orders.seed.to_string()]);
        if let Some(vendor) = &orders.vendor {
            cargo.args(["--vendor", vendor]);
        }
        if let Some(minutes) = orders.minutes {
            cargo.args(["--minutes", &minutes.to_string()]);
        }
    })?;
    Ok("the campaign held".to_owned())
}

/// Moves the program away from where the next build, or a person, would take it for one without kill points.
fn taken_aside(root: &Path, release: bool) -> std::io::Result<PathBuf> {
    let target = root.join("target");
    let built = target
        .join(if release { "release" } else { "debug" })
        .join("vodkit");
    let folder = target.join("campaign");
    std::fs::create_dir_all(&folder)?;
    let aside = folder.join("vodkit");
    std::fs::rename(built, &aside)?;
    Ok(aside)
}

fn cargo(root: &Path, arguments: impl FnOnce(&mut Command)) -> Result<(), Vec<String>> {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root);
    arguments(&mut command);
    let status = command
        .status()
        .map_err(|error| vec![format!("cargo cannot be started: {error}")])?;
    match status.success() {
        true => Ok(()),
        false => Err(vec![format!("cargo ended with {status}")]),
    }
}
