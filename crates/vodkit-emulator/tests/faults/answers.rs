//! Answers in place of the vendor's.

use serde_json::{Value, json};
use vodkit_emulator::fault::{Answer, Fault};
use vodkit_emulator::{Effect, Emulator};

use crate::baijiayun::vendor;
use crate::quvideo::site;
use crate::raw::{ask, ask_signed, exchange, head};

fn created(emulator: &Emulator) -> usize {
    let effects = emulator.journal().into_iter().flat_map(|r| r.effects);
    effects
        .filter(|effect| matches!(effect, Effect::VideoCreated { .. }))
        .count()
}

#[test]
fn a_status_comes_once_with_its_hint_and_nothing_is_done() {
    let vendor = vendor();
    let faults = vendor.emulator.faults();
    for status in [429, 500, 502, 503, 504] {
        let id = faults
            .plan(Fault::on("video/getUploadUrl").answer(Answer::status(status).retry_after(2)));
        let params = [("file_name", "a.mp4"), ("definition", "1")];
        let body = crate::baijiayun::body_of(&vendor.signed(&params, crate::baijiayun::now()));
        let before = created(&vendor.emulator);
        let target = "/openapi/video/getUploadUrl";
        let seen = ask(
            vendor.at(),
            "POST",
            target,
            &[crate::baijiayun::FORM],
            body.as_bytes(),
        );
        assert_eq!(seen.status(), status);
        assert_eq!(seen.header("retry-after").as_deref(), Some("2"));
        assert!(seen.header("date").is_some());
        assert_eq!(created(&vendor.emulator), before);
        let record = vendor.emulator.journal().pop().unwrap();
        assert_eq!((record.fault, record.status), (Some(id), status));
        assert_eq!(
            (record.vendor, record.operation),
            (Some("baijiayun"), Some("video/getUploadUrl"))
        );
        // The next one is the vendor's.
        vendor.create("a.mp4", &[]);
    }
    assert!(faults.unfired().is_empty());
}

/// The same members of the same types, so that no client can tell an injected failure from one of the vendor's.
fn same_shape(injected: &Value, natural: &Value) {
    let shape = |value: &Value| -> Vec<(String, &'static str)> {
        let kind = |value: &Value| match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let members = value.as_object().unwrap_or_else(|| panic!("{value}"));
        members.iter().map(|(n, v)| (n.clone(), kind(v))).collect()
    };
    assert_eq!(shape(injected), shape(natural), "{injected} {natural}");
}

#[test]
fn a_failure_has_the_frame_of_the_vendor_whose_call_it_is() {
    let vendor = vendor();
    let (_, upload) = vendor.create("a.mp4", &[]);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let json_type = ("Content-Type", "application/json");
    let refused = [
        (
            "video/getInfo",
            "POST",
            "/openapi/video/getInfo".to_owned(),
            form,
            &b"partner_id=1"[..],
        ),
        ("upload", "POST", upload, json_type, b"x"),
        (
            "user/main",
            "POST",
            "/v2/user/u123/main".to_owned(),
            form,
            b"ptime=1",
        ),
        (
            "vod/videoPublish",
            "POST",
            format!(
                "/vod/videoPublish?token={}",
                vendor.emulator.quvideo().token
            ),
            form,
            b"",
        ),
        (
            "api/v1/login",
            "POST",
            "/api/v1/login".to_owned(),
            json_type,
            br#"{"username":"a","password":"b"}"#,
        ),
    ];
    for (operation, method, target, kind, body) in &refused {
        let natural = ask(vendor.at(), method, target, &[*kind], body);
        let found = vendor.emulator.journal().pop().unwrap();
        assert_eq!(found.operation, Some(*operation));
        let fault = Fault::on(*operation).answer(Answer::failure("4711", "told to"));
        vendor.emulator.faults().plan(fault);
        let injected = ask(vendor.at(), method, target, &[*kind], body);
        assert_eq!(
            (injected.status(), natural.status()),
            (200, 200),
            "{operation}"
        );
        same_shape(&injected.json(), &natural.json());
        assert!(injected.text().contains("4711") && injected.text().contains("told to"));
        assert_eq!(
            injected.header("content-type"),
            natural.header("content-type")
        );
        let record = vendor.emulator.journal().pop().unwrap();
        assert_eq!(record.code.as_deref(), Some("4711"));
    }
    assert!(vendor.emulator.faults().unfired().is_empty());
}

#[test]
fn the_storage_fails_with_documents() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    let natural = ask_signed(&upload, "GET", "?uploadId=none", b"");
    assert_eq!(natural.status(), 404);
    for (status, code) in [
        (403, "SecurityTokenExpired"),
        (403, "InvalidAccessKeyId"),
        (503, "SlowDown"),
        (404, "NoSuchUpload"),
    ] {
        let fault = Fault::on("PutObject").answer(Answer::oss_error(status, code));
        site.emulator.faults().plan(fault);
        let seen = ask_signed(&upload, "PUT", "", b"film");
        assert_eq!(seen.status(), status);
        assert_eq!(seen.header("content-type"), natural.header("content-type"));
        for part in [
            format!("<Code>{code}</Code>"),
            "<RequestId>".to_owned(),
            "<HostId>a.test</HostId>".to_owned(),
        ] {
            assert!(seen.text().contains(&part), "{}", seen.text());
        }
    }
    // A failure without a kind is a document here too.
    site.emulator
        .faults()
        .plan(Fault::on("PutObject").answer(Answer::failure("BadDigest", "no")));
    let seen = ask_signed(&upload, "PUT", "", b"film");
    assert_eq!(seen.status(), 400);
    assert!(seen.text().contains("<Code>BadDigest</Code>"));
    assert!(site.emulator.stored().is_empty());
    assert_eq!(ask_signed(&upload, "PUT", "", b"film").status(), 200);
    assert!(site.emulator.faults().unfired().is_empty());
}

#[test]
fn a_page_for_people_and_any_other_answer_can_be_given() {
    let emulator = Emulator::start().unwrap();
    let faults = emulator.faults();
    faults.plan(Fault::on("video/getInfo").answer(Answer::html_page()));
    let ask = |target: &str| ask(emulator.address(), "POST", target, &[], b"");
    let seen = ask("/openapi/video/getInfo");
    assert_eq!(seen.status(), 200);
    assert_eq!(
        seen.header("content-type").as_deref(),
        Some("text/html; charset=utf-8")
    );
    assert!(seen.text().contains("<html>"));
    let answer = Answer::status(307)
        .header("Location", "http://elsewhere.test/")
        .body("moved");
    faults.plan(Fault::on_any().vendor("polyv").answer(answer));
    // Another vendor's call is none of its business.
    assert_eq!(ask("/openapi/video/getInfo").status(), 200);
    let seen = ask("/v2/user/u1/main");
    assert_eq!(seen.status(), 307);
    assert_eq!(
        seen.header("location").as_deref(),
        Some("http://elsewhere.test/")
    );
    assert_eq!(seen.halves().1, b"moved");
    let bad = Answer::status(200).body(r#"{"code":0,"data":"","msg":"","ts":1}"#);
    faults.plan(Fault::on("video/getInfo").answer(bad));
    assert_eq!(ask("/openapi/video/getInfo").json()["data"], json!(""));
    assert!(faults.unfired().is_empty());
}

/// An answer that nobody got does not count, and is there for the next one.
#[test]
fn a_request_that_breaks_off_is_not_answered() {
    let vendor = vendor();
    let at = vendor.emulator.address();
    let fault = Fault::on("video/getInfo").answer(Answer::status(503));
    vendor.emulator.faults().plan(fault);
    let target = "/openapi/video/getInfo";
    let cut = [head("POST", target, &[], 100).as_bytes(), b"half"].concat();
    let mut stream = std::net::TcpStream::connect(at).unwrap();
    std::io::Write::write_all(&mut stream, &cut).unwrap();
    drop(stream);
    // Until the emulator has noticed.
    let answered = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        ask(at, "POST", target, &[], b"").status() == 503
    });
    assert!(answered);
    assert!(vendor.emulator.faults().unfired().is_empty());
}

#[test]
fn an_answer_can_overtake_the_request() {
    let emulator = Emulator::start().unwrap();
    let fault = Fault::on("upload").answer(Answer::status(503).at_once());
    emulator.faults().plan(fault);
    // The body never comes, so an answer that waits for it would not come either.
    let head = head("POST", "/upload?fid=1&ts=1&token=x", &[], 1000);
    let seen = exchange(emulator.address(), head.as_bytes());
    assert_eq!(seen.status(), 503);
    assert!(emulator.faults().unfired().is_empty());
}

#[test]
#[should_panic(expected = "status 99 is not from 200 to 599")]
fn nonsense_is_not_planned() {
    let emulator = Emulator::start().unwrap();
    emulator.faults().plan(Fault::on_any().status(99));
}
