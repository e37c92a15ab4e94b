//! Settings of a client: what is missing or wrong is told before anything is sent.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use vodkit_mediacloud::{Client, ErrorKind, Tick};

const PASSWORD: &str = "test-password-0123456789";
const TOKEN: &str = "test-token-0123456789";
const BASE: &str = "https://vod.example.test";

#[test]
fn an_address_and_something_to_log_in_with_are_needed() {
    let at = || Client::builder().base_url(BASE);
    for (builder, kind, words) in [
        (
            Client::builder().username("demo").password(PASSWORD),
            ErrorKind::InvalidInput,
            "where is the API?",
        ),
        (
            Client::builder()
                .base_url("vod")
                .username("demo")
                .password(PASSWORD),
            ErrorKind::InvalidInput,
            "base URL: ",
        ),
        (at(), ErrorKind::Credential, "password is missing"),
        (
            at().username("demo"),
            ErrorKind::Credential,
            "password is missing",
        ),
        (
            at().username("demo").password(""),
            ErrorKind::Credential,
            "password is missing",
        ),
        (
            at().password(PASSWORD),
            ErrorKind::Credential,
            "username is missing",
        ),
        (
            at().username("").password(PASSWORD),
            ErrorKind::Credential,
            "username is missing",
        ),
        (
            at().access_token(""),
            ErrorKind::Credential,
            "password is missing",
        ),
    ] {
        assert!(!format!("{builder:?}").contains(PASSWORD));
        let error = builder.build_sans_io().unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().starts_with(words), "{error}");
    }
}

#[test]
fn a_token_goes_before_name_and_password() {
    let builder = Client::builder()
        .base_url(BASE)
        .username("demo")
        .password(PASSWORD);
    let client = builder.clone().access_token(TOKEN).build_sans_io().unwrap();
    let request = client.get_media("m-1").request(Tick::default()).unwrap();
    assert_eq!(
        request.headers()["authorization"],
        format!("Bearer {TOKEN}")
    );
    // With a password alone, somebody must have logged in first.
    let client = builder.build_sans_io().unwrap();
    let error = client
        .get_media("m-1")
        .request(Tick::default())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential);
    assert!(!format!("{client:?} {error}").contains(PASSWORD));
}
