//! A request to a store, taken apart: bucket, key, query.

use axum::body::Body;
use axum::extract::Request;
use http::{HeaderMap, Method, Uri, header};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use super::dialect::Dialect;
use crate::server::Shared;

/// A request without its body.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    /// Decoded.
    pub(crate) path: String,
    pub(crate) bucket: String,
    /// Decoded; empty when the bucket as a whole is meant.
    pub(crate) key: String,
    /// Decoded, in the order of receipt.
    pub(crate) query: Vec<(String, String)>,
}

impl Asked {
    pub(super) fn take_apart<D: Dialect>(shared: &Shared, request: Request) -> (Self, Body) {
        let (parts, body) = request.into_parts();
        let (bucket, key) = place::<D>(shared, &parts.headers, &parts.uri);
        let asked = Self {
            path: decoded(parts.uri.path()),
            query: parameters(&parts.uri),
            method: parts.method,
            headers: parts.headers,
            bucket,
            key,
        };
        (asked, body)
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter, empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.parameter(name).unwrap_or_default()
    }

    /// All values of a header, without blanks at the ends.
    pub(crate) fn header(&self, name: &str) -> String {
        header_text(&self.headers, name)
    }

    /// Bucket, slash, key: the name of an object in the journal.
    pub(super) fn object(&self) -> String {
        format!("{}/{}", self.bucket, self.key)
    }
}

/// All values of a header, without blanks at the ends.
pub(crate) fn header_text(headers: &HeaderMap, name: &str) -> String {
    let values: Vec<String> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
        .collect();
    values.join(",")
}

/// The moment at which something is checked.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now_ms: i64,
    /// By how much the clock was advanced: a caller's may have followed or not.
    pub(crate) advanced_seconds: i64,
}

impl Moment {
    /// Seconds by which the time of a request may differ from the emulator's clock.
    pub(crate) const TOLERANCE: i64 = 15 * 60;

    pub(super) fn now(shared: &Shared) -> Self {
        Self {
            now_ms: shared.clock.now_ms(),
            advanced_seconds: shared.clock.advanced_seconds(),
        }
    }

    /// How far `stamp` is ahead, in seconds, by the clock that is nearer to it.
    pub(crate) fn ahead(self, stamp: Timestamp) -> i64 {
        let now = self.now_ms.div_euclid(1000);
        [0, self.advanced_seconds]
            .map(|advanced| stamp.as_second() - (now - advanced))
            .into_iter()
            .min_by_key(|ahead| ahead.abs())
            .unwrap_or_default()
    }
}

/// Bucket and key that a request names: the bucket is that of the host, or else the first part of the path.
pub(super) fn place<D: Dialect>(
    shared: &Shared,
    headers: &HeaderMap,
    uri: &Uri,
) -> (String, String) {
    let own =
        bucket_of_host::<D>(shared, headers).or_else(|| D::bucket_of_keys(shared, headers, uri));
    match own {
        Some(bucket) => (bucket, whole(uri.path())),
        None => split(uri.path()),
    }
}

/// The bucket that a host begins with.
pub(super) fn bucket_of_host<D: Dialect>(shared: &Shared, headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let (first, _) = host.split_once('.')?;
    D::with(shared, |store| store.has_bucket(first)).then(|| first.to_owned())
}

/// The path as a key, decoded.
pub(crate) fn whole(path: &str) -> String {
    decoded(path.strip_prefix('/').unwrap_or(path))
}

/// Bucket and key of a path, decoded.
pub(crate) fn split(path: &str) -> (String, String) {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (decoded(bucket), decoded(key))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The parameters of a query, decoded, in the order of receipt.
pub(crate) fn parameters(uri: &Uri) -> Vec<(String, String)> {
    uri.query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}
