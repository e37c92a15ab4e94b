//! The signature of the object storage: what holds for every request, a second way to compute it, and signatures made elsewhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::{collection::vec, prelude::*, sample::Index};
use sha1::{Digest, Sha1};
use vodkit_sign::SignatureMismatch;
use vodkit_sign::oss::{Request, canonical, sign, verify};

/// A request that owns its parts.
#[derive(Clone, Debug, PartialEq)]
struct Parts {
    /// Verb, MD5, type, date, bucket, key.
    lines: [String; 6],
    headers: Vec<(String, String)>,
    subresources: Vec<(String, Option<String>)>,
}

impl Parts {
    fn with<R>(&self, work: impl FnOnce(&Request<'_>) -> R) -> R {
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let subresources: Vec<(&str, Option<&str>)> = self
            .subresources
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_deref()))
            .collect();
        let [verb, content_md5, content_type, date, bucket, key] = &self.lines;
        work(&Request {
            verb,
            content_md5,
            content_type,
            date,
            headers: &headers,
            bucket,
            key,
            subresources: &subresources,
        })
    }

    fn sign(&self, secret: &str) -> String {
        self.with(|request| sign(request, secret).as_str().to_owned())
    }

    fn canonical(&self) -> String {
        let mut text = String::new();
        self.with(|request| canonical(request, &mut text))
            .expect("a String takes every text");
        text
    }

    /// The text as the vendor's page describes it, put together in one go.
    fn reference(&self) -> String {
        let [verb, content_md5, content_type, date, bucket, key] = &self.lines;
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}:{}\n", value.trim()))
            .collect();
        let bucket = match bucket.as_str() {
            "" => String::new(),
            bucket => format!("{bucket}/"),
        };
        let pairs: Vec<String> = self
            .subresources
            .iter()
            .map(|(name, value)| match value {
                Some(value) => format!("{name}={value}"),
                None => name.clone(),
            })
            .collect();
        let query = match pairs.is_empty() {
            true => String::new(),
            false => format!("?{}", pairs.join("&")),
        };
        format!("{verb}\n{content_md5}\n{content_type}\n{date}\n{headers}/{bucket}{key}{query}")
    }
}

/// HMAC as RFC 2104 writes it, over a whole text.
fn hmac_sha1(secret: &str, text: &str) -> String {
    let mut block = [0; 64];
    let hashed = Sha1::digest(secret);
    let key: &[u8] = match secret.len() {
        ..=64 => secret.as_bytes(),
        _ => &hashed,
    };
    block[..key.len()].copy_from_slice(key);
    let inner = [&block.map(|byte| byte ^ 0x36), text.as_bytes()].concat();
    let outer = [&block.map(|byte| byte ^ 0x5c)[..], &Sha1::digest(inner)].concat();
    STANDARD.encode(Sha1::digest(outer))
}

fn parts() -> impl Strategy<Value = Parts> {
    let line = || prop_oneof![1 => Just(String::new()), 3 => "[A-Za-z0-9/, :=+-]{1,20}"];
    let lines = (
        "[A-Z]{3,6}",
        line(),
        line(),
        line(),
        prop_oneof![1 => Just(String::new()), 3 => "[a-z0-9-]{3,12}"],
        "\\PC{1,40}",
    );
    let headers = vec(("x-oss-[a-z-]{1,12}", "[!-~]{1,60}"), 0..4);
    let subresources = vec(
        ("[a-zA-Z-]{1,10}", proptest::option::of("[!-~]{1,20}")),
        0..4,
    );
    (lines, headers, subresources).prop_map(|(lines, mut headers, mut subresources)| {
        headers.sort();
        subresources.sort();
        Parts {
            lines: lines.into(),
            headers,
            subresources,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equals_the_reference(parts in parts(), secret in "\\PC{0,90}") {
        prop_assert_eq!(parts.canonical(), parts.reference());
        let signature = parts.sign(&secret);
        prop_assert_eq!(&signature, &hmac_sha1(&secret, &parts.reference()));
        prop_assert_eq!(signature.len(), 28);
        prop_assert!(parts.with(|request| verify(request, &secret, &signature)).is_ok());
    }

    /// One character of one part, of the secret, or of the signature.
    #[test]
    fn every_character_counts(parts in parts(), secret in "[a-z]{1,40}", which: Index, at: Index) {
        let (mut other, mut other_secret) = (parts.clone(), secret.clone());
        let mut texts: Vec<&mut String> = vec![&mut other_secret];
        texts.extend(&mut other.lines);
        texts.extend(other.headers.iter_mut().flat_map(|(name, value)| [name, value]));
        texts.extend(other.subresources.iter_mut().flat_map(|(name, value)| [Some(name), value.as_mut()]).flatten());
        texts.retain(|text| !text.is_empty());
        let which = which.index(texts.len());
        let text = &mut texts[which];
        let (start, old) = text.char_indices().nth(at.index(text.chars().count())).unwrap();
        text.replace_range(start..start + old.len_utf8(), if old == 'x' { "y" } else { "x" });
        prop_assert_ne!(parts.sign(&secret), other.sign(&other_secret));

        let right = parts.sign(&secret);
        let mut wrong = right.clone().into_bytes();
        let place = &mut wrong[at.index(right.len())];
        *place = if *place == b'A' { b'B' } else { b'A' };
        let wrong = String::from_utf8(wrong).unwrap();
        for wrong in [wrong.as_str(), &right[..at.index(right.len())], &format!("{right}=")] {
            prop_assert_eq!(parts.with(|request| verify(request, &secret, wrong)), Err(SignatureMismatch));
        }
    }

    /// An empty line stays a line: what moves from one to the next is another request.
    #[test]
    fn no_text_moves_between_the_parts(parts in parts(), which in 0usize..3) {
        let mut other = parts.clone();
        other.lines.swap(which, which + 1);
        prop_assert_eq!(parts == other, parts.sign("s") == other.sign("s"));
    }
}

/// Made with Python: `hmac.new(secret, text, "sha1")`, `base64.b64encode`.
#[test]
fn signatures_made_elsewhere() {
    let put = Request {
        verb: "PUT",
        content_md5: "",
        content_type: "application/octet-stream",
        date: "Tue, 14 Nov 2023 22:13:20 GMT",
        headers: &[
            (
                "x-oss-callback",
                "eyJjYWxsYmFja1VybCI6Imh0dHBzOi8vZXhhbXBsZS50ZXN0In0=",
            ),
            ("x-oss-security-token", "test-token-0123456789+/=="),
        ],
        bucket: "test-bucket",
        key: "u123456789/2/第 一课'\"+%.mp4",
        subresources: &[],
    };
    let initiate = Request {
        verb: "POST",
        content_type: "",
        headers: &[("x-oss-security-token", "test-token-0123456789+/==")],
        subresources: &[("uploads", None)],
        ..put
    };
    let part = Request {
        content_md5: "ICy5YqxZB1uWSwcVLSNLcA==",
        content_type: "",
        headers: &[],
        subresources: &[
            ("partNumber", Some("3")),
            ("uploadId", Some("0004B9895DBBB6EC98E")),
        ],
        ..put
    };
    let long = "test-secret-".repeat(8);
    for (request, secret, wanted) in [
        (
            &put,
            "test-secret-0123456789",
            "lySWK6jJsFfCGRaYm0+tYC0daVU=",
        ),
        (
            &initiate,
            "test-secret-0123456789",
            "HU+GpQ3czeOBjXJPCHnGKsdBYUc=",
        ),
        (
            &part,
            "test-secret-0123456789",
            "ADQkQhS+yj9nWImsAuz7V8qjc2Q=",
        ),
        (&part, long.as_str(), "kG/vEZJo+k/LFr3MxW8eqTmnZgk="),
    ] {
        assert_eq!(sign(request, secret).as_str(), wanted, "{request:?}");
    }
}

#[test]
fn the_writer_s_error_is_reported() {
    struct Full(usize);
    impl std::fmt::Write for Full {
        fn write_str(&mut self, piece: &str) -> std::fmt::Result {
            self.0 = self.0.checked_sub(piece.len()).ok_or(std::fmt::Error)?;
            Ok(())
        }
    }
    let request = Request {
        verb: "PUT",
        content_md5: "m",
        content_type: "t",
        date: "d",
        headers: &[("x-oss-a", "1")],
        bucket: "b",
        key: "k",
        subresources: &[("n", Some("v")), ("uploads", None)],
    };
    let mut text = String::new();
    canonical(&request, &mut text).unwrap();
    for room in 0..text.len() {
        assert!(canonical(&request, &mut Full(room)).is_err(), "{room}");
    }
    assert!(canonical(&request, &mut Full(text.len())).is_ok());
}
