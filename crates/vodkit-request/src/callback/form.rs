//! Forms and queries, read so that there is one way to read them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::percent_decode;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as DecodeError, MapDeserializer};
use serde::{Serialize, Serializer};
use vodkit_types::{Lenient, Wire};

use super::limits::Limits;
use super::refusal::{Refusal, RefusalKind};

/// Decoded fields, sorted by name: neither their order nor their encoding is left.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`: `+` is a blank, `%` begins a byte, everything is UTF-8. A `%` without two digits
    /// behind it stands for itself, as browsers have it.
    ///
    /// # Errors
    /// When a field comes twice, when there are more than [`Limits::fields`], or when something is not UTF-8.
    pub fn parse(text: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let mut fields = BTreeMap::new();
        for pair in text.split(|byte| *byte == b'&').filter(|p| !p.is_empty()) {
            if fields.len() == limits.fields {
                let limit = limits.fields;
                return Err(Refusal::new(
                    RefusalKind::TooComplex,
                    format!("it has more than {limit} fields"),
                ));
            }
            let at = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = at.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
            let (name, value) = (decoded(name)?, decoded(value)?);
            if fields.contains_key(&name) {
                return Err(Refusal::ambiguous(&name));
            }
            fields.insert(name, value);
        }
        Ok(Self(fields))
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads the fields into a wire type; fields that it does not know end in its `extra`.
    ///
    /// # Errors
    /// When a field has another form than its type, or a required one is missing.
    pub fn decode<T: Wire>(&self) -> Result<T, Refusal> {
        let pairs = self.iter().map(|(name, value)| {
            let value: Cow<'_, str> = Cow::Borrowed(value);
            (name, value.into_deserializer())
        });
        let fields = MapDeserializer::<_, DecodeError>::new(pairs);
        match serde_path_to_error::deserialize(fields) {
            Ok(Lenient(value)) => Ok(value),
            Err(error) => Err(unreadable(&error)),
        }
    }
}

/// What could not be read, and where. Values are not quoted by the readers of wire types.
pub(super) fn unreadable<E: fmt::Display>(error: &serde_path_to_error::Error<E>) -> Refusal {
    let path = error.path().to_string();
    let message = error.inner().to_string();
    let message: String = message
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect();
    Refusal::malformed(if path == "." {
        message
    } else {
        format!("{message} at `{path}`")
    })
}

fn decoded(text: &[u8]) -> Result<String, Refusal> {
    let blanks: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    match percent_decode(&blanks).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(Refusal::malformed("a field is not UTF-8")),
    }
}

// Values may be secrets.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&self.0)
    }
}
