//! Signing rules of China's video-on-demand platforms: pure functions, no allocation, `no_std`.
//!
//! This is the lowest layer of vodkit and stands alone: pairs of text and a secret go in, hexadecimal digits come out. It knows
//! no HTTP, no JSON, no clock and no configuration. Use it when you build your requests yourself, when you receive a platform's
//! callbacks, or when you test your own signer against this one.
//!
//! | rule | module | digest | empty values | text |
//! |---|---|---|---|---|
//! | Baijiayun | [`baijiayun`] | MD5, lower case | kept | `k=v&k=v&partner_key=SECRET` |
//! | Polyv, `/v2` | [`polyv`] | SHA-1, upper case | dropped | `k=v&k=vSECRET` |
//! | Polyv, play credential and sub-accounts | [`polyv::token`] | MD5, upper case | dropped | `SECRETkvkvSECRET` |
//! | Alibaba Cloud OSS, for uploads | [`oss`] | HMAC-SHA1, base64 | | verb, headers and resource in lines |
//! | Polyv, event callbacks | [`polyv::event`] | MD5, lower case | | `partpartSECRET` |
//! | Alibaba Cloud VOD behind QuVideo, event callbacks | [`quvideo::event`] | MD5, lower case | | `URL\|TIME\|SECRET` |
//!
//! The first three have the same four functions and a `Signer`:
//!
//! ```
//! use vodkit_sign::{MASK, baijiayun};
//!
//! let params = [("video_id", "123"), ("partner_id", "12345678"), ("timestamp", "1596096142")];
//!
//! // Sign; the order does not matter.
//! let signature = baijiayun::sign(&params, "test-key-0123456789");
//! assert_eq!(signature.as_str().len(), 32);
//!
//! // Verify what arrived, in constant time.
//! baijiayun::verify(&params, "test-key-0123456789", signature.as_str())?;
//!
//! // Explain: the signed pairs in order, then the text that is hashed, without the secret.
//! assert!(baijiayun::signed_pairs(&params).map(|(key, _)| key).eq(["partner_id", "timestamp", "video_id"]));
//! let mut text = String::new();
//! baijiayun::canonical(&params, MASK, &mut text)?;
//! assert_eq!(text, "partner_id=12345678&timestamp=1596096142&video_id=123&partner_key=***");
//!
//! // Parameters that are already in order need no sort.
//! let mut signer = baijiayun::Signer::new();
//! signer.pair("partner_id", "12345678").pair("timestamp", "1596096142").pair("video_id", "123");
//! assert_eq!(signer.finish("test-key-0123456789"), signature);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # What all rules share
//!
//! - Parameters are pairs of anything that is `AsRef<str>`: `&str`, `String`, `Cow<str>`, mixed as you like.
//! - Text is signed as it is, in UTF-8. Pass **decoded** values: sign first and percent-encode afterwards; after receiving, decode
//!   first and verify afterwards.
//! - A parameter named `sign` is never an input.
//! - Keys are compared byte by byte: `Z` < `_` < `a`, and `video` < `video2`.
//! - A key that occurs twice is signed twice, in the order given. The platforms' pages do not say what they do with that.
//! - Up to 64 parameters are sorted in one go; more work too, but slower (see [`SignedPairs`]). Nothing panics, nothing allocates.
//!
//! # Secrets
//!
//! A secret is borrowed for the time of the call. It leaves only through `canonical`, and only if you pass it there; [`MASK`] is
//! what you pass otherwise. A [`Signature`] has no `Display` and shows nothing in `Debug`; `==` and `verify` take constant time.
//! MD5 and SHA-1 are what the platforms prescribe; this crate is no argument for them elsewhere.
#![no_std]

mod order;
mod signature;
mod stream;
mod text;

pub mod baijiayun;
pub mod oss;
pub mod polyv;
pub mod quvideo;

pub use order::SignedPairs;
pub use signature::{Signature, SignatureMismatch};

/// What to pass instead of a secret when a canonical text is meant for other eyes.
pub const MASK: &str = "***";
