//! Blocking transport of vodkit, on [ureq](https://docs.rs/ureq): for programs with plain threads and no async runtime.
//!
//! A transport carries one request out and one reply back. What to send, whether to send it again and what the reply means is
//! decided above it, in `vodkit-request` and the vendor crates.
//!
//! ```no_run
//! use bytes::Bytes;
//! use http::Request;
//! use vodkit_blocking::Blocking;
//! use vodkit_request::payload::Payload;
//! use vodkit_request::transport::{BlockingTransport, Limits, Outgoing};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let transport = Blocking::new()?;
//! let request = Request::post("https://api.example.com/video/list")
//!     .header("content-type", "application/x-www-form-urlencoded")
//!     .body(Payload::from(Bytes::from_static(b"page=1")))?;
//! let reply = transport.send(Outgoing::new(request, Limits::call()))?;
//! println!("{} {} bytes", reply.status(), reply.body().len());
//! # Ok(())
//! # }
//! ```
//!
//! # In an async program
//! A call blocks its thread. It does not panic on a worker of an async runtime, but it holds the worker up; wrap it in
//! `tokio::task::spawn_blocking`, or use `vodkit-async`.
//!
//! # What it promises
//! - HTTP/1.1, with the request target byte for byte as given. A body always has an exact `Content-Length`, and none is sent for an
//!   empty [`Payload`](vodkit_request::payload::Payload) (`POST`, `PUT` and `PATCH` then say `content-length: 0`).
//! - Redirects are replies. No HTTP status is an error. Replies with `Content-Encoding: gzip` arrive decompressed, and
//!   [`Limits::response_bytes`](vodkit_request::transport::Limits::response_bytes) holds for what comes out.
//! - Nothing is sent twice. An idle connection is looked at before it is used again, and is replaced when the server has closed it;
//!   when it closes at the very moment of sending, the error is
//!   [`Interrupted`](vodkit_request::transport::TransportErrorKind::Interrupted).
//! - A server that answers and closes before it has read the whole body is heard where the operating system still hands the answer
//!   over; else the error is `Interrupted`. One that answers and does not read on is heard after the stall limit.
//! - A request whose body is in memory and has at most 64 KiB leaves in one write. ureq by itself takes two.
//! - Files are read in steps of 256 KiB into the buffer they are sent from.
//!
//! # Time-outs
//! | limit | default | starts again |
//! |---|---|---|
//! | [`Builder::connect_timeout`]: name look-up, connection, TLS | 10 s | per connection |
//! | [`Limits::total`](vodkit_request::transport::Limits::total): connecting to the last byte of the reply | 30 s for calls, none for transfers | never |
//! | [`Limits::stall`](vodkit_request::transport::Limits::stall): no byte in or out | 20 s for calls, 30 s for transfers | with every byte |
//!
//! While sending, the stall limit may be overrun by a quarter of itself. Reading a local file is not limited.
//!
//! # TLS
//! | feature | by | trusts |
//! |---|---|---|
//! | `rustls` (default) | rustls with ring | the Mozilla roots of the build (`webpki-roots`) |
//! | `native-tls` | the operating system's library | the operating system's store |
//!
//! Both features may be on; then [`Builder::tls`] chooses, and `rustls` is the default. With neither, only `http` works.
//! `vodkit-async` has the same two features with the same meaning. No process-wide rustls provider is installed or used.

mod ahead;
mod body;
mod client;
mod clock;
mod exchange;
mod failure;
mod lanes;
mod wire;

pub use client::{Blocking, Builder, Tls};
pub use lanes::ThreadLanes;
