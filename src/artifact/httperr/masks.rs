//! Where the newlines and blanks of a block are, as bit masks.
//!
//! One pass over the bytes, 64 at a time, finds every newline and every blank; what follows works
//! on bits. This is what makes counting every reason of a log about as cheap as searching it for
//! one word.

use wide::u8x16;

/// Bytes that one mask word covers.
const WORD: usize = 64;

/// The masks of one block. Reused from block to block, so nothing is allocated on the way.
#[derive(Default)]
pub(super) struct Masks {
    newlines: Vec<u64>,
    blanks: Vec<u64>,
    blanks_before: Vec<u32>,
    lowest: u8,
    highest: u8,
}

impl Masks {
    /// Takes the masks of `block`.
    pub(super) fn read(&mut self, block: &[u8]) {
        self.newlines.clear();
        self.blanks.clear();
        self.blanks_before.clear();
        let mut extremes = Extremes::default();
        let mut seen = 0u32;
        let (words, tail) = block.as_chunks::<WORD>();
        for word in words {
            self.push(word, &mut extremes, &mut seen);
        }
        if !tail.is_empty() {
            let mut padded = [b'.'; WORD];
            padded[..tail.len()].copy_from_slice(tail);
            self.push(&padded, &mut extremes, &mut seen);
        }
        (self.lowest, self.highest) = extremes.reduce();
    }

    #[inline(always)]
    fn push(&mut self, word: &[u8; WORD], extremes: &mut Extremes, seen: &mut u32) {
        let newline = u8x16::splat(b'\n');
        let blank = u8x16::splat(b' ');
        let (mut newlines, mut blanks) = (0u64, 0u64);
        for (index, lane) in word.as_chunks::<16>().0.iter().enumerate() {
            let bytes = u8x16::new(*lane);
            extremes.see(bytes);
            newlines |= u64::from(bytes.simd_eq(newline).to_bitmask() as u16) << (16 * index);
            blanks |= u64::from(bytes.simd_eq(blank).to_bitmask() as u16) << (16 * index);
        }
        self.newlines.push(newlines);
        self.blanks.push(blanks);
        self.blanks_before.push(*seen);
        *seen += blanks.count_ones();
    }

    /// True if the block holds a NUL byte.
    pub(super) fn has_nul(&self) -> bool {
        self.lowest == 0
    }

    /// True if the block holds a byte outside ASCII.
    pub(super) fn has_non_ascii(&self) -> bool {
        self.highest >= 0x80
    }

    /// The positions of the newlines, in order.
    pub(super) fn newlines(&self) -> impl Iterator<Item = usize> {
        self.newlines.iter().enumerate().flat_map(|(word, &mask)| Bits(mask).map(move |b| word * WORD + b))
    }

    /// How many blanks stand before position `at`.
    #[inline(always)]
    pub(super) fn blanks_before(&self, at: usize) -> u32 {
        let Some(&mask) = self.blanks.get(at / WORD) else { return u32::MAX };
        let within = mask & ((1u64 << (at % WORD)) - 1);
        self.blanks_before[at / WORD] + within.count_ones()
    }

    /// The position of the last blank before `end`.
    #[inline(always)]
    pub(super) fn last_blank_before(&self, end: usize) -> Option<usize> {
        let mut word = end / WORD;
        let mut mask = self.blanks.get(word).copied().unwrap_or(0) & ((1u64 << (end % WORD)) - 1);
        while mask == 0 {
            word = word.checked_sub(1)?;
            mask = *self.blanks.get(word)?;
        }
        Some(word * WORD + 63 - mask.leading_zeros() as usize)
    }
}

/// The set bits of a word, lowest first.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        let bit = self.0.trailing_zeros() as usize;
        (self.0 != 0).then(|| {
            self.0 &= self.0 - 1;
            bit
        })
    }
}

/// Smallest and largest byte seen, lane by lane.
struct Extremes {
    low: u8x16,
    high: u8x16,
}

impl Default for Extremes {
    fn default() -> Self {
        Extremes { low: u8x16::splat(u8::MAX), high: u8x16::splat(0) }
    }
}

impl Extremes {
    #[inline(always)]
    fn see(&mut self, bytes: u8x16) {
        self.low = self.low.min(bytes);
        self.high = self.high.max(bytes);
    }

    fn reduce(&self) -> (u8, u8) {
        (self.low.reduce_min(), self.high.reduce_max())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn masks_say_what_a_plain_search_says(block in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), any::<u8>()], 0..400)) {
            let mut masks = Masks::default();
            masks.read(&block);
            let newlines: Vec<_> = (0..block.len()).filter(|&i| block[i] == b'\n').collect();
            prop_assert_eq!(masks.newlines().collect::<Vec<_>>(), newlines);
            for at in 0..block.len() {
                let before = &block[..at];
                prop_assert_eq!(masks.blanks_before(at) as usize, before.iter().filter(|b| **b == b' ').count());
                prop_assert_eq!(masks.last_blank_before(at), before.iter().rposition(|b| *b == b' '));
            }
            prop_assert_eq!(masks.has_nul(), block.contains(&0));
            prop_assert_eq!(masks.has_non_ascii(), !block.is_ascii());
        }
    }
}
