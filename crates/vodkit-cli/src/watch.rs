//! The transport of the command line: the blocking one, with a line for each request where it is asked for.

use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
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
}

impl BlockingTransport for Watched {
    fn tick(&self) -> Tick {
        self.inner.tick()
    }

    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        if !self.verbose {
            return self.inner.send(outgoing);
        }
        let what = describe(&outgoing.request);
        let started = Instant::now();
        let result = self.inner.send(outgoing);
        let millis = started.elapsed().as_millis();
        let outcome = match &result {
            Ok(response) => response.status().as_u16().to_string(),
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

/// Method and path. Only paths of the tables are shown whole: upload and play addresses carry tokens, some of them in the path.
fn describe(request: &Request<Payload>) -> String {
    let path = request.uri().path();
    let known = Vendor::ALL
        .iter()
        .flat_map(|vendor| vendor.operations())
        .any(|o| path.ends_with(o.path));
    if known {
        return format!("{} {path}", request.method());
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
    format!("{} /{first}{rest}", request.method())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_not_described() {
        for (address, wanted) in [
            (
                "http://h/openapi/video/getInfo?sign=CANARY",
                "GET /openapi/video/getInfo",
            ),
            (
                "http://h/prefix/openapi/video/getInfo",
                "GET /prefix/openapi/video/getInfo",
            ),
            ("http://h/upload?token=CANARY", "GET /upload"),
            ("http://h/play/CANARY/1.mp4?fid=1", "GET /play/…"),
            ("http://h/", "GET /"),
        ] {
            let request = Request::get(address).body(Payload::empty()).unwrap();
            assert_eq!(describe(&request), wanted);
        }
    }
}
