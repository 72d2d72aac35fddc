//! How much of a stranger's upload is worth reading, and what happens beyond.
//!
//! Sizes that a container states are never trusted. They only divide a fixed budget
//! before anything is read, so that which artifact is cut short depends on the input
//! alone and not on which thread was first.

use super::artifact::ArtifactId;
use super::name::ArtifactName;
use std::fmt;

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The caps of one bundle. The defaults let every honest case through: the largest
/// seen in practice holds some ten GiB of logs and a few tens of thousands of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files (and folders, links) looked at. A complete DriverStore has about 30,000.
    pub entries: usize,
    /// Bytes of all artifacts together, unpacked.
    pub total_bytes: u64,
    /// Bytes of one artifact, unpacked. Logs grow by 1 MB files; a page file that was
    /// copied along by mistake must not eat the budget.
    pub artifact_bytes: u64,
    /// Unpacked bytes for each packed one. Logs of nearly equal lines reach 100, NUL
    /// padding and archive bombs about 1000.
    pub ratio: u64,
    /// An artifact up to this size is not held to `ratio`: padding in a small file is
    /// ordinary.
    pub ratio_free_bytes: u64,
    /// Bytes of one name. Windows' longest path is 32,767 UTF-16 units, but tools that
    /// collect cases stay far below, and every report repeats the name.
    pub name_bytes: usize,
    /// Folders within folders.
    pub depth: usize,
    /// Archives within the archive or folder that was passed, and again within those.
    /// Collectors pack folders that hold archives; what lies deeper was collected by
    /// nobody on purpose, and each level may multiply what the one above unpacks to.
    pub nesting: usize,
    /// Bytes of memory for contents that have no random access in place: entries of
    /// solid archives, recompressed (beyond it they are unpacked again for each reader),
    /// and archives packed within archives (beyond it they are not opened).
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            entries: 200_000,
            total_bytes: 64 * GIB,
            artifact_bytes: 16 * GIB,
            ratio: 250,
            ratio_free_bytes: 64 * MIB,
            name_bytes: 4096,
            depth: 64,
            nesting: 2,
            memory_bytes: 256 * MIB,
        }
    }
}

/// Which cap ends the reading of an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ByteLimit {
    /// [`Limits::artifact_bytes`].
    ArtifactBytes,
    /// [`Limits::ratio`].
    Ratio,
    /// The artifact's part of [`Limits::total_bytes`].
    TotalBytes,
}

impl ByteLimit {
    /// What the cap bounds, as words for a message.
    pub const fn describe(self) -> &'static str {
        match self {
            ByteLimit::ArtifactBytes => "the size of one artifact",
            ByteLimit::Ratio => "the growth of one artifact when it is unpacked",
            ByteLimit::TotalBytes => "the size of the whole bundle",
        }
    }
}

/// A cap that was met, and what it cost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitHit {
    /// More than [`Limits::entries`]; what follows in the container was not looked at.
    Entries {
        /// The cap.
        limit: usize,
    },
    /// A name longer than [`Limits::name_bytes`]; the file was left out.
    NameLength {
        /// The beginning of the name.
        name: ArtifactName,
        /// Its whole length in bytes.
        bytes: usize,
    },
    /// A file or folder deeper than [`Limits::depth`], left out.
    Depth {
        /// What was left out.
        name: ArtifactName,
    },
    /// Reading of an artifact was ended; the bytes before that were used.
    Bytes {
        /// The artifact cut short.
        artifact: ArtifactId,
        /// Its name.
        name: ArtifactName,
        /// Bytes that were read.
        allowed: u64,
        /// The cap.
        limit: ByteLimit,
    },
}

impl fmt::Display for LimitHit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LimitHit::Entries { limit } => {
                write!(f, "more than {limit} entries: the rest was not looked at")
            }
            LimitHit::NameLength { name, bytes } => {
                write!(
                    f,
                    "a name of {bytes} bytes was left out; it begins `{name}`"
                )
            }
            LimitHit::Depth { name } => write!(f, "`{name}` lies too deep and was left out"),
            LimitHit::Bytes {
                name,
                allowed,
                limit,
                ..
            } => {
                let what = limit.describe();
                write!(
                    f,
                    "`{name}` was read to byte {allowed} only, by the limit on {what}"
                )
            }
        }
    }
}

/// What an artifact may deliver at most, and the cap behind that figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    pub bytes: u64,
    pub bound_by: ByteLimit,
}

/// What a container says of an entry's size; `packed` is bounded by the real file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub packed: u64,
    pub unpacked: u64,
}

impl Limits {
    /// The most that an entry of `packed` bytes may deliver, the total aside.
    fn ceiling(&self, packed: u64) -> Allowance {
        let by_ratio = packed.saturating_mul(self.ratio).max(self.ratio_free_bytes);
        if by_ratio < self.artifact_bytes {
            Allowance {
                bytes: by_ratio,
                bound_by: ByteLimit::Ratio,
            }
        } else {
            Allowance {
                bytes: self.artifact_bytes,
                bound_by: ByteLimit::ArtifactBytes,
            }
        }
    }

    /// Divides `total_bytes`: first everyone gets what it claims, in order, then what is
    /// left is divided by packed size among those that turn out larger than they said
    /// (archives of files over 4 GiB without zip64 do; so do hostile ones). The sum never
    /// exceeds the total, and no allowance depends on what was read before.
    pub(super) fn allot(&self, claims: &[Claim]) -> Vec<Allowance> {
        let mut left = self.total_bytes;
        let granted: Vec<u64> = claims
            .iter()
            .map(|claim| {
                let grant = claim
                    .unpacked
                    .min(self.ceiling(claim.packed).bytes)
                    .min(left);
                left -= grant;
                grant
            })
            .collect();
        let packed_sum = claims
            .iter()
            .map(|claim| u128::from(claim.packed))
            .sum::<u128>()
            .max(1);
        claims
            .iter()
            .zip(granted)
            .map(|(claim, grant)| {
                let spare = u128::from(left) * u128::from(claim.packed) / packed_sum;
                let spare = u64::try_from(spare).unwrap_or(u64::MAX);
                let ceiling = self.ceiling(claim.packed);
                let bytes = grant.saturating_add(spare);
                if bytes < ceiling.bytes {
                    Allowance {
                        bytes,
                        bound_by: ByteLimit::TotalBytes,
                    }
                } else {
                    ceiling
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn claim(packed: u64, unpacked: u64) -> Claim {
        Claim { packed, unpacked }
    }

    #[test]
    fn honest_claims_are_granted_and_the_spare_goes_by_packed_size() {
        let limits = Limits {
            total_bytes: 1000,
            ratio_free_bytes: 10_000,
            ..Limits::default()
        };
        let allowances = limits.allot(&[claim(10, 100), claim(30, 100)]);
        assert_eq!(
            allowances[0],
            Allowance {
                bytes: 300,
                bound_by: ByteLimit::TotalBytes
            }
        );
        assert_eq!(allowances[1].bytes, 700);
    }

    #[test]
    fn ratio_binds_only_beyond_the_free_bytes() {
        let limits = Limits {
            ratio: 10,
            ratio_free_bytes: 50,
            ..Limits::default()
        };
        let allowances = limits.allot(&[claim(2, 1_000_000), claim(1000, 1_000_000)]);
        assert_eq!(
            allowances[0],
            Allowance {
                bytes: 50,
                bound_by: ByteLimit::Ratio
            }
        );
        assert_eq!(allowances[1].bytes, 10_000);
    }

    #[test]
    fn later_entries_get_nothing_once_the_total_is_gone() {
        let limits = Limits {
            total_bytes: 100,
            ..Limits::default()
        };
        let allowances = limits.allot(&[claim(90, 90), claim(90, 90), claim(90, 90)]);
        assert_eq!(
            allowances.iter().map(|a| a.bytes).collect::<Vec<_>>(),
            [90, 10, 0]
        );
    }

    proptest! {
        #[test]
        fn the_sum_never_exceeds_the_total(
            total: u64,
            sizes in proptest::collection::vec((0..u64::MAX, 0..u64::MAX), 0..20),
        ) {
            let limits = Limits { total_bytes: total, ..Limits::default() };
            let claims: Vec<_> = sizes.iter().map(|&(p, u)| claim(p, u)).collect();
            let sum: u128 = limits.allot(&claims).iter().map(|a| u128::from(a.bytes)).sum();
            prop_assert!(sum <= u128::from(total));
        }
    }
}
