//! Which outcomes are planned, and what they have met.

use serde::Serialize;

use super::{Becomes, Outcome, Stage};

/// The outcomes of a vendor, in the order of planning.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    planned: Vec<Planned>,
}

#[derive(Debug)]
struct Planned {
    id: u64,
    outcome: Outcome,
    met: Vec<String>,
}

impl Planned {
    fn is_open(&self) -> bool {
        (self.met.len() as u64) < self.outcome.times
    }
}

/// What became of a planned outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OutcomeReport {
    /// Its id, from 1.
    pub id: u64,
    /// Folder name of the vendor.
    pub vendor: String,
    /// What becomes of what it meets.
    pub becomes: Becomes,
    /// For how many it was planned.
    pub times: u64,
    /// The ids of the videos that it has met, in order; of snapshots those of the tasks where the vendor has such.
    pub met: Vec<String>,
}

impl OutcomeReport {
    /// Whether it has met less than was planned.
    #[must_use]
    pub fn is_unmet(&self) -> bool {
        (self.met.len() as u64) < self.times
    }
}

impl Registry {
    pub(super) fn plan(&mut self, id: u64, outcome: Outcome) {
        self.planned.push(Planned {
            id,
            outcome,
            met: Vec::new(),
        });
    }

    /// What becomes of a video at a step, if something is planned for it.
    pub(crate) fn take(&mut self, stage: Stage, video: &str) -> Option<Becomes> {
        self.take_as(stage, video, video)
    }

    /// The same, with the id under which the report has it.
    pub(crate) fn take_as(&mut self, stage: Stage, video: &str, id: &str) -> Option<Becomes> {
        let fits = |planned: &&mut Planned| {
            let Outcome {
                becomes, video: of, ..
            } = &planned.outcome;
            planned.is_open()
                && becomes.stage() == stage
                && of.as_deref().is_none_or(|of| of == video)
        };
        let planned = self.planned.iter_mut().find(fits)?;
        planned.met.push(id.to_owned());
        Some(planned.outcome.becomes.clone())
    }

    pub(super) fn reports(&self) -> Vec<OutcomeReport> {
        let report = |planned: &Planned| OutcomeReport {
            id: planned.id,
            vendor: planned.outcome.vendor.clone(),
            becomes: planned.outcome.becomes.clone(),
            times: planned.outcome.times,
            met: planned.met.clone(),
        };
        self.planned.iter().map(report).collect()
    }

    pub(super) fn clear(&mut self) {
        self.planned.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_fits_is_taken_as_often_as_planned() {
        let mut registry = Registry::default();
        let plan = |becomes| Outcome::of("polyv", becomes);
        registry.plan(1, plan(Becomes::TranscodingFails).video("b"));
        registry.plan(2, plan(Becomes::RenditionFails).times(2));
        registry.plan(3, plan(Becomes::ReviewRejects));
        let mut take = |video| registry.take(Stage::Transcoding, video);
        assert_eq!(take("a"), Some(Becomes::RenditionFails));
        assert_eq!(take("b"), Some(Becomes::TranscodingFails));
        assert_eq!(take("b"), Some(Becomes::RenditionFails));
        assert_eq!(take("b"), None);
        assert_eq!(registry.take(Stage::Scan, "a"), None);
        let taken = registry.take_as(Stage::Review, "a", "7");
        assert_eq!(taken, Some(Becomes::ReviewRejects));
        let met: Vec<_> = registry.reports().into_iter().map(|r| r.met).collect();
        assert_eq!(met, [vec!["b"], vec!["a", "b"], vec!["7"]]);
        assert!(!registry.reports().iter().any(OutcomeReport::is_unmet));
    }
}
