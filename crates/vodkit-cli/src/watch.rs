//! The transport of the command line: the blocking one, with a line for each request where it is asked for.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use serde::Deserialize;
use serde_json::Value;
use vodkit_blocking::Blocking;
use vodkit_request::payload::Payload;
use vodkit_request::transport::{BlockingTransport, FileFacts, Outgoing, Tick, TransportError};

use crate::catalogue::Vendor;
use crate::failure::Failure;

/// A transport that tells what it does.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    inner: Blocking,
    verbose: bool,
}

impl Watched {
    pub(crate) fn new(verbose: bool) -> Result<Self, Failure> {
        let inner = Blocking::builder()
            .user_agent(concat!("vodkit-cli/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { inner, verbose })
    }

    /// Sends, and says of one failure what it means: a TLS library has no words for a server that answers in plain text.
    fn explained(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.inner.send(outgoing).map_err(|mut error| {
            if error.message.ends_with(NO_TLS) {
                error.message.push_str(
                    ": the server does not speak TLS; for one without, such as an emulator, write http:// instead of https://",
                );
            }
            error
        })
    }
}

/// What rustls says when the first thing that it reads is no TLS.
const NO_TLS: &str = "received corrupt message of type InvalidContentType";
/// Longest reply in which a code is looked for, in bytes; a longer one is a file.
const LONGEST_REPLY: usize = 1024 * 1024;
/// Longest code that is shown, in bytes.
const LONGEST_CODE: usize = 40;

/// The vendor's code in a reply that is JSON.
fn code(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Frame {
        #[serde(alias = "Code")]
        code: Value,
    }
    if body.len() > LONGEST_REPLY || !body.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    let code = match serde_json::from_slice::<Frame>(body).ok()?.code {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text,
        _ => return None,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (!code.is_empty() && code.len() <= LONGEST_CODE && code.bytes().all(plain)).then_some(code)
}

impl BlockingTransport for Watched {
    fn tick(&self) -> Tick {
        self.inner.tick()
    }

    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        if !self.verbose {
            return self.explained(outgoing);
        }
        let what = describe(&outgoing.request);
        let started = Instant::now();
        let result = self.explained(outgoing);
        let millis = started.elapsed().as_millis();
        let outcome = match &result {
            Ok(response) => match code(response.body()) {
                Some(code) => format!("{} code {code}", response.status().as_u16()),
                None => response.status().as_u16().to_string(),
            },
            Err(error) => format!("failed ({error})"),
        };
        // Without a reader of these lines the command still does its work.
        let _closed = writeln!(io::stderr().lock(), "{what} {outcome} {millis} ms");
        result
    }

    fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration);
    }

    fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        self.inner.inspect(path)
    }
}

/// Method and address. Only paths of the tables are shown whole, with the names of their parameters instead of the values: upload and
/// play addresses carry tokens, some of them in the path.
fn describe(request: &Request<Payload>) -> String {
    let uri = request.uri();
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    // A user name and a password may stand before the host.
    let host = authority.rsplit('@').next().unwrap_or_default();
    let front = format!(
        "{} {}://{host}",
        request.method(),
        uri.scheme_str().unwrap_or_default()
    );
    let path = uri.path();
    if let Some(known) = known(path) {
        return format!("{front}{known}");
    }
    let first = path
        .trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default();
    let rest = if path.len() > first.len() + 1 {
        "/…"
    } else {
        ""
    };
    format!("{front}/{first}{rest}")
}

/// The path as the tables have it, after the prefix of the base URL.
fn known(path: &str) -> Option<String> {
    Vendor::ALL
        .iter()
        .flat_map(|vendor| vendor.operations())
        .find_map(|operation| after_prefix(path, operation.path))
}

fn after_prefix(path: &str, table: &str) -> Option<String> {
    let wanted: Vec<&str> = table.strip_prefix('/')?.split('/').collect();
    let have: Vec<&str> = path.split('/').collect();
    let prefix = have.len().checked_sub(wanted.len())?;
    let same = have[prefix..]
        .iter()
        .zip(&wanted)
        .all(|(have, wanted)| wanted.starts_with('{') || have == wanted);
    same.then(|| format!("{}{table}", have[..prefix].join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_not_described() {
        for (address, wanted) in [
            (
                "http://h/openapi/video/getInfo?sign=CANARY",
                "GET http://h/openapi/video/getInfo",
            ),
            (
                "https://h:8443/prefix/openapi/video/getInfo",
                "GET https://h:8443/prefix/openapi/video/getInfo",
            ),
            (
                "http://u:CANARY@h/upload?token=CANARY",
                "GET http://h/upload",
            ),
            ("http://h/play/CANARY/1.mp4?fid=1", "GET http://h/play/…"),
            ("http://h/", "GET http://h/"),
        ] {
            let request = Request::get(address).body(Payload::empty()).unwrap();
            assert_eq!(describe(&request), wanted);
        }
    }

    #[test]
    fn parameters_in_a_path_are_shown_by_name() {
        let shown = |path, table| after_prefix(path, table).unwrap_or_default();
        let table = "/v2/video/{userid}/list";
        assert_eq!(shown("/v2/video/CANARY/list", table), table);
        assert_eq!(
            shown("/proxy/v2/video/CANARY/list", table),
            "/proxy/v2/video/{userid}/list"
        );
        for (path, table) in [
            ("/v2/video/CANARY/info", table),
            ("/video/CANARY/list", table),
            ("/CANARY", "{upload_url}"),
        ] {
            assert_eq!(after_prefix(path, table), None, "{path}");
        }
    }

    #[test]
    fn a_code_is_short_and_plain() {
        for (body, expected) in [
            (r#"{"code":5002,"data":null}"#, Some("5002")),
            (r#" {"Code":"Invalid.Token"}"#, Some("Invalid.Token")),
            (r#"{"code":{}}"#, None),
            (r#"{"code":"a b"}"#, None),
            (r#"{"code":""}"#, None),
            (r#"{"msg":"x"}"#, None),
            ("[1]", None),
            ("<html>", None),
            ("", None),
        ] {
            assert_eq!(code(body.as_bytes()).as_deref(), expected, "{body}");
        }
        let long = format!(r#"{{"code":"{}"}}"#, "a".repeat(41));
        assert_eq!(code(long.as_bytes()), None);
    }
}
