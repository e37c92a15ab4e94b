//! Simple upload: ask for an address, send the whole file as one form.

use vodkit_types::baijiayun::{GetUploadUrl, TargetDefinition, UploadFile};
use vodkit_types::{CommaList, FileContent, FileInput, NoData};

use crate::baijiayun::Baijiayun;
use crate::call::Run;
use crate::error::{Error, ErrorKind};
use crate::exec::{Exec, unusable_file};
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::session::Session;
use crate::transport::{FileFacts, Limits, ProgressSink, Tick};

/// A simple upload (API-2, then API-3).
///
/// The file is looked at before anything is sent, so a missing or empty one creates no video. A lost reply to either request is not repeated:
/// the error says that the outcome is unknown, and names the video once it exists.
#[derive(Debug)]
pub struct Upload<'s> {
    session: &'s Session<Baijiayun>,
    order: GetUploadUrl,
    file: FileInput,
    limits: Option<Limits>,
    progress: Option<ProgressSink>,
    created: Option<CreatedSink>,
    stage: Stage<'s>,
}

/// Told of the id of the new video as soon as it exists.
struct CreatedSink(Box<dyn Fn(u64) + Send + Sync>);

impl std::fmt::Debug for CreatedSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CreatedSink")
    }
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    Inspecting,
    Asking(Box<Exec<'s, GetUploadUrl>>, FileFacts),
    Sending(Box<Exec<'s, UploadFile>>, Uploaded),
    Over,
}

/// What an upload gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uploaded {
    /// Id of the new video. Its transcoding has begun.
    pub video_id: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

impl<'s> Upload<'s> {
    /// An upload of `file` under its own name, transcoded to standard definition (标清) unless [`definitions`](Self::definitions) says otherwise.
    #[must_use]
    pub fn new(session: &'s Session<Baijiayun>, file: FileInput) -> Self {
        let order = GetUploadUrl::new(file.name.clone(), TargetDefinition::Standard);
        Self {
            session,
            order,
            file,
            limits: None,
            progress: None,
            created: None,
            stage: Stage::Begin,
        }
    }

    /// The name under which the vendor keeps it. It should keep the extension, from which the vendor tells the format.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.order.file_name = name.into();
        self
    }

    /// The definitions to transcode to.
    #[must_use]
    pub fn definitions(mut self, definitions: impl Into<CommaList<TargetDefinition>>) -> Self {
        self.order.definition = definitions.into();
        self
    }

    /// Sets further parameters of the order (API-2): formats, encryption, audio, HTTPS.
    #[must_use]
    pub fn order(mut self, change: impl FnOnce(GetUploadUrl) -> GetUploadUrl) -> Self {
        self.order = change(self.order);
        self
    }

    /// Has `sink` told how far the file is.
    #[must_use]
    pub fn progress(mut self, sink: ProgressSink) -> Self {
        self.progress = Some(sink);
        self
    }

    /// Has `sink` told of the id of the new video before its file is sent: whatever happens then, the id is known.
    #[must_use]
    pub fn created(mut self, sink: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.created = Some(CreatedSink(Box::new(sink)));
        self
    }

    /// Sets time limits for sending the file; by default only a stall of 30 s ends it.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    fn ask(&mut self, tick: Tick, facts: FileFacts) -> Result<Step<Uploaded>, Error> {
        if facts.len == 0 {
            return Err(Error::new(
                ErrorKind::LocalFile,
                format!("cannot upload `{}`: it is empty", self.file.name),
            ));
        }
        let mut exec = Exec::new(self.session, self.order.clone());
        let step = exec.advance(tick, Event::Start)?;
        self.forward_asking(exec, facts, tick, step)
    }

    fn forward_asking(
        &mut self,
        exec: Exec<'s, GetUploadUrl>,
        facts: FileFacts,
        tick: Tick,
        step: Step<vodkit_types::baijiayun::UploadTicket>,
    ) -> Result<Step<Uploaded>, Error> {
        let granted = match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Asking(Box::new(exec), facts);
                return Ok(step);
            }
            Err(granted) => granted,
        };
        let uploaded = Uploaded {
            video_id: granted.video_id,
            bytes: facts.len,
        };
        if let Some(CreatedSink(sink)) = &self.created {
            sink(uploaded.video_id);
        }
        let mut exec = Exec::new(
            self.session,
            UploadFile::new(granted.upload_url, self.file.clone()),
        )
        .with_file_facts(Some(facts))
        .with_limits(self.limits)
        .with_progress(self.progress.clone());
        let step = exec
            .advance(tick, Event::Start)
            .map_err(|error| of_video(error, &uploaded))?;
        Ok(self.forward_sending(exec, uploaded, step))
    }

    fn forward_sending(
        &mut self,
        exec: Exec<'s, UploadFile>,
        uploaded: Uploaded,
        step: Step<NoData>,
    ) -> Step<Uploaded> {
        match pass_on(step) {
            Ok(step) => {
                self.stage = Stage::Sending(Box::new(exec), uploaded);
                step
            }
            Err(NoData { .. }) => Step::Done(uploaded),
        }
    }
}

impl Flow for Upload<'_> {
    type Output = Uploaded;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Uploaded>, Error> {
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => match &self.file.content {
                FileContent::Path(path) => {
                    self.stage = Stage::Inspecting;
                    Ok(Step::Inspect(path.clone()))
                }
                FileContent::Bytes(bytes) => {
                    let facts = FileFacts::of_len(bytes.len() as u64);
                    self.ask(tick, facts)
                }
                _ => Err(Error::new(
                    ErrorKind::LocalFile,
                    "this kind of file cannot be uploaded",
                )),
            },
            (Stage::Inspecting, Event::Inspected(Ok(facts))) => self.ask(tick, facts),
            (Stage::Inspecting, Event::Inspected(Err(error))) => {
                Err(unusable_file(Some(&self.file.content), &error))
            }
            (Stage::Asking(mut exec, facts), event) => {
                let step = exec.advance(tick, event)?;
                self.forward_asking(*exec, facts, tick, step)
            }
            (Stage::Sending(mut exec, uploaded), event) => {
                let step = exec
                    .advance(tick, event)
                    .map_err(|error| of_video(error, &uploaded))?;
                Ok(self.forward_sending(*exec, uploaded, step))
            }
            _ => Err(unexpected_event()),
        }
    }
}

/// A failed upload leaves a video without content behind: its id must not be lost.
fn of_video(error: Error, uploaded: &Uploaded) -> Error {
    let id = uploaded.video_id;
    let hint = match error.hint() {
        Some(hint) => format!(
            "{}. Video {id} exists but may have no content",
            hint.trim_end_matches('.')
        ),
        None => format!("Video {id} exists but has no content"),
    };
    error.with_hint(hint).with_created(id)
}

/// The settings of an upload, on the upload that a facade gives.
impl<T: ?Sized> Run<'_, T, Upload<'_>> {
    /// See [`Upload::named`].
    pub fn named(self, name: impl Into<String>) -> Self {
        self.map(|upload| upload.named(name))
    }

    /// See [`Upload::definitions`].
    pub fn definitions(self, definitions: impl Into<CommaList<TargetDefinition>>) -> Self {
        self.map(|upload| upload.definitions(definitions))
    }

    /// See [`Upload::order`].
    pub fn order(self, change: impl FnOnce(GetUploadUrl) -> GetUploadUrl) -> Self {
        self.map(|upload| upload.order(change))
    }

    /// See [`Upload::progress`].
    pub fn progress(self, sink: ProgressSink) -> Self {
        self.map(|upload| upload.progress(sink))
    }

    /// See [`Upload::created`].
    pub fn created(self, sink: impl Fn(u64) + Send + Sync + 'static) -> Self {
        self.map(|upload| upload.created(sink))
    }

    /// See [`Upload::limits`].
    pub fn limits(self, limits: Limits) -> Self {
        self.map(|upload| upload.limits(limits))
    }
}
