//! `vodkit emulator`: the platform on this machine, until it is told to end.

use std::env;
use std::io::{self, Write};

use vodkit_emulator::{Emulator, StartError, baijiayun, mediacloud, polyv, quvideo};

use crate::account::{CALLBACK_URL, variable};
use crate::args::EmulatorArgs;
use crate::failure::Failure;
use crate::interrupt;
use crate::listening::{address, busy};

pub(crate) fn run(args: &EmulatorArgs) -> Result<(), Failure> {
    let address = address(&args.listen)?;
    // Before anything can be waited for, so that no signal is missed.
    let end = interrupt::take_over();
    let emulator = Emulator::builder()
        .listen(address)
        .from_env()
        .log(|record| note(&record.to_string()))
        .start()
        .map_err(not_started)?;

    let mut stdout = io::stdout().lock();
    let printed = writeln!(stdout, "{}", emulator.base_url()).and_then(|()| stdout.flush());
    drop(stdout);
    printed.map_err(|error| Failure::of_output(&error))?;
    introduce(emulator.base_url());
    let is_https = |url: String| url.to_ascii_lowercase().starts_with("https://");
    if variable(CALLBACK_URL).is_some_and(is_https) {
        note(&format!(
            "{CALLBACK_URL} is an https address, which the emulator does not call: no callbacks of QuVideo's are sent"
        ));
    }

    // The sender lives in a static, so this ends with a signal only.
    let _signalled = end.recv();
    emulator.shutdown();
    Ok(())
}

/// Says how to talk to it, a line for each vendor, without repeating keys that somebody has set.
fn introduce(base_url: &str) {
    let partner_id = baijiayun::DEFAULT_PARTNER_ID.to_string();
    // None of these is a secret: every emulator has them.
    let lines: [(&str, &[(&str, &str)]); 4] = [
        (
            "BAIJIAYUN",
            &[
                ("PARTNER_ID", &partner_id),
                ("PARTNER_KEY", baijiayun::DEFAULT_PARTNER_KEY),
            ],
        ),
        (
            "POLYV",
            &[
                ("USER_ID", polyv::DEFAULT_USER_ID),
                ("SECRET_KEY", polyv::DEFAULT_SECRET_KEY),
            ],
        ),
        ("QUVIDEO", &[("TOKEN", quvideo::DEFAULT_TOKEN)]),
        (
            "MEDIACLOUD",
            &[
                ("USERNAME", mediacloud::DEFAULT_USERNAME),
                ("PASSWORD", mediacloud::DEFAULT_PASSWORD),
            ],
        ),
    ];
    let mut kept = Vec::new();
    for (vendor, credentials) in lines {
        let mut line = format!("export VODKIT_{vendor}_BASE_URL={base_url}");
        for (name, value) in credentials {
            let variable = format!("VODKIT_{vendor}_{name}");
            if env::var_os(&variable).is_none_or(|value| value.is_empty()) {
                line.push_str(&format!(" {variable}={value}"));
            } else {
                kept.push(variable);
            }
        }
        note(&line);
    }
    // The calls of a terminal that lacks these, or has others, are refused, and the lines above do not show why.
    if !kept.is_empty() {
        note(&format!(
            "taken from this environment, and to be set to the same elsewhere: {}",
            kept.join(", ")
        ));
    }
}

fn note(line: &str) {
    // Without a reader of its log it still answers.
    let _closed = writeln!(io::stderr().lock(), "{line}");
}

fn not_started(error: StartError) -> Failure {
    match &error {
        StartError::Listen { address, source } => busy(*address, source),
        _ => Failure::usage(error.to_string()),
    }
}
