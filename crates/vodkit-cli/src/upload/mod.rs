//! `vodkit upload`: a file becomes a video.

mod baijiayun;
mod polyv;
mod quvideo;
mod wait;

use std::path::Path;

use serde_json::{Value, json};
use vodkit_request::{Error, ProgressSink};

use crate::address;
use crate::args::{Global, UploadArgs};
use crate::catalogue::Vendor;
use crate::failure::Failure;
use crate::interrupt;
use crate::output::{Output, good};
use crate::progress::upload_bar;

pub(crate) fn run(args: &UploadArgs, global: Global) -> Result<(), Failure> {
    let output = Output::new(global.output);
    let vendor = Vendor::find(&args.vendor)?;
    address::check(vendor, &args.target, global)?;
    let only = |option: &str, whose: Vendor| {
        Err(Failure::usage(format!(
            "{option} is for uploads to {} alone",
            whose.name()
        )))
    };
    if !args.definition.is_empty() && vendor != Vendor::Baijiayun {
        return only("--definition", Vendor::Baijiayun);
    }
    if args.cover_url.is_some() && vendor != Vendor::QuVideo {
        return only("--cover-url", Vendor::QuVideo);
    }
    match vendor {
        Vendor::Baijiayun => baijiayun::run(args, global, output),
        Vendor::Polyv => polyv::run(args, global, output),
        Vendor::QuVideo => quvideo::run(args, global, output),
        Vendor::MediaCloud => Err(Failure::usage(
            "uploads to mediacloud are not built yet, only those to baijiayun, polyv and quvideo",
        )
        .hint("`vodkit endpoints --vendor mediacloud` lists the calls that there are")),
    }
}

/// Runs an upload with a bar, while a signal knows that something is under way and which video it would leave behind.
fn sending<T>(
    vendor: Vendor,
    bytes: u64,
    upload: impl FnOnce(ProgressSink, Box<dyn Fn(&str) + Send + Sync>) -> Result<T, Error>,
) -> Result<T, Failure> {
    let (bar, sink) = upload_bar(bytes);
    interrupt::writing(true);
    let sent = upload(sink, Box::new(move |id| interrupt::created(vendor, id)));
    interrupt::writing(false);
    bar.finish_and_clear();
    Ok(sent?)
}

/// The title of a video that has its own beside the file's name.
fn title(args: &UploadArgs) -> Result<String, Failure> {
    match &args.title {
        None => Ok(own_name(&args.file)),
        Some(title) if title.trim().is_empty() => Err(Failure::usage("the title is empty")),
        Some(title) => Ok(title.clone()),
    }
}

fn own_name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A file that has arrived.
struct Sent {
    vendor: Vendor,
    /// In the vendor's form: a number or a text.
    video_id: Value,
    file_name: String,
    bytes: u64,
}

impl Sent {
    /// Tells of it, and then of what came of waiting: whatever that is, the id of the video must not be lost.
    fn tell(
        self,
        ready: Option<Result<(), Failure>>,
        meanwhile: &str,
        output: Output,
    ) -> Result<(), Failure> {
        let transcoded = ready.as_ref().map(Result::is_ok);
        if output.is_json() {
            output.json(&json!({
                "vendor": self.vendor.name(),
                "video_id": self.video_id,
                "file_name": self.file_name,
                "bytes": self.bytes,
                "transcoded": transcoded,
            }))?;
        } else {
            let state = match transcoded {
                Some(true) => good("can be played"),
                Some(false) => "uploaded".to_owned(),
                None => format!("uploaded; {meanwhile}"),
            };
            let video_id = match self.video_id {
                Value::String(text) => text,
                number => number.to_string(),
            };
            output.pairs(&[
                ("video_id", video_id),
                ("file_name", self.file_name),
                ("bytes", self.bytes.to_string()),
            ])?;
            output.text(&state)?;
        }
        ready.unwrap_or(Ok(()))
    }
}
