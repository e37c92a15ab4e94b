//! Media: registered files.

use std::time::Duration;

use serde_json::{Value, json};
use vodkit_emulator::mediacloud::Account;
use vodkit_emulator::{Change, Effect, Emulator};
use vodkit_types::mediacloud::Envelope;

use crate::client::{is_uuid, lesson, vendor, vendor_with};

const MEDIAS: &str = "/api/v1/medias";

#[test]
fn a_registered_file_can_be_read_back() {
    let vendor = vendor();
    let token = vendor.token();
    let class = vendor.new_category(&token, "lessons");
    let body = json!({
        "classId": class, "displayName": "第一课", "description": "about one", "tag": "maths",
        "type": 2, "cloudProviderType": 3, "bucket": "sound", "fileUri": "sound/a/b.mp3",
        "internalWorkflowParam": { "poster": { "enable": 0 }, "tileRows": 3 },
    });
    let id = vendor.call(&token, "POST", MEDIAS, &body);
    let id = id.as_str().unwrap();
    assert!(is_uuid(id), "{id}");
    let created = Effect::Thing {
        vendor: "mediacloud",
        kind: "media",
        id: id.to_owned(),
        change: Change::Created,
    };
    assert_eq!(vendor.emulator.journal().pop().unwrap().effects, [created]);

    let reply = vendor.ask(&token, "GET", &format!("{MEDIAS}/{id}"), &Value::Null);
    let decoded: Envelope<Value> = serde_json::from_value(reply).unwrap();
    let mut medium = decoded.data.unwrap();
    for name in ["createTime", "updateTime"] {
        let time = medium[name].take();
        assert_eq!(time.as_str().map(str::len), Some(19), "{name}: {time}");
    }
    assert_eq!(
        medium,
        json!({
            "uuid": id, "classId": class, "className": "lessons", "displayName": "第一课",
            "description": "about one", "tag": "maths", "type": 2, "cloudProviderType": 3,
            "bucket": "sound", "fileUri": "sound/a/b.mp3", "status": "finished",
            "internalWorkflowParam": { "poster": { "enable": 0 }, "tileRows": 3 },
            "createTime": null, "updateTime": null,
        })
    );
}

#[test]
fn what_was_not_said_is_empty_and_the_same_file_is_another_medium() {
    let vendor = vendor();
    let token = vendor.token();
    let first = vendor.call(&token, "POST", MEDIAS, &lesson());
    let second = vendor.call(&token, "POST", MEDIAS, &lesson());
    assert_ne!(first, second);
    let medium = vendor.medium(&token, first.as_str().unwrap());
    for name in ["classId", "className", "displayName", "description", "tag"] {
        assert_eq!(medium[name], "", "{name}");
    }
    assert_eq!(medium["internalWorkflowParam"], json!({}));
    assert_eq!(medium["uuid"], first);
    let (_, health) = vendor.send("GET", "/_vodkit/health", &[], "");
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!(
        health["vendors"]["mediacloud"],
        json!({ "accounts": 1, "media": 2, "categories": 0 })
    );
}

#[test]
fn processing_takes_the_time_of_the_clock() {
    let vendor = vendor_with(Emulator::builder().transcode_time(Duration::from_secs(600)));
    let token = vendor.token();
    let id = vendor.call(&token, "POST", MEDIAS, &lesson());
    let id = id.as_str().unwrap();
    let medium = vendor.medium(&token, id);
    assert_eq!(medium["status"], "processing");
    assert_eq!(medium["updateTime"], medium["createTime"]);
    vendor.emulator.advance(Duration::from_secs(590));
    assert_eq!(vendor.medium(&token, id)["status"], "processing");
    vendor.emulator.advance(Duration::from_secs(10));
    let medium = vendor.medium(&token, id);
    assert_eq!(medium["status"], "finished");
    assert_ne!(medium["updateTime"], medium["createTime"]);
}

#[test]
fn an_unknown_medium_is_answered_as_on_the_page() {
    let vendor = vendor();
    let token = vendor.token();
    for id in [
        "00000000-0000-4000-8000-000000000000",
        "no-uuid",
        "%E8%AF%BE",
        "%FF",
    ] {
        assert_eq!(
            vendor.refusal(&token, "GET", &format!("{MEDIAS}/{id}"), &Value::Null),
            (404, "record not found".to_owned()),
            "{id}"
        );
    }
    let last = vendor.emulator.journal().pop().unwrap();
    assert_eq!(last.operation, Some("api/v1/medias/{id}"));
}

#[test]
fn an_id_may_be_percent_encoded() {
    let vendor = vendor();
    let token = vendor.token();
    let id = vendor.call(&token, "POST", MEDIAS, &lesson());
    let id = id.as_str().unwrap();
    let encoded = id.replace('-', "%2D");
    assert_eq!(vendor.medium(&token, &encoded)["uuid"], id);
}

#[test]
fn media_of_another_account_are_unknown() {
    let (one, two) = (
        Account::new("school-one", "test-password-1"),
        Account::new("school-two", "test-password-2"),
    );
    let vendor = vendor_with(
        Emulator::builder()
            .mediacloud(one.clone())
            .mediacloud(two.clone()),
    );
    let (one, two) = (vendor.token_of(&one), vendor.token_of(&two));
    let id = vendor.call(&one, "POST", MEDIAS, &lesson());
    let target = format!("{MEDIAS}/{}", id.as_str().unwrap());
    assert_eq!(vendor.refusal(&two, "GET", &target, &Value::Null).0, 404);
    assert_eq!(vendor.medium(&one, id.as_str().unwrap())["uuid"], id);
}

#[test]
fn the_reference_to_the_file_has_the_documented_form() {
    let vendor = vendor();
    let token = vendor.token();
    for uri in [
        "other/one.mp4",
        "lessons",
        "lessons/",
        "lessonsone.mp4",
        "/lessons/one.mp4",
    ] {
        let mut body = lesson();
        body["fileUri"] = json!(uri);
        let (code, message) = vendor.refusal(&token, "POST", MEDIAS, &body);
        assert_eq!(code, 400, "{uri}");
        assert!(message.contains("fileUri"), "{message}");
    }
    let mut body = lesson();
    body["classId"] = json!("unknown");
    assert_eq!(vendor.refusal(&token, "POST", MEDIAS, &body).0, 404);
}

#[test]
fn the_documented_limits_of_the_workflow_are_checked() {
    let vendor = vendor();
    let token = vendor.token();
    let register = |workflow: Value| {
        let mut body = lesson();
        body["internalWorkflowParam"] = workflow;
        vendor.ask(&token, "POST", MEDIAS, &body)
    };
    for (workflow, member) in [
        (json!({ "proxy": { "enable": 2 } }), "proxy"),
        (json!({ "audit": { "enable": true } }), "audit"),
        (json!({ "poster": {} }), "poster"),
        (json!({ "mediainfo": 1 }), "mediainfo"),
        (json!({ "snapshot": [] }), "snapshot"),
        (json!({ "snapshot": { "type": 3 } }), "snapshot.type"),
        (json!({ "snapshot": { "start": "0" } }), "snapshot.start"),
        (json!({ "snapshot": { "start": -0.5 } }), "snapshot.start"),
        (
            json!({ "snapshot": { "interval": 0 } }),
            "snapshot.interval",
        ),
        (
            json!({ "snapshot": { "interval": 1.5 } }),
            "snapshot.interval",
        ),
        (json!({ "snapshot": { "width": 4097 } }), "snapshot.width"),
        (json!({ "snapshot": { "height": "0" } }), "snapshot.height"),
    ] {
        let reply = register(workflow.clone());
        assert_eq!(reply["code"], 400, "{workflow}");
        let message = reply["msg"].as_str().unwrap();
        assert!(
            message.starts_with(&format!("parameter internalWorkflowParam.{member}: ")),
            "{workflow}: {message}"
        );
    }
    for workflow in [
        json!({ "proxy": { "enable": 1 }, "audit": { "enable": 0 }, "mediainfo": { "enable": 1 } }),
        json!({ "snapshot": { "type": "2", "start": 1500.5, "interval": 1, "width": 4096, "height": 0 } }),
        json!({ "snapshot": { "type": 1, "start": 0, "num": 3 } }),
        json!({ "snapshot": {}, "tileColumns": "4" }),
    ] {
        assert_eq!(register(workflow.clone())["code"], 200, "{workflow}");
    }
}
