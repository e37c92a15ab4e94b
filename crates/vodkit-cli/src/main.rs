//! The vodkit command line: China's video-on-demand platforms from a shell.
//!
//! Each command is a module of its own name. What they share: [`args`] what can be asked for, [`output`] how results are printed,
//! [`failure`] how failures are told, [`exit`] the exit codes, [`interrupt`] what Ctrl-C does.

mod account;
mod address;
mod args;
mod call;
mod catalogue;
mod demo;
mod emulator;
mod endpoints;
mod exit;
mod failure;
mod gc;
mod interrupt;
#[cfg(feature = "kill-points")]
mod kill;
mod listen;
mod listening;
mod output;
mod params;
mod playback;
mod progress;
mod rehearsal;
mod remedy;
mod sign;
mod speed;
mod suggest;
mod trigger;
mod upload;
mod watch;
mod words;

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::args::{Cli, Command, Global};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

fn main() -> ExitCode {
    failure::tell_panics_in_one_line(args::wanted_format(std::env::args_os()));
    let cli = match args::parse() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let format = cli.global.output;
    interrupt::install(format);
    let result = run(cli);
    interrupt::give_way();
    match result {
        Ok(()) => Exit::Done.into(),
        Err(failure) => failure.report(format),
    }
}

fn run(Cli { global, command }: Cli) -> Result<(), Failure> {
    match command {
        Command::Demo(args) => demo::run(&args, global),
        Command::Endpoints(args) => endpoints::run(&args, global),
        Command::Call(args) => call::run(&args, global),
        Command::Sign(args) => sign::run(&args, global),
        Command::Upload(args) => upload::run(&args, global),
        Command::Gc(args) => gc::run(&args, global),
        Command::Emulator(args) => emulator::run(&args),
        Command::Listen(args) => listen::run(&args, global),
        Command::Trigger(args) => trigger::run(&args, global),
        Command::ExitCodes => exit_codes(global),
        Command::Completions { shell } => {
            Output::new(global.output).text(&args::completions(shell))
        }
    }
}

fn exit_codes(global: Global) -> Result<(), Failure> {
    let output = Output::new(global.output);
    if output.is_json() {
        let codes: Vec<Value> = Exit::ALL
            .iter()
            .map(|exit| json!({ "code": exit.code(), "meaning": exit.meaning() }))
            .collect();
        return output.json(&codes.into());
    }
    output.text(&exit::table())
}
