//! Alibaba Cloud QuVideo (趣视频): calls are not signed, what its video service reports is.

pub mod event;
