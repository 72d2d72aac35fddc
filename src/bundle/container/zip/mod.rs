//! A zip archive, read where it lies.
//!
//! The `zip` crate unpacks; the directory is read here, because what uploads need of it
//! the crate cannot give: entries that share a name, entries beside a broken one, names
//! as stored, times by source, and output that is bounded by limits instead of by the
//! size that the archive claims. Format: PKWARE APPNOTE 6.3.10, Info-ZIP extra fields.

mod cp437;
mod directory;
mod entry;
mod extra;
mod inflate;
mod recover;

use super::{Container, ContainerKind, Entry, Listing, Opening};
use crate::bundle::artifact::{ArtifactIssue, Encryption, IoTrouble, SkipReason, Skipped};
use crate::bundle::limits::{Claim, LimitHit};
use crate::bundle::name::ArtifactName;
use crate::bundle::note::{BundleNote, DirectoryFault};
use crate::bundle::password::Password;
use crate::bundle::reader::ReadErrorKind;
use crate::bundle::source::Source;
use crate::bundle::trouble::OpenErrorKind;
use directory::Directory;
pub(super) use entry::dos_local;
use entry::{Header, Lock, Place};
use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

/// Formats that are zip archives inside but one document to whoever uploads them.
const DOCUMENTS: &[&str] = &[
    "docx", "xlsx", "pptx", "odt", "ods", "odp", "vsdx", "epub", "jar", "msix", "appx", "nupkg",
];

/// Whether the name is that of a document.
pub(super) fn is_document(name: &ArtifactName) -> bool {
    DOCUMENTS.contains(&name.extension_folded().as_str())
}

/// Whether `head` is the beginning of a zip archive.
pub(super) fn begins(head: &[u8]) -> bool {
    let signatures = [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"];
    signatures
        .iter()
        .any(|signature| head.starts_with(*signature))
}

/// Whether `file` is to be read as an archive: it begins like one, or is called one and
/// ends like one (self-extracting archives and such begin with something else).
pub(super) fn looks_like_one(file: &Source, name: &ArtifactName) -> bool {
    if is_document(name) {
        return false;
    }
    let head = file.bytes_at(0, 4).unwrap_or_default();
    begins(&head)
        || (name.extension_folded() == "zip" && matches!(directory::read(file, 1), Ok(Some(_))))
}

/// The method of entries that are not packed.
const STORED: u16 = 0;

/// How an entry is opened.
enum Access {
    /// Its packed bytes are there and of a method that is read.
    Packed(Place),
    /// It cannot be.
    Refused(ReadErrorKind),
}

struct Zip {
    file: Source,
    password: Option<Password>,
    entries: Vec<Access>,
}

impl Container for Zip {
    fn open(&self, index: usize) -> Result<Box<dyn Read + Send>, ReadErrorKind> {
        match self.entries.get(index) {
            Some(Access::Packed(place)) => {
                let password = self.password.clone();
                Ok(Box::new(inflate::open(&self.file, *place, password)))
            }
            Some(Access::Refused(why)) => Err(*why),
            None => Err(ReadErrorKind::UnknownId),
        }
    }

    fn source(&self, index: usize) -> Option<Source> {
        match self.entries.get(index) {
            Some(Access::Packed(place)) if place.method == STORED && place.lock == Lock::Open => {
                Some(self.file.section(place.start, place.packed))
            }
            _ => None,
        }
    }
}

/// Lists the archive's entries, repairing what can be.
pub(super) fn list(file: Source, opening: &Opening<'_>) -> Result<Listing, OpenErrorKind> {
    let limits = opening.limits;
    let io = |error: std::io::Error| OpenErrorKind::Io(IoTrouble::from(&error));
    let directory = directory::read(&file, limits.entries).map_err(io)?;
    let fault = match &directory {
        None => Some(DirectoryFault::Missing),
        Some(directory) if directory.split => return Err(OpenErrorKind::SplitArchive),
        Some(directory) => directory
            .broken_at
            .map(|offset| DirectoryFault::BrokenAt { offset }),
    };
    let mut build = Build::new(file, opening);
    if let Some(directory) = directory {
        build.list(directory);
    }
    if let Some(because) = fault {
        build.recover(because).map_err(io)?;
    }
    build.finish(fault)
}

/// The listing of one archive while it is made.
struct Build<'a> {
    opening: &'a Opening<'a>,
    zip: Zip,
    listing: Listing,
    /// Where each entry's bytes lie, for finding overlaps: start, end, index.
    spans: Vec<(u64, u64, usize)>,
    listed_at: BTreeSet<u64>,
}

impl<'a> Build<'a> {
    fn new(file: Source, opening: &'a Opening<'a>) -> Self {
        Build {
            opening,
            zip: Zip {
                file,
                password: opening.password.cloned(),
                entries: Vec::new(),
            },
            listing: Listing::empty(ContainerKind::Zip),
            spans: Vec::new(),
            listed_at: BTreeSet::new(),
        }
    }

    fn list(&mut self, directory: Directory) {
        let notes = &mut self.listing.notes;
        let found = directory.headers.len() as u64;
        if directory.cut_by_limit {
            let limit = self.opening.limits.entries;
            self.listing.limits_hit.push(LimitHit::Entries { limit });
        } else if !directory.counts(found) {
            notes.push(BundleNote::EntryCountDiffers {
                stated: directory.stated,
                found,
            });
        }
        if directory.leading > 0 {
            notes.push(BundleNote::LeadingBytes {
                bytes: directory.leading,
            });
        }
        if directory.trailing > 0 {
            notes.push(BundleNote::TrailingBytes {
                bytes: directory.trailing,
            });
        }
        for header in directory.headers {
            self.listed_at.insert(header.at);
            self.take(header);
        }
    }

    /// Adds what a search of the whole file finds beyond the directory.
    fn recover(&mut self, because: DirectoryFault) -> std::io::Result<()> {
        let room = self
            .opening
            .limits
            .entries
            .saturating_sub(self.listed_at.len());
        let found = recover::search(&self.zip.file, room)?;
        if found.cut_by_limit {
            let limit = self.opening.limits.entries;
            self.listing.limits_hit.push(LimitHit::Entries { limit });
        }
        let before = self.listing.entries.len();
        for header in found.headers {
            if self.listed_at.insert(header.at) {
                self.take(header);
            }
        }
        let recovered = self.listing.entries.len().saturating_sub(before);
        self.listing
            .notes
            .push(BundleNote::ArchiveRepaired { recovered, because });
        Ok(())
    }

    fn take(&mut self, header: Header) {
        let (name, name_encoding) = header.decoded_name();
        if let Some(hit) = super::refused_by_name(&name, self.opening.limits) {
            self.listing.limits_hit.push(hit);
            return;
        }
        let skip = super::junk(&name).or(header.skip_reason());
        if header.is_directory() && skip.is_none() {
            return;
        }
        if let Some(why) = skip {
            self.listing.skipped.push(Skipped { name, why });
            return;
        }
        let (access, mut issues) = self.access(&header, &name);
        if let Access::Packed(place) = &access {
            let end = place.start.saturating_add(place.packed);
            self.spans.push((header.at, end, self.zip.entries.len()));
        }
        if header.recovered {
            issues.push(ArtifactIssue::Recovered);
        }
        self.zip.entries.push(access);
        self.listing.entries.push(Entry {
            name,
            name_encoding,
            size: None,
            claimed_size: header.unpacked,
            claim: Claim {
                packed: self
                    .opening
                    .share(header.packed.min(self.zip.file.len()), self.zip.file.len()),
                unpacked: header.unpacked.unwrap_or(header.packed),
            },
            modified: header.modified(),
            encrypted: header.encryption().is_some(),
            issues,
        });
    }

    /// Finds the entry's bytes, and what is wrong about them.
    fn access(&self, header: &Header, name: &ArtifactName) -> (Access, Vec<ArtifactIssue>) {
        let readable = |kind: Encryption| kind.is_read() && self.zip.password.is_some();
        if let Some(kind) = header.encryption().filter(|kind| !readable(*kind)) {
            let issue = ArtifactIssue::Encrypted(kind);
            return (Access::Refused(ReadErrorKind::Encrypted(kind)), vec![issue]);
        }
        let method = header.packing();
        if !inflate::METHODS.contains(&method) {
            let why = ReadErrorKind::UnsupportedMethod { method };
            return (
                Access::Refused(why),
                vec![ArtifactIssue::UnsupportedMethod { method }],
            );
        }
        let Some(local) = entry::local(&self.zip.file, header) else {
            let why = ReadErrorKind::LocalHeaderMissing;
            return (
                Access::Refused(why),
                vec![ArtifactIssue::LocalHeaderMissing],
            );
        };
        let mut issues = Vec::new();
        if local.name != header.stored_name {
            let (local, _) = entry::decode_name(&local.name, header.flags, None);
            if local != *name {
                issues.push(ArtifactIssue::LocalNameDiffers { local });
            }
        }
        if header.crc.is_none() {
            issues.push(ArtifactIssue::NoChecksum);
        }
        (Access::Packed(header.place(local.data_start)), issues)
    }

    fn mark_overlaps(&mut self) {
        self.spans.sort_unstable();
        let mut reach: Option<(u64, usize)> = None;
        let mut overlapping = BTreeSet::new();
        for &(start, end, index) in &self.spans {
            match reach {
                Some((until, owner)) if start < until => {
                    overlapping.extend([owner, index]);
                    if end > until {
                        reach = Some((end, index));
                    }
                }
                _ => reach = Some((end, index)),
            }
        }
        for index in overlapping {
            if let Some(entry) = self.listing.entries.get_mut(index) {
                entry.issues.push(ArtifactIssue::Overlaps);
            }
        }
    }

    fn finish(mut self, fault: Option<DirectoryFault>) -> Result<Listing, OpenErrorKind> {
        self.mark_overlaps();
        let nothing = self.listing.entries.is_empty()
            && self.listing.skipped.is_empty()
            && self.listing.limits_hit.is_empty();
        match fault {
            Some(fault) if nothing => Err(OpenErrorKind::DamagedArchive(fault)),
            _ => Ok(Listing {
                container: Arc::new(self.zip),
                ..self.listing
            }),
        }
    }
}

impl Header {
    /// Why the entry is no artifact, if it is none.
    fn skip_reason(&self) -> Option<SkipReason> {
        match self.unix_type() {
            Some(entry::UnixType::Symlink) => Some(SkipReason::Symlink),
            Some(entry::UnixType::Special) => Some(SkipReason::SpecialFile),
            _ if self.is_directory() && self.packed > 0 => Some(SkipReason::DirectoryWithContent),
            _ => None,
        }
    }
}
