//! What every method of the client is checked for.

#![expect(
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test that calls"
)]

use vodkit_quvideo::{Call, Client, Endpoint, Tick, Timestamp};
use vodkit_request::testing::wire_line;

/// A client without a transport.
pub(crate) fn client() -> Client<()> {
    let builder = Client::builder().token("test-token-0123456789");
    builder
        .base_url("https://demo.example.test/")
        .build_sans_io()
        .unwrap()
}

/// Both calls give the same request, signature included.
#[track_caller]
pub(crate) fn same<E: Endpoint>(short: &Call<'_, (), E>, long: &Call<'_, (), E>) {
    let tick = Tick {
        now: Timestamp(1_700_000_000_000),
        ..Tick::default()
    };
    let line = |call: &Call<'_, (), E>| wire_line(&call.request(tick).unwrap());
    assert_eq!(line(short), line(long));
}
