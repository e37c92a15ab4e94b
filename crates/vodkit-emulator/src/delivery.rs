//! Serving a file or a part of it, and counting what really leaves.

use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body::{Body, Frame, SizeHint};

use crate::blob::Blob;

/// Bytes read and sent at a time.
const STEP: usize = 256 * 1024;

/// What of a file is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it.
    Whole {
        /// Size of the file.
        size: u64,
    },
    /// Zero-based, both ends included.
    Range { first: u64, last: u64, size: u64 },
    /// Nothing that the file has.
    Unsatisfiable { size: u64 },
}

impl Part {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Whole { .. } => StatusCode::OK,
            Self::Range { .. } => StatusCode::PARTIAL_CONTENT,
            Self::Unsatisfiable { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
        }
    }

    pub(crate) fn first(self) -> u64 {
        match self {
            Self::Range { first, .. } => first,
            _ => 0,
        }
    }

    pub(crate) fn length(self) -> u64 {
        match self {
            Self::Whole { size } => size,
            Self::Range { first, last, .. } => last - first + 1,
            Self::Unsatisfiable { .. } => 0,
        }
    }

    pub(crate) fn content_range(self) -> Option<String> {
        match self {
            Self::Whole { .. } => None,
            Self::Range { first, last, size } => Some(format!("bytes {first}-{last}/{size}")),
            Self::Unsatisfiable { size } => Some(format!("bytes */{size}")),
        }
    }
}

/// Reads `Range` as RFC 9110 has it. Several ranges, or ones that make no sense, are answered with the whole, as it allows.
pub(crate) fn part_of(headers: &HeaderMap, tag: &str, size: u64) -> Part {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &http::HeaderValue| value.to_str().ok())
    };
    let whole = Part::Whole { size };
    if text(header::IF_RANGE).is_some_and(|have| have != tag) {
        return whole;
    }
    let Some(spec) = text(header::RANGE).and_then(|range| range.trim().strip_prefix("bytes="))
    else {
        return whole;
    };
    let Some((from, to)) = spec.split_once('-') else {
        return whole;
    };
    let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
        // A position too great for 64 bits lies behind every end.
        true => Ok(text.parse::<u64>().unwrap_or(u64::MAX)),
        false => Err(()),
    };
    match (from, to) {
        ("", "") => whole,
        ("", suffix) => match number(suffix) {
            Err(()) => whole,
            Ok(0) => Part::Unsatisfiable { size },
            Ok(_) if size == 0 => Part::Unsatisfiable { size },
            Ok(count) => Part::Range {
                first: size.saturating_sub(count),
                last: size - 1,
                size,
            },
        },
        (from, to) => {
            let end = if to.is_empty() {
                Ok(u64::MAX)
            } else {
                number(to)
            };
            match (number(from), end) {
                (Ok(first), Ok(last)) if first > last => whole,
                (Ok(first), Ok(_)) if first >= size => Part::Unsatisfiable { size },
                (Ok(first), Ok(last)) => Part::Range {
                    first,
                    last: last.min(size - 1),
                    size,
                },
                _ => whole,
            }
        }
    }
}

/// A response body that reads a file as it is asked for more.
pub(crate) struct FileBody<F> {
    file: File,
    left: u64,
    /// Keeps the file from being removed while it is read.
    _blob: Arc<Blob>,
    /// Told how many bytes were handed over.
    count: F,
}

impl<F: Fn(u64)> FileBody<F> {
    pub(crate) fn new(file: File, length: u64, blob: Arc<Blob>, count: F) -> Self {
        Self {
            file,
            left: length,
            _blob: blob,
            count,
        }
    }

    fn read(&mut self) -> io::Result<Bytes> {
        let step = usize::try_from(self.left).unwrap_or(STEP).min(STEP);
        let mut buffer = BytesMut::zeroed(step);
        // Page cache to memory: short enough for the server's own thread.
        self.file.read_exact(&mut buffer)?;
        self.left -= step as u64;
        Ok(buffer.freeze())
    }
}

impl<F: Fn(u64) + Unpin> Body for FileBody<F> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let body = self.get_mut();
        if body.left == 0 {
            return Poll::Ready(None);
        }
        let read = body.read();
        if let Ok(bytes) = &read {
            (body.count)(bytes.len() as u64);
        }
        Poll::Ready(Some(read.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(range: &str) -> Part {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, range.parse().unwrap());
        part_of(&headers, "\"tag\"", 100)
    }

    #[test]
    fn ranges_follow_the_rfc() {
        let range = |first, last| Part::Range {
            first,
            last,
            size: 100,
        };
        assert_eq!(part("bytes=0-0"), range(0, 0));
        assert_eq!(part("bytes=10-19"), range(10, 19));
        assert_eq!(part("bytes=90-"), range(90, 99));
        assert_eq!(part("bytes=90-1000"), range(90, 99));
        assert_eq!(part("bytes=-10"), range(90, 99));
        assert_eq!(part("bytes=-1000"), range(0, 99));
        assert_eq!(part("bytes=99-99999999999999999999"), range(99, 99));
    }

    #[test]
    fn senseless_ranges_give_the_whole_and_far_ones_nothing() {
        for text in [
            "bytes=-",
            "bytes=5-4",
            "bytes=a-b",
            "items=0-1",
            "bytes=0-1,3-4",
            "bytes=1",
            "bytes=+1-2",
        ] {
            assert_eq!(part(text), Part::Whole { size: 100 }, "{text}");
        }
        for text in [
            "bytes=100-",
            "bytes=100-200",
            "bytes=-0",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(part(text), Part::Unsatisfiable { size: 100 }, "{text}");
        }
        assert_eq!(part("bytes=100-").content_range().unwrap(), "bytes */100");
    }

    #[test]
    fn a_changed_file_is_served_whole() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, "bytes=0-1".parse().unwrap());
        headers.insert(header::IF_RANGE, "\"other\"".parse().unwrap());
        assert_eq!(part_of(&headers, "\"tag\"", 100), Part::Whole { size: 100 });
        headers.insert(header::IF_RANGE, "\"tag\"".parse().unwrap());
        assert_eq!(part_of(&headers, "\"tag\"", 100).length(), 2);
    }
}
