//! The HTTP side: one thread, one listener, the routes, and what every answer has in common.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State as Shares};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::builder::Settings;
use crate::callback::{self, Callbacks};
use crate::clock::{self, Clock};
use crate::connection::{Door, Peer};
use crate::journal::{Effect, Journal, Record};
use crate::named::Named;
use crate::{baijiayun, fault, inspection, mediacloud, oss, outcome, polyv, quvideo, storage};

/// Data that several tasks change in turn.
pub(crate) struct Guarded<T>(Mutex<T>);

impl<T> Guarded<T> {
    fn new(data: T) -> Self {
        Self(Mutex::new(data))
    }

    /// Runs `work` with the data locked. A panic of another holder leaves data that can still be read.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let mut guard: MutexGuard<'_, T> = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut guard)
    }

    fn replace(&self, fresh: T) {
        // The old data is dropped outside of the lock: it may have many files to remove.
        drop(self.with(|data| std::mem::replace(data, fresh)));
    }
}

/// What the server's tasks and the owner of the emulator share.
///
/// The vendors know nothing of each other; who needs two locks takes them one after the other, never one inside the other. The one
/// exception is the journal, which is written with the callbacks locked.
pub(crate) struct Shared {
    pub(crate) baijiayun: Guarded<baijiayun::State>,
    pub(crate) polyv: Guarded<polyv::State>,
    pub(crate) quvideo: Guarded<quvideo::State>,
    pub(crate) mediacloud: Guarded<mediacloud::State>,
    pub(crate) oss: Guarded<oss::Store>,
    pub(crate) s3: Guarded<storage::Store>,
    pub(crate) journal: Guarded<Journal>,
    pub(crate) faults: Guarded<fault::Registry>,
    /// How many outcomes were planned. They are kept by the vendors whose videos meet them.
    outcomes: AtomicU64,
    pub(crate) clock: Clock,
    pub(crate) callbacks: Callbacks,
    pub(crate) settings: Settings,
    /// For callers that send no Host.
    address: SocketAddr,
}

impl Shared {
    pub(crate) fn new(settings: Settings, clock_offset: i64, address: SocketAddr) -> Self {
        Self {
            baijiayun: Guarded::new(baijiayun::State::new(&settings.baijiayun)),
            polyv: Guarded::new(polyv::State::new(&settings.polyv)),
            quvideo: Guarded::new(quvideo::State::new(&settings.quvideo)),
            mediacloud: Guarded::new(mediacloud::State::new(&settings.mediacloud)),
            oss: Guarded::new(oss::Store::new()),
            s3: Guarded::new(storage::Store::new(&settings.mediacloud_buckets)),
            journal: Guarded::new(Journal::new(settings.journal_limit)),
            faults: Guarded::new(fault::Registry::default()),
            outcomes: AtomicU64::new(0),
            clock: Clock::new(clock_offset),
            callbacks: Callbacks::default(),
            settings,
            address,
        }
    }

    /// The id of a new outcome, from 1.
    pub(crate) fn next_outcome(&self) -> u64 {
        self.outcomes.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Where the emulator listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Back to the moment after the start: nothing stored, keys as configured, no advance of the clock, no fault and no outcome
    /// planned.
    pub(crate) fn reset(&self) {
        self.clock.forget_advances();
        self.faults.with(fault::Registry::clear);
        self.outcomes.store(0, Ordering::Relaxed);
        self.baijiayun
            .replace(baijiayun::State::new(&self.settings.baijiayun));
        self.polyv.replace(polyv::State::new(&self.settings.polyv));
        self.quvideo
            .replace(quvideo::State::new(&self.settings.quvideo));
        self.mediacloud
            .replace(mediacloud::State::new(&self.settings.mediacloud));
        self.oss.replace(oss::Store::new());
        self.s3
            .replace(storage::Store::new(&self.settings.mediacloud_buckets));
        self.callbacks.clear();
        self.journal
            .replace(Journal::new(self.settings.journal_limit));
    }
}

/// What a handler tells the journal, beside its response.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    vendor: Option<&'static str>,
    operation: Option<&'static str>,
    code: Option<String>,
    effects: Vec<Effect>,
    note: Option<String>,
}

impl Outcome {
    /// The outcome of a vendor's call, by the vendor's name for it.
    pub(crate) fn of(vendor: &'static str, operation: &'static str) -> Self {
        Self {
            vendor: Some(vendor),
            operation: Some(operation),
            ..Self::default()
        }
    }

    /// The outcome of something that no vendor has.
    pub(crate) fn own(operation: &'static str) -> Self {
        Self {
            operation: Some(operation),
            ..Self::default()
        }
    }

    /// The vendor's code in the answer.
    pub(crate) fn code(mut self, code: impl ToString) -> Self {
        self.code = Some(code.to_string());
        self
    }

    /// What changed, in order.
    pub(crate) fn effects(mut self, effects: Vec<Effect>) -> Self {
        self.effects = effects;
        self
    }

    /// What the caller should know, without secrets.
    pub(crate) fn notes(mut self, notes: impl IntoIterator<Item = String>) -> Self {
        let notes: Vec<String> = notes.into_iter().collect();
        self.note = (!notes.is_empty()).then(|| notes.join("; "));
        self
    }
}

/// The running server; dropping it stops it.
pub(crate) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves on its own thread, so that it needs no runtime of the caller's and never fights with one.
    pub(crate) fn start(listener: std::net::TcpListener, shared: Arc<Shared>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        // Threads that write and digest are started when there is work for them, so their number costs nothing at rest.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(8)
            .build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let thread = std::thread::Builder::new()
            .name("vodkit-emulator".to_owned())
            .spawn(move || {
                let sender = callback::run(Arc::clone(&shared));
                let app = router(shared).into_make_service_with_connect_info::<Peer>();
                let serve = axum::serve(Door(listener), app);
                runtime.block_on(async {
                    tokio::spawn(sender);
                    tokio::select! {
                        _ = std::future::IntoFuture::into_future(serve) => {}
                        _ = stopped => {}
                    }
                });
                // Open connections end with their tasks; a digest that is being computed is not waited for.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been reported by the panic hook already.
            let _ = thread.join();
        }
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(baijiayun::routes())
        .merge(polyv::routes())
        .merge(quvideo::routes())
        .merge(mediacloud::routes())
        .route(HEALTH, get(health))
        .route(RESET, post(reset))
        .route(
            FAULTS,
            get(fault::report).post(fault::plan).delete(fault::forget),
        )
        .route(
            OUTCOMES,
            get(outcome::report)
                .post(outcome::plan)
                .delete(outcome::forget),
        )
        .route(JOURNAL, get(inspection::journal))
        .route(STORED, get(inspection::stored))
        .fallback(unknown)
        .layer(from_fn_with_state(Arc::clone(&shared), finish))
        .with_state(shared)
}

/// What the paths begin with that no vendor has.
pub(crate) const CONTROL: &str = "/_vodkit/";
const HEALTH: &str = "/_vodkit/health";
const RESET: &str = "/_vodkit/reset";
const FAULTS: &str = "/_vodkit/faults";
const OUTCOMES: &str = "/_vodkit/outcomes";
const JOURNAL: &str = "/_vodkit/journal";
const STORED: &str = "/_vodkit/stored";

/// Answers on a task of its own: what was begun is done and written down, also when the caller is gone meanwhile.
async fn finish(Shares(shared): Shares<Arc<Shared>>, request: Request, next: Next) -> Response {
    match tokio::spawn(answer(shared, request, next)).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is being shut down.
            Err(_) => Response::new(Body::empty()),
        },
    }
}

/// Gives each answer the emulator's time, lets browsers in, and writes the journal before the answer leaves.
async fn answer(shared: Arc<Shared>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions_mut()
        .remove::<ConnectInfo<Peer>>()
        .map(|ConnectInfo(peer)| peer);
    if let Some(peer) = &peer {
        peer.control.begin();
        request.extensions_mut().insert(ConnectInfo(peer.address));
    }
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let named = Named::of(&shared, &request);
    let storage = named.and_then(|named| named.storage);
    let control = peer.as_ref().map(|peer| &peer.control);
    // assumed: cross-origin
    let (mut response, aftermath) =
        fault::pass(&shared, named, control, request, async |request| {
            match *request.method() {
                Method::OPTIONS => preflight(request.headers()),
                // A bucket is the first part of a path or of the Host, so no route can tell these requests.
                _ => match storage {
                    Some(storage) => storage.answer(&shared, request).await,
                    None => next.run(request).await,
                },
            }
        })
        .await;
    let outcome = response.extensions_mut().remove::<Outcome>();
    let now_ms = shared.clock.now_ms();
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    if let Ok(date) = clock::http_date(now_ms).parse() {
        headers.insert(header::DATE, date);
    }
    let Outcome {
        vendor,
        operation,
        code,
        effects,
        note,
    } = outcome.unwrap_or_default();
    if let (Some(named), Some(operation)) = (named, operation) {
        debug_assert_eq!(named.operation, operation, "{method} {path}");
        debug_assert_eq!(named.vendor, vendor, "{method} {path}");
    }
    let struck = aftermath.as_ref().map(|aftermath| aftermath.note.clone());
    let notes: Vec<String> = struck.into_iter().chain(note).collect();
    callback::plan(&shared, operation, &effects);
    let record = Record {
        sequence: 0,
        at_ms: now_ms,
        method: method.to_string(),
        path,
        vendor,
        operation,
        status: response.status().as_u16(),
        code,
        effects,
        fault: aftermath.as_ref().map(|aftermath| aftermath.id),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    };
    let record = shared.journal.with(|journal| journal.push(record));
    if let Some(log) = &shared.settings.log {
        log(&record);
    }
    if let Some(aftermath) = aftermath {
        aftermath.wait().await;
    }
    response
}

fn preflight(request: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST, PUT, DELETE"),
    );
    if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response.extensions_mut().insert(Outcome::own("preflight"));
    response
}

async fn health(Shares(shared): Shares<Arc<Shared>>) -> Response {
    let body = json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "vendors": {
            "baijiayun": baijiayun::health(&shared),
            "polyv": polyv::health(&shared),
            "quvideo": quvideo::health(&shared),
            "mediacloud": mediacloud::health(&shared),
        },
        "time": shared.clock.now_ms().div_euclid(1000),
    });
    json_response(StatusCode::OK, &body, Outcome::own("health"))
}

async fn reset(Shares(shared): Shares<Arc<Shared>>) -> Response {
    shared.reset();
    json_response(
        StatusCode::OK,
        &json!({ "status": "ok" }),
        Outcome::own("reset"),
    )
}

async fn unknown(request: Request) -> Response {
    unknown_path(request.method(), request.uri().path())
}

/// 501, so that nobody takes it for an answer of a vendor's, with the nearest known path.
pub(crate) fn unknown_path(method: &Method, path: &str) -> Response {
    let known = [
        baijiayun::paths(),
        polyv::paths(),
        quvideo::paths(),
        mediacloud::paths(),
    ]
    .into_iter()
    .flatten()
    .chain([HEALTH, RESET, FAULTS, OUTCOMES, JOURNAL, STORED].map(str::to_owned));
    // Case is the commonest slip, so it counts less than any other difference.
    let distance = |have: &String| {
        (
            strsim::damerau_levenshtein(&have.to_lowercase(), &path.to_lowercase()),
            strsim::damerau_levenshtein(have, path),
        )
    };
    let nearest = known.min_by_key(distance).unwrap_or_default();
    let text =
        format!("the emulator does not know {method} {path}; the nearest it knows is {nearest}");
    // `code` and one of the two words for a message are in every vendor's envelope.
    let body = json!({ "code": 404, "msg": text, "message": text, "nearest": nearest });
    let outcome = Outcome::default().code(404).notes([text]);
    json_response(StatusCode::NOT_IMPLEMENTED, &body, outcome)
}

/// Scheme and host for the URLs of a reply: what the caller reached the emulator under, or else where it listens.
pub(crate) fn base_of(shared: &Shared, headers: &HeaderMap) -> String {
    let sane = |host: &&str| {
        !host.is_empty()
            && host.bytes().all(|b| {
                b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']' | b'_')
            })
    };
    match headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(sane)
    {
        Some(host) => format!("http://{host}"),
        None => format!("http://{}", shared.address),
    }
}

pub(crate) fn json_response(status: StatusCode, body: &Value, outcome: Outcome) -> Response {
    let mut text = body.to_string();
    // What no vendor says is read in a terminal, where the prompt follows.
    if outcome.vendor.is_none() {
        text.push('\n');
    }
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response.extensions_mut().insert(outcome);
    response
}
