//! The steps of an upload, one after the other.

use vodkit_types::quvideo::{
    GetPersonalVideoList, GetVideoUploadAuth, PublishVideo, RefreshVideoUploadAuth, UploadAuth,
    Video, VideoList, VideoUploadAuth,
};
use vodkit_types::{FileInput, Secret};

use super::grant::target;
use super::upload::Uploaded;
use super::{QuVideo, cover};
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::unexpected_event;
use crate::oss::Target;
use crate::session::Session;
use crate::upload::{self, At, Delivery, Mark, Note, Steps};

/// Greatest size that `vod/videoPublish` takes.
const LARGEST_SIZE: u64 = i32::MAX as u64;
/// Videos on a page, and how many pages, when a published video is looked for. The newest come first.
const PAGE: u64 = 50;
const MOST_PAGES: u64 = 10;
/// How often publishing is tried when its reply is lost and the video is not listed.
const MOST_PUBLISHED: u32 = 2;

/// The calls around a file.
#[derive(Debug)]
pub(super) struct QuVideoSteps<'s> {
    session: &'s Session<QuVideo>,
    pub(super) order: GetVideoUploadAuth,
    pub(super) publish: Option<PublishVideo>,
    pub(super) cover: Option<FileInput>,
    /// How often publishing was tried.
    published: u32,
}

type Action<'s> = upload::Action<'s, QuVideoSteps<'s>>;
type Next<'s> = upload::Next<'s, QuVideoSteps<'s>>;

impl<'s> QuVideoSteps<'s> {
    pub(super) fn new(session: &'s Session<QuVideo>, file_name: &str) -> Self {
        Self {
            session,
            order: GetVideoUploadAuth::new(file_name, file_name),
            publish: Some(PublishVideo::new()),
            cover: None,
            published: 0,
        }
    }

    fn cover_or_go_on(&mut self, at: At<'_, Target>) -> Next<'s> {
        match self.cover.take() {
            // A video that exists, and is not published, needs it no more.
            Some(_) if self.publish.is_none() && at.delivery.past().video.is_some() => {
                self.go_on(at)
            }
            Some(file) => {
                let cover = cover::upload(self.session, file, at.delivery.transfer());
                Ok(Action::run(cover, Self::covered))
            }
            None => self.go_on(at),
        }
    }

    fn covered(&mut self, at: At<'_, Target>, address: Secret) -> Next<'s> {
        self.order.cover_url = Some(address.expose().to_owned());
        self.go_on(at)
    }

    fn go_on(&mut self, at: At<'_, Target>) -> Next<'s> {
        let past = at.delivery.past();
        if past.completed {
            return self.stored(at);
        }
        if past.video.is_some() {
            return self.renew(at);
        }
        if past.creating.is_some() {
            let what = format!("a video without content, titled `{}`", self.order.title);
            let transfer = at.delivery.transfer();
            transfer.note(Note::MayBeOrphaned { what });
        }
        let creating = Mark::Creating { at: at.tick.now };
        Ok(Action::keep(creating, Self::create))
    }

    fn create(&mut self, at: At<'_, Target>) -> Next<'s> {
        self.order.file_size.get_or_insert(at.delivery.len());
        let call = self.order.clone();
        Ok(Action::run(Exec::new(self.session, call), Self::created))
    }

    fn created(&mut self, _at: At<'_, Target>, granted: VideoUploadAuth) -> Next<'s> {
        // Whatever its address is, the video is there.
        let created = Mark::Created {
            video: granted.video_id,
        };
        let (address, auth) = (granted.upload_address, granted.upload_auth);
        Ok(Action::keep(created, move |steps, at| {
            target(&address, &auth, at.now(steps.session)).map(Action::Send)
        }))
    }

    fn granted(&mut self, at: At<'_, Target>, granted: UploadAuth) -> Next<'s> {
        let now = at.now(self.session);
        target(&granted.upload_address, &granted.upload_auth, now).map(Action::Send)
    }

    fn make_public(&mut self, at: At<'_, Target>) -> Next<'s> {
        let mut publish = self.publish.clone().ok_or_else(unexpected_event)?;
        let video_id = at.delivery.video()?;
        publish.video_id.get_or_insert_with(|| video_id.to_owned());
        publish
            .title
            .get_or_insert_with(|| self.order.title.clone());
        // The server's table has no room for a greater one, and refuses the call.
        let bytes = at.delivery.len();
        if bytes <= LARGEST_SIZE {
            publish.size.get_or_insert(bytes);
        }
        publish.cover_url = publish.cover_url.or(self.order.cover_url.clone());
        self.published += 1;
        let exec = Exec::new(self.session, publish);
        Ok(Action::attempt(exec, Self::was_published))
    }

    fn was_published(&mut self, _at: At<'_, Target>, reply: Result<Video, Error>) -> Next<'s> {
        match reply {
            Ok(_video) => Ok(Action::Finish),
            // Whether the server has published it can be seen.
            Err(error)
                if error.kind() == ErrorKind::OutcomeUnknown
                    && self.published < MOST_PUBLISHED
                    && self.session.retry.max_attempts > 1 =>
            {
                Ok(self.look(1))
            }
            Err(error) => Err(error),
        }
    }

    /// Looks whether it is published, from this page on.
    fn look(&self, page: u64) -> Action<'s> {
        let call = GetPersonalVideoList::new(page, PAGE);
        Action::run(Exec::new(self.session, call), move |steps, at, list| {
            steps.looked(at, &list, page)
        })
    }

    fn looked(&mut self, at: At<'_, Target>, list: &VideoList, page: u64) -> Next<'s> {
        let is_it = |video: &Video| video.video_id == at.delivery.past().video;
        if list.video_list.iter().any(is_it) {
            return Ok(Action::Finish);
        }
        if !list.video_list.is_empty() && page < MOST_PAGES && page * PAGE < list.total {
            return Ok(self.look(page + 1));
        }
        match self.cover {
            // An earlier process has left it at this, and took the address of the cover with it.
            Some(_) => self.cover_or_go_on(at),
            None => self.make_public(at),
        }
    }
}

impl<'s> Steps<'s> for QuVideoSteps<'s> {
    type Vendor = QuVideo;
    type Store = Target;
    type Uploaded = Uploaded;

    fn session(&self) -> &'s Session<QuVideo> {
        self.session
    }

    /// The server has no id of the account that is not a secret.
    fn account(&self) -> String {
        self.session.vendor().base_url().to_string()
    }

    fn check(&self, _delivery: &Delivery<Target>) -> Result<(), Error> {
        let has_cover = |publish: &PublishVideo| {
            publish.cover_url.is_some() || self.order.cover_url.is_some() || self.cover.is_some()
        };
        if self.publish.as_ref().is_none_or(has_cover) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            "a video is not published without a cover: give cover or cover_url, or leave publishing out with unpublished",
        ))
    }

    fn ready(&mut self, at: At<'_, Target>) -> Next<'s> {
        let past = at.delivery.past();
        if past.finished || (past.completed && self.publish.is_none()) {
            return Ok(Action::Finish);
        }
        if past.finishing {
            return Ok(self.look(1));
        }
        self.cover_or_go_on(at)
    }

    fn renew(&mut self, at: At<'_, Target>) -> Next<'s> {
        let call = RefreshVideoUploadAuth::new(at.delivery.video()?);
        Ok(Action::run(Exec::new(self.session, call), Self::granted))
    }

    fn stored(&mut self, _at: At<'_, Target>) -> Next<'s> {
        Ok(match self.publish {
            Some(_) => Action::keep(Mark::Finishing, Self::make_public),
            None => Action::Finish,
        })
    }

    fn uploaded(&mut self, delivery: &Delivery<Target>) -> Result<Uploaded, Error> {
        Ok(Uploaded {
            video_id: delivery.video()?.to_owned(),
            bytes: delivery.len(),
            stored: delivery.stored(),
        })
    }

    fn explain(&self, error: Error, delivery: &Delivery<Target>) -> Error {
        let past = delivery.past();
        match &past.video {
            Some(id) if past.completed => {
                let what = format!("Video {id} has its content, but may not be published");
                error.with_more_hint(what).with_created(id)
            }
            Some(id) => delivery.explain(delivery.of_video(error, id)),
            None => error,
        }
    }
}
