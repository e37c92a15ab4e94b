//! What one store has of its own.

use axum::extract::Request;
use http::response::Builder;
use http::{HeaderMap, Uri};

use super::digests::Checksum;
use super::document::Document;
use super::listing::UploadsPage;
use super::operation::Operation;
use super::refusal::Refusal;
use super::request::{Asked, Moment};
use super::store::{Object, Store, Upload};
use crate::journal::Effect;
use crate::server::Shared;

/// Names, signatures, headers and documents of one store, around the engine that all of them share.
pub(crate) trait Dialect: 'static {
    /// What is known of a request once it may be done.
    type Pass: Send + Sync;

    /// What the beginning of an upload in parts is called.
    const INITIATE: &'static str;
    /// What a request is called that asks for nothing that is played here.
    const UNKNOWN: &'static str;
    /// Least size of every part but the last, in bytes. Looked at when the upload is completed, as these stores do.
    const LEAST_PART: u64;
    /// The type of an object whose sender names none.
    const CONTENT_TYPE: &'static str;
    /// What objects are stored as.
    const STORAGE_CLASS: &'static str;
    /// Digits of the id of a request.
    const REQUEST_ID: usize;
    /// Whether the CRC-64 of what arrives is computed.
    const CRC64: bool;
    /// Whether a body may come whose length is not told.
    const LENGTH_UNTOLD: bool;
    /// Greatest number that a parameter may be.
    const GREATEST: usize;
    /// Elements of the engine's refusals that this store's do not have, with the code of the refusal.
    const LEFT_OUT: &'static [(&'static str, &'static str)];

    /// Runs `work` with what the store keeps locked.
    fn with<R>(shared: &Shared, work: impl FnOnce(&mut Store) -> R) -> R;

    /// Whose bucket it is, by the vendor's folder name.
    fn vendor_of(shared: &Shared, bucket: &str) -> &'static str;

    /// Whether a request is signed as this store wants it.
    fn is_signed(request: &Request) -> bool;

    /// The bucket of a request that names it by its keys alone.
    fn bucket_of_keys(_: &Shared, _: &HeaderMap, _: &Uri) -> Option<String> {
        None
    }

    /// Whether a query asks for something beside the operations that are played.
    fn is_other(_: &[(String, String)]) -> bool {
        false
    }

    /// Whether the caller may do this.
    fn allow(
        shared: &Shared,
        asked: &Asked,
        operation: Operation,
        at: Moment,
    ) -> Result<Self::Pass, Refusal>;

    /// The refusal of an operation that is not played.
    fn unknown() -> Refusal;

    /// Lets the keys expire that a request is signed with. Whether they were temporary and good until now.
    fn expire_keys(shared: &Shared, parts: &http::request::Parts) -> bool;

    /// The headers of every answer.
    fn dress(headers: &mut HeaderMap, request_id: &str);

    /// SHA-256 of the body that the signature covers.
    fn signed_sha256(_: &Self::Pass) -> Option<&str> {
        None
    }

    /// A checksum that a request puts beside its body.
    fn checksum(_: &Asked) -> Result<Option<Checksum>, Refusal> {
        Ok(None)
    }

    /// The id of an upload, of 32 digits that were never given before.
    fn upload_id(fresh: String) -> String {
        fresh
    }

    /// The ETag of what was sent whole, without quotes.
    fn tag(md5: &[u8; 16]) -> String;

    /// The ETag of what was joined of parts, without quotes and number of parts.
    fn tag_of_parts(parts: &[Object]) -> String;

    /// What the answer to something stored says of it, beside its ETag.
    fn describe(head: Builder, _: &Object) -> Builder {
        head
    }

    /// What the answer to GET and HEAD says beside that.
    fn describe_content(head: Builder, _: &Object) -> Builder {
        head
    }

    /// The head of the answer to an upload that was completed.
    fn describe_completed(head: Builder, _: &Object) -> Builder {
        head
    }

    /// Whether a range that the object has nothing of is refused, and not answered with the whole.
    fn refuses_range(_: &Asked) -> bool {
        true
    }

    /// Whether the caller says that it has what carries this tag.
    fn is_known(_: &Asked, _: &str) -> bool {
        false
    }

    /// Whether the end of an upload takes every part that is there, and no list.
    fn takes_all(_: &Asked) -> bool {
        false
    }

    /// Tells the owner of the bucket of a complete object, and what changed by that. The store is not locked meanwhile.
    fn kept(
        _: &Shared,
        _: &Self::Pass,
        _key: &str,
        _: &Object,
        _: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    /// JSON of the owner's that takes the place of the answer's own body.
    fn reply(_: &Self::Pass) -> Option<&'static str> {
        None
    }

    /// A document of this store's.
    fn document(root: &'static str) -> Document;

    /// The key that was asked for, put into a document.
    fn with_key(asked: &Asked, document: Document) -> Document {
        document.text("Key", &asked.key)
    }

    /// A key as an address has it.
    fn encoded_path(key: &str) -> String;

    /// A key as a list has it whose caller wants keys encoded.
    fn encoded_key(key: &str) -> String;

    /// A moment as documents have it.
    fn moment(ms: i64) -> String;

    /// The element of a listed part that only this store has.
    fn part_element(_: &Object) -> Option<(&'static str, String)> {
        None
    }

    /// How many entries a list has at most, by the parameter that says so.
    fn page(asked: &Asked, name: &'static str) -> Result<usize, Refusal>;

    /// The refusal of a list whose keys are to be grouped.
    fn grouped(asked: &Asked) -> Refusal;

    /// Where an upload stands among those of its key, before its id; `None` for an upload that is gone, if its place is gone with it.
    fn rank(upload: Option<&Upload>) -> Option<i64>;

    /// The head of a list of uploads.
    fn uploads_head(page: &UploadsPage<'_>) -> Document;
}
