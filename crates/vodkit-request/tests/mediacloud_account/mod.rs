//! MediaCloud accounts to test with, and what the vendor answers them.

#![allow(dead_code, reason = "each test file uses a part of it")]

use http::header::AUTHORIZATION;
use vodkit_request::Session;
use vodkit_request::mediacloud::MediaCloud;
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::Outgoing;

pub(crate) const PASSWORD: &str = "test-password-0123456789";
pub(crate) const REFRESH: &str = "test-refresh-token-0123456789";
pub(crate) const MEDIA: &str = r#"{"requestId":"r-1","code":200,"msg":"ok","data":{"uuid":"m-1"}}"#;
pub(crate) const REJECTED: &str =
    r#"{"requestId":"r-2","code":401,"msg":"token is expired","status":"error","data":null}"#;

pub(crate) fn account() -> MediaCloud {
    let base = "http://vod.example.test".parse().unwrap();
    MediaCloud::new(base, "demo", PASSWORD)
}

pub(crate) fn session() -> Session<MediaCloud> {
    Session::new(account())
}

pub(crate) fn with_token() -> Session<MediaCloud> {
    let base = "http://vod.example.test".parse().unwrap();
    Session::new(MediaCloud::with_access_token(
        base,
        "test-fixed-token-0123456789",
    ))
}

/// A login's reply.
pub(crate) fn tokens(access: &str, expires_in: &str) -> String {
    format!(
        r#"{{"requestId":"r-0","code":200,"msg":"登陆成功","data":{{"jwt":{{"access_token":"{access}","expires_in":{expires_in},"refresh_expires_in":1800,"refresh_token":"{REFRESH}","token_type":"Bearer"}},"stsToken":{{"STSAccessKeyID":"test-id","STSSecretAccessKey":"test-secret-key","STSSessionToken":"test-session-token"}}}}}}"#
    )
}

pub(crate) fn login(access: &str) -> Reply {
    Reply::json(tokens(access, "36000"))
}

/// The token that each request carried.
pub(crate) fn bearers(transport: &ScriptedTransport) -> Vec<String> {
    let sent = transport.sent();
    let header = |out: &Outgoing| match out.request.headers().get(AUTHORIZATION) {
        Some(value) => value.to_str().unwrap().to_owned(),
        None => "none".to_owned(),
    };
    sent.iter().map(header).collect()
}
