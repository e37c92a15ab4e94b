//! What comes back, whatever it is.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use http::Method;
use http::header::{HeaderValue, LOCATION};
use vodkit_request::payload::Payload;
use vodkit_request::transport::TransportErrorKind;

use super::files::{pattern, pattern_file};
use super::server::{Server, chunked, reply};
use super::{Harness, assert_fails, get, ms, outgoing, post, timed};

/// An HTTP status is not an error, and its body arrives.
pub fn error_bodies_are_kept(case: &dyn Harness) {
    for status in [400, 401, 403, 404, 429, 500, 502, 503] {
        let body = format!("{{\"code\":{status},\"msg\":\"no\"}}");
        let server = Server::answering(reply(
            &format!("{status} Some Reason"),
            &["retry-after: 7", "x-request-id: r1"],
            &body,
        ));
        for outgoing in [
            get(server.url("/x")),
            post(server.url("/x"), b"a=1".to_vec()),
        ] {
            let reply = case.send(outgoing).unwrap();
            assert_eq!(reply.status(), status, "{}", case.name());
            assert_eq!(reply.body(), body.as_bytes());
            assert_eq!(reply.headers()["retry-after"], "7");
            assert_eq!(reply.headers()["x-request-id"], "r1");
        }
        assert_eq!(
            server.seen().len(),
            2,
            "{}: sent again by itself",
            case.name()
        );
    }
}

/// The same payload can be sent again after a 503.
pub fn payloads_can_be_sent_again(case: &dyn Harness) {
    let file = pattern_file();
    let asked = AtomicBool::new(false);
    let server = Server::start(move |peer| {
        while peer.read_request().is_some() {
            let status = if asked.swap(true, Ordering::SeqCst) {
                "200 OK"
            } else {
                "503 Busy"
            };
            peer.write(&reply(status, &[], "{}")).unwrap();
        }
    });
    let first = post(server.url("/x"), Payload::file(file.path(), 1..400_000));
    let again = first.clone();
    assert_eq!(case.send(first).unwrap().status(), 503);
    assert_eq!(case.send(again).unwrap().status(), 200);
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    for seen in seen {
        assert!(seen.body == pattern()[1..400_000], "{}", case.name());
    }
}

/// A redirect is a reply. Nothing reaches the place it points to.
pub fn redirects_are_not_followed(case: &dyn Harness) {
    let elsewhere = Server::answering(reply("200 OK", &[], "{}"));
    for status in [301, 302, 303, 307, 308] {
        let location = elsewhere.url("/taken");
        let server = Server::answering(reply(
            &format!("{status} Moved"),
            &[&format!("location: {location}")],
            "moved",
        ));
        for outgoing in [
            get(server.url("/x?sign=1")),
            post(server.url("/x"), b"a=1".to_vec()),
        ] {
            let reply = case.send(outgoing).unwrap();
            assert_eq!(reply.status(), status, "{}", case.name());
            assert_eq!(
                reply.headers().get(LOCATION),
                Some(&HeaderValue::from_str(&location).unwrap())
            );
            assert_eq!(reply.body(), "moved");
        }
    }
    assert_eq!(elsewhere.accepted(), 0, "{}", case.name());
}

/// Any body is a body: a page, a byte order mark, bytes that are no text, a wrong charset.
pub fn bodies_are_not_interpreted(case: &dyn Harness) {
    let bodies: [&[u8]; 4] = [
        b"<html>gateway</html>",
        b"\xef\xbb\xbf{}",
        &[0, 255, 254, 13, 10],
        b"",
    ];
    for body in bodies {
        let headers = ["content-type: text/html; charset=gb2312"];
        for bytes in [
            reply("200 OK", &headers, body),
            [
                reply("103 Early Hints", &[], "").as_slice(),
                &reply("200 OK", &headers, body),
            ]
            .concat()
            .replace_length(),
        ] {
            let server = Server::answering(bytes);
            assert_eq!(
                case.send(get(server.url("/x"))).unwrap().body(),
                body,
                "{}",
                case.name()
            );
        }
    }
}

trait InterimReply {
    /// Interim replies have no body, so no length either.
    fn replace_length(self) -> Self;
}

impl InterimReply for Vec<u8> {
    fn replace_length(self) -> Self {
        let line = b"content-length: 0\r\n";
        let at = self
            .windows(line.len())
            .position(|window| window == line)
            .unwrap();
        [&self[..at], &self[at + line.len()..]].concat()
    }
}

/// The end of a body told by chunks, or by the end of the connection.
pub fn every_framing_of_a_reply_is_read(case: &dyn Harness) {
    let server = Server::answering(chunked(&[], &[b"{\"a\"", b":", b"1}"]));
    assert_eq!(
        case.send(get(server.url("/x"))).unwrap().body(),
        "{\"a\":1}",
        "{}",
        case.name()
    );

    let server = Server::start(|peer| {
        peer.read_request().unwrap();
        peer.write(b"HTTP/1.1 200 OK\r\n\r\nto the end").unwrap();
    });
    assert_eq!(
        case.send(get(server.url("/x"))).unwrap().body(),
        "to the end",
        "{}",
        case.name()
    );

    let server = Server::answering(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec());
    assert_eq!(
        case.send(get(server.url("/x"))).unwrap().body(),
        "",
        "{}",
        case.name()
    );

    // A reply to HEAD tells a length without having it.
    let server = Server::answering(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_vec());
    let reply = case
        .send(outgoing(Method::HEAD, server.url("/x"), Payload::empty()))
        .unwrap();
    assert_eq!(
        (reply.body().len(), &reply.headers()["content-length"]),
        (0, &HeaderValue::from_static("99999999"))
    );
}

/// gzip is asked for and undone.
pub fn gzip_is_decompressed(case: &dyn Harness) {
    let plain = "{\"a\":1}".repeat(2_000);
    let packed = gzip(plain.as_bytes());
    let headers = ["content-encoding: gzip"];
    let halves = packed.split_at(packed.len() / 2);
    for bytes in [
        reply("200 OK", &headers, &packed),
        reply("500 Oops", &headers, &packed),
        chunked(&headers, &[halves.0, halves.1]),
    ] {
        let server = Server::answering(bytes);
        let reply = case.send(get(server.url("/x"))).unwrap();
        assert_eq!(reply.body(), plain.as_bytes(), "{}", case.name());
        assert_eq!(reply.headers().get("content-encoding"), None);
        assert_eq!(reply.headers().get("content-length"), None);
        assert_eq!(server.only().header("accept-encoding"), Some("gzip"));
    }
}

/// gzip that ends too early, or is none.
pub fn broken_gzip_is_an_error(case: &dyn Harness) {
    let packed = gzip(pattern());
    let headers = ["content-encoding: gzip"];
    let server = Server::answering(reply("200 OK", &headers, &packed[..packed.len() / 2]));
    assert_fails(
        case,
        case.send(get(server.url("/x"))),
        TransportErrorKind::Interrupted,
    );
    let server = Server::answering(reply("200 OK", &headers, "<html>not packed at all</html>"));
    assert_fails(
        case,
        case.send(get(server.url("/x"))),
        TransportErrorKind::Other,
    );
}

/// A small reply that unpacks to a very large one is cut at the limit.
pub fn gzip_bombs_are_cut(case: &dyn Harness) {
    let packed = gzip(&vec![0; 64 << 20]);
    assert!(packed.len() < 100_000);
    for bytes in [
        reply("200 OK", &["content-encoding: gzip"], &packed),
        chunked(&["content-encoding: gzip"], &[&packed]),
    ] {
        let server = Server::answering(bytes);
        let mut outgoing = get(server.url("/x"));
        outgoing.limits.response_bytes = 1 << 20;
        let outcome = timed(case, ms(0), ms(1_000), || case.send(outgoing));
        assert_fails(case, outcome, TransportErrorKind::ResponseTooLarge);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
