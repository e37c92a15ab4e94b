//! Signing, sealing and judging.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use vodkit_sign::baijiayun::Signer;
use vodkit_types::baijiayun::operations::{COMMON, CREATE_KEY};
use vodkit_types::baijiayun::{CreateKey, Envelope, FAULT_CODES, PartnerKey};
use vodkit_types::{FaultCode, Secret, Wire};

use crate::base_url::BaseUrl;
use crate::draft::Draft;
use crate::error::{DecodeFault, Error, ErrorKind, Refusal};
use crate::exec::draft;
use crate::judge::{Frame, Verdict};
use crate::mask::mask;
use crate::params::Params;
use crate::payload::Payload;
use crate::transport::Timestamp;
use crate::vendor::{Grant, Vendor};

const SIGN: &str = "sign";

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

    type Frame<T: Wire> = Envelope<T>;

    const NAME: &'static str = "baijiayun";
    const FAULT_CODES: &'static [FaultCode] = FAULT_CODES;
    const VAGUE_CODES: &'static [&'static str] = &[GENERAL_FAILURE];

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
        let fetched: PartnerKey = self.open(&CREATE_KEY, response)?;
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
        draft.must_not_have(SIGN)?;
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
        let sign = signature.as_ref().map(|sign| (SIGN, sign.as_str()));
        draft.into_request(&self.base, sign, entropy)
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
}

impl<T: Wire> Frame<T> for Envelope<T> {
    fn verdict(self, success: &[&str]) -> Verdict<T> {
        Verdict {
            succeeded: success.contains(&self.code.as_str()),
            code: Some(self.code),
            message: self.msg,
            request_id: None,
            data: self.data,
        }
    }
}

fn signature(params: &Params, key: &Secret) -> vodkit_sign::Signature<32> {
    let mut signer = Signer::new();
    for (name, value) in params.iter() {
        signer.pair(name, value);
    }
    signer.finish(key.expose())
}
