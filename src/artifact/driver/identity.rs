//! What an image says of itself: version, PDB, link time, signer.
//!
//! All of it is the image's own word but for the digests, which are recomputed. The parts can be
//! had one by one ([`version::read`], [`pdb::read`], [`signature::read`]); only the signature and
//! [`Digests`] touch every byte of the file.

use thiserror::Error;

use super::layout::{Layout, NotAnImage};
use super::pdb::{self, DebugNote, LinkStamp, Pdb};
use super::signature::{self, Digests, SignatureNote, SignatureState};
use super::version::{self, VersionInfo, VersionNote};

/// Notes kept of one image; an image with more was made to have them.
pub const MAX_NOTES: usize = 64;

/// Who an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What its maker says about it; empty when nothing is said.
    pub version: VersionInfo,
    /// The PDB it was built with.
    pub pdb: Option<Pdb>,
    /// What the header's time stamp is worth.
    pub link: LinkStamp,
    /// Its embedded signatures.
    pub signature: SignatureState,
    /// The digests by which a catalog can list it.
    pub authenticode: Digests,
    /// Whatever was odd.
    pub notes: Vec<IdentityNote>,
}

/// What was odd about an image's identity.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IdentityNote {
    /// About the version resource.
    #[error(transparent)]
    Version(#[from] VersionNote),
    /// About the debug directory.
    #[error(transparent)]
    Debug(#[from] DebugNote),
    /// About the signatures.
    #[error(transparent)]
    Signature(#[from] SignatureNote),
    /// A time stamp says that the signature existed before the image was linked. Makers do
    /// this on purpose too, with a time-stamp authority of their own and a date of long ago.
    #[error("link time lies after the signature's time stamp: one of the two is not true")]
    LinkedAfterSigning,
    /// More notes than are kept.
    #[error("{count} further notes were left out")]
    FurtherNotes {
        /// How many.
        count: usize,
    },
}

/// Reads the identity of `file`.
///
/// # Errors
/// [`NotAnImage`] when the headers are not those of a PE image. Whatever is wrong behind the
/// headers is a note.
pub fn identify(file: &[u8]) -> Result<Identity, NotAnImage> {
    let layout = Layout::parse(file)?;
    let (version, version_notes) = version::read(file, &layout);
    let (pdb, link, debug_notes) = pdb::read(file, &layout);
    let (signature, signature_notes) = signature::read(file, &layout);
    let mut notes: Vec<IdentityNote> = Vec::new();
    notes.extend(version_notes.into_iter().map(IdentityNote::from));
    notes.extend(debug_notes.into_iter().map(IdentityNote::from));
    notes.extend(signature_notes.into_iter().map(IdentityNote::from));
    if linked_after_signing(&link, &signature) {
        notes.push(IdentityNote::LinkedAfterSigning);
    }
    if let Some(count) = notes
        .len()
        .checked_sub(MAX_NOTES)
        .filter(|count| *count > 0)
    {
        notes.truncate(MAX_NOTES);
        notes.push(IdentityNote::FurtherNotes { count });
    }
    let authenticode = Digests::of_image(file, &layout);
    Ok(Identity {
        version,
        pdb,
        link,
        signature,
        authenticode,
        notes,
    })
}

fn linked_after_signing(link: &LinkStamp, signature: &SignatureState) -> bool {
    let (LinkStamp::Time(linked), SignatureState::Present(embedded)) = (link, signature) else {
        return false;
    };
    embedded
        .primary()
        .signer
        .stamped_time()
        .is_some_and(|stamped| *linked > stamped)
}

#[cfg(test)]
mod tests;
