//! The client and how it is made.

use std::time::Duration;

use vodkit_request::baijiayun::{
    Baijiayun, Upload, Uploaded, VerifyUpload, WaitForTranscode, private_domain_url,
};
use vodkit_request::facade::ClientSettings;
use vodkit_request::{Call, Error, ErrorKind, Raw, Run, types};

use types::{FileInput, Operation, Secret};

vodkit_request::client! {
    /// One Baijiayun account over a transport.
    ///
    /// Cloning is cheap and shares the account's state: the clock correction, the retry budget, and a fetched key.
    Baijiayun
}

impl<T> Client<T> {
    /// A call that the page does not document, or no table has yet: signed like the others, its parameters unchecked, its data as it comes.
    ///
    /// ```no_run
    /// use vodkit_baijiayun::{Auth, Client, Error, Operation};
    ///
    /// static ROOM_LIST: Operation =
    ///     Operation::undocumented("baijiayun", "room/list", "POST", "/openapi/room/list", Auth::Signed).repeatable();
    ///
    /// # fn rooms(client: &Client<vodkit_blocking::Blocking>) -> Result<(), Error> {
    /// let rooms = client.raw(&ROOM_LIST).param("page", 1).send()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn raw(&self, operation: &'static Operation) -> Call<'_, T, Raw<Baijiayun>> {
        self.call(Raw::new(operation))
    }

    /// Uploads a file (API-2 to API-4) and starts its transcoding: a small one in one request, a larger one in slices of 5 MiB.
    ///
    /// `file` is a path, or a [`FileInput`] for bytes in memory. It is read while it is sent, never as a whole. Its name tells the vendor the
    /// format, so keep the extension. Without [`definitions`](Upload::definitions) the video is transcoded to standard definition.
    ///
    /// ```no_run
    /// # use vodkit_baijiayun::{Client, Error, ProgressSink, types::TargetDefinition};
    /// # fn upload(client: &Client<vodkit_blocking::Blocking>) -> Result<(), Error> {
    /// let uploaded = client
    ///     .upload("lesson.mp4")
    ///     .definitions([TargetDefinition::High, TargetDefinition::P720])
    ///     .progress(ProgressSink::new(|step| eprintln!("{} of {} bytes", step.sent, step.total)))
    ///     .send()?;
    /// println!("video {}", uploaded.video_id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// With a journal it survives its process, and with a rate it leaves room for others:
    ///
    /// ```no_run
    /// # use vodkit_baijiayun::{Client, Error, Journal, Pace, Transfer};
    /// # fn upload(client: &Client<vodkit_blocking::Blocking>, journal: Journal) -> Result<(), Error> {
    /// let transfer = Transfer::new()
    ///     .journal(journal)
    ///     .pace(Pace::bytes_per_second(2_000_000))
    ///     .notes(|note| eprintln!("{note:?}"));
    /// let uploaded = client.upload("lesson.mp4").transfer(transfer).send()?;
    /// println!("video {}, MD5 {}", uploaded.video_id, uploaded.md5.unwrap_or_default());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It gives [`Uploaded`](crate::Uploaded).
    pub fn upload(&self, file: impl Into<FileInput>) -> Run<'_, T, Upload<'_>> {
        Run::new(&self.transport, Upload::new(&self.session, file.into()))
    }

    /// Waits until a video can be played, asking for its status (API-5), at most for `deadline`.
    ///
    /// It fails with [`ErrorKind::Processing`] when transcoding failed and with [`ErrorKind::Deadline`] when the time is over.
    pub fn wait_for_transcode(
        &self,
        video_id: u64,
        deadline: Duration,
    ) -> Run<'_, T, WaitForTranscode<'_>> {
        Run::new(
            &self.transport,
            WaitForTranscode::new(&self.session, video_id, deadline),
        )
    }

    /// Compares what the vendor says of an uploaded file (API-6) with what was sent. The vendor knows it after transcoding, so
    /// [wait](Self::wait_for_transcode) first.
    ///
    /// It gives [`Comparison`](crate::Comparison), and fails with [`ErrorKind::Interrupted`] when the vendor has another file.
    pub fn verify_upload(&self, uploaded: &Uploaded) -> Run<'_, T, VerifyUpload<'_>> {
        Run::new(&self.transport, VerifyUpload::new(&self.session, uploaded))
    }
}

/// Settings of a [`Client`].
///
/// Needed: the partner id, one of the two keys, and one of private domain and base URL.
#[derive(Clone, Debug, Default)]
#[must_use = "settings do nothing until `build`"]
pub struct ClientBuilder {
    partner_id: Option<u64>,
    partner_key: Option<Secret>,
    secret_key: Option<Secret>,
    domain: Option<String>,
    settings: ClientSettings,
    bad_environment: Option<String>,
}

impl ClientBuilder {
    /// The account's number (`partner_id`).
    pub fn partner_id(mut self, partner_id: u64) -> Self {
        self.partner_id = Some(partner_id);
        self.bad_environment = None;
        self
    }

    /// The key that signs calls (`partner_key`).
    pub fn partner_key(mut self, key: impl Into<Secret>) -> Self {
        self.partner_key = Some(key.into());
        self
    }

    /// The key that fetches the partner key (`secret_key`, API-1), for those who hold only this one.
    pub fn secret_key(mut self, key: impl Into<Secret>) -> Self {
        self.secret_key = Some(key.into());
        self
    }

    /// The private domain (专属域名): the part before `.at.baijiayun.com`.
    pub fn private_domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Another address for the API, such as an emulator's. It goes before the private domain.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.settings.base_url = Some(url.into());
        self
    }

    /// Fills what is not set yet from the environment: `VODKIT_BAIJIAYUN_PARTNER_ID`, `VODKIT_BAIJIAYUN_PARTNER_KEY`,
    /// `VODKIT_BAIJIAYUN_SECRET_KEY`, `VODKIT_BAIJIAYUN_DOMAIN`, `VODKIT_BAIJIAYUN_BASE_URL`. Empty ones count as not set.
    pub fn from_env(mut self) -> Self {
        if self.partner_id.is_none()
            && let Some(text) = variable("VODKIT_BAIJIAYUN_PARTNER_ID")
        {
            match text.parse() {
                Ok(id) => self.partner_id = Some(id),
                Err(_) => {
                    self.bad_environment =
                        Some("VODKIT_BAIJIAYUN_PARTNER_ID is not a number".to_owned())
                }
            }
        }
        if self.partner_key.is_none() && self.secret_key.is_none() {
            self.partner_key = variable("VODKIT_BAIJIAYUN_PARTNER_KEY").map(Secret::from);
            self.secret_key = variable("VODKIT_BAIJIAYUN_SECRET_KEY").map(Secret::from);
        }
        if self.settings.base_url.is_none() && self.domain.is_none() {
            self.settings.base_url = variable("VODKIT_BAIJIAYUN_BASE_URL");
            self.domain = variable("VODKIT_BAIJIAYUN_DOMAIN");
        }
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    /// [`ErrorKind::Credential`] when the partner id or both keys are missing, [`ErrorKind::InvalidInput`] when the address is missing or a
    /// setting is wrong.
    pub fn build<T>(self, transport: T) -> Result<Client<T>, Error> {
        if let Some(wrong) = self.bad_environment {
            return Err(Error::new(ErrorKind::InvalidInput, wrong));
        }
        let base = match (self.settings.base_url()?, &self.domain) {
            (Some(url), _) => url,
            (None, Some(domain)) => private_domain_url(domain)?,
            (None, None) => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "where is the account? set the private domain (VODKIT_BAIJIAYUN_DOMAIN) or a base URL (VODKIT_BAIJIAYUN_BASE_URL)",
                ));
            }
        };
        let Some(partner_id) = self.partner_id else {
            return Err(Error::new(
                ErrorKind::Credential,
                "partner_id is missing (VODKIT_BAIJIAYUN_PARTNER_ID)",
            ));
        };
        let filled = |key: Option<Secret>| key.filter(|key| !key.is_empty());
        let vendor = match (filled(self.partner_key), filled(self.secret_key)) {
            (Some(key), _) => Baijiayun::new(partner_id, key, base),
            (None, Some(secret)) => Baijiayun::with_secret_key(partner_id, secret, base),
            (None, None) => {
                return Err(Error::new(
                    ErrorKind::Credential,
                    "partner_key is missing (VODKIT_BAIJIAYUN_PARTNER_KEY), and no secret_key to fetch it with (VODKIT_BAIJIAYUN_SECRET_KEY)",
                ));
            }
        };
        Ok(Client::new(transport, self.settings.session(vendor)))
    }
}

vodkit_request::client_builder!();
