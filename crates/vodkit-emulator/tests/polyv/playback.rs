//! The play credential.

use serde_json::{Value, json};
use vodkit_types::polyv::{PlayToken, Switch};

use crate::client::{Vendor, read_envelope, vendor};

fn ask(vendor: &Vendor, more: &[(&str, &str)]) -> Value {
    let vid = vendor.builtin();
    let mut params = vec![("videoId", vid.as_str()), ("viewerId", "viewer-1")];
    params.extend(more);
    vendor.token_envelope(&params)
}

fn token(envelope: &Value) -> String {
    assert_eq!(envelope["code"], 200, "{envelope}");
    envelope["data"]["token"].as_str().unwrap().to_owned()
}

#[test]
fn a_credential_carries_what_was_asked_for() {
    let vendor = vendor();
    let plain = ask(&vendor, &[]);
    assert_eq!(
        (&plain["status"], &plain["message"]),
        (&"success".into(), &"".into())
    );
    // What was not sent is null; the address is the caller's.
    assert_eq!(plain["data"]["viewerName"], Value::Null);
    assert_eq!(plain["data"]["viewerIp"], "127.0.0.1");
    let issued = read_envelope::<PlayToken>(&plain).data.unwrap();
    assert_eq!(issued.ttl, Some(600_000));
    assert_eq!(
        issued.expired_time.unwrap() - issued.created_time.unwrap(),
        600_000
    );
    assert_eq!(issued.disposable, Some(false));
    let full = ask(
        &vendor,
        &[
            ("viewerIp", "192.0.2.10"),
            ("viewerName", "学生 & 老师"),
            ("extraParams", "lesson-1"),
            ("expires", "60"),
            ("iswxa", "1"),
            ("disposable", "true"),
            ("type", "WEB"),
        ],
    );
    let issued = read_envelope::<PlayToken>(&full).data.unwrap();
    assert_eq!(issued.viewer_ip.as_deref(), Some("192.0.2.10"));
    assert_eq!(issued.viewer_name.as_deref(), Some("学生 & 老师"));
    assert_eq!(issued.extra_params.as_deref(), Some("lesson-1"));
    assert_eq!(issued.ttl, Some(60_000));
    assert_eq!(issued.mini_program, Some(Switch::On));
    assert_eq!(issued.disposable, Some(true));
    assert_eq!(issued.user_id.as_deref(), Some(vendor.user()));
    assert!(!format!("{:?}", vendor.emulator.journal()).contains(issued.token.expose()));
    assert_eq!(vendor.things("play token").len(), 2);
}

#[test]
fn asking_again_prolongs_the_old_one_until_it_ends() {
    let vendor = vendor();
    let first = ask(&vendor, &[]);
    vendor.advance(500);
    let second = ask(&vendor, &[]);
    assert_eq!(token(&second), token(&first));
    assert_eq!(second["data"]["createdTime"], first["data"]["createdTime"]);
    assert!(second["data"]["expiredTime"].as_u64() > first["data"]["expiredTime"].as_u64());
    vendor.advance(500);
    assert_eq!(
        token(&ask(&vendor, &[])),
        token(&first),
        "its life was prolonged"
    );
    vendor.advance(601);
    assert_ne!(token(&ask(&vendor, &[])), token(&first), "it has ended");
    // Each of the four things that must be the same.
    let other = vendor.film("other");
    let now = token(&ask(&vendor, &[]));
    for different in [
        ask(&vendor, &[("viewerIp", "192.0.2.10")]),
        ask(&vendor, &[("iswxa", "1")]),
        vendor.token_envelope(&[("videoId", &vendor.builtin()), ("viewerId", "viewer-2")]),
        vendor.token_envelope(&[("videoId", &other), ("viewerId", "viewer-1")]),
    ] {
        assert_ne!(token(&different), now);
    }
    assert_eq!(token(&ask(&vendor, &[("iswxa", "0")])), now);
    let once = [("disposable", "true")];
    let elsewhere = [("viewerIp", "192.0.2.99"), once[0]];
    let used = token(&ask(&vendor, &elsewhere));
    assert_ne!(token(&ask(&vendor, &elsewhere[..1])), used);
    assert_ne!(token(&ask(&vendor, &once)), token(&ask(&vendor, &once)));
    assert_eq!(token(&ask(&vendor, &[])), now);
}

#[test]
fn refusals_explain_themselves_in_data() {
    let mut vendor = vendor();
    let unknown = vendor.token_envelope(&[("videoId", "nobody"), ("viewerId", "viewer-1")]);
    assert_eq!(
        unknown,
        json!({ "code": 400, "status": "error", "message": "video_not_found", "data": "video_not_found" })
    );
    assert_eq!(
        ask(&vendor, &[("expires", "86401")])["message"],
        "illegal expires"
    );
    assert_eq!(
        ask(&vendor, &[("disposable", "yes")])["message"],
        "illegal disposable"
    );
    let vid = vendor.builtin();
    let missing = vendor.token_envelope(&[("videoId", &vid)]);
    assert_eq!(missing["message"], "viewerId can't be empty");
    vendor.account.secret_key.push('x');
    let wrong = vendor.token_envelope(&[("videoId", &vid), ("viewerId", "viewer-1")]);
    assert_eq!(
        (&wrong["code"], &wrong["message"]),
        (&400.into(), &"the sign is not right.".into())
    );
    vendor.account.user_id = "nobody6789".into();
    let stranger = vendor.token_envelope(&[("videoId", &vid), ("viewerId", "viewer-1")]);
    assert_eq!(
        (&stranger["code"], &stranger["message"]),
        (&400.into(), &"user_not_found".into())
    );
    assert!(stranger["data"].as_str().unwrap().contains("userId"));
}

#[test]
fn the_time_may_be_off_by_ten_minutes() {
    let vendor = vendor();
    let at = |offset: i64| {
        vendor.emulator.set_clock_offset(offset);
        let vid = "nobody";
        vendor.token_envelope(&[("videoId", vid), ("viewerId", "viewer-1")])["code"].clone()
    };
    // 400 is the unknown video, so the time was right.
    assert_eq!((at(590), at(-590)), (400.into(), 400.into()));
    assert_eq!((at(620), at(-620)), (403.into(), 403.into()));
}
