//! A time stamp in the name of a file.
//!
//! | example | read as |
//! |---|---|
//! | `poolmon_20190314.1015.log.txt`, `x_20240102_030405.txt`, `x20240102030405` | year, month, day, time |
//! | `poolmon-20260821T040000Z-4711.txt` | the same, UTC |
//! | `20240102T0304051234.txt` (PowerShell's `FileDateTime`) | the same, with a fraction |
//! | `2024.10.27_01.30.00_HOST.pool.csv`, `2024-10-27 01-30` | the same |
//! | `poolmon.2024-27-10-01-30-00.log` | year, *day*, month: one script's own |
//! | `poolmon_27-10-2024_01-30-00.log`, `x_27102024_0130` | order open |
//! | `HOST_240102-030405_Poolmon.txt` | two-digit year, order open |
//! | `poolmon_1730000000000000000.log` | count since 1970 |

use chrono::NaiveTime;

use super::beside::is_doubtful_in_name;
use super::clock::clock_digits;
use super::date::numeric_date;
use super::half::{Half, half_after};
use super::types::Resolution;
use super::written::{
    Civil, Form, Place, Reading, TimeOfDay, WrittenDate, WrittenZone, YearPlace, epoch, stamp_date,
};
use crate::timeline::zone::{Zone, offset_words};

/// Longest name looked at; file systems allow 255.
const MAX_NAME: usize = 300;

/// A run of digits in a name.
#[derive(Clone, Copy, Debug)]
struct Group<'a> {
    digits: &'a str,
    /// What stands between this group and the one before it, or the name's start.
    before: &'a str,
    /// Everything behind the group.
    rest: &'a str,
}

/// A date at some group, and the groups behind it.
struct Found<'g, 'a> {
    date: WrittenDate,
    time: Option<TimeOfDay>,
    last: Group<'a>,
    behind: &'g [Group<'a>],
}

/// The time stamp in `name`, which may have folders before it.
pub(super) fn read_name(name: &str) -> Option<Reading> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    if base.len() > MAX_NAME {
        return None;
    }
    let groups = groups(base);
    let mut date_alone = None;
    for (index, group) in groups.iter().enumerate() {
        if let Some(count) = epoch(group.digits) {
            return Some(count);
        }
        let here = groups.get(index..).unwrap_or_default();
        if let Some(found) = scripted(base, here).or_else(|| dated(here)) {
            let civil = with_time(found);
            if civil.is_complete() {
                return Some(Reading::Civil(civil));
            }
            date_alone = date_alone.or(Some(civil));
        }
    }
    date_alone
        .filter(|civil| !is_two_digits(civil))
        .map(Reading::Civil)
}

fn is_two_digits(civil: &Civil) -> bool {
    matches!(civil.date, WrittenDate::Fields(f) if f.form.year == YearPlace::TwoDigits)
}

fn groups(name: &str) -> Vec<Group<'_>> {
    let mut out = Vec::new();
    let mut rest = name;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at_checked(start).unwrap_or_default();
        let end = from
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(from.len());
        let (digits, behind) = from.split_at_checked(end).unwrap_or_default();
        out.push(Group {
            digits,
            before,
            rest: behind,
        });
        rest = behind;
    }
    out
}

/// `poolmon.` and six groups joined by hyphens: the one shape whose author puts the day
/// before the month behind a leading year.
fn scripted<'g, 'a>(base: &str, here: &'g [Group<'a>]) -> Option<Found<'g, 'a>> {
    let [y, a, b, h, m, s, behind @ ..] = here else {
        return None;
    };
    let shape = [y, a, b, h, m, s].map(|group| group.digits.len()) == [4, 2, 2, 2, 2, 2];
    let joined = [a, b, h, m, s].iter().all(|group| group.before == "-");
    let named = y.before.eq_ignore_ascii_case("poolmon.")
        && base
            .get(..8)
            .is_some_and(|head| head.eq_ignore_ascii_case("poolmon."));
    if !(shape && joined && named) {
        return None;
    }
    let date = numeric([y, a, b], Some('-'), YearPlace::First)?;
    let time = clock_digits(&format!("{}{}{}", h.digits, m.digits, s.digits))?;
    Some(Found {
        date,
        time: Some(time),
        last: *s,
        behind,
    })
}

/// Any other date at the first of `here`.
fn dated<'g, 'a>(here: &'g [Group<'a>]) -> Option<Found<'g, 'a>> {
    let (first, behind) = here.split_first()?;
    let found = |date, time, last, behind| {
        Some(Found {
            date,
            time,
            last,
            behind,
        })
    };
    match first.digits.len() {
        12 | 14 | 16 | 17 => {
            let (date, time) = first.digits.split_at_checked(8)?;
            found(compact(date)?, Some(clock_digits(time)?), *first, behind)
        }
        8 => found(compact(first.digits)?, None, *first, behind),
        6 => found(two_digits(first.digits)?, None, *first, behind),
        _ => {
            let [a, b, c, behind @ ..] = here else {
                return None;
            };
            let separator = b.before.chars().next().filter(|c| "-._ ".contains(*c))?;
            if b.before.len() != 1 || c.before != b.before {
                return None;
            }
            let year = match [a, b, c].map(|group| group.digits.len()) {
                [4, 1..=2, 1..=2] => YearPlace::First,
                [1..=2, 1..=2, 4] => YearPlace::Last,
                [2, 2, 2] => YearPlace::TwoDigits,
                _ => return None,
            };
            let date = match year {
                YearPlace::First => known([a, b, c].map(|group| group.digits))?,
                _ => numeric([a, b, c], Some(separator), year)?,
            };
            found(date, None, *c, behind)
        }
    }
}

fn known(parts: [&str; 3]) -> Option<WrittenDate> {
    let [y, m, d] = parts;
    stamp_date(y.parse().ok()?, m.parse().ok()?, d.parse().ok()?).map(WrittenDate::Known)
}

fn numeric(
    groups: [&Group<'_>; 3],
    separator: Option<char>,
    year: YearPlace,
) -> Option<WrittenDate> {
    let mut numbers = [0u16; 3];
    for (number, group) in numbers.iter_mut().zip(groups) {
        *number = group.digits.parse().ok()?;
    }
    numeric_date(
        numbers,
        Form {
            place: Place::Name,
            separator,
            year,
        },
    )
}

/// Eight digits: with the year in front wherever that is a date, else with it behind.
fn compact(digits: &str) -> Option<WrittenDate> {
    let part = |range: std::ops::Range<usize>| digits.get(range);
    known([part(0..4)?, part(4..6)?, part(6..8)?]).or_else(|| {
        let numbers = [part(0..2)?, part(2..4)?, part(4..8)?].map(|p| p.parse().unwrap_or(0));
        numeric_date(
            numbers,
            Form {
                place: Place::Name,
                separator: None,
                year: YearPlace::Last,
            },
        )
    })
}

fn two_digits(digits: &str) -> Option<WrittenDate> {
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse().ok();
    let numbers = [part(0..2)?, part(2..4)?, part(4..6)?];
    numeric_date(
        numbers,
        Form {
            place: Place::Name,
            separator: None,
            year: YearPlace::TwoDigits,
        },
    )
}

fn with_time(found: Found<'_, '_>) -> Civil {
    let (time, last) = match found.time {
        Some(time) => (Some(time), found.last),
        None => time_behind(found.behind).map_or((None, found.last), |(t, g)| (Some(t), g)),
    };
    let written = time.is_some() || found.behind.first().is_some_and(looks_like_a_time);
    let (time, rest) = twelve_hours(time, last.rest);
    Civil {
        date: found.date,
        weekday: None,
        time,
        unread: written && time.is_none(),
        zone: zone_behind(rest),
    }
}

/// What may stand between a date and its time.
const JOINTS: [&str; 12] = [
    "_", "-", ".", " ", "T", "t", "_T", "--", "__", " - ", "_-_", ", ",
];

/// More digits than a number in a row of files has, joined as a time is.
fn looks_like_a_time(group: &Group<'_>) -> bool {
    JOINTS.contains(&group.before) && group.digits.len() >= 6
}

/// `_0130`, `.013000`, `_01-30-00`, `T01.30` behind a date.
fn time_behind<'a>(behind: &[Group<'a>]) -> Option<(TimeOfDay, Group<'a>)> {
    let first = behind.first()?;
    if !JOINTS.contains(&first.before) {
        return None;
    }
    // A fraction follows in PowerShell's `FileDateTime` only; other long numbers are numbers.
    let plain = first.digits.len() <= 6 || first.before.ends_with(['T', 't']);
    if let Some(time) = clock_digits(first.digits).filter(|_| plain) {
        return Some((time, *first));
    }
    let continues = |group: &&Group<'_>| {
        group.digits.len() == 2 && ["-", ".", "_", ":", "h", ","].contains(&group.before)
    };
    let minute = behind.get(1).filter(continues)?;
    let second = behind.get(2).filter(continues);
    let hour = Some(first.digits)
        .filter(|digits| digits.len() <= 2)?
        .parse()
        .ok()?;
    let number = |group: &Group<'_>| group.digits.parse().ok();
    let time = NaiveTime::from_hms_opt(hour, number(minute)?, second.map_or(Some(0), number)?)?;
    let resolution = if second.is_some() {
        Resolution::Second
    } else {
        Resolution::Minute
    };
    Some((TimeOfDay { time, resolution }, *second.unwrap_or(minute)))
}

/// Applies `AM`, `PM` or another language's word behind the time; no time where a word that is not
/// known follows it directly.
fn twelve_hours(time: Option<TimeOfDay>, rest: &str) -> (Option<TimeOfDay>, &str) {
    use chrono::Timelike;
    let Some(made) = time else {
        return (None, rest);
    };
    let hour = made.time.hour();
    let word = rest.trim_start_matches(['_', '-', ' ', '.']);
    let end = word.find(['_', '-', ' ', '.']).unwrap_or(word.len());
    let (said, behind) = word.split_at_checked(end).unwrap_or_default();
    let half = half_after(said).ok().filter(|(more, _)| more.is_empty());
    let Some((_, half)) = half else {
        return (time.filter(|_| !is_doubtful_in_name(hour, rest)), rest);
    };
    let shifted = match half {
        Half::Pm => hour % 12 + 12,
        Half::Am => hour % 12,
    };
    let time = made
        .time
        .with_hour(shifted)
        .filter(|_| (1..=12).contains(&hour));
    (time.map(|time| TimeOfDay { time, ..made }), behind)
}

/// `Z`, `UTC` or `+0200` behind the time. A hyphen and digits are a number of something.
fn zone_behind(rest: &str) -> WrittenZone {
    let stated = |zone| WrittenZone::Stated {
        zone,
        names_zone: None,
    };
    let ends = |tail: &str| !tail.starts_with(|c: char| c.is_alphanumeric());
    let word = rest.trim_start_matches(['_', '-', ' ']);
    if rest.strip_prefix('Z').is_some_and(ends)
        || ["UTC", "GMT", "utc"]
            .iter()
            .any(|utc| word.strip_prefix(utc).is_some_and(ends))
    {
        return stated(Zone::Utc);
    }
    let plus = rest.starts_with('+').then(|| {
        let end = rest
            .get(1..)?
            .find(|c: char| !c.is_ascii_digit())
            .map_or(rest.len(), |at| at + 1);
        offset_words(rest.get(..end)?)
            .flatten()
            .and_then(Zone::from_minutes)
    });
    plus.flatten().map_or(WrittenZone::Unstated, stated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::stamp::order::DateOrder;
    use proptest::prelude::*;

    fn read(name: &str) -> String {
        match read_name(name) {
            None => "-".to_owned(),
            Some(Reading::Instant { utc, .. }) => utc.format("%F %TZ").to_string(),
            Some(Reading::Civil(civil)) => {
                let date = match civil.date {
                    WrittenDate::Known(date) => date.to_string(),
                    WrittenDate::Fields(fields) => {
                        let [a, b, c] = fields.numbers;
                        format!("{a}?{b}?{c}")
                    }
                };
                let missing = if civil.unread { "unread" } else { "-" };
                let time = civil
                    .time
                    .map_or(missing.to_owned(), |t| t.time.to_string());
                let zone = match civil.zone {
                    WrittenZone::Unstated => String::new(),
                    WrittenZone::Stated { zone, .. } => format!(" {zone}"),
                };
                format!("{date} {time}{zone}")
            }
        }
    }

    #[test]
    fn names_that_collectors_give() {
        for (name, expected) in [
            ("poolmon_20190314.1015.log.txt", "2019-03-14 10:15:00"),
            ("a/b\\poolmon_20190314.0915PM.log", "2019-03-14 21:15:00"),
            (
                "poolmon-20260821T040000Z-4711.txt",
                "2026-08-21 04:00:00 UTC",
            ),
            ("2024.10.27_01.30.00_HOST.pool.csv", "2024-10-27 01:30:00"),
            ("pool 2024-10-27 01-30.txt", "2024-10-27 01:30:00"),
            ("poolmon.2024-27-10-01-30-00.log", "2024?27?10 01:30:00"),
            ("poolmon_27-10-2024_01-30-00.log", "27?10?2024 01:30:00"),
            ("poolmon_27102024_0130.log", "27?10?2024 01:30:00"),
            ("HOST1_240102-030405_Poolmon.txt", "24?1?2 03:04:05"),
            ("poolmon_1730000000000000000.log", "2024-10-27 03:33:20Z"),
            ("poolmon_1730000000.log", "2024-10-27 03:33:20Z"),
            ("x20240102030405.txt", "2024-01-02 03:04:05"),
            ("x_20240102_030405+0200.txt", "2024-01-02 03:04:05 +02:00"),
            ("x_20240102_030405-1234.txt", "2024-01-02 03:04:05"),
            ("poolmon_20240102.txt", "2024-01-02 -"),
            ("poolmon_20240102_0012.txt", "2024-01-02 00:12:00"),
            ("poolmon_20240102_00012.txt", "2024-01-02 -"),
            ("poolmon_20240102_030405999999999.txt", "2024-01-02 unread"),
            ("20240102T0304051234.txt", "2024-01-02 03:04:05.123400"),
            ("20240102T0304051234Z.txt", "2024-01-02 03:04:05.123400 UTC"),
            ("x20240102030405123.txt", "2024-01-02 03:04:05.123"),
            ("pool_2024-01-02-03-04-05.txt", "2024-01-02 03:04:05"),
            ("pool_2024_01_02_03_04_05.txt", "2024-01-02 03:04:05"),
            ("pool_20240102-030405.txt", "2024-01-02 03:04:05"),
            ("20240102_0304\u{4e0b}\u{5348}.txt", "2024-01-02 15:04:00"),
            ("20240102_03-04 \u{3bc}\u{3bc}.txt", "2024-01-02 15:04:00"),
            ("20240102_0304\u{1265}\u{1240}.txt", "2024-01-02 unread"),
            ("20240102_0304_\u{6d4b}\u{8bd5}.txt", "2024-01-02 03:04:00"),
            ("2024-10-27T01-30-00_UTC.txt", "2024-10-27 01:30:00 UTC"),
        ] {
            assert_eq!(read(name), expected, "{name}");
        }
    }

    #[test]
    fn names_without_a_time() {
        for name in [
            "poolmon.log",
            "poolmon_10.0.17763.txt",
            "before-poolmon.txt",
            "snap_000123.txt",
            "pm 3 of 12.txt",
            "",
        ] {
            assert_eq!(read(name), "-", "{name}");
        }
    }

    #[test]
    fn the_script_that_swaps_day_and_month() {
        let Some(Reading::Civil(civil)) = read_name("poolmon.2024-05-06-01-30-00.log") else {
            panic!("not read")
        };
        let WrittenDate::Fields(fields) = civil.date else {
            panic!("order taken for known")
        };
        assert_eq!(
            fields.form.orders(),
            [DateOrder::YearMonthDay, DateOrder::YearDayMonth]
        );
    }

    proptest! {
        #[test]
        fn never_panics(name in "\\PC{0,80}") {
            let _ = read_name(&name);
        }

        #[test]
        fn digits_and_separators_never_panic(name in "[0-9._TZ+ -]{0,40}") {
            let _ = read_name(&name);
        }
    }
}
