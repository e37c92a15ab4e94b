//! Event callbacks of ApsaraVideo VOD, the video service behind QuVideo: MD5, lower case.
//!
//! Source: the vendor's help page on the authentication of HTTP callbacks (HTTP回调鉴权). The text is
//!
//! ```text
//! CALLBACK_URL|TIMESTAMP|KEY
//! ```
//!
//! - The address is the one that was set with the vendor, byte for byte, and not what a proxy in between has made of it.
//! - The time stamp is the text of the header `X-VOD-TIMESTAMP`, Unix seconds. The signature comes in `X-VOD-SIGNATURE`.
//! - **The body is not covered.** Whoever has seen one callback can send any body with its headers, as long as the time is accepted.
//!
//! Another cloud uses the same two headers and adds the body to the text, so the names of the headers do not tell the rule.

use core::fmt;

use md5::{Digest, Md5};

use crate::{Signature, SignatureMismatch, signature::HexCase, text::Sink};

/// What stands between the three parts.
const SEPARATOR: &str = "|";

/// Signs the address and time of a callback.
///
/// ```
/// let signature = vodkit_sign::quvideo::event::sign("https://www.example.com/vod", "1700000000", "test-key-0123456789");
/// assert_eq!(signature.as_str(), "e890a132c9ba0419ed8a21f991df4548");
/// ```
#[must_use]
pub fn sign(callback_url: &str, timestamp: &str, key: &str) -> Signature<32> {
    let mut digest = Md5::new();
    for piece in [callback_url, SEPARATOR, timestamp, SEPARATOR, key] {
        digest.put(piece);
    }
    Signature::take(&mut digest, HexCase::Lower)
}

/// Checks a received signature in constant time.
///
/// # Errors
///
/// [`SignatureMismatch`] when `received` is not exactly the signature of address and time.
pub fn verify(
    callback_url: &str,
    timestamp: &str,
    key: &str,
    received: &str,
) -> Result<(), SignatureMismatch> {
    sign(callback_url, timestamp, key).check(received)
}

/// Writes the text that is hashed.
///
/// The text ends with whatever is passed as `key`. Pass [`MASK`](crate::MASK) to show it to anybody.
///
/// ```
/// let mut text = String::new();
/// vodkit_sign::quvideo::event::canonical("https://a.example/vod", "1700000000", vodkit_sign::MASK, &mut text)?;
/// assert_eq!(text, "https://a.example/vod|1700000000|***");
/// # Ok::<_, std::fmt::Error>(())
/// ```
///
/// # Errors
///
/// The error of `out`.
pub fn canonical(
    callback_url: &str,
    timestamp: &str,
    key: &str,
    out: &mut impl fmt::Write,
) -> fmt::Result {
    for piece in [callback_url, SEPARATOR, timestamp, SEPARATOR, key] {
        out.write_str(piece)?;
    }
    Ok(())
}
