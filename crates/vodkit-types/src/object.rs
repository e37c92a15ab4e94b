//! What the decoders of objects and lists share: names are matched without a copy, and values are read into the place where they stay.
//!
//! A struct of a reply has some hundreds of bytes, and each [`Result`] it travels through copies it. So the seeds here give nothing back:
//! they fill a place that their caller owns.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};

use crate::wire::Wire;

/// Reads the name of a member: which one it is, or `None` and the name in `unknown`.
pub(crate) struct Name<'u, F> {
    /// The member of a name, where it is documented.
    pub(crate) known: F,
    /// Where to put the name of another member.
    pub(crate) unknown: &'u mut String,
}

impl<'de, M, F: FnOnce(&str) -> Option<M>> DeserializeSeed<'de> for Name<'_, F> {
    type Value = Option<M>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<M>, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<M, F: FnOnce(&str) -> Option<M>> Visitor<'_> for Name<'_, F> {
    type Value = Option<M>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }
    fn visit_str<E: de::Error>(self, name: &str) -> Result<Option<M>, E> {
        let member = (self.known)(name);
        if member.is_none() {
            *self.unknown = name.to_owned();
        }
        Ok(member)
    }
}

/// Reads a value that must be there, or what its type takes nothing for.
pub(crate) struct Required<'p, T>(pub(crate) &'p mut Option<T>);

impl<'de, T: Wire> DeserializeSeed<'de> for Required<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        T::read_into(self.0, deserializer)?;
        if self.0.is_none() {
            *self.0 = Some(of_nothing()?);
        }
        Ok(())
    }
}

/// Reads a value that may be nothing.
pub(crate) struct Optional<'p, T>(pub(crate) &'p mut Option<T>);

impl<'de, T: Wire> DeserializeSeed<'de> for Optional<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        T::read_into(self.0, deserializer)
    }
}

/// Reads one more element of a list.
pub(crate) struct Push<'l, T>(pub(crate) &'l mut Vec<T>);

impl<'de, T: Wire> DeserializeSeed<'de> for Push<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let mut item = None;
        T::read_into(&mut item, deserializer)?;
        self.0.push(match item {
            Some(item) => item,
            None => of_nothing()?,
        });
        Ok(())
    }
}

/// What `null` or an empty text means in the place of a value that must be there: what a missing one means.
pub(crate) fn of_nothing<T: Wire, E: de::Error>() -> Result<T, E> {
    T::absent().ok_or_else(|| E::custom(format_args!("expected {}, found nothing", T::EXPECTED)))
}
