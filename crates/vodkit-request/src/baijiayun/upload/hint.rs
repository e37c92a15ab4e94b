//! What a failed upload tells of what it leaves behind.

use crate::error::{Error, ErrorKind};
use crate::remedy::{Hint, Remedy};

/// What there is to go on with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    /// The video.
    pub(super) video: u64,
    /// Bytes that are confirmed.
    pub(super) arrived: u64,
    /// Bytes of the file.
    pub(super) len: u64,
    /// Whether another run can go on from a journal.
    pub(super) journal: bool,
}

/// A failed upload leaves a video without content behind: its id must not be lost.
pub(super) fn of_video(error: Error, left: Left) -> Error {
    let Left {
        video,
        arrived,
        len,
        journal,
    } = left;
    let what: Hint = match (journal, arrived) {
        (true, _) => Hint::from(format!(
            "{arrived} of {len} bytes of video {video} are confirmed"
        ))
        .and(Remedy::GoOn),
        (false, 0) if error.hint().is_some() => {
            format!("Video {video} exists but may have no content").into()
        }
        (false, 0) => format!("Video {video} exists but has no content").into(),
        (false, _) => format!(
            "Video {video} exists with {arrived} of {len} bytes, and only an upload with a journal can be gone on with: delete it and upload the file again"
        )
        .into(),
    };
    error.with_more_hint(what).with_created(video)
}

/// The code of a video that does not exist.
const NO_SUCH_VIDEO: &str = "5002";

/// Whether the vendor says that there is no such video.
pub(super) fn is_gone(error: &Error) -> bool {
    error.code() == Some(NO_SUCH_VIDEO)
}

/// The vendor takes no file for the video any more, so there is nothing to go on with. `why` is said of the video.
pub(super) fn lost(error: Error, left: Left, why: &str) -> Error {
    let Left { video, journal, .. } = left;
    let what = Hint::from(format!(
        "Video {video} {why}, so this upload cannot be gone on with: "
    ));
    let what = match journal {
        true => what.to(Remedy::StartOver),
        false => what.say("upload the file from the start"),
    };
    error.with_more_hint(what).with_created(video)
}

/// The reply to the call that creates the video was lost: another run looks for it.
pub(super) fn of_creation(error: Error, journal: bool) -> Error {
    if journal && error.maybe_sent() {
        return error.with_hint(
            Hint::from("The reply was lost, so there may be a video: the next run looks for it before it creates another")
                .and(Remedy::GoOn),
        );
    }
    error
}

/// The server has more than there is. It stays so, however often the upload is run again.
pub(super) fn too_much(file: &str, video: u64, size: u64, len: u64) -> Error {
    Error::new(
        ErrorKind::DigestMismatch,
        format!("the server has {size} bytes of video {video}, and `{file}` has {len}: they are not of this file"),
    )
    .with_hint(
        Hint::from(format!("Nothing more was sent. Delete video {video}, and "))
            .to(Remedy::StartOver),
    )
    .with_created(video)
}

/// All has arrived, of a file that was touched since, and some of it cannot be compared.
pub(super) fn incomparable(file: &str, left: Left) -> Error {
    let Left {
        video,
        arrived,
        len,
        ..
    } = left;
    Error::new(
        ErrorKind::LocalFile,
        format!(
            "`{file}` was touched since its upload began, and video {video} is complete: nothing tells whether its bytes {arrived} to {len} are those of the file"
        ),
    )
    .with_hint(
        Hint::from(format!(
            "Compare the MD5 of the file with what the vendor says of video {video}, or delete it, and "
        ))
        .to(Remedy::StartOver),
    )
    .with_created(video)
}

/// The file has changed before all of it had gone.
pub(super) fn outdated(error: Error, video: u64) -> Error {
    error
        .with_more_hint(format!(
            "Video {video} has a part of the old one: delete it"
        ))
        .with_created(video)
}

/// All has arrived, but not all of one version of the file.
pub(super) fn mixed(error: Error, video: u64) -> Error {
    error
        .with_hint(format!(
            "Video {video} is complete and wrong: delete it, and upload the file when nobody writes to it"
        ))
        .with_created(video)
}
