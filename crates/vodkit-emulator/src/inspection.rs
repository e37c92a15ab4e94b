//! What an outside judge needs: the journal as JSON, and what is stored with its digests.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use axum::extract::{RawQuery, State as Shares};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use serde_json::json;

use crate::form::Form;
use crate::s3;
use crate::server::{Outcome, Shared, json_response};

/// Something that was uploaded and is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stored {
    /// Folder name of the vendor.
    pub vendor: &'static str,
    /// Baijiayun's id of the video, or bucket, slash and key of an object.
    pub id: String,
    /// How many bytes are stored; of a video that is still being uploaded, those without a gap from its start.
    pub bytes: u64,
    /// MD5 of these bytes, in small hexadecimal digits.
    pub md5: String,
    /// Whether all of it is there.
    pub complete: bool,
}

/// Reads all of it: not for the server's own thread.
pub(crate) fn list(shared: &Shared) -> io::Result<Vec<Stored>> {
    let videos = shared.baijiayun.with(|state| state.sources());
    let mut all = Vec::new();
    for (id, blob, bytes, complete) in videos {
        all.push(Stored {
            vendor: "baijiayun",
            id: id.to_string(),
            bytes,
            md5: blob.md5(bytes)?,
            complete,
        });
    }
    // The stores know the digests of their objects.
    all.extend(shared.oss.with(|store| store.stored()));
    all.extend(shared.s3.with(|store| s3::stored(store)));
    Ok(all)
}

fn refused(operation: &'static str, why: String) -> Response {
    let body = json!({ "status": "error", "message": why });
    json_response(
        StatusCode::BAD_REQUEST,
        &body,
        Outcome::own(operation).notes([why]),
    )
}

/// The numbers of a query, each of a name that is known.
fn numbers(query: Option<&str>, known: &[&str]) -> Result<BTreeMap<String, u64>, String> {
    let form = Form::urlencoded(query.unwrap_or_default());
    let mut numbers = BTreeMap::new();
    for (name, _) in form.pairs() {
        if !known.contains(&name) {
            let known = match known {
                [] => "there are none".to_owned(),
                known => format!("known are {}", known.join(", ")),
            };
            return Err(format!("unknown parameter {name:?}; {known}"));
        }
        let number = form
            .required_number(name)
            .map_err(|bad| format!("parameter {name}: {}", bad.problem))?;
        numbers.insert(name.to_owned(), number);
    }
    Ok(numbers)
}

/// Answers `GET /_vodkit/journal`: the records after a sequence number, so many at most.
pub(crate) async fn journal(
    Shares(shared): Shares<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    let operation = "read journal";
    let numbers = match numbers(query.as_deref(), &["after", "limit"]) {
        Ok(numbers) => numbers,
        Err(why) => return refused(operation, why),
    };
    let after = numbers.get("after").copied().unwrap_or(0);
    let limit = numbers.get("limit").copied().unwrap_or(u64::MAX);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (records, more) = shared.journal.with(|journal| journal.after(after, limit));
    let body = json!({ "status": "ok", "records": records, "more": more });
    json_response(StatusCode::OK, &body, Outcome::own(operation))
}

/// Answers `GET /_vodkit/stored`.
pub(crate) async fn stored(
    Shares(shared): Shares<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> Response {
    let operation = "list stored";
    if let Err(why) = numbers(query.as_deref(), &[]) {
        return refused(operation, why);
    }
    let listed = tokio::task::spawn_blocking(move || list(&shared)).await;
    let listed = listed.map_err(io::Error::other).and_then(|listed| listed);
    match listed {
        Ok(stored) => {
            let body = json!({ "status": "ok", "stored": stored });
            json_response(StatusCode::OK, &body, Outcome::own(operation))
        }
        Err(error) => {
            let why = format!("the stored bytes cannot be read: {error}");
            let body = json!({ "status": "error", "message": why });
            let outcome = Outcome::own(operation).notes([why]);
            json_response(StatusCode::INTERNAL_SERVER_ERROR, &body, outcome)
        }
    }
}
