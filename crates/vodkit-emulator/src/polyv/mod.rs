//! Polyv (保利威): the calls under `/v2/`, the service of play credentials, and the files and pictures that replies lead to.

mod account;
mod assumptions;
mod builtin;
mod category;
mod credential;
mod edit;
mod envelope;
mod exam;
mod gate;
mod list;
mod mark;
mod notify;
mod picture;
mod playback;
mod pull;
mod rules;
mod serving;
mod signature;
mod snapshot;
mod state;
mod upload;
mod video;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State as Shares};
use axum::response::Response;
use axum::routing::{any, get, post};
use http::StatusCode;
use serde_json::{Value, json};
use vodkit_types::operation::Operation;
use vodkit_types::polyv::operations::ALL;

use crate::clock;
use crate::form::Form;
use crate::journal::{Change, Effect};
use crate::outcome;
use crate::server::{Shared, base_of, json_response, unknown_path};
use envelope::{Fault, Shape};
use state::{Tenant, Video};

pub use assumptions::ASSUMPTIONS;
pub(crate) use credential::from_variables;
pub use credential::{Account, DEFAULT_SECRET_KEY, DEFAULT_USER_ID};
pub(crate) use notify::{Occurrence, letter, occurrences};
pub(crate) use state::State;
pub(crate) use upload::called_back;

/// A call while it is answered. The state is locked meanwhile, so a handler never waits.
struct Call<'a> {
    /// The account, whose signature was checked.
    tenant: &'a mut Tenant,
    /// What becomes of the next videos.
    outcomes: &'a mut outcome::Registry,
    form: &'a Form,
    /// `{vid}` of the path, where there is one.
    path_vid: Option<&'a str>,
    /// Scheme and host under which the caller reached the emulator.
    base: &'a str,
    caller: SocketAddr,
    now_ms: i64,
    transcode_ms: i64,
    effects: Vec<Effect>,
    /// What the sender should know beside the answer.
    notes: Vec<String>,
}

type Handler = fn(&mut Call<'_>) -> Result<Value, Fault>;

/// Every call of the tables, by the name it has there.
const HANDLERS: &[(&str, Handler)] = &[
    ("user/main", account::usage),
    ("get-playsafe", account::get_playsafe),
    ("set-playsafe", account::set_playsafe),
    ("player-list", account::players),
    ("addCata", category::add),
    ("cataJson", category::tree),
    ("updateCata", category::rename),
    ("deleteCata", category::delete),
    ("changeCata", category::move_videos),
    ("cata/change", category::move_category),
    ("updateCataProfile", category::update_profile),
    ("cata/size", category::size),
    ("cata/total-stats", category::total_stats),
    ("video-info", edit::update),
    ("video-setting-save", edit::save_settings),
    ("POST authplay-status", edit::set_play_auth),
    ("hlslevel", edit::set_level),
    ("set-preview-duration", edit::set_preview),
    ("forbidden", edit::forbid),
    ("del-videos", edit::delete_many),
    ("del-video", edit::delete_one),
    ("recover-videos", edit::recover),
    ("clip", edit::clip),
    ("concat", edit::concat),
    ("saveKeyFrame", mark::save),
    ("keyframe", mark::list),
    ("deleteKeyFrameByTime", mark::delete_some),
    ("deleteKeyFrame", mark::delete_all),
    ("get-video-exam", exam::list),
    ("video-exam-log", exam::answers),
    ("deleteExam", exam::delete),
    ("search", list::search),
    ("video/list", list::by_permission),
    ("get-by-uploader", list::by_uploader),
    ("get-new-list", list::newest),
    ("get-host-list", list::hottest),
    ("get-del-list", list::deleted),
    ("get-illegal-list", list::rejected),
    ("service/v1/token", playback::token),
    ("uploadvideo/init", upload::init),
    ("uploadvideo/token", upload::renew),
    ("grab/upload/multi", pull::start),
    ("grab/list", pull::list),
    ("grab/delete", pull::delete),
    ("uploadCoverImage", upload::cover),
    ("uploadCoverImageUrl", upload::cover_url),
    ("watermarkSetting", upload::watermark),
    ("uploadPPT/asyn", upload::courseware),
    ("snapshot/addTask", snapshot::add),
    ("snapshot/getTaskStatus", snapshot::status),
    ("get-video-msg", video::get),
    ("get-image", video::image),
    ("GET authplay-status", video::play_auth),
    ("get-preview-duration", video::preview),
    ("video-setting-page", video::settings),
    ("wechat-share/video-info", video::share),
    ("video/info", video::sizes),
    ("getSizeByCata", video::sizes_by_category),
    ("play-times", video::play_times),
];

const TOKEN_PATH: &str = "/service/v1/token";

/// The paths of the API, of the token service, which has a host of its own in reality, and of the pictures.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/v2/{*rest}", any(answer))
        .route("/v2/uploadvideo/{user}/callback", post(upload::callback))
        .route("/polyv/{user}/{file}", any(serving::serve))
        .route(TOKEN_PATH, any(answer))
        .route("/uimage/{user}/{file}", get(picture::serve))
}

/// The paths that a caller may have meant.
pub(crate) fn paths() -> Vec<String> {
    ALL.iter()
        .map(|operation| operation.path.to_owned())
        .collect()
}

/// What the health check tells of this vendor.
pub(crate) fn health(shared: &Shared) -> Value {
    let now_ms = shared.clock.now_ms();
    shared.polyv.with(|state| {
        let accounts: Vec<&str> = state
            .tenants()
            .map(|tenant| tenant.account.user_id.as_str())
            .collect();
        let videos: usize = state
            .tenants()
            .map(|tenant| tenant.living(now_ms).len())
            .sum();
        json!({ "accounts": accounts, "videos": videos })
    })
}

/// What the braces of a path stand for.
#[derive(Clone, Copy, Default)]
struct Places<'p> {
    user: Option<&'p str>,
    vid: Option<&'p str>,
}

/// Compares a path with one of the tables.
fn fill<'p>(template: &str, path: &'p str) -> Option<Places<'p>> {
    let mut places = Places::default();
    let mut wanted = template.split('/');
    let mut have = path.split('/');
    loop {
        match (wanted.next(), have.next()) {
            (None, None) => return Some(places),
            (Some("{userid}"), Some(text)) if !text.is_empty() => places.user = Some(text),
            (Some("{vid}"), Some(text)) if !text.is_empty() => places.vid = Some(text),
            (Some(word), Some(text)) if word == text => {}
            _ => return None,
        }
    }
}

/// The call of this path: the one of this method, else the first.
fn asked_for<'p>(method: &http::Method, path: &'p str) -> Option<(&'static Operation, Places<'p>)> {
    let mut of_path = ALL
        .iter()
        .filter_map(|operation| fill(operation.path, path).map(|places| (*operation, places)));
    let first = of_path.next()?;
    [first]
        .into_iter()
        .chain(of_path)
        .find(|(operation, _)| operation.methods.contains(&method.as_str()))
        .or(Some(first))
}

/// What a request to this path is called in the journal.
pub(crate) fn name_of(method: &http::Method, path: &str) -> Option<&'static str> {
    if path.starts_with("/polyv/") {
        return Some("play");
    }
    if path.starts_with("/uimage/") {
        return Some("picture");
    }
    let callback = path
        .strip_prefix("/v2/uploadvideo/")
        .and_then(|rest| rest.strip_suffix("/callback"));
    match callback {
        Some(user) if !user.contains('/') => Some("upload callback"),
        _ => asked_for(method, path).map(|(operation, _)| operation.name),
    }
}

/// Answers every call.
async fn answer(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let Some((operation, places)) = asked_for(&parts.method, path) else {
        return unknown_path(&parts.method, path);
    };
    if !operation.methods.contains(&parts.method.as_str()) {
        // assumed: wrong-method
        let fault = Fault::new(format!("Request method '{}' not supported", parts.method));
        return respond(
            operation,
            &Err(fault.assumed("wrong-method")),
            Vec::new(),
            Vec::new(),
        );
    }
    let form = match Form::read(&parts.method, parts.uri.query(), &parts.headers, body).await {
        Ok(form) => form,
        Err(bad) => return respond(operation, &Err(bad.into()), Vec::new(), Vec::new()),
    };
    let base = base_of(&shared, &parts.headers);
    let mut notes = rules::remarks(operation, &form);
    if parts.method == http::Method::POST && parts.uri.query().is_some() {
        // assumed: parameter-place
        notes.push("the query of a POST is not read; send parameters in the body".to_owned());
    }
    let (outcome, effects, more) = shared.polyv.with(|state| {
        perform(
            &shared,
            state,
            Received {
                operation,
                places,
                form: &form,
                base: &base,
                caller,
            },
        )
    });
    notes.extend(more);
    let outcome = outcome.map(|mut data| {
        if upload::GRANTING.contains(&operation.name) {
            upload::grant(&shared, places.user.unwrap_or_default(), &mut data);
        }
        data
    });
    respond(operation, &outcome, effects, notes)
}

/// A request that was read.
struct Received<'a> {
    operation: &'static Operation,
    places: Places<'a>,
    form: &'a Form,
    base: &'a str,
    caller: SocketAddr,
}

/// Checks a call in the order of the page's table (signature there, time, account, signature right), then its parameters, and
/// performs it. // assumed: check-order
fn perform(
    shared: &Shared,
    state: &mut State,
    received: Received<'_>,
) -> (Result<Value, Fault>, Vec<Effect>, Vec<String>) {
    let now_ms = shared.clock.now_ms();
    let advanced_ms = shared.clock.advanced_seconds() * 1000;
    let user = match gate::authenticate(state, &received, now_ms, advanced_ms) {
        Ok(user) => user,
        Err(fault) => return (Err(fault), Vec::new(), Vec::new()),
    };
    let Some((tenant, outcomes)) = state.tenant_and_outcomes(&user) else {
        return (
            Err(gate::no_user(received.operation)),
            Vec::new(),
            Vec::new(),
        );
    };
    let mut call = Call {
        tenant,
        outcomes,
        form: received.form,
        path_vid: received.places.vid,
        base: received.base,
        caller: received.caller,
        now_ms,
        transcode_ms: clock::millis(shared.settings.transcode_time),
        effects: Vec::new(),
        notes: Vec::new(),
    };
    let outcome = rules::check(received.operation, received.form).and_then(|()| {
        // `authenticate` lets nothing pass without a handler: a test goes through the whole table.
        let handler = HANDLERS
            .iter()
            .find(|(name, _)| *name == received.operation.name);
        match handler {
            Some((_, handler)) => handler(&mut call),
            None => Err(Fault::coded(500, "internal error")),
        }
    });
    let outcome = outcome.map_err(|fault| Fault {
        admitted: true,
        ..fault
    });
    (outcome, call.effects, call.notes)
}

impl Call<'_> {
    /// Journals what became of a thing.
    fn did(&mut self, kind: &'static str, id: impl Into<String>, change: Change) {
        self.effects.push(Effect::Thing {
            vendor: "polyv",
            kind,
            id: id.into(),
            change,
        });
    }

    fn text(&self, name: &str) -> &str {
        self.form.text(name).unwrap_or_default()
    }

    /// A switch that is sent as a number.
    fn switch(&self, name: &str) -> Option<bool> {
        self.form.text(name).map(|text| text == "1")
    }

    /// The items of a comma-separated list.
    fn items(&self, name: &str) -> Vec<String> {
        self.text(name)
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The id of the one video of a call. The path and the parameter must agree.
    fn vid(&self, name: &str) -> Result<String, Fault> {
        let sent = self.form.text(name);
        match (self.path_vid, sent) {
            (Some(path), Some(sent)) if path != sent => Err(Fault::illegal(
                name,
                "the path and the parameter name different videos",
            )),
            (path, sent) => Ok(path.or(sent).unwrap_or_default().to_owned()),
        }
    }

    fn video(&self, name: &str) -> Result<&Video, Fault> {
        let vid = self.vid(name)?;
        self.tenant
            .video(&vid, self.now_ms)
            .ok_or_else(|| Fault::no_video(&vid))
    }

    fn video_mut(&mut self, name: &str) -> Result<&mut Video, Fault> {
        let vid = self.vid(name)?;
        let now_ms = self.now_ms;
        self.tenant
            .videos
            .get_mut(&vid)
            .filter(|video| video.born_ms <= now_ms && !video.deleted)
            .ok_or_else(|| Fault::no_video(&vid))
    }

    /// The videos of a list of ids that exist and satisfy `fits`; a list without any is refused. // assumed: batch
    fn vids(&self, name: &str, fits: impl Fn(&Video) -> bool) -> Result<Vec<String>, Fault> {
        let asked = self.items(name);
        let mut known: Vec<String> = Vec::new();
        for vid in &asked {
            let video = self.tenant.videos.get(vid);
            let there = video.is_some_and(|video| video.born_ms <= self.now_ms && fits(video));
            if there && !known.contains(vid) {
                known.push(vid.clone());
            }
        }
        if known.is_empty() {
            return Err(Fault::no_video(&asked.join(",")).assumed("batch"));
        }
        Ok(known)
    }

    fn category(&self, name: &str) -> Result<Option<String>, Fault> {
        let Some(id) = self.form.text(name) else {
            return Ok(None);
        };
        match self.tenant.category_id(id) {
            Some(id) => Ok(Some(id)),
            None => Err(Fault::no_category(id)),
        }
    }
}

/// Whether a video is in use, that is not in the recycle bin.
fn living(video: &Video) -> bool {
    !video.deleted
}

fn shape_of(operation: &Operation, outcome: &Result<Value, Fault>) -> Shape {
    match (operation.name, outcome) {
        ("service/v1/token", _) => Shape::Token,
        // What every call is refused for looks as everywhere. // assumed: preview-failure
        ("get-preview-duration", Err(fault)) if fault.admitted => Shape::Preview,
        _ => Shape::Usual,
    }
}

/// Polyv's SDK looks at the code in the body alone; HTTP says 200. // assumed: http-status
fn respond(
    operation: &'static Operation,
    outcome: &Result<Value, Fault>,
    effects: Vec<Effect>,
    notes: Vec<String>,
) -> Response {
    let body = envelope::reply(shape_of(operation, outcome), outcome);
    json_response(
        StatusCode::OK,
        &body,
        envelope::outcome(operation.name, outcome, effects, notes),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_the_table_has_one_handler() {
        for operation in ALL {
            let handlers = HANDLERS.iter().filter(|(name, _)| *name == operation.name);
            assert_eq!(handlers.count(), 1, "{}", operation.name);
        }
        assert_eq!((ALL.len(), HANDLERS.len()), (59, 59));
    }

    #[test]
    fn a_path_is_told_from_its_neighbours() {
        let named = |path| -> Vec<&str> {
            ALL.iter()
                .filter(|operation| fill(operation.path, path).is_some())
                .map(|operation| operation.name)
                .collect()
        };
        assert_eq!(named("/v2/video/u123456789/list"), ["video/list"]);
        assert_eq!(named("/v2/video/grab/u123456789/list"), ["grab/list"]);
        assert_eq!(named("/v2/video/del-videos"), ["del-videos"]);
        assert_eq!(named("/v2/video/u123456789/keyframe/v1"), ["keyframe"]);
        assert_eq!(named("/v2/video/u123456789/authplay-status").len(), 2);
        assert!(named("/v2/video//list").is_empty());
        assert!(named("/v2/video/u123456789/List").is_empty());
        let places = fill(
            "/v2/video/{userid}/keyframe/{vid}",
            "/v2/video/u1/keyframe/v1",
        );
        let places = places.unwrap();
        assert_eq!((places.user, places.vid), (Some("u1"), Some("v1")));
    }
}
