//! SHA-1 (FIPS 180-4, section 6.1): the only digest that catalogs of older systems name their
//! drivers by. Nothing is protected with it here.

use crate::digest::{Blocks, BLOCK};

/// A running digest.
#[derive(Clone)]
pub struct Sha1 {
    state: [u32; 5],
    blocks: Blocks,
}

impl Default for Sha1 {
    fn default() -> Self {
        let state = [
            0x6745_2301,
            0xefcd_ab89,
            0x98ba_dcfe,
            0x1032_5476,
            0xc3d2_e1f0,
        ];
        Sha1 {
            state,
            blocks: Blocks::default(),
        }
    }
}

impl Sha1 {
    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let state = &mut self.state;
        self.blocks.update(bytes, |block| compress(state, block));
    }

    /// The digest of all bytes.
    pub fn finish(self) -> [u8; 20] {
        let Sha1 { mut state, blocks } = self;
        blocks.finish(|block| compress(&mut state, block));
        let mut digest = [0; 20];
        for (four, word) in digest.chunks_exact_mut(4).zip(state) {
            four.copy_from_slice(&word.to_be_bytes());
        }
        digest
    }
}

fn compress(state: &mut [u32; 5], block: &[u8; BLOCK]) {
    let mut w = [0_u32; 80];
    for (word, four) in w.iter_mut().zip(block.chunks_exact(4)) {
        *word = u32::from_be_bytes([four[0], four[1], four[2], four[3]]);
    }
    for t in 16..80 {
        w[t] = (w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16]).rotate_left(1);
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (t, word) in w.into_iter().enumerate() {
        let (mix, constant) = match t {
            0..=19 => (b & c | !b & d, 0x5a82_7999),
            20..=39 => (b ^ c ^ d, 0x6ed9_eba1),
            40..=59 => (b & c | b & d | c & d, 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let sum = a.rotate_left(5).wrapping_add(mix).wrapping_add(e);
        let next = sum.wrapping_add(constant).wrapping_add(word);
        (e, d, c, b, a) = (d, c, b.rotate_left(30), a, next);
    }
    for (sum, word) in state.iter_mut().zip([a, b, c, d, e]) {
        *sum = sum.wrapping_add(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::hex;

    #[test]
    fn the_standards_examples() {
        let mut digest = Sha1::default();
        assert_eq!(
            hex(&digest.clone().finish()),
            "da39a3ee5e6b4b0d3255bfef95601890afd80709"
        );
        digest.update(b"ab");
        digest.update(b"c");
        assert_eq!(
            hex(&digest.finish()),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        let mut million = Sha1::default();
        million.update(&vec![b'a'; 1_000_000]);
        assert_eq!(
            hex(&million.finish()),
            "34aa973cd4c4daa4f61eeb2bdbad27316534016f"
        );
    }
}
