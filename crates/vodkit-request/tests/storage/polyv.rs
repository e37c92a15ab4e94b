//! Polyv's own part: the order, and the callback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use vodkit_request::polyv::{Polyv, Switch, Upload};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::{Limits, Progress, ProgressSink, RetryPolicy, Run, Session};

use crate::drivers::block_on;
use crate::script::{CALLBACK, CONTENT, VIDEO, film, header, of_polyv, stored, ticket};

#[test]
fn the_callback_goes_along_in_base64() {
    for (changes, wanted) in [
        (json!({}), STANDARD.encode(CALLBACK)),
        (json!({ "callback": "" }), "vendors-own".to_owned()),
        (
            json!({ "encodedCallback": null }),
            STANDARD.encode(CALLBACK),
        ),
    ] {
        let grant = ticket(changes).to_string();
        let script = || ScriptedTransport::new([Reply::json(grant.as_str()), stored()]);
        let told = of_polyv(&script, RetryPolicy::STANDARD, &|upload| upload, film());
        assert_eq!(header(told.puts()[0], "x-oss-callback"), wanted);
    }
}

#[test]
fn settings_reach_the_requests() {
    let own = Limits {
        total: Some(Duration::from_secs(77)),
        ..Limits::transfer()
    };
    let vendor = Polyv::at(
        "vodkitdemo",
        "test-key-0123456789",
        "https://api.example.test".parse().unwrap(),
    )
    .unwrap();
    let session = Session::new(vendor);
    let told = Arc::new(Mutex::new(Vec::new()));
    let created = Arc::new(Mutex::new(Vec::new()));
    let (sink, videos) = (told.clone(), created.clone());
    let grant = ticket(json!({})).to_string();
    let transport = ScriptedTransport::new([Reply::json(grant), stored()]);
    let uploaded = block_on(
        Run::new(&transport, Upload::new(&session, film()))
            .title("光合作用")
            .order(|order| order.cataid("7").keepsource(Switch::On))
            .order(|mut order| {
                // What the file has counts.
                order.filesize = 1;
                order
            })
            .limits(own)
            .created(move |vid| videos.lock().unwrap().push(vid.to_owned()))
            .progress(ProgressSink::new(move |progress| {
                sink.lock().unwrap().push(progress);
            })),
    )
    .unwrap();
    assert_eq!(uploaded.vid, VIDEO);
    let log = transport.log();
    for pair in [
        "title=%E5%85%89%E5%90%88%E4%BD%9C%E7%94%A8",
        "cataid=7",
        "keepsource=1",
        "autoid=1",
        "filesize=17",
        "uploadType=java_sdk_chunk_v1",
    ] {
        assert!(log[0].contains(pair), "{pair}: {}", log[0]);
    }
    let sent = transport.sent();
    assert_eq!((sent[0].limits, sent[1].limits), (Limits::call(), own));
    assert!(sent[0].observers.progress.is_none());
    let total = CONTENT.len() as u64;
    assert_eq!(*told.lock().unwrap(), [Progress { sent: total, total }]);
    assert_eq!(*created.lock().unwrap(), [VIDEO]);

    let transport = ScriptedTransport::new([Reply::json(ticket(json!({})).to_string()), stored()]);
    Run::new(&transport, Upload::new(&session, film()))
        .send()
        .unwrap();
    let log = transport.log();
    assert!(
        log[0].contains("title=%E7%AC%AC%E4%B8%80%E8%AF%BE%201.MP4"),
        "{}",
        log[0]
    );
    assert_eq!(transport.sent()[1].limits, Limits::transfer());
}

#[test]
fn creating_a_video_is_not_repeated() {
    let script = || {
        ScriptedTransport::new([Reply::fails(
            vodkit_request::transport::TransportErrorKind::Interrupted,
        )])
    };
    let told = of_polyv(&script, RetryPolicy::STANDARD, &|upload| upload, film());
    assert_eq!(
        told.error().kind(),
        vodkit_request::ErrorKind::OutcomeUnknown
    );
    assert_eq!(told.sent.len(), 1);
}

/// An outage is not amplified: the retries of all uploads of an account draw on one budget, which successes fill again.
#[test]
fn retries_draw_on_the_budget_of_the_account() {
    use vodkit_request::transport::TransportErrorKind::Connect;
    let vendor = Polyv::at(
        "vodkitdemo",
        "test-key-0123456789",
        "https://api.example.test".parse().unwrap(),
    )
    .unwrap();
    let session = Session::new(vendor);
    let ticket = || Reply::json(ticket(json!({})).to_string());
    let puts = |replies: Vec<Reply>| {
        let transport = ScriptedTransport::new([ticket()].into_iter().chain(replies));
        let ended = Run::new(&transport, Upload::new(&session, film())).send();
        (ended.is_ok(), transport.sent().len() - 1)
    };
    let outage = || puts((0..3).map(|_| Reply::fails(Connect)).collect());
    let tries: usize = (0..60).map(|_| outage().1).sum();
    // 500 units at 14 a retry; each order that succeeds in between gives one back.
    let retries = tries - 60;
    assert!((35..=40).contains(&retries), "{retries}");
    // Two orders a round, one of them by its upload: after so many there is room for a retry again, and it gives its price back.
    for _ in 0..10 {
        assert_eq!(puts(vec![stored()]), (true, 1));
    }
    let after_one_failure = || puts(vec![Reply::fails(Connect), stored()]);
    for _ in 0..5 {
        assert_eq!(after_one_failure(), (true, 2));
    }
}

#[test]
fn a_reply_without_a_video_may_have_created_one() {
    for vid in [json!(null), json!("")] {
        let grant = ticket(json!({ "vid": vid })).to_string();
        let script = || ScriptedTransport::new([Reply::json(grant.as_str())]);
        let told = of_polyv(&script, RetryPolicy::STANDARD, &|upload| upload, film());
        let error = told.error();
        assert!(error.maybe_sent() && error.created().is_none());
        let words = error.to_string();
        assert!(
            words.contains("names no video") && words.contains("looks for it"),
            "{words}"
        );
    }
}
