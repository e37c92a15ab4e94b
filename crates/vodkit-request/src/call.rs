//! What every facade method returns: a call that is ready to be sent, in whichever way the program works.

use std::fmt;
#[cfg(feature = "async")]
use std::future::{Future, IntoFuture};
#[cfg(feature = "async")]
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use vodkit_types::Operation;

use crate::endpoint::{Endpoint, Paged};
use crate::error::{Error, ErrorKind};
use crate::exec::{Exec, draft, masked};
#[cfg(feature = "async")]
use crate::flow::drive_async;
use crate::flow::{Flow, drive};
use crate::page::Pages;
use crate::payload::Payload;
use crate::session::Session;
#[cfg(feature = "async")]
use crate::transport::AsyncTransport;
use crate::transport::{BlockingTransport, Limits, ProgressSink, Tick, Timestamp};
use crate::vendor::Vendor;

/// A call that has not been sent.
///
/// * With a blocking transport: [`send`](Self::send).
/// * With an async transport: `.await` (feature `async`, which `vodkit-async` turns on).
/// * With no transport: [`request`](Self::request) gives the HTTP request, [`read`](Self::read) reads the reply.
#[must_use = "a call does nothing until `.send()` (blocking) or `.await` (async)"]
pub struct Call<'c, T: ?Sized, E: Endpoint> {
    pub(crate) transport: &'c T,
    pub(crate) session: &'c Session<E::Vendor>,
    pub(crate) endpoint: E,
    limits: Option<Limits>,
    progress: Option<ProgressSink>,
    undocumented: vodkit_types::Extra,
}

impl<'c, T: ?Sized, E: Endpoint> Call<'c, T, E> {
    /// A call of `endpoint` over `transport`.
    pub fn new(transport: &'c T, session: &'c Session<E::Vendor>, endpoint: E) -> Self {
        Self {
            transport,
            session,
            endpoint,
            limits: None,
            progress: None,
            undocumented: vodkit_types::Extra::default(),
        }
    }

    /// The entry of the operation table.
    pub fn operation(&self) -> &'static Operation {
        self.endpoint.operation()
    }

    /// Sets time and size limits for this call alone.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Has `sink` told how far the body is, for calls that send a file.
    pub fn progress(mut self, sink: ProgressSink) -> Self {
        self.progress = Some(sink);
        self
    }

    /// Adds a parameter that the vendor's page does not document. It is signed and sent like the others, unchecked. One that has the name of a
    /// documented parameter replaces it.
    pub fn undocumented(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.undocumented.insert(name, value);
        self
    }

    /// The HTTP request, signed at the time of `tick`, to be sent with any client.
    ///
    /// # Errors
    /// When a parameter is wrong, a file is not in memory, or the vendor needs a login first.
    pub fn request(&self, tick: Tick) -> Result<Request<Payload>, Error> {
        let operation = self.endpoint.operation();
        let sealed = || {
            let mut draft = draft(&self.endpoint, None)?;
            draft.params.put_undocumented(&self.undocumented)?;
            let at = tick.now.offset(self.session.skew.offset());
            let credential = match self.session.credential(at) {
                _ if !operation.needs_credential() => None,
                Some((credential, _)) => Some(credential),
                None => {
                    return Err(Error::new(
                        ErrorKind::Credential,
                        "the account's key is not known yet: it must be fetched or given first",
                    ));
                }
            };
            self.session
                .vendor()
                .seal(draft, credential.as_ref(), at, tick.entropy)
        };
        sealed().map_err(|error| error.at(operation, 0))
    }

    /// Reads the reply to [`request`](Self::request).
    ///
    /// It learns nothing about the server's clock: who sends by hand keeps the clock right by hand.
    ///
    /// # Errors
    /// The vendor's refusal, or what is wrong with the reply.
    pub fn read(&self, response: &Response<Bytes>) -> Result<E::Output, Error> {
        let operation = self.endpoint.operation();
        self.endpoint
            .open(self.session.vendor(), response)
            .map_err(|refusal| {
                let key = self
                    .session
                    .credential(Timestamp(i64::MIN))
                    .map(|(credential, _)| credential);
                let vendor = self.session.vendor();
                Error::from_refusal(refusal, operation.idempotent, response, |text| {
                    masked(&self.endpoint, vendor, key.as_ref(), text)
                })
                .at(operation, 1)
            })
    }

    /// The call as a flow, for drivers of one's own.
    pub fn into_flow(self) -> Exec<'c, WithUndocumented<E>> {
        let endpoint = WithUndocumented {
            endpoint: self.endpoint,
            undocumented: self.undocumented,
        };
        Exec::new(self.session, endpoint)
            .with_limits(self.limits)
            .with_progress(self.progress)
    }
}

impl<T: BlockingTransport + ?Sized, E: Endpoint> Call<'_, T, E> {
    /// Sends the call and waits for its result.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub fn send(self) -> Result<E::Output, Error> {
        drive(self.transport, self.into_flow())
    }
}

#[cfg(feature = "async")]
impl<'c, T: AsyncTransport + ?Sized, E: Endpoint + 'c> IntoFuture for Call<'c, T, E> {
    type Output = Result<E::Output, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'c>>;

    fn into_future(self) -> Self::IntoFuture {
        let transport = self.transport;
        Box::pin(drive_async(transport, self.into_flow()))
    }
}

impl<'c, T: ?Sized, E: Paged> Call<'c, T, E> {
    /// All pages from this one on, fetched one by one.
    pub fn pages(self) -> Pages<'c, T, WithUndocumented<E>> {
        let endpoint = WithUndocumented {
            endpoint: self.endpoint,
            undocumented: self.undocumented,
        };
        Pages::new(self.transport, self.session, endpoint, self.limits)
    }
}

impl<T: ?Sized, E: Endpoint> fmt::Debug for Call<'_, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.endpoint.operation().name)
            .finish_non_exhaustive()
    }
}

/// A call with parameters that the vendor's page does not document.
#[derive(Clone, Debug)]
pub struct WithUndocumented<E> {
    endpoint: E,
    undocumented: vodkit_types::Extra,
}

impl<E: Endpoint> Endpoint for WithUndocumented<E> {
    type Vendor = E::Vendor;
    type Output = E::Output;
    fn operation(&self) -> &'static Operation {
        self.endpoint.operation()
    }
    fn params(
        &self,
        params: &mut crate::params::Params,
    ) -> Result<(), crate::params::InvalidParam> {
        self.endpoint.params(params)?;
        params.put_undocumented(&self.undocumented)
    }
    fn file(&self) -> Option<(&'static str, &vodkit_types::FileInput)> {
        self.endpoint.file()
    }
    fn target(&self) -> Option<&vodkit_types::Secret> {
        self.endpoint.target()
    }
    fn open(
        &self,
        vendor: &E::Vendor,
        response: &Response<Bytes>,
    ) -> Result<E::Output, crate::error::Refusal> {
        self.endpoint.open(vendor, response)
    }
}

impl<E: Paged> Paged for WithUndocumented<E> {
    type Item = E::Item;
    fn page(&self) -> u64 {
        self.endpoint.page()
    }
    fn with_page(&self, page: u64) -> Self {
        Self {
            endpoint: self.endpoint.with_page(page),
            undocumented: self.undocumented.clone(),
        }
    }
    fn page_size(&self) -> u64 {
        self.endpoint.page_size()
    }
    fn reported_page_size(output: &E::Output) -> Option<u64> {
        E::reported_page_size(output)
    }
    fn total(output: &E::Output) -> Option<u64> {
        E::total(output)
    }
    fn items(output: E::Output) -> Vec<E::Item> {
        E::items(output)
    }
}

/// A longer conversation that has not begun: an upload, or waiting for a video.
#[must_use = "it does nothing until `.send()` (blocking) or `.await` (async)"]
pub struct Run<'c, T: ?Sized, F> {
    transport: &'c T,
    flow: F,
}

impl<'c, T: ?Sized, F: Flow> Run<'c, T, F> {
    /// The conversation `flow` over `transport`.
    pub fn new(transport: &'c T, flow: F) -> Self {
        Self { transport, flow }
    }

    /// Changes the flow before it begins.
    pub fn map(self, change: impl FnOnce(F) -> F) -> Self {
        Self {
            transport: self.transport,
            flow: change(self.flow),
        }
    }

    /// The flow, for drivers of one's own.
    pub fn into_flow(self) -> F {
        self.flow
    }
}

impl<T: BlockingTransport + ?Sized, F: Flow> Run<'_, T, F> {
    /// Runs the conversation to its end.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub fn send(self) -> Result<F::Output, Error> {
        drive(self.transport, self.flow)
    }
}

#[cfg(feature = "async")]
impl<'c, T: AsyncTransport + ?Sized, F: Flow + Send + 'c> IntoFuture for Run<'c, T, F>
where
    F::Output: Send,
{
    type Output = Result<F::Output, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'c>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(drive_async(self.transport, self.flow))
    }
}

impl<T: ?Sized, F: fmt::Debug> fmt::Debug for Run<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("flow", &self.flow)
            .finish_non_exhaustive()
    }
}
