//! One call on loopback: the transports and the whole call against the bare clients they are built on.
//!
//! `cargo bench -p vodkit-tests --bench call [-- ROUNDS]`. The ratios are the figures; absolute times move with the machine.
//!
//! A call on loopback is little more than two threads waking one another, and what a wake-up costs depends on the cores that the
//! scheduler has put them on: three times as much when the core that is woken was asleep. So the arms of a group take turns
//! call by call, in one thread, and one thread serves the connections of all of them: whatever the placement is, it is the same for
//! each. The arm `bare again` is the bare client once more. What it differs from the first by is the error of the measurement.
//!
//! Times have two peaks where the placement changes on the way, and a percentile that falls between them says nothing. The last column
//! is the median of what a call took over the bare call of the same round; it holds then as well.
//!
//! All arms of a group send the same number of bytes, which is asserted, and read the whole reply.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use http::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use vodkit_async::Async;
use vodkit_baijiayun::Client;
use vodkit_blocking::Blocking;
use vodkit_request::payload::Payload;
use vodkit_request::transport::{AsyncTransport, BlockingTransport, Limits, Outgoing, Tick};

const ROUNDS: usize = 5_000;
const WARM_UP: usize = 200;

const PARTNER_ID: u64 = 12_345_678;
const PARTNER_KEY: &str = "test-partner-key-0123456789";
const USER_AGENT: &str = concat!("vodkit/", env!("CARGO_PKG_VERSION"));

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` only wants to know that it runs.
    let rounds = if arguments.iter().any(|argument| argument == "--bench") {
        arguments
            .iter()
            .find_map(|argument| argument.parse().ok())
            .unwrap_or(ROUNDS)
    } else {
        5
    };
    let server = Server::start();

    let plain = Builder::new_current_thread().build().unwrap();
    for what in What::ALL {
        plain.block_on(compare(
            &format!("blocking, {}", what.name()),
            rounds,
            &server,
            blocking_arms(what, &server),
        ));
    }
    for flavour in Flavour::ALL {
        for what in What::ALL {
            let runtime = flavour.runtime();
            let (name, server) = (
                format!("{}, {}", flavour.name(), what.name()),
                server.clone(),
            );
            let run = async move {
                let arms = async_arms(what, &server);
                compare(&name, rounds, &server, arms).await;
            };
            match flavour {
                Flavour::Task => runtime.block_on(async { tokio::spawn(run).await.unwrap() }),
                Flavour::CurrentThread | Flavour::Main => runtime.block_on(run),
            }
        }
    }
}

/// What is called.
#[derive(Clone, Copy)]
enum What {
    /// The smallest result there is: an empty map.
    Get,
    /// No result at all.
    Post,
    /// A result of 1 kB, which the whole call decodes and the others leave as bytes.
    Decoded,
}

impl What {
    const ALL: [Self; 3] = [Self::Get, Self::Post, Self::Decoded];

    fn name(self) -> &'static str {
        match self {
            Self::Get => "GET, empty result",
            Self::Post => "POST, no result",
            Self::Decoded => "POST, getInfo decoded",
        }
    }

    /// The request of the whole call, which the other arms send as it is.
    fn request(self, server: &Server) -> Request<Payload> {
        let client = client((), server);
        let tick = Tick {
            now: vodkit_request::Timestamp(1_700_000_000_000),
            ..Tick::default()
        };
        match self {
            Self::Get => client.get_storage_and_flow_info().request(tick),
            Self::Post => client.delete_subtitle(112_459).request(tick),
            Self::Decoded => client.get_info(112_459).request(tick),
        }
        .unwrap()
    }
}

/// Where an async program makes its calls.
#[derive(Clone, Copy)]
enum Flavour {
    CurrentThread,
    /// In a task, as the handlers of a server do.
    Task,
    /// In the main function, as small programs do. The connection is driven by another thread there.
    Main,
}

impl Flavour {
    const ALL: [Self; 3] = [Self::CurrentThread, Self::Task, Self::Main];

    fn name(self) -> &'static str {
        match self {
            Self::CurrentThread => "async on one thread",
            Self::Task => "async in a task of many threads",
            Self::Main => "async in main of many threads",
        }
    }

    fn runtime(self) -> Runtime {
        match self {
            Self::CurrentThread => Builder::new_current_thread().enable_all().build(),
            Self::Task | Self::Main => Builder::new_multi_thread().enable_all().build(),
        }
        .unwrap()
    }
}

fn client<T>(transport: T, server: &Server) -> Client<T> {
    Client::builder()
        .partner_id(PARTNER_ID)
        .partner_key(PARTNER_KEY)
        .base_url(format!("http://{}", server.address))
        .build(transport)
        .unwrap()
}

type Step = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Arm {
    name: &'static str,
    call: Box<dyn Fn() -> Step + Send + Sync>,
}

impl Arm {
    fn blocking(name: &'static str, call: impl Fn() + Send + Sync + 'static) -> Self {
        let call = Arc::new(call);
        Self::new(name, move || {
            let call = call.clone();
            async move { call() }
        })
    }

    fn new<F: Future<Output = ()> + Send + 'static>(
        name: &'static str,
        call: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        Self {
            name,
            call: Box::new(move || Box::pin(call())),
        }
    }
}

fn blocking_arms(what: What, server: &Server) -> Vec<Arm> {
    let request = what.request(server);
    let bare = |agent: ureq::Agent| {
        let request = request.clone();
        move || {
            let (parts, payload) = request.clone().into_parts();
            let mut reply = match payload.as_bytes() {
                None => agent.run(Request::from_parts(parts, ())),
                Some(bytes) => agent.run(Request::from_parts(parts, &bytes[..])),
            }
            .unwrap();
            assert!(!reply.body_mut().read_to_vec().unwrap().is_empty());
        }
    };
    let transport = Blocking::new().unwrap();
    let outgoing = outgoing(&request);
    let client = client(transport.clone(), server);
    vec![
        Arm::blocking("bare", bare(bare_ureq(false))),
        Arm::blocking("bare again", bare(bare_ureq(false))),
        Arm::blocking("bare, time limits", bare(bare_ureq(true))),
        Arm::blocking("transport", move || {
            let reply = transport.send(outgoing.clone()).unwrap();
            assert!(!reply.into_body().is_empty());
        }),
        Arm::blocking("call", move || match what {
            What::Get => drop(client.get_storage_and_flow_info().send().unwrap()),
            What::Post => drop(client.delete_subtitle(112_459).send().unwrap()),
            What::Decoded => drop(client.get_info(112_459).send().unwrap()),
        }),
    ]
}

fn async_arms(what: What, server: &Server) -> Vec<Arm> {
    let request = what.request(server);
    let bare = |client: reqwest::Client| {
        let request = request.clone();
        move || {
            let (client, request) = (client.clone(), request.clone());
            async move {
                let (parts, payload) = request.into_parts();
                let mut request = client
                    .request(parts.method, parts.uri.to_string())
                    .headers(parts.headers)
                    .header("accept-encoding", "gzip");
                if let Some(bytes) = payload.as_bytes() {
                    request = request.body(bytes.clone());
                }
                let reply = request.send().await.unwrap();
                assert!(!reply.bytes().await.unwrap().is_empty());
            }
        }
    };
    let transport = Async::new().unwrap();
    let outgoing = outgoing(&request);
    let client = Arc::new(client(transport.clone(), server));
    vec![
        Arm::new("bare", bare(bare_reqwest(false))),
        Arm::new("bare again", bare(bare_reqwest(false))),
        Arm::new("bare, time limits", bare(bare_reqwest(true))),
        Arm::new("transport", move || {
            let (transport, outgoing) = (transport.clone(), outgoing.clone());
            async move {
                let reply = transport.send(outgoing).await.unwrap();
                assert!(!reply.into_body().is_empty());
            }
        }),
        Arm::new("call", move || {
            let client = client.clone();
            async move {
                match what {
                    What::Get => drop(client.get_storage_and_flow_info().await.unwrap()),
                    What::Post => drop(client.delete_subtitle(112_459).await.unwrap()),
                    What::Decoded => drop(client.get_info(112_459).await.unwrap()),
                }
            }
        }),
    ]
}

fn outgoing(request: &Request<Payload>) -> Outgoing {
    Outgoing::new(request.clone(), Limits::call())
}

/// The bare client with the set-up of the transport, the limits on time apart.
///
/// With a limit in all, ureq starts a thread for each call to look the name up in. Without limits it is the harder measure.
fn bare_ureq(limits: bool) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(USER_AGENT);
    let Limits { total, stall, .. } = Limits::call();
    let config = if limits {
        config
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_global(total)
            .timeout_per_read(Some(stall))
            .timeout_per_write(Some(stall))
    } else {
        config
    };
    config.build().new_agent()
}

/// The bare client with the set-up of the transport, the limits on time apart.
fn bare_reqwest(limits: bool) -> reqwest::Client {
    // No TLS is done here, but reqwest asks for a set-up all the same.
    let tls = rustls::ClientConfig::builder_with_provider(
        rustls::crypto::ring::default_provider().into(),
    )
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(rustls::RootCertStore::empty())
    .with_no_client_auth();
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(USER_AGENT)
        .no_proxy()
        .tls_backend_preconfigured(tls);
    let Limits { total, stall, .. } = Limits::call();
    let client = if limits {
        client
            .connect_timeout(Duration::from_secs(10))
            .timeout(total.unwrap())
            .read_timeout(stall)
    } else {
        client
    };
    client.build().unwrap()
}

/// Lets the arms take turns and prints what each took, and over the first.
async fn compare(name: &str, rounds: usize, server: &Server, arms: Vec<Arm>) {
    let mut sizes = Vec::new();
    for _ in 0..WARM_UP.min(rounds) {
        sizes.clear();
        for arm in &arms {
            (arm.call)().await;
            sizes.push(server.last_request.load(Ordering::SeqCst));
        }
    }
    assert!(sizes.iter().all(|size| *size == sizes[0]), "{sizes:?}");

    let mut took: Vec<Vec<Duration>> = vec![Vec::with_capacity(rounds); arms.len()];
    for round in 0..rounds {
        for turn in 0..arms.len() {
            // Each arm begins as often as any other, and has each neighbour before it as often as behind it.
            let turn = if round % 2 == 0 {
                turn
            } else {
                arms.len() - 1 - turn
            };
            let index = (round / 2 + turn) % arms.len();
            let call = (arms[index].call)();
            let start = Instant::now();
            call.await;
            took[index].push(start.elapsed());
        }
    }
    println!("{name}, {rounds} calls of each, {} bytes out", sizes[0]);
    println!(
        "  {:18} {:>9} {:>9} {:>9}   over bare: {:>5} {:>6} {:>6}   round by round",
        "", "p10", "p50", "p90", "p10", "p50", "p90"
    );
    let over_bare: Vec<f64> = took
        .iter()
        .map(|own| {
            let mut ratios: Vec<f64> = own
                .iter()
                .zip(&took[0])
                .map(|(own, bare)| own.as_secs_f64() / bare.as_secs_f64())
                .collect();
            ratios.sort_by(f64::total_cmp);
            ratios[rounds / 2]
        })
        .collect();
    for part in &mut took {
        part.sort();
    }
    let at = |index: usize| [1, 5, 9].map(|tenth| took[index][rounds * tenth / 10]);
    let bare = at(0);
    for (index, arm) in arms.iter().enumerate() {
        let own = at(index);
        print!("  {:18}", arm.name);
        for time in own {
            print!(" {:>6.1} µs", time.as_secs_f64() * 1e6);
        }
        print!("             ");
        for (own, bare) in own.iter().zip(bare) {
            print!(" {:>6.3}", own.as_secs_f64() / bare.as_secs_f64());
        }
        println!(" {:>16.3}", over_bare[index]);
    }
    println!();
}

/// Answers on any number of connections from one thread.
#[derive(Clone)]
struct Server {
    address: SocketAddr,
    /// Size of the request answered last, head and body.
    last_request: Arc<AtomicUsize>,
}

impl Server {
    fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_io().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            last_request: Arc::default(),
        };
        let last_request = server.last_request.clone();
        // It ends with the process.
        std::thread::spawn(move || {
            runtime.block_on(async {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer(stream, last_request.clone()));
                }
            });
        });
        server
    }
}

async fn answer(mut stream: TcpStream, last_request: Arc<AtomicUsize>) {
    stream.set_nodelay(true).unwrap();
    let (info, empty) = (reply(&info()), reply(r#"{"code":0,"data":[],"msg":""}"#));
    let mut unread = Vec::with_capacity(4096);
    loop {
        let Some(size) = request_size(&unread) else {
            if stream.read_buf(&mut unread).await.unwrap_or(0) == 0 {
                return;
            }
            continue;
        };
        last_request.store(size, Ordering::SeqCst);
        let line = unread.split(|byte| *byte == b'\r').next().unwrap();
        let reply = if line.windows(7).any(|window| window == b"getInfo") {
            &info
        } else {
            &empty
        };
        let written = stream.write_all(reply).await;
        unread.drain(..size);
        if written.is_err() {
            return;
        }
    }
}

/// The size of the first request, once all of it is there.
fn request_size(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&bytes[..head]).unwrap();
    let body: usize = text
        .split("\r\n")
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.parse().unwrap());
    (bytes.len() >= head + body).then_some(head + body)
}

fn reply(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn info() -> String {
    let files: Vec<String> = ["super", "high", "std"]
        .iter()
        .flat_map(|definition| {
            ["mp4", "flv", "m3u8"].iter().map(move |kind| {
                format!(r#"{{"definition":"{definition}","type":"{kind}","size":578208}}"#)
            })
        })
        .collect();
    format!(
        r#"{{"code":0,"data":{{"video_id":112459,"name":"第一课 光合作用","status":100,"total_size":4185679,"total_transcode_size":7816254,"origin_definition":"super","create_time":1483422640,"preface_url":"https://img.example.test/00-upload/image/110541_9f339a4b.jpg","length":5,"publish_status":1,"file_md5":"0123456789abcdef0123456789abcdef","transcode_info":[{}],"category":[{{"id":492,"level":1,"name":"生物"}},{{"id":692,"level":2,"name":"初一"}}]}},"msg":"","ts":1493967641}}"#,
        files.join(",")
    )
}
