//! Uploads in parts that are neither complete nor aborted.

use super::access::{Asked, iso};
use super::multipart::document;
use super::refusal::{Document, Refusal};
use super::signature;
use super::{Answer, store::Upload};
use crate::server::Shared;

/// Longest page of the list.
const MOST: usize = 1000;

/// Answers `GET ?uploads`: by key, and for one key by id.
pub(super) fn list(shared: &Shared, asked: &Asked) -> Answer {
    let text = |name| asked.parameter(name).unwrap_or_default();
    if !text("delimiter").is_empty() {
        let problem = "The emulator groups no keys.";
        return Err(
            Refusal::argument("delimiter", text("delimiter"), problem).assumed("list-uploads")
        );
    }
    let most = match text("max-uploads") {
        "" => MOST,
        given => given
            .parse()
            .ok()
            .filter(|most| (1..=MOST).contains(most))
            .ok_or_else(|| {
                let problem = "Argument max-uploads must be an integer between 1 and 1000.";
                Refusal::argument("max-uploads", given, problem).assumed("empty-page")
            })?,
    };
    let (prefix, key_marker) = (text("prefix"), text("key-marker"));
    // Without the key's marker that of the id means nothing.
    let id_marker = match key_marker {
        "" => "",
        _ => text("upload-id-marker"),
    };
    // With a marker of an id the rest of that key belongs to the page too.
    let follows = |key: &str, id: &str| match id_marker {
        "" => key > key_marker,
        _ => (key, id) > (key_marker, id_marker),
    };
    let url = text("encoding-type") == "url";
    let shown = |key: &str| match url {
        true => signature::encoded(key).replace('/', "%2F"),
        false => key.to_owned(),
    };
    let page = shared.oss.with(|store| {
        let mut found: Vec<(String, String, i64)> = store
            .uploads
            .iter()
            .filter(|(_, upload)| upload.bucket == asked.bucket)
            .filter(|(_, upload)| upload.key.starts_with(prefix))
            .filter(|(id, upload)| follows(&upload.key, id))
            .map(|(id, Upload { key, begun_ms, .. })| (key.clone(), id.clone(), *begun_ms))
            .collect();
        found.sort();
        found
    });
    let (page, rest) = page.split_at(page.len().min(most));
    let (next_key, next_id) = match page.last() {
        Some((key, id, _)) if !rest.is_empty() => (key.as_str(), id.as_str()),
        _ => ("", ""),
    };
    let answer = Document::new("ListMultipartUploadsResult");
    let answer = match url {
        true => answer.text("EncodingType", "url"),
        false => answer,
    };
    let answer = answer
        .text("Bucket", &asked.bucket)
        .text("KeyMarker", &shown(key_marker))
        .text("UploadIdMarker", id_marker)
        .text("NextKeyMarker", &shown(next_key))
        .text("NextUploadIdMarker", next_id)
        .text("Delimiter", "")
        .text("Prefix", &shown(prefix))
        .text("MaxUploads", &most.to_string())
        .text("IsTruncated", &(!rest.is_empty()).to_string());
    let answer = page.iter().fold(answer, |answer, (key, id, begun_ms)| {
        answer.group(
            "Upload",
            &[
                ("Key", shown(key)),
                ("UploadId", id.clone()),
                ("StorageClass", "Standard".to_owned()),
                ("Initiated", iso(*begun_ms)),
            ],
        )
    });
    Ok((document(answer)?, Vec::new()))
}
