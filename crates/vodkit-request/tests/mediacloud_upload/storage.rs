//! What the storage answers, and what is made of it.

use http::header::DATE;
use vodkit_request::ErrorKind;
use vodkit_request::flow::{Event, Flow};
use vodkit_request::mediacloud::{Abandon, Upload};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::TransportErrorKind::{Interrupted, LocalFile};
use vodkit_request::types::FileInput;
use vodkit_request::upload::{Journal, Transfer};
use vodkit_request::{RetryPolicy, Run};

use crate::drivers::tick_at;
use crate::mediacloud_account::session;
use crate::script::{
    Memory, PATH, SMALL, completed, login, md5, opened, part_stored, put, refused, registered,
    small, storage, stored, upload, upload_with, whole_tag,
};

#[test]
fn other_bytes_than_were_sent_are_noticed() {
    // Once: it is sent again.
    let told = put(
        &[
            login("1"),
            stored(&md5(b"other")),
            stored(&md5(SMALL)),
            registered(),
        ],
        &[],
        |upload| upload,
    );
    assert_eq!(
        told.steps(),
        ["POST login", "PUT object", "PUT object", "POST medias"]
    );
    assert!(told.result.is_ok());
    // Always: it is not registered.
    let wrong = || stored(&md5(b"other"));
    let told = put(&[login("1"), wrong(), wrong(), wrong()], &[], |upload| {
        upload
    });
    assert_eq!(told.error().kind(), ErrorKind::DigestMismatch);
    // A tag that is no MD5, or one of encrypted bytes, is not compared.
    for reply in [
        stored("opaque-tag"),
        wrong().header("x-amz-server-side-encryption", "aws:kms"),
        wrong().header("x-amz-server-side-encryption-customer-algorithm", "AES256"),
    ] {
        assert!(
            put(&[login("1"), reply, registered()], &[], |upload| upload)
                .result
                .is_ok()
        );
    }
    // With keys of its own the storage encrypts unseen.
    let unseen = || wrong().header("x-amz-server-side-encryption", "AES256");
    let told = put(&[login("1"), unseen(), unseen(), unseen()], &[], |upload| {
        upload
    });
    assert_eq!(told.error().kind(), ErrorKind::DigestMismatch);
}

#[test]
fn without_md5_no_tag_is_compared_and_a_journal_has_another_digest() {
    let told = upload_with(
        session,
        &[
            login("1"),
            opened(),
            part_stored(1),
            stored(&md5(b"other")),
            part_stored(3),
            completed(),
            registered(),
        ],
        &FileInput::path(PATH),
        &[],
        Transfer::without_md5,
        |upload| upload,
    );
    assert!(told.result.is_ok(), "{told:?}");
    for outgoing in &told.sent[2..5] {
        let digests = outgoing.observers.digest.as_ref().unwrap().seen().digests();
        assert!(digests.md5.is_none() && digests.crc64.is_some());
        let sum = format!("{}", digests.crc64.unwrap());
        let kept = |record: &Vec<u8>| String::from_utf8_lossy(record).contains(&sum);
        assert!(told.records.iter().any(kept), "{sum}");
    }
}

#[test]
fn the_tag_of_all_parts_together_is_compared() {
    let parts = |last: Reply| {
        upload(&[
            login("1"),
            opened(),
            part_stored(1),
            part_stored(2),
            part_stored(3),
            last,
        ])
    };
    let result = |tag: &str| {
        Reply::status(
            200,
            format!(
                "<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>"
            ),
        )
    };
    let other = whole_tag()
        .replace(|c: char| c.is_ascii_digit(), "0")
        .replace("-0", "-3");
    for wrong in [other, whole_tag().replace("-3", "-2")] {
        assert_eq!(
            parts(result(&wrong)).error().kind(),
            ErrorKind::DigestMismatch,
            "{wrong}"
        );
    }
    // A service that fails after it has said 200: the parts may have been put together nonetheless.
    let failed = Reply::status(
        200,
        "<?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>m</Message></Error>",
    );
    let found =
        stored(&whole_tag()).header("content-length", &crate::script::film().len().to_string());
    let told = upload(&[
        login("1"),
        opened(),
        part_stored(1),
        part_stored(2),
        part_stored(3),
        failed,
        refused(404, "NoSuchUpload"),
        found,
        registered(),
    ]);
    assert_eq!(
        told.steps()[5..],
        ["POST upload", "POST upload", "HEAD object", "POST medias"]
    );
    assert!(told.result.is_ok());
}

#[test]
fn each_class_of_refusal_is_met_by_what_helps() {
    // Throttled or failing: later, the same.
    for (status, code) in [
        (503, "SlowDown"),
        (503, "SlowDownWrite"),
        (500, "InternalError"),
        (400, "RequestTimeout"),
        (400, "IncompleteBody"),
        (502, ""),
    ] {
        let told = put(
            &[
                login("1"),
                refused(status, code),
                stored(&md5(SMALL)),
                registered(),
            ],
            &[],
            |upload| upload,
        );
        assert!(told.result.is_ok(), "{code}: {:?}", told.result);
        assert!(
            told.log.iter().any(|line| line.starts_with("sleep")),
            "{code}"
        );
    }
    // Keys that do not hold: others, once.
    for (status, code) in [
        (400, "ExpiredToken"),
        (400, "InvalidToken"),
        (403, "InvalidTokenId"),
        (403, "InvalidAccessKeyId"),
        (400, "TokenRefreshRequired"),
    ] {
        let told = put(
            &[
                login("1"),
                refused(status, code),
                login("2"),
                stored(&md5(SMALL)),
                registered(),
            ],
            &[],
            |upload| upload,
        );
        assert_eq!(
            told.tokens(),
            ["test-session-1", "test-session-2"],
            "{code}"
        );
        assert!(told.result.is_ok(), "{code}");
        let told = put(
            &[
                login("1"),
                refused(status, code),
                login("2"),
                refused(status, code),
            ],
            &[],
            |upload| upload,
        );
        assert_eq!(
            (told.error().kind(), told.error().code()),
            (ErrorKind::Credential, Some(code))
        );
    }
    // What does not pass.
    for (status, code, kind, hint) in [
        (
            403,
            "SignatureDoesNotMatch",
            ErrorKind::Credential,
            "region",
        ),
        (
            403,
            "AccessDenied",
            ErrorKind::Credential,
            "do not open this bucket",
        ),
        (
            404,
            "NoSuchBucket",
            ErrorKind::Refused,
            "which bucket is yours",
        ),
        (400, "EntityTooLarge", ErrorKind::Refused, "object storage"),
    ] {
        let told = put(&[login("1"), refused(status, code)], &[], |upload| upload);
        assert_eq!(
            (told.error().kind(), told.error().code()),
            (kind, Some(code))
        );
        assert_eq!(told.error().request_id(), Some("0A1B"));
        let words = told.error().to_string();
        assert!(
            words.contains(hint) && words.contains(&format!("words of {code}")),
            "{words}"
        );
    }
    // Who is not a storage.
    let told = put(&[login("1"), Reply::status(200, "<html>")], &[], |upload| {
        upload
    });
    assert_eq!(told.error().kind(), ErrorKind::Decode);
    let told = put(&[login("1"), Reply::fails(LocalFile)], &[], |upload| upload);
    assert_eq!(told.error().kind(), ErrorKind::LocalFile);
}

#[test]
fn an_address_that_is_denied_for_the_clock_is_signed_by_the_storages() {
    // The scripted clock shows 22:13:20.
    let late = refused(403, "AccessDenied").header(DATE.as_str(), "Tue, 14 Nov 2023 23:13:20 GMT");
    let told = put(
        &[login("1"), late, stored(&md5(SMALL)), registered()],
        &[],
        |upload| upload,
    );
    let date = |index: usize| {
        let query = told.sent[index].request.uri().query().unwrap().to_owned();
        query.split_once("X-Amz-Date=").unwrap().1[..16].to_owned()
    };
    assert_eq!(
        (date(1), date(2)),
        ("20231114T221320Z".to_owned(), "20231114T231320Z".to_owned())
    );
    assert!(told.result.is_ok());
    let agreeing =
        refused(403, "AccessDenied").header(DATE.as_str(), "Tue, 14 Nov 2023 22:13:25 GMT");
    let told = put(&[login("1"), agreeing], &[], |upload| upload);
    assert_eq!(told.error().kind(), ErrorKind::Credential);
}

#[test]
fn one_attempt_is_one_attempt() {
    let once = || session().with_retry(RetryPolicy::NEVER);
    let told = upload_with(
        once,
        &[login("1"), Reply::fails(Interrupted)],
        &small(),
        &[],
        |transfer| transfer,
        |upload| upload,
    );
    assert_eq!(told.error().kind(), ErrorKind::Interrupted);
}

#[test]
fn an_unfinished_upload_can_be_given_up() {
    let told = upload(&[
        login("1"),
        opened(),
        part_stored(1),
        Reply::fails(LocalFile),
    ]);
    assert!(told.result.is_err());
    let abandon = |replies: &[Reply], records: &[Vec<u8>]| {
        let session = session();
        let transport = ScriptedTransport::new(replies.iter().cloned());
        let journal = Journal::resume(std::sync::Arc::new(Memory::default()), records).unwrap();
        let abandoned = Run::new(&transport, Abandon::new(&session, journal, &storage())).send();
        (abandoned, transport.log())
    };
    let (abandoned, log) = abandon(
        &[
            login("2"),
            refused(400, "ExpiredToken"),
            login("3"),
            Reply::status(204, ""),
        ],
        &told.records,
    );
    assert!(abandoned.unwrap().aborted);
    let delete = log.iter().rfind(|line| line.starts_with("DELETE")).unwrap();
    assert!(delete.starts_with("DELETE http://s3.example.test/test-bucket/20231115/0000000000000007/%E7%AC%AC%E4%B8%80%E8%AF%BE%201.mp4?"), "{delete}");
    assert!(delete.contains("&uploadId=up%2F1&"), "{delete}");
    // What was not opened needs no giving up.
    let told = put(&[login("1"), Reply::fails(LocalFile)], &[], |upload| upload);
    let (abandoned, log) = abandon(&[], &told.records);
    assert!(!abandoned.unwrap().aborted && log.is_empty());
}

#[test]
fn nothing_that_opens_the_storage_is_shown() {
    let keys = [
        "test-secret-key",
        "test-session-1",
        "test-session-2",
        "X-Amz-Signature",
        "test-id",
    ];
    let clean = |what: &str, text: &str| {
        for key in keys {
            assert!(!text.contains(key), "{what}: {text}");
        }
    };
    // A storage that repeats all that it got.
    let echo = |uri: &str| {
        Reply::status(
            403,
            format!(
                "<Error><Code>SignatureDoesNotMatch</Code><Message>{uri} test-secret-key test-id</Message><CanonicalRequest>{uri}</CanonicalRequest></Error>"
            ),
        )
    };
    let first = put(&[login("1"), refused(404, "NoSuchBucket")], &[], |upload| {
        upload
    });
    let uri = first.sent[1]
        .request
        .uri()
        .to_string()
        .replace('&', "&amp;");
    let told = put(&[login("1"), echo(&uri)], &[], |upload| upload);
    for error in [first.error(), told.error()] {
        let text = format!("{error} {error:?}");
        let text = text.replace("X-Amz-Signature=***", "");
        clean("error", &text);
    }
    clean("outgoing", &format!("{:?}", first.sent[1]));
    let records: String = told
        .records
        .iter()
        .map(|record| String::from_utf8_lossy(record).into_owned())
        .collect();
    clean("journal", &records);
    for line in &first.log {
        clean("log", &line.replace("X-Amz-Signature=***", ""));
    }
    // The flow itself, at each step of its way.
    let session = session();
    let mut flow = Upload::new(&session, FileInput::bytes("a.mp4", SMALL), &storage(), "b").keys(
        "test-id",
        "test-secret-key",
        "test-session-1",
    );
    clean("flow", &format!("{flow:?}"));
    let step = flow
        .advance(tick_at(std::time::Duration::ZERO), Event::Start)
        .unwrap();
    clean("step", &format!("{step:?}"));
    clean("flow", &format!("{flow:?}"));
}
