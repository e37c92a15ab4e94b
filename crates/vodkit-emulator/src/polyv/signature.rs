//! Is a signature right, and if not, which mistake made it?
//!
//! The emulator holds the key, so it can repeat the usual mistakes of a signer one by one. The one that gives the received
//! signature is the answer to the commonest support question. Neither keys nor signatures appear in what it says.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::{Digest as _, Sha1};
use vodkit_sign::polyv;

use crate::digest::{hex, md5_hex};
use crate::form::Form;

/// The rules of signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// SHA-1, the key behind the text.
    V2,
    /// The same over a fixed set of fields.
    Fixed,
    /// MD5, the key at both ends.
    Token,
}

type Pairs = Vec<(String, String)>;

/// What is known about a call that is to be judged.
pub(super) struct Claim<'a> {
    pub(super) rule: Rule,
    pub(super) form: &'a Form,
    /// The account, as the path or a parameter names it.
    pub(super) user: &'a str,
    /// Names that the rule [`Fixed`](Rule::Fixed) signs beside `userid` and `ptime`.
    pub(super) fields: &'a [&'a str],
    pub(super) key: &'a str,
    /// Keys of the other accounts of this instance.
    pub(super) other_keys: &'a [&'a str],
    pub(super) received: &'a str,
}

impl Claim<'_> {
    /// Whether the signature is that of what was received.
    pub(super) fn is_right(&self) -> bool {
        let pairs = self.pairs();
        match self.rule {
            Rule::V2 | Rule::Fixed => polyv::verify(&pairs, self.key, self.received).is_ok(),
            Rule::Token => polyv::token::verify(&pairs, self.key, self.received).is_ok(),
        }
    }

    /// The pairs that the rule covers, in the order of receipt.
    fn pairs(&self) -> Pairs {
        if self.rule != Rule::Fixed {
            return self.sent();
        }
        let mut pairs = self.sent();
        pairs.retain(|(name, _)| name == "ptime" || self.fields.contains(&name.as_str()));
        // In the text though it need not be sent: it stands in the path.
        pairs.push(("userid".to_owned(), self.user.to_owned()));
        pairs
    }

    fn sent(&self) -> Pairs {
        owned(self.form.pairs())
    }
}

/// Where a signer went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Diagnosis {
    /// Stage of the rule at which the sender's text leaves ours: `values`, `selection`, `order`, `join`, `key` or `digest`.
    pub(super) stage: &'static str,
    /// The mistake that gives the received signature, in words; `None` when no known one does.
    pub(super) mistake: Option<&'static str>,
    /// The text that should have been signed, secrets masked.
    expected: String,
    /// The text that the sender signed, secrets masked, when the mistake is known.
    signed: Option<String>,
}

impl Diagnosis {
    /// One line for the log.
    pub(super) fn explanation(&self) -> String {
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
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hash {
    Sha1,
    Md5,
}

impl Hash {
    fn of(self, text: &str) -> String {
        match self {
            Self::Sha1 => hex(&Sha1::digest(text.as_bytes())),
            Self::Md5 => md5_hex(text),
        }
    }
}

/// One way to make the signature, right or wrong.
#[derive(Clone)]
struct Attempt {
    stage: &'static str,
    mistake: &'static str,
    hash: Hash,
    pairs: Pairs,
    assignment: &'static str,
    separator: &'static str,
    opens_with_key: bool,
    ends_with_key: bool,
    before_key: &'static str,
    key: String,
}

impl Attempt {
    fn text(&self, key: &str) -> String {
        let joined: Vec<String> = self
            .pairs
            .iter()
            .map(|(name, value)| format!("{name}{}{value}", self.assignment))
            .collect();
        let (first, last) = (self.opens_with_key, self.ends_with_key);
        format!(
            "{}{}{}{}",
            if first { key } else { "" },
            joined.join(self.separator),
            if last { self.before_key } else { "" },
            if last { key } else { "" },
        )
    }

    fn digest(&self) -> String {
        self.hash.of(&self.text(&self.key))
    }

    fn masked(&self) -> String {
        let mut shown = self.clone();
        for (name, value) in &mut shown.pairs {
            // A key among the parameters may have come under any name.
            if is_secret(name) || *value == self.key {
                "***".clone_into(value);
            }
        }
        let key = if self.key.is_empty() { "" } else { "***" };
        shown.text(key)
    }
}

/// Finds the mistake behind a wrong signature.
pub(super) fn diagnose(claim: &Claim<'_>) -> Diagnosis {
    let right = right(claim);
    let expected = right.masked();
    let found = |stage, mistake, signed| Diagnosis {
        stage,
        mistake: Some(mistake),
        expected: expected.clone(),
        signed: Some(signed),
    };
    let plain = claim.received.trim().to_ascii_lowercase();
    if plain == right.digest() {
        let mistake = if claim.received.trim() == claim.received {
            "sign must be upper-case hexadecimal"
        } else {
            "blanks around sign"
        };
        return found("digest", mistake, expected.clone());
    }
    // A comparison in lower case, so that a mistake is found even when lower case was added to it.
    match attempts(claim, &right)
        .into_iter()
        .find(|attempt| attempt.digest() == plain)
    {
        Some(attempt) => found(attempt.stage, attempt.mistake, attempt.masked()),
        None => Diagnosis {
            stage: "unknown",
            mistake: None,
            expected,
            signed: None,
        },
    }
}

fn right(claim: &Claim<'_>) -> Attempt {
    let mut pairs = claim.pairs();
    pairs.retain(|(_, value)| !value.is_empty());
    pairs.sort();
    let token = claim.rule == Rule::Token;
    Attempt {
        stage: "",
        mistake: "",
        hash: if token { Hash::Md5 } else { Hash::Sha1 },
        pairs,
        assignment: if token { "" } else { "=" },
        separator: if token { "" } else { "&" },
        opens_with_key: token,
        ends_with_key: true,
        before_key: "",
        key: claim.key.to_owned(),
    }
}

fn attempts(claim: &Claim<'_>, right: &Attempt) -> Vec<Attempt> {
    let mut list = wrong_values(claim, right);
    list.extend(wrong_selection(claim, right));
    list.extend(wrong_form(claim, right));
    for key in claim.other_keys {
        list.push(Attempt {
            key: (*key).to_owned(),
            ..named(
                right,
                "key",
                "the secretkey is that of another account of this emulator",
            )
        });
    }
    list
}

fn named(right: &Attempt, stage: &'static str, mistake: &'static str) -> Attempt {
    Attempt {
        stage,
        mistake,
        ..right.clone()
    }
}

fn with_pairs(
    right: &Attempt,
    stage: &'static str,
    mistake: &'static str,
    pairs: Pairs,
) -> Attempt {
    Attempt {
        pairs,
        ..named(right, stage, mistake)
    }
}

fn wrong_values(claim: &Claim<'_>, right: &Attempt) -> Vec<Attempt> {
    let map = |mistake, change: &dyn Fn(&str, &str) -> String| {
        let pairs = right.pairs.iter();
        let pairs = pairs.map(|(name, value)| (name.clone(), change(name, value)));
        with_pairs(right, "values", mistake, pairs.collect())
    };
    let covered: Vec<&str> = right.pairs.iter().map(|(name, _)| name.as_str()).collect();
    let mut raw = owned(claim.form.raw_pairs());
    raw.retain(|(name, value)| covered.contains(&name.as_str()) && !value.is_empty());
    if claim.rule == Rule::Fixed && !raw.iter().any(|(name, _)| name == "userid") {
        raw.push(("userid".to_owned(), claim.user.to_owned()));
    }
    raw.sort();
    vec![
        map(
            "values were form-encoded before signing; sign the plain text",
            &|_, value| form_encoded(value),
        ),
        map(
            "values were percent-encoded before signing; sign the plain text",
            &|_, value| percent_encoded(value),
        ),
        with_pairs(
            right,
            "values",
            "the values were sent without encoding; send them form-encoded",
            raw,
        ),
        map(
            "a + became a blank on the way; encode + as %2B when sending",
            &|_, value| value.replace(' ', "+"),
        ),
        map(
            "blanks around a value were cut off before signing",
            &|_, value| value.trim().to_owned(),
        ),
        map(
            "the time was signed in seconds and sent in milliseconds",
            &|name, value| match name {
                "ptime" | "ts" => value
                    .get(..value.len().saturating_sub(3))
                    .unwrap_or_default()
                    .to_owned(),
                _ => value.to_owned(),
            },
        ),
    ]
}

fn wrong_selection(claim: &Claim<'_>, right: &Attempt) -> Vec<Attempt> {
    let mut with_empty = claim.pairs();
    with_empty.sort();
    let mut with_sign = right.pairs.clone();
    with_sign.push(("sign".to_owned(), String::new()));
    with_sign.sort();
    let without = |mistake, dropped: &[&str]| {
        let mut pairs = right.pairs.clone();
        pairs.retain(|(name, _)| !dropped.contains(&name.as_str()));
        with_pairs(right, "selection", mistake, pairs)
    };
    let mut list = vec![
        with_pairs(
            right,
            "selection",
            "empty values were signed; they drop out of the text",
            with_empty,
        ),
        without(
            "the time of the call was not signed; sign everything that is sent",
            &["ptime", "ts"],
        ),
        with_pairs(
            right,
            "selection",
            "an empty sign was signed along with the parameters",
            with_sign,
        ),
    ];
    let account = ["userid", "userId"];
    match claim.rule {
        Rule::Fixed => {
            let mut all = claim.sent();
            all.retain(|(_, value)| !value.is_empty());
            all.sort();
            let everything =
                "everything that is sent was signed; this call signs a fixed set of fields";
            list.push(with_pairs(right, "selection", everything, all.clone()));
            if !all.iter().any(|(name, _)| name == "userid") {
                all.push(("userid".to_owned(), claim.user.to_owned()));
                all.sort();
                list.push(with_pairs(right, "selection", everything, all));
            }
            list.push(without(
                "userid was not signed; this call signs it even where it only stands in the path",
                &account,
            ));
        }
        Rule::V2 | Rule::Token => {
            list.push(without(
                "the account was sent as a parameter and not signed; sign everything that is sent",
                &account,
            ));
            let mut more = right.pairs.clone();
            if !more.iter().any(|(name, _)| name == "userid") {
                more.push(("userid".to_owned(), claim.user.to_owned()));
                more.sort();
                let mistake = "userid was signed and only stands in the path; send what you sign";
                list.push(with_pairs(right, "selection", mistake, more));
            }
            list.push(without(
                "requestId was sent and not signed; sign everything that is sent",
                &["requestId"],
            ));
            list.push(without(
                "format or jsonp was sent and not signed; sign everything that is sent",
                &["format", "jsonp"],
            ));
        }
    }
    list
}

fn wrong_form(claim: &Claim<'_>, right: &Attempt) -> Vec<Attempt> {
    let mut unsorted = claim.pairs();
    unsorted.retain(|(_, value)| !value.is_empty());
    let mut caseless = right.pairs.clone();
    caseless.sort_by_key(|(name, _)| name.to_lowercase());
    let mut with_key = right.pairs.clone();
    with_key.push(("secretkey".to_owned(), right.key.clone()));
    with_key.sort();
    let keyless = |attempt: Attempt| Attempt {
        opens_with_key: false,
        ends_with_key: false,
        ..attempt
    };
    let other_hash = match right.hash {
        Hash::Sha1 => Hash::Md5,
        Hash::Md5 => Hash::Sha1,
    };
    let mut list = vec![
        with_pairs(
            right,
            "order",
            "parameters were not sorted by name",
            unsorted,
        ),
        with_pairs(
            right,
            "order",
            "parameters were sorted in descending order",
            right.pairs.iter().rev().cloned().collect(),
        ),
        with_pairs(
            right,
            "order",
            "parameters were sorted without regard to case; capital letters come first",
            caseless,
        ),
        keyless(with_pairs(
            right,
            "order",
            "the secretkey was sorted in among the parameters; it has no name",
            with_key,
        )),
        keyless(named(right, "key", "the secretkey is missing")),
    ];
    let forms: &[(bool, bool, &'static str, &'static str)] = match claim.rule {
        Rule::V2 | Rule::Fixed => &[
            (
                true,
                true,
                "",
                "the secretkey was put at both ends; it stands at the end only",
            ),
            (
                true,
                false,
                "",
                "the secretkey was put in front; it stands at the end",
            ),
            (
                false,
                true,
                "&",
                "an & was put before the secretkey; nothing stands between",
            ),
            (
                false,
                true,
                "&secretkey=",
                "the secretkey was appended with a name; it has none",
            ),
            (
                false,
                true,
                "&secretKey=",
                "the secretkey was appended with a name; it has none",
            ),
        ],
        Rule::Token => &[
            (
                false,
                true,
                "",
                "the secretkey was put at the end only; it stands at both ends",
            ),
            (
                true,
                false,
                "",
                "the secretkey was put in front only; it stands at both ends",
            ),
        ],
    };
    for (first, last, before_key, mistake) in forms {
        list.push(Attempt {
            opens_with_key: *first,
            ends_with_key: *last,
            before_key,
            ..named(right, "join", mistake)
        });
    }
    let (assignment, separator, mistake) = match claim.rule {
        Rule::Token => (
            "=",
            "&",
            "names and values were joined with = and &; nothing stands between them here",
        ),
        Rule::V2 | Rule::Fixed => (
            "",
            "",
            "names and values were joined without = and &; that is the rule of the play credential",
        ),
    };
    list.push(Attempt {
        assignment,
        separator,
        ..named(right, "join", mistake)
    });
    list.push(Attempt {
        hash: other_hash,
        ..named(
            right,
            "digest",
            match right.hash {
                Hash::Sha1 => "MD5 was used in place of SHA-1",
                Hash::Md5 => "SHA-1 was used in place of MD5",
            },
        )
    });
    // The other rule from one end to the other: the text, the places of the key and the digest.
    let token = claim.rule == Rule::Token;
    list.push(Attempt {
        hash: other_hash,
        assignment: if token { "=" } else { "" },
        separator: if token { "&" } else { "" },
        opens_with_key: !token,
        ..named(
            right,
            "digest",
            if token {
                "signed by the rule of the calls under /v2/; this one has the MD5 rule"
            } else {
                "signed by the rule of the play credential; this call has the SHA-1 rule"
            },
        )
    });
    list
}

fn owned<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Pairs {
    pairs
        .filter(|(name, _)| *name != "sign")
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
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
    matches!(
        name,
        "password" | "secretkey" | "secretKey" | "writetoken" | "readtoken" | "token"
    )
}
