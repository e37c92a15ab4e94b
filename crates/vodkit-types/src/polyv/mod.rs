//! Polyv (保利威) video on demand: the calls of the pages under `/v2/` and the service that issues play credentials.
//!
//! Wire types only: nothing in vodkit sends these calls yet.

mod envelope;
#[rustfmt::skip]
mod generated;

pub use envelope::Envelope;
pub use generated::*;
