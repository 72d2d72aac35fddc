//! From wall-clock times to UTC, through the hour that happens twice each autumn.
//!
//! ```text
//!  UTC    00:30  00:55 | 01:00  01:30  01:55 | 02:00
//!  local  02:30  02:55 | 02:00  02:30  02:55 | 03:00     (Berlin, last Sunday of October)
//!                 first pass        second pass
//! ```
//! A stamp in that hour is told apart by its neighbours: where the local clock runs
//! backwards between two stamps the second pass begins; otherwise the side on which the
//! usual interval fits is the right one. Where neither tells, it is said.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};

use super::types::Certainty;
use crate::timeline::zone::{LocalResolution, Zone};

/// A gap of up to one and a half usual intervals is a usual interval.
const USUAL_NUMERATOR: i32 = 3;
const USUAL_DENOMINATOR: i32 = 2;

/// Two stamps of equal local time are an hour apart, not one snapshot twice, where the
/// usual interval is at least this long.
const LONG_INTERVAL: Duration = Duration::minutes(30);

/// The instants of stamps given in the order in which they were taken; `None` for years
/// without zone rules.
pub(super) fn resolve(
    zone: Zone,
    locals: &[NaiveDateTime],
) -> Vec<Option<(DateTime<Utc>, Certainty)>> {
    let readings: Vec<LocalResolution> = locals.iter().map(|local| zone.resolve(*local)).collect();
    let mut out: Vec<_> = readings
        .iter()
        .map(|reading| first_choice(*reading))
        .collect();
    let usual = usual_interval(locals);
    let mut start = 0;
    while start < readings.len() {
        let run = readings
            .iter()
            .skip(start)
            .take_while(|r| is_ambiguous(r))
            .count();
        if run > 0 {
            let settled = settle_run(locals, &readings, start, run, usual);
            for (slot, choice) in out.iter_mut().skip(start).zip(settled) {
                *slot = choice;
            }
        }
        start += run.max(1);
    }
    out
}

fn is_ambiguous(reading: &LocalResolution) -> bool {
    matches!(reading, LocalResolution::Ambiguous { .. })
}

fn first_choice(reading: LocalResolution) -> Option<(DateTime<Utc>, Certainty)> {
    match reading {
        LocalResolution::Unique(at) => Some((at, Certainty::Exact)),
        LocalResolution::Ambiguous { early, late } => {
            Some((early, Certainty::FoldUndecided { other: late }))
        }
        LocalResolution::Gap { unshifted, .. } => Some((unshifted, Certainty::Skipped)),
        LocalResolution::OutOfRange => None,
    }
}

/// Median of the steps forward, if there are at least two.
fn usual_interval(locals: &[NaiveDateTime]) -> Option<Duration> {
    let pairs = locals.iter().zip(locals.iter().skip(1));
    let mut steps: Vec<Duration> = pairs
        .map(|(a, b)| b.signed_duration_since(*a))
        .filter(|step| *step > Duration::zero())
        .collect();
    steps.sort_unstable();
    if steps.len() < 2 {
        return None;
    }
    steps.get(steps.len() / 2).copied()
}

type Choice = Option<(DateTime<Utc>, Certainty)>;

/// Settles `run` ambiguous stamps from `start` on.
fn settle_run(
    locals: &[NaiveDateTime],
    readings: &[LocalResolution],
    start: usize,
    run: usize,
    usual: Option<Duration>,
) -> Vec<Choice> {
    let inside = readings.iter().skip(start).take(run);
    if let Some(turn) = turning_point(locals.iter().skip(start).take(run), usual) {
        return inside
            .enumerate()
            .map(|(i, reading)| pass(*reading, i >= turn, Certainty::FoldByOrder))
            .collect();
    }
    match side(readings, start, run, usual) {
        Some(late) => inside
            .map(|r| pass(*r, late, Certainty::FoldByInterval))
            .collect(),
        None => inside.map(|reading| first_choice(*reading)).collect(),
    }
}

fn pass(reading: LocalResolution, second: bool, certainty: Certainty) -> Choice {
    match reading {
        LocalResolution::Ambiguous { early, late } => {
            Some((if second { late } else { early }, certainty))
        }
        other => first_choice(other),
    }
}

/// Where within the run the local clock goes back.
fn turning_point<'a>(
    run: impl Iterator<Item = &'a NaiveDateTime>,
    usual: Option<Duration>,
) -> Option<usize> {
    let long = usual.is_some_and(|usual| usual >= LONG_INTERVAL);
    let mut previous: Option<NaiveDateTime> = None;
    for (index, local) in run.enumerate() {
        if previous.is_some_and(|before| *local < before || (*local == before && long)) {
            return Some(index);
        }
        previous = Some(*local);
    }
    None
}

/// `Some(false)` where the run fits its predecessor only, `Some(true)` where it fits its
/// successor only.
fn side(
    readings: &[LocalResolution],
    start: usize,
    run: usize,
    usual: Option<Duration>,
) -> Option<bool> {
    let near = usual? * USUAL_NUMERATOR / USUAL_DENOMINATOR;
    let unique = |index: Option<usize>| match readings.get(index?) {
        Some(LocalResolution::Unique(at)) => Some(*at),
        _ => None,
    };
    let fits = |step: Duration| step >= Duration::zero() && step <= near;
    let early_first = match readings.get(start) {
        Some(LocalResolution::Ambiguous { early, .. }) => *early,
        _ => return None,
    };
    let late_last = match readings.get(start + run - 1) {
        Some(LocalResolution::Ambiguous { late, .. }) => *late,
        _ => return None,
    };
    let before = unique(start.checked_sub(1)).is_some_and(|at| fits(early_first - at));
    let after = unique(start.checked_add(run)).is_some_and(|at| fits(at - late_last));
    match (before, after) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use proptest::prelude::*;

    fn berlin() -> Zone {
        Zone::parse("Europe/Berlin").unwrap()
    }

    fn local(hour: u32, minute: u32) -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2024, 10, 27)
            .unwrap()
            .and_hms_opt(hour, minute, 0)
            .unwrap()
    }

    fn resolved(times: &[(u32, u32)]) -> Vec<(String, Certainty)> {
        let locals: Vec<NaiveDateTime> = times.iter().map(|(h, m)| local(*h, *m)).collect();
        resolve(berlin(), &locals)
            .into_iter()
            .map(|choice| {
                choice
                    .map(|(at, how)| (at.format("%H:%M").to_string(), how))
                    .unwrap()
            })
            .collect()
    }

    #[test]
    fn both_passes_by_order() {
        let out = resolved(&[(1, 30), (2, 0), (2, 30), (2, 0), (2, 30), (3, 0)]);
        let times: Vec<&str> = out.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(
            times,
            ["23:30", "00:00", "00:30", "01:00", "01:30", "02:00"]
        );
        assert_eq!(out[2].1, Certainty::FoldByOrder);
    }

    #[test]
    fn hourly_samples_of_equal_local_time() {
        let out = resolved(&[(0, 30), (1, 30), (2, 30), (2, 30), (3, 30)]);
        let times: Vec<&str> = out.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(times, ["22:30", "23:30", "00:30", "01:30", "02:30"]);
    }

    #[test]
    fn a_series_that_begins_or_ends_inside() {
        let begins = resolved(&[(2, 30), (2, 40), (2, 50), (3, 0), (3, 10)]);
        assert_eq!(begins[0], ("01:30".to_owned(), Certainty::FoldByInterval));
        let ends = resolved(&[(1, 40), (1, 50), (2, 0), (2, 10), (2, 20)]);
        assert_eq!(ends[4], ("00:20".to_owned(), Certainty::FoldByInterval));
    }

    #[test]
    fn nothing_tells() {
        let alone = resolved(&[(2, 30)]);
        assert!(matches!(alone[0].1, Certainty::FoldUndecided { .. }));
        let one_pass_lost =
            resolved(&[(1, 40), (1, 50), (2, 0), (2, 30), (2, 50), (3, 0), (3, 10)]);
        assert!(matches!(
            one_pass_lost[3].1,
            Certainty::FoldUndecided { .. }
        ));
    }

    proptest! {
        /// A dense series across the fold comes back as it was.
        #[test]
        fn round_trip(start in 1_729_980_000i64..1_729_990_000, step in 60i64..1500, count in 12usize..80) {
            let truth: Vec<DateTime<Utc>> = (0..count as i64)
                .map(|i| DateTime::from_timestamp(start + i * step, 0).unwrap())
                .collect();
            let locals: Vec<NaiveDateTime> =
                truth.iter().map(|at| berlin().local_at(*at).unwrap()).collect();
            for (choice, expected) in resolve(berlin(), &locals).into_iter().zip(&truth) {
                let (at, how) = choice.unwrap();
                let honest = matches!(how, Certainty::FoldUndecided { other } if other == *expected);
                prop_assert!(at == *expected || honest);
            }
        }
    }
}
