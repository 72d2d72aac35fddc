//! Instants on the page: in UTC, with what the case's own clock showed, if its zone is known.
//!
//! Offsets are computed here, so that a reader's browser needs no zone data and its own zone
//! plays no part.

use chrono::{DateTime, Utc};

use super::markup::Html;
use crate::report::model::Report;
use crate::timeline::zone::Zone;

/// The case's zone, for showing times.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Option<Zone>);

/// Reads a time of the report, in milliseconds since 1970 UTC.
pub fn instant(text: &str) -> Option<i64> {
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    Some(at.timestamp_millis())
}

impl Clock {
    /// The zone that the report names, if it is one and not UTC itself.
    pub fn of(report: &Report) -> Self {
        let zone = report
            .time
            .zone
            .as_deref()
            .and_then(|z| Zone::parse(z).ok());
        Clock(zone.filter(|zone| *zone != Zone::Utc))
    }

    /// True if times can be shown in the case's zone.
    pub fn has_zone(self) -> bool {
        self.0.is_some()
    }

    /// Minutes by which the case's clocks were ahead of UTC.
    pub fn minutes(self, at: i64) -> Option<i32> {
        let instant: DateTime<Utc> = DateTime::from_timestamp_millis(at)?;
        Some(self.0?.offset_at(instant).local_minus_utc() / 60)
    }

    /// Where the distance from UTC changes between two instants: (instant, minutes) pairs,
    /// the first at `from`. Looks hour by hour, which no zone's changes escape, for at most
    /// two years; daylight saving has four changes in that time.
    pub fn offsets(self, from: i64, to: i64) -> Vec<(i64, i32)> {
        const HOUR: i64 = 3_600_000;
        const MOST: usize = 2 * 366 * 24;
        let mut changes: Vec<(i64, i32)> = Vec::new();
        let mut at = from;
        for _ in 0..MOST {
            let Some(minutes) = self.minutes(at) else {
                break;
            };
            if changes.last().is_none_or(|&(_, before)| before != minutes) {
                changes.push((at, minutes));
            }
            if at >= to {
                break;
            }
            at = at
                .div_euclid(HOUR)
                .saturating_add(1)
                .saturating_mul(HOUR)
                .min(to);
        }
        changes
    }

    /// A `time` element; text that is no time is shown as it is.
    pub fn time(self, out: &mut Html, text: &str) {
        let Some(at) = instant(text) else {
            out.name(text);
            return;
        };
        out.raw("<time").attr("datetime", text);
        if let Some(minutes) = self.minutes(at) {
            out.attr_number("data-o", minutes);
        }
        out.raw(">").name(&utc(at)).raw("</time>");
    }

    /// A `time` element, or a word that none is known.
    pub fn maybe(self, out: &mut Html, text: Option<&str>) {
        match text {
            Some(text) => self.time(out, text),
            None => {
                out.raw("<span class=\"soft\">not known</span>");
            }
        }
    }
}

/// `2024-03-01 12:00:05Z`.
pub fn utc(at: i64) -> String {
    match DateTime::from_timestamp_millis(at) {
        Some(instant) => instant.format("%Y-%m-%d %H:%M:%SZ").to_string(),
        None => "out of range".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_change_with_daylight_saving() {
        let clock = Clock(Zone::parse("Europe/Berlin").ok());
        let at = |text: &str| instant(text).unwrap();
        let (from, to) = (at("2024-03-30T22:30:00Z"), at("2024-03-31T05:00:00Z"));
        assert_eq!(
            clock.offsets(from, to),
            [(from, 60), (at("2024-03-31T01:00:00Z"), 120)]
        );
        assert_eq!(Clock(None).offsets(from, to), []);
    }

    #[test]
    fn times_carry_their_offset_and_other_text_is_text() {
        let clock = Clock(Zone::parse("+05:30").ok());
        let mut html = Html::new();
        clock.time(&mut html, "2024-03-01T12:00:05Z");
        clock.time(&mut html, "<b>");
        assert_eq!(
            html.as_str(),
            "<time datetime=\"2024-03-01T12:00:05Z\" data-o=\"330\">2024-03-01 12:00:05Z</time>&lt;b&gt;"
        );
    }

    #[test]
    fn extreme_instants_end() {
        let clock = Clock(Zone::parse("Europe/Berlin").ok());
        assert!(clock.offsets(i64::MIN, i64::MAX).len() <= 1);
        assert!(clock.offsets(0, i64::MAX).len() < 20);
    }
}
