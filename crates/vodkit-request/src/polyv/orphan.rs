//! Looking for a video in the list of new ones: one that an earlier process has created without learning of it, or one that may be gone.

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

/// Reads the list of new videos, those created since the call left, for the one that is looked for.
#[derive(Debug)]
pub(super) struct Search<'s> {
    session: &'s Session<Polyv>,
    wanted: Wanted,
    pages: Cursor<ListNewVideos>,
    read: u32,
    found: Vec<String>,
    stage: Stage<'s>,
}

/// What is looked for.
#[derive(Debug)]
pub(super) enum Wanted {
    /// Those that may be a lost one: with this title and without content. Those in `except` are somebody else's.
    Lost { title: String, except: Vec<String> },
    /// The one with this id, in whatever state.
    Known(String),
}

impl Wanted {
    fn is(&self, video: &VideoSummary) -> bool {
        match self {
            // A video whose file has arrived has its MD5.
            Self::Lost { title, except } => {
                video.title.as_ref() == Some(title)
                    && video.status == VideoStatus::Waiting
                    && video.md5checksum.as_deref().is_none_or(str::is_empty)
                    && !except.contains(&video.vid)
            }
            Self::Known(vid) => video.vid == *vid,
        }
    }
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    Listing(ListNewVideos, Box<Exec<'s, ListNewVideos>>),
    Over,
}

impl<'s> Search<'s> {
    /// A search for a video that a call at `created` has created, or may have.
    pub(super) fn new(session: &'s Session<Polyv>, wanted: Wanted, created: Timestamp) -> Self {
        let since = DateTime::in_china(created.offset(-BEFORE_MS).seconds());
        let list = ListNewVideos::new().start_time(since).page_size(PAGE);
        Self {
            session,
            wanted,
            pages: Cursor::new(list),
            read: 0,
            found: Vec::new(),
            stage: Stage::Begin,
        }
    }

    fn list(&mut self, tick: Tick) -> Result<Step<Vec<String>>, Error> {
        let found = |this: &mut Self| Ok(Step::Done(std::mem::take(&mut this.found)));
        let Some(page) = self.pages.current() else {
            return found(self);
        };
        if self.read == MOST_PAGES {
            return match &self.wanted {
                // That it is not listed cannot be said before the end of the list.
                Wanted::Known(vid) if self.found.is_empty() => Err(Error::new(
                    ErrorKind::OutcomeUnknown,
                    format!(
                        "video {vid} is not among the {MOST_PAGES} first pages of the list, which has more"
                    ),
                )),
                _ => found(self),
            };
        }
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
        // One that is created meanwhile moves others to the next page.
        if self.wanted.is(&video) && !self.found.contains(&video.vid) {
            self.found.push(video.vid);
        }
    }
}

impl Flow for Search<'_> {
    /// The videos that may be it.
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
