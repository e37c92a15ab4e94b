//! The HTTP side: one thread, one listener, the routes, and what every answer has in common.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Shares};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, get, post};
use axum::serve::ListenerExt as _;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::baijiayun::state::State;
use crate::baijiayun::{self, ROUTES, serving, upload};
use crate::builder::Settings;
use crate::clock::{self, Clock};
use crate::envelope::{self, Fault, NO_PATH};
use crate::journal::{Effect, Record};

/// What the server's tasks and the owner of the emulator share.
pub(crate) struct Shared {
    state: Mutex<State>,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    /// For callers that send no Host.
    address: SocketAddr,
}

impl Shared {
    pub(crate) fn new(settings: Settings, clock_offset: i64, address: SocketAddr) -> Self {
        let state = Mutex::new(State::new(&settings.accounts, settings.journal_limit));
        Self {
            state,
            clock: Clock::new(clock_offset),
            settings,
            address,
        }
    }

    /// Runs `work` with the state locked. A panic of another holder leaves data that can still be read.
    pub(crate) fn with_state<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut guard: MutexGuard<'_, State> =
            self.state.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut guard)
    }

    /// Back to the moment after the start: nothing stored, keys as configured, no advance of the clock.
    pub(crate) fn reset(&self) {
        let fresh = State::new(&self.settings.accounts, self.settings.journal_limit);
        self.clock.forget_advances();
        // The old state is dropped outside of the lock: it may have many files to remove.
        drop(self.with_state(|state| std::mem::replace(state, fresh)));
    }
}

/// What a handler tells the journal, beside its response.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    operation: Option<&'static str>,
    code: Option<i64>,
    effects: Vec<Effect>,
    note: Option<String>,
}

impl Outcome {
    /// The outcome of a call that answers with a code.
    pub(crate) fn of<T>(
        operation: &'static str,
        outcome: &Result<T, Fault>,
        success: i64,
        effects: Vec<Effect>,
        note: Option<String>,
    ) -> Self {
        let (code, why) = match outcome {
            Ok(_) => (success, None),
            Err(fault) => {
                let text = fault.explanation.as_ref().unwrap_or(&fault.message);
                let why = match fault.assumed {
                    Some(id) => format!("{text} (assumed: {id})"),
                    None => text.clone(),
                };
                (fault.code, Some(why))
            }
        };
        let notes: Vec<String> = why.into_iter().chain(note).collect();
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        Self {
            operation: Some(operation),
            code: Some(code),
            effects,
            note,
        }
    }

    /// The outcome of an answer without a code.
    pub(crate) fn plain(
        operation: &'static str,
        effects: Vec<Effect>,
        note: Option<String>,
    ) -> Self {
        Self {
            operation: Some(operation),
            code: None,
            effects,
            note,
        }
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
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(2)
            .build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener)?
        };
        let thread = std::thread::Builder::new()
            .name("vodkit-emulator".to_owned())
            .spawn(move || {
                let app = router(shared).into_make_service_with_connect_info::<SocketAddr>();
                // Without this a small answer may wait for the acknowledgement of an earlier one.
                let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
                let serve = axum::serve(listener, app);
                runtime.block_on(async {
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
        .route("/openapi/{*name}", any(baijiayun::openapi))
        .route(UPLOAD, any(upload::receive))
        .route("/play/{seal}/{expires}/{file}", any(serving::play))
        .route("/image/{video}/{file}", get(serving::image))
        .route("/subtitle/{file}", get(serving::subtitle))
        .route("/web/video/player", get(serving::player))
        .route(
            "/web/playback/asset/bjcVideoPlayer.js",
            get(serving::player_script),
        )
        .route("/swf/player.swf", get(serving::flash))
        .route(HEALTH, get(health))
        .route(RESET, post(reset))
        .fallback(unknown)
        .layer(from_fn_with_state(Arc::clone(&shared), finish))
        .with_state(shared)
}

const UPLOAD: &str = "/upload";
const HEALTH: &str = "/_vodkit/health";
const RESET: &str = "/_vodkit/reset";

/// Gives each answer the emulator's time, lets browsers in, and writes the journal before the answer leaves.
async fn finish(Shares(shared): Shares<Arc<Shared>>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    // assumed: cross-origin
    let mut response = match method {
        Method::OPTIONS => preflight(request.headers()),
        _ => next.run(request).await,
    };
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
    let (operation, code, effects, note) = match outcome {
        Some(Outcome {
            operation,
            code,
            effects,
            note,
        }) => (operation, code, effects, note),
        None => (None, None, Vec::new(), None),
    };
    let record = Record {
        sequence: 0,
        at_ms: now_ms,
        method: method.to_string(),
        path,
        operation,
        status: response.status().as_u16(),
        code,
        effects,
        note,
    };
    let record = shared.with_state(|state| state.journal.push(record));
    if let Some(log) = &shared.settings.log {
        log(&record);
    }
    response
}

fn preflight(request: &HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, POST"),
    );
    if let Some(asked) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
    response
        .extensions_mut()
        .insert(Outcome::plain("preflight", Vec::new(), None));
    response
}

async fn health(Shares(shared): Shares<Arc<Shared>>) -> Response {
    let accounts: Vec<u64> = shared
        .settings
        .accounts
        .iter()
        .map(|account| account.partner_id)
        .collect();
    let videos = shared.with_state(|state| state.videos.len());
    let body = json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "vendor": "baijiayun",
        "accounts": accounts,
        "videos": videos,
        "time": shared.clock.now_ms().div_euclid(1000),
    });
    json_response(
        StatusCode::OK,
        &body,
        Outcome::plain("health", Vec::new(), None),
    )
}

async fn reset(Shares(shared): Shares<Arc<Shared>>) -> Response {
    shared.reset();
    json_response(
        StatusCode::OK,
        &json!({ "status": "ok" }),
        Outcome::plain("reset", Vec::new(), None),
    )
}

async fn unknown(Shares(shared): Shares<Arc<Shared>>, request: Request) -> Response {
    unknown_path(&shared, request.uri().path())
}

/// 501, so that nobody takes it for an answer of the vendor's, with the vendor's envelope and the nearest known path.
pub(crate) fn unknown_path(shared: &Shared, path: &str) -> Response {
    let calls = ROUTES
        .iter()
        .map(|route| format!("/openapi/{}", route.name));
    let known = calls.chain([UPLOAD, HEALTH, RESET].map(str::to_owned));
    // Case is the commonest slip, so it counts less than any other difference.
    let distance = |have: &String| {
        (
            strsim::damerau_levenshtein(&have.to_lowercase(), &path.to_lowercase()),
            strsim::damerau_levenshtein(have, path),
        )
    };
    let nearest = known.min_by_key(distance).unwrap_or_default();
    let fault = Fault::new(
        NO_PATH,
        format!("the emulator does not know {path}; the nearest it knows is {nearest}"),
    );
    let mut body = envelope::reply(&Err(fault.clone()), shared.clock.now_ms().div_euclid(1000));
    body["nearest"] = nearest.into();
    let mut outcome = Outcome::of::<()>("", &Err(fault), envelope::OK, Vec::new(), None);
    outcome.operation = None;
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
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    response.extensions_mut().insert(outcome);
    response
}
