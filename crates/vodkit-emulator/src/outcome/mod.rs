//! Deciding what becomes of a video, with accounts and code under test as they are.
//!
//! Everything that is uploaded here is a good video unless somebody says otherwise, so the code that deals with a bad one would never run. An
//! [`Outcome`] says what becomes of the next one, or the next few; it is planned with [`Outcomes::plan`], and [`Outcomes::report`] says what
//! it has met since. One that was planned and met nothing has tested nothing, so a test ends with asking for [`Outcomes::unmet`].
//!
//! ```
//! use vodkit_emulator::Emulator;
//! use vodkit_emulator::outcome::{Becomes, Outcome};
//!
//! let emulator = Emulator::start()?;
//! // The next file that arrives at Polyv cannot be transcoded, and the two after it are turned down by the review.
//! emulator.outcomes().plan(Outcome::of("polyv", Becomes::TranscodingFails));
//! emulator.outcomes().plan(Outcome::of("polyv", Becomes::ReviewRejects).times(2));
//! // ... let the code under test do its work, then:
//! assert_eq!(emulator.outcomes().unmet().len(), 2);
//! # Ok::<(), vodkit_emulator::StartError>(())
//! ```
//!
//! What becomes of a video is seen wherever its vendor tells of it: in its status and the lists, or, of a scan, of courseware and of playbacks,
//! in callbacks alone. It counts as met when the file arrives; advance the clock to see it. A file that is sent again meets the next outcome, so
//! plan as many as files arrive where replies are lost. What a request meets on the wire is a matter of [`fault`](crate::fault)s.

mod plan;
mod registry;
mod wire;

use std::fmt;
use std::sync::Arc;

pub use plan::{Becomes, Outcome};
pub use registry::OutcomeReport;

pub(crate) use plan::Stage;
pub(crate) use registry::Registry;
pub(crate) use wire::{forget, plan, report};

use crate::server::Shared;

/// The planned outcomes of an [`Emulator`](crate::Emulator), which [`outcomes`](crate::Emulator::outcomes) gives.
#[derive(Clone, Copy)]
pub struct Outcomes<'e> {
    shared: &'e Arc<Shared>,
}

impl fmt::Debug for Outcomes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.report()).finish()
    }
}

impl<'e> Outcomes<'e> {
    pub(crate) fn of(shared: &'e Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Plans an outcome; gives its id, under which the report has it.
    ///
    /// Of several that fit the same step of the same video, the one that was planned first counts, and the others wait for the next one. A
    /// video may meet several for different steps: objections of the scan and a review that says no.
    ///
    /// # Panics
    ///
    /// The outcome makes no sense: `times` of 0, an unknown vendor, or something that this vendor's videos cannot meet.
    #[allow(clippy::panic, reason = "a test that plans nonsense has to hear of it")]
    pub fn plan(&self, outcome: Outcome) -> u64 {
        if let Err(problem) = outcome.check() {
            panic!("the outcome cannot be planned: {problem}");
        }
        plan_checked(self.shared, outcome)
    }

    /// What each planned outcome has met so far, in the order of planning.
    #[must_use]
    pub fn report(&self) -> Vec<OutcomeReport> {
        reports(self.shared)
    }

    /// The outcomes that met less than was planned. A test that leaves any has not tested what it says.
    #[must_use]
    pub fn unmet(&self) -> Vec<OutcomeReport> {
        let mut reports = self.report();
        reports.retain(OutcomeReport::is_unmet);
        reports
    }

    /// Forgets all of them. What a video has met stays.
    pub fn clear(&self) {
        clear(self.shared);
    }
}

/// Each vendor keeps its own, with its state.
fn with_registry<R>(
    shared: &Shared,
    vendor: &str,
    work: impl FnOnce(&mut Registry) -> R,
) -> Option<R> {
    match vendor {
        "baijiayun" => Some(shared.baijiayun.with(|state| work(&mut state.outcomes))),
        "polyv" => Some(shared.polyv.with(|state| work(&mut state.outcomes))),
        "quvideo" => Some(shared.quvideo.with(|state| work(&mut state.outcomes))),
        _ => None,
    }
}

/// The vendors whose videos can meet anything.
const VENDORS: [&str; 3] = ["baijiayun", "polyv", "quvideo"];

fn plan_checked(shared: &Shared, outcome: Outcome) -> u64 {
    let id = shared.next_outcome();
    let vendor = outcome.vendor.clone();
    with_registry(shared, &vendor, |registry| registry.plan(id, outcome));
    id
}

fn reports(shared: &Shared) -> Vec<OutcomeReport> {
    let mut all: Vec<OutcomeReport> = VENDORS
        .iter()
        .filter_map(|vendor| with_registry(shared, vendor, |registry| registry.reports()))
        .flatten()
        .collect();
    all.sort_by_key(|report| report.id);
    all
}

fn clear(shared: &Shared) {
    for vendor in VENDORS {
        with_registry(shared, vendor, Registry::clear);
    }
}
