//! What goes over the wire when nothing goes wrong.

use vodkit_request::oss::Stored;
use vodkit_request::testing::{Reply, wire_line};
use vodkit_request::types::FileInput;
use vodkit_request::{ErrorKind, Payload, RetryPolicy};
use vodkit_sign::oss;

use crate::script::{BOTH, CONTENT, CRC64, MD5, SECRET, VIDEO, Vendor, header, stored};

pub(crate) fn shown(request: &http::Request<Payload>) -> String {
    let mut lines: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    format!("{}\n{}\n", wire_line(request), lines.join("\n"))
}

#[test]
fn an_upload_of_bytes() {
    let told = BOTH.map(|vendor| {
        let told = vendor.upload(&[stored()]);
        let requests: Vec<String> = told.sent.iter().map(shown).collect();
        format!("{vendor:?}\n\n{}", requests.join("\n"))
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn it_gives_the_video_and_what_the_storage_says() {
    for vendor in BOTH {
        let (video, bytes, of_storage) = vendor.upload(&[stored()]).result.unwrap();
        assert_eq!((video.as_str(), bytes), (VIDEO, CONTENT.len() as u64));
        assert_eq!(of_storage.etag.as_deref(), Some(MD5));
        assert_eq!(of_storage.crc64, Some(CRC64.parse().unwrap()));
    }
}

#[test]
fn a_file_is_looked_at_first_and_sent_by_its_path() {
    for vendor in BOTH {
        let file = FileInput::path("/tmp/课 1.mp4");
        let told = vendor.upload_with(&[stored()], file, RetryPolicy::STANDARD);
        assert_eq!(told.log[0], "inspect /tmp/课 1.mp4");
        let (put, after) = (&told.log[told.log.len() - 2], told.log.last().unwrap());
        assert!(put.ends_with(" </tmp/课 1.mp4 0..1000>"), "{put}");
        // And once more, since nobody may have written to it meanwhile.
        assert_eq!(after, "inspect /tmp/课 1.mp4");
        // Its bytes are not known here, so nothing is compared.
        let (_, bytes, of_storage) = told.result.unwrap();
        assert_eq!(bytes, 1000);
        assert_ne!(of_storage, Stored::default());
    }
}

/// The signature covers what is sent: recomputed from the request alone.
#[test]
fn what_is_sent_is_what_is_signed() {
    for vendor in BOTH {
        let told = vendor.upload(&[stored()]);
        let put = told.puts()[0];
        let key = match vendor {
            Vendor::Polyv => format!("vodkitdemo/2/{VIDEO}.MP4"),
            Vendor::QuVideo => "sv/a/课 1.mp4".to_owned(),
        };
        let mut own: Vec<(&str, &str)> = put
            .headers()
            .iter()
            .filter(|(name, _)| name.as_str().starts_with("x-oss-"))
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        own.sort_unstable();
        assert_eq!(own.len(), if vendor == Vendor::Polyv { 2 } else { 1 });
        let request = oss::Request {
            verb: "PUT",
            content_md5: "",
            content_type: header(put, "content-type"),
            date: header(put, "date"),
            headers: &own,
            bucket: "test-bucket",
            key: &key,
            subresources: &[],
        };
        let wanted = format!(
            "OSS test-sts-id-0123456789:{}",
            oss::sign(&request, SECRET).as_str()
        );
        assert_eq!(header(put, "authorization"), wanted);
        for name in ["authorization", "x-oss-security-token"] {
            assert!(put.headers()[name].is_sensitive(), "{name}");
        }
    }
}

#[test]
fn digests_that_disagree_fail_the_upload() {
    let zeros = "\"00000000000000000000000000000000\"";
    for vendor in BOTH {
        for (reply, digest) in [
            (stored().header("etag", zeros), "MD5"),
            (stored().header("x-oss-hash-crc64ecma", "1"), "CRC-64"),
            (Reply::status(200, "").header("etag", zeros), "MD5"),
        ] {
            // What has changed on the way once may arrive the next time.
            let told = vendor.upload(&[reply.clone(), stored()]);
            assert!(told.result.is_ok(), "{:?}", told.result);
            let told = vendor.upload(&[reply.clone(), reply.clone(), reply]);
            let error = told.error();
            assert_eq!(error.kind(), ErrorKind::DigestMismatch);
            assert_eq!((error.created(), error.attempts()), (Some(VIDEO), 3));
            assert!(
                error.to_string().contains(&format!(
                    "has other bytes than were sent of `第一课 1.MP4`: the {digest} of the file differs"
                )),
                "{error}"
            );
        }
        // Small letters are the same; a tag of several parts, or another one, is no MD5.
        for etag in [
            "\"ba944c42fd67d92b91bdcd2b7e2b2583\"",
            "\"00000000000000000000000000000000-2\"",
            "\"0123456789abcdef\"",
            "other",
        ] {
            let told = vendor.upload(&[stored().header("etag", etag)]);
            assert!(told.result.is_ok(), "{etag}: {:?}", told.result);
        }
        // What stands before the storage, such as a portal, answers 200 as well.
        let portal = Reply::status(200, "<html>log in</html>");
        let told = vendor.upload(&[portal]);
        let error = told.error();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(
            error.to_string().contains("has no ETag")
                && error.to_string().contains("may have no content"),
            "{error}"
        );
        // Of a file only the transport has seen the bytes.
        let file = FileInput::path("/tmp/课 1.mp4");
        let other = stored().header("etag", zeros);
        let told = vendor.upload_with(&[other], file, RetryPolicy::STANDARD);
        assert!(told.result.is_ok());
    }
}
