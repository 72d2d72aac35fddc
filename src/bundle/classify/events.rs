//! Exports of Windows' event logs: XML, tables, listings. The binary log has a signature.

use super::name_hint::NameHint;
use super::role::{Basis, Role};
use super::text::TextHead;

/// The namespace of an event's XML, whoever writes it.
const NAMESPACE: &str = "schemas.microsoft.com/win/2004/08/events";

/// Columns of which a table of events has all, as Get-WinEvent and Get-EventLog name them.
const TABLES: &[&[&str]] = &[
    &["timecreated", "id", "providername"],
    &["timegenerated", "eventid", "source"],
    &["timewritten", "eventid", "source"],
    &["date and time", "source", "event id"],
];

/// Columns of a table that the Event Viewer saves, in any language.
const OF_VIEWER: usize = 5;

pub(super) fn recognise(_: Option<NameHint>, text: &TextHead) -> Option<(Role, Basis)> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next()?.trim_start_matches('\u{feff}').trim();
    let found = |what| Some((Role::EventLog, Basis::Header(what)));
    if first.starts_with('<') {
        let holds = |what: &str| text.lines().any(|line| line.contains(what));
        let starts = first.starts_with("<?xml") || first.starts_with("<Event");
        return match starts && holds(NAMESPACE) && holds("<Event") {
            true => found("events in Windows' XML"),
            false => None,
        };
    }
    if first.starts_with("Event[") && first.trim_end_matches(':').ends_with(']') {
        return found("a listing of events by wevtutil");
    }
    let header = match first.starts_with("#TYPE") {
        true => lines.next()?,
        false => first,
    };
    let sign = [',', ';', '\t']
        .into_iter()
        .max_by_key(|sign| header.matches(*sign).count())?;
    let columns: Vec<String> = cells(header, sign).map(|c| c.to_lowercase()).collect();
    let has = |name: &&str| columns.iter().any(|column| column == name);
    if TABLES.iter().any(|names| names.iter().all(has)) {
        return found("the columns of a table of events");
    }
    // Translated: the width, a time in the second column and a number in the fourth.
    let row: Vec<&str> = cells(lines.next()?, sign).collect();
    let of_viewer = columns.len() == OF_VIEWER
        && columns.iter().all(|c| c.chars().any(char::is_alphabetic))
        && row.len() > OF_VIEWER
        && row.get(1).is_some_and(|cell| is_moment(cell))
        && row.get(3).is_some_and(|cell| is_number(cell));
    of_viewer.then_some((Role::EventLog, Basis::RowShape))
}

/// The cells of a line, as far as no sign stands within quotes.
fn cells(line: &str, sign: char) -> impl Iterator<Item = &str> {
    line.split(sign)
        .map(|cell| cell.trim().trim_matches('"').trim())
}

/// A day and a time of it.
fn is_moment(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    digits >= 6 && cell.contains([':', '.']) && cell.contains([' ', 'T', '\u{202f}', '\u{a0}'])
}

fn is_number(cell: &str) -> bool {
    (1..=6).contains(&cell.len()) && cell.bytes().all(|b| b.is_ascii_digit())
}
