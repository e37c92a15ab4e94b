//! What every vendor's upload can be set to.

use std::fmt;

use super::Transfer;
use crate::transport::{Limits, ProgressSink};

/// The settings that all uploads have. `Created` is told of the id of the video, which is a number or a text.
pub(crate) struct Settings<Created> {
    pub(crate) transfer: Transfer,
    pub(crate) progress: Option<ProgressSink>,
    pub(crate) created: Option<Created>,
    pub(crate) limits: Option<Limits>,
}

impl<Created> Default for Settings<Created> {
    fn default() -> Self {
        Self {
            transfer: Transfer::new(),
            progress: None,
            created: None,
            limits: None,
        }
    }
}

impl<Created> fmt::Debug for Settings<Created> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("transfer", &self.transfer)
            .field("progress", &self.progress)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Gives a vendor's `Upload` the settings of all, and those that a facade gives too. They are kept in the field that is named; ids are of this type.
macro_rules! settings_of_all {
    ($($field:ident).+, $id:ty) => {
        impl Upload<'_> {
            /// Sets how the file is sent: in which parts, how many at once, how fast, and where it is written down how far it is.
            #[must_use]
            pub fn transfer(mut self, transfer: $crate::upload::Transfer) -> Self {
                self.$($field).+.transfer = transfer;
                self
            }

            /// Has `sink` told how many bytes of the file have gone, of how many. The number never goes back.
            #[must_use]
            pub fn progress(mut self, sink: $crate::transport::ProgressSink) -> Self {
                self.$($field).+.progress = Some(sink);
                self
            }

            /// Has `sink` told of the id as soon as it is known, where the vendor's calls allow it before the file is sent: whatever happens then,
            /// the id is known.
            #[must_use]
            pub fn created(mut self, sink: impl Fn($id) + Send + Sync + 'static) -> Self {
                self.$($field).+.created = Some(Box::new(sink));
                self
            }

            /// Sets time limits for sending the file or a part of it; by default only a stall of 30 s ends it.
            #[must_use]
            pub fn limits(mut self, limits: $crate::transport::Limits) -> Self {
                self.$($field).+.limits = Some(limits);
                self
            }
        }

        impl<T: ?Sized> $crate::call::Run<'_, T, Upload<'_>> {
            /// See [`Upload::transfer`].
            pub fn transfer(self, transfer: $crate::upload::Transfer) -> Self {
                self.map(|upload| upload.transfer(transfer))
            }

            /// See [`Upload::progress`].
            pub fn progress(self, sink: $crate::transport::ProgressSink) -> Self {
                self.map(|upload| upload.progress(sink))
            }

            /// See [`Upload::created`].
            pub fn created(self, sink: impl Fn($id) + Send + Sync + 'static) -> Self {
                self.map(|upload| upload.created(sink))
            }

            /// See [`Upload::limits`].
            pub fn limits(self, limits: $crate::transport::Limits) -> Self {
                self.map(|upload| upload.limits(limits))
            }
        }
    };
}

pub(crate) use settings_of_all;
