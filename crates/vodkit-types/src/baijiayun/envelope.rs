//! The frame of every reply: `{ code, msg, data, ts }`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::wire::{Wire, WireSeed};

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
    Other,
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
                    _ => Field::Other,
                })
            }
        }
        deserializer.deserialize_identifier(Name)
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
                let mut msg: Option<String> = None;
                let mut data = None;
                let mut ts = None;
                while let Some(field) = map.next_key()? {
                    match field {
                        Field::Code => code = Some(map.next_value_seed(WireSeed::new())?),
                        Field::Msg => {
                            msg = map.next_value_seed(WireSeed::<Option<String>>::new())?
                        }
                        Field::Data => data = map.next_value_seed(WireSeed::<Option<T>>::new())?,
                        Field::Ts => ts = map.next_value_seed(WireSeed::<Option<i64>>::new())?,
                        Field::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(Envelope {
                    code: code.ok_or_else(|| de::Error::missing_field("code"))?,
                    msg: msg.unwrap_or_default(),
                    data,
                    ts,
                })
            }
        }
        deserializer.deserialize_map(Frame(PhantomData))
    }
}
