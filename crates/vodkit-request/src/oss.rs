//! Alibaba Cloud OSS, the object storage that some vendors have files sent to: one object in one request.
//!
//! The vendor's API grants place and temporary keys; the object itself goes to the storage, with a signature of its own
//! ([`vodkit_sign::oss`]). Errors come as XML with an HTTP status.

mod delivery;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, ETAG, HeaderValue};
use http::{Method, Request, Response, StatusCode, Uri};
use md5::{Digest as _, Md5};
use vodkit_sign::oss;
use vodkit_types::{FaultClass, Secret};

use crate::base_url::BaseUrl;
use crate::crc64::Crc64;
use crate::encode;
use crate::error::{DecodeFault, Error, ErrorKind, Fault, Refusal, class_of};
use crate::payload::Payload;
use crate::transport::Timestamp;

pub(crate) use delivery::{Delivery, Next, Target, of_video};

const CALLBACK: &str = "x-oss-callback";
const SECURITY_TOKEN: &str = "x-oss-security-token";
/// What is sent when the vendor prescribes no type: the object is played from a copy that the vendor makes.
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// Where an object goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Address of the storage.
    pub endpoint: BaseUrl,
    /// Whether `endpoint` is the bucket's own, such as a host name of the vendor's that leads to it. Otherwise the bucket is put before the
    /// host name.
    pub of_bucket: bool,
    /// The bucket.
    pub bucket: String,
    /// Key of the object, not percent-encoded.
    pub key: String,
}

impl Place {
    fn host(&self) -> Option<http::uri::Authority> {
        self.address().ok()?.into_parts().authority
    }

    /// The address of the object. An IP address or `localhost` can neither have the bucket before it nor be one bucket's own: then the bucket
    /// is the first part of the path.
    fn address(&self) -> Result<Uri, Error> {
        let endpoint = &self.endpoint;
        let mut path = String::with_capacity(self.key.len() + self.bucket.len() + 2);
        let host = endpoint.host();
        let bare = host == "localhost"
            || host.starts_with('[')
            || host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if bare {
            path.push('/');
            encode::rfc3986(&self.bucket, &mut path);
        }
        for part in self.key.split('/') {
            if matches!(part, "" | "." | "..") {
                return Err(Error::new(
                    ErrorKind::Decode,
                    "the vendor gave a key for the object that no address can hold",
                ));
            }
            path.push('/');
            encode::rfc3986(part, &mut path);
        }
        if bare {
            return endpoint.uri_of(&path, None);
        }
        if self.of_bucket {
            return endpoint.uri_of(&path, None);
        }
        // A bucket that is no label of a host name would change the host.
        let label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.bucket.is_empty() || !self.bucket.bytes().all(label) {
            return Err(Error::new(
                ErrorKind::Decode,
                "the vendor gave a bucket that no host name can begin with",
            ));
        }
        endpoint.with_host_label(&self.bucket)?.uri_of(&path, None)
    }
}

/// Temporary keys for the storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Id of the key.
    pub access_key_id: Secret,
    /// The key that signs.
    pub access_key_secret: Secret,
    /// Goes with every request.
    pub security_token: Secret,
}

/// The request that stores an object.
///
/// With a `callback`, JSON in base64, the storage tells the vendor of the object before it replies.
///
/// # Errors
/// When place or keys cannot stand in a request.
pub fn put_object(
    place: &Place,
    keys: &Keys,
    callback: Option<&str>,
    body: Payload,
    at: Timestamp,
) -> Result<Request<Payload>, Error> {
    let date = http_date(at);
    let token = keys.security_token.expose();
    let own_headers = [
        (CALLBACK, callback.unwrap_or_default()),
        (SECURITY_TOKEN, token),
    ];
    let own_headers = &own_headers[usize::from(callback.is_none())..];
    let signature = oss::sign(
        &oss::Request {
            verb: "PUT",
            content_md5: "",
            content_type: "application/octet-stream",
            date: &date,
            headers: own_headers,
            bucket: &place.bucket,
            key: &place.key,
            subresources: &[],
        },
        keys.access_key_secret.expose(),
    );
    let authorization = format!("OSS {}:{}", keys.access_key_id.expose(), signature.as_str());
    let header = |text: &str| {
        let mut value = HeaderValue::try_from(text).map_err(|_| {
            Error::new(
                ErrorKind::Decode,
                "the vendor gave keys that no header can carry",
            )
        })?;
        value.set_sensitive(true);
        Ok::<_, Error>(value)
    };
    let mut request = Request::new(body);
    *request.method_mut() = Method::PUT;
    *request.uri_mut() = place.address()?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, OCTETS);
    headers.insert(
        DATE,
        HeaderValue::try_from(date)
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "the clock shows no date"))?,
    );
    for (name, value) in own_headers {
        headers.insert(*name, header(value)?);
    }
    headers.insert(AUTHORIZATION, header(&authorization)?);
    Ok(request)
}

/// `Thu, 01 Jan 1970 00:00:00 GMT`.
fn http_date(at: Timestamp) -> String {
    let since = Duration::from_secs(u64::try_from(at.seconds()).unwrap_or(0));
    let moment: SystemTime = UNIX_EPOCH + since;
    httpdate::fmt_http_date(moment)
}

/// What the storage says of an object that it has stored.
///
/// An upload of bytes in memory has compared both with what was sent, and fails when one of them disagrees. A file is read by the transport
/// while it is sent, and is not compared yet: compare one of them with a digest of your own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// Tag of the content: for an object sent in one request its MD5, upper case.
    pub etag: Option<String>,
    /// CRC-64 of the content (ECMA-182, as XZ has it), decimal.
    pub crc64: Option<u64>,
}

impl Stored {
    /// Which digest shows that the storage has other bytes than these.
    fn differs_from(&self, bytes: &[u8]) -> Option<&'static str> {
        if self.crc64.is_some_and(|crc64| crc64 != Crc64::of(bytes)) {
            return Some("CRC-64");
        }
        // A tag of another form is no MD5.
        let md5 = |tag: &&String| tag.len() == 32 && tag.bytes().all(|b| b.is_ascii_hexdigit());
        let theirs = self.etag.as_ref().filter(md5)?;
        let ours: String = Md5::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        (!theirs.eq_ignore_ascii_case(&ours)).then_some("MD5")
    }
}

/// Reads the reply to [`put_object`].
///
/// # Errors
/// The storage's refusal: its code as text, classed. An object that was stored without the vendor taking note of it (`CallbackFailed`) counts
/// as one: it has to be sent again.
pub fn open(response: &Response<Bytes>) -> Result<Stored, Refusal> {
    let header = |name: &str| response.headers().get(name)?.to_str().ok();
    // With this status the object is stored, and the vendor has not taken note of it.
    let untold = response.status() == StatusCode::NON_AUTHORITATIVE_INFORMATION;
    let by_status = if untold {
        Some(FaultClass::Transient)
    } else {
        class_of(response.status())
    };
    let Some(by_status) = by_status else {
        let Some(tag) = header(ETAG.as_str()) else {
            return Err(Refusal::Decode(DecodeFault {
                message: "the reply is not that of the object storage: it has no ETag".to_owned(),
                field_path: None,
            }));
        };
        return Ok(Stored {
            etag: Some(tag.trim_matches('"').to_owned()),
            crc64: header("x-oss-hash-crc64ecma").and_then(|crc| crc.parse().ok()),
        });
    };
    let text = String::from_utf8_lossy(response.body());
    let Some(code) = element(&text, "Code") else {
        let refusal = Refusal::from_status(response);
        return Err(refusal.unwrap_or_else(|| Refusal::not_json(response, None)));
    };
    let class = match code {
        "AccessDenied"
        | "InvalidAccessKeyId"
        | "SecurityTokenExpired"
        | "InvalidSecurityToken"
        | "SignatureDoesNotMatch"
        | "RequestTimeTooSkewed" => FaultClass::Credential,
        "SlowDown" | "QpsLimitExceeded" | "DownloadTrafficRateLimitExceeded" => {
            FaultClass::Throttled
        }
        "InternalError" | "RequestTimeout" | "ServiceUnavailable" => FaultClass::Transient,
        _ => by_status,
    };
    Err(Refusal::Fault(Fault {
        code: Some(code.to_owned()),
        message: element(&text, "Message")
            .unwrap_or("the storage gave no message")
            .to_owned(),
        class,
        hint: Some(hint(code).into()),
        request_id: element(&text, "RequestId").map(str::to_owned),
    }))
}

fn hint(code: &str) -> &'static str {
    match code {
        "RequestTimeTooSkewed" => {
            "Set this machine's clock: the storage allows a difference of 15 minutes"
        }
        "SecurityTokenExpired" => "The keys have expired; ask for new ones",
        "NoSuchBucket" | "AccessDenied" => {
            "The keys are good for the place only that came with them"
        }
        "CallbackFailed" => {
            "The object is stored, but the vendor has not taken note of it: send it again"
        }
        _ => "This is the object storage, not the vendor's API",
    }
}

/// The text of the first element of this name, in XML as the storage sends it: no attributes, no nesting.
fn element<'t>(xml: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.trim())
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oss://{}/{}", self.bucket, self.key)
    }
}
