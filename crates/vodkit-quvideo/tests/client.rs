//! Settings of a client: what is missing or wrong is told before anything is sent.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use vodkit_quvideo::{Client, ErrorKind, Tick};

const TOKEN: &str = "test-token-0123456789";

#[test]
fn the_address_is_needed_and_the_token_is_not() {
    for (builder, words) in [
        (Client::builder().token(TOKEN), "where is the server?"),
        (Client::builder().base_url("app.example.test"), "base URL: "),
        (
            Client::builder().base_url("http://u:p@app.example.test"),
            "base URL: ",
        ),
    ] {
        assert!(!format!("{builder:?}").contains(TOKEN));
        let error = builder.build_sans_io().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(error.to_string().starts_with(words), "{error}");
    }
    for client in [
        Client::builder().base_url("http://app.example.test/p/"),
        Client::builder()
            .base_url("http://app.example.test/p/")
            .token(""),
    ] {
        let client = client.build_sans_io().unwrap();
        let request = client.get_mv().request(Tick::default()).unwrap();
        assert_eq!(request.uri(), "http://app.example.test/p/resource/getMv");
        let error = client.get_sts().request(Tick::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
    }
    let builder = Client::builder()
        .base_url("http://app.example.test")
        .token(TOKEN);
    let client = builder.build_sans_io().unwrap();
    let request = client.get_sts().request(Tick::default()).unwrap();
    assert_eq!(
        request.uri(),
        "http://app.example.test/vod/getSts?token=test-token-0123456789"
    );
    assert!(!format!("{client:?}").contains(TOKEN));
}
