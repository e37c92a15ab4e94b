//! Upload: the file to the object storage with the keys of the login, whole or in parts; then its registration.

use std::fmt;

use serde_json::Value;
use vodkit_types::mediacloud::{CloudProvider, MediaType, RegisterMedia};
use vodkit_types::{FileInput, Secret};

use super::{Credential, MediaCloud, ObjectStorage, object};
use crate::call::Run;
use crate::endpoint::Endpoint as _;
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::{Event, Flow, Step, pass_on, unexpected_event};
use crate::params::Params;
use crate::remedy::{Hint, Remedy};
use crate::s3::{Keys, Target};
use crate::session::Session;
use crate::sign_in::SignIn;
use crate::transport::{Limits, ProgressSink, Tick};
use crate::upload::journal::{kept, of_another};
use crate::upload::{Delivery, Mark, Next, Stored, Transfer};
use crate::vendor::Vendor as _;

/// What the journal of an account with a token of its own has for the account's name.
const OF_TOKEN: &str = "";

/// An upload: the object to the storage, then `POST api/v1/medias`.
///
/// Address, region and bucket of the storage are the program's, since no reply and no page has them. The keys are those of the account's login,
/// which all calls and uploads of a client share; when they end, the account logs in again and the upload goes on. The file is looked at before
/// anything is sent. A file of more than one part goes in parts, several at once.
///
/// With a journal ([`Transfer::journal`]) it goes on where an earlier process stopped, under the same key. **Whether a registration took place
/// whose reply was lost cannot be found out**, since no page documents a list of media. Such an upload fails with
/// [`ErrorKind::OutcomeUnknown`] and names the file, and so does the next one with its journal, until [`Transfer::repeat_unknown`] has it
/// registered again, perhaps for the second time.
#[derive(Debug)]
pub struct Upload<'s> {
    session: &'s Session<MediaCloud>,
    storage: ObjectStorage,
    bucket: String,
    /// The key that the program wants; without one it is derived.
    key: Option<String>,
    /// Keys that the program has from elsewhere.
    keys: Option<Keys>,
    register: Option<RegisterMedia>,
    delivery: Delivery<Target>,
    created: Option<CreatedSink>,
    /// Which login the keys are from.
    generation: u64,
    stage: Stage<'s>,
}

/// Told of the id of the medium as soon as it is known.
struct CreatedSink(Box<dyn Fn(&str) + Send + Sync>);

impl fmt::Debug for CreatedSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreatedSink")
    }
}

#[derive(Debug)]
enum Stage<'s> {
    Begin,
    Preparing,
    Keeping(Then),
    SigningIn(Box<SignIn<'s, MediaCloud>>),
    Renewing(Box<SignIn<'s, MediaCloud>>),
    Delivering,
    Registering(Box<Exec<'s, RegisterMedia>>, Stored),
    Over,
}

/// What follows when a mark is written.
#[derive(Debug)]
enum Then {
    Start,
    Register(Stored),
    Finish(Stored, Option<Value>),
    Done(Stored, Option<Value>),
    Fail(Box<Error>),
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
        let bucket = bucket.into();
        let register = RegisterMedia::new(MediaType::Video, CloudProvider::Mos, "", "")
            .display_name(file.name.clone());
        Self {
            session,
            storage: storage.clone(),
            bucket,
            key: None,
            keys: None,
            register: Some(register),
            delivery: Delivery::of(file),
            created: None,
            generation: 0,
            stage: Stage::Begin,
        }
    }

    /// Key of the object, at most 1024 bytes. An object that is there is replaced.
    ///
    /// Without one the key is the day in China, 64 random bits in hexadecimal digits and the name of the file, with slashes between: no other
    /// upload has the same.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
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
        self.keys = Some(Keys {
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
        self.register = self.register.take().map(change);
        self
    }

    /// Leaves the registration to the program.
    #[must_use]
    pub fn unregistered(mut self) -> Self {
        self.register = None;
        self
    }

    /// Sets how the file is sent: in which parts (8 MiB, at least 5), how many at once, how fast, and where it is written down how far it is.
    #[must_use]
    pub fn transfer(mut self, transfer: Transfer) -> Self {
        self.delivery.set_transfer(transfer);
        self
    }

    /// Has `sink` told how far the file is.
    #[must_use]
    pub fn progress(mut self, sink: ProgressSink) -> Self {
        self.delivery.progress_sink = Some(sink);
        self
    }

    /// Has `sink` told of the id of the new medium, where the vendor answers with one.
    #[must_use]
    pub fn created(mut self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.created = Some(CreatedSink(Box::new(sink)));
        self
    }

    /// Sets time limits for sending the file or a part of it; by default only a stall of 30 s ends it.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.delivery.limits = Some(limits);
        self
    }

    /// Tells what is wrong before a file is looked at or anything is sent.
    fn check(&self) -> Result<(), Error> {
        let key = self.key.as_deref().unwrap_or("derived");
        object::place(&self.storage, &self.bucket, key).check()?;
        if let Some(keys) = &self.keys {
            object::end_of_keys(keys)?;
        } else if self.session.vendor().username().is_none() {
            return Err(Error::new(
                ErrorKind::Credential,
                "no keys for the object storage: they come with a login by name and password; give keys that you have from elsewhere",
            ));
        }
        if let Some(register) = &self.register {
            let mut params = Params::new(register.operation());
            let mut filled = register.clone();
            filled.bucket.clone_from(&self.bucket);
            filled.file_uri = format!("{}/{key}", self.bucket);
            filled.params(&mut params)?;
        }
        let past = self.delivery.past();
        if let Some((bucket, key)) = past
            .place
            .as_deref()
            .and_then(|place| place.split_once('/'))
        {
            let same = bucket == self.bucket && self.key.as_deref().is_none_or(|ours| ours == key);
            if !same {
                return Err(of_another(&format!("it goes to `{bucket}/{key}`")));
            }
        }
        // Where an id is known, the registration was answered.
        let unanswered = past.finishing && !past.finished && past.video.is_none();
        if unanswered && self.register.is_some() {
            let file_uri = past.place.clone().unwrap_or_default();
            if !self.delivery.transfer().repeat_unknown {
                return Err(unknown(&file_uri));
            }
        }
        Ok(())
    }

    fn file_uri(&self) -> &str {
        self.delivery.past().place.as_deref().unwrap_or_default()
    }

    fn prepared(&mut self, tick: Tick, next: Next) -> Result<Step<Uploaded>, Error> {
        match next.step() {
            Ok(step) => {
                self.stage = Stage::Preparing;
                Ok(step)
            }
            Err(_ready) => self.ready(tick),
        }
    }

    fn ready(&mut self, tick: Tick) -> Result<Step<Uploaded>, Error> {
        let past = self.delivery.past();
        let stored = Stored {
            etag: past.etag.clone(),
            crc64: past.crc64,
        };
        let media = past.video.clone().map(Value::from);
        if past.finished {
            return self.done(stored, media);
        }
        if media.is_some() {
            self.tell_created();
            return self.finish(tick, stored, media);
        }
        if past.completed && past.place.is_some() {
            return self.stored(tick, stored);
        }
        if past.place.is_some() {
            return self.start(tick);
        }
        let at = tick.now.offset(self.session.skew.offset());
        let key = match &self.key {
            Some(key) => key.clone(),
            None => object::derived_key(&self.delivery.file().name, at, tick.entropy),
        };
        let place = format!("{}/{key}", self.bucket);
        self.keep(tick, Mark::Placed { place }, Then::Start)
    }

    /// Writes a mark down, where somebody keeps it; then goes on.
    fn keep(&mut self, tick: Tick, mark: Mark, then: Then) -> Result<Step<Uploaded>, Error> {
        match self.delivery.mark(mark) {
            Some(step) => {
                self.stage = Stage::Keeping(then);
                Ok(step)
            }
            None => self.follow(tick, then),
        }
    }

    fn follow(&mut self, tick: Tick, then: Then) -> Result<Step<Uploaded>, Error> {
        match then {
            Then::Start => self.start(tick),
            Then::Register(stored) => self.send_registration(tick, stored),
            Then::Finish(stored, media) => self.finish(tick, stored, media),
            Then::Done(stored, media) => self.done(stored, media),
            Then::Fail(error) => Err(*error),
        }
    }

    /// The place is known: with which keys?
    fn start(&mut self, tick: Tick) -> Result<Step<Uploaded>, Error> {
        match self.keys.clone() {
            Some(keys) => self.send(tick, keys),
            None => self.sign_in(tick, SignIn::new(self.session), Event::Start),
        }
    }

    fn sign_in(
        &mut self,
        tick: Tick,
        mut flow: SignIn<'s, MediaCloud>,
        event: Event,
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(flow.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::SigningIn(Box::new(flow));
                Ok(step)
            }
            Err((credential, generation)) => {
                self.generation = generation;
                self.send(tick, keys_of(&credential)?)
            }
        }
    }

    fn send(&mut self, tick: Tick, keys: Keys) -> Result<Step<Uploaded>, Error> {
        let expires = object::end_of_keys(&keys)?;
        let (bucket, key) = self
            .file_uri()
            .split_once('/')
            .ok_or_else(unexpected_event)?;
        let place = object::place(&self.storage, bucket, key);
        let target = Target::new(place, keys, expires, self.key.is_none());
        let next = self.delivery.start(tick, target, self.session)?;
        self.delivered(tick, next)
    }

    fn delivered(&mut self, tick: Tick, next: Next) -> Result<Step<Uploaded>, Error> {
        match next.step() {
            Ok(step) => {
                self.stage = Stage::Delivering;
                Ok(step)
            }
            Err(Next::Stored(stored)) => self.stored(tick, stored),
            Err(_renew) => {
                // Those of a login that another upload has made meanwhile are as good.
                if self.keys.is_some() || !self.session.discard(self.generation) {
                    return Err(Error::new(
                        ErrorKind::Credential,
                        "the keys that were given for the object storage have ended, or do not hold",
                    ));
                }
                self.renew(tick, SignIn::new(self.session), Event::Start)
            }
        }
    }

    fn renew(
        &mut self,
        tick: Tick,
        mut flow: SignIn<'s, MediaCloud>,
        event: Event,
    ) -> Result<Step<Uploaded>, Error> {
        match pass_on(flow.advance(tick, event)?) {
            Ok(step) => {
                self.stage = Stage::Renewing(Box::new(flow));
                Ok(step)
            }
            Err((credential, generation)) => {
                self.generation = generation;
                let keys = keys_of(&credential)?;
                let expires = object::end_of_keys(&keys)?;
                let before = self.delivery.granted().ok_or_else(unexpected_event)?;
                let target = before.with_keys(keys, expires);
                let next = self.delivery.renewed(tick, target, self.session)?;
                self.delivered(tick, next)
            }
        }
    }

    /// The storage has the file: the vendor is told, after that was written down.
    fn stored(&mut self, tick: Tick, stored: Stored) -> Result<Step<Uploaded>, Error> {
        match &self.register {
            Some(_) => self.keep(tick, Mark::Finishing, Then::Register(stored)),
            None => self.finish(tick, stored, None),
        }
    }

    fn send_registration(&mut self, tick: Tick, stored: Stored) -> Result<Step<Uploaded>, Error> {
        let mut call = self.register.clone().ok_or_else(unexpected_event)?;
        call.bucket.clone_from(&self.bucket);
        call.file_uri = self.file_uri().to_owned();
        let exec = Exec::new(self.session, call);
        self.registering(tick, exec, stored, Event::Start)
    }

    fn registering(
        &mut self,
        tick: Tick,
        mut exec: Exec<'s, RegisterMedia>,
        stored: Stored,
        event: Event,
    ) -> Result<Step<Uploaded>, Error> {
        match exec.advance(tick, event).map(pass_on) {
            Ok(Ok(step)) => {
                self.stage = Stage::Registering(Box::new(exec), stored);
                Ok(step)
            }
            Ok(Err(media)) => self.registered(tick, stored, media),
            Err(error) if error.maybe_sent() => {
                let what = format!(
                    "The file is stored; whether it is registered as `{}` is not known, and no call that is documented tells",
                    self.file_uri()
                );
                Err(error.with_more_hint(what))
            }
            // Refused, or never sent: the next attempt may register it.
            Err(error) => {
                let what = format!(
                    "The file is stored as `{}`, and not registered",
                    self.file_uri()
                );
                let error = Box::new(error.with_more_hint(what));
                let mark = Mark::Completed {
                    etag: stored.etag,
                    crc64: stored.crc64,
                };
                self.keep(tick, mark, Then::Fail(error))
            }
        }
    }

    fn registered(
        &mut self,
        tick: Tick,
        stored: Stored,
        media: Value,
    ) -> Result<Step<Uploaded>, Error> {
        let Some(id) = media.as_str().map(str::to_owned) else {
            return self.finish(tick, stored, Some(media));
        };
        let then = Then::Finish(stored, Some(media));
        let step = self.delivery.mark(Mark::Created { video: id });
        self.tell_created();
        match step {
            Some(step) => {
                self.stage = Stage::Keeping(then);
                Ok(step)
            }
            None => self.follow(tick, then),
        }
    }

    fn tell_created(&self) {
        if let (Some(CreatedSink(sink)), Some(id)) = (&self.created, &self.delivery.past().video) {
            sink(id);
        }
    }

    fn finish(
        &mut self,
        tick: Tick,
        stored: Stored,
        media: Option<Value>,
    ) -> Result<Step<Uploaded>, Error> {
        self.keep(tick, Mark::Finished, Then::Done(stored, media))
    }

    fn done(&self, stored: Stored, media: Option<Value>) -> Result<Step<Uploaded>, Error> {
        Ok(Step::Done(Uploaded {
            file_uri: self.file_uri().to_owned(),
            bytes: self.delivery.len(),
            stored,
            media,
        }))
    }

    fn step(&mut self, tick: Tick, event: Event) -> Result<Step<Uploaded>, Error> {
        let vendor = MediaCloud::NAME;
        let account = self.session.vendor().username().unwrap_or(OF_TOKEN);
        match (std::mem::replace(&mut self.stage, Stage::Over), event) {
            (Stage::Begin, Event::Start) => {
                self.delivery.is_of(vendor, account)?;
                self.check()?;
                let next = self.delivery.prepare(vendor, account)?;
                self.prepared(tick, next)
            }
            (Stage::Preparing, event) => {
                let next = self.delivery.prepared(event, vendor, account)?;
                self.prepared(tick, next)
            }
            (Stage::Keeping(then), Event::Kept(result)) => {
                kept(result)?;
                self.follow(tick, then)
            }
            (Stage::SigningIn(flow), event) => self.sign_in(tick, *flow, event),
            (Stage::Renewing(flow), event) => self.renew(tick, *flow, event),
            (Stage::Delivering, event) => {
                let next = self.delivery.advance(tick, event, self.session)?;
                self.delivered(tick, next)
            }
            (Stage::Registering(exec, stored), event) => {
                self.registering(tick, *exec, stored, event)
            }
            _ => Err(unexpected_event()),
        }
    }
}

/// The keys of a login.
pub(super) fn keys_of(credential: &Credential) -> Result<Keys, Error> {
    credential.storage().map(object::keys_of).ok_or_else(|| {
        Error::new(
            ErrorKind::Credential,
            "the login gave no keys for the object storage (stsToken)",
        )
        .with_hint("Ask the vendor whether this account may upload")
    })
}

/// An earlier process may have registered the file.
fn unknown(file_uri: &str) -> Error {
    Error::new(
        ErrorKind::OutcomeUnknown,
        format!("whether `{file_uri}` is registered is not known: an earlier process has sent the call and got no reply"),
    )
    .with_hint(
        Hint::from("Nothing was sent. No call that is documented tells: look for it where the vendor shows media. If it is not there, ")
            .to(Remedy::RepeatUnknown),
    )
}

impl Flow for Upload<'_> {
    type Output = Uploaded;

    fn advance(&mut self, tick: Tick, event: Event) -> Result<Step<Uploaded>, Error> {
        self.step(tick, event)
            .map_err(|error| self.delivery.explain(error))
    }
}

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

    /// See [`Upload::transfer`].
    pub fn transfer(self, transfer: Transfer) -> Self {
        self.map(|upload| upload.transfer(transfer))
    }

    /// See [`Upload::progress`].
    pub fn progress(self, sink: ProgressSink) -> Self {
        self.map(|upload| upload.progress(sink))
    }

    /// See [`Upload::created`].
    pub fn created(self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.map(|upload| upload.created(sink))
    }

    /// See [`Upload::limits`].
    pub fn limits(self, limits: Limits) -> Self {
        self.map(|upload| upload.limits(limits))
    }
}
