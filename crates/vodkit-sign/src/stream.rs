//! Signing pair by pair, when the parameters are already in order.

use md5::{Digest, digest::FixedOutputReset};

use crate::{
    Signature,
    signature::HexCase,
    text::{Rule, Sink},
};

/// What every vendor's `Signer` is made of.
#[derive(Clone)]
pub(crate) struct Stream<D> {
    digest: D,
    first: bool,
    #[cfg(debug_assertions)]
    previous: PreviousKey,
}

impl<D: Digest + FixedOutputReset + Sink> Stream<D> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self {
            digest: D::new(),
            first: true,
            #[cfg(debug_assertions)]
            previous: PreviousKey::default(),
        }
    }

    #[inline(always)]
    pub(crate) fn open(&mut self, rule: &Rule, secret: &str) {
        rule.open(secret, &mut self.digest);
    }

    /// Takes the next pair; one that the rule does not sign is passed over.
    #[inline(always)]
    pub(crate) fn pair(&mut self, rule: &Rule, key: &str, value: &str) {
        if rule.signs(key, value) {
            #[cfg(debug_assertions)]
            self.previous.step(key);
            rule.pair(self.first, key, value, &mut self.digest);
            self.first = false;
        }
    }

    /// Closes the text, and starts over.
    #[inline(always)]
    pub(crate) fn finish<const N: usize>(
        &mut self,
        rule: &Rule,
        secret: &str,
        case: HexCase,
    ) -> Signature<N> {
        rule.close(self.first, secret, &mut self.digest);
        self.first = true;
        #[cfg(debug_assertions)]
        {
            self.previous = PreviousKey::default();
        }
        Signature::take(&mut self.digest, case)
    }
}

/// The beginning of the key before, so that a wrong order is found where it is made and not as a rejected signature.
#[cfg(debug_assertions)]
#[derive(Clone)]
struct PreviousKey {
    head: [u8; 64],
    len: usize,
}

#[cfg(debug_assertions)]
impl Default for PreviousKey {
    fn default() -> Self {
        Self {
            head: [0; 64],
            len: 0,
        }
    }
}

#[cfg(debug_assertions)]
impl PreviousKey {
    fn step(&mut self, key: &str) {
        let key = &key.as_bytes()[..key.len().min(self.head.len())];
        assert!(
            self.head[..self.len] <= *key,
            "parameters must be given in ascending order of their keys"
        );
        self.head[..key.len()].copy_from_slice(key);
        self.len = key.len();
    }
}
