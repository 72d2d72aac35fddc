//! Moments as Windows counts them, and how they are written: always UTC, always ISO 8601.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Units of 100 ns since 1601-01-01 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileTime(pub u64);

/// 100-ns units between 1601 and 1970.
const UNIX_ZERO: u64 = 116_444_736_000_000_000;
const PER_SECOND: u64 = 10_000_000;

/// A calendar date and time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Year, 1601 or later.
    pub year: u64,
    /// Month, 1 to 12.
    pub month: u64,
    /// Day of the month.
    pub day: u64,
    /// Seconds since midnight.
    pub second: u64,
    /// Milliseconds of that second.
    pub millis: u64,
}

impl FileTime {
    /// The calendar's view, in UTC.
    ///
    /// Days become a date by counting in eras of 400 years that begin on 1 March, so that the leap
    /// day is the last of its year.
    pub fn civil(self) -> Civil {
        let seconds = self.0 / PER_SECOND;
        let (days, second) = (seconds / 86_400, seconds % 86_400);
        // 1601-01-01 lies 306 days into the year that begins on 1600-03-01, where an era begins.
        let days = days + 306;
        let (era, day) = (days / 146_097, days % 146_097);
        let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 {
            shifted + 3
        } else {
            shifted - 9
        };
        Civil {
            year: 1600 + era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * shifted + 2) / 5 + 1,
            second,
            millis: self.0 % PER_SECOND / 10_000,
        }
    }

    /// Whole seconds: `2026-11-22T13:04:00Z`.
    pub fn seconds(self) -> String {
        let c = self.civil();
        let (h, m, s) = (c.second / 3600, c.second / 60 % 60, c.second % 60);
        format!(
            "{:04}-{:02}-{:02}T{h:02}:{m:02}:{s:02}Z",
            c.year, c.month, c.day
        )
    }

    /// For file names: `20261122T130400Z`.
    pub fn compact(self) -> String {
        self.seconds()
            .chars()
            .filter(|c| !matches!(c, '-' | ':'))
            .collect()
    }

    /// Date and time as the directory of a FAT volume and of a zip has them, even seconds.
    pub fn dos(self) -> (u16, u16) {
        let c = self.civil();
        let year = c.year.clamp(1980, 2107) - 1980;
        let date = year << 9 | c.month << 5 | c.day;
        let time = (c.second / 3600) << 11 | (c.second / 60 % 60) << 5 | ((c.second % 60) / 2);
        (date as u16, time as u16)
    }

    /// Seconds since 1970, if they fit the 32 bits that a zip has for them.
    pub fn unix(self) -> Option<i32> {
        let seconds = self.0.checked_sub(UNIX_ZERO)? / PER_SECOND;
        i32::try_from(seconds).ok()
    }

    /// Reads what [`seconds`](Self::seconds) wrote.
    pub fn parse(text: &str) -> Option<FileTime> {
        let field = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
        let (year, month, day) = (field(0, 4)?, field(5, 7)?, field(8, 10)?);
        let (hour, minute, second) = (field(11, 13)?, field(14, 16)?, field(17, 19)?);
        if year < 1601 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        // Years that begin in March, counted from 1600-03-01; see `civil`.
        let years = year - 1600 - u64::from(month <= 2);
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = years * 365 + years / 4 - years / 100 + years / 400 + of_year - 306;
        let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second;
        Some(FileTime(seconds * PER_SECOND))
    }

    /// This moment and some seconds before it.
    pub fn minus_seconds(self, seconds: u64) -> FileTime {
        FileTime(self.0.saturating_sub(seconds.saturating_mul(PER_SECOND)))
    }
}

impl From<SystemTime> for FileTime {
    fn from(time: SystemTime) -> FileTime {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        FileTime(UNIX_ZERO + (since.as_nanos() / 100) as u64)
    }
}

/// Milliseconds: `2026-11-22T13:04:00.123Z`.
impl fmt::Display for FileTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.seconds();
        write!(
            f,
            "{}.{:03}Z",
            seconds.trim_end_matches('Z'),
            self.civil().millis
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix: u64) -> FileTime {
        FileTime(UNIX_ZERO + unix * PER_SECOND)
    }

    #[test]
    fn known_moments() {
        assert_eq!(FileTime(0).to_string(), "1601-01-01T00:00:00.000Z");
        assert_eq!(at(0).seconds(), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_400).seconds(), "2000-02-29T00:00:00Z");
        assert_eq!(at(4_107_542_399).seconds(), "2100-02-28T23:59:59Z");
        assert_eq!(at(4_107_542_400).seconds(), "2100-03-01T00:00:00Z");
        assert_eq!(
            FileTime(at(1_795_352_640).0 + 1_234_567).to_string(),
            "2026-11-22T13:04:00.123Z"
        );
        assert_eq!(at(1_795_352_640).compact(), "20261122T130400Z");
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let (mut last, mut days) = (FileTime(0).civil(), 0);
        while last.year < 2001 {
            days += 1;
            let next = FileTime(days * 86_400 * PER_SECOND).civil();
            let leap = next.year % 4 == 0 && (next.year % 100 != 0 || next.year % 400 == 0);
            let length = [
                31,
                28 + u64::from(leap),
                31,
                30,
                31,
                30,
                31,
                31,
                30,
                31,
                30,
                31,
            ];
            let month_ended = last.day == length[last.month as usize - 1];
            if last.year == next.year || last.month != 12 {
                let expected = if month_ended {
                    (last.month + 1, 1)
                } else {
                    (last.month, last.day + 1)
                };
                assert_eq!((next.month, next.day), expected, "{next:?}");
            } else {
                assert_eq!((next.year, next.month, next.day), (last.year + 1, 1, 1));
            }
            let noon = FileTime((days * 86_400 + 43_210) * PER_SECOND);
            assert_eq!(FileTime::parse(&noon.seconds()), Some(noon));
            last = next;
        }
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in [
            "",
            "unknown",
            "1600-01-01T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-1é-01",
        ] {
            assert_eq!(FileTime::parse(text), None, "{text}");
        }
    }

    #[test]
    fn dos_and_unix_forms() {
        // 2026-11-22 13:04:00 in bits: (46 << 9 | 11 << 5 | 22, 13 << 11 | 4 << 5 | 0).
        assert_eq!(at(1_795_352_640).dos(), (0x5d76, 0x6880));
        assert_eq!(at(1_795_352_640).unix(), Some(1_795_352_640));
        assert_eq!(FileTime(0).unix(), None);
        assert_eq!(FileTime(0).dos().0, 1 << 5 | 1);
        assert_eq!(FileTime::from(UNIX_EPOCH + Duration::from_secs(5)), at(5));
    }
}
