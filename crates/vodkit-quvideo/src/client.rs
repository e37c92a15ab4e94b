//! The client and how it is made.

use vodkit_request::facade::ClientSettings;
use vodkit_request::quvideo::{Abandon, QuVideo, Upload};
use vodkit_request::upload::Journal;
use vodkit_request::{Call, Error, Raw, Run, types};

use types::{FileInput, Operation, Secret};

vodkit_request::client! {
    /// One QuVideo AppServer over a transport, with or without a user.
    ///
    /// Cloning is cheap and shares the account's state: the retry budget.
    QuVideo
}

impl<T> Client<T> {
    /// A call that no page documents, or no table has yet: it carries the token if it says so, its parameters are unchecked, its data is as it comes.
    ///
    /// ```no_run
    /// use vodkit_quvideo::{Auth, Client, Error, Operation};
    ///
    /// static LIVE_LIST: Operation = Operation::undocumented(
    ///     "quvideo",
    ///     "vod/getRecommendLiveList",
    ///     "GET",
    ///     "/vod/getRecommendLiveList",
    ///     Auth::Token,
    /// )
    /// .succeeding_with(&["200"])
    /// .repeatable();
    ///
    /// # fn live(client: &Client<vodkit_blocking::Blocking>) -> Result<(), Error> {
    /// let list = client.raw(&LIVE_LIST).param("pageIndex", 1).param("pageSize", 10).send()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(&self, operation: &'static Operation) -> Call<'_, T, Raw<QuVideo>> {
        self.call(Raw::new(operation))
    }

    /// Uploads a file to the object storage, and publishes the video.
    ///
    /// `file` is a path, or a [`FileInput`] for bytes in memory. It is read while it is sent, never as a whole, and at most once: what the storage
    /// reports of it is compared with a CRC-64 computed meanwhile. A file of more than 8 MiB goes in parts of that size, three at once; a lost
    /// part is sent again, not the file.
    ///
    /// ```no_run
    /// # use vodkit_quvideo::{Client, Error};
    /// # fn upload(client: &Client<vodkit_blocking::Blocking>) -> Result<(), Error> {
    /// let uploaded = client
    ///     .upload("lesson.mp4")
    ///     .title("Lesson 1")
    ///     .cover_url("https://video.example.com/covers/1.jpg")
    ///     .send()?;
    /// println!("video {}", uploaded.video_id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It gives [`Uploaded`](crate::Uploaded).
    ///
    /// With a [`Journal`](crate::Journal) an upload survives its process: run again with the same file and what the journal's
    /// [`Keeper`](crate::Keeper) was given, it sends only what is missing, to the same video. A keeper appends records to a file, a table or
    /// the like; they hold no secret.
    ///
    /// ```no_run
    /// use std::fs::File;
    /// use std::io::{self, Write as _};
    /// use std::sync::{Arc, Mutex};
    ///
    /// use vodkit_quvideo::{Client, Error, Journal, Keeper, Note, Transfer};
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
    /// # fn upload(client: &Client<vodkit_blocking::Blocking>) -> Result<(), Box<dyn std::error::Error>> {
    /// let path = "lesson.mp4.upload";
    /// let before = std::fs::read_to_string(path).unwrap_or_default();
    /// let file = File::options().create(true).append(true).open(path)?;
    /// let journal = Journal::resume(Arc::new(Lines(Mutex::new(file))), before.lines())?;
    /// let transfer = Transfer::new()
    ///     .lanes(4)
    ///     .journal(journal)
    ///     .notes(|note| if let Note::Resumed { bytes } = note {
    ///         println!("{bytes} bytes are there already");
    ///     });
    /// let uploaded = client.upload("lesson.mp4").cover("lesson.jpg").transfer(transfer).send()?;
    /// println!("video {}", uploaded.video_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, file: impl Into<FileInput>) -> Run<'_, T, Upload<'_>> {
        Run::new(&self.transport, Upload::new(&self.session, file.into()))
    }

    /// Gives an unfinished upload up, from its journal: the storage drops the parts that it has. The video stays, without content; its id is in what
    /// it gives, [`Abandoned`](crate::Abandoned).
    pub fn abandon_upload(&self, journal: Journal) -> Run<'_, T, Abandon<'_>> {
        Run::new(&self.transport, Abandon::new(&self.session, journal))
    }
}

/// Settings of a [`Client`].
///
/// Needed: the base URL; for calls that belong to a user, also the user's token.
#[derive(Clone, Debug, Default)]
#[must_use = "settings do nothing until `build`"]
pub struct ClientBuilder {
    token: Option<Secret>,
    settings: ClientSettings,
}

impl ClientBuilder {
    /// The token of a user, from `user/login`, `user/randomUser`, or a login system of your own.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Where the server is: scheme, host, port, and a path prefix if it has one.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.settings.base_url = Some(url.into());
        self
    }

    /// Fills what is not set yet from the environment: `VODKIT_QUVIDEO_BASE_URL`, `VODKIT_QUVIDEO_TOKEN`. Empty ones count as not set.
    pub fn from_env(mut self) -> Self {
        self.settings.base_url = self
            .settings
            .base_url
            .or_else(|| variable("VODKIT_QUVIDEO_BASE_URL"));
        self.token = self
            .token
            .or_else(|| variable("VODKIT_QUVIDEO_TOKEN").map(Secret::from));
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the base URL is missing or wrong.
    pub fn build<T>(self, transport: T) -> Result<Client<T>, Error> {
        let base = self
            .settings
            .needed_base_url("where is the server? set its base URL (VODKIT_QUVIDEO_BASE_URL)")?;
        let mut vendor = QuVideo::new(base);
        if let Some(token) = self.token.filter(|token| !token.is_empty()) {
            vendor = vendor.with_token(token);
        }
        Ok(Client::new(transport, self.settings.session(vendor)))
    }
}

vodkit_request::client_builder!();
