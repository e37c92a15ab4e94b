//! Upload: the cover first where there is one, place and keys, the file to the object storage, whole or in parts, then publishing.

use std::fmt;

use vodkit_types::FileInput;
use vodkit_types::quvideo::{GetVideoUploadAuth, PublishVideo};

use super::steps::Stage;
use crate::call::Run;
use crate::oss::{Stored, Target};
use crate::quvideo::QuVideo;
use crate::session::Session;
use crate::transport::{Limits, ProgressSink};
use crate::upload::{Delivery, Transfer};

/// An upload: `vod/getVideoUploadAuth`, the object to the storage, `vod/videoPublish`; with a [`cover`](Self::cover) that before all.
///
/// The file is looked at before anything is sent, so a missing or empty one creates no video. A file of more than one part goes in parts,
/// several at once. Sending a part again does no harm, so a lost connection is retried; keys are renewed with `vod/refreshVideoUploadAuth`
/// before they end. When the reply to `vod/videoPublish` is lost, the user's videos are looked through before it is called again.
///
/// With a journal ([`Transfer::journal`]) it goes on where an earlier process stopped, with the same video. When that process did not learn
/// whether a video was created, a new one is: the server lists published videos only, so the other cannot be found.
#[derive(Debug)]
pub struct Upload<'s> {
    pub(super) session: &'s Session<QuVideo>,
    pub(super) order: GetVideoUploadAuth,
    pub(super) publish: Option<PublishVideo>,
    pub(super) cover: Option<FileInput>,
    pub(super) delivery: Delivery<Target>,
    pub(super) created: Option<CreatedSink>,
    /// The video, once it is known.
    pub(super) video_id: Option<String>,
    /// Whether the storage has the file.
    pub(super) stored: bool,
    /// How often publishing was tried.
    pub(super) published: u32,
    pub(super) stage: Stage<'s>,
}

/// Told of the id of the video as soon as it is known.
pub(super) struct CreatedSink(pub(super) Box<dyn Fn(&str) + Send + Sync>);

impl fmt::Debug for CreatedSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreatedSink")
    }
}

/// What an upload gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uploaded {
    /// Id of the video.
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
            cover: None,
            delivery: Delivery::of(file),
            created: None,
            video_id: None,
            stored: false,
            published: 0,
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

    /// A local picture that becomes the cover: png, jpg, jpeg or gif. It is sent before the video; its address, as the server gives it, is signed
    /// and expires.
    #[must_use]
    pub fn cover(mut self, file: impl Into<FileInput>) -> Self {
        self.cover = Some(file.into());
        self
    }

    /// Address of the cover. Without one the server as published refuses `vod/videoPublish`, so an upload needs this, [`cover`](Self::cover) or
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

    /// See [`Upload::cover`].
    pub fn cover(self, file: impl Into<FileInput>) -> Self {
        self.map(|upload| upload.cover(file))
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
