//! The request body: a [`Payload`] read in steps while it is sent.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use vodkit_request::digest::{DigestTap, Digests, Passage};
use vodkit_request::flow::Stretch;
use vodkit_request::payload::{Payload, Segment};
use vodkit_request::transport::{Observers, Progress, TransportError, TransportErrorKind};

use crate::ahead::ReadAhead;
use crate::{clock, exchange};

/// Bytes read and sent in one step, and the size of the connection's output buffer.
pub(crate) const STEP: usize = 256 * 1024;

/// Reads the segments of a payload one after another, exactly as many bytes as announced.
pub(crate) struct PayloadReader<'a> {
    segments: &'a [Segment],
    /// Byte offset in the first of `segments`.
    at: u64,
    /// The file of the first of `segments`, placed at `at`.
    file: Option<Source>,
    observers: Observers,
    /// Past which file bytes go.
    passage: Option<Passage>,
    done: Progress,
}

/// Where the bytes of a file come from.
enum Source {
    /// Read when they are sent.
    Here(File),
    /// Read and digested before.
    Ahead(ReadAhead),
}

impl Source {
    /// The stretch `range` of the file at `path`.
    fn open(path: &Path, range: &Range<u64>, passage: Option<&Passage>) -> io::Result<Self> {
        let mut file =
            File::open(path).map_err(|error| local_file("cannot be opened", Some(error)))?;
        file.seek(SeekFrom::Start(range.start))
            .map_err(unreadable)?;
        let bytes = range.end - range.start;
        match passage {
            // What is sent in one step leaves nothing to do meanwhile, and a CRC-64 takes no time.
            Some(passage) if passage.has_md5() && bytes > STEP as u64 => {
                match ReadAhead::start(file, bytes, passage.clone()) {
                    Ok(ahead) => Ok(Self::Ahead(ahead)),
                    // Where there is no thread to be had it takes longer.
                    Err(_) => Self::open(path, range, None),
                }
            }
            _ => Ok(Self::Here(file)),
        }
    }

    fn read(&mut self, buffer: &mut [u8], passage: Option<&Passage>) -> io::Result<usize> {
        match self {
            Self::Ahead(ahead) => ahead.read(buffer),
            Self::Here(file) => loop {
                match file.read(buffer) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => {
                        if let (Some(passage), Ok(count)) = (passage, &read) {
                            passage.update(&buffer[..*count]);
                        }
                        return read;
                    }
                }
            },
        }
    }
}

impl<'a> PayloadReader<'a> {
    pub(crate) fn new(payload: &'a Payload, observers: Observers) -> Self {
        let passage = observers.digest.as_ref().map(DigestTap::begin);
        Self {
            segments: payload.segments(),
            at: 0,
            file: None,
            observers,
            passage,
            done: Progress {
                sent: 0,
                total: payload.len(),
            },
        }
    }

    fn read_segment(&mut self, segment: &Segment, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(segment.len() - self.at).unwrap_or(usize::MAX);
        let wanted = left.min(buffer.len());
        match segment {
            Segment::Bytes(bytes) => {
                // In memory, so the offset fits.
                let at = self.at as usize;
                buffer[..wanted].copy_from_slice(&bytes[at..at + wanted]);
                Ok(wanted)
            }
            Segment::File { path, range } => {
                let passage = self.passage.as_ref();
                let source = match &mut self.file {
                    Some(source) => source,
                    empty => empty.insert(Source::open(path, range, passage)?),
                };
                match source.read(&mut buffer[..wanted], passage) {
                    Ok(0) => Err(local_file("is shorter than announced", None)),
                    read => read.map_err(unreadable),
                }
            }
            _ => Err(local_file(
                "is of a kind this transport does not know",
                None,
            )),
        }
    }
}

impl Read for PayloadReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if exchange::is_abandoned() {
            // The peer takes no more: the rest only has to be counted, for nothing of it leaves the buffer.
            let left = usize::try_from(self.done.total - self.done.sent).unwrap_or(usize::MAX);
            let count = left.min(buffer.len());
            self.done.sent += count as u64;
            return Ok(count);
        }
        while let [segment, rest @ ..] = self.segments {
            if self.at == segment.len() {
                (self.segments, self.at, self.file) = (rest, 0, None);
                continue;
            }
            let mut step = buffer.len().min(STEP);
            if let Some(pace) = &self.observers.pace {
                step = pace.step(step);
                let left = usize::try_from(segment.len() - self.at).unwrap_or(usize::MAX);
                std::thread::sleep(pace.take(step.min(left) as u64, clock::tick().elapsed));
            }
            let count = self.read_segment(segment, &mut buffer[..step])?;
            self.at += count as u64;
            self.done.sent += count as u64;
            if let Some(progress) = &self.observers.progress {
                progress.report(self.done);
            }
            return Ok(count);
        }
        Ok(0)
    }
}

/// Reads a stretch of a file for its digests.
pub(crate) fn digest(stretch: &Stretch) -> io::Result<Digests> {
    let mut file = File::open(&stretch.path)?;
    file.seek(SeekFrom::Start(stretch.range.start))?;
    let bytes = stretch.range.end.saturating_sub(stretch.range.start);
    Digests::read(&mut file, bytes, stretch.wanted)
}

fn unreadable(error: io::Error) -> io::Error {
    local_file("cannot be read", Some(error))
}

/// What a reader can tell through ureq, which only passes on `io::Error`.
fn local_file(what: &str, cause: Option<io::Error>) -> io::Error {
    let mut error = TransportError::new(
        TransportErrorKind::LocalFile,
        format!("a file of the request body {what}"),
    );
    if let Some(cause) = cause {
        error.message = format!("{}: {cause}", error.message);
        error.source = Some(Box::new(cause));
    }
    io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn reads_every_segment_once_and_never_more_than_a_step() {
        let long = vec![7_u8; STEP + 5];
        let payload = Payload::from_segments(vec![
            Segment::Bytes(Bytes::from_static(b"abc")),
            Segment::Bytes(Bytes::new()),
            Segment::Bytes(Bytes::from(long.clone())),
        ]);
        let mut reader = PayloadReader::new(&payload, Observers::default());
        let mut buffer = vec![0; 2 * STEP];
        let mut steps = Vec::new();
        let mut all = Vec::new();
        loop {
            let count = reader.read(&mut buffer).unwrap();
            if count == 0 {
                break;
            }
            steps.push(count);
            all.extend_from_slice(&buffer[..count]);
        }
        assert_eq!(steps, [3, STEP, 5]);
        assert_eq!(all, [b"abc".as_slice(), &long].concat());
    }
}
