//! QuVideo's side of the emulator as strangers see it: over a socket, with requests and signatures made by hand.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has failed"
)]

mod callbacks;
mod client;
mod credentials;
mod multipart;
#[path = "../receiver/mod.rs"]
mod receiver;
mod refusals;
mod resources;
mod signatures;
mod store;
mod unfinished;
mod users;
mod videos;
