//! One file as a bundle of its own.

use super::{Container, ContainerKind, Entry, Listing, modified_of};
use crate::bundle::artifact::IoTrouble;
use crate::bundle::limits::Claim;
use crate::bundle::name::{ArtifactName, NameEncoding};
use crate::bundle::reader::ReadErrorKind;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

struct LooseFile(PathBuf);

impl Container for LooseFile {
    fn open(&self, _index: usize) -> Result<Box<dyn Read + Send>, ReadErrorKind> {
        match File::open(&self.0) {
            Ok(file) => Ok(Box::new(file)),
            Err(error) => Err(ReadErrorKind::Io(IoTrouble::from(&error))),
        }
    }

    fn path(&self, _index: usize) -> Option<&Path> {
        Some(&self.0)
    }
}

pub(super) fn list(path: &Path, metadata: &Metadata) -> Listing {
    let base = path.file_name().unwrap_or(path.as_os_str());
    let mut listing = Listing {
        container: Arc::new(LooseFile(path.to_owned())),
        ..Listing::empty(ContainerKind::File)
    };
    listing.entries.push(Entry {
        name: ArtifactName::new(base.as_encoded_bytes()),
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
    listing
}
