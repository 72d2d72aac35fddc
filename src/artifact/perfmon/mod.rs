//! Performance counters over time: what `relog`, `typeperf` and `logman` write as text, and the
//! companion collector's `perf.tsv`.
//!
//! ```text
//! "(PDH-CSV 4.0) (Pacific Standard Time)(480)","\\WEB01\Memory\Pool Nonpaged Bytes",…
//! "11/22/2026 13:04:15.123","221184000.00000000",…
//! ```
//! The first cell of the header names the zone and its bias in minutes west of UTC; times are
//! `MM/DD/YYYY hh:mm:ss.fff` whatever the locale of the machine; a sample that was missed is a
//! blank. Of the columns only those are kept that say something of pool, memory, handles or the
//! age of the kernel, under the names that Windows gives them in English, German and French;
//! other languages' names are counted, never guessed. The binary form (`.blg`) is not read.
//!
//! Limits: the file is streamed; a line of more than [`MAX_LINE`] bytes is left out; of more
//! than [`MAX_SAMPLES`] samples every second is dropped, the higher of each two staying.

mod collected;
mod columns;
mod fields;
mod lines;
mod reader;
mod stamps;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};

pub(super) use fields::Fields;
pub use reader::read;

/// Longest line that is read, in bytes of UTF-8. A log of all counters of some thousand
/// processes has lines of half a megabyte.
pub const MAX_LINE: u64 = 4 << 20;

/// Samples kept of one machine in one file: a week at one in twenty seconds.
pub const MAX_SAMPLES: usize = 30_000;

/// Machines told apart in one file; a central collector logs a farm into one.
pub const MAX_MACHINES: usize = 32;

/// Processes followed of one machine; a server has some hundreds at a time.
pub const MAX_PROCESSES: usize = 8_192;

/// Who wrote the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// A performance counter log in text (`relog`, `typeperf`, `logman`).
    #[default]
    Pdh,
    /// The companion collector's `perf.tsv`.
    Collected,
}

/// The zone that a log's header states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatedZone {
    /// Its name in the language of the machine, as far as it was written.
    pub name: String,
    /// Minutes that local time lies west of UTC, daylight saving included.
    pub bias_minutes: Option<i32>,
}

/// When a sample was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// On the wall clock of the zone that the header states.
    Local(NaiveDateTime),
    /// In UTC.
    Utc(DateTime<Utc>),
}

/// One row, as far as it concerns pool and memory. Bytes; a counter that the log lacks, or whose
/// sample is missing, is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its line, from 1.
    pub line: u64,
    /// Its time.
    pub when: When,
    /// Nonpaged pool.
    pub nonpaged: Option<u64>,
    /// Paged pool.
    pub paged: Option<u64>,
    /// Memory available.
    pub available: Option<u64>,
    /// Commit charge.
    pub committed: Option<u64>,
    /// Commit limit.
    pub commit_limit: Option<u64>,
    /// Physical memory.
    pub ram: Option<u64>,
    /// Handles of all processes.
    pub handles: Option<u64>,
    /// Seconds since the kernel was started.
    pub uptime: Option<u64>,
}

impl Sample {
    /// A sample that says nothing yet.
    pub(in crate::artifact) const fn at(line: u64, when: When) -> Sample {
        Sample {
            line,
            when,
            nonpaged: None,
            paged: None,
            available: None,
            committed: None,
            commit_limit: None,
            ram: None,
            handles: None,
            uptime: None,
        }
    }

    /// True if it states any figure.
    pub fn says_something(&self) -> bool {
        let figures = [
            self.nonpaged,
            self.paged,
            self.available,
            self.committed,
            self.commit_limit,
            self.handles,
        ];
        figures.iter().any(Option::is_some)
    }
}

/// A process whose handles are counted, over the samples in which it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The instance's name, such as `w3wp#1`.
    pub name: String,
    /// Its id, where the log counts that too. Without it an instance may change its process.
    pub pid: Option<u64>,
    /// Number of the first row with it, and its handles then.
    pub first: (u64, u64),
    /// The last one.
    pub last: (u64, u64),
    /// Line of the last one.
    pub line: u64,
}

/// What the log says of one machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Its name, as the columns have it; none where they leave it out.
    pub name: Option<String>,
    /// Its samples in the order of the file.
    pub samples: Vec<Sample>,
    /// Its processes, where their handles are counted.
    pub processes: Vec<Process>,
    /// Of how many samples one was kept.
    pub one_in: usize,
}

/// What reading had to do, for the coverage of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerfNotes {
    /// Rows of samples.
    pub rows: u64,
    /// Rows whose time could not be read, and the first of their lines.
    pub undated: (u64, u64),
    /// Cells that hold something else than a number, and the first of their lines.
    pub unreadable: (u64, u64),
    /// Cells of counters in use that hold no sample.
    pub missing: u64,
    /// Lines that were too long, and left out.
    pub cut: u64,
    /// Columns in all, the first left out.
    pub columns: u64,
    /// Columns in use.
    pub used_columns: u64,
    /// Machines beyond [`MAX_MACHINES`], and processes beyond [`MAX_PROCESSES`].
    pub beyond: u64,
    /// The first counter's path, where none is in use.
    pub example: Option<String>,
    /// Dates were written anew by another program, as day before month.
    pub day_first: bool,
    /// Dates were written anew, and nothing tells day from month; read as month before day.
    pub order_open: bool,
    /// What went wrong in reading, which then ended.
    pub failure: Option<String>,
}

/// A log, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerfLog {
    /// Who wrote it.
    pub form: Form,
    /// The zone of its times; none in UTC, or where the header states none.
    pub zone: Option<StatedZone>,
    /// Its machines in the order of their first columns.
    pub machines: Vec<Machine>,
    /// What is to be said of it.
    pub notes: PerfNotes,
}

impl PerfLog {
    /// The names of all machines in it.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.machines.iter().filter_map(|m| m.name.as_deref())
    }
}

/// Machines by their folded names, while reading.
type Places = BTreeMap<String, usize>;

#[cfg(test)]
mod tests;
