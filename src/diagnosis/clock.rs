//! Steps of the machine's clock, and what they do to a comparison of times.
//!
//! HTTPERR rows, stamps of snapshots and events are all written by one clock. When it is set, times
//! before and after are not comparable by as much as it was set. Set forward, it skips times that
//! no row can have; set back, it shows times twice:
//!
//! ```text
//! true time  ───────────────┬───────────────►
//! the clock  10:00 … 12:00  │ 11:00 … 12:00 …      set back by an hour at 12:00:
//!                 └─ twice ─┴──── twice ──┘        11:00 to 12:00 says nothing of which
//! ```

/// Settings of the clock by less than this, in seconds, are corrections: half of the five minutes
/// by which clocks of a domain may differ (Kerberos' default tolerance) would change no reading of
/// snapshots that are minutes apart, and NTP sets clocks by less than a minute daily.
pub const MIN_STEP: i64 = 60;

/// A step further than this from a refusal, in seconds, does not stand between it and the snapshots
/// that it is compared with: as far as two snapshots may lie apart and still bracket it.
pub const REACH: i64 = super::correlation::BRACKET / 1_000;

/// Reason of an event 1 that the hardware clock was read, as after sleep.
const FROM_HARDWARE: u32 = 2;

/// A step of the clock, in seconds since 1970 as it showed them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Before.
    pub old: i64,
    /// After.
    pub new: i64,
}

impl Step {
    /// A step, if the setting is one. Forward by the hardware clock it is none: the time did pass
    /// while the machine slept.
    pub fn of(old: i64, new: i64, reason: Option<u32>) -> Option<Step> {
        let by = new.checked_sub(old)?;
        let slept = by > 0 && reason == Some(FROM_HARDWARE);
        (by.saturating_abs() >= MIN_STEP && !slept).then_some(Step { old, new })
    }

    /// Seconds by which it was set; negative if it was set back.
    pub fn by(&self) -> i64 {
        self.new.saturating_sub(self.old)
    }

    /// True if the clock shows this time twice.
    fn is_twice(&self, at: i64) -> bool {
        self.new <= at && at <= self.old
    }

    /// True if the step lies within reach of the stretch.
    fn is_near(&self, from: i64, to: i64) -> bool {
        let (low, high) = (self.old.min(self.new), self.old.max(self.new));
        low <= to.saturating_add(REACH) && high >= from.saturating_sub(REACH)
    }
}

/// What steps do to a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Doubt {
    /// The error of the clock that an answer must survive, in minutes: the largest step within
    /// reach of a refusal.
    pub minutes: i64,
    /// Share of refused connections whose outage begins at a time that the clock showed twice.
    pub twice: f64,
    /// The step that decided, by its place.
    pub step: Option<usize>,
}

/// With more than this share of refusals at times that the clock showed twice, pool and refusals
/// are not compared.
pub const MOST_TWICE: f64 = 0.5;

/// What steps do to outages, given as (first refusal, last refusal, connections) in seconds, when
/// snapshots lie between `first` and `last`.
pub fn doubt(steps: &[Step], outages: &[(i64, i64, u64)], (first, last): (i64, i64)) -> Doubt {
    let mut doubt = Doubt::default();
    let all: u64 = outages
        .iter()
        .map(|o| o.2.max(1))
        .fold(0, u64::saturating_add);
    for (place, step) in steps.iter().enumerate() {
        let near = outages.iter().any(|o| step.is_near(o.0, o.1)) && step.is_near(first, last);
        let minutes = (step.by().saturating_abs() + 59) / 60;
        if near && minutes > doubt.minutes {
            (doubt.minutes, doubt.step) = (minutes, Some(place));
        }
    }
    let twice = outages
        .iter()
        .filter(|o| steps.iter().any(|step| step.is_twice(o.0)));
    let twice = twice.map(|o| o.2.max(1)).fold(0, u64::saturating_add);
    if all > 0 {
        doubt.twice = twice as f64 / all as f64;
    }
    doubt
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: i64 = 3_600;

    #[test]
    fn small_settings_and_sleep_are_no_steps() {
        assert_eq!(Step::of(1_000, 1_059, Some(1)), None);
        assert_eq!(Step::of(1_000, 1_000 + 9 * HOUR, Some(2)), None);
        assert!(Step::of(1_000, 1_000 + 9 * HOUR, None).is_some());
        assert_eq!(
            Step::of(9 * HOUR, HOUR, Some(2)).map(|s| s.by()),
            Some(-8 * HOUR)
        );
    }

    #[test]
    fn a_step_counts_where_refusals_and_snapshots_are_near() {
        let back = Step {
            old: 100 * HOUR,
            new: 98 * HOUR,
        };
        let within = doubt(
            &[back],
            &[(99 * HOUR, 99 * HOUR + 60, 10)],
            (90 * HOUR, 110 * HOUR),
        );
        assert_eq!(
            (within.minutes, within.twice, within.step),
            (120, 1.0, Some(0))
        );
        let far = doubt(
            &[back],
            &[(300 * HOUR, 301 * HOUR, 10)],
            (290 * HOUR, 310 * HOUR),
        );
        assert_eq!(far, Doubt::default());
        let forward = Step {
            old: 98 * HOUR,
            new: 100 * HOUR,
        };
        let after = doubt(
            &[forward],
            &[(101 * HOUR, 101 * HOUR, 5)],
            (90 * HOUR, 110 * HOUR),
        );
        assert_eq!((after.minutes, after.twice), (120, 0.0));
    }

    proptest! {
        #[test]
        fn any_times_give_a_share(
            steps in prop::collection::vec((any::<i64>(), any::<i64>()), 0..6),
            outages in prop::collection::vec((any::<i64>(), any::<i64>(), any::<u64>()), 0..6),
            first: i64, last: i64,
        ) {
            let steps: Vec<Step> = steps.into_iter().filter_map(|(a, b)| Step::of(a, b, None)).collect();
            let found = doubt(&steps, &outages, (first, last));
            prop_assert!((0.0..=1.0).contains(&found.twice));
            prop_assert!(found.minutes >= 0);
        }
    }
}
