//! Waiting until a video can be played.

use std::time::Duration;

use vodkit_types::baijiayun::{GetStatus, StatusReport, VideoStatus, operations};

use crate::baijiayun::Baijiayun;
use crate::call::Run;
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::session::Session;
use crate::transport::{Limits, Tick};

/// Asks for the status (API-5) until transcoding has succeeded or failed, or the deadline has passed.
///
/// It asks at once, again after 1 s, then after ever longer waits of up to 15 s: an account has 200 calls in 10 s for everything. No request
/// is left running past the deadline.
#[derive(Debug)]
pub struct WaitForTranscode<'s> {
    session: &'s Session<Baijiayun>,
    video_id: u64,
    deadline: Duration,
    wait: Duration,
    started: Option<Duration>,
    last: Option<VideoStatus>,
    exec: Option<Box<Exec<'s, GetStatus>>>,
}

const SHORTEST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(15);

impl<'s> WaitForTranscode<'s> {
    /// Waits for this video, at most `deadline`.
    #[must_use]
    pub fn new(session: &'s Session<Baijiayun>, video_id: u64, deadline: Duration) -> Self {
        Self {
            session,
            video_id,
            deadline,
            wait: Duration::from_secs(1),
            started: None,
            last: None,
            exec: None,
        }
    }

    /// Sets the first wait, from which the others grow: 20 ms to 15 s. For emulators whose clock runs faster.
    #[must_use]
    pub fn first_wait(mut self, wait: Duration) -> Self {
        self.wait = wait.clamp(SHORTEST_WAIT, LONGEST_WAIT);
        self
    }

    /// Time until the deadline; `None` when it has passed.
    fn left(&self, tick: Tick) -> Option<Duration> {
        let spent = tick
            .elapsed
            .saturating_sub(self.started.unwrap_or(tick.elapsed));
        self.deadline
            .checked_sub(spent)
            .filter(|left| !left.is_zero())
    }

    fn too_late(&self) -> Error {
        let status = self.last.as_ref().map_or("unknown", VideoStatus::as_str);
        Error::new(
            ErrorKind::Deadline,
            format!(
                "video {} is not ready after {:?}; its last known status is {status}",
                self.video_id, self.deadline
            ),
        )
    }

    fn ask(&mut self, tick: Tick) -> Result<Step<()>, Error> {
        let left = self.left(tick).ok_or_else(|| self.too_late())?;
        let limits = self.session.call_limits;
        let limits = Limits {
            total: Some(limits.total.map_or(left, |total| total.min(left))),
            ..limits
        };
        let mut exec =
            Exec::new(self.session, GetStatus::new(self.video_id)).with_limits(Some(limits));
        let step = exec.advance(tick, Event::Start)?;
        self.forward(exec, tick, step)
    }

    fn forward(
        &mut self,
        exec: Exec<'s, GetStatus>,
        tick: Tick,
        step: Step<StatusReport>,
    ) -> Result<Step<()>, Error> {
        let report = match pass_on(step) {
            // Repeating a failed question may take no longer than the rest of the time.
            Ok(Step::Sleep(pause)) if self.left(tick).is_none_or(|left| pause >= left) => {
                return Err(self.too_late());
            }
            Ok(step) => {
                self.exec = Some(Box::new(exec));
                return Ok(step);
            }
            Err(report) => report,
        };
        match report.status {
            VideoStatus::Transcoded => return Ok(Step::Done(())),
            VideoStatus::TranscodeFailed
            | VideoStatus::TranscodeTimedOut
            | VideoStatus::UploadTimedOut => {
                let status = report.status.as_str();
                let info = report
                    .info
                    .filter(|info| !info.is_empty())
                    .map(|info| format!(", {info}"))
                    .unwrap_or_default();
                return Err(Error::new(
                    ErrorKind::Processing,
                    format!("video {}: status {status}{info}", self.video_id),
                ));
            }
            status => self.last = Some(status),
        }
        let left = self.left(tick).ok_or_else(|| self.too_late())?;
        let wait = self.wait.min(left);
        self.wait = (self.wait * 3 / 2).min(LONGEST_WAIT);
        Ok(Step::Sleep(wait))
    }
}

impl Flow for WaitForTranscode<'_> {
    type Output = ();

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<()>, Error> {
        self.started.get_or_insert(tick.elapsed);
        let step = match (self.exec.take(), event) {
            (Some(mut exec), event) => match exec.advance(tick, event) {
                Ok(step) => self.forward(*exec, tick, step),
                // A question cut off by the deadline has not failed for any other reason.
                Err(error) if error.kind() == ErrorKind::Timeout && self.left(tick).is_none() => {
                    Err(self.too_late())
                }
                Err(error) => Err(error),
            },
            (None, Event::Start | Event::Woken) => self.ask(tick),
            (None, _) => Err(unexpected_event()),
        };
        step.map_err(|error| error.at(&operations::GET_STATUS, 0))
    }
}

impl<T: ?Sized> Run<'_, T, WaitForTranscode<'_>> {
    /// See [`WaitForTranscode::first_wait`].
    pub fn first_wait(self, wait: Duration) -> Self {
        self.map(|flow| flow.first_wait(wait))
    }
}
