//! What an upload may come in. Each kind of container is one file that lists its entries
//! and opens them in place; a new kind implements [`Container`] and is tried in
//! [`recognise`].

mod folder;
mod loose;
mod zip;

use super::artifact::{
    ArtifactIssue, BundleNote, Modified, ModifiedSource, SkipReason, Skipped, When,
};
use super::limits::{Claim, LimitHit, Limits};
use super::name::{ArtifactName, NameEncoding};
use super::open::OpenErrorKind;
use super::reader::ReadErrorKind;
use super::source::SharedFile;
use chrono::{DateTime, TimeDelta, Utc};
use std::fs::Metadata;
use std::io::Read;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// The content of a container's entries, by their place in its listing.
pub(super) trait Container: Send + Sync {
    /// The entry's content from its beginning. May be called from many threads at once.
    fn open(&self, index: usize) -> Result<Box<dyn Read + Send>, ReadErrorKind>;

    /// The entry as a file of its own, where it is one.
    fn path(&self, _index: usize) -> Option<&Path> {
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
}

impl ContainerKind {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            ContainerKind::Folder => "folder",
            ContainerKind::File => "file",
            ContainerKind::Zip => "zip",
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
    pub issues: Vec<ArtifactIssue>,
}

/// Everything a container holds.
pub(super) struct Listing {
    pub kind: ContainerKind,
    pub container: Box<dyn Container>,
    pub entries: Vec<Entry>,
    pub skipped: Vec<Skipped>,
    pub limits_hit: Vec<LimitHit>,
    pub notes: Vec<BundleNote>,
}

impl Listing {
    fn new(kind: ContainerKind, container: Box<dyn Container>) -> Self {
        Listing {
            kind,
            container,
            entries: Vec::new(),
            skipped: Vec::new(),
            limits_hit: Vec::new(),
            notes: Vec::new(),
        }
    }
}

/// Lists what lies at `path`: a folder, an archive of a known kind, or a loose file.
pub(super) fn recognise(path: &Path, limits: &Limits) -> Result<Listing, OpenErrorKind> {
    let metadata = std::fs::metadata(path).map_err(|error| OpenErrorKind::Io((&error).into()))?;
    if metadata.is_dir() {
        return Ok(folder::list(path, limits));
    }
    if !metadata.is_file() {
        return Err(OpenErrorKind::SpecialFile);
    }
    let file = SharedFile::open(path).map_err(|error| OpenErrorKind::Io((&error).into()))?;
    if zip::looks_like_one(&file, path) {
        return zip::list(file, limits);
    }
    Ok(loose::list(path, &metadata))
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
