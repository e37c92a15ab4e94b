//! Baijiayun (百家云): the signed API, the upload host and the addresses that play.

mod account;
mod assumptions;
mod callback;
mod category;
mod credential;
mod envelope;
mod notify;
mod playback;
mod rules;
mod serving;
mod signature;
mod state;
mod statistics;
mod subtitle;
mod third_party;
mod upload;
mod video;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State as Shares};
use axum::response::Response;
use axum::routing::{any, get};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::clock;
use crate::form::Form;
use crate::journal::Effect;
use crate::server::{Shared, base_of, json_response, unknown_path};
use envelope::{BAD_PARAMETER, BAD_SIGN, Fault, NO_ACCOUNT, NO_PATH};
use signature::Keys;
use state::Video;

pub use assumptions::ASSUMPTIONS;
pub(crate) use credential::from_variables;
pub use credential::{Account, DEFAULT_PARTNER_ID, DEFAULT_PARTNER_KEY, DEFAULT_SECRET_KEY};
pub(crate) use notify::{Occurrence, letter, occurrences};
pub(crate) use state::State;
pub use third_party::ThirdPartyAuth;
pub(crate) use upload::expire_address;

/// Seconds by which a time stamp may differ from the emulator's clock. // assumed: timestamp-tolerance
const TIMESTAMP_TOLERANCE: i64 = 300;

/// A call while it is answered. The state is locked meanwhile, so a handler never waits.
pub(crate) struct Call<'a> {
    state: &'a mut State,
    /// The account, whose signature was checked unless the call has none.
    owner: u64,
    form: &'a Form,
    /// Scheme and host under which the caller reached the emulator.
    base: &'a str,
    now_ms: i64,
    transcode_ms: i64,
    effects: Vec<Effect>,
}

type Handler = fn(&mut Call<'_>) -> Result<Value, Fault>;

/// One call of the API.
struct Route {
    /// The tail of the path, which is the vendor's name of the call.
    name: &'static str,
    methods: &'static [&'static str],
    handler: Handler,
}

const POST: &[&str] = &["POST"];
const GET: &[&str] = &["GET"];
/// Both documented, or none.
const ANY: &[&str] = &["POST", "GET"];

const fn route(name: &'static str, methods: &'static [&'static str], handler: Handler) -> Route {
    Route {
        name,
        methods,
        handler,
    }
}

/// Every call of the page, in its order; API-3 is the upload itself, see [`upload`].
const ROUTES: &[Route] = &[
    route(CREATE_KEY, ANY, account::create_key),
    route("video/getUploadUrl", POST, upload::get_upload_url),
    route(
        "video/getResumeUploadUrl",
        POST,
        upload::get_resume_upload_url,
    ),
    route("video/getStatus", POST, video::get_status),
    route(GET_INFO, POST, video::get_info),
    route("video/getImage", POST, video::get_image),
    route("video/removeDefinition", POST, video::remove_definition),
    route("video/deleteOriginVideo", ANY, video::delete_origin_video),
    route("video/update", POST, video::update),
    route("video/delete", POST, video::delete),
    route("video/getCategoryList", POST, category::get_category_list),
    route("video/getCategoryInfo", POST, category::get_category_info),
    route("video/addCategory", POST, category::add_category),
    route("video/deleteCategory", POST, category::delete_category),
    route("video/getCategoryVideo", POST, category::get_category_video),
    route("video/setVideoCategory", POST, category::set_video_category),
    route("video/getPlayerToken", POST, playback::get_player_token),
    route(
        "video/getPlayerTokenBatch",
        POST,
        playback::get_player_token_batch,
    ),
    route(
        "video_account/getAccountInfo",
        POST,
        account::get_account_info,
    ),
    route(
        "video_data/getUsedFlow",
        POST,
        statistics::get_video_used_flow,
    ),
    route(
        "video_account/getUsedFlow",
        POST,
        statistics::get_account_used_flow,
    ),
    route("video/getUrl", POST, playback::get_url),
    route(
        "video_data/getVideoPlayRecord",
        POST,
        statistics::get_video_play_record,
    ),
    route(
        "video_data/exportVideoReportBatch",
        POST,
        statistics::export_video_report_batch,
    ),
    route("video/setPublishStatus", POST, video::set_publish_status),
    route("video/getShareUrl", ANY, playback::get_share_url),
    route(
        "video_data/getVideoPlayCountRank",
        ANY,
        statistics::get_video_play_count_rank,
    ),
    route(
        "video_data/getVideoDailyPlayCount",
        ANY,
        statistics::get_video_daily_play_count,
    ),
    route(
        "video_data/getPartnerDailyPlayCount",
        ANY,
        statistics::get_partner_daily_play_count,
    ),
    route("video/getVideoList", POST, video::get_video_list),
    route("video/uploadSubtitle", ANY, subtitle::upload_subtitle),
    route("video/getSubtitleList", ANY, subtitle::get_subtitle_list),
    route("video/updateSubtitle", ANY, subtitle::update_subtitle),
    route(
        "video/setDefaultSubtitle",
        ANY,
        subtitle::set_default_subtitle,
    ),
    route("video/deleteSubtitle", ANY, subtitle::delete_subtitle),
    route(
        "video_account/getUsedFlowDetail",
        GET,
        statistics::get_account_used_flow_detail,
    ),
    route(
        "video_data/getUsedFlowDetail",
        GET,
        statistics::get_video_used_flow_detail,
    ),
    route(
        "video_account/getStorgeAndFlowInfo",
        GET,
        statistics::get_storage_and_flow_info,
    ),
    route("video/transcodeAgain", POST, video::transcode_again),
    route(
        "video_account/setTranscodeCallbackUrl",
        ANY,
        callback::set_transcode_callback_url,
    ),
    route(
        "video_account/getTranscodeCallbackUrl",
        ANY,
        callback::get_transcode_callback_url,
    ),
];

const UPLOAD: &str = "/upload";
const CREATE_KEY: &str = "partner/createkey";
const GET_INFO: &str = "video/getInfo";

/// The paths of the API, the upload host and the addresses that play.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/openapi/{*name}", any(openapi))
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
}

/// The paths that a caller may have meant.
pub(crate) fn paths() -> Vec<String> {
    ROUTES
        .iter()
        .map(|route| format!("/openapi/{}", route.name))
        .chain([UPLOAD.to_owned()])
        .collect()
}

/// What a request to this path is called in the journal.
pub(crate) fn name_of(path: &str) -> Option<&'static str> {
    if let Some(name) = path.strip_prefix("/openapi/") {
        return ROUTES
            .iter()
            .find(|route| route.name == name)
            .map(|route| route.name);
    }
    if path == UPLOAD {
        return Some("upload");
    }
    let served = [
        ("/play/", "play"),
        ("/image/", "image"),
        ("/subtitle/", "subtitle"),
        ("/web/", "player"),
        ("/swf/", "player"),
    ];
    served
        .into_iter()
        .find(|(begin, _)| path.starts_with(begin))
        .map(|(_, name)| name)
}

/// What the health check tells of this vendor.
pub(crate) fn health(shared: &Shared) -> Value {
    let accounts = &shared.settings.baijiayun;
    let accounts: Vec<u64> = accounts.iter().map(|account| account.partner_id).collect();
    json!({ "accounts": accounts, "videos": shared.baijiayun.with(|state| state.videos.len()) })
}

/// Answers `/openapi/...`.
async fn openapi(
    Shares(shared): Shares<Arc<Shared>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let Some(route) = ROUTES.iter().find(|route| route.name == name) else {
        return unknown_path(request.method(), request.uri().path());
    };
    let base = base_of(&shared, request.headers());
    let (parts, body) = request.into_parts();
    if !route.methods.contains(&parts.method.as_str()) {
        let fault = Fault::new(
            NO_PATH,
            format!(
                "{} is not one of {}",
                parts.method,
                route.methods.join(", ")
            ),
        );
        let outcome = Err(fault.assumed("wrong-method"));
        return answer(&shared, route.name, outcome, Vec::new(), None);
    }
    let form = match Form::read(&parts.method, parts.uri.query(), &parts.headers, body).await {
        Ok(form) => form,
        Err(bad) => return answer(&shared, route.name, Err(bad.into()), Vec::new(), None),
    };
    if route.name == GET_INFO {
        video::hash_source(&shared, &form).await;
    }
    let (outcome, effects) = shared
        .baijiayun
        .with(|state| perform(&shared, state, route, &form, &base));
    let note = rules::unknown_parameters(route.name, &form);
    answer(&shared, route.name, outcome, effects, note)
}

/// Checks a call in the order account, time stamp, signature, parameters, and performs it. // assumed: check-order
fn perform(
    shared: &Shared,
    state: &mut State,
    route: &Route,
    form: &Form,
    base: &str,
) -> (Result<Value, Fault>, Vec<Effect>) {
    let now_ms = shared.clock.now_ms();
    let mut call = Call {
        state,
        owner: 0,
        form,
        base,
        now_ms,
        transcode_ms: clock::millis(shared.settings.transcode_time),
        effects: Vec::new(),
    };
    let outcome = call.account().and_then(|owner| {
        call.owner = owner;
        if route.name != CREATE_KEY {
            call.authenticate(shared.clock.advanced_seconds())?;
        }
        rules::check(route.name, form)?;
        (route.handler)(&mut call)
    });
    (outcome, call.effects)
}

impl Call<'_> {
    fn account(&self) -> Result<u64, Fault> {
        let id = self.form.required_number("partner_id")?;
        if self.state.accounts.contains_key(&id) {
            Ok(id)
        } else {
            Err(Fault::new(
                NO_ACCOUNT,
                format!("account {id} does not exist"),
            ))
        }
    }

    fn authenticate(&self, advanced_seconds: i64) -> Result<(), Fault> {
        let stamp = self.form.required("timestamp")?;
        let digits = stamp.bytes().all(|b| b.is_ascii_digit());
        let seconds = match (digits, stamp.len()) {
            (true, 10) => stamp
                .parse::<i64>()
                .map_err(|_| Fault::parameter("timestamp", "is not a number"))?,
            (true, 13) => {
                return Err(Fault::parameter(
                    "timestamp",
                    "has 13 digits, so it is in milliseconds; send seconds",
                ));
            }
            _ => {
                return Err(Fault::parameter(
                    "timestamp",
                    "is not Unix time in seconds (10 digits)",
                ));
            }
        };
        let received = self.form.required("sign")?;
        let account = &self.state.accounts[&self.owner];
        if !signature::is_right(self.form, &account.partner_key, received) {
            let keys = Keys {
                current: &account.partner_key,
                replaced: &account.replaced_keys,
                secret: &account.secret_key,
            };
            let diagnosis = signature::diagnose(self.form, keys, received);
            return Err(
                Fault::new(BAD_SIGN, diagnosis.message()).explained(diagnosis.explanation())
            );
        }
        // A caller's clock may or may not have followed the advances of the emulator's: both are right.
        let now = self.now_ms.div_euclid(1000);
        let skew = [seconds - now, seconds - (now - advanced_seconds)]
            .into_iter()
            .min_by_key(|skew| skew.abs());
        match skew {
            Some(skew) if skew.abs() > TIMESTAMP_TOLERANCE => Err(Fault::new(
                BAD_SIGN,
                format!(
                    "timestamp differs from the server's clock by {} s",
                    clock::seconds_text(skew)
                ),
            )
            .assumed("timestamp-tolerance")),
            _ => Ok(()),
        }
    }

    fn video_id(&self) -> Result<u64, Fault> {
        Ok(self.form.required_number("video_id")?)
    }

    fn video(&self) -> Result<&Video, Fault> {
        let id = self.video_id()?;
        self.state
            .video(self.owner, id)
            .ok_or_else(|| Fault::no_video(id))
    }

    fn video_mut(&mut self) -> Result<&mut Video, Fault> {
        let id = self.video_id()?;
        self.state
            .video_mut(self.owner, id)
            .ok_or_else(|| Fault::no_video(id))
    }

    /// Page number from 1 and page size.
    fn page(&self, default_size: u64, max_size: u64) -> Result<Page, Fault> {
        let number = self.form.number("page")?.unwrap_or(1);
        let size = self.form.number("page_size")?.unwrap_or(default_size);
        if number == 0 {
            return Err(Fault::parameter("page", "pages count from 1"));
        }
        if size == 0 || size > max_size {
            let problem = format!("must be from 1 to {max_size}");
            return Err(Fault::parameter("page_size", &problem).assumed("page-size"));
        }
        Ok(Page { number, size })
    }

    fn date(&self, name: &str) -> Result<Date, Fault> {
        clock::parse_date(self.form.required(name)?)
            .ok_or_else(|| Fault::parameter(name, "is not a date like 2017-08-01"))
    }

    fn date_time(&self, name: &str) -> Result<i64, Fault> {
        let text = self.form.required(name)?;
        clock::parse_date_time(text)
            .ok_or_else(|| Fault::parameter(name, "is not a time like 2017-09-08 00:30:00"))
    }
}

/// A part of a list.
#[derive(Clone, Copy)]
struct Page {
    number: u64,
    size: u64,
}

impl Page {
    fn of<T>(self, items: impl IntoIterator<Item = T>) -> Vec<T> {
        let skip =
            usize::try_from((self.number - 1).saturating_mul(self.size)).unwrap_or(usize::MAX);
        let take = usize::try_from(self.size).unwrap_or(usize::MAX);
        items.into_iter().skip(skip).take(take).collect()
    }
}

/// The definitions that a comma-separated list of the vendor's numbers names.
fn definitions(form: &Form) -> Result<Vec<state::Definition>, Fault> {
    let codes = form
        .numbers("definition")?
        .ok_or_else(|| Fault::parameter("definition", "is missing"))?;
    let known = |code| {
        state::Definition::from_code(code).ok_or_else(|| {
            Fault::new(
                BAD_PARAMETER,
                format!("parameter definition: {code} is none of 16, 1, 2, 4, 8"),
            )
        })
    };
    codes.into_iter().map(known).collect()
}

/// The formats that a comma-separated list names, if it was sent.
fn formats(
    form: &Form,
    name: &str,
    allow_encrypt: bool,
) -> Result<Option<Vec<state::Format>>, Fault> {
    let Some(codes) = form.numbers(name)? else {
        return Ok(None);
    };
    let known = |code| {
        state::Format::from_code(code)
            .filter(|format| allow_encrypt || *format != state::Format::Encrypt)
            .ok_or_else(|| Fault::parameter(name, &format!("{code} is not a known format")))
    };
    codes
        .into_iter()
        .map(known)
        .collect::<Result<_, _>>()
        .map(Some)
}

fn answer(
    shared: &Shared,
    operation: &'static str,
    outcome: Result<Value, Fault>,
    effects: Vec<Effect>,
    note: Option<String>,
) -> Response {
    let body = envelope::reply(&outcome, shared.clock.now_ms().div_euclid(1000));
    json_response(
        http::StatusCode::OK,
        &body,
        envelope::outcome(operation, &outcome, envelope::OK, effects, note),
    )
}
