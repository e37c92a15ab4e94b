//! What a failed upload tells of what it leaves behind.

use crate::error::{Error, ErrorKind};

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
    let before = error
        .hint()
        .map(|hint| hint.trim_end_matches('.').to_owned());
    let what = match (journal, arrived) {
        (true, _) => format!(
            "{arrived} of {len} bytes of video {video} are confirmed: run it again with the same journal, and it goes on from there"
        ),
        (false, 0) if before.is_some() => format!("Video {video} exists but may have no content"),
        (false, 0) => format!("Video {video} exists but has no content"),
        (false, _) => format!(
            "Video {video} exists with {arrived} of {len} bytes, and only an upload with a journal can be gone on with: delete it and upload the file again"
        ),
    };
    let hint = match before {
        Some(before) => format!("{before}. {what}"),
        None => what,
    };
    error.with_hint(hint).with_created(video)
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
    let how = match journal {
        true => "remove its journal, and upload",
        false => "upload",
    };
    let what = format!(
        "Video {video} {why}, so this upload cannot be gone on with: {how} the file from the start"
    );
    let hint = match error.hint() {
        Some(before) => format!("{}. {what}", before.trim_end_matches('.')),
        None => what,
    };
    error.with_hint(hint).with_created(video)
}

/// The reply to the call that creates the video was lost: another run looks for it.
pub(super) fn of_creation(error: Error, journal: bool) -> Error {
    if journal && error.maybe_sent() {
        return error.with_hint(
            "The reply was lost, so there may be a video: run it again with the same journal, which looks for it before it creates another",
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
    .with_hint(format!("Nothing more was sent. Delete video {video}, remove the journal, and upload the file again"))
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
    .with_hint(format!(
        "Compare the MD5 of the file with what the vendor says of video {video}, or delete it, remove the journal, and upload the file again"
    ))
    .with_created(video)
}

/// The file has changed before all of it had gone.
pub(super) fn outdated(error: Error, video: u64) -> Error {
    let before = error.hint().unwrap_or_default();
    let hint = format!("{before}. Video {video} has a part of the old one: delete it");
    error.with_hint(hint).with_created(video)
}

/// All has arrived, but not all of one version of the file.
pub(super) fn mixed(error: Error, video: u64) -> Error {
    error
        .with_hint(format!(
            "Video {video} is complete and wrong: delete it, and upload the file when nobody writes to it"
        ))
        .with_created(video)
}
