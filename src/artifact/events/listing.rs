//! `wevtutil qe LOG /f:text`: a line `Event[0]:`, indented lines of `Name: value`, and the message.
//!
//! ```text
//! Event[0]:
//!   Log Name: System
//!   Source: Service Control Manager
//!   Date: 2026-03-01T10:00:00.123
//!   Event ID: 7045
//!   Computer: KESTREL-01
//!   Description:
//! A service was installed in the system. …
//! ```
//! The program writes these names in English. Its dates end in `Z` where they are UTC, as newer
//! versions write them, and are local time otherwise. It writes no number of the record.

use std::io::{self, Read};

use super::record::{Place, Record, shortened, stated};
use super::unicode::Text;
use super::{EventFile, MAX_EVENT, part};

/// Longest message that is kept, in bytes.
const MAX_MESSAGE: usize = 16 * 1024;

/// Reads all events of a listing.
pub(super) fn read(source: impl Read, file: &mut EventFile) -> io::Result<()> {
    let mut text = Text::new(source);
    let mut buffer = String::new();
    let mut lister = Lister::default();
    loop {
        let more = text.more(&mut buffer)?;
        let mut done = 0;
        while let Some(end) = memchr::memchr(b'\n', part(&buffer, done..buffer.len()).as_bytes()) {
            lister.line(part(&buffer, done..done + end), file);
            done += end + 1;
        }
        buffer.drain(..done);
        if buffer.len() > MAX_EVENT {
            file.damaged += 1;
            buffer.clear();
        }
        if !more {
            break;
        }
    }
    lister.line(&buffer, file);
    lister.finish(file);
    Ok(())
}

/// What is being read.
#[derive(Default)]
struct Lister {
    number: u64,
    /// The line of the event's beginning, and what is known of it.
    event: Option<(u64, Record)>,
    in_message: bool,
}

impl Lister {
    fn line(&mut self, line: &str, file: &mut EventFile) {
        self.number += 1;
        let trimmed = line.trim();
        if is_beginning(line) {
            self.finish(file);
            self.event = Some((self.number, Record::default()));
            return;
        }
        let Some((_, record)) = &mut self.event else {
            return;
        };
        if self.in_message {
            let message = record.message.get_or_insert_default();
            if message.len() + trimmed.len() < MAX_MESSAGE {
                message.push_str(trimmed);
                message.push('\n');
            }
            return;
        }
        let Some((name, value)) = trimmed.split_once(':') else {
            return;
        };
        let value = value.trim();
        match name {
            "Source" => record.provider = shortened(value),
            "Date" => record.when = stated(value),
            "Event ID" => record.id = value.parse().ok(),
            "Computer" => record.computer = Some(shortened(value)),
            "Description" => {
                self.in_message = true;
                record.message = (!value.is_empty()).then(|| shortened(value));
            }
            _ => {}
        }
    }

    fn finish(&mut self, file: &mut EventFile) {
        self.in_message = false;
        match self.event.take() {
            Some((line, record)) if record.id.is_some() => file.add(record, Place::Line(line)),
            Some(_) => file.damaged += 1,
            None => {}
        }
    }
}

/// `Event[12]:`, at the beginning of its line.
fn is_beginning(line: &str) -> bool {
    let rest = line.strip_prefix("Event[").map(str::trim_end);
    let number = rest.and_then(|rest| rest.trim_end_matches(':').strip_suffix(']'));
    number.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}
