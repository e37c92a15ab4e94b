//! What is inside the credentials for uploads and for playing: a JSON object in base64.

use std::fmt;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::generated::{DecodedPlayAuth, DecodedUploadAddress, DecodedUploadAuth};
use crate::secret::Secret;
use crate::time::{CHINA_OFFSET_SECONDS, DateTime};

/// The vendor pads; what a proxy or a query has cut off is no reason to refuse.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A credential that does not hold what it should. The message never quotes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadCredential {
    /// It is not base64 of the standard alphabet.
    NotBase64,
    /// Inside the base64 there is no JSON object, or not the wanted one.
    NotTheObject(String),
}

impl fmt::Display for BadCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBase64 => f.write_str("the credential is not base64"),
            Self::NotTheObject(why) => {
                write!(f, "the credential does not hold what it should: {why}")
            }
        }
    }
}

impl std::error::Error for BadCredential {}

fn decoded<T: DeserializeOwned>(credential: &Secret) -> Result<T, BadCredential> {
    let bytes = BASE64
        .decode(credential.expose().trim_ascii())
        .map_err(|_| BadCredential::NotBase64)?;
    serde_json::from_slice(&Zeroizing::new(bytes))
        .map_err(|e| BadCredential::NotTheObject(e.to_string()))
}

impl DecodedUploadAddress {
    /// Reads `uploadAddress` of a reply.
    ///
    /// # Errors
    /// When it is not base64 of a JSON object with address, bucket and key.
    pub fn of(upload_address: &Secret) -> Result<Self, BadCredential> {
        decoded(upload_address)
    }
}

impl DecodedUploadAuth {
    /// Reads `uploadAuth` of a reply.
    ///
    /// # Errors
    /// When it is not base64 of a JSON object with the keys.
    pub fn of(upload_auth: &Secret) -> Result<Self, BadCredential> {
        decoded(upload_auth)
    }

    /// When the keys stop working, in Unix seconds, for keys that were received at the given time: the moment they name, else the seconds
    /// they had left. `None` when they tell neither.
    ///
    /// Asked for early, new keys may be the old ones with fewer seconds left, so the moment counts before the seconds.
    #[must_use]
    pub fn expires_at(&self, received: i64) -> Option<i64> {
        let named = self.expire_utc_time.as_deref().and_then(unix_seconds);
        let left = || {
            let seconds = i64::try_from(self.expiration?).ok()?;
            received.checked_add(seconds)
        };
        named.or_else(left)
    }
}

impl DecodedPlayAuth {
    /// Reads `playAuth` of a reply.
    ///
    /// # Errors
    /// When it is not base64 of a JSON object with the keys.
    pub fn of(play_auth: &Secret) -> Result<Self, BadCredential> {
        decoded(play_auth)
    }
}

/// `2024-01-01T01:00:00Z` in Unix seconds.
fn unix_seconds(moment: &str) -> Option<i64> {
    let (day, time) = moment.strip_suffix('Z')?.split_once('T')?;
    let wall_clock: DateTime = format!("{day} {time}").parse().ok()?;
    // A wall clock is read as China's; this one stands in UTC.
    Some(wall_clock.unix_seconds() + CHINA_OFFSET_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made up, in the form of the vendor: an object key that is no ASCII, and all six members.
    const ADDRESS: &str = "eyJFbmRwb2ludCI6Imh0dHBzOi8vb3NzLWNuLXNoYW5naGFpLmFsaXl1bmNzLmNvbSIsIkJ1Y2tldCI6Im91dGluLXRlc3QiLCJGaWxlTmFtZSI6InN2LzFhMmItM2Mv6KeG6aKRIDEubXA0In0=";
    const AUTH: &str = "eyJTZWN1cml0eVRva2VuIjoiQ0FJU2Zha2UrL3Rva2VuPT0iLCJBY2Nlc3NLZXlJZCI6IlNUUy5GQUtFMSIsIkV4cGlyZVVUQ1RpbWUiOiIyMDMwLTAxLTAyVDAzOjA0OjA1WiIsIkFjY2Vzc0tleVNlY3JldCI6ImZha2VTZWNyZXQxIiwiRXhwaXJhdGlvbiI6IjMwMDAiLCJSZWdpb24iOiJjbi1zaGFuZ2hhaSJ9";

    fn packed(json: &str) -> Secret {
        BASE64.encode(json).into()
    }

    #[test]
    fn an_address_is_unpacked() {
        let address = DecodedUploadAddress::of(&ADDRESS.into()).unwrap();
        assert_eq!(address.endpoint, "https://oss-cn-shanghai.aliyuncs.com");
        assert_eq!(address.bucket, "outin-test");
        assert_eq!(address.file_name, "sv/1a2b-3c/视频 1.mp4");
        assert!(address.extra.is_empty());
        let bare = ADDRESS.trim_end_matches('=');
        assert_ne!(bare, ADDRESS);
        assert_eq!(DecodedUploadAddress::of(&bare.into()), Ok(address));
    }

    #[test]
    fn keys_are_unpacked_and_not_shown() {
        let auth = DecodedUploadAuth::of(&AUTH.into()).unwrap();
        assert_eq!(auth.security_token.expose(), "CAISfake+/token==");
        assert_eq!(auth.access_key_id.expose(), "STS.FAKE1");
        assert_eq!(auth.access_key_secret.expose(), "fakeSecret1");
        assert_eq!(auth.region.as_deref(), Some("cn-shanghai"));
        assert_eq!(auth.expiration, Some(3000));
        assert!(auth.extra.is_empty());
        let shown = format!("{auth:?}");
        for secret in ["CAISfake", "FAKE1", "fakeSecret1"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn the_moment_counts_before_the_seconds() {
        let auth = DecodedUploadAuth::of(&AUTH.into()).unwrap();
        // 2030-01-02 03:04:05 UTC.
        assert_eq!(auth.expires_at(1_700_000_000), Some(1_893_553_445));
        let keys = r#""SecurityToken":"t","AccessKeyId":"i","AccessKeySecret":"s""#;
        let expires = |rest: &str| {
            DecodedUploadAuth::of(&packed(&format!("{{{keys}{rest}}}")))
                .unwrap()
                .expires_at(1_700_000_000)
        };
        assert_eq!(expires(r#","Expiration":"3541""#), Some(1_700_003_541));
        assert_eq!(
            expires(r#","Expiration":60,"ExpireUTCTime":"""#),
            Some(1_700_000_060)
        );
        assert_eq!(
            expires(r#","Expiration":60,"ExpireUTCTime":"soon""#),
            Some(1_700_000_060)
        );
        assert_eq!(expires(""), None);
        assert_eq!(expires(r#","Expiration":18446744073709551615"#), None);
    }

    #[test]
    fn a_permission_to_play_is_unpacked() {
        let auth_info = r#"{\"Caller\":\"test\\r\\n\",\"MediaId\":\"m1\"}"#;
        let json = format!(
            r#"{{"SecurityToken":"test-token","AuthInfo":"{auth_info}","VideoMeta":{{"Status":"Normal","VideoId":"m1","Title":"课","CoverURL":"https://img.example.test/1.jpg","Duration":10.4167}},"AccessKeyId":"test-id","PlayDomain":"vod.example.test","AccessKeySecret":"test-secret","Region":"cn-test","CustomerId":5123456789}}"#
        );
        let auth = DecodedPlayAuth::of(&packed(&json)).unwrap();
        assert_eq!(auth.customer_id, Some(5_123_456_789));
        let info = auth.auth_info.as_ref().unwrap().expose();
        assert_eq!(info, "{\"Caller\":\"test\\r\\n\",\"MediaId\":\"m1\"}");
        let meta = auth.video_meta.as_ref().unwrap();
        assert_eq!(meta.duration, Some(10.4167));
        assert_eq!(meta.title.as_deref(), Some("课"));
        assert!(auth.extra.is_empty() && meta.extra.is_empty());
        assert!(!format!("{auth:?}").contains("test-"), "{auth:?}");
    }

    #[test]
    fn what_is_wrong_is_told_without_the_credential() {
        let error = DecodedUploadAuth::of(&"test-credential!".into()).unwrap_err();
        assert_eq!(error, BadCredential::NotBase64);
        for json in [
            "not json",
            r#"["SecurityToken"]"#,
            r#"{"AccessKeyId":"hidden-1"}"#,
            r#"{"SecurityToken":["hidden-1"]}"#,
            r#""hidden-1""#,
        ] {
            let error = DecodedUploadAuth::of(&packed(json)).unwrap_err();
            assert!(matches!(error, BadCredential::NotTheObject(_)), "{json}");
            assert!(!error.to_string().contains("hidden-1"), "{error}");
        }
    }
}
