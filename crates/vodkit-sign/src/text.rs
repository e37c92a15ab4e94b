//! The one engine: which pairs are signed, and how they become a text.

use core::fmt;

use md5::{Digest, Md5};
use sha1::Sha1;

use crate::order::{SHORT_BATCH, SignedPairs};

/// The parameter that carries the signature. No rule ever signs it.
const SIGNATURE_PARAMETER: &str = "sign";

/// What distinguishes one vendor's rule from another's.
///
/// Rules are constants and every method is inlined, so the unused branches and the empty pieces vanish from the compiled signer.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Does the secret also stand before the first pair?
    pub(crate) opens_with_secret: bool,
    /// Is a parameter with an empty value part of the text?
    pub(crate) keeps_empty: bool,
    /// What stands between key and value.
    pub(crate) assignment: &'static str,
    /// What stands between two pairs.
    pub(crate) separator: &'static str,
    /// The name that the closing secret goes by: a last pair after all others, or nothing at all.
    pub(crate) secret_name: Option<&'static str>,
}

impl Rule {
    /// Is this pair part of the signed text?
    #[inline(always)]
    pub(crate) fn signs(&self, key: &str, value: &str) -> bool {
        key != SIGNATURE_PARAMETER && (self.keeps_empty || !value.is_empty())
    }

    /// Writes what stands before the first pair.
    #[inline(always)]
    pub(crate) fn open(&self, secret: &str, sink: &mut impl Sink) {
        if self.opens_with_secret {
            sink.put(secret);
        }
    }

    /// Writes one pair that is known to be signed.
    #[inline(always)]
    pub(crate) fn pair(&self, first: bool, key: &str, value: &str, sink: &mut impl Sink) {
        if !first {
            sink.put(self.separator);
        }
        sink.put(key);
        sink.put(self.assignment);
        sink.put(value);
    }

    /// Writes what stands after the last pair.
    #[inline(always)]
    pub(crate) fn close(&self, first: bool, secret: &str, sink: &mut impl Sink) {
        match self.secret_name {
            Some(name) => self.pair(first, name, secret, sink),
            None => sink.put(secret),
        }
    }

    /// Writes the whole text of parameters that come in any order.
    #[inline(always)]
    pub(crate) fn compose<K: AsRef<str>, V: AsRef<str>>(
        &'static self,
        params: &[(K, V)],
        secret: &str,
        sink: &mut impl Sink,
    ) {
        if params.len() <= SHORT_BATCH {
            self.join(
                SignedPairs::<_, _, SHORT_BATCH>::new(self, params),
                secret,
                sink,
            );
        } else {
            self.join(SignedPairs::<_, _>::new(self, params), secret, sink);
        }
    }

    #[inline(always)]
    fn join<'p>(
        &self,
        pairs: impl Iterator<Item = (&'p str, &'p str)>,
        secret: &str,
        sink: &mut impl Sink,
    ) {
        self.open(secret, sink);
        let mut first = true;
        for (key, value) in pairs {
            self.pair(first, key, value, sink);
            first = false;
        }
        self.close(first, secret, sink);
    }

    /// Writes the whole text for people.
    pub(crate) fn write<K: AsRef<str>, V: AsRef<str>>(
        &'static self,
        params: &[(K, V)],
        secret: &str,
        out: &mut impl fmt::Write,
    ) -> fmt::Result {
        let mut readable = Readable {
            out,
            outcome: Ok(()),
        };
        self.compose(params, secret, &mut readable);
        readable.outcome
    }
}

/// Where the text goes, piece by piece: into a digest, or into a caller's buffer.
pub(crate) trait Sink {
    fn put(&mut self, piece: &str);
}

impl Sink for Md5 {
    #[inline(always)]
    fn put(&mut self, piece: &str) {
        self.update(piece);
    }
}

impl Sink for Sha1 {
    #[inline(always)]
    fn put(&mut self, piece: &str) {
        self.update(piece);
    }
}

/// A sink for people: keeps the first error of the writer and writes nothing after it.
struct Readable<'w, W> {
    out: &'w mut W,
    outcome: fmt::Result,
}

impl<W: fmt::Write> Sink for Readable<'_, W> {
    fn put(&mut self, piece: &str) {
        if self.outcome.is_ok() {
            self.outcome = self.out.write_str(piece);
        }
    }
}
