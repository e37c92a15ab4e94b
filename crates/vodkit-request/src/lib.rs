//! The sans-IO request layer of vodkit: what to send, what came back, what to do next.

pub mod payload;
pub mod transport;
