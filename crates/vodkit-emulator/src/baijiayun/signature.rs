//! Is a signature right, and if not, which mistake made it?
//!
//! The emulator holds the key, so it can repeat the usual mistakes of a signer one by one. The one that gives the received
//! signature is the answer to the commonest support question. Neither keys nor signatures appear in what it says.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::digest::md5_hex;
use crate::form::Form;

/// Where a signer went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Diagnosis {
    /// Stage of the rule at which the sender's text leaves ours: `values`, `selection`, `order`, `join`, `key` or `digest`.
    pub(crate) stage: &'static str,
    /// The mistake that gives the received signature, in words; `None` when no known one does.
    pub(crate) mistake: Option<&'static str>,
    /// The text that should have been signed, secrets masked.
    pub(crate) expected: String,
    /// The text that the sender signed, secrets masked, when the mistake is known.
    pub(crate) signed: Option<String>,
}

impl Diagnosis {
    /// One line for the log.
    pub(crate) fn explanation(&self) -> String {
        match (&self.mistake, &self.signed) {
            (Some(mistake), Some(signed)) => format!(
                "signature differs at stage {}: {mistake}; you signed `{signed}`, expected `{}`",
                self.stage, self.expected
            ),
            _ => format!(
                "signature differs and no common mistake gives the one received; expected `{}`; check the key, and that \
                 every value was signed exactly as it was sent",
                self.expected
            ),
        }
    }

    /// Short form for the message of the reply, without any value.
    pub(crate) fn message(&self) -> String {
        match self.mistake {
            Some(mistake) => format!("sign is wrong: {mistake}"),
            None => "sign is wrong".to_owned(),
        }
    }
}

/// The secrets of an account that a signer may have mixed up.
#[derive(Clone, Copy)]
pub(crate) struct Keys<'a> {
    pub(crate) current: &'a str,
    pub(crate) replaced: &'a [String],
    pub(crate) secret: &'a str,
}

/// Whether `received` is the signature of the form's parameters.
pub(crate) fn is_right(form: &Form, key: &str, received: &str) -> bool {
    let params: Vec<(&str, &str)> = form.pairs().filter(|(name, _)| *name != "sign").collect();
    vodkit_sign::baijiayun::sign(&params, key)
        .check(received)
        .is_ok()
}

/// One way to make the text, right or wrong.
struct Attempt<'a> {
    stage: &'static str,
    mistake: &'static str,
    pairs: Vec<(String, String)>,
    /// Between the text and the key.
    before_key: &'static str,
    key: &'a str,
}

impl Attempt<'_> {
    fn text(&self, key: &str) -> String {
        let joined: Vec<String> = self
            .pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("{}{}{key}", joined.join("&"), self.before_key)
    }

    fn masked(&self) -> String {
        let mut pairs = self.pairs.clone();
        for (name, value) in &mut pairs {
            if is_secret(name) {
                "***".clone_into(value);
            }
        }
        Attempt { pairs, ..*self }.text("***")
    }
}

/// Finds the mistake behind a wrong signature.
pub(crate) fn diagnose(form: &Form, keys: Keys<'_>, received: &str) -> Diagnosis {
    let right = Attempt {
        stage: "",
        mistake: "",
        pairs: sorted(form),
        before_key: "&partner_key=",
        key: keys.current,
    };
    let expected = right.masked();
    let found = |stage, mistake, signed| Diagnosis {
        stage,
        mistake: Some(mistake),
        expected: expected.clone(),
        signed,
    };

    let digest = md5_hex(&right.text(right.key));
    if received != digest && received.trim().eq_ignore_ascii_case(&digest) {
        let mistake = if received.trim() == digest {
            "blanks around sign"
        } else {
            "sign must be lower-case hexadecimal"
        };
        return found("digest", mistake, Some(expected.clone()));
    }
    // A lower-case comparison, so that a mistake is found even when upper case was added to it.
    let received = received.trim().to_ascii_lowercase();
    for attempt in attempts(form, keys) {
        if md5_hex(&attempt.text(attempt.key)) == received {
            return found(attempt.stage, attempt.mistake, Some(attempt.masked()));
        }
    }
    Diagnosis {
        stage: "unknown",
        mistake: None,
        expected,
        signed: None,
    }
}

fn attempts<'a>(form: &Form, keys: Keys<'a>) -> Vec<Attempt<'a>> {
    const JOIN: &str = "&partner_key=";
    let key = keys.current;
    let right = sorted(form);
    let mut list = Vec::new();
    let mut add = |stage, mistake, pairs, before_key, key| {
        list.push(Attempt {
            stage,
            mistake,
            pairs,
            before_key,
            key,
        });
    };
    let map = |change: fn(&str) -> String| -> Vec<(String, String)> {
        right
            .iter()
            .map(|(name, value)| (name.clone(), change(value)))
            .collect()
    };
    let without = |drop: fn(&str, &str) -> bool| -> Vec<(String, String)> {
        right
            .iter()
            .filter(|(name, value)| !drop(name, value))
            .cloned()
            .collect()
    };

    add(
        "values",
        "values were form-encoded before signing; sign the plain text",
        map(form_encoded),
        JOIN,
        key,
    );
    add(
        "values",
        "values were percent-encoded before signing; sign the plain text",
        map(percent_encoded),
        JOIN,
        key,
    );
    add(
        "values",
        "the body was sent without encoding; send values form-encoded",
        raw_sorted(form),
        JOIN,
        key,
    );
    add(
        "values",
        "a + became a blank on the way; encode + as %2B when sending",
        map(|v| v.replace(' ', "+")),
        JOIN,
        key,
    );
    add(
        "values",
        "blanks around a value were cut off after signing or before",
        map(|v| v.trim().to_owned()),
        JOIN,
        key,
    );
    add(
        "selection",
        "empty parameters were left out of the text but sent",
        without(|_, v| v.is_empty()),
        JOIN,
        key,
    );
    add(
        "selection",
        "empty and zero parameters were left out of the text but sent",
        without(|_, v| v.is_empty() || v == "0"),
        JOIN,
        key,
    );
    add(
        "selection",
        "timestamp was not signed",
        without(|name, _| name == "timestamp"),
        JOIN,
        key,
    );
    add(
        "selection",
        "partner_id was not signed",
        without(|name, _| name == "partner_id"),
        JOIN,
        key,
    );
    add(
        "selection",
        "an empty sign was signed along with the parameters",
        with(&right, "sign", ""),
        JOIN,
        key,
    );
    add(
        "order",
        "parameters were not sorted by name",
        unsorted(form),
        JOIN,
        key,
    );
    add(
        "order",
        "parameters were sorted in descending order",
        right.iter().rev().cloned().collect(),
        JOIN,
        key,
    );
    add(
        "order",
        "partner_key was sorted in among the parameters; it comes last",
        with(&right, "partner_key", key),
        "",
        "",
    );
    add(
        "join",
        "the key was appended without &partner_key=",
        right.clone(),
        "",
        key,
    );
    add(
        "join",
        "the key was appended as &key=",
        right.clone(),
        "&key=",
        key,
    );
    add(
        "join",
        "the & before partner_key is missing",
        right.clone(),
        "partner_key=",
        key,
    );
    add(
        "key",
        "secret_key was used in place of partner_key",
        right.clone(),
        JOIN,
        keys.secret,
    );
    add("key", "the key is missing", right.clone(), JOIN, "");
    add("key", "the key is missing", right.clone(), "", "");
    for old in keys.replaced {
        add(
            "key",
            "this partner_key was replaced by createkey",
            right.clone(),
            JOIN,
            old,
        );
    }
    list
}

fn sorted(form: &Form) -> Vec<(String, String)> {
    let mut pairs = unsorted(form);
    pairs.sort();
    pairs
}

fn unsorted(form: &Form) -> Vec<(String, String)> {
    let pairs = form.pairs().filter(|(name, _)| *name != "sign");
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn raw_sorted(form: &Form) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = form
        .raw_pairs()
        .filter(|(name, _)| *name != "sign")
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    pairs.sort();
    pairs
}

fn with(pairs: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let mut pairs = pairs.to_vec();
    pairs.push((name.to_owned(), value.to_owned()));
    pairs.sort();
    pairs
}

/// `encodeURIComponent` of JavaScript and `rawurlencode` of PHP leave these alone.
const PERCENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

fn percent_encoded(value: &str) -> String {
    utf8_percent_encode(value, PERCENT).to_string()
}

fn form_encoded(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

fn is_secret(name: &str) -> bool {
    matches!(name, "partner_key" | "secret_key" | "sign" | "token")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "test-key-0123456789";
    const KEYS: Keys<'_> = Keys {
        current: KEY,
        replaced: &[],
        secret: "test-secret",
    };

    /// What a sender's wrong text leads to.
    fn named(body: &str, text: &str) -> (&'static str, Option<&'static str>) {
        let found = diagnose(&Form::urlencoded(body), KEYS, &md5_hex(text));
        for shown in [found.explanation(), found.message()] {
            assert!(
                !shown.contains(KEY) && !shown.contains("test-secret"),
                "{shown}"
            );
        }
        (found.stage, found.mistake)
    }

    #[test]
    fn the_rule_itself_is_right() {
        let form = Form::urlencoded("name=%E8%AF%BE+1&a=&timestamp=1596096142&sign=x");
        let text = format!("a=&name=课 1&timestamp=1596096142&partner_key={KEY}");
        assert!(is_right(&form, KEY, &md5_hex(&text)));
        assert!(!is_right(&form, KEY, &md5_hex(&text).to_uppercase()));
        assert!(!is_right(&form, KEY, ""));
    }

    #[test]
    fn each_known_mistake_is_named() {
        let body = "partner_id=12&name=a%2Bb+%E8%AF%BE&audio_with_view=0&x=&timestamp=1596096142";
        let cases = [
            (
                "values",
                "form-encoded",
                "audio_with_view=0&name=a%2Bb+%E8%AF%BE&partner_id=12&timestamp=1596096142&x=&partner_key=KEY",
            ),
            (
                "values",
                "percent-encoded",
                "audio_with_view=0&name=a%2Bb%20%E8%AF%BE&partner_id=12&timestamp=1596096142&x=&partner_key=KEY",
            ),
            (
                "selection",
                "empty parameters",
                "audio_with_view=0&name=a+b 课&partner_id=12&timestamp=1596096142&partner_key=KEY",
            ),
            (
                "selection",
                "empty and zero",
                "name=a+b 课&partner_id=12&timestamp=1596096142&partner_key=KEY",
            ),
            (
                "selection",
                "timestamp",
                "audio_with_view=0&name=a+b 课&partner_id=12&x=&partner_key=KEY",
            ),
            (
                "selection",
                "partner_id",
                "audio_with_view=0&name=a+b 课&timestamp=1596096142&x=&partner_key=KEY",
            ),
            (
                "selection",
                "empty sign",
                "audio_with_view=0&name=a+b 课&partner_id=12&sign=&timestamp=1596096142&x=&partner_key=KEY",
            ),
            (
                "order",
                "not sorted",
                "partner_id=12&name=a+b 课&audio_with_view=0&x=&timestamp=1596096142&partner_key=KEY",
            ),
            (
                "order",
                "descending",
                "x=&timestamp=1596096142&partner_id=12&name=a+b 课&audio_with_view=0&partner_key=KEY",
            ),
            (
                "order",
                "sorted in",
                "audio_with_view=0&name=a+b 课&partner_id=12&partner_key=KEY&timestamp=1596096142&x=",
            ),
            (
                "join",
                "without &partner_key=",
                "audio_with_view=0&name=a+b 课&partner_id=12&timestamp=1596096142&x=KEY",
            ),
            (
                "join",
                "&key=",
                "audio_with_view=0&name=a+b 课&partner_id=12&timestamp=1596096142&x=&key=KEY",
            ),
            (
                "join",
                "the & before",
                "audio_with_view=0&name=a+b 课&partner_id=12&timestamp=1596096142&x=partner_key=KEY",
            ),
            (
                "key",
                "secret_key",
                "audio_with_view=0&name=a+b 课&partner_id=12&timestamp=1596096142&x=&partner_key=test-secret",
            ),
            (
                "key",
                "missing",
                "audio_with_view=0&name=a+b 课&partner_id=12&timestamp=1596096142&x=&partner_key=",
            ),
            (
                "key",
                "missing",
                "audio_with_view=0&name=a+b 课&partner_id=12&timestamp=1596096142&x=",
            ),
        ];
        for (stage, words, text) in cases {
            let (found, mistake) = named(body, &text.replace("KEY", KEY));
            assert_eq!(found, stage, "{text}");
            assert!(
                mistake.is_some_and(|m| m.contains(words)),
                "{text}: {mistake:?}"
            );
        }
    }

    #[test]
    fn transport_damage_is_told_from_a_wrong_rule() {
        // The sender signed `a+b`, posted it unencoded, and the server read a blank.
        let text = format!("name=a+b&partner_key={KEY}");
        assert_eq!(named("name=a+b", &text).0, "values");
        // The sender signed a value with blanks at its end and sent it without.
        let found = diagnose(
            &Form::urlencoded("name=a"),
            KEYS,
            &md5_hex(&format!("name=a&partner_key={KEY}")).to_uppercase(),
        );
        assert_eq!(
            (found.stage, found.mistake),
            ("digest", Some("sign must be lower-case hexadecimal"))
        );
    }

    #[test]
    fn a_replaced_key_is_recognised() {
        let old = ["old-key".to_owned()];
        let keys = Keys {
            replaced: &old,
            ..KEYS
        };
        let found = diagnose(
            &Form::urlencoded("a=1"),
            keys,
            &md5_hex("a=1&partner_key=old-key"),
        );
        assert_eq!(found.stage, "key");
        assert!(!found.explanation().contains("old-key"));
    }

    #[test]
    fn an_unknown_mistake_shows_the_expected_text_without_secrets() {
        let form = Form::urlencoded("secret_key=hush&a=1&sign=x");
        let found = diagnose(&form, KEYS, "0123");
        assert_eq!(found.mistake, None);
        assert_eq!(found.expected, "a=1&secret_key=***&partner_key=***");
    }
}
