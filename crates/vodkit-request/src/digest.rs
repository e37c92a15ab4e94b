//! Digests of what is sent, computed by the transport while it sends.
//!
//! They are compared with what the receiving side reports, so that a bit which changed on the way is noticed without reading the file a second
//! time.

use std::fmt;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use md5::{Digest as _, Md5};

#[cfg(feature = "crc64")]
use crate::crc64::Crc64;

/// Which digests are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wanted {
    /// MD5.
    pub md5: bool,
    /// CRC-64 (ECMA-182, reflected, as XZ has it). Computed with the feature `crc64`, which the feature of every vendor that takes files turns on.
    pub crc64: bool,
}

impl Wanted {
    /// MD5 alone.
    pub const MD5: Self = Self {
        md5: true,
        crc64: false,
    };
    /// CRC-64 alone.
    pub const CRC64: Self = Self {
        md5: false,
        crc64: true,
    };

    /// Whether nothing is.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Self::default()
    }
}

/// Digests of a stretch of bytes: those that were wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Digests {
    /// How many bytes.
    pub bytes: u64,
    /// Their MD5.
    pub md5: Option<[u8; 16]>,
    /// Their CRC-64.
    pub crc64: Option<u64>,
}

/// Bytes read at a time.
const STEP: usize = 256 * 1024;

impl Digests {
    /// Reads the next `bytes` bytes for their digests.
    ///
    /// # Errors
    /// When there are fewer, or they cannot be read.
    pub fn read(reader: &mut impl Read, bytes: u64, wanted: Wanted) -> io::Result<Self> {
        let mut digester = Digester::new(wanted);
        let mut buffer = vec![0; STEP];
        let mut left = bytes;
        while left > 0 {
            let step = usize::try_from(left).unwrap_or(usize::MAX).min(STEP);
            reader.read_exact(&mut buffer[..step])?;
            digester.update(&buffer[..step]);
            left -= step as u64;
        }
        Ok(digester.digests())
    }
}

/// Computes digests piece by piece. A clone goes on from where the original is.
#[derive(Clone)]
pub struct Digester {
    bytes: u64,
    md5: Option<Md5>,
    #[cfg(feature = "crc64")]
    crc64: Option<Crc64>,
}

impl Digester {
    /// No byte so far.
    #[must_use]
    pub fn new(wanted: Wanted) -> Self {
        Self {
            bytes: 0,
            md5: wanted.md5.then(Md5::new),
            #[cfg(feature = "crc64")]
            crc64: wanted.crc64.then(Crc64::new),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        #[cfg(feature = "crc64")]
        if let Some(crc64) = &mut self.crc64 {
            crc64.update(bytes);
        }
    }

    /// Whether an MD5 is computed, which takes longer than sending over a fast line.
    #[must_use]
    pub fn has_md5(&self) -> bool {
        self.md5.is_some()
    }

    /// How many bytes came so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Starts the CRC-64 anew, so that it is of the bytes from here on. The MD5 goes on.
    #[cfg(feature = "crc64")]
    pub fn restart_crc64(&mut self) {
        self.crc64 = self.crc64.take().map(|_| Crc64::new());
    }

    /// The digests of all that came so far.
    #[must_use]
    pub fn digests(&self) -> Digests {
        Digests {
            bytes: self.bytes,
            md5: self.md5.clone().map(|md5| md5.finalize().into()),
            #[cfg(feature = "crc64")]
            crc64: self.crc64.as_ref().map(Crc64::value),
            #[cfg(not(feature = "crc64"))]
            crc64: None,
        }
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Digester").field(&self.digests()).finish()
    }
}

/// Sees the file bytes of a request body pass by, in order, while they are sent.
///
/// A transport calls [`begin`](Self::begin) whenever it starts to send a body, also for the second time, and then
/// [`update`](Passage::update) with every byte that it reads from a file, not with those that were in memory. It may read ahead, on another thread:
/// what was read for a sending that was given up since is not mixed with the next.
#[derive(Clone, Debug)]
pub struct DigestTap(Arc<Mutex<Passing>>);

#[derive(Debug)]
struct Passing {
    /// What was sent before this body.
    before: Digester,
    now: Digester,
    /// Counts how often the body was begun.
    turn: u64,
}

impl DigestTap {
    /// Digests of this body alone.
    #[must_use]
    pub fn new(wanted: Wanted) -> Self {
        Self::after(Digester::new(wanted))
    }

    /// Digests of all that `before` has seen, followed by this body.
    #[must_use]
    pub fn after(before: Digester) -> Self {
        let now = before.clone();
        Self(Arc::new(Mutex::new(Passing {
            before,
            now,
            turn: 0,
        })))
    }

    /// A body starts from its first byte.
    #[must_use]
    pub fn begin(&self) -> Passage {
        let mut passing = self.passing();
        passing.now = passing.before.clone();
        passing.turn += 1;
        Passage {
            tap: self.clone(),
            turn: passing.turn,
        }
    }

    /// What has passed so far.
    #[must_use]
    pub fn seen(&self) -> Digester {
        self.passing().now.clone()
    }

    fn passing(&self) -> MutexGuard<'_, Passing> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One sending of a body past its [`DigestTap`].
#[derive(Clone, Debug)]
pub struct Passage {
    tap: DigestTap,
    turn: u64,
}

impl Passage {
    /// Whether an MD5 is computed, so that it is worth reading ahead.
    #[must_use]
    pub fn has_md5(&self) -> bool {
        self.tap.passing().before.has_md5()
    }

    /// The next bytes of the body that come from a file. Once the body has begun anew, they are not looked at.
    pub fn update(&self, bytes: &[u8]) {
        let mut passing = self.tap.passing();
        if passing.turn == self.turn {
            passing.now.update(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sending_that_was_given_up_does_not_mix_with_the_next() {
        let tap = DigestTap::new(Wanted::MD5);
        let first = tap.begin();
        first.update(b"ab");
        let second = tap.begin();
        second.update(b"a");
        // The thread that read ahead for the first one has not noticed yet.
        first.update(b"c");
        second.update(b"b");
        let mut expected = Digester::new(Wanted::MD5);
        expected.update(b"ab");
        assert_eq!(tap.seen().digests(), expected.digests());
    }

    #[test]
    fn what_is_not_wanted_is_not_computed() {
        let mut digester = Digester::new(Wanted::default());
        digester.update(b"abc");
        let nothing = Digests {
            bytes: 3,
            ..Digests::default()
        };
        assert_eq!(digester.digests(), nothing);
    }
}
