//! A simulated vendor with its object storage, a disk and a clock: what an upload can meet, drawn from a list of numbers.
//!
//! It knows nothing of the flow but the requests that it makes, and shares no code with it but the checksum.

mod bucket;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;
use vodkit_request::digest::Digests;
use vodkit_request::flow::{Event, Flow, Keeper, Lane, Step};
use vodkit_request::transport::{
    FileFacts, FileVersion, Outgoing, TransportError, TransportErrorKind,
};
use vodkit_request::{Error, Payload, Segment, Tick, Timestamp};

pub(crate) use bucket::Object;
use bucket::{line, refusal};

pub(crate) const START: i64 = 1_700_000_000_000;
pub(crate) const PATH: &str = "/tmp/课 1.mp4";
/// What may happen to an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    NotConnected,
    /// The request is lost.
    Lost,
    /// It has its effect, and the reply is lost.
    ReplyLost,
    Unavailable,
    Busy,
    /// A bit flips on the way.
    Flipped,
    /// The keys are no longer known.
    KeysGone,
    /// The storage forgets the uploads in parts.
    Forgets,
    /// The object is stored, and whom the storage calls has not taken note.
    NotTold,
    /// No right to do this.
    Denied,
    /// It says that it has other bytes than it has.
    OtherSum,
    /// The file is written to meanwhile.
    FileChanges,
}

const FAULTS: [Fault; 8] = [
    Fault::NotConnected,
    Fault::Lost,
    Fault::ReplyLost,
    Fault::Unavailable,
    Fault::Busy,
    Fault::Flipped,
    Fault::KeysGone,
    Fault::Forgets,
];

/// Numbers that decide; zero, which is nothing bad, when they are used up.
#[derive(Debug)]
pub(crate) struct Chance(std::vec::IntoIter<u16>);

impl Chance {
    pub(crate) fn new(numbers: Vec<u16>) -> Self {
        Self(numbers.into_iter())
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0
            .next()
            .map_or(0, |number| usize::from(number) % bound)
    }

    /// One in three exchanges goes wrong, as long as there are numbers.
    fn fault(&mut self) -> Fault {
        match self.below(3 * FAULTS.len()) {
            0 => Fault::None,
            number => FAULTS.get(number - 1).copied().unwrap_or(Fault::None),
        }
    }
}

#[derive(Debug, Default)]
struct Opened {
    key: String,
    parts: BTreeMap<u32, Object>,
}

/// What happened, for the tests to count.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// How often each part of each upload in parts was stored.
    pub(crate) parts: BTreeMap<(String, u32), u32>,
    pub(crate) puts: u32,
    pub(crate) renewed: u32,
    /// Faults that make it right to send something again.
    pub(crate) again: u32,
    pub(crate) forgotten: u32,
    pub(crate) creates: u32,
    pub(crate) creates_lost: u32,
    pub(crate) most_under_way: usize,
    pub(crate) aborted: u32,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) chance: Chance,
    /// What happens to the next exchanges, whatever chance says.
    pub(crate) plan: VecDeque<Fault>,
    /// What was done: requests as they leave, replies as they come, waits.
    pub(crate) log: Vec<String>,
    pub(crate) elapsed: u64,
    /// The entropy of every tick, where chance does not draw it.
    pub(crate) entropy: Option<u64>,
    /// How long an exchange takes at least, in milliseconds.
    pub(crate) slow: u64,
    /// The file, and which version of it.
    pub(crate) content: Bytes,
    pub(crate) version: i64,
    /// What the keys of objects begin with.
    pub(crate) dir: &'static str,
    /// Whether videos without content are listed.
    pub(crate) lists_empty: bool,
    /// Whether it begins no upload to a video that it has.
    pub(crate) refuses_to_go_on: bool,
    /// The most that it puts on a page of the list.
    pub(crate) most_listed: usize,
    pub(crate) videos: BTreeMap<String, bool>,
    pub(crate) objects: BTreeMap<String, Object>,
    uploads: BTreeMap<String, Opened>,
    opened: u32,
    /// The number of the newest keys, and until when they hold.
    keys: (u32, u64),
    /// How long keys hold, in milliseconds.
    pub(crate) keys_life: u64,
    /// The oldest keys that are still known.
    oldest_keys: u32,
    pub(crate) counts: Counts,
    pub(crate) kept: Arc<Kept>,
    /// Whether what is under way when a process is killed arrives; by chance where nothing is said.
    pub(crate) arrives_after_kill: Option<bool>,
}

/// A disk that a process leaves its records on.
#[derive(Debug, Default)]
pub(crate) struct Kept(pub(crate) Mutex<Vec<Vec<u8>>>);

impl Keeper for Kept {
    fn keep(&self, record: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().push(record.to_vec());
        Ok(())
    }
}

/// How a process ended.
#[derive(Debug)]
pub(crate) enum Ended<T> {
    Done(T),
    Failed(Error),
    Killed,
}

impl World {
    pub(crate) fn new(content: impl Into<Bytes>, chance: Vec<u16>) -> Self {
        Self {
            chance: Chance::new(chance),
            plan: VecDeque::new(),
            log: Vec::new(),
            elapsed: 0,
            entropy: None,
            slow: 10,
            content: content.into(),
            version: 1,
            dir: "d/",
            lists_empty: true,
            refuses_to_go_on: false,
            most_listed: 1000,
            videos: BTreeMap::new(),
            objects: BTreeMap::new(),
            uploads: BTreeMap::new(),
            opened: 0,
            keys: (0, 0),
            keys_life: 100_000,
            oldest_keys: 0,
            counts: Counts::default(),
            kept: Arc::default(),
            arrives_after_kill: None,
        }
    }

    pub(crate) fn records(&self) -> Vec<Vec<u8>> {
        self.kept.0.lock().unwrap().clone()
    }

    /// The parts that the storage has of the upload that is open, for it to lose or mistake some.
    pub(crate) fn parts(&mut self) -> &mut BTreeMap<u32, Object> {
        &mut self.uploads.values_mut().next().expect("an upload").parts
    }

    /// How often something is in the log.
    pub(crate) fn times(&self, what: &str) -> usize {
        let is_it = |line: &&String| line.starts_with(what);
        self.log.iter().filter(is_it).count()
    }

    fn arrives(&mut self) -> bool {
        let by_chance = self.chance.below(2) == 1;
        self.arrives_after_kill.unwrap_or(by_chance)
    }

    fn tick(&mut self) -> Tick {
        self.elapsed += 1;
        let by_chance = self.chance.below(1000) as u64;
        Tick {
            now: Timestamp(START + self.elapsed as i64),
            elapsed: Duration::from_millis(self.elapsed),
            entropy: self.entropy.unwrap_or(by_chance),
        }
    }

    /// Runs a flow until it ends, or is killed after this many steps.
    pub(crate) fn run<F: Flow>(
        &mut self,
        mut flow: F,
        kill_after: Option<u32>,
    ) -> Ended<F::Output> {
        let mut event = Event::Start;
        let mut under_way: Vec<(Lane, Outgoing)> = Vec::new();
        let mut steps = 0;
        loop {
            let tick = self.tick();
            let step = match flow.advance(tick, event) {
                Ok(step) => step,
                Err(error) => return Ended::Failed(error),
            };
            steps += 1;
            assert!(steps < 5000, "the flow does not end");
            if kill_after == Some(steps) && !matches!(step, Step::Done(_)) {
                // What is under way may arrive all the same, and a record may have been written or not.
                let last = match step {
                    Step::Send(outgoing) | Step::Begin(_, outgoing) => Some(*outgoing),
                    Step::Keep(entry) if self.arrives() => {
                        entry.write().unwrap();
                        None
                    }
                    _ => None,
                };
                for outgoing in under_way.into_iter().map(|(_, o)| o).chain(last) {
                    if self.arrives() {
                        let _lost = self.answer(&outgoing.request, &Fault::None);
                    }
                }
                return Ended::Killed;
            }
            event = match step {
                Step::Done(output) => return Ended::Done(output),
                Step::Send(outgoing) => match self.exchange(&outgoing) {
                    Ok(response) => Event::Response(response),
                    Err(error) => Event::Failed(error),
                },
                Step::Sleep(time) => {
                    self.log.push("sleep".to_owned());
                    self.elapsed += time.as_millis() as u64;
                    Event::Woken
                }
                Step::Inspect(path) => {
                    assert_eq!(*path, *PathBuf::from(PATH));
                    Event::Inspected(Ok(self.facts()))
                }
                Step::Digest(stretch) => {
                    let bytes = self.bytes(&stretch.range);
                    let len = bytes.len() as u64;
                    Event::Digested(Digests::read(&mut &bytes[..], len, stretch.wanted))
                }
                Step::Keep(entry) => Event::Kept(entry.write()),
                Step::Begin(lane, outgoing) => {
                    assert!(
                        under_way.iter().all(|(busy, _)| *busy != lane),
                        "lane {lane} is not free"
                    );
                    self.log.push(format!("begin {}", line(&outgoing.request)));
                    under_way.push((lane, *outgoing));
                    let most = &mut self.counts.most_under_way;
                    *most = (*most).max(under_way.len());
                    Event::Begun
                }
                Step::Await(limit) => {
                    let patience = self.chance.below(4) > 0 || limit.is_none();
                    if under_way.is_empty() || !patience {
                        let limit =
                            limit.expect("nothing is under way, and no limit ends the wait");
                        self.log.push("wait".to_owned());
                        self.elapsed += limit.as_millis() as u64;
                        Event::Woken
                    } else {
                        let index = self.chance.below(under_way.len());
                        let (lane, outgoing) = under_way.swap_remove(index);
                        Event::Ended(lane, self.exchange(&outgoing))
                    }
                }
            };
        }
    }

    pub(crate) fn facts(&self) -> FileFacts {
        FileFacts {
            version: Some(FileVersion {
                inode: 7,
                changed_ns: self.version,
            }),
            ..FileFacts::of_len(self.content.len() as u64)
        }
    }

    fn bytes(&self, range: &Range<u64>) -> Bytes {
        self.content.slice(range.start as usize..range.end as usize)
    }

    /// The body as it is sent, seen by the tap.
    fn body(&self, request: &Request<Payload>) -> Bytes {
        let mut body = Vec::new();
        for segment in request.body().segments() {
            match segment {
                Segment::Bytes(bytes) => body.extend_from_slice(bytes),
                Segment::File { range, .. } => body.extend_from_slice(&self.bytes(range)),
                other => panic!("{other:?}"),
            }
        }
        body.into()
    }

    fn exchange(&mut self, outgoing: &Outgoing) -> Result<Response<Bytes>, TransportError> {
        let by_chance = self.chance.fault();
        let fault = self.plan.pop_front().unwrap_or(by_chance);
        let line = format!("{} {fault:?}", line(&outgoing.request));
        self.log.push(line);
        // Up to ten seconds.
        self.elapsed += self.slow + self.chance.below(10_000) as u64;
        if let Some(tap) = &outgoing.observers.digest {
            let passage = tap.begin();
            passage.update(&self.body(&outgoing.request));
        }
        let fail = |kind| Err(TransportError::new(kind, "simulated"));
        match fault {
            Fault::NotConnected => return fail(TransportErrorKind::Connect),
            Fault::Lost => return fail(TransportErrorKind::Interrupted),
            Fault::KeysGone => self.oldest_keys = self.keys.0 + 1,
            Fault::FileChanges => self.version += 1,
            Fault::Forgets if !self.uploads.is_empty() => {
                self.uploads.clear();
                self.counts.forgotten += 1;
            }
            _ => {}
        }
        let creates = self.counts.creates;
        let response = self.answer(&outgoing.request, &fault);
        if fault == Fault::ReplyLost {
            self.counts.again += 1;
            self.counts.creates_lost += self.counts.creates - creates;
            return fail(TransportErrorKind::Timeout);
        }
        Ok(response)
    }

    fn answer(&mut self, request: &Request<Payload>, fault: &Fault) -> Response<Bytes> {
        if request.uri().host() == Some("api.example.test") {
            return self.of_vendor(request, fault);
        }
        match fault {
            Fault::Unavailable => return refusal(500, "InternalError"),
            Fault::Busy => return refusal(503, "SlowDown"),
            Fault::Denied => return refusal(403, "AccessDenied"),
            _ => {}
        }
        let mut response = self.of_storage(request, fault);
        match fault {
            Fault::NotTold => return refusal(203, "CallbackFailed"),
            Fault::OtherSum => {
                let sum = http::HeaderValue::from_static("1");
                response.headers_mut().insert("x-oss-hash-crc64ecma", sum);
            }
            _ => {}
        }
        response
    }

    fn of_vendor(&mut self, request: &Request<Payload>, fault: &Fault) -> Response<Bytes> {
        let fails = matches!(fault, Fault::Unavailable | Fault::Busy);
        let body = String::from_utf8_lossy(&self.body(request)).into_owned();
        let path = request.uri().path();
        let data = if path.ends_with("/init") {
            if fails {
                return Response::builder().status(503).body(Bytes::new()).unwrap();
            }
            let vid = match body.split('&').find_map(|pair| pair.strip_prefix("vid=")) {
                Some(vid) if self.refuses_to_go_on || !self.videos.contains_key(vid) => {
                    let refused = json!({ "code": 405, "status": "error", "message": "init upload fail", "data": "" });
                    return Response::new(Bytes::from(refused.to_string()));
                }
                Some(vid) => vid.to_owned(),
                None => {
                    self.counts.creates += 1;
                    let vid = format!("vid{}", self.counts.creates);
                    self.videos.insert(vid.clone(), false);
                    vid
                }
            };
            self.ticket(Some(&vid))
        } else if path.ends_with("/token") {
            if fails {
                return Response::builder().status(503).body(Bytes::new()).unwrap();
            }
            self.counts.renewed += 1;
            self.ticket(None)
        } else {
            assert!(path.ends_with("/get-new-list"), "{path}");
            let listed: Vec<_> = self
                .videos
                .iter()
                .filter(|(_, stored)| !**stored && self.lists_empty)
                .map(|(vid, _)| json!({ "vid": vid, "title": if vid.starts_with("vid") { "课" } else { "别" }, "status": 10, "md5checksum": "" }))
                .collect();
            let query = request.uri().query().unwrap_or_default();
            let asked = |name: &str| {
                let pairs = query.split('&').chain(body.split('&'));
                let mut values = pairs.filter_map(|pair| pair.strip_prefix(name));
                values.next().and_then(|value| value.parse::<usize>().ok())
            };
            let size = asked("pageSize=").unwrap_or(20).min(self.most_listed);
            let page = asked("page=").unwrap_or(1);
            let contents: Vec<_> = listed.iter().skip((page - 1) * size).take(size).collect();
            json!({ "pageNumber": page, "pageSize": size, "totalItems": listed.len(), "contents": contents })
        };
        let reply = json!({ "code": 200, "status": "success", "message": "", "data": data });
        Response::new(Bytes::from(reply.to_string()))
    }

    fn ticket(&mut self, vid: Option<&str>) -> serde_json::Value {
        self.keys = (self.keys.0 + 1, self.elapsed + self.keys_life);
        json!({
            "vid": vid, "dir": self.dir, "bucketName": "b", "domain": "storage.example.test",
            "accessId": format!("canary-id-{}", self.keys.0), "accessKey": "canary-secret-0123456789",
            "token": "canary-token-0123456789", "validityTime": self.keys_life / 1000,
            "callback": "{\"callbackUrl\":\"https://canary-callback.example.test\"}",
        })
    }
}
