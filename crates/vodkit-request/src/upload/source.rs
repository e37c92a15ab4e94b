//! The file of an upload: whether it can be sent, and whether it is still the one that was begun with.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use vodkit_types::{FileContent, FileInput};

use super::{PartMark, Past};
use crate::digest::{Digester, Digests, Wanted};
use crate::error::{Error, ErrorKind};
use crate::flow::Stretch;
use crate::payload::{Payload, Segment};
use crate::remedy::{Hint, Remedy};
use crate::transport::FileFacts;

/// The file, once it was looked at.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) file: FileInput,
    facts: FileFacts,
    /// Parts sent by an earlier process whose bytes are still to be compared with the file.
    unchecked: VecDeque<PartMark>,
    /// Whether the file was touched since the upload began.
    touched: bool,
    /// Whether it may be another one than an earlier process has sent, until it was compared.
    doubtful: bool,
}

impl Source {
    pub(crate) fn new(file: FileInput) -> Self {
        Self {
            file,
            facts: FileFacts::of_len(0),
            unchecked: VecDeque::new(),
            touched: false,
            doubtful: false,
        }
    }

    /// What to look at first: a file. Bytes in memory are measured at once.
    ///
    /// # Errors
    /// See [`measured`](Self::measured).
    pub(crate) fn begin(&mut self, past: &Past, verify: bool) -> Result<Option<Arc<Path>>, Error> {
        match &self.file.content {
            FileContent::Path(path) => Ok(Some(path.clone())),
            FileContent::Bytes(bytes) => {
                let facts = FileFacts::of_len(bytes.len() as u64);
                self.measured(facts, past, verify)?;
                Ok(None)
            }
            _ => Err(Error::new(
                ErrorKind::LocalFile,
                "this kind of file cannot be uploaded",
            )),
        }
    }

    /// Takes what the file is. When an earlier process has begun with it, [`next_check`](Self::next_check) says what must be compared before a
    /// byte is sent.
    ///
    /// # Errors
    /// When it is empty, or has another length than it had.
    pub(crate) fn measured(
        &mut self,
        facts: FileFacts,
        past: &Past,
        verify: bool,
    ) -> Result<(), Error> {
        if facts.len == 0 {
            return Err(Error::new(
                ErrorKind::LocalFile,
                format!("cannot upload `{}`: it is empty", self.file.name),
            ));
        }
        self.facts = facts;
        let Some(begun) = &past.begun else {
            return Ok(());
        };
        let before = begun.facts;
        if before.len != facts.len {
            return Err(self.changed(&format!(
                "it had {} bytes and has {}",
                before.len, facts.len
            )));
        }
        self.touched = before != facts;
        // Without a version nothing tells an untouched file from a changed one.
        self.doubtful = self.touched || verify || facts.version.is_none();
        if self.doubtful {
            self.unchecked = past.parts.values().cloned().collect();
        }
        Ok(())
    }

    /// Bytes of the file.
    pub(crate) fn len(&self) -> u64 {
        self.facts.len
    }

    pub(crate) fn facts(&self) -> FileFacts {
        self.facts
    }

    /// Whether the file was touched since the upload began, so that what it is has to be written down anew.
    pub(crate) fn is_touched(&self) -> bool {
        self.touched
    }

    /// Whether it may be another one than was sent. Asked once, by who compares the whole.
    #[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
    pub(crate) fn take_doubt(&mut self) -> bool {
        std::mem::take(&mut self.doubtful)
    }

    /// The next stretch whose digests must be compared with those of a part that was sent.
    ///
    /// # Errors
    /// When bytes in memory are not those that were sent.
    pub(crate) fn next_check(&mut self) -> Result<Option<Stretch>, Error> {
        loop {
            let Some(part) = self.unchecked.front() else {
                return Ok(None);
            };
            let range = part.offset..part.offset.saturating_add(part.bytes);
            let wanted = Wanted {
                md5: part.crc64.is_none() && part.md5.is_some(),
                crc64: part.crc64.is_some(),
            };
            match &self.file.content {
                FileContent::Path(path) => {
                    return Ok(Some(Stretch {
                        path: path.clone(),
                        range,
                        wanted,
                    }));
                }
                FileContent::Bytes(bytes) => {
                    let bounds = usize::try_from(range.start)
                        .ok()
                        .zip(usize::try_from(range.end).ok());
                    let bytes = bounds.and_then(|(start, end)| bytes.as_ref().get(start..end));
                    let digests = bytes.map(|bytes| {
                        let mut digester = Digester::new(wanted);
                        digester.update(bytes);
                        digester.digests()
                    });
                    self.checked(digests.unwrap_or_default())?;
                }
                _ => return Ok(None),
            }
        }
    }

    /// Takes the digests of the stretch that [`next_check`](Self::next_check) gave.
    ///
    /// # Errors
    /// When they are not those of what was sent.
    pub(crate) fn checked(&mut self, digests: Digests) -> Result<(), Error> {
        let Some(part) = self.unchecked.pop_front() else {
            return Ok(());
        };
        let same = digests.bytes == part.bytes
            && match (part.crc64, part.md5) {
                (Some(crc64), _) => digests.crc64 == Some(crc64),
                (None, Some(md5)) => digests.md5 == Some(md5),
                // Nothing says that it is the same.
                (None, None) => false,
            };
        if same {
            return Ok(());
        }
        Err(self.changed(&format!(
            "bytes {} to {} are not those that were sent",
            part.offset,
            part.offset.saturating_add(part.bytes)
        )))
    }

    /// Compares what the file is at the end with what it was at the start.
    ///
    /// # Errors
    /// When it was changed meanwhile.
    pub(crate) fn unchanged(&self, facts: FileFacts) -> Result<(), Error> {
        if facts == self.facts {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::LocalFile,
            format!(
                "`{}` was changed while it was uploaded: what was sent is a mixture of both versions",
                self.file.name
            ),
        )
        .with_hint(
            Hint::from("The upload was not completed. When nobody writes to it, ")
                .to(Remedy::StartOver),
        ))
    }

    /// The whole file was sent, and is another one now.
    #[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
    pub(crate) fn another(&self) -> Error {
        self.changed("its bytes are not those that are stored")
    }

    /// The whole file was sent, and whether it is another one now cannot be told.
    #[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
    pub(crate) fn incomparable(&self) -> Error {
        self.changed(
            "it was touched, and nothing tells whether its bytes are those that are stored",
        )
        .with_hint(
            Hint::from("It is stored as it was then: to have it as it is now, ")
                .to(Remedy::StartOver),
        )
    }

    fn changed(&self, how: &str) -> Error {
        Error::new(
            ErrorKind::LocalFile,
            format!(
                "`{}` has changed since its upload began: {how}; nothing was sent",
                self.file.name
            ),
        )
        .with_hint(
            Hint::from("Put the old file back to go on, or to have the new one, ")
                .to(Remedy::StartOver),
        )
    }

    /// The body of a stretch.
    ///
    /// # Errors
    /// When the file is of a kind that cannot be sent.
    pub(crate) fn body(&self, range: std::ops::Range<u64>) -> Result<Payload, Error> {
        match &self.file.content {
            FileContent::Path(path) => Ok(Payload::file(path.as_ref(), range)),
            FileContent::Bytes(bytes) => {
                let all = Bytes::from_owner(bytes.clone());
                // In memory, so the positions fit.
                let range = range.start as usize..range.end as usize;
                Ok(Payload::from_segments(vec![Segment::Bytes(
                    all.slice(range),
                )]))
            }
            _ => Err(Error::new(
                ErrorKind::LocalFile,
                "this kind of file cannot be uploaded",
            )),
        }
    }
}
