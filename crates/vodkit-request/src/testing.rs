//! A transport for tests: replies from a script, a clock of its own, and a log of what was sent.
//!
//! The same [`ScriptedTransport`] serves blocking and async programs, so a test can run one scenario both ways and compare the logs. It opens
//! no socket, and a request that the script does not expect is a failure, never a real request.
//!
//! ```
//! use vodkit_request::testing::{Reply, ScriptedTransport};
//! use vodkit_request::BlockingTransport;
//!
//! let transport = ScriptedTransport::new([Reply::json(r#"{"code":0,"data":null,"msg":""}"#)]);
//! assert_eq!(transport.tick().now.seconds(), 1_700_000_000);
//! assert!(transport.log().is_empty());
//! ```

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(feature = "async")]
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use serde_json::Value;
use vodkit_types::operation::Body;

use crate::digest::Digests;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::exec::draft;
use crate::flow::{Entry, Stretch};
use crate::payload::{Payload, Segment};
#[cfg(feature = "async")]
use crate::transport::AsyncTransport;
use crate::transport::{
    BlockingTransport, FileFacts, Outgoing, Progress, Tick, Timestamp, TransportError,
    TransportErrorKind,
};
use crate::vendor::Vendor;

/// What the script answers with.
#[derive(Clone)]
pub struct Reply(Result<Response<Bytes>, TransportErrorKind>);

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(response) => write!(
                f,
                "Reply({}, {} bytes)",
                response.status(),
                response.body().len()
            ),
            Err(kind) => write!(f, "Reply({kind:?})"),
        }
    }
}

impl Reply {
    /// HTTP 200 with this body.
    #[must_use]
    pub fn json(body: impl Into<String>) -> Self {
        Self::status(200, body)
    }

    /// A reply with this status and body.
    ///
    /// # Panics
    /// When the status is no HTTP status.
    #[must_use]
    #[allow(clippy::unwrap_used)]
    pub fn status(status: u16, body: impl Into<String>) -> Self {
        let mut response = Response::new(Bytes::from(body.into()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        Self(Ok(response))
    }

    /// The same reply with a header.
    ///
    /// # Panics
    /// When the header value is not ASCII.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(response) = &mut self.0 {
            response.headers_mut().insert(
                HeaderName::from_static(name),
                HeaderValue::from_str(value).expect("the value of a header is ASCII"),
            );
        }
        self
    }

    /// No reply: the transport fails in this way.
    #[must_use]
    pub fn fails(kind: TransportErrorKind) -> Self {
        Self(Err(kind))
    }
}

/// A transport that answers from a script.
///
/// Each exchange takes 10 ms of its clock, which starts at 1 700 000 000 s.
#[derive(Default)]
pub struct ScriptedTransport(Mutex<Script>);

// Its log has what was signed.
impl fmt::Debug for ScriptedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let script = self.script();
        f.debug_struct("ScriptedTransport")
            .field("sent", &script.sent.len())
            .field("unused", &script.replies.len())
            .finish()
    }
}

#[derive(Default)]
struct Script {
    replies: VecDeque<Reply>,
    sent: Vec<Outgoing>,
    log: Vec<String>,
    elapsed: Duration,
    clock_offset_ms: i64,
    entropy: u64,
    files: Vec<(PathBuf, File)>,
}

/// A pretended file.
enum File {
    OfLength(u64),
    Of(Bytes),
}

impl ScriptedTransport {
    /// A transport that gives these replies, one for each request.
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let script = Script {
            replies: replies.into_iter().collect(),
            entropy: 7,
            ..Script::default()
        };
        Self(Mutex::new(script))
    }

    /// Sets the entropy of every tick.
    #[must_use]
    pub fn entropy(self, entropy: u64) -> Self {
        self.script().entropy = entropy;
        self
    }

    /// Moves the wall clock.
    #[must_use]
    pub fn clock_offset(self, millis: i64) -> Self {
        self.script().clock_offset_ms = millis;
        self
    }

    /// Pretends that there is a file of this length. What is in it is not known, so of what is sent there are no digests.
    #[must_use]
    pub fn file(self, path: impl AsRef<Path>, len: u64) -> Self {
        let file = (path.as_ref().to_owned(), File::OfLength(len));
        self.script().files.push(file);
        self
    }

    /// Pretends that there is a file with these bytes.
    #[must_use]
    pub fn file_of(self, path: impl AsRef<Path>, bytes: impl Into<Bytes>) -> Self {
        let file = (path.as_ref().to_owned(), File::Of(bytes.into()));
        self.script().files.push(file);
        self
    }

    /// What was done, one line a step, with signatures as they were sent.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.script().log.clone()
    }

    /// The requests that were sent.
    #[must_use]
    pub fn sent(&self) -> Vec<Outgoing> {
        self.script().sent.clone()
    }

    /// How many replies the script has left.
    #[must_use]
    pub fn unused(&self) -> usize {
        self.script().replies.len()
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Tick {
        let script = self.script();
        let now = Timestamp(
            1_700_000_000_000 + script.elapsed.as_millis() as i64 + script.clock_offset_ms,
        );
        Tick {
            now,
            elapsed: script.elapsed,
            entropy: script.entropy,
        }
    }

    fn answer(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        let mut script = self.script();
        script.elapsed += Duration::from_millis(10);
        let line = wire_line(&outgoing.request);
        script.log.push(line);
        if let Some(sink) = &outgoing.observers.progress {
            let total = outgoing.request.body().len();
            sink.report(Progress { sent: total, total });
        }
        if let Some(tap) = &outgoing.observers.digest {
            let passage = tap.begin();
            for segment in outgoing.request.body().segments() {
                if let Segment::File { path, range } = segment
                    && let Some(bytes) = script.bytes(path, range)
                {
                    passage.update(&bytes);
                }
            }
        }
        script.sent.push(outgoing);
        let Some(Reply(reply)) = script.replies.pop_front() else {
            return Err(TransportError::new(
                TransportErrorKind::InvalidRequest,
                "the script expects no further request",
            ));
        };
        reply.map_err(|kind| TransportError::new(kind, format!("scripted failure: {kind:?}")))
    }

    fn pause(&self, duration: Duration) {
        let mut script = self.script();
        script.elapsed += duration;
        script
            .log
            .push(format!("sleep {} ms", duration.as_millis()));
    }

    fn look(&self, path: &Path) -> io::Result<FileFacts> {
        let mut script = self.script();
        script.log.push(format!("inspect {}", path.display()));
        script
            .files
            .iter()
            .find(|(known, _)| known == path)
            .map(|(_, file)| match file {
                File::OfLength(len) => FileFacts::of_len(*len),
                File::Of(bytes) => FileFacts::of_len(bytes.len() as u64),
            })
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn digests(&self, stretch: &Stretch) -> io::Result<Digests> {
        let mut script = self.script();
        let (path, range) = (&stretch.path, &stretch.range);
        script
            .log
            .push(format!("digest {} {range:?}", path.display()));
        let known = |(known, file): &(PathBuf, File)| {
            known.as_path() == &**path && matches!(file, File::Of(_))
        };
        let missing = match script.files.iter().any(known) {
            true => io::ErrorKind::UnexpectedEof,
            // As a transport that reads no files has it.
            false => io::ErrorKind::Unsupported,
        };
        let bytes = script
            .bytes(path, range)
            .ok_or_else(|| io::Error::from(missing))?;
        Digests::read(&mut &bytes[..], bytes.len() as u64, stretch.wanted)
    }

    fn write(&self, entry: &Entry) -> io::Result<()> {
        let record = String::from_utf8_lossy(&entry.record).into_owned();
        self.script().log.push(format!("keep {record}"));
        entry.write()
    }
}

impl Script {
    /// A stretch of a file that has bytes.
    fn bytes(&self, path: &Path, range: &Range<u64>) -> Option<Bytes> {
        let (_, file) = self.files.iter().find(|(known, _)| known == path)?;
        let File::Of(bytes) = file else { return None };
        let (start, end) = (usize::try_from(range.start), usize::try_from(range.end));
        let (start, end) = start.ok().zip(end.ok())?;
        (start <= end && end <= bytes.len()).then(|| bytes.slice(start..end))
    }
}

impl BlockingTransport for ScriptedTransport {
    fn tick(&self) -> Tick {
        self.now()
    }
    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.answer(outgoing)
    }
    fn sleep(&self, duration: Duration) {
        self.pause(duration);
    }
    fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        self.look(path)
    }
    fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.digests(stretch)
    }
    fn keep(&self, entry: &Entry) -> io::Result<()> {
        self.write(entry)
    }
}

#[cfg(feature = "async")]
#[async_trait]
impl AsyncTransport for ScriptedTransport {
    fn tick(&self) -> Tick {
        self.now()
    }
    async fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.answer(outgoing)
    }
    async fn sleep(&self, duration: Duration) {
        self.pause(duration);
    }
    async fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        self.look(path)
    }
    async fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.digests(stretch)
    }
    async fn keep(&self, entry: &Entry) -> io::Result<()> {
        self.write(entry)
    }
}

/// A request as text: method, target, and a body that is in memory. Of an address that is signed, the token and the signature are left out: it
/// would open what it names for whoever reads the text.
#[must_use]
pub fn wire_line(request: &Request<Payload>) -> String {
    let mut line = format!("{} {}", request.method(), unsigned(request.uri()));
    for segment in request.body().segments() {
        match segment {
            crate::payload::Segment::Bytes(bytes) => {
                line.push(' ');
                line.push_str(&String::from_utf8_lossy(bytes));
            }
            crate::payload::Segment::File { path, range } => {
                line.push_str(&format!(" <{} {range:?}>", path.display()))
            }
        }
    }
    line
}

/// An address without what S3's signatures put into its query.
fn unsigned(uri: &http::Uri) -> String {
    let text = uri.to_string();
    let Some((front, query)) = text.split_once('?') else {
        return text;
    };
    let secret = [
        "X-Amz-Credential",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
    ];
    let pairs: Vec<String> = query
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if secret.contains(&name) => format!("{name}=***"),
            _ => pair.to_owned(),
        })
        .collect();
    format!("{front}?{}", pairs.join("&"))
}

/// The request that a call is sealed into, at the first tick of a [`ScriptedTransport`]. A file that is not in memory counts as one byte.
///
/// # Errors
/// When the call cannot be sealed.
pub fn sealed_request<E: Endpoint>(
    vendor: &E::Vendor,
    endpoint: &E,
) -> Result<Request<Payload>, Error> {
    let operation = endpoint.operation();
    let credential = vendor.credential().filter(|_| operation.needs_credential());
    let draft = draft(endpoint, Some(FileFacts::of_len(1)))?;
    vendor.seal(draft, credential.as_ref(), Timestamp(1_700_000_000_000), 7)
}

/// The parameters that a sealed request carries in its query or body, decoded, in the order in which they are sent.
///
/// For tests that ask what of a call arrives on the wire. The form fields of a multipart body are given without the file; of the members of a
/// JSON body texts are given as they are, all else as JSON.
///
/// # Errors
/// When the call cannot be sealed.
pub fn sealed_params<E: Endpoint>(
    vendor: &E::Vendor,
    endpoint: &E,
) -> Result<Vec<(String, String)>, Error> {
    let request = sealed_request(vendor, endpoint)?;
    let encoded = match (request.method(), request.body().as_bytes()) {
        (&Method::GET, _) => request.uri().query().unwrap_or_default().to_owned(),
        (_, Some(body)) if endpoint.operation().body == Body::Json => return Ok(members(body)),
        (_, Some(form)) => String::from_utf8_lossy(form).into_owned(),
        (_, None) => return Ok(form_fields(&request)),
    };
    Ok(encoded
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(name), percent_decode(value))
        })
        .collect())
}

/// The reader's side of [`encode::rfc3986`](crate::encode::rfc3986).
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match (
            byte,
            hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()),
        ) {
            (b'%', Some(decoded)) => {
                bytes.push(decoded);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn members(json: &[u8]) -> Vec<(String, String)> {
    let members: serde_json::Map<String, Value> = serde_json::from_slice(json).unwrap_or_default();
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    members
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect()
}

fn form_fields(request: &Request<Payload>) -> Vec<(String, String)> {
    let Some(crate::payload::Segment::Bytes(head)) = request.body().segments().first() else {
        return Vec::new();
    };
    String::from_utf8_lossy(head)
        .split("\r\n--")
        .filter_map(|part| {
            let (head, value) = part.split_once("\r\n\r\n")?;
            let name = head.split("name=\"").nth(1)?.split('"').next()?;
            (!head.contains("filename=")).then(|| (name.to_owned(), value.to_owned()))
        })
        .collect()
}
