//! How large nonpaged pool can get on a machine, and how that is known.
//!
//! The rules follow the table in Microsoft's "Memory Limits for Windows and Windows Server
//! Releases" (<https://learn.microsoft.com/windows/win32/memory/memory-limits-for-windows-releases>),
//! corrected where dumps of real machines show another figure. Sizes are powers of 1,024.
//!
//! | Windows | 32 bits | 64 bits |
//! |---|---|---|
//! | 2000, XP, 2003 | 256 MB, 128 MB with /3GB; less below 1.2 GB of memory | 400 KB per MB, at most 128 GB |
//! | Vista | 75 % of memory, at most 2 GB | 40 % of memory, at most 128 GB |
//! | 7, 2008, 2008 R2 | 75 % of memory, at most 2 GB | 75 % of memory, at most 128 GB |
//! | 8, 2012 | 75 % of memory, at most 2 GB | memory, at most 128 GB |
//! | 8.1, 2012 R2 and later | 75 % of memory, at most 2 GB | memory, at most 16 TB |

use super::host::{Arch, Host, OsVersion};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Nominal limit of 32-bit Windows up to 2003.
const X86_2003: u64 = 256 * MIB;
/// Largest maximum seen in a dump of such a machine: 277,508 KB.
const X86_2003_SEEN: u64 = 277_508 * 1024;
/// The same with /3GB.
const X86_2003_3GB: u64 = 128 * MIB;
/// Smallest limit of such a machine, with little memory.
const X86_2003_SMALLEST: u64 = 32 * MIB;
/// Memory below which such a machine gets less than its nominal limit.
const X86_2003_FULL_FROM: u64 = 1_229 * MIB;
/// Limit of 32-bit Windows from Vista on.
const X86_VISTA: u64 = 2 * GIB;
/// Kernel address space left by /3GB; no pool can be larger.
const X86_KERNEL_3GB: u64 = GIB;
/// Limit of 64-bit Windows up to 8 and 2012.
const X64_OLD: u64 = 128 * GIB;
/// Limit of 64-bit Windows from 8.1 and 2012 R2 on.
const X64_NEW: u64 = 16 << 40;
/// Derived limits are good to this share, in percent: dumps show 73.8 and 74.4 % of memory where
/// 75 % is documented, and systems report a percent or two less memory than is built in.
const NOMINAL_PERCENT: u64 = 2;
/// A share of one thousand.
const WHOLE: u64 = 1000;

/// A limit of nonpaged pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The best single figure, in bytes.
    pub bytes: u64,
    /// The smallest that the facts allow, in bytes.
    pub low: u64,
    /// The largest that the facts allow, in bytes.
    pub high: u64,
    /// How good the figure is.
    pub quality: Quality,
    /// What else the pool runs out of before.
    pub bound: Bound,
    /// One sentence: rule and source.
    pub basis: String,
}

/// How good a limit is, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quality {
    /// Given by the user or the machine's registry.
    Stated,
    /// Documented for this Windows, with a figure that can be reached.
    Documented,
    /// Documented as an upper bound: the machine suffers before.
    Ceiling,
    /// Facts are missing: a range with a middle.
    Guess,
}

impl Quality {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Quality::Stated => "stated",
            Quality::Documented => "documented",
            Quality::Ceiling => "ceiling",
            Quality::Guess => "guess",
        }
    }
}

/// What bounds nonpaged pool on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The kernel's address space: only the limit counts.
    AddressSpace,
    /// Memory: pool is always resident and charged to commit, so available memory and
    /// commit bind as well as the limit.
    Memory,
}

/// Which facts are missing for a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the limit of nonpaged pool is not known: the machine's {missing} not known")]
pub struct MissingFacts {
    missing: &'static str,
}

impl Limit {
    /// A sentence where an observed size of nonpaged pool shows that the limit is wrong.
    pub fn contradicted_by(&self, nonpaged: u64) -> Option<String> {
        // What was derived is nominal; what was stated is meant.
        let tolerance = match self.quality {
            Quality::Stated => 0,
            _ => self.high / 100 * NOMINAL_PERCENT,
        };
        (nonpaged > self.high.saturating_add(tolerance)).then(|| {
            format!(
                "nonpaged pool was {nonpaged} bytes, above the limit of at most {} bytes ({}): a fact about the machine is wrong, and nothing is said of what was left; {}",
                self.high,
                self.basis,
                match self.quality {
                    Quality::Stated => "--npp-limit gives the right limit",
                    _ => "--ram and --os give the right facts, or --npp-limit the limit",
                }
            )
        })
    }
}

/// The limit of nonpaged pool on `host`. What was stated beats what the kernel keeps, that beats
/// the registry, the registry beats the table.
pub fn limit(host: &Host) -> Result<Limit, MissingFacts> {
    if let Some(bytes) = host.npp_limit_option.filter(|bytes| *bytes > 0) {
        let basis = "stated by the user".to_owned();
        return Ok(exact(bytes, Quality::Stated, bound_of(host), basis));
    }
    if let Some(bytes) = host.kernel_npp_max.filter(|bytes| *bytes > 0) {
        let basis = "the kernel's own maximum (NonPagedPool Max of a debugger's !vm)".to_owned();
        return Ok(exact(bytes, Quality::Stated, bound_of(host), basis));
    }
    if let Some(limit) = from_registry(host) {
        return Ok(limit);
    }
    match (host.os, arch_of(host)) {
        (Some(os), Some(Arch::X86)) => x86(os, host),
        (Some(os), Some(Arch::X64 | Arch::Arm64)) => x64(os, host),
        (Some(os), None) => either(os, host),
        (None, _) => unknown_os(host),
    }
}

/// The architecture, also where only the product or its memory tells it: 32-bit clients
/// see at most 4 GB.
fn arch_of(host: &Host) -> Option<Arch> {
    let client = [
        OsVersion::Xp,
        OsVersion::Vista,
        OsVersion::Windows7,
        OsVersion::Windows8,
        OsVersion::Windows81,
        OsVersion::Windows10,
    ];
    let os = host.os;
    let by_product = os.is_some_and(OsVersion::is_64_bit_only);
    let by_memory = os.is_some_and(|os| client.contains(&os)) && host.ram_bytes > Some(4 * GIB);
    host.arch
        .or_else(|| (by_product || by_memory).then_some(Arch::X64))
}

fn bound_of(host: &Host) -> Bound {
    match arch_of(host) {
        Some(Arch::X86) => Bound::AddressSpace,
        _ => Bound::Memory,
    }
}

fn exact(bytes: u64, quality: Quality, bound: Bound, basis: String) -> Limit {
    Limit {
        bytes,
        low: bytes,
        high: bytes,
        quality,
        bound,
        basis,
    }
}

/// Registry values that still have an effect: both are for 32-bit systems only.
fn from_registry(host: &Host) -> Option<Limit> {
    if arch_of(host)? != Arch::X86 {
        return None;
    }
    let old = host.os.is_some_and(|os| os <= OsVersion::Server2003);
    if old {
        let bytes = host.registry_nonpaged_pool_size.filter(|b| *b > 0)?;
        let basis = "registry value NonPagedPoolSize (Windows 2000 to Server 2003)".to_owned();
        let bytes = bytes.min(X86_2003_SEEN);
        return Some(exact(bytes, Quality::Stated, Bound::AddressSpace, basis));
    }
    let mib = host.registry_nonpaged_pool_limit.filter(|mib| *mib > 0)?;
    let basis = "registry value NonPagedPoolLimit (32-bit Windows from Vista SP1 on)".to_owned();
    let bytes = mib.saturating_mul(MIB).min(X86_VISTA);
    Some(exact(bytes, Quality::Stated, Bound::AddressSpace, basis))
}

fn ram_of(host: &Host) -> Result<u64, MissingFacts> {
    let missing = MissingFacts {
        missing: "amount of memory is",
    };
    host.ram_bytes.filter(|bytes| *bytes > 0).ok_or(missing)
}

/// `share` thousandths of `ram`, at most `cap`.
fn part(ram: u64, share: u64, cap: u64) -> u64 {
    let part = u128::from(ram) * u128::from(share) / u128::from(WHOLE);
    u64::try_from(part).unwrap_or(u64::MAX).min(cap)
}

fn x86(os: OsVersion, host: &Host) -> Result<Limit, MissingFacts> {
    if os <= OsVersion::Server2003 {
        return Ok(x86_2003(os, host));
    }
    let ram = ram_of(host)?;
    let whole = part(ram, 750, X86_VISTA);
    let (cap, with_3gb) = match host.boot_3gb {
        Some(true) => (
            X86_KERNEL_3GB,
            ", and with /3GB at most the 1 GB that is left to the kernel",
        ),
        _ => (X86_VISTA, ""),
    };
    let basis = format!(
        "32-bit {os}: 75 % of memory, at most 2 GB{with_3gb} (Microsoft, memory limits by release); shared with the rest of the kernel's address space"
    );
    let quality = if os <= OsVersion::Server2012 {
        Quality::Documented
    } else {
        Quality::Ceiling
    };
    let bytes = whole.min(cap);
    Ok(Limit {
        low: bytes / 2,
        ..exact(bytes, quality, Bound::AddressSpace, basis)
    })
}

fn x86_2003(os: OsVersion, host: &Host) -> Limit {
    let source = "(Microsoft, memory limits by release)";
    let built = |bytes, low, high, quality, basis| Limit {
        bytes,
        low,
        high,
        quality,
        bound: Bound::AddressSpace,
        basis,
    };
    if let Some(ram) = host.ram_bytes.filter(|ram| *ram < X86_2003_FULL_FROM) {
        let middle =
            (u128::from(X86_2003) * u128::from(ram) / u128::from(X86_2003_FULL_FROM)) as u64;
        let nominal = if host.boot_3gb == Some(true) {
            X86_2003_3GB
        } else {
            X86_2003
        };
        let basis = format!(
            "32-bit {os} with less than 1.2 GB of memory: 32 to 256 MB {source}; in proportion to memory"
        );
        return built(
            middle.clamp(X86_2003_SMALLEST, nominal),
            X86_2003_SMALLEST,
            X86_2003_SEEN,
            Quality::Guess,
            basis,
        );
    }
    let quality = Quality::Documented;
    match host.boot_3gb {
        Some(true) => {
            let basis = format!("32-bit {os} booted with /3GB: 128 MB {source}");
            built(
                X86_2003_3GB,
                X86_2003_3GB,
                X86_2003_SEEN / 2,
                quality,
                basis,
            )
        }
        Some(false) => {
            let basis = format!("32-bit {os}: 256 MB {source}; up to 271 MB seen");
            built(X86_2003, X86_2003, X86_2003_SEEN, quality, basis)
        }
        None => {
            let basis = format!(
                "32-bit {os}: 256 MB, or 128 MB if it was booted with /3GB, which is not known {source}"
            );
            built(X86_2003, X86_2003_3GB, X86_2003_SEEN, quality, basis)
        }
    }
}

/// One row of the 64-bit column: thousandths of memory for the figure and its range.
struct X64Rule {
    until: OsVersion,
    low: u64,
    figure: u64,
    high: u64,
    cap: u64,
    quality: Quality,
    rule: &'static str,
}

const X64_RULES: [X64Rule; 5] = [
    X64Rule {
        until: OsVersion::Server2003,
        low: 390,
        figure: 390,
        high: 400,
        cap: X64_OLD,
        quality: Quality::Documented,
        rule: "400 KB for each MB of memory, at most 128 GB (Russinovich, Pushing the Limits of Windows: Paged and Nonpaged Pool)",
    },
    X64Rule {
        until: OsVersion::Vista,
        low: 400,
        figure: 400,
        high: 750,
        cap: X64_OLD,
        quality: Quality::Documented,
        rule: "40 % of memory, at most 128 GB (Microsoft, memory limits by release); Russinovich gives 75 %",
    },
    X64Rule {
        until: OsVersion::Server2008R2,
        low: 730,
        figure: 740,
        high: 750,
        cap: X64_OLD,
        quality: Quality::Documented,
        rule: "75 % of memory, at most 128 GB (Microsoft, memory limits by release); dumps of two machines show 73.8 and 74.4 %",
    },
    X64Rule {
        until: OsVersion::Server2012,
        low: 1000,
        figure: 1000,
        high: 1000,
        cap: X64_OLD,
        quality: Quality::Ceiling,
        rule: "all of memory, at most 128 GB (Microsoft, memory limits by release); the machine suffers before",
    },
    X64Rule {
        until: OsVersion::Server2025,
        low: 1000,
        figure: 1000,
        high: 1000,
        cap: X64_NEW,
        quality: Quality::Ceiling,
        rule: "all of memory, at most 16 TB (Microsoft, memory limits by release, as listed for 8.1 and Server 2012 R2); the machine suffers before",
    },
];

fn x64(os: OsVersion, host: &Host) -> Result<Limit, MissingFacts> {
    let ram = ram_of(host)?;
    let [.., newest] = &X64_RULES;
    let row = X64_RULES
        .iter()
        .find(|row| os <= row.until)
        .unwrap_or(newest);
    Ok(Limit {
        bytes: part(ram, row.figure, row.cap),
        low: part(ram, row.low, row.cap),
        high: part(ram, row.high, row.cap),
        quality: row.quality,
        bound: Bound::Memory,
        basis: format!("64-bit {os}: {}", row.rule),
    })
}

/// The architecture is unknown: both columns, the figure of the 64-bit one.
fn either(os: OsVersion, host: &Host) -> Result<Limit, MissingFacts> {
    let (narrow, wide) = (x86(os, host)?, x64(os, host)?);
    Ok(Limit {
        bytes: wide.bytes,
        low: narrow.low.min(wide.low),
        high: narrow.high.max(wide.high),
        quality: Quality::Guess,
        bound: Bound::Memory,
        basis: format!(
            "whether {os} is a 32-bit or a 64-bit one is not known; if 64-bit: {}",
            wide.basis
        ),
    })
}

/// Windows is unknown: from the smallest rule to all of memory.
fn unknown_os(host: &Host) -> Result<Limit, MissingFacts> {
    let missing = MissingFacts {
        missing: "Windows version and amount of memory are",
    };
    let ram = ram_of(host).map_err(|_| missing)?;
    if host.arch == Some(Arch::X86) {
        let cap = part(ram, 750, X86_VISTA);
        return Ok(Limit {
            bytes: X86_2003.min(cap),
            low: X86_2003_3GB.min(cap),
            high: cap,
            quality: Quality::Guess,
            bound: Bound::AddressSpace,
            basis: "a 32-bit Windows of unknown version: 128 MB to 75 % of memory, at most 2 GB"
                .to_owned(),
        });
    }
    // Beyond what any 32-bit client sees, the small limits of 32-bit systems are unlikely.
    let small = ram <= 4 * GIB && host.arch.is_none();
    let low = part(ram, 400, X64_OLD);
    Ok(Limit {
        bytes: ram.min(X64_NEW),
        low: if small { low.min(X86_2003_3GB) } else { low },
        high: ram.min(X64_NEW),
        quality: Quality::Guess,
        bound: Bound::Memory,
        basis: "the version of Windows is not known: no rule allows more than all of memory, older ones allow less".to_owned(),
    })
}

#[cfg(test)]
mod tests;
