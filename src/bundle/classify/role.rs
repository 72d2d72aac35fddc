//! The roles an artifact may play, and the grounds on which it got one.

use super::super::name::ArtifactName;
use super::name_hint::NameHint;
use std::fmt;

/// What an artifact is to the analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// An error log of http.sys.
    HttpErr,
    /// A request log of IIS: near an HTTPERR log in form, but it never shows refusals.
    IisLog,
    /// Saved output of poolmon, also when that is only an error text or nothing.
    Poolmon,
    /// A table of pool tags by another tool: poolmon-powershell, PoolMonX, System Informer.
    PoolTable,
    /// Output of a kernel debugger: `!poolused`, `!vm`.
    DebuggerLog,
    /// Memory of processes, by memsnap.
    Memsnap,
    /// A kernel-mode PE image (subsystem native), whatever its extension.
    Driver,
    /// Any other PE image.
    Program,
    /// Output of `systeminfo`.
    SystemInfo,
    /// `pooltag.txt` or `localtag.txt`.
    PoolTagTxt,
    /// A signature catalog (`.cat`).
    Catalog,
    /// A Windows event log (`.evtx`, `.evt`), or an export of one.
    EventLog,
    /// Performance counters (PDH-CSV, `.blg`, the collector's table).
    Perf,
    /// Handles of each process at each snapshot, by the collector.
    Handles,
    /// A listing of drivers (`driverquery`, `sc query`).
    DriverList,
    /// A listing of minifilters (`fltmc`).
    FilterList,
    /// A listing of processes (`tasklist`).
    ProcessList,
    /// A registry export (`.reg`) or listing (`reg query`).
    RegistryExport,
    /// The bundle's `manifest.json`.
    Manifest,
    /// An archive within the bundle; not opened.
    Archive,
    /// A memory or process dump.
    Dump,
    /// A picture.
    Picture,
    /// A document for people.
    Document,
    /// Something known that has no use here.
    Other,
    /// Nothing: zero bytes.
    Empty,
    /// Not recognised.
    Unknown,
}

impl Role {
    /// Every role; `docs/inputs.md` has a row for each.
    pub const ALL: [Role; Role::Unknown as usize + 1] = [
        Role::HttpErr,
        Role::IisLog,
        Role::Poolmon,
        Role::PoolTable,
        Role::DebuggerLog,
        Role::Memsnap,
        Role::Driver,
        Role::Program,
        Role::SystemInfo,
        Role::PoolTagTxt,
        Role::Catalog,
        Role::EventLog,
        Role::Perf,
        Role::Handles,
        Role::DriverList,
        Role::FilterList,
        Role::ProcessList,
        Role::RegistryExport,
        Role::Manifest,
        Role::Archive,
        Role::Dump,
        Role::Picture,
        Role::Document,
        Role::Other,
        Role::Empty,
        Role::Unknown,
    ];

    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Role::HttpErr => "httperr",
            Role::IisLog => "iis_log",
            Role::Poolmon => "poolmon",
            Role::PoolTable => "pool_table",
            Role::DebuggerLog => "debugger_log",
            Role::Memsnap => "memsnap",
            Role::Driver => "driver",
            Role::Program => "program",
            Role::SystemInfo => "systeminfo",
            Role::PoolTagTxt => "pooltag_txt",
            Role::Catalog => "catalog",
            Role::EventLog => "event_log",
            Role::Perf => "perf",
            Role::Handles => "handles",
            Role::DriverList => "driver_list",
            Role::FilterList => "filter_list",
            Role::ProcessList => "process_list",
            Role::RegistryExport => "registry_export",
            Role::Manifest => "manifest",
            Role::Archive => "archive",
            Role::Dump => "dump",
            Role::Picture => "picture",
            Role::Document => "document",
            Role::Other => "other",
            Role::Empty => "empty",
            Role::Unknown => "unknown",
        }
    }
}

impl Role {
    /// True for what is read for snapshots of the pools.
    pub const fn has_snapshots(self) -> bool {
        matches!(self, Role::Poolmon | Role::PoolTable | Role::DebuggerLog)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why an artifact has its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleReason {
    /// What decided.
    pub basis: Basis,
    /// What the name suggests instead, where it disagrees. Content won.
    pub name_suggests: Option<NameHint>,
}

impl RoleReason {
    /// Nothing could be read, so only the name says anything.
    pub(in crate::bundle) fn unreadable(name: &ArtifactName) -> Self {
        RoleReason {
            basis: Basis::Unreadable,
            name_suggests: NameHint::of(name),
        }
    }
}

impl fmt::Display for RoleReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.basis)?;
        match self.name_suggests {
            Some(hint) => write!(f, ", though its name suggests {}", hint.describe()),
            None => Ok(()),
        }
    }
}

/// What decided on a role, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// A binary format's signature; which one.
    Magic(&'static str),
    /// A header or key in the text; which one.
    Header(&'static str),
    /// Rows of the format, without a header.
    RowShape,
    /// The name, and content that fits it.
    NameAndShape,
    /// The name alone; the content says nothing.
    NameOnly,
    /// Nothing is in it.
    EmptyFile,
    /// Called a driver, but no PE image.
    NotAnImage(NotAnImage),
    /// Text of no known format.
    PlainText,
    /// Binary data of no known format.
    Binary,
    /// It could not be read.
    Unreadable,
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Basis::Magic(what) | Basis::Header(what) => write!(f, "it has {what}"),
            Basis::RowShape => f.write_str("its lines have the form of that format's rows"),
            Basis::NameAndShape => f.write_str("its name says so and its content fits"),
            Basis::NameOnly => f.write_str("its name says so"),
            Basis::EmptyFile => f.write_str("it is empty"),
            Basis::NotAnImage(what) => write!(f, "it is no driver image: {what}"),
            Basis::PlainText => f.write_str("it is text of no known form"),
            Basis::Binary => f.write_str("it is binary data of no known form"),
            Basis::Unreadable => f.write_str("it could not be read"),
        }
    }
}

/// What a file that is called `*.sys` can be besides an image; all occur in practice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotAnImage {
    /// An ELF object (`foo.sys.so`, drivers of other systems).
    Elf,
    /// A pointer that git-lfs left in place of the file.
    LfsPointer,
    /// DOS's `config.sys`.
    ConfigSys,
    /// A 16-bit Windows image (NE).
    NewExecutable,
    /// An OS/2 or VxD image (LE, LX).
    LinearExecutable,
    /// A DOS program, or an image whose PE header is damaged or beyond the first bytes.
    DosOnly,
    /// A page, swap or hibernation file.
    MemoryFile,
    /// Other text.
    Text,
    /// Other data.
    Data,
}

impl fmt::Display for NotAnImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotAnImage::Elf => "an ELF object",
            NotAnImage::LfsPointer => "a git-lfs pointer, the file itself was not downloaded",
            NotAnImage::ConfigSys => "DOS start-up text (config.sys)",
            NotAnImage::NewExecutable => "a 16-bit image",
            NotAnImage::LinearExecutable => "an OS/2 or VxD image",
            NotAnImage::DosOnly => "a DOS program, or its PE header is damaged",
            NotAnImage::MemoryFile => "a page or hibernation file",
            NotAnImage::Text => "text",
            NotAnImage::Data => "unknown data",
        })
    }
}
