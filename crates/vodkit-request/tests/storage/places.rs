//! Where the object goes: hosts, buckets, keys.

use serde_json::json;
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::types::FileInput;
use vodkit_request::{ErrorKind, RetryPolicy};

use crate::script::{Told, VIDEO, film, granted, of_polyv, of_quvideo, stored, ticket};

fn quvideo(endpoint: &str, bucket: &str, key: &str) -> Told {
    let grant = granted(endpoint, bucket, key).to_string();
    let script = || {
        let after = key_fits(endpoint, bucket, key).then(stored);
        ScriptedTransport::new([Reply::json(grant.as_str())].into_iter().chain(after))
    };
    of_quvideo(
        &script,
        RetryPolicy::STANDARD,
        &|upload| upload.unpublished(),
        film(),
    )
}

/// Whether the tests below expect the object to be sent.
fn key_fits(_: &str, bucket: &str, key: &str) -> bool {
    let bucket_fits = !bucket.is_empty() && !bucket.contains(['.', '@', '/', ' ']);
    let bad = |part: &str| matches!(part, "" | "." | "..");
    bucket_fits && !key.split('/').any(bad)
}

fn polyv(changes: serde_json::Value, file: FileInput, sent: bool) -> Told {
    let grant = ticket(changes).to_string();
    let script = || {
        let after = sent.then(stored);
        ScriptedTransport::new([Reply::json(grant.as_str())].into_iter().chain(after))
    };
    of_polyv(&script, RetryPolicy::STANDARD, &|upload| upload, file)
}

fn target(told: &Told) -> String {
    assert!(told.result.is_ok(), "{:?}", told.result);
    told.puts()[0].uri().to_string()
}

#[test]
fn the_bucket_is_before_the_host_unless_that_cannot_be() {
    for (endpoint, wanted) in [
        (
            "https://oss.example.test",
            "https://b-1.oss.example.test/k.mp4",
        ),
        (
            "http://oss.example.test:81",
            "http://b-1.oss.example.test:81/k.mp4",
        ),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/b-1/k.mp4"),
        ("http://localhost:9000", "http://localhost:9000/b-1/k.mp4"),
        ("http://[::1]:9000", "http://[::1]:9000/b-1/k.mp4"),
        ("https://1.oss.test", "https://b-1.1.oss.test/k.mp4"),
    ] {
        assert_eq!(target(&quvideo(endpoint, "b-1", "k.mp4")), wanted);
    }
}

#[test]
fn keys_are_encoded_in_the_address_only() {
    for (key, wanted) in [
        ("课/第 1.mp4", "/%E8%AF%BE/%E7%AC%AC%201.mp4"),
        (
            "a\"b'c(1)+&=?#%.mp4",
            "/a%22b%27c%281%29%2B%26%3D%3F%23%25.mp4",
        ),
        ("a.b/..c/...", "/a.b/..c/..."),
    ] {
        let told = quvideo("https://oss.example.test", "b", key);
        assert_eq!(target(&told), format!("https://b.oss.example.test{wanted}"));
    }
}

#[test]
fn keys_and_buckets_that_no_address_can_hold_are_refused() {
    for key in [
        "",
        "/a.mp4",
        "a//b.mp4",
        "a/",
        "../a.mp4",
        "a/../b.mp4",
        "a/.",
        ".",
    ] {
        let told = quvideo("https://oss.example.test", "b", key);
        let error = told.error();
        assert_eq!(
            (error.kind(), error.created()),
            (ErrorKind::Decode, Some(VIDEO)),
            "{key}"
        );
        assert!(told.puts().is_empty(), "{key}");
    }
    for bucket in ["", "evil.example.test/", "a@b", "a.b", "a b"] {
        let told = quvideo("https://oss.example.test", bucket, "k.mp4");
        assert_eq!(
            (told.error().kind(), told.error().created()),
            (ErrorKind::Decode, Some(VIDEO)),
            "{bucket}"
        );
        assert!(told.puts().is_empty(), "{bucket}");
    }
}

#[test]
fn polyvs_own_host_has_no_bucket_before_it() {
    let key = format!("/vodkitdemo/2/{VIDEO}.MP4");
    for (changes, wanted) in [
        (json!({}), format!("https://upload.example.test{key}")),
        (
            json!({ "domain": "http://up.example.test/" }),
            format!("http://up.example.test{key}"),
        ),
        (
            json!({ "domain": "" }),
            format!("https://test-bucket.oss.example.test{key}"),
        ),
        (
            json!({ "domain": null }),
            format!("https://test-bucket.oss.example.test{key}"),
        ),
        (
            json!({ "domain": "127.0.0.1:9000" }),
            format!("https://127.0.0.1:9000/test-bucket{key}"),
        ),
        (
            json!({ "domain": "localhost:9000" }),
            format!("https://localhost:9000/test-bucket{key}"),
        ),
        (
            json!({ "dir": "d-" }),
            format!("https://upload.example.test/d-{VIDEO}.MP4"),
        ),
        (
            json!({ "dir": "" }),
            format!("https://upload.example.test/{VIDEO}.MP4"),
        ),
    ] {
        assert_eq!(target(&polyv(changes, film(), true)), wanted);
    }
}

#[test]
fn the_key_ends_as_the_file_does() {
    for (name, ending) in [
        ("a.mp4", ".mp4"),
        ("a.tar.Mov", ".Mov"),
        ("课", ""),
        (".mp4", ""),
        ("a.", ""),
    ] {
        let told = polyv(
            json!({}),
            FileInput::bytes(name, crate::script::CONTENT),
            true,
        );
        assert!(
            target(&told).ends_with(&format!("/{VIDEO}{ending}")),
            "{name}: {}",
            target(&told)
        );
    }
}

#[test]
fn a_ticket_without_a_place_names_the_video_and_sends_nothing() {
    for (changes, words) in [
        (json!({ "dir": null }), "no dir"),
        (json!({ "bucketName": "" }), "no bucketName"),
        (json!({ "domain": "", "endpoint": "" }), "no domain"),
        (json!({ "domain": "a b" }), "base URL"),
        (json!({ "dir": "../" }), "no address can hold"),
        (
            json!({ "callback": "", "encodedCallback": "" }),
            "no callback",
        ),
    ] {
        let told = polyv(changes, film(), false);
        assert_eq!(told.error().created(), Some(VIDEO), "{words}");
        assert!(told.error().to_string().contains(words), "{}", told.error());
        assert_eq!(told.sent.len(), 1);
    }
    let told = polyv(json!({ "vid": "" }), film(), false);
    assert_eq!(
        (told.error().kind(), told.error().created()),
        (ErrorKind::Decode, None)
    );
    let told = polyv(json!({ "remainSpace": 16 }), film(), false);
    assert_eq!(
        (told.error().kind(), told.error().created()),
        (ErrorKind::Refused, Some(VIDEO))
    );
    assert!(
        told.error()
            .to_string()
            .contains("room for 16 bytes, and the file has 17")
    );
    for enough in [json!(17), json!(-1), json!(null)] {
        let told = polyv(json!({ "remainSpace": enough }), film(), true);
        assert!(told.result.is_ok());
    }
}
