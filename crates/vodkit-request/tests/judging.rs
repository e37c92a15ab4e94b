//! What a reply means: status, code and frame against each other, and what the error keeps of it.

#![cfg(all(feature = "async", feature = "baijiayun"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use drivers::{KEY, OK_STATUS, base, both, session};
use http::{Response, StatusCode};
use vodkit_request::baijiayun::{
    AddCategory, Baijiayun, GetInfo, GetPlayerTokenBatch, GetStatus, Upload,
};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::types::FileInput;
use vodkit_request::{Call, Error, ErrorKind, RetryPolicy, Run, Session};

fn once() -> Session<Baijiayun> {
    session().with_retry(RetryPolicy::NEVER)
}

/// What one reply makes of a call that reads and is sent once.
fn judged(reply: &Reply) -> Result<(), Error> {
    both(
        || ScriptedTransport::new([reply.clone()]),
        once,
        GetStatus::new(7),
    )
    .0
    .map(|_| ())
}

fn frame(code: &str) -> String {
    format!(r#"{{"code":{code},"data":{{"status":100}},"msg":"words"}}"#)
}

#[test]
fn status_and_code_are_weighed() {
    use ErrorKind::{Credential, Refused, Throttled, Unavailable};
    for (status, code, kind) in [
        // A success needs both.
        (500, "0", Unavailable),
        (503, "0", Unavailable),
        (404, "0", Refused),
        (403, "0", Credential),
        (429, "0", Throttled),
        // An unknown code says no more than the status.
        (200, "777", Refused),
        (500, "777", Unavailable),
        (429, "777", Throttled),
        (401, "777", Credential),
        (400, "777", Refused),
        // The general code says less than the status.
        (200, "1", Refused),
        (503, "1", Unavailable),
        (429, "1", Throttled),
        (401, "1", Credential),
        (403, "1", Credential),
        (408, "1", Unavailable),
        (404, "1", Refused),
        // A code of its own says more.
        (200, "429", Throttled),
        (200, "4001", Unavailable),
        (500, "5002", Refused),
        (500, "1002", Credential),
        (403, "5002", Refused),
    ] {
        let error = judged(&Reply::status(status, frame(code))).unwrap_err();
        assert_eq!(error.kind(), kind, "HTTP {status}, code {code}: {error}");
        assert_eq!(error.status().unwrap().as_u16(), status);
        if code != "0" {
            assert_eq!((error.code(), error.message()), (Some(code), "words"));
        }
    }
}

#[test]
fn a_status_alone_is_judged_too() {
    use ErrorKind::{Credential, Refused, Throttled, Unavailable};
    for (status, kind) in [
        (301, Refused),
        (400, Refused),
        (401, Credential),
        (403, Credential),
        (404, Refused),
        (408, Unavailable),
        (429, Throttled),
        (500, Unavailable),
        (502, Unavailable),
        (599, Unavailable),
    ] {
        for body in ["", "<html>", "{", "[]", r#"{"data":{"status":100}}"#] {
            let error = judged(&Reply::status(status, body)).unwrap_err();
            assert_eq!(error.kind(), kind, "HTTP {status} {body}: {error}");
            assert!(
                error.to_string().contains(&format!("HTTP {status}: ")),
                "{error}"
            );
            assert!(error.to_string().contains("check the base URL"), "{error}");
            assert_eq!(error.code(), None);
        }
    }
    for status in [200, 201, 204] {
        judged(&Reply::status(status, OK_STATUS)).unwrap();
    }
}

#[test]
fn what_may_pass_is_repeated_and_nothing_else() {
    for (reply, requests) in [
        (Reply::status(500, frame("0")), 3),
        (Reply::status(503, frame("777")), 3),
        (Reply::status(503, frame("1")), 3),
        (Reply::status(408, ""), 3),
        (Reply::status(429, ""), 3),
        (Reply::json(frame("4001")), 3),
        (Reply::status(401, ""), 1),
        (Reply::status(404, ""), 1),
        (Reply::status(500, frame("5002")), 1),
        (Reply::json(frame("777")), 1),
        (Reply::json("{"), 1),
    ] {
        let (result, log) = both(
            || ScriptedTransport::new((0..requests).map(|_| reply.clone())),
            session,
            GetStatus::new(7),
        );
        let error = result.unwrap_err();
        assert_eq!(error.attempts() as usize, requests, "{error}");
        assert_eq!(
            log.iter().filter(|line| line.starts_with("POST")).count(),
            requests
        );
    }
    // A refusal for load was not acted on, so a write may follow it.
    let (result, _) = both(
        || {
            ScriptedTransport::new([
                Reply::status(429, frame("1")),
                Reply::json(r#"{"code":0,"data":{"id":1},"msg":""}"#),
            ])
        },
        session,
        AddCategory::new("x"),
    );
    assert!(result.is_ok(), "{:?}", result.err());
}

#[test]
fn the_frame_may_drift() {
    for body in [
        r#"{"code":0,"data":{"status":100},"msg":"","ts":1700000000}"#,
        r#"{"code":"0","data":{"status":100},"msg":"","ts":"1700000000"}"#,
        r#"{"code":0.0,"data":{"status":100},"msg":null,"ts":1700000000.123}"#,
        r#"{"code":0,"data":{"status":100},"msg":["a"],"ts":"yesterday"}"#,
        r#"{"code":0,"data":{"status":100},"msg":{"a":1},"ts":null}"#,
        r#"{"code":0,"data":{"status":100},"msg":7,"ts":[]}"#,
        r#"{"code":0,"data":{"status":100},"new":{"a":[1]}}"#,
        r#"{"data":{"status":100},"ts":1e300,"code":0}"#,
        "\u{feff}{\"code\":0,\"data\":{\"status\":100}}",
        "\r\n {\"code\":0,\"data\":{\"status\":100}}\n",
    ] {
        judged(&Reply::json(body)).unwrap_or_else(|error| panic!("{body}: {error}"));
    }
    // A refusal with any data is a refusal.
    for data in ["null", "\"\"", "[]", "{}", "7", "\"text\"", "[1]", "true"] {
        let body = format!(r#"{{"code":"5002","data":{data},"msg":["no","video"]}}"#);
        let error = judged(&Reply::json(body)).unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::Refused, Some("5002"))
        );
        assert_eq!(error.message(), r#"["no","video"]"#);
    }
    // Without words of the vendor, the table's.
    let error = judged(&Reply::json(r#"{"code":5002}"#)).unwrap_err();
    assert_eq!(
        error.message(),
        "The video does not exist, or the id is wrong."
    );
    let error = judged(&Reply::json(r#"{"code":777}"#)).unwrap_err();
    assert_eq!(error.message(), "the vendor gave no message");
}

#[test]
fn a_reply_without_code_is_no_success() {
    for body in [
        r#"{"data":{"status":100},"msg":""}"#,
        r#"{"code":null,"data":{"status":100}}"#,
        r#"{"code":"","data":{"status":100}}"#,
        r#"{"Code":0,"data":{"status":100}}"#,
        r#"[{"code":0,"data":{"status":100}}]"#,
        "null",
        "0",
    ] {
        let error = judged(&Reply::json(body)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}: {error}");
        assert!(error.to_string().contains("not in the form"), "{error}");
    }
    for code in [
        "false", "true", "[]", "{}", "-0.5", "00", "\" 0\"", "\"0.0\"",
    ] {
        assert!(judged(&Reply::json(frame(code))).is_err(), "{code}");
    }
    for body in [
        r#"{"code":0,"data":{"status":100}} x"#,
        r#"{"code":0,"data":{"status":100}}{}"#,
    ] {
        let error = judged(&Reply::json(body)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}: {error}");
    }
}

#[test]
fn a_reply_that_is_not_utf8_is_judged_by_its_status() {
    let session = once();
    let call = Call::new(&(), &session, GetStatus::new(7));
    let mut reply = Response::new(bytes::Bytes::from_static(b"{\"code\":0,\"msg\":\"\xff\"}"));
    let error = call.read(&reply).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("is not JSON"), "{error}");
    *reply.status_mut() = StatusCode::BAD_GATEWAY;
    assert_eq!(
        call.read(&reply).unwrap_err().kind(),
        ErrorKind::Unavailable
    );
}

#[test]
fn an_unreadable_reply_to_a_write_may_have_been_acted_on() {
    for (body, path) in [
        ("<html>", None),
        (r#"{"code":0,"data":{"id":"x"}}"#, Some("data.id")),
        (r#"{"code":0,"data":null}"#, Some("data")),
    ] {
        let (result, log) = both(
            || ScriptedTransport::new([Reply::json(body)]),
            session,
            AddCategory::new("x"),
        );
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.maybe_sent(), "{error}");
        assert_eq!(error.field_path(), path, "{error}");
        assert_eq!(log.len(), 1);
        assert!(!judged(&Reply::json(body)).unwrap_err().maybe_sent());
    }
}

#[test]
fn an_error_keeps_the_first_64_kib_of_the_reply() {
    for (length, kept) in [
        (0, 0),
        (65_535, 65_535),
        (65_536, 65_536),
        (65_537, 65_536),
        (200_000, 65_536),
    ] {
        let error = judged(&Reply::json("x".repeat(length))).unwrap_err();
        assert_eq!(error.body().unwrap().len(), kept);
        assert!(format!("{error:?}").len() < 1000, "the body is in Debug");
    }
}

#[test]
fn an_error_is_one_line_of_bounded_length() {
    let code = format!("\"A\\nB\\u0000{}\"", "c".repeat(200));
    let body = format!(
        r#"{{"code":{code},"data":null,"msg":"{}"}}"#,
        "长".repeat(2000)
    );
    let error = judged(&Reply::json(body)).unwrap_err();
    let code = error.code().unwrap();
    assert!(code.starts_with("A B c"), "{code}");
    assert_eq!(code.chars().count(), 64);
    assert_eq!(error.message(), format!("{}…", "长".repeat(500)));
    assert_eq!(error.to_string().lines().count(), 1);

    let exact = format!(r#"{{"code":1,"msg":"{}"}}"#, "长".repeat(500));
    let error = judged(&Reply::json(exact)).unwrap_err();
    assert_eq!(error.message(), "长".repeat(500));

    for breaks in [r"\n", r"\r\n", r"\u0085", r"\u2028", r"\u2029", r"\u001b"] {
        let body = format!(r#"{{"code":1,"msg":"a{breaks}b"}}"#);
        let error = judged(&Reply::json(body)).unwrap_err();
        assert_eq!(error.message(), "a b");
    }
}

#[test]
fn the_place_of_a_wrong_field_is_one_line() {
    let body = r#"{"code":0,"data":{"a\nb\u2028c":{}}}"#;
    let (result, _) = both(
        || ScriptedTransport::new([Reply::json(body)]),
        session,
        GetPlayerTokenBatch::new([7], 60),
    );
    let error = result.unwrap_err();
    assert_eq!(error.field_path(), Some("data.a b c"));
    assert_eq!(error.to_string().lines().count(), 1);
    assert!(!error.to_string().contains('\u{2028}'));
}

#[test]
fn hints_follow_the_message_as_a_sentence() {
    let error = judged(&Reply::json(r#"{"code":1002,"msg":"签名错误。"}"#)).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("video/getStatus: code 1002: 签名错误. Check that partner_key"),
        "{error}"
    );
    let error = Error::new(ErrorKind::Refused, "words. ").with_hint("Do this");
    assert_eq!(error.to_string(), "words. Do this");
}

#[test]
fn the_upload_address_is_checked_before_a_file_goes_there() {
    for (address, words) in [
        ("ftp://up.example.test/upload", "http:// or https://"),
        ("/upload?token=test-upload-token", "http:// or https://"),
        ("file:///etc/passwd", "not a valid address"),
        ("up.example.test", "http:// or https://"),
        ("http://user:pass@up.example.test/", "user name"),
        ("http://user@up.example.test/", "user name"),
        ("https://up.example.test/a b", "not a valid address"),
        ("", "not a valid address"),
    ] {
        let ticket =
            format!(r#"{{"code":0,"data":{{"video_id":77,"upload_url":"{address}"}},"msg":""}}"#);
        let session = session();
        let transport = ScriptedTransport::new([Reply::json(ticket)]);
        let file = FileInput::bytes("a.mp4", *b"content");
        let error = Run::new(&transport, Upload::new(&session, file))
            .send()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{address}: {error}");
        assert!(error.to_string().contains(words), "{address}: {error}");
        assert!(!error.to_string().contains("pass@"), "{error}");
        assert_eq!(error.created(), Some("77"));
        assert_eq!(transport.sent().len(), 1);
    }
}

#[test]
fn a_reply_read_by_hand_is_judged_alike() {
    let vendor = Baijiayun::new(12345678, KEY, base());
    assert_eq!(vendor.partner_id(), 12345678);
    let session = Session::new(vendor);
    let call = Call::new(&(), &session, GetInfo::new(7));
    let reply = |body: &str| Response::new(bytes::Bytes::from(body.to_owned()));
    let error = call
        .read(&reply(&format!(r#"{{"code":5002,"msg":"not {KEY}"}}"#)))
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.message(), error.attempts()),
        (ErrorKind::Refused, "not ***", 1)
    );
    assert!(error.to_string().starts_with("video/getInfo: code 5002: "));
}
