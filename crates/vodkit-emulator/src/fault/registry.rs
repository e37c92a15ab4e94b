//! The planned faults, and how often each one was seen, is being tried, and has fired.

use http::Uri;
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::plan::{Action, Fault, Often};
use crate::named::Named;

/// How often a fault is to fire.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Planned {
    /// So many times.
    Times(u64),
    /// At this part of the matching requests, without end.
    Rate(f64),
}

/// What became of a planned fault.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FaultReport {
    /// As [`plan`](super::Faults::plan) gave it; records of the [journal](crate::Record::fault) name it too.
    pub id: u64,
    /// The fault in one line.
    pub description: String,
    /// How often it is to fire.
    pub planned: Planned,
    /// How many requests have matched it so far, whether it fired or not.
    pub matched: u64,
    /// How often it has fired: done what it says, not merely been tried.
    pub fired: u64,
}

impl FaultReport {
    /// Whether it fired less often than planned; with a rate, whether it never fired.
    #[must_use]
    pub fn is_unfired(&self) -> bool {
        match self.planned {
            Planned::Times(times) => self.fired < times,
            Planned::Rate(_) => self.fired == 0,
        }
    }
}

struct Entry {
    id: u64,
    fault: Fault,
    matched: u64,
    /// Tried just now: neither fired nor given back.
    held: u64,
    fired: u64,
    /// How often it was tried in vain.
    vain: u64,
    /// What the next random number is made of.
    state: u64,
}

impl Entry {
    fn matches(&self, named: Named, query: &[(String, String)]) -> bool {
        let target = &self.fault.target;
        let same = |wanted: &Option<String>, have: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| have == Some(wanted))
        };
        same(&target.operation, Some(named.operation))
            && same(&target.vendor, named.vendor)
            && target.query.iter().all(|pair| query.contains(pair))
    }

    /// Whether it is the turn of the request that was just counted.
    fn is_due(&mut self) -> bool {
        let reached = self.matched >= self.fault.target.nth;
        match self.fault.target.often {
            Often::Times(times) => reached && self.held + self.fired < times,
            Often::Rate { probability, .. } => reached && self.random() < probability,
        }
    }

    /// From 0 up to 1, by SplitMix64: the same seed gives the same numbers everywhere.
    fn random(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        // The upper 53 bits: as many as the type holds.
        (mixed >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn report(&self) -> FaultReport {
        FaultReport {
            id: self.id,
            description: self.fault.to_string(),
            planned: match self.fault.target.often {
                Often::Times(times) => Planned::Times(times),
                Often::Rate { probability, .. } => Planned::Rate(probability),
            },
            matched: self.matched,
            fired: self.fired,
        }
    }
}

/// All that is planned, in the order of planning.
#[derive(Default)]
pub(crate) struct Registry {
    entries: Vec<Entry>,
    /// Ids are never given twice, so that a fault that is still being tried cannot be taken for a later one.
    planned: u64,
}

impl Registry {
    /// Adds a fault that was checked; gives its id.
    pub(super) fn plan(&mut self, fault: Fault) -> u64 {
        self.planned += 1;
        let state = match fault.target.often {
            Often::Rate { seed, .. } => seed,
            Often::Times(_) => 0,
        };
        self.entries.push(Entry {
            id: self.planned,
            fault,
            matched: 0,
            held: 0,
            fired: 0,
            vain: 0,
            state,
        });
        self.planned
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Counts a request, and gives what is to happen to it; `length` are the bytes of its body, if they are known.
    ///
    /// Of several faults that are due the one planned first takes it, unless it was tried in vain more often than another; those left stay due.
    pub(super) fn claim(
        &mut self,
        named: Named,
        uri: &Uri,
        length: Option<u64>,
    ) -> Option<(u64, Action)> {
        let query: Vec<(String, String)> = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect();
        let mut due = Vec::new();
        for entry in &mut self.entries {
            if !entry.matches(named, &query) {
                continue;
            }
            entry.matched += 1;
            // A rate draws for every request, so that it chooses the same ones whatever else is planned.
            if entry.is_due() && entry.fault.action.fits(length) {
                due.push(entry);
            }
        }
        // Of equals the first.
        let entry = due.into_iter().min_by_key(|entry| entry.vain)?;
        entry.held += 1;
        Some((entry.id, entry.fault.action.clone()))
    }

    /// Ends a try.
    pub(super) fn settle(&mut self, id: u64, fired: bool) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id) {
            entry.held = entry.held.saturating_sub(1);
            entry.fired += u64::from(fired);
            entry.vain += u64::from(!fired);
        }
    }

    pub(super) fn reports(&self) -> Vec<FaultReport> {
        self.entries.iter().map(Entry::report).collect()
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Named = Named {
        vendor: Some("quvideo"),
        operation: "UploadPart",
        storage: Some(crate::storage::Kind::Oss),
    };

    /// Which of so many requests the faults take, settled at once as `fired`.
    fn taken(registry: &mut Registry, requests: u64, fired: bool) -> Vec<(u64, u64)> {
        let uri = "/b/k?partNumber=3&uploadId=x".parse().unwrap();
        (1..=requests)
            .filter_map(|nth| {
                let (id, _) = registry.claim(PART, &uri, None)?;
                registry.settle(id, fired);
                Some((nth, id))
            })
            .collect()
    }

    #[test]
    fn a_fault_fires_from_its_request_on_and_so_often_and_no_more() {
        let mut registry = Registry::default();
        registry.plan(Fault::on("UploadPart").nth(3).times(2).lose_reply());
        assert_eq!(taken(&mut registry, 10, true), [(3, 1), (4, 1)]);
        let report = &registry.reports()[0];
        assert_eq!((report.matched, report.fired), (10, 2));
        assert!(!report.is_unfired());
    }

    #[test]
    fn what_is_tried_in_vain_stays_due() {
        let mut registry = Registry::default();
        registry.plan(Fault::on("UploadPart").nth(2).flip_bit_at(9));
        assert_eq!(taken(&mut registry, 3, false), [(2, 1), (3, 1)]);
        assert!(registry.reports()[0].is_unfired());
        assert_eq!(taken(&mut registry, 3, true), [(1, 1)]);
        assert!(!registry.reports()[0].is_unfired());
    }

    #[test]
    fn while_it_is_tried_it_is_not_tried_again() {
        let mut registry = Registry::default();
        let uri = "/".parse().unwrap();
        registry.plan(Fault::on_any().lose_reply());
        let (id, _) = registry.claim(PART, &uri, None).unwrap();
        assert!(registry.claim(PART, &uri, None).is_none());
        registry.settle(id, false);
        assert!(registry.claim(PART, &uri, None).is_some());
    }

    #[test]
    fn the_first_planned_takes_a_request_and_the_second_waits() {
        let mut registry = Registry::default();
        registry.plan(Fault::on("UploadPart").lose_reply());
        registry.plan(Fault::on_any().lose_reply());
        assert_eq!(taken(&mut registry, 3, true), [(1, 1), (2, 2)]);
    }

    #[test]
    fn what_is_tried_in_vain_stands_in_nobodys_way() {
        let mut registry = Registry::default();
        let vain = registry.plan(Fault::on_any().cut_reply_after(9));
        let other = registry.plan(Fault::on_any().times(3).lose_reply());
        assert_eq!(taken(&mut registry, 1, false), [(1, vain)]);
        assert_eq!(taken(&mut registry, 2, true), [(1, other), (2, other)]);
    }

    #[test]
    fn a_body_that_is_too_short_is_no_try() {
        let mut registry = Registry::default();
        let uri = "/".parse().unwrap();
        let id = registry.plan(Fault::on_any().cut_request_after(10));
        let stall = Fault::on_any().stall_request_after(11, std::time::Duration::ZERO);
        let stall = registry.plan(stall);
        let flip = registry.plan(Fault::on_any().flip_bit_at(11));
        let mut taken = |length| registry.claim(PART, &uri, Some(length)).map(|(id, _)| id);
        assert_eq!(taken(9), None);
        assert_eq!([taken(10), taken(10)], [Some(id), None]);
        assert_eq!([taken(11), taken(11)], [Some(stall), None]);
        assert_eq!(taken(12), Some(flip));
    }

    #[test]
    fn a_rate_draws_for_bodies_that_are_too_short_as_well() {
        let uri = "/".parse().unwrap();
        let run = |length| {
            let mut registry = Registry::default();
            registry.plan(Fault::on_any().rate(0.3, 5).flip_bit_at(3));
            for _ in 0..7 {
                registry.claim(PART, &uri, length);
            }
            let late = (0..50).map(|_| registry.claim(PART, &uri, Some(9)).is_some());
            late.collect::<Vec<_>>()
        };
        assert_eq!(run(Some(9)), run(Some(2)));
    }

    #[test]
    fn only_what_matches_is_counted() {
        let mut registry = Registry::default();
        registry.plan(Fault::on("PutObject").lose_reply());
        registry.plan(Fault::on("UploadPart").vendor("polyv").lose_reply());
        registry.plan(Fault::on_any().query("partNumber", "4").lose_reply());
        assert_eq!(taken(&mut registry, 3, true), []);
        assert!(registry.reports().iter().all(|report| report.matched == 0));
        let right = Fault::on("UploadPart").vendor("quvideo");
        registry.plan(
            right
                .query("partNumber", "3")
                .query("uploadId", "x")
                .lose_reply(),
        );
        assert_eq!(taken(&mut registry, 3, true), [(1, 4)]);
    }

    #[test]
    fn a_rate_is_kept_and_repeatable() {
        let run = |seed| {
            let mut registry = Registry::default();
            registry.plan(Fault::on_any().rate(0.05, seed).lose_reply());
            taken(&mut registry, 10_000, true)
        };
        let (one, two) = (run(7), run(7));
        assert_eq!(one, two);
        assert_ne!(one, run(8));
        // Four standard deviations of 10 000 draws at 5 %.
        assert!((412..=588).contains(&one.len()), "{}", one.len());
        let mut registry = Registry::default();
        registry.plan(Fault::on_any().rate(1.0, 1).nth(4).lose_reply());
        assert_eq!(taken(&mut registry, 5, true), [(4, 1), (5, 1)]);
        assert_eq!(registry.reports()[0].planned, Planned::Rate(1.0));
    }

    #[test]
    fn what_another_fault_takes_does_not_move_the_rest_of_a_rate() {
        let run = |first: Option<Fault>| {
            let mut registry = Registry::default();
            let others = first.map(|first| registry.plan(first)).into_iter().count() as u64;
            let id = registry.plan(Fault::on_any().rate(0.3, 5).lose_reply());
            assert_eq!(id, others + 1);
            let taken = taken(&mut registry, 100, true).into_iter();
            taken
                .filter(|(nth, by)| *by == id && *nth > 10)
                .map(|(nth, _)| nth)
                .collect::<Vec<_>>()
        };
        let alone = run(None);
        assert!(alone.len() > 10);
        assert_eq!(alone, run(Some(Fault::on_any().times(10).lose_reply())));
    }

    #[test]
    fn ids_are_not_given_again_after_clearing() {
        let mut registry = Registry::default();
        let first = registry.plan(Fault::on_any().lose_reply());
        let (tried, _) = registry.claim(PART, &"/".parse().unwrap(), None).unwrap();
        registry.clear();
        let second = registry.plan(Fault::on_any().lose_reply());
        assert_ne!(first, second);
        registry.settle(tried, true);
        assert_eq!(registry.reports()[0].fired, 0);
    }
}
