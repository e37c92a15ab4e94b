//! When a call is repeated: the table of the decision, the budget, and what both do to a call.

#![cfg(all(feature = "async", feature = "baijiayun"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use drivers::{OK_STATUS, RIGHT_TIME, WRONG_SIGN, both, session, tick_at};
use vodkit_request::baijiayun::{AddCategory, GetInfo, GetStatus, UploadSubtitle};
use vodkit_request::exec::Exec;
use vodkit_request::flow::{Event, Flow, Step};
use vodkit_request::retry::{Attempt, Outcome, RetryBudget};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::TransportErrorKind::{Connect, InvalidRequest, Other};
use vodkit_request::types::FileInput;
use vodkit_request::{Call, ErrorKind, Limits, ProgressSink, RetryPolicy, Session};

const DOWN: &str = "down";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn attempt(number: u32, outcome: Outcome) -> Attempt {
    Attempt {
        number,
        idempotent: true,
        outcome,
        elapsed: Duration::ZERO,
    }
}

#[test]
fn the_bound_of_the_wait_doubles_up_to_the_cap() {
    let policy = RetryPolicy::attempts(100);
    for (number, bound) in [
        (0, 200),
        (1, 200),
        (2, 400),
        (3, 800),
        (4, 1600),
        (7, 12_800),
        (8, 20_000),
        (18, 20_000),
        (99, 20_000),
    ] {
        let wait = |entropy| {
            policy
                .decide(attempt(number, Outcome::NotSent), entropy)
                .unwrap()
        };
        // Every wait from zero to the bound can be drawn, and no longer one.
        assert_eq!(wait(0), Duration::ZERO, "attempt {number}");
        assert_eq!(wait(1), millis(1));
        assert_eq!(wait(bound), millis(bound));
        assert_eq!(wait(bound + 1), Duration::ZERO);
        assert_eq!(wait(bound / 2), millis(bound / 2));
        assert!(wait(u64::MAX) <= millis(bound));
    }
}

#[test]
fn a_wait_that_the_server_asks_for_is_obeyed_up_to_the_cap() {
    let policy = RetryPolicy::STANDARD;
    for (asked, entropy, expected) in [
        (Some(seconds(5)), 0, seconds(5)),
        (Some(seconds(5)), 199, seconds(5)),
        (Some(seconds(20)), 0, seconds(20)),
        (Some(seconds(21)), 0, seconds(20)),
        (Some(Duration::MAX), 0, seconds(20)),
        // One shorter than our own wait does not shorten it.
        (Some(Duration::ZERO), 150, millis(150)),
        (Some(millis(100)), 150, millis(150)),
        (None, 150, millis(150)),
    ] {
        for outcome in [Outcome::Throttled(asked), Outcome::Unavailable(asked)] {
            assert_eq!(policy.decide(attempt(1, outcome), entropy), Some(expected));
        }
    }
}

#[test]
fn only_what_is_safe_is_repeated() {
    for (outcome, write, read) in [
        (Outcome::NotSent, true, true),
        (Outcome::Throttled(None), true, true),
        (Outcome::Unsure, false, true),
        (Outcome::Unavailable(None), false, true),
    ] {
        for (idempotent, expected) in [(false, write), (true, read)] {
            let attempt = Attempt {
                idempotent,
                ..attempt(1, outcome)
            };
            let repeated = RetryPolicy::STANDARD.decide(attempt, 0).is_some();
            assert_eq!(repeated, expected, "{attempt:?}");
        }
    }
    for (number, repeated) in [(1, true), (2, true), (3, false), (u32::MAX, false)] {
        let decision = RetryPolicy::STANDARD.decide(attempt(number, Outcome::NotSent), 0);
        assert_eq!(decision.is_some(), repeated, "attempt {number}");
    }
    assert_eq!(
        RetryPolicy::NEVER.decide(attempt(1, Outcome::NotSent), 0),
        None
    );
    assert_eq!(RetryPolicy::default(), RetryPolicy::STANDARD);
}

#[test]
fn no_attempt_starts_after_the_time_is_over() {
    let late = |elapsed, asked| {
        let attempt = Attempt {
            elapsed,
            ..attempt(1, Outcome::Throttled(Some(asked)))
        };
        RetryPolicy::STANDARD.decide(attempt, 0)
    };
    assert_eq!(late(seconds(40), seconds(20)), Some(seconds(20)));
    assert_eq!(late(seconds(40) + millis(1), seconds(20)), None);
    assert_eq!(late(seconds(60), Duration::ZERO), Some(Duration::ZERO));
    assert_eq!(late(Duration::MAX, seconds(1)), None);
}

#[test]
fn no_setting_overflows() {
    let mut policy = RetryPolicy::attempts(u32::MAX);
    policy.base = Duration::MAX;
    policy.cap = Duration::MAX;
    policy.elapsed = Duration::MAX;
    for number in [0, 1, 17, 18, u32::MAX - 1] {
        for elapsed in [Duration::ZERO, Duration::MAX] {
            for outcome in [
                Outcome::NotSent,
                Outcome::Throttled(Some(Duration::MAX)),
                Outcome::Unavailable(Some(Duration::MAX)),
            ] {
                for entropy in [0, 7, u64::MAX] {
                    let attempt = Attempt {
                        elapsed,
                        ..attempt(number, outcome)
                    };
                    assert!(policy.decide(attempt, entropy).is_some(), "{attempt:?}");
                }
            }
        }
    }
    policy.base = Duration::ZERO;
    assert_eq!(
        policy.decide(attempt(5, Outcome::NotSent), u64::MAX),
        Some(Duration::ZERO)
    );
}

#[test]
fn the_budget_holds_35_retries() {
    let budget = RetryBudget::new();
    let take_all = || std::iter::from_fn(|| budget.take().then_some(())).count();
    assert_eq!(take_all(), 35);
    // Ten units are left: four plain successes make a retry of them.
    for _ in 0..3 {
        budget.refill(false);
        assert!(!budget.take());
    }
    budget.refill(false);
    assert!(budget.take());
    assert!(!budget.take());
    budget.refill(true);
    assert!(budget.take() && !budget.take());
    // It never holds more than at first.
    for _ in 0..10_000 {
        budget.refill(false);
        budget.refill(true);
    }
    assert_eq!(take_all(), 35);
    assert!(RetryBudget::default().take());
}

/// Uses up the budget of a session.
fn drained() -> Session<vodkit_request::baijiayun::Baijiayun> {
    let session = session();
    for _ in 0..18 {
        let down = ScriptedTransport::new((0..3).map(|_| Reply::status(503, DOWN)));
        Call::new(&down, &session, GetStatus::new(7))
            .send()
            .unwrap_err();
    }
    session
}

fn survives_a_hiccup(session: &Session<vodkit_request::baijiayun::Baijiayun>) -> bool {
    let hiccup = ScriptedTransport::new([Reply::status(503, DOWN), Reply::json(OK_STATUS)]);
    Call::new(&hiccup, session, GetStatus::new(7))
        .send()
        .is_ok()
}

#[test]
fn a_retry_that_helped_costs_nothing() {
    let session = session();
    assert!((0..200).all(|_| survives_a_hiccup(&session)));
}

#[test]
fn only_a_retry_gives_the_price_of_one_back() {
    let session = drained();
    assert!(!survives_a_hiccup(&session));
    // A second request because of a wrong clock is no retry: it took nothing, and gives one unit like any success.
    let reclocked = ScriptedTransport::new([
        Reply::json(WRONG_SIGN).header("date", RIGHT_TIME),
        Reply::json(OK_STATUS),
    ])
    .clock_offset(86_400_000);
    Call::new(&reclocked, &session, GetStatus::new(7))
        .send()
        .unwrap();
    assert!(!survives_a_hiccup(&session));
    for _ in 0..2 {
        let up = ScriptedTransport::new([Reply::json(OK_STATUS)]);
        Call::new(&up, &session, GetStatus::new(7)).send().unwrap();
        assert!(!survives_a_hiccup(&session));
    }
    let up = ScriptedTransport::new([Reply::json(OK_STATUS)]);
    Call::new(&up, &session, GetStatus::new(7)).send().unwrap();
    assert!(survives_a_hiccup(&session));
}

#[test]
fn a_call_ends_within_the_time_of_its_policy() {
    let (result, log) = both(
        || {
            ScriptedTransport::new(
                (0..3).map(|_| Reply::status(503, DOWN).header("retry-after", "20")),
            )
        },
        || session().with_retry(RetryPolicy::attempts(9)),
        GetStatus::new(7),
    );
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Unavailable, 3)
    );
    assert_eq!(error.retry_after(), Some(seconds(20)));
    let waits: Vec<_> = log
        .iter()
        .filter(|line| line.starts_with("sleep"))
        .collect();
    assert_eq!(waits, ["sleep 20000 ms", "sleep 20000 ms"]);
}

#[test]
fn a_retry_after_in_the_past_or_unreadable_is_no_wait() {
    for (header, waited) in [
        ("Tue, 14 Nov 2023 22:13:25 GMT", Some(4990)),
        ("Tue, 14 Nov 2023 22:00:00 GMT", None),
        ("soon", None),
    ] {
        let (result, log) = both(
            || {
                ScriptedTransport::new([
                    Reply::status(503, DOWN).header("retry-after", header),
                    Reply::json(OK_STATUS),
                ])
                .entropy(0)
            },
            session,
            GetStatus::new(7),
        );
        assert!(result.is_ok());
        assert_eq!(log[1], format!("sleep {} ms", waited.unwrap_or(0)));
    }
}

#[test]
fn a_request_that_the_client_library_refuses_is_final() {
    let (result, log) = both(
        || ScriptedTransport::new([Reply::fails(InvalidRequest)]),
        session,
        GetStatus::new(7),
    );
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_sent()),
        (ErrorKind::InvalidInput, false)
    );
    assert_eq!(log.len(), 1);
    // What nobody can name is repeated for a read and unknown for a write.
    let (result, _) = both(
        || ScriptedTransport::new([Reply::fails(Other), Reply::json(OK_STATUS)]),
        session,
        GetStatus::new(7),
    );
    assert!(result.is_ok());
    let (result, _) = both(
        || ScriptedTransport::new([Reply::fails(Other)]),
        session,
        AddCategory::new("x"),
    );
    assert_eq!(result.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
}

#[test]
fn each_request_of_a_call_has_its_limits_and_its_progress() {
    let own = Limits {
        total: Some(seconds(3)),
        stall: seconds(2),
        response_bytes: 1000,
    };
    let told = Arc::new(AtomicU64::new(0));
    let sink = told.clone();
    let session = session();
    let transport = ScriptedTransport::new([Reply::fails(Connect), Reply::json(OK_STATUS)]);
    Call::new(&transport, &session, GetStatus::new(7))
        .limits(own)
        .progress(ProgressSink::new(move |progress| {
            assert_eq!(progress.sent, progress.total);
            sink.fetch_add(progress.total, Ordering::Relaxed);
        }))
        .send()
        .unwrap();
    let sent = transport.sent();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|out| out.limits == own));
    let bytes: u64 = sent.iter().map(|out| out.request.body().len()).sum();
    assert_eq!(told.load(Ordering::Relaxed), bytes);
}

#[test]
fn a_session_has_limits_for_calls_and_for_files() {
    let (calls, files) = (
        Limits {
            stall: seconds(1),
            ..Limits::call()
        },
        Limits {
            stall: seconds(2),
            ..Limits::transfer()
        },
    );
    let session = session().with_limits(calls, files);
    let transport = ScriptedTransport::new([
        Reply::json(OK_STATUS),
        Reply::json(r#"{"code":0,"data":{"subtitle_id":1},"msg":""}"#),
    ]);
    Call::new(&transport, &session, GetStatus::new(7))
        .send()
        .unwrap();
    let subtitle = UploadSubtitle::new("x", 7, FileInput::bytes("a.vtt", *b"WEBVTT"));
    let _judged_elsewhere = Call::new(&transport, &session, subtitle).send();
    let sent = transport.sent();
    assert_eq!((sent[0].limits, sent[1].limits), (calls, files));
    assert!(sent[0].observers.progress.is_none());
}

#[test]
fn a_flow_that_is_told_what_it_did_not_ask_says_so() {
    let session = session();
    let tick = tick_at(Duration::ZERO);
    for event in [
        Event::Woken,
        Event::Failed(vodkit_request::transport::TransportError::new(Connect, "x")),
    ] {
        let mut flow = Exec::new(&session, GetInfo::new(7));
        let error = flow.advance(tick, event).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    let mut flow = Exec::new(&session, GetInfo::new(7));
    assert!(matches!(
        flow.advance(tick, Event::Start),
        Ok(Step::Send(_))
    ));
    assert!(flow.advance(tick, Event::Start).is_err());
}
