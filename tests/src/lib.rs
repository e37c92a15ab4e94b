//! Scenarios over every layer of vodkit.

pub mod conformance;
