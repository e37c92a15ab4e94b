//! The sans-IO request layer of vodkit: what to send, what came back, what to do next.
//!
//! This crate opens no socket, reads no clock and no file. A call is a value ([`Endpoint`]), a conversation is a state machine
//! ([`Flow`](flow::Flow)), and a transport is two short traits ([`transport`]). Programs usually come here through a vendor's facade, such as
//! `vodkit-baijiayun`; programs with an HTTP client of their own come here directly.

#[cfg(feature = "baijiayun")]
pub mod baijiayun;
pub mod base_url;
pub mod call;
pub mod callback;
#[cfg(feature = "crc64")]
pub mod crc64;
pub mod digest;
pub mod draft;
pub mod encode;
pub mod endpoint;
pub mod error;
pub mod exec;
pub mod facade;
pub mod flow;
pub mod judge;
pub mod lanes;
pub mod mask;
#[cfg(feature = "mediacloud")]
pub mod mediacloud;
pub mod multipart;
#[cfg(any(feature = "polyv", feature = "quvideo"))]
pub mod oss;
pub mod page;
pub mod params;
pub mod payload;
#[cfg(feature = "polyv")]
pub mod polyv;
#[cfg(feature = "quvideo")]
pub mod quvideo;
pub mod raw;
pub mod remedy;
pub mod retry;
#[cfg(feature = "mediacloud-storage")]
mod s3;
pub mod session;
#[cfg(feature = "mediacloud-storage")]
mod sign_in;
pub mod skew;
pub mod testing;
pub mod transport;
pub mod upload;
pub mod vendor;

pub use crate::base_url::BaseUrl;
pub use crate::call::{Call, Run};
pub use crate::endpoint::{AnyEndpoint, Endpoint, Paged};
pub use crate::error::{Error, ErrorKind};
pub use crate::page::Pages;
pub use crate::payload::{Payload, Segment};
pub use crate::raw::Raw;
pub use crate::remedy::{Hint, Remedy};
pub use crate::retry::RetryPolicy;
pub use crate::session::Session;
#[cfg(feature = "async")]
pub use crate::transport::AsyncTransport;
pub use crate::transport::{BlockingTransport, Limits, Progress, ProgressSink, Tick, Timestamp};

/// The signing rules, for crates that reach them through this one.
pub use vodkit_sign as sign;
/// The wire types, for crates that reach them through this one.
pub use vodkit_types as types;
