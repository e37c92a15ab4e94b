//! Baijiayun: everything is signed, so nothing may change.

use proptest::prelude::*;
use vodkit_request::baijiayun::VideoStatus;
use vodkit_request::baijiayun::callback::{Callbacks, Event, ThirdPartyAuth};
use vodkit_request::callback::{
    CallbackEvent, Covered, Incoming, Receiver, Refusal, RefusalKind, Verified, Window,
};

use crate::signer::{Pairs, baijiayun_sign, baijiayun_signed, form, form_in, pairs, post};
use crate::{KEY, NOW, WINDOW, at};

fn receiver() -> Callbacks {
    Callbacks::new([KEY]).unwrap()
}

fn receive(body: impl Into<Vec<u8>>) -> Result<Verified<Event>, Refusal> {
    receiver().verify_and_parse(&Incoming::of(&post("/cb", body)), at(NOW))
}

/// All that the page lists, and two fields that no page does.
fn done() -> Pairs {
    pairs([
        ("video_id", "240017"),
        ("status", "100"),
        ("preface_url", "http://img.example.test/a_b.jpg?x=1&y=2"),
        ("total_size", "4185679"),
        ("total_transcode_size", "7816254"),
        ("now_definition", "low,std,high"),
        ("origin_definition", "super"),
        ("length", "5"),
        ("file_md5", "778308dee20ca64575f4b437e970c22e"),
        ("qid", "201804281444349937441539"),
        ("timestamp", "1700000000"),
        ("added_last_week", "课 1+1=2 & 100%"),
        ("empty", ""),
    ])
}

#[test]
fn a_callback_is_read_with_what_no_page_lists() {
    let verified = receive(form(&baijiayun_signed(done(), KEY))).unwrap();
    assert_eq!(verified.covered(), Covered::Everything);
    assert!(verified.covered().body() && verified.covered().time());
    assert!(!verified.covered().replayable() && !verified.covered().is_claim());
    assert_eq!(verified.sent(), Some(at(NOW)));
    assert_eq!(verified.key_place(), Some(0));
    // Every field but the signature itself is trusted.
    let mut names: Vec<_> = done().into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert!(
        verified
            .trusted_fields()
            .eq(names.iter().map(String::as_str))
    );
    assert!(verified.trusts("added_last_week") && !verified.trusts("sign"));

    let Event::Video(callback) = verified.event() else {
        panic!("{verified:?}");
    };
    assert_eq!(callback.video_id, 240_017);
    assert_eq!(callback.status, VideoStatus::Transcoded);
    assert_eq!(callback.now_definition.as_ref().unwrap().0.len(), 3);
    assert_eq!(
        callback.extra.get("added_last_week").unwrap(),
        "课 1+1=2 & 100%"
    );
    assert_eq!(callback.sign, None);
    assert_eq!(verified.event().name(), "transcode-complete");
    assert_eq!(verified.event().subjects(), ["240017"]);
    assert_eq!(
        verified.event().key().as_str(),
        "baijiayun/transcode-complete/240017/201804281444349937441539"
    );
}

#[test]
fn the_list_of_events_is_what_the_page_names() {
    let mut told = Vec::new();
    for room in [None, Some(("room_id", "18042812345678"))] {
        for status in ["20", "30", "100"] {
            let fields = [
                ("video_id", "240017"),
                ("status", status),
                ("timestamp", "1700000000"),
            ];
            let fields = fields.into_iter().chain(room);
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let verified = receive(form(&baijiayun_signed(fields.collect(), KEY))).unwrap();
            told.push(verified.event().name().into_owned());
        }
    }
    assert_eq!(told, Callbacks::EVENTS);
}

/// The text that is signed, cut at some of its `&`: whatever fields come out, if each of them is one that can be sent.
fn cut(text: &str, keep: impl Fn(usize) -> bool) -> Option<Pairs> {
    let mut fields: Vec<String> = Vec::new();
    for (at, part) in text.split('&').enumerate() {
        match fields.last_mut() {
            Some(last) if !keep(at) => *last = format!("{last}&{part}"),
            _ => fields.push(part.to_owned()),
        }
    }
    let pairs: Option<Pairs> = fields
        .iter()
        .map(|field| field.split_once('='))
        .map(|pair| pair.map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect();
    pairs.filter(|pairs| pairs.windows(2).all(|two| two[0].0 < two[1].0))
}

/// All cuts of a message's text, each with the one signature that they have in common.
fn cuts(fields: &Pairs) -> Vec<Pairs> {
    let mut sorted = fields.clone();
    sorted.sort();
    let parts: Vec<_> = sorted.iter().map(|(k, v)| format!("{k}={v}")).collect();
    let text = parts.join("&");
    let places = text.matches('&').count();
    assert!(places < 16, "{text}");
    (0..1_u32 << places)
        .filter_map(|set| cut(&text, |at| set >> (at - 1) & 1 == 1))
        .collect()
}

#[test]
fn a_message_that_was_cut_anew_is_refused() {
    let genuine = pairs([
        ("qid", "42"),
        ("room_id", "7"),
        ("session_id", "1"),
        ("status", "20"),
        ("timestamp", "1700000000"),
        ("video_id", "240017"),
    ]);
    let signed = baijiayun_signed(genuine.clone(), KEY);
    let sign = signed.last().unwrap().1.as_str();
    assert!(matches!(
        receive(form(&signed)).unwrap().event(),
        Event::Playback(_)
    ));
    // Without its room the message would be another event, with another key.
    let body = format!(
        "qid=42%26room_id%3D7%26session_id%3D1&status=20&timestamp=1700000000&video_id=240017&sign={sign}"
    );
    let refusal = receive(body).unwrap_err();
    assert_eq!(refusal.kind(), RefusalKind::Ambiguous);
    assert_eq!(
        refusal.to_string(),
        "`qid` could be read as other fields with the same signature"
    );
    // A name that holds what separates: the same text again.
    let body = format!(
        "qid%3D42%26room_id=7&session_id=1&status=20&timestamp=1700000000&video_id=240017&sign={sign}"
    );
    assert_eq!(receive(body).unwrap_err().kind(), RefusalKind::Ambiguous);
    // An address in a field that no page lists is harmless only where nothing of it fits in.
    for (value, fits) in [
        ("http://a.test/?a=1&b=2", false),
        ("http://a.test/?a=1&r=2", true),
    ] {
        let mut fields = genuine.clone();
        fields.push(("qurl".to_owned(), value.to_owned()));
        let answer = receive(form(&baijiayun_signed(fields, KEY)));
        assert_eq!(answer.is_err(), fits, "{value}");
    }
}

/// The digest was computed with Python's hashlib.
#[test]
fn a_digest_of_another_implementation_is_accepted() {
    let body = "video_id=112459&status=30&qid=42&timestamp=1700000000&extra=%E8%AF%BE+1&sign=bee4501a005aa26aff18d496dcc46df8";
    let verified = receive(body).unwrap();
    assert_eq!(verified.event().name(), "transcode-failed");
}

#[test]
fn playback_and_unknown_messages_are_told_apart() {
    let event = |fields: Pairs| {
        receive(form(&baijiayun_signed(fields, KEY)))
            .unwrap()
            .into_event()
    };
    let mut playback = pairs([
        ("room_id", "18042812345678"),
        ("session_id", "201804280"),
        ("version", "1"),
    ]);
    playback.extend(done());
    let event_of_playback = event(playback);
    assert!(
        matches!(&event_of_playback, Event::Playback(callback) if callback.room_id == Some(18_042_812_345_678))
    );
    assert_eq!(event_of_playback.name(), "playback-transcode-complete");
    assert_ne!(event_of_playback.key(), event(done()).key());

    let mut unknown = done();
    unknown[1].1 = "31".to_owned();
    let unknown = event(unknown);
    assert_eq!(unknown.name(), "status-31");

    let mut other = done();
    other.retain(|(name, _)| name != "status");
    let other = event(other);
    assert!(matches!(&other, Event::Other(fields) if fields.get("video_id") == Some("240017")));
    assert_eq!(
        (other.name().as_ref(), other.subjects().len()),
        ("other", 0)
    );
    let later = pairs([("timestamp", "1700000009"), ("new", "1")]);
    let sooner = pairs([("timestamp", "1700000001"), ("new", "1")]);
    assert_eq!(event(later).key(), event(sooner).key());
}

#[test]
fn a_redelivery_has_the_same_key_and_another_event_has_not() {
    let key = |change: &dyn Fn(&mut Pairs)| {
        let mut fields = done();
        change(&mut fields);
        let verified = receive(form(&baijiayun_signed(fields, KEY))).unwrap();
        verified.event().key()
    };
    let first = key(&|_| {});
    assert_eq!(first, key(&|fields| fields[10].1 = "1700000035".to_owned()));
    for (at, value) in [(0, "240018"), (1, "30"), (9, "43")] {
        assert_ne!(first, key(&|fields| fields[at].1 = value.to_owned()));
    }
}

#[test]
fn the_window_has_two_sides_and_includes_its_ends() {
    let check = |receiver: &Callbacks, off: i64| {
        let mut fields = done();
        fields[10].1 = (NOW + off).to_string();
        let request = post("/cb", form(&baijiayun_signed(fields, KEY)));
        let received = receiver.verify_and_parse(&Incoming::of(&request), at(NOW));
        received.err().map(|refusal| refusal.kind().as_str())
    };
    for (off, refusal) in WINDOW {
        assert_eq!(check(&receiver(), off), refusal, "{off}");
    }
    let narrow = receiver().window(Window::seconds(0));
    assert_eq!(check(&narrow, 0), None);
    assert_eq!(check(&narrow, -1), Some("too_old"));
    assert_eq!(check(&narrow, 1), Some("too_new"));
}

#[test]
fn a_time_that_is_none_is_refused() {
    for (time, kind) in [
        ("", RefusalKind::Time),
        ("-1", RefusalKind::Time),
        ("+1700000000", RefusalKind::Time),
        ("1700000000.0", RefusalKind::Time),
        (" 1700000000", RefusalKind::Time),
        ("99999999999999999999", RefusalKind::Time),
        // Milliseconds.
        ("1700000000000", RefusalKind::TooNew),
        ("9223372036854775807", RefusalKind::TooNew),
        ("0", RefusalKind::TooOld),
    ] {
        let mut fields = done();
        fields[10].1 = time.to_owned();
        let refusal = receive(form(&baijiayun_signed(fields, KEY))).unwrap_err();
        assert_eq!(refusal.kind(), kind, "{time}: {refusal}");
    }
    let mut fields = done();
    fields.remove(10);
    let refusal = receive(form(&baijiayun_signed(fields, KEY))).unwrap_err();
    assert_eq!(refusal.kind(), RefusalKind::Time);
}

#[test]
fn old_and_new_keys_hold_at_once() {
    let keys = ["test-key-new", "test-key-old", "test-key-oldest"];
    for count in [2, 3] {
        let receiver = Callbacks::new(keys[..count].iter().copied()).unwrap();
        for (place, key) in keys.iter().enumerate() {
            let request = post("/cb", form(&baijiayun_signed(done(), key)));
            let received = receiver.verify_and_parse(&Incoming::of(&request), at(NOW));
            if place < count {
                assert_eq!(received.unwrap().key_place(), Some(place));
            } else {
                assert_eq!(received.unwrap_err().kind(), RefusalKind::SignatureWrong);
            }
        }
    }
    // A key that is there twice has its first place.
    let twice = Callbacks::new([KEY, KEY]).unwrap();
    let request = post("/cb", form(&baijiayun_signed(done(), KEY)));
    let received = twice.verify_and_parse(&Incoming::of(&request), at(NOW));
    assert_eq!(received.unwrap().key_place(), Some(0));
    for none in [vec![], vec![""], vec!["  "], vec!["test-key-new", ""]] {
        assert!(Callbacks::new(none).is_err());
    }
    assert!(!format!("{:?}", receiver()).contains(KEY));
}

#[test]
fn a_signed_message_of_the_wrong_form_is_refused_with_its_field() {
    let mut fields = done();
    fields[0].1 = "canary".to_owned();
    let refusal = receive(form(&baijiayun_signed(fields, KEY))).unwrap_err();
    assert_eq!(refusal.kind(), RefusalKind::Malformed);
    let line = refusal.to_string();
    assert!(
        line.contains("video_id") && !line.contains("canary"),
        "{line}"
    );
}

#[test]
fn the_answers_are_those_of_the_page() {
    let receiver = receiver();
    assert_eq!(
        (
            receiver.accepted().status.as_u16(),
            &*receiver.accepted().body
        ),
        (200, r#"{"code":0}"#)
    );
    let failed = receiver.failed("the \"disk\" is full");
    assert_eq!(
        (failed.status.as_u16(), &*failed.body),
        (200, r#"{"code":1,"msg":"the \"disk\" is full"}"#)
    );
    let forged = receiver.refused(&receive("video_id=1&sign=0").unwrap_err());
    assert_eq!(forged.status.as_u16(), 403);
    assert!(
        forged.body.starts_with(r#"{"code":1,"msg":"#),
        "{}",
        forged.body
    );
    let response = receiver.accepted().into_response();
    assert_eq!(response.headers()["content-type"], "application/json");
}

#[test]
fn the_question_whether_one_may_play_proves_nothing() {
    let receiver = ThirdPartyAuth::new();
    let request = post("/auth", "access_key=canary-0123456789&video_id=240017");
    let verified = receiver
        .verify_and_parse(&Incoming::of(&request), at(NOW))
        .unwrap();
    assert_eq!(verified.covered(), Covered::Nothing);
    assert!(verified.covered().is_claim() && verified.covered().replayable());
    assert_eq!(verified.trusted_fields().count(), 0);
    assert_eq!((verified.key_place(), verified.sent()), (None, None));
    let question = verified.event().claims();
    assert_eq!(question.access_key.expose(), "canary-0123456789");
    assert!(!format!("{verified:?} {}", verified.event().key()).contains("canary"));
    assert_eq!(receiver.accepted().body, r#"{"code":0}"#);
    let denied = receiver.failed("not yours");
    assert_eq!(
        (denied.status.as_u16(), &*denied.body),
        (200, r#"{"code":1,"msg":"not yours"}"#)
    );
    let request = post("/auth", "video_id=240017");
    let refusal = receiver.verify_and_parse(&Incoming::of(&request), at(NOW));
    assert_eq!(refusal.unwrap_err().kind(), RefusalKind::Malformed);
}

fn some_fields() -> impl Strategy<Value = Pairs> {
    // A value with `&` may be one that could be cut in another way: those are tried below.
    let extra = proptest::collection::btree_map("[a-zA-Z_课]{1,6}", "[^&\\p{C}]{0,12}", 0..6);
    extra.prop_map(|extra| {
        let mut fields = done();
        fields.truncate(11);
        let known = |name: &String| fields.iter().any(|(known, _)| known == name);
        let extra: Pairs = extra
            .into_iter()
            .filter(|(name, _)| !known(name) && name != "sign" && name != "room_id")
            .collect();
        fields.extend(extra);
        fields
    })
}

proptest! {
    #[test]
    fn order_and_encoding_do_not_matter(
        fields in some_fields(),
        turn in 0_usize..20,
        ways in proptest::collection::vec(any::<bool>(), 64),
    ) {
        let signed = baijiayun_signed(fields, KEY);
        let plain = receive(form(&signed)).unwrap();
        let mut turned = signed;
        let turn = turn % turned.len();
        turned.rotate_left(turn);
        turned.reverse();
        let other = receive(form_in(&turned, &mut ways.into_iter().cycle())).unwrap();
        prop_assert_eq!(plain.event().key(), other.event().key());
        prop_assert_eq!(plain, other);
    }

    /// Whatever byte of the wire is changed: the message is refused, or it is still the same message.
    #[test]
    fn a_changed_byte_is_refused(
        fields in some_fields(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let body = form(&baijiayun_signed(fields, KEY)).into_bytes();
        let original = receive(body.clone()).unwrap();
        let mut changed = body;
        let place = place.index(changed.len());
        changed[place] = byte;
        if let Ok(accepted) = receive(changed) {
            prop_assert_eq!(accepted, original);
        }
    }

    /// Each character of each signed value, replaced by another one.
    #[test]
    fn a_changed_value_is_always_refused(
        fields in some_fields(),
        field in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        new in any::<char>(),
    ) {
        let mut signed = baijiayun_signed(fields, KEY);
        let field = field.index(signed.len());
        let value = &mut signed[field].1;
        let mut letters: Vec<char> = value.chars().collect();
        if letters.is_empty() {
            letters.push(new);
        } else {
            let place = place.index(letters.len());
            prop_assume!(letters[place] != new);
            letters[place] = new;
        }
        *value = letters.into_iter().collect();
        let refusal = receive(form(&signed)).unwrap_err();
        prop_assert_eq!(refusal.kind(), RefusalKind::SignatureWrong);
    }

    /// However the text of a message is cut into fields, the signature is right, and at most one of the cuts is accepted: the one with most
    /// fields where no value holds anything like a field.
    #[test]
    fn at_most_one_cut_of_a_text_is_accepted(
        more in proptest::collection::btree_map(
            prop_oneof!["[a-d]", "[p-w]", "q[a-z]", Just("session_id".to_owned())],
            prop_oneof!["[0-9]{0,2}", "x([&=][a-z]){0,3}", "x(&[a-z]{1,2}=1){0,2}", Just("1&status=2".to_owned())],
            0..4,
        ),
        room in proptest::option::of(any::<u64>()),
    ) {
        let mut fields = pairs([
            ("video_id", "240017"),
            ("status", "20"),
            ("qid", "42"),
            ("timestamp", "1700000000"),
        ]);
        if let Some(room) = room {
            fields.push(("room_id".to_owned(), room.to_string()));
        }
        let plain = more.values().all(|value| !value.contains('&'));
        fields.extend(more);
        fields.sort();
        let all = cuts(&fields);
        prop_assert!(all.contains(&fields));
        let accepted: Vec<_> = all
            .into_iter()
            .filter(|cut| {
                let answer = receive(form(&baijiayun_signed(cut.clone(), KEY)));
                if let Err(refusal) = &answer {
                    assert_ne!(refusal.kind(), RefusalKind::SignatureWrong);
                }
                answer.is_ok()
            })
            .collect();
        prop_assert!(accepted.len() <= 1, "{accepted:?}");
        if plain {
            prop_assert_eq!(accepted, [fields]);
        }
    }

    #[test]
    fn a_field_more_or_less_is_refused(fields in some_fields(), field in any::<prop::sample::Index>()) {
        let sign = baijiayun_sign(&fields, KEY);
        let with_sign = |mut fields: Pairs| {
            fields.push(("sign".to_owned(), sign.clone()));
            receive(form(&fields)).map(|_| ()).map_err(|refusal| refusal.kind())
        };
        let mut fewer = fields.clone();
        fewer.remove(field.index(fields.len()));
        prop_assert_eq!(with_sign(fewer), Err(RefusalKind::SignatureWrong));
        let mut more = fields;
        more.push(("one_more".to_owned(), String::new()));
        prop_assert_eq!(with_sign(more), Err(RefusalKind::SignatureWrong));
    }

    /// Any bytes: never a panic, and never accepted.
    #[test]
    fn any_bytes_are_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(receive(body).is_err());
    }
}
