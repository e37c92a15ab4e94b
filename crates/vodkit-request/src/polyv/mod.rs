//! Polyv (保利威): how its calls are signed, sent and judged.
//!
//! Most calls are signed with SHA-1 over everything that is sent, some over a fixed set of fields, and the play credential with MD5 on a host
//! of its own. Replies are `{ code, status, message, data }` with HTTP 200 for failures too.

pub mod callback;
#[rustfmt::skip]
mod generated;
mod orphan;
mod ticket;
mod upload;
mod vendor;

pub use generated::*;
pub use upload::{Abandon, Upload, Uploaded};
pub use vendor::Polyv;
pub use vodkit_types::polyv::*;
