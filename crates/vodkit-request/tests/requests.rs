//! The golden text of every request: what goes on the wire for each operation of the tables, with all its parameters.

#![cfg(feature = "baijiayun")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod golden;

use std::fmt::Write as _;

use golden::{all_params, text};
use serde_json::json;
use vodkit_request::baijiayun::{Baijiayun, any_endpoint, operations};
use vodkit_request::testing::wire_line;
use vodkit_request::types::FileInput;
use vodkit_request::{Call, Endpoint, ErrorKind, Session, Tick, Timestamp};

const KEY: &str = "test-partner-key-0123456789";

fn session() -> Session<Baijiayun> {
    Session::new(Baijiayun::new(
        12345678,
        KEY,
        "https://demo.at.example.test".parse().unwrap(),
    ))
}

fn tick() -> Tick {
    Tick {
        now: Timestamp(1_700_000_000_000),
        entropy: 7,
        ..Tick::default()
    }
}

#[test]
fn every_request() {
    let session = session();
    let mut all = String::new();
    for operation in operations::ALL {
        let endpoint = any_endpoint(operation.name, all_params(operation))
            .expect(operation.name)
            .expect(operation.name);
        let call = Call::new(&(), &session, endpoint);
        writeln!(all, "# {} ({})", operation.name, operation.section).unwrap();
        match call.request(tick()) {
            Ok(request) => writeln!(all, "{}", text(&request)).unwrap(),
            // A file on disk has no length here: the flow asks the driver for it.
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::LocalFile, "{error}");
                writeln!(all, "{error}\n").unwrap();
            }
        }
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_file_in_memory_is_one_form() {
    let session = session();
    let upload = vodkit_request::baijiayun::UploadSubtitle::new(
        "中文",
        7,
        FileInput::bytes("a\"b.vtt", *b"WEBVTT\n"),
    );
    let request = Call::new(&(), &session, upload).request(tick()).unwrap();
    let text = format!(
        "{}\n{}",
        request.headers()["content-type"].to_str().unwrap(),
        wire_line(&request).replace("\r\n", "\n")
    );
    insta::assert_snapshot!(text);
}

#[test]
fn every_operation_is_known_by_name_and_no_other() {
    assert_eq!(operations::ALL.len(), 42);
    for operation in operations::ALL {
        let endpoint = any_endpoint(operation.name, all_params(operation))
            .unwrap()
            .unwrap();
        assert_eq!(endpoint.operation().name, operation.name);
        assert!(
            operation
                .params
                .windows(2)
                .all(|pair| pair[0].name < pair[1].name),
            "{} is not in signing order",
            operation.name
        );
    }
    assert!(any_endpoint("video/getinfo", json!({})).is_none());
}

#[test]
fn undocumented_parameters_are_signed_in_their_place() {
    let session = session();
    let call = Call::new(&(), &session, vodkit_request::baijiayun::GetInfo::new(7))
        .undocumented("lang", "中 文")
        .undocumented("zz", 1);
    let request = call.request(tick()).unwrap();
    let form = String::from_utf8(request.body().as_bytes().unwrap().to_vec()).unwrap();
    let (signed, sign) = form.split_once("&sign=").unwrap();
    assert_eq!(
        signed,
        "lang=%E4%B8%AD%20%E6%96%87&partner_id=12345678&timestamp=1700000000&video_id=7&zz=1"
    );
    let pairs = [
        ("lang", "中 文"),
        ("partner_id", "12345678"),
        ("timestamp", "1700000000"),
        ("video_id", "7"),
        ("zz", "1"),
    ];
    assert!(vodkit_request::sign::baijiayun::verify(&pairs, KEY, sign).is_ok());
}

#[test]
fn a_reply_is_read_without_any_transport() {
    let session = session();
    let call = Call::new(&(), &session, vodkit_request::baijiayun::GetStatus::new(7));
    let reply = http::Response::new(bytes::Bytes::from_static(
        br#"{"code":0,"data":{"status":"100"},"msg":""}"#,
    ));
    assert_eq!(call.read(&reply).unwrap().status.as_str(), "100");
}
