//! Claims of other uploads, told as a test wants them.

use std::sync::atomic::{AtomicUsize, Ordering};

use vodkit_request::upload::Claims;

/// Says of the video that it belongs to another upload: when it is looked at, when it is taken, when it was created.
#[derive(Debug, Default)]
pub(crate) struct Others {
    pub(crate) looked: bool,
    pub(crate) adopted: bool,
    /// So many of those that are created.
    pub(crate) created: AtomicUsize,
}

impl Claims for Others {
    fn is_anothers(&self, _video: &str) -> bool {
        self.looked
    }

    fn adopt(&self, _video: &str) -> bool {
        !self.adopted
    }

    fn own(&self, _video: &str) -> bool {
        let left = self.created.load(Ordering::Relaxed);
        self.created
            .store(left.saturating_sub(1), Ordering::Relaxed);
        left == 0
    }
}
