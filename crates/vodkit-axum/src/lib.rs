//! Callbacks of China's video-on-demand platforms for [axum](https://docs.rs/axum) 0.8: an extractor that reads the raw body, verifies it, and hands
//! over a typed event.
//!
//! ```no_run
//! use axum::response::Response;
//! use axum::routing::post;
//! use axum::{Router, serve};
//! use vodkit_axum::{Callback, Endpoint};
//! use vodkit_request::baijiayun::callback::{Callbacks, Event};
//!
//! async fn baijiayun(callback: Callback<Callbacks>) -> Response {
//!     match callback.event() {
//!         Event::Video(video) => println!("video {}: {}", video.video_id, video.status.as_str()),
//!         other => println!("not used here: {other:?}"),
//!     }
//!     callback.accepted() // {"code":0}, as this vendor wants it
//! }
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = Endpoint::new(Callbacks::new([std::env::var("VODKIT_BAIJIAYUN_PARTNER_KEY")?])?);
//! let app = Router::new().route("/baijiayun", post(baijiayun)).with_state(endpoint);
//! serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! - **The body is read before anything parses it**, up to the receiver's limit: a longer one is refused by its announced length, or where the
//!   count passes the limit. It must be there within [`Endpoint::read_timeout`], 10 s unless said otherwise.
//! - What is refused never reaches the handler. Its answer is the vendor's own form of "no", and the [`Refusal`] is among the
//!   extensions of the response, for a layer that writes a log.
//! - Several vendors in one program: one state that gives each [`Endpoint`] through [`FromRef`], or a router with its own state for each.
//! - Polyv sends GET and POST to one address: `any(handler)`.
//!
//! For another framework, [`Incoming::of`] takes any request of the `http` crate; `examples/http_types.rs` has a whole receiver without axum.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::Body;
use axum::extract::{FromRef, FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use vodkit_request::Timestamp;
use vodkit_request::callback::{Incoming, Limits, Receiver, Refusal, RefusalKind, Reply, Verified};

/// The axum that this crate speaks, for programs that want exactly that one.
pub use axum;

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// One address of an account: the state that a route needs.
pub struct Endpoint<R> {
    receiver: Arc<R>,
    clock: Clock,
    read_timeout: Duration,
}

impl<R: Receiver> Endpoint<R> {
    /// An address that takes its time from the system's clock.
    pub fn new(receiver: R) -> Self {
        Self {
            receiver: Arc::new(receiver),
            clock: Arc::new(system_time),
            read_timeout: Duration::from_secs(10),
        }
    }

    /// Takes the time from elsewhere, as tests do.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Gives up on a body that is not there after this time.
    #[must_use]
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        self.read_timeout = limit;
        self
    }

    /// What verifies, reads and answers.
    #[must_use]
    pub fn receiver(&self) -> &R {
        &self.receiver
    }

    /// Reads, verifies and parses a request, for programs that need more than the extractor gives, such as the raw request.
    ///
    /// # Errors
    /// The [`Refusal`]: the request was not read, for its size or the time it took, or is not believed. What was read of it is dropped.
    pub async fn receive(
        &self,
        request: Request,
    ) -> Result<(Verified<R::Event>, http::Request<Bytes>), Refusal> {
        let request = read_body(request, self.receiver.limits(), self.read_timeout).await?;
        let verified = self
            .receiver
            .verify_and_parse(&Incoming::of(&request), (self.clock)())?;
        Ok((verified, request))
    }
}

impl<R> Clone for Endpoint<R> {
    fn clone(&self) -> Self {
        Self {
            receiver: Arc::clone(&self.receiver),
            clock: Arc::clone(&self.clock),
            read_timeout: self.read_timeout,
        }
    }
}

impl<R: fmt::Debug> fmt::Debug for Endpoint<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("receiver", &self.receiver)
            .finish_non_exhaustive()
    }
}

fn system_time() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    Timestamp(since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }))
}

/// Reads a body byte for byte, within the limits and the time.
///
/// # Errors
/// When it is longer than the limit, when it breaks off, or when it takes too long.
pub async fn read_body(
    request: Request,
    limits: &Limits,
    within: Duration,
) -> Result<http::Request<Bytes>, Refusal> {
    limits.check_announced(request.headers())?;
    let (parts, body) = request.into_parts();
    let most = usize::try_from(limits.body_bytes).unwrap_or(usize::MAX);
    let body = Limited::new(body, most).collect();
    let incomplete = |why| Refusal::new(RefusalKind::Incomplete, why);
    match tokio::time::timeout(within, body).await {
        Err(_) => Err(incomplete("the body did not arrive in time")),
        Ok(Ok(body)) => Ok(http::Request::from_parts(parts, body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            // One more than the limit, which is all that is known.
            limits.check_length(limits.body_bytes.saturating_add(1))?;
            Err(incomplete("the body is too long"))
        }
        Ok(Err(_)) => Err(incomplete("the body broke off")),
    }
}

/// A callback that was verified: the argument of a handler.
///
/// `S`, the state of the router, is an [`Endpoint`] of the receiver or gives one.
pub struct Callback<R: Receiver> {
    verified: Verified<R::Event>,
    receiver: Arc<R>,
}

impl<R: Receiver> Callback<R> {
    /// What was received, and what its signature covers.
    pub fn verified(&self) -> &Verified<R::Event> {
        &self.verified
    }

    /// What was received.
    #[must_use]
    pub fn event(&self) -> &R::Event {
        self.verified.event()
    }

    /// What was received, by value; the answers then come from the [`Endpoint`].
    pub fn into_verified(self) -> Verified<R::Event> {
        self.verified
    }

    /// The answer when the event was dealt with, now or before.
    #[must_use]
    pub fn accepted(&self) -> Response {
        answer(self.receiver.accepted())
    }

    /// The answer when dealing with it has failed. `why` is sent to the vendor: no secrets.
    #[must_use]
    pub fn failed(&self, why: &str) -> Response {
        answer(self.receiver.failed(why))
    }
}

impl<R: Receiver> fmt::Debug for Callback<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Callback").field(&self.verified).finish()
    }
}

/// A reply of the request layer as axum's.
#[must_use]
pub fn answer(reply: Reply) -> Response {
    reply.into_response().map(Body::from)
}

/// What is answered to a request that was refused.
#[derive(Debug)]
pub struct Rejected {
    refusal: Refusal,
    reply: Reply,
}

impl Rejected {
    /// Why.
    #[must_use]
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.refusal.fmt(f)
    }
}

impl std::error::Error for Rejected {}

/// The vendor's form of "no", with the [`Refusal`] among the extensions.
impl IntoResponse for Rejected {
    fn into_response(self) -> Response {
        let mut response = answer(self.reply);
        response.extensions_mut().insert(self.refusal);
        response
    }
}

impl<S, R> FromRequest<S> for Callback<R>
where
    S: Send + Sync,
    R: Receiver,
    Endpoint<R>: FromRef<S>,
{
    type Rejection = Rejected;

    async fn from_request(request: Request, state: &S) -> Result<Self, Rejected> {
        let endpoint = Endpoint::<R>::from_ref(state);
        match endpoint.receive(request).await {
            Ok((verified, _)) => Ok(Self {
                verified,
                receiver: endpoint.receiver,
            }),
            Err(refusal) => Err(Rejected {
                reply: endpoint.receiver.refused(&refusal),
                refusal,
            }),
        }
    }
}
