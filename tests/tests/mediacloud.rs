//! MediaCloud's calls over both transports against the emulator: one story whose wire logs must be equal, and what many callers of one
//! account do when its token has expired or its password is wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::collections::{BTreeMap, HashSet};
use std::hash::Hash;
use std::io;
use std::path::Path;
use std::sync::{Arc, Barrier, Mutex};
use std::thread::ThreadId;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use bytes::Bytes;
use http::Response;
use serde_json::json;
use vodkit_async::Async;
use vodkit_blocking::Blocking;
use vodkit_emulator::Emulator;
use vodkit_mediacloud::types::{CloudProvider, MediaType, operations};
use vodkit_mediacloud::{Auth, Client, Error, ErrorKind, Operation, RetryPolicy, Timestamp};
use vodkit_request::transport::{
    AsyncTransport, BlockingTransport, FileFacts, Outgoing, Tick, TransportError,
};
use vodkit_tests::recorded::Recorded;

const TRANSCODING: Duration = Duration::from_secs(6);
const TOKEN_LIFE: Duration = Duration::from_secs(36_000);
/// How many act at once.
const CALLERS: usize = 100;

/// A call that no page has, with a member that none has either.
static SORTED_CATEGORY: Operation = Operation::undocumented(
    "mediacloud",
    "sorted category",
    "POST",
    "/api/v1/class",
    Auth::Token,
)
.with_json_body()
.succeeding_with(&["200"]);
static LIST: Operation =
    Operation::undocumented("mediacloud", "list", "GET", "/api/v1/classes", Auth::Token)
        .succeeding_with(&["200"]);

fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock after 1970");
    Timestamp(since.as_secs() as i64 * 1000)
}

fn client<T>(emulator: &Emulator, transport: T) -> Client<T> {
    let account = emulator.mediacloud();
    Client::builder()
        .base_url(emulator.base_url())
        .username(account.username.as_str())
        .password(account.password.as_str())
        .build(transport)
        .expect("settings of the emulator")
}

fn emulator() -> Emulator {
    Emulator::builder()
        .transcode_time(TRANSCODING)
        .start()
        .expect("a free port")
}

/// How many logins there were that got this code.
fn logins(emulator: &Emulator, code: &str) -> usize {
    let journal = emulator.journal();
    let logins = journal.iter().filter(|record| {
        record.operation == Some("api/v1/login") && record.code.as_deref() == Some(code)
    });
    logins.count()
}

/// The story. `$go` sends a call.
macro_rules! story {
    ($emulator:ident, $client:ident, $go:ident) => {{
        // Nobody has to log in, but everybody may.
        let account = $emulator.mediacloud();
        let tokens = $go!($client.login(account.username.as_str(), account.password.as_str()))?;
        assert_eq!(tokens.jwt.expires_in, Some(TOKEN_LIFE.as_secs()));
        assert!(!tokens.sts_token.unwrap().secret_access_key.is_empty());
        let wrong = $go!($client.login(account.username.as_str(), "not +&中")).unwrap_err();
        assert_eq!((wrong.kind(), wrong.code()), (ErrorKind::Credential, Some("401")));
        assert!(tokens.extra.is_empty() && tokens.jwt.extra.is_empty());

        // Categories. Two logins so far: the one above, and that of the client.
        let top = $go!($client.create_category("一级 \"a\" & +%20"))?;
        assert_eq!(logins($emulator, "200"), 2);
        let below = $go!($client.create_category("二级").parent_id(top.as_str()))?;
        assert_ne!(top, below);
        let orphan = $go!($client.create_category("x").parent_id("nothing")).unwrap_err();
        assert_eq!(
            (orphan.kind(), orphan.code(), orphan.message()),
            (ErrorKind::Refused, Some("404"), "record not found")
        );
        assert!(orphan.request_id().is_some());

        // A file of a storage becomes a medium.
        let workflow = BTreeMap::from([
            ("poster".to_owned(), json!({ "enable": 1 })),
            ("snapshot".to_owned(), json!({ "type": "1", "start": 0.5, "interval": 10 })),
        ]);
        let register = |uri: &str| {
            $client
                // Of another provider's storage, which the emulator does not look into.
                .register_media(MediaType::Video, CloudProvider::Tencent, "lessons", uri)
                .class_id(below.as_str())
        };
        let id = $go!(
            register("lessons/一 a&b.mp4")
                .display_name("第一课 \\ 1")
                .tag("生物")
                .internal_workflow_param(workflow.clone())
        )?;
        let id = id.as_str().unwrap();
        let elsewhere = $go!(register("another/1.mp4")).unwrap_err();
        assert_eq!((elsewhere.kind(), elsewhere.code()), (ErrorKind::Refused, Some("400")));
        let medium = $go!($client.get_media(id))?;
        for (member, value) in [
            ("uuid", json!(id)),
            ("className", json!("二级")),
            ("displayName", json!("第一课 \\ 1")),
            ("fileUri", json!("lessons/一 a&b.mp4")),
            ("type", json!(1)),
            ("internalWorkflowParam", json!(workflow)),
            ("status", json!("processing")),
        ] {
            assert_eq!(medium[member], value, "{member}");
        }
        $emulator.advance(TRANSCODING);
        assert_eq!($go!($client.get_media(id))?["status"], "finished");
        // An id is one part of the path, whatever is in it.
        for strange in ["nothing", "a/b", "二?x=1#y", "%2F"] {
            let unknown = $go!($client.get_media(strange)).unwrap_err();
            assert_eq!((unknown.code(), unknown.message()), (Some("404"), "record not found"));
        }

        // A list of categories is deleted as a whole or not at all.
        let both = || vec![below.clone(), "nothing".to_owned()];
        assert_eq!($go!($client.delete_categories(both())).unwrap_err().code(), Some("404"));
        assert_eq!($go!($client.get_media(id))?["className"], "二级");
        $go!($client.delete_categories(vec![top.clone(), below.clone()]))?;
        assert_eq!($go!($client.get_media(id))?["className"], "");
        let gone = $go!($client.delete_categories(vec![top])).unwrap_err();
        assert_eq!(gone.code(), Some("404"));

        // Calls that no table has.
        let raw = $go!(
            $client
                .raw(&SORTED_CATEGORY)
                .param("className", "roh & 生")
                .param("sort", json!({ "by": ["name"] }))
        )?;
        let raw = raw.as_str().unwrap();
        $go!(register("lessons/2.mp4").class_id(raw))?;
        let missing = $go!($client.raw(&SORTED_CATEGORY).param("sort", 1)).unwrap_err();
        assert_eq!((missing.kind(), missing.code()), (ErrorKind::Refused, Some("400")));
        // The emulator knows no such path, and says so with HTTP's status.
        let unknown = $go!($client.raw(&LIST)).unwrap_err();
        assert_eq!(unknown.status().map(|status| status.as_u16()), Some(501));

        // A token that is taken back or grows old is replaced once, without a word.
        assert_eq!(logins($emulator, "200"), 2);
        $emulator.revoke_mediacloud_tokens();
        $go!($client.get_media(id))?;
        assert_eq!(logins($emulator, "200"), 3);
        $emulator.advance(TOKEN_LIFE);
        $go!($client.get_media(id))?;
        $go!($client.get_media(id))?;
        assert_eq!(logins($emulator, "200"), 4);
        Ok::<(), Error>(())
    }};
}

fn told_blocking(now: Timestamp) -> (Vec<String>, Emulator) {
    let emulator = emulator();
    let transport = Recorded::new(Blocking::new().unwrap(), now, emulator.base_url());
    let client = client(&emulator, transport);
    let playing = &emulator;
    macro_rules! go {
        ($call:expr) => {
            $call.send()
        };
    }
    let told: Result<(), Error> = (|| story!(playing, client, go))();
    told.unwrap_or_else(|error| panic!("{error}\n{:#?}", client.transport().log().last()));
    (client.transport().log(), emulator)
}

async fn told_async(now: Timestamp) -> (Vec<String>, Emulator) {
    let emulator = emulator();
    let transport = Recorded::new(Async::new().unwrap(), now, emulator.base_url());
    let client = client(&emulator, transport);
    let playing = &emulator;
    macro_rules! go {
        ($call:expr) => {
            $call.await
        };
    }
    let told: Result<(), Error> = async { story!(playing, client, go) }.await;
    told.unwrap_or_else(|error| panic!("{error}\n{:#?}", client.transport().log().last()));
    (client.transport().log(), emulator)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_the_same_over_both_transports() {
    let now = now();
    let (blocking, emulator) = told_blocking(now);
    let (asynchronous, _other) = told_async(now).await;
    for (line, other) in blocking.iter().zip(&asynchronous) {
        assert_eq!(line, other);
    }
    assert_eq!(blocking.len(), asynchronous.len());

    let journal = emulator.journal();
    for operation in operations::ALL {
        assert!(
            journal.iter().any(|record| {
                record.vendor == Some("mediacloud")
                    && record.operation == Some(operation.name)
                    && record.code.as_deref() == Some("200")
            }),
            "{} does not succeed in the story",
            operation.name
        );
    }
    // What the emulator remarks on a call is a mistake of ours, but for the member that was made up.
    let remarks = journal.iter().filter_map(|record| record.note.as_deref());
    for remark in remarks.filter(|remark| remark.contains("does not list")) {
        assert!(remark.ends_with("does not list: sort"), "{remark}");
    }
}

#[test]
fn a_token_from_elsewhere_is_used_and_never_renewed() {
    let emulator = emulator();
    let account = emulator.mediacloud();
    let tokens = client(&emulator, Blocking::new().unwrap())
        .login(account.username.as_str(), account.password.as_str())
        .send()
        .unwrap();
    let client = Client::builder()
        .base_url(emulator.base_url())
        .access_token(tokens.jwt.access_token)
        .build(Blocking::new().unwrap())
        .unwrap();
    client.create_category("a").send().unwrap();
    emulator.revoke_mediacloud_tokens();
    let error = client.create_category("a").send().unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Credential, Some("401"))
    );
    assert_eq!((logins(&emulator, "200"), error.attempts()), (1, 1));
}

type Happens = fn(&Emulator);

/// What happens to the token before each wave of callers, and whether they have to log in.
const WAVES: [(Happens, usize); 6] = [
    (|_| {}, 1),
    (|emulator| emulator.advance(TOKEN_LIFE), 1),
    (|_| {}, 0),
    (Emulator::revoke_mediacloud_tokens, 1),
    (Emulator::revoke_mediacloud_tokens, 1),
    (|emulator| emulator.advance(TOKEN_LIFE), 1),
];

/// Every caller has got a category of its own.
fn all_different(ids: &[String]) {
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), CALLERS);
}

/// Runs a call on many threads that start at once.
fn at_once<R: Send>(act: impl Fn() -> R + Sync) -> Vec<R> {
    let start = Barrier::new(CALLERS);
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    act()
                })
            })
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().unwrap())
            .collect()
    })
}

/// Runs a call in many tasks that start at once, on several threads.
async fn tasks_at_once<R, F>(act: impl Fn() -> F) -> Vec<R>
where
    R: Send + 'static,
    F: Future<Output = R> + Send + 'static,
{
    let start = Arc::new(tokio::sync::Barrier::new(CALLERS));
    let tasks: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (start, act) = (Arc::clone(&start), act());
            tokio::spawn(async move {
                start.wait().await;
                act.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

#[test]
fn a_hundred_threads_log_in_once_at_first_and_once_when_the_token_is_no_more() {
    let emulator = emulator();
    let client = client(&emulator, Blocking::new().unwrap());
    let mut expected = 0;
    for (happens, more) in WAVES {
        happens(&emulator);
        let ids = at_once(|| client.create_category("c").send().unwrap());
        all_different(&ids);
        expected += more;
        assert_eq!(logins(&emulator, "200"), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_tasks_log_in_once_at_first_and_once_when_the_token_is_no_more() {
    let emulator = emulator();
    let client = Arc::new(client(&emulator, Async::new().unwrap()));
    let mut expected = 0;
    for (happens, more) in WAVES {
        happens(&emulator);
        let ids = tasks_at_once(|| {
            let client = Arc::clone(&client);
            async move { client.create_category("c").await.unwrap() }
        })
        .await;
        all_different(&ids);
        expected += more;
        assert_eq!(logins(&emulator, "200"), expected);
    }
}

/// Holds a login back until all other callers wait for it, so that the wave is one whatever the machine does.
#[derive(Debug)]
struct Gate<T, I> {
    inner: T,
    waiting: Mutex<HashSet<I>>,
}

impl<T, I: Eq + Hash> Gate<T, I> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            waiting: Mutex::default(),
        }
    }

    fn waits(&self, who: I) {
        self.waiting.lock().unwrap().insert(who);
    }

    /// Whether this is a login that has to wait on.
    fn is_shut(&self, outgoing: &Outgoing, since: Instant) -> bool {
        if !outgoing.request.uri().path().ends_with("/login") {
            return false;
        }
        let waiting = self.waiting.lock().unwrap().len();
        assert!(
            since.elapsed() < Duration::from_secs(30),
            "only {waiting} wait for the login"
        );
        waiting < CALLERS - 1
    }

    /// The next wave starts afresh.
    fn next_wave(&self) {
        self.waiting.lock().unwrap().clear();
    }
}

impl BlockingTransport for Gate<Blocking, ThreadId> {
    fn tick(&self) -> Tick {
        self.inner.tick()
    }
    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        let since = Instant::now();
        while self.is_shut(&outgoing, since) {
            std::thread::yield_now();
        }
        self.inner.send(outgoing)
    }
    fn sleep(&self, duration: Duration) {
        self.waits(std::thread::current().id());
        self.inner.sleep(duration);
    }
    fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        BlockingTransport::inspect(&self.inner, path)
    }
}

#[async_trait]
impl AsyncTransport for Gate<Async, tokio::task::Id> {
    fn tick(&self) -> Tick {
        self.inner.tick()
    }
    async fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        let since = Instant::now();
        while self.is_shut(&outgoing, since) {
            tokio::task::yield_now().await;
        }
        self.inner.send(outgoing).await
    }
    async fn sleep(&self, duration: Duration) {
        self.waits(tokio::task::id());
        self.inner.sleep(duration).await;
    }
    async fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        self.inner.inspect(path).await
    }
}

fn with_a_wrong_password<T>(emulator: &Emulator, transport: T) -> Client<T> {
    Client::builder()
        .base_url(emulator.base_url())
        .username(emulator.mediacloud().username.as_str())
        .password("test-password-0123456789")
        .retry(RetryPolicy::STANDARD)
        .build(transport)
        .unwrap()
}

fn all_refused(errors: &[Error]) {
    assert_eq!(errors.len(), CALLERS);
    for error in errors {
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Credential, Some("401")),
            "{error}"
        );
        assert!(error.message().starts_with("logging in: "), "{error}");
    }
}

#[test]
fn a_wrong_password_is_refused_once_for_a_hundred_threads() {
    let emulator = emulator();
    let client = with_a_wrong_password(&emulator, Gate::new(Blocking::new().unwrap()));
    for wave in 1..=3 {
        all_refused(&at_once(|| client.get_media("x").send().unwrap_err()));
        assert_eq!(logins(&emulator, "401"), wave);
        client.transport().next_wave();
    }
    assert_eq!(
        emulator.journal().len(),
        3,
        "nothing but the logins was sent"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wrong_password_is_refused_once_for_a_hundred_tasks() {
    let emulator = emulator();
    let gate = Gate::new(Async::new().unwrap());
    let client = Arc::new(with_a_wrong_password(&emulator, gate));
    for wave in 1..=3 {
        let errors = tasks_at_once(|| {
            let client = Arc::clone(&client);
            async move { client.get_media("x").await.unwrap_err() }
        })
        .await;
        all_refused(&errors);
        assert_eq!(logins(&emulator, "401"), wave);
        client.transport().next_wave();
    }
    assert_eq!(
        emulator.journal().len(),
        3,
        "nothing but the logins was sent"
    );
}
