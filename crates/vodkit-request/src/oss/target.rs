//! An object of the storage, as uploads see it.

use bytes::Bytes;
use http::uri::Authority;
use http::{Method, Request, Response};

use super::reply;
use super::{About, Keys, OCTETS, Place, Stored, put_object, request};
use crate::digest::Wanted;
use crate::error::{Error, Fault, Refusal};
use crate::mask::mask;
use crate::payload::Payload;
use crate::transport::Timestamp;
use crate::upload::PartRules;
use crate::upload::store::{Ask, Found, Listed, Remedy, Store};
use crate::upload::xml::escape;

/// Parts on a page of the list: the most that the storage gives.
const PAGE: &str = "1000";

/// Where a file goes, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) place: Place,
    pub(crate) keys: Keys,
    /// When the keys end.
    pub(crate) expires: Option<Timestamp>,
    /// What tells the vendor of the object: JSON in base64.
    pub(crate) callback: Option<String>,
}

impl Target {
    fn about(
        &self,
        about: &About<'_>,
        body: Payload,
        at: Timestamp,
    ) -> Result<Request<Payload>, Error> {
        request(&self.place, &self.keys, about, body, at)
    }
}

impl Store for Target {
    /// Source: the storage's page on uploads in parts (分片上传).
    const RULES: PartRules = PartRules {
        least: 100 << 10,
        most: 5 << 30,
        count: 10_000,
    };
    const WANTED: Wanted = Wanted::CRC64;

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
        let plain = |method, subresources| About {
            method,
            content_type: "",
            subresources,
            unsigned: "",
            callback: None,
        };
        match ask {
            Ask::Put { body } => {
                put_object(&self.place, &self.keys, self.callback.as_deref(), body, at)
            }
            Ask::Open => {
                let about = About {
                    content_type: OCTETS,
                    ..plain(Method::POST, &[("uploads", None)])
                };
                self.about(&about, Payload::empty(), at)
            }
            Ask::Part {
                upload_id,
                number,
                body,
            } => {
                let number = number.to_string();
                let subresources = [
                    ("partNumber", Some(number.as_str())),
                    ("uploadId", Some(upload_id)),
                ];
                self.about(&plain(Method::PUT, &subresources), body, at)
            }
            Ask::List { upload_id, after } => {
                let unsigned = format!("max-parts={PAGE}&part-number-marker={after}");
                let subresources = [("uploadId", Some(upload_id))];
                let about = About {
                    unsigned: &unsigned,
                    ..plain(Method::GET, &subresources)
                };
                self.about(&about, Payload::empty(), at)
            }
            Ask::Complete { upload_id, parts } => {
                let mut xml = "<CompleteMultipartUpload>".to_owned();
                for (number, part) in parts {
                    xml.push_str(&format!("<Part><PartNumber>{number}</PartNumber><ETag>"));
                    xml.push('"');
                    escape(part.etag.as_deref().unwrap_or_default(), &mut xml);
                    xml.push_str("\"</ETag></Part>");
                }
                xml.push_str("</CompleteMultipartUpload>");
                let subresources = [("uploadId", Some(upload_id))];
                let about = About {
                    content_type: "application/xml",
                    callback: self.callback.as_deref(),
                    ..plain(Method::POST, &subresources)
                };
                self.about(&about, xml.into_bytes().into(), at)
            }
            Ask::Head => self.about(&plain(Method::HEAD, &[]), Payload::empty(), at),
            Ask::Abort { upload_id } => {
                let subresources = [("uploadId", Some(upload_id))];
                let about = plain(Method::DELETE, &subresources);
                self.about(&about, Payload::empty(), at)
            }
        }
    }

    fn put(&self, response: &Response<Bytes>) -> Result<Stored, Refusal> {
        reply::open(response)
    }

    fn opened(&self, response: &Response<Bytes>) -> Result<String, Refusal> {
        reply::opened(response)
    }

    fn part(&self, response: &Response<Bytes>) -> Result<Stored, Refusal> {
        reply::open(response)
    }

    fn listed(&self, response: &Response<Bytes>) -> Result<Listed, Refusal> {
        reply::listed(response)
    }

    fn completed(&self, response: &Response<Bytes>) -> Result<Stored, Refusal> {
        reply::completed(response)
    }

    fn head(&self, response: &Response<Bytes>) -> Result<Option<Found>, Refusal> {
        reply::head(response)
    }

    fn aborted(&self, response: &Response<Bytes>) -> Result<(), Refusal> {
        reply::accepted(response)
    }

    fn remedy(&self, fault: &Fault) -> Option<Remedy> {
        Some(match fault.code.as_deref()? {
            "SecurityTokenExpired" | "InvalidSecurityToken" | "InvalidAccessKeyId" => {
                Remedy::RenewKeys
            }
            "RequestTimeTooSkewed" => Remedy::CorrectClock,
            "NoSuchUpload" => Remedy::OpenAnew,
            "CallbackFailed" => Remedy::TellAgain,
            _ => return None,
        })
    }

    fn mask(&self, text: &str) -> String {
        let keys = &self.keys;
        mask(
            text,
            [
                keys.access_key_secret.expose(),
                keys.security_token.expose(),
                keys.access_key_id.expose(),
            ],
        )
    }
}
