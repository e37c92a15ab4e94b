//! Bytes on their way to disk, which never wait for their digest: both are done beside the receiving, one step behind it.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::digests::Digests;
use crate::blob::Writer;

/// How many bytes are handed on at a time. Up to twice as many are held.
const STEP: usize = 256 * 1024;
/// Less than this is done at once: to wake a thread for it would cost more.
const LITTLE: usize = 32 * 1024;

/// A body that is being stored. No thread belongs to it while nothing arrives.
pub(super) struct Intake {
    writer: Behind<Writer>,
    digests: Behind<Digests>,
    pieces: Vec<Bytes>,
    /// Bytes in `pieces`.
    held: usize,
    size: u64,
}

impl Intake {
    pub(super) fn new(writer: Writer, digests: Digests) -> Self {
        Self {
            writer: Behind::Here(writer),
            digests: Behind::Here(digests),
            pieces: Vec::new(),
            held: 0,
            size: 0,
        }
    }

    /// Takes what arrived. Waits only for what arrived a step earlier.
    pub(super) async fn take(&mut self, data: Bytes) -> io::Result<()> {
        self.size += data.len() as u64;
        self.held += data.len();
        self.pieces.push(data);
        match self.held < STEP {
            true => Ok(()),
            false => self.hand_on().await,
        }
    }

    async fn hand_on(&mut self) -> io::Result<()> {
        let few = self.held < LITTLE;
        self.held = 0;
        let pieces: Arc<[Bytes]> = std::mem::take(&mut self.pieces).into();
        self.writer.give(&pieces, few).await?;
        self.digests.give(&pieces, few).await
    }

    /// The end: bytes, and all that was computed of them.
    pub(super) async fn end(mut self) -> io::Result<(u64, Digests)> {
        self.hand_on().await?;
        self.writer.back().await?;
        Ok((self.size, self.digests.back().await?))
    }
}

/// What takes bytes in their order.
trait Sink: Send + 'static {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl Sink for Writer {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes)
    }
}

impl Sink for Digests {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.update(bytes);
        Ok(())
    }
}

/// A sink that is here, or away with the bytes before.
enum Behind<T> {
    Here(T),
    Away(JoinHandle<io::Result<T>>),
    /// It was given away and did not come back.
    Lost,
}

impl<T: Sink> Behind<T> {
    async fn give(&mut self, pieces: &Arc<[Bytes]>, few: bool) -> io::Result<()> {
        let mut sink = std::mem::replace(self, Self::Lost).back().await?;
        if few {
            take_all(&mut sink, pieces)?;
            *self = Self::Here(sink);
            return Ok(());
        }
        let pieces = Arc::clone(pieces);
        *self = Self::Away(tokio::task::spawn_blocking(move || {
            take_all(&mut sink, &pieces)?;
            Ok(sink)
        }));
        Ok(())
    }

    async fn back(self) -> io::Result<T> {
        match self {
            Self::Here(sink) => Ok(sink),
            Self::Away(job) => job.await.map_err(io::Error::other)?,
            Self::Lost => Err(io::Error::other("storing has failed before")),
        }
    }
}

fn take_all(sink: &mut impl Sink, pieces: &[Bytes]) -> io::Result<()> {
    pieces.iter().try_for_each(|piece| sink.take(piece))
}
