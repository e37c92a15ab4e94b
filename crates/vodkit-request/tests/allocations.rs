//! How often the hot paths allocate.

#![cfg(feature = "baijiayun")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use allocation_counter::measure;
use bytes::Bytes;
use http::Response;
use vodkit_request::baijiayun::{Baijiayun, GetInfo, GetStatus, GetVideoPlayRecord};
use vodkit_request::types::DateTime;
use vodkit_request::{Call, Session, Tick, Timestamp};

fn session() -> Session<Baijiayun> {
    Session::new(Baijiayun::new(
        12345678,
        "test-partner-key-0123456789",
        "https://demo.at.example.test".parse().unwrap(),
    ))
}

#[test]
fn a_signed_request_costs_at_most_four_allocations() {
    let session = session();
    let tick = Tick {
        now: Timestamp(1_700_000_000_000),
        ..Tick::default()
    };
    let moment: DateTime = "2024-02-29 08:00:00".parse().unwrap();
    let three = measure(|| {
        let _ = std::hint::black_box(Call::new(&(), &session, GetInfo::new(7)).request(tick));
    });
    let seven = measure(|| {
        let endpoint = GetVideoPlayRecord::new(7, moment, moment)
            .page(3)
            .page_size(1000);
        let _ = std::hint::black_box(Call::new(&(), &session, endpoint).request(tick));
    });
    println!(
        "3 parameters: {} allocations, 7 parameters: {}",
        three.count_total, seven.count_total
    );
    assert!(three.count_total <= 4, "{}", three.count_total);
    assert!(seven.count_total <= 4, "{}", seven.count_total);
}

#[test]
fn decoding_allocates_only_what_it_returns() {
    let session = session();
    let reply = Response::new(Bytes::from_static(
        br#"{"code":0,"data":{"status":"100","info":"done"},"msg":"","ts":1}"#,
    ));
    let info = measure(|| {
        let _ = std::hint::black_box(Call::new(&(), &session, GetStatus::new(7)).read(&reply));
    });
    // The text of `info`, and the code.
    assert!(info.count_total <= 2, "{}", info.count_total);
}
