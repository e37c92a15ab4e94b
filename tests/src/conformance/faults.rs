//! Connections that break, and peers that do not speak HTTP.

use std::net::TcpListener;

use vodkit_request::transport::TransportErrorKind::{self, Connect, Interrupted, Other};

use super::server::{Server, reply};
use super::{Harness, assert_fails, get, ms, post, timed};

/// Nobody listens.
pub fn refused_port_is_connect(case: &dyn Harness) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = assert_fails(
        case,
        case.send(post(format!("http://{address}/x"), b"a=1".to_vec())),
        Connect,
    );
    assert_eq!(error.to_string(), "connection refused");
}

/// A name that cannot be looked up. It is longer than any name may be, so that nobody is asked.
pub fn unknown_host_is_connect(case: &dyn Harness) {
    let url = format!("http://{}.invalid/x", "a".repeat(70));
    assert_fails(case, case.send(get(url)), Connect);
}

/// The other side of an https URL does not speak TLS.
pub fn failed_tls_is_connect(case: &dyn Harness) {
    let server = Server::start(|peer| {
        let _ = peer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.drain();
    });
    let url = format!("https://{}/x?sign=CANARY", server.address());
    let error = assert_fails(case, case.send(post(url, b"CANARY".to_vec())), Connect);
    assert!(!format!("{error} {error:?}").contains("CANARY"));
}

/// The connection ends before, in, and after the head: the vendor may have acted.
pub fn cut_replies_are_interrupted(case: &dyn Harness) {
    let parts = [
        "",
        "HTTP/1.1 200 O",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n123456789",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n123",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n",
    ];
    for part in parts {
        let server = Server::start(move |peer| {
            peer.read_request().unwrap();
            peer.write(part.as_bytes()).unwrap();
        });
        let outcome = case.send(post(server.url("/x"), b"a=1".to_vec()));
        assert_fails(case, outcome, Interrupted);
        assert_eq!(
            (server.accepted(), server.seen().len()),
            (1, 1),
            "{}: sent again",
            case.name()
        );
    }
}

/// The connection is reset with the request unread.
pub fn reset_is_interrupted(case: &dyn Harness) {
    // Closing with unread bytes makes the system send a reset.
    let server = Server::start(|peer| {
        peer.read_head().unwrap();
    });
    let outcome = case.send(post(server.url("/x"), vec![0; 8 << 20]));
    assert_fails(case, outcome, Interrupted);
    assert_eq!(server.accepted(), 1, "{}: sent again", case.name());
}

/// Something that is not HTTP.
pub fn garbage_is_other(case: &dyn Harness) {
    let garbage: [&[u8]; 4] = [
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n\r\n\r\n",
        &[0x16, 3, 1, 2, 0, 1, 0, 13, 10, 13, 10],
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnot a length\r\n\r\n",
    ];
    for bytes in garbage {
        let server = Server::start(move |peer| {
            peer.read_request().unwrap();
            peer.write(bytes).unwrap();
            peer.finish_writing();
            peer.drain();
        });
        let outcome = timed(case, ms(0), ms(1_000), || case.send(get(server.url("/x"))));
        assert_fails(case, outcome, Other);
    }
}

/// The server answers in the middle of the body and still reads on: the answer counts.
pub fn early_answer_is_heard(case: &dyn Harness) {
    let server = Server::start(|peer| {
        peer.read_head().unwrap();
        peer.write(&reply("413 Too Large", &["connection: close"], "too large"))
            .unwrap();
        peer.finish_writing();
        peer.drain();
    });
    let reply = case
        .send(post(server.url("/x"), vec![0; 16 << 20]))
        .unwrap();
    assert_eq!(
        (reply.status().as_u16(), &reply.body()[..]),
        (413, b"too large".as_slice()),
        "{}",
        case.name()
    );
}

/// The server answers and neither reads nor closes: the answer counts, at the latest after the stall limit.
pub fn early_answer_of_a_deaf_server_is_heard(case: &dyn Harness) {
    let server = Server::start(|peer| {
        peer.read_head().unwrap();
        peer.write(&reply("413 Too Large", &["connection: close"], "too large"))
            .unwrap();
        peer.hold();
    });
    let mut outgoing = post(server.url("/x"), vec![0; 64 << 20]);
    outgoing.limits.stall = ms(300);
    let reply = timed(case, ms(0), ms(600), || case.send(outgoing)).unwrap();
    assert_eq!(
        (reply.status().as_u16(), &reply.body()[..]),
        (413, b"too large".as_slice()),
        "{}",
        case.name()
    );
}

/// The server answers and closes with bytes unread, so that a reset follows the answer: heard or interrupted, nothing else.
pub fn early_answer_with_reset_is_heard_or_interrupted(case: &dyn Harness) {
    for _ in 0..20 {
        let server = Server::start(|peer| {
            peer.read_head().unwrap();
            peer.skip(256 * 1024);
            peer.write(&reply("413 Too Large", &["connection: close"], "too large"))
                .unwrap();
        });
        match case.send(post(server.url("/x"), vec![0; 16 << 20])) {
            Ok(reply) => assert_eq!(
                (reply.status().as_u16(), &reply.body()[..]),
                (413, b"too large".as_slice())
            ),
            Err(error) => assert_eq!(
                error.kind,
                TransportErrorKind::Interrupted,
                "{}: {error:?}",
                case.name()
            ),
        }
        assert_eq!(server.accepted(), 1, "{}: sent again", case.name());
    }
}
