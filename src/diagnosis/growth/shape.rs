//! The figures that a series' class is decided by.
//!
//! ```text
//!   bytes │            ┌── jump: the largest rise over one interval
//!         │        ╭───╯      late: slope of the last third
//!         │   ╭╮  ╭╯
//!         │ ╭─╯╰──╯ legs: swings of at least half the range
//!         │╱ early: slope of the first third
//!         └──────────────────────► time
//! ```

use super::knots::{Knots, Per, median, median_of};
use super::thresholds::{MAX_KNOTS, SAWTOOTH_LEG};
use super::trend::{Trend, fit};

/// Bounds normal noise by its median absolute deviation (1 / Φ⁻¹(3/4)).
const MAD_TO_SIGMA: f64 = 1.4826;

/// From so many points on, a step may fall into a run of neighbours and show as two jumps.
const POINTS_FOR_WIDE_JUMP: usize = MAX_KNOTS / 4;

/// Figures of a series of at least two points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Median size in bytes.
    pub level: f64,
    /// Largest less smallest, in bytes.
    pub range: f64,
    /// Last less first, in bytes.
    pub rise: f64,
    /// Deepest fall below an earlier peak, in bytes.
    pub drawdown: f64,
    /// Standard deviation of a single point's noise, from neighbouring differences.
    pub noise: f64,
    /// Points in a third, that `early` and `late` were fitted to.
    pub third: usize,
    /// Trend of the first third.
    pub early: Option<Trend>,
    /// Trend of the last third.
    pub late: Option<Trend>,
    /// The largest rise.
    pub jump: Jump,
    /// Swings up and down.
    pub swings: Swings,
    /// Intervals in which the series rises.
    pub rising: usize,
    /// Intervals in which it falls.
    pub falling: usize,
}

/// The largest rise over one interval (two, in long series).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Jump {
    /// Bytes.
    pub bytes: f64,
    /// Share of the whole time that the interval takes.
    pub time_share: f64,
    /// Growth after it, in bytes.
    pub after: f64,
    /// Growth before it, in bytes.
    pub before: f64,
    /// Points after it.
    pub points_after: usize,
}

/// Legs of at least half the range, in turn up and down.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Swings {
    /// Number of legs.
    pub legs: usize,
    /// Height of the last turning point at the bottom above the lowest point, as a share
    /// of the range; 1 where there is none.
    pub last_low: f64,
}

impl Shape {
    /// Measures `knots`; `None` with fewer than two points.
    pub fn of(knots: &Knots, per: Per) -> Option<Shape> {
        let (first, last) = (*knots.ys.first()?, *knots.ys.last()?);
        let low = knots.ys.iter().copied().fold(f64::INFINITY, f64::min);
        let high = knots.ys.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let third = third_of(knots.len());
        let steps = || {
            knots
                .ys
                .windows(2)
                .filter_map(|w| Some(w.get(1)? - w.first()?))
        };
        if knots.len() < 2 {
            return None;
        }
        Some(Shape {
            level: median_of(knots.ys.iter().copied(), &mut Vec::new()).abs(),
            range: high - low,
            rise: last - first,
            drawdown: drawdown(&knots.ys),
            noise: noise(steps().collect()),
            third,
            early: fit(&knots.head(third), per),
            late: fit(&knots.tail(third), per),
            jump: jump(knots),
            swings: swings(&knots.ys, low, high - low),
            rising: steps().filter(|d| *d > 0.0).count(),
            falling: steps().filter(|d| *d < 0.0).count(),
        })
    }

    /// Slope of the first third; zero where it has none.
    pub fn early_rate(&self) -> f64 {
        self.early.map_or(0.0, |t| t.slope)
    }

    /// Slope of the last third; zero where it has none.
    pub fn late_rate(&self) -> f64 {
        self.late.map_or(0.0, |t| t.slope)
    }

    /// Standard error of the growth over a third that noise alone gives: for m evenly
    /// spaced points, σ·(m − 1)·√(12 / m(m² − 1)).
    pub fn third_error(&self) -> f64 {
        let m = self.third as f64;
        let spread = (m * (m * m - 1.0)).max(1.0);
        self.noise * (m - 1.0) * (12.0 / spread).sqrt()
    }
}

/// A third of the points, but never fewer than two, or three where there are five.
fn third_of(points: usize) -> usize {
    match points {
        0..=4 => 2,
        5..=9 => 3,
        _ => points.div_ceil(3),
    }
}

fn drawdown(ys: &[f64]) -> f64 {
    let mut peak = f64::NEG_INFINITY;
    ys.iter().fold(0.0, |deepest: f64, &y| {
        peak = peak.max(y);
        deepest.max(peak - y)
    })
}

/// Differences of neighbours carry the noise of two points: their spread over √2.
fn noise(mut steps: Vec<f64>) -> f64 {
    let middle = median(&mut steps);
    let mut off: Vec<f64> = steps.iter().map(|d| (d - middle).abs()).collect();
    MAD_TO_SIGMA * median(&mut off) / std::f64::consts::SQRT_2
}

fn jump(knots: &Knots) -> Jump {
    let width = if knots.len() >= POINTS_FOR_WIDE_JUMP {
        2
    } else {
        1
    };
    let (first, last) = (knots.ys.first(), knots.ys.last());
    let (Some(first), Some(last)) = (first, last) else {
        return Jump::default();
    };
    let span = knots.span();
    let mut best = Jump::default();
    for from in 0..knots.len().saturating_sub(width) {
        let at = |values: &[f64], i: usize| values.get(i).copied().unwrap_or_default();
        let (y0, y1) = (at(&knots.ys, from), at(&knots.ys, from + width));
        if y1 - y0 > best.bytes {
            let time = at(&knots.xs, from + width) - at(&knots.xs, from);
            best = Jump {
                bytes: y1 - y0,
                time_share: if span > 0.0 { time / span } else { 1.0 },
                after: last - y1,
                before: y0 - first,
                points_after: knots.len() - from - width,
            };
        }
    }
    best
}

/// Follows the turning points: a leg ends where the series has come back from its extreme
/// by half the range.
fn swings(ys: &[f64], lowest: f64, range: f64) -> Swings {
    let mut swings = Swings {
        legs: 0,
        last_low: 1.0,
    };
    let Some(&start) = ys.first() else {
        return swings;
    };
    if range <= 0.0 {
        return swings;
    }
    let leg = range * SAWTOOTH_LEG;
    let (mut low, mut high, mut going_up) = (start, start, None);
    for &y in ys {
        low = low.min(y);
        high = high.max(y);
        if going_up != Some(true) && y - low >= leg {
            swings.legs += 1;
            swings.last_low = (low - lowest) / range;
            (going_up, high) = (Some(true), y);
        } else if going_up != Some(false) && high - y >= leg {
            swings.legs += 1;
            (going_up, low) = (Some(false), y);
        }
    }
    if going_up == Some(false) {
        swings.last_low = (low - lowest) / range;
    }
    swings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(ys: &[f64]) -> Shape {
        let points: Vec<_> = ys
            .iter()
            .zip(0..)
            .map(|(y, x)| (f64::from(x), *y))
            .collect();
        Shape::of(&Knots::of(&points), Per::Hour).unwrap()
    }

    #[test]
    fn swings_by_hand() {
        assert_eq!(
            shape(&[0.0, 5.0, 10.0]).swings,
            Swings {
                legs: 1,
                last_low: 0.0
            }
        );
        assert_eq!(
            shape(&[0.0, 10.0, 1.0, 10.0, 2.0]).swings,
            Swings {
                legs: 4,
                last_low: 0.2
            }
        );
        assert_eq!(
            shape(&[10.0, 0.0]).swings,
            Swings {
                legs: 1,
                last_low: 0.0
            }
        );
        assert_eq!(shape(&[3.0, 3.0]).swings.legs, 0);
    }

    #[test]
    fn the_jump_knows_its_surroundings() {
        let jump = shape(&[0.0, 1.0, 9.0, 10.0, 12.0]).jump;
        assert_eq!(
            (jump.bytes, jump.before, jump.after, jump.points_after),
            (8.0, 1.0, 3.0, 3)
        );
        assert_eq!(jump.time_share, 0.25);
        assert_eq!(shape(&[5.0, 4.0]).jump, Jump::default());
    }

    #[test]
    fn a_clean_line_has_no_noise() {
        let shape = shape(&[0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(
            (shape.noise, shape.rise, shape.range, shape.level),
            (0.0, 10.0, 10.0, 5.0)
        );
        assert_eq!(
            (shape.early_rate(), shape.late_rate(), shape.rising),
            (2.0, 2.0, 5)
        );
        assert_eq!(shape.drawdown, 0.0);
    }

    #[test]
    fn too_little() {
        assert!(Shape::of(&Knots::default(), Per::Hour).is_none());
        assert!(Shape::of(&Knots::of(&[(0.0, 1.0)]), Per::Hour).is_none());
    }
}
