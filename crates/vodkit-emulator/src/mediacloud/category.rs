//! Categories.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Call;
use super::envelope::{Fault, Success};
use super::state::Category;
use crate::journal::Change;

/// Creates a category; the data of the reply is its id alone.
pub(super) fn create(call: &mut Call<'_>) -> Result<Success, Fault> {
    if let Some(parent) = call.body.text("parentId") {
        known(call, parent, "parentId")?;
    }
    let category = Category {
        owner: call.owner.clone(),
        name: call.body.text("className").unwrap_or_default().to_owned(),
    };
    let id = call.state.fresh_uuid();
    call.state.categories.insert(id.clone(), category);
    call.changed("class", &id, Change::Created);
    Ok(Success::new(id))
}

/// Deletes categories: all of them, or none when one is unknown. Those below them stay. // assumed: batch
pub(super) fn delete(call: &mut Call<'_>) -> Result<Success, Fault> {
    let ids: BTreeSet<String> = call
        .body
        .texts("uids")
        .into_iter()
        .map(str::to_owned)
        .collect();
    for id in &ids {
        known(call, id, "uids").map_err(|fault| fault.assumed("batch"))?;
    }
    for id in &ids {
        call.state.categories.remove(id);
        call.changed("class", id, Change::Deleted);
    }
    // assumed: category-in-use
    for medium in call.state.media.values_mut() {
        medium.class_id = medium.class_id.take().filter(|id| !ids.contains(id));
    }
    Ok(Success::new(Value::Null))
}

/// Refuses an id that is no category of the account's. // assumed: unknown-category
pub(super) fn known(call: &Call<'_>, id: &str, parameter: &str) -> Result<(), Fault> {
    match call.state.category(&call.owner, id) {
        Some(_) => Ok(()),
        None => Err(
            Fault::not_found(&format!("{parameter}: the account has no category {id}"))
                .assumed("unknown-category"),
        ),
    }
}
