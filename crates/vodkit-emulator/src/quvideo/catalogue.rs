//! What the emulated server has to offer for editing, all of it made up, and the small synthetic files behind its addresses.

use bytes::Bytes;
use crc_fast::{CrcAlgorithm, checksum};

use crate::media;

/// A piece of music.
pub(super) struct Music {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) artist: &'static str,
    pub(super) seconds: u64,
}

/// A category of stickers or captions.
pub(super) struct Category {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) sort: u64,
    pub(super) items: &'static [Item],
}

/// A sticker or caption.
pub(super) struct Item {
    pub(super) id: u64,
    pub(super) name: &'static str,
    /// Of captions.
    pub(super) font: u64,
}

/// A music video.
pub(super) struct Mv {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) seconds: u32,
    pub(super) sort: u64,
}

/// A font.
pub(super) struct Font {
    pub(super) id: u64,
    pub(super) name: &'static str,
    pub(super) sort: u64,
}

const fn music(id: &'static str, title: &'static str, artist: &'static str, seconds: u64) -> Music {
    Music {
        id,
        title,
        artist,
        seconds,
    }
}

const fn sticker(id: u64, name: &'static str) -> Item {
    Item { id, name, font: 0 }
}

const fn caption(id: u64, name: &'static str, font: u64) -> Item {
    Item { id, name, font }
}

pub(super) const MUSIC: &[Music] = &[
    music("T10000000001", "清晨小巷", "纸灯笼乐队", 184),
    music("T10000000002", "Paper Boats", "纸灯笼乐队", 203),
    music("T10000000003", "风铃", "纸灯笼乐队", 167),
    music("T10000000004", "Second Window", "Loopback Trio", 219),
    music("T10000000005", "Port Zero", "Loopback Trio", 191),
    music("T10000000006", "Quiet Socket", "Loopback Trio", 240),
    music("T10000000007", "雨后", "南墙根", 178),
    music("T10000000008", "晒太阳", "南墙根", 156),
    music("T10000000009", "长巷短歌", "南墙根", 225),
    music("T10000000010", "Seven Steps", "Test Pattern", 132),
    music("T10000000011", "Colour Bars", "Test Pattern", 147),
    music("T10000000012", "Countdown", "Test Pattern", 61),
];

/// Stickers to put on while editing, by category. Their ids and those of everything below are different from each other.
pub(super) const STICKERS: &[Category] = &[
    Category {
        id: 84,
        name: "节日",
        description: "节日动图",
        sort: 46,
        items: &[
            sticker(1083, "denglong"),
            sticker(1084, "yanhua"),
            sticker(1085, "hongbao"),
        ],
    },
    Category {
        id: 85,
        name: "表情",
        description: "表情动图",
        sort: 45,
        items: &[sticker(1092, "weixiao"), sticker(1093, "huishou")],
    },
    Category {
        id: 86,
        name: "天气",
        description: "天气动图",
        sort: 44,
        items: &[sticker(1101, "taiyang"), sticker(1102, "xiaoyu")],
    },
];

/// Stickers to put on while recording.
pub(super) const FRONT_STICKERS: &[Item] = &[
    sticker(5871, "yanjing"),
    sticker(5872, "maozi"),
    sticker(5873, "huxu"),
];

/// Captions, by category.
pub(super) const CAPTIONS: &[Category] = &[
    Category {
        id: 189,
        name: "气泡",
        description: "气泡框",
        sort: 3,
        items: &[caption(963, "yuanqipao", 52), caption(964, "fangqipao", 53)],
    },
    Category {
        id: 196,
        name: "简单气泡",
        description: "简洁气泡框",
        sort: 2,
        items: &[caption(971, "baixian", 54), caption(972, "heixian", 52)],
    },
];

pub(super) const FONTS: &[Font] = &[
    Font {
        id: 52,
        name: "试样楷体",
        sort: 1,
    },
    Font {
        id: 53,
        name: "试样圆体",
        sort: 2,
    },
    Font {
        id: 54,
        name: "试样手写",
        sort: 3,
    },
];

pub(super) const MVS: &[Mv] = &[
    Mv {
        id: 104,
        name: "calm",
        seconds: 15,
        sort: 8,
    },
    Mv {
        id: 105,
        name: "city",
        seconds: 20,
        sort: 7,
    },
];

/// The aspect ratios that a music video comes in.
pub(super) const ASPECTS: std::ops::RangeInclusive<u64> = 1..=3;

/// The items of all categories and the front stickers.
fn items() -> impl Iterator<Item = &'static Item> {
    STICKERS
        .iter()
        .chain(CAPTIONS)
        .flat_map(|category| category.items)
        .chain(FRONT_STICKERS)
}

/// Content and kind of a file that a reply leads to, by the last part of its address.
pub(super) fn file(name: &str) -> Option<(Bytes, &'static str)> {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let (id, tail) = name.split_at(digits);
    let id: u64 = id.parse().ok()?;
    let is_category = STICKERS.iter().chain(CAPTIONS).any(|have| have.id == id);
    let is_item = items().any(|have| have.id == id);
    let is_font = FONTS.iter().any(|have| have.id == id);
    let mv = MVS.iter().find(|have| have.id == id);
    let picture = || (media::picture(id).into(), media::content_type("jpg"));
    let archive = |what: &str| {
        let text = format!("{{\"id\":{id},\"name\":\"{what}\"}}\n");
        (zip("meta.json", text.as_bytes()).into(), "application/zip")
    };
    match tail {
        "-icon.jpg" if is_category || is_item || is_font || mv.is_some() => Some(picture()),
        "-banner.jpg" if is_font => Some(picture()),
        "-preview.jpg" if mv.is_some() => Some(picture()),
        "-preview.gif" if is_item => Some((GIF.into(), "image/gif")),
        ".mat" if is_item || is_font => Some(archive("material")),
        ".mp4" => Some((film(mv?.seconds).into(), media::content_type("mp4"))),
        tail => {
            let aspect = tail.strip_prefix('-')?.strip_suffix(".mat")?.parse().ok()?;
            (mv.is_some() && ASPECTS.contains(&aspect)).then(|| archive(&format!("mv {aspect}")))
        }
    }
}

/// One white pixel.
const GIF: &[u8] = &[
    0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0, 0x80, 0, 0, 0xff, 0xff, 0xff, 0, 0, 0, 0x2c, 0,
    0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b,
];

/// The head of a film without tracks: it says how long it lasts, and shows nothing.
fn film(seconds: u32) -> Vec<u8> {
    let boxed = |kind: &[u8; 4], content: &[u8]| {
        let mut bytes = ((content.len() + 8) as u32).to_be_bytes().to_vec();
        bytes.extend(kind);
        bytes.extend(content);
        bytes
    };
    let mut header = vec![0; 12];
    header.extend(1000_u32.to_be_bytes());
    header.extend((seconds * 1000).to_be_bytes());
    // Normal speed and volume, no rotation, and the number that the first track would have.
    header.extend([0, 1, 0, 0, 1, 0]);
    header.resize(header.len() + 10, 0);
    for row in [
        [0x0001_0000_u32, 0, 0],
        [0, 0x0001_0000, 0],
        [0, 0, 0x4000_0000],
    ] {
        header.extend(row.iter().flat_map(|cell| cell.to_be_bytes()));
    }
    header.resize(header.len() + 24, 0);
    header.extend(1_u32.to_be_bytes());
    let mut bytes = boxed(b"ftyp", b"isom\0\0\x02\0isomiso2mp41");
    bytes.extend(boxed(b"moov", &boxed(b"mvhd", &header)));
    bytes
}

/// Silence of a length, as AAC in ADTS frames of 1024 samples at 44.1 kHz.
pub(super) fn silence(seconds: u64) -> Vec<u8> {
    // A frame of two channels without a sound, behind a header for 16 bytes.
    const FRAME: [u8; 16] = [
        0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f, 0xfc, 0x21, 0x00, 0x49, 0x90, 0x02, 0x19, 0x00, 0x23,
        0x80,
    ];
    let frames = (seconds * 44_100).div_ceil(1024);
    FRAME.repeat(usize::try_from(frames).unwrap_or(0))
}

/// An archive with one uncompressed file.
fn zip(name: &str, content: &[u8]) -> Vec<u8> {
    // The library gives every sum in 64 bits.
    let sum = checksum(CrcAlgorithm::Crc32IsoHdlc, content) as u32;
    // Version, flags, method, a time (1 January 2024), checksum, two sizes, two lengths.
    let mut fields = Vec::new();
    fields.extend([20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0x58]);
    fields.extend(sum.to_le_bytes());
    fields.extend((content.len() as u32).to_le_bytes().repeat(2));
    fields.extend((name.len() as u16).to_le_bytes());
    fields.extend([0, 0]);
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend(&fields);
    bytes.extend(name.as_bytes());
    bytes.extend(content);
    let directory = bytes.len() as u32;
    bytes.extend(b"PK\x01\x02\x14\0");
    bytes.extend(&fields);
    // No comment, first disk, no attributes, at the start.
    bytes.extend([0; 14]);
    bytes.extend(name.as_bytes());
    let length = bytes.len() as u32 - directory;
    bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    bytes.extend(length.to_le_bytes());
    bytes.extend(directory.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::Cursor;

    use super::*;

    #[test]
    fn ids_are_unique_and_captions_have_a_font() {
        let ids: Vec<u64> = STICKERS
            .iter()
            .chain(CAPTIONS)
            .map(|category| category.id)
            .chain(items().map(|item| item.id))
            .chain(FONTS.iter().map(|font| font.id))
            .chain(MVS.iter().map(|mv| mv.id))
            .collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        for item in CAPTIONS.iter().flat_map(|category| category.items) {
            assert!(FONTS.iter().any(|font| font.id == item.font));
        }
    }

    #[test]
    fn files_are_what_their_names_say() {
        let (film, kind) = file("104.mp4").unwrap();
        let seconds = media::duration_seconds(&mut Cursor::new(&film), film.len() as u64);
        assert_eq!((seconds, kind), (15, "video/mp4"));
        assert_eq!(
            film.len(),
            28 + 8 + 8 + 100,
            "the movie header has its size"
        );
        assert_eq!(silence(184).len(), 7925 * 16);
        let (archive, _) = file("1083.mat").unwrap();
        assert!(archive.starts_with(b"PK\x03\x04") && archive.len() > 22);
        let end = &archive[archive.len() - 22..];
        let at = u32::from_le_bytes(end[16..20].try_into().unwrap()) as usize;
        assert!(end.starts_with(b"PK\x05\x06") && archive[at..].starts_with(b"PK\x01\x02"));
        assert_eq!(archive.len() - 22 - at, 46 + "meta.json".len());
    }

    #[test]
    fn other_names_are_no_files() {
        for name in [
            "104.mat",
            "104-4.mat",
            "1083.mp4",
            "1083-1.mat",
            "84.mat",
            "99-icon.jpg",
            "x",
            "",
        ] {
            assert!(file(name).is_none(), "{name}");
        }
        assert!(file("104-3.mat").is_some());
    }
}
