//! The account itself: what it has used, how its videos are encrypted, its players.

use serde_json::{Value, json};

use super::Call;
use super::envelope::Fault;
use super::state::{Encryption, TOTAL_FLOW, TOTAL_SPACE};
use crate::clock;
use crate::journal::Change;

/// `user/main`. What was played counts on every day that is asked for. // assumed: account-figures
pub(super) fn usage(call: &mut Call<'_>) -> Result<Value, Fault> {
    let tenant = &call.tenant;
    Ok(json!({
        "totalFlow": TOTAL_FLOW,
        "usedSpace": tenant.used_space(call.now_ms),
        "usedFlow": tenant.used_flow,
        "totalSpace": TOTAL_SPACE,
        "userId": tenant.account.user_id,
        "email": tenant.email(),
        "videoCount": tenant.living(call.now_ms).len(),
    }))
}

/// `get-playsafe`: `encrypt` is a text here.
pub(super) fn get_playsafe(call: &mut Call<'_>) -> Result<Value, Fault> {
    let Encryption { encrypt, level } = &call.tenant.playsafe;
    Ok(json!({ "encrypt": if *encrypt { "1" } else { "0" }, "hlslevel": level }))
}

/// `set-playsafe`: `encrypt` is a number here. Videos that are there keep what they have.
pub(super) fn set_playsafe(call: &mut Call<'_>) -> Result<Value, Fault> {
    let settings = Encryption {
        encrypt: call.switch("encrypt") == Some(true),
        level: call.text("hlslevel").to_owned(),
    };
    let data = json!({ "encrypt": u8::from(settings.encrypt), "hlslevel": settings.level });
    call.tenant.playsafe = settings;
    let user = call.tenant.account.user_id.clone();
    call.did("account", user, Change::Changed);
    Ok(data)
}

/// `player-list`.
pub(super) fn players(call: &mut Call<'_>) -> Result<Value, Fault> {
    let players = call.tenant.players.iter().map(|player| {
        json!({
            "playerName": player.name,
            "playerId": player.id,
            "date": clock::date_time_text(player.made_ms),
            "isDefault": u8::from(player.is_default),
        })
    });
    Ok(players.collect())
}
