//! What a judge can count in the journal, and that what was begun is done when its caller is gone.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use vodkit_emulator::{Effect, Emulator};

use crate::baijiayun::{content, md5_hex, vendor};
use crate::quvideo::{Keys, Signed, Upload, site};
use crate::raw::{ask_signed, signed_head};

fn effects(emulator: &Emulator) -> Vec<Effect> {
    let journal = emulator.journal().into_iter();
    journal.flat_map(|record| record.effects).collect()
}

fn element(text: &str, name: &str) -> String {
    let rest = text.split(&format!("<{name}>")).nth(1);
    let rest = rest.unwrap_or_else(|| panic!("no {name} in {text}"));
    rest.split('<').next().unwrap().to_owned()
}

const PART: usize = 100 * 1024;

/// Two parts, the first of them twice; gives the id and the list that completes them.
fn two_parts(upload: &Upload) -> (String, String) {
    let begun = ask_signed(upload, "POST", "?uploads", b"");
    let id = element(&begun.text(), "UploadId");
    let mut list = String::from("<CompleteMultipartUpload>");
    for (number, bytes) in [(1, content(PART)), (1, content(PART)), (2, content(5))] {
        let query = format!("?partNumber={number}&uploadId={id}");
        let seen = ask_signed(upload, "PUT", &query, &bytes);
        assert_eq!(seen.status(), 200);
    }
    for (number, bytes) in [(1, content(PART)), (2, content(5))] {
        let etag = md5_hex(&bytes).to_uppercase();
        list += &format!("<Part><PartNumber>{number}</PartNumber><ETag>\"{etag}\"</ETag></Part>");
    }
    (id, list + "</CompleteMultipartUpload>")
}

#[test]
fn parts_are_counted_by_number_with_their_bytes() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let (id, list) = two_parts(&upload);
    let done = ask_signed(&upload, "POST", &format!("?uploadId={id}"), list.as_bytes());
    assert_eq!(done.status(), 200);
    let mut stored: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for effect in effects(&site.emulator) {
        if let Effect::PartStored {
            upload_id,
            number,
            bytes,
            md5,
        } = effect
        {
            assert_eq!(upload_id, id);
            assert_eq!(md5, md5_hex(&content(bytes as usize)));
            stored.entry(number).or_default().push(bytes);
        }
    }
    let part = PART as u64;
    assert_eq!(
        stored,
        BTreeMap::from([(1, vec![part, part]), (2, vec![5])])
    );
    let object = format!("{}/{}", upload.address.bucket, upload.address.file_name);
    let whole = [content(PART), content(5)].concat();
    let all = effects(&site.emulator);
    assert!(all.contains(&Effect::UploadBegun {
        object: object.clone(),
        upload_id: id.clone()
    }));
    assert!(all.contains(&Effect::ObjectStored {
        object,
        bytes: whole.len() as u64,
        md5: md5_hex(&whole),
        parts: Some(2),
    }));
    let begun = ask_signed(&upload, "POST", "?uploads", b"");
    let other = element(&begun.text(), "UploadId");
    ask_signed(&upload, "DELETE", &format!("?uploadId={other}"), b"");
    assert_eq!(
        effects(&site.emulator).pop(),
        Some(Effect::UploadAborted { upload_id: other })
    );
}

#[test]
fn slices_are_counted_by_position() {
    let vendor = vendor();
    let bytes = content(10);
    let (id, target) = vendor.create("a.mp4", &[]);
    vendor.slice(&target, 1, 10, &bytes[..4]);
    vendor.slice(&target, 3, 10, &bytes[2..8]);
    assert_eq!(
        (
            vendor.emulator.stored()[0].bytes,
            vendor.emulator.stored()[0].complete
        ),
        (8, false)
    );
    assert_eq!(vendor.emulator.stored()[0].md5, md5_hex(&bytes[..8]));
    vendor.slice(&target, 9, 10, &bytes[8..]);
    let spans: Vec<(u64, u64)> = effects(&vendor.emulator)
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::BytesStored {
                video_id,
                offset,
                length,
            } if video_id == id => Some((offset, length)),
            _ => None,
        })
        .collect();
    assert_eq!(spans, [(0, 4), (2, 6), (8, 2)]);
    let stored = &vendor.emulator.stored()[0];
    assert_eq!((stored.vendor, stored.complete), ("baijiayun", true));
    assert_eq!(stored.md5, md5_hex(&bytes));
    // A source that was removed is not there.
    vendor.call("video/deleteOriginVideo", &[("video_ids", &id.to_string())]);
    assert!(vendor.emulator.stored().is_empty());
}

#[test]
fn what_was_begun_is_done_when_the_caller_is_gone() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let (id, list) = two_parts(&upload);
    let query = format!("?uploadId={id}");
    let head = signed_head(&upload, "POST", &query, &[], list.len());
    let mut stream = TcpStream::connect(upload.at).unwrap();
    let request = [head.as_bytes(), list.as_bytes()].concat();
    stream.write_all(&request).unwrap();
    drop(stream);
    let begin = Instant::now();
    let done = || {
        let journal = site.emulator.journal();
        let is_it = |operation| operation == Some("CompleteMultipartUpload");
        journal.into_iter().find(|r| is_it(r.operation))
    };
    let record = loop {
        match done() {
            Some(record) => break record,
            None => assert!(begin.elapsed() < Duration::from_secs(10)),
        }
        std::thread::yield_now();
    };
    assert_eq!(record.status, 200);
    assert_eq!(site.emulator.stored()[0].bytes, PART as u64 + 5);
}

/// The id of an upload of this object that begins now.
fn begin(at: std::net::SocketAddr, resource: &str, keys: &Keys) -> String {
    let signed = Signed::new("POST", &format!("{resource}?uploads"), &[]);
    signed.send(at, keys, b"").element("UploadId")
}

#[test]
fn each_bucket_lists_its_own_unfinished_uploads() {
    let site = site();
    let at = site.at();
    let upload = site.create(&site.token, "a.mp4");
    begin(at, &upload.resource(), &upload.keys);
    let account = site.emulator.polyv().clone();
    let polyv = crate::polyv::Vendor {
        emulator: site.emulator,
        account,
    };
    let params = [
        ("title", "a"),
        ("filesize", "4"),
        ("autoid", "1"),
        ("uploadType", "java_sdk_chunk_v1"),
    ];
    let ticket = polyv.post("/v2/uploadvideo/{}/init", &params);
    let text = |name: &str| ticket[name].as_str().unwrap().to_owned();
    let keys = Keys {
        id: text("accessId"),
        secret: text("accessKey"),
        token: text("token"),
    };
    let (bucket, folder) = (text("bucketName"), text("dir"));
    let id = begin(at, &format!("/{bucket}/{folder}{}.mp4", text("vid")), &keys);
    let list = |prefix: &str| {
        let mut signed = Signed::new("GET", &format!("/{bucket}/?uploads"), &[]);
        signed.target.push_str(&format!("&prefix={prefix}"));
        signed.send(at, &keys, b"")
    };
    let own = list(&folder);
    assert_eq!(own.text().matches("<Upload>").count(), 1);
    assert_eq!(own.element("UploadId"), id);
    // These keys open one folder, so they list no more.
    assert_eq!(list("").element("Code"), "AccessDenied");
    // Those of the server open its whole bucket, and nothing of another's.
    let token = polyv.emulator.quvideo().token.clone();
    let data = crate::quvideo::send(at, "GET", &format!("/vod/getSts?token={token}"), &[], b"");
    let data = &data.json()["data"];
    let text = |name: &str| data[name].as_str().unwrap().to_owned();
    let server = Keys {
        id: text("accessKeyId"),
        secret: text("accessKeySecret"),
        token: text("securityToken"),
    };
    let signed = Signed::new("GET", &format!("/{}/?uploads", upload.address.bucket), &[]);
    let all = signed.send(at, &server, b"");
    assert_eq!(all.text().matches("<Upload>").count(), 1);
    assert_eq!(all.element("Key"), upload.address.file_name);
}
