//! MediaCloud's side as strangers see it: over a socket, with requests made by hand from the vendor's pages.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has failed"
)]

mod bodies;
mod categories;
mod client;
mod media;
mod parts;
mod sessions;
mod signer;
mod storage;
