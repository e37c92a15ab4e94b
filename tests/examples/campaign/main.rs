//! Campaigns: the promises of uploads, tried so often that the figure means something.
//!
//! `campaign NAME --vodkit PATH [--seeds N] [--seed FIRST] [--vendor NAME] [--seconds S] [--short] [--threads N] [--result FILE]`.
//! `cargo xtask campaign` builds the command line with its kill points, and this, and starts it.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

mod chain;
mod change;
mod course;
mod expiry;
mod faults;
mod flip;
mod kill;
mod oracle;
mod plan;
mod points;
mod pool;
mod race;
mod report;
mod world;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use report::Report;
use world::{Size, VENDORS};

/// What the command line of a campaign asks for.
struct Orders {
    /// The command line under test, built with the feature `kill-points`.
    vodkit: PathBuf,
    seeds: u64,
    first_seed: u64,
    /// All of them where none is named.
    vendor: Option<String>,
    /// When no further trial is begun.
    end: Instant,
    /// What fits into every run of the checks: smaller files, fewer rounds.
    short: bool,
    /// Trials beside each other.
    threads: usize,
    /// Where the result goes.
    result: Option<PathBuf>,
}

impl Orders {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut orders = Self {
            vodkit: PathBuf::new(),
            seeds: 1,
            first_seed: 1,
            vendor: None,
            end: Instant::now() + Duration::from_secs(24 * 3600),
            short: false,
            threads: std::thread::available_parallelism().map_or(2, usize::from) + 1,
            result: None,
        };
        while let Some(name) = arguments.next() {
            if name == "--short" {
                orders.short = true;
                continue;
            }
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
                "--seconds" => orders.end = Instant::now() + Duration::from_secs(number()?),
                "--threads" => orders.threads = number()?.max(1) as usize,
                "--result" => orders.result = Some(value.into()),
                _ => return Err(format!("there is no option {name}")),
            }
        }
        match orders.vodkit.is_file() {
            true => Ok(orders),
            false => Err("--vodkit names no program".to_owned()),
        }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }

    /// The seeds, for as long as there is time.
    fn seeds(&self) -> impl Iterator<Item = u64> + '_ {
        let seeds = self.first_seed..self.first_seed + self.seeds;
        seeds.take_while(|_| !self.is_over())
    }

    fn vendors(&self) -> impl Iterator<Item = &'static str> + '_ {
        let is_meant = |vendor: &&str| self.vendor.as_deref().is_none_or(|only| only == *vendor);
        VENDORS.into_iter().filter(is_meant)
    }

    fn sizes(&self) -> &'static [Size] {
        match self.short {
            true => &Size::ALL[..2],
            false => &Size::ALL,
        }
    }

    /// How often something is tried with each seed: so often, or once in the short form.
    fn rounds(&self, many: u64) -> u64 {
        match self.short {
            true => 1,
            false => many,
        }
    }
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let campaign = arguments.next().unwrap_or_default();
    let orders = match Orders::read(arguments) {
        Ok(orders) => orders,
        Err(why) => {
            eprintln!("error: {why}");
            return ExitCode::from(2);
        }
    };
    let report: Report = match campaign.as_str() {
        "kill" => kill::campaign(&orders),
        "chain" => chain::at_points(&orders),
        "random" => chain::at_any_time(&orders),
        "faults" => faults::campaign(&orders),
        "race" => race::campaign(&orders),
        "change" => change::campaign(&orders),
        "flip" => flip::campaign(&orders),
        "expiry" => expiry::campaign(&orders),
        _ => {
            eprintln!("error: there is no campaign `{campaign}`");
            return ExitCode::from(2);
        }
    };
    println!("{report}");
    if let Some(path) = &orders.result {
        std::fs::write(path, report.json(&orders).to_string()).unwrap();
    }
    match report.passed() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
