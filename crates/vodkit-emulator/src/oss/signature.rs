//! The signature of version 1, and what may be wrong with one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;

use crate::digest::hex;
use crate::storage::header_text;

/// Parameters of the query that are part of the resource. The others are not signed.
const SUB_RESOURCES: &[&str] = &[
    "acl",
    "append",
    "bucketInfo",
    "callback",
    "callback-var",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "delete",
    "encryption",
    "endTime",
    "img",
    "inventory",
    "inventoryId",
    "lifecycle",
    "live",
    "location",
    "logging",
    "objectMeta",
    "partNumber",
    "policy",
    "position",
    "qos",
    "referer",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "udf",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "vod",
    "website",
    "worm",
    "wormExtend",
    "wormId",
    "x-oss-process",
    "x-oss-traffic-limit",
];

/// Letters of a key that an address shows as they are.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');

/// A key as it stands in an address.
pub(super) fn encoded(key: &str) -> String {
    utf8_percent_encode(key, PLAIN).to_string()
}

/// The signature of a text.
pub(super) fn sign(secret: &str, text: &str) -> String {
    BASE64.encode(digest(secret, text))
}

fn digest(secret: &str, text: &str) -> impl AsRef<[u8]> {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of every length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes()
}

/// What a signature covers.
#[derive(Clone, Copy)]
pub(super) struct Signed<'a> {
    pub(super) method: &'a Method,
    pub(super) headers: &'a HeaderMap,
    pub(super) bucket: &'a str,
    /// Decoded.
    pub(super) key: &'a str,
    /// Decoded.
    pub(super) query: &'a [(String, String)],
    /// The line for the time: the date of the request, or the end of a signed address.
    pub(super) date: &'a str,
}

impl Signed<'_> {
    /// The text that is signed.
    pub(super) fn text(&self) -> String {
        self.assemble(&self.resource(self.key), true, true)
    }

    fn header(&self, name: header::HeaderName) -> String {
        header_text(self.headers, name.as_str())
    }

    fn assemble(&self, resource: &str, with_type: bool, with_token: bool) -> String {
        let kind = match with_type {
            true => self.header(header::CONTENT_TYPE),
            false => String::new(),
        };
        let md5 = header_text(self.headers, "content-md5");
        let own = self.own_headers(with_token);
        format!(
            "{}\n{md5}\n{kind}\n{}\n{own}{resource}",
            self.method, self.date
        )
    }

    /// Every header of OSS's own, a line each.
    fn own_headers(&self, with_token: bool) -> String {
        let mut names: Vec<&header::HeaderName> = self
            .headers
            .keys()
            .filter(|name| name.as_str().starts_with("x-oss-"))
            .filter(|name| with_token || name.as_str() != "x-oss-security-token")
            .collect();
        names.sort_by_key(|name| name.as_str());
        names
            .into_iter()
            .map(|name| format!("{name}:{}\n", header_text(self.headers, name.as_str())))
            .collect()
    }

    fn resource(&self, key: &str) -> String {
        self.resource_with(key, |name| SUB_RESOURCES.contains(&name))
    }

    fn resource_with(&self, key: &str, covers: impl Fn(&str) -> bool) -> String {
        let mut pairs: Vec<&(String, String)> =
            self.query.iter().filter(|(name, _)| covers(name)).collect();
        pairs.sort();
        let pairs: Vec<String> = pairs
            .into_iter()
            .map(|(name, value)| match value.is_empty() {
                true => name.clone(),
                false => format!("{name}={value}"),
            })
            .collect();
        let tail = match pairs.is_empty() {
            true => String::new(),
            false => format!("?{}", pairs.join("&")),
        };
        format!("/{}/{key}{tail}", self.bucket)
    }

    /// Which mistake made this signature, if it is one of the known ones.
    pub(super) fn diagnose(&self, secret: &str, received: &str) -> String {
        let right = self.text();
        let digest = digest(secret, &right);
        if received.eq_ignore_ascii_case(&hex(digest.as_ref())) {
            return "the signature is right, but in hexadecimal: OSS wants base64".to_owned();
        }
        let all_parameters =
            |name: &str| !matches!(name, "OSSAccessKeyId" | "Expires" | "Signature");
        let plain = self.resource(self.key);
        let mistakes = [
            (
                self.assemble(&self.resource(&encoded(self.key)), true, true),
                "the key is percent-encoded in the resource; sign it as it is",
            ),
            (
                self.assemble(&plain, true, false),
                "x-oss-security-token is sent but not signed",
            ),
            (
                self.assemble(&plain, false, true),
                "Content-Type is sent but not signed",
            ),
            (
                self.assemble(
                    plain
                        .strip_prefix(&format!("/{}", self.bucket))
                        .unwrap_or_default(),
                    true,
                    true,
                ),
                "the resource lacks the bucket",
            ),
            (
                self.assemble(&format!("/{}/{}", self.bucket, self.key), true, true),
                "the resource lacks its sub-resources (uploads, partNumber, uploadId and the like)",
            ),
            (
                self.assemble(&self.resource_with(self.key, all_parameters), true, true),
                "the resource has every parameter of the query; only sub-resources belong there",
            ),
            (
                Self { date: "", ..*self }.text(),
                "the line for the date is empty",
            ),
        ];
        let found = mistakes
            .iter()
            .find(|(text, _)| *text != right && sign(secret, text) == received);
        match found {
            Some((_, mistake)) => format!("the signature is wrong: {mistake}"),
            None => "the signature is wrong: another secret, or another text than StringToSign in the answer"
                .to_owned(),
        }
    }
}
