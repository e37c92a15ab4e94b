//! What the vendor grants for an upload: a place in its object storage, keys, and whom the storage tells.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use vodkit_types::polyv::UploadTicket;

use crate::error::{Error, ErrorKind};
use crate::oss::{Keys, Place, Target};
use crate::polyv::Polyv;
use crate::transport::Timestamp;

/// What is uploaded, as far as it decides where it goes.
pub(super) struct Wanted<'a> {
    pub(super) vid: &'a str,
    pub(super) file_name: &'a str,
}

/// Whether the account has room for a new video of this size.
///
/// # Errors
/// When it has not, before a byte is sent.
pub(super) fn has_room(ticket: &UploadTicket, bytes: u64) -> Result<(), Error> {
    // What a number below zero means is not known.
    let too_small = |left: &i64| u64::try_from(*left).is_ok_and(|left| left < bytes);
    match ticket.remain_space.filter(too_small) {
        None => Ok(()),
        Some(left) => Err(Error::new(
            ErrorKind::Refused,
            format!("the account has room for {left} bytes, and the file has {bytes}"),
        )),
    }
}

/// Where and with what the file goes. `now` is the vendor's time.
pub(super) fn target(
    vendor: &Polyv,
    wanted: &Wanted<'_>,
    ticket: &UploadTicket,
    now: Timestamp,
) -> Result<Target, Error> {
    let callback = match (text(&ticket.callback), text(&ticket.encoded_callback)) {
        (Some(json), _) => BASE64.encode(json),
        (None, Some(encoded)) => encoded.to_owned(),
        (None, None) => {
            return Err(Error::new(
                ErrorKind::Decode,
                "the reply has no callback, without which the vendor never learns of the file",
            ));
        }
    };
    let mut key = ticket.dir.clone().ok_or_else(|| lacks("dir"))?;
    key.push_str(wanted.vid);
    if let Some(extension) = extension(wanted.file_name) {
        key.push('.');
        key.push_str(extension);
    }
    Ok(Target {
        place: place(vendor, ticket, key)?,
        callback: Some(callback),
        keys: keys(ticket),
        expires: expires(ticket, now),
    })
}

/// The object with this key.
pub(super) fn place(vendor: &Polyv, ticket: &UploadTicket, key: String) -> Result<Place, Error> {
    // The vendor's own host leads to the bucket; the storage's needs the bucket before it.
    let (host, of_bucket) = match (text(&ticket.domain), text(&ticket.endpoint)) {
        (Some(domain), _) => (domain, true),
        (None, Some(endpoint)) => (endpoint, false),
        (None, None) => return Err(lacks("domain")),
    };
    let endpoint = match host.contains("://") {
        true => host.parse()?,
        false => vendor.api()?.at_host(host)?,
    };
    Ok(Place {
        endpoint,
        of_bucket,
        bucket: text(&ticket.bucket_name)
            .ok_or_else(|| lacks("bucketName"))?
            .to_owned(),
        key,
    })
}

pub(super) fn keys(ticket: &UploadTicket) -> Keys {
    Keys {
        access_key_id: ticket.access_id.clone(),
        access_key_secret: ticket.access_key.clone(),
        security_token: ticket.token.clone(),
    }
}

/// When the keys end. The vendor also names the moment, in a form that it does not describe.
pub(super) fn expires(ticket: &UploadTicket, now: Timestamp) -> Option<Timestamp> {
    let millis = ticket.validity_time?.checked_mul(1000)?;
    Some(now.offset(i64::try_from(millis).ok()?))
}

fn lacks(what: &str) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!("the reply has no {what}, so the file has no place to go to"),
    )
}

fn text(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

/// What follows the last full stop of a file name.
fn extension(file_name: &str) -> Option<&str> {
    let (stem, extension) = file_name.rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then_some(extension)
}
