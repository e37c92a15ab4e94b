//! One exchange with a storage: how it is signed, and what a failure is answered with.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use vodkit_types::FaultClass;

use super::Delivery;
use super::store::{Ask, Remedy, Store};
use crate::error::{Error, Refusal};
use crate::exec::naming_host;
use crate::lanes::Ended;
use crate::retry::{Attempt, Outcome};
use crate::session::Session;
use crate::skew::retry_after;
use crate::transport::{Outgoing, Tick, Timestamp, TransportErrorKind};
use crate::vendor::Vendor;

/// A correction smaller than this does not heal what the storage refuses: it allows 15 minutes.
const SKEW_WORTH_A_RETRY_MS: u64 = 30_000;

/// How often something has failed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries {
    /// Since the upload as a whole last made progress.
    failures: u32,
    /// Which progress that was.
    progress: u64,
    /// Whether it was sent again by another clock.
    reclocked: bool,
}

/// What must be known of a request when its reply comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    at: Timestamp,
    /// The clock correction it was signed with.
    offset: i64,
    /// The keys it was signed with.
    generation: u32,
}

/// What to do about a failure.
#[derive(Debug)]
pub(super) enum Setback {
    /// Send it again: the clock or the keys are others now.
    Now,
    /// Ask the vendor for other keys, then send it again.
    Renew,
    /// Send it again after this.
    Later(Duration),
    /// The storage does not know the upload.
    OpenAnew(Error),
    /// The object is stored, but nobody was told.
    TellAgain(Error),
    /// Nothing helps.
    Failed(Error),
}

impl<S: Store> Delivery<S> {
    /// What is added to our clock for the storage's.
    pub(super) fn offset<V: Vendor>(&self, session: &Session<V>) -> i64 {
        match &self.skew {
            Some(skew) => skew.offset(),
            None => session.skew.offset(),
        }
    }

    /// A request, with the date and the signature of this moment.
    pub(super) fn signed<V: Vendor>(
        &self,
        tick: Tick,
        ask: Ask<'_>,
        session: &Session<V>,
    ) -> Result<(Outgoing, Flight), Error> {
        let offset = self.offset(session);
        let limits = match &ask {
            Ask::Put { .. } | Ask::Part { .. } => {
                self.settings.limits.unwrap_or(session.transfer_limits)
            }
            // Joining many parts may take long.
            Ask::Complete { .. } => session.transfer_limits,
            _ => session.call_limits,
        };
        let request = self.store()?.request(ask, tick.now.offset(offset))?;
        let flight = Flight {
            at: tick.now,
            offset,
            generation: self.generation,
        };
        Ok((Outgoing::new(request, limits), flight))
    }

    /// Reads what came of a request.
    pub(super) fn judge<V: Vendor, T>(
        &mut self,
        tick: Tick,
        (flight, tries): (Flight, &mut Tries),
        ended: Ended,
        session: &Session<V>,
        read: impl FnOnce(&S, &Response<Bytes>) -> Result<T, Refusal>,
    ) -> Result<T, Setback> {
        let response = match ended {
            Ok(response) => response,
            Err(failure) => {
                let outcome = match failure.kind {
                    TransportErrorKind::LocalFile | TransportErrorKind::InvalidRequest => None,
                    kind if kind.maybe_sent() => Some(Outcome::Unsure),
                    _ => Some(Outcome::NotSent),
                };
                let host = self.store().map_err(Setback::Failed)?.host();
                let error = Error::from_transport(naming_host(failure, host.as_ref()), true);
                return Err(self.later(tick, tries, outcome, error, session));
            }
        };
        let skew = self.skew.get_or_insert_default();
        skew.observe(flight.at, tick.now, response.headers());
        let now = skew.offset();
        let store = self.store().map_err(Setback::Failed)?;
        let refusal = match read(store, &response) {
            Ok(value) => return Ok(value),
            Err(refusal) => refusal,
        };
        let (remedy, class) = match &refusal {
            Refusal::Fault(fault) => (store.remedy(fault), fault.class),
            Refusal::Decode(_) => (None, FaultClass::Permanent),
        };
        let wait = retry_after(response.headers(), tick.now.offset(now));
        // The document of a refusal may hold the text that was signed, and in it the token, also as bytes in hexadecimal.
        let mut bare = Response::new(Bytes::new());
        *bare.status_mut() = response.status();
        let error = Error::from_refusal(refusal, true, &bare, |text| self.masked(text))
            .with_retry_after(wait);
        let may_send_again = session.retry.max_attempts > 1;
        self.forgive(tries);
        match remedy {
            Some(Remedy::OpenAnew) => return Err(Setback::OpenAnew(error)),
            Some(Remedy::TellAgain) => return Err(Setback::TellAgain(error)),
            Some(Remedy::CorrectClock) if may_send_again && !tries.reclocked => {
                let moved = now.saturating_sub(flight.offset).unsigned_abs();
                if moved >= SKEW_WORTH_A_RETRY_MS {
                    tries.reclocked = true;
                    return Err(Setback::Now);
                }
            }
            // Another lane was refused before, and has had them renewed.
            Some(Remedy::RenewKeys) if may_send_again && flight.generation < self.generation => {
                return Err(Setback::Now);
            }
            Some(Remedy::RenewKeys) if may_send_again && !self.renewed_in_vain => {
                self.renewed_in_vain = true;
                return Err(Setback::Renew);
            }
            _ => {}
        }
        let outcome = match class {
            FaultClass::Throttled => Some(Outcome::Throttled(wait)),
            FaultClass::Transient => Some(Outcome::Unavailable(wait)),
            _ => None,
        };
        Err(self.later(tick, tries, outcome, error, session))
    }

    /// Whether to try once more, and when.
    pub(super) fn later<V: Vendor>(
        &self,
        tick: Tick,
        tries: &mut Tries,
        outcome: Option<Outcome>,
        error: Error,
        session: &Session<V>,
    ) -> Setback {
        self.forgive(tries);
        tries.failures += 1;
        let wait = outcome.and_then(|outcome| {
            let attempt = Attempt {
                number: tries.failures,
                // The same bytes in the same place.
                idempotent: true,
                outcome,
                // How long a file takes says nothing about how often it may be tried.
                elapsed: Duration::ZERO,
            };
            session.retry.decide(attempt, tick.entropy)
        });
        match wait {
            Some(wait) if session.budget.take() => Setback::Later(wait),
            _ => Setback::Failed(error.with_attempts(tries.failures)),
        }
    }

    /// What failed before the upload made progress is forgotten: a long upload outlives many short failures.
    fn forgive(&self, tries: &mut Tries) {
        if tries.progress != self.progress {
            *tries = Tries {
                progress: self.progress,
                ..Tries::default()
            };
        }
    }

    /// Something was done that need not be done again.
    pub(super) fn accepted<V: Vendor>(&mut self, tries: Tries, session: &Session<V>) {
        session.budget.refill(tries.failures > 0);
        self.progress += 1;
        self.renewed_in_vain = false;
    }

    pub(super) fn fresh_tries(&self) -> Tries {
        Tries {
            progress: self.progress,
            ..Tries::default()
        }
    }
}
