//! Request bodies, described and not read: exact length, cheap to clone, replayable on a retry.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

/// One stretch of a body.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Segment {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A byte range of a file, read by the transport in steps of 256 KiB while it sends.
    ///
    /// A file that turns out shorter than the range is a [`TransportErrorKind::LocalFile`](crate::transport::TransportErrorKind::LocalFile)
    /// error, never a short body.
    File {
        /// The file.
        path: Arc<Path>,
        /// First byte and the byte after the last.
        range: Range<u64>,
    },
}

impl Segment {
    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { range, .. } => range.end.saturating_sub(range.start),
        }
    }

    /// Whether it has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

// Bodies hold signatures and file contents: Debug tells the size alone.
impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            Self::File { path, range } => write!(f, "File({}, {range:?})", path.display()),
        }
    }
}

/// A request body: a list of segments with an exact length.
///
/// An empty payload means that the request has no body at all.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Payload(Repr);

#[derive(Clone, Default, PartialEq, Eq)]
enum Repr {
    #[default]
    Empty,
    One([Segment; 1]),
    Many(Arc<[Segment]>),
}

impl Payload {
    /// A request without body.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Repr::Empty)
    }

    /// A body of the given segments, sent one after another.
    #[must_use]
    pub fn from_segments(segments: Vec<Segment>) -> Self {
        Self(Repr::Many(segments.into()))
    }

    /// A body that is one stretch of a file.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>, range: Range<u64>) -> Self {
        Self(Repr::One([Segment::File {
            path: path.into().into(),
            range,
        }]))
    }

    /// The segments, in order.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        match &self.0 {
            Repr::Empty => &[],
            Repr::One(one) => one,
            Repr::Many(many) => many,
        }
    }

    /// Exact length in bytes: what `Content-Length` must say.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.segments().iter().map(Segment::len).sum()
    }

    /// Whether there is no byte to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The whole body when it is in memory in one piece, as for every call that sends no file.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match self.segments() {
            [Segment::Bytes(bytes)] => Some(bytes),
            _ => None,
        }
    }
}

impl From<Bytes> for Payload {
    fn from(bytes: Bytes) -> Self {
        Self(Repr::One([Segment::Bytes(bytes)]))
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Payload").field(&self.segments()).finish()
    }
}
