//! Laws of the pure parts: retry, encoding, forms, payloads, base URLs, and flows under random replies.

#![cfg(feature = "baijiayun")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use vodkit_request::baijiayun::{AddCategory, Baijiayun, GetStatus, UpdateVideo};
use vodkit_request::multipart::{FilePart, form};
use vodkit_request::retry::{Attempt, Outcome};
use vodkit_request::testing::{Reply, ScriptedTransport, sealed_params};
use vodkit_request::transport::TransportErrorKind;
use vodkit_request::types::{Date, DateTime, ParamText};
use vodkit_request::{BaseUrl, Call, Payload, RetryPolicy, Segment, Session, encode};

fn outcome() -> impl Strategy<Value = Outcome> {
    let wait = prop::option::of((0_u64..200_000).prop_map(Duration::from_secs));
    prop_oneof![
        Just(Outcome::NotSent),
        Just(Outcome::Unsure),
        wait.clone().prop_map(Outcome::Unavailable),
        wait.prop_map(Outcome::Throttled),
    ]
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        Just(Reply::json(r#"{"code":0,"data":{"status":100},"msg":""}"#)),
        Just(Reply::json(r#"{"code":429,"data":null,"msg":""}"#)),
        Just(
            Reply::json(r#"{"code":1002,"data":null,"msg":""}"#)
                .header("date", "Wed, 21 Oct 2015 07:28:00 GMT")
        ),
        Just(Reply::json(
            r#"{"code":0,"data":{"partner_key":"k"},"msg":""}"#
        )),
        Just(Reply::status(500, "")),
        Just(Reply::status(503, "").header("retry-after", "99999")),
        "[\\[\\]{}:,\"a-z0-9]{0,20}".prop_map(Reply::json),
        prop_oneof![
            Just(TransportErrorKind::Connect),
            Just(TransportErrorKind::Timeout),
            Just(TransportErrorKind::Interrupted)
        ]
        .prop_map(Reply::fails),
    ]
}

proptest! {
    #[test]
    fn a_wait_is_never_longer_than_its_cap(number in 1_u32..100, idempotent: bool, outcome in outcome(), seconds in 0_u64..100, entropy: u64, max in 1_u32..20) {
        let policy = RetryPolicy::attempts(max);
        let attempt = Attempt { number, idempotent, outcome, elapsed: Duration::from_secs(seconds) };
        match policy.decide(attempt, entropy) {
            Some(wait) => {
                prop_assert!(wait <= policy.cap);
                prop_assert!(attempt.elapsed + wait <= policy.elapsed);
                prop_assert!(number < max);
                prop_assert!(idempotent || matches!(outcome, Outcome::NotSent | Outcome::Throttled(_)));
            }
            None => prop_assert!(
                number >= max
                    || attempt.elapsed + policy.cap > policy.elapsed
                    || (!idempotent && matches!(outcome, Outcome::Unsure | Outcome::Unavailable(_)))
            ),
        }
    }

    #[test]
    fn encoded_text_is_left_alone_by_url_normalisers(name in "\\PC{1,12}", value in "\\PC{0,40}") {
        let mut query = String::new();
        encode::rfc3986(&name, &mut query);
        query.push('=');
        encode::rfc3986(&value, &mut query);
        prop_assert_eq!(query.len(), name.len() + value.len() + 1 + 2 * (encode::reserved_bytes(&name) + encode::reserved_bytes(&value)));
        let target = format!("https://h.example.test/p?{query}");
        let url = url::Url::parse(&target).unwrap();
        prop_assert_eq!(url.as_str(), target.as_str());
        prop_assert!(target.parse::<http::Uri>().is_ok());
        // An independent reader gives the same pair back, as query and as form.
        let read: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        prop_assert_eq!(read, vec![(name, value)]);
    }

    #[test]
    fn what_is_known_of_a_type_is_true_of_its_values(number: i64, unsigned: u64, seconds in 0_i64..250_000_000_000) {
        fn holds<V: ParamText>(value: &V) -> bool {
            let mut text = String::new();
            value.write_text(&mut text);
            V::RESERVED_BYTES.is_none_or(|known| known as usize == encode::reserved_bytes(&text))
        }
        prop_assert!(holds(&number) && holds(&unsigned) && holds(&Date::in_china(seconds)) && holds(&DateTime::in_china(seconds)));
        prop_assert!(<DateTime as ParamText>::RESERVED_BYTES.is_some() && <String as ParamText>::RESERVED_BYTES.is_none());
    }

    #[test]
    fn what_is_signed_is_what_is_sent(video_id in 1_u64..=i64::MAX as u64, name in "\\PC{1,60}", parent in prop::option::of(1_u64..1_000_000), key in "[ -~]{1,40}") {
        let vendor = Baijiayun::new(12345678, key.as_str(), "https://demo.at.example.test".parse().unwrap());
        let update = UpdateVideo::new(video_id).name(name.clone());
        let mut add = AddCategory::new(name.clone());
        add.parent_id = parent;
        for sent in [sealed_params(&vendor, &update).unwrap(), sealed_params(&vendor, &add).unwrap()] {
            let sign = sent.iter().find(|(name, _)| name == "sign").unwrap().1.clone();
            let pairs: Vec<(&str, &str)> = sent.iter().filter(|(name, _)| name != "sign").map(|(n, v)| (n.as_str(), v.as_str())).collect();
            prop_assert!(pairs.windows(2).all(|pair| pair[0].0 < pair[1].0), "not in signing order: {pairs:?}");
            prop_assert!(vodkit_request::sign::baijiayun::verify(&pairs, &key, &sign).is_ok());
            prop_assert!(!sent.iter().any(|(_, value)| value == &key && key.len() > 20));
        }
    }

    #[test]
    fn forms_are_read_back_by_another_reader(fields in prop::collection::vec(("[a-z_]{1,8}", "\\PC{0,30}"), 0..5), file_name in "[^\\x00-\\x08]{1,20}", content in prop::collection::vec(any::<u8>(), 0..200), entropy: u64) {
        let pairs = fields.iter().map(|(n, v)| (n.as_str(), v.as_str()));
        let part = FilePart { field: "data", file_name: &file_name, content: Segment::Bytes(content.clone().into()) };
        let (content_type, payload) = form(pairs, part, entropy);
        let mut body = Vec::new();
        for segment in payload.segments() {
            let Segment::Bytes(bytes) = segment else { panic!("a file segment") };
            body.extend_from_slice(bytes);
        }
        prop_assert_eq!(payload.len(), body.len() as u64);
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        prop_assert!(http::HeaderValue::from_str(&content_type).is_ok());
        let parts = split_form(&body, boundary);
        prop_assert_eq!(parts.len(), fields.len() + 1);
        for ((_, value), (head, read)) in fields.iter().zip(&parts) {
            prop_assert_eq!(value.as_bytes(), read.as_slice());
            prop_assert!(!head.contains("filename"));
        }
        let (head, read) = parts.last().unwrap();
        prop_assert_eq!(read, &content);
        prop_assert_eq!(head.matches("\r\n").count(), 2, "the file name broke out of its header: {}", head);
    }

    #[test]
    fn any_replies_end_a_flow_within_its_attempts(replies in prop::collection::vec(reply(), 0..12), write: bool, secret_only: bool, entropy: u64) {
        let base: BaseUrl = "https://demo.at.example.test".parse().unwrap();
        let vendor = if secret_only { Baijiayun::with_secret_key(1, "s", base) } else { Baijiayun::new(1, "k", base) };
        let session = Session::new(vendor);
        let transport = ScriptedTransport::new(replies).entropy(entropy);
        let result = if write {
            Call::new(&transport, &session, AddCategory::new("x")).send().map(|_| ())
        } else {
            Call::new(&transport, &session, GetStatus::new(1)).send().map(|_| ())
        };
        let calls = transport.sent().iter().filter(|out| !out.request.uri().path().ends_with("createkey")).count();
        // Three attempts, and one more each for a corrected clock and a renewed key.
        prop_assert!(calls <= 5, "{calls} calls: {:?}", transport.log());
        if let Err(error) = result {
            prop_assert_eq!(error.to_string().lines().count(), 1);
        }
    }
}

/// A reader of forms that shares nothing with the writer.
fn split_form(body: &[u8], boundary: &str) -> Vec<(String, Vec<u8>)> {
    let marker = format!("--{boundary}").into_bytes();
    let mut starts: Vec<usize> = body
        .windows(marker.len())
        .enumerate()
        .filter(|(_, w)| *w == marker)
        .map(|(i, _)| i)
        .collect();
    let end = starts.pop().expect("a closing boundary");
    assert_eq!(&body[end + marker.len()..], b"--\r\n");
    starts.push(end);
    starts
        .windows(2)
        .map(|pair| {
            let part = &body[pair[0] + marker.len() + 2..pair[1] - 2];
            let gap = part
                .windows(4)
                .position(|w| w == b"\r\n\r\n")
                .expect("a blank line");
            (
                String::from_utf8_lossy(&part[..gap + 2]).into_owned(),
                part[gap + 4..].to_vec(),
            )
        })
        .collect()
}

#[test]
fn payloads_know_their_length_and_can_be_sent_again() {
    let payload = Payload::from_segments(vec![
        Segment::Bytes(Bytes::from_static(b"head")),
        Segment::File {
            path: std::path::Path::new("/tmp/f").into(),
            range: 10..110,
        },
        Segment::Bytes(Bytes::new()),
    ]);
    assert_eq!(payload.len(), 104);
    assert_eq!(payload.clone(), payload);
    assert!(Payload::empty().is_empty() && Payload::empty().segments().is_empty());
    assert_eq!(
        format!("{:?}", Payload::from(b"secret".to_vec())),
        "Payload([Bytes(6 bytes)])"
    );
}

#[test]
fn base_urls_are_checked() {
    for (text, path, expected) in [
        (
            "https://demo.at.example.test",
            "/openapi/x",
            "https://demo.at.example.test/openapi/x",
        ),
        (
            "http://127.0.0.1:8600/",
            "/openapi/x",
            "http://127.0.0.1:8600/openapi/x",
        ),
        (
            " https://gw.example.test/vod/ ",
            "/openapi/x",
            "https://gw.example.test/vod/openapi/x",
        ),
    ] {
        assert_eq!(
            text.parse::<BaseUrl>()
                .unwrap()
                .uri(path, None)
                .unwrap()
                .to_string(),
            expected
        );
    }
    for text in [
        "",
        "demo",
        "ftp://x",
        "https://",
        "/openapi",
        "https://user:pass@h.example.test",
        "https://h.example.test/?a=b",
    ] {
        let error = text.parse::<BaseUrl>().unwrap_err();
        assert!(
            error.to_string().starts_with("base URL: ") && !error.to_string().contains("pass@"),
            "{error}"
        );
    }
    let base: BaseUrl = "https://demo.at.example.test".parse().unwrap();
    assert!(base.uri("/x", Some(&"a".repeat(70_000))).is_err());
}
