//! What goes out: targets, lengths, bodies.

use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use vodkit_request::payload::{Payload, Segment};
use vodkit_request::transport::TransportErrorKind;

use super::files::{PATTERN_LEN, pattern, pattern_file};
use super::server::{Seen, Server, reply};
use super::{Harness, assert_fails, get, outgoing, post};

fn ok() -> Server {
    Server::answering(reply("200 OK", &[], "{}"))
}

/// A request without payload says nothing about a body.
pub fn get_has_no_body_headers(case: &dyn Harness) {
    let server = ok();
    for method in [Method::GET, Method::HEAD, Method::DELETE, Method::OPTIONS] {
        case.send(outgoing(method, server.url("/x"), Payload::empty()))
            .unwrap();
    }
    for seen in server.seen() {
        for name in [
            "content-length",
            "transfer-encoding",
            "content-type",
            "expect",
        ] {
            assert_eq!(seen.header(name), None, "{}: {seen:?}", case.name());
        }
    }
}

/// Methods that usually have a body say that there is none.
pub fn empty_post_has_length_zero(case: &dyn Harness) {
    let server = ok();
    for method in [Method::POST, Method::PUT, Method::PATCH] {
        case.send(outgoing(method.clone(), server.url("/x"), Payload::empty()))
            .unwrap();
        // A payload of nothing is the same.
        case.send(outgoing(method, server.url("/x"), Bytes::new()))
            .unwrap();
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 6);
    for seen in seen {
        assert_eq!(
            seen.header("content-length"),
            Some("0"),
            "{}: {seen:?}",
            case.name()
        );
        assert_eq!(seen.header("transfer-encoding"), None);
    }
}

/// Bytes in memory, of sizes around every buffer on the way.
pub fn post_of_bytes_has_an_exact_length(case: &dyn Harness) {
    for size in [
        1,
        8 * 1024 + 1,
        64 * 1024,
        64 * 1024 + 1,
        256 * 1024,
        1_000_003,
    ] {
        let server = ok();
        let body: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        case.send(post(server.url("/x"), body.clone())).unwrap();
        assert_body(case, &server.only(), &body);
    }
}

/// Memory and stretches of files in one body.
pub fn segments_are_joined(case: &dyn Harness) {
    let (file, server) = (pattern_file(), ok());
    let path: std::sync::Arc<std::path::Path> = file.path().into();
    let ranges = [
        0..1,
        5..300_000,
        7..7,
        262_144..524_288,
        PATTERN_LEN - 1..PATTERN_LEN,
    ];
    let mut segments = vec![Segment::Bytes(Bytes::from_static(b"--head--"))];
    let mut expected = b"--head--".to_vec();
    for range in ranges {
        expected.extend_from_slice(&pattern()[range.start as usize..range.end as usize]);
        segments.push(Segment::File {
            path: path.clone(),
            range,
        });
        segments.push(Segment::Bytes(Bytes::from_static(b"|")));
        expected.push(b'|');
    }
    case.send(post(server.url("/x"), Payload::from_segments(segments)))
        .unwrap();
    assert_body(case, &server.only(), &expected);
}

/// Methods other than `POST` carry bodies too.
pub fn delete_has_a_body(case: &dyn Harness) {
    let (file, server) = (pattern_file(), ok());
    case.send(outgoing(
        Method::DELETE,
        server.url("/x"),
        b"{\"id\":1}".to_vec(),
    ))
    .unwrap();
    case.send(outgoing(
        Method::DELETE,
        server.url("/x"),
        Payload::file(file.path(), 10..20),
    ))
    .unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].target(), ("DELETE", "/x"));
    assert_body(case, &seen[0], b"{\"id\":1}");
    assert_body(case, &seen[1], &pattern()[10..20]);
}

/// Framing headers of the caller's do not get in the way.
pub fn length_is_the_payloads(case: &dyn Harness) {
    let server = ok();
    let mut outgoing = post(server.url("/x"), b"12345".to_vec());
    outgoing
        .request
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from_static("3"));
    outgoing
        .request
        .headers_mut()
        .insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    case.send(outgoing).unwrap();
    assert_body(case, &server.only(), b"12345");
}

/// The target is what a signature was made over.
pub fn target_is_untouched(case: &dyn Harness) {
    let targets = [
        "/",
        "/a",
        "/a/b.c/d-e_f~g",
        "/a?",
        "/a?b=c&d=",
        "/a?sign=0123abcDEF&title=%E6%B5%8B%E8%AF%95%20%2B%26%3D&x=a+b",
        "/%7Ea/%2F/%41?lower=%e6&upper=%E6",
        "/a//b/?x=%00%0d%0a",
        "/a?list=1,2,3&at=b:c@d;e!f*(g)$h/i?j",
    ];
    for target in targets {
        let server = ok();
        case.send(get(server.url(target))).unwrap();
        let seen = server.only();
        assert_eq!(
            seen.line,
            format!("GET {target} HTTP/1.1"),
            "{}",
            case.name()
        );
        assert_eq!(
            seen.header("host"),
            Some(server.address().to_string().as_str())
        );
    }
}

/// What cannot be sent is refused, not mended.
pub fn unusable_addresses_are_refused(case: &dyn Harness) {
    for url in [
        "/only/a/path",
        "ftp://127.0.0.1/x",
        "http://user:word@127.0.0.1:1/x",
    ] {
        assert_fails(
            case,
            case.send(get(url)),
            TransportErrorKind::InvalidRequest,
        );
    }
}

/// The requests whose wire bytes both transports must agree on.
#[must_use]
pub fn wire_log(case: &dyn Harness) -> Vec<Seen> {
    let (file, server) = (pattern_file(), ok());
    let mut all = vec![
        get(server.url("/a?sign=%E6&x=1")),
        outgoing(Method::HEAD, server.url("/head"), Payload::empty()),
        outgoing(Method::DELETE, server.url("/none"), Payload::empty()),
        outgoing(Method::DELETE, server.url("/some"), b"{}".to_vec()),
        post(server.url("/empty"), Payload::empty()),
        post(server.url("/bytes"), b"a=1&b=%20".to_vec()),
        post(server.url("/large"), vec![1; 300_000]),
        outgoing(
            Method::PUT,
            server.url("/file"),
            Payload::file(file.path(), 3..600_000),
        ),
    ];
    all[5].request.headers_mut().insert(
        "content-type",
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    all[6]
        .request
        .headers_mut()
        .insert("accept", HeaderValue::from_static("application/json"));
    all[6]
        .request
        .headers_mut()
        .insert("user-agent", HeaderValue::from_static("someone/1"));
    all[7]
        .request
        .headers_mut()
        .insert("range", HeaderValue::from_static("bytes=0-1"));
    for outgoing in all {
        case.send(outgoing).unwrap();
    }
    let mut seen = server.seen();
    for seen in &mut seen {
        let host = seen
            .headers
            .iter_mut()
            .find(|(name, _)| name == "host")
            .unwrap();
        assert_eq!(host.1, server.address().to_string());
        "server".clone_into(&mut host.1);
    }
    seen
}

fn assert_body(case: &dyn Harness, seen: &Seen, body: &[u8]) {
    assert_eq!(
        seen.header("content-length"),
        Some(body.len().to_string().as_str()),
        "{}",
        case.name()
    );
    assert_eq!(seen.header("transfer-encoding"), None);
    assert_eq!(
        seen.headers
            .iter()
            .filter(|(name, _)| name == "content-length")
            .count(),
        1
    );
    assert!(
        seen.complete && seen.body == body,
        "{}: another body of {} bytes",
        case.name(),
        seen.body.len()
    );
}
