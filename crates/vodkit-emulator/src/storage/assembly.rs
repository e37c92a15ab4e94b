//! Parts become an object, whose digest is begun while they still come.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::{Arc, Weak};

use md5::{Digest as _, Md5};
use tokio::task::{JoinHandle, spawn_blocking};

use super::digests::crc64_of_both;
use super::store::Object;
use crate::blob::Blob;

/// The MD5 of an upload's first parts, computed while later ones come.
///
/// Whatever is known of it is a help and no more: an object that is made of other parts is digested anew.
#[derive(Default)]
pub(crate) struct Ahead {
    /// How many parts were handed on, from number 1 without a gap.
    count: u32,
    job: Option<JoinHandle<io::Result<Digested>>>,
}

/// A part as the threads that read it know it.
///
/// They own none of its bytes: what is dropped while they work goes from the disk at once, also when the server ends.
#[derive(Clone)]
struct Piece {
    blob: Weak<Blob>,
    size: u64,
}

impl Piece {
    fn of(part: &Object) -> Self {
        Self {
            blob: Arc::downgrade(&part.blob),
            size: part.size,
        }
    }

    /// A handle for all bytes, and no more.
    fn reader(&self) -> io::Result<io::Take<File>> {
        let blob = self.blob.upgrade().ok_or(io::ErrorKind::NotFound)?;
        Ok(blob.open_at(0)?.take(self.size))
    }

    fn is_of(&self, part: &Object) -> bool {
        Weak::as_ptr(&self.blob) == Arc::as_ptr(&part.blob)
    }
}

/// What was digested, in order.
#[derive(Clone, Default)]
struct Digested {
    md5: Md5,
    pieces: Vec<Piece>,
}

impl Ahead {
    /// Hands on the parts that follow those before without a gap. One job works for an upload at a time, and while one waits for the
    /// other it holds no thread.
    pub(super) fn hand_on(&mut self, parts: &BTreeMap<u32, Object>) {
        // An object of one part has its digest.
        if !parts.contains_key(&2) {
            return;
        }
        let mut following = Vec::new();
        while let Some(part) = parts.get(&(self.count + 1)) {
            following.push(Piece::of(part));
            self.count += 1;
        }
        if following.is_empty() {
            return;
        }
        let before = self.job.take();
        self.job = Some(tokio::spawn(async move {
            let digested = match before {
                Some(job) => job.await.map_err(io::Error::other)??,
                None => Digested::default(),
            };
            spawn_blocking(move || digested.with(&following))
                .await
                .map_err(io::Error::other)?
        }));
    }

    /// What helps with an object of these parts.
    async fn of(self, parts: &[Object]) -> Digested {
        let digested = match self.job {
            Some(job) => job.await.ok().and_then(Result::ok).unwrap_or_default(),
            None => Digested::default(),
        };
        let is_theirs = digested.pieces.len() <= parts.len()
            && (digested.pieces.iter().zip(parts)).all(|(piece, part)| piece.is_of(part));
        match is_theirs {
            true => digested,
            false => Digested::default(),
        }
    }
}

impl Digested {
    fn with(mut self, pieces: &[Piece]) -> io::Result<Self> {
        let mut buffer = vec![0; 256 * 1024];
        for piece in pieces {
            let mut from = piece.reader()?;
            loop {
                match from.read(&mut buffer)? {
                    0 => break,
                    read => self.md5.update(&buffer[..read]),
                }
            }
            self.pieces.push(piece.clone());
        }
        Ok(self)
    }
}

/// Parts, one after the other.
pub(super) struct Assembled {
    pub(super) blob: Arc<Blob>,
    pub(super) size: u64,
    pub(super) md5: [u8; 16],
    /// Known where that of every part is.
    pub(super) crc64: Option<u64>,
}

/// Copies and digests the parts, both at the same time and away from the server's thread.
pub(super) async fn assemble(parts: Vec<Object>, ahead: Ahead) -> io::Result<Assembled> {
    let size = parts.iter().map(|part| part.size).sum();
    // The CRC-64 of nothing is 0, and adding nothing changes none.
    let crc64 = parts.iter().try_fold(0, |crc, part| {
        Some(crc64_of_both(crc, part.crc64?, part.size))
    });
    let (blob, md5) = match parts.as_slice() {
        [only] => (Arc::clone(&only.blob), only.md5),
        _ => {
            let pieces: Arc<[Piece]> = parts.iter().map(Piece::of).collect();
            let read = Arc::clone(&pieces);
            let blob = Blob::create()?;
            let to = blob.open_at(0)?;
            let copied = spawn_blocking(move || copy(&pieces, to));
            let digested = ahead.of(&parts).await;
            let digested = spawn_blocking(move || {
                let known = digested.pieces.len();
                digested.with(&read[known..])
            });
            copied.await.map_err(io::Error::other)??;
            let digested = digested.await.map_err(io::Error::other)??;
            (Arc::new(blob), digested.md5.finalize().into())
        }
    };
    Ok(Assembled {
        blob,
        size,
        md5,
        crc64,
    })
}

fn copy(pieces: &[Piece], mut to: File) -> io::Result<()> {
    for piece in pieces {
        let copied = io::copy(&mut piece.reader()?, &mut to)?;
        if copied < piece.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(bytes: &[u8]) -> Object {
        let blob = Blob::create().unwrap();
        blob.writer_at(0).unwrap().write(bytes).unwrap();
        Object {
            blob: Arc::new(blob),
            size: bytes.len() as u64,
            etag: String::new(),
            md5: Md5::digest(bytes).into(),
            crc64: Some(crc64(bytes)),
            parts: None,
            content_type: String::new(),
            stored_ms: 0,
        }
    }

    fn crc64(bytes: &[u8]) -> u64 {
        crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, bytes)
    }

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(2)
            .build()
            .unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Parts come in any order, some again with other bytes, and the list leaves some out: the object is what the list says.
        #[test]
        fn an_object_is_what_its_parts_are(
            sent in prop::collection::vec((1u32..6, prop::collection::vec(any::<u8>(), 0..40)), 1..12),
            left_out in prop::option::of(1u32..6),
        ) {
            let mut parts = BTreeMap::new();
            let mut bytes = BTreeMap::new();
            let assembled = runtime().block_on(async {
                let mut ahead = Ahead::default();
                for (number, content) in &sent {
                    parts.insert(*number, part(content));
                    bytes.insert(*number, content.clone());
                    ahead.hand_on(&parts);
                    // Lets what was handed on be done, before some of it is replaced.
                    tokio::task::yield_now().await;
                }
                let listed = |number: &u32| Some(*number) != left_out;
                parts.retain(|number, _| listed(number));
                bytes.retain(|number, _| listed(number));
                assemble(parts.into_values().collect(), ahead).await.unwrap()
            });
            let whole: Vec<u8> = bytes.into_values().flatten().collect();
            let mut stored = Vec::new();
            let mut file = assembled.blob.open_at(0).unwrap();
            file.read_to_end(&mut stored).unwrap();
            prop_assert_eq!(&stored, &whole);
            prop_assert_eq!(assembled.size, whole.len() as u64);
            prop_assert_eq!(assembled.md5, <[u8; 16]>::from(Md5::digest(&whole)));
            prop_assert_eq!(assembled.crc64, Some(crc64(&whole)));
        }
    }

    #[test]
    fn who_reads_a_part_does_not_keep_it_on_the_disk() {
        let part = part(b"1");
        let (piece, path) = (Piece::of(&part), part.blob.path().to_owned());
        let mut reader = piece.reader().unwrap();
        drop(part);
        assert!(!path.exists());
        // What was begun can be finished, and nothing more is begun.
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"1");
        assert_eq!(piece.reader().unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn what_follows_without_a_gap_is_digested_ahead() {
        let content = |number: u32| number.to_string().into_bytes();
        runtime().block_on(async {
            let (mut ahead, mut parts) = (Ahead::default(), BTreeMap::new());
            let counts = [(1, 0), (3, 0), (2, 3), (5, 3), (4, 5)];
            for (number, count) in counts {
                parts.insert(number, part(&content(number)));
                ahead.hand_on(&parts);
                assert_eq!(ahead.count, count, "part {number}");
            }
            let all: Vec<Object> = parts.into_values().collect();
            let digested = ahead.of(&all).await;
            assert_eq!(digested.pieces.len(), 5);
            assert_eq!(digested.md5.finalize()[..], Md5::digest(b"12345")[..]);

            // A list that leaves off the last part.
            let mut ahead = Ahead::default();
            ahead.hand_on(&(1..).zip(all.clone()).collect());
            let assembled = assemble(all[..4].to_vec(), ahead).await.unwrap();
            assert_eq!(assembled.md5[..], Md5::digest(b"1234")[..]);
        });
    }
}
