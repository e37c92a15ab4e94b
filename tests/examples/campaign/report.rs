//! What a campaign has found.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::{Value, json};

use crate::Orders;
use crate::points::STATES;
use crate::world::VENDORS;

pub(crate) struct Report {
    campaign: &'static str,
    began: Instant,
    found: Mutex<Found>,
}

#[derive(Default)]
struct Found {
    trials: u64,
    held: u64,
    kills: u64,
    last_seed: Option<u64>,
    /// What else was counted, such as faults that fired.
    counts: BTreeMap<String, u64>,
    /// The same in more detail than anybody quotes.
    details: BTreeMap<String, u64>,
    /// How often the command was killed in a state of the list, by vendor.
    states: BTreeMap<(&'static str, &'static str), u64>,
    failures: Vec<String>,
}

impl Report {
    pub(crate) fn new(campaign: &'static str) -> Self {
        Self {
            campaign,
            began: Instant::now(),
            found: Mutex::default(),
        }
    }

    fn found(&self) -> MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A trial is over, in which the command was killed so often.
    pub(crate) fn trial(&self, name: &str, kills: u64, outcome: Result<(), String>) {
        let mut found = self.found();
        found.trials += 1;
        found.kills += kills;
        match outcome {
            Ok(()) => found.held += 1,
            Err(why) => {
                eprintln!("FAILED {name}: {why}");
                found.failures.push(format!("{name}: {why}"));
            }
        }
    }

    /// Something is wrong that is no trial's.
    pub(crate) fn fail(&self, why: String) {
        eprintln!("FAILED {why}");
        self.found().failures.push(why);
    }

    /// A campaign of kills in which nothing was killed shows nothing: the command may have been built without its points.
    pub(crate) fn must_have_killed(&self) {
        if self.found().kills == 0 {
            self.fail("nothing was killed".to_owned());
        }
    }

    pub(crate) fn count(&self, what: impl Into<String>, by: u64) {
        if by > 0 {
            *self.found().counts.entry(what.into()).or_default() += by;
        }
    }

    /// The greatest of its kind.
    pub(crate) fn most(&self, what: &str, value: u64) {
        let mut found = self.found();
        let most = found.counts.entry(what.to_owned()).or_default();
        *most = value.max(*most);
    }

    /// As [`count`](Self::count), for those who look closer.
    pub(crate) fn detail(&self, what: impl Into<String>, by: u64) {
        if by > 0 {
            *self.found().details.entry(what.into()).or_default() += by;
        }
    }

    /// The command was killed in this state of the list.
    pub(crate) fn killed_in(&self, state: &'static str, vendor: &'static str) {
        *self.found().states.entry((state, vendor)).or_default() += 1;
    }

    pub(crate) fn was_killed_in(&self, state: &'static str, vendor: &'static str) -> bool {
        self.found().states.contains_key(&(state, vendor))
    }

    /// Trials of this seed were begun.
    pub(crate) fn seed(&self, seed: u64) {
        self.found().last_seed = Some(seed);
    }

    /// Nothing failed, and something was tried.
    pub(crate) fn passed(&self) -> bool {
        let found = self.found();
        found.failures.is_empty() && found.trials > 0 && found.held == found.trials
    }

    /// The result as one JSON object.
    pub(crate) fn json(&self, orders: &Orders) -> Value {
        let found = self.found();
        let mut result = json!({
            "campaign": self.campaign,
            "trials": found.trials,
            "kills": found.kills,
            "failed": found.failures.len(),
            "first_seed": orders.first_seed,
            "last_seed": found.last_seed,
            "seconds": self.began.elapsed().as_secs_f64().round() as u64,
            "date": jiff::Timestamp::now().strftime("%F").to_string(),
            "counts": found.counts,
            "details": found.details,
        });
        if !found.states.is_empty() {
            let states = STATES.iter().map(|(state, what, points)| {
                let times = VENDORS.map(|vendor| {
                    (
                        vendor.to_owned(),
                        found.states.get(&(*state, vendor)).copied(),
                    )
                });
                json!({ "state": state, "what": what, "points": points, "killed": BTreeMap::from(times) })
            });
            result["states"] = states.collect();
        }
        result
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.found();
        writeln!(
            f,
            "{}: {} trials with {} kills, {} held, {} failed, {:.0} s",
            self.campaign,
            found.trials,
            found.kills,
            found.held,
            found.failures.len(),
            self.began.elapsed().as_secs_f64()
        )?;
        for ((state, vendor), kills) in &found.states {
            writeln!(f, "  {state:4} {vendor:12} {kills:>6}")?;
        }
        for (what, count) in found.counts.iter().chain(&found.details) {
            writeln!(f, "  {count:>8} {what}")?;
        }
        for failure in &found.failures {
            writeln!(f, "FAILED {failure}")?;
        }
        Ok(())
    }
}
