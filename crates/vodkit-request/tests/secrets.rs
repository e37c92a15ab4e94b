//! Keys, tokens and signatures in places where they do not belong: no error and no Debug output shows one.

#![cfg(all(feature = "async", feature = "baijiayun"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use std::fmt::Debug;

use bytes::Bytes;
use drivers::{KEY, SECRET_KEY, both, key_reply, secret_only, session};
use http::Response;
use vodkit_request::baijiayun::{
    AddCategory, CreateKey, DeleteVideo, GetInfo, GetPlayerToken, GetStatus, GetUploadUrl,
    PartnerKey, TargetDefinition, Upload, UploadFile, UploadTicket,
};
use vodkit_request::flow::{Event, Step};
use vodkit_request::mask::mask;
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::TransportErrorKind::Timeout;
use vodkit_request::types::{FileInput, NoData};
use vodkit_request::{Call, Endpoint, Error, ErrorKind, RetryPolicy, Run};

const TOKEN: &str = "test-upload-token-0123456789";
const FETCHED: &str = "fetched-key-0123456789";

/// Fails when either form of the error has the text.
#[track_caller]
fn hides(error: &Error, secret: &str) {
    for shown in [
        error.to_string(),
        format!("{error:?}"),
        error.message().to_owned(),
        error.code().unwrap_or_default().to_owned(),
        error.field_path().unwrap_or_default().to_owned(),
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[track_caller]
fn shown_as(value: &dyn Debug, expected: &str) {
    assert_eq!(format!("{value:?}"), expected);
}

fn refused<E: Endpoint<Vendor = vodkit_request::baijiayun::Baijiayun> + 'static>(
    endpoint: E,
    body: &str,
) -> Error {
    both(
        || ScriptedTransport::new([Reply::json(body)]),
        session,
        endpoint,
    )
    .0
    .err()
    .unwrap()
}

#[test]
fn text_in_the_place_of_an_object_is_not_quoted() {
    for body in [
        format!(r#"{{"code":0,"data":"{FETCHED}","msg":""}}"#),
        format!(r#"{{"code":0,"data":["{FETCHED}"],"msg":""}}"#),
        format!(r#"{{"code":0,"data":{{"partner_key":{{"key":"{FETCHED}"}}}},"msg":""}}"#),
        format!(r#"{{"code":0,"data":{{"partner_key":["{FETCHED}"]}},"msg":""}}"#),
    ] {
        let error = refused(CreateKey::new(7, SECRET_KEY), &body);
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        hides(&error, FETCHED);
        let (result, _) = both(
            || ScriptedTransport::new([Reply::json(body.as_str())]),
            secret_only,
            GetStatus::new(7),
        );
        hides(&result.unwrap_err(), FETCHED);
    }
    let address = format!("http://up.example.test/upload?token={TOKEN}");
    for body in [
        format!(r#"{{"code":0,"data":"{address}","msg":""}}"#),
        format!(r#"{{"code":0,"data":{{"video_id":"{address}","upload_url":"x"}},"msg":""}}"#),
        format!(
            r#"{{"code":0,"data":{{"video_id":1,"upload_url":{{"url":"{address}"}}}},"msg":""}}"#
        ),
    ] {
        let error = refused(
            GetUploadUrl::new("a.mp4", TargetDefinition::Standard),
            &body,
        );
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        hides(&error, TOKEN);
    }
    for body in [
        format!(r#"{{"code":0,"data":"{TOKEN}","msg":""}}"#),
        format!(r#"{{"code":0,"data":{{"token":"{TOKEN}","video_id":"{TOKEN}"}},"msg":""}}"#),
        format!(r#"{{"code":0,"data":{{"token":"{TOKEN}""#),
    ] {
        hides(&refused(GetPlayerToken::new(7), &body), TOKEN);
    }
}

#[test]
fn what_the_vendor_echoes_is_masked() {
    let signature = "0123456789abcdef0123456789ABCDEF";
    let sha1 = "0123456789abcdef0123456789abcdef01234567";
    let told = format!("key {KEY}, sign {signature}/{sha1} {KEY}{KEY}.");
    let body = format!(r#"{{"code":1002,"data":null,"msg":"{told}"}}"#);
    let error = refused(GetInfo::new(7), &body);
    assert_eq!(error.message(), "key ***, sign ***/*** ******.");
    // Codes and field names come from the vendor as well.
    let error = refused(GetInfo::new(7), &format!(r#"{{"code":"{KEY}","msg":"x"}}"#));
    assert_eq!(error.code(), Some("***"));
    hides(&error, KEY);
    let error = refused(
        vodkit_request::baijiayun::GetPlayerTokenBatch::new([7], 60),
        &format!(r#"{{"code":0,"data":{{"{KEY}":[]}}}}"#),
    );
    assert_eq!(error.field_path(), Some("data.***"));
    hides(&error, KEY);
}

#[test]
fn the_fetched_key_and_the_secret_key_are_masked() {
    let echo = format!("{FETCHED} or {SECRET_KEY}");
    let body = format!(r#"{{"code":5002,"data":null,"msg":"{echo}"}}"#);
    let (result, _) = both(
        || ScriptedTransport::new([key_reply(FETCHED), Reply::json(body.as_str())]),
        secret_only,
        GetInfo::new(7),
    );
    assert_eq!(result.unwrap_err().message(), "*** or ***");
    // In the reply to the login itself.
    let (result, _) = both(
        || ScriptedTransport::new([Reply::json(body.as_str())]),
        secret_only,
        GetInfo::new(7),
    );
    let error = result.unwrap_err();
    hides(&error, SECRET_KEY);
    assert!(error.message().starts_with("logging in: "), "{error}");
    // In a reply read by hand.
    let session = secret_only();
    let transport = ScriptedTransport::new([
        key_reply(FETCHED),
        Reply::json(r#"{"code":0,"data":{"status":100}}"#),
    ]);
    let call = || Call::new(&transport, &session, GetStatus::new(7));
    let response = Response::new(Bytes::from(body.clone()));
    hides(&call().read(&response).unwrap_err(), SECRET_KEY);
    call().send().unwrap();
    assert_eq!(call().read(&response).unwrap_err().message(), "*** or ***");
}

#[test]
fn the_parts_of_an_upload_address_are_masked() {
    let ticket = format!(
        r#"{{"code":0,"data":{{"video_id":77,"upload_url":"http://up.example.test/path-{TOKEN}/upload?fid=77&token={TOKEN}#{TOKEN}-end"}},"msg":""}}"#
    );
    let session = session().with_retry(RetryPolicy::NEVER);
    for (words, shown) in [
        (format!("{TOKEN} has run out"), "*** has run out"),
        (format!("path-{TOKEN} is gone"), "*** is gone"),
        (format!("no {KEY}"), "no ***"),
    ] {
        let transport = ScriptedTransport::new([
            Reply::json(ticket.as_str()),
            Reply::json(format!(r#"{{"code":2,"msg":"{words}"}}"#)),
        ]);
        let file = FileInput::bytes("a.mp4", *b"content");
        let error = Run::new(&transport, Upload::new(&session, file))
            .send()
            .unwrap_err();
        assert_eq!(error.code(), Some("2"));
        assert_eq!(error.message(), shown);
        hides(&error, TOKEN);
        hides(&error, KEY);
    }
}

#[test]
fn an_upload_address_without_a_path_is_masked_too() {
    for rest in [
        format!("?token={TOKEN}"),
        format!("?a=/b&token={TOKEN}"),
        format!("?token={TOKEN}&a=/b"),
        format!(":81?token={TOKEN}"),
    ] {
        let ticket = format!(
            r#"{{"code":0,"data":{{"video_id":77,"upload_url":"http://up.example.test{rest}"}},"msg":""}}"#
        );
        let session = session().with_retry(RetryPolicy::NEVER);
        let transport = ScriptedTransport::new([
            Reply::json(ticket),
            Reply::json(format!(
                r#"{{"code":2,"msg":"{TOKEN} unknown to up.example.test"}}"#
            )),
        ]);
        let file = FileInput::bytes("a.mp4", *b"content");
        let error = Run::new(&transport, Upload::new(&session, file))
            .send()
            .unwrap_err();
        // The host is no secret.
        assert_eq!(error.message(), "*** unknown to up.example.test");
        hides(&error, TOKEN);
    }
}

#[test]
fn masking_leaves_words_alone() {
    for (text, secrets, expected) in [
        ("", &["test-key"][..], ""),
        ("a test-key b", &["test-key"], "a *** b"),
        // Seven letters are masked where they stand alone, and two nowhere.
        ("a testkey b", &["testkey"], "a *** b"),
        ("a testkeys b", &["testkey"], "a testkeys b"),
        ("a no b", &["no"], "a no b"),
        ("a b", &[""], "a b"),
        ("中test-key中", &["test-key"], "中***中"),
        (
            "one-key-12 two-key-12",
            &["one-key-12", "two-key-12"],
            "*** ***",
        ),
    ] {
        assert_eq!(mask(text, secrets.iter().copied()), expected);
    }
    for (digits, hidden) in [
        (31, false),
        (32, true),
        (33, false),
        (39, false),
        (40, true),
        (41, false),
        (63, false),
        (64, true),
        (65, false),
    ] {
        let run = "aB3".repeat(22)[..digits].to_owned();
        let expected = if hidden { "***" } else { &run };
        assert_eq!(mask(&run, []), expected);
        assert_eq!(
            mask(&format!("签{run}, {run}g 7"), []),
            format!("签{expected}, {expected}g 7")
        );
    }
}

#[test]
fn what_holds_replies_shows_sizes() {
    let body = format!(r#"{{"token":"{TOKEN}"}}"#);
    let length = body.len();
    let event = Event::Response(Response::new(Bytes::from(body.clone())));
    shown_as(&event, &format!("Response(200 OK, {length} bytes)"));
    shown_as(&Event::Start, "Start");
    shown_as(&Event::Woken, "Woken");
    let reply = Reply::status(503, body.as_str());
    shown_as(
        &reply,
        &format!("Reply(503 Service Unavailable, {length} bytes)"),
    );
    shown_as(&Reply::fails(Timeout), "Reply(Timeout)");
    let unexpected: vodkit_request::types::Lenient<NoData> = serde_json::from_str(&body).unwrap();
    shown_as(&unexpected.0, "NoData(..)");
    assert!(unexpected.0.unexpected().is_some());
    shown_as(&NoData::default(), "NoData");

    let ticket: UploadTicket = serde_json::from_str(&format!(
        r#"{{"video_id":7,"upload_url":"http://up.example.test/?token={TOKEN}","sig":"{TOKEN}"}}"#
    ))
    .unwrap();
    shown_as(
        &ticket,
        r#"UploadTicket { video_id: 7, upload_url: Secret(..), extra: {"sig"} }"#,
    );
    let key: PartnerKey =
        serde_json::from_str(&format!(r#"{{"partner_key":"{FETCHED}"}}"#)).unwrap();
    shown_as(&key, "PartnerKey { partner_key: Secret(..), extra: {} }");
}

#[test]
fn what_is_on_its_way_shows_no_parameter() {
    let ticket = format!(
        r#"{{"code":0,"data":{{"video_id":77,"upload_url":"http://up.example.test:81/upload?fid=77&token={TOKEN}"}},"msg":""}}"#
    );
    let session = session();
    let transport = ScriptedTransport::new([
        Reply::json(ticket),
        Reply::json(r#"{"code":1}"#),
        key_reply(KEY),
    ]);
    let file = FileInput::bytes("a.mp4", *b"content");
    let upload = Upload::new(&session, file);
    Run::new(&transport, upload).send().unwrap();
    let sent = transport.sent();
    let shown = format!("{:?}", sent[1]);
    assert!(
        shown.starts_with(
            r#"Outgoing { method: POST, host: "up.example.test", path: "/upload", body: Payload(["#
        ),
        "{shown}"
    );
    let sign = String::from_utf8(sent[0].request.body().as_bytes().unwrap().to_vec()).unwrap();
    let sign = sign.rsplit('=').next().unwrap();
    assert_eq!(sign.len(), 32);
    for out in &sent {
        let shown = format!("{out:?}");
        for secret in [TOKEN, sign, KEY, "fid=77", "content\""] {
            assert!(!shown.contains(secret), "{shown}");
        }
        let step: Step<()> = Step::Send(Box::new(out.clone()));
        assert!(!format!("{step:?}").contains(TOKEN));
    }
    shown_as(&transport, "ScriptedTransport { sent: 2, unused: 1 }");
    // A GET has its signature in the target.
    let get = Call::new(
        &transport,
        &session,
        vodkit_request::baijiayun::GetStorageAndFlowInfo::new(),
    );
    let _judged_elsewhere = get.send();
    let out = transport.sent().pop().unwrap();
    assert!(out.request.uri().query().unwrap().contains("sign="));
    assert!(!format!("{out:?}").contains("sign="));
}

#[test]
fn accounts_calls_and_flows_show_no_key() {
    for session in [session(), secret_only()] {
        let call =
            Call::new(&(), &session, CreateKey::new(7, SECRET_KEY)).undocumented("token", TOKEN);
        let shown = [
            format!("{session:?}"),
            format!("{:?}", session.vendor()),
            format!("{call:?}"),
            format!("{:?}", call.into_flow()),
            format!(
                "{:?}",
                Run::new(&(), Upload::new(&session, FileInput::bytes("a.mp4", *b"x")))
            ),
        ];
        for text in shown {
            for secret in [KEY, SECRET_KEY, TOKEN] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }
}

#[test]
fn an_error_shows_one_line_and_no_reply() {
    let body = format!(r#"{{"code":5002,"data":{{"token":"{TOKEN}"}},"msg":"words"}}"#);
    let error = refused(DeleteVideo::new(7), &body);
    assert!(
        format!("{error:?}").starts_with("video/delete: code 5002: words. "),
        "{error:?}"
    );
    hides(&error, TOKEN);
    assert_eq!(error.body().unwrap(), body.as_bytes());
}

#[test]
fn a_secret_parameter_is_masked() {
    let body = format!(r#"{{"code":1001,"data":null,"msg":"bad secret_key {SECRET_KEY}"}}"#);
    hides(&refused(CreateKey::new(7, SECRET_KEY), &body), SECRET_KEY);
}

#[test]
fn an_upload_address_is_masked_in_a_reply_read_by_hand() {
    let session = session();
    let upload = UploadFile::new(
        format!("http://up.example.test/upload?token={TOKEN}"),
        FileInput::bytes("a.mp4", *b"content"),
    );
    let body = format!(r#"{{"code":2,"msg":"{TOKEN} has run out"}}"#);
    let error = Call::new(&(), &session, upload)
        .read(&Response::new(Bytes::from(body)))
        .unwrap_err();
    hides(&error, TOKEN);
}

#[test]
fn a_secret_at_the_cut_of_a_long_message_is_not_shown_in_part() {
    for before in [480, 490, 495] {
        let message = format!("{} {KEY}", "x".repeat(before));
        let body = format!(r#"{{"code":1,"data":null,"msg":"{message}"}}"#);
        hides(&refused(AddCategory::new("x"), &body), &KEY[..5]);
    }
    for before in [40, 50, 60] {
        let code = format!("{} {KEY}", "x".repeat(before));
        let body = format!(r#"{{"code":"{code}","data":null,"msg":""}}"#);
        hides(&refused(AddCategory::new("x"), &body), &KEY[..4]);
    }
}
