//! Classes by simulation: how often leaks are found, and how often what is none is excused.

use super::tests::{MIB, class_of};
use super::*;

/// SplitMix64: small, seeded, the same everywhere.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Even over 0 to 1.
    fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Normal, by the sum of twelve.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// How many of `seeds` simulated series satisfy `wanted`.
fn share(
    seeds: u64,
    simulate: impl Fn(&mut Random) -> Vec<(f64, f64)>,
    wanted: impl Fn(Class) -> bool,
) -> f64 {
    let hits = (0..seeds).filter(|seed| wanted(class_of(&simulate(&mut Random(*seed)))));
    hits.count() as f64 / seeds as f64
}

/// Times of `n` snapshots with jitter, half an hour apart.
fn times(random: &mut Random, n: usize) -> Vec<f64> {
    (0..n)
        .map(|i| 0.5 * i as f64 + random.between(0.0, 0.1))
        .collect()
}

const SIZES: [usize; 7] = [5, 6, 9, 20, 48, 130, 700];

#[test]
fn noise_around_a_level_is_no_leak() {
    for n in SIZES {
        let quiet = share(
            1000,
            |random| {
                let (level, spread) = (
                    random.between(0.5, 300.0) * MIB,
                    random.between(0.001, 0.15),
                );
                let at = times(random, n);
                at.into_iter()
                    .map(|x| (x, level * (1.0 + spread * random.normal())))
                    .collect()
            },
            |class| !class.is_leak_pattern(),
        );
        assert!(quiet >= 0.99, "{n} points: {quiet}");
    }
}

/// Readings that depend on the one before, as memory counters do: drifts that look like
/// growth for a while cannot be told from it, so fewer are excused than of plain noise.
#[test]
fn wandering_around_a_level_is_seldom_a_leak() {
    for n in SIZES {
        let quiet = share(
            1000,
            |random| {
                let (level, spread) =
                    (random.between(0.5, 300.0) * MIB, random.between(0.001, 0.1));
                let mut off = random.normal();
                let at = times(random, n);
                at.into_iter()
                    .map(|x| {
                        off = 0.7 * off + 0.714 * random.normal();
                        (x, level * (1.0 + spread * off))
                    })
                    .collect()
            },
            |class| !class.is_leak_pattern(),
        );
        assert!(quiet >= 0.9, "{n} points: {quiet}");
    }
}

#[test]
fn load_over_the_day_is_no_leak() {
    for n in [48usize, 130, 700] {
        let quiet = share(
            500,
            |random| {
                let (level, swing) = (random.between(5.0, 100.0) * MIB, random.between(0.1, 0.6));
                let (phase, spread) = (
                    random.between(0.0, std::f64::consts::TAU),
                    random.between(0.0, 0.03),
                );
                let at = times(random, n.max(96));
                at.into_iter()
                    .map(|x| {
                        let day = (x / 24.0 * std::f64::consts::TAU + phase).sin();
                        (x, level * (1.0 + swing * day + spread * random.normal()))
                    })
                    .collect()
            },
            |class| !class.is_leak_pattern(),
        );
        assert!(quiet >= 0.97, "{n} points: {quiet}");
    }
}

#[test]
fn steady_leaks_are_found() {
    for n in SIZES {
        let found = share(
            1000,
            |random| {
                let (base, grown) = (
                    random.between(0.1, 50.0) * MIB,
                    random.between(5.0, 2000.0) * MIB,
                );
                let (spread, at) = (random.between(0.0, 0.05), times(random, n));
                let span = at.last().copied().unwrap_or(1.0);
                at.into_iter()
                    .map(|x| (x, base + grown * (x / span + spread * random.normal())))
                    .collect()
            },
            |class| class == Class::SteadyLeak,
        );
        assert!(found >= 0.97, "{n} points: {found}");
    }
}

#[test]
fn leaks_under_daily_load_are_found() {
    for n in [48usize, 130, 700] {
        let found = share(
            500,
            |random| {
                let (base, grown) = (
                    random.between(1.0, 50.0) * MIB,
                    random.between(50.0, 2000.0) * MIB,
                );
                let (depth, phase) = (
                    random.between(0.0, 0.8),
                    random.between(0.0, std::f64::consts::TAU),
                );
                let at = times(random, n.max(144));
                let span = at.last().copied().unwrap_or(1.0);
                at.into_iter()
                    .map(|x| {
                        // More load leaks more: the rate swings, the level only rises.
                        let turn = std::f64::consts::TAU / 24.0;
                        let load = x - depth / turn * ((turn * x + phase).cos() - phase.cos());
                        (x, base + grown * load / span)
                    })
                    .collect()
            },
            Class::is_leak_pattern,
        );
        assert!(found >= 0.97, "{n} points: {found}");
    }
}

#[test]
fn late_and_quickening_leaks_are_found() {
    for n in [9usize, 20, 48, 130, 700] {
        let found = share(
            500,
            |random| {
                let (base, grown) = (
                    random.between(1.0, 20.0) * MIB,
                    random.between(20.0, 900.0) * MIB,
                );
                let (onset, bend) = (random.between(0.0, 0.6), random.between(1.0, 3.0));
                let at = times(random, n);
                let span = at.last().copied().unwrap_or(1.0);
                at.into_iter()
                    .map(|x| {
                        let ripe = ((x / span - onset) / (1.0 - onset)).max(0.0);
                        (x, base + grown * (ripe.powf(bend) + 0.01 * random.normal()))
                    })
                    .collect()
            },
            Class::is_leak_pattern,
        );
        assert!(found >= 0.95, "{n} points: {found}");
    }
}

#[test]
fn caches_that_fill_up_are_no_leaks() {
    for n in SIZES {
        let excused = share(
            1000,
            |random| {
                let (base, size) = (
                    random.between(0.5, 20.0) * MIB,
                    random.between(5.0, 500.0) * MIB,
                );
                let (fill, spread) = (random.between(0.05, 0.28), random.between(0.0, 0.02));
                let at = times(random, n);
                let span = at.last().copied().unwrap_or(1.0);
                at.into_iter()
                    .map(|x| {
                        (
                            x,
                            base + size
                                * (1.0 - (-x / span / fill).exp() + spread * random.normal()),
                        )
                    })
                    .collect()
            },
            |class| !class.is_leak_pattern(),
        );
        assert!(excused >= 0.97, "{n} points: {excused}");
    }
}

#[test]
fn buffers_that_step_are_no_leaks() {
    for n in SIZES {
        let excused = share(
            1000,
            |random| {
                let (base, step) = (
                    random.between(0.5, 20.0) * MIB,
                    random.between(5.0, 300.0) * MIB,
                );
                let (when, spread) = (random.between(0.1, 0.9), random.between(0.0, 0.02));
                let at = times(random, n);
                let span = at.last().copied().unwrap_or(1.0);
                at.into_iter()
                    .map(|x| {
                        let up = f64::from(x / span > when);
                        (x, base + step * (up + spread * random.normal()))
                    })
                    .collect()
            },
            |class| !class.is_leak_pattern(),
        );
        assert!(excused >= 0.97, "{n} points: {excused}");
    }
}
