//! What a request to a store wants.

use http::Method;

/// An operation that both stores have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Put,
    Get,
    Head,
    Initiate,
    UploadPart,
    Complete,
    Abort,
    ListParts,
    ListUploads,
    /// Nothing that is played here.
    Unknown,
}

impl Operation {
    /// The operation of a method and a decoded query on a key, which is empty where the bucket as a whole is meant.
    pub(super) fn of(method: &Method, key: &str, query: &[(String, String)]) -> Self {
        let has = |name| query.iter().any(|(have, _)| have == name);
        match *method {
            Method::GET if key.is_empty() && has("uploads") => Self::ListUploads,
            _ if key.is_empty() => Self::Unknown,
            Method::POST if has("uploads") => Self::Initiate,
            Method::POST if has("uploadId") => Self::Complete,
            Method::PUT if has("uploadId") => Self::UploadPart,
            Method::PUT => Self::Put,
            Method::DELETE if has("uploadId") => Self::Abort,
            Method::GET if has("uploadId") => Self::ListParts,
            Method::GET => Self::Get,
            Method::HEAD => Self::Head,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: Method, key: &str, query: &[&str]) -> Operation {
        let query: Vec<(String, String)> = query
            .iter()
            .map(|name| ((*name).to_owned(), String::new()))
            .collect();
        Operation::of(&method, key, &query)
    }

    #[test]
    fn method_key_and_query_tell_the_operation() {
        let part = ["partNumber", "uploadId"];
        for (method, key, query, operation) in [
            (Method::PUT, "k", &[][..], Operation::Put),
            (Method::PUT, "k", &part[..], Operation::UploadPart),
            (Method::POST, "k", &["uploads"], Operation::Initiate),
            (Method::POST, "k", &["uploadId"], Operation::Complete),
            (Method::DELETE, "k", &["uploadId"], Operation::Abort),
            (Method::GET, "k", &["uploadId"], Operation::ListParts),
            (
                Method::GET,
                "",
                &["uploads", "prefix"],
                Operation::ListUploads,
            ),
            (Method::GET, "k", &["x-id"], Operation::Get),
            (Method::HEAD, "k", &[], Operation::Head),
        ] {
            assert_eq!(of(method, key, query), operation);
        }
        for (method, key) in [
            (Method::DELETE, "k"),
            (Method::POST, "k"),
            (Method::PATCH, "k"),
            (Method::PUT, ""),
            (Method::GET, ""),
            (Method::HEAD, ""),
        ] {
            assert_eq!(of(method, key, &[]), Operation::Unknown);
        }
    }
}
