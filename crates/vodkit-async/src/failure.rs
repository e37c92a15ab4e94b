//! reqwest's errors in the terms of vodkit, without any part of the request in their text.

use std::error::Error as StdError;
use std::io;

use vodkit_request::transport::{TransportError, TransportErrorKind};

/// Classifies an error of reqwest.
pub(crate) fn classify(error: reqwest::Error) -> TransportError {
    use TransportErrorKind::{
        Connect, Interrupted, InvalidRequest, Other, ResponseTooLarge, Timeout,
    };

    // reqwest adds the URL, which may carry a signature.
    let error = error.without_url();
    let io = cause::<io::Error>(&error);
    let hyper = cause::<hyper::Error>(&error);
    let (kind, message) = if error.is_connect() {
        let text = match io {
            _ if error.is_timeout() => "connecting timed out".to_owned(),
            Some(io) if io.kind() == io::ErrorKind::ConnectionRefused => {
                "connection refused".to_owned()
            }
            _ => format!("connecting failed: {}", root(&error)),
        };
        (Connect, text)
    } else if error.is_builder() {
        (InvalidRequest, "reqwest refused the request".to_owned())
    } else if error.is_timeout() {
        (Timeout, "the exchange took too long".to_owned())
    } else if error.is_decode() && hyper.is_none() {
        match io {
            Some(io) if io.kind() == io::ErrorKind::UnexpectedEof => {
                (Interrupted, "the compressed reply was cut short".to_owned())
            }
            _ => (Other, "the compressed reply is broken".to_owned()),
        }
    } else if hyper.is_some_and(is_large_head) {
        (
            ResponseTooLarge,
            "the head of the reply is too large".to_owned(),
        )
    } else if hyper.is_some_and(|error| error.is_parse()) || is_bad_chunk(io) {
        // Its text may quote what was parsed.
        (Other, "the reply is not valid HTTP".to_owned())
    } else if hyper.is_some_and(|error| error.is_incomplete_message())
        || io.is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof)
    {
        (
            Interrupted,
            "the connection was closed before the reply was complete".to_owned(),
        )
    } else if hyper.is_some() || io.is_some() {
        (Interrupted, "the connection was broken off".to_owned())
    } else {
        (Other, "the exchange failed".to_owned())
    };
    let mut failure = fail(kind, one_line(&message));
    failure.source = Some(Box::new(error));
    failure
}

/// hyper has a method for this on its server side alone.
fn is_large_head(error: &hyper::Error) -> bool {
    error.is_parse() && error.to_string() == "message head is too large"
}

/// hyper reports a chunk that is not one as invalid input of the connection.
fn is_bad_chunk(io: Option<&io::Error>) -> bool {
    io.is_some_and(|io| {
        matches!(
            io.kind(),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
        )
    })
}

fn cause<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn root(error: &(dyn StdError + 'static)) -> String {
    chain(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn one_line(text: &str) -> String {
    text.split(char::is_control).collect::<Vec<_>>().join(" ")
}

pub(crate) fn fail(kind: TransportErrorKind, message: impl Into<String>) -> TransportError {
    TransportError::new(kind, message)
}
