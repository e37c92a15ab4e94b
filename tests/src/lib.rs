//! Scenarios over every layer of vodkit.
