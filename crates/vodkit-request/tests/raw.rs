//! Calls that no table has: signed or authorised as the others, with whatever path and body.

#![cfg(all(
    feature = "async",
    any(feature = "polyv", feature = "quvideo", feature = "mediacloud")
))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod drivers;

use http::Request;
use vodkit_request::Payload;

fn body(request: &Request<Payload>) -> &str {
    std::str::from_utf8(request.body().as_bytes().unwrap()).unwrap()
}

#[cfg(feature = "polyv")]
mod polyv {
    use sha1::Digest as _;
    use vodkit_request::polyv::Polyv;
    use vodkit_request::testing::{Reply, ScriptedTransport, sealed_request};
    use vodkit_request::types::{Auth, Operation};
    use vodkit_request::{Call, ErrorKind, Raw, Session};

    use super::body;
    use super::drivers::{both, sends};

    const KEY: &str = "test-key-0123456789";

    static MONTHLY: Operation = Operation::undocumented(
        "polyv",
        "viewlog/monthly",
        "GET",
        "/v2/viewlog/{userid}/monthly/{month}",
        Auth::Signed,
    )
    .succeeding_with(&["200"])
    .repeatable();

    static DAILY: Operation = Operation::undocumented(
        "polyv",
        "viewlog",
        "GET",
        "/v2/data/{userid}/viewlog",
        Auth::Signed,
    )
    .succeeding_with(&["200"]);

    fn vendor() -> Polyv {
        Polyv::new("vodkitdemo", KEY).unwrap()
    }

    fn sha1(text: &str) -> String {
        let digest = sha1::Sha1::digest(format!("{text}{KEY}"));
        digest.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// No table says which of its parameters are secret: their names do.
    #[test]
    fn what_is_named_like_a_secret_is_in_no_error() {
        static CALL: Operation =
            Operation::undocumented("polyv", "x", "POST", "/v2/x/{userid}", Auth::Signed);
        let session = Session::new(vendor());
        let network = ScriptedTransport::new([Reply::json(
            r#"{"code":400,"status":"error","message":"bad LEAK-password-1 of lesson-title-1","data":""}"#,
        )]);
        let error = Call::new(&network, &session, Raw::new(&CALL))
            .param("password", "LEAK-password-1")
            .param("title", "lesson-title-1")
            .send()
            .unwrap_err()
            .to_string();
        assert!(!error.contains("LEAK"), "{error}");
        assert!(error.contains("lesson-title-1"), "{error}");
    }

    #[test]
    fn what_fills_the_path_is_signed_and_sent_too() {
        let call = Raw::new(&MONTHLY)
            .param("month", "2024 01")
            .param("page", 2);
        let request = sealed_request(&vendor(), &call).unwrap();
        assert_eq!(
            request.uri().path(),
            "/v2/viewlog/vodkitdemo/monthly/2024%2001"
        );
        let sent = "month=2024 01&page=2&ptime=1700000000000&userid=vodkitdemo";
        let query = format!("{}&sign={}", sent.replace(' ', "%20"), sha1(sent));
        assert_eq!(request.uri().query(), Some(query.as_str()));
        assert_eq!(request.uri().host(), Some("api.polyv.net"));

        // The daily log signs a fixed set, which is what this sends.
        let request = sealed_request(&vendor(), &Raw::new(&DAILY).param("day", 20240101)).unwrap();
        let sent = "day=20240101&ptime=1700000000000&userid=vodkitdemo";
        let query = format!("{sent}&sign={}", sha1(sent));
        assert_eq!(request.uri().query(), Some(query.as_str()));
    }

    #[test]
    fn a_form_is_written_as_ever() {
        static ADD: Operation = Operation::undocumented(
            "polyv",
            "add",
            "POST",
            "/v2/danmu/{userid}/add",
            Auth::Signed,
        );
        let call = Raw::new(&ADD)
            .param("vids", serde_json::json!(["a", "b"]))
            .param("B", "&");
        let request = sealed_request(&vendor(), &call).unwrap();
        let sign = sha1("B=&&ptime=1700000000000&userid=vodkitdemo&vids=a,b");
        assert_eq!(
            body(&request),
            format!("B=%26&ptime=1700000000000&userid=vodkitdemo&vids=a%2Cb&sign={sign}")
        );
        assert_eq!(request.uri().query(), None);
    }

    #[test]
    fn a_signed_call_has_no_json_body() {
        static JSON: Operation =
            Operation::undocumented("polyv", "json", "POST", "/v2/json", Auth::Signed)
                .with_json_body();
        let error = sealed_request(&vendor(), &Raw::new(&JSON)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("no signature"), "{error}");
    }

    #[test]
    fn the_vendors_frame_is_judged_and_the_data_is_what_came() {
        let call = Raw::new(&MONTHLY).param("month", "202401");
        let again = r#"{"code":500,"status":"error","message":"error","data":""}"#;
        let (result, log) = both(
            || {
                ScriptedTransport::new([
                    Reply::json(again),
                    Reply::json(r#"{"code":200,"data":{"a":[1,null]}}"#),
                ])
            },
            || Session::new(vendor()),
            call.clone(),
        );
        assert_eq!(result.unwrap(), serde_json::json!({ "a": [1, null] }));
        assert_eq!(sends(&log).len(), 2);
        // Nothing says of the other that it changes nothing.
        let (result, log) = both(
            || ScriptedTransport::new([Reply::json(again)]),
            || Session::new(vendor()),
            Raw::new(&DAILY).param("day", "20240101"),
        );
        assert!(result.unwrap_err().maybe_sent());
        assert_eq!(sends(&log).len(), 1);
        let (result, _) = both(
            || ScriptedTransport::new([Reply::json(r#"{"code":0,"data":{}}"#)]),
            || Session::new(vendor()),
            call,
        );
        let error = result.unwrap_err();
        assert!(
            error.to_string().starts_with("viewlog/monthly: code 0: "),
            "{error}"
        );
    }

    #[test]
    fn parameters_are_set_on_the_call_too() {
        let session = Session::new(vendor());
        let call = Call::new(&(), &session, Raw::new(&DAILY)).param("day", "20240101");
        let request = call
            .request(super::drivers::tick_at(std::time::Duration::ZERO))
            .unwrap();
        assert!(
            request
                .uri()
                .query()
                .unwrap()
                .starts_with("day=20240101&ptime=")
        );
        let other = call.param("day", serde_json::json!({}));
        let error = other
            .request(super::drivers::tick_at(std::time::Duration::ZERO))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "viewlog: parameter `day`: must be text, a number, or a list of these"
        );
    }
}

#[cfg(feature = "mediacloud")]
mod mediacloud {
    use serde_json::json;
    use vodkit_request::mediacloud::MediaCloud;
    use vodkit_request::testing::sealed_request;
    use vodkit_request::types::{Auth, Operation};
    use vodkit_request::{ErrorKind, Raw};

    use super::body;

    fn vendor() -> MediaCloud {
        let base = "https://vod.example.test/gw".parse().unwrap();
        MediaCloud::with_access_token(base, "test-token-0123456789")
    }

    #[test]
    fn a_json_body_takes_any_json_and_the_path_its_part() {
        static MOVE: Operation = Operation::undocumented(
            "mediacloud",
            "move",
            "PUT",
            "/api/v1/medias/{id}/class/{to}",
            Auth::Token,
        )
        .with_json_body();
        let call = Raw::new(&MOVE)
            .param("id", "a/b")
            .param("to", 7)
            .param("deep", json!({ "b": [1.5, null, true], "a\"": "课" }))
            .param("no", false);
        let request = sealed_request(&vendor(), &call).unwrap();
        assert_eq!(request.method(), "PUT");
        assert_eq!(
            request.uri(),
            "https://vod.example.test/gw/api/v1/medias/a%2Fb/class/7"
        );
        assert_eq!(
            body(&request),
            r#"{"deep":{"a\"":"课","b":[1.5,null,true]},"no":false}"#
        );
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(
            request.headers()["authorization"],
            "Bearer test-token-0123456789"
        );
        assert!(request.headers()["authorization"].is_sensitive());
        let error = sealed_request(&vendor(), &Raw::new(&MOVE).param("id", "a")).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("parameter `to`: it is a part of the path"),
            "{error}"
        );
        let wrong = Raw::new(&MOVE).param("id", json!({})).param("to", 1);
        assert!(sealed_request(&vendor(), &wrong).is_err());
    }

    #[test]
    fn a_body_without_members_is_an_empty_object_or_form() {
        static CLEAR: Operation =
            Operation::undocumented("mediacloud", "clear", "DELETE", "/api/v1/bin", Auth::Token);
        static JSON: Operation =
            Operation::undocumented("mediacloud", "clear", "DELETE", "/api/v1/bin", Auth::None)
                .with_json_body();
        let request = sealed_request(&vendor(), &Raw::new(&CLEAR)).unwrap();
        assert_eq!(body(&request), "");
        assert_eq!(
            request.uri().to_string(),
            "https://vod.example.test/gw/api/v1/bin"
        );
        let request = sealed_request(&vendor(), &Raw::new(&JSON)).unwrap();
        assert_eq!(body(&request), "{}");
        assert!(!request.headers().contains_key("authorization"));
    }

    #[test]
    fn a_get_has_a_query_and_no_json() {
        static LIST: Operation =
            Operation::undocumented("mediacloud", "list", "GET", "/api/v1/medias", Auth::Token);
        static JSON: Operation =
            Operation::undocumented("mediacloud", "list", "GET", "/api/v1/medias", Auth::Token)
                .with_json_body();
        let request = sealed_request(&vendor(), &Raw::new(&LIST)).unwrap();
        assert_eq!(request.uri(), "https://vod.example.test/gw/api/v1/medias");
        let request = sealed_request(&vendor(), &Raw::new(&LIST).param("page", 1)).unwrap();
        assert_eq!(
            request.uri(),
            "https://vod.example.test/gw/api/v1/medias?page=1"
        );
        assert!(request.headers().get("content-type").is_none() && request.body().is_empty());
        let error = sealed_request(&vendor(), &Raw::new(&JSON).param("page", 1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("no GET"), "{error}");
    }

    #[test]
    fn a_mistake_in_the_path_is_refused() {
        macro_rules! refused {
            ($($path:literal),*) => {$({
                static WRONG: Operation =
                    Operation::undocumented("mediacloud", "wrong", "GET", $path, Auth::None);
                let call = Raw::new(&WRONG).param("id", "m-1").param("dot", ".").param("a{b", "c");
                let error = sealed_request(&vendor(), &call).expect_err($path);
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
                assert!(error.to_string().contains("path"), "{error}");
            })*};
        }
        refused!(
            "",
            "api",
            "api/{id}",
            "{id}",
            "https://h.example.test/x",
            "/a b",
            "/a?b=c",
            "/{id}?b=c",
            "/a#b",
            "/{id}#b",
            "/a/{id",
            "/a/id}",
            "/a/{{id}}",
            "/a/{a{b}",
            "/a/{}",
            "/a/{id}}",
            "/a/{missing}",
            "/a/../b",
            "/./a",
            "/{id}/..",
            "/a/{dot}",
            "/a/{dot}{dot}",
            "/a/.{dot}",
            "/课",
            "/a%2",
            "/a%zz/{id}",
            "/a\\b"
        );
        // And what is plain is not.
        static PLAIN: Operation = Operation::undocumented(
            "mediacloud",
            "plain",
            "GET",
            "/a%20b/x-{id}.json/~/{id}",
            Auth::None,
        );
        let request = sealed_request(&vendor(), &Raw::new(&PLAIN).param("id", "m.1")).unwrap();
        assert_eq!(
            request.uri(),
            "https://vod.example.test/gw/a%20b/x-m.1.json/~/m.1"
        );
    }

    #[test]
    fn a_method_must_be_one() {
        static WRONG: Operation =
            Operation::undocumented("mediacloud", "wrong", "GET IT", "/a", Auth::None);
        let error = sealed_request(&vendor(), &Raw::<MediaCloud>::new(&WRONG)).unwrap_err();
        assert!(
            error.to_string().contains("`GET IT` is not an HTTP method"),
            "{error}"
        );
    }
}

#[cfg(feature = "quvideo")]
mod quvideo {
    use vodkit_request::quvideo::QuVideo;
    use vodkit_request::testing::{Reply, ScriptedTransport, sealed_request};
    use vodkit_request::types::{Auth, Operation};
    use vodkit_request::{Raw, Session};

    use super::body;
    use super::drivers::both;

    static LIVE: Operation = Operation::undocumented(
        "quvideo",
        "vod/getRecommendLiveList",
        "GET",
        "/vod/getRecommendLiveList",
        Auth::Token,
    )
    .succeeding_with(&["200"])
    .repeatable();

    fn server() -> QuVideo {
        QuVideo::new("https://app.example.test".parse().unwrap())
    }

    #[test]
    fn the_token_goes_with_it_and_the_path_has_its_part_alone() {
        static ONE: Operation =
            Operation::undocumented("quvideo", "one", "POST", "/vod/{id}", Auth::Token);
        let call = Raw::new(&ONE).param("id", "v 1").param("a", 1);
        let request = sealed_request(&server().with_token("test-token"), &call).unwrap();
        assert_eq!(request.uri(), "https://app.example.test/vod/v%201");
        assert_eq!(body(&request), "a=1&token=test-token");
        let (result, log) = both(
            || ScriptedTransport::new([]),
            || Session::new(server()),
            Raw::new(&LIVE),
        );
        assert!(result.unwrap_err().to_string().contains("needs the token"));
        assert!(log.is_empty());
    }

    #[test]
    fn its_frame_is_judged() {
        let judged = |body: &'static str| {
            both(
                || ScriptedTransport::new([Reply::json(body)]),
                || Session::new(server().with_token("test-token")),
                Raw::new(&LIVE),
            )
            .0
        };
        assert_eq!(
            judged(r#"{"result":"true","code":"200","data":[1]}"#).unwrap()[0],
            1
        );
        let error = judged(r#"{"result":"true","code":"403","data":[1]}"#).unwrap_err();
        assert_eq!(error.code(), Some("403"));
    }
}
