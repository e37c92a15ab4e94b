//! Comparing what the vendor has with what was sent.

use vodkit_types::baijiayun::{GetInfo, VideoInfo};

use super::Uploaded;
use crate::baijiayun::Baijiayun;
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::{Event, Flow, Step, pass_on};
use crate::session::Session;
use crate::transport::Tick;

/// Compares size and MD5 of an uploaded file with what the vendor says of the video (API-6, `total_size` and `file_md5`).
///
/// The upload host confirms a form or a slice with no digest, so a bit that changed on the way is noticed here and nowhere else. By the page the
/// vendor knows the size only after transcoding, and nothing is said of when it knows the MD5: wait for the transcoding first. The callbacks carry
/// both as well.
#[derive(Debug)]
pub struct VerifyUpload<'s> {
    uploaded: Uploaded,
    exec: Exec<'s, GetInfo>,
}

/// What a comparison says, when it does not say that the files differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Comparison {
    /// The vendor's MD5 is that of the file.
    Same,
    /// There is nothing to compare: the vendor reports no MD5, or not yet, or there is none of what was sent.
    NotReported,
}

impl<'s> VerifyUpload<'s> {
    /// A comparison with what an upload gave.
    #[must_use]
    pub fn new(session: &'s Session<Baijiayun>, uploaded: &Uploaded) -> Self {
        Self {
            uploaded: uploaded.clone(),
            exec: Exec::new(session, GetInfo::new(uploaded.video_id)),
        }
    }

    fn compare(&self, info: &VideoInfo) -> Result<Comparison, Error> {
        let Uploaded {
            video_id,
            bytes,
            md5,
        } = &self.uploaded;
        let differs = |what: String| {
            Err(Error::new(
                ErrorKind::Interrupted,
                format!("the vendor has another file of video {video_id} than was sent: {what}"),
            )
            .with_hint(format!(
                "Something on the way has changed it: delete video {video_id}, and upload the file again"
            ))
            .with_created(video_id))
        };
        // 0 stands for a size that is not known yet.
        if let Some(size) = info.total_size.filter(|size| *size > 0)
            && size != *bytes
        {
            return differs(format!("{size} bytes, not {bytes}"));
        }
        let theirs = info.file_md5.as_deref().unwrap_or_default().trim();
        match md5 {
            Some(ours) if !theirs.is_empty() => match theirs.eq_ignore_ascii_case(ours) {
                true => Ok(Comparison::Same),
                false => differs(format!("its MD5 is {theirs}, not {ours}")),
            },
            _ => Ok(Comparison::NotReported),
        }
    }
}

impl Flow for VerifyUpload<'_> {
    type Output = Comparison;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Comparison>, Error> {
        match pass_on(self.exec.advance(tick, event)?) {
            Ok(step) => Ok(step),
            Err(info) => self.compare(&info).map(Step::Done),
        }
    }
}
