//! No transport of vodkit: it signs and decodes, a client of one's own sends. Here that client is plain `ureq`.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows its result"
)]

use std::time::{SystemTime, UNIX_EPOCH};

use vodkit_baijiayun::{Client, Tick, Timestamp};
use vodkit_emulator::Emulator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start()?;
    let account = emulator.baijiayun();
    let client = Client::builder()
        .base_url(emulator.base_url())
        .partner_id(account.partner_id)
        .partner_key(account.partner_key.as_str())
        .build_sans_io()?;

    let call = client.add_category("数学");
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let tick = Tick {
        now: Timestamp(now.as_millis() as i64),
        ..Tick::default()
    };

    let (parts, payload) = call.request(tick)?.into_parts();
    let body = payload.as_bytes().cloned().unwrap_or_default();
    let response = ureq::run(http::Request::from_parts(parts, body.to_vec()))?;

    let (parts, mut body) = response.into_parts();
    let reply = http::Response::from_parts(parts, body.read_to_vec()?.into());
    let category = call.read(&reply)?;
    println!(
        "category {} is called {}",
        category.id,
        category.name.unwrap_or_default()
    );
    Ok(())
}
