//! Third-party authentication: a server made by hand is asked who may play.

use std::time::Duration;

use vodkit_emulator::baijiayun::{Account, ThirdPartyAuth};
use vodkit_emulator::{CallbackOutcome, Emulator};

use crate::client::{Vendor, content, vendor_with};
use crate::receiver::{Answer, Receiver, attempts};

const OK: &str = r#"{"code":0}"#;

fn vendor(auth: ThirdPartyAuth) -> Vendor {
    let account = Account::new(4711, "key-of-4711", "secret").with_third_party_auth(auth);
    vendor_with(
        Emulator::builder()
            .transcode_time(Duration::ZERO)
            .callback_time(Duration::from_millis(150))
            .baijiayun(account),
    )
}

fn film(vendor: &Vendor) -> (u64, String) {
    let id = vendor.film("lesson.mp4", &content(1000));
    (id, vendor.play_target(id, "low", &[]))
}

#[test]
fn who_has_a_good_key_plays() {
    let receiver = Receiver::agreeing(OK);
    let vendor = vendor(ThirdPartyAuth::new(receiver.url("/auth?shop=7")));
    let (id, target) = film(&vendor);
    let reply = vendor.get(&format!("{target}&access_key=k%201%26%E8%AF%BE"), &[]);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body, content(1000));

    let asked = receiver.received();
    assert_eq!(asked.len(), 1);
    let target = (asked[0].path.as_str(), asked[0].query.as_deref());
    assert_eq!(
        (asked[0].method.as_str(), target),
        ("POST", ("/auth", Some("shop=7")))
    );
    // Nothing else, and no signature among it.
    let expected = [("access_key", "k 1&课"), ("video_id", &id.to_string())];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(asked[0].form(), expected);

    let (event, number, outcome, record) = attempts(&vendor.emulator).remove(0);
    assert_eq!(event, format!("video {id}"));
    assert_eq!((number, outcome), (1, CallbackOutcome::Accepted));
    assert_eq!(record.operation, Some("third-party auth"));
    assert!(!format!("{:?}", vendor.emulator.journal()).contains("k 1"));
    // Before the request that waited for it.
    let play = vendor.emulator.journal().pop().unwrap();
    assert_eq!(
        (play.operation, play.sequence),
        (Some("play"), record.sequence + 1)
    );
}

#[test]
fn anything_but_200_and_code_0_denies() {
    let receiver = Receiver::agreeing(OK);
    let vendor = vendor(ThirdPartyAuth::new(receiver.url("/auth")));
    let (_, target) = film(&vendor);
    let target = format!("{target}&access_key=k1");
    for (nth, answer) in [
        Answer::Reply(200, r#"{"code":1,"msg":"no"}"#),
        Answer::Reply(200, ""),
        Answer::Reply(201, OK),
        Answer::Reply(403, OK),
        Answer::Reply(302, OK),
        Answer::Close,
        Answer::Silence,
    ]
    .into_iter()
    .enumerate()
    {
        receiver.answer(&[answer]);
        let reply = vendor.get(&target, &[]);
        assert_eq!(reply.status, 403, "{answer:?}");
        assert!(reply.text().contains("authentication"), "{answer:?}");
        assert_eq!(reply.header("location"), None);
        // Once, and never again.
        assert_eq!(receiver.received().len(), nth + 1, "{answer:?}");
    }
    // What was denied was not played.
    let records = vendor.emulator.journal();
    let plays = records.iter().filter(|record| {
        let started = |effect: &_| matches!(effect, vodkit_emulator::Effect::PlayStarted { .. });
        record.effects.iter().any(started)
    });
    assert_eq!(plays.count(), 0);

    receiver.answer(&[Answer::Reply(200, OK)]);
    assert_eq!(vendor.get(&target, &[]).status, 200);
    drop(receiver);
    assert_eq!(
        vendor.get(&target, &[]).status,
        403,
        "nobody is there to allow it"
    );
}

#[test]
fn a_key_is_only_needed_where_it_is_forced() {
    let receiver = Receiver::agreeing(OK);
    let auth = ThirdPartyAuth::new(receiver.url("/auth"));
    let open = vendor(auth.clone());
    let (_, target) = film(&open);
    assert_eq!(open.get(&target, &[]).status, 200);
    assert_eq!(open.get(&format!("{target}&access_key="), &[]).status, 200);
    assert!(receiver.received().is_empty());

    let forced = vendor(auth.forced());
    let (_, target) = film(&forced);
    for without in [target.clone(), format!("{target}&access_key=")] {
        assert_eq!(forced.get(&without, &[]).status, 403);
    }
    assert!(receiver.received().is_empty());
    assert_eq!(
        forced.get(&format!("{target}&access_key=k1"), &[]).status,
        200
    );
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn nobody_is_asked_about_what_cannot_play_anyway() {
    let receiver = Receiver::agreeing(OK);
    let vendor = vendor(ThirdPartyAuth::new(receiver.url("/auth")));
    let (_, target) = film(&vendor);
    let forged = format!("{}&access_key=k1", target.replacen("/play/", "/play/0", 1));
    assert_eq!(vendor.get(&forged, &[]).status, 403);
    vendor.emulator.advance(Duration::from_secs(86_400));
    assert_eq!(
        vendor.get(&format!("{target}&access_key=k1"), &[]).status,
        403
    );
    assert!(receiver.received().is_empty());
}

#[test]
fn later_parts_are_asked_about_as_well() {
    let receiver = Receiver::start(&[Answer::Reply(200, OK), Answer::Reply(200, "no")]);
    let vendor = vendor(ThirdPartyAuth::new(receiver.url("/auth")));
    let (_, target) = film(&vendor);
    let target = format!("{target}&access_key=k1");
    assert_eq!(vendor.get(&target, &[("Range", "bytes=0-9")]).status, 206);
    assert_eq!(vendor.get(&target, &[("Range", "bytes=10-19")]).status, 403);
    assert_eq!(receiver.received().len(), 2);
}

#[test]
fn the_failure_page_is_where_the_denied_go() {
    let receiver = Receiver::agreeing(r#"{"code":1}"#);
    let page = "https://shop.example.test/buy?lesson=1";
    let auth = ThirdPartyAuth::new(receiver.url("/auth")).failure_url(page);
    let vendor = vendor(auth);
    let (_, target) = film(&vendor);
    let reply = vendor.get(&format!("{target}&access_key=k1"), &[]);
    assert_eq!((reply.status, reply.header("location")), (302, Some(page)));
}

#[test]
fn the_player_page_hands_the_key_on() {
    let receiver = Receiver::agreeing(OK);
    let vendor = vendor(ThirdPartyAuth::new(receiver.url("/auth")).forced());
    let (id, _) = film(&vendor);
    let data = vendor.call("video/getShareUrl", &[("video_id", &id.to_string())]);
    for kind in ["iframe", "js"] {
        let target = vendor.target(data[kind].as_str().unwrap());
        assert_eq!(vendor.get(&target, &[]).status, 403, "{kind}");
        let before = receiver.received().len();
        let page = vendor.get(&format!("{target}&access_key=k%22%3E1"), &[]);
        assert_eq!(page.status, 200, "{kind}");
        assert_eq!(receiver.received().len(), before + 1, "{kind}");
        let text = page.text();
        let url = text
            .split(['"', '\''])
            .find(|piece| piece.contains("/play/"));
        let url = url.unwrap();
        assert!(url.ends_with("&access_key=k%22%3E1"), "{url}");
        assert_eq!(vendor.get(&vendor.target(url), &[]).body, content(1000));
    }
    let nobody = "/web/video/player?vid=999&token=x&access_key=k1";
    assert_eq!(vendor.get(nobody, &[]).status, 403);
}

#[test]
fn another_account_is_not_concerned() {
    let receiver = Receiver::agreeing("no");
    let auth = ThirdPartyAuth::new(receiver.url("/auth")).forced();
    let mut vendor = vendor_with(
        Emulator::builder()
            .transcode_time(Duration::ZERO)
            .baijiayun(Account::new(1, "k", "s").with_third_party_auth(auth))
            .baijiayun(Account::new(2, "k", "s")),
    );
    let (_, target) = film(&vendor);
    assert_eq!(vendor.get(&target, &[]).status, 403);
    vendor.account = Account::new(2, "k", "s");
    let (_, target) = film(&vendor);
    assert_eq!(vendor.get(&target, &[]).status, 200);
}
