//! The request body: a [`Payload`] read in steps while it is sent.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};
use vodkit_request::digest::{DigestTap, Digests, Passage};
use vodkit_request::flow::Stretch;
use vodkit_request::payload::{Payload, Segment};
use vodkit_request::transport::{Observers, Pace, Progress, TransportError, TransportErrorKind};

use crate::clock;
use crate::pulse::Pulse;

/// Bytes read from a file in one step.
pub(crate) const STEP: usize = 256 * 1024;

/// Bytes handed to the connection at once.
///
/// hyper asks for more when everything it holds is out, and it holds up to 16 pieces. This size lets the stall limit see every
/// 128 KiB move, and costs nothing: the pieces share the memory of their step and leave in one system call.
const FRAME: usize = 8 * 1024;

/// A payload as a body of hyper's, with an exact length.
pub(crate) struct PayloadBody {
    payload: Payload,
    /// The next of the payload's segments.
    next: usize,
    /// What is left of the step at hand.
    step: Bytes,
    /// Stretches of memory still to cut into steps.
    memory: Bytes,
    /// The rest of a file, on its way to or back from the thread that reads it.
    reading: Option<JoinHandle<io::Result<FileStep>>>,
    done: Progress,
    observers: Observers,
    /// Past which file bytes go.
    passage: Option<Passage>,
    pulse: Pulse,
}

impl PayloadBody {
    pub(crate) fn new(payload: Payload, observers: Observers, pulse: Pulse) -> Self {
        let passage = observers.digest.as_ref().map(DigestTap::begin);
        let done = Progress {
            sent: 0,
            total: payload.len(),
        };
        Self {
            payload,
            next: 0,
            step: Bytes::new(),
            memory: Bytes::new(),
            reading: None,
            done,
            observers,
            passage,
            pulse,
        }
    }

    /// Makes the next step ready, or returns `false` at the end.
    fn poll_step(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, Unreadable>> {
        while self.step.is_empty() {
            if !self.memory.is_empty() {
                self.step = self.memory.split_to(self.memory.len().min(STEP));
            } else if let Some(reading) = &mut self.reading {
                let read = ready!(Pin::new(reading).poll(context));
                self.reading = None;
                let (step, rest) = match read {
                    Ok(Ok(read)) => read,
                    Ok(Err(error)) => return Poll::Ready(Err(self.unreadable(error))),
                    Err(stopped) => {
                        return Poll::Ready(Err(self.unreadable(io::Error::other(stopped))));
                    }
                };
                // The next step is read while this one is sent.
                self.reading = rest.map(FileRest::read);
                self.step = step;
            } else {
                let Some(segment) = self.payload.segments().get(self.next) else {
                    return Poll::Ready(Ok(false));
                };
                self.next += 1;
                match segment {
                    Segment::Bytes(bytes) => self.memory = bytes.clone(),
                    Segment::File { path, range } => {
                        let rest = self.rest_of(path, range);
                        self.reading = rest.map(FileRest::read);
                    }
                    _ => {
                        return Poll::Ready(
                            Err(self.unreadable(io::ErrorKind::Unsupported.into())),
                        );
                    }
                }
            }
        }
        Poll::Ready(Ok(true))
    }

    fn rest_of(&self, path: &Arc<Path>, range: &Range<u64>) -> Option<FileRest> {
        (!range.is_empty()).then(|| FileRest {
            path: path.clone(),
            file: None,
            range: range.clone(),
            passage: self.passage.clone(),
            pace: self.observers.pace.clone(),
        })
    }

    fn unreadable(&self, error: io::Error) -> Unreadable {
        let message = match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                "a file of the request body is shorter than announced".to_owned()
            }
            _ => format!("a file of the request body cannot be read: {error}"),
        };
        let mut failure = TransportError::new(TransportErrorKind::LocalFile, message);
        failure.source = Some(Box::new(error));
        self.pulse.fail(failure);
        Unreadable
    }
}

/// The body cannot go on; the pulse knows why.
#[derive(Debug)]
pub(crate) struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file of the request body cannot be read")
    }
}

impl std::error::Error for Unreadable {}

impl Body for PayloadBody {
    type Data = Bytes;
    type Error = Unreadable;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Unreadable>>> {
        // Being asked for more means that what came before is out.
        self.pulse.beat();
        match ready!(self.poll_step(context)) {
            Ok(true) => {}
            Ok(false) => return Poll::Ready(None),
            Err(error) => return Poll::Ready(Some(Err(error))),
        }
        let size = self.step.len().min(FRAME);
        let frame = self.step.split_to(size);
        self.done.sent += frame.len() as u64;
        if self.step.is_empty()
            && let Some(progress) = &self.observers.progress
        {
            progress.report(self.done);
        }
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.done.sent == self.done.total
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.done.total - self.done.sent)
    }
}

/// Bytes of a file and what comes after them.
type FileStep = (Bytes, Option<FileRest>);

/// A stretch of a file still to read.
struct FileRest {
    path: Arc<Path>,
    /// Open and in place after the first step.
    file: Option<File>,
    range: Range<u64>,
    passage: Option<Passage>,
    pace: Option<Pace>,
}

impl FileRest {
    fn read(self) -> JoinHandle<io::Result<FileStep>> {
        spawn_blocking(move || self.read_step())
    }

    fn read_step(mut self) -> io::Result<FileStep> {
        let file = match &mut self.file {
            Some(file) => file,
            empty => {
                let mut file = File::open(&self.path)?;
                file.seek(SeekFrom::Start(self.range.start))?;
                empty.insert(file)
            }
        };
        let mut size = (self.range.end - self.range.start).min(STEP as u64);
        if let Some(pace) = &self.pace {
            size = size.min(pace.step(STEP) as u64);
            // A thread for blocking work: the runtime does not wait.
            std::thread::sleep(pace.take(size, clock::tick().elapsed));
        }
        let mut step = Vec::with_capacity(size as usize);
        if file.take(size).read_to_end(&mut step)? as u64 != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(passage) = &self.passage {
            passage.update(&step);
        }
        self.range.start += size;
        let rest = (!self.range.is_empty()).then_some(self);
        Ok((step.into(), rest))
    }
}

/// Reads a stretch of a file for its digests. It blocks its thread.
pub(crate) fn digest(stretch: &Stretch) -> io::Result<Digests> {
    let mut file = File::open(&stretch.path)?;
    file.seek(SeekFrom::Start(stretch.range.start))?;
    let bytes = stretch.range.end.saturating_sub(stretch.range.start);
    Digests::read(&mut file, bytes, stretch.wanted)
}
