//! Wire types of China's video-on-demand platforms: lenient serde models that lose nothing.
//!
//! This crate is for programs that bring their own signing and their own HTTP: it holds the request and reply structs of each
//! documented call, the enums, and the tables of parameters and error codes. One feature per vendor; none is on by default.
//!
//! | vendor | module and feature | besides the generated types |
//! |---|---|---|
//! | Baijiayun (百家云) | `baijiayun` | the frame of its replies |
//! | MediaCloud (芒果TV) | `mediacloud` | the frame of its replies |
//! | Polyv (保利威) | `polyv` | the frame of its replies |
//! | QuVideo (阿里云趣视频) | `quvideo` | the frame of its replies, and what is inside upload and play credentials |
//!
//! Replies decode from what the vendors really send: numbers as text, `null`, `""`, `[]` for `{}`. Unknown fields survive in
//! `extra`, unknown enum values in the enum itself.
//!
//! ```
//! # #[cfg(feature = "baijiayun")] {
//! use vodkit_types::baijiayun::{StatusReport, VideoStatus};
//!
//! let reply: StatusReport = serde_json::from_str(r#"{"status":"100","info":"done","new":1}"#)?;
//! assert_eq!(reply.status, VideoStatus::Transcoded);
//! assert_eq!(reply.extra.get("new").unwrap(), 1);
//! # }
//! # Ok::<(), serde_json::Error>(())
//! ```

// Which macros and readers are used depends on the vendors that are on; with all of them, nothing may be unused.
#![cfg_attr(
    not(all(
        feature = "baijiayun",
        feature = "mediacloud",
        feature = "polyv",
        feature = "quvideo"
    )),
    allow(dead_code, unused_imports, unused_macros)
)]

mod frame;
mod object;
pub mod open_enum;
pub mod operation;
pub mod param;
pub mod secret;
pub mod time;
pub mod wire;
mod wire_struct;

#[cfg(feature = "baijiayun")]
pub mod baijiayun;
#[cfg(feature = "mediacloud")]
pub mod mediacloud;
#[cfg(feature = "polyv")]
pub mod polyv;
#[cfg(feature = "quvideo")]
pub mod quvideo;

pub use crate::frame::Ignored;
pub use crate::open_enum::UnknownValue;
pub use crate::operation::{
    Auth, Body, FaultClass, FaultCode, Host, Operation, Param, ParamKind, Place,
};
pub use crate::param::{BadText, CommaList, FileContent, FileInput, ParamText};
pub use crate::secret::Secret;
pub use crate::time::{Date, DateTime, Time};
pub use crate::wire::{Extra, Lenient, NoData, OneOrMany, Wire};
