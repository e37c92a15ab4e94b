//! How a file is cut into parts.

use std::ops::Range;

use crate::error::{Error, ErrorKind};
use crate::remedy::Remedy;

/// What a storage demands of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartRules {
    /// Least bytes of every part but the last.
    pub least: u64,
    /// Most bytes of a part.
    pub most: u64,
    /// Most parts of an object.
    pub count: u32,
}

/// A file in parts: all of one size but the last, which may be smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    len: u64,
    size: u64,
}

/// Sizes that were chosen by us are whole multiples of this: they read well in a log.
const MIB: u64 = 1 << 20;

impl Parts {
    /// A file of `len` bytes in parts of `wanted` bytes, or of more where there would be too many.
    ///
    /// # Errors
    /// When `wanted` is less or more than the storage takes, or the file is greater than all parts together.
    pub fn plan(len: u64, wanted: u64, rules: &PartRules) -> Result<Self, Error> {
        let refuse = |why: String| Err(Error::new(ErrorKind::InvalidInput, why));
        if wanted < rules.least || wanted > rules.most {
            let why = format!(
                "the storage takes parts of {} to {} bytes, and not of {wanted}",
                rules.least, rules.most
            );
            return refuse(why).map_err(|error| error.with_hint(Remedy::PartSize));
        }
        let needed = len.div_ceil(u64::from(rules.count));
        let size = if needed <= wanted {
            wanted
        } else {
            needed.div_ceil(MIB) * MIB
        };
        if size > rules.most {
            return refuse(format!(
                "a file of {len} bytes is too large: {} parts of {} bytes are the most",
                rules.count, rules.most
            ));
        }
        Ok(Self { len, size })
    }

    /// A file in parts of a size that was chosen before.
    #[must_use]
    pub fn of_size(len: u64, size: u64) -> Self {
        Self {
            len,
            size: size.max(1),
        }
    }

    /// Bytes of every part but the last.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.len.div_ceil(self.size)).unwrap_or(u32::MAX)
    }

    /// The bytes of a part, by its number from 1.
    #[must_use]
    pub fn range(&self, number: u32) -> Range<u64> {
        let start = u64::from(number.saturating_sub(1)).saturating_mul(self.size);
        start.min(self.len)..start.saturating_add(self.size).min(self.len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: PartRules = PartRules {
        least: 100 << 10,
        most: 5 << 30,
        count: 10_000,
    };

    proptest! {
        #[test]
        fn parts_cover_the_file_once(
            len in 1_u64..(40_u64 << 40),
            wanted in RULES.least..(64 << 20),
        ) {
            let parts = Parts::plan(len, wanted, &RULES).unwrap();
            prop_assert!(parts.count() >= 1 && parts.count() <= RULES.count);
            prop_assert!(parts.size() >= wanted && parts.size() <= RULES.most);
            let last = parts.count();
            prop_assert_eq!(parts.range(1).start, 0);
            prop_assert_eq!(parts.range(last).end, len);
            prop_assert!(!parts.range(last).is_empty());
            for number in [1, last / 2, last.saturating_sub(1)].into_iter().filter(|n| (1..last).contains(n)) {
                prop_assert_eq!(parts.range(number).end, parts.range(number + 1).start);
                prop_assert_eq!(parts.range(number).end - parts.range(number).start, parts.size());
            }
        }
    }

    #[test]
    fn what_no_storage_takes_is_refused() {
        assert!(Parts::plan(1, RULES.least - 1, &RULES).is_err());
        assert!(Parts::plan(1, RULES.most + 1, &RULES).is_err());
        let largest = u64::from(RULES.count) * RULES.most;
        assert_eq!(
            Parts::plan(largest, MIB, &RULES).unwrap().size(),
            RULES.most
        );
        let error = Parts::plan(largest + 1, MIB, &RULES).unwrap_err();
        assert!(error.to_string().contains("too large"), "{error}");
    }
}
