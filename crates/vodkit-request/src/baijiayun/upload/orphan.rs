//! Looking for a video that an earlier process has created without learning of it.

use std::collections::VecDeque;

use vodkit_types::baijiayun::{
    GetResumeUploadUrl, GetVideoList, ResumeTicket, VideoList, VideoListItem, VideoStatus,
};

use crate::baijiayun::Baijiayun;
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::page::{Cursor, Page};
use crate::remedy::{Hint, Remedy};
use crate::session::Session;
use crate::transport::{Tick, Timestamp};

/// The most that API-31 gives at once.
const PAGE_SIZE: u64 = 1000;
/// How much earlier than the call a video may seem to have been created: the clocks of both sides are not one.
const CLOCK_SECONDS: i64 = 600;
/// So many videos of one name that wait for their file are not told apart by asking for each.
const MOST_ASKED: usize = 20;

/// Reads the list of all videos (API-31) for those that may be the lost one: with this name, waiting for their file, created since the call
/// left, and without a byte. The last is asked for with API-4, since the list does not say it: what has bytes is somebody else's.
///
/// The filter of the list by time is not used, since the page does not say which way it goes.
#[derive(Debug)]
pub(super) struct Search<'s> {
    session: &'s Session<Baijiayun>,
    file_name: String,
    since: i64,
    except: Vec<String>,
    pages: Cursor<GetVideoList>,
    waiting: VecDeque<u64>,
    found: Found,
    stage: Stage<'s>,
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    Listing(GetVideoList, Box<Exec<'s, GetVideoList>>),
    Asking(u64, Box<Exec<'s, GetResumeUploadUrl>>),
    Over,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Videos that may be the lost one.
    pub(super) candidates: Vec<u64>,
    /// Videos like it that wait no longer for their file.
    pub(super) timed_out: Vec<u64>,
}

impl<'s> Search<'s> {
    /// A search for the video that a call at `since` may have created for `file_name`. Those in `except` are somebody else's.
    pub(super) fn new(
        session: &'s Session<Baijiayun>,
        file_name: &str,
        since: Timestamp,
        except: &[String],
    ) -> Self {
        Self {
            session,
            file_name: file_name.to_owned(),
            since: since.seconds().saturating_sub(CLOCK_SECONDS),
            except: except.to_vec(),
            pages: Cursor::new(GetVideoList::new().page_size(PAGE_SIZE)),
            waiting: VecDeque::new(),
            found: Found::default(),
            stage: Stage::Begin,
        }
    }

    fn list(&mut self, tick: Tick) -> Result<Step<Found>, Error> {
        let Some(page) = self.pages.current() else {
            return self.ask(tick);
        };
        let mut exec = Exec::new(self.session, page.clone());
        let step = exec.advance(tick, Event::Start)?;
        self.forward_listing(tick, page, exec, step)
    }

    fn forward_listing(
        &mut self,
        tick: Tick,
        page: GetVideoList,
        exec: Exec<'s, GetVideoList>,
        step: Step<VideoList>,
    ) -> Result<Step<Found>, Error> {
        let list = match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Listing(page, Box::new(exec));
                return Ok(step);
            }
            Err(list) => list,
        };
        if let Page::New(videos) = self.pages.take(&page, list) {
            for video in videos {
                self.look_at(&video);
            }
        }
        self.list(tick)
    }

    fn look_at(&mut self, video: &VideoListItem) {
        let id = video.video_id;
        let named = video
            .name
            .as_deref()
            .is_some_and(|name| is_name_of(name, &self.file_name));
        // What cannot be read is not taken for old.
        let since = video
            .create_time
            .as_ref()
            .and_then(|time| time.unix_seconds())
            .is_none_or(|created| created >= self.since);
        if !named || !since || self.except.contains(&id.to_string()) {
            return;
        }
        match video.status {
            VideoStatus::Uploading if !self.waiting.contains(&id) => self.waiting.push_back(id),
            VideoStatus::UploadTimedOut => self.found.timed_out.push(id),
            _ => {}
        }
    }

    fn ask(&mut self, tick: Tick) -> Result<Step<Found>, Error> {
        if self.waiting.len() > MOST_ASKED {
            self.found.candidates.extend(self.waiting.drain(..));
        }
        let Some(id) = self.waiting.pop_front() else {
            return Ok(Step::Done(std::mem::take(&mut self.found)));
        };
        let mut exec = Exec::new(self.session, GetResumeUploadUrl::new(id));
        let step = exec.advance(tick, Event::Start)?;
        self.forward_asking(tick, id, exec, step)
    }

    fn forward_asking(
        &mut self,
        tick: Tick,
        id: u64,
        exec: Exec<'s, GetResumeUploadUrl>,
        step: Step<ResumeTicket>,
    ) -> Result<Step<Found>, Error> {
        match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Asking(id, Box::new(exec));
                Ok(step)
            }
            Err(ticket) => {
                if ticket.upload_size == 0 {
                    self.found.candidates.push(id);
                }
                self.ask(tick)
            }
        }
    }
}

/// The vendor keeps a video under the name of its file, by some replies without the ending.
fn is_name_of(name: &str, file_name: &str) -> bool {
    name == file_name
        || file_name
            .rsplit_once('.')
            .is_some_and(|(stem, _)| !stem.is_empty() && name == stem)
}

impl Flow for Search<'_> {
    type Output = Found;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Found>, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => self.list(tick),
            (Stage::Listing(page, mut exec), event) => {
                let step = exec.advance(tick, event)?;
                self.forward_listing(tick, page, *exec, step)
            }
            (Stage::Asking(id, mut exec), event) => match exec.advance(tick, event) {
                Ok(step) => self.forward_asking(tick, id, *exec, step),
                // It was deleted meanwhile, or waits no longer: nobody's then.
                Err(error) if error.kind() == ErrorKind::Refused => self.ask(tick),
                Err(error) => Err(error),
            },
            _ => Err(unexpected_event()),
        }
    }
}

/// More than one video may be the lost one.
pub(super) fn ambiguous(found: &Found, file_name: &str) -> Error {
    let ids: Vec<String> = found.candidates.iter().map(ToString::to_string).collect();
    Error::new(
        ErrorKind::OutcomeUnknown,
        format!(
            "an earlier run may have created one of the videos {} for `{file_name}`, and nothing tells which; nothing was sent",
            ids.join(", ")
        ),
    )
    .with_hint(
        Hint::from("Delete those that nobody uploads to, or ")
            .to(Remedy::Except)
            .and(Hint::from("To have a new one created, ").to(Remedy::RepeatUnknown)),
    )
}

#[cfg(test)]
mod tests {
    use super::is_name_of;

    #[test]
    fn a_video_is_named_like_its_file_with_or_without_the_ending() {
        assert!(is_name_of("课 1.mp4", "课 1.mp4") && is_name_of("课 1", "课 1.mp4"));
        assert!(is_name_of("a.b", "a.b.mp4") && is_name_of("a", "a"));
        assert!(!is_name_of("a", "a.b.mp4") && !is_name_of("", ".mp4"));
        assert!(!is_name_of("课 1.mp4", "课 1") && !is_name_of("课", "课 1.mp4"));
    }
}
