//! Uploads to MediaCloud: to a bucket of its object storage, and then the registration.

use std::env;
use std::time::Duration;

use serde_json::Value;
use vodkit_mediacloud::types::operations;
use vodkit_mediacloud::{BlockingTransport, Client, FileInput, ObjectStorage, Upload};
use vodkit_request::upload::Journal;
use vodkit_request::{Error, Run};

use super::row::Row;
use super::state::Asked;
use super::uploader::{Arrived, Errand, Uploader, Way};
use crate::account::{self, Needs};
use crate::args::{StorageArgs, TargetArgs, UploadArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::rehearsal::Rehearsal;
use crate::watch::{Transport, Watched};

pub(super) struct MediaCloud {
    storage: ObjectStorage,
    endpoint: String,
    /// Without one uploads can be given up, and none begun.
    bucket: Option<String>,
    key: Option<String>,
}

impl MediaCloud {
    pub(super) fn new(args: &UploadArgs) -> Result<Self, Failure> {
        if args.wait {
            return Err(Failure::usage(
                "--wait is not for mediacloud: its pages do not say by what a medium that is ready is known",
            ));
        }
        let several = args.manifest.is_some()
            || args.files.len() > 1
            || args.files.iter().any(|file| file.is_dir());
        if args.key.is_some() && several {
            return Err(Failure::usage(
                "--key names one object, and there are several files",
            ));
        }
        let bucket = given(args.bucket.as_ref(), "VODKIT_MEDIACLOUD_BUCKET");
        if bucket.is_none() {
            return Err(missing("--bucket", "VODKIT_MEDIACLOUD_BUCKET"));
        }
        Ok(Self {
            bucket,
            key: args.key.clone(),
            ..Self::to_give_up(&args.storage)?
        })
    }

    /// What is needed to have the storage drop what it has.
    pub(super) fn to_give_up(args: &StorageArgs) -> Result<Self, Failure> {
        let needed = |option: &str, value: Option<&String>, variable: &str| {
            given(value, variable).ok_or_else(|| missing(option, variable))
        };
        let endpoint = needed(
            "--storage-endpoint",
            args.storage_endpoint.as_ref(),
            "VODKIT_MEDIACLOUD_STORAGE_ENDPOINT",
        )?;
        let region = needed("--region", args.region.as_ref(), "VODKIT_MEDIACLOUD_REGION")?;
        Ok(Self {
            storage: ObjectStorage::new(&endpoint, region)?,
            endpoint: endpoint.trim().trim_end_matches('/').to_owned(),
            bucket: None,
            key: None,
        })
    }

    fn prepared<'c, T: BlockingTransport>(
        &self,
        client: &'c Client<T>,
        row: &Row,
    ) -> Run<'c, T, Upload<'c>> {
        let bucket = self.bucket.as_deref().unwrap_or_default();
        let category = row.category.clone();
        let run = client
            .upload(FileInput::path(&row.file), &self.storage, bucket)
            .title(row.title())
            .register(|call| match category {
                Some(category) => call.class_id(category),
                None => call,
            });
        match &self.key {
            Some(key) => run.key(key.as_str()),
            None => run,
        }
    }
}

/// What the command line or the environment says.
fn given(option: Option<&String>, variable: &str) -> Option<String> {
    let set = || {
        env::var(variable)
            .ok()
            .filter(|value| !value.trim().is_empty())
    };
    option.cloned().or_else(set)
}

fn missing(option: &str, variable: &str) -> Failure {
    Failure::usage(format!("an upload to mediacloud needs {option} or {variable}"))
        .hint("MediaCloud's pages name neither bucket nor address of the storage: they come with the account")
}

impl Way for MediaCloud {
    fn check(&self, row: &Row) -> Result<(), Failure> {
        match &row.category {
            Some(category) if category.trim().is_empty() => {
                Err(Failure::usage("the category is empty"))
            }
            _ => Ok(()),
        }
    }

    fn asked(&self) -> Asked {
        let bucket = self.bucket.as_deref().unwrap_or_default();
        Asked {
            storage: Some(format!("{}/{bucket}", self.endpoint)),
            key: self.key.clone(),
            ..Asked::default()
        }
    }

    fn connect(
        &self,
        transport: Transport,
        target: &TargetArgs,
    ) -> Result<Box<dyn Uploader + '_>, Failure> {
        let client =
            account::mediacloud(transport, target, Needs::of(&operations::REGISTER_MEDIA))?;
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
        let client = account::mediacloud(&rehearsal, target, Needs::of(&operations::LOGIN))?;
        let ended = self.prepared(&client, row).send();
        rehearsal.print(&operations::LOGIN, ended.err(), output)
    }

    fn meanwhile(&self) -> &'static str {
        "the vendor is processing it"
    }
}

struct Connected<'w> {
    way: &'w MediaCloud,
    client: Client<Transport>,
}

impl Uploader for Connected<'_> {
    fn upload(&self, row: &Row, errand: Errand) -> Result<Arrived, Error> {
        let uploaded = self
            .way
            .prepared(&self.client, row)
            .progress(errand.progress)
            .created(errand.created)
            .transfer(errand.transfer)
            .send()?;
        // What is answered to a registration is on no page: where it is no id, the object is what one knows the medium by.
        let id = match uploaded.media {
            Some(Value::String(id)) => Value::String(id),
            Some(Value::Number(id)) => Value::Number(id),
            _ => uploaded.file_uri.into(),
        };
        Ok(Arrived::of(id))
    }

    fn abandon(&self, journal: Journal) -> Result<(), Error> {
        self.client
            .abandon_upload(journal, &self.way.storage)
            .send()
            .map(|_| ())
    }

    fn wait(&self, _video: &Value, _deadline: Duration) -> Result<(), Failure> {
        Ok(())
    }
}
