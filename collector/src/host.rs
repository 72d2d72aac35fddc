//! The machine as the collector sees it: the only way to anything but files.
//!
//! `src/windows` implements [`Host`] with Windows' functions; tests with a machine that they make
//! up. Files are read and written with the standard library through [`Host::path`].

use crate::args::Priority;
use crate::filetime::FileTime;
use std::path::{Path, PathBuf};

/// Classes of `NtQuerySystemInformation` that are asked for (numbers: phnt, winternl.h).
pub mod class {
    /// SYSTEM_BASIC_INFORMATION, 64 bytes.
    pub const BASIC: u32 = 0;
    /// SYSTEM_PERFORMANCE_INFORMATION.
    pub const PERFORMANCE: u32 = 2;
    /// SYSTEM_TIMEOFDAY_INFORMATION, 48 bytes (older systems: 32).
    pub const TIME_OF_DAY: u32 = 3;
    /// SYSTEM_PROCESS_INFORMATION, a chain.
    pub const PROCESSES: u32 = 5;
    /// RTL_PROCESS_MODULES: the kernel's modules.
    pub const MODULES: u32 = 11;
    /// SYSTEM_POOLTAG_INFORMATION.
    pub const POOL_TAGS: u32 = 0x16;
}

/// NTSTATUS values that decide what happens next.
pub mod status {
    /// It worked.
    pub const SUCCESS: u32 = 0;
    /// The buffer is too short.
    pub const INFO_LENGTH_MISMATCH: u32 = 0xc000_0004;
    /// The buffer is too short, in other words.
    pub const BUFFER_TOO_SMALL: u32 = 0xc000_0023;
    /// The kernel found no memory: on an exhausted machine this is the evidence that is wanted.
    pub const INSUFFICIENT_RESOURCES: u32 = 0xc000_009a;
}

/// What a query returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The NTSTATUS.
    pub status: u32,
    /// Bytes written, or wanted.
    pub length: u32,
}

/// `K32GetPerformanceInfo`: sizes in pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Performance {
    /// Pages charged to the commit limit.
    pub commit_total: u64,
    /// The commit limit.
    pub commit_limit: u64,
    /// The most ever charged since boot.
    pub commit_peak: u64,
    /// Memory.
    pub physical_total: u64,
    /// Memory that is free or can be taken at once.
    pub physical_available: u64,
    /// The file cache.
    pub system_cache: u64,
    /// Both pools.
    pub kernel_total: u64,
    /// The paged pool.
    pub kernel_paged: u64,
    /// The nonpaged pool.
    pub kernel_nonpaged: u64,
    /// Bytes of a page.
    pub page_size: u64,
    /// Open handles of all processes.
    pub handles: u32,
    /// Processes.
    pub processes: u32,
    /// Threads.
    pub threads: u32,
}

/// `GlobalMemoryStatusEx`: bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Memory that Windows can use.
    pub total: u64,
    /// Memory that is available.
    pub available: u64,
    /// The commit limit of this process or the system, whichever is smaller.
    pub page_file_total: u64,
    /// What may still be committed.
    pub page_file_available: u64,
}

/// A value of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// REG_DWORD.
    Number(u32),
    /// REG_QWORD.
    Large(u64),
    /// REG_SZ and REG_EXPAND_SZ, not expanded.
    Text(String),
    /// REG_MULTI_SZ.
    Texts(Vec<String>),
    /// Any other kind, with its bytes.
    Other(u32, Vec<u8>),
}

impl Value {
    /// The number, if it is one.
    pub fn number(&self) -> Option<u32> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// What does not change while the collector runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The computer's DNS or NetBIOS name.
    pub name: String,
    /// Major, minor, build: `RtlGetVersion`, which tells the truth whatever the manifest.
    pub version: (u32, u32, u32),
    /// 1 workstation, 2 domain controller, 3 server.
    pub product_type: u32,
    /// `x64`, `arm64` …
    pub arch: &'static str,
    /// Logical processors of all groups.
    pub cpus: u32,
    /// True if the process runs with an administrator's full rights.
    pub elevated: bool,
    /// Windows' own name of the time zone, whatever the language: `W. Europe Standard Time`.
    pub zone_name: String,
    /// Minutes to add to local time for UTC, without daylight saving.
    pub zone_bias: i32,
    /// The same at this moment.
    pub zone_bias_now: i32,
}

/// Room on a volume, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// What this user may still write.
    pub free: u64,
    /// The volume.
    pub total: u64,
}

/// Why to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Ctrl-C, Ctrl-Break or the closed window: pack, then end.
    Asked,
    /// Logoff or shutdown: Windows gives a few seconds, enough to leave the files in order.
    Shutdown,
}

/// The machine.
pub trait Host {
    /// `NtQuerySystemInformation`.
    fn query(&self, class: u32, buffer: &mut [u8]) -> Answer;
    /// The time, UTC.
    fn now(&self) -> FileTime;
    /// Milliseconds of a clock that is never set.
    fn ticks(&self) -> u64;
    /// Counters of the memory manager.
    fn performance(&self) -> Option<Performance>;
    /// Memory and commit.
    fn memory(&self) -> Option<Memory>;
    /// A value below HKEY_LOCAL_MACHINE.
    fn registry_value(&self, key: &str, name: &str) -> Option<Value>;
    /// The names of subkeys below HKEY_LOCAL_MACHINE.
    fn registry_keys(&self, key: &str) -> Vec<String>;
    /// All values of a key below HKEY_LOCAL_MACHINE.
    fn registry_values(&self, key: &str) -> Vec<(String, Value)>;
    /// What does not change.
    fn facts(&self) -> Facts;
    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;
    /// Where a path of Windows' (`C:\Windows\x`) is found.
    fn path(&self, windows: &str) -> PathBuf;
    /// Room on the volume of a folder.
    fn space(&self, folder: &Path) -> Option<Space>;
    /// Waits, unless there is a reason to end.
    fn pause(&self, milliseconds: u64);
    /// The reason to end, once there is one.
    fn stop(&self) -> Option<Stop>;
    /// Makes this the only instance on the machine until the process ends; false if there is one.
    fn claim(&self) -> bool;
    /// Sets the process' own priority; false if that failed.
    fn set_priority(&self, priority: Priority) -> bool;
    /// True for a 32-bit process on 64-bit Windows, which gets other structures.
    fn emulated(&self) -> bool;
}
