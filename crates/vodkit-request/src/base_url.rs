//! Where a vendor's API is.

use std::fmt;
use std::str::FromStr;

use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};

use crate::error::{Error, ErrorKind};

/// Scheme, host, port and an optional path prefix: `https://vod.example.com`.
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
    /// When the path does not begin with a slash, or path and query make no valid address (at most 65 534 bytes).
    pub fn uri(&self, path: &'static str, query: Option<&str>) -> Result<Uri, Error> {
        if query.is_none() && self.prefix.is_empty() {
            let path_and_query =
                PathAndQuery::from_maybe_shared(Bytes::from_static(path.as_bytes()));
            return self.join(path, path_and_query);
        }
        self.uri_of(path, query)
    }

    /// As [`uri`](Self::uri), for a path that was put together at run time.
    ///
    /// # Errors
    /// As [`uri`](Self::uri).
    pub fn uri_of(&self, path: &str, query: Option<&str>) -> Result<Uri, Error> {
        let mut text = String::with_capacity(
            self.prefix.len() + path.len() + query.map_or(0, |query| query.len() + 1),
        );
        text.push_str(&self.prefix);
        text.push_str(path);
        if let Some(query) = query {
            text.push('?');
            text.push_str(query);
        }
        self.join(path, PathAndQuery::try_from(text))
    }

    /// The host, without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// The same address with one label more in front of its host name.
    ///
    /// # Errors
    /// When that gives no host name.
    pub fn with_host_label(&self, label: &str) -> Result<Self, Error> {
        let authority = format!("{label}.{}", self.authority);
        Ok(Self {
            scheme: self.scheme.clone(),
            authority: authority.parse().map_err(|_| not_an_address())?,
            prefix: self.prefix.clone(),
        })
    }

    /// Another host, with or without a port, by the same scheme.
    ///
    /// # Errors
    /// When it is none.
    pub fn at_host(&self, host: &str) -> Result<Self, Error> {
        format!("{}://{host}", self.scheme).parse()
    }

    fn join(
        &self,
        path: &str,
        path_and_query: Result<PathAndQuery, http::uri::InvalidUri>,
    ) -> Result<Uri, Error> {
        if !path.starts_with('/') {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                format!("path `{path}`: must begin with a slash"),
            ));
        }
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(path_and_query.map_err(|_| not_an_address())?);
        Uri::from_parts(parts).map_err(|_| not_an_address())
    }
}

fn not_an_address() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "path and parameters make no valid address: an address has at most 65 534 bytes, and a path only unreserved characters",
    )
}

/// Whether both HTTP clients send the path as it is.
pub(crate) fn is_plain_path(path: &str) -> bool {
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let plain = match byte {
            b'%' => {
                matches!((rest.next(), rest.next()), (Some(high), Some(low)) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
            }
            b'/' | b'-' | b'.' | b'_' | b'~' => true,
            other => other.is_ascii_alphanumeric(),
        };
        if !plain {
            return false;
        }
    }
    !path
        .split('/')
        .any(|segment| segment == "." || segment == "..")
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
        if text.contains('#') {
            return invalid("must not have a fragment");
        }
        let Ok(uri) = text.parse::<Uri>() else {
            return invalid("not an address like https://vod.example.com");
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
        let host = authority.host();
        if host.is_empty()
            || !host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte))
        {
            return invalid("must name a host");
        }
        if authority.as_str().len() > host.len() && authority.port_u16().is_none() {
            return invalid("the port must be a number up to 65535");
        }
        let prefix = match parts.path_and_query {
            Some(path) if path.query().is_some() => return invalid("must not have a query"),
            Some(path) => path.path().trim_end_matches('/').to_owned(),
            None => String::new(),
        };
        if !is_plain_path(&prefix) {
            return invalid(
                "the path may have only unreserved characters and %XX, and no `.` or `..`",
            );
        }
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
