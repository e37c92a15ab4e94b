//! Which videos are whose, among uploads that know of each other.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

#[cfg(any(feature = "baijiayun", feature = "polyv"))]
use crate::error::{Error, ErrorKind};
#[cfg(any(feature = "baijiayun", feature = "polyv"))]
use crate::upload::Transfer;

/// Whose a video is that has no content yet, among uploads that run beside each other.
///
/// An upload that did not learn whether its video was created looks for one that looks like it. Two such uploads may find the same one, also one
/// that a third has just created for itself. Of all that ask for a video, exactly one must be told that it may have it.
///
/// A flow asks while it is advanced, so the answer must not take long. A set in memory serves the uploads of one process:
///
/// ```
/// use std::collections::BTreeSet;
/// use std::sync::{Arc, Mutex};
///
/// use vodkit_request::upload::{Claims, Transfer};
///
/// let claims: Arc<dyn Claims> = Arc::new(Mutex::new(BTreeSet::new()));
/// let (one, other) = (Transfer::new().claims(claims.clone()), Transfer::new().claims(claims));
/// ```
pub trait Claims: Send + Sync + fmt::Debug {
    /// Whether another upload has the video, so that this one need not ask for it.
    fn is_anothers(&self, video: &str) -> bool;

    /// Takes a video that was found, if nobody else has it, and says whether this upload has it now.
    fn adopt(&self, video: &str) -> bool;

    /// Takes the video that was created for this upload. `false` when another one has found and taken it before the reply was here: then this
    /// upload has a new one created.
    fn own(&self, video: &str) -> bool;
}

impl Claims for Mutex<BTreeSet<String>> {
    fn is_anothers(&self, video: &str) -> bool {
        self.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(video)
    }

    fn adopt(&self, video: &str) -> bool {
        self.own(video)
    }

    fn own(&self, video: &str) -> bool {
        self.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(video.to_owned())
    }
}

/// Whoever answers that each new video is another's must not have new ones created for ever.
#[cfg(any(feature = "baijiayun", feature = "polyv"))]
const MOST_TAKEN: u32 = 16;

#[cfg(any(feature = "baijiayun", feature = "polyv"))]
impl Transfer {
    pub(crate) fn is_anothers(&self, video: &str) -> bool {
        let claims = self.claims.as_ref();
        claims.is_some_and(|claims| claims.is_anothers(video))
    }

    pub(crate) fn adopts(&self, video: &str) -> bool {
        let claims = self.claims.as_ref();
        claims.is_none_or(|claims| claims.adopt(video))
    }

    /// Whether a video that was created for this upload is its own; `taken` counts those that were not.
    pub(crate) fn owns(&self, video: &str, taken: &mut u32) -> Result<bool, Error> {
        let claims = self.claims.as_ref();
        if claims.is_none_or(|claims| claims.own(video)) {
            return Ok(true);
        }
        *taken += 1;
        if *taken < MOST_TAKEN {
            return Ok(false);
        }
        Err(Error::new(
            ErrorKind::OutcomeUnknown,
            format!("each of {taken} videos was taken by another upload as soon as it was created"),
        ))
    }
}
