//! Receiving callbacks: what is believed, what is refused, and what a signature is worth, vendor by vendor.
#![cfg(all(feature = "baijiayun", feature = "polyv", feature = "quvideo"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod baijiayun;
mod hostile;
mod polyv;
mod quvideo;
mod signer;

use vodkit_request::Timestamp;

/// The receiver's clock in these tests, in Unix seconds.
const NOW: i64 = 1_700_000_000;
const KEY: &str = "test-key-0123456789";

fn at(seconds: i64) -> Timestamp {
    Timestamp(seconds * 1000)
}

/// How far a message may be from the clock, and what becomes of it: all vendors that sign a time.
const WINDOW: [(i64, Option<&str>); 9] = [
    (-1_000_000, Some("too_old")),
    (-301, Some("too_old")),
    (-300, None),
    (-1, None),
    (0, None),
    (1, None),
    (300, None),
    (301, Some("too_new")),
    (1_000_000, Some("too_new")),
];
