//! From the emulator to `vodkit listen` over real sockets: each way in which the emulator comes to tell something, and what it tells then.

#![cfg(unix)]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use vodkit_emulator::baijiayun::{self, ThirdPartyAuth};
use vodkit_emulator::quvideo::AuditEvent;
use vodkit_emulator::{Builder, CallbackOutcome, Effect, Emulator, polyv, quvideo};

use crate::callbacks::Listener;
use crate::processes::until;
use crate::{PARTNER_ID, PARTNER_KEY, SECRET_KEY, bare, run};

const QUVIDEO_KEY: &str = "canary-callback-key";
/// What is uploaded.
const CONTENT: &str = "the emulator takes any bytes";

/// A listener, and an emulator whose accounts report to it.
pub(crate) struct World {
    pub(crate) listener: Listener,
    pub(crate) emulator: Emulator,
    folder: tempfile::TempDir,
}

/// A callback that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) vendor: &'static str,
    pub(crate) event: String,
    pub(crate) number: u32,
    pub(crate) outcome: CallbackOutcome,
    /// When it had ended, in milliseconds by the emulator's clock.
    pub(crate) at_ms: i64,
}

impl World {
    /// With these arguments of the listener, and what else is set of the emulator.
    pub(crate) fn start(
        audit: AuditEvent,
        args: &[&str],
        set: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let mut keys = bare();
        keys.env("VODKIT_BAIJIAYUN_PARTNER_KEY", PARTNER_KEY)
            .env("VODKIT_POLYV_SECRET_KEY", polyv::DEFAULT_SECRET_KEY)
            .env("VODKIT_QUVIDEO_CALLBACK_KEY", QUVIDEO_KEY);
        let listener = Listener::start(&mut keys, args);
        let at = |path: &str| format!("{}/{path}", listener.base_url);
        let baijiayun = baijiayun::Account::new(PARTNER_ID, PARTNER_KEY, SECRET_KEY)
            .with_callback_url(at("baijiayun"))
            .with_third_party_auth(ThirdPartyAuth::new(at("baijiayun/auth")));
        let quvideo = quvideo::Callback::new(at("quvideo")).key(QUVIDEO_KEY);
        let builder = Emulator::builder()
            .baijiayun(baijiayun)
            .polyv(polyv::Account::default().with_callback_url(at("polyv")))
            .quvideo_callback(quvideo.audit_event(audit))
            .transcode_time(Duration::from_millis(4));
        Self {
            emulator: set(builder).start().unwrap(),
            listener,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The binary with the accounts of this emulator.
    fn client(&self) -> Command {
        let mut command = crate::vodkit(self.emulator.base_url());
        command
            .env("VODKIT_POLYV_BASE_URL", self.emulator.base_url())
            .env("VODKIT_POLYV_USER_ID", polyv::DEFAULT_USER_ID)
            .env("VODKIT_POLYV_SECRET_KEY", polyv::DEFAULT_SECRET_KEY)
            .env("VODKIT_QUVIDEO_BASE_URL", self.emulator.base_url())
            .env("VODKIT_QUVIDEO_TOKEN", quvideo::DEFAULT_TOKEN);
        command
    }

    fn file(&self, name: &str) -> String {
        let file = self.folder.path().join(name);
        std::fs::write(&file, CONTENT).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// Uploads a file of this name; the id of the video.
    pub(crate) fn upload(&self, vendor: &str, name: &str) -> String {
        let file = self.file(name);
        let mut args = vec!["upload", vendor, file.as_str()];
        if vendor == "quvideo" {
            args.extend(["--cover-url", "http://img.example.test/1.jpg"]);
        }
        let ran = run(&mut self.client(), &args);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let uploaded: Value = serde_json::from_str(&ran.out).unwrap();
        let id = &uploaded["video_id"];
        id.as_str().map_or_else(|| id.to_string(), str::to_owned)
    }

    /// Makes a call; `@` in front of a value stands for a file of that name.
    pub(crate) fn call(&self, vendor: &str, call: &str, params: &[&str]) -> Value {
        let params: Vec<String> = params
            .iter()
            .map(|param| match param.split_once("=@") {
                Some((name, file)) => format!("{name}=@{}", self.file(file)),
                None => (*param).to_owned(),
            })
            .collect();
        let mut args = vec!["call", vendor, call];
        args.extend(params.iter().map(String::as_str));
        let ran = run(&mut self.client(), &args);
        assert_eq!(ran.code, 0, "{}", ran.err);
        serde_json::from_str(&ran.out).unwrap_or_default()
    }

    /// Decides over the wire what becomes of the next video.
    pub(crate) fn plan(&self, outcome: &str) {
        let answer = self.ask(&format!(
            "POST /_vodkit/outcomes HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{outcome}",
            outcome.len()
        ));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// What the emulator answers to a request.
    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.emulator.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Plays a video of Baijiayun's as a viewer with an access key does; whether it plays.
    pub(crate) fn play(&self, video: &str) -> bool {
        let urls = self.call("baijiayun", "getUrl", &[&format!("video_id={video}")]);
        let (_, first) = urls["play_info"]
            .as_object()
            .unwrap()
            .iter()
            .next()
            .unwrap();
        let url = first["url"].as_str().unwrap();
        let target = url.strip_prefix(self.emulator.base_url()).unwrap();
        let answer = self.ask(&format!(
            "GET {target}&access_key=canary-access-key HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"
        ));
        answer.starts_with("HTTP/1.1 200") && answer.ends_with(CONTENT)
    }

    /// Where the listener receives a vendor's callbacks.
    pub(crate) fn address(&self, vendor: &str) -> String {
        format!("{}/{vendor}", self.listener.base_url)
    }

    /// The callbacks so far.
    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        let of_record = |record: vodkit_emulator::Record| {
            let at_ms = record.at_ms;
            record
                .effects
                .into_iter()
                .filter_map(move |effect| match effect {
                    Effect::CallbackAttempted {
                        vendor,
                        event,
                        attempt,
                        outcome,
                        ..
                    } => Some(Attempt {
                        vendor,
                        event,
                        number: attempt,
                        outcome,
                        at_ms,
                    }),
                    _ => None,
                })
        };
        self.emulator
            .journal()
            .into_iter()
            .flat_map(of_record)
            .collect()
    }
}

/// Where a time is signed, what is 400 s old is refused, and comes again exactly as often as the vendor says.
#[test]
fn what_is_too_old_is_refused_and_repeated_as_documented() {
    let world = World::start(AuditEvent::default(), &[], |builder| {
        builder.time_scale(1000.0).clock_offset(-400)
    });
    for vendor in ["baijiayun", "polyv", "quvideo"] {
        world.upload(vendor, "lesson.mp4");
    }
    let told = |vendor: &str, event: &str| {
        let attempts = world.attempts();
        let of = attempts
            .iter()
            .filter(|attempt| attempt.vendor == vendor && attempt.event == event);
        of.count()
    };
    until(|| {
        told("baijiayun", "status 100") == 3
            && told("polyv", "pass") == 1
            && told("quvideo", "SnapshotComplete") == 3
    });
    assert_eq!(told("baijiayun", "status 20"), 1);
    for attempt in world.attempts() {
        let expected = match attempt.vendor {
            "polyv" => CallbackOutcome::Accepted,
            _ => CallbackOutcome::Refused,
        };
        assert_eq!(attempt.outcome, expected, "{attempt:?}");
    }
    for line in world.listener.end().out.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["vendor"] == "polyv" {
            assert_eq!(line["answered"], 200, "{line}");
        } else {
            assert_eq!(line["refused"], "too_old", "{line}");
            assert_eq!(line["answered"], 403, "{line}");
        }
    }
}
