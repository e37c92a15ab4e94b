//! Users: guests, registered ones, their tokens.

use std::time::Duration;

use serde_json::{Value, json};
use vodkit_types::quvideo::{LoginToken, User};
use vodkit_types::wire::NoData;

use crate::client::{send, site, site_with};
use vodkit_emulator::Emulator;
use vodkit_emulator::quvideo::Account;

fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 3600)
}

#[test]
fn a_guest_has_a_token_and_a_picture_and_the_frame_of_the_sample() {
    let site = site();
    let reply = site.call("GET", "/user/randomUser", &[]).json();
    assert!(reply.get("code").is_none() && reply["message"].is_null());
    assert_eq!(reply["requestId"].as_str().unwrap().len(), 36);
    let user: User = site.ok("GET", "/user/randomUser", &[]).unwrap();
    assert_ne!(reply["data"]["userId"], json!(user.user_id));
    assert!(user.nick_name.unwrap().len() == 36 && user.gmt_create.is_some());
    assert_eq!(user.user_id.len(), 13);
    assert_eq!(site.open(&user.avatar_url.unwrap()).status, 200);
    let token = user.token.unwrap();
    let list = site.list("getPersonalVideoList", token.expose(), "1", "10");
    assert_eq!(list, json!({ "total": 0, "videoList": [] }));
}

#[test]
fn who_registers_can_log_in_and_nobody_else() {
    let site = site();
    let pair = [("username", "lin"), ("password", "p&ss wörd")];
    let reply = site.call("GET", "/user/register", &pair).json();
    assert_eq!(reply["data"], json!({}));
    assert!(reply["message"].is_null() && reply["code"] == "200");
    let one: LoginToken = site.ok("GET", "/user/login", &pair).unwrap();
    let two: LoginToken = site.ok("GET", "/user/login", &pair).unwrap();
    let (one, two) = (one.token.unwrap(), two.token.unwrap());
    assert_ne!(one.expose(), two.expose());
    for token in [one.expose(), two.expose()] {
        assert_eq!(
            site.list("getPersonalVideoList", token, "1", "1")["total"],
            0
        );
    }
    for wrong in [
        [("username", "lin"), ("password", "P&ss wörd")],
        [("username", "li"), ("password", "p&ss wörd")],
    ] {
        let (result, code, _) = site.refusal("GET", "/user/login", &wrong);
        assert_eq!((result.as_str(), code.as_str()), ("false", "401"));
    }
    let (_, code, message) = site.refusal("GET", "/user/register", &pair);
    assert_eq!(code, "422");
    assert!(message.contains("lin") && !message.contains("wörd"));
    let (_, code, message) = site.refusal("GET", "/user/register", &[("username", "bo")]);
    assert_eq!(code, "500");
    assert!(message.contains("password"), "{message}");
}

#[test]
fn a_new_nickname_is_seen_in_the_lists() {
    let site = site();
    let (user, token) = site.guest();
    let video = site.publish(&token, "film", b"bytes");
    let params = [
        ("token", token.as_str()),
        ("userId", user.as_str()),
        ("nickname", "阿明"),
    ];
    let done: Option<NoData> = site.ok("POST", "/user/updateUser", &params);
    assert!(done.is_some());
    let list = site.list("getPersonalVideoList", &token, "1", "10");
    let entry = &list["videoList"][0];
    assert_eq!(entry["videoId"], video);
    assert_eq!(entry["user"]["userName"], "阿明");
    assert_eq!(entry["user"]["userId"], user);
    // As the server does: the result says no, the code yes.
    let (other, _) = site.guest();
    let params = [
        ("token", token.as_str()),
        ("userId", other.as_str()),
        ("nickname", "x"),
    ];
    let (result, code, _) = site.refusal("POST", "/user/updateUser", &params);
    assert_eq!((result.as_str(), code.as_str()), ("false", "200"));
}

#[test]
fn without_a_good_token_the_answer_is_code_and_message_alone() {
    let site = site();
    let (_, token) = site.guest();
    let ask = |token: &str| {
        let params = [("token", token), ("pageIndex", "1"), ("pageSize", "1")];
        site.call("GET", "/vod/getPersonalVideoList", &params)
    };
    assert_eq!(ask(&token).json()["code"], "200");
    let check = |token: &str, word: &str| {
        let reply = ask(token);
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("content-type"), None);
        let body = reply.json();
        let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["code", "message"], "{body}");
        assert_eq!(body["code"], "403");
        assert!(body["message"].as_str().unwrap().contains(word), "{body}");
    };
    check("", "missing");
    check("somebody-elses", "unknown");
    site.emulator.advance(days(30) - Duration::from_secs(60));
    assert_eq!(ask(&token).json()["code"], "200");
    site.emulator.advance(Duration::from_secs(61));
    check(&token, "expired");
    // The configured account stays logged in.
    assert_eq!(ask(&site.token).json()["code"], "200");
}

#[test]
fn the_token_may_come_in_the_query_or_in_a_form() {
    let site = site();
    let (user, token) = site.guest();
    let target = format!("/user/updateUser?token={token}&userId={user}&nickname=query");
    let reply = send(site.at(), "POST", &target, &[], b"").json();
    assert_eq!(reply["code"], "200");
    // JSON is not read, so the token is missing, and the log says why.
    let body = json!({ "token": token, "userId": user, "nickname": "json" }).to_string();
    let kind = [("Content-Type", "application/json")];
    let reply = send(
        site.at(),
        "POST",
        "/user/updateUser",
        &kind,
        body.as_bytes(),
    )
    .json();
    assert_eq!(reply["code"], "403");
    assert_eq!(reply.get("result"), None::<&Value>);
    let record = site.emulator.journal().pop().unwrap();
    assert!(record.note.unwrap().contains("forms only"));
}

#[test]
fn configured_accounts_are_users_of_their_own_and_instances_share_nothing() {
    let site = site_with(
        Emulator::builder()
            .transcode_time(Duration::ZERO)
            .quvideo(Account::new("token-of-one"))
            .quvideo(Account::new("token-of-two")),
    );
    site.publish("token-of-one", "of one", b"bytes");
    assert_eq!(
        site.list("getPersonalVideoList", "token-of-one", "1", "9")["total"],
        1
    );
    assert_eq!(
        site.list("getPersonalVideoList", "token-of-two", "1", "9")["total"],
        0
    );
    let (_, token) = site.guest();
    let other = crate::client::site();
    let params = [("token", token.as_str())];
    let reply = other.call("GET", "/vod/getSts", &params).json();
    assert_eq!(reply["code"], "403");
    site.emulator.reset();
    assert_eq!(
        site.list("getPersonalVideoList", "token-of-one", "1", "9")["total"],
        0
    );
    assert_eq!(
        site.call("GET", "/vod/getSts", &params).json()["code"],
        "403"
    );
}
