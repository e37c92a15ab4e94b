//! Objects that are sent in parts.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::{StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use md5::{Digest as _, Md5};
use serde::Deserialize;

use super::access::{Asked, Payload};
use super::object::receive;
use super::signature::{encoded, encoded_path};
use super::store::{Object, Store, Upload};
use super::{Answer, keep, respond};
use crate::blob::Blob;
use crate::clock;
use crate::digest::hex;
use crate::journal::Effect;
use crate::server::{Shared, base_of};
use crate::storage::refusal::{Document, Refusal, XML};

/// Numbers that a part may have.
const NUMBERS: RangeInclusive<u32> = 1..=10_000;
/// Least size of every part but the last, in bytes. Looked at when the upload is completed, as S3 does.
const LEAST: u64 = 5 << 20;
/// Longest list of parts that is read, in bytes: more than 10 000 entries take.
const LIST_LIMIT: usize = 4 << 20;
/// Most entries of a page.
const PAGE: usize = 1000;

pub(super) fn document(document: Document) -> Result<Response, Refusal> {
    let builder = Response::builder().header(header::CONTENT_TYPE, XML);
    respond(builder, Body::from(document.finish()))
}

/// The upload that `uploadId` names, if it is one of this object's.
fn upload<'a>(store: &'a mut Store, asked: &Asked) -> Result<&'a mut Upload, Refusal> {
    let id = asked.parameter("uploadId").unwrap_or_default();
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
pub(super) fn create(shared: &Shared, asked: &Asked) -> Answer {
    let begun_ms = shared.clock.now_ms();
    let id = shared.s3.with(|store| {
        let id = store.fresh("upload");
        let upload = Upload {
            bucket: asked.bucket.clone(),
            key: asked.key.clone(),
            content_type: asked.header("content-type"),
            begun_ms,
            parts: BTreeMap::new(),
        };
        store.uploads.insert(id.clone(), upload);
        id
    });
    let answer = Document::of_s3("InitiateMultipartUploadResult")
        .text("Bucket", &asked.bucket)
        .text("Key", &asked.key)
        .text("UploadId", &id);
    let begun = Effect::UploadBegun {
        object: format!("{}/{}", asked.bucket, asked.key),
        upload_id: id,
    };
    Ok((document(answer)?, vec![begun]))
}

/// Answers `PUT ?partNumber&uploadId`. A part that was sent before is replaced.
pub(super) async fn upload_part(
    shared: &Arc<Shared>,
    asked: &Asked,
    payload: &Payload,
    body: &mut Body,
) -> Answer {
    let text = asked.parameter("partNumber").unwrap_or_default();
    let number = text
        .parse()
        .ok()
        .filter(|number| NUMBERS.contains(number))
        .ok_or_else(|| {
            let message = "parts are numbered from 1 to 10000";
            Refusal::argument("partNumber", text, message)
        })?;
    shared.s3.with(|store| upload(store, asked).map(drop))?;
    let received = receive(shared, asked, payload, body).await?;
    let response = respond(received.summary(), Body::empty())?;
    let stored = Effect::PartStored {
        upload_id: asked.parameter("uploadId").unwrap_or_default().to_owned(),
        number,
        bytes: received.object.size,
        md5: hex(&received.object.md5),
    };
    // It may have been aborted while the bytes came.
    shared.s3.with(|store| {
        upload(store, asked).map(|upload| upload.parts.insert(number, received.object))
    })?;
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

/// Answers `POST ?uploadId`: the named parts, in order, become the object.
pub(super) async fn complete(
    shared: &Arc<Shared>,
    asked: &Asked,
    payload: &Payload,
    body: &mut Body,
) -> Answer {
    let list = Limited::new(body, LIST_LIMIT)
        .collect()
        .await
        .map_err(|error| malformed(format!("the list of parts: {error}")))?
        .to_bytes();
    super::check_body(payload, &list)?;
    let list: CompleteMultipartUpload = quick_xml::de::from_reader(&list[..])
        .map_err(|error| malformed(format!("the list of parts: {error}")))?;
    let (content_type, parts) = shared.s3.with(|store| {
        let upload = upload(store, asked)?;
        let chosen = chosen(upload, &list.parts)?;
        check_sizes(&chosen, &list.parts)?;
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
        content_type: match content_type.is_empty() {
            true => "binary/octet-stream".to_owned(),
            false => content_type,
        },
        stored_ms: shared.clock.now_ms(),
        ..joined
    };
    let base = base_of(shared, &asked.headers);
    let path = encoded_path(&asked.key);
    let answer = Document::of_s3("CompleteMultipartUploadResult")
        .text("Location", &format!("{base}/{}/{path}", asked.bucket))
        .text("Bucket", &asked.bucket)
        .text("Key", &asked.key)
        .text("ETag", &object.etag);
    let effects = keep(shared, asked, object, Some(count));
    Ok((document(answer)?, effects))
}

/// The parts that a list names, if all of them are there as it says.
fn chosen(upload: &Upload, named: &[Named]) -> Result<Vec<Object>, Refusal> {
    if named.is_empty() {
        return Err(malformed("the list names no part".to_owned()));
    }
    if !named.is_sorted_by(|a, b| a.number < b.number) {
        let message = "the list does not name the parts in the order of their numbers";
        return Err(Refusal::bad_request("InvalidPartOrder", message));
    }
    let find = |named: &Named| {
        let tag = named.etag.trim().trim_matches('"');
        upload
            .parts
            .get(&named.number)
            .filter(|part| part.etag.trim_matches('"').eq_ignore_ascii_case(tag))
            .cloned()
            .ok_or_else(|| {
                let message = "a part of the list is not here, or has another ETag";
                Refusal::bad_request("InvalidPart", message)
                    .detail("PartNumber", named.number.to_string())
                    .detail("ETag", tag)
            })
    };
    named.iter().map(find).collect()
}

fn check_sizes(parts: &[Object], named: &[Named]) -> Result<(), Refusal> {
    let before_last = parts.iter().zip(named).take(parts.len().saturating_sub(1));
    for (part, named) in before_last {
        if part.size < LEAST {
            let message = "a part before the last is too small";
            return Err(Refusal::bad_request("EntityTooSmall", message)
                .detail("ProposedSize", part.size.to_string())
                .detail("MinSizeAllowed", LEAST.to_string())
                .detail("PartNumber", named.number.to_string())
                .detail("ETag", part.etag.trim_matches('"')));
        }
    }
    Ok(())
}

/// Parts, one after the other. Copies files: not for the server's own thread.
fn join(parts: &[Object]) -> io::Result<Object> {
    let blob = Blob::create()?;
    let mut writer = blob.writer_at(0)?;
    let (mut tags, mut md5, mut size) = (Md5::new(), Md5::new(), 0);
    let mut buffer = vec![0; 256 * 1024];
    for part in parts {
        tags.update(part.md5);
        let mut reader = part.blob.open_at(0)?.take(part.size);
        loop {
            match reader.read(&mut buffer)? {
                0 => break,
                read => {
                    writer.write(&buffer[..read])?;
                    md5.update(&buffer[..read]);
                    size += read as u64;
                }
            }
        }
    }
    Ok(Object {
        blob: Arc::new(blob),
        size,
        etag: format!("\"{}-{}\"", hex(&tags.finalize()), parts.len()),
        md5: md5.finalize().into(),
        content_type: String::new(),
        stored_ms: 0,
    })
}

/// Answers `DELETE ?uploadId`.
pub(super) fn abort(shared: &Shared, asked: &Asked) -> Answer {
    let removed = shared.s3.with(|store| {
        upload(store, asked)?;
        let id = asked.parameter("uploadId").unwrap_or_default();
        Ok(store.uploads.remove(id))
    })?;
    // The files are removed outside of the lock.
    drop(removed);
    let builder = Response::builder().status(StatusCode::NO_CONTENT);
    let aborted = Effect::UploadAborted {
        upload_id: asked.parameter("uploadId").unwrap_or_default().to_owned(),
    };
    Ok((respond(builder, Body::empty())?, vec![aborted]))
}

/// How long a page may be, and the number in another parameter.
fn number(asked: &Asked, name: &'static str, default: usize) -> Result<usize, Refusal> {
    match asked.parameter(name) {
        None | Some("") => Ok(default),
        Some(text) => text
            .parse::<usize>()
            .ok()
            .filter(|number| i32::try_from(*number).is_ok())
            .ok_or_else(|| {
                let message = format!("{name} has to be a whole number from 0 to 2147483647");
                Refusal::argument(name, text, message)
            }),
    }
}

/// Answers `GET ?uploadId`.
pub(super) fn list_parts(shared: &Shared, asked: &Asked) -> Answer {
    let after = number(asked, "part-number-marker", 0)?;
    let most = number(asked, "max-parts", PAGE)?.min(PAGE);
    let answer = shared.s3.with(|store| {
        let upload = upload(store, asked)?;
        let mut rest = upload
            .parts
            .iter()
            .filter(|(number, _)| **number as usize > after);
        let page: Vec<_> = rest.by_ref().take(most).collect();
        let next = page.last().map_or(after, |(number, _)| **number as usize);
        let answer = Document::of_s3("ListPartsResult")
            .text("Bucket", &asked.bucket)
            .text("Key", &asked.key)
            .text("UploadId", asked.parameter("uploadId").unwrap_or_default())
            .text("StorageClass", "STANDARD")
            .text("PartNumberMarker", &after.to_string())
            .text("NextPartNumberMarker", &next.to_string())
            .text("MaxParts", &most.to_string())
            .text("IsTruncated", &rest.next().is_some().to_string());
        Ok(page.into_iter().fold(answer, |answer, (number, part)| {
            answer.group(
                "Part",
                &[
                    ("PartNumber", number.to_string()),
                    ("LastModified", clock::utc_text(part.stored_ms)),
                    ("ETag", part.etag.clone()),
                    ("Size", part.size.to_string()),
                ],
            )
        }))
    })?;
    Ok((document(answer)?, Vec::new()))
}

/// Answers `GET ?uploads` on a bucket: by key, and for one key by the time of its beginning.
pub(super) fn list_uploads(shared: &Shared, asked: &Asked) -> Answer {
    let text = |name| asked.parameter(name).unwrap_or_default();
    if !text("delimiter").is_empty() {
        let message = "a parameter asks for something that is not played here";
        return Err(
            Refusal::new(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
                .explained("the emulator groups no keys")
                .assumed("operations"),
        );
    }
    let most = number(asked, "max-uploads", PAGE)?.min(PAGE);
    let (prefix, key_marker) = (text("prefix"), text("key-marker"));
    // Without the key's marker that of the id means nothing.
    let id_marker = match key_marker {
        "" => "",
        _ => text("upload-id-marker"),
    };
    let found = shared.s3.with(|store| {
        let begun = |id: &str| store.uploads.get(id).map(|upload| upload.begun_ms);
        let since = begun(id_marker);
        // With a marker of an id the rest of that key belongs to the page too.
        let follows = |key: &str, begun_ms: i64, id: &str| match since {
            Some(since) if key == key_marker => (begun_ms, id) > (since, id_marker),
            _ => key > key_marker,
        };
        let mut found: Vec<(String, i64, String)> = store
            .uploads
            .iter()
            .filter(|(_, upload)| upload.bucket == asked.bucket)
            .filter(|(_, upload)| upload.key.starts_with(prefix))
            .filter(|(id, upload)| follows(&upload.key, upload.begun_ms, id))
            .map(|(id, upload)| (upload.key.clone(), upload.begun_ms, id.clone()))
            .collect();
        found.sort();
        found
    });
    let url = text("encoding-type") == "url";
    let shown = |key: &str| match url {
        true => encoded(key),
        false => key.to_owned(),
    };
    let (page, rest) = found.split_at(found.len().min(most));
    let truncated = !rest.is_empty();
    let answer = Document::of_s3("ListMultipartUploadsResult")
        .text("Bucket", &asked.bucket)
        .text("KeyMarker", &shown(key_marker))
        .text("UploadIdMarker", id_marker)
        .text("Prefix", &shown(prefix))
        .text("MaxUploads", &most.to_string())
        .text("IsTruncated", &truncated.to_string());
    let answer = match url {
        true => answer.text("EncodingType", "url"),
        false => answer,
    };
    let answer = match page.last() {
        Some((key, _, id)) if truncated => answer
            .text("NextKeyMarker", &shown(key))
            .text("NextUploadIdMarker", id),
        _ => answer,
    };
    let answer = page.iter().fold(answer, |answer, (key, begun_ms, id)| {
        answer.group(
            "Upload",
            &[
                ("Key", shown(key)),
                ("UploadId", id.clone()),
                ("StorageClass", "STANDARD".to_owned()),
                ("Initiated", clock::utc_text(*begun_ms)),
            ],
        )
    });
    Ok((document(answer)?, Vec::new()))
}
