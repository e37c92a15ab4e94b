//! A file that goes in one request, and its registration.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use serde_json::Value;
use vodkit_request::flow::{Event, Flow, Keeper, Step};
use vodkit_request::mediacloud::{MediaCloud, MediaType, Upload, Uploaded};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::TransportErrorKind::{Connect, Interrupted, Timeout};
use vodkit_request::types::FileInput;
use vodkit_request::upload::{Journal, Transfer};

use vodkit_request::{ErrorKind, Run, Session};

use crate::drivers::tick_at;
use crate::mediacloud_account::{REJECTED, session, tokens, with_token};
use crate::script::{
    SMALL, login, md5, put, refused, registered, small, storage, stored, upload_with,
};

fn put_stored() -> Reply {
    stored(&md5(SMALL))
}

#[test]
fn a_small_file_is_put_and_registered() {
    let told = put(&[login("1"), put_stored(), registered()], &[], |upload| {
        upload
    });
    insta::assert_snapshot!("put", told.log.join("\n"));
    let uploaded = told.result.unwrap();
    assert_eq!(
        uploaded.file_uri,
        "test-bucket/20231115/0000000000000007/small.mp4"
    );
    assert_eq!(uploaded.bytes, SMALL.len() as u64);
    assert_eq!(uploaded.stored.etag.as_deref(), Some(md5(SMALL).as_str()));
    assert_eq!(uploaded.media, Some(Value::from("m-77")));
    let put = &told.sent[1].request;
    assert_eq!(put.headers()["content-type"], "application/octet-stream");
    assert_eq!(put.headers().len(), 1);
    assert_eq!(
        told.sent[2].request.headers()["authorization"],
        "Bearer test-access-1"
    );
}

#[test]
fn settings_reach_the_registration_and_the_sink() {
    let told_of = Arc::new(Mutex::new(Vec::new()));
    let sink = told_of.clone();
    let told = put(
        &[login("1"), put_stored(), registered()],
        &[],
        move |upload| {
            let sink = sink.clone();
            upload
                .key("films/课 1.mp4")
                .title("第一课")
                .register(|mut call| {
                    call.media_type = MediaType::Audio;
                    call.class_id("c-1").tag("t")
                })
                .created(move |id| sink.lock().unwrap().push(id.to_owned()))
        },
    );
    let line = told.log.last().unwrap();
    assert!(
        told.log[told.log.len() - 3].contains("POST"),
        "{:#?}",
        told.log
    );
    let body = told
        .log
        .iter()
        .find(|line| line.contains("/medias "))
        .unwrap();
    let body: Value = serde_json::from_str(body.split_once("/medias ").unwrap().1).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "bucket": "test-bucket", "fileUri": "test-bucket/films/课 1.mp4", "type": 2, "cloudProviderType": 1,
            "displayName": "第一课", "classId": "c-1", "tag": "t",
        })
    );
    assert!(line.contains("finished"), "{line}");
    assert_eq!(told.result.unwrap().file_uri, "test-bucket/films/课 1.mp4");
    // Once under each driver.
    assert_eq!(*told_of.lock().unwrap(), ["m-77", "m-77"]);
}

#[test]
fn without_a_registration_it_ends_with_the_object() {
    let told = put(&[login("1"), put_stored()], &[], |upload| {
        upload.unregistered()
    });
    assert_eq!(told.steps(), ["POST login", "PUT object"]);
    assert_eq!(told.result.as_ref().unwrap().media, None);
    // The journal says that all is done.
    let again = put(&[], &told.records, |upload| upload.unregistered());
    assert_eq!(again.result.unwrap(), told.result.unwrap());
}

#[test]
fn what_is_wrong_is_told_before_anything_is_sent() {
    for (bucket, key) in [
        ("", "k"),
        ("a/b", "k"),
        ("..", "k"),
        ("b", "a//b"),
        ("b", "../x"),
    ] {
        let session = session();
        let transport = vodkit_request::testing::ScriptedTransport::new([]);
        let upload = Upload::new(&session, small(), &storage(), bucket).key(key);
        let error = vodkit_request::Run::new(&transport, upload)
            .send()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bucket} {key}");
        assert!(transport.log().is_empty());
    }
    let long = put(&[], &[], |upload| upload.key("k".repeat(1025)));
    assert_eq!(long.error().kind(), ErrorKind::InvalidInput);
    for file in [
        FileInput::bytes("empty.mp4", *b""),
        FileInput::path("/films/missing.mp4"),
    ] {
        let told = upload_with(
            session,
            &[],
            &file,
            &[],
            |transfer| transfer,
            |upload| upload,
        );
        assert_eq!(told.error().kind(), ErrorKind::LocalFile);
    }
    // An account with a token has no keys of its own.
    let told = upload_with(
        with_token,
        &[],
        &small(),
        &[],
        |transfer| transfer,
        |upload| upload,
    );
    assert_eq!(told.error().kind(), ErrorKind::Credential);
    let incomplete = put(&[], &[], |upload| upload.keys("id", "", "token"));
    assert_eq!(incomplete.error().kind(), ErrorKind::Credential);
}

#[test]
fn keys_from_elsewhere_are_used_and_never_renewed() {
    let with_keys = |replies: &[Reply]| {
        upload_with(
            with_token,
            replies,
            &small(),
            &[],
            |transfer| transfer,
            |upload| upload.keys("own-id", "own-secret-key", "own-session-token"),
        )
    };
    let told = with_keys(&[put_stored(), registered()]);
    assert_eq!(told.tokens(), ["own-session-token"]);
    assert!(told.result.is_ok());
    let told = with_keys(&[refused(400, "ExpiredToken")]);
    assert_eq!(told.error().kind(), ErrorKind::Credential);
    assert!(
        told.error().to_string().contains("that were given"),
        "{}",
        told.error()
    );
}

#[test]
fn a_refused_login_is_told_once_and_nothing_is_sent_to_the_storage() {
    let told = put(&[Reply::json(REJECTED)], &[], |upload| upload);
    assert_eq!(told.error().kind(), ErrorKind::Credential);
    assert!(
        told.error().to_string().contains("logging in: "),
        "{}",
        told.error()
    );
    let told = put(
        &[
            Reply::fails(Connect),
            Reply::status(503, ""),
            login("1"),
            put_stored(),
            registered(),
        ],
        &[],
        |upload| upload,
    );
    assert_eq!(told.steps()[..3], ["POST login"; 3]);
    assert!(told.result.is_ok());
    let down = [
        Reply::fails(Connect),
        Reply::fails(Timeout),
        Reply::fails(Connect),
    ];
    let told = put(&down, &[], |upload| upload);
    assert_eq!(told.error().kind(), ErrorKind::Connect);
    // A login without keys.
    let bare = r#"{"code":200,"msg":"","data":{"jwt":{"access_token":"test-access-1","expires_in":36000}}}"#;
    let told = put(&[Reply::json(bare)], &[], |upload| upload);
    assert_eq!(told.error().kind(), ErrorKind::Credential);
    assert!(
        told.error().to_string().contains("stsToken"),
        "{}",
        told.error()
    );
}

#[test]
fn a_lost_reply_to_the_registration_leaves_the_outcome_unknown_for_good() {
    for lost in [
        Reply::fails(Interrupted),
        Reply::fails(Timeout),
        Reply::status(502, "<html>"),
        Reply::json("<html>"),
    ] {
        let told = put(&[login("1"), put_stored(), lost], &[], |upload| upload);
        let uri = "test-bucket/20231115/0000000000000007/small.mp4";
        let words = told.error().to_string();
        assert!(told.error().maybe_sent() && words.contains(uri), "{words}");
        // A later process sends nothing, not even a login.
        let again = put(&[], &told.records, |upload| upload);
        assert_eq!(again.error().kind(), ErrorKind::OutcomeUnknown);
        assert!(again.error().to_string().contains(uri), "{}", again.error());
        assert!(again.log.is_empty(), "{:?}", again.log);
        // Who leaves the registration out has no use for it.
        let without = put(&[], &told.records, |upload| upload.unregistered());
        assert_eq!(without.result.unwrap().file_uri, uri);
        // Told to, it registers without sending the file again.
        let repeated = upload_with(
            session,
            &[login("2"), registered()],
            &small(),
            &told.records,
            |transfer| transfer.repeat_unknown(),
            |upload| upload,
        );
        assert_eq!(repeated.steps(), ["POST login", "POST medias"]);
        let uploaded = repeated.result.unwrap();
        assert_eq!(
            (uploaded.file_uri.as_str(), uploaded.media),
            (uri, Some(Value::from("m-77")))
        );
        // And then it is done.
        let done = put(&[], &repeated.records, |upload| upload);
        assert_eq!(done.result.unwrap().media, Some(Value::from("m-77")));
    }
    let told = put(
        &[login("1"), put_stored(), Reply::fails(Interrupted)],
        &[],
        |upload| upload,
    );
    assert_eq!(told.error().kind(), ErrorKind::OutcomeUnknown);
}

#[test]
fn a_refused_registration_may_be_tried_again() {
    let no = r#"{"code":404,"msg":"record not found","status":"error","data":null}"#;
    let told = put(
        &[login("1"), put_stored(), Reply::json(no)],
        &[],
        |upload| upload,
    );
    assert_eq!(told.error().kind(), ErrorKind::Refused);
    let words = told.error().to_string();
    assert!(
        words.contains(
            "is stored as `test-bucket/20231115/0000000000000007/small.mp4`, and not registered"
        ),
        "{words}"
    );
    let again = put(&[login("2"), registered()], &told.records, |upload| upload);
    assert_eq!(again.steps(), ["POST login", "POST medias"]);
    assert_eq!(again.result.unwrap().bytes, SMALL.len() as u64);
}

/// The storage reports nothing but an MD5.
#[test]
fn what_is_in_memory_is_known_again_by_who_computes_no_md5_while_sending() {
    let file = |bytes| FileInput::bytes("small.mp4", bytes);
    let no = r#"{"code":404,"msg":"record not found","status":"error","data":null}"#;
    let run = |replies: &[Reply], file: &FileInput, before: &[Vec<u8>]| {
        upload_with(
            session,
            replies,
            file,
            before,
            Transfer::without_md5,
            |upload| upload,
        )
    };
    let told = run(
        &[login("1"), put_stored(), Reply::json(no)],
        &file(SMALL),
        &[],
    );
    assert_eq!(told.error().kind(), ErrorKind::Refused);
    let again = run(&[login("2"), registered()], &file(SMALL), &told.records);
    assert_eq!(again.steps(), ["POST login", "POST medias"]);
    assert_eq!(again.result.unwrap().bytes, SMALL.len() as u64);
    let mut other = SMALL.to_vec();
    other[0] ^= 1;
    let other = FileInput::bytes("small.mp4", other);
    let told = run(&[], &other, &told.records);
    assert_eq!(told.error().kind(), ErrorKind::LocalFile);
    assert!(told.sent.is_empty());
}

/// Takes a flow to the step that logs in, or waits for another one's login.
fn begun<'s>(session: &'s Session<MediaCloud>) -> (Upload<'s>, Step<Uploaded>) {
    let file = FileInput::bytes("a.mp4", SMALL);
    let mut upload = Upload::new(session, file, &storage(), "b");
    let step = upload
        .advance(tick_at(Duration::ZERO), Event::Start)
        .unwrap();
    (upload, step)
}

#[test]
fn uploads_share_one_login_and_its_refusal() {
    let session = session();
    let ((mut first, step), (mut second, other)) = (begun(&session), begun(&session));
    assert!(matches!(step, Step::Send(_)), "{step:?}");
    assert!(matches!(other, Step::Sleep(_)), "{other:?}");
    let refused = Response::new(Bytes::from_static(REJECTED.as_bytes()));
    let late = tick_at(Duration::from_secs(1));
    let error = first.advance(late, Event::Response(refused)).unwrap_err();
    // A hundred uploads with a wrong password do not lock the account.
    let told = second.advance(late, Event::Woken).unwrap_err();
    assert_eq!(
        (told.kind(), told.message()),
        (error.kind(), error.message())
    );
    // Who is cancelled gives the place back, and what a login gives serves all.
    let ((cancelled, step), (mut next, _)) = (begun(&session), begun(&session));
    assert!(matches!(step, Step::Send(_)), "{step:?}");
    drop(cancelled);
    let step = next.advance(late, Event::Woken).unwrap();
    assert!(matches!(&step, Step::Send(out) if out.request.uri().path().ends_with("/login")));
    let tokens = Response::new(Bytes::from(tokens("test-access-1", "36000")));
    let step = next.advance(late, Event::Response(tokens)).unwrap();
    assert!(
        matches!(&step, Step::Send(out) if out.request.method() == "PUT"),
        "{step:?}"
    );
    let (_, step) = begun(&session);
    assert!(
        matches!(&step, Step::Send(out) if out.request.method() == "PUT"),
        "{step:?}"
    );
}

/// Killed after the id of the medium was written down, and before the end was.
#[test]
fn a_registration_whose_id_is_known_is_not_made_again() {
    let told = put(&[login("1"), put_stored(), registered()], &[], |upload| {
        upload
    });
    let (finished, before) = told.records.split_last().unwrap();
    let id = String::from_utf8_lossy(before.last().unwrap()).into_owned();
    assert!(id.contains("m-77"), "{id}");
    for repeat in [false, true] {
        let ids = Arc::new(Mutex::new(Vec::new()));
        let again = upload_with(
            session,
            &[],
            &small(),
            before,
            |transfer| match repeat {
                true => transfer.repeat_unknown(),
                false => transfer,
            },
            |upload| {
                let sink = Arc::clone(&ids);
                upload.created(move |id| sink.lock().unwrap().push(id.to_owned()))
            },
        );
        assert!(again.sent.is_empty());
        assert_eq!(again.records.last(), Some(finished));
        assert_eq!(again.result.unwrap().media, Some(Value::from("m-77")));
        // Once by each driver.
        assert_eq!(*ids.lock().unwrap(), ["m-77", "m-77"]);
    }
}

/// A journal without room for the id of the medium.
#[derive(Debug)]
struct FullForCreated;

impl Keeper for FullForCreated {
    fn keep(&self, record: &[u8]) -> std::io::Result<()> {
        match String::from_utf8_lossy(record).contains("\"created\"") {
            true => Err(std::io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

#[test]
fn an_id_that_cannot_be_written_down_is_told() {
    let replies = [login("1"), put_stored(), registered()];
    let network = ScriptedTransport::new(replies).file_of("/films/small.mp4", SMALL);
    let session = session();
    let transfer = Transfer::new().journal(Journal::new(Arc::new(FullForCreated)));
    let upload = Upload::new(&session, small(), &storage(), "test-bucket").transfer(transfer);
    let error = Run::new(&network, upload).send().unwrap_err();
    assert_eq!(
        (error.kind(), error.created()),
        (ErrorKind::Journal, Some("m-77"))
    );
}
