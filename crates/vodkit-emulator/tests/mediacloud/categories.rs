//! Categories.

use serde_json::{Value, json};
use vodkit_emulator::mediacloud::Account;
use vodkit_emulator::{Change, Effect, Emulator};
use vodkit_types::mediacloud::Envelope;

use crate::client::{is_uuid, lesson, vendor, vendor_with};

const CLASS: &str = "/api/v1/class";

fn effects(emulator: &Emulator) -> Vec<Effect> {
    emulator.journal().pop().unwrap().effects
}

fn thing(id: &str, change: Change) -> Effect {
    Effect::Thing {
        vendor: "mediacloud",
        kind: "class",
        id: id.to_owned(),
        change,
    }
}

#[test]
fn a_new_category_is_answered_with_its_id_alone() {
    let vendor = vendor();
    let token = vendor.token();
    let reply = vendor.ask(&token, "POST", CLASS, &json!({ "className": "高一数学" }));
    let decoded: Envelope<String> = serde_json::from_value(reply).unwrap();
    assert!(decoded.succeeded(&["200"]));
    let parent = decoded.data.unwrap();
    assert!(is_uuid(&parent), "{parent}");
    assert_eq!(effects(&vendor.emulator), [thing(&parent, Change::Created)]);

    let body = json!({ "className": "函数", "parentId": parent });
    let child = vendor.call(&token, "POST", CLASS, &body);
    assert_ne!(child, parent);
    // It is there: a medium can be put into it, and shows its name.
    let mut lesson = lesson();
    lesson["classId"] = child.clone();
    let medium = vendor.call(&token, "POST", "/api/v1/medias", &lesson);
    let medium = vendor.medium(&token, medium.as_str().unwrap());
    assert_eq!(
        (&medium["classId"], &medium["className"]),
        (&child, &json!("函数"))
    );
}

#[test]
fn what_is_above_must_exist() {
    let vendor = vendor();
    let token = vendor.token();
    let body = json!({ "className": "a", "parentId": "00000000-0000-4000-8000-000000000000" });
    let (code, message) = vendor.refusal(&token, "POST", CLASS, &body);
    assert_eq!((code, message.as_str()), (404, "record not found"));
    assert!(
        vendor.last_note().contains("parentId"),
        "{}",
        vendor.last_note()
    );
    assert_eq!(effects(&vendor.emulator), []);
}

#[test]
fn deleting_takes_the_named_ones_and_leaves_those_below() {
    let vendor = vendor();
    let token = vendor.token();
    let parent = vendor.new_category(&token, "above");
    let body = json!({ "className": "below", "parentId": parent });
    let child = vendor.call(&token, "POST", CLASS, &body);
    let child = child.as_str().unwrap();
    let lone = vendor.new_category(&token, "lone");

    let body = json!({ "uids": [parent, lone, parent] });
    assert_eq!(vendor.call(&token, "DELETE", CLASS, &body), Value::Null);
    let mut expected = [parent.as_str(), lone.as_str()];
    expected.sort_unstable();
    assert_eq!(
        effects(&vendor.emulator),
        expected.map(|id| thing(id, Change::Deleted))
    );

    let below = |id: &str| json!({ "className": "new", "parentId": id });
    assert_eq!(
        vendor.refusal(&token, "POST", CLASS, &below(&parent)).0,
        404
    );
    vendor.call(&token, "POST", CLASS, &below(child));
}

#[test]
fn one_unknown_id_spares_them_all() {
    let vendor = vendor();
    let token = vendor.token();
    let known = vendor.new_category(&token, "known");
    let body = json!({ "uids": [known, "unknown"] });
    assert_eq!(
        vendor.refusal(&token, "DELETE", CLASS, &body),
        (404, "record not found".to_owned())
    );
    assert_eq!(effects(&vendor.emulator), []);
    vendor.call(&token, "DELETE", CLASS, &json!({ "uids": [known] }));
    let again = vendor.refusal(&token, "DELETE", CLASS, &json!({ "uids": [known] }));
    assert_eq!(again.0, 404);
}

#[test]
fn media_stay_when_their_category_goes() {
    let vendor = vendor();
    let token = vendor.token();
    let (gone, kept) = (
        vendor.new_category(&token, "gone"),
        vendor.new_category(&token, "kept"),
    );
    let put = |class: &str| {
        let mut lesson = lesson();
        lesson["classId"] = json!(class);
        let id = vendor.call(&token, "POST", "/api/v1/medias", &lesson);
        id.as_str().unwrap().to_owned()
    };
    let (in_gone, in_kept) = (put(&gone), put(&kept));
    vendor.call(&token, "DELETE", CLASS, &json!({ "uids": [gone] }));
    let medium = vendor.medium(&token, &in_gone);
    assert_eq!(
        (&medium["classId"], &medium["className"]),
        (&json!(""), &json!(""))
    );
    let medium = vendor.medium(&token, &in_kept);
    assert_eq!(
        (&medium["classId"], &medium["className"]),
        (&json!(kept), &json!("kept"))
    );
}

#[test]
fn categories_of_another_account_are_unknown() {
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
    let id = vendor.new_category(&one, "mine");
    let mut lesson = lesson();
    lesson["classId"] = json!(id);
    for (method, target, body) in [
        ("DELETE", CLASS, json!({ "uids": [id] })),
        ("POST", CLASS, json!({ "className": "a", "parentId": id })),
        ("POST", "/api/v1/medias", lesson),
    ] {
        assert_eq!(
            vendor.refusal(&two, method, target, &body).0,
            404,
            "{method} {target}"
        );
        vendor.call(
            &one,
            "POST",
            CLASS,
            &json!({ "className": "a", "parentId": id }),
        );
    }
}
