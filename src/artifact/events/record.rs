//! An event before anyone has asked what it means.

use chrono::{DateTime, NaiveDateTime, Utc};

/// Values that are kept of an event's data; the events that matter have at most ten.
const MAX_VALUES: usize = 48;

/// Longest value that is kept, in characters: a path of Windows has at most 32,767, and those that
/// matter here a few hundred.
const MAX_VALUE: usize = 2_048;

/// When an event was logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// An instant.
    Utc(DateTime<Utc>),
    /// Local time of whoever exported it, as written.
    Local(String),
    /// It states none, or none that can be read.
    Unknown,
}

/// Where an event stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The line on which it begins, counted from 1.
    Line(u64),
    /// The byte at which its record begins, counted from 0.
    Offset(u64),
}

/// One event as its file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Name of the provider or source.
    pub provider: String,
    /// Name of the classic source, where a provider has one beside its own.
    pub source: Option<String>,
    pub id: Option<u32>,
    pub number: Option<u64>,
    pub when: When,
    pub computer: Option<String>,
    /// Values with their names; older events have values without.
    pub data: Vec<(String, String)>,
    /// The message, in the server's language.
    pub message: Option<String>,
}

impl Default for Record {
    fn default() -> Self {
        Record {
            provider: String::new(),
            source: None,
            id: None,
            number: None,
            when: When::Unknown,
            computer: None,
            data: Vec::new(),
            message: None,
        }
    }
}

impl Record {
    /// Adds a value, up to the limits.
    pub(super) fn add_value(&mut self, name: String, value: &str) {
        if self.data.len() < MAX_VALUES {
            self.data.push((name, shortened(value)));
        }
    }

    /// The value of a name, whatever its case.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let named = |(n, _): &&(String, String)| n.eq_ignore_ascii_case(name);
        let (_, value) = self.data.iter().find(named)?;
        Some(value.trim())
    }

    /// The value at a place, counted from 0, whatever its name.
    pub(super) fn value_at(&self, place: usize) -> Option<&str> {
        self.data.get(place).map(|(_, value)| value.trim())
    }
}

/// At most [`MAX_VALUE`] characters of a text.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(MAX_VALUE).collect()
}

/// An instant as XML of events writes it. `SystemTime` is UTC by definition, so a time without a
/// zone is one too (tools that make XML of their own leave the zone out).
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let text: String = text
        .trim()
        .chars()
        .filter(|c| !matches!(c, '\u{200e}' | '\u{200f}'))
        .collect();
    let text = text.strip_suffix(" UTC").unwrap_or(&text);
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.to_utc());
    }
    let naive = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(naive.and_utc())
}

/// A time in a table or a listing: an instant if it says its zone, else local time.
pub(super) fn stated(text: &str) -> When {
    let text = text.trim();
    match DateTime::parse_from_rfc3339(text) {
        Ok(at) => When::Utc(at.to_utc()),
        Err(_) if text.is_empty() => When::Unknown,
        Err(_) => When::Local(text.chars().take(100).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_of_every_writer() {
        let wanted = "2026-03-01T10:00:00.123Z".parse::<DateTime<Utc>>().unwrap();
        for text in [
            "2026-03-01T10:00:00.123000000Z",
            "2026-03-01 10:00:00.123000+00:00",
            "2026-03-01 10:00:00.123000 UTC",
            "2026-03-01T10:00:00.123",
            "\u{200e}2026\u{200e}-\u{200e}03\u{200e}-\u{200e}01T10:00:00.123000000Z",
        ] {
            assert_eq!(instant(text), Some(wanted), "{text}");
        }
        assert_eq!(instant("yesterday"), None);
        assert_eq!(
            stated("01.03.2026 10:00:00"),
            When::Local("01.03.2026 10:00:00".into())
        );
        assert_eq!(stated("2026-03-01T11:00:00.123+01:00"), When::Utc(wanted));
    }
}
