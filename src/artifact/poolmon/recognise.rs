//! Whether the first bytes of a file are poolmon's, for sorting an upload by content.

use memchr::memmem;

use super::notes::FileProblem;
use super::reader::{Options, SnapshotReader};

/// Bytes that are looked at: a header and hundreds of rows, or any shell's echo before them.
pub const HEAD: usize = 64 * 1024;
/// Proven rows that leave no doubt: one comes by chance about once in 2^40 number quintuples.
const SURE_ROWS: u64 = 3;

/// What the first bytes of a file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognition {
    /// The kind.
    pub kind: Kind,
    /// 0 (not poolmon) to 100 (certain).
    pub score: u8,
    /// Proven rows seen.
    pub rows: u64,
}

/// What kind of text the first bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Rows of the pool table.
    Rows,
    /// Header lines without rows.
    Header,
    /// A message that stands where the table should be.
    Complaint(FileProblem),
    /// Another program's pool table.
    Foreign(Foreign),
    /// No byte, or only blanks: nothing to tell by, the name must decide.
    Blank,
    /// None of these.
    Other,
}

/// Output of other programs that is sent in poolmon's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Foreign {
    /// The debugger's `!poolused`.
    PoolUsed,
    /// The debugger's `!vm`.
    Vm,
    /// PoolMonX: its binary file (often named `.csv`) or its table.
    PoolMonX,
    /// CSV of the poolmon-powershell script.
    PoolmonPowershell,
    /// `memsnap /m`.
    Memsnap,
    /// Performance counters as CSV.
    PerfmonCsv,
    /// Volatility's `pooltracker`.
    Volatility,
}

impl Foreign {
    /// The program as a noun phrase.
    pub const fn words(self) -> &'static str {
        match self {
            Foreign::PoolUsed => "the debugger's !poolused table",
            Foreign::Vm => "the debugger's !vm summary",
            Foreign::PoolMonX => "a table saved by PoolMonX",
            Foreign::PoolmonPowershell => "a table of the poolmon-powershell script",
            Foreign::Memsnap => "a memsnap process table",
            Foreign::PerfmonCsv => "a performance counter log",
            Foreign::Volatility => "Volatility's pool table",
        }
    }
}

/// The other program that writes a line like this one.
pub(super) fn foreign(line: &[u8]) -> Option<Foreign> {
    let text = line.trim_ascii();
    let has = |needle: &[u8]| memmem::find(text, needle).is_some();
    match text {
        [1, 1, 1, 1, 1, 1, 1, 1, ..] => Some(Foreign::PoolMonX),
        b"Pool Used:" => Some(Foreign::PoolUsed),
        _ if has(b"> !poolused") || text.starts_with(b"!poolused") => Some(Foreign::PoolUsed),
        _ if text.ends_with(b"> !vm") || has(b"> !vm ") => Some(Foreign::Vm),
        [b'"', _, _, _, _, b'-', _, _, b'-', _, _, b'T', rest @ ..] if rest.ends_with(b"\"") => {
            Some(Foreign::PoolmonPowershell)
        }
        _ if has(b"*** Virtual Memory Usage ***") => Some(Foreign::Vm),
        _ if text.starts_with(b"Tag\tType\t") && has(b"KBytes") => Some(Foreign::PoolMonX),
        _ if has(b"\"Tag\"") && has(b"PagedUsedBytes\"") => Some(Foreign::PoolmonPowershell),
        _ if text.starts_with(b"Process ID") && has(b"Proc.Name") => Some(Foreign::Memsnap),
        _ if text.starts_with(b"!LogType=memsnap") => Some(Foreign::Memsnap),
        _ if text.starts_with(b"\"(PDH-CSV 4.0)") => Some(Foreign::PerfmonCsv),
        _ if text.starts_with(b"Tag") && has(b"NpAllocs") => Some(Foreign::Volatility),
        _ => None,
    }
}

/// Judges the first bytes of a file; those beyond the first 64 KiB are ignored.
pub fn recognise(head: &[u8]) -> Recognition {
    let head = head.get(..HEAD).unwrap_or(head);
    let notes = SnapshotReader::new(head, Options::default()).finish();
    let rows = notes.tally.rows;
    let (kind, score) = if rows >= SURE_ROWS {
        (Kind::Rows, 100)
    } else if rows > 0 {
        (Kind::Rows, 80)
    } else if let Some(problem) = notes.problems.into_iter().map(|p| p.what).next() {
        by_problem(problem)
    } else if notes.tally.suspects > 0 {
        (Kind::Rows, 30)
    } else {
        (Kind::Other, 0)
    };
    Recognition { kind, score, rows }
}

fn by_problem(problem: FileProblem) -> (Kind, u8) {
    match problem {
        FileProblem::HeadersOnly => (Kind::Header, 70),
        FileProblem::Empty | FileProblem::Blank => (Kind::Blank, 0),
        FileProblem::NotPoolmon | FileProblem::ReadFailed { .. } => (Kind::Other, 0),
        FileProblem::Foreign(foreign) => (Kind::Foreign(foreign), 0),
        FileProblem::CannotOpen { .. } => (Kind::Complaint(problem), 40),
        complaint => (Kind::Complaint(complaint), 90),
    }
}
