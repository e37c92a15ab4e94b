//! The emulator as strangers see it: over a socket, with requests and signatures made by hand from the vendor's page.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has failed"
)]

mod callback_addresses;
mod callbacks;
mod categories;
mod client;
mod instances;
mod playback;
#[path = "../receiver/mod.rs"]
mod receiver;
mod refusals;
mod statistics;
mod subtitles;
mod third_party;
mod upload;
mod videos;
