//! MediaCloud's part of the demo: the login, a category, an upload to the object storage, the medium that it is registered as, and the bytes back.

use vodkit_emulator::mediacloud::{Account, DEFAULT_BUCKET};
use vodkit_mediacloud::{Client, ObjectStorage};
use vodkit_request::BlockingTransport;

use super::Steps;
use super::story::{Row, wait_for};
use crate::failure::Failure;
use crate::playback::{self, Original};

/// What the emulator says of a medium that is ready. The vendor documents no such word.
const READY: &str = "finished";

pub(super) fn tell<T: BlockingTransport>(
    client: &Client<T>,
    account: &Account,
    storage: &ObjectStorage,
    original: &Original,
    steps: &mut Steps,
) -> Result<Row, Failure> {
    let category = client.create_category("vodkit demo").send()?;
    let uploaded = client
        .upload(original.input(), storage, DEFAULT_BUCKET)
        .title("vodkit demo")
        .register(|call| call.class_id(category.clone()))
        .send()?;
    // The tag of an object that was sent in parts is not the MD5 of its content.
    let md5 = original.md5()?;
    if let Some(theirs) = uploaded.stored.etag.as_deref()
        && !theirs.contains('-')
        && !theirs.eq_ignore_ascii_case(&md5)
    {
        return Err(Failure::verification(format!(
            "the storage of mediacloud has a file of MD5 {theirs}, uploaded was {md5}"
        )));
    }
    let id = uploaded
        .media
        .as_ref()
        .and_then(|medium| medium.as_str())
        .ok_or_else(|| Failure::verification("the new medium of mediacloud has no id"))?
        .to_owned();
    wait_for(client.transport(), "the medium of mediacloud", || {
        let seen = client.get_media(id.clone()).send()?;
        Ok((seen["status"] == READY).then_some(()))
    })?;
    let login = client
        .login(account.username.as_str(), account.password.as_str())
        .send()?;
    let (keys, (bucket, key)) = login
        .sts_token
        .zip(uploaded.file_uri.split_once('/'))
        .ok_or_else(|| Failure::verification("mediacloud gives no keys to read the object with"))?;
    let address = storage
        .access(&keys)
        .read_address(bucket, key, client.transport().tick().now)?;
    let came = playback::compare(client.transport(), address.expose(), original)?;
    if came != md5 {
        return Err(Failure::verification(format!(
            "what the storage of mediacloud gave has MD5 {came}, uploaded was {md5}"
        )));
    }
    client.delete_categories([category.clone()]).send()?;
    steps.done(
        "mediacloud",
        format!(
            "a file was uploaded and registered as medium {id}; {} bytes came back from the storage, all equal; category {category} deleted",
            original.len()
        ),
    )?;
    Ok(Row {
        vendor: "mediacloud",
        access: "login",
        made: format!("medium {id}"),
        processed: true,
        listed: None,
        bytes_equal: Some(true),
    })
}
