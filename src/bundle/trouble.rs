//! Why an upload cannot be opened, and what to do about it.

use super::artifact::{HOW_TO_GIVE, IoTrouble};
use super::limits::LimitHit;
use super::note::DirectoryFault;
use std::path::PathBuf;

/// Why an upload cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {kind}", path.display())]
pub struct OpenError {
    /// The path as given.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: OpenErrorKind,
}

/// What keeps an upload from being opened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum OpenErrorKind {
    /// No path was given.
    #[error("no folder, archive or file was given")]
    NoPath,
    /// The system does not open it.
    #[error("{0}")]
    Io(IoTrouble),
    /// Memory was refused while it was listed.
    #[error(
        "there was not enough memory to unpack it: it may be intact. Try again where there is more"
    )]
    OutOfMemory,
    /// A pipe, socket or device.
    #[error("neither a file nor a folder; save its content in a file first")]
    SpecialFile,
    /// One volume of a split archive.
    #[error(
        "one part of a split archive; join the parts (`zip -s 0 part.zip --out whole.zip`) and pass the whole"
    )]
    SplitArchive,
    /// An archive without a usable directory in which no entry was found either.
    #[error("a damaged archive ({}) in which no entry was found; ask for the file again, or repair it with `zip -FF`", describe(*.0))]
    DamagedArchive(DirectoryFault),
    /// Even the names in it are encrypted.
    #[error("{}", locked_directory(*.wrong))]
    EncryptedDirectory {
        /// A password was given, and it is another.
        wrong: bool,
    },
    /// The password opens nothing of what is encrypted.
    #[error(
        "the password does not fit: {files} of its files are encrypted, and none with this one"
    )]
    WrongPassword {
        /// How many are encrypted.
        files: usize,
    },
    /// Limits left nothing to read.
    #[error("nothing is left to read: {0}")]
    NothingWithinLimits(LimitHit),
}

fn describe(fault: DirectoryFault) -> String {
    match fault {
        DirectoryFault::Missing => "it has no directory, as if cut off".to_owned(),
        DirectoryFault::BrokenAt { offset } => format!("its directory breaks at offset {offset}"),
    }
}

fn locked_directory(wrong: bool) -> String {
    match wrong {
        true => "the password does not fit: it is encrypted with another, its names too".to_owned(),
        false => format!(
            "encrypted, its names too; give its password ({})",
            HOW_TO_GIVE
        ),
    }
}

impl OpenErrorKind {
    /// Whether memory was refused: with more of it there may be nothing wrong.
    pub fn is_of_memory(&self) -> bool {
        match self {
            OpenErrorKind::OutOfMemory => true,
            OpenErrorKind::Io(trouble) => trouble.is_of_memory(),
            _ => false,
        }
    }
}

impl OpenError {
    /// True when a limit or an integrity check refused the input, rather than the
    /// system or the caller: exit status 5.
    pub fn is_refusal(&self) -> bool {
        use OpenErrorKind::{DamagedArchive, NothingWithinLimits};
        matches!(self.kind, DamagedArchive(_) | NothingWithinLimits(_))
    }
}
