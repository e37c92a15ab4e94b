//! Polyv (保利威): SHA-1, upper case, for the `/v2/...` calls of api.polyv.net.
//!
//! Source: the vendor's page on building `sign` for the on-demand API. The text is
//!
//! ```text
//! key1=value1&key2=value2&…SECRET
//! ```
//!
//! - Keys ascend by their bytes; values are signed raw, as UTF-8.
//! - **Empty values are dropped** from the text; a blank is not empty. `sign` and the content of files are left out.
//! - The secretkey follows the last value without any separator. A text without parameters is just the secretkey.
//! - The signature has 40 upper-case digits. Verification accepts no other case.
//!
//! Some calls (`deleteCata`, `changeCata`, `updateCata`, `cataJson`, `saveKeyFrame`, daily `viewlog`) sign a fixed set of fields,
//! whatever else is sent, with `userid` among them although it only stands in the path. The rule is the same one: pass just the
//! fields of that set.
//!
//! [`token`] is the MD5 rule of the play credential and of the sub-account calls, [`event`] the one of the event callbacks.

pub mod event;
pub mod token;

use core::fmt;

use sha1::{Digest, Sha1};

use crate::{
    Signature, SignatureMismatch, SignedPairs, signature::HexCase, stream::Stream, text::Rule,
};

const RULE: Rule = Rule {
    opens_with_secret: false,
    keeps_empty: false,
    assignment: "=",
    separator: "&",
    secret_name: None,
};

/// Signs parameters that come in any order.
///
/// ```
/// let signature = vodkit_sign::polyv::sign(
///     &[("vid", "test1"), ("ptime", "1"), ("title", "")],
///     "test2",
/// );
/// assert_eq!(signature.as_str(), "C2B1558D697EA3AF4ED2FC90152751860C1E2163");
/// ```
#[must_use]
#[inline]
pub fn sign<K: AsRef<str>, V: AsRef<str>>(params: &[(K, V)], secretkey: &str) -> Signature<40> {
    let mut digest = Sha1::new();
    RULE.compose(params, secretkey, &mut digest);
    Signature::take(&mut digest, HexCase::Upper)
}

/// Checks a received signature against all received parameters, in constant time. `sign` may be among them.
///
/// ```
/// use vodkit_sign::polyv;
///
/// let fields = [("vid", "test1"), ("ptime", "1"), ("sign", "C2B1558D697EA3AF4ED2FC90152751860C1E2163")];
/// assert!(polyv::verify(&fields, "test2", fields[2].1).is_ok());
/// assert!(polyv::verify(&fields, "another key", fields[2].1).is_err());
/// ```
///
/// # Errors
///
/// [`SignatureMismatch`] when `received` is not exactly the signature of `params`: another digit, lower case, another length.
#[inline]
pub fn verify<K: AsRef<str>, V: AsRef<str>>(
    params: &[(K, V)],
    secretkey: &str,
    received: &str,
) -> Result<(), SignatureMismatch> {
    sign(params, secretkey).check(received)
}

/// The pairs that are signed, in signing order: the first stage of an explanation.
#[inline]
pub fn signed_pairs<K: AsRef<str>, V: AsRef<str>>(params: &[(K, V)]) -> SignedPairs<'_, K, V> {
    SignedPairs::new(&RULE, params)
}

/// Writes the text that is hashed: the second stage of an explanation.
///
/// The text ends with whatever is passed as `secretkey`. Pass [`MASK`](crate::MASK) to show it to anybody.
///
/// ```
/// let mut text = String::new();
/// vodkit_sign::polyv::canonical(&[("tag", ""), ("vid", "1"), ("ptime", "2")], vodkit_sign::MASK, &mut text)?;
/// assert_eq!(text, "ptime=2&vid=1***");
/// # Ok::<_, std::fmt::Error>(())
/// ```
///
/// # Errors
///
/// The error of `out`.
pub fn canonical<K: AsRef<str>, V: AsRef<str>>(
    params: &[(K, V)],
    secretkey: &str,
    out: &mut impl fmt::Write,
) -> fmt::Result {
    RULE.write(params, secretkey, out)
}

/// Signs parameters that are already in order, one by one: no sort, and no slice to hold them.
///
/// ```
/// use vodkit_sign::polyv;
///
/// let mut signer = polyv::Signer::new();
/// signer.pair("ptime", "1").pair("vid", "test1");
/// assert_eq!(signer.finish("test2").as_str(), "C2B1558D697EA3AF4ED2FC90152751860C1E2163");
/// ```
#[derive(Clone)]
pub struct Signer(Stream<Sha1>);

impl Signer {
    /// A signer that has seen no pair.
    #[must_use]
    #[inline]
    pub fn new() -> Self {
        Self(Stream::new())
    }

    /// Takes the next pair. `sign` and empty values are passed over.
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
    pub fn finish(&mut self, secretkey: &str) -> Signature<40> {
        self.0.finish(&RULE, secretkey, HexCase::Upper)
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
