//! Async transport of vodkit, on [reqwest](https://docs.rs/reqwest): for programs on a tokio runtime.
//!
//! A transport carries one request out and one reply back. What to send, whether to send it again and what the reply means is
//! decided above it, in `vodkit-request` and the vendor crates.
//!
//! ```no_run
//! use bytes::Bytes;
//! use http::Request;
//! use vodkit_async::Async;
//! use vodkit_request::payload::Payload;
//! use vodkit_request::transport::{AsyncTransport, Limits, Outgoing};
//!
//! # async fn list() -> Result<(), Box<dyn std::error::Error>> {
//! let transport = Async::new()?;
//! let request = Request::post("https://api.example.com/video/list")
//!     .header("content-type", "application/x-www-form-urlencoded")
//!     .body(Payload::from(Bytes::from_static(b"page=1")))?;
//! let reply = transport.send(Outgoing::new(request, Limits::call())).await?;
//! println!("{} {} bytes", reply.status(), reply.body().len());
//! # Ok(())
//! # }
//! ```
//!
//! # The runtime
//! `send` and `sleep` must run on a tokio runtime with its I/O and time drivers enabled, as `#[tokio::main]` does. Files are read on
//! the runtime's blocking threads. Dropping the future of `send` breaks the exchange off; the vendor may have acted by then.
//! Programs without a runtime use `vodkit-blocking`.
//!
//! # What it promises
//! - HTTP/1.1, with the request target byte for byte as given. A target that reqwest would write anew (dot segments, quotes, raw
//!   UTF-8) is refused before it is sent. A body always has an exact `Content-Length`, and none is sent for an empty
//!   [`Payload`](vodkit_request::payload::Payload) (`POST`, `PUT` and `PATCH` then say `content-length: 0`).
//! - Redirects are replies. No HTTP status is an error. Replies with `Content-Encoding: gzip` arrive decompressed, and
//!   [`Limits::response_bytes`](vodkit_request::transport::Limits::response_bytes) holds for what comes out.
//! - Nothing is sent twice that may have left. When an idle connection turns out to be closed before a byte of the request was
//!   written to it, hyper takes another one; after that the error is
//!   [`Interrupted`](vodkit_request::transport::TransportErrorKind::Interrupted).
//! - A server that answers before it has read the whole body is heard at once, unless it closes so fast that the operating system
//!   drops its answer; then the error is `Interrupted`.
//! - Files are read in steps of 256 KiB, one step ahead of what is sent.
//!
//! # Time-outs
//! | limit | default | starts again |
//! |---|---|---|
//! | [`Builder::connect_timeout`]: name look-up, connection, TLS | 10 s | per connection |
//! | [`Limits::total`](vodkit_request::transport::Limits::total): connecting to the last byte of the reply | 30 s for calls, none for transfers | never |
//! | [`Limits::stall`](vodkit_request::transport::Limits::stall): no byte in or out | 20 s for calls, 30 s for transfers | with every 128 KiB sent, the head of the reply, and every piece of its body |
//!
//! reqwest does not show single bytes of a reply's head, nor when a connection was made. So the head must be complete within the stall
//! limit, and a total or stall limit shorter than the connect time-out may pass while connecting; that is reported as
//! [`Timeout`](vodkit_request::transport::TransportErrorKind::Timeout), as if the request might have been sent.
//!
//! # TLS
//! | feature | by | trusts |
//! |---|---|---|
//! | `rustls` (default) | rustls with ring | the Mozilla roots of the build (`webpki-roots`) |
//! | `native-tls` | the operating system's library | the operating system's store |
//!
//! Both features may be on; then [`Builder::tls`] chooses, and `rustls` is the default. With neither, only `http` works.
//! `vodkit-blocking` has the same two features with the same meaning. No process-wide rustls provider is installed or used.

mod body;
mod client;
mod clock;
mod failure;
mod gunzip;
mod pulse;

pub use client::{Async, Builder, Tls};
