//! What a campaign has found.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

pub(crate) struct Report {
    first_seed: u64,
    seeds: u64,
    /// How often the command was killed, by vendor and point.
    kills: BTreeMap<(&'static str, &'static str), u64>,
    held: u64,
    /// How often the last run had to be told to repeat what may act twice.
    on_demand: u64,
    /// Bytes that were sent a second time, in all.
    resent: u64,
    failures: Vec<String>,
    took: Duration,
}

impl Report {
    pub(crate) fn new(first_seed: u64) -> Self {
        Self {
            first_seed,
            seeds: 0,
            kills: BTreeMap::new(),
            held: 0,
            on_demand: 0,
            resent: 0,
            failures: Vec::new(),
            took: Duration::ZERO,
        }
    }

    pub(crate) fn killed(&mut self, vendor: &'static str, point: &'static str) {
        *self.kills.entry((vendor, point)).or_default() += 1;
    }

    pub(crate) fn was_killed(&self, vendor: &'static str, point: &'static str) -> bool {
        self.kills.contains_key(&(vendor, point))
    }

    pub(crate) fn holds(&mut self, resent: u64) {
        self.held += 1;
        self.resent += resent;
    }

    pub(crate) fn repeated_on_demand(&mut self) {
        self.on_demand += 1;
    }

    pub(crate) fn fail(&mut self, trial: &str, why: &str) {
        eprintln!("FAILED {trial}: {why}");
        self.failures.push(format!("{trial}: {why}"));
    }

    pub(crate) fn seed_done(&mut self) {
        self.seeds += 1;
    }

    pub(crate) fn took(&mut self, took: Duration) {
        self.took = took;
    }

    fn total(&self) -> u64 {
        self.kills.values().sum()
    }

    /// Nothing failed, and something was tried.
    pub(crate) fn passed(&self) -> bool {
        self.failures.is_empty() && self.total() > 0 && self.held == self.total()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "kill: {} kills, {} of them finished by the same command with the file byte for byte, {} failed",
            self.total(),
            self.held,
            self.failures.len()
        )?;
        writeln!(
            f,
            "seeds {} to {}, {:.0} s, {} bytes sent a second time in all",
            self.first_seed,
            (self.first_seed + self.seeds).saturating_sub(1),
            self.took.as_secs_f64(),
            self.resent
        )?;
        writeln!(
            f,
            "{} registrations with mediacloud were repeated because the last run was told to",
            self.on_demand
        )?;
        for ((vendor, point), kills) in &self.kills {
            writeln!(f, "{vendor:12} {point:18} {kills:>6}")?;
        }
        for failure in &self.failures {
            writeln!(f, "FAILED {failure}")?;
        }
        Ok(())
    }
}
