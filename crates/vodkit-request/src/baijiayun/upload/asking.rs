//! What has arrived, by the server's word.

use std::ops::Range;

use vodkit_types::FileContent;
use vodkit_types::baijiayun::{
    GetResumeUploadUrl, GetStatus, ResumeTicket, StatusReport, VideoStatus,
};

use super::flow::{Next, Stage, Then};
use super::{Upload, hint};
use crate::crc64::Crc64;
use crate::digest::Wanted;
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::{Event, Flow as _, Step, Stretch, pass_on};
use crate::transport::Tick;
use crate::upload::{Meter, Note};

impl<'s> Upload<'s> {
    pub(super) fn ask(&mut self, tick: Tick) -> Next {
        let mut question = GetResumeUploadUrl::new(self.video.unwrap_or_default());
        question.use_https.clone_from(&self.order.use_https);
        let mut exec = Exec::new(self.session, question);
        let step = exec.advance(tick, Event::Start)?;
        self.forward_asking(tick, exec, step)
    }

    fn forward_asking(
        &mut self,
        tick: Tick,
        exec: Exec<'s, GetResumeUploadUrl>,
        step: Step<ResumeTicket>,
    ) -> Next {
        match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Asking(Box::new(exec));
                Ok(step)
            }
            Err(ticket) => {
                self.address = Some(ticket.upload_url);
                self.told(tick, ticket.upload_size)
            }
        }
    }

    pub(super) fn asked(
        &mut self,
        tick: Tick,
        mut exec: Exec<'s, GetResumeUploadUrl>,
        event: Event,
    ) -> Next {
        match exec.advance(tick, event) {
            Ok(step) => self.forward_asking(tick, exec, step),
            Err(error) if hint::is_gone(&error) => Err(self.gone(error)),
            Err(error) if error.kind() == ErrorKind::Refused => self.doubt(tick, error),
            Err(error) => Err(self.unanswered(error)),
        }
    }

    /// The vendor refuses to say what it has. The page does not say what it answers for a video that has all.
    fn doubt(&mut self, tick: Tick, error: Error) -> Next {
        let mut exec = Exec::new(self.session, GetStatus::new(self.left().video));
        let step = exec.advance(tick, Event::Start)?;
        self.forward_doubting(tick, exec, error, step)
    }

    pub(super) fn forward_doubting(
        &mut self,
        tick: Tick,
        exec: Exec<'s, GetStatus>,
        error: Error,
        step: Step<StatusReport>,
    ) -> Next {
        let report = match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Doubting(Box::new(exec), Box::new(error));
                return Ok(step);
            }
            Err(report) => report,
        };
        match report.status {
            // What is transcoded, well or not, has arrived.
            VideoStatus::Transcoding
            | VideoStatus::Transcoded
            | VideoStatus::TranscodeFailed
            | VideoStatus::TranscodeTimedOut => self.told(tick, self.course.len()),
            VideoStatus::UploadTimedOut => Err(hint::lost(
                error,
                self.left(),
                "has waited too long for its file",
            )),
            _ => Err(error),
        }
    }

    /// The vendor does not know the video.
    pub(super) fn gone(&self, error: Error) -> Error {
        hint::lost(error, self.left(), "does not exist any more")
    }

    /// When the server cannot be reached either, what came first is what the user must know: it may have arrived.
    fn unanswered(&mut self, error: Error) -> Error {
        match error.kind() {
            ErrorKind::Connect
            | ErrorKind::Timeout
            | ErrorKind::Interrupted
            | ErrorKind::Throttled
            | ErrorKind::Unavailable => self.setback.take().unwrap_or(error),
            _ => error,
        }
    }

    /// The server has said how much it has.
    fn told(&mut self, tick: Tick, size: u64) -> Next {
        let len = self.course.len();
        if size > len {
            let video = self.video.unwrap_or_default();
            return Err(hint::too_much(&self.source.file.name, video, size, len));
        }
        let before = self.course.arrived();
        self.course.told(size, self.source.is_touched());
        let now = self.course.arrived();
        if size == len && self.course.is_doubtful() {
            // A complete video takes nothing more.
            return Err(hint::incomparable(&self.source.file.name, self.left()));
        }
        if std::mem::take(&mut self.renewing) {
            self.settings.transfer.note(Note::Renewed);
        }
        match &self.meter {
            None => {
                self.meter = Some(Meter::new(len, now, self.settings.progress.clone()));
                if self.resumed {
                    self.settings.transfer.note(Note::Resumed { bytes: now });
                }
            }
            Some(meter) => {
                meter.arrived(0, now.saturating_sub(before));
                meter.lost(before.saturating_sub(now));
            }
        }
        if now < before {
            self.settings.transfer.note(match now {
                0 => Note::StartedOver,
                _ => Note::SentAgain {
                    bytes: before - now,
                },
            });
        }
        if now > before && now < len && self.log.is_kept() {
            return self.read(tick, before..now);
        }
        self.go(tick, Then::Next)
    }

    /// A stretch has arrived that has no mark: a later process must be able to compare it too.
    fn read(&mut self, tick: Tick, range: Range<u64>) -> Next {
        if let FileContent::Path(path) = &self.source.file.content {
            let stretch = Stretch {
                path: path.clone(),
                range: range.clone(),
                wanted: Wanted::CRC64,
            };
            self.stage = Stage::Reading(range);
            return Ok(Step::Digest(stretch));
        }
        let crc64 = self.in_memory(&range).map(Crc64::of);
        self.was_read(tick, range, crc64)
    }

    pub(super) fn was_read(&mut self, tick: Tick, range: Range<u64>, crc64: Option<u64>) -> Next {
        if let FileContent::Path(path) = &self.source.file.content {
            let path = path.clone();
            self.stage = Stage::LookingAfter(range, crc64);
            return Ok(Step::Inspect(path));
        }
        self.mark(range, crc64);
        self.go(tick, Then::Next)
    }

    /// The bytes of a file that is in memory.
    pub(super) fn in_memory(&self, range: &Range<u64>) -> Option<&[u8]> {
        let FileContent::Bytes(bytes) = &self.source.file.content else {
            return None;
        };
        // In memory, so the positions fit.
        bytes.get(range.start as usize..range.end as usize)
    }
}
