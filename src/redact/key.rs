//! The key of the pseudonyms.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The least that a key file must hold: 256 bits. A sentence somebody can remember is shorter
/// and can be guessed.
pub const MIN_KEY_BYTES: usize = 32;

/// A secret without which nobody can tell which text a pseudonym stands for, or try a guess.
#[derive(Clone)]
pub struct Key(Box<[u8]>);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Too few bytes to be secret.
    #[error(
        "a key of {found} bytes can be guessed; expected {MIN_KEY_BYTES} random bytes or more, as from `head -c 32 /dev/urandom`"
    )]
    TooShort {
        /// Bytes given.
        found: usize,
    },
    /// The system has no random numbers.
    #[error(
        "the system gives no random numbers ({0}); name a file of random bytes with --redact-key"
    )]
    NoRandom(getrandom::Error),
}

impl Key {
    /// A key that nobody has seen, from the system's random numbers.
    ///
    /// # Errors
    /// When the system has none.
    pub fn random() -> Result<Key, KeyError> {
        let mut bytes = vec![0; MIN_KEY_BYTES];
        getrandom::fill(&mut bytes).map_err(KeyError::NoRandom)?;
        Ok(Key(bytes.into()))
    }

    /// A key from the bytes of a file, all of them, as they are.
    ///
    /// # Errors
    /// When there are fewer than [`MIN_KEY_BYTES`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Key, KeyError> {
        match bytes.len() {
            found if found < MIN_KEY_BYTES => Err(KeyError::TooShort { found }),
            _ => Ok(Key(bytes.into())),
        }
    }

    /// HMAC-SHA-256 (RFC 2104) over a class and a text; a NUL keeps them apart, because no
    /// class holds one.
    pub(super) fn digest(&self, class: &str, text: &str) -> [u8; 32] {
        // HMAC takes keys of any length: longer ones are hashed first.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            return [0; 32];
        };
        mac.update(class.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// Never the key itself.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_hmac_sha_256() {
        let key = Key::from_bytes(&[0xaa; 131]).unwrap();
        assert_ne!(key.digest("a", "bc"), key.digest("ab", "c"));
        let expected = {
            // Written out by its definition, over the same message.
            use sha2::Digest;
            let short: [u8; 32] = Sha256::digest([0xaa; 131]).into();
            let pad = |byte: u8| -> Vec<u8> {
                let mut block = vec![byte; 64];
                for (place, key) in block.iter_mut().zip(short) {
                    *place ^= key;
                }
                block
            };
            let inner = Sha256::digest([pad(0x36), b"host\0web".to_vec()].concat());
            let outer: [u8; 32] = Sha256::digest([pad(0x5c), inner.to_vec()].concat()).into();
            outer
        };
        assert_eq!(key.digest("host", "web"), expected);
    }

    #[test]
    fn keys_that_can_be_guessed_are_refused_and_keys_are_not_shown() {
        let error = Key::from_bytes(b"correct horse battery staple").unwrap_err();
        assert!(error.to_string().contains("28 bytes"), "{error}");
        let (one, two) = (Key::random().unwrap(), Key::random().unwrap());
        assert_ne!(one.digest("", ""), two.digest("", ""));
        assert_eq!(format!("{one:?}"), "Key(…)");
    }
}
