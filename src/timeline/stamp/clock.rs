//! Grammar of a time of day and of the zone behind it.

use chrono::NaiveTime;
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::character::complete::{char, one_of, space0, space1};
use nom::combinator::{map_opt, not, opt, peek, recognize, verify};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::half::{Half, half_after, half_before};
use super::types::Resolution;
use super::written::{TimeOfDay, WrittenZone};
use crate::timeline::zone::{Zone, leading_windows_zone, offset_words};

/// How strictly the fields must be separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separators {
    /// `:` alone, so that version numbers and decimals are no times.
    Colon,
    /// Directly after a date also `.` (Finland, Italy), `h` (France, Canada), and the `-` and `_`
    /// of scripts.
    AfterDate,
    /// Joined to a date by `T`, `_`, `-` or `.` alone: also without seconds, and without any
    /// separators.
    Glued,
    /// Joined by `T`: also with the digits of a fraction behind those of the time.
    AfterT,
}

impl Separators {
    fn is_joint(self) -> bool {
        matches!(self, Separators::Glued | Separators::AfterT)
    }
}

/// A time of day as it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spoken {
    pub time: TimeOfDay,
    /// A word for the half of the day is part of it.
    pub halved: bool,
}

/// `least` to `most` digits and no further digit.
pub(super) fn number<'a>(
    least: usize,
    most: usize,
) -> impl Parser<&'a str, Output = u32, Error = nom::error::Error<&'a str>> {
    map_opt(
        terminated(
            take_while_m_n(least, most, |c: char| c.is_ascii_digit()),
            not(peek(one_of("0123456789"))),
        ),
        |digits: &str| digits.parse().ok(),
    )
}

/// `1:30`, `01:30:00`, `1:30:00.07`, `22:35:55,53`, with `AM`/`PM` where written.
pub(super) fn time_of_day(text: &str, separators: Separators) -> IResult<&str, Spoken> {
    let (rest, before) = opt(half_before).parse(text)?;
    let separated = |i| separated(i, separators);
    let together = |i| match separators {
        Separators::AfterT => digits_alone(13).parse(i),
        Separators::Glued => digits_alone(6).parse(i),
        Separators::Colon | Separators::AfterDate => Err(reject(i)),
    };
    let (rest, (hour, minute, seconds)) = alt((separated, together)).parse(rest)?;
    let (rest, after) = opt(preceded(space0, half_after)).parse(rest)?;
    let (rest, ()) =
        not(peek(take_while1(|c: char| c.is_alphanumeric() && c != 'Z'))).parse(rest)?;
    let half = before.or(after);
    match assemble(hour, minute, seconds, half) {
        Some(time) => Ok((
            rest,
            Spoken {
                time,
                halved: half.is_some(),
            },
        )),
        None => Err(reject(text)),
    }
}

/// Hour, minute and seconds.
type Fields = (u32, u32, Seconds);

fn separated(text: &str, separators: Separators) -> IResult<&str, Fields> {
    let (rest, hour) = number(1, 2).parse(text)?;
    let (rest, separator) = match separators {
        Separators::Colon => char(':').parse(rest)?,
        Separators::AfterDate | Separators::Glued | Separators::AfterT => {
            one_of(":.h-_").parse(rest)?
        }
    };
    let (rest, minute) = number(2, 2).parse(rest)?;
    let (rest, tail) = opt(|i| seconds(i, separator)).parse(rest)?;
    let alone = separators.is_joint() || ":h".contains(separator);
    if tail.is_none() && !alone {
        return Err(reject(text));
    }
    let unit = if separator == 'h' { "ms" } else { "" };
    let (rest, _) = opt(verify(nom::character::complete::anychar, |c| {
        unit.contains(*c)
    }))
    .parse(rest)?;
    Ok((rest, (hour, minute, tail.unwrap_or_default())))
}

/// `hhmm`, `hhmmss`, and with further digits, as PowerShell's `FileDateTime` has four, a fraction.
fn digits_alone<'a>(
    most: usize,
) -> impl Parser<&'a str, Output = Fields, Error = nom::error::Error<&'a str>> {
    let digits = take_while_m_n(4, most, |c: char| c.is_ascii_digit());
    map_opt(
        terminated(digits, not(peek(one_of("0123456789")))),
        digits_as_fields,
    )
}

fn digits_as_fields(digits: &str) -> Option<Fields> {
    let part = |range: std::ops::Range<usize>| digits.get(range)?.parse::<u32>().ok();
    let seconds = match digits.len() {
        4 => Seconds::default(),
        6 => Seconds::whole(part(4..6)?),
        8..=13 => {
            let (nanos, resolution) = nanoseconds(digits.get(6..)?);
            Seconds {
                whole: part(4..6)?,
                nanos,
                resolution: Some(resolution),
            }
        }
        _ => return None,
    };
    Some((part(0..2)?, part(2..4)?, seconds))
}

/// `hhmm`, `hhmmss` or more digits as a time.
pub(super) fn clock_digits(digits: &str) -> Option<TimeOfDay> {
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hour, minute, seconds) = digits_as_fields(digits)?;
    assemble(hour, minute, seconds, None)
}

/// Seconds as far as they are written.
#[derive(Clone, Copy, Debug, Default)]
struct Seconds {
    whole: u32,
    nanos: u32,
    /// `None`: no seconds at all, or a last digit lost to a field of fixed width.
    resolution: Option<Resolution>,
}

impl Seconds {
    fn whole(whole: u32) -> Self {
        Seconds {
            whole,
            nanos: 0,
            resolution: Some(Resolution::Second),
        }
    }
}

fn seconds(text: &str, separator: char) -> IResult<&str, Seconds> {
    let (rest, _) = if separator == 'h' {
        one_of("h:m").parse(text)?
    } else {
        char(separator).parse(text)?
    };
    // One digit alone is what a fixed field of 22 characters leaves of the seconds
    // when the date before it is longer than its author's: the minute is all that is sure.
    if let (rest, Some(_)) = opt(number(1, 1)).parse(rest)? {
        return Ok((rest, Seconds::default()));
    }
    let (rest, whole) = number(2, 2).parse(rest)?;
    let (rest, fraction) = opt(fraction).parse(rest)?;
    let (nanos, resolution) = fraction.unwrap_or((0, Resolution::Second));
    Ok((
        rest,
        Seconds {
            whole,
            nanos,
            resolution: Some(resolution),
        },
    ))
}

/// `.07`, `,53`, `.1234567` as nanoseconds.
fn fraction(text: &str) -> IResult<&str, (u32, Resolution)> {
    let (rest, digits) = preceded(
        one_of(".,:"),
        take_while_m_n(1, 9, |c: char| c.is_ascii_digit()),
    )
    .parse(text)?;
    let (rest, ()) = not(peek(one_of("0123456789"))).parse(rest)?;
    Ok((rest, nanoseconds(digits)))
}

/// Up to nine digits of a fraction.
fn nanoseconds(digits: &str) -> (u32, Resolution) {
    let resolution = if digits.len() <= 2 {
        Resolution::Centisecond
    } else {
        Resolution::Millisecond
    };
    (format!("{digits:0<9}").parse().unwrap_or(0), resolution)
}

fn assemble(hour: u32, minute: u32, seconds: Seconds, half: Option<Half>) -> Option<TimeOfDay> {
    let hour = match half {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(Half::Am) => hour % 12,
        Some(Half::Pm) => hour % 12 + 12,
    };
    let time = NaiveTime::from_hms_nano_opt(hour, minute, seconds.whole, seconds.nanos)?;
    Some(TimeOfDay {
        time,
        resolution: seconds.resolution.unwrap_or(Resolution::Minute),
    })
}

/// The zone behind a time: `Z`, `UTC`, `(UTC)`, `+02:00`, ` -0700`, `UTC+1`, or a Windows id.
pub(super) fn zone_after(text: &str) -> (&str, WrittenZone) {
    alt((zulu, utc_word, offset, windows_id))
        .parse(text)
        .unwrap_or((text, WrittenZone::Unstated))
}

fn stated(zone: Zone) -> WrittenZone {
    WrittenZone::Stated {
        zone,
        names_zone: None,
    }
}

fn zulu(text: &str) -> IResult<&str, WrittenZone> {
    let (rest, _) = char('Z').parse(text)?;
    let (rest, ()) = not(peek(take_while1(char::is_alphanumeric))).parse(rest)?;
    Ok((rest, stated(Zone::Utc)))
}

fn utc_word(text: &str) -> IResult<&str, WrittenZone> {
    let (rest, _) = (space0, opt(char('('))).parse(text)?;
    let (after, _) = alt((tag("UTC"), tag("GMT"))).parse(rest)?;
    if let Ok((after, words)) =
        preceded(space0::<_, nom::error::Error<_>>, offset_text).parse(after)
    {
        return named_offset(words).map_or_else(|| Err(reject(text)), |zone| Ok((after, zone)));
    }
    let (after, ()) = not(peek(take_while1(char::is_alphanumeric))).parse(after)?;
    Ok((after, stated(Zone::Utc)))
}

/// An offset glued to the time, or behind a blank if it is written in full.
fn offset(text: &str) -> IResult<&str, WrittenZone> {
    let (rest, gap) = space0.parse(text)?;
    let (rest, words) = offset_text(rest)?;
    let full = words.len() >= 5;
    match named_offset(words) {
        Some(zone) if full || gap.is_empty() => Ok((rest, zone)),
        _ => Err(reject(text)),
    }
}

fn offset_text(text: &str) -> IResult<&str, &str> {
    let digits = |c: char| c.is_ascii_digit();
    terminated(
        recognize((
            one_of("+-"),
            take_while_m_n(1, 4, digits),
            opt((char(':'), take_while_m_n(2, 2, digits))),
        )),
        not(peek(one_of("0123456789:/.-"))),
    )
    .parse(text)
}

fn named_offset(words: &str) -> Option<WrittenZone> {
    offset_words(words)
        .flatten()
        .and_then(Zone::from_minutes)
        .map(stated)
}

fn windows_id(text: &str) -> IResult<&str, WrittenZone> {
    let (rest, _) = (space1, opt(one_of("(<["))).parse(text)?;
    let found =
        leading_windows_zone(rest).and_then(|(row, after)| Some((row.zone()?, row.id, after)));
    let (zone, id, after) = found.ok_or_else(|| reject(text))?;
    Ok((
        after,
        WrittenZone::Stated {
            zone,
            names_zone: Some(id.to_owned()),
        },
    ))
}

/// The word `UTC` or `GMT` directly before a date, as in `UTC: 2024-10-27 01:30`.
pub(super) fn says_utc_before(text: &str) -> bool {
    let trimmed = text.trim_end_matches([' ', ':', '=', '(', ')', '[', ']']);
    let start = trimmed
        .rfind(|c: char| !c.is_ascii_alphabetic())
        .map_or(0, |at| at + 1);
    let word = trimmed
        .get(start..)
        .unwrap_or_default()
        .to_ascii_lowercase();
    word == "utc" || word == "gmt" || word == "datetimeutc"
}

pub(super) fn reject(text: &str) -> nom::Err<nom::error::Error<&str>> {
    nom::Err::Error(nom::error::Error::new(text, nom::error::ErrorKind::Verify))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, Resolution, &str)> {
        let (rest, said) = time_of_day(text, Separators::AfterDate).ok()?;
        Some((said.time.time.to_string(), said.time.resolution, rest))
    }

    #[test]
    fn times_as_windows_writes_them() {
        for (text, expected, resolution) in [
            ("1:30:00.07", "01:30:00.070", Resolution::Centisecond),
            ("22:35:55,53", "22:35:55.530", Resolution::Centisecond),
            ("01:30", "01:30:00", Resolution::Minute),
            ("01:30 AM", "01:30:00", Resolution::Minute),
            ("12:05 AM", "00:05:00", Resolution::Minute),
            ("12:05 p.m.", "12:05:00", Resolution::Minute),
            ("10:35:55 PM", "22:35:55", Resolution::Second),
            ("10:35:55 p. m.", "22:35:55", Resolution::Second),
            ("22.35.55", "22:35:55", Resolution::Second),
            ("22h35", "22:35:00", Resolution::Minute),
            ("22h35m", "22:35:00", Resolution::Minute),
            ("22h35m55s", "22:35:55", Resolution::Second),
            ("22-35-55", "22:35:55", Resolution::Second),
            ("22_35_55", "22:35:55", Resolution::Second),
            ("PM 10:35:55", "22:35:55", Resolution::Second),
            ("10-35-55 PM", "22:35:55", Resolution::Second),
            ("22:35:5", "22:35:00", Resolution::Minute),
            ("\u{c624}\u{d6c4} 10:35:55", "22:35:55", Resolution::Second),
            (
                "22:35:55.1234567",
                "22:35:55.123456700",
                Resolution::Millisecond,
            ),
        ] {
            assert_eq!(
                read(text),
                Some((expected.to_owned(), resolution, "")),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "25:00", "12:60", "13:30 PM", "1.30", "12:3", "7", "12:30x", "1:2:3", "22-35", "2235",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn times_joined_to_a_date() {
        for (text, expected) in [
            ("22-35", "22:35:00"),
            ("22.35", "22:35:00"),
            ("2235", "22:35:00"),
            ("223555", "22:35:55"),
            ("2235551234", ""),
            ("223555PM", ""),
            ("103555PM", "22:35:55"),
            ("996055", ""),
        ] {
            let read = time_of_day(text, Separators::Glued);
            let shown = read.map_or(String::new(), |(_, said)| said.time.time.to_string());
            assert_eq!(shown, expected, "{text}");
        }
    }

    #[test]
    fn a_fraction_without_a_point_needs_a_t() {
        let read = time_of_day("2235551234", Separators::AfterT);
        let shown = read.map(|(_, said)| said.time.time.to_string());
        assert_eq!(shown.as_deref(), Ok("22:35:55.123400"));
    }

    #[test]
    fn zones_behind_times() {
        let zone = |text| match zone_after(text) {
            (_, WrittenZone::Stated { zone, .. }) => zone.to_string(),
            (_, WrittenZone::Unstated) => String::new(),
        };
        for (text, expected) in [
            ("Z", "UTC"),
            (" UTC", "UTC"),
            (" (UTC)", "UTC"),
            (" GMT+1", "+01:00"),
            ("+02:00", "+02:00"),
            ("-0530", "-05:30"),
            (" +0200", "+02:00"),
            ("+02", "+02:00"),
            (
                " W. Europe Standard Time (local time of the PC)",
                "Europe/Berlin",
            ),
            (" -12 samples", ""),
            (" UTCish", ""),
            (" - Snapshot 3", ""),
            (" CEST", ""),
        ] {
            assert_eq!(zone(text), expected, "{text}");
        }
    }
}
