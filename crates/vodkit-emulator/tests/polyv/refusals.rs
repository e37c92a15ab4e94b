//! What every call is refused for.

use serde_json::Value;
use vodkit_types::operation::{Operation, ParamKind};
use vodkit_types::polyv::operations::ALL;

use crate::client::{
    FORM, Pairs, Vendor, body_of, md5_upper, now_ms, owned, refused, send, sha1_upper, token_text,
    v2_text, vendor,
};

fn is_token(operation: &Operation) -> bool {
    operation.signing == Some("token")
}

/// Account and time under the names that this call has for them.
fn common(vendor: &Vendor, operation: &Operation, user: &str) -> Pairs {
    let time = now_ms().to_string();
    if is_token(operation) {
        return owned(&[("userId", user), ("ts", &time)]);
    }
    let mut pairs = owned(&[("userid", user), ("ptime", &time)]);
    if operation.name == "del-videos" {
        pairs.push(("userId".to_owned(), user.to_owned()));
    }
    assert_eq!(vendor.user().len(), 10);
    pairs
}

/// Signs what this call covers.
fn sign(vendor: &Vendor, operation: &Operation, pairs: &Pairs) -> String {
    let key = &vendor.account.secret_key;
    if is_token(operation) {
        return md5_upper(&format!("{key}{}{key}", token_text(pairs)));
    }
    let covered = |name: &str| {
        operation.signing.is_none()
            || matches!(name, "userid" | "ptime")
            || operation.param(name).is_some_and(|param| param.signed)
    };
    let mut pairs = pairs.clone();
    pairs.retain(|(name, _)| covered(name));
    sha1_upper(&format!("{}{key}", v2_text(&pairs)))
}

fn send_to(
    vendor: &Vendor,
    operation: &Operation,
    method: &str,
    user: &str,
    pairs: &Pairs,
) -> Value {
    let path = operation
        .path
        .replace("{userid}", user)
        .replace("{vid}", "x");
    let reply = vendor.raw(method, &path, pairs);
    // The code of the body alone tells a refusal.
    assert_eq!(reply.status, 200, "{}", operation.name);
    assert!(
        reply.head.contains("application/json"),
        "{}",
        operation.name
    );
    reply.json()
}

/// The message, after a look at the shape, which one service has of its own.
fn message(operation: &Operation, envelope: Value) -> String {
    if is_token(operation) {
        assert_ne!(envelope["code"], 200, "{envelope}");
        assert_ne!(envelope["data"], "", "{envelope}");
        return envelope["message"].as_str().unwrap().to_owned();
    }
    refused(envelope)
}

#[test]
fn every_call_by_every_method_looks_at_signature_time_and_account_in_this_order() {
    let vendor = vendor();
    let mut calls = 0;
    for operation in ALL {
        for method in operation.methods {
            let user = vendor.user().to_owned();
            let ask = |user: &str, change: &dyn Fn(&mut Pairs)| {
                let mut pairs = common(&vendor, operation, user);
                let sign = sign(&vendor, operation, &pairs);
                pairs.push(("sign".to_owned(), sign));
                change(&mut pairs);
                message(operation, send_to(&vendor, operation, method, user, &pairs))
            };
            let set = |pairs: &mut Pairs, names: &[&str], value: &str| {
                for pair in pairs
                    .iter_mut()
                    .filter(|(name, _)| names.contains(&name.as_str()))
                {
                    value.clone_into(&mut pair.1);
                }
            };
            let name = format!("{method} {}", operation.name);
            let clock = if is_token(operation) { "ts" } else { "ptime" };
            // Each is wrong in the following points, too: the first one counts.
            let unsigned = ask("nobody6789", &|pairs| {
                set(pairs, &["sign"], "");
                set(pairs, &[clock], "1");
            });
            assert_eq!(unsigned, "sign can not be empty.", "{name}");
            let unclear = ask("nobody6789", &|pairs| {
                set(pairs, &["sign"], "0");
                set(pairs, &[clock], "soon");
            });
            assert_eq!(unclear, format!("{clock} is illegal."), "{name}");
            let old = ask("nobody6789", &|pairs| set(pairs, &[clock], "1617699566988"));
            assert_eq!(old, format!("{clock} is too old."), "{name}");
            let expected = match operation.name {
                "service/v1/token" => "user_not_found",
                "del-videos" => "Could not find user by userId.",
                _ => "Could not find user by userid.",
            };
            assert_eq!(ask("nobody6789", &|_| ()), expected, "{name}");
            let wrong = ask(&user, &|pairs| set(pairs, &["sign"], &"0".repeat(40)));
            assert_eq!(wrong, "the sign is not right.", "{name}");
            let record = vendor.emulator.journal().pop().unwrap();
            assert_eq!(
                (record.vendor, record.operation),
                (Some("polyv"), Some(operation.name))
            );
            assert_eq!(record.effects, []);
            calls += 1;
        }
    }
    assert!(calls > ALL.len());
}

#[test]
fn every_required_parameter_is_missed_by_its_call() {
    let vendor = vendor();
    let mut missed = 0;
    for operation in ALL {
        let required = operation.params.iter().find(|param| {
            param.required
                && param.name != "userId"
                && !operation.path.contains(&format!("{{{}}}", param.name))
        });
        let Some(first) = required else { continue };
        let mut pairs = common(&vendor, operation, vendor.user());
        let sign = sign(&vendor, operation, &pairs);
        pairs.push(("sign".to_owned(), sign));
        let user = vendor.user().to_owned();
        let mut envelope = send_to(&vendor, operation, operation.method, &user, &pairs);
        assert_eq!(envelope["code"], 400, "{}: {envelope}", operation.name);
        if operation.name == "get-preview-duration" {
            envelope["message"] = envelope["data"].take();
        }
        let message = envelope["message"].as_str().unwrap();
        let expected = match first.name {
            "vid" => "vid is blank".to_owned(),
            "taskId" => "TaskId is null!".to_owned(),
            "cataid" => "illegal cataid".to_owned(),
            "hlslevel" => "hlslevel error".to_owned(),
            _ if first.kind == ParamKind::File => "file can't be empty".to_owned(),
            name => format!("{name} can't be empty"),
        };
        assert_eq!(message, expected, "{}", operation.name);
        assert!(vendor.note().contains(first.name), "{}", vendor.note());
        missed += 1;
    }
    assert!(missed > 40, "{missed}");
}

const SAFE: &str = "/v2/setting/{}/get-playsafe";

#[test]
fn the_time_may_be_off_by_three_minutes() {
    let vendor = vendor();
    let at = |offset: i64| {
        vendor.emulator.set_clock_offset(offset);
        let envelope = vendor.envelope("GET", SAFE, &[]);
        match envelope["code"] == 200 {
            true => String::new(),
            false => refused(envelope),
        }
    };
    assert_eq!((at(175), at(-175)), (String::new(), String::new()));
    assert_eq!(at(190), "ptime is too old.");
    assert!(
        vendor.note().contains("behind the clock"),
        "{}",
        vendor.note()
    );
    assert_eq!(at(-190), "ptime is illegal.");
    assert!(
        vendor.note().contains("ahead of the clock"),
        "{}",
        vendor.note()
    );
    vendor.emulator.set_clock_offset(0);
    // An advance ages things; callers may have made the jump or not.
    vendor.advance(3600);
    assert_eq!(vendor.envelope("GET", SAFE, &[])["code"], 200);
    let jumped = |ms: u128| {
        let mut pairs = vendor.unsigned(&[]);
        pairs[1].1 = (now_ms() + ms).to_string();
        vendor.raw("GET", SAFE, &vendor.signed(pairs)).json()["code"].clone()
    };
    assert_eq!(
        (jumped(3_600_000), jumped(1_800_000)),
        (200.into(), 400.into())
    );
}

#[test]
fn seconds_are_no_ptime() {
    let vendor = vendor();
    let with = |time: String| {
        let mut pairs = vendor.unsigned(&[]);
        pairs[1].1 = time;
        refused(vendor.raw("GET", SAFE, &vendor.signed(pairs)).json())
    };
    assert_eq!(with((now_ms() / 1000).to_string()), "ptime is illegal.");
    assert!(vendor.note().contains("seconds; send milliseconds"));
    assert_eq!(with(String::new()), "ptime is illegal.");
    assert_eq!(with("-617699566988".into()), "ptime is illegal.");
}

#[test]
fn the_account_of_the_path_and_of_the_parameters_is_one() {
    let vendor = vendor();
    let call = |method: &str, path: &str, change: &dyn Fn(&mut Pairs)| {
        let mut pairs = vendor.unsigned(&[]);
        change(&mut pairs);
        vendor.raw(method, path, &vendor.signed(pairs)).json()
    };
    // The vendor's SDK neither sends nor signs it.
    let absent = |pairs: &mut Pairs| pairs.retain(|(name, _)| name != "userid");
    assert_eq!(call("GET", SAFE, &absent)["code"], 200);
    let other = |pairs: &mut Pairs| pairs[0].1 = "nobody6789".into();
    assert_eq!(
        refused(call("GET", SAFE, &other)),
        "Could not find user by userid."
    );
    assert!(vendor.note().contains("two different accounts"));
    let size = "/v2/cata/size";
    assert_eq!(refused(call("POST", size, &absent)), "userid is blank.");
    // The SDK sends userId alone.
    let delete =
        |change: &dyn Fn(&mut Pairs)| refused(call("POST", "/v2/video/del-videos", change));
    let only = |pairs: &mut Pairs| pairs[0].0 = "userId".into();
    assert_eq!(delete(&only), "vids can't be empty");
    let mixed = |pairs: &mut Pairs| pairs.push(("userId".into(), "nobody6789".into()));
    assert_eq!(delete(&mixed), "Could not find user by userId.");
}

#[test]
fn what_is_signed_is_accepted_and_remarked_on() {
    let vendor = vendor();
    let vid = vendor.builtin();
    let path = "/v2/video/{}/get-video-msg";
    vendor.get(path, &[("vid", &vid), ("requestId", "0123")]);
    assert_eq!(vendor.note(), "");
    vendor.get(path, &[("vid", &vid), ("colour", "red")]);
    assert!(vendor.note().contains("colour"));
    vendor.get(path, &[("vid", &vid), ("format", "xml")]);
    assert!(vendor.note().contains("plain JSON"));
    // An empty value is sent and not signed.
    vendor.get(path, &[("vid", &vid), ("jsonp", "")]);
}

#[test]
fn methods_paths_and_bodies_that_are_not_known() {
    let vendor = vendor();
    assert_eq!(
        vendor.refusal("PUT", SAFE, &[]),
        "Request method 'PUT' not supported"
    );
    assert_eq!(
        vendor.refusal("POST", SAFE, &[]),
        "Request method 'POST' not supported"
    );
    for path in [
        "/v2/setting/{}/get-playsave",
        "/v2/nothing",
        "/v2/setting//get-playsafe",
    ] {
        let reply = vendor.raw("GET", path, &vendor.signed(vendor.unsigned(&[])));
        assert_eq!(reply.status, 501, "{path}");
    }
    let reply = vendor.raw("GET", "/v2/setting/{}/get-playsave", &vendor.unsigned(&[]));
    assert_eq!(reply.json()["nearest"], "/v2/setting/{userid}/get-playsafe");
    let json = [("Content-Type", "application/json")];
    let target = vendor.path("/v2/user/{}/main");
    let reply = send(vendor.at(), "POST", &target, &json, b"{}");
    assert_eq!(reply.json()["code"], 400);
    // The parameters of a POST are not read from its query.
    let query = body_of(&vendor.signed(vendor.unsigned(&[])));
    let reply = send(
        vendor.at(),
        "POST",
        &format!("{target}?{query}"),
        &[FORM],
        b"",
    );
    assert_eq!(refused(reply.json()), "sign can not be empty.");
    assert!(vendor.note().contains("query of a POST"));
}
