//! Where callbacks may go, and what is told of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use vodkit_emulator::baijiayun::Account;
use vodkit_emulator::{CallbackOutcome, Effect, Emulator, StartError};

use crate::callbacks::{OK, TRANSCODE, builder};
use crate::client::vendor_with;
use crate::receiver::{Receiver, SOON, attempts, field};

#[test]
fn nothing_leaves_the_machine_unless_told_so() {
    let vendor = vendor_with(Emulator::builder().transcode_time(Duration::ZERO));
    let set = "video_account/setTranscodeCallbackUrl";
    for (url, shown, why) in [
        (
            "http://192.0.2.1:80/hook?key=hush",
            "http://192.0.2.1:80/hook",
            "is not this machine",
        ),
        (
            "http://app.example.test/hook",
            "http://app.example.test/hook",
            "is not this machine",
        ),
        (
            "https://127.0.0.1/hook?key=hush",
            "https://127.0.0.1/hook",
            "needs TLS",
        ),
        ("http://u:hush@127.0.0.1/", "http://127.0.0.1/", "user name"),
    ] {
        vendor.emulator.reset();
        vendor.call(set, &[("url", url)]);
        vendor.film("lesson.mp4", b"one");
        assert!(vendor.emulator.wait_for_callbacks(SOON));
        // Another attempt would fail alike.
        vendor.emulator.advance(Duration::from_secs(3600));
        assert!(vendor.emulator.wait_for_callbacks(SOON));
        let told = attempts(&vendor.emulator);
        assert_eq!(told.len(), 2, "{url}");
        for (_, number, outcome, record) in told {
            assert_eq!((number, outcome), (1, CallbackOutcome::NotSent), "{url}");
            let line = record.to_string();
            assert!(line.contains(why) && line.contains("not sent"), "{line}");
            assert!(!format!("{record:?}{line}").contains("hush"), "{line}");
            let Effect::CallbackAttempted { url: have, .. } = &record.effects[0] else {
                panic!("{record:?}");
            };
            assert_eq!(have, shown);
        }
    }
}

#[test]
fn told_otherwise_it_goes_elsewhere() {
    let receiver = Receiver::agreeing(OK);
    // No loopback address, and yet one that leads nowhere but here.
    let url = receiver.url("/hook").replace("127.0.0.1", "0.0.0.0");
    for (anywhere, outcome) in [
        (false, CallbackOutcome::NotSent),
        (true, CallbackOutcome::Accepted),
    ] {
        let account = Account::new(4711, "key", "secret").with_callback_url(&url);
        let builder = Emulator::builder().transcode_time(TRANSCODE);
        let vendor = vendor_with(builder.baijiayun(account).callbacks_anywhere(anywhere));
        vendor.film("lesson.mp4", b"one");
        assert_eq!(
            receiver.taken(&vendor.emulator).len(),
            usize::from(anywhere)
        );
        assert_eq!(attempts(&vendor.emulator)[0].2, outcome);
    }
}

#[test]
fn names_below_localhost_are_this_machine() {
    let receiver = Receiver::agreeing(OK);
    let port = receiver.url("").rsplit_once(':').unwrap().1.to_owned();
    let vendor = vendor_with(Emulator::builder().transcode_time(TRANSCODE));
    for host in ["localhost", "app.localhost", "127.0.0.1"] {
        let url = format!("http://{host}:{port}/hook");
        vendor.call("video_account/setTranscodeCallbackUrl", &[("url", &url)]);
        vendor.film("lesson.mp4", b"one");
        let told = receiver.taken(&vendor.emulator);
        assert_eq!(told.len(), 1, "{host}");
        assert_eq!(
            told[0].header("host"),
            Some(format!("{host}:{port}").as_str())
        );
    }
}

#[test]
fn addresses_in_the_settings_are_checked_at_the_start() {
    for url in [
        "https://localhost/",
        "localhost:80",
        "",
        "http://u:p@localhost/",
    ] {
        let account = Account::default().with_callback_url(url);
        let error = Emulator::builder().baijiayun(account).start().unwrap_err();
        assert!(matches!(error, StartError::Setting(_)), "{url}");
        assert!(
            error.to_string().starts_with("baijiayun's callback_url: "),
            "{error}"
        );
    }
}

#[test]
fn the_line_of_an_attempt_has_no_secret() {
    let receiver = Receiver::agreeing(OK);
    let log = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&log);
    let builder = builder(&receiver);
    let vendor =
        vendor_with(builder.log(move |record| sink.lock().unwrap().push(record.to_string())));
    vendor.film("lesson.mp4", b"one");
    let told = receiver.taken(&vendor.emulator);
    let sign = field(&told[0].form(), "sign").to_owned();
    let (_, _, _, record) = attempts(&vendor.emulator).remove(0);
    let (base, line) = (receiver.url("/hooks/bjy"), record.to_string());
    assert_eq!(
        line,
        format!("POST /hooks/bjy callback 200 0 status 20 to {base}, accepted")
    );
    // The log gets the same line, a moment after the journal.
    for _ in 0..2000 {
        if log.lock().unwrap().contains(&line) {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(log.lock().unwrap().contains(&line));
    let everything = format!("{:?}", vendor.emulator.journal());
    for secret in [sign.as_str(), "shop=7", "key-of-4711"] {
        assert!(!everything.contains(secret), "{secret}");
    }
}
