//! Uploads in parts to the object storage, over both transports against the emulator: stopped, gone on with, given up.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use vodkit_async::Async;
use vodkit_blocking::Blocking;
use vodkit_emulator::Emulator;
use vodkit_emulator::fault::{Answer, Fault};
use vodkit_polyv::{Journal, Keeper, Note, Transfer};
use vodkit_request::types::FileInput;
use vodkit_request::{Error, ErrorKind, Timestamp};
use vodkit_tests::recorded::Recorded;

const HOUR: Duration = Duration::from_secs(3600);
/// The least part that the storage takes.
const PART: u64 = 100 << 10;

fn emulator() -> Arc<Emulator> {
    let emulator = Emulator::builder().transcode_time(Duration::ZERO);
    Arc::new(emulator.start().expect("a free port"))
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("a clock after 1970");
    Timestamp(since.as_secs() as i64 * 1000)
}

fn polyv<T>(emulator: &Emulator, transport: T) -> vodkit_polyv::Client<T> {
    vodkit_polyv::Client::builder()
        .user_id(emulator.polyv().user_id.as_str())
        .secret_key(emulator.polyv().secret_key.as_str())
        .base_url(emulator.base_url())
        .build(transport)
        .expect("settings of the emulator")
}

fn quvideo<T>(emulator: &Emulator, transport: T) -> vodkit_quvideo::Client<T> {
    vodkit_quvideo::Client::builder()
        .token(vodkit_emulator::quvideo::DEFAULT_TOKEN)
        .base_url(emulator.base_url())
        .build(transport)
        .expect("settings of the emulator")
}

/// Every byte value; seven parts, the last of them short.
fn film() -> Vec<u8> {
    (0..620_000_u32)
        .map(|i| (i % 251) as u8 ^ (i / 65_536) as u8)
        .collect()
}

/// How often the emulator was asked for this.
fn asked(emulator: &Emulator, operation: &str) -> usize {
    let journal = emulator.journal();
    journal
        .iter()
        .filter(|record| record.operation == Some(operation))
        .count()
}

type Then = Box<dyn Fn(usize) -> io::Result<()> + Send + Sync>;

/// Keeps records, and does something with each part that arrives.
struct Records {
    kept: Mutex<Vec<Vec<u8>>>,
    at_part: Mutex<Then>,
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Records")
    }
}

impl Keeper for Records {
    fn keep(&self, record: &[u8]) -> io::Result<()> {
        let mut kept = self.kept.lock().unwrap();
        let is_part = |record: &[u8]| String::from_utf8_lossy(record).contains("\"mark\":\"part\"");
        if is_part(record) {
            let parts = kept.iter().filter(|record| is_part(record)).count();
            (self.at_part.lock().unwrap())(parts + 1)?;
        }
        kept.push(record.to_vec());
        Ok(())
    }
}

impl Records {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            kept: Mutex::default(),
            at_part: Mutex::new(Box::new(|_| Ok(()))),
        })
    }

    fn at_part(&self, then: impl Fn(usize) -> io::Result<()> + Send + Sync + 'static) {
        *self.at_part.lock().unwrap() = Box::new(then);
    }

    /// The disk is full at this part.
    fn full_at(&self, number: usize) {
        self.at_part(move |part| match part {
            _ if part == number => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        });
    }

    fn journal(self: &Arc<Self>) -> Journal {
        let kept = self.kept.lock().unwrap().clone();
        Journal::resume(self.clone(), kept).unwrap()
    }
}

/// How the file is sent here, and what is told meanwhile.
fn settings(records: &Arc<Records>, lanes: usize) -> (Transfer, Arc<Mutex<Vec<Note>>>) {
    let notes = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&notes);
    let transfer = Transfer::new()
        .part_size(PART)
        .lanes(lanes)
        .journal(records.journal())
        .notes(move |note| sink.lock().unwrap().push(note));
    (transfer, notes)
}

/// The story of both vendors: `$set` are further settings, `$id` reads the id, `$renew` is the call that renews keys.
macro_rules! story {
    ($emulator:ident, $client:ident, $lanes:expr, $go:ident, [$($set:tt)*], $id:ident, $renew:expr, $path:expr) => {{
        let count = |operation| asked(&$emulator, operation);

        // The disk is full at the fourth part: three are there, and the upload says how to go on.
        let records = Records::new();
        records.full_at(4);
        let (transfer, _) = settings(&records, $lanes);
        let error = $go!($client.upload($path)$($set)*.transfer(transfer)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Journal);
        assert!(
            error
                .to_string()
                .ends_with("307200 of 620000 bytes are stored. Run it again with the same journal, and it goes on from there"),
            "{error}"
        );
        let created = error.created().unwrap().to_owned();
        assert_eq!(count("InitiateMultipartUpload"), 1);
        let sent = count("UploadPart");
        assert!((4..4 + $lanes).contains(&sent), "{sent} parts");

        // The next process sends the four that no journal tells of. The keys end meanwhile, and are renewed.
        let clock = Arc::clone(&$emulator);
        records.at_part(move |part| {
            if part == 5 {
                clock.advance(2 * HOUR);
            }
            Ok(())
        });
        let renewed = count($renew);
        let (transfer, notes) = settings(&records, $lanes);
        let uploaded = $go!($client.upload($path)$($set)*.transfer(transfer))?;
        assert_eq!(uploaded.$id, created);
        assert_eq!(uploaded.bytes, 620_000);
        assert_eq!(
            *notes.lock().unwrap(),
            [Note::Resumed { bytes: 3 * PART }, Note::Renewed]
        );
        assert_eq!(count("ListParts"), 1);
        // With several at once it may be this request that the old keys are refused for.
        assert!((1..=$lanes.min(2)).contains(&count("CompleteMultipartUpload")));
        assert!(count($renew) > renewed);
        let again = count("UploadPart") - sent;
        // Those that were refused with the old keys left once more.
        assert!((4..=4 + $lanes).contains(&again), "{again} parts");

        // Once more, it is done.
        let before = $emulator.journal().len();
        let (transfer, _) = settings(&records, $lanes);
        let same = $go!($client.upload($path)$($set)*.transfer(transfer))?;
        assert_eq!(same, uploaded);
        assert_eq!($emulator.journal().len(), before);

        // Another one is given up.
        let records = Records::new();
        records.full_at(2);
        let (transfer, _) = settings(&records, $lanes);
        let error = $go!($client.upload($path)$($set)*.transfer(transfer)).unwrap_err();
        let abandoned = $go!($client.abandon_upload(records.journal()))?;
        assert!(abandoned.aborted);
        assert_eq!(abandoned.video.as_deref(), error.created());
        assert_eq!(count("AbortMultipartUpload"), 1);
        // There is nothing left of it at the storage.
        let nothing = $go!($client.abandon_upload(records.journal()))?;
        assert!(!nothing.aborted);
        let all = records.kept.lock().unwrap().concat();
        let all = String::from_utf8(all).unwrap();
        for secret in [vodkit_emulator::quvideo::DEFAULT_TOKEN, "STS.", "http"] {
            let account = format!("\"account\":\"{}\"", $emulator.base_url());
            assert!(!all.replace(&account, "").contains(secret), "{secret}: {all}");
        }
        Ok::<_, Error>(uploaded)
    }};
}

/// What the emulator makes up: the log of one transport is compared with that of the other.
fn masked(log: Vec<String>) -> Vec<String> {
    // The clock was moved, so the corrected one may show the next second.
    const SECRETS: [&str; 11] = [
        "ptime=",
        "[date: ",
        "coverURL=",
        "\"uploadAuth\":\"",
        "\"uploadAddress\":\"",
        "\"accessId\":\"",
        "\"accessKey\":\"",
        "\"token\":\"",
        "\"imageURL\":\"",
        "coverUrl=",
        "sign=",
    ];
    let mask = |mut line: String| {
        for name in SECRETS {
            let Some(at) = line.find(name) else { continue };
            let begin = at + name.len();
            let length = line[begin..]
                .find(['"', '&', ']'])
                .unwrap_or(line.len() - begin);
            line.replace_range(begin..begin + length, "SECRET");
        }
        line
    };
    log.into_iter().map(mask).collect()
}

/// Tells the story over the transport that `$wrap` makes of one, blocking and async; gives both clients.
macro_rules! told_twice {
    ($client:ident, $lanes:expr, [$($set:tt)*], $id:ident, $renew:expr, $check:ident, $wrap:ident) => {{
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("第一课 1.mp4");
        std::fs::write(&path, film()).unwrap();
        let path = path.as_path();
        let blocking = {
            let emulator = emulator();
            let client = $client(&emulator, $wrap!(Blocking::new().unwrap(), emulator));
            macro_rules! go {
                ($call:expr) => {
                    $call.send()
                };
            }
            let told: Result<_, Error> =
                (|| story!(emulator, client, $lanes, go, [$($set)*], $id, $renew, path))();
            let uploaded = told.unwrap_or_else(|error| panic!("{error}"));
            $check(&emulator, &uploaded.$id);
            client
        };
        let asynchronous = {
            let emulator = emulator();
            let client = $client(&emulator, $wrap!(Async::new().unwrap(), emulator));
            macro_rules! go {
                ($call:expr) => {
                    $call.await
                };
            }
            let told: Result<_, Error> =
                async { story!(emulator, client, $lanes, go, [$($set)*], $id, $renew, path) }.await;
            let uploaded = told.unwrap_or_else(|error| panic!("{error}"));
            $check(&emulator, &uploaded.$id);
            client
        };
        (blocking, asynchronous)
    }};
}

macro_rules! bare {
    ($transport:expr, $emulator:ident) => {
        $transport
    };
}

/// One lane: what goes over the wire is the same to the last byte.
macro_rules! same_twice {
    ($client:ident, [$($set:tt)*], $id:ident, $renew:expr, $check:ident) => {{
        let now = now();
        macro_rules! recorded {
            ($transport:expr, $emulator:ident) => {
                Recorded::new($transport, now, $emulator.base_url())
            };
        }
        let (blocking, asynchronous) =
            told_twice!($client, 1, [$($set)*], $id, $renew, $check, recorded);
        let blocking = masked(blocking.transport().log());
        let asynchronous = masked(asynchronous.transport().log());
        for (line, other) in blocking.iter().zip(&asynchronous) {
            assert_eq!(line, other);
        }
        assert_eq!(blocking.len(), asynchronous.len());
    }};
}

/// MD5 of the [`film`].
fn film_md5() -> String {
    use md5::Digest as _;
    md5::Md5::digest(film())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn polyv_has_it(emulator: &Emulator, vid: &str) {
    let client = polyv(emulator, Blocking::new().unwrap());
    let video = client.get_video(vid).send().unwrap().remove(0);
    assert_eq!(video.md5checksum, Some(film_md5()));
    assert_eq!(client.list_new_videos().send().unwrap().contents.len(), {
        // The emulator has one of its own.
        2
    });
}

fn quvideo_has_it(emulator: &Emulator, video_id: &str) {
    let client = quvideo(emulator, Blocking::new().unwrap());
    let list = client.get_personal_video_list(1, 20).send().unwrap();
    assert_eq!(list.total, 1);
    let video = &list.video_list[0];
    assert_eq!(video.video_id.as_deref(), Some(video_id));
    assert_eq!(video.size, Some(620_000));
    assert!(
        video
            .cover_url
            .as_deref()
            .is_some_and(|url| url.contains("/image/cover/")),
        "{:?}",
        video.cover_url
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn polyvs_parts_are_the_same_over_both_transports() {
    let renew = "uploadvideo/token";
    same_twice!(polyv, [.title("第一课")], vid, renew, polyv_has_it);
}

#[tokio::test(flavor = "multi_thread")]
async fn quvideos_parts_are_the_same_over_both_transports() {
    let cover = || FileInput::bytes("cover.jpg", *b"a picture");
    let renew = "vod/refreshVideoUploadAuth";
    same_twice!(quvideo, [.cover(cover())], video_id, renew, quvideo_has_it);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_parts_at_once_arrive_as_well() {
    let renew = "uploadvideo/token";
    told_twice!(polyv, 3, [.title("第一课")], vid, renew, polyv_has_it, bare);
    let cover = || FileInput::bytes("cover.jpg", *b"a picture");
    let renew = "vod/refreshVideoUploadAuth";
    told_twice!(quvideo, 3, [.cover(cover())], video_id, renew, quvideo_has_it, bare);
}

/// What goes wrong on the way, each once; all of it must fire.
fn trouble(emulator: &Emulator) {
    let part = |number: &str| Fault::on("UploadPart").query("partNumber", number);
    for fault in [
        Fault::on("InitiateMultipartUpload").answer(Answer::status(503).retry_after(0)),
        part("1").cut_request_after(50_000),
        part("2").flip_bit_at(70_000),
        part("3").lose_reply(),
        part("4").answer(Answer::oss_error(503, "SlowDown")),
        part("5").expire_credentials(),
        part("6").forget_upload(),
        part("7").reset_reply(),
        Fault::on("CompleteMultipartUpload").lose_reply(),
        Fault::on("HeadObject").answer(Answer::status(500)),
    ] {
        emulator.faults().plan(fault);
    }
}

macro_rules! in_trouble {
    ($client:ident, $transport:expr, $lanes:expr, $go:ident, [$($set:tt)*], $check:ident, $id:ident) => {{
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("第一课 1.mp4");
        std::fs::write(&path, film()).unwrap();
        let emulator = emulator();
        trouble(&emulator);
        let client = $client(&emulator, $transport);
        let records = Records::new();
        let (transfer, notes) = settings(&records, $lanes);
        let uploaded = $go!(client.upload(path.as_path())$($set)*.transfer(transfer));
        let uploaded = uploaded.unwrap_or_else(|error| panic!("{error}"));
        let unfired = emulator.faults().unfired();
        assert!(unfired.is_empty(), "{unfired:?}");
        let notes = notes.lock().unwrap().clone();
        assert!(notes.contains(&Note::Renewed), "{notes:?}");
        assert!(notes.contains(&Note::StartedOver), "{notes:?}");
        // With several lanes the keys may end just before the upload is opened anew, which then takes one request more.
        let opened = asked(&emulator, "InitiateMultipartUpload");
        assert!((3..=3 + usize::from($lanes > 1)).contains(&opened), "{opened}");
        $check(&emulator, &uploaded.$id);
    }};
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_on_the_way_is_met_over_both_transports() {
    macro_rules! send {
        ($call:expr) => {
            $call.send()
        };
    }
    macro_rules! awaited {
        ($call:expr) => {
            $call.await
        };
    }
    let blocking = || Blocking::new().unwrap();
    let asynchronous = || Async::new().unwrap();
    for lanes in [1, 3] {
        in_trouble!(polyv, blocking(), lanes, send, [.title("课")], polyv_has_it, vid);
        in_trouble!(polyv, asynchronous(), lanes, awaited, [.title("课")], polyv_has_it, vid);
        let cover = || FileInput::bytes("cover.jpg", *b"a picture");
        in_trouble!(quvideo, blocking(), lanes, send, [.cover(cover())], quvideo_has_it, video_id);
        in_trouble!(quvideo, asynchronous(), lanes, awaited, [.cover(cover())], quvideo_has_it, video_id);
    }
}
