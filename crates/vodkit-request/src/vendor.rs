//! What differs from vendor to vendor: how a request is sealed, how a reply is judged, and how one logs in.

use bytes::Bytes;
use http::{Request, Response};
use vodkit_types::{Operation, Secret, Wire};

use crate::error::{Error, Refusal};
use crate::params::Params;
use crate::payload::{Payload, Segment};
use crate::transport::Timestamp;

/// A vendor's rules, written once by hand.
pub trait Vendor: Send + Sync + Sized + 'static {
    /// What requests are sealed with.
    type Credential: Clone + Send + Sync;

    /// Folder name of the vendor: `baijiayun`.
    const NAME: &'static str;

    /// The credential, for vendors that need no login, or as long as none is needed.
    fn credential(&self) -> Option<Self::Credential>;

    /// The request that fetches a credential. Only asked for when [`credential`](Self::credential) gives none.
    ///
    /// # Errors
    /// When there is nothing to log in with.
    fn login(&self, at: Timestamp) -> Result<Request<Payload>, Error>;

    /// Reads the reply to [`login`](Self::login). `now` is the vendor's time, as far as it is known.
    ///
    /// # Errors
    /// The vendor's refusal, or what is wrong with the reply.
    fn open_login(
        &self,
        response: &Response<Bytes>,
        now: Timestamp,
    ) -> Result<Grant<Self::Credential>, Refusal>;

    /// Adds the base URL, the common parameters and the signature.
    ///
    /// `credential` is `None` only for calls that are not signed.
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
    ) -> Result<T, Refusal>;
}

/// A credential and how long it lasts.
#[derive(Clone, Debug)]
pub struct Grant<C> {
    /// What requests are sealed with from now on.
    pub credential: C,
    /// When it must be fetched anew; `None` when only a refusal ends it.
    pub expires: Option<Timestamp>,
}

/// A call before it is sealed.
#[derive(Debug)]
pub struct Draft {
    /// The entry of the operation table.
    pub operation: &'static Operation,
    /// Business parameters, sorted by name.
    pub params: Params,
    /// The file to send.
    pub file: Option<DraftFile>,
    /// The address, where an earlier call gave it.
    pub target: Option<Secret>,
}

/// A file of a draft, its length known.
#[derive(Debug)]
pub struct DraftFile {
    /// Name of the form field.
    pub field: &'static str,
    /// File name that the vendor is told.
    pub name: String,
    /// The bytes.
    pub content: Segment,
}
