//! One line of the table: a tag's counters in one pool, and how far they are proven.

use crate::tag::{Pool, Tag};

/// The counters of one tag in one pool, as one line states them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The tag, four raw bytes.
    pub tag: Tag,
    /// How surely the text shows those bytes.
    pub reading: TagReading,
    /// The pool of the `Type` column.
    pub pool: Pool,
    /// Allocations since boot; modulo 2^32 where the layout is narrow.
    pub allocs: u64,
    /// Frees since boot; modulo 2^32 where the layout is narrow.
    pub frees: u64,
    /// Outstanding allocations.
    pub diff: i64,
    /// Outstanding bytes, after the repair that `check` states.
    pub bytes: i64,
    /// Mean size of an outstanding allocation in bytes, truncated.
    pub per_alloc: i64,
    /// Changes since the last refresh: only the live screen prints them.
    pub deltas: Option<Deltas>,
    /// Text of the mapped-driver column, when [`Options::keep_mapped`](super::Options) asked for
    /// it. A look-up in a text file by the program, not evidence of who allocates.
    pub mapped: Option<Box<str>>,
    /// Line number in the file, from 1.
    pub line: u64,
    /// Which arithmetic proves the row.
    pub check: RowCheck,
}

/// The numbers in parentheses: changes since the screen's last refresh (five seconds).
/// On the first refresh they are all zero and mean nothing
/// ([`PageFaults::SinceBootOnScreen`](super::PageFaults) marks that screen).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deltas {
    /// Change of `Allocs`.
    pub allocs: i64,
    /// Change of `Frees`.
    pub frees: i64,
    /// Change of `Bytes`.
    pub bytes: i64,
}

/// How surely the four bytes of a tag are known from the printed cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagReading {
    /// The cell stands at its place: blanks on its left are NULs, on its right blanks.
    Exact,
    /// The copy lost the cell's position (or the cell is all blank), so whether the tag ends
    /// in NULs or in blanks is a guess. Compare with `Tag::same_but_for_padding`.
    PaddingGuessed,
    /// Bytes above 0x7F went through a character set; the byte shown is a guess.
    Transcoded,
}

/// The two equations every true row obeys, and in which form they held.
///
/// Held without exception on all 139 rows of third-party captures examined, from NT 4 to
/// Windows 11, and the first on 3,050 more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowCheck {
    /// `Diff == Allocs - Frees`.
    pub diff: DiffCheck,
    /// `PerAlloc == trunc(Bytes / Diff)`, zero where `Diff` is zero.
    pub bytes: BytesCheck,
}

impl RowCheck {
    /// Both equations held as printed.
    pub const EXACT: RowCheck = RowCheck {
        diff: DiffCheck::Exact,
        bytes: BytesCheck::Exact,
    };
}

/// In which form `Diff == Allocs - Frees` held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffCheck {
    /// As printed.
    Exact,
    /// Modulo 2^32: a 32-bit counter passed zero or was printed as a negative number.
    Modulo32,
}

/// In which form `PerAlloc == trunc(Bytes / Diff)` held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BytesCheck {
    /// As printed.
    Exact,
    /// `Bytes` was printed as a negative 32-bit number; it is kept as the unsigned one.
    Unsigned32,
    /// `Bytes` was printed modulo 2^32; the whole value follows from `PerAlloc` and `Diff`.
    Restored32,
}

/// A line that has the form of a row and fails its arithmetic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// The numbers as printed; `row.check` is meaningless.
    pub row: Row,
    /// What failed.
    pub reason: SuspectReason,
    /// The line, capped.
    pub text: Box<[u8]>,
}

/// Which equation a suspect row breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SuspectReason {
    /// `Diff` is not `Allocs - Frees`.
    Diff,
    /// `Per Alloc` is not `Bytes / Diff`.
    PerAlloc,
    /// Both equations fail.
    Both,
    /// There is no `Per Alloc` column, so only the first equation could be tried (it held).
    PerAllocMissing,
}

impl SuspectReason {
    /// The reason as a sentence fragment.
    pub const fn words(self) -> &'static str {
        match self {
            SuspectReason::Diff => "Diff is not Allocs minus Frees",
            SuspectReason::PerAlloc => "Per Alloc is not Bytes divided by Diff",
            SuspectReason::Both => {
                "neither Diff = Allocs - Frees nor Per Alloc = Bytes / Diff holds"
            }
            SuspectReason::PerAllocMissing => "the Per Alloc column is missing",
        }
    }
}

/// A `Total` line (option `-e`): the sum over one pool, never a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// The pool that is summed.
    pub pool: Pool,
    /// Sum of `Allocs`.
    pub allocs: u64,
    /// Sum of `Frees`.
    pub frees: u64,
    /// Sum of `Diff`.
    pub diff: i64,
    /// Sum of `Bytes`.
    pub bytes: i64,
    /// Mean size over the pool.
    pub per_alloc: i64,
    /// Line number in the file, from 1.
    pub line: u64,
}
