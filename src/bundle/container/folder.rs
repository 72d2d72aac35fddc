//! A folder, walked without following links: what a link points to was not uploaded.

use super::{Container, ContainerKind, Entry, Listing, junk, modified_of, refused_by_name};
use crate::bundle::artifact::{IoTrouble, SkipReason, Skipped, SystemErrorKind};
use crate::bundle::limits::{Claim, LimitHit, Limits};
use crate::bundle::name::{ArtifactName, NameEncoding};
use crate::bundle::reader::ReadErrorKind;
use crate::bundle::source::Source;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use walkdir::{DirEntry, WalkDir};

#[derive(Default)]
struct Folder {
    files: Vec<PathBuf>,
}

impl Container for Folder {
    fn open(&self, index: usize) -> Result<Box<dyn Read + Send>, ReadErrorKind> {
        let path = self.files.get(index).ok_or(ReadErrorKind::UnknownId)?;
        match open_regular(path) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(ReadErrorKind::Io(IoTrouble::from(&error))),
        }
    }

    fn path(&self, index: usize) -> Option<&Path> {
        self.files.get(index).map(PathBuf::as_path)
    }

    fn source(&self, index: usize) -> Option<Source> {
        // As in `open_regular`.
        let path = self.files.get(index)?;
        let regular = std::fs::symlink_metadata(path).is_ok_and(|data| data.is_file());
        Source::open(path).ok().filter(|_| regular)
    }
}

/// Opens a file that was regular when it was listed, if it still is: opening a pipe that
/// took its place would wait for ever.
fn open_regular(path: &Path) -> io::Result<File> {
    if !std::fs::symlink_metadata(path)?.is_file() {
        return Err(io::ErrorKind::Unsupported.into());
    }
    File::open(path)
}

/// The walk over one folder.
struct Walk<'a> {
    root: &'a Path,
    limits: &'a Limits,
    folder: Folder,
    listing: Listing,
}

pub(super) fn list(root: &Path, limits: &Limits) -> Listing {
    let mut walk = Walk {
        root,
        limits,
        folder: Folder::default(),
        listing: Listing::empty(ContainerKind::Folder),
    };
    walk.run();
    Listing {
        container: Arc::new(walk.folder),
        ..walk.listing
    }
}

impl Walk<'_> {
    fn run(&mut self) {
        let entries = WalkDir::new(self.root)
            .follow_links(false)
            .min_depth(1)
            // One deeper than allowed, so that what is left out is seen and named.
            .max_depth(self.limits.depth.saturating_add(1))
            .sort_by_file_name();
        for (count, entry) in entries.into_iter().enumerate() {
            if count >= self.limits.entries {
                let limit = self.limits.entries;
                self.listing.limits_hit.push(LimitHit::Entries { limit });
                return;
            }
            match entry {
                Ok(entry) => self.visit(&entry),
                Err(error) => self.unreadable(&error),
            }
        }
    }

    fn name(&self, path: &Path) -> ArtifactName {
        let relative = path.strip_prefix(self.root).unwrap_or(path);
        ArtifactName::new(relative.as_os_str().as_encoded_bytes())
    }

    fn visit(&mut self, entry: &DirEntry) {
        let name = self.name(entry.path());
        if let Some(hit) = refused_by_name(&name, self.limits) {
            self.listing.limits_hit.push(hit);
            return;
        }
        let kind = entry.file_type();
        let special = (!kind.is_file()).then_some(SkipReason::SpecialFile);
        let link = kind.is_symlink().then_some(SkipReason::Symlink);
        match (kind.is_dir(), junk(&name).or(link).or(special)) {
            (true, _) => {}
            (false, Some(why)) => self.listing.skipped.push(Skipped { name, why }),
            (false, None) => match entry.metadata() {
                Ok(metadata) => self.take(entry.path(), name, &metadata),
                Err(error) => self.unreadable(&error),
            },
        }
    }

    fn take(&mut self, path: &Path, name: ArtifactName, metadata: &Metadata) {
        self.folder.files.push(path.to_owned());
        self.listing.entries.push(Entry {
            name,
            name_encoding: NameEncoding::AsGiven,
            size: Some(metadata.len()),
            claimed_size: None,
            claim: Claim {
                packed: metadata.len(),
                unpacked: metadata.len(),
            },
            modified: modified_of(metadata),
            encrypted: false,
            issues: Vec::new(),
        });
    }

    fn unreadable(&mut self, error: &walkdir::Error) {
        let name = self.name(error.path().unwrap_or(self.root));
        let why = match error.io_error() {
            Some(error) => IoTrouble::from(error),
            None => IoTrouble::Other(SystemErrorKind::from(io::ErrorKind::Other)),
        };
        self.listing.skipped.push(Skipped {
            name,
            why: SkipReason::Unreadable(why),
        });
    }
}
