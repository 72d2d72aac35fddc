//! 7z's encryption: AES-256 in CBC mode, its key made from the password by SHA-256.
//!
//! The format holds no mark that a password fits: what is deciphered with another is
//! noise, which the next coder or a checksum finds out.

use crate::bundle::password::Password;
use crate::bundle::reader::ReadFault;
use aes::Aes256;
use aes::cipher::{Array, BlockCipherDecrypt, KeyInit};
use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// AES's block.
const BLOCK: usize = 16;

/// Rounds of key making are two to this power at most; 7-Zip writes 19 and takes no more
/// than 24.
const MAX_POWER: u8 = 24;
/// Instead of a power: the password itself is the key.
const NO_ROUNDS: u8 = 0x3f;

/// Bytes that are deciphered at once.
const CHUNK: usize = 64 << 10;

/// What a coder's properties say.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Properties {
    power: u8,
    salt: Vec<u8>,
    iv: [u8; BLOCK],
}

impl Properties {
    /// First byte: the power, and whether salt and vector are one byte longer than the
    /// second byte's halves say.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (&first, rest) = bytes.split_first()?;
        let power = first & 0x3f;
        let (lengths, rest) = match rest.split_first() {
            Some((&lengths, rest)) if first & 0xc0 != 0 => (lengths, rest),
            _ => (0, rest),
        };
        let salt = usize::from(first >> 7) + usize::from(lengths >> 4);
        let vector = usize::from(first >> 6 & 1) + usize::from(lengths & 0x0f);
        let (salt, rest) = rest.split_at_checked(salt)?;
        let mut iv = [0; BLOCK];
        iv.get_mut(..vector)?.copy_from_slice(rest.get(..vector)?);
        (power <= MAX_POWER || power == NO_ROUNDS).then(|| Properties {
            power,
            salt: salt.to_vec(),
            iv,
        })
    }
}

/// A key, and the properties that it was made for: making one takes a while on purpose.
#[derive(Clone)]
pub(super) struct Key {
    power: u8,
    salt: Vec<u8>,
    bytes: [u8; 32],
}

impl Key {
    /// The key that a coder of these properties takes.
    pub(super) fn new(password: &Password, properties: &[u8]) -> Option<Key> {
        let Properties { power, salt, .. } = Properties::parse(properties)?;
        let text = String::from_utf8_lossy(password.bytes());
        let password: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut bytes = [0; 32];
        if power == NO_ROUNDS {
            let all = salt.iter().chain(&password).copied();
            bytes
                .iter_mut()
                .zip(all)
                .for_each(|(place, byte)| *place = byte);
        } else {
            let mut hasher = Sha256::new();
            let mut round = [&salt[..], &password, &[0; 8]].concat();
            let counter = round.len() - 8;
            for count in 0..1_u64 << power {
                if let Some(place) = round.get_mut(counter..) {
                    place.copy_from_slice(&count.to_le_bytes());
                }
                hasher.update(&round);
            }
            bytes = hasher.finalize().into();
        }
        Some(Key { power, salt, bytes })
    }

    /// Whether it is the key for a coder of these properties too.
    pub(super) fn fits(&self, properties: &[u8]) -> bool {
        let parsed = Properties::parse(properties);
        parsed.is_some_and(|other| other.power == self.power && other.salt == self.salt)
    }
}

/// A deciphered stream. It ends on a whole block; what is padding, the coder's size says.
pub(super) struct Deciphered<R> {
    inner: R,
    cipher: Aes256,
    last: [u8; BLOCK],
    plain: Vec<u8>,
    at: usize,
}

impl<R: Read> Deciphered<R> {
    pub(super) fn new(inner: R, properties: &[u8], key: &Key) -> Option<Self> {
        Some(Deciphered {
            inner,
            cipher: Aes256::new(&Array::from(key.bytes)),
            last: Properties::parse(properties)?.iv,
            plain: Vec::new(),
            at: 0,
        })
    }

    /// Deciphers the next chunk; nothing at the end.
    fn advance(&mut self) -> io::Result<()> {
        let mut bytes = Vec::new();
        (&mut self.inner)
            .take(CHUNK as u64)
            .read_to_end(&mut bytes)?;
        if bytes.len() % BLOCK != 0 {
            return Err(ReadFault::Truncated.into());
        }
        for block in bytes.chunks_exact_mut(BLOCK) {
            let mut cipher = [0; BLOCK];
            cipher.copy_from_slice(block);
            let mut plain = Array::from(cipher);
            self.cipher.decrypt_block(&mut plain);
            for ((place, plain), last) in block.iter_mut().zip(plain).zip(self.last) {
                *place = plain ^ last;
            }
            self.last = cipher;
        }
        self.plain = bytes;
        self.at = 0;
        Ok(())
    }
}

impl<R: Read> Read for Deciphered<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.plain.len() {
            self.advance()?;
        }
        let mut rest = self.plain.get(self.at..).unwrap_or_default();
        let count = rest.read(buf)?;
        self.at = self.at.saturating_add(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_of_7_zip_and_of_nonsense() {
        // What 7-Zip writes: 2^19 rounds, no salt, a vector of eight bytes.
        let found = Properties::parse(&[0x53, 0x07, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!((found.power, found.salt.len()), (19, 0));
        assert_eq!(found.iv, [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
        for wrong in [&[][..], &[0x53, 0x07, 1], &[0x20 | 25], &[0xd3, 0xff]] {
            assert_eq!(Properties::parse(wrong), None, "{wrong:?}");
        }
    }
}
