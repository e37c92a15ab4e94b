//! Speed and memory of one large upload on loopback.
//!
//! - `upload compare [ROUNDS] [MiB]`: every client against `curl -F`, in turns. Fails when vodkit has less than half of curl's speed,
//!   or needs more than 10 MB.
//! - `upload blocking|async|ureq|reqwest [MiB]`: one client once. The last two are the bare clients with the same form.
//! - `upload serve`: the server alone, for clients that are not in the list. It prints its address.
//!
//! A sparse file goes as a form to a server in a process of its own. Memory is by how much the peak of the sending process (`VmHWM`, so
//! Linux only) rose above its level before the upload. For curl, which cannot be asked before, it is the whole of its peak.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use http::Request;
use vodkit_async::Async;
use vodkit_blocking::Blocking;
use vodkit_request::payload::{Payload, Segment};
use vodkit_request::transport::{AsyncTransport, BlockingTransport, Limits, Outgoing};

const CLIENTS: [&str; 5] = ["curl", "blocking", "async", "ureq", "reqwest"];
/// Least part of curl's throughput.
const GATE: f64 = 0.5;
/// Most memory over the idle process, in bytes.
const MEMORY: f64 = 10e6;

const TYPE: &str = "multipart/form-data; boundary=test-boundary-0123456789";
const FORM_HEAD: &[u8] = b"--test-boundary-0123456789\r\ncontent-disposition: form-data; name=\"file\"; filename=\"file\"\r\ncontent-type: application/octet-stream\r\n\r\n";
const FORM_TAIL: &[u8] = b"\r\n--test-boundary-0123456789--\r\n";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: u64| {
        arguments
            .get(index)
            .map_or(default, |text| text.parse().unwrap())
    };
    match arguments.first().map_or("blocking", String::as_str) {
        "serve" => serve(),
        "compare" => return compare(number(1, 7) as usize, number(2, 512) << 20),
        // As `compare` starts it.
        "send" => {
            let [_, client, file, url] = &arguments[..] else {
                panic!("send CLIENT FILE URL")
            };
            let Run { took, memory } = send(client, Path::new(file), url);
            println!("{} {memory}", took.as_secs_f64());
        }
        client => {
            let size = number(1, 512) << 20;
            let (file, server) = (sparse(size), Server::start());
            let run = send(client, file.path(), &server.url);
            println!(
                "{client}: {:.2} GB/s, {:.1} MB over the idle process",
                run.speed(size),
                run.memory / 1e6
            );
        }
    }
    ExitCode::SUCCESS
}

/// What one upload took.
struct Run {
    took: Duration,
    /// In bytes.
    memory: f64,
}

impl Run {
    /// In GB/s.
    fn speed(&self, size: u64) -> f64 {
        size as f64 / self.took.as_secs_f64() / 1e9
    }
}

fn compare(rounds: usize, size: u64) -> ExitCode {
    let (file, server) = (sparse(size), Server::start());
    let mut runs: Vec<Vec<Run>> = CLIENTS.iter().map(|_| Vec::new()).collect();
    // The first round only warms up.
    for round in 0..=rounds {
        for turn in 0..CLIENTS.len() {
            let index = (round + turn) % CLIENTS.len();
            let client = CLIENTS[index];
            let run = match client {
                "curl" => curl(file.path(), &server.url),
                _ => send_elsewhere(client, file.path(), &server.url),
            };
            if round > 0 {
                runs[index].push(run);
            }
        }
    }

    println!("{rounds} uploads of {} MiB by each, GB/s", size >> 20);
    println!("  client      median    min    max   median / curl   most memory");
    let (mut curl, mut passed) = (f64::NAN, true);
    for (client, runs) in CLIENTS.iter().zip(&runs) {
        let mut speeds: Vec<f64> = runs.iter().map(|run| run.speed(size)).collect();
        speeds.sort_by(f64::total_cmp);
        let median = speeds[speeds.len() / 2];
        let memory = runs.iter().map(|run| run.memory).fold(0.0, f64::max);
        if *client == "curl" {
            curl = median;
        }
        let missed =
            ["blocking", "async"].contains(client) && (median < GATE * curl || memory > MEMORY);
        passed &= !missed;
        println!(
            "  {client:10} {median:>7.2} {:>6.2} {:>6.2} {:>15.2} {:>10.1} MB{}",
            speeds[0],
            speeds[speeds.len() - 1],
            median / curl,
            memory / 1e6,
            if missed { "   MISSED" } else { "" }
        );
    }
    if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A file that is in the memory of the operating system: the first reader of a new one measures how fast that is filled.
fn sparse(size: u64) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(size).unwrap();
    std::io::copy(&mut file.as_file(), &mut std::io::sink()).unwrap();
    file
}

fn curl(file: &Path, url: &str) -> Run {
    let mut child = Command::new("curl")
        .args([
            "--silent",
            "--show-error",
            "--fail",
            "--output",
            "/dev/null",
        ])
        .args(["--write-out", "%{time_total}", "--noproxy", "*", "--form"])
        .arg(format!("file=@{}", file.display()))
        .arg(url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut memory = 0;
    while child.try_wait().unwrap().is_none() {
        memory = status(child.id(), "VmHWM:").unwrap_or(memory);
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let seconds = String::from_utf8(output.stdout).unwrap().parse().unwrap();
    Run {
        took: Duration::from_secs_f64(seconds),
        memory: memory as f64,
    }
}

/// One upload in a process of its own, whose peak of memory is that of this upload alone.
fn send_elsewhere(client: &str, file: &Path, url: &str) -> Run {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["send", client])
        .arg(file)
        .arg(url)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let (seconds, memory) = text.trim().split_once(' ').unwrap();
    Run {
        took: Duration::from_secs_f64(seconds.parse().unwrap()),
        memory: memory.parse().unwrap(),
    }
}

fn send(client: &str, file: &Path, url: &str) -> Run {
    let size = file.metadata().unwrap().len();
    let form = [
        Segment::Bytes(FORM_HEAD.into()),
        Segment::File {
            path: file.into(),
            range: 0..size,
        },
        Segment::Bytes(FORM_TAIL.into()),
    ];
    let form = Payload::from_segments(form.into());
    let length = form.len();
    let outgoing = Outgoing::new(
        Request::post(url)
            .header("content-type", TYPE)
            .body(form)
            .unwrap(),
        Limits::transfer(),
    );
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match client {
        "blocking" => {
            let transport = Blocking::new().unwrap();
            measure(|| transport.send(outgoing).unwrap().status())
        }
        "async" => {
            let transport = Async::new().unwrap();
            measure(|| runtime.block_on(transport.send(outgoing)).unwrap().status())
        }
        "ureq" => {
            let agent = ureq::Agent::new_with_defaults();
            measure(|| {
                let mut form = FORM_HEAD.chain(File::open(file).unwrap()).chain(FORM_TAIL);
                agent
                    .post(url)
                    .header("content-type", TYPE)
                    .header("content-length", length)
                    .send(ureq::SendBody::from_reader(&mut form))
                    .unwrap()
                    .status()
            })
        }
        // Without further features it takes a body from memory alone.
        "reqwest" => {
            let client = bare_reqwest();
            measure(|| {
                let mut form = Vec::with_capacity(length as usize);
                form.extend_from_slice(FORM_HEAD);
                File::open(file).unwrap().read_to_end(&mut form).unwrap();
                form.extend_from_slice(FORM_TAIL);
                runtime.block_on(async {
                    let request = client.post(url).header("content-type", TYPE);
                    request.body(form).send().await.unwrap().status()
                })
            })
        }
        _ => panic!("compare, blocking, async, ureq, reqwest or serve"),
    }
}

fn measure(upload: impl FnOnce() -> http::StatusCode) -> Run {
    let own = |name| status(std::process::id(), name).unwrap() as f64;
    let idle = own("VmRSS:");
    let start = Instant::now();
    let answer = upload();
    let took = start.elapsed();
    assert_eq!(answer, 200);
    Run {
        took,
        memory: own("VmHWM:") - idle,
    }
}

/// A figure of a process in bytes, if it still has one.
fn status(process: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// The server in a process of its own.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .arg("serve")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        let url = format!("http://{}/upload", address.trim());
        Self { process, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
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
