//! What ends before its time because a planned fault says so: keys, and uploads in parts.

use http::{Uri, header};

use super::parameters;
use crate::server::Shared;

/// Lets the keys expire that a request is signed with. Whether they were temporary and good until now.
pub(crate) fn expire_keys(shared: &Shared, parts: &http::request::Parts) -> bool {
    let by_header = || {
        let header = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (id, _) = header.strip_prefix("OSS ")?.trim().split_once(':')?;
        Some(id.to_owned())
    };
    let by_address = || {
        let query = parameters(&parts.uri).into_iter();
        let mut ids = query.filter(|(name, _)| name == "OSSAccessKeyId");
        ids.next().map(|(_, id)| id)
    };
    let Some(id) = by_header().or_else(by_address) else {
        return false;
    };
    let now_ms = shared.clock.now_ms();
    shared.oss.with(|store| match store.keys.get_mut(&id) {
        Some(key) if key.expires_ms.is_some_and(|end| now_ms < end) => {
            key.expires_ms = Some(now_ms);
            true
        }
        _ => false,
    })
}

/// Forgets the upload in parts that a request names. Whether there was one.
pub(crate) fn forget_upload(shared: &Shared, uri: &Uri) -> bool {
    let named = parameters(uri)
        .into_iter()
        .find(|(name, _)| name == "uploadId");
    let forgotten = named.and_then(|(_, id)| shared.oss.with(|store| store.uploads.remove(&id)));
    // Its files are removed outside of the lock.
    forgotten.is_some()
}
