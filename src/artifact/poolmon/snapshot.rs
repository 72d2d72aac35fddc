//! One reading of the pool tables: its header, its rows, the text around it.

use super::completeness::Completeness;
use super::row::{Row, Suspect, Total};
use crate::tag::{Pool, Tag};

/// One reading of the pool tables.
///
/// A pair (tag, pool) without a row is *absent*, never zero: see [`Snapshot::completeness`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// First header or row line, from 1.
    pub first_line: u64,
    /// Last header or row line.
    pub last_line: u64,
    /// Offset in the file of the first header or row line.
    pub offset: u64,
    /// What made the reader start a new snapshot here.
    pub opening: Opening,
    /// Text between the previous snapshot and this one, where collectors write the time.
    pub preamble: TextBlock,
    /// Text between this snapshot and the next: the next one's preamble, repeated for files whose
    /// stamps come after. Which of the two carries the time is known at the end of the
    /// file: [`FileNotes::stamp_side`](super::FileNotes).
    pub postamble: TextBlock,
    /// The two summary lines, if present.
    pub memory: Option<MemoryHeader>,
    /// The live screen's title, if present.
    pub title: Option<Title>,
    /// Which of the program's forms the rows have.
    pub layout: Layout,
    /// Proven rows in file order. At most [`MAX_ROWS`].
    pub rows: Vec<Row>,
    /// `Total` lines: sums, not tags.
    pub totals: Vec<Total>,
    /// Lines in row form whose arithmetic fails; capped, the rest only counted in `rejected`.
    pub suspects: Vec<Suspect>,
    /// The order the rows stand in.
    pub sort: SortOrder,
    /// What the snapshot may lack and how that shows; never empty.
    pub completeness: Vec<Completeness>,
    /// Lines that were to be rows and were not readable, by kind.
    pub rejected: Vec<Rejected>,
}

/// Most rows of one snapshot. The largest known table has 3,050; this leaves room
/// for thirty times that and keeps one snapshot near ten megabytes. Rows beyond are counted.
pub const MAX_ROWS: usize = 100_000;

impl Snapshot {
    /// True when nothing shows that the snapshot lacks rows.
    pub fn is_complete(&self) -> bool {
        self.completeness
            .iter()
            .all(|c| matches!(c, Completeness::Complete { .. }))
    }

    /// True when the absence of `tag` in `pool` may be the copy's doing: nothing follows from it.
    pub fn may_lack(&self, tag: Tag, pool: Pool) -> bool {
        self.completeness.iter().any(|c| c.may_hide(tag, pool))
    }

    /// Sum of `Bytes` over the rows of one pool; negative rows count as they are.
    pub fn bytes_in(&self, pool: Pool) -> i128 {
        self.rows
            .iter()
            .filter(|r| r.pool == pool)
            .map(|r| i128::from(r.bytes))
            .sum()
    }
}

/// What made the reader start a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// A memory line, a title or a column header.
    Header,
    /// Rows without any header, at the start of the file.
    Rows,
    /// Rows without a header after a line that looks like a time stamp.
    Stamp,
    /// The (tag, pool) of the previous snapshot's first row came again without any header.
    RepeatedRow,
}

/// Lines that are neither headers nor rows, as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextBlock {
    /// The last lines of the block, the nearest to what follows; capped.
    pub lines: Vec<TextLine>,
    /// Earlier lines that were not kept.
    pub dropped: u64,
}

/// One kept line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextLine {
    /// Line number in the file, from 1.
    pub line: u64,
    /// The bytes as they stand, without line end (UTF-8 where the file is UTF-16); capped.
    pub text: Box<[u8]>,
}

impl TextBlock {
    /// Lines kept of one block: the longest collector preamble known has 6.
    const MAX_LINES: usize = 32;
    /// Bytes kept of one line: a stamp or a command line.
    const MAX_TEXT: usize = 512;

    /// Adds a line, forgetting the oldest when full.
    pub(in crate::artifact) fn push(&mut self, line: u64, text: &[u8]) {
        if self.lines.len() >= Self::MAX_LINES {
            self.lines.remove(0);
            self.dropped += 1;
        }
        let text = text.get(..Self::MAX_TEXT).unwrap_or(text).into();
        self.lines.push(TextLine { line, text });
    }

    /// Adds the lines of a later block.
    pub(in crate::artifact) fn append(&mut self, later: TextBlock) {
        self.dropped += later.dropped;
        for line in later.lines {
            self.push(line.line, &line.text);
        }
    }

    /// True when some line looks like a date or a time of day.
    pub(super) fn has_stamp(&self) -> bool {
        self.lines
            .iter()
            .any(|l| super::line::looks_like_stamp(&l.text))
    }
}

/// The `Memory:` and `Commit:` lines: sizes in KiB.
///
/// The program prints 32-bit signed numbers, so 2 TiB and more wrap; a negative size is
/// read as the unsigned number and listed in `wrapped`. Beyond 4 TiB the size is wrong and
/// nothing shows it. A field that the line lacks (cut at a window's edge) is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryHeader {
    /// Line of the `Memory:` (or else the `Commit:`) line.
    pub line: u64,
    /// Physical memory.
    pub memory_kib: Option<i64>,
    /// Available physical memory.
    pub avail_kib: Option<i64>,
    /// Page faults, and since when they are counted.
    pub page_faults: Option<PageFaults>,
    /// Resident kernel code and data (`InRam Krnl`).
    pub krnl_kib: Option<i64>,
    /// Resident paged pool (`InRam … P`).
    pub paged_resident_kib: Option<i64>,
    /// Committed memory.
    pub commit_kib: Option<i64>,
    /// Commit limit.
    pub limit_kib: Option<i64>,
    /// Highest commit since boot.
    pub peak_kib: Option<i64>,
    /// The whole nonpaged pool, untagged slack included (`Pool N`).
    pub pool_nonpaged_kib: Option<i64>,
    /// The whole paged pool, untagged slack included (`Pool … P`).
    pub pool_paged_kib: Option<i64>,
    /// Fields that were printed negative and are read modulo 2^32.
    pub wrapped: Vec<MemoryField>,
}

/// The page fault counter: what it counts depends on how the snapshot was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFaults {
    /// Since boot, modulo 2^32 (a snapshot by `-n -r`): a clock that only runs forward.
    SinceBoot(i64),
    /// Since the live screen's last refresh, about five seconds.
    SinceRefresh(i64),
    /// The live screen's first refresh: all changes are zero, the counter is since boot.
    SinceBootOnScreen(i64),
    /// No rows tell which of the two it is.
    Unknown(i64),
}

impl PageFaults {
    /// The number, whatever it counts.
    pub const fn value(self) -> i64 {
        match self {
            PageFaults::SinceBoot(n)
            | PageFaults::SinceRefresh(n)
            | PageFaults::SinceBootOnScreen(n)
            | PageFaults::Unknown(n) => n,
        }
    }
}

/// A field of the memory header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "named as in MemoryHeader")]
pub enum MemoryField {
    Memory,
    Avail,
    PageFaults,
    Krnl,
    PagedResident,
    Commit,
    Limit,
    Peak,
    PoolNonpaged,
    PoolPaged,
}

/// The live screen's title line: whose pool the table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Title {
    /// `System pool information`.
    System,
    /// `All sessions pool information` (option `-s`).
    AllSessions,
    /// `Session N pool information` (option `-sN`).
    Session(u32),
}

/// Which of the program's row forms a snapshot is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The live screen or a snapshot file; `None` without rows or title.
    pub source: Option<Source>,
    /// 32-bit or 64-bit columns; `None` where re-spaced or without rows.
    pub width: Option<Width>,
    /// A mapped-driver (or local tag) column is present.
    pub mapped: bool,
    /// At least one row was read away from its columns: a copy through other hands.
    pub respaced: bool,
    /// A line of dashes under the header, as screens of NT 4 and 2000 have.
    pub ruled: bool,
}

/// How the rows came to be text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Copied off the live screen: changes in parentheses.
    Live,
    /// Written by `-n`.
    File,
}

/// Column widths, which tell how counters wrap (and not how many bits Windows has).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// A 32-bit build: counters and bytes are modulo 2^32.
    Narrow,
    /// A 64-bit build.
    Wide,
}

/// The order of the rows. It also tells what a cut-off table lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    /// Ascending tags (the default, `-t`).
    Tag,
    /// Descending bytes (`-b`).
    Bytes,
    /// Descending allocations (`-a`).
    Allocs,
    /// Descending frees (`-f`).
    Frees,
    /// Descending outstanding allocations (`-d`).
    Diff,
    /// Descending bytes per allocation (`-m`).
    PerAlloc,
    /// None of these.
    Unsorted,
    /// Too few rows to tell.
    Unknown,
}

/// Lines of one kind that could not be read as what they seemed to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// What is wrong with them.
    pub kind: RejectedKind,
    /// How many.
    pub count: u64,
    /// The first one's line number.
    pub first_line: u64,
    /// The first one's text, capped.
    pub sample: Box<[u8]>,
}

/// What is wrong with a rejected line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectedKind {
    /// A row that ends before its last column.
    MissingColumns,
    /// A row with something else where a number should be.
    NotANumber,
    /// A row with a number beyond 64 bits.
    NumberTooLarge,
    /// Numbers behind a `Type` word, and no tag before it.
    NoTag,
    /// The file ends inside this row.
    TornTail,
    /// Longer than any line this format has; only its beginning was looked at.
    Overlong,
    /// Other text in the middle of the rows.
    TextAmongRows,
    /// A memory or commit line without a readable number.
    BrokenHeader,
    /// A true row beyond [`MAX_ROWS`].
    TooManyRows,
    /// A suspect row beyond those kept.
    TooManySuspects,
}

impl RejectedKind {
    /// The kind as a sentence fragment.
    pub const fn words(self) -> &'static str {
        match self {
            RejectedKind::MissingColumns => "rows that end before their last column",
            RejectedKind::NotANumber => "rows with other text where a number belongs",
            RejectedKind::NumberTooLarge => "rows with a number beyond 64 bits",
            RejectedKind::NoTag => "rows without a readable tag",
            RejectedKind::TornTail => "a row cut off by the end of the file",
            RejectedKind::Overlong => "lines longer than 64 KiB",
            RejectedKind::TextAmongRows => "other text among the rows",
            RejectedKind::BrokenHeader => "memory lines without numbers",
            RejectedKind::TooManyRows => "rows beyond the limit of one snapshot",
            RejectedKind::TooManySuspects => "rows with wrong arithmetic beyond those kept",
        }
    }
}

/// Counts rejected lines by kind, first come first.
pub(super) fn reject(list: &mut Vec<Rejected>, kind: RejectedKind, line: u64, text: &[u8]) {
    match list.iter_mut().find(|r| r.kind == kind) {
        Some(known) => known.count += 1,
        None => list.push(Rejected {
            kind,
            count: 1,
            first_line: line,
            sample: sample(text),
        }),
    }
}

/// Bytes kept of a rejected or suspect line: a whole row of the widest form with its text.
const MAX_SAMPLE: usize = 240;

/// The beginning of a line, to show.
pub(super) fn sample(text: &[u8]) -> Box<[u8]> {
    text.get(..MAX_SAMPLE).unwrap_or(text).into()
}
