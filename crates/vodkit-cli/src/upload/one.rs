//! One file: found to be done already, gone on with, or begun; and what is left of it when it fails.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use vodkit_journal::{JournalFile, OpenError, Place};
use vodkit_request::transport::{FileFacts, Pace};
use vodkit_request::upload::{Note, Past, Transfer};
use vodkit_request::{Error, ErrorKind, Progress, ProgressSink};

use super::claims::RowClaims;
use super::row::Row;
use super::state::{Done, State, in_words, now_ms};
use super::uploader::{Arrived, Errand, Uploader, Way};
use crate::account;
use crate::args::UploadArgs;
use crate::catalogue::Vendor;
use crate::exit::Exit;
use crate::failure::Failure;

/// What happens to a row, told while it happens.
pub(super) enum Told<'a> {
    /// Its bytes are about to be sent, or those that are missing.
    Started {
        bytes: u64,
    },
    /// The video exists.
    Created(&'a str),
    Noted(&'a Note),
    /// An upload that was begun is given up for a new one; what of it may be left at the vendor.
    GivenUp(String),
    /// It is passed over, and was uploaded with another token, perhaps for another user.
    OtherUser,
    Progress(Progress),
    /// The file is there, and the vendor works on it.
    Waiting,
}

/// Who is told.
pub(super) trait Listener: Send + Sync {
    fn hear(&self, row: usize, told: Told<'_>);
}

/// A file that is at the vendor.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) video_id: Value,
    pub(super) file_name: String,
    pub(super) bytes: u64,
    /// Whether it was there before this command.
    pub(super) skipped: bool,
    /// Bytes that an earlier command had sent.
    pub(super) resumed: Option<u64>,
    /// What came of waiting, where it was asked for.
    pub(super) ready: Option<Result<(), Failure>>,
}

/// A file that is not.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) failure: Failure,
    /// Whether the next run goes on with it.
    pub(super) resumable: bool,
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self {
            failure,
            resumable: false,
        }
    }
}

/// What all rows share.
pub(super) struct Work<'a> {
    pub(super) vendor: Vendor,
    pub(super) account: String,
    pub(super) args: &'a UploadArgs,
    pub(super) state: State,
    pub(super) pace: Option<Pace>,
    pub(super) way: &'a dyn Way,
    pub(super) uploader: Box<dyn Uploader + 'a>,
    pub(super) listener: Arc<dyn Listener>,
}

impl Work<'_> {
    /// Where the journal of a row is.
    pub(super) fn place(&self, row: &Row) -> Result<Place, Failure> {
        let (vendor, account) = (self.vendor.name(), self.account.as_str());
        Place::of(self.state.dir(), vendor, account, &row.file)
            .map_err(|error| Failure::local_file(format!("cannot read `{}`: {error}", row.shown())))
    }

    /// Whether an earlier command has begun with a row and not finished it. What cannot be read may be begun: the upload says what is wrong with it.
    pub(super) fn is_begun(&self, row: &Row) -> bool {
        let Ok(place) = self.place(row) else {
            return false;
        };
        match vodkit_journal::look(place.path()) {
            Ok(look) => !look.past.is_empty(),
            Err(OpenError::Io { source, .. }) => source.kind() != std::io::ErrorKind::NotFound,
            Err(_) => true,
        }
    }

    /// Uploads a row, unless that was done before.
    pub(super) fn upload(&self, index: usize, row: &Row) -> Result<Sent, Failed> {
        let place = self.place(row)?;
        let facts = facts(&row.file)?;
        // Most rows of a run that is repeated end here, without a journal of their own. Beside a journal, who wrote the record has died before it
        // could remove it.
        if !place.path().exists()
            && let Some(done) = self.done(&place, row, &facts)?
        {
            return Ok(self.passed_over(index, row, done));
        }
        let mut journal = JournalFile::open(&place).map_err(not_opened)?;
        let mut past = past(&journal)?;
        // Another process may have finished it while this one came to hold the journal. Of another video it is an upload of its own, such as one
        // of `--again` that was broken off.
        let done = self.done(&place, row, &facts)?;
        if let Some(done) = done.filter(|done| past.is_empty() || is_of(&past, done)) {
            let sent = self.passed_over(index, row, done);
            let _left_for_the_next_run = journal.remove();
            return Ok(sent);
        }
        // What is finished of another content, or of an earlier run than is asked for, says nothing of what is to be uploaded now.
        let outlived = past.finished && (self.args.again || !is_content(&past, &facts));
        if (self.args.restart || outlived) && !past.is_empty() {
            if let Some(left) = left_behind(&past) {
                self.listener.hear(index, Told::GivenUp(left));
            }
            journal
                .remove()
                .map_err(|error| not_removed(&place, &error))?;
            journal = JournalFile::open(&place).map_err(not_opened)?;
            past = Past::default();
        }
        let there = Arc::new(Mutex::new((!past.is_empty()).then(|| past.bytes())));
        self.listener
            .hear(index, Told::Started { bytes: facts.len });
        let arrived = match (&past.video, past.finished) {
            (Some(video), true) => Ok(Arrived::of(video.as_str())),
            _ => self
                .uploader
                .upload(row, self.errand(index, &place, &journal, &past, &there)?)
                .map_err(|error| self.failed(&journal, &past, error)),
        };
        let arrived = match arrived {
            Ok(arrived) => arrived,
            Err(failed) => {
                if !failed.resumable {
                    let _left_for_the_next_run = journal.remove();
                }
                return Err(failed);
            }
        };
        self.uploader
            .finish(row, &arrived.id)
            .map_err(|failure| Failed {
                failure,
                resumable: true,
            })?;
        let sent = Sent {
            video_id: arrived.id.clone(),
            file_name: self.way.file_name(row)?,
            bytes: facts.len,
            skipped: false,
            resumed: *there.lock().unwrap_or_else(PoisonError::into_inner),
            ready: None,
        };
        // The flow has looked at the file again when it began to read it.
        let written = self::past(&journal).ok().and_then(|past| past.begun);
        let facts = written.map_or(facts, |begun| begun.facts);
        self.write_down(&place, row, &facts, &sent, journal)?;
        Ok(Sent {
            ready: self.ready(index, row, &arrived, sent.bytes),
            ..sent
        })
    }

    /// What an earlier command uploaded of this row, if it was the same file.
    fn done(&self, place: &Place, row: &Row, facts: &FileFacts) -> Result<Option<Done>, Failure> {
        if self.args.again {
            return Ok(None);
        }
        let done = self.state.done(place)?;
        let (about, title, asked) = (place.about(), row.title.as_deref(), self.way.asked());
        Ok(done.filter(|done| done.is_of(about, facts, title, &asked)))
    }

    /// A row that is there already.
    fn passed_over(&self, index: usize, row: &Row, done: Done) -> Sent {
        // A new token may be of the same user: to upload all anew would be worse than to ask.
        if done.user != account::user_mark(self.vendor) {
            self.listener.hear(index, Told::OtherUser);
        }
        let arrived = Arrived::of(done.video_id.clone());
        Sent {
            video_id: done.video_id,
            file_name: done.file_name,
            bytes: done.bytes,
            skipped: true,
            resumed: None,
            ready: self.ready(index, row, &arrived, done.bytes),
        }
    }

    fn errand(
        &self,
        index: usize,
        place: &Place,
        journal: &JournalFile,
        past: &Past,
        there: &Arc<Mutex<Option<u64>>>,
    ) -> Result<Errand, Failure> {
        let args = self.args;
        let listener = |index| {
            let listener = Arc::clone(&self.listener);
            move |told: Told<'_>| listener.hear(index, told)
        };
        let there = Arc::clone(there);
        let (noted, progressed, created) = (listener(index), listener(index), listener(index));
        #[cfg(feature = "kill-points")]
        let journal = journal
            .journal_through(|keeper| crate::kill::LethalKeeper::around(keeper, place.path()));
        #[cfg(not(feature = "kill-points"))]
        let journal = journal.journal();
        let claims = RowClaims::new(self.state.clone(), place.clone());
        let mut transfer = Transfer::new()
            .journal(journal.map_err(not_opened)?)
            .claims(Arc::new(claims))
            .notes(move |note| {
                if let Note::Resumed { bytes } = note {
                    // The server's word beats the journal's.
                    *there.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
                }
                noted(Told::Noted(&note));
            });
        if past.creating.is_some() && past.video.is_none() {
            // The video of another upload may look like the one that is looked for.
            transfer = transfer
                .except(self.state.other_videos(self.vendor.name(), place))
                .except(&args.except);
        }
        if let Some(size) = args.part_size {
            transfer = transfer.part_size(size);
        }
        if let Some(lanes) = args.lanes {
            transfer = transfer.lanes(lanes);
        }
        if let Some(pace) = &self.pace {
            transfer = transfer.pace(pace.clone());
        }
        if args.verify {
            transfer = transfer.verify();
        }
        if args.no_md5 {
            transfer = transfer.without_md5();
        }
        if args.repeat_unknown {
            transfer = transfer.repeat_unknown();
        }
        Ok(Errand {
            transfer,
            progress: ProgressSink::new(move |progress| progressed(Told::Progress(progress))),
            created: Box::new(move |id| created(Told::Created(id))),
        })
    }

    /// What is left of an upload that has failed: whether the next run can go on with it.
    fn failed(&self, journal: &JournalFile, before: &Past, error: Error) -> Failed {
        let now = journal.journal().map(|journal| journal.past().clone());
        // Who cannot read what has happened throws nothing away.
        let resumable = now.map_or(true, |now| is_to_keep(&now, before, &error));
        let after = resumable.then(|| After::of(&error));
        let mut failure = Failure::from(error);
        match after {
            Some(After::GoesOn { broken_off }) => {
                if broken_off && failure.exit() == Exit::Unavailable {
                    failure = failure.exiting(Exit::Unfinished);
                }
                failure = failure.resumable();
            }
            Some(After::Fails) => failure = failure.restartable(),
            None => {}
        }
        Failed { failure, resumable }
    }

    /// Remembers a finished upload, and only then forgets how it came about.
    fn write_down(
        &self,
        place: &Place,
        row: &Row,
        facts: &FileFacts,
        sent: &Sent,
        journal: JournalFile,
    ) -> Result<(), Failure> {
        let about = place.about();
        let done = Done {
            vendor: about.vendor.clone(),
            account: about.account.clone(),
            file: about.file.to_string_lossy().into_owned(),
            bytes: facts.len,
            modified_ms: facts.modified.map(|at| at.0),
            title: row.title.clone(),
            asked: self.way.asked(),
            user: account::user_mark(self.vendor),
            file_name: sent.file_name.clone(),
            video_id: sent.video_id.clone(),
            done_ms: now_ms(),
        };
        pass("removing-journal");
        let written = self.state.write_done(place, &done).and_then(|()| {
            pass("removing-journal");
            journal.remove()
        });
        written.map_err(|error| {
            let id = in_words(&sent.video_id);
            Failure::local_file(format!(
                "video {id} is uploaded, and it cannot be written down in `{}`: {error}",
                self.state.dir().display()
            ))
            .created(id)
        })
    }

    fn ready(
        &self,
        index: usize,
        row: &Row,
        video: &Arrived,
        bytes: u64,
    ) -> Option<Result<(), Failure>> {
        if !self.args.wait {
            return None;
        }
        self.listener.hear(index, Told::Waiting);
        pass("waiting");
        let ready = self.uploader.wait(&video.id, self.args.deadline);
        Some(ready.and_then(|()| {
            // What was computed while it was sent is compared anyhow; for the rest the file is read once more.
            if self.args.verify || video.md5.is_some() {
                self.uploader.compare(row, video, bytes)
            } else {
                Ok(())
            }
        }))
    }
}

/// A point at which the campaign may end the process.
fn pass(point: &str) {
    #[cfg(feature = "kill-points")]
    crate::kill::pass(point);
    let _ = point;
}

fn facts(file: &Path) -> Result<FileFacts, Failure> {
    let facts = std::fs::metadata(file).and_then(|metadata| FileFacts::from_metadata(&metadata));
    facts.map_err(|error| Failure::local_file(format!("cannot read `{}`: {error}", file.display())))
}

/// Whether what has happened must not be forgotten: something is, or may be, at the vendor.
fn is_to_keep(now: &Past, before: &Past, error: &Error) -> bool {
    // The vendor has refused to create, or was never asked. Every other failure may have come after the video: also one to write its id down, and a
    // reply that nobody can read.
    let is_refused = !error.maybe_sent()
        && !matches!(
            error.kind(),
            ErrorKind::LocalFile
                | ErrorKind::Journal
                | ErrorKind::Decode
                | ErrorKind::OutcomeUnknown
        );
    let unknown = now.creating.is_some() && (before.creating.is_some() || !is_refused);
    now.video.is_some() || now.opened.is_some() || now.completing || unknown
}

/// What becomes of an upload that has failed when the same command is run again.
#[derive(Debug, PartialEq, Eq)]
enum After {
    /// It goes on. What the network has broken off is done then; what nobody knows the outcome of, a person has to look at.
    GoesOn { broken_off: bool },
    /// It fails again for as long as things are as they are.
    Fails,
}

impl After {
    fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::LocalFile
            | ErrorKind::InvalidInput
            | ErrorKind::Refused
            | ErrorKind::Processing
            | ErrorKind::DigestMismatch => Self::Fails,
            ErrorKind::Journal | ErrorKind::Decode | ErrorKind::OutcomeUnknown => {
                Self::GoesOn { broken_off: false }
            }
            _ => Self::GoesOn { broken_off: true },
        }
    }
}

/// Whether a journal is of the upload that a record says is finished.
fn is_of(past: &Past, done: &Done) -> bool {
    match &past.video {
        Some(video) => *video == in_words(&done.video_id),
        // Of what has no video before its registration, the journal's end comes right before the record.
        None => past.finished,
    }
}

/// Whether a journal is of what stands in the file now, as far as can be seen without reading it.
fn is_content(past: &Past, facts: &FileFacts) -> bool {
    past.begun
        .as_ref()
        .is_some_and(|begun| begun.facts == *facts)
}

fn past(journal: &JournalFile) -> Result<Past, Failure> {
    journal
        .journal()
        .map(|journal| journal.past().clone())
        .map_err(not_opened)
}

pub(crate) fn not_opened(error: OpenError) -> Failure {
    match &error {
        OpenError::Held { .. } => Failure::new(Exit::Unfinished, "held", error.to_string())
            .hint("Wait for it, or end it and run this again: it goes on where that one stopped"),
        _ => Failure::local_file(error.to_string()),
    }
}

fn not_removed(place: &Place, error: &std::io::Error) -> Failure {
    Failure::local_file(format!(
        "cannot remove the journal `{}`: {error}",
        place.path().display()
    ))
}

/// What an upload that is given up may leave at the vendor.
pub(crate) fn left_behind(past: &Past) -> Option<String> {
    let upload = past.opened.as_ref().map(|opened| {
        let bytes = past.bytes();
        format!("upload {} with {bytes} bytes", opened.upload_id)
    });
    let video = past.video.as_deref().unwrap_or_default();
    said(past, &format!("video {video}"), upload)
}

/// The same for a table that has a column each for the video and for how much is there.
pub(crate) fn left_in_short(past: &Past) -> Option<String> {
    let upload = past.opened.as_ref().map(|_| "parts".to_owned());
    said(past, "video", upload)
}

fn said(past: &Past, video: &str, upload: Option<String>) -> Option<String> {
    let mut left = Vec::new();
    match (&past.video, past.creating) {
        (Some(_), _) if past.completing && !past.completed => {
            left.push(format!("{video}, perhaps with its content"))
        }
        (Some(_), _) if !past.completed => left.push(format!("{video} without its content")),
        (Some(_), _) => left.push(video.to_owned()),
        (None, Some(_)) => left.push("perhaps a video, whose id no reply has told".to_owned()),
        (None, None) => {}
    }
    left.extend(upload.filter(|_| !past.completed));
    (!left.is_empty()).then(|| left.join(", "))
}

#[cfg(test)]
mod tests {
    use std::io;

    use vodkit_blocking::Blocking;
    use vodkit_emulator::Emulator;
    use vodkit_request::Timestamp;
    use vodkit_request::flow::Keeper;
    use vodkit_request::upload::Mark;

    use super::*;

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "x")
    }

    #[test]
    fn a_journal_stays_unless_the_vendor_has_surely_created_nothing() {
        let before = Past::default();
        let mut now = Past::default();
        assert!(!is_to_keep(&now, &before, &error(ErrorKind::LocalFile)));
        now.creating = Some(Timestamp(1));
        for (kind, stays) in [
            (ErrorKind::Refused, false),
            (ErrorKind::Credential, false),
            (ErrorKind::Connect, false),
            // The id could not be written down.
            (ErrorKind::Journal, true),
            (ErrorKind::LocalFile, true),
            (ErrorKind::Decode, true),
            (ErrorKind::OutcomeUnknown, true),
        ] {
            assert_eq!(is_to_keep(&now, &before, &error(kind)), stays, "{kind:?}");
            // What an earlier run left open is still open.
            assert!(is_to_keep(&now, &now, &error(kind)), "{kind:?}");
        }
    }

    /// Has room for everything but the id of a video.
    #[derive(Debug)]
    struct Full(Arc<dyn Keeper>);

    impl Keeper for Full {
        fn keep(&self, record: &[u8]) -> io::Result<()> {
            match Mark::read(record) {
                Ok(Mark::Created { .. }) => Err(io::ErrorKind::StorageFull.into()),
                _ => self.0.keep(record),
            }
        }
    }

    #[test]
    fn a_journal_without_room_for_the_id_stays_and_the_next_run_tells_of_the_video() {
        let emulator = Emulator::start().unwrap();
        let client = vodkit_polyv::Client::builder()
            .user_id(emulator.polyv().user_id.as_str())
            .secret_key(emulator.polyv().secret_key.as_str())
            .base_url(emulator.base_url())
            .build(Blocking::new().unwrap())
            .unwrap();
        let dir = tempfile::tempdir().unwrap();
        let film = dir.path().join("a.mp4");
        std::fs::write(&film, "not really a film").unwrap();
        let place = Place::of(dir.path(), "polyv", "account", &film).unwrap();

        let journal = JournalFile::open(&place).unwrap();
        let before = past(&journal).unwrap();
        let full = journal.journal_through(|keeper| Arc::new(Full(keeper)));
        let transfer = Transfer::new().journal(full.unwrap());
        let error = client
            .upload(vodkit_polyv::FileInput::path(&film))
            .transfer(transfer)
            .send()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Journal, "{error}");
        let vid = error.created().unwrap().to_owned();
        let now = past(&journal).unwrap();
        assert!(now.creating.is_some() && now.video.is_none());
        assert!(is_to_keep(&now, &before, &error));
        assert_eq!(After::of(&error), After::GoesOn { broken_off: false });
        drop(journal);

        // Here the vendor lists no video before its file is there, so it cannot be found again.
        let journal = JournalFile::open(&place).unwrap();
        let notes = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&notes);
        let transfer = Transfer::new()
            .journal(journal.journal().unwrap())
            .notes(move |note| noted.lock().unwrap().push(note));
        let uploaded = client
            .upload(vodkit_polyv::FileInput::path(&film))
            .transfer(transfer)
            .send()
            .unwrap();
        assert_ne!(uploaded.vid, vid);
        assert!(past(&journal).unwrap().finished);
        let notes = notes.lock().unwrap();
        assert!(
            matches!(&notes[..], [Note::MayBeOrphaned { .. }]),
            "{notes:?}"
        );
    }

    #[test]
    fn only_what_can_go_on_is_told_to() {
        for (kind, after) in [
            (ErrorKind::Interrupted, After::GoesOn { broken_off: true }),
            (ErrorKind::Unavailable, After::GoesOn { broken_off: true }),
            (
                ErrorKind::OutcomeUnknown,
                After::GoesOn { broken_off: false },
            ),
            (ErrorKind::Journal, After::GoesOn { broken_off: false }),
            (ErrorKind::LocalFile, After::Fails),
            (ErrorKind::Refused, After::Fails),
            (ErrorKind::InvalidInput, After::Fails),
            (ErrorKind::DigestMismatch, After::Fails),
        ] {
            assert_eq!(After::of(&error(kind)), after, "{kind:?}");
        }
    }
}
