//! MediaCloud's login: one for all calls, renewed in time, and told once when it is refused.

#![cfg(feature = "mediacloud")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;
mod mediacloud_account;

use std::future::IntoFuture;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::Bytes;
use drivers::{block_on, both, sends, tick_at};
use http::Response;
use http::header::AUTHORIZATION;
use mediacloud_account::{
    MEDIA, PASSWORD, REFRESH, REJECTED, bearers, login, session, tokens, with_token,
};
use vodkit_request::exec::Exec;
use vodkit_request::flow::{Event, Flow, Step};
use vodkit_request::mediacloud::{CreateCategory, GetMedia, Login, MediaCloud};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::TransportErrorKind::{Connect, Timeout};
use vodkit_request::transport::{FileFacts, Outgoing, Tick, TransportError};
use vodkit_request::{
    AsyncTransport, BlockingTransport, Call, Endpoint, Error, ErrorKind, Session,
};

fn is_login(line: &str) -> bool {
    line.starts_with("POST http://vod.example.test/api/v1/login ")
}

#[test]
fn one_login_serves_all_calls_under_both_drivers() {
    let script = || {
        ScriptedTransport::new([
            login("test-access-token-1"),
            Reply::json(MEDIA),
            Reply::json(MEDIA),
            Reply::json(r#"{"code":200,"msg":"","data":"c-1"}"#),
        ])
    };
    let (blocking, asynchronous) = (script(), script());
    let (first, second) = (session(), session());
    Call::new(&blocking, &first, GetMedia::new("m-1"))
        .send()
        .unwrap();
    Call::new(&blocking, &first, GetMedia::new("m-2"))
        .send()
        .unwrap();
    Call::new(&blocking, &first, CreateCategory::new("n"))
        .send()
        .unwrap();
    block_on(Call::new(&asynchronous, &second, GetMedia::new("m-1"))).unwrap();
    block_on(Call::new(&asynchronous, &second, GetMedia::new("m-2"))).unwrap();
    block_on(Call::new(&asynchronous, &second, CreateCategory::new("n"))).unwrap();
    assert_eq!(blocking.log(), asynchronous.log());
    let bearer = "Bearer test-access-token-1";
    assert_eq!(bearers(&blocking), ["none", bearer, bearer, bearer]);
    assert_eq!(
        blocking.log()[0],
        format!(
            r#"POST http://vod.example.test/api/v1/login {{"password":"{PASSWORD}","username":"demo"}}"#
        )
    );
}

#[test]
fn a_token_is_renewed_a_minute_before_it_expires() {
    for (expires_in, still, renewed) in [
        // Seconds of life, and when it still holds and no longer does, in seconds after the login's reply.
        ("36000", 35_939, 35_940),
        ("\"36000\"", 35_939, 35_940),
        ("120", 59, 60),
        ("60", 29, 30),
        ("10", 4, 5),
        ("1", 0, 1),
    ] {
        let session = session();
        let at = |seconds| tick_at(Duration::from_secs(seconds));
        let mut first = Exec::new(&session, GetMedia::new("m-1"));
        assert!(sent(first.advance(at(0), Event::Start)).ends_with("/login"));
        let granted = first.advance(at(0), reply(&tokens("test-access-token-1", expires_in)));
        assert!(sent(granted).ends_with("/m-1"), "{expires_in}");
        for (seconds, path) in [(still, "/m-2"), (renewed, "/login")] {
            let mut next = Exec::new(&session, GetMedia::new("m-2"));
            let step = sent(next.advance(at(seconds), Event::Start));
            assert!(step.ends_with(path), "{expires_in} after {seconds}: {step}");
        }
    }
}

#[test]
fn a_token_without_a_life_lasts_until_it_is_rejected() {
    for life in ["null", "\"\"", "18446744073709551615"] {
        let session = session();
        let mut first = Exec::new(&session, GetMedia::new("m-1"));
        sent(first.advance(tick_at(Duration::ZERO), Event::Start));
        sent(first.advance(
            tick_at(Duration::ZERO),
            reply(&tokens("test-access-token-1", life)),
        ));
        let mut next = Exec::new(&session, GetMedia::new("m-2"));
        let step = next.advance(tick_at(Duration::from_secs(1_000_000_000)), Event::Start);
        assert!(sent(step).ends_with("/m-2"), "{life}");
    }
}

#[test]
fn a_token_that_is_dead_at_once_is_told() {
    let (result, log) = both(
        || {
            ScriptedTransport::new([
                Reply::json(tokens("test-access-token-1", "0")),
                Reply::json(tokens("test-access-token-2", "0")),
            ])
        },
        session,
        GetMedia::new("m-1"),
    );
    let error = result.unwrap_err();
    assert_eq!(log.len(), 2, "nobody was waited for: {log:?}");
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Credential, 0));
    assert!(
        error.to_string().contains("credentials that do not hold"),
        "{error}"
    );
    assert!(sends(&log).iter().all(|line| is_login(line)), "{log:?}");
}

#[test]
fn a_rejected_token_is_renewed_once_and_the_refresh_token_never_used() {
    for rejected in [
        Reply::json(REJECTED),
        Reply::status(401, REJECTED),
        Reply::status(401, "<html>"),
    ] {
        // A write too: it was refused at the door.
        let (result, log) = both(
            || {
                ScriptedTransport::new([
                    login("test-access-token-1"),
                    rejected.clone(),
                    login("test-access-token-2"),
                    Reply::json(r#"{"code":200,"msg":"","data":"c-1"}"#),
                ])
            },
            session,
            CreateCategory::new("n"),
        );
        assert_eq!(result.unwrap(), "c-1");
        assert!(is_login(&log[0]) && !is_login(&log[1]) && is_login(&log[2]));
        assert!(!log.concat().contains(REFRESH));

        let transport = ScriptedTransport::new([
            login("test-access-token-1"),
            rejected.clone(),
            login("test-access-token-2"),
            rejected.clone(),
        ]);
        let session = session();
        let error = Call::new(&transport, &session, GetMedia::new("m-1"))
            .send()
            .unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Credential, 2));
        let (one, two) = ("Bearer test-access-token-1", "Bearer test-access-token-2");
        assert_eq!(bearers(&transport), ["none", one, "none", two]);
    }
    // What is forbidden is not made better by another token.
    let (result, log) = both(
        || {
            ScriptedTransport::new([
                login("test-access-token-1"),
                Reply::json(r#"{"code":403,"msg":"forbidden","data":null}"#),
            ])
        },
        session,
        GetMedia::new("m-1"),
    );
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Refused);
    assert_eq!(log.len(), 2);
}

#[test]
fn a_fixed_token_is_never_renewed() {
    let (result, log) = both(
        || ScriptedTransport::new([Reply::json(REJECTED)]),
        with_token,
        GetMedia::new("m-1"),
    );
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Credential, Some("401"))
    );
    assert_eq!(log.len(), 1);
    let vendor = with_token();
    let error =
        vodkit_request::vendor::Vendor::login(vendor.vendor(), vodkit_request::Timestamp(0))
            .unwrap_err();
    assert!(
        error.to_string().contains("no name and password"),
        "{error}"
    );
}

#[test]
fn a_refused_login_is_told_once_and_an_empty_token_is_none() {
    for (body, kind, words) in [
        (
            REJECTED.to_owned(),
            ErrorKind::Credential,
            "token is expired",
        ),
        (
            r#"{"requestId":"r-4","code":404,"msg":"no such user","data":null}"#.to_owned(),
            ErrorKind::Credential,
            "no such user",
        ),
        (tokens("", "36000"), ErrorKind::Decode, "empty token"),
        (
            r#"{"code":200,"msg":"","data":{}}"#.to_owned(),
            ErrorKind::Decode,
            "jwt",
        ),
        ("<html>".to_owned(), ErrorKind::Decode, "HTML"),
    ] {
        let (result, log) = both(
            || ScriptedTransport::new([Reply::json(body.as_str())]),
            session,
            CreateCategory::new("n"),
        );
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (kind, 0), "{error}");
        assert!(!error.maybe_sent(), "the call itself was not sent");
        assert!(error.message().starts_with("logging in: "), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(log.len(), 1);
    }
    let (result, _) = both(
        || ScriptedTransport::new([Reply::json(tokens("", "36000"))]),
        session,
        GetMedia::new("m-1"),
    );
    assert_eq!(
        result.unwrap_err().field_path(),
        Some("data.jwt.access_token")
    );
}

#[test]
fn a_login_that_fails_in_passing_is_made_again() {
    for failing in [
        Reply::json(r#"{"code":503,"msg":"","data":null}"#),
        Reply::status(502, "<html>"),
        Reply::json(r#"{"code":429,"msg":"","data":null}"#),
        Reply::fails(Connect),
        Reply::fails(Timeout),
    ] {
        let (result, log) = both(
            || {
                ScriptedTransport::new([
                    failing.clone(),
                    login("test-access-token-1"),
                    Reply::json(MEDIA),
                ])
            },
            session,
            GetMedia::new("m-1"),
        );
        result.unwrap();
        assert_eq!(sends(&log).len(), 3, "{log:?}");
    }
}

fn reply(body: &str) -> Event {
    Event::Response(Response::new(Bytes::from(body.to_owned())))
}

/// The path of the request that the step sends.
#[track_caller]
fn sent<T: std::fmt::Debug>(step: Result<Step<T>, Error>) -> String {
    match step {
        Ok(Step::Send(out)) => out.request.uri().path().to_owned(),
        other => panic!("no request: {other:?}"),
    }
}

#[track_caller]
fn waits<T: std::fmt::Debug>(step: Result<Step<T>, Error>) {
    assert!(matches!(step, Ok(Step::Sleep(_))), "{step:?}");
}

fn media<'s>(session: &'s Session<MediaCloud>, id: &str) -> Exec<'s, GetMedia> {
    Exec::new(session, GetMedia::new(id))
}

#[test]
fn who_waited_for_a_refused_login_is_told_and_tries_no_other() {
    let session = session();
    let tick = tick_at(Duration::ZERO);
    let refusal = r#"{"requestId":"r-5","code":401,"msg":"account locked","data":null}"#;
    let mut calls: Vec<_> = ["m-1", "m-2", "m-3", "m-4"]
        .map(|id| media(&session, id))
        .into();
    assert!(sent(calls[0].advance(tick, Event::Start)).ends_with("/login"));
    for call in &mut calls[1..] {
        waits(call.advance(tick, Event::Start));
    }
    // Whoever comes back before there is an answer goes on waiting.
    waits(calls[1].advance(tick, Event::Woken));
    let first = calls[0].advance(tick, reply(refusal)).unwrap_err();
    for call in &mut calls[1..3] {
        let error = call.advance(tick, Event::Woken).unwrap_err();
        assert_eq!(error.to_string(), first.to_string());
        assert_eq!(
            (
                error.kind(),
                error.code(),
                error.request_id(),
                error.status()
            ),
            (
                ErrorKind::Credential,
                Some("401"),
                Some("r-5"),
                first.status()
            )
        );
        assert_eq!(error.operation().unwrap().name, "api/v1/medias/{id}");
        assert!(error.hint().is_some() && error.body() == first.body());
        assert_eq!((error.attempts(), error.maybe_sent()), (0, false));
    }
    // A call that comes later tries anew. If that is refused as well, it holds for those who wait since before.
    let mut later = media(&session, "m-5");
    assert!(sent(later.advance(tick, Event::Start)).ends_with("/login"));
    let second = refusal.replace("r-5", "r-6");
    later.advance(tick, reply(&second)).unwrap_err();
    let error = calls[3].advance(tick, Event::Woken).unwrap_err();
    assert_eq!(error.request_id(), Some("r-6"));

    // And once one succeeds, nobody is told of the refusal.
    let mut good = media(&session, "m-6");
    sent(good.advance(tick, Event::Start));
    let mut waiting = media(&session, "m-7");
    waits(waiting.advance(tick, Event::Start));
    sent(good.advance(tick, reply(&tokens("test-access-token-1", "36000"))));
    assert!(sent(waiting.advance(tick, Event::Woken)).ends_with("/m-7"));
}

#[test]
fn an_old_refusal_is_not_told_to_those_who_wait_for_a_newer_login() {
    let session = session();
    let tick = tick_at(Duration::ZERO);
    let mut first = media(&session, "m-1");
    sent(first.advance(tick, Event::Start));
    first.advance(tick, reply(REJECTED)).unwrap_err();
    let mut second = media(&session, "m-2");
    assert!(sent(second.advance(tick, Event::Start)).ends_with("/login"));
    let mut third = media(&session, "m-3");
    waits(third.advance(tick, Event::Start));
    // The second is cancelled, so the third takes its place.
    drop(second);
    assert!(sent(third.advance(tick, Event::Woken)).ends_with("/login"));
    // A login that failed in passing counts as an attempt of those who wait: they pause before the next.
    let mut fourth = media(&session, "m-4");
    waits(fourth.advance(tick, Event::Start));
    waits(third.advance(tick, reply(r#"{"code":503,"msg":"","data":null}"#)));
    waits(fourth.advance(tick, Event::Woken));
    assert!(sent(fourth.advance(tick, Event::Woken)).ends_with("/login"));
}

#[test]
fn who_waits_for_logins_that_hang_gives_up_after_as_many_as_attempts() {
    let session = session();
    let tick = tick_at(Duration::ZERO);
    let mut waiting = media(&session, "m-0");
    let mut event = Some(Event::Start);
    for attempt in 1..=3 {
        let mut holder = media(&session, "m-1");
        assert!(sent(holder.advance(tick, Event::Start)).ends_with("/login"));
        waits(waiting.advance(tick, event.take().unwrap_or(Event::Woken)));
        let hung = Event::Failed(TransportError::new(Timeout, "no reply"));
        let _either = holder.advance(tick, hung);
        let step = waiting.advance(tick, Event::Woken);
        if attempt < 3 {
            waits(step);
        } else {
            let error = step.unwrap_err();
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 0));
        }
    }
}

#[test]
fn a_cancelled_login_gives_its_place_back() {
    let session = session();
    let tick = tick_at(Duration::ZERO);
    for _ in 0..3 {
        let mut call = media(&session, "m-1");
        assert!(sent(call.advance(tick, Event::Start)).ends_with("/login"));
        drop(call);
    }
    let mut call = media(&session, "m-1");
    sent(call.advance(tick, Event::Start));
    sent(call.advance(tick, reply(&tokens("test-access-token-1", "36000"))));
    assert!(matches!(
        call.advance(tick, reply(MEDIA)),
        Ok(Step::Done(_))
    ));
}

/// A server that never answers.
struct Silent;

#[async_trait::async_trait]
impl AsyncTransport for Silent {
    fn tick(&self) -> Tick {
        tick_at(Duration::ZERO)
    }
    async fn send(&self, _outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        std::future::pending().await
    }
    async fn sleep(&self, _duration: Duration) {}
    async fn inspect(&self, _path: &std::path::Path) -> std::io::Result<FileFacts> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

#[test]
fn a_dropped_future_gives_its_place_back() {
    let session = session();
    let mut future = Call::new(&Silent, &session, GetMedia::new("m-1")).into_future();
    let mut context = Context::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut context).is_pending());
    waits(media(&session, "m-2").advance(tick_at(Duration::ZERO), Event::Start));
    drop(future);
    let transport = ScriptedTransport::new([login("test-access-token-1"), Reply::json(MEDIA)]);
    block_on(Call::new(&transport, &session, GetMedia::new("m-3"))).unwrap();
    assert_eq!(transport.log().len(), 2, "nobody was waited for");
}

#[test]
fn many_rejected_with_one_token_log_in_once() {
    let session = session();
    let tick = tick_at(Duration::ZERO);
    let mut calls: Vec<_> = ["m-1", "m-2", "m-3"].map(|id| media(&session, id)).into();
    sent(calls[0].advance(tick, Event::Start));
    sent(calls[0].advance(tick, reply(&tokens("test-access-token-1", "36000"))));
    for call in &mut calls[1..] {
        assert!(!sent(call.advance(tick, Event::Start)).ends_with("/login"));
    }
    assert!(sent(calls[0].advance(tick, reply(REJECTED))).ends_with("/login"));
    waits(calls[1].advance(tick, reply(REJECTED)));
    sent(calls[0].advance(tick, reply(&tokens("test-access-token-2", "36000"))));
    assert!(sent(calls[1].advance(tick, Event::Woken)).ends_with("/m-2"));
    assert!(sent(calls[2].advance(tick, reply(REJECTED))).ends_with("/m-3"));
}

/// A server that counts logins, for threads.
#[derive(Default)]
struct Server {
    logins: AtomicUsize,
    calls: AtomicUsize,
    waiting: Mutex<()>,
}

impl BlockingTransport for Server {
    fn tick(&self) -> Tick {
        tick_at(Duration::ZERO)
    }
    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        let body = if outgoing.request.uri().path().ends_with("/login") {
            self.logins.fetch_add(1, Ordering::Relaxed);
            tokens("test-access-token-1", "36000")
        } else {
            self.calls.fetch_add(1, Ordering::Relaxed);
            assert_eq!(
                outgoing.request.headers()[AUTHORIZATION],
                "Bearer test-access-token-1"
            );
            MEDIA.to_owned()
        };
        Ok(Response::new(body.into()))
    }
    fn sleep(&self, _duration: Duration) {
        let _turn = self.waiting.lock().unwrap();
        std::thread::yield_now();
    }
    fn inspect(&self, _path: &std::path::Path) -> std::io::Result<FileFacts> {
        Err(std::io::ErrorKind::NotFound.into())
    }
}

#[test]
fn threads_share_one_login() {
    for _ in 0..200 {
        let (server, session) = (Server::default(), session());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    Call::new(&server, &session, GetMedia::new("m-1"))
                        .send()
                        .unwrap();
                });
            }
        });
        assert_eq!(server.logins.into_inner(), 1);
        assert_eq!(server.calls.into_inner(), 4);
    }
}

#[test]
fn password_and_tokens_are_in_no_error() {
    let access = "test-access-token-0123456789";
    let echo = |code: &str| {
        format!(
            r#"{{"requestId":"r","code":{code},"msg":"{PASSWORD} {access} test-other-password","data":null}}"#
        )
    };
    // In the login's own words, in the call's, and in those of a login by hand with another password.
    let refused = |script: Vec<Reply>| {
        let (result, _) = both(
            || ScriptedTransport::new(script.clone()),
            session,
            GetMedia::new("m-1"),
        );
        result.unwrap_err()
    };
    let error = refused(vec![Reply::json(echo("401"))]);
    assert!(!format!("{error} {error:?}").contains(PASSWORD), "{error}");
    let error = refused(vec![login(access), Reply::json(echo("404"))]);
    assert_eq!(error.message(), "*** *** test-other-password");
    let (result, _) = both(
        || ScriptedTransport::new([Reply::json(echo("401"))]),
        session,
        Login::new("demo", "test-other-password"),
    );
    let error = result.unwrap_err();
    assert_eq!(error.message(), format!("*** {access} ***"));
    let tokenised = echo("404").replace(access, "test-fixed-token-0123456789");
    let (result, _) = both(
        || ScriptedTransport::new([Reply::json(tokenised.as_str())]),
        with_token,
        GetMedia::new("m-1"),
    );
    let error = result.unwrap_err();
    assert!(!error.to_string().contains("test-fixed-token"), "{error}");
    // A reply that cannot be read is not quoted.
    let broken = tokens(access, "36000").replace("\"jwt\":{", "\"jwt\":{\"expires_in\":[],");
    let error = refused(vec![Reply::json(broken)]);
    for secret in [PASSWORD, access, REFRESH] {
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
    let session = session();
    let transport = ScriptedTransport::new([login(access), Reply::json(MEDIA)]);
    Call::new(&transport, &session, GetMedia::new("m-1"))
        .send()
        .unwrap();
    let shown = format!("{session:?} {transport:?} {:?}", transport.sent());
    for secret in [PASSWORD, access] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_request_by_hand_needs_a_login_first() {
    let session = session();
    let tick = tick_at(Duration::ZERO);
    let call = Call::new(&(), &session, GetMedia::new("m-1"));
    assert_eq!(
        call.request(tick).unwrap_err().kind(),
        ErrorKind::Credential
    );
    // The login itself needs none.
    let login = Login::new("demo", PASSWORD);
    assert!(!login.operation().needs_credential());
    let request = Call::new(&(), &session, login).request(tick).unwrap();
    assert!(!request.headers().contains_key(AUTHORIZATION));
    let transport = ScriptedTransport::new([
        Reply::json(tokens("test-access-token-1", "36000")),
        Reply::json(MEDIA),
    ]);
    Call::new(&transport, &session, GetMedia::new("m-1"))
        .send()
        .unwrap();
    let request = call.request(tick).unwrap();
    assert_eq!(
        request.headers()[AUTHORIZATION],
        "Bearer test-access-token-1"
    );
    let late = tick_at(Duration::from_secs(40_000));
    assert_eq!(
        call.request(late).unwrap_err().kind(),
        ErrorKind::Credential
    );
}
