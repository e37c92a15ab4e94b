//! Baijiayun (百家云): MD5, lower case.
//!
//! Source: the page's section on generating `sign` (Sign生成规则). The text is
//!
//! ```text
//! key1=value1&key2=value2&…&partner_key=SECRET
//! ```
//!
//! - Keys ascend by their bytes, so `Z` comes before `a` and `video` before `video2`.
//! - Values are signed raw, as UTF-8. Percent-encoding happens afterwards, when they are put on the wire.
//! - **Empty values stay**, as `key=`. Whatever is sent is signed: leave a parameter out of both or of neither.
//! - `sign` is left out, the content of a file as well; every other field counts, documented or not. To verify a callback, pass
//!   all fields that arrived, not those of a typed model.
//! - `partner_key` always comes last and is never sent. A text without any parameter is just `partner_key=SECRET`.
//! - **The text does not say where a field ends.** Raw values may hold `&` and `=`, so `a=1&b=2` is two fields, or the field `a` with the value
//!   `1&b=2`: both have the same signature. Who verifies has to refuse names and values that could be cut in another way, as the receivers
//!   of `vodkit-request` do.
//! - The signature has 32 lower-case digits. Verification accepts no other case, because the vendor sends none.

use core::fmt;

use md5::{Digest, Md5};

use crate::{
    Signature, SignatureMismatch, SignedPairs, signature::HexCase, stream::Stream, text::Rule,
};

const RULE: Rule = Rule {
    opens_with_secret: false,
    keeps_empty: true,
    assignment: "=",
    separator: "&",
    secret_name: Some("partner_key"),
};

/// Signs parameters that come in any order.
///
/// ```
/// let signature = vodkit_sign::baijiayun::sign(
///     &[("video_id", "123"), ("partner_id", "12345678"), ("timestamp", "1596096142")],
///     "test-key-0123456789",
/// );
/// assert_eq!(signature.as_str(), "0e2ce9fa3ac9964c0260f49ae16d90bd");
/// ```
#[must_use]
#[inline]
pub fn sign<K: AsRef<str>, V: AsRef<str>>(params: &[(K, V)], partner_key: &str) -> Signature<32> {
    let mut digest = Md5::new();
    RULE.compose(params, partner_key, &mut digest);
    Signature::take(&mut digest, HexCase::Lower)
}

/// Checks a received signature against all received parameters, in constant time. `sign` may be among them.
///
/// ```
/// use vodkit_sign::baijiayun;
///
/// let fields = [("qid", "42"), ("status", "20"), ("sign", "d5aabaf92b379e7f7946b0a6fcd0cd7c")];
/// assert!(baijiayun::verify(&fields, "test-key-0123456789", fields[2].1).is_ok());
/// assert!(baijiayun::verify(&fields, "another key", fields[2].1).is_err());
/// ```
///
/// # Errors
///
/// [`SignatureMismatch`] when `received` is not exactly the signature of `params`: another digit, upper case, another length.
#[inline]
pub fn verify<K: AsRef<str>, V: AsRef<str>>(
    params: &[(K, V)],
    partner_key: &str,
    received: &str,
) -> Result<(), SignatureMismatch> {
    sign(params, partner_key).check(received)
}

/// The pairs that are signed, in signing order: the first stage of an explanation.
#[inline]
pub fn signed_pairs<K: AsRef<str>, V: AsRef<str>>(params: &[(K, V)]) -> SignedPairs<'_, K, V> {
    SignedPairs::new(&RULE, params)
}

/// Writes the text that is hashed: the second stage of an explanation.
///
/// The text ends with whatever is passed as `partner_key`. Pass [`MASK`](crate::MASK) to show it to anybody.
///
/// ```
/// let mut text = String::new();
/// vodkit_sign::baijiayun::canonical(&[("name", ""), ("video_id", "1"), ("sign", "x")], vodkit_sign::MASK, &mut text)?;
/// assert_eq!(text, "name=&video_id=1&partner_key=***");
/// # Ok::<_, std::fmt::Error>(())
/// ```
///
/// # Errors
///
/// The error of `out`.
pub fn canonical<K: AsRef<str>, V: AsRef<str>>(
    params: &[(K, V)],
    partner_key: &str,
    out: &mut impl fmt::Write,
) -> fmt::Result {
    RULE.write(params, partner_key, out)
}

/// Signs parameters that are already in order, one by one: no sort, and no slice to hold them.
///
/// ```
/// use vodkit_sign::baijiayun;
///
/// let mut signer = baijiayun::Signer::new();
/// signer.pair("partner_id", "12345678").pair("timestamp", "1596096142").pair("video_id", "123");
/// assert_eq!(signer.finish("test-key-0123456789").as_str(), "0e2ce9fa3ac9964c0260f49ae16d90bd");
/// ```
#[derive(Clone)]
pub struct Signer(Stream<Md5>);

impl Signer {
    /// A signer that has seen no pair.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Self(Stream::new())
    }

    /// Takes the next pair. `sign` is passed over.
    ///
    /// # Panics
    ///
    /// With debug assertions, when `key` sorts before the key given last. Without them the signature is then simply wrong. The
    /// first 64 bytes of the keys are looked at.
    #[inline]
    pub fn pair(&mut self, key: &str, value: &str) -> &mut Self {
        self.0.pair(&RULE, key, value);
        self
    }

    /// The signature of the pairs given so far. The signer then starts over, with no pair.
    #[must_use]
    #[inline]
    pub fn finish(&mut self, partner_key: &str) -> Signature<32> {
        self.0.finish(&RULE, partner_key, HexCase::Lower)
    }
}

impl Default for Signer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(..)")
    }
}
