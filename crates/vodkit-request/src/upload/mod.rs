//! What uploads of all vendors have in common: parts, progress, a journal to go on from, and checks that the file is still the same.
//!
//! Each vendor has a flow of its own beside these (`baijiayun::Upload` and so on). It writes a [`Mark`] before and after each step that must not
//! be taken twice, and reads them back as the [`Past`] when it goes on in another process.

#![cfg_attr(
    not(any(
        feature = "baijiayun",
        feature = "mediacloud-storage",
        feature = "polyv",
        feature = "quvideo"
    )),
    allow(dead_code, unused_imports, reason = "no vendor that uploads is there")
)]

mod claims;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) mod delivery;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
mod exchange;
pub(crate) mod journal;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
mod log;
mod mark;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
mod parts;
mod past;
mod plan;
mod progress;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) mod single;
pub(crate) mod source;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) mod store;
mod transfer;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
mod whole;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) mod xml;

pub use claims::Claims;
#[cfg(any(feature = "polyv", feature = "quvideo"))]
pub(crate) use delivery::of_video;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) use delivery::{Delivery, Next};
pub use journal::Journal;
#[cfg(feature = "baijiayun")]
pub(crate) use journal::kept;
pub use mark::{Begun, Mark, Opened, PartMark};
pub use past::Past;
pub use plan::{PartRules, Parts};
pub(crate) use progress::Meter;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub use store::Stored;
pub use transfer::{Abandoned, Note, Transfer};
