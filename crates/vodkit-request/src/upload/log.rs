//! What has happened to an upload, with or without a journal.

use super::{Journal, Mark, Past};
use crate::flow::Entry;

/// Takes marks down: in the journal where there is one, for this process alone otherwise.
#[derive(Debug, Default)]
pub(crate) struct Log {
    journal: Option<Journal>,
    /// What has happened, when nobody keeps it.
    past: Past,
}

impl Log {
    pub(crate) fn new(journal: Option<Journal>) -> Self {
        Self {
            journal,
            past: Past::default(),
        }
    }

    pub(crate) fn past(&self) -> &Past {
        match &self.journal {
            Some(journal) => journal.past(),
            None => &self.past,
        }
    }

    /// Whether another process can go on from here.
    pub(crate) fn is_kept(&self) -> bool {
        self.journal.is_some()
    }

    /// Takes a mark; gives the entry that must be written before the upload goes on.
    pub(crate) fn take(&mut self, mark: Mark) -> Option<Entry> {
        match &mut self.journal {
            Some(journal) => Some(journal.entry(mark)),
            None => {
                self.past.take(mark);
                None
            }
        }
    }

    /// Forgets the parts that the storage does not have, whatever the journal says: they are sent again.
    #[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
    pub(crate) fn retain_parts(&mut self, has: impl Fn(u32) -> bool) {
        let past = match &mut self.journal {
            Some(journal) => journal.past_mut(),
            None => &mut self.past,
        };
        past.parts.retain(|number, _| has(*number));
    }
}
