//! Values of parameters, for tests and for the reference.

use serde_json::Value;

use super::text::literal;
use crate::spec::{Param, Repr, Spec, Type};

/// Characters that must survive form encoding.
const AWKWARD: &str = "课 a&b=c+d%";

/// A value of a parameter: as text, and as a Rust expression.
pub(crate) struct Example {
    pub(crate) text: String,
    pub(crate) rust: String,
}

/// A value within the limits; a different one for each position, so that exchanged parameters are noticed.
pub(crate) fn example(spec: &Spec, param: &Param, position: usize) -> Example {
    let plain = |text: String| Example {
        rust: literal(&text),
        text,
    };
    let day = format!("2024-01-{:02}", position + 1);
    match &param.kind {
        Type::Uint | Type::Int => {
            let least = param.min.unwrap_or(0);
            let number = least
                .saturating_add(position as i64 + 1)
                .min(param.max.unwrap_or(i64::MAX));
            Example {
                text: number.to_string(),
                rust: number.to_string(),
            }
        }
        Type::Date => Example {
            rust: format!("{}.parse().unwrap()", literal(&day)),
            text: day,
        },
        Type::DateTime => {
            let text = format!("{day} 23:59:59");
            Example {
                rust: format!("{}.parse().unwrap()", literal(&text)),
                text,
            }
        }
        Type::Url => plain(format!("https://callback.example.test/{}", param.name)),
        // Any file that is there: tests run in the folder of their crate.
        Type::File => Example {
            text: "Cargo.toml".into(),
            rust: "FileInput::path(\"Cargo.toml\")".into(),
        },
        Type::Secret if param.is_target() => {
            plain("https://upload.example.test/put?token=test-token".into())
        }
        Type::Secret => plain("test-key-0123456789".into()),
        Type::Float => Example {
            text: "1.5".into(),
            rust: "1.5".into(),
        },
        Type::Bool => Example {
            text: "true".into(),
            rust: "true".into(),
        },
        Type::Object => Example {
            text: r#"{"enable":1}"#.into(),
            rust: r#"[("enable".to_owned(), 1.into())]"#.into(),
        },
        Type::List(inner) if **inner == Type::Uint => Example {
            text: "[7,8]".into(),
            rust: "[7, 8]".into(),
        },
        Type::List(_) => Example {
            text: r#"["a","b"]"#.into(),
            rust: r#"["a", "b"].map(String::from)"#.into(),
        },
        Type::Named(name) => {
            let values = enum_values(spec, name);
            values
                .into_iter()
                .nth(position % enum_values(spec, name).len().max(1))
                .unwrap_or_else(|| plain(String::new()))
        }
        Type::Csv(inner) => {
            let items = match inner.named() {
                Some(name) => enum_values(spec, name).into_iter().take(2).collect(),
                None if **inner == Type::Text => vec![plain("a".into()), plain("b".into())],
                None => (7 + position..9 + position)
                    .map(|n| Example {
                        text: n.to_string(),
                        rust: n.to_string(),
                    })
                    .collect(),
            };
            let texts: Vec<_> = items.iter().map(|item| item.text.as_str()).collect();
            let rust: Vec<_> = items.iter().map(|item| item.rust.as_str()).collect();
            let convert = if **inner == Type::Text {
                ".map(String::from)"
            } else {
                ""
            };
            Example {
                text: texts.join(","),
                rust: format!("[{}]{convert}", rust.join(", ")),
            }
        }
        _ => {
            let room = param.max_chars.map_or(usize::MAX, |chars| chars as usize);
            plain(
                format!("{}{AWKWARD}", param.name)
                    .chars()
                    .rev()
                    .take(room)
                    .collect::<Vec<_>>()
                    .into_iter()
                    .rev()
                    .collect(),
            )
        }
    }
}

/// A value as the member of a JSON body that it is sent as.
pub(crate) fn json(spec: &Spec, kind: &Type, text: &str) -> String {
    let bare = match kind {
        Type::Uint | Type::Int | Type::Float | Type::Bool | Type::Object | Type::List(_) => true,
        Type::Named(name) => spec
            .find_enum(name)
            .is_some_and(|entry| entry.repr == Repr::Int),
        _ => false,
    };
    if bare {
        text.to_owned()
    } else {
        Value::from(text).to_string()
    }
}

fn enum_values(spec: &Spec, name: &str) -> Vec<Example> {
    let values = spec
        .find_enum(name)
        .into_iter()
        .flat_map(|entry| &entry.values);
    values
        .map(|value| Example {
            text: value.value.to_string(),
            rust: format!("{name}::{}", value.rust),
        })
        .collect()
}

#[cfg(test)]
mod kinds {
    use super::*;
    use crate::spec::fixture::spec;

    #[test]
    fn a_json_member_has_the_type_of_its_enum() {
        let spec = spec();
        let named = Type::Named("ClipType".to_owned());
        assert_eq!(json(&spec, &named, "1"), "1");
        assert_eq!(json(&spec, &Type::Date, "2024-01-01"), "\"2024-01-01\"");
        assert_eq!(json(&spec, &Type::Float, "1.5"), "1.5");
    }
}
