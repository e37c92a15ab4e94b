//! How much of a stranger's request is read, and how old it may be.

use std::time::Duration;

use http::HeaderMap;
use http::header::CONTENT_LENGTH;

use super::refusal::{Refusal, RefusalKind};
use crate::transport::Timestamp;

/// Limits for requests that anybody can send. Real messages have some 20 fields and a few kilobytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Largest body in bytes: 1 MiB.
    pub body_bytes: u64,
    /// Most fields of a form or query: 256.
    pub fields: usize,
    /// Most values in a JSON body, those of nested objects and lists among them: 10 000.
    pub json_values: usize,
    /// Deepest nesting of a JSON body: 32. More than 120 is never read.
    pub json_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            fields: 256,
            json_values: 10_000,
            json_depth: 32,
        }
    }
}

impl Limits {
    /// These limits with another one for the body.
    #[must_use]
    pub const fn with_body_bytes(mut self, bytes: u64) -> Self {
        self.body_bytes = bytes;
        self
    }

    /// Refuses a body of this length.
    ///
    /// # Errors
    /// When it is longer than [`body_bytes`](Self::body_bytes).
    pub fn check_length(&self, bytes: u64) -> Result<(), Refusal> {
        if bytes <= self.body_bytes {
            return Ok(());
        }
        let limit = self.body_bytes;
        Err(Refusal::new(
            RefusalKind::TooLarge,
            format!("the body is larger than {limit} bytes"),
        ))
    }

    /// Refuses a body by the length that its header announces, before a byte of it is read. A body without one has to be counted while it
    /// is read.
    ///
    /// # Errors
    /// As [`check_length`](Self::check_length).
    pub fn check_announced(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let announced = headers.get(CONTENT_LENGTH).and_then(|value| {
            let text = value.to_str().ok()?;
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // More digits than fit are more bytes than are wanted.
            digits.then(|| text.parse().unwrap_or(u64::MAX))
        });
        announced.map_or(Ok(()), |bytes| self.check_length(bytes))
    }
}

/// How far the time of a message may be from the receiver's clock, to both sides; both ends are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// How old it may be.
    pub past: Duration,
    /// How far ahead it may be, for clocks that differ.
    pub future: Duration,
}

impl Default for Window {
    /// 300 s to both sides.
    fn default() -> Self {
        Self::seconds(300)
    }
}

impl Window {
    /// The same to both sides.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self {
            past: Duration::from_secs(seconds),
            future: Duration::from_secs(seconds),
        }
    }

    /// Reads the time of a message, in Unix seconds, and compares it with the clock, in whole seconds.
    ///
    /// # Errors
    /// When it is not a number, too old or too far ahead.
    pub fn check(&self, sent: &str, now: Timestamp) -> Result<Timestamp, Refusal> {
        let digits = !sent.is_empty() && sent.bytes().all(|byte| byte.is_ascii_digit());
        let Some(seconds) = digits.then(|| sent.parse::<i64>().ok()).flatten() else {
            return Err(Refusal::new(
                RefusalKind::Time,
                "its time is not a number of seconds since 1970",
            ));
        };
        let age = now.seconds().saturating_sub(seconds);
        let within = |limit: Duration, off: i64| {
            u64::try_from(off).is_ok_and(|off| off <= limit.as_secs()) || off < 0
        };
        if !within(self.past, age) {
            let limit = self.past.as_secs();
            return Err(Refusal::new(
                RefusalKind::TooOld,
                format!(
                    "it is {age} s old, {limit} s are allowed: it was held back or is sent again, or the clock here is wrong"
                ),
            ));
        }
        if !within(self.future, age.saturating_neg()) {
            let (ahead, limit) = (age.saturating_neg(), self.future.as_secs());
            return Err(Refusal::new(
                RefusalKind::TooNew,
                format!("it is {ahead} s ahead of the clock here, {limit} s are allowed"),
            ));
        }
        Ok(Timestamp(seconds.saturating_mul(1000)))
    }
}
