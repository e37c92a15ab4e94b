//! Logging in, sealing and judging.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Request, Response};
use vodkit_types::mediacloud::operations::LOGIN;
use vodkit_types::mediacloud::{Envelope, FAULT_CODES, Login, LoginTokens, StsToken};
use vodkit_types::{FaultClass, FaultCode, Secret, Wire};

use crate::base_url::BaseUrl;
use crate::draft::Draft;
use crate::error::{DecodeFault, Error, ErrorKind, Refusal};
use crate::exec::draft;
use crate::judge::{Frame, Verdict, class_of_status_code};
use crate::mask::mask;
use crate::payload::Payload;
use crate::transport::Timestamp;
use crate::vendor::{Grant, Vendor};

/// A token is not used in the last minute of its life, in which it may expire on the way.
const MARGIN_SECONDS: i64 = 60;

/// The rules of one MediaCloud account.
#[derive(Clone, Debug)]
pub struct MediaCloud {
    base: BaseUrl,
    key: Key,
}

#[derive(Clone)]
enum Key {
    Password { username: String, password: Secret },
    Token(Arc<Credential>),
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Password { username, .. } => write!(f, "Password of {username:?}"),
            Self::Token(_) => f.write_str("Token"),
        }
    }
}

/// What a login gives.
#[derive(Clone, Debug)]
pub struct Credential {
    /// What calls carry.
    token: Secret,
    /// The keys of the object storage.
    storage: Option<StsToken>,
}

impl Credential {
    /// The keys of the object storage, where the login gave some.
    #[must_use]
    pub fn storage(&self) -> Option<&StsToken> {
        self.storage.as_ref()
    }
}

impl MediaCloud {
    /// An account that logs in with name and password before its first call, and again when its token expires or is refused.
    #[must_use]
    pub fn new(base: BaseUrl, username: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self {
            base,
            key: Key::Password {
                username: username.into(),
                password: password.into(),
            },
        }
    }

    /// An account with a token that the program got elsewhere. It is never renewed.
    #[must_use]
    pub fn with_access_token(base: BaseUrl, token: impl Into<Secret>) -> Self {
        Self {
            base,
            key: Key::Token(Arc::new(Credential {
                token: token.into(),
                storage: None,
            })),
        }
    }

    /// The name that one logs in with, where it does.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        match &self.key {
            Key::Password { username, .. } => Some(username),
            Key::Token(_) => None,
        }
    }

    /// Where the API is.
    #[must_use]
    pub fn base_url(&self) -> &BaseUrl {
        &self.base
    }
}

impl Vendor for MediaCloud {
    type Credential = Arc<Credential>;
    type Frame<T: Wire> = Envelope<T>;

    const NAME: &'static str = "mediacloud";
    const FAULT_CODES: &'static [FaultCode] = FAULT_CODES;

    fn class_of_code(code: &str) -> Option<FaultClass> {
        class_of_status_code(code)
    }

    fn credential(&self) -> Option<Arc<Credential>> {
        match &self.key {
            Key::Token(token) => Some(token.clone()),
            Key::Password { .. } => None,
        }
    }

    fn login(&self, at: Timestamp) -> Result<Request<Payload>, Error> {
        match &self.key {
            Key::Password { username, password } => {
                let endpoint = Login::new(username.clone(), password.clone());
                self.seal(draft(&endpoint, None)?, None, at, 0)
            }
            Key::Token(_) => Err(Error::new(
                ErrorKind::Credential,
                "no name and password to log in with",
            )),
        }
    }

    fn open_login(
        &self,
        response: &Response<Bytes>,
        now: Timestamp,
    ) -> Result<Grant<Arc<Credential>>, Refusal> {
        let tokens: LoginTokens = self.open(&LOGIN, response)?;
        if tokens.jwt.access_token.is_empty() {
            return Err(Refusal::Decode(DecodeFault {
                message: "the vendor gave an empty token".to_owned(),
                field_path: Some("data.jwt.access_token".to_owned()),
            }));
        }
        // Nothing is planned on the refresh token: it dies long before the access token, and no call for it is documented.
        let expires = tokens.jwt.expires_in.map(|seconds| {
            let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
            let margin = MARGIN_SECONDS.min(seconds / 2);
            now.offset((seconds - margin).saturating_mul(1000))
        });
        Ok(Grant {
            credential: Arc::new(Credential {
                token: tokens.jwt.access_token,
                storage: tokens.sts_token,
            }),
            expires,
        })
    }

    fn seal(
        &self,
        draft: Draft,
        credential: Option<&Arc<Credential>>,
        _at: Timestamp,
        entropy: u64,
    ) -> Result<Request<Payload>, Error> {
        let mut request = draft.into_request(&self.base, None, entropy)?;
        if let Some(credential) = credential {
            let value = HeaderValue::try_from(format!("Bearer {}", credential.token.expose()));
            let mut value = value.map_err(|_| {
                Error::new(
                    ErrorKind::Credential,
                    "the token has characters that no header can carry",
                )
            })?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(request)
    }

    fn mask(&self, text: &str, credential: Option<&Arc<Credential>>) -> String {
        let own = match &self.key {
            Key::Password { password, .. } => password.expose(),
            Key::Token(credential) => credential.token.expose(),
        };
        mask(
            text,
            [own]
                .into_iter()
                .chain(credential.map(|credential| credential.token.expose())),
        )
    }
}

impl<T: Wire> Frame<T> for Envelope<T> {
    fn verdict(self, success: &[&str]) -> Verdict<T> {
        Verdict {
            succeeded: self.succeeded(success),
            code: Some(self.code),
            message: self.msg,
            request_id: self.request_id.filter(|id| !id.is_empty()),
            data: self.data,
        }
    }
}
