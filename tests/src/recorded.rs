//! A transport around a transport: one moment for all requests, and a log of what went over the wire.
//!
//! Two runs of a scenario can then be compared line by line: the address of the server and the tokens it makes up are masked, time and
//! entropy do not move.

use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Response;
use vodkit_request::testing::wire_line;
use vodkit_request::transport::{
    AsyncTransport, BlockingTransport, FileFacts, Outgoing, Tick, Timestamp, TransportError,
};

/// The wrapper.
#[derive(Debug)]
pub struct Recorded<T> {
    inner: T,
    now: Timestamp,
    host: String,
    log: Mutex<Vec<String>>,
}

impl<T> Recorded<T> {
    /// Records what goes through `inner` to the server at `base_url`, all of it at `now`.
    pub fn new(inner: T, now: Timestamp, base_url: &str) -> Self {
        Self {
            inner,
            now,
            host: base_url.trim_start_matches("http://").to_owned(),
            log: Mutex::default(),
        }
    }

    /// What went over the wire so far: a line per request, a line per reply.
    ///
    /// # Panics
    /// When a test panicked while it wrote the log.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().expect("no panic while logging").clone()
    }

    fn frozen(&self, tick: Tick) -> Tick {
        Tick {
            now: self.now,
            entropy: 7,
            ..tick
        }
    }

    fn write(&self, line: &str) {
        let line = mask(&line.replace(&self.host, "HOST"));
        self.log.lock().expect("no panic while logging").push(line);
    }

    fn request(&self, outgoing: &Outgoing) {
        self.write(&wire_line(&outgoing.request));
    }

    fn reply(&self, response: &Result<Response<Bytes>, TransportError>) {
        match response {
            // Films are compared by the scenario itself.
            Ok(response) if response.body().len() > 64 << 10 => {
                self.write(&format!(
                    "{} {} bytes",
                    response.status(),
                    response.body().len()
                ));
            }
            Ok(response) => self.write(&format!(
                "{} {}",
                response.status(),
                String::from_utf8_lossy(response.body())
            )),
            Err(error) => self.write(&error.to_string()),
        }
    }
}

/// What a server makes up anew each time: runs of 20 or more token characters, and what its clock shows.
fn mask(line: &str) -> String {
    let line = &mask_clock(line);
    let mut out = String::new();
    let mut run = String::new();
    for c in line.chars().chain(Some('\0')) {
        if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
            run.push(c);
            continue;
        }
        let digits = run.chars().all(|c| c.is_ascii_digit());
        match run.len() {
            20.. if run.chars().any(|c| c.is_ascii_digit())
                && !line.contains(&format!("sign={run}")) =>
            {
                out.push_str("TOKEN")
            }
            10 | 13 if digits && !line.contains(&format!("timestamp={run}")) => {
                out.push_str("TIME")
            }
            8 if run.chars().all(|c| c.is_ascii_hexdigit())
                && line.contains(&format!("/{run}/")) =>
            {
                out.push_str("EXPIRY")
            }
            _ => out.push_str(&run),
        }
        run.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

/// Replaces `hh:mm:ss`, and how long something took.
fn mask_clock(line: &str) -> String {
    let bytes = line.as_bytes();
    let mut out = String::new();
    let mut at = 0;
    while at < line.len() {
        let clock = bytes.get(at..at + 8).is_some_and(|text| {
            text.iter().enumerate().all(|(i, byte)| {
                if i == 2 || i == 5 {
                    *byte == b':'
                } else {
                    byte.is_ascii_digit()
                }
            })
        });
        let length = line[at..].strip_prefix("\"play_length\":");
        if clock {
            out.push_str("CLOCK");
            at += 8;
        } else if let Some(rest) = length {
            out.push_str("\"play_length\":N");
            at = line.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        } else {
            let c = line[at..].chars().next().unwrap_or_default();
            out.push(c);
            at += c.len_utf8();
        }
    }
    out
}

impl<T: BlockingTransport> BlockingTransport for Recorded<T> {
    fn tick(&self) -> Tick {
        self.frozen(self.inner.tick())
    }
    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.request(&outgoing);
        let response = self.inner.send(outgoing);
        self.reply(&response);
        response
    }
    fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration);
    }
    fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        self.inner.inspect(path)
    }
}

#[async_trait]
impl<T: AsyncTransport> AsyncTransport for Recorded<T> {
    fn tick(&self) -> Tick {
        self.frozen(self.inner.tick())
    }
    async fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.request(&outgoing);
        let response = self.inner.send(outgoing).await;
        self.reply(&response);
        response
    }
    async fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration).await;
    }
    async fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        self.inner.inspect(path).await
    }
}
