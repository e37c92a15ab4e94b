//! Upload a file, wait until it can be played, and list what the account has: blocking.
//!
//! With `VODKIT_BAIJIAYUN_*` set it talks to that account; otherwise it starts an emulator of its own.
//!
//! ```text
//! cargo run -p vodkit-baijiayun --example blocking -- lesson.mp4
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows its result"
)]

use std::path::Path;
use std::time::Duration;

use vodkit_baijiayun::types::TargetDefinition;
use vodkit_baijiayun::{Client, ProgressSink};
use vodkit_blocking::Blocking;
use vodkit_emulator::Emulator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::builder().time_scale(20.0).start()?;
    let settings = match std::env::var("VODKIT_BAIJIAYUN_PARTNER_ID") {
        Ok(_) => Client::builder().from_env(),
        Err(_) => {
            let account = emulator.baijiayun();
            Client::builder()
                .base_url(emulator.base_url())
                .partner_id(account.partner_id)
                .partner_key(account.partner_key.as_str())
        }
    };
    let client = settings.build(Blocking::new()?)?;

    let path = std::env::args()
        .nth(1)
        .unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").to_owned());
    let uploaded = client
        .upload(Path::new(&path))
        .named("lesson.mp4")
        .definitions([TargetDefinition::High, TargetDefinition::P720])
        .progress(ProgressSink::new(|step| {
            eprintln!("{} of {} bytes", step.sent, step.total);
        }))
        .send()?;
    println!("video {}, {} bytes", uploaded.video_id, uploaded.bytes);

    client
        .wait_for_transcode(uploaded.video_id, Duration::from_secs(600))
        .send()?;
    for (definition, play) in client.get_url(uploaded.video_id).send()?.play_info {
        println!("{definition}: {}", play.url.unwrap_or_default());
    }

    for page in client.get_video_list().page_size(100).pages() {
        for video in page? {
            println!("{} {}", video.video_id, video.name.unwrap_or_default());
        }
    }
    Ok(())
}
