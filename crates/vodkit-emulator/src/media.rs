//! What the emulator can tell about a file without decoding it.

use std::io::{self, Read, Seek, SeekFrom};

/// File name endings that the page lists for video and audio.
const KNOWN: &[&str] = &[
    "3gp", "asf", "avi", "cpk", "dat", "divx", "dv", "dvix", "flc", "fli", "flv", "kar", "m4a",
    "m4v", "mid", "midd", "mkv", "mod", "mov", "mp3", "mp4", "mpeg", "mpg", "ogg", "qt", "ra",
    "ram", "rm", "rmvb", "vob", "wav", "wma", "wmv",
];

/// Bytes per second that a file is taken to have when it does not say how long it lasts. // assumed: duration
const BYTES_PER_SECOND: u64 = 125_000;

/// Whether the vendor's list has this kind of file.
pub(crate) fn is_supported(file_name: &str) -> bool {
    let ending = file_name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| KNOWN.contains(&ending.as_str()))
}

/// Length in whole seconds: from the movie header of an MP4 family file, else estimated from the size.
pub(crate) fn duration_seconds(file: &mut (impl Read + Seek), size: u64) -> u64 {
    match movie_header_seconds(file, size) {
        Ok(Some(seconds)) => seconds,
        _ => size.div_ceil(BYTES_PER_SECOND),
    }
}

/// Looks for `moov` and in it `mvhd`, reading box headers only.
fn movie_header_seconds(file: &mut (impl Read + Seek), size: u64) -> io::Result<Option<u64>> {
    let Some((start, end)) = find_box(file, 0, size, *b"moov")? else {
        return Ok(None);
    };
    let Some((start, _)) = find_box(file, start, end, *b"mvhd")? else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(start))?;
    // Version and flags, then creation and modification time, time scale and duration; version 1 has 64-bit times.
    let wide = read_array::<4>(file)?[0] == 1;
    file.seek(SeekFrom::Current(if wide { 16 } else { 8 }))?;
    let scale = u64::from(u32::from_be_bytes(read_array(file)?));
    let ticks = if wide {
        u64::from_be_bytes(read_array(file)?)
    } else {
        u64::from(u32::from_be_bytes(read_array(file)?))
    };
    Ok((scale > 0).then(|| ticks.div_ceil(scale)))
}

/// The content of the first box of this kind between two positions.
fn find_box(
    file: &mut (impl Read + Seek),
    from: u64,
    to: u64,
    kind: [u8; 4],
) -> io::Result<Option<(u64, u64)>> {
    let mut at = from;
    while at.saturating_add(8) <= to {
        file.seek(SeekFrom::Start(at))?;
        let short = u64::from(u32::from_be_bytes(read_array(file)?));
        let name = read_array::<4>(file)?;
        let (header, length) = match short {
            0 => (8, to - at),
            1 => (16, u64::from_be_bytes(read_array(file)?)),
            length => (8, length),
        };
        // A length below the header's would loop for ever, one past the end is no box.
        let end = at.saturating_add(length);
        if length < header || end > to {
            return Ok(None);
        }
        if name == kind {
            return Ok(Some((at + header, end)));
        }
        at = end;
    }
    Ok(None)
}

fn read_array<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The smallest MP4 that says how long it lasts: a movie header and no track.
pub(crate) fn film_without_pictures(seconds: u64) -> Vec<u8> {
    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        // Far below the 4 GiB that the field holds.
        let length = (content.len() + 8) as u32;
        [&length.to_be_bytes()[..], kind, content].concat()
    }
    const TICKS_PER_SECOND: u32 = 1000;
    let ticks = seconds.saturating_mul(TICKS_PER_SECOND.into());
    // Version 1, whose times have 64 bits; no flags; made and changed at the beginning of time.
    let mut header = vec![1, 0, 0, 0];
    header.extend([0; 16]);
    header.extend(TICKS_PER_SECOND.to_be_bytes());
    header.extend(ticks.to_be_bytes());
    // Normal speed and volume, reserved, the identity matrix, six reserved words, the number of the next track.
    header.extend(0x0001_0000_u32.to_be_bytes());
    header.extend(0x0100_u16.to_be_bytes());
    header.extend([0; 10]);
    for word in [0x0001_0000_u32, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] {
        header.extend(word.to_be_bytes());
    }
    header.extend([0; 24]);
    header.extend(1_u32.to_be_bytes());
    let mut film = boxed(b"ftyp", b"isom\0\0\x02\0isomiso2mp41");
    film.extend(boxed(b"moov", &boxed(b"mvhd", &header)));
    film
}

/// Content type of a served file, by its ending.
pub(crate) fn content_type(ending: &str) -> &'static str {
    match ending {
        "mp4" => "video/mp4",
        "flv" => "video/x-flv",
        "m3u8" => "application/vnd.apple.mpegurl",
        "mp3" => "audio/mpeg",
        "jpg" => "image/jpeg",
        "vtt" => "text/vtt; charset=utf-8",
        "srt" => "application/x-subrip; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Size of the pictures that stand in for covers and screenshots.
pub(crate) const PICTURE_WIDTH: u16 = 1280;
/// See [`PICTURE_WIDTH`].
pub(crate) const PICTURE_HEIGHT: u16 = 720;

/// A one-coloured grey baseline JPEG of [`PICTURE_WIDTH`] by [`PICTURE_HEIGHT`]; `number` changes its brightness.
pub(crate) fn picture(number: u64) -> Vec<u8> {
    let [h1, h0] = PICTURE_HEIGHT.to_be_bytes();
    let [w1, w0] = PICTURE_WIDTH.to_be_bytes();
    let mut jpeg = vec![0xff, 0xd8];
    // A quantisation table of ones.
    jpeg.extend([0xff, 0xdb, 0, 67, 0]);
    jpeg.extend([1; 64]);
    // Baseline frame, 8 bits, one component without subsampling.
    jpeg.extend([0xff, 0xc0, 0, 11, 8, h1, h0, w1, w0, 1, 1, 0x11, 0]);
    // Two Huffman tables. Differences of the mean: code 0 is "none", code 10 is "9 bits follow". The rest: code 0 is "end of block".
    jpeg.extend([0xff, 0xc4, 0, 21, 0x00, 1, 1]);
    jpeg.extend([0; 14]);
    jpeg.extend([0, 9]);
    jpeg.extend([0xff, 0xc4, 0, 20, 0x10, 1]);
    jpeg.extend([0; 15]);
    jpeg.push(0);
    jpeg.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0]);
    // The first block carries the brightness, 9 bits from 256 to 511; each later one is two zero bits: same mean, end of block.
    let level = 256 + (number % 5) as u16 * 50;
    let blocks = usize::from(PICTURE_WIDTH.div_ceil(8)) * usize::from(PICTURE_HEIGHT.div_ceil(8));
    let first = (0b10_u16 << 14) | (level << 5);
    let bits = 2 + 9 + 1 + 2 * (blocks - 1);
    let mut scan = vec![0; bits.div_ceil(8)];
    scan[..2].copy_from_slice(&first.to_be_bytes());
    // Bits after the last block are ones.
    let spare = scan.len() * 8 - bits;
    if let Some(last) = scan.last_mut() {
        *last |= (1_u8 << spare) - 1;
    }
    for byte in scan {
        jpeg.push(byte);
        if byte == 0xff {
            jpeg.push(0);
        }
    }
    jpeg.extend([0xff, 0xd9]);
    jpeg
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut bytes = ((content.len() + 8) as u32).to_be_bytes().to_vec();
        bytes.extend(kind);
        bytes.extend(content);
        bytes
    }

    fn seconds(bytes: &[u8]) -> u64 {
        duration_seconds(&mut Cursor::new(bytes), bytes.len() as u64)
    }

    #[test]
    fn the_movie_header_tells_the_length() {
        let mut header = vec![0; 12];
        header.extend(600_u32.to_be_bytes());
        header.extend(9_001_u32.to_be_bytes());
        let mut file = boxed(b"ftyp", b"isom");
        file.extend(boxed(b"mdat", &[7; 100]));
        file.extend(boxed(b"moov", &boxed(b"mvhd", &header)));
        assert_eq!(seconds(&file), 16, "15.002 seconds, rounded up");

        let mut wide = vec![1, 0, 0, 0];
        wide.extend([0; 16]);
        wide.extend(1000_u32.to_be_bytes());
        wide.extend(5_000_000_u64.to_be_bytes());
        assert_eq!(seconds(&boxed(b"moov", &boxed(b"mvhd", &wide))), 5000);
    }

    #[test]
    fn broken_files_are_estimated() {
        assert_eq!(seconds(&[]), 0);
        assert_eq!(seconds(&[0; 250_001]), 3);
        // A box that claims to be shorter than its header, one that leaves the file, one without content.
        assert_eq!(seconds(&[0, 0, 0, 4, b'm', b'o', b'o', b'v']), 1);
        // A long box of length 0 would be read for ever.
        let mut endless = vec![0, 0, 0, 1, b'f', b'r', b'e', b'e'];
        endless.resize(32, 0);
        assert_eq!(seconds(&endless), 1);
        assert_eq!(seconds(&[0xff, 0, 0, 4, b'm', b'o', b'o', b'v']), 1);
        assert_eq!(seconds(&boxed(b"moov", &boxed(b"mvhd", &[0; 3]))), 1);
        assert_eq!(
            seconds(&boxed(b"moov", &boxed(b"mvhd", &[0; 20]))),
            1,
            "a scale of zero"
        );
    }

    #[test]
    fn a_film_without_pictures_says_how_long_it_lasts() {
        for length in [0, 1, 48, 1 << 40] {
            assert_eq!(seconds(&film_without_pictures(length)), length);
        }
        assert_eq!(film_without_pictures(48).len(), 24 + 4 + 8 + 8 + 112);
    }

    #[test]
    fn endings_decide_what_is_supported() {
        assert!(is_supported("课.MP4") && is_supported("a.b.mkv"));
        assert!(!is_supported("notes.txt") && !is_supported("mp4") && !is_supported("a."));
    }

    #[test]
    fn pictures_differ_and_stay_small() {
        assert_ne!(picture(0), picture(1));
        assert!(picture(0).len() < 4096);
    }
}
