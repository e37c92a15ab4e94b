//! Polyv (保利威) video on demand: the calls of the pages under `/v2/` and the service that issues play credentials.

mod envelope;
#[rustfmt::skip]
mod generated;

pub use envelope::Envelope;
pub use generated::*;
