//! What the server grants for an upload: a place in the object storage, and keys.

use vodkit_types::Secret;
use vodkit_types::quvideo::{BadCredential, DecodedUploadAddress, DecodedUploadAuth};

use crate::error::{Error, ErrorKind};
use crate::oss::{Keys, Place, Target};
use crate::transport::Timestamp;

/// Where and with what a file goes. `now` is the time by which the keys' end is counted where they name none.
pub(super) fn target(address: &Secret, auth: &Secret, now: Timestamp) -> Result<Target, Error> {
    let unreadable = |what: &str, bad: BadCredential| {
        Error::new(ErrorKind::Decode, format!("{what} of the reply: {bad}"))
    };
    let address =
        DecodedUploadAddress::of(address).map_err(|bad| unreadable("uploadAddress", bad))?;
    let auth = DecodedUploadAuth::of(auth).map_err(|bad| unreadable("uploadAuth", bad))?;
    let expires = auth.expires_at(now.seconds());
    Ok(Target {
        place: Place {
            endpoint: address.endpoint.parse()?,
            of_bucket: false,
            bucket: address.bucket,
            key: address.file_name,
        },
        expires: expires
            .and_then(|seconds| seconds.checked_mul(1000))
            .map(Timestamp),
        keys: Keys {
            access_key_id: auth.access_key_id,
            access_key_secret: auth.access_key_secret,
            security_token: auth.security_token,
        },
        callback: None,
    })
}
