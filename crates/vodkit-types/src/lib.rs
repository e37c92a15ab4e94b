//! Wire types of China's video-on-demand platforms: lenient serde models that lose nothing.
//!
//! This crate is for programs that bring their own signing and their own HTTP: it holds the request and reply structs of each
//! documented call, the enums, and the tables of parameters and error codes. One feature per vendor; none is on by default.
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

#![cfg_attr(
    not(feature = "baijiayun"),
    allow(dead_code, unused_imports, unused_macros)
)]

pub mod open_enum;
pub mod operation;
pub mod param;
pub mod secret;
pub mod time;
pub mod wire;
mod wire_struct;

#[cfg(feature = "baijiayun")]
pub mod baijiayun;

pub use crate::open_enum::UnknownValue;
pub use crate::operation::{FaultClass, FaultCode, Operation, Param, ParamKind};
pub use crate::param::{BadText, CommaList, FileContent, FileInput, ParamText};
pub use crate::secret::Secret;
pub use crate::time::{Date, DateTime, Time};
pub use crate::wire::{Extra, Lenient, NoData, Wire};
