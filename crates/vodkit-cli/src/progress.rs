//! Progress on standard error, for people only: off a terminal nothing is drawn.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use vodkit_request::{Progress, ProgressSink};

use crate::interrupt;

/// A bar for the bytes of an upload.
pub(crate) fn upload_bar(bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    let template = "  uploading {bar:32.green} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}";
    bar.set_style(style(template));
    stop_on_interrupt(&bar);
    bar
}

/// What the SDK is to tell, so that the bar shows it.
pub(crate) fn sink(bar: &ProgressBar) -> ProgressSink {
    let bar = bar.clone();
    ProgressSink::new(move |progress| show(&bar, progress))
}

/// Shows how far an upload is.
pub(crate) fn show(bar: &ProgressBar, progress: Progress) {
    // A form around the file counts as well.
    if bar.length() != Some(progress.total) {
        bar.set_length(progress.total);
    }
    let is_first = bar.position() == 0;
    bar.set_position(progress.sent);
    if is_first {
        // What an earlier run has sent, or what is sent at once, is no speed.
        bar.reset_eta();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .expect("the template is well-formed")
        .progress_chars("━╸─")
}

/// A bar for each of several files, and one for all of them below.
pub(crate) struct Bars {
    all: MultiProgress,
    total: ProgressBar,
    files: usize,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    bars: HashMap<usize, ProgressBar>,
    /// Bytes of each file under way.
    sent: HashMap<usize, u64>,
    /// Bytes of the files that have ended.
    ended: u64,
}

/// Cells for the name of a file.
const NAME: usize = 28;

impl Bars {
    /// For people only: elsewhere there are none.
    pub(crate) fn new(files: usize, bytes: u64) -> Option<Self> {
        std::io::stderr()
            .is_terminal()
            .then(|| Self::on(MultiProgress::new(), files, bytes))
    }

    fn on(all: MultiProgress, files: usize, bytes: u64) -> Self {
        let total = all.add(ProgressBar::new(bytes));
        let template = "  {msg:28} {bar:24.cyan} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}";
        total.set_style(style(template));
        total.set_message(format!("0 of {files} files"));
        total.enable_steady_tick(Duration::from_millis(200));
        let rows = Mutex::default();
        Self {
            all,
            total,
            files,
            rows,
        }
    }

    /// A file begins.
    pub(crate) fn begin(&self, row: usize, name: &str, bytes: u64) {
        let bar = self.all.insert_before(&self.total, ProgressBar::new(bytes));
        bar.set_style(style(
            "  {msg} {bar:24.green} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}",
        ));
        bar.set_message(cut(name));
        self.rows().bars.insert(row, bar);
    }

    /// How far a file is.
    pub(crate) fn show(&self, row: usize, progress: Progress) {
        let mut rows = self.rows();
        if let Some(bar) = rows.bars.get(&row) {
            show(bar, progress);
        }
        rows.sent.insert(row, progress.sent);
        self.count(&rows);
    }

    /// The vendor works on a file.
    pub(crate) fn wait(&self, row: usize, name: &str) {
        let mut rows = self.rows();
        let bar = rows.bars.entry(row).or_insert_with(|| {
            self.all
                .insert_before(&self.total, ProgressBar::new_spinner())
        });
        bar.set_style(style("  {msg} {spinner:.green} transcoding {elapsed}"));
        bar.set_message(cut(name));
        bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// A file has ended, well or not; so have `ended` of all, `failed` of them not well.
    pub(crate) fn end(&self, row: usize, bytes: u64, ended: usize, failed: usize) {
        let mut rows = self.rows();
        if let Some(bar) = rows.bars.remove(&row) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        rows.sent.remove(&row);
        rows.ended += bytes;
        self.count(&rows);
        let failed = match failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        self.total
            .set_message(format!("{ended} of {} files{failed}", self.files));
    }

    /// Writes something while the bars are out of the way.
    pub(crate) fn suspend(&self, write: impl FnOnce()) {
        self.all.suspend(write);
    }

    /// All is over: nothing of the bars stays.
    pub(crate) fn clear(&self) {
        self.total.finish_and_clear();
        let _gone = self.all.clear();
    }

    /// Leaves the lines as they stand, and draws no more. What comes next is below them.
    pub(crate) fn leave(&self) {
        self.all.set_draw_target(ProgressDrawTarget::hidden());
        // The cursor stands behind the last bar.
        let _closed = writeln!(std::io::stderr().lock());
    }

    fn count(&self, rows: &Rows) {
        let under_way: u64 = rows.sent.values().sum();
        // With the form around each file it may be a little more than the files.
        let most = self.total.length().unwrap_or(u64::MAX);
        self.total.set_position((rows.ended + under_way).min(most));
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name in so many cells of the terminal, whatever its characters are.
fn cut(name: &str) -> String {
    let name: String = name
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    let name = console::truncate_str(&name, NAME, "…");
    console::pad_str(&name, NAME, console::Alignment::Left, None).into_owned()
}

/// A sign of life while the vendor works.
pub(crate) fn spinner(message: &'static str) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(message);
    bar.set_style(
        ProgressStyle::with_template("  {spinner:.green} {msg} {elapsed}")
            .expect("the template is well-formed"),
    );
    bar.enable_steady_tick(Duration::from_millis(100));
    stop_on_interrupt(&bar);
    bar
}

/// Leaves the line as it stands: how far it came is worth knowing. Nothing is drawn after it.
fn stop_on_interrupt(bar: &ProgressBar) {
    let bar = bar.clone();
    interrupt::before_exit(move || {
        if !bar.is_finished() && !bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
            let _closed = writeln!(std::io::stderr().lock());
        }
    });
}

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;

    #[test]
    fn names_are_as_wide_as_they_look() {
        for name in ["a.mp4", &"课".repeat(40), "x\ty.mp4", &"a".repeat(100)] {
            assert_eq!(console::measure_text_width(&cut(name)), NAME, "{name}");
        }
    }

    #[test]
    fn each_file_has_a_bar_and_all_have_one() {
        let screen = InMemoryTerm::new(20, 100);
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        let bars = Bars::on(MultiProgress::with_draw_target(target), 3, 300);
        bars.begin(0, "a.mp4", 100);
        bars.begin(1, "b.mp4", 100);
        bars.show(
            0,
            Progress {
                sent: 50,
                total: 100,
            },
        );
        bars.show(
            1,
            Progress {
                sent: 100,
                total: 100,
            },
        );
        bars.end(1, 100, 1, 0);
        bars.total.tick();
        let lines: Vec<_> = screen.contents().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(
            lines[0].contains("a.mp4") && lines[0].contains("50 B/100 B"),
            "{lines:?}"
        );
        assert!(
            lines[1].contains("1 of 3 files") && lines[1].contains("150 B/300 B"),
            "{lines:?}"
        );
        bars.end(0, 100, 2, 1);
        bars.total.tick();
        assert!(
            screen.contents().contains("2 of 3 files, 1 failed"),
            "{}",
            screen.contents()
        );
        bars.clear();
        assert_eq!(screen.contents(), "");
    }
}
