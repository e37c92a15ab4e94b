//! Replies with `Content-Encoding: gzip`, unpacked as they arrive.
//!
//! reqwest can do this too, with four more crates than flate2 alone.

use std::io::{self, Write};

use flate2::write::GzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap};
use vodkit_request::transport::{TransportError, TransportErrorKind};

use crate::failure::fail;

/// Whether the body is packed. If so the headers lose what was true of the packed body alone.
pub(crate) fn is_packed(headers: &mut HeaderMap) -> bool {
    let packed = headers
        .get(CONTENT_ENCODING)
        .is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"gzip"));
    if packed {
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
    }
    packed
}

/// Unpacks a body of at most `limit` bytes.
pub(crate) struct Gunzip(GzDecoder<Plain>);

struct Plain {
    bytes: Vec<u8>,
    limit: u64,
    over: bool,
}

impl Gunzip {
    pub(crate) fn new(limit: u64) -> Self {
        Self(GzDecoder::new(Plain {
            bytes: Vec::new(),
            limit,
            over: false,
        }))
    }

    pub(crate) fn take(&mut self, chunk: &[u8]) -> Result<(), TransportError> {
        let written = self.0.write_all(chunk);
        written.map_err(|error| self.explain(&error))
    }

    pub(crate) fn finish(mut self) -> Result<Vec<u8>, TransportError> {
        let ended = self.0.try_finish();
        ended.map_err(|error| self.explain(&error))?;
        Ok(std::mem::take(&mut self.0.get_mut().bytes))
    }

    fn explain(&self, error: &io::Error) -> TransportError {
        if self.0.get_ref().over {
            return fail(
                TransportErrorKind::ResponseTooLarge,
                "the reply is too large",
            );
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => fail(
                TransportErrorKind::Interrupted,
                "the packed reply was cut short",
            ),
            _ => fail(
                TransportErrorKind::Other,
                "the reply says that it is gzip and is not",
            ),
        }
    }
}

impl Write for Plain {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if (self.bytes.len() + chunk.len()) as u64 > self.limit {
            self.over = true;
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
