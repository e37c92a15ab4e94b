//! Polyv: what little is signed differs by event, and the rest is a claim.

use proptest::prelude::*;
use serde_json::json;
use vodkit_request::callback::{
    CallbackEvent, Covered, Incoming, Receiver, Refusal, RefusalKind, Verified,
};
use vodkit_request::polyv::SnapshotStatus;
use vodkit_request::polyv::callback::{Callbacks, Event, Other};

use crate::signer::{Pairs, form, form_in, get, md5, pairs, post};
use crate::{KEY, NOW, at};

const VID: &str = "u1234567890123456789abcdef012345_u";

fn receive(request: &http::Request<Vec<u8>>) -> Result<Verified<Event>, Refusal> {
    let receiver = Callbacks::new([KEY]).unwrap();
    receiver.verify_and_parse(&Incoming::of(request), at(NOW))
}

/// A GET event, with the text that the vendor signs, before the key.
struct Query {
    fields: Pairs,
    text: String,
    trusted: &'static [&'static str],
}

fn queries() -> Vec<Query> {
    let query = |fields: Pairs, text: String, trusted| Query {
        fields,
        text,
        trusted,
    };
    let of_video = |kind: &str| pairs([("type", kind), ("vid", VID)]);
    let mut upload = of_video("upload");
    upload.extend(pairs([("state", "我的 state&1=2")]));
    let rendition = |kind: &str, format: &str, df: &str| {
        query(
            pairs([("type", kind), ("format", format), ("vid", VID), ("df", df)]),
            format!("{kind}{format}{VID}{df}"),
            &["type", "format", "vid", "df"],
        )
    };
    let url = "http://files.example.test/课 1.mp4?a=1&b=%20+";
    vec![
        query(upload, format!("upload{VID}"), &["vid"]),
        // The page's rule, by which the type is not covered, and the one that would cover it.
        query(of_video("invalidVideo"), format!("upload{VID}"), &["vid"]),
        query(
            of_video("invalidVideo"),
            format!("invalidVideo{VID}"),
            &["type", "vid"],
        ),
        query(
            pairs([
                ("type", "async_upload"),
                ("fileUrl", url),
                ("title", "t"),
                ("state", ""),
            ]),
            format!("async_upload{url}"),
            &["type", "fileUrl"],
        ),
        query(
            of_video("videoSyncedFail"),
            format!("videoSyncedFail{VID}"),
            &["type", "vid"],
        ),
        rendition("encode", "mp4", "1"),
        rendition("encode_failed", "m3u8", "3"),
        query(
            of_video("pass"),
            format!("managepass{VID}"),
            &["type", "vid"],
        ),
        query(
            of_video("nopass"),
            format!("managenopass{VID}"),
            &["type", "vid"],
        ),
    ]
}

impl Query {
    fn signed(&self, key: &str) -> Pairs {
        let mut fields = self.fields.clone();
        fields.push(("sign".to_owned(), md5(&format!("{}{key}", self.text))));
        fields
    }

    fn kind(&self) -> &str {
        &self.fields[0].1
    }
}

fn posted(text: &str, body: &serde_json::Value) -> http::Request<Vec<u8>> {
    let sign = md5(&format!("{text}{KEY}"));
    post(&format!("/cb?tenant=7&sign={sign}"), body.to_string())
}

/// A POST event, with the text that the vendor signs, before the key, and the ids that it is about.
fn posts() -> Vec<(serde_json::Value, String, &'static [&'static str], Covered)> {
    let second = "u1234567890123456789abcdef6789ab_u";
    vec![
        (
            json!({ "eventType": "TranscodeComplete", "status": "success", "vid": VID, "videoInfos": [
                { "duration": 883, "df": 1, "size": 15_499_011, "format": "mp4", "bitrate": 256, "resolution": "480x360", "status": "success", "new": 1 },
                { "duration": 883.5, "df": "9", "size": "27574109", "status": "fail" }] }),
            format!("TranscodeComplete{VID}"),
            &["eventType", "vid"],
            Covered::Fields,
        ),
        (
            json!({ "eventType": "DeleteMediaComplete", "operateTime": "2024-01-20 07:49:17", "operator": "a@example.test", "status": "success",
                "deleteType": "MoveToTrash", "vids": format!("{VID},{second}") }),
            "DeleteMediaComplete".to_owned(),
            &[],
            Covered::Constant,
        ),
        (
            json!({ "eventType": "AIContentScanNotPassed", "scanSource": "video", "vid": "u1234567890123456789abcdef012345",
                "scanResults": [{ "imageUrl": "http://img.example.test/0_b.jpg", "scene": "porn", "label": "sexy", "suggestion": "block", "rate": 93.26 }] }),
            "AIContentScanNotPassed".to_owned(),
            &[],
            Covered::Constant,
        ),
        (
            json!({ "eventType": "CoursewareConvertComplete", "status": "success", "vid": VID,
                "convertedImages": [{ "pageNo": 1, "pageTitle": "第一页", "pageImage": "https://doc.example.test/0.jpeg", "pageThumbnail": "https://doc.example.test/0_s.jpeg" }] }),
            "CoursewareConvertComplete".to_owned(),
            &[],
            Covered::Constant,
        ),
        (
            json!({ "vid": VID, "taskId": 1146, "status": "success", "snapshots": [] }),
            format!("snapshot{VID}"),
            &["vid"],
            Covered::Fields,
        ),
    ]
}

#[test]
fn every_get_event_says_what_was_signed() {
    for query in queries() {
        let uri = format!("/cb?{}", form(&query.signed(KEY)));
        let verified = receive(&get(&uri)).unwrap();
        assert_eq!(verified.event().name(), query.kind());
        assert_eq!(verified.covered(), Covered::Fields);
        assert!(!verified.covered().body() && verified.covered().replayable());
        assert!(
            verified.trusted_fields().eq(query.trusted.iter().copied()),
            "{uri}"
        );
        assert_eq!(verified.sent(), None);
        let shown = serde_json::to_value(verified.event()).unwrap();
        for (name, value) in query.fields.iter().filter(|(_, value)| !value.is_empty()) {
            let shown = match &shown[name] {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            assert_eq!(&shown, value, "{name}");
        }
        assert!(shown.get("sign").is_none());
    }
}

#[test]
fn every_post_event_says_what_was_signed() {
    for (body, text, trusted, covered) in posts() {
        let verified = receive(&posted(&text, &body)).unwrap();
        let name = body["eventType"].as_str().unwrap_or("snapshot");
        assert_eq!(verified.event().name(), name);
        assert_eq!(verified.covered(), covered, "{name}");
        assert!(
            verified.trusted_fields().eq(trusted.iter().copied()),
            "{name}"
        );
        assert_eq!(covered.is_claim(), trusted.is_empty(), "{name}");
        assert!(covered.replayable());
        assert!(!verified.event().subjects().is_empty());
        // A constant proves nothing of the body, so the type says so.
        let unproven = matches!(
            verified.event(),
            Event::DeleteMediaComplete(_)
                | Event::AIContentScanNotPassed(_)
                | Event::CoursewareConvertComplete(_)
        );
        assert_eq!(unproven, covered == Covered::Constant);
    }
    let (body, text, ..) = &posts()[1];
    let verified = receive(&posted(text, body)).unwrap();
    assert_eq!(verified.event().subjects().len(), 2);
    let (body, text, ..) = &posts()[0];
    let Event::TranscodeComplete(event) = receive(&posted(text, body)).unwrap().into_event() else {
        panic!("another event");
    };
    assert_eq!(event.video_infos.len(), 2);
    assert_eq!(event.video_infos[0].extra.get("new"), Some(&json!(1)));
    assert_eq!(event.video_infos[1].df.as_ref().unwrap().as_str(), "9");
}

#[test]
fn the_list_of_events_is_what_is_told_apart() {
    let mut told: Vec<String> = queries()
        .iter()
        .map(|query| query.kind().to_owned())
        .collect();
    for (body, ..) in posts() {
        told.push(body["eventType"].as_str().unwrap_or("snapshot").to_owned());
    }
    told.sort();
    told.dedup();
    let mut listed = Callbacks::EVENTS.to_vec();
    listed.sort_unstable();
    assert_eq!(told, listed);
}

#[test]
fn the_pictures_of_a_snapshot_task_are_read() {
    let body = json!({ "taskId": 123, "vid": VID, "status": "success",
        "snapshots": [{ "offsetTime": 12, "imageUrl": "http://img.example.test/12.jpg" }, { "offsetTime": "78" }] });
    let request = posted(&format!("snapshot{VID}"), &body);
    let Event::Snapshot(event) = receive(&request).unwrap().into_event() else {
        panic!("another event");
    };
    assert_eq!(event.status, Some(SnapshotStatus::Success));
    let moments: Vec<_> = event
        .snapshots
        .iter()
        .map(|picture| picture.offset_time)
        .collect();
    assert_eq!(moments, [Some(12), Some(78)]);
    assert!(event.extra.is_empty());
}

#[test]
fn a_snapshot_may_come_as_a_form() {
    let sign = md5(&format!("snapshot{VID}{KEY}"));
    let request = post(
        &format!("/cb?sign={sign}"),
        format!("vid={VID}&taskId=1146&more=1"),
    );
    let Event::Snapshot(event) = receive(&request).unwrap().into_event() else {
        panic!("another event");
    };
    assert_eq!((event.vid.as_str(), event.task_id), (VID, Some(1146)));
    assert_eq!(event.extra.get("more"), Some(&json!("1")));
}

/// The digests were computed with Python's hashlib.
#[test]
fn digests_of_another_implementation_are_accepted() {
    for (request, name) in [
        (
            get(&format!(
                "/cb?type=upload&vid={VID}&sign=d49b73d55c3d93e9e5cc4e2afd74d648"
            )),
            "upload",
        ),
        (
            get(&format!(
                "/cb?type=encode&format=flv&vid={VID}&df=1&sign=1e7ffc9399d71c42497aadf88173c52d"
            )),
            "encode",
        ),
        (
            get(&format!(
                "/cb?type=nopass&vid={VID}&sign=ac6830630898f3a08a76fef661e3279f"
            )),
            "nopass",
        ),
        (
            get(
                "/cb?type=async_upload&fileUrl=http%3A%2F%2Fa.example%2F1.mp4&sign=e1363b7cd7592c3959a88cbe94483bf8",
            ),
            "async_upload",
        ),
        (
            post(
                "/cb?sign=e26f3da799d8a4e8b6b1e28dee60e2a2",
                r#"{"eventType":"DeleteMediaComplete"}"#,
            ),
            "DeleteMediaComplete",
        ),
        (
            post(
                "/cb?sign=082867237ebc78a69fa05d9da3edc285",
                format!(r#"{{"eventType":"TranscodeComplete","vid":"{VID}"}}"#),
            ),
            "TranscodeComplete",
        ),
        (
            post(
                "/cb?sign=f86df600d4e4bcd92fafe2a02271f1aa",
                format!("vid={VID}"),
            ),
            "snapshot",
        ),
    ] {
        assert_eq!(receive(&request).unwrap().event().name(), name);
    }
}

#[test]
fn unknown_events_are_kept_as_claims() {
    for text in [format!("invented{VID}"), "invented".to_owned()] {
        let sign = md5(&format!("{text}{KEY}"));
        let request = get(&format!("/cb?type=invented&vid={VID}&more=1&sign={sign}"));
        let verified = receive(&request).unwrap();
        assert_eq!(verified.covered(), Covered::Unclear);
        assert_eq!(verified.trusted_fields().count(), 0);
        assert_eq!(verified.event().subjects(), [VID]);
        let Event::Other(event) = verified.event() else {
            panic!("{verified:?}");
        };
        assert!(matches!(event.claims(), Other::Query(fields) if fields.get("more") == Some("1")));

        let body = json!({ "eventType": "invented", "vid": VID, "more": [1] });
        let verified = receive(&posted(&text, &body)).unwrap();
        assert_eq!(
            (verified.covered(), verified.event().name().as_ref()),
            (Covered::Unclear, "invented")
        );
        assert_eq!(serde_json::to_value(verified.event()).unwrap(), body);
    }
    let forged = get(&format!("/cb?type=invented&vid={VID}&sign={}", md5("x")));
    assert_eq!(
        receive(&forged).unwrap_err().kind(),
        RefusalKind::SignatureWrong
    );
}

/// Nothing stands between the signed parts, so the same signature fits them cut elsewhere.
#[test]
fn parts_that_are_cut_elsewhere_are_refused() {
    let signed = |kind: &str, format: &str, vid: &str, df: &str, text: &str| {
        let sign = md5(&format!("{text}{KEY}"));
        let fields = pairs([
            ("type", kind),
            ("format", format),
            ("vid", vid),
            ("df", df),
            ("sign", &sign),
        ]);
        receive(&get(&format!("/cb?{}", form(&fields))))
    };
    let failed = format!("encode_failedmp4{VID}1");
    assert!(signed("encode_failed", "mp4", VID, "1", &failed).is_ok());
    // A failure is not to be turned into a success.
    let turned = signed("encode", "_failedmp4", VID, "1", &failed).unwrap_err();
    assert_eq!(turned.kind(), RefusalKind::Malformed);
    assert!(turned.to_string().contains("`format`"), "{turned}");
    for (format, vid, df) in [
        ("mp", format!("4{VID}"), "1"),
        ("mp4u", VID[1..].to_owned(), "1"),
        ("mp4", format!("{VID}1"), ""),
        ("mp4", VID[..33].to_owned(), "u1"),
        ("", format!("mp4{VID}"), "1"),
    ] {
        let refusal = signed("encode_failed", format, &vid, df, &failed).unwrap_err();
        assert_eq!(
            refusal.kind(),
            RefusalKind::Malformed,
            "{format} {vid} {df}"
        );
    }
    // A message that is known cannot get more trust by another name.
    let sign = md5(&format!("upload{VID}{KEY}"));
    let cut = receive(&get(&format!("/cb?type=uploa&vid=d{VID}&sign={sign}"))).unwrap();
    assert_eq!(
        (cut.covered(), cut.trusted_fields().count()),
        (Covered::Unclear, 0)
    );
}

#[test]
fn a_redelivery_has_the_same_key_and_another_event_has_not() {
    let mut keys = std::collections::BTreeSet::new();
    for query in queries() {
        let key = |fields: &Pairs| {
            let request = get(&format!("/cb?{}", form(fields)));
            receive(&request).unwrap().event().key()
        };
        let signed = query.signed(KEY);
        let mut again = signed.clone();
        again.reverse();
        // What is not signed does not make it another event.
        again.push(("added".to_owned(), "1".to_owned()));
        assert_eq!(key(&signed), key(&again));
        keys.insert(key(&signed));
    }
    for (body, text, ..) in posts() {
        let key = |body| receive(&posted(&text, body)).unwrap().event().key();
        assert_eq!(key(&body), key(&body));
        keys.insert(key(&body));
    }
    // The two ways to sign `invalidVideo` are one event.
    assert_eq!(keys.len(), queries().len() - 1 + posts().len());
    let (mut body, text, ..) = posts().swap_remove(0);
    let before = receive(&posted(&text, &body)).unwrap().event().key();
    body["status"] = "fail".into();
    assert_ne!(
        receive(&posted(&text, &body)).unwrap().event().key(),
        before
    );
}

#[test]
fn old_and_new_keys_hold_at_once() {
    let keys = ["test-key-new", "test-key-old", "test-key-oldest"];
    for count in [2, 3] {
        let receiver = Callbacks::new(keys[..count].iter().copied()).unwrap();
        for (place, key) in keys.iter().enumerate() {
            for query in queries() {
                let request = get(&format!("/cb?{}", form(&query.signed(key))));
                match receiver.verify_and_parse(&Incoming::of(&request), at(NOW)) {
                    Ok(verified) => assert_eq!(verified.key_place(), Some(place)),
                    Err(refusal) => {
                        assert!(place >= count);
                        assert_eq!(refusal.kind(), RefusalKind::SignatureWrong);
                    }
                }
            }
        }
    }
    assert!(Callbacks::new([""]).is_err());
}

#[test]
fn a_missing_part_is_refused() {
    for query in queries() {
        for at in 0..query.fields.len() {
            let mut fields = query.signed(KEY);
            let (name, _) = fields.remove(at);
            let received = receive(&get(&format!("/cb?{}", form(&fields))));
            if query.trusted.contains(&name.as_str()) || name == "type" {
                let kind = received.unwrap_err().kind();
                assert!(
                    matches!(kind, RefusalKind::Malformed | RefusalKind::SignatureWrong),
                    "{name}"
                );
            } else {
                assert!(received.is_ok(), "{name}");
            }
        }
        let unsigned = receive(&get(&format!("/cb?{}", form(&query.fields)))).unwrap_err();
        assert_eq!(unsigned.kind(), RefusalKind::SignatureMissing);
        let empty = receive(&get(&format!("/cb?{}&sign=", form(&query.fields)))).unwrap_err();
        assert_eq!(empty.kind(), RefusalKind::SignatureMissing);
    }
    for body in [
        r#"{"eventType":"TranscodeComplete"}"#,
        r#"{"eventType":null}"#,
        r#"{"eventType":7}"#,
        "{}",
        "",
    ] {
        let refusal = receive(&post("/cb?sign=0", body)).unwrap_err();
        assert_eq!(refusal.kind(), RefusalKind::Malformed, "{body}");
    }
}

#[test]
fn the_answers_are_those_of_the_page() {
    let receiver = Callbacks::new([KEY]).unwrap();
    assert_eq!(
        (
            receiver.accepted().status.as_u16(),
            &*receiver.accepted().body
        ),
        (200, "")
    );
    assert_eq!(receiver.failed("busy").status.as_u16(), 500);
    let refusal = receive(&get("/cb?type=upload&vid=v&sign=0")).unwrap_err();
    assert_eq!(receiver.refused(&refusal).status.as_u16(), 403);
}

proptest! {
    #[test]
    fn order_and_encoding_do_not_matter(
        number in 0_usize..9,
        turn in 0_usize..5,
        ways in proptest::collection::vec(any::<bool>(), 64),
    ) {
        let signed = queries()[number].signed(KEY);
        let plain = receive(&get(&format!("/cb?{}", form(&signed)))).unwrap();
        let mut turned = signed;
        let turn = turn % turned.len();
        turned.rotate_left(turn);
        let query = form_in(&turned, &mut ways.into_iter().cycle());
        let other = receive(&get(&format!("/cb?{query}"))).unwrap();
        prop_assert_eq!(plain.event().key(), other.event().key());
        prop_assert_eq!(plain, other);
    }

    /// Each character of each signed value, replaced by another one.
    #[test]
    fn a_changed_value_is_refused(
        number in 0_usize..9,
        part in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        new in any::<char>(),
    ) {
        let query = &queries()[number];
        let mut fields = query.signed(KEY);
        let named = |name: &str| query.trusted.contains(&name) || name == "sign";
        let signed: Vec<_> = (0..fields.len()).filter(|at| named(&fields[*at].0)).collect();
        let value = &mut fields[signed[part.index(signed.len())]].1;
        let mut letters: Vec<char> = value.chars().collect();
        let place = place.index(letters.len());
        prop_assume!(letters[place] != new);
        letters[place] = new;
        *value = letters.into_iter().collect();
        let received = receive(&get(&format!("/cb?{}", form(&fields))));
        prop_assert!(received.is_err());
    }

    /// Whatever byte of the query is changed: the message is refused, or what it is trusted for is still the same.
    #[test]
    fn a_changed_byte_changes_nothing_that_is_trusted(
        number in 0_usize..9,
        place in any::<prop::sample::Index>(),
        byte in 33_u8..127,
    ) {
        let query = form(&queries()[number].signed(KEY));
        let original = receive(&get(&format!("/cb?{query}"))).unwrap();
        let mut changed = query.into_bytes();
        let place = place.index(changed.len());
        changed[place] = byte;
        let Ok(uri) = format!("/cb?{}", String::from_utf8(changed).unwrap()).parse::<http::Uri>() else {
            return Ok(());
        };
        if let Ok(accepted) = receive(&get(&uri.to_string())) {
            let (before, after) = (serde_json::to_value(original.event()).unwrap(), serde_json::to_value(accepted.event()).unwrap());
            for field in accepted.trusted_fields() {
                prop_assert_eq!(&before[field], &after[field], "{}", field);
            }
        }
    }

    #[test]
    fn any_bytes_are_refused(query in "[ -~]{0,60}", body in proptest::collection::vec(any::<u8>(), 0..100)) {
        let query = query.replace(['#', '"', '<', '>', ' ', '`', '{', '}', '\\', '^', '|'], "");
        if let Ok(uri) = format!("/cb?sign=0&{query}").parse::<http::Uri>() {
            prop_assert!(receive(&get(&uri.to_string())).is_err());
            prop_assert!(receive(&post(&uri.to_string(), body)).is_err());
        }
    }
}
