//! A time stamp anywhere in a line: between `=====`, after an echo's words, behind `#`.

use chrono::Timelike;

use super::beside::{is_doubtful, is_gap, skip_between};
use super::clock::{Separators, Spoken, says_utc_before, time_of_day, zone_after};
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
    pub time: Option<LineTime>,
    /// The order of numeric dates that a prompt of `date` states: `(mm-dd-yy)`.
    pub prompt: Option<DateOrder>,
    /// The line's words, for the evidence.
    pub text: String,
}

/// A time of day in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LineTime {
    Read(TimeOfDay, WrittenZone),
    /// What looks like one, and may mean another than it shows.
    Unread,
}

impl LineTime {
    /// A time between these parts of its line.
    fn between(before: &str, said: Spoken, rest: &str) -> Self {
        let (zone_end, zone) = zone_after(rest);
        let behind = if zone == WrittenZone::Unstated {
            rest
        } else {
            zone_end.get(..0).unwrap_or_default()
        };
        if !said.halved && is_doubtful(said.time.time.hour(), before, behind) {
            return LineTime::Unread;
        }
        LineTime::Read(said.time, zone)
    }

    /// Gives a date its time.
    pub fn complete(self, civil: &mut Civil) {
        match self {
            LineTime::Read(time, zone) => {
                civil.time = Some(time);
                civil.zone = zone;
                civil.unread = false;
            }
            LineTime::Unread => civil.unread = true,
        }
    }
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
            && let Ok((rest, said)) = time_of_day(here, Separators::Colon)
        {
            found.time = Some(LineTime::between(before, said, rest));
        }
    }
    found.reading = joined(late_date, &mut found.time).or_else(|| lone_count(&text));
    found
}

/// A time that stands before its date in the line, or the date alone.
fn joined(date: Option<Civil>, time: &mut Option<LineTime>) -> Option<Reading> {
    let mut civil = date?;
    if let Some(time) = time.take() {
        time.complete(&mut civil);
    }
    Some(Reading::Civil(civil))
}

fn dated(before: &str, rest: &str, hit: DateHit) -> Civil {
    let mut civil = Civil {
        date: hit.date,
        weekday: weekday_before(before),
        time: None,
        unread: false,
        zone: WrittenZone::Unstated,
    };
    let time = match hit.inner_time {
        Some((time, zone)) => Some(LineTime::Read(time, zone)),
        None => time_behind(rest),
    };
    if let Some(time) = time {
        time.complete(&mut civil);
    }
    if civil.zone == WrittenZone::Unstated && says_utc_before(before) {
        civil.zone = WrittenZone::Stated {
            zone: Zone::Utc,
            names_zone: None,
        };
    }
    civil
}

/// The time that stands directly behind a date.
fn time_behind(text: &str) -> Option<LineTime> {
    let joined = text.trim_start_matches(is_joint);
    let glue = match text.starts_with(['T', 't']) {
        true => Separators::AfterT,
        false => Separators::Glued,
    };
    if joined.len() < text.len()
        && let Ok((rest, said)) = time_of_day(joined, glue)
    {
        return Some(LineTime::between("", said, rest));
    }
    let here = skip_between(text);
    if let Ok((rest, said)) = time_of_day(here, Separators::AfterDate) {
        return Some(LineTime::between("", said, rest));
    }
    looks_like_a_time(text).then_some(LineTime::Unread)
}

/// What joins a date and a time in one word.
fn is_joint(c: char) -> bool {
    "Tt_-.".contains(c)
}

/// Digits where a time would stand, or a colon between digits anywhere: not to be taken for a
/// date without a time.
fn looks_like_a_time(text: &str) -> bool {
    let digit = |b: &u8| b.is_ascii_digit();
    let here = text
        .trim_start_matches(|c| is_gap(c) || is_joint(c))
        .as_bytes();
    let first = here.iter().take_while(|b| digit(b)).count();
    let behind = here.get(first..).unwrap_or_default();
    let begins = match behind {
        [mark, a, b, ..] if b":.h-_".contains(mark) => first <= 2 && digit(a) && digit(b),
        _ => matches!(first, 4 | 6),
    };
    let colon =
        |window: &[u8]| matches!(window, [a, b':', c, d] if digit(a) && digit(c) && digit(d));
    (first > 0 && begins) || text.as_bytes().windows(4).any(colon)
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
    let letter_in_866 = letter_a0(bytes);
    let blanked = decoded.chars().filter_map(|c| match c {
        '\u{a0}' if letter_in_866 => Some(c),
        // Direction marks, which some cultures put into dates; byte-order marks; NULs of
        // UTF-16 that nobody declared.
        '\u{200e}' | '\u{200f}' | '\u{feff}' | '\0' => None,
        '\t' | '\u{a0}' | '\u{202f}' | '\u{2009}' => Some(' '),
        other => Some(other),
    });
    blanked.collect()
}

/// True where a byte A0 is a Cyrillic letter of code page 866, for others of its kind stand beside
/// it, and no blank.
fn letter_a0(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err()
        && bytes
            .windows(2)
            .any(|pair| pair.contains(&0xa0) && pair.iter().all(|&b| b >= 0x80))
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
