//! The `date time` that begins a row: UTC, one-second resolution.

use super::lanes::Lanes;
use super::tally::Span;

/// Bytes that `YYYY-MM-DD HH:MM:SS` takes.
pub const STAMP_LEN: usize = 19;

/// Seconds since 1970-01-01 00:00:00 UTC for the stamp that `row` begins with.
///
/// `None` unless the first 19 bytes are a calendar date and a time of day in exactly that form
/// and a blank or the end of the row follows.
pub fn stamp(row: &[u8]) -> Option<i64> {
    let text: &[u8; STAMP_LEN] = row.first_chunk()?;
    if !matches!(
        row.get(STAMP_LEN),
        None | Some(b' ' | b'\t' | b'\r' | b'\n')
    ) {
        return None;
    }
    let separators = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')];
    if separators.iter().any(|&(at, byte)| text[at] != byte) {
        return None;
    }
    let two = |at: usize| -> Option<i64> {
        let (tens, ones) = (text[at].wrapping_sub(b'0'), text[at + 1].wrapping_sub(b'0'));
        (tens <= 9 && ones <= 9).then(|| i64::from(tens) * 10 + i64::from(ones))
    };
    let year = two(0)? * 100 + two(2)?;
    let (month, day) = (two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(days_from_civil(year, month, day)? * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, counting years from
/// March so that the leap day comes last (the textbook method). `None` for no such date.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let era_days = 365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400);
    Some(era_days + (153 * m + 2) / 5 + day - 1 - 719_468)
}

/// Bytes of a row's beginning that are compared at once.
const LOOK: usize = 32;

/// Of these bytes, the stamp and the blank behind it.
const STAMP: u32 = (1 << (STAMP_LEN + 1)) - 1;

/// The stamp but for its seconds.
const MINUTE: u32 = STAMP & !(0b11 << (STAMP_LEN - 2));

/// The time of a row beside that of the row before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// The same second.
    Same,
    /// Another one: later as a rule, whatever its name.
    Later(i64),
}

/// The clock of the rows read so far.
pub(super) struct Time {
    /// The beginning of the row before, if its stamp has the ordinary form; its minute.
    text: [u8; LOOK],
    minute: i64,
    /// The row before.
    pub(super) at: i64,
    /// Start of the minute that `rows_in_minute` counts.
    pub(super) counted_minute: i64,
    pub(super) rows_in_minute: u64,
    pub(super) first: i64,
    pub(super) earliest: i64,
    /// The latest row before the last step back.
    pub(super) latest: i64,
}

impl Default for Time {
    fn default() -> Self {
        Time {
            text: [0; LOOK],
            minute: 0,
            at: i64::MIN,
            counted_minute: i64::MIN / 2,
            rows_in_minute: 0,
            first: 0,
            earliest: i64::MAX,
            latest: i64::MIN,
        }
    }
}

impl Time {
    /// The time of the row that begins like this, which is then the row before. Within its
    /// second nothing is read, within its minute only the seconds.
    #[inline(always)]
    pub(super) fn of(&mut self, look: &[u8; LOOK], lanes: &impl Lanes) -> Option<Moment> {
        let same = lanes.same(look, &self.text) & STAMP;
        if same == STAMP {
            return Some(Moment::Same);
        }
        let (tens, ones) = (look[17].wrapping_sub(b'0'), look[18].wrapping_sub(b'0'));
        if (same & MINUTE == MINUTE) & (tens < 6) & (ones <= 9) {
            self.text = *look;
            return Some(Moment::Later(self.minute + i64::from(tens * 10 + ones)));
        }
        self.long_way(look)
    }

    #[cold]
    fn long_way(&mut self, look: &[u8; LOOK]) -> Option<Moment> {
        let at = stamp(look)?;
        self.forget_text();
        if look[17] < b'6' && look[STAMP_LEN] == b' ' {
            self.text = *look;
            self.minute = at.div_euclid(60) * 60;
        }
        Some(Moment::Later(at))
    }

    /// The row before was read in another way.
    pub(super) fn forget_text(&mut self) {
        self.text = [0; LOOK];
    }

    pub(super) fn span(&self) -> Option<Span> {
        (self.at != i64::MIN).then_some(Span {
            first: self.first,
            last: self.at,
            earliest: self.earliest,
            latest: self.latest.max(self.at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;

    #[test]
    fn only_the_exact_form_is_a_stamp() {
        assert_eq!(stamp(b"1970-01-01 00:00:00 -"), Some(0));
        assert_eq!(stamp(b"2026-11-22 15:56:02"), Some(1_795_362_962));
        for bad in [
            &b"2026-02-29 00:00:00 -"[..],
            b"2026-13-01 00:00:00 -",
            b"2026-01-01 24:00:00 -",
            b"2026-01-01T00:00:00 -",
            b"2026-01-01 00:00:0",
            b"2026-01-01 00:00:001",
            b"datetime - - -",
        ] {
            assert_eq!(stamp(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_calendar_crate(seconds in 0i64..250_000_000_000) {
            let at = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
            let text = at.format("%Y-%m-%d %H:%M:%S -").to_string();
            prop_assume!(text.len() == STAMP_LEN + 2);
            prop_assert_eq!(stamp(text.as_bytes()), Some(seconds));
        }
    }
}
