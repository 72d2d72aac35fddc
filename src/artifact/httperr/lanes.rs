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
    /// Which of 32 bytes are the same in both: bit `i` speaks for byte `i`.
    fn same(&self, one: &[u8; 32], other: &[u8; 32]) -> u32;
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

    #[inline(always)]
    fn same(&self, one: &[u8; 32], other: &[u8; 32]) -> u32 {
        let halves = one.as_chunks::<16>().0.iter().zip(other.as_chunks().0);
        halves.enumerate().fold(0, |same, (index, (a, b))| {
            let equal = u8x16::new(*a).simd_eq(u8x16::new(*b)).to_bitmask();
            same | u32::from(equal as u16) << (16 * index)
        })
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

        #[inline(always)]
        fn same(&self, one: &[u8; 32], other: &[u8; 32]) -> u32 {
            let avx2 = self.simd.avx2;
            avx2._mm256_movemask_epi8(avx2._mm256_cmpeq_epi8(pulp::cast(*one), pulp::cast(*other)))
                as u32
        }
    }
}

/// Vectors of 64 bytes on the newest x86-64 processors, where a comparison gives its mask at once.
#[cfg(target_arch = "x86_64")]
pub(super) use wide512::Widest;

#[cfg(target_arch = "x86_64")]
mod wide512 {
    use std::arch::x86_64::__m512i;

    use super::Found;

    /// The vectors, and the proof that this processor has them.
    pub(in super::super) struct Widest {
        simd: pulp::x86::V4,
        newline: __m512i,
        blank: __m512i,
        low: __m512i,
        high: __m512i,
    }

    impl Widest {
        #[inline(always)]
        pub(in super::super) fn new(simd: pulp::x86::V4) -> Self {
            let splat = |byte: u8| simd.avx512f._mm512_set1_epi8(byte as i8);
            Widest {
                simd,
                newline: splat(b'\n'),
                blank: splat(b' '),
                low: splat(u8::MAX),
                high: splat(0),
            }
        }
    }

    impl super::Lanes for Widest {
        #[inline(always)]
        fn find(&mut self, chunk: &[u8; 64]) -> Found {
            let avx512 = self.simd.avx512bw;
            let bytes: __m512i = pulp::cast(*chunk);
            self.low = avx512._mm512_min_epu8(self.low, bytes);
            self.high = avx512._mm512_max_epu8(self.high, bytes);
            Found {
                newlines: avx512._mm512_cmpeq_epi8_mask(bytes, self.newline),
                blanks: avx512._mm512_cmpeq_epi8_mask(bytes, self.blank),
            }
        }

        #[inline(always)]
        fn extremes(&self) -> (u8, u8) {
            let low: [u8; 64] = pulp::cast(self.low);
            let high: [u8; 64] = pulp::cast(self.high);
            let fold = |bytes: [u8; 64], pick: fn(u8, u8) -> u8| bytes.into_iter().reduce(pick);
            (
                fold(low, u8::min).unwrap_or(0),
                fold(high, u8::max).unwrap_or(u8::MAX),
            )
        }

        #[inline(always)]
        fn same(&self, one: &[u8; 32], other: &[u8; 32]) -> u32 {
            let avx2 = self.simd.avx2;
            avx2._mm256_movemask_epi8(avx2._mm256_cmpeq_epi8(pulp::cast(*one), pulp::cast(*other)))
                as u32
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
        let [one, other]: [[u8; 32]; 2] = pulp::cast(*chunk);
        let same = (0..32).filter(|&i| one[i] == other[i]);
        assert_eq!(lanes.same(&one, &other), same.fold(0, |m, i| m | 1 << i));
    }

    proptest! {
        #[test]
        fn every_width_finds_the_same(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), any::<u8>()], 64)) {
            let chunk: [u8; 64] = bytes.try_into().unwrap();
            check(&mut Narrow::default(), &chunk);
            #[cfg(target_arch = "x86_64")]
            if let Some(simd) = pulp::x86::V3::try_new() {
                check(&mut Wide::new(simd), &chunk);
            }
            #[cfg(target_arch = "x86_64")]
            if let Some(simd) = pulp::x86::V4::try_new() {
                check(&mut Widest::new(simd), &chunk);
            }
        }
    }
}
