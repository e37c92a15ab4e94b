//! How far the file is at the server, and what is sent next.

use std::ops::Range;

use super::SLICE;
use crate::crc64::Crc64;
use crate::digest::{Digester, Wanted};
use crate::error::Error;
use crate::upload::{PartMark, PartRules, Parts, Past};

/// What holds for slices. The vendor says nothing of their size and number; more than this would be a journal that nobody reads.
const RULES: PartRules = PartRules {
    least: 1,
    most: 1 << 40,
    count: 10_000,
};

/// How far the file is.
#[derive(Debug)]
pub(super) struct Course {
    len: u64,
    /// Bytes of a slice.
    size: u64,
    /// Bytes from the start that the server is known to have.
    arrived: u64,
    /// The most that it ever had: only more than that is progress.
    best: u64,
    /// Up to here the server may have bytes that nobody can compare with the file: they were sent after the last mark, and the file was touched.
    doubtful: u64,
    /// Requests that failed since the last progress.
    failures: u32,
    /// Whether an address was refused since the last progress.
    pub(super) refused: bool,
    /// Whether this process has sent anything of the file.
    pub(super) has_sent: bool,
    /// Number of the next slice.
    number: u32,
    /// Whether slices have marks, and so need a digest each.
    marked: bool,
    /// Whether the whole file has a digest.
    md5: bool,
    /// What it has seen is the file from the start, without a gap.
    digester: Digester,
}

impl Course {
    /// Of a file that was not looked at.
    pub(super) fn unknown() -> Self {
        Self {
            len: 0,
            size: SLICE,
            arrived: 0,
            best: 0,
            doubtful: 0,
            failures: 0,
            refused: false,
            has_sent: false,
            number: 1,
            marked: false,
            md5: true,
            digester: Digester::new(Wanted::MD5),
        }
    }

    /// Of a file of `len` bytes, with slices of `size` bytes, or larger ones where there would be too many.
    ///
    /// # Errors
    /// When there can be no such slices.
    pub(super) fn plan(
        len: u64,
        size: Option<u64>,
        marked: bool,
        md5: bool,
    ) -> Result<Self, Error> {
        let parts = Parts::plan(len, size.unwrap_or(SLICE), &RULES)?;
        Ok(Self {
            len,
            size: parts.size(),
            marked,
            md5,
            digester: Digester::new(Wanted { md5, crc64: marked }),
            ..Self::unknown()
        })
    }

    /// Takes what an earlier process wrote down: how far the marks go without a gap, and which number comes next.
    pub(super) fn recall(&mut self, past: &Past) {
        self.arrived = covered(past).min(self.len);
        let last = past.parts.keys().next_back().copied().unwrap_or(0);
        self.number = last.saturating_add(1);
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn arrived(&self) -> u64 {
        self.arrived
    }

    pub(super) fn is_complete(&self) -> bool {
        self.arrived == self.len
    }

    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    pub(super) fn failed(&mut self) -> u32 {
        self.failures = self.failures.saturating_add(1);
        self.failures
    }

    /// Whether all is sent at once, as a form.
    pub(super) fn is_whole(&self) -> bool {
        self.arrived == 0 && self.len <= self.size
    }

    /// What is sent next.
    pub(super) fn next(&self) -> Range<u64> {
        self.arrived..self.arrived.saturating_add(self.size).min(self.len)
    }

    /// The server says that it has `size` bytes. What it has beyond the marks is not believed when the file was touched since: it may be of the
    /// old file, and is sent once more.
    pub(super) fn told(&mut self, size: u64, touched: bool) {
        if touched && !self.has_sent && size > self.arrived {
            self.doubtful = size;
        }
        let start = if size <= self.doubtful {
            size.min(self.arrived)
        } else {
            size
        };
        self.reach(start);
    }

    /// Whether bytes that could not be compared are still to be sent again.
    pub(super) fn is_doubtful(&self) -> bool {
        self.arrived < self.doubtful
    }

    /// The file is there up to `end`.
    pub(super) fn reach(&mut self, end: u64) {
        self.arrived = end;
        if end > self.best {
            self.best = end;
            self.failures = 0;
            self.refused = false;
        }
    }

    /// Whether what was seen ends where the next slice begins. After lost bytes it does so again once these have gone for the second time.
    fn in_step(&self) -> bool {
        self.digester.bytes() == self.arrived
    }

    /// What the digests of the next slice start from; `None` when nobody asks for them.
    pub(super) fn before_next(&self) -> Option<Digester> {
        if self.md5 && self.in_step() {
            let mut before = self.digester.clone();
            before.restart_crc64();
            return Some(before);
        }
        self.marked.then(|| Digester::new(Wanted::CRC64))
    }

    /// Takes what was seen of the slice `range`, which has arrived, and gives its CRC-64.
    pub(super) fn saw(&mut self, seen: Digester, range: &Range<u64>) -> Option<u64> {
        let digests = seen.digests();
        if self.digester.bytes() == range.start && digests.bytes == range.end {
            self.digester = seen;
            return digests.crc64;
        }
        let alone = digests.md5.is_none() && digests.bytes == range.end - range.start;
        digests.crc64.filter(|_| alone)
    }

    /// Takes the bytes of the slice `range`, which has arrived.
    pub(super) fn took(&mut self, bytes: &[u8], range: &Range<u64>) -> Option<u64> {
        if self.digester.bytes() == range.start {
            self.digester.update(bytes);
        }
        self.marked.then(|| Crc64::of(bytes))
    }

    /// Whether the MD5 of the whole file is wanted.
    pub(super) fn wants_md5(&self) -> bool {
        self.md5
    }

    /// MD5 of the whole file, if this process has seen all of it pass.
    pub(super) fn md5(&self) -> Option<[u8; 16]> {
        let digests = self.digester.digests();
        digests.md5.filter(|_| digests.bytes == self.len)
    }

    /// The mark of a stretch that has arrived.
    pub(super) fn mark(&mut self, range: &Range<u64>, crc64: Option<u64>) -> PartMark {
        let number = self.number;
        self.number = number.saturating_add(1);
        PartMark {
            number,
            offset: range.start,
            bytes: range.end - range.start,
            crc64,
            ..PartMark::default()
        }
    }
}

/// Up to where the marks of an earlier process go without a gap. Those that were sent twice overlap.
fn covered(past: &Past) -> u64 {
    let mut stretches: Vec<(u64, u64)> = past
        .parts
        .values()
        .map(|part| (part.offset, part.offset.saturating_add(part.bytes)))
        .collect();
    stretches.sort_unstable();
    stretches.into_iter().fold(
        0,
        |end, (start, stop)| if start <= end { end.max(stop) } else { end },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn slices_grow_with_very_large_files() {
        let first = |len, size| {
            let course = Course::plan(len, size, false, true).unwrap();
            (course.is_whole(), course.next())
        };
        assert_eq!(first(5 * MIB, None), (true, 0..5 * MIB));
        assert_eq!(first(5 * MIB + 1, None), (false, 0..5 * MIB));
        assert_eq!(first(10, Some(4)), (false, 0..4));
        // 1 TiB in at most 10,000 slices.
        assert_eq!(first(1 << 40, None), (false, 0..105 * MIB));
        assert!(Course::plan(10, Some(0), false, true).is_err());
    }

    #[test]
    fn marks_cover_what_lies_without_a_gap() {
        let mut past = Past::default();
        for (number, offset, bytes) in [(1, 0, 4), (2, 4, 4), (3, 2, 5), (4, 9, 3)] {
            past.parts.insert(
                number,
                PartMark {
                    number,
                    offset,
                    bytes,
                    ..PartMark::default()
                },
            );
        }
        assert_eq!(covered(&past), 8);
        assert_eq!(covered(&Past::default()), 0);
        let mut course = Course::plan(20, Some(4), true, true).unwrap();
        course.recall(&past);
        assert_eq!((course.arrived(), course.next()), (8, 8..12));
        assert_eq!(course.mark(&(8..12), None).number, 5);
    }

    #[test]
    fn only_more_than_ever_is_progress() {
        let mut course = Course::plan(20, Some(4), false, true).unwrap();
        course.reach(8);
        course.failed();
        course.told(4, false);
        course.reach(8);
        assert_eq!(course.failures(), 1, "it had these bytes before");
        course.told(9, false);
        assert_eq!((course.failures(), course.next()), (0, 9..13));
    }

    #[test]
    fn what_cannot_be_compared_is_sent_again() {
        let mut past = Past::default();
        past.parts.insert(
            1,
            PartMark {
                number: 1,
                bytes: 4,
                ..PartMark::default()
            },
        );
        let mut course = Course::plan(20, Some(4), true, true).unwrap();
        course.recall(&past);
        course.told(7, true);
        assert_eq!((course.next(), course.is_doubtful()), (4..8, true));
        course.has_sent = true;
        // It still has no more than the old bytes.
        course.told(7, true);
        assert_eq!(course.next(), 4..8);
        // Now there are newer ones after them, and those before were overwritten.
        course.told(8, true);
        assert_eq!((course.next(), course.is_doubtful()), (8..12, false));
    }

    #[test]
    fn the_digest_follows_the_file_and_starts_again_with_it() {
        let file = *b"0123456789";
        let mut course = Course::plan(10, Some(4), true, true).unwrap();
        let send = |course: &mut Course| {
            let range = course.next();
            let bytes = &file[range.start as usize..range.end as usize];
            let mut seen = course.before_next().unwrap();
            seen.update(bytes);
            let crc64 = course.saw(seen, &range);
            course.reach(range.end);
            assert_eq!(crc64, Some(Crc64::of(bytes)));
        };
        send(&mut course);
        // A slice of which nothing arrived is seen again from the same state.
        let mut lost = course.before_next().unwrap();
        lost.update(b"45");
        send(&mut course);
        send(&mut course);
        let whole = course.md5().unwrap();
        assert_eq!(whole[..2], [0x78, 0x1e], "md5 of 0123456789");
        // The server has half a slice: from here on it is out of step, but slices have digests still.
        let mut course = Course::plan(10, Some(4), true, true).unwrap();
        course.told(2, false);
        send(&mut course);
        send(&mut course);
        assert_eq!((course.is_complete(), course.md5()), (true, None));
        course.told(0, false);
        for _ in 0..3 {
            send(&mut course);
        }
        assert_eq!(course.md5(), Some(whole));
    }
}
