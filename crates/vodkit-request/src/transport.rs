//! The seam to the network: what a transport must do, for blocking and for async programs.
//!
//! A transport sends exactly what it is given: it follows no redirect, adds no retry, treats no HTTP status as an error, and changes no
//! byte of the request target. All decisions are made above it, in the flow.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

#[cfg(feature = "async")]
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use crate::digest::{DigestTap, Digests};
use crate::flow::{Entry, Stretch};
use crate::lanes::{InTurn, Lanes};
use crate::payload::Payload;

/// Milliseconds since 1970-01-01 00:00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Whole seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment moved by `millis`.
    #[must_use]
    pub const fn offset(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// Everything impure that the core may use, read by the transport just before each step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// The wall clock: what requests are signed with.
    pub now: Timestamp,
    /// A clock that never jumps, from any fixed start: what deadlines are measured with.
    pub elapsed: Duration,
    /// Random bits, for jitter and multipart boundaries. Need not be cryptographic.
    pub entropy: u64,
}

/// One request on its way, with the limits that hold for it.
#[derive(Clone)]
pub struct Outgoing {
    /// What to send.
    pub request: Request<Payload>,
    /// How long it may take and how much may come back.
    pub limits: Limits,
    /// Who watches the body while it is sent.
    pub observers: Observers,
}

impl Outgoing {
    /// A request with these limits, and nobody told of its body.
    #[must_use]
    pub fn new(request: Request<Payload>, limits: Limits) -> Self {
        Self {
            request,
            limits,
            observers: Observers::default(),
        }
    }
}

// The request target may carry a signature or token: Debug tells the path alone.
impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", self.request.method())
            .field("host", &self.request.uri().host().unwrap_or_default())
            .field("path", &self.request.uri().path())
            .field("body", self.request.body())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Who is told of a body while it is sent, and who holds it back.
#[derive(Clone, Debug, Default)]
pub struct Observers {
    /// Told of each step of the body.
    pub progress: Option<ProgressSink>,
    /// Sees the bytes of the body that come from a file.
    pub digest: Option<DigestTap>,
    /// Holds the body back to a rate.
    pub pace: Option<Pace>,
}

impl Observers {
    /// Whether there is nobody: then a body may be sent in any way.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.progress.is_none() && self.digest.is_none() && self.pace.is_none()
    }
}

/// Limits of one exchange. A transport's own connect time-out comes on top of none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the start to the last byte of the reply; `None` for no limit.
    pub total: Option<Duration>,
    /// Longest time without any byte moving in either direction.
    pub stall: Duration,
    /// Largest reply body accepted, in bytes, after decompression.
    pub response_bytes: u64,
}

impl Limits {
    /// For API calls: 30 s in all, 20 s without a byte, 16 MiB of reply.
    #[must_use]
    pub const fn call() -> Self {
        Self {
            total: Some(Duration::from_secs(30)),
            stall: Duration::from_secs(20),
            response_bytes: 16 << 20,
        }
    }

    /// For uploads and downloads: no limit in all, 30 s without a byte, 16 MiB of reply.
    #[must_use]
    pub const fn transfer() -> Self {
        Self {
            total: None,
            stall: Duration::from_secs(30),
            response_bytes: 16 << 20,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::call()
    }
}

/// How far the body of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Body bytes handed to the connection so far, in this attempt.
    pub sent: u64,
    /// Body bytes in all.
    pub total: u64,
}

/// A callback for [`Progress`]. It runs on the sending thread, so it must return fast.
#[derive(Clone)]
pub struct ProgressSink(Arc<dyn Fn(Progress) + Send + Sync>);

impl ProgressSink {
    /// Wraps a callback.
    pub fn new(callback: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(callback))
    }

    /// Reports one step.
    pub fn report(&self, progress: Progress) {
        (self.0)(progress);
    }
}

impl fmt::Debug for ProgressSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProgressSink")
    }
}

/// A rate that bodies are held back to: one for all that share it.
///
/// A transport asks before it reads a step of a file, and waits as long as it is told.
#[derive(Clone, Debug)]
pub struct Pace(Arc<Mutex<Paced>>);

#[derive(Debug)]
struct Paced {
    bytes_per_second: u64,
    /// When the next byte may leave, by the clock of [`Tick::elapsed`].
    free: Duration,
}

impl Pace {
    /// At most this many bytes in a second, at least one.
    #[must_use]
    pub fn bytes_per_second(rate: u64) -> Self {
        Self(Arc::new(Mutex::new(Paced {
            bytes_per_second: rate.max(1),
            free: Duration::ZERO,
        })))
    }

    /// Takes leave to send `bytes` at `now`, and says how long to wait before.
    #[must_use]
    pub fn take(&self, bytes: u64, now: Duration) -> Duration {
        let mut paced = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let start = paced.free.max(now);
        let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(paced.bytes_per_second);
        paced.free = start + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        start - now
    }

    /// How much may be read in one step, so that a slow rate is a steady one: what leaves in a quarter of a second.
    #[must_use]
    pub fn step(&self, most: usize) -> usize {
        let paced = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let quarter = usize::try_from(paced.bytes_per_second / 4).unwrap_or(usize::MAX);
        quarter.clamp(1, most.max(1))
    }
}

/// What went wrong below HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection was made (name not found, refused, TLS failed, connect time-out): the request was not sent.
    Connect,
    /// The total or the stall limit passed after the connection was made: the vendor may have acted.
    Timeout,
    /// The connection broke, or the reply was cut short: the vendor may have acted.
    Interrupted,
    /// The reply is larger than [`Limits::response_bytes`]: the vendor has acted.
    ResponseTooLarge,
    /// A file of the body could not be read, or is shorter than announced. The body was left incomplete, which no server takes for a request.
    LocalFile,
    /// The client library refused the request before it sent anything.
    InvalidRequest,
    /// Anything else: the vendor may have acted.
    Other,
}

impl TransportErrorKind {
    /// Whether the vendor may have received and acted on the request.
    #[must_use]
    pub const fn maybe_sent(self) -> bool {
        !matches!(self, Self::Connect | Self::InvalidRequest | Self::LocalFile)
    }
}

/// A failure below HTTP. Its text holds no request target, since that may carry a signature.
#[derive(Debug)]
pub struct TransportError {
    /// What went wrong.
    pub kind: TransportErrorKind,
    /// One line without secrets, such as `connection refused`.
    pub message: String,
    /// The client library's own error, where it carries no request target.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl TransportError {
    /// An error without a deeper cause.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }
}

/// What a local file is, read without reading its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Length in bytes.
    pub len: u64,
    /// When it was last changed, where the file system says so.
    pub modified: Option<Timestamp>,
    /// What tells this version of the file from others of the same length, where the file system says so.
    pub version: Option<FileVersion>,
}

/// What differs when a file was replaced or changed, even by who has put the time of its last change back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileVersion {
    /// Number of the file in its file system.
    pub inode: u64,
    /// When content or metadata were last changed, in nanoseconds since 1970. No program can set it.
    pub changed_ns: i64,
}

impl FileFacts {
    /// A file of which only the length is known.
    #[must_use]
    pub const fn of_len(len: u64) -> Self {
        Self {
            len,
            modified: None,
            version: None,
        }
    }

    /// Reads the facts of a regular file from its metadata, for transports.
    ///
    /// # Errors
    /// When it is a directory or another thing that cannot be uploaded.
    pub fn from_metadata(metadata: &std::fs::Metadata) -> io::Result<Self> {
        if metadata.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::IsADirectory,
                "it is a directory",
            ));
        }
        if !metadata.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a regular file",
            ));
        }
        let modified = metadata
            .modified()
            .ok()
            .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
            .and_then(|since| i64::try_from(since.as_millis()).ok())
            .map(Timestamp);
        Ok(Self {
            len: metadata.len(),
            modified,
            version: version(metadata),
        })
    }
}

#[cfg(unix)]
fn version(metadata: &std::fs::Metadata) -> Option<FileVersion> {
    use std::os::unix::fs::MetadataExt as _;

    let nanos = metadata.ctime().checked_mul(1_000_000_000)?;
    Some(FileVersion {
        inode: metadata.ino(),
        changed_ns: nanos.checked_add(metadata.ctime_nsec())?,
    })
}

#[cfg(not(unix))]
fn version(_: &std::fs::Metadata) -> Option<FileVersion> {
    None
}

fn reads_no_files() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "this transport reads no local files",
    )
}

/// A transport for blocking programs.
pub trait BlockingTransport: Send + Sync {
    /// Reads the clocks and a source of entropy.
    fn tick(&self) -> Tick;

    /// Sends one request and reads the whole reply, whatever its HTTP status.
    ///
    /// # Errors
    /// A [`TransportError`] when no complete reply was received within the limits.
    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError>;

    /// Waits.
    fn sleep(&self, duration: Duration);

    /// Looks at a local file without reading it.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be uploaded.
    fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        let _ = path;
        Err(reads_no_files())
    }

    /// Reads a stretch of a local file and computes its digests.
    ///
    /// # Errors
    /// When there is no such file, or it is shorter.
    fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        let _ = stretch;
        Err(reads_no_files())
    }

    /// Has an entry written down before the conversation goes on.
    ///
    /// # Errors
    /// When it is not certain that it was written.
    fn keep(&self, entry: &Entry) -> io::Result<()> {
        entry.write()
    }

    /// Lanes for exchanges that run beside each other. By default they run one after the other.
    fn lanes(&self) -> Box<dyn Lanes + '_> {
        Box::new(InTurn::new(self))
    }
}

/// A transport for async programs. Usable as `Arc<dyn AsyncTransport>`.
///
/// Implementations carry `#[async_trait::async_trait]`.
#[cfg(feature = "async")]
#[async_trait]
pub trait AsyncTransport: Send + Sync {
    /// Reads the clocks and a source of entropy.
    fn tick(&self) -> Tick;

    /// Sends one request and reads the whole reply, whatever its HTTP status.
    ///
    /// # Errors
    /// A [`TransportError`] when no complete reply was received within the limits.
    async fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError>;

    /// Waits.
    async fn sleep(&self, duration: Duration);

    /// Looks at a local file without reading it.
    ///
    /// # Errors
    /// When there is no such file, or it cannot be uploaded.
    async fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        let _ = path;
        Err(reads_no_files())
    }

    /// Reads a stretch of a local file and computes its digests.
    ///
    /// # Errors
    /// When there is no such file, or it is shorter.
    async fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        let _ = stretch;
        Err(reads_no_files())
    }

    /// Has an entry written down before the conversation goes on. By default the thread of the caller waits for it.
    ///
    /// # Errors
    /// When it is not certain that it was written.
    async fn keep(&self, entry: &Entry) -> io::Result<()> {
        entry.write()
    }
}

macro_rules! forward_blocking {
    ($($pointer:ty),*) => {$(
        impl<T: BlockingTransport + ?Sized> BlockingTransport for $pointer {
            fn tick(&self) -> Tick {
                (**self).tick()
            }
            fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
                (**self).send(outgoing)
            }
            fn sleep(&self, duration: Duration) {
                (**self).sleep(duration);
            }
            fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
                (**self).inspect(path)
            }
            fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
                (**self).digest(stretch)
            }
            fn keep(&self, entry: &Entry) -> io::Result<()> {
                (**self).keep(entry)
            }
            fn lanes(&self) -> Box<dyn Lanes + '_> {
                (**self).lanes()
            }
        }
    )*};
}

forward_blocking!(&T, Box<T>, Arc<T>);

#[cfg(feature = "async")]
macro_rules! forward_async {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<T: AsyncTransport + ?Sized> AsyncTransport for $pointer {
            fn tick(&self) -> Tick {
                (**self).tick()
            }
            async fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
                (**self).send(outgoing).await
            }
            async fn sleep(&self, duration: Duration) {
                (**self).sleep(duration).await;
            }
            async fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
                (**self).inspect(path).await
            }
            async fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
                (**self).digest(stretch).await
            }
            async fn keep(&self, entry: &Entry) -> io::Result<()> {
                (**self).keep(entry).await
            }
        }
    )*};
}

#[cfg(feature = "async")]
forward_async!(&T, Box<T>, Arc<T>);
