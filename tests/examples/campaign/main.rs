//! Campaigns: the promises of uploads, tried so often that the figure means something.
//!
//! `campaign kill --vodkit PATH [--seeds N] [--seed FIRST] [--vendor NAME] [--minutes M]` kills the command line at every point
//! that it passes, runs the same command again, and asks the emulator what it has. `cargo xtask campaign` builds both programs and starts it.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

mod kill;
mod oracle;
mod report;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// What the command line of a campaign asks for.
struct Orders {
    /// The command line under test, built with the feature `kill-points`.
    vodkit: PathBuf,
    seeds: u64,
    first_seed: u64,
    /// All of them where none is named.
    vendor: Option<String>,
    /// When no further seed is begun.
    end: Instant,
}

impl Orders {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut orders = Self {
            vodkit: PathBuf::new(),
            seeds: 1,
            first_seed: 1,
            vendor: None,
            end: Instant::now() + Duration::from_secs(24 * 3600),
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or(format!("{name} needs a value"))?;
            let number = || {
                value
                    .parse::<u64>()
                    .map_err(|_| format!("{name}: `{value}` is no number"))
            };
            match name.as_str() {
                "--vodkit" => orders.vodkit = value.into(),
                "--seeds" => orders.seeds = number()?,
                "--seed" => orders.first_seed = number()?,
                "--vendor" => orders.vendor = Some(value),
                "--minutes" => orders.end = Instant::now() + Duration::from_secs(60 * number()?),
                _ => return Err(format!("there is no option {name}")),
            }
        }
        match orders.vodkit.is_file() {
            true => Ok(orders),
            false => Err("--vodkit names no program".to_owned()),
        }
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let campaign = arguments.next();
    let orders = match (campaign.as_deref(), Orders::read(arguments)) {
        (Some("kill"), Ok(orders)) => orders,
        (_, Err(why)) => {
            eprintln!("error: {why}");
            return ExitCode::from(2);
        }
        _ => {
            eprintln!("error: the campaigns are: kill");
            return ExitCode::from(2);
        }
    };
    let report = kill::run(&orders);
    println!("{report}");
    match report.passed() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
