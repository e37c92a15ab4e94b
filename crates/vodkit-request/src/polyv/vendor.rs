//! Signing, sealing and judging.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use vodkit_sign::Signature;
use vodkit_sign::polyv::{Signer, token};
use vodkit_types::polyv::operations::{COMMON, COMMON_TOKEN, HOSTS};
use vodkit_types::polyv::{Envelope, FAULT_CODES};
use vodkit_types::{FaultClass, FaultCode, Operation, Param, Secret, Wire};

use crate::base_url::BaseUrl;
use crate::draft::Draft;
use crate::error::{Error, ErrorKind, Refusal};
use crate::judge::{Frame, Verdict, class_of_status_code, judge};
use crate::mask::mask;
use crate::params::Params;
use crate::payload::Payload;
use crate::transport::Timestamp;
use crate::vendor::Vendor;

const SIGN: &str = "sign";
/// Calls that name no host go to this one.
const API: &str = "api";

/// The rules of one Polyv account.
#[derive(Clone, Debug)]
pub struct Polyv {
    user_id: String,
    secret_key: Arc<Secret>,
    /// By the names of the table; in its order.
    hosts: Vec<BaseUrl>,
}

impl Polyv {
    /// An account with its `userid` and its `secretkey`, at the vendor's hosts.
    ///
    /// # Errors
    /// When the id is empty, or cannot stand in a path.
    pub fn new(user_id: impl Into<String>, secret_key: impl Into<Secret>) -> Result<Self, Error> {
        let hosts = HOSTS.iter().map(|host| host.base_url.parse());
        Self::with_hosts(
            user_id.into(),
            secret_key.into(),
            hosts.collect::<Result<_, _>>()?,
        )
    }

    /// The same account with all hosts at one address, such as an emulator's or a gateway's.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn at(
        user_id: impl Into<String>,
        secret_key: impl Into<Secret>,
        base: BaseUrl,
    ) -> Result<Self, Error> {
        Self::with_hosts(user_id.into(), secret_key.into(), vec![base; HOSTS.len()])
    }

    fn with_hosts(user_id: String, secret_key: Secret, hosts: Vec<BaseUrl>) -> Result<Self, Error> {
        if user_id.is_empty() || !user_id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "userid: must be the letters and digits that the console shows, ten of them",
            ));
        }
        Ok(Self {
            user_id,
            secret_key: Arc::new(secret_key),
            hosts,
        })
    }

    /// The account's `userid`.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// The host of most calls.
    pub(super) fn api(&self) -> Result<&BaseUrl, Error> {
        self.host_named(API)
    }

    fn host_named(&self, name: &str) -> Result<&BaseUrl, Error> {
        HOSTS
            .iter()
            .zip(&self.hosts)
            .find(|(host, _)| host.name == name)
            .map(|(_, base)| base)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidInput,
                    format!("the vendor has no host `{name}`"),
                )
            })
    }
}

impl Vendor for Polyv {
    type Credential = Arc<Secret>;
    type Frame<T: Wire> = Envelope<T>;

    const NAME: &'static str = "polyv";
    const FAULT_CODES: &'static [FaultCode] = FAULT_CODES;

    fn class_of_code(code: &str) -> Option<FaultClass> {
        class_of_status_code(code)
    }

    fn credential(&self) -> Option<Arc<Secret>> {
        Some(self.secret_key.clone())
    }

    fn seal(
        &self,
        mut draft: Draft,
        credential: Option<&Arc<Secret>>,
        at: Timestamp,
        entropy: u64,
    ) -> Result<Request<Payload>, Error> {
        draft.must_not_have(SIGN)?;
        let base = self.host_named(draft.operation.host.unwrap_or(API))?;
        let Some(key) = credential else {
            return draft.into_request(base, None, entropy);
        };
        let millis = &at.0;
        match draft.operation.signing {
            Some("token") => {
                draft.params.put_common(&COMMON_TOKEN[0], millis)?;
                draft.params.put_common(&COMMON_TOKEN[1], &self.user_id)?;
                let sign = token_signature(&draft.params, key);
                draft.into_request(base, Some((SIGN, sign.as_str())), entropy)
            }
            rule => {
                draft.params.put_common(&COMMON[0], millis)?;
                draft.params.put_common(&COMMON[1], &self.user_id)?;
                let fields = match rule {
                    None => Fields::All,
                    Some("fixed") => Fields::Fixed(draft.operation),
                    Some(other) => {
                        return Err(Error::new(
                            ErrorKind::InvalidInput,
                            format!("the vendor has no rule `{other}` of signing"),
                        ));
                    }
                };
                let sign = signature(&draft.params, fields, key);
                draft.into_request(base, Some((SIGN, sign.as_str())), entropy)
            }
        }
    }

    fn mask(&self, text: &str, _credential: Option<&Arc<Secret>>) -> String {
        mask(text, [self.secret_key.expose()])
    }

    fn open<T: Wire>(
        &self,
        operation: &'static Operation,
        response: &Response<Bytes>,
    ) -> Result<T, Refusal> {
        judge::<Self, T>(operation, response).map_err(|refusal| explained(refusal, response))
    }
}

/// Some failures call themselves a success in their message and explain themselves in their data (erratum V4.1).
fn explained(refusal: Refusal, response: &Response<Bytes>) -> Refusal {
    let Refusal::Fault(mut fault) = refusal else {
        return refusal;
    };
    if fault.message == "success"
        && let Ok(frame) = serde_json::from_slice::<Envelope<Value>>(response.body())
        && let Some(Value::String(words)) = frame.data
        && !words.is_empty()
    {
        if let Some(known) = FaultCode::of(FAULT_CODES, &frame.code, &words) {
            fault.class = known.class;
            fault.hint = Some(Cow::Borrowed(known.hint));
        }
        fault.message = words;
    }
    Refusal::Fault(fault)
}

impl<T: Wire> Frame<T> for Envelope<T> {
    fn verdict(self, success: &[&str]) -> Verdict<T> {
        Verdict {
            succeeded: self.succeeded(success),
            code: Some(self.code),
            message: self.message,
            request_id: None,
            data: self.data,
        }
    }
}

/// Which parameters the signature covers.
#[derive(Clone, Copy)]
enum Fields {
    All,
    /// The common ones, and those that the table does not take out; nothing undocumented.
    Fixed(&'static Operation),
}

impl Fields {
    fn cover(self, name: &str) -> bool {
        let among = |params: &[Param]| {
            params
                .iter()
                .any(|param| param.name == name && param.signed)
        };
        match self {
            Self::All => true,
            Self::Fixed(operation) => among(COMMON) || among(operation.params),
        }
    }
}

fn signature(params: &Params, fields: Fields, key: &Secret) -> Signature<40> {
    let mut signer = Signer::new();
    for (name, value) in params.iter().filter(|(name, _)| fields.cover(name)) {
        signer.pair(name, value);
    }
    signer.finish(key.expose())
}

fn token_signature(params: &Params, key: &Secret) -> Signature<32> {
    let mut signer = token::Signer::new(key.expose());
    for (name, value) in params.iter() {
        signer.pair(name, value);
    }
    signer.finish()
}

#[cfg(test)]
mod tests {
    use vodkit_types::polyv::operations::GET_PREVIEW_DURATION;

    use super::*;

    #[test]
    fn a_failure_that_calls_itself_a_success_is_explained_by_its_data() {
        let vendor = Polyv::new("u123456789", "test-key-0123456789").expect("an id");
        for (body, message, class) in [
            (
                r#"{"code":400,"message":"success","data":"the video is gone"}"#,
                "the video is gone",
                FaultClass::Permanent,
            ),
            (
                r#"{"code":400,"message":"success","data":"ptime is too old."}"#,
                "ptime is too old.",
                FaultClass::Credential,
            ),
            (
                r#"{"code":400,"message":"vid is blank","data":"words"}"#,
                "vid is blank",
                FaultClass::Permanent,
            ),
            (
                r#"{"code":400,"message":"success","data":""}"#,
                "success",
                FaultClass::Permanent,
            ),
        ] {
            let response = Response::new(Bytes::from_static(body.as_bytes()));
            let refusal = vendor.open::<u64>(&GET_PREVIEW_DURATION, &response);
            let Err(Refusal::Fault(fault)) = refusal else {
                panic!("{body}");
            };
            assert_eq!((fault.message.as_str(), fault.class), (message, class));
            assert!(fault.hint.is_some(), "{body}");
        }
    }
}
