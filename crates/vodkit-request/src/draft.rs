//! A call before it is sealed, and the HTTP request that is made of it.

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Uri};
use vodkit_types::operation::Body;
use vodkit_types::{Operation, Secret};

use crate::base_url::{BaseUrl, is_plain_path};
use crate::encode;
use crate::error::{Error, ErrorKind};
use crate::multipart::{self, FilePart};
use crate::params::Params;
use crate::payload::{Payload, Segment};

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A call before it is sealed.
#[derive(Debug)]
pub struct Draft {
    /// The entry of the operation table.
    pub operation: &'static Operation,
    /// Business parameters, sorted by name.
    pub params: Params,
    /// The file to send.
    pub file: Option<DraftFile>,
    /// The address, where an earlier call gave it.
    pub target: Option<Secret>,
}

/// A file of a draft, its length known.
#[derive(Debug)]
pub struct DraftFile {
    /// Name of the form field.
    pub field: &'static str,
    /// File name that the vendor is told.
    pub name: String,
    /// The bytes.
    pub content: Segment,
}

impl Draft {
    /// Refuses a draft that holds a parameter which the vendor's rules add themselves.
    ///
    /// # Errors
    /// When the caller has set it.
    pub fn must_not_have(&self, name: &str) -> Result<(), Error> {
        match self.params.get(name) {
            Some(_) => Err(invalid(format!(
                "parameter `{name}`: vodkit computes it; leave it out"
            ))),
            None => Ok(()),
        }
    }

    /// Writes the HTTP request: the parameters where the operation table places them, `signature` (name and value) as the last one.
    ///
    /// # Errors
    /// When no valid address comes of it.
    pub fn into_request(
        mut self,
        base: &BaseUrl,
        signature: Option<(&str, &str)>,
        entropy: u64,
    ) -> Result<Request<Payload>, Error> {
        let method = method(self.operation)?;
        if self.operation.body == Body::Json && (method == Method::GET || signature.is_some()) {
            return Err(invalid(
                "a JSON body goes with no GET and with no signature: both are for forms",
            ));
        }
        let path = self.fill_path()?;
        let address = |query: Option<&str>| match (&self.target, &path) {
            (Some(target), _) => target_address(target),
            (None, Some(path)) => base.uri_of(path, query),
            (None, None) => base.uri(self.operation.path, query),
        };
        let (uri, content_type, body) = if let Some(file) = &self.file {
            let part = FilePart {
                field: file.field,
                file_name: &file.name,
                content: file.content.clone(),
            };
            let pairs = self.params.iter().chain(signature);
            let (content_type, body) = multipart::form(pairs, part, entropy);
            let content_type = HeaderValue::try_from(content_type)
                .map_err(|_| invalid("the form has no valid content type"))?;
            (address(None)?, Some(content_type), body)
        } else if method == Method::GET {
            let query = match (self.params.is_empty(), signature) {
                (true, None) => None,
                _ => Some(self.params.encoded(signature)),
            };
            (address(query.as_deref())?, None, Payload::empty())
        } else if self.operation.body == Body::Json {
            let body = Payload::from(self.params.json().into_bytes());
            (address(None)?, Some(JSON), body)
        } else {
            let body = Payload::from(self.params.encoded(signature).into_bytes());
            (address(None)?, Some(FORM), body)
        };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        if let Some(content_type) = content_type {
            request.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        Ok(request)
    }

    /// The path with its placeholders filled; `None` when it has none, or is an address that the caller gives.
    ///
    /// A parameter that the table places in the path goes nowhere else, nor does one that no table has. But what is signed is sent as well:
    /// the server signs what it receives.
    fn fill_path(&mut self) -> Result<Option<String>, Error> {
        let pattern = self.operation.path;
        if self.target.is_some() {
            return Ok(None);
        }
        if !pattern.contains('{') {
            // The paths of the tables are plain.
            let of_a_table = !self.operation.rust_method.is_empty();
            return if of_a_table || is_plain_path(pattern) {
                Ok(None)
            } else {
                Err(not_a_path(pattern))
            };
        }
        let mut path = String::with_capacity(pattern.len() + 16);
        let mut names = Vec::new();
        let mut rest = pattern;
        while let Some((before, (name, after))) = rest
            .split_once('{')
            .and_then(|(before, tail)| Some((before, tail.split_once('}')?)))
        {
            if name.contains('{') {
                return Err(not_a_path(pattern));
            }
            path.push_str(before);
            let value = self.params.get(name).unwrap_or_default();
            // Clients and servers take these for steps within the path, encoded or not.
            if matches!(value, "" | "." | "..") {
                return Err(invalid(format!(
                    "parameter `{name}`: it is a part of the path, which must not be empty, `.` or `..`"
                )));
            }
            encode::rfc3986(value, &mut path);
            names.push(name);
            rest = after;
        }
        path.push_str(rest);
        // A brace without a partner, or parts that are `.` or `..` together.
        if !is_plain_path(&path) {
            return Err(not_a_path(pattern));
        }
        for name in names {
            // Those of the table go where it places them.
            if !self.operation.is_signed() || self.operation.param(name).is_some() {
                self.params.take_from_path(name);
            }
        }
        Ok(Some(path))
    }
}

fn not_a_path(pattern: &str) -> Error {
    invalid(format!(
        "path `{pattern}`: must have only unreserved characters, %XX and names in braces, and no `.` or `..`"
    ))
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

/// The address that an earlier call gave.
pub(crate) fn target_address(target: &Secret) -> Result<Uri, Error> {
    let uri: Uri = target
        .expose()
        .parse()
        .map_err(|_| invalid("the upload address is not a valid address"))?;
    if uri
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'))
    {
        return Err(invalid("the upload address must not hold a user name"));
    }
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(_)) => Ok(uri),
        _ => Err(invalid(
            "the upload address must start with http:// or https://",
        )),
    }
}

fn method(operation: &Operation) -> Result<Method, Error> {
    match operation.method {
        "POST" => Ok(Method::POST),
        "GET" => Ok(Method::GET),
        other => Method::from_bytes(other.as_bytes())
            .map_err(|_| invalid(format!("`{other}` is not an HTTP method"))),
    }
}
