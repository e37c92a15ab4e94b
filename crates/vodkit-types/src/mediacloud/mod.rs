//! MediaCloud (芒果TV) video on demand: the calls of the page 调用方式 and of what can be read of its sibling pages.

mod envelope;
#[rustfmt::skip]
mod generated;

pub use envelope::Envelope;
pub use generated::*;
