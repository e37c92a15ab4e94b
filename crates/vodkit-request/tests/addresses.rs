//! Base URLs and forms: what is refused, and what goes out unchanged.

#![cfg(feature = "baijiayun")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use vodkit_request::baijiayun::private_domain_url;
use vodkit_request::multipart::{FilePart, form};
use vodkit_request::{BaseUrl, ErrorKind, Segment};

#[test]
fn good_base_urls() {
    for (text, shown) in [
        (
            "https://demo.at.example.test",
            "https://demo.at.example.test",
        ),
        (
            "https://demo.at.example.test///",
            "https://demo.at.example.test",
        ),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://[::1]:65535/x", "http://[::1]:65535/x"),
        ("http://a_b-c.example.test", "http://a_b-c.example.test"),
        (
            "https://gw.example.test/vod/v1.2~x_%E4%B8%AD/",
            "https://gw.example.test/vod/v1.2~x_%E4%B8%AD",
        ),
        (
            "https://gw.example.test/.../x",
            "https://gw.example.test/.../x",
        ),
    ] {
        let base: BaseUrl = text
            .parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(base.to_string(), shown);
        assert_eq!(format!("{base:?}"), shown);
        assert_eq!(
            base.uri("/openapi/x", None).unwrap().to_string(),
            format!("{shown}/openapi/x")
        );
        assert_eq!(
            base.uri("/openapi/x", Some("a=%20")).unwrap().to_string(),
            format!("{shown}/openapi/x?a=%20")
        );
    }
}

#[test]
fn bad_base_urls() {
    for (text, words) in [
        ("", "not an address"),
        ("https://", "not an address"),
        (
            "demo.at.example.test",
            "must start with https:// or http://",
        ),
        ("/openapi", "must start with https:// or http://"),
        (
            "ftp://h.example.test",
            "must start with https:// or http://",
        ),
        (
            "ws://h.example.test/",
            "must start with https:// or http://",
        ),
        ("https://h.example.test/#part", "fragment"),
        ("https://h.example.test#", "fragment"),
        ("https://user:s3cret@h.example.test", "user name"),
        ("https://user@h.example.test/x", "user name"),
        ("https://h.example.test/a/%2E%2e", "the path"),
        ("https://:8080", "host"),
        ("https://ho$t.example.test", "must name a host"),
        ("https://h!.example.test", "must name a host"),
        ("https://h.example.test:", "port"),
        ("https://h.example.test:65536", "port"),
        ("https://h.example.test:99999/x", "port"),
        ("https://h.example.test/?a=b", "query"),
        ("https://h.example.test/x?", "query"),
        ("https://h.example.test/.", "the path"),
        ("https://h.example.test/a/../b", "the path"),
        ("https://h.example.test/a/./b", "the path"),
        ("https://h.example.test/%zz", "the path"),
        ("https://h.example.test/%4", "the path"),
        ("https://h.example.test/a%", "the path"),
        ("https://h.example.test/a;b", "the path"),
        ("https://h.example.test/中", "the path"),
        ("https://h.example.test/a b", "not an address"),
        ("https://h example.test/", "not an address"),
    ] {
        let error = text.parse::<BaseUrl>().expect_err(text);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let line = error.to_string();
        assert!(line.starts_with("base URL: "), "{line}");
        assert!(line.contains(words), "{text}: {line}");
        assert!(!line.contains("s3cret"), "{line}");
    }
}

#[test]
fn paths_begin_with_a_slash_and_addresses_are_bounded() {
    for base in ["https://h.example.test", "https://h.example.test/prefix"] {
        let base: BaseUrl = base.parse().unwrap();
        for path in ["", "x", "openapi/x", "?x"] {
            for query in [None, Some("a=b")] {
                let error = base.uri(path, query).expect_err(path);
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert!(
                    error.to_string().contains("must begin with a slash"),
                    "{error}"
                );
            }
        }
        for query in [None, Some("a=b")] {
            let error = base.uri("/a b", query).unwrap_err();
            assert!(error.to_string().contains("no valid address"), "{error}");
        }
        assert!(base.uri("/x", Some(&"a".repeat(60_000))).is_ok());
        assert!(base.uri("/x", Some(&"a".repeat(70_000))).is_err());
    }
}

#[test]
fn private_domains_are_one_label() {
    assert_eq!(
        private_domain_url("demo-1").unwrap().to_string(),
        "https://demo-1.at.baijiayun.com"
    );
    private_domain_url(&"a".repeat(63)).unwrap();
    for domain in [
        "",
        "-a",
        "a-",
        "a.b",
        "a/b",
        "a b",
        "a@b",
        "中",
        &"a".repeat(64),
    ] {
        assert!(private_domain_url(domain).is_err(), "{domain}");
    }
}

fn boundary_of(values: &[&str]) -> String {
    let part = FilePart {
        field: "data",
        file_name: "a.mp4",
        content: Segment::Bytes(b"content".as_slice().into()),
    };
    let fields = values.iter().map(|value| ("name", *value));
    let (content_type, body) = form(fields, part, 7);
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap()
        .to_owned();
    for value in values {
        assert!(!value.contains(&boundary), "{value} ends its own field");
    }
    let [Segment::Bytes(head), _, Segment::Bytes(tail)] = body.segments() else {
        panic!("other segments: {body:?}")
    };
    let head = std::str::from_utf8(head).unwrap();
    assert_eq!(
        head.matches(&format!("--{boundary}\r\n")).count(),
        values.len() + 1
    );
    assert_eq!(tail, format!("\r\n--{boundary}--\r\n").as_bytes());
    boundary
}

#[test]
fn the_boundary_grows_until_no_field_has_it() {
    const PLAIN: &str = "vodkit-0000000000000007";
    assert_eq!(boundary_of(&["x"]), PLAIN);
    let once = boundary_of(&["x", "a vodkit-0000000000000007 b"]);
    assert_eq!(once, format!("{PLAIN}0000000000000007"));
    let twice = boundary_of(&[&once, "x"]);
    assert_eq!(twice, format!("{once}0000000000000007"));
}
