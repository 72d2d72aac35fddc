//! What a 7z archive's directory says: its folders and files.

use chrono::{DateTime, Utc};

/// One step of unpacking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Coder {
    /// The method, as its bytes in one number.
    pub method: u64,
    /// Streams of packed bytes that it takes.
    pub inputs: usize,
    pub properties: Vec<u8>,
}

/// A run of bytes and how it is unpacked. All coders give one stream each.
#[derive(Clone, Debug, Default)]
pub(super) struct Folder {
    pub coders: Vec<Coder>,
    /// Which input gets what which coder gives.
    pub bonds: Vec<(usize, usize)>,
    /// Which inputs get packed streams, in the order of those.
    pub packed: Vec<usize>,
    /// What each coder gives, in bytes.
    pub sizes: Vec<u64>,
    pub crc: Option<u32>,
    /// Where its first packed stream stands among all.
    pub first_stream: usize,
    /// Sizes and checksums of the files in it.
    pub parts: Vec<(u64, Option<u32>)>,
}

impl Folder {
    /// The coder that gives the folder's bytes: nobody takes what it gives.
    pub(super) fn last_coder(&self) -> Option<usize> {
        let taken = |coder: usize| self.bonds.iter().any(|(_, from)| *from == coder);
        (0..self.coders.len()).find(|coder| !taken(*coder))
    }

    /// Bytes that it unpacks to.
    pub(super) fn size(&self) -> u64 {
        let last = self.last_coder().and_then(|coder| self.sizes.get(coder));
        last.copied().unwrap_or(0)
    }
}

/// A file, as the directory has it.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    pub name: Vec<u8>,
    pub has_stream: bool,
    pub is_folder: bool,
    pub modified: Option<DateTime<Utc>>,
    pub attributes: u32,
}

/// The whole directory.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// Where each packed stream begins, counted from the end of the first header.
    pub offsets: Vec<u64>,
    pub packed_sizes: Vec<u64>,
    pub folders: Vec<Folder>,
    pub files: Vec<File>,
}
