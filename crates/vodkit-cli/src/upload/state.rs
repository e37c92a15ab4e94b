//! What of uploads outlives the command: journals of those that are not done, and a record of each that is.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vodkit_journal::{About, Place};
use vodkit_request::transport::FileFacts;

use crate::failure::Failure;

/// What the name of a record of a finished upload ends with.
pub(super) const DONE: &str = "done";

/// A finished upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) vendor: String,
    pub(crate) account: String,
    pub(crate) file: String,
    /// What the file was: its length and when it was last changed, in milliseconds since 1970.
    pub(crate) bytes: u64,
    pub(crate) modified_ms: Option<i64>,
    /// The title that was asked for.
    pub(crate) title: Option<String>,
    #[serde(default)]
    pub(crate) asked: Asked,
    /// What tells the user from others where the account does not: see [`account::user_mark`](crate::account::user_mark).
    #[serde(default)]
    pub(crate) user: Option<String>,
    pub(crate) file_name: String,
    pub(crate) video_id: Value,
    /// When it was done, in milliseconds since 1970.
    pub(crate) done_ms: i64,
}

impl Done {
    /// Whether this is the file that was uploaded, as far as can be seen without reading it.
    pub(crate) fn is_of(
        &self,
        about: &About,
        facts: &FileFacts,
        title: Option<&str>,
        wanted: &Asked,
    ) -> bool {
        self.file == about.file.to_string_lossy()
            && self.vendor == about.vendor
            && self.account == about.account
            && self.bytes == facts.len
            && self.modified_ms == facts.modified.map(|at| at.0)
            && self.title.as_deref() == title
            && self.asked.covers(wanted)
    }
}

/// What was asked for besides the file, where that makes another video of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// The storage that the file goes to, where one chooses it.
    pub(crate) storage: Option<String>,
    /// Its name there, where one chooses it.
    pub(crate) key: Option<String>,
    /// Whether it is published, where that is a choice.
    pub(crate) published: bool,
}

impl Asked {
    /// Whether who has this has what is `wanted`: any name will do if none is asked for, and a published video also where that need not be.
    fn covers(&self, wanted: &Self) -> bool {
        self.storage == wanted.storage
            && (wanted.key.is_none() || self.key == wanted.key)
            && (self.published || !wanted.published)
    }
}

/// The directory with the state of uploads.
#[derive(Clone, Debug)]
pub(crate) struct State {
    dir: PathBuf,
}

impl State {
    /// The directory that is asked for, or the usual one. It need not exist.
    pub(crate) fn find(asked: Option<&Path>) -> Result<Self, Failure> {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        match asked.map(Path::to_owned).or_else(|| usual(set)) {
            Some(dir) => Ok(Self { dir }),
            None => Err(Failure::local_file(
                "there is no place for what must survive this command: neither HOME nor VODKIT_STATE_DIR is set",
            )
            .hint("Give a directory: --state-dir DIR")),
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes the directory, and sees whether anything can be written there, before anything is sent.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        let unusable = |error: io::Error| {
            Failure::local_file(format!(
                "cannot write to `{}`, where it is kept how far an upload is: {error}",
                self.dir.display()
            ))
            .hint("Give another directory: --state-dir DIR, or VODKIT_STATE_DIR")
        };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.dir).map_err(unusable)?;
        let probe = self.dir.join(format!(".probe-{}", std::process::id()));
        let written = private(&probe).and_then(|mut file| file.write_all(b"x"));
        let _not_there = fs::remove_file(&probe);
        written.map_err(unusable)
    }

    /// The record of a finished upload.
    pub(crate) fn done(&self, place: &Place) -> Result<Option<Done>, Failure> {
        read(&place.path().with_extension(DONE))
    }

    /// Writes the record of a finished upload. It is there whole or not at all.
    pub(crate) fn write_done(&self, place: &Place, done: &Done) -> io::Result<()> {
        let path = place.path().with_extension(DONE);
        let new = path.with_extension(format!("{DONE}-{}", std::process::id()));
        let text = serde_json::to_string(done).map_err(io::Error::from)?;
        let _left_by_a_dead_process = fs::remove_file(&new);
        let mut file = private(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        if cfg!(unix) {
            File::open(&self.dir)?.sync_all()?;
        }
        Ok(())
    }

    /// The videos of other uploads to this vendor, finished or not.
    pub(crate) fn other_videos(&self, vendor: &str, own: &Place) -> Vec<String> {
        let mut videos = Vec::new();
        for path in vodkit_journal::list(&self.dir).unwrap_or_default() {
            let Ok(look) = vodkit_journal::look(&path) else {
                continue;
            };
            if path != own.path() && look.about.is_some_and(|about| about.vendor == vendor) {
                videos.extend(look.past.video);
            }
        }
        let done = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let done = done
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == DONE));
        for path in done {
            if let Ok(Some(done)) = read(&path)
                && done.vendor == vendor
            {
                videos.push(in_words(&done.video_id));
            }
        }
        videos
    }
}

/// Where state is kept when nobody says where.
fn usual(set: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    if let Some(dir) = set("VODKIT_STATE_DIR") {
        return Some(dir.into());
    }
    let base = match set("XDG_STATE_HOME") {
        Some(dir) => PathBuf::from(dir),
        None if cfg!(windows) => set("LOCALAPPDATA")?.into(),
        None => PathBuf::from(set("HOME")?).join(".local").join("state"),
    };
    // The specification of these directories says that a relative one is to be ignored.
    base.is_absolute()
        .then(|| base.join("vodkit").join("uploads"))
}

fn read(path: &Path) -> Result<Option<Done>, Failure> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(Failure::local_file(format!(
                "cannot read `{}`: {error}",
                path.display()
            )));
        }
        Ok(bytes) => bytes,
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|_| {
        Failure::local_file(format!(
            "the record `{}` of a finished upload is damaged",
            path.display()
        ))
        .hint("Remove it to upload the file again")
    })
}

pub(super) fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// An id without the quotes of JSON.
pub(crate) fn in_words(id: &Value) -> String {
    match id {
        Value::String(text) => text.clone(),
        number => number.to_string(),
    }
}

/// The wall clock, in milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use vodkit_request::Timestamp;

    use super::*;

    #[test]
    fn the_usual_directory_follows_the_environment() {
        let usual = |set: &[(&str, &str)]| {
            let found = usual(|name| {
                set.iter()
                    .find(|(have, _)| *have == name)
                    .map(|(_, value)| value.into())
            });
            found.map(|path| path.to_str().unwrap().to_owned())
        };
        let home = ("HOME", "/h");
        assert_eq!(
            usual(&[("VODKIT_STATE_DIR", "d"), home]).as_deref(),
            Some("d")
        );
        if cfg!(unix) {
            assert_eq!(
                usual(&[home]).as_deref(),
                Some("/h/.local/state/vodkit/uploads")
            );
            assert_eq!(
                usual(&[home, ("XDG_STATE_HOME", "/x")]).as_deref(),
                Some("/x/vodkit/uploads")
            );
        }
        assert_eq!(usual(&[("XDG_STATE_HOME", "x")]), None);
        assert_eq!(usual(&[]), None);
    }

    #[test]
    fn a_record_covers_what_was_asked_for() {
        let asked = |storage: &str, key: Option<&str>, published| Asked {
            storage: Some(storage.to_owned()),
            key: key.map(str::to_owned),
            published,
        };
        let have = asked("s/b", Some("k"), false);
        for (wanted, covered) in [
            (asked("s/b", Some("k"), false), true),
            (asked("s/b", None, false), true),
            (asked("s/b", Some("l"), false), false),
            (asked("s/c", None, false), false),
            (asked("s/b", None, true), false),
            (Asked::default(), false),
        ] {
            assert_eq!(have.covers(&wanted), covered, "{wanted:?}");
        }
        assert!(asked("s/b", None, true).covers(&asked("s/b", None, false)));
        assert!(!asked("s/b", None, true).covers(&asked("s/b", Some("k"), true)));
    }

    #[test]
    fn a_record_is_of_the_file_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.mp4");
        fs::write(&file, "x").unwrap();
        let state = State {
            dir: dir.path().join("state"),
        };
        state.prepare().unwrap();
        let place = Place::of(state.dir(), "polyv", "u", &file).unwrap();
        assert_eq!(state.done(&place).unwrap(), None);
        let facts = FileFacts {
            modified: Some(Timestamp(5)),
            ..FileFacts::of_len(7)
        };
        let done = Done {
            vendor: "polyv".to_owned(),
            account: "u".to_owned(),
            file: place.about().file.to_string_lossy().into_owned(),
            bytes: 7,
            modified_ms: Some(5),
            title: None,
            asked: Asked::default(),
            user: None,
            file_name: "a.mp4".to_owned(),
            video_id: "v1".into(),
            done_ms: 1,
        };
        state.write_done(&place, &done).unwrap();
        state.write_done(&place, &done).unwrap();
        assert_eq!(
            fs::read_dir(state.dir()).unwrap().count(),
            1,
            "nothing else is left"
        );
        let read = state.done(&place).unwrap().unwrap();
        assert_eq!(read, done);
        let any = Asked::default();
        assert!(read.is_of(place.about(), &facts, None, &any));
        assert!(!read.is_of(place.about(), &facts, Some("t"), &any));
        assert!(!read.is_of(place.about(), &FileFacts::of_len(7), None, &any));
        assert!(!read.is_of(place.about(), &FileFacts { len: 8, ..facts }, None, &any));
        let other = Place::of(state.dir(), "polyv", "v", &file).unwrap();
        assert!(!read.is_of(other.about(), &facts, None, &any));
        assert_eq!(state.other_videos("polyv", &other), ["v1"]);
        assert!(state.other_videos("quvideo", &other).is_empty());
        fs::write(place.path().with_extension(DONE), "{").unwrap();
        assert!(state.done(&place).is_err());
    }
}
