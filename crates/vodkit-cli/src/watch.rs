//! The transport of the command line: the blocking one, with a line for each request where it is asked for.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use serde::Deserialize;
use serde_json::Value;
use vodkit_blocking::{Blocking, ThreadLanes};
use vodkit_request::digest::Digests;
use vodkit_request::flow::{Entry, Stretch};
use vodkit_request::lanes::Lanes;
use vodkit_request::payload::Payload;
use vodkit_request::transport::{BlockingTransport, FileFacts, Outgoing, Tick, TransportError};
use vodkit_request::types::Operation;

use crate::catalogue::Vendor;
use crate::failure::Failure;

/// The transport that uploads go over.
#[cfg(not(feature = "kill-points"))]
pub(crate) type Transport = Watched;
#[cfg(feature = "kill-points")]
pub(crate) type Transport = crate::kill::Lethal<Watched>;

/// The transport that uploads go over.
pub(crate) fn transport(verbose: bool) -> Result<Transport, Failure> {
    let watched = Watched::new(verbose)?;
    #[cfg(feature = "kill-points")]
    let watched = crate::kill::Lethal(watched);
    Ok(watched)
}

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

    fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.inner.digest(stretch)
    }

    fn keep(&self, entry: &Entry) -> io::Result<()> {
        self.inner.keep(entry)
    }

    /// Lanes over this transport and not the inner one, so that what goes there is told as well.
    fn lanes(&self) -> Box<dyn Lanes + '_> {
        Box::new(ThreadLanes::over(self.clone()))
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
    operations().find_map(|operation| after_prefix(path, operation.path))
}

/// The call of the tables that this path is of.
#[cfg(feature = "kill-points")]
pub(crate) fn operation(path: &str) -> Option<&'static str> {
    let mut operations = operations();
    let found = operations.find(|operation| after_prefix(path, operation.path).is_some());
    found.map(|operation| operation.name)
}

fn operations() -> impl Iterator<Item = &'static Operation> {
    let vendors = Vendor::ALL.into_iter();
    vendors.flat_map(|vendor| vendor.operations().iter().copied())
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
