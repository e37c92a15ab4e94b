//! The object of an upload: its place, and the keys of a login for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::Method;
use serde_json::Value;
use vodkit_types::mediacloud::StsToken;
use vodkit_types::{Date, Secret};

use super::{ObjectStorage, StorageAccess};
use crate::error::{Error, ErrorKind};
use crate::s3::{Keys, LONGEST_KEY, Place};
use crate::transport::Timestamp;

/// Bytes of a derived key before the name of the file.
const BEFORE_NAME: usize = "20260131/0123456789abcdef/".len();

/// A key that no other upload has: the day in China, 64 random bits, and the name of the file, as far as a key can hold it.
pub(super) fn derived_key(file_name: &str, at: Timestamp, entropy: u64) -> String {
    let (year, month, day) = Date::in_china(at.seconds()).parts();
    let plain = |c: char| !c.is_control() && !matches!(c, '/' | '\\');
    let name: String = file_name
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    let name = match name.as_str() {
        "" | "." | ".." => "file",
        name => name,
    };
    // The end of a name says what the file is.
    let most = LONGEST_KEY - BEFORE_NAME;
    let start = (name.len().saturating_sub(most)..=name.len())
        .find(|at| name.is_char_boundary(*at))
        .unwrap_or_default();
    format!(
        "{year:04}{month:02}{day:02}/{entropy:016x}/{}",
        &name[start..]
    )
}

pub(super) fn place(storage: &ObjectStorage, bucket: &str, key: &str) -> Place {
    Place {
        endpoint: storage.endpoint.clone(),
        region: storage.region.clone(),
        path_style: storage.path_style,
        bucket: bucket.to_owned(),
        key: key.to_owned(),
    }
}

impl StorageAccess {
    /// The address under which an object can be read until 15 minutes after `at`, the time of now: by whoever has it, so it is a secret.
    ///
    /// # Errors
    /// When bucket or key cannot stand in an address.
    pub fn read_address(&self, bucket: &str, key: &str, at: Timestamp) -> Result<Secret, Error> {
        let place = place(&self.storage, bucket, key);
        place.check()?;
        let keys = Keys {
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.clone(),
            session_token: self.session_token.clone(),
        };
        let address = place.signed(&keys, &Method::GET, &[], at)?;
        Ok(address.to_string().into())
    }
}

/// The keys of a login, for the storage.
pub(super) fn keys_of(sts: &StsToken) -> Keys {
    Keys {
        access_key_id: sts.access_key_id.clone(),
        secret_access_key: sts.secret_access_key.clone(),
        session_token: sts.session_token.clone(),
    }
}

/// When keys end, as far as their token tells.
///
/// # Errors
/// When one of them is missing.
pub(super) fn end_of_keys(keys: &Keys) -> Result<Option<Timestamp>, Error> {
    let all = [
        &keys.access_key_id,
        &keys.secret_access_key,
        &keys.session_token,
    ];
    if all.iter().any(|key| key.is_empty()) {
        return Err(Error::new(
            ErrorKind::Credential,
            "the keys of the object storage are not complete: id, secret and session token are needed",
        ));
    }
    Ok(end_of(keys.session_token.expose()))
}

/// What the claim `exp` of a JSON Web Token says. Another kind of token says nothing.
fn end_of(token: &str) -> Option<Timestamp> {
    let (_, rest) = token.split_once('.')?;
    let (claims, _) = rest.split_once('.')?;
    let claims = BASE64.decode(claims).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Some(Timestamp(claims["exp"].as_i64()?.checked_mul(1000)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp(1_700_000_000_000);

    #[test]
    fn a_derived_key_ends_with_the_name_and_fits() {
        let key = |name: &str| derived_key(name, AT, 0xabc);
        assert_eq!(key("第一课.mp4"), "20231115/0000000000000abc/第一课.mp4");
        assert_eq!(key("a/b\\c\n.mp4"), "20231115/0000000000000abc/a_b_c_.mp4");
        for name in ["", ".", ".."] {
            assert_eq!(key(name), "20231115/0000000000000abc/file");
        }
        let long = format!("{}.mp4", "课".repeat(400));
        let key = key(&long);
        assert!(key.len() <= LONGEST_KEY && key.len() > LONGEST_KEY - 3);
        assert!(key.ends_with("课.mp4"), "{key}");
        assert_ne!(derived_key("a", AT, 1), derived_key("a", AT, 2));
    }

    #[test]
    fn only_a_web_token_tells_when_it_ends() {
        let token = |claims: &str| format!("e30.{}.seal", BASE64.encode(claims));
        let end = end_of(&token(r#"{"exp":1700003600,"parent":"x"}"#));
        assert_eq!(end, Some(Timestamp(1_700_003_600_000)));
        for opaque in [
            "",
            "opaque",
            "a.b.c",
            &token(r#"{"exp":"soon"}"#),
            &token("{}"),
            &token(r#"{"exp":9223372036854775807}"#),
        ] {
            assert_eq!(end_of(opaque), None, "{opaque}");
        }
    }

    #[test]
    fn keys_that_lack_something_are_refused() {
        let keys = |token: &str| Keys {
            access_key_id: "id".into(),
            secret_access_key: "secret".into(),
            session_token: token.into(),
        };
        assert_eq!(end_of_keys(&keys("token")).unwrap(), None);
        let error = end_of_keys(&keys("")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential);
    }
}
