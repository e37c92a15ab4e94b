//! Signing order: ascending bytes of the key, without allocation.

use core::fmt;

use crate::text::Rule;

/// How many pairs are put in order at a time. Vendors' calls have at most about thirty parameters.
const BATCH: usize = 64;

/// The pairs that a rule signs, in signing order.
///
/// Keys ascend byte by byte (`B` < `_` < `a`; a key comes before the longer key that it begins). Pairs with the same key keep
/// the order in which they were given.
///
/// Up to 64 parameters are sorted once. Of more, the 64 next ones are picked per pass over all of them: still without
/// allocation, but the time grows with the square of their number. Bound the number of parameters that you accept from
/// strangers before verifying them.
pub struct SignedPairs<'p, K, V> {
    rule: &'static Rule,
    params: &'p [(K, V)],
    /// Positions in `params`, in signing order. Half a word each, because clearing this array is most of what a short call pays
    /// for being sorted; no slice of texts has more elements.
    batch: [u32; BATCH],
    filled: usize,
    taken: usize,
}

impl<'p, K: AsRef<str>, V: AsRef<str>> SignedPairs<'p, K, V> {
    #[inline]
    pub(crate) fn new(rule: &'static Rule, params: &'p [(K, V)]) -> Self {
        let mut pairs = Self {
            rule,
            params,
            batch: [0; BATCH],
            filled: 0,
            taken: 0,
        };
        if params.len() <= 16 {
            pairs.sort_all::<16>();
        } else if params.len() <= BATCH {
            pairs.sort_all::<BATCH>();
        } else {
            pairs.select_after(None);
        }
        pairs
    }

    #[inline(always)]
    fn key(&self, position: usize) -> &'p str {
        self.params[position].0.as_ref()
    }

    #[inline(always)]
    fn is_signed(&self, position: usize) -> bool {
        let (key, value) = &self.params[position];
        self.rule.signs(key.as_ref(), value.as_ref())
    }

    /// Sorts at most `N` parameters. A small `N` spares a short call the clearing of a long array.
    ///
    /// Comparing strings is the expensive part of sorting, so what is sorted are integers: the first bytes of the key, then the
    /// position. Keys that share those bytes are put right afterwards by a real comparison.
    #[inline(always)]
    fn sort_all<const N: usize>(&mut self) {
        let mut ranks = [0_u128; N];
        let mut filled = 0;
        for position in 0..self.params.len() {
            if self.is_signed(position) {
                ranks[filled] = rank(self.key(position), position);
                filled += 1;
            }
        }
        let ranks = &mut ranks[..filled];
        ranks.sort_unstable();
        for (slot, rank) in self.batch.iter_mut().zip(ranks.iter()) {
            *slot = (rank & POSITION) as u32;
        }
        for end in 1..filled {
            let mut at = end;
            while at > 0
                && ranks[at - 1] | POSITION == ranks[at] | POSITION
                && self.key(self.batch[at - 1] as usize) > self.key(self.batch[at] as usize)
            {
                self.batch.swap(at - 1, at);
                at -= 1;
            }
        }
        self.filled = filled;
    }

    /// Picks the next pairs that follow the one at `last`, or the first ones.
    fn select_after(&mut self, last: Option<usize>) {
        let place = |position: usize| (self.key(position), position);
        let floor = last.map(place);
        let mut batch = [0; BATCH];
        let mut filled = 0;
        for position in (0..self.params.len()).filter(|position| self.is_signed(*position)) {
            let candidate = place(position);
            if floor.is_some_and(|floor| candidate <= floor)
                || (filled == BATCH && candidate > place(batch[BATCH - 1]))
            {
                continue;
            }
            let at = batch[..filled].partition_point(|other| place(*other) < candidate);
            filled = BATCH.min(filled + 1);
            batch.copy_within(at..filled - 1, at + 1);
            batch[at] = position;
        }
        self.batch = batch.map(|p| p as u32);
        self.filled = filled;
        self.taken = 0;
    }
}

/// The low byte of a rank, which holds the position. It is wide enough for a whole batch.
const POSITION: u128 = 0xff;
const _: () = assert!(BATCH - 1 <= POSITION as usize);

#[inline(always)]
fn rank(key: &str, position: usize) -> u128 {
    head(key.as_bytes()) & !POSITION | position as u128
}

/// The first 16 bytes as a number, with zeros after a shorter key.
#[inline(always)]
fn head(key: &[u8]) -> u128 {
    let len = key.len();
    if let Some(bytes) = key.first_chunk() {
        u128::from_be_bytes(*bytes)
    } else if let (Some(first), Some(last)) = (key.first_chunk(), key.last_chunk()) {
        u128::from(u64::from_be_bytes(*first)) << 64
            | u128::from(u64::from_be_bytes(*last)) << (8 * (16 - len))
    } else if let (Some(first), Some(last)) = (key.first_chunk(), key.last_chunk()) {
        u128::from(u32::from_be_bytes(*first)) << 96
            | u128::from(u32::from_be_bytes(*last)) << (8 * (16 - len))
    } else {
        key.iter()
            .fold(0, |head, byte| head << 8 | u128::from(*byte))
            << (8 * (16 - len).min(15))
    }
}

impl<'p, K: AsRef<str>, V: AsRef<str>> Iterator for SignedPairs<'p, K, V> {
    type Item = (&'p str, &'p str);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.taken == self.filled {
            if self.filled < BATCH || self.params.len() <= BATCH {
                return None;
            }
            self.select_after(Some(self.batch[BATCH - 1] as usize));
            if self.filled == 0 {
                return None;
            }
        }
        let (key, value) = &self.params[self.batch[self.taken] as usize];
        self.taken += 1;
        Some((key.as_ref(), value.as_ref()))
    }
}

/// Names no pair: values may be personal data.
impl<K, V> fmt::Debug for SignedPairs<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedPairs")
            .field("given", &self.params.len())
            .finish_non_exhaustive()
    }
}
