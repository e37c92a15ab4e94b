//! Baijiayun (百家云) video on demand from Rust: every call of the vendor's server API.
//!
//! A [`Client`] has one method per call of the vendor's page, generated from the tables in `docs/spec/baijiayun`. It works over any
//! transport: `vodkit_blocking::Blocking` (then `.send()?`), `vodkit_async::Async` (then `.await?`), one of your own (an async one needs the
//! feature `async`, which `vodkit-async` turns on by itself), or none at all (then [`Call::request`] gives the signed HTTP request).
//!
//! ```no_run
//! use vodkit_baijiayun::Client;
//!
//! let client = Client::builder()
//!     .partner_id(12345678)
//!     .partner_key(std::env::var("MY_PARTNER_KEY")?)
//!     .private_domain("demo")
//!     .build(vodkit_blocking::Blocking::new()?)?;
//!
//! let video = client.get_info(112459).send()?;
//! println!("{} is {:?}", video.name.unwrap_or_default(), video.status);
//!
//! for page in client.get_video_list().page_size(100).pages() {
//!     for video in page? {
//!         println!("{}", video.video_id);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
#[rustfmt::skip]
mod generated;

/// Receiving what the vendor reports: its receivers and events, and what receivers of all vendors have in common.
pub mod callback {
    pub use vodkit_request::baijiayun::callback::*;
    pub use vodkit_request::callback::*;
}

pub use client::{Client, ClientBuilder};
#[cfg(feature = "async")]
pub use vodkit_request::AsyncTransport;
pub use vodkit_request::baijiayun::{
    self as types, Comparison, Upload, Uploaded, VerifyUpload, WaitForTranscode,
};
pub use vodkit_request::transport::Pace;
pub use vodkit_request::types::{
    Auth, CommaList, Date, DateTime, Extra, FileInput, Operation, Secret, Time,
};
pub use vodkit_request::upload::{Journal, Note, Transfer};
pub use vodkit_request::{
    BaseUrl, BlockingTransport, Call, Endpoint, Error, ErrorKind, Hint, Limits, Pages, Progress,
    ProgressSink, Raw, Remedy, RetryPolicy, Run, Tick, Timestamp,
};
