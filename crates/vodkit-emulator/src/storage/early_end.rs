//! What ends before its time because a planned fault says so: uploads in parts.

use http::Uri;

use super::dialect::Dialect;
use super::request::parameters;
use crate::server::Shared;

/// Forgets the upload in parts that a request names. Whether there was one.
pub(super) fn forget_upload<D: Dialect>(shared: &Shared, uri: &Uri) -> bool {
    let named = parameters(uri)
        .into_iter()
        .find(|(name, _)| name == "uploadId");
    let forgotten = named.and_then(|(_, id)| D::with(shared, |store| store.uploads.remove(&id)));
    // Its files are removed outside of the lock.
    forgotten.is_some()
}
