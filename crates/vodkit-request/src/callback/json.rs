//! JSON of strangers: bounded, and with one meaning.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use vodkit_types::{Lenient, Wire};

use super::form::unreadable;
use super::limits::Limits;
use super::refusal::{Refusal, RefusalKind};

/// Reads a JSON object. A member that comes twice is refused on every level, and so is more than [`Limits`] allow.
///
/// # Errors
/// See above, and when it is not JSON, not UTF-8 or no object.
pub fn strict_json(body: &[u8], limits: &Limits) -> Result<Map<String, Value>, Refusal> {
    let fault = Cell::new(None);
    let seed = Strict {
        depth: limits.json_depth,
        left: &Cell::new(limits.json_values),
        fault: &fault,
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let read = seed
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    match read {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::malformed("the body is JSON, but no object")),
        Err(error) => Err(fault.take().unwrap_or_else(|| {
            let (line, column) = (error.line(), error.column());
            Refusal::malformed(format!("the body is not JSON, at {line}:{column}"))
        })),
    }
}

/// Reads an object into a wire type; members that it does not know end in its `extra`.
///
/// # Errors
/// When a member has another form than its type, or a required one is missing.
pub fn decode_object<T: Wire>(object: &Map<String, Value>) -> Result<T, Refusal> {
    match serde_path_to_error::deserialize(object) {
        Ok(Lenient(value)) => Ok(value),
        Err(error) => Err(unreadable(&error)),
    }
}

#[derive(Clone, Copy)]
struct Strict<'c> {
    /// Levels that may still be opened.
    depth: usize,
    /// Values that may still come.
    left: &'c Cell<usize>,
    /// Why reading was given up. The reader's own errors are texts.
    fault: &'c Cell<Option<Refusal>>,
}

impl Strict<'_> {
    fn refuse<E: de::Error>(&self, refusal: Refusal) -> E {
        self.fault.set(Some(refusal));
        E::custom("refused")
    }

    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => Err(self.refuse(Refusal::new(
                RefusalKind::TooComplex,
                "the body is nested too deeply",
            ))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else {
            return Err(self.refuse(Refusal::new(
                RefusalKind::TooComplex,
                "the body has too many values",
            )));
        };
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(self.refuse(Refusal::ambiguous(&name)));
            }
            let value = map.next_value_seed(inner)?;
            object.insert(name, value);
        }
        Ok(object.into())
    }
}
