//! The steps of an upload, one after the other.

use std::sync::Arc;

use serde_json::Value;
use vodkit_types::mediacloud::RegisterMedia;

use super::upload::Uploaded;
use super::{Credential, MediaCloud, ObjectStorage, object};
use crate::endpoint::Endpoint as _;
use crate::error::{Error, ErrorKind};
use crate::exec::Exec;
use crate::flow::unexpected_event;
use crate::params::Params;
use crate::remedy::{Hint, Remedy};
use crate::s3::{Keys, Target};
use crate::session::Session;
use crate::sign_in::SignIn;
use crate::upload::journal::of_another;
use crate::upload::{self, At, Delivery, Mark, Past, Steps};

/// What the journal of an account with a token of its own has for the account's name.
const OF_TOKEN: &str = "";

/// The calls around a file.
#[derive(Debug)]
pub(super) struct MediaCloudSteps<'s> {
    session: &'s Session<MediaCloud>,
    storage: ObjectStorage,
    bucket: String,
    /// The key that the program wants; without one it is derived.
    pub(super) key: Option<String>,
    /// Keys that the program has from elsewhere.
    pub(super) keys: Option<Keys>,
    pub(super) register: Option<RegisterMedia>,
    /// Which login the keys are from.
    generation: u64,
    /// What the vendor has answered to the registration.
    media: Option<Value>,
}

type Action<'s> = upload::Action<'s, MediaCloudSteps<'s>>;
type Next<'s> = upload::Next<'s, MediaCloudSteps<'s>>;

impl<'s> MediaCloudSteps<'s> {
    pub(super) fn new(
        session: &'s Session<MediaCloud>,
        storage: &ObjectStorage,
        bucket: String,
    ) -> Self {
        Self {
            session,
            storage: storage.clone(),
            bucket,
            key: None,
            keys: None,
            register: None,
            generation: 0,
            media: None,
        }
    }

    /// The place is known: with which keys?
    fn start(&mut self, at: At<'_, Target>) -> Next<'s> {
        match self.keys.clone() {
            Some(keys) => self.send(at, keys),
            None => Ok(Action::run(SignIn::new(self.session), Self::signed_in)),
        }
    }

    fn signed_in(
        &mut self,
        at: At<'_, Target>,
        (credential, generation): (Arc<Credential>, u64),
    ) -> Next<'s> {
        self.generation = generation;
        let keys = credential.storage().map(object::keys_of).ok_or_else(|| {
            Error::new(
                ErrorKind::Credential,
                "the login gave no keys for the object storage (stsToken)",
            )
            .with_hint("Ask the vendor whether this account may upload")
        })?;
        self.send(at, keys)
    }

    fn send(&self, at: At<'_, Target>, keys: Keys) -> Next<'s> {
        let expires = object::end_of_keys(&keys)?;
        if let Some(before) = at.delivery.granted() {
            return Ok(Action::Send(before.with_keys(keys, expires)));
        }
        let past = at.delivery.past();
        let opened = past.opened.as_ref().map(|opened| &opened.place);
        let (bucket, key) = past
            .place
            .as_ref()
            .or(opened)
            .and_then(|place| place.split_once('/'))
            .ok_or_else(unexpected_event)?;
        let place = object::place(&self.storage, bucket, key);
        place.check()?;
        let is_ours = self.key.is_none();
        Ok(Action::Send(Target::new(place, keys, expires, is_ours)))
    }

    /// Whether an upload that was begun goes to this place: the other one has what was sent.
    fn is_begun_there(&self, past: &Past) -> Result<(), Error> {
        let Some((bucket, key)) = past
            .place
            .as_deref()
            .and_then(|place| place.split_once('/'))
        else {
            return Ok(());
        };
        let ours = self.storage.endpoint.to_string();
        let storage = past.storage.as_deref().unwrap_or(&ours);
        // Who gives an upload up names the storage alone.
        let same_bucket = self.bucket.is_empty() || bucket == self.bucket;
        let same_key = self.key.as_deref().is_none_or(|ours| ours == key);
        if storage == ours && same_bucket && same_key {
            return Ok(());
        }
        let (our_bucket, our_key) = match self.bucket.as_str() {
            "" => (bucket, key),
            ours => (ours, self.key.as_deref().unwrap_or("…")),
        };
        Err(of_another(&format!(
            "it goes to `{bucket}/{key}` at {storage}, and not to `{our_bucket}/{our_key}` at {ours}"
        )))
    }

    fn send_registration(&mut self, at: At<'_, Target>) -> Next<'s> {
        let mut call = self.register.clone().ok_or_else(unexpected_event)?;
        call.bucket.clone_from(&self.bucket);
        file_uri(at.delivery).clone_into(&mut call.file_uri);
        let exec = Exec::new(self.session, call);
        Ok(Action::attempt(exec, Self::registered))
    }

    fn registered(&mut self, at: At<'_, Target>, reply: Result<Value, Error>) -> Next<'s> {
        let file_uri = file_uri(at.delivery);
        match reply {
            Ok(media) => {
                let id = media.as_str().map(str::to_owned);
                self.media = Some(media);
                Ok(match id {
                    Some(video) => Action::keep(Mark::Created { video }, |_, _| Ok(Action::Finish)),
                    None => Action::Finish,
                })
            }
            Err(error) if error.maybe_sent() => {
                let what = format!(
                    "The file is stored; whether it is registered as `{file_uri}` is not known, and no call that is documented tells"
                );
                Err(error.with_more_hint(what))
            }
            // Refused, or never sent: the next attempt may register it.
            Err(error) => {
                let what = format!("The file is stored as `{file_uri}`, and not registered");
                let error = error.with_more_hint(what);
                let stored = at.delivery.stored();
                let not_told = Mark::Completed {
                    etag: stored.etag,
                    crc64: stored.crc64,
                };
                Ok(Action::keep(not_told, move |_, _| Err(error)))
            }
        }
    }
}

impl<'s> Steps<'s> for MediaCloudSteps<'s> {
    type Vendor = MediaCloud;
    type Store = Target;
    type Uploaded = Uploaded;

    fn session(&self) -> &'s Session<MediaCloud> {
        self.session
    }

    fn account(&self) -> String {
        self.session
            .vendor()
            .username()
            .unwrap_or(OF_TOKEN)
            .to_owned()
    }

    fn check(&self, delivery: &Delivery<Target>) -> Result<(), Error> {
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
        let past = delivery.past();
        self.is_begun_there(past)?;
        // Where an id is known, the registration was answered.
        let unanswered = past.finishing && !past.finished && past.video.is_none();
        if unanswered && self.register.is_some() {
            let file_uri = past.place.clone().unwrap_or_default();
            if !delivery.transfer().repeat_unknown {
                return Err(unknown(&file_uri));
            }
        }
        Ok(())
    }

    fn ready(&mut self, at: At<'_, Target>) -> Next<'s> {
        let past = at.delivery.past();
        self.media = past.video.clone().map(Value::from);
        if past.finished || self.media.is_some() {
            return Ok(Action::Finish);
        }
        if past.place.is_some() {
            return match past.completed {
                true => self.stored(at),
                false => self.start(at),
            };
        }
        let key = match &self.key {
            Some(key) => key.clone(),
            None => object::derived_key(
                &at.delivery.file().name,
                at.now(self.session),
                at.tick.entropy,
            ),
        };
        let place = format!("{}/{key}", self.bucket);
        let storage = Some(self.storage.endpoint.to_string());
        Ok(Action::keep(Mark::Placed { place, storage }, Self::start))
    }

    fn renew(&mut self, at: At<'_, Target>) -> Next<'s> {
        // Who gives an upload up comes here first.
        self.is_begun_there(at.delivery.past())?;
        // Those of a login that another upload has made meanwhile are as good.
        let has_ended = at.delivery.granted().is_some();
        if has_ended && (self.keys.is_some() || !self.session.discard(self.generation)) {
            return Err(Error::new(
                ErrorKind::Credential,
                "the keys that were given for the object storage have ended, or do not hold",
            ));
        }
        Ok(Action::run(SignIn::new(self.session), Self::signed_in))
    }

    /// The vendor is told, after that was written down.
    fn stored(&mut self, _at: At<'_, Target>) -> Next<'s> {
        Ok(match self.register {
            Some(_) => Action::keep(Mark::Finishing, Self::send_registration),
            None => Action::Finish,
        })
    }

    fn uploaded(&mut self, delivery: &Delivery<Target>) -> Result<Uploaded, Error> {
        Ok(Uploaded {
            file_uri: file_uri(delivery).to_owned(),
            bytes: delivery.len(),
            stored: delivery.stored(),
            media: self.media.take(),
        })
    }

    /// What it leaves behind is an object; once that is registered, the id of the medium must not be lost.
    fn explain(&self, error: Error, delivery: &Delivery<Target>) -> Error {
        let error = delivery.explain(error);
        match self.media.as_ref().and_then(Value::as_str) {
            Some(id) if error.created().is_none() => error.with_created(id),
            _ => error,
        }
    }
}

/// Bucket and key of the object, as the registration has them.
fn file_uri(delivery: &Delivery<Target>) -> &str {
    delivery.past().place.as_deref().unwrap_or_default()
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
