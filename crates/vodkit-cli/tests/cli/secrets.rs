//! No key, signature or token reaches standard output or standard error.

use std::process::Command;

use vodkit_emulator::{Emulator, mediacloud, polyv, quvideo};

use crate::server::{Server, reply};
use crate::{PARTNER_KEY, Ran, SECRET_KEY, bare, emulator, run, vodkit};

const POLYV_KEY: &str = "canary-polyv-secretkey-0123456789";
const QUVIDEO_TOKEN: &str = "canary-quvideo-token-0123456789";
const PASSWORD: &str = "canary-password-0123456789";

#[track_caller]
fn is_clean(ran: &Ran) {
    no_secret(&format!("{}{}", ran.out, ran.err));
}

#[track_caller]
fn no_secret(text: &str) {
    let text = text.to_lowercase();
    assert!(!text.contains("canary"), "{text}");
    // A signature is 32 or 40 hexadecimal digits; here nothing else is.
    let digits = text
        .split(|c: char| !c.is_ascii_hexdigit())
        .find(|run| matches!(run.len(), 32 | 40));
    assert_eq!(digits, None, "{text}");
}

fn both_keys(base_url: &str) -> Command {
    let mut command = vodkit(base_url);
    command.env("VODKIT_BAIJIAYUN_SECRET_KEY", SECRET_KEY);
    command
}

#[test]
fn verbose_runs_and_their_failures_are_clean() {
    let emulator = emulator();
    let closed = "http://127.0.0.1:1";
    let html = Server::start(Some(reply("200 OK", "text/html", "<html>canary</html>")));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.mp4");
    std::fs::write(&file, vec![1; 100]).unwrap();
    let file = file.to_str().unwrap();
    let data = format!("data=@{file}");
    let address = format!(
        "upload_url={}/upload?fid=1&ts=1&token=canary-token",
        emulator.base_url()
    );

    for base_url in [emulator.base_url(), closed, &html.base_url] {
        for args in [
            &["-v", "call", "baijiayun", "getAccountInfo"][..],
            &["-v", "call", "baijiayun", "video/getInfo", "video_id=404"],
            &["-v", "call", "baijiayun", "getUsedFlowDetail"],
            &[
                "-v",
                "call",
                "baijiayun",
                "video/getInfo",
                "video_id=1",
                "timestamp=1000000001",
            ],
            &["-v", "upload", "baijiayun", file, "--wait"],
            &["-v", "call", "baijiayun", "upload", &address, &data],
        ] {
            is_clean(&run(&mut both_keys(base_url), args));
        }
        let mut wrong = both_keys(base_url);
        wrong.env("VODKIT_BAIJIAYUN_PARTNER_KEY", "canary-but-not-the-key");
        is_clean(&run(
            &mut wrong,
            &["-v", "call", "baijiayun", "getAccountInfo"],
        ));
        let mut fetched = both_keys(base_url);
        fetched.env_remove("VODKIT_BAIJIAYUN_PARTNER_KEY");
        is_clean(&run(
            &mut fetched,
            &["-v", "call", "baijiayun", "getAccountInfo"],
        ));
    }
    is_clean(
        &run(
            &mut bare(),
            &[
                "-v",
                "demo",
                file,
                "--output",
                "table",
                "canary-extra-argument-is-usage",
            ],
        )
        .without_argument(),
    );
}

impl Ran {
    /// clap quotes the argument that it does not expect; that is the caller's own.
    fn without_argument(mut self) -> Self {
        self.err = self.err.replace("canary-extra-argument-is-usage", "");
        self
    }
}

#[test]
fn a_vendor_that_repeats_the_key_is_not_quoted() {
    let body = format!(r#"{{"code":1002,"data":[],"msg":"wrong key {PARTNER_KEY}"}}"#);
    let server = Server::start(Some(reply("200 OK", "application/json", &body)));
    let ran = run(
        &mut both_keys(&server.base_url),
        &["call", "baijiayun", "getAccountInfo"],
    );
    assert_eq!(ran.code, 4);
    is_clean(&ran);
}

#[test]
fn a_vendor_that_repeats_a_secret_parameter_is_not_quoted() {
    let body = r#"{"code":1001,"data":[],"msg":"bad secret canary-given and canary-given"}"#;
    let server = Server::start(Some(reply("200 OK", "application/json", body)));
    let args = [
        "call",
        "baijiayun",
        "partner/createkey",
        "partner_id=1",
        "secret_key=canary-given",
    ];
    let ran = run(&mut both_keys(&server.base_url), &args);
    assert_eq!(ran.failure(1)["message"], "bad secret *** and ***");
    is_clean(&ran);
}

#[test]
fn help_shows_no_value_of_the_environment() {
    for args in [
        &["--help"][..],
        &["help", "call"],
        &["help", "upload"],
        &["help", "sign"],
        &["help", "emulator"],
    ] {
        let ran = run(&mut both_keys("http://canary.example.test"), args);
        assert_eq!(ran.code, 0);
        is_clean(&ran);
    }
}

#[test]
fn the_emulator_says_no_key_that_somebody_has_set() {
    // The address cannot be listened on, so it ends at once.
    let ran = run(
        &mut both_keys("http://127.0.0.1:1"),
        &["emulator", "--listen", "192.0.2.1:1"],
    );
    ran.failure(2);
    is_clean(&ran);
}

/// The binary with an account of each of the other vendors at this address.
fn others(base_url: &str) -> Command {
    let mut command = bare();
    for (name, value) in [
        ("VODKIT_POLYV_USER_ID", "u123456789"),
        ("VODKIT_POLYV_SECRET_KEY", POLYV_KEY),
        ("VODKIT_POLYV_BASE_URL", base_url),
        ("VODKIT_QUVIDEO_TOKEN", QUVIDEO_TOKEN),
        ("VODKIT_QUVIDEO_BASE_URL", base_url),
        ("VODKIT_MEDIACLOUD_USERNAME", "somebody"),
        ("VODKIT_MEDIACLOUD_PASSWORD", PASSWORD),
        ("VODKIT_MEDIACLOUD_BASE_URL", base_url),
    ] {
        command.env(name, value);
    }
    command
}

fn emulator_of_others() -> Emulator {
    Emulator::builder()
        .polyv(polyv::Account::new("u123456789", POLYV_KEY))
        .quvideo(quvideo::Account::new(QUVIDEO_TOKEN))
        .mediacloud(mediacloud::Account::new("somebody", PASSWORD))
        .time_scale(1000.0)
        .start()
        .unwrap()
}

/// Calls of the other vendors whose results hold no secret.
const QUIET: &[&[&str]] = &[
    &["polyv", "get-playsafe"],
    &["polyv", "user/main"],
    &["polyv", "get-preview-duration", "vid=nothing"],
    &[
        "polyv",
        "video-setting-save",
        "vids=nothing",
        "password=canary-given-0123",
    ],
    &[
        "quvideo",
        "vod/getPersonalVideoList",
        "pageIndex=1",
        "pageSize=5",
    ],
    &[
        "quvideo",
        "user/register",
        "username=a",
        "password=canary-given-0123",
    ],
    &[
        "quvideo",
        "user/login",
        "username=b",
        "password=canary-given-0123",
    ],
    &["quvideo", "user/updateUser", "userId=1", "nickname=n"],
    &["mediacloud", "POST api/v1/class", "className=c"],
    &["mediacloud", "api/v1/medias/{id}", "id=nothing"],
    &[
        "mediacloud",
        "api/v1/login",
        "username=somebody",
        "password=canary-given-0123",
    ],
];

/// Calls whose results are secrets: those are asked for and printed, on standard output alone.
const TELLING: &[&[&str]] = &[
    &["polyv", "uploadvideo/token"],
    &["quvideo", "vod/getSts"],
    &["quvideo", "user/randomUser"],
    &[
        "quvideo",
        "vod/getVideoUploadAuth",
        "title=t",
        "fileName=a.mp4",
    ],
    &[
        "mediacloud",
        "api/v1/login",
        "username=somebody",
        "password=canary-password-0123456789",
    ],
];

fn verbose<'a>(call: &[&'a str]) -> Vec<&'a str> {
    [&["-v", "call"], call].concat()
}

#[test]
fn verbose_runs_of_the_other_vendors_and_their_failures_are_clean() {
    let emulator = emulator_of_others();
    let html = Server::start(Some(reply("200 OK", "text/html", "<html>canary</html>")));
    for base_url in ["http://127.0.0.1:1", html.base_url.as_str()] {
        for call in QUIET.iter().chain(TELLING) {
            let ran = run(&mut others(base_url), &verbose(call));
            assert_ne!(ran.code, 0, "{call:?}: {}", ran.out);
            is_clean(&ran);
        }
    }
    // A vendor repeats what it knows: the key, and a password that the call gave it.
    for call in QUIET.iter().chain(TELLING) {
        let given = call.iter().find_map(|arg| arg.strip_prefix("password="));
        let known = match (call[0], given) {
            ("polyv", given) => format!("{POLYV_KEY} {}", given.unwrap_or_default()),
            // Who logs in has sent nothing else.
            (_, Some(given)) => given.to_owned(),
            ("quvideo", _) if call[1] == "user/randomUser" => continue,
            ("quvideo", _) => QUVIDEO_TOKEN.to_owned(),
            _ => PASSWORD.to_owned(),
        };
        for body in [
            serde_json::json!({
                "code": 400, "result": "false", "msg": known, "message": known, "requestId": known, "data": known,
            }),
            // Neither a failure nor a result: text in the place of an object.
            serde_json::json!({ "code": 200, "result": "true", "data": known }),
        ] {
            let is_result = body["code"] == 200;
            let body = body.to_string();
            let server = Server::start(Some(reply("200 OK", "application/json", &body)));
            let ran = run(&mut others(&server.base_url), &verbose(call));
            assert_ne!(server.asked(), 0, "{call:?}: {}", ran.err);
            no_secret(&ran.err);
            // A call without a result of its own hands on whatever the vendor sends.
            if !is_result {
                no_secret(&ran.out);
            }
        }
    }
    for call in QUIET {
        let ran = run(&mut others(emulator.base_url()), &verbose(call));
        assert!(!ran.err.is_empty(), "{call:?}: nothing was told");
        is_clean(&ran);
    }
    // The right keys work, and what was asked for is on standard output only.
    for call in TELLING {
        let ran = run(&mut others(emulator.base_url()), &verbose(call));
        assert_eq!(ran.code, 0, "{}", ran.err);
        no_secret(&ran.err);
        let given: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let mut secrets = Vec::new();
        texts(&given, &mut secrets);
        // Where the keys are good is no secret.
        secrets.retain(|text| text.len() >= 20 && !text.starts_with("http://"));
        assert!(!secrets.is_empty(), "{call:?} gives no secret");
        for secret in &secrets {
            assert!(!ran.err.contains(secret.as_str()), "{}", ran.err);
        }
    }
    // Wrong keys.
    for (name, vendor) in [
        ("VODKIT_POLYV_SECRET_KEY", "polyv"),
        ("VODKIT_QUVIDEO_TOKEN", "quvideo"),
        ("VODKIT_MEDIACLOUD_PASSWORD", "mediacloud"),
    ] {
        for call in QUIET.iter().filter(|call| call[0] == vendor) {
            let mut wrong = others(emulator.base_url());
            wrong.env(name, "canary-but-not-the-key");
            is_clean(&run(&mut wrong, &verbose(call)));
        }
    }
}

/// All texts in a value.
fn texts(value: &serde_json::Value, all: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => all.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| texts(item, all)),
        serde_json::Value::Object(members) => members.values().for_each(|item| texts(item, all)),
        _ => {}
    }
}
