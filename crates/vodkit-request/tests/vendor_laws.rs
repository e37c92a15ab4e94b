//! Laws of the vendors besides Baijiayun: what is signed is what is sent, a part of a path stays one, and any reply ends a call.

#![cfg(all(
    feature = "async",
    feature = "polyv",
    feature = "quvideo",
    feature = "mediacloud"
))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use proptest::prelude::*;
use serde_json::Value;
use sha1::Digest as _;
use vodkit_request::mediacloud::{
    CloudProvider, CreateCategory, DeleteCategories, GetMedia, Login, MediaCloud, MediaType,
    RegisterMedia,
};
use vodkit_request::polyv::{
    CreatePlayToken, DeleteCategory, GetPlaysafe, ListKeyFrames, Polyv, RenameCategory, UpdateVideo,
};
use vodkit_request::quvideo::{GetSts, Login as UserLogin, QuVideo, UpdateUser};
use vodkit_request::testing::{Reply, ScriptedTransport, sealed_request};
use vodkit_request::transport::TransportErrorKind;
use vodkit_request::types::{Auth, Operation};
use vodkit_request::{BaseUrl, Call, Endpoint, Error, ErrorKind, Payload, Raw, Session};

const SECRET: &str = "test-secret-0123456789";

fn base() -> BaseUrl {
    "https://vod.example.test/gw".parse().unwrap()
}

fn hex(digest: impl AsRef<[u8]>) -> String {
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect()
}

/// The fields of a form or query, read by another reader.
fn fields(request: &http::Request<Payload>) -> Vec<(String, String)> {
    let url = url::Url::parse(&request.uri().to_string()).unwrap();
    match request.body().as_bytes() {
        Some(form) if request.method() != "GET" => {
            url::form_urlencoded::parse(form).into_owned().collect()
        }
        _ => url.query_pairs().into_owned().collect(),
    }
}

/// The segments of a path as a server reads them: first split, then decoded.
fn segments(request: &http::Request<Payload>) -> Vec<String> {
    let url = url::Url::parse(&request.uri().to_string()).unwrap();
    // Nothing was resolved or rewritten on the way.
    assert_eq!(url.path(), request.uri().path());
    let decoded = |segment: &str| {
        let form = format!("v={}", segment.replace('+', "%2B"));
        url::form_urlencoded::parse(form.as_bytes())
            .next()
            .unwrap()
            .1
            .into_owned()
    };
    url.path_segments().unwrap().map(decoded).collect()
}

/// Text with all that may be awkward in a path.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,20}",
        "[./%\\\\?#&=+ {}:;@a2Ff\u{0}\n]{0,8}",
        Just("..".to_owned()),
        Just(".".to_owned()),
        Just(String::new()),
        Just("/".to_owned()),
        Just("%2F".to_owned()),
        Just("%2e%2e".to_owned()),
        Just("../..".to_owned()),
        Just("..%2f".to_owned()),
    ]
}

/// The signature over these fields, by rules written anew.
fn polyv_sign(fields: &[(String, String)], token: bool, key: &str) -> String {
    let mut fields: Vec<_> = fields.iter().filter(|(_, text)| !text.is_empty()).collect();
    fields.sort();
    if token {
        let text: String = fields
            .iter()
            .map(|(name, text)| format!("{name}{text}"))
            .collect();
        return hex(md5::Md5::digest(format!("{key}{text}{key}")));
    }
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, text)| format!("{name}={text}"))
        .collect();
    hex(sha1::Sha1::digest(format!("{}{key}", pairs.join("&"))))
}

static RAW_MEDIA: Operation = Operation::undocumented(
    "mediacloud",
    "raw",
    "POST",
    "/api/{one}/x/{two}",
    Auth::Token,
)
.with_json_body();

proptest! {
    #[test]
    fn what_polyv_signs_is_what_it_sends(title in "\\PC{0,40}", tag in "\\PC{0,20}", vid in "\\PC{1,40}", extra in prop::collection::btree_map("[a-zA-Z_ 课-]{1,6}[0-9]", "\\PC{0,20}", 0..4), key in "[ -~]{1,40}") {
        let vendor = Polyv::new("vodkitdemo", key.as_str()).unwrap();
        let mut update = UpdateVideo::new(vid.clone()).title(title.clone()).tag(tag.clone());
        let mut token = CreatePlayToken::new(vid.clone(), "w").viewer_name(title.clone());
        let mut fixed = RenameCategory::new(vid.clone(), "n");
        for (name, value) in &extra {
            update = update.with_undocumented(name.clone(), value.clone());
            token = token.with_undocumented(name.clone(), value.clone());
            fixed = fixed.with_undocumented(name.clone(), value.clone());
        }
        let requests = [
            (sealed_request(&vendor, &update).unwrap(), false, false),
            (sealed_request(&vendor, &token).unwrap(), true, false),
            (sealed_request(&vendor, &fixed).unwrap(), false, true),
        ];
        for (request, token, fixed) in requests {
            let mut sent = fields(&request);
            let (name, sign) = sent.pop().unwrap();
            prop_assert_eq!(name, "sign");
            for (name, value) in &extra {
                prop_assert!(sent.contains(&(name.clone(), value.clone())));
            }
            prop_assert!(sent.is_sorted_by(|a, b| a.0 < b.0), "not in signing order: {:?}", sent);
            if fixed {
                sent.retain(|(name, _)| ["cataid", "cataname", "ptime", "userid"].contains(&name.as_str()));
                prop_assert_eq!(sent.len(), 4);
            }
            prop_assert_eq!(sign, polyv_sign(&sent, token, &key));
        }
    }

    #[test]
    fn a_part_of_a_path_is_read_back_or_refused(one in part(), two in part()) {
        let stays = |text: &str| !matches!(text, "" | "." | "..");
        let media = MediaCloud::with_access_token(base(), SECRET);
        let polyv = Polyv::at("vodkitdemo", SECRET, base()).unwrap();
        match sealed_request(&media, &GetMedia::new(one.clone())) {
            Ok(request) => {
                prop_assert!(stays(&one));
                prop_assert_eq!(segments(&request), ["gw", "api", "v1", "medias", one.as_str()]);
                prop_assert_eq!(request.uri().query(), None);
            }
            Err(error) => {
                prop_assert!(!stays(&one), "{:?}: {}", one, error);
                prop_assert_eq!(error.kind(), ErrorKind::InvalidInput);
                prop_assert!(error.to_string().contains("`id`"), "{}", error);
            }
        }
        match sealed_request(&polyv, &ListKeyFrames::new(one.clone())) {
            Ok(request) => {
                prop_assert!(stays(&one));
                prop_assert_eq!(segments(&request), ["gw", "v2", "video", "vodkitdemo", "keyframe", one.as_str()]);
                prop_assert!(fields(&request).contains(&("vid".to_owned(), one.clone())));
            }
            Err(error) => prop_assert!(!stays(&one), "{:?}: {}", one, error),
        }
        let raw = Raw::new(&RAW_MEDIA).param("one", one.as_str()).param("two", two.as_str()).param("three", one.as_str());
        match sealed_request(&media, &raw) {
            Ok(request) => {
                prop_assert!(stays(&one) && stays(&two));
                prop_assert_eq!(segments(&request), ["gw", "api", one.as_str(), "x", two.as_str()]);
                let body: Value = serde_json::from_slice(request.body().as_bytes().unwrap()).unwrap();
                prop_assert_eq!(body, serde_json::json!({ "three": one }));
            }
            Err(error) => prop_assert!(!(stays(&one) && stays(&two)), "{:?} {:?}: {}", one, two, error),
        }
    }

    #[test]
    fn a_json_body_holds_what_was_given(name in "\\PC{1,40}", control in "[\u{0}-\u{1f}\"\\\\/]{1,10}", uids in prop::collection::vec("\\PC{0,12}", 1..5), deep in "\\PC{0,10}") {
        let media = MediaCloud::with_access_token(base(), SECRET);
        let body = |request: http::Request<Payload>| -> Value { serde_json::from_slice(request.body().as_bytes().unwrap()).unwrap() };
        let create = CreateCategory::new(name.clone()).parent_id(control.clone()).with_undocumented(deep.clone(), serde_json::json!([{ "a": control }]));
        let mut expected = serde_json::json!({ "className": name, "parentId": control });
        expected[&deep] = serde_json::json!([{ "a": control }]);
        prop_assert_eq!(body(sealed_request(&media, &create).unwrap()), expected);
        let delete = DeleteCategories::new(uids.clone());
        prop_assert_eq!(body(sealed_request(&media, &delete).unwrap()), serde_json::json!({ "uids": uids }));
        let workflow = [(deep.clone(), serde_json::json!({ "enable": 1 }))];
        let register = RegisterMedia::new(MediaType::Audio, CloudProvider::Huawei, name.clone(), control.clone()).internal_workflow_param(workflow);
        let sent = body(sealed_request(&media, &register).unwrap());
        prop_assert_eq!(&sent["type"], &serde_json::json!(2));
        prop_assert_eq!(&sent["cloudProviderType"], &serde_json::json!(4));
        prop_assert_eq!(&sent["internalWorkflowParam"][&deep]["enable"], &serde_json::json!(1));
        prop_assert_eq!(&sent["fileUri"], &Value::from(control));
    }

    #[test]
    fn a_token_travels_where_it_belongs_and_nowhere_else(token in "[!-~]{8,40}", nickname in "\\PC{1,20}") {
        let user = QuVideo::new(base()).with_token(token.as_str());
        let request = sealed_request(&user, &UpdateUser::new("u-1", nickname.clone())).unwrap();
        let sent = fields(&request);
        prop_assert_eq!(sent, [("nickname".to_owned(), nickname), ("token".to_owned(), token.clone()), ("userId".to_owned(), "u-1".to_owned())]);
        prop_assert_eq!(request.uri().query(), None);
        let request = sealed_request(&user, &GetSts::new()).unwrap();
        prop_assert_eq!(fields(&request), [("token".to_owned(), token.clone())]);
        let media = MediaCloud::with_access_token(base(), token.as_str());
        let request = sealed_request(&media, &GetMedia::new("m-1")).unwrap();
        let bearer = format!("Bearer {token}");
        prop_assert_eq!(request.headers()["authorization"].to_str().unwrap(), bearer);
        prop_assert!(!request.uri().to_string().contains(&token));
        let login = sealed_request(&media, &Login::new("u", "p")).unwrap();
        prop_assert!(!login.headers().contains_key("authorization"));
    }

    #[test]
    fn any_bytes_end_every_call(body in replies(), status in prop_oneof![Just(200_u16), Just(201), 300..600_u16]) {
        let reply = http::Response::builder().status(status).body(bytes::Bytes::from(body)).unwrap();
        let polyv = Session::new(Polyv::at("vodkitdemo", SECRET, base()).unwrap());
        let quvideo = Session::new(QuVideo::new(base()).with_token(SECRET));
        let media = Session::new(MediaCloud::with_access_token(base(), SECRET));
        ends(Call::new(&(), &polyv, GetPlaysafe::new()).read(&reply).err())?;
        ends(Call::new(&(), &polyv, ListKeyFrames::new("v")).read(&reply).err())?;
        ends(Call::new(&(), &polyv, DeleteCategory::new("7")).read(&reply).err())?;
        ends(Call::new(&(), &quvideo, GetSts::new()).read(&reply).err())?;
        ends(Call::new(&(), &quvideo, UserLogin::new("u", SECRET)).read(&reply).err())?;
        ends(Call::new(&(), &media, GetMedia::new("m")).read(&reply).err())?;
        ends(Call::new(&(), &media, CreateCategory::new("c")).read(&reply).err())?;
        ends(Call::new(&(), &media, Login::new("u", SECRET)).read(&reply).err())?;
    }

    #[test]
    fn any_replies_end_a_flow_with_login_within_its_attempts(replies in prop::collection::vec(flow_reply(), 0..14), write: bool, entropy: u64) {
        let session = Session::new(MediaCloud::new(base(), "demo", SECRET));
        let transport = ScriptedTransport::new(replies).entropy(entropy);
        let error = if write {
            Call::new(&transport, &session, CreateCategory::new("x")).send().err()
        } else {
            Call::new(&transport, &session, GetMedia::new("m-1")).send().err()
        };
        let is_login = |out: &&vodkit_request::transport::Outgoing| out.request.uri().path().ends_with("/login");
        let sent = transport.sent();
        let logins = sent.iter().filter(is_login).count();
        // Three attempts for calls and failed logins together, two logins that give a token, and one call more for each of a new token and clock.
        prop_assert!(sent.len() - logins <= 5 && logins <= 5, "{:?}", transport.log());
        ends(error)?;
    }
}

/// An error is one line without a secret.
fn ends(error: Option<Error>) -> Result<(), TestCaseError> {
    if let Some(error) = error {
        let shown = format!("{error} {error:?} {:?} {:?}", error.code(), error.hint());
        prop_assert!(!shown.contains(SECRET), "{}", shown);
        prop_assert_eq!(error.to_string().lines().count(), 1);
    }
    Ok(())
}

/// Bodies from nonsense to nearly right, the secret in some.
fn replies() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("200".to_owned()),
        Just("\"200\"".to_owned()),
        Just("true".to_owned()),
        Just("\"true\"".to_owned()),
        Just("\"\"".to_owned()),
        Just(format!("\"{SECRET}\"")),
        Just(format!("{{\"{SECRET}\":[\"{SECRET}\"]}}")),
        Just(format!("{{\"encrypt\":\"{SECRET}\",\"hlslevel\":7}}")),
        Just("{\"jwt\":{\"access_token\":\"\"}}".to_owned()),
        Just("[{}]".to_owned()),
        Just("1e999".to_owned()),
        (0_i64..1000).prop_map(|number| number.to_string()),
        "\\PC{0,12}".prop_map(|text| Value::from(text).to_string()),
    ];
    let name = prop_oneof![
        Just("code"),
        Just("data"),
        Just("message"),
        Just("msg"),
        Just("result"),
        Just("requestId"),
        Just("status"),
        Just("x"),
    ];
    let object = prop::collection::vec((name, value), 0..6).prop_map(|members| {
        let members: Vec<_> = members
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(",")).into_bytes()
    });
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "[\\[\\]{}:,\"a-z0-9]{0,30}".prop_map(String::into_bytes),
        object.clone(),
        (object, 0_usize..60).prop_map(|(mut body, length)| {
            body.truncate(length);
            body
        }),
    ]
}

fn flow_reply() -> impl Strategy<Value = Reply> {
    let token =
        r#"{"code":200,"data":{"jwt":{"access_token":"test-access-token","expires_in":7}}}"#;
    prop_oneof![
        Just(Reply::json(token)),
        Just(Reply::json(
            r#"{"code":200,"data":{"jwt":{"access_token":"t","expires_in":0}}}"#
        )),
        Just(Reply::json(r#"{"code":401,"msg":"no","data":null}"#)),
        Just(Reply::json(r#"{"code":429,"msg":"","data":null}"#)),
        Just(Reply::json(r#"{"code":200,"data":"c-1"}"#)),
        Just(Reply::status(401, "").header("date", "Wed, 21 Oct 2015 07:28:00 GMT")),
        Just(Reply::status(503, "").header("retry-after", "99999")),
        Just(Reply::fails(TransportErrorKind::Connect)),
        Just(Reply::fails(TransportErrorKind::Timeout)),
        Just(Reply::fails(TransportErrorKind::Interrupted)),
        Just(Reply::json(format!(
            r#"{{"code":500,"msg":"{SECRET}","data":null}}"#
        ))),
    ]
}

#[test]
fn what_is_sent_has_nothing_of_the_account_but_what_the_pages_ask_for() {
    let media = MediaCloud::new(base(), "demo", SECRET);
    let login =
        vodkit_request::vendor::Vendor::login(&media, vodkit_request::Timestamp(0)).unwrap();
    let body = std::str::from_utf8(login.body().as_bytes().unwrap())
        .unwrap()
        .to_owned();
    assert_eq!(
        body,
        format!(r#"{{"password":"{SECRET}","username":"demo"}}"#)
    );
    assert_eq!(
        login.uri().to_string(),
        "https://vod.example.test/gw/api/v1/login"
    );
    let polyv = Polyv::at("vodkitdemo", SECRET, base()).unwrap();
    let request = sealed_request(&polyv, &GetPlaysafe::new()).unwrap();
    assert!(!request.uri().to_string().contains(SECRET));
    assert_eq!(GetPlaysafe::new().operation().method, "GET");
}
