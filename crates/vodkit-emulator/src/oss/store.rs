//! Buckets, objects, unfinished uploads, and the keys that open them.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::signature;
use crate::blob::Blob;
use crate::journal::Effect;
use crate::server::Shared;
use crate::{inspection, polyv, quvideo, storage};

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

/// What the store knows of a bucket.
struct Bucket {
    owner: Owner,
    /// Id of the owner's own key, which signs addresses.
    signer: String,
}

/// Everything the store remembers.
pub(crate) struct Store {
    pub(super) objects: storage::Store,
    pub(super) keys: BTreeMap<String, Key>,
    buckets: BTreeMap<String, Bucket>,
}

impl Store {
    pub(crate) fn new() -> Self {
        Self {
            objects: storage::Store::new(&[]),
            keys: BTreeMap::new(),
            buckets: BTreeMap::new(),
        }
    }

    fn fresh(&mut self, purpose: &str) -> String {
        self.objects.fresh(purpose)
    }

    /// Whose bucket it is, if it is there.
    pub(super) fn owner(&self, bucket: &str) -> Option<Owner> {
        self.buckets.get(bucket).map(|bucket| bucket.owner)
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
        self.objects.add_bucket(name);
        self.buckets
            .insert(name.to_owned(), Bucket { owner, signer });
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

    /// Lets keys expire. Whether they were temporary and good until now.
    pub(super) fn expire(&mut self, access_key_id: &str, now_ms: i64) -> bool {
        match self.keys.get_mut(access_key_id) {
            Some(key) if key.expires_ms.is_some_and(|end| now_ms < end) => {
                key.expires_ms = Some(now_ms);
                true
            }
            _ => false,
        }
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
        let object = self.objects.object(bucket, key)?;
        Some((Arc::clone(&object.blob), object.size, object.digest()))
    }

    /// Every object.
    pub(crate) fn stored(&self) -> Vec<inspection::Stored> {
        self.objects
            .stored(|bucket| self.owner(bucket).map_or("oss", Owner::vendor))
    }

    /// Removes an object, if it is there.
    pub(crate) fn remove(&mut self, bucket: &str, key: &str) {
        drop(self.objects.remove(bucket, key));
    }
}
