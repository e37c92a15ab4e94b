//! Making the emulator misbehave, on command and with accounts kept.
//!
//! A [`Fault`] says which requests it is for and what happens to them; it is planned with [`Faults::plan`], and
//! [`Faults::report`] says how often it has fired since. A fault that was planned and has not fired tests nothing, so a test ends
//! with asking for [`Faults::unfired`].
//!
//! ```
//! use vodkit_emulator::Emulator;
//! use vodkit_emulator::fault::{Answer, Fault};
//!
//! let emulator = Emulator::start()?;
//! // The third part and the one after it break off, and one answer in twenty is a 503.
//! let cut = emulator.faults().plan(Fault::on("UploadPart").nth(3).times(2).cut_request_after(100_000));
//! emulator.faults().plan(Fault::on_any().rate(0.05, 7).answer(Answer::status(503).retry_after(1)));
//! // ... let the code under test do its work, then:
//! let report = emulator.faults().report();
//! assert_eq!((report[0].id, report[0].fired), (cut, 0));
//! assert_eq!(emulator.faults().unfired().len(), 2);
//! # Ok::<(), vodkit_emulator::StartError>(())
//! ```
//!
//! What one request can meet:
//!
//! | when | what | done by the vendor |
//! |---|---|---|
//! | before it is done | [`answer`](Target::answer), [`close`](Target::close), [`reset`](Target::reset) | no |
//! | while it is read | [`cut_request_after`](Target::cut_request_after), [`reset_request_after`](Target::reset_request_after) | no |
//! | | [`cut_request_keeping`](Target::cut_request_keeping) | what it keeps of a part of a body |
//! | | [`stall_request_after`](Target::stall_request_after), [`flip_bit_at`](Target::flip_bit_at) | yes |
//! | when it is looked at | [`expire_credentials`](Target::expire_credentials), [`forget_upload`](Target::forget_upload) | it refuses |
//! | when it is answered | [`stall_reply`](Target::stall_reply), [`lose_reply`](Target::lose_reply), [`reset_reply`](Target::reset_reply), [`cut_reply_after`](Target::cut_reply_after), [`reset_reply_after`](Target::reset_reply_after), [`cut_reply_head_after`](Target::cut_reply_head_after), [`dribble_reply`](Target::dribble_reply) | yes |
//!
//! Wrong clocks and time that passes are no faults: see [`Emulator::set_clock_offset`](crate::Emulator::set_clock_offset) and
//! [`Emulator::advance`](crate::Emulator::advance).

mod answer;
mod body;
mod plan;
mod registry;
mod strike;
mod wire;

use std::fmt;
use std::sync::Arc;

pub use answer::Answer;
pub use plan::{Fault, Target};
pub use registry::{FaultReport, Planned};

pub(crate) use registry::Registry;
pub(crate) use strike::pass;
pub(crate) use wire::{forget, plan, report};

use crate::server::Shared;

/// The planned faults of an [`Emulator`](crate::Emulator), which [`faults`](crate::Emulator::faults) gives.
#[derive(Clone, Copy)]
pub struct Faults<'e> {
    shared: &'e Arc<Shared>,
}

impl fmt::Debug for Faults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.report()).finish()
    }
}

impl<'e> Faults<'e> {
    pub(crate) fn of(shared: &'e Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Plans a fault; gives its id, under which the report and the [journal](crate::Record::fault) have it.
    ///
    /// Of several faults that are due for one request, the one that was planned first takes it, and the others stay due. One that was tried in
    /// vain, on an answer that was too short to be cut, comes after the others.
    ///
    /// # Panics
    ///
    /// The fault makes no sense: `nth` or `times` of 0, a rate outside of 0 to 1, an unknown vendor, an answer that is none of HTTP's.
    #[allow(clippy::panic, reason = "a test that plans nonsense has to hear of it")]
    pub fn plan(&self, fault: Fault) -> u64 {
        if let Err(problem) = fault.check() {
            panic!("the fault cannot be planned: {problem}");
        }
        self.shared.faults.with(|registry| registry.plan(fault))
    }

    /// What became of each planned fault so far, in the order of planning.
    #[must_use]
    pub fn report(&self) -> Vec<FaultReport> {
        self.shared.faults.with(|registry| registry.reports())
    }

    /// The faults that fired less often than planned, or never if they were planned as a rate. A test that leaves any has not tested what
    /// it says.
    #[must_use]
    pub fn unfired(&self) -> Vec<FaultReport> {
        let mut reports = self.report();
        reports.retain(FaultReport::is_unfired);
        reports
    }

    /// Forgets all of them. A request that one of them has hold of goes on as it began.
    pub fn clear(&self) {
        self.shared.faults.with(Registry::clear);
    }
}
