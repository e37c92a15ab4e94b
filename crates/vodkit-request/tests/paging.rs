//! Lists in pages: what is asked for, and where a list ends.

#![cfg(all(feature = "async", feature = "baijiayun"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use std::time::Duration;

use drivers::{block_on, session, value};
use vodkit_request::baijiayun::{GetCategoryVideo, GetVideoList};
use vodkit_request::testing::{Reply, ScriptedTransport};
use vodkit_request::{Call, ErrorKind, Limits};

/// A page; the total and the size are left out when there is none.
fn page(total: Option<u64>, size: Option<u64>, ids: &[u64]) -> Reply {
    let items: Vec<String> = ids
        .iter()
        .map(|id| format!(r#"{{"video_id":{id},"status":100}}"#))
        .collect();
    let number = |name, value: Option<u64>| {
        value.map_or(String::new(), |value| format!(r#""{name}":{value},"#))
    };
    Reply::json(format!(
        r#"{{"code":0,"data":{{{}{}"list":[{}]}},"msg":""}}"#,
        number("total", total),
        number("page_size", size),
        items.join(",")
    ))
}

/// Goes through all pages under both drivers; gives the ids and the numbers of the pages that were asked for.
fn through(first: GetVideoList, script: &[Reply]) -> (Vec<u64>, Vec<String>) {
    let own = Limits {
        stall: Duration::from_secs(3),
        ..Limits::call()
    };
    let (blocking, one) = (ScriptedTransport::new(script.to_vec()), session());
    let mut pages = Call::new(&blocking, &one, first.clone())
        .limits(own)
        .undocumented("lang", "zh")
        .pages();
    let mut ids: Vec<u64> = Vec::new();
    for page in pages.by_ref() {
        ids.extend(page.unwrap().iter().map(|video| video.video_id));
    }
    assert_eq!(pages.seen(), ids.len() as u64);
    assert!(pages.next().is_none());
    assert_eq!(
        format!("{pages:?}"),
        format!("Pages {{ seen: {}, .. }}", ids.len())
    );

    let (asynchronous, two) = (ScriptedTransport::new(script.to_vec()), session());
    let other = block_on(async {
        let mut pages = Call::new(&asynchronous, &two, first)
            .limits(own)
            .undocumented("lang", "zh")
            .pages();
        let mut ids = Vec::new();
        while let Some(page) = pages.next_page().await {
            ids.extend(page.unwrap().into_iter().map(|video| video.video_id));
        }
        assert!(pages.next_page().await.is_none());
        ids
    });
    assert_eq!(ids, other);
    assert_eq!(blocking.log(), asynchronous.log());
    assert_eq!(blocking.unused(), 0, "{:#?}", blocking.log());
    for out in blocking.sent().iter().chain(&asynchronous.sent()) {
        assert_eq!(out.limits, own, "each page has the limits of the call");
    }
    let asked = blocking
        .log()
        .iter()
        .map(|line| {
            assert_eq!(value(line, "lang"), "zh");
            if line.contains("&page=") {
                value(line, "page").to_owned()
            } else {
                String::new()
            }
        })
        .collect();
    (ids, asked)
}

fn by_two() -> GetVideoList {
    GetVideoList::new().page_size(2)
}

#[test]
fn pages_are_asked_for_in_order_from_the_first() {
    let script = [
        page(Some(5), Some(2), &[1, 2]),
        page(Some(5), Some(2), &[3, 4]),
        page(Some(5), Some(2), &[5]),
    ];
    let (ids, asked) = through(by_two(), &script);
    assert_eq!(ids, [1, 2, 3, 4, 5]);
    assert_eq!(asked, ["", "2", "3"]);
}

#[test]
fn a_list_can_begin_at_a_later_page() {
    // What lies before counts towards the total: two of four before page 2, so one of page 2 leaves one more.
    let script = [page(Some(4), Some(2), &[3]), page(Some(4), Some(2), &[4])];
    let (ids, asked) = through(by_two().page(2), &script);
    assert_eq!(ids, [3, 4]);
    assert_eq!(asked, ["2", "3"]);
    let script = [page(Some(3), Some(2), &[3])];
    let (ids, asked) = through(by_two().page(2), &script);
    assert_eq!((ids, asked), (vec![3], vec!["2".to_owned()]));
}

#[test]
fn a_short_page_in_the_middle_ends_nothing_while_elements_are_missing() {
    let script = [
        page(Some(6), Some(2), &[1, 2]),
        page(Some(6), Some(2), &[3]),
        page(Some(6), Some(2), &[4, 5]),
        page(Some(6), Some(2), &[6]),
    ];
    assert_eq!(through(by_two(), &script).0, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn without_a_total_a_short_page_is_the_last() {
    let script = [page(None, None, &[1, 2]), page(None, None, &[3])];
    assert_eq!(through(by_two(), &script).0, [1, 2, 3]);
    let script = [page(None, None, &[1, 2]), page(None, None, &[])];
    assert_eq!(through(by_two(), &script).0, [1, 2]);
    // A size of nothing says nothing.
    let script = [page(None, Some(0), &[1, 2]), page(None, Some(0), &[3])];
    assert_eq!(through(by_two(), &script).0, [1, 2, 3]);
    let script = [page(None, None, &[])];
    assert!(through(by_two(), &script).0.is_empty());
    // The size that the reply tells goes before the one asked for.
    let script = [page(None, Some(1), &[1]), page(None, Some(1), &[])];
    assert_eq!(through(by_two(), &script).0, [1]);
}

#[test]
fn a_repeated_page_is_the_end_unless_elements_are_missing() {
    let again = page(Some(2), Some(2), &[1, 2]);
    let (ids, asked) = through(by_two(), &[again.clone(), again]);
    assert_eq!((ids, asked.len()), (vec![1, 2], 2));
    let again = page(None, Some(2), &[1, 2]);
    let (ids, asked) = through(by_two(), &[again.clone(), again]);
    assert_eq!((ids, asked.len()), (vec![1, 2], 2));
    // Missing elements: repeats are passed over, three in a row end it, and each new page counts anew.
    let (a, b) = (
        page(Some(6), Some(2), &[1, 2]),
        page(Some(6), Some(2), &[3, 4]),
    );
    let script = [
        a.clone(),
        a.clone(),
        a,
        b.clone(),
        b.clone(),
        b,
        page(Some(6), Some(2), &[5, 6]),
        page(Some(6), Some(2), &[]),
    ];
    let (ids, asked) = through(by_two(), &script);
    assert_eq!(ids, [1, 2, 3, 4, 5, 6]);
    assert_eq!(asked, ["", "2", "3", "4", "5", "6", "7", "8"]);
}

#[test]
fn pages_stop_after_an_error_under_both_drivers() {
    let script = || {
        ScriptedTransport::new([
            page(Some(9), Some(2), &[1, 2]),
            Reply::json(r#"{"code":1001,"data":null,"msg":"no"}"#),
            page(Some(9), Some(2), &[3, 4]),
        ])
    };
    let (transport, session) = (script(), session());
    let mut pages = Call::new(&transport, &session, GetCategoryVideo::new(7).page_size(2)).pages();
    assert!(pages.next().unwrap().is_ok());
    let error = pages.next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(pages.next().is_none());
    assert_eq!((pages.seen(), transport.unused()), (2, 1));

    let transport = script();
    block_on(async {
        let mut pages =
            Call::new(&transport, &session, GetCategoryVideo::new(7).page_size(2)).pages();
        assert!(pages.next_page().await.unwrap().is_ok());
        assert!(pages.next_page().await.unwrap().is_err());
        assert!(pages.next_page().await.is_none());
    });
    assert_eq!(transport.unused(), 1);
}
