//! The play credential. In reality it comes from a host of its own.

use serde_json::{Value, json};

use super::Call;
use super::envelope::Fault;
use super::state::PlayToken;
use crate::journal::Change;

/// Lifetime when none is asked for, in seconds.
const DEFAULT_LIFETIME: u64 = 600;

/// `service/v1/token`. Asking again for the same video, viewer, address and `iswxa` before the end prolongs the old one.
pub(super) fn token(call: &mut Call<'_>) -> Result<Value, Fault> {
    let video_id = call.text("videoId").to_owned();
    if call.tenant.video(&video_id, call.now_ms).is_none() {
        return Err(Fault::new("video_not_found")
            .explained(format!("the account has no video {video_id}"))
            .assumed("token-words"));
    }
    let lifetime = call.form.number("expires")?.unwrap_or(DEFAULT_LIFETIME);
    let ttl_ms = i64::try_from(lifetime)
        .unwrap_or(i64::MAX)
        .saturating_mul(1000);
    let expires_ms = call.now_ms.saturating_add(ttl_ms);
    let viewer_id = call.text("viewerId").to_owned();
    // Without it the address of the caller counts, which on a server is the wrong one.
    let viewer_ip = match call.form.text("viewerIp") {
        Some(ip) => ip.to_owned(),
        None => call.caller.ip().to_string(),
    };
    let mini_program = call.switch("iswxa") == Some(true);
    let disposable = call.text("disposable") == "true";
    let now_ms = call.now_ms;
    call.tenant.tokens.retain(|token| token.expires_ms > now_ms);
    // One that can be used once is never handed out twice. // assumed: disposable-token
    let old = call.tenant.tokens.iter_mut().find(|token| {
        !disposable
            && !token.disposable
            && token.video_id == video_id
            && token.viewer_id == viewer_id
            && token.viewer_ip == viewer_ip
            && token.mini_program == mini_program
    });
    let (token, created_ms, expires_ms) = match old {
        Some(old) => {
            old.expires_ms = old.expires_ms.max(expires_ms);
            (old.token.clone(), old.created_ms, old.expires_ms)
        }
        None => {
            let token = call.tenant.fresh_token("play token");
            call.tenant.tokens.push(PlayToken {
                token: token.clone(),
                video_id: video_id.clone(),
                viewer_id: viewer_id.clone(),
                viewer_ip: viewer_ip.clone(),
                mini_program,
                disposable,
                created_ms: now_ms,
                expires_ms,
            });
            // The journal holds no token: the video stands for it.
            call.did("play token", video_id.as_str(), Change::Created);
            (token, now_ms, expires_ms)
        }
    };
    Ok(json!({
        "token": token,
        "userId": call.tenant.account.user_id,
        "videoId": video_id,
        "viewerIp": viewer_ip,
        "viewerId": viewer_id,
        "viewerName": call.form.text("viewerName"),
        "extraParams": call.form.text("extraParams"),
        "ttl": expires_ms - now_ms,
        "createdTime": created_ms,
        "expiredTime": expires_ms,
        "iswxa": u8::from(mini_program),
        "disposable": disposable,
    }))
}
