//! What every transport must do, over real sockets, against a server that controls each byte.
//!
//! Each case is a function over a [`Harness`]; `tests/conformance.rs` runs all of them for both transports.

// The cases are tests, though they live in a library so that both transports share them.
#![allow(clippy::unwrap_used)]

pub mod connections;
pub mod digests;
pub mod faults;
pub mod files;
pub mod framing;
pub mod lanes;
pub mod limits;
pub mod replies;
pub mod secrets;
pub mod server;

use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, Response};
use tokio::runtime::Runtime;
use vodkit_async::Async;
use vodkit_blocking::Blocking;
use vodkit_request::Error;
use vodkit_request::digest::Digests;
use vodkit_request::flow::{Lane, Stretch, drive, drive_async};
use vodkit_request::payload::Payload;
use vodkit_request::transport::{
    AsyncTransport, BlockingTransport, Limits, Outgoing, TransportError, TransportErrorKind,
};

use lanes::Beside;

/// What a call gives.
pub type Outcome = Result<Response<Bytes>, TransportError>;

/// A transport under test. Each one starts without open connections.
pub trait Harness {
    /// Which one.
    fn name(&self) -> &'static str;

    /// Sends one request.
    ///
    /// # Errors
    /// As the transport says.
    fn send(&self, outgoing: Outgoing) -> Outcome;

    /// Runs a flow with exchanges beside each other.
    ///
    /// # Errors
    /// As the flow says.
    fn run(&self, flow: Beside) -> Result<Vec<(Lane, Outcome)>, Error>;

    /// Reads a stretch of a file for its digests.
    ///
    /// # Errors
    /// As the transport says.
    fn digest(&self, stretch: &Stretch) -> io::Result<Digests>;

    /// Another one of the same kind with a set-up of its own.
    fn with(&self, setup: &Setup) -> Box<dyn Harness>;

    /// The transport's `Debug` text.
    fn debug(&self) -> String;
}

/// What a case may set up.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Connect time-out.
    pub connect_timeout: Option<Duration>,
    /// Proxy URL.
    pub proxy: Option<String>,
}

/// The blocking transport.
#[derive(Debug)]
pub struct BlockingHarness(Blocking);

impl BlockingHarness {
    /// With the defaults.
    #[must_use]
    pub fn new() -> Self {
        Self(Blocking::new().unwrap())
    }
}

impl Default for BlockingHarness {
    fn default() -> Self {
        Self::new()
    }
}

impl Harness for BlockingHarness {
    fn name(&self) -> &'static str {
        "blocking"
    }

    fn send(&self, outgoing: Outgoing) -> Outcome {
        self.0.send(outgoing)
    }

    fn run(&self, flow: Beside) -> Result<Vec<(Lane, Outcome)>, Error> {
        drive(&self.0, flow)
    }

    fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.0.digest(stretch)
    }

    fn with(&self, setup: &Setup) -> Box<dyn Harness> {
        let mut builder = Blocking::builder();
        if let Some(timeout) = setup.connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(proxy) = &setup.proxy {
            builder = builder.proxy(proxy);
        }
        Box::new(Self(builder.build().unwrap()))
    }

    fn debug(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// The async transport, on a runtime of its own.
#[derive(Debug)]
pub struct AsyncHarness {
    transport: Async,
    runtime: Runtime,
    flavour: Flavour,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flavour {
    /// Everything on the calling thread. Nothing happens between two calls, so a closed connection is only found by the next one.
    Current,
    /// Connections live on other threads, which may still be busy with one call when the next begins.
    Threaded,
}

impl AsyncHarness {
    /// With the defaults, on the calling thread.
    #[must_use]
    pub fn new() -> Self {
        Self::over(Async::new().unwrap(), Flavour::Current)
    }

    /// With the defaults, on threads of its own.
    #[must_use]
    pub fn threaded() -> Self {
        Self::over(Async::new().unwrap(), Flavour::Threaded)
    }

    fn over(transport: Async, flavour: Flavour) -> Self {
        let mut runtime = match flavour {
            Flavour::Current => tokio::runtime::Builder::new_current_thread(),
            Flavour::Threaded => tokio::runtime::Builder::new_multi_thread(),
        };
        Self {
            transport,
            runtime: runtime.enable_all().build().unwrap(),
            flavour,
        }
    }
}

impl Default for AsyncHarness {
    fn default() -> Self {
        Self::new()
    }
}

impl Harness for AsyncHarness {
    fn name(&self) -> &'static str {
        match self.flavour {
            Flavour::Current => "async",
            Flavour::Threaded => "threaded",
        }
    }

    fn send(&self, outgoing: Outgoing) -> Outcome {
        self.runtime.block_on(async {
            let outcome = self.transport.send(outgoing).await;
            // A program goes on running; here nothing would, and the connection could not go back to its pool.
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            outcome
        })
    }

    fn run(&self, flow: Beside) -> Result<Vec<(Lane, Outcome)>, Error> {
        self.runtime.block_on(drive_async(&self.transport, flow))
    }

    fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.runtime.block_on(self.transport.digest(stretch))
    }

    fn with(&self, setup: &Setup) -> Box<dyn Harness> {
        let mut builder = Async::builder();
        if let Some(timeout) = setup.connect_timeout {
            builder = builder.connect_timeout(timeout);
        }
        if let Some(proxy) = &setup.proxy {
            builder = builder.proxy(proxy);
        }
        Box::new(Self::over(builder.build().unwrap(), self.flavour))
    }

    fn debug(&self) -> String {
        format!("{:?}", self.transport)
    }
}

/// Limits that no healthy exchange on loopback meets.
#[must_use]
pub fn wide() -> Limits {
    Limits {
        total: Some(Duration::from_secs(20)),
        stall: Duration::from_secs(10),
        response_bytes: 4 << 20,
    }
}

/// A request with [`wide`] limits.
pub fn outgoing(method: Method, url: impl AsRef<str>, payload: impl Into<Payload>) -> Outgoing {
    let request = Request::builder()
        .method(method)
        .uri(url.as_ref())
        .body(payload.into())
        .unwrap();
    Outgoing::new(request, wide())
}

/// A `GET`.
pub fn get(url: impl AsRef<str>) -> Outgoing {
    outgoing(Method::GET, url, Payload::empty())
}

/// A `POST`.
pub fn post(url: impl AsRef<str>, payload: impl Into<Payload>) -> Outgoing {
    outgoing(Method::POST, url, payload)
}

/// Asserts that a call failed in the given way.
pub fn assert_fails(
    case: &dyn Harness,
    outcome: Outcome,
    kind: TransportErrorKind,
) -> TransportError {
    let error = match outcome {
        Ok(reply) => panic!("{}: expected {kind:?}, got {}", case.name(), reply.status()),
        Err(error) => error,
    };
    assert_eq!(error.kind, kind, "{}: {error} ({error:?})", case.name());
    let text = error.to_string();
    assert!(
        !text.is_empty() && !text.contains(char::is_control),
        "{}: {text:?}",
        case.name()
    );
    error
}

/// Runs `act` and asserts that it took at least `low`, and not much more than `high`.
pub fn timed<T>(case: &dyn Harness, low: Duration, high: Duration, act: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = act();
    let took = start.elapsed();
    // The machine may be busy with other tests.
    assert!(
        took >= low && took < high + Duration::from_secs(2),
        "{}: took {took:?}, expected {low:?} to {high:?}",
        case.name()
    );
    result
}

/// Milliseconds.
#[must_use]
pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
