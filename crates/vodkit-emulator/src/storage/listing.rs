//! What is there of an upload in parts, and which uploads are there.

use super::dialect::Dialect;
use super::multipart::upload;
use super::refusal::Refusal;
use super::request::Asked;
use super::{Answer, document};
use crate::server::Shared;

/// Most entries of a page.
pub(crate) const PAGE: usize = 1000;

/// The number in a parameter.
pub(crate) fn number<D: Dialect>(
    asked: &Asked,
    name: &'static str,
    default: usize,
) -> Result<usize, Refusal> {
    match asked.text(name) {
        "" => Ok(default),
        text => text
            .parse::<usize>()
            .ok()
            .filter(|number| *number <= D::GREATEST)
            .ok_or_else(|| {
                let message = format!("{name} has to be a whole number from 0 to {}", D::GREATEST);
                Refusal::argument(name, text, message)
            }),
    }
}

/// Answers `GET ?uploadId`.
pub(super) fn list_parts<D: Dialect>(shared: &Shared, asked: &Asked) -> Answer {
    let after = number::<D>(asked, "part-number-marker", 0)?;
    let most = D::page(asked, "max-parts")?;
    let answer = D::with(shared, |store| {
        let upload = upload(store, asked)?;
        let mut rest = upload
            .parts
            .iter()
            .filter(|(number, _)| **number as usize > after);
        let page: Vec<_> = rest.by_ref().take(most).collect();
        let next = page.last().map_or(after, |(number, _)| **number as usize);
        let answer = D::document("ListPartsResult").text("Bucket", &asked.bucket);
        let answer = D::with_key(asked, answer)
            .text("UploadId", asked.text("uploadId"))
            .text("StorageClass", D::STORAGE_CLASS)
            .text("PartNumberMarker", &after.to_string())
            .text("NextPartNumberMarker", &next.to_string())
            .text("MaxParts", &most.to_string())
            .text("IsTruncated", &rest.next().is_some().to_string());
        Ok(page.into_iter().fold(answer, |answer, (number, part)| {
            let known = [
                ("PartNumber", number.to_string()),
                ("LastModified", D::moment(part.stored_ms)),
                ("ETag", part.etag.clone()),
            ];
            let members: Vec<_> = known
                .into_iter()
                .chain(D::part_element(part))
                .chain([("Size", part.size.to_string())])
                .collect();
            answer.group("Part", &members)
        }))
    })?;
    Ok((document(answer)?, Vec::new()))
}

/// A page of the list of uploads. Keys are as the list has them.
pub(crate) struct UploadsPage<'a> {
    pub(crate) bucket: &'a str,
    pub(crate) prefix: String,
    pub(crate) key_marker: String,
    pub(crate) id_marker: &'a str,
    pub(crate) most: usize,
    /// Whether keys are encoded.
    pub(crate) url: bool,
    /// Whether more follow.
    pub(crate) truncated: bool,
    /// Key and id of the last upload of the page, if more follow.
    pub(crate) next: Option<(String, &'a str)>,
}

/// Answers `GET ?uploads` on a bucket: by key, and for one key as the store ranks them.
pub(super) fn list_uploads<D: Dialect>(shared: &Shared, asked: &Asked) -> Answer {
    if !asked.text("delimiter").is_empty() {
        return Err(D::grouped(asked));
    }
    let most = D::page(asked, "max-uploads")?;
    let (prefix, key_marker) = (asked.text("prefix"), asked.text("key-marker"));
    // Without the key's marker that of the id means nothing.
    let id_marker = match key_marker {
        "" => "",
        _ => asked.text("upload-id-marker"),
    };
    let mut found = D::with(shared, |store| {
        let since = match id_marker {
            "" => None,
            id => D::rank(store.uploads.get(id)),
        };
        let uploads = store.uploads.iter().filter_map(|(id, upload)| {
            let rank = D::rank(Some(upload));
            let key = upload.key.as_str();
            // With a marker of an id the rest of that key belongs to the page too.
            let follows = match since {
                Some(_) if key == key_marker => (rank, id.as_str()) > (since, id_marker),
                _ => key > key_marker,
            };
            let listed = upload.bucket == asked.bucket && key.starts_with(prefix) && follows;
            listed.then(|| (key.to_owned(), rank, id.clone(), upload.begun_ms))
        });
        uploads.collect::<Vec<_>>()
    });
    found.sort();
    let url = asked.text("encoding-type") == "url";
    let shown = |key: &str| match url {
        true => D::encoded_key(key),
        false => key.to_owned(),
    };
    let (page, rest) = found.split_at(found.len().min(most));
    let head = UploadsPage {
        bucket: &asked.bucket,
        prefix: shown(prefix),
        key_marker: shown(key_marker),
        id_marker,
        most,
        url,
        truncated: !rest.is_empty(),
        next: match page.last() {
            Some((key, _, id, _)) if !rest.is_empty() => Some((shown(key), id)),
            _ => None,
        },
    };
    let answer = D::uploads_head(&head);
    let answer = page.iter().fold(answer, |answer, (key, _, id, begun_ms)| {
        answer.group(
            "Upload",
            &[
                ("Key", shown(key)),
                ("UploadId", id.clone()),
                ("StorageClass", D::STORAGE_CLASS.to_owned()),
                ("Initiated", D::moment(*begun_ms)),
            ],
        )
    });
    Ok((document(answer)?, Vec::new()))
}
