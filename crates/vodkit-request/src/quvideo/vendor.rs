//! Sealing and judging.

use std::sync::Arc;

use http::Request;
use vodkit_types::quvideo::{Envelope, FAULT_CODES};
use vodkit_types::{Body, FaultClass, FaultCode, Secret, Wire};

use crate::base_url::BaseUrl;
use crate::draft::Draft;
use crate::error::{Error, ErrorKind};
use crate::judge::{Frame, Verdict, class_of_status_code};
use crate::mask::mask;
use crate::payload::Payload;
use crate::transport::Timestamp;
use crate::vendor::Vendor;

const TOKEN: &str = "token";

/// The rules of one QuVideo AppServer, with or without a user.
#[derive(Clone, Debug)]
pub struct QuVideo {
    base: BaseUrl,
    token: Option<Arc<Secret>>,
}

impl QuVideo {
    /// The server at this address, nobody logged in: enough for the calls that need no token.
    #[must_use]
    pub fn new(base: BaseUrl) -> Self {
        Self { base, token: None }
    }

    /// The same server with the token of a user, from `user/login`, `user/randomUser`, or a login system of one's own.
    #[must_use]
    pub fn with_token(self, token: impl Into<Secret>) -> Self {
        Self {
            token: Some(Arc::new(token.into())),
            ..self
        }
    }

    /// Where the server is.
    #[must_use]
    pub fn base_url(&self) -> &BaseUrl {
        &self.base
    }
}

impl Vendor for QuVideo {
    type Credential = Arc<Secret>;
    type Frame<T: Wire> = Envelope<T>;

    const NAME: &'static str = "quvideo";
    const FAULT_CODES: &'static [FaultCode] = FAULT_CODES;

    fn class_of_code(code: &str) -> Option<FaultClass> {
        class_of_status_code(code)
    }

    fn credential(&self) -> Option<Arc<Secret>> {
        self.token.clone()
    }

    fn login(&self, _at: Timestamp) -> Result<Request<Payload>, Error> {
        // A user's name and password are not the program's, so there is nothing to log in with by itself.
        Err(Error::new(
            ErrorKind::Credential,
            "this call needs the token of a user, and the client has none",
        )
        .with_hint("Get one with user/randomUser or user/login and give it to the client"))
    }

    fn seal(
        &self,
        mut draft: Draft,
        credential: Option<&Arc<Secret>>,
        _at: Timestamp,
        entropy: u64,
    ) -> Result<Request<Payload>, Error> {
        if let Some(token) = credential {
            draft.must_not_have(TOKEN)?;
            match draft.operation.body {
                Body::Json => draft.params.put_json(TOKEN, &**token)?,
                _ => draft.params.put(TOKEN, &**token)?,
            }
        }
        draft.into_request(&self.base, None, entropy)
    }

    fn mask(&self, text: &str, credential: Option<&Arc<Secret>>) -> String {
        mask(text, credential.into_iter().map(|token| token.expose()))
    }
}

impl<T: Wire> Frame<T> for Envelope<T> {
    fn verdict(self, success: &[&str]) -> Verdict<T> {
        Verdict {
            succeeded: self.succeeded(success),
            code: self.code,
            message: self.message,
            request_id: self.request_id.filter(|id| !id.is_empty()),
            data: self.data,
        }
    }
}
