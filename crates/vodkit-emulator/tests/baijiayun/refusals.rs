//! Wrong accounts, times, signatures, parameters and paths, and what the log says about them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use vodkit_emulator::Emulator;

use crate::client::{FORM, Vendor, body_of, encode, md5_hex, now, send, vendor, vendor_with};

fn with_body(vendor: &Vendor, body: &str) -> Value {
    vendor.post("video/getVideoList", body).json()
}

#[test]
fn accounts_and_required_parameters_are_checked() {
    let mut vendor = vendor();
    let whole = vendor.signed(&[], now());
    for missing in ["partner_id", "timestamp", "sign"] {
        let params: Vec<_> = whole
            .iter()
            .filter(|(name, _)| name != missing)
            .cloned()
            .collect();
        let reply = with_body(&vendor, &body_of(&params));
        assert_eq!(reply["code"], 1001, "{missing}");
        assert!(reply["msg"].as_str().unwrap().contains(missing), "{reply}");
    }
    let (code, message) = vendor.refusal("video/getInfo", &[]);
    assert!(code == 1001 && message.contains("video_id"), "{message}");
    assert_eq!(
        vendor.refusal("video/getInfo", &[("video_id", "abc")]).0,
        1001
    );
    assert_eq!(
        vendor.refusal("video/getInfo", &[("video_id", "1")]).0,
        5002
    );
    assert_eq!(
        vendor
            .refusal(
                "video/getUploadUrl",
                &[("file_name", "a.mp4"), ("definition", "3")]
            )
            .0,
        1001
    );
    vendor.account.partner_id = 1;
    assert_eq!(vendor.refusal("video/getVideoList", &[]).0, 2001);
}

#[test]
fn time_stamps_are_seconds_and_recent() {
    let vendor = vendor();
    let code = |time: u64| {
        with_body(&vendor, &body_of(&vendor.signed(&[], time)))["code"]
            .as_i64()
            .unwrap()
    };
    // A margin, since the request takes its time.
    assert_eq!(
        [code(now()), code(now() - 290), code(now() + 290)],
        [0, 0, 0]
    );
    assert_eq!([code(now() - 310), code(now() + 310)], [1002, 1002]);
    let milliseconds = with_body(&vendor, &body_of(&vendor.signed(&[], now() * 1000)));
    assert_eq!(milliseconds["code"], 1001);
    assert!(
        milliseconds["msg"]
            .as_str()
            .unwrap()
            .contains("milliseconds"),
        "{milliseconds}"
    );
    assert_eq!(code(5), 1001);
}

#[test]
fn a_shifted_clock_is_visible_in_date_and_ts() {
    let vendor = vendor_with(Emulator::builder().clock_offset(3600));
    let reply = vendor.post("video/getVideoList", &body_of(&vendor.signed(&[], now())));
    let envelope = reply.json();
    assert_eq!(envelope["code"], 1002);
    assert!((now() + 3590..now() + 3610).contains(&envelope["ts"].as_u64().unwrap()));
    let dates: Vec<_> = reply
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("date"))
        .collect();
    assert_eq!(dates.len(), 1, "one Date, not the real one beside it");
    let healed = with_body(
        &vendor,
        &body_of(&vendor.signed(&[], envelope["ts"].as_u64().unwrap())),
    );
    assert_eq!(healed["code"], 0);
    vendor.emulator.set_clock_offset(0);
    vendor.call("video/getVideoList", &[]);
}

#[test]
fn an_advance_strands_no_client() {
    let vendor = vendor();
    vendor.emulator.advance(Duration::from_secs(30 * 24 * 3600));
    vendor.call("video/getVideoList", &[]);
    let moved = with_body(
        &vendor,
        &body_of(&vendor.signed(&[], now() + 30 * 24 * 3600)),
    );
    assert_eq!(moved["code"], 0);
    let between = with_body(
        &vendor,
        &body_of(&vendor.signed(&[], now() + 15 * 24 * 3600)),
    );
    assert_eq!(between["code"], 1002);
}

/// An emulator whose log is kept.
fn logged() -> (Vendor, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&lines);
    let builder =
        Emulator::builder().log(move |record| sink.lock().unwrap().push(record.to_string()));
    (vendor_with(builder), lines)
}

#[test]
fn the_log_names_the_mistake_and_no_secret() {
    let (vendor, lines) = logged();
    let key = vendor.account.partner_key.clone();
    let (id, time) = (vendor.account.partner_id, now());
    let update = |name_signed: &str, tail: &str, order: bool| {
        let first = format!("name={name_signed}&partner_id={id}&timestamp={time}&video_id=1");
        let unsorted = format!("video_id=1&name={name_signed}&partner_id={id}&timestamp={time}");
        let sign = md5_hex(format!("{}{tail}", if order { first } else { unsorted }).as_bytes());
        format!(
            "video_id=1&name={}&partner_id={id}&timestamp={time}&sign={sign}",
            encode("a b+c")
        )
    };
    let right = format!("&partner_key={key}");
    let cases = [
        (update("a%20b%2Bc", &right, true), "percent-encoded"),
        (update("a+b%2Bc", &right, true), "form-encoded"),
        (update("a b+c", &right, false), "not sorted"),
        (update("a b+c", &key, true), "without &partner_key="),
        (
            update(
                "a b+c",
                &format!("&partner_key={}", vendor.account.secret_key),
                true,
            ),
            "secret_key",
        ),
        (
            update("a b+c", "&partner_key=not-the-key", true),
            "no common mistake",
        ),
    ];
    for (body, words) in &cases {
        let reply = vendor.post("video/update", body).json();
        assert_eq!(reply["code"], 1002, "{words}: {reply}");
        let line = lines.lock().unwrap().last().unwrap().clone();
        assert!(
            line.starts_with("POST /openapi/video/update video/update 200 1002 "),
            "{line}"
        );
        assert!(line.contains(words), "{words}: {line}");
        assert!(
            line.contains("`name=a b+c&partner_id=") && line.contains("&partner_key=***`"),
            "{line}"
        );
        let sign = body.rsplit_once("sign=").unwrap().1;
        for secret in [
            key.as_str(),
            &vendor.account.secret_key,
            "not-the-key",
            sign,
        ] {
            assert!(
                !line.contains(secret) && !reply.to_string().contains(secret),
                "{line}"
            );
        }
    }
    let right = vendor
        .post("video/update", &update("a b+c", &right, true))
        .json();
    assert_eq!(
        right["code"], 5002,
        "the case that is signed well gets further"
    );
}

#[test]
fn the_log_and_the_journal_never_hold_secrets() {
    let (vendor, lines) = logged();
    let secret = encode(&vendor.account.secret_key);
    vendor.post(
        "partner/createkey",
        &format!("partner_id=12345678&secret_key={secret}"),
    );
    vendor.post(
        "partner/createkey",
        "partner_id=12345678&secret_key=my-wrong-secret",
    );
    let (id, target) = vendor.create("a.mp4", &[]);
    vendor.upload(&target, b"film");
    vendor.call("video/getPlayerToken", &[("video_id", &id.to_string())]);
    let journal = format!("{:?}{:?}", vendor.emulator.journal(), vendor.emulator);
    let log = lines.lock().unwrap().join("\n");
    let token = target.rsplit_once("token=").unwrap().1;
    for secret in [
        vendor.account.secret_key.as_str(),
        &vendor.account.partner_key,
        "my-wrong-secret",
        token,
    ] {
        assert!(
            !journal.contains(secret) && !log.contains(secret),
            "{secret}"
        );
    }
    assert!(log.contains("POST /upload upload 200 1"), "{log}");
}

#[test]
fn unlisted_parameters_are_accepted_and_remarked_on() {
    let (vendor, lines) = logged();
    vendor.call("video/getVideoList", &[("pagesize", "5")]);
    let line = lines.lock().unwrap().last().unwrap().clone();
    assert!(line.contains("does not list: pagesize"), "{line}");
}

#[test]
fn assumed_refusals_say_so_in_the_log() {
    let (vendor, lines) = logged();
    vendor.refusal("video/getVideoList", &[("page_size", "5000")]);
    let line = lines.lock().unwrap().last().unwrap().clone();
    assert!(line.ends_with("(assumed: page-size)"), "{line}");
}

#[test]
fn unknown_paths_answer_501_with_the_nearest_known_one() {
    let vendor = vendor();
    for (path, nearest) in [
        ("/openapi/video/getinfo", "/openapi/video/getInfo"),
        (
            "/openapi/video/getVideoLists",
            "/openapi/video/getVideoList",
        ),
        (
            "/openapi/video_account/getStorageAndFlowInfo",
            "/openapi/video_account/getStorgeAndFlowInfo",
        ),
        ("/OPENAPI/VIDEO/GETINFO", "/openapi/video/getInfo"),
        ("/uploads", "/upload"),
        ("/_vodkit/healthz", "/_vodkit/health"),
    ] {
        let reply = vendor.get(path, &[]);
        assert_eq!(reply.status, 501, "{path}");
        let body = reply.json();
        assert_eq!(
            (&body["code"], &body["nearest"], &body["data"]),
            (&json!(404), &json!(nearest), &Value::Null),
            "{path}"
        );
        assert!(body["message"] == body["msg"] && body["msg"].as_str().unwrap().contains(nearest));
    }
    let record = vendor.emulator.journal().pop().unwrap();
    assert_eq!((record.operation, record.status), (None, 501));
}

#[test]
fn methods_and_content_types_are_the_documented_ones() {
    let vendor = vendor();
    let query = body_of(&vendor.signed(&[], now()));
    let by_get = vendor.get(&format!("/openapi/video/getVideoList?{query}"), &[]);
    assert_eq!((by_get.status, &by_get.json()["code"]), (200, &json!(404)));
    let in_query = send(
        vendor.at(),
        "POST",
        &format!("/openapi/video/getVideoList?{query}"),
        &[],
        b"",
    );
    assert_eq!(
        in_query.json()["code"],
        1001,
        "a POST is read from its body"
    );
    let as_json = [("Content-Type", "application/json")];
    let reply = send(
        vendor.at(),
        "POST",
        "/openapi/video/getVideoList",
        &as_json,
        b"{}",
    )
    .json();
    assert!(
        reply["code"] == 1001 && reply["msg"].as_str().unwrap().contains("json"),
        "{reply}"
    );
    let gbk = send(
        vendor.at(),
        "POST",
        "/openapi/video/getVideoList",
        &[FORM],
        b"name=\xbf\xce",
    )
    .json();
    assert_eq!(gbk["code"], 1001);
    // Read to its end before the refusal, so that the sender sees it.
    let long = [b"name=".as_slice(), &vec![b'a'; 17 * 1024 * 1024]].concat();
    let reply = send(
        vendor.at(),
        "POST",
        "/openapi/video/getVideoList",
        &[FORM],
        &long,
    )
    .json();
    assert!(
        reply["code"] == 1001 && reply["msg"].as_str().unwrap().contains("16 MiB"),
        "{reply}"
    );
}

#[test]
fn multipart_is_signed_like_a_form() {
    let vendor = vendor();
    let signed = vendor.signed(&[("page_size", "5")], now());
    let fields: Vec<_> = signed
        .iter()
        .map(|(name, value)| crate::client::Field::Text(name, value))
        .collect();
    let (kind, body) = crate::client::multipart(&fields);
    let reply = send(
        vendor.at(),
        "POST",
        "/openapi/video/getVideoList",
        &[("Content-Type", &kind)],
        &body,
    )
    .json();
    assert_eq!(
        (&reply["code"], &reply["data"]["page_size"]),
        (&json!(0), &json!(5))
    );
}
