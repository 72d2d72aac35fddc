//! What SHA-1 and SHA-256 share: blocks of 64 bytes, padding with the length, hexadecimal.

/// Bytes of a block.
pub const BLOCK: usize = 64;

/// Collects bytes to blocks.
#[derive(Clone)]
pub struct Blocks {
    pending: [u8; BLOCK],
    held: usize,
    bytes: u64,
}

impl Default for Blocks {
    fn default() -> Self {
        Blocks {
            pending: [0; BLOCK],
            held: 0,
            bytes: 0,
        }
    }
}

impl Blocks {
    /// Takes bytes and hands every full block on.
    pub fn update(&mut self, mut input: &[u8], mut compress: impl FnMut(&[u8; BLOCK])) {
        self.bytes = self.bytes.wrapping_add(input.len() as u64);
        while !input.is_empty() {
            let taken = input.len().min(BLOCK - self.held);
            let (now, later) = input.split_at(taken);
            self.pending[self.held..self.held + taken].copy_from_slice(now);
            self.held += taken;
            input = later;
            if self.held == BLOCK {
                compress(&self.pending);
                self.held = 0;
            }
        }
    }

    /// Ends the message: a one bit, zeros, and its length in bits.
    pub fn finish(mut self, mut compress: impl FnMut(&[u8; BLOCK])) {
        let bits = self.bytes.wrapping_mul(8);
        self.update(&[0x80], &mut compress);
        while self.held != BLOCK - 8 {
            self.update(&[0], &mut compress);
        }
        self.update(&bits.to_be_bytes(), &mut compress);
    }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
