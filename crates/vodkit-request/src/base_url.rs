//! Where a vendor's API is.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

use crate::error::{Error, ErrorKind};

/// Scheme, host, port and an optional path prefix: `https://demo.at.baijiayun.com`.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    prefix: String,
}

impl BaseUrl {
    /// The address of a path that needs no further encoding.
    ///
    /// # Errors
    /// When path and query together are longer than an address may be (65 534 bytes).
    pub fn uri(&self, path: &'static str, query: Option<&str>) -> Result<Uri, Error> {
        let path_and_query = match query {
            None if self.prefix.is_empty() => Ok(PathAndQuery::from_static(path)),
            None => PathAndQuery::try_from(format!("{}{path}", self.prefix)),
            Some(query) => {
                let mut text =
                    String::with_capacity(self.prefix.len() + path.len() + query.len() + 1);
                text.push_str(&self.prefix);
                text.push_str(path);
                text.push('?');
                text.push_str(query);
                PathAndQuery::try_from(text)
            }
        };
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path_and_query.map_err(|_| too_long())?);
        Uri::from_parts(parts).map_err(|_| too_long())
    }
}

fn too_long() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "the parameters are too long for an address (65 534 bytes)",
    )
}

impl FromStr for BaseUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid = |why: &str| {
            Err(Error::new(
                ErrorKind::InvalidInput,
                format!("base URL: {why}"),
            ))
        };
        let text = text.trim();
        let Ok(uri) = text.parse::<Uri>() else {
            return invalid("not an address like https://example.at.baijiayun.com");
        };
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return invalid("must start with https:// or http:// and name a host");
        };
        if scheme != Scheme::HTTP && scheme != Scheme::HTTPS {
            return invalid("must start with https:// or http://");
        }
        if authority.as_str().contains('@') {
            return invalid("must not hold a user name or password");
        }
        let prefix = match parts.path_and_query {
            Some(path) if path.query().is_some() => return invalid("must not have a query"),
            Some(path) => path.path().trim_end_matches('/').to_owned(),
            None => String::new(),
        };
        Ok(Self {
            scheme,
            authority,
            prefix,
        })
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
