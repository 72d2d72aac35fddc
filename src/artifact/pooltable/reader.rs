//! The way in: a byte source becomes looks, then the file's notes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{Chain, Cursor, Read};

use super::archive::{self, ArchiveReader};
use super::columns::{self, Columns, Header, Refusal, What};
use super::row::{self, Fault, RowRead};
use crate::artifact::look::{
    Lack, Look, MAX_ROWS, Notes, Origin, Spot, Stamp, StampTime, WHOLE_TABLE_ROWS,
};
use crate::artifact::poolmon::{LineReader, TextBlock, looks_like_stamp};
use crate::tag::{Pool, Tag};

/// First bytes that tell the binary file from text.
const HEAD: usize = 24;
/// Longest time in a cell: a localized date and time.
const MAX_TIME: usize = 64;

type Source<R> = Chain<Cursor<Vec<u8>>, R>;

/// Reads tables of pool tags in one pass: each look is given out when the next one begins.
///
/// ```
/// use poolsleuth::artifact::pooltable::TableReader;
///
/// let csv = b"\"DateTimeUTC\",\"Tag\",\"NonPagedDiff\",\"NonPagedUsedBytes\"\r\n\
///     \"2026-05-01T10:00:00\",\"Leak\",\"7\",\"700\"\r\n";
/// let mut reader = TableReader::new(csv.as_slice());
/// let look = reader.next().expect("one look");
/// assert_eq!((look.rows[0].bytes, look.rows[0].allocs), (700, None));
/// assert_eq!(reader.finish().rows, 1);
/// ```
pub struct TableReader<R> {
    form: Form<R>,
    columns: Option<Columns>,
    look: Look,
    first_key: Option<(Tag, Pool)>,
    lost: u64,
    gap: TextBlock,
    gap_has_stamp: bool,
    ready: Option<Look>,
    ended: bool,
    tally: Tally,
}

enum Form<R> {
    Lines(LineReader<Source<R>>),
    Archive(ArchiveReader<Source<R>>),
}

#[derive(Default)]
struct Tally {
    looks: u64,
    rows: u64,
    tool: Option<&'static str>,
    refused: Option<Refusal>,
    faults: BTreeMap<Fault, u64>,
    beyond: u64,
    rounded: bool,
    lacking: BTreeMap<&'static str, ()>,
}

impl<R: Read> TableReader<R> {
    /// Reads from `source`, which need not be buffered. Errors of the source end the looks and are
    /// stated in the notes.
    pub fn new(mut source: R) -> Self {
        let mut head = Vec::new();
        // An error here comes again, and is then stated.
        let _ = source.by_ref().take(HEAD as u64).read_to_end(&mut head);
        let archive = archive::is_archive(&head);
        let source = Cursor::new(head).chain(source);
        let (form, columns) = if archive {
            (
                Form::Archive(ArchiveReader::new(source)),
                Some(Columns::of_archive()),
            )
        } else {
            (Form::Lines(LineReader::new(source)), None)
        };
        let tally = Tally {
            tool: columns.as_ref().map(Columns::tool),
            ..Tally::default()
        };
        TableReader {
            form,
            columns,
            look: Look::default(),
            first_key: None,
            lost: 0,
            gap: TextBlock::default(),
            gap_has_stamp: false,
            ready: None,
            ended: false,
            tally,
        }
    }

    /// Reads what is left, dropping further looks, and gives the notes.
    pub fn finish(mut self) -> Notes {
        while self.next().is_some() {}
        let mut said = self.tally.said();
        match &self.form {
            Form::Lines(lines) => {
                if let Some((offset, kind)) = lines.notes().failure {
                    said.push(format!(
                        "Reading failed at offset {offset} ({kind}); what comes after is unknown."
                    ));
                }
            }
            Form::Archive(archive) => {
                if let Some(offset) = archive.broken {
                    said.push(format!(
                        "The binary table breaks off at offset {offset}; rows after that are missing."
                    ));
                }
            }
        }
        Notes {
            looks: self.tally.looks,
            rows: self.tally.rows,
            left_out: self.tally.faults.values().sum::<u64>() + self.tally.beyond,
            said,
        }
    }

    /// Reads one more line or row; false at the end.
    fn step(&mut self) -> bool {
        match &mut self.form {
            Form::Lines(lines) => {
                let Some(line) = lines.next_line() else {
                    return false;
                };
                let (number, offset) = (line.number, line.offset);
                let (ended, cut) = (line.ended, line.cut);
                let text = legible(line.text()).into_owned();
                let raw = line.text().to_vec();
                self.line(&text, &raw, number, offset, ended && !cut);
            }
            Form::Archive(archive) => {
                let Some(cells) = archive.next_row() else {
                    return false;
                };
                let spot = Spot::Offset(cells.offset);
                let texts: Vec<Cow<'_, str>> = cells
                    .cells
                    .iter()
                    .map(|c| Cow::Borrowed(c.as_str()))
                    .collect();
                let columns = self.columns.clone().unwrap_or_else(Columns::of_archive);
                let read = row::of_cells(&texts, &columns, spot);
                self.take(read, spot, cells.offset, &columns);
            }
        }
        true
    }

    fn line(&mut self, text: &str, raw: &[u8], number: u64, offset: u64, whole: bool) {
        if text.trim().is_empty() {
            return;
        }
        match Columns::read(text) {
            Some(Header::Columns(columns)) => return self.header(columns),
            Some(Header::Refused(why)) => {
                self.tally.refused.get_or_insert(why);
                self.columns = None;
                return;
            }
            None => {}
        }
        let Some(columns) = self.columns.take() else {
            let why = [
                (columns::is_headless_row(text), Refusal::NoHeader),
                (columns::is_count_line(text), Refusal::CountsAlone),
            ];
            let why = why.iter().find(|(is, _)| *is).map(|(_, why)| *why);
            self.tally.refused = self.tally.refused.or(why);
            self.gap.push(number, raw);
            self.gap_has_stamp |= looks_like_stamp(raw);
            return;
        };
        let spot = Spot::Line(number);
        let cells = text.matches(char::from(columns.delimiter)).count() + 1;
        match row::read(text, &columns, spot) {
            Err(_) if !whole && cells > 1 => {
                self.look.lacks.push(Lack::Torn);
                *self.tally.faults.entry(Fault::Short).or_default() += 1;
            }
            // A line of prose has not half of the delimiters.
            Err(_) if cells * 2 < columns.kinds.len() || cells < 2 => {
                self.gap.push(number, raw);
                self.gap_has_stamp |= looks_like_stamp(raw);
            }
            read => self.take(read, spot, offset, &columns),
        }
        self.columns = Some(columns);
    }

    /// A header begins a look, unless each row tells its time: then the time decides.
    fn header(&mut self, columns: Columns) {
        if !self.look.rows.is_empty() && !columns.has_time() {
            self.close();
        }
        self.tally.note_columns(&columns);
        self.columns = Some(columns);
    }

    fn take(&mut self, read: Result<RowRead, Fault>, spot: Spot, offset: u64, columns: &Columns) {
        let read = match read {
            Ok(read) => read,
            Err(why) => {
                *self.tally.faults.entry(why).or_default() += 1;
                self.lost += 1;
                return;
            }
        };
        if self.begins_anew(&read, columns) {
            self.close();
        }
        if self.look.rows.is_empty() {
            self.look.first = spot;
            self.look.offset = offset;
            self.look.preamble.append(std::mem::take(&mut self.gap));
            self.gap_has_stamp = false;
            self.look.stamp = stamp(&read, spot);
            self.first_key = read.rows.first().map(|r| (r.tag, r.pool));
        }
        self.tally.rounded |= read.rounded;
        for row in read.rows {
            if self.look.rows.len() < MAX_ROWS {
                self.tally.rows += 1;
                self.look.rows.push(row);
            } else {
                self.tally.beyond += 1;
            }
        }
    }

    /// True if this row is of the next look: another time, a stamp between, or the first row again.
    fn begins_anew(&self, read: &RowRead, columns: &Columns) -> bool {
        if self.look.rows.is_empty() {
            return false;
        }
        if columns.has_time() {
            let next = stamp(read, self.look.first);
            let words = |stamp: &Option<Stamp>| stamp.as_ref().map(|s| s.text.clone());
            return words(&next) != words(&self.look.stamp);
        }
        let key = read.rows.first().map(|r| (r.tag, r.pool));
        self.gap_has_stamp || (key.is_some() && key == self.first_key)
    }

    fn close(&mut self) {
        let mut look = std::mem::take(&mut self.look);
        self.first_key = None;
        let lost = std::mem::take(&mut self.lost);
        if look.rows.is_empty() {
            return;
        }
        look.postamble = self.gap.clone();
        look.lacks.dedup();
        if lost > 0 {
            look.lacks.push(Lack::RowsLost(lost));
        }
        let shown = |pool| self.columns.as_ref().is_none_or(|c| c.shows(pool));
        let both = shown(Pool::NonPaged) && shown(Pool::Paged);
        if !both {
            let only = if shown(Pool::Paged) {
                Pool::Paged
            } else {
                Pool::NonPaged
            };
            look.lacks.push(Lack::PoolOnly(only));
        }
        if look.rows.len() < WHOLE_TABLE_ROWS {
            look.lacks.push(Lack::Unknown(look.rows.len()));
        }
        self.tally.looks += 1;
        self.ready = Some(look);
    }
}

impl<R: Read> Iterator for TableReader<R> {
    type Item = Look;

    fn next(&mut self) -> Option<Look> {
        loop {
            if let Some(look) = self.ready.take() {
                return Some(look);
            }
            if self.ended {
                return None;
            }
            if !self.step() {
                self.ended = true;
                if let Form::Archive(ArchiveReader {
                    broken: Some(_), ..
                }) = self.form
                {
                    self.look.lacks.push(Lack::Torn);
                }
                self.close();
            }
        }
    }
}

impl Tally {
    fn note_columns(&mut self, columns: &Columns) {
        self.tool = Some(columns.tool());
        if !(columns.has(What::Allocs) && columns.has(What::Frees)) {
            let note = "it has no allocations and frees: a restart between two of its snapshots shows in no counter";
            self.lacking.insert(note, ());
        }
        if !(columns.has(What::Blocks) || columns.has(What::Allocs) && columns.has(What::Frees)) {
            self.lacking.insert(
                "it does not count blocks: whether more blocks or larger ones grow cannot be told",
                (),
            );
        }
    }

    fn said(&self) -> Vec<String> {
        let mut said = Vec::new();
        said.extend(self.tool.map(|tool| format!("read as {tool}")));
        if self.looks == 0 {
            said.extend(self.refused.map(|why| why.sentence().to_owned()));
        }
        said.extend(self.lacking.keys().map(|note| (*note).to_owned()));
        if self.rounded {
            said.push("its sizes are rounded by the tool: growth below that does not show".into());
        }
        for (fault, count) in &self.faults {
            let noun = if *count == 1 { "line" } else { "lines" };
            said.push(format!("{count} {noun} left out: {}", fault.words()));
        }
        if self.beyond > 0 {
            said.push(format!(
                "{} rows beyond the limit of one snapshot",
                self.beyond
            ));
        }
        said
    }
}

/// The time that a row states; UTC goes before local time.
fn stamp(read: &RowRead, spot: Spot) -> Option<Stamp> {
    let (text, time) = match (&read.utc, &read.local) {
        (Some(utc), _) if !utc.is_empty() => (utc, StampTime::Utc),
        (_, Some(local)) if !local.is_empty() => (local, StampTime::Local),
        _ => return None,
    };
    let Spot::Line(line) = spot else {
        return None;
    };
    Some(Stamp {
        origin: Origin::Column,
        time,
        text: text.chars().take(MAX_TIME).collect(),
        line,
    })
}

/// A line as text: UTF-8 where it is, else one character a byte.
fn legible(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
    }
}
