//! Text that no Debug output shows.

use std::fmt;

use serde::de::Deserializer;
use serde::ser::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::wire::Wire;

/// A key, token or signed address: wiped from memory when dropped, and never shown by `Debug`.
///
/// Serialising writes the text, since that is how it goes on the wire.
///
/// ```
/// let key = vodkit_types::Secret::from("test-key-0123456789");
/// assert_eq!(format!("{key:?}"), "Secret(..)");
/// assert_eq!(key.expose(), "test-key-0123456789");
/// ```
// A `String` and no `Box<str>`: giving back what was reserved beyond the text may move it, and what it moves from is not wiped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself. Each use of this is a place where a secret leaves our hands.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it is an empty text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

// For values that a program already holds, as in tests; received signatures are compared by vodkit-sign in constant time.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl Wire for Secret {
    const EXPECTED: &'static str = "text";
    fn read_opt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Ok(String::read_opt(deserializer)?.map(Self::from))
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(deserializer)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

#[cfg(test)]
mod tests {
    use zeroize::ZeroizeOnDrop;

    use super::*;

    #[test]
    fn the_text_is_wiped_and_never_shown() {
        fn wiped_on_drop(_: &impl ZeroizeOnDrop) {}
        let key = Secret::from("test-key-0123456789");
        wiped_on_drop(&key.0);
        let copy = key.clone();
        assert_eq!(copy, key);
        assert_eq!(format!("{key:?} {copy:#?}"), "Secret(..) Secret(..)");
    }

    #[test]
    fn a_text_is_taken_over_where_it_is() {
        let mut text = String::with_capacity(100);
        text.push_str("test-key-0123456789");
        let place = text.as_ptr();
        assert_eq!(Secret::from(text).expose().as_ptr(), place);
    }
}
