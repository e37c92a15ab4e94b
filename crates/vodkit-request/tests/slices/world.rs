//! A machine with one file, its network and its server; everything that happens is logged.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::Response;
use vodkit_request::baijiayun::{Upload, Uploaded};
use vodkit_request::digest::Digests;
use vodkit_request::flow::{Entry, Event, Flow, Keeper, Step, Stretch};
use vodkit_request::testing::wire_line;
use vodkit_request::transport::{
    AsyncTransport, BlockingTransport, FileFacts, FileVersion, Outgoing, Progress, TransportError,
    TransportErrorKind,
};
use vodkit_request::types::FileInput;
use vodkit_request::upload::{Journal, Note, Transfer};
use vodkit_request::{Error, RetryPolicy, Run, Segment, Session, Tick, Timestamp};

use crate::drivers::{base, block_on};
use crate::server::{HOST, Post, Server, reply};

pub(crate) const PATH: &str = "/films/课 1.mp4";
pub(crate) const NAME: &str = "课 1.mp4";
pub(crate) const KEY: &str = "canary-partner-key-0123456789";

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Fine,
    /// No connection.
    Connect,
    /// The connection breaks after this many bytes of a slice; a call does not arrive at all.
    Broken(usize),
    /// All arrives, the reply does not.
    ReplyLost,
    /// All arrives, and a proxy answers.
    Html,
    Status(u16),
    /// All addresses so far end, then the request arrives.
    Expired,
    /// The server loses what it had last, this many bytes, and the connection.
    Forgets(usize),
}

#[derive(Debug)]
struct Inner {
    file: Vec<u8>,
    facts: FileFacts,
    server: Server,
    faults: VecDeque<Fault>,
    log: Vec<String>,
    elapsed: Duration,
    /// Bytes of the file that left the machine.
    left: u64,
    /// How many forms and slices there were, and which one breaks off after how many bytes.
    posts: usize,
    breaks: Option<(usize, usize)>,
}

#[derive(Debug)]
pub(crate) struct World(Mutex<Inner>);

impl World {
    pub(crate) fn new(len: usize, faults: impl IntoIterator<Item = Fault>) -> Self {
        let file: Vec<u8> = (0..len).map(|i| (i % 251) as u8 ^ (i >> 8) as u8).collect();
        let mut facts = FileFacts::of_len(len as u64);
        facts.version = Some(FileVersion {
            inode: 7,
            changed_ns: 1,
        });
        Self(Mutex::new(Inner {
            file,
            facts,
            server: Server::default(),
            faults: faults.into_iter().collect(),
            log: Vec::new(),
            elapsed: Duration::ZERO,
            left: 0,
            posts: 0,
            breaks: None,
        }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) fn server<T>(&self, look: impl FnOnce(&mut Server) -> T) -> T {
        let mut inner = self.inner();
        inner.server.now = 1_700_000_000 + inner.elapsed.as_secs() as i64;
        look(&mut inner.server)
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.inner().log.clone()
    }

    pub(crate) fn file(&self) -> Vec<u8> {
        self.inner().file.clone()
    }

    /// Somebody saves the file.
    pub(crate) fn touch(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut inner = self.inner();
        change(&mut inner.file);
        inner.facts.len = inner.file.len() as u64;
        inner.facts.version.as_mut().unwrap().changed_ns += 1;
    }

    pub(crate) fn faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inner().faults = faults.into_iter().collect();
    }

    /// The slice of this number, from 1, breaks off.
    pub(crate) fn break_slice(&self, number: usize, after: usize) {
        self.inner().breaks = Some((number, after));
    }

    pub(crate) fn faults_left(&self) -> usize {
        self.inner().faults.len()
    }

    /// Bytes of the file that left the machine, in all.
    pub(crate) fn bytes_sent(&self) -> u64 {
        self.inner().left
    }

    /// `Content-Range` of all slices, `form` for forms.
    pub(crate) fn slices(&self) -> Vec<String> {
        let log = self.log();
        let ranges = log.iter().filter_map(|line| {
            if !line.contains(HOST) || !line.starts_with("POST") {
                return None;
            }
            Some(match line.split_once(" [content-range: bytes ") {
                Some((_, rest)) => rest.trim_end_matches(']').to_owned(),
                None => "form".to_owned(),
            })
        });
        ranges.collect()
    }

    fn now(&self) -> Tick {
        let inner = self.inner();
        Tick {
            now: Timestamp(1_700_000_000_000 + inner.elapsed.as_millis() as i64),
            elapsed: inner.elapsed,
            entropy: 7,
        }
    }

    fn answer(&self, outgoing: &Outgoing) -> Result<Response<Bytes>, TransportError> {
        let mut inner = self.inner();
        inner.elapsed += Duration::from_millis(10);
        let range = outgoing.request.headers().get("content-range");
        let range = range.map(|range| range.to_str().unwrap().to_owned());
        let mut line = wire_line(&outgoing.request);
        if let Some(range) = &range {
            line.push_str(&format!(" [content-range: {range}]"));
        }
        inner.log.push(line);
        inner.server.now = 1_700_000_000 + inner.elapsed.as_secs() as i64;
        let mut fault = inner.faults.pop_front().unwrap_or(Fault::Fine);
        let lost = |kind| Err(TransportError::new(kind, format!("{kind:?}")));
        let uri = outgoing.request.uri();
        let query = pairs(uri.query().unwrap_or_default());
        let to_upload = uri.host() == Some(HOST);
        inner.posts += usize::from(to_upload);
        if let Some((_, bytes)) = inner
            .breaks
            .filter(|(number, _)| to_upload && *number == inner.posts)
        {
            fault = Fault::Broken(bytes);
        }
        match fault {
            Fault::Connect => return lost(TransportErrorKind::Connect),
            Fault::Status(status) => return Ok(reply(status, "<html>")),
            Fault::Broken(_) if !to_upload => return lost(TransportErrorKind::Interrupted),
            Fault::Expired => inner.server.expire(),
            Fault::Forgets(bytes) => {
                inner.server.forget(bytes);
                return lost(TransportErrorKind::Interrupted);
            }
            _ => {}
        }
        let said = if to_upload {
            if !inner.server.takes(&query) {
                return Ok(reply(
                    200,
                    r#"{"code":1003,"msg":"the address has expired"}"#,
                ));
            }
            let file = inner.file.clone();
            let post = Post {
                content_range: range,
                file: file_bytes(outgoing, &file),
            };
            let most = match fault {
                Fault::Broken(bytes) => bytes.min(post.file.len().saturating_sub(1)),
                _ => post.file.len(),
            };
            show(outgoing, &post.file[..most]);
            inner.left += most as u64;
            let id = query["fid"].parse().unwrap();
            inner.server.receive(id, &post, most);
            if most < post.file.len() {
                return lost(TransportErrorKind::Interrupted);
            }
            r#"{"code":1,"msg":"success"}"#.to_owned()
        } else {
            let body = outgoing.request.body().as_bytes().unwrap();
            let params = pairs(std::str::from_utf8(body).unwrap());
            inner.server.call(uri.path(), &params).to_string()
        };
        match fault {
            Fault::ReplyLost => lost(TransportErrorKind::Timeout),
            Fault::Html => Ok(reply(200, "<html>")),
            _ => Ok(reply(200, said)),
        }
    }

    fn pause(&self, duration: Duration) {
        let mut inner = self.inner();
        inner.elapsed += duration;
        inner.log.push(format!("sleep {} ms", duration.as_millis()));
    }

    fn look(&self, path: &Path) -> io::Result<FileFacts> {
        assert_eq!(path, Path::new(PATH));
        let mut inner = self.inner();
        inner.log.push("inspect".to_owned());
        Ok(inner.facts)
    }

    fn read(&self, stretch: &Stretch) -> io::Result<Digests> {
        let mut inner = self.inner();
        inner.log.push(format!("digest {:?}", stretch.range));
        let (start, end) = (stretch.range.start, stretch.range.end);
        let mut rest = &inner.file[start as usize..];
        Digests::read(&mut rest, end - start, stretch.wanted)
    }

    fn write(&self, entry: &Entry) -> io::Result<()> {
        let record = String::from_utf8_lossy(&entry.record).into_owned();
        self.inner().log.push(format!("keep {record}"));
        entry.write()
    }
}

fn pairs(encoded: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(encoded.as_bytes())
        .into_owned()
        .collect()
}

/// The part of a body that is the file: of a form all but its frame.
fn file_bytes(outgoing: &Outgoing, file: &[u8]) -> Vec<u8> {
    let bytes = |segment: &Segment| match segment {
        Segment::File { range, .. } => file[range.start as usize..range.end as usize].to_vec(),
        Segment::Bytes(bytes) => bytes.to_vec(),
        _ => unreachable!(),
    };
    match outgoing.request.body().segments() {
        [slice] => bytes(slice),
        [_, file, _] => bytes(file),
        _ => panic!("neither a form nor a slice"),
    }
}

/// What a transport does while it sends.
fn show(outgoing: &Outgoing, bytes: &[u8]) {
    let of_file = |segment: &Segment| matches!(segment, Segment::File { .. });
    if let Some(tap) = &outgoing.observers.digest {
        let passage = tap.begin();
        if outgoing.request.body().segments().iter().any(of_file) {
            passage.update(bytes);
        }
    }
    if let Some(sink) = &outgoing.observers.progress {
        sink.report(Progress {
            sent: bytes.len() as u64,
            total: outgoing.request.body().len(),
        });
    }
}

impl BlockingTransport for World {
    fn tick(&self) -> Tick {
        self.now()
    }
    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.answer(&outgoing)
    }
    fn sleep(&self, duration: Duration) {
        self.pause(duration);
    }
    fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        self.look(path)
    }
    fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.read(stretch)
    }
    fn keep(&self, entry: &Entry) -> io::Result<()> {
        self.write(entry)
    }
}

#[async_trait]
impl AsyncTransport for World {
    fn tick(&self) -> Tick {
        self.now()
    }
    async fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.answer(&outgoing)
    }
    async fn sleep(&self, duration: Duration) {
        self.pause(duration);
    }
    async fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        self.look(path)
    }
    async fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        self.read(stretch)
    }
    async fn keep(&self, entry: &Entry) -> io::Result<()> {
        self.write(entry)
    }
}

/// A journal in memory.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<Vec<Vec<u8>>>);

impl Kept {
    pub(crate) fn records(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap().clone()
    }

    /// The journal as another process finds it.
    pub(crate) fn journal(self: &Arc<Self>) -> Journal {
        let keeper: Arc<dyn Keeper> = self.clone();
        Journal::resume(keeper, self.records()).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        let records = self.records();
        let lines = records.iter().map(|record| String::from_utf8_lossy(record));
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Keeper for Kept {
    fn keep(&self, record: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().push(record.to_vec());
        Ok(())
    }
}

/// What an upload told while it ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<Note>>>);

impl Told {
    pub(crate) fn sink(&self) -> impl Fn(Note) + Send + Sync + 'static {
        let notes = self.0.clone();
        move |note| notes.lock().unwrap().push(note)
    }

    pub(crate) fn notes(&self) -> Vec<Note> {
        self.0.lock().unwrap().clone()
    }
}

pub(crate) fn session() -> Session<vodkit_request::baijiayun::Baijiayun> {
    let account = vodkit_request::baijiayun::Baijiayun::new(12345678, KEY, base());
    Session::new(account).with_retry(RetryPolicy::attempts(3))
}

pub(crate) fn file() -> FileInput {
    FileInput::path(PATH)
}

/// Runs an upload with the blocking driver.
pub(crate) fn upload(world: &World, transfer: Transfer) -> Result<Uploaded, Error> {
    let session = session();
    Run::new(world, Upload::new(&session, file()).transfer(transfer)).send()
}

/// Runs the same upload with both drivers in worlds of their own, which must see the same, and gives what came of it.
pub(crate) fn both(
    world: impl Fn() -> World,
    transfer: impl Fn() -> Transfer,
) -> (Result<Uploaded, Error>, World) {
    let (blocking, asynchronous) = (world(), world());
    let result = upload(&blocking, transfer());
    let session = session();
    let run = Run::new(
        &asynchronous,
        Upload::new(&session, file()).transfer(transfer()),
    );
    let other = block_on(run);
    assert_eq!(blocking.log(), asynchronous.log());
    assert_eq!(
        result.as_ref().map_err(ToString::to_string),
        other.as_ref().map_err(ToString::to_string)
    );
    assert_eq!(blocking.faults_left(), 0, "{:#?}", blocking.log());
    (result, blocking)
}

/// How a process ends.
#[derive(Debug)]
pub(crate) enum End {
    Done(Uploaded),
    Failed(Error),
    Killed,
}

/// Runs an upload until it is killed at its step `kill`, with or without the effect of that step. Gives how many steps there were.
pub(crate) fn run(world: &World, transfer: Transfer, kill: usize, effect: bool) -> (End, usize) {
    let session = session();
    let mut upload = Upload::new(&session, file()).transfer(transfer);
    let mut event = Event::Start;
    for number in 0.. {
        let step = match upload.advance(world.now(), event) {
            Ok(step) => step,
            Err(error) => return (End::Failed(error), number),
        };
        let debug = format!("{upload:?} {step:?}");
        assert!(!debug.contains("canary"), "{debug}");
        if number == kill && !effect {
            return (End::Killed, number);
        }
        event = match step {
            Step::Send(outgoing) => world
                .answer(&outgoing)
                .map_or_else(Event::Failed, Event::Response),
            Step::Sleep(time) => {
                world.pause(time);
                Event::Woken
            }
            Step::Inspect(path) => Event::Inspected(world.look(&path)),
            Step::Digest(stretch) => Event::Digested(world.read(&stretch)),
            Step::Keep(entry) => Event::Kept(world.write(&entry)),
            Step::Done(uploaded) => return (End::Done(uploaded), number),
            other => panic!("{other:?} is not asked for in an upload in order"),
        };
        if number == kill {
            return (End::Killed, number);
        }
    }
    unreachable!()
}

pub(crate) fn md5(bytes: &[u8]) -> String {
    let mut bytes = bytes;
    let len = bytes.len() as u64;
    let digests = Digests::read(&mut bytes, len, vodkit_request::digest::Wanted::MD5).unwrap();
    digests
        .md5
        .unwrap()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
