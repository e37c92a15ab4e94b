//! The steps of an upload, one after the other.

use vodkit_types::quvideo::{
    GetPersonalVideoList, GetVideoUploadAuth, PublishVideo, RefreshVideoUploadAuth, UploadAuth,
    Video, VideoList, VideoUploadAuth,
};

use super::cover::Cover;
use super::grant::target;
use super::upload::{CreatedSink, Upload, Uploaded};
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::oss::{Stored, Target};
use crate::quvideo::QuVideo;
use crate::transport::Tick;
use crate::upload::journal::kept;
use crate::upload::{Mark, Next, Note, of_video};
use crate::vendor::Vendor as _;

/// Greatest size that `vod/videoPublish` takes.
const LARGEST_SIZE: u64 = i32::MAX as u64;
/// Videos on a page, and how many pages, when a published video is looked for. The newest come first.
const PAGE: u64 = 50;
const MOST_PAGES: u64 = 10;
/// How often publishing is tried when its reply is lost and the video is not listed.
const MOST_PUBLISHED: u32 = 2;

#[derive(Debug)]
pub(super) enum Stage<'s> {
    Begin,
    Preparing,
    Covering(Box<Cover<'s>>),
    Keeping(Then),
    Asking(Box<Exec<'s, GetVideoUploadAuth>>),
    /// Asking for the place and the keys of a video that an earlier process has created.
    Returning(Box<Exec<'s, RefreshVideoUploadAuth>>),
    Renewing(Box<Exec<'s, RefreshVideoUploadAuth>>),
    Delivering,
    Publishing(Box<Exec<'s, PublishVideo>>, Stored),
    /// Looking whether it is published.
    Looking(Box<Exec<'s, GetPersonalVideoList>>, u64, Stored),
    Over,
}

/// What follows when a mark is written.
#[derive(Debug)]
pub(super) enum Then {
    Create,
    Read(Box<VideoUploadAuth>),
    Publish(Stored),
    Done(Stored),
}

impl<'s> Upload<'s> {
    fn prepared(&mut self, tick: Tick, next: Next) -> Result<Step<Uploaded>, Error> {
        match next.step() {
            Ok(step) => {
                self.stage = Stage::Preparing;
                Ok(step)
            }
            Err(_ready) => self.ready(tick),
        }
    }

    /// Tells what is wrong before anything is sent; then the cover comes first.
    fn ready(&mut self, tick: Tick) -> Result<Step<Uploaded>, Error> {
        let has_cover = |publish: &PublishVideo| {
            publish.cover_url.is_some() || self.order.cover_url.is_some() || self.cover.is_some()
        };
        if !self.publish.as_ref().is_none_or(has_cover) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "a video is not published without a cover: give cover or cover_url, or leave publishing out with unpublished",
            ));
        }
        let past = self.delivery.past();
        self.video_id.clone_from(&past.video);
        self.stored = past.completed;
        let stored = self.stored_before();
        let past = self.delivery.past();
        if past.finished || (past.completed && self.publish.is_none()) {
            return self.finish(tick, stored);
        }
        if past.finishing {
            return self.look_from(tick, 1, stored);
        }
        self.cover_or_go_on(tick)
    }

    /// What the journal says of the stored file.
    fn stored_before(&self) -> Stored {
        let past = self.delivery.past();
        Stored {
            etag: past.etag.clone(),
            crc64: past.crc64,
        }
    }

    fn cover_or_go_on(&mut self, tick: Tick) -> Result<Step<Uploaded>, Error> {
        match self.cover.take() {
            // A video that exists, and is not published, needs it no more.
            Some(_) if self.publish.is_none() && self.video_id.is_some() => self.go_on(tick),
            Some(file) => {
                let cover = Cover::new(self.session, file, self.delivery.transfer());
                self.send_cover(cover, tick, Event::Start)
            }
            None => self.go_on(tick),
        }
    }

    fn send_cover(
        &mut self,
        mut cover: Cover<'s>,
        tick: Tick,
        event: Event,
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(cover.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::Covering(Box::new(cover));
                Ok(step)
            }
            Err(address) => {
                self.order.cover_url = Some(address.expose().to_owned());
                self.go_on(tick)
            }
        }
    }

    fn go_on(&mut self, tick: Tick) -> Result<Step<Uploaded>, Error> {
        if self.stored {
            let stored = self.stored_before();
            return self.stored(tick, stored);
        }
        if let Some(video_id) = &self.video_id {
            let call = RefreshVideoUploadAuth::new(video_id.clone());
            return self.come_back(Exec::new(self.session, call), tick, Event::Start);
        }
        if self.delivery.past().creating.is_some() {
            let what = format!("a video without content, titled `{}`", self.order.title);
            let transfer = self.delivery.transfer();
            transfer.note(Note::MayBeOrphaned { what });
        }
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
            Then::Create => {
                self.order.file_size.get_or_insert(self.delivery.len());
                let exec = Exec::new(self.session, self.order.clone());
                self.ask(exec, tick, Event::Start)
            }
            Then::Read(granted) => self.read(tick, &granted),
            Then::Publish(stored) => self.make_public(tick, stored),
            Then::Done(stored) => self.done(stored),
        }
    }

    fn ask(
        &mut self,
        mut exec: Exec<'s, GetVideoUploadAuth>,
        tick: Tick,
        event: Event,
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(exec.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::Asking(Box::new(exec));
                Ok(step)
            }
            Err(granted) => self.asked(tick, granted),
        }
    }

    fn asked(&mut self, tick: Tick, granted: VideoUploadAuth) -> Result<Step<Uploaded>, Error> {
        let video = granted.video_id.clone();
        self.video_id = Some(video.clone());
        let then = Then::Read(Box::new(granted));
        // Whatever its address is, the video is there.
        self.keep(tick, Mark::Created { video }, then)
    }

    fn read(&mut self, tick: Tick, granted: &VideoUploadAuth) -> Result<Step<Uploaded>, Error> {
        match self.target(tick, &granted.upload_address, &granted.upload_auth) {
            Ok(target) => self.start(tick, target),
            Err(error) => {
                self.tell_created();
                Err(error)
            }
        }
    }

    fn target(
        &self,
        tick: Tick,
        address: &vodkit_types::Secret,
        auth: &vodkit_types::Secret,
    ) -> Result<Target, Error> {
        let now = tick.now.offset(self.session.skew.offset());
        target(address, auth, now)
    }

    fn come_back(
        &mut self,
        mut exec: Exec<'s, RefreshVideoUploadAuth>,
        tick: Tick,
        event: Event,
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(exec.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::Returning(Box::new(exec));
                Ok(step)
            }
            Err(granted) => {
                let target = self.target(tick, &granted.upload_address, &granted.upload_auth)?;
                self.start(tick, target)
            }
        }
    }

    fn tell_created(&self) {
        if let (Some(CreatedSink(sink)), Some(video_id)) = (&self.created, &self.video_id) {
            sink(video_id);
        }
    }

    fn start(&mut self, tick: Tick, target: Target) -> Result<Step<Uploaded>, Error> {
        self.tell_created();
        let next = self.delivery.start(tick, target, self.session)?;
        self.delivered(tick, next)
    }

    fn delivered(&mut self, tick: Tick, next: Next) -> Result<Step<Uploaded>, Error> {
        match next.step() {
            Ok(step) => {
                self.stage = Stage::Delivering;
                Ok(step)
            }
            Err(Next::Stored(stored)) => self.stored(tick, stored),
            Err(_renew) => {
                let video_id = self.video_id.clone().ok_or_else(unexpected_event)?;
                let call = RefreshVideoUploadAuth::new(video_id);
                self.renew(Exec::new(self.session, call), tick, Event::Start)
            }
        }
    }

    fn renew(
        &mut self,
        mut exec: Exec<'s, RefreshVideoUploadAuth>,
        tick: Tick,
        event: Event,
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(exec.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::Renewing(Box::new(exec));
                Ok(step)
            }
            Err(UploadAuth {
                upload_address,
                upload_auth,
                ..
            }) => {
                let target = self.target(tick, &upload_address, &upload_auth)?;
                let next = self.delivery.renewed(tick, target, self.session)?;
                self.delivered(tick, next)
            }
        }
    }

    fn stored(&mut self, tick: Tick, stored: Stored) -> Result<Step<Uploaded>, Error> {
        self.stored = true;
        match self.publish {
            Some(_) => self.keep(tick, Mark::Finishing, Then::Publish(stored)),
            None => self.finish(tick, stored),
        }
    }

    fn make_public(&mut self, tick: Tick, stored: Stored) -> Result<Step<Uploaded>, Error> {
        let mut publish = self.publish.clone().ok_or_else(unexpected_event)?;
        let video_id = self.video_id.clone().ok_or_else(unexpected_event)?;
        publish.video_id.get_or_insert(video_id);
        publish
            .title
            .get_or_insert_with(|| self.order.title.clone());
        // The server's table has no room for a greater one, and refuses the call.
        let bytes = self.delivery.len();
        if bytes <= LARGEST_SIZE {
            publish.size.get_or_insert(bytes);
        }
        publish.cover_url = publish.cover_url.or(self.order.cover_url.clone());
        self.published += 1;
        let exec = Exec::new(self.session, publish);
        self.publishing(exec, tick, Event::Start, stored)
    }

    fn publishing(
        &mut self,
        mut exec: Exec<'s, PublishVideo>,
        tick: Tick,
        event: Event,
        stored: Stored,
    ) -> Result<Step<Uploaded>, Error> {
        match exec.advance(tick, event).map(pass_on) {
            Ok(Ok(step)) => {
                self.stage = Stage::Publishing(Box::new(exec), stored);
                Ok(step)
            }
            Ok(Err(_video)) => self.finish(tick, stored),
            // Whether the server has published it can be seen.
            Err(error)
                if error.kind() == ErrorKind::OutcomeUnknown
                    && self.published < MOST_PUBLISHED
                    && self.session.retry.max_attempts > 1 =>
            {
                self.look_from(tick, 1, stored)
            }
            Err(error) => Err(error),
        }
    }

    fn look_from(
        &mut self,
        tick: Tick,
        page: u64,
        stored: Stored,
    ) -> Result<Step<Uploaded>, Error> {
        let exec = Exec::new(self.session, GetPersonalVideoList::new(page, PAGE));
        self.look(exec, tick, Event::Start, (page, stored))
    }

    fn look(
        &mut self,
        mut exec: Exec<'s, GetPersonalVideoList>,
        tick: Tick,
        event: Event,
        (page, stored): (u64, Stored),
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(exec.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::Looking(Box::new(exec), page, stored);
                Ok(step)
            }
            Err(list) => self.looked(tick, &list, page, stored),
        }
    }

    fn looked(
        &mut self,
        tick: Tick,
        list: &VideoList,
        page: u64,
        stored: Stored,
    ) -> Result<Step<Uploaded>, Error> {
        let is_it = |video: &Video| video.video_id == self.video_id;
        if list.video_list.iter().any(is_it) {
            return self.finish(tick, stored);
        }
        if !list.video_list.is_empty() && page < MOST_PAGES && page * PAGE < list.total {
            return self.look_from(tick, page + 1, stored);
        }
        match self.cover {
            // An earlier process has left it at this, and took the address of the cover with it.
            Some(_) => self.cover_or_go_on(tick),
            None => self.make_public(tick, stored),
        }
    }

    fn finish(&mut self, tick: Tick, stored: Stored) -> Result<Step<Uploaded>, Error> {
        if self.delivery.past().finished {
            return self.done(stored);
        }
        self.keep(tick, Mark::Finished, Then::Done(stored))
    }

    fn done(&self, stored: Stored) -> Result<Step<Uploaded>, Error> {
        Ok(Step::Done(Uploaded {
            video_id: self.video_id.clone().ok_or_else(unexpected_event)?,
            bytes: self.delivery.len(),
            stored,
        }))
    }

    fn step(&mut self, tick: Tick, event: Event) -> Result<Step<Uploaded>, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => {
                let next = self.delivery.prepare(QuVideo::NAME, &self.account())?;
                self.prepared(tick, next)
            }
            (Stage::Preparing, event) => {
                let account = self.account();
                let next = self.delivery.prepared(event, QuVideo::NAME, &account)?;
                self.prepared(tick, next)
            }
            (Stage::Covering(cover), event) => self.send_cover(*cover, tick, event),
            (Stage::Keeping(then), Event::Kept(result)) => {
                kept(result)?;
                self.follow(tick, then)
            }
            (Stage::Asking(exec), event) => self.ask(*exec, tick, event),
            (Stage::Returning(exec), event) => self.come_back(*exec, tick, event),
            (Stage::Renewing(exec), event) => self.renew(*exec, tick, event),
            (Stage::Delivering, event) => {
                let next = self.delivery.advance(tick, event, self.session)?;
                self.delivered(tick, next)
            }
            (Stage::Publishing(exec, stored), event) => self.publishing(*exec, tick, event, stored),
            (Stage::Looking(exec, page, stored), event) => {
                self.look(*exec, tick, event, (page, stored))
            }
            _ => Err(unexpected_event()),
        }
    }

    /// The server has no id of the account that is not a secret.
    fn account(&self) -> String {
        self.session.vendor().base_url().to_string()
    }
}

impl Flow for Upload<'_> {
    type Output = Uploaded;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Uploaded>, Error> {
        self.step(tick, event)
            .map_err(|error| match &self.video_id {
                Some(id) if self.stored => {
                    let what = format!("Video {id} has its content, but may not be published");
                    error.with_more_hint(what).with_created(id)
                }
                Some(id) => self.delivery.explain(of_video(error, id)),
                None => error,
            })
    }
}
