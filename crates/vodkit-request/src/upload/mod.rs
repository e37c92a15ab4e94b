//! What uploads of all vendors have in common: parts, progress, a journal to go on from, and checks that the file is still the same.
//!
//! Each vendor has a flow of its own beside these (`baijiayun::Upload` and so on). It writes a [`Mark`] before and after each step that must not
//! be taken twice, and reads them back as the [`Past`] when it goes on in another process.

mod journal;
mod mark;
mod past;
mod plan;
mod progress;
pub(crate) mod source;
mod transfer;

pub use journal::Journal;
pub(crate) use journal::kept;
pub use mark::{Begun, Mark, Opened, PartMark};
pub use past::Past;
pub use plan::{PartRules, Parts};
pub(crate) use progress::Meter;
pub use transfer::{Note, Transfer};
