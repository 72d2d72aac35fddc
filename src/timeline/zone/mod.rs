//! Time zones of the machine a case came from, and what a wall clock there meant.
//!
//! HTTPERR logs are UTC; nearly everything else in a case is local time without a
//! zone. This module turns the ways in which people and Windows name a zone
//! (IANA names, offsets, Windows zone ids, the display names of `systeminfo`) into one
//! [`Zone`], and a wall-clock reading into UTC, without hiding that some readings
//! happened twice and some never.

mod claim;
mod places;
mod suggest;
mod windows;

use std::fmt;

use chrono::{DateTime, Datelike, Duration, FixedOffset, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};

pub use claim::{ChosenZone, ZoneClaim, ZoneFact, ZoneSource};
pub(crate) use windows::leading_windows_zone;
pub use windows::{WINDOWS_ZONES, WindowsZone, display_name, windows_zone};

/// Longest zone name worth looking at; the longest real one has 32 letters, the
/// longest Windows display name about 80.
const MAX_ZONE_TEXT: usize = 120;

/// Civil offsets in use run from -12:00 to +14:00.
const WEST_MOST_MINUTES: i32 = -12 * 60;
const EAST_MOST_MINUTES: i32 = 14 * 60;

/// Years for which zone rules are asked; a reading outside is not a time of a case.
const RULE_YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// The rule that turns a wall clock of the case into UTC.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    /// Coordinated Universal Time.
    Utc,
    /// A constant distance from UTC, without daylight saving.
    Fixed(FixedOffset),
    /// A zone of the IANA data base, with its daylight-saving history.
    Named(Tz),
}

/// What one wall-clock reading says about the instant it was taken at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalResolution {
    /// The reading happened exactly once.
    Unique(DateTime<Utc>),
    /// The reading happened twice, because the clock was set back.
    Ambiguous {
        /// Its first occurrence, before the clock was set back.
        early: DateTime<Utc>,
        /// Its second occurrence.
        late: DateTime<Utc>,
    },
    /// The reading never happened, because the clock was set forward over it: the
    /// machine does not follow this zone's daylight saving, or the zone is wrong.
    Gap {
        /// The instant if the clock had not yet been set forward.
        unshifted: DateTime<Utc>,
        /// The instant if it already had been.
        shifted: DateTime<Utc>,
    },
    /// The year lies outside those for which zone rules mean anything.
    OutOfRange,
}

/// Why words do not name a time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseZoneError {
    /// Nothing was typed.
    #[error("the time zone is empty; write an IANA name (`Europe/Berlin`) or an offset (`+02:00`)")]
    Empty,
    /// Looks like an offset, but no place on earth has it.
    #[error(
        "`{typed}` is not an offset from UTC in use; expected `+hh:mm` or `-hh:mm` between -12:00 and +14:00"
    )]
    Offset {
        /// The words as typed.
        typed: String,
    },
    /// No zone has this name.
    #[error("`{typed}` is not a time zone: {}; write an IANA name (`Europe/Berlin`), a Windows zone id (`W. Europe Standard Time`) or an offset (`+02:00`)", did_you_mean(.near))]
    Unknown {
        /// The words as typed, cut to a printable length.
        typed: String,
        /// IANA names that look like it, nearest first.
        near: Vec<&'static str>,
    },
}

fn did_you_mean(near: &[&'static str]) -> String {
    if near.is_empty() {
        return "no zone has a name like it".to_owned();
    }
    let quoted: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    format!("did you mean {}?", quoted.join(" or "))
}

impl Zone {
    /// Reads `UTC`, `Z`, `GMT`, `+02:00`, `-0530`, `+2`, `UTC+02:00`, an IANA name in any
    /// case, or a Windows zone id in its standard or daylight form.
    ///
    /// # Errors
    /// [`ParseZoneError`] names what was typed and, where it can, what was meant.
    pub fn parse(typed: &str) -> Result<Zone, ParseZoneError> {
        let word = typed.trim();
        if word.is_empty() {
            return Err(ParseZoneError::Empty);
        }
        let unknown = || ParseZoneError::Unknown {
            typed: word.chars().take(MAX_ZONE_TEXT).collect(),
            near: suggest::near_names(word),
        };
        if word.len() > MAX_ZONE_TEXT {
            return Err(unknown());
        }
        if ["utc", "z", "gmt", "etc/utc"]
            .iter()
            .any(|name| word.eq_ignore_ascii_case(name))
        {
            return Ok(Zone::Utc);
        }
        if let Some(minutes) = offset_words(word) {
            return minutes
                .and_then(Zone::from_minutes)
                .ok_or_else(|| ParseZoneError::Offset {
                    typed: word.to_owned(),
                });
        }
        iana_zone(word)
            .or_else(|| windows_zone(word).and_then(WindowsZone::zone))
            .ok_or_else(unknown)
    }

    /// The zone that is always `minutes` east of UTC; `None` where no place is.
    pub fn from_minutes(minutes: i32) -> Option<Zone> {
        if minutes == 0 {
            return Some(Zone::Utc);
        }
        (WEST_MOST_MINUTES..=EAST_MOST_MINUTES)
            .contains(&minutes)
            .then(|| minutes.checked_mul(60).and_then(FixedOffset::east_opt))
            .flatten()
            .map(Zone::Fixed)
    }

    /// Which instant or instants a wall clock in this zone showed as `local`.
    pub fn resolve(self, local: NaiveDateTime) -> LocalResolution {
        if !RULE_YEARS.contains(&local.year()) {
            return LocalResolution::OutOfRange;
        }
        match self {
            Zone::Utc => LocalResolution::Unique(local.and_utc()),
            Zone::Fixed(offset) => at_offset(local, offset)
                .map_or(LocalResolution::OutOfRange, LocalResolution::Unique),
            Zone::Named(tz) => resolve_named(tz, local),
        }
    }

    /// How far east of UTC this zone's clocks were at `instant`.
    pub fn offset_at(self, instant: DateTime<Utc>) -> FixedOffset {
        match self {
            Zone::Utc => Utc.fix(),
            Zone::Fixed(offset) => offset,
            Zone::Named(tz) => tz.offset_from_utc_datetime(&instant.naive_utc()).fix(),
        }
    }

    /// The wall clock of this zone at `instant`; `None` at the ends of the calendar.
    pub fn local_at(self, instant: DateTime<Utc>) -> Option<NaiveDateTime> {
        instant
            .naive_utc()
            .checked_add_offset(self.offset_at(instant))
    }
}

/// The name under which reports and `--tz` know the zone.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Zone::Utc => f.pad("UTC"),
            Zone::Fixed(offset) => f.pad(&offset.to_string()),
            Zone::Named(tz) => f.pad(tz.name()),
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({self})")
    }
}

fn at_offset(local: NaiveDateTime, offset: FixedOffset) -> Option<DateTime<Utc>> {
    local.checked_sub_offset(offset).map(|utc| utc.and_utc())
}

fn resolve_named(tz: Tz, local: NaiveDateTime) -> LocalResolution {
    use chrono::LocalResult;
    match tz.from_local_datetime(&local) {
        LocalResult::Single(at) => LocalResolution::Unique(at.with_timezone(&Utc)),
        LocalResult::Ambiguous(a, b) => {
            let (a, b) = (a.with_timezone(&Utc), b.with_timezone(&Utc));
            LocalResolution::Ambiguous {
                early: a.min(b),
                late: a.max(b),
            }
        }
        LocalResult::None => skipped(tz, local).unwrap_or(LocalResolution::OutOfRange),
    }
}

/// Both readings of a wall-clock time that the zone skipped. Offsets are asked 26 hours
/// to either side: farther than any offset, nearer than any second change of rules.
fn skipped(tz: Tz, local: NaiveDateTime) -> Option<LocalResolution> {
    let aside = Duration::hours(26);
    let before = tz
        .offset_from_utc_datetime(&local.checked_sub_signed(aside)?)
        .fix();
    let after = tz
        .offset_from_utc_datetime(&local.checked_add_signed(aside)?)
        .fix();
    Some(LocalResolution::Gap {
        unshifted: at_offset(local, before)?,
        shifted: at_offset(local, after)?,
    })
}

fn iana_zone(word: &str) -> Option<Zone> {
    let found = TZ_VARIANTS
        .iter()
        .find(|tz| tz.name().eq_ignore_ascii_case(word))?;
    Some(Zone::Named(*found))
}

/// `Some(Some(minutes))` for a readable offset, `Some(None)` for words that can only be
/// an offset but are not a readable one, `None` for anything else.
pub(crate) fn offset_words(word: &str) -> Option<Option<i32>> {
    let rest = ["UTC", "GMT", "utc", "gmt"]
        .iter()
        .find_map(|prefix| word.strip_prefix(prefix))
        .unwrap_or(word)
        .trim_start();
    let (sign, digits) = match rest.chars().next()? {
        '+' => (1, rest.get(1..)?),
        // U+2212 is what word processors make of a hyphen before a digit.
        '-' => (-1, rest.get(1..)?),
        '\u{2212}' => (-1, rest.get(3..)?),
        _ => return None,
    };
    Some(clock_minutes(digits).and_then(|minutes| minutes.checked_mul(sign)))
}

/// `2`, `02`, `0230`, `02:30`, `2:30` as minutes.
fn clock_minutes(digits: &str) -> Option<i32> {
    let number = |text: &str| -> Option<i32> {
        (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if hours.len() <= 2 && minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() <= 2 => (digits, "0"),
        None if digits.len() == 4 => (digits.get(..2)?, digits.get(2..)?),
        None => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use proptest::prelude::*;

    fn at(y: i32, mo: u32, d: u32, h: u32, mi: u32) -> NaiveDateTime {
        NaiveDate::from_ymd_opt(y, mo, d)
            .unwrap()
            .and_hms_opt(h, mi, 0)
            .unwrap()
    }

    fn utc(y: i32, mo: u32, d: u32, h: u32, mi: u32) -> DateTime<Utc> {
        at(y, mo, d, h, mi).and_utc()
    }

    #[test]
    fn words_that_name_a_zone() {
        for (typed, shown) in [
            ("UTC", "UTC"),
            ("z", "UTC"),
            ("+00:00", "UTC"),
            ("+02:00", "+02:00"),
            ("-0530", "-05:30"),
            ("+2", "+02:00"),
            ("UTC+01:00", "+01:00"),
            ("Europe/Berlin", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("Pacific Daylight Time", "America/Los_Angeles"),
            (" Asia/Kolkata ", "Asia/Kolkata"),
        ] {
            assert_eq!(
                Zone::parse(typed).map(|z| z.to_string()),
                Ok(shown.to_owned()),
                "{typed}"
            );
        }
    }

    #[test]
    fn errors_help() {
        let message = |typed: &str| Zone::parse(typed).unwrap_err().to_string();
        assert!(
            message("Europe/Berln").contains("`Europe/Berlin`"),
            "{}",
            message("Europe/Berln")
        );
        assert!(
            message("Berlin").contains("`Europe/Berlin`"),
            "{}",
            message("Berlin")
        );
        assert!(message("+25:00").contains("-12:00 and +14:00"));
        assert!(message("+1:75").contains("offset"));
        assert!(message("").contains("empty"));
        assert!(message("qqqqqqqqqq").contains("no zone has a name like it"));
    }

    #[test]
    fn autumn_happens_twice_and_spring_not_at_all() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        assert_eq!(
            berlin.resolve(at(2024, 10, 27, 2, 30)),
            LocalResolution::Ambiguous {
                early: utc(2024, 10, 27, 0, 30),
                late: utc(2024, 10, 27, 1, 30)
            }
        );
        assert_eq!(
            berlin.resolve(at(2024, 3, 31, 2, 30)),
            LocalResolution::Gap {
                unshifted: utc(2024, 3, 31, 1, 30),
                shifted: utc(2024, 3, 31, 0, 30)
            }
        );
        assert_eq!(
            berlin.resolve(at(2024, 7, 1, 12, 0)),
            LocalResolution::Unique(utc(2024, 7, 1, 10, 0))
        );
    }

    #[test]
    fn a_day_that_a_whole_country_skipped() {
        let apia = Zone::parse("Pacific/Apia").unwrap();
        assert!(matches!(
            apia.resolve(at(2011, 12, 30, 12, 0)),
            LocalResolution::Gap { .. }
        ));
    }

    #[test]
    fn years_without_rules_are_refused() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        assert_eq!(
            berlin.resolve(NaiveDateTime::MAX),
            LocalResolution::OutOfRange
        );
        assert_eq!(
            Zone::Utc.resolve(NaiveDateTime::MIN),
            LocalResolution::OutOfRange
        );
    }

    proptest! {
        #[test]
        fn parsing_never_panics(typed in "\\PC{0,60}") {
            let _ = Zone::parse(&typed);
        }

        #[test]
        fn what_is_shown_is_read_back(minutes in -720i32..=840) {
            let zone = Zone::from_minutes(minutes).unwrap();
            prop_assert_eq!(Zone::parse(&zone.to_string()), Ok(zone));
        }

        /// Whatever the zone, an instant is among the readings of its own wall clock.
        #[test]
        fn local_and_back(index in 0usize..TZ_VARIANTS.len(), second in 946_684_800i64..2_208_988_800) {
            let zone = Zone::Named(TZ_VARIANTS[index]);
            let instant = DateTime::from_timestamp(second, 0).unwrap();
            let back = zone.resolve(zone.local_at(instant).unwrap());
            let holds = match back {
                LocalResolution::Unique(only) => only == instant,
                LocalResolution::Ambiguous { early, late } => early == instant || late == instant,
                _ => false,
            };
            prop_assert!(holds, "{zone} {instant} {back:?}");
        }
    }
}
