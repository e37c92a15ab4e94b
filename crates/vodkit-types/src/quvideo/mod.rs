//! QuVideo (阿里云趣视频) short videos: every call of the page Appserver趣视频接口文档.

mod credential;
mod envelope;
#[rustfmt::skip]
mod generated;

pub use credential::BadCredential;
pub use envelope::Envelope;
pub use generated::*;
