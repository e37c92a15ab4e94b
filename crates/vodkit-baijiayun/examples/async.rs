//! Several calls at once over one async client.
//!
//! With `VODKIT_BAIJIAYUN_*` set it talks to that account; otherwise it starts an emulator of its own.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows its result"
)]

use vodkit_async::Async;
use vodkit_baijiayun::{Client, ErrorKind};
use vodkit_emulator::Emulator;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = Emulator::start()?;
    let settings = match std::env::var("VODKIT_BAIJIAYUN_PARTNER_ID") {
        Ok(_) => Client::builder().from_env(),
        Err(_) => {
            let account = emulator.baijiayun();
            // Only the secret key: the partner key is fetched with it before the first signed call.
            Client::builder()
                .base_url(emulator.base_url())
                .partner_id(account.partner_id)
                .secret_key(account.secret_key.as_str())
        }
    };
    let client = settings.build(Async::new()?)?;

    let (account, categories) = tokio::join!(
        client.get_account_info().into_future(),
        client.get_category_list().into_future()
    );
    println!(
        "{} of {} bytes used",
        account?.used_storage.unwrap_or_default(),
        client
            .get_account_info()
            .await?
            .total_storage
            .unwrap_or_default()
    );
    println!("{} categories", categories?.list.len());

    let physics = client.add_category("物理").await?;
    println!(
        "category {} on level {}",
        physics.id,
        physics.level.unwrap_or_default()
    );

    match client.get_info(404).await {
        Err(error) if error.kind() == ErrorKind::Refused => println!("as expected: {error}"),
        other => println!("{other:?}"),
    }

    let mut pages = client.get_video_list().pages();
    while let Some(page) = pages.next_page().await {
        println!("{} videos", page?.len());
    }
    Ok(())
}
