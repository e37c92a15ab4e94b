//! Alibaba Cloud VOD behind QuVideo: address and time are signed, the body is not.

use proptest::prelude::*;
use serde_json::json;
use vodkit_request::callback::{
    CallbackEvent, Covered, Incoming, Receiver, Refusal, RefusalKind, Verified,
};
use vodkit_request::quvideo::callback::{Callbacks, Event};

use crate::signer::{md5, post, quvideo};
use crate::{KEY, NOW, WINDOW, at};

const URL: &str = "https://www.example.com/your/callback?tenant=7";

fn receiver() -> Callbacks {
    Callbacks::new(URL, [KEY]).unwrap()
}

fn receive(request: &http::Request<Vec<u8>>) -> Result<Verified<Event>, Refusal> {
    receiver().verify_and_parse(&Incoming::of(request), at(NOW))
}

fn event(body: &serde_json::Value) -> Verified<Event> {
    receive(&quvideo(URL, NOW, KEY, &body.to_string())).unwrap()
}

/// A message of each type, with the id that it is about.
fn messages() -> [(serde_json::Value, &'static str); 6] {
    [
        (
            json!({ "EventTime": "2024-01-01T01:00:00Z", "EventType": "StreamTranscodeComplete", "VideoId": "v1", "Status": "success",
                "Definition": "SD", "Duration": 15.5, "Encrypt": false, "Height": 360, "Size": 1_000_000, "Extend": "" }),
            "v1",
        ),
        (
            json!({ "EventType": "TranscodeComplete", "VideoId": "v1", "Status": "success",
                "StreamInfos": [{ "Status": "success", "Definition": "SD", "Duration": 15 }] }),
            "v1",
        ),
        (
            json!({ "EventType": "SnapshotComplete", "VideoId": "v2", "Status": "success",
                "SnapshotInfos": [{ "SnapshotType": "CoverSnapshot", "SnapshotCount": 8 }] }),
            "v2",
        ),
        (
            json!({ "EventType": "AIVideoCensorComplete", "MediaId": "v3", "Status": "success", "Data": { "Suggestion": "pass" } }),
            "v3",
        ),
        (
            json!({ "EventType": "AIMediaAuditComplete", "EventTime": "2022-10-20T10:29:46:540Z", "MediaId": "v4", "JobId": "j",
                "Status": "Success", "Data": { "Label": "normal", "Suggestion": "block", "New": [1] } }),
            "v4",
        ),
        (
            json!({ "EventType": "Invented", "MediaId": "v5", "More": { "a": [1] } }),
            "v5",
        ),
    ]
}

#[test]
fn every_event_is_read_and_proves_nothing() {
    for (body, subject) in messages() {
        let verified = event(&body);
        assert_eq!(verified.event().name(), body["EventType"].as_str().unwrap());
        assert_eq!(verified.event().subjects(), [subject]);
        assert_eq!(verified.covered(), Covered::AddressAndTime);
        assert!(verified.covered().is_claim() && verified.covered().time());
        assert!(!verified.covered().body() && !verified.covered().replayable());
        assert_eq!(verified.trusted_fields().count(), 0);
        assert_eq!(verified.sent(), Some(at(NOW)));
        // Nothing that came is lost, also not what no page lists.
        let shown = serde_json::to_value(verified.event()).unwrap();
        for (name, value) in body.as_object().unwrap() {
            assert!(shown.get(name).is_some(), "{name} of {body}");
            if !value.is_number() && !value.is_array() {
                assert_eq!(&shown[name], value, "{name}");
            }
        }
    }
    let mut listed = Callbacks::EVENTS.to_vec();
    listed.push("Invented");
    let names = messages().map(|(body, _)| body["EventType"].as_str().unwrap().to_owned());
    assert_eq!(names, listed[..]);
    let nameless = event(&json!({ "VideoId": "v" }));
    assert_eq!(nameless.event().name(), "other");
    assert!(
        matches!(nameless.event(), Event::Other(event) if event.claims().event_type().is_empty())
    );
}

#[test]
fn a_redelivery_has_the_same_key_and_another_event_has_not() {
    let mut keys = std::collections::BTreeSet::new();
    for (body, _) in messages() {
        let first = event(&body).event().key();
        let text = body.to_string();
        // The headers of a repeated message are new, its body is not.
        let again = receive(&quvideo(URL, NOW + 1, KEY, &text)).unwrap();
        assert_eq!(again.event().key(), first);
        let spaced = serde_json::to_string_pretty(&body).unwrap();
        let again = receive(&quvideo(URL, NOW, KEY, &spaced)).unwrap();
        assert_eq!(again.event().key(), first);
        assert!(first.as_str().starts_with("quvideo/") && first.as_str().len() < 256);
        keys.insert(first);
    }
    assert_eq!(keys.len(), messages().len());
}

/// The digest was computed with Python's hashlib.
#[test]
fn a_digest_of_another_implementation_is_accepted() {
    let request = http::Request::post("/your/callback")
        .header("x-vod-timestamp", "1700000000")
        .header("x-vod-signature", "4b0ff74ae55e0c60f70c5542f03a9609")
        .body(br#"{"EventType":"Invented"}"#.to_vec())
        .unwrap();
    let receiver = Callbacks::new("https://www.example.com/your/callback", [KEY]).unwrap();
    assert!(
        receiver
            .verify_and_parse(&Incoming::of(&request), at(NOW))
            .is_ok()
    );
}

#[test]
fn the_window_has_two_sides_and_includes_its_ends() {
    for (off, expected) in WINDOW {
        let request = quvideo(URL, NOW + off, KEY, r#"{"EventType":"Invented"}"#);
        let kind = receive(&request)
            .err()
            .map(|refusal| refusal.kind().as_str());
        assert_eq!(kind, expected, "{off}");
    }
}

#[test]
fn old_and_new_keys_hold_at_once() {
    let keys = ["test-key-new", "test-key-old", "test-key-oldest"];
    for count in [2, 3] {
        let receiver = Callbacks::new(URL, keys[..count].iter().copied()).unwrap();
        for (place, key) in keys.iter().enumerate() {
            let request = quvideo(URL, NOW, key, r#"{"EventType":"Invented"}"#);
            let received = receiver.verify_and_parse(&Incoming::of(&request), at(NOW));
            match received {
                Ok(verified) => assert_eq!(verified.key_place(), Some(place)),
                Err(refusal) => {
                    assert!(place >= count);
                    assert_eq!(refusal.kind(), RefusalKind::SignatureWrong);
                }
            }
        }
    }
    assert!(Callbacks::new(URL, [""]).is_err());
    assert!(Callbacks::new("", [KEY]).is_err());
}

#[test]
fn headers_that_are_missing_or_doubled_are_refused() {
    let body = r#"{"EventType":"Invented"}"#;
    let kind = |change: &dyn Fn(&mut http::HeaderMap)| {
        let mut request = quvideo(URL, NOW, KEY, body);
        change(request.headers_mut());
        receive(&request).unwrap_err().kind()
    };
    assert_eq!(
        kind(&|h| drop(h.remove("x-vod-signature"))),
        RefusalKind::SignatureMissing
    );
    assert_eq!(
        kind(&|h| drop(h.remove("x-vod-timestamp"))),
        RefusalKind::Time
    );
    for name in ["x-vod-signature", "x-vod-timestamp"] {
        let double = |headers: &mut http::HeaderMap| {
            let value = headers[name].clone();
            headers.append(name, value);
        };
        assert_eq!(kind(&double), RefusalKind::Ambiguous);
    }
    assert_eq!(
        receive(&post("/vod", body)).unwrap_err().kind(),
        RefusalKind::SignatureMissing
    );
    // Another address than the configured one.
    let other = quvideo("https://www.example.com/your/callback", NOW, KEY, body);
    assert_eq!(
        receive(&other).unwrap_err().kind(),
        RefusalKind::SignatureWrong
    );
    // An authentic time that is no number.
    let mut request = quvideo(URL, NOW, KEY, body);
    request
        .headers_mut()
        .insert("x-vod-timestamp", "soon".parse().unwrap());
    let sign = md5(&format!("{URL}|soon|{KEY}"));
    request
        .headers_mut()
        .insert("x-vod-signature", sign.parse().unwrap());
    assert_eq!(receive(&request).unwrap_err().kind(), RefusalKind::Time);
}

#[test]
fn the_answers_are_those_of_the_vendors_help() {
    let receiver = receiver();
    assert_eq!(
        (
            receiver.accepted().status.as_u16(),
            &*receiver.accepted().body
        ),
        (200, "")
    );
    // Anything but 200 is repeated.
    assert_eq!(receiver.failed("busy").status.as_u16(), 500);
    let refusal = receive(&post("/vod", "{}")).unwrap_err();
    assert_eq!(receiver.refused(&refusal).status.as_u16(), 403);
    assert!(
        receiver
            .refused(&refusal)
            .body
            .starts_with(r#"{"message":"#)
    );
}

proptest! {
    /// Each byte of what is signed, replaced by another one.
    #[test]
    fn a_changed_header_is_refused(
        header in prop_oneof![Just("x-vod-timestamp"), Just("x-vod-signature")],
        place in any::<prop::sample::Index>(),
        new in 32_u8..127,
    ) {
        let mut request = quvideo(URL, NOW, KEY, r#"{"EventType":"Invented"}"#);
        let mut value = request.headers()[header].as_bytes().to_vec();
        let place = place.index(value.len());
        prop_assume!(value[place] != new);
        value[place] = new;
        request.headers_mut().insert(header, value.as_slice().try_into().unwrap());
        prop_assert_eq!(receive(&request).unwrap_err().kind(), RefusalKind::SignatureWrong);
    }

    #[test]
    fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut request = quvideo(URL, NOW, KEY, "");
        *request.body_mut() = body;
        if let Err(refusal) = receive(&request) {
            prop_assert_eq!(refusal.kind(), RefusalKind::Malformed);
        }
    }
}
