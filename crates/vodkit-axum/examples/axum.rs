//! A receiver for three vendors with axum: each event is dealt with once, and answered in its vendor's words.
//!
//! The keys are those of the environment. Try it with `vodkit trigger`:
//!
//! ```sh
//! vodkit trigger baijiayun transcode-complete --to http://127.0.0.1:8080/baijiayun
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::response::Response;
use axum::routing::{any, post};
use vodkit_axum::{Callback, Endpoint};
use vodkit_request::callback::{CallbackEvent, Claim, Receiver, Seen};
use vodkit_request::{baijiayun, polyv, quvideo};

/// What the routes share. Each vendor's endpoint is taken out of it.
#[derive(Clone)]
struct App {
    baijiayun: Endpoint<baijiayun::callback::Callbacks>,
    polyv: Endpoint<polyv::callback::Callbacks>,
    quvideo: Endpoint<quvideo::callback::Callbacks>,
    seen: Arc<Seen>,
}

/// What axum's `derive(FromRef)` writes.
macro_rules! gives {
    ($($field:ident: $part:ty),*) => {$(
        impl FromRef<App> for $part {
            fn from_ref(app: &App) -> Self {
                app.$field.clone()
            }
        }
    )*};
}

gives! {
    baijiayun: Endpoint<baijiayun::callback::Callbacks>,
    polyv: Endpoint<polyv::callback::Callbacks>,
    quvideo: Endpoint<quvideo::callback::Callbacks>,
    seen: Arc<Seen>
}

/// Deals with an event unless that was done before. A claim that was not settled is given back: when dealing with it fails or panics, and when
/// this future is dropped because the vendor did not wait for the answer.
async fn receive<R: Receiver>(State(seen): State<Arc<Seen>>, callback: Callback<R>) -> Response {
    let key = callback.event().key();
    match seen.claim(&key) {
        Claim::Done => callback.accepted(),
        Claim::Busy => callback.failed("an earlier delivery is being dealt with"),
        Claim::First(held) => match act(&callback).await {
            Ok(()) => {
                held.settle();
                callback.accepted()
            }
            Err(why) => callback.failed(why),
        },
    }
}

async fn act<R: Receiver>(callback: &Callback<R>) -> Result<(), &'static str> {
    let (event, covered) = (callback.event(), callback.verified().covered());
    println!(
        "{} {}: {}",
        R::VENDOR,
        event.name(),
        event.subjects().join(", ")
    );
    if covered.is_claim() {
        // Here the vendor is asked for the state of the video: the message itself proves nothing.
        println!(
            "  its signature covers {}: not acting on it alone",
            covered.as_str()
        );
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App {
        baijiayun: Endpoint::new(baijiayun::callback::Callbacks::new([env::var(
            "VODKIT_BAIJIAYUN_PARTNER_KEY",
        )?])?),
        polyv: Endpoint::new(polyv::callback::Callbacks::new([env::var(
            "VODKIT_POLYV_SECRET_KEY",
        )?])?),
        quvideo: Endpoint::new(quvideo::callback::Callbacks::new(
            env::var("VODKIT_QUVIDEO_CALLBACK_URL")?,
            [env::var("VODKIT_QUVIDEO_CALLBACK_KEY")?],
        )?),
        seen: Arc::new(Seen::new(100_000)),
    };
    let router = Router::new()
        .route(
            "/baijiayun",
            post(receive::<baijiayun::callback::Callbacks>),
        )
        // GET and POST come to one address.
        .route("/polyv", any(receive::<polyv::callback::Callbacks>))
        .route("/quvideo", post(receive::<quvideo::callback::Callbacks>))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router)
        .with_graceful_shutdown(async {
            // Without a handler the signal ends the program as it always does.
            let _ended = tokio::signal::ctrl_c().await;
        })
        .await?;
    Ok(())
}
