//! The addresses that play: transcoded files, pictures, subtitles and the player page.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State as Shares};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};

use super::state::{Definition, Play, Rendition, State, Status, Video, Viewer};
use super::third_party;
use crate::blob::Blob;
use crate::callback::with_query;
use crate::clock;
use crate::delivery::{FileBody, Part, part_of};
use crate::form::Form;
use crate::journal::Effect;
use crate::media;
use crate::server::{Outcome, Shared, base_of};

/// Path and query of a play URL. The seal covers everything in it, so no entry is kept for it.
pub(super) fn play_path(state: &State, video_id: u64, file: Rendition, expires_ms: i64) -> String {
    // The address has whole seconds; rounding down would end it before the time that was asked for.
    let expires = format!("{:x}", expires_ms.saturating_add(999).div_euclid(1000));
    let name = format!(
        "{video_id}_{}.{}",
        file.definition.play_word(),
        file.format.word()
    );
    format!(
        "/play/{}/{expires}/{name}?fid={video_id}",
        state.seal(&play_text(&expires, &name))
    )
}

fn play_text(expires: &str, name: &str) -> String {
    format!("play|{expires}|{name}")
}

/// Why an address does not play.
pub(super) type Refusal = (StatusCode, &'static str);

pub(super) fn refuse(operation: &'static str, (status, why): Refusal) -> Response {
    plain(
        operation,
        status,
        why.to_owned(),
        "text/plain; charset=utf-8",
        Some(why.to_owned()),
    )
}

fn plain(
    operation: &'static str,
    status: StatusCode,
    text: String,
    kind: &str,
    note: Option<String>,
) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    // The kinds passed here are constants of this file, all of them legal.
    if let Ok(kind) = kind.parse() {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
        .extensions_mut()
        .insert(Outcome::of("baijiayun", operation).notes(note));
    response
}

/// What is served: the file, and the play that it is counted for.
struct Served {
    blob: Arc<Blob>,
    part: Part,
    tag: String,
    play: Option<String>,
    effects: Vec<Effect>,
}

/// Answers a play URL, whole or in part.
pub(crate) async fn play(
    Shares(shared): Shares<Arc<Shared>>,
    ConnectInfo(viewer): ConnectInfo<SocketAddr>,
    Path((seal, expires, name)): Path<(String, String, String)>,
    request: Request,
) -> Response {
    let method = request.method();
    if !matches!(*method, Method::GET | Method::HEAD) {
        return refuse(
            "play",
            (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD"),
        );
    }
    let query = Form::urlencoded(request.uri().query().unwrap_or_default());
    let viewer = viewer_of(&query, request.headers(), viewer.ip());
    let counts = *method == Method::GET;
    let playable = shared.baijiayun.with(|state| {
        find(state, &seal, &expires, &name, shared.clock.now_ms())?;
        Ok(video_of(state, &name).map(|video| video.id))
    });
    let video_id = match playable {
        Ok(video_id) => video_id.unwrap_or_default(),
        Err(refusal) => return refuse("play", refusal),
    };
    if let Err(denial) =
        third_party::check(&shared, "play", video_id, query.text("access_key")).await
    {
        return *denial;
    }
    // The question took time: the video may have gone meanwhile.
    let found = shared.baijiayun.with(|state| {
        let now_ms = shared.clock.now_ms();
        find(state, &seal, &expires, &name, now_ms)?;
        Ok(open(
            state,
            &seal,
            &name,
            request.headers(),
            counts.then_some(viewer),
            now_ms,
        ))
    });
    let served =
        match found.and_then(|served| served.ok_or((StatusCode::NOT_FOUND, "the file is gone"))) {
            Ok(served) => served,
            Err(refusal) => return refuse("play", refusal),
        };
    respond(&shared, served, &name, counts)
}

/// Checks seal, life and state, in this order.
fn find(state: &State, seal: &str, expires: &str, name: &str, now_ms: i64) -> Result<(), Refusal> {
    if state.seal(&play_text(expires, name)) != seal {
        return Err((
            StatusCode::FORBIDDEN,
            "the address was not made by this emulator",
        )); // assumed: play-refusal
    }
    let seconds = i64::from_str_radix(expires, 16).unwrap_or(0);
    if now_ms >= seconds.saturating_mul(1000) {
        return Err((StatusCode::FORBIDDEN, "the address has expired"));
    }
    let video = video_of(state, name).ok_or((StatusCode::NOT_FOUND, "the video was deleted"))?;
    if video.blocked {
        return Err((StatusCode::FORBIDDEN, "the video is blocked"));
    }
    let has_file = video.renditions.iter().any(|file| {
        let expected = format!(
            "{}_{}.{}",
            video.id,
            file.definition.play_word(),
            file.format.word()
        );
        expected == name
    });
    if video.status(now_ms) != Status::Done || !has_file {
        return Err((StatusCode::NOT_FOUND, "the video has no such file"));
    }
    Ok(())
}

fn video_of<'a>(state: &'a State, name: &str) -> Option<&'a Video> {
    let id = name.split_once('_')?.0.parse().ok()?;
    state.videos.get(&id)
}

fn open(
    state: &mut State,
    seal: &str,
    name: &str,
    headers: &HeaderMap,
    viewer: Option<Viewer>,
    now_ms: i64,
) -> Option<Served> {
    let video = video_of(state, name)?;
    let (owner, video_id, size) = (video.owner, video.id, video.stored);
    let blob = Arc::clone(video.blob.as_ref()?);
    let tag = format!("\"{video_id}-{size}\"");
    let part = part_of(headers, &tag, size);
    let mut effects = Vec::new();
    let play = match (viewer, part) {
        (Some(viewer), Part::Whole { .. } | Part::Range { .. }) => {
            let key = format!("{seal}|{}", viewer.ip);
            let known = state
                .plays
                .iter()
                .rev()
                .find(|play| play.key == key && play.video_id == video_id);
            match known {
                // A later piece belongs to the play that began with the first byte. // assumed: play-record
                Some(play) if part.first() > 0 => Some(play.guid.clone()),
                _ => {
                    let guid = state.fresh_token("play").to_ascii_uppercase();
                    state.plays.push(Play {
                        guid: guid.clone(),
                        owner,
                        video_id,
                        key,
                        begin_ms: now_ms,
                        end_ms: now_ms,
                        served: 0,
                        user: viewer,
                    });
                    effects.push(Effect::PlayStarted { video_id });
                    Some(guid)
                }
            }
        }
        _ => None,
    };
    Some(Served {
        blob,
        part,
        tag,
        play,
        effects,
    })
}

fn respond(shared: &Arc<Shared>, served: Served, name: &str, with_body: bool) -> Response {
    let Served {
        blob,
        part,
        tag,
        play,
        effects,
    } = served;
    let builder = Response::builder()
        .status(part.status())
        .header(header::ACCEPT_RANGES, "bytes")
        .header(header::ETAG, tag)
        .header(header::CONTENT_LENGTH, part.length());
    let builder = match part.content_range() {
        Some(range) => builder.header(header::CONTENT_RANGE, range),
        None => builder,
    };
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let builder = builder.header(header::CONTENT_TYPE, media::content_type(ending));
    let body = match play {
        Some(guid) if with_body && part.length() > 0 => match blob.open_at(part.first()) {
            Ok(file) => {
                let shared = Arc::clone(shared);
                let count = move |bytes| {
                    shared
                        .baijiayun
                        .with(|state| count(state, &guid, bytes, shared.clock.now_ms()))
                };
                Body::new(FileBody::new(file, part.length(), blob, count))
            }
            Err(_) => {
                return refuse(
                    "play",
                    (
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "the stored bytes cannot be read",
                    ),
                );
            }
        },
        _ => Body::empty(),
    };
    match builder.body(body) {
        Ok(mut response) => {
            response
                .extensions_mut()
                .insert(Outcome::of("baijiayun", "play").effects(effects));
            response
        }
        Err(_) => refuse(
            "play",
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the answer could not be made",
            ),
        ),
    }
}

/// Counts bytes that were handed to the connection.
fn count(state: &mut State, guid: &str, bytes: u64, now_ms: i64) {
    let Some(play) = state.plays.iter_mut().rev().find(|play| play.guid == guid) else {
        return;
    };
    play.served += bytes;
    play.end_ms = now_ms;
    let (owner, video_id) = (play.owner, play.video_id);
    state.count_flow(clock::day_of(now_ms), owner, video_id, bytes);
}

/// Who plays: from the query of the play URL and the request. // assumed: viewer
fn viewer_of(query: &Form, headers: &HeaderMap, ip: IpAddr) -> Viewer {
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default();
    let kinds = [
        ("iPhone", 1),
        ("iPad", 2),
        ("Android", 3),
        ("Mobile", 4),
        ("Mozilla", 5),
    ];
    Viewer {
        uuid: query.text("uuid").unwrap_or_default().to_owned(),
        user_name: query.text("user_name").unwrap_or_default().to_owned(),
        user_number: query.number("user_number").ok().flatten().unwrap_or(0),
        client_type: kinds
            .into_iter()
            .find(|(word, _)| agent.contains(word))
            .map_or(0, |(_, kind)| kind),
        ip: ip.to_canonical().to_string(),
    }
}

/// Answers a cover or screenshot.
pub(crate) async fn image(
    Shares(shared): Shares<Arc<Shared>>,
    Path((video, file)): Path<(u64, String)>,
) -> Response {
    let number = file
        .strip_suffix(".jpg")
        .and_then(|number| number.parse().ok());
    let exists = shared
        .baijiayun
        .with(|state| state.videos.contains_key(&video));
    match number {
        Some(number) if exists => content(
            "image",
            media::picture(number).into(),
            media::content_type("jpg"),
        ),
        _ => refuse("image", (StatusCode::NOT_FOUND, "no such picture")),
    }
}

/// Answers a subtitle's address, which needs no token. // assumed: subtitle-path
pub(crate) async fn subtitle(
    Shares(shared): Shares<Arc<Shared>>,
    Path(file): Path<String>,
) -> Response {
    let found = shared.baijiayun.with(|state| {
        let (id, ending) = file.split_once('.')?;
        let subtitle = state
            .subtitles
            .get(&id.parse().ok()?)
            .filter(|subtitle| subtitle.ending == ending)?;
        Some((subtitle.content.clone(), media::content_type(ending)))
    });
    match found {
        Some((bytes, kind)) => content("subtitle", bytes, kind),
        None => refuse("subtitle", (StatusCode::NOT_FOUND, "no such subtitle")),
    }
}

fn content(operation: &'static str, bytes: Bytes, kind: &'static str) -> Response {
    let mut response = Response::new(Body::from(bytes));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
        .extensions_mut()
        .insert(Outcome::of("baijiayun", operation));
    response
}

/// Answers the iframe address: a page with the browser's own player. // assumed: player-page
pub(crate) async fn player(Shares(shared): Shares<Arc<Shared>>, request: Request) -> Response {
    match admitted_source(&shared, request).await {
        Ok(url) => {
            let page = format!(
                "<!doctype html><meta charset=\"utf-8\"><title>vodkit emulator</title>\
                 <video controls style=\"width:100%;height:100%\" src=\"{url}\"></video>\n"
            );
            plain(
                "player",
                StatusCode::OK,
                page,
                "text/html; charset=utf-8",
                None,
            )
        }
        Err(refusal) => *refusal,
    }
}

/// Answers the script address: a script that puts a player where it is included.
pub(crate) async fn player_script(
    Shares(shared): Shares<Arc<Shared>>,
    request: Request,
) -> Response {
    let query = Form::urlencoded(request.uri().query().unwrap_or_default());
    let pixels = |name| query.number(name).ok().flatten().unwrap_or(400);
    match admitted_source(&shared, request).await {
        Ok(url) => {
            let script = format!(
                "(function () {{ var v = document.createElement('video'); v.controls = true; v.width = {}; v.height = {}; \
                 v.src = '{url}'; document.currentScript.parentNode.appendChild(v); }})();\n",
                pixels("width"),
                pixels("height")
            );
            plain(
                "player",
                StatusCode::OK,
                script,
                "text/javascript; charset=utf-8",
                None,
            )
        }
        Err(refusal) => *refusal,
    }
}

/// The [`source`] of a player that the third-party authentication admits. The player asks for the file with the same key.
async fn admitted_source(shared: &Shared, request: Request) -> Result<String, Box<Response>> {
    let url = source(shared, &request).map_err(|refusal| Box::new(refuse("player", refusal)))?;
    let query = Form::urlencoded(request.uri().query().unwrap_or_default());
    let video_id = query.number("vid").ok().flatten().unwrap_or_default();
    let access_key = query.text("access_key");
    third_party::check(shared, "player", video_id, access_key).await?;
    Ok(match access_key {
        Some(key) => with_query(&url, &[("access_key", key)]),
        None => url,
    })
}

/// Answers the flash address: no browser plays it any more, and neither does the emulator.
pub(crate) async fn flash() -> Response {
    refuse(
        "player",
        (StatusCode::GONE, "the emulator has no flash player"),
    )
}

/// A play URL for the best file, if the player token is good for this video.
fn source(shared: &Shared, request: &Request) -> Result<String, Refusal> {
    let query = Form::urlencoded(request.uri().query().unwrap_or_default());
    let video_id = query
        .required_number("vid")
        .map_err(|_| (StatusCode::BAD_REQUEST, "vid is missing"))?;
    let token = query.get("token").unwrap_or_default();
    let base = base_of(shared, request.headers());
    shared.baijiayun.with(|state| {
        let now_ms = shared.clock.now_ms();
        let known = state
            .player_tokens
            .get(token)
            .filter(|known| known.video_id == video_id);
        let known = known.ok_or((
            StatusCode::FORBIDDEN,
            "the token does not belong to this video",
        ))?;
        if known.expires_ms.is_some_and(|expires| now_ms >= expires) {
            return Err((StatusCode::FORBIDDEN, "the token has expired"));
        }
        let video = state
            .videos
            .get(&video_id)
            .ok_or((StatusCode::NOT_FOUND, "the video was deleted"))?;
        if video.blocked {
            return Err((StatusCode::FORBIDDEN, "the video is blocked"));
        }
        let playable = |file: &&Rendition| matches!(file.format.word(), "mp4" | "mp3");
        let file = video
            .renditions
            .iter()
            .filter(playable)
            .max_by_key(|file| file.definition != Definition::Audio);
        let file = file.filter(|_| video.status(now_ms) == Status::Done);
        let file = file.ok_or((
            StatusCode::NOT_FOUND,
            "the video has no file that a browser plays",
        ))?;
        let expires_ms = now_ms.saturating_add(12 * 3600 * 1000);
        Ok(format!(
            "{base}{}",
            play_path(state, video_id, *file, expires_ms)
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::super::state::Format;
    use super::*;

    #[test]
    fn an_address_lives_at_least_as_long_as_was_asked() {
        let state = State::new(&[]);
        let file = Rendition {
            definition: Definition::High,
            format: Format::Mp4,
        };
        for (asked, end) in [(1_700_000_000_001, 1_700_000_001_000), (5_000, 5_000)] {
            let path = play_path(&state, 7, file, asked);
            let parts: Vec<&str> = path.split(['/', '?']).collect();
            let at = |now_ms| find(&state, parts[2], parts[3], parts[4], now_ms).unwrap_err();
            // No video is there, which is looked at after the life.
            assert_eq!(
                at(end - 1),
                (StatusCode::NOT_FOUND, "the video was deleted")
            );
            assert_eq!(at(end), (StatusCode::FORBIDDEN, "the address has expired"));
        }
    }
}
