//! Uploads to Polyv.

use std::time::Duration;

use serde_json::Value;
use vodkit_polyv::types::{VideoStatus, operations};
use vodkit_polyv::{Client, FileInput};
use vodkit_request::Error;
use vodkit_request::upload::Journal;

use super::row::Row;
use super::state::in_words;
use super::uploader::{Arrived, Errand, Uploader, Way};
use super::wait::{State, until_ready};
use crate::account;
use crate::args::TargetArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::rehearsal::Rehearsal;
use crate::watch::{Transport, Watched};

pub(super) struct Polyv;

impl Way for Polyv {
    fn check(&self, row: &Row) -> Result<(), Failure> {
        match &row.category {
            Some(category)
                if category.is_empty() || !category.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Err(Failure::usage(format!(
                    "category `{category}` is not the number of one (cataid)"
                ))
                .hint("`vodkit call polyv cataJson` lists them"))
            }
            _ => Ok(()),
        }
    }

    fn connect(
        &self,
        transport: Transport,
        target: &TargetArgs,
    ) -> Result<Box<dyn Uploader + '_>, Failure> {
        let client = account::polyv(transport, target, None)?;
        Ok(Box::new(Connected { client }))
    }

    fn rehearse(
        &self,
        row: &Row,
        transport: Watched,
        target: &TargetArgs,
        output: Output,
    ) -> Result<(), Failure> {
        let rehearsal = Rehearsal::new(transport);
        let client = account::polyv(&rehearsal, target, None)?;
        let run = client.upload(FileInput::path(&row.file)).title(row.title());
        let ended = match row.category.clone() {
            Some(category) => run.order(|order| order.cataid(category)).send(),
            None => run.send(),
        };
        rehearsal.print(&operations::INIT_UPLOAD, ended.err(), output)
    }

    fn meanwhile(&self) -> &'static str {
        "the vendor is transcoding and reviewing it"
    }
}

struct Connected {
    client: Client<Transport>,
}

impl Uploader for Connected {
    fn upload(&self, row: &Row, errand: Errand) -> Result<Arrived, Error> {
        let run = self
            .client
            .upload(FileInput::path(&row.file))
            .title(row.title())
            .progress(errand.progress)
            .created(errand.created)
            .transfer(errand.transfer);
        let run = match row.category.clone() {
            Some(category) => run.order(|order| order.cataid(category)),
            None => run,
        };
        Ok(Arrived::of(run.send()?.vid))
    }

    fn abandon(&self, journal: Journal) -> Result<(), Error> {
        self.client.abandon_upload(journal).send().map(|_| ())
    }

    fn delete(&self, video: &str) -> Option<Result<(), Error>> {
        Some(self.client.delete_video(video).send().map(|_| ()))
    }

    fn wait(&self, video: &Value, deadline: Duration) -> Result<(), Failure> {
        let vid = in_words(video);
        until_ready(self.client.transport(), &vid, deadline, || {
            state(&self.client, &vid)
        })
    }
}

fn state(client: &Client<Transport>, vid: &str) -> Result<State, Failure> {
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
