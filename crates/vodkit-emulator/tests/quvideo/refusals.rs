//! What every call has in common when it says no.

use vodkit_types::quvideo::operations;

use crate::client::{send, site};

#[test]
fn every_call_with_a_token_wants_one_and_the_others_do_not() {
    let site = site();
    let mut asked = 0;
    for operation in operations::ALL {
        let reply = site.call(operation.method, operation.path, &[]);
        let refused = reply.status == 200 && reply.json().get("result").is_none();
        assert_eq!(refused, operation.needs_credential(), "{}", operation.name);
        asked += usize::from(refused);
        let record = site.emulator.journal().pop().unwrap();
        assert_eq!(record.vendor, Some("quvideo"));
        assert_eq!(record.operation, Some(operation.name));
    }
    assert_eq!(asked, 9);
}

#[test]
fn required_parameters_are_asked_for() {
    let site = site();
    for operation in operations::ALL {
        for param in operation.params.iter().filter(|param| param.required) {
            let mut params: Vec<(&str, &str)> = operation
                .params
                .iter()
                .filter(|have| have.name != param.name)
                .map(|have| (have.name, "1"))
                .collect();
            params.push(("token", &site.token));
            let reply = site.call(operation.method, operation.path, &params);
            let body = reply.json();
            let message = body["message"].as_str().unwrap();
            assert!(message.contains(param.name), "{}: {body}", operation.name);
            if operation.name.ends_with("VideoList") {
                assert_eq!(reply.status, 500);
                assert_eq!(body["error"], "Internal Server Error");
            } else {
                assert_eq!((reply.status, &body["code"]), (200, &"500".into()));
                assert_eq!(body["result"], "false");
            }
        }
    }
}

#[test]
fn the_wrong_method_meets_the_framework() {
    let site = site();
    for operation in operations::ALL {
        let method = if operation.method == "GET" {
            "POST"
        } else {
            "GET"
        };
        let reply = site.call(method, operation.path, &[]);
        assert_eq!(reply.status, 405, "{}", operation.name);
        let body = reply.json();
        assert_eq!(body["status"], 405);
        assert_eq!(body["error"], "Method Not Allowed");
        assert_eq!(body["path"], operation.path);
        assert!(body["timestamp"].is_u64() && body.get("result").is_none());
    }
    let head = send(site.at(), "HEAD", "/resource/getMv", &[], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn a_number_that_is_none_meets_the_framework_where_it_is_bound() {
    let site = site();
    let token = site.token.clone();
    let params = [
        ("token", token.as_str()),
        ("pageIndex", "one"),
        ("pageSize", "1"),
    ];
    let reply = site.call("GET", "/vod/getPersonalVideoList", &params);
    assert_eq!(
        (reply.status, &reply.json()["error"]),
        (400, &"Bad Request".into())
    );
}

#[test]
fn unknown_paths_answer_501_and_unlisted_parameters_are_remarked_on() {
    let site = site();
    let reply = site.get("/vod/getPersonalVideoLst?token=x");
    assert_eq!(reply.status, 501);
    assert_eq!(reply.json()["nearest"], "/vod/getPersonalVideoList");
    assert_eq!(site.get("/vod/getPersonalVideoList/").status, 501);
    site.get("/resource/getMv?typ=1&PACKAGE_NAME=app");
    let note = site.emulator.journal().pop().unwrap().note.unwrap();
    assert!(note.ends_with("does not list: typ"), "{note}");
}

#[test]
fn secrets_stay_out_of_the_journal() {
    let site = site();
    let (_, token) = site.guest();
    let upload = site.create(&token, "film.mp4");
    assert_eq!(upload.put(b"bytes").status, 200);
    site.call(
        "GET",
        "/user/register",
        &[("username", "u"), ("password", "hush-hush")],
    );
    site.call(
        "GET",
        "/user/login",
        &[("username", "u"), ("password", "hush-hush-2")],
    );
    let mut bent = upload.keys.clone();
    bent.secret.push('x');
    crate::client::Signed::new("PUT", &upload.resource(), &[]).send(site.at(), &bent, b"b");
    let journal: String = site
        .emulator
        .journal()
        .iter()
        .map(|record| format!("{record} {record:?}\n"))
        .collect();
    assert!(journal.contains("SignatureDoesNotMatch"));
    for secret in [
        token.as_str(),
        "hush-hush",
        upload.keys.secret.as_str(),
        upload.keys.token.as_str(),
    ] {
        assert!(!journal.contains(secret), "{journal}");
    }
}
