//! Baijiayun (百家云) video on demand from Rust: every call of the vendor's server API.
