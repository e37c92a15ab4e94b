//! Taking secrets out of what a vendor says, before it reaches an error.

/// A secret shorter than this may be a part of other words, so it is masked only where it stands alone.
const SHORTEST: usize = 8;
/// A text shorter than this hides nothing, and masking it would make messages unreadable.
const SHORTEST_WORD: usize = 3;

/// Replaces each secret, and whatever looks like a signature (32, 40 or 64 hexadecimal digits in a row), by `***`.
#[must_use]
pub fn mask<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let mut masked = text.to_owned();
    let mut secrets: Vec<&str> = secrets
        .into_iter()
        .filter(|secret| secret.len() >= SHORTEST_WORD)
        .collect();
    // One secret may contain another: the longer one goes first, so that nothing of it stays.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        masked = if secret.len() >= SHORTEST {
            masked.replace(secret, "***")
        } else {
            without_word(&masked, secret)
        };
    }
    let mut out = String::with_capacity(masked.len());
    let mut rest = masked.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let run = rest[start..]
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(rest.len() - start);
        out.push_str(&rest[..start]);
        out.push_str(if matches!(run, 32 | 40 | 64) {
            "***"
        } else {
            &rest[start..start + run]
        });
        rest = &rest[start + run..];
    }
    out.push_str(rest);
    out
}

/// The text without a word, where it is not a part of a longer one.
fn without_word(text: &str, word: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let joins = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let alone = !joins(before.chars().next_back().or(out.chars().next_back()))
            && !joins(after.chars().next());
        out.push_str(before);
        out.push_str(if alone { "***" } else { word });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The parts of a signed address that may be secret: path segments and values, but not the host.
pub(crate) fn secrets_of_address(address: &str) -> impl Iterator<Item = &str> {
    let after_host = address
        .split_once("://")
        .and_then(|(_, rest)| rest.find(['/', '?', '#']).map(|end| &rest[end..]));
    after_host
        .unwrap_or_default()
        .split(['/', '?', '&', '=', '#'])
        // Most short parts are words, such as `upload`.
        .filter(|part| part.len() >= SHORTEST)
}

/// Whether a parameter that no table describes is named like a secret.
#[must_use]
pub fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let within = ["password", "secret", "token", "sign"];
    within.iter().any(|word| name.contains(word)) || name.ends_with("key")
}

#[cfg(test)]
mod tests {
    use super::{mask, sounds_secret};

    #[test]
    fn names_tell_what_is_secret() {
        for name in [
            "password",
            "accessToken",
            "SIGN",
            "partner_key",
            "secretkey",
        ] {
            assert!(sounds_secret(name), "{name}");
        }
        for name in ["keyword", "title", "vid"] {
            assert!(!sounds_secret(name), "{name}");
        }
    }

    #[test]
    fn short_secrets_are_masked_where_they_stand_alone() {
        let masked = |text| mask(text, ["hunter2", "no", "课程"]);
        assert_eq!(
            masked("no user u with password hunter2."),
            "no user u with password ***."
        );
        assert_eq!(
            masked("hunter2,hunter2 hunter22 xhunter2"),
            "***,*** hunter22 xhunter2"
        );
        assert_eq!(masked("「课程」 课程表"), "「***」 课程表");
    }
}
