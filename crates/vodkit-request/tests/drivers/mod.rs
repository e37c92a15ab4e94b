//! Accounts to test with, a driver for futures that never wait, and one scenario run by both drivers.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

#[cfg(feature = "baijiayun")]
use vodkit_request::baijiayun::Baijiayun;
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::{BaseUrl, Call, Endpoint, Error, Session, Tick, Timestamp};

pub(crate) const KEY: &str = "test-partner-key-0123456789";
pub(crate) const SECRET_KEY: &str = "test-secret-key-0123456789";
pub(crate) const OK_STATUS: &str =
    r#"{"code":0,"data":{"status":100,"info":""},"msg":"","ts":1700000000}"#;
pub(crate) const WRONG_SIGN: &str = r#"{"code":1002,"data":null,"msg":"sign error"}"#;
/// The `Date` of a server whose clock agrees with the scripted transport's.
pub(crate) const RIGHT_TIME: &str = "Tue, 14 Nov 2023 22:13:20 GMT";

pub(crate) fn base() -> BaseUrl {
    "https://demo.at.example.test".parse().unwrap()
}

#[cfg(feature = "baijiayun")]
pub(crate) fn session() -> Session<Baijiayun> {
    Session::new(Baijiayun::new(12345678, KEY, base()))
}

pub(crate) fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(future.into_future());
    loop {
        // The scripted transport is always ready.
        if let Poll::Ready(output) = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            return output;
        }
    }
}

#[cfg(feature = "baijiayun")]
pub(crate) fn secret_only() -> Session<Baijiayun> {
    Session::new(Baijiayun::with_secret_key(12345678, SECRET_KEY, base()))
}

pub(crate) fn key_reply(key: &str) -> Reply {
    Reply::json(format!(
        r#"{{"code":0,"data":{{"partner_key":"{key}"}},"msg":""}}"#
    ))
}

/// Runs one call under both drivers; the logs must be equal.
pub(crate) fn both<E: Endpoint + 'static>(
    script: impl Fn() -> ScriptedTransport,
    session: impl Fn() -> Session<E::Vendor>,
    endpoint: E,
) -> (Result<E::Output, Error>, Vec<String>) {
    let (blocking, blocking_session) = (script(), session());
    let (asynchronous, async_session) = (script(), session());
    let result = Call::new(&blocking, &blocking_session, endpoint.clone()).send();
    let other = block_on(Call::new(&asynchronous, &async_session, endpoint));
    assert_eq!(blocking.log(), asynchronous.log());
    assert_eq!(
        result.as_ref().err().map(ToString::to_string),
        other.as_ref().err().map(ToString::to_string)
    );
    assert_eq!(
        blocking.unused(),
        0,
        "the script has replies left: {:#?}",
        blocking.log()
    );
    (result, blocking.log())
}

pub(crate) fn value<'a>(line: &'a str, name: &str) -> &'a str {
    let start = line
        .find(&format!("{name}="))
        .unwrap_or_else(|| panic!("no {name} in {line}"))
        + name.len()
        + 1;
    line[start..].split(['&', ' ']).next().unwrap()
}

pub(crate) fn sends(log: &[String]) -> Vec<&String> {
    log.iter()
        .filter(|line| !line.starts_with("sleep") && !line.starts_with("inspect"))
        .collect()
}

/// The scripted transport's first tick, with another time on the clock that never jumps.
pub(crate) fn tick_at(elapsed: std::time::Duration) -> Tick {
    Tick {
        now: Timestamp(1_700_000_000_000 + elapsed.as_millis() as i64),
        elapsed,
        entropy: 7,
    }
}
