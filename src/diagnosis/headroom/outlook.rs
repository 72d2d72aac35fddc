//! When the room is used up if the pool goes on as it did. Said only where the past is a
//! line that deserves to be drawn on.

use crate::diagnosis::growth::thresholds::MIN_R_SQUARED;
use crate::diagnosis::growth::{Per, Trend};

/// A line is drawn on for at most so many times the span it was seen over. Twenty times
/// two hours is not quite two days.
const MAX_SPANS_AHEAD: f64 = 20.0;

/// Hours until the room is used up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeTo {
    /// At the slope.
    pub hours: f64,
    /// At the upper end of the slope's interval.
    pub soonest: f64,
    /// At the lower end of the slope's interval.
    pub latest: f64,
}

/// Why no time is given.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Withheld {
    /// Fewer than two snapshots have a total.
    #[error("the pool's total is known in fewer than two snapshots")]
    NoTrend,
    /// Slopes are per snapshot.
    #[error("no clock is known for the snapshots")]
    NoClock,
    /// The pool does not grow.
    #[error("the pool does not grow")]
    NotGrowing,
    /// The interval of the slope is unknown or reaches zero.
    #[error("the slope is too uncertain: its interval is unknown or includes zero")]
    Uncertain,
    /// The line explains too little.
    #[error("a line explains only {:.0} % of the pool's movement", r_squared * 100.0)]
    PoorFit {
        /// Share of the variance explained.
        r_squared: f64,
    },
    /// Nothing is left already.
    #[error("nothing is left already")]
    UsedUp,
    /// Too far ahead of what was seen.
    #[error("{hours:.0} hours are too far ahead of the {span:.1} hours seen")]
    TooFar {
        /// Hours at the slope.
        hours: f64,
        /// Hours seen.
        span: f64,
    },
}

/// Hours until `room` bytes are used up along `trend`, the trend of the whole pool.
///
/// # Errors
/// The reason why no time is given.
pub fn time_to(room: i64, trend: Option<&Trend>) -> Result<TimeTo, Withheld> {
    let trend = trend.ok_or(Withheld::NoTrend)?;
    if trend.per != Per::Hour {
        return Err(Withheld::NoClock);
    }
    if room <= 0 {
        return Err(Withheld::UsedUp);
    }
    if trend.slope <= 0.0 {
        return Err(Withheld::NotGrowing);
    }
    let interval = trend
        .interval
        .filter(|i| i.low > 0.0)
        .ok_or(Withheld::Uncertain)?;
    if trend.r_squared < MIN_R_SQUARED {
        return Err(Withheld::PoorFit {
            r_squared: trend.r_squared,
        });
    }
    let hours = room as f64 / trend.slope;
    if hours > MAX_SPANS_AHEAD * trend.span {
        return Err(Withheld::TooFar {
            hours,
            span: trend.span,
        });
    }
    Ok(TimeTo {
        hours,
        soonest: room as f64 / interval.high,
        latest: room as f64 / interval.low,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::growth::Interval;

    fn trend() -> Trend {
        Trend {
            per: Per::Hour,
            slope: 100.0,
            interval: Some(Interval {
                low: 50.0,
                high: 200.0,
            }),
            intercept: 0.0,
            r_squared: 0.9,
            tau: 1.0,
            p_value: 0.0,
            points: 9,
            span: 10.0,
        }
    }

    #[test]
    fn by_hand() {
        let found = time_to(1000, Some(&trend())).unwrap();
        assert_eq!(
            (found.hours, found.soonest, found.latest),
            (10.0, 5.0, 20.0)
        );
    }

    #[test]
    fn withheld_with_a_reason() {
        let low = Some(Interval {
            low: 0.0,
            high: 1.0,
        });
        for (room, trend, why) in [
            (1000, None, Withheld::NoTrend),
            (
                1000,
                Some(Trend {
                    per: Per::Snapshot,
                    ..trend()
                }),
                Withheld::NoClock,
            ),
            (0, Some(trend()), Withheld::UsedUp),
            (
                1000,
                Some(Trend {
                    slope: -1.0,
                    ..trend()
                }),
                Withheld::NotGrowing,
            ),
            (
                1000,
                Some(Trend {
                    interval: low,
                    ..trend()
                }),
                Withheld::Uncertain,
            ),
            (
                1000,
                Some(Trend {
                    interval: None,
                    ..trend()
                }),
                Withheld::Uncertain,
            ),
            (
                1000,
                Some(Trend {
                    r_squared: 0.5,
                    ..trend()
                }),
                Withheld::PoorFit { r_squared: 0.5 },
            ),
            (
                30_000,
                Some(trend()),
                Withheld::TooFar {
                    hours: 300.0,
                    span: 10.0,
                },
            ),
        ] {
            assert_eq!(time_to(room, trend.as_ref()), Err(why));
            assert!(!why.to_string().is_empty());
        }
    }
}
