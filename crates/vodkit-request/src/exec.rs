//! The flow of one call: log in if needed, send, judge, repeat if allowed.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::uri::Authority;
use vodkit_types::{Body, FaultClass, FileContent, ParamKind};

use crate::draft::{Draft, DraftFile};
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind, Refusal};
use crate::flow::{Event, Flow, Step, unexpected_event};
use crate::mask::{mask, secrets_of_address, sounds_secret};
use crate::params::Params;
use crate::payload::Segment;
use crate::retry::{Attempt, Outcome};
use crate::session::{Access, Session};
use crate::skew::retry_after;
use crate::transport::{
    FileFacts, Limits, Outgoing, ProgressSink, Tick, Timestamp, TransportError, TransportErrorKind,
};
use crate::vendor::Vendor;

/// After a refused signature, a clock this far from the one it was made with is worth one more attempt.
const SKEW_WORTH_A_RETRY_MS: u64 = 30_000;
/// One login, and one more when the vendor refused what the first gave.
const MOST_LOGINS: u32 = 2;

/// The flow of one call.
pub struct Exec<'s, E: Endpoint> {
    session: &'s Session<E::Vendor>,
    endpoint: E,
    limits: Option<Limits>,
    progress: Option<ProgressSink>,
    facts: Option<FileFacts>,
    attempts: u32,
    first: Option<Duration>,
    logins: u32,
    failed_logins: u32,
    renewed: bool,
    reclocked: bool,
    /// The lease of the login that this call waits for.
    waited: Option<u64>,
    /// Whether the retry budget was drawn on, so that a success gives it back.
    repeated: bool,
    state: State<'s, E::Vendor>,
}

enum State<'s, V: Vendor> {
    Idle,
    Inspecting,
    Waiting,
    LoggingIn {
        lease: Lease<'s, V>,
        sent: Timestamp,
        host: Option<Authority>,
    },
    Sent(Sent<V::Credential>),
}

/// What must be known of a request when its reply comes.
struct Sent<C> {
    at: Timestamp,
    /// The clock correction it was signed with.
    offset: i64,
    credential: Option<C>,
    generation: u64,
    /// Where it went: who has the wrong address must see it.
    host: Option<Authority>,
}

// Parameters and credentials are nobody's business.
impl<E: Endpoint> fmt::Debug for Exec<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exec")
            .field("operation", &self.endpoint.operation().name)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// The right to log in, given back when the flow is dropped in the middle of it.
pub(crate) struct Lease<'s, V: Vendor> {
    pub(crate) session: &'s Session<V>,
    pub(crate) number: u64,
}

impl<V: Vendor> Drop for Lease<'_, V> {
    fn drop(&mut self) {
        self.session.release(self.number);
    }
}

impl<'s, E: Endpoint> Exec<'s, E> {
    /// The flow of this call.
    pub fn new(session: &'s Session<E::Vendor>, endpoint: E) -> Self {
        Self {
            session,
            endpoint,
            limits: None,
            progress: None,
            facts: None,
            attempts: 0,
            first: None,
            logins: 0,
            failed_logins: 0,
            renewed: false,
            reclocked: false,
            waited: None,
            repeated: false,
            state: State::Idle,
        }
    }

    /// The same flow with limits of its own.
    #[must_use]
    pub fn with_limits(mut self, limits: Option<Limits>) -> Self {
        self.limits = limits;
        self
    }

    /// The same flow, reporting how far the body is.
    #[must_use]
    pub fn with_progress(mut self, progress: Option<ProgressSink>) -> Self {
        self.progress = progress;
        self
    }

    /// The same flow with a file that has been looked at already.
    #[must_use]
    pub fn with_file_facts(mut self, facts: Option<FileFacts>) -> Self {
        self.facts = facts;
        self
    }

    fn begin(&mut self, tick: Tick) -> Result<Step<E::Output>, Error> {
        // Wrong parameters are told before a file is looked at or a login is made.
        let mut params = Params::new(self.endpoint.operation());
        self.endpoint.params(&mut params)?;
        match self.endpoint.file() {
            Some((_, file)) if self.facts.is_none() => match &file.content {
                FileContent::Path(path) => {
                    self.state = State::Inspecting;
                    Ok(Step::Inspect(path.clone()))
                }
                _ => self.send(tick),
            },
            _ => self.send(tick),
        }
    }

    fn inspected(
        &mut self,
        tick: Tick,
        facts: std::io::Result<FileFacts>,
    ) -> Result<Step<E::Output>, Error> {
        match facts {
            Ok(facts) => {
                self.facts = Some(facts);
                self.send(tick)
            }
            Err(error) => Err(unusable_file(
                self.endpoint.file().map(|(_, file)| &file.content),
                &error,
            )),
        }
    }

    /// Seals and sends, each time with a new time stamp and a new signature.
    fn send(&mut self, tick: Tick) -> Result<Step<E::Output>, Error> {
        self.first.get_or_insert(tick.elapsed);
        let offset = self.session.skew.offset();
        let at = tick.now.offset(offset);
        let operation = self.endpoint.operation();
        let (credential, generation) = if operation.needs_credential() {
            match self.session.access(at, tick.elapsed, self.waited.take()) {
                Access::Ready(credential, generation) => (Some(credential), generation),
                Access::Wait(lease, time) => {
                    self.waited = Some(lease);
                    self.state = State::Waiting;
                    return Ok(Step::Sleep(time));
                }
                Access::Failed(error) => return self.waited_in_vain(tick, error),
                Access::LogIn(number) => {
                    return self.log_in(
                        tick,
                        at,
                        Lease {
                            session: self.session,
                            number,
                        },
                    );
                }
            }
        } else {
            (None, 0)
        };
        let draft = draft(&self.endpoint, self.facts)?;
        let has_file = draft.file.is_some();
        let request = self
            .session
            .vendor()
            .seal(draft, credential.as_ref(), at, tick.entropy)?;
        self.attempts += 1;
        let host = request.uri().authority().cloned();
        self.state = State::Sent(Sent {
            at: tick.now,
            offset,
            credential,
            generation,
            host,
        });
        let limits = if has_file {
            self.session.transfer_limits
        } else {
            self.session.call_limits
        };
        let mut outgoing = Outgoing::new(request, self.limits.unwrap_or(limits));
        outgoing.observers.progress = self.progress.clone();
        Ok(Step::Send(Box::new(outgoing)))
    }

    fn log_in(
        &mut self,
        tick: Tick,
        at: Timestamp,
        lease: Lease<'s, E::Vendor>,
    ) -> Result<Step<E::Output>, Error> {
        if self.logins >= MOST_LOGINS {
            return Err(Error::new(
                ErrorKind::Credential,
                "the account's login gives credentials that do not hold: they are over when they come, or this machine's clock is wrong",
            ));
        }
        self.logins += 1;
        let request = self.session.vendor().login(at)?;
        let host = request.uri().authority().cloned();
        self.state = State::LoggingIn {
            lease,
            sent: tick.now,
            host,
        };
        let limits = self.session.call_limits;
        Ok(Step::Send(Box::new(Outgoing::new(request, limits))))
    }

    fn judge(
        &mut self,
        tick: Tick,
        response: &Response<Bytes>,
        sent: &Sent<<E::Vendor as Vendor>::Credential>,
    ) -> Result<Step<E::Output>, Error> {
        let refusal = match self.endpoint.open(self.session.vendor(), response) {
            Ok(output) => {
                self.session.budget.refill(self.repeated);
                return Ok(Step::Done(output));
            }
            Err(refusal) => refusal,
        };
        let wait = retry_after(
            response.headers(),
            tick.now.offset(self.session.skew.offset()),
        );
        let outcome = match class(&refusal) {
            Some(FaultClass::Credential) => {
                let moved = self
                    .session
                    .skew
                    .offset()
                    .saturating_sub(sent.offset)
                    .unsigned_abs()
                    >= SKEW_WORTH_A_RETRY_MS;
                let may_send_again = self.session.retry.max_attempts > 1;
                if may_send_again && moved && !self.reclocked {
                    self.reclocked = true;
                    return self.send(tick);
                }
                if may_send_again && !self.renewed && self.session.discard(sent.generation) {
                    self.renewed = true;
                    return self.send(tick);
                }
                None
            }
            Some(FaultClass::Throttled) => Some(Outcome::Throttled(wait)),
            Some(FaultClass::Transient) => Some(Outcome::Unavailable(wait)),
            // A reply cut short inside a complete HTTP body, or an error page with status 200, would come again.
            _ => None,
        };
        let idempotent = self.endpoint.operation().idempotent;
        let vendor = self.session.vendor();
        let error = Error::from_refusal(refusal, idempotent, response, |text| {
            masked(&self.endpoint, vendor, sent.credential.as_ref(), text)
        })
        .with_retry_after(wait);
        match outcome {
            Some(outcome) => self.repeat_or(tick, outcome, error),
            None => Err(error),
        }
    }

    fn failed(
        &mut self,
        tick: Tick,
        failure: TransportError,
        host: Option<&Authority>,
    ) -> Result<Step<E::Output>, Error> {
        let failure = naming_host(failure, host);
        let idempotent = self.endpoint.operation().idempotent;
        let outcome = if failure.kind.maybe_sent() {
            Outcome::Unsure
        } else {
            Outcome::NotSent
        };
        let repeatable = !matches!(
            failure.kind,
            TransportErrorKind::LocalFile
                | TransportErrorKind::InvalidRequest
                | TransportErrorKind::ResponseTooLarge
        );
        let error = Error::from_transport(failure, idempotent);
        if repeatable {
            self.repeat_or(tick, outcome, error)
        } else {
            Err(error)
        }
    }

    fn repeat_or(
        &mut self,
        tick: Tick,
        outcome: Outcome,
        error: Error,
    ) -> Result<Step<E::Output>, Error> {
        let attempt = Attempt {
            number: (self.attempts + self.failed_logins).max(1),
            idempotent: self.endpoint.operation().idempotent,
            outcome,
            elapsed: tick
                .elapsed
                .saturating_sub(self.first.unwrap_or(tick.elapsed)),
        };
        match self.session.retry.decide(attempt, tick.entropy) {
            Some(wait) if self.session.budget.take() => {
                self.repeated = true;
                self.state = State::Waiting;
                Ok(Step::Sleep(wait))
            }
            _ => Err(error),
        }
    }

    fn logged_in(
        &mut self,
        tick: Tick,
        lease: Lease<'s, E::Vendor>,
        response: &Response<Bytes>,
    ) -> Result<Step<E::Output>, Error> {
        let at = tick.now.offset(self.session.skew.offset());
        let refusal = match self.session.vendor().open_login(response, at) {
            Ok(grant) => {
                self.session.store(lease.number, grant);
                return self.send(tick);
            }
            Err(refusal) => refusal,
        };
        let wait = retry_after(response.headers(), at);
        let outcome = match class(&refusal) {
            Some(FaultClass::Throttled) => Some(Outcome::Throttled(wait)),
            // Logging in changes nothing, so it may always be repeated.
            Some(FaultClass::Transient) => Some(Outcome::Throttled(wait)),
            _ => None,
        };
        let vendor = self.session.vendor();
        let error = Error::from_refusal(refusal, true, response, |text| vendor.mask(text, None))
            .with_retry_after(wait)
            .of_login();
        self.session.fail(lease.number, error.again());
        drop(lease);
        match outcome {
            Some(outcome) => self.repeat_login(tick, outcome, error),
            None => Err(error),
        }
    }

    /// The login of another caller has failed. What may pass counts as a failed login of this one too: a hundred callers then wait for one
    /// host that hangs, and not each for all before it.
    fn waited_in_vain(&mut self, tick: Tick, error: Error) -> Result<Step<E::Output>, Error> {
        let outcome = match error.kind() {
            ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Interrupted => Outcome::NotSent,
            ErrorKind::Throttled | ErrorKind::Unavailable => {
                Outcome::Throttled(error.retry_after())
            }
            _ => return Err(error),
        };
        self.first.get_or_insert(tick.elapsed);
        self.repeat_login(tick, outcome, error)
    }

    /// A failed login does not count among those that a call may need.
    fn repeat_login(
        &mut self,
        tick: Tick,
        outcome: Outcome,
        error: Error,
    ) -> Result<Step<E::Output>, Error> {
        self.failed_logins += 1;
        self.logins = self.logins.saturating_sub(1);
        self.repeat_or(tick, outcome, error)
    }
}

/// Who has the wrong address must see it.
pub(crate) fn naming_host(mut failure: TransportError, host: Option<&Authority>) -> TransportError {
    if let (TransportErrorKind::Connect, Some(host)) = (failure.kind, host) {
        failure.message = format!("{host}: {}", failure.message);
    }
    failure
}

/// Takes out of the vendor's words what the call carried: keys, signatures, secret parameters, and the parts of an address that is a secret.
pub(crate) fn masked<E: Endpoint>(
    endpoint: &E,
    vendor: &E::Vendor,
    credential: Option<&<E::Vendor as Vendor>::Credential>,
    text: &str,
) -> String {
    let operation = endpoint.operation();
    let mut params = Params::new(operation);
    // A call that was sent has put its parameters before without an error.
    let _known_to_work = endpoint.params(&mut params);
    let secret = |name: &str| {
        operation.param(name).map_or_else(
            || sounds_secret(name),
            |param| param.kind == ParamKind::Secret,
        )
    };
    let own: Vec<Cow<'_, str>> = params
        .iter()
        .filter(|(name, _)| secret(name))
        .map(|(_, value)| match operation.body {
            // There it is a text in quotes, which nobody repeats.
            Body::Json => serde_json::from_str(value).map_or(Cow::Borrowed(value), Cow::Owned),
            _ => Cow::Borrowed(value),
        })
        .collect();
    let address = endpoint.target().map_or("", |target| target.expose());
    mask(
        &vendor.mask(text, credential),
        own.iter()
            .map(AsRef::as_ref)
            .chain(secrets_of_address(address)),
    )
}

fn class(refusal: &Refusal) -> Option<FaultClass> {
    match refusal {
        Refusal::Fault(fault) => Some(fault.class),
        Refusal::Decode(_) => None,
    }
}

impl<E: Endpoint> Flow for Exec<'_, E> {
    type Output = E::Output;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<E::Output>, Error> {
        let state = std::mem::replace(&mut self.state, State::Idle);
        let step = match (state, event) {
            (State::Idle, Event::Start) => self.begin(tick),
            (State::Inspecting, Event::Inspected(facts)) => self.inspected(tick, facts),
            (State::Waiting, Event::Woken) => self.send(tick),
            (State::LoggingIn { lease, sent, .. }, Event::Response(response)) => {
                self.session
                    .skew
                    .observe(sent, tick.now, response.headers());
                self.logged_in(tick, lease, &response)
            }
            (State::LoggingIn { lease, host, .. }, Event::Failed(failure)) => {
                let repeatable = failure.kind != TransportErrorKind::InvalidRequest;
                let failure = naming_host(failure, host.as_ref());
                let error = Error::from_transport(failure, true).of_login();
                self.session.fail(lease.number, error.again());
                drop(lease);
                if repeatable {
                    self.repeat_login(tick, Outcome::NotSent, error)
                } else {
                    Err(error)
                }
            }
            (State::Sent(sent), Event::Response(response)) => {
                // An upload takes long, and its host is another machine: its clock says nothing about the API's.
                if self.endpoint.target().is_none() && self.endpoint.file().is_none() {
                    self.session
                        .skew
                        .observe(sent.at, tick.now, response.headers());
                }
                self.judge(tick, &response, &sent)
            }
            (State::Sent(sent), Event::Failed(failure)) => {
                self.failed(tick, failure, sent.host.as_ref())
            }
            _ => Err(unexpected_event()),
        };
        step.map_err(|error| error.at(self.endpoint.operation(), self.attempts))
    }
}

/// Writes the draft of a call; a file's length comes from `facts` unless it is in memory.
pub(crate) fn draft<E: Endpoint>(endpoint: &E, facts: Option<FileFacts>) -> Result<Draft, Error> {
    let operation = endpoint.operation();
    let mut params = Params::new(operation);
    endpoint.params(&mut params)?;
    let file = match endpoint.file() {
        None => None,
        Some((_, file)) if file.name.is_empty() => {
            return Err(Error::new(
                ErrorKind::LocalFile,
                "the file to send has no name",
            ));
        }
        Some((field, file)) => {
            let content = match &file.content {
                FileContent::Bytes(bytes) => Segment::Bytes(Bytes::from_owner(bytes.clone())),
                FileContent::Path(path) => {
                    let Some(facts) = facts else {
                        return Err(Error::new(
                            ErrorKind::LocalFile,
                            format!(
                                "the length of `{}` is not known: give the file as bytes",
                                path.display()
                            ),
                        ));
                    };
                    Segment::File {
                        path: path.clone(),
                        range: 0..facts.len,
                    }
                }
                _ => {
                    return Err(Error::new(
                        ErrorKind::LocalFile,
                        "this kind of file cannot be sent",
                    ));
                }
            };
            Some(DraftFile {
                field,
                name: file.name.clone(),
                content,
            })
        }
    };
    Ok(Draft {
        operation,
        params,
        file,
        target: endpoint.target().cloned(),
    })
}

pub(crate) fn unusable_file(content: Option<&FileContent>, error: &std::io::Error) -> Error {
    let path = match content {
        Some(FileContent::Path(path)) => path.display().to_string(),
        _ => String::new(),
    };
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        _ => error.to_string(),
    };
    Error::new(ErrorKind::LocalFile, format!("cannot send `{path}`: {why}"))
}
