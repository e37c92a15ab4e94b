//! What journals say, without working on them.

use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vodkit_request::flow::Keeper;
use vodkit_request::upload::{Journal, Past};

use crate::error::OpenError;
use crate::format::{self, Fault, Kind, Scan};
use crate::place::{About, EXTENSION};

/// Longest journal that is read, in bytes: a hundred times one of 10,000 parts.
const LONGEST: u64 = 256 << 20;

/// The content of a journal.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    pub(crate) scan: Scan,
}

impl Content {
    /// Reads what is there.
    pub(crate) fn read(file: &File, path: &Path) -> Result<Self, OpenError> {
        let doing = || OpenError::io("read the journal", path);
        // A device or a pipe may have no end.
        if !file.metadata().map_err(doing())?.is_file() {
            let why = io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file");
            return Err(doing()(why));
        }
        let mut bytes = Vec::new();
        let mut limited = file.take(LONGEST + 1);
        limited.read_to_end(&mut bytes).map_err(doing())?;
        if bytes.len() as u64 > LONGEST {
            return Err(OpenError::Damaged {
                path: path.to_owned(),
                at: LONGEST,
                why: "it is longer than a journal can be",
            });
        }
        match format::scan(&bytes) {
            Ok(scan) => Ok(Self { bytes, scan }),
            Err(Fault::Newer) => Err(OpenError::Newer {
                path: path.to_owned(),
            }),
            Err(Fault::Damaged { at, why }) => Err(OpenError::Damaged {
                path: path.to_owned(),
                at: at as u64,
                why,
            }),
        }
    }

    /// The contents of the records of a kind, the oldest first.
    pub(crate) fn of(&self, kind: Kind) -> impl DoubleEndedIterator<Item = &[u8]> {
        let records = self.scan.records.iter();
        records
            .filter(move |(have, _)| *have == kind)
            .map(|(_, range)| &self.bytes[range.clone()])
    }

    /// What the upload is of. A journal whose first record was not confirmed does not say.
    pub(crate) fn about(&self, path: &Path) -> Result<Option<About>, OpenError> {
        let Some(record) = self.of(Kind::About).next() else {
            return Ok(None);
        };
        // Its checksum is right, so it was written like this.
        match About::read(record) {
            Some(about) => Ok(Some(about)),
            None => Err(OpenError::Newer {
                path: path.to_owned(),
            }),
        }
    }

    /// The process that worked on it last.
    pub(crate) fn pid(&self) -> Option<u32> {
        let record = self.of(Kind::Session).next_back()?;
        Some(u32::from_le_bytes(record.try_into().ok()?))
    }

    /// What the marks of the flow add up to.
    pub(crate) fn journal(
        &self,
        keeper: Arc<dyn Keeper>,
    ) -> Result<Journal, vodkit_request::Error> {
        Journal::resume(keeper, self.of(Kind::Mark))
    }
}

/// What a journal says of its upload, read without working on it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Look {
    /// What it is of. `None` when the process died while it made the journal: then nothing has happened.
    pub about: Option<About>,
    /// What has happened.
    pub past: Past,
    /// Whether a process works on it now.
    pub held: bool,
    /// The process that works on it, or did last.
    pub pid: Option<u32>,
    /// When a record was last written.
    pub written: Option<std::time::SystemTime>,
}

/// Reads a journal without working on it. When a process does, what it writes meanwhile may be missing.
///
/// # Errors
/// See [`OpenError`]; a journal that is held is none.
pub fn look(path: impl AsRef<Path>) -> Result<Look, OpenError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(OpenError::io("open the journal", path))?;
    let held = match file.try_lock_shared() {
        Ok(()) => false,
        Err(TryLockError::WouldBlock) => true,
        Err(TryLockError::Error(error)) => {
            return Err(OpenError::io("lock the journal", path)(error));
        }
    };
    if !held {
        // Who begins now must not be told that somebody works on it.
        file.unlock()
            .map_err(OpenError::io("unlock the journal", path))?;
    }
    let content = Content::read(&file, path)?;
    let journal = content.journal(Arc::new(ReadOnly));
    Ok(Look {
        about: content.about(path)?,
        past: journal
            .map_err(|_| OpenError::Newer {
                path: path.to_owned(),
            })?
            .past()
            .clone(),
        held,
        pid: content.pid(),
        written: file
            .metadata()
            .and_then(|metadata| metadata.modified())
            .ok(),
    })
}

/// The journals in a directory, by name. A directory that does not exist has none.
///
/// # Errors
/// When the directory cannot be read.
pub fn list(dir: impl AsRef<Path>) -> io::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut journals = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == EXTENSION)
        {
            journals.push(path);
        }
    }
    journals.sort();
    Ok(journals)
}

/// The keeper of a journal that is only looked at.
#[derive(Debug)]
struct ReadOnly;

impl Keeper for ReadOnly {
    fn keep(&self, _record: &[u8]) -> io::Result<()> {
        Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            "the journal is only looked at",
        ))
    }
}
