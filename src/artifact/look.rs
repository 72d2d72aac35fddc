//! One look at the pools by a tool other than poolmon: what its table or report says, and
//! nothing that it does not say.
//!
//! The readers of tables ([`pooltable`](super::pooltable)) and of a debugger's output
//! ([`poolused`](super::poolused)) give these. A figure that the tool does not print is `None`,
//! never zero.

use chrono::{DateTime, Utc};

use super::poolmon::TextBlock;
use crate::tag::{Pool, Tag};

/// Most rows of one look: two pools for each tag of the largest table known, thirty times over.
pub const MAX_ROWS: usize = 100_000;

/// From so many rows on, a table of both pools is taken for a whole one; selections and screens
/// are smaller. The same number decides for poolmon's own snapshots.
pub const WHOLE_TABLE_ROWS: usize = 150;

/// One look at the pools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Where it begins.
    pub first: Spot,
    /// Offset in the file at which it begins.
    pub offset: u64,
    /// Text between the look before and this one, where collectors write the time.
    pub preamble: TextBlock,
    /// Text after it, up to the next.
    pub postamble: TextBlock,
    /// The time that the source itself states for it.
    pub stamp: Option<Stamp>,
    /// When the kernel was started, as the source states.
    pub boot: Option<DateTime<Utc>>,
    /// Sizes of the machine and its pools.
    pub memory: Memory,
    /// Its rows in file order.
    pub rows: Vec<Row>,
    /// Why rows may be missing; empty for a whole table.
    pub lacks: Vec<Lack>,
}

impl Default for Look {
    fn default() -> Self {
        Look {
            first: Spot::Offset(0),
            offset: 0,
            preamble: TextBlock::default(),
            postamble: TextBlock::default(),
            stamp: None,
            boot: None,
            memory: Memory::default(),
            rows: Vec::new(),
            lacks: Vec::new(),
        }
    }
}

impl Look {
    /// True when it has neither a row nor a size.
    pub fn says_nothing(&self) -> bool {
        self.rows.is_empty() && self.memory == Memory::default()
    }
}

/// A place in a file that evidence can cite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A line, from 1.
    Line(u64),
    /// An offset, in files that have no lines.
    Offset(u64),
}

/// One tag's account in one pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The tag.
    pub tag: Tag,
    /// The pool.
    pub pool: Pool,
    /// Allocations since boot.
    pub allocs: Option<u64>,
    /// Frees since boot.
    pub frees: Option<u64>,
    /// Outstanding allocations.
    pub blocks: Option<i64>,
    /// Outstanding bytes.
    pub bytes: i64,
    /// Where it stands.
    pub spot: Spot,
}

/// Sizes that a look states beside its rows, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All of nonpaged pool.
    pub pool_nonpaged: Option<u64>,
    /// All of paged pool.
    pub pool_paged: Option<u64>,
    /// What nonpaged pool may grow to, as the kernel itself keeps it.
    pub nonpaged_max: Option<u64>,
    /// Physical memory.
    pub ram: Option<u64>,
    /// Physical memory available.
    pub available: Option<u64>,
    /// Commit charge.
    pub commit: Option<u64>,
    /// Commit limit.
    pub commit_limit: Option<u64>,
}

impl Memory {
    /// True when some size is stated by both, and differently.
    pub fn contradicts(&self, other: &Memory) -> bool {
        let pairs = self.fields().into_iter().zip(other.fields());
        pairs
            .into_iter()
            .any(|(a, b)| a.zip(b).is_some_and(|(a, b)| a != b))
    }

    /// What either states.
    #[must_use]
    pub fn or(self, other: Memory) -> Memory {
        Memory {
            pool_nonpaged: self.pool_nonpaged.or(other.pool_nonpaged),
            pool_paged: self.pool_paged.or(other.pool_paged),
            nonpaged_max: self.nonpaged_max.or(other.nonpaged_max),
            ram: self.ram.or(other.ram),
            available: self.available.or(other.available),
            commit: self.commit.or(other.commit),
            commit_limit: self.commit_limit.or(other.commit_limit),
        }
    }

    fn fields(&self) -> [Option<u64>; 7] {
        [
            self.pool_nonpaged,
            self.pool_paged,
            self.nonpaged_max,
            self.ram,
            self.available,
            self.commit,
            self.commit_limit,
        ]
    }
}

/// The time that a source states for its look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Where it stands in the form.
    pub origin: Origin,
    /// What is known of it.
    pub time: StampTime,
    /// The words as written.
    pub text: String,
    /// The line.
    pub line: u64,
}

/// Where a form keeps its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A column of the table.
    Column,
    /// The debugger's `Debug session time`.
    DebugSession,
}

/// A stated time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampTime {
    /// An instant, the offset from UTC included.
    Instant(DateTime<Utc>),
    /// The words are in UTC.
    Utc,
    /// The words are local time of the machine.
    Local,
}

/// Why a look may lack rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// The columns are those of one pool.
    PoolOnly(Pool),
    /// Only tags of a pattern were asked for.
    TagsChosen(String),
    /// The table shows the pool of a session.
    Session,
    /// The file ends within the table, or its total shows that rows are missing.
    Torn,
    /// Rows that could not be read or proven.
    RowsLost(u64),
    /// Nothing tells whether the table is whole.
    Unknown(usize),
}

impl Lack {
    /// The reason as a sentence.
    pub fn reason(&self) -> String {
        match self {
            Lack::PoolOnly(Pool::NonPaged) => {
                "The columns are those of nonpaged pool; paged is not listed.".into()
            }
            Lack::PoolOnly(Pool::Paged) => {
                "The columns are those of paged pool; nonpaged is not listed.".into()
            }
            Lack::TagsChosen(pattern) => format!(
                "Only tags like `{}` were asked for; others are not listed.",
                pattern.escape_debug()
            ),
            Lack::Session => "The table shows the pool of a session, not the system's.".into(),
            Lack::Torn => "The table was cut: rows after the last are missing.".into(),
            Lack::RowsLost(1) => "1 line of the table could not be read or proven.".into(),
            Lack::RowsLost(count) => {
                format!("{count} lines of the table could not be read or proven.")
            }
            Lack::Unknown(1) => "1 row: whether that is the whole list cannot be told.".into(),
            Lack::Unknown(rows) => {
                format!("{rows} rows: whether that is the whole list cannot be told.")
            }
        }
    }
}

/// What is to be said of a file of looks as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// Looks found.
    pub looks: u64,
    /// Rows read.
    pub rows: u64,
    /// Lines in the form of rows that were left out.
    pub left_out: u64,
    /// Sentences: what the form cannot tell, what was odd.
    pub said: Vec<String>,
}
