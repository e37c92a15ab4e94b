//! The flow that gets a credential and sends nothing with it: for what a login gives beside the token.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::uri::Authority;
use vodkit_types::FaultClass;

use crate::error::{Error, ErrorKind, Refusal};
use crate::exec::{Lease, naming_host};
use crate::flow::{Event, Flow, Step, unexpected_event};
use crate::retry::{Attempt, Outcome};
use crate::session::{Access, Session};
use crate::skew::retry_after;
use crate::transport::{Outgoing, Tick, TransportErrorKind};
use crate::vendor::Vendor;

/// Gives the credential of the session and its generation, logging in when there is none.
///
/// It shares the session's one login with all calls, like [`Exec`](crate::exec::Exec).
pub(crate) struct SignIn<'s, V: Vendor> {
    session: &'s Session<V>,
    first: Option<Duration>,
    failed: u32,
    logged_in: bool,
    waited: Option<u64>,
    state: State<'s, V>,
}

enum State<'s, V: Vendor> {
    Idle,
    Waiting,
    LoggingIn {
        lease: Lease<'s, V>,
        sent: crate::transport::Timestamp,
        host: Option<Authority>,
    },
}

impl<V: Vendor> fmt::Debug for SignIn<'_, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").finish_non_exhaustive()
    }
}

impl<'s, V: Vendor> SignIn<'s, V> {
    pub(crate) fn new(session: &'s Session<V>) -> Self {
        Self {
            session,
            first: None,
            failed: 0,
            logged_in: false,
            waited: None,
            state: State::Idle,
        }
    }

    fn look(&mut self, tick: Tick) -> Result<Step<(V::Credential, u64)>, Error> {
        self.first.get_or_insert(tick.elapsed);
        let at = tick.now.offset(self.session.skew.offset());
        match self.session.access(at, tick.elapsed, self.waited.take()) {
            Access::Ready(credential, generation) => Ok(Step::Done((credential, generation))),
            Access::Wait(lease, time) => {
                self.waited = Some(lease);
                self.state = State::Waiting;
                Ok(Step::Sleep(time))
            }
            Access::Failed(error) => {
                let outcome = match error.kind() {
                    ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Interrupted => {
                        Outcome::NotSent
                    }
                    ErrorKind::Throttled | ErrorKind::Unavailable => {
                        Outcome::Throttled(error.retry_after())
                    }
                    _ => return Err(error),
                };
                self.repeat_or(tick, outcome, error)
            }
            Access::LogIn(number) => {
                let lease = Lease {
                    session: self.session,
                    number,
                };
                if self.logged_in {
                    return Err(Error::new(
                        ErrorKind::Credential,
                        "the account's login gives credentials that do not hold: they are over when they come, or this machine's clock is wrong",
                    ));
                }
                let request = self.session.vendor().login(at)?;
                self.state = State::LoggingIn {
                    lease,
                    sent: tick.now,
                    host: request.uri().authority().cloned(),
                };
                let outgoing = Outgoing::new(request, self.session.call_limits);
                Ok(Step::Send(Box::new(outgoing)))
            }
        }
    }

    fn answered(
        &mut self,
        tick: Tick,
        lease: Lease<'s, V>,
        response: &Response<Bytes>,
    ) -> Result<Step<(V::Credential, u64)>, Error> {
        let at = tick.now.offset(self.session.skew.offset());
        let vendor = self.session.vendor();
        let refusal = match vendor.open_login(response, at) {
            Ok(grant) => {
                self.session.budget.refill(self.failed > 0);
                self.session.store(lease.number, grant);
                self.logged_in = true;
                return self.look(tick);
            }
            Err(refusal) => refusal,
        };
        let wait = retry_after(response.headers(), at);
        let repeatable = matches!(
            &refusal,
            Refusal::Fault(fault)
                if matches!(fault.class, FaultClass::Throttled | FaultClass::Transient)
        );
        let error = Error::from_refusal(refusal, true, response, |text| vendor.mask(text, None))
            .with_retry_after(wait)
            .of_login();
        self.session.fail(lease.number, error.again());
        drop(lease);
        match repeatable {
            // Logging in changes nothing, so it may always be repeated.
            true => self.repeat_or(tick, Outcome::Throttled(wait), error),
            false => Err(error),
        }
    }

    fn repeat_or(
        &mut self,
        tick: Tick,
        outcome: Outcome,
        error: Error,
    ) -> Result<Step<(V::Credential, u64)>, Error> {
        self.failed += 1;
        let attempt = Attempt {
            number: self.failed,
            idempotent: true,
            outcome,
            elapsed: tick
                .elapsed
                .saturating_sub(self.first.unwrap_or(tick.elapsed)),
        };
        match self.session.retry.decide(attempt, tick.entropy) {
            Some(wait) if self.session.budget.take() => {
                self.state = State::Waiting;
                Ok(Step::Sleep(wait))
            }
            _ => Err(error.with_attempts(self.failed)),
        }
    }
}

impl<V: Vendor> Flow for SignIn<'_, V> {
    type Output = (V::Credential, u64);

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Self::Output>, Error> {
        match (std::mem::replace(&mut self.state, State::Idle), event) {
            (State::Idle, Event::Start) | (State::Waiting, Event::Woken) => self.look(tick),
            (State::LoggingIn { lease, sent, .. }, Event::Response(response)) => {
                let skew = &self.session.skew;
                skew.observe(sent, tick.now, response.headers());
                self.answered(tick, lease, &response)
            }
            (State::LoggingIn { lease, host, .. }, Event::Failed(failure)) => {
                let repeatable = failure.kind != TransportErrorKind::InvalidRequest;
                let failure = naming_host(failure, host.as_ref());
                let error = Error::from_transport(failure, true).of_login();
                self.session.fail(lease.number, error.again());
                drop(lease);
                match repeatable {
                    true => self.repeat_or(tick, Outcome::NotSent, error),
                    false => Err(error),
                }
            }
            _ => Err(unexpected_event()),
        }
    }
}
