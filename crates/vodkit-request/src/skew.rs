//! The difference between our clock and the server's, learnt from the `Date` of replies.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use http::header::{AGE, DATE};

use crate::transport::Timestamp;

/// Differences below this are left alone: vendors tolerate minutes, and `Date` has whole seconds.
const TOLERATED_MS: i64 = 30_000;
/// An exchange that took longer than this says nothing about the clock: the server may have looked at its own at any time of it.
const LONGEST_EXCHANGE_MS: i64 = 30_000;

/// What to add to our clock before signing, in milliseconds.
#[derive(Debug, Default)]
pub struct Skew(AtomicI64);

impl Skew {
    /// Learns from one exchange: the server's `Date` against the middle of sending and receiving.
    ///
    /// A reply with `Age` comes from a cache and is no evidence.
    pub fn observe(&self, sent: Timestamp, received: Timestamp, headers: &HeaderMap) {
        let took = received.0.saturating_sub(sent.0);
        if headers.contains_key(AGE) || !(0..=LONGEST_EXCHANGE_MS).contains(&took) {
            return;
        }
        let Some(server) = headers
            .get(DATE)
            .and_then(|value| value.to_str().ok())
            .and_then(http_date)
        else {
            return;
        };
        let offset = server.0.saturating_sub(sent.0.saturating_add(took / 2));
        let sure = offset.unsigned_abs() >= (TOLERATED_MS + took / 2) as u64;
        self.0
            .store(if sure { offset } else { 0 }, Ordering::Relaxed);
    }

    /// The correction in milliseconds; 0 while the clocks agree.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Reads an HTTP date.
#[must_use]
pub fn http_date(text: &str) -> Option<Timestamp> {
    let time: SystemTime = httpdate::parse_http_date(text).ok()?;
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp)
}

/// Reads a `Retry-After`: seconds, or an HTTP date against the given clock.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<std::time::Duration> {
    let text = headers
        .get(http::header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(std::time::Duration::from_secs(seconds));
    }
    let until = http_date(text)?;
    Some(std::time::Duration::from_millis(
        u64::try_from(until.0.saturating_sub(now.0)).unwrap_or(0),
    ))
}
