//! Everything an instance remembers, account by account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use super::Account;
use super::builtin;
use super::snapshot::SnapshotTask;
use crate::blob::Blob;
use crate::digest::md5_hex;
use crate::outcome::{self, Becomes, Stage};

/// The category that every account has: the default one, and the root of the tree.
pub(super) const ROOT: &str = "1";
/// Storage that an account has bought, in bytes. // assumed: account-figures
pub(super) const TOTAL_SPACE: u64 = 1 << 40;
/// Traffic that an account has bought, in bytes. // assumed: account-figures
pub(super) const TOTAL_FLOW: u64 = 10 << 40;

#[derive(Debug)]
pub(crate) struct State {
    tenants: BTreeMap<String, Tenant>,
    /// What becomes of the next videos.
    pub(crate) outcomes: outcome::Registry,
}

impl State {
    pub(crate) fn new(accounts: &[Account]) -> Self {
        use std::hash::{BuildHasher as _, Hasher as _, RandomState};
        let tenants = accounts.iter().zip(0..).map(|(account, index)| {
            // Tokens of this instance and account differ from those of any other.
            let nonce = RandomState::new().build_hasher().finish();
            let tenant = builtin::tenant(account.clone(), index, nonce);
            (account.user_id.clone(), tenant)
        });
        Self {
            tenants: tenants.collect(),
            outcomes: outcome::Registry::default(),
        }
    }

    pub(super) fn tenants(&self) -> impl Iterator<Item = &Tenant> {
        self.tenants.values()
    }

    pub(super) fn tenant(&self, user: &str) -> Option<&Tenant> {
        self.tenants.get(user)
    }

    pub(super) fn tenant_mut(&mut self, user: &str) -> Option<&mut Tenant> {
        self.tenants.get_mut(user)
    }

    /// An account to change, and what becomes of its next videos.
    pub(super) fn tenant_and_outcomes(
        &mut self,
        user: &str,
    ) -> Option<(&mut Tenant, &mut outcome::Registry)> {
        let tenant = self.tenants.get_mut(user)?;
        Some((tenant, &mut self.outcomes))
    }
}

/// One account and all that is in it.
#[derive(Debug)]
pub(super) struct Tenant {
    pub(super) account: Account,
    pub(super) playsafe: Encryption,
    pub(super) players: Vec<Player>,
    pub(super) categories: BTreeMap<String, Category>,
    pub(super) videos: BTreeMap<String, Video>,
    /// Uploads that were announced and whose file has not come.
    pub(super) uploads: BTreeMap<String, Draft>,
    /// What the senders of uploads want to find in the callback, by the id of the video.
    pub(super) upload_states: BTreeMap<String, String>,
    pub(super) tasks: Vec<PullTask>,
    pub(super) snapshot_tasks: Vec<SnapshotTask>,
    /// What became of the last courseware of a video.
    pub(super) courseware: BTreeMap<String, Courseware>,
    pub(super) tokens: Vec<PlayToken>,
    pub(super) answers: Vec<ExamAnswer>,
    /// Uploaded cover pictures by their number.
    pub(super) pictures: BTreeMap<u64, Bytes>,
    /// Bytes that were played.
    pub(super) used_flow: u64,
    index: u64,
    nonce: u64,
    counter: u64,
}

impl Tenant {
    pub(super) fn new(account: Account, index: u64, nonce: u64) -> Self {
        Self {
            account,
            // assumed: encryption-default
            playsafe: Encryption {
                encrypt: false,
                level: "open".to_owned(),
            },
            players: Vec::new(),
            categories: BTreeMap::new(),
            videos: BTreeMap::new(),
            uploads: BTreeMap::new(),
            upload_states: BTreeMap::new(),
            tasks: Vec::new(),
            snapshot_tasks: Vec::new(),
            courseware: BTreeMap::new(),
            tokens: Vec::new(),
            answers: Vec::new(),
            pictures: BTreeMap::new(),
            used_flow: 0,
            index,
            nonce,
            counter: 0,
        }
    }

    fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// The next number of a thing, which no other account of the instance uses.
    pub(super) fn next_number(&mut self) -> u64 {
        1_600_000_000_000 + self.index * 1_000_000_000 + self.next()
    }

    /// 32 hexadecimal digits that were never given before.
    pub(super) fn fresh_token(&mut self, purpose: &str) -> String {
        let count = self.next();
        md5_hex(&format!("{:016x}|{purpose}|{count}", self.nonce))
    }

    /// The account, 22 hexadecimal digits, an underscore and the first character of the account.
    pub(super) fn vid_of(&self, digest: &str) -> String {
        let user = &self.account.user_id;
        let first: String = user.chars().take(1).collect();
        format!("{user}{}_{first}", &digest[..22])
    }

    pub(super) fn fresh_vid(&mut self) -> String {
        let digest = self.fresh_token("vid");
        self.vid_of(&digest)
    }

    /// Mail address of the account. // assumed: account-figures
    pub(super) fn email(&self) -> String {
        format!("{}@example.test", self.account.user_id)
    }

    /// The videos that are there, the recycle bin among them, the newest first.
    pub(super) fn born(&self, now_ms: i64) -> Vec<&Video> {
        let mut list: Vec<&Video> = self
            .videos
            .values()
            .filter(|video| video.born_ms <= now_ms)
            .collect();
        list.sort_by_key(|video| std::cmp::Reverse((video.born_ms, video.number)));
        list
    }

    /// The videos that are there and not in the recycle bin, the newest first. // assumed: list-order
    pub(super) fn living(&self, now_ms: i64) -> Vec<&Video> {
        let mut list = self.born(now_ms);
        list.retain(|video| !video.deleted);
        list
    }

    pub(super) fn video(&self, vid: &str, now_ms: i64) -> Option<&Video> {
        self.videos
            .get(vid)
            .filter(|video| video.born_ms <= now_ms && !video.deleted)
    }

    pub(super) fn used_space(&self, now_ms: i64) -> u64 {
        self.born(now_ms)
            .iter()
            .map(|video| video.storage(now_ms))
            .fold(0, u64::saturating_add)
    }

    /// The known category of this id; 0 is another name of the default one.
    pub(super) fn category_id(&self, id: &str) -> Option<String> {
        let id = if id == "0" { ROOT } else { id };
        self.categories.contains_key(id).then(|| id.to_owned())
    }

    /// The ids from the root down to this category, comma-separated.
    pub(super) fn catatree(&self, id: &str) -> String {
        let mut path = Vec::new();
        let mut next = self.categories.get(id);
        while let Some(category) = next {
            path.push(category.id.as_str());
            next = self.categories.get(&category.parent);
        }
        path.reverse();
        path.join(",")
    }

    /// A category and all below it.
    pub(super) fn category_and_below(&self, id: &str) -> BTreeSet<String> {
        let mut all = BTreeSet::from([id.to_owned()]);
        loop {
            let known = all.len();
            for category in self.categories.values() {
                if all.contains(&category.parent) {
                    all.insert(category.id.clone());
                }
            }
            if all.len() == known {
                return all;
            }
        }
    }

    pub(super) fn children(&self, parent: &str) -> impl Iterator<Item = &Category> {
        self.categories
            .values()
            .filter(move |category| category.parent == parent)
    }

    /// How new videos of a category are made: by the profile of its first level, else by the account. // assumed: category-profile
    fn making(&self, category: &str) -> (Encryption, bool) {
        let tree = self.catatree(category);
        let first = tree.split(',').nth(1);
        let profile = first
            .and_then(|id| self.categories.get(id))
            .and_then(|category| category.profile.as_ref());
        match profile {
            Some(profile) => (profile.encryption.clone(), profile.keep_source),
            None => (self.playsafe.clone(), false),
        }
    }

    /// Adds a video that is there from `born_ms` on and published `transcode_ms` later, unless something else is planned for it.
    pub(super) fn add_video(
        &mut self,
        outcomes: &mut outcome::Registry,
        vid: String,
        draft: Draft,
        born_ms: i64,
        transcode_ms: i64,
    ) {
        let (encryption, keeps) = self.making(&draft.category);
        let number = self.next_number();
        let keep_source = draft.keep_source || keeps;
        // A source that is kept is not transcoded, and what cannot be transcoded is not looked at. // assumed: callback-events
        let transcoding = match (!keep_source).then(|| outcomes.take(Stage::Transcoding, &vid)) {
            Some(Some(Becomes::TranscodingFails)) => Transcoding::Fails,
            Some(Some(Becomes::RenditionFails)) => Transcoding::LacksBest,
            _ => Transcoding::Whole,
        };
        let mut finds =
            |stage| transcoding != Transcoding::Fails && outcomes.take(stage, &vid).is_some();
        let (objected, refused) = (finds(Stage::Scan), finds(Stage::Review));
        let video = Video {
            number,
            md5: md5_hex(&vid),
            // assumed: rejected
            rejected: refused || draft.title.contains("审核不通过"),
            transcoding,
            objected,
            keep_source,
            encrypt: encryption.encrypt,
            // assumed: encryption-default
            level: if encryption.encrypt {
                encryption.level
            } else {
                "open".to_owned()
            },
            title: draft.title,
            description: draft.description,
            tag: draft.tag,
            category: draft.category,
            size: draft.size,
            seconds: draft.seconds,
            source: None,
            vid: vid.clone(),
            publish_url: String::new(),
            password: String::new(),
            born_ms,
            transcode_ms,
            play_auth: false,
            preview_seconds: 0,
            forbidden: false,
            deleted: false,
            times: 0,
            likes: 0,
            cover: number,
            marks: BTreeMap::new(),
            exams: Vec::new(),
        };
        self.videos.insert(vid, video);
    }
}

/// How the transcoding of a video ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transcoding {
    Whole,
    /// Without the files of the best definition.
    LacksBest,
    Fails,
}

/// How the conversion of courseware ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Courseware {
    Converted,
    Fails,
    Rejected,
}

#[derive(Clone, Debug)]
pub(super) struct Encryption {
    pub(super) encrypt: bool,
    /// `open`, `web`, `app` or `wxa_app`.
    pub(super) level: String,
}

#[derive(Debug)]
pub(super) struct Player {
    pub(super) id: String,
    pub(super) name: &'static str,
    pub(super) made_ms: i64,
    pub(super) is_default: bool,
}

#[derive(Debug)]
pub(super) struct Category {
    pub(super) id: String,
    pub(super) name: String,
    /// `0` above the root.
    pub(super) parent: String,
    pub(super) profile: Option<Profile>,
}

/// Settings of a category of the first level.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) encryption: Encryption,
    pub(super) keep_source: bool,
}

/// What a video is to be made of.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) title: String,
    pub(super) description: String,
    pub(super) tag: String,
    pub(super) category: String,
    pub(super) keep_source: bool,
    pub(super) size: u64,
    pub(super) seconds: u64,
}

/// A call that asked to pull files.
#[derive(Debug)]
pub(super) struct PullTask {
    pub(super) id: String,
    pub(super) titles: String,
    pub(super) urls: String,
    pub(super) created_ms: i64,
    /// When the last file is there.
    pub(super) ends_ms: i64,
    pub(super) vids: Vec<String>,
    pub(super) failed: Vec<String>,
}

#[derive(Debug)]
pub(super) struct PlayToken {
    pub(super) token: String,
    pub(super) video_id: String,
    pub(super) viewer_id: String,
    pub(super) viewer_ip: String,
    pub(super) mini_program: bool,
    pub(super) disposable: bool,
    pub(super) created_ms: i64,
    pub(super) expires_ms: i64,
}

/// A question that a video asks.
#[derive(Debug)]
pub(super) struct Exam {
    pub(super) id: String,
    pub(super) group: String,
    pub(super) second: u64,
    pub(super) question: &'static str,
    /// JSON as text.
    pub(super) choices: &'static str,
    pub(super) right: &'static str,
    pub(super) wrong: &'static str,
    pub(super) made_ms: i64,
}

#[derive(Debug)]
pub(super) struct ExamAnswer {
    pub(super) number: u64,
    pub(super) exam: String,
    pub(super) vid: String,
    pub(super) question: &'static str,
    pub(super) answer: &'static str,
    pub(super) is_correct: bool,
    pub(super) viewer: &'static str,
    pub(super) at_ms: i64,
}

/// Where a video stands, with the vendor's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Deleted = -1,
    Waiting = 10,
    Transcoding = 20,
    AwaitingReview = 50,
    Rejected = 51,
    Forbidden = 53,
    /// Played from the source. // assumed: published-numbers
    PublishedSource = 60,
    /// Played from what was transcoded. // assumed: published-numbers
    Published = 61,
}

impl Status {
    pub(super) fn code(self) -> i64 {
        self as i64
    }

    pub(super) fn is_published(self) -> bool {
        matches!(self, Self::Published | Self::PublishedSource)
    }

    /// The vendor's word.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Deleted => "已删除",
            Self::Waiting => "等待编码",
            Self::Transcoding => "正在编码",
            Self::AwaitingReview => "等待审核",
            Self::Rejected => "审核不通过",
            Self::Forbidden => "禁止播放",
            Self::PublishedSource | Self::Published => "已发布",
        }
    }
}

#[derive(Debug)]
pub(super) struct Video {
    pub(super) vid: String,
    /// Grows with each video.
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) tag: String,
    pub(super) category: String,
    pub(super) publish_url: String,
    pub(super) password: String,
    /// When its file was there.
    pub(super) born_ms: i64,
    /// From the file to the end of the review.
    pub(super) transcode_ms: i64,
    /// Of the source, in bytes.
    pub(super) size: u64,
    pub(super) seconds: u64,
    /// What was uploaded; `None` for a video whose file nobody has.
    pub(super) source: Option<Arc<Blob>>,
    pub(super) md5: String,
    pub(super) keep_source: bool,
    pub(super) encrypt: bool,
    pub(super) level: String,
    pub(super) play_auth: bool,
    pub(super) preview_seconds: u64,
    pub(super) forbidden: bool,
    pub(super) rejected: bool,
    pub(super) transcoding: Transcoding,
    /// Whether the scan by machine has objections.
    pub(super) objected: bool,
    pub(super) deleted: bool,
    pub(super) times: u64,
    pub(super) likes: u64,
    /// Number of the cover picture.
    pub(super) cover: u64,
    pub(super) marks: BTreeMap<u64, String>,
    pub(super) exams: Vec<Exam>,
}

impl Video {
    /// A quarter of the time it waits, half of it it is transcoded, the last quarter it is reviewed. // assumed: stages
    pub(super) fn status(&self, now_ms: i64) -> Status {
        let age = now_ms.saturating_sub(self.born_ms);
        if self.deleted {
            Status::Deleted
        } else if age < self.transcode_ms / 4 {
            Status::Waiting
        } else if !self.is_transcoded(now_ms) {
            Status::Transcoding
        } else if !self.is_reviewed(now_ms) {
            Status::AwaitingReview
        } else if self.rejected {
            Status::Rejected
        } else if self.forbidden {
            Status::Forbidden
        } else if self.keep_source {
            Status::PublishedSource
        } else {
            Status::Published
        }
    }

    /// When the transcoding ends.
    pub(super) fn transcoded_ms(&self) -> i64 {
        self.born_ms.saturating_add(self.transcode_ms / 4 * 3)
    }

    /// When the review ends.
    pub(super) fn reviewed_ms(&self) -> i64 {
        self.born_ms.saturating_add(self.transcode_ms)
    }

    /// Never, where nothing can be made of it: no page names a status for that. // assumed: callback-events
    pub(super) fn is_transcoded(&self, now_ms: i64) -> bool {
        now_ms >= self.transcoded_ms() && self.transcoding != Transcoding::Fails
    }

    pub(super) fn is_reviewed(&self, now_ms: i64) -> bool {
        now_ms >= self.reviewed_ms() && self.is_transcoded(now_ms)
    }

    /// Hundredths of the source's size that its files take, from the lowest definition up, made or not. // assumed: renditions
    pub(super) fn wanted(&self) -> &'static [u64] {
        match (self.keep_source, &self.source) {
            (true, _) => &[100],
            // Nothing is transcoded: each of its files holds the bytes that were uploaded.
            (false, Some(_)) => &[100, 100],
            (false, None) => &[35, 60],
        }
    }

    /// Whether the files of a definition can be made, the lowest being 1.
    pub(super) fn makes(&self, df: usize) -> bool {
        match self.transcoding {
            Transcoding::Whole => true,
            Transcoding::LacksBest => df < self.wanted().len(),
            Transcoding::Fails => false,
        }
    }

    /// Sizes of the transcoded files, from the lowest definition up; zeros until they are there. // assumed: renditions
    pub(super) fn file_sizes(&self, now_ms: i64) -> Vec<u64> {
        let wanted = self.wanted();
        let shares = match self.transcoding {
            Transcoding::LacksBest => &wanted[..wanted.len() - 1],
            Transcoding::Whole | Transcoding::Fails => wanted,
        };
        let there = self.is_transcoded(now_ms);
        let size = |share: &u64| {
            if there {
                part(self.size, *share, 100)
            } else {
                0
            }
        };
        shares.iter().map(size).collect()
    }

    /// Bytes that the video takes: the source, and what was transcoded of it.
    pub(super) fn storage(&self, now_ms: i64) -> u64 {
        let made: u64 = self.file_sizes(now_ms).iter().sum();
        let made = if self.keep_source { 0 } else { made };
        self.size.saturating_add(made)
    }

    /// `hh:mm:ss`; zero until it was transcoded.
    pub(super) fn duration(&self, now_ms: i64) -> String {
        let seconds = if self.is_transcoded(now_ms) {
            self.seconds
        } else {
            0
        };
        clock_face(seconds)
    }
}

/// So many parts of a whole, without an overflow on the way.
pub(super) fn part(size: u64, share: u64, whole: u64) -> u64 {
    let part = u128::from(size) * u128::from(share) / u128::from(whole.max(1));
    u64::try_from(part).unwrap_or(u64::MAX)
}

/// `hh:mm:ss`.
pub(super) fn clock_face(seconds: u64) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}
