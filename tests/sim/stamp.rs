//! How a collector leaves the time of a snapshot: a line before it, a file name, a file's date.

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};

use super::chance::Chance;
use super::machine::Zone;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stamp {
    /// Nothing at all.
    None,
    /// `echo %DATE% %TIME%`, United States.
    BatchUs,
    /// The same in Germany: points, and a comma before the hundredths.
    BatchDe,
    /// The same in Britain: day first.
    BatchGb,
    /// `===== 22/05/2020 22:35:55.53 =====`
    Band,
    /// `Get-Date`, United States.
    LongDate,
    /// `2020.05.22-22:35:55 Central Standard Time (…)`: carries its zone.
    Clue,
    /// `date /t` and `time /t`: two lines, minutes only.
    DateTimeLines,
    /// `poolmon_20190314.1015.log.txt`
    NameCompact,
    /// `poolmon.2019-14-03-10-15-00.log`: year, **day**, month.
    NameDayMonth,
    /// `poolmon_<nanoseconds since 1970>.log`
    NameEpoch,
    /// `poolmon-20190314T101500Z-4711.txt`
    NameUtc,
    /// Only the date of the file.
    FileDate,
}

pub const WITH_TIME: [Stamp; 12] = [
    Stamp::BatchUs,
    Stamp::BatchDe,
    Stamp::BatchGb,
    Stamp::Band,
    Stamp::LongDate,
    Stamp::Clue,
    Stamp::DateTimeLines,
    Stamp::NameCompact,
    Stamp::NameDayMonth,
    Stamp::NameEpoch,
    Stamp::NameUtc,
    Stamp::FileDate,
];

impl Stamp {
    /// True when the stamp alone gives an instant, whatever the zone.
    pub fn knows_its_zone(self) -> bool {
        matches!(self, Stamp::Clue | Stamp::NameEpoch | Stamp::NameUtc)
    }

    /// True when every snapshot needs a file of its own.
    pub fn is_of_the_file(self) -> bool {
        matches!(
            self,
            Stamp::NameCompact
                | Stamp::NameDayMonth
                | Stamp::NameEpoch
                | Stamp::NameUtc
                | Stamp::FileDate
        )
    }

    /// True when day and month could be taken for each other.
    pub fn is_ambiguous(self) -> bool {
        matches!(
            self,
            Stamp::BatchUs
                | Stamp::BatchGb
                | Stamp::Band
                | Stamp::DateTimeLines
                | Stamp::NameDayMonth
        )
    }

    /// The lines that a collector writes before a snapshot.
    pub fn lines(self, moment: DateTime<Utc>, zone: &Zone) -> Vec<String> {
        let local = zone.local(moment);
        let centi = (moment.timestamp() * 37 % 100) as u32;
        match self {
            Stamp::BatchUs => vec![format!(
                "{} {}",
                local.format("%a %m/%d/%Y"),
                time(local, '.', centi)
            )],
            Stamp::BatchDe => vec![format!(
                "{} {}",
                local.format("%d.%m.%Y"),
                time(local, ',', centi)
            )],
            Stamp::BatchGb => vec![format!(
                "{} {}",
                local.format("%d/%m/%Y"),
                time(local, '.', centi)
            )],
            Stamp::Band => {
                vec![format!(
                    "===== {} {} =====",
                    local.format("%d/%m/%Y"),
                    time(local, '.', centi)
                )]
            }
            Stamp::LongDate => vec![
                String::new(),
                long_date(local),
                String::new(),
                String::new(),
            ],
            Stamp::Clue => vec![format!(
                "{} {} (local time of the PC where this was collected)",
                local.format("%Y.%m.%d-%H:%M:%S"),
                zone.windows
            )],
            Stamp::DateTimeLines => vec![
                local.format("%a %m/%d/%Y ").to_string(),
                local.format("%I:%M %p").to_string(),
            ],
            _ => Vec::new(),
        }
    }

    /// The name of the file that holds the snapshot numbered `number`.
    pub fn file_name(self, moment: DateTime<Utc>, zone: &Zone, number: usize) -> String {
        let local = zone.local(moment);
        match self {
            Stamp::NameCompact => local.format("poolmon_%Y%m%d.%H%M.log.txt").to_string(),
            Stamp::NameDayMonth => local.format("poolmon.%Y-%d-%m-%H-%M-%S.log").to_string(),
            Stamp::NameEpoch => format!("poolmon_{}000000000.log", moment.timestamp()),
            Stamp::NameUtc => {
                format!(
                    "poolmon-{}-{}.txt",
                    moment.format("%Y%m%dT%H%M%SZ"),
                    1200 + number * 4
                )
            }
            _ => format!("poolmon{number}.txt"),
        }
    }

    /// A stamp fit for a case whose snapshots have times.
    pub fn draw(chance: &mut Chance) -> Self {
        let stamp = chance.pick(&WITH_TIME);
        // File dates are the weakest source and rarely survive; line stamps are the rule.
        if stamp == Stamp::FileDate && chance.odds(0.5) {
            Stamp::BatchUs
        } else {
            stamp
        }
    }
}

/// `%TIME%`: eleven characters, the hour padded with a blank.
fn time(local: NaiveDateTime, point: char, centi: u32) -> String {
    format!(
        "{:2}:{:02}:{:02}{point}{centi:02}",
        local.hour(),
        local.minute(),
        local.second()
    )
}

fn long_date(local: NaiveDateTime) -> String {
    let (afternoon, hour) = local.hour12();
    let half = if afternoon { "PM" } else { "AM" };
    let (day, date) = (local.day(), local.format("%A, %B"));
    format!(
        "{date} {day}, {} {hour}:{} {half}",
        local.year(),
        local.format("%M:%S")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::machine::ZONES;
    use chrono::TimeZone;

    #[test]
    fn stamps_look_as_collectors_write_them() {
        let zone = ZONES[1];
        let moment = Utc.with_ymd_and_hms(2014, 2, 18, 15, 5, 9).unwrap();
        let first = |stamp: Stamp| stamp.lines(moment, &zone).join("|");
        assert!(first(Stamp::BatchUs).starts_with("Tue 02/18/2014  9:05:09."));
        assert!(first(Stamp::BatchDe).starts_with("18.02.2014  9:05:09,"));
        assert_eq!(
            first(Stamp::LongDate),
            "|Tuesday, February 18, 2014 9:05:09 AM||"
        );
        assert_eq!(first(Stamp::DateTimeLines), "Tue 02/18/2014 |09:05 AM");
        assert!(first(Stamp::Clue).starts_with("2014.02.18-09:05:09 Central Standard Time ("));
        let named = |stamp: Stamp| stamp.file_name(moment, &zone, 3);
        assert_eq!(named(Stamp::NameCompact), "poolmon_20140218.0905.log.txt");
        assert_eq!(
            named(Stamp::NameDayMonth),
            "poolmon.2014-18-02-09-05-09.log"
        );
        assert_eq!(named(Stamp::NameUtc), "poolmon-20140218T150509Z-1212.txt");
        assert_eq!(named(Stamp::NameEpoch), "poolmon_1392735909000000000.log");
    }
}
