//! MediaCloud (芒果TV): the login, categories, and files of an object storage registered as media.
//!
//! The keys of a login are for a storage that speaks S3, with the buckets that the emulator was set up with.

mod assumptions;
mod body;
mod category;
mod credential;
mod envelope;
mod media;
mod session;
mod state;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State as Shares};
use axum::response::Response;
use axum::routing::any;
use http::StatusCode;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use vodkit_types::mediacloud::operations;
use vodkit_types::operation::{Auth, Operation, Place};

use crate::clock;
use crate::journal::{Change, Effect};
use crate::server::{Shared, json_response};
use body::Body;
use envelope::{Fault, NOT_FOUND, Success};

pub use assumptions::ASSUMPTIONS;
pub(crate) use credential::from_variables;
pub use credential::{Account, DEFAULT_BUCKET, DEFAULT_PASSWORD, DEFAULT_USERNAME};
pub(crate) use session::expire_token;
pub(crate) use state::{State, StorageKey};

/// How long an access token lives when nothing else is said, as in the page's sample.
pub(crate) const DEFAULT_TOKEN_LIFETIME: Duration = Duration::from_secs(36_000);

/// A call while it is answered. The state is locked meanwhile, so a handler never waits.
pub(crate) struct Call<'a> {
    state: &'a mut State,
    /// User name of the account whose token was checked; empty for the login.
    owner: String,
    body: &'a Body,
    /// The id in the path, where the path has one.
    path_id: &'a str,
    /// Whether the storage has the file that the body names.
    file_exists: bool,
    now_ms: i64,
    transcode_ms: i64,
    token_lifetime_ms: i64,
    effects: Vec<Effect>,
}

impl Call<'_> {
    fn changed(&mut self, kind: &'static str, id: &str, change: Change) {
        self.effects.push(Effect::Thing {
            vendor: "mediacloud",
            kind,
            id: id.to_owned(),
            change,
        });
    }
}

type Handler = fn(&mut Call<'_>) -> Result<Success, Fault>;

/// Every call that can be read of on the vendor's pages.
const ROUTES: [(&Operation, Handler); 5] = [
    (&operations::LOGIN, session::login),
    (&operations::GET_MEDIA, media::get),
    (&operations::REGISTER_MEDIA, media::register),
    (&operations::CREATE_CATEGORY, category::create),
    (&operations::DELETE_CATEGORIES, category::delete),
];

/// The paths of this vendor.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    let mut router = Router::new();
    for path in distinct_paths() {
        let answer =
            move |shares: Shares<Arc<Shared>>, request: Request| serve(shares, path, request);
        router = router.route(path, any(answer));
    }
    router
}

/// What a request to this path is called in the journal.
pub(crate) fn name_of(method: &http::Method, path: &str) -> Option<&'static str> {
    let fits = |template: &str| {
        let (mut wanted, mut have) = (template.split('/'), path.split('/'));
        loop {
            match (wanted.next(), have.next()) {
                (None, None) => return true,
                (Some("{id}"), Some(id)) if !id.is_empty() => {}
                (Some(word), Some(text)) if word == text => {}
                _ => return false,
            }
        }
    };
    let here = || {
        let operations = ROUTES.iter().map(|(operation, _)| *operation);
        operations.filter(|operation| fits(operation.path))
    };
    here()
        .find(|operation| operation.method == method)
        .or_else(|| here().next())
        .map(|operation| operation.name)
}

/// The paths that a caller may have meant.
pub(crate) fn paths() -> Vec<String> {
    distinct_paths().into_iter().map(str::to_owned).collect()
}

fn distinct_paths() -> BTreeSet<&'static str> {
    ROUTES.iter().map(|(operation, _)| operation.path).collect()
}

/// What the health check tells of this vendor.
pub(crate) fn health(shared: &Shared) -> Value {
    shared.mediacloud.with(|state| {
        json!({
            "accounts": state.accounts().len(),
            "media": state.media.len(),
            "categories": state.categories.len(),
        })
    })
}

/// Answers whatever comes to one of the paths.
async fn serve(
    Shares(shared): Shares<Arc<Shared>>,
    path: &'static str,
    request: Request,
) -> Response {
    let here = || {
        ROUTES
            .iter()
            .filter(|(operation, _)| operation.path == path)
    };
    let asked = here().find(|(operation, _)| operation.method == request.method());
    let Some((operation, handler)) = asked else {
        let methods: Vec<&str> = here().map(|(operation, _)| operation.method).collect();
        let problem = format!("{} is not one of {}", request.method(), methods.join(", "));
        let fault = Fault::new(NOT_FOUND, problem).assumed("wrong-method");
        let name = here().next().map_or(path, |(operation, _)| operation.name);
        return answer(&shared, name, Err(fault), Vec::new(), None);
    };
    let (parts, stream) = request.into_parts();
    // Only a call with members in a body is asked for one.
    let has_body = operation
        .params
        .iter()
        .any(|param| param.place == Place::Json);
    let body = if has_body {
        Body::read(&parts.headers, stream).await
    } else {
        Ok(Body::default())
    };
    let id = parts.uri.path().rsplit('/').next().unwrap_or_default();
    let id = percent_decode_str(id).decode_utf8_lossy();
    let note = body
        .as_ref()
        .ok()
        .and_then(|body| body.unknown_members(operation));
    let file_exists = body.as_ref().is_ok_and(|body| {
        let file = body.text("fileUri").unwrap_or_default();
        shared.s3.with(|store| store.holds(file))
    });
    let (outcome, effects) = shared.mediacloud.with(|state| {
        let now_ms = shared.clock.now_ms();
        // The token counts for more than the body, as with a gateway before the service. // assumed: check-order
        let owner = match operation.auth {
            Auth::None => Ok(String::new()),
            _ => session::authenticate(state, &parts.headers, now_ms),
        };
        let checked = owner.and_then(|owner| {
            let body = body.as_ref().map_err(|bad| Fault::from(bad.clone()))?;
            body.check(operation)?;
            Ok((owner, body))
        });
        let (owner, body) = match checked {
            Ok(checked) => checked,
            Err(fault) => return (Err(fault), Vec::new()),
        };
        let mut call = Call {
            state,
            owner,
            body,
            path_id: &id,
            file_exists,
            now_ms,
            transcode_ms: clock::millis(shared.settings.transcode_time),
            token_lifetime_ms: clock::millis(shared.settings.mediacloud_token_lifetime),
            effects: Vec::new(),
        };
        (handler(&mut call), call.effects)
    });
    answer(&shared, operation.name, outcome, effects, note)
}

/// HTTP says 200 whatever the code says.
fn answer(
    shared: &Shared,
    operation: &'static str,
    outcome: Result<Success, Fault>,
    effects: Vec<Effect>,
    note: Option<String>,
) -> Response {
    let request_id = shared.mediacloud.with(State::fresh_uuid);
    json_response(
        StatusCode::OK,
        &envelope::reply(&outcome, &request_id),
        envelope::outcome(operation, &outcome, effects, note),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_the_table_has_a_handler_and_one_method() {
        assert_eq!(ROUTES.len(), operations::ALL.len());
        for operation in operations::ALL {
            assert_eq!(operation.methods, [operation.method], "{}", operation.name);
            let handlers = ROUTES
                .iter()
                .filter(|(have, _)| have.name == operation.name);
            assert_eq!(handlers.count(), 1, "{}", operation.name);
        }
    }
}
