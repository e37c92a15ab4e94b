//! Settings of a client: what is missing or wrong is told before anything is sent.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use vodkit_polyv::types::GetPlaysafe;
use vodkit_polyv::{Call, Client, Endpoint, ErrorKind, Tick, Timestamp};

const KEY: &str = "test-key-0123456789";

/// The host that a call goes to.
fn host<E: Endpoint>(call: &Call<'_, (), E>) -> String {
    let tick = Tick {
        now: Timestamp(1_700_000_000_000),
        ..Tick::default()
    };
    let request = call.request(tick).unwrap();
    request.uri().authority().unwrap().to_string()
}

#[test]
fn account_and_key_are_needed_and_checked() {
    for (builder, kind, words) in [
        (
            Client::builder(),
            ErrorKind::Credential,
            "userid is missing",
        ),
        (
            Client::builder().secret_key(KEY),
            ErrorKind::Credential,
            "userid is missing",
        ),
        (
            Client::builder().user_id("").secret_key(KEY),
            ErrorKind::Credential,
            "userid is missing",
        ),
        (
            Client::builder().user_id("vodkitdemo"),
            ErrorKind::Credential,
            "secretkey is missing",
        ),
        (
            Client::builder().user_id("vodkitdemo").secret_key(""),
            ErrorKind::Credential,
            "secretkey is missing",
        ),
        (
            Client::builder().user_id("../x").secret_key(KEY),
            ErrorKind::InvalidInput,
            "userid: ",
        ),
        (
            Client::builder()
                .user_id("../x")
                .secret_key(KEY)
                .base_url("https://h.example.test"),
            ErrorKind::InvalidInput,
            "userid: ",
        ),
        (
            Client::builder()
                .user_id("vodkitdemo")
                .secret_key(KEY)
                .base_url("h.example.test"),
            ErrorKind::InvalidInput,
            "base URL: ",
        ),
    ] {
        assert!(!format!("{builder:?}").contains(KEY));
        let error = builder.build_sans_io().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().starts_with(words), "{error}");
    }
}

#[test]
fn calls_go_to_the_vendors_hosts_or_to_one_address() {
    let builder = || Client::builder().user_id("vodkitdemo").secret_key(KEY);
    let client = builder().build_sans_io().unwrap();
    assert_eq!(host(&client.get_playsafe()), "api.polyv.net");
    assert_eq!(host(&client.create_play_token("v", "w")), "hls.videocc.net");
    let builder = builder().base_url("http://127.0.0.1:8600");
    let one = builder.build_sans_io().unwrap();
    assert_eq!(host(&one.create_play_token("v", "w")), "127.0.0.1:8600");
    assert_eq!(host(&one.call(GetPlaysafe::new())), "127.0.0.1:8600");
    assert_eq!(one.session().vendor().user_id(), "vodkitdemo");
    assert!(!format!("{client:?}").contains(KEY));
}
