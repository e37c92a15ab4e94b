//! What tells one event from another, and one delivery of it not from the next.

use std::fmt;

use md5::{Digest, Md5};

use crate::encode::rfc3986;

/// The identity of an event: up to 255 characters of ASCII, fit for a unique column of a database.
///
/// It begins with the vendor and the kind of event, and goes on with what identifies it, percent-encoded, between slashes:
/// `vendor/kind/id/…`. Where that would be longer, its MD5 takes the place of the ids.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventKey(String);

/// Longest key, in characters.
const LONGEST: usize = 255;
/// Longest kind of event that is written out.
const LONGEST_KIND: usize = 64;

impl EventKey {
    /// The key of an event of this kind, told from others of the kind by `parts`.
    #[must_use]
    pub fn new<'p>(vendor: &str, kind: &str, parts: impl IntoIterator<Item = &'p str>) -> Self {
        let (mut key, mut ids) = (format!("{vendor}/"), String::new());
        rfc3986(kind, &mut key);
        for part in parts {
            ids.push('/');
            rfc3986(part, &mut ids);
        }
        if key.len() + ids.len() > LONGEST {
            // The kind may be a stranger's word: all of it counts, and what would be too long is only part of the digest.
            let digest = hex(&format!("{key}{ids}"));
            key.truncate(vendor.len() + 1 + LONGEST_KIND);
            ids = format!("/{digest}");
        }
        Self(key + &ids)
    }

    /// The key of an event that has no id: what it is about, then the MD5 of all it says.
    #[must_use]
    pub fn digested(vendor: &str, kind: &str, subject: &str, content: &str) -> Self {
        Self::new(vendor, kind, [subject, &hex(content)])
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn hex(text: &str) -> String {
    let digest = Md5::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl AsRef<str> for EventKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_run_into_each_other() {
        let key = |parts: &[&str]| EventKey::new("acme", "done", parts.iter().copied());
        assert_eq!(key(&["1", "课"]).as_str(), "acme/done/1/%E8%AF%BE");
        assert_ne!(key(&["a/b", "c"]), key(&["a", "b/c"]));
        assert_ne!(key(&["a", ""]), key(&["", "a"]));
        assert_ne!(key(&[]), key(&[""]));
    }

    #[test]
    fn long_parts_are_shortened_and_still_count() {
        let long = "课".repeat(1000);
        let key = |last: &str| EventKey::new("acme", "done", [long.as_str(), last]);
        assert!(key("1").as_str().len() <= LONGEST);
        assert!(key("1").as_str().starts_with("acme/done/"));
        assert_ne!(key("1"), key("2"));
        assert_eq!(key("1"), key("1"));
        let kind = |end: &str| EventKey::new("acme", &format!("{long}{end}"), []);
        assert!(kind("1").as_str().len() <= LONGEST);
        assert_ne!(kind("1"), kind("2"));
        let most = "a".repeat(LONGEST - "acme/done/".len());
        assert!(
            EventKey::new("acme", "done", [most.as_str()])
                .as_str()
                .ends_with("aaa")
        );
    }
}
