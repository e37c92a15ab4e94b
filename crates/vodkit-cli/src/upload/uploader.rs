//! What each vendor does in its own way when a file is uploaded.

use std::time::Duration;

use serde_json::Value;
use vodkit_request::upload::{Journal, Transfer};
use vodkit_request::{Error, ProgressSink};

use super::row::Row;
use super::state::Asked;
use crate::args::TargetArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::watch::{Transport, Watched};

/// How a file is sent, whoever takes it.
pub(crate) struct Errand {
    pub(super) transfer: Transfer,
    pub(super) progress: ProgressSink,
    /// Told of the video as soon as there is one.
    pub(super) created: Box<dyn Fn(&str) + Send + Sync>,
}

/// A video whose file has arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    /// Its id in the vendor's form: a number or a text.
    pub(super) id: Value,
    /// MD5 of what was sent, where the vendor can be asked for its own.
    pub(super) md5: Option<String>,
}

impl Arrived {
    pub(super) fn of(id: impl Into<Value>) -> Self {
        Self {
            id: id.into(),
            md5: None,
        }
    }
}

/// A vendor's uploads, with the settings of the command line and without an account.
pub(crate) trait Way: Sync {
    /// What can be seen to be wrong with a row before anything is sent.
    fn check(&self, row: &Row) -> Result<(), Failure>;

    /// The name that the vendor is told.
    fn file_name(&self, row: &Row) -> Result<String, Failure> {
        Ok(row.own_name())
    }

    /// What makes another video of the same file.
    fn asked(&self) -> Asked {
        Asked::default()
    }

    /// Uploads with the account of the environment.
    fn connect(
        &self,
        transport: Transport,
        target: &TargetArgs,
    ) -> Result<Box<dyn Uploader + '_>, Failure>;

    /// Prints the first request of an upload instead of sending it.
    fn rehearse(
        &self,
        row: &Row,
        transport: Watched,
        target: &TargetArgs,
        output: Output,
    ) -> Result<(), Failure>;

    /// What the vendor does once the file has arrived.
    fn meanwhile(&self) -> &'static str;
}

/// Uploads for an account. Several threads share it, and its connections.
pub(crate) trait Uploader: Send + Sync {
    /// Sends a file, or what is missing of it.
    fn upload(&self, row: &Row, errand: Errand) -> Result<Arrived, Error>;

    /// What is left to do for the row when its file has arrived, such as to put it into its category.
    fn finish(&self, _row: &Row, _video: &Value) -> Result<(), Failure> {
        Ok(())
    }

    /// Has the storage drop what it has of an upload that is given up.
    fn abandon(&self, _journal: Journal) -> Result<(), Error> {
        Ok(())
    }

    /// Whether the vendor has all `len` bytes of a video, of which no reply has told so. Only for vendors that know of a video before that.
    fn has_content(&self, _video: &str, _len: u64) -> Result<bool, Error> {
        Ok(false)
    }

    /// Deletes a video, where the vendor has a call for it.
    fn delete(&self, _video: &str) -> Option<Result<(), Error>> {
        None
    }

    /// Waits until the video can be played.
    fn wait(&self, video: &Value, deadline: Duration) -> Result<(), Failure>;

    /// Compares what the vendor has with what was sent, where it says what it has. Of what an earlier command has sent the file tells.
    fn compare(&self, _row: &Row, _video: &Arrived, _bytes: u64) -> Result<(), Failure> {
        Ok(())
    }
}
