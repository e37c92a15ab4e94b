//! What a call does when things go wrong, each scenario run by the blocking and by the async driver with equal logs.

#![cfg(all(feature = "async", feature = "baijiayun"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use drivers::{
    KEY, OK_STATUS, WRONG_SIGN, block_on, both, key_reply, secret_only, sends, session, value,
};
use vodkit_request::baijiayun::{AddCategory, DeleteVideo, GetInfo, GetStatus, GetVideoList};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::transport::TransportErrorKind::{
    Connect, Interrupted, LocalFile, ResponseTooLarge, Timeout,
};
use vodkit_request::{Call, ErrorKind, RetryPolicy};

const BUSY: &str = r#"{"code":429,"data":null,"msg":"slow down"}"#;

#[test]
fn a_read_is_repeated_with_a_new_time_stamp_and_a_new_signature() {
    for lost in [Timeout, Interrupted, Connect] {
        let script = || {
            ScriptedTransport::new([
                Reply::fails(lost),
                Reply::status(503, "busy").header("retry-after", "2"),
                Reply::json(OK_STATUS),
            ])
            .entropy(3)
        };
        let (result, log) = both(script, session, GetStatus::new(7));
        assert!(result.is_ok());
        let sends = sends(&log);
        assert_eq!(sends.len(), 3);
        assert!(log.iter().any(|line| line == "sleep 2000 ms"), "{log:?}");
        assert_ne!(value(sends[0], "timestamp"), value(sends[2], "timestamp"));
        assert_ne!(value(sends[0], "sign"), value(sends[2], "sign"));
    }
}

#[test]
fn a_write_whose_reply_is_lost_is_not_repeated() {
    for lost in [Timeout, Interrupted] {
        let (result, log) = both(
            || ScriptedTransport::new([Reply::fails(lost)]),
            session,
            AddCategory::new("x"),
        );
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        assert!(error.maybe_sent());
        assert_eq!(error.attempts(), 1);
        assert!(error.to_string().contains("outcome is unknown"), "{error}");
        assert_eq!(sends(&log).len(), 1);
    }
    let (result, _) = both(
        || ScriptedTransport::new([Reply::status(502, "<html>")]),
        session,
        DeleteVideo::new(7),
    );
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        error.maybe_sent() && error.to_string().contains("outcome is unknown"),
        "{error}"
    );
}

#[test]
fn a_write_that_was_not_sent_is_repeated() {
    let ok = r#"{"code":0,"data":{"video_id":7},"msg":""}"#;
    let (result, log) = both(
        || ScriptedTransport::new([Reply::fails(Connect), Reply::json(BUSY), Reply::json(ok)]),
        session,
        DeleteVideo::new(7),
    );
    assert!(result.is_ok());
    assert_eq!(sends(&log).len(), 3);
}

#[test]
fn attempts_end_and_the_error_says_how_many() {
    let (result, _) = both(
        || {
            ScriptedTransport::new([
                Reply::fails(Connect),
                Reply::fails(Connect),
                Reply::fails(Connect),
            ])
        },
        session,
        GetStatus::new(7),
    );
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts(), error.maybe_sent()),
        (ErrorKind::Connect, 3, false)
    );
    assert!(
        error.to_string().starts_with("video/getStatus: ")
            && error.to_string().contains("after 3 attempts")
            && error.to_string().contains("demo.at.example.test: "),
        "{error}"
    );

    let never = || session().with_retry(RetryPolicy::NEVER);
    let (result, _) = both(
        || ScriptedTransport::new([Reply::fails(Connect)]),
        never,
        GetStatus::new(7),
    );
    assert_eq!(result.unwrap_err().attempts(), 1);
}

#[test]
fn local_failures_are_final() {
    for (kind, expected) in [
        (LocalFile, ErrorKind::LocalFile),
        (ResponseTooLarge, ErrorKind::Decode),
    ] {
        let (result, _) = both(
            || ScriptedTransport::new([Reply::fails(kind)]),
            session,
            GetStatus::new(7),
        );
        assert_eq!(result.unwrap_err().kind(), expected);
    }
}

#[test]
fn a_refusal_keeps_code_message_and_hint() {
    let (result, _) = both(
        || {
            ScriptedTransport::new([Reply::json(
                r#"{"code":"5002","data":"","msg":"no such\nvideo"}"#,
            )])
        },
        session,
        GetInfo::new(7),
    );
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.message()),
        (ErrorKind::Refused, Some("5002"), "no such video")
    );
    assert_eq!(error.to_string().lines().count(), 1);
    assert!(error.hint().is_some());
    assert!(!error.maybe_sent());

    let (result, _) = both(
        || ScriptedTransport::new([Reply::json(r#"{"code":777001,"data":[],"msg":""}"#)]),
        session,
        GetInfo::new(7),
    );
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Refused, Some("777001"))
    );
}

#[test]
fn the_vendor_cannot_make_us_print_the_key() {
    let echo = format!(r#"{{"code":1,"data":null,"msg":"bad key {KEY} given"}}"#);
    let (result, _) = both(
        || ScriptedTransport::new([Reply::json(echo.as_str())]),
        session,
        GetInfo::new(7),
    );
    let error = result.unwrap_err();
    assert_eq!(error.message(), "bad key *** given");
    assert!(!format!("{error:?}").contains(KEY));
}

#[test]
fn what_is_not_the_vendors_reply_is_told_so() {
    let cases = [
        (Reply::json("<html>login</html>"), ErrorKind::Decode, "HTML"),
        (
            Reply::json(r#"{"code":0,"data":{"status":1"#),
            ErrorKind::Decode,
            "not complete JSON",
        ),
        (Reply::json(""), ErrorKind::Decode, "empty"),
        (
            Reply::json(r#"{"code":0,"data":{"status":{}}}"#),
            ErrorKind::Decode,
            "data.status",
        ),
        (
            Reply::json(r#"{"code":0,"data":null,"msg":""}"#),
            ErrorKind::Decode,
            "no an object (StatusReport)",
        ),
        (
            Reply::status(302, "").header("location", "http://elsewhere.example.test/"),
            ErrorKind::Refused,
            "redirects are not followed",
        ),
        (
            Reply::status(403, "<html>"),
            ErrorKind::Credential,
            "HTTP 403",
        ),
    ];
    for (reply, kind, text) in cases {
        let (result, _) = both(
            || ScriptedTransport::new([reply.clone()]),
            session,
            GetStatus::new(7),
        );
        let error = result.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(error.to_string().lines().count(), 1);
    }
}

#[test]
fn bad_input_is_refused_before_anything_is_sent() {
    let nothing = || ScriptedTransport::new([]);
    let (result, log) = both(nothing, session, GetInfo::new(0));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidInput);
    assert!(log.is_empty());

    let (result, log) = both(nothing, session, GetVideoList::new().page_size(1001));
    let line = result.unwrap_err().to_string();
    assert!(line.contains("video/getVideoList: parameter `page_size`: 1001 is above the largest allowed value 1000"), "{line}");
    assert!(log.is_empty());

    let (result, _) = both(nothing, session, AddCategory::new("长".repeat(256)));
    assert!(
        result
            .unwrap_err()
            .to_string()
            .contains("256 characters, at most 255")
    );

    let (transport, session) = (ScriptedTransport::new([]), session());
    let error = Call::new(&transport, &session, GetInfo::new(7))
        .undocumented("timestamp", 1_700_000_000_000_i64)
        .send()
        .unwrap_err();
    assert!(
        error.kind() == ErrorKind::InvalidInput && error.to_string().contains("timestamp"),
        "{error}"
    );
    let error = Call::new(&transport, &session, GetInfo::new(7))
        .undocumented("sign", "x")
        .send()
        .unwrap_err();
    assert!(error.to_string().contains("vodkit computes it"), "{error}");
    assert!(transport.log().is_empty());
}

#[test]
fn a_wrong_clock_is_corrected_once() {
    // Our clock is a day ahead; the server says so in `Date`.
    let late = || {
        ScriptedTransport::new([
            Reply::json(WRONG_SIGN).header("date", "Tue, 14 Nov 2023 22:13:20 GMT"),
            Reply::json(OK_STATUS).header("date", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ])
        .clock_offset(86_400_000)
    };
    let (result, log) = both(late, session, GetStatus::new(7));
    assert!(result.is_ok());
    assert_eq!(value(&log[0], "timestamp"), "1700086400");
    assert_eq!(value(&log[1], "timestamp"), "1700000000");

    let cached = || {
        ScriptedTransport::new([Reply::json(WRONG_SIGN)
            .header("date", "Tue, 14 Nov 2023 22:13:20 GMT")
            .header("age", "5")])
        .clock_offset(86_400_000)
    };
    let (result, _) = both(cached, session, GetStatus::new(7));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Credential);

    let right = || {
        ScriptedTransport::new([
            Reply::json(WRONG_SIGN).header("date", "Tue, 14 Nov 2023 22:13:21 GMT")
        ])
    };
    let (result, _) = both(right, session, GetStatus::new(7));
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Credential);
}

#[test]
fn the_partner_key_is_fetched_with_the_secret_key_and_renewed_once() {
    let script = || {
        ScriptedTransport::new([
            key_reply("old-key"),
            Reply::json(WRONG_SIGN),
            key_reply("new-key"),
            Reply::json(OK_STATUS),
        ])
    };
    let (result, log) = both(script, secret_only, GetStatus::new(7));
    assert!(result.is_ok());
    assert!(log[0].contains("/openapi/partner/createkey"), "{}", log[0]);
    assert!(
        !log[0].contains("sign=")
            && !log[0].contains("regenerate")
            && !log[0].contains("timestamp="),
        "{}",
        log[0]
    );
    assert_ne!(value(&log[1], "sign"), value(&log[3], "sign"));

    let twice = || {
        ScriptedTransport::new([
            key_reply("a"),
            Reply::json(WRONG_SIGN),
            key_reply("b"),
            Reply::json(WRONG_SIGN),
        ])
    };
    let (result, _) = both(twice, secret_only, GetStatus::new(7));
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.attempts()),
        (ErrorKind::Credential, Some("1002"), 2)
    );

    let refused = || {
        ScriptedTransport::new([Reply::json(
            r#"{"code":2001,"data":null,"msg":"no such account"}"#,
        )])
    };
    let (result, _) = both(refused, secret_only, AddCategory::new("x"));
    let error = result.unwrap_err();
    assert!(
        error.kind() == ErrorKind::Credential && !error.maybe_sent(),
        "{error}"
    );

    // The login of a write may be repeated: the write itself was not sent yet.
    let lost = || {
        ScriptedTransport::new([
            Reply::fails(Timeout),
            key_reply("a"),
            Reply::json(r#"{"code":0,"data":{"id":1},"msg":""}"#),
        ])
    };
    let (result, _) = both(lost, secret_only, AddCategory::new("x"));
    assert!(result.is_ok(), "{:?}", result.err());
}

#[test]
fn one_login_serves_all_and_a_cancelled_one_gives_its_place_back() {
    use vodkit_request::exec::Exec;
    use vodkit_request::flow::{Event, Flow, Step};
    use vodkit_request::{Tick, Timestamp};
    let session = secret_only();
    let tick = Tick {
        now: Timestamp(1_700_000_000_000),
        ..Tick::default()
    };
    let mut first = Exec::new(&session, GetStatus::new(1));
    let mut second = Exec::new(&session, GetStatus::new(2));
    assert!(
        matches!(first.advance(tick, Event::Start), Ok(Step::Send(login)) if login.request.uri().path().ends_with("createkey"))
    );
    assert!(matches!(
        second.advance(tick, Event::Start),
        Ok(Step::Sleep(_))
    ));
    drop(first);
    let Ok(Step::Send(login)) = second.advance(tick, Event::Woken) else {
        panic!("the place was not given back")
    };
    assert!(login.request.uri().path().ends_with("createkey"));
    let reply = http::Response::new(bytes::Bytes::from(
        r#"{"code":0,"data":{"partner_key":"k"},"msg":""}"#,
    ));
    assert!(
        matches!(second.advance(tick, Event::Response(reply)), Ok(Step::Send(call)) if call.request.uri().path().ends_with("getStatus"))
    );
    let mut third = Exec::new(&session, GetStatus::new(3));
    assert!(
        matches!(third.advance(tick, Event::Start), Ok(Step::Send(call)) if call.request.uri().path().ends_with("getStatus"))
    );
}

#[test]
fn an_outage_is_not_amplified() {
    let session = session();
    let mut sent = 0;
    for _ in 0..1000 {
        let down = ScriptedTransport::new((0..3).map(|_| Reply::status(503, "down")));
        assert!(
            Call::new(&down, &session, GetStatus::new(7))
                .send()
                .is_err()
        );
        sent += down.sent().len();
    }
    assert!(sent <= 1000 + 36, "{sent} requests for 1000 calls");
    // It recovers: successes refill the budget until a retry is possible again.
    for _ in 0..40 {
        let up = ScriptedTransport::new([Reply::json(OK_STATUS)]);
        assert!(Call::new(&up, &session, GetStatus::new(7)).send().is_ok());
    }
    let hiccup = ScriptedTransport::new([Reply::status(503, "down"), Reply::json(OK_STATUS)]);
    assert!(
        Call::new(&hiccup, &session, GetStatus::new(7))
            .send()
            .is_ok()
    );
}

fn list_page(total: u64, page: u64, size: u64, ids: std::ops::Range<u64>) -> Reply {
    let items = ids
        .map(|id| format!(r#"{{"video_id":{id},"status":100}}"#))
        .collect::<Vec<_>>()
        .join(",");
    Reply::json(format!(
        r#"{{"code":0,"data":{{"total":"{total}","page":{page},"page_size":"{size}","list":[{items}]}},"msg":""}}"#
    ))
}

fn page_through(script: impl Fn() -> ScriptedTransport) -> (Vec<u64>, usize) {
    let (blocking, one) = (script(), session());
    let ids: Vec<u64> = Call::new(&blocking, &one, GetVideoList::new().page_size(2))
        .pages()
        .flat_map(|page| page.unwrap())
        .map(|video| video.video_id)
        .collect();
    let (asynchronous, two) = (script(), session());
    let other = block_on(async {
        let mut pages = Call::new(&asynchronous, &two, GetVideoList::new().page_size(2)).pages();
        let mut ids = Vec::new();
        while let Some(page) = pages.next_page().await {
            ids.extend(page.unwrap().into_iter().map(|video| video.video_id));
        }
        assert_eq!(pages.seen(), ids.len() as u64);
        ids
    });
    assert_eq!(ids, other);
    assert_eq!(blocking.log(), asynchronous.log());
    assert_eq!(blocking.unused(), 0);
    (ids, blocking.sent().len())
}

#[test]
fn paging_ends_where_the_list_ends_whatever_the_total_says() {
    // A right total, with a short last page.
    let (ids, sent) = page_through(|| {
        ScriptedTransport::new([list_page(3, 1, 2, 0..2), list_page(3, 2, 2, 2..3)])
    });
    assert_eq!((ids, sent), (vec![0, 1, 2], 2));
    // A total that is too low must not hide elements.
    let (ids, _) = page_through(|| {
        ScriptedTransport::new([
            list_page(1, 1, 2, 0..2),
            list_page(1, 2, 2, 2..4),
            list_page(1, 3, 2, 4..4),
        ])
    });
    assert_eq!(ids, vec![0, 1, 2, 3]);
    // A total that is too high ends with an empty page.
    let (ids, _) = page_through(|| {
        ScriptedTransport::new([list_page(9, 1, 2, 0..2), list_page(9, 2, 2, 2..2)])
    });
    assert_eq!(ids, vec![0, 1]);
    // A service that answers the last page again past the end, with a total that is too high.
    let (ids, _) = page_through(|| {
        ScriptedTransport::new([
            list_page(9, 1, 2, 0..2),
            list_page(9, 2, 2, 0..2),
            list_page(9, 3, 2, 0..2),
            list_page(9, 4, 2, 0..2),
        ])
    });
    assert_eq!(ids, vec![0, 1]);
    // A list that grew meanwhile: the second page repeats the first by chance, and the third is not lost.
    let (ids, _) = page_through(|| {
        ScriptedTransport::new([
            list_page(4, 1, 2, 0..2),
            list_page(4, 2, 2, 0..2),
            list_page(4, 3, 2, 2..4),
            list_page(4, 4, 2, 4..4),
        ])
    });
    assert_eq!(ids, vec![0, 1, 2, 3]);
    // A service that gives fewer than it says it gives.
    let (ids, _) = page_through(|| {
        ScriptedTransport::new([
            list_page(5, 1, 100, 0..2),
            list_page(5, 2, 100, 2..4),
            list_page(5, 3, 100, 4..5),
        ])
    });
    assert_eq!(ids, vec![0, 1, 2, 3, 4]);
    // A service that lowers the page size without being asked.
    let (ids, _) = page_through(|| {
        ScriptedTransport::new([
            list_page(2, 1, 1, 0..1),
            list_page(2, 2, 1, 1..2),
            list_page(2, 3, 1, 2..2),
        ])
    });
    assert_eq!(ids, vec![0, 1]);
}

#[test]
fn pages_stop_after_an_error() {
    let transport = ScriptedTransport::new([list_page(9, 1, 2, 0..2), Reply::json(WRONG_SIGN)]);
    let session = session();
    let mut pages = Call::new(&transport, &session, GetVideoList::new().page_size(2)).pages();
    assert!(pages.next().unwrap().is_ok());
    assert!(pages.next().unwrap().is_err());
    assert!(pages.next().is_none());
}
