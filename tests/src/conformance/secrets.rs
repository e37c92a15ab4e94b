//! Signatures and tokens are in targets, headers and bodies, and must not be in anything that is printed.

use std::error::Error;
use std::net::TcpListener;

use http::HeaderValue;
use vodkit_request::payload::Payload;
use vodkit_request::transport::Outgoing;

use super::server::{Server, chunked, reply};
use super::{Harness, Setup, ms, post};

const CANARY: &str = "CANARY";

/// No error, request or transport tells a secret, also when the server throws it back.
pub fn canary_is_never_printed(case: &dyn Harness) {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let echo = |make: fn(String) -> Vec<u8>| {
        Server::start(move |peer| {
            // Nothing readable comes where TLS is tried.
            if let Some(seen) = peer.read_request() {
                let _ = peer.write(&make(seen.line));
            }
        })
    };
    let silent = Server::start(|peer| peer.hold());
    let servers = [
        echo(|_| Vec::new()),
        echo(|line| format!("{line}\r\n\r\n").into_bytes()),
        echo(|line| format!("HTTP/1.1 200 OK\r\n{line}\r\n\r\n").into_bytes()),
        echo(|line| {
            format!("HTTP/1.1 200 {line}\r\ncontent-length: 9\r\n\r\n{line}").into_bytes()[..60]
                .to_vec()
        }),
        echo(|line| {
            format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{line}\r\n\r\n")
                .into_bytes()
        }),
        echo(|line| chunked(&["content-encoding: gzip"], &[line.as_bytes()])),
        echo(|line| {
            reply(
                "200 OK",
                &[&format!("x-{}: y", line.replace(' ', "-").repeat(20_000))],
                "",
            )
        }),
        echo(|_| reply("200 OK", &[], vec![0; 5 << 20])),
    ];
    let mut urls: Vec<String> = servers.iter().map(|server| server.url("")).collect();
    urls.push(silent.url(""));
    urls.push(format!("http://{closed}"));
    urls.push(format!("https://{closed}"));
    urls.push(format!("https://{}", servers[0].address()));
    urls.push("ftp://127.0.0.1".to_owned());
    urls.push(format!("http://{}.invalid", "a".repeat(70)));

    let proxied = case.with(&Setup {
        proxy: Some(format!("http://user:{CANARY}@{closed}")),
        ..Setup::default()
    });
    let mut failures = 0;
    for url in &urls {
        let secret = format!("{url}/path?sign={CANARY}0123&token={CANARY}");
        let payloads = [
            Payload::from(format!("partner_key={CANARY}").into_bytes()),
            Payload::file(directory.path().join("none"), 0..9),
        ];
        for payload in payloads {
            for transport in [case, &*proxied] {
                let mut outgoing = post(&secret, payload.clone());
                outgoing.limits.stall = ms(100);
                outgoing
                    .request
                    .headers_mut()
                    .insert("x-token", HeaderValue::from_static(CANARY));
                assert_clean(transport, &debug(&outgoing));
                if let Err(error) = transport.send(outgoing) {
                    failures += 1;
                    assert_clean(transport, &format!("{error} {error:?} {error:#?}"));
                    let mut source = error.source();
                    while let Some(deeper) = source {
                        assert_clean(transport, &format!("{deeper} {deeper:?}"));
                        source = deeper.source();
                    }
                }
                assert_clean(transport, &transport.debug());
            }
        }
    }
    assert_eq!(
        failures,
        urls.len() * 4,
        "{}: every one of these must fail",
        case.name()
    );
}

fn debug(outgoing: &Outgoing) -> String {
    format!("{outgoing:?} {outgoing:#?}")
}

fn assert_clean(case: &dyn Harness, text: &str) {
    assert!(!text.contains(CANARY), "{}: {text}", case.name());
}
