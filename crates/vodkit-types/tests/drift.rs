//! Drifted forms at their limits: what is still read for what it means, and what is an error.

#![cfg(feature = "baijiayun")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::collections::{BTreeMap, HashSet};

use vodkit_types::baijiayun::{
    AccountInfo, CategoryLevels, PlayFormat, StatusReport, VideoStatus, YesNo,
};
use vodkit_types::{
    CommaList, Date, DateTime, Extra, FileContent, FileInput, Lenient, NoData, ParamText, Secret,
    Time, Wire,
};

fn read<T: Wire>(text: &str) -> Result<T, String> {
    serde_json::from_str::<Lenient<T>>(text)
        .map(|Lenient(read)| read)
        .map_err(|error| error.to_string())
}

fn written(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

#[test]
fn floats_are_integers_as_far_as_they_are_exact() {
    for (text, expected) in [
        ("999999999998.0", Some(999_999_999_998)),
        ("-999999999998.0", Some(-999_999_999_998)),
        ("9007199254740992.0", None),
        ("-9007199254740992.0", None),
        ("1e11", Some(100_000_000_000)),
        ("1e12", None),
        ("1e16", None),
        ("1e300", None),
        ("0.5", None),
        ("-0.0", Some(0)),
        ("9223372036854775807", Some(i64::MAX)),
        ("\"9223372036854775807\"", Some(i64::MAX)),
        ("9223372036854775808", None),
        ("\"9223372036854775808\"", None),
        ("-9223372036854775809", None),
        ("true", None),
    ] {
        assert_eq!(read::<i64>(text).ok(), expected, "{text}");
    }
    for (text, expected) in [
        ("18446744073709551615", Some(u64::MAX)),
        ("\"18446744073709551615\"", Some(u64::MAX)),
        ("18446744073709551616", None),
        ("\"18446744073709551616\"", None),
        ("-1", None),
        ("-1.0", None),
        ("\"-1\"", None),
        ("7.0", Some(7)),
    ] {
        assert_eq!(read::<u64>(text).ok(), expected, "{text}");
    }
}

#[test]
fn integers_with_a_point_are_exact_or_refused() {
    for exact in [999_999_999_999_i64, 999_999_999_997, 1] {
        assert_eq!(read::<i64>(&format!("{exact}.0")), Ok(exact));
        assert_eq!(read::<i64>(&format!("-{exact}.00")), Ok(-exact));
    }
    // The JSON parser rounds numbers with a point from 16 digits on: 9007199254740991.0 comes out as ...990.
    for long in [
        1_000_000_000_000_i64,
        4_503_599_627_370_497,
        9_007_199_254_740_991,
    ] {
        assert!(read::<i64>(&format!("{long}.0")).is_err());
        assert_eq!(read::<i64>(&long.to_string()), Ok(long));
    }
}

#[test]
fn texts_take_numbers_that_lost_no_digit() {
    for (text, expected) in [
        ("true", Some("true")),
        ("false", Some("false")),
        ("-7", Some("-7")),
        ("1.5", Some("1.5")),
        ("5.0", Some("5.0")),
        ("18446744073709551615", Some("18446744073709551615")),
        // Over 64 bits the parser has rounded already: better an error than another number.
        ("18446744073709551616", None),
        ("-9223372036854775809", None),
        ("9007199254740992.0", None),
        ("999999999998.0", Some("999999999998.0")),
        ("\"18446744073709551616\"", Some("18446744073709551616")),
        ("{}", None),
        ("[]", None),
    ] {
        assert_eq!(read::<String>(text).ok().as_deref(), expected, "{text}");
        assert_eq!(
            read::<Secret>(text).ok().as_ref().map(Secret::expose),
            expected
        );
    }
}

#[test]
fn numbers_are_finite() {
    for (text, expected) in [
        ("1.5", Some(1.5)),
        ("\"1.5\"", Some(1.5)),
        ("-7", Some(-7.0)),
        ("18446744073709551616", Some(18_446_744_073_709_551_616.0)),
        ("\"inf\"", None),
        ("\"-infinity\"", None),
        ("\"nan\"", None),
        ("\"NaN\"", None),
        ("\"1e400\"", None),
        ("true", None),
    ] {
        assert_eq!(read::<f64>(text).ok(), expected, "{text}");
    }
}

#[test]
fn a_key_twice_in_a_map_is_an_error() {
    let error = read::<BTreeMap<String, u64>>(r#"{"a":1,"b":2,"a":1}"#).unwrap_err();
    assert!(error.contains("duplicate key `a`"), "{error}");
    assert_eq!(
        read::<BTreeMap<String, u64>>(r#"{"a":"1","b":2.0}"#).unwrap(),
        BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)])
    );
}

#[test]
fn errors_quote_no_text() {
    const KEY: &str = "test-key-0123456789";
    let quoted = format!("\"{KEY}\"");
    for error in [
        read::<u64>(&quoted).unwrap_err(),
        read::<i64>(&quoted).unwrap_err(),
        read::<f64>(&quoted).unwrap_err(),
        read::<Vec<u64>>(&quoted).unwrap_err(),
        read::<BTreeMap<String, u64>>(&quoted).unwrap_err(),
        read::<StatusReport>(&quoted).unwrap_err(),
        read::<Vec<u64>>(&format!("[{quoted}]")).unwrap_err(),
        read::<AccountInfo>(&format!(r#"{{"partner_id":{quoted}}}"#)).unwrap_err(),
    ] {
        assert!(!error.contains(KEY), "{error}");
        assert!(error.contains("text"), "{error}");
    }
}

#[test]
fn what_is_not_documented_shows_its_name_alone() {
    let mut extra = Extra::default();
    assert_eq!((extra.len(), extra.is_empty()), (0, true));
    assert_eq!(extra.insert("token", "test-key-0123456789"), None);
    assert_eq!(
        extra.insert("token", "other"),
        Some("test-key-0123456789".into())
    );
    assert_eq!((extra.len(), extra.is_empty()), (1, false));
    extra.insert("at", 1);
    assert_eq!(extra.len(), 2);
    assert_eq!(format!("{extra:?}"), r#"{"at", "token"}"#);
    let report: StatusReport =
        serde_json::from_str(r#"{"status":100,"token":"test-key-0123456789"}"#).unwrap();
    let shown = format!("{report:?}");
    assert!(
        shown.contains("token") && !shown.contains("test-key"),
        "{shown}"
    );
    let unexpected = read::<NoData>(r#"{"token":"test-key-0123456789"}"#).unwrap();
    assert_eq!(format!("{unexpected:?}"), "NoData(..)");
    assert_eq!(format!("{:?}", NoData::default()), "NoData");
}

#[test]
fn open_enums_keep_every_value() {
    for (sent, text, known, back) in [
        ("100", "100", true, "100"),
        ("100.0", "100", true, "100"),
        ("\"100\"", "100", true, "100"),
        ("102", "102", false, "102"),
        ("102.0", "102", false, "102"),
        ("\"102\"", "102", false, "\"102\""),
        ("-1", "-1", false, "-1"),
        ("100.5", "100.5", false, "\"100.5\""),
        ("1e16", "1e16", false, "\"1e16\""),
        (
            "18446744073709551615",
            "18446744073709551615",
            false,
            "18446744073709551615",
        ),
        (
            "9223372036854775807",
            "9223372036854775807",
            false,
            "9223372036854775807",
        ),
        ("true", "true", false, "\"true\""),
        ("false", "false", false, "\"false\""),
        ("\" 100\"", " 100", false, "\" 100\""),
        ("\"0100\"", "0100", false, "\"0100\""),
    ] {
        let status = read::<VideoStatus>(sent).unwrap();
        assert_eq!(
            (status.as_str(), status.is_known()),
            (text, known),
            "{sent}"
        );
        assert_eq!(written(&status), back, "{sent}");
        let mut out = String::new();
        status.write_text(&mut out);
        assert_eq!(out, text);
        assert_eq!(VideoStatus::from_text(text).unwrap(), status);
    }
    for wrong in ["[]", "{}", "[1]"] {
        assert!(read::<VideoStatus>(wrong).is_err(), "{wrong}");
    }
    assert_eq!(read::<YesNo>("1.0"), Ok(YesNo::Yes));
    assert_eq!(read::<YesNo>("0"), Ok(YesNo::No));
    assert_eq!(read::<Option<YesNo>>("null"), Ok(None));
    assert_eq!(read::<PlayFormat>("\"new\"").unwrap().as_str(), "new");
    assert_eq!(written(&read::<PlayFormat>("7").unwrap()), "7");
}

#[test]
fn an_unknown_value_is_one_whatever_its_form() {
    let (number, text) = (
        read::<VideoStatus>("102").unwrap(),
        read::<VideoStatus>("\"102\"").unwrap(),
    );
    assert_eq!(number, text);
    assert_ne!(number, read::<VideoStatus>("103").unwrap());
    assert_eq!(HashSet::from([number.clone(), text]).len(), 1);
    assert_eq!(format!("{number:?}"), "Unknown(102)");
}

#[test]
fn every_moment_has_a_text() {
    for (seconds, text) in [
        (0, "1970-01-01 08:00:00"),
        (-28_800, "1970-01-01 00:00:00"),
        (253_402_271_999, "9999-12-31 23:59:59"),
        (1_704_067_200, "2024-01-01 08:00:00"),
    ] {
        assert_eq!(Time::Unix(seconds).to_string(), text);
        assert_eq!(DateTime::in_china(seconds).unix_seconds(), seconds);
    }
    // Outside of years 1970 to 9999 the day is the nearest one.
    for (seconds, day) in [
        (i64::MIN, "1970-01-01"),
        (i64::MIN + 1, "1970-01-01"),
        (-28_801, "1970-01-01"),
        (253_402_272_000, "9999-12-31"),
        (i64::MAX - 28_800, "9999-12-31"),
        (i64::MAX, "9999-12-31"),
    ] {
        let shown = Time::Unix(seconds).to_string();
        assert!(shown.starts_with(day) && shown.len() == 19, "{shown}");
        assert!(shown.parse::<DateTime>().is_ok(), "{shown}");
        assert_eq!(Date::in_china(seconds).to_string(), day);
        assert_eq!(DateTime::in_china(seconds).date().to_string(), day);
    }
    for (days, day) in [
        (i64::MIN, "1970-01-01"),
        (-1, "1970-01-01"),
        (0, "1970-01-01"),
        (2_932_896, "9999-12-31"),
        (2_932_897, "9999-12-31"),
        (i64::MAX, "9999-12-31"),
    ] {
        assert_eq!(Date::from_days(days).to_string(), day);
    }
}

#[test]
fn moments_come_as_seconds_in_any_form_or_as_text() {
    for (sent, expected) in [
        ("1700000000", Some(Time::Unix(1_700_000_000))),
        ("\"1700000000\"", Some(Time::Unix(1_700_000_000))),
        ("1700000000.0", Some(Time::Unix(1_700_000_000))),
        ("-1", Some(Time::Unix(-1))),
        ("1700000000.5", None),
        ("1e16", None),
        ("9223372036854775807", Some(Time::Unix(i64::MAX))),
        ("9223372036854775808", None),
        ("\"soon\"", Some(Time::Text("soon".to_owned()))),
        ("true", None),
        ("[]", None),
    ] {
        assert_eq!(read::<Time>(sent).ok(), expected, "{sent}");
    }
    assert_eq!(read::<Option<Time>>("\"\""), Ok(None));
    assert_eq!(Time::Text("soon".to_owned()).unix_seconds(), None);
    assert_eq!(Time::Text("soon".to_owned()).to_string(), "soon");
}

#[test]
fn lists_in_one_text_may_have_spaces() {
    let ids = CommaList(vec![1_u64, 2, 3]);
    for sent in [
        "\"1,2,3\"",
        "\"1, 2 ,3\"",
        "\" 1,2,\\t3 \"",
        "[1,\"2\",3.0]",
    ] {
        assert_eq!(read::<CommaList<u64>>(sent), Ok(ids.clone()), "{sent}");
    }
    assert_eq!(read::<CommaList<u64>>("7"), Ok(CommaList(vec![7])));
    assert_eq!(read::<CommaList<i64>>("-7"), Ok(CommaList(vec![-7])));
    assert_eq!(read::<CommaList<u64>>("\"\""), Ok(CommaList(vec![])));
    for wrong in ["\"1,x\"", "\"1,\"", "\"1,,2\"", "{}", "true"] {
        assert!(read::<CommaList<u64>>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_file_has_a_path() {
    assert_eq!(read::<Option<FileInput>>("\"\""), Ok(None));
    assert_eq!(read::<Option<FileInput>>("null"), Ok(None));
    assert!(read::<FileInput>("\"\"").is_err());
    let file = read::<FileInput>("\"/tmp/a/电影.mp4\"").unwrap();
    assert_eq!(file.name, "电影.mp4");
    assert_eq!(written(&file), "\"/tmp/a/电影.mp4\"");
    let bytes = FileInput::bytes("a.mp4", *b"content").named("b.mp4");
    assert_eq!(written(&bytes), "\"b.mp4\"");
    assert_eq!(format!("{bytes:?}"), "FileInput(\"b.mp4\", 7 bytes)");
    assert_eq!(format!("{:?}", bytes.content), "Bytes(7 bytes)");
    assert!(matches!(file.content, FileContent::Path(_)));
}

#[test]
fn reading_into_a_place_leaves_nothing_of_what_was_there() {
    fn into_place<T: Wire + Clone>(before: &T, text: &str) -> Result<Option<T>, String> {
        let mut place = Some(before.clone());
        T::read_into(&mut place, &mut serde_json::Deserializer::from_str(text))
            .map(|()| place)
            .map_err(|error| error.to_string())
    }
    let report: StatusReport = read(r#"{"status":100,"info":"done","new":1}"#).unwrap();
    let other = r#"{"status":"20"}"#;
    assert_eq!(into_place(&report, other), Ok(Some(read(other).unwrap())));
    for nothing in ["null", "\"\""] {
        assert_eq!(into_place(&report, nothing), Ok(None), "{nothing}");
        assert_eq!(
            into_place(&Some(report.clone()), nothing),
            Ok(Some(None)),
            "{nothing}"
        );
        assert_eq!(into_place(&7_u64, nothing), Ok(None), "{nothing}");
    }
    assert!(into_place(&report, r#"{"info":"done"}"#).is_err());
    assert!(into_place(&report, "\"text\"").is_err());
    // An empty object that PHP wrote as a list: some structs can do without all their fields.
    assert!(into_place(&report, "[]").is_err());
    let levels: CategoryLevels = read(r#"{"category_level1_id":"492"}"#).unwrap();
    assert_eq!(into_place(&levels, "[]"), Ok(Some(read("{}").unwrap())));
}

#[test]
fn elements_of_a_list_that_are_nothing_are_judged_by_their_type() {
    assert_eq!(
        read::<Vec<Option<u64>>>("[1,null,\"\"]"),
        Ok(vec![Some(1), None, None])
    );
    assert_eq!(
        read::<Vec<Vec<u64>>>("[[1],null]"),
        Ok(vec![vec![1], vec![]])
    );
    let error = read::<Vec<u64>>("[1,null]").unwrap_err();
    assert!(
        error.contains("expected an unsigned integer, found nothing"),
        "{error}"
    );
    let error = read::<Vec<StatusReport>>("[\"\"]").unwrap_err();
    assert!(
        error.contains("expected an object (StatusReport), found nothing"),
        "{error}"
    );
}

#[test]
fn nothing_in_the_place_of_a_required_field_is_an_error_at_that_field() {
    for nothing in ["null", "\"\""] {
        let text = format!(r#"[{{"status":{nothing},"info":"done"}}]"#);
        let mut deserializer = serde_json::Deserializer::from_str(&text);
        let error =
            serde_path_to_error::deserialize::<_, Lenient<Vec<StatusReport>>>(&mut deserializer)
                .unwrap_err();
        assert_eq!(error.path().to_string(), "[0].status", "{nothing}");
        let message = error.into_inner().to_string();
        assert!(
            message.contains("expected a value of VideoStatus, found nothing"),
            "{message}"
        );
    }
}
