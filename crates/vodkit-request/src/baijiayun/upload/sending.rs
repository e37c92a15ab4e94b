//! Sending a form or a slice, and what follows when it fails.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::uri::Authority;
use vodkit_types::baijiayun::{UploadFile, operations};
use vodkit_types::{FaultClass, FileContent};

use super::flow::{Next, Stage, Then};
use super::{Upload, slice};
use crate::digest::DigestTap;
use crate::endpoint::Endpoint as _;
use crate::error::{Error, ErrorKind, Refusal};
use crate::exec::{draft, masked, naming_host};
use crate::flow::Step;
use crate::retry::{Attempt, Outcome};
use crate::skew::retry_after;
use crate::transport::{Observers, Outgoing, Tick, TransportError, TransportErrorKind};
use crate::vendor::Vendor as _;

/// A form or a slice under way.
#[derive(Debug)]
pub(super) struct Sending {
    endpoint: UploadFile,
    whole: bool,
    range: Range<u64>,
    tap: Option<DigestTap>,
    host: Option<Authority>,
}

impl Upload<'_> {
    pub(super) fn send(&mut self, tick: Tick) -> Next {
        let address = self
            .address
            .clone()
            .ok_or_else(|| Error::new(ErrorKind::Decode, "the vendor gave no upload address"))?;
        let endpoint = UploadFile::new(address, self.source.file.clone());
        let (whole, range) = (self.course.is_whole(), self.course.next());
        let vendor = self.session.vendor();
        let request = if whole {
            let draft = draft(&endpoint, Some(self.source.facts()))?;
            vendor.seal(draft, None, tick.now, tick.entropy)?
        } else {
            let body = self.source.body(range.clone())?;
            slice::request(&endpoint.upload_url, &range, self.course.len(), body)?
        };
        let of_file = matches!(self.source.file.content, FileContent::Path(_));
        let before = self.course.before_next().filter(|_| of_file);
        let tap = before.map(DigestTap::after);
        self.course.has_sent = true;
        let limits = self.settings.limits.unwrap_or(self.session.transfer_limits);
        let mut outgoing = Outgoing::new(request, limits);
        outgoing.observers = Observers {
            progress: self.meter.as_ref().map(|meter| meter.of_lane(0)),
            digest: tap.clone(),
            pace: self.settings.transfer.pace.clone(),
        };
        let host = outgoing.request.uri().authority().cloned();
        self.stage = Stage::Sending(Box::new(Sending {
            endpoint,
            whole,
            range,
            tap,
            host,
        }));
        Ok(Step::Send(Box::new(outgoing)))
    }

    pub(super) fn replied(
        &mut self,
        tick: Tick,
        sent: Sending,
        response: &Response<Bytes>,
    ) -> Next {
        let vendor = self.session.vendor();
        let refusal = match sent.endpoint.open(vendor, response) {
            Ok(_) => return self.confirmed(tick, sent),
            Err(refusal) => refusal,
        };
        let wait = retry_after(response.headers(), tick.now);
        let outcome = match &refusal {
            Refusal::Fault(fault) => match fault.class {
                FaultClass::Throttled => Some((Outcome::Throttled(wait), Then::Next)),
                FaultClass::Transient => Some((Outcome::Unavailable(wait), Then::Ask)),
                // What is refused is the address, most likely. If a new one is refused too, it is not.
                _ if !self.course.refused => {
                    self.course.refused = true;
                    self.renewing = true;
                    Some((Outcome::NotSent, Then::Ask))
                }
                _ => None,
            },
            Refusal::Decode(_) => Some((Outcome::Unsure, Then::Ask)),
        };
        let error = Error::from_refusal(refusal, !sent.whole, response, |text| {
            masked(&sent.endpoint, vendor, None, text)
        });
        self.set_back(tick, outcome, error.with_retry_after(wait))
    }

    pub(super) fn broken(&mut self, tick: Tick, sent: &Sending, failure: TransportError) -> Next {
        let outcome = match failure.kind {
            TransportErrorKind::LocalFile | TransportErrorKind::InvalidRequest => None,
            kind if kind.maybe_sent() => Some((Outcome::Unsure, Then::Ask)),
            _ => Some((Outcome::NotSent, Then::Next)),
        };
        let failure = naming_host(failure, sent.host.as_ref());
        self.set_back(tick, outcome, Error::from_transport(failure, !sent.whole))
    }

    /// A request has failed: after a pause it is sent again, or the server is asked what it has of it.
    fn set_back(&mut self, tick: Tick, outcome: Option<(Outcome, Then)>, error: Error) -> Next {
        let failures = self.course.failed();
        let again = outcome.and_then(|(outcome, then)| {
            let attempt = Attempt {
                number: failures,
                // What has arrived is asked for first.
                idempotent: true,
                outcome,
                // How long a file takes says nothing about how often it may be tried.
                elapsed: Duration::ZERO,
            };
            let wait = self.session.retry.decide(attempt, tick.entropy)?;
            Some((wait, then))
        });
        match again {
            Some((wait, then)) if self.session.budget.take() => {
                self.setback = Some(error.at(&operations::UPLOAD_FILE, failures));
                self.stage = Stage::Waiting(then);
                Ok(Step::Sleep(wait))
            }
            _ => Err(error.at(&operations::UPLOAD_FILE, failures)),
        }
    }

    fn confirmed(&mut self, tick: Tick, sent: Sending) -> Next {
        self.session.budget.refill(self.course.failures() > 0);
        let Sending { range, tap, .. } = sent;
        let crc64 = match (tap, &self.source.file.content) {
            (Some(tap), _) => self.course.saw(tap.seen(), &range),
            (None, FileContent::Bytes(bytes)) => {
                let slice = bytes.get(range.start as usize..range.end as usize);
                slice.and_then(|slice| self.course.took(slice, &range))
            }
            _ => None,
        };
        if let Some(meter) = &self.meter {
            meter.arrived(0, range.end - range.start);
        }
        self.course.reach(range.end);
        // A form too: what was sent must be there to compare with.
        self.mark(range, crc64);
        self.go(tick, Then::Next)
    }
}
