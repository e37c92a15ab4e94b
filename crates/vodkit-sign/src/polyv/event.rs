//! Event callbacks: MD5, lower case, over a few named parts and the secretkey.
//!
//! Source: the vendor's page on event callbacks. The parts depend on the event and are joined without any separator:
//!
//! | event | parts |
//! |---|---|
//! | upload finished, file of no use | `upload`, vid: the type is not among them |
//! | pull upload failed | type, fileUrl (decoded) |
//! | synchronisation failed | type, vid |
//! | one rendition finished or failed | type, format, vid, df |
//! | all renditions finished | eventType, vid |
//! | review passed or not | `manage`, type, vid |
//! | snapshot task finished | `snapshot`, vid |
//! | deleted, content scan failed, courseware converted | eventType |
//!
//! The last row signs the same text every time: such a callback proves nothing about its body. No event carries a time, so a
//! recorded callback can be repeated. And since nothing stands between the parts, one text can be cut in several ways: `encode`,
//! `_failedmp4` gives the signature of `encode_failed`, `mp4`. Look at the form of each part before you trust it.

use core::fmt;

use md5::{Digest, Md5};

use crate::{Signature, SignatureMismatch, signature::HexCase, text::Sink};

/// Signs the parts of an event, in the order of the table above.
///
/// ```
/// let signature = vodkit_sign::polyv::event::sign(&["upload", "v1"], "test-key-0123456789");
/// assert_eq!(signature.as_str(), "b85110cee570e3e16c654720cb55e052");
/// ```
#[must_use]
pub fn sign(parts: &[&str], secretkey: &str) -> Signature<32> {
    let mut digest = Md5::new();
    for part in parts {
        digest.put(part);
    }
    digest.put(secretkey);
    Signature::take(&mut digest, HexCase::Lower)
}

/// Checks a received signature in constant time.
///
/// # Errors
///
/// [`SignatureMismatch`] when `received` is not exactly the signature of `parts`.
pub fn verify(parts: &[&str], secretkey: &str, received: &str) -> Result<(), SignatureMismatch> {
    sign(parts, secretkey).check(received)
}

/// Writes the text that is hashed.
///
/// The text ends with whatever is passed as `secretkey`. Pass [`MASK`](crate::MASK) to show it to anybody.
///
/// ```
/// let mut text = String::new();
/// vodkit_sign::polyv::event::canonical(&["manage", "pass", "v1"], vodkit_sign::MASK, &mut text)?;
/// assert_eq!(text, "managepassv1***");
/// # Ok::<_, std::fmt::Error>(())
/// ```
///
/// # Errors
///
/// The error of `out`.
pub fn canonical(parts: &[&str], secretkey: &str, out: &mut impl fmt::Write) -> fmt::Result {
    for part in parts {
        out.write_str(part)?;
    }
    out.write_str(secretkey)
}
