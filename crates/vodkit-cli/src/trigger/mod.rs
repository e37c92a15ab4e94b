//! `vodkit trigger`: sends a signed sample callback to a service under development, and judges its answer.

mod request;
mod sample;

use http::{Response, StatusCode};
use serde_json::{Value, json};
use vodkit_request::Limits;
use vodkit_request::transport::{BlockingTransport, Outgoing};

use self::request::Sealed;
use self::sample::{EVENTS, Event};
use crate::account::{CALLBACK_URL, callback_variable, variable};
use crate::args::{Global, TriggerArgs};
use crate::catalogue::Vendor;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::listen::service;
use crate::output::{Output, faint, good, printable};
use crate::suggest::did_you_mean;
use crate::watch::Watched;

/// Longest answer that is shown, in characters.
const LONGEST_ANSWER: usize = 2_000;

pub(crate) fn run(args: &TriggerArgs, global: Global) -> Result<(), Failure> {
    let vendor = Vendor::find(&args.vendor)?;
    let event = find(vendor, &args.event)?;
    let to = service(&args.to, "--to")?;
    let fields = event.fields(&args.fields)?;
    let key = match callback_variable(vendor) {
        // What is not signed needs no key.
        Some(_) if !event.is_signed() => String::new(),
        Some(name) => variable(name).ok_or_else(|| {
            Failure::credential(format!("there is no key to sign with: set {name}"))
                .hint("it has to be the key that the service verifies with; any text will do for a first try")
        })?,
        None => String::new(),
    };
    if args.tamper && !event.is_signed() {
        return Err(Failure::usage(format!(
            "{} {} is not signed, so no change to it can be found out",
            vendor.name(),
            event.name
        )));
    }
    let transport = Watched::new(global.verbose)?;
    let now = transport.tick().now.seconds() - i64::from(args.age);
    // QuVideo signs the address that was set in its console, which a proxy may have made another one.
    let signed_url = variable(CALLBACK_URL).unwrap_or_else(|| args.to.trim().to_owned());
    let sent_as = |tamper: bool| -> Result<Sent, Failure> {
        let sealed = Sealed {
            event,
            fields: fields.clone(),
            key: &key,
            now,
            signed_url: &signed_url,
            tamper,
        };
        let (request, change) = sealed.request(&to)?;
        let line = format!("{} {}", request.method(), args.to.trim());
        let outgoing = Outgoing::new(request, Limits::call());
        let response = transport.send(outgoing).map_err(|mut error| {
            if let Some(host) = to.authority() {
                error.message = format!("{host}: {}", error.message);
            }
            Failure::from(error)
                .operation(event.name)
                .hint("is the service running at the address of --to?")
        })?;
        Ok(Sent {
            line,
            change,
            response,
        })
    };
    // Only who accepts the message as it is can refuse it for the change: a wrong address or a broken service refuses everything.
    let whole = sent_as(false)?;
    if !args.tamper || !accepts(vendor, &whole.response) {
        return report(vendor, event, &whole, args.age, global);
    }
    report(vendor, event, &sent_as(true)?, args.age, global)
}

/// What was sent, and what came back.
struct Sent {
    /// Method and address.
    line: String,
    /// What was changed after signing.
    change: Option<String>,
    response: Response<bytes::Bytes>,
}

/// Prints the answer; an answer that is not the right one is a failure.
fn report(
    vendor: Vendor,
    event: &Event,
    sent: &Sent,
    age: i32,
    global: Global,
) -> Result<(), Failure> {
    let (change, response) = (sent.change.as_deref(), &sent.response);
    let accepted = accepts(vendor, response);
    let status = response.status().as_u16();
    let body: String = String::from_utf8_lossy(response.body())
        .chars()
        .take(LONGEST_ANSWER)
        .collect();
    let output = Output::new(global.output);
    if output.is_json() {
        let mut report = json!({
            "vendor": vendor.name(),
            "event": event.name,
            "tampered": change.is_some(),
            "status": status,
            "body": body,
            "accepted": accepted,
        });
        if let Some(change) = change {
            report["change"] = change.into();
        }
        output.json(&report)?;
    } else {
        let mut text = format!(
            "{} {}: {}\n",
            vendor.name(),
            event.name,
            printable(&sent.line)
        );
        if let Some(change) = change {
            text.push_str(&format!("changed after signing: {change}\n"));
        }
        let body: Vec<_> = body.lines().map(printable).collect();
        text.push_str(&faint(&format!("answered {status} {}", body.join(" "))));
        match change {
            None if accepted => text.push_str(&format!("\n{}", good("accepted"))),
            Some(_) if refuses(vendor, response) => {
                text.push_str(&format!("\n{}", good("refused")));
            }
            _ => {}
        }
        output.text(&text)?;
    }
    match (change, accepted) {
        (None, true) => Ok(()),
        (Some(_), false) if refuses(vendor, response) => Ok(()),
        (Some(change), false) => Err(Failure::new(
            Exit::Refused,
            "refused",
            format!("the service failed on a callback that was changed after signing ({change}), which is no refusal: it answered {status}"),
        )
        .hint("a service that verifies answers 403, or Baijiayun's form of a failure")),
        (None, false) => Err(Failure::new(
            Exit::Refused,
            "refused",
            format!("the service refused the callback: {}", wanted(vendor)),
        )
        .hint(if age == 0 {
            "is its key the one that this was signed with?"
        } else {
            "that is right if its window is shorter than --age; otherwise, is its key the one that this was signed with?"
        })),
        (Some(change), true) => Err(Failure::verification(format!(
            "the service accepted a callback that was changed after signing ({change})"
        ))
        .hint("it does not verify what it receives, or not all of it")),
    }
}

/// Whether the vendor would take this for success.
fn accepts(vendor: Vendor, response: &Response<bytes::Bytes>) -> bool {
    if response.status() != StatusCode::OK {
        return false;
    }
    if vendor != Vendor::Baijiayun {
        return true;
    }
    let answer: Option<Value> = serde_json::from_slice(response.body()).ok();
    answer.is_some_and(|answer| answer["code"] == 0 || answer["code"] == "0")
}

/// Whether the answer says no to the message: not that there is nobody at this address, nor that the service has failed.
fn refuses(vendor: Vendor, response: &Response<bytes::Bytes>) -> bool {
    if vendor == Vendor::Baijiayun && response.status() == StatusCode::OK {
        let answer: Option<Value> = serde_json::from_slice(response.body()).ok();
        let code = answer.and_then(|mut answer| answer.get_mut("code").map(Value::take));
        return code.is_some_and(|code| match code {
            Value::Number(code) => code.as_i64() != Some(0),
            Value::String(code) => !code.is_empty() && code != "0",
            _ => false,
        });
    }
    let elsewhere = [
        StatusCode::NOT_FOUND,
        StatusCode::METHOD_NOT_ALLOWED,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    response.status().is_client_error() && !elsewhere.contains(&response.status())
}

fn wanted(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Baijiayun => "the vendor wants status 200 and JSON with code 0",
        _ => "the vendor wants status 200",
    }
}

fn find(vendor: Vendor, name: &str) -> Result<&'static Event, Failure> {
    let events = || EVENTS.iter().filter(|event| event.vendor == vendor);
    if events().next().is_none() {
        return Err(
            Failure::usage(format!("{}: no page describes callbacks", vendor.name()))
                .hint("`vodkit trigger --help` lists the events of the others"),
        );
    }
    events()
        .find(|event| event.name == name || event.alias == Some(name))
        .ok_or_else(|| {
            let hint = did_you_mean(name, events().map(|event| event.name))
                .unwrap_or_else(|| "`vodkit trigger --help` lists them".to_owned());
            Failure::usage(format!("{} has no event `{name}`", vendor.name())).hint(hint)
        })
}

/// What stands below the options in the help.
pub(crate) fn help() -> String {
    let mut text = "Events:\n".to_owned();
    for event in EVENTS {
        text.push_str(&format!(
            "  {:<9} {:<28} {}\n",
            event.vendor.name(),
            event.name,
            event.about
        ));
    }
    text.push_str(
        "
The key is that of the environment, as for `vodkit listen`, and the service has to verify with the same one. QuVideo's callbacks are signed for \
VODKIT_QUVIDEO_CALLBACK_URL where that is set, else for the address of --to.

With --tamper the message is first sent as it is, and has to be accepted. A status of 404, 405 or 500 and above is no refusal.

Exit code 0: accepted, or with --tamper refused. 1: refused, or failed on. 8: accepted although it was tampered with.

Examples:
  vodkit trigger baijiayun transcode-complete --to http://127.0.0.1:8700/baijiayun
  vodkit trigger polyv TranscodeComplete --to http://127.0.0.1:8700/polyv status=fail
  vodkit trigger quvideo AIMediaAuditComplete --to http://127.0.0.1:8700/quvideo --tamper",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_suggested() {
        assert_eq!(
            find(Vendor::Baijiayun, "20").unwrap().name,
            "upload-complete"
        );
        for event in EVENTS {
            assert_eq!(find(event.vendor, event.name).unwrap().name, event.name);
            assert!(help().contains(event.name));
        }
        let line = |vendor, name| find(vendor, name).unwrap_err().line();
        assert!(line(Vendor::Polyv, "encoded").contains("Did you mean `encode`?"));
        assert!(
            line(Vendor::QuVideo, "transcodecomplete")
                .contains("Did you mean `TranscodeComplete`?")
        );
        assert!(line(Vendor::Polyv, "x").contains("--help"));
        assert!(line(Vendor::MediaCloud, "x").contains("no page describes callbacks"));
    }

    #[test]
    fn an_answer_is_judged_as_the_vendor_does() {
        let answer = |status: u16, body: &'static str| {
            Response::builder()
                .status(status)
                .body(bytes::Bytes::from_static(body.as_bytes()))
                .unwrap()
        };
        for (body, accepted) in [
            (r#"{"code":0}"#, true),
            (r#"{"code":"0"}"#, true),
            (r#"{"code":"00"}"#, false),
            (r#"{"code":null}"#, false),
            (r#"{"code":1,"msg":"x"}"#, false),
            ("ok", false),
            ("", false),
        ] {
            let answer = answer(200, body);
            assert_eq!(accepts(Vendor::Baijiayun, &answer), accepted, "{body}");
            assert!(accepts(Vendor::Polyv, &answer));
        }
        for status in [201, 204, 302, 403, 500] {
            let answer = answer(status, r#"{"code":0}"#);
            for vendor in [Vendor::Baijiayun, Vendor::Polyv, Vendor::QuVideo] {
                assert!(!accepts(vendor, &answer), "{status}");
            }
        }
    }

    #[test]
    fn only_a_no_is_a_refusal() {
        let answer = |status: u16, body: &'static str| {
            Response::builder()
                .status(status)
                .body(bytes::Bytes::from_static(body.as_bytes()))
                .unwrap()
        };
        for vendor in [Vendor::Baijiayun, Vendor::Polyv, Vendor::QuVideo] {
            for status in [400, 401, 403, 413, 415] {
                assert!(refuses(vendor, &answer(status, "")), "{status}");
            }
            for status in [200, 204, 302, 404, 405, 408, 429, 500, 502, 503] {
                assert!(!refuses(vendor, &answer(status, "")), "{status}");
            }
        }
        for (body, refused) in [
            (r#"{"code":1,"msg":"x"}"#, true),
            (r#"{"code":"403"}"#, true),
            (r#"{"code":0}"#, false),
            (r#"{"code":"0"}"#, false),
            (r#"{"code":null}"#, false),
            (r#"{"msg":"x"}"#, false),
            ("[]", false),
            ("ok", false),
        ] {
            let answer = answer(200, body);
            assert_eq!(refuses(Vendor::Baijiayun, &answer), refused, "{body}");
            assert!(!refuses(Vendor::Polyv, &answer), "{body}");
        }
    }
}
