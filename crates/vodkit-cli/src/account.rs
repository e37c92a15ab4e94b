//! The account that calls are made for, from the environment and the command line.

use std::env;

use md5::{Digest, Md5};
use vodkit_request::Limits;
use vodkit_request::types::Operation;

use crate::args::TargetArgs;
use crate::catalogue::Vendor;
use crate::failure::Failure;

/// Stands in for a key where nothing is signed with it, or where the signature is masked anyway.
const NO_KEY: &str = "no-key-is-needed-for-this";
/// Stands in for an address where the call brings its own.
const NO_ADDRESS: &str = "http://127.0.0.1:9";

/// What a call needs of the account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    /// It is signed.
    pub(crate) credentials: bool,
    /// It goes to the API and not to an address of its own.
    pub(crate) address: bool,
}

impl Needs {
    /// What this call needs.
    pub(crate) fn of(operation: &Operation) -> Self {
        Self {
            credentials: operation.needs_credential(),
            address: !operation.path.starts_with('{'),
        }
    }
}

fn set(name: &str) -> bool {
    env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn unknown_account(missing: &[&str]) -> Result<(), Failure> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::credential(format!(
        "the account is not known: set {}",
        missing.join(", ")
    ))
    .hint("`vodkit emulator` plays one and says what to set; `vodkit demo` needs none"))
}

fn limits(target: &TargetArgs) -> Option<Limits> {
    let limit = target.timeout?;
    let call = Limits::call();
    Some(Limits {
        total: Some(limit),
        stall: call.stall.min(limit),
        ..call
    })
}

/// The variable with the key that the vendor's callbacks are signed with; `None` where no page describes any.
pub(crate) const fn callback_variable(vendor: Vendor) -> Option<&'static str> {
    match vendor {
        Vendor::Baijiayun => Some("VODKIT_BAIJIAYUN_PARTNER_KEY"),
        Vendor::Polyv => Some("VODKIT_POLYV_SECRET_KEY"),
        Vendor::QuVideo => Some("VODKIT_QUVIDEO_CALLBACK_KEY"),
        Vendor::MediaCloud => None,
    }
}

/// The variable with the address that QuVideo's callbacks are signed for.
pub(crate) const CALLBACK_URL: &str = "VODKIT_QUVIDEO_CALLBACK_URL";

/// What a variable holds, where it is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// What tells the account from others, for the state of its uploads. No secret: the vendor's own name of it, and the address where it is not the
/// usual one.
pub(crate) fn identity(vendor: Vendor, target: &TargetArgs) -> String {
    let prefix = format!("VODKIT_{}", vendor.name().to_uppercase());
    let own = match vendor {
        Vendor::Baijiayun => variable("VODKIT_BAIJIAYUN_PARTNER_ID"),
        Vendor::Polyv => variable("VODKIT_POLYV_USER_ID"),
        Vendor::MediaCloud => variable("VODKIT_MEDIACLOUD_USERNAME"),
        // A token says nothing of its user, but the server is one's own.
        Vendor::QuVideo => None,
    };
    let address = target
        .base_url
        .clone()
        .or_else(|| variable(&format!("{prefix}_BASE_URL")));
    let address = address.map(|address| format!("@{}", address.trim().trim_end_matches('/')));
    format!(
        "{}{}",
        own.unwrap_or_default().trim(),
        address.unwrap_or_default()
    )
}

/// What tells one user of an account from another: of a token, which says nothing of its user and changes with each login, four bytes of a digest.
/// They tell two tokens apart and lead back to none.
pub(crate) fn user_mark(vendor: Vendor) -> Option<String> {
    if vendor != Vendor::QuVideo {
        return None;
    }
    let token = variable("VODKIT_QUVIDEO_TOKEN")?;
    let digest = Md5::digest(format!("vodkit upload\0{}", token.trim()));
    Some(
        digest[..4]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    )
}

/// A client of the Baijiayun account that the environment describes.
pub(crate) fn baijiayun<T>(
    transport: T,
    target: &TargetArgs,
    partner_id: Option<u64>,
    needs: Needs,
) -> Result<vodkit_baijiayun::Client<T>, Failure> {
    let has_key = set("VODKIT_BAIJIAYUN_PARTNER_KEY");
    let has_secret = set("VODKIT_BAIJIAYUN_SECRET_KEY");
    let has_address = target.base_url.is_some()
        || set("VODKIT_BAIJIAYUN_DOMAIN")
        || set("VODKIT_BAIJIAYUN_BASE_URL");

    let mut missing = Vec::new();
    if needs.credentials {
        if partner_id.is_none() && !set("VODKIT_BAIJIAYUN_PARTNER_ID") {
            missing.push("VODKIT_BAIJIAYUN_PARTNER_ID");
        }
        if !has_key && !has_secret {
            missing.push("VODKIT_BAIJIAYUN_PARTNER_KEY (or VODKIT_BAIJIAYUN_SECRET_KEY)");
        }
    }
    if needs.address && !has_address {
        missing.push("VODKIT_BAIJIAYUN_DOMAIN (or VODKIT_BAIJIAYUN_BASE_URL, or --base-url)");
    }
    unknown_account(&missing)?;

    let mut builder = vodkit_baijiayun::Client::builder();
    if let Some(id) = partner_id {
        builder = builder.partner_id(id);
    }
    if let Some(url) = &target.base_url {
        builder = builder.base_url(url);
    } else if !needs.address {
        builder = builder.base_url(NO_ADDRESS);
    }
    if !needs.credentials {
        builder = builder
            .partner_id(partner_id.unwrap_or(0))
            .partner_key(NO_KEY);
    } else if target.dry_run && !has_key {
        // The partner key would have to be fetched first, and a dry run sends nothing.
        builder = builder.partner_key(NO_KEY);
    }
    if let Some(limits) = limits(target) {
        builder = builder.call_limits(limits);
    }
    Ok(builder.from_env().build(transport)?)
}

/// A client of the Polyv account that the environment describes.
pub(crate) fn polyv<T>(
    transport: T,
    target: &TargetArgs,
    user_id: Option<String>,
) -> Result<vodkit_polyv::Client<T>, Failure> {
    let mut missing = Vec::new();
    if user_id.is_none() && !set("VODKIT_POLYV_USER_ID") {
        missing.push("VODKIT_POLYV_USER_ID");
    }
    if !set("VODKIT_POLYV_SECRET_KEY") {
        missing.push("VODKIT_POLYV_SECRET_KEY");
    }
    unknown_account(&missing)?;
    let mut builder = vodkit_polyv::Client::builder();
    if let Some(id) = user_id {
        builder = builder.user_id(id);
    }
    if let Some(url) = &target.base_url {
        builder = builder.base_url(url);
    }
    if let Some(limits) = limits(target) {
        builder = builder.call_limits(limits);
    }
    Ok(builder.from_env().build(transport)?)
}

/// A client of the QuVideo AppServer that the environment describes.
pub(crate) fn quvideo<T>(
    transport: T,
    target: &TargetArgs,
    needs: Needs,
) -> Result<vodkit_quvideo::Client<T>, Failure> {
    let mut missing = Vec::new();
    if target.base_url.is_none() && !set("VODKIT_QUVIDEO_BASE_URL") {
        missing.push("VODKIT_QUVIDEO_BASE_URL (or --base-url)");
    }
    if needs.credentials && !set("VODKIT_QUVIDEO_TOKEN") {
        missing.push("VODKIT_QUVIDEO_TOKEN (`vodkit call quvideo user/randomUser` gives one)");
    }
    unknown_account(&missing)?;
    let mut builder = vodkit_quvideo::Client::builder();
    if let Some(url) = &target.base_url {
        builder = builder.base_url(url);
    }
    if let Some(limits) = limits(target) {
        builder = builder.call_limits(limits);
    }
    Ok(builder.from_env().build(transport)?)
}

/// A client of the MediaCloud account that the environment describes.
pub(crate) fn mediacloud<T>(
    transport: T,
    target: &TargetArgs,
    needs: Needs,
) -> Result<vodkit_mediacloud::Client<T>, Failure> {
    let mut missing = Vec::new();
    if needs.credentials {
        for name in ["VODKIT_MEDIACLOUD_USERNAME", "VODKIT_MEDIACLOUD_PASSWORD"] {
            if !set(name) {
                missing.push(name);
            }
        }
    }
    if target.base_url.is_none() && !set("VODKIT_MEDIACLOUD_BASE_URL") {
        missing.push("VODKIT_MEDIACLOUD_BASE_URL (or --base-url)");
    }
    unknown_account(&missing)?;
    let mut builder = vodkit_mediacloud::Client::builder();
    if let Some(url) = &target.base_url {
        builder = builder.base_url(url);
    }
    if target.dry_run || !needs.credentials {
        // The token would have to be fetched first, and a dry run sends nothing.
        builder = builder.access_token(NO_KEY);
    }
    if let Some(limits) = limits(target) {
        builder = builder.call_limits(limits);
    }
    Ok(builder.from_env().build(transport)?)
}
