//! Isolation, reset, and the addresses in replies.

use std::time::Duration;

use serde_json::json;
use vodkit_emulator::Emulator;
use vodkit_emulator::polyv::Account;

use crate::client::{body_of, send, vendor, vendor_with};

#[test]
fn accounts_do_not_see_each_other() {
    let builder = Emulator::builder()
        .transcode_time(Duration::ZERO)
        .polyv(Account::new("a123456789", "test-key-0123456789"))
        .polyv(Account::new("b123456789", "test-key-9876543210"));
    let mut vendor = vendor_with(builder);
    assert_eq!(vendor.user(), "a123456789");
    let film = vendor.film("of a");
    let category = vendor.post(
        "/v2/video/{}/addCata",
        &[("cataname", "x"), ("parentid", "1")],
    );
    let own = vendor.builtin();
    vendor.account = Account::new("b123456789", "test-key-9876543210");
    assert_ne!(vendor.builtin(), own);
    for vid in [&film, &own] {
        assert_eq!(
            vendor.refusal("GET", "/v2/video/{}/get-video-msg", &[("vid", vid)]),
            "video not found."
        );
    }
    let id = category["cataid"].as_str().unwrap();
    assert_eq!(
        vendor.refusal("POST", "/v2/cata/size", &[("cataid", id)]),
        "illegal cataid"
    );
    // As many things were made in either account, and no id stands for two of them.
    vendor.film("of b");
    let other = vendor.post(
        "/v2/video/{}/addCata",
        &[("cataname", "x"), ("parentid", "1")],
    );
    assert_ne!(other["cataid"], id);
    let list = vendor.post("/v2/video/{}/get-new-list", &[]);
    assert_eq!(list["totalItems"], 2);
    let health = send(vendor.at(), "GET", "/_vodkit/health", &[], b"").json();
    assert_eq!(
        health["vendors"]["polyv"],
        json!({ "accounts": ["a123456789", "b123456789"], "videos": 4 })
    );
    // The key of the other account is recognised, and not shown.
    vendor.account.secret_key = "test-key-0123456789".into();
    assert_eq!(
        vendor.refusal("GET", "/v2/setting/{}/get-playsafe", &[]),
        "the sign is not right."
    );
    assert!(
        vendor.note().contains("another account"),
        "{}",
        vendor.note()
    );
    assert!(!vendor.note().contains("test-key"));
}

#[test]
fn instances_share_nothing_but_the_built_in_ids() {
    let (one, two) = (vendor(), vendor());
    assert_eq!(one.builtin(), two.builtin());
    let film = one.film("a");
    assert_ne!(film, two.film("a"));
    assert_eq!(
        two.refusal("GET", "/v2/video/{}/get-video-msg", &[("vid", &film)]),
        "video not found."
    );
}

#[test]
fn a_reset_forgets_everything() {
    let vendor = vendor();
    vendor.film("a");
    vendor.post(
        "/v2/setting/{}/set-playsafe",
        &[("encrypt", "1"), ("hlslevel", "web")],
    );
    vendor.emulator.reset();
    assert_eq!(vendor.post("/v2/user/{}/main", &[])["videoCount"], 1);
    assert_eq!(
        vendor.get("/v2/setting/{}/get-playsafe", &[])["encrypt"],
        "0"
    );
    assert_eq!(vendor.get("/v2/video/grab/{}/list", &[])["totalItems"], 0);
}

#[test]
fn addresses_are_those_the_caller_came_by() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let pairs = vendor.signed(vendor.unsigned(&[("vid", &vid)]));
    let target = vendor.path(&format!("/v2/video/{{}}/get-video-msg?{}", body_of(&pairs)));
    let reply = send(
        vendor.at(),
        "GET",
        &target,
        &[("Host", "polyv.test:8080")],
        b"",
    )
    .json();
    let text = reply.to_string();
    assert!(text.contains("http://polyv.test:8080/uimage/"));
    assert!(!text.contains("127.0.0.1"), "{text}");
    let upload = vendor.path(&format!(
        "/v2/uploadvideo/{{}}/token?{}",
        body_of(&vendor.signed(vendor.unsigned(&[])))
    ));
    let reply = send(
        vendor.at(),
        "GET",
        &upload,
        &[("Host", "polyv.test:8080")],
        b"",
    )
    .json();
    assert_eq!(reply["data"]["domain"], "polyv.test:8080");
    assert_eq!(reply["data"]["host"], "http://polyv.test:8080");
}
