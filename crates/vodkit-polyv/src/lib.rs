//! Polyv (保利威) video on demand from Rust: the calls of account and settings, upload, videos, lists, edits, categories, and the play credential.
//!
//! A [`Client`] has one method per call, generated from the tables in `docs/spec/polyv`. It works over any transport:
//! `vodkit_blocking::Blocking` (then `.send()?`), `vodkit_async::Async` (then `.await?`), one of your own, or none at all (then
//! [`Call::request`] gives the HTTP request).
//!
//! ```no_run
//! use vodkit_polyv::Client;
//!
//! let client = Client::builder()
//!     .user_id("vodkitdemo")
//!     .secret_key(std::env::var("MY_SECRET_KEY")?)
//!     .build(vodkit_blocking::Blocking::new()?)?;
//!
//! let settings = client.get_playsafe().send()?;
//! println!("encryption: {:?}", settings.encrypt);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Client::upload`] brings a file to the vendor.
//!
//! What is not here yet: statistics and viewing logs, danmaku, advertising, sub-accounts. [`Client::raw`] calls them, signed.

mod client;
#[rustfmt::skip]
mod generated;

/// Receiving what the vendor reports: its receivers and events, and what receivers of all vendors have in common.
pub mod callback {
    pub use vodkit_request::callback::*;
    pub use vodkit_request::polyv::callback::*;
}

pub use client::{Client, ClientBuilder};
#[cfg(feature = "async")]
pub use vodkit_request::AsyncTransport;
pub use vodkit_request::flow::Keeper;
pub use vodkit_request::polyv::{self as types, Abandon, Upload, Uploaded};
pub use vodkit_request::transport::Pace;
pub use vodkit_request::types::{
    Auth, CommaList, Date, DateTime, Extra, FileInput, Operation, Secret, Time,
};
pub use vodkit_request::upload::{Abandoned, Journal, Note, Transfer};
pub use vodkit_request::{
    BaseUrl, BlockingTransport, Call, Endpoint, Error, ErrorKind, Hint, Limits, Pages, Progress,
    ProgressSink, Raw, Remedy, RetryPolicy, Run, Tick, Timestamp,
};
