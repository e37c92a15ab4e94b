//! The commands in the documents, run as they stand there, against an emulator.
//!
//! - In `sh` blocks, lines that begin with `vodkit` are run and must succeed; other lines are checked in the package of the scenarios.
//! - In `console` blocks, lines that begin with `$` are run and what follows is their output, where `[..]` stands for any text within a line.
//!   A command that fails is followed by `$ echo $?`.
//!
//! The commands of one document run in one folder, with one emulator, in their order.

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in its helpers"
)]

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use vodkit_emulator::Emulator;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// The lines of the blocks of one language, each block with its place.
fn blocks(name: &str, language: &str) -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(root().join(name)).unwrap();
    let fence = format!("```{language}");
    let mut lines = text.lines().enumerate();
    let mut blocks = Vec::new();
    while let Some((number, line)) = lines.next() {
        if line == fence {
            let block = lines.by_ref().map(|(_, line)| line.to_owned());
            let block = block.take_while(|line| line != "```").collect();
            blocks.push((format!("{name}:{}", number + 1), block));
        } else if line.starts_with("```") {
            lines.by_ref().find(|(_, line)| *line == "```");
        }
    }
    blocks
}

/// Where the commands of one document run.
struct Shell {
    emulator: Emulator,
    folder: TempDir,
    /// A `vodkit listen` that the document has started, and its address.
    listener: RefCell<Option<(Child, String)>>,
}

impl Drop for Shell {
    fn drop(&mut self) {
        if let Some((mut child, _)) = self.listener.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// Where `vodkit listen` listens unless it is told otherwise. The port may be taken on this machine.
const LISTENER: &str = "http://127.0.0.1:8700";

impl Shell {
    fn new() -> Self {
        let emulator = Emulator::builder().time_scale(1000.0).start().unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("lesson.mp4"),
            "the emulator takes any bytes",
        )
        .unwrap();
        fs::write(folder.path().join("lesson.vtt"), "WEBVTT\n").unwrap();
        Self {
            emulator,
            folder,
            listener: RefCell::default(),
        }
    }

    fn command(&self, line: &str) -> Command {
        let line = match &*self.listener.borrow() {
            Some((_, address)) => line.replace(LISTENER, address),
            None => line.to_owned(),
        };
        let binary = Path::new(env!("CARGO_BIN_EXE_vodkit"));
        let path = std::env::var("PATH").unwrap_or_default();
        let account = self.emulator.baijiayun();
        let mut command = Command::new("sh");
        command
            .args(["-c", &line])
            .current_dir(self.folder.path())
            .env_clear()
            .env(
                "PATH",
                format!("{}:{path}", binary.parent().unwrap().display()),
            )
            .env("HOME", self.folder.path().join("home"))
            .env("VODKIT_BAIJIAYUN_BASE_URL", self.emulator.base_url())
            .env(
                "VODKIT_BAIJIAYUN_PARTNER_ID",
                account.partner_id.to_string(),
            )
            .env("VODKIT_BAIJIAYUN_PARTNER_KEY", &account.partner_key)
            .env("VODKIT_POLYV_BASE_URL", self.emulator.base_url())
            .env("VODKIT_POLYV_USER_ID", &self.emulator.polyv().user_id)
            .env("VODKIT_POLYV_SECRET_KEY", &self.emulator.polyv().secret_key)
            .env("VODKIT_QUVIDEO_BASE_URL", self.emulator.base_url())
            .env("VODKIT_QUVIDEO_TOKEN", &self.emulator.quvideo().token)
            .env("VODKIT_QUVIDEO_CALLBACK_KEY", "test-key-0123456789")
            // An emulator with a key for callbacks wants an address too.
            .env("VODKIT_QUVIDEO_CALLBACK_URL", format!("{LISTENER}/quvideo"))
            .env("VODKIT_MEDIACLOUD_BASE_URL", self.emulator.base_url())
            .env(
                "VODKIT_MEDIACLOUD_USERNAME",
                &self.emulator.mediacloud().username,
            )
            .env(
                "VODKIT_MEDIACLOUD_PASSWORD",
                &self.emulator.mediacloud().password,
            )
            .stdin(Stdio::null());
        command
    }

    /// Exit code, and standard output followed by standard error.
    fn run(&self, line: &str) -> (i32, String) {
        let output = self.command(line).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8(text).unwrap(),
        )
    }

    /// A listener runs as long as the document, and what follows is sent to it.
    fn run_listener(&self, line: &str) {
        let mut child = self
            .command(&format!("exec {line} --listen 127.0.0.1:0 --output table"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut first).unwrap();
        assert!(first.starts_with("http://127.0.0.1:"), "{first}");
        // Its output has to be read, or it would stop at a full pipe.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        let before = self
            .listener
            .replace(Some((child, first.trim_end().to_owned())));
        assert!(before.is_none(), "one listener for a document");
    }

    /// An emulator runs until it is stopped: it must say where it is.
    fn run_emulator(&self, line: &str) {
        // The port of the document may be taken on this machine, and so may the usual one.
        let line = match line.contains("--listen") {
            true => line.replace(":8600", ":0"),
            false => format!("{line} --listen 127.0.0.1:0"),
        };
        let mut child = self
            .command(&format!("exec {line}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let read = BufReader::new(child.stdout.take().unwrap()).read_line(&mut first);
        child.kill().unwrap();
        child.wait().unwrap();
        read.unwrap();
        assert!(first.starts_with("http://127.0.0.1:"), "{first}");
    }
}

/// Whether `line` is `pattern`, in which `[..]` stands for any text.
fn fits(line: &str, pattern: &str) -> bool {
    let Some((head, tail)) = pattern.split_once("[..]") else {
        return line == pattern;
    };
    let Some(rest) = line.strip_prefix(head) else {
        return false;
    };
    (0..=rest.len())
        .filter(|at| rest.is_char_boundary(*at))
        .any(|at| fits(&rest[at..], tail))
}

#[test]
fn patterns_fit_what_they_say() {
    for (line, pattern, expected) in [
        ("abc", "abc", true),
        ("abc", "ab", false),
        ("abc", "a[..]c", true),
        ("ac", "a[..]c", true),
        ("abcd", "a[..]c", false),
        ("a1b2c", "a[..]b[..]c", true),
        ("数学", "[..]学", true),
    ] {
        assert_eq!(fits(line, pattern), expected, "{line} {pattern}");
    }
}

/// Commands of `sh` blocks succeed.
fn run_scripts(name: &str, shell: &Shell) -> usize {
    let mut ran = 0;
    for (place, lines) in blocks(name, "sh") {
        for line in lines.iter().filter(|line| line.starts_with("vodkit ")) {
            if line.starts_with("vodkit emulator") {
                shell.run_emulator(line);
            } else if line.starts_with("vodkit listen") {
                shell.run_listener(line);
            } else {
                let (code, text) = shell.run(line);
                assert_eq!(code, 0, "{place}: {line}\n{text}");
            }
            ran += 1;
        }
    }
    ran
}

/// Commands of `console` blocks print what is shown.
fn run_sessions(name: &str, shell: &Shell) -> usize {
    let mut ran = 0;
    for (place, lines) in blocks(name, "console") {
        let mut lines = lines.iter().peekable();
        let mut last = 0;
        while let Some(line) = lines.next() {
            let command = line
                .strip_prefix("$ ")
                .unwrap_or_else(|| panic!("{place}: output of no command: {line}"));
            let mut expected = Vec::new();
            while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
                expected.push(line.as_str());
            }
            let asks_for_code = command == "echo $?";
            let (code, text) = if asks_for_code {
                (0, format!("{last}\n"))
            } else {
                shell.run(command)
            };
            let printed: Vec<_> = text.lines().collect();
            // The document shows the usual address.
            let printed: Vec<_> = printed
                .iter()
                .map(|line| match &*shell.listener.borrow() {
                    Some((_, address)) => line.replace(address, LISTENER),
                    None => (*line).to_owned(),
                })
                .collect();
            let same = printed.len() == expected.len()
                && printed
                    .iter()
                    .zip(&expected)
                    .all(|(line, pattern)| fits(line, pattern));
            assert!(same, "{place}: {command}\nprinted:\n{text}");
            let told = lines.peek().is_some_and(|next| *next == "$ echo $?");
            assert!(code == 0 || told, "{place}: {command} ends with {code}");
            last = code;
            ran += 1;
        }
    }
    ran
}

#[test]
fn commands_of_the_documents_do_what_they_say() {
    let mut ran = Vec::new();
    for name in [
        "README.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "docs/architecture.md",
        "docs/callbacks.md",
        "docs/emulator.md",
        "docs/performance.md",
        "docs/cli.md",
        "docs/uploads.md",
        "docs/vendors/baijiayun.md",
        "docs/vendors/mediacloud.md",
        "docs/vendors/polyv.md",
        "docs/vendors/quvideo.md",
    ] {
        let shell = Shell::new();
        ran.push(run_scripts(name, &shell) + run_sessions(name, &shell));
    }
    // A fence that is written otherwise must not make this test check nothing.
    assert!(
        ran[0] >= 2 && ran[4] >= 5 && ran[5] >= 1 && ran[7] >= 17 && ran[8] >= 9,
        "{ran:?}"
    );
    assert!(ran[8..].iter().all(|ran| *ran >= 2), "{ran:?}");
}

/// The document has the exit codes that the binary has.
#[test]
fn every_exit_code_is_documented() {
    let (_, text) = Shell::new().run("vodkit exit-codes --output json");
    let codes: Vec<Value> = serde_json::from_str(&text).unwrap();
    let page = fs::read_to_string(root().join("docs/cli.md")).unwrap();
    let section = page.split("## Exit codes").nth(1).unwrap();
    let table = section.split("\n## ").next().unwrap();
    let documented: Vec<i64> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok())
        .collect();
    let known: Vec<_> = codes
        .iter()
        .map(|code| code["code"].as_i64().unwrap())
        .collect();
    assert_eq!(documented, known);
}
