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
//!            │   Inspect(file)  → Inspected ────────────┤
//!            │   Digest(part)   → Digested ─────────────┤
//!            │   Keep(entry)    → Kept ─────────────────┤
//!            │   Begin(lane)    → Begun ────────────────┤
//!            │   Await(limit)   → Ended(lane) | Woken ──┘
//!            └── Done(output)  or an error: the end
//! ```
//!
//! Several exchanges run beside each other in lanes: a flow begins as many as it likes and then awaits whichever ends first. It is still told
//! one thing at a time, so that it needs no locks and a test can play any order.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use crate::digest::{Digests, Wanted};
use crate::error::Error;
#[cfg(feature = "async")]
use crate::lanes::AsyncLanes;
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
    /// Read a stretch of a local file; answer with [`Event::Digested`].
    Digest(Stretch),
    /// Write down what must survive this process; answer with [`Event::Kept`].
    Keep(Entry),
    /// Begin to send this request beside what is under way, in a lane that is free; answer at once with [`Event::Begun`].
    Begin(Lane, Box<Outgoing>),
    /// Wait for what ends first of all that was begun, at most this long; answer with [`Event::Ended`] or [`Event::Woken`].
    Await(Option<Duration>),
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
    /// Digests of the stretch, or why it cannot be read.
    Digested(io::Result<Digests>),
    /// It is written down, or why it could not be.
    Kept(io::Result<()>),
    /// The exchange has begun.
    Begun,
    /// What came of the exchange in this lane, which is free again.
    Ended(Lane, Result<Response<Bytes>, TransportError>),
}

/// Number of an exchange among those that are under way at the same time. The flow chooses it.
pub type Lane = usize;

/// A stretch of a local file whose digests are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The file.
    pub path: Arc<Path>,
    /// First byte and the byte after the last.
    pub range: Range<u64>,
    /// Which digests.
    pub wanted: Wanted,
}

/// Where an upload writes down what must survive its process, such as a file.
pub trait Keeper: Send + Sync + fmt::Debug {
    /// Appends a record. When this returns, the record survives the death of the process.
    ///
    /// # Errors
    /// When it is not certain that the record was written.
    fn keep(&self, record: &[u8]) -> io::Result<()>;
}

/// A record on its way to its keeper. The driver writes it, since the flow touches no file.
#[derive(Clone)]
pub struct Entry {
    /// Who keeps it.
    pub keeper: Arc<dyn Keeper>,
    /// What is kept.
    pub record: Bytes,
}

impl Entry {
    /// Has the keeper write the record.
    ///
    /// # Errors
    /// See [`Keeper::keep`].
    pub fn write(&self) -> io::Result<()> {
        self.keeper.keep(&self.record)
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({} bytes)", self.record.len())
    }
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
            Self::Digested(digests) => f.debug_tuple("Digested").field(digests).finish(),
            Self::Kept(kept) => f.debug_tuple("Kept").field(kept).finish(),
            Self::Begun => f.write_str("Begun"),
            Self::Ended(lane, Ok(response)) => write!(
                f,
                "Ended({lane}, {}, {} bytes)",
                response.status(),
                response.body().len()
            ),
            Self::Ended(lane, Err(error)) => write!(f, "Ended({lane}, {error:?})"),
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
    let mut lanes = None;
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
            Step::Digest(stretch) => Event::Digested(transport.digest(&stretch)),
            Step::Keep(entry) => Event::Kept(transport.keep(&entry)),
            Step::Begin(lane, outgoing) => {
                let lanes = lanes.get_or_insert_with(|| transport.lanes());
                lanes.begin(lane, *outgoing);
                Event::Begun
            }
            Step::Await(limit) => {
                let lanes = lanes.get_or_insert_with(|| transport.lanes());
                match lanes.wait(limit) {
                    Some((lane, ended)) => Event::Ended(lane, ended),
                    None => Event::Woken,
                }
            }
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
    let mut lanes = AsyncLanes::default();
    loop {
        event = match flow.advance(transport.tick(), event)? {
            Step::Done(output) => return Ok(output),
            Step::Send(outgoing) => lanes
                .beside(transport.send(*outgoing))
                .await
                .map_or_else(Event::Failed, Event::Response),
            Step::Sleep(time) => {
                lanes.beside(transport.sleep(time)).await;
                Event::Woken
            }
            Step::Inspect(path) => Event::Inspected(lanes.beside(transport.inspect(&path)).await),
            Step::Digest(stretch) => {
                Event::Digested(lanes.beside(transport.digest(&stretch)).await)
            }
            Step::Keep(entry) => Event::Kept(lanes.beside(transport.keep(&entry)).await),
            Step::Begin(lane, outgoing) => {
                lanes.begin(lane, transport.send(*outgoing)).await;
                Event::Begun
            }
            Step::Await(limit) => {
                let limit = limit.map(|limit| transport.sleep(limit));
                match lanes.wait(limit).await {
                    Some((lane, ended)) => Event::Ended(lane, ended),
                    None => Event::Woken,
                }
            }
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
        Step::Digest(stretch) => Ok(Step::Digest(stretch)),
        Step::Keep(entry) => Ok(Step::Keep(entry)),
        Step::Begin(lane, outgoing) => Ok(Step::Begin(lane, outgoing)),
        Step::Await(limit) => Ok(Step::Await(limit)),
        Step::Done(result) => Err(result),
    }
}
