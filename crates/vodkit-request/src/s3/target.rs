//! An object of the storage, as uploads see it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::uri::Authority;
use http::{Method, Request, Response};
use md5::{Digest as _, Md5};
use vodkit_types::FaultClass;

use super::{Keys, Place, reply};
use crate::digest::{Digests, Wanted};
use crate::encode;
use crate::error::{Error, Fault, Refusal};
use crate::mask::mask;
use crate::payload::Payload;
use crate::transport::Timestamp;
use crate::upload::store::{Ask, Found, Listed, Remedy, Store};
use crate::upload::xml::escape;
use crate::upload::{PartMark, PartRules, Stored};

/// Parts on a page of the list: the most that a storage gives.
const PAGE: &str = "1000";

/// Where a file goes, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    place: Place,
    keys: Keys,
    /// When the keys end.
    expires: Option<Timestamp>,
    /// Whether nobody else has this key, so that an object under it can only be ours.
    is_ours: bool,
    /// Whether the storage was seen to encrypt: then its tags are no MD5.
    encrypts: Arc<AtomicBool>,
}

impl Target {
    pub(crate) fn new(place: Place, keys: Keys, expires: Option<Timestamp>, is_ours: bool) -> Self {
        Self {
            place,
            keys,
            expires,
            is_ours,
            encrypts: Arc::default(),
        }
    }

    /// The same object with other keys.
    pub(crate) fn with_keys(&self, keys: Keys, expires: Option<Timestamp>) -> Self {
        Self {
            keys,
            expires,
            ..self.clone()
        }
    }

    fn ask(
        &self,
        method: Method,
        query: &[(&str, &str)],
        content_type: Option<&'static str>,
        body: Payload,
        at: Timestamp,
    ) -> Result<Request<Payload>, Error> {
        let address = self.place.signed(&self.keys, &method, query, at)?;
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = address;
        if let Some(content_type) = content_type {
            let value = HeaderValue::from_static(content_type);
            request.headers_mut().insert(CONTENT_TYPE, value);
        }
        Ok(request)
    }

    /// Takes note of what a reply says of encryption.
    fn noted(&self, response: &Response<Bytes>) {
        if reply::is_encrypted(response) {
            self.encrypts.store(true, Ordering::Relaxed);
        }
    }

    fn compares(&self) -> bool {
        !self.encrypts.load(Ordering::Relaxed)
    }
}

/// What is sent when nobody says otherwise: the media are played from copies that the vendor makes.
const OCTETS: Option<&str> = Some("application/octet-stream");

impl Store for Target {
    /// Source: the limits of uploads in parts in AWS's guide to S3.
    const RULES: PartRules = PartRules {
        least: 5 << 20,
        most: 5 << 30,
        count: 10_000,
    };
    const WANTED: Wanted = Wanted::MD5;

    fn place(&self) -> String {
        format!("{}/{}", self.place.bucket, self.place.key)
    }

    fn host(&self) -> Option<Authority> {
        self.place.host()
    }

    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    fn request(&self, ask: Ask<'_>, at: Timestamp) -> Result<Request<Payload>, Error> {
        let empty = Payload::empty;
        match ask {
            Ask::Put { body } => self.ask(Method::PUT, &[], OCTETS, body, at),
            Ask::Open => self.ask(Method::POST, &[("uploads", "")], OCTETS, empty(), at),
            Ask::Part {
                upload_id,
                number,
                body,
            } => {
                let number = number.to_string();
                let query = [("partNumber", number.as_str()), ("uploadId", upload_id)];
                self.ask(Method::PUT, &query, None, body, at)
            }
            Ask::List { upload_id, after } => {
                let after = after.to_string();
                let query = [
                    ("max-parts", PAGE),
                    ("part-number-marker", after.as_str()),
                    ("uploadId", upload_id),
                ];
                self.ask(Method::GET, &query, None, empty(), at)
            }
            Ask::Complete { upload_id, parts } => {
                let mut xml =
                    "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                        .to_owned();
                for (number, part) in parts {
                    xml.push_str(&format!("<Part><PartNumber>{number}</PartNumber><ETag>\""));
                    escape(part.etag.as_deref().unwrap_or_default(), &mut xml);
                    xml.push_str("\"</ETag></Part>");
                }
                xml.push_str("</CompleteMultipartUpload>");
                let query = [("uploadId", upload_id)];
                let body = xml.into_bytes().into();
                self.ask(Method::POST, &query, Some("application/xml"), body, at)
            }
            Ask::Head => self.ask(Method::HEAD, &[], None, empty(), at),
            Ask::Abort { upload_id } => {
                let query = [("uploadId", upload_id)];
                self.ask(Method::DELETE, &query, None, empty(), at)
            }
        }
    }

    fn put(&self, response: &Response<Bytes>) -> Result<Stored, Refusal> {
        self.noted(response);
        reply::stored(response)
    }

    fn opened(&self, response: &Response<Bytes>) -> Result<String, Refusal> {
        self.noted(response);
        reply::opened(response)
    }

    fn part(&self, response: &Response<Bytes>) -> Result<Stored, Refusal> {
        self.noted(response);
        reply::stored(response)
    }

    fn listed(&self, response: &Response<Bytes>) -> Result<Listed, Refusal> {
        reply::listed(response)
    }

    fn completed(&self, response: &Response<Bytes>) -> Result<Stored, Refusal> {
        self.noted(response);
        reply::completed(response)
    }

    fn head(&self, response: &Response<Bytes>) -> Result<Option<Found>, Refusal> {
        self.noted(response);
        // Another object may have been there before. One in parts shows by its tag whether it is ours.
        let tells = |found: &Found| {
            let tag = found.stored.etag.as_deref().unwrap_or_default();
            self.is_ours || (tag.contains('-') && self.compares())
        };
        Ok(reply::head(response)?.filter(tells))
    }

    fn aborted(&self, response: &Response<Bytes>) -> Result<(), Refusal> {
        reply::accepted(response)
    }

    fn remedy(&self, fault: &Fault) -> Option<Remedy> {
        let Some(code) = fault.code.as_deref() else {
            // A HEAD that was refused has no code.
            return (fault.class == FaultClass::Credential).then_some(Remedy::RenewKeys);
        };
        Some(match code {
            "ExpiredToken"
            | "InvalidAccessKeyId"
            | "InvalidToken"
            | "InvalidTokenId"
            | "TokenRefreshRequired" => Remedy::RenewKeys,
            // A signed address that comes too early or too late is denied, and has no code of its own.
            "AccessDenied" | "RequestTimeTooSkewed" => Remedy::CorrectClock,
            "NoSuchUpload" => Remedy::OpenAnew,
            _ => return None,
        })
    }

    fn mask(&self, text: &str) -> String {
        let keys = &self.keys;
        let mut token = String::new();
        encode::rfc3986(keys.session_token.expose(), &mut token);
        mask(
            text,
            [
                keys.secret_access_key.expose(),
                keys.session_token.expose(),
                keys.access_key_id.expose(),
                // As it stands in a signed address.
                token.as_str(),
            ],
        )
    }

    fn differs(&self, stored: &Stored, sent: &Digests) -> Option<&'static str> {
        stored.differs(sent).filter(|_| self.compares())
    }

    /// The tag of an object in parts is the MD5 of their MD5s, and their number.
    fn whole_differs(
        &self,
        stored: &Stored,
        parts: &BTreeMap<u32, PartMark>,
    ) -> Option<&'static str> {
        let theirs = stored.etag.as_deref()?;
        let (digits, count) = theirs.split_once('-')?;
        // A tag of another form is none of MD5s.
        let is_md5 = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_md5 || !self.compares() {
            return None;
        }
        let mut md5 = Md5::new();
        for part in parts.values() {
            md5.update(part.md5?);
        }
        let ours: String = md5.finalize().iter().map(|b| format!("{b:02x}")).collect();
        let same = digits.eq_ignore_ascii_case(&ours) && count.parse() == Ok(parts.len());
        (!same).then_some("MD5")
    }
}
