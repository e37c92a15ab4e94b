//! Waiting for a video: how often it asks, and that nothing outlasts the deadline.

#![cfg(all(feature = "async", feature = "baijiayun"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use std::time::Duration;

use bytes::Bytes;
use drivers::{block_on, secret_only, session, tick_at};
use http::Response;
use vodkit_request::baijiayun::{Baijiayun, WaitForTranscode};
use vodkit_request::flow::{Event, Flow, Step};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::TransportError;
use vodkit_request::transport::TransportErrorKind::{Interrupted, Timeout};
use vodkit_request::{Error, ErrorKind, Limits, RetryPolicy, Run, Session};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn status(status: u32) -> Reply {
    Reply::json(format!(
        r#"{{"code":0,"data":{{"status":{status},"info":""}},"msg":""}}"#
    ))
}

fn wait_on(
    transport: &ScriptedTransport,
    session: &Session<Baijiayun>,
    deadline: Duration,
) -> Result<(), Error> {
    Run::new(transport, WaitForTranscode::new(session, 7, deadline)).send()
}

fn waits(transport: &ScriptedTransport) -> Vec<u64> {
    transport
        .log()
        .iter()
        .filter_map(|line| line.strip_prefix("sleep ")?.strip_suffix(" ms"))
        .map(|millis| millis.parse().unwrap())
        .collect()
}

#[test]
fn waits_grow_to_15_seconds_and_no_further() {
    let transport = ScriptedTransport::new((0..12).map(|_| status(20)).chain([status(100)]));
    wait_on(&transport, &session(), seconds(3600)).unwrap();
    assert_eq!(
        waits(&transport),
        [
            1000, 1500, 2250, 3375, 5062, 7593, 11_390, 15_000, 15_000, 15_000, 15_000, 15_000
        ]
    );
}

#[test]
fn the_first_wait_is_held_within_its_limits() {
    for (asked, first, second) in [
        (Duration::ZERO, 20, 30),
        (Duration::from_millis(19), 20, 30),
        (Duration::from_millis(100), 100, 150),
        (seconds(15), 15_000, 15_000),
        (seconds(16), 15_000, 15_000),
        (Duration::MAX, 15_000, 15_000),
    ] {
        let session = session();
        let transport = ScriptedTransport::new([status(10), status(20), status(100)]);
        block_on(
            Run::new(
                &transport,
                WaitForTranscode::new(&session, 7, seconds(3600)),
            )
            .first_wait(asked),
        )
        .unwrap();
        assert_eq!(waits(&transport), [first, second], "{asked:?}");
    }
}

#[test]
fn no_question_may_outlast_the_deadline() {
    let session = session().with_limits(
        Limits {
            stall: seconds(3),
            ..Limits::call()
        },
        Limits::transfer(),
    );
    let transport = ScriptedTransport::new((0..100).map(|_| status(20)));
    let error = wait_on(&transport, &session, seconds(60)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    let mut at = Duration::ZERO;
    let mut bounded = 0;
    let sent = transport.sent();
    for (out, wait) in sent.iter().zip(waits(&transport)) {
        let left = seconds(60) - at;
        // The log has whole milliseconds.
        let total = out.limits.total.unwrap();
        assert!(total <= seconds(30) && total <= left, "{total:?}");
        assert!(left.min(seconds(30)) - total < Duration::from_millis(20));
        assert_eq!(out.limits.stall, seconds(3));
        bounded += u32::from(left < seconds(30));
        at += Duration::from_millis(10 + wait);
    }
    assert!(bounded >= 2, "{bounded}");
    assert!(seconds(60) - at < Duration::from_millis(20), "{at:?}");

    // A session without a limit of its own.
    let endless = drivers::session().with_limits(Limits::transfer(), Limits::transfer());
    let transport = ScriptedTransport::new([status(100)]);
    wait_on(&transport, &endless, seconds(60)).unwrap();
    assert_eq!(transport.sent()[0].limits.total, Some(seconds(60)));
}

#[test]
fn without_time_nothing_is_asked() {
    let transport = ScriptedTransport::new([]);
    let error = wait_on(&transport, &session(), Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert!(transport.log().is_empty());
    assert_eq!(
        error.to_string(),
        "video/getStatus: video 7 is not ready after 0ns; its last known status is unknown"
    );
    // And no more once it is over to the millisecond.
    let transport = ScriptedTransport::new([status(20)]);
    let error = wait_on(&transport, &session(), seconds(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert_eq!(waits(&transport), [990]);
    assert!(
        error.to_string().ends_with("its last known status is 20"),
        "{error}"
    );
}

#[test]
fn a_pause_before_a_repeated_question_ends_with_the_deadline_too() {
    for (deadline, asked, paused) in [
        (seconds(5), "20", false),
        (seconds(5), "5", false),
        (seconds(5), "4", true),
    ] {
        let transport = ScriptedTransport::new([
            status(20),
            Reply::status(503, "down").header("retry-after", asked),
        ]);
        let session = session();
        let flow =
            WaitForTranscode::new(&session, 7, deadline).first_wait(Duration::from_millis(20));
        let error = Run::new(&transport, flow).send().unwrap_err();
        if paused {
            // The pause fits, and the script ends there.
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert_eq!(waits(&transport), [20, 4000]);
        } else {
            assert_eq!(error.kind(), ErrorKind::Deadline, "{error}");
            assert!(
                error.to_string().contains("last known status is 20"),
                "{error}"
            );
            assert_eq!(waits(&transport), [20]);
        }
    }
}

/// Asks once, and fails in this way after this long.
fn cut_off(policy: RetryPolicy, failure: TransportError, after: Duration) -> Error {
    let session = session().with_retry(policy);
    let mut flow = WaitForTranscode::new(&session, 7, seconds(10));
    assert!(matches!(
        flow.advance(tick_at(seconds(100)), Event::Start),
        Ok(Step::Send(_))
    ));
    flow.advance(tick_at(seconds(100) + after), Event::Failed(failure))
        .unwrap_err()
}

#[test]
fn a_question_cut_off_by_the_deadline_is_told_as_that() {
    let failure = |kind| TransportError::new(kind, "cut");
    for policy in [RetryPolicy::NEVER, RetryPolicy::STANDARD] {
        let error = cut_off(policy, failure(Timeout), seconds(10));
        assert_eq!(error.kind(), ErrorKind::Deadline, "{error}");
        assert_eq!(error.operation().unwrap().name, "video/getStatus");
    }
    // Before the deadline it is the network's fault, and so is another failure at any time.
    let error = cut_off(RetryPolicy::NEVER, failure(Timeout), seconds(9));
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.attempts(), 1);
    let error = cut_off(RetryPolicy::NEVER, failure(Interrupted), seconds(11));
    assert_eq!(error.kind(), ErrorKind::Interrupted);
}

#[test]
fn every_end_names_the_call() {
    let session = session();
    for (reply, kind) in [
        (status(30), ErrorKind::Processing),
        (status(31), ErrorKind::Processing),
        (status(32), ErrorKind::Processing),
        (
            Reply::json(r#"{"code":5002,"data":null,"msg":"no"}"#),
            ErrorKind::Refused,
        ),
        (Reply::json("{"), ErrorKind::Decode),
    ] {
        let transport = ScriptedTransport::new([reply]);
        let error = wait_on(&transport, &session, seconds(60)).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(
            error.to_string().starts_with("video/getStatus: "),
            "{error}"
        );
    }
    // A status that no page lists is waited for.
    let transport = ScriptedTransport::new([status(77), status(100)]);
    wait_on(&transport, &session, seconds(60)).unwrap();
    let mut flow = WaitForTranscode::new(&session, 7, seconds(60));
    let event = Event::Response(Response::new(Bytes::new()));
    let error = flow.advance(tick_at(Duration::ZERO), event).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.operation().unwrap().name, "video/getStatus");
}

#[test]
fn the_time_of_a_login_counts() {
    let session = secret_only();
    let transport = ScriptedTransport::new([Reply::status(503, "").header("retry-after", "9")]);
    let error = wait_on(&transport, &session, seconds(5)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline, "{error}");
    assert!(waits(&transport).is_empty());
}
