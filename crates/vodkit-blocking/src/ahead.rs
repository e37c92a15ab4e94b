//! A stretch of a file, read and digested ahead of what is sent, by a thread of its own.
//!
//! MD5 of some bytes takes longer than sending them over a fast line. One thread that did both would leave the line idle while it computes, and
//! the processor while it sends.

use std::fs::File;
use std::io::{self, Read, Take};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};

use vodkit_request::digest::Passage;

/// Bytes read and digested in one step.
const STEP: usize = 64 * 1024;
/// One is read and digested, one waits, one is sent.
const BUFFERS: usize = 3;

/// What is left of a stretch.
pub(crate) struct ReadAhead {
    /// Nothing only while it is dropped.
    steps: Option<Receiver<io::Result<Vec<u8>>>>,
    /// Takes the buffers back.
    spare: Option<Sender<Vec<u8>>>,
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
        let (sender, steps) = mpsc::channel();
        let (spare, buffers) = mpsc::channel();
        for _ in 1..BUFFERS {
            // Both ends are here.
            let _unsent = spare.send(Vec::with_capacity(STEP));
        }
        let thread = thread::Builder::new()
            .name("vodkit-read-ahead".to_owned())
            .spawn(move || read(&mut file.take(bytes), &passage, &buffers, &sender))?;
        Ok(Self {
            steps: Some(steps),
            spare: Some(spare),
            thread: Some(thread),
            step: Vec::with_capacity(STEP),
            taken: 0,
        })
    }
}

impl Read for ReadAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.step.len() {
            let next = self.steps.as_ref().and_then(|steps| steps.recv().ok());
            let Some(step) = next else { return Ok(0) };
            let sent = std::mem::replace(&mut self.step, step?);
            self.taken = 0;
            if let Some(spare) = &self.spare {
                // Nobody takes it when all is read.
                let _unsent = spare.send(sent);
            }
        }
        let count = buffer.len().min(self.step.len() - self.taken);
        buffer[..count].copy_from_slice(&self.step[self.taken..][..count]);
        self.taken += count;
        Ok(count)
    }
}

impl Drop for ReadAhead {
    fn drop(&mut self) {
        // Without the other ends the thread ends after its step, and none outlives the sending that it reads for.
        self.steps = None;
        self.spare = None;
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// Reads as long as there are buffers to read into and somebody to send to.
fn read(
    file: &mut Take<File>,
    passage: &Passage,
    buffers: &Receiver<Vec<u8>>,
    steps: &Sender<io::Result<Vec<u8>>>,
) {
    while let Ok(mut step) = buffers.recv() {
        step.clear();
        let read = match file.by_ref().take(STEP as u64).read_to_end(&mut step) {
            // All of it, or the end of the file: whoever sends it can tell.
            Ok(0) => return,
            Ok(_) => {
                passage.update(&step);
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
