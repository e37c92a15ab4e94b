//! The checksum that object storages compute of everything: CRC-64 with the polynomial of ECMA-182, reflected, as XZ has it.
//!
//! `crc64fast` computes it, at many times the speed of MD5. It does not join the checksums of parts to that of the whole: that is here.

use std::fmt;

const POLYNOMIAL: u64 = 0xc96c_5795_d787_0f42;

/// The checksum of bytes that come piece by piece.
#[derive(Clone, Default)]
pub struct Crc64(crc64fast::Digest);

impl Crc64 {
    /// No byte so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// The checksum of all that came so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.sum64()
    }

    /// The checksum of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> u64 {
        let mut crc = Self::new();
        crc.update(bytes);
        crc.value()
    }
}

impl fmt::Debug for Crc64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Crc64").field(&self.value()).finish()
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
            // Byte by byte, so that no two are ever taken in one step.
            let mut slow = Crc64::new();
            bytes.iter().for_each(|byte| slow.update(&[*byte]));
            prop_assert_eq!(slow.value(), crc.value());
            let joined = join(Crc64::of(first), Crc64::of(second), second.len() as u64);
            prop_assert_eq!(joined, crc.value());
        }
    }
}
