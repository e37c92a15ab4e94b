//! Upload: ask for place and keys, send the file to the object storage, whole or in parts, which tells the vendor of it.

use std::fmt;

use vodkit_types::FileInput;
use vodkit_types::polyv::{InitUpload, RenewUploadToken, Switch, UploadTicket};

use super::orphan::{Search, ambiguous};
use super::ticket::{self, Wanted};
use crate::call::Run;
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::oss::{Stored, Target};
use crate::polyv::Polyv;
use crate::remedy::{Hint, Remedy};
use crate::session::Session;
use crate::transport::{Limits, ProgressSink, Tick, Timestamp};
use crate::upload::journal::kept;
use crate::upload::{Delivery, Mark, Next, Note, Transfer, of_video};
use crate::vendor::Vendor as _;

/// The vendor knows programs by name; with this one it gives keys for its object storage.
const UPLOAD_TYPE: &str = "java_sdk_chunk_v1";
/// The code of an upload that could not be begun, also of one that goes on with a video.
const NOT_BEGUN: &str = "405";

/// An upload: `uploadvideo/init`, the object to the storage, which calls the vendor back.
///
/// The file is looked at before anything is sent, so a missing or empty one creates no video. A file of more than one part goes in parts,
/// several at once. Sending a part again does no harm, so a lost connection is retried; keys are renewed with `uploadvideo/token` before
/// they end. There is no call that ends an upload: the request that sends the object, or puts its parts together, carries the callback of
/// Upload-1, and the storage replies when the vendor has taken note.
///
/// With a journal ([`Transfer::journal`]) it goes on where an earlier process stopped, with the same video. When that process did not learn
/// whether a video was created, one with this title and without content is looked for among those created since.
#[derive(Debug)]
pub struct Upload<'s> {
    session: &'s Session<Polyv>,
    order: InitUpload,
    delivery: Delivery<Target>,
    created: Option<CreatedSink>,
    /// The video, once it is known.
    vid: Option<String>,
    /// Videos that were created for it and taken by other uploads.
    taken: u32,
    stage: Stage<'s>,
}

/// Told of the id of the video as soon as it is known.
struct CreatedSink(Box<dyn Fn(&str) + Send + Sync>);

impl fmt::Debug for CreatedSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreatedSink")
    }
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    Preparing,
    Keeping(Then),
    Searching(Box<Search<'s>>),
    Asking(Box<Exec<'s, InitUpload>>),
    /// Asking for keys alone: the video may have its file already.
    Fetching(Box<Exec<'s, RenewUploadToken>>),
    Renewing(Box<Exec<'s, RenewUploadToken>>),
    Delivering,
    Over,
}

/// What follows when a mark is written.
#[derive(Debug)]
enum Then {
    Create,
    Resume,
    Start(Box<UploadTicket>),
    Done(Stored),
}

/// What an upload gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uploaded {
    /// Id of the video.
    pub vid: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// What the storage says of it.
    pub stored: Stored,
}

impl<'s> Upload<'s> {
    /// An upload of `file` under its own name, into the default category.
    #[must_use]
    pub fn new(session: &'s Session<Polyv>, file: FileInput) -> Self {
        Self {
            session,
            order: InitUpload::new(file.name.clone(), 0, Switch::On, UPLOAD_TYPE),
            delivery: Delivery::of(file),
            created: None,
            vid: None,
            taken: 0,
            stage: Stage::Begin,
        }
    }

    /// Title of the video.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.order.title = title.into();
        self
    }

    /// Sets further parameters of `uploadvideo/init`: description, tags, category, whether the source is kept. Its size is that of the file.
    #[must_use]
    pub fn order(mut self, change: impl FnOnce(InitUpload) -> InitUpload) -> Self {
        self.order = change(self.order);
        self
    }

    /// Sets how the file is sent: in which parts, how many at once, how fast, and where it is written down how far it is.
    #[must_use]
    pub fn transfer(mut self, transfer: Transfer) -> Self {
        self.delivery.set_transfer(transfer);
        self
    }

    /// Has `sink` told how far the file is.
    #[must_use]
    pub fn progress(mut self, sink: ProgressSink) -> Self {
        self.delivery.progress_sink = Some(sink);
        self
    }

    /// Has `sink` told of the id of the video before its file is sent: whatever happens then, the id is known.
    #[must_use]
    pub fn created(mut self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.created = Some(CreatedSink(Box::new(sink)));
        self
    }

    /// Sets time limits for sending the file or a part of it; by default only a stall of 30 s ends it.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.delivery.limits = Some(limits);
        self
    }

    /// The vendor's time.
    fn now(&self, tick: Tick) -> Timestamp {
        tick.now.offset(self.session.skew.offset())
    }

    fn prepared(&mut self, tick: Tick, next: Next) -> Result<Step<Uploaded>, Error> {
        match next.step() {
            Ok(step) => {
                self.stage = Stage::Preparing;
                Ok(step)
            }
            Err(_ready) => self.ready(tick),
        }
    }

    /// The file can be sent: for which video?
    fn ready(&mut self, tick: Tick) -> Result<Step<Uploaded>, Error> {
        let past = self.delivery.past();
        self.vid.clone_from(&past.video);
        match (&past.video, past.creating) {
            (Some(_), _) if past.completed => {
                let stored = Stored {
                    etag: past.etag.clone(),
                    crc64: past.crc64,
                };
                self.finish(stored)
            }
            (Some(_), _) if past.completing => {
                let exec = Exec::new(self.session, RenewUploadToken::new());
                self.fetch(exec, tick, Event::Start)
            }
            (Some(_), _) => self.init(tick),
            (None, Some(at)) => self.search(tick, at),
            (None, None) => self.create(tick),
        }
    }

    fn create(&mut self, tick: Tick) -> Result<Step<Uploaded>, Error> {
        self.keep(tick, Mark::Creating { at: tick.now }, Then::Create)
    }

    /// Writes a mark down, where somebody keeps it; then goes on.
    fn keep(&mut self, tick: Tick, mark: Mark, then: Then) -> Result<Step<Uploaded>, Error> {
        match self.delivery.mark(mark) {
            Some(step) => {
                self.stage = Stage::Keeping(then);
                Ok(step)
            }
            None => self.follow(tick, then),
        }
    }

    fn follow(&mut self, tick: Tick, then: Then) -> Result<Step<Uploaded>, Error> {
        match then {
            Then::Create | Then::Resume => self.init(tick),
            Then::Start(ticket) => {
                self.tell_created();
                ticket::has_room(&ticket, self.delivery.len())?;
                self.start(tick, &ticket)
            }
            Then::Done(stored) => self.done(stored),
        }
    }

    /// Asks for a new video, or goes on with the one that is known.
    fn init(&mut self, tick: Tick) -> Result<Step<Uploaded>, Error> {
        self.order.filesize = self.delivery.len();
        let mut order = self.order.clone();
        if let Some(vid) = &self.vid {
            order.autoid = Switch::Off;
            order.vid = Some(vid.clone());
        }
        let exec = Exec::new(self.session, order);
        self.ask(exec, tick, Event::Start)
    }

    fn ask(
        &mut self,
        mut exec: Exec<'s, InitUpload>,
        tick: Tick,
        event: Event,
    ) -> Result<Step<Uploaded>, Error> {
        let step = exec
            .advance(tick, event)
            .map_err(|error| self.not_taken(error))?;
        match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Asking(Box::new(exec));
                Ok(step)
            }
            Err(ticket) => self.asked(tick, ticket),
        }
    }

    /// A video that is known is not taken. One that was deleted has no code of its own: it may be that of an upload that cannot be begun just now.
    fn not_taken(&self, error: Error) -> Error {
        let Some(vid) = self
            .vid
            .as_ref()
            .filter(|_| error.kind() == ErrorKind::Refused || error.code() == Some(NOT_BEGUN))
        else {
            return error;
        };
        let what =
            format!("If it stays so, video {vid} may have been deleted, or have a file: then ");
        error
            .with_more_hint(Hint::from(what).to(Remedy::StartOver))
            .with_created(vid)
    }

    fn asked(&mut self, tick: Tick, ticket: UploadTicket) -> Result<Step<Uploaded>, Error> {
        if self.vid.is_some() {
            self.tell_created();
            return self.start(tick, &ticket);
        }
        let Some(vid) = ticket.vid.clone().filter(|vid| !vid.is_empty()) else {
            return Err(Error::new(
                ErrorKind::Decode,
                "the reply names no video (vid), so the file has no place to go to",
            )
            // It may have created one all the same.
            .maybe(true)
            .with_hint("There may be a video without content: with a journal the next upload looks for it before it creates another"));
        };
        if !self.delivery.transfer().owns(&vid, &mut self.taken)? {
            return self.create(tick);
        }
        self.vid = Some(vid.clone());
        let then = Then::Start(Box::new(ticket));
        self.keep(tick, Mark::Created { video: vid }, then)
    }

    fn fetch(
        &mut self,
        mut exec: Exec<'s, RenewUploadToken>,
        tick: Tick,
        event: Event,
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(exec.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::Fetching(Box::new(exec));
                Ok(step)
            }
            Err(ticket) => {
                self.tell_created();
                self.start(tick, &ticket)
            }
        }
    }

    fn tell_created(&self) {
        if let (Some(CreatedSink(sink)), Some(vid)) = (&self.created, &self.vid) {
            sink(vid);
        }
    }

    fn start(&mut self, tick: Tick, ticket: &UploadTicket) -> Result<Step<Uploaded>, Error> {
        let vid = self.vid.as_deref().ok_or_else(unexpected_event)?;
        let wanted = Wanted {
            vid,
            file_name: &self.delivery.file().name,
        };
        let target = ticket::target(self.session.vendor(), &wanted, ticket, self.now(tick))?;
        let next = self.delivery.start(tick, target, self.session)?;
        self.delivered(tick, next)
    }

    /// Looks for a video that an earlier process may have created.
    fn search(&mut self, tick: Tick, created: Timestamp) -> Result<Step<Uploaded>, Error> {
        let except = &self.delivery.transfer().except;
        let search = Search::new(self.session, &self.order.title, created, except);
        self.look(search, tick, Event::Start)
    }

    fn look(
        &mut self,
        mut search: Search<'s>,
        tick: Tick,
        event: Event,
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(search.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::Searching(Box::new(search));
                Ok(step)
            }
            Err(found) => self.searched(tick, found),
        }
    }

    fn searched(&mut self, tick: Tick, mut found: Vec<String>) -> Result<Step<Uploaded>, Error> {
        let transfer = self.delivery.transfer();
        let nothing_is_like_it = found.is_empty();
        // Others may have got theirs since the search began.
        found.retain(|video| !transfer.is_anothers(video));
        match &found[..] {
            [video] if !transfer.adopts(video) => self.create(tick),
            [] if !nothing_is_like_it => self.create(tick),
            [] => {
                let what = format!("a video without content, titled `{}`", self.order.title);
                transfer.note(Note::MayBeOrphaned { what });
                self.create(tick)
            }
            [video] => {
                let video = video.clone();
                self.vid = Some(video.clone());
                let note = Note::Adopted {
                    video: video.clone(),
                };
                self.delivery.transfer().note(note);
                self.keep(tick, Mark::Created { video }, Then::Resume)
            }
            several if self.delivery.transfer().repeat_unknown => {
                for vid in several {
                    let what = format!("video {vid}, which has this title and no content");
                    let transfer = self.delivery.transfer();
                    transfer.note(Note::MayBeOrphaned { what });
                }
                self.create(tick)
            }
            several => Err(ambiguous(several)),
        }
    }

    fn delivered(&mut self, tick: Tick, next: Next) -> Result<Step<Uploaded>, Error> {
        match next.step() {
            Ok(step) => {
                self.stage = Stage::Delivering;
                Ok(step)
            }
            Err(Next::Stored(stored)) => self.finish(stored),
            Err(_renew) => {
                let exec = Exec::new(self.session, RenewUploadToken::new());
                self.renew(exec, tick, Event::Start)
            }
        }
    }

    /// Other keys for the same place: the reply names no video.
    fn renew(
        &mut self,
        mut exec: Exec<'s, RenewUploadToken>,
        tick: Tick,
        event: Event,
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(exec.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::Renewing(Box::new(exec));
                Ok(step)
            }
            Err(ticket) => {
                let before = self.delivery.granted().ok_or_else(unexpected_event)?;
                let target = Target {
                    keys: ticket::keys(&ticket),
                    expires: ticket::expires(&ticket, self.now(tick)),
                    ..before.clone()
                };
                let next = self.delivery.renewed(tick, target, self.session)?;
                self.delivered(tick, next)
            }
        }
    }

    fn finish(&mut self, stored: Stored) -> Result<Step<Uploaded>, Error> {
        if self.delivery.past().finished {
            return self.done(stored);
        }
        match self.delivery.mark(Mark::Finished) {
            Some(step) => {
                self.stage = Stage::Keeping(Then::Done(stored));
                Ok(step)
            }
            None => self.done(stored),
        }
    }

    fn done(&self, stored: Stored) -> Result<Step<Uploaded>, Error> {
        Ok(Step::Done(Uploaded {
            vid: self.vid.clone().ok_or_else(unexpected_event)?,
            bytes: self.delivery.len(),
            stored,
        }))
    }

    fn step(&mut self, tick: Tick, event: Event) -> Result<Step<Uploaded>, Error> {
        let (vendor, account) = (Polyv::NAME, self.session.vendor().user_id());
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => {
                let next = self.delivery.prepare(vendor, account)?;
                self.prepared(tick, next)
            }
            (Stage::Preparing, event) => {
                let next = self.delivery.prepared(event, vendor, account)?;
                self.prepared(tick, next)
            }
            (Stage::Keeping(then), Event::Kept(result)) => {
                kept(result)?;
                self.follow(tick, then)
            }
            (Stage::Searching(search), event) => self.look(*search, tick, event),
            (Stage::Asking(exec), event) => self.ask(*exec, tick, event),
            (Stage::Fetching(exec), event) => self.fetch(*exec, tick, event),
            (Stage::Renewing(exec), event) => self.renew(*exec, tick, event),
            (Stage::Delivering, event) => {
                let next = self.delivery.advance(tick, event, self.session)?;
                self.delivered(tick, next)
            }
            _ => Err(unexpected_event()),
        }
    }
}

impl Flow for Upload<'_> {
    type Output = Uploaded;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Uploaded>, Error> {
        self.step(tick, event).map_err(|error| match &self.vid {
            Some(vid) if error.created().is_none() => self.delivery.explain(of_video(error, vid)),
            _ => error,
        })
    }
}

/// The settings of an upload, on the upload that a facade gives.
impl<T: ?Sized> Run<'_, T, Upload<'_>> {
    /// See [`Upload::title`].
    pub fn title(self, title: impl Into<String>) -> Self {
        self.map(|upload| upload.title(title))
    }

    /// See [`Upload::order`].
    pub fn order(self, change: impl FnOnce(InitUpload) -> InitUpload) -> Self {
        self.map(|upload| upload.order(change))
    }

    /// See [`Upload::transfer`].
    pub fn transfer(self, transfer: Transfer) -> Self {
        self.map(|upload| upload.transfer(transfer))
    }

    /// See [`Upload::progress`].
    pub fn progress(self, sink: ProgressSink) -> Self {
        self.map(|upload| upload.progress(sink))
    }

    /// See [`Upload::created`].
    pub fn created(self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.map(|upload| upload.created(sink))
    }

    /// See [`Upload::limits`].
    pub fn limits(self, limits: Limits) -> Self {
        self.map(|upload| upload.limits(limits))
    }
}
