//! What is to be said of the upload as a whole, and of archives in it.

use super::name::ArtifactName;
use super::reader::ReadFault;
use std::fmt;

/// Something about the upload as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BundleNote {
    /// Every artifact lay below this folder, which was taken off their names.
    CommonRootStripped {
        /// The folder, with `/` between its components.
        root: ArtifactName,
    },
    /// The archive's directory is missing or damaged; entries were searched for.
    ArchiveRepaired {
        /// Artifacts found by the search.
        recovered: usize,
        /// What is wrong with the directory.
        because: DirectoryFault,
    },
    /// The archive's directory lists another number of entries than it says.
    EntryCountDiffers {
        /// As stated.
        stated: u64,
        /// As found.
        found: u64,
    },
    /// Bytes before the archive, as in a self-extracting one.
    LeadingBytes {
        /// How many.
        bytes: u64,
    },
    /// Bytes behind the archive.
    TrailingBytes {
        /// How many.
        bytes: u64,
    },
    /// The upload holds one archive and nothing else: that one is the case.
    OnlyArchive {
        /// What it is called.
        name: ArtifactName,
    },
    /// The archive cannot be read further; what follows is missing, or spoilt if only a
    /// checksum is wrong.
    ArchiveCut {
        /// Unpacked bytes up to there.
        at: u64,
        /// What happens there.
        because: ReadFault,
    },
    /// Bytes where an entry should begin, and none does; the next one was searched for.
    BytesPassedOver {
        /// Unpacked bytes up to there.
        at: u64,
        /// How many.
        bytes: u64,
    },
    /// The archive ends without the mark that says so.
    NoEndMarker,
    /// The cabinet is one of several.
    PartOfSet,
    /// An entry's extended header is damaged: its name, size or time may be wrong.
    BadRecords {
        /// The entry.
        entry: ArtifactName,
    },
    /// Something about an archive within the upload.
    Within {
        /// The archive.
        archive: ArtifactName,
        /// What.
        note: Box<BundleNote>,
    },
}

impl BundleNote {
    /// Whether a part of the upload is known to be missing or spoilt.
    pub fn is_damage(&self) -> bool {
        match self {
            BundleNote::ArchiveRepaired { .. }
            | BundleNote::ArchiveCut { .. }
            | BundleNote::BytesPassedOver { .. }
            | BundleNote::PartOfSet => true,
            BundleNote::EntryCountDiffers { stated, found } => stated > found,
            BundleNote::Within { note, .. } => note.is_damage(),
            _ => false,
        }
    }

    /// Whether it says that memory was refused.
    pub(super) fn is_of_memory(&self) -> bool {
        match self {
            BundleNote::ArchiveCut { because, .. } => because.is_of_memory(),
            BundleNote::Within { note, .. } => note.is_of_memory(),
            _ => false,
        }
    }

    /// Whether it only says how names were made: of a folder and an archive of it, only
    /// one may say so, and both give one report.
    pub fn is_about_names(&self) -> bool {
        match self {
            BundleNote::CommonRootStripped { .. } | BundleNote::OnlyArchive { .. } => true,
            BundleNote::Within { note, .. } => note.is_about_names(),
            _ => false,
        }
    }
}

/// What is wrong with an archive's directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DirectoryFault {
    /// There is none: the archive was cut off, or is still being written.
    Missing,
    /// It breaks off or turns to nonsense at this offset of the archive.
    BrokenAt {
        /// Offset in the archive file.
        offset: u64,
    },
}

impl fmt::Display for BundleNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BundleNote::CommonRootStripped { root } => {
                write!(
                    f,
                    "all artifacts lie below `{root}`; names are relative to it"
                )
            }
            BundleNote::ArchiveRepaired { recovered, because } => {
                match because {
                    DirectoryFault::Missing => {
                        f.write_str("the archive has no directory (cut off?)")?
                    }
                    DirectoryFault::BrokenAt { offset } => {
                        write!(f, "the archive's directory is broken at offset {offset}")?;
                    }
                }
                write!(
                    f,
                    "; {recovered} artifacts were found by searching. Ask for the file again"
                )
            }
            BundleNote::EntryCountDiffers { stated, found } => {
                write!(
                    f,
                    "the archive says it has {stated} entries, but lists {found}"
                )
            }
            BundleNote::LeadingBytes { bytes } => {
                write!(f, "{bytes} bytes stand before the archive")
            }
            BundleNote::TrailingBytes { bytes } => {
                write!(f, "{bytes} bytes stand behind the archive")
            }
            BundleNote::OnlyArchive { name } => write!(
                f,
                "the upload holds `{name}` and nothing else; names are relative to it"
            ),
            BundleNote::ArchiveCut {
                at,
                because: ReadFault::ChecksumMismatch,
            } => write!(
                f,
                "the archive's checksum does not fit its content, read to byte {at}: some bytes \
                 are wrong. Ask for the file again"
            ),
            BundleNote::ArchiveCut {
                at,
                because: ReadFault::OutOfMemory,
            } => write!(
                f,
                "the archive was read to byte {at} of its unpacked content; for more there was not \
                 enough memory. It may be intact: try again where there is more"
            ),
            BundleNote::ArchiveCut { at, because } => write!(
                f,
                "the archive cannot be read beyond byte {at} of its unpacked content ({because}): \
                 what follows is missing. Ask for the file again"
            ),
            BundleNote::BytesPassedOver { at, bytes } => write!(
                f,
                "at byte {at} of the archive's unpacked content, {bytes} bytes are no entry and \
                 were passed over. Ask for the file again"
            ),
            BundleNote::NoEndMarker => {
                f.write_str("the archive ends without its end mark; it may have been cut off")
            }
            BundleNote::PartOfSet => f.write_str(
                "the cabinet is one of several; what begins or goes on in another is missing",
            ),
            BundleNote::BadRecords { entry } => write!(
                f,
                "`{entry}`: its extended header is damaged; its name, size or time may be wrong"
            ),
            BundleNote::Within { archive, note } => write!(f, "in `{archive}`: {note}"),
        }
    }
}
