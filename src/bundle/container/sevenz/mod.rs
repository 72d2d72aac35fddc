//! A 7z archive: a directory at its end, and folders ("solid blocks") of packed bytes,
//! each a reel.
//!
//! The directory and the coders' order are read here, where a crate exists for both,
//! because that crate reserves what an archive's header asks for (a header of 4 GB, a
//! billion files, a dictionary without bound) and ends the process with it. The
//! unpacking itself is done by crates.

mod cipher;
mod coders;
mod folder;
mod header;

use super::packed::Guard;
use super::solid::{Checked, Keeper, Reel, Slot, Solid, keep_all};
use super::{ContainerKind, Entry, Listing, Opening};
use crate::bundle::artifact::{
    ArtifactIssue, Encryption, Modified, ModifiedSource, SkipReason, Skipped, When,
};
use crate::bundle::limits::{Claim, LimitHit, Limits};
use crate::bundle::name::{ArtifactName, NameEncoding};
use crate::bundle::note::DirectoryFault;
use crate::bundle::reader::{ReadErrorKind, ReadFault};
use crate::bundle::source::Source;
use crate::bundle::trouble::OpenErrorKind;
use cipher::Key;
use folder::{Directory, File, Folder};
use std::io::{self, Read};
use std::sync::Arc;

/// The signature.
const SIGNATURE: &[u8] = b"7z\xbc\xaf\x27\x1c";
/// The first header: signature, version, its checksum, and where the directory is.
const START: u64 = 32;

/// Bytes of a directory that are read: 320 for each of the default 200,000 files.
const MAX_DIRECTORY: u64 = 64 << 20;

/// A directory may be packed, and that again.
const MAX_PACKINGS: usize = 4;

/// Whether `head` is the beginning of a 7z archive.
pub(super) fn begins(head: &[u8]) -> bool {
    head.starts_with(SIGNATURE)
}

/// The bytes of one folder.
struct FolderReel {
    folder: Folder,
    packed: Vec<Source>,
    key: Option<Key>,
    on_disk: u64,
    limits: Limits,
}

impl Reel for FolderReel {
    fn open(&self) -> Result<Box<dyn Read + Send>, ReadErrorKind> {
        let bench = coders::Bench {
            folder: &self.folder,
            packed: &self.packed,
            key: self.key.as_ref(),
        };
        Ok(Box::new(Guard::new(
            bench.open()?,
            self.on_disk,
            &self.limits,
        )))
    }

    fn source(&self) -> Option<&Source> {
        match self.packed.as_slice() {
            [source] if coders::is_plain(&self.folder) => Some(source),
            _ => None,
        }
    }
}

/// Lists the archive.
pub(super) fn list(source: &Source, opening: &Opening<'_>) -> Result<Listing, OpenErrorKind> {
    let mut keys = Keys {
        opening,
        made: Vec::new(),
    };
    let directory = directory(source, &mut keys)?;
    let mut build = Build {
        source,
        opening,
        keys,
        reels: Vec::new(),
        slots: Vec::new(),
        listing: Listing::empty(ContainerKind::SevenZip),
    };
    build.folders(&directory);
    build.files(&directory);
    Ok(build.finish())
}

/// The keys of an archive, each made once.
struct Keys<'a> {
    opening: &'a Opening<'a>,
    made: Vec<Key>,
}

impl Keys<'_> {
    /// The key for a folder; `None` where it needs none, or where there is no password.
    fn of(&mut self, folder: &Folder) -> Option<Key> {
        let coder = folder.coders.iter().find(|c| c.method == coders::AES)?;
        let made = self.made.iter().find(|key| key.fits(&coder.properties));
        if let Some(key) = made {
            return Some(key.clone());
        }
        let key = Key::new(self.opening.password?, &coder.properties)?;
        self.made.push(key.clone());
        Some(key)
    }
}

/// Finds and reads the directory, unpacking it as often as it is packed.
fn directory(source: &Source, keys: &mut Keys<'_>) -> Result<Directory, OpenErrorKind> {
    let missing = OpenErrorKind::DamagedArchive(DirectoryFault::Missing);
    let (at, bytes) = end_header(source)?.ok_or(missing)?;
    let broken = || OpenErrorKind::DamagedArchive(DirectoryFault::BrokenAt { offset: at });
    if bytes.is_empty() {
        return Ok(Directory::default());
    }
    let mut bytes = bytes;
    for _ in 0..MAX_PACKINGS {
        if u64::from(*bytes.first().unwrap_or(&0)) != header::ENCODED_HEADER {
            break;
        }
        let packed = header::packed_directory(&bytes).ok_or_else(broken)?;
        let folder = packed.folders.first().ok_or_else(broken)?;
        let encrypted = coders::is_encrypted(folder);
        let key = keys.of(folder);
        if encrypted && key.is_none() {
            return Err(OpenErrorKind::EncryptedDirectory { wrong: false });
        }
        let reel = reel(source, &packed, folder, key, keys.opening);
        let unpacked = reel
            .ok_or(ReadFault::Damaged)
            .and_then(|reel| whole(&reel, folder.crc));
        bytes = unpacked.map_err(|fault| match encrypted {
            _ if fault.is_of_memory() => OpenErrorKind::OutOfMemory,
            true => OpenErrorKind::EncryptedDirectory { wrong: true },
            false => broken(),
        })?;
    }
    header::directory(&bytes).ok_or_else(broken)
}

/// Where the first header says that the directory is, and its bytes, if they are there and
/// their checksum fits.
fn end_header(source: &Source) -> Result<Option<(u64, Vec<u8>)>, OpenErrorKind> {
    let io = |error: io::Error| OpenErrorKind::Io((&error).into());
    let start = source.bytes_at(0, START as usize).map_err(io)?;
    let word = |at: usize| {
        start
            .get(at..)?
            .first_chunk()
            .map(|b| u64::from_le_bytes(*b))
    };
    let crc = |at: usize| {
        start
            .get(at..)?
            .first_chunk()
            .map(|b| u32::from_le_bytes(*b))
    };
    let (Some(offset), Some(size), Some(expected)) = (word(12), word(20), crc(28)) else {
        return Ok(None);
    };
    let at = START.saturating_add(offset);
    let there = at.checked_add(size).is_some_and(|end| end <= source.len());
    if crc(8) != start.get(12..).map(crc32) || !there || size > MAX_DIRECTORY {
        return Ok(None);
    }
    let bytes = source.bytes_at(at, size as usize).map_err(io)?;
    Ok((crc32(&bytes) == expected).then_some((at, bytes)))
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// The whole of a packed directory.
fn whole(reel: &FolderReel, crc: Option<u32>) -> Result<Vec<u8>, ReadFault> {
    let mut bytes = Vec::new();
    let content = reel.open().map_err(ReadErrorKind::as_fault)?;
    let mut content = content.take(MAX_DIRECTORY);
    match crc {
        Some(crc) => Checked::new(content, crc).read_to_end(&mut bytes),
        None => content.read_to_end(&mut bytes),
    }
    .map_err(|error| ReadFault::of(&error))?;
    Ok(bytes)
}

/// A folder's bytes; nothing where the streams that it names are not there.
fn reel(
    source: &Source,
    directory: &Directory,
    folder: &Folder,
    key: Option<Key>,
    opening: &Opening<'_>,
) -> Option<FolderReel> {
    let streams = folder.first_stream..folder.first_stream.checked_add(folder.packed.len())?;
    let offsets = directory.offsets.get(streams.clone())?;
    let sizes = directory.packed_sizes.get(streams)?;
    let packed: Vec<Source> = offsets
        .iter()
        .zip(sizes)
        .map(|(&at, &size)| source.section(START.saturating_add(at), size))
        .collect();
    let on_disk = opening.share(packed.iter().map(Source::len).sum(), source.len());
    Some(FolderReel {
        folder: folder.clone(),
        packed,
        key,
        on_disk,
        limits: opening.limits.clone(),
    })
}

/// A part of a folder: where it is and what is known of it.
struct Part {
    slot: Slot,
    size: u64,
    on_disk: u64,
    encrypted: bool,
    issue: Option<ArtifactIssue>,
}

/// The listing of one archive while it is made.
struct Build<'a> {
    source: &'a Source,
    opening: &'a Opening<'a>,
    keys: Keys<'a>,
    reels: Vec<Arc<dyn Reel>>,
    /// Of the parts of all folders, in order; of the files later.
    slots: Vec<Part>,
    listing: Listing,
}

impl Build<'_> {
    fn folders(&mut self, directory: &Directory) {
        let mut misfit = None;
        for folder in &directory.folders {
            let key = self.keys.of(folder);
            let encrypted = coders::is_encrypted(folder);
            let made = reel(self.source, directory, folder, key, self.opening);
            let refused = match (&made, coders::unread(folder)) {
                (None, _) => Some(ReadErrorKind::Faulty(ReadFault::Damaged)),
                (_, Some(method)) => Some(ReadErrorKind::UnsupportedCoder { method }),
                (Some(reel), None) if encrypted && reel.key.is_none() => {
                    Some(ReadErrorKind::Encrypted(Encryption::Aes))
                }
                (Some(reel), None) if encrypted => {
                    let misfit = *misfit.get_or_insert_with(|| password_misfit(reel));
                    misfit.map(ReadErrorKind::Faulty)
                }
                _ => None,
            };
            self.parts(folder, made, refused, encrypted);
        }
    }

    /// Adds the parts of one folder, and keeps their contents where one cannot be had
    /// without the others.
    fn parts(
        &mut self,
        folder: &Folder,
        reel: Option<FolderReel>,
        refused: Option<ReadErrorKind>,
        encrypted: bool,
    ) {
        let on_disk = reel.as_ref().map_or(0, |reel| reel.on_disk);
        let (number, mut at) = (self.reels.len(), 0_u64);
        let first = self.slots.len();
        for (size, crc) in &folder.parts {
            let share = u128::from(on_disk) * u128::from(*size) / u128::from(folder.size().max(1));
            let slot = match refused {
                Some(why) => Slot::refused(why),
                None => Slot {
                    crc: *crc,
                    ..Slot::run(number, at, *size)
                },
            };
            self.slots.push(Part {
                slot,
                size: *size,
                on_disk: u64::try_from(share).unwrap_or(u64::MAX),
                encrypted,
                issue: refused.and_then(issue),
            });
            at = at.saturating_add(*size);
        }
        let Some(reel) = reel else { return };
        if refused.is_none() && folder.parts.len() > 1 && reel.source().is_none() {
            let parts = self.slots.get_mut(first..).unwrap_or_default();
            let mut slots: Vec<&mut Slot> = parts.iter_mut().map(|part| &mut part.slot).collect();
            keep_all(&reel, &mut slots, &mut Keeper::new(self.opening.hoard));
        }
        self.reels.push(Arc::new(reel));
    }

    fn files(&mut self, directory: &Directory) {
        let parts = std::mem::take(&mut self.slots);
        let mut parts = parts.into_iter();
        for (nth, file) in directory.files.iter().enumerate() {
            if nth >= self.opening.limits.entries {
                let limit = self.opening.limits.entries;
                self.listing.limits_hit.push(LimitHit::Entries { limit });
                return;
            }
            let part = match file.has_stream {
                true => parts.next().unwrap_or_else(missing),
                false => nothing(),
            };
            self.take(file, part);
        }
    }

    fn take(&mut self, file: &File, part: Part) {
        let name = ArtifactName::new(&file.name);
        if let Some(hit) = super::refused_by_name(&name, self.opening.limits) {
            self.listing.limits_hit.push(hit);
            return;
        }
        let skip = super::junk(&name).or_else(|| skip_reason(file));
        if file.is_folder {
            return;
        }
        if let Some(why) = skip {
            self.listing.skipped.push(Skipped { name, why });
            return;
        }
        self.listing.entries.push(Entry {
            name,
            name_encoding: NameEncoding::AsGiven,
            size: (!file.has_stream).then_some(0),
            claimed_size: file.has_stream.then_some(part.size),
            claim: Claim {
                packed: part.on_disk,
                unpacked: part.size,
            },
            modified: file.modified.map(|when| Modified {
                when: When::Instant(when),
                source: ModifiedSource::SevenZipUtc,
                packer_local: None,
            }),
            encrypted: part.encrypted,
            issues: part.issue.clone().into_iter().collect(),
        });
        self.slots.push(part);
    }

    fn finish(self) -> Listing {
        let slots = self.slots.into_iter().map(|part| part.slot).collect();
        let garage = Arc::clone(self.opening.garage);
        Listing {
            container: Arc::new(Solid::new(self.reels, slots, garage)),
            ..self.listing
        }
    }
}

/// A file of no bytes.
fn nothing() -> Part {
    Part {
        slot: Slot::empty(),
        size: 0,
        on_disk: 0,
        encrypted: false,
        issue: None,
    }
}

/// A file for which no folder has bytes.
fn missing() -> Part {
    let why = ReadErrorKind::Faulty(ReadFault::Damaged);
    Part {
        slot: Slot::refused(why),
        issue: issue(why),
        ..nothing()
    }
}

fn issue(why: ReadErrorKind) -> Option<ArtifactIssue> {
    match why {
        ReadErrorKind::Encrypted(kind) => Some(ArtifactIssue::Encrypted(kind)),
        ReadErrorKind::UnsupportedCoder { method } => {
            Some(ArtifactIssue::UnsupportedCoder { method })
        }
        ReadErrorKind::Faulty(fault) => Some(ArtifactIssue::Fault(fault)),
        _ => None,
    }
}

/// Why a file is no artifact: p7zip keeps Unix's mode in the upper half of the attributes
/// and says so by a bit of its own; Windows marks links as reparse points.
fn skip_reason(file: &File) -> Option<SkipReason> {
    const UNIX: u32 = 0x8000;
    const REPARSE_POINT: u32 = 0x400;
    let mode = file.attributes >> 16 & 0o170_000;
    match file.attributes & UNIX != 0 {
        true if mode == 0o120_000 => Some(SkipReason::Symlink),
        true if matches!(mode, 0o010_000 | 0o020_000 | 0o060_000 | 0o140_000) => {
            Some(SkipReason::SpecialFile)
        }
        false if file.attributes & REPARSE_POINT != 0 => Some(SkipReason::Symlink),
        _ => None,
    }
}

/// What keeps the first part of a folder from coming out as its checksum says: another password,
/// or want of memory. Without a checksum there is no telling.
fn password_misfit(reel: &FolderReel) -> Option<ReadFault> {
    let Some((size, Some(crc))) = reel.folder.parts.first() else {
        return None;
    };
    let read = reel
        .open()
        .map_err(ReadErrorKind::as_fault)
        .and_then(|content| {
            let mut content = Checked::new(content.take(*size), *crc);
            io::copy(&mut content, &mut io::sink()).map_err(|error| ReadFault::of(&error))
        });
    match read {
        Ok(read) if read == *size => None,
        Err(fault) if fault.is_of_memory() => Some(fault),
        _ => Some(ReadFault::WrongPassword),
    }
}
