//! What is computed of a body while it arrives, and compared with what its sender said of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc_fast::{CrcAlgorithm, Digest as Crc};
use http::StatusCode;
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;

use super::refusal::Refusal;
use super::request::Asked;
use crate::digest::hex;

/// The CRC-64 that OSS computes of everything: ECMA-182, reflected.
const CRC64: CrcAlgorithm = CrcAlgorithm::Crc64Xz;

/// The CRC-64 of two texts in a row, from those of each and the length of the second.
pub(super) fn crc64_of_both(first: u64, second: u64, second_length: u64) -> u64 {
    crc_fast::checksum_combine(CRC64, first, second, second_length)
}

/// What the sender of a body says of it, and what the store wants to know of it.
pub(super) struct Expected {
    /// `Content-MD5`
    pub(super) md5: Option<[u8; 16]>,
    /// SHA-256 that was signed, in small hexadecimal digits.
    pub(super) sha256: Option<String>,
    pub(super) checksum: Option<Checksum>,
    /// Whether the store tells the CRC-64.
    pub(super) crc64: bool,
}

impl Expected {
    /// A computation of all that is wanted.
    pub(super) fn begin(&self) -> Digests {
        Digests {
            md5: Md5::new(),
            crc64: self.crc64.then(|| Crc::new(CRC64)),
            sha256: self.sha256.as_ref().map(|_| Sha256::new()),
            checksum: self.checksum.as_ref().map(|checksum| checksum.kind.begin()),
        }
    }

    /// Compares; gives MD5 and CRC-64.
    pub(super) fn compare(&self, digests: Digests) -> Result<([u8; 16], Option<u64>), Refusal> {
        if let (Some(wanted), Some(sha256)) = (&self.sha256, digests.sha256) {
            compare_sha256(wanted, sha256)?;
        }
        let md5: [u8; 16] = digests.md5.finalize().into();
        if let Some(promised) = self.md5.filter(|promised| *promised != md5) {
            let message = "the body has another MD5 than Content-MD5 says";
            return Err(Refusal::bad_request("BadDigest", message)
                .detail("ClientComputedContentMD5", BASE64.encode(promised))
                .detail("ServerCalculatedContentMD5", BASE64.encode(md5)));
        }
        if let (Some(checksum), Some(sum)) = (&self.checksum, digests.checksum) {
            checksum.compare(sum)?;
        }
        Ok((md5, digests.crc64.map(|crc64| crc64.finalize())))
    }
}

/// Refuses a body whose SHA-256 is not the one that was signed.
pub(super) fn compare_sha256(wanted: &str, sha256: Sha256) -> Result<(), Refusal> {
    let computed = hex(&sha256.finalize());
    if computed == wanted {
        return Ok(());
    }
    let message = "the body has another SHA-256 than x-amz-content-sha256 says";
    Err(Refusal::bad_request("XAmzContentSHA256Mismatch", message)
        .detail("ClientComputedContentSHA256", wanted)
        .detail("S3ComputedContentSHA256", computed))
}

/// What `Content-MD5` says that the body has.
pub(super) fn promised_md5(asked: &Asked) -> Result<Option<[u8; 16]>, Refusal> {
    let text = asked.header("content-md5");
    if text.is_empty() {
        return Ok(None);
    }
    let bytes = BASE64.decode(&text).ok();
    match bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()) {
        Some(digest) => Ok(Some(digest)),
        None => {
            let message = "Content-MD5 is not 16 bytes in Base64";
            Err(
                Refusal::new(StatusCode::BAD_REQUEST, "InvalidDigest", message)
                    .detail("Content-MD5", text),
            )
        }
    }
}

/// All that is computed of one body.
pub(super) struct Digests {
    md5: Md5,
    crc64: Option<Crc>,
    sha256: Option<Sha256>,
    checksum: Option<Sum>,
}

impl Digests {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.md5.update(bytes);
        if let Some(crc64) = &mut self.crc64 {
            crc64.update(bytes);
        }
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
        if let Some(checksum) = &mut self.checksum {
            checksum.update(bytes);
        }
    }
}

/// A checksum that a sender may put beside a body, in a header of its own: base64 of its bytes, big end first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Kind {
    fn begin(self) -> Sum {
        match self {
            Self::Crc32 => Sum::Crc32(Crc::new(CrcAlgorithm::Crc32IsoHdlc)),
            Self::Crc32c => Sum::Crc32(Crc::new(CrcAlgorithm::Crc32Iscsi)),
            Self::Crc64Nvme => Sum::Crc64(Crc::new(CrcAlgorithm::Crc64Nvme)),
            Self::Sha1 => Sum::Sha1(Sha1::new()),
            Self::Sha256 => Sum::Sha256(Sha256::new()),
        }
    }
}

/// A checksum as it came.
pub(crate) struct Checksum {
    pub(crate) header: &'static str,
    pub(crate) kind: Kind,
    pub(crate) text: String,
}

impl Checksum {
    fn compare(&self, sum: Sum) -> Result<(), Refusal> {
        if sum.text() == self.text {
            return Ok(());
        }
        let name = self.header.trim_start_matches("x-amz-checksum-");
        let message = format!(
            "the {} that was sent is not that of the bytes that arrived",
            name.to_uppercase()
        );
        Err(Refusal::bad_request("BadDigest", message))
    }
}

/// One that is being computed.
enum Sum {
    Crc32(Crc),
    Crc64(Crc),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Sum {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc32(sum) | Self::Crc64(sum) => sum.update(bytes),
            Self::Sha1(sum) => sum.update(bytes),
            Self::Sha256(sum) => sum.update(bytes),
        }
    }

    fn text(self) -> String {
        match self {
            // The library gives all sums in 64 bits.
            Self::Crc32(sum) => BASE64.encode(&sum.finalize().to_be_bytes()[4..]),
            Self::Crc64(sum) => BASE64.encode(sum.finalize().to_be_bytes()),
            Self::Sha1(sum) => BASE64.encode(sum.finalize()),
            Self::Sha256(sum) => BASE64.encode(sum.finalize()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn crc64(text: &[u8]) -> u64 {
        let mut crc = Crc::new(CRC64);
        crc.update(text);
        crc.finalize()
    }

    /// The polynomial, bit by bit, as the catalogue of CRCs defines it.
    fn crc64_by_bits(text: &[u8]) -> u64 {
        !text.iter().fold(!0, |crc, byte| {
            (0..8).fold(crc ^ u64::from(*byte), |crc, _| match crc & 1 {
                1 => (crc >> 1) ^ 0xc96c_5795_d787_0f42,
                _ => crc >> 1,
            })
        })
    }

    #[test]
    fn the_published_check_value_comes_out() {
        assert_eq!(crc64(b"123456789"), 0x995d_c9bb_df19_39fa);
        assert_eq!(crc64_by_bits(b"123456789"), 0x995d_c9bb_df19_39fa);
    }

    proptest! {
        /// Long enough for the widest registers, and in pieces that do not fit them.
        #[test]
        fn the_crc_is_that_of_its_definition(
            text in prop::collection::vec(any::<u8>(), 0..3000),
            cut in 0usize..3000,
        ) {
            let (first, second) = text.split_at(cut.min(text.len()));
            let mut crc = Crc::new(CRC64);
            crc.update(first);
            crc.update(second);
            prop_assert_eq!(crc.finalize(), crc64_by_bits(&text));
            let both = crc64_of_both(crc64(first), crc64(second), second.len() as u64);
            prop_assert_eq!(both, crc64_by_bits(&text));
        }
    }

    /// Check values of the catalogue of CRCs and of RFC 3174 and FIPS 180-2.
    #[test]
    fn the_published_check_values_of_checksums_come_out() {
        let computed = |kind: Kind, text: &[u8]| {
            let mut sum = kind.begin();
            for piece in text.chunks(2) {
                sum.update(piece);
            }
            sum.text()
        };
        let digits = b"123456789";
        let base64 = |bytes: &[u8]| BASE64.encode(bytes);
        assert_eq!(
            computed(Kind::Crc32, digits),
            base64(&0xcbf4_3926_u32.to_be_bytes())
        );
        assert_eq!(
            computed(Kind::Crc32c, digits),
            base64(&0xe306_9283_u32.to_be_bytes())
        );
        assert_eq!(
            computed(Kind::Crc64Nvme, digits),
            base64(&0xae8b_1486_0a79_9888_u64.to_be_bytes())
        );
        assert_eq!(computed(Kind::Sha1, b"abc"), "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
        assert_eq!(
            computed(Kind::Sha256, b"abc"),
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        );
    }
}
