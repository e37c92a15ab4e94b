//! Simple upload: ask for place and keys, send the whole file to the object storage, which tells the vendor of it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use vodkit_types::polyv::{InitUpload, RenewUploadToken, Switch, UploadTicket};
use vodkit_types::{FileInput, Secret};

use crate::call::Run;
use crate::error::{Error, ErrorKind};
use crate::exec::{Exec, unusable_file};
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::oss::{Delivery, Keys, Next, Place, Stored, Target, of_video};
use crate::polyv::Polyv;
use crate::session::Session;
use crate::transport::{Limits, ProgressSink, Tick};

/// The vendor knows programs by name; with this one it gives keys for its object storage.
const UPLOAD_TYPE: &str = "java_sdk_chunk_v1";

/// A simple upload: `uploadvideo/init`, one object to the storage, which calls the vendor back.
///
/// The file is looked at before anything is sent, so a missing or empty one creates no video. Sending the object again does no harm, so a lost
/// connection is retried; keys that have expired are renewed once with `uploadvideo/token`. There is no call that ends an upload: the request
/// that sends the object carries the callback of Upload-1, and the storage replies when the vendor has taken note.
#[derive(Debug)]
pub struct Upload<'s> {
    session: &'s Session<Polyv>,
    order: InitUpload,
    delivery: Delivery,
    created: Option<CreatedSink>,
    grant: Option<Grant>,
    stage: Stage<'s>,
}

/// Told of the id of the new video as soon as it exists.
struct CreatedSink(Box<dyn Fn(&str) + Send + Sync>);

impl fmt::Debug for CreatedSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreatedSink")
    }
}

/// What the vendor has granted.
#[derive(Clone, Debug)]
struct Grant {
    vid: String,
    target: Target,
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    Inspecting,
    Asking(Box<Exec<'s, InitUpload>>),
    Delivering,
    Renewing(Box<Exec<'s, RenewUploadToken>>),
    Over,
}

/// What an upload gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uploaded {
    /// Id of the new video.
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
            grant: None,
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

    /// Has `sink` told how far the file is.
    #[must_use]
    pub fn progress(mut self, sink: ProgressSink) -> Self {
        self.delivery.progress = Some(sink);
        self
    }

    /// Has `sink` told of the id of the new video before its file is sent: whatever happens then, the id is known.
    #[must_use]
    pub fn created(mut self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.created = Some(CreatedSink(Box::new(sink)));
        self
    }

    /// Sets time limits for sending the file; by default only a stall of 30 s ends it.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.delivery.limits = Some(limits);
        self
    }

    fn ask(&mut self, tick: Tick) -> Result<Step<Uploaded>, Error> {
        self.order.filesize = self.delivery.len();
        let mut exec = Exec::new(self.session, self.order.clone());
        let step = exec.advance(tick, Event::Start)?;
        self.asked(exec, tick, step)
    }

    fn asked(
        &mut self,
        exec: Exec<'s, InitUpload>,
        tick: Tick,
        step: Step<UploadTicket>,
    ) -> Result<Step<Uploaded>, Error> {
        let ticket = match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Asking(Box::new(exec));
                return Ok(step);
            }
            Err(ticket) => ticket,
        };
        let Some(vid) = ticket.vid.clone().filter(|vid| !vid.is_empty()) else {
            return Err(Error::new(
                ErrorKind::Decode,
                "the reply names no video (vid), so the file has no place to go to",
            ));
        };
        if let Some(CreatedSink(sink)) = &self.created {
            sink(&vid);
        }
        let target = self
            .target(&vid, ticket)
            .map_err(|error| of_video(error, &vid))?;
        self.grant = Some(Grant { vid, target });
        self.send(tick)
    }

    /// Where and with what the file goes.
    fn target(&self, vid: &str, ticket: UploadTicket) -> Result<Target, Error> {
        let size = self.delivery.len();
        // What a number below zero means is not known.
        let too_small = |left: &i64| u64::try_from(*left).is_ok_and(|left| left < size);
        if let Some(left) = ticket.remain_space.filter(too_small) {
            return Err(Error::new(
                ErrorKind::Refused,
                format!("the account has room for {left} bytes, and the file has {size}"),
            ));
        }
        let callback = match (text(&ticket.callback), text(&ticket.encoded_callback)) {
            (Some(json), _) => BASE64.encode(json),
            (None, Some(encoded)) => encoded.to_owned(),
            (None, None) => {
                return Err(Error::new(
                    ErrorKind::Decode,
                    "the reply has no callback, without which the vendor never learns of the file",
                ));
            }
        };
        Ok(Target {
            place: self.place(vid, &ticket)?,
            callback: Some(callback),
            keys: keys(ticket.access_id, ticket.access_key, ticket.token),
        })
    }

    fn place(&self, vid: &str, ticket: &UploadTicket) -> Result<Place, Error> {
        let lacks = |what: &str| {
            Error::new(
                ErrorKind::Decode,
                format!("the reply has no {what}, so the file has no place to go to"),
            )
        };
        // The vendor's own host leads to the bucket; the storage's needs the bucket before it.
        let (host, of_bucket) = match (text(&ticket.domain), text(&ticket.endpoint)) {
            (Some(domain), _) => (domain, true),
            (None, Some(endpoint)) => (endpoint, false),
            (None, None) => return Err(lacks("domain")),
        };
        let endpoint = match host.contains("://") {
            true => host.parse()?,
            false => self.session.vendor().api()?.at_host(host)?,
        };
        let mut key = ticket.dir.clone().ok_or_else(|| lacks("dir"))?;
        key.push_str(vid);
        if let Some(extension) = extension(&self.delivery.file.name) {
            key.push('.');
            key.push_str(extension);
        }
        Ok(Place {
            endpoint,
            of_bucket,
            bucket: text(&ticket.bucket_name)
                .ok_or_else(|| lacks("bucketName"))?
                .to_owned(),
            key,
        })
    }

    /// Other keys for the same place: the reply names no video.
    fn renewed(
        &mut self,
        exec: Exec<'s, RenewUploadToken>,
        tick: Tick,
        step: Step<UploadTicket>,
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Renewing(Box::new(exec));
                Ok(step)
            }
            Err(ticket) => {
                let grant = self.grant.as_mut().ok_or_else(unexpected_event)?;
                grant.target.keys = keys(ticket.access_id, ticket.access_key, ticket.token);
                self.send(tick)
            }
        }
    }

    fn send(&mut self, tick: Tick) -> Result<Step<Uploaded>, Error> {
        let grant = self.grant.as_ref().ok_or_else(unexpected_event)?;
        let next = self.delivery.send(tick, &grant.target, self.session)?;
        self.delivered(tick, next)
    }

    fn delivered(&mut self, tick: Tick, next: Next) -> Result<Step<Uploaded>, Error> {
        match next.step() {
            Ok(step) => {
                self.stage = Stage::Delivering;
                Ok(step)
            }
            Err(Next::Stored(stored)) => {
                let grant = self.grant.as_ref().ok_or_else(unexpected_event)?;
                Ok(Step::Done(Uploaded {
                    vid: grant.vid.clone(),
                    bytes: self.delivery.len(),
                    stored,
                }))
            }
            Err(_expired) => {
                let mut exec = Exec::new(self.session, RenewUploadToken::new());
                let step = exec.advance(tick, Event::Start)?;
                self.renewed(exec, tick, step)
            }
        }
    }

    fn step(&mut self, tick: Tick, event: Event) -> Result<Step<Uploaded>, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => match self.delivery.begin()? {
                Some(step) => {
                    self.stage = Stage::Inspecting;
                    Ok(step)
                }
                None => self.ask(tick),
            },
            (Stage::Inspecting, Event::Inspected(Ok(facts))) => {
                self.delivery.measured(facts)?;
                self.ask(tick)
            }
            (Stage::Inspecting, Event::Inspected(Err(error))) => {
                Err(unusable_file(Some(&self.delivery.file.content), &error))
            }
            (Stage::Asking(mut exec), event) => {
                let step = exec.advance(tick, event)?;
                self.asked(*exec, tick, step)
            }
            (Stage::Renewing(mut exec), event) => {
                let step = exec.advance(tick, event)?;
                self.renewed(*exec, tick, step)
            }
            (Stage::Delivering, event) => {
                let grant = self.grant.as_ref().ok_or_else(unexpected_event)?;
                let next = self
                    .delivery
                    .advance(tick, event, &grant.target, self.session)?;
                self.delivered(tick, next)
            }
            _ => Err(unexpected_event()),
        }
    }
}

impl Flow for Upload<'_> {
    type Output = Uploaded;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Uploaded>, Error> {
        self.step(tick, event).map_err(|error| match &self.grant {
            Some(grant) => of_video(error, &grant.vid),
            None => error,
        })
    }
}

fn text(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

/// What follows the last full stop of a file name.
fn extension(file_name: &str) -> Option<&str> {
    let (stem, extension) = file_name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then_some(extension)
}

fn keys(access_key_id: Secret, access_key_secret: Secret, security_token: Secret) -> Keys {
    Keys {
        access_key_id,
        access_key_secret,
        security_token,
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
