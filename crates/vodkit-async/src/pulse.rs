//! The heartbeat of one exchange: when a byte last moved, and the limits that follow from it.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use vodkit_request::transport::{Limits, TransportError, TransportErrorKind};

/// Shared by an exchange and the body it sends.
#[derive(Clone, Debug)]
pub(crate) struct Pulse(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    moved: Instant,
    sending: bool,
    /// Why the body could not be read. reqwest tells it only as the cause of a broken connection.
    failure: Option<TransportError>,
}

impl Pulse {
    pub(crate) fn start() -> Self {
        Self(Arc::new(Mutex::new(State {
            moved: Instant::now(),
            sending: true,
            failure: None,
        })))
    }

    /// Bytes moved.
    pub(crate) fn beat(&self) {
        self.with(|state| state.moved = Instant::now());
    }

    /// The reply has begun.
    pub(crate) fn answered(&self) {
        self.with(|state| (state.moved, state.sending) = (Instant::now(), false));
    }

    pub(crate) fn fail(&self, failure: TransportError) {
        self.with(|state| state.failure = Some(failure));
    }

    pub(crate) fn take_failure(&self) -> Option<TransportError> {
        self.with(|state| state.failure.take())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs an exchange within its limits.
    pub(crate) async fn watch<T>(
        &self,
        limits: Limits,
        exchange: impl Future<Output = Result<T, TransportError>>,
    ) -> Result<T, TransportError> {
        let started = Instant::now();
        let total = limits.total.map(|total| later(started, total));
        let due = |moved: Instant| {
            let stall = later(moved, limits.stall);
            total.map_or(stall, |total| total.min(stall))
        };
        let mut exchange = std::pin::pin!(exchange);
        // One timer for both limits. It is set again only when it fires, not with every byte.
        let mut timer = std::pin::pin!(sleep_until(due(started)));
        std::future::poll_fn(|context| {
            // Looked at first, so that it is set before the request goes to the task of the connection: setting it afterwards gets in the
            // way of the thread that runs that task. What it says comes second to a reply that is there.
            let mut rings = timer.as_mut().poll(context).is_ready();
            if let Poll::Ready(result) = exchange.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            while rings {
                let now = Instant::now();
                if total.is_some_and(|total| total <= now) {
                    return Poll::Ready(Err(timed_out("the exchange took too long")));
                }
                let (moved, sending) = self.with(|state| (state.moved, state.sending));
                if later(moved, limits.stall) <= now {
                    return Poll::Ready(Err(timed_out(if sending {
                        "the connection stood still before the reply began"
                    } else {
                        "the connection stood still while waiting for the reply"
                    })));
                }
                timer.as_mut().reset(due(moved));
                rings = timer.as_mut().poll(context).is_ready();
            }
            Poll::Pending
        })
        .await
    }
}

/// `Instant + Duration` without its panic; what overflows is a limit of about 30 years, as in tokio.
fn later(start: Instant, duration: Duration) -> Instant {
    start
        .checked_add(duration)
        .unwrap_or_else(|| start + Duration::from_secs(86_400 * 365 * 30))
}

fn timed_out(message: &str) -> TransportError {
    TransportError::new(TransportErrorKind::Timeout, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(total: Option<u64>, stall: u64) -> Limits {
        Limits {
            total: total.map(Duration::from_secs),
            stall: Duration::from_secs(stall),
            response_bytes: 1,
        }
    }

    async fn beats(pulse: &Pulse, every: u64, count: u32) -> Result<u32, TransportError> {
        for _ in 0..count {
            tokio::time::sleep(Duration::from_secs(every)).await;
            pulse.beat();
        }
        Ok(count)
    }

    #[tokio::test(start_paused = true)]
    async fn beats_hold_the_stall_off_but_not_the_total() {
        let pulse = Pulse::start();
        assert_eq!(
            pulse
                .watch(limits(None, 5), beats(&pulse, 4, 10))
                .await
                .unwrap(),
            10
        );

        let (pulse, start) = (Pulse::start(), Instant::now());
        let error = pulse
            .watch(limits(Some(10), 5), beats(&pulse, 4, 10))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind, start.elapsed().as_secs()),
            (TransportErrorKind::Timeout, 10)
        );

        let (pulse, start) = (Pulse::start(), Instant::now());
        let error = pulse
            .watch(limits(None, 5), beats(&pulse, 6, 10))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind, start.elapsed().as_secs()),
            (TransportErrorKind::Timeout, 5)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_reply_that_is_there_counts_although_the_time_is_over() {
        let reply = std::future::ready(Ok(1));
        let watched = Pulse::start().watch(limits(Some(0), 0), reply).await;
        assert_eq!(watched.unwrap(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn limits_beyond_the_clock_are_none() {
        let pulse = Pulse::start();
        let limits = Limits {
            total: Some(Duration::MAX),
            stall: Duration::MAX,
            response_bytes: 1,
        };
        assert_eq!(pulse.watch(limits, beats(&pulse, 60, 2)).await.unwrap(), 2);
    }
}
