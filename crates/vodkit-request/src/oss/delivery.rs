//! Sending a file as one object: again after a lost connection, by a corrected clock, with renewed keys.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use vodkit_types::{FaultClass, FileContent, FileInput};

use super::{Keys, Place, Stored, open, put_object};
use crate::error::{Error, ErrorKind, Refusal};
use crate::exec::naming_host;
use crate::flow::{Event, Step, unexpected_event};
use crate::mask::mask;
use crate::payload::{Payload, Segment};
use crate::retry::{Attempt, Outcome};
use crate::session::Session;
use crate::skew::{Skew, retry_after};
use crate::transport::{
    FileFacts, Limits, Outgoing, ProgressSink, Tick, Timestamp, TransportErrorKind,
};
use crate::vendor::Vendor;

/// A correction smaller than this does not heal what the storage refuses: it allows 15 minutes.
const SKEW_WORTH_A_RETRY_MS: u64 = 30_000;

/// Where a file goes, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) place: Place,
    pub(crate) keys: Keys,
    /// What tells the vendor of the object: JSON in base64.
    pub(crate) callback: Option<String>,
}

/// What to do next for a file.
#[derive(Debug)]
pub(crate) enum Next {
    Send(Box<Outgoing>),
    Sleep(Duration),
    /// Ask the vendor for other keys, then [`Delivery::send`].
    Renew,
    Stored(Stored),
}

impl Next {
    /// The step that a flow passes on to its driver; else what the flow has to deal with.
    pub(crate) fn step<T>(self) -> Result<Step<T>, Self> {
        match self {
            Self::Send(outgoing) => Ok(Step::Send(outgoing)),
            Self::Sleep(time) => Ok(Step::Sleep(time)),
            other => Err(other),
        }
    }
}

/// A file on its way to the storage.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) file: FileInput,
    pub(crate) limits: Option<Limits>,
    pub(crate) progress: Option<ProgressSink>,
    len: u64,
    attempts: u32,
    renewed: bool,
    reclocked: bool,
    /// The storage has a clock of its own; until it shows it, it is taken to agree with the vendor's.
    skew: Option<Skew>,
    /// When the request left that has no reply yet, and by which correction it was dated.
    sent: Option<(Timestamp, i64)>,
}

impl Delivery {
    pub(crate) fn of(file: FileInput) -> Self {
        Self {
            file,
            limits: None,
            progress: None,
            len: 0,
            attempts: 0,
            renewed: false,
            reclocked: false,
            skew: None,
            sent: None,
        }
    }

    /// Bytes of the file, once [`measured`](Self::measured).
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// What to look at first: a file, or nothing when the bytes are here.
    pub(crate) fn begin<T>(&mut self) -> Result<Option<Step<T>>, Error> {
        match &self.file.content {
            FileContent::Path(path) => Ok(Some(Step::Inspect(path.clone()))),
            FileContent::Bytes(bytes) => {
                let facts = FileFacts::of_len(bytes.len() as u64);
                self.measured(facts)?;
                Ok(None)
            }
            _ => Err(unsupported_file()),
        }
    }

    pub(crate) fn measured(&mut self, facts: FileFacts) -> Result<(), Error> {
        if facts.len == 0 {
            return Err(Error::new(
                ErrorKind::LocalFile,
                format!("cannot upload `{}`: it is empty", self.file.name),
            ));
        }
        self.len = facts.len;
        Ok(())
    }

    /// Sends the object, each time with a new date and a new signature.
    pub(crate) fn send<V: Vendor>(
        &mut self,
        tick: Tick,
        target: &Target,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        let body = match &self.file.content {
            FileContent::Path(path) => Payload::file(path.as_ref(), 0..self.len),
            FileContent::Bytes(bytes) => {
                Payload::from_segments(vec![Segment::Bytes(Bytes::from_owner(bytes.clone()))])
            }
            _ => return Err(unsupported_file()),
        };
        let offset = match &self.skew {
            Some(skew) => skew.offset(),
            None => session.skew.offset(),
        };
        let (place, keys) = (&target.place, &target.keys);
        let callback = target.callback.as_deref();
        let request = put_object(place, keys, callback, body, tick.now.offset(offset))?;
        self.attempts += 1;
        self.sent = Some((tick.now, offset));
        Ok(Next::Send(Box::new(Outgoing {
            progress: self.progress.clone(),
            ..Outgoing::new(request, self.limits.unwrap_or(session.transfer_limits))
        })))
    }

    /// Takes what came of the last step.
    pub(crate) fn advance<V: Vendor>(
        &mut self,
        tick: Tick,
        event: Event,
        target: &Target,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        match (self.sent.take(), event) {
            (Some(sent), Event::Response(response)) => {
                self.judge(tick, sent, &response, target, session)
            }
            (Some(_), Event::Failed(failure)) => {
                let outcome = match failure.kind {
                    TransportErrorKind::LocalFile | TransportErrorKind::InvalidRequest => None,
                    kind if kind.maybe_sent() => Some(Outcome::Unsure),
                    _ => Some(Outcome::NotSent),
                };
                let host = target.place.host();
                let error = Error::from_transport(naming_host(failure, host.as_ref()), true);
                self.repeat_or(tick, outcome, error, session)
            }
            (None, Event::Woken) => self.send(tick, target, session),
            _ => Err(unexpected_event()),
        }
    }

    fn judge<V: Vendor>(
        &mut self,
        tick: Tick,
        (sent, offset): (Timestamp, i64),
        response: &Response<Bytes>,
        target: &Target,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        let skew = self.skew.get_or_insert_default();
        skew.observe(sent, tick.now, response.headers());
        let now = skew.offset();
        let refusal = match open(response) {
            Ok(stored) => {
                session.budget.refill(self.attempts > 1);
                return self.compare(stored).map(Next::Stored);
            }
            Err(refusal) => refusal,
        };
        let may_send_again = session.retry.max_attempts > 1;
        let (code, class) = match &refusal {
            Refusal::Fault(fault) => (fault.code.as_deref().unwrap_or_default(), fault.class),
            Refusal::Decode(_) => ("", FaultClass::Permanent),
        };
        match code {
            "RequestTimeTooSkewed" if may_send_again && !self.reclocked => {
                let moved = now.saturating_sub(offset).unsigned_abs();
                if moved >= SKEW_WORTH_A_RETRY_MS {
                    self.reclocked = true;
                    return self.send(tick, target, session);
                }
            }
            "SecurityTokenExpired" | "InvalidSecurityToken" | "InvalidAccessKeyId"
                if may_send_again && !self.renewed =>
            {
                self.renewed = true;
                return Ok(Next::Renew);
            }
            _ => {}
        }
        let wait = retry_after(response.headers(), tick.now.offset(now));
        let outcome = match class {
            FaultClass::Throttled => Some(Outcome::Throttled(wait)),
            FaultClass::Transient => Some(Outcome::Unavailable(wait)),
            _ => None,
        };
        // The document of a refusal may hold the text that was signed, and in it the token, also as bytes in hexadecimal.
        let mut bare = Response::new(Bytes::new());
        *bare.status_mut() = response.status();
        let keys = &target.keys;
        let error = Error::from_refusal(refusal, true, &bare, |text| {
            mask(
                text,
                [
                    keys.access_key_secret.expose(),
                    keys.security_token.expose(),
                    keys.access_key_id.expose(),
                ],
            )
        });
        self.repeat_or(tick, outcome, error.with_retry_after(wait), session)
    }

    fn repeat_or<V: Vendor>(
        &self,
        tick: Tick,
        outcome: Option<Outcome>,
        error: Error,
        session: &Session<V>,
    ) -> Result<Next, Error> {
        let wait = outcome.and_then(|outcome| {
            let attempt = Attempt {
                number: self.attempts,
                // The same object under the same key.
                idempotent: true,
                outcome,
                // How long a file takes says nothing about how often it may be tried.
                elapsed: Duration::ZERO,
            };
            session.retry.decide(attempt, tick.entropy)
        });
        match wait {
            Some(wait) if session.budget.take() => Ok(Next::Sleep(wait)),
            _ => Err(error.with_attempts(self.attempts)),
        }
    }

    fn compare(&self, stored: Stored) -> Result<Stored, Error> {
        let FileContent::Bytes(bytes) = &self.file.content else {
            return Ok(stored);
        };
        match stored.differs_from(bytes) {
            None => Ok(stored),
            Some(digest) => Err(Error::new(
                ErrorKind::Interrupted,
                format!(
                    "the storage has other bytes than were sent of `{}`: their {digest} differs",
                    self.file.name
                ),
            )
            .with_hint("Something on the way has changed them: upload the file again")),
        }
    }
}

/// A failed upload leaves a video without content behind: its id must not be lost.
pub(crate) fn of_video(error: Error, id: &str) -> Error {
    let content = match error.kind() {
        ErrorKind::Interrupted
        | ErrorKind::Timeout
        | ErrorKind::Unavailable
        | ErrorKind::Decode => "may have no content",
        _ => "has no content",
    };
    let what = format!("Video {id} exists but {content}");
    let hint = match error.hint() {
        Some(hint) => format!("{}. {what}", hint.trim_end_matches('.')),
        None => what,
    };
    error.with_hint(hint).with_created(id)
}

fn unsupported_file() -> Error {
    Error::new(
        ErrorKind::LocalFile,
        Cow::Borrowed("this kind of file cannot be uploaded"),
    )
}
