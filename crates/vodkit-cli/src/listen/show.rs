//! What is printed: a line of JSON for each request, or some lines for people.

use std::io::{self, Write};

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use vodkit_request::Timestamp;
use vodkit_request::callback::{Covered, Refusal};
use vodkit_request::types::DateTime;

use super::note;
use super::receivers::{Address, Message, Receivers};
use crate::account::{CALLBACK_URL, callback_variable, variable};
use crate::output::{faint, good, printable};

/// Longest value that is shown to people, in characters.
const LONGEST_VALUE: usize = 200;

/// Prints lines, one after the other.
pub(super) struct Printer {
    json: bool,
}

/// What is told of one request, in both forms.
pub(super) struct Line {
    json: Value,
    text: String,
}

impl Printer {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Says where it listens: the first line, and for people a line for each address.
    pub(super) fn start(&self, base_url: &str, receivers: &Receivers) -> io::Result<()> {
        let addresses = || {
            Address::ALL
                .into_iter()
                .map(|address| (address, format!("{base_url}{}", address.path())))
        };
        let first = if self.json {
            let addresses: Map<String, Value> = addresses()
                .filter(|(address, _)| receivers.has(*address))
                .map(|(address, url)| (address.path()[1..].to_owned(), url.into()))
                .collect();
            json!({ "listening": base_url, "addresses": addresses }).to_string()
        } else {
            base_url.to_owned()
        };
        put(&first)?;
        for (address, url) in addresses() {
            let name = &address.path()[1..];
            if !receivers.has(address) {
                let missing = callback_variable(address.vendor()).unwrap_or_default();
                note(&format!("{name}: not received, set {missing}"));
            } else if address == Address::QuVideo && variable(CALLBACK_URL).is_some() {
                note(&format!(
                    "{name}: {url}, signed for {}",
                    receivers.signed_url
                ));
            } else if address == Address::BaijiayunAuth {
                note(&format!("{name}: {url}, not signed: everybody may play"));
            } else {
                note(&format!("{name}: {url}"));
            }
        }
        note("mediacloud: no page describes callbacks");
        Ok(())
    }

    /// Prints what came of a request that arrived at this time.
    pub(super) fn print(&self, line: &Line, arrived: Timestamp) -> io::Result<()> {
        if self.json {
            put(&line.json.to_string())
        } else {
            let time = DateTime::in_china(arrived.seconds()).to_string();
            put(&format!("{} {}", faint(&time), line.text))
        }
    }
}

fn put(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

impl Line {
    /// A callback that was verified.
    pub(super) fn received(
        address: Address,
        message: &Message,
        answered: StatusCode,
        forwarded: bool,
        problem: Option<&str>,
    ) -> Self {
        let vendor = address.vendor().name();
        let mut json = json!({
            "vendor": vendor,
            "event": message.name,
            "subjects": message.subjects,
            "key": message.key.as_str(),
            "again": message.again,
            "covered": message.covered.as_str(),
            "trusted": message.trusted,
            "data": message.data,
            "answered": answered.as_u16(),
            "forwarded": forwarded && problem.is_none(),
        });
        if let Some(sent) = message.sent {
            json["sent"] = sent.seconds().into();
        }
        if let Some(problem) = problem {
            json["problem"] = problem.into();
        }

        let mut text = format!(
            "{vendor} {} {} {}",
            good(&printable(&message.name)),
            printable(&message.subjects.join(", ")),
            faint(&format!("(answered {})", answered.as_u16())),
        );
        if message.again {
            text.push_str(" (received before)");
        }
        let mut add = |line: &str| {
            text.push_str("\n    ");
            text.push_str(&printable(line));
        };
        add(&format!("signature covers {}", covers(message)));
        if let Some(problem) = problem {
            add(&format!("not forwarded: {problem}"));
        }
        if let Value::Object(members) = &message.data {
            for (name, value) in members {
                let value = match value {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let mut short: String = value.chars().take(LONGEST_VALUE).collect();
                if short.len() < value.len() {
                    short.push('…');
                }
                add(&format!("{name}: {short}"));
            }
        }
        Self { json, text }
    }

    /// A request that was refused.
    pub(super) fn refused(address: Address, refusal: &Refusal, answered: StatusCode) -> Self {
        Self::refusal(
            address.vendor().name(),
            refusal.kind().as_str(),
            &refusal.to_string(),
            answered,
        )
    }

    /// A request that nobody can verify.
    pub(super) fn without_key(address: Address, variable: &str, answered: StatusCode) -> Self {
        let message = format!("there is no key to verify it with: set {variable}");
        Self::refusal(address.vendor().name(), "no_key", &message, answered)
    }

    /// A request for a path where nothing is received.
    pub(super) fn stray(method: &Method, path: &str) -> Self {
        let path: String = path.chars().take(LONGEST_VALUE).collect();
        let message = format!("nothing is received at {method} {path}");
        Self::refusal("unknown", "path", &message, StatusCode::NOT_FOUND)
    }

    fn refusal(vendor: &str, kind: &str, message: &str, answered: StatusCode) -> Self {
        let json = json!({
            "vendor": vendor,
            "refused": kind,
            "message": message,
            "answered": answered.as_u16(),
        });
        let refused = console::style("refused").red();
        let text = format!(
            "{vendor} {refused}: {} {}",
            printable(message),
            faint(&format!("(answered {})", answered.as_u16()))
        );
        Self { json, text }
    }
}

/// What the signature proves, for people.
fn covers(message: &Message) -> String {
    match message.covered {
        Covered::Everything => "everything".to_owned(),
        Covered::Fields => format!("{} and nothing else, no time", message.trusted.join(", ")),
        Covered::AddressAndTime => "address and time, nothing of the message".to_owned(),
        Covered::Constant => "a constant, nothing of the message, no time".to_owned(),
        Covered::Nothing => "nothing: there is none".to_owned(),
        _ => "what cannot be told: the event is not known".to_owned(),
    }
}
