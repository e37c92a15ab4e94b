//! MD5, upper case, with the secret at both ends.
//!
//! Used for the play credential (`service/v1/token`), for the sub-account calls (`/v3/...`, `create-child`) and for `/vod/v4/...`.
//! Source: the vendor's page on building `sign` for `appId` calls. The text is
//!
//! ```text
//! SECRETkey1value1key2value2…SECRET
//! ```
//!
//! - Keys ascend by their bytes; values are signed raw, as UTF-8; empty ones are dropped, and so is `sign`.
//! - Nothing stands between keys and values, so the text does not tell where one ends: `ab` + `c` and `a` + `bc` are signed alike.
//!   That is the vendor's rule.
//! - The signature has 32 upper-case digits. Verification accepts no other case.

use core::fmt;

use md5::{Digest, Md5};

use crate::{
    Signature, SignatureMismatch, SignedPairs, signature::HexCase, stream::Stream, text::Rule,
};

const RULE: Rule = Rule {
    opens_with_secret: true,
    keeps_empty: false,
    assignment: "",
    separator: "",
    secret_name: None,
};

/// Signs parameters that come in any order.
///
/// ```
/// let signature = vodkit_sign::polyv::token::sign(
///     &[("userId", "u1"), ("ts", "1596096142000"), ("videoId", "v1")],
///     "test-key-0123456789",
/// );
/// assert_eq!(signature.as_str(), "535FA9656BA41BA22BB34634CD99F240");
/// ```
#[must_use]
#[inline]
pub fn sign<K: AsRef<str>, V: AsRef<str>>(params: &[(K, V)], secret: &str) -> Signature<32> {
    let mut digest = Md5::new();
    RULE.compose(params, secret, &mut digest);
    Signature::take(&mut digest, HexCase::Upper)
}

/// Checks a received signature against all received parameters, in constant time. `sign` may be among them.
///
/// ```
/// use vodkit_sign::polyv::token;
///
/// let fields = [("appId", "a1"), ("timestamp", "2"), ("sign", "ACB18BBD19719B1E8563E1B1932644C8")];
/// assert!(token::verify(&fields, "test-key-0123456789", fields[2].1).is_ok());
/// assert!(token::verify(&fields, "another key", fields[2].1).is_err());
/// ```
///
/// # Errors
///
/// [`SignatureMismatch`] when `received` is not exactly the signature of `params`: another digit, lower case, another length.
#[inline]
pub fn verify<K: AsRef<str>, V: AsRef<str>>(
    params: &[(K, V)],
    secret: &str,
    received: &str,
) -> Result<(), SignatureMismatch> {
    sign(params, secret).check(received)
}

/// The pairs that are signed, in signing order: the first stage of an explanation.
#[inline]
pub fn signed_pairs<K: AsRef<str>, V: AsRef<str>>(params: &[(K, V)]) -> SignedPairs<'_, K, V> {
    SignedPairs::new(&RULE, params)
}

/// Writes the text that is hashed: the second stage of an explanation.
///
/// The text ends with whatever is passed as `secret`. Pass [`MASK`](crate::MASK) to show it to anybody.
///
/// ```
/// let mut text = String::new();
/// vodkit_sign::polyv::token::canonical(&[("videoId", "1"), ("ts", "2"), ("sign", "x")], vodkit_sign::MASK, &mut text)?;
/// assert_eq!(text, "***ts2videoId1***");
/// # Ok::<_, std::fmt::Error>(())
/// ```
///
/// # Errors
///
/// The error of `out`.
pub fn canonical<K: AsRef<str>, V: AsRef<str>>(
    params: &[(K, V)],
    secret: &str,
    out: &mut impl fmt::Write,
) -> fmt::Result {
    RULE.write(params, secret, out)
}

/// Signs parameters that are already in order, one by one: no sort, and no slice to hold them.
///
/// ```
/// use vodkit_sign::polyv::token;
///
/// let mut signer = token::Signer::new("test-key-0123456789");
/// signer.pair("ts", "1596096142000").pair("userId", "u1").pair("videoId", "v1");
/// assert_eq!(signer.finish().as_str(), "535FA9656BA41BA22BB34634CD99F240");
/// ```
#[derive(Clone)]
pub struct Signer<'s> {
    stream: Stream<Md5>,
    secret: &'s str,
}

impl<'s> Signer<'s> {
    /// A signer that has seen no pair. This rule begins and ends with the secret, so it is needed from the start.
    #[must_use]
    #[inline]
    pub fn new(secret: &'s str) -> Self {
        let mut stream = Stream::new();
        stream.open(&RULE, secret);
        Self { stream, secret }
    }

    /// Takes the next pair. `sign` and empty values are passed over.
    ///
    /// # Panics
    ///
    /// With debug assertions, when `key` sorts before the key given last. Without them the signature is then simply wrong. The
    /// first 64 bytes of the keys are looked at.
    #[inline]
    pub fn pair(&mut self, key: &str, value: &str) -> &mut Self {
        self.stream.pair(&RULE, key, value);
        self
    }

    /// The signature of the pairs given so far. The signer then starts over, with no pair.
    #[must_use]
    #[inline]
    pub fn finish(&mut self) -> Signature<32> {
        let signature = self.stream.finish(&RULE, self.secret, HexCase::Upper);
        self.stream.open(&RULE, self.secret);
        signature
    }
}

/// Shows neither the secret nor what was signed.
impl fmt::Debug for Signer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(..)")
    }
}
