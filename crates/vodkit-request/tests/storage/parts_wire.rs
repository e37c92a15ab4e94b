//! What an upload in parts sends, over both drivers.

use std::sync::Arc;

use vodkit_request::crc64::Crc64;
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::types::FileInput;
use vodkit_request::upload::{Journal, Transfer};
use vodkit_request::{Error, ErrorKind, RetryPolicy};
use vodkit_sign::oss;

use crate::script::{
    BOTH, ID, NEW_ID, SECRET, TOKEN, Told, VIDEO, Vendor, header, of_polyv, of_quvideo, refused,
};
use crate::survival::{PART, film};
use crate::wire::shown;
use crate::world::Kept;

const PATH: &str = "/tmp/课 1.MP4";
const LEN: usize = 2 * PART + 5;
const LATER: &str = "Tue, 14 Nov 2023 23:13:20 GMT";

fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// The storage has these bytes.
fn has(bytes: &[u8], body: &str) -> Reply {
    let crc64 = Crc64::of(bytes);
    Reply::status(200, body)
        .header("etag", leaked(format!("\"TAG-{}\"", bytes.len())))
        .header("x-oss-hash-crc64ecma", leaked(crc64.to_string()))
}

fn opened() -> Reply {
    Reply::status(
        200,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InitiateMultipartUploadResult>\n  <Bucket>b</Bucket>\n  <UploadId>0004B9894A22E5B1888A1E29F823+/=&amp;</UploadId>\n</InitiateMultipartUploadResult>",
    )
}

fn parts() -> Vec<Reply> {
    film(LEN).chunks(PART).map(|part| has(part, "")).collect()
}

fn completed() -> Reply {
    has(&film(LEN), "{\"Status\":\"OK\"}")
}

/// Runs the upload of both vendors with these replies after the grant, one lane if no more are wanted.
fn told(vendor: Vendor, lanes: usize, replies: &[Reply]) -> Told {
    let replies: Vec<Reply> = [vendor.grant()].iter().chain(replies).cloned().collect();
    let script = || ScriptedTransport::new(replies.iter().cloned()).file_of(PATH, film(LEN));
    let settings = move || {
        let kept = Arc::new(Kept::default());
        Transfer::new()
            .part_size(PART as u64)
            .lanes(lanes)
            .journal(Journal::new(kept))
    };
    let file = FileInput::path(PATH);
    match vendor {
        Vendor::Polyv => of_polyv(
            &script,
            RetryPolicy::STANDARD,
            &|upload| upload.title("课").transfer(settings()),
            file,
        ),
        Vendor::QuVideo => of_quvideo(
            &script,
            RetryPolicy::STANDARD,
            &|upload| upload.title("课").unpublished().transfer(settings()),
            file,
        ),
    }
}

fn all(more: impl IntoIterator<Item = Reply>) -> Vec<Reply> {
    [opened()].into_iter().chain(more).collect()
}

#[test]
fn an_upload_of_three_parts() {
    let shown = BOTH.map(|vendor| {
        let replies = all(parts().into_iter().chain([completed()]));
        let told = told(vendor, 2, &replies);
        assert!(told.result.is_ok(), "{:?}", told.result);
        let requests: Vec<String> = told.sent[1..].iter().map(shown).collect();
        format!(
            "{vendor:?}\n\n{}\n\n{}",
            told.log.join("\n"),
            requests.join("\n")
        )
    });
    insta::assert_snapshot!(shown.join("\n"));
}

/// The signature covers what is sent: recomputed from each request alone.
#[test]
fn all_that_is_sent_is_what_is_signed() {
    for vendor in BOTH {
        let lost = Reply::fails(vodkit_request::transport::TransportErrorKind::Interrupted);
        let found = completed().header("content-length", leaked(LEN.to_string()));
        let replies = all(parts()
            .into_iter()
            .chain([lost, refused(404, "NoSuchUpload"), found]));
        let told = told(vendor, 1, &replies);
        assert!(told.result.is_ok(), "{:?}", told.result);
        let key = match vendor {
            Vendor::Polyv => format!("vodkitdemo/2/{VIDEO}.MP4"),
            Vendor::QuVideo => "sv/a/课 1.mp4".to_owned(),
        };
        assert_eq!(told.sent.len(), 8);
        for request in &told.sent[1..] {
            let mut own: Vec<(&str, &str)> = request
                .headers()
                .iter()
                .filter(|(name, _)| name.as_str().starts_with("x-oss-"))
                .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
                .collect();
            own.sort_unstable();
            let query = request.uri().query().unwrap_or_default();
            // The one id has all of these in it; the ampersand is put back when the pairs are apart.
            let query = query.replace("%2B%2F%3D%26", "+/=\u{1}");
            let pairs: Vec<(String, Option<String>)> = query
                .split('&')
                .filter(|pair| !pair.is_empty())
                .map(|pair| match pair.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.replace('\u{1}', "&"))),
                    None => (pair.to_owned(), None),
                })
                .collect();
            let subresources: Vec<(&str, Option<&str>)> = pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_deref()))
                .collect();
            let signed = oss::Request {
                verb: request.method().as_str(),
                content_md5: "",
                content_type: header(request, "content-type"),
                date: header(request, "date"),
                headers: &own,
                bucket: "test-bucket",
                key: &key,
                subresources: &subresources,
            };
            let wanted = format!("OSS {ID}:{}", oss::sign(&signed, SECRET).as_str());
            assert_eq!(header(request, "authorization"), wanted, "{query}");
            for name in ["authorization", "x-oss-security-token"] {
                assert!(request.headers()[name].is_sensitive(), "{name}");
            }
        }
    }
}

/// A storage that still puts the parts together has neither them nor the object.
#[test]
fn what_is_being_put_together_is_waited_for_and_not_sent_again() {
    let gone = || Reply::status(404, "");
    let lost = || Reply::fails(vodkit_request::transport::TransportErrorKind::Interrupted);
    let found = || completed().header("content-length", leaked(LEN.to_string()));
    let begun = || {
        let lost = [lost(), refused(404, "NoSuchUpload")];
        all(parts().into_iter().chain(lost))
    };
    let opened = |told: &Told| {
        let opens = |request: &&http::Request<_>| request.uri().query() == Some("uploads");
        told.sent.iter().filter(opens).count()
    };
    let slept = |told: &Told| {
        let sleeps = told.log.iter().filter(|line| line.starts_with("sleep"));
        sleeps.cloned().collect::<Vec<_>>()
    };
    for vendor in BOTH {
        let late = begun().into_iter().chain([gone(), gone(), gone(), found()]);
        let told_late = told(vendor, 1, &late.collect::<Vec<_>>());
        assert!(told_late.result.is_ok(), "{:?}", told_late.result);
        assert_eq!(opened(&told_late), 1);
        let waits = slept(&told_late);
        assert_eq!(
            waits[waits.len() - 3..],
            ["sleep 1000 ms", "sleep 2000 ms", "sleep 4000 ms"]
        );
        // What never comes is lost.
        let never = begun()
            .into_iter()
            .chain([gone(), gone(), gone(), gone()])
            .chain(all(parts().into_iter().chain([completed()])));
        let told_never = told(vendor, 1, &never.collect::<Vec<_>>());
        assert!(told_never.result.is_ok(), "{:?}", told_never.result);
        assert_eq!(opened(&told_never), 2);
    }
}

#[test]
fn the_clock_and_the_keys_are_corrected_for_each_part_that_needs_it() {
    for vendor in BOTH {
        let [first, second, third] = <[Reply; 3]>::try_from(parts()).unwrap();
        let replies = all([
            refused(403, "RequestTimeTooSkewed").header("date", LATER),
            first,
            refused(403, "SecurityTokenExpired"),
            vendor.renewal(),
            second,
            third,
            completed(),
        ]);
        let told = told(vendor, 1, &replies);
        assert!(told.result.is_ok(), "{:?}", told.result);
        let dates: Vec<&str> = told.sent[2..4].iter().map(|r| header(r, "date")).collect();
        assert_eq!(dates, ["Tue, 14 Nov 2023 22:13:20 GMT", LATER]);
        let again = &told.sent[6];
        assert_eq!(told.sent[4].uri(), again.uri());
        assert!(header(again, "authorization").starts_with(&format!("OSS {NEW_ID}:")));
        assert!(told.log.iter().all(|line| !line.starts_with("sleep")));
    }
}

#[test]
fn replies_that_are_not_the_storages_are_told() {
    let portal = || Reply::status(200, "<html>log in</html>");
    let fails = |vendor: Vendor, replies: &[Reply]| -> Error {
        let told = told(vendor, 1, replies);
        let error = told.result.unwrap_err();
        assert_eq!(error.created(), Some(VIDEO));
        error
    };
    for vendor in BOTH {
        let error = fails(vendor, &[portal()]);
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("has no UploadId"), "{error}");
        let error = fails(vendor, &all([portal()]));
        assert!(error.to_string().contains("has no ETag"), "{error}");
        let error = fails(vendor, &all(parts().into_iter().chain([portal()])));
        assert!(error.to_string().contains("has no ETag"), "{error}");
        // The tag may stand in the document alone.
        let document = Reply::status(
            200,
            "<CompleteMultipartUploadResult><ETag>\"B-3\"</ETag></CompleteMultipartUploadResult>",
        );
        let told = told(vendor, 1, &all(parts().into_iter().chain([document])));
        let (_, _, stored) = told.result.unwrap();
        assert_eq!((stored.etag.as_deref(), stored.crc64), (Some("B-3"), None));
    }
}

#[test]
fn a_journal_holds_no_secret() {
    for vendor in BOTH {
        let replies = all(parts().into_iter().chain([completed()]));
        let told = told(vendor, 3, &replies);
        let kept: Vec<&String> = told
            .log
            .iter()
            .filter(|line| line.starts_with("keep"))
            .collect();
        // Begun, creating, created, opened, three parts, completing, completed, finished.
        assert_eq!(kept.len(), 10);
        for line in kept {
            for secret in [ID, SECRET, TOKEN, "test-key", "test-token", "callback"] {
                assert!(!line.contains(secret), "{line}");
            }
        }
    }
}
