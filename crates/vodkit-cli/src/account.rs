//! The account that calls are made for, from the environment and the command line.

use std::env;

use vodkit_baijiayun::{Client, Limits};
use vodkit_request::BlockingTransport;

use crate::args::TargetArgs;
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
    pub(crate) const ALL: Self = Self {
        credentials: true,
        address: true,
    };
}

/// A client of the account that the environment describes.
pub(crate) fn baijiayun<T: BlockingTransport>(
    transport: T,
    target: &TargetArgs,
    partner_id: Option<u64>,
    needs: Needs,
) -> Result<Client<T>, Failure> {
    let set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
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
    if !missing.is_empty() {
        return Err(Failure::credential(format!(
            "the account is not known: set {}",
            missing.join(", ")
        ))
        .hint("`vodkit demo` needs no account"));
    }

    let mut builder = Client::builder();
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
    if let Some(limit) = target.timeout {
        let call = Limits::call();
        builder = builder.call_limits(Limits {
            total: Some(limit),
            stall: call.stall.min(limit),
            ..call
        });
    }
    Ok(builder.from_env().build(transport)?)
}
