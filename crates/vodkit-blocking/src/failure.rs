//! ureq's errors in the terms of vodkit, without any part of the request in their text.

use std::io;

use ureq::Error;
use vodkit_request::transport::{TransportError, TransportErrorKind};

/// Classifies an error of ureq.
///
/// `sent` tells whether a byte of the request may have left, as far as it is known; an agent of the caller's does not tell.
pub(crate) fn classify(error: Error, sent: Option<bool>) -> TransportError {
    use TransportErrorKind::{
        Connect, Interrupted, InvalidRequest, Other, ResponseTooLarge, Timeout,
    };

    let connecting = |guess: bool| sent.map_or(guess, |sent| !sent);
    match error {
        Error::Io(error) => io_failure(error, sent),
        Error::Timeout(limit) => {
            let before = matches!(limit, ureq::Timeout::Resolve | ureq::Timeout::Connect);
            if connecting(before) {
                fail(Connect, "connecting timed out")
            } else {
                fail(Timeout, timeout_text(limit))
            }
        }
        Error::HostNotFound => fail(Connect, "host not found"),
        Error::ConnectionFailed => fail(Connect, "connection failed"),
        // The text is the proxy's status, or that there was none.
        Error::ConnectProxyFailed(reason) => fail(Connect, format!("the proxy refused: {reason}")),
        Error::Tls(reason) => fail(Connect, format!("TLS failed: {reason}")),
        #[cfg(feature = "rustls")]
        Error::Rustls(error) => caused(Connect, format!("TLS failed: {error}"), error),
        Error::TlsRequired => fail(InvalidRequest, "https, but the agent has no TLS"),
        Error::BadUri(_) => fail(InvalidRequest, "the address is not a valid URL"),
        Error::RequireHttpsOnly(_) => fail(InvalidRequest, "http, but the agent takes https only"),
        Error::Http(_) | Error::InvalidProxyUrl => fail(InvalidRequest, "ureq refused the request"),
        Error::LargeResponseHeader(..) => {
            fail(ResponseTooLarge, "the head of the reply is too large")
        }
        Error::BodyExceedsLimit(_) => fail(ResponseTooLarge, "the reply is too large"),
        Error::BodyStalled => fail(Interrupted, "the reply was cut short"),
        Error::Decompress(_, error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            fail(Interrupted, "the compressed reply was cut short")
        }
        Error::Decompress(..) => fail(Other, "the compressed reply is broken"),
        // Its text may quote what was parsed.
        Error::Protocol(_) if connecting(false) => fail(InvalidRequest, "ureq refused the request"),
        Error::Protocol(_) => fail(Other, "the reply is not valid HTTP"),
        _ if connecting(false) => fail(Connect, "connecting failed"),
        _ => fail(Other, "the exchange failed"),
    }
}

fn io_failure(error: io::Error, sent: Option<bool>) -> TransportError {
    let error = match error.downcast::<TransportError>() {
        Ok(ours) => return ours,
        Err(error) => error,
    };
    let text = io_text(&error);
    let kind = match sent {
        Some(false) => TransportErrorKind::Connect,
        Some(true) => TransportErrorKind::Interrupted,
        None if is_connect_failure(&error) => TransportErrorKind::Connect,
        None => TransportErrorKind::Interrupted,
    };
    caused(kind, text, error)
}

/// Failures that no open connection reports.
fn is_connect_failure(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::PermissionDenied
    )
}

fn io_text(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::UnexpectedEof => {
            "the connection was closed before the reply was complete".to_owned()
        }
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => "the connection was broken off".to_owned(),
        _ => one_line(&error.to_string()),
    }
}

fn timeout_text(limit: ureq::Timeout) -> &'static str {
    match limit {
        ureq::Timeout::PerWrite => "the connection stood still while sending",
        ureq::Timeout::PerRead => "the connection stood still while waiting for the reply",
        _ => "the exchange took too long",
    }
}

fn one_line(text: &str) -> String {
    text.split(char::is_control).collect::<Vec<_>>().join(" ")
}

pub(crate) fn fail(kind: TransportErrorKind, message: impl Into<String>) -> TransportError {
    TransportError::new(kind, message)
}

fn caused(
    kind: TransportErrorKind,
    message: impl Into<String>,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> TransportError {
    let mut error = fail(kind, message);
    error.source = Some(Box::new(cause));
    error
}
