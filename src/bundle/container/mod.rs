//! What an upload may come in. Each kind of container is one file that lists its entries
//! and opens them in place; a new kind implements [`Container`] and is tried in
//! [`recognise`].

mod cab;
mod folder;
mod loose;
mod packed;
mod sevenz;
mod solid;
mod tar;
mod zip;

pub use packed::Packing;
pub(super) use solid::{Garage, Hoard};

use super::artifact::{
    ArtifactIssue, IoTrouble, Modified, ModifiedSource, SkipReason, Skipped, When,
};
use super::classify::HEAD_BYTES;
use super::limits::{Claim, LimitHit, Limits};
use super::name::{ArtifactName, NameEncoding};
use super::note::BundleNote;
use super::password::Password;
use super::reader::{ReadErrorKind, ReadFault};
use super::source::Source;
use super::trouble::OpenErrorKind;
use chrono::{DateTime, TimeDelta, Utc};
use std::fs::Metadata;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// The content of a container's entries, by their place in its listing.
pub(super) trait Container: Send + Sync {
    /// The entry's content from its beginning. May be called from many threads at once.
    fn open(&self, index: usize) -> Result<Box<dyn Read + Send>, ReadErrorKind>;

    /// The entry as a file of its own, where it is one.
    fn path(&self, _index: usize) -> Option<&Path> {
        None
    }

    /// The entry's content with random access, where there is such without unpacking.
    fn source(&self, _index: usize) -> Option<Source> {
        None
    }
}

/// The kind of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerKind {
    /// A folder of files.
    Folder,
    /// A single file.
    File,
    /// A zip archive.
    Zip,
    /// A tar archive, compressed as a whole or not.
    Tar(Option<Packing>),
    /// A single compressed file.
    Packed(Packing),
    /// A 7z archive.
    SevenZip,
    /// A cabinet.
    Cab,
}

impl ContainerKind {
    /// Every kind; `docs/inputs.md` has a row for each.
    pub const ALL: [ContainerKind; 14] = [
        ContainerKind::Folder,
        ContainerKind::File,
        ContainerKind::Zip,
        ContainerKind::Tar(None),
        ContainerKind::Tar(Some(Packing::Gzip)),
        ContainerKind::Tar(Some(Packing::Xz)),
        ContainerKind::Tar(Some(Packing::Zstd)),
        ContainerKind::Tar(Some(Packing::Bzip2)),
        ContainerKind::Packed(Packing::Gzip),
        ContainerKind::Packed(Packing::Xz),
        ContainerKind::Packed(Packing::Zstd),
        ContainerKind::Packed(Packing::Bzip2),
        ContainerKind::SevenZip,
        ContainerKind::Cab,
    ];

    /// The word that reports use: what such a file's name ends with.
    pub const fn name(self) -> &'static str {
        match self {
            ContainerKind::Folder => "folder",
            ContainerKind::File => "file",
            ContainerKind::Zip => "zip",
            ContainerKind::Tar(None) => "tar",
            ContainerKind::Tar(Some(Packing::Gzip)) => "tar.gz",
            ContainerKind::Tar(Some(Packing::Xz)) => "tar.xz",
            ContainerKind::Tar(Some(Packing::Zstd)) => "tar.zst",
            ContainerKind::Tar(Some(Packing::Bzip2)) => "tar.bz2",
            ContainerKind::SevenZip => "7z",
            ContainerKind::Cab => "cab",
            ContainerKind::Packed(packing) => packing.extension(),
        }
    }
}

/// An entry as its container describes it.
pub(super) struct Entry {
    pub name: ArtifactName,
    pub name_encoding: NameEncoding,
    /// Known without trusting the container.
    pub size: Option<u64>,
    pub claimed_size: Option<u64>,
    pub claim: Claim,
    pub modified: Option<Modified>,
    pub encrypted: bool,
    pub issues: Vec<ArtifactIssue>,
}

/// Everything a container holds.
pub(super) struct Listing {
    pub kind: ContainerKind,
    pub container: Arc<dyn Container>,
    pub entries: Vec<Entry>,
    pub skipped: Vec<Skipped>,
    pub limits_hit: Vec<LimitHit>,
    pub notes: Vec<BundleNote>,
}

/// What a listing holds until its container is known.
struct Nothing;

impl Container for Nothing {
    fn open(&self, _index: usize) -> Result<Box<dyn Read + Send>, ReadErrorKind> {
        Err(ReadErrorKind::UnknownId)
    }
}

impl Listing {
    fn empty(kind: ContainerKind) -> Self {
        Listing {
            kind,
            container: Arc::new(Nothing),
            entries: Vec::new(),
            skipped: Vec::new(),
            limits_hit: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// Where an archive's own bytes come from.
#[derive(Clone)]
pub(super) enum Feed {
    /// Bytes with random access.
    Source(Source),
    /// An entry of another container, unpacked each time anew.
    Entry(Arc<dyn Container>, usize),
}

impl Feed {
    /// An entry of a container.
    pub(super) fn of_entry(container: &Arc<dyn Container>, index: usize) -> Feed {
        match container.source(index) {
            Some(source) => Feed::Source(source),
            None => Feed::Entry(Arc::clone(container), index),
        }
    }

    pub(super) fn source(&self) -> Option<&Source> {
        match self {
            Feed::Source(source) => Some(source),
            Feed::Entry(..) => None,
        }
    }

    /// The bytes from their beginning.
    pub(super) fn open(&self) -> Result<Box<dyn Read + Send>, ReadErrorKind> {
        match self {
            Feed::Source(source) => Ok(Box::new(source.range(0, source.len()))),
            Feed::Entry(container, index) => container.open(*index),
        }
    }

    /// The first `len` bytes, or what there is of them before a fault.
    pub(super) fn head(&self, len: u64) -> Result<Vec<u8>, ReadErrorKind> {
        let mut head = Vec::new();
        let outcome = self.open()?.take(len).read_to_end(&mut head);
        // What came before a fault is in `head`; the fault itself comes up when all is read. One of
        // memory may not come up again.
        match outcome.map_err(|error| ReadFault::of(&error)) {
            Err(fault) if fault.is_of_memory() => Err(ReadErrorKind::Faulty(fault)),
            _ => Ok(head),
        }
    }
}

/// How an archive is opened.
pub(super) struct Opening<'a> {
    pub limits: &'a Limits,
    pub hoard: &'a Hoard,
    pub garage: &'a Arc<Garage>,
    pub password: Option<&'a Password>,
    /// What the archive is called.
    pub name: &'a ArtifactName,
    /// When it was last written.
    pub modified: Option<Modified>,
    /// Bytes on disk that it takes: of an archive within an archive, its packed ones, so
    /// that what comes out at the end is held to what went in.
    pub packed: u64,
}

impl Opening<'_> {
    /// The part of the packed bytes that `part` of `whole` takes.
    fn share(&self, part: u64, whole: u64) -> u64 {
        let share = u128::from(self.packed) * u128::from(part) / u128::from(whole.max(1));
        u64::try_from(share).unwrap_or(u64::MAX)
    }
}

/// Why an archive that does not open as such is not opened.
pub(super) fn trouble_of(error: ReadErrorKind) -> OpenErrorKind {
    match error {
        _ if error.is_of_memory() => OpenErrorKind::OutOfMemory,
        ReadErrorKind::Io(trouble) => OpenErrorKind::Io(trouble),
        _ => OpenErrorKind::Io(IoTrouble::Other(std::io::ErrorKind::InvalidData.into())),
    }
}

/// Lists what lies at `path`: a folder, an archive of a known kind, or a loose file.
pub(super) fn recognise(path: &Path, opening: &Opening<'_>) -> Result<Listing, OpenErrorKind> {
    let io = |error: std::io::Error| OpenErrorKind::Io((&error).into());
    let metadata = std::fs::metadata(path).map_err(io)?;
    if metadata.is_dir() {
        return Ok(folder::list(path, opening.limits));
    }
    if !metadata.is_file() {
        return Err(OpenErrorKind::SpecialFile);
    }
    let feed = Feed::Source(Source::open(path).map_err(io)?);
    let opening = Opening {
        packed: metadata.len(),
        modified: modified_of(&metadata),
        ..*opening
    };
    let head = feed.head(HEAD_BYTES as u64).map_err(trouble_of)?;
    match list_archive(&feed, &head, &opening) {
        Some(listing) => listing,
        None => Ok(loose::list(path, &metadata)),
    }
}

/// What the file at `path`, which begins with `head`, holds if it is a single compressed
/// file: its name and its first bytes. `None` for anything else.
pub fn single_within(path: &Path, head: &[u8]) -> Option<(ArtifactName, Vec<u8>)> {
    let packing = Packing::of(head)?;
    let feed = Feed::Source(Source::open(path).ok()?);
    let unpacked = packed::head(&feed, packing).ok()?;
    let name = ArtifactName::new(path.file_name()?.as_encoded_bytes());
    (!tar::begins(&unpacked)).then(|| (packed::unpacked_name(&name, packing), unpacked))
}

/// Endings of names that say: an archive of several files. Those of single compressed files are
/// none: `httperr1.log.gz` is a log.
const ARCHIVE_ENDINGS: [&str; 16] = [
    ".zip",
    ".7z",
    ".rar",
    ".cab",
    ".tar",
    ".tgz",
    ".txz",
    ".tzst",
    ".tbz",
    ".tbz2",
    ".tar.gz",
    ".tar.xz",
    ".tar.zst",
    ".tar.bz2",
    ".tar.lz4",
    ".tar.lzma",
];

/// Whether a file is called an archive, whatever it holds: a damaged one is one still.
pub fn has_archive_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    ARCHIVE_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Whether what begins with `head` is an archive that needs random access.
pub(super) fn needs_source(head: &[u8]) -> bool {
    zip::begins(head) || sevenz::begins(head) || cab::begins(head)
}

/// Whether what begins with `head` is an archive of a kind that is read. A document that
/// is one inside is none.
pub(super) fn is_archive(name: &ArtifactName, head: &[u8]) -> bool {
    let is_zip = zip::begins(head) && !zip::is_document(name);
    is_zip
        || sevenz::begins(head)
        || cab::begins(head)
        || tar::begins(head)
        || Packing::of(head).is_some()
        || not_read(head).is_some()
}

/// What kind of archive, of those that are not read, begins with `head`.
pub(super) fn not_read(head: &[u8]) -> Option<&'static str> {
    head.starts_with(b"Rar!\x1a\x07").then_some("a RAR archive")
}

/// Lists the archive that `feed` is and that begins with `head`, or nothing where it is
/// none of a known kind.
pub(super) fn list_archive(
    feed: &Feed,
    head: &[u8],
    opening: &Opening<'_>,
) -> Option<Result<Listing, OpenErrorKind>> {
    if let Some(source) = feed.source() {
        if zip::looks_like_one(source, opening.name) {
            return Some(zip::list(source.clone(), opening));
        }
        if sevenz::begins(head) {
            return Some(sevenz::list(source, opening));
        }
        if cab::begins(head) {
            return Some(cab::list(source, opening));
        }
    }
    if tar::begins(head) {
        return Some(tar::list(feed, None, opening));
    }
    let packing = Packing::of(head)?;
    Some(match packed::head(feed, packing) {
        Ok(head) if tar::begins(&head) => tar::list(feed, Some(packing), opening),
        Ok(_) => Ok(packed::list(feed, packing, opening)),
        Err(error) => Err(trouble_of(error)),
    })
}

/// Whether a name is left out by its length or depth; what is left of it is noted.
fn refused_by_name(name: &ArtifactName, limits: &Limits) -> Option<LimitHit> {
    let bytes = name.as_bytes();
    if bytes.len() > limits.name_bytes {
        /// Enough to recognise the name by.
        const SHOWN: usize = 64;
        let name = ArtifactName::new(bytes.get(..SHOWN).unwrap_or(bytes));
        return Some(LimitHit::NameLength {
            name,
            bytes: bytes.len(),
        });
    }
    (name.components().count() > limits.depth).then(|| LimitHit::Depth { name: name.clone() })
}

/// Whether a name is a desktop's housekeeping and no part of what was collected.
fn junk(name: &ArtifactName) -> Option<SkipReason> {
    let base = name.base_name_folded();
    let in_macosx = name.components().any(|part| part == b"__MACOSX");
    let known = matches!(base.as_str(), ".ds_store" | "thumbs.db" | "desktop.ini");
    // AppleDouble companions: `._` and the name of the file they belong to.
    (in_macosx || known || base.starts_with("._")).then_some(SkipReason::DesktopJunk)
}

/// The file's time, where it is one that a calendar has: file systems store any number.
fn modified_of(metadata: &Metadata) -> Option<Modified> {
    let time = metadata.modified().ok()?;
    let when = match time.duration_since(UNIX_EPOCH) {
        Ok(after) => TimeDelta::from_std(after).ok()?,
        Err(before) => -TimeDelta::from_std(before.duration()).ok()?,
    };
    let when = DateTime::<Utc>::UNIX_EPOCH.checked_add_signed(when)?;
    let source = ModifiedSource::FolderMtime;
    Some(Modified {
        when: When::Instant(when),
        source,
        packer_local: None,
    })
}
