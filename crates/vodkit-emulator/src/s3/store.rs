//! Buckets, objects, and unfinished uploads.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::blob::Blob;
use crate::digest::{hex, md5_hex};
use crate::inspection;

/// A stored object, or a part of one.
#[derive(Clone)]
pub(super) struct Object {
    pub(super) blob: Arc<Blob>,
    pub(super) size: u64,
    /// In quotes, as headers have it.
    pub(super) etag: String,
    /// MD5 of the content, however it was sent.
    pub(super) md5: [u8; 16],
    pub(super) content_type: String,
    pub(super) stored_ms: i64,
}

/// An upload in parts that is neither complete nor aborted.
pub(super) struct Upload {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) content_type: String,
    pub(super) begun_ms: i64,
    pub(super) parts: BTreeMap<u32, Object>,
}

/// Everything the store remembers.
pub(crate) struct Store {
    /// The objects of each bucket, by key.
    pub(super) buckets: BTreeMap<String, BTreeMap<String, Object>>,
    pub(super) uploads: BTreeMap<String, Upload>,
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
    pub(super) fn fresh(&mut self, purpose: &str) -> String {
        self.counter += 1;
        md5_hex(&format!("{:016x}|{purpose}|{}", self.nonce, self.counter))
    }

    pub(super) fn object(&self, bucket: &str, key: &str) -> Option<&Object> {
        self.buckets.get(bucket)?.get(key)
    }

    /// Whether it has an object that is written as bucket, slash and key.
    pub(crate) fn holds(&self, place: &str) -> bool {
        place
            .split_once('/')
            .is_some_and(|(bucket, key)| self.object(bucket, key).is_some())
    }

    /// Every object.
    pub(crate) fn stored(&self) -> Vec<inspection::Stored> {
        let mut all = Vec::new();
        for (bucket, objects) in &self.buckets {
            all.extend(objects.iter().map(|(key, object)| inspection::Stored {
                vendor: super::VENDOR,
                id: format!("{bucket}/{key}"),
                bytes: object.size,
                md5: hex(&object.md5),
                complete: true,
            }));
        }
        all
    }
}
