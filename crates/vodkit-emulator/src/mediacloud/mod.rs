//! MediaCloud (芒果TV).

mod assumptions;
mod credential;
mod state;

use std::sync::Arc;

use axum::Router;
use serde_json::{Value, json};

use crate::server::Shared;

pub use assumptions::ASSUMPTIONS;
pub(crate) use credential::from_variables;
pub use credential::{Account, DEFAULT_PASSWORD, DEFAULT_USERNAME};
pub(crate) use state::State;

/// The paths of this vendor.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
}

/// The paths that a caller may have meant.
pub(crate) fn paths() -> Vec<String> {
    Vec::new()
}

/// What the health check tells of this vendor.
pub(crate) fn health(shared: &Shared) -> Value {
    json!({ "accounts": shared.mediacloud.with(|state| state.accounts().len()) })
}
