//! Time and size.

use vodkit_request::payload::Payload;
use vodkit_request::transport::TransportErrorKind;

use super::server::{Server, reply};
use super::{Harness, Setup, assert_fails, get, ms, post, timed};

/// The total limit ends a reply that goes on slowly.
pub fn slow_reply_meets_the_total_limit(case: &dyn Harness) {
    let server = Server::start(|peer| {
        peer.read_request().unwrap();
        peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
            .unwrap();
        peer.drip(&[b'.'; 1_000], ms(20));
    });
    let mut outgoing = get(server.url("/x"));
    outgoing.limits.total = Some(ms(300));
    let outcome = timed(case, ms(300), ms(400), || case.send(outgoing));
    assert_fails(case, outcome, TransportErrorKind::Timeout);
}

/// The total limit ends an upload that goes on slowly.
pub fn slow_upload_meets_the_total_limit(case: &dyn Harness) {
    let server = Server::start(|peer| {
        peer.read_head().unwrap();
        while !peer.wait_stop(ms(10)) {
            peer.skip(64 * 1024);
        }
    });
    let mut outgoing = post(server.url("/x"), vec![0; 64 << 20]);
    outgoing.limits.total = Some(ms(300));
    let outcome = timed(case, ms(300), ms(400), || case.send(outgoing));
    assert_fails(case, outcome, TransportErrorKind::Timeout);
}

/// No reply at all, half a head, half a body: each is a stall.
pub fn silence_meets_the_stall_limit(case: &dyn Harness) {
    for part in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
    ] {
        let server = Server::start(move |peer| {
            peer.read_request().unwrap();
            peer.write(part.as_bytes()).unwrap();
            peer.hold();
        });
        let mut outgoing = get(server.url("/x"));
        outgoing.limits.stall = ms(250);
        let outcome = timed(case, ms(250), ms(400), || case.send(outgoing));
        assert_fails(case, outcome, TransportErrorKind::Timeout);
    }
}

/// A server that does not read, of bytes and of a body with progress.
pub fn unread_upload_meets_the_stall_limit(case: &dyn Harness) {
    let server = Server::start(|peer| {
        peer.read_head().unwrap();
        peer.hold();
    });
    for total in [None, Some(ms(20_000))] {
        let mut outgoing = post(server.url("/x"), vec![0; 64 << 20]);
        outgoing.limits.stall = ms(300);
        outgoing.limits.total = total;
        let outcome = timed(case, ms(300), ms(600), || case.send(outgoing));
        assert_fails(case, outcome, TransportErrorKind::Timeout);
    }
}

/// Slow is not stalled: an upload and a reply that each take longer than the stall limit.
pub fn steady_traffic_is_no_stall(case: &dyn Harness) {
    let size = 24 << 20;
    let server = Server::start(move |peer| {
        peer.read_head().unwrap();
        // The limit must cover what the kernel holds, some 10 MB on loopback: while that drains, nothing moves for the client.
        for _ in 0..24 {
            peer.skip(size / 24);
            peer.wait_stop(ms(40));
        }
        if peer
            .write(b"HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n")
            .is_ok()
        {
            peer.drip(&[b'.'; 60], ms(16));
        }
    });
    let mut outgoing = post(server.url("/x"), vec![0; size]);
    outgoing.limits.stall = ms(800);
    let reply = timed(case, ms(1_600), ms(5_000), || case.send(outgoing)).unwrap();
    assert_eq!(reply.body().len(), 60, "{}", case.name());
}

/// A reply that comes in single bytes.
pub fn single_bytes_make_a_reply(case: &dyn Harness) {
    let server = Server::start(|peer| {
        peer.read_request().unwrap();
        peer.drip(&reply("200 OK", &["x-a: b"], "{\"a\":1}"), ms(1));
    });
    assert_eq!(
        case.send(get(server.url("/x"))).unwrap().body(),
        "{\"a\":1}",
        "{}",
        case.name()
    );
}

/// A reply without end, however it is framed, and one that announces too much.
pub fn endless_reply_is_cut(case: &dyn Harness) {
    let heads = [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
    ];
    for head in heads {
        let server = Server::start(move |peer| {
            peer.read_request().unwrap();
            peer.write(head.as_bytes()).unwrap();
            let chunk = [
                format!("{:x}\r\n", 64 * 1024).as_bytes(),
                &[b'.'; 64 * 1024],
                b"\r\n",
            ]
            .concat();
            while peer.write(&chunk).is_ok() {}
        });
        let mut outgoing = get(server.url("/x"));
        outgoing.limits.response_bytes = 1 << 20;
        let outcome = timed(case, ms(0), ms(1_000), || case.send(outgoing));
        assert_fails(case, outcome, TransportErrorKind::ResponseTooLarge);
        server.wait_finished(1);
    }
}

/// A head without end.
pub fn endless_head_is_cut(case: &dyn Harness) {
    let server = Server::start(|peer| {
        peer.read_request().unwrap();
        let _ = peer.write(b"HTTP/1.1 200 OK\r\n");
        while peer
            .write(format!("x-{}: y\r\n", "a".repeat(8_000)).as_bytes())
            .is_ok()
        {}
    });
    let outcome = timed(case, ms(0), ms(1_000), || case.send(get(server.url("/x"))));
    assert_fails(case, outcome, TransportErrorKind::ResponseTooLarge);
}

/// A reply of exactly the limit is none too large; one byte more is.
pub fn size_limit_is_exact(case: &dyn Harness) {
    let server = Server::answering(reply("200 OK", &[], "12345"));
    let mut outgoing = get(server.url("/x"));
    outgoing.limits.response_bytes = 5;
    assert_eq!(
        case.send(outgoing.clone()).unwrap().body(),
        "12345",
        "{}",
        case.name()
    );
    outgoing.limits.response_bytes = 4;
    assert_fails(
        case,
        case.send(outgoing),
        TransportErrorKind::ResponseTooLarge,
    );
}

/// A connection that is not ready in time was never used.
pub fn connect_has_its_own_limit(case: &dyn Harness) {
    // TLS belongs to connecting: this server never answers the handshake.
    let server = Server::start(|peer| peer.hold());
    let case = case.with(&Setup {
        connect_timeout: Some(ms(250)),
        ..Setup::default()
    });
    let outgoing = post(
        format!("https://{}/x", server.address()),
        Payload::from(b"a=1".to_vec()),
    );
    let outcome = timed(&*case, ms(250), ms(400), || case.send(outgoing));
    let error = assert_fails(&*case, outcome, TransportErrorKind::Connect);
    assert_eq!(error.to_string(), "connecting timed out");
}
