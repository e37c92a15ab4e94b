//! Bodies and methods that are not what the page says.

use serde_json::{Value, json};

use crate::client::{JSON, lesson, refused, vendor};

/// Every call with a body, and one that it accepts.
fn calls(
    category: &str,
    username: &str,
    password: &str,
) -> [(&'static str, &'static str, Value); 4] {
    [
        (
            "POST",
            "/api/v1/login",
            json!({ "username": username, "password": password }),
        ),
        ("POST", "/api/v1/medias", lesson()),
        ("POST", "/api/v1/class", json!({ "className": "a" })),
        ("DELETE", "/api/v1/class", json!({ "uids": [category] })),
    ]
}

#[test]
fn a_body_that_is_no_json_object_is_refused() {
    let vendor = vendor();
    let bearer = format!("Bearer {}", vendor.token());
    let bearer = ("Authorization", bearer.as_str());
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for (method, target, right) in calls("x", "a", "b") {
        let right = right.to_string();
        for (headers, body, why) in [
            (vec![bearer, JSON], "", "is not JSON"),
            (vec![bearer, JSON], &right[..right.len() - 1], "is not JSON"),
            (vec![bearer, JSON], "[]", "not an object"),
            (vec![bearer, JSON], "\"text\"", "not an object"),
            (vec![bearer, form], "className=a", "application/json"),
            (vec![bearer, form], right.as_str(), "application/json"),
            (vec![bearer], right.as_str(), "application/json"),
        ] {
            let reply = vendor.envelope(method, target, &headers, body);
            let (code, message) = refused(&reply);
            assert_eq!(code, 400, "{method} {target} {body}");
            assert!(message.contains(why), "{method} {target} {body}: {message}");
        }
    }
    assert!(vendor.last_note().contains("assumed: content-type"));
}

#[test]
fn the_type_of_the_content_may_have_a_charset() {
    let vendor = vendor();
    let bearer = format!("Bearer {}", vendor.token());
    let category = vendor.new_category(&vendor.token(), "a");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "Application/JSON; charset=utf-8"),
    ];
    let account = vendor.account.clone();
    for (method, target, body) in calls(&category, &account.username, &account.password) {
        let reply = vendor.envelope(method, target, &headers, &body.to_string());
        assert_eq!(reply["code"], 200, "{method} {target}: {reply}");
    }
}

#[test]
fn each_required_member_is_named_when_it_is_missing_or_of_a_wrong_type() {
    let vendor = vendor();
    let token = vendor.token();
    for (method, target, right) in calls("x", "a", "b") {
        for name in right.as_object().unwrap().keys() {
            let mut missing = right.clone();
            missing.as_object_mut().unwrap().remove(name);
            let changed = |value: Value| {
                let mut body = right.clone();
                body[name] = value;
                body
            };
            let bodies = [
                missing,
                changed(Value::Null),
                changed(json!("")),
                changed(json!({})),
                changed(json!(true)),
            ];
            for body in bodies {
                let (code, message) = vendor.refusal(&token, method, target, &body);
                assert_eq!(code, 400, "{method} {target} {body}");
                assert!(
                    message.starts_with(&format!("parameter {name}: ")),
                    "{body}: {message}"
                );
            }
        }
    }
    // A number is no text, and the text of a number no number.
    for (name, value) in [
        ("type", json!("1")),
        ("cloudProviderType", json!("1")),
        ("type", json!(3)),
        ("displayName", json!(7)),
        ("internalWorkflowParam", json!([])),
        ("internalWorkflowParam", json!("x")),
    ] {
        let mut body = lesson();
        body[name] = value;
        let reply = vendor.ask(&token, "POST", "/api/v1/medias", &body);
        // An empty list says as little as a missing object.
        let expected = if body[name] == json!([]) { 200 } else { 400 };
        assert_eq!(reply["code"], expected, "{body}");
    }
}

#[test]
fn members_that_the_page_does_not_list_are_accepted_and_mentioned() {
    let vendor = vendor();
    let token = vendor.token();
    let body = json!({ "className": "a", "parentID": "x" });
    vendor.call(&token, "POST", "/api/v1/class", &body);
    assert!(
        vendor.last_note().ends_with("does not list: parentID"),
        "{}",
        vendor.last_note()
    );
}

#[test]
fn who_has_no_token_learns_nothing_about_the_body() {
    let vendor = vendor();
    let reply = vendor.envelope("POST", "/api/v1/class", &[JSON], "{");
    assert_eq!(refused(&reply).0, 401);
}

#[test]
fn other_methods_and_paths_are_told_apart() {
    let vendor = vendor();
    let token = vendor.token();
    for (method, target) in [
        ("GET", "/api/v1/login"),
        ("PUT", "/api/v1/medias"),
        ("DELETE", "/api/v1/medias/x"),
        ("PUT", "/api/v1/class"),
    ] {
        let (code, message) = vendor.refusal(&token, method, target, &Value::Null);
        assert_eq!(code, 404, "{method} {target}");
        assert!(message.contains(method), "{message}");
    }
    let (status, body) = vendor.send("POST", "/api/v1/classes", &[JSON], "{}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["nearest"]), (501, &json!("/api/v1/class")));
}

#[test]
fn a_body_without_end_is_refused_after_it_was_read() {
    let vendor = vendor();
    let token = vendor.token();
    let long = json!({ "className": "x".repeat(16 * 1024 * 1024) });
    let (code, message) = vendor.refusal(&token, "POST", "/api/v1/class", &long);
    assert_eq!(code, 400);
    assert!(message.contains("16 MiB"), "{message}");
}
