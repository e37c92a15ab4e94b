//! QuVideo (阿里云趣视频): the AppServer that an operator runs, and what its replies lead to.
//!
//! The server of the vendor's public source is what most operators run, so where it goes beyond the page, the emulator follows it: in
//! the frames of its refusals, in the types of its numbers, in the two members that may contradict each other.

mod assumptions;
mod catalogue;
mod credential;
mod envelope;
mod notify;
mod resource;
mod rules;
mod serving;
mod state;
mod upload;
mod user;
mod video;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State as Shares};
use axum::response::Response;
use axum::routing::{any, get};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use vodkit_types::operation::Operation;

use crate::form::Form;
use crate::journal::{Change, Effect};
use crate::server::{Shared, base_of, unknown_path};
use envelope::Fault;

pub use assumptions::ASSUMPTIONS;
pub(crate) use credential::from_variables;
pub use credential::{Account, DEFAULT_TOKEN};
pub use notify::{AuditEvent, Callback};
pub(crate) use notify::{Occurrence, callback_from_variables, letter, occurrences};
pub(crate) use state::State;
pub(crate) use upload::object_stored;

/// A call while it is answered.
struct Call<'a> {
    shared: &'a Shared,
    form: &'a Form,
    /// Scheme and host under which the caller reached the emulator.
    base: &'a str,
    now_ms: i64,
    /// Whose token it is, if the call has one.
    user: Option<String>,
    effects: Vec<Effect>,
}

impl Call<'_> {
    /// Works on the state. Nothing else may be locked meanwhile.
    fn state<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        self.shared.quvideo.with(work)
    }

    /// The user whose token was checked.
    fn user(&self) -> Result<String, Fault> {
        self.user
            .clone()
            .ok_or_else(|| Fault::not_logged_in("log in first"))
    }

    fn changed(&mut self, kind: &'static str, id: impl Into<String>, change: Change) {
        self.effects.push(thing(kind, id, change));
    }
}

fn thing(kind: &'static str, id: impl Into<String>, change: Change) -> Effect {
    Effect::Thing {
        vendor: "quvideo",
        kind,
        id: id.into(),
        change,
    }
}

type Handler = fn(&mut Call<'_>) -> Result<Value, Fault>;

/// One call of the server.
struct Route {
    /// The path without its first slash, which is the vendor's name of the call.
    name: &'static str,
    handler: Handler,
}

const fn route(name: &'static str, handler: Handler) -> Route {
    Route { name, handler }
}

/// Every call of the page, in its order.
const ROUTES: &[Route] = &[
    route("vod/getSts", upload::get_sts),
    route("vod/getVideoUploadAuth", upload::get_video_upload_auth),
    route(
        "vod/refreshVideoUploadAuth",
        upload::refresh_video_upload_auth,
    ),
    route("vod/getImageUploadAuth", upload::get_image_upload_auth),
    route("demo/getSts", upload::get_sts),
    route("demo/getVideoUploadAuth", upload::get_video_upload_auth),
    route(
        "demo/refreshVideoUploadAuth",
        upload::refresh_video_upload_auth,
    ),
    route("demo/getVideoPlayAuth", video::get_video_play_auth),
    route("demo/getImageUploadAuth", upload::get_image_upload_auth),
    route("user/login", user::login),
    route("user/register", user::register),
    route("user/updateUser", user::update_user),
    route("user/randomUser", user::random_user),
    route("vod/videoPublish", video::video_publish),
    route("vod/getRecommendVideoList", video::get_recommend_video_list),
    route("vod/getPersonalVideoList", video::get_personal_video_list),
    route("vod/deleteVideoById", video::delete_video_by_id),
    route("music/getRecommendMusic", resource::get_recommend_music),
    route("music/getPlayPath", resource::get_play_path),
    route("resource/getPasterInfo", resource::get_paster_info),
    route("resource/getPasterList", resource::get_paster_list),
    route(
        "resource/getFrontPasterList",
        resource::get_front_paster_list,
    ),
    route("resource/getTextPaster", resource::get_text_paster),
    route("resource/getTextPasterList", resource::get_text_paster_list),
    route("resource/getMv", resource::get_mv),
    route("resource/getFont", resource::get_font),
];

/// The paths of the server, and the addresses that its replies lead to.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    let calls = ROUTES.iter().fold(Router::new(), |router, route| {
        router.route(&format!("/{}", route.name), any(answer))
    });
    calls
        // assumed: media-addresses
        .route("/quvideo/video/{video}/{file}", any(serving::video))
        .route("/quvideo/snapshot/{video}/{file}", get(serving::snapshot))
        .route("/quvideo/avatar/{file}", get(serving::avatar))
        .route("/quvideo/music/{file}", get(serving::music))
        .route("/quvideo/resource/{file}", get(serving::resource))
        .route("/quvideo/preview", get(serving::preview))
}

/// What a request to this path is called in the journal.
pub(crate) fn name_of(path: &str) -> Option<&'static str> {
    let path = path.strip_prefix('/')?;
    let route = ROUTES.iter().find(|route| route.name == path);
    if let Some(route) = route {
        return Some(route.name);
    }
    match path.strip_prefix("quvideo/")?.split('/').next()? {
        "video" => Some("play"),
        "snapshot" | "avatar" => Some("picture"),
        "music" if path.ends_with(".jpg") => Some("picture"),
        "music" => Some("music"),
        "resource" => Some("resource"),
        "preview" => Some("preview"),
        _ => None,
    }
}

/// Ends the token in a query before its time. Whether it was good until now.
pub(crate) fn expire_token(shared: &Shared, uri: &http::Uri) -> bool {
    let query = Form::urlencoded(uri.query().unwrap_or_default());
    let now_ms = shared.clock.now_ms();
    shared.quvideo.with(|state| {
        let token = query
            .text("token")
            .and_then(|text| state.tokens.get_mut(text));
        match token {
            Some(token) if token.expires_ms.is_none_or(|end| now_ms < end) => {
                token.expires_ms = Some(now_ms);
                true
            }
            _ => false,
        }
    })
}

/// The paths that a caller may have meant.
pub(crate) fn paths() -> Vec<String> {
    ROUTES
        .iter()
        .map(|route| format!("/{}", route.name))
        .collect()
}

/// What the health check tells of this vendor.
pub(crate) fn health(shared: &Shared) -> Value {
    shared.quvideo.with(|state| {
        json!({
            "accounts": shared.settings.quvideo.len(),
            "users": state.user_count(),
            "videos": state.videos.len(),
        })
    })
}

/// Answers a call of the server.
async fn answer(Shares(shared): Shares<Arc<Shared>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let name = path.strip_prefix('/').unwrap_or(&path);
    let known = ROUTES.iter().find(|route| route.name == name);
    let (Some(route), Some(operation)) = (known, rules::operation(name)) else {
        return unknown_path(request.method(), &path);
    };
    let base = base_of(&shared, request.headers());
    let (parts, body) = request.into_parts();
    let now_ms = shared.clock.now_ms();
    let request_id = shared.quvideo.with(|state| state.fresh_uuid("request"));
    let mut notes = Vec::new();
    let (outcome, effects) = if accepts(operation, &parts.method) {
        // The server looks in the query and in a form, whatever the method; any other body it does not read.
        let form = match Form::read(&parts.method, None, &parts.headers, body).await {
            Ok(form) => form,
            Err(bad) => {
                notes.push(format!("the server reads forms only: {}", bad.problem));
                Form::default()
            }
        };
        let form = form.with_query(parts.uri.query());
        notes.extend(rules::unknown_parameters(operation.name, &form));
        perform(&shared, route, operation, &form, &base, now_ms)
    } else {
        let problem = format!("Request method '{}' not supported", parts.method);
        let fault = Fault::framework(StatusCode::METHOD_NOT_ALLOWED, problem);
        (Err(fault), Vec::new())
    };
    envelope::respond(
        operation.name,
        &path,
        &outcome,
        &request_id,
        now_ms,
        (effects, notes),
    )
}

fn accepts(operation: &Operation, method: &Method) -> bool {
    // The framework answers a HEAD as it does a GET.
    operation.methods.contains(&method.as_str())
        || (method == Method::HEAD && operation.method == "GET")
}

/// Checks token and parameters, in this order, and performs the call.
fn perform(
    shared: &Shared,
    route: &Route,
    operation: &'static Operation,
    form: &Form,
    base: &str,
    now_ms: i64,
) -> (Result<Value, Fault>, Vec<Effect>) {
    let mut call = Call {
        shared,
        form,
        base,
        now_ms,
        user: None,
        effects: Vec::new(),
    };
    let outcome = log_in(&call, operation).and_then(|user| {
        call.user = user;
        rules::check(operation.name, form)?;
        (route.handler)(&mut call)
    });
    (outcome, call.effects)
}

/// The user of the token, where the page asks for one.
fn log_in(call: &Call<'_>, operation: &Operation) -> Result<Option<String>, Fault> {
    if !operation.needs_credential() {
        return Ok(None);
    }
    let Some(text) = call.form.text("token") else {
        return Err(Fault::not_logged_in("log in first: the token is missing"));
    };
    call.state(|state| match state.tokens.get(text) {
        None => Err(Fault::not_logged_in("log in first: the token is unknown")),
        Some(token) if token.expires_ms.is_some_and(|end| call.now_ms >= end) => {
            Err(Fault::not_logged_in("log in first: the token has expired"))
        }
        Some(token) => Ok(Some(token.user.clone())),
    })
}
