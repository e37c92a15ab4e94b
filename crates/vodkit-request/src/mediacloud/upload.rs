//! Upload: the file to the object storage with the keys of the login, whole or in parts; then its registration.

use serde_json::Value;
use vodkit_types::mediacloud::{CloudProvider, MediaType, RegisterMedia};
use vodkit_types::{FileInput, Secret};

use super::steps::MediaCloudSteps;
use super::{MediaCloud, ObjectStorage};
use crate::call::Run;
use crate::s3::Keys;
use crate::session::Session;
use crate::upload::{self, Journal, Stored, storage_flows};

/// An upload: the object to the storage, then `POST api/v1/medias`.
///
/// Address, region and bucket of the storage are the program's, since no reply and no page has them. The keys are those of the account's login,
/// which all calls and uploads of a client share; when they end, the account logs in again and the upload goes on. The file is looked at before
/// anything is sent. A file of more than one part goes in parts, several at once.
///
/// With a journal ([`Transfer::journal`](upload::Transfer::journal)) it goes on where an earlier process stopped, under the same key. **Whether a registration took place
/// whose reply was lost cannot be found out**, since no page documents a list of media. Such an upload fails with
/// [`ErrorKind::OutcomeUnknown`](crate::error::ErrorKind::OutcomeUnknown) and names the file, and so does the next one with its journal, until [`Transfer::repeat_unknown`](upload::Transfer::repeat_unknown) has it
/// registered again, perhaps for the second time.
#[derive(Debug)]
pub struct Upload<'s> {
    flow: upload::Upload<'s, MediaCloudSteps<'s>>,
}

/// Gives an unfinished upload up, from its journal, with the keys of the account's login.
///
/// An object that was put together, or sent whole, stays, registered or not: no call of the vendor's removes one, and the storage's own is not
/// made here, since the object may belong to a medium.
#[derive(Debug)]
pub struct Abandon<'s> {
    flow: upload::Abandon<'s, MediaCloudSteps<'s>>,
}

/// What an upload gives.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Uploaded {
    /// Bucket and key of the object, as the registration has them: `bucket/ObjectKey`.
    pub file_uri: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// What the storage says of it.
    pub stored: Stored,
    /// What the vendor answers to the registration, whose form no page shows: the id of the medium, where it is a text. Nothing when the file was
    /// not registered. When the journal tells of a registration that is done, it is the id, if that was a text.
    pub media: Option<Value>,
}

impl<'s> Upload<'s> {
    /// An upload of `file` to a bucket of `storage`, registered as a video under its own name.
    #[must_use]
    pub fn new(
        session: &'s Session<MediaCloud>,
        file: FileInput,
        storage: &ObjectStorage,
        bucket: impl Into<String>,
    ) -> Self {
        let mut steps = MediaCloudSteps::new(session, storage, bucket.into());
        let register = RegisterMedia::new(MediaType::Video, CloudProvider::Mos, "", "");
        steps.register = Some(register.display_name(file.name.clone()));
        Self {
            flow: upload::Upload::of(file, steps),
        }
    }

    /// Key of the object, at most 1024 bytes. An object that is there is replaced.
    ///
    /// Without one the key is the day in China, 64 random bits in hexadecimal digits and the name of the file, with slashes between: no other
    /// upload has the same.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.flow.steps.key = Some(key.into());
        self
    }

    /// Keys for the storage that the program got elsewhere, in the place of those of the login. They are never renewed.
    #[must_use]
    pub fn keys(
        mut self,
        access_key_id: impl Into<Secret>,
        secret_access_key: impl Into<Secret>,
        session_token: impl Into<Secret>,
    ) -> Self {
        self.flow.steps.keys = Some(Keys {
            access_key_id: access_key_id.into(),
            secret_access_key: secret_access_key.into(),
            session_token: session_token.into(),
        });
        self
    }

    /// Name of the medium, as it is shown (`displayName`).
    #[must_use]
    pub fn title(self, title: impl Into<String>) -> Self {
        self.register(|call| call.display_name(title))
    }

    /// Sets further parameters of the registration: kind of media, category, description, tag, workflow. Bucket and file are filled in.
    #[must_use]
    pub fn register(mut self, change: impl FnOnce(RegisterMedia) -> RegisterMedia) -> Self {
        self.flow.steps.register = self.flow.steps.register.take().map(change);
        self
    }

    /// Leaves the registration to the program.
    #[must_use]
    pub fn unregistered(mut self) -> Self {
        self.flow.steps.register = None;
        self
    }
}

impl<'s> Abandon<'s> {
    /// Gives up what the journal tells of.
    #[must_use]
    pub fn new(
        session: &'s Session<MediaCloud>,
        journal: Journal,
        storage: &ObjectStorage,
    ) -> Self {
        let steps = MediaCloudSteps::new(session, storage, String::new());
        Self {
            flow: upload::Abandon::of(journal, steps),
        }
    }
}

storage_flows!();

/// The settings of an upload, on the upload that a facade gives.
impl<T: ?Sized> Run<'_, T, Upload<'_>> {
    /// See [`Upload::key`].
    pub fn key(self, key: impl Into<String>) -> Self {
        self.map(|upload| upload.key(key))
    }

    /// See [`Upload::keys`].
    pub fn keys(
        self,
        access_key_id: impl Into<Secret>,
        secret_access_key: impl Into<Secret>,
        session_token: impl Into<Secret>,
    ) -> Self {
        self.map(|upload| upload.keys(access_key_id, secret_access_key, session_token))
    }

    /// See [`Upload::title`].
    pub fn title(self, title: impl Into<String>) -> Self {
        self.map(|upload| upload.title(title))
    }

    /// See [`Upload::register`].
    pub fn register(self, change: impl FnOnce(RegisterMedia) -> RegisterMedia) -> Self {
        self.map(|upload| upload.register(change))
    }

    /// See [`Upload::unregistered`].
    pub fn unregistered(self) -> Self {
        self.map(Upload::unregistered)
    }
}
