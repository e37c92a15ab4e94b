//! What uploads of all vendors have in common: parts, progress, a journal to go on from, and checks that the file is still the same.
//!
//! A flow writes a [`Mark`] before and after each step that must not be taken twice, and reads them back as the [`Past`] when it goes on in
//! another process. To an object storage there is one flow (`flow.rs`, `abandon.rs`), which takes what differs from a vendor's `Steps` (`steps.rs`)
//! and has the file sent by a `Delivery` (`delivery.rs`) to a `Store` (`store.rs`). Baijiayun, which has no storage, has a flow of its own.

#![cfg_attr(
    not(any(
        feature = "baijiayun",
        feature = "mediacloud-storage",
        feature = "polyv",
        feature = "quvideo"
    )),
    allow(
        dead_code,
        unused_imports,
        unused_macros,
        reason = "no vendor that uploads is there"
    )
)]

#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
mod abandon;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) mod answer;
mod claims;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) mod delivery;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
mod exchange;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
mod flow;
pub(crate) mod journal;
pub(crate) mod log;
mod mark;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
mod parts;
mod past;
mod plan;
mod progress;
pub(crate) mod settings;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
mod single;
pub(crate) mod source;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) mod steps;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) mod store;
mod transfer;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
mod whole;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) mod xml;

#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) use abandon::Abandon;
pub use claims::Claims;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) use delivery::Delivery;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) use flow::{Upload, storage_flows};
pub use journal::Journal;
#[cfg(feature = "baijiayun")]
pub(crate) use journal::kept;
pub use mark::{Begun, Mark, Opened, PartMark};
pub use past::Past;
pub use plan::{PartRules, Parts};
pub(crate) use progress::Meter;
pub(crate) use settings::settings_of_all;
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub(crate) use steps::{Action, At, Next, Steps};
#[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
pub use store::Stored;
pub use transfer::{Abandoned, Note, Transfer};
