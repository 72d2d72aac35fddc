//! An entry of a tar archive, as all its headers together describe it.

use super::BLOCK_LEN;
use super::header::{Extent, Header};
use super::pax::Pax;
use crate::bundle::artifact::{Modified, ModifiedSource, SkipReason, When};
use crate::bundle::container::solid::Piece;
use crate::bundle::name::ArtifactName;
use chrono::DateTime;

/// What is known of an entry beside its content.
pub(super) struct Member {
    pub name: ArtifactName,
    pub is_folder: bool,
    pub modified: Option<Modified>,
}

/// An entry's content, as its headers say.
pub(super) enum Data {
    File(u64),
    /// Where stored bytes belong, the size with holes, how many bytes are stored.
    Sparse(Vec<Extent>, Option<u64>, u64),
    /// That of another entry.
    Link(ArtifactName),
    /// There is none; why it is no artifact.
    None(SkipReason),
    /// As many bytes, which are no artifact, and why, if there are any.
    Skipped(SkipReason, u64),
}

impl Data {
    /// Bytes that follow the header.
    pub(super) fn stored(&self) -> u64 {
        match self {
            Data::File(size) | Data::Skipped(_, size) | Data::Sparse(_, _, size) => *size,
            Data::Link(_) | Data::None(_) => 0,
        }
    }
}

/// What a sparse file is made of, and its size. Extents that do not follow each other are
/// cut: no honest map has them.
pub(super) fn pieces(
    map: &[Extent],
    real: Option<u64>,
    from: u64,
    stored: u64,
) -> (Vec<Piece>, u64) {
    let (mut pieces, mut at, mut taken) = (Vec::new(), 0_u64, 0_u64);
    for extent in map {
        let Some(hole) = extent.offset.checked_sub(at) else {
            break;
        };
        let len = extent.len.min(stored.saturating_sub(taken));
        pieces.push(Piece::Hole { len: hole });
        pieces.push(Piece::Bytes {
            offset: from.saturating_add(taken),
            len,
        });
        taken = taken.saturating_add(len);
        at = extent.offset.saturating_add(len);
    }
    let len = real.unwrap_or(at).max(at);
    pieces.push(Piece::Hole { len: len - at });
    (pieces, len)
}

/// With what fills up the last block.
pub(super) fn padded(size: u64) -> u64 {
    size.checked_next_multiple_of(BLOCK_LEN).unwrap_or(u64::MAX)
}

pub(super) fn modified(header: &Header, pax: &Pax) -> Option<Modified> {
    let of_header = || {
        let seconds = header.modified().filter(|&seconds| seconds != 0)?;
        DateTime::from_timestamp(seconds, 0)
    };
    Some(Modified {
        when: When::Instant(pax.modified.or_else(of_header)?),
        source: ModifiedSource::TarUtc,
        packer_local: None,
    })
}
