//! China's video-on-demand platforms from Rust: one toolkit, every layer usable alone.
//!
//! This crate only re-exports. Programs that want one layer depend on that crate directly and get nothing else:
//!
//! | you want | crate | here |
//! |---|---|---|
//! | to sign | `vodkit-sign` | [`sign`] |
//! | the wire types | `vodkit-types` | [`types`] |
//! | requests and replies without IO | `vodkit-request` | [`request`] |
//! | a blocking transport (ureq) | `vodkit-blocking` | `blocking`, feature `blocking` |
//! | an async transport (reqwest) | `vodkit-async` | `r#async`, feature `async` |
//! | callbacks as axum extractors | `vodkit-axum` | `axum`, feature `axum` |
//! | journals on disk, for uploads that survive | `vodkit-journal` | `journal`, feature `journal` |
//! | Baijiayun (百家云) | `vodkit-baijiayun` | `baijiayun`, feature `baijiayun` |
//! | Polyv (保利威) | `vodkit-polyv` | `polyv`, feature `polyv` |
//! | Alibaba Cloud QuVideo (趣视频) | `vodkit-quvideo` | `quvideo`, feature `quvideo` |
//! | Mango TV's MediaCloud (芒果TV) | `vodkit-mediacloud` | `mediacloud`, feature `mediacloud` |
//!
//! No feature is on by default, and features only add.

pub use vodkit_request as request;
pub use vodkit_sign as sign;
pub use vodkit_types as types;

#[cfg(feature = "async")]
pub use vodkit_async as r#async;
#[cfg(feature = "axum")]
pub use vodkit_axum as axum;
#[cfg(feature = "baijiayun")]
pub use vodkit_baijiayun as baijiayun;
#[cfg(feature = "blocking")]
pub use vodkit_blocking as blocking;
#[cfg(feature = "journal")]
pub use vodkit_journal as journal;
#[cfg(feature = "mediacloud")]
pub use vodkit_mediacloud as mediacloud;
#[cfg(feature = "polyv")]
pub use vodkit_polyv as polyv;
#[cfg(feature = "quvideo")]
pub use vodkit_quvideo as quvideo;
