//! What the emulator does although QuVideo's pages do not say so.

use crate::assumption::Assumption;

/// Every assumed behaviour, sorted by id.
pub const ASSUMPTIONS: &[Assumption] = &[];
