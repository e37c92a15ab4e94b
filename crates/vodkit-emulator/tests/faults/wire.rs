//! Faults and journal for programs in other languages.

use serde_json::{Value, json};
use vodkit_emulator::Emulator;

use crate::quvideo::site;
use crate::raw::{Seen, ask, ask_signed};

fn post(emulator: &Emulator, body: &str) -> Seen {
    let kind = [("Content-Type", "application/json")];
    ask(
        emulator.address(),
        "POST",
        "/_vodkit/faults",
        &kind,
        body.as_bytes(),
    )
}

fn get(emulator: &Emulator, target: &str) -> Value {
    ask(emulator.address(), "GET", target, &[], b"").json()
}

#[test]
fn faults_are_planned_reported_and_forgotten() {
    let emulator = Emulator::start().unwrap();
    let one = post(
        &emulator,
        r#"{ "on": "video/getInfo", "do": { "answer": { "status": 503, "retry_after": 1 } } }"#,
    );
    assert_eq!(one.status(), 200);
    assert_eq!(
        one.json(),
        json!({
            "status": "ok",
            "faults": [{
                "id": 1,
                "description": "video/getInfo, once: answer 503, Retry-After: 1",
                "planned": { "times": 1 },
                "matched": 0,
                "fired": 0,
            }],
            "unfired": [1],
        })
    );
    let two = post(
        &emulator,
        r#"[{ "rate": 0.5, "vendor": "polyv", "do": "close" }, { "on": "upload", "do": "reset" }]"#,
    );
    let ids: Vec<u64> = two.json()["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, [2, 3]);
    let call = ask(
        emulator.address(),
        "POST",
        "/openapi/video/getInfo",
        &[],
        b"",
    );
    assert_eq!(call.status(), 503);
    let report = get(&emulator, "/_vodkit/faults");
    assert_eq!(report["faults"][0]["fired"], 1);
    assert_eq!(report["faults"][1]["planned"], json!({ "rate": 0.5 }));
    assert_eq!(report["unfired"], json!([2, 3]));
    // The same as the library's own.
    assert_eq!(
        report["faults"],
        serde_json::to_value(emulator.faults().report()).unwrap()
    );
    let gone = ask(emulator.address(), "DELETE", "/_vodkit/faults", &[], b"");
    assert_eq!(gone.json()["faults"], json!([]));
    assert!(emulator.faults().report().is_empty());
}

#[test]
fn what_is_not_understood_is_refused_and_nothing_of_it_planned() {
    let emulator = Emulator::start().unwrap();
    for (body, words) in [
        ("nonsense", "no JSON"),
        (r#"{ "do": "close", "nht": 3 }"#, "unknown field `nht`"),
        (
            r#"[{ "do": "close" }, { "do": "slam" }]"#,
            "fault 2: unknown variant `slam`",
        ),
        (r#"{ "do": "close", "nth": 0 }"#, "nth is 0"),
    ] {
        let seen = post(&emulator, body);
        assert_eq!(seen.status(), 400, "{body}");
        let reply = seen.json();
        assert_eq!(reply["status"], "error");
        assert!(
            reply["message"].as_str().unwrap().contains(words),
            "{reply}"
        );
    }
    assert!(emulator.faults().report().is_empty());
    for target in [
        "/_vodkit/journal?afetr=1",
        "/_vodkit/journal?after=x",
        "/_vodkit/stored?a=1",
    ] {
        let seen = ask(emulator.address(), "GET", target, &[], b"");
        assert_eq!(seen.status(), 400, "{target}");
    }
}

#[test]
fn the_journal_can_be_read_from_outside_page_by_page() {
    let site = site();
    let upload = site.create(&site.token, "a.mp4");
    post(
        &site.emulator,
        r#"{ "on": "PutObject", "do": { "lose_reply": {} } }"#,
    );
    assert!(ask_signed(&upload, "PUT", "", b"film").is_silent_close());
    let journal = get(&site.emulator, "/_vodkit/journal");
    assert_eq!(journal["more"], false);
    let records = journal["records"].as_array().unwrap();
    let operations: Vec<&str> = records
        .iter()
        .map(|record| record["operation"].as_str().unwrap())
        .collect();
    assert_eq!(
        operations,
        ["vod/getVideoUploadAuth", "plan faults", "PutObject"]
    );
    let put = &records[2];
    assert_eq!((&put["sequence"], &put["fault"]), (&json!(3), &json!(1)));
    assert_eq!(
        (&put["vendor"], &put["method"], &put["status"]),
        (&json!("quvideo"), &json!("PUT"), &json!(200))
    );
    let object = format!("{}/{}", upload.address.bucket, upload.address.file_name);
    assert_eq!(
        put["effects"][0],
        json!({
            "effect": "object_stored",
            "object": object,
            "bytes": 4,
            "md5": crate::baijiayun::md5_hex(b"film"),
            "parts": null,
        })
    );
    assert_eq!(
        put["effects"][1],
        json!({ "effect": "thing", "vendor": "quvideo", "kind": "object", "id": object, "change": "created" })
    );
    let text = journal.to_string();
    for secret in [&upload.keys.secret, &upload.keys.token, &site.token] {
        assert!(!text.contains(secret.as_str()));
    }
    // Reading it is in it too.
    let page = get(&site.emulator, "/_vodkit/journal?after=2&limit=1");
    assert_eq!(page["records"], json!([put]));
    assert_eq!(page["more"], true);
    let page = get(&site.emulator, "/_vodkit/journal?after=4&limit=9");
    assert_eq!(page["records"][0]["operation"], "read journal");
    assert_eq!(page["more"], false);
    let stored = get(&site.emulator, "/_vodkit/stored");
    assert_eq!(
        stored["stored"],
        json!([{
            "vendor": "quvideo",
            "id": object,
            "bytes": 4,
            "md5": crate::baijiayun::md5_hex(b"film"),
            "complete": true,
        }])
    );
}
