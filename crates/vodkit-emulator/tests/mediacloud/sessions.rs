//! The login and what becomes of its tokens.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use vodkit_emulator::mediacloud::Account;
use vodkit_emulator::{Emulator, mediacloud};
use vodkit_types::mediacloud::{Envelope, LoginTokens};

use crate::client::{JSON, Vendor, is_uuid, lesson, refused, vendor, vendor_with};

/// The code that a call with this token gets.
fn code(vendor: &Vendor, token: &str) -> i64 {
    let body = json!({ "className": "probe" });
    let reply = vendor.ask(token, "POST", "/api/v1/class", &body);
    reply["code"].as_i64().unwrap()
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap()
}

#[test]
fn a_login_answers_as_on_the_page() {
    let vendor = vendor();
    let account = Account::default();
    assert_eq!(account.username, mediacloud::DEFAULT_USERNAME);
    let reply = vendor.login_as(&account.username, &account.password);
    assert_eq!(reply["code"], 200);
    assert_eq!(reply["msg"], "登陆成功");
    assert_eq!(reply.get("status"), None);
    let jwt = &reply["data"]["jwt"];
    assert_eq!(jwt["expires_in"], 36_000);
    assert_eq!(jwt["refresh_expires_in"], 1800);
    assert_eq!(jwt["token_type"], "Bearer");
    assert_eq!(jwt["not-before-policy"], 0);
    assert_eq!(jwt["scope"], "openid email profile");
    assert!(is_uuid(jwt["session_state"].as_str().unwrap()));
    assert_eq!(jwt.as_object().unwrap().len(), 9);
    let keys = reply["data"]["stsToken"].as_object().unwrap();
    assert_eq!(keys.len(), 3);
    assert_eq!(keys["STSAccessKeyID"].as_str().unwrap().len(), 20);
    assert!(keys["STSSecretAccessKey"].as_str().unwrap().len() >= 32);

    let algorithm = |token: &Value| part(token.as_str().unwrap(), 0)["alg"].clone();
    assert_eq!(algorithm(&jwt["access_token"]), "RS256");
    assert_eq!(algorithm(&jwt["id_token"]), "RS256");
    assert_eq!(algorithm(&jwt["refresh_token"]), "HS256");
    assert_eq!(algorithm(&keys["STSSessionToken"]), "HS512");
    let claims = part(keys["STSSessionToken"].as_str().unwrap(), 1);
    assert_eq!(claims["accessKey"], keys["STSAccessKeyID"]);
    let access = part(jwt["access_token"].as_str().unwrap(), 1);
    assert_eq!(claims["exp"], access["exp"]);

    let decoded: Envelope<LoginTokens> = serde_json::from_value(reply.clone()).unwrap();
    let tokens = decoded.data.unwrap();
    assert_eq!(
        tokens.jwt.access_token.expose(),
        jwt["access_token"].as_str().unwrap()
    );
    assert!(tokens.jwt.extra.is_empty() && tokens.extra.is_empty());
    assert!(tokens.sts_token.is_some());
}

#[test]
fn every_session_has_its_own_tokens_and_all_of_them_work() {
    let vendor = vendor();
    let (first, second) = (vendor.token(), vendor.token());
    assert_ne!(first, second);
    assert_eq!((code(&vendor, &first), code(&vendor, &second)), (200, 200));
}

#[test]
fn who_does_not_know_the_password_gets_nothing() {
    let vendor = vendor();
    let name = vendor.account.username.clone();
    for (username, password, why) in [
        (name.as_str(), "not-the-password", "the password is not"),
        ("nobody", "not-the-password", "no account"),
    ] {
        let (code, message) = refused(&vendor.login_as(username, password));
        assert_eq!(
            (code, message.as_str()),
            (401, "invalid username or password")
        );
        let note = vendor.last_note();
        assert!(
            note.contains(why) && !note.contains("not-the-password"),
            "{note}"
        );
    }
    let last = vendor.emulator.journal().pop().unwrap();
    assert_eq!(
        (
            last.vendor,
            last.operation,
            last.status,
            last.code.as_deref()
        ),
        (Some("mediacloud"), Some("api/v1/login"), 200, Some("401"))
    );
}

#[test]
fn a_token_lives_as_long_as_the_login_says_and_the_next_one_works() {
    let vendor = vendor();
    let token = vendor.token();
    vendor.emulator.advance(Duration::from_secs(35_990));
    assert_eq!(
        code(&vendor, &token),
        200,
        "the dead refresh token is no matter"
    );
    vendor.emulator.advance(Duration::from_secs(10));
    let (code_then, message) = vendor.refusal(&token, "GET", "/api/v1/medias/x", &Value::Null);
    assert_eq!(
        (code_then, message.as_str()),
        (401, "token is invalid or expired")
    );
    assert!(
        vendor.last_note().contains("expired 0 s ago"),
        "{}",
        vendor.last_note()
    );
    vendor.emulator.advance(Duration::from_secs(60));
    assert_eq!(code(&vendor, &token), 401);
    assert!(
        vendor.last_note().contains("expired 60 s ago"),
        "{}",
        vendor.last_note()
    );
    assert_eq!(code(&vendor, &vendor.token()), 200);
}

#[test]
fn the_lifetime_is_a_setting() {
    let vendor =
        vendor_with(Emulator::builder().mediacloud_token_lifetime(Duration::from_secs(90)));
    let account = vendor.account.clone();
    let reply = vendor.login_as(&account.username, &account.password);
    let jwt = &reply["data"]["jwt"];
    assert_eq!(
        (&jwt["expires_in"], &jwt["refresh_expires_in"]),
        (&json!(90), &json!(1800))
    );
    let token = jwt["access_token"].as_str().unwrap();
    vendor.emulator.advance(Duration::from_secs(80));
    assert_eq!(code(&vendor, token), 200);
    vendor.emulator.advance(Duration::from_secs(10));
    assert_eq!(code(&vendor, token), 401);

    let dead = vendor_with(Emulator::builder().mediacloud_token_lifetime(Duration::ZERO));
    assert_eq!(code(&dead, &dead.token()), 401, "dead on arrival");
}

#[test]
fn revoked_tokens_are_refused_at_once_and_only_those() {
    let vendor = vendor();
    let (first, second) = (vendor.token(), vendor.token());
    vendor.emulator.revoke_mediacloud_tokens();
    for token in [&first, &second] {
        assert_eq!(code(&vendor, token), 401);
        assert!(
            vendor.last_note().contains("revoked"),
            "{}",
            vendor.last_note()
        );
    }
    let third = vendor.token();
    assert_eq!((code(&vendor, &third), code(&vendor, &first)), (200, 401));
}

#[test]
fn a_reset_forgets_the_sessions() {
    let vendor = vendor();
    let token = vendor.token();
    vendor.emulator.reset();
    assert_eq!(code(&vendor, &token), 401);
    assert!(
        vendor.last_note().contains("last reset"),
        "{}",
        vendor.last_note()
    );
    assert_eq!(code(&vendor, &vendor.token()), 200);
}

#[test]
fn tokens_of_another_emulator_are_worth_nothing() {
    let (vendor, other) = (vendor(), crate::client::vendor());
    assert_eq!(code(&vendor, &other.token()), 401);
    // One that claims more than it was given.
    let token = vendor.token();
    let mut claims = part(&token, 1);
    claims["exp_ms"] = json!(i64::MAX);
    let parts: Vec<&str> = token.split('.').collect();
    let forged = format!(
        "{}.{}.{}",
        parts[0],
        BASE64.encode(claims.to_string()),
        parts[2]
    );
    assert_eq!(code(&vendor, &forged), 401);
}

#[test]
fn every_call_but_the_login_wants_a_token_in_the_documented_form() {
    let vendor = vendor();
    let account = vendor.account.clone();
    let login = vendor.login_as(&account.username, &account.password);
    let text = |pointer: &str| login.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let access = text("/data/jwt/access_token");
    let calls = [
        ("GET", "/api/v1/medias/x", Value::Null),
        ("POST", "/api/v1/medias", lesson()),
        ("POST", "/api/v1/class", json!({ "className": "a" })),
        ("DELETE", "/api/v1/class", json!({ "uids": ["a"] })),
    ];
    let header = |token: &str| format!("Bearer {token}");
    let wrong = [
        (None, "no Authorization header"),
        (Some(access.clone()), "without the word Bearer"),
        (Some(format!("Basic {access}")), "`Bearer TOKEN`"),
        (Some(header("")), "`Bearer TOKEN`"),
        (Some(header("nonsense")), "none that this emulator gave out"),
        (
            Some(header(&text("/data/jwt/id_token"))),
            "that is the id_token",
        ),
        (
            Some(header(&text("/data/jwt/refresh_token"))),
            "that is the refresh_token",
        ),
        (
            Some(header(&text("/data/stsToken/STSSessionToken"))),
            "token for the storage",
        ),
    ];
    for (method, target, body) in &calls {
        for (value, why) in &wrong {
            let mut headers = vec![JSON];
            headers.extend(value.as_deref().map(|value| ("Authorization", value)));
            let reply = vendor.envelope(method, target, &headers, &body.to_string());
            assert_eq!(
                refused(&reply),
                (401, "token is invalid or expired".to_owned()),
                "{method} {target} {why}"
            );
            let note = vendor.last_note();
            assert!(note.contains(why), "{note}, not {why}");
            assert!(!note.contains(&access), "{note}");
        }
    }
    let lower = format!("bearer {access}");
    let headers = [JSON, ("authorization", lower.as_str())];
    let reply = vendor.envelope("POST", "/api/v1/class", &headers, r#"{"className":"a"}"#);
    assert_eq!(reply["code"], 200);
}

#[test]
fn neither_password_nor_token_gets_into_the_log() {
    let lines = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let sink = std::sync::Arc::clone(&lines);
    let vendor = vendor_with(Emulator::builder().log(move |record| {
        sink.lock()
            .unwrap()
            .push_str(&format!("{record} {record:?}\n"));
    }));
    let account = vendor.account.clone();
    let login = vendor.login_as(&account.username, &account.password);
    let token = login["data"]["jwt"]["access_token"].as_str().unwrap();
    assert_eq!(code(&vendor, token), 200);
    assert_eq!(code(&vendor, &format!("{token}x")), 401);
    // The whole login in a member that does not exist.
    let body = json!({ "username": account.username, "pass": account.password });
    vendor.envelope("POST", "/api/v1/login", &[JSON], &body.to_string());
    let text = lines.lock().unwrap();
    assert_eq!(text.lines().count(), 4);
    assert!(
        !text.contains(&account.password) && !text.contains(token),
        "{text}"
    );
    assert!(text.contains("does not list: pass"), "{text}");
}
