//! Finding what looks like a digest: hexadecimal digits or base64 of the lengths of MD5, SHA-1, SHA-256 and SHA-512.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::Value;

/// Lengths in hexadecimal digits. 128 digits of SHA-512 are among them, though nobody prints such.
const HEX: [usize; 4] = [32, 40, 64, 128];
/// Lengths in base64 with its padding: none of these digests fills its last group.
const BASE64: [usize; 4] = [24, 28, 44, 88];
/// Shortest base64 that is looked into.
const SEALED: usize = 60;

/// Something that looks like a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Printed {
    pub(crate) text: String,
    /// What stands before it on its line, and the end of the line above.
    pub(crate) before: String,
}

impl Printed {
    /// The last words before it, without what could be a key: for people.
    pub(crate) fn anchor(&self) -> String {
        let line = self.before.rsplit('\n').next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().rev().take(4).collect();
        let words = words.into_iter().rev().map(|word| match word.len() {
            0..=24 => word.to_owned(),
            _ => "…".to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// Whether it is part of the host or the path of an address. What signs an address stands in its query.
    pub(crate) fn in_a_path(&self) -> bool {
        let word = self
            .before
            .rsplit(|c: char| c.is_whitespace() || "\"'`(（".contains(c));
        let word = word.into_iter().next().unwrap_or_default();
        word.contains("://") && !word.contains('?')
    }
}

/// All that look like digests, also those within base64 that holds JSON.
pub(crate) fn digests(text: &str) -> Vec<Printed> {
    // In a query the signs of base64 are encoded.
    let text = text
        .replace("%2F", "/")
        .replace("%2B", "+")
        .replace("%3D", "=");
    let mut found = Vec::new();
    for (at, run) in runs(&text, |c| c.is_ascii_alphanumeric()) {
        if HEX.contains(&run.len()) && run.bytes().all(|b| b.is_ascii_hexdigit()) {
            found.push(printed(&text, at, run));
        }
    }
    for (at, run) in runs(&text, |c| c.is_ascii_alphanumeric() || c == '+' || c == '/') {
        let padding = text[at + run.len()..]
            .bytes()
            .take_while(|byte| *byte == b'=')
            .count();
        let whole = &text[at..at + run.len() + padding];
        if padding > 0 && BASE64.contains(&whole.len()) {
            found.push(printed(&text, at, whole));
        }
        found.extend(sealed(run));
    }
    found
}

/// Digests within base64 of JSON, and within the JSON that is a text in there.
fn sealed(run: &str) -> Vec<Printed> {
    if run.len() < SEALED {
        return Vec::new();
    }
    let bytes = STANDARD_NO_PAD
        .decode(run)
        .or_else(|_| STANDARD.decode(run));
    match bytes
        .ok()
        .map(|bytes| serde_json::from_slice::<Value>(&bytes))
    {
        Some(Ok(value)) if value.is_object() => digests(&lines_of(&value)),
        _ => Vec::new(),
    }
}

fn printed(text: &str, at: usize, digest: &str) -> Printed {
    let before = &text[..at];
    let lines: Vec<&str> = before.rsplitn(3, '\n').take(2).collect();
    Printed {
        text: digest.to_owned(),
        before: lines.into_iter().rev().collect::<Vec<_>>().join("\n"),
    }
}

/// The longest runs of such characters, with their places.
fn runs(text: &str, fits: impl Fn(char) -> bool) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), '\n')]) {
        match (fits(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found.push((from, &text[from..at]));
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// JSON as lines of `"name": "text"`, with its escapes undone.
pub(crate) fn lines_of(value: &Value) -> String {
    fn write(value: &Value, name: &str, out: &mut String) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    write(member, name, out);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| write(item, name, out)),
            Value::String(text) => match serde_json::from_str::<Value>(text) {
                Ok(inner @ Value::Object(_)) => write(&inner, name, out),
                _ => *out += &format!("\"{name}\": \"{text}\"\n"),
            },
            other => *out += &format!("\"{name}\": {other}\n"),
        }
    }
    let mut out = String::new();
    write(value, "", &mut out);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        digests(text).into_iter().map(|found| found.text).collect()
    }

    #[test]
    fn digests_of_all_lengths_are_found_wherever_they_stand() {
        for length in HEX {
            for digit in ["a", "0", "F"] {
                let digest = digit.repeat(length);
                for text in [
                    digest.clone(),
                    format!("sign={digest}&x=1"),
                    format!("得到{digest}。"),
                    format!("\"{digest}_e\""),
                    format!("a\n{digest}\n"),
                ] {
                    assert_eq!(texts(&text), [digest.as_str()], "{text}");
                }
                for none in [
                    digest[1..].to_owned(),
                    format!("{digest}0"),
                    format!("g{}", &digest[1..]),
                    format!("{digest}g"),
                ] {
                    // One digit less may be what another digest has.
                    assert!(!texts(&none).contains(&digest), "{none}");
                }
            }
        }
    }

    #[test]
    fn base64_is_found_plain_encoded_and_sealed() {
        for bytes in [16, 20, 32, 64] {
            let digest = STANDARD.encode(vec![0xfb; bytes]);
            let encoded = digest
                .replace('+', "%2B")
                .replace('/', "%2F")
                .replace('=', "%3D");
            let inner = json!({ "Signature": digest, "Padding": "x".repeat(60) });
            let outer = json!({ "AuthInfo": inner.to_string(), "VideoMeta": { "Title": "课" } });
            for text in [
                digest.clone(),
                format!("OSS id:{digest}\n"),
                format!("https://h/p?Signature={encoded}&b=1"),
                format!("\"playAuth\": \"{}\"", STANDARD.encode(outer.to_string())),
            ] {
                let found = texts(&text);
                assert_eq!(found, [digest.as_str()], "{bytes} in {text}");
            }
            let bare = digest.trim_end_matches('=');
            assert_eq!(texts(bare), [""; 0], "{bare}");
        }
    }

    #[test]
    fn what_stands_before_is_the_line_and_the_one_above() {
        let digest = "0".repeat(32);
        let found = &digests(&format!("one\ntwo\nthree: {digest}"))[0];
        assert_eq!(found.before, "two\nthree: ");
        let long = format!("{} word sign=", "x".repeat(30));
        let found = &digests(&format!("{long}{digest}"))[0];
        assert_eq!(found.anchor(), "… word sign=");
        for (before, path) in [
            ("see https://host/a/", true),
            ("\"url\": \"https://host-", true),
            ("https://host/a?sign=", false),
            ("host/a/", false),
            ("https://host/a is signed with ", false),
        ] {
            let found = &digests(&format!("{before}{digest}"))[0];
            assert_eq!(found.in_a_path(), path, "{before}");
        }
    }
}
