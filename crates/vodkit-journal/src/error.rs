//! Why a journal cannot be opened.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a journal cannot be opened. One line each, without secrets.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process works on this upload.
    Held {
        /// The file that is uploaded, or the journal where it does not say.
        file: PathBuf,
        /// Who works on it, where that can be read.
        pid: Option<u32>,
    },
    /// What stands in the file was not written by this library, or was damaged since.
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Where.
        at: u64,
        /// What is wrong there.
        why: &'static str,
    },
    /// A later version of this library wrote it.
    Newer {
        /// The journal.
        path: PathBuf,
    },
    /// It is the journal of another upload.
    Foreign {
        /// The journal.
        path: PathBuf,
        /// The file that it is of.
        other: PathBuf,
    },
    /// It cannot be read, written, locked or made.
    Io {
        /// What failed, such as `lock the journal`.
        doing: &'static str,
        /// The journal or its directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { file, pid } => {
                write!(f, "`{}` is being uploaded by ", file.display())?;
                match pid {
                    Some(pid) => write!(f, "process {pid}"),
                    None => f.write_str("another process"),
                }
            }
            Self::Damaged { path, at, why } => write!(
                f,
                "the journal `{}` is damaged at byte {at}: {why}. Remove it to upload from the start",
                path.display()
            ),
            Self::Newer { path } => write!(
                f,
                "the journal `{}` was written by a later version of vodkit: use that one, or remove it to upload from the start",
                path.display()
            ),
            Self::Foreign { path, other } => write!(
                f,
                "the journal `{}` is of another upload, of `{}`: remove it, or use another directory",
                path.display(),
                other.display()
            ),
            Self::Io {
                doing,
                path,
                source,
            } => write!(f, "cannot {doing} `{}`: {source}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl OpenError {
    /// An error of the operating system.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}
