//! A file on its way to an object storage: looked at, sent whole or in parts, put together, compared.
//!
//! The vendor's flow has a [`Delivery`] inside. It prepares it, creates the video, hands it the [`Store`] that the vendor has granted, and passes
//! its steps on until the file is stored; it renews the keys when the delivery asks for that.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;

use vodkit_types::FileInput;

use super::exchange::{Flight, Tries};
use super::journal::{kept, of_another};
use super::log::Log;
use super::parts::Lanes;
use super::settings::Settings;
use super::source::Source;
use super::store::{Store, Stored};
use super::{Abandoned, Begun, Mark, Meter, Note, Parts, Past, Transfer};
use crate::digest::DigestTap;
use crate::error::{Error, ErrorKind};
use crate::exec::unusable_file;
use crate::flow::{Event, Step, pass_on, unexpected_event};
use crate::remedy::{Hint, Remedy};
use crate::session::Session;
use crate::skew::Skew;
use crate::transport::{Tick, Timestamp};
use crate::vendor::Vendor;

/// Bytes of a part, unless the program says otherwise: one that is lost costs a second or so of a usual line, and its headers cost nothing beside
/// it. 10,000 of them are 78 GiB; a greater file has greater ones.
const PART_SIZE: u64 = 8 << 20;
/// Keys with less than this left are renewed before the next request.
const MARGIN_MS: i64 = 60_000;
/// Keys with less than this left are used until they are refused: the vendor may give the same ones again, with less left each time.
const LEAST_LEFT_MS: i64 = 2_000;

/// What to do next for a file.
#[derive(Debug)]
pub(crate) enum Next {
    /// A step for the driver.
    Do(Step<Infallible>),
    /// The file can be sent: where does it go? Answered with [`Delivery::start`].
    Ready,
    /// Ask the vendor for other keys, then [`Delivery::renewed`].
    Renew,
    /// The file is stored.
    Stored,
    /// The upload is given up, as was asked.
    Abandoned,
}

impl Next {
    /// The step that a flow passes on to its driver; else what the flow has to deal with.
    pub(crate) fn step<T>(self) -> Result<Step<T>, Self> {
        match self {
            Self::Do(step) => match pass_on(step) {
                Ok(step) => Ok(step),
                Err(never) => match never {},
            },
            other => Err(other),
        }
    }
}

/// Who is told of the id of the video.
type Told = Box<dyn Fn(&str) + Send + Sync>;

/// A file on its way to the storage.
#[derive(Debug)]
pub(crate) struct Delivery<S> {
    pub(crate) settings: Settings<Told>,
    pub(super) source: Source,
    pub(super) log: Log,
    store: Option<S>,
    /// The same place with the keys before these: what left with them may come back.
    store_before: Option<S>,
    /// How the file is cut; nothing when it is sent whole.
    pub(super) parts: Option<Parts>,
    pub(super) meter: Meter,
    pub(super) lanes: Lanes,
    /// Counts the keys.
    pub(super) generation: u32,
    /// When the keys are to be renewed, by the clock that never jumps.
    renew_at: Option<Duration>,
    /// Whether the keys were renewed since the last progress.
    pub(super) renewed_in_vain: bool,
    /// Counts what was done.
    pub(super) progress: u64,
    /// The storage has a clock of its own; until it shows it, it is taken to agree with the vendor's.
    pub(super) skew: Option<Skew>,
    /// How often the upload began anew.
    pub(super) restarts: u32,
    /// How often the object was looked for in vain when its parts were gone.
    pub(super) looks: u32,
    /// Whether the storage has confirmed a file that was sent whole, which is looked at once more before that is written down.
    pub(super) is_confirmed: bool,
    pub(super) stage: Stage,
}

#[derive(Debug)]
pub(super) enum Stage {
    Idle,
    Inspecting,
    Checking,
    /// A file that was sent whole is compared with what is stored.
    CheckingWhole,
    Keeping(Then),
    /// About to be sent.
    Asking(Single, Tries),
    Asked(Single, Tries, Flight, Option<DigestTap>),
    /// Parts are under way.
    Sending,
    /// The file is looked at once more.
    LookingAgain(Option<Stored>),
    /// The file is read, to be compared with an object that is there.
    Comparing(Stored),
}

/// What is asked while nothing else is.
#[derive(Clone, Debug)]
pub(super) enum Single {
    Put,
    Open,
    List { after: u32, agreed: BTreeSet<u32> },
    Complete,
    Head,
    Abort,
}

/// What follows when a mark is written.
#[derive(Debug)]
pub(super) enum Then {
    Prepared,
    Ask(Single),
    SendParts,
    Arrived {
        lane: usize,
        number: u32,
        bytes: u64,
    },
    Stored,
    Abandoned,
}

impl<S: Store> Delivery<S> {
    pub(crate) fn of(file: FileInput) -> Self {
        Self {
            settings: Settings::default(),
            source: Source::new(file),
            log: Log::default(),
            store: None,
            store_before: None,
            parts: None,
            meter: Meter::new(0, 0, None),
            lanes: Lanes::default(),
            generation: 0,
            renew_at: None,
            renewed_in_vain: false,
            progress: 0,
            skew: None,
            restarts: 0,
            looks: 0,
            is_confirmed: false,
            stage: Stage::Idle,
        }
    }

    /// Takes the journal that was set, before anything else is done.
    pub(super) fn open_journal(&mut self) {
        self.log = Log::new(self.settings.transfer.journal.take());
    }

    pub(crate) fn transfer(&self) -> &Transfer {
        &self.settings.transfer
    }

    /// Tells of the video, once it is known.
    pub(super) fn tell_created(&self) {
        if let (Some(told), Some(id)) = (&self.settings.created, &self.past().video) {
            told(id);
        }
    }

    pub(crate) fn file(&self) -> &FileInput {
        &self.source.file
    }

    /// Bytes of the file, once it is prepared.
    pub(crate) fn len(&self) -> u64 {
        self.source.len()
    }

    pub(crate) fn past(&self) -> &Past {
        self.log.past()
    }

    pub(super) fn store(&self) -> Result<&S, Error> {
        self.store.as_ref().ok_or_else(unexpected_event)
    }

    /// Takes the keys out of what a storage says.
    pub(super) fn masked(&self, text: &str) -> String {
        let text = match &self.store {
            Some(store) => store.mask(text),
            None => text.to_owned(),
        };
        match &self.store_before {
            Some(store) => store.mask(&text),
            None => text,
        }
    }

    /// What was granted for the file, once it was.
    pub(crate) fn granted(&self) -> Option<&S> {
        self.store.as_ref()
    }

    /// The video, which was created.
    ///
    /// # Errors
    /// When none was.
    #[cfg(any(feature = "polyv", feature = "quvideo"))]
    pub(crate) fn video(&self) -> Result<&str, Error> {
        self.past().video.as_deref().ok_or_else(unexpected_event)
    }

    /// What the storage has said of the file, once it is stored.
    pub(crate) fn stored(&self) -> Stored {
        let past = self.past();
        Stored {
            etag: past.etag.clone(),
            crc64: past.crc64,
        }
    }

    /// Takes a mark of the vendor's flow; gives the step that writes it down, where somebody keeps it.
    pub(crate) fn mark<T>(&mut self, mark: Mark) -> Option<Step<T>> {
        self.log.take(mark).map(Step::Keep)
    }

    /// Whether the journal is one of this account, if there is one.
    ///
    /// # Errors
    /// When it is another's.
    pub(crate) fn is_of(&self, vendor: &str, account: &str) -> Result<(), Error> {
        match &self.log.past().begun {
            Some(begun) if (begun.vendor.as_str(), begun.account.as_str()) != (vendor, account) => {
                Err(of_another(&format!(
                    "it goes to {} with account {}",
                    begun.vendor, begun.account
                )))
            }
            _ => Ok(()),
        }
    }

    /// What became of an upload that was given up.
    pub(crate) fn abandoned(&self, aborted: bool) -> Abandoned {
        Abandoned {
            video: self.log.past().video.clone(),
            aborted,
        }
    }

    /// Looks at the file, and compares it with what an earlier process has sent of it. Ends with [`Next::Ready`].
    ///
    /// # Errors
    /// When there is nothing to send, the file has changed, or the journal is another account's.
    pub(crate) fn prepare(&mut self, vendor: &str, account: &str) -> Result<Next, Error> {
        self.is_of(vendor, account)?;
        if let Some(begun) = &self.log.past().begun {
            // Of it the object's key is made.
            self.source.file.name.clone_from(&begun.file_name);
        }
        match self
            .source
            .begin(self.log.past(), self.settings.transfer.verify)?
        {
            Some(path) => {
                self.stage = Stage::Inspecting;
                Ok(Next::Do(Step::Inspect(path)))
            }
            None => self.check(vendor, account),
        }
    }

    fn check(&mut self, vendor: &str, account: &str) -> Result<Next, Error> {
        if let Some(stretch) = self.source.next_check()? {
            self.stage = Stage::Checking;
            return Ok(Next::Do(Step::Digest(stretch)));
        }
        if let Some(stretch) = self.doubt()? {
            self.stage = Stage::CheckingWhole;
            return Ok(Next::Do(Step::Digest(stretch)));
        }
        let len = self.source.len();
        let past = self.log.past();
        self.parts = match &past.opened {
            Some(opened) => Some(Parts::of_size(len, opened.part_size)),
            None => {
                let wanted = self.settings.transfer.part_size.unwrap_or(PART_SIZE);
                Some(Parts::plan(len, wanted, &S::RULES)?).filter(|parts| parts.count() > 1)
            }
        };
        if past.begun.is_some() && !self.source.is_touched() {
            return Ok(Next::Ready);
        }
        let begun = Begun {
            vendor: vendor.to_owned(),
            account: account.to_owned(),
            file_name: self.source.file.name.clone(),
            facts: self.source.facts(),
        };
        match self.log.take(Mark::Begun(begun)) {
            Some(entry) => {
                self.stage = Stage::Keeping(Then::Prepared);
                Ok(Next::Do(Step::Keep(entry)))
            }
            None => Ok(Next::Ready),
        }
    }

    /// Takes what came of a step of [`prepare`](Self::prepare).
    ///
    /// # Errors
    /// See there.
    pub(crate) fn prepared(
        &mut self,
        event: Event,
        vendor: &str,
        account: &str,
    ) -> Result<Next, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Idle), event) {
            (Stage::Inspecting, Event::Inspected(facts)) => {
                let facts = facts.map_err(|error| self.unusable(&error))?;
                let verify = self.settings.transfer.verify;
                self.source.measured(facts, self.log.past(), verify)?;
                self.check(vendor, account)
            }
            (Stage::Checking, Event::Digested(digests)) => {
                let digests = digests.map_err(|error| self.unusable(&error))?;
                self.source.checked(digests)?;
                self.check(vendor, account)
            }
            (Stage::CheckingWhole, Event::Digested(digests)) => {
                self.doubted(digests)?;
                self.check(vendor, account)
            }
            (Stage::Keeping(Then::Prepared), Event::Kept(result)) => {
                kept(result)?;
                Ok(Next::Ready)
            }
            _ => Err(unexpected_event()),
        }
    }

    pub(super) fn unusable(&self, error: &std::io::Error) -> Error {
        unusable_file(Some(&self.source.file.content), error)
    }

    /// Begins to send, to the place and with the keys that the vendor has granted.
    pub(crate) fn start<V: Vendor>(
        &mut self,
        tick: Tick,
        store: S,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        self.take_keys(tick, store, session);
        self.meter = Meter::new(self.source.len(), 0, self.settings.progress.clone());
        let past = self.log.past();
        if past.completed {
            return Ok(Next::Stored);
        }
        let first = match (&self.parts, &past.opened) {
            (None, _) if past.completing && !self.source.is_touched() => Single::Head,
            (None, _) => return self.keep(tick, Mark::Completing, Then::Ask(Single::Put), session),
            (Some(_), None) => Single::Open,
            (Some(_), Some(opened)) if opened.place != self.store()?.place() => {
                return self.keep(tick, Mark::Forgotten, Then::Ask(Single::Open), session);
            }
            (Some(_), Some(_)) => Single::List {
                after: 0,
                agreed: BTreeSet::new(),
            },
        };
        self.ask(tick, first, session)
    }

    /// Gives an upload in parts up at the storage. Ends with [`Next::Abandoned`].
    pub(crate) fn abandon<V: Vendor>(
        &mut self,
        tick: Tick,
        store: S,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        self.take_keys(tick, store, session);
        self.ask(tick, Single::Abort, session)
    }

    /// Goes on with other keys.
    pub(crate) fn renewed<V: Vendor>(
        &mut self,
        tick: Tick,
        store: S,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        self.settings.transfer.note(Note::Renewed);
        self.take_keys(tick, store, session);
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Asking(single, tries) => self.send(tick, single, tries, session),
            Stage::Sending => self.send_parts(tick, session),
            _ => Err(unexpected_event()),
        }
    }

    fn take_keys<V: Vendor>(&mut self, tick: Tick, store: S, session: &Session<V>) {
        // By the vendor's clock, since the vendor has said when they end; from then on by one that never jumps.
        let now = tick.now.offset(session.skew.offset());
        let left = |ends: Timestamp| ends.0.saturating_sub(now.0);
        self.renew_at = store
            .expires()
            .map(left)
            .filter(|left| *left >= LEAST_LEFT_MS)
            .map(|left| left - MARGIN_MS.min(left / 2))
            .map(|good| tick.elapsed + Duration::from_millis(good.unsigned_abs()));
        self.store_before = self.store.replace(store);
        self.generation += 1;
    }

    /// Whether the keys should not be used for another request.
    pub(super) fn keys_are_due(&self, tick: Tick) -> bool {
        self.renew_at.is_some_and(|at| tick.elapsed >= at)
    }

    /// Takes what came of the last step, once started.
    pub(crate) fn advance<V: Vendor>(
        &mut self,
        tick: Tick,
        event: Event,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Idle), event) {
            (Stage::Asked(single, tries, flight, tap), Event::Response(response)) => {
                self.answered(tick, single, (flight, tries), tap, Ok(response), session)
            }
            (Stage::Asked(single, tries, flight, tap), Event::Failed(failure)) => {
                self.answered(tick, single, (flight, tries), tap, Err(failure), session)
            }
            (Stage::Asking(single, tries), Event::Woken) => self.send(tick, single, tries, session),
            (Stage::Keeping(then), Event::Kept(result)) => {
                if let (Then::Arrived { number, .. }, Err(_)) = (&then, &result) {
                    let unkept = *number;
                    self.log.retain_parts(|number| number != unkept);
                }
                kept(result)?;
                self.follow(tick, then, session)
            }
            (Stage::Comparing(stored), Event::Digested(digests)) => {
                self.was_read(tick, stored, digests, session)
            }
            (Stage::Sending, event) => self.part_event(tick, event, session),
            (Stage::LookingAgain(stored), Event::Inspected(facts)) => {
                let facts = facts.map_err(|error| self.unusable(&error))?;
                match stored {
                    None => {
                        self.source.unchanged(facts)?;
                        self.complete(tick, session)
                    }
                    Some(stored) => {
                        self.source.unchanged(facts).map_err(|error| {
                            let stored = "It is stored as it was sent. When nobody writes to it, ";
                            error.with_hint(Hint::from(stored).to(Remedy::StartOver))
                        })?;
                        self.finish(tick, stored, session)
                    }
                }
            }
            _ => Err(unexpected_event()),
        }
    }

    /// Writes a mark down, where somebody keeps it; then goes on.
    pub(super) fn keep<V: Vendor>(
        &mut self,
        tick: Tick,
        mark: Mark,
        then: Then,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        match self.log.take(mark) {
            Some(entry) => {
                self.stage = Stage::Keeping(then);
                Ok(Next::Do(Step::Keep(entry)))
            }
            None => self.follow(tick, then, session),
        }
    }

    fn follow<V: Vendor>(
        &mut self,
        tick: Tick,
        then: Then,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        match then {
            Then::Prepared => Ok(Next::Ready),
            Then::Ask(single) => self.ask(tick, single, session),
            Then::SendParts => self.send_parts(tick, session),
            Then::Arrived { lane, bytes, .. } => {
                self.meter.arrived(lane, bytes);
                self.send_parts(tick, session)
            }
            Then::Stored => Ok(Next::Stored),
            Then::Abandoned => Ok(Next::Abandoned),
        }
    }

    /// Adds to an error what is kept, and how to go on.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let past = self.log.past();
        let bytes = past.bytes();
        if self.parts.is_none() || bytes == 0 || past.completed {
            return error;
        }
        let total = self.source.len();
        let stored = format!("{bytes} of {total} bytes are stored");
        error.with_more_hint(if self.log.is_kept() {
            Hint::from(stored).and(Remedy::GoOn)
        } else {
            Hint::from(stored).say("; without a journal the next upload begins from the start")
        })
    }

    /// A failed upload leaves a video behind: its id must not be lost, and what is said of its content decides whether it is deleted.
    pub(crate) fn of_video(&self, error: Error, id: &str) -> Error {
        let past = self.log.past();
        let content = match error.kind() {
            _ if past.completed || self.is_confirmed => "and has the content that was sent",
            ErrorKind::Interrupted
            | ErrorKind::Timeout
            | ErrorKind::Unavailable
            | ErrorKind::Decode => "but may have no content",
            ErrorKind::Journal | ErrorKind::OutcomeUnknown if past.completing => {
                "but may have no content"
            }
            ErrorKind::DigestMismatch => "but may have wrong content",
            _ => "but has no content",
        };
        error
            .with_more_hint(format!("Video {id} exists {content}"))
            .with_created(id)
    }
}
