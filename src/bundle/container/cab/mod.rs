//! A cabinet, as `makecab` and Windows' own tools write it: folders of blocks, each a
//! reel, in which files lie behind each other.
//!
//! The headers are read here: the crate for it finds files by name only, of which two may
//! be alike, and refuses a cabinet for one file that is wrong. Inflate and LZX are crates'.

mod blocks;
mod header;

use super::packed::{Fenced, Guard};
use super::solid::{Keeper, Reel, Slot, Solid, keep_all};
use super::zip::dos_local;
use super::{ContainerKind, Entry, Listing, Opening};
use crate::bundle::artifact::{ArtifactIssue, Modified, ModifiedSource, Skipped, When};
use crate::bundle::limits::{Claim, LimitHit, Limits};
use crate::bundle::name::{ArtifactName, NameEncoding};
use crate::bundle::note::{BundleNote, DirectoryFault};
use crate::bundle::reader::{ReadErrorKind, ReadFault};
use crate::bundle::source::Source;
use crate::bundle::trouble::OpenErrorKind;
use blocks::{Blocks, Packing};
use header::{Cabinet, FROM_PREVIOUS, FROM_PREVIOUS_INTO_NEXT, File, Folder, INTO_NEXT};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Bytes of headers that are read: 65,535 files with names of 256 bytes each, and folders.
const MAX_HEADERS: usize = 20 << 20;

/// Whether `head` is the beginning of a cabinet.
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(header::SIGNATURE)
}

/// The bytes of one folder.
struct FolderReel {
    source: Source,
    folder: Folder,
    packing: Packing,
    reserve: u8,
    on_disk: u64,
    limits: Limits,
}

impl Reel for FolderReel {
    fn open(&self) -> Result<Box<dyn Read + Send>, ReadErrorKind> {
        let at = u64::from(self.folder.at);
        let source = self.source.clone();
        let blocks = Blocks::new(source, at, self.folder.blocks, self.reserve, self.packing);
        let fenced = Fenced::new(blocks, Arc::<AtomicBool>::default());
        Ok(Box::new(Guard::new(fenced, self.on_disk, &self.limits)))
    }
}

/// Lists the cabinet.
pub(super) fn list(source: &Source, opening: &Opening<'_>) -> Result<Listing, OpenErrorKind> {
    let broken = |offset| OpenErrorKind::DamagedArchive(DirectoryFault::BrokenAt { offset });
    let io = |error: std::io::Error| OpenErrorKind::Io((&error).into());
    let headers = source.bytes_at(0, MAX_HEADERS).map_err(io)?;
    let (_, cabinet) = header::cabinet(&headers).map_err(|_| broken(0))?;
    let mut build = Build {
        source,
        opening,
        slots: Vec::new(),
        listing: Listing::empty(ContainerKind::Cab),
    };
    if cabinet.has_previous || cabinet.has_next {
        build.listing.notes.push(BundleNote::PartOfSet);
    }
    let at = usize::try_from(cabinet.files_at).unwrap_or(usize::MAX);
    let mut rest = headers.get(at..).unwrap_or_default();
    for nth in 0..cabinet.files {
        if usize::from(nth) >= opening.limits.entries {
            let limit = opening.limits.entries;
            build.listing.limits_hit.push(LimitHit::Entries { limit });
            break;
        }
        let Ok((after, file)) = header::file(rest) else {
            build.listing.notes.push(BundleNote::EntryCountDiffers {
                stated: u64::from(cabinet.files),
                found: u64::from(nth),
            });
            break;
        };
        rest = after;
        build.take(&cabinet, &file);
    }
    if build.listing.entries.is_empty() && cabinet.files > 0 && build.listing.skipped.is_empty() {
        return Err(broken(u64::from(cabinet.files_at)));
    }
    Ok(build.finish(&cabinet))
}

/// The listing of one cabinet while it is made.
struct Build<'a> {
    source: &'a Source,
    opening: &'a Opening<'a>,
    slots: Vec<Slot>,
    listing: Listing,
}

impl Build<'_> {
    fn take(&mut self, cabinet: &Cabinet, file: &File) {
        let name = ArtifactName::new(&file.name);
        if let Some(hit) = super::refused_by_name(&name, self.opening.limits) {
            self.listing.limits_hit.push(hit);
            return;
        }
        if let Some(why) = super::junk(&name) {
            self.listing.skipped.push(Skipped { name, why });
            return;
        }
        let folder = match file.folder {
            // The last folder of this cabinet is the one that goes on in the next.
            INTO_NEXT => cabinet.folders.len().checked_sub(1),
            FROM_PREVIOUS | FROM_PREVIOUS_INTO_NEXT => None,
            folder => Some(usize::from(folder)),
        };
        let there = folder.and_then(|nth| Some((nth, cabinet.folders.get(nth)?)));
        let (slot, refused) = match there {
            None if file.folder >= FROM_PREVIOUS => refused(ReadErrorKind::OtherCabinet),
            None => refused(ReadErrorKind::Faulty(ReadFault::Damaged)),
            Some((_, folder)) if Packing::of(folder.packing).is_none() => {
                refused(ReadErrorKind::UnsupportedCabinet {
                    packing: folder.packing,
                })
            }
            Some((nth, _)) => {
                let (at, size) = (u64::from(file.offset), u64::from(file.size));
                (Slot::run(nth, at, size), None)
            }
        };
        let goes_on = (file.folder == INTO_NEXT).then_some(ArtifactIssue::OtherCabinet);
        self.slots.push(slot);
        let size = u64::from(file.size);
        self.listing.entries.push(Entry {
            name,
            name_encoding: NameEncoding::AsGiven,
            size: None,
            claimed_size: Some(size),
            claim: Claim {
                packed: size,
                unpacked: size,
            },
            modified: dos_local(file.date, file.time).map(|local| Modified {
                when: When::Local(local),
                source: ModifiedSource::CabDosLocal,
                packer_local: None,
            }),
            encrypted: false,
            issues: refused.or(goes_on).into_iter().collect(),
        });
    }

    /// Divides what is on disk by what is claimed, keeps contents, and makes the listing.
    fn finish(mut self, cabinet: &Cabinet) -> Listing {
        let claimed = self
            .listing
            .entries
            .iter()
            .map(|entry| entry.claim.unpacked);
        let claimed: u64 = claimed.sum();
        for entry in &mut self.listing.entries {
            entry.claim.packed = self.opening.share(entry.claim.unpacked, claimed);
        }
        let mut keeper = Keeper::new(self.opening.hoard);
        let mut reels: Vec<Arc<dyn Reel>> = Vec::new();
        for (nth, folder) in cabinet.folders.iter().enumerate() {
            let reel = FolderReel {
                source: self.source.clone(),
                folder: *folder,
                // Of the others, no slot is opened.
                packing: Packing::of(folder.packing).unwrap_or(Packing::Stored),
                reserve: cabinet.block_reserve,
                on_disk: self.opening.packed,
                limits: self.opening.limits.clone(),
            };
            let of_folder = self.slots.iter_mut().filter(|slot| slot.reel == nth);
            let mut slots: Vec<&mut Slot> = of_folder.filter(|s| s.refused.is_none()).collect();
            if slots.len() > 1 {
                keep_all(&reel, &mut slots, &mut keeper);
            }
            reels.push(Arc::new(reel));
        }
        let garage = Arc::clone(self.opening.garage);
        Listing {
            container: Arc::new(Solid::new(reels, self.slots, garage)),
            ..self.listing
        }
    }
}

fn refused(why: ReadErrorKind) -> (Slot, Option<ArtifactIssue>) {
    let issue = match why {
        ReadErrorKind::OtherCabinet => Some(ArtifactIssue::OtherCabinet),
        ReadErrorKind::UnsupportedCabinet { packing } => {
            Some(ArtifactIssue::UnsupportedCabinet { packing })
        }
        ReadErrorKind::Faulty(fault) => Some(ArtifactIssue::Fault(fault)),
        _ => None,
    };
    (Slot::refused(why), issue)
}
