//! The digest by which a catalog names an image, taken while the image passes by.
//!
//! Authenticode leaves the checksum, the entry of the certificate table and the table itself out
//! (Microsoft, "Windows Authenticode Portable Executable Signature Format"). Catalogs are only
//! searched for images without a certificate table, so the first two are all there is to skip.

use crate::bytes::{u16_at, u32_at};
use crate::sha1::Sha1;
use crate::sha256::Sha256;
use std::ops::Range;

/// First bytes that must have been seen to know where the fields are: far more than any header.
const HEAD: usize = 64 << 10;
/// Offset of the checksum from the PE signature: 24 bytes of signature and file header, then 64.
const CHECKSUM: usize = 24 + 64;

/// Both digests of an image: SHA-1 names it in older catalogs, SHA-256 in newer ones.
pub type Digests = ([u8; 20], [u8; 32]);

/// Takes an image in pieces.
#[derive(Default)]
pub struct Authenticode {
    state: State,
    seen: usize,
}

#[derive(Default)]
enum State {
    /// Nothing was seen.
    #[default]
    Start,
    /// No image, or one that carries its signature.
    NotWanted,
    /// Digests so far, and the fields to leave out.
    Running(Box<(Sha1, Sha256)>, [Range<usize>; 2]),
}

impl Authenticode {
    /// Takes the next piece. The first one must hold the headers, or be all there is.
    pub fn update(&mut self, piece: &[u8]) {
        if let State::Start = self.state {
            self.state = match fields(&piece[..piece.len().min(HEAD)]) {
                Some(skip) => State::Running(Box::default(), skip),
                None => State::NotWanted,
            };
        }
        let start = self.seen;
        self.seen += piece.len();
        if let State::Running(digests, skip) = &mut self.state {
            let mut at = start;
            for field in skip.iter().chain([&(usize::MAX..usize::MAX)]) {
                let end = field.start.min(self.seen).max(at);
                let kept = &piece[at - start..end - start];
                digests.0.update(kept);
                digests.1.update(kept);
                at = field.end.min(self.seen).max(end);
            }
        }
    }

    /// The digests, if this is an image without a certificate table.
    pub fn finish(self) -> Option<Digests> {
        match self.state {
            State::Running(digests, _) => Some((digests.0.finish(), digests.1.finish())),
            _ => None,
        }
    }
}

/// Where the fields to leave out are, in order.
fn fields(head: &[u8]) -> Option<[Range<usize>; 2]> {
    if !head.starts_with(b"MZ") {
        return None;
    }
    let pe = u32_at(head, 0x3c)? as usize;
    if head.get(pe..pe.checked_add(4)?)? != b"PE\0\0" {
        return None;
    }
    // PE format: the directories begin 96 or 112 bytes into the optional header; the fifth is
    // the certificate table.
    let directories = match u16_at(head, pe + 24)? {
        0x10b => pe + 24 + 96,
        0x20b => pe + 24 + 112,
        _ => return None,
    };
    let entry = directories + 4 * 8;
    let none = u32_at(head, entry + 4)? == 0;
    none.then(|| [pe + CHECKSUM..pe + CHECKSUM + 4, entry..entry + 8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::image;

    fn digest(bytes: &[u8], piece: usize) -> Option<Digests> {
        let mut running = Authenticode::default();
        let (first, rest) = bytes.split_at(bytes.len().min(512));
        running.update(first);
        rest.chunks(piece).for_each(|p| running.update(p));
        running.finish()
    }

    #[test]
    fn the_checksum_and_the_entry_do_not_count_and_pieces_do_not_matter() {
        let plain = image(b"code", false);
        let mut patched = plain.clone();
        let pe = 0x80;
        patched[pe + CHECKSUM..pe + CHECKSUM + 4].copy_from_slice(&[1, 2, 3, 4]);
        // The entry's address may hold anything while its size is zero.
        patched[pe + 24 + 112 + 32] = 9;
        let expected = digest(&plain, 7);
        assert!(expected.is_some());
        assert_eq!(digest(&patched, 1000), expected);
        let mut other = plain.clone();
        *other.last_mut().unwrap() ^= 1;
        assert_ne!(digest(&other, 7), expected);
        let mut kept = plain[..pe + CHECKSUM].to_vec();
        kept.extend(&plain[pe + CHECKSUM + 4..pe + 24 + 112 + 32]);
        kept.extend(&plain[pe + 24 + 112 + 40..]);
        assert_eq!(expected.map(|d| d.1), Some(Sha256::of(&kept)));
    }

    #[test]
    fn signed_images_and_other_files_need_no_catalog() {
        assert_eq!(digest(&image(b"code", true), 100), None);
        assert_eq!(digest(b"MZ", 1), None);
        assert_eq!(digest(b"text", 1), None);
        assert_eq!(digest(&[], 1), None);
    }
}
