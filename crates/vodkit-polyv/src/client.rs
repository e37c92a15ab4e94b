//! The client and how it is made.

use vodkit_request::facade::ClientSettings;
use vodkit_request::polyv::{Abandon, Polyv, Upload};
use vodkit_request::upload::Journal;
use vodkit_request::{Call, Error, ErrorKind, Raw, Run, types};

use types::{FileInput, Operation, Secret};

vodkit_request::client! {
    /// One Polyv account over a transport.
    ///
    /// Cloning is cheap and shares the account's state: the clock correction and the retry budget.
    Polyv
}

impl<T> Client<T> {
    /// A call that no page documents, or no table has yet: signed like the others, its parameters unchecked, its data as it comes.
    ///
    /// ```no_run
    /// use vodkit_polyv::{Auth, Client, Error, Operation};
    ///
    /// static MONTHLY: Operation = Operation::undocumented(
    ///     "polyv",
    ///     "viewlog/monthly",
    ///     "GET",
    ///     "/v2/data/{userid}/viewlog/monthly/{month}",
    ///     Auth::Signed,
    /// )
    /// .succeeding_with(&["200"])
    /// .repeatable();
    ///
    /// # fn log(client: &Client<vodkit_blocking::Blocking>) -> Result<(), Error> {
    /// let log = client.raw(&MONTHLY).param("month", "202401").send()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(&self, operation: &'static Operation) -> Call<'_, T, Raw<Polyv>> {
        self.call(Raw::new(operation))
    }

    /// Uploads a file to the object storage, which tells the vendor of it.
    ///
    /// `file` is a path, or a [`FileInput`] for bytes in memory. It is read while it is sent, never as a whole, and at most once: what the storage
    /// reports of it is compared with a CRC-64 computed meanwhile. A file of more than 8 MiB goes in parts of that size, three at once; a lost
    /// part is sent again, not the file.
    ///
    /// ```no_run
    /// # use vodkit_polyv::{Client, Error};
    /// # fn upload(client: &Client<vodkit_blocking::Blocking>) -> Result<(), Error> {
    /// let uploaded = client
    ///     .upload("lesson.mp4")
    ///     .title("Lesson 1")
    ///     .order(|order| order.cataid("1602300731843").tag("biology"))
    ///     .send()?;
    /// println!("video {}", uploaded.vid);
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
    /// use vodkit_polyv::{Client, Error, Journal, Keeper, Note, Transfer};
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
    /// let uploaded = client.upload("lesson.mp4").transfer(transfer).send()?;
    /// println!("video {}", uploaded.vid);
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
/// Needed: the user id and the secret key.
#[derive(Clone, Debug, Default)]
#[must_use = "settings do nothing until `build`"]
pub struct ClientBuilder {
    user_id: Option<String>,
    secret_key: Option<Secret>,
    settings: ClientSettings,
}

impl ClientBuilder {
    /// The account's id (`userid`), ten letters and digits.
    pub fn user_id(mut self, user_id: impl Into<String>) -> Self {
        self.user_id = Some(user_id.into());
        self
    }

    /// The key that signs calls (`secretkey`).
    pub fn secret_key(mut self, secret_key: impl Into<Secret>) -> Self {
        self.secret_key = Some(secret_key.into());
        self
    }

    /// One address for all calls in the place of the vendor's hosts, such as an emulator's.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.settings.base_url = Some(url.into());
        self
    }

    /// Fills what is not set yet from the environment: `VODKIT_POLYV_USER_ID`, `VODKIT_POLYV_SECRET_KEY`, `VODKIT_POLYV_BASE_URL`. Empty
    /// ones count as not set.
    pub fn from_env(mut self) -> Self {
        self.user_id = self.user_id.or_else(|| variable("VODKIT_POLYV_USER_ID"));
        self.secret_key = self
            .secret_key
            .or_else(|| variable("VODKIT_POLYV_SECRET_KEY").map(Secret::from));
        self.settings.base_url = self
            .settings
            .base_url
            .or_else(|| variable("VODKIT_POLYV_BASE_URL"));
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    /// [`ErrorKind::Credential`] when the user id or the key is missing, [`ErrorKind::InvalidInput`] when a setting is wrong.
    pub fn build<T>(self, transport: T) -> Result<Client<T>, Error> {
        let missing = |what| Err(Error::new(ErrorKind::Credential, what));
        let Some(user_id) = self.user_id.filter(|id| !id.is_empty()) else {
            return missing("userid is missing (VODKIT_POLYV_USER_ID)");
        };
        let Some(secret_key) = self.secret_key.filter(|key| !key.is_empty()) else {
            return missing("secretkey is missing (VODKIT_POLYV_SECRET_KEY)");
        };
        let vendor = match self.settings.base_url()? {
            Some(url) => Polyv::at(user_id, secret_key, url)?,
            None => Polyv::new(user_id, secret_key)?,
        };
        Ok(Client::new(transport, self.settings.session(vendor)))
    }
}

vodkit_request::client_builder!();
