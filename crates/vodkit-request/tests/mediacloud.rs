//! MediaCloud: header and bodies, and replies judged. The login has a file of its own.

#![cfg(all(feature = "async", feature = "mediacloud"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;
mod mediacloud_account;

use drivers::both;
use mediacloud_account::{MEDIA, PASSWORD, account, bearers, login, with_token};
use vodkit_request::mediacloud::{
    CreateCategory, DeleteCategories, GetMedia, Login, MediaCloud, ObjectStorage,
};
use vodkit_request::testing::{Reply, ScriptedTransport, sealed_request};
use vodkit_request::{Call, Error, ErrorKind, RetryPolicy};

/// What one reply makes of a call that reads, carries a fixed token and is sent once.
fn judged(reply: &Reply) -> Result<serde_json::Value, Error> {
    both(
        || ScriptedTransport::new([reply.clone()]),
        || with_token().with_retry(RetryPolicy::NEVER),
        GetMedia::new("m-1"),
    )
    .0
}

#[test]
fn a_token_that_no_header_can_carry_is_told_without_it() {
    let base = "http://vod.example.test".parse().unwrap();
    let vendor = MediaCloud::with_access_token(base, "test-token\n0123456789");
    let error = sealed_request(&vendor, &GetMedia::new("m-1")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert!(
        !format!("{error} {error:?}").contains("0123456789"),
        "{error}"
    );
    assert_eq!(vendor.base_url().to_string(), "http://vod.example.test");
    assert!(!format!("{vendor:?}").contains("0123456789"));
    assert_eq!(
        format!("{:?}", account()),
        r#"MediaCloud { base: http://vod.example.test, key: Password of "demo" }"#
    );
}

#[test]
fn the_code_decides_and_the_status_only_without_one() {
    use ErrorKind::{Credential, Decode, Refused, Throttled, Unavailable};
    let frame = |code: &str| {
        format!(r#"{{"requestId":"r-3","code":{code},"msg":"words","status":"error","data":null}}"#)
    };
    for (status, code, kind) in [
        (200, "404", Refused),
        (200, "\"404\"", Refused),
        (200, "401", Credential),
        (200, "403", Refused),
        (200, "429", Throttled),
        (200, "500", Unavailable),
        (200, "504", Unavailable),
        (200, "505", Unavailable),
        (200, "410", Refused),
        (200, "0", Refused),
        (200, "1001", Refused),
        // The gateway's status weighs where the code is in no table.
        (502, "410", Unavailable),
        (403, "410", Credential),
        (500, "404", Refused),
        (404, "500", Unavailable),
        (403, "403", Refused),
    ] {
        let error = judged(&Reply::status(status, frame(code))).unwrap_err();
        assert_eq!(error.kind(), kind, "HTTP {status}, code {code}: {error}");
        assert_eq!(error.code(), Some(code.trim_matches('"')));
        assert_eq!(error.request_id(), Some("r-3"));
        assert_eq!(error.message(), "words");
    }
    assert_eq!(judged(&Reply::json(MEDIA)).unwrap()["uuid"], "m-1");
    assert_eq!(
        judged(&Reply::json(format!("\u{feff}{MEDIA}"))).unwrap()["uuid"],
        "m-1"
    );
    assert_eq!(judged(&Reply::status(201, MEDIA)).unwrap()["uuid"], "m-1");
    for (status, kind) in [(500, Unavailable), (404, Refused), (403, Credential)] {
        let error = judged(&Reply::status(status, MEDIA)).unwrap_err();
        assert_eq!((error.kind(), error.request_id()), (kind, Some("r-1")));
    }
    for body in [
        "<html>",
        "",
        r#"{"msg":"bad gateway"}"#,
        "{\"code\":200,\"data\":{",
    ] {
        assert_eq!(judged(&Reply::json(body)).unwrap_err().kind(), Decode);
        assert_eq!(
            judged(&Reply::status(502, body)).unwrap_err().kind(),
            Unavailable
        );
    }
    let error = judged(&Reply::json(r#"{"code":404,"requestId":"","msg":""}"#)).unwrap_err();
    assert_eq!(error.request_id(), None, "an empty id is none");
    assert!(error.message().contains("does not exist"), "{error}");
}

#[test]
fn a_bare_text_is_a_result_and_nothing_is_one_too() {
    let (id, _) = both(
        || ScriptedTransport::new([Reply::json(r#"{"code":200,"msg":"","data":"c-1"}"#)]),
        with_token,
        CreateCategory::new("n"),
    );
    assert_eq!(id.unwrap(), "c-1");
    let (result, _) = both(
        || ScriptedTransport::new([Reply::json(r#"{"code":200,"msg":"","data":null}"#)]),
        with_token,
        CreateCategory::new("n"),
    );
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.field_path()),
        (ErrorKind::Decode, Some("data"))
    );
    assert!(error.maybe_sent());
    let (result, log) = both(
        || ScriptedTransport::new([Reply::json(r#"{"code":200,"msg":"","data":null}"#)]),
        with_token,
        DeleteCategories::new(["c-1".to_owned()]),
    );
    result.unwrap();
    assert_eq!(
        log,
        [r#"DELETE http://vod.example.test/api/v1/class {"uids":["c-1"]}"#]
    );
}

#[test]
fn the_keys_of_a_login_are_what_a_storage_client_needs() {
    let transport = ScriptedTransport::new([login("test-access-token-1")]);
    let session = with_token();
    let tokens = Call::new(&transport, &session, Login::new("demo", PASSWORD))
        .send()
        .unwrap();
    let storage = ObjectStorage::new("https://s3.example.test/", "cn-test-1").unwrap();
    let access = storage.access(&tokens.sts_token.unwrap());
    assert_eq!(access.access_key_id.expose(), "test-id");
    assert_eq!(access.secret_access_key.expose(), "test-secret-key");
    assert_eq!(access.session_token.expose(), "test-session-token");
    assert_eq!(
        access.storage.endpoint.to_string(),
        "https://s3.example.test"
    );
    assert_eq!(access.storage.region, "cn-test-1");
    assert!(access.storage.path_style && !storage.virtual_hosted().path_style);
    for secret in ["test-id", "test-secret-key", "test-session-token"] {
        assert!(!format!("{access:?}").contains(secret), "{access:?}");
    }
    assert!(ObjectStorage::new("s3.example.test", "cn-test-1").is_err());
    #[cfg(feature = "mediacloud-storage")]
    {
        let at = vodkit_request::Timestamp(1_700_000_000_000);
        let address = access.read_address("lessons", "第 1 课.mp4", at).unwrap();
        let shown = address.expose();
        assert!(
            shown.starts_with(
                "https://s3.example.test/lessons/%E7%AC%AC%201%20%E8%AF%BE.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
            ) && shown.contains("X-Amz-Expires=900") && shown.contains("X-Amz-Security-Token=test-session-token"),
            "{shown}"
        );
        assert!(!shown.contains("test-secret-key"), "{shown}");
        assert!(!format!("{address:?}").contains("Amz"), "{address:?}");
        let error = access.read_address("lessons", "a//b", at).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(bearers(&transport), ["none"], "a login shows no token");
}
