//! Polyv: signatures computed anew from what is sent, and replies judged.

#![cfg(all(feature = "async", feature = "polyv"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;
mod golden;

use drivers::{RIGHT_TIME, both, sends, value};
use golden::all_params;
use http::Request;
use sha1::Digest as _;
use vodkit_request::polyv::{
    AddCategory, CreatePlayToken, DeleteCategory, DeleteVideos, GetPlaysafe, GetVideo,
    ListCategories, ListKeyFrames, MoveVideos, Polyv, RenameCategory, SaveKeyFrame, UpdateVideo,
    UploadCoverImage, any_endpoint, operations,
};
use vodkit_request::testing::{Reply, ScriptedTransport, sealed_request};
use vodkit_request::types::{Auth, FileInput, Operation};
use vodkit_request::{Call, Endpoint, Error, ErrorKind, Payload, Raw, RetryPolicy, Session};

const ACCOUNT: &str = "vodkitdemo";
const KEY: &str = "test-key-0123456789";
const OK: &str = r#"{"code":200,"status":"success","message":"success","data":{"encrypt":"1","hlslevel":"web"}}"#;

fn vendor() -> Polyv {
    Polyv::new(ACCOUNT, KEY).unwrap()
}

fn session() -> Session<Polyv> {
    Session::new(vendor())
}

fn once() -> Session<Polyv> {
    session().with_retry(RetryPolicy::NEVER)
}

/// The text fields of a request, read by others than those who wrote them.
fn fields(request: &Request<Payload>) -> Vec<(String, String)> {
    let form = match request.body().as_bytes() {
        _ if request.method() == "GET" => request.uri().query().unwrap().as_bytes(),
        Some(form) => form,
        None => return parts(request),
    };
    url::form_urlencoded::parse(form).into_owned().collect()
}

/// The text parts of a multipart body.
fn parts(request: &Request<Payload>) -> Vec<(String, String)> {
    let vodkit_request::Segment::Bytes(head) = &request.body().segments()[0] else {
        panic!("no text before the file");
    };
    let head = std::str::from_utf8(head).unwrap();
    let parts = head
        .split("\r\nContent-Disposition: form-data; name=\"")
        .skip(1);
    parts
        .filter(|part| !part.contains("filename="))
        .map(|part| {
            let (name, rest) = part.split_once("\"\r\n\r\n").unwrap();
            let (text, _) = rest.split_once("\r\n--").unwrap();
            (name.to_owned(), text.to_owned())
        })
        .collect()
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02X}")).collect()
}

/// The rule of most calls over these fields.
fn sha1(fields: &[(String, String)]) -> String {
    let mut pairs: Vec<String> = fields
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| format!("{name}={text}"))
        .collect();
    pairs.sort_unstable_by(|a, b| a.split('=').next().cmp(&b.split('=').next()));
    hex(&sha1::Sha1::digest(format!("{}{KEY}", pairs.join("&"))))
}

/// The rule of the play credential over these fields.
fn md5(fields: &[(String, String)]) -> String {
    let mut fields: Vec<_> = fields.iter().filter(|(_, text)| !text.is_empty()).collect();
    fields.sort_unstable();
    let text: String = fields
        .iter()
        .map(|(name, text)| format!("{name}{text}"))
        .collect();
    hex(&md5::Md5::digest(format!("{KEY}{text}{KEY}")))
}

/// The signature of a sealed call, and what it was sent with. It is the last of the fields.
#[track_caller]
fn signed<E: Endpoint<Vendor = Polyv>>(endpoint: &E) -> (String, Vec<(String, String)>) {
    let request = sealed_request(&vendor(), endpoint).unwrap();
    let mut fields = fields(&request);
    let (name, sign) = fields.pop().unwrap();
    assert_eq!(name, "sign");
    assert!(fields.iter().all(|(name, _)| name != "sign"));
    assert!(!fields.iter().any(|(_, text)| text == KEY));
    (sign, fields)
}

/// The fields that the calls with a fixed set sign, as the vendor's pages and its SDK have them.
const FIXED: [(&str, &[&str]); 5] = [
    ("deleteCata", &["cataid", "ptime", "userid"]),
    ("cataJson", &["ptime", "userid"]),
    ("changeCata", &["cataid", "ptime", "userid", "vids"]),
    ("updateCata", &["cataid", "cataname", "ptime", "userid"]),
    ("saveKeyFrame", &["ptime", "userid", "vid"]),
];

#[test]
fn every_call_is_signed_over_what_it_sends() {
    let mut fixed = Vec::new();
    for operation in operations::ALL {
        let params = all_params(operation);
        let endpoint = any_endpoint(operation.name, params).unwrap().unwrap();
        let (sign, mut sent) = signed(&endpoint);
        let account = if operation.name == "service/v1/token" {
            "userId"
        } else {
            "userid"
        };
        assert!(
            sent.contains(&(account.into(), ACCOUNT.into())),
            "{}",
            operation.name
        );
        let set = FIXED.iter().find(|(name, _)| *name == operation.name);
        assert_eq!(
            operation.signing == Some("fixed"),
            set.is_some(),
            "{}",
            operation.name
        );
        if let Some((name, set)) = set {
            sent.retain(|(name, _)| set.contains(&name.as_str()));
            assert_eq!(sent.len(), set.len(), "{name}");
            fixed.push(*name);
        }
        let expected = match operation.signing {
            Some("token") => md5(&sent),
            _ => sha1(&sent),
        };
        assert_eq!(sign, expected, "{}", operation.name);
    }
    assert_eq!(fixed.len(), FIXED.len());
}

#[test]
fn the_three_rules_have_known_answers() {
    let (sign, sent) = signed(&GetPlaysafe::new());
    assert_eq!(sign, "E33B1CC8A8E2DA1C7A2129A491AF4178202749C3");
    assert_eq!(sent.len(), 2);
    let (sign, _) = signed(&RenameCategory::new("7", "课 a&b=c+d%"));
    assert_eq!(sign, "95865B98AAC5DAE2C38248D437E729830CB0729E");
    let (sign, sent) = signed(&CreatePlayToken::new("v1", "w1"));
    assert_eq!(sign, "E42FEF15139E178C07D4CA4C8734AD49");
    let names: Vec<_> = sent.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["ts", "userId", "videoId", "viewerId"]);
}

#[test]
fn empty_values_are_sent_and_not_signed_and_blanks_are_both() {
    let call = UpdateVideo::new("v1").tag("").title(" ");
    let (sign, sent) = signed(&call);
    assert!(sent.contains(&("tag".into(), String::new())));
    assert!(sent.contains(&("title".into(), " ".into())));
    assert_eq!(sign, sha1(&sent));
    let without: Vec<_> = sent
        .iter()
        .filter(|(name, _)| name != "tag")
        .cloned()
        .collect();
    assert_eq!(sign, sha1(&without));
    let no_blank: Vec<_> = sent
        .iter()
        .filter(|(name, _)| name != "title")
        .cloned()
        .collect();
    assert_ne!(sign, sha1(&no_blank));

    let (sign, sent) = signed(
        &CreatePlayToken::new("v1", "w1")
            .viewer_name("")
            .extra_params(" "),
    );
    assert!(sent.contains(&("viewerName".into(), String::new())));
    assert_eq!(sign, md5(&sent));
}

#[test]
fn undocumented_parameters_are_signed_unless_the_set_is_fixed() {
    let (sign, sent) = signed(&GetVideo::new("v1").with_undocumented("format", "json"));
    assert!(sent.contains(&("format".into(), "json".into())));
    assert_eq!(sign, sha1(&sent));

    let (sign, sent) = signed(&CreatePlayToken::new("v1", "w1").with_undocumented("zz", 7));
    assert!(sent.contains(&("zz".into(), "7".into())));
    assert_eq!(sign, md5(&sent));

    let call = DeleteCategory::new("7").with_undocumented("format", "json");
    let (sign, mut sent) = signed(&call);
    assert!(sent.contains(&("format".into(), "json".into())));
    sent.retain(|(name, _)| name != "format");
    assert_eq!(sign, sha1(&sent));

    // One in the place of a documented parameter is signed as that one is.
    let call = DeleteCategory::new("7").with_undocumented("cataid", "8");
    assert_eq!(signed(&call).0, signed(&DeleteCategory::new("8")).0);
    let call = ListCategories::new().with_undocumented("cataid", "8");
    assert_eq!(signed(&call).0, signed(&ListCategories::new()).0);
    assert_eq!(
        signed(&MoveVideos::new(["a".to_owned(), "b".to_owned()], "7")).1[3].1,
        "a,b"
    );
    let marks = SaveKeyFrame::new("v1", "one", "1");
    let other = SaveKeyFrame::new("v1", "two", "2").button_text("x");
    assert_eq!(signed(&marks).0, signed(&other).0);
}

#[test]
fn the_callers_time_and_account_are_signed_and_sent_everywhere() {
    let call = GetPlaysafe::new()
        .with_undocumented("ptime", 1_600_000_000_000_u64)
        .with_undocumented("userid", "another001");
    let request = sealed_request(&vendor(), &call).unwrap();
    assert_eq!(request.uri().path(), "/v2/setting/another001/get-playsafe");
    let (sign, sent) = signed(&call);
    assert_eq!(
        sent,
        [("ptime", "1600000000000"), ("userid", "another001")]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
    );
    assert_eq!(sign, sha1(&sent));

    let call = CreatePlayToken::new("v1", "w1").with_undocumented("ts", 1_600_000_000_000_u64);
    let (sign, sent) = signed(&call);
    assert!(sent.contains(&("ts".into(), "1600000000000".into())));
    assert_eq!(sign, md5(&sent));

    // The call that has the account as a parameter of its own has it twice, under two spellings.
    let (sign, sent) = signed(&DeleteVideos::new(ACCOUNT, "v1".to_owned()));
    let accounts = sent.iter().filter(|(_, text)| text == ACCOUNT);
    let names: Vec<_> = accounts.map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["userId", "userid"]);
    assert_eq!(sign, sha1(&sent));

    for (name, value) in [("ptime", "1600000000"), ("sign", "x")] {
        let call = GetPlaysafe::new().with_undocumented(name, value);
        let error = sealed_request(&vendor(), &call).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
}

#[test]
fn a_file_is_not_signed() {
    let call = UploadCoverImage::new(FileInput::bytes("a.png", *b"content")).vids("v1".to_owned());
    let request = sealed_request(&vendor(), &call).unwrap();
    let bytes = request
        .body()
        .segments()
        .iter()
        .map(|segment| match segment {
            vodkit_request::Segment::Bytes(bytes) => bytes.as_ref(),
            other => panic!("{other:?}"),
        });
    let body = bytes.collect::<Vec<_>>().concat();
    assert!(String::from_utf8(body).unwrap().contains("content"));
    let mut sent = parts(&request);
    let sign = sent.pop().unwrap().1;
    assert_eq!(sign, sha1(&sent));
}

#[test]
fn a_name_in_the_path_is_sent_and_signed_beside_it() {
    let call = ListKeyFrames::new("a/../b");
    let request = sealed_request(&vendor(), &call).unwrap();
    assert_eq!(
        request.uri().path(),
        "/v2/video/vodkitdemo/keyframe/a%2F..%2Fb"
    );
    let (sign, sent) = signed(&call);
    assert!(sent.contains(&("vid".into(), "a/../b".into())));
    assert_eq!(sign, sha1(&sent));
}

#[test]
fn an_account_is_checked_before_it_is_part_of_a_path() {
    for id in ["", "..", "a/b", "a b", "课", "a%2Fb", "a?b", "a_b"] {
        let error = Polyv::new(id, KEY).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().starts_with("userid: "), "{error}");
        assert!(Polyv::at(id, KEY, "http://127.0.0.1:1".parse().unwrap()).is_err());
    }
    let polyv = vendor();
    assert_eq!(polyv.user_id(), ACCOUNT);
    assert!(!format!("{polyv:?} {:?}", Session::new(polyv.clone())).contains(KEY));
}

#[test]
fn one_address_stands_for_all_hosts() {
    let vendor = Polyv::at(ACCOUNT, KEY, "http://127.0.0.1:8600/gw".parse().unwrap()).unwrap();
    let of = |request: Request<Payload>| request.uri().to_string();
    let api = of(sealed_request(&vendor, &AddCategory::new("a", "1")).unwrap());
    let hls = of(sealed_request(&vendor, &CreatePlayToken::new("v1", "w1")).unwrap());
    assert_eq!(api, "http://127.0.0.1:8600/gw/v2/video/vodkitdemo/addCata");
    assert_eq!(hls, "http://127.0.0.1:8600/gw/service/v1/token");
}

#[test]
fn a_host_that_the_vendor_does_not_have_is_told() {
    static LOST: Operation =
        Operation::undocumented("polyv", "lost", "GET", "/lost", Auth::Signed).on_host("cdn");
    let error = sealed_request(&vendor(), &Raw::<Polyv>::new(&LOST)).unwrap_err();
    assert!(error.to_string().contains("no host `cdn`"), "{error}");
    static HLS: Operation =
        Operation::undocumented("polyv", "hls", "GET", "/open", Auth::None).on_host("hls");
    let request = sealed_request(&vendor(), &Raw::<Polyv>::new(&HLS)).unwrap();
    assert_eq!(request.uri(), "https://hls.videocc.net/open");
}

// ---- replies --------------------------------------------------------------------------------------------------------

/// What one reply makes of a call that reads and is sent once.
fn judged(reply: &Reply) -> Result<(), Error> {
    both(
        || ScriptedTransport::new([reply.clone()]),
        once,
        GetPlaysafe::new(),
    )
    .0
    .map(|_| ())
}

fn failure(code: &str, message: &str) -> String {
    format!(r#"{{"code":{code},"status":"error","message":"{message}","data":""}}"#)
}

#[test]
fn the_frame_tells_success_by_its_code_alone() {
    for body in [
        OK.to_owned(),
        OK.replace("200", "\"200\""),
        OK.replace("\"message\":\"success\"", "\"message\":\"\""),
        OK.replace("\"status\":\"success\"", "\"status\":\"error\""),
        OK.replace("\"status\":\"success\",\"message\":\"success\",", ""),
        format!("\u{feff}{OK}"),
        format!("\n {OK} \n"),
    ] {
        judged(&Reply::json(body.as_str())).unwrap_or_else(|error| panic!("{body}: {error}"));
    }
    // A failure may call itself a success.
    let error = judged(&Reply::json(
        r#"{"code":400,"status":"success","message":"success","data":"no such video"}"#,
    ))
    .unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Refused, Some("400"))
    );
}

#[test]
fn data_of_a_failure_is_not_what_it_is_on_success() {
    for data in [
        "\"\"",
        "null",
        "{}",
        "[]",
        "\"words\"",
        "7",
        "{\"encrypt\":[]}",
    ] {
        let body = format!(
            r#"{{"code":400,"status":"error","message":"the sign is not right","data":{data}}}"#
        );
        let error = judged(&Reply::json(body.as_str())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential, "{body}");
        assert_eq!(error.message(), "the sign is not right");
        assert!(error.hint().unwrap().contains("secretkey"), "{error}");
    }
    let explained =
        r#"{"code":400,"status":"error","message":"user_not_found","data":"explained"}"#;
    let (result, _) = both(
        || ScriptedTransport::new([Reply::json(explained)]),
        once,
        CreatePlayToken::new("v1", "w1"),
    );
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
    assert!(error.to_string().contains("user_not_found"), "{error}");
}

#[test]
fn failures_of_one_code_are_told_apart_by_their_message() {
    use ErrorKind::{Credential, Refused, Unavailable};
    for (code, message, kind) in [
        ("400", "sign can not be empty.", Credential),
        ("400", "the sign is not right.", Credential),
        ("400", "the sign is not right", Credential),
        ("400", "ptime is too old.", Credential),
        ("400", "ptime is too old", Credential),
        ("400", "ptime is illegal.", Credential),
        ("400", "Could not find user by userid.", Credential),
        ("400", "Could not find user by userId.", Credential),
        ("400", "userid is blank.", Credential),
        ("400", "user_not_found", Credential),
        ("400", "illegal cataid", Refused),
        ("400", "vids limits 100", Refused),
        ("400", "标题不能为空", Refused),
        ("400", "", Refused),
        // The message is a beginning, not a part.
        ("400", "x the sign is not right", Refused),
        ("401", "the sign is not right", Refused),
        ("403", "the video is not yours", Refused),
        ("405", "", Unavailable),
        ("413", "", Unavailable),
        ("500", "error", Unavailable),
    ] {
        let error = judged(&Reply::json(failure(code, message))).unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (kind, Some(code)),
            "{message}"
        );
        assert!(error.hint().is_some(), "{error}");
        assert!(!error.message().is_empty());
        if !message.is_empty() {
            assert_eq!(error.message(), message);
        }
    }
}

#[test]
fn a_code_of_no_table_is_classed_by_its_number() {
    use ErrorKind::{Credential, Refused, Throttled, Unavailable};
    for (status, code, kind) in [
        (200, "429", Throttled),
        (200, "408", Refused),
        (200, "501", Unavailable),
        (200, "503", Unavailable),
        (200, "599", Unavailable),
        (200, "404", Refused),
        (200, "418", Refused),
        (200, "201", Refused),
        (200, "302", Refused),
        (200, "0", Refused),
        (200, "7", Refused),
        (200, "-503", Refused),
        (200, "600", Refused),
        (200, "999", Refused),
        (200, "1503", Refused),
        (200, "99503", Refused),
        (200, "\"E503\"", Refused),
        // The status says more than a number that is in no table, and less than one that is.
        (503, "404", Unavailable),
        (429, "777", Throttled),
        (401, "777", Credential),
        (503, "402", Refused),
        (404, "500", Unavailable),
    ] {
        let error = judged(&Reply::status(status, failure(code, "words"))).unwrap_err();
        assert_eq!(error.kind(), kind, "HTTP {status}, code {code}: {error}");
        assert_eq!(error.code(), Some(code.trim_matches('"')));
    }
}

#[test]
fn what_is_no_frame_is_no_success() {
    for (body, words) in [
        (
            r#"{"status":"success","data":{"encrypt":1,"hlslevel":"web"}}"#,
            "not in the form",
        ),
        (
            r#"{"code":null,"data":{"encrypt":1,"hlslevel":"web"}}"#,
            "not in the form",
        ),
        (r#"{"code":200,"data":{"encrypt":1"#, "cut short"),
        ("<html><body>504</body></html>", "HTML"),
        ("", "empty"),
        ("[]", "not in the form"),
        ("ok", "not JSON"),
    ] {
        let error = judged(&Reply::json(body)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}: {error}");
        assert!(error.to_string().contains(words), "{error}");
        let error = judged(&Reply::status(502, body)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{body}: {error}");
    }
    let error = judged(&Reply::json(r#"{"code":200,"data":""}"#)).unwrap_err();
    assert_eq!(error.field_path(), Some("data"), "{error}");
    let error = judged(&Reply::json(
        r#"{"code":200,"data":{"encrypt":[],"hlslevel":"web"}}"#,
    ))
    .unwrap_err();
    assert_eq!(error.field_path(), Some("data.encrypt"), "{error}");
    let error = judged(&Reply::status(503, OK)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[test]
fn a_clock_that_is_wrong_is_put_right_once() {
    let (result, log) = both(
        || {
            ScriptedTransport::new([
                Reply::json(failure("400", "ptime is too old.")).header("date", RIGHT_TIME),
                Reply::json(OK),
            ])
            .clock_offset(-86_400_000)
        },
        session,
        GetPlaysafe::new(),
    );
    result.unwrap();
    assert_eq!(value(&log[0], "ptime"), "1699913600000");
    let corrected: i64 = value(&log[1], "ptime").parse().unwrap();
    assert!((corrected - 1_700_000_000_000).abs() < 1000, "{corrected}");
    assert_ne!(value(&log[0], "sign"), value(&log[1], "sign"));

    // With a clock that is right, a wrong signature stays wrong, and there is nothing to log in with.
    let wrong = failure("400", "the sign is not right");
    let (result, log) = both(
        || ScriptedTransport::new([Reply::json(wrong.as_str()).header("date", RIGHT_TIME)]),
        session,
        GetPlaysafe::new(),
    );
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Credential);
    assert_eq!(sends(&log).len(), 1);
}

#[test]
fn what_may_pass_is_repeated_for_reads_alone() {
    let reply = Reply::json(failure("500", "error"));
    let (result, log) = both(
        || ScriptedTransport::new([reply.clone(), Reply::json(OK)]),
        session,
        GetPlaysafe::new(),
    );
    result.unwrap();
    assert_eq!(sends(&log).len(), 2);
    let (result, log) = both(
        || ScriptedTransport::new([reply.clone()]),
        session,
        AddCategory::new("a", "1"),
    );
    let error = result.unwrap_err();
    assert!(error.maybe_sent(), "{error}");
    assert_eq!(sends(&log).len(), 1);
}

#[test]
fn the_key_is_in_no_error() {
    let signature = "0123456789ABCDEF0123456789ABCDEF01234567";
    let error = judged(&Reply::json(failure("400", &format!("{KEY}: {signature}")))).unwrap_err();
    assert_eq!(error.message(), "***: ***");
    let session = once();
    let call = Call::new(&(), &session, GetPlaysafe::new());
    let reply = http::Response::new(bytes::Bytes::from(failure(&format!("\"{KEY}\""), KEY)));
    let error = call.read(&reply).unwrap_err();
    assert!(!format!("{error} {error:?}").contains(KEY), "{error}");
}
