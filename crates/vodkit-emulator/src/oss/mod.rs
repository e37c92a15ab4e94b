//! An object store like Alibaba Cloud's OSS: where files go when a vendor hands out temporary keys instead of an upload address.
//!
//! It knows nothing of the vendors. One of them asks for keys ([`Store::issue`]) and is told when an object is complete
//! ([`Owner::stored`]). Endpoint is the address under which the emulator was reached; the bucket is the first part of the path, as
//! clients have it for an endpoint that is an IP address, or of the host (`bucket.localhost`). What it does is the engine's (`storage`);
//! here is how OSS has it.

mod access;
mod assumptions;
mod callback;
mod signature;
mod store;

use axum::extract::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::response::Builder;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use md5::{Digest as _, Md5};

use crate::digest::hex;
use crate::journal::Effect;
use crate::server::Shared;
use crate::storage::{
    self, Asked, Dialect, Document, Moment, Object, Operation, PAGE, Refusal, Upload, UploadsPage,
};
use callback::Callback;

pub(crate) use assumptions::ASSUMPTIONS;
pub(crate) use store::{Grant, Owner, Scope, Store, Stored};

/// OSS's ways.
pub(crate) struct Oss;

/// A request that may be done.
pub(crate) struct Pass {
    owner: Owner,
    /// Whom it wants to be called once its object is complete.
    callback: Option<Callback>,
}

impl Dialect for Oss {
    type Pass = Pass;

    const INITIATE: &'static str = "InitiateMultipartUpload";
    const UNKNOWN: &'static str = "oss";
    const LEAST_PART: u64 = 100 * 1024;
    const CONTENT_TYPE: &'static str = "application/octet-stream";
    const STORAGE_CLASS: &'static str = "Standard";
    const REQUEST_ID: usize = 24;
    const CRC64: bool = true;
    const LENGTH_UNTOLD: bool = true;
    const GREATEST: usize = usize::MAX;
    const LEFT_OUT: &'static [(&'static str, &'static str)] = &[
        ("EntityTooSmall", "PartNumber"),
        ("EntityTooSmall", "ETag"),
        ("InvalidRange", "RangeRequested"),
    ];

    fn with<R>(shared: &Shared, work: impl FnOnce(&mut storage::Store) -> R) -> R {
        shared.oss.with(|store| work(&mut store.objects))
    }

    fn vendor_of(shared: &Shared, bucket: &str) -> &'static str {
        let owner = shared.oss.with(|store| store.owner(bucket));
        owner.map_or("oss", Owner::vendor)
    }

    fn is_signed(request: &Request) -> bool {
        let header = request.headers().get(header::AUTHORIZATION);
        let query = request.uri().query().unwrap_or_default();
        header.is_some_and(|value| value.as_bytes().starts_with(b"OSS"))
            || query.contains("OSSAccessKeyId=")
    }

    /// The bucket that the keys of a request open under the whole of its path, if the path begins with no bucket: the host is then taken
    /// for the bucket's own. // assumed: own-host
    fn bucket_of_keys(shared: &Shared, headers: &HeaderMap, uri: &Uri) -> Option<String> {
        let header = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (id, _) = header.strip_prefix("OSS ")?.trim().split_once(':')?;
        let key = storage::whole(uri.path());
        let (first, _) = storage::split(uri.path());
        let wanted = access::wanted(&key, &storage::parameters(uri));
        shared.oss.with(|store| {
            let keys = store.keys.get(id)?;
            let opens = keys.opens(&keys.bucket, &wanted);
            (opens && !store.objects.has_bucket(&first)).then(|| keys.bucket.clone())
        })
    }

    fn allow(
        shared: &Shared,
        asked: &Asked,
        operation: Operation,
        at: Moment,
    ) -> Result<Pass, Refusal> {
        let owner = shared.oss.with(|store| access::check(store, asked, at))?;
        let callback = match operation {
            Operation::Put | Operation::Complete => Callback::of(asked)?,
            _ => None,
        };
        Ok(Pass { owner, callback })
    }

    fn unknown() -> Refusal {
        let message = "nothing of this kind can be done with this";
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message)
            .assumed("operations")
    }

    fn expire_keys(shared: &Shared, parts: &http::request::Parts) -> bool {
        let by_header = || {
            let header = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
            let (id, _) = header.strip_prefix("OSS ")?.trim().split_once(':')?;
            Some(id.to_owned())
        };
        let by_address = || {
            let query = storage::parameters(&parts.uri).into_iter();
            let mut ids = query.filter(|(name, _)| name == "OSSAccessKeyId");
            ids.next().map(|(_, id)| id)
        };
        let now_ms = shared.clock.now_ms();
        by_header()
            .or_else(by_address)
            .is_some_and(|id| shared.oss.with(|store| store.expire(&id, now_ms)))
    }

    fn dress(headers: &mut HeaderMap, request_id: &str) {
        headers.insert(header::SERVER, HeaderValue::from_static("AliyunOSS"));
        if let Ok(id) = request_id.parse() {
            headers.insert("x-oss-request-id", id);
        }
        headers.insert("x-oss-server-time", HeaderValue::from_static("1"));
        // A page in a browser has to read the tags of parts. // assumed: expose-headers
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("ETag, x-oss-hash-crc64ecma, x-oss-request-id"),
        );
    }

    fn upload_id(fresh: String) -> String {
        fresh.to_ascii_uppercase()
    }

    fn tag(md5: &[u8; 16]) -> String {
        hex(md5).to_ascii_uppercase()
    }

    /// Made of the tags of the parts as they are written. // assumed: multipart-etag
    fn tag_of_parts(parts: &[Object]) -> String {
        let mut tags = Md5::new();
        for part in parts {
            tags.update(part.etag.trim_matches('"'));
        }
        Self::tag(&tags.finalize().into())
    }

    fn describe(head: Builder, object: &Object) -> Builder {
        let head = match object.crc64 {
            Some(crc64) => head.header("x-oss-hash-crc64ecma", crc64.to_string()),
            None => head,
        };
        // That of what was sent in parts is not known to OSS.
        match object.parts {
            None => head.header("content-md5", BASE64.encode(object.md5)),
            Some(_) => head,
        }
    }

    fn describe_content(head: Builder, object: &Object) -> Builder {
        let kind = match object.parts {
            None => "Normal",
            Some(_) => "Multipart",
        };
        head.header("x-oss-object-type", kind)
            .header("x-oss-storage-class", Self::STORAGE_CLASS)
    }

    fn describe_completed(head: Builder, object: &Object) -> Builder {
        Self::describe(head.header(header::ETAG, &object.etag), object)
    }

    /// Unless the caller asks for the standard, OSS answers such a range with the whole.
    fn refuses_range(asked: &Asked) -> bool {
        asked.header("x-oss-range-behavior") == "standard"
    }

    fn is_known(asked: &Asked, etag: &str) -> bool {
        let bare = etag.trim_matches('"');
        asked
            .headers
            .get(header::IF_NONE_MATCH)
            .and_then(|known| known.to_str().ok())
            .is_some_and(|known| known.trim().trim_matches('"').eq_ignore_ascii_case(bare))
    }

    fn takes_all(asked: &Asked) -> bool {
        asked
            .header("x-oss-complete-all")
            .eq_ignore_ascii_case("yes")
    }

    fn kept(
        shared: &Shared,
        pass: &Pass,
        key: &str,
        object: &Object,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let digest = object.digest();
        let stored = Stored {
            key,
            blob: &object.blob,
            size: object.size,
            digest: &digest,
        };
        effects.extend(pass.owner.stored(shared, &stored));
        if let Some(callback) = &pass.callback {
            let called = pass.owner.called_back(shared, &callback.url, &stored);
            effects.extend(called.map_err(callback::failed)?);
        }
        Ok(())
    }

    fn reply(pass: &Pass) -> Option<&'static str> {
        pass.callback.as_ref().map(|_| callback::REPLY)
    }

    fn document(root: &'static str) -> Document {
        Document::new(root)
    }

    fn with_key(asked: &Asked, document: Document) -> Document {
        match asked.text("encoding-type") {
            "url" => document
                .text("EncodingType", "url")
                .text("Key", &Self::encoded_key(&asked.key)),
            _ => document.text("Key", &asked.key),
        }
    }

    fn encoded_path(key: &str) -> String {
        signature::encoded(key)
    }

    fn encoded_key(key: &str) -> String {
        signature::encoded(key).replace('/', "%2F")
    }

    fn moment(ms: i64) -> String {
        access::iso(ms)
    }

    fn part_element(part: &Object) -> Option<(&'static str, String)> {
        Some(("HashCrc64ecma", part.crc64?.to_string()))
    }

    /// A page of nothing would never come to an end. // assumed: empty-page
    fn page(asked: &Asked, name: &'static str) -> Result<usize, Refusal> {
        let most = storage::number::<Self>(asked, name, PAGE)?;
        let longest = match name {
            "max-parts" => usize::MAX,
            _ => PAGE,
        };
        if !(1..=longest).contains(&most) {
            let message = format!("{name} has to be a whole number from 1 to {PAGE}");
            let refusal = Refusal::argument(name, asked.text(name), message);
            return Err(refusal.assumed("empty-page"));
        }
        Ok(most.min(PAGE))
    }

    fn grouped(asked: &Asked) -> Refusal {
        let message = "no keys are grouped here";
        Refusal::argument("delimiter", asked.text("delimiter"), message).assumed("list-uploads")
    }

    /// By the id alone, which has a place also when its upload is gone.
    fn rank(_: Option<&Upload>) -> Option<i64> {
        Some(0)
    }

    fn uploads_head(page: &UploadsPage<'_>) -> Document {
        let head = Document::new("ListMultipartUploadsResult");
        let head = match page.url {
            true => head.text("EncodingType", "url"),
            false => head,
        };
        let (next_key, next_id) = match &page.next {
            Some((key, id)) => (key.as_str(), *id),
            None => ("", ""),
        };
        head.text("Bucket", page.bucket)
            .text("KeyMarker", &page.key_marker)
            .text("UploadIdMarker", page.id_marker)
            .text("NextKeyMarker", next_key)
            .text("NextUploadIdMarker", next_id)
            .text("Delimiter", "")
            .text("Prefix", &page.prefix)
            .text("MaxUploads", &page.most.to_string())
            .text("IsTruncated", &page.truncated.to_string())
    }
}
