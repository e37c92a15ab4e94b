//! The uploads whose files go to an object storage, over both transports against the emulator: results must hold, wire logs must be equal.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{Request, StatusCode};
use vodkit_async::Async;
use vodkit_blocking::Blocking;
use vodkit_emulator::Emulator;
use vodkit_polyv::types::{Switch, VideoStatus};
use vodkit_request::transport::{AsyncTransport, BlockingTransport, Outgoing};
use vodkit_request::types::FileInput;
use vodkit_request::{Error, ErrorKind, Limits, Payload, ProgressSink, Timestamp};
use vodkit_tests::recorded::Recorded;

const HOUR: Duration = Duration::from_secs(3600);
const COVER: &str = "https://img.example.test/1.jpg";

fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    Timestamp(since.as_secs() as i64 * 1000)
}

fn emulator() -> Arc<Emulator> {
    let emulator = Emulator::builder().transcode_time(Duration::ZERO);
    Arc::new(emulator.start().expect("a free port"))
}

fn polyv<T>(
    emulator: &Emulator,
    transport: T,
    now: Timestamp,
) -> vodkit_polyv::Client<Recorded<T>> {
    vodkit_polyv::Client::builder()
        .user_id(emulator.polyv().user_id.as_str())
        .secret_key(emulator.polyv().secret_key.as_str())
        .base_url(emulator.base_url())
        .build(Recorded::new(transport, now, emulator.base_url()))
        .expect("settings of the emulator")
}

fn quvideo<T>(
    emulator: &Emulator,
    transport: T,
    now: Timestamp,
) -> vodkit_quvideo::Client<Recorded<T>> {
    vodkit_quvideo::Client::builder()
        .token(vodkit_emulator::quvideo::DEFAULT_TOKEN)
        .base_url(emulator.base_url())
        .build(Recorded::new(transport, now, emulator.base_url()))
        .expect("settings of the emulator")
}

fn download(url: &str, range: Option<&'static str>) -> Outgoing {
    let mut request = Request::get(url);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    Outgoing::new(
        request.body(Payload::empty()).expect("a play URL"),
        Limits::transfer(),
    )
}

/// Every byte value, longer than one step of the transports.
fn film() -> Vec<u8> {
    (0..700_000_u32)
        .map(|i| (i % 251) as u8 ^ (i / 65_536) as u8)
        .collect()
}

/// MD5 of the [`film`], made with Python.
const FILM_MD5: &str = "2b714c9229d6006cfc2604e021dfc91e";

/// How often the emulator was asked for this.
fn asked(emulator: &Emulator, operation: &str) -> usize {
    let journal = emulator.journal();
    journal
        .iter()
        .filter(|record| record.operation == Some(operation))
        .count()
}

/// Counts what an upload tells of its progress: the last report, and whether they only grew.
fn watched() -> (ProgressSink, Arc<Mutex<(u64, bool)>>) {
    let seen = Arc::new(Mutex::new((0, true)));
    let sink = Arc::clone(&seen);
    let sink = ProgressSink::new(move |progress| {
        let (last, grows) = &mut *sink.lock().unwrap();
        *grows &= progress.sent >= *last;
        *last = progress.sent;
    });
    (sink, seen)
}

/// Plays what is at an address, whole and in part.
macro_rules! plays {
    ($get:ident, $url:expr, $film:expr) => {{
        let whole = $get!(download($url, None));
        assert_eq!(whole.status(), StatusCode::OK);
        assert!(whole.body()[..] == $film[..], "other bytes are played");
        let part = $get!(download($url, Some("bytes=300000-400000")));
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
        assert!(part.body()[..] == $film[300_000..=400_000]);
    }};
}

/// Polyv's story. `$go` sends a call, `$get` an exchange below the calls.
macro_rules! of_polyv {
    ($emulator:ident, $client:ident, $late:ident, $go:ident, $get:ident, $film:expr, $path:expr) => {{
        let (sink, seen) = watched();
        let cataid = $go!($client.add_category("课程", "1"))?.cataid;
        let uploaded = $go!(
            $client
                .upload($path)
                .title("第一课 a&b")
                .order(|order| order.cataid(cataid.clone()).tag("生物"))
                .progress(sink)
        )?;
        assert_eq!(uploaded.bytes, $film.len() as u64);
        assert_eq!(*seen.lock().unwrap(), (uploaded.bytes, true));
        assert!(
            uploaded
                .stored
                .etag
                .as_deref()
                .is_some_and(|tag| tag.eq_ignore_ascii_case(FILM_MD5))
        );
        let video = $go!($client.get_video(uploaded.vid.as_str()))?.remove(0);
        assert_eq!(video.status, VideoStatus::Published61);
        assert_eq!(video.title.as_deref(), Some("第一课 a&b"));
        assert_eq!(
            (video.tag.as_deref(), video.cataid),
            (Some("生物"), Some(cataid))
        );
        assert_eq!(video.md5checksum.as_deref(), Some(FILM_MD5));
        assert_eq!(video.source_filesize, Some(uploaded.bytes));
        plays!($get, video.mp4.as_deref().unwrap(), $film);

        // Keys that end on the way are renewed once; from memory, so the digests are compared.
        let clock = Arc::clone(&$emulator);
        let bytes = FileInput::bytes("two.mp4", &$film[..1000]);
        let second = $go!(
            $client
                .upload(bytes)
                .order(|order| order.keepsource(Switch::On))
                .created(move |_| clock.advance(2 * HOUR))
        )?;
        assert_eq!(asked(&$emulator, "uploadvideo/token"), 1);
        let video = $go!($client.get_video(second.vid.as_str()))?.remove(0);
        assert_eq!(video.status, VideoStatus::Published);

        // A clock that is wrong is corrected by the vendor's, before the storage sees a date.
        let before = asked(&$emulator, "PutObject");
        $go!($late.upload(FileInput::bytes("three.mp4", *b"three")))?;
        assert_eq!(asked(&$emulator, "PutObject"), before + 1);

        // What cannot be uploaded leaves no trace.
        let before = asked(&$emulator, "uploadvideo/init");
        let folder = $path.parent().unwrap();
        for (file, words) in [
            (FileInput::path(folder.join("none.mp4")), "no such file"),
            (FileInput::path(folder), "directory"),
            (FileInput::bytes("empty.mp4", *b""), "empty"),
        ] {
            let error = $go!($client.upload(file)).unwrap_err();
            assert_eq!(
                (error.kind(), error.created()),
                (ErrorKind::LocalFile, None)
            );
            assert!(error.to_string().contains(words), "{error}");
        }
        assert_eq!(asked(&$emulator, "uploadvideo/init"), before);
        let found = $go!($client.list_new_videos())?;
        assert_eq!(found.contents.len(), 4);
        Ok::<(), Error>(())
    }};
}

/// QuVideo's story.
macro_rules! of_quvideo {
    ($emulator:ident, $client:ident, $late:ident, $go:ident, $get:ident, $film:expr, $path:expr) => {{
        let (sink, seen) = watched();
        let uploaded = $go!(
            $client
                .upload($path)
                .title("第一课 a&b")
                .cover_url(COVER)
                .progress(sink)
        )?;
        assert_eq!(uploaded.bytes, $film.len() as u64);
        assert_eq!(*seen.lock().unwrap(), (uploaded.bytes, true));
        assert!(
            uploaded
                .stored
                .etag
                .as_deref()
                .is_some_and(|tag| tag.eq_ignore_ascii_case(FILM_MD5))
        );
        let video = $go!($client.get_personal_video_list(1, 20))?
            .video_list
            .remove(0);
        assert_eq!(video.video_id.as_deref(), Some(uploaded.video_id.as_str()));
        assert_eq!(
            (video.title.as_deref(), video.cover_url.as_deref()),
            (Some("第一课 a&b"), Some(COVER))
        );
        assert_eq!(video.size, Some(uploaded.bytes));
        plays!($get, &video.file_url_list[0], $film);

        let clock = Arc::clone(&$emulator);
        let bytes = FileInput::bytes("two.mp4", &$film[..1000]);
        let second = $go!(
            $client
                .upload(bytes)
                .cover_url(COVER)
                .created(move |_| clock.advance(2 * HOUR))
        )?;
        assert_eq!(asked(&$emulator, "vod/refreshVideoUploadAuth"), 1);
        let list = $go!($client.get_personal_video_list(1, 20))?.video_list;
        assert_eq!(list[0].video_id.as_deref(), Some(second.video_id.as_str()));

        let before = asked(&$emulator, "PutObject");
        $go!(
            $late
                .upload(FileInput::bytes("three.mp4", *b"three"))
                .unpublished()
        )?;
        assert_eq!(asked(&$emulator, "PutObject"), before + 1);
        assert_eq!($go!($client.get_personal_video_list(1, 20))?.total, 2);

        let before = asked(&$emulator, "vod/getVideoUploadAuth");
        let folder = $path.parent().unwrap();
        for (file, words) in [
            (FileInput::path(folder.join("none.mp4")), "no such file"),
            (FileInput::path(folder), "directory"),
            (FileInput::bytes("empty.mp4", *b""), "empty"),
        ] {
            let error = $go!($client.upload(file).cover_url(COVER)).unwrap_err();
            assert_eq!(
                (error.kind(), error.created()),
                (ErrorKind::LocalFile, None)
            );
            assert!(error.to_string().contains(words), "{error}");
        }
        let uncovered = $go!($client.upload($path)).unwrap_err();
        assert_eq!(uncovered.kind(), ErrorKind::InvalidInput);
        assert_eq!(asked(&$emulator, "vod/getVideoUploadAuth"), before);
        Ok::<(), Error>(())
    }};
}

/// What the emulators make up anew: the keys, whose base64 has letters that end a run, and signatures over new ids. And the moments of clients
/// that have learnt the server's clock, which moves between the two runs.
fn masked(log: Vec<String>) -> Vec<String> {
    const SECRETS: [&str; 7] = [
        "ptime=",
        "\"uploadAuth\":\"",
        "\"uploadAddress\":\"",
        "\"accessId\":\"",
        "\"accessKey\":\"",
        "\"token\":\"",
        "sign=",
    ];
    let mask = |mut line: String| {
        for name in SECRETS {
            let Some(at) = line.find(name) else { continue };
            let begin = at + name.len();
            let length = line[begin..]
                .find(['"', '&', ' '])
                .unwrap_or(line.len() - begin);
            line.replace_range(begin..begin + length, "MASKED");
        }
        line
    };
    log.into_iter().map(mask).collect()
}

/// Tells a story over both transports.
macro_rules! told_twice {
    ($story:ident, $client:ident, $film:ident, $path:ident) => {{
        let now = now();
        // An hour behind the emulator.
        let past = Timestamp(now.0 - 3_600_000);
        let blocking = {
            let emulator = emulator();
            let (client, late) = (
                $client(&emulator, Blocking::new().unwrap(), now),
                $client(&emulator, Blocking::new().unwrap(), past),
            );
            macro_rules! go {
                ($call:expr) => {
                    $call.send()
                };
            }
            macro_rules! get {
                ($outgoing:expr) => {
                    BlockingTransport::send(client.transport(), $outgoing).unwrap()
                };
            }
            let told: Result<(), Error> =
                (|| $story!(emulator, client, late, go, get, $film, $path))();
            told.unwrap_or_else(|error| panic!("{error}\n{:#?}", client.transport().log().last()));
            [client.transport().log(), late.transport().log()].concat()
        };
        let asynchronous = {
            let emulator = emulator();
            let (client, late) = (
                $client(&emulator, Async::new().unwrap(), now),
                $client(&emulator, Async::new().unwrap(), past),
            );
            macro_rules! go {
                ($call:expr) => {
                    $call.await
                };
            }
            macro_rules! get {
                ($outgoing:expr) => {
                    AsyncTransport::send(client.transport(), $outgoing)
                        .await
                        .unwrap()
                };
            }
            let told: Result<(), Error> =
                async { $story!(emulator, client, late, go, get, $film, $path) }.await;
            told.unwrap_or_else(|error| panic!("{error}\n{:#?}", client.transport().log().last()));
            [client.transport().log(), late.transport().log()].concat()
        };
        let (blocking, asynchronous) = (masked(blocking), masked(asynchronous));
        for (line, other) in blocking.iter().zip(&asynchronous) {
            assert_eq!(line, other);
        }
        assert_eq!(blocking.len(), asynchronous.len());
    }};
}

fn stored(folder: &Path, film: &[u8]) -> std::path::PathBuf {
    let path = folder.join("第一课 1.mp4");
    std::fs::write(&path, film).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn polyvs_story_is_the_same_over_both_transports() {
    let (film, folder) = (film(), tempfile::tempdir().unwrap());
    let path = &stored(folder.path(), &film);
    told_twice!(of_polyv, polyv, film, path);
}

#[tokio::test(flavor = "multi_thread")]
async fn quvideos_story_is_the_same_over_both_transports() {
    let (film, folder) = (film(), tempfile::tempdir().unwrap());
    let path = &stored(folder.path(), &film);
    told_twice!(of_quvideo, quvideo, film, path);
}
