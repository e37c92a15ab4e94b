//! Sample replies of the tables: they must be JSON, mean success and hold nothing but what the tables document.

use serde_json::Value;

use crate::spec::{Operation, Reply, Spec, Type};

/// Checks one sample reply of an operation.
pub(crate) fn check(spec: &Spec, operation: &Operation, text: &str) -> Result<(), String> {
    let reply: Value = serde_json::from_str(text).map_err(|e| format!("is not JSON: {e}"))?;
    let code = match &reply["code"] {
        Value::String(code) => Some(code.clone()),
        Value::Number(code) => Some(code.to_string()),
        _ => None,
    };
    // A frame that tells success by `result` may leave the code out.
    match &reply["result"] {
        Value::Null if code.is_none() => return Err("has no code".to_owned()),
        Value::Null | Value::Bool(true) => {}
        Value::String(text) if text == "true" => {}
        _ => return Err("result does not mean success".to_owned()),
    }
    if let Some(code) = code.filter(|code| !operation.success.contains(code)) {
        return Err(format!("code {code} does not mean success"));
    }
    match (&operation.result, &reply["data"]) {
        (Reply::None, data) if is_nothing(data) => Ok(()),
        (Reply::None, _) => Err("has data, but the result is none".to_owned()),
        (Reply::Data(kind), data) => documented(spec, kind, data, "data"),
    }
}

/// What PHP writes where there is nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

/// Fails at the first member that no table knows, and at the first required one that is absent.
fn documented(spec: &Spec, kind: &Type, value: &Value, path: &str) -> Result<(), String> {
    match (kind, value) {
        (Type::List(inner), Value::Array(items)) => {
            items.iter().enumerate().try_for_each(|(position, item)| {
                documented(spec, inner, item, &format!("{path}[{position}]"))
            })
        }
        (Type::Map(inner), Value::Object(members)) => {
            members.iter().try_for_each(|(key, member)| {
                documented(spec, inner, member, &format!("{path}.{key}"))
            })
        }
        (Type::OneOrMany(inner), Value::Array(_)) => {
            documented(spec, &Type::List(inner.clone()), value, path)
        }
        (Type::OneOrMany(_), value) if is_nothing(value) => Ok(()),
        (Type::OneOrMany(inner), value) => documented(spec, inner, value, path),
        (Type::List(_) | Type::Map(_), value) if is_nothing(value) => Ok(()),
        (Type::List(_) | Type::Map(_), _) => Err(format!("{path} is no {kind}")),
        (Type::Named(name), value) => {
            let Some(entry) = spec.find_struct(name) else {
                return Ok(());
            };
            let Value::Object(members) = value else {
                return if is_nothing(value) && entry.fields.iter().all(|f| !f.required) {
                    Ok(())
                } else {
                    Err(format!("{path} is no {name}"))
                };
            };
            for (key, member) in members {
                let Some(field) = entry
                    .fields
                    .iter()
                    .find(|f| f.names().any(|name| name == key))
                else {
                    return Err(format!("{path}.{key} is no field of {name}"));
                };
                if !member.is_null() || field.required {
                    documented(spec, &field.kind, member, &format!("{path}.{key}"))?;
                }
            }
            match entry
                .fields
                .iter()
                .find(|f| f.required && !f.names().any(|name| members.contains_key(name)))
            {
                Some(absent) => Err(format!(
                    "{path}.{} is required by {name} and absent",
                    absent.name
                )),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// The data of a sample as it is written again: under the first name of each field, and every list as a list.
pub(crate) fn rewritten(spec: &Spec, kind: &Type, value: &Value) -> Value {
    match (kind, value) {
        (Type::List(inner) | Type::OneOrMany(inner), Value::Array(items)) => items
            .iter()
            .map(|item| rewritten(spec, inner, item))
            .collect(),
        (Type::OneOrMany(_), value) if is_nothing(value) => Value::Array(Vec::new()),
        (Type::OneOrMany(inner), value) => Value::Array(vec![rewritten(spec, inner, value)]),
        (Type::Map(inner), Value::Object(members)) => members
            .iter()
            .map(|(key, member)| (key.clone(), rewritten(spec, inner, member)))
            .collect(),
        (Type::Named(name), Value::Object(members)) => {
            let fields = spec
                .find_struct(name)
                .map_or(&[][..], |entry| &entry.fields);
            members
                .iter()
                .map(|(key, member)| {
                    match fields.iter().find(|f| f.names().any(|name| name == key)) {
                        Some(field) => (field.name.clone(), rewritten(spec, &field.kind, member)),
                        None => (key.clone(), member.clone()),
                    }
                })
                .collect()
        }
        (Type::Bool, value) => match value.to_string().trim_matches('"') {
            "1" | "true" => Value::Bool(true),
            "0" | "false" => Value::Bool(false),
            _ => value.clone(),
        },
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::fixture;
    use crate::spec_check;

    #[track_caller]
    fn refuses(from: &str, to: &str, message: &str) {
        let errors = spec_check::check(&fixture::replaced(from, to).unwrap()).join("\n");
        assert!(errors.contains(message), "wanted: {message}\ngot: {errors}");
    }

    #[test]
    fn a_sample_is_json() {
        refuses(
            "\"data\": null }''' # clear",
            "\"data\": null, }''' # clear",
            "`clip/clear`: sample: is not JSON",
        );
    }

    #[test]
    fn a_result_tells_success_beside_the_code() {
        refuses(
            "{ \"code\": 1,",
            "{ \"code\": 1, \"result\": \"false\",",
            "`clip/put`: sample: result does not mean success",
        );
        refuses(
            "{ \"code\": 1,",
            "{ \"code\": 403, \"result\": \"true\",",
            "`clip/put`: sample: code 403 does not mean success",
        );
        let spec = fixture::replaced("{ \"code\": 1,", "{ \"result\": \"true\",").unwrap();
        assert_eq!(spec_check::check(&spec), Vec::<String>::new());
    }

    #[test]
    fn a_sample_means_success() {
        refuses(
            "{ \"code\": 1,",
            "{ \"code\": 0,",
            "`clip/put`: sample: code 0 does not mean success",
        );
        refuses("{ \"code\": 1,", "{", "`clip/put`: sample: has no code");
    }

    #[test]
    fn a_sample_holds_documented_fields_only() {
        refuses(
            "[{ \"clip_id\": 7, \"type\": 2,",
            "[{ \"clip_id\": 7, \"kind\": 2,",
            "`clip/list`: sample: data.list[0].kind is no field of Clip",
        );
    }

    #[test]
    fn a_sample_holds_the_required_fields() {
        refuses(
            "{ \"a\": { \"clip_id\": 7 } }",
            "{ \"a\": { \"type\": 1 } }",
            "`clip/put`: sample: data.a.clip_id is required by Clip and absent",
        );
    }

    #[test]
    fn a_drifted_reply_is_checked_too() {
        refuses(
            "[{ \"clip_id\": \"7\",",
            "[{ \"id\": \"7\",",
            "`clip/list`: drifted 1: data.list[0].id is no field of Clip",
        );
    }

    #[test]
    fn data_agrees_with_the_result() {
        refuses(
            "\"data\": null }''' # clear",
            "\"data\": 3 }''' # clear",
            "`clip/clear`: sample: has data, but",
        );
        refuses(
            "{ \"clip_id\": 7 } }''' # send",
            "[7] }''' # send",
            "`clip/send`: sample: data is no Clip",
        );
    }
}
