//! `vodkit call`: one API call by the vendor's own names.

use serde_json::Value;
use vodkit_request::types::{Auth, Operation, ParamKind};
use vodkit_request::vendor::Vendor as Rules;
use vodkit_request::{
    AnyEndpoint, Call, Endpoint, Raw, Session, baijiayun, mediacloud, polyv, quvideo,
};

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
    let vendor = Vendor::find(&args.vendor)?;
    // `DELETE api/v1/class` without the quotes that make one argument of it.
    let is_method = matches!(args.operation.as_str(), "GET" | "POST" | "PUT" | "DELETE");
    match args.params.split_first() {
        Some((path, rest)) if is_method && !path.contains('=') => {
            let mut joined = args.clone();
            joined.operation = format!("{} {path}", args.operation);
            joined.params = rest.to_vec();
            make(vendor, &joined, global)
        }
        _ => make(vendor, args, global),
    }
}

fn make(vendor: Vendor, args: &CallArgs, global: Global) -> Result<(), Failure> {
    let (operation, given) = if args.raw {
        let operation = vendor.raw_operation(&args.operation)?;
        (operation, params::unchecked(operation, &args.params)?)
    } else {
        let operation = vendor.operation(&args.operation)?;
        let from_environment = |name: &str| {
            std::env::var(vendor.variable(name)?)
                .ok()
                .filter(|value| !value.is_empty())
        };
        let given = params::read(
            vendor,
            operation,
            &args.params,
            args.allow_undocumented,
            from_environment,
        )?;
        (operation, given)
    };
    if operation.path.starts_with('/') {
        address::check(vendor, &args.target, global)?;
    }
    let needs = Needs::of(operation);
    let target = &args.target;
    let account = given.account.clone();
    let prepared = Prepared {
        operation,
        given,
        args,
        global,
    };
    match vendor {
        Vendor::Baijiayun => {
            let id = account.and_then(|id| id.parse().ok());
            let client = account::baijiayun((), target, id, needs)?;
            prepared.make(client.session(), baijiayun::any_endpoint)
        }
        Vendor::Polyv => {
            let client = account::polyv((), target, account)?;
            prepared.make(client.session(), polyv::any_endpoint)
        }
        Vendor::QuVideo => {
            let client = account::quvideo((), target, needs)?;
            prepared.make(client.session(), quvideo::any_endpoint)
        }
        Vendor::MediaCloud => {
            let client = account::mediacloud((), target, needs)?;
            prepared.make(client.session(), mediacloud::any_endpoint)
        }
    }
}

/// A call whose parameters were found good.
struct Prepared<'a> {
    operation: &'static Operation,
    given: Given,
    args: &'a CallArgs,
    global: Global,
}

/// The registry of a vendor: from the name of a call to the call.
type Registry<V> = fn(&str, Value) -> Option<Result<AnyEndpoint<V>, serde_json::Error>>;

impl Prepared<'_> {
    fn make<V: Rules>(self, session: &Session<V>, registry: Registry<V>) -> Result<(), Failure> {
        let operation = self.operation;
        let secrets = secrets(operation, &self.given);
        let undocumented = self.given.undocumented;
        if self.args.raw {
            let endpoint = undocumented
                .into_iter()
                .fold(Raw::new(operation), |raw, (name, value)| {
                    raw.param(name, value)
                });
            return send(
                session,
                endpoint,
                Vec::new(),
                &secrets,
                self.args,
                self.global,
            );
        }
        let endpoint = registry(operation.name, self.given.documented.into())
            .expect("the registry and the tables are generated from the same entries")
            .map_err(|error| Failure::usage(error.to_string()).operation(operation.name))?;
        send(
            session,
            endpoint,
            undocumented,
            &secrets,
            self.args,
            self.global,
        )
    }
}

fn send<E: Endpoint<Output = Value>>(
    session: &Session<E::Vendor>,
    endpoint: E,
    undocumented: Vec<(String, Value)>,
    secrets: &[String],
    args: &CallArgs,
    global: Global,
) -> Result<(), Failure> {
    let output = Output::new(global.output);
    let operation = endpoint.operation();
    let transport = Watched::new(global.verbose)?;
    if args.target.dry_run {
        let rehearsal = Rehearsal::new(transport);
        let call = with(Call::new(&rehearsal, session, endpoint), undocumented);
        // Sending is what a rehearsal refuses: only a failure before that is one.
        let result = call.send();
        return rehearsal.print(operation, result.err(), output);
    }
    let call = with(Call::new(&transport, session, endpoint), undocumented);
    interrupt::writing(!operation.idempotent);
    let result = call.send();
    interrupt::writing(false);
    let data = result.map_err(|error| Failure::from(error).without(secrets))?;
    output.reply(operation, &data)
}

fn with<T, E: Endpoint>(
    call: Call<'_, T, E>,
    undocumented: Vec<(String, Value)>,
) -> Call<'_, T, E> {
    undocumented
        .into_iter()
        .fold(call, |call, (name, value)| call.undocumented(name, value))
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

impl Vendor {
    /// A call that is in no table: `GET /api/v1/class`.
    fn raw_operation(self, given: &str) -> Result<&'static Operation, Failure> {
        let parts = given.trim().split_once(' ');
        let Some((method, path)) = parts.filter(|(method, path)| {
            matches!(*method, "GET" | "POST" | "PUT" | "DELETE") && !path.trim().is_empty()
        }) else {
            return Err(
                Failure::usage("with --raw, method and path are given in full").hint(
                    "such as \"GET /api/v1/class\"; without --raw the calls of the tables have short names",
                ),
            );
        };
        let leak = |text: String| -> &'static str { Box::leak(text.into_boxed_str()) };
        let path = leak(format!("/{}", path.trim().trim_start_matches('/')));
        let name = leak(format!("{method} {}", path.trim_start_matches('/')));
        let method = leak(method.to_owned());
        let auth = match self {
            Self::Baijiayun | Self::Polyv => Auth::Signed,
            Self::MediaCloud => Auth::Token,
            // Its open paths want none.
            Self::QuVideo
                if std::env::var_os("VODKIT_QUVIDEO_TOKEN")
                    .is_some_and(|token| !token.is_empty()) =>
            {
                Auth::Token
            }
            Self::QuVideo => Auth::None,
        };
        let operation = Operation::undocumented(self.name(), name, method, path, auth);
        let operation = match self {
            Self::Baijiayun => operation,
            Self::Polyv | Self::QuVideo => operation.succeeding_with(&["200"]),
            // A GET has no body.
            Self::MediaCloud if method == "GET" => operation.succeeding_with(&["200"]),
            Self::MediaCloud => operation.succeeding_with(&["200"]).with_json_body(),
        };
        // One process makes one call, so this is leaked once.
        Ok(Box::leak(Box::new(match method {
            "GET" => operation.repeatable(),
            _ => operation,
        })))
    }
}

#[cfg(test)]
mod tests {
    use vodkit_request::types::operation::Body;

    use super::*;

    #[test]
    fn raw_calls_go_by_the_vendors_rules() {
        let raw = |vendor: Vendor, given| vendor.raw_operation(given).unwrap();
        let read = raw(Vendor::MediaCloud, "GET api/v1/class");
        assert_eq!((read.method, read.path), ("GET", "/api/v1/class"));
        assert!(read.idempotent && read.auth == Auth::Token && read.success == ["200"]);
        assert_eq!(read.body, Body::Form);
        let change = raw(Vendor::MediaCloud, "DELETE api/v1/class");
        assert_eq!(change.body, Body::Json);
        let write = raw(Vendor::Polyv, "POST /v2/video/{userid}/x");
        assert!(!write.idempotent && write.is_signed());
        for bad in ["api/v1/class", "get /x", "GET ", "PATCH /x"] {
            assert!(Vendor::Polyv.raw_operation(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn secrets_are_found_among_the_parameters() {
        let operation = Vendor::MediaCloud.operation("api/v1/login").unwrap();
        let mut given = Given::default();
        given.documented.insert("username".into(), "u".into());
        given.documented.insert("password".into(), "CANARY".into());
        assert_eq!(secrets(operation, &given), ["CANARY"]);
    }
}
