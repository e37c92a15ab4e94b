//! The Rust code of the documents, compiled and run as doctests. `tests/documents.rs` checks that no document is left out.

// The Chinese readmes have the same code blocks, which `tests/documents.rs` checks too.
#[doc = include_str!("../../README.md")]
mod readme {}

#[doc = include_str!("../../CONTRIBUTING.md")]
mod contributing {}

#[doc = include_str!("../../docs/architecture.md")]
mod architecture {}

#[doc = include_str!("../../docs/callbacks.md")]
mod callbacks {}

#[doc = include_str!("../../docs/emulator.md")]
mod emulator {}

#[doc = include_str!("../../docs/uploads.md")]
mod uploads {}

#[doc = include_str!("../../docs/vendors/baijiayun.md")]
mod baijiayun {}

#[doc = include_str!("../../docs/vendors/mediacloud.md")]
mod mediacloud {}

#[doc = include_str!("../../docs/vendors/polyv.md")]
mod polyv {}

#[doc = include_str!("../../docs/vendors/quvideo.md")]
mod quvideo {}
