//! An account to test with, and a driver for futures that never wait.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use vodkit_request::baijiayun::Baijiayun;
use vodkit_request::{BaseUrl, Session};

pub(crate) const KEY: &str = "test-partner-key-0123456789";

pub(crate) fn base() -> BaseUrl {
    "https://demo.at.example.test".parse().unwrap()
}

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
