//! Callback section 3, received by a server made by hand, with signatures made once more.

use std::time::{Duration, Instant};

use serde_json::Value;
use vodkit_emulator::baijiayun::Account;
use vodkit_emulator::outcome::{Becomes, Outcome};
use vodkit_emulator::{Builder, CallbackOutcome, Emulator};

use crate::client::{Vendor, content, now, vendor_with};
use crate::receiver::{Answer, Received, Receiver, SOON, attempts, field, md5_lower, names, pass};

pub(crate) const TRANSCODE: Duration = Duration::from_secs(3);
pub(crate) const OK: &str = r#"{"code":0}"#;

pub(crate) fn builder(receiver: &Receiver) -> Builder {
    let account = Account::new(4711, "key-of-4711", "secret-of-4711")
        .with_callback_url(receiver.url("/hooks/bjy?shop=7&name=a%20b"));
    Emulator::builder()
        .transcode_time(TRANSCODE)
        .baijiayun(account)
}

fn vendor(receiver: &Receiver) -> Vendor {
    vendor_with(builder(receiver))
}

/// All fields but `sign`, sorted and joined as the page says, with the key at the end.
fn sign_of(fields: &[(String, String)], key: &str) -> String {
    let mut rest: Vec<&(String, String)> =
        fields.iter().filter(|(name, _)| name != "sign").collect();
    rest.sort();
    let mut text = String::new();
    for (name, value) in rest {
        text += &format!("{name}={value}&");
    }
    md5_lower(&format!("{text}partner_key={key}"))
}

/// The fields of a callback that is what it should be.
fn checked(received: &Received, key: &str) -> Vec<(String, String)> {
    assert_eq!(
        (received.method.as_str(), received.path.as_str()),
        ("POST", "/hooks/bjy")
    );
    assert_eq!(received.query.as_deref(), Some("shop=7&name=a%20b"));
    let fields = received.form();
    assert_eq!(field(&fields, "sign"), sign_of(&fields, key));
    fields
}

/// Emulated time from the end of one attempt to the end of the next, of the attempts at an event.
fn gaps(emulator: &Emulator, event: &str) -> Vec<i64> {
    let times: Vec<i64> = attempts(emulator)
        .into_iter()
        .filter(|(have, ..)| have == event)
        .map(|(_, _, _, record)| record.at_ms)
        .collect();
    times.windows(2).map(|two| two[1] - two[0]).collect()
}

#[test]
fn an_upload_and_its_transcoding_are_told() {
    let receiver = Receiver::agreeing(OK);
    let vendor = vendor(&receiver);
    let film = content(4321);
    let id = vendor.film("lesson.mp4", &film);

    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 1);
    let fields = checked(&told[0], "key-of-4711");
    let expected = [
        "partner_id",
        "video_id",
        "status",
        "qid",
        "timestamp",
        "sign",
    ];
    assert_eq!(names(&fields), expected);
    assert_eq!(field(&fields, "partner_id"), "4711");
    assert_eq!(field(&fields, "video_id"), id.to_string());
    assert_eq!(field(&fields, "status"), "20");
    let stamp: u64 = field(&fields, "timestamp").parse().unwrap();
    assert!(stamp.abs_diff(now()) < 30, "{stamp}");
    let first_qid = field(&fields, "qid").to_owned();

    vendor.emulator.advance(TRANSCODE);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 1);
    let fields = checked(&told[0], "key-of-4711");
    let expected = [
        "partner_id",
        "video_id",
        "status",
        "preface_url",
        "total_size",
        "total_transcode_size",
        "length",
        "file_md5",
        "now_definition",
        "origin_definition",
        "qid",
        "timestamp",
        "sign",
    ];
    assert_eq!(names(&fields), expected);
    assert_eq!(field(&fields, "status"), "100");
    assert_ne!(field(&fields, "qid"), first_qid);
    let stamp: u64 = field(&fields, "timestamp").parse().unwrap();
    assert!((now() + 3).abs_diff(stamp) < 30, "{stamp}");

    // The same as getInfo tells.
    let info = vendor.call("video/getInfo", &[("video_id", &id.to_string())]);
    for name in [
        "total_size",
        "total_transcode_size",
        "length",
        "file_md5",
        "origin_definition",
        "preface_url",
    ] {
        let text = match &info[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(field(&fields, name), text, "{name}");
        assert!(!text.is_empty(), "{name}");
    }
    assert_eq!(field(&fields, "now_definition"), "std,super");
    assert_eq!(field(&fields, "file_md5").len(), 32);

    // Nothing more, ever.
    vendor.emulator.advance(Duration::from_secs(86_400));
    assert_eq!(receiver.taken(&vendor.emulator), []);
    let told: Vec<_> = attempts(&vendor.emulator)
        .into_iter()
        .map(|(event, number, outcome, _)| (event, number, outcome))
        .collect();
    let accepted = |event: &str| (event.to_owned(), 1, CallbackOutcome::Accepted);
    assert_eq!(told, [accepted("status 20"), accepted("status 100")]);
}

#[test]
fn a_failed_transcoding_is_told_without_the_fields_of_a_done_one() {
    let receiver = Receiver::agreeing(OK);
    let vendor = vendor(&receiver);
    vendor.film("lesson.xyz", b"no video");
    vendor.emulator.advance(TRANSCODE);
    let told = receiver.taken(&vendor.emulator);
    let fields = checked(&told[1], "key-of-4711");
    assert_eq!(field(&fields, "status"), "30");
    let expected = [
        "partner_id",
        "video_id",
        "status",
        "qid",
        "timestamp",
        "sign",
    ];
    assert_eq!(names(&fields), expected);
}

#[test]
fn what_was_planned_becomes_of_the_next_video_alone() {
    let receiver = Receiver::agreeing(OK);
    let vendor = vendor(&receiver);
    let outcomes = vendor.emulator.outcomes();
    let room = Becomes::Playback {
        room_id: 18_042_812_345_678,
        session_id: Some("201804280".to_owned()),
    };
    outcomes.plan(Outcome::of("baijiayun", room.clone()));
    outcomes.plan(Outcome::of("baijiayun", Becomes::TranscodingFails));
    let id = vendor.film("lesson.mp4", &content(10));
    let next = vendor.film("lesson.mp4", &content(10));
    vendor.emulator.advance(TRANSCODE);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 4);
    let of_this = |id: u64| {
        let id = id.to_string();
        let of_this = told.iter().map(|received| checked(received, "key-of-4711"));
        let of_this = of_this.filter(move |fields| field(fields, "video_id") == id);
        of_this.collect::<Vec<_>>()
    };
    for (fields, status) in of_this(id).iter().zip(["20", "30"]) {
        // Signed with all else, and nothing more than was said.
        let more = &names(fields)[3..5];
        assert_eq!(
            (more, field(fields, "status")),
            (&["room_id", "session_id"][..], status)
        );
        assert_eq!(field(fields, "room_id"), "18042812345678");
        assert_eq!(field(fields, "session_id"), "201804280");
        assert!(!names(fields).contains(&"version"));
    }
    for (fields, status) in of_this(next).iter().zip(["20", "100"]) {
        assert_eq!(field(fields, "status"), status);
        assert!(!names(fields).contains(&"room_id"));
    }
    assert_eq!((vendor.status(id), vendor.status(next)), (30, 100));
    assert_eq!(outcomes.unmet(), []);
    let report = outcomes.report();
    assert_eq!((report[0].id, &report[0].becomes), (1, &room));
    assert_eq!(report[1].met, [id.to_string()]);

    // In slices too, for a video that has its id already, and without a session.
    let (id, target) = vendor.create("sliced.mp4", &[]);
    let room = Becomes::Playback {
        room_id: 7,
        session_id: None,
    };
    outcomes.plan(Outcome::of("baijiayun", room).video(id.to_string()));
    vendor.film("other.mp4", &content(10));
    assert_eq!(vendor.slice(&target, 1, 10, &content(10))["code"], 1);
    let told = receiver.taken(&vendor.emulator);
    let fields: Vec<_> = told.iter().map(|received| received.form()).collect();
    assert!(!names(&fields[0]).contains(&"room_id"));
    assert_eq!(field(&fields[1], "room_id"), "7");
    assert!(!names(&fields[1]).contains(&"session_id"));
}

#[test]
fn slices_and_another_transcoding_are_told_too() {
    let receiver = Receiver::agreeing(OK);
    let vendor = vendor(&receiver);
    let (id, target) = vendor.create("lesson.mp4", &[]);
    vendor.slice(&target, 1, 10, b"01234");
    assert_eq!(receiver.taken(&vendor.emulator), []);
    vendor.slice(&target, 6, 10, b"56789");
    vendor.emulator.advance(TRANSCODE);
    assert_eq!(receiver.taken(&vendor.emulator).len(), 2);
    // A slice that is repeated completes nothing.
    vendor.slice(&target, 6, 10, b"56789");
    assert_eq!(receiver.taken(&vendor.emulator), []);

    let id = id.to_string();
    vendor.call(
        "video/transcodeAgain",
        &[("video_id", &id), ("definition", "8")],
    );
    assert_eq!(receiver.taken(&vendor.emulator), []);
    vendor.emulator.advance(TRANSCODE);
    let told = receiver.taken(&vendor.emulator);
    assert_eq!(told.len(), 1);
    let fields = checked(&told[0], "key-of-4711");
    assert_eq!(field(&fields, "status"), "100");
    assert_eq!(field(&fields, "now_definition"), "std,super,1080p");
}

#[test]
fn the_address_is_the_one_that_was_set_last_and_the_key_the_one_of_now() {
    let (old, new) = (Receiver::agreeing(OK), Receiver::agreeing(OK));
    let mut vendor = vendor(&old);
    vendor.film("lesson.mp4", b"one");
    assert_eq!(old.taken(&vendor.emulator).len(), 1);

    let set = "video_account/setTranscodeCallbackUrl";
    let url = new.url("/hooks/bjy?shop=7&name=a%20b");
    vendor.call(set, &[("url", &url)]);
    let created = [("secret_key", "secret-of-4711"), ("regenerate", "1")];
    vendor.account.partner_key = vendor.call("partner/createkey", &created)["partner_key"]
        .as_str()
        .unwrap()
        .to_owned();
    vendor.emulator.advance(TRANSCODE);
    let told = new.taken(&vendor.emulator);
    assert_eq!(told.len(), 1);
    checked(&told[0], &vendor.account.partner_key);
    assert_eq!(old.taken(&vendor.emulator), []);

    // Back to what was configured.
    vendor.emulator.reset();
    let got = "video_account/getTranscodeCallbackUrl";
    vendor.account = vendor.emulator.baijiayun().clone();
    assert_eq!(
        vendor.call(got, &[])["url"],
        old.url("/hooks/bjy?shop=7&name=a%20b")
    );
}

#[test]
fn without_an_address_or_a_video_nothing_is_told() {
    let vendor = vendor_with(Emulator::builder().transcode_time(TRANSCODE));
    vendor.film("lesson.mp4", b"one");
    vendor.emulator.advance(TRANSCODE);
    assert!(vendor.emulator.wait_for_callbacks(SOON));
    assert!(attempts(&vendor.emulator).is_empty());

    let receiver = Receiver::agreeing(OK);
    let vendor = super::callbacks::vendor(&receiver);
    let id = vendor.film("lesson.mp4", b"one").to_string();
    assert_eq!(receiver.taken(&vendor.emulator).len(), 1);
    vendor.call("video/delete", &[("video_id", &id)]);
    vendor.emulator.advance(TRANSCODE);
    assert_eq!(receiver.taken(&vendor.emulator), []);
}

/// Attempts at the end of a transcoding whose receiver always answers like this.
fn attempts_against(answer: Answer) -> (Vec<Received>, Vec<i64>) {
    let receiver = Receiver::start(&[Answer::Reply(200, OK), answer]);
    let vendor = vendor_with(builder(&receiver).callback_time(Duration::from_millis(150)));
    vendor.film("lesson.mp4", b"one");
    assert_eq!(receiver.taken(&vendor.emulator).len(), 1);
    vendor.emulator.advance(TRANSCODE);
    pass(&vendor.emulator, Duration::from_secs(40));
    vendor.emulator.advance(Duration::from_secs(86_400));
    let told = receiver.taken(&vendor.emulator);
    let (numbers, outcomes): (Vec<u32>, Vec<_>) = attempts(&vendor.emulator)
        .into_iter()
        .filter(|(event, ..)| event == "status 100")
        .map(|(_, number, outcome, _)| (number, outcome))
        .unzip();
    assert_eq!(numbers, [1, 2, 3], "{answer:?}");
    // Of an endless answer the beginning is enough.
    let expected = match answer {
        Answer::Reply(..) | Answer::Endless => CallbackOutcome::Refused,
        Answer::Half | Answer::Close | Answer::Silence => CallbackOutcome::Failed,
    };
    assert_eq!(outcomes, [expected; 3], "{answer:?}");
    (told, gaps(&vendor.emulator, "status 100"))
}

#[test]
fn a_receiver_that_fails_gets_two_more_attempts_and_no_third() {
    for answer in [
        Answer::Reply(500, OK),
        Answer::Reply(204, ""),
        Answer::Reply(302, OK),
        Answer::Reply(200, r#"{"code":1,"msg":"busy"}"#),
        Answer::Reply(200, "ok"),
        Answer::Endless,
        Answer::Half,
        Answer::Close,
        Answer::Silence,
    ] {
        let (told, gaps) = attempts_against(answer);
        assert_eq!(told.len(), 3, "{answer:?}");
        // Steps of a quarter of a second, and what the machine adds to them.
        assert!((5_000..6_500).contains(&gaps[0]), "{answer:?}: {gaps:?}");
        assert!((30_000..31_500).contains(&gaps[1]), "{answer:?}: {gaps:?}");

        let fields: Vec<_> = told.iter().map(|one| checked(one, "key-of-4711")).collect();
        let without_time = |fields: &[(String, String)]| -> Vec<(String, String)> {
            let mut fields = fields.to_vec();
            fields.retain(|(name, _)| !matches!(name.as_str(), "timestamp" | "sign"));
            fields
        };
        let stamp = |at: usize| field(&fields[at], "timestamp").parse::<i64>().unwrap();
        for again in [1, 2] {
            assert_eq!(without_time(&fields[again]), without_time(&fields[0]));
            assert_eq!(told[again].headers.len(), told[0].headers.len());
        }
        assert!((4..=7).contains(&(stamp(1) - stamp(0))), "{answer:?}");
        assert!((29..=32).contains(&(stamp(2) - stamp(1))), "{answer:?}");
    }
}

#[test]
fn a_receiver_that_is_not_there_gets_its_attempts_too() {
    let receiver = Receiver::agreeing(OK);
    let vendor = vendor(&receiver);
    vendor.film("lesson.mp4", b"one");
    assert_eq!(receiver.taken(&vendor.emulator).len(), 1);
    drop(receiver);
    vendor.emulator.advance(TRANSCODE);
    pass(&vendor.emulator, Duration::from_secs(36));
    let told = attempts(&vendor.emulator);
    let outcomes: Vec<_> = told.iter().map(|(_, _, outcome, _)| *outcome).collect();
    use CallbackOutcome::{Accepted, Failed};
    assert_eq!(outcomes, [Accepted, Failed, Failed, Failed]);
    let record = &told[1].3;
    assert_eq!((record.status, record.vendor), (0, Some("baijiayun")));
    let note = record.note.as_deref().unwrap();
    assert!(
        note.starts_with("status 100 to http://127.0.0.1:"),
        "{note}"
    );
    assert!(note.contains("attempt 1 of 3, cannot connect: "), "{note}");
}

#[test]
fn the_attempts_end_with_the_first_that_is_accepted() {
    let no = Answer::Reply(200, r#"{"code":1}"#);
    let yes = Answer::Reply(200, r#"{"code":"0"}"#);
    let receiver = Receiver::start(&[Answer::Reply(200, OK), no, yes, no]);
    let vendor = vendor(&receiver);
    vendor.film("lesson.mp4", b"one");
    vendor.emulator.advance(TRANSCODE);
    assert!(vendor.emulator.wait_for_callbacks(SOON));
    pass(&vendor.emulator, Duration::from_secs(45));
    let told: Vec<_> = attempts(&vendor.emulator)
        .into_iter()
        .map(|(_, number, outcome, record)| (number, outcome, record.code.unwrap()))
        .collect();
    use CallbackOutcome::{Accepted, Refused};
    let row = |number, outcome, code: &str| (number, outcome, code.to_owned());
    let expected = [
        row(1, Accepted, "0"),
        row(1, Refused, "1"),
        row(2, Accepted, "0"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_complete_upload_is_told_once() {
    let receiver = Receiver::start(&[Answer::Reply(500, "")]);
    let vendor = vendor_with(builder(&receiver).transcode_time(Duration::from_secs(86_400)));
    vendor.film("lesson.mp4", b"one");
    vendor.emulator.advance(Duration::from_secs(3600));
    assert_eq!(receiver.taken(&vendor.emulator).len(), 1);
}

#[test]
fn the_time_scale_shortens_the_waits() {
    let receiver = Receiver::start(&[Answer::Reply(500, "")]);
    let vendor = vendor_with(builder(&receiver).time_scale(10.0));
    vendor.film("lesson.mp4", b"one");
    vendor.emulator.advance(TRANSCODE / 10);
    pass(&vendor.emulator, Duration::from_secs(5));
    let gaps = gaps(&vendor.emulator, "status 100");
    assert_eq!(gaps.len(), 2);
    assert!((500..1_800).contains(&gaps[0]), "{gaps:?}");
    assert!((3_000..4_300).contains(&gaps[1]), "{gaps:?}");
}

#[test]
fn real_time_is_enough() {
    let receiver = Receiver::start(&[Answer::Reply(500, "")]);
    let vendor = vendor_with(builder(&receiver).time_scale(100.0));
    vendor.film("lesson.mp4", b"one");
    // 20 at once, then 100 after 30 ms, 50 ms and 300 ms.
    receiver.await_received(4);
    assert!(vendor.emulator.wait_for_callbacks(SOON));
    let told: Vec<_> = attempts(&vendor.emulator)
        .into_iter()
        .map(|(event, number, ..)| (event, number))
        .collect();
    let row = |event: &str, number| (event.to_owned(), number);
    let expected = [
        row("status 20", 1),
        row("status 100", 1),
        row("status 100", 2),
        row("status 100", 3),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_reset_forgets_what_waits_and_what_is_under_way() {
    let receiver = Receiver::start(&[Answer::Reply(500, "")]);
    let vendor = vendor(&receiver);
    vendor.film("lesson.mp4", b"one");
    vendor.emulator.advance(TRANSCODE);
    assert_eq!(receiver.taken(&vendor.emulator).len(), 2);
    vendor.film("lesson.mp4", b"two");
    assert_eq!(receiver.taken(&vendor.emulator).len(), 1);
    // A second attempt and a transcoding are waiting.
    vendor.emulator.reset();
    vendor.emulator.advance(Duration::from_secs(3600));
    assert_eq!(receiver.taken(&vendor.emulator), []);

    receiver.answer(&[Answer::Silence]);
    vendor.film("lesson.mp4", b"three");
    receiver.await_received(1);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let began = Instant::now();
            assert!(vendor.emulator.wait_for_callbacks(SOON));
            began.elapsed()
        });
        std::thread::sleep(Duration::from_millis(50));
        vendor.emulator.reset();
        assert!(receiver.is_left_alone(Duration::from_secs(3)));
        let waited = waiting.join().unwrap();
        assert!(waited < Duration::from_secs(3), "{waited:?}");
    });
    assert!(vendor.emulator.journal().is_empty());

    // And then it works as before.
    receiver.answer(&[Answer::Reply(200, OK)]);
    vendor.film("lesson.mp4", b"four");
    vendor.emulator.advance(TRANSCODE);
    assert_eq!(receiver.taken(&vendor.emulator).len(), 3);
    assert_eq!(attempts(&vendor.emulator).len(), 2);
}

#[test]
fn instances_share_no_callbacks() {
    let receivers = [Receiver::agreeing(OK), Receiver::agreeing(OK)];
    let vendors = [vendor(&receivers[0]), vendor(&receivers[1])];
    vendors[0].film("lesson.mp4", b"one");
    vendors[1].emulator.advance(TRANSCODE);
    assert_eq!(receivers[0].taken(&vendors[0].emulator).len(), 1);
    assert_eq!(receivers[1].taken(&vendors[1].emulator), []);
    vendors[1].emulator.reset();
    vendors[0].emulator.advance(TRANSCODE);
    assert_eq!(receivers[0].taken(&vendors[0].emulator).len(), 1);
}

#[test]
fn ending_does_not_wait_for_callbacks() {
    let receiver = Receiver::start(&[Answer::Silence]);
    let vendor = vendor(&receiver);
    vendor.film("lesson.mp4", b"one");
    receiver.await_received(1);
    let began = Instant::now();
    // One is under way, one waits.
    vendor.emulator.shutdown();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_slow_receiver_keeps_nobody_else_waiting() {
    let slow = Receiver::start(&[Answer::Silence]);
    let quick = Receiver::agreeing(OK);
    let other = Account::new(4712, "key-of-4712", "s").with_callback_url(quick.url("/hooks/bjy"));
    let mut vendor = vendor_with(builder(&slow).baijiayun(other.clone()));
    vendor.film("lesson.mp4", b"one");
    slow.await_received(1);
    assert!(
        !vendor
            .emulator
            .wait_for_callbacks(Duration::from_millis(20))
    );
    vendor.account = other;
    vendor.film("lesson.mp4", b"two");
    quick.await_received(1);
    assert!(
        !vendor
            .emulator
            .wait_for_callbacks(Duration::from_millis(20))
    );
    // Nor does the emulator's own work stand still.
    assert_eq!(vendor.call("video/getVideoList", &[])["total"], 1);
}

#[test]
fn a_clock_that_is_set_ahead_brings_the_end_nearer() {
    let receiver = Receiver::agreeing(OK);
    let builder = builder(&receiver).transcode_time(Duration::from_secs(3000));
    let vendor = vendor_with(builder);
    vendor.film("lesson.mp4", b"one");
    assert_eq!(receiver.taken(&vendor.emulator).len(), 1);
    vendor.emulator.set_clock_offset(-3600);
    assert_eq!(receiver.taken(&vendor.emulator), []);
    // Until the sender sleeps again, so that it has to be woken.
    std::thread::sleep(Duration::from_millis(50));
    vendor.emulator.set_clock_offset(3600);
    assert_eq!(receiver.taken(&vendor.emulator).len(), 1);
}
