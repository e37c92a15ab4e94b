//! Async transport of vodkit, on reqwest.
