//! Alibaba Cloud OSS, header signature of version 1: HMAC-SHA1, base64.
//!
//! The object storage that QuVideo and Polyv have files sent to. Source: the vendor's page on signatures in the header (在Header中包含签名).
//! The text is
//!
//! ```text
//! VERB
//! Content-MD5
//! Content-Type
//! Date
//! x-oss-…:value
//! /bucket/key?subresource&subresource=value
//! ```
//!
//! - An absent `Content-MD5` or `Content-Type` keeps its line, empty.
//! - Every header whose name begins with `x-oss-` is signed: names in lower case, ascending, one line each.
//! - The key is **not** percent-encoded. Of the query only the sub-resources count (`uploads`, `uploadId`, `partNumber` …), ascending, a name
//!   alone where it has no value.
//! - With temporary keys the header `x-oss-security-token` must be sent, and so it is signed.
//!
//! The result goes into `Authorization: OSS <AccessKeyId>:<signature>`.

use core::fmt;
use core::str;

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::SignatureMismatch;

/// What of a request is signed. All texts as they are sent, but the key, which is not percent-encoded.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Method: `PUT`.
    pub verb: &'a str,
    /// Header `Content-MD5`; empty when it is not sent.
    pub content_md5: &'a str,
    /// Header `Content-Type`; empty when it is not sent.
    pub content_type: &'a str,
    /// Header `Date`: `Thu, 01 Jan 1970 00:00:00 GMT`.
    pub date: &'a str,
    /// The headers that begin with `x-oss-`, names in lower case, ascending by their bytes.
    pub headers: &'a [(&'a str, &'a str)],
    /// The bucket; empty for requests about no bucket.
    pub bucket: &'a str,
    /// Key of the object.
    pub key: &'a str,
    /// The sub-resources among the query parameters, ascending by their bytes.
    pub subresources: &'a [(&'a str, Option<&'a str>)],
}

// The headers hold the security token.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("verb", &self.verb)
            .field("bucket", &self.bucket)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Signs a request.
///
/// ```
/// use vodkit_sign::oss::{Request, sign};
///
/// let request = Request {
///     verb: "PUT",
///     content_md5: "",
///     content_type: "video/mp4",
///     date: "Tue, 14 Nov 2023 22:13:20 GMT",
///     headers: &[("x-oss-security-token", "test-token-0123456789")],
///     bucket: "test-bucket",
///     key: "sv/课 1.mp4",
///     subresources: &[],
/// };
/// let signature = sign(&request, "test-secret-0123456789");
/// assert_eq!(signature.as_str(), "EmMYGPPUcL11ORaTyYz0iEZHOmA=");
/// ```
#[must_use]
pub fn sign(request: &Request<'_>, access_key_secret: &str) -> Signature {
    let mut mac = Hmac::new(access_key_secret.as_bytes());
    // Writing into a digest cannot fail.
    let _infallible = canonical(request, &mut mac);
    Signature::of(&mac.finish())
}

/// Checks a received signature in constant time.
///
/// # Errors
///
/// [`SignatureMismatch`] when `received` is not exactly the signature of `request`.
pub fn verify(
    request: &Request<'_>,
    access_key_secret: &str,
    received: &str,
) -> Result<(), SignatureMismatch> {
    let expected = sign(request, access_key_secret);
    if bool::from(expected.text.ct_eq(received.as_bytes())) {
        Ok(())
    } else {
        Err(SignatureMismatch)
    }
}

/// Writes the text that is signed. The secret is no part of it, but the security token is, when it is among the headers.
///
/// # Errors
///
/// The error of `out`.
pub fn canonical(request: &Request<'_>, out: &mut impl fmt::Write) -> fmt::Result {
    for line in [
        request.verb,
        request.content_md5,
        request.content_type,
        request.date,
    ] {
        out.write_str(line)?;
        out.write_char('\n')?;
    }
    for (name, value) in request.headers {
        out.write_str(name)?;
        out.write_char(':')?;
        out.write_str(value.trim())?;
        out.write_char('\n')?;
    }
    out.write_char('/')?;
    if !request.bucket.is_empty() {
        write!(out, "{}/", request.bucket)?;
    }
    out.write_str(request.key)?;
    for (position, (name, value)) in request.subresources.iter().enumerate() {
        out.write_char(if position == 0 { '?' } else { '&' })?;
        out.write_str(name)?;
        if let Some(value) = value {
            write!(out, "={value}")?;
        }
    }
    Ok(())
}

/// A signature: 28 characters of base64. It has no `Display` and shows nothing in `Debug`.
#[derive(Clone, Copy)]
pub struct Signature {
    text: [u8; 28],
}

impl Signature {
    /// The characters, ready to be sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.text).expect("base64 is ASCII")
    }

    fn of(digest: &[u8; 20]) -> Self {
        const ALPHABET: &[u8; 64] =
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = [b'='; 28];
        for (four, three) in text.chunks_exact_mut(4).zip(digest.chunks(3)) {
            let at = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
            let bits = at(0) << 16 | at(1) << 8 | at(2);
            // A group of n bytes has n + 1 characters; the rest stays `=`.
            for (i, place) in four.iter_mut().enumerate().take(three.len() + 1) {
                *place = ALPHABET[(bits >> (18 - 6 * i) & 63) as usize];
            }
        }
        Self { text }
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

/// HMAC (RFC 2104) over SHA-1. The library for it would bring three crates for these lines; tests compare with it.
struct Hmac {
    inner: Sha1,
    outer: Sha1,
}

impl Hmac {
    /// Length of a block of SHA-1, in bytes.
    const BLOCK: usize = 64;

    fn new(key: &[u8]) -> Self {
        let mut block = [0; Self::BLOCK];
        if key.len() > Self::BLOCK {
            block[..20].copy_from_slice(&Sha1::digest(key));
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let keyed = |pad: u8| Sha1::new().chain_update(block.map(|byte| byte ^ pad));
        Self {
            inner: keyed(0x36),
            outer: keyed(0x5c),
        }
    }

    fn finish(self) -> [u8; 20] {
        self.outer
            .chain_update(self.inner.finalize())
            .finalize()
            .into()
    }
}

impl fmt::Write for Hmac {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.inner.update(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::String;

    use super::*;

    const REQUEST: Request<'_> = Request {
        verb: "POST",
        content_md5: "m",
        content_type: "",
        date: "d",
        headers: &[("x-oss-a", " 1 "), ("x-oss-b", "2")],
        bucket: "b",
        key: "k/文",
        subresources: &[("partNumber", Some("3")), ("uploads", None)],
    };

    #[test]
    fn the_text_is_as_described() {
        let mut text = String::new();
        canonical(&REQUEST, &mut text).unwrap();
        assert_eq!(
            text,
            "POST\nm\n\nd\nx-oss-a:1\nx-oss-b:2\n/b/k/文?partNumber=3&uploads"
        );
        let mut text = String::new();
        let none = Request {
            bucket: "",
            key: "",
            headers: &[],
            subresources: &[],
            ..REQUEST
        };
        canonical(&none, &mut text).unwrap();
        assert_eq!(text, "POST\nm\n\nd\n/");
    }

    #[test]
    fn keys_of_any_length_give_what_the_library_gives() {
        use hmac::{KeyInit as _, Mac as _};

        let mut text = String::new();
        canonical(&REQUEST, &mut text).unwrap();
        for length in [0, 1, 63, 64, 65, 200] {
            let key: String = ('!'..='z').cycle().take(length).collect();
            let mut mac = hmac::Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap();
            mac.update(text.as_bytes());
            let theirs = Signature::of(&mac.finalize().into_bytes().into());
            assert_eq!(sign(&REQUEST, &key).as_str(), theirs.as_str(), "{length}");
        }
    }

    #[test]
    fn only_the_exact_signature_passes() {
        let signature = sign(&REQUEST, "s");
        assert_eq!(verify(&REQUEST, "s", signature.as_str()), Ok(()));
        for wrong in ["", &signature.as_str()[..27]] {
            assert_eq!(verify(&REQUEST, "s", wrong), Err(SignatureMismatch));
        }
        assert_eq!(
            verify(&REQUEST, "t", signature.as_str()),
            Err(SignatureMismatch)
        );
        let other = Request {
            key: "k/文2",
            ..REQUEST
        };
        assert!(verify(&other, "s", signature.as_str()).is_err());
        assert!(!std::format!("{signature:?} {REQUEST:?}").contains(signature.as_str()));
    }
}
