//! A file in parts, and going on where an earlier process stopped.

use std::sync::Arc;

use vodkit_request::mediacloud::{Abandon, ObjectStorage, Upload};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::TransportErrorKind::{Interrupted, LocalFile};
use vodkit_request::types::FileInput;
use vodkit_request::upload::{Journal, Transfer};
use vodkit_request::{Error, ErrorKind, Run};

use crate::mediacloud_account::session;
use crate::script::{
    Memory, PART, PATH, SMALL, completed, film, login, login_until, md5, opened, part, part_stored,
    part_tag, put, refused, registered, resume, small, storage, stored, upload, upload_with,
    whole_tag,
};

/// The parts that the storage has.
fn listed(numbers: &[usize]) -> Reply {
    let entry = |number: &usize| {
        let bytes = part(*number);
        format!(
            "<Part><PartNumber>{number}</PartNumber><ETag>&quot;{}&quot;</ETag><Size>{}</Size></Part>",
            part_tag(*number),
            bytes.len()
        )
    };
    let parts: String = numbers.iter().map(entry).collect();
    Reply::status(
        200,
        format!("<ListPartsResult><IsTruncated>false</IsTruncated>{parts}</ListPartsResult>"),
    )
}

#[test]
fn a_large_file_goes_in_parts() {
    let told = upload(&[
        login("1"),
        opened(),
        part_stored(1),
        part_stored(2),
        part_stored(3),
        completed(),
        registered(),
    ]);
    insta::assert_snapshot!("parts", told.log.join("\n"));
    let uploaded = told.result.unwrap();
    assert_eq!(uploaded.bytes, film().len() as u64);
    assert_eq!(uploaded.stored.etag, Some(whole_tag()));
    let list = &told.sent[5].request;
    assert_eq!(list.headers()["content-type"], "application/xml");
    let sizes: Vec<u64> = told.sent[2..5]
        .iter()
        .map(|out| out.request.body().len())
        .collect();
    assert_eq!(sizes, [PART as u64, PART as u64, 777]);
}

#[test]
fn parts_that_are_too_small_for_the_storage_are_refused() {
    let file = FileInput::path(PATH);
    let told = upload_with(
        session,
        &[],
        &file,
        &[],
        |transfer| transfer.part_size(PART as u64 - 1),
        |upload| upload,
    );
    assert!(told.sent.is_empty());
    assert_eq!(told.error().kind(), ErrorKind::InvalidInput);
}

#[test]
fn another_process_sends_what_is_missing_under_the_same_key() {
    let told = upload(&[
        login("1"),
        opened(),
        part_stored(1),
        part_stored(2),
        Reply::fails(LocalFile),
    ]);
    let words = told.error().to_string();
    assert!(
        words.contains("10485760 of 10486537 bytes are stored"),
        "{words}"
    );
    // The storage's word beats the journal's: it has lost the second part.
    let again = resume(
        &[
            login("2"),
            listed(&[1]),
            part_stored(2),
            part_stored(3),
            completed(),
            registered(),
        ],
        &told.records,
    );
    assert_eq!(
        again.steps(),
        [
            "POST login",
            "GET list",
            "PUT part 2",
            "PUT part 3",
            "POST upload",
            "POST medias"
        ]
    );
    let path =
        |told: &crate::script::Told, index: usize| told.sent[index].request.uri().path().to_owned();
    assert_eq!(path(&again, 1), path(&told, 1));
    assert!(again.result.is_ok());
}

#[test]
fn keys_that_end_on_the_way_are_renewed_and_the_upload_goes_on() {
    let told = upload(&[
        login("1"),
        opened(),
        part_stored(1),
        refused(400, "ExpiredToken"),
        login("2"),
        part_stored(2),
        part_stored(3),
        completed(),
        registered(),
    ]);
    let steps = told.steps();
    let sent = |step: &str| steps.iter().filter(|have| *have == step).count();
    assert_eq!(
        (sent("POST open"), sent("PUT part 1"), sent("POST login")),
        (1, 1, 2)
    );
    assert_eq!(told.tokens().last().unwrap(), "test-session-2");
    assert!(told.result.is_ok());
    // The calls of the session use the new login too.
    let medias = told.sent.last().unwrap();
    assert_eq!(
        medias.request.headers()["authorization"],
        "Bearer test-access-2"
    );
}

#[test]
fn keys_are_renewed_before_their_token_says_that_they_end() {
    let now = 1_700_000_000;
    // Four seconds left: renewed after half of them, which a throttled part brings about.
    let told = upload(&[
        login_until("one", now + 4),
        opened(),
        part_stored(1),
        refused(503, "SlowDown").header("retry-after", "3"),
        part_stored(3),
        login_until("two", now + 36_000),
        part_stored(2),
        completed(),
        registered(),
    ]);
    let told_by = |word: &str| {
        told.tokens()
            .iter()
            .filter(|token| token.ends_with(word))
            .count()
    };
    assert_eq!((told_by(".one"), told_by(".two")), (4, 2));
    assert_eq!(
        told.steps()
            .iter()
            .filter(|step| *step == "POST open")
            .count(),
        1
    );
    assert!(told.result.is_ok());
}

#[test]
fn of_several_lanes_with_old_keys_one_renews_them() {
    let file = FileInput::path(PATH);
    let replies = [
        login("1"),
        opened(),
        part_stored(1),
        refused(400, "ExpiredToken"),
        refused(400, "ExpiredToken"),
        login("2"),
        part_stored(2),
        part_stored(3),
        completed(),
        registered(),
    ];
    let three = |transfer: Transfer| transfer.lanes(3);
    let told = upload_with(session, &replies, &file, &[], three, |upload| upload);
    assert_eq!(
        told.steps()
            .iter()
            .filter(|step| *step == "POST login")
            .count(),
        2
    );
    assert!(told.result.is_ok());
}

#[test]
fn a_put_whose_reply_an_earlier_process_lost_is_looked_for() {
    let cut = Reply::fails(LocalFile);
    let there = stored(&md5(SMALL)).header("content-length", "17");
    // Under a key that nobody else has, an object of this length and these bytes is ours.
    let told = put(&[login("1"), cut.clone()], &[], |upload| upload);
    let again = put(
        &[login("2"), there.clone(), registered()],
        &told.records,
        |upload| upload,
    );
    assert_eq!(again.steps(), ["POST login", "HEAD object", "POST medias"]);
    // Unless its bytes are others, or nothing tells.
    for tag in [md5(b"17 other bytes..."), "a-tag-of-no-digest".to_owned()] {
        let there = stored(&tag).header("content-length", "17");
        for file in [small(), FileInput::bytes("small.mp4", SMALL)] {
            let again = upload_with(
                session,
                &[login("2"), there.clone(), stored(&md5(SMALL)), registered()],
                &file,
                &told.records,
                |transfer| transfer,
                |upload| upload,
            );
            assert_eq!(
                again.steps(),
                ["POST login", "HEAD object", "PUT object", "POST medias"]
            );
        }
    }
    // Under another it may have been there before.
    let named = |replies: &[Reply], records: &[Vec<u8>]| {
        put(replies, records, |upload| upload.key("a.mp4"))
    };
    let told = named(&[login("1"), cut], &[]);
    let again = named(
        &[login("2"), there, stored(&md5(SMALL)), registered()],
        &told.records,
    );
    assert_eq!(
        again.steps(),
        ["POST login", "HEAD object", "PUT object", "POST medias"]
    );
    // Keys that have ended say so without a word.
    let again = named(
        &[
            login("2"),
            Reply::status(400, ""),
            login("3"),
            Reply::status(404, ""),
            stored(&md5(SMALL)),
            registered(),
        ],
        &told.records,
    );
    assert_eq!(
        again.steps()[..4],
        ["POST login", "HEAD object", "POST login", "HEAD object"]
    );
    assert!(again.result.is_ok());
}

#[test]
fn the_journal_of_another_upload_is_not_used() {
    let told = upload(&[login("1"), opened(), Reply::fails(LocalFile)]);
    let file = FileInput::path(PATH);
    let other = upload_with(
        session,
        &[],
        &file,
        &told.records,
        |transfer| transfer,
        |upload| upload.key("other.mp4"),
    );
    assert_eq!(other.error().kind(), ErrorKind::InvalidInput);
    assert!(
        other.error().to_string().contains("test-bucket/20231115/"),
        "{}",
        other.error()
    );
    let changed = put(&[], &told.records, |upload| upload);
    assert_eq!(changed.error().kind(), ErrorKind::LocalFile);
}

/// Nothing of it is there, and sending all of it there would leave the parts where they are.
#[test]
fn an_upload_that_was_begun_elsewhere_neither_goes_on_nor_is_given_up() {
    let told = upload(&[login("1"), opened(), Reply::fails(LocalFile)]);
    let begun = "`test-bucket/20231115/0000000000000007/第一课 1.mp4` at http://s3.example.test,";
    let elsewhere = ObjectStorage::new("http://other.example.test/", "region-1").unwrap();
    let journal = || Journal::resume(Arc::new(Memory::default()), &told.records).unwrap();
    let session = session();
    let is_refused = |error: Error, ours: &str, transport: &ScriptedTransport| {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let words = error.to_string();
        assert!(words.contains(begun) && words.contains(ours), "{words}");
        assert_eq!(transport.log(), [""; 0]);
    };
    for (storage, bucket, ours) in [
        (
            &storage(),
            "other-bucket",
            "not to `other-bucket/…` at http://s3.example.test",
        ),
        (
            &elsewhere,
            "test-bucket",
            "not to `test-bucket/…` at http://other.example.test",
        ),
    ] {
        let transport = ScriptedTransport::new([]).file_of(PATH, film());
        let upload = Upload::new(&session, FileInput::path(PATH), storage, bucket)
            .transfer(Transfer::new().part_size(PART as u64).journal(journal()));
        let error = Run::new(&transport, upload).send().unwrap_err();
        is_refused(error, ours, &transport);
    }
    let transport = ScriptedTransport::new([]);
    let abandon = Abandon::new(&session, journal(), &elsewhere);
    let error = Run::new(&transport, abandon).send().unwrap_err();
    is_refused(error, "at http://other.example.test", &transport);
}

#[test]
fn an_upload_that_the_storage_has_forgotten_begins_anew_under_the_same_key() {
    let told = upload(&[
        login("1"),
        opened(),
        part_stored(1),
        Reply::fails(LocalFile),
    ]);
    let again = resume(
        &[
            login("2"),
            refused(404, "NoSuchUpload"),
            opened(),
            part_stored(1),
            part_stored(2),
            Reply::fails(Interrupted),
            part_stored(3),
            completed(),
            registered(),
        ],
        &told.records,
    );
    assert_eq!(
        again.steps(),
        [
            "POST login",
            "GET list",
            "POST open",
            "PUT part 1",
            "PUT part 2",
            "PUT part 3",
            "PUT part 3",
            "POST upload",
            "POST medias"
        ]
    );
    let paths: Vec<String> = again.sent[1..8]
        .iter()
        .map(|out| out.request.uri().path().to_owned())
        .collect();
    assert!(
        paths
            .iter()
            .all(|path| path == told.sent[1].request.uri().path()),
        "{paths:?}"
    );
    assert!(again.result.is_ok());
}
