//! What a name alone suggests.

use super::role::{Basis, NotAnImage, Role};
use crate::bundle::name::ArtifactName;

/// What an artifact's name suggests its content to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameHint {
    /// `httperr*.log`, or `ht` and four to eight digits (time-based rollover).
    HttpErr,
    /// A text file with `poolmon`, `poolsnap` or the word `pool` in its name.
    Poolmon,
    /// `pooltag*.txt`, `localtag*.txt`.
    PoolTagTxt,
    /// `*.sys`.
    Driver,
    /// A text file with `systeminfo` in its name.
    SystemInfo,
    /// A text file with `driverquery` in its name.
    DriverList,
    /// A text file with `fltmc` in its name.
    FilterList,
    /// A text file with `tasklist` in its name.
    ProcessList,
    /// `manifest.json`.
    Manifest,
    /// `*.blg`.
    Perf,
    /// `*.cat`.
    Catalog,
    /// `*.evtx`, `*.evt`.
    EventLog,
    /// `*.reg`.
    RegistryExport,
    /// `*.zip` and other archives.
    Archive,
    /// `*.log`, `*.txt`, `*.csv`: text of some kind.
    Text,
}

impl NameHint {
    /// What `name` suggests, the most particular first.
    pub(super) fn of(name: &ArtifactName) -> Option<NameHint> {
        let base = name.base_name_folded();
        let extension = name.extension_folded();
        let textual = matches!(
            extension.as_str(),
            "log" | "txt" | "csv" | "tsv" | "out" | ""
        );
        let by_word = |word: &str| textual && base.contains(word);
        if is_httperr(&base) {
            return Some(NameHint::HttpErr);
        }
        if by_word("pooltag") || by_word("localtag") {
            return Some(NameHint::PoolTagTxt);
        }
        if textual && is_about_pool(&base) {
            return Some(NameHint::Poolmon);
        }
        if by_word("systeminfo") {
            return Some(NameHint::SystemInfo);
        }
        if by_word("driverquery") {
            return Some(NameHint::DriverList);
        }
        if by_word("fltmc") {
            return Some(NameHint::FilterList);
        }
        if by_word("tasklist") {
            return Some(NameHint::ProcessList);
        }
        if base == "manifest.json" {
            return Some(NameHint::Manifest);
        }
        Some(match extension.as_str() {
            "sys" => NameHint::Driver,
            "blg" => NameHint::Perf,
            "cat" => NameHint::Catalog,
            "evtx" | "evt" => NameHint::EventLog,
            "reg" => NameHint::RegistryExport,
            "zip" | "7z" | "cab" | "tar" | "gz" | "tgz" | "xz" | "zst" | "bz2" | "rar" => {
                NameHint::Archive
            }
            "log" | "txt" | "csv" | "tsv" => NameHint::Text,
            _ => return None,
        })
    }

    /// Whether a file of that role, found on that basis, is what the name led to expect.
    pub(super) fn agrees_with(self, role: Role, basis: Basis) -> bool {
        // Nothing was found that could disagree, or the disagreement is the basis itself.
        let silent = matches!(basis, Basis::EmptyFile | Basis::NotAnImage(_));
        silent
            || match self {
                NameHint::HttpErr => role == Role::HttpErr,
                NameHint::Poolmon => {
                    role.has_snapshots() || matches!(role, Role::Perf | Role::Memsnap)
                }
                NameHint::PoolTagTxt => role == Role::PoolTagTxt,
                NameHint::Driver => role == Role::Driver,
                NameHint::SystemInfo => role == Role::SystemInfo,
                NameHint::DriverList => role == Role::DriverList,
                NameHint::FilterList => role == Role::FilterList,
                NameHint::ProcessList => role == Role::ProcessList,
                NameHint::Manifest => role == Role::Manifest,
                NameHint::Perf => role == Role::Perf,
                NameHint::Catalog => role == Role::Catalog,
                NameHint::EventLog => role == Role::EventLog,
                NameHint::RegistryExport => role == Role::RegistryExport,
                NameHint::Archive => role == Role::Archive,
                NameHint::Text => is_text(role, basis),
            }
    }

    /// What is suggested, as words for a message.
    pub const fn describe(self) -> &'static str {
        match self {
            NameHint::HttpErr => "an HTTPERR log",
            NameHint::Poolmon => "poolmon output",
            NameHint::PoolTagTxt => "a list of pool tags",
            NameHint::Driver => "a driver",
            NameHint::SystemInfo => "systeminfo output",
            NameHint::DriverList => "a listing of drivers",
            NameHint::FilterList => "a listing of minifilters",
            NameHint::ProcessList => "a listing of processes",
            NameHint::Manifest => "a manifest",
            NameHint::Perf => "performance counters",
            NameHint::Catalog => "a signature catalog",
            NameHint::EventLog => "an event log",
            NameHint::RegistryExport => "a registry export",
            NameHint::Archive => "an archive",
            NameHint::Text => "text",
        }
    }
}

fn is_text(role: Role, basis: Basis) -> bool {
    // An exported event log is text, the log itself is not.
    let binary_log = role == Role::EventLog && matches!(basis, Basis::Magic(_));
    let binary = matches!(
        role,
        Role::Driver | Role::Program | Role::Archive | Role::Picture | Role::Dump | Role::Catalog
    ) || matches!(basis, Basis::Binary | Basis::NotAnImage(NotAnImage::Data));
    !binary && !binary_log
}

/// Not the pools of IIS (`AppPools.txt`), nor the spooler's.
fn is_about_pool(base: &str) -> bool {
    let words = ["poolmon", "poolsnap", "poolused", "pagedpool"];
    let starts_word = |at: usize| {
        !base
            .get(..at)
            .unwrap_or_default()
            .ends_with(char::is_alphabetic)
    };
    words.iter().any(|word| base.contains(word))
        || base.match_indices("pool").any(|(at, _)| starts_word(at))
}

/// `HTTPERRn.LOG` by size, `htYYMM`, `htYYMMDD`, `htYYMMww`, `htYYMMDDhh` by time; copies
/// carry prefixes and suffixes around the former.
fn is_httperr(base: &str) -> bool {
    let Some(stem) = base.strip_suffix(".log") else {
        return false;
    };
    let digits = stem.strip_prefix("ht").unwrap_or_default();
    let by_time = (4..=8).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    by_time || stem.contains("httperr")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Option<NameHint> {
        NameHint::of(&ArtifactName::new(name.as_bytes()))
    }

    #[test]
    fn names() {
        assert_eq!(of("logs/HTTPERR12.LOG"), Some(NameHint::HttpErr));
        assert_eq!(of("ht24102703.log"), Some(NameHint::HttpErr));
        assert_eq!(of("ht2410.log"), Some(NameHint::HttpErr));
        assert_eq!(of("ht241.log"), Some(NameHint::Text));
        assert_eq!(of("web01_PoolMon_Start_.txt"), Some(NameHint::Poolmon));
        assert_eq!(of("pooltag.txt"), Some(NameHint::PoolTagTxt));
        assert_eq!(of("poolparty.sys"), Some(NameHint::Driver));
        assert_eq!(of("AppPools.xml"), None);
        assert_eq!(of("AppPools.txt"), Some(NameHint::Text));
        assert_eq!(of("spooler.log"), Some(NameHint::Text));
        assert_eq!(of("before-pool.txt"), Some(NameHint::Poolmon));
        assert_eq!(of("pool"), Some(NameHint::Poolmon));
        assert_eq!(of("readme"), None);
    }
}
