//! One row of the inventory: what a file of the bundle is called, how large it is, when
//! it was written and by whose clock, what it seems to be, and what is odd about it.

use super::classify::{Role, RoleReason};
use super::name::{ArtifactName, NameEncoding};
use super::reader::ReadFault;
use chrono::{DateTime, NaiveDateTime, Utc};
use std::fmt;
use std::io;

/// Position of an artifact in the sorted inventory of its bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactId(pub(super) u32);

impl ArtifactId {
    /// Index into [`Bundle::artifacts`](super::Bundle::artifacts).
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// A file of the bundle.
#[derive(Clone, Debug)]
pub struct Artifact {
    /// Its place in the inventory.
    pub id: ArtifactId,
    /// Its name, separated by `/`, without folders that all artifacts share.
    pub name: ArtifactName,
    /// How the name was decoded.
    pub name_encoding: NameEncoding,
    /// Bytes of content, where that is known without trusting the container: the file
    /// system says so, or the content was read to its end.
    pub size: Option<u64>,
    /// Bytes of content as an archive's directory claims.
    pub claimed_size: Option<u64>,
    /// When it was last written, if the container knows.
    pub modified: Option<Modified>,
    /// What it seems to be.
    pub role: Role,
    /// How that was found.
    pub why: RoleReason,
    /// What is odd about it, in a fixed order.
    pub issues: Vec<ArtifactIssue>,
}

/// A moment as exactly as its source tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum When {
    /// A moment on the one time axis.
    Instant(DateTime<Utc>),
    /// A wall clock reading whose zone is not known.
    Local(NaiveDateTime),
}

/// Where a modification time came from, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModifiedSource {
    /// NTFS times in a zip extra field (0x000a): UTC, 100 ns.
    ZipNtfsUtc,
    /// Unix time in a zip extra field (0x5455): UTC, 1 s.
    ZipExtendedUtc,
    /// The file system on which the analysis runs: UTC, but copying and unpacking often
    /// set it to the time of the copy.
    FolderMtime,
    /// The zip directory's own field: local time of the packing machine, even seconds.
    ZipDosLocal,
}

impl ModifiedSource {
    /// A sentence on how far the time can be trusted.
    pub const fn describe(self) -> &'static str {
        match self {
            ModifiedSource::ZipNtfsUtc => "NTFS time kept in the archive, UTC",
            ModifiedSource::ZipExtendedUtc => "Unix time kept in the archive, UTC",
            ModifiedSource::FolderMtime => {
                "time of the file here, which copying or unpacking may have set"
            }
            ModifiedSource::ZipDosLocal => {
                "local time of the machine that packed the archive, even seconds, zone unknown"
            }
        }
    }
}

/// When an artifact was last written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modified {
    /// The moment.
    pub when: When,
    /// Who says so.
    pub source: ModifiedSource,
    /// The archive's local field where `when` is UTC: the difference is the zone of the
    /// machine that packed, a hint only (it need not be the server).
    pub packer_local: Option<NaiveDateTime>,
}

/// How an archive entry is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encryption {
    /// The traditional PKWARE cipher.
    ZipCrypto,
    /// WinZip's AES.
    Aes,
    /// PKWARE's strong encryption, which hardly any tool reads.
    Strong,
}

/// Why something does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IoTrouble {
    /// It is gone.
    NotFound,
    /// Reading is not permitted.
    PermissionDenied,
    /// Any other failure of the system.
    Other(SystemErrorKind),
}

/// [`io::ErrorKind`] with an order, for reports that must not depend on chance.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SystemErrorKind(io::ErrorKind);

impl From<io::ErrorKind> for SystemErrorKind {
    fn from(kind: io::ErrorKind) -> Self {
        SystemErrorKind(kind)
    }
}

impl fmt::Debug for SystemErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Ord for SystemErrorKind {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.to_string().cmp(&other.0.to_string())
    }
}

impl PartialOrd for SystemErrorKind {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl From<&io::Error> for IoTrouble {
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => IoTrouble::NotFound,
            io::ErrorKind::PermissionDenied => IoTrouble::PermissionDenied,
            kind => IoTrouble::Other(SystemErrorKind(kind)),
        }
    }
}

impl fmt::Display for IoTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IoTrouble::NotFound => f.write_str("not found"),
            IoTrouble::PermissionDenied => f.write_str("permission denied"),
            IoTrouble::Other(SystemErrorKind(kind)) => write!(f, "{kind}"),
        }
    }
}

/// Something odd about an artifact, worth a line in the coverage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ArtifactIssue {
    /// The name has `\` between components.
    BackslashName,
    /// The name is absolute or climbs with `..`. Nothing is written, so nothing happens.
    EscapingName,
    /// Several artifacts have this very name; all are kept.
    DuplicateName {
        /// How many.
        count: usize,
    },
    /// Another name differs from this one in case only.
    CaseClash,
    /// Encrypted; its content cannot be read here.
    Encrypted(Encryption),
    /// Packed with a method that is not read.
    UnsupportedMethod {
        /// The method's number in the zip format.
        method: u16,
    },
    /// Its bytes in the archive are also those of another entry.
    Overlaps,
    /// The archive's directory names an entry, but no entry begins there.
    LocalHeaderMissing,
    /// The entry's own header gives another name than the archive's directory.
    LocalNameDiffers {
        /// The name at the entry.
        local: ArtifactName,
    },
    /// Found by searching a damaged archive for entries; its directory does not list it.
    Recovered,
    /// The archive holds no checksum for it.
    NoChecksum,
    /// It cannot be opened.
    Unreadable(IoTrouble),
    /// Its beginning could not be read without trouble; what came before is used.
    Fault(ReadFault),
}

impl fmt::Display for ArtifactIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BackslashName => f.write_str("its name uses backslashes, read as separators"),
            Self::EscapingName => {
                f.write_str("its name points outside the bundle; kept as a name only")
            }
            Self::DuplicateName { count } => write!(f, "{count} artifacts have this name"),
            Self::CaseClash => f.write_str("another name differs from it in case only"),
            Self::Encrypted(kind) => {
                let cipher = match kind {
                    Encryption::ZipCrypto => "the zip format's old cipher",
                    Encryption::Aes => "AES",
                    Encryption::Strong => "PKWARE strong encryption",
                };
                write!(
                    f,
                    "encrypted with {cipher}: unpack it with its password and pass the folder"
                )
            }
            Self::UnsupportedMethod { method } => {
                write!(
                    f,
                    "packed with method {method}, which is not read: unpack it and pass the folder"
                )
            }
            Self::Overlaps => f.write_str("shares its bytes with another entry of the archive"),
            Self::LocalHeaderMissing => {
                f.write_str("the archive's directory lists it, but it is not there")
            }
            Self::LocalNameDiffers { local } => {
                write!(
                    f,
                    "the archive's directory and the entry disagree on its name (entry: `{local}`)"
                )
            }
            Self::Recovered => f.write_str("found by searching the damaged archive"),
            Self::NoChecksum => f.write_str("the archive holds no checksum for it"),
            Self::Unreadable(why) => write!(f, "cannot be opened: {why}"),
            Self::Fault(fault) => write!(f, "{fault}"),
        }
    }
}

/// Something in the upload that is no artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its name.
    pub name: ArtifactName,
    /// Why it was left out.
    pub why: SkipReason,
}

/// Why something in the upload is no artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// A link; links are never followed.
    Symlink,
    /// A pipe, socket or device.
    SpecialFile,
    /// Housekeeping of a desktop: `__MACOSX`, `.DS_Store`, `Thumbs.db`, `desktop.ini`.
    DesktopJunk,
    /// A folder (or a file within) that cannot be listed.
    Unreadable(IoTrouble),
    /// A directory entry of an archive that claims to have content.
    DirectoryWithContent,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipReason::Symlink => f.write_str("a link, not followed"),
            SkipReason::SpecialFile => f.write_str("a pipe, socket or device"),
            SkipReason::DesktopJunk => f.write_str("housekeeping of a desktop"),
            SkipReason::Unreadable(why) => write!(f, "cannot be listed: {why}"),
            SkipReason::DirectoryWithContent => f.write_str("a directory that claims content"),
        }
    }
}

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
        }
    }
}
