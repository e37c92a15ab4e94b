//! QuVideo: the token where a call needs it, and replies whose members contradict each other.

#![cfg(all(feature = "async", feature = "quvideo"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use drivers::{both, tick_at};
use vodkit_request::quvideo::{
    DeleteVideoById, GetFont, GetMv, GetRecommendMusic, GetSts, Login, QuVideo, RandomUser,
    UpdateUser,
};
use vodkit_request::testing::{Reply, ScriptedTransport, sealed_request};
use vodkit_request::types::{Auth, Operation};
use vodkit_request::{Call, Error, ErrorKind, Raw, RetryPolicy, Session};

const TOKEN: &str = "test-token-0123456789";
const STS: &str = r#"{"result":"true","requestId":"r-1","message":"","code":"200","data":{"accessKeyId":"test-id","accessKeySecret":"test-secret","securityToken":"test-sts-token","expiration":"2024-01-01T00:00:00Z"}}"#;
const MUSIC: &str = r#"{"result":"true","requestId":"r-1","message":"","code":"200","data":{"total":0,"musicList":[]}}"#;

fn server() -> QuVideo {
    QuVideo::new("http://app.example.test:8080".parse().unwrap())
}

fn user() -> Session<QuVideo> {
    Session::new(server().with_token(TOKEN))
}

fn nobody() -> Session<QuVideo> {
    Session::new(server())
}

/// What one reply makes of a call that reads and is sent once.
fn judged(reply: &Reply) -> Result<(), Error> {
    both(
        || ScriptedTransport::new([reply.clone()]),
        || user().with_retry(RetryPolicy::NEVER),
        GetSts::new(),
    )
    .0
    .map(|_| ())
}

#[test]
fn a_call_of_a_user_needs_a_token_before_anything_is_sent() {
    let (result, log) = both(|| ScriptedTransport::new([]), nobody, GetSts::new());
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Credential, 0));
    assert!(!error.maybe_sent() && log.is_empty(), "{log:?}");
    for words in [
        "vod/getSts: ",
        "needs the token of a user",
        "user/randomUser",
    ] {
        assert!(error.to_string().contains(words), "{error}");
    }
    // It can be tried as often as one likes: nobody waits for a login that never comes.
    let session = nobody();
    let transport = ScriptedTransport::new([]);
    for _ in 0..3 {
        let error = Call::new(&transport, &session, GetSts::new())
            .send()
            .unwrap_err();
        assert!(error.to_string().contains("needs the token"), "{error}");
    }
    assert!(transport.log().is_empty());
    let error = Call::new(&(), &session, UpdateUser::new("u-1", "n"))
        .request(tick_at(std::time::Duration::ZERO))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
}

#[test]
fn open_calls_carry_no_token_with_or_without_a_user() {
    for session in [nobody, user] {
        let (result, log) = both(
            || ScriptedTransport::new([Reply::json(MUSIC)]),
            session,
            GetRecommendMusic::new(1, 10),
        );
        assert!(result.unwrap().music_list.is_empty());
        assert_eq!(log.len(), 1);
        assert!(!log[0].contains("token"), "{log:?}");
    }
}

#[test]
fn the_token_is_a_parameter_and_vodkits_own() {
    let vendor = server().with_token("a b&c=课");
    let request = sealed_request(&vendor, &GetSts::new()).unwrap();
    assert_eq!(
        request.uri(),
        "http://app.example.test:8080/vod/getSts?token=a%20b%26c%3D%E8%AF%BE"
    );
    let request = sealed_request(&vendor, &UpdateUser::new("u-1", "n")).unwrap();
    assert_eq!(request.uri().query(), None);
    assert_eq!(
        request.body().as_bytes().unwrap().as_ref(),
        b"nickname=n&token=a%20b%26c%3D%E8%AF%BE&userId=u-1"
    );
    let call = GetSts::new().with_undocumented("token", "another");
    let error = sealed_request(&vendor, &call).unwrap_err();
    assert!(
        error.to_string().contains("`token`: vodkit computes it"),
        "{error}"
    );
    // An open call may carry one of the caller's.
    let call = GetMv::new().with_undocumented("token", "another");
    let request = sealed_request(&vendor, &call).unwrap();
    assert_eq!(request.uri().query(), Some("token=another"));

    assert_eq!(
        vendor.base_url().to_string(),
        "http://app.example.test:8080"
    );
    assert!(!format!("{vendor:?} {:?}", Session::new(vendor.clone())).contains("课"));
}

#[test]
fn the_token_is_a_member_of_a_json_body() {
    static SAVE: Operation =
        Operation::undocumented("quvideo", "save", "POST", "/vod/save", Auth::Token)
            .with_json_body();
    let call = Raw::<QuVideo>::new(&SAVE)
        .param("size", 7)
        .param("name", "n");
    let request = sealed_request(&server().with_token("a\"b"), &call).unwrap();
    assert_eq!(
        request.body().as_bytes().unwrap().as_ref(),
        br#"{"name":"n","size":7,"token":"a\"b"}"#
    );
}

#[test]
fn success_needs_result_and_code_to_agree() {
    for body in [
        STS.to_owned(),
        STS.replace("\"true\"", "true"),
        STS.replace("\"code\":\"200\"", "\"code\":200"),
        STS.replace("\"code\":\"200\",", ""),
        STS.replace("\"message\":\"\"", "\"message\":null"),
        STS.replace("\"expiration\"", "\"Expiration\""),
        format!("\u{feff}{STS}"),
    ] {
        judged(&Reply::json(body.as_str())).unwrap_or_else(|error| panic!("{body}: {error}"));
    }
}

#[test]
fn contradictions_are_failures() {
    use ErrorKind::{Credential, Decode, Refused, Unavailable};
    for (result, code, message, kind) in [
        // The owner is another user.
        ("\"true\"", "\"403\"", "无权限", Credential),
        ("\"true\"", "500", "", Unavailable),
        ("\"true\"", "\"300\"", "wrong", Refused),
        ("\"false\"", "\"200\"", "更新失败", Refused),
        ("\"false\"", "\"200\"", "", Refused),
        ("\"false\"", "null", "failed", Refused),
        ("\"false\"", "\"401\"", "", Credential),
        ("\"false\"", "\"301\"", "", Credential),
        ("\"false\"", "\"411\"", "", Credential),
        (
            "\"false\"",
            "\"500\"",
            "java.lang.NullPointerException",
            Unavailable,
        ),
        ("\"false\"", "\"600\"", "", Unavailable),
        ("\"false\"", "\"406\"", "", Refused),
        ("\"false\"", "\"429\"", "", ErrorKind::Throttled),
        ("null", "\"200\"", "", Refused),
        ("\"false\"", "null", "", Decode),
        ("null", "null", "", Decode),
    ] {
        let body = format!(
            r#"{{"result":{result},"requestId":"r-7","message":"{message}","code":{code},"data":null}}"#
        );
        let error = judged(&Reply::json(body.as_str())).unwrap_err();
        assert_eq!(error.kind(), kind, "{body}: {error}");
        let code = code.trim_matches('"');
        assert_eq!(error.code(), (code != "null").then_some(code), "{body}");
        if kind != Decode {
            assert_eq!(error.request_id(), Some("r-7"), "{body}");
        }
        if !message.is_empty() {
            assert_eq!(error.message(), message);
        }
    }
    let error = judged(&Reply::json(
        r#"{"result":"false","code":"200","requestId":""}"#,
    ))
    .unwrap_err();
    assert_eq!(error.request_id(), None, "an empty id is none");
    assert_eq!(error.message(), "the vendor gave no message");
}

#[test]
fn not_logged_in_is_a_code_without_data() {
    let body = r#"{"code":"403","message":"请先登录"}"#;
    let (result, log) = both(
        || ScriptedTransport::new([Reply::json(body)]),
        user,
        GetSts::new(),
    );
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.message()),
        (ErrorKind::Credential, Some("403"), "请先登录")
    );
    assert!(error.hint().unwrap().contains("no data member"), "{error}");
    // There is nothing to log in with by itself, so it is sent once.
    assert_eq!(log.len(), 1);
}

#[test]
fn the_frameworks_own_words_are_judged_by_the_status() {
    for (status, words, kind) in [
        (404, "No message available", ErrorKind::Refused),
        (
            405,
            "Request method 'GET' not supported",
            ErrorKind::Refused,
        ),
        (403, "Forbidden", ErrorKind::Credential),
        (
            500,
            "java.lang.IllegalStateException",
            ErrorKind::Unavailable,
        ),
    ] {
        let body = format!(
            r#"{{"timestamp":1600000000000,"status":{status},"error":"Error","message":"{words}","path":"/vod/getSts"}}"#
        );
        let error = judged(&Reply::status(status, body.as_str())).unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, None), "{error}");
        assert_eq!(error.message(), words);
        assert!(
            error
                .to_string()
                .starts_with(&format!("vod/getSts: HTTP {status}: ")),
            "{error}"
        );
        // The same words with a status of success are no success either.
        assert_eq!(
            judged(&Reply::json(body.as_str())).unwrap_err().kind(),
            ErrorKind::Refused
        );
    }
    let silent = r#"{"timestamp":1,"status":404,"error":"Not Found","message":"","path":"/x"}"#;
    let error = judged(&Reply::status(404, silent)).unwrap_err();
    assert!(error.to_string().contains("check the base URL"), "{error}");
    let error = judged(&Reply::json(silent)).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("neither that the call succeeded"),
        "{error}"
    );
}

#[test]
fn what_is_no_frame_is_no_success() {
    for (body, words) in [
        ("<!DOCTYPE html>", "HTML"),
        ("", "empty"),
        (
            r#"{"result":"true","code":"200","data":{"accessKeyId""#,
            "cut short",
        ),
        ("[]", "not in the form"),
        ("\"true\"", "not in the form"),
    ] {
        let error = judged(&Reply::json(body)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}: {error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    for (status, kind) in [(200, ErrorKind::Decode), (503, ErrorKind::Unavailable)] {
        let body = STS.replace("\"accessKeyId\":\"test-id\"", "\"accessKeyId\":{}");
        let error = judged(&Reply::status(status, body)).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let silent = judged(&Reply::status(status, r#"{"requestId":"r-8"}"#)).unwrap_err();
        assert_eq!(silent.kind(), kind, "{silent}");
        // What came is kept for the vendor's support where the status alone tells of the failure.
        if status == 503 {
            assert_eq!(
                (error.request_id(), silent.request_id()),
                (Some("r-1"), Some("r-8"))
            );
        }
    }
    let error = judged(&Reply::status(500, STS)).unwrap_err();
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::Unavailable, Some("r-1"))
    );
}

#[test]
fn nothing_comes_in_several_forms() {
    for data in ["null", "{}", "[]", "\"\""] {
        let body = format!(
            r#"{{"result":"true","code":"200","requestId":"r","message":"","data":{data}}}"#
        );
        let (result, _) = both(
            || ScriptedTransport::new([Reply::json(body.as_str())]),
            user,
            DeleteVideoById::new("v-1", "u-1"),
        );
        assert!(result.unwrap().unexpected().is_none(), "{data}");
    }
    let body = r#"{"result":"true","code":"200","data":null}"#;
    let (fonts, _) = both(
        || ScriptedTransport::new([Reply::json(body)]),
        user,
        GetFont::new(),
    );
    assert!(fonts.unwrap().0.is_empty());
}

#[test]
fn a_guest_comes_without_code() {
    let body = r#"{"result":"true","requestId":"","message":null,"data":{"id":"37","userId":"1000000000001","nickName":"guest","avatarUrl":"https://img.example.test/a","gmtCreate":"2024-01-01 00:00:00","gmtModified":"","token":"test-guest-token-0123456789"}}"#;
    let (guest, log) = both(
        || ScriptedTransport::new([Reply::json(body)]),
        nobody,
        RandomUser::new(),
    );
    let guest = guest.unwrap();
    assert_eq!(log.len(), 1);
    assert!(
        !format!("{guest:?}").contains("test-guest-token"),
        "{guest:?}"
    );
}

#[test]
fn token_and_password_are_in_no_error() {
    let echo = format!(
        r#"{{"result":"false","code":"500","message":"no {TOKEN}, test-password-0123456789","data":null}}"#
    );
    let error = judged(&Reply::json(echo.as_str())).unwrap_err();
    assert_eq!(error.message(), "no ***, test-password-0123456789");
    let (result, _) = both(
        || ScriptedTransport::new([Reply::json(echo.as_str())]),
        || user().with_retry(RetryPolicy::NEVER),
        Login::new("u", "test-password-0123456789"),
    );
    let error = result.unwrap_err();
    assert!(error.message().ends_with(", ***"), "{error}");
}
