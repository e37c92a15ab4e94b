//! Baijiayun (百家云) video on demand: every call of the page 点播服务端API接口文档.

mod envelope;
#[rustfmt::skip]
mod generated;

pub use crate::frame::Ignored;
pub use envelope::Envelope;
pub use generated::*;
