//! How a file is to be sent, for every vendor alike.

use std::fmt;
use std::sync::Arc;

use super::{Claims, Journal};
use crate::transport::Pace;

/// How a file is to be sent: in parts of which size, how many at once, how fast, and where it is written down.
#[derive(Clone, Debug)]
pub struct Transfer {
    pub(crate) part_size: Option<u64>,
    pub(crate) lanes: usize,
    pub(crate) pace: Option<Pace>,
    pub(crate) journal: Option<Journal>,
    pub(crate) verify: bool,
    pub(crate) md5: bool,
    pub(crate) repeat_unknown: bool,
    pub(crate) except: Vec<String>,
    pub(crate) claims: Option<Arc<dyn Claims>>,
    pub(crate) notes: Option<NoteSink>,
}

impl Default for Transfer {
    fn default() -> Self {
        Self {
            part_size: None,
            lanes: 3,
            pace: None,
            journal: None,
            verify: false,
            md5: true,
            repeat_unknown: false,
            except: Vec::new(),
            claims: None,
            notes: None,
        }
    }
}

impl Transfer {
    /// The vendor's usual part size, three parts at once where its protocol allows it, as fast as the network is, without a journal.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of a part. Larger ones are used where the file would have too many of these. A file of at most one part is sent whole.
    #[must_use]
    pub fn part_size(mut self, bytes: u64) -> Self {
        self.part_size = Some(bytes);
        self
    }

    /// How many parts are under way at once, at least one. A vendor whose slices must come in order gets one at a time.
    #[must_use]
    pub fn lanes(mut self, lanes: usize) -> Self {
        self.lanes = lanes.max(1);
        self
    }

    /// Holds the upload back to a rate, together with all others that share it.
    #[must_use]
    pub fn pace(mut self, pace: Pace) -> Self {
        self.pace = Some(pace);
        self
    }

    /// Writes down how far it is, and goes on from what the journal says. The server's word on what it has beats the journal's.
    #[must_use]
    pub fn journal(mut self, journal: Journal) -> Self {
        self.journal = Some(journal);
        self
    }

    /// Reads the parts that were sent by an earlier process once more, and compares them with what was sent, also when the file looks untouched.
    #[must_use]
    pub fn verify(mut self) -> Self {
        self.verify = true;
        self
    }

    /// Computes no MD5 of what is sent, for lines that are faster than one core computes it (some 5 gigabits a second). What the vendor reports as MD5
    /// is then not compared: that of a whole file with Baijiayun, that of each part with MediaCloud's storage. CRC-64, which the storages of Polyv
    /// and QuVideo report, and which a journal holds of each part, costs next to nothing and stays.
    #[must_use]
    pub fn without_md5(mut self) -> Self {
        self.md5 = false;
        self
    }

    /// Repeats a call whose outcome an earlier process did not learn, although it may then act twice. Without this such an upload fails and
    /// says what may exist. A video that may exist without content stands in no new one's way: then [`Note::MayBeOrphaned`] tells of it.
    #[must_use]
    pub fn repeat_unknown(mut self) -> Self {
        self.repeat_unknown = true;
        self
    }

    /// Names videos that belong to other uploads: when a video is looked for that an earlier process may have created, it is none of these.
    #[must_use]
    pub fn except(mut self, videos: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.except.extend(videos.into_iter().map(Into::into));
        self
    }

    /// Asks whose a video is, so that of several uploads that look for one at the same time no two take the same.
    #[must_use]
    pub fn claims(mut self, claims: Arc<dyn Claims>) -> Self {
        self.claims = Some(claims);
        self
    }

    /// Has `sink` told of what a user should know while it happens.
    #[must_use]
    pub fn notes(mut self, sink: impl Fn(Note) + Send + Sync + 'static) -> Self {
        self.notes = Some(NoteSink(Arc::new(sink)));
        self
    }

    pub(crate) fn note(&self, note: Note) {
        if let Some(NoteSink(sink)) = &self.notes {
            sink(note);
        }
    }
}

/// What a user should know of an upload while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// It goes on where an earlier process stopped.
    Resumed {
        /// Bytes that the server has already.
        bytes: u64,
    },
    /// A video that an earlier process created without learning of it was found, and is used.
    Adopted {
        /// Its id.
        video: String,
    },
    /// An earlier process may have created a video that cannot be found: it has no content.
    MayBeOrphaned {
        /// What is known of it.
        what: String,
    },
    /// The server no longer knew the upload, so the file is sent from the start.
    StartedOver,
    /// The server has lost bytes that it had confirmed: they are sent again.
    SentAgain {
        /// How many.
        bytes: u64,
    },
    /// Keys or address were about to expire, or had, and were renewed.
    Renewed,
}

/// What became of an upload that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Abandoned {
    /// The video that was created for it. It has no content, or not that of the file.
    pub video: Option<String>,
    /// Whether the storage had an upload in parts, which it has dropped now.
    pub aborted: bool,
}

#[derive(Clone)]
pub(crate) struct NoteSink(Arc<dyn Fn(Note) + Send + Sync>);

impl fmt::Debug for NoteSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NoteSink")
    }
}
