//! The frame of every reply: `{ code, msg, data, ts }`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};

use serde_json::Value;

use crate::wire::{Extra, Wire, WireSeed};

/// The frame of a reply, its `data` decoded in the same pass.
///
/// HTTP says 200 for errors too: only [`code`](Self::code) tells success (`0`, on the upload host `1`) from failure.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Envelope<T> {
    /// The vendor's code as text, whether it came as number or as text.
    pub code: String,
    /// The vendor's message, empty on success.
    pub msg: String,
    /// The result; `None` when it is absent, `null` or `""`.
    pub data: Option<T>,
    /// The vendor's clock in seconds since 1970. Missing from some replies.
    pub ts: Option<i64>,
    /// Members that no page documents.
    pub extra: Extra,
}

/// The frame of a reply without its data: for replies whose data is not that of a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored;

impl Wire for Ignored {
    const EXPECTED: &'static str = "anything";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        <IgnoredAny as serde::Deserialize>::deserialize(deserializer).map(|_| Some(Self))
    }
}

enum Field {
    Code,
    Msg,
    Data,
    Ts,
    Undocumented(String),
}

impl<'de> serde::Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Field;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Field, E> {
                Ok(match name {
                    "code" => Field::Code,
                    "msg" => Field::Msg,
                    "data" => Field::Data,
                    "ts" => Field::Ts,
                    other => Field::Undocumented(other.to_owned()),
                })
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

/// The frame must not be what makes a good reply unreadable: whatever came is taken as text.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        Value::Number(number) => match number.as_f64() {
            Some(whole) if number.is_f64() && whole.fract() == 0.0 && whole.abs() < 9e15 => {
                format!("{whole:.0}")
            }
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// Whole seconds; PHP's clock has fractions. Another form is no reason to refuse the reply.
fn seconds(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number
            .as_i64()
            .or_else(|| number.as_f64().map(|seconds| seconds.floor() as i64)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

impl<'de, T: Wire> serde::Deserialize<'de> for Envelope<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Frame<T>(PhantomData<T>);
        impl<'de, T: Wire> Visitor<'de> for Frame<T> {
            type Value = Envelope<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `code`")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut code: Option<String> = None;
                let mut msg = String::new();
                let mut data = None;
                let mut ts = None;
                let mut extra = Extra::NONE;
                while let Some(field) = map.next_key()? {
                    match field {
                        Field::Code => {
                            code = Some(text(map.next_value()?)).filter(|code| !code.is_empty())
                        }
                        Field::Msg => msg = text(map.next_value()?),
                        Field::Data => data = map.next_value_seed(WireSeed::<Option<T>>::new())?,
                        Field::Ts => ts = seconds(&map.next_value()?),
                        Field::Undocumented(name) => {
                            extra.insert(name, map.next_value::<Value>()?);
                        }
                    }
                }
                Ok(Envelope {
                    code: code.ok_or_else(|| de::Error::missing_field("code"))?,
                    msg,
                    data,
                    ts,
                    extra,
                })
            }
        }
        deserializer.deserialize_map(Frame(PhantomData))
    }
}
