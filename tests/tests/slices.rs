//! Uploads to Baijiayun in slices, over both transports against the emulator: results must hold, wire logs must be equal.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::Request;
use vodkit_async::Async;
use vodkit_baijiayun::types::VideoStatus;
use vodkit_baijiayun::{
    Client, Comparison, Error, ErrorKind, FileInput, Journal, Limits, Note, ProgressSink,
    Timestamp, Transfer,
};
use vodkit_blocking::Blocking;
use vodkit_emulator::{Effect, Emulator};
use vodkit_request::flow::{Event, Flow as _, Keeper, Step};
use vodkit_request::transport::{AsyncTransport, BlockingTransport, FileFacts, Outgoing};
use vodkit_request::{Payload, Tick};
use vodkit_tests::recorded::Recorded;

const SLICE: u64 = 256 * 1024;
const DAY: Duration = Duration::from_secs(25 * 3600);

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

fn client<T>(emulator: &Emulator, transport: T, now: Timestamp) -> Client<Recorded<T>> {
    let account = emulator.baijiayun();
    Client::builder()
        .base_url(emulator.base_url())
        .partner_id(account.partner_id)
        .partner_key(account.partner_key.as_str())
        .build(Recorded::new(transport, now, emulator.base_url()))
        .expect("settings of the emulator")
}

/// Every byte value, longer than two slices.
fn film() -> Vec<u8> {
    (0..700_000_u32)
        .map(|i| (i % 251) as u8 ^ (i / 65_536) as u8)
        .collect()
}

/// MD5 of the [`film`], made with Python.
const FILM_MD5: &str = "2b714c9229d6006cfc2604e021dfc91e";

/// A journal in memory.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<Vec<u8>>>);

impl Kept {
    fn journal(self: &Arc<Self>) -> Journal {
        let records = self.0.lock().unwrap().clone();
        let keeper: Arc<dyn Keeper> = self.clone();
        Journal::resume(keeper, records).unwrap()
    }
}

impl Keeper for Kept {
    fn keep(&self, record: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().push(record.to_vec());
        Ok(())
    }
}

/// What the emulator stored of a video: offset and length of each stretch.
fn stored(emulator: &Emulator, id: u64) -> Vec<(u64, u64)> {
    let journal = emulator.journal();
    let effects = journal.iter().flat_map(|record| &record.effects);
    effects
        .filter_map(|effect| match effect {
            Effect::BytesStored {
                video_id,
                offset,
                length,
            } if *video_id == id => Some((*offset, *length)),
            _ => None,
        })
        .collect()
}

/// How often this was answered. A clock that is wrong is corrected by one refusal.
fn answered(emulator: &Emulator, operation: &str) -> usize {
    let journal = emulator.journal();
    let answered = journal.iter().filter(|record| {
        record.operation == Some(operation) && record.code.as_deref() == Some("0")
    });
    answered.count()
}

fn transfer(kept: &Arc<Kept>) -> Transfer {
    Transfer::new().part_size(SLICE).journal(kept.journal())
}

/// The first `bytes` bytes of a slice, as if the connection had broken after them.
fn cut(whole: &Outgoing, path: &Path, bytes: u64) -> Outgoing {
    let uri = whole.request.uri().clone();
    let request = Request::post(uri)
        .header("content-type", "application/octet-stream")
        .header(
            "content-range",
            format!("bytes {}-{}/700000", SLICE + 1, SLICE + bytes),
        )
        .body(Payload::file(path, SLICE..SLICE + bytes))
        .unwrap();
    Outgoing::new(request, Limits::transfer())
}

/// The story. `$go` sends a call, `$get` an exchange below the calls; what `$late` sends is in another log.
macro_rules! story {
    ($emulator:ident, $client:ident, $late:ident, $go:ident, $get:ident, $film:expr, $path:expr, $now:expr) => {{
        // In slices, each byte once and in order.
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::new(Mutex::new(Vec::<Note>::new()));
        let progress = Arc::clone(&seen);
        let kept = Arc::new(Kept::default());
        let uploaded = $go!($client.upload($path).transfer(transfer(&kept)).progress(
            ProgressSink::new(move |step| progress.lock().unwrap().push(step.sent))
        ))?;
        let id = uploaded.video_id;
        assert_eq!(
            (uploaded.bytes, uploaded.md5.as_deref()),
            (700_000, Some(FILM_MD5))
        );
        assert_eq!(
            stored(&$emulator, id),
            [(0, SLICE), (SLICE, SLICE), (2 * SLICE, 700_000 - 2 * SLICE)]
        );
        {
            let seen = seen.lock().unwrap();
            assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
            assert_eq!(seen.last(), Some(&700_000));
        }
        assert!(kept.journal().past().finished);
        $go!($client.wait_for_transcode(id, Duration::from_secs(30)))?;
        assert_eq!($go!($client.verify_upload(&uploaded))?, Comparison::Same);
        let mut other = uploaded.clone();
        other.md5 = Some("0".repeat(32));
        let error = $go!($client.verify_upload(&other)).unwrap_err();
        assert_eq!(
            (error.kind(), error.created()),
            (ErrorKind::Interrupted, Some(id.to_string().as_str()))
        );
        let play = $go!($client.get_url(id))?.play_info;
        let url = play.values().next().unwrap().url.clone().unwrap();
        let film = $get!(Outgoing::new(
            Request::get(url).body(Payload::empty()).unwrap(),
            Limits::transfer()
        ));
        assert!(film.body()[..] == $film[..], "other bytes are played");

        // A process dies inside its second slice, and another one goes on from there.
        let kept = Arc::new(Kept::default());
        let mut flow = $client.upload($path).transfer(transfer(&kept)).into_flow();
        let mut event = Event::Start;
        let mut slices = 0;
        while slices < 2 {
            let tick = Tick { now: $now, entropy: 7, ..Tick::default() };
            event = match flow.advance(tick, event)? {
                Step::Inspect(path) => Event::Inspected(
                    std::fs::metadata(path).and_then(|facts| FileFacts::from_metadata(&facts)),
                ),
                Step::Keep(entry) => Event::Kept(entry.write()),
                Step::Send(outgoing) => {
                    slices += usize::from(outgoing.request.headers().contains_key("content-range"));
                    let outgoing = if slices < 2 {
                        *outgoing
                    } else {
                        cut(&outgoing, $path, 100_001)
                    };
                    Event::Response($get!(outgoing))
                }
                other => panic!("{other:?}"),
            };
        }
        drop(flow);
        let video = kept.journal().past().video.clone().unwrap();
        assert_eq!(
            $go!($client.get_status(video.parse().unwrap()))?.status,
            VideoStatus::Uploading
        );
        let notes = Arc::clone(&sink);
        let uploaded = $go!(
            $client
                .upload($path)
                .transfer(transfer(&kept).notes(move |note| notes.lock().unwrap().push(note)))
        )?;
        assert_eq!(uploaded.video_id.to_string(), video);
        assert_eq!(uploaded.md5.as_deref(), Some(FILM_MD5));
        assert_eq!(
            *sink.lock().unwrap(),
            [Note::Resumed {
                bytes: SLICE + 100_001
            }]
        );
        assert_eq!(
            stored(&$emulator, uploaded.video_id)[2..],
            [
                (SLICE + 100_001, SLICE),
                (2 * SLICE + 100_001, 700_000 - 2 * SLICE - 100_001)
            ]
        );
        assert_eq!($go!($client.verify_upload(&uploaded))?, Comparison::Same);

        // The reply to the call that creates the video never came: the next run finds it.
        let kept = Arc::new(Kept::default());
        let mut flow = $client
            .upload($path)
            .named("lost.mp4")
            .transfer(transfer(&kept))
            .into_flow();
        let mut event = Event::Start;
        loop {
            let tick = Tick { now: $now, entropy: 7, ..Tick::default() };
            event = match flow.advance(tick, event)? {
                Step::Inspect(path) => Event::Inspected(
                    std::fs::metadata(path).and_then(|facts| FileFacts::from_metadata(&facts)),
                ),
                Step::Keep(entry) => Event::Kept(entry.write()),
                Step::Send(outgoing) => {
                    let _never_came = $get!(*outgoing);
                    break;
                }
                other => panic!("{other:?}"),
            };
        }
        drop(flow);
        let created = answered(&$emulator, "video/getUploadUrl");
        let uploaded = $go!(
            $client
                .upload($path)
                .named("lost.mp4")
                .transfer(transfer(&kept))
        )?;
        assert_eq!(answered(&$emulator, "video/getUploadUrl"), created);
        assert_eq!($go!($client.verify_upload(&uploaded))?, Comparison::Same);

        // An address that is over is asked for anew, for slices and for a form. What is dated by the emulator's clock is not compared.
        for (file, forms) in [
            (FileInput::path($path), 3),
            (FileInput::bytes("small.mp4", &$film[..1000]), 1),
        ] {
            let (clock, before) = (
                Arc::clone(&$emulator),
                answered(&$emulator, "video/getResumeUploadUrl"),
            );
            let uploaded = $go!(
                $late
                    .upload(file)
                    .transfer(Transfer::new().part_size(SLICE))
                    .created(move |_| clock.advance(DAY))
            )?;
            assert_eq!(answered(&$emulator, "video/getResumeUploadUrl"), before + 1);
            assert_eq!(stored(&$emulator, uploaded.video_id).len(), forms);
            assert_eq!($go!($late.verify_upload(&uploaded))?, Comparison::Same);
        }
        assert_eq!($go!($late.get_video_list())?.total, Some(5));
        Ok::<(), Error>(())
    }};
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_the_same_over_both_transports() {
    let (film, folder) = (film(), tempfile::tempdir().unwrap());
    let path = &folder.path().join("第一课 1.mp4");
    std::fs::write(path, &film).unwrap();
    let now = now();
    let blocking = {
        let emulator = emulator();
        let late = client(&emulator, Blocking::new().unwrap(), now);
        let client = client(&emulator, Blocking::new().unwrap(), now);
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
            (|| story!(emulator, client, late, go, get, film, path, now))();
        told.unwrap_or_else(|error| panic!("{error}\n{:#?}", client.transport().log().last()));
        client.transport().log()
    };
    let asynchronous = {
        let emulator = emulator();
        let late = client(&emulator, Async::new().unwrap(), now);
        let client = client(&emulator, Async::new().unwrap(), now);
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
            async { story!(emulator, client, late, go, get, film, path, now) }.await;
        told.unwrap_or_else(|error| panic!("{error}\n{:#?}", client.transport().log().last()));
        client.transport().log()
    };
    for (line, other) in blocking.iter().zip(&asynchronous) {
        assert_eq!(line, other);
    }
    assert_eq!(blocking.len(), asynchronous.len());
}
