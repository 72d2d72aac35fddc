//! Looking at 64 bytes at once, with whatever vectors the processor has.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256i, __m512i};

use wide::{i8x16, u8x16};

/// Bytes looked at together.
pub(super) const WINDOW: usize = 64;

/// A way of looking at many bytes at once. In masks bit `i` speaks for byte `i`.
pub(super) trait Lanes {
    /// The bytes of a window.
    type Bytes: Copy;

    /// Takes a window in.
    fn load(&self, window: &[u8; WINDOW]) -> Self::Bytes;
    /// Which bytes are this one.
    fn find(&self, bytes: Self::Bytes, byte: u8) -> u64;
    /// The lower byte of each place, as signed numbers.
    fn lower(&self, one: Self::Bytes, other: Self::Bytes) -> Self::Bytes;
    /// Whether all are ASCII and none is NUL: as signed numbers these are above zero.
    fn is_plain(&self, bytes: Self::Bytes) -> bool;
    /// Which of 32 bytes are the same in both.
    fn same(&self, one: &[u8; 32], other: &[u8; 32]) -> u32;
}

/// Vectors of 16 bytes: every 64-bit processor has them, or they are emulated.
pub(super) struct Narrow;

impl Lanes for Narrow {
    type Bytes = [u8x16; 4];

    #[inline(always)]
    fn load(&self, window: &[u8; WINDOW]) -> Self::Bytes {
        pulp::cast(*window)
    }

    #[inline(always)]
    fn find(&self, bytes: Self::Bytes, byte: u8) -> u64 {
        bytes.iter().rev().fold(0, |found, lane| {
            let equal = lane.simd_eq(u8x16::splat(byte)).to_bitmask();
            found << 16 | u64::from(equal as u16)
        })
    }

    #[inline(always)]
    fn lower(&self, one: Self::Bytes, other: Self::Bytes) -> Self::Bytes {
        let (one, other): ([i8x16; 4], [i8x16; 4]) = (pulp::cast(one), pulp::cast(other));
        let [a, b, c, d] = one;
        let [e, f, g, h] = other;
        pulp::cast([a.min(e), b.min(f), c.min(g), d.min(h)])
    }

    #[inline(always)]
    fn is_plain(&self, bytes: Self::Bytes) -> bool {
        let [a, b, c, d]: [i8x16; 4] = pulp::cast(bytes);
        a.min(b).min(c.min(d)).simd_gt(i8x16::splat(0)).all()
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
pub(super) struct Wide(pub(super) pulp::x86::V3);

#[cfg(target_arch = "x86_64")]
impl Lanes for Wide {
    type Bytes = [__m256i; 2];

    #[inline(always)]
    fn load(&self, window: &[u8; WINDOW]) -> Self::Bytes {
        pulp::cast(*window)
    }

    // No closure here: one would be compiled without the wide instructions.
    #[inline(always)]
    fn find(&self, [low, high]: Self::Bytes, byte: u8) -> u64 {
        let avx2 = self.0.avx2;
        let wanted = self.0.avx._mm256_set1_epi8(byte as i8);
        let low = avx2._mm256_movemask_epi8(avx2._mm256_cmpeq_epi8(low, wanted)) as u32;
        let high = avx2._mm256_movemask_epi8(avx2._mm256_cmpeq_epi8(high, wanted)) as u32;
        u64::from(low) | u64::from(high) << 32
    }

    #[inline(always)]
    fn lower(&self, [a, b]: Self::Bytes, [c, d]: Self::Bytes) -> Self::Bytes {
        let avx2 = self.0.avx2;
        [avx2._mm256_min_epi8(a, c), avx2._mm256_min_epi8(b, d)]
    }

    #[inline(always)]
    fn is_plain(&self, [a, b]: Self::Bytes) -> bool {
        let avx2 = self.0.avx2;
        let zero = self.0.avx._mm256_setzero_si256();
        let above = avx2._mm256_cmpgt_epi8(avx2._mm256_min_epi8(a, b), zero);
        avx2._mm256_movemask_epi8(above) == -1
    }

    #[inline(always)]
    fn same(&self, one: &[u8; 32], other: &[u8; 32]) -> u32 {
        let equal = self
            .0
            .avx2
            ._mm256_cmpeq_epi8(pulp::cast(*one), pulp::cast(*other));
        self.0.avx2._mm256_movemask_epi8(equal) as u32
    }
}

/// Vectors of 64 bytes on the newest x86-64 processors, where a comparison gives its mask at once.
#[cfg(target_arch = "x86_64")]
pub(super) struct Widest(pub(super) pulp::x86::V4);

#[cfg(target_arch = "x86_64")]
impl Lanes for Widest {
    type Bytes = __m512i;

    #[inline(always)]
    fn load(&self, window: &[u8; WINDOW]) -> Self::Bytes {
        pulp::cast(*window)
    }

    #[inline(always)]
    fn find(&self, bytes: Self::Bytes, byte: u8) -> u64 {
        let wanted = self.0.avx512f._mm512_set1_epi8(byte as i8);
        self.0.avx512bw._mm512_cmpeq_epi8_mask(bytes, wanted)
    }

    #[inline(always)]
    fn lower(&self, one: Self::Bytes, other: Self::Bytes) -> Self::Bytes {
        self.0.avx512bw._mm512_min_epi8(one, other)
    }

    #[inline(always)]
    fn is_plain(&self, bytes: Self::Bytes) -> bool {
        let zero = self.0.avx512f._mm512_setzero_si512();
        self.0.avx512bw._mm512_cmple_epi8_mask(bytes, zero) == 0
    }

    #[inline(always)]
    fn same(&self, one: &[u8; 32], other: &[u8; 32]) -> u32 {
        let avx512 = self.0.avx512bw;
        avx512._mm256_cmpeq_epi8_mask(pulp::cast(*one), pulp::cast(*other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(lanes: &impl Lanes, window: &[u8; WINDOW]) {
        let bits = |byte| {
            let places = (0..WINDOW).filter(|&i| window[i] == byte);
            places.fold(0u64, |mask, i| mask | 1 << i)
        };
        let bytes = lanes.load(window);
        for byte in [b'\n', b' ', 0x80] {
            assert_eq!(lanes.find(bytes, byte), bits(byte));
        }
        let plain = |window: &[u8; WINDOW]| window.iter().all(|b| (1..0x80).contains(b));
        assert_eq!(lanes.is_plain(bytes), plain(window));
        let letters = lanes.load(&[b'a'; WINDOW]);
        assert_eq!(lanes.is_plain(lanes.lower(letters, bytes)), plain(window));
        let [one, other]: [[u8; 32]; 2] = pulp::cast(*window);
        let same = (0..32).filter(|&i| one[i] == other[i]);
        assert_eq!(lanes.same(&one, &other), same.fold(0, |m, i| m | 1 << i));
    }

    proptest! {
        #[test]
        fn every_width_finds_the_same(bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), any::<u8>()], WINDOW)) {
            let window: [u8; WINDOW] = bytes.try_into().unwrap();
            let letters = window.map(|b| if b.is_ascii() { b.max(1) } else { b'x' });
            check(&Narrow, &letters);
            check(&Narrow, &window);
            #[cfg(target_arch = "x86_64")]
            if let Some(simd) = pulp::x86::V3::try_new() {
                check(&Wide(simd), &letters);
                check(&Wide(simd), &window);
            }
            #[cfg(target_arch = "x86_64")]
            if let Some(simd) = pulp::x86::V4::try_new() {
                check(&Widest(simd), &letters);
                check(&Widest(simd), &window);
            }
        }
    }
}
