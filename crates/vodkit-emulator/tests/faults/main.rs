//! Faults as the code under test meets them: over a socket, planned by the library or over the wire, and counted.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has failed"
)]

mod accounts;
mod answers;
#[allow(dead_code, reason = "shared with the tests of the vendor")]
#[path = "../baijiayun/client.rs"]
mod baijiayun;
mod connections;
mod content;
mod oracle;
#[allow(dead_code, reason = "shared with the tests of the vendor")]
#[path = "../polyv/client.rs"]
mod polyv;
#[allow(dead_code, reason = "shared with the tests of the vendor")]
#[path = "../quvideo/client.rs"]
mod quvideo;
mod raw;
mod wire;
