//! The upload of every vendor whose files go to an object storage: one flow, which takes the vendor's [`Steps`].

use vodkit_types::FileInput;

use super::Mark;
use super::delivery::{Delivery, Next};
use super::journal::kept;
use super::steps::{Action, Asking, At, Steps, Then};
use crate::error::Error;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::transport::Tick;
use crate::vendor::Vendor as _;

/// An upload to an object storage, by the steps of a vendor.
#[derive(Debug)]
pub(crate) struct Upload<'s, P: Steps<'s>> {
    pub(crate) steps: P,
    pub(crate) delivery: Delivery<P::Store>,
    /// Whether the file was looked at: what fails before that leaves nothing behind.
    ready: bool,
    stage: Stage<'s, P>,
}

#[derive(Debug)]
enum Stage<'s, P: Steps<'s>> {
    Begin,
    Preparing,
    Asking(Box<dyn Asking<'s, P> + 's>),
    Keeping(Then<'s, P>),
    Delivering,
    Over,
}

impl<'s, P: Steps<'s>> Upload<'s, P> {
    pub(crate) fn of(file: FileInput, steps: P) -> Self {
        Self {
            steps,
            delivery: Delivery::of(file),
            ready: false,
            stage: Stage::Begin,
        }
    }

    fn begin(&mut self, tick: Tick) -> Result<Step<P::Uploaded>, Error> {
        self.delivery.open_journal();
        let account = self.steps.account();
        self.delivery.is_of(P::Vendor::NAME, &account)?;
        self.steps.check(&self.delivery)?;
        let next = self.delivery.prepare(P::Vendor::NAME, &account)?;
        self.go_on(tick, next, Stage::Preparing)
    }

    /// Does what the file wants: a step in this stage, or something of the vendor's.
    fn go_on(
        &mut self,
        tick: Tick,
        next: Next,
        stage: Stage<'s, P>,
    ) -> Result<Step<P::Uploaded>, Error> {
        let next = match next.step() {
            Ok(step) => {
                self.stage = stage;
                return Ok(step);
            }
            Err(next) => next,
        };
        if matches!(next, Next::Ready) {
            self.ready = true;
            if !self.delivery.past().finished {
                self.delivery.tell_created();
            }
        }
        let at = At {
            tick,
            delivery: &self.delivery,
        };
        let action = match next {
            Next::Ready => self.steps.ready(at),
            Next::Renew => self.steps.renew(at),
            _ => self.steps.stored(at),
        }?;
        self.act(tick, action)
    }

    fn act(&mut self, tick: Tick, action: Action<'s, P>) -> Result<Step<P::Uploaded>, Error> {
        match action {
            Action::Ask(asking) => self.ask(tick, asking, Event::Start),
            Action::Keep(mark, then) => {
                let is_created = matches!(mark, Mark::Created { .. });
                let step = self.delivery.mark(mark);
                if is_created {
                    self.delivery.tell_created();
                }
                match step {
                    Some(step) => {
                        self.stage = Stage::Keeping(then);
                        Ok(step)
                    }
                    None => self.follow(tick, then),
                }
            }
            Action::Send(store) => {
                let session = self.steps.session();
                let next = match self.delivery.granted() {
                    Some(_) => self.delivery.renewed(tick, store, session),
                    None => self.delivery.start(tick, store, session),
                }?;
                self.go_on(tick, next, Stage::Delivering)
            }
            Action::Finish if self.delivery.past().finished => {
                self.steps.uploaded(&self.delivery).map(Step::Done)
            }
            Action::Finish => {
                let finished = Action::keep(Mark::Finished, |_, _| Ok(Action::Finish));
                self.act(tick, finished)
            }
        }
    }

    fn ask(
        &mut self,
        tick: Tick,
        mut asking: Box<dyn Asking<'s, P> + 's>,
        event: Event,
    ) -> Result<Step<P::Uploaded>, Error> {
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

    fn follow(&mut self, tick: Tick, then: Then<'s, P>) -> Result<Step<P::Uploaded>, Error> {
        let at = At {
            tick,
            delivery: &self.delivery,
        };
        let action = then.follow(&mut self.steps, at)?;
        self.act(tick, action)
    }

    fn step(&mut self, tick: Tick, event: Event) -> Result<Step<P::Uploaded>, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => self.begin(tick),
            (Stage::Preparing, event) => {
                let account = self.steps.account();
                let next = self.delivery.prepared(event, P::Vendor::NAME, &account)?;
                self.go_on(tick, next, Stage::Preparing)
            }
            (Stage::Asking(asking), event) => self.ask(tick, asking, event),
            (Stage::Keeping(then), Event::Kept(result)) => {
                kept(result)?;
                self.follow(tick, then)
            }
            (Stage::Delivering, event) => {
                let next = self.delivery.advance(tick, event, self.steps.session())?;
                self.go_on(tick, next, Stage::Delivering)
            }
            _ => Err(unexpected_event()),
        }
    }
}

impl<'s, P: Steps<'s>> Flow for Upload<'s, P> {
    type Output = P::Uploaded;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<P::Uploaded>, Error> {
        self.step(tick, event).map_err(|error| match self.ready {
            true => self.steps.explain(error, &self.delivery),
            false => error,
        })
    }
}

/// Makes a vendor's `Upload` and `Abandon` what their field `flow` is, with the settings of all uploads.
macro_rules! storage_flows {
    () => {
        $crate::upload::settings_of_all!(flow.delivery.settings, &str);

        impl $crate::flow::Flow for Upload<'_> {
            type Output = Uploaded;

            fn advance(
                &mut self,
                tick: $crate::transport::Tick,
                event: $crate::flow::Event,
            ) -> Result<$crate::flow::Step<Uploaded>, $crate::error::Error> {
                self.flow.advance(tick, event)
            }
        }

        impl $crate::flow::Flow for Abandon<'_> {
            type Output = $crate::upload::Abandoned;

            fn advance(
                &mut self,
                tick: $crate::transport::Tick,
                event: $crate::flow::Event,
            ) -> Result<$crate::flow::Step<Self::Output>, $crate::error::Error> {
                self.flow.advance(tick, event)
            }
        }
    };
}

pub(crate) use storage_flows;
