//! Classes by hand, totals, shares and ranks.

use proptest::prelude::*;

use super::simulated::Random;
use super::*;
use crate::timeline::series::{Facts, Observation, Reading, Scope, SeriesBuilder};

const HOUR: i64 = 3_600_000;
pub(super) const MIB: f64 = 1_048_576.0;

pub(super) fn class_of(points: &[(f64, f64)]) -> Class {
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
        allocs: Some(blocks + 100),
        frees: Some(100),
        diff: Some(blocks as i64),
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
fn a_leak_that_filled_the_pool_shows_in_the_part_before() {
    let at = |i: u64| {
        let rows = vec![reading(b"Leak", 1000 + 2000 * i.min(6), 4096)];
        observation(Some(i as i64 * HOUR), None, rows)
    };
    let history = history((0..14).map(at).collect());
    assert_eq!(
        of(&analyse(&history)[0], b"Leak").class,
        Class::PlateauOrWarmUp
    );
    let before = analyse_epoch(&history, 0, &history.epochs[0].clipped(0..7));
    assert_eq!(of(&before, b"Leak").class, Class::SteadyLeak);
}

#[test]
fn a_saw_stays_one_in_the_part_up_to_its_first_peak() {
    let at = |i: u64| {
        let live = 1_000 + 2_000 * (i % 7);
        let rows = vec![Reading {
            allocs: Some(live + 50_000 * i),
            frees: Some(50_000 * i),
            ..reading(b"Saws", live, 4096)
        }];
        observation(Some(i as i64 * HOUR), None, rows)
    };
    let history = history((0..21).map(at).collect());
    let whole = &analyse(&history)[0];
    let mut part = analyse_epoch(&history, 0, &history.epochs[0].clipped(0..7));
    assert_eq!(of(&part, b"Saws").class, Class::SteadyLeak);
    part.remember_swings(whole);
    let saw = of(&part, b"Saws");
    assert_eq!(saw.class, Class::Sawtooth);
    assert!(saw.test().contains("5 swings"), "{}", saw.test());
    assert!(saw.test().contains("falls by as much as"), "{}", saw.test());
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
                allocs: Some(*allocs), frees: Some(*frees), diff: Some(*diff), bytes: *bytes };
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
                allocs: Some(made),
                frees: Some(made - *live),
                diff: Some(*live as i64),
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
