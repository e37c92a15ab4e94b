//! Scenarios over every layer of vodkit.

pub mod conformance;
pub mod pages;
pub mod recorded;

#[cfg(doctest)]
mod documents;
