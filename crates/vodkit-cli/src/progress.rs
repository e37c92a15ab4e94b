//! Progress on standard error, for people only: off a terminal nothing is drawn.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use vodkit_request::{Progress, ProgressSink};

use crate::interrupt;
use crate::speed::Speed;

/// A bar for the bytes of an upload.
#[derive(Clone)]
pub(crate) struct UploadBar {
    bar: ProgressBar,
    speed: Speed,
}

impl UploadBar {
    /// The bar of the only file.
    pub(crate) fn of_one(bytes: u64) -> Self {
        let bar = ProgressBar::new(bytes);
        let this = Self::on(
            bar,
            "  uploading {bar:32.green} {bytes}/{total_bytes}  {speed}  {left}",
        );
        stop_on_interrupt(&this.bar);
        this
    }

    fn on(bar: ProgressBar, template: &str) -> Self {
        let speed = Speed::default();
        bar.set_style(speed.told_by(style(template)));
        Self { bar, speed }
    }

    /// Shows how far the upload is. Where it begins is no speed.
    pub(crate) fn show(&self, progress: Progress) {
        // A form around the file counts as well.
        if self.bar.length() != Some(progress.total) {
            self.bar.set_length(progress.total);
        }
        self.speed.reached(progress.sent);
        self.bar.set_position(progress.sent);
    }

    /// What the SDK is to tell, so that the bar shows it.
    pub(crate) fn sink(&self) -> ProgressSink {
        let bar = self.clone();
        ProgressSink::new(move |progress| bar.show(progress))
    }

    /// The bar itself.
    pub(crate) fn bar(&self) -> &ProgressBar {
        &self.bar
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
    total: UploadBar,
    files: usize,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    bars: HashMap<usize, UploadBar>,
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
        let total = UploadBar::on(
            all.add(ProgressBar::new(bytes)),
            "  {msg:28} {bar:24.cyan} {bytes}/{total_bytes}  {speed}  {left}",
        );
        total.speed.reached(0);
        total.bar.set_message(format!("0 of {files} files"));
        total.bar.enable_steady_tick(Duration::from_millis(200));
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
        let bar = UploadBar::on(
            self.all
                .insert_before(&self.total.bar, ProgressBar::new(bytes)),
            "  {msg} {bar:24.green} {bytes}/{total_bytes}  {speed}  {left}",
        );
        bar.bar.set_message(cut(name));
        self.rows().bars.insert(row, bar);
    }

    /// How far a file is.
    pub(crate) fn show(&self, row: usize, progress: Progress) {
        let mut rows = self.rows();
        if let Some(bar) = rows.bars.get(&row) {
            bar.show(progress);
        }
        if rows.sent.insert(row, progress.sent).is_none() {
            self.total.speed.passed_over(progress.sent);
        }
        self.count(&rows);
    }

    /// The vendor works on a file.
    pub(crate) fn wait(&self, row: usize, name: &str) {
        let mut rows = self.rows();
        let bar = rows.bars.entry(row).or_insert_with(|| UploadBar {
            bar: self
                .all
                .insert_before(&self.total.bar, ProgressBar::new_spinner()),
            speed: Speed::default(),
        });
        let bar = &bar.bar;
        bar.set_style(style("  {msg} {spinner:.green} transcoding {elapsed}"));
        bar.set_message(cut(name));
        bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// A file has ended, well or not; so have `ended` of all, `failed` of them not well.
    pub(crate) fn end(&self, row: usize, bytes: u64, ended: usize, failed: usize) {
        let mut rows = self.rows();
        if let Some(UploadBar { bar, .. }) = rows.bars.remove(&row) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        // It was there already, or has failed: what was not sent is no speed.
        let sent = rows.sent.remove(&row).unwrap_or_default();
        self.total.speed.passed_over(bytes.saturating_sub(sent));
        rows.ended += bytes;
        self.count(&rows);
        let failed = match failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        self.total
            .bar
            .set_message(format!("{ended} of {} files{failed}", self.files));
    }

    /// Writes something while the bars are out of the way.
    pub(crate) fn suspend(&self, write: impl FnOnce()) {
        self.all.suspend(write);
    }

    /// All is over: nothing of the bars stays.
    pub(crate) fn clear(&self) {
        self.total.bar.finish_and_clear();
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
        let most = self.total.bar.length().unwrap_or(u64::MAX);
        let there = rows.ended + under_way;
        self.total.speed.reached(there);
        self.total.bar.set_position(there.min(most));
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
    use std::time::Instant;

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
        bars.total.bar.tick();
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
        bars.total.bar.tick();
        assert!(
            screen.contents().contains("2 of 3 files, 1 failed"),
            "{}",
            screen.contents()
        );
        bars.clear();
        assert_eq!(screen.contents(), "");
    }

    #[test]
    fn what_a_file_that_failed_has_not_sent_is_no_speed() {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let bars = Bars::on(all, 2, 200);
        bars.begin(0, "a.mp4", 100);
        bars.show(
            0,
            Progress {
                sent: 10,
                total: 100,
            },
        );
        bars.end(0, 100, 1, 1);
        let soon = Instant::now() + Duration::from_secs(1);
        assert_eq!(bars.total.speed.per_second(soon), Some(0.0));
    }
}
