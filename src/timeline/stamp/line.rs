//! A time stamp anywhere in a line: between `=====`, after an echo's words, behind `#`.

use super::clock::{Separators, gap_before_time, says_utc_before, time_of_day, zone_after};
use super::date::{DateHit, date};
use super::order::DateOrder;
use super::types::Resolution;
use super::words::{is_name_letter, weekday};
use super::written::{Civil, Reading, TimeOfDay, WrittenZone, epoch};
use crate::timeline::zone::Zone;

/// Longest part of a line that is searched: a stamp with an echo's words around it is
/// far shorter, and a line beyond it is not one that a collector wrote.
const MAX_LINE: usize = 400;

/// Longest text that is kept of a stamp's line.
const MAX_TEXT: usize = 120;

/// What one line says of the time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LineReading {
    /// A date, with the time if one stands beside it; or a count since 1970.
    pub reading: Option<Reading>,
    /// A time of day, where the line has no date.
    pub time: Option<(TimeOfDay, WrittenZone)>,
    /// The order of numeric dates that a prompt of `date` states: `(mm-dd-yy)`.
    pub prompt: Option<DateOrder>,
    /// The line's words, for the evidence.
    pub text: String,
}

/// Reads one line, in any of the encodings that a text file of Windows may have.
pub(super) fn read_line(bytes: &[u8]) -> LineReading {
    let text = legible(bytes.get(..MAX_LINE).unwrap_or(bytes));
    let mut found = LineReading {
        prompt: prompt_order(&text),
        text: shown(&text),
        ..LineReading::default()
    };
    let mut late_date: Option<Civil> = None;
    for start in word_starts(&text) {
        let (before, here) = text.split_at_checked(start).unwrap_or_default();
        if late_date.is_none()
            && let Ok((rest, hit)) = date(here)
        {
            let alone_only = hit.needs_time();
            let civil = dated(before, rest, hit);
            if is_boot_time(before) {
                continue;
            }
            if civil.is_complete() {
                found.reading = Some(Reading::Civil(civil));
                return found;
            }
            if !alone_only || is_all(before, rest) {
                late_date = Some(civil);
            }
        } else if found.time.is_none()
            && !follows_colon(before)
            && let Ok((rest, time)) = time_of_day(here, Separators::Colon)
        {
            found.time = Some((time, zone_after(rest).1));
        }
    }
    found.reading = joined(late_date, &mut found.time).or_else(|| lone_count(&text));
    found
}

/// A time that stands before its date in the line, or the date alone.
fn joined(date: Option<Civil>, time: &mut Option<(TimeOfDay, WrittenZone)>) -> Option<Reading> {
    let mut civil = date?;
    if let Some((time, zone)) = time.take() {
        civil.time = Some(time);
        civil.zone = zone;
    }
    Some(Reading::Civil(civil))
}

fn dated(before: &str, rest: &str, hit: DateHit) -> Civil {
    let time = hit.inner_time.or_else(|| {
        let (rest, ()) = gap_before_time(rest).ok()?;
        let (rest, time) = time_of_day(rest, Separators::AfterDate).ok()?;
        Some((time, zone_after(rest).1))
    });
    let (time, zone) = time.map_or((None, WrittenZone::Unstated), |(t, z)| (Some(t), z));
    let zone = match zone {
        WrittenZone::Unstated if says_utc_before(before) => WrittenZone::Stated {
            zone: Zone::Utc,
            names_zone: None,
        },
        zone => zone,
    };
    Civil {
        date: hit.date,
        weekday: weekday_before(before),
        time,
        zone,
    }
}

/// The weekday written before a date: `Sun 10/27/2024`, `sexta-feira, 22 de maio`.
fn weekday_before(before: &str) -> Option<chrono::Weekday> {
    let head = before.trim_end_matches([' ', ',', '.', '(', '\t']);
    let head = head.strip_suffix("-feira").unwrap_or(head);
    let start = head
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_name_letter(*c))
        .last()?
        .0;
    weekday(head.get(start..)?)
}

/// Stamps that tell when the machine was started, not when the snapshot was taken.
fn is_boot_time(before: &str) -> bool {
    let head = before
        .trim_end_matches([' ', ':', '=', '\t'])
        .to_ascii_lowercase();
    [
        "boot",
        "boot time",
        "boot_utc",
        "booted",
        "uptime since",
        "systemstartzeit",
    ]
    .iter()
    .any(|word| head.ends_with(word))
}

/// True when a date is all there is in its line but for a weekday.
fn is_all(before: &str, rest: &str) -> bool {
    let head = before.trim_end_matches([' ', ',', '.']);
    (head.trim().is_empty() || weekday_before(before).is_some()) && rest.trim().is_empty()
}

/// `12:34` after a colon is the tail of something longer.
fn follows_colon(before: &str) -> bool {
    before.ends_with([':', '.', ',', '-', '/'])
}

/// A line that is nothing but a count since 1970, or says that it is one.
fn lone_count(text: &str) -> Option<Reading> {
    let bare = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let (words, digits) = match bare.rfind(|c: char| !c.is_ascii_digit()) {
        Some(at) => bare.split_at_checked(at + bare.get(at..)?.chars().next()?.len_utf8())?,
        None => ("", bare),
    };
    let words = words.to_ascii_lowercase();
    let says_so = words.is_empty()
        || ["epoch", "unix", "time", "stamp"]
            .iter()
            .any(|word| words.contains(word));
    says_so.then(|| epoch(digits))?
}

/// The order that the prompt of the `date` command states, in the languages where the
/// letters for day, month and year are known.
fn prompt_order(text: &str) -> Option<DateOrder> {
    let (_, inside) = text.rsplit_once('(')?;
    let (inside, _) = inside.split_once(')')?;
    match inside
        .to_ascii_lowercase()
        .replace(['/', '.'], "-")
        .as_str()
    {
        "mm-dd-yy" | "mm-dd-yyyy" => Some(DateOrder::MonthDayYear),
        "dd-mm-yy" | "tt-mm-jj" | "jj-mm-aa" | "gg-mm-aa" | "dd-mm-jj" | "dd-mm-aa" => {
            Some(DateOrder::DayMonthYear)
        }
        _ => None,
    }
}

/// Bytes as text: UTF-8 where they are, otherwise one character a byte, so that ASCII
/// is right in every code page. Blanks of all kinds become one kind.
fn legible(bytes: &[u8]) -> String {
    let decoded = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    };
    let blanked = decoded.chars().filter_map(|c| match c {
        // Direction marks, which some cultures put into dates; byte-order marks; NULs of
        // UTF-16 that nobody declared.
        '\u{200e}' | '\u{200f}' | '\u{feff}' | '\0' => None,
        '\t' | '\u{a0}' | '\u{202f}' | '\u{2009}' => Some(' '),
        other => Some(other),
    });
    blanked.collect()
}

fn shown(text: &str) -> String {
    text.trim().chars().take(MAX_TEXT).collect()
}

/// Where words and numbers begin.
fn word_starts(text: &str) -> impl Iterator<Item = usize> {
    let mut previous = ' ';
    text.char_indices().filter_map(move |(at, c)| {
        let begins = is_word(c) && !is_word(previous);
        previous = c;
        begins.then_some(at)
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '?'
}

/// The time of day to assume for a date alone: its first moment.
pub(super) fn whole_day() -> TimeOfDay {
    TimeOfDay {
        time: chrono::NaiveTime::MIN,
        resolution: Resolution::Day,
    }
}
