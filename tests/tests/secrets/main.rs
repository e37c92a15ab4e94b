//! Keys, passwords and tokens of all vendors in places where they do not belong: whatever the program prints, with the most verbose output
//! there is, none of them is in it, be the call a success or a failure, and be the other side the vendor or one that repeats what it hears.
//!
//! What hands on by its name what came or goes is left out: `Secret::expose`, the bytes of `Error::body`, URL and body of an
//! `http::Request`, results that are the vendor's text or JSON as it came, the names of members that no table has, and addresses that are made
//! to be handed out (Baijiayun's share URLs hold a token for the player).

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};
use vodkit_async::Async;
use vodkit_baijiayun::types::TargetDefinition;
use vodkit_blocking::Blocking;
use vodkit_emulator::{Builder, Emulator, baijiayun, mediacloud, polyv, quvideo};
use vodkit_mediacloud::ObjectStorage;
use vodkit_polyv::types::Switch;
use vodkit_quvideo::types::{DecodedPlayAuth, DecodedUploadAuth, ImageType, PublishVideo};
use vodkit_quvideo::{Error, FileInput, RetryPolicy, Secret};
use vodkit_request::flow::{Event, Flow};
use vodkit_request::transport::{BlockingTransport, FileFacts, Outgoing, Tick, TransportError};
use vodkit_tests::conformance::server::{Seen, Server, reply};

mod replies;

use replies::{granted, json_reply, refused, words};

// What the program was given. Each begins with the word that is looked for.
const PARTNER_KEY: &str = "canary-partner-key-0123456789";
const PARTNER_SECRET: &str = "canary-partner-secret-0123456789";
const POLYV_KEY: &str = "canary-polyv-secretkey-0123456789";
const QUVIDEO_TOKEN: &str = "canary-quvideo-token-0123456789";
const PASSWORD: &str = "canary-password-0123456789";
const WRONG: &str = "canary-but-not-the-right-one";
const PARTNER_ID: u64 = 87_654_321;
const POLYV_USER: &str = "u123456789";
const USERNAME: &str = "somebody";

/// Members of replies that hold what nobody else may know.
const SECRET_MEMBERS: &str = "token access_token id_token refresh_token session_state STSAccessKeyID STSSecretAccessKey \
    STSSessionToken accessId accessKey accessKeyId accessKeySecret securityToken AccessKeyId \
    AccessKeySecret SecurityToken uploadAddress uploadAuth playAuth partner_key imageURL";

/// Everything that was printed, and every secret that a reply brought or a request was signed with.
#[derive(Default)]
struct Heard {
    text: Mutex<String>,
    secrets: Mutex<BTreeSet<String>>,
    calls: Mutex<usize>,
}

impl Heard {
    fn hear(&self, text: &str) {
        let mut all = self.text.lock().unwrap();
        all.push_str(text);
        all.push('\n');
    }

    fn debug(&self, value: &dyn Debug) {
        self.hear(&format!("{value:?}"));
        self.hear(&format!("{value:#?}"));
    }

    /// Prints all that a program can print of an outcome.
    fn outcome<T: Debug>(&self, outcome: Result<T, Error>) -> Option<T> {
        *self.calls.lock().unwrap() += 1;
        match outcome {
            Ok(value) => {
                self.debug(&value);
                Some(value)
            }
            Err(error) => {
                self.debug(&error);
                self.hear(&error.to_string());
                self.hear(error.message());
                for part in [
                    error.code(),
                    error.hint(),
                    error.field_path(),
                    error.created(),
                    error.request_id(),
                ] {
                    self.hear(part.unwrap_or_default());
                }
                let mut source = error.source();
                while let Some(cause) = source {
                    self.debug(&cause);
                    self.hear(&cause.to_string());
                    source = cause.source();
                }
                None
            }
        }
    }

    fn learn(&self, secret: &str) {
        // Shorter ones are words.
        if secret.len() >= 8 {
            self.secrets.lock().unwrap().insert(secret.to_owned());
        }
    }

    /// Collects the secrets of a reply.
    fn learn_reply(&self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.learn_reply(item)),
            Value::Object(members) => {
                for (name, value) in members {
                    match value.as_str() {
                        Some(text) if SECRET_MEMBERS.split(' ').any(|one| one == name) => {
                            self.learn(text);
                            self.learn_packed(text);
                        }
                        Some(text) => self.learn_parameter(text, "token="),
                        None => self.learn_reply(value),
                    }
                }
            }
            _ => {}
        }
    }

    /// What is inside of a secret that is JSON in base64.
    fn learn_packed(&self, text: &str) {
        let inside = BASE64.decode(text).ok();
        if let Some(Ok(inside)) = inside.map(|bytes| serde_json::from_slice::<Value>(&bytes)) {
            self.learn_reply(&inside);
        }
    }

    fn learn_parameter(&self, text: &str, name: &str) {
        for (at, _) in text.match_indices(name) {
            let value = &text[at + name.len()..];
            let end = value.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
            self.learn(&value[..end.unwrap_or(value.len())]);
        }
    }

    /// Fails when a secret was printed.
    #[track_caller]
    fn is_clean(&self, at_least: usize) {
        let calls = *self.calls.lock().unwrap();
        assert!(calls >= at_least, "only {calls} calls were heard");
        let heard = [self.text.lock().unwrap().clone(), logged()];
        assert!(heard[0].len() > 10_000, "hardly anything was heard");
        let secrets = self.secrets.lock().unwrap();
        assert!(secrets.len() >= 3, "no reply brought a secret: {secrets:?}");
        let canary = "canary".to_owned();
        for text in &heard {
            for secret in secrets.iter().chain([&canary]) {
                if let Some(at) = text.to_lowercase().find(&secret.to_lowercase()) {
                    let around: String = text[..at].chars().rev().take(300).collect();
                    let around: String = around.chars().rev().collect();
                    panic!("{secret} was printed after {around}");
                }
            }
        }
    }
}

/// A transport that prints all that it can of what passes.
struct Chatty {
    inner: Blocking,
    heard: Arc<Heard>,
}

impl Chatty {
    fn new(heard: &Arc<Heard>) -> Self {
        let inner = Blocking::new().unwrap();
        heard.debug(&inner);
        Self {
            inner,
            heard: Arc::clone(heard),
        }
    }
}

impl BlockingTransport for Chatty {
    fn tick(&self) -> Tick {
        self.inner.tick()
    }
    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        let heard = &self.heard;
        heard.debug(&outgoing);
        heard.debug(outgoing.request.headers());
        let query = outgoing.request.uri().query().unwrap_or_default();
        for name in ["sign=", "X-Amz-Signature=", "X-Amz-Security-Token="] {
            heard.learn_parameter(query, name);
        }
        if let Some(body) = outgoing.request.body().as_bytes() {
            heard.learn_parameter(&String::from_utf8_lossy(body), "sign=");
        }
        let outcome = self.inner.send(outgoing);
        match &outcome {
            Ok(response) => {
                heard.debug(&Event::Response(response.clone()));
                heard.debug(response.headers());
                if let Ok(value) = serde_json::from_slice(response.body()) {
                    heard.learn_reply(&value);
                }
            }
            Err(error) => {
                heard.debug(error);
                heard.hear(&error.to_string());
            }
        }
        outcome
    }
    fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration);
    }
    fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        BlockingTransport::inspect(&self.inner, path)
    }
}

/// Sends a call, and prints it in each of its forms: as it is, as a flow, and the flow's first step.
macro_rules! call {
    ($client:ident.$($call:tt)*) => {{
        let heard = &$client.transport().heard;
        heard.debug(&$client.$($call)*);
        let mut flow = $client.$($call)*.into_flow();
        heard.debug(&flow);
        let first = flow.advance($client.transport().tick(), Event::Start);
        heard.debug(&first);
        heard.debug(&flow);
        drop((first, flow));
        heard.outcome($client.$($call)*.send())
    }};
}

/// Builds a client and prints what it is made of.
macro_rules! client {
    ($heard:expr, $builder:expr) => {{
        let builder = $builder.retry(RetryPolicy::NEVER);
        $heard.debug(&builder);
        let client = builder.build(Chatty::new($heard)).unwrap();
        $heard.debug(&client);
        $heard.debug(client.session());
        $heard.debug(client.session().vendor());
        client
    }};
}

/// What the libraries below log, down to their debugging. Below that, at `trace`, they dump the wire itself.
static LOGGED: Mutex<String> = Mutex::new(String::new());

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{}: {}\n", record.target(), record.args());
        LOGGED.lock().unwrap().push_str(&line);
    }
    fn flush(&self) {}
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Logger).unwrap();
        log::set_max_level(log::LevelFilter::Debug);
    });
}

fn logged() -> String {
    let text = LOGGED.lock().unwrap().clone();
    assert!(text.contains("ureq"), "the libraries below log nothing");
    text
}

/// The other sides that a call may meet.
struct Sides {
    emulator: Emulator,
    servers: Vec<Server>,
    closed: String,
}

impl Sides {
    /// `success` is a reply of success with this data.
    fn new(heard: &Arc<Heard>, success: fn(Value) -> Value) -> Self {
        listen();
        let log = Arc::clone(heard);
        let builder: Builder = Emulator::builder()
            .baijiayun(baijiayun::Account::new(
                PARTNER_ID,
                PARTNER_KEY,
                PARTNER_SECRET,
            ))
            .polyv(polyv::Account::new(POLYV_USER, POLYV_KEY))
            .quvideo(quvideo::Account::new(QUVIDEO_TOKEN))
            .mediacloud(mediacloud::Account::new(USERNAME, PASSWORD))
            .transcode_time(Duration::ZERO)
            .log(move |record| {
                log.debug(record);
                log.hear(&record.to_string());
            });
        heard.debug(&builder);
        let emulator = builder.start().unwrap();
        heard.debug(&emulator);
        heard.debug(emulator.baijiayun());
        heard.debug(emulator.polyv());
        heard.debug(emulator.quvideo());
        heard.debug(emulator.mediacloud());
        let html = Server::start(|peer| {
            answer(peer, |seen| {
                reply(
                    "200 OK",
                    &["content-type: text/html"],
                    format!("<html>{}", words(seen)),
                )
            })
        });
        // A page of a server in front, with a status that says so.
        let gateway = Server::start(|peer| {
            answer(peer, |seen| {
                reply("403 Forbidden", &["content-type: text/html"], words(seen))
            })
        });
        let refusal = Server::start(|peer| answer(peer, |seen| json_reply(&refused(seen))));
        // Text where there should be an object, and lists of it where there should be text.
        let senseless = Server::start(move |peer| {
            answer(peer, |seen| json_reply(&success(Value::from(words(seen)))))
        });
        let mistyped = Server::start(move |peer| {
            answer(peer, |seen| {
                let words = [words(seen)];
                json_reply(&success(
                    json!({ "token": words, "vid": words, "video_id": words, "jwt": words }),
                ))
            });
        });
        let granting = Server::start(|peer| answer(peer, granted));
        // A storage that repeats in its document what it was asked.
        let document = Server::start(|peer| {
            answer(peer, |seen| {
                let words = words(seen).replace('&', "&amp;").replace('<', "&lt;");
                let document = format!(
                    "<Error><Code>SignatureDoesNotMatch</Code><Message>{words}</Message><RequestId>{words}</RequestId></Error>"
                );
                reply(
                    "403 Forbidden",
                    &["content-type: application/xml"],
                    document,
                )
            })
        });
        let lost = Server::start(|peer| drop(peer.read_request()));
        let broken = Server::start(|peer| {
            if let Some(seen) = peer.read_request() {
                let whole = json_reply(&refused(&seen));
                // The asker may have gone meanwhile.
                let _gone = peer.write(&whole[..whole.len() / 2]);
            }
        });
        Self {
            emulator,
            servers: vec![
                html, gateway, refusal, senseless, mistyped, granting, document, lost, broken,
            ],
            closed: "http://127.0.0.1:1".to_owned(),
        }
    }

    /// The addresses: the emulator first.
    fn all(&self) -> Vec<String> {
        let servers = self.servers.iter().map(|server| server.url(""));
        [self.emulator.base_url().to_owned(), self.closed.clone()]
            .into_iter()
            .chain(servers)
            .collect()
    }

    fn journal(&self, heard: &Heard) {
        for record in self.emulator.journal() {
            heard.debug(&record);
            heard.hear(&record.to_string());
        }
    }
}

fn answer(peer: &mut vodkit_tests::conformance::server::Peer, make: impl Fn(&Seen) -> Vec<u8>) {
    while let Some(seen) = peer.read_request() {
        if peer.write(&make(&seen)).is_err() {
            return;
        }
    }
}

fn film() -> FileInput {
    FileInput::bytes("a.mp4", *b"not really a film")
}

#[test]
fn baijiayun() {
    let heard = Arc::new(Heard::default());
    let sides = Sides::new(&heard, |data| json!({ "code": 0, "msg": "", "data": data }));
    for url in sides.all() {
        let account = || {
            vodkit_baijiayun::Client::builder()
                .base_url(&url)
                .partner_id(PARTNER_ID)
        };
        let clients = [
            client!(&heard, account().partner_key(PARTNER_KEY)),
            client!(&heard, account().partner_key(WRONG)),
            client!(&heard, account().secret_key(PARTNER_SECRET)),
            client!(&heard, account().secret_key(WRONG)),
        ];
        for client in &clients {
            call!(client.get_account_info());
            call!(client.create_key(PARTNER_ID, PARTNER_SECRET));
            call!(client.get_info(404));
            call!(client.get_upload_url("a.mp4", TargetDefinition::Standard));
            let uploaded = call!(client.upload(film()));
            let id = uploaded.map_or(7, |uploaded| uploaded.video_id);
            call!(client.get_player_token(id));
            call!(client.get_player_token_batch([id], 60));
            call!(client.get_resume_upload_url(id));
        }
    }
    sides.journal(&heard);
    heard.is_clean(300);
}

#[test]
fn polyv() {
    let heard = Arc::new(Heard::default());
    let sides = Sides::new(
        &heard,
        |data| json!({ "code": 200, "message": "success", "data": data }),
    );
    for url in sides.all() {
        let account = || {
            vodkit_polyv::Client::builder()
                .base_url(&url)
                .user_id(POLYV_USER)
        };
        let clients = [
            client!(&heard, account().secret_key(POLYV_KEY)),
            client!(&heard, account().secret_key(WRONG)),
        ];
        for client in &clients {
            let found = call!(client.search_videos());
            let vid = found
                .and_then(|mut found| found.contents.pop())
                .map_or("nothing".to_owned(), |video| video.vid);
            call!(client.get_playsafe());
            call!(
                client
                    .save_video_settings(vid.clone())
                    .title("t")
                    .password(PASSWORD)
            );
            call!(client.get_video_settings(vid.as_str()));
            call!(client.get_preview_duration("nothing"));
            call!(client.init_upload("t", 17, Switch::On, "java_sdk_chunk_v1"));
            call!(client.renew_upload_token());
            call!(client.create_play_token(vid.as_str(), "viewer"));
            call!(
                client
                    .upload_cover_image(FileInput::bytes("a.png", *b"x"))
                    .vids(vid.clone())
            );
        }
    }
    sides.journal(&heard);
    heard.is_clean(150);
}

#[test]
fn quvideo() {
    let heard = Arc::new(Heard::default());
    let sides = Sides::new(
        &heard,
        |data| json!({ "result": "true", "code": "200", "message": "", "requestId": "r", "data": data }),
    );
    for url in sides.all() {
        let server = || vodkit_quvideo::Client::builder().base_url(&url);
        let clients = [
            client!(&heard, server().token(QUVIDEO_TOKEN)),
            client!(&heard, server().token(WRONG)),
            client!(&heard, server()),
        ];
        for client in &clients {
            call!(client.register("name", PASSWORD));
            call!(client.login("name", PASSWORD));
            call!(client.login("name", WRONG));
            call!(client.random_user());
            call!(client.get_sts());
            call!(client.demo_get_sts());
            call!(client.get_personal_video_list(1, 5));
            let granted = call!(client.get_video_upload_auth("t", "a.mp4"));
            if let Some(granted) = granted {
                heard.debug(&DecodedUploadAuth::of(&granted.upload_auth));
                call!(client.refresh_video_upload_auth(granted.video_id.as_str()));
            }
            heard.debug(&DecodedUploadAuth::of(&Secret::from(WRONG)));
            call!(client.get_image_upload_auth(ImageType::Cover));
            let publish = || PublishVideo::new().cover_url("https://img.example.test/1.jpg");
            let uploaded = call!(client.upload(film()).publish(publish()));
            let id = uploaded.map_or("nothing".to_owned(), |uploaded| uploaded.video_id);
            if let Some(play) = call!(client.demo_get_video_play_auth(id.as_str())) {
                heard.debug(&DecodedPlayAuth::of(&play.play_auth));
            }
        }
    }
    sides.journal(&heard);
    heard.is_clean(250);
}

#[test]
fn mediacloud() {
    let heard = Arc::new(Heard::default());
    let sides = Sides::new(
        &heard,
        |data| json!({ "requestId": "r", "code": 200, "msg": "", "data": data }),
    );
    let bucket = mediacloud::DEFAULT_BUCKET;
    let real = vodkit_mediacloud::Client::builder()
        .base_url(sides.emulator.base_url())
        .username(USERNAME)
        .password(PASSWORD);
    let real = client!(&heard, real);
    let theirs = ObjectStorage::new(sides.emulator.base_url(), "region").unwrap();
    for url in sides.all() {
        // The keys are right, and the storage is any of the sides.
        let storage = ObjectStorage::new(&url, "region").unwrap();
        call!(real.upload(film(), &storage, bucket));
        call!(real.upload(film(), &storage, "nobodys").unregistered());
        call!(
            real.upload(film(), &storage, bucket)
                .keys(WRONG, WRONG, WRONG)
        );
        let account = || vodkit_mediacloud::Client::builder().base_url(&url);
        let clients = [
            client!(&heard, account().username(USERNAME).password(PASSWORD)),
            client!(&heard, account().username(USERNAME).password(WRONG)),
            client!(&heard, account().access_token(WRONG)),
        ];
        for client in &clients {
            let tokens = call!(client.login(USERNAME, PASSWORD));
            call!(client.login(USERNAME, WRONG));
            if let Some(keys) = tokens.and_then(|tokens| tokens.sts_token) {
                let storage = ObjectStorage::new("http://127.0.0.1:1", "region").unwrap();
                heard.debug(&storage.access(&keys));
            }
            // These two hand on the vendor's text and JSON as it came, so what they give is not printed.
            heard.debug(&client.create_category("c"));
            heard.outcome(client.create_category("c").send().map(drop));
            heard.debug(&client.get_media("nothing"));
            heard.outcome(client.get_media("nothing").send().map(drop));
            call!(client.upload(film(), &theirs, bucket));
            sides.emulator.revoke_mediacloud_tokens();
            call!(client.delete_categories(vec!["nothing".to_owned()]));
        }
    }
    sides.journal(&heard);
    heard.debug(&Async::new().unwrap());
    heard.is_clean(230);
}
