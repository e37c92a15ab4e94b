//! The emulator as strangers see it: over a socket, with requests and signatures made by hand from the vendor's page.

#![allow(
    clippy::unwrap_used,
    reason = "a test that meets the unexpected has failed"
)]

mod categories;
mod client;
mod instances;
mod playback;
mod refusals;
mod statistics;
mod subtitles;
mod upload;
mod videos;
