//! A single file, compressed: `httperr1.log.gz`.

use super::{Guard, Packing};
use crate::bundle::classify::HEAD_BYTES;
use crate::bundle::container::{Container, ContainerKind, Entry, Feed, Listing, Opening};
use crate::bundle::limits::{Claim, Limits};
use crate::bundle::name::{ArtifactName, NameEncoding};
use crate::bundle::reader::{ReadErrorKind, ReadFault};
use std::io::Read;
use std::sync::Arc;

/// The file, unpacked from its beginning by every reader: O(its size) time each, and the
/// decoder's window of memory.
struct Packed {
    feed: Feed,
    packing: Packing,
    packed: u64,
    limits: Limits,
}

impl Container for Packed {
    fn open(&self, index: usize) -> Result<Box<dyn Read + Send>, ReadErrorKind> {
        if index > 0 {
            return Err(ReadErrorKind::UnknownId);
        }
        let content = self.packing.unpack(self.feed.open()?);
        Ok(Box::new(Guard::new(content, self.packed, &self.limits)))
    }
}

/// The first unpacked bytes, or what there is of them before a fault.
pub(in crate::bundle::container) fn head(
    feed: &Feed,
    packing: Packing,
) -> Result<Vec<u8>, ReadErrorKind> {
    let mut head = Vec::new();
    let mut content = packing.unpack(feed.open()?).take(HEAD_BYTES as u64);
    let outcome = content.read_to_end(&mut head);
    // The fault comes up again, and is said, when the content is read. One of memory may not.
    match outcome.map_err(|error| ReadFault::of(&error)) {
        Err(fault) if fault.is_of_memory() => Err(ReadErrorKind::Faulty(fault)),
        _ => Ok(head),
    }
}

pub(in crate::bundle::container) fn list(
    feed: &Feed,
    packing: Packing,
    opening: &Opening<'_>,
) -> Listing {
    let container = Packed {
        feed: feed.clone(),
        packing,
        packed: opening.packed,
        limits: opening.limits.clone(),
    };
    let mut listing = Listing {
        container: Arc::new(container),
        ..Listing::empty(ContainerKind::Packed(packing))
    };
    listing.entries.push(Entry {
        name: unpacked_name(opening.name, packing),
        name_encoding: NameEncoding::AsGiven,
        size: None,
        claimed_size: None,
        claim: Claim {
            packed: opening.packed,
            unpacked: opening.packed,
        },
        modified: opening.modified,
        encrypted: false,
        issues: Vec::new(),
    });
    listing
}

/// The name without the extension that the packing added. A name inside the stream, as
/// gzip may keep it, is what the file was called once, and not believed.
pub(in crate::bundle::container) fn unpacked_name(
    name: &ArtifactName,
    packing: Packing,
) -> ArtifactName {
    let base = name.base_name();
    let suffix = format!(".{}", packing.extension());
    let stem = base
        .len()
        .checked_sub(suffix.len())
        .and_then(|at| base.split_at_checked(at))
        .filter(|(stem, end)| !stem.is_empty() && end.eq_ignore_ascii_case(suffix.as_bytes()))
        .map(|(stem, _)| stem);
    ArtifactName::new(stem.unwrap_or(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_goes_where_there_is_one() {
        let of = |name: &[u8]| unpacked_name(&ArtifactName::new(name), Packing::Gzip).to_string();
        assert_eq!(of(b"x/httperr1.log.GZ"), "httperr1.log");
        assert_eq!(of(b"httperr1.log"), "httperr1.log");
        assert_eq!(of(b".gz"), ".gz");
    }
}
