//! Where an upload writes down how far it is, and what an earlier process wrote.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::{Mark, Past};
use crate::error::{Error, ErrorKind};
use crate::flow::{Entry, Keeper};
use crate::remedy::{Hint, Remedy};

/// The journal of one upload: what has happened, and who keeps what happens next.
///
/// It is written before and after each step that must not be taken twice. It holds no secret: addresses and keys are asked for anew.
#[derive(Clone, Debug)]
pub struct Journal {
    keeper: Arc<dyn Keeper>,
    past: Past,
}

impl Journal {
    /// A journal in which nothing is written yet.
    #[must_use]
    pub fn new(keeper: Arc<dyn Keeper>) -> Self {
        Self {
            keeper,
            past: Past::default(),
        }
    }

    /// A journal with the records that `keeper` was given by an earlier process, the oldest first.
    ///
    /// # Errors
    /// When a record is not one of ours, or of a kind that a later version has added.
    pub fn resume(
        keeper: Arc<dyn Keeper>,
        records: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) -> Result<Self, Error> {
        let mut past = Past::default();
        for record in records {
            past.take(Mark::read(record.as_ref())?);
        }
        Ok(Self { keeper, past })
    }

    /// What has happened so far.
    #[must_use]
    pub fn past(&self) -> &Past {
        &self.past
    }

    /// What has happened so far, where the server says otherwise.
    #[cfg(any(feature = "mediacloud-storage", feature = "polyv", feature = "quvideo"))]
    pub(crate) fn past_mut(&mut self) -> &mut Past {
        &mut self.past
    }

    /// The entry that writes `mark` down. It counts as having happened from now on.
    pub(crate) fn entry(&mut self, mark: Mark) -> Entry {
        let record = Bytes::from(mark.to_record());
        self.past.take(mark);
        Entry {
            keeper: Arc::clone(&self.keeper),
            record,
        }
    }
}

/// A journal is of one upload, and this is another one: `how` says by what that is seen.
pub(crate) fn of_another(how: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("the journal is of another upload: {how}"),
    )
    .with_hint(Hint::from("Nothing was sent").and(Remedy::OwnJournal))
}

/// An upload does not go on when it cannot write down how far it is.
pub(crate) fn kept(result: io::Result<()>) -> Result<(), Error> {
    result.map_err(|error| {
        Error::new(
            ErrorKind::Journal,
            format!("the journal of the upload cannot be written: {error}"),
        )
        .with_hint("What is confirmed so far is kept: make room or give access first")
    })
}
