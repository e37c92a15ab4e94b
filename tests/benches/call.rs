//! One call on loopback through a transport, against the same call through its bare client.
//!
//! Both are run in turns inside one process, so that the state of the machine is the same for both; the ratio is the
//! figure. `cargo bench -p vodkit-tests --bench call`, target: at most 1.05.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use vodkit_async::Async;
use vodkit_blocking::Blocking;
use vodkit_request::transport::{AsyncTransport, BlockingTransport};
use vodkit_tests::conformance::server::{Server, reply};
use vodkit_tests::conformance::{get, post};

const ROUNDS: usize = 60;
const CALLS: usize = 200;

fn main() {
    // `cargo test --benches` only wants to know that it runs.
    let rounds = if std::env::args().any(|argument| argument == "--bench") {
        ROUNDS
    } else {
        1
    };
    let body = b"partner_id=1&timestamp=1700000000&page=1&sign=0123456789abcdef0123456789abcdef";
    let server = Server::answering(reply(
        "200 OK",
        &["content-type: application/json"],
        vec![b'x'; 1024],
    ));
    let url = server.url("/openapi/video/list?a=1");

    let ours = Blocking::new().unwrap();
    let bare = ureq::Agent::new_with_defaults();
    compare(
        "blocking GET",
        rounds,
        || ours.send(get(&url)).unwrap().into_body().len(),
        || {
            bare.get(&url)
                .call()
                .unwrap()
                .body_mut()
                .read_to_vec()
                .unwrap()
                .len()
        },
    );
    compare(
        "blocking POST",
        rounds,
        || {
            ours.send(post(&url, body.to_vec()))
                .unwrap()
                .into_body()
                .len()
        },
        || {
            bare.post(&url)
                .send(body)
                .unwrap()
                .body_mut()
                .read_to_vec()
                .unwrap()
                .len()
        },
    );

    let runtime = Runtime::new().unwrap();
    let ours = Async::new().unwrap();
    let bare = bare_reqwest();
    compare(
        "async GET",
        rounds,
        || {
            runtime
                .block_on(ours.send(get(&url)))
                .unwrap()
                .into_body()
                .len()
        },
        || {
            runtime.block_on(async {
                bare.get(&url)
                    .send()
                    .await
                    .unwrap()
                    .bytes()
                    .await
                    .unwrap()
                    .len()
            })
        },
    );
    compare(
        "async POST",
        rounds,
        || {
            runtime
                .block_on(ours.send(post(&url, body.to_vec())))
                .unwrap()
                .into_body()
                .len()
        },
        || {
            runtime.block_on(async {
                bare.post(&url)
                    .body(body.to_vec())
                    .send()
                    .await
                    .unwrap()
                    .bytes()
                    .await
                    .unwrap()
                    .len()
            })
        },
    );
}

fn compare(name: &str, rounds: usize, ours: impl Fn() -> usize, bare: impl Fn() -> usize) {
    let (mut ours_took, mut bare_took) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let sets: [(&dyn Fn() -> usize, &mut Vec<Duration>); 2] =
            [(&ours, &mut ours_took), (&bare, &mut bare_took)];
        for (call, took) in sets {
            for _ in 0..CALLS {
                let start = Instant::now();
                assert_eq!(call(), 1024);
                // The first round opens connections and warms caches.
                if round > 0 {
                    took.push(start.elapsed());
                }
            }
        }
    }
    ours_took.sort();
    bare_took.sort();
    // The fastest tenth says what the calls cost, the median what they cost on this machine now.
    let of = |part: usize| {
        (
            ours_took[ours_took.len() / part],
            bare_took[bare_took.len() / part],
        )
    };
    for (label, (ours, bare)) in [("fastest tenth", of(10)), ("median", of(2))] {
        let ratio = ours.as_secs_f64() / bare.as_secs_f64();
        println!("{name}, {label}: {ours:?} over the bare client's {bare:?} is {ratio:.3}");
    }
}

/// No TLS is done here, but reqwest asks for a set-up all the same.
fn bare_reqwest() -> reqwest::Client {
    let tls = rustls::ClientConfig::builder_with_provider(
        rustls::crypto::ring::default_provider().into(),
    )
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(rustls::RootCertStore::empty())
    .with_no_client_auth();
    reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(tls)
        .build()
        .unwrap()
}
