//! What a request is called before anybody has answered it: the names that the journal has afterwards.

use axum::extract::Request;
use http::Method;

use crate::server::{CONTROL, Outcome, Shared};
use crate::storage::Kind;
use crate::{baijiayun, mediacloud, polyv, quvideo};

/// The operation that a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// Folder name of the vendor, if it is a vendor's.
    pub(crate) vendor: Option<&'static str>,
    /// The vendor's name of the call, or the storage's.
    pub(crate) operation: &'static str,
    /// The object storage that answers, if one does.
    pub(crate) storage: Option<Kind>,
}

impl Named {
    /// The name of a request; `None` for what no vendor has.
    pub(crate) fn of(shared: &Shared, request: &Request) -> Option<Self> {
        let path = request.uri().path();
        if request.method() == Method::OPTIONS || path.starts_with(CONTROL) {
            return None;
        }
        if let Some(storage) = Kind::of(shared, request) {
            let (vendor, operation) = storage.name_of(shared, request);
            return Some(Self {
                vendor: Some(vendor),
                operation,
                storage: Some(storage),
            });
        }
        let method = request.method();
        let of = |vendor, operation: Option<&'static str>| {
            operation.map(|operation| Self {
                vendor: Some(vendor),
                operation,
                storage: None,
            })
        };
        of("baijiayun", baijiayun::name_of(path))
            .or_else(|| of("polyv", polyv::name_of(method, path)))
            .or_else(|| of("quvideo", quvideo::name_of(path)))
            .or_else(|| of("mediacloud", mediacloud::name_of(method, path)))
    }

    /// What the journal hears of the request, as far as its name goes.
    pub(crate) fn outcome(self) -> Outcome {
        match self.vendor {
            Some(vendor) => Outcome::of(vendor, self.operation),
            None => Outcome::own(self.operation),
        }
    }
}
