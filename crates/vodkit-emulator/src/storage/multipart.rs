//! Objects that are sent in parts.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use axum::body::Body;
use axum::response::Response;
use http::{StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::assembly::{Ahead, assemble};
use super::dialect::Dialect;
use super::digests::compare_sha256;
use super::document::XML;
use super::object::{receive, type_or};
use super::refusal::Refusal;
use super::request::{Asked, parameters};
use super::store::{Object, Store, Upload};
use super::{Answer, document, keep, respond};
use crate::journal::Effect;
use crate::server::{Shared, base_of};

/// Numbers that a part may have.
const NUMBERS: RangeInclusive<u32> = 1..=10_000;
/// Longest list of parts that is read, in bytes: more than 10 000 entries take.
const LIST_LIMIT: usize = 4 << 20;

/// The upload that `uploadId` names, if it is one of this object's.
pub(super) fn upload<'a>(store: &'a mut Store, asked: &Asked) -> Result<&'a mut Upload, Refusal> {
    let id = asked.text("uploadId");
    store
        .uploads
        .get_mut(id)
        .filter(|upload| upload.bucket == asked.bucket && upload.key == asked.key)
        .ok_or_else(|| {
            let message = "there is no such upload: it never began, is complete, or was aborted";
            Refusal::new(StatusCode::NOT_FOUND, "NoSuchUpload", message).detail("UploadId", id)
        })
}

/// Answers `POST ?uploads`.
pub(super) fn initiate<D: Dialect>(shared: &Shared, asked: &Asked) -> Answer {
    let begun_ms = shared.clock.now_ms();
    let id = D::with(shared, |store| {
        let id = D::upload_id(store.fresh("upload"));
        let upload = Upload {
            bucket: asked.bucket.clone(),
            key: asked.key.clone(),
            content_type: asked.header("content-type"),
            begun_ms,
            parts: BTreeMap::new(),
            ahead: Ahead::default(),
        };
        store.uploads.insert(id.clone(), upload);
        id
    });
    let answer = D::document("InitiateMultipartUploadResult").text("Bucket", &asked.bucket);
    let answer = D::with_key(asked, answer).text("UploadId", &id);
    let begun = Effect::UploadBegun {
        object: asked.object(),
        upload_id: id,
    };
    Ok((document(answer)?, vec![begun]))
}

/// Answers `PUT ?partNumber&uploadId`. A part that was sent before is replaced.
pub(super) async fn upload_part<D: Dialect>(
    shared: &Shared,
    asked: &Asked,
    pass: &D::Pass,
    body: &mut Body,
) -> Answer {
    let text = asked.text("partNumber");
    let number = text
        .parse()
        .ok()
        .filter(|number| NUMBERS.contains(number))
        .ok_or_else(|| {
            let message = "parts are numbered from 1 to 10000";
            Refusal::argument("partNumber", text, message)
        })?;
    D::with(shared, |store| upload(store, asked).map(drop))?;
    let received = receive::<D>(shared, asked, pass, body).await?;
    let response = respond(received.head::<D>(), Body::empty())?;
    let part = received.object;
    let stored = Effect::PartStored {
        upload_id: asked.text("uploadId").to_owned(),
        number,
        bytes: part.size,
        md5: part.digest(),
    };
    // It may have been aborted while the bytes came.
    let replaced = D::with(shared, |store| {
        let upload = upload(store, asked)?;
        let replaced = upload.parts.insert(number, part);
        upload.ahead.hand_on(&upload.parts);
        Ok(replaced)
    })?;
    // Its file is removed outside of the lock.
    drop(replaced);
    Ok((response, vec![stored]))
}

#[derive(Deserialize)]
struct CompleteMultipartUpload {
    #[serde(rename = "Part", default)]
    parts: Vec<Named>,
}

/// A part as the sender of the list names it.
#[derive(Deserialize)]
struct Named {
    #[serde(rename = "PartNumber")]
    number: u32,
    #[serde(rename = "ETag")]
    etag: String,
}

fn malformed(why: String) -> Refusal {
    let message = "the list in the body is no XML, or not the XML that is wanted";
    Refusal::bad_request("MalformedXML", message).explained(why)
}

/// The list of parts in a body; `None` where every part is meant.
async fn read_list<D: Dialect>(
    asked: &Asked,
    pass: &D::Pass,
    body: &mut Body,
) -> Result<Option<Vec<Named>>, Refusal> {
    let unreadable =
        |error: &dyn std::fmt::Display| malformed(format!("the list of parts: {error}"));
    let list = Limited::new(body, LIST_LIMIT)
        .collect()
        .await
        .map_err(|error| unreadable(&error))?
        .to_bytes();
    if let Some(wanted) = D::signed_sha256(pass) {
        compare_sha256(wanted, Sha256::new_with_prefix(&list))?;
    }
    if D::takes_all(asked) {
        return Ok(None);
    }
    let list: CompleteMultipartUpload =
        quick_xml::de::from_reader(&list[..]).map_err(|error| unreadable(&error))?;
    Ok(Some(list.parts))
}

/// Answers `POST ?uploadId`: the named parts, in order, become the object.
pub(super) async fn complete<D: Dialect>(
    shared: &Shared,
    asked: &Asked,
    pass: &D::Pass,
    body: &mut Body,
) -> Answer {
    let named = read_list::<D>(asked, pass, body).await?;
    let (parts, used_up) = D::with(shared, |store| {
        let upload = upload(store, asked)?;
        let chosen = match &named {
            Some(named) => chosen(upload, named)?,
            None => upload
                .parts
                .iter()
                .map(|(number, part)| (*number, part.clone()))
                .collect(),
        };
        check_sizes::<D>(&chosen)?;
        // From here on the id is used up, also for a second sender of the same list.
        let used_up = store.uploads.remove(asked.text("uploadId"));
        let parts: Vec<Object> = chosen.into_iter().map(|(_, part)| part).collect();
        Ok((parts, used_up))
    })?;
    // The files of parts that were not chosen are removed outside of the lock.
    let (content_type, ahead) = used_up
        .map(|upload| (upload.content_type, upload.ahead))
        .unwrap_or_default();
    let count = parts.len();
    let tag = D::tag_of_parts(&parts);
    let assembled = assemble(parts, ahead)
        .await
        .map_err(|error| Refusal::storage(&error))?;
    let object = Object {
        blob: assembled.blob,
        size: assembled.size,
        etag: format!("\"{tag}-{count}\""),
        md5: assembled.md5,
        crc64: assembled.crc64,
        parts: Some(count),
        content_type: type_or::<D>(content_type),
        stored_ms: shared.clock.now_ms(),
    };
    let base = base_of(shared, &asked.headers);
    let path = D::encoded_path(&asked.key);
    let answer = D::document("CompleteMultipartUploadResult")
        .text("Location", &format!("{base}/{}/{path}", asked.bucket))
        .text("Bucket", &asked.bucket);
    let answer = D::with_key(asked, answer).text("ETag", &object.etag);
    let head = D::describe_completed(Response::builder(), &object);
    let effects = keep::<D>(shared, asked, pass, object)?;
    let (kind, body) = match D::reply(pass) {
        Some(json) => ("application/json", Body::from(json)),
        None => (XML, Body::from(answer.finish())),
    };
    let response = respond(head.header(header::CONTENT_TYPE, kind), body)?;
    Ok((response, effects))
}

/// The parts that a list names, with their numbers, if all of them are there as it says.
fn chosen(upload: &Upload, named: &[Named]) -> Result<Vec<(u32, Object)>, Refusal> {
    if named.is_empty() {
        return Err(malformed("the list names no part".to_owned()));
    }
    if !named.is_sorted_by(|a, b| a.number < b.number) {
        let message = "the list does not name the parts in the order of their numbers";
        return Err(Refusal::bad_request("InvalidPartOrder", message));
    }
    let find = |named: &Named| match upload.parts.get(&named.number) {
        Some(part) if part.has_tag(&named.etag) => Ok((named.number, part.clone())),
        _ => {
            let message = "a part of the list is not here, or has another ETag";
            Err(Refusal::bad_request("InvalidPart", message)
                .detail("PartNumber", named.number.to_string())
                .detail("ETag", named.etag.trim().trim_matches('"')))
        }
    };
    named.iter().map(find).collect()
}

fn check_sizes<D: Dialect>(parts: &[(u32, Object)]) -> Result<(), Refusal> {
    let mut before_last = parts.iter().take(parts.len().saturating_sub(1));
    match before_last.find(|(_, part)| part.size < D::LEAST_PART) {
        None => Ok(()),
        Some((number, part)) => {
            let message = "a part before the last is too small";
            Err(Refusal::bad_request("EntityTooSmall", message)
                .detail("ProposedSize", part.size.to_string())
                .detail("MinSizeAllowed", D::LEAST_PART.to_string())
                .detail("PartNumber", number.to_string())
                .detail("ETag", part.etag.trim_matches('"')))
        }
    }
}

/// Answers `DELETE ?uploadId`.
pub(super) fn abort<D: Dialect>(shared: &Shared, asked: &Asked) -> Answer {
    let id = asked.text("uploadId");
    let removed = D::with(shared, |store| {
        upload(store, asked)?;
        Ok(store.uploads.remove(id))
    })?;
    // The files are removed outside of the lock.
    drop(removed);
    let head = Response::builder().status(StatusCode::NO_CONTENT);
    let aborted = Effect::UploadAborted {
        upload_id: id.to_owned(),
    };
    Ok((respond(head, Body::empty())?, vec![aborted]))
}

/// Forgets the upload that a request names, because a planned fault says so. Whether there was one.
pub(super) fn forget<D: Dialect>(shared: &Shared, uri: &http::Uri) -> bool {
    let named = parameters(uri)
        .into_iter()
        .find(|(name, _)| name == "uploadId");
    let forgotten = named.and_then(|(_, id)| D::with(shared, |store| store.uploads.remove(&id)));
    // Its files are removed outside of the lock.
    forgotten.is_some()
}
