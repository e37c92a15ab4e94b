//! Uploads in parts to the storage: how large parts are, and what is left of an upload that was given up.

use vodkit_emulator::Effect;

use crate::client::vendor;
use crate::signer::{Ask, Keys, ask};

const LEAST: usize = 5 << 20;

#[test]
fn parts_must_be_large_and_an_abandoned_upload_is_gone() {
    let vendor = vendor();
    let keys = Keys::of(&vendor);
    let send = |ask: Ask| ask.send(&vendor, &keys);
    let id = send(ask("POST", "a", &[("uploads", "")], b"")).element("UploadId");
    let named = |number| [("partNumber", number), ("uploadId", id.as_str())];
    let tag = |number, body: &[u8]| {
        let reply = send(ask("PUT", "a", &named(number), body));
        reply.header("etag").unwrap().to_owned()
    };
    let (small, last) = (tag("1", &vec![1; LEAST - 1]), tag("2", b"x"));
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{small}</ETag></Part><Part><PartNumber>2</PartNumber><ETag>{last}</ETag></Part></CompleteMultipartUpload>"
    );
    let complete = ask("POST", "a", &[("uploadId", &id)], list.as_bytes());
    let refused = send(complete.clone());
    assert_eq!(refused.refusal(), (400, "EntityTooSmall".to_owned()));
    assert_eq!(refused.element("ProposedSize"), (LEAST - 1).to_string());
    assert_eq!(refused.element("PartNumber"), "1");
    tag("1", &vec![1; LEAST]);
    // The list names the tag of the part that was replaced.
    assert_eq!(send(complete).refusal(), (400, "InvalidPart".to_owned()));
    let of_another = ask("PUT", "b", &named("1"), b"x");
    assert_eq!(send(of_another).refusal(), (404, "NoSuchUpload".to_owned()));
    assert_eq!(
        send(ask("DELETE", "a", &[("uploadId", &id)], b"")).status,
        204
    );
    assert_eq!(
        vendor.emulator.journal().pop().unwrap().effects,
        [Effect::UploadAborted {
            upload_id: id.clone()
        }]
    );
    let refused = send(ask("PUT", "a", &named("1"), b"x"));
    assert_eq!(refused.refusal(), (404, "NoSuchUpload".to_owned()));
}
