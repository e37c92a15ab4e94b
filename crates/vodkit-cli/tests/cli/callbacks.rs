//! `vodkit trigger` to `vodkit listen`, over real sockets: each event of each vendor, whole and tampered with.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};
use vodkit_request::callback::Receiver;
use vodkit_request::{baijiayun, polyv, quvideo};

use crate::{Ran, bare, run};

const BAIJIAYUN_KEY: &str = "canary-partner-key-0123456789";
const POLYV_KEY: &str = "canary-polyv-key";
const URL: &str = "VODKIT_QUVIDEO_CALLBACK_URL";
const QUVIDEO_KEY: &str = "canary-callback-key";

/// Each event: its vendor, its name, where it goes, and what its signature covers.
pub(crate) const EVENTS: [(&str, &str, &str, &str); 25] = [
    ("baijiayun", "upload-complete", "baijiayun", "everything"),
    ("baijiayun", "transcode-failed", "baijiayun", "everything"),
    ("baijiayun", "transcode-complete", "baijiayun", "everything"),
    (
        "baijiayun",
        "playback-upload-complete",
        "baijiayun",
        "everything",
    ),
    (
        "baijiayun",
        "playback-transcode-failed",
        "baijiayun",
        "everything",
    ),
    (
        "baijiayun",
        "playback-transcode-complete",
        "baijiayun",
        "everything",
    ),
    ("baijiayun", "auth", "baijiayun/auth", "nothing"),
    ("polyv", "upload", "polyv", "fields"),
    ("polyv", "invalidVideo", "polyv", "fields"),
    ("polyv", "async_upload", "polyv", "fields"),
    ("polyv", "videoSyncedFail", "polyv", "fields"),
    ("polyv", "encode", "polyv", "fields"),
    ("polyv", "encode_failed", "polyv", "fields"),
    ("polyv", "TranscodeComplete", "polyv", "fields"),
    ("polyv", "pass", "polyv", "fields"),
    ("polyv", "nopass", "polyv", "fields"),
    ("polyv", "DeleteMediaComplete", "polyv", "constant"),
    ("polyv", "AIContentScanNotPassed", "polyv", "constant"),
    ("polyv", "CoursewareConvertComplete", "polyv", "constant"),
    ("polyv", "snapshot", "polyv", "fields"),
    (
        "quvideo",
        "StreamTranscodeComplete",
        "quvideo",
        "address_and_time",
    ),
    (
        "quvideo",
        "TranscodeComplete",
        "quvideo",
        "address_and_time",
    ),
    ("quvideo", "SnapshotComplete", "quvideo", "address_and_time"),
    (
        "quvideo",
        "AIVideoCensorComplete",
        "quvideo",
        "address_and_time",
    ),
    (
        "quvideo",
        "AIMediaAuditComplete",
        "quvideo",
        "address_and_time",
    ),
];

/// The binary with the keys of all vendors.
pub(crate) fn with_keys() -> Command {
    let mut command = bare();
    command
        .env("VODKIT_BAIJIAYUN_PARTNER_KEY", BAIJIAYUN_KEY)
        .env("VODKIT_POLYV_SECRET_KEY", POLYV_KEY)
        .env("VODKIT_QUVIDEO_CALLBACK_KEY", QUVIDEO_KEY);
    command
}

/// A `vodkit listen` that ends with the test.
pub(crate) struct Listener {
    child: Child,
    pub(crate) base_url: String,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Listener {
    pub(crate) fn start(command: &mut Command, args: &[&str]) -> Self {
        let mut child = command
            .args(["listen", "--listen", "127.0.0.1:0"])
            .args(args)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        Self {
            child,
            base_url: first["listening"].as_str().unwrap().to_owned(),
            lines,
        }
    }

    /// The line about the next request.
    pub(crate) fn line(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }

    /// Ends it; what is left of its output.
    #[cfg(unix)]
    pub(crate) fn end(mut self) -> Ran {
        crate::processes::signal(&self.child, "INT");
        let out: Vec<_> = self.lines.by_ref().map(Result::unwrap).collect();
        let mut err = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut err).unwrap();
        let code = self.child.wait().unwrap().code().unwrap();
        Ran {
            code,
            out: out.join("\n"),
            err,
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

pub(crate) fn trigger(command: &mut Command, args: &[&str], to: &str) -> Ran {
    run(command.arg("trigger"), &[args, &["--to", to]].concat())
}

/// The events that the receivers of a vendor tell apart, by their own lists.
pub(crate) fn known_to_receivers() -> Vec<(&'static str, &'static str)> {
    fn of<R: Receiver>() -> impl Iterator<Item = (&'static str, &'static str)> {
        R::EVENTS.iter().map(|event| (R::VENDOR, *event))
    }
    of::<baijiayun::callback::Callbacks>()
        .chain(of::<baijiayun::callback::ThirdPartyAuth>())
        .chain(of::<polyv::callback::Callbacks>())
        .chain(of::<quvideo::callback::Callbacks>())
        .collect()
}

#[test]
fn each_event_arrives_verified_and_none_that_was_tampered_with() {
    let mut listener = Listener::start(&mut with_keys(), &[]);
    for (vendor, event, path, covered) in EVENTS {
        let to = format!("{}/{path}", listener.base_url);
        let sent = trigger(&mut with_keys(), &[vendor, event], &to).data();
        assert_eq!(
            (&sent["accepted"], &sent["status"], &sent["tampered"]),
            (&json!(true), &json!(200), &json!(false)),
            "{sent}"
        );
        let line = listener.line();
        assert_eq!(line["vendor"], vendor, "{line}");
        assert_eq!(line["event"], event, "{line}");
        assert_eq!(
            (&line["covered"], &line["answered"]),
            (&covered.into(), &json!(200)),
            "{line}"
        );
        assert_eq!(
            (&line["again"], &line["forwarded"]),
            (&json!(false), &json!(false)),
            "{line}"
        );
        assert_eq!(
            line["sent"].is_i64(),
            matches!(covered, "everything" | "address_and_time"),
            "{line}"
        );
        let trusts = line["trusted"].as_array().unwrap().len();
        assert_eq!(
            trusts > 0,
            matches!(covered, "everything" | "fields"),
            "{line}"
        );
        assert!(
            !line["data"].as_object().unwrap().is_empty() && line["data"].get("sign").is_none()
        );
        if event == "async_upload" {
            assert_eq!(
                line["data"]["fileUrl"],
                "http://files.example.test/课 1.mp4?a=1&b=2"
            );
        } else {
            assert!(!line["subjects"].as_array().unwrap().is_empty(), "{line}");
        }

        let tampered = trigger(&mut with_keys(), &[vendor, event, "--tamper"], &to);
        if covered == "nothing" {
            assert!(
                tampered.failure(2)["message"]
                    .as_str()
                    .unwrap()
                    .contains("is not signed")
            );
            continue;
        }
        let sent = tampered.data();
        assert_eq!(
            (&sent["accepted"], &sent["status"], &sent["tampered"]),
            (&json!(false), &json!(403), &json!(true)),
            "{sent}"
        );
        // It comes as it is before it comes changed.
        assert_eq!(listener.line()["again"], true);
        let line = listener.line();
        assert_eq!(
            (&line["vendor"], &line["refused"]),
            (&vendor.into(), &json!("signature_wrong")),
            "{line}"
        );
        assert_eq!(line["answered"], 403);
    }
    // The lists of the receivers and of the help are the one of this test.
    assert_eq!(
        known_to_receivers(),
        EVENTS.map(|(vendor, event, ..)| (vendor, event))
    );
    let help = run(&mut bare(), &["trigger", "--help"]).out;
    let listed: Vec<(&str, &str)> = help
        .split("Events:\n")
        .nth(1)
        .unwrap()
        .lines()
        .take_while(|line| !line.is_empty())
        .map(|line| {
            let mut words = line.split_whitespace();
            (words.next().unwrap(), words.next().unwrap())
        })
        .collect();
    assert_eq!(listed, EVENTS.map(|(vendor, event, ..)| (vendor, event)));
}

#[cfg(unix)]
#[test]
fn it_says_where_it_is_and_ends_in_order() {
    let mut listener = Listener::start(with_keys().env_remove("VODKIT_POLYV_SECRET_KEY"), &[]);
    let to = format!("{}/polyv", listener.base_url);
    let sent = trigger(&mut with_keys(), &["polyv", "upload"], &to);
    assert!(sent.error_after_output(1)["hint"].is_string());
    assert_eq!(listener.line()["refused"], "no_key");
    let base_url = listener.base_url.clone();
    let ran = listener.end();
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    for line in [
        format!("baijiayun: {base_url}/baijiayun"),
        "polyv: not received, set VODKIT_POLYV_SECRET_KEY".to_owned(),
        format!("quvideo: {base_url}/quvideo"),
    ] {
        assert!(
            ran.err.lines().any(|told| told == line),
            "{line}\n{}",
            ran.err
        );
    }

    // For people, the first line is the address alone, as that of an emulator.
    let mut child = with_keys()
        .args(["--output", "table", "listen", "--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    stdout.read_line(&mut first).unwrap();
    let base_url = first.trim_end().to_owned();
    assert!(base_url.starts_with("http://127.0.0.1:"), "{base_url}");
    let to = format!("{base_url}/baijiayun");
    trigger(&mut with_keys(), &["baijiayun", "100"], &to).data();
    trigger(&mut with_keys(), &["baijiayun", "100", "--tamper"], &to).data();
    crate::processes::signal(&child, "TERM");
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(
        rest.contains("baijiayun transcode-complete 240017 (answered 200)"),
        "{rest}"
    );
    assert!(rest.contains("    signature covers everything\n"), "{rest}");
    assert!(rest.contains("    video_id: 240017\n"), "{rest}");
    assert!(
        rest.contains("baijiayun refused: the signature does not belong"),
        "{rest}"
    );
    // A time begins whatever is told of a request, refused ones too.
    for line in rest.lines().filter(|line| !line.starts_with("    ")) {
        let time: String = line
            .chars()
            .take(20)
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        assert_eq!(time, "0000-00-00 00:00:00 ", "{line}");
    }
}

#[test]
fn a_redelivery_is_told_from_another_event() {
    let mut listener = Listener::start(&mut with_keys(), &[]);
    let to = format!("{}/baijiayun", listener.base_url);
    let mut send = |fields: &[&str]| {
        trigger(
            &mut with_keys(),
            &[&["baijiayun", "30"], fields].concat(),
            &to,
        )
        .data();
        listener.line()
    };
    let (first, again, other) = (send(&[]), send(&[]), send(&["qid=7", "added=课 1"]));
    assert_eq!(
        (&first["again"], &again["again"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(first["key"], again["key"]);
    assert_eq!(
        (&other["again"], &other["data"]["added"]),
        (&json!(false), &json!("课 1"))
    );
    assert_ne!(first["key"], other["key"]);
}

#[test]
fn what_is_old_or_by_another_key_is_refused() {
    let mut listener = Listener::start(&mut with_keys(), &[]);
    for (vendor, event) in [("baijiayun", "20"), ("quvideo", "TranscodeComplete")] {
        let to = format!("{}/{vendor}", listener.base_url);
        for (age, refused) in [
            ("300", false),
            ("310", true),
            ("-300", false),
            ("-310", true),
        ] {
            let sent = trigger(&mut with_keys(), &[vendor, event, "--age", age], &to);
            let line = listener.line();
            // A second may have passed on the way.
            if refused {
                let hint = sent.error_after_output(1)["hint"].to_string();
                assert!(hint.contains("shorter than --age"), "{hint}");
                let kind = if age.starts_with('-') {
                    "too_new"
                } else {
                    "too_old"
                };
                assert_eq!(line["refused"], kind, "{line}");
            } else if sent.code != 0 {
                assert_eq!(line["refused"], "too_old", "{line}");
            }
        }
    }
    // A time that is given counts, and is signed.
    let to = format!("{}/baijiayun", listener.base_url);
    trigger(&mut with_keys(), &["baijiayun", "20", "timestamp=1"], &to).error_after_output(1);
    assert_eq!(listener.line()["refused"], "too_old");
    for (vendor, event, variable) in [
        ("baijiayun", "20", "VODKIT_BAIJIAYUN_PARTNER_KEY"),
        ("polyv", "pass", "VODKIT_POLYV_SECRET_KEY"),
        ("quvideo", "SnapshotComplete", "VODKIT_QUVIDEO_CALLBACK_KEY"),
    ] {
        let to = format!("{}/{vendor}", listener.base_url);
        let sent = trigger(with_keys().env(variable, "another"), &[vendor, event], &to);
        let error = sent.error_after_output(1);
        assert_eq!(error["kind"], "refused");
        assert!(!error["hint"].to_string().contains("--age"), "{error}");
        assert_eq!(listener.line()["refused"], "signature_wrong");
    }
    // The address that was set with the vendor is part of what is signed.
    let to = format!("{}/quvideo", listener.base_url);
    let elsewhere = || {
        let mut command = with_keys();
        command.env(URL, "https://www.example.com/vod");
        command
    };
    trigger(&mut elsewhere(), &["quvideo", "TranscodeComplete"], &to).error_after_output(1);
    assert_eq!(listener.line()["refused"], "signature_wrong");
    let mut public = Listener::start(&mut elsewhere(), &[]);
    let to = format!("{}/quvideo", public.base_url);
    trigger(&mut elsewhere(), &["quvideo", "TranscodeComplete"], &to).data();
    assert_eq!(public.line()["answered"], 200);
}

#[test]
fn wrong_usage_is_refused_before_anything_is_sent() {
    let failure = |command: &mut Command, args: &[&str], code| {
        trigger(command, args, "http://127.0.0.1:9/x").failure(code)
    };
    for (args, wanted) in [
        (
            &["baijiayun", "transcode-complet"][..],
            "did you mean `transcode-complete`?",
        ),
        (&["polyv", "uplaod"], "did you mean `upload`?"),
        (
            &["quvideo", "TranscodeCompleted"],
            "did you mean `TranscodeComplete`?",
        ),
        (&["polyv", "nothing-alike"], "--help"),
        (&["mediacloud", "any"], "--help"),
        (&["polvy", "upload"], "did you mean `polyv`?"),
        (&["polyv", "upload", "sign=1"], "--tamper"),
        (
            &["polyv", "upload", "vid"],
            "vid=u1234567890123456789abcdef012345_u",
        ),
    ] {
        let failure = failure(&mut with_keys(), args, 2);
        assert!(
            failure["hint"].as_str().unwrap().contains(wanted),
            "{failure}"
        );
    }
    let no_key = failure(&mut bare(), &["polyv", "upload"], 4);
    assert!(
        no_key["message"]
            .as_str()
            .unwrap()
            .contains("VODKIT_POLYV_SECRET_KEY")
    );
    let nobody = failure(&mut with_keys(), &["polyv", "upload"], 5);
    assert_eq!(
        (&nobody["kind"], &nobody["operation"]),
        (&"connect".into(), &"upload".into())
    );
    let message = nobody["message"].as_str().unwrap();
    assert!(message.starts_with("127.0.0.1:"), "{message}");
    let address = trigger(&mut with_keys(), &["polyv", "upload"], "127.0.0.1:9").failure(2);
    assert!(address["message"].as_str().unwrap().contains("--to"));

    let no_key = run(&mut bare(), &["listen", "--listen", "0"]).failure(4);
    assert!(
        no_key["message"]
            .as_str()
            .unwrap()
            .contains("VODKIT_QUVIDEO_CALLBACK_KEY")
    );
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let busy = run(&mut with_keys(), &["listen", "--listen", &taken]).failure(2);
    assert!(busy["message"].as_str().unwrap().contains("in use"));
    let address = run(
        &mut with_keys(),
        &["listen", "--listen", "0", "--forward", "3000"],
    )
    .failure(2);
    assert!(address["message"].as_str().unwrap().contains("--forward"));
}

/// Sends bytes as they are; the status line of the answer.
fn ask(base_url: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(base_url.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut first = String::new();
    BufReader::new(stream).read_line(&mut first).unwrap();
    first.trim_end().to_owned()
}

#[test]
fn strangers_are_refused_in_the_same_process_that_goes_on() {
    let mut listener = Listener::start(&mut with_keys(), &[]);
    let base_url = listener.base_url.clone();
    for (request, status, kind) in [
        ("GET /wp-admin HTTP/1.1\r\nhost: h\r\n\r\n", "404", "path"),
        (
            "GET /baijiayun HTTP/1.1\r\nhost: h\r\n\r\n",
            "405",
            "method",
        ),
        (
            "POST /baijiayun HTTP/1.1\r\nhost: h\r\ncontent-length: 1073741824\r\n\r\n",
            "413",
            "too_large",
        ),
        (
            "POST /polyv HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n",
            "403",
            "signature_missing",
        ),
        (
            "POST /quvideo HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\n{}",
            "403",
            "signature_missing",
        ),
        (
            "POST /baijiayun HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\na=%ff",
            "400",
            "malformed",
        ),
        (
            "POST /baijiayun HTTP/1.1\r\nhost: h\r\ncontent-length: 7\r\n\r\na=1&a=1",
            "400",
            "ambiguous",
        ),
    ] {
        let answer = ask(&base_url, request);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer} to {request}"
        );
        assert_eq!(listener.line()["refused"], kind, "{request}");
    }
    let to = format!("{base_url}/baijiayun");
    trigger(&mut with_keys(), &["baijiayun", "20"], &to).data();
    assert_eq!(listener.line()["answered"], 200);
}

#[cfg(unix)]
#[test]
fn keys_and_signatures_are_never_printed() {
    let mut listener = Listener::start(&mut with_keys(), &["--verbose"]);
    let mut printed = String::new();
    for (vendor, event, path, _) in EVENTS {
        let to = format!("{}/{path}", listener.base_url);
        for args in [
            &[vendor, event, "--verbose"][..],
            &[vendor, event, "--tamper", "--verbose", "--output", "table"],
        ] {
            let ran = trigger(&mut with_keys(), args, &to);
            printed.push_str(&format!("{}{}", ran.out, ran.err));
            if ran.code == 0 {
                printed.push_str(&listener.line().to_string());
            }
        }
    }
    let ran = listener.end();
    printed.push_str(&format!("{}{}", ran.out, ran.err));
    assert!(printed.len() > 5_000);
    for secret in [
        BAIJIAYUN_KEY,
        POLYV_KEY,
        QUVIDEO_KEY,
        "test-access-key-0123456789",
    ] {
        assert!(!printed.contains(secret), "{secret}");
    }
    // Of the samples' own values these look like signatures.
    let known = [
        "0123456789abcdef0123456789abcdef",
        "u1234567890123456789abcdef012345",
        "u1234567890123456789abcdef6789ab",
    ];
    let digits =
        |word: &&str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    // The key of an event that has no id ends with a digest of its body.
    let without_keys: String = printed
        .split('"')
        .filter(|part| !part.starts_with("quvideo/") && !part.starts_with("polyv/"))
        .collect();
    for word in without_keys
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(digits)
    {
        assert!(known.contains(&word), "{word}");
    }
}
