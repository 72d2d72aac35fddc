//! One row of the inventory: what a file of the bundle is called, how large it is, when
//! it was written and by whose clock, what it seems to be, and what is odd about it.

use super::classify::{Role, RoleReason};
use super::name::{ArtifactName, NameEncoding};
use super::reader::ReadFault;
use super::trouble::OpenErrorKind;
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
    /// A tar header (1 s) or its PAX record (finer): UTC.
    TarUtc,
    /// A 7z directory: UTC, 100 ns.
    SevenZipUtc,
    /// The file system on which the analysis runs: UTC, but copying and unpacking often
    /// set it to the time of the copy.
    FolderMtime,
    /// The zip directory's own field: local time of the packing machine, even seconds.
    ZipDosLocal,
    /// A cabinet's field: as that of a zip.
    CabDosLocal,
}

impl ModifiedSource {
    /// A sentence on how far the time can be trusted.
    pub const fn describe(self) -> &'static str {
        match self {
            ModifiedSource::ZipNtfsUtc | ModifiedSource::SevenZipUtc => {
                "NTFS time kept in the archive, UTC"
            }
            ModifiedSource::ZipExtendedUtc | ModifiedSource::TarUtc => {
                "Unix time kept in the archive, UTC"
            }
            ModifiedSource::FolderMtime => {
                "time of the file here, which copying or unpacking may have set"
            }
            ModifiedSource::ZipDosLocal | ModifiedSource::CabDosLocal => {
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

/// How a password is given, for messages.
pub(super) const HOW_TO_GIVE: &str =
    "--password-file FILE, or the environment variable POOLSLEUTH_PASSWORD";

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

impl Encryption {
    /// Whether a password opens it here.
    pub(super) const fn is_read(self) -> bool {
        match self {
            Encryption::ZipCrypto | Encryption::Aes => true,
            Encryption::Strong => false,
        }
    }
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Encryption::ZipCrypto => "the zip format's old cipher",
            Encryption::Aes => "AES",
            Encryption::Strong => "PKWARE strong encryption",
        })
    }
}

impl ArtifactIssue {
    /// Whether it says that memory was refused.
    pub(super) fn is_of_memory(&self) -> bool {
        match self {
            ArtifactIssue::Fault(fault) => fault.is_of_memory(),
            ArtifactIssue::Unreadable(trouble) => trouble.is_of_memory(),
            ArtifactIssue::NotOpened(NotOpened::Trouble(why)) => why.is_of_memory(),
            _ => false,
        }
    }

    /// Whether it says that the artifact is encrypted and was not opened.
    pub fn is_locked(&self) -> bool {
        use super::trouble::OpenErrorKind::EncryptedDirectory;
        matches!(
            self,
            ArtifactIssue::Encrypted(_)
                | ArtifactIssue::Fault(ReadFault::WrongPassword)
                | ArtifactIssue::NotOpened(NotOpened::Trouble(EncryptedDirectory { .. }))
        )
    }
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

impl IoTrouble {
    /// Whether memory was refused.
    pub(super) fn is_of_memory(self) -> bool {
        matches!(
            self,
            IoTrouble::Other(SystemErrorKind(io::ErrorKind::OutOfMemory))
        )
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
    /// Packed through a coder that is not read.
    UnsupportedCoder {
        /// The method's number in the 7z format.
        method: u64,
    },
    /// A cabinet's packing that is not read.
    UnsupportedCabinet {
        /// The field of its folder; 2 in its low four bits is Quantum.
        packing: u16,
    },
    /// It begins or goes on in another cabinet of a set.
    OtherCabinet,
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
    /// An archive whose contents are artifacts too.
    Opened {
        /// How many.
        artifacts: usize,
    },
    /// An archive whose contents were not looked at.
    NotOpened(NotOpened),
}

/// Why an archive within the upload was not opened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotOpened {
    /// It lies within so many others.
    TooDeep {
        /// As many as are opened.
        levels: usize,
    },
    /// It would have to be held in memory to be read in place.
    TooLarge {
        /// Bytes that were left for that.
        allowed: u64,
    },
    /// Nothing that is read here.
    Format(&'static str),
    /// It is damaged, split, or else no use.
    Trouble(OpenErrorKind),
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotOpened::TooDeep { levels } => write!(
                f,
                "not opened: archives are followed {levels} deep; unpack the outer one and pass \
                 what was in it"
            ),
            NotOpened::TooLarge { allowed } => write!(
                f,
                "not opened: it is packed within another archive and larger than the {} MiB of \
                 memory left for that; unpack the outer one and pass what was in it",
                allowed >> 20
            ),
            NotOpened::Format(what) => {
                write!(
                    f,
                    "not opened: {what}, which is not read; unpack it and pass the folder"
                )
            }
            NotOpened::Trouble(why) => write!(f, "not opened: {why}"),
        }
    }
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
            Self::Encrypted(kind) if kind.is_read() => write!(
                f,
                "encrypted with {kind}: give its password ({HOW_TO_GIVE})"
            ),
            Self::Encrypted(kind) => write!(
                f,
                "encrypted with {kind}, which is not read: unpack it with its password and pass \
                 the folder"
            ),
            Self::UnsupportedMethod { method } => {
                write!(
                    f,
                    "packed with method {method}, which is not read: unpack it and pass the folder"
                )
            }
            Self::UnsupportedCoder { method } => write!(
                f,
                "packed with 7z method {method:x}, which is not read: unpack it and pass the folder"
            ),
            Self::UnsupportedCabinet { packing } => write!(
                f,
                "packed with cabinet method {packing:#x}, which is not read: unpack it and pass the \
                 folder"
            ),
            Self::OtherCabinet => f.write_str(
                "begins or goes on in another cabinet of the set: unpack the whole set and pass the \
                 folder",
            ),
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
            Self::Opened { artifacts: 1 } => f.write_str("its one file was read too"),
            Self::Opened { artifacts } => write!(f, "its {artifacts} files were read too"),
            Self::NotOpened(why) => write!(f, "{why}"),
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
    /// A hard link to an entry that does not stand before it in the archive.
    LinkTargetMissing,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipReason::Symlink => f.write_str("a link, not followed"),
            SkipReason::SpecialFile => f.write_str("a pipe, socket or device"),
            SkipReason::DesktopJunk => f.write_str("housekeeping of a desktop"),
            SkipReason::Unreadable(why) => write!(f, "cannot be listed: {why}"),
            SkipReason::DirectoryWithContent => f.write_str("a directory that claims content"),
            SkipReason::LinkTargetMissing => {
                f.write_str("a hard link to a file that is not in the archive before it")
            }
        }
    }
}
