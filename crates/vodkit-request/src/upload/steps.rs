//! What differs from vendor to vendor: which calls come before the file and after it, and how a place and keys for it come out of the replies.

use std::fmt;

use super::Mark;
use super::delivery::Delivery;
use super::store::Store;
use crate::error::Error;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::session::Session;
use crate::transport::{Tick, Timestamp};
use crate::vendor::Vendor;

/// The steps of a vendor's upload. [`Upload`](super::Upload) takes them, and does what is the same for all.
///
/// ```text
///   check ─► the file is looked at ─► ready ─► Send ─► the file is sent ─► stored ─► Finish
///                                                ▲            │
///                                                └── renew ◄──┘  the keys have ended
/// ```
///
/// Between any two of these stand as many [`Action`]s as it takes: a call of the vendor's, something that is written down.
pub(crate) trait Steps<'s>: fmt::Debug + Send + Sized + 's {
    /// Whose calls they are.
    type Vendor: Vendor;
    /// Where the file goes.
    type Store: Store;
    /// What the upload gives in the end.
    type Uploaded;

    fn session(&self) -> &'s Session<Self::Vendor>;

    /// The account, as the journal names it. Not a secret.
    fn account(&self) -> String;

    /// Tells what is wrong before the file is looked at or anything is sent.
    ///
    /// # Errors
    /// When settings or journal are of no use.
    fn check(&self, _delivery: &Delivery<Self::Store>) -> Result<(), Error> {
        Ok(())
    }

    /// The file can be sent: what comes first, by what has happened before?
    ///
    /// # Errors
    /// When the upload cannot go on.
    fn ready(&mut self, at: At<'_, Self::Store>) -> Next<'s, Self>;

    /// Asks for other keys, for a file that is on its way, or for parts that are to be given up.
    ///
    /// # Errors
    /// When there can be none.
    fn renew(&mut self, at: At<'_, Self::Store>) -> Next<'s, Self>;

    /// The storage has the file: what does the vendor have to be told?
    ///
    /// # Errors
    /// When the upload cannot go on.
    fn stored(&mut self, _at: At<'_, Self::Store>) -> Next<'s, Self> {
        Ok(Action::Finish)
    }

    /// What the upload gives.
    ///
    /// # Errors
    /// When the vendor has said too little for that.
    fn uploaded(&mut self, delivery: &Delivery<Self::Store>) -> Result<Self::Uploaded, Error>;

    /// Adds to an error what the upload leaves behind.
    fn explain(&self, error: Error, delivery: &Delivery<Self::Store>) -> Error {
        match &delivery.past().video {
            Some(video) if error.created().is_none() => {
                delivery.explain(delivery.of_video(error, video))
            }
            _ => error,
        }
    }
}

/// What comes of a step of the vendor's.
pub(crate) type Next<'s, P> = Result<Action<'s, P>, Error>;

/// When a step is taken, and how far the file is.
#[derive(Debug)]
pub(crate) struct At<'a, S> {
    pub(crate) tick: Tick,
    pub(crate) delivery: &'a Delivery<S>,
}

impl<S> Clone for At<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for At<'_, S> {}

impl<S> At<'_, S> {
    /// The vendor's time.
    pub(crate) fn now<V: Vendor>(&self, session: &Session<V>) -> Timestamp {
        self.tick.now.offset(session.skew.offset())
    }
}

/// What is done next.
#[derive(Debug)]
pub(crate) enum Action<'s, P: Steps<'s>> {
    /// The vendor is asked.
    Ask(Box<dyn Asking<'s, P> + 's>),
    /// Something is written down, where somebody keeps it, before anything else is done.
    Keep(Mark, Then<'s, P>),
    /// The file goes there; or it goes on, with other keys.
    Send(P::Store),
    /// All is done.
    Finish,
}

impl<'s, P: Steps<'s>> Action<'s, P> {
    /// Makes a call, or has a longer conversation with the vendor. `then` takes what it gives.
    pub(crate) fn run<F>(
        flow: F,
        then: impl FnOnce(&mut P, At<'_, P::Store>, F::Output) -> Next<'s, P> + Send + 's,
    ) -> Self
    where
        F: Flow + fmt::Debug + Send + 's,
    {
        Self::attempt(flow, |steps, at, result| then(steps, at, result?))
    }

    /// The same, where failing does not end the upload: `then` takes what it gives, or why it gives nothing.
    pub(crate) fn attempt<F>(
        flow: F,
        then: impl FnOnce(&mut P, At<'_, P::Store>, Result<F::Output, Error>) -> Next<'s, P> + Send + 's,
    ) -> Self
    where
        F: Flow + fmt::Debug + Send + 's,
    {
        Self::Ask(Box::new(Conversation {
            flow,
            then: Some(then),
        }))
    }

    /// Writes something down. `then` says what follows.
    pub(crate) fn keep(
        mark: Mark,
        then: impl FnOnce(&mut P, At<'_, P::Store>) -> Next<'s, P> + Send + 's,
    ) -> Self {
        Self::Keep(mark, Then(Box::new(then)))
    }
}

/// What follows when something is written down.
pub(crate) struct Then<'s, P: Steps<'s>>(Box<dyn Follow<'s, P> + 's>);

/// A closure that is not named in every signature.
trait Follow<'s, P: Steps<'s>>: Send {
    fn follow(self: Box<Self>, steps: &mut P, at: At<'_, P::Store>) -> Next<'s, P>;
}

impl<'s, P: Steps<'s>, F> Follow<'s, P> for F
where
    F: FnOnce(&mut P, At<'_, P::Store>) -> Next<'s, P> + Send,
{
    fn follow(self: Box<Self>, steps: &mut P, at: At<'_, P::Store>) -> Next<'s, P> {
        self(steps, at)
    }
}

impl<'s, P: Steps<'s>> Then<'s, P> {
    pub(super) fn follow(self, steps: &mut P, at: At<'_, P::Store>) -> Next<'s, P> {
        self.0.follow(steps, at)
    }
}

impl<'s, P: Steps<'s>> fmt::Debug for Then<'s, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Then")
    }
}

/// A conversation with the vendor under way.
pub(crate) trait Asking<'s, P: Steps<'s>>: fmt::Debug + Send {
    /// Takes what came of the last step. Gives what is next in the conversation, or, when that is over, what is next in the upload.
    ///
    /// # Errors
    /// When the upload cannot go on.
    fn advance(
        &mut self,
        steps: &mut P,
        at: At<'_, P::Store>,
        event: Event,
    ) -> Result<Step<Action<'s, P>>, Error>;
}

struct Conversation<F, T> {
    flow: F,
    then: Option<T>,
}

impl<F: fmt::Debug, T> fmt::Debug for Conversation<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.flow.fmt(f)
    }
}

impl<'s, P, F, T> Asking<'s, P> for Conversation<F, T>
where
    P: Steps<'s>,
    F: Flow + fmt::Debug + Send,
    T: FnOnce(&mut P, At<'_, P::Store>, Result<F::Output, Error>) -> Next<'s, P> + Send,
{
    fn advance(
        &mut self,
        steps: &mut P,
        at: At<'_, P::Store>,
        event: Event,
    ) -> Result<Step<Action<'s, P>>, Error> {
        let result = match self.flow.advance(at.tick, event).map(pass_on) {
            Ok(Ok(step)) => return Ok(step),
            Ok(Err(output)) => Ok(output),
            Err(error) => Err(error),
        };
        let then = self.then.take().ok_or_else(unexpected_event)?;
        then(steps, at, result).map(Step::Done)
    }
}
