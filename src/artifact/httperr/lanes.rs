//! Comparing 64 bytes at once, with whatever vectors the processor has.

use wide::u8x16;

/// Masks of 64 bytes: bit `i` speaks for byte `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Newlines.
    pub(super) newlines: u64,
    /// Blanks.
    pub(super) blanks: u64,
}

/// A way of looking at 64 bytes, remembering the smallest and the largest byte seen.
pub(super) trait Lanes {
    /// Finds newlines and blanks.
    fn find(&mut self, chunk: &[u8; 64]) -> Found;
    /// The smallest and the largest byte of all chunks looked at.
    fn extremes(&self) -> (u8, u8);
}

/// Vectors of 16 bytes: every 64-bit processor has them, or they are emulated.
pub(super) struct Narrow {
    low: u8x16,
    high: u8x16,
}

impl Default for Narrow {
    fn default() -> Self {
        Narrow {
            low: u8x16::splat(u8::MAX),
            high: u8x16::splat(0),
        }
    }
}

impl Lanes for Narrow {
    #[inline(always)]
    fn find(&mut self, chunk: &[u8; 64]) -> Found {
        let mut found = Found::default();
        for (index, lane) in chunk.as_chunks::<16>().0.iter().enumerate() {
            let bytes = u8x16::new(*lane);
            self.low = self.low.min(bytes);
            self.high = self.high.max(bytes);
            let mask = |byte| u64::from(bytes.simd_eq(u8x16::splat(byte)).to_bitmask() as u16);
            found.newlines |= mask(b'\n') << (16 * index);
            found.blanks |= mask(b' ') << (16 * index);
        }
        found
    }

    #[inline(always)]
    fn extremes(&self) -> (u8, u8) {
        (self.low.reduce_min(), self.high.reduce_max())
    }
}

/// Vectors of 32 bytes on x86-64 processors of the last decade.
#[cfg(target_arch = "x86_64")]
pub(super) use wide256::Wide;

#[cfg(target_arch = "x86_64")]
mod wide256 {
    use std::arch::x86_64::__m256i;

    use super::{Found, Lanes};

    /// The vectors, and the proof that this processor has them.
    pub(in super::super) struct Wide {
        simd: pulp::x86::V3,
        low: __m256i,
        high: __m256i,
    }

    impl Wide {
        #[inline(always)]
        pub(in super::super) fn new(simd: pulp::x86::V3) -> Self {
            Wide {
                simd,
                low: simd.avx._mm256_set1_epi8(-1),
                high: simd.avx._mm256_set1_epi8(0),
            }
        }

        /// No closure here: one would be compiled without the wide instructions.
        #[inline(always)]
        fn mask(&self, low: __m256i, high: __m256i, byte: u8) -> u64 {
            let avx2 = self.simd.avx2;
            let wanted = self.simd.avx._mm256_set1_epi8(byte as i8);
            let low = avx2._mm256_movemask_epi8(avx2._mm256_cmpeq_epi8(low, wanted)) as u32;
            let high = avx2._mm256_movemask_epi8(avx2._mm256_cmpeq_epi8(high, wanted)) as u32;
            u64::from(low) | u64::from(high) << 32
        }
    }

    impl Lanes for Wide {
        #[inline(always)]
        fn find(&mut self, chunk: &[u8; 64]) -> Found {
            let avx2 = self.simd.avx2;
            let [a, b]: [__m256i; 2] = pulp::cast(*chunk);
            self.low = avx2._mm256_min_epu8(self.low, avx2._mm256_min_epu8(a, b));
            self.high = avx2._mm256_max_epu8(self.high, avx2._mm256_max_epu8(a, b));
            Found {
                newlines: self.mask(a, b, b'\n'),
                blanks: self.mask(a, b, b' '),
            }
        }

        #[inline(always)]
        fn extremes(&self) -> (u8, u8) {
            let low: [u8; 32] = pulp::cast(self.low);
            let high: [u8; 32] = pulp::cast(self.high);
            let fold = |bytes: [u8; 32], pick: fn(u8, u8) -> u8| bytes.into_iter().reduce(pick);
            (
                fold(low, u8::min).unwrap_or(0),
                fold(high, u8::max).unwrap_or(u8::MAX),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(lanes: &mut impl Lanes, chunk: &[u8; 64]) {
        let bits = |byte| {
            (0..64)
                .filter(|&i| chunk[i] == byte)
                .fold(0u64, |m, i| m | 1 << i)
        };
        assert_eq!(
            lanes.find(chunk),
            Found {
                newlines: bits(b'\n'),
                blanks: bits(b' ')
            }
        );
        let extremes = (*chunk.iter().min().unwrap(), *chunk.iter().max().unwrap());
        assert_eq!(lanes.extremes(), extremes);
    }

    proptest! {
        #[test]
        fn every_width_finds_the_same(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), any::<u8>()], 64)) {
            let chunk: [u8; 64] = bytes.try_into().unwrap();
            check(&mut Narrow::default(), &chunk);
            #[cfg(target_arch = "x86_64")]
            if let pulp::Arch::V3(simd) = pulp::Arch::new() {
                check(&mut Wide::new(simd), &chunk);
            }
        }
    }
}
