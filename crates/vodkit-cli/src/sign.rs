//! `vodkit sign`: a signature, and how it came about.

use std::env;
use std::io::{self, BufRead};

use serde_json::json;
use vodkit_request::baijiayun::operations::COMMON;
use vodkit_request::params::check;
use vodkit_sign::{MASK, baijiayun, polyv};

use crate::args::{Global, SignArgs};
use crate::failure::Failure;
use crate::output::{Format, Output, printable};
use crate::params;
use crate::suggest::did_you_mean;

type Pairs<'a> = [(&'a str, &'a str)];

/// A signing rule of the vendors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    Baijiayun,
    Polyv,
    PolyvToken,
}

impl Rule {
    const ALL: [Self; 3] = [Self::Baijiayun, Self::Polyv, Self::PolyvToken];

    const fn name(self) -> &'static str {
        match self {
            Self::Baijiayun => "baijiayun",
            Self::Polyv => "polyv",
            Self::PolyvToken => "polyv-token",
        }
    }

    fn find(name: &str) -> Result<Self, Failure> {
        Self::ALL
            .into_iter()
            .find(|rule| rule.name() == name)
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::name);
                if let "quvideo" | "mediacloud" = name {
                    return Failure::usage(format!(
                        "{name} signs nothing: its calls carry a token"
                    ))
                    .hint(format!(
                        "`vodkit call {name} ... --dry-run` shows the request"
                    ));
                }
                let hint = did_you_mean(name, names)
                    .unwrap_or_else(|| format!("the rules are {}", names.join(", ")));
                Failure::usage(format!("there is no signing rule `{name}`")).hint(hint)
            })
    }

    const fn digest(self) -> &'static str {
        match self {
            Self::Baijiayun => "MD5, lower case",
            Self::Polyv => "SHA-1, upper case",
            Self::PolyvToken => "MD5, upper case",
        }
    }

    const fn variable(self) -> &'static str {
        match self {
            Self::Baijiayun => "VODKIT_BAIJIAYUN_PARTNER_KEY",
            Self::Polyv | Self::PolyvToken => "VODKIT_POLYV_SECRET_KEY",
        }
    }

    fn sign(self, pairs: &Pairs<'_>, secret: &str) -> String {
        match self {
            Self::Baijiayun => baijiayun::sign(pairs, secret).as_str().to_owned(),
            Self::Polyv => polyv::sign(pairs, secret).as_str().to_owned(),
            Self::PolyvToken => polyv::token::sign(pairs, secret).as_str().to_owned(),
        }
    }

    fn signed<'a>(self, pairs: &'a Pairs<'a>) -> Vec<(&'a str, &'a str)> {
        match self {
            Self::Baijiayun => baijiayun::signed_pairs(pairs).collect(),
            Self::Polyv => polyv::signed_pairs(pairs).collect(),
            Self::PolyvToken => polyv::token::signed_pairs(pairs).collect(),
        }
    }

    fn canonical(self, pairs: &Pairs<'_>) -> String {
        let mut text = String::new();
        let written = match self {
            Self::Baijiayun => baijiayun::canonical(pairs, MASK, &mut text),
            Self::Polyv => polyv::canonical(pairs, MASK, &mut text),
            Self::PolyvToken => polyv::token::canonical(pairs, MASK, &mut text),
        };
        written.expect("writing into a String does not fail");
        text
    }

    /// What the vendor would refuse, or could only misunderstand.
    fn check(self, pairs: &Pairs<'_>) -> Result<(), Failure> {
        if self != Self::Baijiayun {
            return Ok(());
        }
        for param in COMMON {
            if let Some((_, text)) = pairs.iter().find(|(name, _)| *name == param.name) {
                check(param, text).map_err(|invalid| {
                    let failure = Failure::usage(invalid.to_string());
                    match param.name {
                        "timestamp" => {
                            failure.hint("it has 10 digits: seconds since 1970, not milliseconds")
                        }
                        _ => failure,
                    }
                })?;
            }
        }
        if pairs.iter().any(|(name, _)| *name == "partner_key") {
            return Err(Failure::usage(
                "parameter `partner_key`: it is the secret and no parameter; give it as --secret or in the environment",
            ));
        }
        Ok(())
    }
}

pub(crate) fn run(args: &SignArgs, global: Global) -> Result<(), Failure> {
    let rule = Rule::find(&args.rule)?;
    let pairs = params::pairs(&args.params)?;
    rule.check(&pairs)?;
    let secret = secret(rule, args)?;
    let signature = rule.sign(&pairs, &secret);
    drop(secret);
    let output = Output::new(global.output);
    let json = global.output == Some(Format::Json);
    if !args.explain {
        // The signature alone also off a terminal, so that a script can take it as it is.
        return if json {
            output.json(&json!({ "rule": rule.name(), "signature": signature }))
        } else {
            output.text(&signature)
        };
    }
    let signed = rule.signed(&pairs);
    let dropped: Vec<(&str, &str)> = pairs
        .iter()
        .filter(|pair| !signed.contains(pair))
        .map(|(name, _)| {
            (
                *name,
                if *name == "sign" {
                    "carries the signature"
                } else {
                    "empty"
                },
            )
        })
        .collect();
    let canonical = rule.canonical(&pairs);
    if json {
        return output.json(&json!({
            "rule": rule.name(),
            "sorted": signed.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect::<Vec<_>>(),
            "dropped": dropped.iter().map(|(name, why)| json!({ "name": name, "why": why })).collect::<Vec<_>>(),
            "canonical": canonical,
            "digest": rule.digest(),
            "signature": signature,
        }));
    }
    let width = signed
        .iter()
        .map(|(name, _)| console::measure_text_width(name))
        .max()
        .unwrap_or(0);
    let mut text = format!(
        "rule       {}\n\n1. parameters, sorted by the bytes of their names\n",
        rule.name()
    );
    for (name, value) in &signed {
        text.push_str(&format!("     {name:width$} = {}\n", printable(value)));
    }
    if signed.is_empty() {
        text.push_str("     none\n");
    }
    text.push_str("\n2. left out\n");
    for (name, why) in &dropped {
        text.push_str(&format!("     {name} ({why})\n"));
    }
    if dropped.is_empty() {
        text.push_str("     nothing\n");
    }
    text.push_str(&format!(
        "\n3. text, with the secret as {MASK}\n     {}\n",
        printable(&canonical)
    ));
    text.push_str(&format!(
        "\n4. digest of the text in UTF-8: {}\n     {signature}\n",
        rule.digest()
    ));
    output.text(&text)
}

fn secret(rule: Rule, args: &SignArgs) -> Result<String, Failure> {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let found = match args.secret.as_deref() {
        Some("-") => Some(from_standard_input()?),
        Some(secret) => Some(secret.to_owned()),
        None if args.secret_stdin => Some(from_standard_input()?),
        None => variable("VODKIT_SECRET").or_else(|| variable(rule.variable())),
    };
    found.filter(|secret| !secret.is_empty()).ok_or_else(|| {
        Failure::credential(format!(
            "no secret to sign with: set VODKIT_SECRET or {}, or use --secret-stdin",
            rule.variable()
        ))
    })
}

/// The first line, without its end.
fn from_standard_input() -> Result<String, Failure> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|error| {
        Failure::credential(format!(
            "cannot read the secret from standard input: {error}"
        ))
    })?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_in_no_explanation() {
        for rule in Rule::ALL {
            let text = rule.canonical(&[("b", "2"), ("a", "1"), ("sign", "x")]);
            assert!(
                text.contains(MASK) && text.contains('1') && !text.contains("sign"),
                "{text}"
            );
        }
    }
}
