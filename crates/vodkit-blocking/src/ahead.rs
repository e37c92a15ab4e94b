//! A stretch of a file, read and digested ahead of what is sent, by a thread of its own.
//!
//! MD5 of some bytes takes longer than sending them over a fast line. One thread that did both would leave the line idle while it computes, and
//! the processor while it sends.

use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use vodkit_request::digest::Passage;

use crate::body::STEP;

/// Steps that wait to be sent. One more is being read, and one is being sent.
const WAITING: usize = 1;

/// What is left of a stretch.
pub(crate) struct ReadAhead {
    /// Nothing only while it is dropped.
    steps: Option<Receiver<io::Result<Vec<u8>>>>,
    thread: Option<JoinHandle<()>>,
    step: Vec<u8>,
    /// Bytes of `step` that were taken.
    taken: usize,
}

impl ReadAhead {
    /// The next `bytes` bytes of `file`, which pass `passage` as they are read.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(file: File, bytes: u64, passage: Passage) -> io::Result<Self> {
        let (sender, steps) = mpsc::sync_channel(WAITING);
        let thread = thread::Builder::new()
            .name("vodkit-read-ahead".to_owned())
            .spawn(move || read(file, bytes, &passage, &sender))?;
        Ok(Self {
            steps: Some(steps),
            thread: Some(thread),
            step: Vec::new(),
            taken: 0,
        })
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.step.len() {
            let next = self.steps.as_ref().and_then(|steps| steps.recv().ok());
            self.step = match next {
                Some(step) => step?,
                None => return Ok(0),
            };
            self.taken = 0;
        }
        let count = buffer.len().min(self.step.len() - self.taken);
        buffer[..count].copy_from_slice(&self.step[self.taken..][..count]);
        self.taken += count;
        Ok(count)
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        // Without a receiver the thread ends after its step, and none outlives the sending that it reads for.
        self.steps = None;
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

fn read(mut file: File, bytes: u64, passage: &Passage, steps: &SyncSender<io::Result<Vec<u8>>>) {
    let mut left = bytes;
    while left > 0 {
        let size = left.min(STEP as u64);
        let mut step = Vec::with_capacity(size as usize);
        let read = match (&mut file).take(size).read_to_end(&mut step) {
            // The end of the file, which whoever sends takes for what it is.
            Ok(0) => return,
            Ok(_) => {
                passage.update(&step);
                left -= step.len() as u64;
                Ok(step)
            }
            Err(error) => Err(error),
        };
        let failed = read.is_err();
        if steps.send(read).is_err() || failed {
            return;
        }
    }
}
