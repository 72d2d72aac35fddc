//! Grammar of a date, in numbers or in words.

use chrono::Timelike;
use nom::branch::alt;
use nom::bytes::complete::{tag, tag_no_case, take_while_m_n, take_while1};
use nom::character::complete::{char, one_of, space0, space1};
use nom::combinator::{map_opt, not, opt, peek, recognize, value};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

use super::beside::is_doubtful;
use super::clock::{Separators, clock_digits, number, reject, time_of_day, zone_after};
use super::names::vietnamese_month;
use super::types::Resolution;
use super::words::{is_name_letter, month};
use super::written::{
    Fields, Form, Place, TimeOfDay, WrittenDate, WrittenZone, YearPlace, stamp_date,
};
use crate::timeline::zone::Zone;

/// A date, and the time where it stands inside the date (`Fri May 22 22:35:55 2020`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DateHit {
    pub date: WrittenDate,
    pub inner_time: Option<(TimeOfDay, WrittenZone)>,
}

impl DateHit {
    fn plain(date: WrittenDate) -> Self {
        DateHit {
            date,
            inner_time: None,
        }
    }

    /// Two-digit years are too easily something else (a version) to be believed without
    /// a time beside them.
    pub fn needs_time(&self) -> bool {
        match self.date {
            WrittenDate::Known(_) => false,
            WrittenDate::Fields(fields) => fields.form.year == YearPlace::TwoDigits,
        }
    }
}

/// Any form of date at the beginning of `text`.
pub(super) fn date(text: &str) -> IResult<&str, DateHit> {
    alt((
        compact,
        numeric,
        ideographs,
        unix_style,
        month_first,
        day_first,
        year_first,
    ))
    .parse(text)
}

fn known(
    text: &str,
    year: u32,
    month: u32,
    day: u32,
) -> Result<DateHit, nom::Err<nom::error::Error<&str>>> {
    i32::try_from(year)
        .ok()
        .and_then(|year| stamp_date(year, month, day))
        .map(|date| DateHit::plain(WrittenDate::Known(date)))
        .ok_or_else(|| reject(text))
}

/// `20260821` with a time of digits behind `T`, `_` or `-`, behind one blank with seconds, or glued
/// to it: no other eight digits are a date.
fn compact(text: &str) -> IResult<&str, DateHit> {
    let (rest, digits) = take_while_m_n(8, 8, |c: char| c.is_ascii_digit()).parse(text)?;
    let part = |range: std::ops::Range<usize>| {
        digits
            .get(range)
            .and_then(|part| part.parse().ok())
            .unwrap_or(0)
    };
    let hit = known(text, part(0..4), part(4..6), part(6..8))?;
    let (rest, time) = alt((joined_time, whole_time)).parse(rest)?;
    Ok((
        rest,
        DateHit {
            inner_time: Some(time),
            ..hit
        },
    ))
}

/// `T040000`, `_0400`, `-040000`, ` 040000`.
fn joined_time(text: &str) -> IResult<&str, (TimeOfDay, WrittenZone)> {
    let (rest, joint) = one_of("Tt_- ").parse(text)?;
    let separators = match joint {
        'T' | 't' => Separators::AfterT,
        _ => Separators::Glued,
    };
    let (rest, said) = time_of_day(rest, separators)?;
    let blank = joint == ' ' && said.time.resolution == Resolution::Minute;
    let doubtful = !said.halved && is_doubtful(said.time.time.hour(), "", rest);
    if blank || doubtful {
        return Err(reject(text));
    }
    let (rest, zone) = zone_after(rest);
    Ok((rest, (said.time, zone)))
}

/// `040000`, `040000123`, and as WMI writes it `040000.123000+120`, whose zone is in minutes.
fn whole_time(text: &str) -> IResult<&str, (TimeOfDay, WrittenZone)> {
    let digits = |c: char| c.is_ascii_digit();
    let (rest, clock) = take_while_m_n(6, 9, digits).parse(text)?;
    let time = clock_digits(clock).ok_or_else(|| reject(text))?;
    let wmi = (
        char('.'),
        take_while_m_n(6, 6, digits),
        recognize((one_of("+-"), take_while_m_n(3, 3, digits))),
    );
    let (rest, bias) = opt(wmi).parse(rest)?;
    let (rest, ()) = not(peek(one_of("0123456789"))).parse(rest)?;
    let Some((_, _, minutes)) = bias else {
        let (rest, zone) = zone_after(rest);
        return Ok((rest, (time, zone)));
    };
    let zone = minutes.parse().ok().and_then(Zone::from_minutes);
    let stated = WrittenZone::Stated {
        zone: zone.ok_or_else(|| reject(text))?,
        names_zone: None,
    };
    Ok((rest, (time, stated)))
}

/// `22/05/2020`, `2024-10-27`, `27. 10. 2024`, `27.10.24`, `2024_10_27`.
fn numeric(text: &str) -> IResult<&str, DateHit> {
    let digits = |i| take_while_m_n(1, 4, |c: char| c.is_ascii_digit()).parse(i);
    let (rest, first) = digits(text)?;
    let (rest, separator) = one_of("/.-_").parse(rest)?;
    let year_first = first.len() == 4;
    if separator == '_' && !year_first {
        return Err(reject(text));
    }
    let spaced = |i| {
        if separator == '.' {
            space0.parse(i)
        } else {
            tag("").parse(i)
        }
    };
    let (rest, _) = spaced(rest)?;
    let (rest, second) = digits(rest)?;
    let (rest, _) = char(separator).parse(rest)?;
    let (rest, _) = spaced(rest)?;
    let (rest, third) = digits(rest)?;
    let (rest, ()) = not(peek(one_of("0123456789/"))).parse(rest)?;
    if separator == '.' && !year_first {
        not(peek((char('.'), one_of("0123456789")))).parse(rest)?;
    }
    fields_hit(text, [first, second, third], Some(separator)).map(|hit| (rest, hit))
}

fn fields_hit<'a>(
    text: &'a str,
    parts: [&str; 3],
    separator: Option<char>,
) -> Result<DateHit, nom::Err<nom::error::Error<&'a str>>> {
    let year = match parts.map(str::len) {
        [4, 1..=2, 1..=2] => YearPlace::First,
        [1..=2, 1..=2, 4] => YearPlace::Last,
        [1..=2, 2, 2] => YearPlace::TwoDigits,
        _ => return Err(reject(text)),
    };
    let mut numbers = [0u16; 3];
    for (number, part) in numbers.iter_mut().zip(parts) {
        *number = part.parse().map_err(|_| reject(text))?;
    }
    numeric_date(
        numbers,
        Form {
            place: Place::Line,
            separator,
            year,
        },
    )
    .map(DateHit::plain)
    .ok_or_else(|| reject(text))
}

/// Three numbers as a date, if some order makes one of them. A year in front means
/// year-month-day wherever that is a day; programs that write year-day-month are known
/// for file names only.
pub(super) fn numeric_date(numbers: [u16; 3], form: Form) -> Option<WrittenDate> {
    let fields = Fields { numbers, form };
    let first = form.orders().iter().find_map(|order| fields.date(*order))?;
    let settled = form.year == YearPlace::First && form.place == Place::Line;
    Some(if settled {
        WrittenDate::Known(first)
    } else {
        WrittenDate::Fields(fields)
    })
}

/// `2020年5月22日`, `2020년 5월 22일`, and what `-Encoding ascii` leaves: `2020?5?22?`.
fn ideographs(text: &str) -> IResult<&str, DateHit> {
    let sign = |i| take_while1(|c: char| !c.is_ascii() || c == '?').parse(i);
    let mark = |i| terminated(sign, space0).parse(i);
    let (rest, year) = number(4, 4).parse(text)?;
    // The second byte of \u{5e74} is `~` in Big5 and `N` in Shift-JIS.
    let (rest, _) = (sign, opt(one_of("~N")), space0).parse(rest)?;
    let (rest, month) = number(1, 2).parse(rest)?;
    let (rest, _) = mark(rest)?;
    let (rest, day) = number(1, 2).parse(rest)?;
    let (rest, _) = day_mark(rest)?;
    known(text, year, month, day).map(|hit| (rest, hit))
}

/// The sign behind the day and no more, for what follows it may be a weekday or `PM`: `\u{65e5}`,
/// `\u{c77c}`, `?`, or the bytes of either in GBK, Big5, Shift-JIS and EUC-KR.
fn day_mark(text: &str) -> IResult<&str, &str> {
    alt((
        tag("\u{65e5}"),
        tag("\u{c77c}"),
        tag("?"),
        tag("\u{c8}\u{d5}"),
        tag("\u{a4}\u{e9}"),
        tag("\u{93}\u{fa}"),
        tag("\u{c0}\u{cf}"),
    ))
    .parse(text)
}

/// A name of a month; Vietnamese ones are of two or three words.
fn month_word(text: &str) -> IResult<&str, u32> {
    alt((counted_month, single_month)).parse(text)
}

fn single_month(text: &str) -> IResult<&str, u32> {
    let (rest, word) = recognize((take_while1(is_name_letter), opt(char('.')))).parse(text)?;
    month(word)
        .map(|number| (rest, number))
        .ok_or_else(|| reject(text))
}

/// `Tháng Hai`, `tháng 2`, `Tháng Mười Hai`.
fn counted_month(text: &str) -> IResult<&str, u32> {
    let vowel = alt((tag("\u{e1}"), tag("?")));
    let (rest, _) = (tag_no_case("th"), vowel, tag("ng"), space1).parse(text)?;
    let word = |i| take_while1(is_name_letter).parse(i);
    let two = |i| recognize((word, space1, word)).parse(i);
    alt((
        number(1, 2),
        map_opt(two, vietnamese_month),
        map_opt(word, vietnamese_month),
    ))
    .parse(rest)
}

/// `22`, `22.`, `22nd`, `1er`, `1\u{ba}`.
fn day_number(text: &str) -> IResult<&str, u32> {
    let ordinal = alt((
        tag_no_case("st"),
        tag_no_case("nd"),
        tag_no_case("rd"),
        tag_no_case("th"),
        tag_no_case("er"),
        tag("."),
        tag("\u{ba}"),
    ));
    terminated(number(1, 2), opt(ordinal)).parse(text)
}

/// `May 22, 2020`, `May 22 2020`.
fn month_first(text: &str) -> IResult<&str, DateHit> {
    let (rest, month) = month_word(text)?;
    let (rest, _) = alt((value((), space1), value((), one_of("-/")))).parse(rest)?;
    let (rest, day) = day_number(rest)?;
    let (rest, _) = alt((
        value((), (char(','), space0)),
        value((), space1),
        value((), one_of("-/")),
    ))
    .parse(rest)?;
    let (rest, year) = number(4, 4).parse(rest)?;
    known(text, year, month, day).map(|hit| (rest, hit))
}

/// `22. Mai 2020`, `22 de mayo de 2020`, `27-Oct-2024`, `1er novembre 2020`.
fn day_first(text: &str) -> IResult<&str, DateHit> {
    let joint = |i| {
        let of = (space1, alt((tag_no_case("de"), tag_no_case("of"))), space1);
        alt((value((), of), value((), space1), value((), one_of("-/")))).parse(i)
    };
    let (rest, day) = day_number(text)?;
    let (rest, _) = joint(rest)?;
    let (rest, month) = month_word(rest)?;
    let (rest, _) = opt(char(',')).parse(rest)?;
    let (rest, _) = joint(rest)?;
    let (rest, year) = number(4, 4).parse(rest)?;
    known(text, year, month, day).map(|hit| (rest, hit))
}

/// `2020. május 22.`
fn year_first(text: &str) -> IResult<&str, DateHit> {
    let (rest, year) = number(4, 4).parse(text)?;
    let (rest, _) = (opt(char('.')), space1).parse(rest)?;
    let (rest, month) = month_word(rest)?;
    let (rest, day) = preceded(space1, day_number).parse(rest)?;
    known(text, year, month, day).map(|hit| (rest, hit))
}

/// `May 22 22:35:55 2020`, `May 22 22:35:55 UTC 2020`: the time stands inside.
fn unix_style(text: &str) -> IResult<&str, DateHit> {
    let (rest, month) = month_word(text)?;
    let (rest, _) = space1.parse(rest)?;
    let (rest, day) = number(1, 2).parse(rest)?;
    let (rest, _) = space1.parse(rest)?;
    let (rest, said) = time_of_day(rest, Separators::Colon)?;
    let (rest, zone) = zone_after(rest);
    let zone_letters = (
        space1,
        take_while_m_n(2, 5, |c: char| c.is_ascii_uppercase()),
    );
    let (rest, _) = opt(zone_letters).parse(rest)?;
    let (rest, _) = space1.parse(rest)?;
    let (rest, year) = number(4, 4).parse(rest)?;
    let hit = known(text, year, month, day)?;
    Ok((
        rest,
        DateHit {
            inner_time: Some((said.time, zone)),
            ..hit
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::stamp::order::DateOrder;

    fn day(text: &str) -> Option<String> {
        match date(text).ok()?.1.date {
            WrittenDate::Known(date) => Some(date.to_string()),
            WrittenDate::Fields(fields) => {
                let read = |order| fields.date(order).map_or("-".to_owned(), |d| d.to_string());
                let orders = [DateOrder::DayMonthYear, DateOrder::MonthDayYear];
                Some(orders.map(read).join(" "))
            }
        }
    }

    #[test]
    fn dates_that_say_what_they_are() {
        for (text, expected) in [
            ("2024-10-27", "2024-10-27"),
            ("2024/10/27", "2024-10-27"),
            ("2024.10.27-01:30:00", "2024-10-27"),
            ("2024. 10. 27.", "2024-10-27"),
            ("5 февраля 2025 г.", "2025-02-05"),
            ("5. \u{fa}nora 2025", "2025-02-05"),
            ("5 \u{15e}ubat 2025 \u{c7}ar\u{15f}amba", "2025-02-05"),
            ("2025. febru\u{e1}r 5., szerda", "2025-02-05"),
            ("5. helmikuuta 2025", "2025-02-05"),
            ("5 februarie 2025", "2025-02-05"),
            ("5 Φεβρουαρίου 2025", "2025-02-05"),
            ("05 Tháng Hai 2025", "2025-02-05"),
            ("5 tháng 12, 2025", "2025-12-05"),
            ("5 Th?ng M??i Hai 2025", "2025-12-05"),
            ("May 22, 2020", "2020-05-22"),
            ("22. Mai 2020", "2020-05-22"),
            ("22 mai 2020", "2020-05-22"),
            ("22 de mayo de 2020", "2020-05-22"),
            ("22 de maio de 2020", "2020-05-22"),
            ("22 maggio 2020", "2020-05-22"),
            ("22 mei 2020", "2020-05-22"),
            ("1er d?cembre 2020", "2020-12-01"),
            ("3. M\u{e4}rz 2021", "2021-03-03"),
            ("27-Oct-2024", "2024-10-27"),
            ("Oct 27 2024", "2024-10-27"),
            ("May 22 22:35:55 2020", "2020-05-22"),
            ("May 22 22:35:55 CEST 2020", "2020-05-22"),
            ("2020\u{5e74}5\u{6708}22\u{65e5}", "2020-05-22"),
            ("2020?5?22?", "2020-05-22"),
            ("2020\u{b144} 5\u{c6d4} 22\u{c77c}", "2020-05-22"),
            ("20260821T040000Z", "2026-08-21"),
            ("20260821_0400", "2026-08-21"),
            ("20260821-040000", "2026-08-21"),
            ("20260821 040000", "2026-08-21"),
            ("20260821040000", "2026-08-21"),
            ("20260821T0400001234", "2026-08-21"),
            ("20260821040000.123000+120", "2026-08-21"),
            ("2024_10_27", "2024-10-27"),
            ("2024.10.27.01.30.00", "2024-10-27"),
        ] {
            assert_eq!(day(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn dates_whose_order_is_open() {
        assert_eq!(day("05/06/2024").as_deref(), Some("2024-06-05 2024-05-06"));
        assert_eq!(day("27.10.2024").as_deref(), Some("2024-10-27 -"));
        assert_eq!(day("27. 10. 2024").as_deref(), Some("2024-10-27 -"));
        assert_eq!(day("10-27-2024").as_deref(), Some("- 2024-10-27"));
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "10.0.17763",
            "1.2.3.4",
            "4.0.0",
            "49371552",
            "32/13/2024",
            "2024-13-40",
            "Leak 1 2",
            "20240101",
            "20240101 1234",
            "20240101_9934",
            "20240101 123456789012",
            "20240101993456",
            "10_27_2024",
            "May",
            "22",
            "10/27/1024",
            "1/2/20245",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
    }
}
