//! `vodkit listen`: receives the vendors' callbacks on this machine, until it is told to end.

mod forward;
mod receivers;
mod show;

use std::io::{self, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use vodkit_axum::axum::body::Body;
use vodkit_axum::axum::{Router, extract, response, serve};
use vodkit_axum::read_body;
use vodkit_request::callback::{Limits, Reply, Seen};
use vodkit_request::{BlockingTransport, Timestamp};

use self::forward::Forward;
pub(crate) use self::forward::service;
use self::receivers::{Address, Receivers};
use self::show::{Line, Printer};
use crate::args::{Global, ListenArgs};
use crate::failure::Failure;
use crate::interrupt;
use crate::listening::{address, busy};
use crate::output::Output;
use crate::watch::Watched;

/// How long a request may take to arrive.
const READ_TIME: Duration = Duration::from_secs(10);
/// How long requests that are being answered hold up the end.
const END_TIME: Duration = Duration::from_secs(2);
/// How many events are remembered, to tell of repeats.
const REMEMBERED: usize = 10_000;

/// What the requests share.
struct Desk {
    receivers: Receivers,
    forward: Option<Forward>,
    clock: Watched,
    seen: Seen,
    printer: Printer,
    /// Told when standard output cannot be written any more.
    ended: SyncSender<Result<(), io::Error>>,
}

pub(crate) fn run(args: &ListenArgs, global: Global) -> Result<(), Failure> {
    let wanted = address(&args.listen)?;
    let transport = Watched::new(global.verbose)?;
    let forward = match &args.forward {
        Some(url) => Some(Forward::to(url, transport.clone())?),
        None => None,
    };
    let listener = TcpListener::bind(wanted).map_err(|error| busy(wanted, &error))?;
    let bound = listener
        .local_addr()
        .and_then(|bound| listener.set_nonblocking(true).map(|()| bound))
        .map_err(|error| busy(wanted, &error))?;
    let base_url = format!("http://{bound}");
    let receivers = Receivers::from_env(&base_url)?;

    // Before anything can be waited for, so that no signal is missed.
    let signal = interrupt::take_over();
    let (ended, end) = sync_channel(1);
    let told = ended.clone();
    std::thread::spawn(move || {
        // The sender lives in a static, so this ends with a signal only.
        let _signalled = signal.recv();
        told.try_send(Ok(()))
    });
    let printer = Printer::new(Output::new(global.output).is_json());
    printer
        .start(&base_url, &receivers)
        .map_err(|error| Failure::of_output(&error))?;
    let desk = Desk {
        receivers,
        forward,
        clock: transport,
        seen: Seen::new(REMEMBERED),
        printer,
        ended,
    };
    serve_until(listener, Arc::new(desk), end)
}

/// Answers requests until the end is told of.
fn serve_until(
    listener: TcpListener,
    desk: Arc<Desk>,
    end: Receiver<Result<(), io::Error>>,
) -> Result<(), Failure> {
    let unable = |error: io::Error| Failure::local_file(format!("cannot listen: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(unable)?;
    let outcome = runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let router = Router::new().fallback(move |request: extract::Request| {
            let desk = Arc::clone(&desk);
            async move { answer(desk, request).await.map(Body::from) }
        });
        let (close, closed) = tokio::sync::oneshot::channel::<()>();
        let served = serve(listener, router).with_graceful_shutdown(async {
            // Closed or dropped: both mean the end.
            let _end = closed.await;
        });
        let served = tokio::spawn(async move { served.await });
        let ended = tokio::task::spawn_blocking(move || end.recv()).await;
        drop(close);
        // A client that keeps its connection busy does not keep the command.
        let _late = tokio::time::timeout(END_TIME, served).await;
        ended.map_or(Ok(()), |told| told.unwrap_or(Ok(())))
    });
    runtime.shutdown_background();
    outcome.map_err(|error| Failure::of_output(&error))
}

async fn answer(desk: Arc<Desk>, request: extract::Request) -> response::Response<Bytes> {
    let now = desk.clock.tick().now;
    let Some(address) = Address::of(request.uri().path()) else {
        let paths = Address::ALL.map(Address::path).join(", ");
        desk.print(&Line::stray(request.method(), request.uri().path()), now);
        let text = format!("nothing is received here, but below {paths}\n");
        return Reply::text(StatusCode::NOT_FOUND, text).into_response();
    };
    let request = match read_body(request, &Limits::default(), READ_TIME).await {
        Ok(request) => request,
        Err(refusal) => {
            let reply = desk.receivers.refused(address, &refusal);
            desk.print(&Line::refused(address, &refusal, reply.status), now);
            return reply.into_response();
        }
    };
    // Sending on blocks, and so may standard output.
    let answered = tokio::task::spawn_blocking(move || desk.receive(address, &request)).await;
    answered.unwrap_or_else(|_| Reply::empty(StatusCode::INTERNAL_SERVER_ERROR).into_response())
}

impl Desk {
    fn receive(&self, address: Address, request: &Request<Bytes>) -> Response<Bytes> {
        let now = self.clock.tick().now;
        let received = self.receivers.receive(address, request, now);
        match received {
            Err((line, reply)) => {
                self.print(&line, now);
                reply.into_response()
            }
            Ok(mut message) => {
                message.notice(&self.seen);
                let forwarded = self
                    .forward
                    .as_ref()
                    .map(|forward| forward.send(address, request));
                let (response, problem) = match forwarded {
                    None => (message.accepted.clone().into_response(), None),
                    Some(Ok(response)) => (response, None),
                    // The vendor is to send it again.
                    Some(Err(problem)) => (message.failed.clone().into_response(), Some(problem)),
                };
                let line = Line::received(
                    address,
                    &message,
                    response.status(),
                    self.forward.is_some(),
                    problem.as_deref(),
                );
                self.print(&line, now);
                response
            }
        }
    }

    fn print(&self, line: &Line, arrived: Timestamp) {
        if let Err(error) = self.printer.print(line, arrived) {
            // Told once is enough.
            let _told = self.ended.try_send(Err(error));
        }
    }
}

/// A line for people that is no part of the output.
fn note(line: &str) {
    // Without a reader it still answers.
    let _closed = writeln!(io::stderr().lock(), "{line}");
}
