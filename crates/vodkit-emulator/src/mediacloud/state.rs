//! Everything an instance remembers.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Account;
use crate::digest::md5_hex;

pub(crate) struct State {
    accounts: Vec<Account>,
    pub(crate) categories: BTreeMap<String, Category>,
    pub(crate) media: BTreeMap<String, Medium>,
    /// The keys for the storage that logins gave out, by their id.
    storage_keys: BTreeMap<String, StorageKey>,
    /// Counts the revocations; a token of an earlier generation is void.
    generation: u64,
    /// Makes the tokens of this instance differ from those of any other.
    nonce: u64,
    counter: u64,
}

impl State {
    pub(crate) fn new(accounts: &[Account]) -> Self {
        use std::hash::{BuildHasher as _, Hasher as _, RandomState};
        Self {
            accounts: accounts.to_vec(),
            categories: BTreeMap::new(),
            media: BTreeMap::new(),
            storage_keys: BTreeMap::new(),
            generation: 0,
            nonce: RandomState::new().build_hasher().finish(),
            counter: 0,
        }
    }

    pub(crate) fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The password of the account of this name.
    pub(crate) fn password(&self, username: &str) -> Option<&str> {
        self.accounts
            .iter()
            .find(|account| account.username == username)
            .map(|account| account.password.as_str())
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Makes every token void that was given out so far.
    pub(crate) fn revoke_tokens(&mut self) {
        self.generation += 1;
        self.storage_keys.clear();
    }

    /// What the storage knows of a key.
    pub(crate) fn storage_key(&self, id: &str) -> Option<StorageKey> {
        self.storage_keys.get(id).cloned()
    }

    /// Ends a key for the storage now. Whether it was good until then.
    pub(crate) fn expire_storage_key(&mut self, id: &str, now_ms: i64) -> bool {
        match self.storage_keys.get_mut(id) {
            Some(key) if now_ms < key.expires_ms => {
                key.expires_ms = now_ms;
                true
            }
            _ => false,
        }
    }

    pub(crate) fn remember(&mut self, id: String, key: StorageKey) {
        self.storage_keys.insert(id, key);
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

    /// A UUID of version 4 in form.
    pub(crate) fn fresh_uuid(&mut self) -> String {
        let hex = self.fresh_token("uuid");
        let (a, b, c, d, e) = (
            &hex[..8],
            &hex[8..12],
            &hex[13..16],
            &hex[17..20],
            &hex[20..],
        );
        format!("{a}-{b}-4{c}-a{d}-{e}")
    }

    pub(crate) fn category(&self, owner: &str, id: &str) -> Option<&Category> {
        self.categories
            .get(id)
            .filter(|category| category.owner == owner)
    }

    pub(crate) fn medium(&self, owner: &str, id: &str) -> Option<&Medium> {
        self.media.get(id).filter(|medium| medium.owner == owner)
    }
}

/// Keys for the storage. There is no `Debug`: all of it is secret.
#[derive(Clone)]
pub(crate) struct StorageKey {
    /// What signs.
    pub(crate) secret: String,
    /// The session token that goes with every request.
    pub(crate) token: String,
    /// When they stop working, milliseconds since the Unix epoch.
    pub(crate) expires_ms: i64,
}

/// A category. What is above it is checked when it is made and never shown by any call.
#[derive(Debug)]
pub(crate) struct Category {
    pub(crate) owner: String,
    pub(crate) name: String,
}

/// A registered file.
#[derive(Debug)]
pub(crate) struct Medium {
    pub(crate) owner: String,
    pub(crate) class_id: Option<String>,
    pub(crate) display_name: String,
    pub(crate) description: String,
    pub(crate) tag: String,
    /// The vendor's number.
    pub(crate) media_type: u64,
    /// The vendor's number.
    pub(crate) cloud_provider: u64,
    pub(crate) bucket: String,
    pub(crate) file_uri: String,
    pub(crate) workflow: Map<String, Value>,
    pub(crate) created_ms: i64,
    /// When its processing ends.
    pub(crate) processed_ms: i64,
}
