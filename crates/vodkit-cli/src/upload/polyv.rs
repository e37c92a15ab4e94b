//! An upload to Polyv.

use vodkit_polyv::types::{VideoStatus, operations};
use vodkit_polyv::{BlockingTransport, Client, FileInput};

use super::wait::{State, until_ready};
use super::{Sent, own_name, sending, title};
use crate::account;
use crate::args::{Global, UploadArgs};
use crate::catalogue::Vendor;
use crate::failure::Failure;
use crate::output::Output;
use crate::params::readable;
use crate::rehearsal::Rehearsal;
use crate::watch::Watched;

pub(super) fn run(args: &UploadArgs, global: Global, output: Output) -> Result<(), Failure> {
    let title = title(args)?;
    let bytes = readable(&args.file)?;
    let file = FileInput::path(&args.file);
    let transport = Watched::new(global.verbose)?;
    if args.target.dry_run {
        let rehearsal = Rehearsal::new(transport);
        let client = account::polyv(&rehearsal, &args.target, None)?;
        let ended = client.upload(file).title(title).send();
        return rehearsal.print(&operations::INIT_UPLOAD, ended.err(), output);
    }
    let client = account::polyv(transport, &args.target, None)?;
    let uploaded = sending(Vendor::Polyv, bytes, |sink, created| {
        client
            .upload(file)
            .title(title)
            .progress(sink)
            .created(created)
            .send()
    })?;
    let ready = args.wait.then(|| {
        until_ready(client.transport(), &uploaded.vid, args.deadline, || {
            state(&client, &uploaded.vid)
        })
    });
    let sent = Sent {
        vendor: Vendor::Polyv,
        video_id: uploaded.vid.into(),
        file_name: own_name(&args.file),
        bytes: uploaded.bytes,
    };
    sent.tell(ready, "the vendor is transcoding and reviewing it", output)
}

fn state<T: BlockingTransport>(client: &Client<T>, vid: &str) -> Result<State, Failure> {
    let Some(video) = client.get_video(vid).send()?.into_iter().next() else {
        return Ok(State::Working("unknown".to_owned()));
    };
    let word = video.status.as_str().to_owned();
    Ok(match video.status {
        VideoStatus::Published | VideoStatus::Published61 => State::Ready,
        VideoStatus::Rejected | VideoStatus::Forbidden | VideoStatus::Deleted => {
            State::Failed(word)
        }
        _ => State::Working(word),
    })
}
