//! Which catalogs name the drivers that carry no signature of their own.
//!
//! Windows keeps the catalogs of all components in one folder, thousands of them. A catalog holds
//! the digest of each file it signs as an OCTET STRING of 20 or 32 bytes; finding one of our
//! digests in it is all that is needed, so nothing else is parsed.

use crate::authenticode::Digests;
use std::collections::BTreeSet;
use std::io::{self, Read};

/// The store of the catalogs, below the Windows folder; the name is that of the driver
/// verification subsystem (`DRIVER_ACTION_VERIFY`'s GUID, SoftPub.h).
pub const STORE: &str = "System32\\CatRoot\\{F750E6C3-38EE-11D1-85E5-00C04FC295EE}";
/// Bytes of catalogs that are searched at most. The store of a server with years of updates has
/// some hundred MB.
pub const MOST_SEARCHED: u64 = 1 << 30;

/// DER: a universal, primitive OCTET STRING.
const OCTET_STRING: u8 = 4;

/// Digests to find.
#[derive(Default)]
pub struct Wanted {
    sha1: BTreeSet<[u8; 20]>,
    sha256: BTreeSet<[u8; 32]>,
}

impl Wanted {
    /// Adds an image.
    pub fn add(&mut self, digests: Digests) {
        self.sha1.insert(digests.0);
        self.sha256.insert(digests.1);
    }

    /// True if there is nothing to find.
    pub fn is_empty(&self) -> bool {
        self.sha1.is_empty()
    }

    /// True if a catalog names one of the images.
    ///
    /// # Errors
    /// When reading fails.
    pub fn in_catalog(&self, mut catalog: impl Read) -> io::Result<bool> {
        /// What must be kept between two pieces: a header and the longest digest.
        const OVERLAP: usize = 33;
        let mut buffer = vec![0; 64 << 10];
        let mut kept = 0;
        loop {
            let count = catalog.read(&mut buffer[kept..])?;
            if count == 0 {
                return Ok(false);
            }
            let filled = kept + count;
            if self.in_bytes(&buffer[..filled]) {
                return Ok(true);
            }
            kept = filled.min(OVERLAP);
            buffer.copy_within(filled - kept..filled, 0);
        }
    }

    fn in_bytes(&self, bytes: &[u8]) -> bool {
        (0..bytes.len()).any(|at| match bytes[at..] {
            [OCTET_STRING, 20, ref rest @ ..] => known(&self.sha1, rest),
            [OCTET_STRING, 32, ref rest @ ..] => known(&self.sha256, rest),
            _ => false,
        })
    }
}

fn known<const N: usize>(set: &BTreeSet<[u8; N]>, bytes: &[u8]) -> bool {
    let digest: Option<[u8; N]> = bytes.get(..N).and_then(|b| b.try_into().ok());
    digest.map_or(false, |digest| set.contains(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(room.len());
            room[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn either_digest_is_found_wherever_pieces_end() {
        let mut wanted = Wanted::default();
        assert!(wanted.is_empty());
        wanted.add(([7; 20], [9; 32]));
        let catalog = |length: u8, byte: u8| {
            let mut bytes = vec![4; 100];
            bytes.extend([OCTET_STRING, length]);
            bytes.extend(vec![byte; length.into()]);
            bytes.extend([0; 50]);
            bytes
        };
        for piece in 1..200 {
            let found = |bytes: &[u8]| wanted.in_catalog(Pieces(bytes, piece)).unwrap();
            assert!(
                found(&catalog(20, 7)) && found(&catalog(32, 9)),
                "pieces of {piece}"
            );
            assert!(!found(&catalog(20, 9)) && !found(&catalog(32, 7)) && !found(&[4, 20, 7]));
        }
    }
}
