//! One file by its name: a bar while it is sent, and its result alone.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use indicatif::ProgressBar;
use serde_json::json;

use super::note;
use super::one::{Listener, Sent, Told};
use super::row::Row;
use super::state::in_words;
use crate::args::Global;
use crate::catalogue::Vendor;
use crate::failure::{self, Failure};
use crate::interrupt;
use crate::output::{Output, good, printable};
use crate::progress::{UploadBar, spinner};

/// Shows how far the file is, and has a signal know what it would leave behind.
pub(super) struct Single {
    vendor: Vendor,
    row: Row,
    as_json: bool,
    bar: Mutex<Option<Bar>>,
}

/// What is on the screen.
enum Bar {
    Sending(UploadBar),
    Waiting(ProgressBar),
}

impl Bar {
    fn bar(&self) -> &ProgressBar {
        match self {
            Self::Sending(bar) => bar.bar(),
            Self::Waiting(bar) => bar,
        }
    }
}

impl Single {
    pub(super) fn new(vendor: Vendor, row: Row, global: Global) -> Self {
        Self {
            vendor,
            row,
            as_json: failure::as_json(global.output),
            bar: Mutex::new(None),
        }
    }

    /// Nothing is sent any more, or waited for.
    pub(super) fn sent(&self) {
        interrupt::writing(false);
        if let Some(bar) = self.bar().take() {
            bar.bar().finish_and_clear();
        }
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, Option<Bar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, told: &Told<'_>) {
        let text = if self.as_json {
            note::line(told)
                .and_then(|_| note::event(told))
                .map(|mut event| {
                    event["file"] = self.row.shown().into();
                    event.to_string()
                })
        } else {
            note::line(told).map(|line| format!("  {}", printable(&line)))
        };
        if let Some(text) = text {
            let write = || {
                // Without a reader of these lines the upload goes on all the same.
                let _closed = writeln!(std::io::stderr().lock(), "{text}");
            };
            match &*self.bar() {
                Some(bar) => bar.bar().suspend(write),
                None => write(),
            }
        }
    }
}

impl Listener for Single {
    fn hear(&self, _row: usize, told: Told<'_>) {
        match &told {
            Told::Started { bytes } => {
                *self.bar() = Some(Bar::Sending(UploadBar::of_one(*bytes)));
                interrupt::writing(true);
                interrupt::resumable(true);
            }
            Told::Created(id) => interrupt::created(self.vendor, id),
            Told::Progress(progress) => {
                if let Some(Bar::Sending(bar)) = &*self.bar() {
                    bar.show(*progress);
                }
            }
            Told::Waiting => {
                self.sent();
                *self.bar() = Some(Bar::Waiting(spinner("transcoding")));
            }
            Told::Noted(_) | Told::GivenUp(_) | Told::OtherUser => self.note(&told),
        }
    }
}

impl Sent {
    /// Tells of it, and then of what came of waiting: whatever that is, the id of the video must not be lost.
    pub(super) fn tell(
        self,
        vendor: Vendor,
        meanwhile: &str,
        output: Output,
    ) -> Result<(), Failure> {
        let transcoded = self.ready.as_ref().map(Result::is_ok);
        if output.is_json() {
            let mut object = json!({
                "vendor": vendor.name(),
                "video_id": self.video_id,
                "file_name": self.file_name,
                "bytes": self.bytes,
                "transcoded": transcoded,
            });
            if self.skipped {
                object["skipped"] = true.into();
            }
            if let Some(bytes) = self.resumed {
                object["resumed_bytes"] = bytes.into();
            }
            output.json(&object)?;
        } else {
            let state = match (transcoded, self.skipped) {
                (Some(true), _) => good("can be played"),
                (_, true) => format!(
                    "already uploaded as {}; --again uploads it once more",
                    in_words(&self.video_id)
                ),
                (Some(false), _) => "uploaded".to_owned(),
                (None, _) => format!("uploaded; {meanwhile}"),
            };
            output.pairs(&[
                ("video_id", in_words(&self.video_id)),
                ("file_name", self.file_name),
                ("bytes", self.bytes.to_string()),
            ])?;
            output.text(&state)?;
        }
        self.ready.unwrap_or(Ok(()))
    }
}
