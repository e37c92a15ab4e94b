//! AWS Signature Version 4, and what may be wrong with one.

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::digest::hex;

/// What every signature of this kind begins with.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// What stands for the digest of a body that is not signed.
pub(super) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Letters that stand for themselves in a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
/// The same for a path.
const PLAIN_IN_PATH: &AsciiSet = &PLAIN.remove(b'/');

/// A name or value as it stands in a query.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// A key as it stands in an address.
pub(super) fn encoded_path(text: &str) -> String {
    utf8_percent_encode(text, PLAIN_IN_PATH).to_string()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// For whom and when a signature is good: the part of a credential behind the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// `yyyymmdd`
    pub(super) day: String,
    pub(super) region: String,
    pub(super) service: String,
}

impl Scope {
    fn text(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.day, self.region, self.service)
    }

    fn key(&self, secret: &str) -> Vec<u8> {
        let key = hmac(format!("AWS4{secret}").as_bytes(), &self.day);
        let key = hmac(&key, &self.region);
        let key = hmac(&key, &self.service);
        hmac(&key, "aws4_request")
    }
}

/// What a signature covers.
#[derive(Clone, Copy)]
pub(super) struct Signed<'a> {
    pub(super) method: &'a Method,
    /// Decoded.
    pub(super) path: &'a str,
    /// Decoded, without the signature itself.
    pub(super) query: &'a [(String, String)],
    pub(super) headers: &'a HeaderMap,
    /// Names of the headers that are signed, as the caller lists them.
    pub(super) names: &'a [String],
    /// What stands for the body.
    pub(super) payload: &'a str,
    /// `yyyymmddThhmmssZ`
    pub(super) moment: &'a str,
    pub(super) scope: &'a Scope,
}

impl Signed<'_> {
    /// The request in the form that is digested.
    pub(super) fn canonical(&self) -> String {
        self.assemble(&encoded_path(self.path), true)
    }

    fn assemble(&self, path: &str, sorted: bool) -> String {
        let mut pairs: Vec<(String, String)> = self
            .query
            .iter()
            .map(|(name, value)| (encoded(name), encoded(value)))
            .collect();
        if sorted {
            pairs.sort();
        }
        let query: Vec<String> = pairs
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let headers: String = self
            .names
            .iter()
            .map(|name| format!("{name}:{}\n", value_of(self.headers, name)))
            .collect();
        format!(
            "{}\n{path}\n{}\n{headers}\n{}\n{}",
            self.method,
            query.join("&"),
            self.names.join(";"),
            self.payload
        )
    }

    /// The text that is signed.
    pub(super) fn text(&self) -> String {
        self.text_of(&self.canonical())
    }

    fn text_of(&self, canonical: &str) -> String {
        format!(
            "{ALGORITHM}\n{}\n{}\n{}",
            self.moment,
            self.scope.text(),
            hex(&Sha256::digest(canonical))
        )
    }

    /// The signature that is right.
    pub(super) fn sign(&self, secret: &str) -> String {
        self.sign_of(&self.canonical(), secret)
    }

    fn sign_of(&self, canonical: &str, secret: &str) -> String {
        hex(&hmac(&self.scope.key(secret), &self.text_of(canonical)))
    }

    /// Which mistake made this signature, if it is one of the known ones.
    pub(super) fn diagnose(&self, secret: &str, received: &str) -> String {
        let right = self.canonical();
        let path = encoded_path(self.path);
        let without = |name: &str| -> Vec<(String, String)> {
            let pairs = self.query.iter().filter(|(have, _)| have != name);
            pairs.cloned().collect()
        };
        let tokenless = without("X-Amz-Security-Token");
        let mistakes = [
            (
                self.assemble(self.path, true),
                "the path is not percent-encoded in the canonical request",
            ),
            (
                self.assemble(&encoded_path(&path), true),
                "the path is percent-encoded twice in the canonical request; S3 wants it once",
            ),
            (
                self.assemble(&path, false),
                "the parameters of the query are not sorted in the canonical request",
            ),
            (
                Signed {
                    payload: UNSIGNED_PAYLOAD,
                    ..*self
                }
                .canonical(),
                "another digest of the body is sent than signed",
            ),
            (
                Signed {
                    query: &tokenless,
                    ..*self
                }
                .canonical(),
                "X-Amz-Security-Token is sent but not signed",
            ),
            (
                Signed {
                    query: &[],
                    ..*self
                }
                .canonical(),
                "the query is not in the canonical request",
            ),
        ];
        let found = mistakes
            .iter()
            .find(|(text, _)| *text != right && self.sign_of(text, secret) == received);
        match found {
            Some((_, mistake)) => format!("the signature is wrong: {mistake}"),
            None => "the signature is wrong: another secret, or another request than CanonicalRequest in the answer"
                .to_owned(),
        }
    }
}

/// All values of a header, with single blanks between words and none at the ends.
fn value_of(headers: &HeaderMap, name: &str) -> String {
    let values: Vec<String> = headers
        .get_all(name)
        .iter()
        .map(|value| {
            let text = String::from_utf8_lossy(value.as_bytes());
            let words: Vec<&str> = text.split_whitespace().collect();
            words.join(" ")
        })
        .collect();
    values.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of AWS's documentation of S3, with its synthetic keys.
    #[test]
    fn the_published_examples_come_out() {
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let scope = Scope {
            day: "20130524".to_owned(),
            region: "us-east-1".to_owned(),
            service: "s3".to_owned(),
        };
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let headers = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            headers.insert("host", "examplebucket.s3.amazonaws.com".parse().unwrap());
            headers.insert("x-amz-date", "20130524T000000Z".parse().unwrap());
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            headers
        };
        let sign = |method: &Method,
                    path: &str,
                    query: &[(&str, &str)],
                    headers: &HeaderMap,
                    names: &str,
                    payload: &str| {
            let query: Vec<_> = query
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect();
            let names: Vec<_> = names.split(';').map(str::to_owned).collect();
            Signed {
                method,
                path,
                query: &query,
                headers,
                names: &names,
                payload,
                moment: "20130524T000000Z",
                scope: &scope,
            }
            .sign(secret)
        };
        // GET Object
        let get = headers(&[("range", "bytes=0-9"), ("x-amz-content-sha256", empty)]);
        assert_eq!(
            sign(
                &Method::GET,
                "/test.txt",
                &[],
                &get,
                "host;range;x-amz-content-sha256;x-amz-date",
                empty
            ),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        // PUT Object
        let body = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
        let put = headers(&[
            ("date", "Fri, 24 May 2013 00:00:00 GMT"),
            ("x-amz-content-sha256", body),
            ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ]);
        assert_eq!(
            sign(
                &Method::PUT,
                "/test$file.text",
                &[],
                &put,
                "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                body
            ),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        );
        // GET Bucket (list objects)
        let list = headers(&[("x-amz-content-sha256", empty)]);
        assert_eq!(
            sign(
                &Method::GET,
                "/",
                &[("prefix", "J"), ("max-keys", "2")],
                &list,
                "host;x-amz-content-sha256;x-amz-date",
                empty
            ),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        );
        // A presigned address
        let query = [
            ("X-Amz-Algorithm", ALGORITHM),
            (
                "X-Amz-Credential",
                "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request",
            ),
            ("X-Amz-Date", "20130524T000000Z"),
            ("X-Amz-Expires", "86400"),
            ("X-Amz-SignedHeaders", "host"),
        ];
        assert_eq!(
            sign(
                &Method::GET,
                "/test.txt",
                &query,
                &headers(&[]),
                "host",
                UNSIGNED_PAYLOAD
            ),
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
    }
}
