//! Giving an unfinished upload up: the storage drops the parts that it has.

use vodkit_types::FileInput;

use super::upload::keys_of;
use super::{Credential, MediaCloud, ObjectStorage, object};
use crate::error::Error;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::s3::Target;
use crate::session::Session;
use crate::sign_in::SignIn;
use crate::transport::Tick;
use crate::upload::{Abandoned, Delivery, Journal, Next, Transfer};
use crate::vendor::Vendor as _;

/// Gives an unfinished upload up, from its journal, with the keys of the account's login.
///
/// An object that was put together, or sent whole, stays, registered or not: no call of the vendor's removes one, and the storage's own is not
/// made here, since the object may belong to a medium.
#[derive(Debug)]
pub struct Abandon<'s> {
    session: &'s Session<MediaCloud>,
    storage: ObjectStorage,
    delivery: Delivery<Target>,
    generation: u64,
    stage: Stage<'s>,
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    SigningIn(Box<SignIn<'s, MediaCloud>>),
    Aborting,
    Over,
}

impl<'s> Abandon<'s> {
    /// Gives up what the journal tells of.
    #[must_use]
    pub fn new(
        session: &'s Session<MediaCloud>,
        journal: Journal,
        storage: &ObjectStorage,
    ) -> Self {
        let mut delivery = Delivery::of(FileInput::bytes("", *b""));
        delivery.set_transfer(Transfer::new().journal(journal));
        Self {
            session,
            storage: storage.clone(),
            delivery,
            generation: 0,
            stage: Stage::Begin,
        }
    }

    fn sign_in(
        &mut self,
        tick: Tick,
        mut flow: SignIn<'s, MediaCloud>,
        event: Event,
    ) -> Result<Step<Abandoned>, Error> {
        match pass_on(flow.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::SigningIn(Box::new(flow));
                Ok(step)
            }
            Err((credential, generation)) => {
                self.generation = generation;
                self.abort(tick, &credential)
            }
        }
    }

    fn abort(&mut self, tick: Tick, credential: &Credential) -> Result<Step<Abandoned>, Error> {
        let keys = keys_of(credential)?;
        let opened = self.delivery.past().opened.as_ref();
        let (bucket, key) = opened
            .and_then(|opened| opened.place.split_once('/'))
            .ok_or_else(unexpected_event)?;
        let place = object::place(&self.storage, bucket, key);
        place.check()?;
        let expires = object::end_of_keys(&keys)?;
        let target = Target::new(place, keys, expires, false);
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
                self.session.discard(self.generation);
                self.sign_in(tick, SignIn::new(self.session), Event::Start)
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
                let account = self.session.vendor().username().unwrap_or_default();
                self.delivery.is_of(MediaCloud::NAME, account)?;
                if self.delivery.past().opened.is_none() {
                    return Ok(Step::Done(self.delivery.abandoned(false)));
                }
                self.sign_in(tick, SignIn::new(self.session), Event::Start)
            }
            (Stage::SigningIn(flow), event) => self.sign_in(tick, *flow, event),
            (Stage::Aborting, event) => {
                let next = self.delivery.advance(tick, event, self.session)?;
                self.aborted(tick, next)
            }
            _ => Err(unexpected_event()),
        }
    }
}
