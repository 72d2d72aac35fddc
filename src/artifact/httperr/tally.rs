//! What a HTTPERR log amounts to: counts, spans and oddities, small whatever the log's size.

use std::collections::BTreeMap;

use super::layout::Layout;
use super::reason::RefusalCount;

/// Refusal rows are kept to the second until there are this many bins, then by the minute, then
/// by the hour. At one row every five seconds, the cadence of every public log, a bin count of
/// this size is three weeks of uninterrupted refusals at full resolution.
const MAX_BINS: usize = 400_000;

/// Distinct words in the reason column that are kept apart; Microsoft documents about forty.
const MAX_REASONS: usize = 1_024;

/// Minutes of rival reasons kept; a year has 525,600.
const MAX_RIVAL_MINUTES: usize = 600_000;

/// Header blocks, layouts and clock steps listed one by one.
const MAX_LISTED: usize = 256;

/// Rejected lines quoted per kind, and the bytes quoted of each.
const MAX_SAMPLES: usize = 4;
const MAX_SAMPLE_BYTES: usize = 160;

/// Refusals in one bin of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalBin {
    /// Start of the bin, seconds since 1970 UTC.
    pub start: i64,
    /// Rows in the bin.
    pub rows: u64,
    /// Connections refused: the sum of the counts that the rows state, one for a row without.
    pub connections: u64,
    /// Line number of the bin's first row, counted from 1.
    pub first_line: u64,
}

/// Every dated refusal row of a log, binned by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals {
    width: i64,
    bins: Vec<RefusalBin>,
}

impl Default for Refusals {
    fn default() -> Self {
        Refusals {
            width: 1,
            bins: Vec::new(),
        }
    }
}

impl Refusals {
    /// Seconds that a bin spans: 1 unless the log holds hundreds of thousands of refusal rows.
    pub fn bin_seconds(&self) -> i64 {
        self.width
    }

    /// The bins in the order of the log.
    pub fn bins(&self) -> &[RefusalBin] {
        &self.bins
    }

    pub(super) fn push(&mut self, bin: RefusalBin) {
        self.place(bin);
        if self.bins.len() > MAX_BINS {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        self.width = if self.width == 1 { 60 } else { self.width * 60 };
        for bin in std::mem::take(&mut self.bins) {
            self.place(bin);
        }
    }

    fn place(&mut self, bin: RefusalBin) {
        // Most logs stay at this width, where nothing need be divided.
        let start = match self.width {
            1 => bin.start,
            width => bin.start.div_euclid(width) * width,
        };
        match self.bins.last_mut() {
            Some(last) if last.start == start => {
                last.rows += bin.rows;
                last.connections = last.connections.saturating_add(bin.connections);
            }
            _ => self.bins.push(RefusalBin { start, ..bin }),
        }
    }

    fn absorb(&mut self, later: Refusals, line_base: u64) {
        while self.width < later.width {
            self.coarsen();
        }
        for bin in later.bins {
            self.push(RefusalBin {
                first_line: bin.first_line + line_base,
                ..bin
            });
        }
    }
}

/// Why a line is not an ordinary row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Oddity {
    /// A row behind what a search or a mail put before it.
    PassedOn,
    /// More or fewer columns than the layout; the reason was found all the same.
    Misaligned,
    /// A dated row in which no reason could be found.
    NoReason,
    /// A row whose date or time cannot be read.
    Undated,
    /// A refusal whose date or time cannot be read: in the totals, but in no outage.
    UndatedRefusal,
    /// The last line, cut off before its reason was complete.
    TornTail,
    /// Longer than any row that http.sys writes; not read.
    Overlong,
    /// A row of a log whose fields lack `s-reason`.
    Unanalysable,
    /// Neither a row nor a directive.
    Foreign,
}

impl Oddity {
    /// What happened, as a phrase for the coverage list.
    pub const fn phrase(self, count: u64) -> &'static str {
        let (one, many) = match self {
            Oddity::PassedOn => (
                "row behind what a search, a table or a mail put before it, counted",
                "rows behind what a search, a table or a mail put before them, counted",
            ),
            Oddity::Misaligned => (
                "row with more or fewer columns than the header, reason found",
                "rows with more or fewer columns than the header, reason found",
            ),
            Oddity::NoReason => (
                "dated row in which no reason was found",
                "dated rows in which no reason was found",
            ),
            Oddity::Undated => (
                "row without a readable date",
                "rows without a readable date",
            ),
            Oddity::UndatedRefusal => (
                "refusal row without a readable date: in the totals, in no outage",
                "refusal rows without a readable date: in the totals, in no outage",
            ),
            Oddity::TornTail => (
                "last line cut off, not counted as a row",
                "last lines cut off, not counted as rows",
            ),
            Oddity::Overlong => ("line over 64 KiB, skipped", "lines over 64 KiB, skipped"),
            Oddity::Unanalysable => (
                "row of a layout without s-reason, which cannot show refusals",
                "rows of a layout without s-reason, which cannot show refusals",
            ),
            Oddity::Foreign => (
                "line that is neither row nor directive",
                "lines that are neither rows nor directives",
            ),
        };
        if count == 1 { one } else { many }
    }
}

/// A quoted line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineSample {
    /// Line number, counted from 1.
    pub line: u64,
    /// The line's first bytes.
    pub bytes: Vec<u8>,
}

/// Lines of one oddity: how many, and the first few.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OddLines {
    /// How many lines.
    pub count: u64,
    /// The first few of them.
    pub samples: Vec<LineSample>,
}

/// A stretch of a file read under one layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayoutUse {
    /// The layout.
    pub layout: Layout,
    /// Line from which it held.
    pub from_line: u64,
    /// Rows read under it.
    pub rows: u64,
}

/// A step of the log's clock against its own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepBack {
    /// Line of the row that is earlier than the one before it.
    pub line: u64,
    /// Time of the row before, seconds since 1970 UTC.
    pub from: i64,
    /// Time of the row itself.
    pub to: i64,
}

/// First and last row of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Time of the first dated row in file order.
    pub first: i64,
    /// Time of the last dated row in file order.
    pub last: i64,
    /// The earliest time of any row.
    pub earliest: i64,
    /// The latest time of any row.
    pub latest: i64,
}

/// A start of logging: a `#Date:` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockStart {
    /// Its line number.
    pub line: u64,
    /// Its time, if it could be read.
    pub at: Option<i64>,
}

/// Everything that is counted of one log, or of a stretch of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines, the last one included whether or not it ends.
    pub lines: u64,
    /// Rows with a reason, dated but for some refusals: the sum over `reasons`.
    pub rows: u64,
    /// Rows that report refused connections.
    pub refusal_rows: u64,
    /// Connections refused: the sum of the counts in the rows.
    pub refused: u64,
    /// Refusal rows that state no count, each taken as one: the total is then a lower bound.
    pub uncounted_rows: u64,
    /// Line of the first of them, counted from 1.
    pub first_uncounted: Option<u64>,
    /// The refusals in time.
    pub refusals: Refusals,
    /// Rows by reason; refusals under one name, unknown words as written.
    pub reasons: BTreeMap<String, u64>,
    /// Rows whose unknown reason did not fit into `reasons`.
    pub reasons_over_limit: u64,
    /// Rows of rival reasons by minute (start in seconds) and name.
    pub rivals: BTreeMap<(i64, &'static str), u64>,
    /// First and last row.
    pub span: Option<Span>,
    /// Rows by hour since 1970.
    pub hours: BTreeMap<i64, u64>,
    /// Layouts in the order met.
    pub layouts: Vec<LayoutUse>,
    /// Starts of logging.
    pub blocks: Vec<BlockStart>,
    /// Times at which the clock ran backwards: how often, and the first few.
    pub steps_back: Vec<StepBack>,
    /// All steps back, listed or not.
    pub steps_back_total: u64,
    /// Lines that were not ordinary rows, by kind.
    pub oddities: BTreeMap<Oddity, OddLines>,
    /// NUL bytes skipped.
    pub nul_bytes: u64,
    /// Lines that are not valid UTF-8; they are read all the same.
    pub non_utf8_lines: u64,
}

impl Tally {
    /// True if some rows could be read for their reason.
    pub fn is_analysable(&self) -> bool {
        self.rows > 0 || !self.oddities.contains_key(&Oddity::Unanalysable)
    }

    /// Rows that are missing from `rows` because no reason or time could be read in them.
    pub fn rejected(&self, kind: Oddity) -> u64 {
        self.oddities.get(&kind).map_or(0, |odd| odd.count)
    }

    pub(super) fn odd(&mut self, kind: Oddity, line: u64, bytes: &[u8]) {
        let odd = self.oddities.entry(kind).or_default();
        odd.count += 1;
        if odd.samples.len() < MAX_SAMPLES {
            let bytes = bytes[..bytes.len().min(MAX_SAMPLE_BYTES)].to_vec();
            odd.samples.push(LineSample { line, bytes });
        }
    }

    pub(super) fn refusal(&mut self, at: i64, count: RefusalCount, line: u64) {
        self.undated_refusal(count, line);
        self.refusals.push(RefusalBin {
            start: at,
            rows: 1,
            connections: count.connections(),
            first_line: line,
        });
    }

    /// Counts a refusal of which nobody knows when it was.
    pub(super) fn undated_refusal(&mut self, count: RefusalCount, line: u64) {
        let connections = count.connections();
        self.refusal_rows += 1;
        self.refused = self.refused.saturating_add(connections);
        if count == RefusalCount::AtLeastOne {
            self.uncounted_rows += 1;
            self.first_uncounted.get_or_insert(line);
        }
    }

    pub(super) fn count_reason(&mut self, name: &str, rows: u64) {
        if let Some(count) = self.reasons.get_mut(name) {
            *count += rows;
        } else if self.reasons.len() < MAX_REASONS {
            self.reasons.insert(name.to_owned(), rows);
        } else {
            self.reasons_over_limit += rows;
        }
    }

    pub(super) fn rival(&mut self, at: i64, name: &'static str, rows: u64) {
        let key = (at.div_euclid(60) * 60, name);
        if let Some(count) = self.rivals.get_mut(&key) {
            *count += rows;
        } else if self.rivals.len() < MAX_RIVAL_MINUTES {
            self.rivals.insert(key, rows);
        }
    }

    pub(super) fn step_back(&mut self, step: StepBack) {
        self.steps_back_total += 1;
        if self.steps_back.len() < MAX_LISTED {
            self.steps_back.push(step);
        }
    }

    pub(super) fn block_start(&mut self, block: BlockStart) {
        if self.blocks.len() < MAX_LISTED {
            self.blocks.push(block);
        }
    }

    pub(super) fn layout_use(&mut self, used: LayoutUse) {
        match self.layouts.last_mut() {
            Some(last) if last.layout == used.layout => last.rows += used.rows,
            Some(last) if last.rows == 0 => *last = used,
            _ => {
                if self.layouts.len() < MAX_LISTED {
                    self.layouts.push(used);
                }
            }
        }
    }

    /// Appends the tally of the lines that follow this one's in the same file.
    pub(super) fn absorb(&mut self, later: Tally) {
        let base = self.lines;
        self.lines += later.lines;
        self.rows += later.rows;
        self.refusal_rows += later.refusal_rows;
        self.refused = self.refused.saturating_add(later.refused);
        self.uncounted_rows += later.uncounted_rows;
        let shifted = later.first_uncounted.map(|line| line + base);
        self.first_uncounted = self.first_uncounted.or(shifted);
        self.refusals.absorb(later.refusals, base);
        for (name, rows) in later.reasons {
            self.count_reason(&name, rows);
        }
        self.reasons_over_limit += later.reasons_over_limit;
        for ((at, name), rows) in later.rivals {
            self.rival(at, name, rows);
        }
        for (hour, rows) in later.hours {
            *self.hours.entry(hour).or_default() += rows;
        }
        for used in later.layouts {
            self.layout_use(LayoutUse {
                from_line: used.from_line + base,
                ..used
            });
        }
        for block in later.blocks {
            self.block_start(BlockStart {
                line: block.line + base,
                ..block
            });
        }
        self.absorb_clock(later.span, later.steps_back, later.steps_back_total, base);
        for (kind, odd) in later.oddities {
            let mine = self.oddities.entry(kind).or_default();
            mine.count += odd.count;
            let room = MAX_SAMPLES.saturating_sub(mine.samples.len());
            let shifted = odd.samples.into_iter().take(room);
            mine.samples.extend(shifted.map(|s| LineSample {
                line: s.line + base,
                ..s
            }));
        }
        self.nul_bytes += later.nul_bytes;
        self.non_utf8_lines += later.non_utf8_lines;
    }

    fn absorb_clock(&mut self, later: Option<Span>, steps: Vec<StepBack>, total: u64, base: u64) {
        let Some(later) = later else { return };
        self.span = Some(match self.span {
            None => later,
            Some(mine) => Span {
                first: mine.first,
                last: later.last,
                earliest: mine.earliest.min(later.earliest),
                latest: mine.latest.max(later.latest),
            },
        });
        let listed = steps.len() as u64;
        for step in steps {
            self.step_back(StepBack {
                line: step.line + base,
                ..step
            });
        }
        self.steps_back_total += total.saturating_sub(listed);
    }
}
