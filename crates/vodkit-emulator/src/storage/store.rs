//! Buckets, objects, and unfinished uploads.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::assembly::Ahead;
use crate::blob::Blob;
use crate::digest::{hex, md5_hex};
use crate::inspection;

/// A stored object, or a part of one. Its bytes never change; what is stored anew is another one.
#[derive(Clone)]
pub(crate) struct Object {
    pub(crate) blob: Arc<Blob>,
    /// Bytes.
    pub(crate) size: u64,
    /// In quotes, as headers have it.
    pub(crate) etag: String,
    /// MD5 of the content, however it was sent.
    pub(crate) md5: [u8; 16],
    /// CRC-64/XZ of the content, where the store tells it.
    pub(crate) crc64: Option<u64>,
    /// How many parts it was joined of; `None` for what was sent whole.
    pub(crate) parts: Option<usize>,
    pub(crate) content_type: String,
    pub(crate) stored_ms: i64,
}

impl Object {
    /// MD5 of the content, in small hexadecimal digits.
    pub(crate) fn digest(&self) -> String {
        hex(&self.md5)
    }

    /// Whether an ETag is this one's, with quotes or without.
    pub(super) fn has_tag(&self, tag: &str) -> bool {
        let bare = self.etag.trim_matches('"');
        bare.eq_ignore_ascii_case(tag.trim().trim_matches('"'))
    }
}

/// An upload in parts that is neither complete nor aborted.
pub(crate) struct Upload {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// Empty where its sender named none.
    pub(crate) content_type: String,
    pub(crate) begun_ms: i64,
    pub(crate) parts: BTreeMap<u32, Object>,
    /// The digest of the whole, as far as it is begun.
    pub(super) ahead: Ahead,
}

/// What a store keeps.
pub(crate) struct Store {
    /// The objects of each bucket, by key.
    buckets: BTreeMap<String, BTreeMap<String, Object>>,
    pub(crate) uploads: BTreeMap<String, Upload>,
    /// Makes the ids of this instance differ from those of any other.
    nonce: u64,
    counter: u64,
}

impl Store {
    pub(crate) fn new(buckets: &[String]) -> Self {
        use std::hash::{BuildHasher as _, Hasher as _, RandomState};
        Self {
            buckets: buckets
                .iter()
                .map(|name| (name.clone(), BTreeMap::new()))
                .collect(),
            uploads: BTreeMap::new(),
            nonce: RandomState::new().build_hasher().finish(),
            counter: 0,
        }
    }

    /// 32 hexadecimal digits that were never given before.
    pub(crate) fn fresh(&mut self, purpose: &str) -> String {
        self.counter += 1;
        md5_hex(&format!("{:016x}|{purpose}|{}", self.nonce, self.counter))
    }

    pub(crate) fn add_bucket(&mut self, name: &str) {
        self.buckets.entry(name.to_owned()).or_default();
    }

    pub(crate) fn has_bucket(&self, name: &str) -> bool {
        self.buckets.contains_key(name)
    }

    pub(crate) fn object(&self, bucket: &str, key: &str) -> Option<&Object> {
        self.buckets.get(bucket)?.get(key)
    }

    /// Whether it has an object that is written as bucket, slash and key.
    pub(crate) fn holds(&self, place: &str) -> bool {
        place
            .split_once('/')
            .is_some_and(|(bucket, key)| self.object(bucket, key).is_some())
    }

    /// Puts an object in its place. The one that was there before, if there was one.
    pub(super) fn put(&mut self, bucket: &str, key: &str, object: Object) -> Option<Object> {
        self.buckets.get_mut(bucket)?.insert(key.to_owned(), object)
    }

    pub(crate) fn remove(&mut self, bucket: &str, key: &str) -> Option<Object> {
        self.buckets.get_mut(bucket)?.remove(key)
    }

    /// Every object, with the vendor that its bucket belongs to.
    pub(crate) fn stored(&self, vendor: impl Fn(&str) -> &'static str) -> Vec<inspection::Stored> {
        let mut all = Vec::new();
        for (bucket, objects) in &self.buckets {
            let vendor = vendor(bucket);
            all.extend(objects.iter().map(|(key, object)| inspection::Stored {
                vendor,
                id: format!("{bucket}/{key}"),
                bytes: object.size,
                md5: object.digest(),
                complete: true,
            }));
        }
        all
    }
}
