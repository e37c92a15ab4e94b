//! Alibaba Cloud QuVideo AppServer (趣视频) from Rust: every call of the server.
//!
//! A [`Client`] has one method per call, generated from the tables in `docs/spec/quvideo`. It works over any transport:
//! `vodkit_blocking::Blocking` (then `.send()?`), `vodkit_async::Async` (then `.await?`), one of your own, or none at all (then
//! [`Call::request`] gives the HTTP request).
//!
//! ```no_run
//! use vodkit_quvideo::Client;
//!
//! let client = Client::builder()
//!     .base_url("https://video.example.com")
//!     .token(std::env::var("MY_TOKEN")?)
//!     .build(vodkit_blocking::Blocking::new()?)?;
//!
//! for page in client.get_recommend_video_list(1, 20).pages() {
//!     for video in page? {
//!         println!("{}", video.title.unwrap_or_default());
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Client::upload`] brings a file to the storage and publishes it.

mod client;
#[rustfmt::skip]
mod generated;

/// Receiving what the vendor reports: its receivers and events, and what receivers of all vendors have in common.
pub mod callback {
    pub use vodkit_request::callback::*;
    pub use vodkit_request::quvideo::callback::*;
}

pub use client::{Client, ClientBuilder};
#[cfg(feature = "async")]
pub use vodkit_request::AsyncTransport;
pub use vodkit_request::flow::Keeper;
pub use vodkit_request::quvideo::{self as types, Abandon, Upload, Uploaded};
pub use vodkit_request::transport::Pace;
pub use vodkit_request::types::{
    Auth, CommaList, Date, DateTime, Extra, FileInput, Operation, Secret, Time,
};
pub use vodkit_request::upload::{Abandoned, Journal, Note, Transfer};
pub use vodkit_request::{
    BaseUrl, BlockingTransport, Call, Endpoint, Error, ErrorKind, Hint, Limits, Pages, Progress,
    ProgressSink, Raw, Remedy, RetryPolicy, Run, Tick, Timestamp,
};
