//! A snapshot in the making.

use super::check;
use super::completeness::{self, Facts};
use super::figures::{Figures, Number};
use super::line::{Columns, RowText};
use super::row::{
    BytesCheck, Deltas, DiffCheck, Row, RowCheck, Suspect, SuspectReason, TagReading, Total,
};
use super::snapshot::{
    Layout, MAX_ROWS, MemoryHeader, Opening, PageFaults, Rejected, RejectedKind, Snapshot,
    SortOrder, Source, TextBlock, Title, Width, reject, sample,
};
use crate::tag::{Pool, Tag};

/// Suspect rows kept whole in one snapshot; more than this is another format or noise.
const MAX_SUSPECTS: usize = 1_000;
/// `Total` lines kept: the program writes two.
const MAX_TOTALS: usize = 8;
/// A refresh takes about five seconds; a million page faults in it while no pool counter
/// moved means that the counter is the one since boot.
const FAULTS_SINCE_BOOT: i64 = 1_000_000;
/// Rows needed before their order says anything.
const ROWS_FOR_ORDER: usize = 3;

/// Where a line stands, for messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub line: u64,
    pub offset: u64,
    pub text: &'a [u8],
    /// One character may have become one wrong byte.
    pub transcoded: bool,
}

/// What became of a line in row form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Row(RowCheck),
    Suspect,
    /// A suspect or row beyond a limit.
    Rejected,
}

#[derive(Debug, Default)]
pub(super) struct Draft {
    opening: Option<Opening>,
    first_line: u64,
    last_line: u64,
    offset: u64,
    pub preamble: TextBlock,
    pub memory: Option<MemoryHeader>,
    pub memory_line: bool,
    pub commit_line: bool,
    pub title: Option<Title>,
    pub columns: Option<Columns>,
    layout: Layout,
    pub rows: Vec<Row>,
    totals: Vec<Total>,
    suspects: Vec<Suspect>,
    order: Order,
    deltas_all_zero: bool,
    pub ellipsis: bool,
    pub torn: bool,
    rejected: Vec<Rejected>,
}

impl Draft {
    /// An empty snapshot after `preamble`.
    pub fn after(preamble: TextBlock) -> Self {
        Draft {
            preamble,
            ..Draft::default()
        }
    }

    /// True once the table itself began.
    pub fn has_rows(&self) -> bool {
        !self.rows.is_empty() || !self.suspects.is_empty() || !self.totals.is_empty()
    }

    /// Notes that a line belongs to this snapshot.
    pub fn extend(&mut self, place: &Place<'_>, opening: Opening) {
        if self.opening.is_none() {
            self.opening = Some(opening);
            self.first_line = place.line;
            self.offset = place.offset;
        }
        self.last_line = self.last_line.max(place.line);
    }

    pub fn reject(&mut self, kind: RejectedKind, line: u64, text: &[u8]) {
        reject(&mut self.rejected, kind, line, text);
    }

    pub fn set_columns(&mut self, columns: Columns) {
        self.layout.mapped |= columns.mapped;
        self.columns = Some(columns);
    }

    pub fn set_ruled(&mut self) {
        self.layout.ruled = true;
    }

    /// True when the row would repeat the key of this snapshot's first.
    pub fn repeats_first(&self, row: &RowText) -> bool {
        let exact = |reading| reading == TagReading::Exact;
        self.title != Some(Title::AllSessions)
            && exact(row.reading)
            && self.rows.first().is_some_and(|first| {
                (first.tag, first.pool) == (row.tag, row.pool) && exact(first.reading)
            })
    }

    /// Takes a line in row form; its arithmetic decides where it goes. `line` is the text that
    /// the figures' indices refer to.
    pub fn take_row(
        &mut self,
        text: &RowText,
        line: &[u8],
        place: &Place<'_>,
        keep_mapped: bool,
    ) -> Outcome {
        let (row, proof) = row_of(text, line, place, keep_mapped);
        match proof {
            Ok(check) if self.rows.len() < MAX_ROWS => {
                self.note_form(text, line, &row);
                self.order.add(self.rows.last(), &row);
                self.rows.push(row);
                Outcome::Row(check)
            }
            Ok(_) => {
                self.reject(RejectedKind::TooManyRows, place.line, place.text);
                Outcome::Rejected
            }
            Err(reason) if self.suspects.len() < MAX_SUSPECTS => {
                self.suspects.push(Suspect {
                    row,
                    reason,
                    text: sample(place.text),
                });
                Outcome::Suspect
            }
            Err(_) => {
                self.reject(RejectedKind::TooManySuspects, place.line, place.text);
                Outcome::Rejected
            }
        }
    }

    /// Takes a `Total` line; its figures have the form of a row's.
    pub fn take_total(&mut self, pool: Pool, figures: &Figures, line: u64) -> bool {
        let (values, _) = check::check(figures);
        if self.totals.len() >= MAX_TOTALS {
            return false;
        }
        self.totals.push(Total {
            pool,
            allocs: values.allocs,
            frees: values.frees,
            diff: values.diff,
            bytes: values.bytes,
            per_alloc: values.per_alloc,
            line,
        });
        true
    }

    /// Learns the layout from a proven row.
    fn note_form(&mut self, text: &RowText, line: &[u8], row: &Row) {
        let live = text.figures.changes.is_some();
        if self.layout.source.is_none() {
            self.layout.source = Some(if live { Source::Live } else { Source::File });
            self.deltas_all_zero = true;
        }
        let still = row
            .deltas
            .is_none_or(|d| d.allocs == 0 && d.frees == 0 && d.bytes == 0);
        self.deltas_all_zero &= live && still;
        self.layout.respaced |= !text.placed;
        if self.layout.width.is_none() {
            self.layout.width = width(text);
        }
        if !self.layout.mapped {
            let rest = line.get(text.figures.end..).unwrap_or_default();
            self.layout.mapped = !rest.trim_ascii().is_empty();
        }
    }

    /// The finished snapshot, or `None` with what was rejected if there is no header or row.
    pub fn finish(mut self, postamble: TextBlock) -> Result<Snapshot, Vec<Rejected>> {
        let Some(opening) = self.opening else {
            return Err(self.rejected);
        };
        if self.title.is_some() {
            self.layout.source.get_or_insert(Source::Live);
        }
        let sort = self.order.name(self.rows.len());
        let lost = self.suspects.len() as u64 + self.rejected.iter().map(lost_rows).sum::<u64>();
        let completeness = completeness::judge(&Facts {
            rows: &self.rows,
            totals: &self.totals,
            source: self.layout.source,
            sort,
            ellipsis: self.ellipsis,
            torn: self.torn,
            lost,
        });
        let faults = self.page_faults();
        if let Some(memory) = &mut self.memory {
            memory.page_faults = faults;
        }
        Ok(Snapshot {
            first_line: self.first_line,
            last_line: self.last_line,
            offset: self.offset,
            opening,
            preamble: self.preamble,
            postamble,
            memory: self.memory,
            title: self.title,
            layout: self.layout,
            rows: self.rows,
            totals: self.totals,
            suspects: self.suspects,
            sort,
            completeness,
            rejected: self.rejected,
        })
    }

    /// What the page fault counter counts, now that the rows are known.
    fn page_faults(&self) -> Option<PageFaults> {
        let count = self.memory.as_ref()?.page_faults?.value();
        let first_screen =
            self.deltas_all_zero && self.rows.len() >= ROWS_FOR_ORDER && count >= FAULTS_SINCE_BOOT;
        Some(match self.layout.source {
            Some(Source::File) => PageFaults::SinceBoot(count),
            Some(Source::Live) if first_screen => PageFaults::SinceBootOnScreen(count),
            Some(Source::Live) => PageFaults::SinceRefresh(count),
            None => PageFaults::Unknown(count),
        })
    }
}

/// The row that a line states, and whether its arithmetic holds.
fn row_of(
    text: &RowText,
    line: &[u8],
    place: &Place<'_>,
    keep_mapped: bool,
) -> (Row, Result<RowCheck, SuspectReason>) {
    let (values, proof) = check::check(&text.figures);
    let reading = if place.transcoded && may_be_transcoded(text.tag) {
        TagReading::Transcoded
    } else {
        text.reading
    };
    let row = Row {
        tag: text.tag,
        reading,
        pool: text.pool,
        allocs: values.allocs,
        frees: values.frees,
        diff: values.diff,
        bytes: values.bytes,
        per_alloc: values.per_alloc,
        deltas: text.figures.changes.map(deltas),
        mapped: keep_mapped
            .then(|| mapped(line, text.figures.end))
            .flatten(),
        line: place.line,
        check: proof.unwrap_or(RowCheck::EXACT),
    };
    (row, proof)
}

/// Rejected lines that stood for a row of the table.
fn lost_rows(rejected: &Rejected) -> u64 {
    match rejected.kind {
        RejectedKind::TextAmongRows | RejectedKind::BrokenHeader | RejectedKind::TornTail => 0,
        RejectedKind::MissingColumns
        | RejectedKind::NotANumber
        | RejectedKind::NumberTooLarge
        | RejectedKind::NoTag
        | RejectedKind::Overlong
        | RejectedKind::TooManyRows
        | RejectedKind::TooManySuspects => rejected.count,
    }
}

fn deltas(changes: [Number; 3]) -> Deltas {
    let [allocs, frees, bytes] = changes.map(Number::signed);
    Deltas {
        allocs,
        frees,
        bytes,
    }
}

fn may_be_transcoded(tag: Tag) -> bool {
    tag.bytes().iter().any(|&b| b >= 0x80 || b == b'?')
}

fn mapped(line: &[u8], end: usize) -> Option<Box<str>> {
    let text = line.get(end..)?.trim_ascii();
    (!text.is_empty()).then(|| String::from_utf8_lossy(text).into())
}

/// The build's column widths, from where the first number ends behind the `Type` word: blank
/// and 9 digits in narrow files, blank and 18 in wide ones; on screens, where both have 9, from
/// the change behind `Bytes` (6 or 11 wide). A value beyond 32 bits settles it.
fn width(text: &RowText) -> Option<Width> {
    let figures = &text.figures;
    let beyond = [figures.allocs, figures.frees, figures.bytes]
        .iter()
        .any(|n| !n.negative && n.magnitude > u64::from(u32::MAX));
    if beyond {
        return Some(Width::Wide);
    }
    if !text.placed {
        return None;
    }
    match (figures.changes.is_some(), figures.first_end - text.type_at) {
        (false, 24) => Some(Width::Wide),
        (false, 15..=17) => Some(Width::Narrow),
        (true, _) if figures.bytes_change_width >= 11 => Some(Width::Wide),
        (true, _) if (6..11).contains(&figures.bytes_change_width) => Some(Width::Narrow),
        _ => None,
    }
}

/// Which orders the rows seen so far keep.
#[derive(Debug)]
struct Order([(SortOrder, bool); 6]);

impl Default for Order {
    fn default() -> Self {
        use SortOrder::{Allocs, Bytes, Diff, Frees, PerAlloc, Tag};
        Order([Tag, Bytes, Allocs, Frees, Diff, PerAlloc].map(|order| (order, true)))
    }
}

impl Order {
    fn add(&mut self, last: Option<&Row>, next: &Row) {
        let Some(last) = last else { return };
        for (order, kept) in &mut self.0 {
            *kept = *kept
                && match order {
                    SortOrder::Tag => last.tag <= next.tag,
                    SortOrder::Bytes => last.bytes >= next.bytes,
                    SortOrder::Allocs => last.allocs >= next.allocs,
                    SortOrder::Frees => last.frees >= next.frees,
                    SortOrder::Diff => last.diff >= next.diff,
                    SortOrder::PerAlloc => last.per_alloc >= next.per_alloc,
                    SortOrder::Unsorted | SortOrder::Unknown => false,
                };
        }
    }

    fn name(&self, rows: usize) -> SortOrder {
        if rows < ROWS_FOR_ORDER {
            return SortOrder::Unknown;
        }
        self.0
            .iter()
            .find(|(_, kept)| *kept)
            .map_or(SortOrder::Unsorted, |(order, _)| *order)
    }
}

/// True when a row's counters or bytes were printed modulo 2^32.
pub(super) fn is_wrapped(check: RowCheck) -> bool {
    check.diff != DiffCheck::Exact || check.bytes != BytesCheck::Exact
}
