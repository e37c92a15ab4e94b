//! When a failed call is repeated: a pure decision over what is known.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How often and how fast calls are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts in all, the first one included. 1 means that every request is sent once, also after a refusal that a corrected clock or a new
    /// token would heal.
    pub max_attempts: u32,
    /// Upper bound of the wait before the second attempt; it doubles with each further one.
    pub base: Duration,
    /// Longest single wait, also when the server asks for a longer one.
    pub cap: Duration,
    /// No attempt starts later than this after the first.
    pub elapsed: Duration,
}

impl RetryPolicy {
    /// At most 3 attempts, waits of up to 0.2 s, 0.4 s and so on, each at most 20 s, all within 60 s.
    pub const STANDARD: Self = Self {
        max_attempts: 3,
        base: Duration::from_millis(200),
        cap: Duration::from_secs(20),
        elapsed: Duration::from_secs(60),
    };

    /// Never repeat a call.
    pub const NEVER: Self = Self {
        max_attempts: 1,
        ..Self::STANDARD
    };

    /// The standard policy with another number of attempts.
    #[must_use]
    pub const fn attempts(max_attempts: u32) -> Self {
        Self {
            max_attempts,
            ..Self::STANDARD
        }
    }

    /// How long to wait before the next attempt; `None` to give up.
    ///
    /// The wait is drawn evenly from zero to the bound ("full jitter"), so that many clients do not come back at once. A wait that the
    /// server asks for is obeyed up to [`cap`](Self::cap).
    #[must_use]
    pub fn decide(&self, attempt: Attempt, entropy: u64) -> Option<Duration> {
        let safe = match attempt.outcome {
            Outcome::NotSent | Outcome::Throttled(_) => true,
            Outcome::Unsure | Outcome::Unavailable(_) => attempt.idempotent,
        };
        if !safe || attempt.number >= self.max_attempts {
            return None;
        }
        let doublings = attempt.number.saturating_sub(1).min(16);
        let bound = self.base.saturating_mul(1 << doublings).min(self.cap);
        let jitter = Duration::from_millis(
            entropy
                % u64::try_from(bound.as_millis())
                    .unwrap_or(u64::MAX)
                    .saturating_add(1),
        );
        let wait = match attempt.outcome {
            Outcome::Throttled(Some(asked)) | Outcome::Unavailable(Some(asked)) => {
                asked.max(jitter).min(self.cap)
            }
            _ => jitter,
        };
        (attempt.elapsed.saturating_add(wait) <= self.elapsed).then_some(wait)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::STANDARD
    }
}

/// A failed attempt, as far as it matters for repeating it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// Whether the operation table allows repeating the call after a lost reply.
    pub idempotent: bool,
    /// What happened.
    pub outcome: Outcome,
    /// Time since the first attempt began.
    pub elapsed: Duration,
}

/// How an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The request did not reach the vendor.
    NotSent,
    /// The request may have reached the vendor; no reply came back.
    Unsure,
    /// The service failed (5xx), with the wait it asked for.
    Unavailable(Option<Duration>),
    /// The service refused for load, with the wait it asked for.
    Throttled(Option<Duration>),
}

/// Keeps an outage from being amplified: retries draw on a budget that only successes refill.
#[derive(Debug)]
pub struct RetryBudget(AtomicU32);

impl RetryBudget {
    const FULL: u32 = 500;
    const COST: u32 = 14;

    /// A full budget: 35 retries without a success between them.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU32::new(Self::FULL))
    }

    /// Takes the price of one retry; `false` when the budget does not hold it.
    pub fn take(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(Self::COST)
            })
            .is_ok()
    }

    /// A call succeeded. One that needed a retry gives its price back; any other adds one unit.
    pub fn refill(&self, retried: bool) {
        let gain = if retried { Self::COST } else { 1 };
        let _always = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                Some((left + gain).min(Self::FULL))
            });
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new()
    }
}
