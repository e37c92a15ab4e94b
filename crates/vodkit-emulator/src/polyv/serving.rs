//! What the addresses of media files lead to, with plays and traffic counted.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State as Shares};
use axum::response::Response;
use bytes::Bytes;
use http::{Method, StatusCode, header};

use super::state::{Tenant, Video};
use super::video::stem;
use crate::blob::Blob;
use crate::delivery::{FileBody, part_of};
use crate::media;
use crate::server::{Outcome, Shared};

/// An empty film for the player that nobody runs any more: no picture, one frame.
const PLAYER: &[u8] = b"FWS\x06\x11\0\0\0\0\0\x0c\x01\0\x40\0\0\0";

/// Why an address leads to nothing.
type Refusal = (StatusCode, &'static str);

/// The bytes of a file.
enum Content {
    Stored(Arc<Blob>, u64),
    Made(Bytes),
}

impl Content {
    fn size(&self) -> u64 {
        match self {
            Self::Stored(_, size) => *size,
            Self::Made(bytes) => bytes.len() as u64,
        }
    }
}

/// A file of a video: which one, and what it holds.
struct Found {
    vid: String,
    /// Whether reading it from its beginning is a play: the pieces of a list are not, the list is.
    is_play: bool,
    content_type: &'static str,
    content: Content,
}

/// Answers `/polyv/{userid}/{file}`.
pub(super) async fn serve(
    Shares(shared): Shares<Arc<Shared>>,
    Path((user, file)): Path<(String, String)>,
    request: Request,
) -> Response {
    match answer(&shared, &user, &file, &request) {
        Ok(response) => response,
        Err((status, why)) => {
            let mut response = Response::new(Body::from(why));
            *response.status_mut() = status;
            let outcome = Outcome::of("polyv", "play").notes([why.to_owned()]);
            response.extensions_mut().insert(outcome);
            response
        }
    }
}

fn answer(
    shared: &Arc<Shared>,
    user: &str,
    file: &str,
    request: &Request,
) -> Result<Response, Refusal> {
    let method = request.method();
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD"));
    }
    let now_ms = shared.clock.now_ms();
    let found = shared.polyv.with(|state| {
        let tenant = state.tenant(user).ok_or(GONE)?;
        find(tenant, file, now_ms)
    })?;
    let size = found.content.size();
    let tag = format!("\"{file}-{size}\"");
    let part = part_of(request.headers(), &tag, size);
    let mut builder = Response::builder()
        .status(part.status())
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, tag)
        .header(header::CONTENT_LENGTH, part.length())
        .header(header::CONTENT_TYPE, found.content_type);
    if let Some(range) = part.content_range() {
        builder = builder.header(header::CONTENT_RANGE, range);
    }
    let delivers = *method == Method::GET && part.length() > 0;
    let unreadable = || {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        (status, "the stored bytes cannot be read")
    };
    let body = match found.content {
        _ if !delivers => Body::empty(),
        Content::Stored(blob, _) => {
            let handle = blob.open_at(part.first()).map_err(|_| unreadable())?;
            let (shared, user) = (Arc::clone(shared), user.to_owned());
            let count = move |bytes| flowed(&shared, &user, bytes);
            Body::new(FileBody::new(handle, part.length(), blob, count))
        }
        Content::Made(bytes) => {
            flowed(shared, user, part.length());
            // Both are positions in bytes that are in memory.
            let (first, length) = (part.first() as usize, part.length() as usize);
            Body::from(bytes.slice(first..first + length))
        }
    };
    // assumed: account-figures
    if delivers && found.is_play && part.first() == 0 {
        shared.polyv.with(|state| {
            let video = state
                .tenant_mut(user)
                .and_then(|tenant| tenant.videos.get_mut(&found.vid));
            if let Some(video) = video {
                video.times += 1;
            }
        });
    }
    let mut response = builder.body(body).map_err(|_| unreadable())?;
    response
        .extensions_mut()
        .insert(Outcome::of("polyv", "play"));
    Ok(response)
}

const GONE: Refusal = (StatusCode::NOT_FOUND, "no such file");

/// Counts bytes that were played.
fn flowed(shared: &Shared, user: &str, bytes: u64) {
    shared.polyv.with(|state| {
        if let Some(tenant) = state.tenant_mut(user) {
            tenant.used_flow = tenant.used_flow.saturating_add(bytes);
        }
    });
}

/// The file of this name, if a reply would lead to it now.
fn find(tenant: &Tenant, file: &str, now_ms: i64) -> Result<Found, Refusal> {
    let (begin, name) = file.split_once('_').ok_or(GONE)?;
    let video = tenant
        .living(now_ms)
        .into_iter()
        .find(|video| stem(video) == begin)
        .ok_or(GONE)?;
    let found = |is_play, content_type, content| Found {
        vid: video.vid.clone(),
        is_play,
        content_type,
        content,
    };
    let (nth, ending) = name.split_once('.').ok_or(GONE)?;
    if (nth, ending) == ("player", "swf") {
        let content = Content::Made(Bytes::from_static(PLAYER));
        return Ok(found(false, "application/x-shockwave-flash", content));
    }
    let files = video.file_sizes(now_ms).len();
    let nth: usize = nth.parse().map_err(|_| GONE)?;
    if !(1..=files).contains(&nth) || !video.is_transcoded(now_ms) {
        return Err(GONE);
    }
    if !video.status(now_ms).is_published() {
        return Err((StatusCode::FORBIDDEN, "the video is not published"));
    }
    match ending {
        "m3u8" => {
            let content = Content::Made(playlist(video, nth).into());
            Ok(found(true, media::content_type("m3u8"), content))
        }
        "ts" => Ok(found(false, "video/mp2t", bytes_of(video))),
        // assumed: encrypted-addresses
        "mp4" | "flv" if !video.encrypt => {
            Ok(found(true, media::content_type(ending), bytes_of(video)))
        }
        _ => Err(GONE),
    }
}

/// What was uploaded, under every name; a film without pictures where nothing was. // assumed: play-addresses
fn bytes_of(video: &Video) -> Content {
    match &video.source {
        Some(blob) => Content::Stored(Arc::clone(blob), video.size),
        None => Content::Made(media::film_without_pictures(video.seconds).into()),
    }
}

/// A list of one piece.
fn playlist(video: &Video, nth: usize) -> String {
    let seconds = video.seconds.max(1);
    format!(
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:{seconds}\n#EXT-X-MEDIA-SEQUENCE:0\n\
         #EXTINF:{seconds}.0,\n{}_{nth}.ts\n#EXT-X-ENDLIST\n",
        stem(video)
    )
}
