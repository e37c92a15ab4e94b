//! Polyv's side of the emulator as strangers see it: over a socket, with requests and signatures made by hand.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has failed"
)]

mod account;
mod callbacks;
mod categories;
mod client;
mod edits;
mod instances;
mod lists;
mod marks;
mod outcomes;
mod playback;
mod pulls;
#[path = "../receiver/mod.rs"]
mod receiver;
mod refusals;
mod serving;
mod signatures;
mod snapshots;
mod storage;
mod uploads;
mod videos;
