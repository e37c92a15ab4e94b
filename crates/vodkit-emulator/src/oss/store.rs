//! Buckets, objects, unfinished uploads, and the keys that open them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::signature;
use crate::blob::Blob;
use crate::digest::md5_hex;
use crate::journal::Effect;
use crate::server::Shared;
use crate::{inspection, polyv, quvideo};

/// Whose bucket it is: who is told when an object is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Polyv, who is told of an object by the callback that comes with it.
    Polyv,
    /// QuVideo's AppServer, which sees every object.
    QuVideo,
}

impl Owner {
    /// Folder name of the vendor.
    pub(super) fn vendor(self) -> &'static str {
        match self {
            Self::Polyv => "polyv",
            Self::QuVideo => "quvideo",
        }
    }

    /// Tells the owner of a complete object. The store is not locked meanwhile.
    pub(super) fn stored(self, shared: &Shared, object: &Stored<'_>) -> Vec<Effect> {
        match self {
            Self::Polyv => Vec::new(),
            Self::QuVideo => quvideo::object_stored(shared, object),
        }
    }

    /// Calls the owner back about a complete object. `Err` is why it takes no note, in words for the log.
    pub(super) fn called_back(
        self,
        shared: &Shared,
        url: &str,
        object: &Stored<'_>,
    ) -> Result<Vec<Effect>, String> {
        match self {
            Self::Polyv => polyv::called_back(shared, url, object),
            // assumed: callback
            Self::QuVideo => Err("QuVideo has no address that the storage could call".to_owned()),
        }
    }
}

/// An object that has just become complete.
pub(crate) struct Stored<'a> {
    pub(crate) key: &'a str,
    pub(crate) blob: &'a Arc<Blob>,
    /// Bytes.
    pub(crate) size: u64,
    /// MD5 of the content, in small hexadecimal digits.
    pub(crate) digest: &'a str,
}

/// What temporary keys open, for reading and writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One object.
    Object(String),
    /// Every object whose key starts so; all of the bucket if it is empty.
    Prefix(String),
}

impl Scope {
    fn has(&self, key: &str) -> bool {
        match self {
            Self::Object(only) => key == only,
            Self::Prefix(prefix) => key.starts_with(prefix.as_str()),
        }
    }
}

/// Temporary keys as they are handed out. There is no `Debug`: all of it is secret.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) access_key_id: String,
    pub(crate) access_key_secret: String,
    pub(crate) security_token: String,
    /// When they stop working, milliseconds since the Unix epoch.
    pub(crate) expires_ms: i64,
}

/// What the store knows of a key.
pub(super) struct Key {
    pub(super) secret: String,
    /// The token of temporary keys.
    pub(super) token: Option<String>,
    pub(super) expires_ms: Option<i64>,
    pub(super) bucket: String,
    scope: Scope,
}

impl Key {
    pub(super) fn opens(&self, bucket: &str, key: &str) -> bool {
        self.bucket == bucket && self.scope.has(key)
    }
}

pub(super) struct Bucket {
    pub(super) owner: Owner,
    pub(super) objects: BTreeMap<String, Object>,
    /// Id of the owner's own key, which signs addresses.
    signer: String,
}

/// A stored object.
#[derive(Clone)]
pub(super) struct Object {
    pub(super) blob: Arc<Blob>,
    pub(super) size: u64,
    /// In quotes, as headers have it.
    pub(super) etag: String,
    /// MD5 of the content in base64; unknown for what was sent in parts.
    pub(super) md5: Option<String>,
    pub(super) crc64: u64,
    /// MD5 of the content, in small hexadecimal digits, however it was sent.
    pub(super) digest: String,
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
    pub(super) buckets: BTreeMap<String, Bucket>,
    pub(super) keys: BTreeMap<String, Key>,
    pub(super) uploads: BTreeMap<String, Upload>,
    /// Makes the keys of this instance differ from those of any other.
    nonce: u64,
    counter: u64,
}

impl Store {
    pub(crate) fn new() -> Self {
        use std::hash::{BuildHasher as _, Hasher as _, RandomState};
        Self {
            buckets: BTreeMap::new(),
            keys: BTreeMap::new(),
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

    /// The bucket of an owner, made when it is asked for first.
    fn bucket(&mut self, owner: Owner, name: &str) {
        if self.buckets.contains_key(name) {
            return;
        }
        let signer = format!("LTAI{}", &self.fresh("signer")[..20]);
        let secret = self.fresh("signer's secret");
        self.keys.insert(
            signer.clone(),
            Key {
                secret,
                token: None,
                expires_ms: None,
                bucket: name.to_owned(),
                scope: Scope::Prefix(String::new()),
            },
        );
        let bucket = Bucket {
            owner,
            objects: BTreeMap::new(),
            signer,
        };
        self.buckets.insert(name.to_owned(), bucket);
    }

    /// Hands out temporary keys, which expire at a moment of the emulator's clock.
    pub(crate) fn issue(
        &mut self,
        owner: Owner,
        bucket: &str,
        scope: Scope,
        expires_ms: i64,
    ) -> Grant {
        self.bucket(owner, bucket);
        let access_key_id = format!("STS.{}", &self.fresh("id")[..25]);
        let access_key_secret = self.fresh("secret");
        let token: String = (0..5).map(|_| self.fresh("token")).collect();
        // Real ones are base64 too, with the letters that break careless encoders.
        let bytes: Vec<u8> = token.bytes().map(|b| b.wrapping_mul(151)).collect();
        let security_token = format!("CAIS{}+/==", BASE64.encode(bytes).trim_end_matches('='));
        self.keys.insert(
            access_key_id.clone(),
            Key {
                secret: access_key_secret.clone(),
                token: Some(security_token.clone()),
                expires_ms: Some(expires_ms),
                bucket: bucket.to_owned(),
                scope,
            },
        );
        Grant {
            access_key_id,
            access_key_secret,
            security_token,
            expires_ms,
        }
    }

    /// Whether keys that were handed out still work.
    pub(crate) fn is_good(&self, access_key_id: &str, now_ms: i64) -> bool {
        self.keys
            .get(access_key_id)
            .is_some_and(|key| key.expires_ms.is_none_or(|end| now_ms < end))
    }

    /// Path and query of an address that everybody can read an object at, until it expires.
    pub(crate) fn signed_target(
        &mut self,
        owner: Owner,
        bucket: &str,
        key: &str,
        expires_ms: i64,
    ) -> String {
        self.bucket(owner, bucket);
        let signer = &self.buckets[bucket].signer;
        let expires = expires_ms.div_euclid(1000);
        let text = format!("GET\n\n\n{expires}\n/{bucket}/{key}");
        let signature = signature::sign(&self.keys[signer].secret, &text);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("Expires", &expires.to_string())
            .append_pair("OSSAccessKeyId", signer)
            .append_pair("Signature", &signature)
            .finish();
        format!("/{bucket}/{}?{query}", signature::encoded(key))
    }

    /// Content, bytes and MD5 of an object.
    pub(crate) fn content(&self, bucket: &str, key: &str) -> Option<(Arc<Blob>, u64, String)> {
        let object = self.buckets.get(bucket)?.objects.get(key)?;
        Some((Arc::clone(&object.blob), object.size, object.digest.clone()))
    }

    /// Every object.
    pub(crate) fn stored(&self) -> Vec<inspection::Stored> {
        let of = |name: &str, bucket: &Bucket| -> Vec<_> {
            let stored = |(key, object): (&String, &Object)| inspection::Stored {
                vendor: bucket.owner.vendor(),
                id: format!("{name}/{key}"),
                bytes: object.size,
                md5: object.digest.clone(),
                complete: true,
            };
            bucket.objects.iter().map(stored).collect()
        };
        self.buckets
            .iter()
            .flat_map(|(name, bucket)| of(name, bucket))
            .collect()
    }

    /// Removes an object, if it is there.
    pub(crate) fn remove(&mut self, bucket: &str, key: &str) {
        if let Some(bucket) = self.buckets.get_mut(bucket) {
            bucket.objects.remove(key);
        }
    }
}
