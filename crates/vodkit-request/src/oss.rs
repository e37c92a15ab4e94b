//! Alibaba Cloud OSS, the object storage that some vendors have files sent to, whole or in parts.
//!
//! The vendor's API grants place and temporary keys; the object itself goes to the storage, with a signature of its own
//! ([`vodkit_sign::oss`]). Errors come as XML with an HTTP status.

mod reply;
mod target;

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue};
use http::{Method, Request, Uri};
use vodkit_sign::oss;
use vodkit_types::Secret;

use crate::base_url::BaseUrl;
use crate::encode;
use crate::error::{Error, ErrorKind};
use crate::payload::Payload;
use crate::transport::Timestamp;

pub use crate::upload::Stored;
pub use reply::open;
pub(crate) use target::Target;

const CALLBACK: &str = "x-oss-callback";
const SECURITY_TOKEN: &str = "x-oss-security-token";
/// What is sent when the vendor prescribes no type: the object is played from a copy that the vendor makes.
const OCTETS: &str = "application/octet-stream";

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
        self.address(None).ok()?.into_parts().authority
    }

    /// The address of the object. An IP address or `localhost` can neither have the bucket before it nor be one bucket's own: then the bucket
    /// is the first part of the path.
    fn address(&self, query: Option<&str>) -> Result<Uri, Error> {
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
        if bare || self.of_bucket {
            return endpoint.uri_of(&path, query);
        }
        // A bucket that is no label of a host name would change the host.
        let label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.bucket.is_empty() || !self.bucket.bytes().all(label) {
            return Err(Error::new(
                ErrorKind::Decode,
                "the vendor gave a bucket that no host name can begin with",
            ));
        }
        endpoint.with_host_label(&self.bucket)?.uri_of(&path, query)
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
    let about = About {
        method: Method::PUT,
        content_type: OCTETS,
        subresources: &[],
        unsigned: "",
        callback,
    };
    request(place, keys, &about, body, at)
}

/// What a request is about, beside its object.
struct About<'a> {
    method: Method,
    content_type: &'static str,
    /// What of the query is signed, ascending by name.
    subresources: &'a [(&'a str, Option<&'a str>)],
    /// What of the query is not signed.
    unsigned: &'a str,
    callback: Option<&'a str>,
}

fn request(
    place: &Place,
    keys: &Keys,
    about: &About<'_>,
    body: Payload,
    at: Timestamp,
) -> Result<Request<Payload>, Error> {
    let date = http_date(at);
    let token = keys.security_token.expose();
    let own_headers = [
        (CALLBACK, about.callback.unwrap_or_default()),
        (SECURITY_TOKEN, token),
    ];
    let own_headers = &own_headers[usize::from(about.callback.is_none())..];
    let signature = oss::sign(
        &oss::Request {
            verb: about.method.as_str(),
            content_md5: "",
            content_type: about.content_type,
            date: &date,
            headers: own_headers,
            bucket: &place.bucket,
            key: &place.key,
            subresources: about.subresources,
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
    let query = about.query();
    let mut request = Request::new(body);
    *request.method_mut() = about.method.clone();
    *request.uri_mut() = place.address((!query.is_empty()).then_some(query.as_str()))?;
    let headers = request.headers_mut();
    if !about.content_type.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(about.content_type));
    }
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

impl About<'_> {
    fn query(&self) -> String {
        let mut query = String::new();
        for (name, value) in self.subresources {
            if !query.is_empty() {
                query.push('&');
            }
            query.push_str(name);
            if let Some(value) = value {
                query.push('=');
                encode::rfc3986(value, &mut query);
            }
        }
        if !self.unsigned.is_empty() {
            query.push('&');
            query.push_str(self.unsigned);
        }
        query
    }
}

/// `Thu, 01 Jan 1970 00:00:00 GMT`.
fn http_date(at: Timestamp) -> String {
    let since = Duration::from_secs(u64::try_from(at.seconds()).unwrap_or(0));
    let moment: SystemTime = UNIX_EPOCH + since;
    httpdate::fmt_http_date(moment)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oss://{}/{}", self.bucket, self.key)
    }
}
