//! A planned fault meets its request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;

use super::body::{Change, Changed, Kept};
use super::plan::Action;
use crate::connection::{Control, End};
use crate::named::Named;
use crate::server::Shared;
use crate::{baijiayun, mediacloud, quvideo};

/// One try of a planned fault.
pub(crate) struct Hit {
    shared: Arc<Shared>,
    id: u64,
    fired: AtomicBool,
}

impl Hit {
    pub(super) fn new(shared: &Arc<Shared>, id: u64) -> Self {
        Self {
            shared: Arc::clone(shared),
            id,
            fired: AtomicBool::new(false),
        }
    }

    /// It has done what it says. Counted at once, since the rest may take its time.
    pub(super) fn fire(&self) {
        if !self.fired.swap(true, Ordering::Relaxed) {
            self.settle(true);
        }
    }

    fn settle(&self, fired: bool) {
        self.shared
            .faults
            .with(|registry| registry.settle(self.id, fired));
    }

    pub(super) fn has_fired(&self) -> bool {
        self.fired.load(Ordering::Relaxed)
    }
}

impl Drop for Hit {
    fn drop(&mut self) {
        if !self.has_fired() {
            self.settle(false);
        }
    }
}

/// What is left to be done once the journal has its record.
pub(crate) struct Aftermath {
    /// Id of the fault that fired.
    pub(crate) id: u64,
    /// What it did, for the log.
    pub(crate) note: String,
    wait: Duration,
}

impl Aftermath {
    /// Holds the answer back as long as was planned.
    pub(crate) async fn wait(&self) {
        if !self.wait.is_zero() {
            tokio::time::sleep(self.wait).await;
        }
    }
}

/// Takes a request to the vendor, by way of the fault that is due for it, if there is one.
pub(crate) async fn pass<F>(
    shared: &Arc<Shared>,
    named: Option<Named>,
    control: Option<&Control>,
    request: Request,
    vendor: impl FnOnce(Request) -> F,
) -> (Response, Option<Aftermath>)
where
    F: Future<Output = Response>,
{
    let claimed = named.and_then(|named| {
        let claim = shared.faults.with(|registry| match registry.is_empty() {
            true => None,
            false => {
                let length = length_of(request.headers());
                registry.claim(named, request.uri(), length)
            }
        })?;
        Some((named, claim))
    });
    let (Some((named, (id, action))), Some(control)) = (claimed, control) else {
        return (vendor(request).await, None);
    };
    let hit = Arc::new(Hit::new(shared, id));
    let struck = Struck {
        shared,
        named,
        control,
        hit: &hit,
    };
    let (response, wait) = struck.perform(&action, request, vendor).await;
    let aftermath = hit.has_fired().then(|| Aftermath {
        id,
        note: format!("fault {id}: {action}"),
        wait,
    });
    (response, aftermath)
}

/// A request while a fault is tried on it.
struct Struck<'a> {
    shared: &'a Arc<Shared>,
    named: Named,
    control: &'a Control,
    hit: &'a Arc<Hit>,
}

impl Struck<'_> {
    /// The answer, and how long it is held back.
    async fn perform<F>(
        &self,
        action: &Action,
        request: Request,
        vendor: impl FnOnce(Request) -> F,
    ) -> (Response, Duration)
    where
        F: Future<Output = Response>,
    {
        let mut wait = Duration::ZERO;
        let response = match *action {
            Action::Answer(ref answer) => {
                let host = host_of(request.headers());
                // Nobody is left to be answered if the request broke off.
                if answer.at_once || drain(request.into_body()).await {
                    self.hit.fire();
                }
                let now_ms = self.shared.clock.now_ms();
                answer.response(self.named, &host, now_ms)
            }
            Action::CutRequest { after: 0, end, .. } => {
                self.hit.fire();
                self.end(end)
            }
            Action::CutRequest { after, end, keep } => {
                let kept = match length_of(request.headers()) {
                    _ if keep => Kept::Passed,
                    Some(_) => Kept::Dropped,
                    None => Kept::Held,
                };
                let change = Change::Cut { after, kept };
                let response = vendor(self.changed(request, change)).await;
                if self.hit.has_fired() {
                    self.control.end(end);
                }
                response
            }
            Action::StallRequest { after: 0, time } => {
                self.hit.fire();
                tokio::time::sleep(time).await;
                vendor(request).await
            }
            Action::StallRequest { after, time } => {
                vendor(self.changed(request, Change::Stall { after, time })).await
            }
            Action::StallReply(time) => {
                let response = vendor(request).await;
                self.hit.fire();
                wait = time;
                response
            }
            Action::LoseReply(end) => {
                let response = vendor(request).await;
                self.hit.fire();
                self.control.end(end);
                response
            }
            Action::CutReply { after, end } => {
                let has_body = request.method() != http::Method::HEAD;
                let response = vendor(request).await;
                // Every answer here knows its length.
                let length = response.body().size_hint().exact().unwrap_or(u64::MAX);
                if has_body && length > after {
                    self.hit.fire();
                    self.control.end_in_body(after, end);
                }
                response
            }
            Action::CutReplyHead { after, end } => {
                let response = vendor(request).await;
                self.hit.fire();
                self.control.end_in_head(after, end);
                response
            }
            Action::DribbleReply(pause) => {
                let response = vendor(request).await;
                self.hit.fire();
                self.control.dribble(pause);
                response
            }
            Action::FlipBit(at) => vendor(self.changed(request, Change::Flip { at })).await,
            Action::ExpireCredentials => {
                let (parts, body) = request.into_parts();
                if expire(self.shared, self.named, &parts) {
                    self.hit.fire();
                }
                vendor(Request::from_parts(parts, body)).await
            }
            Action::ForgetUpload => {
                let forgotten = self
                    .named
                    .storage
                    .is_some_and(|storage| storage.forget_upload(self.shared, request.uri()));
                if forgotten {
                    self.hit.fire();
                }
                vendor(request).await
            }
        };
        (response, wait)
    }

    /// Ends the connection. The response is for the journal; it never leaves.
    fn end(&self, end: End) -> Response {
        self.control.end(end);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response.extensions_mut().insert(self.named.outcome());
        response
    }

    fn changed(&self, request: Request, change: Change) -> Request {
        let hit = Arc::clone(self.hit);
        request.map(|body| Body::new(Changed::new(body, change, hit)))
    }
}

/// Lets what a request proves itself with expire. Whether there was anything.
fn expire(shared: &Shared, named: Named, parts: &http::request::Parts) -> bool {
    if let Some(storage) = named.storage {
        return storage.expire_keys(shared, parts);
    }
    match named.vendor {
        Some("baijiayun") => baijiayun::expire_address(shared, &parts.uri),
        Some("quvideo") => quvideo::expire_token(shared, &parts.uri),
        Some("mediacloud") => {
            let now_ms = shared.clock.now_ms();
            shared
                .mediacloud
                .with(|state| mediacloud::expire_token(state, &parts.headers, now_ms))
        }
        _ => false,
    }
}

fn host_of(headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    host.unwrap_or_default().to_owned()
}

/// How long a body is; `None` if its sender does not say.
fn length_of(headers: &HeaderMap) -> Option<u64> {
    match headers.get(header::CONTENT_LENGTH) {
        Some(length) => length.to_str().ok()?.parse().ok(),
        None if headers.contains_key(header::TRANSFER_ENCODING) => None,
        None => Some(0),
    }
}

/// Reads a body to its end. Whether it had one.
async fn drain(mut body: Body) -> bool {
    while let Some(frame) = body.frame().await {
        if frame.is_err() {
            return false;
        }
    }
    true
}
