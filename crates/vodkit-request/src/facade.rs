//! What the clients of all vendors have in common: their crates are the facades of this one.
//!
//! A vendor's methods must be inherent ones of types of its own crate, so that its documentation shows them and nothing has to be imported. No
//! generic type can give it the common ones then, which is why they are written by macros. What they do is in [`ClientSettings`] and [`Session`].

use crate::error::Error;
use crate::retry::RetryPolicy;
use crate::session::Session;
use crate::transport::Limits;
use crate::vendor::Vendor;
use crate::{BaseUrl, ErrorKind};

/// The settings that clients of all vendors have.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ClientSettings {
    /// Address of the API.
    pub base_url: Option<String>,
    /// How failed calls are repeated.
    pub retry: Option<RetryPolicy>,
    /// Limits of API calls.
    pub call_limits: Option<Limits>,
    /// Limits of calls that send a file.
    pub transfer_limits: Option<Limits>,
}

impl ClientSettings {
    /// The address, if there is one.
    ///
    /// # Errors
    /// When it is none.
    pub fn base_url(&self) -> Result<Option<BaseUrl>, Error> {
        self.base_url.as_deref().map(str::parse).transpose()
    }

    /// The address of an API that has no usual one. `missing` says that there is none, and how to set it.
    ///
    /// # Errors
    /// When there is none, or it is no address.
    pub fn needed_base_url(&self, missing: &str) -> Result<BaseUrl, Error> {
        self.base_url()?
            .ok_or_else(|| Error::new(ErrorKind::InvalidInput, missing))
    }

    /// The session of an account with these settings.
    pub fn session<V: Vendor>(self, vendor: V) -> Session<V> {
        Session::new(vendor)
            .with_retry(self.retry.unwrap_or_default())
            .with_limits(
                self.call_limits.unwrap_or_else(Limits::call),
                self.transfer_limits.unwrap_or_else(Limits::transfer),
            )
    }
}

/// Declares the `Client` of a facade, with its documentation and the type that has the vendor's rules, and what every client has. Beside it stands a
/// `ClientBuilder`, completed by [`client_builder!`](crate::client_builder).
#[doc(hidden)]
#[macro_export]
macro_rules! client {
    ($(#[$doc:meta])* $vendor:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct Client<T> {
            transport: T,
            session: ::std::sync::Arc<$crate::Session<$vendor>>,
        }

        impl Client<()> {
            /// Starts a client.
            pub fn builder() -> ClientBuilder {
                ClientBuilder::default()
            }
        }

        impl<T> Client<T> {
            fn new(transport: T, session: $crate::Session<$vendor>) -> Self {
                Self {
                    transport,
                    session: ::std::sync::Arc::new(session),
                }
            }

            /// A call by its request struct: the form that the generated methods are short for.
            pub fn call<E: $crate::Endpoint<Vendor = $vendor>>(
                &self,
                endpoint: E,
            ) -> $crate::Call<'_, T, E> {
                $crate::Call::new(&self.transport, &self.session, endpoint)
            }

            /// The transport.
            pub fn transport(&self) -> &T {
                &self.transport
            }

            /// The shared state of the account.
            #[must_use]
            pub fn session(&self) -> &$crate::Session<$vendor> {
                &self.session
            }
        }

        impl<T> ::std::fmt::Debug for Client<T> {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct("Client")
                    .field("session", &self.session)
                    .finish_non_exhaustive()
            }
        }
    };
}

/// Gives a `ClientBuilder` with a field `settings` ([`ClientSettings`](crate::facade::ClientSettings)) and a method `build` what every builder has,
/// and its module `variable`, which reads the environment.
#[doc(hidden)]
#[macro_export]
macro_rules! client_builder {
    () => {
        impl ClientBuilder {
            /// How failed calls are repeated; by default [`RetryPolicy::STANDARD`](crate::RetryPolicy::STANDARD).
            pub fn retry(mut self, retry: $crate::RetryPolicy) -> Self {
                self.settings.retry = Some(retry);
                self
            }

            /// Time and size limits of API calls; by default [`Limits::call`](crate::Limits::call).
            pub fn call_limits(mut self, limits: $crate::Limits) -> Self {
                self.settings.call_limits = Some(limits);
                self
            }

            /// Time and size limits of calls that send a file; by default [`Limits::transfer`](crate::Limits::transfer).
            pub fn transfer_limits(mut self, limits: $crate::Limits) -> Self {
                self.settings.transfer_limits = Some(limits);
                self
            }

            /// Makes a client without a transport: its calls give HTTP requests ([`Call::request`](crate::Call::request)) and read replies
            /// ([`Call::read`](crate::Call::read)).
            ///
            /// # Errors
            /// As [`build`](Self::build).
            pub fn build_sans_io(self) -> Result<Client<()>, $crate::Error> {
                self.build(())
            }
        }

        /// A variable of the environment; an empty one counts as not set. A value that was read from a file often ends with a line break, which
        /// no name and no key has.
        fn variable(name: &str) -> Option<String> {
            ::std::env::var(name)
                .ok()
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        }
    };
}
