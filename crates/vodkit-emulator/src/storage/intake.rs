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

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use md5::{Digest as _, Md5};
    use proptest::prelude::*;

    use super::*;
    use crate::blob::Blob;
    use crate::storage::digests::Expected;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(2)
            .build()
            .unwrap()
    }

    fn expected() -> Expected {
        Expected {
            md5: None,
            sha256: None,
            checksum: None,
            crc64: true,
        }
    }

    /// A body in pieces of these sizes, whose bytes are all different in a row.
    fn pieces(sizes: &[usize]) -> Vec<Bytes> {
        let mut next = 0u32;
        let mut piece = |size: usize| -> Bytes {
            let bytes = (0..size).map(|_| {
                next = next.wrapping_add(1);
                next.wrapping_mul(0x9e37_79b1).to_le_bytes()[3]
            });
            bytes.collect()
        };
        sizes.iter().map(|size| piece(*size)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        /// Little ones are done at once, many together and large ones beside the receiving: nothing is lost or changes places.
        #[test]
        fn what_arrives_is_stored_and_digested_in_its_order(
            sizes in prop::collection::vec(
                prop_oneof![0usize..100, 1000usize..40_000, Just(LITTLE), Just(STEP), 300_000usize..600_000],
                0..10,
            ),
        ) {
            let pieces = pieces(&sizes);
            let whole: Vec<u8> = pieces.concat();
            let blob = Blob::create().unwrap();
            let (size, digests) = runtime().block_on(async {
                let mut intake = Intake::new(blob.writer_at(0).unwrap(), expected().begin());
                for piece in &pieces {
                    intake.take(piece.clone()).await.unwrap();
                    prop_assert!(intake.held < STEP);
                }
                Ok(intake.end().await.unwrap())
            })?;
            prop_assert_eq!(size, whole.len() as u64);
            let mut stored = Vec::new();
            blob.open_at(0).unwrap().read_to_end(&mut stored).unwrap();
            prop_assert!(stored == whole);
            let (md5, crc64) = expected().compare(digests).unwrap();
            prop_assert_eq!(md5, <[u8; 16]>::from(Md5::digest(&whole)));
            let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, &whole);
            prop_assert_eq!(crc64, Some(crc));
        }
    }

    /// A body that stalls holds no thread: here are more of them than threads, and another one gets through.
    #[test]
    fn bodies_that_stall_hold_up_no_other() {
        let (blob, sizes) = (Blob::create().unwrap(), [STEP, STEP, 1]);
        runtime().block_on(async {
            let mut stalled = Vec::new();
            for _ in 0..5 {
                let mut intake = Intake::new(blob.writer_at(0).unwrap(), expected().begin());
                for piece in pieces(&sizes) {
                    intake.take(piece).await.unwrap();
                }
                stalled.push(intake);
            }
            let mut intake = Intake::new(blob.writer_at(0).unwrap(), expected().begin());
            for piece in pieces(&sizes) {
                intake.take(piece).await.unwrap();
            }
            assert_eq!(intake.end().await.unwrap().0, 2 * STEP as u64 + 1);
            for intake in stalled {
                assert_eq!(intake.end().await.unwrap().0, 2 * STEP as u64 + 1);
            }
        });
    }

    /// A file that takes nothing: nobody is told that it was stored.
    #[test]
    fn a_failure_behind_is_told() {
        let blob = Blob::create().unwrap();
        let stored = |sizes: &[usize]| {
            let file = std::fs::File::open(blob.path()).unwrap();
            let mut intake = Intake::new(Writer::of(file), expected().begin());
            runtime().block_on(async {
                for piece in pieces(sizes) {
                    intake.take(piece).await?;
                }
                intake.end().await.map(|(size, _)| size)
            })
        };
        for sizes in [&[1][..], &[STEP], &[STEP, 1], &[STEP, STEP, STEP]] {
            assert!(stored(sizes).is_err(), "{sizes:?}");
        }
        assert_eq!(stored(&[]).unwrap(), 0);
    }
}
