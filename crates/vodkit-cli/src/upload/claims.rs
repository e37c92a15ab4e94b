//! Which videos are whose, among all uploads that keep their state in one directory: rows of this command, and those of other processes.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use vodkit_journal::Place;
use vodkit_request::upload::Claims;

use super::state::{DONE, State, private};

/// The name of the file with the claims.
const FILE: &str = "claims";
/// The name of the file that whoever reads and writes them has locked. It stays, where the one with the claims is replaced.
const LOCK: &str = "claims.lock";

/// The claims of one row.
#[derive(Debug)]
pub(super) struct RowClaims {
    state: State,
    own: Place,
}

/// An upload has a video that its journal may not have yet.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Claim {
    vendor: String,
    account: String,
    video: String,
    /// Name of the journal of the upload. When that is gone, the upload is given up, or finished, and its record says what it has.
    journal: String,
    /// Whether it was found: for whom it was created may learn of it later, also after the upload that has it now is finished.
    adopted: bool,
}

impl RowClaims {
    pub(super) fn new(state: State, own: Place) -> Self {
        Self { state, own }
    }

    fn claim(&self, video: &str, adopted: bool) -> Claim {
        let about = self.own.about();
        Claim {
            vendor: about.vendor.clone(),
            account: about.account.clone(),
            video: video.to_owned(),
            journal: name(self.own.path()),
            adopted,
        }
    }

    /// Whether a journal or a record of another upload has the video.
    fn is_written_down(&self, video: &str) -> bool {
        let videos = self.state.other_videos(&self.own.about().vendor, &self.own);
        videos.iter().any(|other| other == video)
    }

    /// Has `change` work on the claims while nobody else does.
    fn locked<T>(&self, change: impl FnOnce(&mut Vec<Claim>) -> T) -> io::Result<T> {
        let path = self.path();
        let mut options = File::options();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(self.state.dir().join(LOCK))?;
        lock.lock()?;
        let text = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            text => text?,
        };
        // What is no claim claims nothing, and must not hide those that are.
        let text = String::from_utf8_lossy(&text);
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Claim>(line).ok());
        let mut claims: Vec<Claim> = lines
            .filter(|claim| claim.holds(self.state.dir()))
            .collect();
        let result = change(&mut claims);
        let mut new = String::new();
        for claim in &claims {
            new.push_str(&serde_json::to_string(claim).map_err(io::Error::from)?);
            new.push('\n');
        }
        if new != text {
            // Claims of others are among them, and a death in between must not take those away.
            let fresh = path.with_extension("new");
            let _left_by_a_dead_process = fs::remove_file(&fresh);
            private(&fresh)?.write_all(new.as_bytes())?;
            fs::rename(&fresh, &path)?;
        }
        Ok(result)
    }

    /// Claims the video, unless another upload has. Where nothing can be written, the journal cannot either, and ends the upload.
    fn take(&self, video: &str, adopted: bool) -> bool {
        let wanted = self.claim(video, adopted);
        let taken =
            self.locked(
                |claims| match claims.iter().find(|claim| wanted.is_of_the_same(claim)) {
                    Some(claim) => claim.journal == wanted.journal,
                    None => {
                        claims.push(wanted);
                        true
                    }
                },
            );
        taken.unwrap_or(true)
    }

    fn path(&self) -> PathBuf {
        self.state.dir().join(FILE)
    }
}

impl Claim {
    fn holds(&self, dir: &Path) -> bool {
        let journal = dir.join(&self.journal);
        journal.exists() || self.adopted && journal.with_extension(DONE).exists()
    }

    fn is_of_the_same(&self, other: &Self) -> bool {
        (&self.vendor, &self.account, &self.video) == (&other.vendor, &other.account, &other.video)
    }
}

impl Claims for RowClaims {
    fn is_anothers(&self, video: &str) -> bool {
        let wanted = self.claim(video, false);
        let claimed = self.locked(|claims| {
            claims
                .iter()
                .any(|claim| wanted.is_of_the_same(claim) && claim.journal != wanted.journal)
        });
        claimed.unwrap_or(false) || self.is_written_down(video)
    }

    fn adopt(&self, video: &str) -> bool {
        // A claim ends with its upload. Whose it was has written it down before that, so that is looked at last.
        self.take(video, true) && !self.is_written_down(video)
    }

    fn own(&self, video: &str) -> bool {
        self.take(video, false)
    }
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two uploads by one account, with their journals.
    fn rows(dir: &Path, account: &str) -> [RowClaims; 2] {
        let state = State::find(Some(&dir.join("state"))).unwrap();
        state.prepare().unwrap();
        ["a.mp4", "b.mp4"].map(|file| {
            let file = dir.join(file);
            fs::write(&file, "x").unwrap();
            let place = Place::of(state.dir(), "polyv", account, &file).unwrap();
            fs::write(place.path(), "").unwrap();
            RowClaims::new(state.clone(), place)
        })
    }

    #[test]
    fn one_of_two_has_a_video_until_its_journal_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let [a, b] = rows(dir.path(), "u");
        assert!(!a.is_anothers("v1"));
        assert!(a.adopt("v1") && a.own("v1"), "it stays its own");
        assert!(b.is_anothers("v1") && !b.adopt("v1") && !b.own("v1"));
        assert!(b.own("v2") && !a.adopt("v2"));
        // Of another account it is another video.
        let [other, _] = rows(dir.path(), "w");
        assert!(!other.is_anothers("v1") && other.own("v1"));
        // Who has it may be finished before the one for whom it was created learns of it.
        let done = a.own.path().with_extension(DONE);
        fs::rename(a.own.path(), &done).unwrap();
        assert!(!b.own("v1"));
        fs::remove_file(done).unwrap();
        assert!(!b.is_anothers("v1") && b.adopt("v1"));
        let text = fs::read_to_string(b.path()).unwrap();
        assert_eq!(text.lines().count(), 3, "{text}");
    }

    #[test]
    fn a_claim_that_was_cut_short_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let [a, b] = rows(dir.path(), "u");
        fs::write(a.path(), "{\"vendor\":\"polyv\",\"acc").unwrap();
        assert!(a.own("v1") && !b.own("v1"));
        let text = fs::read_to_string(a.path()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
    }

    /// Names of journals are those of the files, in any script.
    #[test]
    fn what_was_cut_within_a_letter_hides_no_claim() {
        let dir = tempfile::tempdir().unwrap();
        let [a, b] = rows(dir.path(), "u");
        assert!(a.own("v1"));
        let mut text = fs::read(a.path()).unwrap();
        let cut = "{\"journal\":\"polyv-课";
        text.extend(&cut.as_bytes()[..cut.len() - 1]);
        fs::write(a.path(), text).unwrap();
        assert!(!b.own("v1") && b.is_anothers("v1"));
    }

    #[cfg(unix)]
    #[test]
    fn a_death_while_they_are_written_takes_no_claim_away() {
        use std::io::Read as _;

        let dir = tempfile::tempdir().unwrap();
        let [a, b] = rows(dir.path(), "u");
        assert!(a.own("v1"));
        let before = fs::read_to_string(a.path()).unwrap();
        let mut file = File::open(a.path()).unwrap();
        // Somebody has died while writing.
        fs::write(a.path().with_extension("new"), "{").unwrap();
        assert!(b.own("v2"));
        // What was there is never written over.
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, before);
        assert!(!b.own("v1") && !a.own("v2"));
    }

    #[test]
    fn of_many_at_once_one_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let [a, b] = rows(dir.path(), "u");
        for round in 0..20 {
            let video = format!("v{round}");
            let taken: usize = std::thread::scope(|scope| {
                let rows = [&a, &b].map(|row| scope.spawn(|| row.adopt(&video)));
                rows.into_iter()
                    .map(|row| usize::from(row.join().unwrap()))
                    .sum()
            });
            assert_eq!(taken, 1, "{video}");
        }
    }
}
