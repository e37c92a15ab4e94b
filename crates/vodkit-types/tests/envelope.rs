//! The frame of a reply in all its drifted forms.

#![cfg(feature = "baijiayun")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use serde_json::json;
use vodkit_types::baijiayun::{Envelope, Ignored, StatusReport, VideoStatus};

fn frame(text: &str) -> Envelope<Ignored> {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn codes_are_texts() {
    for (sent, code) in [
        ("0", "0"),
        ("\"0\"", "0"),
        ("0.0", "0"),
        ("5002", "5002"),
        ("5002.0", "5002"),
        ("-1", "-1"),
        ("0.5", "0.5"),
        ("18446744073709551615", "18446744073709551615"),
        ("\"E_1\"", "E_1"),
        ("false", "false"),
        ("[]", "[]"),
    ] {
        let read = frame(&format!(r#"{{"code":{sent}}}"#));
        assert_eq!(read.code, code, "{sent}");
    }
    for missing in [
        "{}",
        r#"{"code":null}"#,
        r#"{"code":""}"#,
        r#"{"msg":"","data":null,"ts":1}"#,
        "null",
        "[]",
        "0",
    ] {
        let read = serde_json::from_str::<Envelope<Ignored>>(missing);
        assert!(read.is_err(), "{missing}");
    }
}

#[test]
fn messages_are_texts() {
    for (sent, msg) in [
        ("\"words\"", "words"),
        ("null", ""),
        ("7", "7"),
        ("7.0", "7"),
        ("true", "true"),
        (r#"["a", 1]"#, r#"["a",1]"#),
        (r#"{"a": 1}"#, r#"{"a":1}"#),
    ] {
        assert_eq!(frame(&format!(r#"{{"msg":{sent},"code":0}}"#)).msg, msg);
    }
    assert_eq!(frame(r#"{"code":0}"#).msg, "");
}

#[test]
fn the_vendors_clock_is_whole_seconds() {
    for (sent, ts) in [
        ("1700000000", Some(1_700_000_000)),
        ("1700000000.75", Some(1_700_000_000)),
        ("-1.5", Some(-2)),
        ("\"1700000000\"", Some(1_700_000_000)),
        ("\"1700000000.5\"", None),
        ("\"now\"", None),
        ("null", None),
        ("[]", None),
        ("1e300", Some(i64::MAX)),
    ] {
        assert_eq!(
            frame(&format!(r#"{{"code":0,"ts":{sent}}}"#)).ts,
            ts,
            "{sent}"
        );
    }
}

#[test]
fn data_is_read_in_the_same_pass_and_the_rest_is_kept() {
    let read: Envelope<StatusReport> = serde_json::from_str(
        r#"{"trace":{"id":"x"},"data":{"status":"100"},"code":"0","msg":"ok","ts":5}"#,
    )
    .unwrap();
    assert_eq!(read.data.unwrap().status, VideoStatus::Transcoded);
    assert_eq!(read.extra.get("trace"), Some(&json!({"id": "x"})));
    for nothing in ["null", "\"\""] {
        let text = format!(r#"{{"code":0,"data":{nothing}}}"#);
        let read: Envelope<StatusReport> = serde_json::from_str(&text).unwrap();
        assert_eq!(read.data, None);
    }
    assert!(serde_json::from_str::<Envelope<StatusReport>>(r#"{"code":1,"data":"text"}"#).is_err());
    assert_eq!(frame(r#"{"code":1,"data":"text"}"#).data, Some(Ignored));
}
