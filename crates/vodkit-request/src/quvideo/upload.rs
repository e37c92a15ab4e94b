//! Simple upload: ask for place and keys, send the whole file to the object storage, publish the video.

use std::fmt;

use vodkit_types::quvideo::{
    BadCredential, DecodedUploadAddress, DecodedUploadAuth, GetVideoUploadAuth, PublishVideo,
    RefreshVideoUploadAuth, UploadAuth, Video, VideoUploadAuth,
};
use vodkit_types::{FileInput, Secret};

use crate::call::Run;
use crate::error::{Error, ErrorKind};
use crate::exec::{Exec, unusable_file};
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::oss::{Delivery, Keys, Next, Place, Stored, Target, of_video};
use crate::quvideo::QuVideo;
use crate::session::Session;
use crate::transport::{Limits, ProgressSink, Tick};

/// Greatest size that `vod/videoPublish` takes.
const LARGEST_SIZE: u64 = i32::MAX as u64;

/// A simple upload: `vod/getVideoUploadAuth`, one object to the storage, `vod/videoPublish`.
///
/// The file is looked at before anything is sent, so a missing or empty one creates no video. Sending the object again does no harm, so a lost
/// connection is retried; keys that have expired are renewed once with `vod/refreshVideoUploadAuth`.
#[derive(Debug)]
pub struct Upload<'s> {
    session: &'s Session<QuVideo>,
    order: GetVideoUploadAuth,
    publish: Option<PublishVideo>,
    delivery: Delivery,
    created: Option<CreatedSink>,
    grant: Option<Grant>,
    /// Whether the storage has the file.
    stored: bool,
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
    video_id: String,
    target: Target,
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    Inspecting,
    Asking(Box<Exec<'s, GetVideoUploadAuth>>),
    Delivering,
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
    /// What the storage says of it.
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
            delivery: Delivery::of(file),
            created: None,
            grant: None,
            stored: false,
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

    /// Tells what is wrong before anything is sent, then asks.
    fn ask(&mut self, tick: Tick) -> Result<Step<Uploaded>, Error> {
        let has_cover =
            |publish: &PublishVideo| publish.cover_url.is_some() || self.order.cover_url.is_some();
        if !self.publish.as_ref().is_none_or(has_cover) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a video is not published without a cover: give cover_url, or leave publishing out with unpublished",
            ));
        }
        self.order.file_size.get_or_insert(self.delivery.len());
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
                if let Some(CreatedSink(sink)) = &self.created {
                    sink(&granted.video_id);
                }
                let target = target(&granted.upload_address, &granted.upload_auth)
                    .map_err(|error| of_video(error, &granted.video_id))?;
                self.grant = Some(Grant {
                    video_id: granted.video_id,
                    target,
                });
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
                let target = target(&granted.upload_address, &granted.upload_auth)?;
                self.grant.as_mut().ok_or_else(unexpected_event)?.target = target;
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
        let grant = self.grant.as_ref().ok_or_else(unexpected_event)?;
        match next.step() {
            Ok(step) => {
                self.stage = Stage::Delivering;
                Ok(step)
            }
            Err(Next::Stored(stored)) => {
                let uploaded = Uploaded {
                    video_id: grant.video_id.clone(),
                    bytes: self.delivery.len(),
                    stored,
                };
                self.finish(tick, uploaded)
            }
            Err(_expired) => {
                let call = RefreshVideoUploadAuth::new(grant.video_id.clone());
                let mut exec = Exec::new(self.session, call);
                let step = exec.advance(tick, Event::Start)?;
                self.renewed(exec, tick, step)
            }
        }
    }

    fn finish(&mut self, tick: Tick, uploaded: Uploaded) -> Result<Step<Uploaded>, Error> {
        self.stored = true;
        let Some(mut publish) = self.publish.take() else {
            return Ok(Step::Done(uploaded));
        };
        publish
            .video_id
            .get_or_insert_with(|| uploaded.video_id.clone());
        publish
            .title
            .get_or_insert_with(|| self.order.title.clone());
        // The server's table has no room for a greater one, and refuses the call.
        if uploaded.bytes <= LARGEST_SIZE {
            publish.size.get_or_insert(uploaded.bytes);
        }
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
        self.step(tick, event).map_err(|error| match &self.grant {
            Some(grant) if self.stored => {
                let id = &grant.video_id;
                let what = format!("Video {id} has its content, but may not be published");
                let hint = match error.hint() {
                    Some(hint) => format!("{}. {what}", hint.trim_end_matches('.')),
                    None => what,
                };
                error.with_hint(hint).with_created(id)
            }
            Some(grant) => of_video(error, &grant.video_id),
            None => error,
        })
    }
}

fn target(address: &Secret, auth: &Secret) -> Result<Target, Error> {
    let unreadable = |what: &str, bad: BadCredential| {
        Error::new(ErrorKind::Decode, format!("{what} of the reply: {bad}"))
    };
    let address =
        DecodedUploadAddress::of(address).map_err(|bad| unreadable("uploadAddress", bad))?;
    let auth = DecodedUploadAuth::of(auth).map_err(|bad| unreadable("uploadAuth", bad))?;
    Ok(Target {
        place: Place {
            endpoint: address.endpoint.parse()?,
            of_bucket: false,
            bucket: address.bucket,
            key: address.file_name,
        },
        keys: Keys {
            access_key_id: auth.access_key_id,
            access_key_secret: auth.access_key_secret,
            security_token: auth.security_token,
        },
        callback: None,
    })
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

    /// See [`Upload::created`].
    pub fn created(self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.map(|upload| upload.created(sink))
    }

    /// See [`Upload::limits`].
    pub fn limits(self, limits: Limits) -> Self {
        self.map(|upload| upload.limits(limits))
    }
}
