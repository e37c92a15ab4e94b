//! Uploading and waiting, against a script.

#![cfg(all(feature = "async", feature = "baijiayun"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use std::time::Duration;

use drivers::{block_on, session};
use vodkit_request::baijiayun::{Upload, WaitForTranscode};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::TransportErrorKind::Interrupted;
use vodkit_request::types::FileInput;
use vodkit_request::{ErrorKind, RetryPolicy, Run};

const TICKET: &str = r#"{"code":0,"data":{"video_id":"77","upload_url":"http://up.example.test/upload?fid=77&ts=1&token=t"},"msg":""}"#;

#[test]
fn an_upload_asks_for_an_address_and_sends_one_form() {
    let run = |reply: &'static str| {
        let transport = ScriptedTransport::new([Reply::json(TICKET), Reply::json(reply)])
            .file("/tmp/电影 1.mp4", 1000);
        let session = session().with_retry(RetryPolicy::NEVER);
        let result = Run::new(
            &transport,
            Upload::new(&session, FileInput::path("/tmp/电影 1.mp4")),
        )
        .send();
        (result, transport.log(), transport.sent())
    };
    let (result, log, sent) = run(r#"{"code":1,"msg":"success"}"#);
    let uploaded = result.unwrap();
    assert_eq!((uploaded.video_id, uploaded.bytes), (77, 1000));
    assert_eq!(log[0], "inspect /tmp/电影 1.mp4");
    assert!(
        log[1].contains("file_name=%E7%94%B5%E5%BD%B1%201.mp4"),
        "{}",
        log[1]
    );
    let body = sent[1].request.body();
    let length: u64 = body.segments().iter().map(|segment| segment.len()).sum();
    assert_eq!(body.len(), length);
    assert_eq!(
        sent[1].request.uri().to_string(),
        "http://up.example.test/upload?fid=77&ts=1&token=t"
    );
    assert_eq!(sent[1].limits.total, None);
    assert!(
        log[2].contains("name=\"data\"; filename=\"电影 1.mp4\"")
            && log[2].contains("</tmp/电影 1.mp4 0..1000>"),
        "{}",
        log[2]
    );

    // 0 is success everywhere but here.
    let (result, ..) = run(r#"{"code":0,"msg":"?"}"#);
    let error = result.unwrap_err();
    assert_eq!(error.code(), Some("0"));
    assert!(error.to_string().contains("Video 77"), "{error}");
}

#[test]
fn an_upload_that_cannot_work_creates_no_video() {
    let session = session();
    let missing = ScriptedTransport::new([]);
    let error = Run::new(
        &missing,
        Upload::new(&session, FileInput::path("/tmp/none.mp4")),
    )
    .send()
    .unwrap_err();
    assert!(
        error.kind() == ErrorKind::LocalFile && error.to_string().contains("no such file"),
        "{error}"
    );
    assert!(missing.sent().is_empty());
    let empty = ScriptedTransport::new([]).file("/tmp/empty.mp4", 0);
    let error = Run::new(
        &empty,
        Upload::new(&session, FileInput::path("/tmp/empty.mp4")),
    )
    .send()
    .unwrap_err();
    assert!(
        error.kind() == ErrorKind::LocalFile && error.to_string().contains("empty"),
        "{error}"
    );
    assert!(empty.sent().is_empty());
}

#[test]
fn a_lost_upload_names_the_video_it_leaves_behind() {
    // Whoever wants nothing repeated gets nothing asked either.
    let session = session().with_retry(RetryPolicy::NEVER);
    let transport = ScriptedTransport::new([Reply::json(TICKET), Reply::fails(Interrupted)]);
    let error = Run::new(
        &transport,
        Upload::new(&session, FileInput::bytes("a.mp4", [1, 2, 3])),
    )
    .send()
    .unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_sent()),
        (ErrorKind::OutcomeUnknown, true)
    );
    assert!(error.to_string().contains("Video 77"), "{error}");
    assert_eq!(transport.sent().len(), 2);
}

fn status(status: u32) -> Reply {
    Reply::json(format!(
        r#"{{"code":0,"data":{{"status":{status},"info":"words"}},"msg":""}}"#
    ))
}

#[test]
fn waiting_ends_with_success_failure_or_the_deadline() {
    let session = session();
    let deadline = Duration::from_secs(60);
    let good = ScriptedTransport::new([status(10), status(20), status(20), status(100)]);
    Run::new(&good, WaitForTranscode::new(&session, 7, deadline))
        .send()
        .unwrap();
    let waits: Vec<_> = good
        .log()
        .into_iter()
        .filter(|line| line.starts_with("sleep"))
        .collect();
    assert_eq!(waits, ["sleep 1000 ms", "sleep 1500 ms", "sleep 2250 ms"]);

    for failed in [30, 31, 32] {
        let bad = ScriptedTransport::new([status(20), status(failed)]);
        let error = Run::new(&bad, WaitForTranscode::new(&session, 7, deadline))
            .send()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Processing);
        assert!(
            error.to_string().contains(&failed.to_string()) && error.to_string().contains("words"),
            "{error}"
        );
    }

    let slow = ScriptedTransport::new((0..100).map(|_| status(20)));
    let error = block_on(Run::new(
        &slow,
        WaitForTranscode::new(&session, 7, deadline),
    ))
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    let waited: u64 = slow
        .log()
        .iter()
        .filter_map(|line| {
            line.strip_prefix("sleep ")?
                .strip_suffix(" ms")?
                .parse::<u64>()
                .ok()
        })
        .sum();
    assert!((59_000..=60_000).contains(&waited), "{waited}");
}
