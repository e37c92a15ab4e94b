//! Conversations as state machines: a flow says what to do next and is told what came of it.
//!
//! A flow reads no clock, no file, no network and no randomness: all of it arrives with the [`Tick`] and the [`Event`]. So the same flow runs
//! under a blocking driver, an async one, and a test with a clock of its own.
//!
//! ```text
//!            ┌────────── advance(tick, event) ──────────┐
//!            │                                          │
//!   Start ───┤   Send(request)  → Response | Failed ────┤
//!            │   Sleep(time)    → Woken ────────────────┤
//!            │   Inspect(file)  → Inspected ────────────┘
//!            └── Done(output)  or an error: the end
//! ```

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use crate::error::Error;
#[cfg(feature = "async")]
use crate::transport::AsyncTransport;
use crate::transport::{BlockingTransport, FileFacts, Outgoing, Tick, TransportError};

/// What a flow wants done next.
#[derive(Debug)]
pub enum Step<T> {
    /// Send this request; answer with [`Event::Response`] or [`Event::Failed`].
    Send(Box<Outgoing>),
    /// Wait; answer with [`Event::Woken`].
    Sleep(Duration),
    /// Look at a local file; answer with [`Event::Inspected`].
    Inspect(Arc<Path>),
    /// The conversation is over.
    Done(T),
}

/// What came of the last step.
pub enum Event {
    /// Nothing was asked yet.
    Start,
    /// The wait is over.
    Woken,
    /// A reply, whatever its status.
    Response(Response<Bytes>),
    /// No complete reply.
    Failed(TransportError),
    /// What the local file is, or why it cannot be used.
    Inspected(io::Result<FileFacts>),
}

// Replies carry keys and tokens: Debug tells status and length alone.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("Start"),
            Self::Woken => f.write_str("Woken"),
            Self::Response(response) => write!(
                f,
                "Response({}, {} bytes)",
                response.status(),
                response.body().len()
            ),
            Self::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
            Self::Inspected(facts) => f.debug_tuple("Inspected").field(facts).finish(),
        }
    }
}

/// A conversation.
pub trait Flow {
    /// What it gives in the end.
    type Output;

    /// Takes what came of the last step and says what to do next. It must not be called again after [`Step::Done`] or an error.
    ///
    /// # Errors
    /// When the conversation has failed for good.
    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Self::Output>, Error>;
}

/// Runs a flow on a blocking transport.
///
/// # Errors
/// What the flow fails with.
pub fn drive<F: Flow>(
    transport: &(impl BlockingTransport + ?Sized),
    mut flow: F,
) -> Result<F::Output, Error> {
    let mut event = Event::Start;
    loop {
        event = match flow.advance(transport.tick(), event)? {
            Step::Done(output) => return Ok(output),
            Step::Send(outgoing) => transport
                .send(*outgoing)
                .map_or_else(Event::Failed, Event::Response),
            Step::Sleep(time) => {
                transport.sleep(time);
                Event::Woken
            }
            Step::Inspect(path) => Event::Inspected(transport.inspect(&path)),
        };
    }
}

/// Runs a flow on an async transport.
///
/// # Errors
/// What the flow fails with.
#[cfg(feature = "async")]
pub async fn drive_async<F: Flow>(
    transport: &(impl AsyncTransport + ?Sized),
    mut flow: F,
) -> Result<F::Output, Error> {
    let mut event = Event::Start;
    loop {
        event = match flow.advance(transport.tick(), event)? {
            Step::Done(output) => return Ok(output),
            Step::Send(outgoing) => transport
                .send(*outgoing)
                .await
                .map_or_else(Event::Failed, Event::Response),
            Step::Sleep(time) => {
                transport.sleep(time).await;
                Event::Woken
            }
            Step::Inspect(path) => Event::Inspected(transport.inspect(&path).await),
        };
    }
}

/// A flow was told something that it had not asked for.
pub(crate) fn unexpected_event() -> Error {
    Error::new(
        crate::error::ErrorKind::InvalidInput,
        "the driver answered a step that the flow had not asked for",
    )
}

/// Passes on the step of a flow inside another one: what the driver must do is the step of both.
///
/// # Errors
/// The inner flow's result, when it is done: then the outer one goes on.
pub fn pass_on<T, U>(step: Step<T>) -> Result<Step<U>, T> {
    match step {
        Step::Send(outgoing) => Ok(Step::Send(outgoing)),
        Step::Sleep(time) => Ok(Step::Sleep(time)),
        Step::Inspect(path) => Ok(Step::Inspect(path)),
        Step::Done(result) => Err(result),
    }
}
