//! The built binary, run as scripts run it: arguments and environment in; exit code, standard output and standard error out.

#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in its helpers"
)]

mod adoption;
mod batch;
mod callbacks;
mod calls;
mod dry_run;
mod emulated_callbacks;
mod every_event;
mod failures;
mod forwarding;
mod mediacloud;
mod processes;
mod records;
mod resume;
mod secrets;
mod server;
mod signing;
mod storage;
mod tampering;
mod uploads;

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use vodkit_emulator::Emulator;
use vodkit_emulator::baijiayun::Account;

const PARTNER_ID: u64 = 87_654_321;
const PARTNER_KEY: &str = "canary-partner-key-0123456789";
const SECRET_KEY: &str = "canary-secret-key-0123456789";

/// An emulator that knows the account of these tests, and transcodes at once.
fn emulator() -> Emulator {
    Emulator::builder()
        .baijiayun(Account::new(PARTNER_ID, PARTNER_KEY, SECRET_KEY))
        .time_scale(1000.0)
        .start()
        .unwrap()
}

/// The binary with nothing in its environment but a place for the state of uploads.
fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vodkit"));
    command
        .env_clear()
        // Files of these tests are in directories of their own, so their uploads do not meet.
        .env(
            "VODKIT_STATE_DIR",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/uploads"),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The binary with the account of these tests at this address.
fn vodkit(base_url: &str) -> Command {
    let mut command = bare();
    command
        .env("VODKIT_BAIJIAYUN_PARTNER_ID", PARTNER_ID.to_string())
        .env("VODKIT_BAIJIAYUN_PARTNER_KEY", PARTNER_KEY)
        .env("VODKIT_BAIJIAYUN_BASE_URL", base_url);
    command
}

/// What a run left behind.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn run(command: &mut Command, args: &[&str]) -> Ran {
    command.args(args).output().unwrap().into()
}

impl Ran {
    /// The JSON on standard output of a run that succeeded without a word on standard error.
    #[track_caller]
    fn data(&self) -> Value {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        serde_json::from_str(&self.out).unwrap()
    }

    /// The one JSON object on standard error of a run that failed with this code, and printed nothing else.
    #[track_caller]
    fn failure(&self, code: i32) -> Value {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        self.error(code)
    }

    /// As [`error`](Self::error), of a run that has also printed its result.
    #[track_caller]
    fn error_after_output(&self, code: i32) -> Value {
        assert!(!self.out.is_empty());
        self.error(code)
    }

    /// As [`failure`](Self::failure), where standard output may hold something.
    #[track_caller]
    fn error(&self, code: i32) -> Value {
        assert_eq!(self.code, code, "{}", self.err);
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
        let failure: Value = serde_json::from_str(&self.err).unwrap();
        assert_eq!(failure["exit_code"], code);
        for required in ["kind", "message"] {
            assert!(
                failure[required]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{failure}"
            );
        }
        failure
    }
}

/// How many requests arrived.
fn arrived(emulator: &Emulator) -> usize {
    emulator.journal().len()
}
