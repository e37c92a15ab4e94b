//! Alibaba Cloud QuVideo AppServer (趣视频): how its calls are sent and judged.
//!
//! Nothing is signed. Calls of a user carry the user's token as an ordinary parameter; the others carry none. A success needs two members of
//! the reply, `result` and `code`, which may contradict each other.

pub mod callback;
mod cover;
#[rustfmt::skip]
mod generated;
mod grant;
mod steps;
mod upload;
mod vendor;

pub use generated::*;
pub use upload::{Abandon, Upload, Uploaded};
pub use vendor::QuVideo;
pub use vodkit_types::quvideo::*;
