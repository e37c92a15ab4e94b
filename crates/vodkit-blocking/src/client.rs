//! The transport itself and how it is set up.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, RANGE, TRANSFER_ENCODING, USER_AGENT};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, Uri};
use ureq::{Agent, AsSendBody, Body, SendBody};
use vodkit_request::digest::Digests;
use vodkit_request::flow::Stretch;
use vodkit_request::lanes::Lanes;
use vodkit_request::transport::{
    BlockingTransport, FileFacts, Limits, Outgoing, Tick, TransportError, TransportErrorKind,
};

use crate::body::{PayloadReader, STEP};
use crate::failure::{classify, fail};
use crate::lanes::ThreadLanes;
use crate::{body, clock, exchange, wire};

/// The blocking transport: a ureq agent behind the seam of `vodkit-request`.
///
/// A clone shares the pool of open connections.
#[derive(Clone)]
pub struct Blocking {
    agent: Agent,
    origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// Made here, with TLS or without.
    Own { tls: Option<Tls> },
    /// The caller's.
    Caller,
}

impl Blocking {
    /// A transport with the defaults of [`Blocking::builder`].
    ///
    /// # Errors
    /// None today; the same kinds as [`Builder::build`] are reserved.
    pub fn new() -> Result<Self, TransportError> {
        Self::builder().build()
    }

    /// Sets up a transport.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A transport on an agent of the caller's: its TLS, proxy, connect time-out, `User-Agent` and pool.
    ///
    /// Set by the transport on each request, so that they need no care: no redirects, no error for an HTTP status, the limits of
    /// the exchange, `Accept-Encoding`. Not touched, so the agent should have none: `https_only`, cookies, middleware that repeats
    /// requests. Set a `timeout_connect`; ureq has none by default.
    ///
    /// Two things are weaker than with [`Blocking::builder`]. A failure before the request was sent is told from one after it by
    /// its kind alone, so some of the first count as the second. And when the server answers and closes before the whole body
    /// was sent, its answer is lost.
    #[must_use]
    pub fn from_agent(agent: Agent) -> Self {
        Self {
            agent,
            origin: Origin::Caller,
        }
    }

    fn check(&self, uri: &Uri) -> Result<(), TransportError> {
        let refuse = |text: &str| Err(fail(TransportErrorKind::InvalidRequest, text));
        if uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
        {
            return refuse("the address holds a user name; credentials belong in headers");
        }
        match (uri.scheme_str(), self.origin) {
            (Some("http"), _) | (Some("https"), Origin::Own { tls: Some(_) } | Origin::Caller) => {
                Ok(())
            }
            (Some("https"), _) => {
                refuse("https needs the feature `rustls` or `native-tls` of vodkit-blocking")
            }
            _ => refuse("the address is not an http or https URL"),
        }
    }

    fn exchange(&self, outgoing: Outgoing) -> Result<Response<Bytes>, ureq::Error> {
        let Outgoing {
            request,
            limits,
            observers,
        } = outgoing;
        let (mut parts, payload) = request.into_parts();
        prepare(&mut parts);
        if payload.is_empty() {
            // ureq would send `transfer-encoding: chunked` for a method that usually has a body.
            return if matches!(parts.method, Method::POST | Method::PUT | Method::PATCH) {
                self.run(parts, b"".as_slice(), &limits)
            } else {
                self.run(parts, (), &limits)
            };
        }
        match payload.as_bytes() {
            Some(bytes) if observers.is_empty() => {
                if bytes.len() <= wire::SMALL {
                    exchange::send_in_one();
                }
                self.run(parts, &bytes[..], &limits)
            }
            _ => {
                parts
                    .headers
                    .insert(CONTENT_LENGTH, HeaderValue::from(payload.len()));
                let mut reader = PayloadReader::new(&payload, observers);
                self.run(parts, SendBody::from_reader(&mut reader), &limits)
            }
        }
    }

    fn run(
        &self,
        parts: Parts,
        body: impl AsSendBody,
        limits: &Limits,
    ) -> Result<Response<Bytes>, ureq::Error> {
        let is_head = parts.method == Method::HEAD;
        let request = self
            .agent
            .configure_request(Request::from_parts(parts, body))
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(limits.total)
            .timeout_per_read(Some(limits.stall))
            .timeout_per_write(Some(limits.stall))
            .build();
        let (head, body) = self.agent.run(request)?.into_parts();
        let body = if is_head {
            Bytes::new()
        } else {
            collect(body, limits.response_bytes)?
        };
        let mut response = Response::new(body);
        *response.status_mut() = head.status;
        *response.version_mut() = head.version;
        *response.headers_mut() = head.headers;
        Ok(response)
    }
}

/// The headers that the transport answers for.
fn prepare(parts: &mut Parts) {
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(TRANSFER_ENCODING);
    if !parts.headers.contains_key(ACCEPT_ENCODING) {
        // A range of a compressed body cannot be decompressed.
        let coding = if parts.headers.contains_key(RANGE) {
            "identity"
        } else {
            "gzip"
        };
        parts
            .headers
            .insert(ACCEPT_ENCODING, HeaderValue::from_static(coding));
    }
}

fn collect(body: Body, limit: u64) -> Result<Bytes, ureq::Error> {
    let announced = body.content_length().unwrap_or(0);
    if announced > limit {
        return Err(ureq::Error::BodyExceedsLimit(limit));
    }
    // What is announced need not come, so large replies still grow step by step.
    let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(usize::MAX).min(STEP));
    body.into_reader()
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(ureq::Error::BodyExceedsLimit(limit));
    }
    Ok(bytes.into())
}

impl BlockingTransport for Blocking {
    fn tick(&self) -> Tick {
        clock::tick()
    }

    fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.check(outgoing.request.uri())?;
        let _guard = exchange::ExchangeGuard::enter();
        self.exchange(outgoing).map_err(|error| {
            let sent = matches!(self.origin, Origin::Own { .. }).then(exchange::is_sent);
            classify(error, sent)
        })
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        FileFacts::from_metadata(&std::fs::metadata(path)?)
    }

    fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        body::digest(stretch)
    }

    fn lanes(&self) -> Box<dyn Lanes + '_> {
        Box::new(ThreadLanes::over(self.clone()))
    }
}

// The agent may hold a proxy with its password.
impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// Who does TLS, and which certificate authorities are trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tls {
    /// rustls with ring, trusting the Mozilla roots bundled at build time. The default where the feature `rustls` is on.
    #[cfg(feature = "rustls")]
    Rustls,
    /// The TLS and the trust store of the operating system.
    #[cfg(feature = "native-tls")]
    Native,
}

impl Tls {
    fn preferred() -> Option<Self> {
        #[cfg(feature = "rustls")]
        return Some(Self::Rustls);
        #[cfg(all(feature = "native-tls", not(feature = "rustls")))]
        return Some(Self::Native);
        #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
        return None;
    }
}

/// Sets up a [`Blocking`] transport.
#[derive(Clone)]
pub struct Builder {
    connect_timeout: Duration,
    user_agent: String,
    proxy: Option<String>,
    tls: Option<Tls>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            user_agent: concat!("vodkit/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxy: None,
            tls: Tls::preferred(),
        }
    }
}

impl Builder {
    /// Longest time for the name look-up, the connection and its TLS together. 10 seconds by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The `User-Agent` of requests that name none. `vodkit/` and the version by default.
    #[must_use]
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = user_agent.into();
        self
    }

    /// Sends everything through an HTTP proxy, such as `http://user:password@proxy.internal:3128`.
    ///
    /// There is none by default: the environment (`HTTPS_PROXY` and its kin) is not read. A program that wants to obey it passes
    /// the value on here.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Chooses among the TLS features that are on.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Makes the transport. Nothing is sent.
    ///
    /// # Errors
    /// [`TransportErrorKind::InvalidRequest`] when the proxy is not an `http` or `https` URL, or the `User-Agent` cannot stand in
    /// a header.
    pub fn build(self) -> Result<Blocking, TransportError> {
        if HeaderValue::from_str(&self.user_agent).is_err() {
            return Err(fail(
                TransportErrorKind::InvalidRequest,
                format!("{USER_AGENT} has characters that no header takes"),
            ));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(self.connect_timeout))
            .user_agent(&self.user_agent)
            .output_buffer_size(STEP)
            .proxy(self.proxy.as_deref().map(parse_proxy).transpose()?);
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        let config = match self.tls {
            Some(tls) => config.tls_config(tls_config(tls)),
            None => config,
        };
        Ok(Blocking {
            agent: wire::agent(config.build()),
            origin: Origin::Own { tls: self.tls },
        })
    }
}

// The proxy may hold a password.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("connect_timeout", &self.connect_timeout)
            .field("user_agent", &self.user_agent)
            .field("proxy", &self.proxy.is_some())
            .field("tls", &self.tls)
            .finish()
    }
}

fn parse_proxy(url: &str) -> Result<ureq::Proxy, TransportError> {
    // ureq panics later when it meets a scheme it was not built for.
    if (url.starts_with("http://") || url.starts_with("https://"))
        && let Ok(proxy) = ureq::Proxy::new(url)
    {
        return Ok(proxy);
    }
    Err(fail(
        TransportErrorKind::InvalidRequest,
        "the proxy is not an http or https URL",
    ))
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn tls_config(tls: Tls) -> ureq::tls::TlsConfig {
    use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

    match tls {
        #[cfg(feature = "rustls")]
        Tls::Rustls => TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .root_certs(RootCerts::WebPki)
            // Named, so that a provider which some other crate installs for the process does not change ours.
            .unversioned_rustls_crypto_provider(std::sync::Arc::new(
                rustls::crypto::ring::default_provider(),
            ))
            .build(),
        #[cfg(feature = "native-tls")]
        Tls::Native => TlsConfig::builder()
            .provider(TlsProvider::NativeTls)
            .root_certs(RootCerts::PlatformVerifier)
            .build(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_builder_refuses_what_ureq_would_panic_on() {
        for broken in [
            Blocking::builder().user_agent("a\nb"),
            Blocking::builder().proxy("socks5://127.0.0.1:1"),
        ] {
            assert_eq!(
                broken.build().unwrap_err().kind,
                TransportErrorKind::InvalidRequest
            );
        }
    }

    #[test]
    fn debug_keeps_the_proxy_password() {
        let builder = Blocking::builder().proxy("http://user:CANARY@127.0.0.1:1");
        assert!(!format!("{builder:?}").contains("CANARY"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("CANARY"));
    }
}
