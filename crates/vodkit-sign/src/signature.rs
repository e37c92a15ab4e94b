//! What a signer returns, and what a verifier answers.

use core::{error, fmt, str};

use md5::{Digest, digest::FixedOutputReset};
use subtle::ConstantTimeEq;

/// The case of the digits above nine.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HexCase {
    Lower,
    Upper,
}

/// A signature: `N` hexadecimal digits on the stack, in the case that the vendor's rule prescribes.
///
/// There is no `Display` and `Debug` shows no digit, so that a signature does not wander into a log by accident. Whoever wants
/// the digits asks for them with [`as_str`](Self::as_str). Two signatures are compared in constant time.
#[derive(Clone, Copy)]
pub struct Signature<const N: usize> {
    digits: [u8; N],
}

impl<const N: usize> Signature<N> {
    /// The number of digits.
    pub const LEN: usize = N;

    /// Takes the signature out of a hasher, which then starts over.
    ///
    /// It is reset instead of consumed because moving bytes that were written a moment ago costs more than a short text can bear.
    #[inline(always)]
    pub(crate) fn take(hasher: &mut (impl Digest + FixedOutputReset), case: HexCase) -> Self {
        Self::from_digest(&hasher.finalize_reset(), case)
    }

    /// Writes `digest`, half as many bytes as the signature has digits.
    #[inline(always)]
    fn from_digest(digest: &[u8], case: HexCase) -> Self {
        debug_assert_eq!(digest.len() * 2, N);
        let ten = match case {
            HexCase::Lower => b'a',
            HexCase::Upper => b'A',
        };
        let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { ten - 10 };
        let mut digits = [b'0'; N];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(digest) {
            pair[0] = digit(byte >> 4);
            pair[1] = digit(byte & 15);
        }
        Self { digits }
    }

    /// The digits, ready to be sent.
    #[must_use]
    #[inline]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.digits).expect("hexadecimal digits are ASCII")
    }

    /// Compares with a received signature, in constant time.
    ///
    /// The digits must be exactly those of the rule: the other case, blanks around them or another length do not match.
    ///
    /// # Errors
    ///
    /// [`SignatureMismatch`] when `received` is anything but this signature.
    pub fn check(&self, received: &str) -> Result<(), SignatureMismatch> {
        if bool::from(self.digits.ct_eq(received.as_bytes())) {
            Ok(())
        } else {
            Err(SignatureMismatch)
        }
    }
}

impl<const N: usize> AsRef<str> for Signature<N> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> PartialEq for Signature<N> {
    fn eq(&self, other: &Self) -> bool {
        self.digits.ct_eq(&other.digits).into()
    }
}

impl<const N: usize> Eq for Signature<N> {}

impl<const N: usize> fmt::Debug for Signature<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

/// A received signature is not the one that the parameters and the secret give.
///
/// It says nothing more on purpose: neither the expected nor the received digits belong into a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureMismatch;

impl fmt::Display for SignatureMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signature does not match the parameters")
    }
}

impl error::Error for SignatureMismatch {}
