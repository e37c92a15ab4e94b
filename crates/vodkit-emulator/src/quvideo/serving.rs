//! What the addresses in replies lead to: videos, pictures, music, materials.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Request, State as Shares};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};

use super::catalogue::{self, CAPTIONS, MUSIC, STICKERS};
use super::resource::music_seal;
use super::state::Progress;
use super::video::file_name;
use crate::delivery::{FileBody, part_of};
use crate::form::Form;
use crate::media;
use crate::server::{Outcome, Shared};

/// Why an address leads to nothing.
type Refusal = (StatusCode, &'static str);

const GONE: Refusal = (StatusCode::NOT_FOUND, "no such file");

fn refuse(operation: &'static str, (status, why): Refusal) -> Response {
    let mut response = Response::new(Body::from(why));
    *response.status_mut() = status;
    let journal = Outcome::of("quvideo", operation).notes([why.to_owned()]);
    response.extensions_mut().insert(journal);
    response
}

fn content(operation: &'static str, bytes: Bytes, kind: &'static str) -> Response {
    let mut response = Response::new(Body::from(bytes));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
        .extensions_mut()
        .insert(Outcome::of("quvideo", operation));
    response
}

/// Answers the address of a transcoded file, which holds the uploaded bytes. // assumed: renditions
pub(super) async fn video(
    Shares(shared): Shares<Arc<Shared>>,
    Path((id, file)): Path<(String, String)>,
    request: Request,
) -> Response {
    let method = request.method();
    if !matches!(*method, Method::GET | Method::HEAD) {
        return refuse(
            "play",
            (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD"),
        );
    }
    let found = shared.quvideo.with(|state| {
        let video = state.videos.get(&id)?;
        let source = video.source.as_ref()?;
        let playable = video.progress(shared.clock.now_ms()) == Progress::Done;
        (playable && file == file_name(state, &id)).then(|| (Arc::clone(&source.blob), source.size))
    });
    let Some((blob, size)) = found else {
        return refuse("play", GONE);
    };
    let tag = format!("\"{id}-{size}\"");
    let part = part_of(request.headers(), &tag, size);
    let mut builder = Response::builder()
        .status(part.status())
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, tag)
        .header(header::CONTENT_LENGTH, part.length())
        .header(header::CONTENT_TYPE, media::content_type("mp4"));
    if let Some(range) = part.content_range() {
        builder = builder.header(header::CONTENT_RANGE, range);
    }
    let body = if method == Method::HEAD || part.length() == 0 {
        Ok(Body::empty())
    } else {
        blob.open_at(part.first())
            .map(|file| Body::new(FileBody::new(file, part.length(), blob, |_| {})))
    };
    match body.map(|body| builder.body(body)) {
        Ok(Ok(mut response)) => {
            response
                .extensions_mut()
                .insert(Outcome::of("quvideo", "play"));
            response
        }
        _ => refuse(
            "play",
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the stored bytes cannot be read",
            ),
        ),
    }
}

/// Answers a picture of a video.
pub(super) async fn snapshot(
    Shares(shared): Shares<Arc<Shared>>,
    Path((id, file)): Path<(String, String)>,
) -> Response {
    let number = file
        .strip_suffix(".jpg")
        .and_then(|number| number.parse().ok())
        .filter(|number| (1..=3).contains(number));
    let done = shared.quvideo.with(|state| {
        let video = state.videos.get(&id);
        video.is_some_and(|video| video.has_pictures(shared.clock.now_ms()))
    });
    match number {
        Some(number) if done => picture(number),
        _ => refuse("picture", GONE),
    }
}

fn picture(number: u64) -> Response {
    content(
        "picture",
        media::picture(number).into(),
        media::content_type("jpg"),
    )
}

/// Answers the picture of a user.
pub(super) async fn avatar(
    Shares(shared): Shares<Arc<Shared>>,
    Path(file): Path<String>,
) -> Response {
    let row = file.strip_suffix(".jpg").and_then(|id| {
        shared
            .quvideo
            .with(|state| state.users.get(id).map(|user| user.row))
    });
    match row {
        Some(row) => picture(row),
        None => refuse("picture", GONE),
    }
}

/// Answers a piece of music, if the address is one that was given out and has not expired, or its picture.
pub(super) async fn music(
    Shares(shared): Shares<Arc<Shared>>,
    Path(file): Path<String>,
    request: Request,
) -> Response {
    let found = file.rsplit_once('.').and_then(|(id, ending)| {
        let piece = MUSIC.iter().find(|piece| piece.id == id)?;
        Some((piece, ending))
    });
    let (piece, ending) = match found {
        Some(found) => found,
        None if file.ends_with(".jpg") => return refuse("picture", GONE),
        None => return refuse("music", GONE),
    };
    match ending {
        "jpg" => picture(piece.seconds),
        "aac" => {
            let query = Form::urlencoded(request.uri().query().unwrap_or_default());
            let code = query.text("xcode").unwrap_or_default();
            let expires = code
                .get(32..)
                .and_then(|hex| i64::from_str_radix(hex, 16).ok())
                .unwrap_or_default();
            let right = shared
                .quvideo
                .with(|state| music_seal(state, piece.id, expires));
            if code.get(..32) != Some(right.as_str()) {
                let why = "the address was not made by this emulator";
                return refuse("music", (StatusCode::FORBIDDEN, why));
            }
            if shared.clock.now_ms().div_euclid(1000) >= expires {
                return refuse("music", (StatusCode::FORBIDDEN, "the address has expired"));
            }
            content(
                "music",
                catalogue::silence(piece.seconds).into(),
                "audio/aac",
            )
        }
        _ => refuse("music", GONE),
    }
}

/// Answers an icon, a preview or a material.
pub(super) async fn resource(Path(file): Path<String>) -> Response {
    match catalogue::file(&file) {
        Some((bytes, kind)) => content("resource", bytes, kind),
        None => refuse("resource", GONE),
    }
}

/// Answers the preview of a category: its name, and the pictures of what is in it.
pub(super) async fn preview(request: Request) -> Response {
    let query = Form::urlencoded(request.uri().query().unwrap_or_default());
    let id = query.number("id").ok().flatten();
    let list = match query.text("type") {
        Some("text") => CAPTIONS,
        _ => STICKERS,
    };
    let Some(category) = list.iter().find(|category| Some(category.id) == id) else {
        return refuse("preview", GONE);
    };
    let pictures: String = category
        .items
        .iter()
        .map(|item| {
            format!(
                "<img src=\"/quvideo/resource/{}-preview.gif\" alt=\"{}\">",
                item.id, item.name
            )
        })
        .collect();
    let page = format!(
        "<!doctype html><meta charset=\"utf-8\"><title>{0}</title><h1>{0}</h1>{pictures}\n",
        category.name
    );
    content("preview", page.into(), "text/html; charset=utf-8")
}
