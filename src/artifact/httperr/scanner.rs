//! From lines to a tally: the exact way, line by line, and the fast way for ordinary rows.
//!
//! The fast way looks only at what an ordinary row must have: as many columns as its header
//! names, a readable stamp in front, and in the reason's place a word already learned. Any row
//! that fails one of these goes the exact way, so both give the same tally.

mod exact;

use std::ops::Range;

use super::clock::{Moment, Time, stamp};
use super::excerpt;
use super::lanes::{Lanes, Narrow, WINDOW};
#[cfg(target_arch = "x86_64")]
use super::lanes::{Wide, Widest};
use super::layout::{Layout, LayoutSource};
use super::reason::{self, RefusalCount};
use super::tally::{BlockStart, LayoutUse, Oddity, StepBack, Tally};
use super::words::{Meaning, Word, Words, stated};

/// Bytes that must lie behind the lines of a block, whatever they are: rows are looked at through
/// windows.
pub(super) const MARGIN: usize = WINDOW;

/// Longest line that is read as a row. Method and URI are cut by http.sys at 255 and 4,096
/// bytes; optional columns (user agent, cookie, referer) make rows longer, not this long.
pub(super) const MAX_LINE: usize = 64 * 1024;

/// Most tokens that a line is split into.
const MAX_TOKENS: usize = 256;

/// Columns that a row begins with.
const DATE_AND_TIME: usize = 2;

/// A known reason this long is believed wherever it stands in a row with a column too few or too
/// many; shorter ones (`URL`, `N/A`, `Verb`) could be part of anything.
const UNMISTAKABLE: usize = 6;

/// Whether the line's newline is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The line ends with a newline.
    Newline,
    /// The file ends first.
    EndOfFile,
}

/// Reads the lines of one stretch of a log.
pub(super) struct Scanner {
    tally: Tally,
    layout: Option<Layout>,
    layout_line: u64,
    layout_rows: u64,
    ordinary: Option<Ordinary>,
    words: Words,
    time: Time,
    arch: pulp::Arch,
}

/// The reading of one block, to be compiled for each kind of processor.
struct Block<'a> {
    scanner: &'a mut Scanner,
    bytes: &'a [u8],
    lines: Range<usize>,
}

impl pulp::WithSimd for Block<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _simd: S) {
        let Block {
            scanner,
            bytes,
            lines,
        } = self;
        match scanner.arch {
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V4(simd) => scanner.lines_of(bytes, lines, &Widest(simd)),
            #[cfg(target_arch = "x86_64")]
            pulp::Arch::V3(simd) => scanner.lines_of(bytes, lines, &Wide(simd)),
            _ => scanner.lines_of(bytes, lines, &Narrow),
        }
    }
}

/// What the fast way must know of a layout.
#[derive(Clone, Copy)]
struct Ordinary {
    blanks: u32,
    after_reason: usize,
}

/// The bit of the last byte of a window.
const LAST: u64 = 1 << 63;

/// A line, found.
struct Line {
    /// Where its newline is, counted from its beginning.
    newline: usize,
    /// How many blanks it has.
    blanks: u32,
    /// Which of the bytes before its newline are blanks: [`LAST`] is that of the nearest.
    last: u64,
    /// Whether it is ASCII without NULs for sure; what stands behind it is looked at too.
    is_plain: bool,
}

impl Line {
    /// The line at the beginning of `rest`; `None` if too few bytes follow it there.
    #[inline(always)]
    fn first_of<L: Lanes>(rest: &[u8], lanes: &L) -> Option<Line> {
        let mut window = lanes.load(rest.first_chunk()?);
        let mut lowest = window;
        let (mut at, mut blanks, mut before) = (0, 0, 0u64);
        loop {
            let newlines = lanes.find(window, b'\n');
            let here = lanes.find(window, b' ');
            if newlines != 0 {
                let here = here & (newlines ^ (newlines - 1));
                let place = newlines.trailing_zeros();
                let joined = u128::from(here) << 64 | u128::from(before);
                return Some(Line {
                    newline: at + place as usize,
                    blanks: blanks + here.count_ones(),
                    last: (joined >> place) as u64,
                    is_plain: lanes.is_plain(lowest),
                });
            }
            blanks += here.count_ones();
            before = here;
            at += WINDOW;
            window = lanes.load(rest.get(at..)?.first_chunk()?);
            lowest = lanes.lower(lowest, window);
        }
    }
}

/// Where the column stands that has `after` others behind it in a row that ends at `end`, by the
/// blanks of the row's last bytes; `None` if it does not begin among them.
#[inline(always)]
fn column_from_end(mut blanks: u64, end: usize, after: usize) -> Option<Range<usize>> {
    let mut stop = end;
    for _ in 0..after {
        let back = blanks.leading_zeros();
        stop = end.wrapping_sub(back as usize + 1);
        blanks &= !(LAST >> (back & 63));
    }
    let begin = end.wrapping_sub(blanks.leading_zeros() as usize);
    (blanks != 0 && begin <= stop).then_some(begin..stop)
}

/// As [`column_from_end`], for rows that end in long names.
#[cold]
fn far_column(block: &[u8], row: Range<usize>, after: usize) -> Option<Range<usize>> {
    let bytes = block.get(row.clone())?;
    let mut blanks = memchr::memrchr_iter(b' ', bytes);
    let stop = match after {
        0 => bytes.len(),
        _ => blanks.nth(after - 1)?,
    };
    let begin = blanks.next()? + 1;
    Some(row.start + begin..row.start + stop)
}

impl Scanner {
    /// A scanner for a stretch at whose start `layout` holds.
    pub(super) fn new(layout: Option<Layout>) -> Self {
        let mut scanner = Scanner {
            tally: Tally::default(),
            layout: None,
            layout_line: 0,
            layout_rows: 0,
            ordinary: None,
            words: Words::default(),
            time: Time::default(),
            arch: pulp::Arch::new(),
        };
        scanner.set_layout(layout);
        scanner
    }

    /// Ends the stretch.
    pub(super) fn finish(mut self) -> (Tally, Option<Layout>) {
        self.note_layout();
        self.tally.span = self.time.span();
        for name in self.words.drain() {
            self.tally.count_reason(&name.name, name.rows);
        }
        if self.tally.refusal_rows > 0 {
            let rows = self.tally.refusal_rows;
            self.tally.count_reason(reason::REFUSAL_NAME, rows);
        }
        (self.tally, self.layout)
    }

    /// Reads whole lines out of `bytes`: `lines` is empty or ends with a newline, and at least
    /// [`MARGIN`] bytes lie behind them.
    ///
    /// What reads them is compiled once more for processors with wider vectors and bit counting,
    /// and the best is chosen when it runs.
    pub(super) fn block(&mut self, bytes: &[u8], lines: Range<usize>) {
        self.arch.dispatch(Block {
            scanner: self,
            bytes,
            lines,
        });
    }

    #[inline(always)]
    fn lines_of(&mut self, block: &[u8], lines: Range<usize>, lanes: &impl Lanes) {
        let mut start = lines.start;
        while start < lines.end {
            self.tally.lines += 1;
            // No closures on this way: they would be compiled without the wide instructions.
            let Some(line) = Line::first_of(&block[start..], lanes) else {
                return;
            };
            let newline = start + line.newline;
            let has_nul = !line.is_plain && self.odd_bytes(&block[start..newline]);
            let read = match self.ordinary {
                Some(shape) if !has_nul => self.ordinary_row(block, start, &line, shape, lanes),
                _ => None,
            };
            if read.is_none() {
                self.odd_line(&block[start..newline]);
            }
            start = newline + 1;
        }
    }

    /// Counts a line that is no UTF-8, and tells whether it has NULs.
    #[cold]
    fn odd_bytes(&mut self, line: &[u8]) -> bool {
        let is_text = line.is_ascii() || std::str::from_utf8(line).is_ok();
        self.tally.non_utf8_lines += u64::from(!is_text);
        memchr::memchr(0, line).is_some()
    }

    /// Reads a line the exact way.
    #[cold]
    fn odd_line(&mut self, line: &[u8]) {
        self.time.forget_text();
        self.line(line, Ending::Newline);
    }

    /// Reads one line, with its newline if it has one, by the exact way only.
    pub(super) fn one_line(&mut self, line: &[u8]) {
        self.tally.lines += 1;
        self.tally.non_utf8_lines += u64::from(std::str::from_utf8(line).is_err());
        match line.strip_suffix(b"\n") {
            Some(line) => self.line(line, Ending::Newline),
            None => self.line(line, Ending::EndOfFile),
        }
    }

    /// Counts a line that another file has read already.
    pub(super) fn pass_over(&mut self) {
        self.tally.lines += 1;
    }

    /// Counts a line of which only a beginning was kept because it is too long.
    pub(super) fn overlong(&mut self, head: &[u8]) {
        self.tally.lines += 1;
        let line = self.tally.lines;
        self.tally.odd(Oddity::Overlong, line, head);
    }

    /// NULs that the reader dropped between two lines.
    pub(super) fn nul_run(&mut self, bytes: u64) {
        self.tally.nul_bytes += bytes;
    }

    /// A piece of a line that a NUL run cut off; it does not count as a line of its own.
    pub(super) fn piece(&mut self, piece: &[u8]) {
        self.line_without_nul(piece, Ending::Newline);
    }

    /// Reads the row `line` at `start` if it is an ordinary one.
    #[inline(always)]
    fn ordinary_row(
        &mut self,
        block: &[u8],
        start: usize,
        line: &Line,
        shape: Ordinary,
        lanes: &impl Lanes,
    ) -> Option<()> {
        if (line.blanks != shape.blanks) | (line.newline.wrapping_sub(1) >= MAX_LINE) {
            return None;
        }
        let newline = start + line.newline;
        let cr = usize::from(block.get(newline - 1) == Some(&b'\r'));
        let end = newline - cr;
        let token = match column_from_end(line.last << cr, end, shape.after_reason) {
            Some(token) => token,
            None => far_column(block, start..end, shape.after_reason)?,
        };
        let meaning = self.words.cached(block, token.clone(), lanes)?;
        let moment = self.time.of(block.get(start..)?.first_chunk()?, lanes)?;
        let refused = match meaning {
            Meaning::Reason(_) => 0,
            Meaning::Refusals { word } => stated(block.get(token.start..token.end - word)?)?,
        };
        if let Moment::Later(at) = moment {
            self.tick(at);
        }
        self.time.rows_in_minute += 1;
        match meaning {
            Meaning::Reason(index) => self.words.count(index),
            Meaning::Refusals { .. } => {
                let (at, line) = (self.time.at, self.tally.lines);
                self.tally.refusal(at, RefusalCount::Stated(refused), line);
            }
        }
        Some(())
    }

    /// A row that was read the exact way.
    fn row(&mut self, at: i64, word: Word) {
        self.tick(at);
        self.time.rows_in_minute += 1;
        match word {
            Word::Reason(index) => self.words.count(index),
            Word::Refusal(count) => self.tally.refusal(at, count, self.tally.lines),
            Word::OverLimit => self.tally.reasons_over_limit += 1,
        }
    }

    /// The clock moves on to `at`.
    #[inline(always)]
    fn tick(&mut self, at: i64) {
        if at < self.time.at {
            self.step_back(at);
        }
        if !(self.time.counted_minute..self.time.counted_minute + 60).contains(&at) {
            self.new_minute(at);
        }
        self.time.at = at;
    }

    /// Between two steps back the clock only rises, so the latest row is the last before one.
    #[cold]
    fn step_back(&mut self, at: i64) {
        let (line, from) = (self.tally.lines, self.time.at);
        self.tally.step_back(StepBack { line, from, to: at });
        self.time.latest = self.time.latest.max(from);
        self.time.earliest = self.time.earliest.min(at);
    }

    #[cold]
    fn new_minute(&mut self, at: i64) {
        self.flush_minute();
        if self.time.at == i64::MIN {
            self.time.first = at;
            self.time.earliest = at;
        }
        self.time.counted_minute = at.div_euclid(60) * 60;
    }

    /// Books the rows of the minute: all, those of the layout, of the hour, and of rival reasons.
    fn flush_minute(&mut self) {
        let rows = std::mem::take(&mut self.time.rows_in_minute);
        if rows == 0 {
            return;
        }
        self.tally.rows += rows;
        self.layout_rows += rows;
        let minute = self.time.counted_minute;
        *self
            .tally
            .hours
            .entry(minute.div_euclid(3_600))
            .or_default() += rows;
        for (rival, rows) in self.words.new_rivals() {
            self.tally.rival(minute, rival, rows);
        }
    }

    /// The exact way. The line may hold NULs, which cut it into pieces.
    #[cold]
    fn line(&mut self, line: &[u8], ending: Ending) {
        if !line.contains(&0) {
            return self.line_without_nul(line, ending);
        }
        self.tally.nul_bytes += line.iter().filter(|b| **b == 0).count() as u64;
        let mut pieces = line.split(|b| *b == 0).filter(|p| !p.is_empty()).peekable();
        while let Some(piece) = pieces.next() {
            let last = pieces.peek().is_none() && !line.ends_with(&[0]);
            self.line_without_nul(piece, if last { ending } else { Ending::EndOfFile });
        }
    }

    fn line_without_nul(&mut self, line: &[u8], ending: Ending) {
        if line.len() > MAX_LINE {
            let number = self.tally.lines;
            return self.tally.odd(Oddity::Overlong, number, line);
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = line
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(line)
            .trim_ascii_start();
        match line {
            [] => {}
            [b'#', directive @ ..] => self.directive(directive.trim_ascii_start()),
            _ => self.row_or_excerpt(line, ending),
        }
    }

    fn row_or_excerpt(&mut self, line: &[u8], ending: Ending) {
        let Some(row) = excerpt::row_in(line) else {
            self.row_line(line, ending);
            return;
        };
        if self.row_line(&row, ending) {
            let number = self.tally.lines;
            self.tally.odd(Oddity::PassedOn, number, line);
        }
    }

    fn directive(&mut self, text: &[u8]) {
        let argument = |name: &[u8]| {
            let (head, tail) = text.split_at_checked(name.len())?;
            head.eq_ignore_ascii_case(name).then_some(tail)
        };
        if let Some(list) = argument(b"Fields:") {
            if let Some(layout) = Layout::declared(list) {
                self.change_layout(Some(layout));
            }
        } else if let Some(date) = argument(b"Date:") {
            let line = self.tally.lines;
            self.tally.block_start(BlockStart {
                line,
                at: stamp(date.trim_ascii()),
            });
        }
    }

    fn change_layout(&mut self, layout: Option<Layout>) {
        if layout != self.layout {
            self.note_layout();
            self.set_layout(layout);
        }
    }

    fn set_layout(&mut self, layout: Option<Layout>) {
        self.layout_line = self.tally.lines.max(1);
        self.layout_rows = 0;
        self.ordinary = layout.as_ref().filter(|l| l.is_dated()).and_then(|l| {
            Some(Ordinary {
                blanks: l.columns() as u32 - 1,
                after_reason: l.columns_after_reason()?,
            })
        });
        self.layout = layout;
    }

    fn note_layout(&mut self) {
        self.flush_minute();
        if let Some(layout) = self.layout.clone() {
            let (from_line, rows) = (self.layout_line, self.layout_rows);
            self.tally.layout_use(LayoutUse {
                layout,
                from_line,
                rows,
            });
        }
    }
}
