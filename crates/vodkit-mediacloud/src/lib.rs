//! Mango TV's MediaCloud (芒果 mediacloud.imgo.tv) from Rust: the five calls that its public pages document.
//!
//! A [`Client`] has one method per call, generated from the tables in `docs/spec/mediacloud`. It works over any transport:
//! `vodkit_blocking::Blocking` (then `.send()?`), `vodkit_async::Async` (then `.await?`), one of your own, or none at all (then
//! [`Call::request`] gives the HTTP request).
//!
//! ```no_run
//! use vodkit_mediacloud::Client;
//!
//! let client = Client::builder()
//!     .base_url("http://vod.test.mediacloud.imgo.tv")
//!     .username("name")
//!     .password(std::env::var("MY_PASSWORD")?)
//!     .build(vodkit_blocking::Blocking::new()?)?;
//!
//! let category = client.create_category("lessons").send()?;
//! println!("category {category}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The client logs in before its first call, once for all its callers, and again when the token expires or is refused. What the public pages
//! do not show (lists, search, changes, refreshing) has no method here; [`Client::raw`] calls any path with the token.

mod client;
#[rustfmt::skip]
mod generated;

pub use client::{Client, ClientBuilder};
#[cfg(feature = "async")]
pub use vodkit_request::AsyncTransport;
#[cfg(feature = "upload")]
pub use vodkit_request::flow::Keeper;
pub use vodkit_request::mediacloud::{self as types, ObjectStorage, StorageAccess};
#[cfg(feature = "upload")]
pub use vodkit_request::mediacloud::{Abandon, Upload, Uploaded};
#[cfg(feature = "upload")]
pub use vodkit_request::transport::Pace;
pub use vodkit_request::types::{
    Auth, CommaList, Date, DateTime, Extra, FileInput, Operation, Secret, Time,
};
#[cfg(feature = "upload")]
pub use vodkit_request::upload::{Abandoned, Journal, Note, Transfer};
pub use vodkit_request::{
    BaseUrl, BlockingTransport, Call, Endpoint, Error, ErrorKind, Hint, Limits, Pages, Progress,
    ProgressSink, Raw, Remedy, RetryPolicy, Run, Tick, Timestamp,
};
