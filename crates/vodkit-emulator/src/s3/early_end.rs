//! What ends before its time because a planned fault says so: keys, and uploads in parts.

use http::{Uri, header};

use super::parameters;
use crate::server::Shared;

/// Lets the keys expire that a request is signed with. Whether they were good until now.
pub(crate) fn expire_keys(shared: &Shared, parts: &http::request::Parts) -> bool {
    let by_header = || {
        let header = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (_, credential) = header.split_once("Credential=")?;
        Some(credential.split_once('/')?.0.to_owned())
    };
    let by_address = || {
        let mut query = parameters(&parts.uri).into_iter();
        let (_, credential) = query.find(|(name, _)| name == "X-Amz-Credential")?;
        Some(credential.split_once('/')?.0.to_owned())
    };
    let Some(id) = by_header().or_else(by_address) else {
        return false;
    };
    let now_ms = shared.clock.now_ms();
    shared
        .mediacloud
        .with(|state| state.expire_storage_key(&id, now_ms))
}

/// Forgets the upload in parts that a request names. Whether there was one.
pub(crate) fn forget_upload(shared: &Shared, uri: &Uri) -> bool {
    let named = parameters(uri)
        .into_iter()
        .find(|(name, _)| name == "uploadId");
    let forgotten = named.and_then(|(_, id)| shared.s3.with(|store| store.uploads.remove(&id)));
    // Its files are removed outside of the lock.
    forgotten.is_some()
}
