//! A call as a value: what to send, and what comes back.

use std::fmt;

use bytes::Bytes;
use http::Response;
use serde::Serialize;
use serde_json::Value;
use vodkit_types::{FileInput, Lenient, Operation, Secret, Wire};

use crate::error::Refusal;
use crate::params::{InvalidParam, Params};
use crate::vendor::Vendor;

/// One documented call. The request structs of `vodkit-types` implement it, generated from the tables.
pub trait Endpoint: Clone + Send + Sync {
    /// Whose call it is.
    type Vendor: Vendor;
    /// What a success gives.
    type Output: Wire + Serialize + Send;

    /// The entry of the operation table.
    fn operation(&self) -> &'static Operation;

    /// Puts the business parameters, in signing order.
    ///
    /// # Errors
    /// When a value breaks a documented limit.
    fn params(&self, params: &mut Params) -> Result<(), InvalidParam>;

    /// The file it sends, with the name of its form field.
    fn file(&self) -> Option<(&'static str, &FileInput)> {
        None
    }

    /// The address it goes to, for calls whose address an earlier call gave.
    fn target(&self) -> Option<&Secret> {
        None
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// The vendor's refusal, or what is wrong with the reply.
    fn open(
        &self,
        vendor: &Self::Vendor,
        response: &Response<Bytes>,
    ) -> Result<Self::Output, Refusal> {
        vendor.open(self.operation(), response)
    }
}

/// A call that gives a list in pages. The next page is another call.
pub trait Paged: Endpoint {
    /// One element of the list.
    type Item: Clone + PartialEq + Send;

    /// The page this call asks for, from 1.
    fn page(&self) -> u64;
    /// The same call for another page.
    #[must_use]
    fn with_page(&self, page: u64) -> Self;
    /// How many elements it asks for.
    fn page_size(&self) -> u64;
    /// How many elements a page has by the reply: vendors lower it without saying so elsewhere.
    fn reported_page_size(output: &Self::Output) -> Option<u64>;
    /// How many elements there are in all, by the reply.
    fn total(output: &Self::Output) -> Option<u64>;
    /// The elements.
    fn items(output: Self::Output) -> Vec<Self::Item>;
}

/// A call known by the vendor's name for it, with parameters from text: what the command line and other dynamic callers use.
///
/// It decodes into the same types as the typed call, so its output has the vendor's field names with drifted types normalised.
pub struct AnyEndpoint<V: Vendor>(Box<dyn Erased<V>>);

impl<V: Vendor> AnyEndpoint<V> {
    /// Wraps a typed call.
    #[must_use]
    pub fn new<E: Endpoint<Vendor = V> + 'static>(endpoint: E) -> Self {
        Self(Box::new(endpoint))
    }

    /// Reads a typed call from a JSON object of parameters under their wire names; numbers may be text.
    ///
    /// # Errors
    /// When a required parameter is missing or a value has the wrong form.
    pub fn decode<E: Endpoint<Vendor = V> + Wire + 'static>(
        params: Value,
    ) -> Result<Self, serde_json::Error> {
        serde_json::from_value::<Lenient<E>>(params).map(|Lenient(endpoint)| Self::new(endpoint))
    }
}

impl<V: Vendor> Clone for AnyEndpoint<V> {
    fn clone(&self) -> Self {
        Self(self.0.boxed())
    }
}

impl<V: Vendor> fmt::Debug for AnyEndpoint<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyEndpoint")
            .field(&self.0.operation().name)
            .finish()
    }
}

impl<V: Vendor> Endpoint for AnyEndpoint<V> {
    type Vendor = V;
    type Output = Value;
    fn operation(&self) -> &'static Operation {
        self.0.operation()
    }
    fn params(&self, params: &mut Params) -> Result<(), InvalidParam> {
        self.0.params(params)
    }
    fn file(&self) -> Option<(&'static str, &FileInput)> {
        self.0.file()
    }
    fn target(&self) -> Option<&Secret> {
        self.0.target()
    }
    fn open(&self, vendor: &V, response: &Response<Bytes>) -> Result<Value, Refusal> {
        self.0.open(vendor, response)
    }
}

trait Erased<V>: Send + Sync {
    fn operation(&self) -> &'static Operation;
    fn params(&self, params: &mut Params) -> Result<(), InvalidParam>;
    fn file(&self) -> Option<(&'static str, &FileInput)>;
    fn target(&self) -> Option<&Secret>;
    fn open(&self, vendor: &V, response: &Response<Bytes>) -> Result<Value, Refusal>;
    fn boxed(&self) -> Box<dyn Erased<V>>;
}

impl<E: Endpoint + 'static> Erased<E::Vendor> for E {
    fn operation(&self) -> &'static Operation {
        Endpoint::operation(self)
    }
    fn params(&self, params: &mut Params) -> Result<(), InvalidParam> {
        Endpoint::params(self, params)
    }
    fn file(&self) -> Option<(&'static str, &FileInput)> {
        Endpoint::file(self)
    }
    fn target(&self) -> Option<&Secret> {
        Endpoint::target(self)
    }
    fn open(&self, vendor: &E::Vendor, response: &Response<Bytes>) -> Result<Value, Refusal> {
        let output = Endpoint::open(self, vendor, response)?;
        serde_json::to_value(output).map_err(|error| {
            Refusal::Decode(crate::error::DecodeFault {
                message: error.to_string(),
                field_path: None,
            })
        })
    }
    fn boxed(&self) -> Box<dyn Erased<E::Vendor>> {
        Box::new(self.clone())
    }
}
