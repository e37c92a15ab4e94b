//! Everything an instance remembers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Account;
use crate::blob::Blob;
use crate::digest::md5_hex;
use crate::oss::Grant;
use crate::outcome;

/// Users, their tokens, the videos and pictures. There is no `Debug`: it holds tokens.
pub(crate) struct State {
    pub(super) users: BTreeMap<String, User>,
    pub(super) tokens: BTreeMap<String, Token>,
    pub(super) videos: BTreeMap<String, Video>,
    /// Ids of pictures by the key of their object.
    pub(super) images: BTreeMap<String, String>,
    /// What becomes of the next videos.
    pub(crate) outcomes: outcome::Registry,
    /// The bucket of everything that is uploaded.
    pub(super) bucket: String,
    /// Makes the ids and tokens of this instance differ from those of any other.
    nonce: u64,
    counter: u64,
}

impl State {
    pub(crate) fn new(accounts: &[Account]) -> Self {
        use std::hash::{BuildHasher as _, Hasher as _, RandomState};
        let mut state = Self {
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
            videos: BTreeMap::new(),
            images: BTreeMap::new(),
            outcomes: outcome::Registry::default(),
            bucket: String::new(),
            nonce: RandomState::new().build_hasher().finish(),
            counter: 0,
        };
        state.bucket = format!("outin-{}", state.fresh("bucket"));
        for account in accounts {
            let user = state.new_user(None, 0);
            state.tokens.insert(
                account.token.clone(),
                Token {
                    user,
                    expires_ms: None,
                },
            );
        }
        state
    }

    /// The next number of a row. All tables share one sequence, so that an id mixed up between kinds is never found by accident.
    pub(super) fn next_row(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// 32 hexadecimal digits that only this instance can make from this text.
    pub(super) fn seal(&self, text: &str) -> String {
        md5_hex(&format!("{:016x}|{text}", self.nonce))
    }

    /// 32 hexadecimal digits that were never given before.
    pub(super) fn fresh(&mut self, purpose: &str) -> String {
        self.counter += 1;
        self.seal(&format!("{purpose}|{}", self.counter))
    }

    /// An id in the form of a UUID.
    pub(super) fn fresh_uuid(&mut self, purpose: &str) -> String {
        let hex = self.fresh(purpose);
        format!(
            "{}-{}-4{}-8{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..]
        )
    }

    /// A new user, with a name to log in under or as a guest. Gives the id.
    pub(super) fn new_user(&mut self, login: Option<Login>, now_ms: i64) -> String {
        let row = self.next_row();
        let user_id = (2_430_000_000_000 + row).to_string();
        let nick_name = match &login {
            Some(login) => login.name.clone(),
            None => self.fresh_uuid("guest"),
        };
        let user = User {
            row,
            login,
            nick_name,
            created_ms: now_ms,
        };
        self.users.insert(user_id.clone(), user);
        user_id
    }

    /// A token for a user, good for 30 days. // assumed: token-life
    pub(super) fn new_token(&mut self, user: &str, now_ms: i64) -> String {
        let text = format!("{}{}", self.fresh("token"), self.fresh("token"));
        self.tokens.insert(
            text.clone(),
            Token {
                user: user.to_owned(),
                expires_ms: Some(now_ms.saturating_add(TOKEN_LIFE_MS)),
            },
        );
        text
    }

    /// The number of accounts that were configured or made since.
    pub(super) fn user_count(&self) -> usize {
        self.users.len()
    }
}

/// How long a token lives.
pub(super) const TOKEN_LIFE_MS: i64 = 30 * 24 * 3600 * 1000;

/// Name and password of a user. The password is kept sealed.
pub(super) struct Login {
    pub(super) name: String,
    pub(super) sealed_password: String,
}

pub(super) struct User {
    pub(super) row: u64,
    pub(super) login: Option<Login>,
    pub(super) nick_name: String,
    pub(super) created_ms: i64,
}

pub(super) struct Token {
    pub(super) user: String,
    /// Never, for the accounts that were configured.
    pub(super) expires_ms: Option<i64>,
}

/// A video of the service behind the server, published or not.
pub(super) struct Video {
    pub(super) id: String,
    /// Who asked for its upload; nobody, if that was done without a token.
    pub(super) creator: Option<String>,
    pub(super) title: String,
    /// A cover of the caller's own.
    pub(super) cover_url: Option<String>,
    /// Key of its object.
    pub(super) key: String,
    /// The keys that were handed out last.
    pub(super) grant: Grant,
    pub(super) source: Option<Source>,
    pub(super) published: Option<Published>,
}

/// The uploaded file.
pub(super) struct Source {
    pub(super) blob: Arc<Blob>,
    pub(super) size: u64,
    pub(super) seconds: u64,
    /// Whether it can be transcoded at all.
    pub(super) decodable: bool,
    /// Whether pictures can be taken of it.
    pub(super) snapshots: bool,
    /// Whether the review finds nothing.
    pub(super) passes: bool,
    /// When transcoding, snapshots and review are done.
    pub(super) ready_ms: i64,
}

/// The row of a published video.
pub(super) struct Published {
    pub(super) row: u64,
    pub(super) user: String,
    pub(super) title: String,
    pub(super) description: String,
    /// Seconds; what the file has, if the publisher did not say.
    pub(super) duration: Option<f64>,
    pub(super) cover_url: String,
    pub(super) size: Option<u64>,
    pub(super) tags: String,
    pub(super) category: i64,
    pub(super) category_name: String,
    pub(super) at_ms: i64,
}

/// How far a video is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// No file yet.
    Empty,
    /// Being transcoded and reviewed.
    Working,
    /// Can be played.
    Done,
    /// The file is no video. // assumed: undecodable
    Failed,
}

impl Video {
    pub(super) fn progress(&self, now_ms: i64) -> Progress {
        match &self.source {
            None => Progress::Empty,
            Some(source) if now_ms < source.ready_ms => Progress::Working,
            Some(source) if source.decodable => Progress::Done,
            Some(_) => Progress::Failed,
        }
    }

    /// Who may change it: the publisher, before that who asked for the upload.
    pub(super) fn owner(&self) -> Option<&str> {
        match &self.published {
            Some(published) => Some(&published.user),
            None => self.creator.as_deref(),
        }
    }

    /// Whether pictures of it are there.
    pub(super) fn has_pictures(&self, now_ms: i64) -> bool {
        self.progress(now_ms) == Progress::Done
            && self.source.as_ref().is_some_and(|source| source.snapshots)
    }

    /// Whether it can be played and the review has found nothing.
    pub(super) fn has_passed(&self, now_ms: i64) -> bool {
        self.progress(now_ms) == Progress::Done
            && self.source.as_ref().is_some_and(|source| source.passes)
    }

    /// Length in seconds of what was uploaded.
    pub(super) fn seconds(&self) -> u64 {
        self.source.as_ref().map_or(0, |source| source.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_their_form_and_tokens_never_repeat() {
        let mut state = State::new(&[Account::default()]);
        let uuid = state.fresh_uuid("request");
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
        assert_ne!(uuid, state.fresh_uuid("request"));
        let (one, two) = (state.new_token("1", 0), state.new_token("1", 0));
        assert_ne!(one, two);
        assert_eq!(state.tokens[&one].expires_ms, Some(2_592_000_000));
    }
}
