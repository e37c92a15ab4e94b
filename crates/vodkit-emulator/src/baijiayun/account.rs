//! API 1 and 20: the key and the state of the account.

use serde_json::{Value, json};

use super::Call;
use super::envelope::{Fault, NO_PERMISSION};
use crate::journal::Effect;

/// Storage that the emulated account has bought, in bytes.
const TOTAL_STORAGE: u64 = 10 << 40;
/// Monthly flow that the emulated account has bought, in bytes.
const MONTH_FLOW_LIMIT: u64 = 10 << 40;

/// API 1. It carries no signature: who calls it may have no key yet. // assumed: createkey-unsigned
pub(super) fn create_key(call: &mut Call<'_>) -> Result<Value, Fault> {
    let secret = call.form.required("secret_key")?;
    let regenerate = call.form.number("regenerate")?.unwrap_or(0) == 1;
    let fresh = call.state.fresh_token("partner_key");
    let owner = call.owner;
    // `perform` has looked the account up; the entry is not removed while the state is locked.
    let Some(account) = call.state.accounts.get_mut(&owner) else {
        return Err(Fault::new(NO_PERMISSION, "the account is gone"));
    };
    if account.secret_key != secret {
        return Err(Fault::new(NO_PERMISSION, "secret_key is wrong").assumed("createkey-refusal"));
    }
    if regenerate {
        let old = std::mem::replace(&mut account.partner_key, format!("vodkit-emulator-{fresh}"));
        account.replaced_keys.push(old);
        call.effects.push(Effect::KeyReplaced { partner_id: owner });
    }
    Ok(json!({ "partner_key": call.state.accounts[&owner].partner_key }))
}

/// API 20.
pub(super) fn get_account_info(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (used_storage, used_flow) = usage(call);
    // assumed: account-info
    Ok(json!({
        "partner_id": call.owner,
        "mobile": "",
        "type": 2,
        "status": 1,
        "charge_type": 0,
        "effect_time": "2020-01-01 00:00:00",
        "expire_time": "2099-12-31 23:59:59",
        "total_storage": TOTAL_STORAGE,
        "used_storage": used_storage,
        "used_flow": used_flow,
        "month_flow_limit": MONTH_FLOW_LIMIT,
    }))
}

/// Bytes stored now and bytes served ever.
pub(super) fn usage(call: &Call<'_>) -> (u64, u64) {
    let own = call
        .state
        .videos
        .values()
        .filter(|video| video.owner == call.owner);
    let storage = own.map(|video| video.storage(call.now_ms)).sum();
    let flow = call
        .state
        .flow
        .iter()
        .filter(|((_, owner, _), _)| *owner == call.owner)
        .map(|(_, bytes)| bytes)
        .sum();
    (storage, flow)
}
