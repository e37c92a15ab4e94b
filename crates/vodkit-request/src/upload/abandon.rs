//! Giving an unfinished upload up: the storage drops the parts that it has.

use vodkit_types::FileInput;

use super::delivery::{Delivery, Next};
use super::steps::{Action, Asking, At, Steps};
use super::{Abandoned, Journal, Transfer};
use crate::error::Error;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::transport::Tick;
use crate::vendor::Vendor as _;

/// Gives an unfinished upload up, from its journal, with fresh keys.
#[derive(Debug)]
pub(crate) struct Abandon<'s, P: Steps<'s>> {
    steps: P,
    delivery: Delivery<P::Store>,
    stage: Stage<'s, P>,
}

#[derive(Debug)]
enum Stage<'s, P: Steps<'s>> {
    Begin,
    Asking(Box<dyn Asking<'s, P> + 's>),
    Aborting,
    Over,
}

impl<'s, P: Steps<'s>> Abandon<'s, P> {
    /// Gives up what the journal tells of, by the steps of an upload that needs no file.
    pub(crate) fn of(journal: Journal, steps: P) -> Self {
        let mut delivery = Delivery::of(FileInput::bytes("", *b""));
        delivery.settings.transfer = Transfer::new().journal(journal);
        Self {
            steps,
            delivery,
            stage: Stage::Begin,
        }
    }

    fn fresh_keys(&mut self, tick: Tick) -> Result<Step<Abandoned>, Error> {
        let at = At {
            tick,
            delivery: &self.delivery,
        };
        let action = self.steps.renew(at)?;
        self.act(tick, action)
    }

    fn act(&mut self, tick: Tick, action: Action<'s, P>) -> Result<Step<Abandoned>, Error> {
        match action {
            Action::Ask(asking) => self.ask(tick, asking, Event::Start),
            Action::Send(store) => {
                let session = self.steps.session();
                let next = self.delivery.abandon(tick, store, session)?;
                self.aborted(tick, next)
            }
            // Neither is a way to keys.
            Action::Keep(..) | Action::Finish => Err(unexpected_event()),
        }
    }

    fn ask(
        &mut self,
        tick: Tick,
        mut asking: Box<dyn Asking<'s, P> + 's>,
        event: Event,
    ) -> Result<Step<Abandoned>, Error> {
        let at = At {
            tick,
            delivery: &self.delivery,
        };
        match pass_on(asking.advance(&mut self.steps, at, event)?) {
            Ok(step) => {
                self.stage = Stage::Asking(asking);
                Ok(step)
            }
            Err(action) => self.act(tick, action),
        }
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

impl<'s, P: Steps<'s>> Flow for Abandon<'s, P> {
    type Output = Abandoned;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Abandoned>, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => {
                self.delivery.open_journal();
                let account = self.steps.account();
                self.delivery.is_of(P::Vendor::NAME, &account)?;
                match self.delivery.past().opened {
                    Some(_) => self.fresh_keys(tick),
                    None => Ok(Step::Done(self.delivery.abandoned(false))),
                }
            }
            (Stage::Asking(asking), event) => self.ask(tick, asking, event),
            (Stage::Aborting, event) => {
                let session = self.steps.session();
                let next = self.delivery.advance(tick, event, session)?;
                self.aborted(tick, next)
            }
            _ => Err(unexpected_event()),
        }
    }
}
