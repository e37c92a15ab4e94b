//! Giving an unfinished upload up: the storage drops the parts that it has.

use vodkit_types::FileInput;
use vodkit_types::quvideo::{RefreshVideoUploadAuth, UploadAuth};

use super::grant::target;
use crate::error::Error;
use crate::exec::Exec;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::oss::Target;
use crate::quvideo::QuVideo;
use crate::session::Session;
use crate::transport::Tick;
use crate::upload::{Abandoned, Delivery, Journal, Next, Transfer};
use crate::vendor::Vendor as _;

/// Gives an unfinished upload up, from its journal, with fresh keys of `vod/refreshVideoUploadAuth`.
///
/// The video stays as it is, without content: delete it with a call of its own.
#[derive(Debug)]
pub struct Abandon<'s> {
    session: &'s Session<QuVideo>,
    delivery: Delivery<Target>,
    stage: Stage<'s>,
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    Asking(Box<Exec<'s, RefreshVideoUploadAuth>>),
    Aborting,
    Over,
}

impl<'s> Abandon<'s> {
    /// Gives up what the journal tells of.
    #[must_use]
    pub fn new(session: &'s Session<QuVideo>, journal: Journal) -> Self {
        let mut delivery = Delivery::of(FileInput::bytes("", *b""));
        delivery.set_transfer(Transfer::new().journal(journal));
        Self {
            session,
            delivery,
            stage: Stage::Begin,
        }
    }

    fn fresh_keys(&mut self, tick: Tick) -> Result<Step<Abandoned>, Error> {
        let video = self.delivery.past().video.clone();
        let call = RefreshVideoUploadAuth::new(video.ok_or_else(unexpected_event)?);
        self.ask(Exec::new(self.session, call), tick, Event::Start)
    }

    fn ask(
        &mut self,
        mut exec: Exec<'s, RefreshVideoUploadAuth>,
        tick: Tick,
        event: Event,
    ) -> Result<Step<Abandoned>, Error> {
        match pass_on(exec.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::Asking(Box::new(exec));
                Ok(step)
            }
            Err(granted) => self.asked(tick, &granted),
        }
    }

    fn asked(&mut self, tick: Tick, granted: &UploadAuth) -> Result<Step<Abandoned>, Error> {
        let now = tick.now.offset(self.session.skew.offset());
        let target = target(&granted.upload_address, &granted.upload_auth, now)?;
        let next = self.delivery.abandon(tick, target, self.session)?;
        self.aborted(tick, next)
    }

    fn aborted(&mut self, tick: Tick, next: Next) -> Result<Step<Abandoned>, Error> {
        match next.step() {
            Ok(step) => {
                self.stage = Stage::Aborting;
                Ok(step)
            }
            Err(Next::Renew) => self.fresh_keys(tick),
            Err(_) => Ok(Step::Done(self.delivery.abandoned(true))),
        }
    }
}

impl Flow for Abandon<'_> {
    type Output = Abandoned;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Abandoned>, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => {
                let account = self.session.vendor().base_url().to_string();
                self.delivery.is_of(QuVideo::NAME, &account)?;
                if self.delivery.past().opened.is_none() {
                    return Ok(Step::Done(self.delivery.abandoned(false)));
                }
                self.fresh_keys(tick)
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
