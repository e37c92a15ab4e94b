//! Which connection a request takes.

use vodkit_request::transport::TransportErrorKind;

use super::server::{Server, chunked, reply};
use super::{Harness, Setup, assert_fails, get, post};

/// Calls one after another share a connection, whatever their replies.
pub fn connection_is_kept(case: &dyn Harness) {
    let server = Server::start(|peer| {
        let replies = [
            reply("200 OK", &[], "{}"),
            reply("404 Not Found", &[], "{}"),
            chunked(&[], &[b"abc"]),
            reply("302 Found", &["location: /y"], ""),
            b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            reply("200 OK", &[], vec![0; 300_000]),
        ];
        let mut replies = replies.iter().cycle();
        while peer.read_request().is_some() {
            peer.write(replies.next().unwrap()).unwrap();
        }
    });
    for _ in 0..6 {
        case.send(get(server.url("/x"))).unwrap();
        case.send(post(server.url("/x"), vec![0; 100_000])).unwrap();
    }
    assert_eq!(server.seen().len(), 12, "{}", case.name());
    // hyper opens a second connection when the first is not back in the pool yet, and takes what is ready first. On loopback that may
    // be the new one, where other threads drive the connection.
    let most = if case.name() == "threaded" { 4 } else { 1 };
    assert!(
        server.accepted() <= most,
        "{}: {} connections",
        case.name(),
        server.accepted()
    );
}

/// An idle connection that the server has closed is replaced, also for a call that must not be sent twice.
pub fn closed_idle_connection_is_replaced(case: &dyn Harness) {
    let server = Server::start(|peer| {
        peer.read_request().unwrap();
        peer.write(&reply("200 OK", &[], "{}")).unwrap();
    });
    for count in 1..=4 {
        match case.send(post(server.url("/x"), b"a=1".to_vec())) {
            Ok(reply) => assert_eq!(reply.status(), 200, "{}", case.name()),
            // The call comes at once after the end of the connection, so another thread may not have seen that end yet.
            Err(error) => assert_eq!(
                (error.kind, case.name()),
                (TransportErrorKind::Interrupted, "threaded")
            ),
        }
        server.wait_finished(count.min(server.accepted()));
    }
    if case.name() != "threaded" {
        assert_eq!(
            (server.accepted(), server.seen().len()),
            (4, 4),
            "{}",
            case.name()
        );
    }
    assert!(server.seen().len() <= 4, "{}: sent again", case.name());
}

/// A kept connection that closes when the request is already there: nobody knows what the server did, so it is not sent again.
pub fn request_on_a_dying_connection_is_not_repeated(case: &dyn Harness) {
    for large in [false, true] {
        let server = Server::start(|peer| {
            peer.read_request().unwrap();
            if peer.connection > 0 {
                peer.write(&reply("200 OK", &[], "a new connection"))
                    .unwrap();
                return;
            }
            peer.write(&reply("200 OK", &[], "{}")).unwrap();
            peer.read_request();
        });
        case.send(get(server.url("/first"))).unwrap();
        let second = if large {
            post(server.url("/second"), vec![0; 200_000])
        } else {
            get(server.url("/second"))
        };
        let outcome = case.send(second);
        let seconds: Vec<_> = server
            .seen()
            .into_iter()
            .filter(|seen| seen.target().1 == "/second")
            .collect();
        assert_eq!(seconds.len(), 1, "{}: sent again", case.name());
        // See above for the other way.
        if seconds[0].connection == 0 || case.name() != "threaded" {
            assert_fails(case, outcome, TransportErrorKind::Interrupted);
        }
    }
}

/// `connection: close` is obeyed.
pub fn announced_close_is_obeyed(case: &dyn Harness) {
    let server = Server::answering(reply("200 OK", &["connection: close"], "{}"));
    for _ in 0..3 {
        case.send(get(server.url("/x"))).unwrap();
    }
    assert_eq!(server.accepted(), 3, "{}", case.name());
}

/// A proxy gets everything; the place asked for gets nothing directly.
pub fn proxy_is_used(case: &dyn Harness) {
    let target = Server::answering(reply("200 OK", &[], "direct"));
    // Plain enough for both ways to ask: as a tunnel, or with the whole URL as target.
    let proxy = Server::start(|peer| {
        let mut seen = peer.read_request().unwrap();
        if seen.target().0 == "CONNECT" {
            peer.write(b"HTTP/1.1 200 Connection Established\r\n\r\n")
                .unwrap();
            seen = peer.read_request().unwrap();
        }
        assert!(seen.target().1.ends_with("/x?a=1"), "{seen:?}");
        peer.write(&reply("200 OK", &[], "through the proxy"))
            .unwrap();
    });
    let proxied = case.with(&Setup {
        proxy: Some(format!("http://user:word@{}", proxy.address())),
        ..Setup::default()
    });
    let answer = proxied.send(get(target.url("/x?a=1"))).unwrap();
    assert_eq!(answer.body(), "through the proxy", "{}", case.name());
    // Basic, of "user:word".
    assert_eq!(
        proxy.seen()[0].header("proxy-authorization"),
        Some("Basic dXNlcjp3b3Jk")
    );
    assert_eq!(target.accepted(), 0, "{}", case.name());

    let refusing = Server::answering(reply("407 Proxy Authentication Required", &[], ""));
    let refused = case.with(&Setup {
        proxy: Some(format!("http://{}", refusing.address())),
        ..Setup::default()
    });
    let outcome = refused.send(get(format!("https://{}/x", target.address())));
    assert_fails(&*refused, outcome, TransportErrorKind::Connect);
}
