//! MediaCloud's part of the demo: the login, a category, a medium that is registered, read, and left in order.

use vodkit_mediacloud::Client;
use vodkit_mediacloud::types::{CloudProvider, MediaType};
use vodkit_request::BlockingTransport;

use super::Steps;
use super::story::{Row, wait_for};
use crate::failure::Failure;

/// What the emulator says of a medium that is ready. The vendor documents no such word.
const READY: &str = "finished";

pub(super) fn tell<T: BlockingTransport>(
    client: &Client<T>,
    steps: &mut Steps,
) -> Result<Row, Failure> {
    let category = client.create_category("vodkit demo").send()?;
    let medium = client
        .register_media(
            MediaType::Video,
            CloudProvider::Mos,
            "vodkit-demo",
            "vodkit-demo/vodkit-demo.mp4",
        )
        .class_id(category.clone())
        .display_name("vodkit demo")
        .send()?;
    let id = medium
        .as_str()
        .ok_or_else(|| Failure::verification("the new medium of mediacloud has no id"))?
        .to_owned();
    wait_for(client.transport(), "the medium of mediacloud", || {
        let seen = client.get_media(id.clone()).send()?;
        Ok((seen["status"] == READY).then_some(()))
    })?;
    client.delete_categories([category.clone()]).send()?;
    steps.done(
        "mediacloud",
        format!("logged in once; medium {id} was registered and read, category {category} deleted"),
    )?;
    Ok(Row {
        vendor: "mediacloud",
        access: "login",
        made: format!("medium {id}"),
        processed: true,
        listed: None,
        bytes_equal: None,
    })
}
