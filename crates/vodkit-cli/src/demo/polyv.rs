//! Polyv's part of the demo: the settings, a category, an upload to the object storage, the bytes back, the permission to play.

use vodkit_polyv::Client;
use vodkit_request::BlockingTransport;

use super::Steps;
use super::story::{Row, wait_for};
use crate::failure::Failure;
use crate::playback::{self, Original};

const TITLE: &str = "vodkit demo";

pub(super) fn tell<T: BlockingTransport>(
    client: &Client<T>,
    original: &Original,
    steps: &mut Steps,
) -> Result<Row, Failure> {
    let settings = client.get_playsafe().send()?;
    let level = settings.hlslevel.as_str();
    let cataid = client.add_category(TITLE, "1").send()?.cataid;
    let uploaded = client
        .upload(original.input())
        .title(TITLE)
        .order(|order| order.cataid(cataid.clone()))
        .send()?;
    let video = wait_for(
        client.transport(),
        "the video that polyv transcodes",
        || {
            for page in client.list_new_videos().pages() {
                let found = page?.into_iter().find(|video| {
                    video.vid == uploaded.vid && matches!(video.status.as_str(), "60" | "61")
                });
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok(None)
        },
    )?;
    let url = video
        .mp4
        .ok_or_else(|| Failure::verification("polyv gives no address of the video"))?;
    let (md5, played) = (
        original.md5()?,
        playback::compare(client.transport(), &url, original)?,
    );
    for (what, theirs) in [
        ("played", Some(&played)),
        ("has", video.md5checksum.as_ref()),
    ] {
        if theirs.is_some_and(|theirs| *theirs != md5) {
            return Err(Failure::verification(format!(
                "what polyv {what} is not of MD5 {md5}, as what was uploaded"
            )));
        }
    }
    let pass = client
        .create_play_token(video.vid.clone(), "viewer-1")
        .send()?;
    if pass.token.is_empty() {
        return Err(Failure::verification("polyv gave an empty play token"));
    }
    steps.done(
        "polyv",
        format!(
            "level of encryption {level}; video {} was uploaded into category {cataid}; {} bytes came back, all equal; it has a play token",
            video.vid, uploaded.bytes
        ),
    )?;
    Ok(Row {
        vendor: "polyv",
        access: "signature (SHA-1)",
        made: format!("video {}", video.vid),
        processed: true,
        listed: Some(true),
        bytes_equal: Some(true),
    })
}
