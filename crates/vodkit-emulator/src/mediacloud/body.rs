//! The JSON body of a request, checked against the operation table of the vendor's page.

use axum::body::Body as Stream;
use http::{HeaderMap, header};
use serde_json::{Map, Value};
use vodkit_types::operation::{Operation, Param, ParamKind, Place};

use crate::form::{self, BadForm};

/// The members of a body. It has no `Debug`: a login's body is a password.
#[derive(Default)]
pub(super) struct Body(Map<String, Value>);

impl Body {
    /// Reads an object, whatever its members are.
    pub(super) async fn read(headers: &HeaderMap, stream: Stream) -> Result<Self, BadForm> {
        let bytes = form::read(stream).await?;
        let kind = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            // assumed: content-type
            return Err(BadForm {
                assumed: Some("content-type"),
                ..BadForm::whole(format!(
                    "content type {essence:?} is not application/json, the documented one"
                ))
            });
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(BadForm::whole("the body is JSON, but not an object")),
            // The text of the error quotes no value of the body, only the place.
            Err(error) => Err(BadForm::whole(format!(
                "the body is not JSON: line {}, column {}",
                error.line(),
                error.column()
            ))),
        }
    }

    /// Refuses a body that lacks a required member or has one of a wrong type, naming it.
    pub(super) fn check(&self, operation: &Operation) -> Result<(), BadForm> {
        for param in operation.params {
            if param.place != Place::Json {
                continue;
            }
            match self.get(param.name) {
                Some(value) => check_type(param, value)?,
                None if param.required => {
                    return Err(BadForm::parameter(param.name, "is missing"));
                }
                None => {}
            }
        }
        Ok(())
    }

    /// A remark about members that the page does not list for this call; they are accepted. // assumed: unknown-parameter
    pub(super) fn unknown_members(&self, operation: &Operation) -> Option<String> {
        let names: Vec<&str> = self
            .0
            .keys()
            .map(String::as_str)
            .filter(|name| operation.param(name).is_none())
            .collect();
        (!names.is_empty()).then(|| {
            format!(
                "parameters that the page does not list: {}",
                names.join(", ")
            )
        })
    }

    /// A member that says something: neither null nor an empty text or list. // assumed: empty-is-missing
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| match value {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => true,
        })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.as_u64()
    }

    pub(super) fn object(&self, name: &str) -> Option<&Map<String, Value>> {
        self.get(name)?.as_object()
    }

    /// The texts of a list.
    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        self.get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }
}

/// A text is no number here and a number no text: the page's types are taken at their word. // assumed: strict-types
fn check_type(param: &Param, value: &Value) -> Result<(), BadForm> {
    let refuse = |problem: &str| {
        Err(BadForm {
            assumed: Some("strict-types"),
            ..BadForm::parameter(param.name, problem)
        })
    };
    match param.kind {
        ParamKind::Text | ParamKind::Secret if !value.is_string() => refuse("is not a string"),
        ParamKind::OneOf(codes) => match value.as_u64() {
            Some(number) if codes.contains(&number.to_string().as_str()) => Ok(()),
            Some(_) => Err(BadForm::parameter(
                param.name,
                &format!("is none of {}", codes.join(", ")),
            )),
            None => refuse("is not an int"),
        },
        ParamKind::TextList => match value.as_array() {
            Some(items) if items.iter().all(Value::is_string) => Ok(()),
            _ => refuse("is not a list of strings"),
        },
        ParamKind::Object if !value.is_object() => refuse("is not an object"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vodkit_types::mediacloud::operations::{
        ALL, CREATE_CATEGORY, DELETE_CATEGORIES, LOGIN, REGISTER_MEDIA,
    };

    use super::*;

    fn body(value: Value) -> Body {
        match value {
            Value::Object(members) => Body(members),
            other => panic!("{other}"),
        }
    }

    fn refused(operation: &Operation, value: Value) -> (String, bool) {
        let bad = body(value).check(operation).unwrap_err();
        (bad.parameter.unwrap(), bad.assumed.is_some())
    }

    #[test]
    fn every_kind_of_the_table_is_checked() {
        for param in ALL.iter().flat_map(|operation| operation.params) {
            let wrong = match param.kind {
                ParamKind::Object => json!([1]),
                _ => json!({ "an": "object" }),
            };
            if param.place == Place::Json {
                assert!(check_type(param, &wrong).is_err(), "{}", param.name);
            }
        }
    }

    #[test]
    fn what_is_missing_or_empty_is_named() {
        for value in [
            json!({}),
            json!({ "className": null }),
            json!({ "className": "" }),
        ] {
            assert_eq!(
                refused(&CREATE_CATEGORY, value),
                ("className".to_owned(), false)
            );
        }
        assert_eq!(refused(&DELETE_CATEGORIES, json!({ "uids": [] })).0, "uids");
        assert_eq!(refused(&LOGIN, json!({ "username": "a" })).0, "password");
        let fine = body(json!({ "className": "a", "parentId": null }));
        assert_eq!(fine.check(&CREATE_CATEGORY), Ok(()));
        assert_eq!(fine.text("parentId"), None);
    }

    #[test]
    fn numbers_and_texts_are_told_apart() {
        let medium = |name: &str, value: Value| {
            let mut all = json!({
                "type": 1, "cloudProviderType": 4, "bucket": "b", "fileUri": "b/k",
                "internalWorkflowParam": { "poster": { "enable": 1 } },
            });
            all[name] = value;
            all
        };
        let fine = medium("tag", json!("t"));
        assert_eq!(body(fine).check(&REGISTER_MEDIA), Ok(()));
        for (name, value, assumed) in [
            ("type", json!("1"), true),
            ("type", json!(1.5), true),
            ("type", json!(3), false),
            ("cloudProviderType", json!(0), false),
            ("bucket", json!(7), true),
            ("tag", json!(["t"]), true),
            ("internalWorkflowParam", json!("{}"), true),
        ] {
            let shown = format!("{name} {value}");
            assert_eq!(
                refused(&REGISTER_MEDIA, medium(name, value)),
                (name.to_owned(), assumed),
                "{shown}"
            );
        }
        assert_eq!(
            refused(&DELETE_CATEGORIES, json!({ "uids": ["a", 1] })),
            ("uids".to_owned(), true)
        );
        assert_eq!(
            refused(&DELETE_CATEGORIES, json!({ "uids": "a" })),
            ("uids".to_owned(), true)
        );
    }
}
