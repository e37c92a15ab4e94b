//! What is asked of a storage while no part is under way: the whole file, or what opens, lists and completes an upload in parts.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use vodkit_types::FileContent;

use super::Delivery;
use super::delivery::{Next, Single, Stage, Then};
use super::exchange::{Flight, Setback, Tries};
use super::store::{Ask, Listed, Store, Stored};
use super::{Mark, Meter, Note, Opened, PartMark};
use crate::digest::{DigestTap, Digests, Wanted};
use crate::error::{Error, ErrorKind};
use crate::flow::{Step, unexpected_event};
use crate::lanes::Ended;
use crate::remedy::{Hint, Remedy};
use crate::retry::Outcome;
use crate::session::Session;
use crate::transport::{Observers, Outgoing, Tick};
use crate::vendor::Vendor;

/// How often one upload begins anew, since the storage has lost what it had.
const MOST_RESTARTS: u32 = 2;
/// How often the object is looked for once more before its parts count as lost: a storage that is still putting them together shows neither.
const MOST_LOOKS: u32 = 3;
/// Before the second of these; each later wait is twice as long as the one before.
const FIRST_LOOK: Duration = Duration::from_secs(1);

impl<S: Store> Delivery<S> {
    pub(super) fn ask<V: Vendor>(
        &mut self,
        tick: Tick,
        single: Single,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        let tries = self.fresh_tries();
        self.send(tick, single, tries, session)
    }

    /// Sends it, unless the keys must be renewed first.
    pub(super) fn send<V: Vendor>(
        &mut self,
        tick: Tick,
        single: Single,
        tries: Tries,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        if self.keys_are_due(tick) {
            self.stage = Stage::Asking(single, tries);
            return Ok(Next::Renew);
        }
        let past = self.log.past();
        let upload_id = match &past.opened {
            Some(opened) => opened.upload_id.as_str(),
            None => "",
        };
        let ask = match &single {
            Single::Put => Ask::Put {
                body: self.source.body(0..self.source.len())?,
            },
            Single::Open => Ask::Open,
            Single::List { after, .. } => Ask::List {
                upload_id,
                after: *after,
            },
            Single::Complete => Ask::Complete {
                upload_id,
                parts: &past.parts,
            },
            Single::Head => Ask::Head,
            Single::Abort => Ask::Abort { upload_id },
        };
        let (outgoing, flight) = self.signed(tick, ask, session)?;
        let (outgoing, tap) = match single {
            Single::Put => {
                let (outgoing, tap) = self.with_file(outgoing, 0);
                (outgoing, Some(tap))
            }
            _ => (outgoing, None),
        };
        self.stage = Stage::Asked(single, tries, flight, tap);
        Ok(Next::Do(Step::Send(Box::new(outgoing))))
    }

    /// The same request, watched and held back as one that sends bytes of the file.
    pub(super) fn with_file(&self, mut outgoing: Outgoing, lane: usize) -> (Outgoing, DigestTap) {
        let tap = DigestTap::new(self.wanted());
        outgoing.observers = Observers {
            progress: Some(self.meter.of_lane(lane)),
            digest: (!self.wanted().is_nothing()).then(|| tap.clone()),
            pace: self.settings.transfer.pace.clone(),
        };
        (outgoing, tap)
    }

    /// Which digests of what is sent can be compared: with what the storage reports, or with the file when a later process goes on.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            md5: S::WANTED.md5 && self.settings.transfer.md5,
            crc64: S::WANTED.crc64 || self.log.is_kept(),
        }
    }

    /// The digests of what was sent: those that the transport has seen, or those of bytes in memory.
    pub(super) fn digests(&self, tap: &DigestTap, range: Range<u64>) -> Digests {
        let len = range.end - range.start;
        let wanted = Wanted {
            md5: self.settings.transfer.md5,
            crc64: true,
        };
        if let Some(digests) = self.in_memory(range, wanted) {
            return digests;
        }
        let seen = tap.seen().digests();
        // A transport that knows no taps has fed none: then nothing is compared.
        if seen.bytes == len {
            seen
        } else {
            Digests::default()
        }
    }

    pub(super) fn answered<V: Vendor>(
        &mut self,
        tick: Tick,
        single: Single,
        (flight, mut tries): (Flight, Tries),
        tap: Option<DigestTap>,
        ended: Ended,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        let known = (flight, &mut tries);
        let setback = match &single {
            Single::Put => match self.judge(tick, known, ended, session, S::put) {
                Ok(stored) => {
                    let tap = tap.ok_or_else(unexpected_event)?;
                    let sent = self.digests(&tap, 0..self.source.len());
                    match self.store()?.differs(&stored, &sent) {
                        None => {
                            self.accepted(tries, session);
                            return self.was_put(tick, stored, session);
                        }
                        Some(digest) => {
                            let error = self.altered(digest, "the file");
                            self.later(tick, &mut tries, Some(Outcome::Unsure), error, session)
                        }
                    }
                }
                Err(setback) => setback,
            },
            Single::Open => match self.judge(tick, known, ended, session, S::opened) {
                Ok(upload_id) => {
                    self.accepted(tries, session);
                    return self.opened(tick, upload_id, session);
                }
                Err(setback) => setback,
            },
            Single::List { after, agreed } => {
                match self.judge(tick, known, ended, session, S::listed) {
                    Ok(listed) => {
                        self.accepted(tries, session);
                        let (after, agreed) = (*after, agreed.clone());
                        return self.listed(tick, after, agreed, listed, session);
                    }
                    Err(setback) => setback,
                }
            }
            Single::Complete => match self.judge(tick, known, ended, session, S::completed) {
                Ok(stored) => {
                    self.accepted(tries, session);
                    return self.completed(tick, stored, session);
                }
                Err(setback) => setback,
            },
            Single::Head => match self.judge(tick, known, ended, session, S::head) {
                Ok(found) => {
                    self.accepted(tries, session);
                    let len = self.source.len();
                    let found = found.filter(|found| found.len.is_none_or(|theirs| theirs == len));
                    return match found {
                        Some(found) => self.found(tick, found.stored, session),
                        None => self.not_there(tick, session),
                    };
                }
                Err(Setback::Failed(error)) => return self.cannot_tell(tick, error, session),
                Err(setback) => setback,
            },
            Single::Abort => match self.judge(tick, known, ended, session, S::aborted) {
                Ok(()) | Err(Setback::OpenAnew(_)) => {
                    self.accepted(tries, session);
                    return self.keep(tick, Mark::Forgotten, Then::Abandoned, session);
                }
                Err(setback) => setback,
            },
        };
        match (setback, &single) {
            (Setback::Now, _) => self.send(tick, single, tries, session),
            (Setback::Renew, _) => {
                self.stage = Stage::Asking(single, tries);
                Ok(Next::Renew)
            }
            (Setback::Later(wait), _) => {
                self.stage = Stage::Asking(single, tries);
                Ok(Next::Do(Step::Sleep(wait)))
            }
            // The parts may be gone because they were put together, and the reply was lost.
            (Setback::OpenAnew(_), Single::List { .. } | Single::Complete)
                if self.log.past().completing =>
            {
                self.ask(tick, Single::Head, session)
            }
            (Setback::OpenAnew(error), Single::List { .. } | Single::Complete)
            | (Setback::TellAgain(error), Single::Complete) => {
                self.start_over(tick, error, session)
            }
            (Setback::OpenAnew(error) | Setback::TellAgain(error), _) => {
                let unavailable = Some(Outcome::Unavailable(error.retry_after()));
                match self.later(tick, &mut tries, unavailable, error, session) {
                    Setback::Later(wait) => {
                        self.stage = Stage::Asking(single, tries);
                        Ok(Next::Do(Step::Sleep(wait)))
                    }
                    Setback::Failed(error) | Setback::OpenAnew(error) => Err(error),
                    _ => Err(unexpected_event()),
                }
            }
            (Setback::Failed(error), _) => Err(error),
        }
    }

    fn opened<V: Vendor>(
        &mut self,
        tick: Tick,
        upload_id: String,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        let opened = Opened {
            upload_id,
            place: self.store()?.place(),
            part_size: self.parts.ok_or_else(unexpected_event)?.size(),
        };
        self.lanes.begin_anew();
        self.keep(tick, Mark::Opened(opened), Then::SendParts, session)
    }

    /// A part counts only if the journal and the storage agree on it.
    fn listed<V: Vendor>(
        &mut self,
        tick: Tick,
        after: u32,
        mut agreed: BTreeSet<u32>,
        listed: Listed,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        let parts = self.parts.ok_or_else(unexpected_event)?;
        let ours = &self.log.past().parts;
        for part in listed.parts {
            let in_place = |mark: &PartMark| {
                let range = parts.range(part.number);
                (range.start, range.end - range.start) == (mark.offset, mark.bytes)
            };
            if let Some(mark) = ours.get(&part.number)
                && part.is(mark)
                && in_place(mark)
            {
                agreed.insert(part.number);
            }
        }
        // A list that begins again from where it was has no end.
        if let Some(next) = listed.next.filter(|next| *next > after) {
            let single = Single::List {
                after: next,
                agreed,
            };
            return self.ask(tick, single, session);
        }
        self.log.retain_parts(|number| agreed.contains(&number));
        let bytes = self.log.past().bytes();
        self.meter = Meter::new(self.source.len(), bytes, self.settings.progress.clone());
        self.settings.transfer.note(Note::Resumed { bytes });
        self.lanes.begin_anew();
        self.send_parts(tick, session)
    }

    /// All parts have arrived: looks at the file once more before they are put together.
    pub(super) fn all_arrived<V: Vendor>(
        &mut self,
        tick: Tick,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        match &self.source.file.content {
            FileContent::Path(path) => {
                let step = Step::Inspect(path.clone());
                self.stage = Stage::LookingAgain(None);
                Ok(Next::Do(step))
            }
            _ => self.complete(tick, session),
        }
    }

    pub(super) fn complete<V: Vendor>(
        &mut self,
        tick: Tick,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        if self.log.past().completing {
            return self.ask(tick, Single::Complete, session);
        }
        self.keep(tick, Mark::Completing, Then::Ask(Single::Complete), session)
    }

    fn was_put<V: Vendor>(
        &mut self,
        tick: Tick,
        stored: Stored,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        self.is_confirmed = true;
        match &self.source.file.content {
            FileContent::Path(path) => {
                let step = Step::Inspect(path.clone());
                self.stage = Stage::LookingAgain(Some(stored));
                Ok(Next::Do(step))
            }
            _ => self.finish(tick, stored, session),
        }
    }

    fn completed<V: Vendor>(
        &mut self,
        tick: Tick,
        stored: Stored,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        match self.whole_differs(&stored)? {
            None => self.finish(tick, stored, session),
            Some(digest) => Err(self.altered(digest, "all parts together")),
        }
    }

    fn whole_differs(&self, stored: &Stored) -> Result<Option<&'static str>, Error> {
        Ok(match self.parts {
            Some(_) => self.store()?.whole_differs(stored, &self.log.past().parts),
            None => None,
        })
    }

    /// The object is there: an earlier request has stored it, and its reply was lost.
    fn found<V: Vendor>(
        &mut self,
        tick: Tick,
        stored: Stored,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        if self.parts.is_none() {
            return self.is_it(tick, stored, session);
        }
        match self.whole_differs(&stored)? {
            None => self.finish(tick, stored, session),
            Some(digest) => {
                let error = self.altered(digest, "all parts together");
                self.start_over(tick, error, session)
            }
        }
    }

    fn not_there<V: Vendor>(&mut self, tick: Tick, session: &Session<V>) -> Result<Next, Error> {
        if self.parts.is_none() {
            return self.ask(tick, Single::Put, session);
        }
        if self.looks < MOST_LOOKS {
            let wait = FIRST_LOOK * 2_u32.pow(self.looks);
            self.looks += 1;
            self.stage = Stage::Asking(Single::Head, self.fresh_tries());
            return Ok(Next::Do(Step::Sleep(wait)));
        }
        let error = Error::new(
            ErrorKind::Refused,
            "the storage has lost the upload: neither its parts nor the object are there",
        );
        self.start_over(tick, error, session)
    }

    /// The storage does not say whether the object is there.
    fn cannot_tell<V: Vendor>(
        &mut self,
        tick: Tick,
        error: Error,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        if self.parts.is_none() {
            return self.ask(tick, Single::Put, session);
        }
        let may_be_lost = matches!(
            error.kind(),
            ErrorKind::Credential | ErrorKind::Refused | ErrorKind::Decode
        );
        if may_be_lost && self.settings.transfer.repeat_unknown {
            return self.start_over(tick, error, session);
        }
        if may_be_lost {
            return Err(Error::new(
                ErrorKind::OutcomeUnknown,
                format!(
                    "the parts were sent and the storage no longer has them, but it does not say whether it has put them together: {}",
                    error.message()
                ),
            )
            .with_hint(
                Hint::from("Look whether the video has its content; to send all again, ")
                    .to(Remedy::RepeatUnknown),
            ));
        }
        Err(error)
    }

    pub(super) fn start_over<V: Vendor>(
        &mut self,
        tick: Tick,
        error: Error,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        self.restarts += 1;
        if self.restarts > MOST_RESTARTS {
            return Err(error);
        }
        self.settings.transfer.note(Note::StartedOver);
        self.meter.forget();
        self.lanes.begin_anew();
        self.keep(tick, Mark::Forgotten, Then::Ask(Single::Open), session)
    }

    pub(super) fn finish<V: Vendor>(
        &mut self,
        tick: Tick,
        stored: Stored,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        let mark = Mark::Completed {
            etag: stored.etag,
            crc64: stored.crc64,
        };
        self.keep(tick, mark, Then::Stored, session)
    }

    /// Something on the way has changed bytes.
    pub(super) fn altered(&self, digest: &str, what: &str) -> Error {
        Error::new(
            ErrorKind::DigestMismatch,
            format!(
                "the storage has other bytes than were sent of `{}`: the {digest} of {what} differs",
                self.source.file.name
            ),
        )
        .with_hint("Something on the way has changed them: upload the file again")
    }
}
