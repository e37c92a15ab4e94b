//! Uploads: ask for an address, send a small file as one form and a large one in slices, go on where the server stopped.

mod asking;
mod course;
mod flow;
mod hint;
mod orphan;
mod sending;
mod slice;

use std::collections::VecDeque;

use vodkit_types::baijiayun::{GetUploadUrl, TargetDefinition};
use vodkit_types::{CommaList, FileInput, Secret};

use crate::baijiayun::Baijiayun;
use crate::call::Run;
use crate::error::Error;
use crate::session::Session;
use crate::upload::log::Log;
use crate::upload::settings::Settings;
use crate::upload::source::Source;
use crate::upload::{Mark, Meter, settings_of_all};

use course::Course;
use flow::Stage;

/// Bytes of a slice unless [`Transfer::part_size`](crate::upload::Transfer::part_size) says otherwise: what a public client of the vendor sends.
const SLICE: u64 = 5 << 20;

/// An upload (API-2, API-3 and API-4).
///
/// A file of at most one slice (5 MiB, or [`Transfer::part_size`](crate::upload::Transfer::part_size)) goes as one form, as the page has it. A larger one goes in slices, one after
/// another, each a POST of its raw bytes with a `Content-Range` that counts from one: that is how public clients of the vendor do it, the page does
/// not describe it.
///
/// The file is looked at before anything is sent, so a missing or empty one creates no video. When a request fails and nobody knows how much of it
/// arrived, or when the address is refused, the flow asks with API-4 how much the server has, and goes on from exactly there with the new address.
/// It gives up after as many failures without progress as the session's retry policy has attempts.
///
/// With a journal ([`Transfer::journal`](crate::upload::Transfer::journal)) another process goes on in the same way. The server's word on what it has beats the journal's. When an
/// earlier process lost the reply to the call that creates the video (API-2), the video is looked for before another one is created. Without a
/// journal a lost reply to that call is an error, which says that the outcome is unknown.
#[derive(Debug)]
pub struct Upload<'s> {
    session: &'s Session<Baijiayun>,
    order: GetUploadUrl,
    settings: Settings<Told>,
    log: Log,
    source: Source,
    /// What is to be written down before anything else happens.
    marks: VecDeque<Mark>,
    video: Option<u64>,
    /// Videos that were created for it and taken by other uploads.
    taken: u32,
    address: Option<Secret>,
    course: Course,
    meter: Option<Meter>,
    /// Why a request failed, while the server is asked what it has of it.
    setback: Option<Error>,
    /// MD5 of the file, once all has arrived.
    md5: Option<String>,
    /// Whether a new address is asked for since the old one was refused.
    renewing: bool,
    /// Whether an earlier process has begun with this video.
    resumed: bool,
    /// Whether the file as it is now is still to be written down: it was touched.
    begin_again: bool,
    stage: Stage<'s>,
}

/// Who is told of the id of the new video as soon as it exists.
type Told = Box<dyn Fn(u64) + Send + Sync>;

/// What an upload gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Uploaded {
    /// Id of the new video. Its transcoding has begun.
    pub video_id: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// MD5 of the file, 32 lower-case hexadecimal digits, to be compared with what the vendor says of the video
    /// ([`VerifyUpload`](crate::baijiayun::VerifyUpload)).
    ///
    /// It is computed while the file is sent. When some of it was sent by an earlier process, or when the server kept a part of a broken slice, the
    /// file is read once more in the end. `None` for a transport that neither shows what it sends nor reads files by itself.
    pub md5: Option<String>,
}

impl<'s> Upload<'s> {
    /// An upload of `file` under its own name, transcoded to standard definition (标清) unless [`definitions`](Self::definitions) says otherwise.
    #[must_use]
    pub fn new(session: &'s Session<Baijiayun>, file: FileInput) -> Self {
        let order = GetUploadUrl::new(file.name.clone(), TargetDefinition::Standard);
        Self {
            session,
            order,
            settings: Settings::default(),
            log: Log::default(),
            source: Source::new(file),
            marks: VecDeque::new(),
            video: None,
            taken: 0,
            address: None,
            course: Course::unknown(),
            meter: None,
            setback: None,
            md5: None,
            renewing: false,
            resumed: false,
            begin_again: false,
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
}

settings_of_all!(settings, u64);

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
}
