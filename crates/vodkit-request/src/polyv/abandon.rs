//! Giving an unfinished upload up: the storage drops the parts that it has.

use vodkit_types::FileInput;
use vodkit_types::polyv::{RenewUploadToken, UploadTicket};

use super::ticket;
use crate::error::Error;
use crate::exec::Exec;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::oss::Target;
use crate::polyv::Polyv;
use crate::session::Session;
use crate::transport::Tick;
use crate::upload::{Abandoned, Delivery, Journal, Next, Transfer};
use crate::vendor::Vendor as _;

/// Gives an unfinished upload up, from its journal, with fresh keys of `uploadvideo/token`.
///
/// The video stays as it is, without content: delete it with a call of its own.
#[derive(Debug)]
pub struct Abandon<'s> {
    session: &'s Session<Polyv>,
    delivery: Delivery<Target>,
    stage: Stage<'s>,
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    Asking(Box<Exec<'s, RenewUploadToken>>),
    Aborting,
    Over,
}

impl<'s> Abandon<'s> {
    /// Gives up what the journal tells of.
    #[must_use]
    pub fn new(session: &'s Session<Polyv>, journal: Journal) -> Self {
        let mut delivery = Delivery::of(FileInput::bytes("", *b""));
        delivery.set_transfer(Transfer::new().journal(journal));
        Self {
            session,
            delivery,
            stage: Stage::Begin,
        }
    }

    fn ask(
        &mut self,
        mut exec: Exec<'s, RenewUploadToken>,
        tick: Tick,
        event: Event,
    ) -> Result<Step<Abandoned>, Error> {
        match pass_on(exec.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::Asking(Box::new(exec));
                Ok(step)
            }
            Err(ticket) => self.asked(tick, &ticket),
        }
    }

    fn asked(&mut self, tick: Tick, ticket: &UploadTicket) -> Result<Step<Abandoned>, Error> {
        let opened = self.delivery.past().opened.as_ref();
        let (_, key) = opened
            .and_then(|opened| opened.place.split_once('/'))
            .ok_or_else(unexpected_event)?;
        let vendor = self.session.vendor();
        let now = tick.now.offset(self.session.skew.offset());
        let target = Target {
            place: ticket::place(vendor, ticket, key.to_owned())?,
            keys: ticket::keys(ticket),
            expires: ticket::expires(ticket, now),
            callback: None,
        };
        let next = self.delivery.abandon(tick, target, self.session)?;
        self.aborted(tick, next)
    }

    fn aborted(&mut self, tick: Tick, next: Next) -> Result<Step<Abandoned>, Error> {
        match next.step() {
            Ok(step) => {
                self.stage = Stage::Aborting;
                Ok(step)
            }
            Err(Next::Renew) => {
                let exec = Exec::new(self.session, RenewUploadToken::new());
                self.ask(exec, tick, Event::Start)
            }
            Err(_) => Ok(Step::Done(self.delivery.abandoned(true))),
        }
    }
}

impl Flow for Abandon<'_> {
    type Output = Abandoned;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Abandoned>, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => {
                let vendor = self.session.vendor();
                self.delivery.is_of(Polyv::NAME, vendor.user_id())?;
                if self.delivery.past().opened.is_none() {
                    return Ok(Step::Done(self.delivery.abandoned(false)));
                }
                let exec = Exec::new(self.session, RenewUploadToken::new());
                self.ask(exec, tick, Event::Start)
            }
            (Stage::Asking(exec), event) => self.ask(*exec, tick, event),
            (Stage::Aborting, event) => {
                let next = self.delivery.advance(tick, event, self.session)?;
                self.aborted(tick, next)
            }
            _ => Err(unexpected_event()),
        }
    }
}
