//! The golden text of every request of the vendors besides Baijiayun, which has a file of its own.

#![cfg(any(feature = "polyv", feature = "quvideo", feature = "mediacloud"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod golden;

use golden::{Registry, all_params, every_request};
use serde_json::json;
use vodkit_request::Endpoint;
use vodkit_request::types::Operation;
use vodkit_request::vendor::Vendor;

/// The registry knows each call by its name, and no other.
fn known<V: Vendor>(operations: &[&'static Operation], any_endpoint: Registry<V>) {
    for operation in operations {
        let endpoint = any_endpoint(operation.name, all_params(operation))
            .unwrap()
            .unwrap();
        assert_eq!(endpoint.operation().name, operation.name);
        assert_eq!(operation.vendor, V::NAME);
        assert!(
            operation
                .params
                .windows(2)
                .all(|pair| pair[0].name < pair[1].name),
            "{} is not in signing order",
            operation.name
        );
    }
    assert!(any_endpoint("video/getInfo", json!({})).is_none());
}

#[cfg(feature = "polyv")]
#[test]
fn polyv() {
    use vodkit_request::polyv::{Polyv, any_endpoint, operations};
    assert_eq!(operations::ALL.len(), 59);
    known(operations::ALL, any_endpoint);
    let vendor = Polyv::new("vodkitdemo", "test-key-0123456789").unwrap();
    insta::assert_snapshot!(every_request(&vendor, operations::ALL, any_endpoint));
}

#[cfg(feature = "quvideo")]
#[test]
fn quvideo() {
    use vodkit_request::quvideo::{QuVideo, any_endpoint, operations};
    assert_eq!(operations::ALL.len(), 26);
    known(operations::ALL, any_endpoint);
    let vendor = QuVideo::new("https://app.example.test:8080/demo".parse().unwrap())
        .with_token("test-token-0123456789");
    insta::assert_snapshot!(every_request(&vendor, operations::ALL, any_endpoint));
}

#[cfg(feature = "mediacloud")]
#[test]
fn mediacloud() {
    use vodkit_request::mediacloud::{MediaCloud, any_endpoint, operations};
    assert_eq!(operations::ALL.len(), 5);
    known(operations::ALL, any_endpoint);
    let base = "https://vod.example.test".parse().unwrap();
    let vendor = MediaCloud::with_access_token(base, "test-token-0123456789");
    insta::assert_snapshot!(every_request(&vendor, operations::ALL, any_endpoint));
}
