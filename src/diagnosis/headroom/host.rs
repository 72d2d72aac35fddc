//! What is known of the machine, and the words people write it in.
//!
//! Facts arrive as `systeminfo` prints them ("Microsoft Windows Server 2012 R2 Standard",
//! "16,384 MB", "x64-based PC") or as typed on a command line (`2012r2`, `16GB`, `x64`).

use std::fmt;
use std::str::FromStr;

/// What is known of the machine. Unknown is `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Host {
    /// Its Windows.
    pub os: Option<OsVersion>,
    /// Its processor architecture.
    pub arch: Option<Arch>,
    /// Physical memory that Windows sees, in bytes.
    pub ram_bytes: Option<u64>,
    /// Whether it was booted with `/3GB` (or `increaseuserva`), which halves the kernel's
    /// part of a 32-bit address space.
    pub boot_3gb: Option<bool>,
    /// The nonpaged pool's limit as stated by the user, in bytes.
    pub npp_limit_option: Option<u64>,
    /// The maximum that the kernel itself keeps, as a debugger's `!vm` shows it, in bytes.
    pub kernel_npp_max: Option<u64>,
    /// Registry `NonPagedPoolSize`, in bytes; 0 is automatic. Windows 2000 to 2003, 32 bits.
    pub registry_nonpaged_pool_size: Option<u64>,
    /// Registry `NonPagedPoolLimit`, in MiB. Vista SP1 and later, 32 bits only.
    pub registry_nonpaged_pool_limit: Option<u64>,
    /// Registry `EnableAggressiveMemoryUsage` of http.sys.
    pub http_aggressive: Option<bool>,
}

/// Versions of Windows, in order of release. Client and server are told apart where their
/// limits were documented apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // The names are the products.
pub enum OsVersion {
    Windows2000,
    Xp,
    Server2003,
    Vista,
    Server2008,
    Windows7,
    Server2008R2,
    Windows8,
    Server2012,
    Windows81,
    Server2012R2,
    Windows10,
    Server2016,
    Server2019,
    Windows11,
    Server2022,
    Server2025,
}

impl OsVersion {
    /// The product's name.
    pub const fn name(self) -> &'static str {
        match self {
            OsVersion::Windows2000 => "Windows 2000",
            OsVersion::Xp => "Windows XP",
            OsVersion::Server2003 => "Windows Server 2003",
            OsVersion::Vista => "Windows Vista",
            OsVersion::Server2008 => "Windows Server 2008",
            OsVersion::Windows7 => "Windows 7",
            OsVersion::Server2008R2 => "Windows Server 2008 R2",
            OsVersion::Windows8 => "Windows 8",
            OsVersion::Server2012 => "Windows Server 2012",
            OsVersion::Windows81 => "Windows 8.1",
            OsVersion::Server2012R2 => "Windows Server 2012 R2",
            OsVersion::Windows10 => "Windows 10",
            OsVersion::Server2016 => "Windows Server 2016",
            OsVersion::Server2019 => "Windows Server 2019",
            OsVersion::Windows11 => "Windows 11",
            OsVersion::Server2022 => "Windows Server 2022",
            OsVersion::Server2025 => "Windows Server 2025",
        }
    }

    /// True where the product was made for 64-bit processors only.
    pub const fn is_64_bit_only(self) -> bool {
        matches!(
            self,
            OsVersion::Server2008R2
                | OsVersion::Server2012
                | OsVersion::Server2012R2
                | OsVersion::Server2016
                | OsVersion::Server2019
                | OsVersion::Windows11
                | OsVersion::Server2022
                | OsVersion::Server2025
        )
    }

    /// The version that an NT version number stands for. Where client and server share a
    /// number the client is meant, whose documented limits are never the larger ones.
    pub fn from_nt(major: u32, minor: u32, build: u32) -> Option<OsVersion> {
        Some(match (major, minor) {
            (5, 0) => OsVersion::Windows2000,
            (5, 1) => OsVersion::Xp,
            (5, 2) => OsVersion::Server2003,
            (6, 0) => OsVersion::Vista,
            (6, 1) => OsVersion::Windows7,
            (6, 2) => OsVersion::Windows8,
            (6, 3) => OsVersion::Windows81,
            (10, 0) if build >= 22_000 => OsVersion::Windows11,
            (10, 0) if build == 20_348 => OsVersion::Server2022,
            (10, 0) => OsVersion::Windows10,
            _ => return None,
        })
    }
}

impl fmt::Display for OsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why a word is no version of Windows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{typed}` names no version of Windows known here; write for example `2003`, `2008r2`, `2016`, `win10` or `6.1.7601`"
)]
pub struct ParseOsError {
    typed: String,
}

/// Product words, whole, as they stand after `Windows`, `win`, `w` are taken off; "r2"
/// is joined to the word before it.
const OS_WORDS: &[(&[&str], OsVersion)] = &[
    (&["2025", "2k25"], OsVersion::Server2025),
    (&["2022", "2k22"], OsVersion::Server2022),
    (&["2019", "2k19"], OsVersion::Server2019),
    (&["2016", "2k16"], OsVersion::Server2016),
    (&["2012r2", "2k12r2"], OsVersion::Server2012R2),
    (&["2012", "2k12"], OsVersion::Server2012),
    (&["2008r2", "2k8r2", "2k08r2"], OsVersion::Server2008R2),
    (&["2008", "2k8", "2k08"], OsVersion::Server2008),
    (
        &["2003", "2003r2", "2k3", "2k3r2", "2k03"],
        OsVersion::Server2003,
    ),
    (&["2000", "2k"], OsVersion::Windows2000),
    (&["vista"], OsVersion::Vista),
    (&["xp"], OsVersion::Xp),
    (&["11"], OsVersion::Windows11),
    (&["10"], OsVersion::Windows10),
    (&["8.1"], OsVersion::Windows81),
    (&["8"], OsVersion::Windows8),
    (&["7"], OsVersion::Windows7),
];

impl FromStr for OsVersion {
    type Err = ParseOsError;

    /// Reads a product name or an NT version number.
    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let words = os_words(typed);
        // Years before bare numbers: "Server 2012 R2 Build 10" is no Windows 10; but an
        // edition's year ("10 Enterprise 2016 LTSB") is no server.
        let is_server = words.iter().any(|w| w == "server");
        let client = words
            .iter()
            .find(|w| matches!(w.as_str(), "7" | "8" | "8.1" | "10" | "11"));
        let chosen = match client {
            Some(client) if !is_server => vec![client],
            _ => words.iter().collect(),
        };
        let named = OS_WORDS
            .iter()
            .find(|(names, _)| chosen.iter().any(|w| names.contains(&w.as_str())));
        // "Windows Server, version 1909" and its kin have no year.
        let yearless = is_server && words.iter().any(|w| w == "version");
        named
            .map(|(_, os)| *os)
            .or_else(|| words.iter().find_map(|w| nt_number(w)))
            .or_else(|| yearless.then_some(OsVersion::Server2019))
            .ok_or_else(|| ParseOsError {
                typed: typed.chars().take(80).collect(),
            })
    }
}

fn os_words(typed: &str) -> Vec<String> {
    let lower = typed.to_lowercase();
    let cut = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    let mut words: Vec<String> = Vec::new();
    for word in cut.map(|w| w.trim_matches('.')).filter(|w| !w.is_empty()) {
        let bare = ["windows", "server", "win", "w"]
            .iter()
            .find_map(|prefix| {
                word.strip_prefix(prefix).filter(|rest| {
                    rest.starts_with(|c: char| c.is_ascii_digit() || c == 'x' || c == 'v')
                })
            })
            .unwrap_or(word);
        match words.last_mut() {
            Some(year) if bare == "r2" => year.push_str("r2"),
            _ => words.push(bare.to_owned()),
        }
    }
    words
}

fn nt_number(word: &str) -> Option<OsVersion> {
    let mut parts = word.split('.').map(|part| part.parse::<u32>().ok());
    let (major, minor) = (parts.next()??, parts.next()??);
    OsVersion::from_nt(major, minor, parts.next().flatten().unwrap_or(0))
}

/// Processor architectures of Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arch {
    /// 32-bit x86.
    X86,
    /// 64-bit x86.
    X64,
    /// 64-bit ARM.
    Arm64,
}

impl Arch {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Arch::X86 => "x86",
            Arch::X64 => "x64",
            Arch::Arm64 => "arm64",
        }
    }
}

/// Why a word is no architecture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{typed}` names no architecture; write `x86`, `x64` or `arm64`")]
pub struct ParseArchError {
    typed: String,
}

impl FromStr for Arch {
    type Err = ParseArchError;

    /// Reads `x64`, `AMD64`, `x64-based PC`, `64-bit` and the like.
    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let lower = typed.to_ascii_lowercase();
        let has = |names: &[&str]| names.iter().any(|name| lower.contains(name));
        if has(&["arm64", "aarch64"]) {
            Ok(Arch::Arm64)
        } else if has(&[
            "x64", "amd64", "x86_64", "x86-64", "em64t", "64-bit", "64 bit", "intel64",
        ]) {
            Ok(Arch::X64)
        } else if has(&["x86", "i386", "i686", "ia32", "32-bit", "32 bit"]) {
            Ok(Arch::X86)
        } else {
            Err(ParseArchError {
                typed: typed.chars().take(80).collect(),
            })
        }
    }
}

/// Why a word is no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{typed}` is no size: {why}; write for example `16GB`, `16384MB` or `17179869184`")]
pub struct ParseSizeError {
    typed: String,
    why: &'static str,
}

/// Reads a size in bytes. Units are powers of 1,024, as Windows counts them, in English or
/// French letters. A comma, a point or a blank between groups of three digits is a
/// thousands separator ("16,384 MB", "16.384 MB"), but before gigabytes and terabytes one
/// point or comma is a decimal one ("1.500 GB").
pub fn parse_size(typed: &str) -> Result<u64, ParseSizeError> {
    let fail = |why| ParseSizeError {
        typed: typed.chars().take(40).collect(),
        why,
    };
    let trimmed = typed.trim();
    let unit_at = trimmed
        .find(|c: char| c.is_alphabetic())
        .unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(unit_at);
    let shift = match unit.to_lowercase().as_str() {
        "" | "b" | "byte" | "bytes" => 0,
        "k" | "kb" | "kib" | "ko" => 10,
        "m" | "mb" | "mib" | "mo" => 20,
        "g" | "gb" | "gib" | "go" => 30,
        "t" | "tb" | "tib" | "to" => 40,
        _ => return Err(fail("its unit is unknown")),
    };
    let (whole, fraction) = split_number(number.trim(), shift >= 30)
        .ok_or_else(|| fail("its number cannot be read"))?;
    let digits = |text: &str| {
        text.parse::<u64>()
            .map_err(|_| fail("its number cannot be read"))
    };
    let mut bytes = digits(&whole)?
        .checked_mul(1 << shift)
        .ok_or_else(|| fail("it is too large"))?;
    if !fraction.is_empty() {
        let scale = 10u64.pow(fraction.len() as u32);
        let part = u128::from(digits(&fraction)?) << shift;
        let part = u64::try_from(part / u128::from(scale)).unwrap_or(0);
        bytes = bytes
            .checked_add(part)
            .ok_or_else(|| fail("it is too large"))?;
    }
    Ok(bytes)
}

/// Digits behind a decimal point that still matter.
const MAX_FRACTION_DIGITS: usize = 9;

/// Whole and fractional digits; `None` where separators make no sense.
fn split_number(number: &str, large_unit: bool) -> Option<(String, String)> {
    let is_separator = |c: char| matches!(c, ',' | '.' | '\'' | '’') || c.is_whitespace();
    let groups: Vec<&str> = number.split(is_separator).collect();
    if groups
        .iter()
        .any(|g| g.is_empty() || !g.bytes().all(|b| b.is_ascii_digit()))
    {
        return None;
    }
    let (first, rest) = groups.split_first()?;
    let grouped = first.len() <= 3 && rest.iter().all(|g| g.len() == 3);
    match rest {
        [] => Some(((*first).to_owned(), String::new())),
        [fraction] if (large_unit || !grouped) && number.contains(['.', ',']) => {
            let kept = fraction.get(..MAX_FRACTION_DIGITS).unwrap_or(fraction);
            Some(((*first).to_owned(), kept.to_owned()))
        }
        _ if grouped => Some((groups.concat(), String::new())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn windows_by_any_name() {
        for (text, expected) in [
            (
                "Microsoft Windows Server 2012 R2 Standard",
                OsVersion::Server2012R2,
            ),
            (
                "Microsoft(R) Windows(R) Server 2003, Standard Edition",
                OsVersion::Server2003,
            ),
            (
                "Microsoft® Windows Server® 2008 Enterprise",
                OsVersion::Server2008,
            ),
            (
                "Microsoft Windows Server 2008 R2 Datacenter",
                OsVersion::Server2008R2,
            ),
            ("Microsoft Windows Server 2003 R2", OsVersion::Server2003),
            ("Microsoft Windows 7 Professional", OsVersion::Windows7),
            ("Microsoft Windows 8.1 Pro", OsVersion::Windows81),
            (
                "Microsoft Windows 10 Enterprise 2016 LTSB",
                OsVersion::Windows10,
            ),
            (
                "Microsoft Windows Server 2019 Datacenter",
                OsVersion::Server2019,
            ),
            ("Microsoft Windows XP Professional", OsVersion::Xp),
            ("Windows Server, version 1909", OsVersion::Server2019),
            ("2003", OsVersion::Server2003),
            ("2008r2", OsVersion::Server2008R2),
            ("2008-R2", OsVersion::Server2008R2),
            ("win10", OsVersion::Windows10),
            ("Win11", OsVersion::Windows11),
            ("w2k12r2", OsVersion::Server2012R2),
            ("WinXP", OsVersion::Xp),
            ("vista", OsVersion::Vista),
            ("server2016", OsVersion::Server2016),
            ("6.1.7601 Service Pack 1 Build 7601", OsVersion::Windows7),
            ("10.0.20348 N/A Build 20348", OsVersion::Server2022),
            ("10.0.22631", OsVersion::Windows11),
            ("5.2.3790", OsVersion::Server2003),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in ["", "Linux", "Windows", "2077", "9.9.9"] {
            assert!(text.parse::<OsVersion>().is_err(), "{text}");
        }
    }

    #[test]
    fn architectures() {
        assert_eq!("x64-based PC".parse(), Ok(Arch::X64));
        assert_eq!("X86-based PC".parse(), Ok(Arch::X86));
        assert_eq!("x86_64".parse(), Ok(Arch::X64));
        assert_eq!("ARM64-based PC".parse(), Ok(Arch::Arm64));
        assert!("vax".parse::<Arch>().is_err());
    }

    #[test]
    fn sizes() {
        const GIB: u64 = 1 << 30;
        for (text, expected) in [
            ("16GB", 16 * GIB),
            ("16 GiB", 16 * GIB),
            ("16384MB", 16 * GIB),
            ("17179869184", 16 * GIB),
            ("16,384 MB", 16 * GIB),
            ("16.384 MB", 16 * GIB),
            ("16\u{a0}384 Mo", 16 * GIB),
            ("17,179,869,184", 16 * GIB),
            ("1.5GB", GIB + GIB / 2),
            ("1,5 Go", GIB + GIB / 2),
            ("1.500 GB", GIB + GIB / 2),
            ("0.5k", 512),
            ("0", 0),
        ] {
            assert_eq!(parse_size(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "GB",
            "12 parsecs",
            "-1GB",
            "1.2.3GB",
            "99999999999999T",
            "1e9",
            "1..5GB",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsers_never_panic(text in any::<String>(), digits in "[0-9., ]{0,30}[kKmMgGtTbB]{0,3}") {
            for text in [&text, &digits] {
                let _ = (parse_size(text), text.parse::<OsVersion>(), text.parse::<Arch>());
            }
        }

        #[test]
        fn plain_numbers_are_bytes(bytes: u64) {
            prop_assert_eq!(parse_size(&bytes.to_string()), Ok(bytes));
        }

        #[test]
        fn names_parse_to_themselves(index in 0usize..OS_WORDS.len()) {
            let os = OS_WORDS[index].1;
            prop_assert_eq!(os.name().parse(), Ok(os));
        }
    }
}
