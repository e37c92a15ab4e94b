//! Logging in: how often, for whom, and what a failed login says of the call.

#![cfg(all(feature = "async", feature = "baijiayun"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use std::time::Duration;

use bytes::Bytes;
use drivers::{
    OK_STATUS, RIGHT_TIME, WRONG_SIGN, both, key_reply, secret_only, sends, tick_at, value,
};
use http::Response;
use vodkit_request::baijiayun::{AddCategory, GetStatus};
use vodkit_request::exec::Exec;
use vodkit_request::flow::{Event, Flow, Step};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::TransportErrorKind::{Connect, InvalidRequest, Timeout};
use vodkit_request::{Call, ErrorKind, RetryPolicy};

const OK_ADDED: &str = r#"{"code":0,"data":{"id":1},"msg":""}"#;

fn is_login(line: &str) -> bool {
    line.contains("/openapi/partner/createkey")
}

#[test]
fn a_login_that_the_service_fails_is_repeated_and_bounded() {
    for (reply, kind) in [
        (Reply::status(503, "down"), ErrorKind::Unavailable),
        (Reply::status(500, OK_STATUS), ErrorKind::Unavailable),
        (
            Reply::json(r#"{"code":429,"data":null,"msg":"slow down"}"#),
            ErrorKind::Throttled,
        ),
        (Reply::fails(Connect), ErrorKind::Connect),
        (Reply::fails(Timeout), ErrorKind::Timeout),
    ] {
        // A write: what was lost is the login, which may always be repeated.
        let (result, log) = both(
            || ScriptedTransport::new([reply.clone(), reply.clone(), reply.clone()]),
            secret_only,
            AddCategory::new("x"),
        );
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.maybe_sent()), (kind, false), "{error}");
        assert!(error.message().starts_with("logging in: "), "{error}");
        assert!(
            error.to_string().starts_with("video/addCategory: "),
            "{error}"
        );
        assert_eq!(error.attempts(), 0, "the call itself was not sent");
        assert_eq!(sends(&log).len(), 3);
        assert!(sends(&log).iter().all(|line| is_login(line)), "{log:?}");

        let (result, log) = both(
            || ScriptedTransport::new([reply.clone()]),
            || secret_only().with_retry(RetryPolicy::NEVER),
            AddCategory::new("x"),
        );
        assert_eq!(result.unwrap_err().kind(), kind);
        assert_eq!(log.len(), 1, "{log:?}");
    }
}

#[test]
fn a_login_that_failed_for_load_obeys_the_wait_and_the_call_follows() {
    for reply in [
        Reply::json(r#"{"code":429,"data":null,"msg":""}"#),
        Reply::status(503, ""),
        Reply::status(429, ""),
    ] {
        let (result, log) = both(
            || {
                ScriptedTransport::new([
                    reply.clone().header("retry-after", "3"),
                    key_reply("fetched-key-0123456789"),
                    Reply::json(OK_ADDED),
                ])
            },
            secret_only,
            AddCategory::new("x"),
        );
        assert!(result.is_ok(), "{:?}", result.err());
        assert_eq!(log[1], "sleep 3000 ms");
        assert_eq!(sends(&log).len(), 3);
    }
}

#[test]
fn failed_logins_and_failed_calls_share_the_attempts() {
    let (result, log) = both(
        || {
            ScriptedTransport::new([
                Reply::status(503, ""),
                key_reply("fetched-key-0123456789"),
                Reply::status(503, ""),
                Reply::status(503, ""),
            ])
        },
        secret_only,
        GetStatus::new(7),
    );
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unavailable, 2)
    );
    assert!(!error.message().contains("logging in"), "{error}");
    assert_eq!(sends(&log).len(), 4);
}

#[test]
fn a_failed_login_does_not_use_up_the_logins_that_a_refused_key_needs() {
    let (result, log) = both(
        || {
            ScriptedTransport::new([
                Reply::fails(Connect),
                key_reply("stale-key-0123456789"),
                Reply::json(WRONG_SIGN),
                key_reply("fresh-key-0123456789"),
                Reply::json(OK_STATUS),
            ])
        },
        secret_only,
        GetStatus::new(7),
    );
    assert!(result.is_ok(), "{:?}", result.err());
    assert_eq!(sends(&log).iter().filter(|line| is_login(line)).count(), 3);
}

#[test]
fn a_login_that_cannot_work_is_sent_once() {
    for (reply, kind) in [
        (Reply::fails(InvalidRequest), ErrorKind::InvalidInput),
        (Reply::json("<html>"), ErrorKind::Decode),
        (
            Reply::json(r#"{"code":2002,"data":null,"msg":"not opened"}"#),
            ErrorKind::Credential,
        ),
        (
            Reply::json(r#"{"code":1002,"data":null,"msg":"no"}"#),
            ErrorKind::Credential,
        ),
        (key_reply(""), ErrorKind::Decode),
    ] {
        let (result, log) = both(
            || ScriptedTransport::new([reply.clone()]),
            secret_only,
            AddCategory::new("x"),
        );
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.maybe_sent()), (kind, false), "{error}");
        assert_eq!(log.len(), 1, "{log:?}");
    }
    let (result, _) = both(
        || ScriptedTransport::new([key_reply("")]),
        secret_only,
        GetStatus::new(7),
    );
    let error = result.unwrap_err();
    assert_eq!(error.field_path(), Some("data.partner_key"));
    assert!(error.to_string().contains("empty partner key"), "{error}");
}

#[test]
fn wrong_parameters_are_told_before_a_login() {
    let (result, log) = both(
        || ScriptedTransport::new([]),
        secret_only,
        GetStatus::new(0),
    );
    assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(log.is_empty(), "{log:?}");
}

#[test]
fn the_login_tells_the_time_too() {
    let (result, log) = both(
        || {
            ScriptedTransport::new([
                key_reply("fetched-key-0123456789").header("date", RIGHT_TIME),
                Reply::json(OK_STATUS),
            ])
            .clock_offset(86_400_000)
        },
        secret_only,
        GetStatus::new(7),
    );
    assert!(result.is_ok());
    assert_eq!(value(&log[1], "timestamp"), "1700000000");
}

#[test]
fn a_call_without_signature_needs_no_login() {
    let (result, log) = both(
        || ScriptedTransport::new([key_reply("fetched-key-0123456789")]),
        secret_only,
        vodkit_request::baijiayun::CreateKey::new(7, "test-secret-key-0123456789"),
    );
    assert!(result.is_ok());
    assert_eq!(log.len(), 1);
}

fn reply(body: &str) -> Event {
    Event::Response(Response::new(Bytes::from(body.to_owned())))
}

fn key_event(key: &str) -> Event {
    reply(&format!(
        r#"{{"code":0,"data":{{"partner_key":"{key}"}},"msg":""}}"#
    ))
}

/// The path of the request that the step sends.
#[track_caller]
fn sent<T: std::fmt::Debug>(step: Result<Step<T>, vodkit_request::Error>) -> String {
    match step {
        Ok(Step::Send(out)) => out.request.uri().path().to_owned(),
        other => panic!("no request: {other:?}"),
    }
}

#[test]
fn a_login_without_reply_is_given_up_after_a_minute_of_the_steady_clock() {
    let session = secret_only();
    let seconds = |seconds| tick_at(Duration::from_secs(seconds));
    let mut first = Exec::new(&session, GetStatus::new(1));
    assert!(is_login(&sent(first.advance(seconds(0), Event::Start))));
    let mut second = Exec::new(&session, GetStatus::new(2));
    // A wall clock that jumps by a day ends no lease.
    let mut jumped = seconds(59);
    jumped.now = jumped.now.offset(86_400_000);
    assert!(matches!(
        second.advance(jumped, Event::Start),
        Ok(Step::Sleep(wait)) if wait == Duration::from_millis(20)
    ));
    assert!(is_login(&sent(second.advance(seconds(60), Event::Woken))));

    // The old holder's end frees nothing: the place is the second's now.
    drop(first);
    let mut third = Exec::new(&session, GetStatus::new(3));
    assert!(matches!(
        third.advance(seconds(61), Event::Start),
        Ok(Step::Sleep(_))
    ));
    assert_eq!(
        sent(second.advance(seconds(62), key_event("fetched-key-0123456789"))),
        "/openapi/video/getStatus"
    );
    assert_eq!(
        sent(third.advance(seconds(62), Event::Woken)),
        "/openapi/video/getStatus"
    );
}

#[test]
fn a_late_login_serves_all_but_takes_no_place() {
    let session = secret_only();
    let seconds = |seconds| tick_at(Duration::from_secs(seconds));
    let mut first = Exec::new(&session, GetStatus::new(1));
    sent(first.advance(seconds(0), Event::Start));
    let mut second = Exec::new(&session, GetStatus::new(2));
    assert!(is_login(&sent(second.advance(seconds(60), Event::Start))));
    // The first login's reply comes after all; its key is refused, and the second is still logging in.
    sent(first.advance(seconds(61), key_event("late-key-0123456789")));
    assert!(matches!(
        first.advance(seconds(62), reply(WRONG_SIGN)),
        Ok(Step::Sleep(_))
    ));
    sent(second.advance(seconds(63), key_event("fetched-key-0123456789")));
    assert_eq!(
        sent(first.advance(seconds(63), Event::Woken)),
        "/openapi/video/getStatus"
    );
}

#[test]
fn many_refused_with_one_key_log_in_once() {
    let session = secret_only();
    let tick = tick_at(Duration::ZERO);
    let mut calls: Vec<_> = (1..=4)
        .map(|id| Exec::new(&session, GetStatus::new(id)))
        .collect();
    assert!(is_login(&sent(calls[0].advance(tick, Event::Start))));
    sent(calls[0].advance(tick, key_event("stale-key-0123456789")));
    for call in &mut calls[1..] {
        assert!(!is_login(&sent(call.advance(tick, Event::Start))));
    }
    assert!(is_login(&sent(calls[0].advance(tick, reply(WRONG_SIGN)))));
    // Refused while the first is logging in: wait for it.
    assert!(matches!(
        calls[1].advance(tick, reply(WRONG_SIGN)),
        Ok(Step::Sleep(_))
    ));
    let renewed = calls[0].advance(tick, key_event("fresh-key-0123456789"));
    assert!(!is_login(&sent(renewed)));
    // Refused with the old key after the new one came: the new one is used at once.
    for call in &mut calls[2..] {
        assert!(!is_login(&sent(call.advance(tick, reply(WRONG_SIGN)))));
    }
    assert!(!is_login(&sent(calls[1].advance(tick, Event::Woken))));
    for call in &mut calls {
        assert!(matches!(
            call.advance(tick, reply(OK_STATUS)),
            Ok(Step::Done(_))
        ));
    }
}

#[test]
fn a_key_that_others_renew_is_tried_once_more_and_no_oftener() {
    let session = secret_only();
    let tick = tick_at(Duration::ZERO);
    let mut call = Exec::new(&session, GetStatus::new(1));
    sent(call.advance(tick, Event::Start));
    sent(call.advance(tick, key_event("first-key-0123456789")));
    // Each time before it is refused, another call is refused and renews the key.
    for round in 0..2 {
        let mut other = Exec::new(&session, GetStatus::new(2));
        sent(other.advance(tick, Event::Start));
        assert!(is_login(&sent(other.advance(tick, reply(WRONG_SIGN)))));
        sent(other.advance(tick, key_event("other-key-0123456789")));
        let step = call.advance(tick, reply(WRONG_SIGN));
        if round == 0 {
            assert!(!is_login(&sent(step)));
        } else {
            assert_eq!(step.unwrap_err().code(), Some("1002"));
        }
    }
}

#[test]
fn a_refused_key_is_renewed_within_the_minute_of_its_login() {
    let session = secret_only();
    let transport = ScriptedTransport::new([
        key_reply("stale-key-0123456789"),
        Reply::json(WRONG_SIGN),
        key_reply("fresh-key-0123456789"),
        Reply::json(OK_STATUS),
    ]);
    Call::new(&transport, &session, GetStatus::new(7))
        .send()
        .unwrap();
    assert!(
        !transport.log().iter().any(|line| line.starts_with("sleep")),
        "{:?}",
        transport.log()
    );
}

#[test]
fn whoever_never_repeats_sends_a_refused_call_once() {
    // The clock is a day ahead and the reply says so: the next call is right, this one is over.
    let session = secret_only().with_retry(RetryPolicy::NEVER);
    let transport = ScriptedTransport::new([
        key_reply("fetched-key-0123456789"),
        Reply::json(WRONG_SIGN).header("date", RIGHT_TIME),
    ])
    .clock_offset(86_400_000);
    let error = Call::new(&transport, &session, AddCategory::new("x"))
        .send()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Credential, 1),
        "{error}"
    );
    let sent = transport.sent();
    assert_eq!(sent.len(), 2);
}

#[test]
fn a_request_by_hand_needs_the_key_and_takes_no_place() {
    let session = secret_only();
    let transport =
        ScriptedTransport::new([key_reply("fetched-key-0123456789"), Reply::json(OK_STATUS)]);
    let call = Call::new(&transport, &session, GetStatus::new(7));
    let lines: Vec<String> = (0..2)
        .map(|_| {
            let error = call.request(tick_at(Duration::ZERO)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credential);
            error.to_string()
        })
        .collect();
    assert_eq!(lines[0], lines[1]);
    assert!(
        lines[0].starts_with("video/getStatus: ") && lines[0].contains("not known yet"),
        "{}",
        lines[0]
    );
    // What needs no signature needs no key, and takes no place either.
    let unsigned = vodkit_request::baijiayun::CreateKey::new(7, "test-secret-key-0123456789");
    Call::new(&transport, &session, unsigned)
        .request(tick_at(Duration::ZERO))
        .unwrap();
    Call::new(&transport, &session, GetStatus::new(7))
        .send()
        .unwrap();
    assert_eq!(sends(&transport.log()).len(), 2);
    assert_eq!(transport.log().len(), 2, "nobody was waited for");
    call.request(tick_at(Duration::ZERO)).unwrap();
}
