//! Uploads in parts to the storage: how large parts are, and what is left of an upload that was given up.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use vodkit_emulator::Effect;

use crate::client::vendor;
use crate::signer::{Ask, Keys, ask, sha256};

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

#[test]
fn a_list_is_what_was_signed_and_pages_have_a_greatest_number() {
    let vendor = vendor();
    let keys = Keys::of(&vendor);
    let send = |ask: Ask| ask.send(&vendor, &keys);
    let id = send(ask("POST", "a", &[("uploads", "")], b"")).element("UploadId");
    let part = ask("PUT", "a", &[("partNumber", "1"), ("uploadId", &id)], b"x");
    let tag = send(part).header("etag").unwrap().to_owned();
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part></CompleteMultipartUpload>"
    );
    let complete = ask("POST", "a", &[("uploadId", &id)], list.as_bytes());
    let mut tampered = complete.clone();
    tampered.payload = sha256(b"another list");
    let refused = send(tampered);
    assert_eq!(
        refused.refusal(),
        (400, "XAmzContentSHA256Mismatch".to_owned())
    );

    for (number, status) in [("0", 200), ("2147483647", 200), ("2147483648", 400)] {
        for name in ["max-parts", "part-number-marker"] {
            let listed = send(ask("GET", "a", &[("uploadId", &id), (name, number)], b""));
            assert_eq!(listed.status, status, "{name} {number}");
        }
    }
    assert_eq!(send(complete).status, 200);
}

#[test]
fn the_length_of_a_body_is_told_and_a_wrong_digest_is_not_explained() {
    let vendor = vendor();
    let keys = Keys::of(&vendor);
    let put = ask("PUT", "a", &[], b"");
    let presigned = put.presigned(&vendor, &keys, "60");
    let mut stream = TcpStream::connect(vendor.emulator.address()).unwrap();
    let head = format!(
        "PUT {}?{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        presigned.path(),
        presigned.query_text(),
        vendor.emulator.address()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 411 "), "{reply}");
    assert!(reply.contains("<Code>MissingContentLength</Code>"));

    let mut wrong = ask("PUT", "a", &[], b"x");
    let digest = "AAAAAAAAAAAAAAAAAAAAAA==".to_owned();
    wrong.headers.push(("content-md5".to_owned(), digest));
    let refused = wrong.send(&vendor, &keys);
    assert_eq!(refused.refusal(), (400, "BadDigest".to_owned()));
    // That is OSS's.
    assert_eq!(refused.element("ClientComputedContentMD5"), "");
    assert!(vendor.emulator.stored().is_empty());
}
