//! The bytes of a journal: what is written, and what may be read of it. No file is touched here.

use std::ops::Range;

use vodkit_request::crc64::Crc64;

/// What each journal begins with.
const MAGIC: [u8; 7] = *b"VODKITJ";
/// The version that is written, and the only one that is read.
const VERSION: u8 = 1;
/// Bytes of magic and version.
pub(crate) const HEADER: usize = MAGIC.len() + 1;
/// Bytes of a record before its content.
const HEAD: usize = 12;
/// Bytes of a record after its content.
const TAIL: usize = 9;
/// The last byte of each record. Room that was made and not written is full of zeros.
const END: u8 = 0xa5;
/// Longest content, in bytes. Marks have a few hundred.
pub(crate) const MOST: usize = 1 << 20;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What the upload is of.
    About = 0,
    /// A process that works on it from now on.
    Session = 1,
    /// A mark of the flow.
    Mark = 2,
}

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        [Self::About, Self::Session, Self::Mark]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// The first bytes of every journal.
pub(crate) fn header() -> [u8; HEADER] {
    let mut header = [VERSION; HEADER];
    header[..MAGIC.len()].copy_from_slice(&MAGIC);
    header
}

/// Appends a record to `bytes`. The content is not longer than [`MOST`].
pub(crate) fn write(bytes: &mut Vec<u8>, number: u32, kind: Kind, content: &[u8]) {
    let start = bytes.len();
    bytes.extend_from_slice(&(content.len() as u32 + 1).to_le_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&head_check(&bytes[start..]));
    bytes.push(kind as u8);
    bytes.extend_from_slice(content);
    let crc = Crc64::of(&bytes[start..]);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes.push(END);
}

fn head_check(length_and_number: &[u8]) -> [u8; 4] {
    (Crc64::of(length_and_number) as u32).to_le_bytes()
}

/// What a journal says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The records: kind, and where their content is.
    pub(crate) records: Vec<(Kind, Range<usize>)>,
    /// Bytes of what is whole. What comes after was never confirmed.
    pub(crate) whole: usize,
}

/// Why a journal cannot be believed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Damaged { at: usize, why: &'static str },
    Newer,
}

/// Reads a journal. An end that was cut short, or is all zeros where its last byte should be, was never confirmed and is left out; anything
/// else that is not as it was written is a fault.
pub(crate) fn scan(bytes: &[u8]) -> Result<Scan, Fault> {
    // From here on there are only zeros.
    let zeros = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    let damaged = |at, why| Err(Fault::Damaged { at, why });

    let header = header();
    if bytes.len() < HEADER || zeros < HEADER {
        let written = &bytes[..zeros.min(bytes.len())];
        return if header.starts_with(written) {
            Ok(Scan::default())
        } else {
            damaged(0, "it does not begin as a journal does")
        };
    }
    if bytes[..MAGIC.len()] != MAGIC || bytes[MAGIC.len()] < VERSION {
        return damaged(0, "it does not begin as a journal does");
    }
    if bytes[MAGIC.len()] > VERSION {
        return Err(Fault::Newer);
    }

    let mut scan = Scan {
        records: Vec::new(),
        whole: HEADER,
    };
    loop {
        let at = scan.whole;
        let rest = &bytes[at..];
        let Some((head, _)) = rest.split_at_checked(HEAD) else {
            return Ok(scan);
        };
        if head[8..] != head_check(&head[..8]) {
            // All of it that was written may be a beginning of the head.
            return if zeros < at + HEAD {
                Ok(scan)
            } else {
                damaged(at, "the head of a record has another checksum")
            };
        }
        let number = |from: usize| {
            u32::from_le_bytes([head[from], head[from + 1], head[from + 2], head[from + 3]])
        };
        let length = number(0) as usize;
        if number(4) as usize != scan.records.len() {
            return damaged(at, "a record has the number of another one");
        }
        if length == 0 || length > MOST + 1 {
            return damaged(at, "a record has a length that is never written");
        }
        let end = HEAD + length + TAIL;
        let Some((record, _)) = rest.split_at_checked(end) else {
            return Ok(scan);
        };
        let (summed, tail) = record.split_at(HEAD + length);
        let intact = tail[..8] == Crc64::of(summed).to_le_bytes() && tail[8] == END;
        if !intact {
            return if zeros < at + end {
                Ok(scan)
            } else {
                damaged(at, "a record has another checksum")
            };
        }
        let Some(kind) = Kind::of(summed[HEAD]) else {
            return Err(Fault::Newer);
        };
        scan.records.push((kind, at + HEAD + 1..at + HEAD + length));
        scan.whole += end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A journal of these records, and where each of them ends.
    fn journal(records: &[(u8, Vec<u8>)]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = header().to_vec();
        let mut ends = vec![bytes.len()];
        for (number, (kind, content)) in records.iter().enumerate() {
            write(
                &mut bytes,
                number as u32,
                Kind::of(kind % 3).unwrap(),
                content,
            );
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn records() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
        // Zeros are what a file system leaves behind, so contents of zeros are the hardest.
        let content = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            (0..40_usize).prop_map(|length| vec![0; length]),
        ];
        prop::collection::vec((any::<u8>(), content), 0..8)
    }

    /// What is read is what was written, or its beginning.
    fn is_a_beginning(bytes: &[u8], whole: &[u8]) -> bool {
        match (scan(bytes), scan(whole)) {
            (Ok(read), Ok(all)) => {
                all.records.starts_with(&read.records) && bytes[..read.whole] == whole[..read.whole]
            }
            (Err(_), _) => true,
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_written_is_read(records in records()) {
            let (bytes, ends) = journal(&records);
            let scan = scan(&bytes).unwrap();
            prop_assert_eq!(scan.whole, bytes.len());
            prop_assert_eq!(scan.records.len(), ends.len() - 1);
            for ((kind, range), (wanted, content)) in scan.records.into_iter().zip(&records) {
                prop_assert_eq!(kind as u8, wanted % 3);
                prop_assert_eq!(&bytes[range], content.as_slice());
            }
        }

        #[test]
        fn cut_anywhere_it_is_what_was_whole(records in records()) {
            let (bytes, ends) = journal(&records);
            for length in 0..bytes.len() {
                let scan = scan(&bytes[..length]).unwrap();
                let whole = ends.iter().filter(|end| **end <= length).max().copied();
                prop_assert_eq!(scan.whole, whole.unwrap_or(0));
                prop_assert_eq!(scan.records.len(), ends.iter().filter(|end| **end <= length).count().saturating_sub(1));
            }
        }

        /// The file was made longer, and only the beginning of what was to stand there arrived.
        #[test]
        fn zeros_at_the_end_never_happened(records in records(), room in 0..100_usize) {
            let (bytes, ends) = journal(&records);
            for written in 0..bytes.len() {
                let mut torn = bytes.clone();
                torn[written..].fill(0);
                torn.resize(bytes.len() + room, 0);
                let scan = scan(&torn).unwrap();
                // Of what ends in zeros anyway nothing was lost.
                let whole = ends.iter().filter(|end| torn[..**end] == bytes[..**end]).max().copied();
                prop_assert_eq!(scan.whole, whole.unwrap_or(0));
            }
        }

        #[test]
        fn one_flipped_bit_is_always_noticed(records in records()) {
            let (bytes, _) = journal(&records);
            // Of a header alone nothing can be lost.
            prop_assume!(!records.is_empty());
            for at in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[at / 8] ^= 1 << (at % 8);
                prop_assert!(scan(&flipped).is_err(), "bit {at}");
            }
        }

    }

    proptest! {
        #[test]
        fn a_lost_or_moved_record_is_noticed(records in records(), at in any::<prop::sample::Index>()) {
            let (bytes, ends) = journal(&records);
            if ends.len() > 2 {
                let lost = at.index(ends.len() - 2);
                let mut without = bytes[..ends[lost]].to_vec();
                without.extend_from_slice(&bytes[ends[lost + 1]..]);
                prop_assert!(scan(&without).is_err());
                let mut twice = bytes[..ends[lost + 1]].to_vec();
                twice.extend_from_slice(&bytes[ends[lost]..]);
                prop_assert!(scan(&twice).is_err());
            }
        }

        #[test]
        fn any_damage_gives_an_error_or_a_beginning(
            records in records(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
            length in any::<prop::sample::Index>(),
        ) {
            let (bytes, _) = journal(&records);
            let mut damaged = bytes.clone();
            for (at, byte) in edits {
                damaged[at.index(bytes.len())] = byte;
            }
            damaged.truncate(length.index(bytes.len()) + 1);
            prop_assert!(is_a_beginning(&damaged, &bytes));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            // No record can be there by chance.
            if let Ok(scan) = scan(&bytes) {
                prop_assert!(scan.records.is_empty());
            }
            let mut behind_a_header = header().to_vec();
            behind_a_header.extend_from_slice(&bytes);
            if let Ok(scan) = scan(&behind_a_header) {
                prop_assert_eq!(scan.whole, HEADER);
            }
        }
    }

    #[test]
    fn the_bytes_are_those_of_the_first_version() {
        let (bytes, _) = journal(&[(2, b"ab".to_vec())]);
        let expected = [
            b"VODKITJ\x01".as_slice(),
            &3_u32.to_le_bytes(),
            &0_u32.to_le_bytes(),
            &[0x85, 0x35, 0x05, 0xa5],
            b"\x02ab",
        ];
        assert_eq!(bytes[..8 + 12 + 3], expected.concat()[..]);
        assert_eq!(bytes.len(), 8 + 12 + 3 + 9);
        assert_eq!(bytes.last(), Some(&0xa5));
    }

    #[test]
    fn a_later_version_is_not_read() {
        let mut bytes = header().to_vec();
        bytes[7] = 2;
        assert_eq!(scan(&bytes), Err(Fault::Newer));
        // A record of a kind that was added later.
        let mut bytes = header().to_vec();
        write(&mut bytes, 0, Kind::Mark, b"x");
        let kind = HEADER + HEAD;
        bytes[kind] = 3;
        let crc = Crc64::of(&bytes[HEADER..kind + 2]).to_le_bytes();
        bytes[kind + 2..kind + 10].copy_from_slice(&crc);
        assert_eq!(scan(&bytes), Err(Fault::Newer));
    }

    /// What was cut short is a beginning of what was to be written. This is not.
    #[test]
    fn a_damaged_head_is_damage_also_at_the_end() {
        let (bytes, _) = journal(&[(2, b"ab".to_vec())]);
        for bit in 0..HEAD * 8 {
            let mut cut = bytes[..HEADER + HEAD].to_vec();
            cut[HEADER + bit / 8] ^= 1 << (bit % 8);
            assert!(scan(&cut).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_length_that_is_never_written_is_refused() {
        for length in [0, MOST as u32 + 2] {
            let mut bytes = header().to_vec();
            write(&mut bytes, 0, Kind::Mark, b"x");
            bytes[HEADER..HEADER + 4].copy_from_slice(&length.to_le_bytes());
            let check = head_check(&bytes[HEADER..HEADER + 8]);
            bytes[HEADER + 8..HEADER + 12].copy_from_slice(&check);
            assert!(matches!(
                scan(&bytes),
                Err(Fault::Damaged { at: HEADER, .. })
            ));
        }
    }
}
