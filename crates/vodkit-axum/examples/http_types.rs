//! A receiver without axum: what any web framework has to do, with the types of the `http` crate alone.
//!
//! Give `handle` the request with its raw body, read up to `receiver.limits().body_bytes`, and send back what it returns.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use bytes::Bytes;
use http::{Request, Response};
use vodkit_request::Timestamp;
use vodkit_request::callback::{CallbackEvent, Incoming, Receiver};
use vodkit_request::polyv::callback::{Callbacks, Event};

/// Verifies, acts, answers. `now` is your clock.
fn handle(receiver: &Callbacks, request: &Request<Bytes>, now: Timestamp) -> Response<Bytes> {
    let reply = match receiver.verify_and_parse(&Incoming::of(request), now) {
        Ok(verified) => {
            match verified.event() {
                Event::Review(review) => println!("{} {}", review.vid, review.kind),
                // Nothing in it is signed, so its content has to be asked for as a claim: look before you act.
                Event::DeleteMediaComplete(event) => {
                    println!("to check: {:?}", event.claims().vids)
                }
                other => println!("not used here: {}", other.name()),
            }
            receiver.accepted()
        }
        Err(refusal) => {
            eprintln!("refused: {refusal}");
            receiver.refused(&refusal)
        }
    };
    reply.into_response()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let receiver = Callbacks::new(["test-key-0123456789"])?;
    let now = Timestamp(1_700_000_000_000);
    let uri = "/polyv?type=pass&vid=u1234567890123456789abcdef012345_u&sign=b79bc14345d150812cfb41a9309fd6d4";
    let authentic = handle(&receiver, &Request::get(uri).body(Bytes::new())?, now);
    assert_eq!(authentic.status(), 200);
    let forged = handle(
        &receiver,
        &Request::get(uri.replace("pass", "nopass")).body(Bytes::new())?,
        now,
    );
    assert_eq!(forged.status(), 403);
    Ok(())
}
