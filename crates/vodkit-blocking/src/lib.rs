//! Blocking transport of vodkit, on ureq.
