//! Where the newlines and blanks of a block are, as bit masks.
//!
//! One pass over the bytes, 64 at a time, finds every newline and every blank; what follows works
//! on bits. This is what makes counting every reason of a log about as cheap as searching it for
//! one word.

use super::lanes::Lanes;

/// The masks of one block. Reused from block to block, so nothing is allocated on the way.
#[derive(Default)]
pub(super) struct Masks {
    words: Vec<Word>,
    newlines: Vec<u32>,
    lines: usize,
    lowest: u8,
    highest: u8,
}

/// The blanks of 64 bytes.
#[derive(Clone, Copy, Default)]
struct Word {
    blanks: u64,
    /// Blanks of the block before these bytes.
    blanks_before: u32,
}

impl Masks {
    /// Bytes that one mask word covers.
    pub(super) const WORD: usize = 64;

    /// Newline positions written for every word, whether or not it holds as many: rows are
    /// longer than a word is wide, and a guess that is mostly right beats a branch.
    const AT_ONCE: usize = 2;

    /// Takes the masks of `block`.
    #[inline(always)]
    pub(super) fn read(&mut self, block: &[u8], lanes: &mut impl Lanes) {
        let (chunks, tail) = block.as_chunks::<{ Masks::WORD }>();
        self.words.resize(chunks.len() + 1, Word::default());
        if self.newlines.len() < block.len() + Self::AT_ONCE {
            self.newlines.resize(block.len() + Self::AT_ONCE, 0);
        }
        let (mut blanks_before, mut lines) = (0u32, 0usize);
        for (index, (chunk, word)) in chunks.iter().zip(&mut self.words).enumerate() {
            let found = lanes.find(chunk);
            *word = Word {
                blanks: found.blanks,
                blanks_before,
            };
            blanks_before += found.blanks.count_ones();
            lines = list(
                found.newlines,
                index * Self::WORD,
                lines,
                &mut self.newlines,
            );
        }
        let mut padded = [b'.'; Self::WORD];
        padded[..tail.len()].copy_from_slice(tail);
        let found = lanes.find(&padded);
        if let Some(word) = self.words.last_mut() {
            *word = Word {
                blanks: found.blanks,
                blanks_before,
            };
        }
        self.lines = list(
            found.newlines,
            chunks.len() * Self::WORD,
            lines,
            &mut self.newlines,
        );
        (self.lowest, self.highest) = lanes.extremes();
    }

    /// True if the block holds a NUL byte.
    pub(super) fn has_nul(&self) -> bool {
        self.lowest == 0
    }

    /// True if the block holds a byte outside ASCII.
    pub(super) fn has_non_ascii(&self) -> bool {
        self.highest >= 0x80
    }

    /// How many newlines the block holds.
    #[inline(always)]
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// The position of newline number `index`.
    #[inline(always)]
    pub(super) fn newline(&self, index: usize) -> usize {
        self.newlines[index] as usize
    }

    /// How many blanks stand before position `at`.
    #[inline(always)]
    pub(super) fn blanks_before(&self, at: usize) -> u32 {
        let word = &self.words[at / Self::WORD];
        word.blanks_before + (word.blanks & below(at)).count_ones()
    }

    /// The blanks among the 64 bytes before position `end`: the top bit speaks for the byte right
    /// before it.
    #[inline(always)]
    pub(super) fn blanks_up_to(&self, end: usize) -> u64 {
        let (word, bit) = (end / Self::WORD, end % Self::WORD);
        let here = self.words[word].blanks;
        let before = if word == 0 {
            0
        } else {
            self.words[word - 1].blanks
        };
        let joined = u128::from(here) << 64 | u128::from(before);
        (joined >> bit) as u64
    }
}

/// Appends the positions of the set bits of `newlines` to `positions`, of which `count` are taken.
/// Returns how many are then.
#[inline(always)]
fn list(newlines: u64, base: usize, count: usize, positions: &mut [u32]) -> usize {
    let mut rest = newlines;
    let mut at = count;
    let total = newlines.count_ones() as usize;
    loop {
        for slot in &mut positions[at..at + Masks::AT_ONCE] {
            *slot = base as u32 + rest.trailing_zeros();
            rest &= rest.wrapping_sub(1);
        }
        at += Masks::AT_ONCE;
        if rest == 0 {
            return count + total;
        }
    }
}

/// The bits of positions before `at` within its word.
#[inline(always)]
fn below(at: usize) -> u64 {
    (1u64 << (at % Masks::WORD)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn masks_say_what_a_plain_search_says(block in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), any::<u8>()], 0..400)) {
            let mut masks = Masks::default();
            masks.read(&block, &mut crate::artifact::httperr::lanes::Narrow::default());
            let newlines: Vec<_> = (0..block.len()).filter(|&i| block[i] == b'\n').collect();
            let found = (0..masks.lines()).map(|index| masks.newline(index));
            prop_assert_eq!(found.collect::<Vec<_>>(), newlines);
            for at in 0..block.len() {
                let before = &block[..at];
                prop_assert_eq!(masks.blanks_before(at) as usize, before.iter().filter(|b| **b == b' ').count());
                let window = masks.blanks_up_to(at);
                for back in 0..64 {
                    let byte = at.checked_sub(back + 1).map(|i| block[i]);
                    prop_assert_eq!(window >> (63 - back) & 1 == 1, byte == Some(b' '));
                }
            }
            prop_assert_eq!(masks.has_nul(), block.contains(&0));
            prop_assert_eq!(masks.has_non_ascii(), !block.is_ascii());
        }
    }
}
