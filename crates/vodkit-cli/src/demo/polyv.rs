//! Polyv's part of the demo: the settings, a category, a video that the vendor pulls from an address, the permission to play it.

use vodkit_polyv::Client;
use vodkit_request::BlockingTransport;

use super::Steps;
use super::story::{Row, wait_for};
use crate::failure::Failure;

const TITLE: &str = "vodkit demo";

pub(super) fn tell<T: BlockingTransport>(
    client: &Client<T>,
    source: &str,
    steps: &mut Steps,
) -> Result<Row, Failure> {
    let settings = client.get_playsafe().send()?;
    let level = settings.hlslevel.as_str();
    let cataid = client.add_category(TITLE, "1").send()?.cataid;
    client
        .pull_videos([source.to_owned()], [TITLE.to_owned()])
        .cataid(cataid.clone())
        .send()?;
    let video = wait_for(client.transport(), "the video that polyv pulls", || {
        for page in client.list_new_videos().pages() {
            let found = page?.into_iter().find(|video| {
                video.title.as_deref() == Some(TITLE)
                    && matches!(video.status.as_str(), "60" | "61")
            });
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    })?;
    let pass = client
        .create_play_token(video.vid.clone(), "viewer-1")
        .send()?;
    if pass.token.is_empty() {
        return Err(Failure::verification("polyv gave an empty play token"));
    }
    steps.done(
        "polyv",
        format!(
            "encryption {level}; video {} was pulled into category {cataid} and has a play token",
            video.vid
        ),
    )?;
    Ok(Row {
        vendor: "polyv",
        access: "signature (SHA-1)",
        made: format!("video {}", video.vid),
        processed: true,
        listed: Some(true),
        bytes_equal: None,
    })
}
