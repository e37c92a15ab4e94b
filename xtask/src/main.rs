//! Code generation and checks of the vodkit workspace.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its caller"
)]

mod campaign;
mod codegen;
mod features;
mod layers;
mod licenses;
mod names;
mod readme;
mod sample;
mod spec;
mod spec_check;
mod spec_file;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Code generation and checks of the vodkit workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write everything that is generated from docs/spec.
    Codegen {
        /// Write nothing; fail when a generated file is stale, missing or superfluous.
        #[arg(long)]
        check: bool,
    },
    /// Try the promises of uploads against the built command line.
    Campaign(campaign::Orders),
    /// Fail when a crate depends on what its layer may not, or on too much.
    Layers,
    /// Check each crate alone, with no feature, with each feature, and with all.
    Features,
    /// Fail when a dependency has a licence that is not on the list.
    Licenses,
    /// Print a command as README.md has it.
    #[command(name = "readme-command")]
    Readme {
        /// Which of the two.
        which: readme::Which,
    },
    /// Fail on dead links, readmes that differ, paths of one machine and files that are too long.
    Tidy,
}

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_owned)
        .unwrap_or_default()
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Codegen { check } => codegen(&root(), check),
        Command::Campaign(orders) => campaign::run(&root(), &orders),
        Command::Layers => layers::check(&root()).map(|measured| measured.join("\n")),
        Command::Features => features::check(&root()),
        Command::Licenses => licenses::check(&root()),
        Command::Readme { which } => readme::command(&root(), which),
        Command::Tidy => tidy::check(&root()).map(|files| format!("{files} files are tidy")),
    };
    match outcome {
        Ok(message) => {
            println!("{message}");
            ExitCode::SUCCESS
        }
        Err(errors) => {
            for error in &errors {
                eprintln!("error: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn codegen(root: &Path, check: bool) -> Result<String, Vec<String>> {
    let files = codegen::generate(root)?;
    if check {
        let mut wrong = codegen::stale(root, &files);
        if !wrong.is_empty() {
            wrong.push("run `cargo xtask codegen` and commit what it writes".into());
            return Err(wrong);
        }
        return Ok(format!("{} generated files are up to date", files.len()));
    }
    let changed = codegen::write(root, &files).map_err(|e| vec![e.to_string()])?;
    Ok(if changed.is_empty() {
        "nothing to do".into()
    } else {
        format!("written:\n  {}", changed.join("\n  "))
    })
}
