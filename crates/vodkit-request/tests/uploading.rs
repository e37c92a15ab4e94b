//! The settings of an upload, and that each reaches its request.

#![cfg(all(feature = "async", feature = "baijiayun"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use drivers::{block_on, session, tick_at};
use vodkit_request::baijiayun::{TargetDefinition, TargetFormat, Upload, YesNo};
use vodkit_request::flow::{Event, Flow, Step};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::TransportErrorKind::{Connect, Interrupted, LocalFile, Timeout};
use vodkit_request::types::{CommaList, FileInput};
use vodkit_request::{ErrorKind, Limits, Progress, ProgressSink, RetryPolicy, Run};

const TICKET: &str = r#"{"code":0,"data":{"video_id":"77","upload_url":"http://up.example.test/upload?fid=77&token=t"},"msg":""}"#;
const SENT: &str = r#"{"code":1,"msg":"success"}"#;

fn file() -> FileInput {
    FileInput::bytes("电影.mp4", *b"content")
}

#[test]
fn settings_reach_the_requests() {
    let own = Limits {
        total: Some(Duration::from_secs(77)),
        stall: Duration::from_secs(7),
        response_bytes: 7000,
    };
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = told.clone();
    let session = session();
    let transport = ScriptedTransport::new([Reply::json(TICKET), Reply::json(SENT)]);
    let uploaded = block_on(
        Run::new(&transport, Upload::new(&session, file()))
            .named("第一课.mp4")
            .definitions([TargetDefinition::High, TargetDefinition::Standard])
            .order(|order| order.use_https(YesNo::Yes))
            .order(|order| order.format(CommaList::from([TargetFormat::from("1")])))
            .limits(own)
            .progress(ProgressSink::new(move |progress| {
                sink.lock().unwrap().push(progress);
            })),
    )
    .unwrap();
    assert_eq!((uploaded.video_id, uploaded.bytes), (77, 7));
    let log = transport.log();
    assert!(
        log[0].contains("definition=")
            && log[0].contains("&file_name=%E7%AC%AC%E4%B8%80%E8%AF%BE.mp4&format=1&")
            && log[0].contains("&use_https=1&"),
        "{}",
        log[0]
    );
    let high = TargetDefinition::High.as_str().to_owned();
    let standard = TargetDefinition::Standard.as_str();
    assert!(
        log[0].contains(&format!("definition={high}%2C{standard}&")),
        "{}",
        log[0]
    );
    // The order has the limits of calls, the file those that were set.
    let sent = transport.sent();
    assert_eq!((sent[0].limits, sent[1].limits), (Limits::call(), own));
    assert!(sent[0].observers.progress.is_none());
    // Of the file, not of the form around it.
    assert_eq!(*told.lock().unwrap(), [Progress { sent: 7, total: 7 }]);
}

#[test]
fn without_settings_it_is_standard_definition_under_its_own_name() {
    let session = session();
    let transport = ScriptedTransport::new([Reply::json(TICKET), Reply::json(SENT)]);
    Run::new(&transport, Upload::new(&session, file()))
        .send()
        .unwrap();
    let log = transport.log();
    let standard = TargetDefinition::Standard.as_str();
    assert!(
        log[0].contains(&format!(
            " definition={standard}&file_name=%E7%94%B5%E5%BD%B1.mp4&partner_id="
        )),
        "{}",
        log[0]
    );
    assert_eq!(transport.sent()[1].limits, Limits::transfer());
}

#[test]
fn each_failure_after_the_order_tells_the_video() {
    for (reply, kind, words) in [
        (
            Reply::fails(Interrupted),
            ErrorKind::OutcomeUnknown,
            "look before repeating the call. Video 77 exists but may have no content",
        ),
        (
            Reply::fails(Timeout),
            ErrorKind::OutcomeUnknown,
            "look before repeating the call. Video 77 exists but may have no content",
        ),
        (
            Reply::fails(LocalFile),
            ErrorKind::LocalFile,
            ". Video 77 exists but has no content",
        ),
        (
            Reply::json(r#"{"code":2,"msg":"no"}"#),
            ErrorKind::Refused,
            "no. Video 77 exists but has no content",
        ),
        (
            Reply::status(502, "<html>"),
            ErrorKind::Unavailable,
            "Video 77 exists but may have no content",
        ),
        (
            Reply::json("<html>"),
            ErrorKind::Decode,
            "Video 77 exists but has no content",
        ),
    ] {
        let session = session().with_retry(RetryPolicy::NEVER);
        let transport = ScriptedTransport::new([Reply::json(TICKET), reply]);
        let error = Run::new(&transport, Upload::new(&session, file()))
            .send()
            .unwrap_err();
        assert_eq!((error.kind(), error.created()), (kind, Some("77")));
        assert!(error.to_string().ends_with(words), "{error}");
        assert!(error.to_string().starts_with("upload: "), "{error}");
        assert_eq!(transport.sent().len(), 2);
    }
    // Before it there is none.
    for reply in [
        Reply::fails(Interrupted),
        Reply::json(r#"{"code":1001,"msg":"no"}"#),
    ] {
        let session = session();
        let transport = ScriptedTransport::new([reply]);
        let error = Run::new(&transport, Upload::new(&session, file()))
            .send()
            .unwrap_err();
        assert_eq!(error.created(), None);
        assert!(!error.to_string().contains("Video"), "{error}");
        assert_eq!(transport.sent().len(), 1);
    }
}

#[test]
fn a_file_that_was_not_sent_is_sent_again_to_the_same_address() {
    let session = session();
    let transport = ScriptedTransport::new([
        Reply::json(TICKET),
        Reply::fails(Connect),
        Reply::json(SENT),
    ])
    .file("/tmp/a.mp4", 1000);
    let upload = Upload::new(&session, FileInput::path("/tmp/a.mp4"));
    let uploaded = Run::new(&transport, upload).send().unwrap();
    assert_eq!(uploaded.bytes, 1000);
    let sent = transport.sent();
    assert_eq!(sent.len(), 3);
    assert_eq!(sent[1].request.uri(), sent[2].request.uri());
    // The file is looked at before it is sent, also the second time, and after.
    let looked = transport
        .log()
        .iter()
        .filter(|line| line.starts_with("inspect"))
        .count();
    assert_eq!(looked, 3);
}

#[test]
fn what_cannot_be_sent_orders_no_video() {
    let session = session();
    for file in [
        FileInput::bytes("empty.mp4", *b""),
        FileInput::path("/tmp/missing.mp4"),
    ] {
        let transport = ScriptedTransport::new([]);
        let error = Run::new(&transport, Upload::new(&session, file))
            .send()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LocalFile);
        assert!(transport.sent().is_empty());
    }
    let transport = ScriptedTransport::new([]);
    let error = Run::new(&transport, Upload::new(&session, file()))
        .named("长".repeat(256))
        .send()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(transport.sent().is_empty());
    // After its end there is nothing more.
    let mut upload = Upload::new(&session, FileInput::bytes("empty.mp4", *b""));
    assert!(
        upload
            .advance(tick_at(Duration::ZERO), Event::Start)
            .is_err()
    );
    assert!(!matches!(
        upload.advance(tick_at(Duration::ZERO), Event::Woken),
        Ok(Step::Done(_))
    ));
}
