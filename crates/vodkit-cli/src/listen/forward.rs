//! Sending a callback on to a service on this machine, as it came.

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderName,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{Request, Response, Uri};
use vodkit_request::transport::{BlockingTransport, Outgoing};
use vodkit_request::{Limits, Payload};

use super::receivers::Address;
use crate::failure::Failure;
use crate::output::printable;
use crate::watch::Watched;

/// Headers that are about one connection, or that the connection to the service has its own of.
const NOT_PASSED_ON: [HeaderName; 12] = [
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_LENGTH,
    EXPECT,
    HOST,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// A service that callbacks are sent on to.
pub(super) struct Forward {
    target: Uri,
    transport: Watched,
}

impl Forward {
    pub(super) fn to(url: &str, transport: Watched) -> Result<Self, Failure> {
        Ok(Self {
            target: service(url, "--forward")?,
            transport,
        })
    }

    /// Sends a request on. What comes back is the service's status, kind and body; an error says in one line why nothing came.
    pub(super) fn send(
        &self,
        address: Address,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, String> {
        let uri = target(&self.target, address, request.uri().query());
        let body = if request.body().is_empty() {
            Payload::empty()
        } else {
            Payload::from(request.body().clone())
        };
        let mut forwarded = Request::builder()
            .method(request.method())
            .uri(uri)
            .body(body)
            .map_err(|error| format!("it cannot be sent on: {error}"))?;
        for (name, value) in request.headers() {
            if !NOT_PASSED_ON.contains(name) {
                forwarded.headers_mut().append(name, value.clone());
            }
        }
        let outgoing = Outgoing::new(forwarded, Limits::call());
        let answer = self
            .transport
            .send(outgoing)
            .map_err(|error| error.message)?;
        let mut response = Response::new(answer.body().clone());
        *response.status_mut() = answer.status();
        if let Some(kind) = answer.headers().get(CONTENT_TYPE) {
            response.headers_mut().insert(CONTENT_TYPE, kind.clone());
        }
        Ok(response)
    }
}

/// An address of a service, looked at before anything is sent.
pub(crate) fn service(url: &str, option: &str) -> Result<Uri, Failure> {
    let parsed: Option<Uri> = url.trim().parse().ok();
    parsed
        .filter(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
        .ok_or_else(|| {
            let what = match quoted(url) {
                Some(start) => format!("{option}: what begins with {start} is not an address"),
                None => format!("{option}: this is not an address"),
            };
            Failure::usage(what).hint("give it whole, such as http://127.0.0.1:3000/hooks")
        })
}

/// What may be shown of an address that is perhaps none: its path and query, or a user name, may be secrets.
fn quoted(url: &str) -> Option<String> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let is_plain = scheme.chars().all(|c| c.is_ascii_alphanumeric());
    // A password may have a slash in it, so what comes before an `@` anywhere is not shown.
    (is_plain && !rest.contains('@')).then(|| format!("`{}://{}`", scheme, printable(host).trim()))
}

/// Path and query of the service stay; where it has no path, the callback keeps its own, and its query follows in any case.
fn target(service: &Uri, address: Address, query: Option<&str>) -> String {
    let path = match service.path() {
        "" | "/" => address.path(),
        path => path,
    };
    let queries: Vec<&str> = service
        .query()
        .into_iter()
        .chain(query)
        .filter(|query| !query.is_empty())
        .collect();
    let (scheme, authority) = (
        service.scheme_str().unwrap_or("http"),
        service
            .authority()
            .map_or("", |authority| authority.as_str()),
    );
    let mark = if queries.is_empty() { "" } else { "?" };
    format!("{scheme}://{authority}{path}{mark}{}", queries.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_of_a_bad_address_is_shown() {
        let line = |url| service(url, "--to").unwrap_err().line();
        assert!(line("ftp://h.test/hush?t=hush").contains("`ftp://h.test` is not"));
        for url in [
            "ftp://h.test/hush?t=hush",
            "http://h test/hush",
            "ftp://u:hush@h",
            "ftp://u:a/hush@h",
            "hush",
            "hush/hush?hush",
            "/hush",
        ] {
            assert!(!line(url).contains("hush"), "{}", line(url));
        }
        assert!(service("http://h.test/hooks?t=1", "--to").is_ok());
    }

    #[test]
    fn path_and_query_of_the_service_are_respected() {
        for (url, query, expected) in [
            ("http://h:1", None, "http://h:1/polyv"),
            ("http://h:1/", Some("sign=%2b"), "http://h:1/polyv?sign=%2b"),
            ("https://h/a/b", Some("x=1"), "https://h/a/b?x=1"),
            (
                "http://h/a/?t=7",
                Some("x=1&x=2"),
                "http://h/a/?t=7&x=1&x=2",
            ),
            ("http://h?t=7", None, "http://h/polyv?t=7"),
        ] {
            let service = service(url, "--forward").unwrap();
            assert_eq!(target(&service, Address::Polyv, query), expected);
        }
        for url in ["", "h:1", "127.0.0.1:3000", "ftp://h/", "http://", "/hooks"] {
            assert!(service(url, "--forward").is_err(), "{url}");
        }
    }
}
