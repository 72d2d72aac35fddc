//! The robust line through a series: Theil–Sen slope, its interval, and how well it fits.
//!
//! Slope: the median of the slopes of all pairs of points (Theil 1950; Sen, "Estimates of
//! the Regression Coefficient Based on Kendall's Tau", JASA 63, 1968). Up to 29 % of the
//! points may be wild before it breaks. Interval: with N slopes in order and C = z·√Var(S),
//! the slopes at ranks (N − C)/2 and (N + C)/2 bound it (Sen 1968); Var(S) is Kendall's with
//! correction for ties in values and times. Pairs of one time have no slope and are left
//! out. S itself is the Mann–Kendall statistic.
//!
//! Limit: neighbouring readings of a counter depend on each other, so the true interval is
//! wider and the p-value larger than printed. Neither decides alone.

use super::knots::{Knots, Per, median, median_of};
use super::thresholds::{MIN_POINTS_FOR_INTERVAL, Z_95};

/// A robust line and how far to trust it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// What the slope is per.
    pub per: Per,
    /// Bytes per hour or per snapshot.
    pub slope: f64,
    /// 95 % interval of the slope; `None` with fewer than five points.
    pub interval: Option<Interval>,
    /// Value of the line at the start.
    pub intercept: f64,
    /// Share of the variance that the line explains, 0 to 1; 0 for a constant series.
    pub r_squared: f64,
    /// Kendall's tau-a of values against time, −1 to 1: pairs that rise less pairs that
    /// fall, as a share of all pairs.
    pub tau: f64,
    /// Two-sided p of the Mann–Kendall test with correction for ties.
    pub p_value: f64,
    /// Points that went in, after reduction.
    pub points: usize,
    /// Hours or snapshots from first to last point.
    pub span: f64,
}

/// The lower and upper end of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Trend {
    /// Growth along the line over the whole span, in bytes.
    pub fn growth(&self) -> f64 {
        self.slope * self.span
    }

    /// The slope in bytes per hour, where hours are known.
    pub fn per_hour(&self) -> Option<f64> {
        (self.per == Per::Hour).then_some(self.slope)
    }
}

/// Fits the line. `None` with fewer than two points or no distance between them.
pub fn fit(knots: &Knots, per: Per) -> Option<Trend> {
    let span = knots.span();
    if knots.len() < 2 || span <= 0.0 || !span.is_finite() {
        return None;
    }
    let mut pairs = Pairs::of(knots);
    let middle = median(&mut pairs.slopes);
    let sigma = variance_of_s(knots).sqrt();
    let interval = interval(&mut pairs.slopes, sigma, knots.len());
    let start = knots.xs.first().copied().unwrap_or_default();
    let mut scratch = Vec::with_capacity(knots.len());
    let offsets = knots
        .xs
        .iter()
        .zip(&knots.ys)
        .map(|(x, y)| y - middle * (x - start));
    let intercept = median_of(offsets, &mut scratch);
    Some(Trend {
        per,
        slope: middle,
        interval,
        intercept,
        r_squared: r_squared(knots, middle, intercept),
        tau: pairs.rising_less_falling / pairs.slopes.len().max(1) as f64,
        p_value: p_value(pairs.rising_less_falling, sigma),
        points: knots.len(),
        span,
    })
}

struct Pairs {
    slopes: Vec<f64>,
    rising_less_falling: f64,
}

impl Pairs {
    fn of(knots: &Knots) -> Pairs {
        let n = knots.len();
        let mut slopes = Vec::with_capacity(n * n.saturating_sub(1) / 2);
        let mut s = 0i64;
        for (i, (x0, y0)) in knots.xs.iter().zip(&knots.ys).enumerate() {
            let later = knots.xs.iter().zip(&knots.ys).skip(i + 1);
            for (x1, y1) in later {
                let dx = x1 - x0;
                if dx > 0.0 {
                    let dy = y1 - y0;
                    s += i64::from(dy > 0.0) - i64::from(dy < 0.0);
                    slopes.push(dy / dx);
                }
            }
        }
        Pairs {
            slopes,
            rising_less_falling: s as f64,
        }
    }
}

/// Kendall's variance of S: n(n−1)(2n+5), less the same of each run of ties, over 18.
fn variance_of_s(knots: &Knots) -> f64 {
    let term = |n: f64| n * (n - 1.0) * (2.0 * n + 5.0);
    let ties = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let runs = sorted
            .chunk_by(|a, b| a == b)
            .map(|run| term(run.len() as f64));
        runs.sum::<f64>()
    };
    let all = term(knots.len() as f64) - ties(&knots.xs) - ties(&knots.ys);
    (all / 18.0).max(0.0)
}

fn interval(slopes: &mut [f64], sigma: f64, points: usize) -> Option<Interval> {
    if points < MIN_POINTS_FOR_INTERVAL || slopes.is_empty() {
        return None;
    }
    let (count, spread) = (slopes.len() as f64, Z_95 * sigma);
    let last = slopes.len() - 1;
    let low = ((count - spread) / 2.0).floor().max(1.0) as usize - 1;
    let high = ((count + spread) / 2.0).ceil().max(0.0) as usize;
    let mut at = |rank: usize| {
        *slopes
            .select_nth_unstable_by(rank.min(last), f64::total_cmp)
            .1
    };
    Some(Interval {
        low: at(low),
        high: at(high),
    })
}

fn r_squared(knots: &Knots, slope: f64, intercept: f64) -> f64 {
    let start = knots.xs.first().copied().unwrap_or_default();
    let mean = knots.ys.iter().sum::<f64>() / knots.len().max(1) as f64;
    let total: f64 = knots.ys.iter().map(|y| (y - mean).powi(2)).sum();
    let line = |x: f64| intercept + slope * (x - start);
    let left: f64 = knots
        .xs
        .iter()
        .zip(&knots.ys)
        .map(|(x, y)| (y - line(*x)).powi(2))
        .sum();
    if total > 0.0 {
        (1.0 - left / total).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// Normal approximation with continuity correction, both sides.
fn p_value(s: f64, sigma: f64) -> f64 {
    if sigma <= 0.0 {
        return 1.0;
    }
    let z = ((s.abs() - 1.0) / sigma).max(0.0);
    complementary_error(z / std::f64::consts::SQRT_2).clamp(0.0, 1.0)
}

/// Complementary error function for x ≥ 0, accurate to 1.5e-7 (Abramowitz & Stegun 7.1.26).
fn complementary_error(x: f64) -> f64 {
    const TERMS: [f64; 5] = [
        1.061_405_429,
        -1.453_152_027,
        1.421_413_741,
        -0.284_496_736,
        0.254_829_592,
    ];
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let sum = TERMS.iter().fold(0.0, |sum, term| sum * t + term);
    sum * t * (-x * x).exp()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn knots(points: &[(f64, f64)]) -> Knots {
        Knots::of(points)
    }

    #[test]
    fn by_hand() {
        // Pair slopes: 1, 3/2, 10/3, 2, 9/2, 7 -> median (2 + 10/3) / 2.
        let trend = fit(
            &knots(&[(0.0, 0.0), (1.0, 1.0), (2.0, 3.0), (3.0, 10.0)]),
            Per::Hour,
        )
        .unwrap();
        assert!(
            (trend.slope - (2.0 + 10.0 / 3.0) / 2.0).abs() < 1e-12,
            "{}",
            trend.slope
        );
        assert_eq!((trend.tau, trend.interval, trend.span), (1.0, None, 3.0));
        // S = 6, Var = 4·3·13/18 = 26/3, z = 5/2.9439 = 1.6984, p = 0.0894.
        assert!((trend.p_value - 0.0894).abs() < 2e-4, "{}", trend.p_value);
    }

    #[test]
    fn one_wild_reading_does_not_move_the_line() {
        let mut points: Vec<_> = (0..11)
            .map(|i| (f64::from(i), 5.0 * f64::from(i)))
            .collect();
        points[7].1 = 1e9;
        let trend = fit(&knots(&points), Per::Hour).unwrap();
        assert_eq!(trend.slope, 5.0);
    }

    #[test]
    fn interval_by_hand() {
        // Ten points, no ties: Var = 10·9·25/18 = 125, C = 1.96·11.18 = 21.91, N = 45:
        // ranks floor(11.54) = 11 and ceil(33.46) + 1 = 35 of the ordered slopes.
        let points: Vec<_> = (0..10).map(|i| (f64::from(i), f64::from(i * i))).collect();
        let mut slopes = Pairs::of(&knots(&points)).slopes;
        slopes.sort_by(f64::total_cmp);
        let interval = fit(&knots(&points), Per::Hour).unwrap().interval.unwrap();
        assert_eq!((interval.low, interval.high), (slopes[10], slopes[34]));
    }

    #[test]
    fn degenerate_inputs() {
        assert!(fit(&knots(&[]), Per::Hour).is_none());
        assert!(fit(&knots(&[(1.0, 2.0)]), Per::Hour).is_none());
        assert!(fit(&knots(&[(1.0, 2.0), (1.0, 9.0)]), Per::Hour).is_none());
        let level = [(0.0, 7.0), (1.0, 7.0), (2.0, 7.0)];
        let flat = fit(&knots(&level), Per::Hour).unwrap();
        assert_eq!(
            (flat.slope, flat.r_squared, flat.tau, flat.p_value),
            (0.0, 0.0, 0.0, 1.0)
        );
    }

    fn points() -> impl Strategy<Value = Vec<(f64, f64)>> {
        prop::collection::vec((0i32..500, -1_000_000i32..1_000_000), 2..60).prop_map(|mut raw| {
            raw.sort_unstable();
            raw.into_iter()
                .map(|(x, y)| (f64::from(x), f64::from(y)))
                .collect()
        })
    }

    proptest! {
        /// y -> a + b·y moves the slope to b times itself, for b > 0.
        #[test]
        fn equivariant(points in points(), shift in -1000i32..1000, power in 0i32..6, late in 0i32..1000) {
            let scale = f64::from(2i32.pow(power as u32));
            let moved: Vec<_> = points.iter()
                .map(|(x, y)| (x + f64::from(late), f64::from(shift) + scale * y)).collect();
            match (fit(&knots(&points), Per::Hour), fit(&knots(&moved), Per::Hour)) {
                (Some(a), Some(b)) => {
                    prop_assert_eq!(a.slope * scale, b.slope);
                    prop_assert_eq!(a.interval.map(|i| i.low * scale), b.interval.map(|i| i.low));
                    prop_assert!((a.r_squared - b.r_squared).abs() < 1e-6);
                    prop_assert_eq!(a.tau, b.tau);
                }
                (a, b) => prop_assert_eq!(a.is_none(), b.is_none()),
            }
        }

        /// Points of one time may come in any order.
        #[test]
        fn permutation_within_a_time(points in points(), turn in 0usize..50) {
            let mut turned: Vec<_> = points.clone();
            turned.rotate_left(turn % points.len());
            turned.sort_by(|a, b| a.0.total_cmp(&b.0));
            let slope = |p: &[(f64, f64)]| fit(&knots(p), Per::Hour).map(|t| (t.slope, t.tau));
            prop_assert_eq!(slope(&points), slope(&turned));
        }

        #[test]
        fn finite_and_ordered(raw in prop::collection::vec((any::<i64>(), any::<i64>()), 2..50)) {
            let mut points: Vec<_> = raw.iter().map(|(x, y)| (*x as f64 / 3.6e6, *y as f64)).collect();
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            if let Some(trend) = fit(&knots(&points), Per::Hour) {
                prop_assert!(trend.slope.is_finite() && trend.r_squared.is_finite() && trend.p_value.is_finite());
                prop_assert!((-1.0..=1.0).contains(&trend.tau));
                if let Some(interval) = trend.interval {
                    prop_assert!(interval.low <= trend.slope && trend.slope <= interval.high);
                }
            }
        }
    }
}
