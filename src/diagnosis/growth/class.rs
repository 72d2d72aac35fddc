//! What a series looks like: a class, and the test that put it there.
//!
//! The tests run in a fixed order, from what excuses a tag to what accuses it: too small
//! to matter, swings that return, shrinking, one step, levelled off, speeding up, steady.
//! Only what passes all of them is called a leak's pattern; what moves and fits nothing is
//! `Irregular`.

use std::fmt;

use super::knots::Knots;
use super::shape::Shape;
use super::thresholds::*;
use super::trend::Trend;

/// The pattern of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Rises along a line to the end.
    SteadyLeak,
    /// Rises, and faster towards the end.
    Accelerating,
    /// Grew between two snapshots; nothing else is known.
    TwoPoints,
    /// Rose in one step and stayed.
    Step,
    /// Rose and levelled off: a cache filling, a machine warming up.
    PlateauOrWarmUp,
    /// Rises and returns.
    Sawtooth,
    /// Moves without a pattern.
    Irregular,
    /// Does not change by an amount that matters.
    Flat,
    /// Falls.
    Shrinking,
    /// Seen once: only its size is known.
    SinglePoint,
}

impl Class {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Class::SteadyLeak => "steady_leak",
            Class::Accelerating => "accelerating",
            Class::TwoPoints => "two_points",
            Class::Step => "step",
            Class::PlateauOrWarmUp => "plateau_or_warm_up",
            Class::Sawtooth => "sawtooth",
            Class::Irregular => "irregular",
            Class::Flat => "flat",
            Class::Shrinking => "shrinking",
            Class::SinglePoint => "single_point",
        }
    }

    /// True for the patterns of a leak seen over three snapshots or more.
    pub const fn is_leak_pattern(self) -> bool {
        matches!(self, Class::SteadyLeak | Class::Accelerating)
    }

    /// How much of the growth counts when suspects are ranked.
    pub const fn weight(self) -> f64 {
        match self {
            Class::SteadyLeak | Class::Accelerating => weight::LEAK,
            Class::TwoPoints => weight::TWO_POINTS,
            Class::Step => weight::STEP,
            Class::Irregular => weight::IRREGULAR,
            Class::PlateauOrWarmUp => weight::PLATEAU,
            Class::Sawtooth => weight::SAWTOOTH,
            Class::SinglePoint => weight::SINGLE,
            Class::Flat | Class::Shrinking => 0.0,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Classes a series from its points and what was measured of them.
pub fn classify(knots: &Knots, shape: Option<&Shape>, trend: Option<&Trend>) -> Class {
    let (Some(shape), Some(trend)) = (shape, trend) else {
        return Class::SinglePoint;
    };
    if !matters(shape.range, shape) {
        Class::Flat
    } else if knots.len() == 2 {
        if shape.rise > 0.0 {
            Class::TwoPoints
        } else {
            Class::Shrinking
        }
    } else if is_sawtooth(knots, shape) {
        Class::Sawtooth
    } else if is_shrinking(shape, trend) {
        Class::Shrinking
    } else if is_step(shape) {
        Class::Step
    } else if is_plateau(knots, shape) {
        Class::PlateauOrWarmUp
    } else if is_accelerating(knots, shape) {
        Class::Accelerating
    } else if is_steady(knots, shape, trend) {
        Class::SteadyLeak
    } else if has_no_trend(shape, trend) {
        Class::Flat
    } else {
        Class::Irregular
    }
}

/// Size of effect before everything else.
fn matters(bytes: f64, shape: &Shape) -> bool {
    bytes.abs() >= MIN_CHANGE_BYTES && bytes.abs() >= MIN_CHANGE_OF_LEVEL * shape.level
}

fn noise_is_known(knots: &Knots) -> bool {
    knots.len() >= MIN_POINTS_FOR_NOISE
}

/// Up, down and up again (or down, up, down), back to the base, by more than noise makes.
/// A rise that went back where it came from is one, too.
fn is_sawtooth(knots: &Knots, shape: &Shape) -> bool {
    let structured = if noise_is_known(knots) {
        shape.range >= SAWTOOTH_OVER_NOISE * shape.noise
    } else {
        shape.range >= MIN_SWING_OF_LEVEL_FEW * shape.level
    };
    let returned = shape.rise.abs() <= SAWTOOTH_BASE * shape.range;
    let enough = shape.swings.legs >= 3 || (shape.swings.legs == 2 && returned);
    structured && enough && shape.swings.last_low <= SAWTOOTH_BASE
}

fn is_shrinking(shape: &Shape, trend: &Trend) -> bool {
    let sure = match trend.interval {
        Some(interval) => interval.high < 0.0,
        None => shape.rising == 0,
    };
    sure && shape.rise < 0.0 && matters(trend.growth().min(shape.rise), shape)
}

/// One interval carries the growth, out of proportion to its time, and what follows is flat.
fn is_step(shape: &Shape) -> bool {
    let jump = &shape.jump;
    let carries = jump.bytes >= STEP_SHARE * shape.rise.max(shape.range);
    let sudden = jump.bytes >= STEP_OVER_TIME * jump.time_share * shape.rise.max(shape.range);
    let grows_on = jump.after > STEP_AFTERGROWTH * jump.bytes;
    carries && sudden && !grows_on && shape.rise > 0.0
}

/// Growth over the first and over the last third, at one length of time.
fn third_growths(knots: &Knots, shape: &Shape) -> (f64, f64) {
    let share = (shape.third as f64 - 1.0) / (knots.len() as f64 - 1.0).max(1.0);
    let time = knots.span() * share;
    (shape.early_rate() * time, shape.late_rate() * time)
}

/// True when first and last third differ by more than noise makes.
fn thirds_differ(knots: &Knots, shape: &Shape) -> bool {
    let (early, late) = third_growths(knots, shape);
    let error = std::f64::consts::SQRT_2 * shape.third_error();
    !noise_is_known(knots) || (late - early).abs() > RATE_DIFFERENCE_ERRORS * error
}

fn is_plateau(knots: &Knots, shape: &Shape) -> bool {
    let slowed = shape.late_rate() <= PLATEAU_RATE_RATIO * shape.early_rate();
    let grew = shape.rise > 0.0 && matters(shape.rise, shape);
    grew && shape.early_rate() > 0.0 && slowed && thirds_differ(knots, shape)
}

/// Faster at the end by a factor, and most of the growth there.
fn is_accelerating(knots: &Knots, shape: &Shape) -> bool {
    let (early, late) = third_growths(knots, shape);
    let faster = late >= ACCELERATION_RATE_RATIO * early.max(0.0);
    let mostly_late = late >= ACCELERATION_LATE_SHARE * shape.rise;
    let fits = shape.late.is_some_and(|t| t.r_squared >= MIN_R_SQUARED);
    let rose = shape.rise > 0.0 && matters(late, shape);
    let over_noise = !noise_is_known(knots) || late > MIN_GROWTH_OVER_NOISE * shape.noise;
    let calm = shape.drawdown <= ACCELERATION_DRAWDOWN * shape.rise;
    calm && rose && faster && mostly_late && fits && over_noise && thirds_differ(knots, shape)
}

fn is_steady(knots: &Knots, shape: &Shape, trend: &Trend) -> bool {
    let sure = match trend.interval {
        Some(interval) => interval.low > 0.0,
        None => shape.falling == 0,
    };
    let over_noise = trend.growth() > MIN_GROWTH_OVER_NOISE * shape.noise || !noise_is_known(knots);
    let grew = matters(trend.growth(), shape) && shape.rise > 0.0;
    sure && grew && over_noise && trend.r_squared >= MIN_R_SQUARED
}

/// The slope may be zero, or is too small to matter.
fn has_no_trend(shape: &Shape, trend: &Trend) -> bool {
    let may_be_zero = match trend.interval {
        Some(interval) => interval.low <= 0.0 && interval.high >= 0.0,
        None => shape.rising > 0 && shape.falling > 0,
    };
    (may_be_zero && trend.r_squared < MIN_R_SQUARED) || !matters(trend.growth(), shape)
}
