//! What the user states about a case that the bundle does not.

use crate::artifact::pooltag::PoolTags;
use crate::diagnosis::headroom::{Arch, OsVersion};
use crate::diagnosis::rules::Rule;
use crate::timeline::stamp::DateOrder;
use crate::timeline::zone::Zone;

/// Facts and tables given with options.
#[derive(Debug, Default)]
pub struct Options {
    /// The zone of local time stamps (`--tz`), with the words typed.
    pub zone: Option<(Zone, String)>,
    /// The order of day and month in all-numeric dates (`--dates`).
    pub date_order: Option<DateOrder>,
    /// The operating system (`--os`), with the words typed.
    pub os: Option<(OsVersion, String)>,
    /// The architecture (`--arch`).
    pub arch: Option<Arch>,
    /// Physical memory in bytes (`--ram`).
    pub ram: Option<u64>,
    /// The limit of nonpaged pool in bytes (`--npp-limit`).
    pub npp_limit: Option<u64>,
    /// Tables of tag owners (`--pooltag`), with the names of their files.
    pub pooltags: Vec<(String, PoolTags)>,
    /// Known issues that are looked for.
    pub rules: Vec<Rule>,
    /// The options that shape the result, as words of a command line, for repeating the run.
    pub typed: Vec<String>,
}
