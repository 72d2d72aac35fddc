//! Pools and outages by hand, and how they are read together.

use super::pressure::{Closeness, Memory, Resource};
use super::*;
use crate::timeline::episode::{RefusalPoint, episodes};

const MB: i64 = 1 << 20;
const HOUR: i64 = 3_600;

fn stated(bytes: i64) -> Ceiling {
    Ceiling {
        bytes,
        low: bytes,
        stated: true,
    }
}

fn levels(limit: Option<i64>, megabytes: &[i64]) -> Vec<Level> {
    let level = |(i, mb): (usize, &i64)| Level {
        at: i as i64 * HOUR * 1_000,
        bytes: mb * MB,
        headroom: limit.map(|limit| limit - mb * MB),
        memory: Memory::default(),
        epoch: 0,
        source: Source::Snapshot(i),
    };
    megabytes.iter().enumerate().map(level).collect()
}

fn ask(limit: Option<i64>, megabytes: &[i64], refusals: &[i64]) -> Correlation {
    ask_of(&levels(limit, megabytes), limit.map(stated), refusals)
}

/// As [`ask`], of levels with memory, where they have any.
fn ask_of(levels: &[Level], limit: Option<Ceiling>, refusals: &[i64]) -> Correlation {
    let points = refusals
        .iter()
        .map(|&at| RefusalPoint {
            at,
            log: 0,
            line: 1,
            rows: 1,
            connections: 3,
        })
        .collect();
    let episodes = episodes(points, None);
    let alive: Vec<i64> = (0..levels.len() as i64).collect();
    let question = Question {
        levels,
        episodes: &episodes,
        alive_hours: &alive,
        limit,
        threshold: 20 * MB,
        by_memory: levels.iter().any(|l| !l.memory.is_unknown()),
    };
    correlate(&question).unwrap()
}

/// Refusals every ten minutes, from one minute to another.
fn every_ten(from: i64, to: i64) -> Vec<i64> {
    (from..=to).step_by(10).map(|minute| minute * 60).collect()
}

#[test]
fn refusals_at_the_end_of_a_rise_are_exhaustion() {
    let found = ask(
        Some(128 * MB),
        &[40, 55, 70, 85, 100, 112],
        &[5 * HOUR - 600, 5 * HOUR - 300],
    );
    assert_eq!(found.reading, Reading::Exhausted);
    assert!(found.separation.unwrap() > 0.95);
    let at = found.at[0].unwrap();
    assert_eq!((at.how, at.bytes / MB), (How::Between, 110));
    assert_eq!(at.grown.map(|g| g / MB), Some(70));
    // 108 MB, 20 under the limit, is reached two thirds through the last hour.
    assert_eq!(found.lag, Some(600));
}

#[test]
fn the_other_readings_are_told_apart() {
    let flat = ask(Some(1_000 * MB), &[300, 301, 300, 302], &[HOUR * 2]);
    assert_eq!(flat.reading, Reading::FlatPool);
    let far = ask(Some(10_000 * MB), &[300, 400, 500, 600], &[HOUR * 3]);
    assert_eq!(far.reading, Reading::FarFromLimit);
    let low = ask(Some(1_000 * MB), &[700, 600, 560, 520], &[HOUR * 3]);
    assert_eq!(low.reading, Reading::LowPool);
    let high = ask(None, &[300, 400, 500, 600], &[HOUR * 3]);
    assert_eq!(high.reading, Reading::HighPool);
    let apart = ask(Some(1_000 * MB), &[300, 400], &[HOUR * 30]);
    assert_eq!((apart.reading, apart.covered), (Reading::Apart, 0.0));
}

#[test]
fn a_reading_says_how_much_clock_error_it_survives() {
    let found = ask(
        Some(128 * MB),
        &[40, 40, 40, 40, 40, 115, 115, 115],
        &[6 * HOUR],
    );
    assert_eq!(found.reading, Reading::Exhausted);
    let (back, forward) = found.survives;
    // Within the hour of the rise the pool may have run out from half of it on: at twice the rate.
    assert_eq!(back, 90);
    assert_eq!(forward, 2 * 60);
}

#[test]
fn a_restart_between_snapshots_is_not_interpolated_over() {
    let mut two = levels(Some(128 * MB), &[110, 30]);
    two[1].epoch = 1;
    assert_eq!(level_at(&two, HOUR * 300).unwrap().bytes, 110 * MB);
    assert_eq!(level_at(&two, HOUR * 700).unwrap().bytes, 30 * MB);
}

#[test]
fn separation_is_the_rank_statistic() {
    assert_eq!(mann_whitney(&[3, 4], &mut [1, 2]), Some(1.0));
    assert_eq!(mann_whitney(&[1], &mut [1]), Some(0.5));
    assert_eq!(mann_whitney(&[], &mut [1]), None);
}

/// Low for two hours, full from the third on.
const STEP: [i64; 7] = [300, 300, 300, 2_910, 2_910, 2_910, 2_910];

#[test]
fn full_snapshots_within_an_outage_decide_it_and_not_the_line_before_them() {
    let limit = Some(2_920 * MB);
    let long = ask(limit, &STEP, &every_ten(125, 290));
    assert_eq!(long.reading, Reading::Exhausted);
    let grounds = long.grounds;
    assert_eq!((grounds.closeness, grounds.within), (Closeness::At, 2));
    assert_eq!(grounds.fullest.map(|l| l.bytes / MB), Some(2_910));
    assert_eq!(long.at[0].unwrap().range, Some((300 * MB, 2_910 * MB)));
}

#[test]
fn a_level_between_a_low_and_a_full_snapshot_is_not_known() {
    let limit = Some(2_920 * MB);
    let soon = ask(limit, &STEP, &every_ten(125, 135));
    assert_eq!(soon.reading, Reading::Unsettled);
    let late = ask(limit, &STEP, &every_ten(160, 170));
    assert_eq!(late.reading, Reading::Exhausted);
    assert_eq!(late.grounds.closeness, Closeness::Near);
    // Refused from a time on that two low snapshots enclose, and on until the pool was full.
    let both = ask(limit, &STEP, &every_ten(65, 250));
    assert_eq!(both.reading, Reading::Unsettled);
    // Without a limit, high is all that could be said.
    let blind = ask(None, &STEP, &every_ten(125, 135));
    assert_eq!(blind.reading, Reading::Unsettled);
    let blind = ask(None, &STEP, &every_ten(125, 290));
    assert_eq!(blind.reading, Reading::HighPool);
}

#[test]
fn a_share_of_a_large_limit_is_not_nothing_left() {
    let derived = |bytes| Ceiling {
        stated: false,
        ..stated(bytes)
    };
    let rise: Vec<i64> = (0..7).map(|i| 30_000 + 1_800 * i).collect();
    let ask = |limit, refusals: &[i64]| {
        ask_of(&levels(Some(limit), &rise), Some(derived(limit)), refusals)
    };
    let far = ask(48_000 * MB, &every_ten(350, 380));
    assert_eq!(far.reading, Reading::HighPool);
    assert!(far.grounds.short_of_limit && far.grounds.taken.is_none());
    // 800 MB left: near for a limit that is good to two percent, and not at it.
    let near = ask(41_600 * MB, &every_ten(360, 380));
    assert_eq!(near.reading, Reading::Exhausted);
    assert_eq!(near.grounds.closeness, Closeness::Near);
    let at = ask(40_900 * MB, &every_ten(360, 380));
    assert_eq!(at.grounds.closeness, Closeness::At);
}

#[test]
fn what_the_pool_could_take_after_the_last_snapshot_is_near() {
    let rise = [500, 1_000, 1_500, 2_000, 2_500];
    let limit = Some(2_960 * MB);
    let near = ask(limit, &rise, &every_ten(270, 280));
    assert_eq!(near.reading, Reading::Exhausted);
    assert_eq!(near.grounds.closeness, Closeness::Near);
    let taken = near.grounds.taken.unwrap();
    assert_eq!((taken.rest / MB, taken.ms / 60_000), (440, 30));
    let early = ask(limit, &rise, &every_ten(250, 260));
    assert_eq!(early.reading, Reading::HighPool);
}

#[test]
fn an_outage_that_began_with_little_left_is_near() {
    let limit = Some(3_000 * MB);
    // 200 and 100 MB left around the first refusal, nothing an hour later.
    let near = ask(
        limit,
        &[1_000, 2_000, 2_800, 2_900, 2_990],
        &every_ten(130, 245),
    );
    assert_eq!(near.reading, Reading::Exhausted);
    assert_eq!(near.grounds.closeness, Closeness::Near);
    // Half a gigabyte left at first, and for a tenth of the outage.
    let late = ask(
        limit,
        &[1_000, 2_400, 2_500, 2_990, 2_990, 2_990, 2_990, 2_990],
        &every_ten(115, 420),
    );
    assert_eq!(late.reading, Reading::Exhausted);
    assert_eq!(late.grounds.closeness, Closeness::Near);
}

#[test]
fn memory_or_commit_that_is_used_up_is_no_flat_pool() {
    let with = |megabytes: &[i64], memory: Memory| {
        let mut levels = levels(Some(16_000 * MB), megabytes);
        for level in &mut levels[2..] {
            level.memory = memory;
        }
        ask_of(&levels, Some(stated(16_000 * MB)), &every_ten(125, 190))
    };
    let physical = |left: i64| Memory {
        available: Some(left * MB),
        ram: Some(16_000 * MB),
        ..Memory::default()
    };
    let flat = [1_000, 1_000, 1_000, 1_000];
    let short = with(&flat, physical(30));
    assert_eq!(short.reading, Reading::MemoryShort);
    let what = short.grounds.shortage.unwrap();
    assert_eq!((what.resource, what.left / MB), (Resource::Physical, 30));
    assert_eq!(with(&flat, physical(6_000)).reading, Reading::FlatPool);
    let commit = Memory {
        commit_left: Some(48 * MB),
        commit_limit: Some(32_000 * MB),
        ..physical(6_000)
    };
    // Pool holds a sixth of the commit limit: it is not what used it up.
    let rise = [2_000, 3_000, 4_000, 5_000];
    let short = with(&rise, commit);
    assert_eq!(short.reading, Reading::MemoryShort);
    let what = short.grounds.shortage.unwrap().resource;
    assert_eq!(what, Resource::Commit);
    // Pool that holds most of the memory that is gone ran out with it.
    let of_pool = with(&[2_000, 5_000, 9_000, 12_000], physical(30));
    assert_eq!(of_pool.reading, Reading::Exhausted);
    assert_eq!(of_pool.grounds.closeness, Closeness::Near);
}
