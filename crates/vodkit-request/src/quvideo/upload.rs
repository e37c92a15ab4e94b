//! Simple upload: ask for place and keys, send the whole file to the object storage, publish the video.

use std::borrow::Cow;

use bytes::Bytes;
use http::Response;
use vodkit_types::quvideo::{
    BadCredential, DecodedUploadAddress, DecodedUploadAuth, GetVideoUploadAuth, PublishVideo,
    RefreshVideoUploadAuth, UploadAuth, Video, VideoUploadAuth,
};
use vodkit_types::{FaultClass, FileContent, FileInput, Secret};

use crate::call::Run;
use crate::error::{Error, ErrorKind, Refusal};
use crate::exec::{Exec, pass_on, unusable_file};
use crate::flow::{Event, Flow, Step, unexpected_event};
use crate::mask::mask;
use crate::oss::{self, Keys, Place, Stored};
use crate::payload::{Payload, Segment};
use crate::quvideo::QuVideo;
use crate::retry::{Attempt, Outcome};
use crate::session::Session;
use crate::skew::Skew;
use crate::transport::{
    FileFacts, Limits, Outgoing, ProgressSink, Tick, Timestamp, TransportErrorKind,
};

/// A simple upload: `vod/getVideoUploadAuth`, one object to the storage, `vod/videoPublish`.
///
/// The file is looked at before anything is sent, so a missing or empty one creates no video. Sending the object again does no harm, so a lost
/// connection is retried; keys that have expired are renewed once with `vod/refreshVideoUploadAuth`.
#[derive(Debug)]
pub struct Upload<'s> {
    session: &'s Session<QuVideo>,
    order: GetVideoUploadAuth,
    publish: Option<PublishVideo>,
    file: FileInput,
    limits: Option<Limits>,
    progress: Option<ProgressSink>,
    facts: FileFacts,
    attempts: u32,
    renewed: bool,
    /// The clock of the storage is another than that of the API.
    skew: Skew,
    grant: Option<Grant>,
    stage: Stage<'s>,
}

/// What the vendor has granted.
#[derive(Clone, Debug)]
struct Grant {
    video_id: String,
    place: Place,
    keys: Keys,
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    Inspecting,
    Asking(Box<Exec<'s, GetVideoUploadAuth>>),
    Sending(Timestamp),
    Waiting,
    Renewing(Box<Exec<'s, RefreshVideoUploadAuth>>),
    Publishing(Box<Exec<'s, PublishVideo>>, Uploaded),
    Over,
}

/// What an upload gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uploaded {
    /// Id of the new video.
    pub video_id: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// What the storage says of it: compare with a digest of your own.
    pub stored: Stored,
}

impl<'s> Upload<'s> {
    /// An upload of `file` under its own name, published at the end with nothing but its id, title and size.
    #[must_use]
    pub fn new(session: &'s Session<QuVideo>, file: FileInput) -> Self {
        let order = GetVideoUploadAuth::new(file.name.clone(), file.name.clone());
        Self {
            session,
            order,
            publish: Some(PublishVideo::new()),
            file,
            limits: None,
            progress: None,
            facts: FileFacts {
                len: 0,
                modified: None,
            },
            attempts: 0,
            renewed: false,
            skew: Skew::default(),
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

    /// Sets further parameters of `vod/getVideoUploadAuth`: description, cover, tags.
    #[must_use]
    pub fn order(mut self, change: impl FnOnce(GetVideoUploadAuth) -> GetVideoUploadAuth) -> Self {
        self.order = change(self.order);
        self
    }

    /// Address of the cover. Without one the server as published refuses `vod/videoPublish`, so an upload needs this or
    /// [`unpublished`](Self::unpublished).
    #[must_use]
    pub fn cover_url(mut self, url: impl Into<String>) -> Self {
        self.order.cover_url = Some(url.into());
        self
    }

    /// Sets parameters of `vod/videoPublish`; id, title, size and cover are filled in where they are not set.
    #[must_use]
    pub fn publish(mut self, publish: PublishVideo) -> Self {
        self.publish = Some(publish);
        self
    }

    /// Leaves `vod/videoPublish` to the program: until then nobody sees the video.
    #[must_use]
    pub fn unpublished(mut self) -> Self {
        self.publish = None;
        self
    }

    /// Has `sink` told how far the file is.
    #[must_use]
    pub fn progress(mut self, sink: ProgressSink) -> Self {
        self.progress = Some(sink);
        self
    }

    /// Sets time limits for sending the file; by default only a stall of 30 s ends it.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    fn ask(&mut self, tick: Tick, facts: FileFacts) -> Result<Step<Uploaded>, Error> {
        if facts.len == 0 {
            return Err(Error::new(
                ErrorKind::LocalFile,
                format!("cannot upload `{}`: it is empty", self.file.name),
            ));
        }
        let has_cover =
            |publish: &PublishVideo| publish.cover_url.is_some() || self.order.cover_url.is_some();
        if !self.publish.as_ref().is_none_or(has_cover) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a video is not published without a cover: give cover_url, or leave publishing out with unpublished",
            ));
        }
        self.facts = facts;
        self.order.file_size.get_or_insert(facts.len);
        let mut exec = Exec::new(self.session, self.order.clone());
        let step = exec.advance(tick, Event::Start)?;
        self.asked(exec, tick, step)
    }

    fn asked(
        &mut self,
        exec: Exec<'s, GetVideoUploadAuth>,
        tick: Tick,
        step: Step<VideoUploadAuth>,
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Asking(Box::new(exec));
                Ok(step)
            }
            Err(granted) => {
                let grant = Grant::of(
                    granted.video_id,
                    &granted.upload_address,
                    &granted.upload_auth,
                )?;
                self.grant = Some(grant);
                self.send(tick)
            }
        }
    }

    fn renewed(
        &mut self,
        exec: Exec<'s, RefreshVideoUploadAuth>,
        tick: Tick,
        step: Step<UploadAuth>,
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Renewing(Box::new(exec));
                Ok(step)
            }
            Err(granted) => {
                let id = self.granted()?.video_id.clone();
                self.grant = Some(Grant::of(
                    id,
                    &granted.upload_address,
                    &granted.upload_auth,
                )?);
                self.send(tick)
            }
        }
    }

    fn granted(&self) -> Result<&Grant, Error> {
        self.grant.as_ref().ok_or_else(unexpected_event)
    }

    /// Sends the object, each time with a new date and a new signature.
    fn send(&mut self, tick: Tick) -> Result<Step<Uploaded>, Error> {
        let grant = self.granted()?;
        let body = match &self.file.content {
            FileContent::Path(path) => Payload::file(path.as_ref(), 0..self.facts.len),
            FileContent::Bytes(bytes) => {
                Payload::from_segments(vec![Segment::Bytes(Bytes::from_owner(bytes.clone()))])
            }
            _ => return Err(unsupported_file()),
        };
        let at = tick.now.offset(self.skew.offset());
        let request = oss::put_object(&grant.place, &grant.keys, body, at)?;
        self.attempts += 1;
        self.stage = Stage::Sending(tick.now);
        Ok(Step::Send(Box::new(Outgoing {
            request,
            limits: self.limits.unwrap_or(self.session.transfer_limits),
            progress: self.progress.clone(),
        })))
    }

    fn stored(
        &mut self,
        tick: Tick,
        sent: Timestamp,
        response: &Response<Bytes>,
    ) -> Result<Step<Uploaded>, Error> {
        let before = self.skew.offset();
        self.skew.observe(sent, tick.now, response.headers());
        let refusal = match oss::open(response) {
            Ok(stored) => return self.finish(tick, stored),
            Err(refusal) => refusal,
        };
        let class = match &refusal {
            Refusal::Fault(fault) => fault.class,
            Refusal::Decode(_) => FaultClass::Permanent,
        };
        let grant = self.granted()?.clone();
        let error = Error::from_refusal(refusal, true, response, |text| {
            let keys = &grant.keys;
            mask(
                text,
                [
                    keys.access_key_secret.expose(),
                    keys.security_token.expose(),
                    keys.access_key_id.expose(),
                ],
            )
        });
        match class {
            FaultClass::Credential if before != self.skew.offset() => self.send(tick),
            FaultClass::Credential if !self.renewed => {
                self.renewed = true;
                let call = RefreshVideoUploadAuth::new(grant.video_id.clone());
                let mut exec = Exec::new(self.session, call);
                let step = exec.advance(tick, Event::Start)?;
                self.renewed(exec, tick, step)
            }
            FaultClass::Throttled => self.repeat_or(tick, Outcome::Throttled(None), error),
            FaultClass::Transient => self.repeat_or(tick, Outcome::Unavailable(None), error),
            _ => Err(error),
        }
    }

    fn repeat_or(
        &mut self,
        tick: Tick,
        outcome: Outcome,
        error: Error,
    ) -> Result<Step<Uploaded>, Error> {
        let attempt = Attempt {
            number: self.attempts,
            // The same object under the same key.
            idempotent: true,
            outcome,
            // How long a file takes says nothing about how often it may be tried.
            elapsed: std::time::Duration::ZERO,
        };
        match self.session.retry.decide(attempt, tick.entropy) {
            Some(wait) if self.session.budget.take() => {
                self.stage = Stage::Waiting;
                Ok(Step::Sleep(wait))
            }
            _ => Err(error),
        }
    }

    fn finish(&mut self, tick: Tick, stored: Stored) -> Result<Step<Uploaded>, Error> {
        let uploaded = Uploaded {
            video_id: self.granted()?.video_id.clone(),
            bytes: self.facts.len,
            stored,
        };
        let Some(mut publish) = self.publish.take() else {
            return Ok(Step::Done(uploaded));
        };
        publish
            .video_id
            .get_or_insert_with(|| uploaded.video_id.clone());
        publish
            .title
            .get_or_insert_with(|| self.order.title.clone());
        publish.size.get_or_insert(uploaded.bytes);
        publish.cover_url = publish.cover_url.or(self.order.cover_url.take());
        let mut exec = Exec::new(self.session, publish);
        let step = exec.advance(tick, Event::Start)?;
        Ok(self.published(exec, uploaded, step))
    }

    fn published(
        &mut self,
        exec: Exec<'s, PublishVideo>,
        uploaded: Uploaded,
        step: Step<Video>,
    ) -> Step<Uploaded> {
        match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Publishing(Box::new(exec), uploaded);
                step
            }
            Err(_video) => Step::Done(uploaded),
        }
    }

    fn step(&mut self, tick: Tick, event: Event) -> Result<Step<Uploaded>, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => match &self.file.content {
                FileContent::Path(path) => {
                    self.stage = Stage::Inspecting;
                    Ok(Step::Inspect(path.clone()))
                }
                FileContent::Bytes(bytes) => {
                    let facts = FileFacts {
                        len: bytes.len() as u64,
                        modified: None,
                    };
                    self.ask(tick, facts)
                }
                _ => Err(unsupported_file()),
            },
            (Stage::Inspecting, Event::Inspected(Ok(facts))) => self.ask(tick, facts),
            (Stage::Inspecting, Event::Inspected(Err(error))) => {
                Err(unusable_file(Some(&self.file.content), &error))
            }
            (Stage::Asking(mut exec), event) => {
                let step = exec.advance(tick, event)?;
                self.asked(*exec, tick, step)
            }
            (Stage::Renewing(mut exec), event) => {
                let step = exec.advance(tick, event)?;
                self.renewed(*exec, tick, step)
            }
            (Stage::Sending(sent), Event::Response(response)) => self.stored(tick, sent, &response),
            (Stage::Sending(_), Event::Failed(failure)) => {
                let outcome = if failure.kind.maybe_sent() {
                    Outcome::Unsure
                } else {
                    Outcome::NotSent
                };
                let local = matches!(
                    failure.kind,
                    TransportErrorKind::LocalFile | TransportErrorKind::InvalidRequest
                );
                let error = Error::from_transport(failure, true);
                if local {
                    Err(error)
                } else {
                    self.repeat_or(tick, outcome, error)
                }
            }
            (Stage::Waiting, Event::Woken) => self.send(tick),
            (Stage::Publishing(mut exec, uploaded), event) => {
                let step = exec.advance(tick, event)?;
                Ok(self.published(*exec, uploaded, step))
            }
            _ => Err(unexpected_event()),
        }
    }
}

impl Flow for Upload<'_> {
    type Output = Uploaded;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Uploaded>, Error> {
        let step = self.step(tick, event);
        // A failed upload leaves a video behind: its id must not be lost.
        step.map_err(|error| match &self.grant {
            Some(grant) => error.with_created(&grant.video_id),
            None => error,
        })
    }
}

impl Grant {
    fn of(video_id: String, address: &Secret, auth: &Secret) -> Result<Self, Error> {
        let unreadable = |what: &str, bad: BadCredential| {
            Error::new(ErrorKind::Decode, format!("{what} of the reply: {bad}"))
        };
        let address =
            DecodedUploadAddress::of(address).map_err(|bad| unreadable("uploadAddress", bad))?;
        let auth = DecodedUploadAuth::of(auth).map_err(|bad| unreadable("uploadAuth", bad))?;
        Ok(Self {
            video_id,
            place: Place {
                endpoint: address.endpoint.parse()?,
                bucket: address.bucket,
                key: address.file_name,
            },
            keys: Keys {
                access_key_id: auth.access_key_id,
                access_key_secret: auth.access_key_secret,
                security_token: auth.security_token,
            },
        })
    }
}

fn unsupported_file() -> Error {
    Error::new(
        ErrorKind::LocalFile,
        Cow::Borrowed("this kind of file cannot be uploaded"),
    )
}

/// The settings of an upload, on the upload that a facade gives.
impl<T: ?Sized> Run<'_, T, Upload<'_>> {
    /// See [`Upload::title`].
    pub fn title(self, title: impl Into<String>) -> Self {
        self.map(|upload| upload.title(title))
    }

    /// See [`Upload::order`].
    pub fn order(self, change: impl FnOnce(GetVideoUploadAuth) -> GetVideoUploadAuth) -> Self {
        self.map(|upload| upload.order(change))
    }

    /// See [`Upload::cover_url`].
    pub fn cover_url(self, url: impl Into<String>) -> Self {
        self.map(|upload| upload.cover_url(url))
    }

    /// See [`Upload::publish`].
    pub fn publish(self, publish: PublishVideo) -> Self {
        self.map(|upload| upload.publish(publish))
    }

    /// See [`Upload::unpublished`].
    pub fn unpublished(self) -> Self {
        self.map(Upload::unpublished)
    }

    /// See [`Upload::progress`].
    pub fn progress(self, sink: ProgressSink) -> Self {
        self.map(|upload| upload.progress(sink))
    }

    /// See [`Upload::limits`].
    pub fn limits(self, limits: Limits) -> Self {
        self.map(|upload| upload.limits(limits))
    }
}
