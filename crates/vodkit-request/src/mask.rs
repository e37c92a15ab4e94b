//! Taking secrets out of what a vendor says, before it reaches an error.

/// A text shorter than this is a word: masking it would make messages unreadable and hide nothing.
const SHORTEST: usize = 8;

/// Replaces each secret, and whatever looks like a signature (32 or 40 hexadecimal digits in a row), by `***`.
#[must_use]
pub fn mask<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    let mut masked = text.to_owned();
    let mut secrets: Vec<&str> = secrets
        .into_iter()
        .filter(|secret| secret.len() >= SHORTEST)
        .collect();
    // One secret may contain another: the longer one goes first, so that nothing of it stays.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        masked = masked.replace(secret, "***");
    }
    let mut out = String::with_capacity(masked.len());
    let mut rest = masked.as_str();
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let run = rest[start..]
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(rest.len() - start);
        out.push_str(&rest[..start]);
        out.push_str(if matches!(run, 32 | 40) {
            "***"
        } else {
            &rest[start..start + run]
        });
        rest = &rest[start + run..];
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
}
