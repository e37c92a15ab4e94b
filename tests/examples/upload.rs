//! Speed and memory of one large upload: `upload blocking|async|ureq|reqwest [MiB]`.
//!
//! Sends a sparse file to a server on loopback in a process of its own, and prints the throughput and by how much the peak of this
//! process's memory (`VmHWM`) rose above its level before the upload. The last two send the same body through the bare client. With
//! `serve` it is the server alone, for other clients to be measured against.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use http::{Method, Request};
use vodkit_async::Async;
use vodkit_blocking::Blocking;
use vodkit_request::payload::Payload;
use vodkit_request::transport::{AsyncTransport, BlockingTransport, Limits, Outgoing};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let mode = arguments.get(1).map_or("blocking", String::as_str);
    if mode == "serve" {
        return serve();
    }
    let size = arguments
        .get(2)
        .map_or(512, |size| size.parse::<u64>().unwrap())
        << 20;
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(size).unwrap();

    let mut server = Command::new(std::env::current_exe().unwrap())
        .arg("serve")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut address)
        .unwrap();
    let url = format!("http://{}/upload", address.trim());

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (ours, ours_async) = (Blocking::new().unwrap(), Async::new().unwrap());
    let (bare, bare_async) = (ureq::Agent::new_with_defaults(), bare_reqwest());
    let upload = |size: u64| {
        let outgoing = || Outgoing {
            request: Request::builder()
                .method(Method::PUT)
                .uri(&url)
                .body(Payload::file(file.path(), 0..size))
                .unwrap(),
            limits: Limits::transfer(),
            progress: None,
        };
        let status = match mode {
            "blocking" => ours.send(outgoing()).unwrap().status(),
            "async" => runtime
                .block_on(ours_async.send(outgoing()))
                .unwrap()
                .status(),
            "ureq" => {
                let mut part = std::fs::File::open(file.path()).unwrap().take(size);
                bare.put(&url)
                    .header("content-length", size)
                    .send(ureq::SendBody::from_reader(&mut part))
                    .unwrap()
                    .status()
            }
            "reqwest" => runtime.block_on(async {
                let whole = std::fs::read(file.path()).unwrap();
                bare_async
                    .put(&url)
                    .body(whole[..size as usize].to_vec())
                    .send()
                    .await
                    .unwrap()
                    .status()
            }),
            _ => panic!("blocking, async, ureq or reqwest"),
        };
        assert_eq!(status, 200);
    };
    let idle = memory("VmRSS:");
    let start = Instant::now();
    upload(size);
    let took = start.elapsed();
    let peak = memory("VmHWM:");
    println!(
        "{mode}: {:.2} GB/s, peak {:.1} MB over {:.1} MB before",
        size as f64 / took.as_secs_f64() / 1e9,
        (peak - idle) as f64 / 1e3,
        idle as f64 / 1e3
    );
    server.kill().unwrap();
    server.wait().unwrap();
}

/// A figure of this process in kB. Linux only, like the target it is for.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc/self/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap());
    std::io::stdout().flush().unwrap();
    for stream in listener.incoming() {
        std::thread::spawn(move || swallow(stream.unwrap()));
    }
}

/// Reads requests with `content-length` and answers each with 200.
fn swallow(stream: TcpStream) {
    let mut reader = BufReader::with_capacity(1 << 20, stream);
    loop {
        let (mut line, mut left) = (String::new(), 0);
        while reader.read_line(&mut line).unwrap_or(0) > 2 {
            let lower = line.to_ascii_lowercase();
            if let Some(length) = lower.strip_prefix("content-length:") {
                left = length.trim().parse::<usize>().unwrap();
            }
            if lower.starts_with("expect:") {
                reader
                    .get_ref()
                    .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                    .unwrap();
            }
            line.clear();
        }
        if line.is_empty() {
            return;
        }
        while left > 0 {
            let count = reader.fill_buf().unwrap().len().min(left);
            if count == 0 {
                return;
            }
            reader.consume(count);
            left -= count;
        }
        reader
            .get_ref()
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            .unwrap();
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
