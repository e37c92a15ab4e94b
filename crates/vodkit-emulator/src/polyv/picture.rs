//! The pictures that replies lead to.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State as Shares};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use super::state::Tenant;
use crate::media;
use crate::server::{Outcome, Shared};

/// Answers `/uimage/{userid}/{picture}`: an uploaded cover as it came, else a grey picture.
pub(super) async fn serve(
    Shares(shared): Shares<Arc<Shared>>,
    Path((user, file)): Path<(String, String)>,
) -> Response {
    let now_ms = shared.clock.now_ms();
    let content = shared.polyv.with(|state| {
        state
            .tenant(&user)
            .and_then(|tenant| content(tenant, &file, now_ms))
    });
    let outcome = Outcome::of("polyv", "picture");
    let (status, bytes) = match content {
        Some(bytes) => (StatusCode::OK, bytes),
        None => (StatusCode::NOT_FOUND, Bytes::new()),
    };
    // A PNG may have come under the name of a JPEG, as every cover has it.
    let kind = match bytes.first() {
        Some(0x89) => "image/png",
        Some(_) => "image/jpeg",
        None => "text/plain",
    };
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.extensions_mut().insert(outcome);
    response
}

/// The picture of a file name like `12_0_b.jpg`, if a video has it.
fn content(tenant: &Tenant, file: &str, now_ms: i64) -> Option<Bytes> {
    let mut parts = file.strip_suffix(".jpg")?.split('_');
    let cover: u64 = parts.next()?.parse().ok()?;
    let nth: u64 = parts.next()?.parse().ok()?;
    // Pictures of a snapshot task are named by it and by their moment.
    if tenant
        .snapshot_tasks
        .iter()
        .any(|task| task.has_picture(cover, nth, now_ms))
    {
        return Some(media::picture(cover.wrapping_add(nth)).into());
    }
    let shown = tenant.videos.values().any(|video| video.cover == cover);
    if !shown || nth > 2 {
        return None;
    }
    match tenant.pictures.get(&cover).filter(|_| nth == 0) {
        Some(uploaded) => Some(uploaded.clone()),
        None => Some(media::picture(cover + nth).into()),
    }
}
