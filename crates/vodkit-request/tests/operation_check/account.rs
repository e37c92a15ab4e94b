//! An account with each vendor, and what the vendor's rules add to its calls.

use std::collections::BTreeMap;

use http::Request;
use serde_json::Value;
use vodkit_request::vendor::Vendor;
use vodkit_request::{AnyEndpoint, Payload};
use vodkit_types::Operation;

const KEY: &str = "test-key-0123456789";

pub(crate) trait Account: Vendor {
    fn account() -> Self;

    /// The call of this name, by the vendor's registry.
    fn any(name: &str, params: Value) -> Option<Result<AnyEndpoint<Self>, serde_json::Error>>;

    /// Checks what the vendor's rules add to a call, and takes it away.
    fn take_rules(
        operation: &Operation,
        request: &Request<Payload>,
        sent: &mut BTreeMap<String, Value>,
    );
}

/// Takes a signature of so many digits.
#[track_caller]
fn take_sign(sent: &mut BTreeMap<String, Value>, digits: usize, is_digit: fn(&u8) -> bool) {
    let sign = sent.remove("sign").unwrap();
    let sign = sign.as_str().unwrap();
    assert_eq!(sign.len(), digits, "{sign}");
    assert!(sign.as_bytes().iter().all(is_digit), "{sign}");
}

#[cfg(feature = "baijiayun")]
impl Account for vodkit_request::baijiayun::Baijiayun {
    fn account() -> Self {
        let base = "https://demo.example.test/".parse().unwrap();
        Self::new(12_345_678, KEY, base)
    }

    fn any(name: &str, params: Value) -> Option<Result<AnyEndpoint<Self>, serde_json::Error>> {
        vodkit_request::baijiayun::any_endpoint(name, params)
    }

    fn take_rules(
        operation: &Operation,
        _request: &Request<Payload>,
        sent: &mut BTreeMap<String, Value>,
    ) {
        if operation.is_signed() {
            assert_eq!(sent.remove("partner_id"), Some("12345678".into()));
            assert_eq!(sent.remove("timestamp"), Some("1700000000".into()));
            take_sign(sent, 32, |b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        }
    }
}

#[cfg(feature = "polyv")]
impl Account for vodkit_request::polyv::Polyv {
    fn account() -> Self {
        Self::new("vodkitdemo", KEY).unwrap()
    }

    fn any(name: &str, params: Value) -> Option<Result<AnyEndpoint<Self>, serde_json::Error>> {
        vodkit_request::polyv::any_endpoint(name, params)
    }

    fn take_rules(
        operation: &Operation,
        request: &Request<Payload>,
        sent: &mut BTreeMap<String, Value>,
    ) {
        assert!(operation.is_signed(), "all calls of this vendor are");
        let (host, id, time, digits) = match operation.signing {
            Some("token") => ("hls.videocc.net", "userId", "ts", 32),
            _ => ("api.polyv.net", "userid", "ptime", 40),
        };
        assert_eq!(request.uri().scheme_str(), Some("https"));
        assert_eq!(request.uri().authority().unwrap(), host);
        assert_eq!(sent.remove(id), Some("vodkitdemo".into()));
        assert_eq!(sent.remove(time), Some("1700000000000".into()));
        take_sign(sent, digits, |b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    }
}

#[cfg(feature = "quvideo")]
impl Account for vodkit_request::quvideo::QuVideo {
    fn account() -> Self {
        let base = "https://demo.example.test/".parse().unwrap();
        Self::new(base).with_token("test-token-0123456789")
    }

    fn any(name: &str, params: Value) -> Option<Result<AnyEndpoint<Self>, serde_json::Error>> {
        vodkit_request::quvideo::any_endpoint(name, params)
    }

    fn take_rules(
        operation: &Operation,
        request: &Request<Payload>,
        sent: &mut BTreeMap<String, Value>,
    ) {
        assert!(!request.headers().contains_key("authorization"));
        if operation.needs_credential() {
            assert_eq!(sent.remove("token"), Some("test-token-0123456789".into()));
        }
        assert!(!sent.values().any(|value| value == "test-token-0123456789"));
    }
}

#[cfg(feature = "mediacloud")]
impl Account for vodkit_request::mediacloud::MediaCloud {
    fn account() -> Self {
        let base = "https://demo.example.test/".parse().unwrap();
        Self::with_access_token(base, "test-token-0123456789")
    }

    fn any(name: &str, params: Value) -> Option<Result<AnyEndpoint<Self>, serde_json::Error>> {
        vodkit_request::mediacloud::any_endpoint(name, params)
    }

    fn take_rules(
        operation: &Operation,
        request: &Request<Payload>,
        sent: &mut BTreeMap<String, Value>,
    ) {
        let header = request.headers().get("authorization");
        assert_eq!(
            header.map(|value| value.to_str().unwrap()),
            operation
                .needs_credential()
                .then_some("Bearer test-token-0123456789")
        );
        assert!(!sent.values().any(|value| value == "test-token-0123456789"));
    }
}
