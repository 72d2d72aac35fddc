//! A time stamp as it is written: fields read, nothing decided yet.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc, Weekday};

use super::order::DateOrder;
use super::types::Resolution;
use crate::timeline::zone::Zone;

/// Years of which a stamp may be: poolmon came with Windows NT 4, and nothing of a case
/// is dated far ahead.
pub(super) const STAMP_YEARS: std::ops::RangeInclusive<i32> = 1995..=2099;

/// Where in a case a date stands; dates of one form in lines and in names may be
/// written by different programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Line,
    Name,
}

/// Which of three numbers can be the year, by their digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum YearPlace {
    /// Four digits first: only the order of the other two is open.
    First,
    /// Four digits last.
    Last,
    /// Two digits, so it may be first or last.
    TwoDigits,
}

/// The look of an all-numeric date. Dates of one look in one case are taken to be
/// written by one program under one locale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Form {
    pub place: Place,
    /// `None` where the digits stand together (`27102024`).
    pub separator: Option<char>,
    pub year: YearPlace,
}

/// Three numbers of a date in written order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    pub numbers: [u16; 3],
    pub form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrittenDate {
    /// The writing itself tells which field is what.
    Known(NaiveDate),
    /// Three numbers whose order is open.
    Fields(Fields),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimeOfDay {
    pub time: NaiveTime,
    pub resolution: Resolution,
}

/// What the stamp itself says about its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WrittenZone {
    /// Nothing: local time of the machine.
    Unstated,
    /// An offset, UTC, or a zone's name; with the words for the evidence.
    Stated {
        zone: Zone,
        names_zone: Option<String>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Civil {
    pub date: WrittenDate,
    pub weekday: Option<Weekday>,
    /// `None` for a date alone.
    pub time: Option<TimeOfDay>,
    /// Something like a time stands with the date, and is none that can be read.
    pub unread: bool,
    pub zone: WrittenZone,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// A count since 1970: no calendar, no zone.
    Instant {
        utc: DateTime<Utc>,
        resolution: Resolution,
    },
    Civil(Civil),
}

impl Form {
    /// The orders in which such a date may be written.
    pub const fn orders(self) -> &'static [DateOrder] {
        match self.year {
            YearPlace::First => &[DateOrder::YearMonthDay, DateOrder::YearDayMonth],
            YearPlace::Last => &[DateOrder::DayMonthYear, DateOrder::MonthDayYear],
            YearPlace::TwoDigits => &[
                DateOrder::DayMonthYear,
                DateOrder::MonthDayYear,
                DateOrder::YearMonthDay,
            ],
        }
    }
}

impl Fields {
    /// The date if the fields stand in `order`; `None` where there is no such day.
    /// Two-digit years are of this century: poolmon logs of the last one are not
    /// analysed, and http.sys did not exist in it.
    pub fn date(&self, order: DateOrder) -> Option<NaiveDate> {
        let [a, b, c] = self.numbers;
        let (year, month, day) = match order {
            DateOrder::DayMonthYear => (c, b, a),
            DateOrder::MonthDayYear => (c, a, b),
            DateOrder::YearMonthDay => (a, b, c),
            DateOrder::YearDayMonth => (a, c, b),
        };
        let year = i32::from(year)
            + if self.form.year == YearPlace::TwoDigits {
                2000
            } else {
                0
            };
        NaiveDate::from_ymd_opt(year, u32::from(month), u32::from(day))
            .filter(|_| STAMP_YEARS.contains(&year))
    }
}

impl Civil {
    /// True when date and time are both there.
    pub fn is_complete(&self) -> bool {
        self.time.is_some()
    }
}

impl Reading {
    /// True when a time of day belongs to it, legible or not.
    pub fn has_time(&self) -> bool {
        match self {
            Reading::Instant { .. } => true,
            Reading::Civil(civil) => civil.is_complete() || civil.unread,
        }
    }

    /// True when it names a moment of a day.
    pub fn is_complete(&self) -> bool {
        match self {
            Reading::Instant { .. } => true,
            Reading::Civil(civil) => civil.is_complete(),
        }
    }
}

/// A four-digit year, a month, a day as a date of a case.
pub(super) fn stamp_date(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    if !STAMP_YEARS.contains(&year) {
        return None;
    }
    NaiveDate::from_ymd_opt(year, month, day)
}

/// A count since 1970 in seconds, milliseconds, microseconds or nanoseconds, told apart
/// by its digits, if it falls in a year of a case. Ten digits that begin with `20` are
/// more likely a date with an hour (`2024102701`) than a second of the years from 2033.
pub(super) fn epoch(digits: &str) -> Option<Reading> {
    use chrono::Datelike;
    if digits.len() == 10 && digits.starts_with("20") {
        return None;
    }
    let value: i64 = digits.parse().ok()?;
    let (utc, resolution) = match digits.len() {
        10 => (DateTime::from_timestamp(value, 0)?, Resolution::Second),
        13 => (
            DateTime::from_timestamp_millis(value)?,
            Resolution::Millisecond,
        ),
        16 => (
            DateTime::from_timestamp_micros(value)?,
            Resolution::Millisecond,
        ),
        19 => (
            DateTime::from_timestamp_nanos(value),
            Resolution::Millisecond,
        ),
        _ => return None,
    };
    STAMP_YEARS
        .contains(&utc.year())
        .then_some(Reading::Instant { utc, resolution })
}
