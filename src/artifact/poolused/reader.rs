//! The way in: a byte source becomes looks, then the file's notes.

use std::collections::VecDeque;
use std::io::Read;

use super::line::{Command, Mark, mark, undressed};
use super::session::{Session, Table};
use super::table::{Layout, pools_line};
use super::vm::{SizeLine, Sizes, size_line};
use crate::artifact::look::{Look, Notes, Spot};
use crate::artifact::poolmon::LineReader;
use crate::tag::Pool;

/// Sentences of one file about single values.
const MAX_SAID: usize = 16;

/// Reads a kernel debugger's log in one pass: each look is given out when it is complete.
///
/// ```
/// use poolsleuth::artifact::poolused::LogReader;
///
/// let log = b"kd> !poolused 2\n Pool Used:\n            NonPaged            Paged\n \
///     Tag    Allocs     Used    Allocs     Used\n Leak        7      700         0        0\n";
/// let mut reader = LogReader::new(log.as_slice());
/// let look = reader.next().expect("one look");
/// assert_eq!((look.rows[0].blocks, look.rows[0].allocs), (Some(7), None));
/// assert_eq!(reader.finish().looks, 1);
/// ```
pub struct LogReader<R> {
    lines: LineReader<R>,
    state: State,
    command: Command,
    session: Session,
    sizes: Sizes,
    ready: VecDeque<Look>,
    ended: bool,
    notes: Notes,
    seen: Seen,
}

/// Where in a table the reader is.
enum State {
    Outside,
    /// Behind `Pool Used:`.
    Heading,
    /// Behind the line that names the pools.
    Pools(Vec<Pool>),
    Rows(Layout, Table),
}

/// What the log as a whole has.
#[derive(Default)]
struct Seen {
    plain: bool,
    tables: bool,
    sizes: bool,
    undated: bool,
    values: Vec<String>,
}

impl<R: Read> LogReader<R> {
    /// Reads from `source`, which need not be buffered. Errors of the source end the looks and are
    /// stated in the notes.
    pub fn new(source: R) -> Self {
        LogReader {
            lines: LineReader::new(source),
            state: State::Outside,
            command: Command::Other,
            session: Session::default(),
            sizes: Sizes::default(),
            ready: VecDeque::new(),
            ended: false,
            notes: Notes::default(),
            seen: Seen::default(),
        }
    }

    /// Reads what is left, dropping further looks, and gives the notes.
    pub fn finish(mut self) -> Notes {
        while self.next().is_some() {}
        let mut said = vec!["read as a kernel debugger's output".to_owned()];
        if !self.seen.tables && !self.seen.sizes {
            said.push("it has neither a table of !poolused nor sizes of !vm".into());
        }
        if self.seen.plain {
            said.push(
                "!poolused shows what is outstanding, no allocations and frees: a restart between two dumps shows only in the uptime that they state"
                    .into(),
            );
        }
        if self.seen.undated {
            said.push(
                "a dump without `Debug session time`: run .time or vertarget beside !poolused, and its time and uptime are known"
                    .into(),
            );
        }
        said.append(&mut self.seen.values);
        if let Some((offset, kind)) = self.lines.notes().failure {
            said.push(format!(
                "Reading failed at offset {offset} ({kind}); what comes after is unknown."
            ));
        }
        self.notes.said = said;
        self.notes
    }

    fn step(&mut self) -> bool {
        let Some(line) = self.lines.next_line() else {
            return false;
        };
        let (number, offset) = (line.number, line.offset);
        let text = match std::str::from_utf8(line.text()) {
            Ok(text) => text.to_owned(),
            Err(_) => line.text().iter().map(|&b| char::from(b)).collect(),
        };
        self.line(&undressed(&text), number, offset);
        true
    }

    fn line(&mut self, text: &str, number: u64, offset: u64) {
        if text.trim().is_empty() {
            return;
        }
        if let Some(mark) = mark(text) {
            return self.mark(mark, number);
        }
        if let Some(size) = size_line(text) {
            self.end_table();
            return self.size(size, number, offset);
        }
        self.state = match std::mem::replace(&mut self.state, State::Outside) {
            State::Outside => State::Outside,
            State::Heading => match pools_line(text) {
                Some(pools) => State::Pools(pools),
                None => State::Heading,
            },
            State::Pools(pools) => match Layout::read(text, &pools) {
                Some(layout) => State::Rows(layout, Table::of(&self.command)),
                None => State::Pools(pools),
            },
            State::Rows(layout, mut table) => {
                let spot = Spot::Line(number);
                if let Some(totals) = layout.totals(text) {
                    table.totals = Some(totals);
                    self.take_table(&layout, table);
                    State::Outside
                } else {
                    match layout.row(text, spot) {
                        Some(Ok(rows)) => {
                            self.notes.rows += rows.len() as u64;
                            table.add(rows, offset);
                        }
                        Some(Err(())) => {
                            self.notes.left_out += 1;
                            table.lost += 1;
                        }
                        None => {}
                    }
                    State::Rows(layout, table)
                }
            }
        };
    }

    fn mark(&mut self, mark: Mark, number: u64) {
        if let (Mark::Ellipsis, State::Rows(_, table)) = (&mark, &mut self.state) {
            table.cut = true;
            return;
        }
        self.end_sizes();
        self.end_table();
        match mark {
            Mark::Command(command) => self.command = command,
            Mark::PoolUsed => self.state = State::Heading,
            Mark::NewTarget => self.close(),
            Mark::SessionTime(at, text) => {
                if !self.session.set_time(at, &text, number) {
                    self.close();
                    self.session.set_time(at, &text, number);
                }
            }
            Mark::Uptime(uptime) => self.session.set_uptime(uptime),
            Mark::Ellipsis => {}
        }
    }

    fn size(&mut self, size: SizeLine, number: u64, offset: u64) {
        match size {
            SizeLine::Size(name, kib) => {
                if self.sizes.is_empty() {
                    self.sizes.line = number;
                    self.sizes.offset = offset;
                }
                if !self.sizes.add(name, kib) {
                    self.end_sizes();
                    self.size(size, number, offset);
                }
            }
            SizeLine::Broken(_) => {
                self.say(format!(
                    "line {number}: pages and Kb do not belong together: not used"
                ));
                self.notes.left_out += 1;
            }
            SizeLine::Other => {}
        }
    }

    fn say(&mut self, sentence: String) {
        if self.seen.values.len() < MAX_SAID && !self.seen.values.contains(&sentence) {
            self.seen.values.push(sentence);
        }
    }

    fn end_table(&mut self) {
        if let State::Rows(layout, table) = std::mem::replace(&mut self.state, State::Outside) {
            self.take_table(&layout, table);
        }
    }

    fn take_table(&mut self, layout: &Layout, table: Table) {
        if table.rows.is_empty() {
            return;
        }
        self.seen.tables = true;
        self.seen.plain |= !layout.verbose;
        if self.session.contradicts(&table) {
            self.close();
        }
        self.session.add_table(table);
    }

    fn end_sizes(&mut self) {
        let sizes = std::mem::take(&mut self.sizes);
        if sizes.is_empty() {
            return;
        }
        self.seen.sizes = true;
        let mut said = Vec::new();
        let memory = sizes.memory(&mut said);
        said.into_iter().for_each(|sentence| self.say(sentence));
        if self.session.contradicts_sizes(&memory) {
            self.close();
        }
        self.session.add_sizes(&sizes, memory);
    }

    fn close(&mut self) {
        if let Some(look) = self.session.close() {
            self.seen.undated |= look.stamp.is_none();
            self.notes.looks += 1;
            self.ready.push_back(look);
        }
    }
}

impl<R: Read> Iterator for LogReader<R> {
    type Item = Look;

    fn next(&mut self) -> Option<Look> {
        loop {
            if let Some(look) = self.ready.pop_front() {
                return Some(look);
            }
            if self.ended {
                return None;
            }
            if !self.step() {
                self.ended = true;
                self.end_sizes();
                self.end_table();
                self.close();
            }
        }
    }
}

/// Machines that a log names (`Machine Name:` of vertarget).
pub fn machine_names(source: impl Read) -> Vec<String> {
    let mut lines = LineReader::new(source);
    let mut names = Vec::new();
    while let Some(line) = lines.next_line() {
        let text = String::from_utf8_lossy(line.text());
        let named = text.trim().strip_prefix("Machine Name:");
        let name = named.map(|name| name.trim().trim_matches('"'));
        names.extend(name.filter(|name| !name.is_empty()).map(str::to_owned));
    }
    names
}
