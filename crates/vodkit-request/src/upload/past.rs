//! What an upload has behind it.

use std::collections::BTreeMap;

use super::{Begun, Mark, Opened, PartMark};
use crate::transport::Timestamp;

/// What the marks of a journal add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Past {
    /// What is uploaded.
    pub begun: Option<Begun>,
    /// When a call that creates a video left. While [`video`](Self::video) is unknown, the vendor may have created one.
    pub creating: Option<Timestamp>,
    /// The video.
    pub video: Option<String>,
    /// Bucket and key of the object, with a slash between, where they were chosen.
    pub place: Option<String>,
    /// Address of the storage that has it, where the program had to give it.
    pub storage: Option<String>,
    /// The upload in parts.
    pub opened: Option<Opened>,
    /// The parts that have arrived, by their number.
    pub parts: BTreeMap<u32, PartMark>,
    /// Whether the request that ends the transfer has left.
    pub completing: bool,
    /// Whether the file is stored.
    pub completed: bool,
    /// The tag that the storage gives the file.
    pub etag: Option<String>,
    /// The CRC-64 that the storage has of the file.
    pub crc64: Option<u64>,
    /// Whether the call that tells the vendor of the file has left.
    pub finishing: bool,
    /// Whether all is done.
    pub finished: bool,
}

impl Past {
    /// Adds what has happened next.
    pub(crate) fn take(&mut self, mark: Mark) {
        match mark {
            Mark::Begun(begun) => self.begun = Some(begun),
            Mark::Creating { at } => self.creating = Some(at),
            Mark::Created { video } => self.video = Some(video),
            Mark::Placed { place, storage } => {
                (self.place, self.storage) = (Some(place), storage);
            }
            Mark::Opened(opened) => {
                self.opened = Some(opened);
                self.parts.clear();
            }
            Mark::Part(part) => {
                self.parts.insert(part.number, part);
            }
            Mark::Forgotten => {
                self.opened = None;
                self.parts.clear();
                self.completing = false;
            }
            Mark::Completing => self.completing = true,
            Mark::Completed { etag, crc64 } => {
                self.completed = true;
                // Written again, it says that the vendor has refused to be told.
                self.finishing = false;
                (self.etag, self.crc64) = (etag, crc64);
            }
            Mark::Finishing => self.finishing = true,
            Mark::Finished => self.finished = true,
        }
    }

    /// Whether nothing has happened yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Bytes of the parts that have arrived.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.parts.values().map(|part| part.bytes).sum()
    }
}
