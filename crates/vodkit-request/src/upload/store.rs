//! What an object storage does that takes objects whole or in parts, whichever it is.
//!
//! A storage makes requests and reads replies; what is sent when, how often, and what is believed is decided by the
//! [`Delivery`](super::Delivery), the same for all of them.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use http::uri::Authority;
use http::{Request, Response};

use super::{PartMark, PartRules};
use crate::crc64;
use crate::digest::{Digests, Wanted};
use crate::error::{Error, Fault, Refusal};
use crate::payload::Payload;
use crate::transport::Timestamp;

/// An object of a storage, with the keys that open it for now.
pub(crate) trait Store: fmt::Debug {
    /// What it demands of parts.
    const RULES: PartRules;
    /// Which digests of what was sent can be compared with what it reports.
    const WANTED: Wanted;

    /// Bucket and key of the object, with a slash between. An upload in parts goes on only at the same place.
    fn place(&self) -> String;

    /// Where requests go, for errors.
    fn host(&self) -> Option<Authority>;

    /// When the keys end, by the vendor's clock, where that is known.
    fn expires(&self) -> Option<Timestamp>;

    /// The request for this, signed at this moment.
    ///
    /// # Errors
    /// When place or keys cannot stand in a request.
    fn request(&self, ask: Ask<'_>, at: Timestamp) -> Result<Request<Payload>, Error>;

    /// Reads the reply to [`Ask::Put`].
    fn put(&self, response: &Response<Bytes>) -> Result<Stored, Refusal>;

    /// Reads the reply to [`Ask::Open`]: the id of the upload.
    fn opened(&self, response: &Response<Bytes>) -> Result<String, Refusal>;

    /// Reads the reply to [`Ask::Part`].
    fn part(&self, response: &Response<Bytes>) -> Result<Stored, Refusal>;

    /// Reads the reply to [`Ask::List`].
    fn listed(&self, response: &Response<Bytes>) -> Result<Listed, Refusal>;

    /// Reads the reply to [`Ask::Complete`].
    fn completed(&self, response: &Response<Bytes>) -> Result<Stored, Refusal>;

    /// Reads the reply to [`Ask::Head`]: nothing when there is no such object.
    fn head(&self, response: &Response<Bytes>) -> Result<Option<Found>, Refusal>;

    /// Reads the reply to [`Ask::Abort`].
    fn aborted(&self, response: &Response<Bytes>) -> Result<(), Refusal>;

    /// What heals a refusal at once. Without a remedy its class decides.
    fn remedy(&self, fault: &Fault) -> Option<Remedy>;

    /// Takes the keys, and what was signed with them, out of what the storage says.
    fn mask(&self, text: &str) -> String;

    /// Which digest shows that the storage has other bytes than were sent, of a part or of an object that was put.
    fn differs(&self, stored: &Stored, sent: &Digests) -> Option<&'static str> {
        stored.differs(sent)
    }

    /// Which digest shows that the object which the storage put together is not that of these parts.
    fn whole_differs(
        &self,
        stored: &Stored,
        parts: &BTreeMap<u32, PartMark>,
    ) -> Option<&'static str> {
        let crc64 = joined_crc64(parts)?;
        stored
            .crc64
            .is_some_and(|theirs| theirs != crc64)
            .then_some("CRC-64")
    }
}

/// What is asked of a storage.
#[derive(Debug)]
pub(crate) enum Ask<'a> {
    /// Store the object whole.
    Put {
        /// All of it.
        body: Payload,
    },
    /// Open an upload in parts.
    Open,
    /// Store a part. One that was sent before is replaced.
    Part {
        /// Which upload.
        upload_id: &'a str,
        /// From 1.
        number: u32,
        /// Its bytes.
        body: Payload,
    },
    /// Which parts there are.
    List {
        /// Which upload.
        upload_id: &'a str,
        /// The last number of the page before, or 0.
        after: u32,
    },
    /// Put the parts together.
    Complete {
        /// Which upload.
        upload_id: &'a str,
        /// The parts with their tags, ascending.
        parts: &'a BTreeMap<u32, PartMark>,
    },
    /// Whether the object is there.
    Head,
    /// Give the upload up.
    Abort {
        /// Which upload.
        upload_id: &'a str,
    },
}

/// What heals a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Other keys.
    RenewKeys,
    /// The storage's clock, which came with the refusal.
    CorrectClock,
    /// Another upload in parts: this one is not known, or no longer.
    OpenAnew,
    /// Sending all again: the object is stored, but whom the storage had to call has not taken note of it.
    #[cfg_attr(
        not(any(feature = "polyv", feature = "quvideo")),
        allow(dead_code, reason = "storages that call nobody need no such remedy")
    )]
    TellAgain,
}

/// What a storage says of an object, or a part, that it has stored.
///
/// An upload has compared it with what was sent: bytes in memory with both, a file with the CRC-64, which is computed while the file is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// Tag of the content: for an object sent in one request its MD5, in hexadecimal digits.
    pub etag: Option<String>,
    /// CRC-64 of the content (ECMA-182, as XZ has it).
    pub crc64: Option<u64>,
}

impl Stored {
    /// Which digest shows that these are other bytes than were sent. What one side does not know is not compared.
    pub(crate) fn differs(&self, sent: &Digests) -> Option<&'static str> {
        if let (Some(theirs), Some(ours)) = (self.crc64, sent.crc64)
            && theirs != ours
        {
            return Some("CRC-64");
        }
        let theirs = self.md5()?;
        let ours: String = sent.md5?.iter().map(|byte| format!("{byte:02X}")).collect();
        (!theirs.eq_ignore_ascii_case(&ours)).then_some("MD5")
    }

    /// The tag, where it may be an MD5: one of another form is none.
    fn md5(&self) -> Option<&str> {
        let tag = self.etag.as_deref()?;
        (tag.len() == 32 && tag.bytes().all(|b| b.is_ascii_hexdigit())).then_some(tag)
    }

    /// The digest of a file that tells whether this is it.
    pub(crate) fn wanted(&self) -> Option<Wanted> {
        match self.crc64 {
            Some(_) => Some(Wanted::CRC64),
            None => self.md5().map(|_| Wanted::MD5),
        }
    }

    /// Whether a digest shows that this is what has these digests. Where there is nothing to compare, nothing shows it.
    pub(crate) fn is_of(&self, digests: &Digests) -> bool {
        let by_crc64 = self.crc64.is_some() && digests.crc64.is_some();
        let by_md5 = self.md5().is_some() && digests.md5.is_some();
        (by_crc64 || by_md5) && self.differs(digests).is_none()
    }
}

/// An object that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its bytes, where the storage tells them.
    pub(crate) len: Option<u64>,
    pub(crate) stored: Stored,
}

/// One page of the parts of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) parts: Vec<ListedPart>,
    /// After which number the next page begins, when there is one.
    pub(crate) next: Option<u32>,
}

/// A part that the storage has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedPart {
    pub(crate) number: u32,
    pub(crate) bytes: u64,
    pub(crate) stored: Stored,
}

impl ListedPart {
    /// Whether it is the part that a journal tells of.
    pub(crate) fn is(&self, mark: &PartMark) -> bool {
        let tags = match (&self.stored.etag, &mark.etag) {
            (Some(theirs), Some(ours)) => Some(theirs.eq_ignore_ascii_case(ours)),
            _ => None,
        };
        let sums = match (self.stored.crc64, mark.crc64) {
            (Some(theirs), Some(ours)) => Some(theirs == ours),
            _ => None,
        };
        self.number == mark.number
            && self.bytes == mark.bytes
            && tags != Some(false)
            && sums != Some(false)
            && (tags.is_some() || sums.is_some())
    }
}

/// The CRC-64 of all parts together, when that of each is known.
pub(crate) fn joined_crc64(parts: &BTreeMap<u32, PartMark>) -> Option<u64> {
    parts.values().try_fold(0, |all, part| {
        Some(crc64::join(all, part.crc64?, part.bytes))
    })
}
