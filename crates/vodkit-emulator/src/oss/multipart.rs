//! Objects that are sent in parts.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::{StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use md5::{Digest as _, Md5};
use serde::Deserialize;

use super::access::{Asked, iso};
use super::callback::{self, Callback};
use super::object::{CRC64, receive, summary};
use super::refusal::{Document, Refusal, XML};
use super::store::{Object, Owner, Store, Upload};
use super::{Answer, keep, respond, signature};
use crate::blob::Blob;
use crate::digest::hex;
use crate::journal::Effect;
use crate::server::{Shared, base_of};

/// Numbers that a part may have.
const NUMBERS: std::ops::RangeInclusive<u32> = 1..=10_000;
/// Least size of every part but the last, in bytes. Looked at when the upload is completed, as OSS does.
const LEAST: u64 = 100 * 1024;
/// Longest list of parts that is read, in bytes: more than 10 000 entries take.
const LIST_LIMIT: usize = 4 * 1024 * 1024;

pub(super) fn document(document: Document) -> Result<Response, Refusal> {
    let builder = Response::builder().header(header::CONTENT_TYPE, XML);
    respond(builder, Body::from(document.finish()))
}

/// The key as a document has it, and whether it had to be encoded because the caller asked for that.
fn key_of(asked: &Asked, document: Document) -> Document {
    match asked.parameter("encoding-type") {
        Some("url") => document
            .text("EncodingType", "url")
            .text("Key", &signature::encoded(&asked.key).replace('/', "%2F")),
        _ => document.text("Key", &asked.key),
    }
}

/// The upload that `uploadId` names, if it is one of this object's.
fn upload<'a>(store: &'a mut Store, asked: &Asked) -> Result<&'a mut Upload, Refusal> {
    let id = asked.parameter("uploadId").unwrap_or_default();
    store
        .uploads
        .get_mut(id)
        .filter(|upload| upload.bucket == asked.bucket && upload.key == asked.key)
        .ok_or_else(|| no_upload(id))
}

fn no_upload(id: &str) -> Refusal {
    let problem = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.";
    Refusal::new(StatusCode::NOT_FOUND, "NoSuchUpload", problem).detail("UploadId", id)
}

/// Answers `POST ?uploads`.
pub(super) fn initiate(shared: &Shared, asked: &Asked) -> Answer {
    let id = shared.oss.with(|store| {
        let id = store.fresh("upload").to_ascii_uppercase();
        let upload = Upload {
            bucket: asked.bucket.clone(),
            key: asked.key.clone(),
            content_type: asked.header("content-type"),
            begun_ms: shared.clock.now_ms(),
            parts: BTreeMap::new(),
        };
        store.uploads.insert(id.clone(), upload);
        id
    });
    let answer = Document::new("InitiateMultipartUploadResult").text("Bucket", &asked.bucket);
    let answer = key_of(asked, answer).text("UploadId", &id);
    let begun = Effect::UploadBegun {
        object: format!("{}/{}", asked.bucket, asked.key),
        upload_id: id,
    };
    Ok((document(answer)?, vec![begun]))
}

/// Answers `PUT ?partNumber&uploadId`. A part that was sent before is replaced.
pub(super) async fn upload_part(shared: &Arc<Shared>, asked: &Asked, body: &mut Body) -> Answer {
    let text = asked.parameter("partNumber").unwrap_or_default();
    let number = text
        .parse()
        .ok()
        .filter(|number| NUMBERS.contains(number))
        .ok_or_else(|| {
            let problem = "Part number must be an integer between 1 and 10000, inclusive.";
            Refusal::argument("partNumber", text, problem)
        })?;
    shared.oss.with(|store| upload(store, asked).map(drop))?;
    let part = receive(shared, asked, body).await?;
    let response = respond(summary(&part), Body::empty())?;
    let stored = Effect::PartStored {
        upload_id: asked.parameter("uploadId").unwrap_or_default().to_owned(),
        number,
        bytes: part.size,
        md5: part.digest.clone(),
    };
    // It may have been aborted while the bytes came.
    shared
        .oss
        .with(|store| upload(store, asked).map(|upload| upload.parts.insert(number, part)))?;
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

/// Answers `POST ?uploadId`: the named parts, in order, become the object.
pub(super) async fn complete(
    shared: &Arc<Shared>,
    asked: &Asked,
    owner: Owner,
    body: &mut Body,
) -> Answer {
    let callback = Callback::of(asked)?;
    let malformed = |why: String| {
        let problem = "The XML you provided was not well-formed or did not validate against our published schema.";
        Refusal::bad_request("MalformedXML", problem).explained(why)
    };
    let list = Limited::new(body, LIST_LIMIT)
        .collect()
        .await
        .map_err(|error| malformed(format!("the list of parts: {error}")))?
        .to_bytes();
    let all = asked
        .header("x-oss-complete-all")
        .eq_ignore_ascii_case("yes");
    let named = match all {
        true => None,
        false => {
            let list: CompleteMultipartUpload = quick_xml::de::from_reader(&list[..])
                .map_err(|error| malformed(format!("the list of parts: {error}")))?;
            Some(list.parts)
        }
    };
    let (content_type, parts) = shared.oss.with(|store| {
        let upload = upload(store, asked)?;
        let chosen = match &named {
            Some(named) => chosen(upload, named)?,
            None => upload.parts.values().cloned().collect(),
        };
        check_sizes(&chosen)?;
        let content_type = upload.content_type.clone();
        // From here on the id is used up, also for a second sender of the same list.
        let id = asked.parameter("uploadId").unwrap_or_default();
        store.uploads.remove(id);
        Ok((content_type, chosen))
    })?;
    let count = parts.len();
    let joined = tokio::task::spawn_blocking(move || join(&parts)).await;
    let joined = match joined {
        Ok(Ok(joined)) => joined,
        Ok(Err(error)) => return Err(Refusal::storage(&error)),
        Err(error) => return Err(Refusal::storage(&io::Error::other(error))),
    };
    let object = Object {
        blob: joined.blob,
        size: joined.size,
        etag: joined.etag,
        md5: None,
        crc64: joined.crc64,
        digest: joined.digest,
        content_type: match content_type.is_empty() {
            true => "application/octet-stream".to_owned(),
            false => content_type,
        },
        stored_ms: shared.clock.now_ms(),
    };
    let base = base_of(shared, &asked.headers);
    let answer = Document::new("CompleteMultipartUploadResult")
        .text(
            "Location",
            &format!("{base}/{}/{}", asked.bucket, signature::encoded(&asked.key)),
        )
        .text("Bucket", &asked.bucket);
    let answer = key_of(asked, answer).text("ETag", &object.etag);
    let builder = summary(&object);
    let effects = keep(shared, asked, owner, object, callback.as_ref(), Some(count))?;
    let (kind, body) = match callback {
        // The answer to the call takes the place of the document.
        Some(_) => ("application/json", Body::from(callback::REPLY)),
        None => (XML, Body::from(answer.finish())),
    };
    let response = respond(builder.header(header::CONTENT_TYPE, kind), body)?;
    Ok((response, effects))
}

/// The parts that a list names, if all of them are there as it says.
fn chosen(upload: &Upload, named: &[Named]) -> Result<Vec<Object>, Refusal> {
    if named.is_empty() {
        let problem = "The XML you provided was not well-formed or did not validate against our published schema.";
        return Err(
            Refusal::bad_request("MalformedXML", problem).explained("the list names no part")
        );
    }
    if !named.is_sorted_by(|a, b| a.number < b.number) {
        let problem = "The list of parts was not in ascending order. Parts list must be specified in order by part number.";
        return Err(Refusal::bad_request("InvalidPartOrder", problem));
    }
    let find = |named: &Named| {
        upload
            .parts
            .get(&named.number)
            .filter(|part| {
                let (have, want) = (part.etag.trim_matches('"'), named.etag.trim());
                have.eq_ignore_ascii_case(want.trim_matches('"'))
            })
            .cloned()
            .ok_or_else(|| {
                let problem = "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.";
                Refusal::bad_request("InvalidPart", problem)
                    .detail("PartNumber", named.number.to_string())
                    .detail("ETag", named.etag.as_str())
            })
    };
    named.iter().map(find).collect()
}

fn check_sizes(parts: &[Object]) -> Result<(), Refusal> {
    let before_last = parts.len().saturating_sub(1);
    match parts[..before_last].iter().find(|part| part.size < LEAST) {
        None => Ok(()),
        Some(part) => {
            let problem = "Your proposed upload smaller than the minimum allowed size.";
            Err(Refusal::bad_request("EntityTooSmall", problem)
                .detail("ProposedSize", part.size.to_string())
                .detail("MinSizeAllowed", LEAST.to_string()))
        }
    }
}

/// Parts, one after the other.
struct Joined {
    blob: Arc<Blob>,
    size: u64,
    etag: String,
    crc64: u64,
    digest: String,
}

/// Copies files: not for the server's own thread.
fn join(parts: &[Object]) -> io::Result<Joined> {
    let blob = Blob::create()?;
    let mut writer = blob.writer_at(0)?;
    let (mut tags, mut md5, mut crc64, mut size) = (Md5::new(), Md5::new(), CRC64.digest(), 0);
    let mut buffer = vec![0; 256 * 1024];
    for part in parts {
        // The tag of such an object is made of those of its parts. // assumed: multipart-etag
        tags.update(part.etag.trim_matches('"'));
        let mut reader = part.blob.open_at(0)?.take(part.size);
        loop {
            match reader.read(&mut buffer)? {
                0 => break,
                read => {
                    writer.write(&buffer[..read])?;
                    md5.update(&buffer[..read]);
                    crc64.update(&buffer[..read]);
                    size += read as u64;
                }
            }
        }
    }
    let tag = hex(&tags.finalize()).to_ascii_uppercase();
    Ok(Joined {
        blob: Arc::new(blob),
        size,
        etag: format!("\"{tag}-{}\"", parts.len()),
        crc64: crc64.finalize(),
        digest: hex(&md5.finalize()),
    })
}

/// Answers `DELETE ?uploadId`.
pub(super) fn abort(shared: &Shared, asked: &Asked) -> Answer {
    let removed = shared.oss.with(|store| {
        upload(store, asked)?;
        Ok(store
            .uploads
            .remove(asked.parameter("uploadId").unwrap_or_default()))
    })?;
    // The files are removed outside of the lock.
    drop(removed);
    let builder = Response::builder().status(StatusCode::NO_CONTENT);
    let aborted = Effect::UploadAborted {
        upload_id: asked.parameter("uploadId").unwrap_or_default().to_owned(),
    };
    Ok((respond(builder, Body::empty())?, vec![aborted]))
}

/// Answers `GET ?uploadId`.
pub(super) fn list_parts(shared: &Shared, asked: &Asked) -> Answer {
    let number = |name: &str, default: usize| match asked.parameter(name) {
        None | Some("") => Ok(default),
        Some(text) => text
            .parse::<usize>()
            .map_err(|_| Refusal::argument(name, text, format!("{name} is not a number."))),
    };
    let after = number("part-number-marker", 0)?;
    let most = number("max-parts", 1000)?.min(1000);
    if most == 0 {
        // A page of nothing would never come to an end. // assumed: empty-page
        let problem = "Argument max-parts must be an integer between 1 and 1000.";
        return Err(Refusal::argument("max-parts", "0", problem).assumed("empty-page"));
    }
    let answer = shared.oss.with(|store| {
        let upload = upload(store, asked)?;
        let mut rest = upload
            .parts
            .iter()
            .filter(|(number, _)| **number as usize > after);
        let page: Vec<_> = rest.by_ref().take(most).collect();
        let next = page.last().map_or(after, |(number, _)| **number as usize);
        let answer = Document::new("ListPartsResult").text("Bucket", &asked.bucket);
        let answer = key_of(asked, answer)
            .text("UploadId", asked.parameter("uploadId").unwrap_or_default())
            .text("StorageClass", "Standard")
            .text("PartNumberMarker", &after.to_string())
            .text("NextPartNumberMarker", &next.to_string())
            .text("MaxParts", &most.to_string())
            .text("IsTruncated", &rest.next().is_some().to_string());
        Ok(page.into_iter().fold(answer, |answer, (number, part)| {
            answer.group(
                "Part",
                &[
                    ("PartNumber", number.to_string()),
                    ("LastModified", iso(part.stored_ms)),
                    ("ETag", part.etag.clone()),
                    ("HashCrc64ecma", part.crc64.to_string()),
                    ("Size", part.size.to_string()),
                ],
            )
        }))
    })?;
    Ok((document(answer)?, Vec::new()))
}
