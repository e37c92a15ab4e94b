//! The client and how it is made.

use vodkit_request::facade::ClientSettings;
use vodkit_request::mediacloud::MediaCloud;
#[cfg(feature = "upload")]
use vodkit_request::mediacloud::{Abandon, ObjectStorage, Upload};
use vodkit_request::{Call, Error, ErrorKind, Raw, types};
#[cfg(feature = "upload")]
use vodkit_request::{Run, upload::Journal};

#[cfg(feature = "upload")]
use types::FileInput;
use types::{Operation, Secret};

vodkit_request::client! {
    /// One MediaCloud account over a transport.
    ///
    /// Cloning is cheap and shares the account's state: the token, the clock correction and the retry budget.
    MediaCloud
}

impl<T> Client<T> {
    /// A call that no page documents, or no table has yet: it carries the token, its parameters are unchecked, its data is as it comes.
    ///
    /// ```no_run
    /// use vodkit_mediacloud::{Auth, Client, Error, Operation};
    ///
    /// static LIST: Operation =
    ///     Operation::undocumented("mediacloud", "GET api/v1/class", "GET", "/api/v1/class", Auth::Token)
    ///         .succeeding_with(&["200"])
    ///         .repeatable();
    ///
    /// # fn list(client: &Client<vodkit_blocking::Blocking>) -> Result<(), Error> {
    /// let categories = client.raw(&LIST).param("page", 1).send()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(&self, operation: &'static Operation) -> Call<'_, T, Raw<MediaCloud>> {
        self.call(Raw::new(operation))
    }

    /// Uploads a file to a bucket of the object storage with the keys of the login, and registers it as a medium. Feature `upload`.
    ///
    /// `file` is a path, or a [`FileInput`] for bytes in memory. It is read while it is sent, never as a whole, and at most once: what the storage
    /// reports of it is compared with an MD5 computed meanwhile. A file of more than 8 MiB goes in parts of that size, three at once; a lost part
    /// is sent again, not the file. When the keys end, the client logs in again, and the upload goes on.
    ///
    /// The vendor's pages name no address, region or bucket of the storage: ask the vendor for them.
    ///
    /// ```no_run
    /// use vodkit_mediacloud::{Client, Error, ObjectStorage};
    ///
    /// # fn upload(client: &Client<vodkit_blocking::Blocking>) -> Result<(), Error> {
    /// let storage = ObjectStorage::new("https://storage.example.com", "region-1")?;
    /// let uploaded = client
    ///     .upload("lesson.mp4", &storage, "my-bucket")
    ///     .title("Lesson 1")
    ///     .register(|call| call.class_id("id-of-a-category").tag("biology"))
    ///     .send()?;
    /// println!("{} is {:?}", uploaded.file_uri, uploaded.media);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// With a [`Journal`](crate::Journal) an upload survives its process: run again with the same file, storage and bucket, and with what the
    /// journal's [`Keeper`](crate::Keeper) was given, it sends only what is missing, under the same key. The records hold no secret.
    ///
    /// ```no_run
    /// use std::fs::File;
    /// use std::io::{self, Write as _};
    /// use std::sync::{Arc, Mutex};
    ///
    /// use vodkit_mediacloud::{Client, Journal, Keeper, ObjectStorage, Transfer};
    ///
    /// #[derive(Debug)]
    /// struct Lines(Mutex<File>);
    ///
    /// impl Keeper for Lines {
    ///     fn keep(&self, record: &[u8]) -> io::Result<()> {
    ///         let mut file = self.0.lock().unwrap();
    ///         file.write_all(record)?;
    ///         file.write_all(b"\n")?;
    ///         file.sync_data()
    ///     }
    /// }
    ///
    /// # fn upload(client: &Client<vodkit_blocking::Blocking>, storage: &ObjectStorage) -> Result<(), Box<dyn std::error::Error>> {
    /// let path = "lesson.mp4.upload";
    /// let before = std::fs::read_to_string(path).unwrap_or_default();
    /// let file = File::options().create(true).append(true).open(path)?;
    /// let journal = Journal::resume(Arc::new(Lines(Mutex::new(file))), before.lines())?;
    /// let transfer = Transfer::new().lanes(4).journal(journal);
    /// let uploaded = client.upload("lesson.mp4", storage, "my-bucket").transfer(transfer).send()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It gives [`Uploaded`](crate::Uploaded).
    #[cfg(feature = "upload")]
    pub fn upload(
        &self,
        file: impl Into<FileInput>,
        storage: &ObjectStorage,
        bucket: impl Into<String>,
    ) -> Run<'_, T, Upload<'_>> {
        let upload = Upload::new(&self.session, file.into(), storage, bucket);
        Run::new(&self.transport, upload)
    }

    /// Gives an unfinished upload up, from its journal: the storage drops the parts that it has. An object that is stored already stays. Feature
    /// `upload`. It gives [`Abandoned`](crate::Abandoned).
    #[cfg(feature = "upload")]
    pub fn abandon_upload(
        &self,
        journal: Journal,
        storage: &ObjectStorage,
    ) -> Run<'_, T, Abandon<'_>> {
        let abandon = Abandon::new(&self.session, journal, storage);
        Run::new(&self.transport, abandon)
    }
}

/// Settings of a [`Client`].
///
/// Needed: user name and password, or an access token; and the base URL.
#[derive(Clone, Debug, Default)]
#[must_use = "settings do nothing until `build`"]
pub struct ClientBuilder {
    username: Option<String>,
    password: Option<Secret>,
    access_token: Option<Secret>,
    settings: ClientSettings,
}

impl ClientBuilder {
    /// The name that one logs in with.
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The password that one logs in with.
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// A token that the program got elsewhere, in the place of name and password. It is never renewed.
    pub fn access_token(mut self, access_token: impl Into<Secret>) -> Self {
        self.access_token = Some(access_token.into());
        self
    }

    /// Where the API is; the page shows `http://vod.test.mediacloud.imgo.tv` for tests. Passwords and tokens go there: use https where you can.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.settings.base_url = Some(url.into());
        self
    }

    /// Fills what is not set yet from the environment: `VODKIT_MEDIACLOUD_USERNAME`, `VODKIT_MEDIACLOUD_PASSWORD`,
    /// `VODKIT_MEDIACLOUD_BASE_URL`. Empty ones count as not set.
    pub fn from_env(mut self) -> Self {
        if self.access_token.is_none() {
            self.username = self
                .username
                .or_else(|| variable("VODKIT_MEDIACLOUD_USERNAME"));
            self.password = self
                .password
                .or_else(|| variable("VODKIT_MEDIACLOUD_PASSWORD").map(Secret::from));
        }
        self.settings.base_url = self
            .settings
            .base_url
            .or_else(|| variable("VODKIT_MEDIACLOUD_BASE_URL"));
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    /// [`ErrorKind::Credential`] when there is nothing to log in with, [`ErrorKind::InvalidInput`] when the address is missing or wrong.
    pub fn build<T>(self, transport: T) -> Result<Client<T>, Error> {
        let base = self
            .settings
            .needed_base_url("where is the API? set its base URL (VODKIT_MEDIACLOUD_BASE_URL)")?;
        let missing = |what| Err(Error::new(ErrorKind::Credential, what));
        let filled = |secret: Option<Secret>| secret.filter(|secret| !secret.is_empty());
        let vendor = match (
            filled(self.access_token),
            self.username,
            filled(self.password),
        ) {
            (Some(token), ..) => MediaCloud::with_access_token(base, token),
            (None, Some(name), Some(password)) if !name.is_empty() => {
                MediaCloud::new(base, name, password)
            }
            (None, _, None) => return missing("password is missing (VODKIT_MEDIACLOUD_PASSWORD)"),
            (None, _, Some(_)) => {
                return missing("username is missing (VODKIT_MEDIACLOUD_USERNAME)");
            }
        };
        Ok(Client::new(transport, self.settings.session(vendor)))
    }
}

vodkit_request::client_builder!();
