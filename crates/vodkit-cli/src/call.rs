//! `vodkit call`: one API call by the vendor's own names.

use vodkit_request::baijiayun::{any_endpoint, operations};
use vodkit_request::types::{Operation, ParamKind};

use crate::account::{self, Needs};
use crate::address;
use crate::args::{CallArgs, Global};
use crate::catalogue::Vendor;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::Output;
use crate::params::{self, Given};
use crate::rehearsal::Rehearsal;
use crate::watch::Watched;

pub(crate) fn run(args: &CallArgs, global: Global) -> Result<(), Failure> {
    let output = Output::new(global.output);
    let vendor = Vendor::find(&args.vendor)?;
    let operation = vendor.operation(&args.operation)?;
    if operation.path.starts_with('/') {
        address::check(vendor, &args.target, global)?;
    }
    match vendor {
        Vendor::Baijiayun => {
            let given = params::read(
                operation,
                operations::COMMON,
                &args.params,
                args.allow_undocumented,
                from_environment,
            )?;
            baijiayun(operation, given, args, global, output)
        }
    }
}

fn baijiayun(
    operation: &'static Operation,
    given: Given,
    args: &CallArgs,
    global: Global,
    output: Output,
) -> Result<(), Failure> {
    let needs = Needs {
        credentials: operation.needs_credential(),
        address: !operation.path.starts_with('{'),
    };
    let secrets = secrets(operation, &given);
    let endpoint = any_endpoint(operation.name, given.documented.into())
        .expect("the registry and the tables are generated from the same entries")
        .map_err(|error| Failure::usage(error.to_string()).operation(operation.name))?;
    let transport = Watched::new(global.verbose)?;
    if args.target.dry_run {
        let rehearsal = Rehearsal::new(transport);
        let client = account::baijiayun(&rehearsal, &args.target, given.partner_id, needs)?;
        let call = given
            .undocumented
            .into_iter()
            .fold(client.call(endpoint), |call, (name, value)| {
                call.undocumented(name, value)
            });
        // Sending is what a rehearsal refuses: only a failure before that is one.
        let result = call.send();
        return rehearsal.print(operation, result.err(), output);
    }
    let client = account::baijiayun(transport, &args.target, given.partner_id, needs)?;
    let call = given
        .undocumented
        .into_iter()
        .fold(client.call(endpoint), |call, (name, value)| {
            call.undocumented(name, value)
        });
    interrupt::writing(!operation.idempotent);
    let result = call.send();
    interrupt::writing(false);
    let data = result.map_err(|error| Failure::from(error).without(&secrets))?;
    output.reply(operation, &data)
}

/// The texts among the parameters that a reply must not bring to the screen by quoting them.
fn secrets(operation: &Operation, given: &Given) -> Vec<String> {
    let secret = |name: &str| {
        operation
            .param(name)
            .is_some_and(|param| param.kind == ParamKind::Secret)
    };
    given
        .documented
        .iter()
        .filter(|(name, _)| secret(name))
        .filter_map(|(_, value)| value.as_str().map(str::to_owned))
        .collect()
}

/// The variable with the account's own number or key of this name, so that it need not stand on the command line.
pub(crate) fn variable(name: &str) -> Option<&'static str> {
    Some(match name {
        "partner_id" => "VODKIT_BAIJIAYUN_PARTNER_ID",
        "secret_key" => "VODKIT_BAIJIAYUN_SECRET_KEY",
        _ => return None,
    })
}

fn from_environment(name: &str) -> Option<String> {
    std::env::var(variable(name)?)
        .ok()
        .filter(|value| !value.is_empty())
}
