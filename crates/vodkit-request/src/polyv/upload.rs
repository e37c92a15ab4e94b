//! Upload: ask for place and keys, send the file to the object storage, whole or in parts, which tells the vendor of it.

use vodkit_types::FileInput;
use vodkit_types::polyv::{InitUpload, RenewUploadToken, Switch, UploadTicket};

use super::orphan::{Search, Wanted, ambiguous};
use super::ticket;
use crate::call::Run;
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::unexpected_event;
use crate::oss::{Stored, Target};
use crate::polyv::Polyv;
use crate::remedy::{Hint, Remedy};
use crate::session::Session;
use crate::upload::{self, At, Delivery, Journal, Mark, Note, Steps, storage_flows};

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
/// With a journal ([`Transfer::journal`](crate::upload::Transfer::journal)) it goes on where an earlier process stopped, with the same video.
/// When that process did not learn whether a video was created, one with this title and without content is looked for among those created since.
#[derive(Debug)]
pub struct Upload<'s> {
    flow: upload::Upload<'s, PolyvSteps<'s>>,
}

/// Gives an unfinished upload up, from its journal, with fresh keys of `uploadvideo/token`.
///
/// The video stays as it is, without content: delete it with a call of its own.
#[derive(Debug)]
pub struct Abandon<'s> {
    flow: upload::Abandon<'s, PolyvSteps<'s>>,
}

/// The calls around a file.
#[derive(Debug)]
struct PolyvSteps<'s> {
    session: &'s Session<Polyv>,
    order: InitUpload,
    /// Videos that were created for it and taken by other uploads.
    taken: u32,
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

type Action<'s> = upload::Action<'s, PolyvSteps<'s>>;
type Next<'s> = upload::Next<'s, PolyvSteps<'s>>;

impl<'s> Upload<'s> {
    /// An upload of `file` under its own name, into the default category.
    #[must_use]
    pub fn new(session: &'s Session<Polyv>, file: FileInput) -> Self {
        let steps = PolyvSteps::new(session, &file.name);
        Self {
            flow: upload::Upload::of(file, steps),
        }
    }

    /// Title of the video.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.flow.steps.order.title = title.into();
        self
    }

    /// Sets further parameters of `uploadvideo/init`: description, tags, category, whether the source is kept. Its size is that of the file.
    #[must_use]
    pub fn order(mut self, change: impl FnOnce(InitUpload) -> InitUpload) -> Self {
        self.flow.steps.order = change(self.flow.steps.order);
        self
    }
}

impl<'s> Abandon<'s> {
    /// Gives up what the journal tells of.
    #[must_use]
    pub fn new(session: &'s Session<Polyv>, journal: Journal) -> Self {
        let steps = PolyvSteps::new(session, "");
        Self {
            flow: upload::Abandon::of(journal, steps),
        }
    }
}

storage_flows!();

impl<'s> PolyvSteps<'s> {
    fn new(session: &'s Session<Polyv>, title: &str) -> Self {
        Self {
            session,
            order: InitUpload::new(title, 0, Switch::On, UPLOAD_TYPE),
            taken: 0,
        }
    }

    fn create(&self, at: At<'_, Target>) -> Next<'s> {
        let creating = Mark::Creating { at: at.tick.now };
        Ok(Action::keep(creating, |steps, at| steps.init(at)))
    }

    /// Asks for a new video, or goes on with the one that is known.
    fn init(&self, at: At<'_, Target>) -> Next<'s> {
        let mut order = self.order.clone();
        order.filesize = at.delivery.len();
        if let Some(vid) = &at.delivery.past().video {
            order.autoid = Switch::Off;
            order.vid = Some(vid.clone());
        }
        Ok(Action::attempt(
            Exec::new(self.session, order),
            Self::granted,
        ))
    }

    fn granted(&mut self, at: At<'_, Target>, reply: Result<UploadTicket, Error>) -> Next<'s> {
        if let Some(vid) = &at.delivery.past().video {
            return match reply {
                Ok(ticket) => self.send(at, &ticket),
                Err(error) => self.not_taken(at, error, vid),
            };
        }
        let ticket = reply?;
        let Some(vid) = ticket.vid.clone().filter(|vid| !vid.is_empty()) else {
            return Err(Error::new(
                ErrorKind::Decode,
                "the reply names no video (vid), so the file has no place to go to",
            )
            // It may have created one all the same.
            .maybe(true)
            .with_hint("There may be a video without content: with a journal the next upload looks for it before it creates another"));
        };
        if !at.delivery.transfer().owns(&vid, &mut self.taken)? {
            return self.create(at);
        }
        let created = Mark::Created { video: vid };
        Ok(Action::keep(created, move |steps, at| {
            ticket::has_room(&ticket, at.delivery.len())?;
            steps.send(at, &ticket)
        }))
    }

    /// A video that is known is not taken. One that was deleted has no code of its own: it has that of an upload that cannot be begun just now. So
    /// it is looked for.
    fn not_taken(&self, at: At<'_, Target>, error: Error, vid: &str) -> Next<'s> {
        let vid = vid.to_owned();
        match at.delivery.past().creating {
            Some(created) if error.code() == Some(NOT_BEGUN) => {
                let wanted = Wanted::Known(vid.clone());
                let search = Search::new(self.session, wanted, created);
                Ok(Action::attempt(search, move |_, _, found| {
                    Err(match found {
                        Ok(found) if found.is_empty() => gone(error, &vid),
                        _ => perhaps_gone(error, &vid),
                    })
                }))
            }
            _ if error.kind() == ErrorKind::Refused || error.code() == Some(NOT_BEGUN) => {
                Err(perhaps_gone(error, &vid))
            }
            _ => Err(error),
        }
    }

    fn send(&self, at: At<'_, Target>, ticket: &UploadTicket) -> Next<'s> {
        let wanted = ticket::Wanted {
            vid: at.delivery.video()?,
            file_name: &at.delivery.file().name,
        };
        let now = at.now(self.session);
        ticket::target(self.session.vendor(), &wanted, ticket, now).map(Action::Send)
    }

    /// Takes the videos that an earlier process may have created.
    fn found(&mut self, at: At<'_, Target>, mut found: Vec<String>) -> Next<'s> {
        let transfer = at.delivery.transfer();
        let nothing_is_like_it = found.is_empty();
        // Others may have got theirs since the search began.
        found.retain(|video| !transfer.is_anothers(video));
        match &found[..] {
            [video] if !transfer.adopts(video) => self.create(at),
            [] if !nothing_is_like_it => self.create(at),
            [] => {
                let what = format!("a video without content, titled `{}`", self.order.title);
                transfer.note(Note::MayBeOrphaned { what });
                self.create(at)
            }
            [video] => {
                let video = video.clone();
                transfer.note(Note::Adopted {
                    video: video.clone(),
                });
                let created = Mark::Created { video };
                Ok(Action::keep(created, |steps, at| steps.init(at)))
            }
            several if transfer.repeat_unknown => {
                for vid in several {
                    let what = format!("video {vid}, which has this title and no content");
                    transfer.note(Note::MayBeOrphaned { what });
                }
                self.create(at)
            }
            several => Err(ambiguous(several)),
        }
    }

    /// Other keys for the same place: the reply names no video.
    fn renewed(&mut self, at: At<'_, Target>, ticket: UploadTicket) -> Next<'s> {
        let (place, callback) = match (at.delivery.granted(), &at.delivery.past().opened) {
            (Some(before), _) => (before.place.clone(), before.callback.clone()),
            (None, Some(opened)) => {
                let (_, key) = opened.place.split_once('/').ok_or_else(unexpected_event)?;
                let vendor = self.session.vendor();
                (ticket::place(vendor, &ticket, key.to_owned())?, None)
            }
            (None, None) => return Err(unexpected_event()),
        };
        Ok(Action::Send(Target {
            place,
            callback,
            keys: ticket::keys(&ticket),
            expires: ticket::expires(&ticket, at.now(self.session)),
        }))
    }
}

impl<'s> Steps<'s> for PolyvSteps<'s> {
    type Vendor = Polyv;
    type Store = Target;
    type Uploaded = Uploaded;

    fn session(&self) -> &'s Session<Polyv> {
        self.session
    }

    fn account(&self) -> String {
        self.session.vendor().user_id().to_owned()
    }

    fn ready(&mut self, at: At<'_, Target>) -> Next<'s> {
        let past = at.delivery.past();
        match (&past.video, past.creating) {
            (Some(_), _) if past.completed => Ok(Action::Finish),
            // The video may have its file already: keys alone are asked for.
            (Some(_), _) if past.completing => Ok(Action::run(
                Exec::new(self.session, RenewUploadToken::new()),
                |steps, at, ticket| steps.send(at, &ticket),
            )),
            (Some(_), _) => self.init(at),
            (None, Some(created)) => {
                let wanted = Wanted::Lost {
                    title: self.order.title.clone(),
                    except: at.delivery.transfer().except.clone(),
                };
                let search = Search::new(self.session, wanted, created);
                Ok(Action::run(search, Self::found))
            }
            (None, None) => self.create(at),
        }
    }

    fn renew(&mut self, _at: At<'_, Target>) -> Next<'s> {
        let call = RenewUploadToken::new();
        Ok(Action::run(Exec::new(self.session, call), Self::renewed))
    }

    fn uploaded(&mut self, delivery: &Delivery<Target>) -> Result<Uploaded, Error> {
        Ok(Uploaded {
            vid: delivery.video()?.to_owned(),
            bytes: delivery.len(),
            stored: delivery.stored(),
        })
    }
}

/// A video that is known is not taken, and nothing more is known.
fn perhaps_gone(error: Error, vid: &str) -> Error {
    let what = format!("If it stays so, video {vid} may have been deleted, or have a file: then ");
    error
        .with_more_hint(Hint::from(what).to(Remedy::StartOver))
        .with_created(vid)
}

/// A video is not taken and not listed: it stays so, however often the upload is run again. One without content need not be listed at all, so who
/// knows better may try again.
fn gone(error: Error, vid: &str) -> Error {
    let what =
        format!("Video {vid} seems to be gone: the vendor neither goes on with it nor lists it");
    error
        .with_kind(ErrorKind::Refused)
        .with_hint(Hint::from(what).and(Remedy::StartOver))
        .with_created(vid)
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
}
