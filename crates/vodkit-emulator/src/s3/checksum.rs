//! Checksums that a sender puts beside a body, as S3 has them: base64 of their bytes, big end first.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use crc::{CRC_32_ISCSI, CRC_32_ISO_HDLC, CRC_64_NVME, Crc, Digest, Table};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::access::Asked;
use crate::storage::refusal::Refusal;

static CRC32: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISO_HDLC);
static CRC32C: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);
static CRC64NVME: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_NVME);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Crc32,
    Crc32c,
    Crc64Nvme,
    Sha1,
    Sha256,
}

const KINDS: [(&str, Kind); 5] = [
    ("x-amz-checksum-crc32", Kind::Crc32),
    ("x-amz-checksum-crc32c", Kind::Crc32c),
    ("x-amz-checksum-crc64nvme", Kind::Crc64Nvme),
    ("x-amz-checksum-sha1", Kind::Sha1),
    ("x-amz-checksum-sha256", Kind::Sha256),
];

/// A checksum as it came.
pub(super) struct Checksum {
    pub(super) header: &'static str,
    pub(super) text: String,
    kind: Kind,
}

/// One that is being computed.
pub(super) enum Sum {
    Crc32(Digest<'static, u32, Table<16>>),
    Crc64(Digest<'static, u64, Table<16>>),
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Checksum {
    /// The one that a request has, if it has one.
    pub(super) fn of(asked: &Asked) -> Result<Option<Self>, Refusal> {
        let mut given = KINDS
            .iter()
            .map(|(header, kind)| (*header, *kind, asked.header(header)))
            .filter(|(_, _, text)| !text.is_empty());
        let first = given.next();
        if given.next().is_some() {
            let message = "more than one x-amz-checksum- header came: one is taken";
            return Err(Refusal::bad_request("InvalidRequest", message));
        }
        Ok(first.map(|(header, kind, text)| Self { header, text, kind }))
    }

    pub(super) fn begin(&self) -> Sum {
        match self.kind {
            Kind::Crc32 => Sum::Crc32(CRC32.digest()),
            Kind::Crc32c => Sum::Crc32(CRC32C.digest()),
            Kind::Crc64Nvme => Sum::Crc64(CRC64NVME.digest()),
            Kind::Sha1 => Sum::Sha1(Sha1::new()),
            Kind::Sha256 => Sum::Sha256(Sha256::new()),
        }
    }

    pub(super) fn compare(&self, sum: Sum) -> Result<(), Refusal> {
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

impl Sum {
    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc32(sum) => sum.update(bytes),
            Self::Crc64(sum) => sum.update(bytes),
            Self::Sha1(sum) => sum.update(bytes),
            Self::Sha256(sum) => sum.update(bytes),
        }
    }

    fn text(self) -> String {
        match self {
            Self::Crc32(sum) => BASE64.encode(sum.finalize().to_be_bytes()),
            Self::Crc64(sum) => BASE64.encode(sum.finalize().to_be_bytes()),
            Self::Sha1(sum) => BASE64.encode(sum.finalize()),
            Self::Sha256(sum) => BASE64.encode(sum.finalize()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Check values of the catalogue of CRCs and of RFC 3174 and FIPS 180-2.
    #[test]
    fn the_published_check_values_come_out() {
        let computed = |kind, text: &[u8]| {
            let checksum = Checksum {
                header: "",
                text: String::new(),
                kind,
            };
            let mut sum = checksum.begin();
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
