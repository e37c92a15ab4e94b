//! A journal that this process works on.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use vodkit_request::flow::Keeper;
use vodkit_request::upload::Journal;

use crate::error::OpenError;
use crate::format::{self, Kind};
use crate::place::{About, Place};
use crate::read::Content;

/// How often a lock is tried again whose holder has not said who it is: it is just beginning, or somebody only looks.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(10);

/// The journal of an upload, held by this process until it is dropped or the process dies.
#[derive(Debug)]
pub struct JournalFile {
    path: PathBuf,
    about: About,
    keeper: Arc<Appender>,
}

impl JournalFile {
    /// Opens the journal at this place, or makes an empty one, and holds it.
    ///
    /// # Errors
    /// When another process holds it, it is damaged or was written by a later version, or it cannot be used: see [`OpenError`].
    pub fn open(place: &Place) -> Result<Self, OpenError> {
        let path = place.path();
        let dir = path.parent().unwrap_or(Path::new(""));
        make_dir(dir).map_err(OpenError::io("make the directory", dir))?;
        Self::hold(path, Some(place.about()))
    }

    /// Opens a journal that is there, such as one from [`list`](crate::list), and holds it.
    ///
    /// # Errors
    /// As [`open`](Self::open), and when there is none.
    pub fn open_existing(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::hold(path.as_ref(), None)
    }

    fn hold(path: &Path, wanted: Option<&About>) -> Result<Self, OpenError> {
        let file = lock(path, wanted)?;
        let content = Content::read(&file, path)?;
        let named = content.about(path)?;
        // Also where somebody has opened it meanwhile without knowing what it is of.
        let names = named.is_none() && wanted.is_some();
        let about = match (named, wanted) {
            (Some(about), None) => about,
            (Some(about), Some(wanted)) if about == *wanted => about,
            (Some(about), Some(_)) => {
                return Err(OpenError::Foreign {
                    path: path.to_owned(),
                    other: about.file,
                });
            }
            (None, Some(wanted)) => wanted.clone(),
            (None, None) => About {
                vendor: String::new(),
                account: String::new(),
                file: path.to_owned(),
            },
        };
        let mut appending = Appending {
            file,
            end: content.scan.whole as u64,
            next: u32::try_from(content.scan.records.len()).unwrap_or(u32::MAX),
            broken: None,
        };
        let doing = OpenError::io("write the journal", path);
        let begun = appending.begin(&about, names);
        let begun = if content.scan.whole == 0 {
            begun.and_then(|()| sync_dir(path))
        } else {
            begun
        };
        begun.map_err(doing)?;
        Ok(Self {
            path: path.to_owned(),
            about,
            keeper: Arc::new(Appender(Mutex::new(appending))),
        })
    }

    /// The journal's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it is of.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What has happened until now, and who keeps what happens next: for [`Transfer::journal`](vodkit_request::upload::Transfer::journal).
    ///
    /// # Errors
    /// When it cannot be read, or has a mark that only a later version knows.
    pub fn journal(&self) -> Result<Journal, OpenError> {
        self.journal_through(|keeper| keeper)
    }

    /// As [`journal`](Self::journal), with a keeper around its own: to count, to watch, or to fail on purpose.
    ///
    /// # Errors
    /// See [`journal`](Self::journal).
    pub fn journal_through(
        &self,
        around: impl FnOnce(Arc<dyn Keeper>) -> Arc<dyn Keeper>,
    ) -> Result<Journal, OpenError> {
        let mut appending = self.keeper.lock();
        let rewound = appending.file.seek(SeekFrom::Start(0));
        rewound.map_err(OpenError::io("read the journal", &self.path))?;
        let content = Content::read(&appending.file, &self.path)?;
        drop(appending);
        let keeper: Arc<dyn Keeper> = Arc::clone(&self.keeper) as _;
        content
            .journal(around(keeper))
            .map_err(|_| OpenError::Newer {
                path: self.path.clone(),
            })
    }

    /// Removes it: the upload is done, or given up. Nothing can be kept any more.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(self) -> io::Result<()> {
        let mut appending = self.keeper.lock();
        appending.broken = Some("it was removed");
        // While it is still locked, so that nobody begins with a journal that is about to go.
        std::fs::remove_file(&self.path)?;
        sync_dir(&self.path)
    }
}

/// The file, locked by this process. Without a journal there, one is made if anything is wanted of it.
fn lock(path: &Path, wanted: Option<&About>) -> Result<File, OpenError> {
    let mut tries = 0;
    loop {
        let file = open(path, wanted.is_some()).map_err(OpenError::io("open the journal", path))?;
        match file.try_lock() {
            Ok(()) => {
                let named = names(path, &file);
                if named.map_err(OpenError::io("open the journal", path))? {
                    return Ok(file);
                }
                // Who held it has removed it meanwhile.
            }
            Err(TryLockError::WouldBlock) => {
                tries += 1;
                let content = Content::read(&file, path).ok();
                let pid = content
                    .as_ref()
                    .and_then(Content::pid)
                    .filter(|pid| alive(*pid));
                // In containers many a process has the same number: the one that is written there may be dead, and ours alive.
                let surely = pid.is_some_and(|pid| pid != std::process::id());
                if surely || tries == TRIES {
                    let about = content.and_then(|content| content.about(path).ok().flatten());
                    let about = about.as_ref().or(wanted);
                    return Err(OpenError::Held {
                        file: about.map_or(path, |about| &about.file).to_owned(),
                        pid,
                    });
                }
                std::thread::sleep(BETWEEN_TRIES);
            }
            Err(TryLockError::Error(error)) => {
                return Err(OpenError::io("lock the journal", path)(error));
            }
        }
    }
}

/// Whether there is such a process, as far as the system lets one see: only Linux shows it without asking.
fn alive(pid: u32) -> bool {
    let processes = Path::new("/proc");
    !processes.join("self").exists() || processes.join(pid.to_string()).exists()
}

fn open(path: &Path, create: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(create);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_dir(dir: &Path) -> io::Result<()> {
    if dir.as_os_str().is_empty() || dir.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Whether the path still leads to this file.
fn names(path: &Path, file: &File) -> io::Result<bool> {
    let found = match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found?,
    };
    Ok(same(&found, &file.metadata()?))
}

#[cfg(unix)]
fn same(one: &std::fs::Metadata, other: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Elsewhere a file cannot be removed and made anew while somebody has it open.
#[cfg(not(unix))]
fn same(_: &std::fs::Metadata, _: &std::fs::Metadata) -> bool {
    true
}

/// Makes sure that the name of a file is on disk as well.
fn sync_dir(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        File::open(dir.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Who appends the records of the flow.
#[derive(Debug)]
struct Appender(Mutex<Appending>);

#[derive(Debug)]
struct Appending {
    file: File,
    /// Bytes that are confirmed: the next record begins here.
    end: u64,
    /// Number of the next record.
    next: u32,
    /// Why nothing can be written any more.
    broken: Option<&'static str>,
}

impl Appender {
    fn lock(&self) -> std::sync::MutexGuard<'_, Appending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper for Appender {
    fn keep(&self, record: &[u8]) -> io::Result<()> {
        let mut appending = self.lock();
        if let Some(why) = appending.broken {
            return Err(io::Error::other(why));
        }
        if record.len() > format::MOST {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a record is too long",
            ));
        }
        let mut bytes = Vec::with_capacity(record.len() + 32);
        format::write(&mut bytes, appending.next, Kind::Mark, record);
        appending.append(&bytes, 1)
    }
}

impl Appending {
    /// Cuts off what was never confirmed, and writes down who works on it from now on.
    fn begin(&mut self, about: &About, names: bool) -> io::Result<()> {
        let is_new = self.end == 0;
        self.file.set_len(self.end)?;
        let mut bytes = Vec::new();
        if is_new {
            bytes.extend_from_slice(&format::header());
        }
        let mut records = 0;
        if names {
            format::write(&mut bytes, self.next, Kind::About, &about.to_record());
            records += 1;
        }
        let pid = std::process::id().to_le_bytes();
        format::write(&mut bytes, self.next + records, Kind::Session, &pid);
        self.append(&bytes, records + 1)?;
        if is_new { self.file.sync_all() } else { Ok(()) }
    }

    /// Writes records in one go and waits until they are on disk.
    fn append(&mut self, bytes: &[u8], records: u32) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.end))?;
        let written = self
            .file
            .write_all(bytes)
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // Whether it is there is not known, so nothing may come after it. Opened anew, the journal is read as it is then.
            self.broken = Some("an earlier record could not be written");
            let _best_effort = self.file.set_len(self.end);
            return Err(error);
        }
        self.end += bytes.len() as u64;
        self.next += records;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_removed_or_replaced_is_not_what_its_path_names() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.journal");
        let file = open(&path, true).unwrap();
        assert!(names(&path, &file).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(!names(&path, &file).unwrap());
        let other = open(&path, true).unwrap();
        assert!(!names(&path, &file).unwrap());
        assert!(names(&path, &other).unwrap());
    }
}
