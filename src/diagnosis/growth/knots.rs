//! A series as at most 128 points for the statistics.
//!
//! Long series are cut into runs of neighbours of equal length, and each run is replaced
//! by the median of its times and of its values. Medians keep single wild readings out,
//! no reading is skipped, and the result depends on nothing but the series.

use super::thresholds::MAX_KNOTS;

/// What the horizontal axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Per {
    /// Hours of the clock.
    Hour,
    /// Snapshots, because no clock is known: slopes compare tags, and say nothing of time.
    Snapshot,
}

/// Points in order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Knots {
    /// Hours or snapshots, ascending.
    pub xs: Vec<f64>,
    /// Values.
    pub ys: Vec<f64>,
}

impl Knots {
    /// Reduces points in order of time.
    pub fn of(points: &[(f64, f64)]) -> Knots {
        let count = points.len().min(MAX_KNOTS);
        let mut knots = Knots {
            xs: Vec::with_capacity(count),
            ys: Vec::with_capacity(count),
        };
        let mut run = Vec::new();
        let mut rest = points;
        for knot in 0..count {
            let until = (knot + 1) * points.len() / count - (points.len() - rest.len());
            let (mine, later) = rest.split_at(until.min(rest.len()));
            rest = later;
            knots.xs.push(median_of(mine.iter().map(|p| p.0), &mut run));
            knots.ys.push(median_of(mine.iter().map(|p| p.1), &mut run));
        }
        knots
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.xs.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.xs.is_empty()
    }

    /// The distance from the first to the last, in hours or snapshots.
    pub fn span(&self) -> f64 {
        match (self.xs.first(), self.xs.last()) {
            (Some(first), Some(last)) => last - first,
            _ => 0.0,
        }
    }

    /// The first `count`.
    pub fn head(&self, count: usize) -> Knots {
        let part = |all: &[f64]| all.get(..count).unwrap_or(all).to_vec();
        Knots {
            xs: part(&self.xs),
            ys: part(&self.ys),
        }
    }

    /// The last `count`.
    pub fn tail(&self, count: usize) -> Knots {
        let from = self.len().saturating_sub(count);
        let part = |all: &[f64]| all.get(from..).unwrap_or(all).to_vec();
        Knots {
            xs: part(&self.xs),
            ys: part(&self.ys),
        }
    }
}

/// The median; zero of nothing. `scratch` is overwritten.
pub fn median_of(values: impl Iterator<Item = f64>, scratch: &mut Vec<f64>) -> f64 {
    scratch.clear();
    scratch.extend(values);
    median(scratch)
}

/// The median of `values`, which are reordered; zero of nothing.
pub fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    if values.is_empty() {
        return 0.0;
    }
    let even = values.len().is_multiple_of(2);
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    match below.iter().copied().max_by(f64::total_cmp) {
        Some(lower) if even => lower + (upper - lower) / 2.0,
        _ => upper,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn medians() {
        assert_eq!(median(&mut []), 0.0);
        assert_eq!(median(&mut [7.0]), 7.0);
        assert_eq!(median(&mut [9.0, 1.0]), 5.0);
        assert_eq!(median(&mut [9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), 2.5);
    }

    #[test]
    fn short_series_are_kept_as_they_are() {
        let knots = Knots::of(&[(0.0, 5.0), (1.0, 6.0)]);
        assert_eq!((knots.xs, knots.ys), (vec![0.0, 1.0], vec![5.0, 6.0]));
        assert!(Knots::of(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn a_straight_line_stays_straight(n in 1usize..1500) {
            let points: Vec<_> = (0..n).map(|i| (i as f64, 3.0 * i as f64)).collect();
            let knots = Knots::of(&points);
            prop_assert_eq!(knots.len(), n.min(MAX_KNOTS));
            prop_assert!(knots.xs.is_sorted());
            for (x, y) in knots.xs.iter().zip(&knots.ys) {
                prop_assert_eq!(*y, 3.0 * x);
            }
        }
    }
}
