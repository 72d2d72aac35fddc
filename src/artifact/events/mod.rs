//! Windows' event logs: `System.evtx`, and what people export of it.
//!
//! ```text
//! evtx (chunks, by the crate `evtx`) ─► XML of a record ─┐
//! XML exports (wevtutil, Event Viewer) ─► one `<Event>` ─┼─► Record ─kind─► Mark, or counted only
//! tables (Export-Csv, "Save as CSV"), listings (/f:text) ┘
//! ```
//! Messages are in the server's language, so they decide nothing: ids, providers, the fields of an
//! event and the order of columns do. The few events that matter here are listed in [`Kind`] with
//! what they mean; all others are counted.
//!
//! Limits: memory does not grow with a log. One chunk (64 KiB), one exported event
//! ([`MAX_EVENT`]) or one row is held at a time; at most [`MAX_MARKS`] events that matter are kept
//! of one file, and what is left out is counted.

mod evtx;
mod kind;
mod listing;
mod record;
mod table;
#[cfg(test)]
mod tests;
mod unicode;
mod xml;

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::ops::Range;

use chrono::{DateTime, Utc};

pub use kind::{ClockSet, Kind};
pub use record::{Place, When};

use record::Record;

/// Longest event of an export, in bytes of UTF-8. A record of an event log has at most 64 KiB,
/// which XML and a rendered message make a few times larger.
pub const MAX_EVENT: usize = 1 << 20;

/// Events that matter which are kept of one file: decades of a server's boots and installs.
pub const MAX_MARKS: usize = 50_000;

/// Machines named in one log that are kept, for redaction and for telling that there are several.
const MAX_COMPUTERS: usize = 64;

/// Bytes by which the form of a file is recognised.
const HEAD: u64 = 4_096;

/// How events are written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// The binary log itself.
    Evtx,
    /// The binary log of Windows Server 2003 and XP, of which nothing is read.
    Evt,
    /// `<Event>` elements, with or without a root.
    Xml,
    /// `wevtutil /f:text`: `Event[0]:` and lines of `Name: value`.
    Listing,
    /// A table with a header: `Export-Csv`, or the Event Viewer's "Save as CSV" or text.
    Table,
}

impl Form {
    /// The form of a file that begins with `head`.
    fn of(head: &[u8]) -> Form {
        if head.starts_with(b"ElfFile\0") {
            return Form::Evtx;
        }
        if head.get(4..8) == Some(b"LfLe") {
            return Form::Evt;
        }
        let text = unicode::decoded(head);
        let text = text.trim_start();
        match text.as_bytes().first() {
            Some(b'<') => Form::Xml,
            _ if text.starts_with("Event[") => Form::Listing,
            _ => Form::Table,
        }
    }

    /// What it is called in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Form::Evtx => "event log (evtx)",
            Form::Evt => "event log of Windows Server 2003 (evt)",
            Form::Xml => "XML export",
            Form::Listing => "text listing",
            Form::Table => "table",
        }
    }
}

/// An event that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What it says.
    pub kind: Kind,
    /// Its number in the log, where the export keeps it.
    pub number: Option<u64>,
    /// When it was logged.
    pub when: When,
    /// Where it stands in the file.
    pub place: Place,
}

/// One file of events, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFile {
    /// How it is written.
    pub form: Form,
    /// Events of any kind.
    pub events: u64,
    /// First and last time of any event, where times are in UTC.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Events that matter, as they stand in the file.
    pub marks: Vec<Mark>,
    /// Events that matter beyond [`MAX_MARKS`].
    pub more_marks: u64,
    /// Records, elements or rows that could not be read.
    pub damaged: u64,
    /// Whole chunks of a log that could not be read, or broke off.
    pub damaged_chunks: u64,
    /// Machines that the events name.
    pub computers: BTreeSet<String>,
    /// The zone that the last event 6013 states: minutes to add to local time for UTC, and the
    /// name that Windows gives the zone.
    pub zone: Option<(i32, String)>,
}

impl EventFile {
    fn new(form: Form) -> Self {
        EventFile {
            form,
            events: 0,
            span: None,
            marks: Vec::new(),
            more_marks: 0,
            damaged: 0,
            damaged_chunks: 0,
            computers: BTreeSet::new(),
            zone: None,
        }
    }

    /// True if the file lists its newest event first, as Get-WinEvent, Get-EventLog and the Event
    /// Viewer do; by the numbers of its marks, or, where they have none, by the habit of tables.
    pub fn newest_first(&self) -> bool {
        let mut numbers = self.marks.iter().filter_map(|mark| mark.number);
        match (numbers.next(), numbers.next_back()) {
            (Some(first), Some(last)) => first > last,
            _ => self.form == Form::Table,
        }
    }

    fn add(&mut self, record: Record, place: Place) {
        self.events += 1;
        if let When::Utc(at) = record.when {
            let (first, last) = self.span.unwrap_or((at, at));
            self.span = Some((first.min(at), last.max(at)));
        }
        if let Some(computer) = record.computer.as_ref().filter(|name| !name.is_empty())
            && self.computers.len() < MAX_COMPUTERS
            && !self.computers.contains(computer)
        {
            self.computers.insert(computer.clone());
        }
        let Some(kind) = Kind::of(&record) else {
            return;
        };
        if let Kind::Uptime {
            zone: Some(zone), ..
        } = &kind
        {
            self.zone = Some(zone.clone());
        }
        if self.marks.len() >= MAX_MARKS {
            self.more_marks += 1;
            return;
        }
        self.marks.push(Mark {
            kind,
            number: record.number,
            when: record.when,
            place,
        });
    }
}

/// Reads a file of events in whatever form it has, as a stream. What broke off the reading comes
/// beside what was read before.
pub fn read(mut source: impl Read) -> (EventFile, Option<io::Error>) {
    let mut head = Vec::new();
    let trouble = source.by_ref().take(HEAD).read_to_end(&mut head).err();
    let form = Form::of(&head);
    let mut file = EventFile::new(form);
    if trouble.is_some() {
        return (file, trouble);
    }
    let whole = io::Read::chain(head.as_slice(), source);
    let read = match form {
        Form::Evtx => evtx::read(whole, &mut file),
        Form::Evt => Ok(()),
        Form::Xml => xml::read(whole, &mut file),
        Form::Listing => listing::read(whole, &mut file),
        Form::Table => table::read(whole, &mut file),
    };
    (file, read.err())
}

/// The lines of an export with the numbers `wanted`, which ascend, each cut to `longest` bytes;
/// as the reader of exports counts them. A binary log has none.
///
/// # Errors
/// Those of the stream.
pub fn lines(
    source: impl Read,
    wanted: &[u64],
    longest: usize,
    keep: &mut dyn FnMut(u64, &[u8]),
) -> io::Result<()> {
    unicode::lines(source, wanted, longest, keep)
}

/// A stretch of a text, never beyond it.
fn part(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}
