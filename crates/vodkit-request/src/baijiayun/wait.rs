//! Waiting until a video can be played.

use std::time::Duration;

use vodkit_types::baijiayun::{GetStatus, VideoStatus};

use crate::baijiayun::Baijiayun;
use crate::baijiayun::upload::pass_on;
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::{Event, Flow, Step, unexpected_event};
use crate::session::Session;
use crate::transport::Tick;

/// Asks for the status (API-5) until transcoding has succeeded or failed, or the deadline has passed.
///
/// It asks after 1 s, then after ever longer waits of up to 15 s: an account has 200 calls in 10 s for everything.
#[derive(Debug)]
pub struct WaitForTranscode<'s> {
    session: &'s Session<Baijiayun>,
    video_id: u64,
    deadline: Duration,
    first_wait: Duration,
    wait: Duration,
    started: Option<Duration>,
    last: Option<VideoStatus>,
    exec: Option<Box<Exec<'s, GetStatus>>>,
}

const LONGEST_WAIT: Duration = Duration::from_secs(15);

impl<'s> WaitForTranscode<'s> {
    /// Waits for this video, at most `deadline`.
    #[must_use]
    pub fn new(session: &'s Session<Baijiayun>, video_id: u64, deadline: Duration) -> Self {
        let first_wait = Duration::from_secs(1);
        Self {
            session,
            video_id,
            deadline,
            first_wait,
            wait: first_wait,
            started: None,
            last: None,
            exec: None,
        }
    }

    /// Sets the first wait, from which the others grow. For emulators whose clock runs faster.
    #[must_use]
    pub fn first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self.wait = wait;
        self
    }

    fn ask(&mut self, tick: Tick) -> Result<Step<()>, Error> {
        let mut exec = Exec::new(self.session, GetStatus::new(self.video_id));
        let step = exec.advance(tick, Event::Start)?;
        self.forward(exec, tick, step)
    }

    fn forward(
        &mut self,
        exec: Exec<'s, GetStatus>,
        tick: Tick,
        step: Step<vodkit_types::baijiayun::StatusReport>,
    ) -> Result<Step<()>, Error> {
        let report = match pass_on(step) {
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
                let info = report.info.filter(|info| !info.is_empty());
                let status = report.status.as_str();
                let message = match info {
                    Some(info) => format!("video {}: status {status}, {info}", self.video_id),
                    None => format!("video {}: status {status}", self.video_id),
                };
                return Err(Error::new(ErrorKind::Processing, message));
            }
            status => self.last = Some(status),
        }
        let spent = tick
            .elapsed
            .saturating_sub(self.started.unwrap_or(tick.elapsed));
        let Some(left) = self
            .deadline
            .checked_sub(spent)
            .filter(|left| !left.is_zero())
        else {
            let status = self.last.as_ref().map_or("unknown", VideoStatus::as_str);
            return Err(Error::new(
                ErrorKind::Deadline,
                format!(
                    "video {} is still at status {status} after {} s",
                    self.video_id,
                    self.deadline.as_secs()
                ),
            ));
        };
        let wait = self.wait.min(left);
        self.wait = self
            .wait
            .mul_f64(1.5)
            .min(LONGEST_WAIT.max(self.first_wait));
        Ok(Step::Sleep(wait))
    }
}

impl Flow for WaitForTranscode<'_> {
    type Output = ();

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<()>, Error> {
        self.started.get_or_insert(tick.elapsed);
        match (self.exec.take(), event) {
            (Some(mut exec), event) => {
                let step = exec.advance(tick, event)?;
                self.forward(*exec, tick, step)
            }
            (None, Event::Start | Event::Woken) => self.ask(tick),
            (None, _) => Err(unexpected_event()),
        }
    }
}
