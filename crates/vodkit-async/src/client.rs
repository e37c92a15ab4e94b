//! The transport itself and how it is set up.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, HeaderMap, RANGE, TRANSFER_ENCODING};
use http::{HeaderValue, Method, Response, Uri};
use reqwest::{Body, Client, Url};
use tokio::runtime::{Handle, RuntimeFlavor};
use vodkit_request::digest::Digests;
use vodkit_request::flow::{Entry, Stretch};
use vodkit_request::payload::Payload;
use vodkit_request::transport::{
    AsyncTransport, FileFacts, Observers, Outgoing, Tick, TransportError, TransportErrorKind,
};

use crate::body::{self, PayloadBody, STEP};
use crate::clock;
use crate::failure::{classify, fail};
use crate::gunzip::{Gunzip, is_packed};
use crate::pulse::Pulse;

/// Bodies in memory up to this size are given to hyper in one piece.
const SMALL: usize = 64 * 1024;

/// The async transport: a reqwest client behind the seam of `vodkit-request`.
///
/// A clone shares the pool of open connections.
#[derive(Clone)]
pub struct Async {
    client: Client,
    origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// Made here, with TLS or without.
    Own { tls: Option<Tls> },
    /// The caller's.
    Caller,
}

impl Async {
    /// A transport with the defaults of [`Async::builder`].
    ///
    /// # Errors
    /// As of [`Builder::build`].
    pub fn new() -> Result<Self, TransportError> {
        Self::builder().build()
    }

    /// Sets up a transport.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A transport on a client of the caller's: its TLS, proxy, connect time-out, `User-Agent` and pool.
    ///
    /// reqwest sets these for all requests of a client, so the caller must:
    /// - `redirect(reqwest::redirect::Policy::none())`, else a signed request may be carried to another host;
    /// - `retry(reqwest::retry::never())`, and no `timeout` or `read_timeout`: both are decided above the transport;
    /// - `connect_timeout(..)`, as there is none by default;
    /// - a TLS backend, for example `tls_backend_preconfigured(..)`: with this crate's feature `rustls` reqwest is built without a
    ///   provider of its own, and a client that names none panics where no other crate turns one on;
    /// - `http1_only()` where reqwest's feature `http2` is on, for the same bytes on the wire as with [`Async::new`];
    /// - `no_proxy()`, unless the proxies of the environment are wanted;
    /// - no cookie store.
    #[must_use]
    pub fn from_client(client: Client) -> Self {
        Self {
            client,
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
                refuse("https needs the feature `rustls` or `native-tls` of vodkit-async")
            }
            _ => refuse("the address is not an http or https URL"),
        }
    }

    async fn exchange(
        &self,
        outgoing: Outgoing,
        pulse: &Pulse,
    ) -> Result<Response<Bytes>, TransportError> {
        let Outgoing {
            request,
            limits,
            observers,
        } = outgoing;
        let (parts, payload) = request.into_parts();
        let mut request = reqwest::Request::new(parts.method, parse(&parts.uri)?);
        *request.headers_mut() = parts.headers;
        prepare(request.headers_mut());
        if payload.is_empty() {
            // Left to hyper, an empty body has no length at all.
            if matches!(
                *request.method(),
                Method::POST | Method::PUT | Method::PATCH
            ) {
                request
                    .headers_mut()
                    .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
            }
        } else {
            *request.body_mut() = Some(body(payload, observers, pulse));
        }
        // A runtime that only runs while it is waited for has not seen yet that the server closed an idle connection. The first turn
        // lets it look, the second lets the pool drop the connection; a request written to it would be lost without a trace.
        if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
            for _ in 0..2 {
                tokio::task::yield_now().await;
            }
        }
        let mut reply = self.client.execute(request).await.map_err(classify)?;
        pulse.answered();

        let too_large = || {
            fail(
                TransportErrorKind::ResponseTooLarge,
                "the reply is too large",
            )
        };
        let announced = reply.content_length().unwrap_or(0);
        if announced > limits.response_bytes {
            return Err(too_large());
        }
        if is_packed(reply.headers_mut()) {
            let mut gunzip = Gunzip::new(limits.response_bytes);
            while let Some(chunk) = reply.chunk().await.map_err(classify)? {
                pulse.beat();
                gunzip.take(&chunk)?;
            }
            return Ok(response(&mut reply, gunzip.finish()?.into()));
        }
        let mut first = Bytes::new();
        let mut joined = BytesMut::new();
        while let Some(chunk) = reply.chunk().await.map_err(classify)? {
            pulse.beat();
            if (first.len() + joined.len() + chunk.len()) as u64 > limits.response_bytes {
                return Err(too_large());
            }
            // A reply in one piece is not copied.
            if first.is_empty() && joined.is_empty() {
                first = chunk;
                continue;
            }
            if joined.is_empty() {
                // What is announced need not come, so large replies still grow step by step.
                joined.reserve(usize::try_from(announced).unwrap_or(usize::MAX).min(STEP));
                joined.extend_from_slice(&first);
                first = Bytes::new();
            }
            joined.extend_from_slice(&chunk);
        }
        let whole = if joined.is_empty() {
            first
        } else {
            joined.freeze()
        };
        Ok(response(&mut reply, whole))
    }
}

fn response(reply: &mut reqwest::Response, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = reply.status();
    *response.version_mut() = reply.version();
    *response.headers_mut() = std::mem::take(reply.headers_mut());
    response
}

/// The URL for reqwest, which may write a target anew. A signature is over the target as it was, so that is refused.
fn parse(uri: &Uri) -> Result<Url, TransportError> {
    let refuse = |text: &str| fail(TransportErrorKind::InvalidRequest, text);
    let url = Url::parse(&uri.to_string()).map_err(|_| refuse("the address is not a valid URL"))?;
    if url.path() != uri.path() || url.query() != uri.query() {
        return Err(refuse(
            "the request target has characters that reqwest would rewrite; percent-encode them",
        ));
    }
    Ok(url)
}

fn body(payload: Payload, observers: Observers, pulse: &Pulse) -> Body {
    match payload.as_bytes() {
        Some(bytes) if observers.is_empty() && bytes.len() <= SMALL => bytes.clone().into(),
        _ => Body::wrap(PayloadBody::new(payload, observers, pulse.clone())),
    }
}

/// The headers that the transport answers for.
fn prepare(headers: &mut HeaderMap) {
    headers.remove(CONTENT_LENGTH);
    headers.remove(TRANSFER_ENCODING);
    if !headers.contains_key(ACCEPT_ENCODING) {
        // A range of a compressed body cannot be decompressed.
        let coding = if headers.contains_key(RANGE) {
            "identity"
        } else {
            "gzip"
        };
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(coding));
    }
}

#[async_trait]
impl AsyncTransport for Async {
    fn tick(&self) -> Tick {
        clock::tick()
    }

    async fn send(&self, outgoing: Outgoing) -> Result<Response<Bytes>, TransportError> {
        self.check(outgoing.request.uri())?;
        let pulse = Pulse::start();
        let result = pulse
            .watch(outgoing.limits, self.exchange(outgoing, &pulse))
            .await;
        // What could not be read comes first: without it the connection would not have broken.
        result.map_err(|error| pulse.take_failure().unwrap_or(error))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    async fn inspect(&self, path: &Path) -> io::Result<FileFacts> {
        let path = path.to_owned();
        // A file system may be slow; the runtime's threads must not wait for it.
        tokio::task::spawn_blocking(move || FileFacts::from_metadata(&std::fs::metadata(path)?))
            .await
            .map_err(io::Error::other)?
    }

    async fn digest(&self, stretch: &Stretch) -> io::Result<Digests> {
        let stretch = stretch.clone();
        tokio::task::spawn_blocking(move || body::digest(&stretch))
            .await
            .map_err(io::Error::other)?
    }

    async fn keep(&self, entry: &Entry) -> io::Result<()> {
        let entry = entry.clone();
        // What is kept is flushed to the disk, which may take its time.
        tokio::task::spawn_blocking(move || entry.write())
            .await
            .map_err(io::Error::other)?
    }
}

// The client may hold a proxy with its password.
impl fmt::Debug for Async {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Async")
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

/// Sets up an [`Async`] transport.
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

    /// Makes the transport. Nothing is sent, and no runtime is needed yet.
    ///
    /// # Errors
    /// [`TransportErrorKind::InvalidRequest`] when the proxy is not an `http` or `https` URL, the `User-Agent` cannot stand in a
    /// header, or the operating system's TLS cannot be set up.
    pub fn build(self) -> Result<Async, TransportError> {
        let refuse = |text: &str| fail(TransportErrorKind::InvalidRequest, text);
        let user_agent = HeaderValue::from_str(&self.user_agent)
            .map_err(|_| refuse("user-agent has characters that no header takes"))?;
        let mut client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .user_agent(user_agent)
            // Said also where the feature is off: another crate of the program may turn it on.
            .http1_only()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .no_proxy();
        if let Some(url) = &self.proxy {
            let is_http = url.starts_with("http://") || url.starts_with("https://");
            let proxy = is_http.then(|| reqwest::Proxy::all(url).ok()).flatten();
            client =
                client.proxy(proxy.ok_or_else(|| refuse("the proxy is not an http or https URL"))?);
        }
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        if let Some(tls) = self.tls {
            client = match tls {
                #[cfg(feature = "rustls")]
                Tls::Rustls => client.tls_backend_preconfigured(rustls_config()?),
                #[cfg(feature = "native-tls")]
                Tls::Native => client.tls_backend_native(),
            };
        }
        let client = client.build().map_err(classify)?;
        Ok(Async {
            client,
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

/// The provider is named, so that one which some other crate installs for the process does not change ours.
#[cfg(feature = "rustls")]
fn rustls_config() -> Result<rustls::ClientConfig, TransportError> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| {
            fail(
                TransportErrorKind::InvalidRequest,
                "rustls has no usable TLS version",
            )
        })?
        .with_root_certificates(rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        })
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_builder_refuses_what_it_cannot_honour() {
        for broken in [
            Async::builder().user_agent("a\nb"),
            Async::builder().proxy("socks5://127.0.0.1:1"),
        ] {
            assert_eq!(
                broken.build().unwrap_err().kind,
                TransportErrorKind::InvalidRequest
            );
        }
    }

    #[test]
    fn debug_keeps_the_proxy_password() {
        let builder = Async::builder().proxy("http://user:CANARY@127.0.0.1:1");
        assert!(!format!("{builder:?}").contains("CANARY"));
        assert!(!format!("{:?}", builder.build().unwrap()).contains("CANARY"));
    }

    #[test]
    fn a_target_that_would_be_rewritten_is_refused() {
        for target in ["/a/../b", "/?q='x'", "/%2e%2E/b"] {
            let uri: Uri = format!("http://127.0.0.1:1{target}").parse().unwrap();
            assert_eq!(
                parse(&uri).unwrap_err().kind,
                TransportErrorKind::InvalidRequest,
                "{target}"
            );
        }
        for target in ["/", "/a?", "/a?x=%7E~%2F&sign=-._~&y=%E6%B5%8B+%27"] {
            let uri: Uri = format!("http://127.0.0.1:1{target}").parse().unwrap();
            assert!(parse(&uri).unwrap().as_str().ends_with(target));
        }
    }
}
