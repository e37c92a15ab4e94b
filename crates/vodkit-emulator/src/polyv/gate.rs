//! Who calls, when, and whether the signature is right.

use vodkit_types::operation::Operation;

use super::envelope::{Fault, TOKEN_TIME, UNKNOWN_USER};
use super::signature::{self, Claim, Rule};
use super::{Places, Received, State};
use crate::form::Form;

/// How far `ptime` may be off, in milliseconds.
const PTIME_WINDOW: i64 = 3 * 60 * 1000;
/// How far `ts` of the token service may be off, in milliseconds.
const TS_WINDOW: i64 = 10 * 60 * 1000;

fn rule_of(operation: &Operation) -> Rule {
    match operation.signing {
        Some("fixed") => Rule::Fixed,
        Some("token") => Rule::Token,
        _ => Rule::V2,
    }
}

pub(super) fn no_user(operation: &Operation) -> Fault {
    if rule_of(operation) == Rule::Token {
        Fault::new(UNKNOWN_USER)
    } else if operation.param("userId").is_some() {
        Fault::new("Could not find user by userId.")
    } else {
        Fault::new("Could not find user by userid.")
    }
}

/// The account of a call whose signature is right.
pub(super) fn authenticate(
    state: &State,
    received: &Received<'_>,
    now_ms: i64,
    advanced_ms: i64,
) -> Result<String, Fault> {
    let (operation, form) = (received.operation, received.form);
    let rule = rule_of(operation);
    let sign = form
        .text("sign")
        .ok_or_else(|| Fault::new("sign can not be empty."))?;
    check_time(rule, form, now_ms, advanced_ms)?;
    let user = named_user(operation, received.places, form)?;
    let tenant = state.tenant(user).ok_or_else(|| {
        no_user(operation).explained("this emulator has no such account; see its health check")
    })?;
    let fields: Vec<&str> = operation
        .params
        .iter()
        .filter(|param| param.signed)
        .map(|param| param.name)
        .collect();
    let other_keys: Vec<&str> = state
        .tenants()
        .filter(|other| other.account.user_id != user)
        .map(|other| other.account.secret_key.as_str())
        .collect();
    let claim = Claim {
        rule,
        form,
        user,
        fields: &fields,
        key: &tenant.account.secret_key,
        other_keys: &other_keys,
        received: sign,
    };
    if claim.is_right() {
        Ok(user.to_owned())
    } else {
        let fault = Fault::new("the sign is not right.");
        Err(fault.explained(signature::diagnose(&claim).explanation()))
    }
}

/// The account as the path or a parameter names it; where both do, they must agree.
fn named_user<'f>(
    operation: &Operation,
    places: Places<'f>,
    form: &'f Form,
) -> Result<&'f str, Fault> {
    let token = rule_of(operation) == Rule::Token;
    let mut names = Vec::new();
    names.extend(places.user);
    if !token {
        names.extend(form.text("userid"));
    }
    if token || operation.param("userId").is_some() {
        names.extend(form.text("userId"));
    }
    match names.as_slice() {
        [] if token => Err(no_user(operation)),
        [] => Err(Fault::new("userid is blank.")),
        [first, rest @ ..] if rest.iter().all(|name| name == first) => Ok(first),
        // assumed: userid-agrees
        _ => Err(no_user(operation)
            .explained("the request names two different accounts, in its path or its parameters")
            .assumed("userid-agrees")),
    }
}

/// Whether the time of the call lies within its window of the emulator's clock, with its advances or without them.
fn check_time(rule: Rule, form: &Form, now_ms: i64, advanced_ms: i64) -> Result<(), Fault> {
    let token = rule == Rule::Token;
    let (name, window) = if token {
        ("ts", TS_WINDOW)
    } else {
        ("ptime", PTIME_WINDOW)
    };
    let illegal = |why: &str| {
        let why = format!("{name} {why}");
        if token {
            Fault::coded(TOKEN_TIME, "ts is illegal.")
                .explained(why)
                .assumed("token-words")
        } else {
            Fault::new("ptime is illegal.").explained(why)
        }
    };
    let text = form
        .text(name)
        .ok_or_else(|| illegal("is missing").assumed("ptime-form"))?;
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let time = match (digits, text.len()) {
        (true, 13) => text
            .parse::<i64>()
            .map_err(|_| illegal("is not a number"))?,
        (true, 10) => {
            return Err(
                illegal("has 10 digits, so it is in seconds; send milliseconds")
                    .assumed("ptime-form"),
            );
        }
        _ => {
            return Err(
                illegal("is not Unix time in milliseconds (13 digits)").assumed("ptime-form")
            );
        }
    };
    // A caller's clock may or may not have followed the advances of the emulator's: both are right.
    let off = [time - now_ms, time - (now_ms - advanced_ms)]
        .into_iter()
        .min_by_key(|off| off.abs())
        .unwrap_or_default();
    let seconds = off / 1000;
    if off > window {
        Err(illegal(&format!("is {seconds} s ahead of the clock")))
    } else if off < -window {
        let why = format!("{name} is {} s behind the clock", -seconds);
        Err(if token {
            Fault::coded(TOKEN_TIME, "ts is too old.")
                .explained(why)
                .assumed("token-words")
        } else {
            Fault::new("ptime is too old.").explained(why)
        })
    } else {
        Ok(())
    }
}
