//! What the emulator's object stores have in common.

pub(crate) mod refusal;

/// Which of them a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// That of Polyv and QuVideo.
    Oss,
    /// That of MediaCloud.
    S3,
}
