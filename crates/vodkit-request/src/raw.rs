//! Calls that no table has: signed or authorised like the others, answered with JSON as it comes.

use serde_json::Value;
use std::marker::PhantomData;
use vodkit_types::{Extra, Operation};

use crate::call::Call;
use crate::endpoint::Endpoint;
use crate::params::{InvalidParam, Params};
use crate::vendor::Vendor;

/// A call that the vendor's pages do not document, or that vodkit's tables do not have yet.
///
/// The vendor's rules hold for it: it is signed or carries the token, its frame is judged, its errors are errors. Its parameters are not checked
/// and its data is the JSON that came.
#[derive(Debug)]
pub struct Raw<V> {
    operation: &'static Operation,
    params: Extra,
    vendor: PhantomData<fn() -> V>,
}

impl<V> Clone for Raw<V> {
    fn clone(&self) -> Self {
        Self {
            operation: self.operation,
            params: self.params.clone(),
            vendor: PhantomData,
        }
    }
}

impl<V: Vendor> Raw<V> {
    /// A call described by [`Operation::undocumented`].
    #[must_use]
    pub fn new(operation: &'static Operation) -> Self {
        Self {
            operation,
            params: Extra::default(),
            vendor: PhantomData,
        }
    }

    /// Sets a parameter: text, number, or a list of these; in a JSON body any JSON.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.params.insert(name, value);
        self
    }
}

impl<V: Vendor> Endpoint for Raw<V> {
    type Vendor = V;
    type Output = Value;

    fn operation(&self) -> &'static Operation {
        self.operation
    }

    fn params(&self, params: &mut Params) -> Result<(), InvalidParam> {
        params.put_undocumented(&self.params)
    }
}

impl<T: ?Sized, V: Vendor> Call<'_, T, Raw<V>> {
    /// Sets a parameter: text, number, or a list of these; in a JSON body any JSON.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.endpoint = self.endpoint.param(name, value);
        self
    }
}
