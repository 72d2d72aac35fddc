//! Which offset from UTC would bring snapshots on a zoneless clock and refusals together best?
//!
//! http.sys refuses while the pool is high, so under the right offset the ten-minute stretches with
//! refusals are those with most nonpaged pool. Every offset in use is tried in steps of a quarter of
//! an hour, and each gets a fit: the chance that a stretch with refusals has more pool than one
//! without (Mann–Whitney's U over its maximum, as in [`correlation`](super::correlation)), times the
//! share of refused connections that the snapshots then cover. A pool that only rises would fit any
//! later hour as well; so the quiet after an outage must be covered too, and find the pool fallen.
//!
//! The answer is an offer with its margin, for a person to confirm: nothing is dated with it.

use super::correlation::{Level, mann_whitney, reading_at};
use crate::timeline::episode::Episode;

/// Offsets that are tried, in minutes east: those in use anywhere, in steps of the smallest
/// difference between any two.
const WEST_MOST: i32 = -12 * 60;
const EAST_MOST: i32 = 14 * 60;
const STEP: i32 = 15;

/// A stretch that is compared, in seconds.
const GRAIN: i64 = 600;

/// With fewer snapshots, stretches with refusals, or stretches without, chance fits as well.
const MIN_LEVELS: usize = 6;
const MIN_REFUSED: usize = 3;
const MIN_QUIET: usize = 6;

/// Quiet stretches after an outage that must be covered, with the pool fallen below this share of
/// what it was at the last refusal, in percent.
const MIN_AFTER: usize = 2;
const FALLEN_TO: i64 = 90;

/// The share of refused connections that must be covered, and the fit that an offer needs.
const MIN_COVERED: f64 = 0.95;
const MIN_FIT: f64 = 0.9;

/// What sets the best offset apart from the next. A quarter of an hour moves the fit by about
/// this much where an outage lasts a day.
const MIN_MARGIN: f64 = 0.01;

/// Hours of living logs that are compared; half a year of them.
const MAX_HOURS: usize = 183 * 24;

/// An offset that fits best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OffsetFit {
    /// Minutes east of UTC.
    pub minutes: i32,
    /// Its fit, 1 at most.
    pub fit: f64,
    /// The next best, and its fit.
    pub next: (i32, f64),
}

/// The offset that fits best, if one stands out. `at` of `levels` is the wall clock taken for UTC.
pub fn best_offset(
    levels: &[Level],
    episodes: &[Episode],
    alive_hours: &[i64],
) -> Option<OffsetFit> {
    let span = (levels.first()?.at / 1_000, levels.last()?.at / 1_000);
    let margin = i64::from(EAST_MOST) * 60;
    let near = |hour: &&i64| {
        let at = **hour * 3_600;
        (span.0 - margin..=span.1 + margin).contains(&at)
    };
    let hours: Vec<i64> = alive_hours.iter().filter(near).copied().collect();
    if levels.len() < MIN_LEVELS || episodes.is_empty() || hours.len() > MAX_HOURS {
        return None;
    }
    let case = Case {
        levels,
        episodes,
        hours: &hours,
    };
    let mut fits: Vec<(f64, i32)> = (WEST_MOST..=EAST_MOST)
        .step_by(STEP as usize)
        .map(|minutes| (case.fit(minutes), minutes))
        .collect();
    fits.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let [(fit, minutes), (next_fit, next), ..] = fits.as_slice() else {
        return None;
    };
    (*fit >= MIN_FIT && fit - next_fit >= MIN_MARGIN).then_some(OffsetFit {
        minutes: *minutes,
        fit: *fit,
        next: (*next, *next_fit),
    })
}

struct Case<'a> {
    levels: &'a [Level],
    episodes: &'a [Episode],
    hours: &'a [i64],
}

impl Case<'_> {
    /// The pool at a moment in UTC, in seconds, if snapshots lie near.
    fn pool_at(&self, second: i64, minutes: i32) -> Option<i64> {
        let local = second.saturating_add(i64::from(minutes) * 60);
        Some(reading_at(self.levels, local.saturating_mul(1_000))?.bytes)
    }

    /// The fit of an offset, 0 where it cannot be judged.
    fn fit(&self, minutes: i32) -> f64 {
        let covered = self.covered(minutes);
        if covered < MIN_COVERED {
            return 0.0;
        }
        let (mut with, mut without, mut after) = (Vec::new(), Vec::new(), 0);
        for &hour in self.hours {
            for grain in (hour * 3_600 / GRAIN)..((hour + 1) * 3_600 / GRAIN) {
                let middle = grain * GRAIN + GRAIN / 2;
                let Some(bytes) = self.within(middle, minutes) else {
                    continue;
                };
                let place = self
                    .episodes
                    .partition_point(|e| e.last_refusal().div_euclid(GRAIN) < grain);
                let refused = self
                    .episodes
                    .get(place)
                    .is_some_and(|e| e.start().div_euclid(GRAIN) <= grain);
                if refused {
                    with.push(bytes);
                } else {
                    after += usize::from(self.has_fallen(place, bytes, minutes));
                    without.push(bytes);
                }
            }
        }
        if with.len() < MIN_REFUSED || without.len() < MIN_QUIET || after < MIN_AFTER {
            return 0.0;
        }
        mann_whitney(&with, &mut without).map_or(0.0, |chance| chance * covered)
    }

    /// True if the pool is well below what it was at the end of the outage before `place`.
    fn has_fallen(&self, place: usize, bytes: i64, minutes: i32) -> bool {
        let before = place.checked_sub(1).and_then(|p| self.episodes.get(p));
        let then = before.and_then(|e| self.pool_at(e.last_refusal(), minutes));
        then.is_some_and(|then| bytes.saturating_mul(100) < then.saturating_mul(FALLEN_TO))
    }

    /// The pool between first and last snapshot, and one stretch beyond; further it is not compared.
    fn within(&self, second: i64, minutes: i32) -> Option<i64> {
        let local = second.saturating_add(i64::from(minutes) * 60) * 1_000;
        let (first, last) = (self.levels.first()?.at, self.levels.last()?.at);
        let beyond = GRAIN * 1_000;
        (first - beyond..=last + beyond)
            .contains(&local)
            .then(|| self.pool_at(second, minutes))?
    }

    /// The share of refused connections near which there are snapshots.
    fn covered(&self, minutes: i32) -> f64 {
        let weight = |e: &Episode| e.connections.max(1) as f64;
        let total: f64 = self.episodes.iter().map(weight).sum();
        let near = |e: &&Episode| {
            self.within(e.start(), minutes).is_some()
                && self.within(e.last_refusal(), minutes).is_some()
        };
        self.episodes.iter().filter(near).map(weight).sum::<f64>() / total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::correlation::Source;
    use crate::timeline::episode::{RefusalPoint, episodes};

    const HOUR: i64 = 3_600;

    /// Snapshots every ten minutes over so many hours: the pool rises over eight hours, and the
    /// machine is restarted at the end of each eighth. The clock is `minutes` east.
    fn levels(hours: i64, minutes: i64) -> Vec<Level> {
        (0..hours * 6)
            .map(|n| Level {
                at: (n * 600 + minutes * 60) * 1_000,
                bytes: (40 + n % 48) << 20,
                headroom: None,
                memory: crate::diagnosis::correlation::pressure::Memory::default(),
                epoch: usize::try_from(n / 48).unwrap(),
                source: Source::Snapshot(usize::try_from(n).unwrap()),
            })
            .collect()
    }

    /// Refusals in the last hour before each restart.
    fn outages(hours: i64) -> Vec<Episode> {
        let points = (0..hours * 60).filter(|minute| minute % 480 >= 420 && minute % 480 < 475);
        let points = points.map(|minute| RefusalPoint {
            at: minute * 60,
            log: 0,
            line: 1,
            rows: 1,
            connections: 5,
        });
        episodes(points.collect(), Some(hours * HOUR))
    }

    #[test]
    fn the_offset_at_which_the_heights_are_the_refusals() {
        let alive: Vec<i64> = (0..24).collect();
        for minutes in [0, 120, -300, 330, 765] {
            let fit = best_offset(&levels(24, minutes), &outages(24), &alive).unwrap();
            assert_eq!(i64::from(fit.minutes), minutes, "{fit:?}");
            assert!(fit.fit > fit.next.1 + MIN_MARGIN);
        }
    }

    #[test]
    fn a_pool_that_only_rises_fits_many_hours() {
        let alive: Vec<i64> = (0..8).collect();
        assert_eq!(best_offset(&levels(8, 60), &outages(8), &alive), None);
        // Refusals at all times tell nothing apart.
        let points = (0..480).map(|minute| RefusalPoint {
            at: minute * 60,
            log: 0,
            line: 1,
            rows: 1,
            connections: 1,
        });
        let always = episodes(points.collect(), Some(8 * HOUR));
        assert_eq!(best_offset(&levels(8, 60), &always, &alive), None);
        assert_eq!(best_offset(&[], &always, &alive), None);
    }

    #[test]
    fn a_flat_pool_offers_nothing() {
        let mut flat = levels(24, 0);
        flat.iter_mut().for_each(|l| l.bytes = 1 << 30);
        let alive: Vec<i64> = (0..24).collect();
        assert_eq!(best_offset(&flat, &outages(24), &alive), None);
    }
}
