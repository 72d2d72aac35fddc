//! Classes by hand and by simulation, totals, shares and ranks.

use proptest::prelude::*;

use super::*;
use crate::timeline::series::{Facts, Observation, Reading, Scope, SeriesBuilder};

const HOUR: i64 = 3_600_000;
const MIB: f64 = 1_048_576.0;

/// SplitMix64: small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn word(&mut self) -> u64 {
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

fn class_of(points: &[(f64, f64)]) -> Class {
    let knots = Knots::of(points);
    classify(
        &knots,
        Shape::of(&knots, Per::Hour).as_ref(),
        fit(&knots, Per::Hour).as_ref(),
    )
}

fn class_mib(values: &[f64]) -> Class {
    class_of(
        &values
            .iter()
            .zip(0..)
            .map(|(y, x)| (f64::from(x), y * MIB))
            .collect::<Vec<_>>(),
    )
}

#[test]
fn classes_by_hand() {
    for (values, expected) in [
        (vec![], Class::SinglePoint),
        (vec![5.0], Class::SinglePoint),
        (vec![5.0, 9.0], Class::TwoPoints),
        (vec![9.0, 5.0], Class::Shrinking),
        (vec![5.0, 5.01], Class::Flat),
        (vec![1.0, 2.0, 3.0], Class::SteadyLeak),
        (vec![10.0, 20.0, 31.0, 40.0, 52.0, 60.0], Class::SteadyLeak),
        (vec![1.0, 1.0, 1.0, 9.0, 9.0, 9.0], Class::Step),
        (vec![1.0, 1.0, 1.0, 1.0, 9.0], Class::Step),
        (
            vec![1.0, 6.0, 9.0, 10.0, 10.2, 10.2, 10.3],
            Class::PlateauOrWarmUp,
        ),
        (
            vec![1.0, 1.1, 1.3, 1.8, 3.0, 6.0, 12.0],
            Class::Accelerating,
        ),
        (
            vec![1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 4.0, 7.0, 10.0],
            Class::Accelerating,
        ),
        (vec![1.0, 8.0, 1.0, 8.0, 1.0, 8.0], Class::Sawtooth),
        (vec![2.0, 5.0, 8.0, 2.1, 5.0, 8.0, 2.0], Class::Sawtooth),
        (vec![1.0, 5.0, 9.0, 5.0, 1.0], Class::Sawtooth),
        (vec![9.0, 8.0, 6.0, 5.0, 3.0], Class::Shrinking),
        (vec![100.0, 100.4, 99.8, 100.1, 100.0, 99.9], Class::Flat),
    ] {
        assert_eq!(class_mib(&values), expected, "{values:?}");
    }
}

#[test]
fn a_long_gap_is_no_step() {
    let points = [
        (0.0, 0.0),
        (100.0, 100.0 * MIB),
        (101.0, 101.0 * MIB),
        (102.0, 102.0 * MIB),
    ];
    assert_eq!(class_of(&points), Class::SteadyLeak);
}

#[test]
fn small_change_is_flat_however_steady() {
    let crawling: Vec<_> = (0..50)
        .map(|i| (f64::from(i), 1000.0 * f64::from(i)))
        .collect();
    assert_eq!(class_of(&crawling), Class::Flat, "below 64 KiB");
    let of_much: Vec<_> = (0..50)
        .map(|i| (f64::from(i), 1000.0 * MIB + 0.2 * MIB * f64::from(i)))
        .collect();
    assert_eq!(class_of(&of_much), Class::Flat, "below 2 % of the level");
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

proptest! {
    #[test]
    fn a_series_that_never_falls_is_never_shrinking(steps in prop::collection::vec((1u32..1000, 0u32..50_000_000), 0..300)) {
        let (mut x, mut y) = (0.0, 0.0);
        let points: Vec<_> = steps.iter().map(|(dx, dy)| {
            x += f64::from(*dx);
            y += f64::from(*dy);
            (x, y)
        }).collect();
        let class = class_of(&points);
        prop_assert!(class != Class::Shrinking && class != Class::Sawtooth, "{}", class);
    }

    #[test]
    fn mirrored_leaks_shrink(steps in prop::collection::vec(900_000u32..1_100_000, 8..200)) {
        let mut y = 3e8;
        let points: Vec<_> = steps.iter().zip(0..).map(|(dy, x)| {
            y -= f64::from(*dy);
            (f64::from(x), y)
        }).collect();
        prop_assert_eq!(class_of(&points), Class::Shrinking);
    }
}

fn reading(tag: &[u8; 4], blocks: u64, size: u64) -> Reading {
    let bytes = (blocks * size) as i64;
    Reading {
        tag: Tag::new(*tag),
        pool: Pool::NonPaged,
        allocs: blocks + 100,
        frees: 100,
        diff: blocks as i64,
        bytes,
    }
}

fn observation(at: Option<i64>, total: Option<u64>, rows: Vec<Reading>) -> Observation {
    let facts = Facts {
        at,
        pool_nonpaged: total,
        scope: Scope::COMPLETE,
        ..Facts::default()
    };
    Observation { facts, rows }
}

fn history(observations: Vec<Observation>) -> PoolHistory {
    let mut builder = SeriesBuilder::default();
    observations.into_iter().for_each(|o| builder.push(o));
    builder.finish()
}

/// `Leak` grows by 1 MiB an hour, `Irp ` by a quarter of that, the pool by 1.5 MiB.
fn leaking(clock: bool, header: bool) -> EpochGrowth {
    let observations = (0..8u64).map(|i| {
        let rows = vec![
            reading(b"Leak", 100 + 1024 * i, 1024),
            reading(b"Irp ", 400 + 1024 * i, 256),
            reading(b"File", 5000, 512),
        ];
        let total = header.then(|| (30 << 20) + i * 1_572_864);
        observation(clock.then_some(i as i64 * HOUR), total, rows)
    });
    let mut all = analyse(&history(observations.collect()));
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn of<'a>(growth: &'a EpochGrowth, tag: &[u8; 4]) -> &'a SeriesGrowth {
    growth
        .series
        .iter()
        .find(|s| s.tag == Tag::new(*tag))
        .unwrap()
}

#[test]
fn shares_and_slopes_by_hand() {
    let growth = leaking(true, true);
    let leak = of(&growth, b"Leak");
    assert_eq!(leak.class, Class::SteadyLeak);
    assert_eq!(leak.trend.unwrap().per_hour(), Some(MIB));
    assert!((leak.share.unwrap() - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!(leak.freed_ratio(), Some(0.0));
    let total = growth.nonpaged.unwrap();
    assert_eq!(
        (total.basis, total.growth()),
        (TotalBasis::Header, 7 * 1_572_864)
    );
    let accounting = growth.nonpaged_accounting.unwrap();
    assert_eq!(
        (accounting.tags_growth, accounting.gap()),
        (7 * 1_310_720, 7 * 262_144)
    );
    let order: Vec<String> = growth.suspects.iter().map(|s| s.tag.to_string()).collect();
    assert_eq!(order, ["Leak", "Irp "]);
    assert!(leak.test().contains("1.0 MiB/h"), "{}", leak.test());
    assert!(matches!(
        growth.suspects[0].reasons[0],
        Reason::Explains { .. }
    ));
}

#[test]
fn without_headers_the_tags_are_the_total() {
    let growth = leaking(true, false);
    assert_eq!(growth.nonpaged.unwrap().basis, TotalBasis::SumOfRows);
    assert!((of(&growth, b"Leak").share.unwrap() - 0.8).abs() < 1e-12);
    assert_eq!(growth.nonpaged_accounting, None);
    assert_eq!(growth.paged.unwrap().growth(), 0);
}

#[test]
fn without_a_clock_slopes_are_per_snapshot() {
    let growth = leaking(false, true);
    let leak = of(&growth, b"Leak");
    assert_eq!(leak.class, Class::SteadyLeak);
    let trend = leak.trend.unwrap();
    assert_eq!(
        (trend.per, trend.per_hour(), trend.slope),
        (Per::Snapshot, None, MIB)
    );
    assert!(growth.suspects[0].reasons.contains(&Reason::NoClock));
}

#[test]
fn one_snapshot_only_ranks() {
    let rows = vec![reading(b"Irp ", 10, 256), reading(b"Leak", 9_000_000, 64)];
    let growth = analyse(&history(vec![observation(Some(0), Some(1 << 30), rows)])).remove(0);
    assert!(
        growth
            .series
            .iter()
            .all(|s| s.class == Class::SinglePoint && s.share.is_none())
    );
    assert_eq!(growth.suspects[0].tag, Tag::new(*b"Leak"));
    assert!(growth.suspects[0].reasons.contains(&Reason::HardlyFreed {
        allocs: 9_000_100,
        frees: 100
    }));
}

#[test]
fn a_pool_that_does_not_grow_has_no_shares() {
    let at = |i: i64, blocks, total| {
        observation(
            Some(i * HOUR),
            Some(total),
            vec![reading(b"Leak", blocks, 4096)],
        )
    };
    let growth = analyse(&history(vec![at(0, 100, 9 << 20), at(1, 900, 9 << 20)])).remove(0);
    assert_eq!(of(&growth, b"Leak").class, Class::TwoPoints);
    assert_eq!(of(&growth, b"Leak").share, None);
}

#[test]
fn equal_times_fall_back_to_the_order() {
    let at = |blocks| observation(Some(77), None, vec![reading(b"Leak", blocks, 4096)]);
    let growth = analyse(&history(vec![at(100), at(200), at(300)])).remove(0);
    assert_eq!(of(&growth, b"Leak").trend.unwrap().per, Per::Snapshot);
}

proptest! {
    #[test]
    fn any_history_gives_finite_figures(rows: Vec<(u8, u64, u64, i64, i64, Option<i64>, Option<u64>)>) {
        let observations = rows.iter().map(|(tag, allocs, frees, diff, bytes, at, total)| {
            let reading = Reading { tag: Tag::new([b'T', b'a', b'g', tag % 3]), pool: Pool::NonPaged,
                allocs: *allocs, frees: *frees, diff: *diff, bytes: *bytes };
            observation(*at, *total, vec![reading])
        });
        for growth in analyse(&history(observations.collect())) {
            for series in &growth.series {
                prop_assert!(!series.test().contains("NaN") && !series.test().contains("inf"), "{}", series.test());
                prop_assert!(series.share.is_none_or(f64::is_finite));
            }
            for suspect in &growth.suspects {
                prop_assert!(suspect.score.is_finite() && !suspect.reasons.is_empty());
            }
        }
    }
}

/// `cargo test --release --lib full_size -- --ignored --nocapture` prints time and memory
/// of the largest case: 2,700 busy tags in 3,000 snapshots.
#[test]
#[ignore = "a measurement"]
fn full_size() {
    let mut random = Random(7);
    let mut blocks: Vec<u64> = (0..2700).map(|_| random.word() % 100_000).collect();
    let mut builder = SeriesBuilder::default();
    let start = std::time::Instant::now();
    for i in 0..3000 {
        let rows = blocks.iter_mut().zip(0u32..).map(|(live, tag)| {
            *live = (*live + random.word() % 64).saturating_sub(random.word() % 60);
            let made = u64::from(tag) * 1000 + i * 977 + *live;
            Reading {
                tag: Tag::from_word(tag),
                pool: Pool::NonPaged,
                allocs: made,
                frees: made - *live,
                diff: *live as i64,
                bytes: *live as i64 * 96,
            }
        });
        let rows = rows.collect();
        builder.push(observation(Some(i as i64 * 60_000), None, rows));
    }
    println!("pushed after {:?}", start.elapsed());
    let history = builder.finish();
    let packed: usize = history.epochs[0]
        .series
        .iter()
        .map(|s| s.samples.packed_len())
        .sum();
    println!(
        "finished after {:?}, {} MiB packed",
        start.elapsed(),
        packed >> 20
    );
    println!(
        "snapshots {}, notes {:?}",
        history.snapshots.len(),
        history.notes
    );
    let start = std::time::Instant::now();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    let growth = pool.install(|| analyse(&history));
    println!(
        "analysed in {:?} on one core, {} suspects",
        start.elapsed(),
        growth[0].suspects.len()
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|l| l.starts_with("VmHWM"));
    println!("{}", peak.unwrap_or("peak unknown"));
}
