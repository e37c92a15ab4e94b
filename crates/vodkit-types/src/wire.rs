//! Lenient decoding: what the vendors send, read for what it means, with nothing dropped.
//!
//! The vendors are PHP and Java services whose types drift: a number arrives as decimal text, an empty object as `[]`, an absent value
//! as `null` or `""`. [`Wire`] reads each of these for what it means, in one pass and without an intermediate
//! [`serde_json::Value`]. What cannot be read is an error at the field's path; unknown fields are kept in [`Extra`].

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use crate::object::{Push, of_nothing};

/// A number written with a point is read to 15 digits, the zeros behind the point among them. Longer ones are refused: they could be off by one.
const EXACT_WITH_DECIMALS: f64 = 1e12;

/// From 2^53 on a float no longer tells an integer from its neighbours.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What a text of the wrong form is called in errors. It is never quoted: a key or a token may have come in the place of something else.
const TEXT: Unexpected<'static> = Unexpected::Other("text");

/// A type that is read leniently from the wire.
///
/// | sent | integer | text | list | map, struct |
/// |---|---|---|---|---|
/// | `5`, `5.0` | 5 | `"5"`, `"5.0"` | error | error |
/// | `"5"` | 5 | `"5"` | error | error |
/// | `""` | nothing | `""` | nothing | nothing |
/// | `null` | nothing | nothing | nothing | nothing |
/// | `[]` | error | error | empty | empty |
/// | `{}` | error | error | empty | empty |
///
/// "Nothing" is `None` in an [`Option`], an empty list or map, and an error in a required scalar.
pub trait Wire: Sized {
    /// What a person would call the type, for error messages.
    const EXPECTED: &'static str;

    /// Reads a value; `None` where the vendor sent `null` or an empty text in its place.
    ///
    /// # Errors
    /// When the value has another meaning than this type can hold.
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error>;

    /// Reads a value that must be there.
    ///
    /// # Errors
    /// As [`read_opt`](Self::read_opt), and when nothing was sent in its place and this type has no value for that.
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Self::read_opt(deserializer)? {
            Some(value) => Ok(value),
            None => of_nothing(),
        }
    }

    /// As [`read_opt`](Self::read_opt), into a place of the caller's: what a struct is read by, which would be copied on every way back.
    ///
    /// # Errors
    /// As [`read_opt`](Self::read_opt); what is in `place` then is not said.
    fn read_into<'de, D: Deserializer<'de>>(
        place: &mut Option<Self>,
        deserializer: D,
    ) -> Result<(), D::Error> {
        *place = Self::read_opt(deserializer)?;
        Ok(())
    }

    /// What a missing field of this type means, and nothing in its place; `None` when it must not be missing.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether writing this value would write nothing.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Reads a [`Wire`] type wherever serde wants a [`Deserialize`](serde::Deserialize).
#[derive(Clone, Debug, PartialEq)]
pub struct Lenient<T>(pub T);

impl<'de, T: Wire> serde::Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::read(deserializer).map(Self)
    }
}

impl<T: Wire> Wire for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        T::read_opt(deserializer).map(Some)
    }
    fn read_into<'de, D: Deserializer<'de>>(
        place: &mut Option<Self>,
        deserializer: D,
    ) -> Result<(), D::Error> {
        T::read_into(place.insert(None), deserializer)
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

macro_rules! wire_integer {
    ($type:ty, $expected:literal) => {
        impl Wire for $type {
            const EXPECTED: &'static str = $expected;
            fn read_opt<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Option<Self>, D::Error> {
                struct Integer;
                impl Visitor<'_> for Integer {
                    type Value = Option<$type>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }
                    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                        <$type>::try_from(value)
                            .map(Some)
                            .map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
                    }
                    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                        <$type>::try_from(value)
                            .map(Some)
                            .map_err(|_| E::invalid_value(Unexpected::Unsigned(value), &self))
                    }
                    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
                        if value.fract() == 0.0 && value.abs() < EXACT_WITH_DECIMALS {
                            self.visit_i64(value as i64)
                        } else {
                            Err(E::invalid_value(Unexpected::Float(value), &self))
                        }
                    }
                    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                        if value.is_empty() {
                            return Ok(None);
                        }
                        value
                            .parse()
                            .map(Some)
                            .map_err(|_| E::invalid_value(TEXT, &self))
                    }
                    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                        Ok(None)
                    }
                    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
                        Ok(None)
                    }
                }
                deserializer.deserialize_any(Integer)
            }
        }
    };
}

wire_integer!(u64, "an unsigned integer");
wire_integer!(i64, "an integer");

impl Wire for bool {
    const EXPECTED: &'static str = "true or false";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        struct Truth;
        impl Visitor<'_> for Truth {
            type Value = Option<bool>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Some(value))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                match value {
                    0 => Ok(Some(false)),
                    1 => Ok(Some(true)),
                    other => Err(E::invalid_value(Unexpected::Signed(other), &self)),
                }
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                match value {
                    0 => Ok(Some(false)),
                    1 => Ok(Some(true)),
                    other => Err(E::invalid_value(Unexpected::Unsigned(other), &self)),
                }
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                match value {
                    "" => Ok(None),
                    "0" => Ok(Some(false)),
                    "1" => Ok(Some(true)),
                    word if word.eq_ignore_ascii_case("false") => Ok(Some(false)),
                    word if word.eq_ignore_ascii_case("true") => Ok(Some(true)),
                    _ => Err(E::invalid_value(TEXT, &self)),
                }
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
        }
        deserializer.deserialize_any(Truth)
    }
}

impl Wire for f64 {
    const EXPECTED: &'static str = "a number";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Option<f64>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Some(value as f64))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Some(value as f64))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Some(value))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                if value.is_empty() {
                    return Ok(None);
                }
                match value.parse::<f64>() {
                    Ok(number) if number.is_finite() => Ok(Some(number)),
                    _ => Err(E::invalid_value(TEXT, &self)),
                }
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
        }
        deserializer.deserialize_any(Number)
    }
}

impl Wire for String {
    const EXPECTED: &'static str = "text";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Option<String>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Some(value.to_owned()))
            }
            fn visit_string<E: de::Error>(self, value: String) -> Result<Self::Value, E> {
                Ok(Some(value))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Some(value.to_string()))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Some(value.to_string()))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
                // An integer too long for 64 bits has lost digits before it gets here.
                if value.abs() >= EXACT && value.fract() == 0.0 {
                    return Err(E::invalid_value(Unexpected::Float(value), &self));
                }
                // Debug writes 5.0 as `5.0`, so the text reads back as the same number.
                Ok(Some(format!("{value:?}")))
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Some(value.to_string()))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
        }
        deserializer.deserialize_any(Text)
    }
}

impl<T: Wire> Wire for Vec<T> {
    const EXPECTED: &'static str = "a list";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        struct List<T>(PhantomData<T>);
        impl<'de, T: Wire> Visitor<'de> for List<T> {
            type Value = Option<Vec<T>>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(1024));
                while seq.next_element_seed(Push(&mut list))?.is_some() {}
                Ok(Some(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                only_empty_map(map, &self)?;
                Ok(Some(Vec::new()))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                only_empty_text(value, &self)
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
        }
        deserializer.deserialize_any(List(PhantomData))
    }
    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

/// A list that some replies hold and others replace by its only element.
///
/// It is always read as a list, and written as one.
///
/// ```
/// use vodkit_types::{Lenient, OneOrMany};
/// let Lenient(one): Lenient<OneOrMany<u64>> = serde_json::from_str("7")?;
/// let Lenient(many) = serde_json::from_str("[7]")?;
/// assert_eq!(one, many);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> IntoIterator for OneOrMany<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T: Wire> Wire for OneOrMany<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Wire> Visitor<'de> for Either<T> {
            type Value = Option<OneOrMany<T>>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}, or a list of them", T::EXPECTED)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                Vec::<T>::read_opt(de::value::SeqAccessDeserializer::new(seq))
                    .map(|list| list.map(OneOrMany))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                one(T::read_opt(de::value::MapAccessDeserializer::new(map)))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                if value.is_empty() {
                    return Ok(None);
                }
                one(T::read_opt(de::value::StrDeserializer::new(value)))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                one(T::read_opt(de::value::I64Deserializer::new(value)))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                one(T::read_opt(de::value::U64Deserializer::new(value)))
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
                one(T::read_opt(de::value::F64Deserializer::new(value)))
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
                one(T::read_opt(de::value::BoolDeserializer::new(value)))
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
        }
        fn one<T, E>(item: Result<Option<T>, E>) -> Result<Option<OneOrMany<T>>, E> {
            item.map(|item| item.map(|item| OneOrMany(vec![item])))
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: Wire> Wire for BTreeMap<String, T> {
    const EXPECTED: &'static str = "an object";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Wire> Visitor<'de> for Object<T> {
            type Value = Option<BTreeMap<String, T>>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut object = BTreeMap::new();
                while let Some(key) = map.next_key::<String>()? {
                    let Lenient(value) = map.next_value()?;
                    if object.contains_key(&key) {
                        return Err(de::Error::custom(format_args!("duplicate key `{key}`")));
                    }
                    object.insert(key, value);
                }
                Ok(Some(object))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                only_empty_seq(seq, &self)?;
                Ok(Some(BTreeMap::new()))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                only_empty_text(value, &self)
            }
            fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
                Ok(None)
            }
        }
        deserializer.deserialize_any(Object(PhantomData))
    }
    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl Wire for Value {
    const EXPECTED: &'static str = "any JSON";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let value: Value = serde::Deserialize::deserialize(deserializer)?;
        Ok(Some(value))
    }
    fn absent() -> Option<Self> {
        Some(Value::Null)
    }
    fn is_absent(&self) -> bool {
        self.is_null()
    }
}

/// PHP writes an empty object as `[]`; a list with elements is something else.
pub(crate) fn only_empty_seq<'de, A: SeqAccess<'de>>(
    mut seq: A,
    expected: &dyn de::Expected,
) -> Result<(), A::Error> {
    match seq.next_element::<IgnoredAny>()? {
        None => Ok(()),
        Some(_) => Err(de::Error::invalid_type(Unexpected::Seq, expected)),
    }
}

fn only_empty_map<'de, A: MapAccess<'de>>(
    mut map: A,
    expected: &dyn de::Expected,
) -> Result<(), A::Error> {
    match map.next_key::<IgnoredAny>()? {
        None => Ok(()),
        Some(_) => Err(de::Error::invalid_type(Unexpected::Map, expected)),
    }
}

pub(crate) fn only_empty_text<T, E: de::Error>(
    value: &str,
    expected: &dyn de::Expected,
) -> Result<Option<T>, E> {
    if value.is_empty() {
        Ok(None)
    } else {
        Err(E::invalid_type(TEXT, expected))
    }
}

/// Fields that the vendor sent and its page does not document, kept as they came.
///
/// In a request struct: parameters to send that the page does not document.
#[derive(Clone, Default, PartialEq)]
#[expect(
    clippy::box_collection,
    reason = "one word in each struct of a list, where it is almost always empty"
)]
pub struct Extra(Option<Box<BTreeMap<String, Value>>>);

impl Extra {
    /// No extra fields.
    pub(crate) const NONE: Self = Self(None);

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |fields| fields.len())
    }

    /// The value of one field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.get(name)
    }

    /// All fields, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0
            .iter()
            .flat_map(|fields| fields.iter())
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Adds a field; gives back the value it had.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0
            .get_or_insert_default()
            .insert(name.into(), value.into())
    }
}

// Unknown fields may hold anything, secrets too: Debug tells the names alone.
impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

/// The `data` of a call that answers with nothing, kept when the vendor sends something all the same.
#[derive(Clone, Default, PartialEq)]
pub struct NoData(Option<Box<Value>>);

// What should not be there may be anything, a secret too.
impl fmt::Debug for NoData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "NoData(..)"
        } else {
            "NoData"
        })
    }
}

impl NoData {
    /// What the vendor sent although its page documents nothing.
    #[must_use]
    pub fn unexpected(&self) -> Option<&Value> {
        self.0.as_deref()
    }
}

impl Wire for NoData {
    const EXPECTED: &'static str = "nothing";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let value: Value = serde::Deserialize::deserialize(deserializer)?;
        let nothing = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(object) => object.is_empty(),
            _ => false,
        };
        Ok(Some(Self(if nothing {
            None
        } else {
            Some(Box::new(value))
        })))
    }
    fn absent() -> Option<Self> {
        Some(Self(None))
    }
}

impl Serialize for NoData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
