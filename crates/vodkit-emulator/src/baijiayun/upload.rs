//! API 2, 3 and 4: upload addresses, and what is sent to them.
//!
//! The page knows one multipart post. Slices are what public clients of the vendor send: raw bytes with a `Content-Range` whose
//! positions count from one. // assumed: slices

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use axum::body::BodyDataStream;
use axum::extract::{Request, State as Shares};
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

use super::envelope::{self, Fault, NO_PATH, UPLOAD_FAILED};
use super::state::{Definition, Format, Rendition, Room, State, Video};
use super::{Call, definitions, formats};
use crate::blob::{Blob, Writer};
use crate::clock;
use crate::form::Form;
use crate::journal::Effect;
use crate::media;
use crate::outcome::{self, Becomes, Stage};
use crate::server::{Shared, json_response};

/// Milliseconds that an upload address lives. // assumed: upload-lifetime
const ADDRESS_LIFETIME_MS: i64 = 24 * 3600 * 1000;

/// API 2.
pub(super) fn get_upload_url(call: &mut Call<'_>) -> Result<Value, Fault> {
    let file_name = call.form.required("file_name")?.to_owned();
    let definitions = definitions(call.form)?;
    let mut formats =
        formats(call.form, "format", false)?.unwrap_or_else(|| Format::DEFAULT.to_vec());
    let audio = call.form.number("audio_with_view")?.unwrap_or(0) == 1;
    if call.form.number("encrypt")? == Some(1) {
        formats.push(Format::Encrypt); // assumed: encrypt
    }
    let wanted: BTreeSet<Rendition> = if audio {
        // assumed: audio
        BTreeSet::from([Rendition {
            definition: Definition::Audio,
            format: Format::Mp3,
        }])
    } else {
        let pair = |definition| {
            formats.iter().map(move |format| Rendition {
                definition,
                format: *format,
            })
        };
        definitions
            .iter()
            .flat_map(|definition| pair(*definition))
            .collect()
    };
    let id = call.state.next_id();
    let video = Video {
        id,
        owner: call.owner,
        name: title(&file_name).to_owned(),
        file_name,
        created_ms: call.now_ms,
        wanted,
        renditions: BTreeSet::new(),
        blob: None,
        stored: 0,
        announced: None,
        upload_deadline_ms: call.now_ms.saturating_add(ADDRESS_LIFETIME_MS),
        completed_ms: None,
        transcoded_ms: 0,
        decodable: false,
        playback_of: None,
        length: 0,
        md5: None,
        origin_deleted: false,
        blocked: false,
        category: None,
    };
    call.state.videos.insert(id, video);
    call.effects.push(Effect::VideoCreated { video_id: id });
    Ok(json!({ "video_id": id, "upload_url": address(call, id) }))
}

/// A video is named like its file without the ending. // assumed: video-name
fn title(file_name: &str) -> &str {
    match file_name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file_name,
    }
}

/// API 4. It also gives an upload that ran out of time another day.
pub(super) fn get_resume_upload_url(call: &mut Call<'_>) -> Result<Value, Fault> {
    let deadline = call.now_ms.saturating_add(ADDRESS_LIFETIME_MS);
    let video = call.video_mut()?;
    video.upload_deadline_ms = deadline;
    let (id, stored) = (video.id, video.stored);
    Ok(json!({ "video_id": id, "upload_url": address(call, id), "upload_size": stored }))
}

/// A fresh address; earlier ones stay valid until their own end. Always http. // assumed: use-https
fn address(call: &Call<'_>, id: u64) -> String {
    let mut issued = call.now_ms;
    // A fresh address is good, also within the millisecond of one that was ended.
    while call.state.ended_addresses.contains(&(id, issued)) {
        issued += 1;
    }
    let token = call.state.seal(&upload_text(id, issued));
    format!("{}/upload?fid={id}&ts={issued}&token={token}", call.base)
}

/// Ends the upload address that a request goes to before its time. Whether it was good until now.
pub(crate) fn expire_address(shared: &Shared, uri: &Uri) -> bool {
    let query = Form::urlencoded(uri.query().unwrap_or_default());
    match admit(shared, &Method::POST, &query) {
        Ok(id) => shared.baijiayun.with(|state| {
            let issued = query
                .required_number("ts")
                .ok()
                .and_then(|ts| i64::try_from(ts).ok());
            issued.is_some_and(|issued| state.ended_addresses.insert((id, issued)))
        }),
        Err(_) => false,
    }
}

fn upload_text(id: u64, ts: i64) -> String {
    format!("upload|{id}|{ts}")
}

/// API 3: answers the upload address.
pub(crate) async fn receive(Shares(shared): Shares<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let query = Form::urlencoded(parts.uri.query().unwrap_or_default());
    let mut stream = body.into_data_stream();
    let mut effects = Vec::new();
    let outcome = match admit(&shared, &parts.method, &query) {
        Ok(id) => store(&shared, id, &parts.headers, &mut stream, &mut effects).await,
        Err(fault) => Err(fault),
    };
    if outcome.is_err() {
        // A refusal that overtakes the body would reach the sender as a broken connection.
        while let Some(Ok(_)) = stream.frame().await {}
    }
    let body = envelope::upload_reply(&outcome);
    json_response(
        StatusCode::OK,
        &body,
        envelope::outcome("upload", &outcome, envelope::UPLOADED, effects, None),
    )
}

fn refused(message: impl Into<String>) -> Fault {
    Fault::new(UPLOAD_FAILED, message).assumed("upload-refusal")
}

/// Checks the address and finds the video.
fn admit(shared: &Shared, method: &Method, query: &Form) -> Result<u64, Fault> {
    if method != Method::POST {
        return Err(Fault::new(NO_PATH, format!("{method} is not POST")).assumed("wrong-method"));
    }
    let id = query.required_number("fid")?;
    let ts = query.required_number("ts")?;
    let token = query.required("token")?;
    let issued = i64::try_from(ts).map_err(|_| Fault::parameter("ts", "is not a time"))?;
    shared.baijiayun.with(|state| {
        if state.seal(&upload_text(id, issued)) != token {
            return Err(refused("the token does not belong to this fid and ts"));
        }
        if shared.clock.now_ms() > issued.saturating_add(ADDRESS_LIFETIME_MS)
            || state.ended_addresses.contains(&(id, issued))
        {
            return Err(refused(
                "the upload address has expired; call getResumeUploadUrl for a fresh one",
            ));
        }
        if !state.videos.contains_key(&id) {
            return Err(Fault::no_video(id));
        }
        Ok(id)
    })
}

async fn store(
    shared: &Arc<Shared>,
    id: u64,
    headers: &HeaderMap,
    stream: &mut BodyDataStream,
    effects: &mut Vec<Effect>,
) -> Result<(), Fault> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &http::HeaderValue| value.to_str().ok())
    };
    match (
        text(header::CONTENT_RANGE),
        multer::parse_boundary(text(header::CONTENT_TYPE).unwrap_or_default()),
    ) {
        (Some(range), _) => {
            let slice = Slice::parse(range)?;
            if let Some(length) =
                text(header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok())
                && length != slice.length()
            {
                return Err(refused(format!(
                    "Content-Length is {length} but Content-Range spans {}",
                    slice.length()
                )));
            }
            store_slice(shared, id, slice, stream, effects).await
        }
        (None, Ok(boundary)) => store_form(shared, id, boundary, stream, effects).await,
        // assumed: raw-body
        (None, Err(_)) => Err(refused(
            "the body is neither multipart/form-data nor a slice with Content-Range",
        )),
    }
}

/// `bytes F-L/T`, both positions counted from one and both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slice {
    first: u64,
    last: u64,
    total: u64,
}

impl Slice {
    fn parse(text: &str) -> Result<Self, Fault> {
        let malformed = || refused("Content-Range is not of the form: bytes F-L/T");
        let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
            true => text.parse::<u64>().map_err(|_| malformed()),
            false => Err(malformed()),
        };
        let (span, total) = text
            .trim()
            .strip_prefix("bytes ")
            .and_then(|rest| rest.split_once('/'))
            .ok_or_else(malformed)?;
        let (first, last) = span.split_once('-').ok_or_else(malformed)?;
        let slice = Self {
            first: number(first)?,
            last: number(last)?,
            total: number(total)?,
        };
        match slice {
            Self { first: 0, .. } => Err(refused(
                "Content-Range starts at 0, but its positions count from one",
            )),
            Self { first, last, total } if first > last || last > total => Err(refused(format!(
                "Content-Range {first}-{last}/{total} is not in order"
            ))),
            _ => Ok(slice),
        }
    }

    fn offset(self) -> u64 {
        self.first - 1
    }

    fn length(self) -> u64 {
        self.last - self.first + 1
    }
}

/// Where the bytes of a slice go.
enum Place {
    File(Arc<Blob>, Writer),
    /// The source is complete: the bytes are a repetition whose first reply got lost. // assumed: repeated-slice
    Nowhere,
}

async fn store_slice(
    shared: &Arc<Shared>,
    id: u64,
    slice: Slice,
    stream: &mut BodyDataStream,
    effects: &mut Vec<Effect>,
) -> Result<(), Fault> {
    let place = shared.baijiayun.with(|state| place_for(state, id, slice))?;
    let (mut writer, blob) = match place {
        Place::File(blob, writer) => (Some(writer), Some(blob)),
        Place::Nowhere => (None, None),
    };
    let mut received = 0;
    let outcome = loop {
        let data = match next(stream).await {
            Ok(Some(data)) => data,
            Ok(None) => break Ok(()),
            Err(fault) => break Err(fault),
        };
        let room = slice.length() - received;
        let fits = data.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        if let Some(writer) = &mut writer {
            writer.write(&data[..fits]).map_err(storage_failed)?;
        }
        received += fits as u64;
        if let Some(blob) = &blob {
            // What arrived stays, also when the connection breaks later. // assumed: partial-slice
            shared
                .baijiayun
                .with(|state| grow(state, id, blob, slice, received));
        }
        if fits < data.len() {
            break Err(refused(format!(
                "the body is longer than the {} bytes of Content-Range",
                slice.length()
            )));
        }
    };
    if writer.is_some() && received > 0 {
        effects.push(Effect::BytesStored {
            video_id: id,
            offset: slice.offset(),
            length: received,
        });
    }
    outcome?;
    if received < slice.length() {
        return Err(refused(format!(
            "{received} bytes came, Content-Range spans {}",
            slice.length()
        )));
    }
    let Some(blob) = blob else { return Ok(()) };
    shared.baijiayun.with(|state| {
        let now_ms = shared.clock.now_ms();
        let State {
            videos, outcomes, ..
        } = state;
        match videos.get_mut(&id).filter(|video| holds(video, &blob)) {
            None => Err(Fault::no_video(id)),
            Some(video) if video.stored == slice.total && video.completed_ms.is_none() => {
                complete(
                    video,
                    outcomes,
                    now_ms,
                    clock::millis(shared.settings.transcode_time),
                    effects,
                );
                Ok(())
            }
            Some(_) => Ok(()),
        }
    })
}

fn place_for(state: &mut State, id: u64, slice: Slice) -> Result<Place, Fault> {
    let video = state
        .videos
        .get_mut(&id)
        .ok_or_else(|| Fault::no_video(id))?;
    if video.completed_ms.is_some() {
        return match slice.total == video.stored {
            true => Ok(Place::Nowhere),
            false => Err(refused("the upload is complete with another size")),
        };
    }
    if let Some(announced) = video
        .announced
        .filter(|announced| *announced != slice.total)
    {
        return Err(refused(format!(
            "an earlier slice announced {announced} bytes, this one {}",
            slice.total
        )));
    }
    if slice.offset() > video.stored {
        return Err(refused(format!(
            "{} bytes are stored, so the next slice starts at {} or before, not at {}",
            video.stored,
            video.stored + 1,
            slice.first
        )));
    }
    let blob = match &video.blob {
        Some(blob) => Arc::clone(blob),
        None => Arc::clone(
            video
                .blob
                .insert(Arc::new(Blob::create().map_err(storage_failed)?)),
        ),
    };
    let writer = blob.writer_at(slice.offset()).map_err(storage_failed)?;
    Ok(Place::File(blob, writer))
}

fn holds(video: &Video, blob: &Arc<Blob>) -> bool {
    video
        .blob
        .as_ref()
        .is_some_and(|have| Arc::ptr_eq(have, blob))
}

/// Takes note of what arrived of a slice so far.
fn grow(state: &mut State, id: u64, blob: &Arc<Blob>, slice: Slice, received: u64) {
    if let Some(video) = state.videos.get_mut(&id).filter(|video| holds(video, blob)) {
        video.stored = video.stored.max(slice.offset() + received);
        video.announced.get_or_insert(slice.total);
    }
}

/// One multipart post with one file part of any name. Nothing is kept of a post that breaks. // assumed: broken-post
async fn store_form(
    shared: &Arc<Shared>,
    id: u64,
    boundary: String,
    stream: &mut BodyDataStream,
    effects: &mut Vec<Effect>,
) -> Result<(), Fault> {
    let broken = |error: multer::Error| refused(format!("multipart body: {error}"));
    let blob = Arc::new(Blob::create().map_err(storage_failed)?);
    let mut size = None;
    let mut parts = multer::Multipart::new(stream, boundary);
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        if part.file_name().is_none() {
            continue;
        }
        if size.is_some() {
            return Err(refused("more than one file part"));
        }
        let mut writer = blob.writer_at(0).map_err(storage_failed)?;
        let mut written = 0;
        while let Some(data) = part.chunk().await.map_err(broken)? {
            writer.write(&data).map_err(storage_failed)?;
            written += data.len() as u64;
        }
        size = Some(written);
    }
    let size = size.ok_or_else(|| refused("no file part"))?;
    shared.baijiayun.with(|state| {
        let State {
            videos, outcomes, ..
        } = state;
        let video = videos.get_mut(&id).ok_or_else(|| Fault::no_video(id))?;
        if video.completed_ms.is_some() {
            return Err(refused("the upload is already complete"));
        }
        video.blob = Some(blob);
        video.stored = size;
        effects.push(Effect::BytesStored {
            video_id: id,
            offset: 0,
            length: size,
        });
        complete(
            video,
            outcomes,
            shared.clock.now_ms(),
            clock::millis(shared.settings.transcode_time),
            effects,
        );
        Ok(())
    })
}

/// From here on the clock decides: transcoding, then done, or failed for what cannot be decoded. // assumed: undecodable
fn complete(
    video: &mut Video,
    outcomes: &mut outcome::Registry,
    now_ms: i64,
    transcode_ms: i64,
    effects: &mut Vec<Effect>,
) {
    video.completed_ms = Some(now_ms);
    video.transcoded_ms = now_ms.saturating_add(transcode_ms);
    let id = video.id.to_string();
    video.decodable = video.stored > 0
        && media::is_supported(&video.file_name)
        && outcomes.take(Stage::Transcoding, &id).is_none();
    video.playback_of = match outcomes.take(Stage::Origin, &id) {
        Some(Becomes::Playback {
            room_id,
            session_id,
        }) => Some(Room {
            id: room_id,
            session: session_id,
        }),
        _ => None,
    };
    video.renditions = video.wanted.clone();
    video.length = match video.blob.as_ref().map(|blob| blob.open_at(0)) {
        Some(Ok(mut file)) => media::duration_seconds(&mut file, video.stored),
        _ => 0,
    };
    effects.push(Effect::UploadCompleted {
        video_id: video.id,
        size: video.stored,
    });
    effects.push(Effect::TranscodeStarted { video_id: video.id });
}

async fn next(stream: &mut BodyDataStream) -> Result<Option<Bytes>, Fault> {
    loop {
        match stream.frame().await {
            None => return Ok(None),
            Some(Err(error)) => return Err(refused(format!("the body broke off: {error}"))),
            // Trailers carry no bytes.
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) => return Ok(Some(data)),
                Err(_) => continue,
            },
        }
    }
}

fn storage_failed(error: io::Error) -> Fault {
    Fault::new(
        UPLOAD_FAILED,
        format!("the emulator could not store the bytes: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_count_from_one_and_include_both_ends() {
        let slice = Slice::parse("bytes 1-10/20").unwrap();
        assert_eq!((slice.offset(), slice.length(), slice.total), (0, 10, 20));
        let slice = Slice::parse("bytes 20-20/20").unwrap();
        assert_eq!((slice.offset(), slice.length()), (19, 1));
        let wide = format!("bytes 1-{0}/{0}", u64::MAX);
        assert_eq!(Slice::parse(&wide).unwrap().length(), u64::MAX);
    }

    #[test]
    fn other_ranges_are_refused() {
        for text in [
            "bytes 0-9/20",
            "bytes 11-10/20",
            "bytes 11-21/20",
            "bytes 1-10/*",
            "bytes */20",
            "bytes 1-10",
            "1-10/20",
            "bytes +1-10/20",
            "bytes -/",
            "",
        ] {
            assert_eq!(
                Slice::parse(text).unwrap_err().code,
                UPLOAD_FAILED,
                "{text}"
            );
        }
        assert!(
            Slice::parse("bytes 0-9/20")
                .unwrap_err()
                .message
                .contains("count from one")
        );
    }

    #[test]
    fn titles_lose_the_ending() {
        assert_eq!(title("课 1.final.mp4"), "课 1.final");
        assert_eq!(title("film"), "film");
        assert_eq!(title(".mp4"), ".mp4");
    }
}
