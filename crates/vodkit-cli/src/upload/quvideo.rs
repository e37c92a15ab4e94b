//! An upload to a QuVideo AppServer.

use vodkit_quvideo::types::{CensorStatus, TranscodeStatus, operations};
use vodkit_quvideo::{BlockingTransport, Client, FileInput};

use super::wait::{State, until_ready};
use super::{Sent, own_name, sending, title};
use crate::account::{self, Needs};
use crate::args::{Global, UploadArgs};
use crate::catalogue::Vendor;
use crate::failure::Failure;
use crate::output::Output;
use crate::params::readable;
use crate::rehearsal::Rehearsal;
use crate::watch::Watched;

/// Entries on a page of the list in which a new video is the first.
const PAGE: u64 = 20;

pub(super) fn run(args: &UploadArgs, global: Global, output: Output) -> Result<(), Failure> {
    let title = title(args)?;
    if args.wait && args.cover_url.is_none() {
        return Err(Failure::usage(
            "--wait needs --cover-url: without a cover the video is not published, and only published videos are listed",
        ));
    }
    let bytes = readable(&args.file)?;
    let file = FileInput::path(&args.file);
    let transport = Watched::new(global.verbose)?;
    let needs = Needs::of(&operations::GET_VIDEO_UPLOAD_AUTH);
    if args.target.dry_run {
        let rehearsal = Rehearsal::new(transport);
        let client = account::quvideo(&rehearsal, &args.target, needs)?;
        let run = client.upload(file).title(title);
        let run = match &args.cover_url {
            Some(url) => run.cover_url(url),
            None => run.unpublished(),
        };
        return rehearsal.print(&operations::GET_VIDEO_UPLOAD_AUTH, run.send().err(), output);
    }
    let client = account::quvideo(transport, &args.target, needs)?;
    let uploaded = sending(Vendor::QuVideo, bytes, |sink, created| {
        let run = client
            .upload(file)
            .title(title)
            .progress(sink)
            .created(created);
        match &args.cover_url {
            Some(url) => run.cover_url(url).send(),
            None => run.unpublished().send(),
        }
    })?;
    let ready = args.wait.then(|| {
        until_ready(
            client.transport(),
            &uploaded.video_id,
            args.deadline,
            || state(&client, &uploaded.video_id),
        )
    });
    let sent = Sent {
        vendor: Vendor::QuVideo,
        video_id: uploaded.video_id.into(),
        file_name: own_name(&args.file),
        bytes: uploaded.bytes,
    };
    let meanwhile = match args.cover_url {
        Some(_) => "the vendor is transcoding it",
        None => "not published, since it has no cover (--cover-url)",
    };
    sent.tell(ready, meanwhile, output)
}

fn state<T: BlockingTransport>(client: &Client<T>, video_id: &str) -> Result<State, Failure> {
    let page = client.get_personal_video_list(1, PAGE).send()?;
    let video = page
        .video_list
        .into_iter()
        .find(|video| video.video_id.as_deref() == Some(video_id));
    let Some(video) = video else {
        return Ok(State::Working("unknown".to_owned()));
    };
    Ok(match (video.transcode_status, video.censor_status) {
        (Some(TranscodeStatus::Fail), _) => State::Failed("transcodeStatus fail".to_owned()),
        (_, Some(CensorStatus::Fail)) => State::Failed("censorStatus fail".to_owned()),
        (Some(TranscodeStatus::Success), _) => State::Ready,
        (other, _) => State::Working(
            other.map_or_else(|| "unknown".to_owned(), |status| status.as_str().to_owned()),
        ),
    })
}
