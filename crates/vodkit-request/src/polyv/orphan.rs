//! Looking for a video that an earlier process has created without learning of it.

use vodkit_types::DateTime;
use vodkit_types::polyv::{ListNewVideos, VideoPage, VideoStatus, VideoSummary};

use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::page::{Cursor, Page};
use crate::polyv::Polyv;
use crate::remedy::{Hint, Remedy};
use crate::session::Session;
use crate::transport::{Tick, Timestamp};

/// By how much the vendor's time of a new video may be before ours of the call.
const BEFORE_MS: i64 = 5 * 60 * 1000;
/// Videos on a page: the most that the vendor gives.
const PAGE: u64 = 1000;
/// How many pages are read. Who creates more videos than fit there is told that one may be left.
const MOST_PAGES: u32 = 20;

/// Reads the list of new videos for those that may be the lost one: with this title, without content, created since the call left.
#[derive(Debug)]
pub(super) struct Search<'s> {
    session: &'s Session<Polyv>,
    title: String,
    except: Vec<String>,
    pages: Cursor<ListNewVideos>,
    read: u32,
    found: Vec<String>,
    stage: Stage<'s>,
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    Listing(ListNewVideos, Box<Exec<'s, ListNewVideos>>),
    Over,
}

impl<'s> Search<'s> {
    /// A search for the video that a call at `created` may have created under `title`. Those in `except` are somebody else's.
    pub(super) fn new(
        session: &'s Session<Polyv>,
        title: &str,
        created: Timestamp,
        except: &[String],
    ) -> Self {
        let since = DateTime::in_china(created.offset(-BEFORE_MS).seconds());
        let list = ListNewVideos::new().start_time(since).page_size(PAGE);
        Self {
            session,
            title: title.to_owned(),
            except: except.to_vec(),
            pages: Cursor::new(list),
            read: 0,
            found: Vec::new(),
            stage: Stage::Begin,
        }
    }

    fn list(&mut self, tick: Tick) -> Result<Step<Vec<String>>, Error> {
        let page = self.pages.current().filter(|_| self.read < MOST_PAGES);
        let Some(page) = page else {
            return Ok(Step::Done(std::mem::take(&mut self.found)));
        };
        self.read += 1;
        let mut exec = Exec::new(self.session, page.clone());
        let step = exec.advance(tick, Event::Start)?;
        self.forward(tick, page, exec, step)
    }

    fn forward(
        &mut self,
        tick: Tick,
        page: ListNewVideos,
        exec: Exec<'s, ListNewVideos>,
        step: Step<VideoPage>,
    ) -> Result<Step<Vec<String>>, Error> {
        match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Listing(page, Box::new(exec));
                Ok(step)
            }
            Err(list) => {
                if let Page::New(videos) = self.pages.take(&page, list) {
                    for video in videos {
                        self.look_at(video);
                    }
                }
                self.list(tick)
            }
        }
    }

    fn look_at(&mut self, video: VideoSummary) {
        // A video whose file has arrived has its MD5.
        let may_be_it = video.title.as_deref() == Some(self.title.as_str())
            && video.status == VideoStatus::Waiting
            && video.md5checksum.as_deref().is_none_or(str::is_empty)
            && !self.except.contains(&video.vid);
        // One that is created meanwhile moves others to the next page.
        if may_be_it && !self.found.contains(&video.vid) {
            self.found.push(video.vid);
        }
    }
}

impl Flow for Search<'_> {
    /// Videos that may be the lost one.
    type Output = Vec<String>;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Vec<String>>, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => self.list(tick),
            (Stage::Listing(page, mut exec), event) => {
                let step = exec.advance(tick, event)?;
                self.forward(tick, page, *exec, step)
            }
            _ => Err(unexpected_event()),
        }
    }
}

/// More than one video may be the lost one.
pub(super) fn ambiguous(found: &[String]) -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        format!(
            "an earlier process may have created one of these videos, and which cannot be told: {}",
            found.join(", ")
        ),
    )
    .with_hint(
        Hint::from("They have this title and no content: delete those that nobody uploads to, or ")
            .to(Remedy::Except)
            .and(Hint::from("To have a new one created, ").to(Remedy::RepeatUnknown)),
    )
}
