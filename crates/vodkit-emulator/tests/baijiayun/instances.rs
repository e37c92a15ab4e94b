//! Start, stop, reset, isolation, and the addresses in replies.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;
use vodkit_emulator::Emulator;

use crate::client::{FORM, body_of, now, send, vendor};

#[test]
fn the_first_answer_comes_within_50_ms_of_the_start() {
    // The best of five, since other work on the machine is no fault of the emulator's.
    let best = (0..5)
        .map(|_| {
            let begin = Instant::now();
            let emulator = Emulator::start().unwrap();
            let reply = send(emulator.address(), "GET", "/_vodkit/health", &[], b"");
            assert_eq!(reply.json()["status"], "ok");
            begin.elapsed()
        })
        .min()
        .unwrap();
    println!("start to first answer: {best:?}");
    assert!(best < Duration::from_millis(50), "{best:?}");
}

#[test]
fn instances_share_nothing() {
    let (one, two) = (vendor(), vendor());
    let id = one.film("a.mp4", b"film");
    assert_eq!(one.call("video/getVideoList", &[])["total"], 1);
    assert_eq!(two.call("video/getVideoList", &[])["total"], 0);
    // The same ids are handed out, but tokens and seals of one are worth nothing at the other.
    let (same, target) = two.create("b.mp4", &[]);
    assert_eq!(same, id);
    let play = one.play_target(id, "low", &[]);
    two.upload(&target, b"other");
    assert_eq!(one.get(&play, &[]).status, 200);
    assert_eq!(two.get(&play, &[]).status, 403);
    one.emulator.advance(Duration::from_secs(3600));
    let time = |vendor: &crate::client::Vendor| {
        vendor.get("/_vodkit/health", &[]).json()["time"]
            .as_u64()
            .unwrap()
    };
    assert!(time(&one) - time(&two) >= 3599);
}

#[test]
fn a_reset_forgets_everything_but_the_accounts() {
    let mut vendor = vendor();
    let id = vendor.film("a.mp4", b"film");
    let play = vendor.play_target(id, "low", &[]);
    let secret = vendor.account.secret_key.clone();
    let body = format!(
        "partner_id={}&secret_key={secret}&regenerate=1",
        vendor.account.partner_id
    );
    let fresh = vendor.post("partner/createkey", &body).json()["data"]["partner_key"]
        .as_str()
        .unwrap()
        .to_owned();
    vendor.emulator.advance(Duration::from_secs(3600));
    let reply = send(vendor.at(), "POST", "/_vodkit/reset", &[], b"");
    assert_eq!(
        (reply.status, reply.json()),
        (200, json!({ "status": "ok" }))
    );
    assert_eq!(vendor.emulator.journal().len(), 1, "the reset itself");
    assert_eq!(
        vendor.call("video/getVideoList", &[])["total"],
        0,
        "with the configured key"
    );
    assert_eq!(vendor.get(&play, &[]).status, 403);
    vendor.account.partner_key = fresh;
    assert_eq!(vendor.refusal("video/getVideoList", &[]).0, 1002);
    assert!(
        vendor.get("/_vodkit/health", &[]).json()["time"]
            .as_u64()
            .unwrap()
            .abs_diff(now())
            < 60
    );
    assert_eq!(
        send(vendor.at(), "GET", "/_vodkit/reset", &[], b"").status,
        405
    );
    vendor.emulator.reset();
    assert!(vendor.emulator.journal().is_empty());
}

#[test]
fn every_url_in_a_reply_is_built_from_the_host() {
    let vendor = vendor();
    let id = vendor.film("a.mp4", b"film").to_string();
    let params = [("video_id", id.as_str())];
    let upload = [("file_name", "b.mp4"), ("definition", "1")];
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], usize);
    let calls: [Case<'_>; 6] = [
        ("video/getUploadUrl", &upload, 1),
        ("video/getResumeUploadUrl", &params, 1),
        ("video/getInfo", &params, 1),
        ("video/getImage", &params, 5),
        ("video/getUrl", &params, 2),
        ("video/getShareUrl", &params, 3),
    ];
    for (name, params, count) in calls {
        let body = body_of(&vendor.signed(params, now()));
        let headers = [FORM, ("Host", "vod.example.test:8080")];
        let text = send(
            vendor.at(),
            "POST",
            &format!("/openapi/{name}"),
            &headers,
            body.as_bytes(),
        )
        .text();
        assert_eq!(
            text.matches("http://vod.example.test:8080/").count(),
            count,
            "{name}: {text}"
        );
        assert_eq!(text.matches("http").count(), count, "{name}: {text}");
    }
    // A Host that is no host does not get into replies.
    let body = body_of(&vendor.signed(&params, now()));
    let headers = [FORM, ("Host", "a\"><b>")];
    let text = send(
        vendor.at(),
        "POST",
        "/openapi/video/getImage",
        &headers,
        body.as_bytes(),
    )
    .text();
    assert!(!text.contains("<b>"), "{text}");
}

#[test]
fn a_dropped_emulator_is_gone_at_once_even_with_open_connections() {
    let emulator = Emulator::start().unwrap();
    let address = emulator.address();
    assert!(
        emulator
            .base_url()
            .ends_with(&format!(":{}", address.port()))
    );
    let _idle = TcpStream::connect(address).unwrap();
    let begin = Instant::now();
    emulator.shutdown();
    assert!(begin.elapsed() < Duration::from_secs(2));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn it_runs_inside_an_async_test() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let emulator = Emulator::start().unwrap();
        let stream = tokio::net::TcpStream::connect(emulator.address())
            .await
            .unwrap();
        drop(stream);
        drop(emulator);
    });
}

#[test]
fn pages_of_other_origins_may_call_it() {
    let vendor = vendor();
    let (_, target) = vendor.create("a.mp4", &[]);
    let asked = [
        ("Origin", "https://school.example"),
        ("Access-Control-Request-Headers", "content-range,x_filename"),
    ];
    let reply = send(vendor.at(), "OPTIONS", &target, &asked, b"");
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        reply.header("access-control-allow-headers"),
        Some("content-range,x_filename")
    );
}

#[test]
fn two_emulators_cannot_share_a_port() {
    let first = Emulator::start().unwrap();
    assert!(Emulator::builder().listen(first.address()).start().is_err());
}
