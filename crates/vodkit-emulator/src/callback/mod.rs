//! What the vendors tell their customers' servers: a queue by the emulator's clock, and the one who sends what is due.
//!
//! Nothing in here knows what a vendor says. A vendor turns the effects of a request into [`Event`]s, each with its time; when
//! that time has come it writes a [`Letter`], which is sent as often as its rule says.

mod letter;
mod post;
mod queue;
mod target;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::Method;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::journal::{CallbackOutcome, Effect, Record};
use crate::server::Shared;
use crate::{baijiayun, polyv, quvideo};

pub(crate) use letter::{Letter, Message, Rule, Verdict};
pub(crate) use post::Failure;
use post::Limits;
pub(crate) use queue::Lane;
use queue::{Due, Queue};

/// How long the other side may take for its answer, unless something else is set. Alibaba Cloud documents it for its own.
pub(crate) const DEFAULT_TIME: Duration = Duration::from_secs(5);
/// Longest sleep without a look at the clock: somebody may set that of the machine.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// How callbacks are sent, by the settings of the instance.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Whether they may leave this machine.
    pub(crate) anywhere: bool,
    /// For one attempt, in real time: the other side does not live by the emulator's clock.
    pub(crate) time: Duration,
    /// Divides the waits between attempts.
    pub(crate) pace: f64,
}

/// Something that a vendor will tell.
#[derive(Debug)]
pub(crate) enum Event {
    Baijiayun(baijiayun::Occurrence),
    Polyv(polyv::Occurrence),
    QuVideo(quvideo::Occurrence),
}

impl Event {
    /// What the vendor says about it at its time; `None` when there is nothing to say, or nobody to say it to.
    async fn letter(self, shared: &Arc<Shared>, at_ms: i64) -> Option<Letter> {
        match self {
            Self::Baijiayun(occurrence) => baijiayun::letter(shared, occurrence).await,
            Self::Polyv(occurrence) => polyv::letter(shared, occurrence, at_ms),
            Self::QuVideo(occurrence) => quvideo::letter(shared, occurrence, at_ms),
        }
    }
}

/// What waits in the queue.
enum Job {
    Event(Event),
    /// A letter whose earlier attempts failed, and the number of the next one.
    Again(Arc<Letter>, u32),
}

/// The callbacks of an instance.
#[derive(Default)]
pub(crate) struct Callbacks {
    inner: Mutex<Inner>,
    /// Told when something under way has ended.
    settled: Condvar,
    /// Told when the clock was moved or something was added.
    moved: Notify,
}

#[derive(Default)]
struct Inner {
    queue: Queue<Job>,
    running: Vec<AbortHandle>,
}

impl Callbacks {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the clock again, which was moved.
    pub(crate) fn look_again(&self) {
        self.moved.notify_one();
    }

    /// Forgets everything, also what is under way.
    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        inner.queue.clear();
        for task in inner.running.drain(..) {
            task.abort();
        }
        drop(inner);
        self.settled.notify_all();
    }

    /// Waits until nothing is under way and nothing is due, or until the time is over. Says which of the two.
    pub(crate) fn wait(&self, now_ms: impl Fn() -> i64, at_most: Duration) -> bool {
        let end = Instant::now().checked_add(at_most);
        let mut inner = self.lock();
        while !inner.queue.is_idle(now_ms()) {
            let left = match end.map(|end| end.saturating_duration_since(Instant::now())) {
                Some(left) if left.is_zero() => return false,
                Some(left) => left,
                None => Duration::MAX,
            };
            inner = self
                .settled
                .wait_timeout(inner, left.min(LONGEST_SLEEP))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }
}

/// Queues what the effects of a request will make the vendors tell. They are in the queue before the answer leaves.
pub(crate) fn plan(shared: &Shared, operation: Option<&'static str>, effects: &[Effect]) {
    if effects.is_empty() {
        return;
    }
    let mut planned = Vec::new();
    planned.extend(baijiayun::occurrences(shared, effects));
    planned.extend(polyv::occurrences(shared, operation, effects));
    planned.extend(quvideo::occurrences(shared, operation, effects));
    if planned.is_empty() {
        return;
    }
    let mut inner = shared.callbacks.lock();
    for (lane, at_ms, event) in planned {
        inner.queue.push(lane, at_ms, Job::Event(event));
    }
    drop(inner);
    shared.callbacks.look_again();
}

/// Sends what is due, until the runtime ends.
pub(crate) async fn run(shared: Arc<Shared>) {
    loop {
        start_due(&shared);
        let moved = shared.callbacks.moved.notified();
        let next_due = shared.callbacks.lock().queue.next_due();
        match next_due {
            None => moved.await,
            Some(at_ms) => {
                let left = at_ms.saturating_sub(shared.clock.now_ms()).max(0);
                let left = Duration::from_millis(left.unsigned_abs()).min(LONGEST_SLEEP);
                tokio::select! {
                    () = moved => {}
                    () = tokio::time::sleep(left) => {}
                }
            }
        }
    }
}

fn start_due(shared: &Arc<Shared>) {
    let mut inner = shared.callbacks.lock();
    inner.running.retain(|task| !task.is_finished());
    while let Some(due) = inner.queue.take_due(shared.clock.now_ms()) {
        let task = tokio::spawn(attempt(Arc::clone(shared), due));
        inner.running.push(task.abort_handle());
    }
}

async fn attempt(shared: Arc<Shared>, due: Due<Job>) {
    let Due {
        lane,
        at_ms,
        job,
        generation,
    } = due;
    let written = match job {
        Job::Again(letter, number) => Some((letter, number)),
        Job::Event(event) => {
            let letter = event.letter(&shared, at_ms).await;
            letter.map(|letter| (Arc::new(letter), 1))
        }
    };
    let record = match written {
        None => {
            shared.callbacks.lock().queue.free(&lane, generation);
            None
        }
        Some((letter, number)) => {
            let message = (letter.write)(shared.clock.now_ms());
            let sent = send(&shared, letter.rule, message).await;
            let again = match sent.outcome {
                CallbackOutcome::Accepted | CallbackOutcome::NotSent => None,
                _ => letter.rule.wait_after(number),
            };
            let again = again.map(|wait_ms| paced(wait_ms, shared.settings.callbacks.pace));
            finish(&shared, (&lane, generation), (&letter, number), sent, again)
        }
    };
    shared.callbacks.settled.notify_all();
    shared.callbacks.look_again();
    if let (Some(record), Some(log)) = (record, &shared.settings.log) {
        log(&record);
    }
}

/// A wait at another pace, rounded up.
fn paced(wait_ms: i64, pace: f64) -> i64 {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "waits are seconds, and a cast beyond the range stops at its end"
    )]
    let scaled = (wait_ms as f64 / pace).ceil() as i64;
    scaled
}

/// Writes the attempt down, queues the next one and frees the lane, all at once: who waits for the callbacks finds it in the
/// journal. `None` when everything was forgotten meanwhile.
fn finish(
    shared: &Shared,
    (lane, generation): (&Lane, u64),
    (letter, number): (&Arc<Letter>, u32),
    sent: Sent,
    again_ms: Option<i64>,
) -> Option<Record> {
    let now_ms = shared.clock.now_ms();
    let of = match letter.rule.waits_ms.len() {
        0 => String::new(),
        waits => format!("attempt {number} of {}, ", waits + 1),
    };
    let record = sent.record(letter.vendor, CALLBACK, &letter.event, number, &of, now_ms);
    let mut inner = shared.callbacks.lock();
    if !inner.queue.is_current(generation) {
        return None;
    }
    let record = shared.journal.with(|journal| journal.push(record));
    if let Some(wait_ms) = again_ms {
        let at_ms = now_ms.saturating_add(wait_ms);
        let job = Job::Again(Arc::clone(letter), number + 1);
        inner.queue.push(lane.clone(), at_ms, job);
    }
    inner.queue.free(lane, generation);
    Some(record)
}

/// Name of an attempt in the journal.
const CALLBACK: &str = "callback";

/// An attempt that was made, successfully or not.
pub(crate) struct Sent {
    method: Method,
    url: String,
    status: Option<u16>,
    code: Option<String>,
    pub(crate) outcome: CallbackOutcome,
    why: Option<String>,
}

impl Sent {
    fn record(
        self,
        vendor: &'static str,
        operation: &'static str,
        event: &str,
        attempt: u32,
        of: &str,
        at_ms: i64,
    ) -> Record {
        let path = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let path = path.find('/').map_or("/", |at| &path[at..]);
        let result = self.why.unwrap_or_else(|| "accepted".to_owned());
        Record {
            sequence: 0,
            at_ms,
            method: self.method.to_string(),
            path: path.to_owned(),
            vendor: Some(vendor),
            operation: Some(operation),
            status: self.status.unwrap_or(0),
            code: self.code,
            fault: None,
            note: Some(format!("{event} to {}, {of}{result}", self.url)),
            effects: vec![Effect::CallbackAttempted {
                vendor,
                event: event.to_owned(),
                url: self.url,
                attempt,
                outcome: self.outcome,
            }],
        }
    }
}

async fn send(shared: &Shared, rule: &Rule, message: Message) -> Sent {
    let (method, url) = (message.method.clone(), target::shown(&message.url));
    let options = &shared.settings.callbacks;
    let limits = Limits {
        anywhere: options.anywhere,
        time: options.time,
        reads_body: rule.reads_body,
    };
    let mut sent = Sent {
        method,
        url,
        status: None,
        code: None,
        outcome: CallbackOutcome::Accepted,
        why: None,
    };
    match post::send(message, limits).await {
        Ok(reply) => {
            let Verdict { code, refused } = (rule.judge)(&reply);
            sent.status = Some(reply.status.as_u16());
            sent.code = code;
            if refused.is_some() {
                sent.outcome = CallbackOutcome::Refused;
            }
            sent.why = refused;
        }
        Err(Failure::NotSent(why)) => {
            sent.outcome = CallbackOutcome::NotSent;
            sent.why = Some(format!("not sent: {why}"));
        }
        Err(Failure::Broken(why)) => {
            sent.outcome = CallbackOutcome::Failed;
            sent.why = Some(why);
        }
    }
    sent
}

/// Asks the customer's server while somebody waits for the answer: once, outside of the queue. Says whether it agreed.
pub(crate) async fn ask(
    shared: &Shared,
    vendor: &'static str,
    operation: &'static str,
    event: String,
    rule: &Rule,
    message: Message,
) -> bool {
    let sent = send(shared, rule, message).await;
    let agreed = sent.outcome == CallbackOutcome::Accepted;
    let record = sent.record(vendor, operation, &event, 1, "", shared.clock.now_ms());
    let record = shared.journal.with(|journal| journal.push(record));
    if let Some(log) = &shared.settings.log {
        log(&record);
    }
    agreed
}

/// Whether an address can be used at all, when it is part of the settings.
pub(crate) fn check_url(url: &str) -> Result<(), String> {
    target::Target::read(url).map(drop)
}

/// An address with more parameters behind those that it has.
pub(crate) fn with_query(url: &str, pairs: &[(&str, &str)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs);
    // A fragment is never sent.
    let url = url.split('#').next().unwrap_or_default();
    let joint = match url.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, query)) if query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{url}{joint}{}", text.finish())
}

/// The emulator's own address where no request names one, for the links in callbacks.
pub(crate) fn own_base(shared: &Shared) -> String {
    let mut address = shared.address();
    if address.ip().is_unspecified() {
        let loopback = match address.ip() {
            std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    format!("http://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_go_behind_those_that_are_there() {
        let pairs = [("sign", "0f"), ("title", "课 &1")];
        let text = "sign=0f&title=%E8%AF%BE+%261";
        for (url, joint) in [
            ("http://h/p", "?"),
            ("http://h/p?", ""),
            ("http://h/p?a=1", "&"),
            ("http://h/p?a=1&", ""),
        ] {
            assert_eq!(with_query(url, &pairs), format!("{url}{joint}{text}"));
        }
        assert_eq!(with_query("http://h/p#x", &[("a", "1")]), "http://h/p?a=1");
    }

    #[test]
    fn waits_shrink_with_the_pace() {
        assert_eq!(paced(5000, 1.0), 5000);
        assert_eq!(paced(5000, 100.0), 50);
        assert_eq!(paced(1000, 3.0), 334);
        assert_eq!(paced(1000, 0.5), 2000);
        assert_eq!(paced(1000, f64::MIN_POSITIVE), i64::MAX);
    }
}
