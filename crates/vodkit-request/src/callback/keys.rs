//! The keys that signatures may be made with.

use std::fmt;

use vodkit_types::Secret;

use crate::error::{Error, ErrorKind};

/// One key, or several while one is being replaced: the new one and the old one hold at once.
#[derive(Clone)]
pub struct Keys(Vec<Secret>);

impl Keys {
    /// Keys in the order in which they are counted by [`Verified::key_place`](super::Verified::key_place).
    ///
    /// # Errors
    /// When there is none, or one is empty: a signature with an empty key is anybody's.
    pub fn new<K: Into<Secret>>(keys: impl IntoIterator<Item = K>) -> Result<Self, Error> {
        let keys: Vec<Secret> = keys.into_iter().map(Into::into).collect();
        if keys.is_empty() || keys.iter().any(|key| key.expose().trim().is_empty()) {
            return Err(Error::new(
                ErrorKind::Credential,
                "callbacks cannot be verified: there is no key, or an empty one",
            ));
        }
        Ok(Self(keys))
    }

    /// The place of the key that fits. All of them are tried, so the time does not tell which one it was.
    pub fn find(&self, fits: impl Fn(&str) -> bool) -> Option<usize> {
        let places = self.0.iter().enumerate();
        places.fold(None, |found, (place, key)| {
            let fits = fits(key.expose());
            found.or(fits.then_some(place))
        })
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}
