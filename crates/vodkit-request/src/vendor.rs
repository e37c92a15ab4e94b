//! What differs from vendor to vendor: how a request is sealed, how a reply is judged, and how one logs in.

use bytes::Bytes;
use http::{Request, Response};
use vodkit_types::{FaultClass, FaultCode, Operation, Wire};

use crate::draft::Draft;
use crate::error::{Error, ErrorKind, Refusal};
use crate::judge::{Frame, judge};
use crate::payload::Payload;
use crate::transport::Timestamp;

/// A vendor's rules, written once by hand.
pub trait Vendor: Send + Sync + Sized + 'static {
    /// What requests are sealed with.
    type Credential: Clone + Send + Sync;

    /// What wraps the data of each reply.
    type Frame<T: Wire>: Frame<T>;

    /// Folder name of the vendor, as in [`Operation::vendor`].
    const NAME: &'static str;

    /// The vendor's codes and what can be done about each.
    const FAULT_CODES: &'static [FaultCode];

    /// Those of its codes that stand for every failure without a code of its own.
    const VAGUE_CODES: &'static [&'static str] = &[];

    /// What a code means that is not in the table.
    #[must_use]
    fn class_of_code(_code: &str) -> Option<FaultClass> {
        None
    }

    /// The credential, for vendors that need no login, or as long as none is needed.
    fn credential(&self) -> Option<Self::Credential>;

    /// The request that fetches a credential. Only asked for when [`credential`](Self::credential) gives none.
    ///
    /// # Errors
    /// When there is nothing to log in with, or the vendor has no login, which is what holds unless said otherwise.
    fn login(&self, _at: Timestamp) -> Result<Request<Payload>, Error> {
        Err(Error::new(
            ErrorKind::Credential,
            "the client has no key or token, and the vendor has no login",
        ))
    }

    /// Reads the reply to [`login`](Self::login). `now` is the vendor's time, as far as it is known. Only called after a [`login`](Self::login).
    ///
    /// # Errors
    /// The vendor's refusal, or what is wrong with the reply.
    fn open_login(
        &self,
        response: &Response<Bytes>,
        _now: Timestamp,
    ) -> Result<Grant<Self::Credential>, Refusal> {
        Err(Refusal::not_json(response, None))
    }

    /// Adds the base URL, the common parameters and the signature.
    ///
    /// `credential` is `None` only for calls that need none.
    ///
    /// # Errors
    /// When the draft cannot be sent.
    fn seal(
        &self,
        draft: Draft,
        credential: Option<&Self::Credential>,
        at: Timestamp,
        entropy: u64,
    ) -> Result<Request<Payload>, Error>;

    /// Takes the account's secrets out of a text that the vendor sent; see [`mask`](crate::mask::mask).
    fn mask(&self, text: &str, credential: Option<&Self::Credential>) -> String;

    /// Judges a reply and decodes its data, in one pass.
    ///
    /// # Errors
    /// The vendor's refusal, or what is wrong with the reply.
    fn open<T: Wire>(
        &self,
        operation: &'static Operation,
        response: &Response<Bytes>,
    ) -> Result<T, Refusal> {
        judge::<Self, T>(operation, response)
    }
}

/// A credential and how long it lasts.
#[derive(Clone, Debug)]
pub struct Grant<C> {
    /// What requests are sealed with from now on.
    pub credential: C,
    /// When it must be fetched anew; `None` when only a refusal ends it.
    pub expires: Option<Timestamp>,
}
