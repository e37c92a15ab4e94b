//! QuVideo's part of the demo: a guest, an upload to the object storage, the list, and the bytes back.

use vodkit_quvideo::Client;
use vodkit_request::BlockingTransport;
use vodkit_request::types::Secret;

use super::Steps;
use super::story::{Row, wait_for};
use crate::failure::Failure;
use crate::playback::{self, Original};

/// `client` makes a client for a token: the first without one, as a program has it that knows nobody yet.
pub(super) fn tell<T: BlockingTransport>(
    client: impl Fn(Option<Secret>) -> Result<Client<T>, Failure>,
    original: &Original,
    steps: &mut Steps,
) -> Result<Row, Failure> {
    let guest = client(None)?.random_user().send()?;
    let token = guest
        .token
        .ok_or_else(|| Failure::verification("the new guest of quvideo has no token"))?;
    // The picture of the guest will do as a cover.
    let cover = guest
        .avatar_url
        .ok_or_else(|| Failure::verification("the new guest of quvideo has no picture"))?;
    let client = client(Some(token))?;
    let uploaded = client
        .upload(original.input())
        .title("vodkit demo")
        .cover_url(cover)
        .send()?;
    let md5 = original.md5()?;
    if let Some(theirs) = &uploaded.stored.etag
        && !theirs.eq_ignore_ascii_case(&md5)
    {
        return Err(Failure::verification(format!(
            "the storage of quvideo has a file of MD5 {theirs}, uploaded was {md5}"
        )));
    }
    let url = wait_for(
        client.transport(),
        "the video that quvideo transcodes",
        || {
            for page in client.get_personal_video_list(1, 20).pages() {
                let found = page?
                    .into_iter()
                    .find(|video| video.video_id.as_ref() == Some(&uploaded.video_id));
                if let Some(url) = found.and_then(|video| video.file_url_list.into_iter().next()) {
                    return Ok(Some(url));
                }
            }
            Ok(None)
        },
    )?;
    let played = playback::compare(client.transport(), &url, original)?;
    if played != md5 {
        return Err(Failure::verification(format!(
            "what quvideo played has MD5 {played}, uploaded was {md5}"
        )));
    }
    steps.done(
        "quvideo",
        format!(
            "a guest uploaded and published video {}; {} bytes came back, all equal",
            uploaded.video_id, uploaded.bytes
        ),
    )?;
    Ok(Row {
        vendor: "quvideo",
        access: "token",
        made: format!("video {}", uploaded.video_id),
        processed: true,
        listed: Some(true),
        bytes_equal: Some(true),
    })
}
