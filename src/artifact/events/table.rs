//! Events as a table: `Get-WinEvent | Export-Csv`, `Get-EventLog | Export-Csv`, and what the Event
//! Viewer saves as CSV or as text with tabs.
//!
//! PowerShell names columns in English in every language and leaves the event's data out; times are
//! local, in the form of the culture. The Event Viewer translates its header and leaves the message
//! without one, so there the order of columns decides:
//!
//! ```text
//! Level,Date and Time,Source,Event ID,Task Category
//! Information,3/1/2026 10:00:00 AM,Service Control Manager,7045,None,"A service was installed …
//! ```
//! Messages run over lines. A cell is read into a buffer of fixed size; an open quote cannot make
//! the rest of a file one cell in memory.

use std::io::{self, Read};

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};

use super::EventFile;
use super::record::{Place, Record, shortened, stated};
use super::unicode::Text;

/// Bytes kept of a cell; messages of the events that matter have some hundreds.
const MAX_CELL: usize = 8 * 1024;

/// Cells kept of a row; Get-WinEvent writes 27.
const MAX_CELLS: usize = 64;

/// Columns of the Event Viewer, the message that has no header left out.
const OF_VIEWER: usize = 5;

/// Rows without a number where the id should stand after which a file without known names of
/// columns is no table of events.
const MAX_STRAY: u64 = 1_000;

/// Where each thing stands in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Layout {
    time: usize,
    id: usize,
    provider: usize,
    number: Option<usize>,
    computer: Option<usize>,
    message: Option<usize>,
}

impl Layout {
    /// By the names of columns; else, in a header of the Event Viewer's width, by their order.
    fn of(header: &[String]) -> Option<Layout> {
        let at = |names: &[&str]| {
            names.iter().find_map(|name| {
                header
                    .iter()
                    .position(|cell| cell.trim().eq_ignore_ascii_case(name))
            })
        };
        let named = || {
            Some(Layout {
                time: at(&[
                    "TimeCreated",
                    "TimeGenerated",
                    "TimeWritten",
                    "Date and Time",
                ])?,
                id: at(&["Id", "EventID", "Event ID"])?,
                provider: at(&["ProviderName", "Source", "Provider"])?,
                number: at(&["RecordId", "EventRecordID", "Index"]),
                computer: at(&["MachineName", "Computer"]),
                message: at(&["Message", "Description"])
                    .or((header.len() == OF_VIEWER).then_some(OF_VIEWER)),
            })
        };
        let by_order = Layout {
            time: 1,
            id: 3,
            provider: 2,
            number: None,
            computer: None,
            message: Some(OF_VIEWER),
        };
        named().or_else(|| (header.len() == OF_VIEWER).then_some(by_order))
    }

    fn record(&self, row: &[String]) -> Option<Record> {
        let cell = |at: usize| row.get(at).map(|cell| cell.trim());
        let id = cell(self.id)?.parse().ok()?;
        let when = stated(cell(self.time)?);
        Some(Record {
            provider: shortened(cell(self.provider)?),
            id: Some(id),
            number: self.number.and_then(cell).and_then(|n| n.parse().ok()),
            when,
            computer: self.computer.and_then(cell).map(shortened),
            message: self.message.and_then(|at| row.get(at)).cloned(),
            ..Record::default()
        })
    }
}

/// Reads all rows of a table.
pub(super) fn read(source: impl Read, file: &mut EventFile) -> io::Result<()> {
    let mut text = Text::new(source);
    let mut step = String::new();
    let mut rows: Option<Rows> = None;
    loop {
        step.clear();
        let more = text.more(&mut step)?;
        let rows = rows.get_or_insert_with(|| Rows::new(&step));
        rows.feed(step.as_bytes(), !more, file);
        if !more || rows.is_hopeless(file) {
            return Ok(());
        }
    }
}

/// Rows as they come out of the stream.
struct Rows {
    reader: Reader,
    layout: Option<Layout>,
    cell: Vec<u8>,
    scratch: Vec<u8>,
    cells: Vec<String>,
    /// Lines ended so far, and whether a row has begun and where.
    line: u64,
    begun: Option<u64>,
    /// The first row was looked at.
    headed: bool,
}

impl Rows {
    fn new(head: &str) -> Self {
        Rows {
            reader: ReaderBuilder::new().delimiter(delimiter(head)).build(),
            layout: None,
            cell: Vec::new(),
            scratch: vec![0; 4_096],
            cells: Vec::new(),
            line: 0,
            begun: None,
            headed: false,
        }
    }

    fn is_hopeless(&self, file: &EventFile) -> bool {
        (self.headed && self.layout.is_none()) || (file.events == 0 && file.damaged > MAX_STRAY)
    }

    fn feed(&mut self, mut input: &[u8], last: bool, file: &mut EventFile) {
        loop {
            if self.begun.is_none() {
                // Ends of lines between rows, and the second half of one.
                let blank = input
                    .iter()
                    .take_while(|b| matches!(b, b'\r' | b'\n'))
                    .count();
                let (ends, rest) = input.split_at_checked(blank).unwrap_or_default();
                self.line += memchr::memchr_iter(b'\n', ends).count() as u64;
                input = rest;
                if !input.is_empty() {
                    self.begun = Some(self.line + 1);
                }
            }
            if input.is_empty() && !(last && self.begun.is_some()) {
                return;
            }
            let (result, read, written) = self.reader.read_field(input, &mut self.scratch);
            let (taken, rest) = input.split_at_checked(read).unwrap_or_default();
            self.line += memchr::memchr_iter(b'\n', taken).count() as u64;
            input = rest;
            let room = MAX_CELL.saturating_sub(self.cell.len()).min(written);
            self.cell
                .extend_from_slice(self.scratch.get(..room).unwrap_or_default());
            match result {
                ReadFieldResult::OutputFull => {}
                ReadFieldResult::InputEmpty if !last => return,
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::Field { record_end } => {
                    self.end_cell();
                    if record_end {
                        self.end_row(file);
                    }
                }
                ReadFieldResult::End => {
                    self.end_row(file);
                    return;
                }
            }
        }
    }

    fn end_cell(&mut self) {
        if self.cells.len() < MAX_CELLS {
            self.cells
                .push(String::from_utf8_lossy(&self.cell).into_owned());
        }
        self.cell.clear();
    }

    fn end_row(&mut self, file: &mut EventFile) {
        let Some(line) = self.begun.take() else {
            return;
        };
        let cells = std::mem::take(&mut self.cells);
        if cells.is_empty() {
            return;
        }
        match self.layout {
            Some(layout) => match layout.record(&cells) {
                Some(record) => file.add(record, Place::Line(line)),
                // `Export-Csv -Append` and joined files repeat the header.
                None if Layout::of(&cells) == Some(layout) => {}
                None => file.damaged += 1,
            },
            // PowerShell's line about the type stands above the header.
            None if cells.first().is_some_and(|cell| cell.starts_with("#TYPE")) => {}
            None => {
                self.headed = true;
                self.layout = Layout::of(&cells);
                if self.layout.is_none() {
                    file.damaged += 1;
                }
            }
        }
    }
}

/// What parts cells: the sign that stands most often in the header.
fn delimiter(head: &str) -> u8 {
    let header = head
        .lines()
        .find(|line| !line.trim().is_empty() && !line.starts_with("#TYPE"))
        .unwrap_or_default();
    let count = |sign: u8| memchr::memchr_iter(sign, header.as_bytes()).count();
    [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|sign| (count(*sign), *sign == b','))
        .unwrap_or(b',')
}
