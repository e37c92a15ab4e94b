//! What the emulator received and did: a log line for people, a journal for tests.

use std::collections::VecDeque;
use std::fmt;

use serde::Serialize;

/// Something that a request changed or moved.
///
/// Ids are the vendor's. No effect carries a secret, a signature or a token.
///
/// As JSON it is an object whose member `effect` has the name in small letters with underscores: `part_stored`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// `createkey` replaced the account's key.
    KeyReplaced {
        /// The account.
        partner_id: u64,
    },
    /// A video was created.
    VideoCreated {
        /// The new video.
        video_id: u64,
    },
    /// Bytes were written to a video's storage.
    BytesStored {
        /// The video.
        video_id: u64,
        /// Offset of the first byte, counted from zero.
        offset: u64,
        /// How many bytes.
        length: u64,
    },
    /// The source of a video is complete.
    UploadCompleted {
        /// The video.
        video_id: u64,
        /// Size of the source in bytes.
        size: u64,
    },
    /// A transcoding was started; its end is a matter of the clock.
    TranscodeStarted {
        /// The video.
        video_id: u64,
    },
    /// A video's data changed.
    VideoChanged {
        /// The video.
        video_id: u64,
    },
    /// A video was deleted.
    VideoDeleted {
        /// The video.
        video_id: u64,
    },
    /// The source file of a video was removed.
    OriginDeleted {
        /// The video.
        video_id: u64,
    },
    /// Transcoded files of a video were removed.
    RenditionsDeleted {
        /// The video.
        video_id: u64,
        /// How many.
        count: usize,
    },
    /// A category was created.
    CategoryCreated {
        /// The new category.
        category_id: u64,
    },
    /// A category was deleted.
    CategoryDeleted {
        /// The category.
        category_id: u64,
    },
    /// A player token was handed out.
    TokenIssued {
        /// The video that it opens.
        video_id: u64,
    },
    /// A subtitle was created.
    SubtitleCreated {
        /// The new subtitle.
        subtitle_id: u64,
    },
    /// A subtitle was renamed or made the default.
    SubtitleChanged {
        /// The subtitle.
        subtitle_id: u64,
    },
    /// A subtitle was deleted.
    SubtitleDeleted {
        /// The subtitle.
        subtitle_id: u64,
    },
    /// A play began: the first byte of a play URL was asked for.
    PlayStarted {
        /// The video.
        video_id: u64,
    },
    /// An upload in parts began in the object storage.
    UploadBegun {
        /// Bucket, slash, key.
        object: String,
        /// Its id.
        upload_id: String,
    },
    /// A part was stored in the object storage, in the place of an earlier one of this number.
    PartStored {
        /// The upload.
        upload_id: String,
        /// From 1.
        number: u32,
        /// How many bytes.
        bytes: u64,
        /// MD5 of what was stored, in small hexadecimal digits.
        md5: String,
    },
    /// An upload in parts was aborted, and its parts removed.
    UploadAborted {
        /// The upload.
        upload_id: String,
    },
    /// An object became complete in the object storage.
    ObjectStored {
        /// Bucket, slash, key.
        object: String,
        /// How many bytes.
        bytes: u64,
        /// MD5 of what was stored, in small hexadecimal digits, however it was sent.
        md5: String,
        /// How many parts it was joined of; `None` for one that was put whole.
        parts: Option<usize>,
    },
    /// Something of another vendor's was created, changed or deleted.
    Thing {
        /// The vendor.
        vendor: &'static str,
        /// What it is, in the vendor's word: `video`, `category`.
        kind: &'static str,
        /// Its id.
        id: String,
        /// What became of it.
        change: Change,
    },
    /// The account's callback address was set.
    CallbackUrlSet {
        /// The account.
        partner_id: u64,
    },
    /// The emulator called a customer's server, or would have.
    CallbackAttempted {
        /// The vendor that it plays.
        vendor: &'static str,
        /// What was told: `status 100` of Baijiayun's, `upload` of Polyv's, `TranscodeComplete`.
        event: String,
        /// Where: scheme, host and path of the address, without its query.
        url: String,
        /// The first attempt is 1.
        attempt: u32,
        /// What came of it; why, is in the record's note.
        outcome: CallbackOutcome,
    },
}

/// What came of an attempt to call a customer's server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CallbackOutcome {
    /// It answered as the vendor wants it.
    Accepted,
    /// It answered otherwise: another HTTP status, another code.
    Refused,
    /// It could not be reached, was too slow or hung up.
    Failed,
    /// Nothing was sent: the address is none, or not one of this machine's.
    NotSent,
}

/// What became of a [`Thing`](Effect::Thing).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// It is new.
    Created,
    /// It is not as it was.
    Changed,
    /// It is gone.
    Deleted,
}

/// One received request and its outcome, or one [attempt](Effect::CallbackAttempted) to call a customer's server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Record {
    /// Position in the journal, from 1, never reused until a reset.
    pub sequence: u64,
    /// Milliseconds since the Unix epoch by the emulator's clock.
    pub at_ms: i64,
    /// HTTP method.
    pub method: String,
    /// Path without the query, which may hold tokens.
    pub path: String,
    /// Folder name of the vendor whose call it is: `baijiayun`.
    pub vendor: Option<&'static str>,
    /// The vendor's name of the call, `upload`, `play` and the like; `None` for an unknown path.
    pub operation: Option<&'static str>,
    /// HTTP status of the answer, also of one that a [fault](Self::fault) kept from leaving; 0 where the emulator called somebody and got none.
    pub status: u16,
    /// The vendor's code in the answer, where it has one.
    pub code: Option<String>,
    /// What changed, in order.
    pub effects: Vec<Effect>,
    /// Id of the planned [fault](crate::fault) that fired on it.
    pub fault: Option<u64>,
    /// Why it was refused, or what else its sender should know. Secrets are masked.
    pub note: Option<String>,
}

impl fmt::Display for Record {
    /// One line: method, path, operation, status, code, note.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {} {} {}",
            self.method,
            self.path,
            self.operation.unwrap_or("-"),
            self.status
        )?;
        match &self.code {
            Some(code) => write!(f, " {code}")?,
            None => write!(f, " -")?,
        }
        if let Some(note) = &self.note {
            // A note may quote what was received: a line stays a line.
            write!(f, " {}", note.replace(|c: char| c.is_control(), " "))?;
        }
        Ok(())
    }
}

/// The newest records, bounded so that a long-running emulator does not grow without end.
#[derive(Debug)]
pub(crate) struct Journal {
    records: VecDeque<Record>,
    limit: usize,
    next: u64,
}

impl Journal {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            records: VecDeque::new(),
            limit,
            next: 1,
        }
    }

    /// Appends a record, numbers it and gives it back for the log.
    pub(crate) fn push(&mut self, mut record: Record) -> Record {
        record.sequence = self.next;
        self.next += 1;
        if self.records.len() >= self.limit {
            self.records.pop_front();
        }
        if self.limit > 0 {
            self.records.push_back(record.clone());
        }
        record
    }

    /// The records after a sequence number, so many at most, and whether there are more.
    pub(crate) fn after(&self, sequence: u64, limit: usize) -> (Vec<Record>, bool) {
        let mut rest = self
            .records
            .iter()
            .filter(|record| record.sequence > sequence);
        let page = rest.by_ref().take(limit).cloned().collect();
        (page, rest.next().is_some())
    }

    pub(crate) fn to_vec(&self) -> Vec<Record> {
        self.records.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(path: &str) -> Record {
        Record {
            sequence: 0,
            at_ms: 0,
            method: "GET".into(),
            path: path.into(),
            vendor: None,
            operation: None,
            status: 501,
            code: Some("404".into()),
            effects: Vec::new(),
            fault: None,
            note: Some("two\nlines".into()),
        }
    }

    #[test]
    fn the_oldest_records_go_first() {
        let mut journal = Journal::new(2);
        for path in ["/a", "/b", "/c"] {
            journal.push(record(path));
        }
        let kept: Vec<(u64, String)> = journal
            .to_vec()
            .into_iter()
            .map(|r| (r.sequence, r.path))
            .collect();
        assert_eq!(kept, [(2, "/b".to_owned()), (3, "/c".to_owned())]);
    }

    #[test]
    fn a_record_is_one_line() {
        assert_eq!(record("/a").to_string(), "GET /a - 501 404 two lines");
    }
}
