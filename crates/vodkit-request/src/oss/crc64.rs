//! The checksum that the storage computes of everything: CRC-64 with the polynomial of ECMA-182, reflected, as XZ has it.
//!
//! Sixteen lines of our own, since a crate for all checksums would be two more for everybody who builds this one.

const POLYNOMIAL: u64 = 0xc96c_5795_d787_0f42;

const TABLE: [u64; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < table.len() {
        let mut entry = index as u64;
        let mut bit = 0;
        while bit < 8 {
            let carry = entry & 1 == 1;
            entry >>= 1;
            if carry {
                entry ^= POLYNOMIAL;
            }
            bit += 1;
        }
        table[index] = entry;
        index += 1;
    }
    table
};

pub(super) fn of(bytes: &[u8]) -> u64 {
    let step = |crc: u64, byte: &u8| TABLE[usize::from(crc as u8 ^ byte)] ^ (crc >> 8);
    !bytes.iter().fold(!0, step)
}

#[cfg(test)]
mod tests {
    use super::of;

    /// The check value of the catalogue of parametrised CRC algorithms, and what holds for no byte at all.
    #[test]
    fn the_check_value_is_right() {
        assert_eq!(of(b"123456789"), 0x995d_c9bb_df19_39fa);
        assert_eq!(of(b""), 0);
    }
}
