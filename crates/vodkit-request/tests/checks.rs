//! Parameters: each kind of the operation table against good and bad text, and how they are written.

#![cfg(feature = "baijiayun")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use serde_json::json;
use vodkit_request::baijiayun::operations::{
    COMMON, CREATE_KEY, GET_CATEGORY_VIDEO, GET_PLAYER_TOKEN_BATCH, GET_UPLOAD_URL, GET_VIDEO_LIST,
    GET_VIDEO_PLAY_RECORD, GET_VIDEO_USED_FLOW, SET_TRANSCODE_CALLBACK_URL, UPDATE_VIDEO,
};
use vodkit_request::baijiayun::{Encrypt, TargetDefinition, operations};
use vodkit_request::params::{Params, check};
use vodkit_request::types::{CommaList, Extra, Operation, ParamKind, ParamText, Secret};

/// The error of a parameter of the table, or nothing.
fn told(operation: &'static Operation, name: &str, text: &str) -> Option<String> {
    let param = operation.param(name).unwrap();
    check(param, text).err().map(|invalid| {
        assert_eq!(invalid.name, name);
        invalid.to_string()
    })
}

#[track_caller]
fn holds(operation: &'static Operation, name: &str, good: &[&str], bad: &[(&str, &str)]) {
    for text in good {
        assert_eq!(told(operation, name, text), None, "{text}");
    }
    for (text, words) in bad {
        let line = told(operation, name, text).unwrap_or_else(|| panic!("`{text}` passed"));
        assert!(line.starts_with(&format!("parameter `{name}`: ")), "{line}");
        assert!(line.contains(words), "{line}");
    }
}

#[test]
fn one_of() {
    let encrypt = GET_UPLOAD_URL.param("encrypt").unwrap();
    assert!(matches!(encrypt.kind, ParamKind::OneOf(_)) && !encrypt.required);
    holds(
        &GET_UPLOAD_URL,
        "encrypt",
        &["1", "2", ""],
        &[
            ("0", "`0` is none of 1, 2"),
            ("1,2", "none of"),
            (" 1", "none of"),
            ("yes", "none of"),
        ],
    );
}

#[test]
fn lists() {
    holds(
        &GET_UPLOAD_URL,
        "definition",
        &["16", "1,2,4,8,16", "8,8"],
        &[
            ("3", "`3` is none of 16, 1, 2, 4, 8"),
            ("1,3", "`3` is none of"),
            ("1,", "`` is none of"),
            ("1, 2", "` 2` is none of"),
            ("", "must not be empty"),
        ],
    );
    holds(
        &GET_UPLOAD_URL,
        "format",
        &["", "1,2"],
        &[("16", "none of")],
    );
    // A list without listed values takes any.
    holds(
        &GET_PLAYER_TOKEN_BATCH,
        "video_ids",
        &["1", "1,x"],
        &[("", "must not be empty")],
    );
}

#[test]
fn addresses() {
    let words = "http:// or https://";
    holds(
        &SET_TRANSCODE_CALLBACK_URL,
        "url",
        &[
            "http://h.example.test",
            "https://h.example.test:8443/hook?a=1&b=2",
            "http://127.0.0.1/x",
            "http://[::1]:80/x",
            "http://h.example.test/中",
        ],
        &[
            ("", "must not be empty"),
            ("h.example.test/hook", words),
            ("ftp://h.example.test/", words),
            ("javascript:alert(1)", words),
            ("/hook", words),
            ("http://", words),
            ("http:///hook", words),
            ("https://:80/hook", words),
            ("http:h.example.test", words),
            ("http://h.example.test/a b", words),
        ],
    );
}

#[test]
fn days_and_moments() {
    holds(
        &GET_VIDEO_USED_FLOW,
        "start_date",
        &["2024-02-29", "1970-01-01"],
        &[
            ("2023-02-29", "not a day"),
            ("2024-2-29", "not a day"),
            ("2024-02-29 00:00:00", "not a day"),
            ("", "must not be empty"),
        ],
    );
    holds(
        &GET_VIDEO_PLAY_RECORD,
        "start_time",
        &["2024-02-29 23:59:59"],
        &[
            ("2024-02-29", "not a moment"),
            ("2024-02-29 24:00:00", "not a time of day"),
            ("2024-02-29T00:00:00", "not a moment"),
            ("2023-02-29 00:00:00", "not a day"),
        ],
    );
}

#[test]
fn integers() {
    holds(
        &GET_VIDEO_LIST,
        "page_size",
        &["1", "1000"],
        &[
            ("0", "0 is below the smallest allowed value 1"),
            ("-1", "below"),
            ("1001", "1001 is above the largest allowed value 1000"),
            ("9223372036854775807", "above"),
            ("9223372036854775808", "not an integer of 64 bits"),
            ("1.0", "not an integer"),
            ("x", "not an integer"),
            ("", "not an integer"),
        ],
    );
    holds(
        &GET_CATEGORY_VIDEO,
        "page_size",
        &["100"],
        &[("101", "largest allowed value 100")],
    );
    holds(
        &CREATE_KEY,
        "partner_id",
        &["1", "9223372036854775807"],
        &[("0", "below"), ("", "must not be empty")],
    );
    // Without limits, any.
    holds(&GET_PLAYER_TOKEN_BATCH, "expires_in", &["-5", "0"], &[]);
}

#[test]
fn texts_and_secrets() {
    let longest = "长".repeat(255);
    holds(
        &UPDATE_VIDEO,
        "name",
        &[longest.as_str(), "", "a"],
        &[("长".repeat(256).as_str(), "has 256 characters, at most 255")],
    );
    holds(
        &GET_UPLOAD_URL,
        "file_name",
        &["a"],
        &[("", "must not be empty")],
    );
    holds(
        &CREATE_KEY,
        "secret_key",
        &["test-secret-key-0123456789"],
        &[("", "must not be empty")],
    );
}

#[test]
fn what_is_put_is_checked_in_any_order() {
    let mut params = Params::new(&GET_UPLOAD_URL);
    params.put("use_https", &"1".to_owned()).unwrap();
    params.put("encrypt", &"2".to_owned()).unwrap();
    params.put_optional("format", None::<&String>).unwrap();
    params.put("not_in_the_table", &"?".to_owned()).unwrap();
    assert!(params.put("audio_with_view", &"2".to_owned()).is_err());
    assert!(params.put("definition", &"7".to_owned()).is_err());
    assert_eq!(
        params.encoded(None),
        "encrypt=2&not_in_the_table=%3F&use_https=1"
    );
    assert_eq!(params.len(), 3);
    assert!(!params.is_empty() && Params::new(&GET_UPLOAD_URL).is_empty());
}

/// The error of a typed value, or nothing.
#[track_caller]
fn put(
    operation: &'static Operation,
    name: &'static str,
    value: &impl ParamText,
) -> Option<String> {
    let mut params = Params::new(operation);
    let told = params.put(name, value).err().map(|e| e.to_string());
    assert_eq!(params.is_empty(), told.is_some());
    told
}

#[test]
fn typed_values_are_checked_like_their_text() {
    let unknown = || TargetDefinition::from("3");
    assert_eq!(put(&GET_UPLOAD_URL, "encrypt", &Encrypt::No), None);
    assert_eq!(
        put(&GET_UPLOAD_URL, "encrypt", &Encrypt::from("3")).unwrap(),
        "parameter `encrypt`: `3` is none of 1, 2"
    );
    let lists = [
        (CommaList(vec![TargetDefinition::High]), None),
        (
            CommaList(vec![TargetDefinition::High, unknown()]),
            Some("`3` is none of"),
        ),
        (
            CommaList(vec![unknown(), TargetDefinition::High]),
            Some("`3` is none of"),
        ),
        (CommaList(Vec::new()), Some("must not be empty")),
    ];
    for (list, words) in lists {
        let told = put(&GET_UPLOAD_URL, "definition", &list);
        assert_eq!(told.is_some(), words.is_some(), "{told:?}");
        assert!(
            told.unwrap_or_default().contains(words.unwrap_or_default()),
            "{list}"
        );
    }
    for (size, words) in [
        (0, "below the smallest allowed value 1"),
        (1001, "above the largest allowed value 1000"),
        (i64::MAX as u64, "above the largest"),
        (u64::MAX, "not an integer of 64 bits"),
    ] {
        assert!(
            put(&GET_VIDEO_LIST, "page_size", &size)
                .unwrap()
                .contains(words),
            "{size}"
        );
    }
    for size in [1_u64, 1000] {
        assert_eq!(put(&GET_VIDEO_LIST, "page_size", &size), None);
    }
    assert!(
        put(&GET_VIDEO_LIST, "page_size", &-1_i64)
            .unwrap()
            .contains("below")
    );
    // A number where the table wants one of a few texts, or few digits.
    assert!(
        put(&GET_UPLOAD_URL, "encrypt", &3_u64)
            .unwrap()
            .contains("none of 1, 2")
    );
    assert_eq!(put(&GET_UPLOAD_URL, "encrypt", &2_u64), None);
}

#[test]
fn the_tables_are_in_signing_order() {
    for operation in operations::ALL {
        let names = operation.params.iter().map(|param| param.name);
        assert!(names.is_sorted_by(|a, b| a < b), "{}", operation.name);
    }
}

#[test]
fn parameters_sort_themselves_wherever_they_come_from() {
    let mut extra = Extra::default();
    extra.insert("zz", 1);
    extra.insert("encrypt", 2);
    extra.insert("a", 3);
    let [partner_id, timestamp] = COMMON else {
        panic!("other common parameters")
    };
    let mut params = Params::new(&GET_UPLOAD_URL);
    params.put_undocumented(&extra).unwrap();
    params.put("use_https", &1_u64).unwrap();
    params.put("definition", &"16".to_owned()).unwrap();
    params.put("file_name", &"f".to_owned()).unwrap();
    params.put("u", &"".to_owned()).unwrap();
    params.put_common(timestamp, &1_600_000_000_i64).unwrap();
    params.put_common(partner_id, &4_u64).unwrap();
    // The first stays.
    params.put_common(timestamp, &1_700_000_000_i64).unwrap();
    let sorted = "a=3&definition=16&encrypt=2&file_name=f&partner_id=4&timestamp=1600000000&u=&use_https=1&zz=1";
    assert_eq!(params.encoded(None), sorted);
    assert_eq!(
        (params.get("zz"), params.get("u"), params.get("b")),
        (Some("1"), Some(""), None)
    );
}

fn with_extra(value: serde_json::Value) -> Params {
    let mut params = Params::new(&UPDATE_VIDEO);
    params.put("name", &"plain".to_owned()).unwrap();
    params.put("video_id", &7_u64).unwrap();
    let mut extra = Extra::default();
    extra.insert("name", value);
    params.put_undocumented(&extra).unwrap();
    params
}

#[test]
fn an_undocumented_value_replaces_a_documented_one_encoded() {
    for (value, raw, encoded) in [
        (json!("a b&c=中"), "a b&c=中", "a%20b%26c%3D%E4%B8%AD"),
        (json!("plainer"), "plainer", "plainer"),
        (json!(["a", 1, ["b"]]), "a,1,b", "a%2C1%2Cb"),
        (json!(-1.5), "-1.5", "-1.5"),
        (json!(""), "", ""),
    ] {
        let params = with_extra(value);
        assert_eq!(params.get("name"), Some(raw));
        assert_eq!(params.encoded(None), format!("name={encoded}&video_id=7"));
        assert_eq!(
            params.encoded(Some(("sign", "abc"))),
            format!("name={encoded}&video_id=7&sign=abc")
        );
        // The buffer was measured, not grown.
        let text = params.encoded(Some(("sign", "abc")));
        assert_eq!(
            text.capacity(),
            String::with_capacity(text.len()).capacity()
        );
    }
    assert_eq!(
        Params::new(&UPDATE_VIDEO).encoded(Some(("sign", "abc"))),
        "sign=abc"
    );
    for wrong in [json!(null), json!(true), json!({}), json!([null])] {
        let mut extra = Extra::default();
        extra.insert("a b", wrong);
        let error = Params::new(&UPDATE_VIDEO)
            .put_undocumented(&extra)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "parameter `a b`: must be text, a number, or a list of these"
        );
    }
}

#[test]
fn undocumented_names_are_encoded_too() {
    let mut params = Params::new(&UPDATE_VIDEO);
    let mut extra = Extra::default();
    extra.insert("a b", "c d");
    params.put_undocumented(&extra).unwrap();
    params.put("video_id", &7_u64).unwrap();
    assert_eq!(params.encoded(None), "a%20b=c%20d&video_id=7");
}

#[test]
fn the_frames_parameters_yield_to_the_callers_and_are_checked() {
    let [partner_id, timestamp] = COMMON else {
        panic!("other common parameters")
    };
    let mut params = Params::new(&UPDATE_VIDEO);
    let mut extra = Extra::default();
    extra.insert("timestamp", 1_600_000_000);
    params.put_undocumented(&extra).unwrap();
    params.put_common(timestamp, &1_700_000_000_i64).unwrap();
    params.put_common(partner_id, &7_u64).unwrap();
    assert_eq!(params.encoded(None), "partner_id=7&timestamp=1600000000");
    let mut params = Params::new(&UPDATE_VIDEO);
    let mut extra = Extra::default();
    extra.insert("timestamp", 1_600_000_000_000_i64);
    params.put_undocumented(&extra).unwrap();
    assert!(params.put_common(timestamp, &1_700_000_000_i64).is_err());
}

#[test]
fn parameters_show_their_names_alone() {
    let mut params = Params::new(&CREATE_KEY);
    params.put("partner_id", &12345678_u64).unwrap();
    params
        .put("secret_key", &Secret::from("test-secret-key-0123456789"))
        .unwrap();
    assert_eq!(format!("{params:?}"), r#"{"partner_id", "secret_key"}"#);
}

#[test]
fn parameters_of_no_sensible_length_are_refused() {
    let mut extra = Extra::default();
    extra.insert("note", "x".repeat((16 << 20) + 1));
    let mut params = Params::new(&GET_VIDEO_LIST);
    let refused = params.put_undocumented(&extra).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "parameter `note`: makes the parameters longer than 16 MiB"
    );
    assert!(params.is_empty());
}

/// A comma inside an element would make two of it on the wire.
#[test]
fn an_element_with_a_comma_is_refused() {
    use vodkit_request::types::Operation;
    use vodkit_request::types::operation::Auth;

    static CALL: Operation = Operation::undocumented("acme", "a", "POST", "/a", Auth::None);
    let put = |items: CommaList<String>| {
        let mut params = Params::new(&CALL);
        params
            .put("items", &items)
            .map(|()| params.get("items").map(str::to_owned))
    };
    assert_eq!(put(["a", "b c"].into()).unwrap().as_deref(), Some("a,b c"));
    assert_eq!(put(CommaList(Vec::new())).unwrap().as_deref(), Some(""));
    for items in [["a,b", "c"], ["a", ","]] {
        let error = put(items.into()).unwrap_err().to_string();
        assert!(error.contains("has a comma"), "{error}");
    }
}
