//! Many files: what is told while they are sent, and the report at the end.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::BinaryBytes;
use serde_json::{Value, json};

use super::note;
use super::one::{Failed, Listener, Sent, Told};
use super::row::Row;
use super::state::in_words;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::{Output, bad, faint, good, printable};
use crate::progress::Bars;

/// Least time between two events that tell how far a file is.
const BETWEEN_EVENTS: Duration = Duration::from_secs(1);

/// Tells of each row: bars and lines for people, an object on a line for programs.
pub(super) struct Report {
    rows: Vec<Row>,
    bytes: Vec<u64>,
    output: Output,
    bars: Option<Bars>,
    began: Instant,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    done: usize,
    skipped: usize,
    /// Bytes of the files that were sent to their end.
    bytes: u64,
    failures: Vec<(usize, Failure)>,
    /// When a row was last told of.
    told: HashMap<usize, Instant>,
}

impl Report {
    /// With bars where people look on, if `shown`.
    pub(super) fn new(rows: Vec<Row>, output: Output, shown: bool) -> Self {
        let length = |row: &Row| std::fs::metadata(&row.file).map_or(0, |metadata| metadata.len());
        let bytes: Vec<u64> = rows.iter().map(length).collect();
        let bars = shown
            .then(|| Bars::new(rows.len(), bytes.iter().sum()))
            .flatten();
        Self {
            rows,
            bytes,
            output,
            bars,
            began: Instant::now(),
            counts: Mutex::default(),
        }
    }

    pub(super) fn is_for_programs(&self) -> bool {
        self.output.is_json()
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Says what directories hold and is not uploaded.
    pub(super) fn left_out(&self, left_out: &[(&'static str, Vec<std::path::PathBuf>)]) {
        /// Paths that are named; of the others only the number is told.
        const NAMED: usize = 3;
        for (why, paths) in left_out {
            if self.output.is_json() {
                let files: Vec<_> = paths
                    .iter()
                    .map(|path| path.display().to_string())
                    .collect();
                self.line(&json!({ "event": "left_out", "why": why, "files": files }).to_string());
                continue;
            }
            let named: Vec<_> = paths
                .iter()
                .take(NAMED)
                .map(|path| path.display().to_string())
                .collect();
            let more = paths.len().saturating_sub(NAMED);
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let line = format!("left out, {why}: {}{more}", named.join(", "));
            self.line(&faint(&printable(&line)));
        }
    }

    /// Takes what came of a row. A video that is there and cannot be played is a failure that has an id.
    pub(super) fn took(&self, index: usize, result: Result<Sent, Failed>) {
        let (sent, failed) = match result {
            Ok(mut sent) => {
                let ready = sent.ready.take();
                self.is_there(index, &sent, ready.as_ref().map(Result::is_ok));
                let failed = ready.and_then(Result::err).map(Failed::from);
                (Some(sent), failed)
            }
            Err(failed) => (None, Some(failed)),
        };
        if let Some(failed) = &failed {
            self.has_failed(index, failed, sent.as_ref());
        }
        let mut counts = self.counts();
        let is_new = sent.as_ref().is_some_and(|sent| !sent.skipped);
        match failed {
            Some(failed) => counts.failures.push((index, failed.failure)),
            None if is_new => counts.done += 1,
            None => counts.skipped += 1,
        }
        if is_new {
            counts.bytes += self.bytes[index];
        }
        if let Some(bars) = &self.bars {
            let failed = counts.failures.len();
            bars.end(
                index,
                self.bytes[index],
                counts.done + counts.skipped + failed,
                failed,
            );
        }
    }

    fn is_there(&self, index: usize, sent: &Sent, transcoded: Option<bool>) {
        if self.output.is_json() {
            let event = json!({
                "event": if sent.skipped { "skipped" } else { "done" },
                "video_id": sent.video_id,
                "file_name": sent.file_name,
                "bytes": sent.bytes,
                "transcoded": transcoded,
            });
            return self.event(index, event);
        }
        let (shown, id) = (self.shown(index), in_words(&sent.video_id));
        let line = match (sent.skipped, transcoded) {
            (true, _) => format!("{} {shown}: already uploaded as {id}", faint("=")),
            (false, Some(true)) => {
                format!("{} {shown}: uploaded as {id}, can be played", good("✓"))
            }
            (false, _) => format!("{} {shown}: uploaded as {id}", good("✓")),
        };
        self.line(&line);
    }

    fn has_failed(&self, index: usize, failed: &Failed, sent: Option<&Sent>) {
        if !self.output.is_json() {
            let (shown, why) = (self.shown(index), failed.failure.brief());
            return self.line(&format!("{} {shown}: {why}", bad("✗")));
        }
        let mut event = failed.failure.value();
        event["event"] = "failed".into();
        event["resumable"] = failed.resumable.into();
        if let Some(sent) = sent {
            event["video_id"] = sent.video_id.clone();
        }
        self.event(index, event);
    }

    /// Tells how it ended: `Err` when something failed. `stopped`: why no more rows were begun.
    pub(super) fn finish(&self, stopped: Option<Failure>) -> Result<(), Failure> {
        if let Some(bars) = &self.bars {
            bars.clear();
        }
        let failure = {
            let counts = self.counts();
            let (failed, rows) = (counts.failures.len(), self.rows.len());
            match stopped {
                Some(stopped) => Some(stopped),
                None if failed == 0 => None,
                None => {
                    let message = match rows {
                        1 => "the file failed".to_owned(),
                        _ => format!("{failed} of {rows} files failed"),
                    };
                    Some(Failure::new(Exit::Partial, "partial", message).resumable())
                }
            }
        };
        self.summary(failure.as_ref().map_or(Exit::Done, Failure::exit))?;
        failure.map_or(Ok(()), Err)
    }

    /// Tells how far it came, when a signal ends it.
    pub(super) fn interrupted(&self) {
        if let Some(bars) = &self.bars {
            bars.leave();
        }
        // Without a reader the signal still ends it.
        let _closed = self.summary(Exit::Interrupted);
    }

    fn summary(&self, exit: Exit) -> Result<(), Failure> {
        let counts = self.counts();
        let (failed, rows) = (counts.failures.len(), self.rows.len());
        let left = rows - counts.done - counts.skipped - failed;
        let seconds = self.began.elapsed().as_secs_f64();
        if self.output.is_json() {
            let failures = counts.failures.iter().map(|(index, failure)| {
                let mut failure = failure.value();
                self.place(*index, &mut failure);
                failure
            });
            let summary = json!({
                "event": "summary",
                "files": rows,
                "done": counts.done,
                "skipped": counts.skipped,
                "failed": failed,
                "left": left,
                "bytes": counts.bytes,
                "seconds": (seconds * 1000.0).round() / 1000.0,
                "failures": failures.collect::<Vec<_>>(),
                "exit_code": exit.code(),
            });
            return self.output.text(&summary.to_string());
        }
        for line in self.failures(&counts) {
            self.output.text(&line)?;
        }
        let mut line = format!(
            "{} uploaded ({} in {seconds:.1} s)",
            counts.done,
            BinaryBytes(counts.bytes)
        );
        for (count, what) in [
            (counts.skipped, "skipped"),
            (failed, "failed"),
            (left, "left"),
        ] {
            if count > 0 {
                line.push_str(&format!(", {count} {what}"));
            }
        }
        let files = if rows == 1 { "file" } else { "files" };
        self.output.text(&format!("{line}, of {rows} {files}"))
    }

    /// Why files have failed: each reason once, with the files below it.
    fn failures(&self, counts: &Counts) -> Vec<String> {
        let mut failures: Vec<_> = counts.failures.iter().collect();
        failures.sort_by_key(|(index, _)| *index);
        let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
        for (index, failure) in failures {
            let why = failure.of_row();
            let file = match self.rows[*index].line {
                Some(line) => format!("{} (line {line})", self.shown(*index)),
                None => self.shown(*index),
            };
            match reasons.iter_mut().find(|(reason, _)| *reason == why) {
                Some((_, files)) => files.push(file),
                None => reasons.push((why, vec![file])),
            }
        }
        let lines = reasons.into_iter().flat_map(|(why, files)| {
            let files = files.into_iter().map(|file| format!("  {file}"));
            std::iter::once(format!("{} {why}", bad("failed:"))).chain(files)
        });
        lines.collect()
    }

    /// A row for people: a name may hold what a terminal takes for a command.
    fn shown(&self, index: usize) -> String {
        printable(&self.rows[index].shown()).into_owned()
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which row an object is about.
    fn place(&self, index: usize, object: &mut Value) {
        let row = &self.rows[index];
        object["file"] = row.shown().into();
        if let Some(line) = row.line {
            object["line"] = line.into();
        }
    }

    fn event(&self, index: usize, mut event: Value) {
        self.place(index, &mut event);
        self.line(&event.to_string());
    }

    fn line(&self, line: &str) {
        // A reader that has gone away does not end the uploads.
        let write = || drop(self.output.text(line));
        match &self.bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }

    /// Whether it is time to tell again how far a row is.
    fn is_due(&self, index: usize) -> bool {
        let now = Instant::now();
        let mut counts = self.counts();
        let last = counts.told.entry(index).or_insert(self.began);
        let due = now.duration_since(*last) >= BETWEEN_EVENTS;
        if due {
            *last = now;
        }
        due
    }
}

impl Listener for Report {
    fn hear(&self, index: usize, told: Told<'_>) {
        let row = &self.rows[index];
        match &told {
            Told::Started { bytes } => {
                interrupt::writing(true);
                interrupt::resumable(true);
                self.counts().told.insert(index, Instant::now());
                if let Some(bars) = &self.bars {
                    bars.begin(index, &printable(&row.own_name()), *bytes);
                }
            }
            Told::Progress(progress) => {
                if let Some(bars) = &self.bars {
                    bars.show(index, *progress);
                }
                if self.output.is_json() && self.is_due(index) {
                    let (sent, total) = (progress.sent, progress.total);
                    self.event(
                        index,
                        json!({ "event": "progress", "sent": sent, "total": total }),
                    );
                }
            }
            Told::Waiting => {
                if let Some(bars) = &self.bars {
                    bars.wait(index, &printable(&row.own_name()));
                }
            }
            Told::Created(_) | Told::Noted(_) | Told::GivenUp(_) | Told::OtherUser => {}
        }
        if self.output.is_json() {
            if let Some(event) = note::event(&told) {
                self.event(index, event);
            }
        } else if let Some(line) = note::line(&told) {
            self.line(&format!("  {}: {}", self.shown(index), printable(&line)));
        } else if let (Told::Started { bytes }, None) = (&told, &self.bars) {
            let (number, rows) = (index + 1, self.rows.len());
            self.line(&format!(
                "[{number}/{rows}] {}: {}",
                self.shown(index),
                BinaryBytes(*bytes)
            ));
        }
    }
}
