//! Where the account wants to be told about transcodings. What is sent there is in [`notify`](super::notify).

use serde_json::{Value, json};

use super::Call;
use super::envelope::{Fault, NO_ACCOUNT};
use crate::journal::Effect;

/// Callback section 1.
pub(super) fn set_transcode_callback_url(call: &mut Call<'_>) -> Result<Value, Fault> {
    let url = call.form.required("url")?;
    let owner = call.owner;
    let account = call
        .state
        .accounts
        .get_mut(&owner)
        .ok_or_else(|| Fault::new(NO_ACCOUNT, "the account is gone"))?;
    account.callback_url = Some(url.to_owned());
    call.effects
        .push(Effect::CallbackUrlSet { partner_id: owner });
    Ok(json!({ "url": url }))
}

/// Callback section 2; an empty text when none was set. // assumed: callback-url-unset
pub(super) fn get_transcode_callback_url(call: &mut Call<'_>) -> Result<Value, Fault> {
    Ok(
        json!({ "url": call.state.accounts[&call.owner].callback_url.as_deref().unwrap_or_default() }),
    )
}
