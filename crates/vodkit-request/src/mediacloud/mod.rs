//! Mango TV's MediaCloud (芒果 mediacloud.imgo.tv): how one logs in, and how its calls are sent and judged.
//!
//! A login with name and password gives a token for all other calls and keys for the object storage. Bodies are JSON, also that of a
//! DELETE. HTTP says 200 for failures too: only `code` tells.
//!
//! There is nothing here to receive callbacks with: no page that can be reached describes any, let alone how they are signed.

#[rustfmt::skip]
mod generated;
#[cfg(feature = "mediacloud-storage")]
mod object;
#[cfg(feature = "mediacloud-storage")]
mod steps;
mod storage;
#[cfg(feature = "mediacloud-storage")]
mod upload;
mod vendor;

pub use generated::*;
pub use storage::{ObjectStorage, StorageAccess};
#[cfg(feature = "mediacloud-storage")]
pub use upload::{Abandon, Upload, Uploaded};
pub use vendor::{Credential, MediaCloud};
pub use vodkit_types::mediacloud::*;
