//! A wrong clock on this machine: what is learnt of it, from which replies, and that calls work all the same.

#![cfg(all(feature = "async", feature = "baijiayun"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use drivers::{OK_STATUS, RIGHT_TIME, WRONG_SIGN, session, tick_at, value};
use http::header::{AGE, DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response};
use vodkit_request::baijiayun::{
    Baijiayun, GetStatus, UploadFile, UploadSubtitle, operations::GET_STATUS,
};
use vodkit_request::exec::Exec;
use vodkit_request::flow::{Event, Flow, Step};
use vodkit_request::params::{InvalidParam, Params};
use vodkit_request::skew::{Skew, http_date, retry_after};
use vodkit_request::testing::{Reply, ScriptedTransport, wire_line};
use vodkit_request::transport::{Outgoing, TransportError};
use vodkit_request::types::{FileInput, NoData, Operation, Secret};
use vodkit_request::{BlockingTransport, Call, Endpoint, ErrorKind, Tick, Timestamp};

/// 2023-11-14 22:13:20 UTC.
const NOON: i64 = 1_700_000_000_000;

fn date(at: i64) -> HeaderMap {
    let time: SystemTime = UNIX_EPOCH + Duration::from_millis(at as u64);
    let text = httpdate::fmt_http_date(time);
    HeaderMap::from_iter([(DATE, HeaderValue::try_from(text).unwrap())])
}

#[test]
fn the_difference_is_taken_at_the_middle_of_the_exchange() {
    // Duration of the exchange, the server's time against the start of it, and what is to be added to our clock.
    for (took, server, expected) in [
        (0, 0, 0),
        (0, 29_000, 0),
        (0, 30_000, 30_000),
        (0, 31_000, 31_000),
        (0, -29_000, 0),
        (0, -30_000, -30_000),
        (0, 86_400_000, 86_400_000),
        (0, -86_400_000, -86_400_000),
        // A long exchange makes it less sure, by half of its time.
        (20_000, 70_000, 60_000),
        (20_000, 50_000, 40_000),
        (20_000, 49_000, 0),
        (20_000, -30_000, -40_000),
        (20_000, -29_000, 0),
        (20_000, 10_000, 0),
        (30_000, 90_000, 75_000),
        // Too long to say anything.
        (30_001, 90_000, 0),
        (-1, 90_000, 0),
    ] {
        let skew = Skew::default();
        skew.observe(
            Timestamp(NOON),
            Timestamp(NOON + took),
            &date(NOON + server),
        );
        assert_eq!(skew.offset(), expected, "took {took}, server {server}");
    }
}

#[test]
fn what_says_nothing_changes_nothing_and_agreement_ends_a_correction() {
    let skew = Skew::default();
    let now = Timestamp(NOON);
    skew.observe(now, now, &date(NOON + 3_600_000));
    assert_eq!(skew.offset(), 3_600_000);
    let mut cached = date(NOON);
    cached.insert(AGE, HeaderValue::from_static("0"));
    let garbage = HeaderMap::from_iter([(DATE, HeaderValue::from_static("now"))]);
    let binary = HeaderMap::from_iter([(DATE, HeaderValue::from_bytes(b"\xff").unwrap())]);
    for headers in [cached, garbage, binary, HeaderMap::new()] {
        skew.observe(now, now, &headers);
        assert_eq!(skew.offset(), 3_600_000);
    }
    skew.observe(now, now.offset(30_001), &date(NOON));
    skew.observe(now, now.offset(-1), &date(NOON));
    assert_eq!(skew.offset(), 3_600_000);
    skew.observe(now, now.offset(30_000), &date(NOON + 15_000));
    assert_eq!(skew.offset(), 0);
    // Clocks at the end of time.
    for (sent, received) in [
        (i64::MIN, i64::MAX),
        (i64::MIN, i64::MIN),
        (i64::MAX, i64::MAX),
    ] {
        skew.observe(Timestamp(sent), Timestamp(received), &date(NOON));
    }
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    for (text, expected) in [
        ("0", Some(0)),
        ("7", Some(7000)),
        ("  7  ", Some(7000)),
        ("Tue, 14 Nov 2023 22:13:30 GMT", Some(10_000)),
        (" Tue, 14 Nov 2023 22:13:30 GMT ", Some(10_000)),
        ("Tuesday, 14-Nov-23 22:13:30 GMT", Some(10_000)),
        ("Tue, 14 Nov 2023 22:13:20 GMT", Some(0)),
        ("Wed, 21 Oct 2015 07:28:00 GMT", Some(0)),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("99999999999999999999999", None),
    ] {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
        assert_eq!(
            retry_after(&headers, Timestamp(NOON)),
            expected.map(Duration::from_millis),
            "{text:?}"
        );
    }
    let longest = HeaderMap::from_iter([(
        RETRY_AFTER,
        HeaderValue::from_static("18446744073709551615"),
    )]);
    assert_eq!(
        retry_after(&longest, Timestamp(NOON)),
        Some(Duration::from_secs(u64::MAX))
    );
    let dated = HeaderMap::from_iter([(
        RETRY_AFTER,
        HeaderValue::from_static("Tue, 14 Nov 2023 22:13:30 GMT"),
    )]);
    assert!(retry_after(&dated, Timestamp(i64::MIN)).is_some());
    assert_eq!(
        retry_after(&dated, Timestamp(i64::MAX)),
        Some(Duration::ZERO)
    );
    assert_eq!(retry_after(&HeaderMap::new(), Timestamp(NOON)), None);
    assert_eq!(
        http_date("Thu, 01 Jan 1970 00:00:01 GMT"),
        Some(Timestamp(1000))
    );
}

/// A server that refuses time stamps more than `tolerance` from its own clock, seen by a machine whose clock is `ahead`.
struct Strict {
    ahead: i64,
    tolerance: i64,
    elapsed: AtomicI64,
    requests: AtomicUsize,
}

impl BlockingTransport for Strict {
    fn tick(&self) -> Tick {
        let elapsed = self.elapsed.load(Ordering::Relaxed);
        Tick {
            now: Timestamp(NOON + elapsed + self.ahead),
            elapsed: Duration::from_millis(elapsed as u64),
            entropy: 7,
        }
    }
    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let now = NOON + self.elapsed.fetch_add(150, Ordering::Relaxed) + 75;
        let line = wire_line(&outgoing.request);
        let stamp: i64 = value(&line, "timestamp").parse().unwrap();
        let right = (stamp * 1000 - now).abs() <= self.tolerance;
        let mut response = Response::new(Bytes::from(if right { OK_STATUS } else { WRONG_SIGN }));
        *response.headers_mut() = date(now);
        Ok(response)
    }
    fn sleep(&self, duration: Duration) {
        self.elapsed
            .fetch_add(duration.as_millis() as i64, Ordering::Relaxed);
    }
}

#[test]
fn every_clock_within_a_day_is_healed_with_one_more_request() {
    for tolerance in [60_000, 300_000] {
        for ahead in (-86_400_000..=86_400_000).step_by(977_000) {
            let session = session();
            let server = Strict {
                ahead,
                tolerance,
                elapsed: AtomicI64::new(0),
                requests: AtomicUsize::new(0),
            };
            let call = || Call::new(&server, &session, GetStatus::new(7)).send();
            assert!(call().is_ok(), "{ahead} ms ahead");
            let first = server.requests.swap(0, Ordering::Relaxed);
            let needed = if ahead.abs() > tolerance + 1000 { 2 } else { 1 };
            assert!(first <= needed, "{first} requests, {ahead} ms ahead");
            // And it stays healed.
            assert!(call().is_ok());
            assert_eq!(
                server.requests.load(Ordering::Relaxed),
                1,
                "{ahead} ms ahead"
            );
        }
    }
}

#[test]
fn a_clock_that_keeps_moving_is_followed_once() {
    let replies = [
        "Tue, 14 Nov 2023 22:13:20 GMT",
        "Tue, 14 Nov 2023 23:13:20 GMT",
        "Wed, 15 Nov 2023 00:13:20 GMT",
    ];
    let transport =
        ScriptedTransport::new(replies.map(|date| Reply::json(WRONG_SIGN).header("date", date)))
            .clock_offset(86_400_000);
    let error = Call::new(&transport, &session(), GetStatus::new(7))
        .send()
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Credential, 2));
    assert_eq!(transport.unused(), 1);
}

#[test]
fn a_request_by_hand_is_signed_with_the_corrected_clock() {
    let session = session();
    let transport = ScriptedTransport::new([Reply::json(OK_STATUS).header("date", RIGHT_TIME)])
        .clock_offset(86_400_000);
    Call::new(&transport, &session, GetStatus::new(7))
        .send()
        .unwrap();
    let by_hand = Call::new(&transport, &session, GetStatus::new(7))
        .request(BlockingTransport::tick(&transport))
        .unwrap();
    assert_eq!(value(&wire_line(&by_hand), "timestamp"), "1700000000");
}

/// A call whose address an earlier call gave, without a file.
#[derive(Clone)]
struct Elsewhere(Secret);

impl Endpoint for Elsewhere {
    type Vendor = Baijiayun;
    type Output = NoData;
    fn operation(&self) -> &'static Operation {
        &GET_STATUS
    }
    fn params(&self, _params: &mut Params) -> Result<(), InvalidParam> {
        Ok(())
    }
    fn target(&self) -> Option<&Secret> {
        Some(&self.0)
    }
}

/// Sends it, answers `took` later with a `Date` a day ahead, and gives the time stamp of the next call.
fn stamp_after(endpoint: impl Endpoint<Vendor = Baijiayun>, took: Duration) -> String {
    let session = session();
    let mut flow = Exec::new(&session, endpoint);
    assert!(matches!(
        flow.advance(tick_at(Duration::ZERO), Event::Start),
        Ok(Step::Send(_))
    ));
    let mut response = Response::new(Bytes::from(OK_STATUS));
    *response.headers_mut() = date(NOON + 86_400_000);
    let _judged_elsewhere = flow.advance(tick_at(took), Event::Response(response));
    let next = Call::new(&(), &session, GetStatus::new(7));
    let request = next.request(tick_at(took)).unwrap();
    value(&wire_line(&request), "timestamp").to_owned()
}

#[test]
fn only_short_exchanges_with_the_api_itself_tell_the_time() {
    let file = || FileInput::bytes("a.mp4", *b"content");
    let address = "http://up.example.test/upload?token=test-upload-token";
    for took in [1, 29, 3600].map(Duration::from_secs) {
        let unmoved = (1_700_000_000 + took.as_secs()).to_string();
        assert_eq!(stamp_after(UploadFile::new(address, file()), took), unmoved);
        assert_eq!(
            stamp_after(UploadSubtitle::new("x", 7, file()), took),
            unmoved
        );
        assert_eq!(stamp_after(Elsewhere(address.into()), took), unmoved);
    }
    // The same reply to a call of the API does.
    assert_eq!(
        stamp_after(GetStatus::new(7), Duration::from_secs(2)),
        "1700086401"
    );
    assert_eq!(
        stamp_after(GetStatus::new(7), Duration::from_secs(31)),
        "1700000031"
    );
}
