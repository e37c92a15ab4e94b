//! Uploads, and the files that calls carry themselves: covers, watermarks, courseware.

use std::sync::Arc;

use axum::extract::{Path, Request, State as Shares};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use super::envelope::{Fault, NO_UPLOAD_CATEGORY, UPLOAD_FAILED};
use super::state::{Courseware, Draft, ROOT, TOTAL_SPACE};
use super::{Call, living};
use crate::clock;
use crate::digest::md5_hex;
use crate::form::Form;
use crate::journal::{Change, Effect};
use crate::media;
use crate::oss::{Grant, Owner, Scope, Stored};
use crate::outcome::{Becomes, Stage};
use crate::server::{Outcome, Shared, json_response};

/// Lifetime of an upload credential, in seconds. // assumed: upload-credential
const VALIDITY: i64 = 3600;
/// Where the files of all accounts go, each account's under a beginning of its own.
const BUCKET: &str = "vodkit-polyv";

/// The calls whose reply carries keys for the storage.
pub(super) const GRANTING: [&str; 2] = ["uploadvideo/init", "uploadvideo/token"];

/// What the keys of the objects of an account begin with.
fn folder(user: &str) -> String {
    format!("{user}/{}/", &md5_hex(user)[..1])
}

/// `uploadvideo/init`. The video appears when its file has arrived. // assumed: upload-arrives
pub(super) fn init(call: &mut Call<'_>) -> Result<Value, Fault> {
    let vid = if call.switch("autoid") == Some(true) {
        let category = match call.form.text("cataid") {
            None => ROOT.to_owned(),
            Some(id) => call.tenant.category_id(id).ok_or_else(|| {
                Fault::coded(NO_UPLOAD_CATEGORY, "category not exist")
                    .explained(format!("the account has no category {id}"))
                    .assumed("message-words")
            })?,
        };
        let draft = Draft {
            title: call.text("title").to_owned(),
            description: call.text("describ").to_owned(),
            tag: call.text("tag").to_owned(),
            category,
            keep_source: call.switch("keepsource") == Some(true),
            size: call.form.required_number("filesize")?,
            seconds: 0,
        };
        let vid = call.tenant.fresh_vid();
        call.tenant.uploads.insert(vid.clone(), draft);
        if let Some(state) = call.form.text("state") {
            let states = &mut call.tenant.upload_states;
            states.insert(vid.clone(), state.to_owned());
        }
        call.did("upload", vid.as_str(), Change::Created);
        vid
    } else {
        resumed(call)?
    };
    let mut ticket = ticket(call);
    ticket["vid"] = vid.into();
    Ok(ticket)
}

/// The upload that a call goes on with: known, and of the same file.
fn resumed(call: &Call<'_>) -> Result<String, Fault> {
    let refuse = |why: String| {
        Fault::coded(UPLOAD_FAILED, "init upload fail")
            .explained(why)
            .assumed("message-words")
    };
    let vid = call.text("vid");
    let size = call.form.required_number("filesize")?;
    match call.tenant.uploads.get(vid) {
        None => Err(refuse(format!(
            "no upload of {vid:?} has begun; begin anew with autoid 1"
        ))),
        Some(draft) if draft.size != size => Err(refuse(format!(
            "the upload began with {} bytes, not {size}",
            draft.size
        ))),
        Some(_) => Ok(vid.to_owned()),
    }
}

/// `uploadvideo/token`: the same object without a video.
pub(super) fn renew(call: &mut Call<'_>) -> Result<Value, Fault> {
    Ok(ticket(call))
}

/// Where the file is to be stored: all addresses are the emulator's. The keys come last. // assumed: upload-credential
fn ticket(call: &mut Call<'_>) -> Value {
    let user = call.tenant.account.user_id.clone();
    let authority = call.base.trim_start_matches("http://");
    let used = call.tenant.used_space(call.now_ms);
    let callback = json!({
        "callbackUrl": format!("{}/v2/uploadvideo/{user}/callback", call.base),
        "callbackBody": "bucket=${bucket}&object=${object}&size=${size}&etag=${etag}",
        "callbackHost": authority,
    })
    .to_string();
    json!({
        "dir": folder(&user),
        "host": call.base,
        "domain": authority,
        "endpoint": authority,
        "bucketName": BUCKET,
        "encodedCallback": STANDARD.encode(&callback),
        "callback": callback,
        "remainSpace": TOTAL_SPACE.saturating_sub(used),
        "validityTime": VALIDITY,
    })
}

/// Puts keys of the storage into a reply of one of the [`GRANTING`] calls. The account's data must not be locked meanwhile.
pub(super) fn grant(shared: &Shared, user: &str, ticket: &mut Value) {
    let ends_ms = shared
        .clock
        .now_ms()
        .saturating_add(VALIDITY.saturating_mul(1000));
    let scope = Scope::Prefix(folder(user));
    let Grant {
        access_key_id,
        access_key_secret,
        security_token,
        expires_ms,
    } = shared
        .oss
        .with(|store| store.issue(Owner::Polyv, BUCKET, scope, ends_ms));
    ticket["accessId"] = access_key_id.into();
    ticket["accessKey"] = access_key_secret.into();
    ticket["token"] = security_token.into();
    ticket["Expiration"] = clock::utc_text(expires_ms).into();
}

/// The storage calls the address of a ticket. `Err` is why no note is taken.
pub(crate) fn called_back(
    shared: &Shared,
    url: &str,
    object: &Stored<'_>,
) -> Result<Vec<Effect>, String> {
    let path = url
        .split_once("://")
        .and_then(|(_, rest)| rest.split_once('/'))
        .map_or("", |(_, path)| path);
    let user = path
        .strip_prefix("v2/uploadvideo/")
        .and_then(|rest| rest.strip_suffix("/callback"))
        .ok_or("the callback goes to an address that no ticket has")?;
    arrived(shared, user, object)
}

/// What an upload is called whose file cannot be analysed.
pub(super) const INVALID_UPLOAD: &str = "invalid upload";
/// What an upload is called whose file is not brought to where it is worked on.
pub(super) const UNSYNCED_UPLOAD: &str = "unsynced upload";

fn thing(kind: &'static str, id: String, change: Change) -> Effect {
    Effect::Thing {
        vendor: "polyv",
        kind,
        id,
        change,
    }
}

/// The file of an upload is there: the video is born. The object is the one that init named, and of the promised size. // assumed: upload-arrives
fn arrived(shared: &Shared, user: &str, object: &Stored<'_>) -> Result<Vec<Effect>, String> {
    // Reads the head of the file, so before the lock.
    let seconds = match object.blob.open_at(0) {
        Ok(mut file) => media::duration_seconds(&mut file, object.size),
        Err(_) => 0,
    };
    let now_ms = shared.clock.now_ms();
    let transcode_ms = clock::millis(shared.settings.transcode_time);
    shared.polyv.with(|state| {
        let (tenant, outcomes) = state
            .tenant_and_outcomes(user)
            .ok_or_else(|| format!("there is no account {user}"))?;
        let name = object.key.strip_prefix(&folder(user)).unwrap_or_default();
        let vid = name
            .rsplit_once('.')
            .map_or(name, |(vid, _)| vid)
            .to_owned();
        let change = match tenant.uploads.get(&vid) {
            Some(draft) if draft.size != object.size => {
                return Err(format!(
                    "the upload of {vid} began with {} bytes, and {} arrived",
                    draft.size, object.size
                ));
            }
            Some(draft) => {
                let draft = Draft {
                    seconds,
                    ..draft.clone()
                };
                // The upload stays open: the same file can come once more. // assumed: upload-fails
                if let Some(becomes) = outcomes.take(Stage::Arrival, &vid) {
                    let kind = match becomes {
                        Becomes::NotSynced => UNSYNCED_UPLOAD,
                        _ => INVALID_UPLOAD,
                    };
                    return Ok(vec![thing(kind, vid, Change::Created)]);
                }
                tenant.uploads.remove(&vid);
                tenant.add_video(outcomes, vid.clone(), draft, now_ms, transcode_ms);
                Change::Created
            }
            // Sent again, since the reply was lost.
            None => Change::Changed,
        };
        let video = tenant
            .videos
            .get_mut(&vid)
            .filter(|video| change == Change::Created || video.source.is_some())
            .ok_or_else(|| format!("no upload goes to the key {}", object.key))?;
        video.source = Some(Arc::clone(object.blob));
        video.size = object.size;
        video.md5 = object.digest.to_owned();
        video.seconds = seconds;
        Ok(vec![thing("video", vid, change)])
    })
}

/// Answers the address that the storage calls, for storages that do so over the network.
pub(super) async fn callback(
    Shares(shared): Shares<Arc<Shared>>,
    Path(user): Path<String>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let form = Form::read(&parts.method, parts.uri.query(), &parts.headers, body).await;
    let outcome = form
        .map_err(|_| "the form cannot be read".to_owned())
        .and_then(|form| {
            let text = |name| form.text(name).unwrap_or_default();
            let (bucket, key) = (text("bucket"), text("object"));
            let found = shared.oss.with(|store| store.content(bucket, key));
            let (blob, size, digest) =
                found.ok_or_else(|| format!("the storage has no object {bucket}/{key}"))?;
            let object = Stored {
                key,
                blob: &blob,
                size,
                digest: &digest,
            };
            arrived(&shared, &user, &object)
        });
    let journal = Outcome::of("polyv", "upload callback");
    match outcome {
        Ok(effects) => {
            let reply = json!({ "Status": "OK" });
            json_response(StatusCode::OK, &reply, journal.effects(effects))
        }
        Err(why) => {
            let reply = json!({ "Status": "error", "message": why });
            json_response(StatusCode::BAD_REQUEST, &reply, journal.notes([why]))
        }
    }
}

/// The videos whose cover is set: named ones, else those of named categories.
fn covered(call: &Call<'_>) -> Result<Vec<String>, Fault> {
    if call.form.text("vids").is_some() {
        return call.vids("vids", living);
    }
    let asked = call.items("cataids");
    if asked.is_empty() {
        return Err(
            Fault::new("vids can't be empty").explained("neither vids nor cataids was sent")
        );
    }
    let mut categories = Vec::new();
    for id in asked {
        let known = call.tenant.category_id(&id);
        categories.push(known.ok_or_else(|| Fault::no_category(&id))?);
    }
    let videos = call.tenant.living(call.now_ms);
    let inside = videos
        .iter()
        .filter(|video| categories.contains(&video.category));
    Ok(inside.map(|video| video.vid.clone()).collect())
}

fn set_cover(call: &mut Call<'_>, vids: Vec<String>) -> u64 {
    let number = call.tenant.next_number();
    for vid in vids {
        if let Some(video) = call.tenant.videos.get_mut(&vid) {
            video.cover = number;
        }
        call.did("video", vid, Change::Changed);
    }
    number
}

/// `uploadCoverImage`: the picture is served as it came.
pub(super) fn cover(call: &mut Call<'_>) -> Result<Value, Fault> {
    let vids = covered(call)?;
    let image = call.form.file("image").map(|file| file.content.clone());
    let number = set_cover(call, vids);
    call.tenant
        .pictures
        .insert(number, image.unwrap_or_default());
    Ok(json!(""))
}

/// `uploadCoverImageUrl`: the emulator fetches nothing and shows another grey picture. // assumed: cover-url
pub(super) fn cover_url(call: &mut Call<'_>) -> Result<Value, Fault> {
    if !call.text("fileUrl").starts_with("http://") {
        return Err(Fault::illegal(
            "fileUrl",
            "the address of the picture has to begin with http://",
        )
        .assumed("cover-url"));
    }
    let vids = covered(call)?;
    set_cover(call, vids);
    Ok(json!("success"))
}

/// `watermarkSetting`: no call tells what was set, so nothing is kept but the journal's line. // assumed: file-kinds
pub(super) fn watermark(call: &mut Call<'_>) -> Result<Value, Fault> {
    let category = call.category("cataid")?;
    let first_level = |id: &String| {
        let category = call.tenant.categories.get(id);
        id == ROOT || category.is_some_and(|category| category.parent == ROOT)
    };
    if category.as_ref().is_some_and(|id| !first_level(id)) {
        return Err(Fault::new("illegal cataid")
            .explained("only categories of the first level have a watermark"));
    }
    let image = call.form.file("image");
    if !image.is_some_and(|file| file.content.starts_with(b"\x89PNG\r\n\x1a\n")) {
        return Err(
            Fault::illegal("image", "the watermark is no PNG picture").assumed("file-kinds")
        );
    }
    let user = call.tenant.account.user_id.clone();
    call.did("watermark", category.unwrap_or(user), Change::Changed);
    Ok(json!(""))
}

/// `uploadPPT/asyn`: the result is told by a callback. // assumed: courseware
pub(super) fn courseware(call: &mut Call<'_>) -> Result<Value, Fault> {
    let vid = call.video("vid")?.vid.clone();
    let file = call.form.file("courseware");
    let name = file.map_or("", |file| file.file_name.as_str());
    let ending = name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    if !matches!(ending.as_deref(), Some("ppt" | "pptx" | "pdf")) {
        return Err(
            Fault::illegal("courseware", "the file is none of ppt, pptx, pdf")
                .assumed("file-kinds"),
        );
    }
    let result = match call.outcomes.take(Stage::Courseware, &vid) {
        Some(Becomes::CoursewareFails) => Courseware::Fails,
        Some(Becomes::CoursewareRejected) => Courseware::Rejected,
        _ => Courseware::Converted,
    };
    call.tenant.courseware.insert(vid.clone(), result);
    call.did("courseware", vid, Change::Created);
    Ok(json!(""))
}
