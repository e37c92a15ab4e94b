//! Uploads to MediaCloud's storage against a script, under both drivers.

#![cfg(all(feature = "async", feature = "mediacloud-storage"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

#[path = "../drivers/mod.rs"]
mod drivers;
#[path = "../mediacloud_account/mod.rs"]
mod mediacloud_account;

mod resuming;
mod script;
mod storage;
mod whole;
