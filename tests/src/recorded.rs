//! A transport around a transport: one moment for all requests, and a log of what went over the wire.
//!
//! Two runs of a scenario can then be compared line by line: the address of the server and the tokens it makes up are masked, time and
//! entropy do not move.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Response;
use vodkit_request::digest::Digests;
use vodkit_request::flow::Stretch;
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
    log: Arc<Mutex<Vec<String>>>,
}

impl<T> Recorded<T> {
    /// Records what goes through `inner` to the server at `base_url`, all of it at `now`.
    pub fn new(inner: T, now: Timestamp, base_url: &str) -> Self {
        Self {
            inner,
            now,
            host: base_url.trim_start_matches("http://").to_owned(),
            log: Arc::default(),
        }
    }

    /// Another transport to the same server, at the same moment, into the same log.
    pub fn beside<U>(&self, inner: U) -> Recorded<U> {
        Recorded {
            inner,
            now: self.now,
            host: self.host.clone(),
            log: Arc::clone(&self.log),
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
        let mut line = wire_line(&outgoing.request);
        for (name, value) in outgoing.request.headers() {
            // A transport must add or lose none, whatever they hold.
            let value = match (value.is_sensitive(), value.to_str()) {
                (false, Ok(value)) => value,
                _ => "***",
            };
            line.push_str(&format!(" [{name}: {value}]"));
        }
        self.write(&line);
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

/// Parameters with which a call tells its moment, which does not move here.
const MOMENTS: [&str; 2] = ["timestamp", "ptime"];

/// What a server makes up anew each time: runs of 20 or more token characters, and what its clock shows. A signature stays, unless what it
/// signs was made up by the server.
fn mask(line: &str) -> String {
    let line = &mask_clock(line);
    let is_sign = |run: &str| line.contains(&format!("sign={run}"));
    let signs_made_up = runs(line).any(|run| is_made_up(run) && !is_sign(run));
    let mut out = String::new();
    for piece in line.split_inclusive(|c| !is_token_char(c)) {
        let end = piece.trim_end_matches(|c| !is_token_char(c)).len();
        let (run, rest) = piece.split_at(end);
        let digits = run.chars().all(|c| c.is_ascii_digit());
        let is_moment = MOMENTS
            .iter()
            .any(|name| line.contains(&format!("{name}={run}")));
        out.push_str(match run.len() {
            20.. if is_made_up(run) && (signs_made_up || !is_sign(run)) => "TOKEN",
            10 | 13 if digits && !is_moment => "TIME",
            8 if run.chars().all(|c| c.is_ascii_hexdigit())
                && line.contains(&format!("/{run}/")) =>
            {
                "EXPIRY"
            }
            _ => run,
        });
        out.push_str(rest);
    }
    out
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// No word of a vendor's is so long; a token of this length has no digit once in a while.
const LONGER_THAN_WORDS: usize = 40;

fn is_made_up(run: &str) -> bool {
    run.len() >= LONGER_THAN_WORDS || (run.len() >= 20 && run.chars().any(|c| c.is_ascii_digit()))
}

fn runs(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c| !is_token_char(c))
}

/// Whether a character belongs to a value.
type Part = fn(char) -> bool;

/// Members whose value differs from run to run in a form of its own: how they begin, and what the value is made of.
const MADE_UP: [(&str, Part); 4] = [
    ("\"play_length\":", |c| c.is_ascii_digit()),
    // Base64, which slashes cut into short pieces.
    ("\"securityToken\":\"", |c| c != '"'),
    ("\"token\":\"CAIS", |c| c != '"'),
    ("&Signature=", |c| !matches!(c, '"' | '&' | ' ')),
];

/// Replaces `hh:mm:ss`, `hh:mm` after a blank, and the values of those members.
fn mask_clock(line: &str) -> String {
    let bytes = line.as_bytes();
    let shows = |at: usize, form: &[u8]| {
        bytes.get(at..at + form.len()).is_some_and(|text| {
            text.iter()
                .zip(form)
                .all(|(byte, form)| byte == form || (*form == b'0' && byte.is_ascii_digit()))
        })
    };
    let mut out = String::new();
    let mut at = 0;
    while at < line.len() {
        let made_up = MADE_UP
            .iter()
            .find_map(|(name, part)| Some((name, line[at..].strip_prefix(name)?, part)));
        if shows(at, b"00:00:00") {
            out.push_str("CLOCK");
            at += 8;
        } else if shows(at, b" 00:00") && !shows(at + 1, b"00:00:00") {
            out.push_str(" CLOCK");
            at += 6;
        } else if let Some((name, rest, part)) = made_up {
            out.push_str(name);
            out.push('N');
            at = line.len() - rest.trim_start_matches(*part).len();
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
    fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.inner.digest(stretch)
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
    async fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.inner.digest(stretch).await
    }
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn what_the_server_made_up_is_masked_and_nothing_else() {
        let sign = "0123456789abcdef0123456789abcdef";
        let token = "99999999999999999999aaaaaaaaaaaa";
        for (line, masked) in [
            (
                format!("POST /a id=7&timestamp=1700000000&sign={sign}"),
                format!("POST /a id=7&timestamp=1700000000&sign={sign}"),
            ),
            (
                format!("GET /a?ptime=1700000000000&sign={sign}&vid={token}"),
                "GET /a?ptime=1700000000000&sign=TOKEN&vid=TOKEN".to_owned(),
            ),
            (
                format!(r#"200 OK {{"at":1700000000,"t":"{token}","n":123456789}}"#),
                r#"200 OK {"at":TIME,"t":"TOKEN","n":123456789}"#.to_owned(),
            ),
            (
                "2026-01-02 10:11:12, 2026-01-02 10:11, 中文 a:b 00:0".to_owned(),
                "2026-01-02 CLOCK, 2026-01-02 CLOCK, 中文 a:b 00:0".to_owned(),
            ),
            (
                r#"/7/1a2b3c4d/x {"play_length":17,"securityToken":"a+/b=","c":1}"#.to_owned(),
                r#"/7/EXPIRY/x {"play_length":N,"securityToken":"N","c":1}"#.to_owned(),
            ),
        ] {
            assert_eq!(mask(&line), masked);
        }
    }
}
