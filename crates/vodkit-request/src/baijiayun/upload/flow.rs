//! The upload as a state machine: what comes after what.

use std::ops::Range;

use vodkit_types::FileContent;
use vodkit_types::baijiayun::{
    GetResumeUploadUrl, GetStatus, GetUploadUrl, UploadTicket, operations,
};

use super::hint::{self, Left};
use super::orphan::{Found, Search, ambiguous};
use super::sending::Sending;
use super::{Course, Upload, Uploaded};
use crate::baijiayun::Baijiayun;
use crate::digest::{Digester, Digests, Wanted};
use crate::endpoint::Endpoint as _;
use crate::error::{Error, ErrorKind};
use crate::exec::{Exec, unusable_file};
use crate::flow::{Event, Flow, Step, Stretch, pass_on, unexpected_event};
use crate::params::Params;
use crate::transport::{FileFacts, Tick};
use crate::upload::journal::of_another;
use crate::upload::log::Log;
use crate::upload::{Begun, Mark, Meter, Note};
use crate::vendor::Vendor as _;

#[derive(Debug)]
pub(super) enum Stage<'s> {
    Begin,
    Inspecting,
    /// What was sent by an earlier process is compared with the file.
    Checking,
    /// Something is written down.
    Keeping(Then),
    /// The video of an earlier process is looked for.
    Searching(Box<Search<'s>>),
    Creating(Box<Exec<'s, GetUploadUrl>>),
    /// How much has arrived?
    Asking(Box<Exec<'s, GetResumeUploadUrl>>),
    /// The vendor gives no address: is it because nothing is missing?
    Doubting(Box<Exec<'s, GetStatus>>, Box<Error>),
    /// A stretch that has arrived without a mark is read for its digest.
    Reading(Range<u64>),
    /// What was read is of the file as it was only if that has not changed until now.
    LookingAfter(Range<u64>, Option<u64>),
    /// Before the last slice, with which the upload is complete: is the file still the same?
    LookingAgain,
    Sending(Box<Sending>),
    Waiting(Then),
    /// All has arrived: was the file the same until now?
    Ending,
    /// The whole file is read for its digest.
    Summing,
    Over,
}

/// What follows a pause, or once everything is written down.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then {
    Settle,
    Create,
    Ask,
    Next,
    Done,
}

/// What comes of a step.
pub(super) type Next = Result<Step<Uploaded>, Error>;

impl<'s> Upload<'s> {
    fn begun(&self) -> Begun {
        Begun {
            vendor: Baijiayun::NAME.to_owned(),
            account: self.session.vendor().partner_id().to_string(),
            file_name: self.order.file_name.clone(),
            facts: self.source.facts(),
        }
    }

    fn begin(&mut self, tick: Tick) -> Next {
        // Wrong parameters are told before anything is written down.
        let operation = &operations::GET_UPLOAD_URL;
        self.order
            .params(&mut Params::new(operation))
            .map_err(|invalid| Error::from(invalid).at(operation, 0))?;
        self.log = Log::new(self.settings.transfer.journal.take());
        let past = self.log.past();
        if let Some(other) = past.begun.as_ref().and_then(|begun| self.other(begun)) {
            return Err(of_another(&other));
        }
        match self.source.begin(past, self.settings.transfer.verify)? {
            Some(path) => {
                self.stage = Stage::Inspecting;
                Ok(Step::Inspect(path))
            }
            None => self.check(tick),
        }
    }

    /// What tells another upload from this one.
    fn other(&self, begun: &Begun) -> Option<String> {
        let own = self.begun();
        if begun.vendor != own.vendor {
            return Some(format!("it goes to {}", begun.vendor));
        }
        if begun.account != own.account {
            return Some(format!("it goes to account {}", begun.account));
        }
        (begun.file_name != own.file_name).then(|| format!("its file is `{}`", begun.file_name))
    }

    fn check(&mut self, tick: Tick) -> Next {
        if let Some(stretch) = self.source.next_check()? {
            self.stage = Stage::Checking;
            return Ok(Step::Digest(stretch));
        }
        self.course = Course::plan(
            self.source.len(),
            self.settings.transfer.part_size,
            self.log.is_kept(),
            self.settings.transfer.md5,
        )?;
        if self.log.past().begun.is_none() {
            self.marks.push_back(Mark::Begun(self.begun()));
        }
        self.begin_again = self.source.is_touched();
        self.go(tick, Then::Settle)
    }

    /// Writes down what is to be written down, and then goes on.
    pub(super) fn go(&mut self, tick: Tick, then: Then) -> Next {
        while let Some(mark) = self.marks.pop_front() {
            if let Some(entry) = self.log.take(mark) {
                self.stage = Stage::Keeping(then);
                return Ok(Step::Keep(entry));
            }
        }
        match then {
            Then::Settle => self.settle(tick),
            Then::Create => self.create(tick),
            Then::Ask => self.ask(tick),
            Then::Next => self.next(tick),
            Then::Done => Ok(Step::Done(Uploaded {
                video_id: self.video.unwrap_or_default(),
                bytes: self.course.len(),
                md5: self.md5.take(),
            })),
        }
    }

    /// Finds out where an earlier process stopped.
    fn settle(&mut self, tick: Tick) -> Next {
        let past = self.log.past().clone();
        if let Some(id) = &past.video {
            let video = id.parse().map_err(|_| {
                Error::new(
                    ErrorKind::LocalFile,
                    format!("the journal names a video that is none of Baijiayun's: `{id}`"),
                )
            })?;
            self.exists(video);
            self.resumed = true;
            self.course.recall(&past);
            if past.completed || past.finished {
                let len = self.course.len();
                // What the server had without a mark cannot be compared with a file that was touched since.
                if self.source.is_touched() && self.course.arrived() < len {
                    return Err(hint::incomparable(&self.source.file.name, self.left()));
                }
                self.meter = Some(Meter::new(len, len, self.settings.progress.clone()));
                self.course.reach(len);
                return self.end(tick);
            }
            return self.ask(tick);
        }
        if let Some(at) = past.creating {
            let mut search = Search::new(
                self.session,
                &self.order.file_name,
                at,
                &self.settings.transfer.except,
            );
            let step = search.advance(tick, Event::Start)?;
            return self.forward_searching(tick, search, step);
        }
        self.create_anew(tick)
    }

    fn forward_searching(&mut self, tick: Tick, search: Search<'s>, step: Step<Found>) -> Next {
        let mut found = match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Searching(Box::new(search));
                return Ok(step);
            }
            Err(found) => found,
        };
        // Others may have got theirs since the search began.
        let transfer = &self.settings.transfer;
        found
            .candidates
            .retain(|video| !transfer.is_anothers(&video.to_string()));
        for id in &found.timed_out {
            let what = format!("video {id}, which has waited too long for its file");
            self.settings.transfer.note(Note::MayBeOrphaned { what });
        }
        match found.candidates[..] {
            [] => self.create_anew(tick),
            [video] if !self.settings.transfer.adopts(&video.to_string()) => self.create_anew(tick),
            [video] => {
                self.settings.transfer.note(Note::Adopted {
                    video: video.to_string(),
                });
                self.exists(video);
                self.marks.push_back(Mark::Created {
                    video: video.to_string(),
                });
                self.go(tick, Then::Ask)
            }
            _ if self.settings.transfer.repeat_unknown => {
                for id in &found.candidates {
                    let what = format!("video {id}, which waits for a file of this name");
                    self.settings.transfer.note(Note::MayBeOrphaned { what });
                }
                self.create_anew(tick)
            }
            _ => Err(ambiguous(&found, &self.order.file_name)),
        }
    }

    fn create_anew(&mut self, tick: Tick) -> Next {
        let at = tick.now.offset(self.session.skew.offset());
        self.marks.push_back(Mark::Creating { at });
        self.go(tick, Then::Create)
    }

    fn create(&mut self, tick: Tick) -> Next {
        let mut exec = Exec::new(self.session, self.order.clone());
        let step = exec.advance(tick, Event::Start)?;
        self.forward_creating(tick, exec, step)
    }

    fn forward_creating(
        &mut self,
        tick: Tick,
        exec: Exec<'s, GetUploadUrl>,
        step: Step<UploadTicket>,
    ) -> Next {
        match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Creating(Box::new(exec));
                Ok(step)
            }
            Err(granted) => {
                let video = granted.video_id.to_string();
                if !self.settings.transfer.owns(&video, &mut self.taken)? {
                    return self.create_anew(tick);
                }
                self.exists(granted.video_id);
                self.address = Some(granted.upload_url);
                self.meter = Some(Meter::new(
                    self.course.len(),
                    0,
                    self.settings.progress.clone(),
                ));
                self.marks.push_back(Mark::Created { video });
                self.go(tick, Then::Next)
            }
        }
    }

    fn exists(&mut self, video: u64) {
        self.video = Some(video);
        if let Some(told) = &self.settings.created {
            told(video);
        }
    }

    pub(super) fn mark(&mut self, range: Range<u64>, crc64: Option<u64>) {
        let mark = self.course.mark(&range, crc64);
        self.marks.push_back(Mark::Part(mark));
    }

    fn next(&mut self, tick: Tick) -> Next {
        if self.begin_again && !self.course.is_doubtful() {
            self.begin_again = false;
            self.marks.push_back(Mark::Begun(self.begun()));
            return self.go(tick, Then::Next);
        }
        if self.course.is_complete() {
            return self.end(tick);
        }
        // There is no call to finish: with the last byte the video is complete, of whatever file.
        let last = self.course.next().end == self.course.len();
        match &self.source.file.content {
            FileContent::Path(path) if last && self.course.has_sent => {
                self.stage = Stage::LookingAgain;
                Ok(Step::Inspect(path.clone()))
            }
            _ => self.send(tick),
        }
    }

    /// All has arrived.
    fn end(&mut self, tick: Tick) -> Next {
        match &self.source.file.content {
            FileContent::Path(path) if self.course.has_sent => {
                self.stage = Stage::Ending;
                Ok(Step::Inspect(path.clone()))
            }
            _ => self.sum(tick),
        }
    }

    fn sum(&mut self, tick: Tick) -> Next {
        let whole = 0..self.course.len();
        if !self.course.wants_md5() {
            return self.complete(tick, None);
        }
        if let Some(md5) = self.course.md5() {
            return self.complete(tick, Some(md5));
        }
        if let FileContent::Path(path) = &self.source.file.content {
            let path = path.clone();
            self.stage = Stage::Summing;
            return Ok(Step::Digest(Stretch {
                path,
                range: whole,
                wanted: Wanted::MD5,
            }));
        }
        let mut digester = Digester::new(Wanted::MD5);
        digester.update(self.in_memory(&whole).unwrap_or_default());
        self.complete(tick, digester.digests().md5)
    }

    fn summed(&mut self, tick: Tick, digests: std::io::Result<Digests>) -> Next {
        match digests {
            Ok(digests) => self.complete(tick, digests.md5),
            // A transport of somebody's own need not read files.
            Err(error) if error.kind() == std::io::ErrorKind::Unsupported => {
                self.complete(tick, None)
            }
            Err(error) => Err(unusable_file(Some(&self.source.file.content), &error)),
        }
    }

    fn complete(&mut self, tick: Tick, md5: Option<[u8; 16]>) -> Next {
        self.md5 = md5.map(|md5| md5.iter().map(|byte| format!("{byte:02x}")).collect());
        let past = self.log.past();
        if !past.completed {
            self.marks.push_back(Mark::Completed {
                etag: None,
                crc64: None,
            });
        }
        if !past.finished {
            self.marks.push_back(Mark::Finished);
        }
        self.go(tick, Then::Done)
    }

    fn same_as_before(&self, facts: FileFacts) -> Result<(), Error> {
        self.source
            .unchanged(facts)
            .map_err(|error| hint::outdated(error, self.left().video))
    }

    pub(super) fn left(&self) -> Left {
        Left {
            video: self.video.unwrap_or_default(),
            arrived: self.course.arrived(),
            len: self.course.len(),
            journal: self.log.is_kept(),
        }
    }

    /// Whoever meets the error must learn of the video, and how to go on.
    fn explained(&self, error: Error) -> Error {
        if error.created().is_some() {
            return error;
        }
        if self.video.is_some() {
            return hint::of_video(error, self.left());
        }
        match &self.log.past().video {
            Some(video) => error.with_created(video),
            None => error,
        }
    }

    fn take(&mut self, tick: Tick, event: Event) -> Next {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => self.begin(tick),
            (Stage::Inspecting, Event::Inspected(Ok(facts))) => {
                let verify = self.settings.transfer.verify;
                self.source.measured(facts, self.log.past(), verify)?;
                self.check(tick)
            }
            (
                Stage::Inspecting | Stage::LookingAgain | Stage::LookingAfter(..),
                Event::Inspected(Err(error)),
            )
            | (Stage::Checking, Event::Digested(Err(error))) => {
                Err(unusable_file(Some(&self.source.file.content), &error))
            }
            (Stage::Checking, Event::Digested(Ok(digests))) => {
                self.source.checked(digests)?;
                self.check(tick)
            }
            (Stage::Keeping(then), Event::Kept(result)) => {
                crate::upload::kept(result)?;
                self.go(tick, then)
            }
            (Stage::Searching(mut search), event) => {
                let step = search.advance(tick, event)?;
                self.forward_searching(tick, *search, step)
            }
            (Stage::Creating(mut exec), event) => {
                let step = exec
                    .advance(tick, event)
                    .map_err(|error| hint::of_creation(error, self.log.is_kept()))?;
                self.forward_creating(tick, *exec, step)
            }
            (Stage::Asking(exec), event) => self.asked(tick, *exec, event),
            (Stage::Doubting(mut exec, error), event) => match exec.advance(tick, event) {
                Ok(step) => self.forward_doubting(tick, *exec, *error, step),
                Err(unknown) if hint::is_gone(&unknown) => Err(self.gone(*error)),
                Err(_) => Err(*error),
            },
            (Stage::Reading(range), Event::Digested(digests)) => {
                // Without a digest the mark is worth little, and the upload as much as before.
                let crc64 = digests.ok().and_then(|digests| digests.crc64);
                self.was_read(tick, range, crc64)
            }
            (Stage::LookingAfter(range, crc64), Event::Inspected(Ok(facts))) => {
                self.same_as_before(facts)?;
                self.mark(range, crc64);
                self.go(tick, Then::Next)
            }
            (Stage::LookingAgain, Event::Inspected(Ok(facts))) => {
                self.same_as_before(facts)?;
                self.send(tick)
            }
            (Stage::Sending(sent), Event::Response(response)) => {
                self.replied(tick, *sent, &response)
            }
            (Stage::Sending(sent), Event::Failed(failure)) => self.broken(tick, &sent, failure),
            (Stage::Waiting(then), Event::Woken) => self.go(tick, then),
            (Stage::Ending, Event::Inspected(looked)) => {
                let video = self.left().video;
                looked
                    .map_err(|error| unusable_file(Some(&self.source.file.content), &error))
                    .and_then(|facts| self.source.unchanged(facts))
                    .map_err(|error| hint::mixed(error, video))?;
                self.sum(tick)
            }
            (Stage::Summing, Event::Digested(digests)) => self.summed(tick, digests),
            _ => Err(unexpected_event()),
        }
    }
}

impl Flow for Upload<'_> {
    type Output = Uploaded;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Uploaded>, Error> {
        self.take(tick, event)
            .map_err(|error| self.explained(error))
    }
}
