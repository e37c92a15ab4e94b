//! The beginning of an upload, and the files that calls carry themselves: covers, watermarks, courseware.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::envelope::{Fault, NO_UPLOAD_CATEGORY, UPLOAD_FAILED};
use super::state::{Draft, ROOT, TOTAL_SPACE};
use super::{Call, living};
use crate::digest::md5_hex;
use crate::journal::Change;

/// Lifetime of an upload credential, in seconds. // assumed: upload-credential
const VALIDITY: i64 = 3600;

/// `uploadvideo/init`. The storage it leads to does not exist yet, so no file arrives and no video appears. // assumed: upload-pending
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

/// Where and with what the file is to be stored: all addresses are the emulator's. // assumed: upload-credential
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
    let ends_s = call.now_ms.div_euclid(1000) + VALIDITY;
    let expiration = jiff::Timestamp::from_second(ends_s).unwrap_or(jiff::Timestamp::MAX);
    let secret = |tenant: &mut super::Tenant, purpose| tenant.fresh_token(purpose);
    json!({
        "dir": format!("{user}/{}/", &md5_hex(&user)[..1]),
        "host": call.base,
        "domain": authority,
        "endpoint": authority,
        "bucketName": "vodkit-emulator",
        "encodedCallback": STANDARD.encode(&callback),
        "callback": callback,
        "remainSpace": TOTAL_SPACE.saturating_sub(used),
        "accessId": format!("STS.{}", secret(call.tenant, "sts id")),
        "accessKey": secret(call.tenant, "sts key"),
        "token": secret(call.tenant, "sts token"),
        "Expiration": expiration.to_string(),
        "validityTime": VALIDITY,
    })
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

/// `uploadPPT/asyn`: the result would be told by a callback, of which there is none. // assumed: file-kinds
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
    call.did("courseware", vid, Change::Created);
    Ok(json!(""))
}
