//! What every sample reply is checked for.

#![expect(
    clippy::unwrap_used,
    reason = "a failure here is a failure of the test that calls"
)]

use std::fmt::Debug;

use serde::Serialize;
use serde_json::Value;
use vodkit_types::{Lenient, Wire};

/// A sample reply, decoded.
pub(crate) struct Sample<T> {
    data: Value,
    value: T,
}

fn data_of(reply: &str) -> Value {
    let mut reply: Value = serde_json::from_str(reply).unwrap();
    reply.get_mut("data").map(Value::take).unwrap_or_default()
}

fn decode<T: Wire>(data: &Value) -> Result<T, serde_json::Error> {
    // From text, as it comes from the network.
    serde_json::from_str::<Lenient<T>>(&data.to_string()).map(|Lenient(value)| value)
}

/// The same JSON with numbers as text and without what means nothing.
fn without_drift(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Null => return None,
        Value::Number(number) => Value::String(number.to_string()),
        Value::String(text) if text.is_empty() => return None,
        Value::Array(items) if items.is_empty() => return None,
        Value::Array(items) => items
            .iter()
            .map(|item| without_drift(item).unwrap_or_default())
            .collect(),
        Value::Object(members) => {
            let kept: serde_json::Map<_, _> = members
                .iter()
                .filter_map(|(name, member)| Some((name.clone(), without_drift(member)?)))
                .collect();
            if kept.is_empty() {
                return None;
            }
            Value::Object(kept)
        }
        other => other.clone(),
    })
}

impl<T: Wire + Serialize + PartialEq + Debug> Sample<T> {
    /// Decodes the `data` of a reply.
    #[track_caller]
    pub(crate) fn of(reply: &str) -> Self {
        let data = data_of(reply);
        let value = decode(&data).unwrap();
        Self { data, value }
    }

    /// The reply does not decode without any one of these fields.
    #[track_caller]
    pub(crate) fn requires(&self, fields: &[&str]) {
        for field in fields {
            let mut data = self.data.clone();
            assert!(
                data.as_object_mut().unwrap().remove(*field).is_some(),
                "the sample has no `{field}`"
            );
            let error = decode::<T>(&data).expect_err(field).to_string();
            assert!(
                error.contains(&format!("missing field `{field}`")),
                "{error}"
            );
        }
    }

    /// Another reply with other types means the same.
    #[track_caller]
    pub(crate) fn equals(&self, reply: &str) {
        assert_eq!(decode::<T>(&data_of(reply)).unwrap(), self.value);
    }

    /// Written again, it is the same JSON under the vendor's names, and nothing in it was undocumented.
    #[track_caller]
    pub(crate) fn checked(&self) {
        self.written_as(&self.data);
    }

    /// As `checked`, but it is written as other JSON: under the first name of each field, and each list as a list.
    // Only a vendor with such samples calls it.
    #[allow(dead_code)]
    #[track_caller]
    pub(crate) fn checked_as(&self, data: &str) {
        self.written_as(&serde_json::from_str(data).unwrap());
    }

    #[track_caller]
    fn written_as(&self, data: &Value) {
        let written = serde_json::to_value(&self.value).unwrap();
        assert_eq!(without_drift(&written), without_drift(data));
        assert_eq!(decode::<T>(&written).unwrap(), self.value);
        // Debug writes the names of undocumented fields into the braces of `extra`; texts have their quotes escaped.
        let debug = format!("{:?}", self.value);
        assert!(
            !debug.contains("extra: {\""),
            "undocumented fields: {debug}"
        );
    }
}
