//! What a judge can count in the journal, and that what was begun is done when its caller is gone.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use vodkit_emulator::{Effect, Emulator};

use crate::baijiayun::{content, md5_hex, vendor};
use crate::quvideo::{Upload, site};
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
