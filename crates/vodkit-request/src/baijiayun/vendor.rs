//! Signing, sealing and judging.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, Uri};
use vodkit_sign::baijiayun::Signer;
use vodkit_types::baijiayun::operations::COMMON;
use vodkit_types::baijiayun::{CreateKey, Envelope, FAULT_CODES, Ignored, PartnerKey};
use vodkit_types::{FaultClass, Operation, Secret, Wire};

use crate::base_url::BaseUrl;
use crate::error::{DecodeFault, Error, ErrorKind, Fault, Refusal, class_of};
use crate::exec::draft;
use crate::mask::mask;
use crate::multipart::{self, FilePart};
use crate::params::Params;
use crate::payload::Payload;
use crate::transport::Timestamp;
use crate::vendor::{Draft, Grant, Vendor};

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// The code that stands for every failure without a code of its own.
const GENERAL_FAILURE: &str = "1";

/// The rules of one Baijiayun account.
#[derive(Clone, Debug)]
pub struct Baijiayun {
    partner_id: u64,
    key: Key,
    base: BaseUrl,
}

#[derive(Clone, Debug)]
enum Key {
    Partner(Arc<Secret>),
    FetchedWith(Arc<Secret>),
}

impl Baijiayun {
    /// An account with its partner key, which signs the calls.
    #[must_use]
    pub fn new(partner_id: u64, partner_key: impl Into<Secret>, base: BaseUrl) -> Self {
        Self {
            partner_id,
            key: Key::Partner(Arc::new(partner_key.into())),
            base,
        }
    }

    /// An account of which only the secret key is known: the partner key is fetched with `partner/createkey` before the first
    /// signed call, and again when the vendor refuses a signature. The key is read, never regenerated.
    #[must_use]
    pub fn with_secret_key(partner_id: u64, secret_key: impl Into<Secret>, base: BaseUrl) -> Self {
        Self {
            partner_id,
            key: Key::FetchedWith(Arc::new(secret_key.into())),
            base,
        }
    }

    /// The account's number.
    #[must_use]
    pub fn partner_id(&self) -> u64 {
        self.partner_id
    }

    /// Where the API is.
    #[must_use]
    pub fn base_url(&self) -> &BaseUrl {
        &self.base
    }

    fn target(&self, draft: &Draft, query: Option<&str>) -> Result<Uri, Error> {
        let Some(target) = &draft.target else {
            return self.base.uri(draft.operation.path, query);
        };
        let uri: Uri = target.expose().parse().map_err(|_| {
            Error::new(
                ErrorKind::InvalidInput,
                "the upload address is not a valid address",
            )
        })?;
        if uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'))
        {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "the upload address must not hold a user name",
            ));
        }
        match (uri.scheme_str(), uri.host()) {
            (Some("http" | "https"), Some(_)) => Ok(uri),
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                "the upload address must start with http:// or https://",
            )),
        }
    }
}

/// The base URL of an account's private domain (专属域名): `demo` stands for `https://demo.at.baijiayun.com`.
///
/// # Errors
/// When it is not a single host label.
pub fn private_domain_url(domain: &str) -> Result<BaseUrl, Error> {
    let label = !domain.is_empty()
        && domain.len() <= 63
        && domain
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !domain.starts_with('-')
        && !domain.ends_with('-');
    if !label {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            format!("private domain `{domain}`: give only the part before .at.baijiayun.com"),
        ));
    }
    format!("https://{domain}.at.baijiayun.com").parse()
}

impl Vendor for Baijiayun {
    type Credential = Arc<Secret>;

    const NAME: &'static str = "baijiayun";

    fn credential(&self) -> Option<Arc<Secret>> {
        match &self.key {
            Key::Partner(key) => Some(key.clone()),
            Key::FetchedWith(_) => None,
        }
    }

    fn login(&self, at: Timestamp) -> Result<Request<Payload>, Error> {
        match &self.key {
            Key::FetchedWith(secret) => {
                let endpoint = CreateKey::new(self.partner_id, Secret::clone(secret));
                self.seal(draft(&endpoint, None)?, None, at, 0)
            }
            Key::Partner(_) => Err(Error::new(
                ErrorKind::Credential,
                "no secret key to fetch a partner key with",
            )),
        }
    }

    fn open_login(
        &self,
        response: &Response<Bytes>,
        _now: Timestamp,
    ) -> Result<Grant<Arc<Secret>>, Refusal> {
        let fetched: PartnerKey =
            self.open(&vodkit_types::baijiayun::operations::CREATE_KEY, response)?;
        if fetched.partner_key.is_empty() {
            return Err(Refusal::Decode(DecodeFault {
                message: "the vendor gave an empty partner key".to_owned(),
                field_path: Some("data.partner_key".to_owned()),
            }));
        }
        Ok(Grant {
            credential: Arc::new(fetched.partner_key),
            expires: None,
        })
    }

    fn seal(
        &self,
        mut draft: Draft,
        credential: Option<&Arc<Secret>>,
        at: Timestamp,
        entropy: u64,
    ) -> Result<Request<Payload>, Error> {
        if draft.params.get("sign").is_some() {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "parameter `sign`: vodkit computes it; leave it out",
            ));
        }
        let signature = match credential {
            None => None,
            Some(key) => {
                let [partner_id, timestamp] = COMMON else {
                    return Err(Error::new(
                        ErrorKind::InvalidInput,
                        "the common parameters are not partner_id and timestamp",
                    ));
                };
                draft.params.put_common(partner_id, &self.partner_id)?;
                draft.params.put_common(timestamp, &at.seconds())?;
                Some(signature(&draft.params, key))
            }
        };
        let sign = signature
            .as_ref()
            .map(|signature| ("sign", signature.as_str()));
        let method = method(draft.operation)?;
        let (uri, content_type, body) = if let Some(file) = &draft.file {
            let part = FilePart {
                field: file.field,
                file_name: &file.name,
                content: file.content.clone(),
            };
            let (content_type, body) =
                multipart::form(draft.params.iter().chain(sign), part, entropy);
            let content_type = HeaderValue::try_from(content_type).map_err(|_| {
                Error::new(
                    ErrorKind::InvalidInput,
                    "the form has no valid content type",
                )
            })?;
            (self.target(&draft, None)?, Some(content_type), body)
        } else if method == Method::GET {
            (
                self.target(&draft, Some(&draft.params.encoded(sign)))?,
                None,
                Payload::empty(),
            )
        } else {
            (
                self.target(&draft, None)?,
                Some(FORM),
                Payload::from(draft.params.encoded(sign).into_bytes()),
            )
        };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        if let Some(content_type) = content_type {
            request.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        Ok(request)
    }

    fn mask(&self, text: &str, credential: Option<&Arc<Secret>>) -> String {
        let (Key::Partner(own) | Key::FetchedWith(own)) = &self.key;
        mask(
            text,
            [own.expose()]
                .into_iter()
                .chain(credential.map(|key| key.expose())),
        )
    }

    fn open<T: Wire>(
        &self,
        operation: &'static Operation,
        response: &Response<Bytes>,
    ) -> Result<T, Refusal> {
        let Ok(text) = std::str::from_utf8(response.body()) else {
            return Err(
                Refusal::from_status(response).unwrap_or_else(|| Refusal::not_json(response, None))
            );
        };
        // Some PHP files begin with a byte order mark, which then begins every reply.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match serde_json::from_str::<Envelope<T>>(text) {
            Ok(envelope) if operation.success.contains(&envelope.code.as_str()) => {
                if let Some(refusal) = Refusal::from_status(response) {
                    return Err(refusal);
                }
                envelope.data.or_else(T::absent).ok_or_else(|| {
                    Refusal::Decode(DecodeFault {
                        message: format!("the vendor reports success but sent no {}", T::EXPECTED),
                        field_path: Some("data".to_owned()),
                    })
                })
            }
            Ok(envelope) => Err(self.fault(envelope.code, envelope.msg, response)),
            // What a failure carries as `data` is not what a success carries: look at the frame alone.
            Err(_) => match serde_json::from_str::<Envelope<Ignored>>(text) {
                Ok(envelope) if !operation.success.contains(&envelope.code.as_str()) => {
                    Err(self.fault(envelope.code, envelope.msg, response))
                }
                Ok(_) => Err(Refusal::from_status(response)
                    .unwrap_or_else(|| Refusal::Decode(explain::<T>(text)))),
                Err(error) => Err(Refusal::from_status(response)
                    .unwrap_or_else(|| Refusal::not_json(response, Some(&error)))),
            },
        }
    }
}

impl Baijiayun {
    fn fault(&self, code: String, message: String, response: &Response<Bytes>) -> Refusal {
        let known = FAULT_CODES.iter().find(|known| known.code == code);
        // The general code says less than an HTTP status that is not 200.
        let class = match (known, class_of(response.status())) {
            (Some(known), _) if known.code != GENERAL_FAILURE => known.class,
            (_, Some(class)) => class,
            (Some(known), None) => known.class,
            (None, None) => FaultClass::Permanent,
        };
        let message = match known {
            _ if !message.is_empty() => message,
            Some(known) => known.meaning.to_owned(),
            None => "the vendor gave no message".to_owned(),
        };
        Refusal::Fault(Fault {
            code: Some(code),
            message,
            class,
            hint: known
                .filter(|known| !known.hint.is_empty())
                .map(|known| Cow::Borrowed(known.hint)),
            request_id: None,
        })
    }
}

fn signature(params: &Params, key: &Secret) -> vodkit_sign::Signature<32> {
    let mut signer = Signer::new();
    for (name, value) in params.iter() {
        signer.pair(name, value);
    }
    signer.finish(key.expose())
}

fn method(operation: &Operation) -> Result<Method, Error> {
    match operation.method {
        "POST" => Ok(Method::POST),
        "GET" => Ok(Method::GET),
        other => Method::from_bytes(other.as_bytes()).map_err(|_| {
            Error::new(
                ErrorKind::InvalidInput,
                format!("`{other}` is not an HTTP method"),
            )
        }),
    }
}

/// Decodes again, this time keeping track of where it is: only failures pay for that.
fn explain<T: Wire>(text: &str) -> DecodeFault {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, Envelope<T>>(&mut deserializer) {
        Ok(_) => DecodeFault {
            message: "the reply has something after its end".to_owned(),
            field_path: None,
        },
        Err(error) => {
            let field_path = error.path().to_string();
            DecodeFault {
                message: format!("the reply is not as documented: {}", error.into_inner()),
                field_path: Some(field_path),
            }
        }
    }
}
