//! Where ticks stand and what they say.

use chrono::{DateTime, Datelike, Timelike};

/// Milliseconds of a minute.
const MINUTE: i64 = 60_000;

/// Steps between ticks of time, in minutes: what clocks and calendars count in.
const MINUTE_STEPS: &[i64] = &[
    1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080, 20_160, 43_200, 86_400,
    172_800, 525_600, 1_051_200, 5_256_000,
];

/// A tick on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where, in the axis's own unit.
    pub at: i64,
    /// What it says.
    pub label: String,
    /// What it says below, where a day begins.
    pub below: Option<String>,
}

/// At most `most` ticks of UTC time between two instants in milliseconds.
pub fn times(from: i64, to: i64, most: usize) -> Vec<Tick> {
    let span = to.saturating_sub(from).max(1);
    let fits = |minutes: &&i64| span / (**minutes * MINUTE) < most as i64;
    let Some(step) = MINUTE_STEPS.iter().find(fits).map(|m| m * MINUTE) else {
        return Vec::new();
    };
    let mut ticks: Vec<Tick> = Vec::new();
    let mut at = from.div_euclid(step).saturating_mul(step);
    while at <= to && ticks.len() <= most {
        if at >= from {
            ticks.extend(time_tick(at, step, ticks.last().map(|t| t.at)));
        }
        at = match at.checked_add(step) {
            Some(next) => next,
            None => break,
        };
    }
    ticks
}

fn time_tick(at: i64, step: i64, before: Option<i64>) -> Option<Tick> {
    const DAY: i64 = 1_440 * MINUTE;
    let instant = DateTime::from_timestamp_millis(at)?;
    let date = format!("{} {}", instant.day(), instant.format("%b"));
    let new_day = before.is_none_or(|b| b.div_euclid(DAY) != at.div_euclid(DAY));
    let new_year = before
        .and_then(DateTime::from_timestamp_millis)
        .is_none_or(|b| b.year() != instant.year());
    if step >= DAY {
        return Some(Tick {
            at,
            label: date,
            below: new_year.then(|| instant.format("%Y").to_string()),
        });
    }
    Some(Tick {
        at,
        label: format!("{:02}:{:02}", instant.hour(), instant.minute()),
        below: new_day.then_some(date),
    })
}

/// At most `most` ticks of bytes from 0 to `top`, at powers of two, and the last of them at or
/// below `top`.
pub fn sizes(top: i64, most: usize) -> Vec<i64> {
    let mut step: i64 = 1;
    while top / step >= most.max(1) as i64 {
        match step.checked_mul(2) {
            Some(next) => step = next,
            None => break,
        }
    }
    (0..)
        .map_while(|n: i64| n.checked_mul(step))
        .take_while(|v| *v <= top)
        .collect()
}

/// At most `most` whole numbers from 0 to `last`.
pub fn places(last: i64, most: usize) -> Vec<i64> {
    let (mut step, mut decade) = (1i64, 1i64);
    for factor in [2, 5, 10].into_iter().cycle() {
        if last / step < most.max(1) as i64 {
            break;
        }
        step = match decade.checked_mul(factor) {
            Some(next) => next,
            None => break,
        };
        if factor == 10 {
            decade = step;
        }
    }
    (0..)
        .map_while(|n: i64| n.checked_mul(step))
        .take_while(|v| *v <= last)
        .collect()
}

/// `00:00`-like spans for the clock figure: whole hours, or minutes below one.
pub fn minutes_label(minutes: i64) -> String {
    let sign = match minutes {
        0 => return "0".to_owned(),
        m if m < 0 => "−",
        _ => "+",
    };
    let size = minutes.unsigned_abs();
    match (size / 60, size % 60) {
        (0, rest) => format!("{sign}{rest} min"),
        (hours, 0) => format!("{sign}{hours} h"),
        (hours, rest) => format!("{sign}{hours} h {rest} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text)
            .unwrap()
            .timestamp_millis()
    }

    #[test]
    fn hours_and_the_days_between() {
        let ticks = times(at("2024-03-01T20:10:00Z"), at("2024-03-02T08:00:00Z"), 6);
        let said: Vec<_> = ticks
            .iter()
            .map(|t| (t.label.as_str(), t.below.as_deref()))
            .collect();
        assert_eq!(
            said,
            [
                ("22:00", Some("1 Mar")),
                ("00:00", Some("2 Mar")),
                ("02:00", None),
                ("04:00", None),
                ("06:00", None),
                ("08:00", None)
            ]
        );
    }

    #[test]
    fn sizes_are_powers_of_two() {
        assert_eq!(
            sizes(130 << 20, 5),
            [0, 32 << 20, 64 << 20, 96 << 20, 128 << 20]
        );
        assert_eq!(sizes(0, 5), [0]);
        assert_eq!(places(14, 5), [0, 5, 10]);
        assert_eq!(places(3, 5), [0, 1, 2, 3]);
    }

    #[test]
    fn shifts_read_as_clocks_do() {
        assert_eq!(
            [-90, 0, 45, 1_440].map(minutes_label),
            ["−1 h 30 min", "0", "+45 min", "+24 h"]
        );
    }

    proptest! {
        #[test]
        fn never_many_and_never_outside(from: i64, to: i64, most in 2usize..12) {
            let ticks = times(from, to, most);
            prop_assert!(ticks.len() <= most + 1);
            prop_assert!(ticks.iter().all(|t| (from..=to).contains(&t.at)));
            prop_assert!(sizes(to, most).len() <= most);
            prop_assert!(places(to, most).len() <= most);
        }
    }
}
