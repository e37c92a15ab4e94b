//! Everything an instance remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::Account;
use crate::blob::Blob;
use crate::digest::md5_hex;
use crate::outcome;

/// Levels of the category tree.
pub(crate) const LEVELS: usize = 5;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) accounts: BTreeMap<u64, AccountState>,
    pub(crate) videos: BTreeMap<u64, Video>,
    pub(crate) categories: BTreeMap<u64, Category>,
    pub(crate) subtitles: BTreeMap<u64, Subtitle>,
    pub(crate) player_tokens: BTreeMap<String, PlayerToken>,
    pub(crate) plays: Vec<Play>,
    /// Upload addresses that ended before their time, by video and time of issue.
    pub(crate) ended_addresses: BTreeSet<(u64, i64)>,
    /// Bytes served per day, account and video.
    pub(crate) flow: BTreeMap<(Date, u64, u64), u64>,
    /// What becomes of the next videos.
    pub(crate) outcomes: outcome::Registry,
    /// Makes the tokens of this instance differ from those of any other.
    nonce: u64,
    counter: u64,
}

impl State {
    pub(crate) fn new(accounts: &[Account]) -> Self {
        use std::hash::{BuildHasher as _, Hasher as _, RandomState};
        Self {
            accounts: accounts
                .iter()
                .map(|account| (account.partner_id, AccountState::new(account)))
                .collect(),
            videos: BTreeMap::new(),
            categories: BTreeMap::new(),
            subtitles: BTreeMap::new(),
            player_tokens: BTreeMap::new(),
            plays: Vec::new(),
            ended_addresses: BTreeSet::new(),
            flow: BTreeMap::new(),
            outcomes: outcome::Registry::default(),
            nonce: RandomState::new().build_hasher().finish(),
            counter: 0,
        }
    }

    /// The next id. All kinds of things share one sequence, so that an id mixed up between kinds is never found by accident.
    pub(crate) fn next_id(&mut self) -> u64 {
        self.counter += 1;
        100_000 + self.counter
    }

    /// 32 hexadecimal digits that only this instance can make from this text.
    pub(crate) fn seal(&self, text: &str) -> String {
        md5_hex(&format!("{:016x}|{text}", self.nonce))
    }

    /// 32 hexadecimal digits that were never given before.
    pub(crate) fn fresh_token(&mut self, purpose: &str) -> String {
        self.counter += 1;
        self.seal(&format!("{purpose}|{}", self.counter))
    }

    /// Id, content, bytes and completeness of every video that has a file.
    pub(crate) fn sources(&self) -> Vec<(u64, Arc<Blob>, u64, bool)> {
        let source = |video: &Video| {
            let blob = Arc::clone(video.blob.as_ref()?);
            let complete = video.completed_ms.is_some();
            (!video.origin_deleted).then_some((video.id, blob, video.stored, complete))
        };
        self.videos.values().filter_map(source).collect()
    }

    pub(crate) fn video(&self, owner: u64, id: u64) -> Option<&Video> {
        self.videos.get(&id).filter(|video| video.owner == owner)
    }

    pub(crate) fn video_mut(&mut self, owner: u64, id: u64) -> Option<&mut Video> {
        self.videos
            .get_mut(&id)
            .filter(|video| video.owner == owner)
    }

    pub(crate) fn category(&self, owner: u64, id: u64) -> Option<&Category> {
        self.categories
            .get(&id)
            .filter(|category| category.owner == owner)
    }

    /// The categories from the first level down to this one.
    pub(crate) fn category_path(&self, id: Option<u64>) -> Vec<&Category> {
        let mut path = Vec::new();
        let mut next = id;
        while let Some(category) = next.and_then(|id| self.categories.get(&id)) {
            path.push(category);
            next = category.parent;
        }
        path.reverse();
        path
    }

    /// The ids from the first level down, zero where there is none.
    pub(crate) fn category_levels(&self, id: Option<u64>) -> [u64; LEVELS] {
        let mut levels = [0; LEVELS];
        for (slot, category) in levels.iter_mut().zip(self.category_path(id)) {
            *slot = category.id;
        }
        levels
    }

    /// A category and everything below it.
    pub(crate) fn category_tree(&self, id: u64) -> BTreeSet<u64> {
        let mut tree = BTreeSet::from([id]);
        // A child has a greater id than its parent, so one pass in id order sees parents first.
        for category in self.categories.values() {
            if category.parent.is_some_and(|parent| tree.contains(&parent)) {
                tree.insert(category.id);
            }
        }
        tree
    }

    pub(crate) fn count_flow(&mut self, day: Date, owner: u64, video: u64, bytes: u64) {
        *self.flow.entry((day, owner, video)).or_default() += bytes;
    }
}

/// The part of an account that calls can change.
#[derive(Debug)]
pub(crate) struct AccountState {
    pub(crate) partner_key: String,
    pub(crate) secret_key: String,
    /// Keys that `createkey` replaced, kept to recognise who still uses one.
    pub(crate) replaced_keys: Vec<String>,
    pub(crate) callback_url: Option<String>,
}

impl AccountState {
    fn new(account: &Account) -> Self {
        Self {
            partner_key: account.partner_key.clone(),
            secret_key: account.secret_key.clone(),
            replaced_keys: Vec::new(),
            callback_url: account.callback_url.clone(),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Category {
    pub(crate) id: u64,
    pub(crate) owner: u64,
    pub(crate) name: String,
    pub(crate) parent: Option<u64>,
    pub(crate) level: usize,
}

#[derive(Debug)]
pub(crate) struct Subtitle {
    pub(crate) id: u64,
    pub(crate) video_id: u64,
    pub(crate) name: String,
    pub(crate) ending: String,
    pub(crate) content: bytes::Bytes,
    pub(crate) is_default: bool,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
}

#[derive(Debug)]
pub(crate) struct PlayerToken {
    pub(crate) video_id: u64,
    /// `None`: never.
    pub(crate) expires_ms: Option<i64>,
}

/// One play: from the first byte of a play URL on.
#[derive(Debug)]
pub(crate) struct Play {
    pub(crate) guid: String,
    pub(crate) owner: u64,
    pub(crate) video_id: u64,
    /// The URL and the viewer's address, by which later ranges find their play.
    pub(crate) key: String,
    pub(crate) begin_ms: i64,
    pub(crate) end_ms: i64,
    pub(crate) served: u64,
    pub(crate) user: Viewer,
}

/// Who plays, as far as the play URL and the request say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Viewer {
    pub(crate) uuid: String,
    pub(crate) user_name: String,
    pub(crate) user_number: u64,
    pub(crate) client_type: u64,
    pub(crate) ip: String,
}

/// Where a video stands, with the vendor's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Uploading = 10,
    Transcoding = 20,
    Failed = 30,
    UploadTimedOut = 32,
    Done = 100,
}

impl Status {
    pub(crate) fn code(self) -> u64 {
        self as u64
    }

    /// The vendor's word.
    pub(crate) fn info(self) -> &'static str {
        match self {
            Self::Uploading => "上传中",
            Self::Transcoding => "转码中",
            Self::Failed => "转码失败",
            Self::UploadTimedOut => "上传超时",
            Self::Done => "转码成功",
        }
    }
}

/// A definition that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Definition {
    Standard,
    High,
    Super,
    P720,
    P1080,
    Audio,
}

impl Definition {
    pub(crate) fn from_code(code: u64) -> Option<Self> {
        Some(match code {
            16 => Self::Standard,
            1 => Self::High,
            2 => Self::Super,
            4 => Self::P720,
            8 => Self::P1080,
            _ => return None,
        })
    }

    /// As getInfo and callbacks call it. // assumed: definition-words
    pub(crate) fn info_word(self) -> &'static str {
        match self {
            Self::Standard => "std",
            Self::High => "high",
            Self::Super => "super",
            Self::P720 => "720p",
            Self::P1080 => "1080p",
            Self::Audio => "audio",
        }
    }

    /// As the play map calls it. // assumed: definition-words
    pub(crate) fn play_word(self) -> &'static str {
        match self {
            Self::Standard => "low",
            Self::Super => "superHD",
            other => other.info_word(),
        }
    }

    /// Width and height.
    pub(crate) fn size(self) -> (u64, u64) {
        match self {
            Self::Standard => (320, 176),
            Self::High => (640, 368),
            Self::Super | Self::P720 => (1280, 720),
            Self::P1080 => (1920, 1080),
            Self::Audio => (0, 0),
        }
    }
}

/// A file format that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Format {
    Mp4,
    Flv,
    M3u8,
    Encrypt,
    Mp3,
}

impl Format {
    /// The formats that are made when none is named.
    pub(crate) const DEFAULT: [Self; 3] = [Self::Mp4, Self::Flv, Self::M3u8];

    pub(crate) fn from_code(code: u64) -> Option<Self> {
        Some(match code {
            1 => Self::Mp4,
            2 => Self::Flv,
            4 => Self::M3u8,
            8 => Self::Encrypt,
            _ => return None,
        })
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Mp4, Self::Flv, Self::M3u8, Self::Encrypt, Self::Mp3]
            .into_iter()
            .find(|format| format.word() == word)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Flv => "flv",
            Self::M3u8 => "m3u8",
            Self::Encrypt => "encrypt",
            Self::Mp3 => "mp3",
        }
    }
}

/// One transcoded file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rendition {
    pub(crate) definition: Definition,
    pub(crate) format: Format,
}

/// A room that was recorded, as the one who planned it said.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) id: u64,
    pub(crate) session: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Video {
    pub(crate) id: u64,
    pub(crate) owner: u64,
    pub(crate) name: String,
    pub(crate) file_name: String,
    pub(crate) created_ms: i64,
    /// What the first transcoding makes.
    pub(crate) wanted: BTreeSet<Rendition>,
    /// What there is once the status is 100.
    pub(crate) renditions: BTreeSet<Rendition>,
    pub(crate) blob: Option<Arc<Blob>>,
    /// Bytes stored without a gap from the start.
    pub(crate) stored: u64,
    /// Size of the source as the sender of slices announced it.
    pub(crate) announced: Option<u64>,
    pub(crate) upload_deadline_ms: i64,
    /// When the source was complete.
    pub(crate) completed_ms: Option<i64>,
    /// When the running or last transcoding ends.
    pub(crate) transcoded_ms: i64,
    /// Whether the file can be transcoded at all.
    pub(crate) decodable: bool,
    /// The room whose playback it is, if it is one.
    pub(crate) playback_of: Option<Room>,
    pub(crate) length: u64,
    pub(crate) md5: Option<String>,
    pub(crate) origin_deleted: bool,
    pub(crate) blocked: bool,
    pub(crate) category: Option<u64>,
}

impl Video {
    pub(crate) fn status(&self, now_ms: i64) -> Status {
        match self.completed_ms {
            None if now_ms > self.upload_deadline_ms => Status::UploadTimedOut, // assumed: upload-lifetime
            None => Status::Uploading,
            Some(_) if now_ms < self.transcoded_ms => Status::Transcoding,
            Some(_) if self.decodable => Status::Done,
            Some(_) => Status::Failed,
        }
    }

    /// Size of the source; zero until the transcoding is done.
    pub(crate) fn total_size(&self, now_ms: i64) -> u64 {
        if self.status(now_ms) == Status::Done {
            self.stored
        } else {
            0
        }
    }

    /// Bytes that the video takes: the source, and once transcoded each file, which is as long as the source.
    pub(crate) fn storage(&self, now_ms: i64) -> u64 {
        let origin = if self.origin_deleted { 0 } else { self.stored };
        let files = if self.status(now_ms) == Status::Done {
            self.renditions.len() as u64
        } else {
            0
        };
        origin + files * self.stored // assumed: renditions
    }
}
