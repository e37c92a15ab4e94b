//! Upload: the cover first where there is one, place and keys, the file to the object storage, whole or in parts, then publishing.

use vodkit_types::FileInput;
use vodkit_types::quvideo::{GetVideoUploadAuth, PublishVideo};

use super::steps::QuVideoSteps;
use crate::call::Run;
use crate::oss::Stored;
use crate::quvideo::QuVideo;
use crate::session::Session;
use crate::upload::{self, Journal, storage_flows};

/// An upload: `vod/getVideoUploadAuth`, the object to the storage, `vod/videoPublish`; with a [`cover`](Self::cover) that before all.
///
/// The file is looked at before anything is sent, so a missing or empty one creates no video. A file of more than one part goes in parts,
/// several at once. Sending a part again does no harm, so a lost connection is retried; keys are renewed with `vod/refreshVideoUploadAuth`
/// before they end. When the reply to `vod/videoPublish` is lost, the user's videos are looked through before it is called again.
///
/// With a journal ([`Transfer::journal`](upload::Transfer::journal)) it goes on where an earlier process stopped, with the same video. When that
/// process did not learn whether a video was created, a new one is: the server lists published videos only, so the other cannot be found.
#[derive(Debug)]
pub struct Upload<'s> {
    flow: upload::Upload<'s, QuVideoSteps<'s>>,
}

/// Gives an unfinished upload up, from its journal, with fresh keys of `vod/refreshVideoUploadAuth`.
///
/// The video stays as it is, without content: delete it with a call of its own.
#[derive(Debug)]
pub struct Abandon<'s> {
    flow: upload::Abandon<'s, QuVideoSteps<'s>>,
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
        let steps = QuVideoSteps::new(session, &file.name);
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

    /// Sets further parameters of `vod/getVideoUploadAuth`: description, cover, tags.
    #[must_use]
    pub fn order(mut self, change: impl FnOnce(GetVideoUploadAuth) -> GetVideoUploadAuth) -> Self {
        self.flow.steps.order = change(self.flow.steps.order);
        self
    }

    /// A local picture that becomes the cover: png, jpg, jpeg or gif. It is sent before the video; its address, as the server gives it, is signed
    /// and expires.
    #[must_use]
    pub fn cover(mut self, file: impl Into<FileInput>) -> Self {
        self.flow.steps.cover = Some(file.into());
        self
    }

    /// Address of the cover. Without one the server as published refuses `vod/videoPublish`, so an upload needs this, [`cover`](Self::cover) or
    /// [`unpublished`](Self::unpublished).
    #[must_use]
    pub fn cover_url(mut self, url: impl Into<String>) -> Self {
        self.flow.steps.order.cover_url = Some(url.into());
        self
    }

    /// Sets parameters of `vod/videoPublish`; id, title, size and cover are filled in where they are not set.
    #[must_use]
    pub fn publish(mut self, publish: PublishVideo) -> Self {
        self.flow.steps.publish = Some(publish);
        self
    }

    /// Leaves `vod/videoPublish` to the program: until then nobody sees the video.
    #[must_use]
    pub fn unpublished(mut self) -> Self {
        self.flow.steps.publish = None;
        self
    }
}

impl<'s> Abandon<'s> {
    /// Gives up what the journal tells of.
    #[must_use]
    pub fn new(session: &'s Session<QuVideo>, journal: Journal) -> Self {
        let steps = QuVideoSteps::new(session, "");
        Self {
            flow: upload::Abandon::of(journal, steps),
        }
    }
}

storage_flows!();

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
}
