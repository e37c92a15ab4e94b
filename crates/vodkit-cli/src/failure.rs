//! What went wrong, in one line for people and in one JSON object for programs.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use console::style;
use serde::Serialize;
use vodkit_request::mask::mask;
use vodkit_request::transport::{TransportError, TransportErrorKind};
use vodkit_request::{Error, ErrorKind, Remedy};

use crate::catalogue::Vendor;
use crate::exit::Exit;
use crate::interrupt;
use crate::output::{Format, printable};
use crate::remedy;

/// Why a command did not succeed. Nothing in it is secret.
#[derive(Debug)]
pub(crate) struct Failure(Box<Facts>);

#[derive(Debug)]
struct Facts {
    exit: Exit,
    kind: &'static str,
    message: String,
    code: Option<String>,
    operation: Option<&'static str>,
    field: Option<String>,
    status: Option<u16>,
    attempts: u32,
    hint: Option<Cow<'static, str>>,
    /// What the hint says can be done.
    remedies: Vec<Remedy>,
    maybe_sent: bool,
    created: Option<String>,
    /// Each thing that is wrong, where there are several.
    problems: Vec<String>,
    /// The command that goes on.
    resume: Option<String>,
    silent: bool,
}

/// The JSON object. Scripts rely on these names.
#[derive(Serialize)]
struct Report<'a> {
    kind: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    maybe_sent: bool,
    /// Id of what exists at the vendor although the command failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<&'a str>,
    /// What is wrong, one by one.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    problems: &'a [String],
    /// The command that goes on where this one stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    resume: Option<&'a str>,
    exit_code: u8,
}

impl Failure {
    pub(crate) fn new(exit: Exit, kind: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Facts {
            exit,
            kind,
            message: message.into(),
            code: None,
            operation: None,
            field: None,
            status: None,
            attempts: 0,
            hint: None,
            remedies: Vec::new(),
            maybe_sent: false,
            created: None,
            problems: Vec::new(),
            resume: None,
            silent: false,
        }))
    }

    /// The command line is wrong; nothing was sent.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "usage", message)
    }

    pub(crate) fn local_file(message: impl Into<String>) -> Self {
        Self::new(Exit::LocalFile, ErrorKind::LocalFile.as_str(), message)
    }

    pub(crate) fn credential(message: impl Into<String>) -> Self {
        Self::new(Exit::Credential, ErrorKind::Credential.as_str(), message)
    }

    pub(crate) fn verification(message: impl Into<String>) -> Self {
        Self::new(Exit::Verification, "verification", message)
    }

    pub(crate) fn interrupted(
        maybe_sent: bool,
        created: Option<(Vendor, String)>,
        resumable: bool,
    ) -> Self {
        let mut this = Self::new(Exit::Interrupted, "interrupted", "interrupted");
        if let Some((vendor, id)) = created {
            this.0.maybe_sent = maybe_sent;
            let what = if maybe_sent {
                "exists but may have no content"
            } else {
                "is uploaded"
            };
            let look = match vendor {
                Vendor::Baijiayun => format!("video/getStatus video_id={id}"),
                Vendor::Polyv => format!("get-video-msg vid={id}"),
                Vendor::QuVideo => "vod/getPersonalVideoList pageIndex=1 pageSize=20".to_owned(),
                Vendor::MediaCloud => format!("'GET api/v1/medias/{{id}}' id={id}"),
            };
            this = this.hint(format!(
                "Video {id} {what}; see `vodkit call {} {look}`",
                vendor.name()
            ));
            this.0.created = Some(id);
        } else if maybe_sent {
            this.0.maybe_sent = true;
            this = this.hint(if resumable {
                "A call that changes something was under way: the next run finds out what came of it"
            } else {
                "A call that changes something was under way: look before repeating it"
            });
        }
        if resumable { this.resumable() } else { this }
    }

    /// Standard output could not be written. A reader that has gone away is no failure worth a word.
    pub(crate) fn of_output(error: &io::Error) -> Self {
        let silent = error.kind() == io::ErrorKind::BrokenPipe;
        let exit = if silent { Exit::Done } else { Exit::LocalFile };
        let mut this = Self::new(exit, "output", format!("cannot write the output: {error}"));
        this.0.silent = silent;
        this
    }

    pub(crate) fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Masks texts that the vendor may have quoted from the request.
    pub(crate) fn without(mut self, secrets: &[String]) -> Self {
        self.0.message = mask(&self.0.message, secrets.iter().map(String::as_str));
        self
    }

    pub(crate) fn operation(mut self, operation: &'static str) -> Self {
        self.0.operation = Some(operation);
        self
    }

    /// The same failure with another exit code.
    pub(crate) fn exiting(mut self, exit: Exit) -> Self {
        self.0.exit = exit;
        self
    }

    /// Lists what is wrong, one by one.
    pub(crate) fn problems(mut self, problems: Vec<String>) -> Self {
        self.0.problems = problems;
        self
    }

    /// Names what exists at the vendor although the command failed.
    pub(crate) fn created(mut self, id: impl Into<String>) -> Self {
        self.0.created = Some(id.into());
        self
    }

    /// Says that the same command goes on where this one stopped.
    pub(crate) fn resumable(mut self) -> Self {
        self.0.resume = Some(interrupt::this_command());
        self
    }

    /// Says that the same command fails again for as long as nothing else has changed.
    pub(crate) fn restartable(mut self) -> Self {
        let is_said = |remedy: &Remedy| matches!(remedy, Remedy::StartOver | Remedy::OwnJournal);
        if !self.0.remedies.iter().any(is_said) {
            self.more_hint("If that stays so, --restart gives up what was begun and uploads the file from the start".to_owned());
        }
        self
    }

    fn more_hint(&mut self, more: String) {
        self.0.hint = Some(match self.0.hint.take() {
            Some(hint) => format!("{}. {more}", hint.trim_end_matches('.')).into(),
            None => more.into(),
        });
    }

    pub(crate) fn exit(&self) -> Exit {
        self.0.exit
    }

    /// One line for people.
    pub(crate) fn line(&self) -> String {
        let resume = self.0.resume.as_ref();
        let resume = resume.map(|command| format!("To go on: {command}"));
        self.said(self.0.hint.as_deref().into_iter().chain(resume.as_deref()))
    }

    /// The line of one of several files, which are all gone on with by the same command.
    pub(crate) fn of_row(&self) -> String {
        self.said(self.0.hint.as_deref())
    }

    /// What is wrong, without what to do about it.
    pub(crate) fn brief(&self) -> String {
        self.said(None)
    }

    fn said<'a>(&self, hints: impl IntoIterator<Item = &'a str>) -> String {
        let facts = &*self.0;
        let mut line = String::new();
        if let Some(operation) = facts.operation {
            line.push_str(operation);
            line.push_str(": ");
        }
        match (&facts.code, facts.status) {
            (Some(code), _) => line.push_str(&format!("code {code}: ")),
            (None, Some(status)) => line.push_str(&format!("HTTP {status}: ")),
            _ => {}
        }
        line.push_str(&facts.message);
        if let Some(field) = &facts.field {
            line.push_str(&format!(" at `{field}`"));
        }
        if facts.attempts > 1 {
            line.push_str(&format!(" (after {} attempts)", facts.attempts));
        }
        for hint in hints {
            let end = line.trim_end_matches(['.', '。', ' ']).len();
            line.truncate(end);
            line.push_str(". ");
            push_sentence(&mut line, hint);
        }
        printable(&line).into_owned()
    }

    fn json(&self) -> String {
        let facts = &*self.0;
        let report = Report {
            kind: facts.kind,
            message: &facts.message,
            code: facts.code.as_deref(),
            operation: facts.operation,
            field: facts.field.as_deref(),
            status: facts.status,
            attempts: (facts.attempts > 1).then_some(facts.attempts),
            hint: facts.hint.as_deref(),
            maybe_sent: facts.maybe_sent,
            created: facts.created.as_deref(),
            problems: &facts.problems,
            resume: facts.resume.as_deref(),
            exit_code: facts.exit.code(),
        };
        serde_json::to_string(&report).expect("texts and numbers are always JSON")
    }

    /// The JSON object.
    pub(crate) fn value(&self) -> serde_json::Value {
        serde_json::from_str(&self.json()).expect("what was written as JSON is JSON")
    }

    /// Tells of the failure on standard error and gives the exit code.
    pub(crate) fn report(&self, format: Option<Format>) -> ExitCode {
        self.tell(format);
        self.0.exit.into()
    }

    /// As [`report`](Self::report), from a thread that is not the main one.
    pub(crate) fn report_and_exit(&self, format: Option<Format>) -> ! {
        self.tell(format);
        std::process::exit(i32::from(self.0.exit.code()))
    }

    fn tell(&self, format: Option<Format>) {
        if self.0.silent {
            return;
        }
        let mut stderr = io::stderr().lock();
        let text = if as_json(format) {
            self.json()
        } else {
            let problems = self.0.problems.iter();
            let problems = problems.map(|problem| format!("\n  {}", printable(problem)));
            format!(
                "{} {}{}",
                style("error:").red().bold().for_stderr(),
                self.line(),
                problems.collect::<String>()
            )
        };
        // There is nobody left to tell when standard error is closed as well.
        let _closed = writeln!(stderr, "{text}");
    }
}

/// A sentence begins with a capital, unless it begins with the name of this program.
fn push_sentence(line: &mut String, sentence: &str) {
    let mut rest = sentence.chars();
    match rest.next() {
        Some(first) if !sentence.starts_with("vodkit ") => {
            line.extend(first.to_uppercase());
            line.push_str(rest.as_str());
        }
        _ => line.push_str(sentence),
    }
}

/// Whether failures are told as JSON: when it was asked for, and wherever no person looks on.
pub(crate) fn as_json(format: Option<Format>) -> bool {
    format == Some(Format::Json) || !io::stderr().is_terminal()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut this = Self::new(error.kind().into(), error.kind().as_str(), error.message());
        let facts = &mut this.0;
        facts.code = error.code().map(str::to_owned);
        facts.operation = error.operation().map(|operation| operation.name);
        facts.field = error.field_path().map(str::to_owned);
        facts.status = error
            .status()
            .filter(|status| !status.is_success())
            .map(|status| status.as_u16());
        facts.attempts = error.attempts();
        let hint = error.hint_in(remedy::in_options);
        facts.hint = hint.filter(|hint| !hint.is_empty()).map(Cow::from);
        facts.remedies = error.remedies().collect();
        facts.maybe_sent = error.maybe_sent();
        facts.created = error.created().map(str::to_owned);
        this
    }
}

/// For requests that are no calls, such as playing a video.
impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        let kind = match error.kind {
            TransportErrorKind::Connect => ErrorKind::Connect,
            TransportErrorKind::Timeout => ErrorKind::Timeout,
            TransportErrorKind::InvalidRequest => ErrorKind::InvalidInput,
            _ => ErrorKind::Interrupted,
        };
        Self::new(kind.into(), kind.as_str(), error.message)
    }
}

/// A panic is a bug of vodkit. Its message could quote a value, so only its place is told.
pub(crate) fn tell_panics_in_one_line(format: Option<Format>) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map_or_else(String::new, |location| {
            let file = location
                .file()
                .rsplit(['/', '\\'])
                .next()
                .unwrap_or_default();
            format!(" at {file}:{}", location.line())
        });
        let message =
            format!("vodkit has failed{place}: this is a bug in vodkit, please report it");
        let mut stderr = io::stderr().lock();
        let _closed = if as_json(format) {
            writeln!(
                stderr,
                "{}",
                serde_json::json!({ "kind": "internal", "message": message, "exit_code": 101 })
            )
        } else {
            writeln!(stderr, "error: {message}")
        };
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_full_stop_is_not_doubled() {
        let line = |message| Failure::usage(message).hint("look").line();
        assert_eq!(line("not found."), "not found. Look");
        assert_eq!(line("没有。"), "没有. Look");
        assert_eq!(line("no"), "no. Look");
    }

    #[test]
    fn the_line_has_everything_in_one_line() {
        let mut failure = Failure::usage("a\nb")
            .operation("video/getInfo")
            .hint("do c");
        failure.0.code = Some("5002".to_owned());
        failure.0.field = Some("data.x".to_owned());
        failure.0.attempts = 3;
        assert_eq!(
            failure.line(),
            "video/getInfo: code 5002: a\u{fffd}b at `data.x` (after 3 attempts). Do c"
        );
    }

    #[test]
    fn an_interruption_says_what_exists() {
        let see = "see `vodkit call baijiayun video/getStatus video_id=7`";
        let seven = || Some((Vendor::Baijiayun, "7".to_owned()));
        for (maybe_sent, created, line) in [
            (false, None, "interrupted".to_owned()),
            (
                true,
                None,
                "interrupted. A call that changes something was under way: look before repeating it"
                    .to_owned(),
            ),
            (
                true,
                seven(),
                format!("interrupted. Video 7 exists but may have no content; {see}"),
            ),
            (
                false,
                seven(),
                format!("interrupted. Video 7 is uploaded; {see}"),
            ),
        ] {
            let id = created.as_ref().map(|(_, id): &(Vendor, String)| id.clone());
            let failure = Failure::interrupted(maybe_sent, created, false);
            assert_eq!(failure.line(), line);
            assert_eq!(failure.exit(), Exit::Interrupted);
            assert_eq!(failure.0.maybe_sent, maybe_sent);
            assert_eq!(failure.0.created, id);
        }
    }

    #[test]
    fn an_interruption_names_a_call_that_the_vendor_has() {
        for (vendor, call) in [
            (Vendor::Polyv, "polyv get-video-msg vid=7"),
            (
                Vendor::QuVideo,
                "quvideo vod/getPersonalVideoList pageIndex=1 pageSize=20",
            ),
            (
                Vendor::MediaCloud,
                "mediacloud 'GET api/v1/medias/{id}' id=7",
            ),
        ] {
            let failure = Failure::interrupted(false, Some((vendor, "7".to_owned())), false);
            let line = failure.line();
            assert!(line.ends_with(&format!("`vodkit call {call}`")), "{line}");
        }
    }

    /// A second net: errors of a call have been through one of their own.
    #[test]
    fn what_the_vendor_quotes_is_masked() {
        let failure = Failure::usage("no video for key canary-0123456789")
            .without(&["canary-0123456789".to_owned()]);
        assert!(!failure.line().contains("canary"), "{}", failure.line());
        assert!(failure.line().starts_with("no video for key "));
    }

    #[test]
    fn only_a_reader_that_has_gone_is_passed_over() {
        let gone = Failure::of_output(&io::ErrorKind::BrokenPipe.into());
        assert_eq!((gone.exit(), gone.0.silent), (Exit::Done, true));
        let full = Failure::of_output(&io::ErrorKind::StorageFull.into());
        assert_eq!((full.exit(), full.0.silent), (Exit::LocalFile, false));
    }

    #[test]
    fn what_fails_below_a_call_keeps_its_kind() {
        for (below, kind, exit) in [
            (TransportErrorKind::Connect, "connect", Exit::Unavailable),
            (TransportErrorKind::Timeout, "timeout", Exit::Unavailable),
            (
                TransportErrorKind::Interrupted,
                "interrupted",
                Exit::Unavailable,
            ),
            (
                TransportErrorKind::InvalidRequest,
                "invalid_input",
                Exit::Usage,
            ),
        ] {
            let failure = Failure::from(TransportError::new(below, "x"));
            assert_eq!((failure.0.kind, failure.exit()), (kind, exit));
        }
    }
}
