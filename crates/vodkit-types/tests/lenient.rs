//! The promise of the wire layer, as properties: each drifted form decodes to the same value or names the field.

#![cfg(feature = "baijiayun")]
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use vodkit_types::baijiayun::{Category, StatusReport, VideoInfo, VideoStatus};
use vodkit_types::{CommaList, Date, DateTime, Lenient, NoData, Secret, Time, Wire};

fn read<T: Wire>(value: Value) -> Result<T, String> {
    // Both deserializers that matter: text as from the wire, and a value as from the command line.
    let text = value.to_string();
    let from_text = serde_json::from_str::<Lenient<T>>(&text)
        .map(|Lenient(read)| read)
        .map_err(|e| e.to_string());
    let from_value = serde_json::from_value::<Lenient<T>>(value)
        .map(|Lenient(read)| read)
        .map_err(|e| e.to_string());
    assert_eq!(
        from_text.is_ok(),
        from_value.is_ok(),
        "{text}: {:?} against {:?}",
        from_text.err(),
        from_value.err()
    );
    from_text
}

/// Where in a reply decoding fails.
fn error_path<'de, T: serde::Deserialize<'de>>(text: &'de str) -> String {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Ok(_) => panic!("{text} decoded"),
        Err(error) => error.path().to_string(),
    }
}

proptest! {
    #[test]
    fn integers_come_as_numbers_or_text(number: i64) {
        prop_assert_eq!(read::<i64>(json!(number)), Ok(number));
        prop_assert_eq!(read::<i64>(json!(number.to_string())), Ok(number));
        prop_assert_eq!(read::<Option<i64>>(json!(number.to_string())), Ok(Some(number)));
        prop_assert_eq!(read::<u64>(json!(number)).ok(), u64::try_from(number).ok());
        prop_assert_eq!(read::<u64>(json!(number.to_string())).ok(), u64::try_from(number).ok());
        prop_assert_eq!(read::<String>(json!(number)), Ok(number.to_string()));
    }

    #[test]
    fn large_unsigned_integers_are_exact(number: u64) {
        prop_assert_eq!(read::<u64>(json!(number)), Ok(number));
        prop_assert_eq!(read::<u64>(json!(number.to_string())), Ok(number));
        prop_assert_eq!(read::<i64>(json!(number)).ok(), i64::try_from(number).ok());
    }

    #[test]
    fn whole_floats_are_integers_and_others_are_errors(whole in -1_000_000_i32..1_000_000, rest in 0.001_f64..0.999) {
        prop_assert_eq!(read::<i64>(json!(f64::from(whole))), Ok(i64::from(whole)));
        prop_assert!(read::<i64>(json!(f64::from(whole) + rest)).is_err());
        prop_assert!(read::<u64>(json!((f64::from(whole) + rest).to_string())).is_err());
        prop_assert_eq!(read::<f64>(json!((f64::from(whole) + rest).to_string())), Ok(f64::from(whole) + rest));
    }

    #[test]
    fn texts_survive(text in "\\PC*") {
        prop_assert_eq!(read::<String>(json!(text)), Ok(text.clone()));
        prop_assert_eq!(read::<Option<String>>(json!(text)), Ok(Some(text.clone())));
        prop_assert_eq!(read::<Secret>(json!(text)).map(|secret| secret.expose().to_owned()), Ok(text.clone()));
        let shown = format!("{:?}", Secret::from(text.as_str()));
        prop_assert_eq!(shown, "Secret(..)");
    }

    #[test]
    fn text_that_is_no_number_is_an_error_in_a_number(text in "[a-z ]{1,8}|-|1e|0x1f|１２") {
        prop_assert!(read::<i64>(json!(text)).is_err());
        prop_assert!(read::<Option<u64>>(json!(text)).is_err());
    }

    #[test]
    fn unknown_enum_values_survive(number in 200_i64..1_000_000, text in "[a-z]{3,9}x") {
        for value in [json!(number), json!(number.to_string()), json!(text)] {
            let status = read::<VideoStatus>(value.clone()).unwrap();
            prop_assert!(!status.is_known());
            prop_assert_eq!(json!(status.as_str()), match &value { Value::String(s) => json!(s), other => json!(other.to_string()) });
            prop_assert_eq!(serde_json::to_value(&status).unwrap(), value);
        }
    }

    #[test]
    fn undocumented_fields_survive(name in "[a-z]{1,6}_new", value in prop_oneof![Just(json!(null)), Just(json!([1, {"a": "b"}])), any::<i64>().prop_map(|n| json!(n))]) {
        let mut sent = json!({"status": 20, "info": "x"});
        sent[&name] = value.clone();
        let report: StatusReport = serde_json::from_value(sent.clone()).unwrap();
        prop_assert_eq!(report.extra.get(&name), Some(&value));
        prop_assert_eq!(serde_json::to_value(&report).unwrap(), sent);
    }

    #[test]
    fn dates_agree_with_their_text(days in 0_i64..2_932_896) {
        let date = Date::from_days(days);
        prop_assert_eq!(date.days(), days);
        prop_assert_eq!(date.to_string().parse::<Date>(), Ok(date));
        prop_assert_eq!(Date::in_china(days * 86_400), date);
        prop_assert_eq!(Date::in_china(days * 86_400 + 57_600), Date::from_days(days + 1));
    }

    #[test]
    fn moments_agree_with_their_text(seconds in 0_i64..250_000_000_000) {
        let moment = DateTime::in_china(seconds);
        prop_assert_eq!(moment.unix_seconds(), seconds);
        prop_assert_eq!(moment.to_string().parse::<DateTime>(), Ok(moment));
        prop_assert_eq!(Time::Text(moment.to_string()).unix_seconds(), Some(seconds));
        prop_assert_eq!(read::<Time>(json!(seconds.to_string())), Ok(Time::Unix(seconds)));
    }

    #[test]
    fn comma_lists_come_as_text_list_or_number(ids in prop::collection::vec(any::<u64>(), 1..8)) {
        let list = CommaList(ids.clone());
        prop_assert_eq!(read::<CommaList<u64>>(json!(list.to_string())), Ok(list.clone()));
        prop_assert_eq!(read::<CommaList<u64>>(json!(ids)), Ok(list.clone()));
        prop_assert_eq!(read::<CommaList<u64>>(json!(ids[0])), Ok(CommaList(vec![ids[0]])));
        prop_assert_eq!(serde_json::to_value(&list).unwrap(), json!(list.to_string()));
    }

    #[test]
    fn decoding_any_json_never_panics(text in "[\\[\\]{}:,\"a-z0-9 .-]{0,64}") {
        let _ = serde_json::from_str::<VideoInfo>(&text);
        let _ = serde_json::from_str::<vodkit_types::baijiayun::Envelope<VideoInfo>>(&text);
    }

    #[test]
    fn written_dates_are_days(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9-]{0,12}|\\+123-01-01") {
        if let Ok(date) = text.parse::<Date>() {
            prop_assert_eq!(date.to_string(), text);
        }
    }
}

#[test]
fn nothing_is_none_or_an_error() {
    for nothing in [json!(null), json!("")] {
        assert_eq!(read::<Option<i64>>(nothing.clone()), Ok(None));
        assert_eq!(read::<Option<VideoStatus>>(nothing.clone()), Ok(None));
        assert_eq!(read::<Option<Time>>(nothing.clone()), Ok(None));
        assert_eq!(read::<Option<Date>>(nothing.clone()), Ok(None));
        assert_eq!(read::<Option<StatusReport>>(nothing.clone()), Ok(None));
        assert_eq!(read::<Vec<i64>>(nothing.clone()), Ok(vec![]));
        assert_eq!(
            read::<BTreeMap<String, i64>>(nothing.clone()),
            Ok(BTreeMap::new())
        );
        assert!(read::<i64>(nothing.clone()).is_err());
        assert!(read::<VideoStatus>(nothing.clone()).is_err());
        assert!(read::<StatusReport>(nothing).is_err());
    }
    assert_eq!(read::<Option<String>>(json!(null)), Ok(None));
    assert_eq!(read::<Option<String>>(json!("")), Ok(Some(String::new())));
    assert!(read::<String>(json!(null)).is_err());
}

#[test]
fn an_empty_object_comes_as_an_empty_list_and_the_other_way_round() {
    assert_eq!(
        read::<BTreeMap<String, i64>>(json!([])),
        Ok(BTreeMap::new())
    );
    assert_eq!(read::<Vec<i64>>(json!({})), Ok(vec![]));
    assert!(read::<BTreeMap<String, i64>>(json!([1])).is_err());
    assert!(read::<Vec<i64>>(json!({"a": 1})).is_err());
    // A struct without required fields is there, one with them says which is missing.
    let error = read::<StatusReport>(json!([])).unwrap_err();
    assert!(error.contains("status"), "{error}");
}

#[test]
fn a_value_of_the_wrong_kind_names_its_field() {
    assert_eq!(
        error_path::<VideoInfo>(r#"{"video_id":1,"status":100,"transcode_info":[{"size":"big"}]}"#),
        "transcode_info[0].size"
    );
    assert_eq!(
        error_path::<Category>(r#"{"id":1,"children":[{"id":2,"children":[{"id":{}}]}]}"#),
        "children[0].children[0].id"
    );
    assert_eq!(
        error_path::<Vec<StatusReport>>(r#"[{"status":100},{"status":[]}]"#),
        "[1].status"
    );
}

#[test]
fn a_field_twice_is_an_error_and_not_a_guess() {
    assert!(serde_json::from_str::<StatusReport>(r#"{"status":20,"status":100}"#).is_err());
    assert!(serde_json::from_str::<StatusReport>(r#"{"status":20,"new":1,"new":2}"#).is_err());
}

#[test]
fn no_data_keeps_what_should_not_be_there() {
    for nothing in [json!(null), json!(""), json!([]), json!({})] {
        assert_eq!(read::<NoData>(nothing).unwrap().unexpected(), None);
    }
    assert_eq!(
        read::<NoData>(json!({"a": 1})).unwrap().unexpected(),
        Some(&json!({"a": 1}))
    );
    assert_eq!(
        read::<NoData>(json!(0)).unwrap().unexpected(),
        Some(&json!(0))
    );
}

#[test]
fn impossible_dates_are_refused() {
    for text in [
        "2023-02-29",
        "2024-13-01",
        "2024-00-10",
        "2024-04-31",
        "1969-12-31",
        "2024-1-01",
        "20240101",
        "2024-01-01 ",
        "+024-01-01",
    ] {
        assert!(text.parse::<Date>().is_err(), "{text}");
    }
    for text in [
        "2024-01-01",
        "2024-01-01 24:00:00",
        "2024-01-01 00:60:00",
        "2024-01-01T00:00:00",
        "2024-01-01 0:00:00",
    ] {
        assert!(text.parse::<DateTime>().is_err(), "{text}");
    }
    assert_eq!("2024-02-29".parse::<Date>().unwrap().parts(), (2024, 2, 29));
    assert_eq!("2000-02-29".parse::<Date>().unwrap().days(), 11_016);
}
