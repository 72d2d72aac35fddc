//! What `systeminfo.exe` says of a machine: its name, Windows, memory, boot time, zone.
//!
//! The tool speaks the language of the system and writes through whatever the shell's
//! redirection made of it: an OEM code page, UTF-16, a list, a table or CSV. Fields are
//! found by their names in thirteen languages and, where those fail, by what their values
//! look like; every value keeps its line. Nothing is interpreted further: the boot time
//! stays as written, because its order of day and month is settled together with the
//! other dates of a case, and the zone's words stay words.
//!
//! Beside it stand [`boot`]: the switches of `boot.ini` and `bcdedit` that move the
//! border between user and kernel memory on 32-bit systems.

pub mod boot;
mod keys;
mod layout;
mod msinfo;
mod names;
mod parse;
mod scripts;
mod text;

use std::fmt;

pub use names::{NameKind, names};
pub use parse::parse;

/// The text of a small file of Windows in UTF-16, UTF-8, a code page that systeminfo's words tell,
/// or one byte a character; no more than its first mebibyte. Its lines are those of
/// [`str::lines`], counted from 1.
pub fn text_of(bytes: &[u8]) -> String {
    text::decode_by_words(bytes, scripts::known)
}

/// A value and the line it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated<T> {
    /// The value.
    pub value: T,
    /// One-based line of the artifact.
    pub line: u64,
    /// How the field was recognised.
    pub by: FoundBy,
}

/// How a field was recognised, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoundBy {
    /// By what the value looks like and where it stands; the field's name is in a
    /// language that is not known here.
    Value,
    /// By the field's name.
    Name,
}

/// Windows' version numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OsVersion {
    /// 5, 6 or 10.
    pub major: u32,
    /// 0 to 3.
    pub minor: u32,
    /// 3790, 7601, 17763, ...
    pub build: u32,
}

impl fmt::Display for OsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}.{}", self.major, self.minor, self.build))
    }
}

/// What the processors and Windows run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Architecture {
    /// 32-bit Intel.
    X86,
    /// 64-bit Intel or AMD.
    X64,
    /// 64-bit ARM.
    Arm64,
    /// Itanium.
    Ia64,
}

impl Architecture {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Architecture::X86 => "x86",
            Architecture::X64 => "x64",
            Architecture::Arm64 => "arm64",
            Architecture::Ia64 => "ia64",
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How the output is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `/fo list`, the default: a field a line.
    List,
    /// `/fo csv` with its row of names.
    Csv,
    /// `/fo csv /nh`: values alone.
    CsvWithoutNames,
    /// `/fo table`.
    Table,
}

/// One machine as systeminfo describes it; every field may be missing. Texts are as
/// written by strangers and to be escaped when shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemInfo {
    /// How the output is laid out.
    pub layout: Layout,
    /// The machine's name.
    pub host: Option<Stated<String>>,
    /// `Microsoft Windows Server 2019 Standard`
    pub os_name: Option<Stated<String>>,
    /// `10.0.17763`
    pub os_version: Option<Stated<OsVersion>>,
    /// The system type.
    pub architecture: Option<Stated<Architecture>>,
    /// Total physical memory in bytes; systeminfo shows whole MiB.
    pub ram_bytes: Option<Stated<u64>>,
    /// When Windows was installed: local time as written.
    pub installed: Option<Stated<String>>,
    /// When Windows was started: local time as written. With Fast Startup this is not
    /// when the kernel was.
    pub boot: Option<Stated<String>>,
    /// The zone's display name: `(UTC+01:00) Amsterdam, Berlin, ...`
    pub time_zone: Option<Stated<String>>,
    /// How many updates are installed.
    pub hotfixes: Option<Stated<u32>>,
    /// What was odd.
    pub notes: Vec<Note>,
}

impl SystemInfo {
    /// How many fields were found; a file with fewer than three is hardly systeminfo's.
    pub fn fields(&self) -> usize {
        [
            self.host.is_some(),
            self.os_name.is_some(),
            self.os_version.is_some(),
            self.architecture.is_some(),
            self.ram_bytes.is_some(),
            self.installed.is_some(),
            self.boot.is_some(),
            self.time_zone.is_some(),
            self.hotfixes.is_some(),
        ]
        .into_iter()
        .filter(|found| *found)
        .count()
    }
}

/// Something about the artifact that a reader should know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// Only the beginning was read.
    #[error("only the first {read} of {size} bytes were read")]
    Cut {
        /// Bytes read.
        read: usize,
        /// Bytes there.
        size: usize,
    },
    /// A field's value is not what the field holds.
    #[error("line {line}: `{text}` is not a readable {field}")]
    Unreadable {
        /// One-based line.
        line: u64,
        /// The field.
        field: &'static str,
        /// The value as written, cut.
        text: String,
    },
    /// A second machine's output follows in the same file; the first is used.
    #[error("line {line}: a second systeminfo output follows; only the first is used")]
    SecondOutput {
        /// One-based line.
        line: u64,
    },
}
