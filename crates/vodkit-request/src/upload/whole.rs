//! Whether a file that goes in one request is what the storage has, when no reply has said so to this process; and whether it is still what was sent.

use std::ops::Range;

use vodkit_types::FileContent;

use super::Delivery;
use super::delivery::{Next, Single, Stage};
use super::store::{Store, Stored};
use crate::digest::{Digester, Digests, Wanted};
use crate::error::Error;
use crate::flow::{Step, Stretch};
use crate::session::Session;
use crate::transport::Tick;
use crate::vendor::Vendor;

/// What is compared with an object that is there: all that may be told of it. Whoever computes no MD5 while sending can still compare one.
const BOTH: Wanted = Wanted {
    md5: true,
    crc64: true,
};

impl<S: Store> Delivery<S> {
    /// An object is there, of the length of the file: is it the file? One that was altered on the way, or another version, has that length too.
    pub(super) fn is_it<V: Vendor>(
        &mut self,
        tick: Tick,
        stored: Stored,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        if let Some(digests) = self.in_memory(0..self.source.len(), BOTH) {
            return self.compared(tick, stored, digests, session);
        }
        match (&self.source.file.content, stored.wanted()) {
            (FileContent::Path(path), Some(wanted)) => {
                let stretch = Stretch {
                    path: path.clone(),
                    range: 0..self.source.len(),
                    wanted,
                };
                self.stage = Stage::Comparing(stored);
                Ok(Next::Do(Step::Digest(stretch)))
            }
            _ => self.ask(tick, Single::Put, session),
        }
    }

    pub(super) fn was_read<V: Vendor>(
        &mut self,
        tick: Tick,
        stored: Stored,
        digests: std::io::Result<Digests>,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        match digests {
            Ok(digests) => self.compared(tick, stored, digests, session),
            // A transport of somebody's own need not read files.
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
                self.ask(tick, Single::Put, session)
            }
            Err(error) => Err(self.unusable(&error)),
        }
    }

    /// Sent again, it does no harm; taken for the file, something else does.
    fn compared<V: Vendor>(
        &mut self,
        tick: Tick,
        stored: Stored,
        digests: Digests,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        match stored.is_of(&digests) {
            true => self.finish(tick, stored, session),
            false => self.ask(tick, Single::Put, session),
        }
    }

    /// An earlier process has had the whole file stored in one request: is it still the same? Parts are compared one by one.
    pub(super) fn doubt(&mut self) -> Result<Option<Stretch>, Error> {
        let past = self.log.past();
        if !past.completed || !past.parts.is_empty() || !self.source.take_doubt() {
            return Ok(None);
        }
        let stored = self.stored();
        if let Some(digests) = self.in_memory(0..self.source.len(), BOTH) {
            let comparable = stored.wanted().is_some();
            return match comparable && !stored.is_of(&digests) {
                true => Err(self.source.another()),
                false => Ok(None),
            };
        }
        match (&self.source.file.content, stored.wanted()) {
            (FileContent::Path(path), Some(wanted)) => Ok(Some(Stretch {
                path: path.clone(),
                range: 0..self.source.len(),
                wanted,
            })),
            _ if self.source.is_touched() => Err(self.source.incomparable()),
            _ => Ok(None),
        }
    }

    pub(super) fn doubted(&self, digests: std::io::Result<Digests>) -> Result<(), Error> {
        match digests {
            Ok(digests) if self.stored().is_of(&digests) => Ok(()),
            Ok(_) => Err(self.source.another()),
            // A transport of somebody's own need not read files.
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
                match self.source.is_touched() {
                    true => Err(self.source.incomparable()),
                    false => Ok(()),
                }
            }
            Err(error) => Err(self.unusable(&error)),
        }
    }

    /// Digests of a stretch, when the file is in memory.
    pub(super) fn in_memory(&self, range: Range<u64>, wanted: Wanted) -> Option<Digests> {
        let FileContent::Bytes(bytes) = &self.source.file.content else {
            return None;
        };
        let bounds = usize::try_from(range.start)
            .ok()
            .zip(usize::try_from(range.end).ok());
        let bytes = bounds.and_then(|(start, end)| bytes.as_ref().get(start..end));
        let mut digester = Digester::new(wanted);
        digester.update(bytes.unwrap_or_default());
        Some(digester.digests())
    }
}
