//! `vodkit trigger --tamper` to services that verify, that do not, and that fail.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::callbacks::{trigger, with_keys};
use crate::server::{Server, reply};

/// A service that takes everything: whoever sends it a changed callback learns of it.
#[test]
fn a_service_that_does_not_verify_is_found_out() {
    for vendor_and_event in [
        ["baijiayun", "20"],
        ["polyv", "nopass"],
        ["quvideo", "SnapshotComplete"],
    ] {
        let server = Server::start(Some(reply("200 OK", "application/json", r#"{"code":0}"#)));
        let whole = trigger(&mut with_keys(), &vendor_and_event, &server.base_url);
        assert_eq!(whole.data()["accepted"], true);
        let args = [vendor_and_event[0], vendor_and_event[1], "--tamper"];
        let failure = trigger(&mut with_keys(), &args, &server.base_url).error_after_output(8);
        assert_eq!(failure["kind"], "verification");
        assert!(
            failure["message"]
                .as_str()
                .unwrap()
                .contains("changed after signing")
        );
    }
    let server = Server::start(Some(reply("200 OK", "text/plain", "ok")));
    let failure = trigger(&mut with_keys(), &["baijiayun", "20"], &server.base_url);
    assert!(
        failure.error_after_output(1)["message"]
            .as_str()
            .unwrap()
            .contains("code 0")
    );
}

/// Whoever refuses everything has not refused the change.
#[test]
fn a_service_that_fails_is_not_taken_for_one_that_verifies() {
    let forbidden = reply("403 Forbidden", "text/plain", "");
    let good = || reply("200 OK", "application/json", r#"{"code":0}"#);
    for vendor_and_event in [["baijiayun", "20"], ["polyv", "pass"]] {
        let args = [vendor_and_event[0], vendor_and_event[1], "--tamper"];
        let server = Server::start(Some(forbidden.clone()));
        let failure = trigger(&mut with_keys(), &args, &server.base_url).error_after_output(1);
        assert_eq!(failure["kind"], "refused");
        assert_eq!(server.asked(), 1, "a change was sent in vain");
        for (second, code) in [
            (reply("404 Not Found", "text/plain", ""), 1),
            (reply("405 Method Not Allowed", "text/plain", ""), 1),
            (reply("500 Internal Server Error", "text/plain", ""), 1),
            (forbidden.clone(), 0),
            (good(), 8),
        ] {
            let came = AtomicUsize::new(0);
            let (first, then) = (good(), second.clone());
            let server = Server::answering(move |_, _| {
                let again = came.fetch_add(1, Ordering::SeqCst) > 0;
                Some(if again { then.clone() } else { first.clone() })
            });
            let ran = trigger(&mut with_keys(), &args, &server.base_url);
            match code {
                0 => assert_eq!(ran.data()["accepted"], false),
                code => drop(ran.error_after_output(code)),
            }
            assert_eq!(server.asked(), 2);
        }
    }
    // Baijiayun's answer says yes or no with a code; without one it says nothing.
    let came = AtomicUsize::new(0);
    let server = Server::answering(move |_, _| {
        let again = came.fetch_add(1, Ordering::SeqCst) > 0;
        Some(if again {
            reply("200 OK", "text/html", "ok")
        } else {
            good()
        })
    });
    let args = ["baijiayun", "20", "--tamper"];
    let failure = trigger(&mut with_keys(), &args, &server.base_url).error_after_output(1);
    assert!(
        failure["message"]
            .as_str()
            .unwrap()
            .contains("no refusal: it answered 200")
    );
}
