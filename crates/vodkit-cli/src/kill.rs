//! Where a campaign ends the process, to see that every upload survives it. Behind the feature `kill-points`: what people install has none of this.
//!
//! `VODKIT_KILL_AT=POINT:N` ends the process with SIGKILL when it passes the point for the N-th time. The points:
//!
//! | point | when |
//! |---|---|
//! | `before-send`, `before-send:WHAT` | a request is about to leave |
//! | `after-send`, `after-send:WHAT` | its reply is here, and nothing was done with it |
//! | `before-keep`, `before-keep:MARK` | a record of the journal is about to be written |
//! | `torn-keep`, `torn-keep:MARK` | half of it is written |
//! | `after-keep`, `after-keep:MARK` | it is on disk |
//! | `before-complete` | the request with which the object is whole is about to leave |
//! | `after-complete` | its reply is here |
//! | `removing-journal` | the upload is done: first before that is written down, then before the journal is removed |
//! | `waiting` | the file is there, and the wait for the transcoding begins |
//! | `giving-up` | `gc` gives an upload up: first before anything is done, then before the journal is removed, then after it |
//!
//! `MARK` is what the record says has happened, or is about to: `created`, `opened`, `part` and so on.
//! `WHAT` is the vendor's name of the call, or what the request does at the storage: `PutObject`, `UploadPart`, `InitiateMultipartUpload`,
//! `CompleteMultipartUpload`, `AbortMultipartUpload`, `ListParts`, `HeadObject`, `UploadFile` (a whole file as a form), `UploadSlice`.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::Value;
use vodkit_blocking::ThreadLanes;
use vodkit_request::digest::Digests;
use vodkit_request::flow::{Entry, Keeper, Stretch};
use vodkit_request::lanes::Lanes;
use vodkit_request::payload::Payload;
use vodkit_request::transport::{BlockingTransport, FileFacts, Outgoing, Tick, TransportError};

use crate::watch;

/// The point and the passing that are meant.
fn wanted() -> Option<&'static (String, u64)> {
    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| {
        let at = std::env::var("VODKIT_KILL_AT").ok()?;
        let (point, number) = at.rsplit_once(':')?;
        Some((point.to_owned(), number.parse().ok()?))
    });
    wanted.as_ref()
}

/// Whether this passing of the point is the one that is meant.
fn is_now(point: &str) -> bool {
    static PASSED: Mutex<Option<HashMap<String, u64>>> = Mutex::new(None);
    let Some((meant, number)) = wanted() else {
        return false;
    };
    if meant != point {
        return false;
    }
    let mut passed = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
    let count = passed
        .get_or_insert_default()
        .entry(point.to_owned())
        .or_default();
    *count += 1;
    *count == *number
}

/// Passes a point, or ends there.
pub(crate) fn pass(point: &str) {
    if is_now(point) {
        die();
    }
}

fn die() -> ! {
    // Nothing of this process runs any more when this returns, except on a system that knows no such signal.
    let _dead =
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}

/// A transport that ends the process before or after a request.
#[derive(Clone, Debug)]
pub(crate) struct Lethal<T>(pub(crate) T);

impl<T: BlockingTransport + Clone + 'static> BlockingTransport for Lethal<T> {
    fn tick(&self) -> Tick {
        self.0.tick()
    }

    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        let what = name(&outgoing.request);
        let completes = completes(&what, &outgoing.request);
        let around = |when: &str| {
            pass(&format!("{when}-send"));
            pass(&format!("{when}-send:{what}"));
            if completes {
                pass(&format!("{when}-complete"));
            }
        };
        around("before");
        let reply = self.0.send(outgoing);
        around("after");
        reply
    }

    fn sleep(&self, duration: Duration) {
        self.0.sleep(duration);
    }

    fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        self.0.inspect(path)
    }

    fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.0.digest(stretch)
    }

    fn keep(&self, entry: &Entry) -> io::Result<()> {
        self.0.keep(entry)
    }

    fn lanes(&self) -> Box<dyn Lanes + '_> {
        Box::new(ThreadLanes::over(self.clone()))
    }
}

/// What a request does.
fn name(request: &Request<Payload>) -> String {
    if let Some(operation) = watch::operation(request.uri().path()) {
        return operation.to_owned();
    }
    let query = request.uri().query().unwrap_or_default();
    let has = |name: &str| {
        let mut pairs = query.split('&');
        pairs.any(|pair| pair.split('=').next() == Some(name))
    };
    let name = match *request.method() {
        Method::PUT if has("partNumber") => "UploadPart",
        Method::PUT => "PutObject",
        Method::POST if has("uploads") => "InitiateMultipartUpload",
        Method::POST if has("uploadId") => "CompleteMultipartUpload",
        Method::POST if request.headers().contains_key("content-range") => "UploadSlice",
        Method::POST => "UploadFile",
        Method::DELETE if has("uploadId") => "AbortMultipartUpload",
        Method::GET if has("uploadId") => "ListParts",
        Method::HEAD => "HeadObject",
        _ => "other",
    };
    name.to_owned()
}

/// Whether the object is whole once this has arrived.
fn completes(what: &str, request: &Request<Payload>) -> bool {
    match what {
        "PutObject" | "CompleteMultipartUpload" | "UploadFile" => true,
        "UploadSlice" => {
            // `bytes 1-5/5`: it counts from one.
            let range = request
                .headers()
                .get("content-range")
                .and_then(|value| value.to_str().ok());
            let ends = range.and_then(|range| {
                let (positions, total) = range.rsplit_once('/')?;
                Some(positions.rsplit_once('-')?.1 == total)
            });
            ends.unwrap_or(false)
        }
        _ => false,
    }
}

/// A keeper that ends the process while it writes.
#[derive(Debug)]
pub(crate) struct LethalKeeper {
    inner: Arc<dyn Keeper>,
    journal: PathBuf,
}

impl LethalKeeper {
    /// Around the keeper that writes to this journal.
    pub(crate) fn around(inner: Arc<dyn Keeper>, journal: &Path) -> Arc<dyn Keeper> {
        Arc::new(Self {
            inner,
            journal: journal.to_owned(),
        })
    }

    fn length(&self) -> io::Result<u64> {
        Ok(std::fs::metadata(&self.journal)?.len())
    }
}

impl Keeper for LethalKeeper {
    fn keep(&self, record: &[u8]) -> io::Result<()> {
        let mark = mark(record);
        pass("before-keep");
        pass(&format!("before-keep:{mark}"));
        if is_now("torn-keep") || is_now(&format!("torn-keep:{mark}")) {
            // What a death in the middle of the write would leave: its first half.
            let before = self.length()?;
            self.inner.keep(record)?;
            let half = before + (self.length()? - before) / 2;
            OpenOptions::new()
                .write(true)
                .open(&self.journal)?
                .set_len(half)?;
            die();
        }
        self.inner.keep(record)?;
        pass("after-keep");
        pass(&format!("after-keep:{mark}"));
        Ok(())
    }
}

/// What a record of the journal says has happened.
fn mark(record: &[u8]) -> String {
    let fields: Option<Value> = serde_json::from_slice(record).ok();
    let mark = fields.and_then(|fields| Some(fields.get("mark")?.as_str()?.to_owned()));
    mark.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_known_by_their_mark() {
        use vodkit_request::upload::Mark;

        let created = Mark::Created {
            video: "1".to_owned(),
        };
        assert_eq!(mark(&created.to_record()), "created");
        assert_eq!(mark(b"[]"), "");
    }

    #[test]
    fn requests_are_known_by_what_they_do() {
        for (method, address, range, wanted, whole) in [
            (
                "POST",
                "http://h/openapi/video/getUploadUrl",
                None,
                "video/getUploadUrl",
                false,
            ),
            (
                "PUT",
                "http://h/b/k?partNumber=1&uploadId=2",
                None,
                "UploadPart",
                false,
            ),
            ("PUT", "http://h/b/k", None, "PutObject", true),
            (
                "POST",
                "http://h/b/k?uploads",
                None,
                "InitiateMultipartUpload",
                false,
            ),
            (
                "POST",
                "http://h/b/k?uploadId=2",
                None,
                "CompleteMultipartUpload",
                true,
            ),
            (
                "DELETE",
                "http://h/b/k?uploadId=2",
                None,
                "AbortMultipartUpload",
                false,
            ),
            ("GET", "http://h/b/k?uploadId=2", None, "ListParts", false),
            ("HEAD", "http://h/b/k", None, "HeadObject", false),
            ("POST", "http://h/upload?token=x", None, "UploadFile", true),
            (
                "POST",
                "http://h/upload?token=x",
                Some("bytes 1-5/9"),
                "UploadSlice",
                false,
            ),
            (
                "POST",
                "http://h/upload?token=x",
                Some("bytes 6-9/9"),
                "UploadSlice",
                true,
            ),
        ] {
            let mut request = Request::builder().method(method).uri(address);
            if let Some(range) = range {
                request = request.header("content-range", range);
            }
            let request = request.body(Payload::empty()).unwrap();
            assert_eq!(name(&request), wanted, "{method} {address}");
            assert_eq!(completes(wanted, &request), whole, "{method} {address}");
        }
    }
}
