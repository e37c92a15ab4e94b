//! Uploads that send a file to the object storage, over both drivers: QuVideo's and Polyv's.

#![cfg(all(feature = "polyv", feature = "quvideo"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "../drivers/mod.rs"]
mod drivers;

mod failures;
mod gone;
mod left;
#[path = "../others/mod.rs"]
mod others;
mod parts_wire;
mod places;
mod polyv;
mod quvideo;
mod quvideo_resumed;
mod resuming;
mod scenes;
mod script;
mod survival;
mod wire;
mod world;
