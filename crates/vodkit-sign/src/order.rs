//! Signing order: ascending bytes of the key, without allocation.

use core::fmt;

use crate::text::Rule;

/// How many pairs are put in order at a time. Vendors' calls have at most about thirty parameters.
const BATCH: usize = 64;

/// The batch for short calls. Clearing a long array is most of what a short call would pay for being sorted.
pub(crate) const SHORT_BATCH: usize = 16;

/// The pairs that a rule signs, in signing order.
///
/// Keys ascend byte by byte (`B` < `_` < `a`; a key comes before the longer key that it begins). Pairs with the same key keep
/// the order in which they were given.
///
/// Up to 64 parameters are sorted once. Of more, the 64 next ones are picked per pass over all of them: still without
/// allocation, but the time grows with the square of their number. Bound the number of parameters that you accept from
/// strangers before verifying them.
///
/// `N` is how many are put in order at a time; leave it at its default.
pub struct SignedPairs<'p, K, V, const N: usize = BATCH> {
    rule: &'static Rule,
    params: &'p [(K, V)],
    /// Positions in `params`, in signing order. No slice of texts is too long for 32 bits.
    batch: [u32; N],
    filled: usize,
    taken: usize,
}

impl<'p, K: AsRef<str>, V: AsRef<str>, const N: usize> SignedPairs<'p, K, V, N> {
    #[inline(always)]
    pub(crate) fn new(rule: &'static Rule, params: &'p [(K, V)]) -> Self {
        const { assert!(N <= POSITION as usize + 1) };
        let mut pairs = Self {
            rule,
            params,
            batch: [0; N],
            filled: 0,
            taken: 0,
        };
        if params.len() <= N {
            pairs.sort_all();
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

    /// Sorts at most `N` parameters.
    ///
    /// Comparing strings is the expensive part of sorting, so what is sorted are integers: the first bytes of the key, then the
    /// position. Keys that share those bytes are put right afterwards by a real comparison.
    #[inline(always)]
    fn sort_all(&mut self) {
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
        let mut batch = [0; N];
        let mut filled = 0;
        for position in (0..self.params.len()).filter(|position| self.is_signed(*position)) {
            let candidate = place(position);
            if floor.is_some_and(|floor| candidate <= floor)
                || (filled == N && candidate > place(batch[N - 1]))
            {
                continue;
            }
            let at = batch[..filled].partition_point(|other| place(*other) < candidate);
            filled = N.min(filled + 1);
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

impl<'p, K: AsRef<str>, V: AsRef<str>, const N: usize> Iterator for SignedPairs<'p, K, V, N> {
    type Item = (&'p str, &'p str);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.taken == self.filled {
            if self.filled < N || self.params.len() <= N {
                return None;
            }
            self.select_after(Some(self.batch[N - 1] as usize));
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
impl<K, V, const N: usize> fmt::Debug for SignedPairs<'_, K, V, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedPairs")
            .field("given", &self.params.len())
            .finish_non_exhaustive()
    }
}
