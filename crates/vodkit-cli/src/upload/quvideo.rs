//! Uploads to a QuVideo AppServer.

use std::time::Duration;

use serde_json::Value;
use vodkit_quvideo::types::{CensorStatus, PublishVideo, TranscodeStatus, operations};
use vodkit_quvideo::{BlockingTransport, Client, FileInput, Upload};
use vodkit_request::upload::Journal;
use vodkit_request::{Error, Run};

use super::row::Row;
use super::state::{Asked, in_words};
use super::uploader::{Arrived, Errand, Uploader, Way};
use super::wait::{State, until_ready};
use crate::account::{self, Needs};
use crate::args::{TargetArgs, UploadArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::params::checked;
use crate::rehearsal::Rehearsal;
use crate::watch::{Transport, Watched};

/// Entries on a page of the list in which a new video is the first.
const PAGE: u64 = 20;

#[derive(Default)]
pub(super) struct QuVideo {
    cover_url: Option<String>,
}

impl QuVideo {
    pub(super) fn new(args: &UploadArgs) -> Result<Self, Failure> {
        if args.wait && args.cover_url.is_none() {
            return Err(Failure::usage(
                "--wait needs --cover-url: without a cover the video is not published, and only published videos are listed",
            ));
        }
        Ok(Self {
            cover_url: args.cover_url.clone(),
        })
    }

    fn prepared<'c, T: BlockingTransport>(
        &self,
        client: &'c Client<T>,
        row: &Row,
    ) -> Run<'c, T, Upload<'c>> {
        let run = client.upload(FileInput::path(&row.file)).title(row.title());
        match (&self.cover_url, category(row).ok().flatten()) {
            (Some(url), Some(category)) => run
                .cover_url(url)
                .publish(PublishVideo::new().cate_id(category)),
            (Some(url), None) => run.cover_url(url),
            (None, _) => run.unpublished(),
        }
    }
}

impl Way for QuVideo {
    fn check(&self, row: &Row) -> Result<(), Failure> {
        if let Some(title) = operations::GET_VIDEO_UPLOAD_AUTH.param("title") {
            checked(title, &row.title())?;
        }
        if category(row)?.is_some() && self.cover_url.is_none() {
            return Err(Failure::usage(
                "a category needs --cover-url: it is told when the video is published, and without a cover it is not",
            ));
        }
        Ok(())
    }

    fn asked(&self) -> Asked {
        Asked {
            published: self.cover_url.is_some(),
            ..Asked::default()
        }
    }

    fn connect(
        &self,
        transport: Transport,
        target: &TargetArgs,
    ) -> Result<Box<dyn Uploader + '_>, Failure> {
        let needs = Needs::of(&operations::GET_VIDEO_UPLOAD_AUTH);
        let client = account::quvideo(transport, target, needs)?;
        Ok(Box::new(Connected { way: self, client }))
    }

    fn rehearse(
        &self,
        row: &Row,
        transport: Watched,
        target: &TargetArgs,
        output: Output,
    ) -> Result<(), Failure> {
        let rehearsal = Rehearsal::new(transport);
        let needs = Needs::of(&operations::GET_VIDEO_UPLOAD_AUTH);
        let client = account::quvideo(&rehearsal, target, needs)?;
        let ended = self.prepared(&client, row).send();
        rehearsal.print(&operations::GET_VIDEO_UPLOAD_AUTH, ended.err(), output)
    }

    fn meanwhile(&self) -> &'static str {
        match self.cover_url {
            Some(_) => "the vendor is transcoding it",
            None => "not published, since it has no cover (--cover-url)",
        }
    }
}

struct Connected<'w> {
    way: &'w QuVideo,
    client: Client<Transport>,
}

impl Uploader for Connected<'_> {
    fn upload(&self, row: &Row, errand: Errand) -> Result<Arrived, Error> {
        let run = self.way.prepared(&self.client, row);
        let uploaded = run
            .progress(errand.progress)
            .created(errand.created)
            .transfer(errand.transfer)
            .send()?;
        Ok(Arrived::of(uploaded.video_id))
    }

    fn abandon(&self, journal: Journal) -> Result<(), Error> {
        self.client.abandon_upload(journal).send().map(|_| ())
    }

    fn wait(&self, video: &Value, deadline: Duration) -> Result<(), Failure> {
        let id = in_words(video);
        until_ready(self.client.transport(), &id, deadline, || {
            state(&self.client, &id)
        })
    }
}

fn category(row: &Row) -> Result<Option<i64>, Failure> {
    let Some(category) = &row.category else {
        return Ok(None);
    };
    let number = category.parse();
    number.map(Some).map_err(|_| {
        Failure::usage(format!(
            "category `{category}` is not the number of one (cateId)"
        ))
    })
}

fn state(client: &Client<Transport>, video_id: &str) -> Result<State, Failure> {
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
