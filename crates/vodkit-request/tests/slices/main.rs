//! Uploads to Baijiayun in slices, against a server in memory that can fail at any request, and processes that can die at any step.

#![cfg(all(feature = "async", feature = "baijiayun"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "../drivers/mod.rs"]
mod drivers;
mod going_on;
mod laws;
mod lost_creation;
#[path = "../others/mod.rs"]
mod others;
mod requests;
mod server;
mod setbacks;
mod world;
