//! Progress on standard error, for people only: off a terminal nothing is drawn.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use vodkit_request::ProgressSink;

use crate::interrupt;

/// A bar for the bytes of an upload, and what the SDK is to tell.
pub(crate) fn upload_bar(bytes: u64) -> (ProgressBar, ProgressSink) {
    let bar = ProgressBar::new(bytes);
    let template = "  uploading {bar:32.green} {bytes}/{total_bytes}  {bytes_per_sec}  {eta}";
    bar.set_style(
        ProgressStyle::with_template(template)
            .expect("the template is well-formed")
            .progress_chars("━╸─"),
    );
    stop_on_interrupt(&bar);
    let sink = {
        let bar = bar.clone();
        ProgressSink::new(move |progress| {
            // The form around the file counts as well.
            bar.set_length(progress.total);
            bar.set_position(progress.sent);
        })
    };
    (bar, sink)
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
        bar.abandon();
        bar.set_draw_target(ProgressDrawTarget::hidden());
    });
}
