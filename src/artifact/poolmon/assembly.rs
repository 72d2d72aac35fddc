//! Which lines belong together: pieces to rows, rows to snapshots, stamps to their snapshot.
//!
//! A memory line, a title or a column header starts a snapshot when the current one has got
//! beyond that point. Files whose headers were filtered away are split at stamps among the
//! rows, or where the first row's key comes again. Text after a table waits in `gap` until it
//! is known whether rows of the same table follow it.

use std::collections::VecDeque;

use super::check;
use super::decode::Line;
use super::draft::{Draft, Outcome, Place, is_wrapped};
use super::figures::FigureError;
use super::handcopy::unquoted;
use super::line::{BrokenRow, BrokenRowError, LineKind, RowText, TYPE_AT, placed_row, total_row};
use super::memory::{read_commit, read_memory};
use super::notes::{FileNotes, FileProblem, Problem, StampSide, complaint};
use super::pieces::{Held, HeldKind, Joined, join};
use super::reading::{Reading, read, rejected_kind};
use super::recognise::{Foreign, foreign};
use super::row::SuspectReason;
use super::snapshot::{MemoryHeader, Opening, RejectedKind, Snapshot, TextBlock};

/// Complaints kept of one file.
const MAX_PROBLEMS: usize = 8;
/// Lines of text before any row that are searched for another program's marks.
const FOREIGN_LINES: u64 = 500;
/// Bytes of a line of text that are searched for complaints and marks.
const TEXT_LOOK: usize = 512;
/// Longest second piece of a wrapped memory line: its right part with five labels.
const MAX_HEADER_PIECE: usize = 80;

/// Text since the last header or row.
#[derive(Default)]
struct Gap {
    text: TextBlock,
    lines: u64,
}

/// Puts lines together to snapshots.
pub(super) struct Assembly {
    keep_mapped: bool,
    draft: Draft,
    gap: Gap,
    held: Option<Held>,
    /// A memory or commit line that was cut before its last field.
    cut_header: Option<(LineKind, Vec<u8>)>,
    /// Finished snapshots that have not been fetched: two at most.
    ready: VecDeque<Snapshot>,
    foreign: Option<(u64, Foreign)>,
    stamps: Stamps,
    notes: FileNotes,
}

/// Where stamps were seen, to decide the side at the end.
#[derive(Default)]
struct Stamps {
    before_first: bool,
    between: bool,
}

impl Assembly {
    pub fn new(keep_mapped: bool) -> Self {
        Assembly {
            keep_mapped,
            draft: Draft::default(),
            gap: Gap::default(),
            held: None,
            cut_header: None,
            ready: VecDeque::new(),
            foreign: None,
            stamps: Stamps::default(),
            notes: FileNotes::default(),
        }
    }

    /// The next finished snapshot.
    pub fn fetch(&mut self) -> Option<Snapshot> {
        self.ready.pop_front()
    }

    /// Takes the next line.
    pub fn accept(&mut self, line: &Line<'_>) {
        self.notes.tally.lines += 1;
        let place = Place {
            line: line.number,
            offset: line.offset,
            text: line.text(),
            transcoded: line.utf8.is_some(),
        };
        if line.cut {
            self.flush();
            self.notes.tally.rejected += 1;
            self.draft
                .reject(RejectedKind::Overlong, line.number, place.text);
        } else if self.held.is_none()
            && let Some(Ok(row)) = placed_row(line.bytes, TYPE_AT)
            && check::check(&row.figures).1.is_ok()
        {
            self.row(&row, line.bytes, &place, true);
        } else {
            self.accept_slowly(line, &place);
        }
    }

    /// The way of a line that is not plainly a row.
    fn accept_slowly(&mut self, line: &Line<'_>, place: &Place<'_>) {
        let hint = self.draft.columns.map(|c| c.type_at);
        // In another program's table a chance of the numbers must not make rows.
        let respaced = self.foreign.is_none() || hint.is_some();
        if let Some(held) = self.held.take() {
            // A quoted line wrapped before it was quoted.
            let bare = || join(&held, unquoted(line.bytes)?, hint);
            match join(&held, line.bytes, hint).or_else(bare) {
                Some(joined) => return self.take_joined(held, joined, place),
                None => self.held = Some(held),
            }
        }
        self.flush();
        let (reading, cleaned) = read(line.bytes, hint, respaced);
        let bytes = cleaned.as_deref().unwrap_or(line.bytes);
        let cut_header = self.cut_header.take();
        if let (Some(header), Reading::Kind(LineKind::Text)) = (cut_header, &reading)
            && self.complete_header(header, line.bytes)
        {
            self.notes.tally.pieces += 1;
            return;
        }
        match reading {
            Reading::Row(row) => self.unchecked_row(row, bytes, line.ended, place),
            Reading::Broken(broken) => self.broken(broken, bytes, line.ended, place),
            Reading::Total => self.total(bytes, place),
            Reading::Kind(LineKind::Blank) if !self.hold_tag_head(bytes, place) => {
                self.notes.tally.blank += 1;
            }
            Reading::Kind(LineKind::Blank) => {}
            Reading::Kind(LineKind::Text) => self.text(bytes, line.ended, place),
            Reading::Kind(kind) => self.header(&kind, bytes, place),
        }
    }

    /// A row whose arithmetic holds (`proven`) or is known to fail.
    fn row(&mut self, row: &RowText, bytes: &[u8], place: &Place<'_>, proven: bool) {
        let opening = self.before_row(row, proven);
        self.draft.extend(place, opening);
        let tally = &mut self.notes.tally;
        match self.draft.take_row(row, bytes, place, self.keep_mapped) {
            Outcome::Row(check) => {
                tally.rows += 1;
                self.notes.wrapped_rows += u64::from(is_wrapped(check));
            }
            Outcome::Suspect => tally.suspects += 1,
            Outcome::Rejected => tally.rejected += 1,
        }
    }

    /// Settles what the text since the last row was, and ends the snapshot if this row
    /// cannot be of it.
    fn before_row(&mut self, row: &RowText, proven: bool) -> Opening {
        if !self.draft.has_rows() {
            self.gap_to_preamble();
            return Opening::Rows;
        }
        if self.gap.lines > 0 && self.gap.text.has_stamp() {
            self.close();
            return Opening::Stamp;
        }
        self.gap_to_rejected();
        if proven && self.draft.repeats_first(row) {
            self.close();
            return Opening::RepeatedRow;
        }
        Opening::Rows
    }

    /// A row at an unusual place or with arithmetic that fails: its end may be missing.
    fn unchecked_row(&mut self, row: RowText, bytes: &[u8], ended: bool, place: &Place<'_>) {
        let proof = check::check(&row.figures).1;
        let to_the_edge = row.figures.end == bytes.len();
        match proof {
            Ok(_) => self.row(&row, bytes, place, true),
            Err(_) if !ended => self.torn(place),
            Err(SuspectReason::PerAllocMissing) => {
                self.hold(HeldKind::CutNumber(row), bytes, place);
            }
            Err(SuspectReason::PerAlloc) if to_the_edge => {
                self.hold(HeldKind::CutNumber(row), bytes, place);
            }
            Err(_) => self.row(&row, bytes, place, false),
        }
    }

    fn broken(&mut self, broken: BrokenRow, bytes: &[u8], ended: bool, place: &Place<'_>) {
        match broken.error {
            _ if !ended => self.torn(place),
            BrokenRowError::Figures(FigureError::Missing(_)) => {
                self.hold(HeldKind::Piece(broken), bytes, place);
            }
            _ => {
                self.notes.tally.rejected += 1;
                self.draft
                    .reject(rejected_kind(broken), place.line, place.text);
            }
        }
    }

    fn torn(&mut self, place: &Place<'_>) {
        self.notes.tally.rejected += 1;
        self.draft.torn = true;
        self.draft
            .reject(RejectedKind::TornTail, place.line, place.text);
    }

    fn total(&mut self, bytes: &[u8], place: &Place<'_>) {
        let taken = match total_row(bytes) {
            Some((pool, Ok(figures))) => {
                self.gap_to_rejected();
                self.draft.extend(place, Opening::Rows);
                self.draft.take_total(pool, &figures, place.line)
            }
            _ => false,
        };
        if taken {
            self.notes.tally.totals += 1;
        } else {
            self.notes.tally.rejected += 1;
            self.draft
                .reject(RejectedKind::MissingColumns, place.line, place.text);
        }
    }

    fn header(&mut self, kind: &LineKind, bytes: &[u8], place: &Place<'_>) {
        let draft = &self.draft;
        let table = draft.has_rows() || draft.columns.is_some();
        let begins_anew = match kind {
            LineKind::Memory => draft.memory_line || draft.title.is_some() || table,
            LineKind::Commit => draft.commit_line || draft.title.is_some() || table,
            LineKind::Title(_) => draft.title.is_some() || table,
            LineKind::Columns(_) => table,
            LineKind::Rule if draft.has_rows() || draft.columns.is_none() => {
                return self.text(bytes, true, place);
            }
            LineKind::Ellipsis if !draft.has_rows() => return self.text(bytes, true, place),
            LineKind::Rule | LineKind::Ellipsis | LineKind::Blank | LineKind::Text => false,
        };
        if begins_anew {
            self.close();
        }
        if *kind == LineKind::Ellipsis {
            self.draft.ellipsis = true;
            self.notes.tally.text += 1;
            return;
        }
        self.gap_to_preamble();
        self.draft.extend(place, Opening::Header);
        if self.fill_header(kind, bytes, place.line) {
            self.notes.tally.headers += 1;
        } else {
            self.notes.tally.rejected += 1;
            self.draft
                .reject(RejectedKind::BrokenHeader, place.line, place.text);
        }
    }

    /// Reads a wrapped header line again together with its second piece; false if that does
    /// not give the missing last field.
    fn complete_header(&mut self, (kind, mut bytes): (LineKind, Vec<u8>), next: &[u8]) -> bool {
        let Some(memory) = &self.draft.memory else {
            return false;
        };
        if next.len() > MAX_HEADER_PIECE {
            return false;
        }
        let mut whole = memory.clone();
        bytes.extend_from_slice(next);
        let last = match kind {
            LineKind::Memory if read_memory(&bytes, &mut whole) => whole.paged_resident_kib,
            LineKind::Commit if read_commit(&bytes, &mut whole) => whole.pool_paged_kib,
            _ => None,
        };
        if last.is_some() {
            self.draft.memory = Some(whole);
        }
        last.is_some()
    }

    /// Stores what a header line says; false if it says nothing readable.
    fn fill_header(&mut self, kind: &LineKind, bytes: &[u8], line: u64) -> bool {
        let draft = &mut self.draft;
        let new = || MemoryHeader {
            line,
            ..MemoryHeader::default()
        };
        match kind {
            LineKind::Memory => {
                draft.memory_line = true;
                let memory = draft.memory.get_or_insert_with(new);
                let any = read_memory(bytes, memory);
                let cut = memory.paged_resident_kib.is_none();
                self.cut_header = (any && cut).then(|| (LineKind::Memory, bytes.to_vec()));
                any
            }
            LineKind::Commit => {
                draft.commit_line = true;
                let memory = draft.memory.get_or_insert_with(new);
                let any = read_commit(bytes, memory);
                let cut = memory.pool_paged_kib.is_none();
                self.cut_header = (any && cut).then(|| (LineKind::Commit, bytes.to_vec()));
                any
            }
            LineKind::Title(title) => {
                draft.title = Some(*title);
                true
            }
            LineKind::Columns(columns) => {
                draft.set_columns(*columns);
                true
            }
            LineKind::Rule => {
                draft.set_ruled();
                true
            }
            LineKind::Blank | LineKind::Ellipsis | LineKind::Text => true,
        }
    }

    fn text(&mut self, bytes: &[u8], ended: bool, place: &Place<'_>) {
        let row_begins = bytes.first() == Some(&b' ') && bytes.len() <= TYPE_AT + 6;
        if !ended && self.draft.has_rows() && row_begins {
            return self.torn(place);
        }
        if ended && self.hold_tag_head(bytes, place) {
            return;
        }
        self.plain_text(place);
    }

    fn plain_text(&mut self, place: &Place<'_>) {
        self.notes.tally.text += 1;
        self.gap.lines += 1;
        self.gap.text.push(place.line, place.text);
        let look = place.text.get(..TEXT_LOOK).unwrap_or(place.text);
        if self.notes.tally.text <= FOREIGN_LINES && self.foreign.is_none() {
            self.foreign = foreign(look).map(|f| (place.line, f));
        }
        if self.notes.problems.len() < MAX_PROBLEMS
            && let Some(what) = complaint(look)
        {
            self.add_problem(Some(place.line), what);
        }
    }

    /// Keeps each kind of complaint once: a loop repeats it with every turn.
    fn add_problem(&mut self, line: Option<u64>, what: FileProblem) {
        let same = |p: &Problem| std::mem::discriminant(&p.what) == std::mem::discriminant(&what);
        if !self.notes.problems.iter().any(same) {
            self.notes.problems.push(Problem { line, what });
        }
    }

    /// Holds a line back that may be a row's beginning up to a line feed in its tag.
    fn hold_tag_head(&mut self, bytes: &[u8], place: &Place<'_>) -> bool {
        let table = self.draft.has_rows() || self.draft.columns.is_some();
        let head = table && bytes.len() <= 4 && bytes.first() == Some(&b' ');
        if head {
            self.hold(HeldKind::TagHead, bytes, place);
        }
        head
    }

    fn hold(&mut self, kind: HeldKind, bytes: &[u8], place: &Place<'_>) {
        self.held = Some(Held {
            bytes: bytes.to_vec(),
            line: place.line,
            offset: place.offset,
            pieces: 1,
            transcoded: place.transcoded,
            kind,
        });
    }

    /// Takes what the held line and the present one make together.
    fn take_joined(&mut self, held: Held, joined: Joined, place: &Place<'_>) {
        let pieces = held.pieces + 1;
        let transcoded = held.transcoded || place.transcoded;
        match joined {
            Joined::Row(row, bytes) => {
                let place = Place {
                    line: held.line,
                    offset: held.offset,
                    text: &bytes,
                    transcoded,
                };
                self.notes.tally.pieces += held.pieces;
                self.notes.joined_rows += 1;
                self.row(&row, &bytes, &place, true);
            }
            Joined::More(broken, bytes) => {
                let kind = HeldKind::Piece(broken);
                self.held = Some(Held {
                    bytes,
                    pieces,
                    transcoded,
                    kind,
                    ..held
                });
            }
        }
    }

    /// Settles a held line that nothing completed.
    fn flush(&mut self) {
        let Some(held) = self.held.take() else { return };
        let place = Place {
            line: held.line,
            offset: held.offset,
            text: &held.bytes,
            transcoded: held.transcoded,
        };
        self.notes.tally.pieces += held.pieces - 1;
        match held.kind {
            HeldKind::Piece(broken) => {
                self.notes.tally.rejected += 1;
                self.draft
                    .reject(rejected_kind(broken), held.line, &held.bytes);
            }
            HeldKind::CutNumber(row) => self.row(&row, &held.bytes, &place, false),
            HeldKind::TagHead if held.bytes.trim_ascii().is_empty() => {
                self.notes.tally.blank += 1;
            }
            HeldKind::TagHead => self.plain_text(&place),
        }
    }

    /// Text before a table's first row belongs to that table.
    fn gap_to_preamble(&mut self) {
        let gap = std::mem::take(&mut self.gap);
        self.draft.preamble.append(gap.text);
    }

    /// Text between rows of one table belongs nowhere.
    fn gap_to_rejected(&mut self) {
        let gap = std::mem::take(&mut self.gap);
        let tally = &mut self.notes.tally;
        tally.text -= gap.lines;
        tally.rejected += gap.lines;
        let first = gap.text.lines.first();
        let (line, text) = first.map_or((0, [].as_slice()), |l| (l.line, &l.text));
        for _ in 0..gap.lines {
            self.draft.reject(RejectedKind::TextAmongRows, line, text);
        }
    }

    /// Ends the snapshot; the text since its last row goes to both sides.
    fn close(&mut self) {
        let gap = std::mem::take(&mut self.gap);
        let next = Draft::after(gap.text.clone());
        let draft = std::mem::replace(&mut self.draft, next);
        let stamped = draft.preamble.has_stamp();
        match draft.finish(gap.text) {
            Ok(snapshot) => {
                if self.notes.snapshots == 0 {
                    self.stamps.before_first = stamped;
                } else {
                    self.stamps.between |= stamped;
                }
                self.notes.snapshots += 1;
                self.ready.push_back(snapshot);
            }
            Err(rejected) => self.notes.rejected.extend(rejected),
        }
    }

    /// Ends the last snapshot; nothing may be accepted afterwards.
    pub fn end(&mut self) {
        self.flush();
        let after_last = self.gap.text.has_stamp();
        self.close();
        let Stamps {
            before_first,
            between,
        } = self.stamps;
        self.notes.stamp_side = match (before_first, between, after_last) {
            _ if self.notes.snapshots == 0 => StampSide::None,
            (true, ..) => StampSide::Before,
            (false, _, true) => StampSide::After,
            (false, true, false) => StampSide::Unclear,
            (false, false, false) => StampSide::None,
        };
    }

    /// The notes, with what is wrong with the file as a whole. Call after [`Assembly::end`].
    pub fn into_notes(mut self, bytes: u64) -> FileNotes {
        self.notes.bytes = bytes;
        let tally = self.notes.tally;
        if tally.rows == 0 && tally.suspects == 0 && self.notes.problems.is_empty() {
            let what = if bytes == 0 {
                FileProblem::Empty
            } else if tally.blank == tally.lines {
                FileProblem::Blank
            } else if self.notes.snapshots > 0 {
                FileProblem::HeadersOnly
            } else if let Some((_, foreign)) = self.foreign {
                FileProblem::Foreign(foreign)
            } else {
                FileProblem::NotPoolmon
            };
            let line = self
                .foreign
                .filter(|_| matches!(what, FileProblem::Foreign(_)));
            self.add_problem(line.map(|(line, _)| line), what);
        }
        self.notes
    }
}
