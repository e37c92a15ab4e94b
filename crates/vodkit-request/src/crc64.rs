//! The checksum that object storages compute of everything: CRC-64 with the polynomial of ECMA-182, reflected, as XZ has it.
//!
//! A few lines of our own, since a crate for all checksums would be two more for everybody who builds this one, and none of them joins the
//! checksums of parts to that of the whole.

const POLYNOMIAL: u64 = 0xc96c_5795_d787_0f42;
/// Bytes taken in one step.
const WIDTH: usize = 8;

/// `TABLES[k][b]` is the checksum of byte `b` followed by `k` zero bytes.
const TABLES: [[u64; 256]; WIDTH] = {
    let mut tables = [[0; 256]; WIDTH];
    let mut byte = 0;
    while byte < 256 {
        let mut entry = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            let carry = entry & 1 == 1;
            entry >>= 1;
            if carry {
                entry ^= POLYNOMIAL;
            }
            bit += 1;
        }
        tables[0][byte] = entry;
        byte += 1;
    }
    let mut width = 1;
    while width < WIDTH {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[width - 1][byte];
            tables[width][byte] = tables[0][(before & 0xff) as usize] ^ (before >> 8);
            byte += 1;
        }
        width += 1;
    }
    tables
};

/// The checksum of bytes that come piece by piece.
#[derive(Clone, Debug)]
pub struct Crc64(u64);

impl Default for Crc64 {
    fn default() -> Self {
        Self::new()
    }
}

impl Crc64 {
    /// No byte so far.
    #[must_use]
    pub const fn new() -> Self {
        Self(!0)
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let mut crc = self.0;
        let (steps, rest) = bytes.as_chunks::<WIDTH>();
        for step in steps {
            let mixed = (crc ^ u64::from_le_bytes(*step)).to_le_bytes();
            crc = 0;
            for (index, byte) in mixed.into_iter().enumerate() {
                crc ^= TABLES[WIDTH - 1 - index][usize::from(byte)];
            }
        }
        for byte in rest {
            crc = TABLES[0][usize::from(crc as u8 ^ byte)] ^ (crc >> 8);
        }
        self.0 = crc;
    }

    /// The checksum of all that came so far.
    #[must_use]
    pub const fn value(&self) -> u64 {
        !self.0
    }

    /// The checksum of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> u64 {
        let mut crc = Self::new();
        crc.update(bytes);
        crc.value()
    }
}

/// The checksum of two stretches one after the other, of which the second has `len` bytes.
#[must_use]
pub fn join(first: u64, second: u64, len: u64) -> u64 {
    // What follows the first stretch shifts it: a multiplication by x to the power of that many bits.
    let mut shift = 1 << 63;
    let mut power = 1 << 62;
    for _ in 0..3 {
        power = product(power, power);
    }
    let mut left = len;
    while left > 0 {
        if left & 1 == 1 {
            shift = product(shift, power);
        }
        power = product(power, power);
        left >>= 1;
    }
    product(first, shift) ^ second
}

/// The product of two polynomials modulo that of the checksum, the highest bit being the coefficient of 1.
fn product(mut factor: u64, mut shifted: u64) -> u64 {
    let mut product = 0;
    while factor != 0 {
        if factor >> 63 == 1 {
            product ^= shifted;
        }
        factor <<= 1;
        let carry = shifted & 1 == 1;
        shifted >>= 1;
        if carry {
            shifted ^= POLYNOMIAL;
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The check value of the catalogue of parametrised CRC algorithms, and what holds for no byte at all.
    #[test]
    fn the_check_value_is_right() {
        assert_eq!(Crc64::of(b"123456789"), 0x995d_c9bb_df19_39fa);
        assert_eq!(Crc64::of(b""), 0);
    }

    proptest! {
        #[test]
        fn pieces_and_parts_give_the_checksum_of_the_whole(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            cut in any::<prop::sample::Index>(),
        ) {
            let (first, second) = bytes.split_at(cut.index(bytes.len() + 1));
            let mut crc = Crc64::new();
            crc.update(first);
            crc.update(second);
            // Byte by byte no step is ever full.
            let mut slow = Crc64::new();
            bytes.iter().for_each(|byte| slow.update(&[*byte]));
            prop_assert_eq!(slow.value(), crc.value());
            let joined = join(Crc64::of(first), Crc64::of(second), second.len() as u64);
            prop_assert_eq!(joined, crc.value());
        }
    }
}
