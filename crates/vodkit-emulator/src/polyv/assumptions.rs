//! What the emulator does although Polyv's pages do not say so.

use crate::assumption::Assumption;

/// Every assumed behaviour, sorted by id.
pub const ASSUMPTIONS: &[Assumption] = &[];
