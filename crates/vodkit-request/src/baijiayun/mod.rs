//! Baijiayun (百家云): how its calls are signed, sent and judged.
//!
//! Every call is signed with MD5 over its sorted parameters and the partner key, and answered with HTTP 200 and
//! `{ code, msg, data, ts }`. Two calls differ: `partner/createkey` goes out unsigned, since who holds only the secret key has nothing to
//! sign with, and the upload goes to an address that carries its own token.

pub mod callback;
#[rustfmt::skip]
mod generated;
mod upload;
mod vendor;
mod verify;
mod wait;

pub use generated::*;
pub use upload::{Upload, Uploaded};
pub use vendor::{Baijiayun, private_domain_url};
pub use verify::{Comparison, VerifyUpload};
pub use vodkit_types::baijiayun::*;
pub use wait::WaitForTranscode;
