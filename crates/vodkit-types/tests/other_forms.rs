//! Values with several spellings: fields with two names, lists of one without brackets, truth as number or text.

use serde_json::{Value, json};
use vodkit_types::{Lenient, OneOrMany, Wire};

fn read<T: Wire>(value: &Value) -> Result<T, String> {
    serde_json::from_str::<Lenient<T>>(&value.to_string())
        .map(|Lenient(value)| value)
        .map_err(|e| e.to_string())
}

#[cfg(feature = "quvideo")]
mod names {
    use vodkit_types::quvideo::StsCredentials;

    fn read(expiration: &str) -> Result<StsCredentials, serde_json::Error> {
        serde_json::from_str(&format!(
            r#"{{"accessKeyId":"test-id","accessKeySecret":"test-secret","securityToken":"test-token"{expiration}}}"#
        ))
    }

    #[test]
    fn either_name_is_read_and_the_first_is_written() {
        let first = read(r#","expiration":"soon""#).unwrap();
        let second = read(r#","Expiration":"soon""#).unwrap();
        assert_eq!(first, second);
        assert_eq!(first.expiration.as_deref(), Some("soon"));
        assert!(second.extra.is_empty());
        let written = serde_json::to_value(&second).unwrap();
        assert_eq!(written["expiration"], "soon");
        assert_eq!(written.get("Expiration"), None);
    }

    #[test]
    fn both_names_at_once_are_refused() {
        let error = read(r#","expiration":"a","Expiration":"b""#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("duplicate field `expiration`"), "{error}");
    }
}

#[test]
fn one_or_many_is_always_a_list() {
    let numbers = |value: Value| {
        read::<OneOrMany<u64>>(&value).map(|list| list.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(numbers(json!(7)), Ok(vec![7]));
    assert_eq!(numbers(json!(7.0)), Ok(vec![7]));
    assert_eq!(numbers(json!("7")), Ok(vec![7]));
    assert_eq!(numbers(json!([7, "8"])), Ok(vec![7, 8]));
    for nothing in [json!([]), json!(null), json!("")] {
        assert_eq!(numbers(nothing), Ok(vec![]));
    }
    assert!(numbers(json!(-7)).is_err());
    assert!(numbers(json!({"a": 7})).is_err());
    assert!(numbers(json!([[7]])).is_err());
    assert_eq!(
        serde_json::to_value(OneOrMany(vec![7_u64])).unwrap(),
        json!([7])
    );
    let Ok(OneOrMany(maps)) =
        read::<OneOrMany<std::collections::BTreeMap<String, bool>>>(&json!({"a": "true"}))
    else {
        panic!("one object is a list of one");
    };
    assert_eq!(maps.len(), 1);
    assert_eq!(maps[0].get("a"), Some(&true));
}

#[test]
fn a_truth_value_is_read_from_its_spellings_and_from_nothing_else() {
    for yes in [
        json!(true),
        json!("true"),
        json!("True"),
        json!(1),
        json!("1"),
    ] {
        assert_eq!(read::<bool>(&yes), Ok(true), "{yes}");
    }
    for no in [json!(false), json!("false"), json!(0), json!("0")] {
        assert_eq!(read::<bool>(&no), Ok(false), "{no}");
    }
    for nothing in [json!(null), json!("")] {
        assert_eq!(read::<Option<bool>>(&nothing), Ok(None), "{nothing}");
        assert!(read::<bool>(&nothing).is_err(), "{nothing}");
    }
    for other in [json!(2), json!(-1), json!("yes"), json!(1.5), json!([true])] {
        assert!(read::<Option<bool>>(&other).is_err(), "{other}");
    }
}
